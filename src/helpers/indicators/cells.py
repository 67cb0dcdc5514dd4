"""Read the cells of a table: what is no number, no date or no plain text is refused, with what it may mean.

A library of schemas says that a cell is wrong, not what would be right; finding that out is nearly all of this module.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Annotated, Any

import numpy as np
import pandas as pd
from pydantic import StringConstraints, TypeAdapter, ValidationError

from ..base.dates import OBSERVED_YEARS
from ..base.quoting import UNSEEN
from .periods import explain_date, read_day, write_plainly
from .problems import Problem, list_problems, parameter_error, suggest_names

NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
SMALLEST, LARGEST = 1e-12, 1e15  # what a figure above 0 may be: computing with others loses digits or overflows
LATEST = f"{OBSERVED_YEARS[1]}-12-31"
NO_FIGURE = {"nan", "inf", "infinity", "na", "n/a", "#n/a", "null", "none", "nil", "missing", "-", "\u2013", "\u2014"}
NO_FIGURE |= {"", ".", "..", "...", ":", "?", "*"}
MISSING = NO_FIGURE - {"inf", "infinity", "?", "*"}
MISSING |= {
    "\u2026",
    "n.a.",
    "n. a.",
    "n.d.",
    "nd",
    "k.a.",
    "k. a.",
    "b.d.",
    "s.d.",
    "x",
    "/",
    "\u00b7",
    "c",
    "z",
    "nc",
    "nr",
}
"""Marks of a cell without a figure in tables of statistical offices."""
BLANK = "[ '_\u2019\u00a0\u2009\u202f]"
NUMBER_FORMS = (  # what a text that is no number looks like, what to say of it, what to take out, the decimal mark
    (rf"[+-]?\d{{1,3}}(({BLANK}|,)\d{{2,3}})*({BLANK}|,)\d{{3}}(\.\d+)?", "has a thousands separator", f"{BLANK}|,"),
    (r"[+-]?\d{1,3}(\.\d{3}){2,}", "has thousands separators", r"\."),
    (rf"[+-]?\d{{1,3}}(({BLANK}|\.)\d{{3}})+,\d+", "has thousands separators and a decimal comma", rf"{BLANK}|\."),
    (r"[+-]?\d+,\d+", "has a decimal comma", "$^"),
    (r"\.\d+|\d+\.", "has a decimal point without a digit on both sides", r"\.$"),
)


def read_cells(
    file: str, text: pd.DataFrame, fields: Sequence[Mapping[str, Any]], problems: list[Problem]
) -> pd.DataFrame:
    """Check and convert a text table; each distinct cell once, as names and dates repeat.

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
            values = np.array([read_number(cell) for cell in cells], dtype=float)
            if field.get("constraints", {}).get("required"):  # a printed figure, not what is known of it
                table["precision"] = np.array([_read_precision(cell) for cell in cells], dtype=float)[places]
        elif field["type"] == "date":
            values = np.array([read_day(cell) for cell in cells], dtype="datetime64[us]")
        else:
            values = pd.array(cells, dtype="str")
        table[name] = values[places]
    return pd.DataFrame({"row": text.index, **table})


def explain_cell(text: str, field: Mapping[str, Any]) -> str:
    """Say what is wrong with a cell by its field of the Table Schema, and what would be right; "" where it is right."""
    constraints, kind = field.get("constraints", {}), field["type"]
    minimum, names = str(constraints.get("minimum", "")), constraints.get("enum")
    if unseen := re.search(UNSEEN, text):
        return _explain_unseen(unseen[0])
    if text != text.strip():
        return "has a space before or after it; take it away"
    if not text:
        return f"is empty; it needs: {field['description']}" if constraints.get("required") else ""
    if kind == "number" and math.isnan(read_number(text)):
        return explain_number(text)
    if kind == "number" and read_number(text) < read_number(minimum):
        return "is negative; a count or a share is 0 or more"
    if kind == "date" and not read_day(text):
        return explain_date(text)
    if kind == "date" and text < minimum:
        return f"is before {minimum}; is the year right?"
    if kind == "date" and text > LATEST:
        return f"is after {LATEST}; is the year right?"
    if names is not None and text not in names:
        return f"is none of {', '.join(names)}; {suggest_names(text, names)}"
    pattern = constraints.get("pattern")
    if pattern and not matches(compile_pattern(pattern), text):
        return f"does not have the right form; it needs: {field['description']}"
    return ""


