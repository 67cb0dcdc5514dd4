"""Numbers of things in sentences, in the singular or the plural, large numbers in words, and days."""

from __future__ import annotations

from typing import Any


def say_count(number: float, one: str, many: str = "") -> str:
    """A number with the word for what it counts; `many` is `one` with an s unless given.

    >>> say_count(1, "year"), say_count(0.5, "year"), say_count(1200, "technology", "technologies")
    ('1 year', '0.5 years', '1,200 technologies')
    """
    return f"{number:,.10g} {one if number == 1 else many or f'{one}s'}"


def say_large(number: float) -> str:
    """A number from a million on in three digits and a word; "" for smaller ones, which are plainer in digits.

    >>> say_large(9_400_000), say_large(1.2345e9), say_large(640)
    ('9.4 million', '1.23 billion', '')
    """
    for size, word in ((1e12, "trillion"), (1e9, "billion"), (1e6, "million")):
        if 0.9995 * size <= abs(number) < 999.5 * size:
            return f"{number / size:.3g} {word}"
    return ""


def say_day(date: Any) -> str:
    """A day in a sentence.

    >>> from datetime import date
    >>> say_day(date(2026, 9, 29))
    '29 September 2026'
    """
    return f"{date.day} {date:%B %Y}"
