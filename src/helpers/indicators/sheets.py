"""Read the sheet of any file: text with any delimiter, spreadsheets, compressed or not; every cell as it is written."""

from __future__ import annotations

import gzip
import io
import posixpath
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pandas as pd

from ..base.quoting import shorten
from .cells import NUMBER, interpret_date, write_plainly
from .problems import DataError, Problem, list_names, list_problems
from .tables import (
    LARGEST_FILE,
    SEARCHED,
    Row,
    decode_text,
    explain_length,
    file_error,
    find_delimiter,
    read_bytes,
    refuse_large,
    split_rows,
)

MOST_COLUMNS = 5_000
MARKS = "\t;|,"  # of two that split all lines alike, the first: commas also stand in numbers and texts
SCALES = {
    "thousand": "thousand thousands k",
    "million": "million millions mn mio m",
    "billion": "billion billions bn",
    "trillion": "trillion trillions tn",
}  # "94 b" is a figure with a flag
SCALE = rf"(?i:{'|'.join(word for words in SCALES.values() for word in words.split())})"
FIGURE = rf"[+-]?[\d.,' _\u2019\u00a0\u2009\u202f]*\d[\d.,]*\s*(%|percent|per cent|pct|{SCALE}\.?)?"


@dataclass
class Sheet:
    """The table of a file, as text.

    Attributes
    ----------
    table : DataFrame of str
        Index: the row in the file. A column without a name is called "column 3" after its place.
    mark : str
        What separates the fields; "" for a spreadsheet.
    notes : list of str
        What was understood, a sentence each.
    """

    table: pd.DataFrame
    mark: str
    notes: list[str]


def read_sheet(path: Path, headings: Collection[str], sheet: str = "") -> Sheet:
    """Read the one table of a file.

    Parameters
    ----------
    path : Path
    headings : collection of str
        Names, as by `plain_name`, of which the header has at least one, where it can be told by that.
    sheet : str
        Of a spreadsheet with several.

    Returns
    -------
    Sheet

    Raises
    ------
    DataError
        Where the file cannot be read, has no header, or several sheets of which none is named.
    """
    notes: list[str] = []
    raw = read_bytes(path)
    if raw.startswith(b"\x1f\x8b"):
        raw = _unpack(path, raw)
    if raw.startswith(b"PK\x03\x04"):
        rows, mark = _read_spreadsheet(path, raw, sheet, notes), ""
    else:
        if raw.startswith((b"\xff\xfe", b"\xfe\xff")) and not raw.startswith(b"\xff\xfe\0\0"):
            raw = raw.decode("utf-16", errors="replace").encode("utf-8")
            notes.append("the text is read as UTF-16")
        text = decode_text(path, raw)
        mark = _find_mark(text)
        if hint := re.match(r"sep=(.)\n", text):  # a spreadsheet's own line
            mark, text = hint[1], text.replace(hint[0], "\n", 1)
        rows = split_rows(path, text, mark)
        if mark != ",":
            notes.append(f"fields are separated by {'tabs' if mark == chr(9) else repr(mark)}")
    if not rows:
        raise file_error(path, "is empty; its first line must be date,value")
    widest = max(len(cells) for _, cells in rows)
    if widest > MOST_COLUMNS:
        raise file_error(path, f"has {widest:,} columns, more than {MOST_COLUMNS:,}; write a row for each figure")
    start = _find_header(path, rows, headings)
    if start:
        above = say_lines([line for line, _ in rows[:start]])
        notes.append(f"{above}, above the header, {'is' if start == 1 else 'are'} not read")
    return Sheet(_build_table(path, rows[start:], notes), mark, notes)


def plain_name(text: str) -> str:
    """Write the name of a column in small letters, with '_' for all signs and blanks."""
    return re.sub(r"[^\w]+", "_", unicodedata.normalize("NFKC", text).casefold()).strip("_")


def say_lines(lines: Sequence[int]) -> str:
    """Name rows of a file: "row 3", "rows 3 to 7" or "rows 3, 5 and 9"; of many the first."""
    if len(lines) == 1:
        return f"row {lines[0]}"
    if list(lines) == list(range(lines[0], lines[-1] + 1)) and len(lines) > 2:
        return f"rows {lines[0]} to {lines[-1]}"
    named = [f"{line}" for line in lines[:10]]
    rest = [f"{len(lines) - 10} more"] if len(lines) > 10 else []
    *first, last = named + rest
    return f"rows {', '.join(first)} and {last}"


def is_figure(text: str) -> bool:
    """Whether a cell looks like a number or a date."""
    plain = write_plainly(text.strip())
    return re.fullmatch(FIGURE, plain) is not None or re.fullmatch(NUMBER, plain) is not None or is_date(text)


