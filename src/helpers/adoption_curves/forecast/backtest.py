"""The backtest: the forecast as it would have been at every earlier date of other technologies, and how it did.

`backtest` makes a row for each window, date and horizon, with the functions that make a forecast (`model`). Nothing is
learnt from these rows: they judge the forecast.
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
    """Every window whose last share intervals may be of, that has not fallen, and has a value after it.

    Its values are the last ones before its date that lie 0.4 years or more apart, as those of a forecast.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a limit are passed over.
    windows : sequence of int
        Numbers of values.
    kind : str
        "limit" or "sales": the last share is at least the one from which `model.CONSTANTS` says that it was tested.

    Returns
    -------
    list of _Windows
        One for each number of values of which there is a window.
    """
    found = []
    for points in windows:
        parts = [_cut_windows(each, each.limit, points, kind) for each in references if each.limit is not None]
        if any(len(part.origin) for part in parts):
            found.append(_Windows(*map(np.concatenate, zip(*parts, strict=True))))
    return found


def _cut_windows(series: AdoptionSeries, limit: Limit, points: int, kind: str) -> _Windows:
    """The windows of so many values of one series; like a forecast, none crosses a suspected change it need not."""
    dates, figures = series.values.index.to_numpy("datetime64[ns]"), series.values.to_numpy(float)
    seen = decimal_years(series.values.index)
    picked = [find_spaced(seen[: end + 1]) for end in range(points - 1, len(seen) - 1)]
    suspected = series.breaks.loc[(series.breaks["kind"] == "suspected") & (series.since != "all"), "date"]
    for day in decimal_years(pd.DatetimeIndex(suspected)):
        later = [each[seen[each] >= day] for each in picked]
        picked = [new if len(new) >= LEAST_OBSERVATIONS else old for new, old in zip(later, picked, strict=True)]
    used = np.array([each[-points:] for each in picked if len(each) >= points], int).reshape(-1, points)
    years, y = seen[used], figures[used]
    known = limit.at(years, years[:, -1:])
    share, latest = y[:, -1] / known[:, -1], EARLY if series.role == "early" else LATEST
    kept = (share >= model.CONSTANTS[kind].tested) & (share <= latest) & (y.min(axis=1) > 0) & ~are_in_decline(years, y)
    # the value nearest to each horizon, unless it is too far from it
    origin = years[kept, -1:]
    nearest = np.abs(seen - (origin + HORIZONS)[..., None]).argmin(axis=2)
    gap = seen[nearest] - origin
    h = np.where((np.abs(gap - HORIZONS) <= DATE_TOLERANCE) & (gap > 0), gap, np.nan)
    labels = np.tile([series.technology, series.entity, series.indicator], (len(h), 1))
    last = dates[used[kept, -1]]
    return _Windows(labels, last, years[kept] - origin, y[kept], known[kept], h, dates[nearest], figures[nearest])


def backtest(
    references: Sequence[AdoptionSeries],
    kind: str = "limit",
    windows: Sequence[int] = _WINDOWS,
    since: str = "",
    parts: bool = False,
) -> pd.DataFrame:
    """Forecast every series from every earlier date at which 0.2 to 98% of its limit was reached, 0.5% of sales.

    The limit is the one known at the origin.

    Parameters
    ----------
    references : list of AdoptionSeries
        For example ``indicators.load().references()``.
    kind : str
        "limit", or "sales" for shares of sales: a row of `model.CONSTANTS`.
    windows : sequence of int
        Numbers of values that a forecast may see.
    since : str
        As for `forecast`: with "all" windows cross suspected changes of method, else none does that need not.
    parts : bool
        Whether there are columns to_limit and to_ends too: the two paths whose mean is the path.

    Returns
    -------
    DataFrame
        A row per window, origin and horizon: technology, entity, indicator, kind, origin, window; date and actual (the
        value that came), horizon_years (nominal), years (exact); first and last (values of the window), share (last
        value / limit), limit (at the origin), limit_ahead (its forecast), limit_sd (the standard error of that),
        spread (on the Gompertz scale), path, and the path of each benchmark. Values and paths are in the unit of the
        series. No rows where no series with a limit is long enough for any window.

    Examples
    --------
    >>> from adoption_curves import indicators
    >>> rows = backtest(indicators.load().references()[:8], windows=(4,))
    >>> rows["window"].unique().tolist()
    [4]
    """
    if since == "all":
        references = [replace(each, since=since) for each in references]
    found = list_windows(references, windows, kind) or [_NONE]
    return pd.concat([_forecast_windows(each, kind, parts) for each in found], ignore_index=True)


def _forecast_windows(found: _Windows, kind: str, parts: bool) -> pd.DataFrame:
    """A row for each window of one length and each horizon that has an outcome."""
    here = np.nonzero(np.isfinite(found.h))
    h = np.where(np.isfinite(found.h), found.h, 1.0)
    x = found.y / found.limit
    ahead, limit_sd = model.forecast_limit(found.t, found.limit, h)
    paths = {"path": ahead * model.find_path(found.t, x, h, kind)}
    if parts:
        paths |= dict(zip(("to_limit", "to_ends"), ahead * model.find_parts(found.t, x, h), strict=True))
    for name, benchmark in BENCHMARKS.items():
        paths[name] = np.clip(benchmark(found.t, found.y, h, found.limit, ahead), 0, ahead)
    columns = {
        **dict(zip(LABELS, found.labels[here[0]].T, strict=True)),
        "kind": kind,
        "origin": found.origin[here[0]],
        "window": x.shape[1],
        "date": found.dates[here],
        "actual": found.outcome[here],
        "horizon_years": HORIZONS[here[1]],
        "years": h[here],
        "first": found.y[here[0], 0],
        "last": found.y[here[0], -1],
        "share": x[here[0], -1],
        "limit": found.limit[here[0], -1],
        "limit_ahead": ahead[here],
        "limit_sd": limit_sd[here],
        "spread": np.sqrt(model.variances(found.t, x, h, kind).sum(axis=-1))[here],
    }
    return pd.DataFrame(columns | {name: path[here] for name, path in paths.items()})
