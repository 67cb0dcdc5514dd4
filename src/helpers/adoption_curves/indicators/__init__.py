"""Load, validate and select the published observations; reconcile the claims.

``load`` reads a data folder (``data/README.md`` is its dictionary, ``datapackage.json`` its schema) or any file of
one's own with dates and values, and returns `Data`, or raises `DataError` with every problem found. ``Data.series``
selects one series and its limit as an `AdoptionSeries`, ``Data.references`` the earlier technologies.

The parts, each importing only those before it: ``problems``; ``date_formats``, ``validate`` (one cell or column);
``series`` (with its breaks and limit); ``data_files`` (files and the schema), ``checks`` (tables against each other);
``number_format``, ``table_text``, ``user_tables`` and ``user_file`` (any file); ``data`` (load, select); ``coverage``
(what there is, and next values), ``claims``, ``countries`` (one technology by country), ``labels`` (words around
tables and charts), ``profile`` (who uses it, for what, with which product, in which firms), ``pace`` (series as
shares of their limits).
"""

from ..base.arguments import check_first_arguments
from ..base.limit import Limit
from .claims import check_claims
from .countries import compare_entities
from .coverage import describe_coverage, find_expected, format_expected, list_series
from .data import Data, list_studied, load
from .fetch import fetch
from .labels import Names, cite_series, cite_sources, find_labels, list_earlier, list_levels, list_newer
from .pace import list_shares
from .problems import DataError, Problem
from .profile import compute_rates, list_measures, list_products, list_profile
from .series import AdoptionSeries

__all__ = [
    "AdoptionSeries",
    "Data",
    "DataError",
    "Limit",
    "Names",
    "Problem",
    "check_claims",
    "cite_series",
    "cite_sources",
    "compare_entities",
    "compute_rates",
    "describe_coverage",
    "fetch",
    "find_expected",
    "find_labels",
    "format_expected",
    "list_earlier",
    "list_levels",
    "list_measures",
    "list_newer",
    "list_products",
    "list_profile",
    "list_series",
    "list_shares",
    "list_studied",
    "load",
]

check_first_arguments(globals())
