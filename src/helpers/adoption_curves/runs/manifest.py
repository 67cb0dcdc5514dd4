"""The manifest of a run, ``run.json``: what the run was made from and what it wrote, to make it again or cite it.

A run lives in ``outputs/<run>/``: ``tables/*.csv``, ``figures/*.png`` and ``*.svg``, ``notebooks/`` (the executed
copies and, beside each, its entry, a JSON file), ``html/``. Notebooks hand results on through tables only, and each
table has one writer, whose number its name begins with. What a person makes by hand lies in ``outputs/lab/``.

Manifests and entries are plain dictionaries of JSON. An entry has parameters, tables (rows,
columns), figures (title, alt, width), files (hashes by path) and, once it is made, made_from (hashes by words).
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
    """Name of the first part of JSON content that is missing or not of the kind that its form has; "" for none."""
    if isinstance(form, list) and isinstance(content, list):
        faults = [find_damage(each, form[0], name) for each in content]
    elif isinstance(form, dict) and isinstance(content, dict):
        parts = dict.fromkeys(content, form[str]) if str in form else form
        faults = [find_damage(content.get(key, ...), kind, key) for key, kind in parts.items()]
    else:
        faults = [] if not isinstance(form, list | dict) and isinstance(content, form) else [name]
    return next(filter(None, faults), "")


def locate(folder: Path, path: str) -> Path:
    """The place of a file of a run by its path in a record: nothing else leads from such a path to a file.

    Parameters
    ----------
    folder : Path
        Of the run.
    path : str
        With a slash between its parts; anybody may have written it.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If it leads out of the folder, by its parts or by a link on the way.
    """
    parts = PurePosixPath(path).parts
    steps = [folder.joinpath(*parts[:length]) for length in range(1, len(parts) + 1)]
    if not parts or parts[0] == "/" or ".." in parts or any(step.is_symlink() for step in steps):
        raise RunError(
            f"{quote(path)} leads out of the folder of run '{folder.name}'. It was neither read nor written."
        )
    return steps[-1]


def read_entry(folder: Path, notebook: str) -> dict[str, Any]:
    """Entry of `notebook` in the run in `folder`; empty when there is none, or none that can be read."""
    try:
        entry = read_json(locate(folder, f"notebooks/{notebook}.json"))
    except (OSError, ValueError, RunError):
        return {}
    return {} if find_damage(entry, _ENTRY) else dict(entry)


def new_entry(parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Entry of a notebook that has read and written nothing."""
    return {name: {} for name in _ENTRY} | {"parameters": dict(parameters)}


def write_entry(folder: Path, notebook: str, entry: Mapping[str, Any]) -> None:
    """Write the entry of `notebook` in the run in `folder`."""
    write_json(locate(folder, f"notebooks/{notebook}.json"), entry, sync=False)


def read_entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Entries of all notebooks of the run in `folder`, in their order."""
    names = [path.stem for path in sorted(locate(folder, "notebooks").glob("[0-9]*.json"))]
    return {name: entry for name in names if (entry := read_entry(folder, name))}  # others are files of someone's


def list_files(record: Mapping[str, Any]) -> dict[str, str]:
    """sha256 of each file of the run, by its path in the run's folder."""
    entries = record["notebooks"].values()
    return {path: digest for part in (*entries, record) for path, digest in part["files"].items()}


def list_tables(record: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """All tables of a run by name, each with its number of rows and the kind of each column."""
    return {name: table for entry in record["notebooks"].values() for name, table in entry["tables"].items()}


def find_table(record: Mapping[str, Any], part: str) -> str:
    """Full name of the last table that is called `part` after its number; "" if there is none."""
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
    """Manifest of a run of which all notebooks are executed; its pages are still to be written.

    Parameters
    ----------
    folder : Path
        The run's folder.
    parameters : Parameters
    inputs : mapping
        From `describe_inputs`, as it was before the first notebook ran.
    data : adoption_curves.indicators.Data
    notes : sequence of str
        On the series, and on how own data were read.
    left_out : mapping of str to str
        Notebooks that do not apply, each with the reason.

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
    """Write ``run.json`` of the run in `folder`, with texts as they will be read."""
    write_json(locate(folder, RECORD), clean(record))


def find_run(name: str) -> Path:
    """Folder of the run `name`, or of ``SWEEP/RUN``, a run of a sweep; the path of a folder in the outputs will do.

    Raises
    ------
    ParameterError
        If that's no name of a run.
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
    """Manifest of the run in `folder`.

    Raises
    ------
    UserError
        If there is none.
    RunError
        If a link is in its place, or it's damaged or of another release; the message says what is damaged.
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
    """Write ``sweep.json`` of the sweep in `folder`: the parameters that it asks for, by run."""
    write_json(folder / SWEEP, {"form": _FORM, "runs": dict(runs)})


def is_old_sweep(folder: Path) -> bool:
    """True if another release made the sweep in `folder`."""
    with suppress(OSError, ValueError):
        return find_damage(content := read_json(folder / SWEEP), {"form": int}) != "" or content["form"] != _FORM
    return False


def find_last(folder: Path) -> dict[str, Any]:
    """Manifest of the last whole run in `folder`; empty if there is none that can be read."""
    try:
        return read_run(folder)
    except UserError:
        return {}


def is_current(folder: Path, record: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """True if the run in `folder`, with this record, is whole and was made from `inputs`, from `describe_inputs`."""
    inputs_of = {name: entry["made_from"] for name, entry in record.get("notebooks", {}).items()}
    sources = {name: about["the notebook"] for name, about in {**inputs_of, **record.get("left_out", {})}.items()}
    same = {name: record.get(name) for name in inputs} | {"notebooks": sources} == inputs
    return same and not find_changed(folder, record)


def list_edited(folder: Path) -> list[str]:
    """Paths of what a person wrote in a run: listed files with another content, and checkpoints of notebooks.

    All files, where no record can be read.

    Raises
    ------
    RunError
        If the run has a file that its record does not list.
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
    """Files of a run that aren't as its record says: why, by path.

    Of the files they are those whose paths begin with one of `parts`, by default all. Parameters of the record must be
    those of the notebooks' entries, which say with what each was made.
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
    """Why a file of a run isn't the one of which its record has the hash; "" where it is."""
    with suppress(OSError, RunError):  # a link out of the folder is none of its files
        place = locate(folder, path)
        if place.is_file():
            return "" if hash_file(place) == expected else "changed"
    return "missing"


def read_unchanged(folder: Path, *parts: str) -> dict[str, Any]:
    """`read_run`, of a run of which `find_changed` finds nothing.

    Raises
    ------
    UserError
    """
    record = read_run(folder)
    for path, why in find_changed(folder, record, *parts).items():
        raise RunError(f"{path} of run '{folder.name}' is {why}. Make the run again.")
    return record


def _list_sources(data: Any, parameters: Parameters, across: bool) -> list[dict[str, str]]:
    """Sources of the values that the run shows or uses.

    They are of the series, its limit and its base; of other series of its entity, other measures of the same
    technology, and its profile of use, which pages list or compare; and of the comparison technologies and their
    limits. With a list of economies those of people and internet use are among them.
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
    """``git``: commit of the project, and whether sources, notebooks or data differ from it; None with the reason."""
    root, environment = str(find_root()), {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}  # in English
    if not (find_root() / ".git").exists():  # a folder somewhere in another project's repository is none of it
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
        run, made, entity, indicator, limit, as_of, data, state ("whole", or what is wrong, and the attempt that failed
        since).
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
