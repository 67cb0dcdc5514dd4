"""Errors, folders of the project, data sources and the operating system, for every command."""

from __future__ import annotations

import codecs
import errno
import importlib
import os
import shutil
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode

from .columns import spread_choices
from .formats import escape, quote, shorten

# ---- errors ---------------------------------------------------------------------------------------------------------


class UserError(Exception):
    """An error that the user can correct; notebooks show its message without a traceback."""

    exit_code = 2  # of the command: its arguments or the data are wrong

    def _render_traceback_(self) -> list[str]:  # called by IPython
        return str(self).splitlines()


class RunError(UserError, RuntimeError):
    """A run's folder, table or chart is missing, does not match, or cannot be written."""

    exit_code = 1


class BusyError(RunError):
    """Another process is making the run; the message names it."""

    exit_code = 75  # EX_TEMPFAIL: the same command may succeed later


class Stopped(BaseException):
    """Ctrl-C or a signal to terminate; a BaseException, so that libraries do not catch it."""

    def __init__(self, number: int):
        self.number = number
        self.word, line = ("interrupted", "\n") if number == signal.SIGINT else ("terminated", "")
        self.sentence = f"{line}{self.word.capitalize()}."  # on a line below the ^C that a terminal shows
        self.code = 128 + number  # as in shells: 130, 143, or 129 if the terminal was closed


# ---- folders --------------------------------------------------------------------------------------------------------

# Marker file that `adoption new` writes: commands inside that folder use its data and notebooks.
PROJECT_MARK = ".adoption-project"
# The checkout that contains this package, if any.
_CHECKOUT = Path(__file__).resolve().parents[4]
# Folder of data and notebooks in an installed package; it does not exist in a checkout.
PACKAGED = Path(__file__).parents[1] / "_project"
# The manifest in a run's folder.
RECORD = "run.json"
# Environment variable with the run's folder; if it is not set, a person runs the notebook.
RUNNER = "ADOPTION_RUNNER"
# Data tables that were computed outside the package or by scripts in benchmarks; runs only read them.
COUNTED = ("audit", "audit_ends", "levelled")


def find_root() -> Path:
    """Folder of the project, with ``notebooks/`` and ``data/``.

    In this order: the folder made by `adoption new` that contains the working directory; the checkout that contains
    this package, or the working directory; the folder installed with the package, which is read-only.

    Raises
    ------
    RunError
        If there is no such folder.
    """
    above = [Path.cwd(), *Path.cwd().parents]
    marked = [folder for folder in above if (folder / PROJECT_MARK).is_file()]
    for folder in (*marked[:1], _CHECKOUT, *above):
        has_notebooks = any((folder / "notebooks").glob("[0-9][0-9]_*.ipynb"))
        if folder in marked or (has_notebooks and (folder / "data" / "datapackage.json").is_file()):
            return folder
    if PACKAGED.is_dir():
        return PACKAGED
    raise RunError(
        "The project's folders notebooks/ and data/ were not found, and they were not installed with the package. "
        "Install it from its checkout with 'pip install -e .', or start inside the checkout."
    )


def find_outputs() -> Path:
    """Folder of the runs: ADOPTION_OUTPUTS if it is set, otherwise ``outputs/`` in the project.

    If the project is the one installed with the package, ``outputs/`` in the working directory.
    """
    if folder := os.environ.get("ADOPTION_OUTPUTS", "").strip():
        return Path(folder).expanduser().resolve()
    root = find_root()
    return (Path.cwd() if root == PACKAGED else root) / "outputs"


def find_citation() -> Path | None:
    """``CITATION.cff`` of the project or, if it has none, of the package."""
    paths = (root / "CITATION.cff" for root in (find_root(), _CHECKOUT, PACKAGED))
    return next((path for path in paths if path.is_file()), None)


def find_shipped(name: str, folder: str = "data") -> Path:
    """Path of a file in the data of this package, such as `COUNTED`, even if a run reads other data."""
    return (PACKAGED if PACKAGED.is_dir() else _CHECKOUT) / folder / name


