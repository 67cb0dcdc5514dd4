"""The one plain table of a file, as texts: a row of headings, and rows of as many cells."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.project import UserError, import_extra
from ..base.words import shorten
from .asked import Asked
from .cells import SHOWN
from .data_files import (
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
from .own_figures import is_number
from .periods import list_days
from .problems import DataError, list_names, parameter_error, suggest_names

_MARKS = "\t;|,"
"""Delimiters, in order of preference: commas also occur in numbers and texts."""
_JUDGED = 200
"""Number of lines from which the delimiter is inferred."""
_MAX_CELLS = 2_000_000
"""Largest number of cells of a sheet, empty ones included; a file of 50 MB has no more filled ones."""
_PLAIN_FORMAT = r"General|@|(#[, ]##)?[#0]+(\.[0#?]+)?( ?%)?"
"""Number formats that show a number as it is, or as a percentage."""


def read_block(path: Path, asked: Asked) -> pd.DataFrame:
    """Table of texts; its index is the number of each row in the file, its columns are the headings."""
    raw = read_bytes(path)
    is_sheet = raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0"))
    rows, faults = _read_sheet(path, raw, asked) if is_sheet else (_read_text(path, raw, asked), {})
    if not rows:
        raise file_error(path, "is empty; its first line must name the columns, such as Year,Users")
    (line, header), *body = _choose_rows(rows, asked)
    last = body[-1][0] if body else line
    for row in (row for row in faults if row == 0 or line <= row <= last):
        raise asked.refuse(faults[row], row or None)
    return _make_plain(path, line, header, body)


def _make_plain(path: Path, line: int, header: list[str], body: list[NumberedRow]) -> pd.DataFrame:
    """Table of rows that are as long as the header, without columns that are empty."""
    header = [cell.strip() for cell in header]
    width = max(place for place, cell in enumerate(header, 1) if cell)
    if any(is_number(cell) and not list_days(cell) for cell in header[:width]):
        raise file_error(
            path, "is a row of figures; begin with the row that names the columns, such as Year,Users", line
        )
    if not body:
        raise file_error(path, "the table has a header but no rows", line)
    if problems := list_repeated(path.name, line, [cell for cell in header if cell]):
        raise DataError(problems)
    rows, before = [], line
    for row, cells in body:
        kept = cells[:width] if not "".join(cells[width:]).strip() else cells
        if len(kept) != width:
            raise file_error(path, f"{explain_length(kept, header[:width])}, or leave the row out by --rows", row)
        if row > before + 1:
            right = f"write --rows {line}:{before} to read what stands above it, or take the blank row away"
            raise file_error(path, f"has a blank row above it, and may begin another table; {right}", row)
        rows.append((row, [cell.strip(" ") for cell in kept]))
        before = row + "".join(cells).count("\n")
    names = [cell or f"column {place}" for place, cell in enumerate(header[:width], 1)]
    frame = make_frame(names, rows)
    for name in (name for name, cell in zip(names, header, strict=False) if not cell):
        if (frame[name] == "").all():
            frame = frame.drop(columns=name)
        elif frame[name].str.contains(r"\d").any():
            row = int(frame.index[frame[name].str.contains(r"\d")][0])
            raise file_error(path, f"{name} has figures and no heading; write one in row {line}", row)
    return frame


def _choose_rows(rows: list[NumberedRow], asked: Asked) -> list[NumberedRow]:
    """The rows of the table, its headings first: those that are said, else what looks like one, which is asked."""
    if asked.has("rows"):
        span = asked.one("rows")
        match = re.fullmatch(r"(\d+):(\d*)", span)
        if not match:
            raise parameter_error("--rows", span, "is not A:B, such as 5:20, or 5: for all from row 5 on")
        first, last = int(match[1]), int(match[2] or rows[-1][0])
        chosen = [row for row in rows if first <= row[0] <= last]
        if not chosen or chosen[0][0] != first or last > rows[-1][0]:
            raise parameter_error("--rows", span, f"names rows that are blank, or below the last one, {rows[-1][0]}")
    else:
        chosen = _guess_rows(rows)
    left = [row for row in rows if not chosen[0][0] <= row[0] <= chosen[-1][0]]
    named = [f"row {line} ({shorten(' '.join(filter(None, cells)), 60)})" for line, cells in left]
    told = ", ".join(named[:3])
    if len(named) > 3:
        told += f" and {len(named) - 3} more"
    if left and not asked.has("rows"):
        span = f"{chosen[0][0]}:"
        if left[-1][0] > chosen[-1][0]:
            span += f"{chosen[-1][0]}"
        look, them = ("looks", "it") if len(left) == 1 else ("look", "them")
        asked.ask(f"{told} {look} like no part of the table; write --rows {span} to leave {them} out", "rows", span)
    asked.notes += [f"Not read: {told}."] if left else []
    return chosen


def _guess_rows(rows: list[NumberedRow]) -> list[NumberedRow]:
    """From the first row that is more than half full, to the last one that has a number or a date, or is as long."""
    filled = [sum(map(bool, map(str.strip, cells))) for _, cells in rows]
    first = next(place for place, count in enumerate(filled) if 2 * count > max(filled))
    size = len(rows[first][1])
    whole = [
        place
        for place, (_, cells) in enumerate(rows)
        if (len(cells) >= size and filled[place] > 1) or any(is_number(cell) or list_days(cell) for cell in cells)
    ]
    return rows[first : max([first, *whole]) + 1]


def _read_text(path: Path, raw: bytes, asked: Asked) -> list[NumberedRow]:
    """Non-blank rows of a text file."""
    encoding = asked.one("encoding") or ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "")
    try:
        raw = raw.decode(encoding).encode() if encoding else raw
    except (UnicodeDecodeError, LookupError) as error:
        raise file_error(path, f"cannot be read as {encoding}: {error}; write another --encoding") from error
    text = decode_text(path, raw)
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n", _JUDGED)[:_JUDGED]]
    mark = max(_MARKS, key=lambda each: sum(each in line for line in lines))
    return split_rows(path, text, mark if any(mark in line for line in lines) else ",")


# ---- spreadsheets


def _read_sheet(path: Path, raw: bytes, asked: Asked) -> tuple[list[NumberedRow], dict[int, str]]:
    """Non-blank rows of a sheet as it shows them, and why some rows cannot be read, 0 for the whole sheet."""
    _check_parts(path, raw)
    try:
        return _open_sheet(path, raw, asked)
    except UserError:
        raise
    except Exception as error:  # a damaged file makes these libraries raise anything
        raise file_error(path, "cannot be read as a spreadsheet; save it as CSV UTF-8") from error


def _open_sheet(path: Path, raw: bytes, asked: Asked) -> tuple[list[NumberedRow], dict[int, str]]:
    openpyxl = import_extra("openpyxl", "xlsx", "A spreadsheet")
    shown, written = (openpyxl.load_workbook(io.BytesIO(raw), data_only=values) for values in (True, False))
    if max(sheet.max_row * sheet.max_column for sheet in shown.worksheets) > _MAX_CELLS:
        message = f"has a sheet of more than {_MAX_CELLS:,} cells; delete what lies far from the table"
        raise file_error(path, f"{message}, or save it as CSV UTF-8")
    sheet = shown[_choose_sheet(path, shown, asked)]
    rows = []
    for cells, behind in zip(sheet.iter_rows(), written[sheet.title].iter_rows(), strict=True):
        texts = [_write_text(cell, str(one.value or "")) for cell, one in zip(cells, behind, strict=True)]
        rows += [(cells[0].row, texts)] if any(map(str.strip, texts)) else []
    faults = {row: "is hidden; show it, or delete it" for row, one in sheet.row_dimensions.items() if one.hidden}
    faults |= {cells.min_row: f"has merged cells, {cells.coord}; split them" for cells in sheet.merged_cells.ranges}
    hidden = [name for name, one in sheet.column_dimensions.items() if one.hidden]
    faults |= {0: f"hides the column {', '.join(hidden)}; show it, or delete it"} if hidden else {}
    return rows, faults


def _choose_sheet(path: Path, book: Any, asked: Asked) -> str:
    """The name of the sheet to read: the chosen one, or the only one that is shown and has cells."""
    seen = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
    sizes = {sheet.title: sum(cell.value is not None for row in sheet for cell in row) for sheet in seen}
    names = [name for name, size in sizes.items() if size]
    chosen = asked.one("sheet")
    if chosen and chosen not in names:
        hidden = " is hidden or empty" if chosen in book.sheetnames else " is no sheet"
        raise parameter_error("--sheet", chosen, f"{hidden[1:]}; {suggest_names(chosen, names)}")
    if not names:
        raise file_error(path, f"has no sheet that is shown and has cells; there is: {list_names(book.sheetnames)}")
    largest = max(names, key=lambda name: sizes[name])
    if len(names) > 1 and not chosen:
        asked.ask(f"has the sheets {list_names(names)}; write --sheet and one of them", "sheet", largest)
    return chosen or largest


def _check_parts(path: Path, raw: bytes) -> None:
    """Refuse another kind of file, or one that is too large."""
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise file_error(path, "is an old or a locked spreadsheet (.xls); save it as .xlsx or CSV")
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            refuse_large(path, sum(entry.file_size for entry in archive.infolist()))
            names = archive.namelist()
            odd = any(b"<!DOCTYPE" in archive.read(name) for name in names)
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise file_error(path, "cannot be read as a spreadsheet; save it as CSV UTF-8") from error
    if "content.xml" in names or odd:
        raise file_error(path, "is an .ods spreadsheet, or none; save it as .xlsx or CSV")


def _write_text(cell: Any, written: str) -> str:
    """A cell as it shows; behind a number or a day that its format shows otherwise stands that format."""
    value, code = cell.value, str(cell.number_format or "General")
    if value is None:
        return written  # a formula without a result
    plain = re.sub(r"_.|\*.|\\(?= )|\[(Red|Black)\]", "", code.partition(";")[0]).strip()
    if isinstance(value, datetime):
        day = all(letter in plain.lower() for letter in "dmy") and value.time() == datetime.min.time()
        return f"{value:%Y-%m-%d}" + ("" if day else f"{SHOWN}'{code}'")
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    if not re.fullmatch(_PLAIN_FORMAT, plain):
        return f"{value:.15g}{SHOWN}'{code}'"
    if plain in ("General", "@"):
        return f"{value:.15g}"
    digits = len(plain.partition(".")[2].rstrip(" %"))
    return f"{100 * value:.{digits}f}%" if "%" in plain else f"{value:.{digits}f}"
