"""The backtest: forecasts of comparison technologies at every earlier date, and their outcomes.

`backtest` has a row for each window, date and horizon, computed with the functions of `model` that also make a
forecast. Nothing is estimated from these rows; they only test the forecast.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd

from ..base.dates import LEAST_OBSERVATIONS, decimal_years
from ..base.decline import are_in_decline, find_spaced
from ..base.limit import Limit
from ..indicators.series import AdoptionSeries
from . import model
from .benchmarks import BENCHMARKS

_WINDOWS = (3, 4, 6, 8)  # values of a window
HORIZONS = np.array([0.5, 1.0, 2.0, 3.0, 5.0])  # years
EARLY = 0.05  # share of the limit: scores that are means over all stages begin here
LATEST = 0.98  # share of the limit that the last value of a window has at most; `model.CONSTANTS` has the least
DATE_TOLERANCE = 0.26  # years by which a value may miss a horizon; the forecast is made for the value's own date
LABELS = ["technology", "entity", "indicator"]  # columns that identify a series


class _Windows(NamedTuple):
    """N windows of n observations, and the H values that came nearest to horizons after them."""

    labels: np.ndarray  # (N, 3) texts, by `LABELS`
    origin: np.ndarray  # (N,) dates of the last observations
    t: np.ndarray  # (N, n) years before the last observation
    y: np.ndarray  # (N, n) values, in the unit of their series
    limit: np.ndarray  # (N, n) as known at the last observation
    h: np.ndarray  # (N, H) years ahead, NaN where no value is near
    dates: np.ndarray  # (N, H)
    outcome: np.ndarray  # (N, H)


_NO_VALUES, _NO_DATES = np.empty((0, 3)), np.empty((0, len(HORIZONS)), "datetime64[ns]")
_NO_AHEAD = _NO_DATES.astype(float)
_NONE = _Windows._make([_NO_VALUES.astype(str), _NO_DATES[:, 0], *[_NO_VALUES] * 3, _NO_AHEAD, _NO_DATES, _NO_AHEAD])


def list_windows(
    references: Sequence[AdoptionSeries], windows: Sequence[int] = _WINDOWS, kind: str = "limit"
) -> list[_Windows]:
    """All windows of consecutive observations that a forecast could start from, with later values.

    As in a forecast, the observations of a window are at least 0.4 years apart. Windows in decline are left out.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a limit are left out.
    windows : sequence of int
        Numbers of observations in a window.
    kind : str
        "limit" or "sales": the row of `model.CONSTANTS` with the lowest share of the limit.

    Returns
    -------
    list of _Windows
        One per number of observations for which there is a window.
    """
    groups = []
    for points in windows:
        parts = [_cut_windows(each, each.limit, points, kind) for each in references if each.limit is not None]
        if any(len(part.origin) for part in parts):
            groups.append(_Windows(*map(np.concatenate, zip(*parts, strict=True))))
    return groups


def _cut_windows(series: AdoptionSeries, limit: Limit, points: int, kind: str) -> _Windows:
    """Windows of one length in one series; none crosses a suspected change of method if it need not."""
    dates, values = series.values.index.to_numpy("datetime64[ns]"), series.values.to_numpy(float)
    times = decimal_years(series.values.index)
    picked = [find_spaced(times[: end + 1]) for end in range(points - 1, len(times) - 1)]
    suspected = series.breaks.loc[(series.breaks["kind"] == "suspected") & (series.since != "all"), "date"]
    for day in decimal_years(pd.DatetimeIndex(suspected)):
        later = [each[times[each] >= day] for each in picked]
        picked = [new if len(new) >= LEAST_OBSERVATIONS else old for new, old in zip(later, picked, strict=True)]
    used = np.array([each[-points:] for each in picked if len(each) >= points], int).reshape(-1, points)
    years, y = times[used], values[used]
    known = limit.at(years, years[:, -1:])
    share, latest = y[:, -1] / known[:, -1], EARLY if series.role == "early" else LATEST
    kept = (share >= model.CONSTANTS[kind].tested) & (share <= latest) & (y.min(axis=1) > 0) & ~are_in_decline(years, y)
    # the value nearest to each horizon, unless it is too far from it
    origin = years[kept, -1:]
    nearest = np.abs(times - (origin + HORIZONS)[..., None]).argmin(axis=2)
    gap = times[nearest] - origin
    h = np.where((np.abs(gap - HORIZONS) <= DATE_TOLERANCE) & (gap > 0), gap, np.nan)
    labels = np.tile([series.technology, series.entity, series.indicator], (len(h), 1))
    last = dates[used[kept, -1]]
    return _Windows(labels, last, years[kept] - origin, y[kept], known[kept], h, dates[nearest], values[nearest])


def backtest(
    references: Sequence[AdoptionSeries],
    kind: str = "limit",
    windows: Sequence[int] = _WINDOWS,
    since: str = "",
    parts: bool = False,
) -> pd.DataFrame:
    """Forecast comparison technologies at earlier dates, and record the outcomes.

    Forecasts start from every date at which a series had reached 0.2 to 98% of its upper limit (0.5 to 98% for shares
    of sales), and use only the limit known at that date.

    Parameters
    ----------
    references : list of AdoptionSeries
        For example ``indicators.load().references()``.
    kind : str
        Constants to use: "limit", or "sales" for shares of sales.
    windows : sequence of int
        Numbers of observations that a forecast uses.
    since : str
        "all" to let windows cross suspected changes of method, otherwise "".
    parts : bool
        Whether to add the columns ``to_limit`` and ``to_ends``, the two paths whose mean is the path.

    Returns
    -------
    DataFrame
        One row per window, starting date and horizon; values and paths are in the unit of the series.

        - ``technology``, ``entity``, ``indicator``, ``kind``, ``origin`` (starting date), ``window`` (number of
          observations).
        - ``date``, ``actual``: the outcome. ``horizon_years`` is nominal, ``years`` exact.
        - ``first``, ``last``: values of the window; ``share`` is the last as a share of the limit.
        - ``limit``, ``limit_ahead``, ``limit_sd``: the limit, its forecast, and the standard error of that.
        - ``path``, ``spread``: median forecast, and its standard deviation on the Gompertz scale.
        - One column per benchmark method with its path.

    See Also
    --------
    adoption_curves.forecast.scores.evaluate : Coverage and scores of these rows.

    Examples
    --------
    >>> from adoption_curves import indicators
    >>> rows = backtest(indicators.load().references()[:8], windows=(4,))
    >>> rows["window"].unique().tolist()
    [4]
    """
    if since == "all":
        references = [replace(each, since=since) for each in references]
    groups = list_windows(references, windows, kind) or [_NONE]
    return pd.concat([_forecast_windows(each, kind, parts) for each in groups], ignore_index=True)


def _forecast_windows(group: _Windows, kind: str, parts: bool) -> pd.DataFrame:
    """Rows of `backtest` for the windows of one length."""
    here = np.nonzero(np.isfinite(group.h))
    h = np.where(np.isfinite(group.h), group.h, 1.0)
    x = group.y / group.limit
    ahead, limit_sd = model.forecast_limit(group.t, group.limit, h)
    paths = {"path": ahead * model.find_path(group.t, x, h, kind)}
    if parts:
        paths |= dict(zip(("to_limit", "to_ends"), ahead * model.find_parts(group.t, x, h), strict=True))
    for name, benchmark in BENCHMARKS.items():
        paths[name] = np.clip(benchmark(group.t, group.y, h, group.limit, ahead), 0, ahead)
    columns = {
        **dict(zip(LABELS, group.labels[here[0]].T, strict=True)),
        "kind": kind,
        "origin": group.origin[here[0]],
        "window": x.shape[1],
        "date": group.dates[here],
        "actual": group.outcome[here],
        "horizon_years": HORIZONS[here[1]],
        "years": h[here],
        "first": group.y[here[0], 0],
        "last": group.y[here[0], -1],
        "share": x[here[0], -1],
        "limit": group.limit[here[0], -1],
        "limit_ahead": ahead[here],
        "limit_sd": limit_sd[here],
        "spread": np.sqrt(model.variances(group.t, x, h, kind).sum(axis=-1))[here],
    }
    return pd.DataFrame(columns | {name: path[here] for name, path in paths.items()})
