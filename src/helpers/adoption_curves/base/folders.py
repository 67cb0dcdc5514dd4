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
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from .project import BusyError, RunError, refuse_planted, shorten_path
from .words import escape

_LOCK, _MARK, _OLD = "lock", "made-by-adoption", "old"
_CLAIMED = "In this folder adoption makes what it then puts in its place. It may be removed if no process is at work.\n"
"""Beginning of the mark of a workshop; the process that works there follows."""
_LEFTOVER = r"(.*/)?(\.DS_Store|~\$.*|\.~lock\..*#)"
"""Paths of files that macOS and office programs leave in folders that they open; none is needed."""


def _follow_link(folder: Path) -> Path:
    """`folder`; where it is a link, the folder that it leads to: the link stays.

    Raises
    ------
    RunError
        If there is no such folder, or it can't be replaced because it is a disk's topmost one.
    """
    if not folder.is_symlink():
        return folder
    place = Path(os.path.realpath(folder))
    if not place.is_dir() or place.is_mount():
        why = (
            "the topmost folder of a disk, which can't be replaced" if place.is_dir() else "but there is no such folder"
        )
        raise RunError(f"{shorten_path(folder)} is a link to {place}, {why}. Link to a folder on a disk that is there.")
    return place


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
    place = _follow_link(folder)
    shop, title = _find_workshop(place), f"{what.capitalize()} '{folder.name}'"
    refuse_planted(place, shop)
    lock, said = FileLock(shop / _LOCK, timeout=0), False
    while not lock.is_locked:
        shop.mkdir(parents=True, exist_ok=True)
        try:
            _refuse_others(shop, title)
            lock.acquire()
        except FileNotFoundError:  # the process before has just removed the folder
            continue
        except Timeout as error:
            holder = "another process"
            with suppress(OSError, IndexError):  # its mark is not yet there
                holder = (shop / _MARK).read_text(errors="replace").splitlines()[1]
            busy = f"{title} is being made by {holder}"
            if not wait:
                raise BusyError(f"{busy}. Wait for it (--wait), or take another name.") from error
            if not said:
                sys.stderr.write(f"{busy}: waiting for it.\n")
            said = True
            time.sleep(0.2)
    try:
        holder = f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}\n"
        (shop / _MARK).write_text(_CLAIMED + holder, encoding="utf-8")
        _recover(place, shop)
        yield shop
    finally:
        with suppress(OSError):  # a disk that has gone, or become read-only: the next process tidies up
            _recover(place, shop)
            (shop / _MARK).unlink()
            (shop / _LOCK).unlink()  # while it is held: who waits for it finds it gone, and makes another
            shop.rmdir()
        lock.release()


def _find_workshop(place: Path) -> Path:
    """The hidden folder beside `place` in which it is made, whether or not it is there."""
    return place.parent / f".{place.name}.making"


def _refuse_others(shop: Path, title: str) -> None:
    """Refuse a workshop that this package did not make: it has no mark of ours, and something that one could want."""
    inside, mark = {each.name: each.is_symlink() for each in shop.iterdir()}, shop / _MARK
    ours = inside.keys() <= {_LOCK, _MARK}  # a process was killed before it wrote the mark
    ours = ours or (mark.is_file() and mark.read_text(errors="replace").startswith(_CLAIMED))
    if not ours or shop.is_symlink() or any(inside.values()):
        foreign = f"{title} is made in {shorten_path(shop)}, but that is there already, and not adoption's."
        raise RunError(f"{foreign} It was left as it was; move it away.")


def _recover(place: Path, shop: Path) -> None:
    """Put back a folder that was set aside and not replaced; remove all else that was made in the workshop."""
    if (shop / _OLD).is_dir() and not os.path.lexists(place):
        (shop / _OLD).rename(place)
    for path in [each for each in shop.iterdir() if each.name not in (_LOCK, _MARK)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def replace_folder(folder: Path, new: Path) -> None:
    """Put the folder `new`, of its workshop, in the place of `folder`, whose files go when `lock_folder` ends.

    It takes two renames. After a kill between them the old folder is in the workshop; the next `lock_folder` puts it
    back.
    """
    place = _follow_link(folder)
    if place.exists():
        place.rename(_find_workshop(place) / _OLD)
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
    """Paths below a folder of its files and links that are neither `own` nor a program's leftover.

    Raises
    ------
    RunError
        If it is a file.
    """
    if os.path.lexists(folder) and not folder.is_dir():
        raise RunError(f"{shorten_path(folder)} is no folder. Move it away, or take another name.")
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    return [name for name in names if name not in own and not re.fullmatch(_LEFTOVER, name)]


def keep_edited(folder: Path, paths: Sequence[str]) -> str:
    """Move what a person wrote in a folder to ``<folder>.edited/DAY/``; a sentence that names it."""
    day = time.strftime("%Y-%m-%d")
    edited, number = folder.with_name(f"{folder.name}.edited"), 1
    aside = edited / day
    while os.path.lexists(aside):
        number += 1
        aside = edited / f"{day}-{number}"
    refuse_planted(aside)
    for path in paths:
        (aside / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / path, aside / path)
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    named = escape(", ".join(paths[:3]))
    told = f"{shorten_path(folder)} had files that were edited or are of another release"
    return f"{told}; they are now in {shorten_path(aside)}: {named}{more}."
