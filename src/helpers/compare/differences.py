"""What differs between runs: parameters, what they were made from, key numbers, forecasts, identification."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from helpers.compare.reading import FinishedRun

COLUMNS = ["part", "item", "label", "run", "value", "low", "high", "unit", "text", "differs"]


def list_differences(runs: Sequence[FinishedRun]) -> pd.DataFrame:
    """Everything that can be compared, a row for each item and run.

    Returns
    -------
    DataFrame
        part (``parameter``, ``key number``, ``forecast``, ``ceiling``), item, label, run, value, low, high, unit,
        text, and differs (whether the item isn't the same in all runs). Bands of forecasts are of 80 %, those of key
        numbers of the level that their text says, intervals of ceilings of 95 %.
    """
    parts = [_list_parameters(runs), _list_numbers(runs), _list_forecasts(runs), _list_ceilings(runs)]
    table = pd.DataFrame([row for rows in parts for row in rows], columns=COLUMNS[:-1])
    said = table[["label", "value", "low", "high", "unit", "text"]].astype(object).where(lambda cell: cell.notna(), "")
    table["said"] = [tuple(row) for row in said.itertuples(index=False)]
    by_item = table.groupby(["part", "item"], sort=False)["said"]
    table["differs"] = (by_item.transform("nunique") > 1) | (by_item.transform("size") < len(runs))
    return table[COLUMNS]


def _list_parameters(runs: Sequence[FinishedRun]) -> list[tuple[Any, ...]]:
    names = dict.fromkeys(name for run in runs for name in run.parameters)
    return [
        ("parameter", name, name, run.name, np.nan, np.nan, np.nan, "", write_value(run.parameters[name]))
        for name in names
        for run in runs
        if name in run.parameters
    ]


def _list_numbers(runs: Sequence[FinishedRun]) -> list[tuple[Any, ...]]:
    keys = dict.fromkeys(key for run in runs for key in run.numbers.index)
    return [
        ("key number", key, row.label, run.name, row.value, row.low, row.high, row.unit, row.text)
        for key in keys
        for run in runs
        if key in run.numbers.index
        for row in [run.numbers.loc[key]]
    ]


def _list_forecasts(runs: Sequence[FinishedRun]) -> list[tuple[Any, ...]]:
    rows = [
        ("forecast", f"{row.date:%Y-%m-%d}", run.subject[0], run.name, row.median, row.low, row.high, row.unit, "")
        for run in runs
        for row in run.forecast.itertuples()
    ]
    return sorted(rows, key=lambda row: row[1])  # stable: runs stay in their order


def _list_ceilings(runs: Sequence[FinishedRun]) -> list[tuple[Any, ...]]:
    families = dict.fromkeys(family for run in runs for family in run.ceilings.index)
    rows = []
    for family in families:
        for run in runs:
            if family in run.ceilings.index:
                found = run.ceilings.loc[family]
                value, words = (found.estimate, "identified") if found.identified else (np.nan, "not identified")
                item = ("ceiling", family, f"Ceiling, {family} curve", run.name)
                rows.append((*item, value, found.low_95, found.high_95, run.subject[1], words))
    return rows


def write_value(value: Any) -> str:
    """A parameter's value as text: a list with commas, nothing as a dash."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value) if value != "" else "–"


def describe_origins(runs: Sequence[FinishedRun]) -> list[str]:
    """Sentences about what else differs: versions of the data, of the package or its libraries, edited tables."""

    def differs(*path: str) -> bool:
        return len({repr(_look_up(run.record, path)) for run in runs}) > 1

    found = []
    if differs("data", "path"):
        found.append("The runs are of different data: see the parameter data.")
    elif differs("data", "files"):
        found.append(
            "The runs were made from different versions of the data: a difference below may come from a changed "
            "figure, not from a parameter. Make the older run again to tell."
        )
    if differs("helpers") or differs("versions") or _notebooks_differ(runs):
        found.append(
            "The runs were made with different versions of the notebooks, the helpers or the libraries: make the older "
            "run again to compare parameters alone."
        )
    edited = [run for run in runs if run.edited]
    found += [f"In run {run.name}, {' and '.join(run.edited)} changed after the run was made." for run in edited]
    return found


def _notebooks_differ(runs: Sequence[FinishedRun]) -> bool:
    seen = []
    for run in runs:
        notebooks = _look_up(run.record, ("notebooks",)) or {}
        seen.append({name: entry.get("source") for name, entry in notebooks.items() if isinstance(entry, dict)})
    return any(each != seen[0] for each in seen)


def _look_up(record: Any, path: Sequence[str]) -> Any:
    for name in path:
        record = record.get(name) if isinstance(record, dict) else None
    return record
