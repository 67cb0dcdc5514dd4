"""The result store: what a notebook wrote, kept under a key of everything that it was made from.

An entry is a folder ``<outputs>/.store/<key>/`` with the notebook's tables, figures, executed copy and record. It is
written beside and renamed into place, so that it is whole or not there; a whole one stays where it is, since other runs
may be copying it, unless a notebook came to something else. Every reuse compares hashes. Runs get copies.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..base.files import hash_file, read_cells, read_json, write_json
from ..base.folders import claim_folder
from ..base.project import REGISTER, RunError, refuse_planted

FOLDER = ".store"
MAX_BYTES = 2_000_000_000
PARTS = {  # words for what a notebook is made from
    "notebook": "the notebook",
    "parameters": "its parameters",
    "helpers": "the helpers",
    "libraries": "the libraries",
    "data": "the data",
    "tables": "its tables",
    "figures": "the forms of its figures",
}
NO_PART = (
    "runs/pages/", "runs/sweep", "runs/comparison.py", "runs/finished.py", "runs/exports.py",
    "runs/listing.py", "runs/registry.py", "runs/begin.py", "runs/explore.py", "__main__.py", "cli/", "show/explore",
    "show/figures/comparisons.py",
)  # fmt: skip
"""Helpers that no result of a notebook depends on."""


def digest(content: Any) -> str:
    """sha256 of anything that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_source(notebook: Path) -> str:
    """sha256 of a notebook's cells; outputs and counts, which an editor may have saved, make no difference."""
    return digest(read_cells(notebook))


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
        From `helpers.runs.inputs.describe_inputs`; data count for the notebooks that declare them.
    tables : mapping
        sha256 of the tables that the notebooks before it have written for it, by name.

    Returns
    -------
    dict
        Hashes by the part's name.
    """
    return {
        "notebook": hash_source(source),
        "parameters": digest({name: value for name, value in values.items() if name != "run"}),
        "helpers": digest({name: each for name, each in inputs["helpers"].items() if not name.startswith(NO_PART)}),
        "libraries": digest(inputs["versions"]),
        "data": digest(_choose_data(source, inputs["data"]["files"])) if "data" in values else "",
        "tables": digest(dict(tables)),
        "figures": "pdf" if inputs["pdf"] else "",
    }


def _choose_data(source: Path, files: Mapping[str, str]) -> dict[str, str]:
    """The files of the data that a notebook reads: the record of forecasts only where its code asks for that."""
    asks = "read_register" in source.read_text(encoding="utf-8")
    return {name: each for name, each in files.items() if asks or REGISTER not in name.split("/")[:-1]}


def explain_change(parts: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    """Why a notebook can't be reused: ``"the data changed"``; ``""`` where it has not run before."""
    changed = [PARTS[name] for name in PARTS if before and before.get(name, "") != parts[name]]
    return f"{' and '.join(changed)} changed" if changed else ""


class Store:
    """The kept results of notebooks, in ``outputs/.store/``."""

    def __init__(self, outputs: Path, limit: int = MAX_BYTES) -> None:
        self.folder, self.limit = outputs / FOLDER, limit

    def make(self) -> Path:
        """The store's folder, made if need be; results that another user may have put there are refused."""
        refuse_planted(self.folder.parent, self.folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        return self.folder

    def read(self, key: str) -> dict[str, Any]:
        """Record of the result under `key`: what the notebook declared, read and wrote."""
        content = read_json(self.folder / key / "record.json")
        if not all(re.fullmatch(r"(tables|figures|notebooks)/[^./\\][^/\\]*", path) for path in content["files"]):
            raise ValueError("a result lies in tables/, figures/ or notebooks/")
        return content

    def is_whole(self, key: str, folder: Path | None = None) -> bool:
        """Whether everything of the result under `key` is there, or its copy in `folder`, as it was written."""
        place = folder or self.folder / key
        try:
            return all(hash_file(place / path) == expected for path, expected in self.read(key)["files"].items())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False

    def get(self, key: str, folder: Path) -> None:
        """Copy the result under `key` into a run's folder.

        Raises
        ------
        RunError
            If it's no longer whole: it has been removed or changed since it was found.
        """
        with suppress(OSError, ValueError, KeyError, TypeError, AttributeError):  # what is missing is seen below
            for path in self.read(key)["files"]:
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(self.folder / key / path, folder / path)
            os.utime(self.folder / key)  # used last: the last to go
        if not self.is_whole(key, folder):
            raise RunError(f"A result in {self.folder} was removed or changed meanwhile. Run the same command again.")

    def put(self, key: str, folder: Path, record: Mapping[str, Any], files: Iterable[str]) -> None:
        """Keep `files` of a run's folder, with the `record` that says what they are.

        Where a whole entry has the same tables and figures, that one stays: other runs may be copying it.
        """
        with claim_folder(self.make(), ".new-") as place:
            beside, entry = place / key, self.folder / key
            for path in files:
                (beside / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(folder / path, beside / path)
            write_json(beside / "record.json", {**record, "files": {path: hash_file(beside / path) for path in files}})
            try:
                beside.rename(entry)
            except OSError:  # there is one
                parts = ("tables", "figures")
                if not self.is_whole(key) or any(self.read(key)[part] != record[part] for part in parts):
                    with suppress(OSError):  # two of the same are at it
                        entry.rename(place / "before")
                        beside.rename(entry)

    def shrink(self, needed: Collection[str] = ()) -> int:
        """Remove what was used least recently beyond the limit, never the `needed` keys; returns the bytes freed.

        What a killed run has left goes as well, after a day.
        """
        for path in self.folder.glob(".*"):
            if path.stat().st_mtime < time.time() - 86_400:
                shutil.rmtree(path, ignore_errors=True)
        entries = sorted(self.folder.glob("[0-9a-f]" * 64), key=lambda path: path.stat().st_mtime)
        sizes = {entry: sum(path.stat().st_size for path in entry.rglob("*") if path.is_file()) for entry in entries}
        total = before = sum(sizes.values())
        for entry in entries:
            if total > self.limit and entry.name not in needed:
                shutil.rmtree(entry, ignore_errors=True)
                total -= sizes[entry]
        return before - total
