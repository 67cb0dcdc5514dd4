"""The record of a run, ``run.json``: what the run was made from and what it wrote, to make it again, check or cite it.

A run lives in ``outputs/<run>/``: ``tables/*.csv``, ``figures/*.png`` and ``*.svg``, ``notebooks/`` (the executed
copies and, beside each, its entry, a JSON file), ``html/``. Notebooks hand results on through tables only, and each
table has one writer, whose number its name begins with. What a person makes by hand lies in ``outputs/lab/<run>/``.
"""

from __future__ import annotations

import html
import os
import re
import subprocess
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

from markupsafe import escape

from ..base.files import hash_file, read_file, read_json, write_file, write_json
from ..base.project import RECORD, RunError, UserError, ask_git, find_outputs, find_root, list_records
from ..base.source import Source
from ..base.words import clean, quote, say_count
from .ingredients import describe_inputs, find_notebooks, hash_citation
from .parameters import ParameterError, Parameters, read_parameters

LOG, ERROR = "run.log", "error.txt"
SEE = "'adoption runs' lists those that there are"
DATA = "data.csv"
"""Ending of the CSV with the data of a figure."""
SHOWN = ("entity", "indicator", "bound", "as_of", "data")

# ---- the form of records --------------------------------------------------------------------------------------------

NAME = re.compile(r"[^./\\\x00-\x1f][^/\\\x00-\x1f]*")
"""A name that becomes that of a file: it leads out of no folder."""
HASH, TEXT = re.compile(r"[0-9a-f]{64}"), re.compile(r"(?s).*")
PAGE = re.compile(rf"(charts/)?{NAME.pattern}")
EXPORTED = re.compile(r"tables\.xlsx")
"""Files that `adoption export` adds to a run."""
TEXTS = {TEXT: str}
ENTRY = {
    "parameters": dict,
    "read": TEXTS,
    "tables": {NAME: {"sha256": HASH, "rows": int, "columns": TEXTS}},
    "figures": {NAME: {"title": str, "alt": str, "width": int, "sha256": {NAME: HASH}}},
}
"""Keys of a notebook's entry: its parameters, the tables that it read, and what it wrote."""
FORM = {
    "run": str,
    "made": re.compile(r"[0-9T:+-]+"),
    "subject": TEXTS,
    "main_figure": str | None,
    "parameters": dict,
    "notebooks": {NAME: {**ENTRY, "source": HASH, "key": HASH, "made_from": TEXTS, "executed": HASH}},
    "data": {"path": str, "files": {TEXT: HASH}},
    "helpers": TEXTS,
    "versions": TEXTS,
    "sources": [TEXTS],
    "git": dict | None,
    "citation": str,
    "pages": {PAGE: HASH},
    "exports": {EXPORTED: HASH},
    "pdf": bool,
}
"""Keys of a run's record."""


def read_record(path: Path, form: Mapping[str, Any]) -> dict[str, Any]:
    """Content of a run's record or of a notebook's entry, which anybody may have written: nothing else reads them.

    Parameters
    ----------
    path : Path
    form : mapping
        `FORM` or `ENTRY`. Names that become those of files lead out of no folder.

    Returns
    -------
    dict

    Raises
    ------
    OSError
        If there is no such file.
    RunError
        If it is damaged or of another form.
    """
    try:
        content = read_json(path)
        check_form(content, form)
    except (ValueError, LookupError) as error:
        why = f"it has no {error}" if isinstance(error, LookupError) else error
        raise RunError(f"{path.name} can't be used ({why}). Make the run again.") from error
    return dict(content)


def check_form(content: Any, form: Any) -> None:
    """Raise a ValueError or LookupError where `content` is not of a form.

    A form is a type, a pattern for a text, a list of one form, or a dict: of the names that must be there, or of one
    pattern for all names.
    """
    kind = str if isinstance(form, re.Pattern) else type(form) if isinstance(form, dict | list) else form
    if not isinstance(content, kind) or (isinstance(form, re.Pattern) and not form.fullmatch(content)):
        raise ValueError(f"{quote(content)} has another form")
    if isinstance(form, list):
        for value in content:
            check_form(value, form[0])
    elif isinstance(form, dict):
        for name, inner in form.items():
            for key in [*content] if isinstance(name, re.Pattern) else [name]:
                check_form(key, name if isinstance(name, re.Pattern) else str)
                check_form(content[key], inner)


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


def list_written(record: Mapping[str, Any]) -> dict[str, str]:
    """sha256 of each table and figure that a notebook's `record` names, by its path in the run's folder."""
    written = {f"tables/{name}.csv": entry["sha256"] for name, entry in record["tables"].items()}
    for name, entry in record["figures"].items():
        written |= {f"figures/{name}.{kind}": digest for kind, digest in entry["sha256"].items()}
    return written


