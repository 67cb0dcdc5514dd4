"""Workers of an existing Dask cluster; they write the runs into the shared folder themselves."""

from __future__ import annotations

import logging
import queue
from pathlib import Path
from typing import Any, Self

from helpers.cache import digest
from helpers.project import RunError, hash_helpers
from helpers.sweep.work import Outcome, Task, make_run

SECONDS_TO_ANSWER = 5
GONE = "The Dask scheduler has gone. The same command goes on from here."


class ClusterWorkers:
    """The workers that a Dask scheduler knows; a run whose worker dies is given to another one by Dask.

    Raises
    ------
    RunError
        If Dask isn't installed, the scheduler doesn't answer, or a worker can't make runs: without this package in
        the same version, or without the folder.
    """

    def __init__(self, address: str, folder: Path):
        self._client = _connect(address)
        self._running: dict[Any, Task] = {}
        self._ended: queue.SimpleQueue[Any] = queue.SimpleQueue()
        try:
            self._check(address, folder)
        except BaseException:
            self._client.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._client.status == "running":
            self._client.cancel(list(self._running), force=True)
        self._client.close()

    def _check(self, address: str, folder: Path) -> None:
        if not self._count():
            raise RunError(f"The Dask scheduler at {address} has no workers. Start some: dask worker {address}")
        try:
            seen = self._client.run(look_around, folder)
        except Exception as error:
            raise RunError(
                f"The workers of {address} can't make runs ({type(error).__name__}: {error}). They need this package, "
                "installed from a checkout like this one."
            ) from error
        ours = look_around(folder)
        for worker, (version, visible) in seen.items():
            if not visible:
                raise RunError(
                    f"Worker {worker} doesn't see {folder}: runs are written by the workers into that folder."
                )
            if version != ours[0]:
                raise RunError(f"Worker {worker} has another version of this package. Install the same one everywhere.")

    def _count(self) -> int:
        return sum(worker["nthreads"] for worker in self._client.scheduler_info(n_workers=-1)["workers"].values())

    @property
    def free(self) -> int:
        """Runs that may be given out now; at least one in all, since workers come and go."""
        return max(self._count(), 1) - len(self._running)

    def give(self, task: Task) -> None:
        """Let a worker make a run."""
        future = self._client.submit(make_run, task, pure=False)
        self._running[future] = task
        future.add_done_callback(self._ended.put)

    def collect(self, seconds: float | None = None) -> list[tuple[Task, Outcome | None]]:
        """Wait for a run to end, `seconds` at the most, and return what ended; no outcome if Dask gave it up.

        Raises
        ------
        RunError
            If the scheduler has gone.
        """
        while True:
            try:
                future = self._ended.get(timeout=2 if seconds is None else seconds)
                break
            except queue.Empty:
                if self._client.status == "closed":
                    raise RunError(GONE) from None
                if seconds is not None:
                    return []
        if future.status in ("cancelled", "lost"):  # by nobody here: the client cancels what a lost scheduler had
            raise RunError(GONE)
        task = self._running.pop(future)
        try:
            return [(task, future.result())]
        except Exception:  # noqa: BLE001  KilledWorker: its workers died again and again
            return [(task, None)]


def _connect(address: str) -> Any:
    try:
        from distributed import Client
    except ImportError as error:
        raise RunError("--scheduler needs the extra 'cluster': pip install -e '.[cluster]'") from error
    for name in ("distributed", "distributed.client", "distributed.core"):  # we tell ourselves what goes wrong
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return Client(address, timeout=SECONDS_TO_ANSWER, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:  # a time-out is an OSError
        raise RunError(f"No Dask scheduler answers at {address}. Is it running, and is the address right?") from error


def look_around(folder: Path) -> tuple[str, bool]:
    """What a worker has: the version of this package, by content, and whether it sees the sweep's folder."""
    return digest(hash_helpers()), (folder / "sweep.json").exists()
