"""The manifest of a run, ``run.json``: its inputs and its files, so that the run can be repeated and cited.

A run is in ``outputs/<run>/``: ``tables/``, ``figures/``, ``html/``, and ``notebooks/`` with the executed copies and a
JSON file for each, its entry. Notebooks pass results to each other as tables only. The name of a table begins with the
number of the notebook that writes it. Notebooks executed by hand write to ``outputs/lab/``.

Manifests and entries are dictionaries as read from JSON. An entry has ``parameters``, ``tables`` (rows, columns),
``figures`` (title, alt, width), ``files`` (hashes by path) and, after execution, ``made_from`` (hashes of the inputs).
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path, PurePosixPath
from typing import Any

from ..base.files import hash_file, read_json, write_json
from ..base.folders import WRITTEN, list_foreign, raise_for_foreign
from ..base.formats import clean, format_count, quote
from ..base.project import (
    RECORD,
    RunError,
    UserError,
    find_outputs,
    find_root,
    raise_for_links,
    read_clock,
)
from .failures import ERROR, LOG, find_attempt, format_attempt
from .parameters import ParameterError, Parameters, read_parameters

SWEEP = "sweep.json"
# Ending of the CSV with the data of a figure.
DATA = "data.csv"
_SOURCE_COLUMNS = ("title", "publisher", "url", "licence", "attribution", "accessed")
_LISTED_PARAMETERS = ("entity", "indicator", "limit", "as_of", "data")
# Form of the manifests that this edition reads: another is of another release.
_FORM = 3
_BY_RELEASE_2 = "made by release 2, which this one does not read: make it again"
_HASHES: dict[Any, Any] = {str: str}
_ENTRY = {
    "parameters": dict,
    **dict.fromkeys(("files", "made_from"), _HASHES),
    "tables": {str: {"rows": int, "columns": {str: str}}},
    "figures": {str: {"title": str, "alt": str, "width": int}},
}
_RECORD = {
    **dict.fromkeys(("run", "made", "citation"), str),
    **dict.fromkeys(("asked", "parameters"), dict),
    **dict.fromkeys(("subject", "helpers", "versions", "files"), _HASHES),
    "main_figure": str | None,
    "notebooks": {str: _ENTRY},
    "left_out": {str: _HASHES},
    "data": {"path": str, "files": _HASHES},
    "sources": [_HASHES],
    "git": dict | None,
}


def find_damage(content: Any, form: Any, name: str = "it") -> str:
    """Name of the first part of JSON content that is missing or not of the type in `form`; "" if there is none."""
    if isinstance(form, list) and isinstance(content, list):
        faults = [find_damage(each, form[0], name) for each in content]
    elif isinstance(form, dict) and isinstance(content, dict):
        parts = dict.fromkeys(content, form[str]) if str in form else form
        faults = [find_damage(content.get(key, ...), kind, key) for key, kind in parts.items()]
    else:
        faults = [] if not isinstance(form, list | dict) and isinstance(content, form) else [name]
    return next(filter(None, faults), "")


def locate(folder: Path, path: str) -> Path:
    """Full path of a file of a run; paths in a manifest are never followed in another way.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    path : str
        Path in the manifest, with slashes. It is not trusted.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If the path, or a link on it, leads out of the folder.
    """
    parts = PurePosixPath(path).parts
    steps = [folder.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    if not parts or parts[0] == "/" or ".." in parts or any(step.is_symlink() for step in steps):
        raise RunError(
            f"{quote(path)} leads out of the folder of run '{folder.name}'. It was neither read nor written."
        )
    return steps[-1]


def read_entry(folder: Path, notebook: str) -> dict[str, Any]:
    """Read the entry of `notebook` in the run in `folder`; empty if it is missing or damaged."""
    try:
        entry = read_json(locate(folder, f"notebooks/{notebook}.json"))
    except (OSError, ValueError, RunError):
        return {}
    return {} if find_damage(entry, _ENTRY) else dict(entry)


def new_entry(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Entry of a notebook that has not been executed."""
    return {name: {} for name in _ENTRY} | {"parameters": dict(parameters)}


def write_entry(folder: Path, notebook: str, entry: Mapping[str, Any]) -> None:
    """Write the entry of `notebook` in the run in `folder`."""
    write_json(locate(folder, f"notebooks/{notebook}.json"), entry, sync=False)


