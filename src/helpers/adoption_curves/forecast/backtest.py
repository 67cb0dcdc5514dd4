"""The backtest: the forecast as it would have been at every earlier date of other technologies, and what it teaches.

`backtest` makes a row for each window, date and horizon. `Lessons` has the rows of one kind, with or without a limit,
and what a forecast learns from them: each technology is forecast by what the others teach. `recall` keeps both kinds
for as long as a process lasts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view
from scipy.special import ndtri, stdtr

from ..base.fallen import are_fallen
from ..curves import decimal_years
from ..indicators.series import AdoptionSeries
from . import model
from .inputs import LEAST_TECHNOLOGIES, read_references
from .model import Learnt, Rows
from .paths import correlate_scores, fit_decay
from .rivals import NEED_LIMIT, RIVALS

WINDOWS = (3, 4, 6, 8)
"""Figures of a window."""
HORIZONS = (0.5, 1.0, 2.0, 3.0, 5.0)
ORIGIN_SHARES = (0.05, 0.98)
"""A window counts when its last figure lies between these shares of its limit."""
DATE_TOLERANCE = 0.26
"""Years by which a figure may miss a horizon; the forecast is made for the figure's own date."""
HIGHEST_LAST = 0.98
"""Share at most of a technology in the prior: the logit of 1 is endless."""
LABELS = ["technology", "entity", "indicator"]
"""Columns that identify a series."""
ORIGIN = [*LABELS, "origin", "window"]
TERMS = ["walk", "trend", "common"]


class Windows(NamedTuple):
    """N windows of n figures, and the H figures that came nearest to horizons after them."""

    labels: pd.DataFrame  # N rows, columns `LABELS` and origin
    t: np.ndarray  # (N, n) years before the last figure
    y: np.ndarray  # (N, n)
    limit: np.ndarray  # (N, n) as known at the last figure
    h: np.ndarray  # (N, H) years ahead, NaN where no figure is near
    dates: np.ndarray  # (N, H)
    outcome: np.ndarray  # (N, H)
    came: np.ndarray  # (N, H) the limit that came


def roll_windows(references: Sequence[AdoptionSeries], points: int, horizons: Sequence[float]) -> Windows | None:
    """Every window of `points` figures that ends inside `ORIGIN_SHARES`, has not fallen, and has a figure after it."""
    parts, labels, wide = [], [], np.asarray(horizons, float)
    for series in references:
        if series.bound is None or len(series.values) <= points:
            continue
        seen, values, dates = decimal_years(series.values.index), series.values.to_numpy(float), series.values.index
        years, y = (sliding_window_view(each, points)[:-1] for each in (seen, values))
        limit = series.bound.at(years, years[:, -1:])
        share = y[:, -1] / limit[:, -1]
        kept = (share >= ORIGIN_SHARES[0]) & (share <= ORIGIN_SHARES[1]) & (y.min(axis=1) > 0) & ~are_fallen(years, y)
        origin = years[kept, -1:]
        nearest = np.abs(seen - (origin + wide)[..., None]).argmin(axis=2)
        gap = seen[nearest] - origin
        h = np.where((np.abs(gap - wide) <= DATE_TOLERANCE) & (gap > 0), gap, np.nan)
        came = series.bound.at(dates)[nearest]
        later = dates.to_numpy("datetime64[ns]")[nearest]
        parts.append((years[kept] - origin, y[kept], limit[kept], h, later, values[nearest], came))
        own = {name: getattr(series, name) for name in LABELS}
        labels.append(pd.DataFrame(own | {"origin": dates[points - 1 : -1][kept]}))
    if not sum(len(part[0]) for part in parts):
        return None
    return Windows(pd.concat(labels, ignore_index=True), *map(np.concatenate, zip(*parts, strict=True)))


