"""``run.json``: what a run was made from, so that it can be made again, checked and cited."""

from __future__ import annotations

import csv
import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.project import find_data, find_root, hash_file
from helpers.run import read_records


def describe_run(folder: Path, parameters: Parameters, notebooks: list[Path], data: Any) -> dict:
    """Content of ``run.json``: everything that a reader needs to make the run again or to cite it."""
    records = read_records(folder)
    figures = sorted(name for record in records.values() for name in record["figures"])
    sources = {source.stem: hash_file(source) for source in notebooks}
    package = Path(__file__).parent
    return {
        "run": parameters.run,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "parameters": parameters.model_dump(),
        "subject": describe_subject(data, parameters),
        "main_figure": next((name for name in figures if name.startswith("05_forecast")), None),
        "notebooks": {name: {"source": sources.get(name), **record} for name, record in records.items()},
        "data": {"path": parameters.data, "files": hash_data(find_data(parameters.data))},
        "sources": list_sources(data, parameters),
        "helpers": hash_files(package, {".py", ".j2", ".css", ".json"}),
        "versions": list_versions(),
        "git": describe_commit(),
    }


def describe_subject(data: Any, parameters: Parameters) -> dict[str, str]:
    """The indicator in words: its title and unit, what is counted, and the base."""
    entry = data.find_entry(parameters.indicator)
    return {"title": entry.title, "unit": entry.unit, "counted": entry.counted, "base": entry.base}


def hash_files(folder: Path, kinds: set[str]) -> dict[str, str]:
    """sha256 of every file of one of the `kinds` of ending in `folder`, by its path below it."""
    if folder.is_file():
        return {folder.name: hash_file(folder)}
    files = sorted(path for path in folder.rglob("*") if path.suffix in kinds and path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def hash_data(path: Path) -> dict[str, str]:
    """sha256 of every file that the data in `path` are read from: own data take the references from the project's."""
    kinds = {".csv", ".json"}
    files = hash_files(path, kinds)
    if not _has_references(path):
        files |= {f"data/{name}": digest for name, digest in hash_files(find_data(), kinds).items()}
    return files


def _has_references(path: Path) -> bool:
    table = path / "indicators.csv"
    if not table.is_file():
        return False
    with table.open(encoding="utf-8-sig", newline="") as file:
        return any(row.get("role") == "reference" for row in csv.DictReader(file))


def list_sources(data: Any, parameters: Parameters) -> list[dict[str, str]]:
    """Sources of the observations that the run used: of the series, its bound and base, and the reference series."""
    used = data.observations
    roles = data.indicators.set_index("indicator")
    base = roles.base_indicator.get(parameters.indicator, "") if "base_indicator" in roles else ""
    own = (used.entity == parameters.entity) & used.indicator.isin([parameters.indicator, parameters.bound, base])
    reference = used.indicator.isin(roles.index[roles.role == "reference"])
    uses = dict.fromkeys(used.source_id[reference], "reference")
    uses |= dict.fromkeys(used.source_id[own], "series")
    sources = data.sources.drop_duplicates("source_id").set_index("source_id").reindex(sorted(uses)).fillna("")
    keep = [column for column in ("title", "publisher", "url", "licence", "attribution") if column in sources]
    return [{"source_id": key, "use": uses[key], **row[keep].astype(str)} for key, row in sources.iterrows()]


def list_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that the package depends on."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for requirement in metadata.requires("adoption-curves") or []:
        if "extra ==" not in requirement:
            name = re.match(r"[\w.-]+", requirement).group()
            versions[name] = metadata.version(name)
    return {"adoption-curves": metadata.version("adoption-curves"), **versions}


def describe_commit() -> dict[str, Any] | None:
    """Commit of the project, and whether sources, notebooks or data differ from it; None outside git."""
    try:
        commit = _ask_git("rev-parse", "HEAD")
        changed = bool(_ask_git("status", "--porcelain", "--", "src", "notebooks", "data"))
    except (OSError, subprocess.SubprocessError):
        return None
    return {"commit": commit, "changed": changed}


def _ask_git(*question: str) -> str:
    command = ["git", "-C", str(find_root()), *question]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, env=environment)
    return answer.stdout.strip()
