"""Read the tables of a data folder as text, and their schemas; nothing is converted before it is checked."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pandas as pd

from ..base.formats import escape, format_count
from ..base.project import find_shipped
from .problems import DataError, Problem, list_problems

# Non-empty line of a file: its number and its cells.
NumberedRow: TypeAlias = tuple[int, list[str]]
_BEGINNINGS = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"<": "a page or XML",
    b"{": "JSON",
    b"[{": "JSON",
}
_SAVE = "save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8'), or write --encoding and the one that it has"
_LARGEST_FILE = 50_000_000
# own data have series to study, but no news item to check
_MAY_BE_EMPTY = ("entities", "wording", "claims", "profile", "notes", "forecasts")
TABLES = ("observations", "indicators", "sources", "entities", "wording", "claims", "profile", "notes")


# ---- files


def find_kind(path: str | Path) -> str:
    """Type of ``path``: "file", "folder", "" if it does not exist, or a phrase on why it cannot be used."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return "is a link to a file that does not exist" if Path(path).is_symlink() else ""
    except (OSError, ValueError) as error:  # a loop of links, a name that is too long, a folder that is closed
        return f"cannot be opened ({_name_reason(error)})"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "is neither a file nor a folder"


def read_bytes(path: Path) -> bytes:
    """Content of a file; a `DataError` with the reason if it cannot be read."""
    kind = find_kind(path)
    if kind != "file":
        message = {"": "is missing in {}; the data need this file", "folder": "is a folder in {}; the data need a file"}
        raise file_error(path, message.get(kind, kind).format(escape(str(path.parent))))
    try:
        raise_for_size(path, path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise file_error(path, f"cannot be read ({_name_reason(error)}); allow reading it") from error


def raise_for_size(path: Path, size: int) -> None:
    """Raise a `DataError` if a file, unpacked, would take minutes to check and most of the memory."""
    if size > _LARGEST_FILE:
        raise file_error(path, f"holds more than {_LARGEST_FILE:,} bytes; take a part of it")


def decode_text(path: Path, raw: bytes) -> str:
    """Content of a UTF-8 file with LF as line ends; a `DataError` if it is not UTF-8."""
    for mark, what in _BEGINNINGS.items():
        if raw[:400].lstrip().startswith(mark):
            raise file_error(path, f"is {what}, not CSV; save or export it as 'CSV UTF-8'")
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(raw) > 3 and raw[:400].count(0) * 3 > len(raw[:400])):
        raise file_error(path, f"looks like UTF-16 or UTF-32; {_SAVE}")
    try:
        return raw.decode("utf-8").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        hint = f"looks like {guessed}: write --encoding {guessed}" if (guessed := _guess_encoding(raw)) else _SAVE
        raise file_error(path, f"byte 0x{raw[error.start]:02x} is not UTF-8; {hint}", line) from error


def _guess_encoding(raw: bytes) -> str:
    """Probable encoding of bytes: "gbk" for common Chinese characters, "cp1252" for single letters; otherwise ""."""
    pairs = re.findall(rb"[\xa1-\xfe]{2}", raw)
    single = re.sub(rb"[\xa1-\xfe]{2}", b"", raw)
    if not re.search(rb"[\x80-\xff]", single) and sum(b"\xb0" <= pair <= b"\xd8" for pair in pairs) * 2 >= len(pairs):
        return "gbk"
    letters = re.findall(rb"(?<![\x80-\xff])[\xc0-\xff](?![\x80-\xff])", raw)
    return "cp1252" if letters else ""


def _name_reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def file_error(path: Path, message: str, row: int | None = None) -> DataError:
    """`DataError` for one error in a file."""
    return DataError([Problem(path.name, row, "", "", message)])


# ---- tables


def read_table(path: Path, fields: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """A table as text, indexed by line number; optional columns that are missing are blank.

    Raises
    ------
    DataError
        If it cannot be read, lacks a column that is needed, or has rows of another length.
    """
    names, may_be_empty = [field["name"] for field in fields], path.stem in _MAY_BE_EMPTY
    if may_be_empty and not path.exists():
        return pd.DataFrame(columns=names, dtype=str)
    rows = split_rows(path, decode_text(path, read_bytes(path)))
    if len(rows) < (1 if may_be_empty else 2):
        raise file_error(path, f"has no rows; its first line must be {','.join(names)}")
    (line, header), *body = rows
    header = [name.strip() for name in header]
    needed = [field["name"] for field in fields if field.get("constraints", {}).get("required")]
    missing = f"is missing; the table needs {', '.join(needed)}"
    problems = list_repeated(path.name, line, header)
    problems += [Problem(path.name, line, name, "", missing) for name in needed if name not in header]
    uneven = pd.DataFrame([row for row in body if len(row[1]) != len(header)], columns=["row", "cells"])
    problems += list_problems(path.name, uneven, "", lambda row: explain_length(row["cells"], header))
    if problems:
        raise DataError(problems)
    return make_frame(header, body).reindex(columns=[*dict.fromkeys([*header, *names])], fill_value="")


def make_frame(header: Sequence[str], body: Sequence[NumberedRow]) -> pd.DataFrame:
    """Table of rows as long as the header, as text, indexed by row number in the file."""
    return pd.DataFrame([cells for _, cells in body], [number for number, _ in body], header, dtype=str)


def list_repeated(file: str, line: int, header: Sequence[str]) -> list[Problem]:
    """Problems of names that occur twice in the header, which is on this line."""
    twice = sorted(name for name, count in Counter(header).items() if count > 1)
    return [Problem(file, line, name, "", "stands twice in the header; keep one") for name in twice]


def split_rows(path: Path, text: str, mark: str = ",") -> list[NumberedRow]:
    """Rows as line number and cells, without blank lines and lines of delimiters."""
    rows: list[NumberedRow] = []
    start = 1
    reader = csv.reader(io.StringIO(text), strict=True, delimiter=mark)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        reason = f"a cell has more than {csv.field_size_limit():,} characters" if "limit" in str(error) else error
        message = f"is not readable from here on ({reason}); look for a quotation mark that is not closed"
        raise file_error(path, message, start) from error
    return rows


def explain_length(cells: list[str], header: Sequence[str]) -> str:
    """Message on a row with more or fewer cells than the header."""
    right = "write a comma for each empty one"
    if len(cells) > len(header):
        right = 'put a text that holds a comma in "", write numbers with a point and without separators'
    return f"has {format_count(len(cells), 'field')} where the header has {len(header)}; {right}, or leave the row out"


# ---- the schema: datapackage.json of the project, the one source of columns, types, constraints and keys


def read_schemas() -> dict[str, dict[str, Any]]:
    """Table Schema of each table; those of the project, also for your own folder."""
    content = json.loads(find_shipped("datapackage.json").read_text(encoding="utf-8"))
    return {one["name"]: one["schema"] for one in content["resources"]}
