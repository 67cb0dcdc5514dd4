"""The one table of a file as text: where it begins and ends, and the names of its columns."""

from __future__ import annotations

import io
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.columns import BY_NAME
from ..base.words import shorten
from .cells import SHOWN
from .data_files import (
    SEARCHED,
    NumberedRow,
    decode_text,
    explain_length,
    file_error,
    list_repeated,
    make_frame,
    read_bytes,
    refuse_large,
    split_rows,
)
from .periods import list_days
from .problems import DataError, Problem, list_names

_MARKS = "\t;|,"
"""Delimiters, in order of preference: commas also occur in numbers and texts."""
_FIGURE = r"[<>\u2264\u2265]?\s*([+-]?[\d.,' \u2019\u00a0\u2009\u202f]*\d\.?\s*%?|[+-]?\d+(\.\d+)?[eE][+-]?\d+)"
_MAX_CELLS = 2_000_000
"""Largest number of cells of a sheet, empty ones included; a file of 50 MB has no more filled ones."""
JUDGED = 200
"""Number of lines from which the delimiter is inferred, and of cells from which the type of a column is."""


def read_layout(path: Path, choices: Mapping[str, str], notes: list[str]) -> tuple[pd.DataFrame, list[NumberedRow]]:
    """The table of a file as text, its index the row in the file, and the rows above it."""
    rows = _read_sheet_rows(path, choices, notes)
    if not rows:
        raise file_error(path, "is empty; its first line must be date,value")
    above, (line, header), body, below = _part_rows(rows, choices)
    for place, found in (("above", above), ("below", below)):
        notes += [f"Row {number}, {place} the figures, is not read: {_say_row(cells)}." for number, cells in found]
    whole = [header, *(cells for _, cells in body)]
    width = max(place + 1 for cells in whole for place, cell in enumerate(cells) if cell.strip())
    header = [cell.strip() or f"column {place}" for place, cell in enumerate(header[:width], 1)]
    body = [(number, cells[:width]) for number, cells in body]
    if problems := _list_faults(path.name, line, header, body):
        raise DataError(problems)
    frame = make_frame(header, body).apply(lambda column: column.str.strip(" "))
    unnamed = [name for name in frame if name.startswith("column ") and (frame[name] == "").all()]
    return frame.drop(columns=unnamed), above


def _part_rows(
    rows: list[NumberedRow], choices: Mapping[str, str]
) -> tuple[list[NumberedRow], NumberedRow, list[NumberedRow], list[NumberedRow]]:
    """The rows above the table, its header, its rows from the first figure on, and the rows below it."""
    start = _find_header(rows[:SEARCHED], choices)
    digits = (place for place in range(start + 1, len(rows)) if re.search(r"\d", "".join(rows[place][1])))
    first, end = next(digits, start + 1), _find_last_row(rows)
    return [*rows[:start], *rows[start + 1 : first]], rows[start], rows[first:end], rows[end:]


def _list_faults(file: str, line: int, header: list[str], body: list[NumberedRow]) -> list[Problem]:
    """Faults of a table's form: names that stand twice, rows of another length, no names, no rows."""
    if sum(map(is_date, header)) < 2 and any(map(is_figure, header)):
        message = "is a row of figures; the first line must name the columns: date,value"
        return [Problem(file, line, "", "", message)]
    if not body:
        return [Problem(file, line, "", "", "the table has a header but no rows")]
    problems = list_repeated(file, line, header)
    for number, cells in [row for row in body if len(row[1]) != len(header)][:1]:
        problems.append(Problem(file, number, "", "", f"{explain_length(cells, header)}, or leave the row out"))
    return problems


def _read_sheet_rows(path: Path, choices: Mapping[str, str], notes: list[str]) -> list[NumberedRow]:
    """Non-empty rows of a text file or of a sheet."""
    raw = read_bytes(path)
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _read_sheet(path, raw, choices, notes)
    encoding = choices.get("encoding") or ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "")
    try:
        raw = raw.decode(encoding).encode() if encoding else raw
    except (UnicodeDecodeError, LookupError) as error:
        raise file_error(path, f"cannot be read as {encoding}: {error}; write another --encoding") from error
    text = decode_text(path, raw)
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n", JUDGED)[:JUDGED]]
    mark = max(_MARKS, key=lambda each: sum(each in line for line in lines))
    mark = mark if any(mark in line for line in lines) else ","
    return split_rows(path, text, mark)


def _read_sheet(path: Path, raw: bytes, choices: Mapping[str, str], notes: list[str]) -> list[NumberedRow]:
    """Non-empty rows of the one filled sheet of an .xlsx file, or of the one that is named.

    Raises
    ------
    DataError
        If it is no such file, it holds too much, one of several sheets must be named, or a cell shows another number
        than it holds.
    """
    try:
        return _open_sheet(path, raw, choices, notes)
    except DataError:
        raise
    except Exception as error:  # a damaged file makes these libraries raise anything
        raise file_error(path, "cannot be read as a spreadsheet; save it as CSV UTF-8") from error


