"""Folders that one process locks, and whose files are exchanged so that a kill leaves nothing that passes as whole."""

from __future__ import annotations

import glob
import os
import platform
import re
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath
from tempfile import mkdtemp
from typing import Any

from .files import read_json, write_json
from .project import RECORD, RunError, refuse_planted, shorten_path

LOCK, CONTENT = ".lock", "content"
CLAIMED = "In this folder adoption_curves makes what it then puts in its place.\n"
"""What the lock of a folder says that `claim_folder` makes."""
JOURNAL = ".exchange.json"
"""What an exchange of files replaces, in the folder of those that are still to come."""
ListOwn = Callable[[Path, Path], set[str]]


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
        raise RunError(f"{top} Let it lead to a folder on that disk.")
    return place


@contextmanager
def lock_folder(folder: Path, what: str = "run") -> Iterator[None]:
    """Hold the right to replace `folder` while the block runs; the system frees it when the process ends.

    `what` it holds is for the message.

    Raises
    ------
    RunError
        If another process holds it, where the message says which one; or if the lock's name is that of another file.
    """
    place = follow_link(folder)
    refuse_planted(place, _find_ready(place))
    path = place.parent / f".{place.name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    with _open_locked(path, f"{what.capitalize()} '{folder.name}'") as file:
        file.truncate(0)
        file.write(f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}")
        file.flush()
        try:
            yield
        finally:
            if os.name != "nt":  # there an open file can't be removed, and an unlocked one does no harm
                path.unlink(missing_ok=True)


def _open_locked(path: Path, title: str) -> Any:
    foreign = RunError(
        f"{title} needs the name {shorten_path(path)} for its lock, but that is a file of another kind, which was left "
        "as it is. Move it away."
    )
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
            raise RunError(f"{title} is being made by {holder}. Wait for it, or take another name.") from error
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
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0), 0o644)


def lock_file(file: Any) -> None:
    """Lock an open file, or raise an OSError where another process has; the system frees it when this one ends."""
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def claim_folder(place: Path, prefix: str) -> Iterator[Path]:
    """A folder of one's own in `place` for the block; those that killed processes have left there go.

    The folder lies in one that holds nothing else but a lock, which the system frees when its process ends. Only what
    has this form, to the last name, is removed.
    """
    for left in list_claimed(place, prefix) if os.name != "nt" else ():
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
        ours = stat.S_ISDIR(state.st_mode) and (os.name == "nt" or state.st_uid == os.geteuid())
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
    if os.name != "nt":
        lock_file(file)
    file.write(CLAIMED)
    file.flush()
    if os.name != "nt":
        (folder / "new").rename(folder / LOCK)
    return folder, file


def _list_entries(_: Path, new: Path) -> set[str]:
    return {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_symlink() or not path.is_dir()}


def _find_ready(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.ready"


def is_cut_off(folder: Path) -> bool:
    """Whether a `swap_in` was cut off here, so that `recover` has something to do."""
    return _find_ready(folder).is_dir()


def swap_in(folder: Path, new: Path, list_own: ListOwn = _list_entries, last: str = RECORD) -> None:
    """Exchange a folder's own files, one by one, for those of `new`, beside it; files of others stay as they are.

    `recover` goes on from wherever this is cut off. Both need `lock_folder`.

    Parameters
    ----------
    folder, new : Path
    list_own : callable
        From the old folder and the new one, the paths below the old one of the files that may go; by default those that
        the new one has as well.
    last : str
        The file without which nobody takes the folder for whole: the old one goes first, the new one comes last.

    Raises
    ------
    RunError
        If a file of somebody else has the place of a new one; nothing was changed then.
    """
    folder = follow_link(folder)
    if folder.exists():
        own = list_own(folder, new)
        _refuse_occupied(folder, new, own)
        write_json(new / JOURNAL, {"own": sorted(own), "new": sorted(_list_entries(folder, new)), "last": last})
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_sync, (path for path in (new, *new.rglob("*")) if not path.is_symlink())))
    new.rename(_find_ready(folder) if folder.exists() else folder)
    _sync(folder.parent)
    recover(folder)


def recover(folder: Path) -> None:
    """Finish a `swap_in` that was cut off.

    Raises
    ------
    RunError
        If a file of somebody else has come into the place of a new one.
    """
    folder = follow_link(folder)
    ready = _find_ready(folder)
    if not (ready / JOURNAL).is_file():
        with suppress(OSError):  # there is none, or the end of an exchange was cut off and it's empty
            ready.rmdir()
        return
    journal = read_json(ready / JOURNAL)
    own, last = set(journal["own"]), journal["last"]
    new = _list_entries(folder, ready) - {JOURNAL}
    _refuse_occupied(folder, ready, own)
    gone = own.difference(journal["new"]) | (new & {last})  # unless it's the new one that is there already
    for path in sorted(_list_entries(ready, folder) & gone, key=lambda path: path != last):
        (folder / path).unlink()
        if "/" in path:
            with suppress(OSError):  # others have files there
                (folder / path).parent.rmdir()
    for path in sorted(new, key=lambda path: path == last):
        if path == last:
            for place in {(folder / one).parent for one in journal["new"]}:
                _sync(place)
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (ready / path).replace(folder / path)
    for place in sorted((path for path in ready.rglob("*") if path.is_dir()), reverse=True):
        place.rmdir()
    (ready / JOURNAL).unlink()
    ready.rmdir()
    _sync(folder.parent)


def _refuse_occupied(folder: Path, new: Path, own: set[str]) -> None:
    """Refuse what isn't `own`, and links and folders, in the place of files of `new`, or in that of their folders."""
    for path in sorted(_list_entries(folder, new) - {JOURNAL}):
        target, above = folder / path, [folder / place for place in PurePosixPath(path).parents[:-1]]
        taken = [place for place in above if place.is_symlink() or (place.exists() and not place.is_dir())]
        alike = target.is_symlink() == (new / path).is_symlink() and (target.is_symlink() or not target.is_dir())
        if os.path.lexists(target) and not (path in own and alike):
            taken.append(target)
        if taken:
            raise RunError(
                f"{shorten_path(taken[0])} has the place of a new file, but it is somebody else's, and was left as it "
                "is. Move it away; the same command goes on from here."
            )


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's names, to the disk now."""
    if os.name == "nt":  # opens no folders, and no files for that which are open for reading alone
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
