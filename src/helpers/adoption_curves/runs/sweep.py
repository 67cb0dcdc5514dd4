"""Many runs from one file, some at a time, compared in a table, a figure and a page."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import as_completed
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, NoReturn

from tqdm import tqdm

from ..base.files import write_file, write_json
from ..base.folders import lock_folder
from ..base.project import RunError, Stopped, UserError, count_processors, find_outputs, find_root, shorten_path
from .comparison import FILES, make_report
from .ingredients import describe_inputs, find_notebooks
from .notebook_process import preload, start_threads
from .parameters import Parameters, read_parameters
from .record import SWEEP, SweepRecord, read_keys, read_run, refuse_earlier
from .runner import run_all
from .steps import FOLDER, USUAL, Execution, is_whole, plan_steps, shrink_store
from .sweep_file import Sweep

TOPIC = "adoption"
"""Topic of Dask on which workers say how far a run is."""


class Progress:
    """Progress of a sweep on the error stream: a bar over its notebooks on a terminal, else lines with an estimate.

    Parameters
    ----------
    sweep : Sweep
    notebooks : int
        Number of notebooks of a run.
    """

    def __init__(self, sweep: Sweep, notebooks: int):
        self.sweep, self.notebooks, self.begun, self.ended = sweep, notebooks, 0, 0
        self.since, self.lock = time.monotonic(), threading.Lock()
        stream = sys.__stderr__
        plain = stream is None or not stream.isatty()
        self.bar = tqdm(total=len(sweep.runs) * notebooks, unit="notebook", file=stream, disable=plain, leave=False)

    def begin(self, run: Parameters) -> None:
        """Say that a run begins, and what it varies."""
        with self.lock:
            self.begun += 1
            varied = ", ".join(f"{name} {getattr(run, name)}" for name in self.sweep.varied)
            self.say(f"{run.run} begins ({self.begun} of {len(self.sweep.runs)}): {varied or 'nothing varies'}")

    def step(self, line: str) -> None:
        """Count a notebook, by the line that tells of it."""
        self.bar.update(self.notebooks if line.startswith("Nothing changed") else line[:1].isdigit())

    def end(self, run: str, how: str) -> None:
        """Say how a run ended, and how long the others may take."""
        with self.lock:
            self.ended += 1
            left = len(self.sweep.runs) - self.ended
            seconds = (time.monotonic() - self.since) / self.ended * left
            rest = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
            self.say(f"{self.ended}/{len(self.sweep.runs)} {run}  {how}{f'; about {rest} left' if left else ''}")

    def say(self, line: str) -> None:
        """Print a line, above the bar where there is one."""
        self.bar.clear()
        print(line, file=sys.stderr, flush=True)
        self.bar.refresh()


def run_sweep(
    sweep: Sweep, execution: Execution = USUAL, scheduler: str = "", notebooks: Path | None = None
) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that aren't there yet, and sum up all of them.

    Parameters
    ----------
    sweep : Sweep
    execution : Execution
    scheduler : str
        Address of a Dask scheduler whose workers make the runs; "" for this machine.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.

    Returns
    -------
    Path and dict
        The sweep's folder, and the message of each run that failed.

    Raises
    ------
    BusyError
        If another process makes this sweep.
    RunError
        If the folder holds something else.
    """
    folder = find_outputs() / sweep.name
    with lock_folder(folder, "sweep", execution.wait) as shop:
        if folder.exists() and not (folder / SWEEP).exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        record = SweepRecord(sweep=sweep.name, varied=list(sweep.varied), runs=runs)
        write_json(folder / SWEEP, record.model_dump())
        progress = Progress(sweep, len(find_notebooks(notebooks)))
        if scheduler:
            record.failed = make_on_cluster(sweep.runs, folder, execution, scheduler, progress)
        else:
            record.failed = make_here(sweep.runs, folder, execution, notebooks, progress)
        write_json(folder / SWEEP, record.model_dump())
        write_summary(sweep, folder, shop)
    shrink_store(find_outputs(), read_keys(find_outputs()))
    return folder, record.failed


def plan_sweep(sweep: Sweep, notebooks: Path | None = None) -> list[str]:
    """Lines that say of each run what it varies and how many notebooks it would execute; nothing is made."""
    sources, store, known, lines = find_notebooks(notebooks), find_outputs() / FOLDER, set[str](), []
    for run in sweep.runs:
        keys = {step.key for step in plan_steps(sources, run, describe_inputs(run, sources)).values()}
        new = [key for key in keys - known if not is_whole(store / key)]
        known |= keys
        varied = ", ".join(f"{name} {getattr(run, name)}" for name in sweep.varied)
        lines.append(f"{run.run}  {varied}  {len(new)} of {len(keys)} notebooks run")
    return lines


def make_here(
    runs: Sequence[Parameters], folder: Path, execution: Execution, notebooks: Path | None, progress: Progress
) -> dict[str, str]:
    """Make runs in a folder on this machine; returns the message of each one that failed."""
    preload()

    def make(run: Parameters) -> str:
        began = time.monotonic()
        progress.begin(run)
        run_all(run, notebooks, execution, outputs=folder, tell=progress.step)
        return f"{time.monotonic() - began:.1f} s"

    with start_threads(2 * count_processors()) as pool:  # some wait for what others make
        made = {pool.submit(make, run): run.run for run in runs}
        return await_all(made, as_completed(made), (RunError, ValueError, OSError), progress)


