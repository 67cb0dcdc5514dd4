"""The families as models: each joins a curve of `shapes` with `AdoptionCurve`, and says when it degenerates."""

from __future__ import annotations

from helpers.curves import shapes
from helpers.curves.model import AdoptionCurve


class Logistic(AdoptionCurve):
    """Logistic curve, ``K / (1 + exp(-r (t - m)))``: growth in proportion to adopters and to those left.

    Parameters: ceiling K (unit of the series), rate r (per year), midpoint m (decimal year of K / 2, the inflection).
    The 10 to 90 % takeover time is log(81) / r. Source: Verhulst 1838; Griliches 1957 for technologies.

    Degenerates: before the bend K and m run to infinity together and the curve is exponential growth; with one value on
    the slope the rate runs to infinity (a jump).
    """

    shape = shapes.LogisticShape


class Gompertz(AdoptionCurve):
    """Gompertz curve, ``K exp(-exp(-r (t - m)))``: the growth rate itself falls exponentially.

    Parameters: ceiling K, rate r (per year), midpoint m (decimal year of the inflection, at 37 % of K). Source:
    Gompertz 1825; Chow 1967 for computers.

    Degenerates: as the logistic, and earlier: its approach to K is slow, so a ceiling far above the data fits for long.
    """

    shape = shapes.GompertzShape


class Bass(AdoptionCurve):
    """Bass curve, ``K (1 - e) / (1 + (q / p) e)`` with ``e = exp(-(p + q) (t - launch))``.

    Parameters: ceiling K, innovation p and imitation q (per year); the launch is given. Fits cumulative adopters, or
    with ``per_period=True`` the adoptions of each period as differences of the cumulative curve (Srinivasan and Mason
    1986), not as the density at its end. Source: Bass 1969.

    Degenerates: q runs to 0 where growth slows from the start (then it is the exponential curve); p runs to 0 where the
    launch lies long before the growth.
    """

    shape = shapes.BassShape


class Exponential(AdoptionCurve):
    """Exponential approach, ``K (1 - exp(-r (t - launch)))``: the Bass curve without imitation.

    Parameters: ceiling K, rate r (per year); the launch is given. Source: Fourt and Woodlock 1960.

    Degenerates: where growth does not slow K runs to infinity and the curve is a straight line.
    """

    shape = shapes.ExponentialShape


class Weibull(AdoptionCurve):
    """Weibull curve, ``K (1 - exp(-((t - launch) / s)^c))``.

    Parameters: ceiling K, scale s (years from the launch to 63 % of K), shape c (above 1: an S curve). Source: Sharif
    and Islam 1980.

    Degenerates: before the bend K and s run to infinity together and the curve is a power of time.
    """

    shape = shapes.WeibullShape


class Richards(AdoptionCurve):
    """Richards curve, ``K (1 + s exp(-r (t - m)))^(-1 / s)``: a logistic whose inflection may lie at any height.

    Parameters: ceiling K, rate r (per year), midpoint m (decimal year of the inflection), shape s (1 is the logistic,
    towards 0 the Gompertz curve). The form ``(1 + exp(-r (t - m')))^(-1 / s)`` is the same curve with
    ``m' = m + log(s) / r``; here m stays put while s moves. Source: Richards 1959.

    Degenerates: s runs to 0 or infinity unless the data cover both sides of the inflection.
    """

    shape = shapes.RichardsShape


class GammaGompertz(AdoptionCurve):
    """Gamma/shifted Gompertz curve, ``K (1 - e) (1 + a e)^-c`` with ``e = exp(-b (t - launch))``.

    Parameters: ceiling K, rate b (per year), scale a, shape c; the launch is given. With c = 1 it is the Bass curve
    (a = q / p), with c = 0 the exponential. Source: Bemmaor 1994; Bemmaor and Lee 2002.

    Degenerates: a and c trade off along a ridge in most short series; a runs to infinity or c to 0.
    """

    shape = shapes.GammaGompertzShape


FAMILIES = {
    model.shape.name: model for model in (Logistic, Gompertz, Bass, Exponential, Weibull, Richards, GammaGompertz)
}