def record_path(folder: Path, notebook: str) -> Path:
    """Path of the entry of `notebook` in the run in `folder`."""
    return locate(folder, f"notebooks/{notebook}.json")


def read_entry(folder: Path, notebook: str) -> dict[str, Any] | None:
    """Entry of `notebook` in the run in `folder`; None when there is none, or none that can be read."""
    try:
        return read_record(record_path(folder, notebook), ENTRY)
    except (OSError, RunError):
        return None


def read_entries(folder: Path) -> dict[str, dict[str, Any]]:
    """Entries of all notebooks of the run in `folder`, in their order."""
    names = [path.stem for path in sorted(locate(folder, "notebooks").glob("[0-9]*.json"))]
    entries = {name: read_entry(folder, name) for name in names}
    return {name: entry for name, entry in entries.items() if entry}  # others are files of someone's


# ---- a run's record -------------------------------------------------------------------------------------------------


def describe_run(folder: Path, parameters: Parameters, inputs: Mapping[str, Any], data: Any) -> dict[str, Any]:
    """Content of ``run.json``: everything that a reader needs to make the run again, to check it or to cite it.

    Parameters
    ----------
    folder : Path
        The run's folder, with all notebooks executed.
    parameters : Parameters
    inputs : mapping
        From `describe_inputs`, as it was before the first notebook ran.
    data : adoption_curves.indicators.Data

    Returns
    -------
    dict
    """
    from ..indicators import find_expected, say_expected
    from .check_run import list_notes

    entries = read_entries(folder)
    figures = sorted(name for written in entries.values() for name in written["figures"])
    entry = data.find_entry(parameters.indicator)
    return {
        "run": parameters.run,
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "subject": {name: getattr(entry, name) for name in ("title", "unit", "counted", "base")}
        | {"next": say_expected(find_expected(data, parameters.entity, parameters.indicator))}
        | {"reading": "\n".join(list_notes(data, parameters)) if data.is_beside else ""},
        "main_figure": next((name for name in figures if name.startswith("05_forecast")), None),
        **inputs,
        "notebooks": {name: {"source": inputs["notebooks"][name], **written} for name, written in entries.items()},
        "sources": list_sources(data, parameters),
        **describe_commit(),
        "pages": {},
        "exports": {},
    }


def name_pages(content: Mapping[str, Any]) -> list[str]:
    """Paths in ``html/`` of all pages of a run with this content of its ``run.json``."""
    figures = [f"charts/{name}" for entry in content["notebooks"].values() for name in entry["figures"]]
    return [f"{name}.html" for name in (*content["notebooks"], *figures, "made", "index")]


def note_pages(folder: Path) -> None:
    """Add the hashes of the run's pages and of what they cite to ``run.json``."""
    path = locate(folder, RECORD)
    content = read_json(path)
    pages = {name: page for name in name_pages(content) if (page := locate(folder, f"html/{name}")).is_file()}
    for page in pages.values():
        text = page.read_text(encoding="utf-8")
        hidden = hide_place(text, content["parameters"]["data"])
        if hidden != text:
            write_file(page, hidden.encode())
    hashes = {name: hash_file(page) for name, page in pages.items()}
    write_json(path, {**content, "pages": hashes, "citation": hash_citation()})


WRITTEN: tuple[Callable[[str], str], ...] = (
    str,
    lambda path: repr(path)[1:-1],
    lambda path: path.replace("'", "'\"'\"'"),
    lambda path: path.replace('"', '""'),
)
"""Four spellings of a path: plain, as a Python string, quoted for a shell, quoted in a CSV."""
ESCAPED: tuple[Callable[[str], str], ...] = (str, html.escape, partial(html.escape, quote=False), escape)


def hide_place(text: str, *data: str) -> str:
    """A page or table with the names of own data in the place of their paths on this machine, which no reader needs."""
    names = {}
    for path in filter(Path.is_absolute, (Source.read(each).path for each in data)):
        for write, mark in product(WRITTEN, ESCAPED):
            names[str(mark(write(str(path))))] = str(mark(write(path.name)))
    pattern = "|".join(map(re.escape, sorted(names, reverse=True)))
    return re.sub(rf"(?<![\w./-])(?:{pattern})(?![\w/-])", lambda found: names[found[0]], text) if names else text


