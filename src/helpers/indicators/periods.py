"""Dates and periods as tables write them: days in any form, months and quarters in words and numbers, years."""

from __future__ import annotations

import calendar
import re
import unicodedata
from datetime import date, datetime, timedelta
from functools import cache, lru_cache

from ..base.languages import find_month, find_period, fold

ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
DATE_FORMS = ("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%Y年%m月%d日")
ORDERS = {"dmy": ("%d/%m/%Y", "%d-%m-%Y"), "mdy": ("%m/%d/%Y", "%m-%d-%Y")}
TWO_DIGITS = (
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
)
SPANS = ("year", "half-year", "quarter", "month")
MOST = {"half-year": 2, "quarter": 4, "month": 12}
"""How many of a span a year has."""
YEAR = r"(?:1[89]|20)\d{2}"
NUMERALS = ("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix", "x", "xi", "xii")
ROMAN = {numeral: number for number, numeral in enumerate(NUMERALS, 1)}
UNCLEAR = {
    "fiscal": "is a year that spans two; write the day on which it ended, such as 2024-06-30",
    "quarter or month": "may mean a quarter or a month; write 2024-Q1 or 2024-01",
}
CHINESE = str.maketrans("一二三四", "1234")
FILLERS = {"of", "de", "del", "di", "the", "st", "nd", "rd", "th", "er", "e", "o", "第", "年第", "日", "fy"}
"""Words in a date that say nothing of it."""
NOTE_MARKS = r"(\s*(\*+|[\u00b9\u00b2\u00b3\u2070-\u2079]+|(?<!\w)\(?\d\)|\([a-z]\))|(?<=\d)\s?[pre])$"
"""Marks of footnotes, and of provisional, revised and estimated figures, behind a date or a number."""
LONGEST = 39
"""Letters of the longest cell that may be a date."""


def read_day(text: str) -> date | None:
    """Read an ISO date; None for everything else, also a day that does not exist."""
    try:
        return date.fromisoformat(text) if re.fullmatch(ISO_DATE, text) else None
    except ValueError:
        return None


def write_plainly(text: str) -> str:
    """Write the digits of other scripts, and dashes that mean minus, as those of a keyboard."""
    marks = ("-" if mark in "\u2212\u2013\u2010\u2011" else mark for mark in text)
    return "".join(str(unicodedata.decimal(mark, mark)) if mark not in "0123456789" else mark for mark in marks)


def explain_date(text: str) -> str:
    """Say what is wrong with a text that is no ISO date, and the ISO date that it may mean."""
    text = write_plainly(text) if len(text) < 40 else text[:40]
    if read_day(text):  # in other digits or dashes
        return f"is not an ISO date; write {text}"
    if re.fullmatch(ISO_DATE, text):
        swapped = f"{text[:4]}-{text[8:]}-{text[5:7]}"
        hint = f"; with day and month exchanged it is {swapped}" if read_day(swapped) else ""
        return f"is not a day of the calendar; write a day that exists, as YYYY-MM-DD{hint}"
    kind, meant = interpret_date(text)
    if kind in ("time of day", "time zone"):
        return f"has a {kind}; write the day alone, {meant}"
    if kind in SPANS:
        return f"is a whole {kind}; write the day itself as YYYY-MM-DD, such as {meant}"
    if meant:
        return f"is not an ISO date; write {meant}"
    if kind in UNCLEAR:
        return UNCLEAR[kind]
    if re.fullmatch(r"(1[89]|20)\d{2}\.\d+", text):
        return "is a year with decimals; write the day itself as YYYY-MM-DD"
    if _parse(text, *TWO_DIGITS) or re.fullmatch(r"\d\d?[- ][^\W\d_]{3,}\.?[- ]\d\d", text):
        return "has a year of two digits; write all four, as YYYY-MM-DD"
    if kind == "ambiguous":
        days = sorted(day.isoformat() for forms in ORDERS.values() if (day := _parse(text, *forms)))
        return f"may mean {' or '.join(days)}; write the one that it is"
    if re.fullmatch(r"[2-6]\d{4}(\.\d+)?", text):
        return f"is a spreadsheet's number of a day; write {date(1899, 12, 30) + timedelta(days=int(text[:5]))}"
    return "is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"


@lru_cache(maxsize=4096)
def interpret_date(text: str, order: str = "", period: str = "") -> tuple[str, date | None]:
    """Find the day that a text means; of a year, half-year, quarter or month it is the last.

    Parameters
    ----------
    text : str
    order : {"", "dmy", "mdy"}
        Which comes first in 03/04/2020, where the text itself does not show it.
    period : {"", "half-year", "quarter", "month"}
        What 1/2020 counts, where the text itself does not show it.

    Returns
    -------
    kind : str
        "day" for an ISO date; one of `SPANS`; "time of day" and "time zone" for what stands after the day; "dmy" and
        "mdy" for a day in numbers in that order; "form" for one in another form; "ambiguous" for a day in either
        order; "quarter or month"; "fiscal" for a year that spans two; or "" for no date.
    day : date or None
        None where the kind is one of the last four.
    """
    if len(text) > LONGEST:
        return "", None
    if day := read_day(text):
        return "day", day
    clock = r"([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?"
    if (timed := re.fullmatch(rf"({ISO_DATE}){clock}", text)) and (day := read_day(timed[1])):
        return "time zone" if timed[5] else "time of day", day
    text = re.sub(r"(?<=\d)[ T]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?( ?[AaPp][Mm])?$", "", text)  # 31/12/2019 00:00
    text = re.sub(NOTE_MARKS, "", text)
    if match := re.fullmatch(rf"({YEAR})(\.0+)?", text):
        return "year", date(int(match[1]), 12, 31)
    if match := re.fullmatch(rf"({YEAR})-(0[1-9]|1[0-2])", text):
        return "month", _find_end("month", int(match[1]), int(match[2]))
    found = _interpret_form(text, order)
    return found if found[0] else _interpret_words(text, period)


