"""The runs that there are, and how one is removed."""

from __future__ import annotations

from pathlib import Path

from ..base.folders import lock_folder
from ..base.project import RunError, list_records
from ..base.wording import say_count
from .record import find_changed, list_files, read_run

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
        except RunError:
            found.append({"run": name, "made": "", **dict.fromkeys(SHOWN, ""), "state": "its record can't be read"})
            continue
        changed = find_changed(path.parent, content)
        state = f"{say_count(len(changed), 'file')} missing or changed" if changed else "whole"
        given = {name: str(content["parameters"][name]) for name in SHOWN}
        found.append({"run": name, "made": str(content.get("made", "")), **given, "state": state})
    return sorted(found, key=lambda each: (each["made"], each["run"]), reverse=True)


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
    RunError
        If there is no record that can be read, or another process makes the run.
    """
    content = read_run(folder)
    with lock_folder(folder):
        changed, removed = find_changed(folder, content), 0
        for name in list_files(content):
            path = folder / name
            inside = path.parent.resolve().is_relative_to(folder.resolve())
            if name not in changed and inside and path.is_file() and not path.is_symlink():
                path.unlink()
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
