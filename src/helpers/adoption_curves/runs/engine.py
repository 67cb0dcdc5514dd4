"""Code that runs in the process of a notebook: papermill with IPython as its engine, without kernel, socket or port."""

from __future__ import annotations

import multiprocessing
import os
import random
import sys
import threading
from base64 import b64encode
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import papermill
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output
from nbformat.v4 import new_output
from papermill.engines import Engine, papermill_engines
from traitlets.config import Config


def execute(source: str, target: str, values: Mapping[str, Any], environment: Mapping[str, str], log: str) -> None:
    """Execute a notebook; its standard streams go to a log.

    Parameters
    ----------
    source, target : str
        Paths of the notebook and of its executed copy.
    values : mapping
        Parameters of the notebook.
    environment : mapping
        Environment variables by name.
    log : str
        Path of the log.

    Raises
    ------
    SystemExit
        If a cell fails.
    """
    os.setsid()  # Ctrl-C reaches only the run, which ends its notebooks itself
    os.environ.update(environment)
    os.chdir(Path(source).parent)
    handle = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    for stream in (1, 2):
        os.dup2(handle, stream)
    sys.stdout, sys.stderr = (open(stream, "w", buffering=1, closefd=False) for stream in (1, 2))  # noqa: SIM115
    threading.Thread(target=_end_with_parent, daemon=True).start()
    random.seed()  # otherwise all forks would draw the same numbers
    np.random.seed()  # noqa: NPY002  the global state that libraries use
    papermill_engines.register("here", _ShellEngine)
    files = [name.replace("{", "{{").replace("}", "}}") for name in (source, target)]
    try:
        papermill.execute_notebook(*files, dict(values), "here", kernel_name="python3", progress_bar=False)
    except papermill.PapermillExecutionError:
        raise SystemExit(1) from None


def _end_with_parent() -> None:
    """End this process when its parent process ends."""
    if parent := multiprocessing.parent_process():
        parent.join()
        os._exit(1)


class _Shell(InteractiveShell):
    """IPython without a terminal, which keeps the error of a cell for its output."""

    failure: Any = None

    def enable_gui(self, gui: str | None = None) -> None:
        pass

    def _showtraceback(self, etype: type, evalue: object, stb: list[str]) -> None:
        self.failure = new_output("error", ename=etype.__name__, evalue=str(evalue), traceback=stb)


class _ShellEngine(Engine):
    """Engine of papermill that executes cells in this process."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **_: Any) -> None:
        shell = _Shell.instance(config=Config({"HistoryManager": {"enabled": False}}))
        shell.enable_matplotlib("inline")
        save, nb_man.save = nb_man.save, lambda **_: None  # papermill saves twice per cell, a sixth of the time
        for index, cell in enumerate(nb_man.nb.cells):
            nb_man.cell_start(cell, index)
            if cell.cell_type == "code":
                save()  # if the process dies, the copy shows the cell
                error = _execute_cell(shell, cell)
                if shell.failure:
                    cell.outputs.append(shell.failure)
                    nb_man.cell_exception(cell, cell_index=index, exception=error)
                    break
            nb_man.cell_complete(cell, cell_index=index)
        nb_man.save = save


def _execute_cell(shell: Any, cell: Any) -> BaseException | None:
    """Execute a code cell and store its outputs in it; returns its error, if any."""
    with capture_output() as captured:
        capture = sys.displayhook
        shell.display_trap.hook = lambda value: (
            shell.displayhook.quiet() or capture(value)
        )  # quiet if the cell ends in ;
        result = shell.run_cell(cell.source, store_history=True)
    sys.stderr.write(captured.stderr)
    cell.execution_count = result.execution_count
    cell.outputs = [new_output("stream", name="stdout", text=captured.stdout)] if captured.stdout else []
    for each in captured.outputs:
        data = {kind: b64encode(one).decode() if isinstance(one, bytes) else one for kind, one in each.data.items()}
        cell.outputs.append(new_output("display_data", data=data, metadata=each.metadata or {}))
    return result.error_in_exec
