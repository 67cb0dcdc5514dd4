"""Source of data: a path, and the options that read its file."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import parse_qsl, urlencode

from .project import find_data


@dataclass(frozen=True)
class Source:
    """A path of data, and how its file is to be read, as ``x.csv?date=Year&value=Percent`` says both.

    Attributes
    ----------
    path : Path
        Of a folder or a file; a relative one is looked up in the project's folder by `find`.
    choices : mapping
        Options of `adoption check` by name, such as the name of the column of dates.

    Examples
    --------
    >>> Source.read("x.csv?date=Year&unit=percent+of+adults").choices
    {'date': 'Year', 'unit': 'percent of adults'}
    """

    path: Path
    choices: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, text: str | Path | Source) -> Self | Source:
        """Source that a text names: where a file has the whole text as its name, it is that file.

        A question mark at the end says that all before it is the path.
        """
        if isinstance(text, Source):
            return text
        path, mark, query = str(text).rpartition("?")
        if not mark or os.path.lexists(text) or not all("=" in part for part in query.split("&") if query):
            return cls(Path(text))
        return cls(Path(path), dict(parse_qsl(query, keep_blank_values=True)))

    def __str__(self) -> str:
        return f"{self.path}?{urlencode(self.choices)}" if self.choices or "?" in str(self.path) else str(self.path)

    def choose(self, **choices: str) -> Source:
        """Source with further options for the same path."""
        return Source(self.path, {**self.choices, **choices})

    def find(self) -> Source:
        """Source with a full path; a relative one starts at the project's folder."""
        return Source(find_data(str(self.path)), self.choices)

    def find_from_here(self) -> Source:
        """Source with a full path if it exists from the working directory, else unchanged."""
        try:
            path = self.path.expanduser()
            return Source(path.absolute(), self.choices) if path.exists() else self
        except (OSError, RuntimeError):  # a name that is too long, a home that nobody has
            return self
