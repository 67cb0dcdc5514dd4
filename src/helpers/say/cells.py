"""Numbers that remember which cells of a run's tables they are from, and sentences that keep that beside them.

``Row(tables, "02_growth", 3)["value"]`` is a number; what is computed from such numbers knows how. `cite` puts one into
a sentence, and `settle` parts the sentence from what it cites, which a test reads back from the CSV files.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from numbers import Real
from typing import Any, Self

import numpy as np
import pandas as pd

from ..base.dates import decimal_years
from ..base.numbers import percent, say
from ..base.wording import say_count

OPEN, BETWEEN, CLOSE = "\ue000", "\ue001", "\ue002"
MARKED = f"{OPEN}(.*?){BETWEEN}(.*?){BETWEEN}(.*?){CLOSE}"
"""A number in a sentence that is not settled yet: its words, where it is from, and what it is."""


class Cell(float):
    """A number, and the sum that makes it: a cell as ``02_growth:3:value``, or an expression of several."""

    source: str

    def __new__(cls, value: float, source: str) -> Self:
        """As `float`, with its source."""
        made = super().__new__(cls, value)
        made.source = source
        return made

    def __sub__(self, other: float) -> Cell:
        return Cell(float(self) - float(other), f"({self.source} - {find_source(other)})")

    def __rsub__(self, other: float) -> Cell:
        return Cell(float(other) - float(self), f"({find_source(other)} - {self.source})")

    def __mul__(self, other: float) -> Cell:
        return Cell(float(self) * float(other), f"({self.source} * {find_source(other)})")

    __rmul__ = __mul__

    def __truediv__(self, other: float) -> Cell:
        return Cell(float(self) / float(other), f"({self.source} / {find_source(other)})")

    def __abs__(self) -> Cell:
        return Cell(abs(float(self)), f"abs({self.source})")


def find_source(value: float) -> str:
    """What a number is in the sum of another: a cell, or the constant itself."""
    return value.source if isinstance(value, Cell) else f"{value:g}"


class Row:
    """A row of a run's table: its numbers are cells, its texts and dates are themselves.

    Parameters
    ----------
    tables : mapping
        Frames of the run by name, with rows numbered from 0.
    name : str
    label : int
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], name: str, label: int):
        self.place, self._row = f"{name}:{label}", tables[name].loc[label]

    def __getitem__(self, column: str) -> Any:
        value = self._row[column]
        if isinstance(value, Real) and not isinstance(value, bool | np.bool_):
            return Cell(float(value), f"{self.place}:{column}")
        return value

    @property
    def year(self) -> Cell:
        """The date with decimals."""
        return Cell(float(decimal_years([self._row["date"]])[0]), f"{self.place}:date")


def cite(value: Any, unit: str = "", form: str = "", **options: Any) -> str:
    """The words for a number, with its source where it has one; `form` as for `format`, else those of `say`."""
    return _mark(value, format(float(value), form) if form else say(value, unit, **options))


def cite_count(number: Any, one: str, many: str = "") -> str:
    """A number with the word for what it counts, as `say_count` words it."""
    return _mark(number, say_count(number, one, many))


def cite_percent(share: Any) -> str:
    """A share as a whole percentage, as `numbers.percent` words it."""
    return _mark(share, percent(share))


def _mark(value: Any, words: str) -> str:
    if not isinstance(value, Cell):
        return words
    return f"{OPEN}{words}{BETWEEN}{value.source}{BETWEEN}{value:.4g}{CLOSE}"


def cite_range(low: Any, high: Any, unit: str = "") -> str:
    """Both ends of a range, as `numbers.say_range` words it."""
    return f"{cite(low, unit, beside=high, bare=True)} to {cite(high, unit)}"


def settle(text: str) -> tuple[str, str]:
    """A sentence, and what it cites as JSON: the words of each number, its source and its value in four digits."""
    cited = [[words, source, float(value)] for words, source, value in re.findall(MARKED, text)]
    return re.sub(MARKED, r"\1", text), json.dumps(cited, ensure_ascii=False)
