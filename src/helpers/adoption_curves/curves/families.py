"""The adoption curves: one class per family, which the fits, scenarios, tables and messages take everything from.

To add a family, write its class here, and its name in `FAMILIES` and `__all__`; a class of your own that is not listed
can be fitted too, and given to `fit_families` and `assess_ceiling`. `parameters` names the parameters and their kind
(rate per year, date, duration in years, number); `axes` is the grid of starts and `box` the limits of the coordinates:
logarithms of rates, durations and numbers, counted in spans of the series, and dates in spans. `share` is static and
works on arrays of any shape. The rest may be left out: `slopes`, the derivatives of `share` by the
coordinates (differences are taken without it); `diverging`, which parameters go to which end (-1 lower, 1 upper) when
the ceiling diverges.
"""

from __future__ import annotations

import numpy as np

from ..base.dates import CurveError
from .adoption_curve import AdoptionCurve
from .fit import Array

__all__ = [
    "FAMILIES",
    "AdoptionCurve",
    "Bass",
    "Exponential",
    "Gompertz",
    "Logistic",
    "Richards",
    "Weibull",
]

_MAX_EXPONENT = 700.0
"""exp overflows just above."""


def _log_axis(low: float, high: float, size: int) -> Array:
    return np.linspace(np.log(low), np.log(high), size)


def _box(low: float, high: float) -> tuple[float, float]:
    return (np.log(low), np.log(high))


_RATES = _log_axis(0.05, 60.0, 32)
_DATES = np.r_[np.linspace(-1.0, 2.0, 43), 2.3, 2.7, 3.2, 4.0, 5.0]
_RATE_BOX = _box(1e-4, 1e4)
_DATE_BOX = (-60.0, 120.0)


class Logistic(AdoptionCurve):
    """Logistic curve, ``K / (1 + exp(-r (t - m)))``: growth in proportion to adopters and to those left.

    Parameters: ceiling K (unit of the series), rate r (per year), midpoint m (decimal year of K / 2, the inflection).
    The 10 to 90% takeover time is log(81) / r. Source: Verhulst 1838; Griliches 1957 for technologies.

    Degenerates: before the bend K and m run to infinity together and the curve is exponential growth; with one value on
    the slope the rate runs to infinity (a jump).
    """

    name = "logistic"
    parameters = (("rate", "rate"), ("midpoint", "date"))
    axes = (_RATES, _DATES)
    box = (_RATE_BOX, _DATE_BOX)
    diverging = (("midpoint", 1),)
    latex = r"\frac{K}{1 + e^{-r(t - m)}}"

    @staticmethod
    def share(times: Array, log_rate: Array, midpoint: Array) -> Array:
        with np.errstate(over="ignore"):
            return 1 / (1 + np.exp(-np.exp(log_rate) * (times - midpoint)))

    @staticmethod
    def slopes(times: Array, share: Array, log_rate: Array, midpoint: Array) -> list[Array]:
        rate = np.exp(log_rate)
        steep = share * (1 - share) * rate
        return [steep * (times - midpoint), -steep]


class Gompertz(AdoptionCurve):
    """Gompertz curve, ``K exp(-exp(-r (t - m)))``: the growth rate itself falls exponentially.

    Parameters: ceiling K, rate r (per year), midpoint m (decimal year of the inflection, at 37% of K). Source:
    Gompertz 1825; Chow 1967 for computers.

    Degenerates: as the logistic, and earlier: its approach to K is slow, so a ceiling far above the data fits for long.
    """

    name = "gompertz"
    parameters = (("rate", "rate"), ("midpoint", "date"))
    axes = (_RATES, _DATES)
    box = (_RATE_BOX, _DATE_BOX)
    diverging = (("rate", -1), ("midpoint", 1))
    latex = r"K\, e^{-e^{-r(t - m)}}"

    @staticmethod
    def share(times: Array, log_rate: Array, midpoint: Array) -> Array:
        return np.exp(-np.exp(np.minimum(-np.exp(log_rate) * (times - midpoint), _MAX_EXPONENT)))

    @staticmethod
    def slopes(times: Array, share: Array, log_rate: Array, midpoint: Array) -> list[Array]:
        rate = np.exp(log_rate)
        gap = np.exp(np.minimum(-rate * (times - midpoint), _MAX_EXPONENT))
        steep = share * np.minimum(gap, 1e290) * rate
        return [steep * (times - midpoint), -steep]


