"""The formula of the forecast on arrays: from observations to quantiles, in the order of computation.

N windows of n observations are forecast at once, each for H horizons. `t` (N, n) is the time of an observation in years
relative to the last one, so 0 for the last and negative before, and `h` (N, H) are years after it. With a limit, `x`
(N, n) is each observation as a share of the limit on its date, and the scale is g(x) = -log(-log x), on which a
Gompertz curve to the limit is a straight line. Without a limit, `x` is each observation divided by the last one, and
the scale is the logarithm.

The constants are round and were chosen on the comparison technologies; docs/method.md shows the effect of each.

Sources: Gompertz 1825; Gardner 2006 (damped trends).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri, stdtrit

from ..base.dates import LEAST_OBSERVATIONS
from ..base.limit import MEASUREMENT


class Constants(NamedTuple):
    """Constants of the spread, and the smallest share from which intervals were tested."""

    weights: tuple[float, float, float]  # of the three variances
    early: float  # maximum of the common drift, as a part of the last share
    tested: float  # smallest last share from which intervals were tested


CONSTANTS = {
    "limit": Constants((0.5, 1.0, 0.5), 0.4, 0.002),
    "sales": Constants((1.5, 3.0, 1.5), 0.2, 0.005),  # shares of sales
    "free": Constants((0.5, 0.5, 0.25), 1.0, np.inf),  # without a limit
    "flow": Constants((0.5, 0.5, 0.25), 1.0, np.inf),  # numbers sold or added in a year
}
_SIDES = (1.0, 1.25)  # factors of the spread below and above the median
_SIDE_ROOM = 0.25  # for shares of sales: addition to the factor of a side that has all the room from 0 to 1
ENDS = np.array([0.2, 0.4, 0.6, 0.8, 0.98])  # saturation levels, as shares of the limit
ROOM = 1.002  # minimum ratio of a saturation level to the highest share
_DAMPING = 0.8  # share of a trend that is left after a year
_HALF_LIFE = 2.0  # without a limit: years before the last observation at which a step has half the weight
_COMMON = 0.02  # standard deviation of the common drift in a year, as a share of the limit or of the last observation
_TAILS = 4  # degrees of freedom of Student's t
_TOP = 1.5  # without a limit: maximum growth on the scale, in units of the root of the damped years
_SHARES = (1e-6, 0.999)  # range to which shares are clipped before g
_SHARES_OF_END = (1e-4, 0.995)  # the same for shares of a saturation level
_STEEP = (0.002, 0.95)  # range to which the last share is clipped before the derivative of g
_TOO_FEW = f"a forecast needs {LEAST_OBSERVATIONS} values or more: a slope, and a way to judge it"
_GROWTH_DAMPING, _MOST_GROWTH = 0.5, 1.0  # of flows: share of log growth left after a year, and its maximum a year
_LIMIT_DRIFT = 0.5  # standard error of the drift of the limit, as a share of the drift
_LEAST_LIMIT = 0.1  # lower bound of the forecast limit, as a share of the last limit


def g(x: np.ndarray) -> np.ndarray:
    """Transform shares of the limit to the Gompertz scale."""
    return -np.log(-np.log(np.clip(x, *_SHARES)))


def back(z: np.ndarray) -> np.ndarray:
    """Inverse of `g`: transform values on the Gompertz scale to shares of the limit."""
    return np.exp(-np.exp(-np.clip(z, -50, 50)))


def damp(h: np.ndarray) -> np.ndarray:
    """Damped years, by which a trend is multiplied: the integral of ``_DAMPING ** t`` over the next `h` years."""
    return (_DAMPING**h - 1) / np.log(_DAMPING)


def fit_line(t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit least-squares lines.

    Parameters
    ----------
    t, z : ndarray, shape (..., n)
        Years relative to the last observation, and values on the Gompertz scale.

    Returns
    -------
    tuple of two ndarrays, shape (...)
        Slopes per year, and heights at t = 0.

    Raises
    ------
    ValueError
        If n is below 3.
    """
    if t.shape[-1] < LEAST_OBSERVATIONS:
        raise ValueError(_TOO_FEW)
    away = t - t.mean(axis=-1, keepdims=True)
    slope = (away * z).sum(axis=-1) / (away**2).sum(axis=-1)
    return slope, z.mean(axis=-1) - slope * t.mean(axis=-1)


