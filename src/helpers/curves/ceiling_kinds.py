"""What may be known of a ceiling: nothing, a number, or a share of a bound."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import CurveError, Dates, check_observed, decimal_years, is_dated, years_among
from .inputs import read_numbers, read_positive

Bound: TypeAlias = float | pd.Series | np.ndarray | Sequence[Any]
"""What a ceiling is a share of: one number, a series over dates, or a value for each observation."""
LARGEST_SHARE = 10.0
"""A larger one is a bound in the place of a share."""


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
class Ceiling:
    """A ceiling as the engine takes it."""

    kind: str  # free, known or share
    level: float  # the known number or share; NaN where it is estimated
    years: np.ndarray | None = None  # of the bound
    bounds: np.ndarray | None = None

    @property
    def name(self) -> str:
        """Name of the estimated parameter, "" where nothing is estimated."""
        return "" if self.kind in ("known", "share") else "ceiling" if self.bounds is None else "share"

    def bound_at(self, years: np.ndarray | float) -> np.ndarray:
        """Bound at decimal years, linear between its dates and constant outside them; 1 without a bound."""
        return np.ones(np.shape(years)) if self.bounds is None else np.interp(years, self.years, self.bounds)


def read_ceiling(ceiling: float | Share | None, times: Dates) -> Ceiling:
    """Turn the argument `ceiling` of a model, observed at times (n,), into a `Ceiling`.

    Raises
    ------
    CurveError
        For a ceiling, share or bound out of range.
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