def note_exports(folder: Path, written: Mapping[str, str]) -> None:
    """Add files that were made from the run's tables to ``run.json``, so that they go when the run is made anew."""
    path = locate(folder, RECORD)
    content = read_json(path)
    write_json(path, {**content, "exports": {**content["exports"], **written}})


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
    """Content of the ``run.json`` of the run in `folder`.

    Raises
    ------
    UserError
        If there is none.
    RunError
        If it's damaged or of an older version.
    """
    outputs = find_outputs()
    name = folder.relative_to(outputs).as_posix() if folder.is_relative_to(outputs) else folder.name
    if (folder / "sweep.json").exists():
        raise UserError(f"'{name}' is a sweep, not a run. Name one of its runs: {name}/RUN")
    path = locate(folder, RECORD)
    try:
        content = read_record(path, FORM)
        read_parameters(content["parameters"])
    except (FileNotFoundError, NotADirectoryError) as error:
        if find_attempt(folder).is_dir():
            raise UserError(f"Run '{name}' isn't finished; the same command continues where it stopped.") from error
        raise UserError(f"There is no run '{name}' with a record, run.json; {SEE}.") from error
    except (OSError, ValueError, RunError) as error:
        told = "it is damaged, or of an older edition. Its pages stay as they are, and nothing else can be made from it"
        raise RunError(f"The record of run '{name}', run.json, can't be used: {told}. Make the run again.") from error
    return content


def read_parts(folder: Path) -> dict[str, dict[str, str]]:
    """Hashes of the ingredients of each notebook of the run in `folder`; empty if there is no run."""
    try:
        return {name: entry["made_from"] for name, entry in read_run(folder)["notebooks"].items()}
    except UserError:
        return {}


def read_keys(outputs: Path) -> set[str]:
    """Keys of the results that the records of all runs in `outputs` name, those of sweeps included."""
    keys = set()
    for path in list_records(outputs):
        with suppress(UserError):
            keys |= {entry["key"] for entry in read_run(path.parent)["notebooks"].values()}
    return keys


def is_current(folder: Path, inputs: Mapping[str, Any]) -> bool:
    """True if the run in `folder` is whole and was made from `inputs`."""
    try:
        return not find_differences(folder, read_run(folder), inputs)
    except UserError:
        return False


def find_differences(folder: Path, content: Mapping[str, Any], inputs: Mapping[str, Any]) -> list[str]:
    """Differences of the run in `folder` from its record and from `inputs`, a line for each.

    Parameters
    ----------
    folder : Path
    content : mapping
        Of its record, from `read_run`.
    inputs : mapping
        From `describe_inputs`.

    Returns
    -------
    list of str
    """
    recorded = {**content, "notebooks": {name: entry["source"] for name, entry in content["notebooks"].items()}}
    found = [line for name in inputs for line in _compare(name, recorded.get(name), inputs[name])]
    found += [f"{path}: {word}" for path, word in find_changed(folder, content).items()]
    return found


def _compare(name: str, recorded: Any, present: Any) -> list[str]:
    """Lines for what differs between two inputs, part by part where they have parts."""
    if recorded == present:
        return []
    if not isinstance(recorded, dict) or not isinstance(present, dict):
        if recorded is None or present is None:
            return [f"{name}: {'new' if recorded is None else 'gone'}"]
        is_hash = re.fullmatch(r"[0-9a-f]{64}", str(present))
        return [f"{name}: changed" if is_hash else f"{name}: was {recorded!r}, is {present!r}"]
    parts = [part for part in {**recorded, **present} if recorded.get(part) != present.get(part)]
    return [line for part in parts for line in _compare(f"{name} {part}", recorded.get(part), present.get(part))]


