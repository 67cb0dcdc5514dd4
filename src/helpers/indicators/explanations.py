"""Say what is wrong with a cell that is no number, no date or no plain text, and what it may mean."""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Iterable
from datetime import date, datetime, timedelta

from helpers.quoting import UNSEEN

NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
SMALLEST, LARGEST = 1e-12, 1e15  # what a figure above 0 may be: computing with others loses digits or overflows
LATEST = "2100-12-31"
BLANKS = r"[ '_\u2019\u00a0\u2009\u202f]"
NO_FIGURE = {"nan", "inf", "infinity", "na", "n/a", "#n/a", "null", "none", "nil", "missing", "-", "\u2013", "\u2014"}
NO_FIGURE |= {".", "..", "...", ":", "?", "*"}
DATE_FORMS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y-%m-%d",
    "%d.%m.%Y",
    "%Y年%m月%d日",
    "%d %b %Y",
    "%d %B %Y",
    "%d-%b-%Y",
    "%d-%B-%Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%b %d %Y",
    "%B %d %Y",
)
MONTH_FORMS = ("%b %Y", "%B %Y", "%m/%Y", "%Y/%m", "%b-%Y", "%Y年%m月")
TWO_DIGITS = ("%d.%m.%y", "%d/%m/%y", "%m/%d/%y", "%d-%m-%y", "%d-%b-%y", "%d %b %y")


def explain_unseen(text: str) -> str:
    """Name the first character of a text that nobody sees."""
    found = re.search(UNSEEN, text)
    assert found is not None  # only such texts come here
    mark = found[0]
    if mark in "\n\r\u2028\u2029\x85":
        return "holds a line break; write it on one line"
    if mark == "\t":
        return "holds a tab; write a blank"
    if mark == "\ufffd":
        return "holds U+FFFD, which stands for a letter that was lost; write the letter"
    name = unicodedata.name(mark, "control character").lower()
    return f"holds U+{ord(mark):04X} ({name}), which nobody sees; take it away"


def explain_number(text: str) -> str:
    """Say what is wrong with a text that is no plain number, and the number that it may mean."""
    plain = _write_plainly(text)
    if re.fullmatch(NUMBER, plain) and plain != text:
        return f"is not written with the digits 0 to 9 and the signs . and -; write {plain}"
    if re.fullmatch(NUMBER, text):
        return _explain_size(float(text))
    if text.lower().lstrip("+-") in NO_FIGURE or text.lower() in NO_FIGURE:
        return "is not a finite number; leave the row out where there is no figure"
    return _explain_marks(plain) or _explain_words(plain)


def _write_plainly(text: str) -> str:
    """Write the digits of other scripts, and dashes that mean minus, as those of a keyboard."""
    marks = ("-" if mark in "\u2212\u2013\u2010\u2011" else mark for mark in text)
    return "".join(str(unicodedata.decimal(mark, mark)) if mark not in "0123456789" else mark for mark in marks)


def _explain_size(number: float) -> str:
    if abs(number) > 1e308:
        return "is not a finite number; leave the row out where there is no figure"
    if abs(number) > LARGEST:
        return f"is above {LARGEST:g}; write it in a larger unit, such as million persons"
    return f"is nearer to 0 than {SMALLEST:g}; write it in a smaller unit, or 0"


def _explain_marks(text: str) -> str:
    """Explain separators, decimal commas, and points without digits on both sides; "" where it is none of them."""
    whole, _, decimals = text.rpartition(",")
    if re.fullmatch(rf"[+-]?\d{{1,3}}(({BLANKS}|,)\d{{2,3}})*({BLANKS}|,)\d{{3}}(\.\d+)?", text):
        return f"has a thousands separator; write {re.sub(f'{BLANKS}|,', '', text)}"
    if re.fullmatch(r"[+-]?\d{1,3}(\.\d{3}){2,}", text):
        return f"has thousands separators; write {text.replace('.', '')}"
    if re.fullmatch(rf"[+-]?\d{{1,3}}(({BLANKS}|\.)\d{{3}})+,\d+", text):
        return f"has thousands separators and a decimal comma; write {re.sub(rf'{BLANKS}|[.]', '', whole)}.{decimals}"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return f"has a decimal comma; write {text.replace(',', '.')}"
    if re.fullmatch(r"\.\d+|\d+\.", text):
        return f"has a decimal point without a digit on both sides; write {f'0{text}' if text[0] == '.' else text[:-1]}"
    return ""


