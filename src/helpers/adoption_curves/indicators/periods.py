"""Dates and periods as tables write them: days, months, quarters, half-years and years; in words those of English."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from datetime import date, datetime
from functools import lru_cache
from itertools import pairwise

ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
DAYS = ("%d.%m.%Y", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")
MONTHS = ("%Y-%m", "%YM%m", "%B %Y", "%b %Y", "%Y %b", "%Y %B", "%b-%Y")
ORDERS = {"dmy": ("%d/%m/%Y", "%d-%m-%Y"), "mdy": ("%m/%d/%Y", "%m-%d-%Y")}
YEAR = r"(?:1[89]|20)\d{2}"
FISCAL = rf"(FY\s?'?)?({YEAR}|(?<=[Y' ])\d\d)(?:\s?[-/\u2013]\s?({YEAR}|\d\d))?"
CHINESE = r"(\d{4})\s?年(?:\s?(上|下)半年|\s?第?\s?([1-4一二三四])\s?季度|\s?(\d{1,2})\s?月(?:\s?(\d{1,2})\s?日)?|度?)"
SPANS = {"year": 1, "half-year": 2, "quarter": 4, "month": 12}
"""Number of each period in a year."""
READ = "write 2025-12-31, 2025-12, 2025-Q4, 2025-H2 or 2025"


def read_day(text: str) -> date | None:
    """Read an ISO date; None for everything else, also a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(ISO_DATE, text) else None
    except ValueError:
        return None


def explain_date(text: str) -> str:
    """Problem of a text that is no ISO date, with the ISO date that it may mean."""
    kind, day = interpret_date(text[:40])
    if kind in SPANS:
        return f"is a whole {kind}; write the day itself as YYYY-MM-DD, such as {day}"
    if day:
        return f"is not an ISO date; write {day}"
    if kind == "ambiguous":
        days = sorted(f"{found}" for forms in ORDERS.values() if (found := _parse(text, forms)))
        return f"may mean {' or '.join(days)}; write the one that it is"
    return f"is no {'day of the calendar' if re.fullmatch(ISO_DATE, text) else 'date that can be read'}; {READ}"


@lru_cache(maxsize=4096)
def interpret_date(text: str, order: str = "", ends: str = "") -> tuple[str, date | None]:
    """Find the day that a text means; of a year, half-year, quarter or month it is the last.

    Parameters
    ----------
    text : str
    order : {"", "dmy", "mdy"}
        Which comes first in 03/04/2020, where the text itself does not show it.
    ends : str
        Month and day on which years end, such as 03-31; by default 12-31, and nothing for fiscal years.

    Returns
    -------
    kind : str
        "day" for an ISO date; one of `SPANS`; "fiscal year"; "dmy", "mdy" or "form" for a day in another form;
        "ambiguous" for a day in either order; or "" for no date.
    day : date or None
        None where the kind is one of the last two, or a fiscal year ends nobody knows when.

    Examples
    --------
    >>> [f"{day}" for _, day in map(interpret_date, ("2024", "2024-Q1", "Q1/2024", "Feb 2024", "31.12.2024"))]
    ['2024-12-31', '2024-03-31', '2024-03-31', '2024-02-29', '2024-12-31']
    >>> interpret_date("03/04/2020"), interpret_date("1/2023"), interpret_date("2023/24")
    (('ambiguous', None), ('', None), ('fiscal year', None))
    >>> interpret_date("FY17", ends="03-31"), interpret_date("2024年第一季度")
    (('fiscal year', datetime.date(2017, 3, 31)), ('quarter', datetime.date(2024, 3, 31)))
    """
    if len(text) > 39:
        return "", None
    text = re.sub(r"(?<=\d)[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm]|Z)?$", "", text)  # a time of day
    if match := re.fullmatch(CHINESE, text):
        text = _translate(*match.groups())
    if day := read_day(text):
        return "day", day
    if match := re.fullmatch(rf"({YEAR})(\.0)?", text):
        return "year", end_year(int(match[1]), ends or "12-31")
    part = re.fullmatch(rf"({YEAR})[- ]?([QTKSH])([1-4])", text.upper())
    part = part or re.fullmatch(rf"([QTKSH])([1-4])[ /-]({YEAR})", text.upper())
    if part:
        year, letter, number = part.groups() if part[1].isdigit() else (part[3], part[1], part[2])
        kind = "half-year" if letter in "SH" else "quarter"
        return (kind, _find_end(kind, int(year), int(number))) if int(number) <= SPANS[kind] else ("", None)
    if re.fullmatch(rf"{YEAR}\d{{4}}", text) and (day := _parse(text, ("%Y%m%d",))):
        return "form", day
    text = re.sub(r"(?<=[A-Za-z]{3}-)(\d\d)", lambda year: f"{datetime.strptime(year[1], '%y'):%Y}", text)  # Jan-24
    fiscal, month = _find_fiscal(text.upper()), _parse(text, MONTHS)
    if fiscal and (ends or not month):
        return "fiscal year", end_year(fiscal, ends) if ends else None
    if day := month:
        return "month", _find_end("month", day.year, day.month)
    if day := _parse(text, DAYS):
        return "form", day
    days = {name: day for name, forms in ORDERS.items() if (day := _parse(text, forms))}
    if len(days) == 1 or order in days or len(set(days.values())) == 1:  # 05/05/2020
        name = order if order in days else next(iter(days), "")
        return ("form" if len(set(days.values())) < len(days) else name), days[name]
    return ("ambiguous" if days else ""), None


