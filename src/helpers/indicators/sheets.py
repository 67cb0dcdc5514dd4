"""Read the sheet of any file: text with any delimiter, spreadsheets, compressed or not; every cell as it is written."""

from __future__ import annotations

import gzip
import io
import posixpath
import re
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

from ..base.languages import fold
from ..base.quoting import shorten
from .cells import MISSING, NUMBER
from .encodings import decode_any
from .periods import NOTE_MARKS, interpret_date, write_plainly
from .problems import DataError, Problem, list_names, list_problems
from .tables import (
    LARGEST_FILE,
    SEARCHED,
    Row,
    explain_length,
    file_error,
    find_delimiter,
    read_bytes,
    refuse_large,
    split_rows,
)
from .units import POWERS, is_note, read_phrase

SUFFIXES = {"percent", *POWERS}
"""Units that stand behind figures."""
MOST_COLUMNS = 5_000
MARKS = "\t;|,"  # of two that split all lines alike, the first: commas also stand in numbers and texts
FIGURE = r"[+-]?[\d.,' _\u2019\u00a0\u2009\u202f]*\d[\d.,]*"


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
    beside : list of (row, text)
        The cells above and below the table, which are no part of it.
    first : int
        The row of the header.
    """

    table: pd.DataFrame
    mark: str
    notes: list[str]
    beside: list[tuple[int, str]]
    first: int


def read_sheet(path: Path, headings: Collection[str], sheet: str = "", encoding: str = "") -> Sheet:
    """Read the one table of a file.

    Parameters
    ----------
    path : Path
    headings : collection of str
        Names, as by `plain_name`, of which the header has at least one, where it can be told by that.
    sheet : str
        Of a spreadsheet with several.
    encoding : str
        Of a text, where it is chosen.

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
        text, read_as = decode_any(path, raw, encoding)
        notes += [f"the text is read as {read_as}"] if read_as else []
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
    beside = [(line, text) for line, cells in rows[:start] for text in _split_texts(cells, mark)]
    if start:
        above = say_lines([line for line, _ in rows[:start]])
        notes.append(f"{above}, above the header, {'is' if start == 1 else 'are'} not read")
    return Sheet(_build_table(path, rows[start:], notes, beside), mark, notes, beside, rows[start][0])


def _split_texts(cells: Sequence[str], mark: str) -> list[str]:
    """The texts of a row beside the table; a delimiter within a number parts none."""
    if mark != ",":
        return [cell.strip() for cell in cells if cell.strip()]
    parts = re.sub(r"(?<=\d),(?=\d{3}\b)", "\0", mark.join(cells)).split(mark)
    return [part.replace("\0", mark).strip() for part in parts if part.strip()]


def plain_name(text: str) -> str:
    """Write the name of a column in small letters without accents, with '_' for all signs and blanks."""
    return re.sub(r"[^\w]+", "_", fold(text)).strip("_")


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
    plain = re.sub(NOTE_MARKS, "", write_plainly(text.strip()))
    number = re.match(FIGURE, plain)
    known = number is not None and (number[0] == plain or read_phrase(plain[number.end() :], alone=True) in SUFFIXES)
    return known or re.fullmatch(NUMBER, plain) is not None or is_date(text)


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


