"""The project's places, and files that are written whole or not at all."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import platform
import secrets
import shutil
import stat
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any

from helpers.choices import join_choices, split_choices

UNNEEDED = ("bokeh", "debugpy", "hypothesis", "rfc3987_syntax")
"""What libraries import only if it's there, which costs a second in all, and no run needs; Dask's pages among it."""


class UserError(Exception):
    """A mistake that its maker can mend: the message says it all, so a notebook shows it without a traceback."""

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return str(self).splitlines()


class RunError(UserError, RuntimeError):
    """A run's folder, table or figure isn't there, doesn't fit, or may not be written."""


def count_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


MARK = ".adoption-project"
"""File that marks a project made by `adoption new`: in it and below it, that one counts."""
PACKAGED = Path(__file__).parent / "_project"
"""Where an installed package keeps data and notebooks; in a checkout there is no such folder."""


def find_root() -> Path:
    """Folder of the project, which holds ``notebooks/`` and ``data/``.

    The one made by `adoption new` in which one stands; else the checkout that this package is part of, or in which one
    stands; else what was installed with the package, which nobody writes to.

    Raises
    ------
    RunError
        If there is no such folder.
    """
    checkout, above = Path(__file__).resolve().parents[2], [Path.cwd(), *Path.cwd().parents]
    for folder in above:
        if (folder / MARK).is_file():
            refuse_planted(folder, folder / MARK, folder / "notebooks", folder / "data")
            return folder
    for folder in (checkout, *above):
        if any((folder / "notebooks").glob("[0-9][0-9]_*.ipynb")) and (folder / "data" / "datapackage.json").is_file():
            if folder != checkout:
                refuse_planted(folder, folder / "notebooks", folder / "data")
            return folder
    if PACKAGED.is_dir():
        return PACKAGED
    raise RunError(
        "The project's folders notebooks/ and data/ were not found, nor were they installed with the package. Install "
        "it from its checkout with 'pip install -e .', or start from inside the checkout."
    )


def list_records(outputs: Path) -> list[Path]:
    """The records of the runs in a folder of outputs, those of sweeps included."""
    return [*outputs.glob(f"*/{RECORD}"), *outputs.glob(f"*/*/{RECORD}")]


def find_outputs() -> Path:
    """Folder that holds the runs: ``outputs/`` of the project, or what the variable ADOPTION_OUTPUTS names.

    Where the project is what was installed with the package, it is ``outputs/`` of the working directory.
    """
    chosen = os.environ.get("ADOPTION_OUTPUTS", "").strip()
    if chosen:
        return Path(chosen).expanduser().resolve()
    root = find_root()
    if root != PACKAGED:
        return root / "outputs"
    here = Path.cwd()  # a notebook that was opened by hand runs in outputs/lab/
    return here.parent if (here.name, here.parent.name) == ("lab", "outputs") else here / "outputs"


def begin_project(folder: Path) -> Path:
    """Copy data and notebooks into a new folder, whole or not at all, and mark it as a project.

    Raises
    ------
    RunError
        If there is something in that place.
    """
    if os.path.lexists(folder) and (folder.is_symlink() or not folder.is_dir() or any(folder.iterdir())):
        raise RunError(f"{shorten_path(folder)} is there already, and not empty. Name a new folder.")
    root = find_root()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as place:
        new = Path(place) / "new"
        for path in (*root.glob("data/*.*"), *root.glob(f"data/{REGISTER}/*.csv"), *root.glob("notebooks/*.ipynb")):
            target = new / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
        (new / MARK).write_text("In this folder and below it, adoption uses data/ and notebooks/ of this folder.\n")
        if folder.exists():
            folder.rmdir()
        new.rename(folder)
    return folder


def find_lab() -> Path:
    """Folder for what people make by hand, ``outputs/lab/``; it is no run."""
    return find_outputs() / "lab"


def find_data(data: str = "data") -> Path:
    """Full path of the parameter ``data``; a relative one is looked up in the project's folder."""
    path = _expand(data)
    return path if path.is_absolute() else find_root() / path


REGISTER = "forecasts"
"""Folder of a data folder that holds the forecasts on record."""


