"""Words and numbers in sentences: counts, units, days, names, ranges, and quotes of what others wrote."""

from __future__ import annotations

import html
import math
import re
from typing import Any

from .columns import UNNAMED

# Control characters, marks that steer the direction of text, marks without width, letters that look empty, halves of
# pairs, and the sign of a lost letter. U+200C and U+200D, which Persian and Indian names need, are text.
UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffd\ufffe\uffff\U000e0000-\U000e01ef]"
)
_HALVES = re.compile("[\ud800-\udfff]")
"""Halves of pairs, which JSON may hold and no file takes."""
SHOWN_CHARACTERS = 80  # of one value or name
MAX_CHARACTERS = 5_000  # of one text that a page or a figure shows


def quote(value: Any) -> str:
    """Quote a value; a long one is shortened, with its length."""
    try:
        text = shorten(repr(value).replace("\n", " "))
    except ValueError:  # Python writes no whole number of more than 4300 digits
        text = f"a {type(value).__name__} of more than 4300 digits"
    return f"{text} ({len(value):,} characters)" if isinstance(value, str) and len(value) > SHOWN_CHARACTERS else text


def shorten(text: str, longest: int = SHOWN_CHARACTERS) -> str:
    """Cut a text that others wrote, so that a message stays readable."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def clean(value: Any, longest: int = MAX_CHARACTERS) -> Any:
    """A value of JSON, or a text, that anybody may have written: no text in it is long, or holds halves of pairs."""
    if isinstance(value, dict):
        return {clean(name, longest): clean(part, longest) for name, part in value.items()}
    if isinstance(value, list):
        return [clean(part, longest) for part in value]
    if not isinstance(value, str):
        return value
    return shorten(value if value.isascii() else _HALVES.sub("\N{REPLACEMENT CHARACTER}", value), longest)


def escape(text: str) -> str:
    """Write characters that nobody sees, or that steer a terminal, as their codes."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def format_count(number: float, one: str, many: str = "") -> str:
    """A number with the word for what it counts; `many` is `one` with an s unless given.

    >>> format_count(1, "year"), format_count(0.5, "year"), format_count(1200, "technology", "technologies")
    ('1 year', '0.5 years', '1,200 technologies')
    """
    return f"{number:,.15g} {one if number == 1 else many or f'{one}s'}"


def format_horizon(years: float) -> str:
    """A horizon in words.

    >>> format_horizon(0.5), format_horizon(5.0)
    ('half a year', '5 years')
    """
    return "half a year" if years == 0.5 else format_count(years, "year")


def format_amount(number: float, unit: str) -> str:
    """A number as exact as it was given, with its unit in full.

    >>> format_amount(2e6, "people"), format_amount(48.2, "percent of adults"), format_amount(1125.3, "million people")
    ('2,000,000 people', '48.2 percent of adults', '1,125.3 million people')
    >>> format_amount(12_345_678_901, "tokens"), say(40_000_000_000_000)
    ('12,345,678,901 tokens', '40,000,000,000,000')
    """
    return f"{number:,.15g} {unit}".strip()


def format_day(date: Any) -> str:
    """A day in a sentence.

    >>> from datetime import date
    >>> format_day(date(2026, 9, 29))
    '29 September 2026'
    """
    return f"{date.day} {date:%B %Y}"


def format_name(name: str) -> str:
    """A name in the code (of a family, a method, a side) within a sentence; those of people keep their capital.

    >>> format_name("gompertz"), format_name("damped_holt"), format_name("at_least")
    ('Gompertz', 'damped Holt', 'at least')
    """
    words = name.replace("_", " ")
    return re.sub(r"\b(gompertz|bass|holt)\b", lambda person: person[1].capitalize(), words)


def capitalize_first(text: str) -> str:
    """A text for the beginning of a line: its first letter is a capital, the others stay.

    >>> capitalize_first("gamma/shifted Gompertz")
    'Gamma/shifted Gompertz'
    """
    return text[:1].upper() + text[1:]


