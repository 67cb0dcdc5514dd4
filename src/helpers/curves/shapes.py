"""The seven curves: the share of the ceiling reached at a time, and its derivatives.

Each family is one short class. `parameters` names the parameters and their kind (rate per year, date, duration in
years, number); `axes` is the grid of starts and `box` the limits of the coordinates: logarithms of rates, durations
and numbers, counted in spans of the series, and dates in spans. `share` and `slopes` are static and work on arrays
of any shape; `escape` says which parameters go to which end (-1 lower, 1 upper) when the ceiling runs to infinity;
`inflection` is the time of the steepest growth (0, the launch, where growth falls from the start).
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from helpers.projection import Family

LARGEST = 700.0
"""exp overflows just above."""


def _log_axis(low: float, high: float, size: int) -> np.ndarray:
    return np.linspace(np.log(low), np.log(high), size)


def _box(low: float, high: float) -> tuple[float, float]:
    return (np.log(low), np.log(high))


RATES = _log_axis(0.05, 60.0, 32)
DATES = np.r_[np.linspace(-1.0, 2.0, 43), 2.3, 2.7, 3.2, 4.0, 5.0]
RATE_BOX = _box(1e-4, 1e4)
DATE_BOX = (-60.0, 120.0)


class LogisticShape(Family):
    """``1 / (1 + exp(-r (t - m)))``."""

    name = "logistic"
    parameters = (("rate", "rate"), ("midpoint", "date"))
    axes = (RATES, DATES)
    box = (RATE_BOX, DATE_BOX)
    escape = (("midpoint", 1),)
    needs_launch = False

    @staticmethod
    def share(times: np.ndarray, log_rate: np.ndarray, midpoint: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-np.exp(log_rate) * (times - midpoint)))

    @staticmethod
    def slopes(times: np.ndarray, share: np.ndarray, log_rate: np.ndarray, midpoint: np.ndarray) -> list[np.ndarray]:
        rate = np.exp(log_rate)
        steep = share * (1 - share) * rate
        return [steep * (times - midpoint), -steep]

    @staticmethod
    def inflection(log_rate: np.ndarray, midpoint: np.ndarray) -> np.ndarray:
        return midpoint


class GompertzShape(Family):
    """``exp(-exp(-r (t - m)))``."""

    name = "gompertz"
    parameters = (("rate", "rate"), ("midpoint", "date"))
    axes = (RATES, DATES)
    box = (RATE_BOX, DATE_BOX)
    escape = (("rate", -1), ("midpoint", 1))
    needs_launch = False

    @staticmethod
    def share(times: np.ndarray, log_rate: np.ndarray, midpoint: np.ndarray) -> np.ndarray:
        return np.exp(-np.exp(np.minimum(-np.exp(log_rate) * (times - midpoint), LARGEST)))

    @staticmethod
    def slopes(times: np.ndarray, share: np.ndarray, log_rate: np.ndarray, midpoint: np.ndarray) -> list[np.ndarray]:
        rate = np.exp(log_rate)
        gap = np.exp(np.minimum(-rate * (times - midpoint), LARGEST))
        steep = share * np.minimum(gap, 1e290) * rate
        return [steep * (times - midpoint), -steep]

    @staticmethod
    def inflection(log_rate: np.ndarray, midpoint: np.ndarray) -> np.ndarray:
        return midpoint


class BassShape(Family):
    """``(1 - e) / (1 + (q / p) e)`` with ``e = exp(-(p + q) (t - launch))``."""

    name = "bass"
    parameters = (("innovation", "rate"), ("imitation", "rate"))
    axes = (_log_axis(1e-6, 20.0, 36), _log_axis(1e-3, 60.0, 32))
    box = (_box(1e-14, 1e4), _box(1e-7, 1e4))
    escape = (("innovation", -1),)
    needs_launch = True

    @staticmethod
    def share(times: np.ndarray, log_innovation: np.ndarray, log_imitation: np.ndarray) -> np.ndarray:
        p, q = np.exp(log_innovation), np.exp(log_imitation)
        left = np.exp(-(p + q) * np.maximum(times, 0))
        return -p * np.expm1(-(p + q) * np.maximum(times, 0)) / (p + q * left)

    @staticmethod
    def slopes(
        times: np.ndarray, share: np.ndarray, log_innovation: np.ndarray, log_imitation: np.ndarray
    ) -> list[np.ndarray]:
        p, q, t = np.exp(log_innovation), np.exp(log_imitation), np.maximum(times, 0)
        left = np.exp(-(p + q) * t)
        below, moved = p + q * left, p * t * left
        by_p = (-np.expm1(-(p + q) * t) + moved - share * (1 - q * t * left)) / below
        by_q = (moved - share * left * (1 - q * t)) / below
        return [p * by_p, q * by_q]

    @staticmethod
    def inflection(log_innovation: np.ndarray, log_imitation: np.ndarray) -> np.ndarray:
        total = np.exp(log_innovation) + np.exp(log_imitation)
        return np.maximum(log_imitation - log_innovation, 0) / total


class ExponentialShape(Family):
    """``1 - exp(-r (t - launch))``."""

    name = "exponential"
    parameters = (("rate", "rate"),)
    axes = (_log_axis(1e-3, 100.0, 160),)
    box = (_box(1e-6, 1e4),)
    escape = (("rate", -1),)
    needs_launch = True

    @staticmethod
    def share(times: np.ndarray, log_rate: np.ndarray) -> np.ndarray:
        return -np.expm1(-np.exp(log_rate) * np.maximum(times, 0))

    @staticmethod
    def slopes(times: np.ndarray, share: np.ndarray, log_rate: np.ndarray) -> list[np.ndarray]:
        spent = np.exp(log_rate) * np.maximum(times, 0)
        return [spent * np.exp(-spent)]

    @staticmethod
    def inflection(log_rate: np.ndarray) -> np.ndarray:
        return np.zeros_like(log_rate)


class WeibullShape(Family):
    """``1 - exp(-((t - launch) / s)^c)``."""

    name = "weibull"
    parameters = (("scale", "duration"), ("shape", "number"))
    axes = (_log_axis(0.02, 30.0, 48), _log_axis(0.2, 60.0, 36))
    box = (_box(1e-4, 1e14), _box(1e-2, 1e3))
    escape = (("scale", 1),)
    needs_launch = True

    @staticmethod
    def _spent(times: np.ndarray, log_scale: np.ndarray, log_shape: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ratio = np.log(np.maximum(times, 1e-300)) - log_scale
        return ratio, np.exp(np.minimum(np.exp(log_shape) * ratio, LARGEST))

    @classmethod
    def share(cls, times: np.ndarray, log_scale: np.ndarray, log_shape: np.ndarray) -> np.ndarray:
        return -np.expm1(-cls._spent(times, log_scale, log_shape)[1])

    @classmethod
    def slopes(
        cls, times: np.ndarray, share: np.ndarray, log_scale: np.ndarray, log_shape: np.ndarray
    ) -> list[np.ndarray]:
        ratio, spent = cls._spent(times, log_scale, log_shape)
        steep = np.exp(log_shape) * spent * np.exp(-spent)
        return [-steep, steep * ratio]

    @staticmethod
    def inflection(log_scale: np.ndarray, log_shape: np.ndarray) -> np.ndarray:
        shape = np.exp(log_shape)
        return np.where(shape > 1, np.exp(log_scale) * np.maximum(1 - 1 / shape, 0) ** (1 / shape), 0.0)


class RichardsShape(Family):
    """``(1 + s exp(-r (t - m)))^(-1 / s)``: m is the date of the inflection."""

    name = "richards"
    parameters = (("rate", "rate"), ("midpoint", "date"), ("shape", "number"))
    axes = (_log_axis(0.05, 60.0, 20), np.r_[np.linspace(-1.0, 2.0, 31), 2.5, 3.2, 4.0], _log_axis(0.01, 30.0, 9))
    box = (RATE_BOX, DATE_BOX, _box(1e-4, 1e3))
    escape = (("midpoint", 1),)
    needs_launch = False

    @staticmethod
    def share(times: np.ndarray, log_rate: np.ndarray, midpoint: np.ndarray, log_shape: np.ndarray) -> np.ndarray:
        bent = np.logaddexp(0.0, log_shape - np.exp(log_rate) * (times - midpoint))
        return np.exp(-bent * np.exp(-log_shape))

    @staticmethod
    def slopes(
        times: np.ndarray, share: np.ndarray, log_rate: np.ndarray, midpoint: np.ndarray, log_shape: np.ndarray
    ) -> list[np.ndarray]:
        rate, shape = np.exp(log_rate), np.exp(log_shape)
        power = log_shape - rate * (times - midpoint)
        weight = expit(power)
        steep = share * weight / shape * rate
        return [steep * (times - midpoint), -steep, share / shape * (np.logaddexp(0.0, power) - weight)]

    @staticmethod
    def inflection(log_rate: np.ndarray, midpoint: np.ndarray, log_shape: np.ndarray) -> np.ndarray:
        return midpoint


class GammaGompertzShape(Family):
    """``(1 - e) (1 + a e)^-c`` with ``e = exp(-b (t - launch))``."""

    name = "gamma_gompertz"
    parameters = (("rate", "rate"), ("scale", "number"), ("shape", "number"))
    axes = (_log_axis(0.02, 40.0, 24), _log_axis(0.1, 1e5, 15), _log_axis(0.05, 20.0, 12))
    box = (_box(1e-5, 1e4), _box(1e-4, 1e9), _box(1e-4, 1e3))
    escape = ()
    needs_launch = True

    @staticmethod
    def share(times: np.ndarray, log_rate: np.ndarray, log_scale: np.ndarray, log_shape: np.ndarray) -> np.ndarray:
        spent = np.exp(log_rate) * np.maximum(times, 0)
        return -np.expm1(-spent) * np.exp(-np.exp(log_shape) * np.log1p(np.exp(log_scale - spent)))

    @staticmethod
    def slopes(
        times: np.ndarray, share: np.ndarray, log_rate: np.ndarray, log_scale: np.ndarray, log_shape: np.ndarray
    ) -> list[np.ndarray]:
        spent, shape = np.exp(log_rate) * np.maximum(times, 0), np.exp(log_shape)
        pull = expit(log_scale - spent)
        delay = np.log1p(np.exp(log_scale - spent))
        by_rate = spent * (np.exp(-spent - shape * delay) + share * shape * pull)
        return [by_rate, -share * shape * pull, -share * shape * delay]

    @staticmethod
    def inflection(log_rate: np.ndarray, log_scale: np.ndarray, log_shape: np.ndarray) -> np.ndarray:
        # Growth is proportional to e (1 + a e)^-c (1 + c a (1 - e) / (1 + a e)); its derivative vanishes where the
        # quadratic below does; the smaller root is the maximum. Without a root in (0, 1) growth falls from the launch.
        a, c = np.exp(log_scale), np.exp(log_shape)
        constant, linear, square = 1 + a * c, a * (2 - 3 * c - a * c**2), (a * (c - 1)) ** 2
        root = linear**2 - 4 * square * constant
        left = 2 * constant / np.maximum(np.sqrt(np.maximum(root, 0)) - linear, 1e-300)
        return -np.log(np.where((root >= 0) & (left < 1), left, 1.0)) / np.exp(log_rate)
