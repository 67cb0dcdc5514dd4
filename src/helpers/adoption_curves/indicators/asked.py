"""What a user has said of a file, and what is still to be asked: all of it at once, with the command to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from ..base.columns import CHOICES, LIMITED, REPEATED, spread_choices
from .checks import raise_problems
from .problems import DataError, Problem, parameter_error, suggest_names

OPEN = "..."
"""Stands in a command for what only the user knows."""


class Asked:
    """Options of a file; where one is missing it is asked for, and reading goes on with what it may be.

    Attributes
    ----------
    file : str
        Name of the file.
    problems : list of Problem
        What is asked for, and what is wrong.
    missing : dict of str to tuple of str
        Options to write, `OPEN` where only the user knows the value.
    notes : list of str
        How the file is read, a sentence each.
    heads : dict of str to str
        Headings of the columns that are called otherwise in the file.
    unmarked : int
        Cells that are read without the marks behind them.
    """

    def __init__(self, file: str, choices: Mapping[str, str | tuple[str, ...]]) -> None:
        self.file, self.notes, self.heads, self.unmarked = file, list[str](), dict[str, str](), 0
        self.missing, self.problems = dict[str, tuple[str, ...]](), list[Problem]()
        self._said, self._used = dict[str, tuple[str, ...]](), set[str]()
        for name, text in spread_choices(choices):
            if name not in CHOICES:
                raise parameter_error(f"--{name}", text, f"is not known; {suggest_names(name, CHOICES)}")
            if text not in LIMITED.get(name, (text,)):
                raise parameter_error(f"--{name}", text, f"is not known; write {' or '.join(LIMITED[name])}")
            if name in self._said and name not in REPEATED:
                raise parameter_error(f"--{name}", text, f"is the second --{name}; keep one")
            if not text.strip() or f"={text}".endswith(f"={OPEN}"):
                raise parameter_error(f"--{name}", text, "is a place to fill in; write what you know")
            self._said[name] = (*self._said.get(name, ()), text)

    def all(self, name: str) -> tuple[str, ...]:
        """The texts of an option that may be repeated; it is used from now on."""
        self._used.add(name)
        return self._said.get(name, ())

    def one(self, name: str) -> str:
        """The text of an option, "" for none; it is used from now on."""
        return "".join(self.all(name))

    def has(self, name: str) -> bool:
        """True if the option is given."""
        return name in self._said

    def ask(self, message: str, name: str, *texts: str, row: int | None = None, column: str = "") -> None:
        """Ask for an option; the command then has these texts."""
        self.problems.append(Problem(self.file, row, column, "", message))
        self.missing[name] = (*self.missing.get(name, ()), *texts)

    def refuse(self, message: str, row: int | None = None, column: str = "", value: str = "") -> DataError:
        """Return the error for one thing that no option mends."""
        return DataError([Problem(self.file, row, column, value, message)])

    def close(self) -> None:
        """Raise all that is asked for and wrong, with the options to add; or refuse an option that was not used."""
        named = [
            Problem("", None, f"--{one.column}", one.value, one.message)
            if one.column in self._said
            else replace(one, column=self.heads.get(one.column, one.column))
            for one in self.problems
        ]
        raise_problems(list(dict.fromkeys(named)), self.missing)
        if unused := [name for name in self._said if name not in self._used]:
            why = "has nothing to do with this file; leave it out"
            raise parameter_error(f"--{unused[0]}", " ".join(self._said[unused[0]]), why)
