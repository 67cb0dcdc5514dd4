"""Finished runs as a notebook sees them that puts them side by side: `Comparison`."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.files import hash_file, read_json
from ..base.levels import LEVELS, band_columns, quoted_level, say_level
from ..base.project import RUNNER, RunError, UserError, find_lab
from ..base.words import clean
from .pages.index import find_table, set_reading, set_value
from .parameters import ParameterError
from .record import find_run, hide_place, locate, read_run
from .study import Output
from .table_files import restore_text

KINDS: dict[str, Callable[[pd.Series], pd.Series]] = {  # of columns that aren't numbers
    **dict.fromkeys(("key", "label", "unit", "text", "method"), pd.Series.copy),
    "date": pd.to_datetime,
}
ABOUT = ["run", "title", "unit", "entity", "as_of", "level"]
COLUMNS = {
    "parameters": ["item", "label", "text"],
    "numbers": ["item", "label", "value", "low", "high", "unit", "text", "reading"],
    "forecast": ["date", "value", "low", "high", "unit"],
    "observations": ["date", "value"],
}
to_numbers = partial(pd.to_numeric, errors="coerce")


# ---- one run ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FinishedRun:
    """What one finished run says.

    Attributes
    ----------
    name : str
        As it was asked for: ``RUN``, or ``SWEEP/RUN``.
    record : mapping
        Content of ``run.json``.
    title, unit : str
        Of the indicator: runs that share them may be drawn on one axis.
    level : float
        Coverage of the bands that the run quotes.
    parameters : DataFrame
        item, label, text: the run's parameters, but its name.
    numbers : DataFrame
        item, label, value, low, high, unit, text (as the table has it), reading: the key numbers.
    forecast : DataFrame
        date, value (the median), low, high (the quoted band), unit: the combined forecast.
    observations : DataFrame
        date, value.
    edited : list of str
        Tables that aren't as the run's record says.
    """

    name: str
    record: Mapping[str, Any]
    title: str
    unit: str
    level: float
    parameters: pd.DataFrame
    numbers: pd.DataFrame
    forecast: pd.DataFrame
    observations: pd.DataFrame
    edited: list[str]

    @property
    def about(self) -> dict[str, Any]:
        """What the run is of: name, title, unit, entity, as_of, and the level that it quotes."""
        given = {name: str(self.record["parameters"].get(name, "")) for name in ("entity", "as_of")}
        return {"run": self.name, "title": self.title, "unit": self.unit, **given, "level": self.level}


def read_finished(name: str) -> FinishedRun:
    """Read a finished run; of own data, only the name is told.

    Raises
    ------
    ParameterError
        If that's no name of a run.
    RunError
        If it isn't there, isn't finished, or can't be read; the message says what to do.
    """
    folder = find_run(name)
    record = read_run(folder)
    given = {key: value for key, value in record["parameters"].items() if key != "run"}
    level = quoted_level(given.get("levels", LEVELS))
    low, high = band_columns(level)
    numbers, forecast, observations, edited = _read_tables(
        name,
        folder,
        record,
        {  # only the first must be there
            "key_numbers": ["key", "label", "value", "low", "high", "unit", "text"],
            "forecast": ["date", "method", low, "q0.5", high, "unit"],
            "observations": ["date", "value"],
        },
    )
    combined = forecast[forecast["method"] == "combined"].drop(columns="method").sort_values("date")
    numbers = numbers.drop_duplicates("key").rename(columns={"key": "item"})
    units = numbers["unit"].replace("percent", "%")
    readings = [set_reading(row, unit) for row, unit in zip(numbers.to_dict("records"), units, strict=True)]
    told = record.get("subject", {})
    values = [hide_place(set_value(value), given["data"]) for value in given.values()]
    return FinishedRun(
        name,
        record,
        str(told.get("title", given.get("indicator", ""))),
        str(told.get("unit", "")),
        level,
        pd.DataFrame({"item": [*given], "label": [*given], "text": values}),
        numbers.assign(reading=numbers["text"].where(numbers["text"] != "", readings)),
        combined.rename(columns={low: "low", "q0.5": "value", high: "high"}).reset_index(drop=True),
        observations.dropna().sort_values("date"),
        edited,
    )


def _read_tables(
    name: str, folder: Path, record: Mapping[str, Any], needed: Mapping[str, Sequence[str]]
) -> tuple[Any, ...]:
    """The columns `needed` of each table, empty where the record names none but the first; and those edited since."""
    written = {table: entry for each in record["notebooks"].values() for table, entry in each["tables"].items()}
    frames: list[pd.DataFrame] = []
    edited: list[str] = []
    for part, columns in needed.items():
        table = find_table(record, part)
        path = locate(folder, f"tables/{table or part}.csv")
        frames.append(_read_table(name, path, columns, optional=not table and bool(frames)))
        edited += [table] if table and hash_file(path) != written[table]["sha256"] else []
    return *frames, edited


def _read_table(name: str, path: Path, columns: Sequence[str], optional: bool) -> pd.DataFrame:
    """The columns as texts, numbers, dates and truths, whatever else they hold."""
    try:
        frame = pd.DataFrame(columns=columns, dtype=str)
        frame = frame if optional else pd.read_csv(path, dtype=str, keep_default_na=False)
        missing = [column for column in columns if column not in frame]
        if missing:
            raise ValueError(f"it has no column {missing[0]}")
        kinds = {column: KINDS.get(column, to_numbers) for column in columns}
        return pd.DataFrame(
            {column: kind(frame[column].map(restore_text).map(clean)) for column, kind in kinds.items()}
        )
    except FileNotFoundError as error:
        raise RunError(f"Run '{name}' isn't whole: it has no table {path.stem}. Make it again.") from error
    except (OSError, ValueError) as error:  # pandas' own errors are of the latter kind
        problem = " ".join(str(error).split())
        raise RunError(f"Table {path.stem} of run '{name}' can't be read ({problem}). Make the run again.") from error


# ---- side by side -------------------------------------------------------------------------------------------------


class Comparison(Output):
    """Finished runs side by side, and where the notebook that compares them writes its table and its figure.

    By hand that is ``outputs/lab/<name>/``, which is said.

    Parameters
    ----------
    notebook : str
        Name of the calling notebook, such as ``compare_runs``.
    runs : sequence of str
        Names of finished runs, each ``RUN`` or ``SWEEP/RUN``.
    sweep : str
        Instead of them, name of a sweep: all its runs, named without it. One that can't be read has failed.

    Attributes
    ----------
    runs : DataFrame
        run, title and unit of the indicator, entity, as_of, level (coverage of the bands that it quotes).
    parameters, numbers, forecasts, observations : DataFrame
        What the runs say, as `FinishedRun` has it, with the column run in front; forecasts and observations with title
        and unit of the indicator, forecasts with the level of their bands too.
    notices : list of str
        What else differs; see `list_warnings`.
    sweep : dict
        Of a sweep: asked (a frame of all its runs' parameters in words, by run), varied (names of parameters), full
        (whether they are all combinations of a grid), failed (messages, by run).

    Raises
    ------
    ParameterError
        If neither is named, or a name is none.
    RunError
        If a run isn't finished or can't be read, or there is no such sweep.
    """

    def __init__(self, notebook: str, runs: Sequence[str] = (), *, sweep: str = ""):
        name, by_hand = ("sweep", sweep) if sweep else ("comparison", name_comparison(runs))
        if not sweep:
            check_names(runs)
        self.sweep, finished = read_sweep_runs(sweep) if sweep else ({}, [read_finished(run) for run in runs])
        self.runs = pd.DataFrame([run.about for run in finished], columns=ABOUT)
        self.parameters = gather(finished, "parameters")
        self.numbers = gather(finished, "numbers")
        self.observations = gather(finished, "observations")
        self.forecasts = gather(finished, "forecast").merge(self.runs[["run", "title", "level"]], on="run")
        self.notices = list_warnings(finished)
        place = Path(os.environ.get(RUNNER, "") or find_lab() / by_hand)
        rule = f"must be '{name}': notebook {notebook} has one table and one figure."
        super().__init__(notebook, place, {"runs": self.runs["run"].tolist()}, name, rule)


def gather(runs: Sequence[FinishedRun], part: str) -> pd.DataFrame:
    """One part of all runs, below each other, with the column run in front."""
    frames = {run.about["run"]: getattr(run, part) for run in runs}
    if not frames:
        kinds = {"value": float, "low": float, "high": float, "date": "datetime64[s]"}
        return pd.DataFrame({name: pd.Series(dtype=kinds.get(name, str)) for name in ("run", *COLUMNS[part])})
    return pd.concat(frames, names=["run"]).reset_index("run").reset_index(drop=True)


def read_sweep_runs(name: str) -> tuple[dict[str, Any], list[FinishedRun]]:
    """What was asked of a sweep, as `Comparison` has it, and its runs; those that can't be read have failed.

    Raises
    ------
    ParameterError
        If that's no name of a sweep.
    RunError
        If there is no such sweep.
    """
    try:
        content = read_json(find_run(name) / "sweep.json")
        data = [given["data"] for given in content["runs"].values()]
        asked = pd.DataFrame(content["runs"]).T.map(lambda value: hide_place(set_value(value), *data))
        failed, varied, full = dict(content.get("failed", {})), list(content["varied"]), bool(content.get("full"))
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UserError(f"There is no sweep '{name}' with a record of its runs, sweep.json.") from error
    finished = []
    for run in asked.index:
        try:
            finished += [replace(read_finished(f"{name}/{run}"), name=run)] if run not in failed else []
        except UserError as error:
            failed[run] = str(error)
    failed = {run: hide_place(message, *data) for run, message in failed.items()}
    return {"asked": asked.rename_axis("run"), "varied": varied, "full": full, "failed": failed}, finished


def check_names(names: Sequence[str]) -> None:
    """Refuse fewer than two runs, and one that is named twice.

    Raises
    ------
    ParameterError
    """
    if len(names) < 2:
        raise ParameterError("a comparison needs two runs or more, as in: adoption compare baseline other")
    if len({find_run(name) for name in names}) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ParameterError(f"run '{twice}' is named twice; name each run once")


def name_comparison(names: Sequence[str]) -> str:
    """Name of the folder for a comparison of these runs, at most 64 characters."""
    name = "compare-" + "-".join(names).replace("/", "-")
    return name if len(name) <= 64 else f"{name[:55]}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def list_warnings(runs: Sequence[FinishedRun]) -> list[str]:
    """Sentences about what else differs: quoted levels, versions of data, package or libraries, edited tables."""
    if not runs:
        return []
    first, *others = (run.record for run in runs)
    code = [
        (each["helpers"], each["versions"], {name: entry["source"] for name, entry in each["notebooks"].items()})
        for each in (first, *others)
    ]
    doubts, levels = [], sorted({run.level for run in runs})
    if len(levels) > 1:
        said = " and ".join(map(say_level, levels))
        doubts.append(f"The runs quote bands of different levels ({said}): a wider band is no sign of more doubt.")
    if any(each["data"]["path"] != first["data"]["path"] for each in others):
        doubts.append("The runs were made from different data (parameter `data`).")
    elif any(each["data"]["files"] != first["data"]["files"] for each in others):
        doubts.append(
            "The runs were made from different versions of the data: a difference below may come from a changed "
            "figure, not from a parameter. Make the older run again to tell."
        )
    if any(each != code[0] for each in code):
        doubts.append(
            "The runs were made with different versions of the notebooks, the helpers or the libraries: make the older "
            "run again to compare parameters alone."
        )
    edited = [run for run in runs if run.edited]
    return doubts + [f"In run {run.name}, {' and '.join(run.edited)} changed after the run was made." for run in edited]
