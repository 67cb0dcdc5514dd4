"""Levels of prediction intervals, their quantiles, and the level that texts and tables quote."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any

from .formats import quote

LEVELS = (0.5, 0.8, 0.9)
"""Coverage of the ranges unless others are asked for."""
_QUOTED_LEVEL = 0.8
"""The level that is quoted if it's among those asked for."""
RECORDED = tuple(round(0.05 * step, 2) for step in range(1, 20))
"""Quantile levels of a registered forecast: too few technologies bear out what lies outside .05 to .95."""


def quoted_level(levels: Sequence[float]) -> float:
    """The level that sentences, key numbers and milestones quote: the one nearest to `_QUOTED_LEVEL`, of two the wider.

    >>> quoted_level([0.5, 0.8, 0.95]), quoted_level([0.7, 0.9]), quoted_level([0.5])
    (0.8, 0.9, 0.5)
    """
    return min(levels, key=lambda level: (round(abs(level - _QUOTED_LEVEL), 9), -level))


def read_shares(name: str, shares: Any) -> tuple[float, ...]:
    """Numbers between 0 and 1.

    Raises
    ------
    ValueError
        For anything else; it names the argument.
    """
    listed = list(shares) if isinstance(shares, Iterable) and not isinstance(shares, str) else None
    wrong = [shares] if listed is None else [x for x in listed if not isinstance(x, Real) or not 0 < float(x) < 1]
    if listed is None or wrong:
        raise ValueError(f"{name} are shares between 0 and 1 in a list, such as [0.8], not {quote(wrong[0])}")
    return tuple(float(each) for each in listed)


def check_levels(levels: Any) -> tuple[float, ...]:
    """Levels of prediction intervals with different names in tables, in the order given.

    Raises
    ------
    ValueError
        If there is none, one is no share, or two share an end in the digits that tables write.

    >>> check_levels([0.8, 0.5])
    (0.8, 0.5)
    """
    found = read_shares("levels", levels)
    if not found:
        raise ValueError("levels is empty; give one level at least, such as 0.8")
    for level in found:
        low, high = band_ends(level)
        if not 0 < low < 0.5 < high < 1:
            raise ValueError(f"levels has {level!r}, which tables would write as a range from {low:g} to {high:g}")
    for lower, upper in pairwise(sorted(found)):
        if set(band_ends(lower)) & set(band_ends(upper)):
            raise ValueError(f"levels has {lower!r} and {upper!r}, the same range in tables; leave one out")
    return found


def band_ends(level: float) -> tuple[float, float]:
    """Quantile levels of both ends of the central range, in the six digits that the names of columns have.

    >>> band_ends(0.8)
    (0.1, 0.9)
    """
    return float(f"{(1 - level) / 2:g}"), float(f"{(1 + level) / 2:g}")


def band_columns(level: float) -> tuple[str, str]:
    """Columns of both ends of the central interval in a forecast's table.

    >>> band_columns(0.95)
    ('q0.025', 'q0.975')
    """
    low, high = band_ends(level)
    return f"q{low:g}", f"q{high:g}"


def format_level(level: float) -> str:
    """A level in words.

    >>> format_level(0.8)
    '80%'
    """
    return f"{100 * level:g}%"
