"""Figures as their cells print them: marks behind them, limits, and one pair of decimal and group mark for a file."""

from __future__ import annotations

import re
from collections.abc import Callable

import pandas as pd

from ..base.columns import COLUMNS
from ..base.words import say_count
from .asked import OPEN, Asked
from .cells import explain_cell
from .problems import list_names, list_problems, parameter_error

MARK = r"(?<=[\d%:])\s*([^\W\d]{1,2}|\(\w\)|[^\w\s.,:%\u2030'/\]-]{1,3})$"
"""Letters and marks behind a number or a date: 82.39 b, 2023p, 2023*, 2023 (p)."""
_MISSING = {"", ".", "..", "...", "…", ":", "-", "–", "—"}
_SIDES = {"<": "at_most", "≤": "at_most", ">": "at_least", "≥": "at_least"}
_SPACES = str.maketrans("\u00a0\u2009\u202f\u2019", "   '")
_PARTED = {",": r"\.", ".": ","}
"""What may part thousands, besides a space or an apostrophe, by the decimal mark."""
_NUMBERS = [column.name for column in COLUMNS if column.type == "number" and column.name != "value"]


def _write_plain(text: str, decimal: str) -> tuple[str, str]:
    """A number as digits with a point, read with this decimal mark, and what parts its thousands; "" for what is none.

    >>> _write_plain("1.234,5", ","), _write_plain("1,125", ","), _write_plain("0,121", "."), _write_plain("1 200", ".")
    (('1234.5', '.'), ('1.125', ''), ('', ''), ('1200', ' '))
    """
    whole = rf"\d+|[1-9]\d{{0,2}}(?P<mark>[{_PARTED[decimal]} '])\d{{3}}(?:(?P=mark)\d{{3}})*|"
    pattern = rf"([+-]?)(?P<whole>{whole})(?:\{decimal}(?P<part>\d*))?(?P<power>[eE][+-]?\d+)?"
    match = re.fullmatch(pattern, text.translate(_SPACES), re.ASCII)
    if not match or not (match["whole"] or match["part"]):
        return "", ""
    digits, point = re.sub(r"\D", "", match["whole"] or "0"), f".{match['part']}" if match["part"] else ""
    return f"{match[1]}{digits}{point}{match['power'] or ''}", match["mark"] or ""


def is_number(text: str) -> bool:
    """True for a number in some form, perhaps with a sign of percent or a limit before it."""
    plain = text.lstrip("<>≤≥ ").rstrip("%‰ ")
    return any(_write_plain(plain, decimal)[0] for decimal in ".,")


def find_marks(cells: pd.Series, heading: str, test: Callable[[str], bool], asked: Asked) -> pd.Series:
    """The cells without the marks behind them that are said in --flags, or that are asked for.

    Parameters
    ----------
    cells : Series of str
    heading : str
        Heading of the cells, for messages.
    test : callable
        True for a cell that needs no mark taken away.
    asked : Asked

    Returns
    -------
    Series of str

    Raises
    ------
    DataError
        If --flags has digits, or each cell has a mark, which may then be a unit.
    """
    flags = asked.one("flags")
    if re.search(r"[\d.,%<>:]", flags):
        raise parameter_error("--flags", flags, "has digits or signs of numbers; write the letters and marks alone")
    distinct = pd.Series(cells.unique(), dtype=str)
    plain = distinct.str.replace(rf"(?<=[\d%:])\s*[{re.escape(flags)}]+$", "", regex=True) if flags else distinct
    asked.unmarked += int((plain != distinct).sum())
    marked = [cell for cell in plain if not test(cell) and cell.isprintable() and test(re.sub(MARK, "", cell))]
    filled = distinct.str.contains(r"\d").sum()
    if (plain != distinct).sum() == filled > 1:
        raise asked.refuse("has a mark in each cell; say it in the unit, and take it away", column=heading)
    if 0 < len(marked) < filled:
        marks = "".join(sorted({mark for cell in marked for mark in re.findall(r"[^\d.,:\s-]", cell[-3:])}))
        message = f"{list_names(marked)}: write --flags '{marks}' if these are notes to a figure, and no part of it"
        asked.ask(message, "flags", marks, row=int(cells.index[cells.isin(marked)][0]), column=heading)
        plain = plain.where(~plain.isin(marked), plain.str.replace(MARK, "", regex=True))
    return cells.map(dict(zip(distinct, plain, strict=True)))