def _open_sheet(path: Path, raw: bytes, choices: Mapping[str, str], notes: list[str]) -> list[NumberedRow]:
    from openpyxl import load_workbook  # other files do not need it

    _check_parts(path, raw)
    held, written = (load_workbook(io.BytesIO(raw), read_only=True, data_only=values) for values in (True, False))
    chosen = _choose_sheet(path, held, choices)
    notes += [f"The sheet {shorten(chosen)} is read."] if len(held.sheetnames) > 1 else []
    sheets, rows = (_iterate(path, book[chosen]) for book in (held, written)), []
    for line, (cells, behind) in enumerate(zip(*sheets, strict=True), 1):
        lost = [one.coordinate for cell, one in zip(cells, behind, strict=False) if cell is None and one is not None]
        if lost:
            raise file_error(path, f"has a formula without a result in {lost[0]}; open it in a spreadsheet and save it")
        if any(cell is not None for cell in cells):
            rows.append((line, [_write_text(cell) for cell in cells]))
    width = max((len(cells) for _, cells in rows), default=0)
    return [(line, cells + [""] * (width - len(cells))) for line, cells in rows if any(map(str.strip, cells))]


def _choose_sheet(path: Path, book: Any, choices: Mapping[str, str]) -> str:
    """The name of the sheet to read: the chosen one, or the only one with a row of figures."""
    names = [sheet.title for sheet in book]
    if choices.get("sheet") in names:
        return choices["sheet"]
    full = [one.title for one in book if any(_count_numbers(map(_write_text, row)) > 1 for row in _iterate(path, one))]
    found = full or names
    if len(found) > 1 or "sheet" in choices:
        listed = list_names(names if "sheet" in choices else found)
        raise file_error(path, f"has the sheets {listed}; write --sheet and one of them")
    return found[0]


def _check_parts(path: Path, raw: bytes) -> None:
    """Refuse another kind of file, or one that is too large."""
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise file_error(path, "is an old or a locked spreadsheet (.xls); save it as .xlsx or CSV")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        refuse_large(path, sum(entry.file_size for entry in archive.infolist()))
        if "content.xml" in archive.namelist():
            raise file_error(path, "is an .ods spreadsheet; save it as .xlsx or CSV")
        if any(b"<!DOCTYPE" in archive.read(name) for name in archive.namelist()):
            raise ValueError("it declares a document type")


def _iterate(path: Path, sheet: Any) -> Iterator[list[Any]]:
    """Cells of each row of a sheet, None for an empty one; what it says of its extent may be wrong."""
    sheet.reset_dimensions()
    count = 0
    for row in sheet.iter_rows():
        count += max(1, len(row))
        if count > _MAX_CELLS:
            message = f"has a sheet of more than {_MAX_CELLS:,} cells; delete what lies far from the table"
            raise file_error(path, f"{message}, or save it as CSV UTF-8")
        yield [None if cell.value is None else cell for cell in row]


def _write_text(cell: Any) -> str:
    """A cell as text: a date as ISO, a number with the digits that a spreadsheet keeps, and a format that hides it."""
    if cell is None:
        return ""
    if isinstance(cell.value, datetime):
        return cell.value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
        return str(cell.value)
    text = f"{cell.value:.15g}"
    shown = re.sub(r'\[[^\]]*\]|"[^"]*"|\\.|_.', "", cell.number_format or "").partition(";")[0]
    if "%" in shown or re.search(r"[0#],+(?![0#])", shown):
        return f"{text}{SHOWN}'{cell.number_format}'"
    return f"{text}0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text  # 1.125 is no 1,125


def _find_header(rows: list[NumberedRow], choices: Mapping[str, str]) -> int:
    """The place of the row that names the columns: with a name of dates, or with dates, or above the figures."""
    names = {"date", *BY_NAME["date"].names.split(), plain_name(choices.get("date", "date"))}
    for place, (_, cells) in enumerate(rows):
        filled = [cell.strip() for cell in cells if cell.strip()]
        if len(filled) > 1 and ({plain_name(cell) for cell in filled} & names or sum(map(is_date, filled)) > 1):
            return place
    counts = [_count_numbers(cells) for _, cells in rows]
    first = next(place for place, count in enumerate(counts) if count >= min(2, max(counts)))
    return max((place for place in range(first) if not counts[place]), default=0)


def _find_last_row(rows: list[NumberedRow]) -> int:
    """The place of the first row below the figures: words after a blank line, or alone in their row."""
    dated = [place for place, (_, cells) in enumerate(rows) if is_date(cells[0]) or _count_numbers(cells[1:])]
    for place in range(max(dated, default=len(rows)) + 1, len(rows)):
        (before, _), (number, cells) = rows[place - 1 : place + 1]
        alone = number > before + 1 or sum(map(bool, map(str.strip, cells))) == 1
        if alone and re.search(r"[^\W\d_]{3}", "".join(cells)):
            return place
    return len(rows)


def _count_numbers(cells: Iterable[str]) -> int:
    """How many cells look like numbers, limits or dates."""
    return sum(map(is_figure, cells))


def _say_row(cells: list[str]) -> str:
    return shorten(" ".join(filter(None, cells)), 60).rstrip(".")


def plain_name(text: str) -> str:
    """Write the name of a column in small letters without accents, with '_' for all signs and blanks."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return re.sub(r"\W+", "_", "".join(mark for mark in parts if not unicodedata.combining(mark))).strip("_")


def is_figure(text: str) -> bool:
    """True if a cell looks like a number, a limit or a date."""
    return re.fullmatch(_FIGURE, text.strip().partition(SHOWN)[0]) is not None or is_date(text)


def is_date(text: str) -> bool:
    """True if a cell is a date in any form."""
    return bool(list_days(text.strip()))
