"""A run from top to bottom: each notebook is executed, or its result taken from the store; then the pages."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..base.files import hash_file, write_json
from ..base.folders import keep_edited, lock_folder, replace_folder
from ..base.project import find_outputs
from . import manifest
from .failures import LOG, Attempt
from .ingredients import describe_inputs, find_notebooks, list_copies
from .notebook_process import start_fork_server, start_threads
from .parameters import Parameters, complete_parameters
from .steps import USUAL_EXECUTION, Execution, Step, execute_steps, list_changed, plan_steps


def print_line(line: str) -> None:
    """Print a line of progress on the error stream, at once."""
    print(line, file=sys.stderr, flush=True)


def run_all(
    parameters: Parameters,
    notebooks: Path | None = None,
    execution: Execution = USUAL_EXECUTION,
    *,
    outputs: Path | None = None,
    before_commit: Callable[[], object] = lambda: None,
    tell: Callable[[str], object] = print_line,
) -> Path:
    """Folder of the run ``<outputs>/<run>/``, made atomically; results from the same inputs are reused.

    Parameters
    ----------
    parameters : Parameters
        As they are given; the rest is completed from the data.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.
    execution : Execution
    outputs : Path, optional
        Folder that holds the run; `adoption_curves.base.project.find_outputs` by default.
    before_commit : callable
        Called just before the run is put in place: a later stop finds it complete.
    tell : callable
        Gets a line for each notebook, and each note on the data.

    Returns
    -------
    Path
        The run's folder.

    Raises
    ------
    ParameterError, adoption_curves.indicators.DataError
        Before any notebook starts.
    NotebookFailed
        The last complete run is then still in place, and the next attempt reuses what this one has made.
    BusyError
        If another process makes this run.
    RunError
        If the folder holds something that isn't a run, or what the run is made from changes meanwhile.
    """
    final = (outputs or find_outputs()) / parameters.run
    with lock_folder(final, wait=execution.wait) as shop, Attempt(final, tell) as attempt:
        # Describe what the run is made from. Where the last one was made from the same, there is nothing to do.
        sources = find_notebooks(notebooks)
        attempt.tell(*list_copies(notebooks))
        inputs = describe_inputs(parameters, sources, execution.pdf)
        if not execution.forced and manifest.is_current(final, inputs):
            attempt.tell(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.")
            attempt.clear()
            return final

        # Complete the parameters and check them against the data, while the libraries of the notebooks are imported.
        start_fork_server()
        completed, data, notes = _check_data(parameters, final, execution.strict, attempt.tell)
        manifest.list_edited(final)  # refuses files that are somebody's
        from .pages import render_executed, write_pages  # nbconvert, which a run of which nothing changed needs not

        # Execute each notebook as soon as those that it reads are done; copy its result and render its page.
        new, bodies, steps = shop / parameters.run, {}, plan_steps(sources, completed, inputs)
        before = manifest.read_parts(final)
        attempt.keep()
        with start_threads(len(steps)) as pool:
            for step, (how, stray) in execute_steps(steps, pool, shop, execution, final):
                _add_result(step.result, new, step.name)
                bodies[step.name] = render_executed(new, step.name)
                why = _explain_change(step, before) if how != "unchanged" else ""
                attempt.tell(f"{len(bodies)}/{len(steps)} {step.name}  {how}{why}", beside=stray)

        # Write pages, record and log, and put the run in the place of the one before.
        write_pages(new, manifest.describe_run(new, completed, inputs, data, notes), bodies)
        before_commit()
        if edited := manifest.list_edited(final):
            attempt.tell(keep_edited(final, edited))
        (new / LOG).write_text("\n".join([*attempt.lines, ""]), encoding="utf-8")
        replace_folder(final, new)
        attempt.clear()
    return final


def _check_data(
    parameters: Parameters, final: Path, strict: bool, tell: Callable[..., object]
) -> tuple[Parameters, Any, list[str]]:
    """Parameters completed from the data, the data, and notes on both, which it tells, once it has checked them."""
    from .check_series import check_parameters, list_notes, refuse_doubtful  # these import pandas

    completed = complete_parameters(parameters)
    data = check_parameters(completed)
    notes = list_notes(data, completed)
    tell(*notes)
    if strict:
        refuse_doubtful(data, completed, final)
    return completed, data, notes


def _add_result(result: Path, folder: Path, name: str) -> manifest.Entry:
    """Entry of a notebook whose result is added from the store to a run's folder, under the name of this run."""
    shutil.copytree(result, folder, dirs_exist_ok=True)
    copy = manifest.locate(folder, f"notebooks/{name}.ipynb")
    entry = manifest.read_part(manifest.entry_path(folder, name), manifest.Entry)
    content = json.loads(copy.read_text(encoding="utf-8"))
    given = content["metadata"]["papermill"]["parameters"]
    if given.get("run", folder.name) != folder.name:
        for cell in content["cells"]:
            if "injected-parameters" in cell["metadata"].get("tags", []):
                lines = [line.replace(f'run = "{given["run"]}"', f'run = "{folder.name}"') for line in cell["source"]]
                cell["source"] = lines
        given["run"] = folder.name
        write_json(copy, content)
        entry = entry.model_copy(update={"executed": hash_file(copy)})
        manifest.write_entry(folder, name, entry)
    return entry


def _explain_change(step: Step, before: Mapping[str, Mapping[str, str]]) -> str:
    """Why a notebook ran again: ``" (the data changed)"``; ``""`` where it has not run before."""
    changed = list_changed(step.parts, before[step.name]) if before.get(step.name) else []
    return f" ({' and '.join(changed)} changed)" if changed else ""
