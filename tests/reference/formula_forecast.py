"""A forecast by formula: nothing is learnt when it is made; round constants, set once on the comparison technologies.

With a limit B, the last n <= 8 figures as shares x = y / B of the limit of their day, t in years before the last:
  g(x) = -log(-log(x)): a Gompertz curve up to the limit is a straight line.
  path   = mean of two gains from the last share: along the least-squares line of g(x) to the limit; and to five ends
           (20, 40, 60, 80, 98 % of the limit, none below 1.002 times the highest share), each weighted by how well
           its line fits: (S + 0.005**2) ** (1 - n / 2), S the sum of squares in shares.
  spread = variance on g of walk / 2 + trend + common / 2; Student's t of four degrees of freedom, 1.25 times as far
           above.
Without a limit: damped drift (half-life of steps two years), spread walk / 2 + trend / 2 + common / 4, sides alike,
nothing above last * exp(1.5 * sqrt(D)). D(h) = (0.8**h - 1) / log 0.8: a trend loses a fifth each year.

Shares of sales (percent of new cars): the same with a limit of 100, three times the variance, sides 1.25 below, 1
above.

Measured (WIS over release 1.0's, which learns all of this at each call): comparison technologies .988 .974 .972 .985
.970 at .5 1 2 3 5 years (mean .978, 95 % .964 to .994; 80 % ranges held .81 .82 .81 .86 .78); seven panels by country,
which set no constant, .992 .992 .994 .999 at 1 2 3 5 years; fast series of one source (shares of computers that can do
a thing) 1.01 1.01 1.02 1.02 half-yearly, .99 1.00 1.01 1.04 yearly; half of the mean pace with the same spread 1.05 to
1.30 by country. Default run: December 2030 764 to 1,157 with a median of 1,063 (release 1.0: 782, 1,163, 1,077).
"""

import numpy as np
from scipy.special import ndtri, stdtrit

ENDS = np.array([0.2, 0.4, 0.6, 0.8, 0.98])  # of the limit
WEIGHTS, SIDES = np.array([0.5, 1.0, 0.5]), (1.0, 1.25)  # with a limit; below and above the median
WEIGHTS_SALES, SIDES_SALES = np.array([1.5, 3.0, 1.5]), (1.25, 1.0)  # shares of sales
WEIGHTS_FREE, TOP = np.array([0.5, 0.5, 0.25]), 1.5  # without a limit


def g(x):
    return -np.log(-np.log(np.clip(x, 1e-6, 0.999)))


def back(z):
    return np.exp(-np.exp(-z))


def damped(h):
    return (0.8**h - 1) / np.log(0.8)


def line(t, z):
    """Slope and height at t = 0 of the least-squares line."""
    slope = ((t - t.mean()) * z).sum() / ((t - t.mean()) ** 2).sum()
    return slope, z.mean() - slope * t.mean()


def path(t, x, h):
    """Shares of the limit, h years after the last figure."""
    n, last = len(x), x[-1]
    to_limit = back(g(last) + line(t, g(x))[0] * h) - back(g(last))
    gains, misfits = [], []
    for end in np.maximum(ENDS, 1.002 * x.max()):
        slope, height = line(t, -np.log(-np.log(np.clip(x / end, 1e-4, 0.995))))
        slope = max(slope, 1e-6)
        misfits.append(((x - end * back(height + slope * t)) ** 2).sum())
        gains.append(end * (back(height + slope * h) - back(height)))
    to_ends = np.average(gains, axis=0, weights=(np.array(misfits) + 0.005**2) ** (1 - n / 2))
    return (np.clip(last + to_limit, 0, 1) + np.clip(last + to_ends, 0, 1)) / 2


def variance(t, z, h, rate, steep, weights, steps=1.0):
    """Of the path's error on the scale: a walk of the series' own, its uncertain trend, a drift common to all."""
    n, gaps, moves = len(z), np.diff(t), np.diff(z)
    weight = np.broadcast_to(steps, gaps.shape)
    pace = (weight * moves).sum() / (weight * gaps).sum()
    walk = (weight * (moves - pace * gaps) ** 2 / gaps).sum() / weight.sum() * (n - 1) / (n - 2)
    return weights @ np.array([walk * h, (rate * damped(h)) ** 2 / n, (0.02 * steep * damped(h)) ** 2])


def quantiles(t, x, h, limit, limit_sd, levels, weights=WEIGHTS, sides=SIDES):
    """(H, Q) with a limit; t in years before the last figure, x shares, limit and its standard error at each h."""
    raw, last = path(t, x, h)[:, None], np.clip(x[-1], 0.01, 0.95)
    middle = np.clip(raw, 1e-6, 0.999)  # for the scale only: the median is the path
    sd = np.sqrt(variance(t, g(x), h, line(t, g(x))[0], -1 / (last * np.log(last)), weights))[:, None]
    away = sd * stdtrit(4, levels) * np.where(levels > 0.5, sides[1], sides[0])
    own = limit[:, None] * (back(g(middle) + away) - middle)
    by_limit = middle * limit_sd[:, None] * ndtri(levels)
    return limit[:, None] * raw + np.sign(own + by_limit) * np.hypot(own, by_limit)


def quantiles_free(t, y, h, levels):
    """(H, Q) without a limit."""
    x = y / y[-1]
    steps = 0.5 ** (-(t[1:] + t[:-1]) / 4)
    rate = (steps * np.diff(x)).sum() / (steps * np.diff(t)).sum()
    middle = np.where(rate < 0, np.exp(np.minimum(rate * damped(h), 0)), 1 + rate * damped(h))[:, None]
    pace = (steps * np.diff(np.log(x))).sum() / (steps * np.diff(t)).sum()
    sd = np.sqrt(variance(t, np.log(x), h, pace, 1.0, WEIGHTS_FREE, steps))[:, None]
    values, top = middle * np.exp(sd * stdtrit(4, levels)), np.exp(TOP * np.sqrt(damped(h)))[:, None]
    rise, room = np.maximum(values - 1, 0), np.maximum(top - 1, 0)
    return y[-1] * np.where(rise > 0, 1 + rise * room / np.maximum(np.hypot(rise, room), 1e-300), values)
