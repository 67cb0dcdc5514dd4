"""Problems of data and of choices from them, as messages for people."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from ..base.formats import SHOWN_CHARACTERS, escape, quote, shorten
from ..base.project import UserError

_MAX_MESSAGES = 50  # lines of one message, and problems of one kind that are explained one by one
_MAX_MESSAGE_CHARACTERS = 1000


@dataclass(frozen=True)
class Problem:
    """Problem of the data: its place, its description, and what would be right.

    ``row`` is the line number that an editor shows (the header is 1). For a wrong parameter ``file`` is empty and
    ``column`` names the parameter. ``more`` counts further problems of the same kind that are not listed.
    """

    file: str
    row: int | None
    column: str
    value: str
    message: str
    more: int = 0

    def __str__(self) -> str:
        column = f"column {shorten(self.column)}" if self.column and self.file else shorten(self.column)
        place = ", ".join(part for part in (self.file, f"row {self.row}" if self.row else "", column) if part)
        value = f"{quote(self.value)} " if self.value != "" else ""
        return escape(f"{place}{': ' if place else ''}{value}{shorten(self.message, _MAX_MESSAGE_CHARACTERS)}")


class DataError(UserError, ValueError):
    """The data, or a choice from them, is not usable; ``str()`` lists the problems, one a line, and counts the rest.

    Attributes
    ----------
    problems : list of Problem
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = [str(problem) for problem in self.problems[:_MAX_MESSAGES]]
        more = len(self.problems) - len(lines) + sum(problem.more for problem in self.problems)
        super().__init__("\n".join([*lines, f"and {more:,} more"] if more else lines))

    def __reduce__(self) -> tuple[type[DataError], tuple[list[Problem]]]:
        return (DataError, (self.problems,))


def list_problems(
    file: str, rows: pd.DataFrame, column: str, message: str | Callable[[dict[str, Any]], str]
) -> list[Problem]:
    """Report rows of a table; of many only the first, the last of which counts the others.

    Parameters
    ----------
    file : str
        Table or file of the problems.
    rows : DataFrame
        ``row`` (line in the file), ``value`` (what is quoted), and whatever the message needs.
    column : str
        The column that has the problems.
    message : str or callable
        A format string over the columns of ``rows``, or a function of one row as dict.

    Returns
    -------
    list of Problem
    """
    if rows.empty:  # as nearly always
        return []
    problems = []
    for entry in rows.head(_MAX_MESSAGES).to_dict("records"):
        value = entry.get("value", "")
        text = message(entry) if callable(message) else message.format(**entry)
        problems.append(Problem(file, entry["row"], column, value if isinstance(value, str) else f"{value:g}", text))
    return [*problems[:-1], replace(problems[-1], more=len(rows) - len(problems))]


def suggest_names(name: object, valid: Iterable[str]) -> str:
    """Nearest valid names to ``name``, or some of the valid names."""
    valid = sorted(set(valid))
    sought = str(name).lower()[:SHOWN_CHARACTERS]
    by_lower = {candidate.lower(): candidate for candidate in valid}
    if near := difflib.get_close_matches(sought, sorted(by_lower)):
        return "nearest: " + ", ".join(shorten(by_lower[candidate]) for candidate in near)
    return f"there is: {list_names(valid)}" if valid else "there is none"


def list_names(names: Iterable[str]) -> str:
    """List the first twelve names, in order."""
    names = sorted(names)
    return ", ".join(map(shorten, names[:12])) + (", ..." if len(names) > 12 else "")


def parameter_error(parameter: str, value: object, message: str) -> DataError:
    """Return the `DataError` for one wrong parameter."""
    return DataError([Problem("", None, parameter, str(value), message)])


def cell_error(file: str, message: str, row: int | None = None, column: str = "", value: str = "") -> DataError:
    """Return the `DataError` for one thing that is wrong in a file."""
    return DataError([Problem(file, None if row is None else int(row), column, str(value), message)])