@cache
def compile_pattern(pattern: str) -> TypeAdapter[str]:
    """A pattern of a descriptor for whole cells; pydantic's patterns take no longer than the text is, Python's may.

    Raises
    ------
    pydantic_core.SchemaError
        If it's no pattern.
    """
    return TypeAdapter(Annotated[str, StringConstraints(pattern=f"^(?:{pattern})$")])


def matches(pattern: TypeAdapter[str], text: str) -> bool:
    """Whether a text has the form of a pattern."""
    try:
        return bool(pattern.validate_python(text))
    except ValidationError:
        return False


def read_number(text: str) -> float:
    """Read a plain decimal number that can be computed with; NaN for everything else."""
    number = float(text) if re.fullmatch(NUMBER, text) else math.nan
    zero = number == 0 and not re.match(r"[^eE]*[1-9]", text)  # 1e-400 is not 0
    return number if zero or SMALLEST <= abs(number) <= LARGEST else math.nan


def _read_precision(text: str) -> float:
    """Half a unit of the last printed digit; an exponent moves the point, 1.5e3 has -2 decimals."""
    if not re.fullmatch(NUMBER, text):
        return math.nan
    digits, _, exponent = text.lower().partition("e")
    place = int(exponent[:4] or 0) - len(digits.partition(".")[2])
    return 0.5 * float(f"1e{place}")


def check_date(parameter: str, value: str | date) -> pd.Timestamp:
    """Return an ISO date as a Timestamp, or raise a `DataError` that names the parameter."""
    text = value.date().isoformat() if isinstance(value, datetime) else str(value).strip()
    day = read_day(text)
    if day is None:
        raise parameter_error(parameter, text, explain_date(text))
    return pd.Timestamp(day)


def _explain_unseen(mark: str) -> str:
    if mark in "\n\r\u2028\u2029\x85":
        return "holds a line break; write it on one line"
    if mark == "\t":
        return "holds a tab; write a blank"
    if mark == "\ufffd":
        return "holds U+FFFD, which stands for a letter that was lost; write the letter"
    name = unicodedata.name(mark, "control character").lower()
    return f"holds U+{ord(mark):04X} ({name}), which nobody sees; take it away"


def explain_number(text: str) -> str:
    """Say what is wrong with a text that is no plain number, and the number that it may mean."""
    plain = write_plainly(text)
    if re.fullmatch(NUMBER, plain) and plain != text:
        return f"is not written with the digits 0 to 9 and the signs . and -; write {plain}"
    size = abs(float(text)) if re.fullmatch(NUMBER, text) else math.nan
    if text.lower().lstrip("+-") in NO_FIGURE or size > 1e308:
        return "is not a finite number; leave the row out where there is no figure"
    if size > LARGEST:
        return f"is above {LARGEST:g}; write it in a larger unit, such as million persons"
    if size < SMALLEST:
        return f"is nearer to 0 than {SMALLEST:g}; write it in a smaller unit, or 0"
    for form, what, needless in NUMBER_FORMS:
        if re.fullmatch(form, plain):
            meant = re.sub(needless, "", plain).replace(",", ".")
            return f"{what}; write {'0' * meant.startswith('.')}{meant}"
    return _explain_words(plain)


def _explain_words(text: str) -> str:
    """Explain a number with words or signs around it."""
    alone = re.findall(r"(?<![\d.,])\d+(?:\.\d+)?(?![\d.,])", text)
    if percent := re.fullmatch(rf"({NUMBER})\s*(%|per ?cent|pct)", text):
        return f"has a percent sign; write {percent[1]}, the unit stands apart"
    if text.startswith("#"):
        return "is a spreadsheet's word for an error; write the number, or leave the row out"
    if text.startswith("="):
        return "is a formula; write its result"
    if len(alone) == 2 and re.fullmatch(r"\D*[\d.]+\s*(-|to|\.\.)\s*[\d.]+\D*", text):
        return "is a range; write one number"
    if len(alone) == 1 and re.match(r"\s*(>|≥|over|above|at least|more than)", text):
        return f"is a bound; write {alone[0]}, and at_least in the column bound"
    if len(alone) == 1 and re.match(r"\s*(<|≤|under|below|at most|less than)", text):
        return f"is a bound; write {alone[0]}, and at_most in the column bound"
    if len(alone) == 1 and re.fullmatch(r"\W*[\d.]+(\W*|\W*\(.*\)|\s*[^\W\d][^\d]*)", text):
        return f"has words or signs beside the number; write {alone[0]} alone, the unit stands apart"
    return "is text, not a number; write digits with a point as decimal mark, such as 42.8"
