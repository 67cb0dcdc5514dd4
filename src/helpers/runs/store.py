"""The result store: what a notebook wrote, kept under a key of everything that it was made from.

An entry is a folder ``<outputs>/.store/<key>/`` with the notebook's tables, figures, executed copy and record. Entries are
written beside and renamed into place, so an entry is whole or not there; every reuse compares hashes. Runs get copies.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from helpers.project import hash_file, write_json

FOLDER = ".store"
MAX_BYTES = 2_000_000_000
PARTS = {  # words for what a notebook is made from
    "notebook": "the notebook",
    "parameters": "its parameters",
    "helpers": "the helpers",
    "libraries": "the libraries",
    "data": "the data",
    "tables": "its tables",
}
NO_PART = ("runs/pages/", "runs/sweep.py", "runs/compare.py", "__main__.py", "explore.py")
"""Helpers that no result of a notebook depends on."""


def digest(content: Any) -> str:
    """sha256 of anything that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_source(notebook: Path) -> str:
    """sha256 of a notebook's cells; outputs and counts, which an editor may have saved, make no difference."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    kept = [(cell["cell_type"], "".join(cell["source"]), cell["metadata"].get("tags", [])) for cell in cells]
    return digest(kept)


def describe_parts(
    source: Path, values: Mapping[str, Any], inputs: Mapping[str, Any], tables: Mapping[str, str]
) -> dict[str, str]:
    """What a notebook is made from, each part as a hash; the parts together are its key.

    Parameters
    ----------
    source : Path
        The notebook.
    values : mapping
        The parameters that it declares. The run's name makes no difference to what it finds.
    inputs : mapping
        From `helpers.runs.record.describe_inputs`; data count for the notebooks that declare them.
    tables : mapping
        sha256 of the tables that the notebooks before it have written for it, by name.
    """
    return {
        "notebook": hash_source(source),
        "parameters": digest({name: value for name, value in values.items() if name != "run"}),
        "helpers": digest({name: each for name, each in inputs["helpers"].items() if not name.startswith(NO_PART)}),
        "libraries": digest(inputs["versions"]),
        "data": digest(inputs["data"]["files"]) if "data" in values else "",
        "tables": digest(dict(tables)),
    }


def explain_change(parts: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    """Why a notebook can't be reused: ``"the data changed"``; ``""`` where it has not run before."""
    changed = [PARTS[name] for name in PARTS if before and before.get(name) != parts[name]]
    return f"{' and '.join(changed)} changed" if changed else ""


class Store:
    """The kept results of notebooks, in ``outputs/.store/``."""

    def __init__(self, outputs: Path, limit: int = MAX_BYTES) -> None:
        self.folder, self.limit = outputs / FOLDER, limit

    def get(self, key: str, into: Path) -> dict[str, Any] | None:
        """Copy the result under `key` into a run's folder and return its record; None where there's no whole one."""
        entry = self.folder / key
        try:
            record = json.loads((entry / "record.json").read_text(encoding="utf-8"))
            for path, expected in record["files"].items():
                target = into / path
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(entry / path, target)
                if hash_file(target) != expected:
                    raise ValueError(path)
            os.utime(entry)  # used last: the last to go
        except (OSError, ValueError, KeyError):
            shutil.rmtree(entry, ignore_errors=True)
            return None
        return record

    def put(self, key: str, folder: Path, record: Mapping[str, Any]) -> None:
        """Keep the files that `record` names, of a run's folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(dir=self.folder, prefix=".new-"))
        try:
            for path in record["files"]:
                (beside / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / path, beside / path)
            write_json(beside / "record.json", record)
            with suppress(OSError):  # another run was first, with the same
                beside.rename(self.folder / key)
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def shrink(self, needed: Collection[str] = ()) -> int:
        """Remove what was used least recently beyond the limit, never the `needed` keys; returns the bytes freed."""
        entries = sorted(self.folder.glob("[0-9a-f]*"), key=lambda path: path.stat().st_mtime)
        sizes = {entry: sum(path.stat().st_size for path in entry.rglob("*") if path.is_file()) for entry in entries}
        total = sum(sizes.values())
        before = total
        for entry in entries:
            if total > self.limit and entry.name not in needed:
                shutil.rmtree(entry, ignore_errors=True)
                total -= sizes[entry]
        return before - total
