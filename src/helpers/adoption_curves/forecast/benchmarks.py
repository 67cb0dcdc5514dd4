"""Simpler ways to forecast, against which the forecast is scored: each a function of the same windows.

Each takes t and y (N, n), years before the last figure and figures, and h (N, H), and gives paths (N, H) in the unit of
the series. The backtest holds them within 0 and the limit ahead, and gives them the formula's spread about them.
"""

from __future__ import annotations

import numpy as np

from .model import damp, measure_steps


def _no_change(t: np.ndarray, y: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The last figure stays: y_n."""
    return np.broadcast_to(y[:, -1:], h.shape)


def _straight_line(t: np.ndarray, y: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The mean change a year, c = (y_n - y_1) / (t_n - t_1), goes on: y_n + c h."""
    return y[:, -1:] + measure_steps(t, y)[0][:, None] * h


def _damped_line(t: np.ndarray, y: np.ndarray, h: np.ndarray) -> np.ndarray:
    """The mean change loses a fifth each year: y_n + c D(h), with `model.damp` as D."""
    return y[:, -1:] + measure_steps(t, y)[0][:, None] * damp(h)


def _half_pace(t: np.ndarray, y: np.ndarray, h: np.ndarray) -> np.ndarray:
    """Half of the mean change goes on: y_n + c h / 2."""
    return y[:, -1:] + measure_steps(t, y)[0][:, None] * h / 2


BENCHMARKS = {benchmark.__name__[1:]: benchmark for benchmark in (_no_change, _straight_line, _damped_line, _half_pace)}
