"""The forecast as a path and its spread, in plain arrays: from figures to quantiles, in the order of the computing.

N windows of n figures are forecast side by side, each H horizons ahead. `t` (N, n) are years before the last figure,
0 at the last one, and `h` (N, H) years after it. With a limit `x` (N, n) are shares of the limit of their own day, and
the scale is g(x) = -log(-log x), on which a Gompertz curve up to the limit is a straight line in time. Without one `x`
are multiples of the last figure, and the scale is the logarithm.

Sources: Gompertz 1825; Gardner 2006 (damped trends); Lange, Little and Taylor 1989 (Student's t likelihood).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, ndtri, softmax, stdtrit

from ..base.limit import MEASUREMENT

SHARES, SHARES_OF_END = (1e-6, 0.999), (1e-4, 0.995)  # of the limit, and of an end: held within for a logarithm
_LEAST_MULTIPLE = 0.01  # the same, for multiples of the last figure: a loss of 99%
_STEEP_WITHIN = (0.01, 0.95)  # outside these shares the scale is taken to be as steep as at them
_DAMPING = 0.8  # part of a trend that is left after a year
_LEAST_LIMIT = 0.1  # part of today's limit below which it is never forecast
_HALF_LIFE = 2.0  # years after which a step counts half; without a limit only the steps show that growth slows
_ENDS = 4 * (np.arange(25) + 0.5) / 25 - 2  # tried: standard deviations from the mean of others' logits
ROOM = 1.002  # least ratio of an end to the highest share: a curve needs room to grow
_COMMON = 0.02  # unit of the drift common to all: of the limit, or of the last figure, in the first year
TAILS = 4  # degrees of freedom of Student's t
_PENALTY = 1e-4  # on the squared logarithms of the weights of the variances, so that they stay finite
_OUTSIDE = 0.1  # part of the outcomes that is to lie on each side of the 80% range
LEAST_LEARNT = 10  # technologies from which `up` and `down` are learnt
USUAL_SIDES, _STRETCH_LIMITS = (1.3, 1.0), (0.7, 2.0)  # `up` and `down` of fewer, and the limits of both
_DEEPER, _HIGHEST_FLOOR = 2.0, 0.65  # no quantile falls this much deeper than another did, or ends above this part


class Learnt(NamedTuple):
    """What a forecast takes from the errors on other technologies."""

    weights: np.ndarray  # (3,) of the variances
    up: float  # factors of the distance of quantiles above, and below, the middle
    down: float
    edge: float  # with a limit the least part of the last share; without one the fastest growth, see `find_edge`


class Rows(NamedTuple):
    """R forecasts, of one date each: a path and what its errors follow from."""

    bounded: bool
    h: np.ndarray  # (R,) years ahead
    share: np.ndarray  # (R,) the path, in shares of the limit ahead, or in multiples of the last figure
    last: np.ndarray  # (R,) the last share; 1 without a limit
    terms: np.ndarray  # (R, 3) variances on the scale
    limit: np.ndarray  # (R,) the limit ahead, or the last figure
    limit_sd: np.ndarray  # (R,) its standard error; 0 without a limit


def g(x: np.ndarray) -> np.ndarray:
    """Shares of the limit on the scale of growth."""
    return -np.log(-np.log(np.clip(x, *SHARES)))


def back(z: np.ndarray) -> np.ndarray:
    """Shares of the limit from the scale of growth."""
    return np.exp(-np.exp(-np.clip(z, -50, 50)))


def on_scale(x: np.ndarray, bounded: bool) -> np.ndarray:
    """Shares of the limit, or multiples of the last figure, on the scale of growth.

    Parameters
    ----------
    x : ndarray of any shape
        Shares of the limit, or multiples of the last figure.
    bounded : bool
        Whether they are shares.

    Returns
    -------
    ndarray of that shape
        `g` of a share, the logarithm of a multiple.
    """
    return g(x) if bounded else np.log(np.maximum(x, _LEAST_MULTIPLE))


def _damp(h: np.ndarray) -> np.ndarray:
    """Years that a damped trend still runs within `h` years: the integral of ``DAMPING ** t``."""
    return (_DAMPING**h - 1) / np.log(_DAMPING)


def fit_line(t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least-squares lines.

    Parameters
    ----------
    t, z : ndarray, shape (..., n)
        Years before the last figure, and values on the scale of growth.

    Returns
    -------
    tuple of two ndarrays, shape (...)
        Slopes a year, and heights at t = 0.
    """
    away = t - t.mean(axis=-1, keepdims=True)
    slope = (away * z).sum(axis=-1) / (away**2).sum(axis=-1)
    return slope, z.mean(axis=-1) - slope * t.mean(axis=-1)