def read_figures(frame: pd.DataFrame, value: str, asked: Asked) -> pd.DataFrame:
    """The table with digits and a point in its columns of numbers, "" for what is missing, and a column `qualifier`.

    Parameters
    ----------
    frame : DataFrame of str
    value : str
        Name of the column of the figures.
    asked : Asked
        Gets the wrong cells as problems.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        If a row has texts in place of all figures, or an option does not fit the cells.
    """
    heading, said = asked.heads["value"], [text.casefold() for text in asked.all("na")]
    cells = frame[value].mask(frame[value].str.casefold().isin([*_MISSING, *said]), "")
    if lost := [text for text in said if not (frame[value].str.casefold() == text).any()]:
        raise parameter_error("--na", lost[0], "is in no cell of the figures")
    cells = find_marks(cells, heading, is_number, asked)
    if asked.has("flags") and not asked.unmarked:
        raise parameter_error("--flags", asked.one("flags"), "stands behind no figure and no date")
    cells = cells.mask(cells.isin(_MISSING), "")
    sides = cells.str[:1].map(_SIDES).fillna("")
    signs = cells.str.extract(r"([%‰])$", expand=False).fillna("")
    numbers = {value: cells.str.strip("<>≤≥%‰ ")} | {name: frame[name] for name in _NUMBERS if name in frame}
    decimal = _choose_decimal(pd.concat(numbers.values()), heading, asked)
    read = {name: one.map(lambda cell: _write_plain(cell, decimal)[0]) for name, one in numbers.items()}
    wrong = (read[value] == "") & (cells != "")
    lines = pd.DataFrame({"wrong": wrong, "cell": cells != ""}).groupby(level=0).sum()
    if (second := lines.index[(lines["wrong"] > 1) & (lines["wrong"] == lines["cell"])]).size:
        raise asked.refuse("has texts in place of figures; write one row of headings", int(second[0]))
    rows = pd.DataFrame({"row": frame.index[wrong], "value": frame[value][wrong].array})
    asked.problems += list_problems(asked.file, rows, heading, lambda entry: _explain(entry["value"], decimal))
    if (sides != "").any():
        count = say_count(int((sides != "").sum()), "cell")
        asked.notes.append(f"{count} with < or > read as at most or at least that.")
    read = {name: one.where(one != "", frame[name]) for name, one in read.items() if name != value} | {
        value: read[value] + signs.where(read[value] != "", "")
    }
    return frame.assign(**read, qualifier=sides.where(sides != "", frame.get("qualifier", "")))


def _explain(text: str, decimal: str) -> str:
    """Why a cell is no number, and what to write."""
    if _write_plain(text, ",.".replace(decimal, ""))[0]:
        return f"is against the decimal mark {decimal} of the file; write all with one"
    if text.startswith("="):
        return "is a formula without a result; open the file in a spreadsheet and save it"
    if re.match(r"\s*(over|above|under|below|at |more |less )", text, re.IGNORECASE):
        return "is a limit in words; write the number, and at_least or at_most in a column named qualifier"
    missing = f"; write --na '{text}' if it means that there is none" if len(text) < 5 and text.isalpha() else ""
    return explain_cell(text, {"type": "number"}) + missing


def _choose_decimal(cells: pd.Series, heading: str, asked: Asked) -> str:
    """The decimal mark with which all cells that can be numbers are some, and one mark parts their thousands."""
    numbers = [cell for cell in cells.unique() if is_number(cell)]
    read = {mark: [_write_plain(cell, mark) for cell in numbers] for mark in ".,"}
    if any(re.search("[.,]", cell) for cell in numbers) and asked.has("decimal"):
        return asked.one("decimal")
    fits = [mark for mark, pairs in read.items() if all(plain for plain, _ in pairs)]
    fits = [mark for mark in fits if len({group for _, group in read[mark]} - {""}) < 2]
    unsure = [cell for cell, one, other in zip(numbers, *read.values(), strict=True) if one[0] != other[0]]
    if len(fits) == 1 or not unsure:
        asked.notes += ["A comma is the decimal mark."] if fits == [","] else []
        return (fits or ["."])[0]
    cell, row = unsure[0], int(cells.index[cells == unsure[0]][0])
    if not fits:
        raise asked.refuse("has other marks than other cells; write all with one", row, heading, cell)
    one, other = (_write_plain(cell, mark)[0] for mark in ".,")
    asked.ask(f"{cell!r} may be {one} (--decimal .) or {other} (--decimal ,)", "decimal", OPEN, row=row, column=heading)
    return "."