def find_data(data: str = "data") -> Path:
    """Full path of the parameter ``data``; a relative path starts at the project's folder."""
    path = _expand(data)
    return path if path.is_absolute() else find_root() / path


def _expand(path: str | Path) -> Path:
    """Path with `~` replaced by the home folder; unchanged if the user is unknown."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, pathlib raises for an unknown user


def relative_to_project(path: str) -> str:
    """`path`, relative to the project's folder if it is inside, so that records do not name folders of a machine."""
    place = _expand(path)
    if place.is_absolute():
        for follow in (os.path.normpath, os.path.realpath):
            with suppress(ValueError, OSError, RunError):
                return Path(follow(place)).relative_to(find_root()).as_posix()
    return str(place)


def shorten_path(path: Path) -> str:
    """`path` relative to the working directory if it is inside, otherwise the full path."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


# ---- data source ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """Path of the data with the options for reading it, written as ``x.csv?date=Year&value=Percent``.

    Attributes
    ----------
    path : Path
        A folder or a file. `find` looks up a relative path in the project's folder.
    choices : mapping
        Options of `adoption check` by name, such as the column with the dates; a tuple if an option is repeated.

    Examples
    --------
    >>> Source.read("x.csv?date=Year&unit=percent+of+adults").choices
    {'date': 'Year', 'unit': 'percent of adults'}
    """

    path: Path
    choices: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | Path | Source) -> Source:
        """Source from a text; if a file has the whole text as its name, that file.

        In a text that ends with a question mark, all before it is the path.
        """
        if isinstance(text, Source):
            return text
        path, mark, query = str(text).rpartition("?")
        if not mark or os.path.lexists(text) or not all("=" in part for part in query.split("&") if query):
            return cls(Path(text))
        options = parse_qs(query, keep_blank_values=True)
        return cls(Path(path), {name: tuple(texts) if texts[1:] else texts[0] for name, texts in options.items()})

    def __str__(self) -> str:
        if not self.choices and "?" not in str(self.path):
            return str(self.path)
        return f"{self.path}?{urlencode(self.choices, doseq=True)}"

    def format(self) -> str:
        """Name of the file or folder with its options, as text.

        >>> Source.read("/home/x.csv?date=Year&unit=%25+of+homes").format()
        'x.csv (date: Year, unit: % of homes)'
        """
        how = ", ".join(f"{name}: {text}" for name, text in spread_choices(self.choices))
        return escape(f"{self.path.name} ({how})" if how else self.path.name)

    def choose(self, **choices: str | tuple[str, ...]) -> Source:
        """The same path with additional options."""
        return Source(self.path, {**self.choices, **choices})

    def find(self) -> Source:
        """Source with its full path; a relative path starts at the project's folder."""
        return Source(find_data(str(self.path)), self.choices)

    def find_from_here(self) -> Source:
        """Source with its full path if the path exists in the working directory, otherwise unchanged."""
        path = _expand(self.path)
        return Source(path.absolute(), self.choices) if os.path.exists(path) else self  # noqa: PTH110, no name is too long


# ---- the register ---------------------------------------------------------------------------------------------------

# Names of the methods in the register: those withdrawn, and the published one. Another method is added at the end.
*WITHDRAWN, PUBLISHED_MODEL = ("weighted", "mean", "mean_2", "mean_3", "path_1", "formula", "formula_2")
# Name in scores of the published method's forecasts for past days, see `is_estimate`.
ESTIMATES = f"{PUBLISHED_MODEL} (estimates)"
# Name of the table of registered forecasts.
REGISTER = "forecasts.csv"


def find_register(path: Path) -> Path:
    """Path of the table of registered forecasts, which may not exist: in a data folder, or next to a user's file."""
    return (path if path.is_dir() else path.parent) / REGISTER