def await_all(
    made: dict[Any, str], finished: Any, errors: tuple[type[Exception], ...], progress: Progress
) -> dict[str, str]:
    """Say how each run ended as its future does; returns the message of each one that failed."""
    failed = {}
    for future in finished:
        try:
            how = future.result()
        except errors as error:
            failed[made[future]] = str(error)
            how = f"failed: {str(error).splitlines()[0]}"
        progress.end(made[future], how)
    return failed


# ---- on other machines ----------------------------------------------------------------------------------------------


def make_on_cluster(
    runs: Sequence[Parameters], folder: Path, execution: Execution, address: str, progress: Progress
) -> dict[str, str]:
    """Make runs on the workers of a Dask scheduler, which see project, data and outputs at the same paths."""
    try:
        import distributed
    except ImportError as error:
        raise UserError(
            "--scheduler needs dask and distributed. Install the extra 'cluster' of this package from its checkout or "
            "wheel, as in: pip install '.[cluster]'"
        ) from error
    told: dict[str, Any] = {"folder": str(folder), "outputs": str(find_outputs()), "project": str(find_root())}
    told |= {"longest": execution.longest, "strict": execution.strict}
    with distributed.Client(address) as client:
        client.subscribe_topic(TOPIC, lambda event: progress.say(event[1]))
        futures = client.map(make_elsewhere, [{**told, "parameters": run.model_dump()} for run in runs], pure=False)
        made = dict(zip(futures, (run.run for run in runs), strict=True))
        try:
            return await_all(made, distributed.as_completed(futures), (RunError, distributed.KilledWorker), progress)
        finally:
            client.cancel(futures)


def make_elsewhere(told: dict[str, Any]) -> str:
    """Seconds, in words, of a run made in a process of its own: a worker of Dask may start none by multiprocessing.

    The process ends with this worker, and where nobody waits for the run any more. Its lines go to the client.
    """
    from distributed import get_worker

    worker, run, began = get_worker(), told["parameters"]["run"], time.monotonic()
    key = worker.get_current_task()
    command = [sys.executable, "-P", "-c", "from adoption_curves.runs.sweep import make_told; make_told()"]
    given: dict[str, Any] = {"cwd": told["project"], "env": {**os.environ, "ADOPTION_OUTPUTS": told["outputs"]}}
    with TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, **given
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()  # and stays open: where it ends, the process ends itself
        lines = iter(process.stdout.readline, "")
        telling = threading.Thread(
            target=lambda: [worker.log_event(TOPIC, f"{run}: {line.strip()}") for line in lines], daemon=True
        )
        telling.start()
        while process.poll() is None:
            task = worker.state.tasks.get(key)
            if task is None or task.state != "executing":  # the client has gone, or no longer wants it
                process.stdin.close()
                process.wait()
            time.sleep(0.2)
        telling.join()
        errors.seek(0)
        if process.returncode:
            raise RunError(errors.read().strip() or f"the process of the run ended with {process.returncode}")
    return f"{time.monotonic() - began:.1f} s"


def make_told() -> None:
    """Make the run on the first line of standard input, until that ends; if a lost worker began it, wait for it."""
    told = json.loads(sys.stdin.readline())

    def raise_stopped(number: int, frame: Any) -> NoReturn:
        raise Stopped(number)

    def end_with_worker() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, raise_stopped)
    threading.Thread(target=end_with_worker, daemon=True).start()
    execution = Execution(longest=told["longest"], strict=told["strict"], wait=True)
    parameters = read_parameters(told["parameters"])
    try:
        run_all(parameters, None, execution, outputs=Path(told["folder"]), tell=lambda line: print(line, flush=True))
    except (RunError, ValueError, Stopped) as error:
        raise SystemExit(getattr(error, "word", "") or str(error)) from None


# ---- the page -------------------------------------------------------------------------------------------------------


def is_made(folder: Path) -> bool:
    """True if a run of a sweep is there, with the parameters that the sweep asks for."""
    try:
        refuse_earlier(folder, read_run(folder))
    except UserError:
        return False
    return True


def write_summary(sweep: Sweep, folder: Path, shop: Path) -> None:
    """Write the comparison of all runs of a sweep into its folder: a table, a figure and ``index.html``."""
    named = f" --name {sweep.name}" if Path(sweep.file).stem != sweep.name else ""
    names, data = [f"{sweep.name}/{run.run}" for run in sweep.runs], {run.data for run in sweep.runs}
    command, files = f"adoption sweep {sweep.file}{named}", dict[str, bytes]()
    if any(is_made(folder / run.run) for run in sweep.runs):
        files = make_report(names, folder, command, data, shop)
    for name in FILES - files.keys():
        (folder / name).unlink(missing_ok=True)  # of an earlier time
    for name, content in files.items():
        write_file(folder / name, content)
