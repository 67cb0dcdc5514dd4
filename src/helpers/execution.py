"""One notebook: executed in a kernel of its own, and described in a few lines when it fails.

The only module that knows papermill.
"""

from __future__ import annotations

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import papermill
from papermill.engines import NBClientEngine, papermill_engines

from helpers.kernels import NotebookKernelManager
from helpers.project import RunError, shorten_path, write_json

CELL_SECONDS = 600
NOTEBOOK_SECONDS = 1800


class NotebookFailed(RunError):
    """A notebook of a run failed; the message says which one, where, why, and where its copy lies."""


@dataclass(frozen=True)
class Limits:
    """The longest that a cell and a notebook may take, in seconds."""

    cell: float = CELL_SECONDS
    notebook: float = NOTEBOOK_SECONDS


class SavingEngine(NBClientEngine):
    """papermill's engine, but the executed copy is written at the end only, not before and after each cell."""

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:
        """Execute the cells; whatever becomes of them, papermill writes the copy after this."""
        target, nb_man.output_path = nb_man.output_path, None
        try:
            super().execute_managed_notebook(nb_man, kernel_name, **options)
        finally:
            nb_man.output_path = target


papermill_engines.register("saving", SavingEngine)


def execute_notebook(
    source: Path,
    target: Path,
    values: Mapping[str, Any],
    kernels: type[NotebookKernelManager],
    limits: Limits,
) -> None:
    """Execute `source` with parameters `values` into `target`, a run's ``notebooks/<name>.ipynb``.

    Raises
    ------
    NotebookFailed
        If a cell fails or takes too long, or the kernel dies.
    """
    for library in ("papermill", "asyncio"):  # what they'd say of a failure is said by describe_failure
        logging.getLogger(library).setLevel(logging.CRITICAL)
    end = time.monotonic() + limits.notebook
    try:
        papermill.execute_notebook(
            str(source).replace("{", "{{").replace("}", "}}"),
            str(target).replace("{", "{{").replace("}", "}}"),
            parameters=dict(values),
            engine_name="saving",
            kernel_name="python3",
            progress_bar=False,
            kernel_manager_class=kernels,
            shutdown_kernel="immediate",
            timeout_func=lambda cell: max(0.1, min(limits.cell, end - time.monotonic())),
        )
    except Exception as error:
        raise NotebookFailed(describe_failure(error, source, target)) from error
    _name_paths(target, source)


def _name_paths(target: Path, source: Path) -> None:
    """Replace this machine's paths in the executed copy by the project's."""
    content = json.loads(target.read_text(encoding="utf-8"))
    content["metadata"]["papermill"] |= {
        "input_path": f"notebooks/{source.name}",
        "output_path": _name_output(target),
    }
    write_json(target, content)


def _name_output(target: Path) -> str:
    return f"outputs/{target.parents[1].name}/notebooks/{target.name}"


def rename_run(target: Path) -> None:
    """Give an executed copy that was taken over from another run the name of the run in whose folder it lies."""
    from papermill.translators import PythonTranslator

    content = json.loads(target.read_text(encoding="utf-8"))
    noted = content["metadata"]["papermill"]
    if "run" in noted["parameters"]:
        noted["parameters"]["run"] = target.parents[1].name
        given = PythonTranslator.codify(noted["parameters"], comment="Parameters")
        for cell in content["cells"]:
            if "injected-parameters" in cell["metadata"].get("tags", []):
                cell["source"] = given.splitlines(keepends=True)
    noted["output_path"] = _name_output(target)
    write_json(target, content)


def fill_notebook(source: Path, values: Mapping[str, Any]) -> bytes:
    """The notebook with papermill's cell of parameters, not executed."""
    import nbformat
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.read(source, 4)
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
    cells = _read_cells(target)
    index = _find_failed(cells)
    heading = _find_heading(cells[:index])
    lines = [f"Notebook {source.stem} failed" + (f' in the part "{heading}"' if heading else "")]
    lines += _describe_error(error)
    frame = _find_frame(getattr(error, "traceback", None) or [])
    if frame:
        lines.append(f"  at {frame}")
    if cells:
        lines.append(f"Executed up to there: {shorten_path(target)}")
    final = target.parents[4] / target.parents[3].name.removesuffix(".partial")
    if final.exists():
        lines.append(f"The last complete run in {shorten_path(final)} is unchanged.")
    return "\n".join(lines)


def _read_cells(target: Path) -> list[dict[str, Any]]:
    """Cells of the executed copy; none when there is no copy, or only a part of it because the disk is full."""
    try:
        return json.loads(target.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError):
        return []


def _describe_error(error: Any) -> list[str]:
    kind = type(error).__name__
    if kind == "PapermillExecutionError":
        kind, text = error.ename, error.evalue
    elif kind == "CellTimeoutError":
        kind, text = "Time-out", "the cell took longer than it may"
    elif kind == "DeadKernelError":
        kind, text = "Kernel died", "the notebook's process ended; it may have run out of memory"
    else:
        text = str(error)
    lines = [line.rstrip() for line in f"{kind}: {text}".splitlines() if line.strip()]
    return [f"  {line[:240]}" for line in lines[:4]] + (["  ..."] if len(lines) > 4 else [])


def _find_failed(cells: list[dict[str, Any]]) -> int:
    """Index of the cell that started last; papermill calls it completed when it was cut off."""
    started = [index for index, cell in enumerate(cells) if cell["metadata"].get("papermill", {}).get("start_time")]
    return started[-1] if started else 0


def _find_heading(cells: list[dict[str, Any]]) -> str:
    """The last Markdown heading in `cells`, without its marks."""
    for cell in reversed(cells):
        if cell["cell_type"] == "markdown":
            headings = re.findall(r"^#+\s+(.+)$", "".join(cell["source"]), flags=re.MULTILINE)
            if headings:
                return headings[-1].strip()
    return ""


def _find_frame(traceback: list[str]) -> str:
    """The last frame of IPython's `traceback` that is in our own package, as "src/helpers/run.py:33 in open_run"."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(traceback))
    frames = re.findall(r"File \S*?(src/helpers/[\w/]+\.py):(\d+), in ([\w.<>]+)", text)
    return "{}:{} in {}".format(*frames[-1]) if frames else ""
