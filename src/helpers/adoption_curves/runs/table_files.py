"""Tables as CSV files, with the types of their columns, so that reading restores them."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..base.formats import clean
from ..base.project import RunError, shorten_path


def write_csv(name: str, frame: Any) -> tuple[bytes, dict[str, str]]:
    """CSV of `frame`, and the kind of each column: date, text, number, whole, truth or mixed."""
    import pandas as pd

    if any(label is not None for label in frame.index.names):
        frame = frame.reset_index()
    columns = [str(column) for column in frame.columns]
    if not columns or len(set(columns)) < len(columns) or isinstance(frame.columns, pd.MultiIndex):
        raise RunError(f"Table {name} must have columns with one name each, all different; it has {columns}.")
    frame = frame.set_axis(columns, axis=1)
    kinds = {column: _kind_of(frame[column]) for column in columns}
    # pandas would leave columns that mix numbers and text alone, and takes five times as long for numbers
    written = [column for column, kind in kinds.items() if kind in ("text", "mixed", "number")]
    cells = {column: list(map(_write_cell, frame[column].tolist())) for column in written}
    text = frame.assign(**cells).to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n")
    return text.encode("utf-8"), kinds


def _write_cell(value: Any) -> Any:
    """A number in ten digits, a whole one in all, up to the fifteen that a computer keeps; a formula as a text."""
    if isinstance(value, str):
        return f"'{value}" if _is_formula(value) else value
    if not isinstance(value, float) or math.isnan(value):
        return value
    return f"{value + 0.0:.15g}" if value.is_integer() else f"{value:.10g}"  # -0.0 becomes 0


def _is_formula(text: str) -> bool:
    """True if a spreadsheet would take a cell for a formula and run it, were it not for apostrophes before it."""
    if not re.match(r"'*[=+\-@\t\r].", text, flags=re.DOTALL):
        return False
    with suppress(ValueError):
        float(text.lstrip("'"))
        return False
    return True


def _restore_text(value: Any) -> Any:
    """A cell's text without the apostrophe that keeps spreadsheets from running it; other cells as they are."""
    return value[1:] if isinstance(value, str) and value.startswith("'") and _is_formula(value) else value


def read_rows(path: Path) -> list[dict[str, str]]:
    """Rows of a table, all cells as text, long ones cut; none if there is no such table.

    Raises
    ------
    RunError
        If it can't be read as one.
    """
    if not path.is_file():
        return []
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return [{name: clean(_restore_text(text)) for name, text in row.items()} for row in csv.DictReader(file)]
    except (ValueError, csv.Error) as error:
        raise RunError(f"{shorten_path(path)} can't be read as a table ({error}).") from error


def _kind_of(column: Any) -> str:
    kind = {"M": "date", "b": "truth", "i": "whole", "u": "whole", "f": "number"}.get(column.dtype.kind)
    return kind or ("text" if all(isinstance(value, str) for value in column.dropna()) else "mixed")


def read_csv(path: Path, kinds: Mapping[str, str]) -> Any:
    """A table that `write_csv` has written, with the kinds of its columns that it returned."""
    import pandas as pd

    types = {"text": "str", "mixed": "object", "number": "float64"}
    frame = pd.read_csv(
        path,
        dtype={column: types[kind] for column, kind in kinds.items() if kind in types},
        parse_dates=[column for column, kind in kinds.items() if kind == "date"],
        keep_default_na=False,  # "NA" and "None" are texts; only an empty cell is missing
        na_values=[""],
    )
    for column in (column for column, kind in kinds.items() if kind in ("text", "mixed")):
        frame[column] = frame[column].map(_restore_text).astype(frame[column].dtype)
    return frame
