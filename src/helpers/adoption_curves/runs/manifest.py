"""The manifest of a run, ``run.json``: what the run was made from and what it wrote, to make it again or cite it.

A run lives in ``outputs/<run>/``: ``tables/*.csv``, ``figures/*.png`` and ``*.svg``, ``notebooks/`` (the executed
copies and, beside each, its entry, a JSON file), ``html/``. Notebooks hand results on through tables only, and each
table has one writer, whose number its name begins with. What a person makes by hand lies in ``outputs/lab/<run>/``.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from ..base.files import hash_file, read_json, write_json
from ..base.folders import list_foreign, refuse_foreign
from ..base.project import (
    RECORD,
    RunError,
    UserError,
    find_outputs,
    find_root,
    list_manifests,
    list_plain_paths,
)
from ..base.words import clean, quote, say_count
from .failures import ERROR, LOG, find_attempt, say_attempt
from .parameters import ParameterError, Parameters, read_parameters

SWEEP = "sweep.json"
DATA = "data.csv"
"""Ending of the CSV with the data of a figure."""
_LISTED_PARAMETERS = ("entity", "indicator", "limit", "as_of", "data")

# ---- the form of manifests -------------------------------------------------------------------------------------------

_FORM: Literal[2] = 2
"""Form of the manifests that this edition reads: another is of another release."""


class _Part(BaseModel):
    """A part of a record, which anybody may have written: nothing is read that has not its form."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Table(_Part):
    """A table that a notebook wrote: hash, number of rows, and the kind of each column."""

    sha256: str
    rows: int
    columns: dict[str, str]


class Figure(_Part):
    """A figure that a notebook drew: title, alternative text, width in pixels, and the hash of each of its files."""

    title: str
    alt: str
    width: int
    sha256: dict[str, str]


class Entry(_Part):
    """Entry of a notebook: its parameters, the tables that it read, what it wrote, and what it was made from."""

    parameters: dict[str, Any] = Field(default_factory=dict)
    read: dict[str, str] = Field(default_factory=dict)
    tables: dict[str, Table] = Field(default_factory=dict)
    figures: dict[str, Figure] = Field(default_factory=dict)
    source: str | None = None
    key: str | None = None
    made_from: dict[str, str] = Field(default_factory=dict)
    executed: str | None = None

    @property
    def files(self) -> dict[str, str]:
        """sha256 of each table and figure, by its path in the run's folder."""
        found = {f"tables/{name}.csv": table.sha256 for name, table in self.tables.items()}
        for name, figure in self.figures.items():
            found |= {f"figures/{name}.{kind}": digest for kind, digest in figure.sha256.items()}
        return found


class _Commit(_Part):
    """Commit of the project, and whether sources, notebooks or data differed from it."""

    commit: str
    changed: bool


class _DataFiles(_Part):
    """Data of a run: the parameter `data`, and the hash of each file."""

    path: str
    files: dict[str, str]


class Manifest(_Part):
    """Content of ``run.json``: everything that a reader needs to make the run again, to check it or to cite it."""

    form: Literal[2]
    run: str
    made: Annotated[str, StringConstraints(pattern=r"^[0-9T:+-]+$")]
    subject: dict[str, str]
    main_figure: str | None
    asked: dict[str, Any]
    parameters: dict[str, Any]
    notebooks: dict[str, Entry]
    data: _DataFiles
    helpers: dict[str, str]
    versions: dict[str, str]
    citation: str
    pdf: bool
    sources: list[dict[str, str]]
    git: _Commit | None
    no_git: str = ""
    pages: dict[str, str]
    exports: dict[str, str]

    @property
    def files(self) -> dict[str, str]:
        """sha256 of each file of the run but the entries, by its path in the run's folder."""
        found: dict[str, Any] = {f"html/{name}": expected for name, expected in self.pages.items()} | self.exports
        for name, entry in self.notebooks.items():
            found |= entry.files | {f"notebooks/{name}.ipynb": entry.executed}
        return found

    @property
    def written(self) -> set[str]:
        """Paths of what the notebooks wrote: pages take in no other file."""
        return {path for entry in self.notebooks.values() for path in entry.files}

    @property
    def tables(self) -> dict[str, Table]:
        """All tables by name."""
        return {name: table for entry in self.notebooks.values() for name, table in entry.tables.items()}

    def find_table(self, part: str) -> str:
        """Full name of the last table that is called `part` after its number; "" if there is none."""
        return max((name for name in self.tables if name.partition("_")[2] == part), default="")


