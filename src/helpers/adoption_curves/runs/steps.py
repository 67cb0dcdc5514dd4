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
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..base.files import hash_file
from ..base.project import RunError, count_processors, find_outputs, refuse_planted
from ..base.words import say_first
from .failures import find_attempt
from .ingredients import choose_files, describe_inputs, describe_series, digest, find_needs, read_declared
from .manifest import Entry, locate, read_entry, write_entry
from .notebook_process import execute_notebook
from .parameters import Parameters, read_parameters

_FOLDER, _UNUSED_SECONDS = ".store", 30 * 86_400
_MAKING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held while a result is made, by its key: another run that needs the same waits, and finds it."""


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
    inputs : mapping
        From `describe_inputs`: what the whole run is made from.
    """

    source: Path
    values: Mapping[str, Any]
    needs: Sequence[Step]
    inputs: Mapping[str, Any]

    @property
    def name(self) -> str:
        """Name of the notebook."""
        return self.source.stem

    @cached_property
    def parts(self) -> dict[str, str]:
        """Hash of each part that it is made from, by its name in words."""
        given, data = {name: value for name, value in self.values.items() if name != "run"}, ""
        if "data" in self.values:
            data = digest(choose_files(self.inputs["data"]["files"], self.values))
        return {
            "the notebook": self.inputs["notebooks"][self.name],
            "its parameters": digest(given),
            "the helpers": digest(self.inputs["helpers"]),
            "the libraries": digest(self.inputs["versions"]),
            "the data": data,
            "what it reads": digest([need.key for need in self.needs]),
            "the forms of its figures": "pdf" if self.inputs["pdf"] else "",
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
        self, needed: Sequence[Future[Any]], shop: Path, execution: Execution, partial: Path
    ) -> tuple[str, Sequence[str]]:
        """Make the result, unless it is there.

        Parameters
        ----------
        needed : sequence of Future
            Of the notebooks whose tables it reads, which it waits for.
        shop : Path
            Workshop of the run.
        execution : Execution
        partial : Path
            Folder for the copy after a failure, from `find_attempt`.

        Returns
        -------
        str and sequence of str
            How the result came there, and the lines that the notebook wrote to its error stream.

        Raises
        ------
        RunError
            If something that it is made from changes meanwhile.
        NotebookFailed
        """
        for each in needed:
            each.result()
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
                # Execute it. What it made is not kept if something has changed since it was hashed.
                stray = execute_notebook(
                    self.source, target, self.values, partial / self.source.name, Path(place), execution.pdf
                )
                now = describe_inputs(read_parameters(self.inputs["asked"]), [self.source], self.inputs["pdf"])
                if changed := list_changed(replace(self, inputs=now).parts, self.parts):
                    told = f"{' and '.join(changed)} changed while the run was being made. Run the same command again."
                    raise RunError(say_first(told))
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
            return f"{time.monotonic() - began:.1f} s", stray


def list_changed(parts: Mapping[str, str], before: Mapping[str, str]) -> list[str]:
    """Names in words of the parts that are others than before."""
    return [words for words in parts if before.get(words, "") != parts[words]]


def execute_steps(
    steps: Sequence[Step], pool: Executor, shop: Path, execution: Execution, final: Path
) -> Iterator[tuple[Step, tuple[str, Sequence[str]]]]:
    """Run each step as soon as those that it needs are done.

    Parameters
    ----------
    steps : sequence of Step
        Each after those that it needs.
    pool : Executor
        With a thread for each.
    shop, execution : as for `Step.run`
    final : Path
        Folder of the run.

    Yields
    ------
    Step and what its `Step.run` returns
        As each is done.
    """
    partial, running = find_attempt(final), dict[str, Future[Any]]()
    for step in steps:
        needed = [running[need.name] for need in step.needs]
        running[step.name] = pool.submit(step.run, needed, shop, execution, partial)
    ended = dict(zip(running.values(), steps, strict=True))
    for future in as_completed(ended):
        yield ended[future], future.result()


def plan_steps(sources: Sequence[Path], parameters: Parameters, inputs: Mapping[str, Any]) -> list[Step]:
    """The notebooks in their order by name, each with what it declares, reads and is made from.

    `inputs` are from `describe_inputs`.
    """
    given, steps = parameters.model_dump() | describe_series(parameters), dict[str, Step]()
    for source in sources:
        values = {name: given[name] for name in read_declared(source) if name in given}
        needs = [steps[name] for name in find_needs(source, steps)]
        steps[source.stem] = Step(source, values, needs, inputs)
    return [*steps.values()]


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
    """Remove the results that no run has used for a month: runs have copies.

    Raises
    ------
    OSError
        If a result can't be removed.
    """
    for path in (outputs / _FOLDER).glob("[0-9a-f]" * 64):
        if time.time() - path.stat().st_mtime > _UNUSED_SECONDS:
            shutil.rmtree(path)
