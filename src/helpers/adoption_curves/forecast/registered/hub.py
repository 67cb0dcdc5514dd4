"""Read a hub of forecasts, and add to it: rows that are on record never change.

A hub is a folder in the form of the hubverse (schemas 6.0.0). What each hub says of itself is in the folder ``hub``
beside this module. In frames its rows have the columns `HUB_COLUMNS`: those of the files, the id of the model, and the
unit of the target.
"""

from __future__ import annotations

import io
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ...base.files import read_json, write_file, write_json
from ...base.folders import lock_folder
from ...base.project import PUBLISHED_MODEL, RunError, shorten_path
from ...indicators import DataError, Problem

_TEMPLATE = Path(__file__).parent / "hub"
_TASKS, _TARGET_DATA = "hub-config/tasks.json", "target-data/time-series.csv"
_TASK_IDS = ["origin_date", "published", "entity", "indicator", "bound", "target_end_date"]
_FILE_COLUMNS = [*_TASK_IDS, "output_type", "output_type_id", "value"]
HUB_COLUMNS = ["model_id", *_FILE_COLUMNS, "unit"]
_DAYS = ["origin_date", "published", "target_end_date"]
ENTRY = ["model_id", "entity", "indicator", "bound", "origin_date", "published", "target_end_date"]
"""Columns that identify a registered forecast."""
TARGET_COLUMNS = ["as_of", "target_end_date", "entity", "indicator", "observation", "censoring", "unit", "last_break"]
_TEAM = PUBLISHED_MODEL.partition("-")[0]
BASELINES = (f"{_TEAM}-last_value", f"{_TEAM}-drift")


def read_hub(folder: Path) -> pd.DataFrame:
    """Quantiles on record in the hub `folder`; no rows if it is no hub.

    Returns
    -------
    DataFrame
        Columns `HUB_COLUMNS`, dates as such, levels as numbers.

    Raises
    ------
    DataError
        When a file lacks a column, or holds dates, levels or values that cannot be right.
    """
    files = sorted(folder.glob("model-output/*/*.csv"))
    if not files:
        return pd.DataFrame(columns=HUB_COLUMNS)
    units = {indicator: target["target_units"] for indicator, target in _read_targets(folder).items()}
    rows = pd.concat([_read_output(folder, path) for path in files], ignore_index=True)
    return rows.assign(unit=rows["indicator"].map(units))[HUB_COLUMNS]


def _read_targets(folder: Path) -> dict[str, dict[str, Any]]:
    """The ``target_metadata`` of a hub's tasks, by indicator."""
    try:
        tasks = read_json(folder / _TASKS)["rounds"][0]["model_tasks"]
        return {task["target_metadata"][0]["target_keys"]["indicator"]: task["target_metadata"][0] for task in tasks}
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise _fault(folder, folder / _TASKS, "is missing, or has not the form of a hub's tasks") from error


def _read_output(folder: Path, path: Path) -> pd.DataFrame:
    """Checked quantiles of one file of model output."""
    numbers = {"output_type_id": float, "value": float}
    try:
        rows = pd.read_csv(path, dtype={name: numbers.get(name, str) for name in _FILE_COLUMNS}, keep_default_na=False)
        rows = rows[_FILE_COLUMNS]
        rows[_DAYS] = rows[_DAYS].apply(pd.to_datetime, format="%Y-%m-%d")
    except (KeyError, ValueError) as error:
        raise _fault(folder, path, f"is no table of forecasts: {error}") from error
    rows = rows[rows["output_type"] == "quantile"].assign(model_id=path.parent.name)
    steps = rows.groupby(ENTRY)[["output_type_id", "value"]].diff()
    if (steps["output_type_id"] <= 0).any() or (steps["value"] < 0).any() or not np.isfinite(rows["value"]).all():
        raise _fault(folder, path, "quantiles of a date must rise, and their values must not fall")
    return rows


def _fault(folder: Path, path: Path, message: str) -> DataError:
    return DataError([Problem(f"{folder.name}/{path.relative_to(folder).as_posix()}", None, "", "", message)])


