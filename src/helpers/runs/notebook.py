"""A run: its parameters, its folder, and the record of what each notebook wrote with which values.

A run lives in ``outputs/<run>/``, and what notebooks write that someone runs by hand in ``outputs/lab/<run>/``:
``tables/*.csv``, ``figures/*.png`` and ``*.svg``, ``notebooks/`` (the executed
copies and, beside each, a small JSON record of what it wrote). Notebooks hand results on through tables only, and each
table has one writer, whose number its name begins with.
"""

from __future__ import annotations

import csv
import inspect
import json
import math
import os
import re
import shlex
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, StringConstraints

from ..base.files import hash_file, read_json, write_file, write_json
from ..base.project import RunError, find_data, find_lab, find_outputs, find_root, name_path, shorten_path
from ..base.quoting import clean
from .parameters import Parameters, read_parameters

Name = Annotated[str, StringConstraints(pattern=r"^[^./\\\x00-\x1f][^/\\\x00-\x1f]*$")]
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
"""Variable that marks the kernels of `helpers.runs`; without it a notebook is run by hand."""
PDF = "ADOPTION_PDF"
"""Variable that asks for figures as PDF too, where it isn't empty."""


@dataclass(frozen=True)
class SavedFigure:
    """A figure that has been written: shows its PNG in a notebook, with the alternative text in the metadata."""

    name: str
    alt: str
    png: bytes = field(repr=False)
    width: int = field(repr=False)
    pdf: bool = field(repr=False)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        data = {"image/png": b64encode(self.png).decode(), "text/plain": f"{self.name}: {self.alt}"}
        return data, {"image/png": {"alt": self.alt, "width": self.width, "name": self.name, "pdf": self.pdf}}


@dataclass(frozen=True)
class Run:
    """One notebook's view of a run's folder.

    Attributes
    ----------
    folder : Path
        The run's folder: where the notebook writes.
    notebook : str
        Name of the notebook that writes, such as ``03_fit_curves``.
    parameters : Parameters
        The notebook's parameters, checked; those that it doesn't declare have their defaults.
    declared : tuple of str
        Names of the parameters that the notebook declares.
    published : Path or None
        By hand, the folder of the published run of that name: tables that `folder` hasn't are read from there.
    """

    folder: Path
    notebook: str
    parameters: Parameters
    declared: tuple[str, ...]
    published: Path | None = None

    @property
    def data(self) -> Path:
        """Full path of the folder of data."""
        return find_data(self.parameters.data)

    def save(self, what: Any, name: str, alt: str = "") -> SavedFigure | None:
        """Write a frame to ``tables/<name>.csv``, or a figure to ``figures/<name>.png`` and ``.svg``.

        Floats get ten significant digits, dates are ISO, lines end in LF; a named index becomes columns. A text that
        a spreadsheet would take for a formula gets an apostrophe before it, which `read_table` takes off again. An
        `Exhibit` has a ``.narrow.svg`` for telephones too, and any figure a ``.pdf`` where the run was asked for it.

        Parameters
        ----------
        what : DataFrame, matplotlib Figure, or an object that has one as ``.figure`` (Axes, a seaborn grid)
        name : str
            Begins with the notebook's number.
        alt : str
            What a figure shows, for readers who can't see it.

        Returns
        -------
        SavedFigure or None
            A figure, to show: as the last value of a cell it is displayed.

        Raises
        ------
        RunError
            If the name isn't the notebook's, a frame has no columns or two of one name, a figure has no alternative
            text, or nothing is drawn in it.
        """
        if not hasattr(what, "to_csv"):
            return self._save_figure(what, name, alt)
        self._check_name("table", name)
        content, columns = write_csv(name, what)
        digest = write_file(self.folder / "tables" / f"{name}.csv", content)
        self._note("tables", name, {"sha256": digest, "rows": len(what), "columns": columns})
        return None

    def read_table(self, name: str) -> Any:
        """Table `name` of this run as a frame, with the types that it was written with.

        By hand it's the one made by hand with the same values of the parameters that the notebooks share, else the
        published run's, which is said.

        Raises
        ------
        RunError
            If no notebook of this run has written it, if it was changed since, or if it was made with another value
            of a parameter that this notebook shares. The message says what to do.
        """
        problem = (
            f"Run '{self.folder.name}' has no table {name} yet. {_name_writer(name)} writes it: run that notebook "
            f"first, or all of them with: adoption run {self.folder.name}"
        )
        disagreement = ""
        for folder in filter(None, (self.folder, self.published)):
            path = folder / "tables" / f"{name}.csv"
            written = ((writer, record) for writer, record in read_records(folder).items() if name in record["tables"])
            writer, record = next(written, ("", None))
            if record is None or not path.is_file():
                continue
            differs = self._describe_disagreement(name, writer, record["parameters"])
            if not differs:
                break
            disagreement = disagreement or differs
        else:
            raise RunError(disagreement or problem)
        if folder == self.published:
            print(f"Table {name} is read from the published run, {name_path(str(folder))}/.")
        entry = record["tables"][name]
        if hash_file(path) != entry["sha256"]:
            raise RunError(
                f"Table {name} was changed after notebook {writer} wrote it. Run that notebook again to restore it."
            )
        self._note("read", name, entry["sha256"])
        return read_csv(path, entry["columns"])

    def _save_figure(self, figure: Any, name: str, alt: str) -> SavedFigure:
        from ..show.figures.images import draw_images
        from ..show.figures.style import DOTS_PER_INCH

        self._check_name("figure", name)
        if not alt.strip():
            raise RunError(f"Figure {name} needs an alternative text: what does it show?")
        figure = figure if hasattr(figure, "savefig") and hasattr(figure, "axes") else figure.figure
        if not any(axes.has_data() for axes in figure.get_axes()):
            raise RunError(f"Figure {name} is empty: nothing is drawn in it.")
        images = dict(draw_images(figure, alt, narrow=True, pdf=bool(os.environ.get(PDF))))
        hashes = {kind: write_file(self.folder / "figures" / f"{name}.{kind}", image) for kind, image in images.items()}
        width = round(int.from_bytes(images["png"][16:20], "big") / DOTS_PER_INCH * 96)
        self._note("figures", name, {"alt": alt, "width": width, "sha256": hashes})
        return SavedFigure(name, alt, images["png"], width, "pdf" in images)

    def _check_name(self, kind: str, name: str) -> None:
        number = self.notebook.split("_")[0]
        if not re.fullmatch(r"[A-Za-z0-9_-]+", name) or not name.startswith(f"{number}_"):
            raise RunError(
                f"The name of {kind} '{name}' must begin with '{number}_', the number of notebook {self.notebook}, and "
                "hold letters, digits, '-' and '_' only: each table and figure has one writer."
            )

    def _note(self, kind: str, name: str, entry: dict[str, Any] | str) -> None:
        record = read_record(self.folder, self.notebook)
        record[kind][name] = entry
        write_json(_record_path(self.folder, self.notebook), record)

    def _describe_disagreement(self, name: str, writer: str, theirs: Mapping[str, Any]) -> str:
        """What to do where table `name` was made with another value of a parameter; "" where it wasn't."""
        ours = self.parameters.model_dump()
        for key in self.declared:
            if key in theirs and theirs[key] != ours[key]:
                return (
                    f"Table {name} was made by notebook {writer} with {key} = {theirs[key]!r}, but this notebook has "
                    f"{key} = {ours[key]!r}. Run that notebook with the same value first, or make the run again with "
                    f"it: adoption run {self.folder.name} -p {key} {write_argument(ours[key])}"
                )
        return ""


