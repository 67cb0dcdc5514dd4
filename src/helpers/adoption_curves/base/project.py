"""What every command needs: mistakes told in a sentence, the project's places, sources of data, and the system."""

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

# ---- mistakes, and a stop -------------------------------------------------------------------------------------------


class UserError(Exception):
    """A mistake that its maker can mend: the message says it all, so a notebook shows it without a traceback."""

    exit_code = 2  # of the command: what was typed or given is wrong

    def _render_traceback_(self) -> list[str]:  # IPython asks for it
        return str(self).splitlines()


class RunError(UserError, RuntimeError):
    """A run's folder, table or figure isn't there, doesn't fit, or may not be written."""

    exit_code = 1


class BusyError(RunError):
    """Another process makes the run; the message says which one."""

    exit_code = 75  # EX_TEMPFAIL: the same command may succeed later


class Stopped(BaseException):
    """Ctrl-C, or the system asked this process to end; no library takes it for an error or for its own Ctrl-C."""

    def __init__(self, number: int):
        self.number = number
        self.word, line = ("interrupted", "\n") if number == signal.SIGINT else ("terminated", "")
        self.sentence = f"{line}{self.word.capitalize()}."  # on a line below the ^C that a terminal shows
        self.code = 128 + number  # as shells have it: 130, 143, and 129 where the terminal has gone


# ---- places ---------------------------------------------------------------------------------------------------------

PROJECT_MARK = ".adoption-project"
"""Marker file that `adoption new` writes: commands inside that folder use its data and notebooks."""
_CHECKOUT = Path(__file__).resolve().parents[4]
"""The checkout that this package is part of, where it is part of one."""
PACKAGED = Path(__file__).parents[1] / "_project"
"""Folder of data and notebooks in an installed package; a checkout has none."""
RECORD = "run.json"
"""The manifest in a run's folder."""
RUNNER = "ADOPTION_RUNNER"
"""Environment variable with the run's folder; where it is not set, a person runs the notebook."""
COUNTED = ("audit", "audit_ends", "levelled")
"""Tables of the project's data that were counted: outside the package, or by scripts of benchmarks; runs read them."""


def find_root() -> Path:
    """Folder of the project, with ``notebooks/`` and ``data/``.

    The one made by `adoption new` in which one stands; else the checkout that this package is part of, or in which one
    stands; else what was installed with the package, which nobody writes to.

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
        "The project's folders notebooks/ and data/ were not found, nor were they installed with the package. Install "
        "it from its checkout with 'pip install -e .', or start from inside the checkout."
    )


def find_outputs() -> Path:
    """Folder of the runs: ADOPTION_OUTPUTS if it is set, else ``outputs/`` of the project.

    For the installed package's own project it is ``outputs/`` of the working directory.
    """
    if folder := os.environ.get("ADOPTION_OUTPUTS", "").strip():
        return Path(folder).expanduser().resolve()
    root = find_root()
    return (Path.cwd() if root == PACKAGED else root) / "outputs"


def find_citation() -> Path | None:
    """``CITATION.cff`` of the project, or of the package where the project has none."""
    paths = (root / "CITATION.cff" for root in (find_root(), _CHECKOUT, PACKAGED))
    return next((path for path in paths if path.is_file()), None)


def find_shipped(name: str, folder: str = "data") -> Path:
    """A file that comes with this package, such as those of `COUNTED`, also where a run reads other data."""
    return (PACKAGED if PACKAGED.is_dir() else _CHECKOUT) / folder / name


def find_data(data: str = "data") -> Path:
    """Full path of the parameter ``data``; a relative one is looked up in the project's folder."""
    path = _expand(data)
    return path if path.is_absolute() else find_root() / path


def _expand(path: str | Path) -> Path:
    """Path with `~` as the home folder; that of an unknown user is unchanged, and is then not found."""
    return Path(os.path.expanduser(path))  # noqa: PTH111, pathlib raises for an unknown user


def relative_to_project(path: str) -> str:
    """`path`, relative to the project's folder when it lies inside, so that records name no machine's folders."""
    place = _expand(path)
    if place.is_absolute():
        for follow in (os.path.normpath, os.path.realpath):
            with suppress(ValueError, OSError, RunError):
                return Path(follow(place)).relative_to(find_root()).as_posix()
    return str(place)


