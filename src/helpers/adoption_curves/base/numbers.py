"""Check and convert the numbers passed to curves and forecasts."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dates import CurveError

_MAX_SIZE = 1e60


def read_numbers(values: Any, what: str) -> np.ndarray:
    """Real numbers as an array of floats; NaN is allowed.

    Raises
    ------
    CurveError
        If an item is a text, a truth value, a complex number or infinite, or too large or small to compute with.
    """
    try:
        raw = np.asarray(values)
        plain = raw.dtype == object or not hasattr(values, "dtype")  # a list of numbers and truth values has a type
        truth = plain and any(isinstance(each, bool | np.bool_) for each in np.ravel(np.asarray(values, object)))
        if truth or raw.dtype.kind in "bcmM":
            raise TypeError(f"{'a truth value' if truth else raw.dtype} is not a real number")
        numbers = raw.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        raise CurveError(f"{what} must be numbers: {error}") from None
    if np.isinf(numbers).any():
        raise CurveError(f"{what} has an infinite value. Remove it, or write NaN.")
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    if len(sizes) and not 1 / _MAX_SIZE < sizes.max() < _MAX_SIZE:
        raise CurveError(
            f"the largest number in {what} is {sizes.max():.3g}; it must be between {1 / _MAX_SIZE:g} and "
            f"{_MAX_SIZE:g}. Use another unit."
        )
    return numbers
