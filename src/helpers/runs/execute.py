"""One notebook: executed by papermill in a kernel of its own, and described in a few lines when it fails."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import time
from collections.abc import Mapping
from contextvars import Context
from pathlib import Path
from typing import Any

import nbformat
import papermill
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelspec import get_kernel_dict
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import NBClientEngine, papermill_engines
from papermill.parameterize import parameterize_notebook

from ..base.files import write_json
from ..base.project import RunError, shorten_path
from .kernels import ENVIRONMENT, can_fork, open_kernel, open_log
from .notebook import PDF, RUNNER
from .sequence import Execution


class NotebookFailed(RunError):
    """A notebook of a run failed; the message says which one, where, why, and where its copy lies."""


class RunEngine(NBClientEngine):
    """papermill's engine with our kernels; the executed copy is written at the end only, not after each cell."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,
        kernel_name: str,
        *,
        writes: Path,
        outputs: Path,
        folder: str,
        execution: Execution,
        stray: list[str],
        **options: Any,
    ) -> None:
        """Execute the cells; whatever becomes of them, papermill writes the copy after this."""
        end = time.monotonic() + execution.limits[1]
        environment = {**os.environ, **ENVIRONMENT, "ADOPTION_OUTPUTS": str(outputs), RUNNER: str(writes)}
        environment |= {
            PDF: "1" if execution.pdf else "",
            "IPYTHONDIR": str(writes.parent),
        }  # the work folder's, which has no profile
        target, nb_man.output_path = nb_man.output_path, None
        try:
            with open_kernel(not execution.isolated and can_fork()) as manager:
                client = PapermillNotebookClient(
                    nb_man,
                    km=manager,
                    kernel_name=kernel_name,
                    shutdown_kernel="immediate",
                    timeout_func=lambda cell: max(0.1, min(execution.limits[0], end - time.monotonic())),
                )
                client.execute(env=environment, cwd=folder, cleanup_kc=True)
                log = open_log(manager.connection_file)
                stray += log.read_text(errors="replace").splitlines() if log.exists() else []
        finally:
            nb_man.output_path = target


papermill_engines.register("run", RunEngine)


def execute_notebook(
    source: Path,
    target: Path,
    values: Mapping[str, Any],
    execution: Execution,
    partial: Path,
    outputs: Path | None = None,
) -> tuple[str, ...]:
    """Execute `source` with parameters `values` into `target`, a run's ``notebooks/<name>.ipynb``.

    Parameters
    ----------
    source, target : Path
    values : mapping
    execution : Execution
    partial : Path
        Where the copy goes, executed as far as it came, when the notebook fails.
    outputs : Path, optional
        Folder of the runs that the notebook may read; by default it knows its own alone.

    Returns
    -------
    tuple of str
        What the notebook wrote to its error stream: that belongs to no page.

    Raises
    ------
    NotebookFailed
        If a cell fails or takes too long, or the kernel dies.
    """
    for library in ("papermill", "asyncio", "traitlets"):  # what they'd say of a failure is said by describe_failure
        logging.getLogger(library).setLevel(logging.CRITICAL)
    stray: list[str] = []
    try:
        Context().run(  # nbclient finds its event loop in the context, which Dask's threads have copies of
            papermill.execute_notebook,
            str(source).replace("{", "{{").replace("}", "}}"),
            str(target).replace("{", "{{").replace("}", "}}"),
            parameters=dict(values),
            engine_name="run",
            kernel_name="python3",
            progress_bar=False,
            writes=target.parents[1],
            outputs=outputs or target.parents[2],
            folder=str(source.parent),
            execution=execution,
            stray=stray,
        )
    except Exception as error:
        if target.is_file():
            partial.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(target, partial)
        raise NotebookFailed(describe_failure(error, source, partial)) from error
    return (*stray, *_clean_copy(source, target))


