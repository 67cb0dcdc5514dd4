"""Replace a folder as a whole: if the process is killed, either the old or the new folder is complete.

The new folder of ``outputs/baseline/`` is made in ``outputs/.baseline.making/``, its workspace. This holds a lock, the
new folder, and the old folder while the new one is moved into place. Nothing outside the workspace is ever removed, and
a folder without the lock is never used as a workspace.
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

# Names in a workspace that no new folder can have.
_LOCK, _HOLDER, _OLD = ".lock", ".holder", ".old"
# Pattern of files that macOS and office programs leave in folders that they open.
_LEFTOVER = r"(.*/)?(\.DS_Store|~\$.*|\.~lock\..*#)"


@contextmanager
def lock_folder(folder: Path, what: str = "run", wait: bool = False) -> Iterator[Path]:
    """Lock `folder` for the duration of the block, and provide a workspace that is removed at the end.

    If an earlier process was killed, the workspace is repaired first: it keeps at most the folder that was being made,
    if it has the name of `folder`. The operating system releases the lock when the process ends.

    Parameters
    ----------
    folder : Path
    what : str
        What the folder holds, for the message.
    wait : bool
        Wait if another process holds the lock; a message is printed once.

    Yields
    ------
    Path
        The workspace.

    Raises
    ------
    BusyError
        If another process holds the lock; the message names it.
    RunError
        If another program's folder has the workspace's name, or `folder` is a link.
    """
    workspace, title = _find_workspace(folder), f"{what.capitalize()} '{folder.name}'"
    raise_for_links(folder)
    lock, is_waiting = FileLock(workspace / _LOCK, timeout=0), False
    while not lock.is_locked:
        workspace.mkdir(parents=True, exist_ok=True)
        try:
            _raise_for_others(workspace, title)
            lock.acquire()
        except FileNotFoundError:  # the previous process has just removed the workspace
            continue
        except Timeout as error:
            holder = "another process"
            with suppress(OSError):  # that process has not yet written its name
                holder = (workspace / _HOLDER).read_text(errors="replace")
            busy = f"{title} is being made by {holder}"
            if not wait:
                raise BusyError(f"{busy}. Wait for it (--wait), or use another name.") from error
            if not is_waiting:
                sys.stderr.write(f"{busy}: waiting for it.\n")
            is_waiting = True
            time.sleep(0.2)
    try:
        holder = f"process {os.getpid()} on {platform.node()} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
        (workspace / _HOLDER).write_text(holder, encoding="utf-8")
        _recover(folder, workspace, folder.name)
        yield workspace
    finally:
        with suppress(OSError):  # the disk was removed or became read-only: the next process tidies up
            _recover(folder, workspace)
            (workspace / _HOLDER).unlink()
            (workspace / _LOCK).unlink()  # while it is locked: a waiting process then makes a new one
            workspace.rmdir()
        lock.release()


def _find_workspace(folder: Path) -> Path:
    """Hidden folder next to `folder` in which its replacement is made; it may not exist yet."""
    return folder.with_name(f".{folder.name}.making")


def _raise_for_others(workspace: Path, title: str) -> None:
    """Raise an error if a folder in the workspace's place has files but no lock, so this package did not make it."""
    if any(workspace.iterdir()) and not (workspace / _LOCK).is_file():
        foreign = f"{title} would be made in {shorten_path(workspace)}, but a folder of another program has that name."
        raise RunError(f"{foreign} It was not changed; move it away.")


def _recover(folder: Path, workspace: Path, *spared: str) -> None:
    """Put back a folder that was set aside but not replaced; remove everything else in the workspace but `spared`."""
    if (workspace / _OLD).is_dir() and not os.path.lexists(folder):
        (workspace / _OLD).rename(folder)
    for path in [each for each in workspace.iterdir() if each.name not in (_LOCK, _HOLDER, *spared)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()


def replace_folder(folder: Path, new: Path) -> None:
    """Replace `folder` by `new`, a folder in its workspace; the old files are removed when `lock_folder` ends.

    This takes two renames. If the process is killed between them, the old folder is in the workspace and the next
    `lock_folder` puts it back.
    """
    if folder.exists():
        folder.rename(_find_workspace(folder) / _OLD)
    new.rename(folder)


def raise_for_foreign(folder: Path, own: Collection[str]) -> None:
    """Raise an error if a folder to be replaced contains a file that a user may want to keep.

    Parameters
    ----------
    folder : Path
    own : collection of str
        Relative paths of the files that may be removed; leftovers of other programs may be removed too.

    Raises
    ------
    RunError
        Naming the first such file; nothing is changed.
    """
    if foreign := list_foreign(folder, own):
        more = f" and {len(foreign) - 1} more" if len(foreign) > 1 else ""
        raise RunError(
            f"{shorten_path(folder)} contains {escape(foreign[0])}{more}, which adoption did not write. Move it away, "
            "then repeat the command."
        )


def list_foreign(folder: Path, own: Collection[str] = ()) -> list[str]:
    """Relative paths of files and links in a folder that are neither `own` nor leftovers of other programs.

    Raises
    ------
    RunError
        If `folder` is a file or a link.
    """
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise RunError(f"{shorten_path(folder)} is not a folder. Move it away, or use another name.")
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    names = sorted(path.relative_to(folder).as_posix() for path in paths)
    return [name for name in names if name not in own and not re.fullmatch(_LEFTOVER, name)]


def move_edited(folder: Path, paths: Sequence[str], of: Path | None = None) -> str:
    """Move a user's files from a folder to ``<of>.edited/DAY/`` (`of` is the folder by default); returns a message."""
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
        f"{shorten_path(folder)} had files that were edited or written by another release; they are now in "
        f"{shorten_path(aside)}: {escape(', '.join(paths[:3]))}{more}."
    )


# ---- folders without a manifest: a failed run, a comparison ---------------------------------------------------------

# List of the files that adoption wrote in such a folder: sha256 by path.
WRITTEN = "written.json"


def write_list(folder: Path) -> None:
    """Write a list of all files in a folder, as files written by adoption."""
    names = [path for path in list_foreign(folder) if path != WRITTEN]
    write_json(folder / WRITTEN, {path: hash_file(folder / path) for path in names})


def move_unlisted(folder: Path, of: Path) -> list[str]:
    """Move files that are not listed, or have changed since, to ``<of>.edited/DAY/``; returns messages, at most one.

    Raises
    ------
    RunError
        If `folder` is a file or a link.
    """
    listed = dict[str, str]()
    with suppress(OSError, ValueError, TypeError):
        listed = dict(read_json(folder / WRITTEN))
    paths = [path for path in list_foreign(folder) if path != WRITTEN or not listed]
    theirs = [path for path in paths if not _is_same(folder / path, listed.get(path, ""))]
    return [move_edited(folder, theirs, of)] if theirs else []


def _is_same(path: Path, expected: str) -> bool:
    return bool(expected) and not path.is_symlink() and path.is_file() and hash_file(path) == expected
