"""Errors in data and in choices from them, as messages for people."""

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
    """One error in the data: its place, its description, and what would be right.

    Attributes
    ----------
    file : str
        File name; "" for a wrong parameter.
    row : int or None
        Line number as in an editor, where the header is 1.
    column : str
        Column, or the name of the parameter.
    value, message : str
        Wrong value, and what is wrong with it.
    more : int
        Number of further errors of the same kind that are not listed.
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
    """Raised if the data, or a choice from them, cannot be used.

    The message has one line per problem; if there are many, it counts the rest.

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
    """Problems of several rows of a table; if there are many, the last one listed counts the rest.

    Parameters
    ----------
    file : str
        Name of the file.
    rows : DataFrame
        Rows with ``row`` (line in the file), ``value`` (the text to quote), and the columns that the message uses.
    column : str
        Column with the wrong values.
    message : str or callable
        Format string over the columns of `rows`, or a function of one row as a dict.

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
    """The valid names most similar to ``name``; if none is similar, some of the valid names."""
    valid = sorted(set(valid))
    sought = str(name).lower()[:SHOWN_CHARACTERS]
    by_lower = {candidate.lower(): candidate for candidate in valid}
    if near := difflib.get_close_matches(sought, sorted(by_lower)):
        return "nearest: " + ", ".join(shorten(by_lower[candidate]) for candidate in near)
    return f"there is: {list_names(valid)}" if valid else "there is none"


def list_names(names: Iterable[str]) -> str:
    """The first twelve names in alphabetical order, separated by commas."""
    names = sorted(names)
    return ", ".join(map(shorten, names[:12])) + (", ..." if len(names) > 12 else "")


def parameter_error(parameter: str, value: object, message: str) -> DataError:
    """`DataError` for one wrong parameter."""
    return DataError([Problem("", None, parameter, str(value), message)])


def cell_error(file: str, message: str, row: int | None = None, column: str = "", value: str = "") -> DataError:
    """`DataError` for one wrong cell, column or file."""
    return DataError([Problem(file, None if row is None else int(row), column, str(value), message)])
