"""A whole run: every notebook in order, then the record and the pages, put in place at once when all is well.

The only module that knows papermill.
"""

from __future__ import annotations

import ast
import json
import logging
import re
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from helpers.kernels import choose_kernels, stop_kernels
from helpers.parameters import ParameterError, Parameters, complete_parameters, suggest
from helpers.project import (
    RunError,
    find_data,
    find_outputs,
    find_root,
    hold_folder,
    replace_folder,
    restore_folder,
    write_json,
)
from helpers.record import describe_run

CELL_SECONDS = 600
NOTEBOOK_SECONDS = 1800
FEWEST_POINTS, FEWEST_DAYS = 3, 178
RUN_PARTS = {"run.json", "tables", "figures", "notebooks", "html"}


class NotebookFailed(RunError):
    """A notebook of a run failed; the message says which one, where, why, and where its copy lies."""


# ---- before anything starts ---------------------------------------------------------------------------------------


def find_notebooks(folder: Path | None = None) -> list[Path]:
    """The numbered notebooks in their order.

    Raises
    ------
    RunError
        If there are none.
    """
    folder = folder or find_root() / "notebooks"
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise RunError(f"There are no numbered notebooks (01_*.ipynb and so on) in {_short(folder)}.")
    return found


def read_declared(notebook: Path) -> dict[str, Any]:
    """Parameters that a notebook declares: names and defaults of the assignments in its ``parameters`` cell."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    declared = {}
    for cell in content["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            for statement in ast.parse("".join(cell["source"])).body:
                if isinstance(statement, ast.Assign):
                    declared[statement.targets[0].id] = ast.literal_eval(statement.value)
    return declared


def fill_notebook(source: Path, values: Mapping[str, Any]) -> bytes:
    """The notebook with papermill's cell of parameters, not executed."""
    import nbformat
    from papermill.parameterize import parameterize_notebook

    notebook = nbformat.read(source, 4)
    notebook.metadata["papermill"] = {}
    filled = parameterize_notebook(notebook, dict(values), kernel_name="python3", language="python")
    del filled.metadata["papermill"]
    for cell in filled.cells:
        if "injected-parameters" in cell.metadata.get("tags", []):
            cell["id"] = "injected-parameters"  # papermill draws one at random
    return (nbformat.writes(filled, 4) + "\n").encode()


