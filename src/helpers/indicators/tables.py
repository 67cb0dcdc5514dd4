"""Read the tables of a data folder as text, and its descriptor: nothing is converted before it is checked."""

from __future__ import annotations

import csv
import difflib
import io
import itertools
import json
import re
import stat
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Literal, TypeAlias

import pandas as pd
from pydantic import AfterValidator, BaseModel, FiniteFloat, ValidationError
from pydantic_core import SchemaError

from ..base.columns import KEPT
from ..base.quoting import escape, quote, shorten
from ..base.wording import say_count
from .cells import compile_pattern
from .problems import DataError, Problem, list_problems

Row: TypeAlias = tuple[int, list[str]]
"""A line of a file that holds something: its number and its cells."""
BEGINNINGS = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"<": "a page or XML",
    b"{": "JSON",
    b"[{": "JSON",
}
SAVE = "save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"
DELIMITERS = ";\t|"
LARGEST_FILE = 50_000_000
SEARCHED = 20  # lines among which a header that is not the first is looked for
MAY_BE_EMPTY = ("wording", "claims")  # own data have series to study, but no news item to check
NEEDED = {
    "observations": "entity indicator date value bound source_id confidence note",
    "indicators": "indicator title unit base base_indicator role technology rate_of breaks suspected_breaks note",
    "sources": "source_id title publisher licence",
    "wording": "indicator entity date wording status population field_dates break reason url",
    "claims": "claim_id entity statement reported unit comparison rule first second agrees_with note",
}
TABLES = tuple(NEEDED)
KINDS = {
    "observations": {"date": "date", "value": "number"},
    "wording": {"date": "date"},
    "claims": {"reported": "number"},
}
"""What the fields are that are computed with."""
OPTIONAL = {*(column.name for column in KEPT), "published_by", "vintage"}
OPTIONAL |= {"published_evidence", "lag_months", "stock_or_flow", "errors", "cumulative", "rhythm", "next_expected"}
"""Columns that a table may lack: folders from before them stay readable."""


# ---- files


