"""What an attempt to make a run says of a failure, what it leaves, and how `adoption runs` reads it."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from ..base.files import read_file, write_file
from ..base.project import FULL, RECORD, RunError, Stopped, describe_refusal, say_room
from ..base.words import clean

LOG, ERROR = "run.log", "error.txt"
_PAPERMILL = {"injected-parameters", "papermill-error-cell-tag"}
"""Tags of cells that papermill adds to a copy."""


class NotebookFailed(RunError):
    """A notebook of a run failed; the message says which one, where, why, and where its copy lies."""


class NotebookStopped(RunError):
    """A notebook was ended because a person or the system asked for it; the message is the word for it."""


def find_attempt(folder: Path) -> Path:
    """Folder of what the attempts that failed since the last whole run have left: ``<run>.partial/``."""
    return folder.with_name(f"{folder.name}.partial")


class Attempt:
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
        True if a failure leaves its error and its log: from the first notebook on, and before it only where a whole run
        is, which would be taken for a new one.
    """

    def __init__(self, final: Path, tell: Callable[[str], object]):
        self.folder, self._tell, self.kept = find_attempt(final), tell, False
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
            why = str(error) if isinstance(error, NotebookStopped) else f"failed: {describe_refusal(error) or error}"
        with suppress(OSError):  # no room, or a file has the place: the error stream has it all
            write_file(self.folder / ERROR, f"{self.title} {why}\n".encode())
            write_file(self.folder / LOG, "\n".join([*self.lines, why, ""]).encode())

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
                if re.fullmatch(rf"{LOG}|\.?{ERROR}(\..*)?|\d\d_.*\.(ipynb|html)", path.name):
                    path.unlink()
            self.folder.rmdir()


def say_attempt(folder: Path) -> str:
    """When the last attempt to make the run in `folder` failed, and why; "" where none did since it was made."""
    try:
        lines = clean(read_file(find_attempt(folder) / ERROR)).splitlines()[:2]
    except (OSError, ValueError):
        return ""
    return " ".join(line.strip() for line in lines)


# ---- a notebook that failed -----------------------------------------------------------------------------------------

_MAX_ERROR_LINES, _MAX_LINE_LETTERS = 4, 240
"""Lines of an error that a message has, and letters of each."""


def describe_failure(source: Path, target: Path, code: int, kept: str) -> str:
    """Ten lines at most: notebook, part, error, the line that raised, and where the partial copy lies.

    Where no cell has an error, the process ended with `code`.
    """
    # What the copy has: none where there is no copy, or a part of one because the disk is full.
    cells: list[Any] = []
    with suppress(OSError, ValueError):
        cells = json.loads(target.read_text(encoding="utf-8"))["cells"]
    begun = [place for place, cell in enumerate(cells) if cell["metadata"].get("papermill", {}).get("start_time")]
    cells = cells[: begun[-1] + 1] if begun else []
    errors = [one for cell in cells for one in cell.get("outputs", []) if one["output_type"] == "error"]
    text, traceback = _say_end(code, begun=bool(begun)), ""
    if errors:
        text = f"{errors[0]['ename']}: {errors[0]['evalue']}"
        traceback = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(errors[0]["traceback"]))
    # The last heading above, and the first lines of the error.
    above = "\n".join("".join(cell["source"]) for cell in cells[:-1] if cell["cell_type"] == "markdown")
    heading = re.findall(r"^#+\s+(.+)$", above, flags=re.MULTILINE)[-1:]
    told = [" in the part ".join([f"Notebook {source.stem} failed", *(f'"{each.strip()}"' for each in heading)])]
    lines = [line.rstrip()[:_MAX_LINE_LETTERS] for line in text.splitlines() if line.strip()]
    if len(lines) > _MAX_ERROR_LINES:
        lines[_MAX_ERROR_LINES:] = ["..."]
    if FULL in text:
        lines.append(say_room())
    # Where it was: the number of the cell as the notebook counts, and the line that raised.
    if cells:
        number = sum(not _PAPERMILL & {*cell["metadata"].get("tags", [])} for cell in cells)
        raised = [int(place) for place in re.findall(r"Cell In\[\d+\], line (\d+)", traceback)] or [1]
        code_lines = "".join(cells[-1]["source"]).splitlines()[raised[-1] - 1 :]
        lines += [f"in cell {number}: {line.strip()[:80]}" for line in code_lines if line.strip()][:1]
    return "\n".join([*told, *(f"  {line}" for line in lines), *([f"Executed up to there: {kept}"] if kept else [])])


def _say_end(code: int, begun: bool) -> str:
    """How a notebook's process ended without an error of a cell."""
    if code < 0:
        return f"Its process was killed by signal {-code} ({signal.Signals(-code).name}); it may have run out of memory"
    where = "" if begun else ' before its first cell; a script that makes runs needs: if __name__ == "__main__":'
    return f"Its process ended with exit code {code}{where}"
