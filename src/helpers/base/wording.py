"""Sentences: numbers of things, large numbers, units, days, names in code, and where a series ends."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any


def say_count(number: float, one: str, many: str = "") -> str:
    """A number with the word for what it counts; `many` is `one` with an s unless given.

    >>> say_count(1, "year"), say_count(0.5, "year"), say_count(1200, "technology", "technologies")
    ('1 year', '0.5 years', '1,200 technologies')
    """
    return f"{number:,.10g} {one if number == 1 else many or f'{one}s'}"


LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def say_large(number: float) -> str:
    """A number from a million on in three digits and a word; "" for smaller ones, which are plainer in digits.

    >>> say_large(9_400_000), say_large(1.2345e9), say_large(640)
    ('9.4 million', '1.23 billion', '')
    """
    for size, word in LARGE:
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


def say_name(name: str) -> str:
    """A name in the code (of a family, a method, a side) within a sentence; those of people keep their capital.

    >>> say_name("shifted_gompertz"), say_name("logistic_prior"), say_name("gamma_gompertz"), say_name("at_least")
    ('shifted Gompertz', 'logistic prior', 'gamma/shifted Gompertz', 'at least')
    """
    words = name.replace("gamma_", "gamma/shifted ").replace("_", " ")
    return re.sub(r"\b(gompertz|bass|weibull|richards)\b", lambda person: person[1].capitalize(), words)


def say_first(text: str) -> str:
    """A text for the beginning of a line: its first letter is a capital, the others stay.

    >>> say_first("gamma/shifted Gompertz")
    'Gamma/shifted Gompertz'
    """
    return text[:1].upper() + text[1:]


def add_entity(title: str, entity: str) -> str:
    """A title with its entity, unless that is in it.

    >>> add_entity("Internet users", "China"), add_entity("US firms that use AI", "US")
    ('Internet users, China', 'US firms that use AI')
    """
    return title if entity in title else f"{title}, {entity}"


def say_at(cumulative: bool) -> str:
    """The word before the date of a figure: 12 million users in June, 12 million sold by June."""
    return "by" if cumulative else "in"


def say_odds(level: float) -> str:
    """The level of a band as odds in the smallest whole numbers.

    >>> say_odds(0.8), say_odds(0.5), say_odds(0.95), say_odds(0.67), say_odds(0.975)
    ('4 in 5', '1 in 2', '19 in 20', '67 in 100', '39 in 40')
    """
    odds = Fraction(f"{level:.10g}")
    return f"{odds.numerator} in {odds.denominator}"


DECLINED = "below its peak"
"""In the place of a verdict on the ceiling of a series that falls: curves that only rise were not asked."""


def say_unit(unit: str) -> str:
    """A unit behind a number: shares get a sign.

    >>> say_unit("percent of adults"), say_unit("million persons"), say_unit("percentage points")
    (' %', ' million persons', ' percentage points')
    """
    if unit.startswith("percent") and unit != "percentage points":
        return " %"
    return f" {unit}" if unit else ""


def say_end(found: Any, unit: str) -> str:
    """Where a series ends, as every page, figure and panel says it; without a capital and a full stop.

    Parameters
    ----------
    found : Assessment, or a row of the table 03_ceiling
        With the attributes verdict, sentence, note, reason, high and bound.
    unit : str

    Returns
    -------
    str
    """
    said = f"{found.sentence}{say_unit(unit)}"
    words = {
        "levels off": f"as far as the curves describe the figures, growth {say_span_of_end(found, unit)}",
        "depends on the curve": f"where growth ends depends on the curve, {say_span_of_end(found, unit)}",
        "beyond the limit": f"where growth ends, the figures do not say: the curves put the end {said}",
        DECLINED: "the figures lie well below their peak, and curves of adoption, which only rise, do not apply",
    }
    reason = f" ({found.reason})" if found.reason else ""
    return words.get(found.verdict, f"where growth ends, the figures do not say{reason}")


def say_span_of_end(found: Any, unit: str) -> str:
    """The range of an end that is known or depends on the curve, and what it is the end of; as for `say_end`."""
    beyond = " (in part beyond the bound)" if found.high > found.bound else ""
    return f"{found.sentence}{say_unit(unit)}{beyond}: the end {found.note}"


JOINED = (
    "The range joins the 95 % intervals of the logistic and the Gompertz curve, "
    "for independent and for persistent errors."
)
"""What the range of an end is made of."""
