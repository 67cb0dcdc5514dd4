"""Forecasts with calibrated prediction intervals.

``forecast`` turns a series into a `Forecast`: quantiles by date, scenarios, milestones. ``hindcast`` makes
the same forecast at earlier dates. The parts, each importing those before it:
``ceilings`` (least squares with the ceiling held), ``windows`` (the points that a forecast may see, and the bound),
``targets`` (what is given, read into one form), ``bands`` (conformal calibration), ``methods`` (members, benchmarks and
the prior), ``paths`` (correlation over dates, and what newer bounds leave), ``rolling`` (`backtest`: what the methods
would have said of the references), ``lessons`` (what the references teach, made once), ``scores`` (of the backtest),
``result`` (the forecast: members, their mean, its paths and tables), ``forecasting``; and ``record``, forecasts on
record.
"""

from .forecasting import cut_series, forecast, hindcast, pick_origins, read_widely, scale_before, vary
from .lessons import recall
from .methods import NAMES, PUBLISHED, Origin, Prior, average_ceilings, last_shares, learn_prior
from .result import MILESTONES, NOT_REACHED, Forecast
from .rolling import HORIZONS, WINDOWS, backtest, can_calibrate
from .targets import LEAST_TECHNOLOGIES
from .windows import PAST_PEAK, last_window, next_dates

__all__ = [
    "HORIZONS",
    "LEAST_TECHNOLOGIES",
    "MILESTONES",
    "NAMES",
    "NOT_REACHED",
    "PAST_PEAK",
    "PUBLISHED",
    "WINDOWS",
    "Forecast",
    "Origin",
    "Prior",
    "average_ceilings",
    "backtest",
    "can_calibrate",
    "cut_series",
    "forecast",
    "hindcast",
    "last_shares",
    "last_window",
    "learn_prior",
    "next_dates",
    "pick_origins",
    "read_widely",
    "recall",
    "scale_before",
    "vary",
]
