"""Simulated paths: how errors at two dates go together, and the draws that follow from it.

Normal scores of the errors s and t years ahead, s < t, have the correlation (s / t) ** `_DECAY`. A random walk has a
decay of one half, an error of the trend alone one of 0; the errors of comparison technologies had .27.

Sources: Wilks 2002 and Pinson et al. 2009 (copulas over horizons), Sobol 1967.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from scipy.special import ndtri

_PATHS = 2**14
_DECAY = 0.27
LEAST_KEPT, LEAST_LEFT = 0.05, 0.01  # parts of the paths that one newer value, and all, must allow: else they refute


def draw_scores(years: Sequence[float] | np.ndarray) -> np.ndarray:
    """Normal scores of the simulated paths, correlated by the rule; the years are above 0, each once.

    At each date they are evened out, so that paths have there the quantiles from which they are made.

    Parameters
    ----------
    years : array-like (H,)
        Years after the last observation.

    Returns
    -------
    ndarray (M, H)
        Standard normal, without unit; a row for each of the paths.
    """
    correlation = (np.minimum.outer(years, years) / np.maximum.outer(years, years)) ** _DECAY
    scores = _draw_normal(len(years)) @ np.linalg.cholesky(correlation).T
    return ndtri((scores.argsort(axis=0).argsort(axis=0) + 0.5) / _PATHS)


@lru_cache(maxsize=2)  # a forecast asks again and again for the same
def _draw_normal(dimensions: int) -> np.ndarray:
    """Independent normal scores (M, dimensions) from a Sobol sequence, not to be written to."""
    from scipy.stats import qmc  # takes longest to load, and quantiles alone need no paths

    scores = ndtri(qmc.Sobol(dimensions, scramble=False).random(_PATHS) + 0.5 / _PATHS)
    scores.flags.writeable = False
    return scores