def find_register(path: Path) -> Path:
    """Folder of the forecasts on record: beside the data in `path`, or the project's where `path` is no data folder."""
    return (path if (path / "datapackage.json").is_file() else find_data()) / REGISTER


def find_from_here(data: str) -> str:
    """A path that exists as seen from the working directory, whole; others as they are, for the project's folder."""
    try:
        path, choices = split_choices(data)
        path = path.expanduser()
        return join_choices(path.absolute(), choices) if path.exists() else data
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
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")  # opened plainly, so that the user's umask holds
    try:
        with beside.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    return hashlib.sha256(content).hexdigest()


def write_json(path: Path, content: Any) -> None:
    """Write `content` as readable JSON, whole or not at all."""
    write_file(path, (json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Content of a JSON file that this package wrote, or that someone put in its place.

    Raises
    ------
    OSError
        If there is none.
    ValueError
        If it's no JSON, or no file of a usual size.
    """
    try:
        return json.loads(read_file(path))
    except RecursionError as error:
        raise ValueError("lists or mappings lie too deep in each other") from error


def read_file(path: Path) -> str:
    """Text of a file that anybody may have put there; a `ValueError` says that it's a pipe, a device, or very large."""
    state = path.stat()
    if not stat.S_ISREG(state.st_mode) or state.st_size > LARGEST_TEXT:
        raise ValueError("no file, or a very large one")
    return path.read_text(encoding="utf-8")


def read_cells(notebook: Path) -> list[tuple[str, str, list[str]]]:
    """Kind, source and tags of each cell of a notebook.

    Raises
    ------
    RunError
        If it is none.
    """
    try:
        cells = read_json(notebook)["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), list(cell["metadata"].get("tags", []))) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise RunError(f"{shorten_path(notebook)} can't be read as a notebook ({str(error)[:200]}).") from error


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

LARGEST_TEXT = 50_000_000
RECORD = "run.json"
LOCK = ".lock"
ListOwn = Callable[[Path, Path], set[str]]


def follow_link(folder: Path) -> Path:
    """`folder`; where it is a link, the folder that it leads to: that one is replaced, and the link stays.

    Raises
    ------
    RunError
        If there is no such folder, or it can't be replaced because it is a disk's topmost one.
    """
    if not folder.is_symlink():
        return folder
    place = Path(os.path.realpath(folder))
    if not place.is_dir() and not is_cut_off(place):
        missing = f"{shorten_path(folder)} is a link to {place}, but there is no such folder."
        raise RunError(f"{missing} Connect its disk, or remove the link.")
    if place.is_mount():
        top = f"{shorten_path(folder)} is a link to {place}, the topmost folder of a disk, which can't be replaced."
        raise RunError(f"{top} Let it lead to a folder on that disk.")
    return place


@contextmanager
def hold_folder(folder: Path, what: str = "run") -> Iterator[None]:
    """Hold the right to replace `folder` while the block runs; the system frees it when the process ends.

    `what` it holds is for the message.

    Raises
    ------
    RunError
        If another process holds it, where the message says which one; or if the lock's name is that of another file.
    """
    place = follow_link(folder)
    refuse_planted(place.parent, place, _find_previous(place))
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


def refuse_planted(*places: Path) -> None:
    """Refuse what another user has put where everyone may write: what is in it would become part of a report.

    Raises
    ------
    RunError
    """
    for place in places if hasattr(os, "geteuid") else ():
        with suppress(OSError):
            if place.lstat().st_uid not in (0, os.geteuid()) and place.parent.stat().st_mode & stat.S_IWOTH:
                planted = f"{shorten_path(place)} is another user's, in a folder where everyone may write."
                raise RunError(f"{planted} Nothing of it is used; work in a folder of your own.")


@contextmanager
def claim_folder(place: Path, prefix: str) -> Iterator[Path]:
    """A folder of one's own in `place` for the block; those that killed processes have left there go.

    Each is told by a lock in it, which the system frees when its process ends.
    """
    for left in place.glob(f"{glob.escape(prefix)}*") if os.name != "nt" else ():
        with suppress(OSError):
            if left.lstat().st_uid == os.geteuid():
                with open(left / LOCK, "r+", opener=_open_plain) as file:
                    lock_file(file)
                    shutil.rmtree(left)
    folder = Path(mkdtemp(prefix=prefix, dir=place))
    try:
        with (folder / "new").open("w") as file:
            if os.name != "nt":
                lock_file(file)
                (folder / "new").rename(folder / LOCK)  # others never see one that isn't locked
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _list_entries(_: Path, new: Path) -> set[str]:
    return {path.relative_to(new).as_posix() for path in new.rglob("*") if path.is_symlink() or not path.is_dir()}


def _find_previous(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.previous"


def is_cut_off(folder: Path) -> bool:
    """Whether a `replace_folder` was cut off here, so that `restore_folder` has something to do."""
    return _find_previous(folder).is_dir()


def replace_folder(folder: Path, new: Path, list_own: ListOwn = _list_entries) -> list[Path]:
    """Put `new` in the place of `folder` by two renames, and move what others put into the old one across.

    `restore_folder` goes on from wherever this is cut off. Both need `hold_folder`.

    Parameters
    ----------
    folder, new : Path
    list_own : callable
        From the old folder and the new one, the paths below the old one of the files that may go; by default those that
        the new one has as well. All else is somebody's, and stays.

    Returns
    -------
    list of Path
        Where files of others now lie whose names the new folder has itself.
    """
    from concurrent.futures import ThreadPoolExecutor

    folder = follow_link(folder)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(_sync, (path for path in (new, *new.rglob("*")) if not path.is_symlink())))
    if folder.exists():
        folder.rename(_find_previous(folder))
    new.rename(folder)
    _sync(folder.parent)
    return restore_folder(folder, list_own)


def restore_folder(folder: Path, list_own: ListOwn = _list_entries) -> list[Path]:
    """Finish a `replace_folder` that was cut off, or undo it when it was cut off between its two renames."""
    folder = follow_link(folder)
    if not is_cut_off(folder):
        return []
    previous = _find_previous(folder)
    if not folder.exists():
        previous.rename(folder)
        return []
    own = list_own(previous, folder)
    kept = _move_foreign(previous, folder, own)
    for place, folders, files in os.walk(previous, topdown=False):
        for path in (Path(place, name) for name in files + folders):
            if path.relative_to(previous).as_posix() in own - {RECORD}:
                path.unlink()
            elif path.is_dir():
                path.rmdir()
    (previous / RECORD).unlink(missing_ok=True)  # last: it says which of the files may go
    previous.rmdir()
    _sync(folder.parent)
    return kept


def _move_foreign(old: Path, new: Path, own: set[str], below: str = "") -> list[Path]:
    """Move all that isn't among the `own` files from one folder to the other; returns what got another name."""
    kept = []
    for entry in sorted(old.iterdir()):
        path, target = f"{below}{entry.name}", new / entry.name
        if entry.is_dir() and not entry.is_symlink():
            shared = target.is_dir() and not target.is_symlink()
            if shared or any(one.startswith(f"{path}/") for one in own):
                kept += _move_foreign(entry, target, own, f"{path}/")
                continue
        elif path in own and entry.is_symlink() == target.is_symlink():
            continue
        number = 1
        while os.path.lexists(target):
            target = new / f"{entry.stem}-kept{f'-{number}' if number > 1 else ''}{entry.suffix}"
            number += 1
        target.parent.mkdir(parents=True, exist_ok=True)
        entry.rename(target)
        _sync(target.parent)
        kept += [target] if number > 1 else []
    return kept


def _sync(path: Path) -> None:
    """Have the system write a file, or a folder's names, to the disk now."""
    if os.name == "nt":  # opens no folders, and no files for that which are open for reading alone
        return
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- imports --------------------------------------------------------------------------------------------------------


@contextmanager
def block_imports(names: Iterable[str]) -> Iterator[None]:
    """Let imports of `names` fail within the block, as if they weren't installed."""
    blocked = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]  # None is how Python blocks an import
    try:
        yield
    finally:
        for name in blocked:
            del sys.modules[name]
