"""The notebooks of many runs as futures of Dask: one that several runs need is made once.

A future's key is a hash of what its notebook is made from before anything is executed, so equal notebooks of different
runs are one future. Dask runs here, in threads of this process, or on the workers of a scheduler.
"""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

import dask
from distributed import Client, LocalCluster, as_completed
from distributed.scheduler import KilledWorker
from tqdm import tqdm

from ..base.files import hash_helpers
from ..base.project import RunError, find_data
from ..base.wording import say_count
from .inputs import describe_inputs, watch_data
from .kernels import can_fork, check_limits, make_place, preload, stop_kernels
from .parameters import Parameters
from .pipeline import Made, RunFolder, make_notebook
from .record import is_current
from .sequence import Execution, Step, find_notebooks, plan_steps
from .store import Store, digest, hash_source
from .sweep_file import Sweep

SECONDS_TO_ANSWER = 5
MAX_LINES = 50
"""Runs up to which each one, and each notebook, is told by a line of its own, and lines of a larger sweep."""
LOOPBACK = "127.0.0.1:0"
SILENT: dict[str, Any] = {f"distributed.{part}.http.routes": [] for part in ("scheduler", "worker")}
"""Dask can't do without its two web servers; with these they know no page."""
GONE = "The Dask scheduler has gone. The same command goes on from here."
DIED = "The worker that made the run died, several times."


def make_runs(sweep: Sweep, folder: Path, workers: int, scheduler: str, notebooks: Path | None) -> dict[str, str]:
    """Make the runs of a sweep that aren't there yet, and tell of each one when it has ended.

    Returns
    -------
    dict
        Message of each run that failed.
    """
    sources, began = find_notebooks(notebooks), time.monotonic()
    with open_client(workers, scheduler, folder) as client:
        futures, runs, needed_by = dict[str, Any](), dict[Any, str](), dict[Any, str]()
        for place, run in enumerate(sweep.runs):
            inputs = describe_inputs(run, sources)
            if not is_current(folder / run.run, inputs):
                made = submit_notebooks(client, plan_steps(sources, run), inputs, folder, futures, -place)
                needed_by = dict.fromkeys(made.values(), run.run) | needed_by  # the first run that needs it counts
                given = (run.model_dump(), sources, inputs, made, folder)
                runs[client.submit(finish_run, *given, priority=-place, pure=False)] = run.run
        work, failed = follow_runs(client, runs, needed_by, len(sweep.runs), began)
        if runs:
            at_once, seconds = sum(client.nthreads().values()), time.monotonic() - began
            print(f"{say_count(len(runs), 'run')} in {seconds:.1f} s: {work:.1f} s of work, {at_once} at a time")
    return failed


def follow_runs(
    client: Client, runs: Mapping[Any, str], needed_by: Mapping[Any, str], count: int, began: float
) -> tuple[float, dict[str, str]]:
    """Tell of each run when it has ended, and where there is no terminal of each notebook too.

    Parameters
    ----------
    client : Client
    runs, needed_by : mapping
        Names of runs by the futures of the runs, and by those of the notebooks that are made for them.
    count : int
        Runs of the sweep, those that are there already among them.
    began : float

    Returns
    -------
    float and dict
        Seconds of work, and the message of each run that failed. A run's seconds are those of the notebooks that were
        made for it and of its pages, so that the lines add up to the work.
    """
    told, done, total, failed = count - len(runs), 0, len(needed_by) + len(runs), dict[str, str]()
    work = dict.fromkeys(runs.values(), 0.0)
    with tqdm(total=count, initial=told, unit="run", disable=None, leave=False, file=sys.__stderr__) as bar:
        for future in as_completed([*needed_by, *runs], loop=client.loop):
            done, line = done + 1, ""
            if future in runs:
                told, name = told + 1, runs[future]
                seconds, message = read_outcome(future, client)
                work[name] += seconds
                failed |= {name: message} if message else {}
                left = (total - done) * (time.monotonic() - began) / done
                line = describe_progress(name, told, count, work[name], message, len(failed), left)
                bar.update()
            elif future.status == "finished":
                made, name = future.result(), needed_by[future]
                work[name] += made.seconds
                notebook = future.key.rpartition("-")[0]
                line = f"    {notebook} for {name}  {made.how}" if bar.disable and count <= MAX_LINES else ""
            if line:
                bar.clear()
                print(line, flush=True)
                bar.refresh()
    return sum(work.values()), failed


def submit_notebooks(
    client: Client,
    steps: Sequence[Step],
    inputs: Mapping[str, Any],
    folder: Path,
    futures: dict[str, Any],
    priority: int,
) -> dict[str, Any]:
    """Futures of a run's notebooks, by name; those of the same are the same, and stand in `futures` by their key."""
    keys: dict[str, str] = {}
    for step in steps:
        values = {name: value for name, value in step.values.items() if name != "run"}
        data = inputs["data"]["files"] if "data" in values else ""
        key = keys[step.name] = digest([hash_source(step.source), values, data, [keys[name] for name in step.upstream]])
        if key not in futures:
            upstream = {name: futures[keys[name]] for name in step.upstream}
            name = f"{step.name}-{key}"
            futures[key] = client.submit(make_here, step, upstream, inputs, folder, key=name, priority=priority)
    return {name: futures[key] for name, key in keys.items()}


