"""Making of a run: papermill executes each notebook in a forked process, and a store keeps its results.

A result lies in ``outputs/.store/<key>/``. Its key is a hash of all that it is made from: the notebook's cells, its
parameters, the data, the code, the libraries, and the keys of the notebooks that it reads from. So all keys are known
before anything runs, and what is in the store is reused, whichever run made it.
"""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..base.files import hash_file, write_file, write_json
from ..base.folders import (
    claim_folder,
    follow_link,
    is_cut_off,
    list_claimed,
    list_foreign,
    lock_folder,
    recover,
    refuse_foreign,
    replace_folder,
)
from ..base.project import (
    LONGEST,
    RECORD,
    RunError,
    UserError,
    count_processors,
    find_outputs,
    refuse_planted,
    shorten_path,
)
from ..base.source import Source
from ..base.words import quote
from .ingredients import (
    OF_SERIES,
    describe_inputs,
    describe_series,
    digest,
    find_needs,
    find_notebooks,
    read_declared,
    watch_data,
)
from .notebook_process import end_all, execute_notebook, preload
from .parameters import Parameters, complete_parameters
from .record import (
    ERROR,
    LOG,
    describe_run,
    find_attempt,
    is_current,
    list_recorded,
    list_written,
    locate,
    note_pages,
    read_entry,
    read_parts,
)

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
CHANGEABLE = {"notebooks": "the notebooks", "data": "the data", "helpers": "the helpers"}
EMPTY: dict[str, Any] = {"parameters": {}, "read": {}, "tables": {}, "figures": {}}
"""Record of a notebook that never opened its run."""
MAKING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held while a result is made, by its key: another run that needs the same waits, and finds it."""


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
        Make no run of own data of which a cell or a row was left out.
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
class Step:
    """A notebook of a run: the file, its parameters, the names of those it reads from, and what it is made from."""

    source: Path
    values: Mapping[str, Any]
    needs: Sequence[str]
    parts: Mapping[str, str]

    @property
    def key(self) -> str:
        """Name of its result in the store."""
        return digest(dict(self.parts))


@dataclass(frozen=True)
class Made:
    """Result of a notebook in the store, with its origin in words, its warnings, and its seconds."""

    key: str
    how: str
    stray: tuple[str, ...] = ()
    seconds: float = 0.0


# ---- what is made from what -----------------------------------------------------------------------------------------


def plan_steps(sources: Sequence[Path], parameters: Parameters, inputs: Mapping[str, Any]) -> dict[str, Step]:
    """The notebooks in their order by name, each with what it declares, reads and is made from."""
    declared, given = [read_declared(source) for source in sources], parameters.model_dump()
    given |= describe_series(parameters) if any(OF_SERIES & names.keys() for names in declared) else {}
    read, steps = inputs["data"]["files"], dict[str, Step]()
    references = {name: file for name, file in read.items() if name.startswith("data/")} or read  # beside an own file
    for source, names in zip(sources, declared, strict=True):
        values, needs = {name: given[name] for name in names if name in given}, find_needs(source, steps)
        parts = {
            "notebook": inputs["notebooks"][source.stem],
            "parameters": digest({name: value for name, value in values.items() if name != "run"}),
            "helpers": digest(inputs["helpers"]),
            "libraries": digest(inputs["versions"]),
            "data": digest(read if {"entity", "indicator"} & names.keys() else references) if "data" in values else "",
            "tables": digest([steps[name].key for name in needs]),
            "figures": "pdf" if inputs["pdf"] else "",
        }
        steps[source.stem] = Step(source, values, needs, parts)
    return steps


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


def shrink_store(outputs: Path, needed: Collection[str] = (), limit: int = MAX_BYTES) -> int:
    """Remove what was used least recently beyond the limit, never the `needed` keys; returns the bytes freed."""
    entries = sorted((outputs / FOLDER).glob("[0-9a-f]" * 64), key=lambda path: path.stat().st_mtime)
    sizes = {entry: sum(path.stat().st_size for path in entry.rglob("*") if path.is_file()) for entry in entries}
    total = before = sum(sizes.values())
    for entry in entries:
        if total > limit and entry.name not in needed:
            shutil.rmtree(entry, ignore_errors=True)
            total -= sizes[entry]
    return before - total


def is_whole(entry: Path) -> bool:
    """True if everything of a result is there, as its notebook wrote it."""
    try:
        [path] = entry.glob("notebooks/*.json")
        record = read_entry(entry, path.stem) or {}
        files = {**list_written(record), f"notebooks/{path.stem}.ipynb": record["executed"]}
        return all(hash_file(locate(entry, path)) == expected for path, expected in files.items())
    except (OSError, ValueError, LookupError, RunError):
        return False


# ---- one notebook ----------------------------------------------------------------------------------------------------


def make_notebook(
    step: Step, steps: Mapping[str, Step], outputs: Path, execution: Execution, failed: Path, before: Any, data: Any
) -> Made:
    """Result of a notebook in the store; if it is not there, the notebook is executed."""
    key, store, name = step.key, outputs / FOLDER, step.source.stem
    forced = name in execution.forced
    with MAKING[key]:
        if not forced and is_whole(store / key):
            os.utime(store / key)  # used last: the last to go
            return Made(key, "unchanged")
        refuse_planted(store)
        store.mkdir(parents=True, exist_ok=True)
        with execution.slots, claim_folder(store, ".work-") as place:
            started, work, result = time.monotonic(), place / str(step.values.get("run", "run")), place / "result"
            (work / "notebooks").mkdir(parents=True)
            for need in step.needs:
                shutil.copytree(store / steps[need].key, work, dirs_exist_ok=True)
            target = work / "notebooks" / step.source.name
            with (
                watch_data(Source.read(data["path"]).find(), data["files"]) if "data" in step.values else nullcontext()
            ):
                stray = execute_notebook(
                    *(step.source, target, step.values, failed / step.source.name, place),
                    isolated=execution.isolated,
                    pdf=execution.pdf,
                    longest=execution.longest,
                )
            record = EMPTY | (read_entry(work, name) or {})
            record |= {"key": key, "made_from": dict(step.parts), "executed": hash_file(target)}
            write_json(target.with_suffix(".json"), record)
            for path in (*list_written(record), f"notebooks/{name}.ipynb", f"notebooks/{name}.json"):
                kept = locate(result, path)
                kept.parent.mkdir(parents=True, exist_ok=True)
                locate(work, path).rename(kept)
            if forced or not is_whole(store / key):  # else another process was quicker, and others may be copying it
                shutil.rmtree(store / key, ignore_errors=True)
                result.rename(store / key)
    because, seconds = explain_change(step.parts, before), time.monotonic() - started
    return Made(key, f"{seconds:.1f} s" + (f" ({because})" if because and not forced else ""), stray, seconds)


# ---- a run ----------------------------------------------------------------------------------------------------------


def name_run(notebook: Path, run: str) -> bool:
    """Give the executed copy of a notebook the name of the run in whose folder it lies; whether it had another."""
    import nbformat
    from papermill.parameterize import parameterize_notebook

    content = json.loads(notebook.read_text(encoding="utf-8"))
    given = content["metadata"]["papermill"]["parameters"]
    if given.get("run", run) == run:
        return False
    filled = parameterize_notebook(nbformat.from_dict(content), given | {"run": run})
    write_json(notebook, filled)
    return True


class RunFolder:
    """Unfinished run in a folder beside its final place; use it in a ``with`` block.

    Parameters
    ----------
    parameters : Parameters
        Complete.
    sources : sequence of Path
        The notebooks.
    inputs : mapping
        From `describe_inputs`, before the first notebook.
    outputs : Path
        Folder that will hold the run.
    wait : bool
        Wait for another process that makes it.
    """

    def __init__(
        self, parameters: Parameters, sources: Sequence[Path], inputs: Mapping[str, Any], outputs: Path, wait: bool
    ):
        self.parameters, self.sources, self.inputs, self.wait = parameters, sources, inputs, wait
        self.asked = outputs / parameters.run
        self.final = follow_link(self.asked)
        self.attempt, self.prefix = find_attempt(self.final), f".{self.final.name}.new-"
        self.log = [f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, run {parameters.run}"]

    def __enter__(self) -> None:
        from .pages import PageWriter

        with ExitStack() as stack:
            stack.enter_context(lock_folder(self.asked, wait=self.wait))
            recover(self.final)
            clear_place(self.final)
            beside = stack.enter_context(claim_folder(self.final.parent, self.prefix))
            self.folder = beside / self.parameters.run
            self.pages = stack.enter_context(PageWriter(self.folder, self.sources))
            self.stack = stack.pop_all()

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def add(self, name: str, made: Made, store: Path) -> None:
        """Copy a notebook's result from the store, and have its page written."""
        shutil.copytree(store / made.key, self.folder, dirs_exist_ok=True)
        copy = locate(self.folder, f"notebooks/{name}.ipynb")
        if name_run(copy, self.parameters.run):
            record = read_entry(self.folder, name) or {}
            write_json(copy.with_suffix(".json"), record | {"executed": hash_file(copy)})
        self.pages.write(name)
        self.log += [f"{name}  {made.how}", *(f"    {line}" for line in made.stray)]

    def commit(self, data: Any, before_commit: Callable[[], object]) -> Path:
        """Write record and index, and put the run in the place of the one before.

        Raises
        ------
        RunError
            If what the run is made from has changed meanwhile.
        """
        now = describe_inputs(self.parameters, self.sources)
        changed = [words for name, words in CHANGEABLE.items() if self.inputs[name] != now[name]]
        if changed:
            what = " and ".join(changed).capitalize()
            raise RunError(f"{what} changed while the run was being made. Run the same command again.")
        write_json(self.folder / RECORD, describe_run(self.folder, self.parameters, self.inputs, data))
        self.pages.finish()
        note_pages(self.folder)
        earlier = self.attempt / LOG
        told = earlier.read_text(encoding="utf-8", errors="replace") if earlier.is_file() else ""
        (self.folder / LOG).write_text(told + "\n".join(self.log) + "\n", encoding="utf-8")
        before_commit()
        clear_place(self.final)
        replace_folder(self.final, self.folder)
        self.forget_attempt()
        return self.asked

    def keep_failure(self, error: Exception) -> None:
        """Write the error, and add this attempt to the log, in ``<run>.partial/``, beside the copy that failed."""
        with suppress(OSError):  # no room, or a file has the place: the error stream has it all
            write_file(self.attempt / ERROR, f"{error}\n".encode())
            with (self.attempt / LOG).open("a", encoding="utf-8") as log:
                log.write("\n".join([*self.log, *str(error).splitlines()]) + "\n\n")

    def forget_attempt(self) -> None:
        """Remove what attempts that failed have left."""
        copies = (source.with_suffix(kind).name for source in self.sources for kind in (".ipynb", ".html"))
        with suppress(OSError):  # there is none, or someone put a file there
            for name in (ERROR, LOG, *copies):
                (self.attempt / name).unlink(missing_ok=True)
            self.attempt.rmdir()


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def load_checked(parameters: Parameters, inputs: Mapping[str, Any], tell: Callable[[str], object]) -> Any:
    """Data of a run, after checking its parameters against them; notes on both are printed."""
    preload()  # it imports meanwhile
    from .check_run import check_parameters, list_notes

    with watch_data(parameters.source, inputs["data"]["files"]):
        data = check_parameters(parameters)
    for line in list_notes(data, parameters):
        tell(line)
    return data


