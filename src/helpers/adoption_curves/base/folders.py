"""Make a folder in a workshop beside its place, and put it there whole: after a kill it is the old one or the new one.

The workshop of ``outputs/baseline/`` is ``outputs/.baseline.making/``. It holds a lock, a mark, what is being made, and
the old folder while the new one takes its place. Nothing outside it is ever removed, and no folder without the mark is
taken for a workshop.
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .project import BusyError, RunError, refuse_planted, shorten_path
from .words import escape

_LOCK, _WORKSHOP_MARK, _OLD = "lock", "made-by-adoption", "old"
_CLAIMED = "In this folder adoption makes what it then puts in its place. It may be removed if no process is at work.\n"
"""Beginning of the mark of a workshop; the process that works there follows."""
_LEFTOVER = r"(.*/)?(\.ipynb_checkpoints/.*|\.DS_Store|~\$.*|\.~lock\..*#)"
"""Paths of files that JupyterLab, macOS and office programs leave in folders that they open; none is needed."""


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


def find_workshop(folder: Path) -> Path:
    """The hidden folder beside `folder` in which it is made, whether or not it is there."""
    return folder.parent / f".{folder.name}.making"


def is_workshop(path: Path) -> bool:
    """True if this package made the folder: it has our mark, or nothing that anyone could want."""
    if path.is_symlink() or not path.is_dir():
        return False
    mark = path / _WORKSHOP_MARK
    if {each.name for each in path.iterdir()} <= {
        _LOCK,
        _WORKSHOP_MARK,
    }:  # a process was killed before it wrote the mark
        return not mark.is_symlink() and not (path / _LOCK).is_symlink()
    return mark.is_file() and not mark.is_symlink() and mark.read_text(errors="replace").startswith(_CLAIMED)


@contextmanager
def lock_folder(folder: Path, what: str = "run", wait: bool = False) -> Iterator[Path]:
    """Lock of `folder` for the time of the block, and its workshop: empty at the beginning, gone at the end.

    What a process that was killed has left there is put right first. The system frees the lock when the process ends.

    Parameters
    ----------
    folder : Path
    what : str
        What it holds, for the message.
    wait : bool
        Wait for another process that holds the lock, and say so once.

    Yields
    ------
    Path
        The workshop.

    Raises
    ------
    BusyError
        If another process holds the lock; the message says which one.
    RunError
        If a folder of somebody else has the workshop's name.
    """
    place = follow_link(folder)
    shop = find_workshop(place)
    refuse_planted(place, shop)
    lock = _acquire(shop, f"{what.capitalize()} '{folder.name}'", wait)
    try:
        holder = f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}\n"
        (shop / _WORKSHOP_MARK).write_text(_CLAIMED + holder, encoding="utf-8")
        _recover(place, shop)
        yield shop
    finally:
        try:
            with suppress(OSError):  # a disk that has gone, or become read-only: the next process tidies up
                _recover(place, shop)
                (shop / _WORKSHOP_MARK).unlink()
                (shop / _LOCK).unlink()  # while it is held: who waits for it finds it gone, and makes another
                shop.rmdir()
        finally:
            lock.release()


def _acquire(shop: Path, title: str, wait: bool) -> FileLock:
    said = False
    while True:
        shop.mkdir(parents=True, exist_ok=True)
        lock = FileLock(shop / _LOCK, timeout=0)
        try:
            if not is_workshop(shop):
                foreign = f"{title} is made in {shorten_path(shop)}, but that is there already, and not adoption's."
                raise RunError(f"{foreign} It was left as it was; move it away.")
            lock.acquire()
        except FileNotFoundError:  # the process before has just removed the folder
            continue
        except Timeout as error:
            busy = f"{title} is being made by {_read_holder(shop)}"
            if not wait:
                raise BusyError(f"{busy}. Wait for it (--wait), or take another name.") from error
            if not said:
                sys.stderr.write(f"{busy}: waiting for it.\n")
            said = True
            time.sleep(0.2)
        else:
            return lock


def _read_holder(shop: Path) -> str:
    """The process that works in a workshop, as its mark names it."""
    with suppress(FileNotFoundError):
        if holder := (shop / _WORKSHOP_MARK).read_text(errors="replace").removeprefix(_CLAIMED).strip():
            return holder
    return "another process"


def _recover(place: Path, shop: Path) -> None:
    """Put back a folder that was set aside and not replaced; remove all else that was made in the workshop."""
    if (shop / _OLD).is_dir() and not os.path.lexists(place):
        (shop / _OLD).rename(place)
    for path in [each for each in shop.iterdir() if each.name not in (_LOCK, _WORKSHOP_MARK)]:
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()


def replace_folder(folder: Path, new: Path) -> None:
    """Put the folder `new`, of its workshop, in the place of `folder`, whose files go when `lock_folder` ends.

    It takes two renames. After a kill between them the old folder is in the workshop; the next `lock_folder` puts it
    back.
    """
    place = follow_link(folder)
    if place.exists():
        place.rename(find_workshop(place) / _OLD)
    new.rename(place)


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
    return [name for name in names if name not in own and not re.fullmatch(_LEFTOVER, name)]
