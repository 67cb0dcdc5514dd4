"""A finished run as its files tell it, and sentences for runs that aren't there, aren't finished or can't be read."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.parameters import ParameterError, read_parameters
from helpers.project import RunError, find_outputs, hash_file
from helpers.runs.notebook import restore_text

BAND = {"q0.1": "low", "q0.5": "median", "q0.9": "high"}
TABLES = {  # the columns that a comparison needs; of the first table there must be one, the others may be missing
    "06_key_numbers": ["key", "label", "value", "low", "high", "unit", "text"],
    "05_forecast": ["date", "method", *BAND, "unit"],
    "03_parameters": ["family", "ceiling", "parameter", "estimate", "low_95", "high_95", "identified"],
    "01_observations": ["date", "value"],
}


@dataclass(frozen=True)
class FinishedRun:
    """What one finished run says.

    Attributes
    ----------
    name : str
        As it was asked for: ``RUN``, or ``SWEEP/RUN``.
    folder : Path
    record : mapping
        Content of ``run.json``.
    numbers : DataFrame
        Key numbers by key: label, value, low, high, unit, text.
    forecast : DataFrame
        Of the combined method: date, low, median, high (80 % band), unit.
    ceilings : DataFrame
        By family, of the fit with a free ceiling: estimate, low_95, high_95, identified.
    observations : Series
        Values by date.
    edited : tuple of str
        Tables that aren't as the run's record says.
    """

    name: str
    folder: Path
    record: Mapping[str, Any]
    numbers: pd.DataFrame
    forecast: pd.DataFrame
    ceilings: pd.DataFrame
    observations: pd.Series
    edited: tuple[str, ...]

    @property
    def parameters(self) -> dict[str, Any]:
        """The run's parameters, but its name."""
        return {name: value for name, value in self.record["parameters"].items() if name != "run"}

    @property
    def subject(self) -> tuple[str, str]:
        """Title and unit of the indicator: runs that share them may be drawn on one axis."""
        told = self.record.get("subject", {})
        return str(told.get("title", self.parameters.get("indicator", ""))), str(told.get("unit", ""))


def find_run(name: str) -> Path:
    """Folder of the run `name`, or of ``SWEEP/RUN``, a run of a sweep.

    Raises
    ------
    ParameterError
        If that's no name of a run.
    """
    parts = name.strip("/").split("/")
    try:
        if len(parts) > 2:
            raise ParameterError
        for part in parts:
            read_parameters({"run": part})
    except ParameterError as error:
        raise ParameterError(f"'{name}' is no name of a run; name it as RUN, or as SWEEP/RUN") from error
    return find_outputs().joinpath(*parts)


def read_run(name: str, folder: Path) -> FinishedRun:
    """Read a finished run.

    Raises
    ------
    RunError
        If it isn't there, isn't finished, or can't be read; the message says what to do.
    """
    record = _read_record(name, folder)
    tables, edited = {}, []
    for table, columns in TABLES.items():
        tables[table] = _read_table(name, folder, table, columns)
        expected = _find_digest(record, table)
        if expected and hash_file(folder / "tables" / f"{table}.csv") != expected:
            edited.append(table)
    forecast, fitted = tables["05_forecast"], tables["03_parameters"]
    combined = forecast[forecast["method"] == "combined"].rename(columns=BAND)
    free = fitted[(fitted["ceiling"] == "free") & (fitted["parameter"] == "ceiling")]
    observed = tables["01_observations"].dropna(subset=["value"])
    return FinishedRun(
        name,
        folder,
        record,
        tables["06_key_numbers"].drop_duplicates("key").set_index("key"),
        combined[["date", *BAND.values(), "unit"]].sort_values("date").reset_index(drop=True),
        free.drop_duplicates("family").set_index("family")[["estimate", "low_95", "high_95", "identified"]],
        observed.set_index("date")["value"].sort_index(),
        tuple(edited),
    )


def _read_record(name: str, folder: Path) -> dict[str, Any]:
    again = f"adoption run {name}" if "/" not in name else f"the sweep {name.split('/', maxsplit=1)[0]} again"
    if (folder / "sweep.json").exists():
        raise RunError(f"'{name}' is a sweep, not a run. Name its runs: {name}/RUN")
    try:
        content = json.loads((folder / "run.json").read_text(encoding="utf-8"))
        if not isinstance(content, dict) or not isinstance(content.get("parameters"), dict):
            raise ValueError("it names no parameters")
    except FileNotFoundError as error:
        begun = folder.is_dir() or (folder.parent / f"{folder.name}.partial").is_dir()
        state = f"Run '{name}' isn't finished" if begun else f"There is no run '{name}'"
        raise RunError(f"{state}. Make it with: {again}") from error
    except (OSError, ValueError) as error:
        raise RunError(f"run.json of run '{name}' can't be read ({error}). Make the run again: {again}") from error
    return content


def _find_digest(record: Mapping[str, Any], table: str) -> str | None:
    notebooks = record.get("notebooks")
    for entry in notebooks.values() if isinstance(notebooks, dict) else ():
        if isinstance(entry, dict) and table in entry.get("tables", {}):
            return entry["tables"][table].get("sha256")
    return None


def _read_table(name: str, folder: Path, table: str, columns: list[str]) -> pd.DataFrame:
    path = folder / "tables" / f"{table}.csv"
    if not path.exists() and table != "06_key_numbers":
        return _type_columns(pd.DataFrame(columns=columns))
    try:
        frame = pd.read_csv(path, keep_default_na=False, na_values=[""])
        missing = [column for column in columns if column not in frame.columns]
        if missing:
            raise ValueError(f"it has no column {missing[0]}")
        return _type_columns(frame)
    except FileNotFoundError as error:
        raise RunError(f"Run '{name}' isn't whole: it has no table {table}. Make it again.") from error
    except (OSError, ValueError) as error:  # pandas' own errors are of the latter kind
        problem = " ".join(str(error).split())
        raise RunError(f"Table {table} of run '{name}' can't be read ({problem}). Make the run again.") from error


def _type_columns(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with dates, numbers and truths as such whatever else a column holds."""
    for column in frame.columns:
        if column == "date":
            frame[column] = pd.to_datetime(frame[column])
        elif re.fullmatch(r"value|estimate|low(_95)?|high(_95)?|q0\.\d+", column):
            frame[column] = pd.to_numeric(frame[column], errors="coerce")
        elif column == "identified":
            frame[column] = frame[column].astype(str) == "True"
        elif column in ("key", "label", "unit", "text"):
            frame[column] = frame[column].fillna("").astype(str).map(restore_text)
    return frame
