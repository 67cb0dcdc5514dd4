"""Sentences and key numbers of a run, from its facts."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST
from .facts import Facts
from .headlines import fill, find_cell, find_values, phrase, read_said, write

_PARTS = ("headline", "deck", "known", "now", "speed", "forecast", "caution", "quote", "quote_not")
"""Parts of the findings: the headline, what stands below it, on which day what was known, four paragraphs, quotes."""
_NUMBERS = 5
"""Key numbers, at most."""
_TEXTS, _VALUES = ("key", "label", "unit", "text", "url"), ("value", "low", "high")
_KEY_NUMBER_COLUMNS = ["key", "label", "value", "low", "high", "unit", "text", "url"]


def write_findings(facts: Facts) -> pd.DataFrame:
    """Headline, deck, what was known on the day of the run, four paragraphs, and what may be quoted.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        part (one of `_PARTS`), sentence; a part without anything to say is left out.
    """
    rows = [(part, sentence) for part in _PARTS if (sentence := write(facts, part))]
    return pd.DataFrame(rows, columns=["part", "sentence"])


def say_few(points: int, since: str = "") -> str:
    """First sentence on a series of fewer than three usable figures `since` a break, if there is one; else ""."""
    if points >= SHORTEST:
        return ""
    known = {0: "no exact figure", 1: "one figure"}.get(points, "two figures")
    return f"This series has {known}{since and f' since {since}'}: too few for a forecast."


def list_key_numbers(facts: Facts) -> pd.DataFrame:
    """The numbers that a reader should take away, five at most, those that the kind of series asks for.

    Parameters
    ----------
    facts : Facts

    Returns
    -------
    DataFrame
        key, label, value, low, high, unit, text (as a reader wants it), url (of the publication that prints it; "" for
        what is computed).
    """
    said, rows = phrase(facts), []
    for name in find_cell(facts, "numbers"):
        cells = read_said()["numbers"][name]
        row = {column: fill(cells.get(column, ""), facts, said) for column in _TEXTS}
        if row["label"] and row["text"]:
            values = {each: find_values(cells[each], facts, said)[0] for each in _VALUES if each in cells}
            rows.append({**dict.fromkeys(_VALUES, np.nan), **row, **values})
    return pd.DataFrame(rows[: _NUMBERS - 2] + rows[-2:] if len(rows) > _NUMBERS else rows, columns=_KEY_NUMBER_COLUMNS)
