"""Joint paths: how errors at two horizons go together, and the draws that follow from it.

Normal scores of the errors s and t years ahead, s < t, have the correlation (s / t) ** decay. A random walk has a decay
of one half, an error of the trend alone one of 0.

Sources: Wilks 2002 and Pinson et al. 2009 (copulas over horizons), Sobol 1967; Joe 2014 (normal scores).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import ndtri

_PATHS = 2**14
LEAST_KEPT, LEAST_LEFT = 0.05, 0.01  # parts of the paths that one newer figure, and all, must allow: else they refute
_RANDOM_WALK = 0.5  # assumed decay if no technology has two figures after an origin


def correlate_scores(rows: pd.DataFrame, origin: list[str]) -> pd.DataFrame:
    """Correlations of normal scores at two horizons from the same origin.

    All pairs of horizons must come from the same origins, or their correlations differ because technologies do: only
    origins count at which at most one horizon is missing that another origin has.

    Parameters
    ----------
    rows : DataFrame
        Columns technology, horizon_years and score, and those of `origin`.
    origin : list of str
        Columns that tell one origin from another.

    Returns
    -------
    DataFrame
        horizon_years, later_years, technologies, forecasts, correlation (every technology the same weight).
    """
    size = rows.groupby(origin)["score"].transform("size")
    rows = rows[size >= size.max() - 1]
    pairs = rows.merge(rows, on=origin, suffixes=("", "_later"))
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
        From `correlate_scores`; without rows the decay is that of a random walk.

    Returns
    -------
    float
    """
    if correlations.empty:
        return _RANDOM_WALK
    weights, measured = correlations["technologies"].to_numpy(float), correlations["correlation"].to_numpy()
    parts = (correlations["horizon_years"] / correlations["later_years"]).to_numpy()
    optimum = minimize_scalar(lambda decay: weights @ (measured - parts**decay) ** 2, bounds=(0, 3), method="bounded")
    return float(optimum.x)


def _correlate(years: Sequence[float] | np.ndarray, decay: float) -> np.ndarray:
    """The rule: correlations of the normal scores at some years."""
    return (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** decay


def draw_scores(years: Sequence[float] | np.ndarray, decay: float) -> np.ndarray:
    """Normal scores of the joint paths, correlated by the rule; the years are above 0, each once.

    At each date they are evened out, so that paths have there the quantiles from which they are made.

    Parameters
    ----------
    years : array-like (H,)
        Years after the last figure.
    decay : float
        Power of the rule: the correlation of s and t years is (s / t) to it, for s < t.

    Returns
    -------
    ndarray (M, H)
        Standard normal, without unit; a row for each of the paths.
    """
    scores = _draw_normal(len(years)) @ np.linalg.cholesky(_correlate(years, decay)).T
    return ndtri((scores.argsort(axis=0).argsort(axis=0) + 0.5) / _PATHS)


@lru_cache(maxsize=2)  # a forecast asks again and again for the same
def _draw_normal(dimensions: int) -> np.ndarray:
    """Independent normal scores (M, dimensions) from a Sobol sequence, not to be written to."""
    from scipy.stats import qmc  # takes longest to load, and quantiles alone need no paths

    scores = ndtri(qmc.Sobol(dimensions, scramble=False).random(_PATHS) + 0.5 / _PATHS)
    scores.flags.writeable = False
    return scores