def _find_end(kind: str, year: int, number: int = 1) -> date:
    """The last day of a half-year, quarter or month of a year."""
    month = 12 // MOST[kind] * number
    return date(year, month, calendar.monthrange(year, month)[1])


def _interpret_words(text: str, period: str) -> tuple[str, date | None]:
    """Find the period, or the day, that is written in words, or as a number and a year."""
    plain = fold(text)
    plain = plain.translate(CHINESE) if "季" in plain else plain
    parts = re.findall(r"\d+|[^\W\d_]+", plain)
    years = [int(part) for part in parts if re.fullmatch(YEAR, part)]
    numbers = [str(ROMAN.get(part, part)) for part in parts if part.isdigit() or part in ROMAN]
    numbers = [number for number in numbers if not re.fullmatch(YEAR, number)]
    words = [part for part in parts if not part.isdigit() and part not in ROMAN]
    words = [word for word in words if word not in FILLERS and find_period(word) != "year"]
    months = [find_month(word) for word in words]
    if len(words) == 2 and all(months) and len(years) == 1 and not numbers:  # Jan-Mar 2023
        span = {2: "quarter", 5: "half-year", 11: "year"}.get((months[1] - months[0]) % 12, "")
        return (span, _find_end("month", years[0], months[1])) if span else ("", None)
    if re.search(r"[^\w\s.,/:()'-]|_", plain) or len(words) > 1 or len(years) + len(numbers) > 2:
        return "", None
    if not words:
        return _interpret_numbers(plain, years, numbers, period)
    if month := find_month(words[0]):
        number = int(numbers[0]) if numbers else 0
        if years and number:
            exists = 1 <= number <= calendar.monthrange(years[0], month)[1]
            return ("form", date(years[0], month, number)) if exists else ("", None)
        if not years and (len(numbers) != 1 or len(numbers[0]) != 2 or parts[0] != words[0]):
            return "", None  # Mar-23 is a month, 23-Mar a day without a year
        return "month", _find_end("month", years[0] if years else _complete(numbers[0]), month)
    kind = find_period(words[0])
    if not years and {len(number) for number in numbers} == {1, 2}:  # Q1/23
        numbers.sort(key=len)
        years = [_complete(numbers.pop())]
    valid = kind and len(years) == len(numbers) == 1 and 1 <= int(numbers[0]) <= MOST[kind]
    return (kind, _find_end(kind, years[0], int(numbers[0]))) if valid else ("", None)


def _interpret_numbers(plain: str, years: list[int], numbers: list[str], period: str) -> tuple[str, date | None]:
    """Find the period that a year means alone, with another year, or with a number."""
    if len(years) == 1 and not numbers:
        return ("fiscal", None) if "fy" in plain else ("year", date(years[0], 12, 31))
    if len(years) == 2 or len(years) + len(numbers) != 2 or not years:
        return ("fiscal" if len(years) == 2 and years[1] == years[0] + 1 else ""), None
    number, padded = int(numbers[0]), re.fullmatch(rf"(0[1-9]|1[0-2])\.{YEAR}", plain)
    if number == (years[0] + 1) % 100 and not 1 <= number <= 12:
        return "fiscal", None
    if not 1 <= number <= 12 or ("." in plain and plain[0].isdigit() and not padded):  # 2023.1 may be a number
        return "", None
    kind = period if period in MOST else "month" if number > 4 else ""
    if kind and number > MOST[kind]:
        return "", None
    return (kind, _find_end(kind, years[0], number)) if kind else ("quarter or month", None)


def _complete(year: str) -> int:
    """The year that two digits mean, as C libraries read them: 1969 to 2068."""
    return int(year) + (2000 if int(year) < 69 else 1900)


def _interpret_form(text: str, order: str) -> tuple[str, date | None]:
    """Find a day that is written in another form than the ISO's."""
    meant = _parse(text, *DATE_FORMS)
    if meant and not (re.fullmatch(r"\d+", text) and len(text) != 8):  # 201512 would be read as the second of January
        return "form", meant
    days = {name: day for name, forms in ORDERS.items() if (day := _parse(text, *forms))}
    if len(days) == 1 or order in days:
        name = order if order in days else next(iter(days))
        return name, days[name]
    if len(set(days.values())) == 1:  # 05/05/2020
        return "form", days["dmy"]
    return ("ambiguous" if days else ""), None


def _parse(text: str, *forms: str) -> date | None:
    shape = _find_shape(text)
    for form in forms:
        if _find_form_shape(form) == shape:  # the others cannot match, and trying them takes most of the time
            try:
                return datetime.strptime(text, form).date()
            except ValueError:
                continue
    return None


def _find_shape(text: str) -> tuple[frozenset[str], bool]:
    """Return the signs between numbers and words, and whether there are words."""
    plain = [mark for mark in text if mark.isascii() and mark.isalnum()]
    return frozenset(text) - frozenset(plain), any(mark.isalpha() for mark in plain)


@cache
def _find_form_shape(form: str) -> tuple[frozenset[str], bool]:
    return _find_shape(re.sub(r"%[a-zA-Z]", lambda part: "a" if part[0] in ("%b", "%B") else "0", form))
