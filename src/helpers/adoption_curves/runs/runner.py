"""Making of a run: papermill executes each notebook in a forked process, and a store keeps its results."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from markupsafe import Markup

from ..base.files import hash_file, write_file, write_json
from ..base.folders import follow_link, list_foreign, lock_folder, refuse_foreign, replace_folder
from ..base.project import RECORD, RunError, Stopped, UserError, describe_refusal, find_outputs, shorten_path
from ..base.words import say_count
from .ingredients import describe_inputs, find_notebooks, list_copies
from .notebook_process import preload, start_threads
from .parameters import Parameters, complete_parameters
from .record import (
    ERROR,
    LOG,
    Entry,
    describe_run,
    entry_path,
    find_attempt,
    is_current,
    list_recorded,
    locate,
    read_part,
    read_run,
    write_entry,
)
from .steps import CHANGED, USUAL_EXECUTION, Execution, execute_steps, plan_steps
from .table_files import read_csv

_CHANGEABLE = {"notebooks": "the notebooks", "data": "the data", "helpers": "the helpers"}


def print_line(line: str) -> None:
    """Print a line of progress on the error stream, at once."""
    print(line, file=sys.stderr, flush=True)


class _Attempt:
    """An attempt to make a run: what it says, and what it leaves in ``<run>.partial/`` where the block fails.

    Parameters
    ----------
    final : Path
        Folder of the run.
    tell : callable
        Gets each line.

    Attributes
    ----------
    kept : bool
        True if a failure leaves its error and its log: where a whole run is, which would be taken for a new one, and
        from the first notebook on.
    """

    def __init__(self, final: Path, tell: Callable[[str], object]):
        self.folder, self._tell, self.kept = find_attempt(final), tell, (final / RECORD).is_file()
        self.lines = [f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, run {final.name}"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Keep the error and the log, beside the copy of the notebook that failed."""
        if error is None or not self.kept:
            return
        word = error.word if isinstance(error, Stopped) else "interrupted"
        why = (describe_refusal(error) or str(error)) if isinstance(error, Exception) else word
        with suppress(OSError):  # no room, or a file has the place: the error stream has it all
            write_file(self.folder / ERROR, f"{why}\n".encode())
            with (self.folder / LOG).open("a", encoding="utf-8") as log:
                log.write("\n".join([*self.lines, *why.splitlines()]) + "\n\n")

    def tell(self, *lines: str, beside: Sequence[str] = ()) -> None:
        """Say lines, and keep them for the log with others `beside` them."""
        self.lines += [*lines, *(f"    {one}" for one in beside)]
        for line in lines:
            self._tell(line)

    def write_log(self, folder: Path) -> None:
        """Write the log of this attempt, after those that failed since the last whole run, into the run's folder."""
        earlier = self.folder / LOG
        told = earlier.read_text(encoding="utf-8", errors="replace") if earlier.is_file() else ""
        (folder / LOG).write_text(told + "\n".join(self.lines) + "\n", encoding="utf-8")

    def forget(self, sources: Sequence[Path]) -> None:
        """Remove what attempts that failed have left."""
        copies = (source.with_suffix(kind).name for source in sources for kind in (".ipynb", ".html"))
        with suppress(OSError):  # there is none, or someone put a file there
            cut_off = (path.name for path in self.folder.glob(f".{ERROR}.????????"))  # as it was written
            for name in (ERROR, LOG, *copies, *cut_off):
                (self.folder / name).unlink(missing_ok=True)
            self.folder.rmdir()


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
    with lock_folder(final, wait=execution.wait) as shop, _Attempt(final, tell) as attempt:
        # Describe what the run is made from. Where the last one was made from the same, there is nothing to do.
        parameters, sources = complete_parameters(parameters), find_notebooks(notebooks)
        attempt.tell(*list_copies(notebooks))
        inputs = describe_inputs(parameters, sources, execution.pdf)
        if not execution.forced and is_current(final, inputs):
            attempt.tell(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.")
            attempt.forget(sources)
            return final

        # Check the parameters against the data, while the libraries of the notebooks are imported.
        preload()
        data = _check_data(parameters, final, execution.strict, attempt.tell)
        _clear_place(final)
        from .pages import write_pages

        # Execute each notebook as soon as those that it reads are done; copy its result and render its page.
        new, bodies, steps = shop / parameters.run, {}, plan_steps(sources, parameters, inputs)
        attempt.kept = True
        with start_threads(len(steps)) as pool:
            for step, (how, stray) in execute_steps(steps, pool, shop, execution, final):
                bodies[step.name] = _add_result(step.result, new, step.name)
                attempt.tell(f"{len(bodies)}/{len(steps)} {step.name}  {how}", beside=stray)

        # Write pages, record and log, and put the run in the place of the one before.
        _refuse_changes(inputs, describe_inputs(parameters, sources, execution.pdf))
        write_pages(new, describe_run(new, parameters, inputs, data), bodies)
        attempt.write_log(new)
        before_commit()
        _clear_place(final)
        replace_folder(final, new)
        attempt.forget(sources)
    return final


def _check_data(parameters: Parameters, final: Path, strict: bool, tell: Callable[[str], object]) -> Any:
    """Data of a run, after checking its parameters against them; it tells the notes on both."""
    from .check_series import check_parameters, list_notes, refuse_doubtful

    data = check_parameters(parameters)
    for line in list_notes(data, parameters):
        tell(line)
    if strict:
        refuse_doubtful(data, data.series(parameters.entity, parameters.indicator))
        _refuse_lost(data, parameters, final)
    return data


def _refuse_lost(data: Any, parameters: Parameters, folder: Path) -> None:
    """Refuse a series that has lost figures of the last whole run in `folder`, as `--strict` asks: a cut download.

    Raises
    ------
    RunError
    """
    try:
        record = read_run(folder)
    except UserError:  # there is none to compare with
        return
    table = record.find_table("observations")
    now = parameters.model_dump()
    if not table or any(record.parameters[name] != now[name] for name in ("entity", "indicator", "as_of")):
        return
    known = read_csv(locate(folder, f"tables/{table}.csv"), record.tables[table].columns)["date"]
    lost = sorted({*known} - {*data.series(parameters.entity, parameters.indicator).observations["date"]})
    if lost:
        days = f"{lost[0]:%Y-%m-%d}" + (f" to {lost[-1]:%Y-%m-%d}" if len(lost) > 1 else "")
        raise RunError(
            f"{data.path.name} has lost {say_count(len(lost), 'figure')} of the last whole run, of {days}, which "
            "--strict refuses. If that is right, run once without it."
        )


def _add_result(result: Path, folder: Path, name: str) -> Markup:
    """Add a notebook's result from the store to a run's folder, under the name of this run; the body of its page."""
    from .pages import render_executed

    shutil.copytree(result, folder, dirs_exist_ok=True)
    copy, entry = locate(folder, f"notebooks/{name}.ipynb"), read_part(entry_path(folder, name), Entry)
    if _name_run(copy, folder.name):
        entry = entry.model_copy(update={"executed": hash_file(copy)})
        write_entry(folder, name, entry)
    return render_executed(folder, name, entry)


def _name_run(notebook: Path, run: str) -> bool:
    """Give the executed copy of a notebook the name of the run in whose folder it lies; whether it had another."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    given = content["metadata"]["papermill"]["parameters"]
    if given.get("run", run) == run:
        return False
    import nbformat
    from papermill.parameterize import parameterize_notebook

    filled = parameterize_notebook(nbformat.from_dict(content), given | {"run": run})
    write_json(notebook, filled)
    return True


def _refuse_changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse a run of which notebooks, data or helpers have changed since it began.

    Raises
    ------
    RunError
    """
    if changed := [words for name, words in _CHANGEABLE.items() if before[name] != now[name]]:
        raise RunError(f"{' and '.join(changed).capitalize()} {CHANGED}")


def _clear_place(folder: Path) -> None:
    """Let a run have the place of `folder`: refuse files that no run has written, and move what is no run aside.

    Raises
    ------
    RunError
        If a file is in the way, or the run there has a file that its record doesn't list.
    """
    folder = follow_link(folder)
    if os.path.lexists(folder) and not folder.is_dir():
        raise RunError(f"{shorten_path(folder)} is no folder. Move it away, or take another name.")
    if own := list_recorded(folder):
        refuse_foreign(folder, own)
    elif list_foreign(folder):
        places = (folder.with_name(f"{folder.name}.old-{number}") for number in itertools.count(1))
        aside = next(place for place in places if not os.path.lexists(place))
        folder.rename(aside)
        moved = f"{shorten_path(folder)} has no {RECORD} that can be read, so it was moved to {shorten_path(aside)}."
        print(moved, file=sys.stderr, flush=True)
