"""What may be known of a ceiling: nothing, a number, a share of a bound, or a prior on that share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self, TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import root

from ..base.dates import CurveError, Dates, check_observed, decimal_years, is_dated, years_among
from .inputs import read_numbers, read_positive

Bound: TypeAlias = float | pd.Series | np.ndarray | Sequence[Any]
"""What a ceiling is a share of: one number, a series over dates, or a value for each observation."""
LARGEST_SHARE = 10.0
"""A larger one is a bound in the place of a share."""
MAX_LOGIT = 10.0
"""A mean or spread of logits beyond this says nothing: e^-10 is nothing of the bound, and e^10 all of it."""
MAX_SD_PART = 0.9


@dataclass(frozen=True)
class Share:
    """The ceiling is a share of a known bound, which may move.

    Parameters
    ----------
    bound : number, Series over dates or decimal years, or array like the observations, in the units of the values
    share : fraction above 0, at most 10, or None: the share is free and estimated
    """

    bound: Bound
    share: float | None = None


@dataclass(frozen=True)
class SharePrior:
    """The logit of the ceiling's share of a known bound is normal a priori.

    Parameters
    ----------
    bound : as in `Share`
    mean_logit, sd_logit : mean and standard deviation of log(share / (1 - share)); sd above 0; at most 10 either way
    """

    bound: Bound
    mean_logit: float
    sd_logit: float

    @classmethod
    def from_mean(cls, bound: Bound, *, mean: float, sd: float) -> Self:
        """The prior whose share of the bound itself has this mean and standard deviation.

        Those are matched exactly, by integrating over the normal logit: the mean of the logits isn't the logit of the
        mean.

        Parameters
        ----------
        bound : as in `Share`
        mean : of the share, between 0 and 1
        sd : standard deviation of the share, above 0 and below 0.9 sqrt(mean (1 - mean))

        Returns
        -------
        SharePrior

        Raises
        ------
        CurveError
            For a mean or sd out of range.
        """
        if not 0 < mean < 1:
            raise CurveError(f"the mean of the share is {mean:g}; it must lie between 0 and 1, as in mean=0.75")
        most = MAX_SD_PART * np.sqrt(mean * (1 - mean))
        if not 0 < sd < most:
            raise CurveError(f"the sd of the share is {sd:g}; with mean={mean:g} it must lie between 0 and {most:.3g}")
        nodes, weights = np.polynomial.hermite_e.hermegauss(200)
        weights = weights / weights.sum()

        def miss(place: np.ndarray) -> list[float]:
            share = 1 / (1 + np.exp(-(place[0] + np.exp(place[1]) * nodes)))
            centre = weights @ share
            spread = np.sqrt(weights @ (share - centre) ** 2)
            return [np.log(centre / (1 - centre)) - start[0], np.log(spread / sd)]

        start = np.array([np.log(mean / (1 - mean)), np.log(sd / (mean * (1 - mean)))])
        logit, log_sd = root(miss, start).x
        return cls(bound, float(logit), float(np.exp(log_sd)))


@dataclass(frozen=True)
class Ceiling:
    """A ceiling as the engine takes it."""

    kind: str  # free, known, share or prior
    level: float  # the known number or share; NaN where it is estimated
    years: np.ndarray | None = None  # of the bound
    bounds: np.ndarray | None = None
    prior: tuple[float, float] | None = None  # mean and standard deviation of the logit of the share

    @property
    def name(self) -> str:
        """Name of the estimated parameter, "" where nothing is estimated."""
        return "" if self.kind in ("known", "share") else "ceiling" if self.bounds is None else "share"

    def bound_at(self, years: np.ndarray | float) -> np.ndarray:
        """Bound at decimal years, linear between its dates and constant outside them; 1 without a bound."""
        return np.ones(np.shape(years)) if self.bounds is None else np.interp(years, self.years, self.bounds)


def read_ceiling(ceiling: float | Share | SharePrior | None, times: Dates) -> Ceiling:
    """Turn the argument `ceiling` of a model, observed at times (n,), into a `Ceiling`.

    Raises
    ------
    CurveError
        For a ceiling, share, bound or prior out of range.
    """
    if ceiling is None:
        return Ceiling("free", np.nan)
    if isinstance(ceiling, Share):
        if ceiling.share is None:
            return Ceiling("free", np.nan, *_read_bound(ceiling.bound, times))
        share = read_positive(ceiling.share, "the share")
        if share > LARGEST_SHARE:
            raise CurveError(f"the share is {share:g} times the bound; the bound comes first, as in Share(100, 0.75)")
        return Ceiling("share", share, *_read_bound(ceiling.bound, times))
    if isinstance(ceiling, SharePrior):
        mean, sd = (float(read_numbers(part, "the prior")) for part in (ceiling.mean_logit, ceiling.sd_logit))
        if not (abs(mean) <= MAX_LOGIT and 0 < sd <= MAX_LOGIT):
            raise CurveError(
                f"mean_logit is {mean:g} and sd_logit of the prior {sd:g}; the mean must lie between {-MAX_LOGIT:g} "
                f"and {MAX_LOGIT:g}, the sd above 0 and up to {MAX_LOGIT:g}. The bound comes first: "
                "SharePrior(100, mean_logit=1.1, sd_logit=0.5), or SharePrior.from_mean(100, mean=0.75, sd=0.1)"
            )
        prior = (mean, sd)
        return Ceiling("prior", np.nan, *_read_bound(ceiling.bound, times), prior)
    if np.ndim(ceiling):
        raise CurveError("a ceiling is one number; for a bound that moves use ceiling=Share(bound, share)")
    return Ceiling("known", read_positive(ceiling, "the ceiling"))


def _read_bound(bound: Bound, times: Dates) -> tuple[np.ndarray, np.ndarray]:
    if np.ndim(bound) == 0:
        return np.array([0.0]), np.array([read_positive(bound, "the bound")])
    if isinstance(bound, pd.Series):
        at = years_among(bound.index, is_dated(times), "the index of the bound")
        values = read_numbers(bound, "the bound")
        if is_dated(bound.index):
            check_observed(at[np.isfinite(values)], "the bound")
    else:
        at, values = decimal_years(times), read_numbers(bound, "the bound")
        if at.shape != values.shape:
            raise CurveError(f"the bound has {len(values)} values for {len(at)} observations; give a Series over dates")
    kept = np.isfinite(values) & np.isfinite(at)
    if not kept.any() or (values[kept] <= 0).any():
        raise CurveError("the bound needs values above 0")
    order = np.argsort(at[kept], kind="stable")
    return at[kept][order], values[kept][order]
