"""Lock an output folder, and replace it so that an interrupted run is never mistaken for a finished one."""

from __future__ import annotations

import fcntl
import glob
import os
import platform
import re
import shutil
import stat
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from .project import BusyError, RunError, refuse_planted, shorten_path
from .words import escape

LOCK, CONTENT = ".lock", "content"
CLAIMED = "In this folder adoption_curves makes what it then puts in its place.\n"
"""Text of the lock in a folder of `claim_folder`."""
LEFTOVER = r"(.*/)?(\.ipynb_checkpoints/.*|\.DS_Store|~\$.*|\.~lock\..*#)"
"""Paths of what JupyterLab, macOS and offices leave in folders that they open, and nobody misses."""


def follow_link(folder: Path) -> Path:
    """`folder`; where it is a link, the folder that it leads to: the link stays.

    Raises
    ------
    RunError
        If there is no such folder, or it can't be replaced because it is a disk's topmost one.
    """
    if not folder.is_symlink():
        return folder
    place = Path(os.path.realpath(folder))
    if not place.is_dir():
        missing = f"{shorten_path(folder)} is a link to {place}, but there is no such folder."
        raise RunError(f"{missing} Connect its disk, or remove the link.")
    if place.is_mount():
        top = f"{shorten_path(folder)} is a link to {place}, the topmost folder of a disk, which can't be replaced."
        raise RunError(f"{top} Link to a folder on that disk.")
    return place


@contextmanager
def lock_folder(folder: Path, what: str = "run", wait: bool = False) -> Iterator[None]:
    """Lock of `folder` for the time of the block; the system frees it when the process ends.

    `what` it holds is for the message. With `wait`, wait for another process that holds it, and say so once.

    Raises
    ------
    BusyError
        If another process holds it; the message says which one.
    RunError
        If the lock's name is that of another file.
    """
    place = follow_link(folder)
    refuse_planted(place, _find_old(place))
    path = place.parent / f".{place.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _open_locked(path, f"{what.capitalize()} '{folder.name}'", wait) as file:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}")
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def _open_locked(path: Path, title: str, wait: bool) -> Any:
    foreign = RunError(
        f"{title} needs the name {shorten_path(path)} for its lock, but that is a file of another kind, which was left "
        "as it is. Move it away."
    )
    said = False
    while True:
        try:
            file = open(path, "a+", encoding="utf-8", opener=_open_plain)  # noqa: SIM115  Path has no opener
        except OSError as error:
            if os.path.lexists(path) and (path.is_symlink() or not path.is_file()):
                raise foreign from error
            raise
        try:
            lock_file(file)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            if not wait:
                told = "Wait for it (--wait), or take another name."
                raise BusyError(f"{title} is being made by {holder}. {told}") from error
            if not said:
                sys.stderr.write(f"{title} is being made by {holder}: waiting for it.\n")
            said = True
            time.sleep(0.2)
            continue
        file.seek(0)
        # an empty one is of a process that was killed before it wrote into it
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode) or file.read(8) not in ("", "process "):
            file.close()
            raise foreign
        # the one who held it may have removed the file between our opening and our locking it
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()


def _open_plain(path: str, flags: int) -> int:
    """Open a file, but never what a link leads to, and never wait for the other end of a pipe."""
    return os.open(path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)


def lock_file(file: Any) -> None:
    """Lock an open file, or raise an OSError where another process has; the system frees it when this one ends."""
    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def claim_folder(place: Path, prefix: str) -> Iterator[Path]:
    """A folder of one's own in `place` for the block; those that killed processes have left there go.

    The folder lies in one that holds nothing else but a lock, which the system frees when its process ends. Only what
    has this form, to the last name, is removed.
    """
    for left in list_claimed(place, prefix):
        _remove_left(left)
    folder, file = _open_claimed(place, prefix)
    try:
        (folder / CONTENT).mkdir()
        yield folder / CONTENT
    finally:
        file.close()
        shutil.rmtree(folder, ignore_errors=True)


def list_claimed(place: Path, prefix: str) -> list[Path]:
    """Folders in `place` that `claim_folder` has made: this user's, of its names, with nothing but what it makes."""
    return [
        path
        for path in place.glob(f"{glob.escape(prefix)}????????")
        if re.fullmatch(r"[a-z0-9_]{8}", path.name[-8:]) and _is_claimed(path)
    ]


def _is_claimed(path: Path) -> bool:
    with suppress(OSError):
        state, names = path.lstat(), {each.name for each in path.iterdir()}
        ours = stat.S_ISDIR(state.st_mode) and state.st_uid == os.geteuid()
        with open(path / LOCK, encoding="utf-8", errors="replace", opener=_open_plain) as file:
            plain = stat.S_ISREG(os.fstat(file.fileno()).st_mode)
            return ours and names <= {LOCK, CONTENT} and plain and file.read(len(CLAIMED) + 1) == CLAIMED
    return False


def _remove_left(left: Path) -> None:
    with suppress(OSError), open(left / LOCK, "r+", opener=_open_plain) as file:
        lock_file(file)
        shutil.rmtree(left / CONTENT, ignore_errors=True)
        (left / LOCK).unlink()
        left.rmdir()


def _open_claimed(place: Path, prefix: str) -> tuple[Path, Any]:
    """A new folder with its lock, and the lock as an open file: others never see one that isn't locked."""
    folder = Path(mkdtemp(prefix=prefix, dir=place))
    file = (folder / "new").open("w", encoding="utf-8")
    lock_file(file)
    file.write(CLAIMED)
    file.flush()
    (folder / "new").rename(folder / LOCK)
    return folder, file


def _find_old(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.old"


def is_cut_off(folder: Path) -> bool:
    """True if a `replace_folder` was cut off here, so that `recover` has something to do."""
    return _find_old(folder).is_dir()


def replace_folder(folder: Path, new: Path) -> None:
    """Put the folder `new`, beside it, in the place of `folder`, whose files go.

    It takes two renames: after a kill `recover` finds the old folder or the new one, whole. Both need `lock_folder`.
    """
    folder = follow_link(folder)
    recover(folder)
    if folder.exists():
        folder.rename(_find_old(folder))
    new.rename(folder)
    recover(folder)


def recover(folder: Path) -> None:
    """Finish an interrupted `replace_folder`: restore the old folder, or remove it if the new one is in place."""
    folder = follow_link(folder)
    old = _find_old(folder)
    if old.is_dir() and folder.exists():
        shutil.rmtree(old)
    elif old.is_dir():
        old.rename(folder)


def refuse_foreign(folder: Path, own: Collection[str]) -> None:
    """Refuse to replace a folder with a file that a person may want: neither `own` nor a program's leftover.

    Parameters
    ----------
    folder : Path
    own : collection of str
        Paths below it of the files that may go.

    Raises
    ------
    RunError
        With the first such file; nothing is changed.
    """
    if foreign := list_foreign(folder, own):
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise RunError(
            f"{shorten_path(folder)} holds {escape(foreign[0])}{more}, which adoption did not write. Move it away, "
            "and give the same command again."
        )


def list_foreign(folder: Path, own: Collection[str] = ()) -> list[str]:
    """Paths below a folder of its files and links that are neither `own` nor a program's leftover."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    return [name for name in names if name not in own and not re.fullmatch(LEFTOVER, name)]