def shorten_path(path: Path) -> str:
    """`path` as seen from the working directory when it's below, else whole."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


# ---- a source of data -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Source:
    """A path of data, and how its file is to be read, as ``x.csv?date=Year&value=Percent`` says both.

    Attributes
    ----------
    path : Path
        Of a folder or a file; a relative one is looked up in the project's folder by `find`.
    choices : mapping
        Options of `adoption check` by name, such as the name of the column of dates; a tuple of several.

    Examples
    --------
    >>> Source.read("x.csv?date=Year&unit=percent+of+adults").choices
    {'date': 'Year', 'unit': 'percent of adults'}
    """

    path: Path
    choices: Mapping[str, str | tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | Path | Source) -> Source:
        """Source that a text names: where a file has the whole text as its name, it is that file.

        A question mark at the end says that all before it is the path.
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

    def say(self) -> str:
        """Name of the file or folder, and in words how it is read.

        >>> Source.read("/home/x.csv?date=Year&unit=%25+of+homes").say()
        'x.csv (date: Year, unit: % of homes)'
        """
        how = ", ".join(f"{name}: {text}" for name, text in spread_choices(self.choices))
        return escape(f"{self.path.name} ({how})" if how else self.path.name)

    def choose(self, **choices: str | tuple[str, ...]) -> Source:
        """Source with further options for the same path."""
        return Source(self.path, {**self.choices, **choices})

    def find(self) -> Source:
        """Source with a full path; a relative one starts at the project's folder."""
        return Source(find_data(str(self.path)), self.choices)

    def find_from_here(self) -> Source:
        """Source with a full path if it exists from the working directory, else unchanged."""
        path = _expand(self.path)
        return Source(path.absolute(), self.choices) if os.path.exists(path) else self  # noqa: PTH110, no name is too long


# ---- the register ---------------------------------------------------------------------------------------------------

*WITHDRAWN, PUBLISHED_MODEL = ("weighted", "mean", "mean_2", "mean_3", "path_1", "formula")
"""Names of the methods in the register: those withdrawn, and the published one. Another method is added at the end."""
ESTIMATES = f"{PUBLISHED_MODEL} (estimates)"
"""Name in scores of what the published method registered for days that had passed, see `is_estimate`."""
REGISTER = "forecasts.csv"
"""Table of registered forecasts beside the data."""


def find_register(path: Path) -> Path:
    """The table of registered forecasts, there or not: in a data folder, or beside a file of own data."""
    return (path if path.is_dir() else path.parent) / REGISTER


def is_estimate(rows: Any) -> Any:
    """Whether registered forecasts, a row or a table of them, are for days that had passed: no forecasts, therefore."""
    return rows["target_date"] < rows["registered"]


def is_register(path: Path) -> bool:
    """True for a table of registered forecasts; beside own data a file of that name may be somebody's."""
    with suppress(OSError):
        begin = path.read_bytes().removeprefix(codecs.BOM_UTF8)  # a spreadsheet writes the mark
        return begin.startswith(b"model,version,registered,")
    return False


def read_clock() -> datetime:
    """Now; where SOURCE_DATE_EPOCH is set, the time that it says, so that a run made on another day has the same bytes.

    Raises
    ------
    RunError
        If it says none.
    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        return datetime.now(UTC) if given is None else datetime.fromtimestamp(int(given), UTC)
    except (ValueError, OverflowError, OSError) as error:
        wrong = f"The variable SOURCE_DATE_EPOCH is {quote(given)}"
        raise RunError(f"{wrong}; it must be seconds since 1970, such as 1796083200.") from error


# ---- the system -----------------------------------------------------------------------------------------------------

NEEDED = 30_000_000
"""Bytes that a run takes at least while it is made."""
FULL = os.strerror(errno.ENOSPC)
_UNNEEDED = ("debugpy", "hypothesis", "rfc3987_syntax")
"""Optional imports of our dependencies; no run needs them, and blocking them saves a second."""


def count_processors() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def import_extra(name: str, extra: str, what: str) -> Any:
    """The module of a library that only some uses need, which an extra of this package installs.

    Raises
    ------
    UserError
        If the library isn't installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        install = f"pip install 'adoption-curves[{extra}]', in a checkout pip install -e '.[{extra}]'"
        raise UserError(f"{what} needs {name.partition('.')[0]}, which is not installed: {install}") from error


@contextmanager
def block_unneeded() -> Iterator[None]:
    """Let the imports that no run needs fail within the block, as if they weren't installed."""
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
    """Sentence on the room in the folder of outputs, and on how much a run needs."""
    free, needed = find_room() / 1e6, needed / 1e6
    return f"{shorten_path(find_outputs())} has {free:,.0f} MB free, and a run needs {needed:,.0f} MB."


def format_system_error(error: Exception) -> str:
    """Refusal of the system in words: memory, a thread, a file, a full disk; "" for an error of ours."""
    if isinstance(error, MemoryError):
        return "Out of memory"
    if isinstance(error, RuntimeError):  # Python has no kind of error of its own for threads
        return str(error) if "can't start new thread" in str(error) else ""
    if not isinstance(error, OSError) or not error.errno:  # some library's own
        return ""
    if error.errno == errno.ENOSPC:
        return f"{FULL}. {format_room()}".removesuffix(".")
    place = f": {shorten(shorten_path(Path(error.filename)), 400)}" if isinstance(error.filename, str) else ""
    return f"{error.strerror or error}{place}"


def raise_for_links(folder: Path) -> None:
    """Refuse a link in the place of a folder in the outputs, or on the way to it; the outputs themselves may be one.

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
            raise RunError(f"{shorten_path(step)} is no folder. Move it away, or take another name; {only}.")
