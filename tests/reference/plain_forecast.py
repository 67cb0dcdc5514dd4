"""The whole forecast of a series with a limit, in plain arrays: the trial from which the model was made.

x is the share of the limit, g(x) = -log(-log x): a Gompertz curve to the end K is a straight line of g(x / K) in time.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, softmax, stdtrit

ENDS = 4 * (np.arange(25) + 0.5) / 25 - 2  # standard deviations of the logits at which earlier technologies stand
ROUNDING = 0.005  # of the limit: an error that is always allowed for
DAMPING = 0.8  # part of a trend that is left after a year
UP, DOWN = 1.3, 1.0  # one outcome in ten above, one in ten below, on technologies left out
NU = 4


def g(x):
    return -np.log(-np.log(np.clip(x, 1e-6, 0.999)))


def back(z):
    return np.exp(-np.exp(-np.clip(z, -50, 50)))


def damp(h):
    return (DAMPING**h - 1) / np.log(DAMPING)


def rate_and_scatter(t, x):
    """Slope r of g(x), and the standard deviation of its steps about their mean, each over the root of its years."""
    z, gaps = g(x), np.diff(t)
    steps = np.diff(z)
    mean = steps.sum() / gaps.sum()
    return np.polyfit(t - t[-1], z, 1)[0], np.sqrt(((steps - mean * gaps) ** 2 / gaps).sum() / (len(x) - 2))


def path(t, x, h, mean, sd):
    """Share h years ahead: half the line to the limit, half the lines to 25 ends, each by how well it fits."""
    n, t = len(x), t - t[-1]
    ends = np.maximum(expit(mean + sd * ENDS), 1.002 * x.max())
    z = -np.log(-np.log(np.clip(x / ends[:, None], 1e-4, 0.995)))
    rate, height = np.polyfit(t, z.T, 1)
    rate = np.maximum(rate, 1e-6)
    misfit = ((x - ends[:, None] * back(height[:, None] + rate[:, None] * t)) ** 2).sum(axis=1)
    weight = softmax(-(n - 2) / 2 * np.log(misfit + ROUNDING**2))
    bent = weight @ (ends[:, None] * (back(height[:, None] + rate[:, None] * h) - back(height)[:, None]))
    slope = np.polyfit(t, g(x), 1)[0]
    straight = back(g(x[-1]) + slope * h) - back(g(x[-1]))
    return np.clip(x[-1] + bent, 0, 1) / 2 + np.clip(x[-1] + straight, 0, 1) / 2


def variances(t, x, h):
    """(H, 3) on the scale g: a walk of its own, an uncertain trend, a drift common to all."""
    rate, scatter = rate_and_scatter(t, x)
    steep = 1 / (np.clip(x[-1], 0.01, 0.95) * -np.log(np.clip(x[-1], 0.01, 0.95)))
    return np.stack([scatter**2 * h, (rate * damp(h)) ** 2 / len(x), (0.02 * steep * damp(h)) ** 2], axis=-1)


def learn(terms, errors, weights):
    """The three weights of the variances (R, 3) by Student's likelihood of the errors g(came) - g(path)."""
    weights = weights / weights.sum()

    def loss(logs):
        scale2 = terms @ np.exp(logs)
        return (
            weights @ (np.log(scale2) / 2 + (NU + 1) / 2 * np.log1p(errors**2 / scale2 / NU)) + 5e-5 * (logs**2).sum()
        )

    return np.exp(minimize(loss, np.zeros(3), method="L-BFGS-B").x)


def quantiles(share, terms, lambdas, levels, limit, limit_sd):
    """(H, Q) in the unit of the series; the limit's own error is independent: squares of both distances add up."""
    levels = np.asarray(levels)
    away = np.where(levels > 0.5, UP, DOWN) * stdtrit(NU, levels)
    moved = back(g(share)[:, None] + np.sqrt(terms @ lambdas)[:, None] * away)
    middle = back(g(share))[:, None]
    from scipy.special import ndtri

    by_limit = middle * limit_sd[:, None] * ndtri(levels)
    return limit[:, None] * middle + np.sign(levels - 0.5) * np.hypot(limit[:, None] * (moved - middle), by_limit)