def _explain_words(text: str) -> str:
    """Explain a number with words or signs around it."""
    alone = re.findall(r"(?<![\d.,])\d+(?:\.\d+)?(?![\d.,])", text)
    percent = re.fullmatch(rf"({NUMBER})\s*(%|per ?cent|pct)", text)
    if percent:
        return f"has a percent sign; write {percent[1]}, the unit stands apart"
    if text.startswith("#"):
        return "is a spreadsheet's word for an error; write the number, or leave the row out"
    if text.startswith("="):
        return "is a formula; write its result"
    if len(alone) == 2 and re.fullmatch(r"\D*[\d.]+\s*(-|to|\.\.)\s*[\d.]+\D*", text):
        return "is a range; write one number"
    if len(alone) == 1 and re.match(r"\s*(>|≥|over|above|at least|more than|<|≤|under|below|at most|less than)", text):
        bound = "at_most" if re.match(r"\s*(<|≤|under|below|at most|less)", text) else "at_least"
        return f"is a bound; write {alone[0]}, and {bound} in the column bound"
    if len(alone) == 1 and re.fullmatch(r"\W*[\d.]+(\W*|\W*\(.*\)|\s*[^\W\d][^\d]*)", text):
        return f"has words or signs beside the number; write {alone[0]} alone, the unit stands apart"
    return "is text, not a number; write digits with a point as decimal mark, such as 42.8"


def explain_date(text: str) -> str:
    """Say what is wrong with a text that is no ISO date, and the ISO date that it may mean."""
    text = _write_plainly(text) if len(text) < 40 else text[:40]
    if re.fullmatch(ISO_DATE, text):
        return _explain_iso(text)
    timed = re.fullmatch(
        rf"({ISO_DATE})([T ]\d{{2}}:\d{{2}}(:\d{{2}}(\.\d+)?)?)?\s*(Z|UTC|[+-]\d{{2}}:?\d{{2}})?", text
    )
    if timed and read_day(timed[1]):
        what = "a time zone" if timed[5] else "a time of day"
        return f"has {what}; write the day alone, {timed[1]}"
    return _explain_span(text) or _explain_form(text) or "is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"


def _explain_iso(text: str) -> str:
    if read_day(text):  # in other digits or dashes
        return f"is not an ISO date; write {text}"
    swapped = f"{text[:4]}-{text[8:]}-{text[5:7]}"
    hint = f"; with day and month exchanged it is {swapped}" if read_day(swapped) else ""
    return f"is not a day of the calendar; write a day that exists, as YYYY-MM-DD{hint}"


def read_day(text: str) -> date | None:
    """Read an ISO date; None for a day that does not exist."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _explain_span(text: str) -> str:
    """Explain a year, half-year, quarter or month; "" where it is none."""
    year = re.fullmatch(r"((1[89]|20)\d{2})(\.0+)?", text)
    month = re.fullmatch(r"((?:1[89]|20)\d{2})-(0[1-9]|1[0-2])", text)
    part = re.fullmatch(r"(?:(\d{4})[ -]?([QHqh])([1-4])|([QHqh])([1-4])[ -]?(\d{4}))", text)
    if year:
        return _name_span("year", int(year[1]), 12)
    if month:
        return _name_span("month", int(month[1]), int(month[2]))
    if part:
        kind, number = (part[2] or part[4]).upper(), int(part[3] or part[5])
        if kind == "Q" or number <= 2:
            span, months = ("quarter", 3) if kind == "Q" else ("half-year", 6)
            return _name_span(span, int(part[1] or part[6]), number * months)
    if re.fullmatch(r"(1[89]|20)\d{2}\.\d+", text):
        return "is a year with decimals; write the day itself as YYYY-MM-DD"
    meant = _parse(text, MONTH_FORMS)
    return _name_span("month", meant.year, meant.month) if meant else ""


def _name_span(span: str, year: int, month: int) -> str:
    last = calendar.monthrange(year, month)[1]
    return f"is a whole {span}; write the day itself as YYYY-MM-DD, such as {year}-{month:02d}-{last}"


def _explain_form(text: str) -> str:
    """Explain a day that is written in another form; "" where it is none."""
    meant = _parse(text, DATE_FORMS)
    if meant and not (re.fullmatch(r"\d+", text) and len(text) != 8):  # 201512 would be read as the second of January
        return f"is not an ISO date; write {meant.isoformat()}"
    if _parse(text, TWO_DIGITS):
        return "has a year of two digits; write all four, as YYYY-MM-DD"
    days = {day for day in (_parse(text, (form,)) for form in ("%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%m-%d-%Y")) if day}
    if len(days) > 1:
        return f"may mean {' or '.join(sorted(map(str, days)))}; write the one that it is"
    if days:
        return f"is not an ISO date; write {days.pop().isoformat()}"
    if re.fullmatch(r"[2-6]\d{4}(\.\d+)?", text):
        meant = date(1899, 12, 30) + timedelta(days=int(text[:5]))
        return f"is a spreadsheet's number of a day; write {meant.isoformat()}"
    return ""


def _parse(text: str, forms: Iterable[str]) -> date | None:
    for form in forms:
        try:
            return datetime.strptime(text, form).date()
        except ValueError:
            continue
    return None
