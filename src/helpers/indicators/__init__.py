"""Load, validate and select the published observations; reconcile the claims.

``load`` reads a data folder (``data/README.md`` is its dictionary, ``datapackage.json`` its schema) or any file of
one's own with dates and figures, and returns `Data`, or raises `DataError` with every problem found. ``Data.series``
selects one series and its bound as an `AdoptionSeries`, ``Data.references`` the earlier technologies.

The parts, each importing only those before it: ``problems``; ``periods`` and ``cells`` (one cell, and what a wrong one
may mean), ``series`` (with its breaks and bound), ``tables`` (files, header and rows, the descriptor), ``expected``
(when a figure is), ``checks`` (tables against each other), ``units`` and ``encodings``, ``sheets`` (the table of any
file), ``columns``, ``stated`` and ``any_file`` (what it means), ``own`` (a single file), ``data``,
``loading``, ``audit`` (coverage, claims, what other entities report), ``due`` (figures to
come), ``labels`` (words around tables and figures), ``fetch_folder``, ``fetch`` and ``fetch_surveys`` (newer
figures, never part of a run).
"""

from .any_file import name_indicator, read_any_file
from .audit import (
    check_claims,
    compare_entities,
    describe_coverage,
    list_hints,
    list_observed,
    list_series,
    list_studied,
    list_warnings,
    say_series,
    say_units,
    summarise_data,
)
from .data import Data
from .due import find_expected, list_due, say_due
from .expected import say_expected
from .labels import (
    cite_series,
    cite_sources,
    crossing_years,
    find_urls,
    last_bound,
    list_newer,
    list_publications,
    list_references,
    list_shares,
    list_wording,
    name_series,
    state_vintages,
)
from .loading import choose_series, load, load_references
from .own import ENTITY as UNNAMED
from .own import write_clean
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
    "list_due",
    "list_hints",
    "list_newer",
    "list_observed",
    "list_publications",
    "list_references",
    "list_series",
    "list_shares",
    "list_studied",
    "list_warnings",
    "list_wording",
    "load",
    "load_references",
    "name_indicator",
    "name_series",
    "read_any_file",
    "say_due",
    "say_expected",
    "say_series",
    "say_units",
    "state_vintages",
    "summarise_data",
    "write_clean",
]
