"""Forecasts: a path, its spread, and what follows from both.

``forecast`` turns a series into a `Forecast`: quantiles by date, paths, milestones. ``hindcast`` makes the same one at
earlier dates. The parts, each importing those before it: ``model`` (the formula, in arrays), ``inputs`` (the values
that it uses), ``paths`` (how dates go together), ``benchmarks`` (simpler ways to forecast), ``backtest`` (what the
formula would have been of other technologies), ``scores`` (of the backtest), ``reference_class`` (what technologies
did after they passed a share), ``cumulative`` (counts of all so far), ``forecasting`` (the forecast),
``result_tables`` (tables beside it), ``sensitivity`` and ``hindcasts`` (in another form, at earlier dates),
``register`` (registered forecasts, and their scores).
"""

from ..base.arguments import check_first_arguments
from ..base.limit import find_most
from .backtest import backtest
from .forecasting import Forecast, forecast
from .hindcasts import hindcast
from .inputs import next_dates
from .reference_class import later_shares
from .sensitivity import compare_limits, compare_newer

__all__ = [
    "Forecast",
    "backtest",
    "compare_limits",
    "compare_newer",
    "find_most",
    "forecast",
    "hindcast",
    "later_shares",
    "next_dates",
]

check_first_arguments(globals())
