"""The project's places, and files that are written whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any


class UserError(Exception):
    """A mistake that its maker can mend: the message says it all, so a notebook shows it without a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return str(self).splitlines()


class RunError(UserError, RuntimeError):
    """A run's folder, table or figure isn't there, doesn't fit, or may not be written."""


def count_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def find_root() -> Path:
    """Folder of the project: the checkout that holds ``notebooks/`` and ``data/``.

    Looks beside the installed package first (editable install), then in the working directory and its parents.

    Raises
    ------
    RunError
        If there is no such folder.
    """
    here = Path(__file__).resolve()
    for folder in (here.parents[2], Path.cwd(), *Path.cwd().parents):
        if (folder / "notebooks").is_dir() and (folder / "data").is_dir():
            return folder
    raise RunError(
        "The project's folders notebooks/ and data/ were not found. Install the project from its checkout with "
        "'pip install -e .', or start from inside the checkout."
    )


def find_outputs() -> Path:
    """Folder that holds the runs: ``outputs/`` of the project, or what the variable ADOPTION_OUTPUTS names."""
    chosen = os.environ.get("ADOPTION_OUTPUTS", "").strip()
    return Path(chosen).expanduser().resolve() if chosen else find_root() / "outputs"


def find_data(data: str = "data") -> Path:
    """Full path of the parameter ``data``; a relative one is looked up in the project's folder."""
    path = _expand(data)
    return path if path.is_absolute() else find_root() / path


def find_from_here(data: str) -> str:
    """A path that exists as seen from the working directory, whole; others as they are, for the project's folder."""
    try:
        path = Path(data).expanduser()
        return str(path.absolute()) if path.exists() else data
    except (OSError, RuntimeError):  # a name that is too long, a home that nobody has
        return data


def _expand(path: str) -> Path:
    """`path` with `~` as the home that it means; one of nobody's stays as it is, and is then not found."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def name_path(path: str) -> str:
    """`path`, relative to the project's folder when it lies inside, so that records name no machine's folders."""
    given = _expand(path)
    if given.is_absolute():
        for follow in (os.path.normpath, os.path.realpath):
            with suppress(ValueError, OSError, RunError):
                return Path(follow(given)).relative_to(find_root()).as_posix()
    return str(given)


def shorten_path(path: Path) -> str:
    """`path` as seen from the working directory when it's below, else whole."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def write_file(path: Path, content: bytes) -> str:
    """Write `content` whole or not at all (temporary file, then rename) and return its sha256."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        try:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
            file.close()
            Path(file.name).chmod(0o644)
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Write `content` as readable JSON, whole or not at all."""
    write_file(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def hash_file(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_files(folder: Path, kinds: set[str]) -> dict[str, str]:
    """sha256 of every file of one of the `kinds` of ending in `folder`, by its path below it."""
    if folder.is_file():
        return {folder.name: hash_file(folder)}
    files = sorted(path for path in folder.rglob("*") if path.suffix in kinds and path.is_file())
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def hash_helpers() -> dict[str, str]:
    """sha256 of every file of this package, by its path in it."""
    return hash_files(Path(__file__).parent, {".py", ".j2", ".css", ".json"})


# ---- folders ------------------------------------------------------------------------------------------------------


@contextmanager
def hold_folder(folder: Path, what: str = "run") -> Iterator[None]:
    """Hold the right to replace `folder` while the block runs; the system frees it when the process ends.

    `what` it holds is for the message.

    Raises
    ------
    RunError
        If another process holds it; the message says which one.
    """
    path = folder.parent / f".{folder.name}.lock"
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
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            _lock(file)
        except OSError as error:
            file.seek(0)
            holder = file.read().strip() or "another process"
            file.close()
            raise RunError(f"{title} is being made by {holder}. Wait for it, or take another name.") from error
        # the one who held it may have removed the file between our opening and our locking it
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
        file.close()


def _lock(file: Any) -> None:
    if sys.platform == "win32":
        import msvcrt

        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def replace_folder(folder: Path, new: Path) -> None:
    """Put `new` in the place of `folder` by two renames; `restore_folder` mends what stops between them."""
    previous = folder.parent / f".{folder.name}.previous"
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        folder.rename(previous)
    new.rename(folder)
    shutil.rmtree(previous, ignore_errors=True)


def restore_folder(folder: Path) -> None:
    """Undo a `replace_folder` that was cut off between its two renames."""
    previous = folder.parent / f".{folder.name}.previous"
    if previous.exists() and not folder.exists():
        previous.rename(folder)
