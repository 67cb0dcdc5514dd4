"""The notebooks of a run as steps, and the store of their results.

A result lies in ``outputs/.store/<key>/``. Its key is a hash of all that it is made from: the notebook's cells, its
parameters, the data, the code, the libraries, and the keys of the notebooks that it reads from. So all keys are known
before anything runs, and what is in the store is reused, whichever run made it.
"""

from __future__ import annotations

import errno
import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..base.files import hash_file
from ..base.folders import WORKSHOP_MARK, is_held, is_workshop
from ..base.project import LONGEST, RunError, Source, UserError, count_processors, refuse_planted
from ..base.words import quote
from .ingredients import digest, find_needs, read_declared, stamp_data
from .notebook_process import execute_notebook
from .parameters import Parameters
from .record import Entry, locate, read_entry, write_entry

FOLDER, MAX_BYTES = ".store", 2_000_000_000
PARTS = {  # words for what a notebook is made from
    "notebook": "the notebook",
    "parameters": "its parameters",
    "helpers": "the helpers",
    "libraries": "the libraries",
    "data": "the data",
    "tables": "what it reads",
    "figures": "the forms of its figures",
}
MAKING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held while a result is made, by its key: another run that needs the same waits, and finds it."""
CHANGED = "changed while the run was being made. Run the same command again."


@dataclass(frozen=True)
class Execution:
    """Options for the execution of a run's notebooks.

    Attributes
    ----------
    forced : collection of str
        Names of notebooks to execute whatever there is to reuse: see `choose_forced`.
    isolated : bool
        Start an interpreter for each notebook instead of forking one that has imported the libraries.
    pdf : bool
        Write every figure as PDF too.
    slots : Semaphore
        Held while a notebook is executed: as many run at the same time, whatever number of runs are made.
    longest : float
        Seconds that a notebook may take.
    strict : bool
        Make no run of own data of which a cell or a row was left out, or that lost figures of the last whole run.
    wait : bool
        Wait for another process that makes the run.
    """

    forced: Collection[str] = ()
    isolated: bool = False
    pdf: bool = False
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(count_processors() + 1))
    longest: float = LONGEST
    strict: bool = False
    wait: bool = False


USUAL = Execution()


@dataclass(frozen=True)
class Made:
    """Result of a notebook in the store: how it came there, in words, and what it wrote to its error stream."""

    how: str
    stray: tuple[str, ...] = ()


@dataclass(frozen=True)
class Step:
    """A notebook of a run.

    Attributes
    ----------
    source : Path
        The notebook.
    values : mapping
        Its parameters.
    needs : sequence of Step
        The notebooks whose tables it reads.
    parts : mapping
        Hash of each part that it is made from, by the names in `PARTS`.
    stamps : mapping
        As `stamp_data` had them when the data were hashed; none where it reads no data.
    """

    source: Path
    values: Mapping[str, Any]
    needs: Sequence[Step]
    parts: Mapping[str, str]
    stamps: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the notebook."""
        return self.source.stem

    @property
    def key(self) -> str:
        """Name of its result in the store."""
        return digest(dict(self.parts))

    def is_fresh(self, store: Path) -> bool:
        """True if the store has its result, whole."""
        return is_whole(store / self.key)

    def run(
        self, store: Path, shop: Path, execution: Execution, failed: Path, before: Mapping[str, str] | None
    ) -> Made:
        """Make the result in the store, unless it is there.

        Parameters
        ----------
        store : Path
        shop : Path
            Workshop of the run.
        execution : Execution
        failed : Path
            Folder for the copy after a failure.
        before : mapping, optional
            `parts` of the notebook in the last whole run.

        Returns
        -------
        Made

        Raises
        ------
        RunError
            If the data change meanwhile.
        NotebookFailed
        """
        forced = self.name in execution.forced
        with MAKING[self.key]:
            if not forced and self.is_fresh(store):
                os.utime(store / self.key)  # used last: the last to go
                return Made("unchanged")
            refuse_planted(store)
            store.mkdir(parents=True, exist_ok=True)
            with execution.slots, TemporaryDirectory(prefix=f"{self.name}-", dir=shop) as place:
                began = time.monotonic()
                # The folder that the notebook sees is that of its run: with the tables that it reads, and nothing else.
                work, result = Path(place) / str(self.values.get("run", "run")), Path(place) / "result"
                target = work / "notebooks" / self.source.name
                target.parent.mkdir(parents=True)
                for need in self.needs:
                    shutil.copytree(store / need.key, work, dirs_exist_ok=True)
                # Execute it. What it made of data that have changed since they were hashed is not kept.
                copy = failed / self.source.name
                stray = execute_notebook(
                    *(self.source, target, self.values, copy, Path(place)),
                    isolated=execution.isolated,
                    pdf=execution.pdf,
                    longest=execution.longest,
                )
                if self.stamps and stamp_data(Source.read(self.values["data"]).find()) != self.stamps:
                    raise RunError(f"The data {CHANGED}")
                # Keep its entry, its copy and what it wrote. A notebook that opened no study has written nothing.
                entry = read_entry(work, self.name) or Entry()
                made = {"key": self.key, "made_from": dict(self.parts), "executed": hash_file(target)}
                entry = entry.model_copy(update=made)
                write_entry(work, self.name, entry)
                for path in (*entry.files, f"notebooks/{self.name}.ipynb", f"notebooks/{self.name}.json"):
                    kept = locate(result, path)
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    locate(work, path).rename(kept)
                if forced or not self.is_fresh(store):  # else another process was quicker, and others may be copying it
                    shutil.rmtree(store / self.key, ignore_errors=True)
                    move_folder(result, store / self.key)
        seconds, because = time.monotonic() - began, "" if forced else explain_change(self.parts, before)
        return Made(f"{seconds:.1f} s" + (f" ({because})" if because else ""), stray)


