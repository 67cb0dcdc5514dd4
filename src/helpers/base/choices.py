"""How a file of own data is to be read, in the text that names it: ``x.csv?date=Year&value=Percent``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from .columns import COLUMNS

CHOICES = {
    **{column.name: column.option for column in COLUMNS if column.option},
    "sheet": "Sheet of a spreadsheet.",
    "wide": "What the columns of figures are: entity or indicator.",
    "encoding": "Encoding of a text, such as cp1250.",
    "order": "What comes first in 03/04/2020: dmy (the day) or mdy (the month).",
    "decimal": "The decimal mark: . or ,",
    "future": "Figures dated after today: keep or drop.",
}
"""How a file is to be read, where the file itself does not say it."""
LIMITED = {
    "wide": ("entity", "indicator"),
    "cumulative": ("yes", "no"),
    "order": ("dmy", "mdy"),
    "decimal": (".", ","),
    "future": ("keep", "drop"),
}
FLAGS = {column.name for column in COLUMNS if column.flag}
"""Those that are given without a value."""


def split_choices(data: str | Path) -> tuple[Path, dict[str, str]]:
    """A path, and how its file is to be read, as ``x.csv?date=Year&value=Percent`` says it.

    >>> split_choices("x.csv?date=Year&unit=percent+of+adults")[1]
    {'date': 'Year', 'unit': 'percent of adults'}

    What is there under the whole text is that path. A question mark at the end says that all before it is one.
    """
    path, mark, query = str(data).rpartition("?")
    if mark and not query and not os.path.lexists(data):
        return Path(path), {}
    if not mark or not all("=" in part for part in query.split("&")) or os.path.lexists(data):
        return Path(data), {}
    return Path(path), dict(parse_qsl(query, keep_blank_values=True))


def join_choices(path: str | Path, choices: Mapping[str, str]) -> str:
    """The inverse of `split_choices`."""
    return f"{path}?{urlencode(choices)}" if choices or "?" in str(path) else str(path)
