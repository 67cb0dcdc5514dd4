"""Making of a run: papermill executes each notebook in a forked process, and a store keeps its results."""

from __future__ import annotations

import itertools
import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from ..base.files import hash_file, write_file, write_json
from ..base.folders import follow_link, list_foreign, lock_folder, refuse_foreign, replace_folder
from ..base.project import RECORD, RunError, Stopped, describe_refusal, find_outputs, shorten_path
from . import record
from .check_series import check_parameters, list_notes, refuse_doubtful
from .ingredients import describe_inputs, find_notebooks, list_copies
from .notebook_process import preload, start_threads
from .parameters import Parameters, complete_parameters
from .steps import CHANGED, USUAL_EXECUTION, Execution, execute_steps, plan_steps

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
        self.folder, self._tell, self.kept = record.find_attempt(final), tell, False
        self.title = f"attempt of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        self.lines = [f"{self.title}, run {final.name}"]
        if (final / RECORD).is_file():
            self.keep()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Keep the error and the log, beside the copy of the notebook that failed."""
        if error is None or not self.kept:
            return
        why = error.word if isinstance(error, Stopped) else "interrupted"
        if isinstance(error, Exception):
            why = f"failed: {describe_refusal(error) or error}"
        with suppress(OSError):  # no room, or a file has the place: the error stream has it all
            write_file(self.folder / record.ERROR, f"{self.title} {why}\n".encode())
            write_file(self.folder / record.LOG, "\n".join([*self.lines, why, ""]).encode())

    def tell(self, *lines: str, beside: Sequence[str] = ()) -> None:
        """Say lines, and keep them for the log with others `beside` them."""
        self.lines += [*lines, *(f"    {one}" for one in beside)]
        for line in lines:
            self._tell(line)

    def keep(self) -> None:
        """Leave error and log of a failure from now on, in a folder that begins empty."""
        self.clear()
        self.kept = True

    def clear(self) -> None:
        """Remove what attempts that failed have left, but for what somebody else put there."""
        with suppress(OSError):  # there is none, or someone put a file there
            for path in self.folder.iterdir():
                if re.fullmatch(rf"{record.LOG}|\.?{record.ERROR}(\..*)?|\d\d_.*\.(ipynb|html)", path.name):
                    path.unlink()
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
        if not execution.forced and record.is_current(final, inputs):
            attempt.tell(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.")
            attempt.clear()
            return final

        # Check the parameters against the data, while the libraries of the notebooks are imported.
        preload()
        data = check_parameters(parameters)
        notes = list_notes(data, parameters)
        attempt.tell(*notes)
        if execution.strict:
            refuse_doubtful(data, parameters, final)
        _clear_place(final)
        from .pages import render_executed, write_pages

        # Execute each notebook as soon as those that it reads are done; copy its result and render its page.
        new, bodies, steps = shop / parameters.run, {}, plan_steps(sources, parameters, inputs)
        before = record.read_parts(final)
        attempt.keep()
        with start_threads(len(steps)) as pool:
            for step, (how, stray) in execute_steps(steps, pool, shop, execution, final):
                bodies[step.name] = render_executed(new, step.name, _add_result(step.result, new, step.name))
                why = _explain_change(step.parts, before.get(step.name)) if how != "unchanged" else ""
                attempt.tell(f"{len(bodies)}/{len(steps)} {step.name}  {how}{why}", beside=stray)

        # Write pages, record and log, and put the run in the place of the one before.
        now = describe_inputs(parameters, sources, execution.pdf)
        if changed := [words for name, words in _CHANGEABLE.items() if inputs[name] != now[name]]:
            raise RunError(f"{' and '.join(changed).capitalize()} {CHANGED}")
        write_pages(new, record.describe_run(new, parameters, inputs, data, notes), bodies)
        (new / record.LOG).write_text("\n".join([*attempt.lines, ""]), encoding="utf-8")
        before_commit()
        _clear_place(final)
        replace_folder(final, new)
        attempt.clear()
    return final


def _add_result(result: Path, folder: Path, name: str) -> record.Entry:
    """Entry of a notebook whose result is added from the store to a run's folder, under the name of this run."""
    shutil.copytree(result, folder, dirs_exist_ok=True)
    copy = record.locate(folder, f"notebooks/{name}.ipynb")
    entry = record.read_part(record.entry_path(folder, name), record.Entry)
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
        record.write_entry(folder, name, entry)
    return entry


def _explain_change(parts: Mapping[str, str], before: Mapping[str, str] | None) -> str:
    """Why a notebook ran again: ``" (the data changed)"``; ``""`` where it has not run before."""
    changed = [words for words in parts if before and before.get(words, "") != parts[words]]
    return f" ({' and '.join(changed)} changed)" if changed else ""


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
    if own := record.list_recorded(folder):
        refuse_foreign(folder, own)
    elif list_foreign(folder):
        places = (folder.with_name(f"{folder.name}.old-{number}") for number in itertools.count(1))
        aside = next(place for place in places if not os.path.lexists(place))
        folder.rename(aside)
        moved = f"{shorten_path(folder)} has no {RECORD} that can be read, so it was moved to {shorten_path(aside)}."
        print(moved, file=sys.stderr, flush=True)