def read_entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Read the entries of all notebooks of the run in `folder`, in order."""
    names = [path.stem for path in sorted(locate(folder, "notebooks").glob("[0-9]*.json"))]
    return {name: entry for name in names if (entry := read_entry(folder, name))}  # other files are a user's


def list_files(record: Mapping[str, Any]) -> dict[str, str]:
    """SHA-256 of each file of the run, by path."""
    entries = record["notebooks"].values()
    return {path: digest for part in (*entries, record) for path, digest in part["files"].items()}


def list_tables(record: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Tables of a run by name, each with its number of rows and the type of each column."""
    return {name: table for entry in record["notebooks"].values() for name, table in entry["tables"].items()}


def find_table(record: Mapping[str, Any], part: str) -> str:
    """Name with number of the table called `part`, of the last one if there are several; "" if there is none."""
    return max((name for name in list_tables(record) if name.partition("_")[2] == part), default="")


# ---- a run's manifest -----------------------------------------------------------------------------------------------


def describe_run(
    folder: Path,
    parameters: Parameters,
    inputs: Mapping[str, Any],
    data: Any,
    notes: Sequence[str],
    left_out: Mapping[str, str],
) -> dict[str, Any]:
    """Make the manifest of a run whose notebooks have been executed, before its pages are written.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    parameters : Parameters
    inputs : mapping
        Result of `describe_inputs` before the first notebook was executed.
    data : adoption_curves.indicators.Data
    notes : sequence of str
        Messages on the series, and on how a user's file was read.
    left_out : mapping of str to str
        Reason for each notebook that is left out.

    Returns
    -------
    dict
    """
    entries = read_entries(folder)
    figures = sorted(name for entry in entries.values() for name in entry["figures"])
    entry = data.find_entry(parameters.indicator)
    subject = {name: getattr(entry, name) for name in ("title", "unit", "measure", "counted")}
    subject["printed"] = data.printed()
    subject["reading"] = "\n".join(notes) if data.is_beside else ""
    return {
        "form": _FORM,
        "run": parameters.run,
        "made": read_clock().isoformat(timespec="seconds"),
        "subject": subject,
        "main_figure": next((name for name in figures if name.startswith("05_forecast")), None),
        "parameters": parameters.model_dump(),
        **inputs,
        "notebooks": entries,
        "left_out": {name: {"why": why, "the notebook": inputs["notebooks"][name]} for name, why in left_out.items()},
        "sources": _list_sources(data, parameters, any("across" in each["parameters"] for each in entries.values())),
        **_describe_commit(),
        "files": {},
    }


def write_manifest(folder: Path, record: Mapping[str, Any]) -> None:
    """Write ``run.json`` of the run in `folder`."""
    write_json(locate(folder, RECORD), clean(record))


def find_run(name: str) -> Path:
    """Folder of the run `name`, which may also be ``SWEEP/RUN`` or the path of a folder in ``outputs/``.

    Raises
    ------
    ParameterError
        If `name` is not the name of a run.
    """
    outputs, place = find_outputs(), Path(os.path.normpath(Path.cwd() / name))  # which may be a link
    if place.is_relative_to(outputs) and place.is_dir() and not (outputs / name.strip("/")).is_dir():
        name = place.relative_to(outputs).as_posix()
    parts = name.strip("/").split("/")
    try:
        if len(parts) > 2:
            raise ParameterError
        for part in parts:
            read_parameters({"run": part})
    except ParameterError as error:
        raise ParameterError(f"'{name}' is no name of a run; name it as RUN, or as SWEEP/RUN") from error
    return outputs.joinpath(*parts)


def read_run(folder: Path) -> dict[str, Any]:
    """Read the manifest of the run in `folder`.

    Raises
    ------
    UserError
        If there is no such run.
    RunError
        If the manifest is a link, is damaged or was written by another release.
    """
    outputs = find_outputs()
    name = folder.relative_to(outputs).as_posix() if folder.is_relative_to(outputs) else folder.name
    raise_for_links(folder)
    if (folder / SWEEP).exists():
        old = f", {_BY_RELEASE_2}" if is_old_sweep(folder) else ""
        raise UserError(f"'{name}' is a sweep, not a run{old}. Name one of its runs: {name}/RUN")
    if (folder / "comparison.csv").exists():
        old = "" if (folder / WRITTEN).exists() else f", {_BY_RELEASE_2}"
        raise UserError(f"'{name}' is a comparison of runs, not a run{old}.")
    try:
        record = read_json(locate(folder, RECORD))
        fault = find_damage(record, {"versions": {"adoption-curves": str}})
    except (FileNotFoundError, NotADirectoryError) as error:
        if find_attempt(folder).is_dir():
            message = f"Run '{name}' isn't finished; the command that began it continues where it stopped."
            raise UserError(message) from error
        missing = f"There is no run '{name}' with a manifest, run.json"
        raise UserError(f"{missing}; 'adoption runs' lists those that there are.") from error
    except (OSError, ValueError, RunError):
        fault = "it is no file of JSON"
    if not fault and record.get("form") != _FORM:
        version = record["versions"]["adoption-curves"]
        raise RunError(f"Run '{name}' was made by release {version}, which this one does not read: make the run again.")
    if fault := fault or find_damage(record, _RECORD):
        raise RunError(f"The manifest of run '{name}', run.json, is damaged ({fault}). Make the run again.")
    return dict(record)


