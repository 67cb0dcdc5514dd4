"""One notebook: executed by papermill in a kernel of its own, and described in a few lines when it fails."""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import papermill
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines

from helpers.project import RunError, shorten_path, write_json
from helpers.runs.kernels import KernelManager, open_kernel


class NotebookFailed(RunError):
    """A notebook of a run failed; the message says which one, where, why, and where its copy lies."""


@dataclass
class Kernels:
    """How the kernels of a run are started, and those that run.

    Attributes
    ----------
    environment : dict
        The kernels' environment.
    folder : Path
        Where they start.
    forked : bool
        Forked from a process that has the libraries, or each an interpreter of its own.
    cell_seconds, notebook_seconds : float
        The longest that a cell and a notebook may take.
    """

    environment: dict[str, str]
    folder: Path
    forked: bool
    cell_seconds: float = 600
    notebook_seconds: float = 1800
    running: set[KernelManager] = field(default_factory=set)
    stopped: bool = False

    def stop(self) -> None:
        """End every kernel that runs, at once, and let none start."""
        self.stopped = True
        for manager in list(self.running):
            manager.stop()


class RunEngine(NBClientEngine):
    """papermill's engine with our kernels; the executed copy is written at the end only, not after each cell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, *, kernels: Kernels, **options: Any) -> None:
        """Execute the cells; whatever becomes of them, papermill writes the copy after this."""
        end = time.monotonic() + kernels.notebook_seconds
        target, nb_man.output_path = nb_man.output_path, None
        try:
            with open_kernel(kernels.forked) as manager:
                kernels.running.add(manager)
                if kernels.stopped:
                    raise RuntimeError("the kernels of this run were stopped")
                client = PapermillNotebookClient(
                    nb_man,
                    km=manager,
                    kernel_name=kernel_name,
                    shutdown_kernel="immediate",
                    timeout_func=lambda cell: max(0.1, min(kernels.cell_seconds, end - time.monotonic())),
                )
                client.execute(env=kernels.environment, cwd=str(kernels.folder), cleanup_kc=True)
                kernels.running.discard(manager)
        finally:
            nb_man.output_path = target


papermill_engines.register("run", RunEngine)


def execute_notebook(
    source: Path, target: Path, values: Mapping[str, Any], kernels: Kernels, log: Callable[[str], None]
) -> None:
    """Execute `source` with parameters `values` into `target`, a run's ``notebooks/<name>.ipynb``.

    `log` is told what the notebook wrote to its error stream: that belongs to no page.

    Raises
    ------
    NotebookFailed
        If a cell fails or takes too long, or the kernel dies.
    """
    for library in ("papermill", "asyncio", "traitlets"):  # what they'd say of a failure is said by describe_failure
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        papermill.execute_notebook(
            str(source).replace("{", "{{").replace("}", "}}"),
            str(target).replace("{", "{{").replace("}", "}}"),
            parameters=dict(values),
            engine_name="run",
            kernel_name="python3",
            progress_bar=False,
            kernels=kernels,
        )
    except Exception as error:
        raise NotebookFailed(describe_failure(error, source, target)) from error
    _clean_copy(source, target, log)


def _clean_copy(source: Path, target: Path, log: Callable[[str], None]) -> None:
    """Name the project's paths in the executed copy instead of this machine's, and move stray streams to the log."""
    content = json.loads(target.read_text(encoding="utf-8"))
    content["metadata"]["papermill"] |= {"input_path": f"notebooks/{source.name}", "output_path": target.name}
    for cell in content["cells"]:
        stray = [output for output in cell.get("outputs", []) if output.get("name", "stdout") != "stdout"]
        cell |= {"outputs": [output for output in cell["outputs"] if output not in stray]} if stray else {}
        for output in stray:
            log(f"{source.stem}: {''.join(output['text']).rstrip()}")
    write_json(target, content)


# ---- when a notebook fails ----------------------------------------------------------------------------------------


def describe_failure(error: Exception, source: Path, target: Path) -> str:
    """Ten lines at most: notebook, cell, error, our last frame, and where the partial copy lies."""
    try:
        cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError):  # no copy, or a part of it because the disk is full
        cells = []
    started = [index for index, cell in enumerate(cells) if cell["metadata"].get("papermill", {}).get("start_time")]
    texts = ["".join(cell["source"]) for cell in cells[: started[-1] if started else 0] if cell["cell_type"] == "markdown"]
    headings = re.findall(r"^#+\s+(.+)$", "\n".join(texts), flags=re.MULTILINE)
    lines = [f"Notebook {source.stem} failed" + (f' in the part "{headings[-1].strip()}"' if headings else "")]
    lines += _describe_error(error)
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(getattr(error, "traceback", None) or []))
    frames = re.findall(r"File \S*?(src/helpers/[\w/]+\.py):(\d+), in ([\w.<>]+)", text)
    lines += ["  at {}:{} in {}".format(*frames[-1])] if frames else []
    return "\n".join([*lines, *([f"Executed up to there: {shorten_path(target)}"] if cells else [])])


def _describe_error(error: Any) -> list[str]:
    kind, text = type(error).__name__, str(error)
    if kind == "PapermillExecutionError":
        kind, text = error.ename, error.evalue
    elif kind == "CellTimeoutError":
        kind, text = "Time-out", "the cell took longer than it may"
    elif kind == "DeadKernelError":
        kind, text = "Kernel died", "the notebook's process ended; it may have run out of memory"
    lines = [line.rstrip() for line in f"{kind}: {text}".splitlines() if line.strip()]
    return [f"  {line[:240]}" for line in lines[:4]] + (["  ..."] if len(lines) > 4 else [])
