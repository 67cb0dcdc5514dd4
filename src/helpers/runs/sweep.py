"""Many runs from one file, some at a time, and summed up by a notebook in a table, a figure and a page."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from pathlib import Path

from ..base.files import write_file, write_json
from ..base.folders import lock_folder
from ..base.project import RunError, count_processors, find_outputs, shorten_path
from .comparison import KINDS, hide_content, make_report
from .parameters import Parameters
from .record import read_keys
from .runner import Execution, end_all, preload, run_all, shrink_store
from .sweep_file import Sweep

FILES = {"index.html", *(f"sweep.{kind}" for kind in KINDS)}


def run_sweep(sweep: Sweep, workers: int = 0, notebooks: Path | None = None) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that aren't there yet, and sum up all of them.

    Parameters
    ----------
    sweep : Sweep
    workers : int
        Notebooks at a time; 0 for as many as there are processors.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.

    Returns
    -------
    Path and dict
        The sweep's folder, and the message of each run that failed.

    Raises
    ------
    RunError
        If another process makes this sweep, or the folder holds something else.
    """
    folder = find_outputs() / sweep.name
    with lock_folder(folder, "sweep"):
        if folder.exists() and not (folder / "sweep.json").exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        record = {"sweep": sweep.name, "varied": sweep.varied, "full": sweep.full, "runs": runs}
        write_json(folder / "sweep.json", record)
        failed = make_runs(sweep.runs, folder, workers or count_processors(), notebooks)
        write_json(folder / "sweep.json", {**record, "failed": failed})
        write_summary(sweep, folder)
    shrink_store(find_outputs(), read_keys(find_outputs()))
    return folder, failed


def make_runs(runs: Sequence[Parameters], folder: Path, workers: int, notebooks: Path | None) -> dict[str, str]:
    """Make runs in a folder, and tell of each one when it has ended; returns the message of each one that failed."""
    execution, failed = Execution(slots=threading.Semaphore(workers)), dict[str, str]()
    preload()
    pool = ThreadPoolExecutor(2 * workers)  # some wait for what others make

    def make(run: Parameters) -> str:
        began = time.monotonic()
        run_all(run, notebooks, execution, outputs=folder, tell=lambda line: None)
        return f"{time.monotonic() - began:.1f} s"

    made: dict[Future[str], str] = {pool.submit(make, run): run.run for run in runs}
    try:
        for told, future in enumerate(as_completed(made), start=1):
            try:
                how = future.result()
            except (RunError, ValueError) as error:
                failed[made[future]] = str(error)
                how = f"failed: {str(error).splitlines()[0]}"
            print(f"{told}/{len(made)} {made[future]}  {how}", flush=True)
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        end_all(made)
        raise
    pool.shutdown()
    return failed


def write_summary(sweep: Sweep, folder: Path) -> None:
    """Write ``sweep.csv``, the figure and ``index.html`` over all runs into the sweep's folder, by a notebook."""
    links = {run.run: f"{run.run}/html/index.html" for run in sweep.runs}
    links = {run: page for run, page in links.items() if (folder / page).exists()}
    named = f" --name {sweep.name}" if Path(sweep.file).stem != sweep.name else ""
    files = make_report("compare_sweep", {"sweep": sweep.name}, links, f"adoption sweep {sweep.file}{named}")
    for name in FILES - files.keys():
        (folder / name).unlink(missing_ok=True)  # of an earlier time
    data = {run.data for run in sweep.runs}
    for name, content in files.items():
        write_file(folder / name, hide_content(name, content, data))