def _clean_copy(source: Path, target: Path) -> tuple[str, ...]:
    """Name the project's paths in the executed copy, not this machine's; takes out and returns stray streams."""
    content = json.loads(target.read_text(encoding="utf-8"))
    content["metadata"]["papermill"] |= {"input_path": f"notebooks/{source.name}", "output_path": target.name}
    stray = []
    for cell in content["cells"]:
        streams = [output for output in cell.get("outputs", []) if output.get("name", "stdout") != "stdout"]
        stray += ["".join(output["text"]).rstrip() for output in streams]
        if streams:
            cell["outputs"] = [output for output in cell["outputs"] if output not in streams]
    write_json(target, content)
    return tuple(stray)


def name_run(notebook: Path, run: str) -> bool:
    """Give the executed copy of a notebook the name of the run in whose folder it lies; whether it had another."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    given = content["metadata"]["papermill"]["parameters"]
    if given.get("run", run) == run:
        return False
    filled = parameterize_notebook(nbformat.from_dict(content), given | {"run": run})
    write_json(notebook, filled)
    return True


def name_kernel(notebook: Any) -> None:
    """Name kernel and language as JupyterLab will: a notebook that it opens is then not changed before one types."""
    names = {"name": "python3", "language": "python", "display_name": get_kernel_dict()["display_name"]}
    notebook.metadata |= {"kernelspec": names, "language_info": dict(IPythonKernel.language_info)}


def fill_notebook(source: Path, values: Mapping[str, Any]) -> bytes:
    """The notebook with papermill's cell of parameters, not executed."""
    notebook = nbformat.read(source, 4)
    name_kernel(notebook)
    notebook.metadata["papermill"] = {}
    for cell in notebook.cells:
        cell.metadata.setdefault("tags", [])  # papermill counts on them
    filled = parameterize_notebook(notebook, dict(values), kernel_name="python3", language="python")
    del filled.metadata["papermill"]
    for cell in filled.cells:
        if "injected-parameters" in cell.metadata["tags"]:
            cell["id"] = "injected-parameters"  # papermill draws one at random
        elif not cell.metadata["tags"]:
            del cell.metadata["tags"]
    return (nbformat.writes(filled, 4) + "\n").encode()


# ---- when a notebook fails ----------------------------------------------------------------------------------------


def describe_failure(error: Exception, source: Path, target: Path) -> str:
    """Ten lines at most: notebook, cell, error, our last frame, and where the partial copy lies."""
    try:
        cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError):  # no copy, or a part of it because the disk is full
        cells = []
    started = [index for index, cell in enumerate(cells) if cell["metadata"].get("papermill", {}).get("start_time")]
    texts = [
        "".join(cell["source"]) for cell in cells[: started[-1] if started else 0] if cell["cell_type"] == "markdown"
    ]
    headings = re.findall(r"^#+\s+(.+)$", "\n".join(texts), flags=re.MULTILINE)
    lines = [f"Notebook {source.stem} failed" + (f' in the part "{headings[-1].strip()}"' if headings else "")]
    lines += _describe_error(error)
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(getattr(error, "traceback", None) or []))
    frames = re.findall(r"File \S*?((?:src/)?helpers/[\w/]+\.py):(\d+), in ([\w.<>]+)", text)
    lines += ["  at {}:{} in {}".format(*frames[-1])] if frames else []
    return "\n".join([*lines, *([f"Executed up to there: {shorten_path(target)}"] if cells else [])])


def _describe_error(error: Any) -> list[str]:
    words = {
        "CellTimeoutError": ("Time-out", "the cell took longer than it may"),
        "DeadKernelError": ("Kernel died", "the notebook's process ended; it may have run out of memory"),
    }
    kind, text = words.get(type(error).__name__, (type(error).__name__, str(error)))
    if kind == "PapermillExecutionError":
        kind, text = error.ename, error.evalue
    lines = [line.rstrip() for line in f"{kind}: {text}".splitlines() if line.strip()]
    return [f"  {line[:240]}" for line in lines[:4]] + (["  ..."] if len(lines) > 4 else [])
