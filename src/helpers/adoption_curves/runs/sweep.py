"""Many runs from one file, some at a time, compared in a table, a figure and a page."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from ..base.files import write_file, write_json
from ..base.folders import lock_folder
from ..base.project import RECORD, RunError, UserError, count_processors, find_outputs, find_root, shorten_path
from .comparison import FILES, make_report
from .ingredients import describe_inputs, find_notebooks
from .notebook_process import end_all, preload
from .parameters import Parameters, read_parameters
from .record import read_keys
from .runner import FOLDER, USUAL, Execution, is_whole, plan_steps, run_all, shrink_store
from .sweep_file import Sweep


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
    with lock_folder(folder, "sweep", execution.wait):
        if folder.exists() and not (folder / "sweep.json").exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        record = {"sweep": sweep.name, "varied": sweep.varied, "runs": runs}
        write_json(folder / "sweep.json", record)
        if scheduler:
            failed = make_on_cluster(sweep.runs, folder, execution, scheduler)
        else:
            failed = make_here(sweep.runs, folder, execution, notebooks)
        write_json(folder / "sweep.json", {**record, "failed": failed})
        write_summary(sweep, folder)
    shrink_store(find_outputs(), read_keys(find_outputs()))
    return folder, failed


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


def make_here(runs: Sequence[Parameters], folder: Path, execution: Execution, notebooks: Path | None) -> dict[str, str]:
    """Make runs in a folder on this machine; returns the message of each one that failed."""
    preload()
    pool = ThreadPoolExecutor(2 * count_processors())  # some wait for what others make

    def make(run: Parameters) -> str:
        began = time.monotonic()
        run_all(run, notebooks, execution, outputs=folder, tell=lambda line: None)
        return f"{time.monotonic() - began:.1f} s"

    made = {pool.submit(make, run): run.run for run in runs}
    try:
        failed = tell_finished(made, as_completed(made), (RunError, ValueError))
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        end_all(made)
        raise
    pool.shutdown()
    return failed


def tell_finished(made: dict[Any, str], finished: Any, errors: tuple[type[Exception], ...]) -> dict[str, str]:
    """Print a line for each run as its future ends; returns the message of each one that failed."""
    failed = {}
    for place, future in enumerate(finished, start=1):
        try:
            how = future.result()
        except errors as error:
            failed[made[future]] = str(error)
            how = f"failed: {str(error).splitlines()[0]}"
        print(f"{place}/{len(made)} {made[future]}  {how}", flush=True)
    return failed


def make_on_cluster(runs: Sequence[Parameters], folder: Path, execution: Execution, address: str) -> dict[str, str]:
    """Make runs on the workers of a Dask scheduler, which see project, data and outputs at the same paths."""
    try:
        import distributed
    except ImportError as error:
        raise UserError("--scheduler needs dask and distributed: pip install 'adoption-curves[cluster]'") from error
    told: dict[str, Any] = {"folder": str(folder), "outputs": str(find_outputs()), "project": str(find_root())}
    told |= {"longest": execution.longest, "strict": execution.strict}
    with distributed.Client(address) as client:
        futures = client.map(make_elsewhere, [{**told, "parameters": run.model_dump()} for run in runs], pure=False)
        made = dict(zip(futures, (run.run for run in runs), strict=True))
        try:
            return tell_finished(made, distributed.as_completed(futures), (RunError, distributed.KilledWorker))
        finally:
            client.cancel(futures)


def make_elsewhere(told: dict[str, Any]) -> str:
    """Seconds, in words, of a run made in a process of its own: a worker of Dask may start none by multiprocessing."""
    began, program = time.monotonic(), "from adoption_curves.runs.sweep import make_told; make_told()"
    environment = {**os.environ, "ADOPTION_OUTPUTS": told["outputs"]}
    command = [sys.executable, "-P", "-c", program]
    given = {"cwd": told["project"], "env": environment, "input": json.dumps(told)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, **given)
    if done.returncode:
        raise RunError(done.stderr.strip() or f"the process of the run ended with {done.returncode}")
    return f"{time.monotonic() - began:.1f} s"


def make_told() -> None:
    """Make the run on standard input; if a lost worker began it, wait for it."""
    told = json.load(sys.stdin)
    execution = Execution(longest=told["longest"], strict=told["strict"], wait=True)
    try:
        run_all(read_parameters(told["parameters"]), None, execution, outputs=Path(told["folder"]))
    except (RunError, ValueError) as error:
        raise SystemExit(str(error)) from None


def write_summary(sweep: Sweep, folder: Path) -> None:
    """Write the comparison of all runs of a sweep into its folder: a table, a figure and ``index.html``."""
    named = f" --name {sweep.name}" if Path(sweep.file).stem != sweep.name else ""
    names, data = [f"{sweep.name}/{run.run}" for run in sweep.runs], {run.data for run in sweep.runs}
    is_any = any((folder / run.run / RECORD).exists() for run in sweep.runs)
    files = make_report(names, folder, f"adoption sweep {sweep.file}{named}", data) if is_any else {}
    for name in FILES - files.keys():
        (folder / name).unlink(missing_ok=True)  # of an earlier time
    for name, content in files.items():
        write_file(folder / name, content)
