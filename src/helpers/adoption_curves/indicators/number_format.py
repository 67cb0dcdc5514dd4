"""Formats of numbers in users' files."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence

from .problems import cell_error
from .validate import explain_cell

_SPACES = str.maketrans("\u00a0\u2009\u202f\u2019", "   '")
# Between the number in a cell of a spreadsheet and a format that shows another one, such as 0.0%.
SHOWN = ", shown as "
# Letters and marks behind a number or a date: 82.39 b, 2023p, 2023*, 2023 (p).
MARK = r"(?<=\d) ?([^\W\d]{1,2}|\(\w\)|[*†‡]+)$"
# Letters behind a number that may scale it, in whichever cells they stand.
_SCALES = r"(?i)k|m|mn|mio|bn|mrd|[百千万萬亿億]+"


class Number(str):
    """Number in a cell of a spreadsheet: digits with a point, and % if the cell shows a percentage."""

    __slots__ = ()


def strip_signs(text: str) -> str:
    """A number without the sign of a bound before it, and without a percent sign after it."""
    return text if isinstance(text, Number) else text.lstrip("<>≤≥ ").rstrip("%‰ ")


def write_plain(text: str, decimal: str) -> str:
    """A number as digits with a point, read with this decimal mark; "" if it is not a number.

    >>> write_plain("1.234,5", ","), write_plain("1,125", ","), write_plain("0,121", "."), write_plain("1 200", ".")
    ('1234.5', '1.125', '', '1200')
    """
    if isinstance(text, Number):
        return text.rstrip("%")
    groups = rf"[1-9]\d{{0,2}}(?P<mark>[{'.' if decimal == ',' else ','} '])\d{{3}}(?:(?P=mark)\d{{3}})*"
    pattern = rf"([+-]?)(?P<whole>{groups}|\d*)(?:\{decimal}(?P<part>\d*))?(?P<power>[eE][+-]\d+)?"
    match = re.fullmatch(pattern, text.translate(_SPACES), re.ASCII)
    if not match or not (match["whole"] or match["part"]):
        return ""
    digits, point = re.sub(r"\D", "", match["whole"] or "0"), f".{match['part']}" if match["part"] else ""
    return f"{match[1]}{digits}{point}{match['power'] or ''}"


def is_number(text: str) -> bool:
    """Whether a text is a number in some format, perhaps with a percent sign or the sign of a bound."""
    return any(write_plain(strip_signs(text), mark) for mark in ".,")


def find_decimal(file: str, rows: Mapping[str, int], heading: str) -> str:
    """The only decimal mark with which all texts are numbers; `rows` has the row of each text.

    Raises
    ------
    DataError
        If both marks fit, and a text is another number with each.
    """
    texts = [text for text in rows if is_number(text)]
    fits = [mark for mark in ".," if all(write_plain(text, mark) for text in texts)]
    for text in texts:
        one, other = (write_plain(text, mark) for mark in ".,")
        if len(fits) == 2 and one != other:
            raise cell_error(file, f"may be {one} (--decimal .) or {other} (--decimal ,)", rows[text], heading, text)
    return fits[0] if fits else "."


def split_flag(cell: str, flags: str) -> tuple[str, str]:
    """A cell without the footnote marks of --flags after it, and the marks."""
    match = re.fullmatch(rf"(.*[\d%:]) ?([{re.escape(flags)}]+)", cell) if flags else None
    return (match[1], match[2]) if match and not isinstance(cell, Number) else (cell, "")


def check_flags(file: str, flags: Sequence[str], heading: str, unit: str) -> None:
    """Raise a `DataError` for footnote marks after every value, or ones that scale a number."""
    everywhere = {*flags} if len(flags) > 1 and len({*flags}) == 1 else set()
    for flag in {one for one in flags if re.fullmatch(_SCALES, one)} | everywhere - {""}:
        if flag not in everywhere or flag.casefold() not in unit.casefold():
            where = f"has {flag!r} behind {'all' if flag in everywhere else 'some'} values"
            right = "which it may scale: write it behind all of them, and in --unit"
            raise cell_error(file, f"{where}, {right}", column=heading)


def explain_value(text: str, decimal: str) -> str:
    """Reason why a cell is not a number, and what to write."""
    if text.startswith("="):
        return "is a formula without a result; open the file in a spreadsheet and save it"
    if SHOWN in text:
        return "is another number than the cell shows; give the cell a plain format, and write its scale in --unit"
    if "^" in text:
        return "has raised or lowered letters (after ^); take them out of the cell"
    if is_number(text):
        return f"is no number with the decimal mark {decimal}, as others are; write all with one"
    if re.fullmatch(r"\D{1,60}", text):  # a longer text is no sign of a missing value
        return f"is no number; write --na {shlex.quote(text)} if it means that there is none, or leave the row out"
    note = re.search(MARK, text)
    if note and is_number(text[: note.start()]):
        right = f"write --flags {shlex.quote(note[1])} only if that is a note; a part of all values is in --unit too"
        return f"is no plain number; {right}"
    return explain_cell(text, {"type": "number"}) or "is no plain number; write its digits, such as 4500"
