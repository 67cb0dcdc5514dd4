"""What is known of the ceiling: nothing, a number, a share of a bound, or a prior on that share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from helpers.curves.dates import decimal_years
from helpers.curves.errors import CurveError

Bound: TypeAlias = float | pd.Series | np.ndarray | Sequence[Any]
"""What a ceiling is a share of: one number, a series over dates, or a value for each observation."""


@dataclass(frozen=True)
class Share:
    """The ceiling is a share of a known bound, which may move.

    Parameters
    ----------
    bound : number, Series over dates or decimal years, or array like the observations, in the units of the values
    share : fraction above 0, or None: the share is free and estimated
    """

    bound: Bound
    share: float | None = None


@dataclass(frozen=True)
class SharePrior:
    """The logit of the ceiling's share of a known bound is normal a priori.

    Parameters
    ----------
    bound : as in `Share`
    mean_logit, sd_logit : mean and standard deviation of log(share / (1 - share)); sd above 0
    """

    bound: Bound
    mean_logit: float
    sd_logit: float


@dataclass(frozen=True)
class Ceiling:
    """A ceiling ready for the engine."""

    kind: str  # free, known, share or prior
    level: float  # the known number or share; NaN where it is estimated
    years: np.ndarray | None = None  # of the bound
    bounds: np.ndarray | None = None
    prior: dict[str, tuple[float, float]] | None = None

    @property
    def name(self) -> str:
        """Name of the estimated parameter, "" where nothing is estimated."""
        return "" if self.kind in ("known", "share") else "ceiling" if self.bounds is None else "share"

    def bound_at(self, years: np.ndarray | float) -> np.ndarray | None:
        """Bound at decimal years, linear between its dates and constant outside them; None without a bound."""
        return None if self.bounds is None else np.interp(years, self.years, self.bounds)


def read_ceiling(ceiling: float | Share | SharePrior | None, years: np.ndarray) -> Ceiling:
    """Turn the argument `ceiling` of a model, observed at decimal years (n,), into a `Ceiling`.

    Raises
    ------
    CurveError
        For a ceiling, share, bound or prior out of range.
    """
    if ceiling is None:
        return Ceiling("free", np.nan)
    if isinstance(ceiling, Share):
        if ceiling.share is None:
            return Ceiling("free", np.nan, *_read_bound(ceiling.bound, years))
        return Ceiling("share", _positive(ceiling.share, "the share"), *_read_bound(ceiling.bound, years))
    if isinstance(ceiling, SharePrior):
        spread = _positive(ceiling.sd_logit, "sd_logit of the prior")
        prior = {"share": (float(ceiling.mean_logit), spread)}
        return Ceiling("prior", np.nan, *_read_bound(ceiling.bound, years), prior)
    if np.ndim(ceiling):
        raise CurveError("a ceiling is one number; for a bound that moves use ceiling=Share(bound, share)")
    return Ceiling("known", _positive(ceiling, "the ceiling"))


def _positive(value: Any, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CurveError(f"{what} is {value!r}; it must be a number above 0, or None where it is free") from None
    if not (np.isfinite(number) and number > 0):
        raise CurveError(f"{what} is {number:g}; it must be a number above 0")
    return number


def _read_bound(bound: Bound, years: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    if np.ndim(bound) == 0:
        return np.array([0.0]), np.array([_positive(bound, "the bound")])
    if isinstance(bound, pd.Series):
        at, values = decimal_years(bound.index), bound.to_numpy(float)
    else:
        at, values = years, np.asarray(bound, float)
        if len(at) != len(values):
            raise CurveError(f"the bound has {len(values)} values for {len(at)} observations; give a Series over dates")
    kept = np.isfinite(values)
    if not kept.any() or (values[kept] <= 0).any():
        raise CurveError("the bound needs values above 0")
    order = np.argsort(at[kept], kind="stable")
    return at[kept][order], values[kept][order]
