"""What a run is made from: parameters, notebooks, data, helpers and libraries, each as a hash or a version."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ..base.columns import split_choices
from ..base.files import hash_file, hash_files, hash_helpers, list_plain
from ..base.project import REGISTER, RunError, find_citation, find_data, find_register
from .notebook import read_rows, read_sources
from .parameters import Parameters


def digest(content: Any) -> str:
    """sha256 of anything that JSON can hold, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_source(notebook: Path) -> str:
    """sha256 of a notebook's cells; outputs and counts, which an editor may have saved, make no difference."""
    return digest(read_sources(notebook))


def describe_inputs(parameters: Parameters, notebooks: Sequence[Path], pdf: bool = False) -> dict[str, Any]:
    """Everything that a run is made from: a run whose record has the same is the same."""
    return {
        "parameters": parameters.model_dump(),
        "notebooks": {source.stem: hash_source(source) for source in notebooks},
        "data": {"path": parameters.data, "files": hash_data(find_data(parameters.data))},
        "helpers": hash_helpers(),
        "versions": list_versions(),
        "citation": hash_citation(),
        "pdf": pdf,
    }


def hash_data(path: Path) -> dict[str, str]:
    """sha256 of every file that the data in `path` are read from: own data take the references from the project's."""
    kinds = {".csv", ".json"}
    path, _ = split_choices(path)
    files = hash_files(path, kinds)
    if path.is_file() and (find_register(path) / "hub-config").is_dir():
        files |= {f"{REGISTER}/{name}": digest for name, digest in hash_files(find_register(path), kinds).items()}
    table = path / "indicators.csv"
    if not table.is_file() or all(row.get("role") != "reference" for row in read_rows(table)):
        files |= {f"data/{name}": digest for name, digest in hash_files(find_data(), kinds).items()}
    return files


def hash_citation() -> str:
    """sha256 of the ``CITATION.cff`` that pages cite; "" where there is none."""
    path = find_citation()
    return hash_file(path) if path else ""


@contextmanager
def watch_data(path: Path, files: Mapping[str, str]) -> Iterator[None]:
    """Refuse what the block makes of data that aren't, or don't stay, as `hash_data` had them; changed back counts too.

    Raises
    ------
    RunError
    """
    changed = RunError("The data changed while the run was being made. Run the same command again.")
    before = _stamp(path)
    if hash_data(path) != files:
        raise changed
    yield
    if _stamp(path) != before:
        raise changed


def _stamp(path: Path) -> dict[Path, tuple[int, int, int, int]]:
    """What the system notes of each file of the data when it is written, the time of which nobody can set."""
    path, _ = split_choices(path)
    files = [*([path] if path.is_file() else list_plain(path).values()), *list_plain(find_data()).values()]
    found = {file: file.stat() for file in files}
    return {file: (each.st_ino, each.st_size, each.st_mtime_ns, each.st_ctime_ns) for file, each in found.items()}


@lru_cache(maxsize=1)
def list_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that the package depends on."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for requirement in metadata.requires("adoption-curves") or []:
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            versions[name] = metadata.version(name)
    return {"adoption-curves": metadata.version("adoption-curves"), **versions}
