"""Levels of prediction intervals, their quantiles, and the level that texts and tables quote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any

from .formats import quote

# Default levels of the prediction intervals.
LEVELS = (0.5, 0.8, 0.9)
# Level that is quoted if it is available.
_QUOTED_LEVEL = 0.8
# Quantile levels of a registered forecast: we have too few technologies to test levels outside 0.05 to 0.95.
RECORDED = tuple(round(0.05 * step, 2) for step in range(1, 20))


def quoted_level(levels: Sequence[float]) -> float:
    """Level that sentences, key numbers and milestones quote: the closest to 0.8, and the higher of two as close.

    >>> quoted_level([0.5, 0.8, 0.95]), quoted_level([0.7, 0.9]), quoted_level([0.5])
    (0.8, 0.9, 0.5)
    """
    return min(levels, key=lambda level: (round(abs(level - _QUOTED_LEVEL), 9), -level))


def read_shares(name: str, shares: Any) -> tuple[float, ...]:
    """Numbers between 0 and 1 as a tuple.

    Raises
    ------
    ValueError
        If an item is not a number between 0 and 1; the message names the argument.
    """
    listed = list(shares) if isinstance(shares, Iterable) and not isinstance(shares, str) else None
    wrong = [shares] if listed is None else [x for x in listed if not isinstance(x, Real) or not 0 < float(x) < 1]
    if listed is None or wrong:
        raise ValueError(f"{name} must be a list of shares between 0 and 1, such as [0.8], got {quote(wrong[0])}")
    return tuple(float(each) for each in listed)


def check_levels(levels: Any) -> tuple[float, ...]:
    """Levels of prediction intervals, in their order, if tables can tell them apart.

    Raises
    ------
    ValueError
        If there is no level, one is not between 0 and 1, or two have the same quantiles in the digits of the tables.

    >>> check_levels([0.8, 0.5])
    (0.8, 0.5)
    """
    shares = read_shares("levels", levels)
    if not shares:
        raise ValueError("levels is empty; pass at least one level, such as 0.8")
    for level in shares:
        low, high = band_ends(level)
        if not 0 < low < 0.5 < high < 1:
            raise ValueError(f"levels contains {level!r}, too close to 0 or 1 for tables; use 0.5 or 0.8, for example")
    for lower, upper in pairwise(sorted(shares)):
        if set(band_ends(lower)) & set(band_ends(upper)):
            raise ValueError(f"levels contains {lower!r} and {upper!r}, which are the same in tables. Remove one.")
    return shares


def band_ends(level: float) -> tuple[float, float]:
    """Quantile levels of both ends of a central interval, rounded to the six digits of column names.

    >>> band_ends(0.8)
    (0.1, 0.9)
    """
    return float(f"{(1 - level) / 2:g}"), float(f"{(1 + level) / 2:g}")


def band_columns(level: float) -> tuple[str, str]:
    """Names of the columns with both ends of a central interval.

    >>> band_columns(0.95)
    ('q0.025', 'q0.975')
    """
    low, high = band_ends(level)
    return f"q{low:g}", f"q{high:g}"


def format_level(level: float) -> str:
    """A level as text.

    >>> format_level(0.8)
    '80%'
    """
    return f"{100 * level:g}%"
