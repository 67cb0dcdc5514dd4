"""Dates and periods in files: a column is read in the one format in which every cell is a date."""

from __future__ import annotations

import calendar
import re
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache

# How `strptime` reads each form; quarters and half-years are read as their last months.
_FORMS = {
    "day": (
        "%Y-%m-%d",
        "%d.%m.%Y",
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%Y/%m/%d",
        "%d-%b-%Y",
        "%d %b %Y",
        "%b %d, %Y",
        "%Y年%m月%d日",
    ),
    "month": ("%Y-%m", "%b %Y", "%b-%Y", "%Y %b", "%Y年%m月"),
    "year": ("%Y", "%Y年"),
}
_LAST = {"Q": 3, "H": 6, "M": 1}
_MONTHS = rf"(?i)\b({'|'.join(calendar.month_name[1:])}|Sept)\b"
# Midnight behind a day, and what the World Bank writes behind a year: 2024 [YR2024].
_NOT_READ = r"([ T]00:00(:00(\.0+)?)?Z?| \[YR\d{4}\])$"
# A year that may not end with December, or several: FY2024, 2023/24, 2023-2024.
SPAN = r"(?:FY ?)?(\d{4})(?:\s?[/\u2013-]\s?(\d\d(?:\d\d)?))?"
_WRITE = "write 2025-12-31, 2025-12, 2025-Q4, 2025-H2 or 2025"


def read_day(text: str) -> date | None:
    """ISO date as a day; None for any other text, and for a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        return None


@lru_cache(maxsize=8192)
def list_days(text: str) -> dict[str, date]:
    """Days that a text may mean, by format; for a month, quarter, half-year or year the last day.

    >>> list_days("Q1 2024"), list_days("31/12/2024")
    ({'%Y-%m': datetime.date(2024, 3, 31)}, {'%d/%m/%Y': datetime.date(2024, 12, 31)})
    """
    plain = re.sub(_MONTHS, lambda month: month[0][:3], re.sub(_NOT_READ, "", text))  # December as Dec
    plain = re.sub(r"^([QH]\d) (\d{4})$", r"\2-\1", plain)
    if part := re.fullmatch(r"(\d{4})[ -]?([QHM])(\d\d?)", plain):  # 2024-Q4 as 2024-12
        plain = f"{part[1]}-{int(part[3]) * _LAST[part[2]]}"
    days = dict[str, date]()
    for kind, form in ((kind, form) for kind, forms in _FORMS.items() for form in forms):
        try:
            time = datetime.strptime(plain, form)
        except ValueError:
            continue
        month = 12 if kind == "year" else time.month
        day = time.day if kind == "day" else calendar.monthrange(time.year, month)[1]
        if 1800 <= time.year <= 2100:
            days[form] = date(time.year, month, day)
    return days


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
    return read_day(f"{year}-{end}") or (read_day(f"{year}-02-28") if end == "02-29" else None)


def _may_span(cells: Sequence[str]) -> bool:
    """Whether years may span two: true for FY2024, 2023/24, and for 2009-10, 2010-11, but not for 2009-10, 2009-11."""
    spans = [re.fullmatch(SPAN, cell) for cell in cells]
    ends = {(int(one[2] or 0) - int(one[1])) % 100 for one in spans if one}
    plain = all(cell.isdigit() or list_days(cell) for cell in cells)
    same = len({cell.isdigit() for cell in cells}) == 1  # 2022/21 among 2020 and 2021 is another column or row
    return all(spans) and same and (not plain or (len(ends) == 1 < len(cells)))


def find_date_form(cells: Sequence[str], end: str = "") -> tuple[dict[str, str], str, str]:
    """ISO days of cells in the one format in which all are dates; otherwise the wrong cell and the reason.

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
        shape, message = re.sub(r"\d", "0", cells[0]), f"is no year, written as others, that ends on {end}"
        for cell in cells:
            if not _read_year_end(cell, end) or re.sub(r"\d", "0", cell) != shape:
                return {}, cell, f"{message}; write parts of such years as their last days"
        return {cell: str(_read_year_end(cell, end)) for cell in cells}, "", ""
    if _may_span(cells):
        return {}, cells[0], "may span two years; write their last day, such as --year-end 06-30"
    forms = set(list_days(cells[0]))
    for cell in cells:
        if not list_days(cell):
            return {}, cell, explain_date(cell)
        if not forms & set(list_days(cell)):
            return {}, cell, "is no date as those before it are; write all alike, or keep one kind"
        forms &= set(list_days(cell))
    for cell in cells:
        days = {str(list_days(cell)[form]) for form in forms}
        if len(days) > 1:
            return {}, cell, f"may be {' or '.join(sorted(days))}; write the dates so"
    return {cell: str(list_days(cell)[min(forms)]) for cell in cells}, "", ""


def explain_date(text: str) -> str:
    """Message on a text that is not an ISO date, with the ISO dates that it may mean."""
    if days := sorted({str(day) for day in list_days(text).values()}):
        return f"is no ISO date; write {' or '.join(days)}"
    if read_day(text):
        return "is before 1800 or after 2100; write the right year"
    if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return f"is no day of the calendar; {_WRITE}"
    return f"is no date; {_WRITE}"
