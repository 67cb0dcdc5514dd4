"""The forecast as a path and its spread, in plain arrays: from the figures to quantiles, in the order of the computing.

N windows of n figures are forecast side by side, each H horizons ahead. `t` (N, n) are years before the last figure (the
last is 0), `h` (N, H) years after it. With a limit `x` (N, n) are shares of the limit of their own day, and the scale is
g(x) = -log(-log x), on which a Gompertz curve to the limit is a straight line in time. Without one `x` are multiples of
the last figure, and the scale is the logarithm.

Sources: Gompertz 1825; Gardner 2006 (damped trends); Lange, Little and Taylor 1989 (Student's t likelihood).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, ndtri, softmax, stdtrit

from ..curves.tables import MEASUREMENT

SHARES = (1e-6, 0.999)
"""Shares of the limit are held within these before a logarithm is taken of them."""
SHARES_OF_END = (1e-4, 0.995)
"""The same, for shares of an end."""
STEEPEST, FLATTEST = 0.01, 0.95
"""Below the one share, and above the other, g is taken to be as steep as there."""
DAMPING = 0.8
"""Part of a trend that is left after a year."""
HALF_LIFE = 2.0
"""Half-life in years of the weight of a step without a limit, where only the steps show a slowdown."""
ENDS = 4 * (np.arange(25) + 0.5) / 25 - 2
"""Ends that are tried: standard deviations from the mean of the logits at which other technologies stand."""
ROOM = 1.002
"""Least ratio of an end to the highest share: a curve needs room to grow."""
COMMON = 0.02
"""Unit of the drift that is common to all: of the limit, or of the last figure, in the first year."""
TAILS = 4
"""Degrees of freedom of Student's t."""
PENALTY = 1e-4
"""Keeps the logarithms of the weights of the variances finite."""
OUTSIDE, LEAST_TECHNOLOGIES = 0.1, 10
"""Part of the outcomes that is to lie on each side of the range, and technologies from which that is learnt."""
UP, DOWN, FACTORS = 1.3, 1.0, (0.7, 2.0)
"""Factors of quantiles above and below the middle where fewer technologies are known, and within which they are learnt."""
DEEPER, HIGHEST_FLOOR = 2.0, 0.65
"""No quantile falls more than so many times as deep as another technology did; that floor is never higher than this."""


def g(x: np.ndarray) -> np.ndarray:
    """Shares of the limit on the scale of growth."""
    return -np.log(-np.log(np.clip(x, *SHARES)))


def back(z: np.ndarray) -> np.ndarray:
    """Shares of the limit from the scale of growth."""
    return np.exp(-np.exp(-np.clip(z, -50, 50)))


def damp(h: np.ndarray) -> np.ndarray:
    """Years that a damped trend still runs within `h` years: the integral of ``DAMPING ** t``."""
    return (DAMPING**h - 1) / np.log(DAMPING)


