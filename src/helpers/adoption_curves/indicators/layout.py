"""The one table of a file as text: where it begins and ends, and the names of its columns."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from ..base.columns import BY_NAME
from ..base.words import shorten
from .cells import SHOWN
from .periods import list_days
from .problems import DataError, Problem, list_problems
from .tables import SEARCHED, Row, decode_text, explain_length, file_error, read_bytes, split_rows

MARKS = "\t;|,"
"""Delimiters, in order of preference: commas also occur in numbers and texts."""
FIGURE = r"[<>\u2264\u2265]?\s*([+-]?[\d.,' \u2019\u00a0\u2009\u202f]*\d\.?\s*%?|[+-]?\d+(\.\d+)?[eE][+-]?\d+)"
JUDGED = 200
"""Number of lines from which the delimiter is inferred, and of cells from which the type of a column is."""


def read_layout(path: Path, choices: Mapping[str, str], notes: list[str]) -> tuple[pd.DataFrame, list[Row]]:
    """The table of a file as text, its index the row in the file, and the rows above it."""
    rows = _read_rows(path, choices, notes)
    if not rows:
        raise file_error(path, "is empty; its first line must be date,value")
    start = _find_header(rows[:SEARCHED], choices)
    above, (line, header), body = rows[:start], rows[start], rows[start + 1 :]
    notes += [f"Row {number}, above the table, is not read: {_say_row(cells)}." for number, cells in above]
    while body and re.search(r"[^\W\d_]{3}", body[-1][1][0]) and not any(map(str.strip, body[-1][1][1:])):
        number, cells = body.pop()
        notes.append(f"Row {number}, below the table, is not read: {_say_row(cells)}.")
    filled = [place + 1 for _, cells in (rows[start], *body) for place, cell in enumerate(cells) if cell.strip()]
    header = [cell.strip() or f"column {place}" for place, cell in enumerate(header[: max(filled)], 1)]
    body = [(number, cells if any(map(str.strip, cells[len(header) :])) else cells[: len(header)])
            for number, cells in body]  # fmt: skip
    problems = [Problem(path.name, line, name, "", "stands twice in the header; keep one")
                for name in sorted({name for name in header if header.count(name) > 1})]  # fmt: skip
    uneven = pd.DataFrame([row for row in body if len(row[1]) != len(header)], columns=["row", "cells"])
    problems += list_problems(path.name, uneven, "", lambda row: explain_length(row["cells"], header))
    if sum(map(is_date, header)) < 2 and any(map(is_figure, header)):
        problems = [
            Problem(path.name, line, "", "", "is a row of figures; the first line must name the columns: date,value")
        ]
    if not problems and not body:
        problems = [Problem(path.name, line, "", "", "the table has a header but no rows")]
    if problems:
        raise DataError(problems)
    frame = pd.DataFrame([cells for _, cells in body], columns=header, index=[number for number, _ in body], dtype=str)
    frame = frame.apply(lambda column: column.str.strip(" "))
    unnamed = [name for name in frame if name.startswith("column ") and (frame[name] == "").all()]
    return frame.drop(columns=unnamed), above


def _read_rows(path: Path, choices: Mapping[str, str], notes: list[str]) -> list[Row]:
    """Non-empty rows of a text file or of a sheet."""
    raw = read_bytes(path)
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        from .sheets import read_sheet  # it loads openpyxl, which other files do not need

        return read_sheet(path, raw, choices, notes)
    encoding = choices.get("encoding") or ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "")
    try:
        raw = raw.decode(encoding).encode() if encoding else raw
    except (UnicodeDecodeError, LookupError) as error:
        raise file_error(path, f"cannot be read as {encoding}: {error}; write another --encoding") from error
    text = decode_text(path, raw)
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n", JUDGED)[:JUDGED]]
    mark = max(MARKS, key=lambda each: sum(each in line for line in lines))
    mark = mark if any(mark in line for line in lines) else ","
    notes += [f"Fields are separated by {'tabs' if mark == chr(9) else repr(mark)}."] if mark != "," else []
    return split_rows(path, text, mark)


def _find_header(rows: list[Row], choices: Mapping[str, str]) -> int:
    """The place of the row that names the columns: the first with a name of dates, or with dates, or a full one."""
    names = {"date", *BY_NAME["date"].names.split(), plain_name(choices.get("date", "date"))}
    for place, (_, cells) in enumerate(rows):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(filled) > 1 and ({plain_name(cell) for cell in filled} & names or sum(map(is_date, filled)) > 1):
            return place
    widths = [sum(map(bool, map(str.strip, cells))) + (not cells[0].strip()) for _, cells in rows]  # a blank corner
    named = [not any(is_figure(cell) for cell in cells if cell.strip()) for _, cells in rows]
    return next((n for n, width in enumerate(widths) if width >= 0.7 * max(widths) and named[n]), 0)


def _say_row(cells: list[str]) -> str:
    return shorten(" ".join(filter(None, cells)), 60).rstrip(".")


def plain_name(text: str) -> str:
    """Write the name of a column in small letters without accents, with '_' for all signs and blanks."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"\W+", "_", "".join(mark for mark in parts if not unicodedata.combining(mark))).strip("_")


def is_figure(text: str) -> bool:
    """True if a cell looks like a number, a limit or a date."""
    return re.fullmatch(FIGURE, text.strip().partition(SHOWN)[0]) is not None or is_date(text)


def is_date(text: str) -> bool:
    """True if a cell is a date in any form."""
    return bool(list_days(text.strip()))