def add_entity(title: str, entity: str) -> str:
    """A title with its entity, unless that or its initials are in it.

    >>> add_entity("Internet users", "China"), add_entity("US firms that use AI", "United States")
    ('Internet users, China', 'US firms that use AI')
    """
    initials = "".join(re.findall(r"\b[A-Z]", entity))
    named = entity in title or (len(initials) > 1 and initials in title.split())
    return title if named or entity == UNNAMED else f"{title}, {entity}"


def of_entity(name: str, entity: str) -> str:
    """A name with the entity that it is of, unless own data name none.

    >>> of_entity("users", "China"), of_entity("users", "own data")
    ('users of China', 'users')
    """
    return name if entity == UNNAMED else f"{name} of {entity}"


def find_preposition(measure: str) -> str:
    """The word before the date of a figure: 12 users in June, 12 cars sold so far by June, 12 cars in 2025."""
    return "by" if measure == "cumulative" else "in"


def mark_chinese(text: str) -> str:
    """Words as HTML, in which Chinese ones say so: browsers choose letters by it, and readers aloud their voice.

    >>> mark_chinese("by 2030 (“超90%”)")
    'by 2030 (“<span lang="zh-Hans">超90%</span>”)'
    """
    chinese = r"[\u3400-\u9fff][\u3000-\u303f\u3400-\u9fff\uff00-\uffef\d%.]*"
    return re.sub(chinese, lambda words: f'<span lang="zh-Hans">{words[0]}</span>', html.escape(text))


FLOW = "a flow"
"""In the place of a verdict on the saturation level of a flow: curves of what is in use say nothing of a year's."""
NO_FORECAST = "no forecast: it has fallen"
"""What is said of a series that has fallen where a forecast would stand."""
GIVES_RANGE = "How many could there be at most? {} gives one."
"""What would give a forecast a range, with the way to say it in braces."""


def format_unit(unit: str) -> str:
    """A unit behind a number: shares get a sign.

    >>> format_unit("percent of adults"), format_unit("million people"), format_unit("percentage points")
    ('%', ' million people', ' percentage points')
    """
    if unit.startswith("percent") and unit != "percentage points":
        return "%"
    if unit.startswith("index"):  # captions name it
        return ""
    return f" {unit}" if unit else ""


def format_bound(row: Any, unit: str = "", bare: bool = False, own: bool = True) -> str:
    """A published value; `row` has value, and of a bound qualifier and, where it is read as a range, read_low.

    In the tables of data at_least is "more than"; in one's `own` data it may be either.

    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(qualifier="at_least", value=50.0)
    >>> format_bound(row, "percent of adults"), format_bound(row, "percent of adults", own=False)
    ('at least 50%', 'more than 50%')
    """
    return f"{say_bound(row, own)}{format_newest(row.value, '' if bare else unit, own)}"


def say_bound(row: Any, own: bool = True) -> str:
    """The words before a value that was published as a bound, with a blank behind them; "" before an exact value."""
    side = getattr(row, "qualifier", "exact")
    above = getattr(row, "read_low", math.nan) > row.value or (side == "at_least" and not own)
    return "more than " if above else "" if side == "exact" else f"{format_name(side)} "


_NUMERALS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def spell(number: int) -> str:
    """A whole number in a sentence: in words up to ten.

    >>> spell(4), spell(31)
    ('four', '31')
    """
    return _NUMERALS[number] if 0 <= number < len(_NUMERALS) else f"{number:,}"


def format_percent(value: float) -> str:
    """A percentage in whole percent; from 99.5 on and below 1 in one more digit. It is never said to be 0 or 100.

    >>> format_percent(82.4), format_percent(99.7), format_percent(99.97), format_percent(0.04), format_percent(0)
    ('82%', '99.7%', 'more than 99.9%', 'less than 0.1%', '0%')
    """
    if 0 < value < 0.05:
        return "less than 0.1%"
    if 99.95 <= value < 100:
        return "more than 99.9%"
    return f"{value:.1f}%" if 0 < value < 1 or 99.5 <= value < 100 else f"{value:.0f}%"


