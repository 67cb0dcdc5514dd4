"""Dates and periods as tables write them: a column is read in the one form of a list in which every cell is a date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

_ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
DATE_FORMS = {
    "2024-12-31": ("day", "%Y-%m-%d"),
    "31.12.2024": ("day", "%d.%m.%Y"),
    "31/12/2024": ("day", "%d/%m/%Y"),
    "12/31/2024": ("day", "%m/%d/%Y"),
    "2024/12/31": ("day", "%Y/%m/%d"),
    "31-Dec-2024": ("day", "%d-%b-%Y"),
    "31 Dec 2024": ("day", "%d %b %Y"),
    "Dec 31, 2024": ("day", "%b %d, %Y"),
    "2024年12月31日": ("day", "%Y年%m月%d日"),
    "2024-12": ("month", "%Y-%m"),
    "Dec 2024": ("month", "%b %Y"),
    "Dec-2024": ("month", "%b-%Y"),
    "2024 Dec": ("month", "%Y %b"),
    "2024年12月": ("month", "%Y年%m月"),
    "2024-Q4": ("quarter", "%Y-Q%m"),
    "Q4 2024": ("quarter", "Q%m %Y"),
    "2024-H2": ("half-year", "%Y-H%m"),
    "H2 2024": ("half-year", "H%m %Y"),
    "2024": ("year", "%Y"),
    "2024年": ("year", "%Y年"),
}
"""What each form writes, and how `strptime` reads it; the number of a quarter or a half-year is that of a month."""
_SPAN_MONTHS = {"day": 1, "month": 1, "quarter": 3, "half-year": 6, "year": 12}
_NOT_READ = r"([ T]00:00(:00(\.0+)?)?Z?| \[YR\d{4}\])$"
"""Midnight behind a day, and what the World Bank writes behind a year: 2024 [YR2024]."""
_FISCAL = r"(?i)(fy.*|\d{4}\s?[/\u2013]\s?(\d\d){1,2}|\d{4}-\d{4})"
_WRITE = "write 2025-12-31, 2025-12, 2025-Q4, 2025-H2 or 2025"


def read_day(text: str) -> date | None:
    """Read an ISO date; None for everything else, also a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(_ISO_DATE, text) else None
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def read_form(text: str, form: str) -> date | None:
    """The day that a text means in one of `DATE_FORMS`: the last of a month, quarter, half-year or year; None for none.

    >>> read_form("Q1 2024", "Q4 2024"), read_form("31/12/2024", "12/31/2024")
    (datetime.date(2024, 3, 31), None)
    """
    kind, pattern = DATE_FORMS[form]
    plain = re.sub("|".join(calendar.month_name[1:]), lambda month: month[0][:3], text)  # December as Dec
    plain = re.sub(r"^(\d{4}) ?(?=[QH]\d$)", r"\1-", re.sub(_NOT_READ, "", plain))  # 2024Q4 as 2024-Q4
    try:
        found = datetime.strptime(plain, pattern)
    except ValueError:
        return None
    month = 12 if kind == "year" else found.month * _SPAN_MONTHS[kind]
    if month > 12 or (kind == "year" and not 1800 <= found.year <= 2100):
        return None
    return date(found.year, month, found.day if kind == "day" else calendar.monthrange(found.year, month)[1])


def list_days(text: str) -> dict[str, date]:
    """The days that a text may mean, by form."""
    return {form: day for form in DATE_FORMS if (day := read_form(text, form))}


def choose_form(cells: Sequence[str]) -> tuple[str, str, str]:
    """The one form in which all cells are dates; or, where there is none, or two, a cell and what to write."""
    read = {tuple(read_form(cell, form) for cell in cells): form for form in reversed(DATE_FORMS)}
    fitting = {days: form for days, form in read.items() if all(days)}
    if len(fitting) == 1:
        return next(iter(fitting.values())), "", ""
    if fitting:
        cell, *days = next(row for row in zip(cells, *fitting, strict=True) if len(set(row[1:])) > 1)
        return "", cell, f"may be {' or '.join(map(str, sorted(days)))}; write the dates so"
    most = max(read, key=lambda days: sum(map(bool, days)))
    wrong = cells[most.index(None)]
    found, usual = list(list_days(wrong)), read[most]
    if not found:
        return "", wrong, explain_date(wrong)
    if DATE_FORMS[found[0]][0] == DATE_FORMS[usual][0]:
        return "", wrong, f"is not written as others, such as {usual}; write all alike"
    kind, others = DATE_FORMS[found[0]][0], DATE_FORMS[usual][0]
    return "", wrong, f"is a {kind} where others are {others}s; keep the rows of {kind}s, or those of {others}s"


def explain_date(text: str) -> str:
    """Problem of a text that is no ISO date, with the ISO dates that it may mean."""
    if days := sorted({str(day) for day in list_days(text).values()}):
        return f"is no ISO date; write {' or '.join(days)}"
    if re.fullmatch(_ISO_DATE, text):
        return f"is no day of the calendar; {_WRITE}"
    if re.fullmatch(_FISCAL, text):
        return "spans two years; write the day on which it ends, such as 2017-03-31"
    if re.fullmatch(r"(\d+[-./ ])?([QH]?\d+|[A-Za-z]{3,9})[-./ '\u2019]+\d\d", text):
        return "has a year of two digits; write four, as in 2025-12-31 or Dec 2025"
    return f"is no date; {_WRITE}, or leave the row out"
