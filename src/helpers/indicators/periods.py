"""Dates and periods as tables write them: days, months, quarters, half-years and years; in words those of English."""

from __future__ import annotations

import calendar
import re
from datetime import date, datetime
from functools import lru_cache

ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
DAYS = ("%d.%m.%Y", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d, %Y", "%b %d, %Y")
MONTHS = ("%Y-%m", "%YM%m", "%B %Y", "%b %Y", "%Y %b", "%Y %B")
ORDERS = {"dmy": ("%d/%m/%Y", "%d-%m-%Y"), "mdy": ("%m/%d/%Y", "%m-%d-%Y")}
YEAR = r"(?:1[89]|20)\d{2}"
SPANS = {"year": 1, "half-year": 2, "quarter": 4, "month": 12}
"""How many of each a year has."""
READ = "write 2025-12-31, 2025-12, 2025-Q4, 2025-H2 or 2025"


def read_day(text: str) -> date | None:
    """Read an ISO date; None for everything else, also a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(ISO_DATE, text) else None
    except ValueError:
        return None


def explain_date(text: str) -> str:
    """Say what is wrong with a text that is no ISO date, and the ISO date that it may mean."""
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
def interpret_date(text: str, order: str = "") -> tuple[str, date | None]:
    """Find the day that a text means; of a year, half-year, quarter or month it is the last.

    Parameters
    ----------
    text : str
    order : {"", "dmy", "mdy"}
        Which comes first in 03/04/2020, where the text itself does not show it.

    Returns
    -------
    kind : str
        "day" for an ISO date; one of `SPANS`; "dmy", "mdy" or "form" for a day in another form; "ambiguous" for a day
        in either order; or "" for no date.
    day : date or None
        None where the kind is one of the last two.

    Examples
    --------
    >>> [f"{day}" for _, day in map(interpret_date, ("2024", "2024-Q1", "Q1/2024", "Feb 2024", "31.12.2024"))]
    ['2024-12-31', '2024-03-31', '2024-03-31', '2024-02-29', '2024-12-31']
    >>> interpret_date("03/04/2020"), interpret_date("1/2023"), interpret_date("2023/24")
    (('ambiguous', None), ('', None), ('', None))
    """
    if len(text) > 39:
        return "", None
    text = re.sub(r"(?<=\d)[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm]|Z)?$", "", text)  # a time of day
    if day := read_day(text):
        return "day", day
    if match := re.fullmatch(rf"({YEAR})(\.0)?", text):
        return "year", date(int(match[1]), 12, 31)
    part = re.fullmatch(rf"({YEAR})[- ]?([QTKSH])([1-4])", text.upper())
    part = part or re.fullmatch(rf"([QTKSH])([1-4])[ /-]({YEAR})", text.upper())
    if part:
        year, letter, number = part.groups() if part[1].isdigit() else (part[3], part[1], part[2])
        kind = "half-year" if letter in "SH" else "quarter"
        return (kind, _find_end(kind, int(year), int(number))) if int(number) <= SPANS[kind] else ("", None)
    if re.fullmatch(rf"{YEAR}\d{{4}}", text) and (day := _parse(text, ("%Y%m%d",))):
        return "form", day
    if day := _parse(text, MONTHS):
        return "month", _find_end("month", day.year, day.month)
    if day := _parse(text, DAYS):
        return "form", day
    days = {name: day for name, forms in ORDERS.items() if (day := _parse(text, forms))}
    if len(days) == 1 or order in days or len(set(days.values())) == 1:  # 05/05/2020
        name = order if order in days else next(iter(days), "")
        return ("form" if len(set(days.values())) < len(days) else name), days[name]
    return ("ambiguous" if days else ""), None


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