def end_year(year: int, ends: str) -> date:
    """The day on which a year ends that ends in this month on this day, or on the last one that the month has."""
    month, day = map(int, ends.split("-"))
    return date(year, month, min(day, calendar.monthrange(year, month)[1]))


def find_spans(days: Iterable[date]) -> dict[date, tuple[str, date]]:
    """The kind and the last day of the spans whose first days these are, alike and one after another; else nothing.

    >>> find_spans([date(2024, 1, 1), date(2024, 4, 1)])[date(2024, 4, 1)]
    ('quarter', datetime.date(2024, 6, 30))
    >>> find_spans([date(2023, 7, 1), date(2024, 7, 1)]), find_spans([date(2024, 1, 1)])
    ({}, {})
    """
    days = sorted(set(days))
    months = [12 * day.year + day.month - 1 for day in days]
    gaps = {later - before for before, later in pairwise(months)}
    for kind, count in SPANS.items() if gaps and all(day.day == 1 for day in days) else ():
        length = 12 // count
        if all(month % length == 0 for month in months) and (length in gaps or count == 1):
            return {day: (kind, _find_end(kind, day.year, (day.month - 1) // length + 1)) for day in days}
    return {}


def _find_fiscal(text: str) -> int:
    """The year in which a fiscal year ends, such as FY17, FY2016/17 or 2016-17; 0 for anything else."""
    match = re.fullmatch(FISCAL, text)
    if not match or not (match[1] or match[3]):
        return 0
    first = int(match[2]) + (0 if len(match[2]) == 4 else 2000)
    return first if not match[3] else first + 1 if (first + 1 - int(match[3])) % 100 == 0 else 0


def _translate(year: str, half: str, quarter: str, month: str, day: str) -> str:
    """A date in Chinese as the ISO date or the span that it means."""
    if half or quarter:
        return f"{year}-H{'上下'.index(half) + 1}" if half else f"{year}-Q{'01234一二三四'.index(quarter) % 4 or 4}"
    return "-".join([year, *(f"{int(part):02d}" for part in (month, day) if part)])


def _find_end(kind: str, year: int, number: int) -> date:
    """The last day of a half-year, quarter or month of a year."""
    month = 12 // SPANS[kind] * number
    return date(year, month, calendar.monthrange(year, month)[1])


def _parse(text: str, forms: tuple[str, ...]) -> date | None:
    for form in forms if re.search(rf"(?<!\d){YEAR}", text) else ():
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