class SweepManifest(_Part):
    """Content of ``sweep.json``: the parameters that the sweep asks for, by run."""

    runs: dict[str, dict[str, Any]] = Field(default_factory=dict)


_PartOf = TypeVar("_PartOf", bound=_Part)


def read_part(path: Path, form: type[_PartOf]) -> _PartOf:
    """A run's record or a notebook's entry from its file, which anybody may have written: nothing else reads them.

    Raises
    ------
    OSError
        If there is no such file.
    RunError
        If it is damaged or of another form.
    """
    try:
        return form.model_validate(read_json(path))
    except ValueError as error:  # no JSON, or of another form
        raise RunError(f"{path.name} is damaged. Make the run again.") from error


def write_manifest(folder: Path, record: Manifest) -> None:
    """Write ``run.json`` of the run in `folder`, with texts as they will be read."""
    write_json(locate(folder, RECORD), Manifest.model_validate(clean(record.model_dump())).model_dump())


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


def entry_path(folder: Path, notebook: str) -> Path:
    """Path of the entry of `notebook` in the run in `folder`."""
    return locate(folder, f"notebooks/{notebook}.json")


def read_entry(folder: Path, notebook: str) -> Entry | None:
    """Entry of `notebook` in the run in `folder`; None when there is none, or none that can be read."""
    try:
        return read_part(entry_path(folder, notebook), Entry)
    except (OSError, RunError):
        return None


def write_entry(folder: Path, notebook: str, entry: Entry) -> None:
    """Write the entry of `notebook` in the run in `folder`."""
    write_json(entry_path(folder, notebook), entry.model_dump(exclude_none=True), sync=False)


def read_entries(folder: Path) -> dict[str, Entry]:
    """Entries of all notebooks of the run in `folder`, in their order."""
    names = [path.stem for path in sorted(locate(folder, "notebooks").glob("[0-9]*.json"))]
    entries = {name: read_entry(folder, name) for name in names}
    return {name: entry for name, entry in entries.items() if entry}  # others are files of someone's


# ---- a run's manifest -----------------------------------------------------------------------------------------------


def describe_run(
    folder: Path, parameters: Parameters, inputs: Mapping[str, Any], data: Any, notes: Sequence[str]
) -> Manifest:
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

    Returns
    -------
    Manifest
    """
    from ..indicators import find_expected, say_expected

    entries = read_entries(folder)
    figures = sorted(name for written in entries.values() for name in written.figures)
    entry = data.find_entry(parameters.indicator)
    subject = {name: getattr(entry, name) for name in ("title", "unit", "counted", "base")}
    subject["next"] = say_expected(find_expected(data, parameters.entity, parameters.indicator), _read_clock().date())
    subject["printed"] = data.printed()
    subject["reading"] = "\n".join(notes) if data.is_beside else ""
    sources = inputs["notebooks"]
    notebooks = {name: entry.model_copy(update={"source": sources[name]}) for name, entry in entries.items()}
    return Manifest(
        form=_FORM,
        run=parameters.run,
        made=_read_clock().isoformat(timespec="seconds"),
        subject=subject,
        main_figure=next((name for name in figures if name.startswith("05_forecast")), None),
        parameters=parameters.model_dump(),
        **{**inputs, "notebooks": notebooks},
        sources=_list_sources(data, parameters),
        **_describe_commit(),
        pages={},
        exports={},
    )


def _read_clock() -> datetime:
    """Now; where SOURCE_DATE_EPOCH is set, the time that it says, so that a run made on another day has the same bytes.

    Raises
    ------
    RunError
        If it says none.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.now(UTC) if given is None else datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        wrong = f"The variable SOURCE_DATE_EPOCH is {quote(given)}"
        raise RunError(f"{wrong}; it must be seconds since 1970, such as 1796083200.") from error


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


