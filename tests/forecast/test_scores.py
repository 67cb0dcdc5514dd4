"""Scores against those of scoringrules, a library of its own."""

import numpy as np
import scoringrules
from scipy.stats import norm

from adoption_curves.forecast import scores

RANDOM = np.random.default_rng(7)
ACTUAL = RANDOM.normal(50, 20, 200)


def make_quantiles(levels):
    """Quantiles of normal forecasts, some far from what came."""
    median, sd = RANDOM.normal(50, 15, (len(ACTUAL), 1)), RANDOM.uniform(1, 30, (len(ACTUAL), 1))
    return np.maximum(median + sd * norm.ppf(levels), 0)


def test_the_weighted_interval_score_is_made_of_their_interval_scores():
    """Bracher and others 2021: half the median's error and alpha / 2 times each interval's score, over K + 1 / 2."""
    found, total = make_quantiles(scores.WIS_QUANTILES), 0.0
    for place, alpha in enumerate((0.05, 0.2, 0.5)):
        lower, upper = found[:, place], found[:, -1 - place]
        total = total + alpha / 2 * scoringrules.interval_score(ACTUAL, lower, upper, alpha, backend="numpy")
    theirs = (np.abs(ACTUAL - found[:, 3]) / 2 + total) / 3.5
    np.testing.assert_allclose(scores.quantile_score(ACTUAL, found, scores.WIS_QUANTILES), theirs, rtol=1e-12)
