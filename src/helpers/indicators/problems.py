"""What is wrong with the data or with a choice from them, told to people."""

import difflib
from dataclasses import dataclass

from helpers.project import UserError


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what it is, and what would be right.

    ``row`` is the line number that an editor shows (the header is 1). For a wrong parameter ``file`` is empty and
    ``column`` names the parameter.
    """

    file: str
    row: int | None
    column: str
    value: str
    message: str

    def __str__(self):
        row = f"row {self.row}" if self.row else ""
        column = f"column {self.column}" if self.column and self.file else self.column
        place = ", ".join(part for part in (self.file, row, column) if part)
        value = f"{self.value!r} " if self.value != "" else ""
        return f"{place}: {value}{self.message}" if place else f"{value}{self.message}"


class DataError(UserError, ValueError):
    """The data, or a choice from them, is not usable; ``str()`` lists every problem, one a line.

    Attributes
    ----------
    problems : list of Problem
    """

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self):
        return (DataError, (self.problems,))


def suggest_names(name, valid, count=3):
    """Say which of the valid names is nearest to ``name``, or list some of them."""
    valid = sorted(set(valid))
    by_lower = {candidate.lower(): candidate for candidate in valid}
    near = difflib.get_close_matches(str(name).lower(), by_lower, n=count, cutoff=0.6)
    if near:
        return "nearest: " + ", ".join(by_lower[candidate] for candidate in near)
    listed = ", ".join(valid[:12]) + (", ..." if len(valid) > 12 else "")
    return f"there is: {listed}" if valid else "there is none"


def blame_parameter(parameter, value, message):
    """Return the `DataError` for one wrong parameter."""
    return DataError([Problem("", None, parameter, str(value), message)])