def read_run(folder: Path) -> Manifest:
    """Manifest of the run in `folder`.

    Raises
    ------
    UserError
        If there is none.
    RunError
        If it's damaged or of another release.
    """
    outputs = find_outputs()
    name = folder.relative_to(outputs).as_posix() if folder.is_relative_to(outputs) else folder.name
    if (folder / SWEEP).exists():
        raise UserError(f"'{name}' is a sweep, not a run. Name one of its runs: {name}/RUN")
    try:
        record = read_part(locate(folder, RECORD), Manifest)
        read_parameters(record.parameters)
    except (FileNotFoundError, NotADirectoryError) as error:
        if find_attempt(folder).is_dir():
            raise UserError(f"Run '{name}' isn't finished; the same command continues where it stopped.") from error
        missing = f"There is no run '{name}' with a manifest, run.json"
        raise UserError(f"{missing}; 'adoption runs' lists those that there are.") from error
    except (OSError, ValueError, RunError) as error:
        raise RunError(_say_unusable(folder, name)) from error
    return record


def _say_unusable(folder: Path, name: str) -> str:
    """Why the manifest of run `name` can't be used: another release made it, or it is damaged."""
    with suppress(OSError, ValueError, LookupError, TypeError, AttributeError, RunError):
        content = read_json(locate(folder, RECORD))
        if content.get("form") != _FORM:
            version = content["versions"]["adoption-curves"]
            return f"Run '{name}' was made by release {version}, which this one does not read: make the run again."
    return f"The manifest of run '{name}', run.json, is damaged. Make the run again."


def refuse_earlier(folder: Path, record: Manifest) -> None:
    """Refuse a run in a sweep's folder that has other parameters than the sweep asks for.

    Raises
    ------
    RunError
    """
    asked = None
    with suppress(OSError, RunError):  # there is no sweep, or none that can be read
        asked = read_part(folder.parent / SWEEP, SweepManifest).runs.get(folder.name)
    if asked is not None and asked != {name: value for name, value in record.parameters.items() if name != "run"}:
        raise RunError(f"Run '{folder.name}' is of an earlier sweep: this one asks for other parameters.")


def read_parts(folder: Path) -> dict[str, dict[str, str]]:
    """Hashes of the ingredients of each notebook of the run in `folder`; empty if there is no run."""
    try:
        return {name: entry.made_from for name, entry in read_run(folder).notebooks.items()}
    except UserError:
        return {}


def is_current(folder: Path, inputs: Mapping[str, Any]) -> bool:
    """True if the run in `folder` is whole and was made from `inputs`, which are from `describe_inputs`."""
    try:
        record = read_run(folder)
    except UserError:
        return False
    sources = {name: entry.source for name, entry in record.notebooks.items()}
    made_from = record.model_dump(include={*inputs}) | {"notebooks": sources}
    return made_from == inputs and not find_changed(folder, record)


def list_edited(folder: Path) -> list[str]:
    """Paths of what a person wrote in a run: listed files with another content, and checkpoints of notebooks.

    All files, where no record can be read.

    Raises
    ------
    RunError
        If the run has a file that its record does not list.
    """
    files = list_foreign(folder)
    try:
        record = read_part(folder / RECORD, Manifest)
    except (OSError, RunError):
        return files
    checkpoints = [name for name in files if ".ipynb_checkpoints" in name.split("/")]
    refuse_foreign(folder, {*list_recorded(record), *checkpoints})
    return [name for name in files if name in {*find_changed(folder, record), *checkpoints}]


def list_recorded(record: Manifest) -> set[str]:
    """Paths of all files that the manifest of a run lists."""
    return {*record.files, *(f"notebooks/{name}.json" for name in record.notebooks), LOG, RECORD}


