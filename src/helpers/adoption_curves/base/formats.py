"""Numbers, units, dates, names and quotes as text."""

from __future__ import annotations

import html
import math
import re
from typing import Any

from .columns import UNNAMED

# Control characters, marks of text direction, characters without width, letters that look empty, unpaired surrogates,
# and the replacement character. U+200C and U+200D are allowed, because Persian and Indian names need them.
UNSEEN = (
    "[\x00-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164"
    "\ud800-\udfff\ufeff\uffa0\ufff9-\ufffd\ufffe\uffff\U000e0000-\U000e01ef]"
)
# Unpaired surrogates, which JSON may contain but no UTF-8 file can.
_HALVES = re.compile("[\ud800-\udfff]")
SHOWN_CHARACTERS = 80  # of one value or name
MAX_CHARACTERS = 5_000  # of one text on a page or in a chart


def quote(value: Any) -> str:
    """A value in quotation marks; a long one is cut, and its length is added."""
    try:
        text = shorten(repr(value).replace("\n", " "))
    except ValueError:  # Python does not convert whole numbers of more than 4300 digits
        text = f"a {type(value).__name__} of more than 4300 digits"
    return f"{text} ({len(value):,} characters)" if isinstance(value, str) and len(value) > SHOWN_CHARACTERS else text


def shorten(text: str, longest: int = SHOWN_CHARACTERS) -> str:
    """A text from outside, cut so that a message stays readable."""
    return text if len(text) <= longest else f"{text[:longest]}..."


def clean(value: Any, longest: int = MAX_CHARACTERS) -> Any:
    """A JSON value or text from outside, with long texts cut and unpaired surrogates replaced."""
    if isinstance(value, dict):
        return {clean(name, longest): clean(part, longest) for name, part in value.items()}
    if isinstance(value, list):
        return [clean(part, longest) for part in value]
    if not isinstance(value, str):
        return value
    return shorten(value if value.isascii() else _HALVES.sub("\N{REPLACEMENT CHARACTER}", value), longest)


def escape(text: str) -> str:
    """A text in which characters that are invisible, or control a terminal, are written as codes."""
    return "".join(mark if mark.isprintable() else repr(mark)[1:-1] for mark in text)


def format_count(number: float, one: str, many: str = "") -> str:
    """A number with its noun; the plural `many` is `one` with an s by default.

    >>> format_count(1, "year"), format_count(0.5, "year"), format_count(1200, "technology", "technologies")
    ('1 year', '0.5 years', '1,200 technologies')
    """
    return f"{number:,.15g} {one if number == 1 else many or f'{one}s'}"


def format_amount(number: float, unit: str) -> str:
    """A number with all its digits and its full unit.

    >>> format_amount(2e6, "people"), format_amount(48.2, "percent of adults"), format_amount(1125.3, "million people")
    ('2,000,000 people', '48.2 percent of adults', '1,125.3 million people')
    >>> format_amount(12_345_678_901, "tokens"), format_number(40_000_000_000_000)
    ('12,345,678,901 tokens', '40,000,000,000,000')
    """
    return f"{number:,.15g} {unit}".strip()


def format_day(date: Any) -> str:
    """A day as text.

    >>> from datetime import date
    >>> format_day(date(2026, 9, 29))
    '29 September 2026'
    """
    return f"{date.day} {date:%B %Y}"


def format_name(name: str) -> str:
    """A name from the code (a family, a method, a qualifier) as text; people's names keep their capital letter.

    >>> format_name("gompertz"), format_name("damped_holt"), format_name("at_least")
    ('Gompertz', 'damped Holt', 'at least')
    """
    words = name.replace("_", " ")
    return re.sub(r"\b(gompertz|bass|holt)\b", lambda person: person[1].capitalize(), words)


def capitalize_first(text: str) -> str:
    """A text with a capital first letter; the other letters are unchanged.

    >>> capitalize_first("gamma/shifted Gompertz")
    'Gamma/shifted Gompertz'
    """
    return text[:1].upper() + text[1:]


def add_entity(title: str, entity: str) -> str:
    """A title followed by its country or region, unless the title contains it or its initials.

    >>> add_entity("Internet users", "China"), add_entity("US firms that use AI", "United States")
    ('Internet users, China', 'US firms that use AI')
    """
    initials = "".join(re.findall(r"\b[A-Z]", entity))
    named = entity in title or (len(initials) > 1 and initials in title.split())
    return title if named or entity == UNNAMED else f"{title}, {entity}"


def of_entity(name: str, entity: str) -> str:
    """A name with its country or region, if the data state one.

    >>> of_entity("users", "China"), of_entity("users", "own data")
    ('users of China', 'users')
    """
    return name if entity == UNNAMED else f"{name} of {entity}"


def find_preposition(measure: str) -> str:
    """Preposition before the date of a value: 12 users in June, a total of 12 cars sold by June, 12 cars in 2025."""
    return "by" if measure == "cumulative" else "in"


def mark_chinese(text: str) -> str:
    """A text as HTML with Chinese marked as such, so that browsers choose a font and screen readers a voice.

    >>> mark_chinese("by 2030 (“超90%”)")
    'by 2030 (“<span lang="zh-Hans">超90%</span>”)'
    """
    chinese = r"[\u3400-\u9fff][\u3000-\u303f\u3400-\u9fff\uff00-\uffef\d%.]*"
    return re.sub(chinese, lambda words: f'<span lang="zh-Hans">{words[0]}</span>', html.escape(text))


