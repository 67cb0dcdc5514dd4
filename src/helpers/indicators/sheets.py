"""Sheets of a spreadsheet. Their extent is read before anything is laid out: a file of 1 kB can name the last cell."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat

import pandas as pd

from ..base.files import pack_files
from ..base.words import shorten
from .problems import DataError, list_names
from .tables import Row, file_error, refuse_large

MAX_CELLS = 2_000_000
"""Cells of the largest sheet that is read, empty ones included; a file of 50 MB holds no more that are filled."""
REPEATED = "table:number-{}-repeated"


def read_spreadsheet(path: Path, raw: bytes, sheet: str, notes: list[str]) -> list[Row]:
    """Rows of the one filled sheet of an .xlsx or .ods file, or of the one that is named.

    Raises
    ------
    DataError
        If it is no such file, it holds too much, or one of several sheets must be named.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            refuse_large(path, sum(entry.file_size for entry in archive.infolist()))
            names = [name for name in archive.namelist() if name.endswith((".xml", ".rels")) or name == "mimetype"]
            parts = {name: archive.read(name) for name in names}
        for content in (content for name, content in parts.items() if name.endswith(".xml")):
            refuse_wide(path, *measure_sheet(content))
        sheets = pd.read_excel(  # of the parts that were measured, and of no other
            io.BytesIO(pack_files(parts)), sheet_name=None, header=None, dtype=object, engine="calamine",
            keep_default_na=False,
        )  # fmt: skip
    except DataError:
        raise
    except Exception as error:  # damaged ones make these libraries raise anything
        raise file_error(path, f"is no spreadsheet that can be read ({error}); save it as CSV UTF-8") from error
    found = {}
    for name, frame in sheets.items():
        cells = [[_write_cell(cell) for cell in row] for row in frame.itertuples(index=False)]
        found[str(name)] = [(line, row) for line, row in enumerate(cells, 1) if any(map(str.strip, row))]
    filled = [name for name, rows in found.items() if rows]
    if (sheet and sheet not in found) or (not sheet and len(filled) > 1):
        raise file_error(path, f"has the sheets {list_names(filled)}; write --sheet and one of them")
    chosen = sheet or (filled or [""])[0]
    notes += [f"the sheet {shorten(chosen)} is read"] if len(found) > 1 else []
    return found.get(chosen, [])


def _write_cell(cell: Any) -> str:
    """Write a spreadsheet's cell as text: dates as ISO, numbers with the digits that a spreadsheet keeps."""
    if cell is None or (isinstance(cell, float | datetime) and pd.isna(cell)):
        return ""
    if isinstance(cell, datetime):
        return cell.isoformat(" ").removesuffix(" 00:00:00")
    return f"{cell:.15g}" if isinstance(cell, float) else str(cell)


def refuse_wide(path: Path, rows: int, columns: int) -> None:
    """Raise a `DataError` where a sheet of so many rows and columns would take most of the memory."""
    if rows * columns > MAX_CELLS:
        message = f"has a sheet of {rows:,} rows and {columns:,} columns, more than {MAX_CELLS:,} cells"
        raise file_error(path, f"{message}; delete what lies far from the table, or save it as CSV UTF-8")


def measure_sheet(content: bytes) -> tuple[int, int]:
    """Rows and columns up to the last filled cell of the sheets in a part of an .xlsx or .ods file; 0 without a sheet.

    Parameters
    ----------
    content : bytes
        XML.

    Returns
    -------
    tuple of int and int

    Raises
    ------
    xml.parsers.expat.ExpatError
        If it is no XML.
    ValueError
        If it declares entities or repeats by what is no number.
    """
    place, most = {"row": 0, "column": 0, "rows": 1, "columns": 1}, [0, 0]

    def begin(name: str, given: dict[str, str]) -> None:
        kind = name.rpartition(":")[2]
        if kind in ("worksheet", "table"):
            place.update(row=0, column=0, rows=1)
        elif kind in ("row", "table-row"):
            rows = int(given.get(REPEATED.format("rows"), 1))
            place.update(row=int(given.get("r", place["row"] + place["rows"])), column=0, rows=rows, columns=1)
        elif kind in ("c", "table-cell", "covered-table-cell"):
            place["column"] += place["columns"] if kind != "c" else 1
            place["columns"] = int(given.get(REPEATED.format("columns"), 1))
            if cell := re.fullmatch(r"([A-Z]+)(\d+)", given.get("r", "").upper()):
                place.update(row=int(cell[2]), column=_number_column(cell[1]))
            if any(attribute.startswith("office:") for attribute in given):
                note()
        elif kind in ("v", "is", "f", "t", "p"):
            note()

    def note() -> None:
        most[0] = max(most[0], place["row"] + place["rows"] - 1)
        most[1] = max(most[1], place["column"] + place["columns"] - 1)

    def refuse(*_: Any) -> None:
        raise ValueError("it declares a document type")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.StartDoctypeDeclHandler = begin, refuse
    parser.Parse(content, True)
    return most[0], most[1]


def _number_column(letters: str) -> int:
    """Number of a column by its letters: 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number
