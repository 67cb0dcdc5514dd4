"""Quantities that follow from a curve: when it bends, how fast it grows at most, how long it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.optimize import minimize

from helpers import projection

if TYPE_CHECKING:
    from helpers.curves.results import Results


EARLIEST = 1e-5
"""Spans after the launch at which growth that falls from the start is measured."""


def derive(results: Results, alpha: float = 0.05) -> pd.DataFrame:
    """Inflection, peak growth and takeover time, each with its profile interval.

    The interval is the range of the quantity over all parameters whose sum of squares stays below the F limit, which
    for a parameter is its profile interval. An end that the search pushes to the limits of the parameters is infinite
    or 0.

    Parameters
    ----------
    results : Results
    alpha : one minus the level

    Returns
    -------
    DataFrame
        Rows inflection (decimal year; the launch where growth falls from the start), peak_growth (units of the series
        a year, at the last value of a bound) and takeover_years (10 to 90 % of the ceiling); columns estimate, lower,
        upper.
    """
    names = ("inflection", "peak_growth", "takeover_years")
    if results.flag and not np.isfinite(results.params).all():
        return pd.DataFrame(np.nan, index=list(names), columns=["estimate", "lower", "upper"])
    region = _Region(results, alpha)
    rows = {}
    for name, scale in zip(names, ("date", "log", "log"), strict=True):
        estimate, lower, upper = region.measure(name)
        rows[name] = np.exp([estimate, lower, upper]) if scale == "log" else [estimate, lower, upper]
    return pd.DataFrame.from_dict(rows, orient="index", columns=["estimate", "lower", "upper"])


def measure_curve(results: Results, place: np.ndarray, name: str) -> float:
    """One of the quantities at the coordinates of `Results.place`; durations and growth as logarithms."""
    family, shape = results.model.shape, np.asarray(place)[1:]
    span = results.batch.span[0]
    if name == "takeover_years":
        early, late = _time_of_share(family, shape, np.array([0.1, 0.9]))
        return np.log(max((late - early) * span, 1e-300))
    bend = float(family.inflection(*shape))
    if name == "inflection":
        return results.batch.origin[0] + span * bend
    growth = _growth_of_share(family, shape, max(bend, EARLIEST) if family.needs_launch else bend)
    return np.log(max(results.ceiling_from(place[0]) * growth / span, 1e-300))


def _growth_of_share(family: type[projection.Family], shape: np.ndarray, time: float) -> float:
    """Derivative of the share by time, exact: differences would be too rough for the search of its ends.

    A curve with a date moves with it; one from a launch shrinks with its rates and stretches with its durations.
    """
    slopes = family.slopes(time, family.share(time, *shape), *shape)
    by_kind = {"date": -1.0, "rate": 0.0, "duration": 0.0, "number": 0.0}
    if family.needs_launch:
        by_kind |= {"rate": 1 / time, "duration": -1 / time}
    return float(sum(by_kind[kind] * slope for (_, kind), slope in zip(family.parameters, slopes, strict=True)))


def _time_of_share(family: type[projection.Family], shape: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Times in spans at which the curve reaches the shares, by bisection."""
    low, high = np.full(len(shares), 0.0 if family.needs_launch else -1e6), np.full(len(shares), 1e6)
    for _ in range(90):
        middle = (low + high) / 2
        below = family.share(middle, *shape) < shares
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return high


class _Region:
    """Parameters that the data do not exclude: the sum of squares stays below a limit."""

    def __init__(self, results: Results, alpha: float) -> None:
        self.results = results
        batch = results.batch
        self.count = len(results.model.shape.parameters)
        self.start = results.place
        self.free = bool(results.model.ceiling.name)
        self.least, limit = results.objective_bounds(alpha)
        self.limit = np.log(limit / self.least) if self.least > 0 else 0.0
        places = [*([projection.CEILING] if self.free and not batch.has_share else []), *range(self.count)]
        places = [self.count, *range(self.count)] if batch.has_share else places
        ranges = [projection.limits(batch, place) for place in places]
        self.low, self.high = (np.array([float(r[side][0]) for r in ranges]) for side in (0, 1))
        covariance = results.coordinate_covariance
        errors = np.sqrt(np.diag(covariance if self.free else covariance[1:, 1:]))
        self.unit = np.where(np.isfinite(errors), np.clip(errors, 1e-9, 1.0), 1.0)

    def _whole(self, inner: np.ndarray) -> np.ndarray:
        part = self.inner_start + inner * self.unit
        return part if self.free else np.r_[self.start[0], part]

    @property
    def inner_start(self) -> np.ndarray:
        return self.start if self.free else self.start[1:]

    def _rise(self, inner: np.ndarray) -> float:
        return self.limit - np.log(max(self.results.objective_at(self._whole(inner)), 1e-300) / self.least)

    def measure(self, name: str) -> tuple[float, float, float]:
        """Estimate and both ends of the quantity."""
        results = self.results
        estimate = measure_curve(results, self.start, name)
        if not np.isfinite(self.limit) or self.least <= 0:
            return (
                estimate,
                (-np.inf if np.isinf(self.limit) else estimate),
                (np.inf if np.isinf(self.limit) else estimate),
            )
        return estimate, self._end(name, -1, estimate), self._end(name, 1, estimate)

    def _end(self, name: str, side: int, estimate: float) -> float:
        scale = max(abs(self.results.batch.span[0]), 1e-9) if name == "inflection" else 1.0
        low, high = ((limit - self.inner_start) / self.unit for limit in (self.low, self.high))

        def goal(inner: np.ndarray) -> float:
            return -side * (measure_curve(self.results, self._whole(inner), name) - estimate) / scale

        best = minimize(
            goal,
            np.zeros(len(self.unit)),
            method="SLSQP",
            bounds=list(zip(low, high, strict=True)),
            constraints={"type": "ineq", "fun": self._rise},
            options={"maxiter": 200, "ftol": 1e-10},
        )
        if np.any(best.x <= low + 1e-6) or np.any(best.x >= high - 1e-6) or not best.success:
            return side * np.inf
        return estimate - side * best.fun * scale