def check_parameters(parameters: Parameters) -> Any:
    """Check the values against the data and the families, and return the data.

    Raises
    ------
    ParameterError
        If the data know no such entity, indicator or bound, or too few figures, or the curves no such family.
    helpers.indicators.DataError
        If the data themselves are wrong.
    """
    from helpers import indicators

    if set(parameters.families) - set(Parameters().families):
        from helpers.curves import FAMILIES

        for family in parameters.families:
            if family not in FAMILIES:
                raise ParameterError(f"parameter 'families' has the unknown '{family}'{suggest(family, FAMILIES)}")
    path = find_data(parameters.data)
    if not path.exists():
        missing = f"there is no such folder or file: {_short(path)}"
        raise ParameterError(f"parameter 'data' is '{parameters.data}', but {missing}")
    data = indicators.load(str(path), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    values = series.values[series.values > 0]
    if len(values) < FEWEST_POINTS or (values.index[-1] - values.index[0]).days < FEWEST_DAYS:
        until = f" up to {parameters.as_of}" if parameters.as_of else ""
        raise ParameterError(
            f"{parameters.indicator} of {parameters.entity} has {len(values)} exact figures above 0{until}; a forecast "
            f"needs {FEWEST_POINTS}, half a year apart: a slope, and a way to judge it. Choose another indicator or a "
            "later as_of"
        )
    return data


# ---- the run ------------------------------------------------------------------------------------------------------


def run_all(
    parameters: Parameters,
    finish: Callable[[Path], Any],
    notebooks: Path | None = None,
    cell_seconds: float = CELL_SECONDS,
    notebook_seconds: float = NOTEBOOK_SECONDS,
) -> Path:
    """Run all notebooks into ``outputs/<run>/``, whole or not at all.

    Parameters
    ----------
    parameters : Parameters
    finish : callable
        Called with the folder of the run when tables, figures and ``run.json`` are there, before the run is put in
        place: writes the pages.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.
    cell_seconds, notebook_seconds : float
        The longest that a cell and a notebook may take.

    Returns
    -------
    Path
        The run's folder.

    Raises
    ------
    ParameterError, helpers.indicators.DataError
        Before any kernel starts.
    NotebookFailed
        The last complete run is then still in place.
    RunError
        If another process makes this run, or the folder holds something that isn't a run.
    """
    parameters = complete_parameters(parameters)
    data = check_parameters(parameters)
    sources = find_notebooks(notebooks)
    final = find_outputs() / parameters.run
    with hold_folder(final):
        restore_folder(final)
        _check_replaceable(final)
        place = final.parent / f"{final.name}.partial"
        shutil.rmtree(place, ignore_errors=True)
        working = place / final.name
        (working / "notebooks").mkdir(parents=True)
        for number, source in enumerate(sources, 1):
            limits = (cell_seconds, notebook_seconds)
            _run_notebook(source, working, parameters, f"{number}/{len(sources)} {source.stem}", limits)
        write_json(working / "run.json", describe_run(working, parameters, sources, data))
        finish(working)
        replace_folder(final, working)
        shutil.rmtree(place, ignore_errors=True)
    return final


def _check_replaceable(folder: Path) -> None:
    """A folder with anything but the parts of a run is not a run's; git keeps only some parts of the baseline."""
    if folder.exists() and not {path.name for path in folder.iterdir()} <= RUN_PARTS:
        raise RunError(f"{_short(folder)} exists and doesn't look like a run. Move it away, or take another name.")


def _run_notebook(source: Path, working: Path, parameters: Parameters, title: str, limits: tuple[float, float]) -> None:
    started = time.monotonic()
    target = working / "notebooks" / source.name
    values = {name: value for name, value in parameters.model_dump().items() if name in read_declared(source)}
    try:
        _execute(source, target, values, title, limits)
    except Exception as error:
        raise NotebookFailed(describe_failure(error, source, target)) from error
    _name_paths(target, source)
    print(f"{title}  {time.monotonic() - started:.1f} s", flush=True)


def _execute(source: Path, target: Path, values: Mapping[str, Any], title: str, limits: tuple[float, float]) -> None:
    """Execute a notebook in a kernel of its own; Ctrl-C ends the kernel and goes on upwards."""
    import papermill

    for library in ("papermill", "asyncio"):  # what they'd say of a failure is said by describe_failure
        logging.getLogger(library).setLevel(logging.CRITICAL)
    kernels = choose_kernels(
        {
            "ADOPTION_OUTPUTS": str(target.parents[2]),
            "PYTHONHASHSEED": "0",  # sets in one order, so that two runs agree to the byte
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        },
        working_directory=source.parent,
    )
    end = time.monotonic() + limits[1]
    # not in the main thread: there nbclient takes Ctrl-C for itself and hangs
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(
            papermill.execute_notebook,
            str(source).replace("{", "{{").replace("}", "}}"),
            str(target).replace("{", "{{").replace("}", "}}"),
            parameters=dict(values),
            kernel_name="python3",
            progress_bar={"desc": title, "leave": False} if sys.stderr.isatty() else False,
            kernel_manager_class=kernels,
            shutdown_kernel="immediate",
            timeout_func=lambda cell: max(0.1, min(limits[0], end - time.monotonic())),
        )
        try:
            future.result()
        except KeyboardInterrupt:
            stop_kernels(kernels)
            raise


def _name_paths(target: Path, source: Path) -> None:
    """Replace this machine's paths in the executed copy by the project's."""
    content = json.loads(target.read_text(encoding="utf-8"))
    run = target.parents[1].name
    content["metadata"]["papermill"] |= {
        "input_path": f"notebooks/{source.name}",
        "output_path": f"outputs/{run}/notebooks/{target.name}",
    }
    write_json(target, content)


# ---- when a notebook fails ----------------------------------------------------------------------------------------


def describe_failure(error: Exception, source: Path, target: Path) -> str:
    """Ten lines at most: notebook, cell, error, our last frame, and where the partial copy lies."""
    cells = json.loads(target.read_text(encoding="utf-8"))["cells"] if target.exists() else []
    index = _find_failed(cells)
    heading = _find_heading(cells[:index])
    lines = [f"Notebook {source.stem} failed" + (f' in the part "{heading}"' if heading else "")]
    lines += _describe_error(error)
    frame = _find_frame(getattr(error, "traceback", None) or [])
    if frame:
        lines.append(f"  at {frame}")
    if target.exists():
        lines.append(f"Executed up to there: {_short(target)}")
    final = target.parents[3] / target.parents[1].name
    if final.exists():
        lines.append(f"The last complete run in {_short(final)} is unchanged.")
    return "\n".join(lines)


def _describe_error(error: Exception) -> list[str]:
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


def _find_failed(cells: list[dict]) -> int:
    """Index of the cell that started last; papermill calls it completed when it was cut off."""
    started = [index for index, cell in enumerate(cells) if cell["metadata"].get("papermill", {}).get("start_time")]
    return started[-1] if started else 0


def _find_heading(cells: list[dict]) -> str:
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


def _short(path: Path) -> str:
    """`path` as seen from the working directory when it's below, else whole."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
