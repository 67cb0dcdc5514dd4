"""Numbers, ranges and dates as a reader wants them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .wording import say_day, say_large, say_name


def say_newer(newer: pd.DataFrame, last: float) -> str:
    """The newest figure that is a bound, for a title: ", at least 700 in June 2026".

    "" where there is none, or it says no more than that the last figure has been kept.
    """
    if newer.empty or (newer["bound"].iloc[-1] == "at_least" and newer["value"].iloc[-1] <= last):
        return ""
    row = newer.iloc[-1]
    return f", {say_name(row['bound'])} {say(row['value'])} in {say_date(newer.index[-1])}"


def say_limit(date: pd.Timestamp, row: pd.Series, unit: str) -> str:
    """A figure that is a bound: "at least 700 million persons for 2026-06-30"."""
    return f"{say_name(row['bound'])} {count(row['value'], unit)} for {say_day(date)}"


def count(value: float, unit: str = "") -> str:
    """A number for readers, three digits or whole, from a million on in words, with its unit.

    >>> count(9_412_345, "persons"), count(602, "million persons"), count(0.1234)
    ('9.41 million persons', '602 million persons', '0.123')
    """
    if not np.isfinite(value):
        return "no limit"
    text = say_large(value) or (f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}")
    return f"{text} {unit}".strip()


def percent(share: float) -> str:
    """A share as a whole percentage."""
    return f"{100 * share:.0f} %"


def say(value: float, unit: str = "") -> str:
    """A number as a reader wants it: three significant digits, or the whole part where that is longer, and its unit.

    >>> say(1125.3, "million persons"), say(42.8, "percent"), say(0.0532), say(3e-11), say(9_400_000, "users")
    ('1,125 million persons', '42.8 %', '0.0532', '3.00e-11', '9.4 million users')
    """
    if not np.isfinite(value):
        return "unbounded" if value > 0 else "not known"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    text = f"{value:,.{digits}f}" if digits <= 6 and abs(value) < 1e16 else f"{value:.2e}"
    text = say_large(value) or text
    if unit.startswith("percent"):
        return f"{text} %" + unit.removeprefix("percent")
    return f"{text} {unit}".strip()


def say_range(low: float, high: float, unit: str = "") -> str:
    """A range as a reader wants it: a lower end that's nothing beside the upper one is 0.

    >>> say_range(298.2, 1177, "million persons"), say_range(1e-9, 1252)
    ('298 to 1,177 million persons', '0 to 1,252')
    """
    return f"{'0' if abs(low) < 0.0005 * abs(high) else say(low)} to {say(high, unit)}"


def lower_first(text: str) -> str:
    """Words for the middle of a sentence; names in capitals stay.

    >>> lower_first("Internet users"), lower_first("US firms that use AI")
    ('internet users', 'US firms that use AI')
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def say_date(date: object) -> str:
    """A date as month and year.

    >>> say_date("2025-12-31")
    'December 2025'
    """
    return f"{pd.Timestamp(date):%B %Y}"
