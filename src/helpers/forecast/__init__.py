"""Forecasts that cover what they claim.

``forecast`` turns a series into a `Forecast`: quantiles by date, scenarios, milestones, statements. ``hindcast`` makes
the same forecast at earlier dates. The parts: ``windows`` (the points that a forecast may see), ``methods`` (one
function each, in `METHODS`), ``residuals`` (what the methods would have said of the reference technologies, and the
prior), ``bands`` (conformal calibration), ``subject`` (series and bound in one form), ``model`` (the forecast object)
and ``statements``.
"""

from helpers.forecast.methods import METHODS, Prior
from helpers.forecast.model import MILESTONES, NOT_REACHED, PUBLISHED, Forecast, forecast, hindcast
from helpers.forecast.residuals import (
    HORIZONS,
    LEAST_TECHNOLOGIES,
    WINDOWS,
    can_calibrate,
    find_residuals,
    learn_prior,
    saturation_shares,
)
from helpers.forecast.subject import cut_series

__all__ = [
    "HORIZONS",
    "LEAST_TECHNOLOGIES",
    "METHODS",
    "MILESTONES",
    "NOT_REACHED",
    "PUBLISHED",
    "WINDOWS",
    "Forecast",
    "Prior",
    "can_calibrate",
    "cut_series",
    "find_residuals",
    "forecast",
    "hindcast",
    "learn_prior",
    "saturation_shares",
]
