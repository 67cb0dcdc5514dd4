"""Rows of a sheet of an .xlsx file, as text; a cell that shows another number than it holds is refused."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from openpyxl import load_workbook

from ..base.words import shorten
from .cells import SHOWN
from .problems import DataError, list_names
from .tables import Row, file_error, refuse_large

MAX_CELLS = 2_000_000
"""Largest number of cells of a sheet, empty ones included; a file of 50 MB has no more filled ones."""


def read_sheet(path: Path, raw: bytes, choices: Mapping[str, str], notes: list[str]) -> list[Row]:
    """Non-empty rows of the one filled sheet of an .xlsx file, or of the one that is named.

    Raises
    ------
    DataError
        If it is no such file, it holds too much, one of several sheets must be named, or a cell shows another number
        than it holds.
    """
    try:
        return _read_sheet(path, raw, choices, notes)
    except DataError:
        raise
    except Exception as error:  # a damaged file makes these libraries raise anything
        raise file_error(path, f"cannot be read as a spreadsheet ({error}); save it as CSV UTF-8") from error


def _read_sheet(path: Path, raw: bytes, choices: Mapping[str, str], notes: list[str]) -> list[Row]:
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        raise file_error(path, "is an old or a locked spreadsheet (.xls); save it as .xlsx or CSV")
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        refuse_large(path, sum(entry.file_size for entry in archive.infolist()))
        if "content.xml" in archive.namelist():
            raise file_error(path, "is an .ods spreadsheet; save it as .xlsx or CSV")
        parts = [archive.read(name) for name in archive.namelist()]
    if any(b"<!DOCTYPE" in part for part in parts):
        raise ValueError("it declares a document type")
    computed = any(b"<f" in part for part in parts)
    held, written = (load_workbook(io.BytesIO(raw), read_only=True, data_only=values) for values in (True, False))
    names = [sheet.title for sheet in held.worksheets]
    filled = [name for name in names if any(map(any, _iterate(path, held[name])))]
    chosen = choices.get("sheet") or (filled or [""])[0]
    if chosen not in filled or ("sheet" not in choices and len(filled) > 1):
        raise file_error(path, f"has the sheets {list_names(filled)}; write --sheet and one of them")
    notes += [f"The sheet {shorten(chosen)} is read."] if len(names) > 1 else []
    formulas = _iterate(path, written[chosen]) if computed else iter(())
    rows = []
    for line, (cells, behind) in enumerate(zip_longest(_iterate(path, held[chosen]), formulas, fillvalue=()), 1):
        lost = [one.coordinate for cell, one in zip(cells, behind, strict=False) if cell is None and one is not None]
        if lost:
            raise file_error(path, f"has a formula without a result in {lost[0]}; open it in a spreadsheet and save it")
        if any(cell is not None for cell in cells):
            rows.append((line, [_write_cell(cell) for cell in cells]))
    width = max(len(cells) for _, cells in rows)
    return [(line, cells + [""] * (width - len(cells))) for line, cells in rows if any(map(str.strip, cells))]


def _iterate(path: Path, sheet: Any) -> Iterator[list[Any]]:
    """Cells of each row of a sheet, None for an empty one; what it says of its extent may be wrong."""
    sheet.reset_dimensions()
    count = 0
    for row in sheet.iter_rows():
        count += max(1, len(row))
        if count > MAX_CELLS:
            message = f"has a sheet of more than {MAX_CELLS:,} cells; delete what lies far from the table"
            raise file_error(path, f"{message}, or save it as CSV UTF-8")
        yield [None if cell.value is None else cell for cell in row]


def _write_cell(cell: Any) -> str:
    """A cell as text: a date as ISO, a number with the digits that a spreadsheet keeps, and a format that hides it."""
    if cell is None:
        return ""
    if isinstance(cell.value, datetime):
        return cell.value.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell.value, bool) or not isinstance(cell.value, int | float):
        return str(cell.value)
    text, shown = (
        f"{cell.value:.15g}",
        re.sub(r'\[[^\]]*\]|"[^"]*"|\\.|_.', "", cell.number_format or "").partition(";")[0],
    )
    if "%" in shown or re.search(r"[0#],+(?![0#])", shown):
        return f"{text}{SHOWN}'{cell.number_format}'"
    return f"{text}0" if re.fullmatch(r"-?\d{1,3}\.\d{3}", text) else text  # 1.125 is no 1,125
