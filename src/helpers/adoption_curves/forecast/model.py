"""The forecast as a formula, in plain arrays: from values to quantiles, in the order of the computing.

N windows of n observations are forecast side by side, each H horizons ahead. `t` (N, n) are years before the last
observation, 0 at the last one, and `h` (N, H) years after it. With a limit `x` (N, n) are shares of the limit of their
own day, and the scale is g(x) = -log(-log x), on which a Gompertz curve up to the limit is a straight line in time.
Without one `x` are multiples of the last observation, and the scale is the logarithm.

The constants are round, and were chosen once, on the comparison technologies; docs/method.md says what each is worth.

Sources: Gompertz 1825; Gardner 2006 (damped trends).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from ..base.dates import LEAST_OBSERVATIONS
from ..base.limit import MEASUREMENT


class Constants(NamedTuple):
    """How wide intervals are, and from where on they were tested."""

    weights: tuple[float, float, float]  # of the three variances
    early: float  # largest drift common to all, in parts of the last share
    tested: float  # least last share of which intervals were tested


CONSTANTS = {
    "limit": Constants((0.5, 1.0, 0.5), 0.4, 0.002),
    "sales": Constants((1.5, 3.0, 1.5), 0.2, 0.005),  # shares of sales
    "free": Constants((0.5, 0.5, 0.25), 1.0, np.inf),  # without a limit
    "flow": Constants((0.5, 0.5, 0.25), 1.0, np.inf),  # numbers sold or added in a year
}
_SIDES = (1.0, 1.25)  # of the spread, below and above the median
_SIDE_ROOM = 0.25  # of a share of sales: how much wider each side is for all the room that it could have
ENDS = np.array([0.2, 0.4, 0.6, 0.8, 0.98])  # at which growth may end, in shares of the limit
ROOM = 1.002  # least ratio of an end to the highest share
_DAMPING = 0.8  # part of a trend that is left after a year
_HALF_LIFE = 2.0  # years after which a step counts half, without a limit
_COMMON = 0.02  # unit of the drift common to all: of the limit, or of the last observation, in the first year
_TAILS = 4  # degrees of freedom of Student's t
_TOP = 1.5  # without a limit nothing grows more, on the scale, over the root of the damped years
_SHARES = (1e-6, 0.999)  # shares are held within, for the logarithms of g
_SHARES_OF_END = (1e-4, 0.995)  # the same of an end
_STEEP = (0.002, 0.95)  # the last share is held within, for the slope of g
_TOO_FEW = f"a forecast needs {LEAST_OBSERVATIONS} values or more: a slope, and a way to judge it"
_GROWTH_DAMPING, _MOST_GROWTH = 0.5, 1.0  # of numbers sold: part of growth left after a year, and most, in logarithms
_LIMIT_DRIFT = 0.5  # part of the drift of the limit ahead that is part of its error
_LEAST_LIMIT = 0.1  # part of today's limit below which it is never forecast


def g(x: np.ndarray) -> np.ndarray:
    """Shares of the limit on the Gompertz scale."""
    return -np.log(-np.log(np.clip(x, *_SHARES)))


def back(z: np.ndarray) -> np.ndarray:
    """Shares of the limit from the Gompertz scale."""
    return np.exp(-np.exp(-np.clip(z, -50, 50)))


def damp(h: np.ndarray) -> np.ndarray:
    """Years that a damped trend still runs within `h` years: the integral of ``_DAMPING ** t``."""
    return (_DAMPING**h - 1) / np.log(_DAMPING)


def fit_line(t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares lines.

    Parameters
    ----------
    t, z : ndarray, shape (..., n)
        Years before the last observation, and values on the Gompertz scale.

    Returns
    -------
    tuple of two ndarrays, shape (...)
        Slopes a year, and heights at t = 0.

    Raises
    ------
    ValueError
        Of one or two observations.
    """
    if t.shape[-1] < LEAST_OBSERVATIONS:
        raise ValueError(_TOO_FEW)
    away = t - t.mean(axis=-1, keepdims=True)
    slope = (away * z).sum(axis=-1) / (away**2).sum(axis=-1)
    return slope, z.mean(axis=-1) - slope * t.mean(axis=-1)


