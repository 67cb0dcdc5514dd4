"""Making one run of a sweep, in whatever process it's asked for: a local worker's, or a Dask worker's."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from helpers.fork_server import ForkServer, can_fork
from helpers.parameters import ParameterError, Parameters
from helpers.project import RunError


@dataclass(frozen=True)
class Task:
    """A run to make: its parameters, the sweep's folder, runs to take notebooks over from, and notebooks at once."""

    parameters: Mapping[str, Any]
    folder: Path
    origins: tuple[Path, ...] = ()
    at_once: int = 1
    notebooks: Path | None = None

    @property
    def run(self) -> str:
        """Name of the run."""
        return self.parameters["run"]


@dataclass(frozen=True)
class Outcome:
    """What became of a run: an empty message is success."""

    run: str
    seconds: float
    message: str = ""


@lru_cache(maxsize=1)
def find_server() -> ForkServer | None:
    """The process that forks this worker's kernels; it ends with the worker."""
    return ForkServer() if can_fork() else None


def make_run(task: Task, server: ForkServer | None = None) -> Outcome:
    """Make a run, with kernels of `server` or of this process's own.

    If the server dies meanwhile, the run goes on with another. What goes wrong becomes the outcome's message, so that
    the other runs go on.
    """
    started = time.monotonic()
    server = server if server and server.is_alive() else find_server()
    message = _try_run(task, server)
    if message and server and not server.is_alive():
        find_server.cache_clear()  # in case it was our own
        message = _try_run(task, find_server())
    return Outcome(task.run, time.monotonic() - started, message)


def _try_run(task: Task, server: ForkServer | None) -> str:
    from helpers import indicators, pipeline

    try:
        pipeline.run_all(
            Parameters(**task.parameters),
            task.notebooks,
            outputs=task.folder,
            origins=task.origins,
            at_once=task.at_once,
            server=server,
        )
    except (RunError, ParameterError, indicators.DataError) as error:
        return str(error)
    except Exception as error:  # noqa: BLE001  one of ours, or the system's: a full disk, say
        return f"{type(error).__name__}: {error}"
    return ""
