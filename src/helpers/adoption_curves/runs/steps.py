"""The notebooks of a run as steps, and the store of their results.

A result lies in ``outputs/.store/<key>/``. Its key is a hash of all that it is made from: the notebook's cells, its
parameters, the data, the code, the libraries, and the keys of the notebooks that it reads from. So all keys are known
before anything runs, and what is in the store is reused, whichever run made it.
"""

from __future__ import annotations

import os
import shutil
import threading
import time
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import dataclass, field
from functools import cached_property
from graphlib import TopologicalSorter
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..base.files import hash_file
from ..base.project import RunError, Source, count_processors, find_outputs, refuse_planted
from .ingredients import digest, find_needs, hash_data, read_declared
from .notebook_process import execute_notebook
from .parameters import Parameters
from .record import Entry, find_attempt, locate, read_entry, read_keys, read_parts, write_entry

_FOLDER, _DAY, _UNUSED_DAYS = ".store", 86_400, 7
_INGREDIENTS = {  # words for what a notebook is made from
    "notebook": "the notebook",
    "parameters": "its parameters",
    "helpers": "the helpers",
    "libraries": "the libraries",
    "data": "the data",
    "tables": "what it reads",
    "figures": "the forms of its figures",
}
_MAKING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held while a result is made, by its key: another run that needs the same waits, and finds it."""
CHANGED = "changed while the run was being made. Run the same command again."


@dataclass(frozen=True)
class Execution:
    """Options for the execution of a run's notebooks.

    Attributes
    ----------
    forced : bool
        Execute every notebook, whatever there is to reuse.
    pdf : bool
        Write every figure as PDF too.
    slots : Semaphore
        Held while a notebook is executed: as many run at the same time, whatever number of runs are made.
    strict : bool
        Make no run of own data of which a cell or a row was left out, or that lost figures of the last whole run.
    wait : bool
        Wait for another process that makes the run.
    """

    forced: bool = False
    pdf: bool = False
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(count_processors() + 1))
    strict: bool = False
    wait: bool = False


USUAL_EXECUTION = Execution()


@dataclass(frozen=True)
class _Step:
    """A notebook of a run.

    Attributes
    ----------
    source : Path
        The notebook.
    values : mapping
        Its parameters.
    needs : sequence of Step
        The notebooks whose tables it reads.
    inputs : mapping
        From `describe_inputs`: what the whole run is made from.
    """

    source: Path
    values: Mapping[str, Any]
    needs: Sequence[_Step]
    inputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the notebook."""
        return self.source.stem

    @cached_property
    def parts(self) -> dict[str, str]:
        """Hash of each part that it is made from, by the names in `_INGREDIENTS`."""
        return {
            "notebook": self.inputs["notebooks"][self.name],
            "parameters": digest({name: value for name, value in self.values.items() if name != "run"}),
            "helpers": digest(self.inputs["helpers"]),
            "libraries": digest(self.inputs["versions"]),
            "data": digest(_choose_files(self.inputs["data"]["files"], self.values)) if "data" in self.values else "",
            "tables": digest([need.key for need in self.needs]),
            "figures": "pdf" if self.inputs["pdf"] else "",
        }

    @cached_property
    def key(self) -> str:
        """Name of its result in the store."""
        return digest(self.parts)

    @cached_property
    def result(self) -> Path:
        """Folder of its result in the store."""
        return find_outputs() / _FOLDER / self.key

    def run(
        self, shop: Path, execution: Execution, failed: Path, before: Mapping[str, str] | None
    ) -> tuple[str, Sequence[str]]:
        """Make the result, unless it is there.

        Parameters
        ----------
        shop : Path
            Workshop of the run.
        execution : Execution
        failed : Path
            Folder for the copy after a failure.
        before : mapping, optional
            `parts` of the notebook in the last whole run.

        Returns
        -------
        str and sequence of str
            How the result came there, and the lines that the notebook wrote to its error stream.

        Raises
        ------
        RunError
            If the data change meanwhile.
        NotebookFailed
        """
        with _MAKING[self.key]:
            if not execution.forced and _is_whole(self.result):
                os.utime(self.result)  # used last: the last to go
                return "unchanged", ()
            refuse_planted(self.result.parent)
            self.result.parent.mkdir(parents=True, exist_ok=True)
            with execution.slots, TemporaryDirectory(prefix=f"{self.name}-", dir=shop) as place:
                began = time.monotonic()
                # The folder that the notebook sees is that of its run: with the tables that it reads, and nothing else.
                work, made = Path(place) / str(self.values.get("run", "run")), Path(place) / "result"
                target = work / "notebooks" / self.source.name
                target.parent.mkdir(parents=True)
                for need in self.needs:
                    shutil.copytree(need.result, work, dirs_exist_ok=True)
                # Execute it. What it made of data that have changed since they were hashed is not kept.
                stray = execute_notebook(
                    self.source, target, self.values, failed / self.source.name, Path(place), execution.pdf
                )
                data = Source.read(self.values.get("data", "data")).find()
                if self.parts["data"] and hash_data(data) != self.inputs["data"]["files"]:
                    raise RunError(f"The data {CHANGED}")
                # Keep its entry, its copy and what it wrote. A notebook that opened no study has written nothing.
                known = {"key": self.key, "made_from": self.parts, "executed": hash_file(target)}
                entry = (read_entry(work, self.name) or Entry()).model_copy(update=known)
                write_entry(work, self.name, entry)
                for path in (*entry.files, f"notebooks/{self.name}.ipynb", f"notebooks/{self.name}.json"):
                    kept = locate(made, path)
                    kept.parent.mkdir(parents=True, exist_ok=True)
                    locate(work, path).rename(kept)
                # Where another process was quicker, its result stays: others may be copying it.
                if execution.forced or not _is_whole(self.result):
                    shutil.rmtree(self.result, ignore_errors=True)
                    shutil.move(made, self.result)
        because = "" if execution.forced else _explain_change(self.parts, before)
        return f"{time.monotonic() - began:.1f} s{because}", stray


