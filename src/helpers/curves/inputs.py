"""What people give a model, read and checked: values, dates, weights, bounds that are observations, a launch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import REAL, CurveError, Dates, Times, years_among
from .error_models import KINDS

LARGEST = 1e60


def read_positive(value: Any, what: str) -> float:
    """One number above 0.

    Raises
    ------
    CurveError
        For anything else.
    """
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CurveError(f"{what} is {value!r}; it must be a number above 0, or None where it is free") from None
    if not (np.isfinite(number) and number > 0):
        raise CurveError(f"{what} is {number:g}; it must be a number above 0")
    return number


def check_alpha(alpha: float) -> None:
    """Refuse what is no one minus a level.

    Raises
    ------
    CurveError
        Unless alpha lies between 0 and 1.
    """
    if not (isinstance(alpha, REAL) and 0 < alpha < 1):
        raise CurveError(f"alpha is {alpha!r}; it is one minus the level, between 0 and 1, so 0.05 for 95 %")


def check_errors(errors: str | None) -> None:
    """Refuse what cannot be said of errors.

    Raises
    ------
    CurveError
        For an unknown kind.
    """
    if errors not in KINDS:
        raise CurveError(f"errors={errors!r} is unknown; choose None, 'independent' or 'cumulative'")


def read_numbers(values: Any, what: str) -> np.ndarray:
    """Real numbers as floats, NaN among them.

    Raises
    ------
    CurveError
        For anything else: texts, complex numbers, infinities.
    """
    try:
        raw = np.asarray(values)
        if raw.dtype.kind in "bcmM":
            raise TypeError(f"{raw.dtype} is no kind of real number")
        numbers = raw.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        raise CurveError(f"{what} must be numbers: {error}") from None
    if np.isinf(numbers).any():
        raise CurveError(f"{what} has an infinite value; leave it out, or write NaN")
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    if len(sizes) and not 1 / LARGEST < sizes.max() < LARGEST:
        raise CurveError(
            f"{what} reaches {sizes.max():.3g}; from {1 / LARGEST:g} to {LARGEST:g} can be computed with: choose "
            "another unit"
        )
    return numbers


def read_launch(launch: Times, dated: bool) -> float:
    """The launch as a decimal year, for observations with dates or with numbers.

    Raises
    ------
    CurveError
        For anything but one date or number.
    """
    years = years_among(launch, dated, "the launch")
    if years.size != 1 or not np.isfinite(years).all():
        raise CurveError(f"the launch is {launch!r}; it must be one date or decimal year, or None")
    return float(years.item())


def read_observations(
    endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any], exog: Dates | None
) -> tuple[np.ndarray, Dates]:
    """Values (n,) and their dates, from a series with dates as index or from two columns of equal length.

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


def read_weights(given: np.ndarray | Sequence[Any] | None, kept: np.ndarray, what: str) -> np.ndarray | None:
    """Weights or standard errors of the observations that are kept, (n,); None where none are given.

    Raises
    ------
    CurveError
        Unless there is a finite number above 0 for each of them.
    """
    if given is None:
        return None
    weights = read_numbers(given, "weights")
    if weights.shape != kept.shape:
        raise CurveError(
            f"{what} has shape {weights.shape}; it must have one number for each of the {len(kept)} observations"
        )
    weights = weights[kept]
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise CurveError(f"{what} must be finite and above 0; where an observation has none, leave it out")
    return weights
