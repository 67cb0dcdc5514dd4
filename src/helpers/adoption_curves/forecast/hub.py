"""Read a hub of forecasts, and add to it: rows that are on record never change.

A hub is a folder in the form of the hubverse (schemas 6.0.0); what each hub says of itself is in ``hub_files`` beside
this module. In frames its rows have the columns `COLUMNS`: those of the files, the model's id, and the unit of the
target.
"""

from __future__ import annotations

import hashlib
import io
import re
import shutil
from collections.abc import Mapping
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.files import read_json, write_file, write_json
from ..base.folders import find_folder, lock_folder, replace_folder
from ..base.project import RunError, shorten_path
from ..indicators import DataError, Problem
from ..indicators.tables import read_bytes
from .result import HUB_QUANTILES

SCHEMAS = "https://raw.githubusercontent.com/hubverse-org/schemas/main/v6.0.0/"
TEMPLATE = Path(__file__).parent / "hub_files"
TASK_IDS = ["origin_date", "published", "entity", "indicator", "bound", "target_end_date"]
TARGET_COLUMNS = ["as_of", "target_end_date", "entity", "indicator", "observation", "censoring", "unit", "last_break"]
SAMPLES = 100
"""Joint paths of a forecast on record."""
TEAM = "adoption_curves"
BASELINES = (f"{TEAM}-last_value", f"{TEAM}-drift")
LATEST_DAYS = 36525
"""Days after its origin on which a forecast may be registered: any; `published` gives the day."""
OF_OTHERS = """team_name: {team}
team_abbr: {team}
model_name: {model}
model_abbr: {model}
methods: Described by its team.
methods_long: Described by its team.
data_inputs: Figures of the series that were public on the day of origin.
designated_model: true
ensemble_of_models: false
ensemble_of_hub_models: false
"""

FILE_COLUMNS = [*TASK_IDS, "output_type", "output_type_id", "value"]
COLUMNS = ["model_id", *FILE_COLUMNS, "unit"]
DAYS = ["origin_date", "published", "target_end_date"]
ENTRY = ["model_id", "entity", "indicator", "bound", "origin_date", "published", "target_end_date"]
"""Columns that identify a registered forecast."""
MODEL_ID = re.compile(r"[A-Za-z0-9_]{1,16}-[A-Za-z0-9_]{1,16}")
TASKS, TARGET_DATA = "hub-config/tasks.json", "target-data/time-series.csv"


def check_model_id(model_id: str) -> None:
    """Refuse a model's id that the hubverse would not take, with a `RunError`."""
    if not MODEL_ID.fullmatch(model_id):
        raise RunError(
            f"model '{model_id}' is no id of a hub: write TEAM-MODEL, each of 1 to 16 letters, digits or '_', such as "
            "adoption_curves-weighted."
        )


def read_hub(folder: Path) -> pd.DataFrame:
    """Registered forecasts of the hub `folder`; no rows if it is no hub.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, dates as such, levels and samples as numbers.

    Raises
    ------
    DataError
        When a file lacks a column, or holds dates, levels or values that cannot be right.
    """
    folder = find_folder(folder)
    files = sorted(folder.glob("model-output/*/*.csv"))
    if not files:
        return pd.DataFrame(columns=COLUMNS)
    units = {indicator: target["target_units"] for indicator, target in read_targets(folder).items()}
    rows = pd.concat([_read_output(folder, path) for path in files], ignore_index=True)
    rows["unit"] = rows["indicator"].map(units)
    if rows["unit"].isna().any():
        missing = rows.loc[rows["unit"].isna(), "indicator"].iloc[0]
        raise _fault(folder / TASKS, folder, "target_metadata", f"has no target {missing!r}, which is on record")
    return rows[COLUMNS]