def _find_fault(folder: Path, path: str, expected: str) -> str:
    """Why a file of a run isn't the one of which its record has the hash; "" where it is."""
    try:
        place = locate(folder, path)
    except RunError:
        return "a link out of the folder"
    if not place.is_file():
        return "missing"
    return "" if hash_file(place) == expected else "changed"


def find_changed(folder: Path, record: Manifest) -> dict[str, str]:
    """Files of a run that aren't as its record says: why, by path."""
    found = {path: why for path, expected in record.files.items() if (why := _find_fault(folder, path, expected))}
    for name, entry in record.notebooks.items():
        kept = read_entry(folder, name)
        if kept is None or kept.model_copy(update={"source": entry.source}) != entry:
            found[f"notebooks/{name}.json"] = "not as in run.json"
    return found


def read_unchanged(folder: Path, *parts: str) -> Manifest:
    """`read_run`, of a run whose files in the folders `parts` of it are as it made them.

    Raises
    ------
    UserError
    """
    record = read_run(folder)
    for path, expected in record.files.items():
        if path.split("/")[0] in parts and _find_fault(folder, path, expected):
            raise RunError(f"{path} of run '{folder.name}' is missing or was changed. Make the run again.")
    return record


def _list_sources(data: Any, parameters: Parameters) -> list[dict[str, str]]:
    """Sources of the figures that the run shows or uses.

    They are of the series, its limit and its base; of other series of its entity, other measures of the same
    technology, and its profile of use, which pages list or compare; and of the comparison technologies and their
    limits.
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
    uses |= dict.fromkeys(used.source_id[own], "series")
    sources = data.sources.drop_duplicates("source_id").set_index("source_id").reindex(sorted(uses))
    keep = [
        column for column in ("title", "publisher", "url", "licence", "attribution", "accessed") if column in sources
    ]
    days = {name: days.dt.strftime("%Y-%m-%d") for name, days in sources.select_dtypes("datetime").items()}
    told = sources.assign(**days)[keep].fillna("").astype(str).to_dict("index")
    return [{"source_id": key, "use": uses[key], **row} for key, row in told.items()]


def _describe_commit() -> dict[str, Any]:
    """``git``: commit of the project, and whether sources, notebooks or data differ from it; None with the reason."""
    if not (find_root() / ".git").exists():  # a folder somewhere in another project's repository is none of it
        return {"git": None, "no_git": "the project's folder is no git repository"}
    try:
        commit = _ask_git("rev-parse", "HEAD")
        changed = bool(_ask_git("status", "--porcelain", "--", "src", "notebooks", "data"))
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or str(error)).strip().splitlines()
        return {"git": None, "no_git": f"git does not name the commit: {told[0] if told else 'no reason given'}"}
    return {"git": {"commit": commit, "changed": changed}}


def _ask_git(*question: str) -> str:
    """Output of a git command in the project's folder, in English."""
    given = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C"}
    command = ["git", "-C", str(find_root()), *question]
    return subprocess.run(command, capture_output=True, text=True, timeout=20, check=True, env=given).stdout.strip()


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
    found, nothing = [], {"made": "", **dict.fromkeys(_LISTED_PARAMETERS, "")}
    for path in list_plain_paths(outputs, f"*.partial/{ERROR}"):
        folder = path.parent.with_name(path.parent.name.removesuffix(".partial"))
        if not (folder / RECORD).is_file() and (attempt := say_attempt(folder)):
            found.append({"run": folder.relative_to(outputs).as_posix(), **nothing, "state": f"not made; {attempt}"})
    for path in list_manifests(outputs):
        name = path.parent.relative_to(outputs).as_posix()
        try:
            record = read_run(path.parent)
        except UserError as error:
            found.append({"run": name, **nothing, "state": str(error)})
            continue
        changed = find_changed(path.parent, record)
        state = f"{say_count(len(changed), 'file')} missing or changed" if changed else "whole"
        given = {name: str(record.parameters[name]) for name in _LISTED_PARAMETERS}
        state = "; ".join(filter(None, (state, say_attempt(path.parent))))
        found.append({"run": name, "made": record.made, **given, "state": state})
    return sorted(found, key=lambda each: (each["made"], each["run"]), reverse=True)
