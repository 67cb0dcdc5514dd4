"""Simpler ways to forecast, against which the forecast is scored: each a function of the same windows.

Each takes t and y (N, n), years before the last observation and values, h (N, H), years ahead, limit (N, n), that of
each value's day, and ahead (N, H), the limit as forecast. It gives paths (N, H) in the unit of the series. The backtest
keeps them within 0 and the limit ahead, and gives them the formula's spread about them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, logit

from .model import ROOM, back, damp, fit_line, g, measure_steps

_LEVELS = 40  # saturation levels of a free curve that are tried, from the limit down to the highest share
_SHARES_OF_LEVEL = (1e-4, 0.999)  # shares of a saturation level are held within, for logarithms


def _no_change(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The last value stays: y_n."""
    return np.broadcast_to(y[:, -1:], h.shape)


def _straight_line(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The mean change a year, c = (y_n - y_1) / (t_n - t_1), goes on: y_n + c h."""
    return y[:, -1:] + measure_steps(t, y)[0][:, None] * h


def _damped_line(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The mean change loses a fifth each year: y_n + c D(h), with `model.damp` as D."""
    return y[:, -1:] + measure_steps(t, y)[0][:, None] * damp(h)


def _half_pace(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """Half of the mean change goes on: y_n + c h / 2."""
    return y[:, -1:] + measure_steps(t, y)[0][:, None] * h / 2


def _logistic_to_limit(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The logistic curve that rises to the limit, a least-squares line on the logit scale."""
    return ahead * _fit_curve(t, y / limit, h, 1, logit, expit)


def _gompertz_to_limit(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The Gompertz curve that rises to the limit, a least-squares line on the Gompertz scale."""
    return ahead * _fit_curve(t, y / limit, h, 1, g, back)


def _free_logistic(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The logistic curve whose saturation level, up to the limit, fits best."""
    return ahead * _fit_curve(t, y / limit, h, _LEVELS, logit, expit)


def _free_gompertz(t: np.ndarray, y: np.ndarray, h: np.ndarray, limit: np.ndarray, ahead: np.ndarray) -> np.ndarray:
    """The Gompertz curve whose saturation level, up to the limit, fits best."""
    return ahead * _fit_curve(t, y / limit, h, _LEVELS, g, back)


def _fit_curve(t: np.ndarray, x: np.ndarray, h: np.ndarray, count: int, scale: Any, inverse: Any) -> np.ndarray:
    """Shares (N, H) of the curve with the least squared errors, of so many with saturation levels from the limit down.

    Each curve is the least-squares line on the scale on which it is straight. It need not pass the last value.
    """
    levels = np.linspace(np.ones(len(x)), ROOM * x.max(axis=1), count, axis=1)[..., None]
    slope, height = fit_line(t[:, None], scale(np.clip(x[:, None] / levels, *_SHARES_OF_LEVEL)))
    curves = levels * inverse(height[..., None] + slope[..., None] * t[:, None])
    best = np.arange(len(x)), ((curves - x[:, None]) ** 2).sum(axis=-1).argmin(axis=1)
    return levels[best] * inverse(height[best][:, None] + slope[best][:, None] * h)


_LINES = (_no_change, _straight_line, _damped_line, _half_pace)
_CURVES = (_logistic_to_limit, _gompertz_to_limit, _free_logistic, _free_gompertz)
BENCHMARKS = {benchmark.__name__[1:]: benchmark for benchmark in (*_LINES, *_CURVES)}
