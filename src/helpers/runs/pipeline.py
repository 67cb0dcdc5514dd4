"""A whole run: its notebooks in the order of what they read, each reused from the store or executed, then the pages.

A sweep makes some runs at a time; what they share is made once, by whichever comes first.
"""

from __future__ import annotations

import glob
import os
import shutil
import tempfile
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any, Self

from ..base.files import hash_file, write_json
from ..base.folders import claim_folder, follow_link, is_cut_off, lock_folder, recover, swap_in
from ..base.project import RECORD, RunError, find_data, find_outputs, shorten_path
from .checks import check_parameters, list_notes
from .inputs import describe_inputs, watch_data
from .notebook import list_written, read_valid
from .parameters import Parameters, complete_parameters
from .record import LOG, describe_run, is_current, list_own, note_pages, read_parts
from .sequence import Execution, Step, find_notebooks, plan_steps
from .store import Store, describe_parts, digest, explain_change

USUAL = Execution()
CHANGEABLE = {"notebooks": "the notebooks", "data": "the data", "helpers": "the helpers"}
RUN_PARTS = {RECORD, "tables", "figures", "notebooks", "html"}
EMPTY: dict[str, Any] = {"parameters": {}, "read": {}, "tables": {}, "figures": {}}
"""Record of a notebook that never opened its run."""
ENDS = (".ipynb", ".json")
MAKING: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
"""Held while a result is made, by its key: another run that needs the same waits, and finds it."""


@dataclass(frozen=True)
class Made:
    """A notebook's result in the store, in words how it came there, what went astray in it, and the seconds it took."""

    key: str
    how: str
    stray: tuple[str, ...] = ()
    seconds: float = 0.0


def make_notebook(
    step: Step,
    keys: Mapping[str, str],
    inputs: Mapping[str, Any],
    store: Store,
    execution: Execution,
    failed: Path,
    before: Mapping[str, str] | None = None,
) -> Made:
    """Have the result of a notebook in the store: it is there, or the notebook is executed.

    Parameters
    ----------
    step : Step
    keys : mapping
        Keys of the results of the notebooks that it reads from, by name.
    inputs : mapping
        From `helpers.runs.inputs.describe_inputs`.
    store : Store
    execution : Execution
    failed : Path
        Where a copy goes, executed as far as it came, when the notebook fails.
    before : mapping, optional
        What it was made from when this run was last made, to say what has changed.

    Returns
    -------
    Made

    Raises
    ------
    helpers.runs.execute.NotebookFailed
    """
    parts = describe_parts(step.source, step.values, inputs, read_tables(step, keys, store))
    key, force = digest(parts), step.name in execution.forced
    with MAKING[key]:
        if not force and store.is_whole(key):
            return Made(key, "unchanged")
        with execution.slots:
            started = time.monotonic()
            stray = _make(step, keys, inputs, store, execution, failed, key, parts)
    because, seconds = explain_change(parts, before), time.monotonic() - started
    return Made(key, f"{seconds:.1f} s" + (f" ({because})" if because and not force else ""), stray, seconds)


def _make(
    step: Step,
    keys: Mapping[str, str],
    inputs: Mapping[str, Any],
    store: Store,
    execution: Execution,
    failed: Path,
    key: str,
    parts: Mapping[str, str],
) -> tuple[str, ...]:
    """Execute a notebook and keep its result under `key`; returns what it wrote to its error stream."""
    from .execute import execute_notebook

    with claim_folder(store.make(), ".work-") as place:
        folder = place / str(step.values.get("run", "run"))
        for name in step.upstream:
            store.get(keys[name], folder)
        target = folder / "notebooks" / step.source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        data = inputs["data"]
        with watch_data(find_data(data["path"]), data["files"]) if "data" in step.values else nullcontext():
            stray = execute_notebook(step.source, target, step.values, execution, failed / step.source.name)
        record = EMPTY | (read_valid(folder, step.name) or {})
        record |= {"key": key, "made_from": parts, "executed": hash_file(target)}
        write_json(target.with_suffix(".json"), record)
        store.put(key, folder, record, [*list_written(record), *(f"notebooks/{step.name}{end}" for end in ENDS)])
    return stray