def find_kind(path: str | Path) -> str:
    """Say what stands at ``path``: "file", "folder", "" for nothing, or in words what else, and why it is unusable."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return "is a link that leads nowhere" if Path(path).is_symlink() else ""
    except (OSError, ValueError) as error:  # a loop of links, a name that is too long, a folder that is closed
        return f"cannot be opened ({_name_reason(error)})"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "is neither a file nor a folder"


def read_bytes(path: Path) -> bytes:
    """Return the content of a file, or raise a `DataError` that says why it cannot be read."""
    kind = find_kind(path)
    if kind != "file":
        message = {"": "is missing in {}; the data need this file", "folder": "is a folder in {}; the data need a file"}
        raise file_error(path, message.get(kind, kind).format(escape(str(path.parent))))
    try:
        refuse_large(path, path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise file_error(path, f"cannot be read ({_name_reason(error)}); allow reading it") from error


def refuse_large(path: Path, size: int) -> None:
    """Raise a `DataError` where a file, unpacked, would take minutes to be checked, and most of the memory."""
    if size > LARGEST_FILE:
        raise file_error(path, f"holds more than {LARGEST_FILE:,} bytes; take a part of it")


def check_text(path: Path, raw: bytes) -> None:
    """Raise a `DataError` where the content of a file is that of another kind than text."""
    what = next((words for mark, words in BEGINNINGS.items() if raw[:400].lstrip().startswith(mark)), "")
    if what and path.suffix != ".json":
        raise file_error(path, f"is {what}, not CSV; save or export it as 'CSV UTF-8'")


def decode_text(path: Path, raw: bytes) -> str:
    """Return the content of a file with LF at the ends of its lines, or raise a `DataError` where it is no UTF-8."""
    check_text(path, raw)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(raw) > 3 and raw[:400].count(0) * 3 > len(raw[:400])):
        raise file_error(path, f"looks like UTF-16; {SAVE}")
    try:
        return raw.decode("utf-8").lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:  # a byte that stands alone and is a letter in Latin-1 tells the encoding
        place, byte = error.start, raw[error.start]
        alone = re.fullmatch(rb"[\x00-\x7f]?[\x80-\xff][\x00-\x7f]?", raw[max(0, place - 1) : place + 2])
        letter = bytes([byte]).decode("cp1252", errors="replace")
        hint = f"looks like Latin-1 ({letter!r}); " if alone and letter.isalpha() else ""
        line = raw.count(b"\n", 0, place) + 1
        raise file_error(path, f"byte 0x{byte:02x} is not UTF-8; {hint}{SAVE}", line) from error


def _name_reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def file_error(path: Path, message: str, row: int | None = None, column: str = "") -> DataError:
    """Return the `DataError` for one thing that is wrong with a file."""
    return DataError([Problem(path.name, row, column, "", message)])


# ---- tables


def read_table(path: Path, fields: Sequence[Mapping[str, Any]], problems: list[Problem]) -> pd.DataFrame | None:
    """Return the table as text with the line number of each row as index, or None where it cannot be read."""
    names = [field["name"] for field in fields]
    if path.stem in MAY_BE_EMPTY and not path.exists():
        return pd.DataFrame(columns=names, dtype=str)
    try:
        rows = split_rows(path, decode_text(path, read_bytes(path)))
        if not rows:
            raise file_error(path, f"is empty; its first line must be {','.join(names)}")
    except DataError as error:
        problems += error.problems
        return None
    found = _check_header(path.name, rows, [name for name in names if name not in OPTIONAL])
    if found:
        problems += found
        return None
    first, header = rows[0]
    wrong = [row for row in rows[1:] if len(row[1]) != len(header) or row[1] == header]
    frame = pd.DataFrame(wrong, columns=["row", "cells"])
    problems += list_problems(path.name, frame, "", lambda row: explain_length(row["cells"], header))
    whole = [row for row in rows[1:] if len(row[1]) == len(header) and row[1] != header]
    if not whole and (wrong or path.stem not in MAY_BE_EMPTY):
        problems += [] if wrong else [Problem(path.name, first, "", "", "the table has a header but no rows")]
        return None
    columns = [name.strip() for name in header]
    table = pd.DataFrame([cells for _, cells in whole], columns=columns, index=[line for line, _ in whole], dtype=str)
    for place in (place for place, name in enumerate(columns) if name == ""):
        filled = table.iloc[:, place][table.iloc[:, place].str.strip() != ""]
        message = f"stands in column {place + 1}, which has no name in the header; name it, or take the column away"
        problems += [Problem(path.name, int(line), "", value, message) for line, value in filled.head(1).items()]
    return table.loc[:, table.columns != ""]


def split_rows(path: Path, text: str, mark: str = ",") -> list[Row]:
    """Split into (line number, cells); blank lines, and lines of delimiters alone, are no rows."""
    rows: list[Row] = []
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


def _check_header(file: str, rows: Sequence[Row], names: Sequence[str]) -> list[Problem]:
    """Report a wrong delimiter, a header in another line, doubled and missing columns; extra columns are welcome."""
    line, header = rows[0][0], [name.strip() for name in rows[0][1]]
    misplaced = find_delimiter(rows, names) or _find_header(rows, names)
    if misplaced:
        return [Problem(file, line, "", "", misplaced)]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    problems = [Problem(file, line, name, "", "stands twice in the header; keep one") for name in twice]
    extra = [column for column in header if column and column not in names][:200]
    for name in (name for name in names if name not in header):
        near = next((e for e in extra if difflib.get_close_matches(name, [e.lower()], cutoff=0.6)), None)
        hint = f"; is it {shorten(near)!r}?" if near else ""
        problems.append(Problem(file, line, name, "", f"is missing{hint}; the table needs {', '.join(names)}"))
    return problems


def find_delimiter(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Explain a header whose fields are separated by another mark than the comma; "" where they are not."""
    first = rows[0][1][0]
    marks = [mark for mark in DELIMITERS if mark in first]
    marks += [mark for mark in " :" if set(names) <= set(first.split(mark))]
    if len(rows[0][1]) > 1 or not marks:
        return ""
    decimals = any(re.search(rf"\d,\d+(?=$|{re.escape(marks[0])})", ",".join(cells)) for _, cells in rows[1:SEARCHED])
    hint = ", and write a point as decimal mark" if decimals else ""
    return f"fields are separated by {marks[0]!r}; separate them by commas{hint}"


