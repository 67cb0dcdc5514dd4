"""Many runs from one file: checked together, made by several workers, and summed up in a table, a figure and a page.

Rooms: ``grid`` reads and checks the sets of parameters, ``making`` decides which run is made when, ``work`` makes one,
``workers`` and ``cluster`` are those that do it, ``summary`` tells what came out; local workers are forked from a
process that has imported ``readiness``. Only ``cluster`` knows Dask.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.fork_server import ServerEnded
from helpers.project import RunError, count_processors, find_outputs, hold_folder, shorten_path, write_json
from helpers.sweep.grid import Sweep, read_sweep

if TYPE_CHECKING:
    from helpers.fork_server import ForkServer
    from helpers.sweep.cluster import ClusterWorkers
    from helpers.sweep.workers import LocalWorkers

__all__ = ["Sweep", "read_sweep", "run_sweep"]


def run_sweep(
    sweep: Sweep,
    workers: int = 0,
    scheduler: str = "",
    notebooks: Path | None = None,
    server: ForkServer | None = None,
) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that aren't there yet, and sum up all of them.

    Parameters
    ----------
    sweep : Sweep
    workers : int
        Local workers; 0 for as many as there are processors, but no more than runs.
    scheduler : str
        Address of a Dask scheduler, whose workers make the runs instead.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.
    server : ForkServer, optional
        From which the local workers' kernels are forked; by default each worker starts one of its own.

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
        _check_place(folder)
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        write_json(folder / "sweep.json", {"sweep": sweep.name, "varied": sweep.varied, "runs": runs})
        from helpers.sweep.making import make_runs

        with _choose_workers(sweep, folder, workers, scheduler, server) as chosen:
            failed = make_runs(sweep.runs, folder, chosen, notebooks)
        _sum_up(server, sweep, folder, failed)
    return folder, failed


def _check_place(folder: Path) -> None:
    if folder.exists() and not (folder / "sweep.json").exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")


def _sum_up(server: ForkServer | None, *what: Any) -> None:
    """Write the summary, where there is a server in that, which has what's heavy to import."""
    if server:
        with suppress(ServerEnded):
            return server.call("helpers.sweep.summary:write_summary", *what)
    from helpers.sweep.summary import write_summary

    return write_summary(*what)


def _choose_workers(
    sweep: Sweep, folder: Path, count: int, scheduler: str, server: ForkServer | None
) -> ClusterWorkers | LocalWorkers:
    if scheduler:
        from helpers.sweep.cluster import ClusterWorkers

        return ClusterWorkers(scheduler, folder)
    from helpers.sweep.workers import LocalWorkers

    return LocalWorkers(min(count or count_processors(), len(sweep.runs)), server)
