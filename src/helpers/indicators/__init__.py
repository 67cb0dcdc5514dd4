"""Load, validate and select the published observations; reconcile the claims.

``load`` reads a data folder (``data/README.md`` is its dictionary, ``datapackage.json`` its schema) and returns `Data`,
or raises `DataError` with every problem found. ``Data.series`` selects one series and its bound as an `AdoptionSeries`,
``Data.references`` the earlier technologies, `check_claims` recomputes the figures of the news item, and
`describe_coverage` says how long and how sound each series is.

The parts: ``validation`` (reading and checking the tables), ``selection`` (breaks, segments, bounds, series) and
``claims``.
"""

from helpers.indicators.claims import check_claims
from helpers.indicators.selection import AdoptionSeries, Data, describe_coverage, load
from helpers.indicators.validation import DataError, Problem

__all__ = ["AdoptionSeries", "Data", "DataError", "Problem", "check_claims", "describe_coverage", "load"]
