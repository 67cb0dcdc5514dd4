"""Checked input of a model: values, dates, weights, launch and ceiling."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import REAL, CurveError, Dates, check_observed, decimal_years, is_dated, years_among
from ..base.limit import Limit
from ..base.numbers import read_numbers
from .errors import KINDS

GivenLimit: TypeAlias = float | Limit | pd.Series | np.ndarray | Sequence[Any]
"""Limit of a share: one number, a `Limit` or a series over dates, or a value for each observation."""
_LARGEST_SHARE = 10.0
"""A larger one is a limit in the place of a share."""


def _read_positive(value: Any, what: str) -> float:
    """Number above 0.

    Raises
    ------
    CurveError
        For anything else.
    """
    if not isinstance(value, REAL) or not 0 < value < np.inf:
        raise CurveError(f"{what} is {value}; it must be a number above 0")
    return float(value)


def read_floor(floor: float | None, published: np.ndarray) -> float:
    """What no ceiling lies below: the number, or where there is none the highest of the figures; never below 0.

    Parameters
    ----------
    floor : float or None
        In the unit of the series.
    published : ndarray (n,)
        Figures, in that unit.

    Returns
    -------
    float
        In that unit.

    Raises
    ------
    CurveError
        For anything but a number of 0 or more.
    """
    if floor is None:
        return max(float(np.max(published)), 0.0)
    if isinstance(floor, bool) or not isinstance(floor, REAL) or not 0 <= floor < np.inf:
        raise CurveError(f"floor is {floor!r}; it is the highest figure published, 0 for none, or None")
    return float(floor)


def check_alpha(alpha: float) -> None:
    """Refuse what is no one minus a level.

    Raises
    ------
    CurveError
        Unless alpha lies between 0 and 1.
    """
    if not (isinstance(alpha, REAL) and 0 < alpha < 1):
        raise CurveError(f"alpha is {alpha!r}; it is one minus the level, between 0 and 1, so 0.05 for 95%")


def check_errors(errors: str | None) -> None:
    """Refuse what cannot be said of errors.

    Raises
    ------
    CurveError
        For an unknown kind.
    """
    if errors not in KINDS:
        raise CurveError(f"errors={errors!r} is unknown; choose None, 'independent', 'persistent' or 'cumulative'")


def read_observations(
    endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any], exog: Dates | None
) -> tuple[np.ndarray, Dates]:
    """Values (n,) and their dates, from a series with dates as index or from two columns of equal length.

    Parameters
    ----------
    endog : Series, DataFrame of one column, or array-like (n,)
        Figures, in any one unit.
    exog : sequence of dates or decimal years (n,), or None
        None takes the index of `endog`.

    Returns
    -------
    ndarray (n,) and dates (n,)

    Raises
    ------
    CurveError
        For several series, values without dates, or lengths that differ.
    """
    if isinstance(endog, pd.DataFrame):
        if endog.shape[1] != 1:
            raise CurveError(f"endog has {endog.shape[1]} columns; give one series")
        endog = endog.iloc[:, 0]
    if exog is None:
        if not isinstance(endog, pd.Series):
            raise CurveError(
                "endog has no dates: give a Series with dates as index, or exog with dates or decimal years"
            )
        exog = endog.index
    values, shape = read_numbers(endog, "endog"), np.shape(exog)
    if values.ndim != 1 or shape != values.shape:
        raise CurveError(f"endog has shape {values.shape} and exog {shape}; both must be one column of equal length")
    return values, exog


def read_weights(given: np.ndarray | Sequence[Any], kept: np.ndarray, size: int, what: str) -> np.ndarray:
    """Weights or standard errors of the observations that are kept.

    Parameters
    ----------
    given : array-like (n,)
        Weights (without unit) or standard errors (in the unit of the series), one for each figure.
    kept : ndarray of int (m,)
        Places of the figures that are kept.
    size : int
        How many figures there are, n.
    what : str
        The argument's name, for the message.

    Returns
    -------
    ndarray (m,)
        In the unit of `given`.

    Raises
    ------
    CurveError
        Unless there is a finite number above 0 for each of them.
    """
    weights = read_numbers(given, what)
    if weights.shape != (size,):
        raise CurveError(f"{what} has shape {weights.shape}; it must have one number for each of the {size} figures")
    weights = weights[kept]
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise CurveError(f"{what} must be finite and above 0; where an observation has none, leave it out")
    return weights


@dataclass(frozen=True)
class Share:
    """The ceiling is a share of a known limit, which may move.

    Parameters
    ----------
    limit : number, Series over dates or decimal years, or array like the observations, in the units of the values
    share : fraction above 0, at most 10, or None: the share is free and estimated
    """

    limit: GivenLimit
    share: float | None = None


@dataclass(frozen=True)
class _Ceiling:
    """Known ceiling, as a number or as a share of a limit."""

    kind: str  # free, known or share
    level: float  # the known number or share; NaN where it is estimated
    limit: Limit | None = None  # by decimal year

    @property
    def name(self) -> str:
        """Name of the estimated parameter, "" where nothing is estimated."""
        return "" if self.kind in ("known", "share") else "ceiling" if self.limit is None else "share"

    def limit_at(self, years: np.ndarray | float) -> np.ndarray:
        """GivenLimit at decimal years, linear between its dates and constant outside them; 1 without a limit."""
        return np.ones(np.shape(years)) if self.limit is None else self.limit.at(years)


def read_ceiling(ceiling: float | Share | None, times: Dates) -> _Ceiling:
    """Turn the argument `ceiling` of a model, observed at times (n,), into a `_Ceiling`.

    Raises
    ------
    CurveError
        For a ceiling, share or limit out of range.
    """
    if ceiling is None:
        return _Ceiling("free", np.nan)
    if isinstance(ceiling, Share):
        if ceiling.share is None:
            return _Ceiling("free", np.nan, _read_limit(ceiling.limit, times))
        share = _read_positive(ceiling.share, "the share")
        if share > _LARGEST_SHARE:
            raise CurveError(f"the share is {share:g} times the limit; the limit comes first, as in Share(100, 0.75)")
        return _Ceiling("share", share, _read_limit(ceiling.limit, times))
    if np.ndim(ceiling):
        raise CurveError("a ceiling is one number; for a limit that moves use ceiling=Share(limit, share)")
    return _Ceiling("known", _read_positive(ceiling, "the ceiling"))


def _read_limit(limit: GivenLimit, times: Dates) -> Limit:
    """The limit by decimal year."""
    if isinstance(limit, Limit):
        limit = limit.values
    if np.ndim(limit) == 0:
        return Limit(pd.Series([_read_positive(limit, "the limit")], [0.0]))
    if isinstance(limit, pd.Series):
        at = years_among(limit.index, is_dated(times), "the index of the limit")
        values = read_numbers(limit, "the limit")
        if is_dated(limit.index):
            check_observed(at[np.isfinite(values)], "the limit")
    else:
        at, values = decimal_years(times), read_numbers(limit, "the limit")
        if at.shape != values.shape:
            raise CurveError(f"the limit has {len(values)} values for {len(at)} observations; give a Series over dates")
    kept = np.isfinite(values) & np.isfinite(at)
    if not kept.any() or (values[kept] <= 0).any():
        raise CurveError("the limit needs values above 0")
    return Limit(pd.Series(values[kept], at[kept]).sort_index(kind="stable"))
