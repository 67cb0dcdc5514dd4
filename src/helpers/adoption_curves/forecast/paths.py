"""Joint paths: which ranks a path has at several dates, and which paths a newer figure leaves.

A path keeps part of its rank from one date to the next, as errors on the references do: normal scores of the errors s
and t years ahead, s < t, have the correlation (s / t) ** decay. A random walk has a decay of one half, an error of the
trend alone one of 0. The ranks are fixed: a Sobol sequence (one dimension a date) through this Gaussian copula, then
evened out at each date, so that where nothing is left out the margins stay what the calibration says.

Sources: Wilks 2002 and Pinson et al. 2009 (copulas over horizons), Sobol 1967; Joe 2014 (normal scores).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import ndtr, ndtri
from scipy.stats import qmc

from .bands import Errors
from .methods import members_of
from .windows import Levels

PATHS = 2**14
LEAST_KEPT, LEAST_LEFT = 0.05, 0.01
"""A bound that fewer of the paths satisfy refutes the forecast; so do figures that together leave fewer than these."""
RANDOM_WALK = 0.5
"""Decay that is assumed where no reference has two figures after an origin."""
GRID, MOST_GIVEN = np.linspace(-6, 6, 81), 2**12
"""Scores at which a distribution is computed, and paths that it is averaged over."""
SAME_ORIGIN = ["technology", "entity", "indicator", "origin", "window"]


def correlate_errors(errors: Errors, method: str, missing: int = 1) -> pd.DataFrame:
    """Correlations of a method's errors at two horizons from the same origin, on normal scores.

    All pairs of horizons must come from the same origins, or their correlations differ because technologies do: only
    origins count at which at most so many horizons are `missing` that another origin has.

    Parameters
    ----------
    errors : Errors
    method : str
        A column of its residuals. The scores of the published forecast are the means of its members'.
    missing : int

    Returns
    -------
    DataFrame
        horizon_years, later_years, technologies, forecasts, correlation (every technology the same weight).
    """
    members, residuals = members_of(method, errors.residuals), errors.residuals
    scores = sum(errors.normal_scores(name) for name in members) / len(members)
    rows = residuals[[*SAME_ORIGIN, "horizon_years"]].assign(score=scores)
    size = rows.groupby(SAME_ORIGIN)["score"].transform("size")
    rows = rows[size >= size.max() - missing]
    pairs = rows.merge(rows, on=SAME_ORIGIN, suffixes=("", "_later"))
    pairs = pairs[pairs["horizon_years"] < pairs["horizon_years_later"]]
    products = pd.DataFrame({"product": pairs["score"] * pairs["score_later"]})
    products = products.assign(own=pairs["score"] ** 2, later=pairs["score_later"] ** 2)
    by = [pairs["horizon_years"], pairs["horizon_years_later"].rename("later_years")]
    mean = products.groupby([*by, pairs["technology"]]).mean().groupby(level=[0, 1]).mean()
    sizes = pairs.groupby(by)["technology"].agg(technologies="nunique", forecasts="size")
    correlation = mean["product"] / np.sqrt(mean["own"] * mean["later"])
    return sizes.assign(correlation=correlation).reset_index()


def fit_decay(correlations: pd.DataFrame) -> float:
    """Decay with the least squares to measured correlations, weighted by the number of technologies.

    Parameters
    ----------
    correlations : DataFrame
        From `correlate_errors`; without rows the decay is that of a random walk.

    Returns
    -------
    float
    """
    if correlations.empty:
        return RANDOM_WALK
    weights, measured = correlations["technologies"].to_numpy(float), correlations["correlation"].to_numpy()
    parts = (correlations["horizon_years"] / correlations["later_years"]).to_numpy()
    optimum = minimize_scalar(lambda decay: weights @ (measured - parts**decay) ** 2, bounds=(0, 3), method="bounded")
    return float(optimum.x)


def refutes(limits: Sequence[tuple[float, float, float]], share: float) -> bool:
    """True if limits, as for `sift`, of which a share of the paths stay within all, refute the forecast.

    A narrow interval leaves few paths and refutes nothing: it is asked of each end alone how many lie beyond it.
    """
    return share < LEAST_LEFT or min([1.0, *(end for _, low, high in limits for end in (1 - low, high))]) < LEAST_KEPT


class Kept(NamedTuple):
    """The paths that stay within limits; all of them where these refute the forecast."""

    on: tuple[float, ...]  # years of the limits, each once
    rows: np.ndarray  # (paths,) whether a path is kept
    share: float  # of the paths within the limits
    scores: np.ndarray  # (M, years of the limits) normal scores of the kept paths there
    given: np.ndarray  # the same of at most `MOST_GIVEN` of them, evenly spread


@lru_cache(maxsize=16)  # a forecast asks again and again for the same
def keep(decay: float, limits: tuple[tuple[float, float, float], ...] = (), paths: int = PATHS) -> Kept:
    """The paths within limits, as for `sift`."""
    on = tuple(dict.fromkeys(year for year, *_ in limits))
    scores, kept = _score(on, decay, paths), np.ones(paths, bool)
    for year, low, high in limits:
        rank = ndtr(scores[:, on.index(year)])
        kept &= (rank > low) & (rank < high)
    share = float(kept.mean())
    if refutes(limits, share):
        every = keep(decay, (), paths)
        return Kept(every.on, every.rows, share, every.scores, every.given)
    scores = scores[kept]
    step = -(-len(scores) // MOST_GIVEN)
    given = scores[np.lexsort(scores.T[::-1])[step // 2 :: step]] if on else scores[:1]
    return Kept(on, kept, share, scores, given)


def _correlate(years: Sequence[float], decay: float) -> np.ndarray:
    """The rule: correlations of the normal scores at some years."""
    return (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** decay


def _score(years: Sequence[float], decay: float, paths: int) -> np.ndarray:
    """Normal scores (paths, years), correlated by the rule."""
    if not years:
        return np.empty((paths, 0))
    return draw(len(years), paths) @ np.linalg.cholesky(_correlate(years, decay)).T


@lru_cache(maxsize=256)
def _spread(year: float, decay: float, limits: tuple[tuple[float, float, float], ...], paths: int) -> np.ndarray:
    """Scores of the rule's margin (2, G), and those of the distribution at one date given the kept scores at limits."""
    kept = keep(decay, limits, paths)
    correlation = _correlate([*kept.on, year], decay)
    slopes = np.linalg.solve(correlation[:-1, :-1], correlation[:-1, -1])
    spread = np.sqrt(1 - slopes @ correlation[:-1, -1])
    below = ndtr((GRID[:, None] - kept.given @ slopes) / spread).mean(axis=1)
    inside = (below > 1e-12) & (below < 1 - 1e-12)
    return np.stack([ndtri(below[inside]), GRID[inside]])


