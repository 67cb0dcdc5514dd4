"""Make a folder in a workshop beside its place, and put it there whole: after a kill it is the old one or the new one.

The workshop of ``outputs/baseline/`` is ``outputs/.baseline.making/``. It has a lock, what is being made, and the old
folder while the new one takes its place. Nothing outside it is ever removed, and no folder without the lock is taken
for a workshop.
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

from .files import hash_file, read_json, write_json
from .formats import escape
from .project import BusyError, RunError, raise_for_links, shorten_path

_LOCK, _HOLDER, _OLD = ".lock", ".holder", ".old"
"""Names that no folder which is made has."""
_LEFTOVER = r"(.*/)?(\.DS_Store|~\$.*|\.~lock\..*#)"
"""Paths of files that macOS and office programs leave in folders that they open; none is needed."""


@contextmanager
def lock_folder(folder: Path, what: str = "run", wait: bool = False) -> Iterator[Path]:
    """Lock of `folder` for the time of the block, and its workshop: gone at the end.

    What a process that was killed has left there is put right first: what is left at the beginning is the folder that
    it was making, if that has the name of `folder`. The system frees the lock when the process ends.

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
        If a folder of somebody else has the workshop's name, or a link is in the place of the folder.
    """
    shop, title = _find_workshop(folder), f"{what.capitalize()} '{folder.name}'"
    raise_for_links(folder)
    lock, said = FileLock(shop / _LOCK, timeout=0), False
    while not lock.is_locked:
        shop.mkdir(parents=True, exist_ok=True)
        try:
            _raise_for_others(shop, title)
            lock.acquire()
        except FileNotFoundError:  # the process before has just removed the folder
            continue
        except Timeout as error:
            holder = "another process"
            with suppress(OSError):  # it has not yet written which one
                holder = (shop / _HOLDER).read_text(errors="replace")
            busy = f"{title} is being made by {holder}"
            if not wait:
                raise BusyError(f"{busy}. Wait for it (--wait), or take another name.") from error
            if not said:
                sys.stderr.write(f"{busy}: waiting for it.\n")
            said = True
            time.sleep(0.2)
    try:
        holder = f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        (shop / _HOLDER).write_text(holder, encoding="utf-8")
        _recover(folder, shop, folder.name)
        yield shop
    finally:
        with suppress(OSError):  # a disk that has gone, or become read-only: the next process tidies up
            _recover(folder, shop)
            (shop / _HOLDER).unlink()
            (shop / _LOCK).unlink()  # while it is held: who waits for it finds it gone, and makes another
            shop.rmdir()
        lock.release()


def _find_workshop(folder: Path) -> Path:
    """The hidden folder beside `folder` in which it is made, whether or not it is there."""
    return folder.with_name(f".{folder.name}.making")


def _raise_for_others(shop: Path, title: str) -> None:
    """Refuse a workshop that this package did not make: it holds something, and no lock."""
    if any(shop.iterdir()) and not (shop / _LOCK).is_file():
        foreign = f"{title} is made in {shorten_path(shop)}, but that is there already, and not adoption's."
        raise RunError(f"{foreign} It was left as it was; move it away.")


def _recover(folder: Path, shop: Path, *kept: str) -> None:
    """Put back a folder that was set aside and not replaced; remove all else in the workshop but what is `kept`."""
    if (shop / _OLD).is_dir() and not os.path.lexists(folder):
        (shop / _OLD).rename(folder)
    for path in [each for each in shop.iterdir() if each.name not in (_LOCK, _HOLDER, *kept)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def replace_folder(folder: Path, new: Path) -> None:
    """Put the folder `new`, of its workshop, in the place of `folder`, whose files go when `lock_folder` ends.

    It takes two renames. After a kill between them the old folder is in the workshop; the next `lock_folder` puts it
    back.
    """
    if folder.exists():
        folder.rename(_find_workshop(folder) / _OLD)
    new.rename(folder)


def raise_for_foreign(folder: Path, own: Collection[str]) -> None:
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
        If it is a file or a link, which would be replaced by a folder.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RunError(f"{shorten_path(folder)} is no folder. Move it away, or take another name.")
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    return [name for name in names if name not in own and not re.fullmatch(_LEFTOVER, name)]


def move_edited(folder: Path, paths: Sequence[str], of: Path | None = None) -> str:
    """Move what a person wrote in a folder to ``<of>.edited/DAY/``, by default its own; a sentence that names it."""
    day, of = time.strftime("%Y-%m-%d"), of or folder
    edited, number = of.with_name(f"{of.name}.edited"), 1
    aside = edited / day
    while os.path.lexists(aside):
        number += 1
        aside = edited / f"{day}-{number}"
    raise_for_links(edited)
    for path in paths:
        (aside / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / path, aside / path)
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return (
        f"{shorten_path(folder)} had files that were edited or are of another release; they are now in "
        f"{shorten_path(aside)}: {escape(', '.join(paths[:3]))}{more}."
    )


# ---- folders without a manifest: a failed attempt, a comparison -----------------------------------------------------

WRITTEN = "written.json"
"""List of what adoption wrote in such a folder: the hash of each file, by path."""


def write_list(folder: Path) -> None:
    """List all files of a folder as written by adoption."""
    names = [path for path in list_foreign(folder) if path != WRITTEN]
    write_json(folder / WRITTEN, {path: hash_file(folder / path) for path in names})


def move_unlisted(folder: Path, of: Path) -> list[str]:
    """Move what is not listed, or has changed since, to ``<of>.edited/DAY/``; a sentence on it, where there is such.

    Raises
    ------
    RunError
        If the folder is a file or a link, which nobody follows.
    """
    listed = dict[str, str]()
    with suppress(OSError, ValueError, TypeError):
        listed = dict(read_json(folder / WRITTEN))
    paths = [path for path in list_foreign(folder) if path != WRITTEN or not listed]
    theirs = [path for path in paths if not _is_same(folder / path, listed.get(path, ""))]
    return [move_edited(folder, theirs, of)] if theirs else []


def _is_same(path: Path, expected: str) -> bool:
    return bool(expected) and not path.is_symlink() and path.is_file() and hash_file(path) == expected