def _find_header(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Explain a first line that names no columns although another one does, or none; "" where it does."""
    first = [cell.strip() for cell in rows[0][1]]
    if set(names) & set(first):
        return ""
    for line, cells in rows[1:SEARCHED]:
        if set(names) <= {cell.strip() for cell in cells}:
            return f"names no columns, row {line} does; take the lines above it away"
    if any(re.fullmatch(r"[\d.,:/T -]*\d[\d.,:/T -]*", cell) for cell in first):
        return f"is a row of figures; the first line must name the columns: {','.join(names)}"
    return ""


def explain_length(cells: list[str], header: Sequence[str]) -> str:
    """Explain a row that repeats the header, or has more or fewer fields than it."""
    if cells == header:
        return "repeats the header; take the line away"
    if cells[0].startswith("#"):
        return "is a comment, which CSV does not have; take the line away"
    counts = f"has {say_count(len(cells), 'field')} where the header has {len(header)}"
    if len(cells) > len(header) and not any(cell.strip() for cell in cells[len(header) :]):
        return f'{counts}; take away commas at its end, or put a text that holds a comma in ""'
    mark = next((mark for mark in DELIMITERS if len(cells) == 1 and mark in cells[0]), None)
    if mark:
        return f"{counts}; separate them by commas, not by {mark!r}"
    if len(cells) < len(header):
        return f"{counts}; write a comma for each empty one"
    pairs = list(itertools.pairwise(cells)) if len(cells) == len(header) + 1 else []
    if "value" in header:  # the cells before it stand where they belong
        pairs = pairs[header.index("value") :][:1]
    parted = [pair for pair in pairs if all(re.fullmatch(r"\d{1,9}", part) for part in pair)]
    if len(parted) == 1:
        (left, right), mark = parted[0], "."
        if len(right) == 3 and len(left) < 4 and left != "0":
            mark = ""
        return f"{counts}; write {left}{mark}{right} for {left},{right}"
    if parted:  # which of the commas stands in a number only those who wrote it can say
        return f"{counts}; write a point as decimal mark, and no mark between thousands"
    return f'{counts}; put a text that holds a comma in ""'


# ---- the descriptor: datapackage.json, the one source of columns, types, constraints and keys


def _compile(pattern: str) -> str:
    try:
        compile_pattern(pattern)
    except SchemaError as error:
        raise ValueError(f"{quote(pattern)} is no pattern: {str(error).splitlines()[-1].strip()}") from error
    return pattern


class Constraints(BaseModel, extra="forbid"):
    """What the cells of a field must keep to; another of the standard's would look as if it were checked."""

    required: bool = False
    minimum: FiniteFloat | date | None = None
    enum: list[str] | None = None
    pattern: Annotated[str, AfterValidator(_compile)] | None = None


class Field(BaseModel):
    """A column."""

    name: str
    type: Literal["string", "number", "date"]
    description: str
    constraints: Constraints = Constraints()


class Reference(BaseModel):
    """The table and column that a foreign key points to; an empty name is the table itself."""

    resource: Literal["", "observations", "indicators", "sources", "claims"]
    fields: list[str]


class ForeignKey(BaseModel):
    """A column whose values stand in another table."""

    fields: list[str]
    reference: Reference


class Resource(BaseModel):
    """A table, whether it is read or not."""

    name: str


class Package(BaseModel):
    """The descriptor as a whole."""

    resources: list[Resource]


class Schema(BaseModel):
    """A Table Schema, as far as it is read."""

    fields: list[Field]
    primaryKey: str | list[str]
    foreignKeys: list[ForeignKey] = []


def read_descriptor(path: Path) -> dict[str, dict[str, Any]]:
    """Return the Table Schema of each table.

    Raises
    ------
    DataError
        Where the file is missing, is not JSON, or does not describe the tables with the columns that are needed.
    """
    if not path.exists():
        raise file_error(path, f"is missing in {path.parent}; copy it from the folder data/")
    text = decode_text(path, read_bytes(path))
    try:
        content = json.loads(text)
        Package.model_validate(content)
        listed = [one for one in content["resources"] if one["name"] in TABLES]
        schemas = {one["name"]: one["schema"] for one in listed}
        twice = "a table stands twice" if len(listed) > len(schemas) else ""
        schemas.setdefault("wording", _describe_wording())  # folders from before this table
        fields = schemas["observations"]["fields"]
        fields += [column.describe() for column in KEPT if column.name not in {field["name"] for field in fields}]
        checked = {name: Schema.model_validate(schemas[name]) for name in TABLES}
        reason = twice or _check_keys(checked)
    except json.JSONDecodeError as error:
        raise file_error(path, f"is not JSON: {error.msg}", error.lineno) from error
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(map(str, first['loc']))}: {first['msg'].lower()}"
    except (LookupError, TypeError, RecursionError, ValueError) as error:  # Python reads no number of 5,000 digits
        reason = repr(error)
    if reason:
        described = f"does not describe the tables {', '.join(TABLES)}"
        raise file_error(path, f"{described} ({reason}); copy it from the folder data/")
    return schemas


def _describe_wording() -> dict[str, Any]:
    kinds = {name: "date" if name == "date" else "string" for name in NEEDED["wording"].split()}
    fields = [{"name": name, "type": kind, "description": name} for name, kind in kinds.items()]
    return {"fields": fields, "primaryKey": ["indicator", "entity", "date"]}


def _check_keys(schemas: Mapping[str, Schema]) -> str:
    """Say which columns that are needed, or that keys name, are not there; "" where all are."""
    names = {table: {field.name for field in schema.fields} for table, schema in schemas.items()}
    for table, schema in schemas.items():
        missing = sorted(set(NEEDED[table].split()) - names[table])
        if missing:
            return f"it lacks the fields {', '.join(missing)} of {table}"
        if len(names[table]) < len(schema.fields):
            return f"a field of {table} stands twice"
        for field in schema.fields:
            kind = KINDS.get(table, {}).get(field.name, field.type)
            if field.type != kind or (
                kind == "number" and field.name in KINDS.get(table, {}) and not field.constraints.required
            ):
                return f"the field {field.name} of {table} must be a required {kind}"
        keys = [schema.primaryKey] if isinstance(schema.primaryKey, str) else schema.primaryKey or [""]
        named: list[tuple[str, ...]] = [(table, name) for name in keys]
        for key in schema.foreignKeys:
            named += [(table, *key.fields[:1]), (key.reference.resource or table, *key.reference.fields[:1])]
        for other, *name in named:
            if not set(name) & names[other]:
                return f"a key of {table} names the field {''.join(name)!r} of {other}, which is not there"
    return ""