def is_date(text: str) -> bool:
    """Whether a cell looks like a date in any form, also one that can be read in two ways."""
    return len(text) < 40 and interpret_date(write_plainly(text.strip()))[0] != ""


def _unpack(path: Path, raw: bytes) -> bytes:
    try:
        with gzip.open(io.BytesIO(raw)) as file:
            content = file.read(LARGEST_FILE + 1)
    except (OSError, EOFError) as error:
        raise file_error(path, f"is a compressed file that cannot be unpacked ({error})") from error
    except Exception as error:  # zlib's own error, which no module of the standard library names
        raise file_error(path, f"is a compressed file that is damaged ({error})") from error
    refuse_large(path, len(content))
    return content


def _find_mark(text: str) -> str:
    """Find the delimiter: the mark that stands equally often, and at all, in most lines."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.split("\n", 500)[:500] if line.strip()]
    agreeing = {}
    for mark in MARKS:
        counts = Counter(line.count(mark) for line in lines if mark in line)
        agreeing[mark] = max(counts.values(), default=0)
    best = max(MARKS, key=lambda mark: agreeing[mark])  # the first of equals
    return best if agreeing[best] else ","


def _read_spreadsheet(path: Path, raw: bytes, sheet: str, notes: list[str]) -> list[Row]:
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            names, size = set(archive.namelist()), sum(entry.file_size for entry in archive.infolist())
        if not names & {"xl/workbook.xml", "content.xml"}:
            raise file_error(path, "is a zip archive; unpack it, and name the file in it")
        refuse_large(path, size)
        sheets = pd.read_excel(
            io.BytesIO(raw), sheet_name=None, header=None, dtype=object, engine="calamine", keep_default_na=False
        )
        uncomputed = _find_uncomputed(raw)
    except DataError:
        raise
    except Exception as error:  # damaged ones make these libraries raise anything
        raise file_error(path, f"is a spreadsheet that cannot be read ({error}); save it as CSV UTF-8") from error
    found = {}
    for name, frame in sheets.items():
        cells = [[_write_cell(cell) for cell in row] for row in frame.itertuples(index=False)]
        found[str(name)] = [(line, row) for line, row in enumerate(cells, 1) if any(cell.strip() for cell in row)]
    filled = [name for name, rows in found.items() if rows]
    if sheet and sheet not in found:
        raise DataError([Problem(path.name, None, "sheet", sheet, f"is no sheet of it; there is: {list_names(found)}")])
    if not sheet and len(filled) > 1:
        named = ", ".join(map(shorten, filled[:12]))
        raise file_error(path, f"holds {len(filled)} sheets: {named}; write --sheet {quote_option(filled[0])} for one")
    chosen = sheet or (filled or [""])[0]
    if formula := uncomputed.get(chosen):
        what = f"holds a formula without its result, {shorten(formula)}"
        raise file_error(path, f"{what}; open it in a spreadsheet and save it, or write the figure")
    if len(found) > 1:
        notes.append(f"the sheet {shorten(chosen)} is read")
    return found.get(chosen, [])


def _find_uncomputed(raw: bytes) -> dict[str, str]:
    """The first formula of each sheet whose result a spreadsheet doesn't hold: programs write such cells as blank."""
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        if "content.xml" in archive.namelist():
            return _find_uncomputed_ods(archive.read("content.xml"))
        parts = {one.get("Id"): one.get("Target", "") for one in _parse(archive.read("xl/_rels/workbook.xml.rels"))}
        found: dict[str, str] = {}
        for sheet in _parse(archive.read("xl/workbook.xml")).iterfind(".//{*}sheet"):
            part = parts[next(value for name, value in sheet.items() if name.endswith("}id"))]
            content = archive.read(posixpath.normpath(posixpath.join("/xl", part)).lstrip("/"))
            for cell in _parse(content).iterfind(".//{*}c") if re.search(rb"<(\w+:)?f[\s/>]", content) else []:
                formula, result = cell.find("{*}f"), cell.findtext("{*}v")
                if formula is not None and not result and cell.get("t") != "str":  # a text may be empty
                    found.setdefault(sheet.get("name", ""), f"={formula.text or ''} in {cell.get('r')}")
    return found


def _find_uncomputed_ods(content: bytes) -> dict[str, str]:
    found: dict[str, str] = {}
    for sheet in _parse(content).iterfind(".//{*}table") if b":formula=" in content else []:
        for cell in sheet.iterfind(".//{*}table-cell"):
            about = {name.rpartition("}")[2]: value for name, value in cell.items()}
            empty = not any(name == "value" or name.endswith("-value") for name in about) and not any(cell.itertext())
            if "formula" in about and empty and about.get("value-type") != "string":
                name = next(value for key, value in sheet.items() if key.endswith("}name"))
                found.setdefault(name, about["formula"].removeprefix("of:"))
    return found