# Verdict for a flow, to which curves of the number in use do not apply.
FLOW = "a flow"
# Text in place of the forecast of a series in decline.
NO_FORECAST = "no forecast: the series is in decline"
# Advice on a forecast without intervals; the braces take the option or argument.
GIVES_RANGE = "Pass {}, the largest possible value, to get prediction intervals."


def format_unit(unit: str) -> str:
    """A unit as the suffix of a number; percentages get a sign.

    >>> format_unit("percent of adults"), format_unit("million people"), format_unit("percentage points")
    ('%', ' million people', ' percentage points')
    """
    if unit.startswith("percent") and unit != "percentage points":
        return "%"
    if unit.startswith("index"):  # the caption names the unit
        return ""
    return f" {unit}" if unit else ""


def format_bound(row: Any, unit: str = "", bare: bool = False, own: bool = True) -> str:
    """A published value as text: `row` has value and, for a bound, qualifier; `bare` leaves the unit out.

    The data tables write at_least for "more than"; in a user's `own` data it may also mean "at least".

    >>> from types import SimpleNamespace
    >>> row = SimpleNamespace(qualifier="at_least", value=50.0)
    >>> format_bound(row, "percent of adults"), format_bound(row, "percent of adults", own=False)
    ('at least 50%', 'more than 50%')
    """
    return f"{format_side(row, own)}{format_newest(row.value, '' if bare else unit, own)}"


def format_side(row: Any, own: bool = True) -> str:
    """Words before a value that was published as a bound, with a space at the end; "" for an exact value."""
    side = getattr(row, "qualifier", "exact")
    above = getattr(row, "read_low", math.nan) > row.value or (side == "at_least" and not own)
    return "more than " if above else "" if side == "exact" else f"{format_name(side)} "


_NUMERALS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]


def spell(number: int) -> str:
    """A whole number as text, in words up to ten.

    >>> spell(4), spell(31)
    ('four', '31')
    """
    return _NUMERALS[number] if 0 <= number < len(_NUMERALS) else f"{number:,}"


def format_percent(value: float) -> str:
    """A percentage in whole percent, with one decimal below 1 and from 99.5; only an exact 0 or 100 is written so.

    >>> format_percent(82.4), format_percent(99.7), format_percent(99.97), format_percent(0.04), format_percent(0)
    ('82%', '99.7%', 'more than 99.9%', 'less than 0.1%', '0%')
    """
    if 0 < value < 0.05:
        return "less than 0.1%"
    if 99.95 <= value < 100:
        return "more than 99.9%"
    return f"{value:.1f}%" if 0 < value < 1 or 99.5 <= value < 100 else f"{value:.0f}%"


def format_number(value: float, unit: str = "", beside: float = 0.0, bare: bool = False) -> str:
    """A number with its unit, rounded for reading.

    Percentages have one decimal. Other numbers have two decimals below 10, one below 100 and none from there, and four
    significant digits from 10,000; small numbers have two significant digits. The larger of the number and the one that
    is printed `beside` it decides. `bare` omits the unit, if another number with the same unit follows.

    >>> format_number(1125.3, "million people"), format_number(42.83, "percent of adults")
    ('1,125 million people', '42.8%')
    >>> [format_number(value) for value in (8.4, 5.256, 42, 0.0532)], format_number(98.4, beside=574)
    (['8.4', '5.26', '42.0', '0.053'], '98')
    >>> format_number(9_412_345, "users"), format_number(-0.3, "percentage points"), format_number(math.inf, "users")
    ('9,412,000 users', '−0.3 percentage points', 'no limit')
    """
    if not math.isfinite(value):
        return "no limit" if value > 0 else "not known"
    value *= 1 + 1e-15  # a published half, such as 19.95, is stored as slightly less
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
    """A published value as text; whole numbers and a user's `own` values keep all their digits.

    >>> format_newest(179_360.5, "thousand people", own=True), format_newest(19.95, "percent")
    ('179,360.5 thousand people', '20.0%')
    """
    return f"{value:,.15g}{format_unit(unit)}" if own or float(value).is_integer() else format_number(value, unit)


def format_range(low: float, high: float, unit: str = "") -> str:
    """An interval as text, both ends with the same number of decimals.

    >>> format_range(298.2, 1177, "million people"), format_range(1e-9, 1252), format_range(8.4, 42, "percent")
    ('298 to 1,177 million people', '0 to 1,252', '8.4 to 42.0%')
    """
    return f"{format_number(low, unit, high, bare=True)} to {format_number(high, unit)}"


def format_place(entity: str) -> str:
    """A country or region with its article: "the United States".

    >>> format_place("United Kingdom"), format_place("Dominican Republic"), format_place("China")
    ('the United Kingdom', 'the Dominican Republic', 'China')
    """
    named = r"United |.* Republic\b|(Bahamas|Gambia|Maldives|Netherlands|Philippines|World|OECD)\b|(EU|Euro)\b"
    return f"the {entity}" if re.match(named, entity) else entity


def lower_first(text: str) -> str:
    """A text with a small first letter, for the middle of a sentence; abbreviations keep their capitals.

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
    """The date of a value as text: month and year or, for a flow, the year that it covers.

    >>> format_period("2025-12-31", "level"), format_period("2025-12-31", "flow"), format_period("2025-03-31", "flow")
    ('December 2025', '2025', 'the year to March 2025')
    """
    text = format_long_date(date)
    month, _, year = text.partition(" ")
    if measure != "flow":
        return text
    return year if month == "December" else f"the year to {text}"
