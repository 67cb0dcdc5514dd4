"""A run from top to bottom: each notebook is executed, or its last result copied; then the pages."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, as_completed
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..base.folders import lock_folder, move_edited, replace_folder
from ..base.formats import capitalize_first
from ..base.project import NEEDED, RunError, find_outputs, find_room, format_room, shorten_path
from . import manifest
from .failures import LOG, Attempt
from .fingerprint import describe_inputs, find_notebooks, list_copies
from .notebook_process import start_fork_server, start_threads
from .parameters import Parameters, complete_parameters
from .steps import USUAL_EXECUTION, Execution, Results, Step, list_earlier, plan_steps


def print_line(line: str) -> None:
    """Print a line of progress on the error stream, at once."""
    print(line, file=sys.stderr, flush=True)


def run_all(
    parameters: Parameters,
    notebooks: Path | None = None,
    execution: Execution = USUAL_EXECUTION,
    *,
    outputs: Path | None = None,
    results: Results | None = None,
    before_commit: Callable[[], object] = lambda: None,
    log: Callable[[str], object] = print_line,
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
    results : Results, optional
        Results to reuse; by default those of its own last folder and attempt, and of the newest other runs beside it.
    before_commit : callable
        Called just before the run is put in place: a later stop finds it complete.
    log : callable
        Called with a line for each notebook, and with each note on the data.

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
        If there is too little room, the folder holds something that isn't a run, or what the run is made from changes
        meanwhile.
    """
    outputs = outputs or find_outputs()
    final = outputs / parameters.run
    with lock_folder(final, wait=execution.wait) as workshop, Attempt(final, workshop / final.name, log) as attempt:
        # If the last run was made from the same inputs, there is nothing to do.
        attempt.log(*remove_store(find_outputs()), *list_copies(notebooks))
        sources = find_notebooks(notebooks)
        inputs = describe_inputs(parameters, sources)
        last = manifest.find_last(final)
        if not execution.forced and manifest.is_current(final, last, inputs):
            attempt.log(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.")
            return final

        # Check room, parameters, data and the folder, while the libraries of the notebooks are imported.
        start_fork_server()
        completed, data, notes, left_out = _check_inputs(parameters, sources, final, execution.strict, attempt.log)

        # Execute the notebooks or copy their results, and write pages, record and log.
        results = results or Results(list_earlier(outputs))
        results.add([final, attempt.folder])
        steps = plan_steps([source for source in sources if source.stem not in left_out], completed, inputs)
        try:
            bodies = _execute(steps, attempt, results, execution, last)
        finally:
            changed = _list_changed(parameters, sources, inputs)
            for path in attempt.new.glob("notebooks/*.json") if changed else ():
                path.unlink()  # so that no later attempt reuses them
        if changed:
            message = f"{' and '.join(changed)} changed while the run was being made. Run the same command again."
            raise RunError(capitalize_first(message))
        from .pages import write_pages  # imports nbconvert, which an unchanged run does not need

        record = manifest.describe_run(attempt.new, completed, inputs, data, notes, left_out)
        write_pages(attempt.new, record, bodies)

        # Replace the last run by the new one.
        before_commit()
        if edited := manifest.list_edited(final):
            attempt.log(move_edited(final, edited))
        (attempt.new / LOG).write_text("\n".join([*attempt.lines, ""]), encoding="utf-8")
        replace_folder(final, attempt.new)
    return final


def _execute(
    steps: Sequence[Step], attempt: Attempt, results: Results, execution: Execution, last: Mapping[str, Any]
) -> dict[str, Any]:
    """Make each result as soon as those that its notebook reads exist; returns the bodies of the pages by notebook."""
    from .pages import render_executed

    bodies, entries, running = dict[str, Any](), last.get("notebooks", {}), dict[str, Future[Any]]()
    with start_threads(len(steps)) as pool:
        for step in steps:  # in an order in which each follows those that it needs
            needed = [running[name] for name in step.needs]
            running[step.name] = pool.submit(step.run, needed, attempt, results, execution)
        ended = dict(zip(running.values(), steps, strict=True))
        for future in as_completed(ended):
            step, (how, stderr_lines) = ended[future], future.result()
            bodies[step.name] = render_executed(attempt.new, step.name)
            before = entries[step.name]["made_from"] if step.name in entries and how != "unchanged" else step.made_from
            changed = [words for words, digest in step.made_from.items() if before.get(words) != digest]
            why = f" ({' and '.join(changed)} changed)" if changed else ""
            attempt.log(f"{len(bodies)}/{len(steps)} {step.name}  {how}{why}", details=stderr_lines)
    return bodies


def _list_changed(parameters: Parameters, sources: Sequence[Path], inputs: Mapping[str, Any]) -> list[str]:
    """Inputs of a run that have changed meanwhile, by name; all of them if a notebook can no longer be read."""
    now = dict[str, Any]()
    with suppress(OSError, RunError):
        now = describe_inputs(parameters, sources)
    return [f"the {name}" for name in ("notebooks", "data", "helpers", "citation") if now.get(name) != inputs[name]]


def remove_store(outputs: Path) -> list[str]:
    """Remove the store of results of release 2, which nothing reads; a line that says so if there was one."""
    store = outputs / ".store"
    results = [] if store.is_symlink() else [path for path in store.glob("[0-9a-f]" * 64) if path.is_dir()]
    for path in results:
        shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):  # unless it holds files of somebody else
        store.rmdir()
    return [f"{shorten_path(store)} of release 2 was removed: runs no longer need it."] if results else []


def _check_inputs(
    parameters: Parameters, sources: Sequence[Path], final: Path, strict: bool, log: Callable[..., object]
) -> tuple[Parameters, Any, list[str], dict[str, str]]:
    """Parameters completed from the data, the data, notes on both, and the notebooks that are left out, with reasons.

    Raises an error if something is wrong; otherwise it logs the notes and the reasons.
    """
    from .check_series import check_parameters, list_left_out, list_notes, raise_for_doubtful  # these import pandas

    needed = max(NEEDED, 2 * sum(path.stat().st_size for path in final.rglob("*") if path.is_file()))
    if find_room() < needed:
        raise RunError(format_room(needed))
    completed = complete_parameters(parameters)
    data = check_parameters(completed)
    notes, left_out = list_notes(data, completed), list_left_out(data, completed, sources)
    log(*notes, *(f"{name} is left out: {reason}." for name, reason in left_out.items()))
    if strict:
        raise_for_doubtful(data, completed, final)
    manifest.list_edited(final)  # raises an error for files that no run has written
    return completed, data, notes, left_out