def open_run(notebook: str) -> Run:
    """Open (and make, if need be) the folder of a run for one notebook, and start the notebook's record afresh.

    The parameters are the notebook's own variables of these names: `run`, and what else its ``parameters`` cell
    declares. A notebook that someone runs by hand never writes into the published run, but into
    ``outputs/lab/<run>/``, and says so.

    Parameters
    ----------
    notebook : str
        Name of the calling notebook, such as ``03_fit_curves``.

    Returns
    -------
    Run

    Raises
    ------
    ParameterError
        If the value of a parameter can't be used: plain papermill passes anything on.
    RunError
        If the notebook's name has no number, the project's folder isn't found, or a file is where the folder should be.
    """
    frame = inspect.currentframe()
    variables = frame.f_back.f_globals if frame and frame.f_back else {}
    if not re.fullmatch(r"\d{2}_\w+", notebook):
        raise RunError(f"Notebook name '{notebook}' must begin with its two-digit number, as in 03_fit_curves.")
    given = {name: variables[name] for name in Parameters.model_fields if name in variables}
    checked = read_parameters(given)
    declared = tuple(name for name in given if name != "run")
    published = find_outputs() / checked.run
    by_hand = not os.environ.get(RUNNER)
    folder = find_lab() / checked.run if by_hand else published
    place = name_path(str(folder))
    if os.path.lexists(folder) and not folder.is_dir():
        raise RunError(f"The results would go to {place}, but that is a file. Give the run another name.")
    record = {"parameters": checked.model_dump(include=set(declared)), "read": {}, "tables": {}, "figures": {}}
    write_json(_record_path(folder, notebook), record)
    if by_hand:
        print(f"By hand: results go to {place}/.")
    return Run(folder, notebook, checked, declared, published if by_hand else None)


def list_written(record: Mapping[str, Any]) -> dict[str, str]:
    """sha256 of each table and figure that a notebook's `record` names, by its path in the run's folder."""
    written = {f"tables/{name}.csv": entry["sha256"] for name, entry in record["tables"].items()}
    for name, entry in record["figures"].items():
        written |= {f"figures/{name}.{kind}": digest for kind, digest in entry["sha256"].items()}
    return written


def _record_path(folder: Path, notebook: str) -> Path:
    return folder / "notebooks" / f"{notebook}.json"


def read_record(folder: Path, notebook: str) -> dict[str, Any]:
    """What `notebook` read and wrote in the run in `folder`, and with which parameters."""
    return read_json(_record_path(folder, notebook))


def read_valid(folder: Path, notebook: str) -> dict[str, Any] | None:
    """The record of `notebook`; None when there is none, or none that can be read."""
    try:
        record = read_record(folder, notebook)
        NotebookRecord.model_validate(record)
    except (OSError, ValueError):
        return None
    return record


def read_records(folder: Path) -> dict[str, dict[str, Any]]:
    """The records of all notebooks of the run in `folder`, in order."""
    names = [path.stem for path in sorted((folder / "notebooks").glob("[0-9]*.json"))]
    records = {name: read_valid(folder, name) for name in names}
    return {name: record for name, record in records.items() if record}  # others are files of someone's


def _name_writer(table: str) -> str:
    number = table.split("_", maxsplit=1)[0]
    found = sorted((find_root() / "notebooks").glob(f"{number}_*.ipynb"))
    return f"Notebook {found[0].stem}" if found else f"The notebook with number {number}"


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
