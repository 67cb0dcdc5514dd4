"""What an attempt to make a run says of a failure, what it leaves, and how `adoption runs` reads it."""

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
# Tags of cells that papermill adds to a copy.
_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}


class NotebookFailed(RunError):
    """A notebook of a run failed; the message says which one, where, why, and where its copy lies."""


class NotebookStopped(RunError):
    """A notebook was ended because a person or the system asked for it; the message is the word for it."""


def find_attempt(folder: Path) -> Path:
    """Folder of what the attempts that failed since the last whole run have left: ``<run>.partial/``."""
    return folder.with_name(f"{folder.name}.partial")


class Attempt:
    """An attempt to make a run: what it says, and what it leaves in ``<run>.partial/`` where the block fails.

    That is the error, the log and the unfinished run, whose results the next attempt reuses.

    Parameters
    ----------
    final : Path
        Folder of the run.
    new : Path
        The unfinished run; what a killed process has left there is kept as a failed attempt's is.
    tell : callable
        Gets each line.

    Raises
    ------
    RunError
        If a link or a file is in the place of ``<run>.partial/``.
    """

    def __init__(self, final: Path, new: Path, tell: Callable[[str], object]):
        self.final, self.new, self.folder, self._tell = final, new, find_attempt(final), tell
        self.title = f"attempt of {datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
        self.lines = [f"{self.title}, run {final.name}"]
        list_foreign(self.folder)  # refuses a link
        if new.is_dir():
            self._leave("An earlier attempt", "was killed")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, error: BaseException | None, traceback: object) -> None:
        """Remove what attempts before have left; where this one failed, keep its error, its log and what it made."""
        if error is None:
            self.tell(*move_unlisted(self.folder, self.final))
            shutil.rmtree(self.folder, ignore_errors=True)
            return
        if isinstance(error, ValueError) and not (self.new.is_dir() or (self.final / RECORD).is_file()):
            return  # a mistake in what was typed, which the person reads at once
        why = error.word if isinstance(error, Stopped) else "interrupted"
        if isinstance(error, Exception):
            why = str(error) if isinstance(error, NotebookStopped) else f"failed: {format_system_error(error) or error}"
        with suppress(OSError, RunError):  # a disk that has gone, or a file in its place: the error stream has it all
            self._leave(self.title, why)

    def _leave(self, title: str, why: str) -> None:
        """Keep the unfinished run, where one was begun, with a sentence on how the attempt ended, and the log."""
        self.tell(*move_unlisted(self.folder, self.final))
        if self.new.is_dir():
            shutil.rmtree(self.folder, ignore_errors=True)
            self.new.rename(self.folder)
        try:
            self._write(title, why)
        except OSError:  # no room: the sentence is worth more than results, which can be made again
            shutil.rmtree(self.folder)
            self._write(title, why)

    def _write(self, title: str, why: str) -> None:
        write_file(self.folder / ERROR, f"{title} {why}\n".encode())
        write_file(self.folder / LOG, "\n".join([*self.lines, why, ""]).encode())
        write_list(self.folder)

    def tell(self, *lines: str, beside: Sequence[str] = ()) -> None:
        """Say lines, and keep them for the log with others `beside` them."""
        self.lines += [*lines, *(f"    {one}" for one in beside)]
        for line in lines:
            self._tell(line)


def format_attempt(folder: Path) -> str:
    """When the last attempt to make the run in `folder` failed, and why; "" where none did since it was made."""
    try:
        lines = clean(read_file(find_attempt(folder) / ERROR)).splitlines()[:2]
    except (OSError, ValueError):
        return ""
    return " ".join(line.strip() for line in lines)


# ---- a notebook that failed -----------------------------------------------------------------------------------------

# Lines of an error that a message has, and letters of each.
_MAX_ERROR_LINES, _MAX_LINE_LETTERS = 4, 240
# Free bytes below which a process that ended without a word had no room for its notebook.
_LEAST_ROOM = 100_000


def describe_failure(source: Path, target: Path, code: int, kept: str) -> str:
    """Ten lines at most: notebook, part, error, the line that raised, and where the partial copy lies.

    Where no cell has an error, the process ended with `code`.
    """
    # What the copy has: none where there is no copy, or a part of one because the disk is full.
    cells: list[Any] = []
    with suppress(OSError, ValueError):
        cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    while cells and not cells[-1]["metadata"].get("papermill", {}).get("start_time"):
        cells.pop()
    errors = [one for cell in cells for one in cell.get("outputs", []) if one["output_type"] == "error"]
    text, traceback = _format_end(code, begun=bool(cells)) if find_room() > _LEAST_ROOM else FULL, ""
    if errors:
        text = f"{errors[0]['ename']}: {errors[0]['evalue']}"
        traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(errors[0]["traceback"]))
    # The last heading above, and the first lines of the error.
    above = "\n".join("".join(cell["source"]) for cell in cells[:-1] if cell["cell_type"] == "markdown")
    heading = re.findall(r"^#+\s+(.+)$", above, flags=re.MULTILINE)[-1:]
    first = " in the part ".join([f"Notebook {source.stem} failed", *(f'"{each.strip()}"' for each in heading)])
    lines = [line.rstrip()[:_MAX_LINE_LETTERS] for line in text.splitlines() if line.strip()]
    if len(lines) > _MAX_ERROR_LINES:
        lines[_MAX_ERROR_LINES:] = ["..."]
    if FULL in text:
        lines.append(format_room())
    # Where it was: the number of the cell as the notebook counts, and the line that raised.
    if cells:
        number = sum(not _PAPERMILL & {*cell["metadata"].get("tags", [])} for cell in cells)
        raised = [int(place) for place in re.findall(r"Cell In\[\d+\], line (\d+)", traceback)] or [1]
        code_lines = "".join(cells[-1]["source"]).splitlines()[raised[-1] - 1 :]
        lines += [f"in cell {number}: {line.strip()[:80]}" for line in code_lines if line.strip()][:1]
    return "\n".join([first, *(f"  {line}" for line in lines), *([f"Executed up to there: {kept}"] if kept else [])])


def _format_end(code: int, begun: bool) -> str:
    """How a notebook's process ended without an error of a cell."""
    if code < 0:
        return f"Its process was killed by signal {-code} ({signal.Signals(-code).name}); it may have run out of memory"
    where = "" if begun else ' before its first cell; a script that makes runs needs: if __name__ == "__main__":'
    return f"Its process ended with exit code {code}{where}"
