"""Execution of one notebook in a process of its own, on Linux a fork with the libraries imported."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import connection, forkserver, resource_tracker
from pathlib import Path
from typing import Any

from ..base.files import hash_helpers, write_json
from ..base.project import RUNNER, UserError, shorten_path
from .failures import NotebookFailed, NotebookStopped, describe_failure

_ENVIRONMENT = {  # of every notebook of a run
    "PYTHONHASHSEED": "0",  # sets in one order, so that two runs agree to the byte
    "OMP_NUM_THREADS": "1",  # matrices are small here: threads of linear algebra would wait for each other
    "OPENBLAS_NUM_THREADS": "1",  # wins over the other where both are set
    "MATPLOTLIBRC": os.devnull,  # charts look alike whatever someone likes
    "PYTHONSAFEPATH": "1",  # a file that lies about and is called like a module is none
}
# The helpers as they were when the fork server imported them.
_LOADED: dict[str, str] = {}
# Held while a process starts, when Python reads the exit codes of all others, and while one is read: each once.
_ENDING = threading.Lock()
# Empty; while a person or the system ends all notebooks of this process, the word for how, such as interrupted.
_STOPPING: list[str] = []


def _can_fork() -> bool:
    """True if notebooks can be forked: not on macOS, nor with helpers that have changed since."""
    return sys.platform == "linux" and _LOADED in ({}, hash_helpers())


def start_fork_server() -> None:
    """Set the environment of notebooks; where they can be forked, start the server that imports the libraries."""
    os.environ.update(_ENVIRONMENT)  # new interpreters take their hash seed from here
    if _can_fork() and not _LOADED:
        _LOADED.update(hash_helpers())
        forkserver.set_forkserver_preload(["adoption_curves.runs.preload"])
        with _keep_interrupts():
            forkserver.ensure_running()


@contextmanager
def _keep_interrupts() -> Iterator[None]:
    """Keep Ctrl-C from processes that start in the block, for good: it is for this one, which then ends them."""
    resource_tracker.ensure_running()  # which would end the block
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def execute_notebook(
    source: Path, target: Path, values: Mapping[str, Any], failed: Path
) -> tuple[str, tuple[str, ...]]:
    """Hash of a notebook's copy, executed into `target`, a run's ``notebooks/<name>.ipynb``; lines of its error stream.

    Parameters
    ----------
    source, target : Path
    values : mapping
        Its parameters.
    failed : Path
        Where its folder will be after a failure, for the message: the copy, executed up to there, and its page.

    Returns
    -------
    str and tuple of str

    Raises
    ------
    NotebookFailed
        If a cell fails, or the notebook's process dies.
    """
    context = multiprocessing.get_context("forkserver" if _can_fork() else "spawn")
    folder, log = target.parents[1], target.parents[2] / f"{source.stem}.log"
    environment = {**_ENVIRONMENT, RUNNER: str(folder), "ADOPTION_OUTPUTS": str(folder.parent)}
    environment["IPYTHONDIR"] = str(folder.parent)
    arguments = str(source), str(target), dict(values), environment, str(log)
    process: Any = context.Process(target=_execute_there, args=arguments, daemon=True)  # type: ignore[attr-defined]
    with _ENDING, _keep_interrupts():
        process.start()
    connection.wait([process.sentinel])
    with _ENDING:
        process.join()
    if _STOPPING:
        raise NotebookStopped(_STOPPING[0])
    if process.exitcode:
        raise NotebookFailed(describe_failure(source, target, process.exitcode, _export_failed(target, failed)))
    # Name the project's paths in the executed copy, not this machine's.
    content = json.loads(target.read_text(encoding="utf-8"))
    content["metadata"]["papermill"] |= {"input_path": f"notebooks/{source.name}", "output_path": target.name}
    stray = tuple(log.read_text(errors="replace").split("\n")[:-1]) if log.exists() else ()
    return write_json(target, content, sync=False), stray


def _execute_there(*arguments: Any) -> None:
    """Execute a notebook in the process that was started for it, which alone loads the engine."""
    from .engine import execute

    execute(*arguments)


def _export_failed(target: Path, failed: Path) -> str:
    """Path, as a person will see it, of the page of a copy that failed, now beside it; "" where there is no copy."""
    from .pages import export_notebook

    if not target.is_file():
        return ""
    with suppress(OSError, UserError):  # no room, or an odd output: then it is the copy's
        target = export_notebook(target)[0]
    return shorten_path(failed / "notebooks" / target.name)


@contextmanager
def start_threads(count: int) -> Iterator[ThreadPoolExecutor]:
    """Thread pool for a block: if it fails, its notebooks run to their end; if it is stopped, they end."""
    pool = ThreadPoolExecutor(count)
    try:
        yield pool
    except Exception:
        pool.shutdown(cancel_futures=True)
        raise
    except BaseException as stopped:
        _STOPPING.append(getattr(stopped, "word", "interrupted"))
        ending = threading.Thread(target=pool.shutdown, kwargs={"cancel_futures": True})
        ending.start()
        while ending.is_alive():  # some may only be starting a notebook now
            for child in multiprocessing.active_children():
                child.kill()
            ending.join(0.05)
        _STOPPING.clear()
        raise
    pool.shutdown()