def measure_steps(t: np.ndarray, z: np.ndarray, weights: np.ndarray | float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Mean change, and scatter about it, from figure to figure.

    Parameters
    ----------
    t, z : ndarray, shape (N, n)
        Years before the last figure, and values in any unit.
    weights : float or ndarray, shape (N, n - 1)
        Of the steps.

    Returns
    -------
    tuple of two ndarrays, shape (N,)
        Change a year, and standard deviation of a step over the root of its years, in the unit of z.
    """
    gaps, steps, count = np.diff(t), np.diff(z), z.shape[-1]
    weights = np.broadcast_to(weights, steps.shape)
    # the mean takes a degree of freedom of the n - 1 steps
    change = (weights * steps).sum(axis=-1) / (weights * gaps).sum(axis=-1)
    squares = (steps - change[..., None] * gaps) ** 2 / gaps
    variance = (weights * squares).sum(axis=-1) / weights.sum(axis=-1) * (count - 1) / (count - 2)
    return change, np.sqrt(variance)


def _weigh_steps(t: np.ndarray) -> np.ndarray:
    """Weights of the steps without a limit, (N, n - 1): half for each `_HALF_LIFE` that they are old."""
    return 0.5 ** (-(t[..., 1:] + t[..., :-1]) / 2 / _HALF_LIFE)


def forecast_limit(t: np.ndarray, limit: np.ndarray, h: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The limit ahead: damped drift, and a random walk about it whose mean change is uncertain too.

    Parameters
    ----------
    t, limit : ndarray, shape (N, n)
        Years before the last figure, and the limit then.
    h : ndarray, shape (N, H)
        Years ahead.

    Returns
    -------
    tuple of two ndarrays, shape (N, H)
        The limit ahead and its standard error, in the unit of the limit.
    """
    change, scatter = (part[:, None] for part in measure_steps(t, limit))
    ahead = np.maximum(limit[:, -1:] + change * _damp(h), _LEAST_LIMIT * limit[:, -1:])
    return ahead, scatter * np.sqrt(h * (1 + h / -t[:, :1]))


def _straight_gain(t: np.ndarray, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """(N, H) gain in shares along the line on g through the last figure, with the slope of all: growth to the limit."""
    slope, last = fit_line(t, g(x))[0][:, None], g(x[:, -1:])
    return back(last + slope * h) - back(last)


def fit_ends(t: np.ndarray, x: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The Gompertz curve to each of K ends: the line through g(x / end) by regression, so that nothing is searched.

    Parameters
    ----------
    t, x : ndarray, shape (N, n)
        Years before the last figure, and shares of the limit.
    ends : ndarray, shape (N, K)
        Shares of the limit.

    Returns
    -------
    tuple of three ndarrays, shape (N, K)
        Slope a year, above 0; height at t = 0; and sum of squares in shares of the limit.
    """
    t, x, ends = t[:, None], x[:, None], ends[..., None]
    slope, height = fit_line(t, -np.log(-np.log(np.clip(x / ends, *SHARES_OF_END))))
    slope = np.maximum(slope, 1e-6)
    return slope, height, ((x - ends * back(height[..., None] + slope[..., None] * t)) ** 2).sum(axis=-1)


def bent_gain(
    t: np.ndarray, x: np.ndarray, h: np.ndarray, mean: np.ndarray, sd: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean gain of the curves to 25 ends where other technologies stand.

    A weight says how well that end's line fits, not how likely the end is: the line is not the best curve to it.

    Parameters
    ----------
    t, x, h, mean, sd : as in `find_path`

    Returns
    -------
    tuple of three ndarrays, shape (N, H), (N, 25) and (N, 25)
        Gain in shares of the limit; the ends, in such shares; and their weights, which add up to 1.
    """
    ends = np.maximum(expit(mean[:, None] + sd[:, None] * _ENDS), ROOM * x.max(axis=1, keepdims=True))
    slope, height, squares = fit_ends(t, x, ends)
    weights = softmax(-(x.shape[1] - 2) / 2 * np.log(squares + MEASUREMENT**2), axis=1)
    gains = back(height[..., None] + slope[..., None] * h[:, None]) - back(height)[..., None]
    return ((weights * ends)[..., None] * gains).sum(axis=1), ends, weights


def find_path(
    t: np.ndarray, x: np.ndarray, h: np.ndarray, mean: np.ndarray, sd: np.ndarray, bounded: bool
) -> np.ndarray:
    """The path of N windows, H horizons ahead.

    Parameters
    ----------
    t, x : ndarray, shape (N, n)
        Years before the last figure; shares of the limit, or without one multiples of the last figure.
    h : ndarray, shape (N, H)
        Years ahead.
    mean, sd : ndarray, shape (N,)
        Of the logits at which other technologies stand; not used without a limit.
    bounded : bool

    Returns
    -------
    ndarray, shape (N, H)
        With a limit shares of the limit ahead: the last share and the mean of both gains, each held within 0 and 1.
        Without one multiples of the last figure: damped drift, of which a fall is taken of what is left.
    """
    if bounded:
        gains = _straight_gain(t, x, h), bent_gain(t, x, h, mean, sd)[0]
        return (np.clip(x[:, -1:] + gains[0], 0, 1) + np.clip(x[:, -1:] + gains[1], 0, 1)) / 2
    gain = measure_steps(t, x, _weigh_steps(t))[0][:, None] * _damp(h)
    return np.where(gain < 0, np.exp(np.minimum(gain, 0)), 1 + gain)


def variances(t: np.ndarray, x: np.ndarray, h: np.ndarray, bounded: bool) -> np.ndarray:
    """Variances of the path's error on the scale of growth, each to be multiplied by its weight.

    Parameters
    ----------
    t, x, h, bounded : as in `find_path`

    Returns
    -------
    ndarray, shape (N, H, 3)
        Of a walk of the series' own, of its uncertain trend, and of a drift common to all.
    """
    if bounded:
        last = np.clip(x[:, -1:], *_STEEP_WITHIN)
        rate, scatter, steep = fit_line(t, g(x))[0], measure_steps(t, g(x))[1], -1 / (last * np.log(last))
    else:
        rate, scatter = measure_steps(t, np.log(x), _weigh_steps(t))
        steep = np.ones((len(x), 1))
    walk, trend = scatter[:, None] ** 2 * h, (rate[:, None] * _damp(h)) ** 2 / x.shape[1]
    return np.stack([walk, trend, (_COMMON * steep * _damp(h)) ** 2], axis=-1)


def learn_weights(terms: np.ndarray, errors: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weights of the variances with the highest likelihood of Student's t (Lange, Little and Taylor 1989).

    Parameters
    ----------
    terms : ndarray, shape (R, 3)
        Variances on the scale of growth, from `variances`.
    errors, counts : ndarray, shape (R,)
        Errors on the scale, and what each counts.

    Returns
    -------
    ndarray, shape (3,)
        Above 0.
    """
    counts, squares, columns = counts / counts.sum(), errors**2, np.ascontiguousarray(terms.T)

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:  # minus the log-likelihood, penalised, and its gradient
        parts = columns * np.exp(logs)[:, None]
        total = parts.sum(axis=0)
        ratio = squares / total
        value = counts @ (np.log(total) + (TAILS + 1) * np.log1p(ratio / TAILS)) + _PENALTY * (logs**2).sum()
        slopes = (parts / total) @ (counts * (1 - (TAILS + 1) * ratio / (TAILS + ratio))) + 2 * _PENALTY * logs
        return value / 2, slopes / 2

    return np.exp(minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B", options={"ftol": 1e-12, "gtol": 1e-8}).x)


def learn_sides(ratios: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Factors of the distance of quantiles above and below the middle, with which `_OUTSIDE` lie on each side.

    Parameters
    ----------
    ratios, counts : ndarray, shape (R,)
        Errors over their spread, and what each counts.

    Returns
    -------
    tuple of two floats
        `up` and `down`, within `_STRETCH_LIMITS`.
    """
    # weighted quantiles of the ratios, over those of Student's t
    order = np.argsort(ratios, kind="stable")
    below = (np.cumsum(counts[order]) - counts[order] / 2) / counts.sum()
    low, high = np.interp([_OUTSIDE, 1 - _OUTSIDE], below, ratios[order])
    up, down = np.clip(np.array([high, -low]) / stdtrit(TAILS, 1 - _OUTSIDE), *_STRETCH_LIMITS)
    return float(up), float(down)


def find_edge(outcomes: np.ndarray, h: np.ndarray, bounded: bool) -> float:
    """The edge of all quantiles: else three figures that trebled each year have no upper end that means something.

    Parameters
    ----------
    outcomes : ndarray, shape (R,)
        Of other technologies, in last shares, or in last figures without a limit.
    h : ndarray, shape (R,)
        Years after the last figure.
    bounded : bool

    Returns
    -------
    float
        With a limit what is left after `_DEEPER` times the deepest fall. Without one the most growth on the scale over
        the root of the damped years.
    """
    if bounded:
        return float(np.clip(1 - _DEEPER * (1 - outcomes.min()), 0, _HIGHEST_FLOOR))
    return float(max((np.log(outcomes) / np.sqrt(_damp(h))).max(), 0.0))


def approach(values: np.ndarray, last: np.ndarray | float, top: np.ndarray | float) -> np.ndarray:
    """Values that no longer pass a top: the nearer to it, the slower they rise above the last one.

    Parameters
    ----------
    values : ndarray of any shape
        In the unit of the series, as the two others are.
    last : float or ndarray
        The last figure, broadcast against the values.
    top : float or ndarray
        What they never pass, broadcast too.

    Returns
    -------
    ndarray of that shape
        In that unit.
    """
    rise, room = np.maximum(values - last, 0.0), np.maximum(top - last, 0.0)
    return np.where(rise > 0, last + rise * room / np.maximum(np.hypot(rise, room), 1e-300), values)


def quantiles(rows: Rows, levels: np.ndarray, learnt: Learnt) -> np.ndarray:
    """Quantiles of R forecasts: Student's t about the path on the scale, wider or narrower on each side.

    The limit's own error is independent; that the squares of both distances from the middle add up is an approximation.

    Parameters
    ----------
    rows : Rows
    levels : ndarray, shape (Q,), or (R, Q) where each row has its own
        Between 0 and 1.
    learnt : Learnt

    Returns
    -------
    ndarray, shape (R, Q), in the unit of the series
    """
    # distance from the path on the scale
    spread = np.sqrt(rows.terms @ learnt.weights)[:, None]
    away = spread * stdtrit(TAILS, levels) * np.where(levels > 0.5, learnt.up, learnt.down)
    limit, limit_sd, last = (each[:, None] for each in (rows.limit, rows.limit_sd, rows.last))
    if not rows.bounded:
        top = np.exp(learnt.edge * np.sqrt(_damp(rows.h)))[:, None]
        return limit * approach(rows.share[:, None] * np.exp(away), 1.0, top)
    # the same in the unit of the series, with the error of the limit, and no lower than the edge
    middle = np.clip(rows.share, *SHARES)[:, None]
    own, by_limit = limit * (back(g(middle) + away) - middle), middle * limit_sd * ndtri(levels)
    return np.maximum(limit * middle + np.sign(by_limit + own) * np.hypot(own, by_limit), learnt.edge * last * limit)
