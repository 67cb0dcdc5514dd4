"""Load, validate and select the published observations; reconcile the claims.

``load`` reads a data folder (``data/README.md`` is its dictionary, ``datapackage.json`` its schema) or any file of
one's own with dates and figures, and returns `Data`, or raises `DataError` with every problem found. ``Data.series``
selects one series and its bound as an `AdoptionSeries`, ``Data.references`` the earlier technologies.

The parts, each importing only those before it: ``problems``; ``periods`` and ``cells`` (one cell), ``series`` (with its
breaks and bound), ``tables`` (files and the schema), ``checks`` (tables against each
other), ``own`` (any file), ``data`` (load, select), ``audit`` (coverage, claims, next figures),
``compared`` (one technology by country), ``labels`` (words
around tables and figures).
"""

from ..base.columns import UNNAMED
from .audit import (
    check_claims,
    describe_coverage,
    find_expected,
    list_hints,
    list_series,
    list_studied,
    list_warnings,
    say_expected,
    say_figures,
    say_series,
    say_units,
    summarise_data,
)
from .compared import compare_entities, pick_countries, say_missing
from .data import Data, choose_series, load, load_references
from .labels import (
    cite_series,
    cite_sources,
    crossing_years,
    find_urls,
    last_bound,
    list_references,
    list_shares,
    name_series,
)
from .own import name_indicator
from .problems import DataError, Problem
from .series import AdoptionSeries

__all__ = [
    "UNNAMED",
    "AdoptionSeries",
    "Data",
    "DataError",
    "Problem",
    "check_claims",
    "choose_series",
    "cite_series",
    "cite_sources",
    "compare_entities",
    "crossing_years",
    "describe_coverage",
    "find_expected",
    "find_urls",
    "last_bound",
    "list_hints",
    "list_references",
    "list_series",
    "list_shares",
    "list_studied",
    "list_warnings",
    "load",
    "load_references",
    "name_indicator",
    "name_series",
    "pick_countries",
    "say_expected",
    "say_figures",
    "say_missing",
    "say_series",
    "say_units",
    "summarise_data",
]
