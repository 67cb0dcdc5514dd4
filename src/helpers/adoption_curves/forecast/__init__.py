"""Forecasts: a path, its spread, and what follows from both.

``forecast`` turns a series into a `Forecast`: quantiles by date, paths, milestones. ``hindcast`` makes the same one at
earlier dates. The parts, each importing those before it: ``model`` (the computing, in arrays), ``inputs`` (what is
given, in one form), ``paths`` (how dates go together), ``rivals`` (other ways to forecast), ``backtest`` (what the
forecast would have said of other technologies, and what that teaches), ``scores`` (of the backtest), ``later`` (what
technologies did after they passed a share), ``cumulative`` (counts of all so far), ``result`` (the forecast),
``forecasting`` and ``frames`` (tables beside it); and ``record``, forecasts on record.
"""

from .backtest import HORIZONS, WINDOWS, Lessons, backtest, can_calibrate, last_shares, recall
from .forecasting import (
    as_printed,
    compare_newer,
    cut_series,
    forecast,
    highest_limit,
    hindcast,
    list_forms,
    pick_example,
    pick_finished,
    pick_origins,
    read_widely,
    scale_before,
    vary,
)
from .inputs import LEAST_TECHNOLOGIES, next_dates, use_figures
from .later import later_shares
from .result import MILESTONES, NOT_REACHED, Forecast

__all__ = [
    "HORIZONS",
    "LEAST_TECHNOLOGIES",
    "MILESTONES",
    "NOT_REACHED",
    "WINDOWS",
    "Forecast",
    "Lessons",
    "as_printed",
    "backtest",
    "can_calibrate",
    "compare_newer",
    "cut_series",
    "forecast",
    "highest_limit",
    "hindcast",
    "last_shares",
    "later_shares",
    "list_forms",
    "next_dates",
    "pick_example",
    "pick_finished",
    "pick_origins",
    "read_widely",
    "recall",
    "scale_before",
    "use_figures",
    "vary",
]
