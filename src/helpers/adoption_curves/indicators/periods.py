"""Dates and periods as tables write them: a column is read in the one form of a list in which every cell is a date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

_ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_DATE_FORMS = {
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
_MONTHS = rf"(?i)\b({'|'.join(calendar.month_name[1:])}|Sept)\b"
_NOT_READ = r"([ T]00:00(:00(\.0+)?)?Z?| \[YR\d{4}\])$"
"""Midnight behind a day, and what the World Bank writes behind a year: 2024 [YR2024]."""
SPAN = r"(?:FY ?)?(\d{4})(?:\s?[/\u2013-]\s?(\d\d(?:\d\d)?))?"
"""A year that may not end with December, or several: FY2024, 2023/24, 2023-2024."""
_WRITE = "write 2025-12-31, 2025-12, 2025-Q4, 2025-H2 or 2025"


def read_day(text: str) -> date | None:
    """Read an ISO date; None for everything else, also a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(_ISO_DATE, text) else None
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def _read_form(text: str, form: str) -> date | None:
    """The day that a text means in one of `_DATE_FORMS`: the last of a month, quarter, half-year or year, or None.

    >>> _read_form("Q1 2024", "Q4 2024"), _read_form("31/12/2024", "12/31/2024")
    (datetime.date(2024, 3, 31), None)
    """
    if len(text) > 30 or not re.search(r"\d{4}", text):
        return None
    kind, pattern = _DATE_FORMS[form]
    plain = re.sub(_MONTHS, lambda month: month[0][:3], re.sub(_NOT_READ, "", text))  # December as Dec
    plain = re.sub(r"^(\d{4}) ?(?=[QH]\d$)|^(\d{4})[ -]?M(?=\d\d?$)", r"\1\2-", plain)  # 2024Q4 as 2024-Q4
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
    return {form: day for form in _DATE_FORMS if (day := _read_form(text, form))}


def _read_year_end(text: str, end: str) -> date | None:
    """The day, such as 06-30, on which a year ends that a text means, the last of several; None for no year.

    >>> _read_year_end("2023/24", "03-31"), _read_year_end("FY2024", "03-31"), _read_year_end("2024-Q1", "03-31")
    (datetime.date(2024, 3, 31), datetime.date(2024, 3, 31), None)
    """
    if not (match := re.fullmatch(SPAN, re.sub(_NOT_READ, "", text))):
        return None
    first, last = match[1], match[2] or match[1]
    year = int(first[: -len(last)] + last)
    if year < int(first):
        year += 100
    return read_day(f"{year}-{end}") or read_day(f"{year}-02-28")


def choose_form(cells: Sequence[str], end: str = "") -> tuple[dict[str, str], str, str]:
    """ISO days of cells in the one form in which all are dates; or, where there is none, or two, a cell and why.

    Parameters
    ----------
    cells : list of str
    end : str
        Last day of the years that they are, such as 06-30; "" for the end of December and for other dates.

    Returns
    -------
    days : dict of str to str
    wrong, message : str
        A cell that is no such date and why; "" for none.
    """
    if end:
        years = {cell: _read_year_end(cell, end) for cell in cells}
        shape = re.sub(r"\d", "0", cells[0])
        wrong = next((cell for cell, day in years.items() if not day or re.sub(r"\d", "0", cell) != shape), "")
        message = "is no year as others are written, which --year-end needs" if wrong else ""
        return {cell: str(day) for cell, day in years.items()}, wrong, message
    fitting = list(_DATE_FORMS)
    for cell in cells:
        left = [form for form in fitting if _read_form(cell, form)]
        if not left:
            usual = "" if cell == cells[0] or not list_days(cell) else _DATE_FORMS[fitting[0]][0]
            message = f"is no {usual}, as others are; write all alike, or keep one kind"
            return {}, cell, message if usual else explain_date(cell)
        fitting = left
    read = {tuple(str(_read_form(cell, form)) for cell in cells): form for form in fitting}
    for cell, *days in zip(cells, *read, strict=True):
        if len(set(days)) > 1:
            return {}, cell, f"may be {' or '.join(sorted(days))}; write the dates so"
    return dict(zip(cells, next(iter(read)), strict=True)), "", ""


def explain_date(text: str) -> str:
    """Problem of a text that is no ISO date, with the ISO dates that it may mean."""
    if days := sorted({str(day) for day in list_days(text).values()}):
        return f"is no ISO date; write {' or '.join(days)}"
    if re.fullmatch(_ISO_DATE, text):
        return f"is no day of the calendar; {_WRITE}"
    return f"is no date; {_WRITE}, or leave the row out"