def _build_table(path: Path, rows: Sequence[Row], notes: list[str], beside: list[tuple[int, str]]) -> pd.DataFrame:
    """Set the rows below the header as a table, without what stands below it."""
    line, rows = rows[0][0], _join_headings(rows)
    header = [name.strip() for name in rows[0][1]]
    width = max((place + 1 for _, cells in rows for place, cell in enumerate(cells) if cell.strip()), default=0)
    width = min(width, len(header))
    header = header[:width]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    problems = [Problem(path.name, line, name, "", "stands twice in the header; keep one") for name in twice]
    body = [(number, _cut_blanks(cells, width)) for number, cells in rows[1:]]
    skipped = _count_about(body)
    beside += [(number, cell.strip()) for number, cells in body[:skipped] for cell in cells[1:] if cell.strip()]
    if skipped:
        above = say_lines([number for number, _ in body[:skipped]])
        notes.append(f"{above}, about the table, {'is' if skipped == 1 else 'are'} not read")
    body = body[skipped:]
    last = len(body)
    while last > 1 and _is_below(body[last - 1][1], width):
        last -= 1
    for number, cells in body[last:]:
        text = ", ".join(cell.strip() for cell in cells if cell.strip())
        notes.append(f"row {number}, below the table, is not read: {shorten(text, 60)}")
        beside.append((number, text))
    body = body[:last]
    wrong = [row for row in body if len(row[1]) != width or [cell.strip() for cell in row[1]] == header]
    frame = pd.DataFrame(wrong, columns=["row", "cells"])
    problems += list_problems(path.name, frame, "", lambda row: explain_length(row["cells"], header))
    if not problems and not body:
        problems = [Problem(path.name, line, "", "", "the table has a header but no rows")]
    if problems:
        raise DataError(problems)
    names = [name or f"column {place + 1}" for place, name in enumerate(header)]
    table = pd.DataFrame([cells for _, cells in body], columns=names, index=[number for number, _ in body], dtype=str)
    table = table.apply(lambda column: column.str.strip(" "))
    filled = (table != "").any().to_numpy() | (np.array(header) != "")
    return table.loc[:, filled]


def _count_about(body: Sequence[Row]) -> int:
    """How many rows below the name of a series say what it is, where it has no other header: unit, source, updates."""
    if any(sum(map(bool, map(str.strip, cells))) > 2 for _, cells in body):
        return 0
    dated = [is_date(cells[0].strip()) for _, cells in body]
    begun = dated.index(True) if True in dated else 0
    return begun if all(dated[begun : begun + 3]) and any(any(cells[1:]) for _, cells in body[:begun]) else 0


def _is_below(cells: Sequence[str], width: int) -> bool:
    """Whether the last row is no row of figures: a text alone, or a source or a note that a comma parts."""
    first = cells[0].strip()
    text = re.search(r"[^\W\d_]{3}|[_=-]{3}", first) is not None and not is_date(first)
    alone = not any(cell.strip() for cell in cells[1:])
    noted = is_note(first) and not is_date(first)
    return (text and alone) or (noted and not (width == len(cells) > 2 and any(map(is_figure, cells[1:]))))


def _join_headings(rows: Sequence[Row]) -> list[Row]:
    """Join the header with a second line of it, which holds units, kinds of figures, or quarters and months of years.

    A heading over several columns stands above the first of them.
    """
    (line, header), below = rows[0], rows[1][1] if len(rows) > 1 else []
    second = [cell.strip() for cell in below]
    filled = [cell for cell in second[1:] if cell]
    units, parts = ([cell for cell in filled if test(cell)] for test in (_is_unit, is_part))
    other = [cell for cell in filled if cell not in units + parts]
    missing = {cell.casefold() for cell in filled} <= MISSING
    if (
        not filled
        or missing
        or is_date(second[0])
        or any(map(is_figure, other))
        or not (units or parts or not second[0])
    ):
        return list(rows)
    joined, above = [], ""
    for place, name in enumerate(header):
        above = name.strip() or (above if place and second[place : place + 1] != [""] else "")
        cell = second[place] if place < len(second) else ""
        both = f"{cell} {above}" if is_date(above) else f"{above} ({cell})" if _is_unit(cell) else ""
        joined.append(both or f"{above}, {cell}" if cell and above and cell != above else cell or above)
    return [(line, joined), *rows[2:]]


def _is_unit(cell: str) -> bool:
    return read_phrase(cell, alone=True) != ""


def is_part(cell: str) -> bool:
    """Whether a cell is a quarter or a month without its year."""
    return interpret_date(f"{cell} 2000")[0] in ("quarter", "month", "half-year") and not is_date(cell)


def _cut_blanks(cells: list[str], width: int) -> list[str]:
    """Take blank cells beyond the header away, and fill a spreadsheet's short rows."""
    return cells[:width] if len(cells) > width and not any(cell.strip() for cell in cells[width:]) else cells