def measure_steps(t: np.ndarray, z: np.ndarray, half_life: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Mean change, and variance about it, from value to value.

    Parameters
    ----------
    t, z : ndarray, shape (N, n)
        Years before the last observation, and values in any unit.
    half_life : float
        Years after which a step counts half.

    Returns
    -------
    tuple of two ndarrays, shape (N,)
        Change a year, and variance of a step over its years, in the unit of z and in its square.

    Raises
    ------
    ValueError
        Of one or two observations: there is no way to judge a slope.
    """
    gaps, steps, n = np.diff(t), np.diff(z), z.shape[-1]
    if n < LEAST_OBSERVATIONS:
        raise ValueError(_TOO_FEW)
    weights = 0.5 ** (-(t[..., 1:] + t[..., :-1]) / 2 / half_life)
    change = (weights * steps).sum(axis=-1) / (weights * gaps).sum(axis=-1)
    squares = (steps - change[..., None] * gaps) ** 2 / gaps
    return change, (weights * squares).sum(axis=-1) / weights.sum(axis=-1) * (n - 1) / (n - 2)


def forecast_limit(t: np.ndarray, limit: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The limit ahead: damped drift, and about it a random walk whose mean change is uncertain too.

    Half of the drift is part of the error: a limit that has grown steadily may stop growing, or grow on undamped.

    Parameters
    ----------
    t, limit : ndarray, shape (N, n)
        Years before the last observation, and the limit then.
    h : ndarray, shape (N, H)
        Years ahead.

    Returns
    -------
    tuple of two ndarrays, shape (N, H)
        The limit ahead and its standard error, in the unit of the limit.
    """
    change, walk = (part[:, None] for part in measure_steps(t, limit))
    drift = change * damp(h)
    ahead = np.maximum(limit[:, -1:] + drift, _LEAST_LIMIT * limit[:, -1:])
    return ahead, np.sqrt(walk * h * (1 + h / -t[:, :1]) + (_LIMIT_DRIFT * drift) ** 2)


def follow_ends(t: np.ndarray, x: np.ndarray, h: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The Gompertz curve to each of K ends: the least-squares line through g(x / end), so that nothing is searched.

    Parameters
    ----------
    t, x, h : as in `find_path`
    ends : ndarray, shape (N, K)
        Shares of the limit.

    Returns
    -------
    tuple of two ndarrays, shape (N, K, H) and (N, K)
        What each curve gains in h years, in shares of the limit; and how well it fits, in weights that add up to 1.
    """
    t, x, h, end = t[:, None], x[:, None], h[:, None], ends[..., None]
    slope, height = (each[..., None] for each in fit_line(t, -np.log(-np.log(np.clip(x / end, *_SHARES_OF_END)))))
    slope = np.maximum(slope, 1e-6)
    squares = ((x - end * back(height + slope * t)) ** 2).sum(axis=-1)
    weights = (squares + MEASUREMENT**2) ** (1 - x.shape[-1] / 2)
    return end * (back(height + slope * h) - back(height)), weights / weights.sum(axis=1, keepdims=True)


def find_path(t: np.ndarray, x: np.ndarray, h: np.ndarray, kind: str = "limit") -> np.ndarray:
    """The path of N windows, H horizons ahead.

    Parameters
    ----------
    t, x : ndarray, shape (N, n)
        Years before the last observation; shares of the limit, or without one multiples of the last observation.
    h : ndarray, shape (N, H)
        Years ahead.
    kind : str
        A row of `CONSTANTS`.

    Returns
    -------
    ndarray, shape (N, H)
        With a limit shares of the limit ahead: the last share and the mean of two gains, along the line to the limit
        and to the ends. Without one multiples of the last observation: damped drift, of which a fall is of what is
        left; of numbers sold or added in a year their mean growth, of which half is left after a year.
    """
    if kind == "free":
        gain = measure_steps(t, x, _HALF_LIFE)[0][:, None] * damp(h)
        return np.where(gain < 0, np.exp(np.minimum(gain, 0)), 1 + gain)
    if kind == "flow":
        growth = np.minimum(measure_steps(t, np.log(x))[0], _MOST_GROWTH)[:, None]
        return np.exp(growth * (_GROWTH_DAMPING**h - 1) / np.log(_GROWTH_DAMPING))
    return find_parts(t, x, h).mean(axis=0)


def find_parts(t: np.ndarray, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The two paths whose mean is the path with a limit: along the line to the limit, and along lines to other ends.

    Parameters
    ----------
    t, x, h : as in `find_path`

    Returns
    -------
    ndarray, shape (2, N, H)
        Shares of the limit ahead.
    """
    last, slope = x[:, -1:], fit_line(t, g(x))[0][:, None]
    to_limit = back(g(last) + slope * h) - back(g(last))
    gains, weights = follow_ends(t, x, h, np.maximum(ENDS, ROOM * x.max(axis=1, keepdims=True)))
    to_ends = (weights[..., None] * gains).sum(axis=1)
    return np.clip(last + np.stack([to_limit, to_ends]), 0, np.maximum(last, 1))


def variances(t: np.ndarray, x: np.ndarray, h: np.ndarray, kind: str = "limit") -> np.ndarray:
    """Variances of the path's error on the Gompertz scale; the square of its spread is their sum.

    Parameters
    ----------
    t, x, h, kind : as in `find_path`

    Returns
    -------
    ndarray, shape (N, H, 3)
        Of a walk of the series' own, of its uncertain trend, and of a drift common to all.
    """
    if kind in ("free", "flow"):
        (rate, walk), last, steep = measure_steps(t, np.log(x), _HALF_LIFE), np.ones(len(x)), np.ones(len(x))
    else:
        last = np.clip(x[:, -1], *_STEEP)
        rate, walk, steep = fit_line(t, g(x))[0], measure_steps(t, g(x))[1], -1 / (last * np.log(last))
    # a drift of two points of the limit would be many times an early share
    drift = np.minimum(_COMMON, CONSTANTS[kind].early * last) * steep
    trend, common = rate[:, None] * damp(h), drift[:, None] * damp(h)
    return np.stack([walk[:, None] * h, trend**2 / x.shape[1], common**2], axis=-1) * CONSTANTS[kind].weights


def find_sides(last: np.ndarray | float, kind: str) -> tuple[np.ndarray | float, np.ndarray | float]:
    """Factors of the spread below and above the median.

    Parameters
    ----------
    last : float or ndarray of any shape
        The last share of the limit. Of a share of sales the side with more room is the wider.
    kind : str
        "limit" or "sales".

    Returns
    -------
    tuple of two floats or ndarrays of that shape
    """
    return (1 + _SIDE_ROOM * last, 1 + _SIDE_ROOM * (1 - last)) if kind == "sales" else _SIDES


def quantiles(
    path: np.ndarray,
    spread: np.ndarray,
    levels: np.ndarray,
    limit: np.ndarray,
    limit_sd: np.ndarray,
    last: np.ndarray | float,
    kind: str,
) -> np.ndarray:
    """Quantiles with a limit: Student's t about the path on the scale, wider on one side.

    The limit's own error is independent; that the squares of both distances from the median add up is an approximation.

    Parameters
    ----------
    path, spread : ndarray, shape (..., H)
        The path in shares of the limit ahead, and its spread on the scale.
    levels : ndarray, shape (Q,) or (..., H, Q)
        Between 0 and 1.
    limit, limit_sd : ndarray, shape (..., H)
        The limit ahead, and its standard error.
    last : float or ndarray, broadcast against the path
        The last share of the limit.
    kind : str
        "limit" or "sales".

    Returns
    -------
    ndarray, shape (..., H, Q), in the unit of the limit
        The median is the path. A limit without an error is passed by no quantile, unless the path does so.
    """
    path, spread, limit, limit_sd = (each[..., None] for each in (path, spread, limit, limit_sd))
    below, above = find_sides(np.asarray(last)[..., None], kind)
    away = spread * stdtrit(_TAILS, levels) * np.where(levels > 0.5, above, below)
    own = limit * (back(g(path) + away) - back(g(path)))
    by_limit = np.clip(path, *_SHARES) * limit_sd * ndtri(levels)
    values = np.maximum(limit * path + np.sign(own + by_limit) * np.hypot(own, by_limit), 0)
    return np.where(limit_sd > 0, values, np.minimum(values, limit * np.maximum(path, 1)))


def free_quantiles(path: np.ndarray, spread: np.ndarray, levels: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Quantiles without a limit.

    Parameters
    ----------
    path, spread, levels : as in `quantiles`
        The path in multiples of the last observation.
    h : ndarray, shape (..., H)
        Years ahead.

    Returns
    -------
    ndarray, shape (..., H, Q), in multiples of the last observation
    """
    away = spread[..., None] * stdtrit(_TAILS, levels)
    return approach(path[..., None] * np.exp(away), 1.0, np.exp(_TOP * np.sqrt(damp(h)))[..., None])


def total_quantiles(values: np.ndarray, median: np.ndarray, last: float) -> np.ndarray:
    """Quantiles of a running total, from those of a level: it never falls, and always gains something.

    A quantile at a distance d below a median that gains G gains ``G exp(-d / G)``.

    Parameters
    ----------
    values : ndarray, shape (H, Q)
        In the unit of the series, by date.
    median : ndarray, shape (H,)
    last : float
        The last value.

    Returns
    -------
    ndarray, shape (H, Q)
        In that unit.
    """
    median = median[:, None]
    gain = np.maximum(median - last, 1e-300)
    below = last + gain * np.exp(-np.maximum(median - values, 0) / gain)
    return np.maximum.accumulate(np.where(values < median, below, np.maximum(values, last)), axis=0)


def approach(values: np.ndarray, last: np.ndarray | float, top: np.ndarray | float) -> np.ndarray:
    """Values that no longer pass a top: the nearer to it, the slower they rise above the last one.

    Parameters
    ----------
    values : ndarray of any shape
        In the unit of the series, as the two others are.
    last : float or ndarray
        The last observation, broadcast against the values.
    top : float or ndarray
        What they never pass, broadcast too.

    Returns
    -------
    ndarray of that shape
        In that unit.
    """
    rise, room = np.maximum(values - last, 0.0), np.maximum(top - last, 0.0)
    return np.where(rise > 0, last + rise * room / np.maximum(np.hypot(rise, room), 1e-300), values)
