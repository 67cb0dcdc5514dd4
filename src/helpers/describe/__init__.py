"""Fits and forecasts as the tables of notebooks 03 to 05; what else these notebooks call lives in `indicators`."""

from helpers.describe.fits import (
    fit_families,
    judge_ceilings,
    list_parameters,
    list_quality,
    mark_ceilings,
    profile_ceilings,
    trace_alternatives,
)
from helpers.describe.forecasts import (
    make_hindcasts,
    pick_origins,
    shorten_forecast,
    shorten_scores,
    shorten_stages,
    spread_scenarios,
    spread_sensitivity,
)
from helpers.indicators.described import cite_series, cite_sources, last_bound, list_references, name_series

__all__ = [
    "cite_series",
    "cite_sources",
    "fit_families",
    "judge_ceilings",
    "last_bound",
    "list_parameters",
    "list_quality",
    "list_references",
    "make_hindcasts",
    "mark_ceilings",
    "name_series",
    "pick_origins",
    "profile_ceilings",
    "shorten_forecast",
    "shorten_scores",
    "shorten_stages",
    "spread_scenarios",
    "spread_sensitivity",
    "trace_alternatives",
]
