"""Read the tables of a data folder as text, so that nothing is converted before it is checked."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.indicators.form import Row, check_header, check_lengths
from helpers.indicators.opening import read_text
from helpers.indicators.problems import Problem

MAY_BE_EMPTY = ("claims",)  # own data have series to study, but no news item to check


def read_text_table(path: Path, schema: Mapping[str, Any], problems: list[Problem]) -> pd.DataFrame | None:
    """Return the table as text with the line number of each row as index, or None where it cannot be read."""
    names = [field["name"] for field in schema["fields"]]
    if path.stem in MAY_BE_EMPTY and not path.exists():
        return pd.DataFrame(columns=names, dtype=str)
    text = read_text(path, problems)
    if text is None:
        return None
    if not text.strip():
        problems.append(Problem(path.name, None, "", "", f"is empty; its first line must be {','.join(names)}"))
        return None
    rows = _split_rows(path.name, text, problems)
    if not rows or not check_header(path.name, rows, names, problems):
        return None
    header = [name.strip() for name in rows[0][1]]
    if len(rows) == 1 and path.stem not in MAY_BE_EMPTY:
        problems.append(Problem(path.name, rows[0][0], "", "", "the table has a header but no rows"))
        return None
    problems += check_lengths(path.name, rows)
    whole = [(line, cells) for line, cells in rows[1:] if len(cells) == len(header) and cells != rows[0][1]]
    if not whole and len(rows) > 1:
        return None
    table = pd.DataFrame([cells for _, cells in whole], columns=header, index=[line for line, _ in whole], dtype=str)
    return _drop_nameless(path.name, table, problems)


def _split_rows(name: str, text: str, problems: list[Problem]) -> list[Row]:
    """Split into (line number, cells); blank lines, and lines of commas alone, are no rows."""
    rows: list[Row] = []
    start = 1
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        reason = f"a cell has more than {csv.field_size_limit():,} characters" if "limit" in str(error) else error
        message = f"is not readable from here on ({reason}); look for a quotation mark that is not closed"
        problems.append(Problem(name, start, "", "", message))
        return []
    return rows


def _drop_nameless(file: str, table: pd.DataFrame, problems: list[Problem]) -> pd.DataFrame:
    """Leave out columns without a name, made by commas at the ends of lines; report them where they hold text."""
    for place in [place for place, name in enumerate(table.columns) if name == ""]:
        filled = table.iloc[:, place].str.strip() != ""
        if filled.any():
            row, value = int(table.index[filled][0]), table.iloc[:, place][filled].iloc[0]
            message = f"stands in column {place + 1}, which has no name in the header; name it, or take the column away"
            problems.append(Problem(file, row, "", value, message))
    return table.loc[:, table.columns != ""]
