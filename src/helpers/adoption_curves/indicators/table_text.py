"""Rows of a user's file; each cell is a text, or a number of a spreadsheet."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from ..base.project import import_extra
from .data_files import NumberedRow, decode_text, file_error, raise_for_size, read_bytes, split_rows
from .number_format import SHOWN, Number, is_number
from .problems import list_names, parameter_error

# Formats of a spreadsheet that show a number as it is, or as a percentage.
_PLAIN_FORMAT = r"General|@|(#[, ]##)?[#0]+(\.[0#?]+)?(E\+0+)?( ?%)?"


def read_rows(path: Path, options: Mapping[str, Any]) -> list[NumberedRow]:
    """Numbered rows of a text file or a spreadsheet, without blank rows.

    Parameters
    ----------
    path : Path
    options : mapping
        By the names of `base.columns.CHOICES`, of which encoding and sheet are used here.

    Returns
    -------
    list of (int, list of str)

    Raises
    ------
    DataError
        If the file cannot be read, or its sheet or encoding is not plain.
    """
    raw = read_bytes(path)
    is_sheet = raw.startswith(b"PK\x03\x04")
    unused = "encoding" if is_sheet else "sheet"
    if options[unused]:
        raise parameter_error(f"--{unused}", options[unused], f"says nothing of {path.name}; leave it out")
    return _read_sheet(path, raw, options["sheet"]) if is_sheet else _read_text(path, raw, options["encoding"])


def _read_text(path: Path, raw: bytes, encoding: str) -> list[NumberedRow]:
    """Rows of a text file; the delimiter is the character that most lines have."""
    encoding = encoding or ("utf-16" if raw[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8")
    try:
        raw = raw if encoding == "utf-8" else raw.decode(encoding).encode()
    except (UnicodeError, LookupError) as error:
        raise file_error(path, f"cannot be read as {encoding}: {error}; write another --encoding") from error
    text = decode_text(path, raw)
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n", 200)[:200]]
    mark = max("\t;|,", key=lambda mark: sum(mark in line for line in lines))
    mark = mark if any(mark in line for line in lines) else ","
    return [(row, [cell.strip() for cell in cells]) for row, cells in split_rows(path, text, mark)]


def _read_sheet(path: Path, raw: bytes, name: str) -> list[NumberedRow]:
    """Rows of the sheet of this name, or of the only sheet with at least two numbers."""
    openpyxl = import_extra("openpyxl", "xlsx", "A spreadsheet")
    _check_archive(path, raw)
    try:
        book = openpyxl.load_workbook(io.BytesIO(raw), data_only=True, rich_text=True)
        formulas = openpyxl.load_workbook(io.BytesIO(raw))
    except Exception as error:  # a damaged file makes these libraries raise anything
        raise file_error(path, "cannot be read as a spreadsheet; save it as .xlsx or CSV UTF-8") from error
    visible = {sheet.title: sheet for sheet in book.worksheets if sheet.sheet_state == "visible" and sheet.max_row > 1}
    if any(sheet.max_row * sheet.max_column > 2_000_000 for sheet in visible.values()):
        raise file_error(path, "has more than 2,000,000 cells; delete what lies far from the table")
    tables = [title for title, sheet in visible.items() if _has_numbers(sheet)]
    name = name or (tables[0] if len(tables) == 1 else "")
    if name not in visible:
        raise file_error(path, f"has the sheets {list_names(visible)}; write --sheet and one of them")
    sheet = visible[name]
    sizes = [(place, line.hidden or getattr(line, "height", getattr(line, "width", None)) == 0)
             for lines in (sheet.row_dimensions, sheet.column_dimensions) for place, line in lines.items()]  # fmt: skip
    if hidden := [str(place) for place, is_hidden in sizes if is_hidden]:
        raise file_error(path, f"hides the row or column {list_names(hidden)}; show it, or delete it")
    both = zip(sheet.iter_rows(), formulas[name].iter_rows(), strict=True)
    rows = [(cells[0].row, [*map(_write_cell, cells, sources)]) for cells, sources in both]
    return [(row, cells) for row, cells in rows if any(cells)]


def _check_archive(path: Path, raw: bytes) -> None:
    """Raise a `DataError` for a damaged or huge archive, an .ods file, or one that defines XML entities."""
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            raise_for_size(path, sum(entry.file_size for entry in archive.infolist()))
            parts = {name: archive.read(name) for name in archive.namelist()}
    except (zipfile.BadZipFile, RuntimeError) as error:
        raise file_error(path, "cannot be read as a spreadsheet; save it as .xlsx or CSV UTF-8") from error
    if "content.xml" in parts:
        raise file_error(path, "is an .ods spreadsheet; save it as .xlsx or CSV UTF-8")
    if any(b"<!DOCTYPE" in part for name, part in parts.items() if name.endswith((".xml", ".rels"))):
        raise file_error(path, "has a DOCTYPE, which no spreadsheet needs; save it as .xlsx again, or as CSV UTF-8")


def _has_numbers(sheet: Any) -> bool:
    """Whether a sheet has at least two numbers; other sheets have no table of values."""
    cells = (cell for row in sheet.iter_rows(values_only=True) for cell in row if cell is not None)
    numbers = (cell for cell in cells if isinstance(cell, int | float) or is_number(str(cell)))
    return next(numbers, None) is not None and next(numbers, None) is not None


def _write_cell(cell: Any, source: Any) -> str:
    """A cell as text: a number, a date as displayed, or a text with ^ before raised or lowered letters."""
    value, code = cell.value, str(cell.number_format).partition(";")[0]
    if isinstance(value, datetime):
        code = re.sub(r'"[^"]*"|\[[^]]*\]|\\.', "", code).lower()
        form = "%Y-%m-%d" if "d" in code else "%Y-%m" if "m" in code else "%Y"
        return value.strftime(form) + ("" if "y" in code else f"{SHOWN}'{code}'")
    if isinstance(value, int | float) and not isinstance(value, bool):
        plain = re.sub(r"_.|\*.|\\(?= )|\[(Red|Black)\]", "", code).strip()
        if not re.fullmatch(_PLAIN_FORMAT, plain):
            return f"{value:.15g}{SHOWN}'{code}'"
        return Number(f"{100 * value:.15g}%" if "%" in plain else f"{value:.15g}")
    if isinstance(value, list):  # a text in several fonts
        value = "".join(f"^{one}" if getattr(one, "font", None) and one.font.vertAlign else str(one) for one in value)
    return str(source.value or "" if value is None else value).strip()  # a formula without a result is its own text