class Bass(AdoptionCurve):
    """Bass curve, ``K (1 - e) / (1 + (q / p) e)`` with ``e = exp(-(p + q) (t - launch))``.

    Parameters: ceiling K, innovation p and imitation q (per year), and the launch where none is given. Source: Bass
    1969.

    Degenerates: q runs to 0 where growth slows from the start (then fit the exponential curve); p runs to 0 where the
    launch lies long before the growth.
    """

    name = "bass"
    parameters = (("innovation", "rate"), ("imitation", "rate"))
    axes = (_log_axis(1e-6, 20.0, 36), _log_axis(1e-3, 60.0, 32))
    box = (_box(1e-14, 1e4), _box(1e-7, 1e4))
    diverging = (("innovation", -1),)
    needs_launch = True
    latex = r"K\, \frac{1 - e^{-(p + q)(t - l)}}{1 + \frac{q}{p} e^{-(p + q)(t - l)}}"

    @staticmethod
    def share(times: Array, log_innovation: Array, log_imitation: Array) -> Array:
        p, q = np.exp(log_innovation), np.exp(log_imitation)
        left = np.exp(-(p + q) * np.maximum(times, 0))
        return -p * np.expm1(-(p + q) * np.maximum(times, 0)) / (p + q * left)


class Exponential(AdoptionCurve):
    """Exponential approach, ``K (1 - exp(-r (t - launch)))``: the Bass curve without imitation.

    Parameters: ceiling K, rate r (per year), and the launch where none is given. Source: Fourt and Woodlock 1960.

    Degenerates: where growth does not slow K runs to infinity and the curve is a straight line.
    """

    name = "exponential"
    parameters = (("rate", "rate"),)
    axes = (_log_axis(1e-3, 100.0, 160),)
    box = (_box(1e-6, 1e4),)
    diverging = (("rate", -1),)
    needs_launch = True
    latex = r"K\, (1 - e^{-r(t - l)})"

    @staticmethod
    def share(times: Array, log_rate: Array) -> Array:
        return -np.expm1(-np.exp(log_rate) * np.maximum(times, 0))


class Weibull(AdoptionCurve):
    """Weibull curve, ``K (1 - exp(-((t - launch) / s)^c))``.

    Parameters: ceiling K, scale s (years from the launch to 63% of K), shape c (above 1: an S curve), and the launch
    where none is given. Source: Sharif and Islam 1980.

    Degenerates: before the bend K and s run to infinity together and the curve is a power of time.
    """

    name = "weibull"
    parameters = (("scale", "duration"), ("shape", "number"))
    axes = (_log_axis(0.02, 30.0, 48), _log_axis(0.2, 60.0, 36))
    box = (_box(1e-4, 1e14), _box(1e-2, 1e3))
    diverging = (("scale", 1),)
    needs_launch = True
    latex = r"K\, (1 - e^{-((t - l) / s)^c})"

    @staticmethod
    def share(times: Array, log_scale: Array, log_shape: Array) -> Array:
        ratio = np.log(np.maximum(times, 1e-300)) - log_scale
        return -np.expm1(-np.exp(np.minimum(np.exp(log_shape) * ratio, _MAX_EXPONENT)))


class Richards(AdoptionCurve):
    """Richards curve, ``K (1 + s exp(-r (t - m)))^(-1 / s)``: a logistic whose inflection may lie at any height.

    Parameters: ceiling K, rate r (per year), midpoint m (decimal year of the inflection), shape s (1 is the logistic,
    towards 0 the Gompertz curve). The form ``(1 + exp(-r (t - m')))^(-1 / s)`` is the same curve with
    ``m' = m + log(s) / r``; here m stays put while s moves. Source: Richards 1959.

    Degenerates: s runs to 0 (then fit the Gompertz curve) or infinity unless the data cover both sides of the
    inflection. Wald intervals cover too rarely while the bend is half seen; trust the profile.
    """

    name = "richards"
    parameters = (("rate", "rate"), ("midpoint", "date"), ("shape", "number"))
    # with the shape the rate runs to infinity, to exponential growth that ends at once: the grid reaches there
    axes = (_log_axis(0.05, 1e4, 30), np.r_[np.linspace(-1.0, 2.0, 61), 2.5, 3.2, 4.0], _log_axis(0.01, 1e3, 13))
    box = (_RATE_BOX, _DATE_BOX, _box(1e-4, 1e3))
    diverging = (("midpoint", 1),)
    latex = r"K\, (1 + s\, e^{-r(t - m)})^{-1 / s}"

    @staticmethod
    def share(times: Array, log_rate: Array, midpoint: Array, log_shape: Array) -> Array:
        log_sum = np.logaddexp(0.0, log_shape - np.exp(log_rate) * (times - midpoint))
        return np.exp(-log_sum * np.exp(-log_shape))


FAMILIES: dict[str, type[AdoptionCurve]] = {
    family.name: family for family in (Logistic, Gompertz, Bass, Exponential, Weibull, Richards)
}
"""Every family by name: those that parameters, tables, help and tests list."""


def find_family(family: str | type[AdoptionCurve]) -> type[AdoptionCurve]:
    """The family of a name; a class is one already.

    Raises
    ------
    CurveError
        For a name that is not in `FAMILIES`.
    """
    if isinstance(family, str) and family not in FAMILIES:
        names = ", ".join(FAMILIES)
        raise CurveError(f"no family of curves is called {family!r}; choose among {names}, or give a class")
    return FAMILIES[family] if isinstance(family, str) else family
