"""The backtest: the forecast as it would have been at every earlier date of other technologies, and what follows.

`backtest` makes a row for each window, date and horizon. A `Calibration` has learnt from such rows, all with or all
without a limit: each technology is left out when it is forecast itself. `reuse_references` keeps both kinds for as long
as a process lasts.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import logit, ndtri, stdtr

from ..base.dates import decimal_years
from ..base.fallen import are_fallen
from ..base.limit import Limit
from ..indicators.series import AdoptionSeries
from . import model
from .inputs import LEAST_TECHNOLOGIES, read_references
from .model import Learnt, Rows
from .paths import correlate_scores, fit_decay
from .rivals import NEED_LIMIT, RIVALS

_WINDOWS = (3, 4, 6, 8)  # figures of a window
_HORIZONS = np.array([0.5, 1.0, 2.0, 3.0, 5.0])  # years
ORIGIN_SHARES = (0.05, 0.98)  # a window counts when its last figure lies between these shares of its limit
DATE_TOLERANCE = 0.26  # years by which a figure may miss a horizon; the forecast is made for the figure's own date
_HIGHEST_LAST = 0.98  # share at most of a technology in the prior: the logit of 1 is endless
LABELS = ["technology", "entity", "indicator"]  # columns that identify a series
_ORIGIN = [*LABELS, "origin", "window"]  # and that identify a window
_TERMS = ["walk", "trend", "common"]


class _Windows(NamedTuple):
    """N windows of n figures, and the H figures that came nearest to horizons after them."""

    labels: np.ndarray  # (N, 3) texts, by `LABELS`
    origin: np.ndarray  # (N,) dates of the last figures
    t: np.ndarray  # (N, n) years before the last figure
    y: np.ndarray  # (N, n) figures, in the unit of their series
    limit: np.ndarray  # (N, n) as known at the last figure
    h: np.ndarray  # (N, H) years ahead, NaN where no figure is near
    dates: np.ndarray  # (N, H)
    outcome: np.ndarray  # (N, H)
    came: np.ndarray  # (N, H) the limit that came


def list_windows(references: Sequence[AdoptionSeries], windows: Sequence[int] = _WINDOWS) -> list[_Windows]:
    """Every window that ends inside `ORIGIN_SHARES`, has not fallen, and has a figure after it.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a limit are passed over.
    windows : sequence of int
        Numbers of figures.

    Returns
    -------
    list of _Windows
        One for each number of figures of which there is a window.
    """
    found = []
    for points in windows:
        parts = [
            _cut_windows(each, each.bound, points)
            for each in references
            if each.bound is not None and len(each.values) > points
        ]
        if any(len(part.origin) for part in parts):
            found.append(_Windows(*map(np.concatenate, zip(*parts, strict=True))))
    return found


def _cut_windows(series: AdoptionSeries, bound: Limit, points: int) -> _Windows:
    """The windows of one series."""
    dates, figures = series.values.index.to_numpy("datetime64[ns]"), series.values.to_numpy(float)
    seen = decimal_years(series.values.index)
    years, y = (sliding_window_view(each, points)[:-1] for each in (seen, figures))
    limit = bound.at(years, years[:, -1:])
    share = y[:, -1] / limit[:, -1]
    kept = (share >= ORIGIN_SHARES[0]) & (share <= ORIGIN_SHARES[1]) & (y.min(axis=1) > 0) & ~are_fallen(years, y)
    # the figure nearest to each horizon, unless it is too far from it
    origin = years[kept, -1:]
    nearest = np.abs(seen - (origin + _HORIZONS)[..., None]).argmin(axis=2)
    gap = seen[nearest] - origin
    h = np.where((np.abs(gap - _HORIZONS) <= DATE_TOLERANCE) & (gap > 0), gap, np.nan)
    labels = np.tile([series.technology, series.entity, series.indicator], (len(h), 1))
    ahead = h, dates[nearest], figures[nearest], bound.at(series.values.index)[nearest]
    return _Windows(labels, dates[points - 1 : -1][kept], years[kept] - origin, y[kept], limit[kept], *ahead)


def backtest(
    references: Sequence[AdoptionSeries],
    windows: Sequence[int] = _WINDOWS,
    bounded: bool = True,
    rivals: bool = False,
) -> pd.DataFrame:
    """Forecast every reference series from every earlier date at which 5 to 98% of its limit was reached.

    What a technology's path takes from the references, where they stand, comes from the others; the limit is the one
    known at the origin.

    Parameters
    ----------
    references : list of AdoptionSeries
        For example ``indicators.load().references()``. Where they are of fewer than three technologies, each series
        counts as a technology of its own.
    windows : sequence of int
        Numbers of figures that a forecast may see.
    bounded : bool
        False forecasts them as if they had no limit.
    rivals : bool
        True adds the paths of other ways to forecast, a column each; see `rivals.RIVALS`.

    Returns
    -------
    DataFrame
        A row per window, origin and horizon: technology, entity, indicator, origin, window; date and actual (the
        figure that came), horizon_years (nominal), years (exact); first and last (figures of the window), share (last
        figure / limit; NaN without), limit (at the origin; without one the last figure), limit_ahead (its forecast),
        limit_sd (the standard error of that), limit_then (the limit that came); walk, trend, common (variances on the
        scale), path, and a column per rival. Figures and paths are in the unit of the series.

    Raises
    ------
    ValueError
        When no reference series has a limit, or none is long enough for any window.

    Examples
    --------
    >>> from adoption_curves import indicators
    >>> rows = backtest(indicators.load().references()[:8], windows=(4,))
    >>> rows["window"].unique().tolist()
    [4]
    """
    known = read_references(references)
    limited = [series for series in known if series.bound is not None and len(series.values)]
    if known and not limited:
        raise ValueError("none of the references has a bound, which the backtest measures them by: give each its own")
    found = list_windows(limited, windows)
    if not found:
        raise ValueError(
            f"none of the {len(limited)} reference series has {min(windows)} points and a later one while at "
            "5 to 98% of its bound: give longer or more references"
        )
    stand = last_logits(limited)
    return pd.concat([forecast_windows(each, bounded, stand, rivals) for each in found], ignore_index=True)


def forecast_windows(found: _Windows, bounded: bool, stand: pd.Series, rivals: bool) -> pd.DataFrame:
    """The rows of `backtest` for windows of one length.

    Parameters
    ----------
    found : _Windows
        N windows of n figures, in the unit of each series.
    bounded : bool
        Whether the limits are used.
    stand : Series
        Where technologies stand, from `last_logits`.
    rivals : bool
        True adds the paths of other ways to forecast.

    Returns
    -------
    DataFrame
        A row for each window and horizon that has an outcome.
    """
    here = np.nonzero(np.isfinite(found.h))
    h = np.where(np.isfinite(found.h), found.h, 1.0)
    limit, came, mean, sd = found.limit, found.came, np.zeros(len(h)), np.ones(len(h))
    if bounded:
        names, each = np.unique(found.labels[:, 0], return_inverse=True)
        mean, sd = np.array([learn_prior(stand, name) for name in names])[each].T
    else:
        limit, came = (np.broadcast_to(found.y[:, -1:], each.shape) for each in (limit, came))
    ahead, limit_sd = model.forecast_limit(found.t, limit, h)
    x = found.y / limit
    columns = {
        **dict(zip(LABELS, found.labels[here[0]].T, strict=True)),
        "origin": found.origin[here[0]],
        "window": x.shape[1],
        "date": found.dates[here],
        "actual": found.outcome[here],
        "horizon_years": _HORIZONS[here[1]],
        "years": h[here],
        "first": found.y[here[0], 0],
        "last": found.y[here[0], -1],
        "share": x[here[0], -1] if bounded else np.nan,
        "limit": limit[here[0], -1],
        "limit_ahead": ahead[here],
        "limit_sd": limit_sd[here],
        "limit_then": came[here],
        **dict(zip(_TERMS, model.variances(found.t, x, h, bounded)[here].T, strict=True)),
        "path": (ahead * model.find_path(found.t, x, h, mean, sd, bounded))[here],
    }
    for name, rival in RIVALS.items():
        if rivals and (bounded or name not in NEED_LIMIT):
            columns[name] = rival(found.t, found.y, limit, h, ahead if bounded else np.full(h.shape, np.inf))[here]
    return pd.DataFrame(columns)


def last_logits(references: Sequence[AdoptionSeries]) -> pd.Series:
    """Where technologies stand now: the logit of the last share of the limit, as a mean over a technology's series.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a limit, or with fewer than four figures, are passed over.

    Returns
    -------
    Series
        By technology; shares are cut at .98. Some technologies still grow.
    """
    known = [each for each in references if each.bound is not None and len(each.values) >= 4]
    share = pd.Series([each.share.iloc[-1] for each in known], [each.technology for each in known], float)
    return logit(share.clip(model.SHARES[0], _HIGHEST_LAST)).groupby(level=0).mean()


def learn_prior(stand: pd.Series, exclude: str = "") -> tuple[float, float]:
    """Mean and standard deviation of the logits at which all technologies but one stand.

    Parameters
    ----------
    stand : Series
        From `last_logits`.
    exclude : str
        Technology that is left out.

    Returns
    -------
    tuple of float
        Mean and standard deviation, of logits.

    Raises
    ------
    ValueError
        When fewer than two other technologies remain.
    """
    logits = stand.to_numpy()[stand.index != exclude]
    if len(logits) < 2:
        raise ValueError(
            "reference series of two technologies at least are needed, besides the technology that is forecast"
        )
    return float(logits.mean()), float(logits.std(ddof=1))


def can_calibrate(references: Sequence[AdoptionSeries]) -> bool:
    """True if `LEAST_TECHNOLOGIES` or more of the references have windows to learn from.

    Parameters
    ----------
    references : sequence of AdoptionSeries

    Returns
    -------
    bool
    """
    found = list_windows(references, _WINDOWS[:1])
    return bool(found) and len(np.unique(found[0].labels[:, 0])) >= LEAST_TECHNOLOGIES


class Calibration:
    """What errors of a backtest teach, each technology left out in turn.

    Parameters
    ----------
    rows : DataFrame
        From `backtest`.
    path : str
        Its column with the path: that of the forecast, or a rival's.

    Attributes
    ----------
    rows : Rows
        Of R forecasts.
    errors : ndarray, shape (R,)
        On the scale of growth: the outcome over its limit, less the path over the limit as it was forecast.
    misses : ndarray, shape (R,)
        The same over the limit as it was forecast: how far ranges must reach, the limit's own error among them.
    outcomes : ndarray, shape (R,)
        What came, in last shares, or in last figures without a limit.
    counts : ndarray, shape (R,)
        Weight of each row: each technology counts alike at each horizon and length of window.
    technologies, names : ndarray
        Technology of each row, and all of them once.
    furthest : float
        Years ahead of the furthest of these forecasts.
    """

    def __init__(self, rows: pd.DataFrame, path: str = "path") -> None:
        self._frame = rows
        self.bounded = bool(rows["share"].notna().all())
        self.technologies, self.furthest = rows["technology"].to_numpy(str), float(rows["horizon_years"].max())
        self.names = np.unique(self.technologies)
        columns = ["years", path, "limit_ahead", "limit_sd", "actual", "limit_then"]
        h, paths, limit, limit_sd, actual, came = rows[columns].to_numpy(float).T
        last, share = rows["share"].fillna(1.0).to_numpy(), paths / limit
        self.rows = Rows(self.bounded, h, share, last, rows[_TERMS].to_numpy(float), limit, limit_sd)
        middle = model.on_scale(share, self.bounded)
        self.errors = model.on_scale(actual / came, self.bounded) - middle
        self.misses = model.on_scale(actual / limit, self.bounded) - middle
        self.outcomes = actual / came / last
        groups = rows.groupby(["technology", "horizon_years", "window"])["years"]
        self.counts = 1 / groups.transform("size").to_numpy(float)
        self._learnt: dict[str, Learnt] = {}

    @property
    def frame(self) -> pd.DataFrame:
        """The rows, as a copy."""
        return self._frame.copy()

    @cached_property
    def weights(self) -> dict[str, np.ndarray]:
        """(3,) weights of the variances without each technology, by its name; of all by ""."""
        found = {}
        for name in ["", *self.names]:
            others = self.technologies != name
            found[name] = model.learn_weights(self.rows.terms[others], self.errors[others], self.counts[others])
        return found

    @cached_property
    def ratios(self) -> np.ndarray:
        """(R,) misses over their spread, by weights that leave out the technology of the row."""
        found = np.empty(len(self.errors))
        for name in self.names:
            own = self.technologies == name
            found[own] = self.misses[own] / np.sqrt(self.rows.terms[own] @ self.weights[name])
        return found

    def without(self, technology: str = "") -> Learnt:
        """Calibration on all technologies but one; on all, where it is not among them."""
        name = technology if technology in self.names else ""
        if name not in self._learnt:
            others = self.technologies != name
            enough = len(self.names) - (name != "") >= model.LEAST_LEARNT
            sides = model.learn_sides(self.ratios[others], self.counts[others]) if enough else model.USUAL_SIDES
            edge = model.find_edge(self.outcomes[others], self.rows.h[others], self.bounded)
            self._learnt[name] = Learnt(self.weights[name], *sides, edge)
        return self._learnt[name]

    def quantiles(self, levels: Sequence[float], by: Calibration | None = None) -> np.ndarray:
        """Quantiles (R, Q) of every row at levels (Q,), calibrated on other technologies: those of `by`, or its own."""
        found, by = np.empty((len(self.errors), len(levels))), by or self
        for name in self.names:
            own = self.technologies == name
            rows = Rows(self.bounded, *(each[own] for each in self.rows[1:]))
            found[own] = model.quantiles(rows, np.asarray(levels, float), by.without(name))
        return found

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the normal scores of errors at two horizons, see `paths.correlate_scores`."""
        learnt = self.without()
        ratios = self.ratios / np.where(self.ratios > 0, learnt.up, learnt.down)
        scored = self._frame[[*_ORIGIN, "horizon_years"]].assign(score=ndtri(stdtr(model.TAILS, ratios)))
        return correlate_scores(scored, _ORIGIN)

    @cached_property
    def decay(self) -> float:
        """Decay of the correlation of paths, see `paths.fit_decay`."""
        return fit_decay(self.correlations)


