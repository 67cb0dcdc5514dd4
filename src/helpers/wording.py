"""Numbers of things in sentences, in the singular or the plural."""

from __future__ import annotations


def say_count(number: float, one: str, many: str = "") -> str:
    """A number with the word for what it counts; `many` is `one` with an s unless given.

    >>> say_count(1, "year"), say_count(0.5, "year"), say_count(1200, "technology", "technologies")
    ('1 year', '0.5 years', '1,200 technologies')
    """
    return f"{number:,.10g} {one if number == 1 else many or f'{one}s'}"
