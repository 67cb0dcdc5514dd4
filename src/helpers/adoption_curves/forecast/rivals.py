"""Other ways to forecast, against which the forecast is scored: each a function of the same windows.

Each takes t and y (N, n), the limit as it was known (N, n), h (N, H) and the limit ahead (N, H; infinite where there is
none), and gives paths (N, H) in the unit of the series.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, logit

from . import model

# smoothing of level and trend of damped Holt, and part of the trend left after a step: few figures cannot tell them
_LEVEL, _TREND, _DAMPED = 0.8, 0.2, 0.9


def _straight_line(t: np.ndarray, y: np.ndarray, limit: np.ndarray, h: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The mean change a year goes on, within 0 and the limit."""
    return np.clip(y[:, -1:] + model.measure_steps(t, y)[0][:, None] * h, 0, ahead)


def _last_value(t: np.ndarray, y: np.ndarray, limit: np.ndarray, h: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The last figure stays."""
    return np.broadcast_to(y[:, -1:], h.shape)


def _damped_holt(t: np.ndarray, y: np.ndarray, limit: np.ndarray, h: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Damped Holt in steps of the window's mean gap, within 0 and the limit.

    All windows at once: ``Holt`` of statsmodels, to which it is equal, takes 20 seconds for the 4,000 of a backtest.
    """
    level, trend = y[:, 0], y[:, 1] - y[:, 0]
    for figure in y.T:
        before, level = level, _LEVEL * figure + (1 - _LEVEL) * (level + _DAMPED * trend)
        trend = _TREND * (level - before) + (1 - _TREND) * _DAMPED * trend
    steps = h * (t.shape[1] - 1) / -t[:, :1]
    grown = _DAMPED * (1 - _DAMPED**steps) / (1 - _DAMPED)
    return np.clip(level[:, None] + trend[:, None] * grown, 0, ahead)


def _logistic(t: np.ndarray, y: np.ndarray, limit: np.ndarray, h: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The logistic curve to the limit through the last figure: a straight line on the scale of logits."""
    z = logit(np.clip(y / limit, *model.SHARES))
    return ahead * expit(z[:, -1:] + model.fit_line(t, z)[0][:, None] * h)


RIVALS = {
    "straight_line": _straight_line,
    "last_value": _last_value,
    "damped_holt": _damped_holt,
    "logistic": _logistic,
}
NEED_LIMIT = ("logistic",)