def write_sweep(folder: Path, runs: Mapping[str, Any]) -> None:
    """Write ``sweep.json`` of the sweep in `folder`: the parameters of each run."""
    write_json(folder / SWEEP, {"form": _FORM, "runs": dict(runs)})


def is_old_sweep(folder: Path) -> bool:
    """Whether another release made the sweep in `folder`."""
    with suppress(OSError, ValueError):
        return find_damage(content := read_json(folder / SWEEP), {"form": int}) != "" or content["form"] != _FORM
    return False


def find_last(folder: Path) -> dict[str, Any]:
    """Manifest of the last complete run in `folder`; empty if none can be read."""
    try:
        return read_run(folder)
    except UserError:
        return {}


def is_current(folder: Path, record: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether the run in `folder` is complete, unchanged and made from `inputs`, the result of `describe_inputs`."""
    inputs_of = {name: entry["made_from"] for name, entry in record.get("notebooks", {}).items()}
    sources = {name: about["the notebook"] for name, about in {**inputs_of, **record.get("left_out", {})}.items()}
    same = {name: record.get(name) for name in inputs} | {"notebooks": sources} == inputs
    return same and not find_changed(folder, record)


def list_edited(folder: Path) -> list[str]:
    """Paths of a user's work in a run: edited files and checkpoints of notebooks; all files without a manifest.

    Raises
    ------
    RunError
        If the run has a file that its manifest does not list.
    """
    files = list_foreign(folder)
    if not (record := find_last(folder)):
        return files
    checkpoints = [name for name in files if ".ipynb_checkpoints" in name.split("/")]
    entries = [f"notebooks/{name}.json" for name in record["notebooks"]]
    raise_for_foreign(folder, {*list_files(record), *entries, LOG, RECORD, *checkpoints})
    edited = {*find_changed(folder, record), *checkpoints}
    return [name for name in files if name in edited]


def find_changed(folder: Path, record: Mapping[str, Any], *parts: str) -> dict[str, str]:
    """Files of a run that differ from its manifest: the reason, by path.

    Only files whose paths begin with one of `parts` are compared, by default all. The parameters in the manifest must
    be those in the entries of the notebooks.
    """
    changed = dict[str, str]()
    for path, expected in list_files(record).items():
        if path.startswith(parts or "") and (why := _find_fault(folder, path, expected)):
            changed[path] = why
    for name, entry in record["notebooks"].items():
        path = f"notebooks/{name}.json"
        if path.startswith(parts or "") and read_entry(folder, name) != entry:
            changed[path] = "not as in run.json"
        for key, value in entry["parameters"].items():
            now = record["parameters"].get(key)
            if RECORD.startswith(parts or "") and now != value:
                changed[RECORD] = f"edited: its parameter {key} is {now!r}, and {name} was made with {value!r}"
    return changed


def _find_fault(folder: Path, path: str, expected: str) -> str:
    """Why a file of a run does not have the hash in the manifest: "missing" or "changed"; "" if it has."""
    with suppress(OSError, RunError):  # a file behind a link out of the folder is missing
        place = locate(folder, path)
        if place.is_file():
            return "" if hash_file(place) == expected else "changed"
    return "missing"


def read_unchanged(folder: Path, *parts: str) -> dict[str, Any]:
    """Read the manifest of the run in `folder`, of which no file may have changed.

    Raises
    ------
    UserError
        As from `read_run`; or if `find_changed` finds a file.
    """
    record = read_run(folder)
    for path, why in find_changed(folder, record, *parts).items():
        raise RunError(f"{path} of run '{folder.name}' is {why}. Make the run again.")
    return record


def _list_sources(data: Any, parameters: Parameters, across: bool) -> list[dict[str, str]]:
    """Sources of the values that the run shows or uses, each with its ``use``.

    "series" is the series, its limit and its base; "compared" are other series of the same country or region, other
    measures of the same technology, the profile of use and, if `across`, the people and internet users of economies;
    "reference" are the comparison technologies and their limits.
    """
    from ..indicators import list_profile

    used = data.observations
    roles = data.indicators.set_index("indicator")
    base = roles.get("base_indicator", {}).get(parameters.indicator, "")
    own = (used.entity == parameters.entity) & used.indicator.isin([parameters.indicator, parameters.limit, base])
    earlier = roles[roles.role == "reference"]
    reference = used.indicator.isin([*earlier.index, *earlier.get("base_indicator", [])])
    same = roles.index[(roles.technology == roles.technology.get(parameters.indicator)) & (roles.technology != "")]
    uses = dict.fromkeys(used.source_id[reference], "reference")
    uses |= dict.fromkeys(list_profile(data, parameters.indicator)["source_id"], "compared")
    uses |= dict.fromkeys(used.source_id[used.indicator.isin(same) | (used.entity == parameters.entity)], "compared")
    if across:
        economies = data.entities[["internet_use_source", "people_15_64_source"]].to_numpy().ravel()
        uses |= dict.fromkeys(filter(None, economies), "compared")
    uses |= dict.fromkeys(used.source_id[own], "series")
    sources = data.sources.drop_duplicates("source_id").set_index("source_id").reindex(sorted(uses))
    days = {name: days.dt.strftime("%Y-%m-%d") for name, days in sources.select_dtypes("datetime").items()}
    texts = sources.assign(**days).reindex(columns=[*_SOURCE_COLUMNS]).fillna("").astype(str).to_dict("index")
    return [{"source_id": key, "use": uses[key], **row} for key, row in texts.items()]


def _describe_commit() -> dict[str, Any]:
    """Commit of the project, and whether src, notebooks or data differ from it; or the reason why there is none."""
    root, environment = str(find_root()), {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}  # in English
    if not (find_root() / ".git").exists():  # the folder may lie in the repository of another project
        return {"git": None, "no_git": "the project's folder is no git repository"}
    command = ["git", "-C", root, "status", "--porcelain=v2", "--branch", "--", "src", "notebooks", "data"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, env=environment)
    except (OSError, subprocess.SubprocessError) as error:
        message = (getattr(error, "stderr", None) or str(error)).strip().partition("\n")[0]
        return {"git": None, "no_git": f"git does not name the commit: {message}"}
    first, *lines = done.stdout.splitlines()  # the first has the commit, the next ones on the branch begin with # too
    commit = first.removeprefix("# branch.oid ")
    return {"git": {"commit": commit, "changed": any(not line.startswith("#") for line in lines)}}


def list_runs(outputs: Path) -> list[dict[str, str]]:
    """List the runs in a folder of outputs, those of sweeps included, newest first.

    Parameters
    ----------
    outputs : Path

    Returns
    -------
    list of dict
        With run, made, entity, indicator, limit, as_of, data, and state: "whole", or what is wrong, and the last
        attempt if it failed.
    """
    paths = [path for depth in ("*", "*/*") for path in outputs.glob(depth)]  # a sweep's runs lie in its folder
    plain = [path for path in paths if not re.search(r"(^|/)\.|\.edited(/|$)", path.relative_to(outputs).as_posix())]
    whole = {path for path in plain if (path / RECORD).exists()}
    attempts = [path for path in plain if path.suffix == ".partial" and (path / ERROR).exists()]
    rows = []
    for folder in whole | {path.with_suffix("") for path in attempts}:
        row = {"run": folder.relative_to(outputs).as_posix(), "made": "", **dict.fromkeys(_LISTED_PARAMETERS, "")}
        state = "not made"
        try:
            if folder in whole:
                record = read_run(folder)
                values = {name: str(record["parameters"].get(name, "")) for name in _LISTED_PARAMETERS}
                row |= {"made": record["made"], **values}
                changed = find_changed(folder, record)
                state = f"{format_count(len(changed), 'file')} missing or changed" if changed else "whole"
                state = f"{RECORD} was {changed[RECORD]}" if RECORD in changed else state
        except UserError as error:
            state = str(error)
        rows.append({**row, "state": "; ".join(filter(None, (state, format_attempt(folder))))})
    return sorted(rows, key=lambda row: (row["made"], row["run"]), reverse=True)