def make_here(step: Step, upstream: Mapping[str, Made], inputs: Mapping[str, Any], folder: Path) -> Made:
    """Have a notebook's result in the store, in whatever process of Dask's this is."""
    if can_fork():
        preload()
    keys = {name: made.key for name, made in upstream.items()}
    partial = folder / f"{step.values.get('run', 'run')}.partial"
    return make_notebook(step, keys, inputs, Store(folder.parent), Execution(), partial)


def finish_run(
    values: Mapping[str, Any],
    sources: Sequence[Path],
    inputs: Mapping[str, Any],
    made: Mapping[str, Made],
    folder: Path,
) -> float:
    """Put a run together from the results of its notebooks; returns the seconds that took."""
    began, parameters = time.monotonic(), Parameters(**values)
    with RunFolder(parameters, sources, inputs, folder, Store(folder.parent)) as run:
        for name, each in made.items():
            run.add(name, each)
        path, files = find_data(parameters.data), inputs["data"]["files"]
        with watch_data(path, files):
            data = load_data(str(path), parameters.as_of, digest(files))
        run.commit(run.describe(data))
    return time.monotonic() - began


@lru_cache(maxsize=8)
def load_data(path: str, as_of: str, version: str) -> Any:
    """The data of several runs, read once for each version: a worker of a cluster may outlive a change of them."""
    from .. import indicators

    return indicators.load(path, as_of=as_of)


def read_outcome(future: Any, client: Client) -> tuple[float, str]:
    """Seconds that a run took, and what went wrong, if anything.

    Raises
    ------
    RunError
        If the scheduler has gone.
    """
    if future.status in ("cancelled", "lost") or client.status == "closed":  # by nobody here
        raise RunError(GONE)
    error = future.exception()
    if error is None:
        return future.result(), ""
    if isinstance(error, CancelledError):
        raise RunError(GONE)
    if isinstance(error, KilledWorker):
        return 0.0, DIED
    return 0.0, str(error) if isinstance(error, RunError | ValueError) else f"{type(error).__name__}: {error}"


def describe_progress(run: str, told: int, count: int, seconds: float, message: str, failed: int, left: float) -> str:
    """The line to tell of a run that has ended; "" for most of a large sweep.

    >>> describe_progress("a", 3, 4, 1.25, "", 0, 42)
    '3/4 a  1.2 s  (about 42 s left)'
    """
    each = count <= MAX_LINES
    if not each and told < count and told % -(-count // MAX_LINES) and not (message and failed <= 10):
        return ""
    what = f"failed: {message.splitlines()[0]}" if message else f"{seconds:.1f} s"
    time_left = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min" if left < 5400 else f"{left / 3600:.1f} h"
    so_far = f"  {failed} failed" if failed and not each else ""
    return f"{told}/{count} {run}  {what}{so_far}" + (f"  (about {time_left} left)" if told < count else "")


@contextmanager
def open_client(workers: int, scheduler: str, folder: Path) -> Iterator[Client]:
    """A client of the scheduler at an address, or of threads in this process; its page of state is on loopback only.

    Raises
    ------
    RunError
        If the scheduler doesn't answer, or a worker can't make runs: without this package in the same version, or
        without the folder.
    """
    for part in ("", ".client", ".core", ".worker", ".scheduler"):
        logging.getLogger(f"distributed{part}").setLevel(logging.CRITICAL)  # we tell ourselves what goes wrong
    if not scheduler:
        check_limits()
        if can_fork():
            preload()
        with (
            dask.config.set({**SILENT, "temporary-directory": str(make_place())}),
            LocalCluster(
                n_workers=1,
                threads_per_worker=workers,
                processes=False,
                dashboard_address=LOOPBACK,
                worker_dashboard_address=LOOPBACK,
                scheduler_kwargs={"dashboard": False},
                memory_limit=0,
            ) as cluster,
            Client(cluster, set_as_default=False) as client,
        ):
            try:
                yield client
            except BaseException:
                stop_kernels()
                raise
        return
    try:
        client = Client(scheduler, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a time-out is an OSError
        raise RunError(f"No Dask scheduler answers at {scheduler}. Is it running, and is the address right?") from error
    with client:
        check_workers(client, scheduler, folder)
        yield client


def check_workers(client: Client, address: str, folder: Path) -> None:
    """Refuse a cluster whose workers can't make runs."""
    try:
        seen = client.run(look_around, folder)
    except Exception as error:
        raise RunError(
            f"The workers of {address} can't make runs ({type(error).__name__}: {error}). They need this package, "
            "installed from a checkout like this one."
        ) from error
    if not seen:
        raise RunError(f"The Dask scheduler at {address} has no workers. Start some: dask worker {address}")
    for worker, (version, visible) in seen.items():
        if not visible:
            raise RunError(f"Worker {worker} doesn't see {folder}: runs are written by the workers into that folder.")
        if version != look_around(folder)[0]:
            raise RunError(f"Worker {worker} has another version of this package. Install the same one everywhere.")


def look_around(folder: Path) -> tuple[str, bool]:
    """What a worker has: the version of this package, by content, and whether it sees the sweep's folder."""
    return digest(hash_helpers()), (folder / "sweep.json").exists()
