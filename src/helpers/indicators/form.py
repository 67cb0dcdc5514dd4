"""Check the form of a table before its cells: the delimiter, the header, and the number of fields in each row."""

from __future__ import annotations

import difflib
import itertools
import re
from collections.abc import Sequence
from typing import TypeAlias

import pandas as pd

from helpers.indicators.problems import Problem, list_problems
from helpers.quoting import shorten
from helpers.wording import say_count

Row: TypeAlias = tuple[int, list[str]]
"""A line of a file that holds something: its number and its cells."""
DELIMITERS = ";\t|"
SEARCHED = 20  # lines among which a header that is not the first is looked for


def check_header(file: str, rows: Sequence[Row], names: Sequence[str], problems: list[Problem]) -> bool:
    """Report a wrong delimiter, a header in another line, doubled and missing columns; extra columns are welcome."""
    line, cells = rows[0]
    header = [name.strip() for name in cells]
    misplaced = _find_delimiter(rows, names) or _find_header(rows, names)
    if misplaced:
        problems.append(Problem(file, line, "", "", misplaced))
        return False
    found = len(problems)
    twice = sorted({name for name in header if name and header.count(name) > 1})
    problems += [Problem(file, line, name, "", "stands twice in the header; keep one") for name in twice]
    for name in (name for name in names if name not in header):
        extra = [column for column in header if column and column not in names]
        near = [e for e in extra[:200] if difflib.get_close_matches(name, [e.lower()], cutoff=0.6)]
        hint = f"; is it {shorten(near[0])!r}?" if near else ""
        problems.append(Problem(file, line, name, "", f"is missing{hint}; the table needs {', '.join(names)}"))
    return len(problems) == found


def _find_delimiter(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Explain a header whose fields are separated by another mark than the comma; "" where they are not."""
    first = rows[0][1][0]
    mark = next((mark for mark in DELIMITERS if len(rows[0][1]) == 1 and mark in first), None)
    mark = mark or next((mark for mark in " :" if len(rows[0][1]) == 1 and set(names) <= set(first.split(mark))), None)
    if mark is None:
        return ""
    decimals = any(re.search(rf"\d,\d+(?=$|{re.escape(mark)})", ",".join(cells)) for _, cells in rows[1:SEARCHED])
    hint = ", and write a point as decimal mark" if decimals else ""
    return f"fields are separated by {mark!r}; separate them by commas{hint}"


def _find_header(rows: Sequence[Row], names: Sequence[str]) -> str:
    """Explain a first line that names no columns although another one does, or none; "" where it does."""
    first = [cell.strip() for cell in rows[0][1]]
    if set(names) & set(first):
        return ""
    for line, cells in rows[1:SEARCHED]:
        if set(names) <= {cell.strip() for cell in cells}:
            return f"names no columns, row {line} does; take the lines above it away"
    if any(re.fullmatch(r"[\d.,:/T -]*\d[\d.,:/T -]*", cell) for cell in first):
        return f"is a row of figures; the first line must name the columns: {','.join(names)}"
    return ""


def check_lengths(file: str, rows: Sequence[Row]) -> list[Problem]:
    """Report rows that have more or fewer fields than the header, or repeat it."""
    header = rows[0][1]
    wrong = [(line, cells) for line, cells in rows[1:] if len(cells) != len(header) or cells == header]
    frame = pd.DataFrame({"line": [line for line, _ in wrong], "cells": [cells for _, cells in wrong]})
    return list_problems(frame, lambda row: Problem(file, row.line, "", "", _explain_length(row.cells, header)))


def _explain_length(cells: list[str], header: Sequence[str]) -> str:
    if cells == header:
        return "repeats the header; take the line away"
    if cells[0].startswith("#"):
        return "is a comment, which CSV does not have; take the line away"
    counts = f"has {_count(cells)} where the header has {len(header)}"
    if len(cells) > len(header) and not any(cell.strip() for cell in cells[len(header) :]):
        return f'{counts}; take away commas at its end, or put a text that holds a comma in ""'
    mark = next((mark for mark in DELIMITERS if len(cells) == 1 and mark in cells[0]), None)
    if mark:
        return f"{counts}; separate them by commas, not by {mark!r}"
    if len(cells) < len(header):
        return f"{counts}; write a comma for each empty one"
    for left, right in itertools.pairwise(cells):
        if re.fullmatch(r"\d{1,9}", left) and re.fullmatch(r"\d{1,9}", right) and len(cells) == len(header) + 1:
            mark = "" if len(right) == 3 and len(left) < 4 and left != "0" else "."
            return f"{counts}; write {left}{mark}{right} for {left},{right}"
    return f'{counts}; put a text that holds a comma in ""'


def _count(cells: list[str]) -> str:
    return say_count(len(cells), "field")