def read_targets(folder: Path) -> dict[str, dict[str, Any]]:
    """The ``target_metadata`` of a hub's tasks, by indicator."""
    path = folder / TASKS
    try:
        tasks = [task for one in read_json(path)["rounds"] for task in one["model_tasks"]]
        targets = [target for task in tasks for target in task["target_metadata"]]
        return {
            target["target_keys"]["indicator"]: {"target_units": target["target_units"], **target} for target in targets
        }
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _fault(path, folder, "", "is missing, or has not the form of a hub's tasks") from error


def read_required(folder: Path) -> list[float]:
    """Quantile levels that the tasks of a hub require; those of this package where there is no hub.

    Raises
    ------
    DataError
        When its tasks have another form.
    """
    path = folder / TASKS
    if not path.is_file():
        return list(HUB_QUANTILES)
    try:
        outputs = [task["output_type"]["quantile"] for one in read_json(path)["rounds"] for task in one["model_tasks"]]
        return sorted({float(level) for output in outputs for level in output["output_type_id"]["required"]})
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _fault(path, folder, "", "names no quantile levels that it requires") from error


def _fault(path: Path, folder: Path, column: str, message: str, row: Any = None) -> DataError:
    return DataError([Problem(f"{folder.name}/{path.relative_to(folder).as_posix()}", row, column, "", message)])


def _read_output(folder: Path, path: Path) -> pd.DataFrame:
    """Checked rows of one file of model output."""
    content, model_id = BytesIO(read_bytes(path)), path.parent.name
    try:
        rows = pd.read_csv(content, dtype=str, keep_default_na=False, encoding="utf-8")
    except ValueError as error:
        raise _fault(path, folder, "", f"cannot be read as a table: {error}") from error
    if list(rows.columns) != FILE_COLUMNS:
        raise _fault(path, folder, "", f"the header must be {','.join(FILE_COLUMNS)}")
    if not MODEL_ID.fullmatch(model_id) or (rows["origin_date"] + f"-{model_id}" != path.stem).any():
        raise _fault(
            path, folder, "origin_date", "the file is named ROUND-TEAM-MODEL.csv, and its rows are of that round"
        )
    for name in DAYS:
        rows[name] = pd.to_datetime(rows[name], format="%Y-%m-%d", errors="coerce")
    for name in ("output_type_id", "value"):
        rows[name] = pd.to_numeric(rows[name], errors="coerce")
    bad = rows[DAYS].isna().any(axis=1) | ~np.isfinite(rows[["output_type_id", "value"]]).all(axis=1)
    if bad.any():
        row = int(bad.idxmax()) + 2
        raise _fault(path, folder, "", "a day is YYYY-MM-DD, and output_type_id and value are numbers", row)
    rows.insert(0, "model_id", model_id)
    quantiles, samples = (rows[rows["output_type"] == kind] for kind in ("quantile", "sample"))
    if len(quantiles) + len(samples) < len(rows):
        raise _fault(path, folder, "output_type", "every row is a quantile or a sample")
    if not quantiles["output_type_id"].between(0, 1, inclusive="neither").all():
        raise _fault(path, folder, "output_type_id", "a quantile is between 0 and 1")
    falls = quantiles.groupby(ENTRY)[["output_type_id", "value"]].diff()
    if (falls["output_type_id"] <= 0).any() or (falls["value"] < 0).any():
        raise _fault(path, folder, "value", "quantiles of a date must rise, and their values must not fall")
    return rows