def start_steps(
    pool: ThreadPoolExecutor, steps: Mapping[str, Step], make: Callable[[str], Made]
) -> dict[Future[Made], str]:
    """Start every notebook in a thread of its own, which waits for those that it needs; they began before."""
    making = dict[str, Future[Made]]()

    def make_in_turn(name: str) -> Made:
        for need in steps[name].needs:
            making[need].result()
        return make(name)

    for name in sorted(steps, key=lambda name: -sum(name in step.needs for step in steps.values())):
        making[name] = pool.submit(make_in_turn, name)
    return {future: name for name, future in making.items()}


def run_all(
    parameters: Parameters,
    notebooks: Path | None = None,
    execution: Execution = USUAL,
    *,
    outputs: Path | None = None,
    before_commit: Callable[[], object] = lambda: None,
    tell: Callable[[str], object] = say,
) -> Path:
    """Folder of the run ``<outputs>/<run>/``, made atomically; results from the same inputs are reused.

    Parameters
    ----------
    parameters : Parameters
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.
    execution : Execution
    outputs : Path, optional
        Folder that holds the run; `adoption_curves.base.project.find_outputs` by default.
    before_commit : callable
        Called just before the run is put in place: a later stop finds it complete.
    tell : callable
        Gets a line for each notebook.

    Returns
    -------
    Path
        The run's folder.

    Raises
    ------
    ParameterError, adoption_curves.indicators.DataError
        Before any notebook starts.
    NotebookFailed
        The last complete run is then still in place, and the next attempt reuses what this one has made.
    BusyError
        If another process makes this run.
    RunError
        If the folder holds something that isn't a run, or what the run is made from changes meanwhile.
    """
    outputs, kept = outputs or find_outputs(), find_outputs()
    parameters, sources = complete_parameters(parameters), find_notebooks(notebooks)
    inputs = describe_inputs(parameters, sources, execution.pdf)
    folder = RunFolder(parameters, sources, inputs, outputs, execution.wait)
    if execution.wait:  # what the other makes may be all that is asked for
        with lock_folder(folder.asked, wait=True):
            pass
    if execution.strict:
        from .check_run import check_parameters, refuse_left_out

        refuse_left_out(check_parameters(parameters))
    left = is_cut_off(folder.final) or list_claimed(folder.final.parent, folder.prefix)  # by runs that were killed
    if not execution.forced and not left and is_current(folder.final, inputs):
        tell(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.")
        return folder.asked
    data = load_checked(parameters, inputs, tell)
    steps, before = plan_steps(sources, parameters, inputs), read_parts(folder.final)
    with folder, ThreadPoolExecutor(len(steps)) as pool:

        def make(name: str) -> Made:
            return make_notebook(steps[name], steps, kept, execution, folder.attempt, before.get(name), inputs["data"])

        names = start_steps(pool, steps, make)
        try:
            for place, future in enumerate(as_completed(names), start=1):
                name = names[future]
                made = future.result()
                folder.add(name, made, kept / FOLDER)
                tell(f"{place}/{len(steps)} {name}  {made.how}")
            return folder.commit(data, before_commit)
        except Exception as error:
            pool.shutdown(cancel_futures=True)  # what the others come to is kept: the next attempt finds it
            folder.keep_failure(error)
            raise
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            end_all(names)
            raise


def plan_run(parameters: Parameters, notebooks: Path | None = None, execution: Execution = USUAL) -> list[str]:
    """Plan of `run_all`, a line for each notebook; nothing is made."""
    parameters, sources, outputs = complete_parameters(parameters), find_notebooks(notebooks), find_outputs()
    inputs, before = describe_inputs(parameters, sources, execution.pdf), read_parts(outputs / parameters.run)
    from .check_run import check_parameters

    check_parameters(parameters)
    lines = []
    for place, (name, step) in enumerate(plan_steps(sources, parameters, inputs).items(), start=1):
        because = explain_change(step.parts, before.get(name))
        reused = name not in execution.forced and is_whole(outputs / FOLDER / step.key)
        how = "unchanged" if reused else "runs" + (f" ({because})" if because else "")
        lines.append(f"{place}/{len(sources)} {name}  {how}")
    return lines


def clear_place(folder: Path) -> None:
    """Let a run have the place of `folder`: refuse files that no run has written, and move what is no run aside.

    Raises
    ------
    RunError
        If a file is in the way, or the run there has a file that its record doesn't list.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise RunError(f"{shorten_path(folder)} is no folder. Move it away, or take another name.")
    if own := list_recorded(folder):
        refuse_foreign(folder, own)
    elif list_foreign(folder):
        places = (folder.with_name(f"{folder.name}.old-{number}") for number in itertools.count(1))
        aside = next(place for place in places if not os.path.lexists(place))
        folder.rename(aside)
        moved = f"{shorten_path(folder)} has no {RECORD} that can be read, so it was moved to {shorten_path(aside)}."
        print(moved, file=sys.stderr, flush=True)