def say(value: float, unit: str = "", beside: float = 0.0, bare: bool = False) -> str:
    """A number with its unit, the same wherever it is said.

    Percentages have one decimal and a sign; others two below 10, one below 100, none from there on, and from 10,000 on
    four digits, by the larger of the number and what it stands `beside`; small ones have two digits. `bare` leaves the
    unit out, where another number of the same unit follows.

    >>> say(1125.3, "million people"), say(42.83, "percent of adults"), say(8.4), say(5.256), say(42), say(0.0532)
    ('1,125 million people', '42.8%', '8.4', '5.26', '42.0', '0.053')
    >>> say(9_412_345, "users"), say(-0.3, "percentage points"), say(float("inf"), "users"), say(98.4, beside=574)
    ('9,412,000 users', '−0.3 percentage points', 'no limit', '98')
    """
    if not math.isfinite(value):
        return "no limit" if value > 0 else "not known"
    value *= 1 + 1e-15  # a printed half, such as 19.95, is a little less in the machine
    # the larger of both numbers decides how many decimals both have
    size = max(abs(value), abs(beside)) if math.isfinite(beside) else abs(value)
    if 0 < size < 0.095:
        text = f"{value:.2g}"
    elif unit.startswith("percent") or 9.995 <= size < 99.95:
        text = f"{value:,.1f}"
    elif size < 9.995:
        text = f"{value:,.2f}".removesuffix("0")
    else:
        text = f"{round(value, min(0, 3 - math.floor(math.log10(size)))):,.0f}"
    return f"{text}{'' if bare else format_unit(unit)}".replace("-", "−")


def format_newest(value: float, unit: str, own: bool = False) -> str:
    """A published figure: a whole number, and one of one's `own` data, with all its digits, as printed.

    >>> format_newest(179_360.5, "thousand people", own=True), format_newest(19.95, "percent")
    ('179,360.5 thousand people', '20.0%')
    """
    return f"{value:,.15g}{format_unit(unit)}" if own or float(value).is_integer() else say(value, unit)


def format_range(low: float, high: float, unit: str = "") -> str:
    """A range, both ends with the same decimals.

    >>> format_range(298.2, 1177, "million people"), format_range(1e-9, 1252), format_range(8.4, 42, "percent")
    ('298 to 1,177 million people', '0 to 1,252', '8.4 to 42.0%')
    """
    return f"{say(low, unit, high, bare=True)} to {say(high, unit)}"


def format_place(entity: str) -> str:
    """An entity with its article: "the United States".

    >>> format_place("United Kingdom"), format_place("Dominican Republic"), format_place("China")
    ('the United Kingdom', 'the Dominican Republic', 'China')
    """
    named = r"United |.* Republic\b|(Bahamas|Gambia|Maldives|Netherlands|Philippines|World|OECD)\b|(EU|Euro)\b"
    return f"the {entity}" if re.match(named, entity) else entity


def lower_first(text: str) -> str:
    """Words for the middle of a sentence; names in capitals stay.

    >>> lower_first("Internet users"), lower_first("US firms that use AI")
    ('internet users', 'US firms that use AI')
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def format_long_date(date: object) -> str:
    """A date as month and year.

    >>> format_long_date("2025-12-31")
    'December 2025'
    """
    import pandas as pd

    return f"{pd.Timestamp(date):%B %Y}"


def format_period(date: object, measure: str) -> str:
    """The date of a figure in a sentence: month and year, of a flow the year that it adds up.

    >>> format_period("2025-12-31", "level"), format_period("2025-12-31", "flow"), format_period("2025-03-31", "flow")
    ('December 2025', '2025', 'the year to March 2025')
    """
    text = format_long_date(date)
    month, _, year = text.partition(" ")
    if measure != "flow":
        return text
    return year if month == "December" else f"the year to {text}"