def _parse(content: bytes) -> ElementTree.Element:
    return ElementTree.fromstring(content)  # noqa: S314  expat itself refuses what unfolds without end


def quote_option(value: str) -> str:
    """Write a value as it is typed after an option."""
    value = shorten(value)
    return value if re.fullmatch(r"[\w.,%-]+", value) else "'" + value.replace("'", "'\\''") + "'"


def _write_cell(cell: Any) -> str:
    """Write a spreadsheet's cell as text: dates as ISO, numbers with the digits that a spreadsheet keeps."""
    if isinstance(cell, datetime):  # also pandas' own; a missing one is no date
        return "" if pd.isna(cell) else cell.isoformat(" ").removesuffix(" 00:00:00")
    if isinstance(cell, float):
        return "" if pd.isna(cell) else f"{cell:.15g}"
    return "" if cell is None else str(cell)


def _find_header(path: Path, rows: Sequence[Row], headings: Collection[str]) -> int:
    """Find the place of the row that names the columns: by its names, by dates in it, or as the first full one."""
    filled = [[cell.strip() for cell in cells if cell.strip()] for _, cells in rows[: 3 * SEARCHED]]
    for place, cells in enumerate(filled[:SEARCHED]):
        texts = [cell for cell in cells if not is_figure(cell)]
        dates = sum(map(is_date, cells))
        if len(cells) > 1 and {plain_name(cell) for cell in texts} & set(headings):
            return place
        if dates > 1 and (len(texts) + dates == len(cells)) and (texts or not rows[place][1][0].strip()):
            return place
    full = max(map(len, filled))
    for place, cells in enumerate(filled[:SEARCHED]):
        wide = len(cells) + (not rows[place][1][0].strip())  # the corner may be blank
        if wide > 1 and wide >= 0.7 * full and not any(map(is_figure, cells)):
            return place
    misplaced = find_delimiter(rows, ["date", "value"])
    if not misplaced and full == 1 and all(len(cells[0].split()) == len(filled[0][0].split()) > 1 for cells in filled):
        misplaced = "fields are separated by blanks; separate them by commas"
    if not misplaced and any(map(is_figure, filled[0])):
        misplaced = "is a row of figures; the first line must name the columns: date,value"
    raise file_error(path, misplaced or "names no columns; the first line must name them, as in date,value", rows[0][0])


def _build_table(path: Path, rows: Sequence[Row], notes: list[str]) -> pd.DataFrame:
    """Set the rows below the header as a table, without what stands below it."""
    line, header = rows[0][0], [name.strip() for name in rows[0][1]]
    width = max((place + 1 for _, cells in rows for place, cell in enumerate(cells) if cell.strip()), default=0)
    width = min(width, len(header))
    header = header[:width]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    problems = [Problem(path.name, line, name, "", "stands twice in the header; keep one") for name in twice]
    body = [(number, _cut_blanks(cells, width)) for number, cells in rows[1:]]
    last = len(body)
    while last > 1 and not any(body[last - 1][1][1:]) and re.search(r"[^\W\d_]{3}", body[last - 1][1][0]):
        last -= 1
    for number, cells in body[last:]:
        notes.append(f"row {number}, below the table, is not read: {shorten(cells[0].strip(), 60)}")
    body = body[:last]
    wrong = [row for row in body if len(row[1]) != width or [cell.strip() for cell in row[1]] == header]
    frame = pd.DataFrame(wrong, columns=["row", "cells"])
    problems += list_problems(path.name, frame, "", lambda row: explain_length(row["cells"], rows[0][1]))
    if not problems and not body:
        problems = [Problem(path.name, line, "", "", "the table has a header but no rows")]
    if problems:
        raise DataError(problems)
    names = [name or f"column {place + 1}" for place, name in enumerate(header)]
    table = pd.DataFrame([cells for _, cells in body], columns=names, index=[number for number, _ in body], dtype=str)
    table = table.apply(lambda column: column.str.strip(" "))
    filled = (table != "").any().to_numpy() | (np.array(header) != "")
    return table.loc[:, filled]


def _cut_blanks(cells: list[str], width: int) -> list[str]:
    """Take blank cells beyond the header away, and fill a spreadsheet's short rows."""
    return cells[:width] if len(cells) > width and not any(cell.strip() for cell in cells[width:]) else cells
