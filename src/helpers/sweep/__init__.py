"""Many runs from one file: checked together, made by several workers, and summed up in a table, a figure and a page.

``grid`` reads and checks the sets of parameters, ``futures`` makes the runs with Dask, ``summary`` tells what came out.
"""

from __future__ import annotations

from pathlib import Path

from helpers.project import RunError, count_processors, find_outputs, hold_folder, shorten_path, write_json
from helpers.sweep.grid import Sweep, read_sweep

__all__ = ["Sweep", "read_sweep", "run_sweep"]


def run_sweep(
    sweep: Sweep, workers: int = 0, scheduler: str = "", notebooks: Path | None = None
) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that aren't there yet, and sum up all of them.

    Parameters
    ----------
    sweep : Sweep
    workers : int
        Notebooks at a time; 0 for as many as there are processors.
    scheduler : str
        Address of a Dask scheduler, whose workers make the runs instead.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.

    Returns
    -------
    Path and dict
        The sweep's folder, and the message of each run that failed.

    Raises
    ------
    RunError
        If another process makes this sweep, the folder holds something else, or the cluster can't be used.
    """
    folder = find_outputs() / sweep.name
    with hold_folder(folder, "sweep"):
        if folder.exists() and not (folder / "sweep.json").exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        write_json(folder / "sweep.json", {"sweep": sweep.name, "varied": sweep.varied, "runs": runs})
        from helpers.sweep.futures import make_runs
        from helpers.sweep.summary import write_summary

        failed = make_runs(sweep, folder, workers or count_processors(), scheduler, notebooks)
        write_summary(sweep, folder, failed)
    return folder, failed