OF_SERIES = {"technology", "bounded"}
"""Facts that a notebook may declare instead of the series, so that runs of other series share its result."""


def describe_series(parameters: Parameters) -> dict[str, Any]:
    """Facts on the series that notebooks on comparison technologies need, `OF_SERIES`.

    Its technology where that is an earlier one, else "", and whether it has a bound: series that agree in these share
    what such a notebook has made.
    """
    from .. import indicators

    data = indicators.load(parameters.source, as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    known = series.technology in data.list_technologies()
    return {"technology": series.technology if known else "", "bounded": series.bound is not None}


def plan_steps(
    sources: Sequence[Path], parameters: Parameters, inputs: Mapping[str, Any], stamps: Mapping[str, Any] | None = None
) -> dict[str, Step]:
    """The notebooks in their order by name, each with what it declares, reads and is made from.

    `inputs` are from `describe_inputs`, `stamps` from `stamp_data` just before.
    """
    declared, given = [read_declared(source) for source in sources], parameters.model_dump()
    given |= describe_series(parameters) if any(OF_SERIES & names.keys() for names in declared) else {}
    steps = dict[str, Step]()
    for source, names in zip(sources, declared, strict=True):
        values = {name: given[name] for name in names if name in given}
        needs, reads = [steps[name] for name in find_needs(source, steps)], "data" in values
        parts = {
            "notebook": inputs["notebooks"][source.stem],
            "parameters": digest({name: value for name, value in values.items() if name != "run"}),
            "helpers": digest(inputs["helpers"]),
            "libraries": digest(inputs["versions"]),
            "data": digest(choose_files(inputs["data"]["files"], names)) if reads else "",
            "tables": digest([need.key for need in needs]),
            "figures": "pdf" if inputs["pdf"] else "",
        }
        steps[source.stem] = Step(source, values, needs, parts, stamps if reads and stamps else {})
    return steps


def choose_files(files: Mapping[str, str], declared: Collection[str]) -> Mapping[str, str]:
    """Files of data that a notebook reads: beside an own file those of the references, unless it declares a series."""
    references = {name: file for name, file in files.items() if name.startswith("data/")}
    return files if {"entity", "indicator"} & {*declared} else references or files


def explain_change(parts: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    """Why a notebook can't be reused: ``"the data changed"``; ``""`` where it has not run before."""
    changed = [PARTS[name] for name in PARTS if before and before.get(name, "") != parts[name]]
    return f"{' and '.join(changed)} changed" if changed else ""


def choose_forced(sources: Iterable[Path], force: bool = False, only: str = "", first: str = "") -> set[str]:
    """Names of the notebooks that run again whatever the store has: all, the one of a number, or it and the later ones.

    Raises
    ------
    UserError
        If no notebook has that number.
    """
    numbers = {source.stem: source.stem[:2] for source in sources}
    for number in filter(None, (only, first)):
        if number.zfill(2) not in numbers.values():
            raise UserError(f"There is no notebook {quote(number)}; there are {', '.join(numbers.values())}.")
    chosen = {
        name for name, number in numbers.items() if number == only.zfill(2) or (first and number >= first.zfill(2))
    }
    return set(numbers) if force else chosen


# ---- the store ------------------------------------------------------------------------------------------------------


def is_whole(result: Path) -> bool:
    """True if everything of a result is there, as its notebook wrote it."""
    try:
        [path] = result.glob("notebooks/*.json")
        entry = read_entry(result, path.stem) or Entry()
        files = {**entry.files, f"notebooks/{path.stem}.ipynb": entry.executed}
        return all(hash_file(locate(result, path)) == expected for path, expected in files.items())
    except (OSError, ValueError, RunError):
        return False


def move_folder(folder: Path, target: Path) -> None:
    """Give a folder another name, also on another disk; it appears there whole."""
    try:
        folder.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        beside = target.with_name(f".{target.name}")
        shutil.copytree(folder, beside, dirs_exist_ok=True)
        beside.rename(target)


def shrink_store(outputs: Path, needed: Collection[str] = (), limit: int = MAX_BYTES) -> int:
    """Remove what was used least recently beyond the limit; returns the bytes freed.

    What the `needed` keys name stays, and so does what was used since the oldest run began that is being made now.

    Raises
    ------
    OSError
        If a result can't be removed.
    """
    since = min([path.stat().st_mtime for path in list_working(outputs)], default=float("inf"))
    found = [(path.stat().st_mtime, path) for path in (outputs / FOLDER).glob("[0-9a-f]" * 64)]
    sizes = {path: sum(each.stat().st_size for each in path.rglob("*") if each.is_file()) for _, path in found}
    total = before = sum(sizes.values())
    for used, path in sorted(found):
        if total > limit and path.name not in needed and used < since:
            shutil.rmtree(path)
            total -= sizes[path]
    return before - total


def list_working(outputs: Path) -> list[Path]:
    """Marks of the workshops in which a process makes a run now."""
    shops = [path for pattern in (".*.making", "*/.*.making") for path in outputs.glob(pattern)]
    return [
        path / WORKSHOP_MARK
        for path in shops
        if (path / WORKSHOP_MARK).is_file() and is_workshop(path) and is_held(path)
    ]