def add_to_hub(folder: Path, rows: pd.DataFrame, titles: dict[str, str], figures: pd.DataFrame) -> list[Path]:
    """Put rows on record, all or none: the hub is made beside, and takes its place.

    Rows of a baseline that are on record already stay as they are, and are no fault.

    Parameters
    ----------
    folder : Path
        The hub; one that is not there is made.
    rows : DataFrame
        Columns `COLUMNS`, days as text.
    titles : dict
        By indicator.
    figures : DataFrame
        The hub's target data, columns `TARGET_COLUMNS`.

    Returns
    -------
    list of Path
        The files of model output that are new or longer.

    Raises
    ------
    RunError
        When a forecast is on record already, a target is there in another unit, the folder is no hub, or a model's id
        has another form.
    """
    for model_id in rows["model_id"].unique():
        check_model_id(model_id)
    with lock_folder(folder, "hub") as shop:
        _refuse_foreign(folder)
        before = read_hub(folder)
        rows = _leave_known(rows, before)
        targets = _join_targets(read_targets(folder) if len(before) else {}, rows, titles)
        new = shop / "new"
        if folder.is_dir():
            shutil.copytree(folder, new)
        changed = [
            _append(new, str(key[0]), str(key[1]), part) for key, part in rows.groupby(["model_id", "origin_date"])
        ]
        _write_config(new, pd.concat([_as_text(before), rows]), targets)
        write_figures(new, figures)
        replace_folder(folder, new)
    return [folder / path for path in changed]


def _refuse_foreign(folder: Path) -> None:
    """Refuse a place that is no hub: a file, or a folder with something else in it."""
    if folder.exists() and not (folder.is_dir() and ((folder / TASKS).is_file() or not any(folder.iterdir()))):
        raise RunError(
            f"{shorten_path(folder)} is there already, and is no hub: it has no {TASKS}. Name another folder."
        )


