"""Open a file of data: what is no readable UTF-8 text is told apart."""

from __future__ import annotations

import re
import stat
from pathlib import Path

from helpers.indicators.problems import Problem
from helpers.quoting import escape

BEGINNINGS = {
    b"PK\x03\x04": "a spreadsheet or a zip archive",
    b"\xd0\xcf\x11\xe0": "a spreadsheet",
    b"\x1f\x8b": "a compressed file",
    b"%PDF": "a PDF",
    b"\x89PNG": "a picture",
    b"<": "a page or XML",
    b"{": "JSON",
    b"[{": "JSON",
}
SAVE = "save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"


def find_kind(path: str | Path) -> str:
    """Say what stands at ``path``: "file", "folder", "" for nothing, or in words what else, and why it is unusable."""
    try:
        mode = Path(path).stat().st_mode
    except FileNotFoundError:
        return "is a link that leads nowhere" if Path(path).is_symlink() else ""
    except (OSError, ValueError) as error:  # a loop of links, a name that is too long, a folder that is closed
        return f"cannot be opened ({_name_reason(error)})"
    if stat.S_ISDIR(mode):
        return "folder"
    return "file" if stat.S_ISREG(mode) else "is neither a file nor a folder"


def read_text(path: Path, problems: list[Problem]) -> str | None:
    """Return the text of a file with LF at the ends of its lines, or None where it is no text in UTF-8."""
    kind = find_kind(path)
    if kind != "file":
        message = {"": "is missing in {}; the data need this file", "folder": "is a folder in {}; the data need a file"}
        problems.append(_blame(path, message.get(kind, kind).format(escape(str(path.parent)))))
        return None
    try:
        raw = path.read_bytes()
    except OSError as error:
        problems.append(_blame(path, f"cannot be read ({_name_reason(error)}); allow reading it"))
        return None
    what = next((words for mark, words in BEGINNINGS.items() if raw[:400].lstrip().startswith(mark)), "")
    if what and path.suffix != ".json":
        problems.append(_blame(path, f"is {what}, not CSV; save or export it as 'CSV UTF-8'"))
        return None
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")) or (len(raw) > 3 and raw[:400].count(0) * 3 > len(raw[:400])):
        problems.append(_blame(path, f"looks like UTF-16; {SAVE}"))
        return None
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        problems.append(_blame(path, _explain_byte(raw, error.start), raw.count(b"\n", 0, error.start) + 1))
        return None
    return text.lstrip("\ufeff").replace("\r\n", "\n").replace("\r", "\n")


def _explain_byte(raw: bytes, place: int) -> str:
    """Explain a byte that is not UTF-8; one that stands alone and is a letter in Latin-1 tells the encoding."""
    alone = re.fullmatch(rb"[\x00-\x7f]?[\x80-\xff][\x00-\x7f]?", raw[max(0, place - 1) : place + 2])
    letter = bytes([raw[place]]).decode("cp1252", errors="replace")
    hint = f"looks like Latin-1 ({letter!r}); " if alone and letter.isalpha() else ""
    return f"byte 0x{raw[place]:02x} is not UTF-8; {hint}{SAVE}"


def _name_reason(error: Exception) -> str:
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _blame(path: Path, message: str, row: int | None = None) -> Problem:
    return Problem(path.name, row, "", "", message)