def measure_steps(t: np.ndarray, z: np.ndarray, half_life: float = np.inf) -> tuple[np.ndarray, np.ndarray]:
    """Estimate a random walk with drift: mean change per year, and variance of a change per year.

    Parameters
    ----------
    t, z : ndarray, shape (N, n)
        Years relative to the last observation, and values in any unit.
    half_life : float
        Years before the last observation at which a step has half the weight.

    Returns
    -------
    tuple of two ndarrays, shape (N,)
        Mean change per year, in the unit of z, and variance per year, in its square.

    Raises
    ------
    ValueError
        If n is below 3.
    """
    gaps, steps, n = np.diff(t), np.diff(z), z.shape[-1]
    if n < LEAST_OBSERVATIONS:
        raise ValueError(_TOO_FEW)
    weights = 0.5 ** (-(t[..., 1:] + t[..., :-1]) / 2 / half_life)
    change = (weights * steps).sum(axis=-1) / (weights * gaps).sum(axis=-1)
    squares = (steps - change[..., None] * gaps) ** 2 / gaps
    return change, (weights * squares).sum(axis=-1) / weights.sum(axis=-1) * (n - 1) / (n - 2)


def forecast_limit(t: np.ndarray, limit: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Forecast the limit by a random walk with damped drift.

    The standard error includes that of the estimated drift, and half of the drift, because a limit that has grown
    steadily may stop growing or grow on undamped.

    Parameters
    ----------
    t, limit : ndarray, shape (N, n)
        Years relative to the last observation, and the limit on these dates.
    h : ndarray, shape (N, H)
        Years ahead.

    Returns
    -------
    tuple of two ndarrays, shape (N, H)
        Forecast limit and its standard error, in the unit of the limit.
    """
    change, walk = (part[:, None] for part in measure_steps(t, limit))
    drift = change * damp(h)
    ahead = np.maximum(limit[:, -1:] + drift, _LEAST_LIMIT * limit[:, -1:])
    return ahead, np.sqrt(walk * h * (1 + h / -t[:, :1]) + (_LIMIT_DRIFT * drift) ** 2)


def follow_ends(t: np.ndarray, x: np.ndarray, h: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Fit a Gompertz curve to each of K saturation levels, by a least-squares line through g(x / level).

    Parameters
    ----------
    t, x, h : ndarray
        As in `find_path`.
    ends : ndarray, shape (N, K)
        Saturation levels, as shares of the limit.

    Returns
    -------
    tuple of two ndarrays, shapes (N, K, H) and (N, K)
        Gain of each curve in h years, as a share of the limit, and its weight, which is larger the better the curve
        fits; weights add up to 1.
    """
    t, x, h, end = t[:, None], x[:, None], h[:, None], ends[..., None]
    slope, height = (each[..., None] for each in fit_line(t, -np.log(-np.log(np.clip(x / end, *_SHARES_OF_END)))))
    slope = np.maximum(slope, 1e-6)
    squares = ((x - end * back(height + slope * t)) ** 2).sum(axis=-1)
    weights = (squares + MEASUREMENT**2) ** (1 - x.shape[-1] / 2)
    return end * (back(height + slope * h) - back(height)), weights / weights.sum(axis=1, keepdims=True)


def find_path(t: np.ndarray, x: np.ndarray, h: np.ndarray, kind: str = "limit") -> np.ndarray:
    """Compute the median path of N windows for H horizons.

    Parameters
    ----------
    t, x : ndarray, shape (N, n)
        Years relative to the last observation, and observations as shares of the limit, or without a limit as multiples
        of the last one.
    h : ndarray, shape (N, H)
        Years ahead.
    kind : str
        Key of `CONSTANTS`.

    Returns
    -------
    ndarray, shape (N, H)
        With a limit, shares of the forecast limit: the last share plus the mean of two gains, see `find_parts`. Without
        a limit, multiples of the last observation: for "free" a damped drift, which is exponential if it falls; for
        "flow" the mean growth of the series, of which half is left after a year.
    """
    if kind == "free":
        gain = measure_steps(t, x, _HALF_LIFE)[0][:, None] * damp(h)
        return np.where(gain < 0, np.exp(np.minimum(gain, 0)), 1 + gain)
    if kind == "flow":
        growth = np.minimum(measure_steps(t, np.log(x))[0], _MOST_GROWTH)[:, None]
        return np.exp(growth * (_GROWTH_DAMPING**h - 1) / np.log(_GROWTH_DAMPING))
    return find_parts(t, x, h).mean(axis=0)


def find_parts(t: np.ndarray, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Compute the two paths whose mean is the path with a limit: to the limit, and to several saturation levels.

    Parameters
    ----------
    t, x, h : ndarray
        As in `find_path`.

    Returns
    -------
    ndarray, shape (2, N, H)
        Shares of the forecast limit.
    """
    last, slope = x[:, -1:], fit_line(t, g(x))[0][:, None]
    to_limit = back(g(last) + slope * h) - back(g(last))
    gains, weights = follow_ends(t, x, h, np.maximum(ENDS, ROOM * x.max(axis=1, keepdims=True)))
    to_ends = (weights[..., None] * gains).sum(axis=1)
    return np.clip(last + np.stack([to_limit, to_ends]), 0, np.maximum(last, 1))


def variances(t: np.ndarray, x: np.ndarray, h: np.ndarray, kind: str = "limit") -> np.ndarray:
    """Compute the three parts of the error variance of the path on the scale; the spread is the root of their sum.

    Parameters
    ----------
    t, x, h, kind : ndarray or str
        As in `find_path`.

    Returns
    -------
    ndarray, shape (N, H, 3)
        Variance of a random walk, of the uncertain trend, and of a drift common to all series.
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
    last : float or ndarray
        Last share of the limit. For shares of sales, the side with more room is wider.
    kind : str
        "limit" or "sales".

    Returns
    -------
    tuple of two floats or ndarrays, shape of `last`
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
    """Quantiles with a limit: Student's t about the path on the scale, with another spread on each side.

    The error of the limit is independent of it. Adding the squares of both distances from the median is an
    approximation.

    Parameters
    ----------
    path, spread : ndarray, shape (..., H)
        Path as a share of the forecast limit, and its spread on the scale.
    levels : ndarray, shape (Q,) or (..., H, Q)
        Between 0 and 1.
    limit, limit_sd : ndarray, shape (..., H)
        Forecast limit, and its standard error.
    last : float or ndarray
        Last share of the limit; broadcast against `path`.
    kind : str
        "limit" or "sales".

    Returns
    -------
    ndarray, shape (..., H, Q)
        In the unit of the limit. The median is the path. If the limit has no error, no quantile exceeds it, unless the
        path does.
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
    path, spread, levels : ndarray
        As in `quantiles`, with the path as a multiple of the last observation.
    h : ndarray, shape (..., H)
        Years ahead.

    Returns
    -------
    ndarray, shape (..., H, Q)
        Multiples of the last observation.
    """
    away = spread[..., None] * stdtrit(_TAILS, levels)
    return approach(path[..., None] * np.exp(away), 1.0, np.exp(_TOP * np.sqrt(damp(h)))[..., None])


def total_quantiles(values: np.ndarray, median: np.ndarray, last: float) -> np.ndarray:
    """Change the quantiles of a level into those of a total, which never falls.

    If the median gains G, a quantile at the distance d below it gains ``G exp(-d / G)``.

    Parameters
    ----------
    values : ndarray, shape (H, Q)
        Quantiles by date, in the unit of the series.
    median : ndarray, shape (H,)
        Median by date.
    last : float
        Last observation.

    Returns
    -------
    ndarray, shape (H, Q)
        In the unit of the series.
    """
    median = median[:, None]
    gain = np.maximum(median - last, 1e-300)
    below = last + gain * np.exp(-np.maximum(median - values, 0) / gain)
    return np.maximum.accumulate(np.where(values < median, below, np.maximum(values, last)), axis=0)


def approach(values: np.ndarray, last: np.ndarray | float, top: np.ndarray | float) -> np.ndarray:
    """Compress values above the last observation so that they stay below a maximum.

    Parameters
    ----------
    values : ndarray
        In any unit.
    last, top : float or ndarray
        Last observation, and the maximum, in that unit; broadcast against `values`.

    Returns
    -------
    ndarray, shape of `values`
        Values below `last` are unchanged.
    """
    rise, room = np.maximum(values - last, 0.0), np.maximum(top - last, 0.0)
    return np.where(rise > 0, last + rise * room / np.maximum(np.hypot(rise, room), 1e-300), values)