def is_estimate(rows: Any) -> Any:
    """Whether registered values, in a row or a table, are for days before registration, so are estimates."""
    return rows["target_date"] < rows["registered"]


def is_register(path: Path) -> bool:
    """Whether a file is a table of registered forecasts; next to a user's data it may be another file of that name."""
    with suppress(OSError):
        begin = path.read_bytes().removeprefix(codecs.BOM_UTF8)  # written by spreadsheet programs
        return begin.startswith(b"model,version,registered,")
    return False


def read_clock() -> datetime:
    """Current time, or that of SOURCE_DATE_EPOCH if it is set, so that a run can be repeated to the byte.

    Raises
    ------
    RunError
        If SOURCE_DATE_EPOCH is not a time.
    """
    seconds = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.now(UTC) if seconds is None else datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as error:
        wrong = f"The variable SOURCE_DATE_EPOCH is {quote(seconds)}"
        raise RunError(f"{wrong}; it must be seconds since 1970, such as 1796083200.") from error


# ---- operating system -----------------------------------------------------------------------------------------------

# Minimum disk space that a run needs, in bytes.
NEEDED = 30_000_000
FULL = os.strerror(errno.ENOSPC)
# Optional imports of our dependencies; no run needs them, and skipping them saves a second.
_UNNEEDED = ("debugpy", "hypothesis", "rfc3987_syntax")


def count_processors() -> int:
    """Number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def import_extra(name: str, extra: str, what: str) -> Any:
    """Import an optional library, which an extra of this package installs.

    Raises
    ------
    UserError
        If the library is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        install = f"pip install 'adoption-curves[{extra}]', in a checkout pip install -e '.[{extra}]'"
        raise UserError(f"{what} needs {name.partition('.')[0]}, which is not installed: {install}") from error


@contextmanager
def block_unneeded() -> Iterator[None]:
    """Make imports that no run needs fail inside the block, as if the libraries were not installed."""
    blocked = [name for name in _UNNEEDED if name not in sys.modules]
    sys.modules.update(dict.fromkeys(blocked))  # type: ignore[arg-type]  # None is how Python blocks an import
    try:
        yield
    finally:
        for name in blocked:
            del sys.modules[name]


def find_room() -> int:
    """Free bytes in the folder of outputs."""
    place = next(path for path in (find_outputs(), *find_outputs().parents) if path.exists())
    return shutil.disk_usage(place).free


def format_room(needed: float = NEEDED) -> str:
    """Sentence on the free space in the folder of outputs and the space that a run needs."""
    free, needed = find_room() / 1e6, needed / 1e6
    return f"{shorten_path(find_outputs())} has {free:,.0f} MB free, and a run needs {needed:,.0f} MB."


def format_system_error(error: Exception) -> str:
    """Message on an error of the operating system (memory, threads, files, full disk); "" for other errors."""
    if isinstance(error, MemoryError):
        return "Out of memory"
    if isinstance(error, RuntimeError):  # Python has no separate exception for threads
        return str(error) if "can't start new thread" in str(error) else ""
    if not isinstance(error, OSError) or not error.errno:  # raised by a library, not by the system
        return ""
    if error.errno == errno.ENOSPC:
        return f"{FULL}. {format_room()}".removesuffix(".")
    place = f": {shorten(shorten_path(Path(error.filename)), 400)}" if isinstance(error.filename, str) else ""
    return f"{error.strerror or error}{place}"


def raise_for_links(folder: Path) -> None:
    """Raise an error if a folder in the outputs, or a parent of it inside them, is a link.

    Raises
    ------
    RunError
    """
    outputs = find_outputs()
    inside = folder.relative_to(outputs).parts if folder.is_relative_to(outputs) else ()
    for number in range(1, len(inside) + 1):
        step = outputs.joinpath(*inside[:number])
        if step.is_symlink():
            only = f"only {shorten_path(outputs)} may be a link"
            raise RunError(f"{shorten_path(step)} is a link, not a folder. Move it away, or use another name; {only}.")
