"""Dates and periods as tables write them: a column is read in the one form of a list in which every cell is a date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
FORMS = {
    "2024-12-31": ("day", "%Y-%m-%d"),
    "31.12.2024": ("day", "%d.%m.%Y"),
    "31/12/2024": ("day", "%d/%m/%Y"),
    "12/31/2024": ("day", "%m/%d/%Y"),
    "2024/12/31": ("day", "%Y/%m/%d"),
    "31-Dec-2024": ("day", "%d-%b-%Y"),
    "31 Dec 2024": ("day", "%d %b %Y"),
    "2024年12月31日": ("day", "%Y年%m月%d日"),
    "2024-12": ("month", "%Y-%m"),
    "Dec 2024": ("month", "%b %Y"),
    "Dec-2024": ("month", "%b-%Y"),
    "2024年12月": ("month", "%Y年%m月"),
    "2024-Q4": ("quarter", r"(\d{4})[- ]?Q([1-4])"),
    "Q4 2024": ("quarter", r"Q([1-4])[- /](\d{4})"),
    "2024-H2": ("half-year", r"(\d{4})[- ]?H([12])"),
    "H2 2024": ("half-year", r"H([12])[- /](\d{4})"),
    "2024": ("year", "%Y"),
    "2024年": ("year", "%Y年"),
}
"""What each form writes, and how it is read: by `strptime`, or by a pattern of a year and the number of its part."""
MONTHS = {"month": 1, "quarter": 3, "half-year": 6, "year": 12}
"""Months of each period."""
MIDNIGHT = r"[ T]00:00(:00(\.0+)?)?Z?$"
FISCAL = r"(?i)(fy.*|\d{4}\s?[/\u2013]\s?(\d\d){1,2}|\d{4}-\d{4})"
WRITE = "write 2025-12-31, 2025-12, 2025-Q4, 2025-H2 or 2025"


def read_day(text: str) -> date | None:
    """Read an ISO date; None for everything else, also a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(ISO_DATE, text) else None
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def read_form(text: str, form: str) -> date | None:
    """The day that a text means in one of `FORMS`; of a month, quarter, half-year or year the last; None for no date.

    >>> read_form("Q1 2024", "Q4 2024"), read_form("31/12/2024", "12/31/2024")
    (datetime.date(2024, 3, 31), None)
    """
    kind, pattern = FORMS[form]
    text = re.sub(MIDNIGHT, "", text) if kind == "day" else text
    text = re.sub("|".join(calendar.month_name[1:]), lambda month: month[0][:3], text)  # December as Dec
    if len(text) > 20 or not re.search(r"\d{4}", text):
        return None
    if "%" not in pattern:
        match = re.fullmatch(pattern, text)
        if not match:
            return None
        number, year = sorted(map(int, match.groups()))
        month, day = number * MONTHS[kind], 1
    else:
        try:
            read = datetime.strptime(text, pattern)
        except ValueError:
            return None
        year, month, day = read.year, 12 if kind == "year" else read.month, read.day
    if not 1 <= year <= 9999 or (kind == "year" and not 1800 <= year <= 2100):
        return None
    return date(year, month, day if kind == "day" else calendar.monthrange(year, month)[1])


def list_days(text: str) -> dict[str, date]:
    """The days that a text may mean, by form."""
    return {form: day for form in FORMS if (day := read_form(text, form))}


def find_forms(cells: Sequence[str]) -> list[str]:
    """Forms in which every cell is a date; of those that read all cells alike only the first."""
    read = {form: tuple(read_form(cell, form) for cell in cells) for form in FORMS}
    readings = {days: form for form, days in reversed(read.items()) if all(days)}
    return sorted(readings.values(), key=list(FORMS).index)


def find_misfit(cells: Sequence[str]) -> tuple[str, str]:
    """The first cell that is no date in the form of most of the others, and what to write."""
    counts = {form: sum(read_form(cell, form) is not None for cell in cells) for form in FORMS}
    form = max(counts, key=lambda each: counts[each])
    wrong = next(cell for cell in cells if not read_form(cell, form))
    others = list(list_days(wrong))
    if not others:
        return wrong, explain_date(wrong)
    kind, usual = FORMS[others[0]][0], FORMS[form][0]
    if kind != usual:
        return (
            wrong,
            f"is a {kind} where others are {usual}s; write {kind}s for all, such as {others[0]}, or {usual}s for all",
        )
    return wrong, f"is written otherwise than others, which are as {form}; write all dates in that form"


def explain_date(text: str) -> str:
    """Problem of a text that is no ISO date, with the ISO date that it may mean."""
    found = list_days(text)
    if len(days := sorted(set(found.values()))) > 1:
        return f"may mean {' or '.join(map(str, days))}; write the one that it is"
    for form, day in found.items():
        kind = FORMS[form][0]
        return f"is a whole {kind}; write the day as {day}" if kind != "day" else f"is not an ISO date; write {day}"
    if re.fullmatch(FISCAL, text):
        return "spans two years; write the day on which it ends, such as 2017-03-31"
    if re.fullmatch(r"(\d+[-./ ])?(\d+|[A-Za-z]{3,9})[-./ '\u2019]+\d\d", text):
        return "has a year of two digits; write four, as in 2025-12-31 or Dec 2025"
    what = "day of the calendar" if re.fullmatch(ISO_DATE, text) else "date"
    return f"is no {what}; {WRITE}, or leave the row out"