def execute_steps(
    steps: Mapping[str, _Step], pool: Executor, shop: Path, execution: Execution, final: Path
) -> Iterator[tuple[_Step, tuple[str, Sequence[str]]]]:
    """Run each step as soon as those that it needs are done.

    Parameters
    ----------
    steps : mapping of str to Step
    pool : Executor
    shop, execution : as for `Step.run`
    final : Path
        Folder of the run.

    Yields
    ------
    Step and what its `Step.run` returns
        As each is done.
    """
    before, failed = read_parts(final), find_attempt(final)
    order = TopologicalSorter({name: [need.name for need in step.needs] for name, step in steps.items()})
    order.prepare()
    running = dict[Future[Any], _Step]()
    while order.is_active():
        for name in order.get_ready():
            running[pool.submit(steps[name].run, shop, execution, failed, before.get(name))] = steps[name]
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            step = running.pop(future)
            yield step, future.result()
            order.done(step.name)


_DECLARED_FACTS = {"technology", "kind"}
"""Facts that a notebook may declare instead of the series, so that runs of other series share its result."""


def _describe_series(parameters: Parameters) -> dict[str, Any]:
    """Facts on the series that notebooks on comparison technologies need, `_DECLARED_FACTS`.

    Its technology where that is an earlier one, else "", and whether it is a share of sales: series that agree in these
    share what such a notebook has made.
    """
    from .. import indicators

    data = indicators.load(parameters.source, as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    known = series.technology in data.list_technologies()
    kind = "sales" if series.is_share_of_sales else "limit"
    return {"technology": series.technology if known else "", "kind": kind}


def plan_steps(sources: Sequence[Path], parameters: Parameters, inputs: Mapping[str, Any]) -> dict[str, _Step]:
    """The notebooks in their order by name, each with what it declares, reads and is made from.

    `inputs` are from `describe_inputs`.
    """
    declared, given = {source: read_declared(source) for source in sources}, parameters.model_dump()
    if any(_DECLARED_FACTS & names.keys() for names in declared.values()):
        given |= _describe_series(parameters)
    steps = dict[str, _Step]()
    for source, names in declared.items():
        values = {name: given[name] for name in names if name in given}
        needs = [steps[name] for name in find_needs(source, steps)]
        steps[source.stem] = _Step(source, values, needs, inputs)
    return steps


def _choose_files(files: Mapping[str, str], declared: Collection[str]) -> Mapping[str, str]:
    """Files of data that a notebook reads: beside an own file those of the references, unless it declares a series."""
    references = {name: file for name, file in files.items() if name.startswith("data/")}
    return files if {"entity", "indicator"} & {*declared} else references or files


def _explain_change(parts: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    """Why a notebook can't be reused: ``" (the data changed)"``; ``""`` where it has not run before."""
    changed = [words for name, words in _INGREDIENTS.items() if before and before.get(name, "") != parts[name]]
    return f" ({' and '.join(changed)} changed)" if changed else ""


# ---- the store ------------------------------------------------------------------------------------------------------


def _is_whole(result: Path) -> bool:
    """True if everything of a result is there, as its notebook wrote it."""
    try:
        [path] = result.glob("notebooks/*.json")
        entry = read_entry(result, path.stem) or Entry()
        files = {**entry.files, f"notebooks/{path.stem}.ipynb": entry.executed}
        return all(hash_file(locate(result, path)) == expected for path, expected in files.items())
    except (OSError, ValueError, RunError):
        return False


def tidy_store(outputs: Path) -> None:
    """Remove, once a day, the results that the record of no run names and that nothing has used for a week.

    Raises
    ------
    OSError
        If a result can't be removed.
    """
    store, now = outputs / _FOLDER, time.time()
    seen = store / "tidied"
    if seen.is_file() and now - seen.stat().st_mtime < _DAY:  # beside hundreds of runs it takes long
        return
    needed = read_keys(outputs)
    for path in store.glob("[0-9a-f]" * 64):
        if path.name not in needed and now - path.stat().st_mtime > _UNUSED_DAYS * _DAY:
            shutil.rmtree(path)
    store.mkdir(exist_ok=True)
    seen.touch()
