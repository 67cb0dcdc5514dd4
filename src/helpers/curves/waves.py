"""Two waves of adoption in one series: a second take-off, chosen only where the data ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from ..base.dates import Dates
from .ceiling_kinds import Share, SharePrior
from .engine import Array
from .families import DATE_BOX, FAMILIES, RATE_BOX, AdoptionCurve
from .results import Results

ONE_WAVE = ("logistic", "gompertz", "richards")
"""Families that two waves must fit better than: a skewed wave is not two."""


class TwoWaves(AdoptionCurve):
    """Bi-logistic curve, ``K (w / (1 + exp(-r (t - m))) + (1 - w) / (1 + exp(-q (t - m - d))))``.

    Parameters: ceiling K of both waves, rate r (per year) and midpoint m (decimal year) of the first, second_rate q
    (per year), lag d (years between the midpoints), first_share w of the ceiling that the first wave reaches. Source:
    Meyer 1994.

    It is not in `FAMILIES`: six parameters need nine observations, and any series with two inflections by chance has
    two waves. `fit_waves` asks whether they are worth it.

    Degenerates: a wave that one observation sees runs to a jump; w runs to 0 or 1 where there is one wave.
    """

    name = "two_waves"
    parameters = (
        ("rate", "rate"), ("midpoint", "date"), ("second_rate", "rate"), ("lag", "duration"), ("first_share", "share"),
    )  # fmt: skip
    axes = (
        np.log([2.0, 4.5, 10.0, 22.0, 50.0]),
        np.linspace(-0.2, 1.0, 11),
        np.log([2.0, 4.5, 10.0, 22.0, 50.0]),
        np.log([0.12, 0.2, 0.32, 0.5, 0.8, 1.3]),
        np.array([-1.4, -0.4, 0.4, 1.4]),
    )
    box = (RATE_BOX, DATE_BOX, RATE_BOX, (np.log(1e-3), np.log(60.0)), (-7.0, 7.0))
    latex = r"K \left(\frac{w}{1 + e^{-r(t - m)}} + \frac{1 - w}{1 + e^{-q(t - m - d)}}\right)"

    @staticmethod
    def _waves(times: Array, theta: Sequence[Array]) -> list[tuple[Array, Array, Array, Array]]:
        """Part of the ceiling, rate, time since the midpoint and height of each wave."""
        log_rate, midpoint, log_second, log_lag, logit = theta
        waves = (
            (expit(logit), log_rate, times - midpoint),
            (expit(-logit), log_second, times - midpoint - np.exp(log_lag)),
        )
        return [(part, np.exp(log), since, expit(np.exp(log) * since)) for part, log, since in waves]

    @classmethod
    def share(cls, times: Array, *theta: Array) -> Array:
        """Both waves together."""
        return sum(part * height for part, _, _, height in cls._waves(times, theta))

    @classmethod
    def slopes(cls, times: Array, share: Array, *theta: Array) -> list[Array]:
        """Derivatives of the share by the coordinates."""
        first, second = cls._waves(times, theta)
        (steep, since), (later, since_later) = (
            (part * rate * height * (1 - height), since) for part, rate, since, height in (first, second)
        )
        lag, parts = np.exp(theta[3]), first[0] * second[0]
        return [steep * since, -steep - later, later * since_later, -later * lag, parts * (first[3] - second[3])]

    @classmethod
    def inflection(cls, *theta: Array) -> Array:
        """Time of the steepest growth: near the midpoint of the steeper wave, from where Newton goes on."""
        places = [theta[1], theta[1] + np.exp(theta[3])]
        growth = [-cls.slopes(place, place, *theta)[1] for place in places]
        time = np.where(growth[0] >= growth[1], *places)
        for _ in range(20):
            slope = change = 0.0
            for part, rate, _, height in cls._waves(time, theta):
                steep = part * rate**2 * height * (1 - height)
                slope = slope + steep * (1 - 2 * height)
                change = change + steep * rate * (1 - 6 * height * (1 - height))
            time = time - np.where(change < 0, slope / np.minimum(change, -1e-300), 0.0)
        return time


def fit_waves(
    endog: pd.Series | np.ndarray | Sequence[Any],
    exog: Dates | None = None,
    ceiling: float | Share | SharePrior | None = None,
    families: Sequence[str] = ONE_WAVE,
    **options: Any,
) -> Results:
    """Fit one wave or two, whichever the data carry.

    Two waves are taken where they are an estimate, both midpoints lie among the observations, and their AICc is below
    that of every family with one, under each kind of errors that the model allows: where errors are not known, under
    independent and under cumulative ones, whose sums wander up and down without any wave. AICc is infinite below nine
    observations.

    Parameters
    ----------
    endog, exog, ceiling : as in `AdoptionCurve`
    families : names of `FAMILIES` with one wave
    **options : further arguments of `AdoptionCurve`; a launch only for families that have one

    Returns
    -------
    Results
        Of `TwoWaves`, or of the family with the lowest AICc; the first one where none has any.

    Raises
    ------
    CurveError
        As `AdoptionCurve`.

    Examples
    --------
    >>> years = np.arange(2000.0, 2030)
    >>> waves = [40 / (1 + np.exp(-0.8 * (years - at))) for at in (2006, 2020)]
    >>> values = np.round(sum(waves) + np.sin(7 * years), 1)
    >>> fit_waves(values, years).params.round(1).tolist()
    [80.6, 0.9, 2006.0, 0.7, 14.0, 0.5]
    >>> fit_waves(np.round(2 * waves[0] + np.sin(7 * years), 1), years).model.name
    'richards'
    """
    data = {"endog": endog, "exog": exog, "ceiling": ceiling, **options}
    one = [FAMILIES[name](**data).fit() for name in families]
    one = sorted(one, key=lambda fit: fit.aicc)  # stable: the first where none has any
    two = TwoWaves(**data).fit()
    first, years = two.params["midpoint"], two.model.exog
    if two.flag or not (years.min() <= first <= first + two.params["lag"] <= years.max()):
        return one[0]
    kinds = ["independent"] if two.model.errors or two.model.per_period else ["independent", "cumulative"]
    least = {kind: min(Results(fit.under(kind)).aicc for fit in one) for kind in kinds}
    better = all(Results(two.under(kind)).aicc < least[kind] for kind in kinds)
    return two if better else one[0]