def fit_line(t: np.ndarray, z: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Slope, and height at t = 0, of the least-squares line through z (..., n) over t."""
    away = t - t.mean(axis=-1, keepdims=True)
    slope = (away * z).sum(axis=-1) / (away**2).sum(axis=-1)
    return slope, z.mean(axis=-1) - slope * t.mean(axis=-1)


def mean_change(t: np.ndarray, y: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
    """(N,) mean change a year of y (N, n), with each step by its weight."""
    return (weights * np.diff(y)).sum(axis=-1) / (weights * np.diff(t)).sum(axis=-1)


def measure_scatter(t: np.ndarray, z: np.ndarray, weights: np.ndarray | float = 1.0) -> np.ndarray:
    """(N,) standard deviation of the steps of z about their mean, each over the root of its years."""
    gaps = np.diff(t)
    squares = (np.diff(z) - mean_change(t, z, weights)[..., None] * gaps) ** 2 / gaps
    count = z.shape[-1]
    weights = np.broadcast_to(weights, squares.shape)
    return np.sqrt((weights * squares).sum(axis=-1) / weights.sum(axis=-1) * (count - 1) / (count - 2))


def weigh_steps(t: np.ndarray) -> np.ndarray:
    """Weights of the steps without a limit, (N, n - 1): half as much for each `HALF_LIFE` ago."""
    return 0.5 ** (-(t[..., 1:] + t[..., :-1]) / 2 / HALF_LIFE)


def straight_gain(t: np.ndarray, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """(N, H) gain in shares of the curve to the limit: the line on g through the last figure, with the slope of all."""
    slope = fit_line(t, g(x))[0][:, None]
    last = g(x[:, -1:])
    return back(last + slope * h) - back(last)


def bent_gain(t: np.ndarray, x: np.ndarray, h: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """(N, H) gain in shares of curves to 25 ends, each weighed by how well its straight line fits.

    An end K has the line of g(x / K) by regression: nothing is searched, so this weight is no profile likelihood.
    `mean` and `sd` (N,) are of the logits at which other technologies stand.
    """
    n, t = x.shape[1], t[:, None]
    ends = np.maximum(expit(mean[:, None] + sd[:, None] * ENDS), ROOM * x.max(axis=1, keepdims=True))[..., None]
    # the line of each end, (N, 25); a curve of adoption rises
    rate, height = fit_line(t, -np.log(-np.log(np.clip(x[:, None] / ends, *SHARES_OF_END))))
    rate, height = np.maximum(rate, 1e-6)[..., None], height[..., None]
    # how well it fits in shares of the limit; half a point is always allowed for
    squares = ((x[:, None] - ends * back(height + rate * t)) ** 2).sum(axis=-1)
    weight = softmax(-(n - 2) / 2 * np.log(squares + MEASUREMENT**2), axis=-1)[..., None]
    return (weight * ends * (back(height + rate * h[:, None]) - back(height))).sum(axis=1)


def path_to_limit(t: np.ndarray, x: np.ndarray, h: np.ndarray, mean: np.ndarray, sd: np.ndarray) -> np.ndarray:
    """(N, H) the path in shares of the limit: the last share plus the mean of two gains, each held within 0 and 1."""
    gains = straight_gain(t, x, h), bent_gain(t, x, h, mean, sd)
    return sum(np.clip(x[:, -1:] + gain, 0, 1) for gain in gains) / 2


def path_without_limit(t: np.ndarray, x: np.ndarray, h: np.ndarray) -> np.ndarray:
    """(N, H) the path in multiples of the last figure: damped drift; a fall is taken of what is left."""
    change = mean_change(t, x, weigh_steps(t))[:, None] * damp(h)
    return np.where(change < 0, np.exp(np.minimum(change, 0)), 1 + change)


def variances(t: np.ndarray, x: np.ndarray, h: np.ndarray, bounded: bool = True) -> np.ndarray:
    """(N, H, 3) on the scale: a walk of the series' own, its uncertain trend, a drift common to all."""
    if bounded:
        z, last = g(x), np.clip(x[:, -1:], STEEPEST, FLATTEST)
        rate, scatter, steep = fit_line(t, z)[0][:, None], measure_scatter(t, z)[:, None], -1 / (last * np.log(last))
    else:
        z, weights = np.log(x), weigh_steps(t)
        rate, scatter, steep = mean_change(t, z, weights)[:, None], measure_scatter(t, z, weights)[:, None], 1.0
    walk, trend, common = scatter**2 * h, (rate * damp(h)) ** 2 / x.shape[1], (COMMON * steep * damp(h)) ** 2
    return np.stack([walk, trend, common], axis=-1)


def learn_weights(terms: np.ndarray, errors: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(3,) weights of the variances `terms` (R, 3) by Student's t likelihood of the errors (R,), each by its weight."""
    weights, squares, columns = weights / weights.sum(), errors**2, np.ascontiguousarray(terms.T)

    def loss(logs: np.ndarray) -> tuple[float, np.ndarray]:
        """Minus the mean log likelihood, and its slopes."""
        parts = columns * np.exp(logs)[:, None]
        total = parts.sum(axis=0)
        ratio = squares / total
        value = weights @ (np.log(total) / 2 + (TAILS + 1) / 2 * np.log1p(ratio / TAILS)) + PENALTY * (logs**2).sum() / 2
        slopes = (parts / total) @ (weights * (1 - (TAILS + 1) * ratio / (TAILS + ratio)) / 2) + PENALTY * logs
        return float(value), slopes

    return np.exp(minimize(loss, np.zeros(3), jac=True, method="L-BFGS-B", options={"ftol": 1e-12, "gtol": 1e-8}).x)


def learn_sides(ratios: np.ndarray, weights: np.ndarray) -> tuple[float, float]:
    """Factors up and down: with them `OUTSIDE` of the ratios (R,) of error to spread lie on each side of the range."""
    order = np.argsort(ratios)
    below = (np.cumsum(weights[order]) - weights[order] / 2) / weights.sum()
    low, high = np.interp([OUTSIDE, 1 - OUTSIDE], below, ratios[order])
    up, down = np.clip(np.array([high, -low]) / stdtrit(TAILS, 1 - OUTSIDE), *FACTORS)
    return float(up), float(down)


def find_floor(outcomes: np.ndarray) -> float:
    """Part of the last share below which no quantile lies, from outcomes (R,) as parts of the last share."""
    return float(np.clip(1 - DEEPER * (1 - outcomes.min()), 0, HIGHEST_FLOOR))


def add_spread(
    share: np.ndarray, spread: np.ndarray, levels: np.ndarray, up: float, down: float, bounded: bool = True
) -> np.ndarray:
    """Quantiles (..., Q) of the share (...) about a path, at levels (Q,) or (..., Q): Student's t on the scale."""
    away = spread[..., None] * stdtrit(TAILS, levels) * np.where(levels > 0.5, up, down)
    to, fro = (g, back) if bounded else (np.log, np.exp)
    return fro(to(share)[..., None] + away)


def add_limit_error(
    quantiles: np.ndarray, share: np.ndarray, levels: np.ndarray, limit: np.ndarray, limit_sd: np.ndarray
) -> np.ndarray:
    """Quantiles in the unit of the series. An approximation: the squares of both distances from the middle add up."""
    middle = share[..., None]
    by_limit = middle * limit_sd[..., None] * ndtri(levels)
    moved = limit[..., None] * (quantiles - middle)
    return limit[..., None] * middle + np.sign(levels - 0.5) * np.hypot(moved, by_limit)