class References:
    """Comparison technologies, and the calibration on them with and without a limit, made when first asked for."""

    def __init__(self, series: Sequence[AdoptionSeries]) -> None:
        self.series = list(series)
        self._calibrations: dict[bool, Calibration] = {}

    def calibrate(self, bounded: bool) -> Calibration:
        """The calibration with a limit, or the one without."""
        if bounded not in self._calibrations:
            self._calibrations[bounded] = Calibration(backtest(self.series, bounded=bounded))
        return self._calibrations[bounded]

    @cached_property
    def stand(self) -> pd.Series:
        """Where they stand now, see `last_logits`."""
        return last_logits(self.series)

    @cached_property
    def prior(self) -> tuple[float, float]:
        """Mean and standard deviation of the logits at which they stand, see `learn_prior`."""
        return learn_prior(self.stand)


_MOST_KEPT = 4  # sets of references that stay in memory
_KEPT: dict[tuple[object, ...], References] = {}


def reuse_references(series: Sequence[AdoptionSeries]) -> References:
    """`References` of these series; the same object, with what it has learnt, for the same figures.

    Parameters
    ----------
    series : sequence of AdoptionSeries

    Returns
    -------
    `References`
    """
    content: list[object] = []
    for each in series:
        content += [each.technology, each.entity, each.indicator, each.bound is None]
        for part in [each.values] if each.bound is None else [each.values, each.bound.values]:
            content += [part.index.asi8.tobytes(), part.to_numpy(float).tobytes()]
    found = _KEPT.pop(tuple(content), None) or References(series)
    _KEPT[tuple(content)] = found  # used last: the last to go
    for old in list(_KEPT)[:-_MOST_KEPT]:
        del _KEPT[old]
    return found
