"""Load, validate and select the published observations; reconcile the claims.

``load`` reads a data folder (``data/README.md`` is its dictionary, ``datapackage.json`` its schema) or any file of
one's own with dates and figures, and returns `Data`, or raises `DataError` with every problem found. ``Data.series``
selects one series and its bound as an `AdoptionSeries`, ``Data.references`` the earlier technologies, `check_claims`
recomputes the figures of the news item, `describe_coverage` says how long and how sound each series is, `list_series`
which there are, and `choose_series` finds the series of own data where nobody has named it. `write_clean` writes a file
of one's own as a clean one. `name_series`, `cite_series`, `cite_sources`, `find_urls`, `list_newer`, `list_wording` and
`state_vintages` write words around tables and figures; `list_shares` and `crossing_years` set technologies beside each
other. `find_expected`, `list_due`, `say_due` and `say_expected` tell which figures are to come.

The parts, each importing only those before it: ``problems``; ``cells`` (one cell, and what a wrong one may mean),
``series`` (with its breaks and bound), ``tables`` (files, header and rows, the descriptor), ``expected`` (when a figure
is), ``checks`` (tables against each other), ``sheets`` (the table of any file), ``columns`` and ``everyday`` (what it
means), ``own`` (a single file), ``data``, ``review`` (coverage, claims), ``due`` (figures to come) and ``described``.
"""

from .any_file import read_everyday
from .audit import check_claims, describe_coverage, list_series, list_warnings, say_series, summarise_data
from .data import Data, choose_series, load, load_references
from .due import find_expected, list_due, say_due
from .expected import say_expected
from .labels import (
    cite_series,
    cite_sources,
    crossing_years,
    find_urls,
    last_bound,
    list_newer,
    list_references,
    list_shares,
    list_wording,
    name_series,
    state_vintages,
)
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
    "crossing_years",
    "describe_coverage",
    "find_expected",
    "find_urls",
    "last_bound",
    "list_due",
    "list_newer",
    "list_references",
    "list_series",
    "list_shares",
    "list_warnings",
    "list_wording",
    "load",
    "load_references",
    "name_series",
    "read_everyday",
    "say_due",
    "say_expected",
    "say_series",
    "state_vintages",
    "summarise_data",
    "write_clean",
]