def read_tables(step: Step, keys: Mapping[str, str], store: Store) -> dict[str, str]:
    """sha256 of each table that the notebooks before have written for this one, by name."""
    written = [table for name in step.upstream for table in store.read(keys[name])["tables"].items()]
    return {name: entry["sha256"] for name, entry in written if not step.reads or name in step.reads}


class RunFolder:
    """A run in the making, in a folder beside the place where it will stand; use it in a ``with`` block.

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
    store : Store
    """

    def __init__(
        self, parameters: Parameters, sources: Sequence[Path], inputs: Mapping[str, Any], outputs: Path, store: Store
    ) -> None:
        self.parameters, self.sources, self.inputs, self.store = parameters, sources, inputs, store
        self.asked = outputs / parameters.run
        self.final = follow_link(self.asked)
        self.log = [f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, run {parameters.run}"]

    def __enter__(self) -> Self:
        from .pages import PageWriter

        with ExitStack() as stack:
            stack.enter_context(lock_folder(self.asked))
            recover(self.final)
            check_replaceable(self.final)
            for left in find_left(self.final):
                shutil.rmtree(left, ignore_errors=True)
            new = f".{self.final.name}.new-"
            beside = tempfile.TemporaryDirectory(prefix=new, dir=self.final.parent, ignore_cleanup_errors=True)
            place = stack.enter_context(beside)
            self.folder = Path(place) / self.parameters.run
            (self.folder / "notebooks").mkdir(parents=True)
            self.pages = stack.enter_context(PageWriter(self.folder, self.sources))
            self.stack = stack.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self.stack.close()

    def add(self, name: str, made: Made) -> None:
        """Copy a notebook's result from the store, and have its page written."""
        from .execute import name_run

        self.store.get(made.key, self.folder)
        copy = self.folder / "notebooks" / f"{name}.ipynb"
        if name_run(copy, self.parameters.run):
            record = read_valid(self.folder, name) or {}
            write_json(copy.with_suffix(".json"), record | {"executed": hash_file(copy)})
        self.pages.write(name)
        self.log += [f"{name}  {made.how}", *(f"    {line}" for line in made.stray)]

    def describe(self, data: Any) -> dict[str, Any]:
        """The run's record.

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
        return describe_run(self.folder, self.parameters, self.inputs, data)

    def commit(self, record: Mapping[str, Any], before_commit: Callable[[], object] = lambda: None) -> Path:
        """Write record and index, and put the run in the place of the one before."""
        write_json(self.folder / RECORD, record)
        self.pages.finish()
        note_pages(self.folder)
        (self.folder / LOG).write_text("\n".join(self.log) + "\n", encoding="utf-8")
        before_commit()
        swap_in(self.final, self.folder, list_own)
        failed = self.final.parent / f"{self.final.name}.partial"
        for source in self.sources:  # of attempts that failed
            (failed / source.name).unlink(missing_ok=True)
        with suppress(OSError):  # there is none, or someone put a file there
            failed.rmdir()
        return self.asked


def say(line: str) -> None:
    """Print a line at once."""
    print(line, flush=True)


def run_all(
    parameters: Parameters,
    notebooks: Path | None = None,
    execution: Execution = USUAL,
    *,
    outputs: Path | None = None,
    before_commit: Callable[[], object] = lambda: None,
    made: dict[str, Made] | None = None,
    tell: Callable[[str], object] = say,
) -> Path:
    """Make the run ``<outputs>/<run>/``, whole or not at all; what was made from the same before is reused.

    Parameters
    ----------
    parameters : Parameters
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.
    execution : Execution
    outputs : Path, optional
        Folder that holds the run; `helpers.base.project.find_outputs` by default.
    before_commit : callable
        Called just before the run is put in place: whoever stops it later would find it whole.
    made : dict, optional
        Filled with what was made or reused, by the notebook's name; stays empty where nothing changed.
    tell : callable
        Gets a line for each notebook.

    Returns
    -------
    Path
        The run's folder.

    Raises
    ------
    ParameterError, helpers.indicators.DataError
        Before any kernel starts.
    helpers.runs.execute.NotebookFailed
        The last complete run is then still in place, and the next attempt reuses what this one has made.
    RunError
        If another process makes this run, the folder holds something that isn't a run, or what the run is made from
        changes meanwhile.
    """
    outputs, made = outputs or find_outputs(), {} if made is None else made
    parameters = complete_parameters(parameters)
    sources = find_notebooks(notebooks)
    inputs = describe_inputs(parameters, sources, execution.pdf)
    final = follow_link(outputs / parameters.run)
    if not execution.forced and not is_cut_off(final) and not find_left(final) and is_current(final, inputs):
        tell(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.")
        return outputs / parameters.run
    from . import kernels  # whose imports take a third of a second, which nothing changed needs not

    kernels.check_limits()
    if not execution.isolated and kernels.can_fork() and not kernels.LOADED:
        kernels.preload()  # it imports while the parameters are checked
    with watch_data(find_data(parameters.data), inputs["data"]["files"]):
        data = check_parameters(parameters)
    for line in list_notes(data, parameters):
        tell(line)
    before = read_parts(final)
    steps = {step.name: step for step in plan_steps(sources, parameters)}
    store, failed = Store(find_outputs()), final.parent / f"{final.name}.partial"

    def make(name: str) -> Made:
        keys = {each: made[each].key for each in steps[name].upstream}
        return make_notebook(steps[name], keys, inputs, store, execution, failed, before.get(name))

    with RunFolder(parameters, sources, inputs, outputs, store) as folder:
        untold = list(steps)
        for name in make_in_order(steps, make, made):
            folder.add(name, made[name])
            while untold and untold[0] in made:  # told in the notebooks' order
                tell(f"{len(steps) - len(untold) + 1}/{len(steps)} {untold[0]}  {made[untold.pop(0)].how}")
        return folder.commit(folder.describe(data), before_commit)


def plan_run(parameters: Parameters, notebooks: Path | None = None, execution: Execution = USUAL) -> list[str]:
    """What `run_all` would do, a line for each notebook, without doing it."""
    parameters = complete_parameters(parameters)
    sources = find_notebooks(notebooks)
    inputs, store = describe_inputs(parameters, sources, execution.pdf), Store(find_outputs())
    check_parameters(parameters)
    before, keys, lines = read_parts(find_outputs() / parameters.run), dict[str, str](), list[str]()
    for place, step in enumerate(plan_steps(sources, parameters), start=1):
        open_steps = [name for name in step.upstream if name not in keys]
        how = f"runs, or is reused where it reads the same from {', '.join(open_steps)}"
        if not open_steps:
            parts = describe_parts(step.source, step.values, inputs, read_tables(step, keys, store))
            reused = step.name not in execution.forced and store.is_whole(digest(parts))
            keys |= {step.name: digest(parts)} if reused else {}
            because = explain_change(parts, before.get(step.name))
            how = "unchanged" if reused else "runs" + (f" ({because})" if because else "")
        lines.append(f"{place}/{len(sources)} {step.name}  {how}")
    return lines


def make_in_order(steps: Mapping[str, Step], make: Callable[[str], Made], made: dict[str, Made]) -> Iterator[str]:
    """Make all notebooks, some at once, each after those it reads from; yields the name of each one that is made.

    Those that most others wait for come first.
    """
    sorter = TopologicalSorter({name: step.upstream for name, step in steps.items()})
    sorter.prepare()
    waiting = Counter(name for step in steps.values() for name in step.upstream)
    pool, running = ThreadPoolExecutor(len(steps)), dict[Future[Made], str]()
    try:
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=lambda name: -waiting[name])
            running |= {pool.submit(make, name): name for name in ready}
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                name = running.pop(future)
                made[name] = future.result()
                sorter.done(name)
                yield name
    except (Exception, GeneratorExit):
        pool.shutdown(cancel_futures=True)  # what the others come to is kept: the next attempt finds it
        raise
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        from .kernels import stop_kernels

        stop_kernels(running)
        raise
    pool.shutdown()


def find_left(folder: Path) -> list[Path]:
    """What runs that were killed have left beside the folder of the run."""
    return list(folder.parent.glob(f".{glob.escape(folder.name)}.new-????????"))


def check_replaceable(folder: Path) -> None:
    """A folder without any part of a run is not a run's."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")} if folder.is_dir() else set()
    if os.path.lexists(folder) and (not folder.is_dir() or (names and not names & RUN_PARTS)):
        raise RunError(
            f"{shorten_path(folder)} exists and doesn't look like a run. Move it away, or take another name."
        )
