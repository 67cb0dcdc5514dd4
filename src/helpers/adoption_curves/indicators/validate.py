"""Read the cells of a table: numbers, dates and plain text; errors say what a wrong cell may mean.

A library of schemas says that a cell is wrong, not what would be right; finding that out is nearly all of this module.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import OBSERVED_YEARS
from ..base.formats import UNSEEN
from .date_formats import explain_date, read_day
from .problems import Problem, list_problems, parameter_error, suggest_names

NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
SMALLEST, LARGEST = 1e-12, 1e15  # what a value above 0 may be: computing with others loses digits or overflows
_LATEST = f"{OBSERVED_YEARS[1]}-12-31"


def read_cells(
    file: str, text: pd.DataFrame, fields: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> pd.DataFrame:
    """Check and convert a table of text; each distinct cell only once, because names and dates repeat.

    Parameters
    ----------
    file : str
    text : DataFrame of str
        Its index is the line of each row in the file.
    fields : list of dict
        The Table Schema. Columns without a field stay text.
    problems : list of Problem
        Gets the wrong cells, which become missing, so that the other rows can be checked.

    Returns
    -------
    DataFrame
        Typed, with the line in the file as ``row``; ``precision`` is half a unit of the last printed digit.
    """
    by_name = {field["name"]: field for field in fields}
    table: dict[str, Any] = {}
    for name in text.columns.drop(["row", "precision"], errors="ignore"):  # these are ours
        field = by_name.get(name, {"type": "string"})
        places, distinct = pd.factorize(text[name])
        reasons = np.array([explain_cell(cell, field) for cell in distinct] if name in by_name else [], dtype=object)
        if reasons.any():
            rows = pd.DataFrame({"row": text.index, "value": text[name].array, "reason": reasons[places]})
            problems += list_problems(file, rows[rows["reason"] != ""], name, "{reason}")
        cells = [cell.strip() for cell in distinct]
        if field["type"] == "number":
            values = np.array([_read_number(cell) for cell in cells], dtype=float)
            if field.get("constraints", {}).get("required"):  # a printed value, not what is known of it
                table["precision"] = np.array([_read_precision(cell) for cell in cells], dtype=float)[places]
        elif field["type"] == "date":
            values = np.array([read_day(cell) for cell in cells], dtype="datetime64[us]")
        else:
            values = pd.array(cells, dtype="str")
        table[name] = values[places]
    return pd.DataFrame({"row": text.index, **table})


def explain_cell(text: str, field: Mapping[str, Any]) -> str:
    """Message on a cell that does not fit its field of the Table Schema, with the correction; "" if it fits."""
    constraints = field.get("constraints", {})
    minimum, names = str(constraints.get("minimum", "")), constraints.get("enum", (text,))
    if unseen := re.search(UNSEEN, text):
        what = "a line break" if unseen[0] in "\n\r" else f"U+{ord(unseen[0]):04X}, an invisible character"
        return f"holds {what}; remove it"
    if text != text.strip():
        return "has a space before or after it; remove it"
    if not text:
        return f"is empty; it needs: {field['description']}" if constraints.get("required") else ""
    if field["type"] == "number":
        return _explain_number(text, _read_number(minimum))
    if field["type"] == "date":
        return _explain_day(text, minimum)
    if text not in names:
        return f"is none of {', '.join(names)}; {suggest_names(text, names)}"
    right = re.fullmatch(constraints.get("pattern", ".*"), text)
    return "" if right else f"does not have the right form; it needs: {field['description']}"


def _explain_day(text: str, minimum: str) -> str:
    """Message on a text that is not an ISO date from `minimum` to `_LATEST`; "" if it is one."""
    if not read_day(text):
        return explain_date(text)
    beyond = f"before {minimum}" if text < minimum else f"after {_LATEST}" if text > _LATEST else ""
    return f"is {beyond}; write the right year" if beyond else ""


def _read_number(text: str) -> float:
    """A plain decimal number that can be computed with; NaN for any other text."""
    number = float(text) if re.fullmatch(NUMBER, text) else math.nan
    zero = number == 0 and not re.match(r"[^eE]*[1-9]", text)  # 1e-400 is not 0
    return number + 0.0 if zero or SMALLEST <= abs(number) <= LARGEST else math.nan  # -0 is 0


def _read_precision(text: str) -> float:
    """Half a unit of the last published digit; an exponent moves the point, so 1.5e3 has -2 decimals."""
    if not re.fullmatch(NUMBER, text):
        return math.nan
    digits, _, exponent = text.lower().partition("e")
    place = int(exponent[:4] or 0) - len(digits.partition(".")[2])
    return 0.5 * float(f"1e{place}")


def check_date(parameter: str, value: str | date) -> pd.Timestamp:
    """ISO date as a Timestamp; a `DataError` that names the parameter for any other text."""
    text = value.date().isoformat() if isinstance(value, datetime) else str(value).strip()
    day = read_day(text)
    if day is None:
        raise parameter_error(parameter, text, explain_date(text))
    return pd.Timestamp(day)


def _explain_number(text: str, minimum: float) -> str:
    """Message on a text that is not a number from `minimum` on; "" if it is one."""
    if not math.isnan(number := _read_number(text)):
        return "is negative; a count or a share is 0 or more" if number < minimum else ""
    if re.fullmatch(NUMBER, text):
        unit = "larger" if abs(float(text)) > LARGEST else "smaller"
        return f"is not between {SMALLEST:g} and {LARGEST:g}; write it in a {unit} unit"
    return "is no plain number; write digits with a point as decimal mark, such as 42.8, or leave the row out"