def backtest(
    references: Sequence[AdoptionSeries],
    windows: Sequence[int] = WINDOWS,
    horizons: Sequence[float] = HORIZONS,
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
    horizons : sequence of float
        Years ahead.
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
    >>> rows = backtest(indicators.load().references()[:8], windows=(4,), horizons=(1.0, 2.0))
    >>> rows["window"].unique().tolist()
    [4]
    """
    known = read_references(references)
    limited = [series for series in known if series.bound is not None and len(series.values)]
    if known and not limited:
        raise ValueError("none of the references has a bound, which the backtest measures them by: give each its own")
    rolled = [each for points in windows if (each := roll_windows(limited, points, horizons)) is not None]
    if not rolled:
        raise ValueError(
            f"none of the {len(limited)} reference series has {min(windows)} points and a later one while at "
            "5 to 98% of its bound: give longer or more references"
        )
    stand = last_shares(limited)
    return pd.concat([_forecast_windows(each, horizons, bounded, stand, rivals) for each in rolled], ignore_index=True)


def forecast_others(
    series: Sequence[AdoptionSeries], references: Sequence[AdoptionSeries], bounded: bool
) -> pd.DataFrame:
    """Rows as of `backtest`, with rivals, of series from which nothing is learnt, by where the references stand."""
    stand, rolled = last_shares(references), [roll_windows(series, points, HORIZONS) for points in WINDOWS]
    found = [_forecast_windows(each, HORIZONS, bounded, stand, True) for each in rolled if each is not None]
    return pd.concat(found, ignore_index=True) if found else pd.DataFrame()


def _forecast_windows(
    found: Windows, horizons: Sequence[float], bounded: bool, stand: pd.DataFrame, rivals: bool
) -> pd.DataFrame:
    """The rows of windows of one length."""
    here = np.nonzero(np.isfinite(found.h))
    h = np.where(np.isfinite(found.h), found.h, 1.0)
    limit, came = found.limit, found.came
    if not bounded:
        limit = np.broadcast_to(found.y[:, -1:], found.y.shape)
        came = np.broadcast_to(found.y[:, -1:], came.shape)
    ahead, limit_sd = model.forecast_limit(found.t, limit, h)
    x = found.y / limit
    if bounded:
        priors = {name: learn_prior(stand, name) for name in found.labels["technology"].unique()}
        mean, sd = np.array([priors[name] for name in found.labels["technology"]]).T
        path = ahead * model.path_below(found.t, x, h, mean, sd)
    else:
        path = ahead * model.path_without(found.t, x, h)
    columns = {"window": x.shape[1], "date": found.dates[here], "actual": found.outcome[here]}
    columns |= {"horizon_years": np.asarray(horizons, float)[here[1]], "years": h[here]}
    columns |= {"first": found.y[here[0], 0], "last": found.y[here[0], -1]}
    columns |= {"share": x[here[0], -1] if bounded else np.nan, "limit": limit[here[0], -1]}
    columns |= {"limit_ahead": ahead[here], "limit_sd": limit_sd[here], "limit_then": came[here]}
    columns |= dict(zip(TERMS, model.variances(found.t, x, h, bounded)[here].T, strict=True))
    columns |= {"path": path[here]}
    for name, rival in RIVALS.items():
        if rivals and (bounded or name not in NEED_LIMIT):
            columns[name] = rival(found.t, found.y, limit, h, ahead if bounded else np.full(h.shape, np.inf))[here]
    return found.labels.iloc[here[0]].reset_index(drop=True).assign(**columns)


def last_shares(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Where technologies stand now: share of the limit, and its logit, as means over a technology's series.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a limit, or with fewer than four figures, are passed over.

    Returns
    -------
    DataFrame
        logit and share by technology. For logits shares are cut at .98. Some technologies still grow.
    """
    known = [each for each in references if each.bound is not None and len(each.values) >= 4]
    rows = pd.DataFrame({"technology": [each.technology for each in known]})
    rows["share"] = np.array([each.share.iloc[-1] for each in known], float)
    last = rows["share"].clip(model.SHARES[0], HIGHEST_LAST)
    return rows.assign(logit=np.log(last / (1 - last))).groupby("technology")[["logit", "share"]].mean()


def learn_prior(stand: pd.DataFrame, exclude: str = "") -> tuple[float, float]:
    """Mean and standard deviation of the logits at which all technologies but one stand, from `last_shares`.

    Raises
    ------
    ValueError
        When fewer than two other technologies remain.
    """
    logits = stand.loc[stand.index != exclude, "logit"].to_numpy()
    if len(logits) < 2:
        raise ValueError(
            "reference series of two technologies at least are needed, besides the technology that is forecast"
        )
    return float(logits.mean()), float(logits.std(ddof=1))


def can_calibrate(references: Sequence[AdoptionSeries]) -> bool:
    """True if `LEAST_TECHNOLOGIES` or more of the references have windows to learn from."""
    found = roll_windows(references, min(WINDOWS), HORIZONS)
    return found is not None and found.labels["technology"].nunique() >= LEAST_TECHNOLOGIES


class Lessons:
    """What the rows of a backtest teach, each technology left out in turn.

    Parameters
    ----------
    rows : DataFrame
        From `backtest`.
    path : str
        Its column with the path: that of the forecast, or a rival's.
    """

    def __init__(self, rows: pd.DataFrame, path: str = "path") -> None:
        self._frame = rows
        self.bounded = bool(rows["share"].notna().all())
        self.technologies = rows["technology"].to_numpy()
        last = rows["share"].fillna(1.0).to_numpy()
        figures = (
            rows[name].to_numpy(float) for name in ("years", path, "limit_ahead", "limit_sd", "actual", "limit_then")
        )
        h, paths, limit, limit_sd, actual, came = figures
        self.rows = Rows(self.bounded, h, paths / limit, last, rows[TERMS].to_numpy(float), limit, limit_sd)
        # errors on the scale: the outcome over its limit, less the path over the limit as it was forecast
        came_to = model.on_scale(actual / came, self.bounded)
        self.errors = came_to - model.on_scale(self.rows.share, self.bounded)
        # how far ranges must reach: the same with the limit as it was forecast, so that its own error is among them
        self.misses = model.on_scale(actual / limit, self.bounded) - model.on_scale(self.rows.share, self.bounded)
        self.outcomes = actual / came / last
        # each technology counts alike at each horizon and length of window
        groups = rows.groupby(["technology", "horizon_years", "window"])["years"]
        self.counts = 1 / groups.transform("size").to_numpy(float)
        self._weights: dict[str, np.ndarray] = {}
        self._learnt: dict[str, Learnt] = {}
        self._decays: dict[str, float] = {}

    @property
    def frame(self) -> pd.DataFrame:
        """The rows, as a copy."""
        return self._frame.copy()

    @cached_property
    def furthest(self) -> float:
        """Years ahead of the furthest forecast on record."""
        return float(self._frame["horizon_years"].max())

    def weights(self, technology: str = "") -> np.ndarray:
        """(3,) weights of the variances without one technology."""
        if technology not in self._weights:
            others = self.technologies != technology
            self._weights[technology] = model.learn_weights(
                self.rows.terms[others], self.errors[others], self.counts[others]
            )
        return self._weights[technology]

    @cached_property
    def ratios(self) -> np.ndarray:
        """(R,) misses over their spread, by weights that leave out the technology of the row."""
        found = np.empty(len(self.errors))
        for name in np.unique(self.technologies):
            own = self.technologies == name
            found[own] = self.misses[own] / np.sqrt(self.rows.terms[own] @ self.weights(name))
        return found

    def without(self, technology: str = "") -> Learnt:
        """What a forecast of one technology takes from the others; of all, where it is not among them."""
        name = technology if technology in self.technologies else ""
        if name not in self._learnt:
            others = self.technologies != name
            known = len(np.unique(self.technologies[others]))
            sides = model.USUAL if known < model.ENOUGH else model.learn_sides(self.ratios[others], self.counts[others])
            edge = model.find_edge(self.outcomes[others], self.rows.h[others], self.bounded)
            self._learnt[name] = Learnt(self.weights(name), *sides, edge)
        return self._learnt[name]

    def quantiles(self, levels: Sequence[float], by: Lessons | None = None) -> np.ndarray:
        """Quantiles (R, Q) of every row at levels (Q,), by what other technologies teach: those of `by`, or its own."""
        found, by = np.empty((len(self.errors), len(levels))), by or self
        for name in np.unique(self.technologies):
            own = self.technologies == name
            rows = Rows(self.bounded, *(each[own] for each in self.rows[1:]))
            found[own] = model.quantiles(rows, np.asarray(levels, float), by.without(name))
        return found

    def correlations(self, technology: str = "") -> pd.DataFrame:
        """Correlations of the normal scores of errors at two horizons, see `paths.correlate_scores`."""
        learnt, kept = self.without(technology), self.technologies != technology
        ratios = self.ratios[kept]
        scores = ndtri(stdtr(model.TAILS, ratios / np.where(ratios > 0, learnt.up, learnt.down)))
        return correlate_scores(self._frame.loc[kept, [*ORIGIN, "horizon_years"]].assign(score=scores), ORIGIN)

    def decay(self, technology: str = "") -> float:
        """Decay of the correlation of paths, see `paths.fit_decay`."""
        if technology not in self._decays:
            self._decays[technology] = fit_decay(self.correlations(technology))
        return self._decays[technology]


class References:
    """Comparison technologies, and what they teach with and without a limit, made when first asked for."""

    def __init__(self, series: Sequence[AdoptionSeries]) -> None:
        self.series = list(series)
        self._lessons: dict[bool, Lessons] = {}

    def teach(self, bounded: bool) -> Lessons:
        """`Lessons` of one kind."""
        if bounded not in self._lessons:
            self._lessons[bounded] = Lessons(backtest(self.series, bounded=bounded))
        return self._lessons[bounded]

    @cached_property
    def stand(self) -> pd.DataFrame:
        """Where they stand now, see `last_shares`."""
        return last_shares(self.series)

    @cached_property
    def prior(self) -> tuple[float, float]:
        """Mean and standard deviation of the logits at which they stand, see `learn_prior`."""
        return learn_prior(self.stand)


MOST_KEPT = 4
"""Sets of references that stay in memory."""
_KEPT: dict[str, References] = {}


def recall(series: Sequence[AdoptionSeries]) -> References:
    """`References` of these series; the same object, with what it has learnt, for the same figures."""
    digest = hashlib.sha256()
    for each in series:
        parts = [each.values] if each.bound is None else [each.values, each.bound.values]
        words = (each.technology, each.entity, each.indicator, *(len(part) for part in parts))
        digest.update(json.dumps(words).encode())
        for part in parts:
            digest.update(part.index.as_unit("ns").asi8.tobytes() + part.to_numpy(float).tobytes())
    found = _KEPT.pop(digest.hexdigest(), None) or References(series)
    _KEPT[digest.hexdigest()] = found  # used last: the last to go
    for old in list(_KEPT)[:-MOST_KEPT]:
        del _KEPT[old]
    return found
