"""Levels of a forecast's bands, the quantiles at their ends, and what sentences and shown tables quote of several."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

LEVELS = (0.5, 0.8, 0.95)
"""Coverage of the bands unless others are asked for."""
QUOTED = 0.8
"""The level that is quoted if it's among those asked for."""


def quoted_level(levels: Sequence[float]) -> float:
    """The level that sentences, key numbers and milestones quote: the one nearest to `QUOTED`, of two the wider.

    >>> quoted_level([0.5, 0.8, 0.95]), quoted_level([0.7, 0.9]), quoted_level([0.5])
    (0.8, 0.9, 0.5)
    """
    return min(levels, key=lambda level: (round(abs(level - QUOTED), 9), -level))


def quoted_window(lengths: Iterable[int], points: int) -> int:
    """The length of the backtest's windows that is quoted for a series of so many points: the longest that it fills.

    >>> quoted_window([3, 4, 6, 8], 5), quoted_window([4, 6], 3)
    (4, 4)
    """
    lengths = list(lengths)
    return max((length for length in lengths if length <= points), default=min(lengths))


def band_ends(level: float) -> tuple[float, float]:
    """Quantile levels of both ends of the central band.

    >>> band_ends(0.8)
    (0.1, 0.9)
    """
    return round((1 - level) / 2, 10), round((1 + level) / 2, 10)


def band_columns(level: float) -> tuple[str, str]:
    """Columns of a forecast's table that hold both ends of the central band.

    >>> band_columns(0.95)
    ('q0.025', 'q0.975')
    """
    low, high = band_ends(level)
    return f"q{low:g}", f"q{high:g}"


def say_level(level: float) -> str:
    """A level in words.

    >>> say_level(0.8)
    '80 %'
    """
    return f"{100 * level:g} %"
