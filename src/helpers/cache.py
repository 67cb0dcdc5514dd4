"""What a notebook was made from, and taking over what was made from the same before.

The records beside the executed notebooks are all the state there is. ``open_run`` starts a notebook's record, the
notebook adds what it reads and writes, and `finish_record` adds last what it was made from and the hash of its executed
copy: a record without these two is of a notebook that was cut off, and counts as none.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from helpers.project import hash_file, write_json
from helpers.run import list_written, read_record, read_valid

BASIS = {  # words for what a notebook is made from, beside the tables that it reads
    "source": "the notebook",
    "parameters": "its parameters",
    "helpers": "the helpers",
    "libraries": "the libraries",
    "data": "the data",
}


def digest(content: Any) -> str:
    """sha256 of anything that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def describe_basis(source: Path, values: Mapping[str, Any], inputs: Mapping[str, Any]) -> dict[str, str]:
    """What a notebook is made from, each thing as a hash.

    Parameters
    ----------
    source : Path
        The notebook.
    values : mapping
        The parameters that it declares. The run's name makes no difference to what it finds.
    inputs : mapping
        The parts ``helpers``, ``versions`` and ``data`` of `helpers.record.describe_inputs`. Pages are made from the
        executed notebooks, so what writes them is no part; data count for the notebooks that declare them.
    """
    helpers = {name: content for name, content in inputs["helpers"].items() if not name.startswith("report/")}
    return {
        "source": hash_file(source),
        "parameters": digest({name: value for name, value in values.items() if name != "run"}),
        "helpers": digest(helpers),
        "libraries": digest(inputs["versions"]),
        "data": digest(inputs["data"]["files"]) if "data" in values else "",
    }


def finish_record(folder: Path, notebook: str, basis: Mapping[str, str]) -> None:
    """Complete the record of a notebook that has run to its end."""
    record: dict[str, Any] = {
        "parameters": {},
        "read": {},
        "tables": {},
        "figures": {},
    }  # of one that never opened its run
    record |= read_valid(folder, notebook) or {}
    record |= {"made_from": dict(basis), "executed": hash_file(_executed_path(folder, notebook))}
    write_json(_executed_path(folder, notebook).with_suffix(".json"), record)


def is_finished(folder: Path, notebook: str) -> bool:
    """Whether `notebook` has run to its end in the run in `folder`, which may still be in the making."""
    return "made_from" in (read_valid(folder, notebook) or {})


def find_made(notebook: str, basis: Mapping[str, str], folder: Path, origins: Iterable[Path]) -> Path | None:
    """The first of the `origins` that has `notebook` made from `basis` and from the tables that `folder` has."""
    for origin in origins:
        record = read_valid(origin, notebook)
        if record is None or record.get("made_from") != basis or not _reads_agree(record, folder):
            continue
        if is_whole(origin, notebook, record):
            return origin
    return None


def explain_change(notebook: str, basis: Mapping[str, str], folder: Path, origin: Path) -> str:
    """Why `notebook` must run again although `origin` has it: ``"the data changed"``; ``""`` if it never ran there."""
    record = read_valid(origin, notebook)
    if not record or "made_from" not in record:
        return ""
    changed = [words for name, words in BASIS.items() if record["made_from"].get(name) != basis[name]]
    if not changed:
        changed = ["its tables"] if not _reads_agree(record, folder) else ["its results"]
    return f"{' and '.join(changed)} changed"


def _reads_agree(record: Mapping[str, Any], folder: Path) -> bool:
    """Whether the tables that a notebook has read are those in `folder`."""
    paths = {folder / "tables" / f"{name}.csv": expected for name, expected in record["read"].items()}
    return all(path.is_file() and hash_file(path) == expected for path, expected in paths.items())


def is_whole(folder: Path, notebook: str, record: Mapping[str, Any]) -> bool:
    """Whether everything that the record of a notebook names is there as it was written."""
    files: dict[Path, str | None] = {folder / path: expected for path, expected in list_written(record).items()}
    files[_executed_path(folder, notebook)] = record.get("executed")
    return all(path.is_file() and hash_file(path) == expected for path, expected in files.items())


def take_over(notebook: str, origin: Path, folder: Path) -> None:
    """Copy what `notebook` wrote from one run's folder to another's; the record comes last."""
    record = read_record(origin, notebook)
    executed = _executed_path(Path(), notebook)
    for path in (*map(Path, list_written(record)), executed):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(origin / path, folder / path)
    if folder.name != origin.name:
        from helpers.execution import rename_run

        rename_run(folder / executed)
    write_json((folder / executed).with_suffix(".json"), {**record, "executed": hash_file(folder / executed)})


def _executed_path(folder: Path, notebook: str) -> Path:
    return folder / "notebooks" / f"{notebook}.ipynb"
