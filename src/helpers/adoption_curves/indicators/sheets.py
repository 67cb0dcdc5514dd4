"""Sheets of a spreadsheet. Their extent is read before anything is laid out: a file of 1 kB can name the last cell."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.parsers import expat

from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

from ..base.files import pack_files
from ..base.words import shorten
from .problems import DataError, list_names
from .tables import Row, file_error, refuse_large

MAX_CELLS = 2_000_000
"""Largest number of cells of a sheet, empty ones included; a file of 50 MB has no more filled ones."""
FREE = 0xFFFFFFFC
"""The number from which on places in an .xls file name no sector."""
REPEATED = "table:number-{}-repeated"


def read_spreadsheet(path: Path, raw: bytes, choices: Mapping[str, str], notes: list[str]) -> list[Row]:
    """Rows of the one filled sheet of an .xlsx, .ods or .xls file, or of the one that is named.

    Cells of an .xlsx file are read as they are shown where that says more than the number: 0.021 as 2.1%, and a first
    of January that shows Jan-24 as 2024-01.

    Raises
    ------
    DataError
        If it is no such file, it holds too much, or one of several sheets must be named.
    """
    try:
        found = _read_xls(path, raw) if not raw.startswith(b"PK") else _read_zipped(path, raw, choices, notes)
    except DataError:
        raise
    except Exception as error:  # damaged ones make these libraries raise anything
        raise file_error(path, f"cannot be read as a spreadsheet ({error}); save it as CSV UTF-8") from error
    sheet, filled = choices.get("sheet", ""), [name for name, rows in found.items() if rows]
    if (sheet and sheet not in found) or (not sheet and len(filled) > 1):
        raise file_error(path, f"has the sheets {list_names(filled)}; write --sheet and one of them")
    chosen = sheet or (filled or [""])[0]
    notes += [f"the sheet {shorten(chosen)} is read"] if len(found) > 1 else []
    return found.get(chosen, [])


def _read_zipped(path: Path, raw: bytes, choices: Mapping[str, str], notes: list[str]) -> dict[str, list[Row]]:
    """Rows of each sheet of an .xlsx or .ods file, of the parts that were measured and of no other."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        refuse_large(path, sum(entry.file_size for entry in archive.infolist()))
        names = [name for name in archive.namelist() if name.endswith((".xml", ".rels")) or name == "mimetype"]
        parts = {name: archive.read(name) for name in names}
    extents = [measure_sheet(content) for name, content in parts.items() if name.endswith(".xml")]
    together = sum(height for height, _ in extents), max(width for _, width in extents)
    for height, width in (*extents, together):
        refuse_wide(path, height, width)
    file = io.BytesIO(pack_files(parts))
    if "content.xml" in parts:
        book = CalamineWorkbook.from_filelike(file)
        return {
            name: _list_rows(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names
        }
    found, spans = dict[str, list[Row]](), set[str]()
    for sheet in load_workbook(file, read_only=True, data_only=True).worksheets:
        sheet.reset_dimensions()  # what the file says of its extent may be wrong
        rows = [[_show_cell(cell, choices, spans) for cell in row] for row in sheet.iter_rows()]
        width = max(map(len, rows), default=0)
        found[sheet.title] = _list_rows([row + [""] * (width - len(row)) for row in rows])
    if spans:
        notes.append(
            f"cells that show a {' or a '.join(sorted(spans))} alone are read so; --dates as-printed keeps the days"
        )
    return found


def _read_xls(path: Path, raw: bytes) -> dict[str, list[Row]]:
    """Rows of each sheet of an .xls file."""
    refuse_wide(path, *measure_xls(raw))
    book = CalamineWorkbook.from_filelike(io.BytesIO(raw))
    return {
        name: _list_rows(book.get_sheet_by_name(name).to_python(skip_empty_area=False)) for name in book.sheet_names
    }


def _list_rows(rows: list[list[Any]]) -> list[Row]:
    """Non-empty rows of a sheet as text, with their numbers."""
    cells = [[_write_cell(cell) for cell in row] for row in rows]
    return [(line, row) for line, row in enumerate(cells, 1) if any(map(str.strip, row))]


def _show_cell(cell: Any, choices: Mapping[str, str], spans: set[str]) -> Any:
    """The value of an .xlsx cell, or what its number format makes of it: a percentage, a month or a year."""
    shown = re.sub(r'\[[^\]]*\]|"[^"]*"|\\.|_.', "", cell.number_format or "").partition(";")[0].lower()
    if isinstance(cell.value, datetime) and choices.get("dates") != "as-printed" and not re.search("[dhs]", shown):
        span = "month" if "m" in shown and "y" in shown else "year" if "y" in shown else ""
        spans |= {span} - {""}
        return f"{cell.value:%Y-%m}" if span == "month" else f"{cell.value:%Y}" if span else cell.value
    number = isinstance(cell.value, int | float) and not isinstance(cell.value, bool)
    return f"{100 * cell.value:.12g}%" if number and "%" in shown else cell.value


def _write_cell(cell: Any) -> str:
    """Write a spreadsheet's cell as text: dates as ISO, numbers with the digits that a spreadsheet keeps."""
    if cell is None:
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


CELLS = {0x06, 0xBD, 0xBE, 0xD6, 0xFD, 0x201, 0x203, 0x204, 0x205, 0x27E}
"""Records of cells in a sheet of an .xls file; each begins with row and column."""


def measure_xls(raw: bytes) -> tuple[int, int]:
    """Rows up to the last cell of all sheets of an .xls file together, and the most columns of one.

    Parameters
    ----------
    raw : bytes

    Returns
    -------
    tuple of int and int

    Raises
    ------
    ValueError, struct.error
        If its parts do not lie where it says, or it has more than 109 sectors of places, about 7 MB.
    """
    rows, columns = [0], 0
    for stream in _list_workbooks(raw):
        place = 0
        while place + 4 <= len(stream):
            kind, size = struct.unpack_from("<HH", stream, place)
            content, place = stream[place + 4 : place + 4 + size], place + 4 + size
            if kind & 0xFF == 0x09:  # a sheet begins
                rows.append(0)
            elif kind in CELLS:
                row, first = struct.unpack_from("<HH", content)
                last = struct.unpack_from("<H", content, size - 2)[0] if kind in (0xBD, 0xBE) else first
                rows[-1], columns = max(rows[-1], row + 1), max(columns, first + 1, last + 1)
            elif kind == 0x200:  # what a sheet says of itself: its first row, the one after its last, columns alike
                _, row, _, last = struct.unpack_from("<IIHH" if size >= 14 else "<HHHH", content)
                rows[-1], columns = max(rows[-1], row), max(columns, last)
    return sum(rows), columns


def _list_workbooks(raw: bytes) -> list[bytes]:
    """Workbook streams of a compound file, a chain of sectors."""
    power, mini_power = struct.unpack_from("<HH", raw, 30)
    directory, _, cutoff, mini_start, _, more = struct.unpack_from("<6I", raw, 48)
    if more < FREE or power not in (9, 12):
        raise ValueError("it is too large")

    def follow(first: int, table: Sequence[int], source: bytes, size: int, head: int) -> bytes:
        parts, place = list[bytes](), first
        while place < FREE:
            if len(parts) > len(table):
                raise ValueError("its parts run in a circle")
            parts.append(source[head + place * size : head + (place + 1) * size])
            place = table[place] if place < len(table) else FREE
        return b"".join(parts)

    def read_places(content: bytes) -> Sequence[int]:
        return struct.unpack(f"<{len(content) // 4}I", content[: len(content) // 4 * 4])

    size = 1 << power
    listed = [place for place in struct.unpack_from("<109I", raw, 76) if place < FREE]
    places = read_places(b"".join(raw[(place + 1) * size : (place + 2) * size] for place in listed))
    folder = follow(directory, places, raw, size, size)
    entries = [folder[place : place + 128] for place in range(0, len(folder) - 127, 128)]
    small = follow(struct.unpack_from("<I", entries[0], 116)[0], places, raw, size, size)
    small_places = read_places(follow(mini_start, places, raw, size, size))
    found = []
    for entry in entries:
        name = entry[: max(0, struct.unpack_from("<H", entry, 64)[0] - 2)].decode("utf-16-le", "replace")
        start, length = struct.unpack_from("<II", entry, 116)
        if name.casefold() in ("workbook", "book"):
            mini = length < cutoff
            stream = (
                follow(start, small_places, small, 1 << mini_power, 0)
                if mini
                else follow(start, places, raw, size, size)
            )
            found.append(stream[:length])
    return found
