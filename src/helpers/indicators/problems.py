"""What is wrong with the data or with a choice from them, told to people."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from helpers.project import UserError
from helpers.quoting import LONGEST, escape, quote, shorten

if TYPE_CHECKING:
    import pandas as pd


MOST = 50  # lines of one message, and problems of one kind that are explained one by one
LONGEST_MESSAGE = 1000  # characters
ENOUGH_NAMES = 2000  # names among which a near one is looked for


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what it is, and what would be right.

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
        row = f"row {self.row}" if self.row else ""
        column = shorten(self.column)
        column = f"column {column}" if column and self.file else column
        place = ", ".join(part for part in (self.file, row, column) if part)
        value = f"{quote(self.value)} " if self.value != "" else ""
        message = shorten(self.message, LONGEST_MESSAGE)
        return escape(f"{place}: {value}{message}" if place else f"{value}{message}")


class DataError(UserError, ValueError):
    """The data, or a choice from them, is not usable; ``str()`` lists the problems, one a line, and counts the rest.

    Attributes
    ----------
    problems : list of Problem
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        lines = [str(problem) for problem in self.problems[:MOST]]
        more = len(self.problems) - len(lines) + sum(problem.more for problem in self.problems)
        super().__init__("\n".join([*lines, f"and {more:,} more"] if more else lines))

    def __reduce__(self) -> tuple[type[DataError], tuple[list[Problem]]]:
        return (DataError, (self.problems,))


def list_problems(wrong: pd.DataFrame, explain: Callable[[Any], Problem]) -> list[Problem]:
    """Explain each row of a table of what is wrong; of many only the first, the last of which counts the others."""
    found = [explain(entry) for entry in wrong.head(MOST).itertuples(index=False)]
    return [*found[:-1], replace(found[-1], more=len(wrong) - len(found))] if found else []


def suggest_names(name: object, valid: Iterable[str], count: int = 3) -> str:
    """Say which of the valid names is nearest to ``name``, or list some of them."""
    valid = sorted(set(valid))
    listed = ", ".join(map(shorten, valid[:12])) + (", ..." if len(valid) > 12 else "")
    sought = str(name).lower()[:LONGEST]
    by_lower = {candidate.lower(): candidate for candidate in valid}
    names = sorted(by_lower)
    if len(names) > ENOUGH_NAMES:  # comparing with all of very many takes seconds; those beside it begin alike
        place = bisect.bisect(names, sought)
        names = names[max(0, place - ENOUGH_NAMES // 2) : place + ENOUGH_NAMES // 2]
    near = difflib.get_close_matches(sought, names, n=count, cutoff=0.6)
    if near:
        return "nearest: " + ", ".join(shorten(by_lower[candidate]) for candidate in near)
    return f"there is: {listed}" if valid else "there is none"


def blame_parameter(parameter: str, value: object, message: str) -> DataError:
    """Return the `DataError` for one wrong parameter."""
    return DataError([Problem("", None, parameter, str(value), message)])