@lru_cache(maxsize=1)  # milestones and probabilities ask for the same; more would keep tens of megabytes
def sift(
    years: tuple[float, ...], decay: float, limits: tuple[tuple[float, float, float], ...] = (), paths: int = PATHS
) -> tuple[np.ndarray, float]:
    """Ranks at each date of the paths that stay within limits; of all, where these refute the forecast.

    At each date they are those that the kept paths would have if there were endlessly many: from the exact distribution
    at that date given the scores at the limits, so that few paths in a tail do no harm.

    Parameters
    ----------
    years : tuple of float
        After the origin.
    decay : float
    limits : tuple of (year, lowest rank, highest rank)
    paths : int
        Number of paths, a power of two.

    Returns
    -------
    ndarray (M, H) of numbers between 0 and 1, not to be written to, and the share of the paths within the limits.
    """
    kept = keep(decay, limits, paths)
    order = [*kept.on, *(year for year in years if year not in kept.on)]
    scores = _score(order, decay, paths)[kept.rows]
    ranks, evenly = ndtr(scores), ndtri((np.arange(len(scores)) + 0.5) / len(scores))
    for place, year in enumerate(order[len(kept.on) :], len(kept.on)):
        ranks[np.argsort(scores[:, place]), place] = ndtr(np.interp(evenly, *_spread(year, decay, limits, paths)))
    ranks = ranks[:, [order.index(year) for year in years]]
    ranks.flags.writeable = False
    return ranks, kept.share


@lru_cache(maxsize=1)
def draw(dimensions: int, paths: int) -> np.ndarray:
    """Independent normal scores (M, dimensions) from a Sobol sequence, not to be written to."""
    scores = ndtri(qmc.Sobol(dimensions, scramble=False).random(paths) + 0.5 / paths)
    scores.flags.writeable = False
    return scores


def levels_within(ranks: np.ndarray, levels: Levels) -> np.ndarray:
    """Levels (H, Q) of the margins at which quantiles of the paths with these `ranks` (M, H) lie."""
    return np.quantile(ranks, np.asarray(levels, float), axis=0, method="hazen").T