def add_to_hub(folder: Path, rows: pd.DataFrame, titles: dict[str, str], figures: pd.DataFrame) -> list[Path]:
    """Put rows on record, all or none.

    Rows of a baseline that are on record already stay as they are, and are no fault. The published rows are written
    last: of a process that is killed, the next one writes what is missing.

    Parameters
    ----------
    folder : Path
        The hub; one that is not there is made.
    rows : DataFrame
        Columns `HUB_COLUMNS`, days as text.
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
        if not re.fullmatch("[A-Za-z0-9_]{1,16}-[A-Za-z0-9_]{1,16}", model_id):
            raise RunError(
                f"model '{model_id}' is no id of a hub: write TEAM-MODEL, each of 1 to 16 letters, digits or '_', such "
                f"as {PUBLISHED_MODEL}."
            )
    with lock_folder(folder, "hub"):
        if folder.exists() and not (folder / _TASKS).is_file() and (folder.is_file() or any(folder.iterdir())):
            raise RunError(
                f"{shorten_path(folder)} is there already, and is no hub: it has no {_TASKS}. Name another folder."
            )
        if (folder / _TASKS).is_file() and "rounds" not in read_json(folder / _TASKS):
            raise RunError(f"{shorten_path(folder / _TASKS)} lists no rounds, so this is no hub. Name another folder.")
        before = read_hub(folder)
        before[_DAYS] = before[_DAYS].apply(lambda days: pd.to_datetime(days).dt.strftime("%Y-%m-%d"))
        rows = _leave_known(rows, before)
        targets = _join_targets(_read_targets(folder) if len(before) else {}, rows, titles)
        for path in _TEMPLATE.rglob("*.*"):
            if not (place := folder / path.relative_to(_TEMPLATE)).exists():
                write_file(place, path.read_bytes())
        write_json(folder / _TASKS, _list_tasks(pd.concat([before, rows]), targets))
        write_figures(folder, figures)
        parts = sorted(rows.groupby(["model_id", "origin_date"]), key=lambda part: part[0][0] not in BASELINES)
        return [_append(folder, str(key[0]), str(key[1]), part) for key, part in parts]


def _leave_known(rows: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """The rows that are not on record; a `RunError` where a series of a model that is no baseline is in the round."""
    task = [name for name in ENTRY if name not in ("published", "target_end_date")]
    own = ~rows["model_id"].isin(BASELINES)
    twice = rows[own & _is_in(rows[task], before[task])]
    if len(twice):
        first = twice.iloc[0]
        what = f"{first['indicator']} of {first['entity']} (bound {first['bound']}) by {first['model_id']}"
        raise RunError(f"Round {first['origin_date']} has {what} on record already, and a record is not written over.")
    return rows[own | ~_is_in(rows[[*task, "target_end_date"]], before[[*task, "target_end_date"]])]


def _is_in(rows: pd.DataFrame, others: pd.DataFrame) -> np.ndarray:
    return pd.MultiIndex.from_frame(rows).isin(pd.MultiIndex.from_frame(others.drop_duplicates()))


def _join_targets(targets: dict[str, Any], rows: pd.DataFrame, titles: dict[str, str]) -> dict[str, Any]:
    """Targets of the hub with those of new rows, whose ids have 30 characters at most; no unit may change."""
    for indicator, unit in rows[["indicator", "unit"]].drop_duplicates().itertuples(index=False):
        there = targets.get(indicator, {}).get("target_units", unit)
        if there != unit:
            raise RunError(
                f"{indicator} is on record in {there}, not in {unit}: nothing was written. Name another hub."
            )
        new = {"target_id": indicator[:30], "target_name": titles[indicator][:100], "target_units": unit}
        new |= {"target_keys": {"indicator": indicator}, "target_type": "continuous", "is_step_ahead": False}
        targets = {indicator: new} | targets
    return targets


def _list_tasks(rows: pd.DataFrame, targets: dict[str, Any]) -> dict[str, Any]:
    """``hub-config/tasks.json``: a task for each indicator, of what is on record.

    Parameters
    ----------
    rows : DataFrame
        With the columns `_TASK_IDS` as text.
    targets : dict
        ``target_metadata`` by indicator.

    Returns
    -------
    dict
    """
    tasks = read_json(_TEMPLATE / _TASKS)
    [task] = tasks["rounds"][0]["model_tasks"]
    tasks["rounds"][0]["model_tasks"] = [
        {
            "task_ids": {name: {"required": None, "optional": sorted(set(part[name]))} for name in _TASK_IDS},
            "output_type": task["output_type"],
            "target_metadata": [targets[str(indicator)]],
        }
        for indicator, part in rows.groupby("indicator")
    ]
    return tasks


def write_figures(folder: Path, figures: pd.DataFrame) -> None:
    """Add figures of `register.list_figures` to the hub's target data, whose rows stay.

    A figure that is another now than the one printed there under its day becomes a vintage of today. Figures of series
    that are not among `figures` stay too: other data hold them.

    Parameters
    ----------
    folder : Path
        The hub.
    figures : DataFrame
        entity, indicator, target_end_date, as_of, observation (in the unit of the series), censoring.
    """
    path, keys = folder / _TARGET_DATA, ["entity", "indicator", "target_end_date", "as_of"]
    rows = pd.read_csv(io.StringIO(figures.to_csv(index=False)), dtype=str, keep_default_na=False)
    if path.is_file():
        there = pd.read_csv(path, dtype=str, keep_default_na=False)
        figure = [*keys[:3], "observation", "censoring"]
        dated, known = _is_in(rows[keys], there[keys]), _is_in(rows[figure], there[figure])
        today = f"{datetime.now().astimezone():%Y-%m-%d}"
        new = rows.assign(as_of=rows["as_of"].mask(dated, today))[~dated | ~known]
        rows = pd.concat([there, new]).drop_duplicates(keys)
    rows = rows.sort_values(keys, kind="stable")
    write_file(path, rows.to_csv(index=False, lineterminator="\n").encode())


def _append(folder: Path, model_id: str, origin: str, rows: pd.DataFrame) -> Path:
    """Add rows to the file of a round."""
    path = folder / "model-output" / model_id / f"{origin}-{model_id}.csv"
    there = path.read_bytes() if path.is_file() else b""
    table = rows.assign(**{name: rows[name].map("{:.10g}".format) for name in ("output_type_id", "value")})
    text = table[_FILE_COLUMNS].to_csv(index=False, header=not there, lineterminator="\n")
    write_file(path, there + text.encode())
    return path
