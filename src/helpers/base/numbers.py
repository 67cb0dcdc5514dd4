"""Numbers, ranges and dates as a reader wants them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from .wording import say_day, say_large, say_name, say_unit


def say_newer(newer: pd.DataFrame, last: float, at_date: str = "in") -> str:
    """The newest figure that is a bound, for a title: ", at least 700 in June 2026"; `at_date` as from `say_at`.

    "" where there is none, or it says no more than that the last figure has been kept.
    """
    if newer.empty or (newer["bound"].iloc[-1] == "at_least" and newer["value"].iloc[-1] <= last):
        return ""
    row = newer.iloc[-1]
    return f", {say_name(row['bound'])} {say(row['value'])} {at_date} {say_date(newer.index[-1])}"


def say_limit(date: pd.Timestamp, row: pd.Series, unit: str) -> str:
    """A figure that is a bound: "at least 700 million persons for 30 June 2026"."""
    return f"{say_name(row['bound'])} {say(row['value'], unit)} for {say_day(date)}"


def percent(share: float) -> str:
    """A share as a whole percentage; one that is neither 0 nor 1 is never said to be.

    >>> percent(0.824), percent(0.0038), percent(0.999), percent(0.0)
    ('82 %', 'less than 1 %', 'more than 99 %', '0 %')
    """
    if 0 < share < 0.005:
        return "less than 1 %"
    return "more than 99 %" if 0.995 <= share < 1 else f"{100 * share:.0f} %"


def say(value: float, unit: str = "", beside: float = 0.0, bare: bool = False) -> str:
    """A number with its unit, the same wherever it is said.

    Percentages have one decimal and a sign; others two below 10, one below 100 and none from there on, by the larger of
    the number and what it stands `beside`; small ones have two digits; from a million on a word helps. `bare` leaves
    the unit out, where another number of the same unit follows.

    >>> say(1125.3, "million persons"), say(42.83, "percent of adults"), say(8.4), say(5.256), say(42), say(0.0532)
    ('1,125 million persons', '42.8 %', '8.4', '5.26', '42.0', '0.053')
    >>> say(9_412_345, "users"), say(-0.3, "percentage points"), say(float("inf"), "users"), say(98.4, beside=574)
    ('9.41 million users', '−0.3 percentage points', 'no limit', '98')
    """
    if not np.isfinite(value):
        return "no limit" if value > 0 else "not known"
    size, share = max(abs(value), abs(beside) if np.isfinite(beside) else 0.0), unit.startswith("percent")
    digits = 1 if share or 9.995 <= size < 99.95 else 2 if size < 9.995 else 0
    text = f"{value:,.{digits}f}"
    text = text[:-1] if digits == 2 and text.endswith("0") else text
    if 0 < size < (0.05 if share else 0.095):
        text = f"{value:.2g}"
    return f"{say_large(value) or text}{'' if bare else say_unit(unit)}".replace("-", "−")


def say_range(low: float, high: float, unit: str = "") -> str:
    """A range, both ends with the same decimals.

    >>> say_range(298.2, 1177, "million persons"), say_range(1e-9, 1252), say_range(8.4, 42, "percent")
    ('298 to 1,177 million persons', '0 to 1,252', '8.4 to 42.0 %')
    """
    return f"{say(low, unit, high, bare=True)} to {say(high, unit)}"


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