def list_kinds(content: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """Kind of each column of each table that the content of a ``run.json`` names, by the table's name."""
    records = content["notebooks"].values()
    return {name: entry["columns"] for record in records for name, entry in record["tables"].items()}


def list_outputs(content: Mapping[str, Any]) -> dict[str, str]:
    """sha256 of each file that the content of a ``run.json`` names, by its path in the run's folder."""
    outputs = {f"html/{name}": expected for name, expected in content["pages"].items()} | content["exports"]
    for name, record in content["notebooks"].items():
        outputs |= list_written(record) | {f"notebooks/{name}.ipynb": record["executed"]}
    return outputs


def list_files(content: Mapping[str, Any]) -> list[str]:
    """Paths of all files of a run with this content of its ``run.json``; that one is the last."""
    return [*list_outputs(content), *(f"notebooks/{name}.json" for name in content["notebooks"]), LOG, RECORD]


def list_recorded(folder: Path) -> set[str]:
    """Paths of all files that the record of a run lists, of whatever version; none where it can't be read."""
    try:
        return set(list_files(read_json(folder / RECORD)))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return set()


def find_changed(folder: Path, content: Mapping[str, Any]) -> dict[str, str]:
    """Files that the content of a ``run.json`` names and that aren't as it says: why, by path."""
    found = {}
    for path, expected in list_outputs(content).items():
        try:
            place = locate(folder, path)
            if not place.is_file():
                found[path] = "missing"
            elif hash_file(place) != expected:
                found[path] = "changed"
        except RunError:
            found[path] = "a link out of the folder"
    for name, entry in content["notebooks"].items():
        if {"source": entry["source"], **(read_entry(folder, name) or {})} != entry:
            found[f"notebooks/{name}.json"] = "not as in run.json"
    return found


def read_unchanged(folder: Path, *parts: str) -> dict[str, Any]:
    """`read_run`, of a run whose files below these folders, or all where none is named, are as it made them.

    Later exports are no part of it.

    Raises
    ------
    UserError
    """
    content = read_run(folder) | {"exports": {}}
    changed = [path for path in find_changed(folder, content) if not parts or path.split("/")[0] in parts]
    if changed:
        raise RunError(f"{changed[0]} of run '{folder.name}' is missing or was changed. Make the run again.")
    return content


def verify(folder: Path, notebooks: Path | None = None) -> list[str]:
    """Recompute the record of the run in `folder`: a line for each input and each file that isn't as it says.

    Raises
    ------
    RunError
        If there is no record that can be read.
    """
    content = read_run(folder)
    inputs = describe_inputs(read_parameters(content["parameters"]), find_notebooks(notebooks), content["pdf"])
    return find_differences(folder, content, inputs)


def list_sources(data: Any, parameters: Parameters) -> list[dict[str, str]]:
    """Sources of the observations that the run used: of the series, its bound and base, and the reference series."""
    used = data.observations
    roles = data.indicators.set_index("indicator")
    base = roles.get("base_indicator", {}).get(parameters.indicator, "")
    own = (used.entity == parameters.entity) & used.indicator.isin([parameters.indicator, parameters.bound, base])
    reference = used.indicator.isin(roles.index[roles.role == "reference"])
    uses = dict.fromkeys(used.source_id[reference], "reference")
    uses |= dict.fromkeys(used.source_id[own], "series")
    sources = data.sources.drop_duplicates("source_id").set_index("source_id").reindex(sorted(uses))
    keep = [column for column in ("title", "publisher", "url", "licence", "attribution") if column in sources]
    told = sources[keep].fillna("").astype(str).to_dict("index")
    return [{"source_id": key, "use": uses[key], **row} for key, row in told.items()]


def describe_commit() -> dict[str, Any]:
    """``git``: commit of the project, and whether sources, notebooks or data differ from it; None with the reason."""
    if not (find_root() / ".git").exists():  # a folder somewhere in another project's repository is none of it
        return {"git": None, "no_git": "the project's folder is no git repository"}
    try:
        commit = ask_git(find_root(), "rev-parse", "HEAD")
        changed = bool(ask_git(find_root(), "status", "--porcelain", "--", "src", "notebooks", "data"))
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return {"git": None, "no_git": f"git does not name the commit: {told[0] if told else 'no reason given'}"}
    return {"git": {"commit": commit, "changed": changed}}


def find_attempt(folder: Path) -> Path:
    """Folder of what the attempts that failed since the last whole run have left: ``<run>.partial/``."""
    return folder.with_name(f"{folder.name}.partial")


def describe_attempt(folder: Path) -> str:
    """When the last attempt to make the run in `folder` failed, and why; "" where none did since it was made."""
    path = find_attempt(folder) / ERROR
    try:
        why, when = read_file(path), datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, ValueError):
        return ""
    lines = [line.strip() for line in clean(why).splitlines()[:2]]
    return f"attempt of {when:%Y-%m-%d %H:%M} UTC failed: {' '.join(lines)}"


def list_runs(outputs: Path) -> list[dict[str, str]]:
    """List the runs in a folder of outputs, those of sweeps included, newest first.

    Parameters
    ----------
    outputs : Path

    Returns
    -------
    list of dict
        run, made, entity, indicator, bound, as_of, data, state ("whole", or what is wrong, and the attempt that failed
        since).
    """
    found, nothing = [], {"made": "", **dict.fromkeys(SHOWN, "")}
    for path in (*outputs.glob(f"*.partial/{ERROR}"), *outputs.glob(f"*/*.partial/{ERROR}")):
        folder = path.parent.with_name(path.parent.name.removesuffix(".partial"))
        if not (folder / RECORD).is_file() and (attempt := describe_attempt(folder)):
            found.append({"run": folder.relative_to(outputs).as_posix(), **nothing, "state": f"not made; {attempt}"})
    for path in list_records(outputs):
        name = path.parent.relative_to(outputs).as_posix()
        try:
            content = read_run(path.parent)
        except UserError:
            found.append({"run": name, **nothing, "state": "its record can't be read"})
            continue
        changed = find_changed(path.parent, content)
        state = f"{say_count(len(changed), 'file')} missing or changed" if changed else "whole"
        given = {name: str(content["parameters"][name]) for name in SHOWN}
        state = "; ".join(filter(None, (state, describe_attempt(path.parent))))
        found.append({"run": name, "made": content["made"], **given, "state": state})
    return sorted(found, key=lambda each: (each["made"], each["run"]), reverse=True)
