"""Simulated paths, by a Gaussian copula over the forecast dates.

Normal scores of the errors s and t years ahead, s < t, have the correlation (s / t) ** `_DECAY`. For a random walk the
exponent is one half, and for an error in the slope alone 0; for the errors of comparison technologies it is 0.27.

Sources: Wilks 2002 and Pinson et al. 2009 (copulas over horizons), Sobol 1967.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

_PATHS = 2**14
_DECAY = 0.27
LEAST_KEPT, LEAST_LEFT = 0.05, 0.01  # minimum shares of the paths that satisfy one newer bound, and all


def draw_scores(years: Sequence[float] | np.ndarray) -> np.ndarray:
    """Draw correlated normal scores for the simulated paths.

    The scores of each date are replaced by evenly spaced normal quantiles in the same order, so that the paths have
    exactly the quantiles of the forecast.

    Parameters
    ----------
    years : array_like, shape (H,)
        Years after the last observation; above 0 and distinct.

    Returns
    -------
    ndarray, shape (M, H)
        One row per path.
    """
    correlation = (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** _DECAY
    scores = _draw_normal(len(years)) @ np.linalg.cholesky(correlation).T
    return ndtri((scores.argsort(axis=0).argsort(axis=0) + 0.5) / _PATHS)


@lru_cache(maxsize=2)  # one forecast calls it many times with the same argument
def _draw_normal(dimensions: int) -> np.ndarray:
    """Independent normal scores from a Sobol sequence, shape (M, dimensions); read-only, because they are cached."""
    from scipy.stats import qmc  # slow to import, and quantiles alone need no paths

    scores = ndtri(qmc.Sobol(dimensions, scramble=False).random(_PATHS) + 0.5 / _PATHS)
    scores.flags.writeable = False
    return scores
