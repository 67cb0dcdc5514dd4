"""A run: its parameters, its folder, and the record of what each notebook wrote with which values.

A run lives in ``outputs/<run>/``, and what notebooks write that someone runs by hand in ``outputs/lab/<run>/``:
``tables/*.csv``, ``figures/*.png`` and ``*.svg``, ``notebooks/`` (the executed
copies and, beside each, a small JSON record of what it wrote). Notebooks hand results on through tables only, and each
table has one writer, whose number its name begins with.
"""

from __future__ import annotations

import csv
import json
import math
import re
import shlex
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from ..base.files import MAX_TEXT, read_json
from ..base.project import RunError, shorten_path
from ..base.words import clean, quote

NAME = r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]*$"
Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A name in a record, which becomes that of a file: it leads out of no folder."""
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class TableEntry(BaseModel):
    """What a notebook's record says of a table."""

    sha256: Hash
    rows: int
    columns: dict[str, str]


class FigureEntry(BaseModel):
    """What a notebook's record says of a figure."""

    alt: str
    width: int
    sha256: dict[Name, Hash]


class NotebookRecord(BaseModel):
    """What a notebook read and wrote, and with which parameters; anyone may have changed the file."""

    parameters: dict[str, Any]
    read: dict[str, str]
    tables: dict[Name, TableEntry]
    figures: dict[Name, FigureEntry]


RUNNER = "ADOPTION_RUNNER"
"""Variable that gives the kernels of `helpers.runs` their folder; without it a notebook is run by hand."""
PDF = "ADOPTION_PDF"
"""Variable that asks for figures as PDF too, where it isn't empty."""
DATA = "data.csv"
"""What the name of a file ends in that holds what a figure shows."""


def locate(folder: Path, path: str) -> Path:
    """The place of a file of a run by its path in a record: nothing else leads from such a path to a file.

    Parameters
    ----------
    folder : Path
        Of the run.
    path : str
        With a slash between its parts; anybody may have written it.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If it leads out of the folder, by its parts or by a link on the way.
    """
    parts = PurePosixPath(path).parts
    steps = [folder.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    if not parts or parts[0] == "/" or ".." in parts or any(step.is_symlink() for step in steps):
        raise RunError(
            f"{quote(path)} leads out of the folder of run '{folder.name}'. It was neither read nor written."
        )
    return steps[-1]


def list_written(record: Mapping[str, Any]) -> dict[str, str]:
    """sha256 of each table and figure that a notebook's `record` names, by its path in the run's folder."""
    written = {f"tables/{name}.csv": entry["sha256"] for name, entry in record["tables"].items()}
    for name, entry in record["figures"].items():
        written |= {f"figures/{name}.{kind}": digest for kind, digest in entry["sha256"].items()}
    return written


def record_path(folder: Path, notebook: str) -> Path:
    """Where the record of `notebook` lies in the run in `folder`."""
    return locate(folder, f"notebooks/{notebook}.json")


def read_record(folder: Path, notebook: str) -> dict[str, Any]:
    """What `notebook` read and wrote in the run in `folder`, and with which parameters."""
    return read_json(record_path(folder, notebook))


def read_valid(folder: Path, notebook: str) -> dict[str, Any] | None:
    """The record of `notebook`; None when there is none, or none that can be read."""
    try:
        record = read_record(folder, notebook)
        NotebookRecord.model_validate(record)
    except (OSError, ValueError, RunError):
        return None
    return record


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """The records of all notebooks of the run in `folder`, in order."""
    names = [path.stem for path in sorted(locate(folder, "notebooks").glob("[0-9]*.json"))]
    records = {name: read_valid(folder, name) for name in names}
    return {name: record for name, record in records.items() if record}  # others are files of someone's


def write_argument(value: Any) -> str:
    """`value` as it's typed after ``-p NAME`` in a shell."""
    return shlex.quote(json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value))


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
    # float_format leaves columns that mix numbers and text alone, so their numbers are written here
    texts = {column: frame[column].map(_write_cell) for column, kind in kinds.items() if kind in ("text", "mixed")}
    text = frame.assign(**texts).to_csv(index=False, float_format="%.10g", date_format="%Y-%m-%d", lineterminator="\n")
    return text.encode("utf-8"), kinds


def _write_cell(value: Any) -> Any:
    if isinstance(value, str):
        return f"'{value}" if is_formula(value) else value
    return f"{value:.10g}" if isinstance(value, float) and math.isfinite(value) else value


def is_formula(text: str) -> bool:
    """Whether a spreadsheet would take a cell for a formula and run it, were it not for apostrophes before it."""
    if not re.match(r"'*[=+\-@\t\r].", text, flags=re.DOTALL):
        return False
    try:
        float(text.lstrip("'"))
    except ValueError:
        return True
    return False


def restore_text(value: Any) -> Any:
    """A cell's text without the apostrophe that keeps spreadsheets from running it; other cells as they are."""
    return value[1:] if isinstance(value, str) and value.startswith("'") and is_formula(value) else value


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
            return [{name: clean(restore_text(text)) for name, text in row.items()} for row in csv.DictReader(file)]
    except (ValueError, csv.Error) as error:
        raise RunError(f"{shorten_path(path)} can't be read as a table ({error}).") from error


def _kind_of(column: Any) -> str:
    import pandas as pd

    kinds = pd.api.types
    if kinds.is_datetime64_any_dtype(column):
        return "date"
    if kinds.is_bool_dtype(column):
        return "truth"
    if kinds.is_integer_dtype(column):
        return "whole"
    if kinds.is_numeric_dtype(column):
        return "number"
    return "text" if all(isinstance(value, str) for value in column.dropna()) else "mixed"


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
        frame[column] = frame[column].map(restore_text).astype(frame[column].dtype)
    return frame


def read_sources(notebook: Path) -> list[tuple[str, str, list[str]]]:
    """Kind, source and tags of each cell of a notebook.

    Raises
    ------
    RunError
        If it is none.
    """
    try:
        cells = read_json(notebook, MAX_TEXT)["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), list(cell["metadata"].get("tags", []))) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise RunError(f"{shorten_path(notebook)} can't be read as a notebook ({str(error)[:200]}).") from error
