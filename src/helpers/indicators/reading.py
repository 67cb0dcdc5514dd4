"""Read the tables of a data folder as text, so that nothing is converted before it is checked."""

import csv
import difflib
import io
import json

import pandas as pd

from helpers.indicators.problems import DataError, Problem

TABLES = ("observations", "indicators", "sources", "claims")
MAY_BE_EMPTY = ("claims",)  # own data have series to study, but no news item to check
NEEDED = {
    "observations": {"entity", "indicator", "date", "value", "bound", "source_id", "confidence", "note"},
    "indicators": {"indicator", "title", "unit", "base", "base_indicator", "role", "technology", "rate_of"}
    | {"breaks", "suspected_breaks", "note"},
    "sources": {"source_id", "title", "publisher", "licence"},
    "claims": {"claim_id", "entity", "statement", "reported", "unit", "comparison", "rule", "first", "second"}
    | {"agrees_with", "note"},
}


def read_descriptor(path):
    """Return the Table Schema of each table."""
    if not path.is_file():
        raise DataError(
            [Problem(path.name, None, "", "", f"is missing in {path.parent}; copy it from the folder data/")]
        )
    try:
        resources = json.loads(path.read_text(encoding="utf-8-sig"))["resources"]
        schemas = {resource["name"]: resource["schema"] for resource in resources}
        fields = {name: {field["name"] for field in schemas[name]["fields"]} for name in TABLES}
        missing = {name: sorted(NEEDED[name] - fields[name]) for name in TABLES if NEEDED[name] - fields[name]}
    except json.JSONDecodeError as error:
        raise DataError([Problem(path.name, error.lineno, "", "", f"is not JSON: {error.msg}")]) from error
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        message = f"does not describe the tables {', '.join(TABLES)} ({error!r}); copy it from the folder data/"
        raise DataError([Problem(path.name, None, "", "", message)]) from error
    if missing:
        raise DataError(
            [
                Problem(path.name, None, "", "", f"lacks the fields {', '.join(names)} of {table}")
                for table, names in missing.items()
            ]
        )
    return schemas


def read_text_table(path, schema, problems):
    """Return the table as text with the line number of each row as index, or None where it cannot be read."""
    names = [field["name"] for field in schema["fields"]]
    if path.stem in MAY_BE_EMPTY and not path.exists():
        return pd.DataFrame(columns=names, dtype=str)
    text = _read_text(path, names, problems)
    if text is None:
        return None
    rows = _split_rows(path.name, text, problems)
    if not rows:
        return None
    header = [name.strip() for name in rows[0][1]]
    if not _check_header(path.name, rows[0][0], header, names, problems):
        return None
    if len(rows) == 1 and path.stem not in MAY_BE_EMPTY:
        problems.append(Problem(path.name, rows[0][0], "", "", "the table has a header but no rows"))
        return None
    whole = [(line, cells) for line, cells in rows[1:] if len(cells) == len(header)]
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            message = f'has {len(cells)} fields where the header has {len(header)}; put a text that holds a comma in ""'
            problems.append(Problem(path.name, line, "", "", message))
    return pd.DataFrame([cells for _, cells in whole], columns=header, index=[line for line, _ in whole], dtype=str)


def _read_text(path, names, problems):
    if not path.is_file():
        problems.append(Problem(path.name, None, "", "", f"is missing in {path.parent}; the data need this file"))
        return None
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"
        problems.append(Problem(path.name, line, "", "", message))
        return None
    if not text.strip():
        problems.append(Problem(path.name, None, "", "", f"is empty; its first line must be {','.join(names)}"))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split_rows(name, text, problems):
    """Split into (line number, cells); blank lines, and lines of commas alone, are no rows."""
    rows, start = [], 1
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"is not readable from here on ({error}); look for a quotation mark that is not closed"
        problems.append(Problem(name, start, "", "", message))
        return []
    return rows


def _check_header(file, line, header, names, problems):
    """Report a wrong delimiter, doubled and missing columns; extra columns are welcome."""
    delimiter = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
    if delimiter:
        problems.append(Problem(file, line, "", "", f"fields are separated by {delimiter!r}; separate them by commas"))
        return False
    found = len(problems)
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        problems.append(Problem(file, line, name, "", "stands twice in the header; keep one"))
    for name in (name for name in names if name not in header):
        extra = [column for column in header if column and column not in names]
        near = [e for e in extra if difflib.get_close_matches(name, [e.lower()], cutoff=0.6)]
        hint = f"; is it {near[0]!r}?" if near else ""
        problems.append(Problem(file, line, name, "", f"is missing{hint}; the table needs {', '.join(names)}"))
    return len(problems) == found
