"""Failed attempts to make a run: the message, the files they leave, and how `adoption runs` reads them."""

from __future__ import annotations

import json
import re
import shutil
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..base.files import read_file, write_file
from ..base.folders import list_foreign, move_unlisted, write_list
from ..base.formats import clean
from ..base.project import FULL, RECORD, RunError, Stopped, find_room, format_room, format_system_error

LOG, ERROR = "run.log", "error.txt"
# Tags of cells that papermill adds to its copy of a notebook.
_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}


class NotebookFailed(RunError):
    """A notebook of a run failed; the message names the notebook, the cell, the reason, and the page of what ran."""


class NotebookStopped(RunError):
    """A notebook was stopped by the user or by the system; the message says which, for example "interrupted"."""


def find_attempt(folder: Path) -> Path:
    """Folder of the files that failed attempts since the last whole run have left: ``<run>.partial/``."""
    return folder.with_name(f"{folder.name}.partial")


class Attempt:
    """An attempt to make a run. If its block fails, ``<run>.partial/`` keeps the error, the log and the unfinished run.

    The next attempt reuses the results of the unfinished run.

    Parameters
    ----------
    final : Path
        Folder of the run.
    new : Path
        Folder of the unfinished run. If a killed process has left one, it is kept like that of a failed attempt.
    log : callable
        Called with each line of progress.

    Raises
    ------
    RunError
        If ``<run>.partial/`` is a link or a file.
    """

    def __init__(self, final: Path, new: Path, log: Callable[[str], object]):
        self.final, self.new, self.folder, self._log = final, new, find_attempt(final), log
        self.title = f"attempt of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        self.lines = [f"{self.title}, run {final.name}"]
        list_foreign(self.folder)  # raises an error for a link
        if new.is_dir():
            self._leave("An earlier attempt", "was killed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Remove the files of earlier attempts; if this one failed, keep its error, its log and its results."""
        if error is None:
            self.log(*move_unlisted(self.folder, self.final))
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        if isinstance(error, ValueError) and not (self.new.is_dir() or (self.final / RECORD).is_file()):
            return  # a typing error: the person reads the message at once
        why = error.word if isinstance(error, Stopped) else "interrupted"
        if isinstance(error, Exception):
            why = str(error) if isinstance(error, NotebookStopped) else f"failed: {format_system_error(error) or error}"
        with suppress(OSError, RunError):  # the disk is gone, or a file is in the way: the error stream has the message
            self._leave(self.title, why)

    def _leave(self, title: str, why: str) -> None:
        """Keep the unfinished run, if there is one, with the log and a sentence on how the attempt ended."""
        self.log(*move_unlisted(self.folder, self.final))
        if self.new.is_dir():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.new.rename(self.folder)
        try:
            self._write(title, why)
        except OSError:  # the disk is full: results can be made again, so the sentence replaces them
            shutil.rmtree(self.folder)
            self._write(title, why)

    def _write(self, title: str, why: str) -> None:
        write_file(self.folder / ERROR, f"{title} {why}\n".encode())
        write_file(self.folder / LOG, "\n".join([*self.lines, why, ""]).encode())
        write_list(self.folder)

    def log(self, *lines: str, details: Sequence[str] = ()) -> None:
        """Print lines, and keep them for the log, which also has the details."""
        self.lines += [*lines, *(f"    {one}" for one in details)]
        for line in lines:
            self._log(line)


def format_attempt(folder: Path) -> str:
    """Time and reason of the last failed attempt at the run in `folder`; "" if none has failed since it was made."""
    try:
        lines = clean(read_file(find_attempt(folder) / ERROR)).splitlines()[:2]
    except (OSError, ValueError):
        return ""
    return " ".join(line.strip() for line in lines)


# Maximum number of lines of an error in a message, and of letters in a line.
_MAX_ERROR_LINES, _MAX_LINE_LETTERS = 4, 240
# Free bytes below which we assume that a process ended because the disk was full.
_LEAST_ROOM = 100_000


def describe_failure(source: Path, target: Path, code: int, kept: str) -> str:
    """Message on a failed notebook, of ten lines at most: its part, the error, the line that raised it, and its page.

    `target` is the executed copy, and `kept` its page, if there is one. If no cell has an error, the process itself
    ended, with exit code `code`.
    """
    cells: list[Any] = []
    with suppress(OSError, ValueError):  # no copy, or only a part of one because the disk is full
        cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    while cells and not cells[-1]["metadata"].get("papermill", {}).get("start_time"):
        cells.pop()
    errors = [output for cell in cells for output in cell.get("outputs", []) if output["output_type"] == "error"]
    text, line_number = _format_end(code, begun=bool(cells)), 1
    if errors:
        text = f"{errors[0]['ename']}: {errors[0]['evalue']}"
        traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(errors[0]["traceback"]))
        line_number = int([1, *re.findall(r"Cell In\[\d+\], line (\d+)", traceback)][-1])
    title = f"Notebook {source.stem} failed"
    above = "\n".join("".join(cell["source"]) for cell in cells[:-1] if cell["cell_type"] == "markdown")
    for heading in re.findall(r"^#+\s+(.+)$", above, flags=re.MULTILINE)[-1:]:
        title += f' in the part "{heading.strip()}"'
    lines = [line.rstrip()[:_MAX_LINE_LETTERS] for line in text.splitlines() if line.strip()]
    if len(lines) > _MAX_ERROR_LINES:
        lines[_MAX_ERROR_LINES:] = ["..."]
    if FULL in text:
        lines.append(format_room())
    if cells:
        number = sum(not _PAPERMILL & {*cell["metadata"].get("tags", [])} for cell in cells)
        code_lines = "".join(cells[-1]["source"]).splitlines()[line_number - 1 :]
        lines += [f"in cell {number}: {line.strip()[:80]}" for line in code_lines if line.strip()][:1]
    return "\n".join([title, *(f"  {line}" for line in lines), *([f"Executed up to there: {kept}"] if kept else [])])


def _format_end(code: int, begun: bool) -> str:
    """Sentence on a notebook's process that ended without an error in a cell."""
    if find_room() <= _LEAST_ROOM:
        return FULL
    if code < 0:
        return f"Its process was killed by signal {-code} ({signal.Signals(-code).name}); it may have run out of memory"
    where = "" if begun else ' before its first cell; a script that makes runs needs: if __name__ == "__main__":'
    return f"Its process ended with exit code {code}{where}"
