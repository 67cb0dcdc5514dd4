"""The runs that there are, what a program wants to know of one, and how one is removed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..base.folders import lock_folder
from ..base.project import RunError, UserError, list_records
from ..base.words import say_count
from .notebook import locate, read_csv
from .record import find_changed, list_files, list_kinds, read_run

NUMBER = ["key", "label", "value", "low", "high", "unit", "text"]
"""Columns of a key number."""
SHOWN = ("entity", "indicator", "bound", "as_of", "data")


def list_runs(outputs: Path) -> list[dict[str, str]]:
    """List the runs in a folder of outputs, those of sweeps included, newest first.

    Parameters
    ----------
    outputs : Path

    Returns
    -------
    list of dict
        run, made, entity, indicator, bound, as_of, data, state ("whole", or what is wrong).
    """
    found = []
    for path in list_records(outputs):
        name = path.parent.relative_to(outputs).as_posix()
        try:
            content = read_run(path.parent)
        except UserError:
            found.append({"run": name, "made": "", **dict.fromkeys(SHOWN, ""), "state": "its record can't be read"})
            continue
        changed = find_changed(path.parent, content)
        state = f"{say_count(len(changed), 'file')} missing or changed" if changed else "whole"
        given = {name: str(content["parameters"][name]) for name in SHOWN}
        found.append({"run": name, "made": str(content.get("made", "")), **given, "state": state})
    return sorted(found, key=lambda each: (each["made"], each["run"]), reverse=True)


def describe_outcome(folder: Path, made: Mapping[str, Any]) -> dict[str, Any]:
    """What a program wants to know of a run that has just been made.

    Parameters
    ----------
    folder : Path
    made : mapping
        As `helpers.runs.pipeline.run_all` fills it.

    Returns
    -------
    dict
        run, folder and index (full paths), made, ran (seconds by the name of each notebook that was executed), reused
        (names of the others), key_numbers (a list, each with key, label, value, low, high, unit, text; what is missing
        or without end is None).

    Raises
    ------
    UserError
        If the run's record can't be read.
    """
    from .pages.index import find_table

    record = read_run(folder)
    ran = {name: round(made[name].seconds, 1) for name in record["notebooks"] if name in made and made[name].seconds}
    numbers, table = [], find_table(record, "key_numbers")
    if table:
        frame = read_csv(locate(folder, f"tables/{table}.csv"), list_kinds(record)[table]).reindex(columns=NUMBER)
        numbers = json.loads(frame.to_json(orient="records"))
    return {
        "run": record["run"],
        "folder": str(folder),
        "index": str(locate(folder, "html/index.html")),
        "made": record["made"],
        "ran": ran,
        "reused": [name for name in record["notebooks"] if name not in ran],
        "key_numbers": numbers,
    }


def remove_run(folder: Path) -> tuple[int, list[str]]:
    """Remove the files of a run that its record names and that are as it wrote them; its record goes last.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    removed : int
        Number of files.
    left : list of str
        Paths in the folder that stay: not of the run, or changed since.

    Raises
    ------
    UserError
        If there is no record that can be read, or another process makes the run.
    """
    content = read_run(folder)
    with lock_folder(folder):
        changed, removed = find_changed(folder, content), 0
        for name in list_files(content):
            with suppress(RunError):  # what leads out of the folder stays
                if name not in changed and locate(folder, name).is_file():
                    locate(folder, name).unlink()
                    removed += 1
        left: list[str] = []
        for path in sorted(folder.rglob("*"), reverse=True):  # what is in a folder before the folder
            if not path.is_dir() or path.is_symlink():
                left.insert(0, path.relative_to(folder).as_posix())
            elif not any(path.iterdir()):
                path.rmdir()
        if not left and not folder.is_symlink():  # else the link stays, and its folder for the next run
            folder.rmdir()
    return removed, left
