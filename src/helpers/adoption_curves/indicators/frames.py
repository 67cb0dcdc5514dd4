"""Table of a CSV file or a sheet as text, with the row of its header."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from ..base.columns import BY_NAME
from ..base.words import shorten
from .periods import interpret_date
from .problems import DataError, Problem, list_problems
from .sheets import read_spreadsheet
from .tables import SEARCHED, Row, decode_text, explain_length, file_error, read_bytes, split_rows

MARKS = "\t;|,"
"""Delimiters, in order of preference: commas also occur in numbers and texts."""
LIMIT = r"([<>\u2264\u2265])\s*(?=[\d.,])"
"""Signs before a figure that is a limit, such as <1."""
FIGURE = r"[+-]?[\d.,' \u2019\u00a0\u2009\u202f]*\d\.?\s*%?|[+-]?\d+(\.\d+)?[eE][+-]?\d+"
JUDGED = 200
"""Number of cells from which the type of a column is inferred."""


def _read_rows(path: Path, choices: Mapping[str, str], notes: list[str]) -> tuple[str, list[Row]]:
    """Delimiter ("" for a spreadsheet) and non-empty rows of a file."""
    raw = read_bytes(path)
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return "", read_spreadsheet(path, raw, choices, notes)
    encoding = choices.get("encoding") or ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "")
    try:
        raw = raw.decode(encoding).encode() if encoding else raw
    except (UnicodeDecodeError, LookupError) as error:
        raise file_error(path, f"cannot be read as {encoding}: {error}; write another --encoding") from error
    text = decode_text(path, raw)
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n", JUDGED)[:JUDGED]]
    mark = max(MARKS, key=lambda each: sum(each in line for line in lines))
    mark = mark if any(mark in line for line in lines) else ","
    notes += [f"fields are separated by {'tabs' if mark == chr(9) else repr(mark)}"] if mark != "," else []
    return mark, split_rows(path, text, mark)


def read_frame(path: Path, choices: Mapping[str, str], notes: list[str]) -> tuple[str, pd.DataFrame]:
    """The delimiter ("" of a spreadsheet), and the one table of a file as text; the index is the row in the file."""
    mark, rows = _read_rows(path, choices, notes)
    if not rows:
        raise file_error(path, "is empty; its first line must be date,value")
    start = _find_header(rows[:SEARCHED], choices)
    above = [" ".join(filter(None, cells)) for _, cells in rows[:start]]
    for number, cells in rows[:start]:
        notes.append(f"row {number}, above the header, is not read: {shorten(' '.join(filter(None, cells)), 60)}")
    (line, header), body = rows[start], rows[start + 1 :]
    width = max((place + 1 for _, cells in rows[start:] for place, cell in enumerate(cells) if cell.strip()), default=0)
    header = [cell.strip() or f"column {place + 1}" for place, cell in enumerate(header[:width])]
    body = [
        (number, cells[: len(header)] if not any(map(str.strip, cells[len(header) :])) else cells)
        for number, cells in body
    ]
    while body and re.search(r"[^\W\d_]{3}", body[-1][1][0]) and not any(map(str.strip, body[-1][1][1:])):
        number, cells = body.pop()
        notes.append(f"row {number}, below the table, is not read: {shorten(cells[0], 60)}")
    _refuse_two_headers(path, rows, start)
    twice = sorted({name for name in header if header.count(name) > 1})
    problems = [Problem(path.name, line, name, "", "stands twice in the header; keep one") for name in twice]
    wrong = pd.DataFrame([row for row in body if len(row[1]) != len(header)], columns=["row", "cells"])
    problems += list_problems(path.name, wrong, "", lambda row: explain_length(row["cells"], header))
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
    unnamed = np.array([name.startswith("column ") for name in header])
    frame = frame.loc[:, (frame != "").any().to_numpy() | ~unnamed]
    frame.attrs["above"] = above
    return mark, frame


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


def _refuse_two_headers(path: Path, rows: list[Row], start: int) -> None:
    """Refuse a table with dates in one header row and groups in another: one row must say what each column is."""
    dates = [cell.strip() for cell in rows[start][1][1:] if is_date(cell)]
    for place in (place for place in (start + 1, start - 1) if dates and 0 <= place < len(rows)):
        groups = [cell.strip() for cell in rows[place][1][1:] if cell.strip()]
        if len(groups) < 2 or any(map(is_figure, groups)) or (place < start and len({*dates}) == len(dates)):
            continue
        named = sorted(
            (rows[line][0], ", ".join(dict.fromkeys(cells))) for line, cells in ((start, dates), (place, groups))
        )
        both = " and ".join(f"row {line} ({shorten(cells)})" for line, cells in named)
        keep = f"keep one, such as that of {dates[0]}, and below it the columns of one group, such as {groups[0]}"
        raise file_error(path, f"has two header rows, {both}; {keep}")


def plain_name(text: str) -> str:
    """Write the name of a column in small letters without accents, with '_' for all signs and blanks."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"\W+", "_", "".join(mark for mark in parts if not unicodedata.combining(mark))).strip("_")


def is_figure(text: str) -> bool:
    """True if a cell looks like a number, or a date."""
    return re.fullmatch(FIGURE, re.sub(rf"^{LIMIT}", "", text.strip())) is not None or is_date(text)


def is_date(text: str) -> bool:
    """True if a cell looks like a date in any form, also one that can be read in two ways."""
    return interpret_date(text.strip())[0] != ""