def _as_text(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(**{name: pd.to_datetime(rows[name]).dt.strftime("%Y-%m-%d") for name in DAYS})


def _leave_known(rows: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not on record; a `RunError` where a series of a model that is no baseline is in the round.

    Dates cannot join later: their samples would be no paths over the dates that are there.
    """
    task = [name for name in ENTRY if name != "published"]
    entered, own = _as_text(before)[task], ~rows["model_id"].isin(BASELINES)
    twice = rows[own & _is_in(rows[task[:-1]], entered[task[:-1]])]
    if len(twice):
        first = twice.iloc[0]
        what = f"{first['indicator']} of {first['entity']} (bound {first['bound']}) by {first['model_id']}"
        raise RunError(f"Round {first['origin_date']} has {what} on record already, and a record is not written over.")
    return rows[own | ~_is_in(rows[task], entered)]


def _is_in(rows: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    return pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(others.drop_duplicates()))


def _join_targets(targets: dict[str, Any], rows: pd.DataFrame, titles: dict[str, str]) -> dict[str, Any]:
    """Targets of the hub with those of new rows; a `RunError` where the unit is another."""
    for indicator, unit in rows[["indicator", "unit"]].drop_duplicates().itertuples(index=False):
        if targets.get(indicator, {}).get("target_units", unit) != unit:
            there = targets[indicator]["target_units"]
            raise RunError(
                f"{indicator} is on record in {there}, not in {unit}: nothing was written. Name another hub."
            )
        targets = {indicator: describe_target(indicator, titles[indicator], unit)} | targets
    return targets


def _append(folder: Path, model_id: str, origin: str, rows: pd.DataFrame) -> Path:
    """Add rows to the file of a round; its samples are numbered on. Returns the path below the hub."""
    path = Path("model-output", model_id, f"{origin}-{model_id}.csv")
    there, used = b"", -1
    if (folder / path).is_file():
        there, old = (folder / path).read_bytes(), _read_output(folder, folder / path)
        used = max([-1, *old.loc[old["output_type"] == "sample", "output_type_id"]])
    samples = rows["output_type"] == "sample"
    series = rows.groupby(["published", "entity", "indicator", "bound"], sort=False).ngroup()
    number = (used + 1 + SAMPLES * series + rows["output_type_id"]).where(samples, rows["output_type_id"])
    ids = [f"{one:.0f}" if sample else f"{one:g}" for one, sample in zip(number, samples, strict=True)]
    table = rows.assign(output_type_id=ids, value=[f"{value:.10g}" for value in rows["value"]])[FILE_COLUMNS]
    write_file(folder / path, there + table.to_csv(index=False, header=not there, lineterminator="\n").encode())
    return path


def _write_config(folder: Path, rows: pd.DataFrame, targets: dict[str, Any]) -> None:
    """Write what the hub says of itself; what somebody may have changed by hand stays."""
    models = [f"model-metadata/{model_id}.yml" for model_id in sorted(set(rows["model_id"]))]
    own = [path.relative_to(TEMPLATE).as_posix() for path in TEMPLATE.glob("hub-config/*.json")]
    for name in ("README.md", *own, *models):
        if not (folder / name).exists():
            team, model = Path(name).stem.partition("-")[::2]
            there = (TEMPLATE / name).is_file()
            text = (TEMPLATE / name).read_bytes() if there else OF_OTHERS.format(team=team, model=model).encode()
            write_file(folder / name, text)
    write_json(folder / TASKS, tasks_config(rows, targets))


def describe_target(indicator: str, title: str, unit: str) -> dict[str, Any]:
    """Metadata of a target in a task; ids have 30 characters at most."""
    short = (
        indicator if len(indicator) <= 30 else f"{indicator[:21]}_{hashlib.sha256(indicator.encode()).hexdigest()[:8]}"
    )
    return {
        "target_id": short,
        "target_name": title[:100],
        "target_units": unit,
        "target_keys": {"indicator": indicator},
        "target_type": "continuous",
        "is_step_ahead": False,
    }


def tasks_config(rows: pd.DataFrame, targets: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """``hub-config/tasks.json``: a task for each indicator, of what is on record.

    Parameters
    ----------
    rows : DataFrame
        With the columns `TASK_IDS` as text.
    targets : mapping
        By indicator, from `describe_target`.

    Returns
    -------
    dict
    """
    value = {"type": "double", "minimum": 0}
    numbers = {"min_samples_per_task": SAMPLES, "max_samples_per_task": SAMPLES}
    joint = [name for name in TASK_IDS if name != "target_end_date"]
    output = {
        "quantile": {"output_type_id": {"required": list(HUB_QUANTILES)}, "value": value, "is_required": True},
        "sample": {
            "output_type_id_params": {"type": "integer", **numbers, "compound_taskid_set": joint},
            "value": value,
            "is_required": False,
        },
    }
    tasks = [
        {
            "task_ids": {name: {"required": None, "optional": sorted(set(part[name]))} for name in TASK_IDS},
            "output_type": output,
            "target_metadata": [dict(targets[indicator])],
        }
        for indicator, part in rows.groupby("indicator")
    ]
    due = {"relative_to": "origin_date", "start": 0, "end": LATEST_DAYS}
    rounds = {"round_id_from_variable": True, "round_id": "origin_date", "model_tasks": tasks, "submissions_due": due}
    return {"schema_version": f"{SCHEMAS}tasks-schema.json", "rounds": [rounds]}


def write_figures(folder: Path, figures: pd.DataFrame) -> None:
    """Add figures of `register.list_figures` to the hub's target data, whose rows stay.

    A figure that is another now than the one printed there under its day becomes a vintage of today. Figures of series
    that are not among `figures` stay too: other data hold them.
    """
    path, keys = folder / TARGET_DATA, ["entity", "indicator", "target_end_date", "as_of"]
    rows = pd.read_csv(io.StringIO(figures.to_csv(index=False)), dtype=str, keep_default_na=False)
    if path.is_file():
        there = pd.read_csv(BytesIO(read_bytes(path)), dtype=str, keep_default_na=False)
        if list(there.columns) != TARGET_COLUMNS:
            raise _fault(path, folder, "", f"the header must be {','.join(TARGET_COLUMNS)}")
        figure = [*keys[:3], "observation", "censoring"]
        dated, known = _is_in(rows[keys], there[keys]), _is_in(rows[figure], there[figure])
        today = f"{datetime.now().astimezone():%Y-%m-%d}"
        new = rows.assign(as_of=rows["as_of"].mask(dated, today))[~dated | ~known]
        rows = pd.concat([there, new]).drop_duplicates(keys)
    rows = rows.sort_values(keys, kind="stable")
    write_file(path, rows.to_csv(index=False, lineterminator="\n").encode())
