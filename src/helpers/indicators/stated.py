"""What a file says of its figures beside them, in headings, labels, rows above and below: unit, title, cumulative."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pandas as pd

from ..base.languages import CUMULATIVE, TABLE, any_of, fold
from ..base.quoting import shorten
from ..base.wording import say_first
from .columns import Columns
from .sheets import is_date, plain_name, say_lines
from .units import POWERS, add_counted, cut_unit, find_stated, find_unit, find_words, is_general, is_note, read_phrase

MULTIPLIERS = {"scalar_factor", "unit_multiplier", "unit_mult", "powercode", "powercode_code", "multiplier"}
"""Columns, as `sheets.plain_name` has them, of a scale that stands apart from the unit."""
ASK = "write --unit, as --unit percent, --unit 'thousand persons' or --unit persons"


def state(columns: Columns, clean: pd.DataFrame, is_listed: bool) -> bool:
    """Add the columns unit, title and cumulative, where the file states them beside its figures.

    Parameters
    ----------
    columns : Columns
        Gets a note of each.
    clean : DataFrame of str
    is_listed : bool
        The project knows the indicator, so that it keeps its unit and title.

    Returns
    -------
    bool
        Whether the unit was found so, and not given.

    Raises
    ------
    DataError
        Where a heading, or a row beside the table, speaks of a scale or a percentage, and no unit can be made of it.
    """
    given = "unit" in clean
    if given:
        clean["unit"] = clean["unit"].map({cell: read_cell(cell) for cell in clean["unit"].unique()})
        _multiply(columns, clean)
    elif not is_listed:
        _find_units(columns, clean)
    if columns.is_melted(columns.names["value"]) and "title" in columns.names:  # the label of its one row
        clean["title"] = clean["title"].map(lambda text: find_unit(text)[1] or text)
    named = is_listed or "title" in clean or "indicator" in clean
    if title := "" if named else _find_title(columns, clean):
        clean["title"] = say_first(title)
    if "cumulative" not in clean:
        texts = clean["indicator"] if "indicator" in columns.names else None
        above = [text for line, text in columns.beside if line < columns.first]
        said = [text for text in [*_list_labels(columns, clean), *above] if is_cumulative(text)]
        counted = [text for text in clean.get("title", pd.Series(dtype=str)).unique() if is_cumulative(text)]
        if texts is not None and texts.map(is_cumulative).any():
            clean["cumulative"] = texts.map(lambda text: "yes" if is_cumulative(text) else "")
        elif said or counted:
            clean["cumulative"] = "yes"
        if "cumulative" in clean:
            first = next(iter([*said, *counted, *(texts[texts.map(is_cumulative)] if texts is not None else [])]))
            columns.notes.append(f"the figures count all so far and cannot fall, as {shorten(first)} says")
    return not given and "unit" in clean


def is_cumulative(text: str) -> bool:
    """Whether a heading says that its figures count all so far.

    >>> is_cumulative("Absatz, kumuliert"), is_cumulative("Units sold to date"), is_cumulative("Figures up to date")
    (True, True, False)
    """
    return re.search(rf"(?<!up )(?<!\w){any_of(CUMULATIVE)}|累计", fold(text)) is not None


def read_cell(cell: str) -> str:
    """A unit as the project writes it, in whatever language; what is known, or no unit, stays."""
    cell = cell.replace("_", " ") if re.fullmatch(r"[A-Z]+_[A-Z_]+", cell) else cell  # codes, such as PC_HH
    known = cell.split(" ", maxsplit=1)[0] in ("percent", "%") or cell.startswith(tuple(POWERS))
    return cell if known else read_phrase(cell, alone=True) or cell


def _list_labels(columns: Columns, clean: pd.DataFrame) -> Iterator[str]:
    """What names the figures: the heading of their column, or the label of the one row that they stand in."""
    if not columns.is_melted(columns.names["value"]):
        yield columns.names["value"]
    elif "title" in columns.names:
        yield from clean["title"].unique()[:1]


def _find_units(columns: Columns, clean: pd.DataFrame) -> None:
    """Find the unit: in the names of indicators, in the heading or label, else in the rows beside the table."""
    if "indicator" in columns.names:
        found = {text: find_unit(text)[0] for text in clean["indicator"].unique()}
        if any(found.values()):
            clean["unit"] = clean["indicator"].map(found)
            named = [f"{shorten(unit)} of {shorten(text)}" for text, unit in found.items() if unit]
            columns.notes.append(f"units are {', '.join(named[:5])}{', ...' * (len(named) > 5)}")
            return
    label = next(_list_labels(columns, clean), "")
    unit, title = find_unit(label)
    where = f"the column {shorten(label)}" if label == columns.names["value"] else shorten(label)
    if not unit or not (unit.startswith(("percent", "per ")) or unit.split()[0] in POWERS or unit in POWERS):
        stated, line, word = _find_beside(columns)
        if stated:
            where = f"row {line}"
            unit = add_counted(stated, word, unit or title) if stated in POWERS else stated
    word = "" if unit else next(iter(find_words(label, figures=True).values()), "")
    if word:
        raise columns.refuse(f"speaks of {shorten(word)}, and no unit can be made of it; {ASK}", None, "value")
    if unit:
        clean["unit"] = unit
        columns.notes.append(f"the unit is {shorten(unit)}, as {where} says")
    _multiply(columns, clean)


def _find_beside(columns: Columns) -> tuple[str, int, str]:
    """The one unit that rows above and below the table state, its row, and the word of the scale there."""
    stated: dict[str, tuple[int, str]] = {}
    words: dict[str, int] = {}
    for line, text in columns.beside:
        unit, word = find_stated(text)
        if unit and unit not in stated:
            stated[unit] = line, next(iter(find_words(text).values()), "")
        words |= {word: line} if word and word not in words else {}
    if len(stated) > 1 or (words and not stated):
        named = " and ".join(shorten(each) for each in (stated if len(stated) > 1 else words))
        rows = say_lines(sorted({*words.values(), *(line for line, _ in stated.values())}))
        raise columns.refuse(f"speaks of {named} in {rows}, beside the table, and not for which figures; {ASK}")
    return next(((unit, *where) for unit, where in stated.items()), ("", 0, ""))


def _multiply(columns: Columns, clean: pd.DataFrame) -> None:
    """Set the scale before the unit, where a column of its own has it."""
    for column in (name for name in columns.table if plain_name(name) in MULTIPLIERS):
        cells = columns.table[column].reindex(clean.index) if columns.table.index.is_unique else columns.table[column]
        powers = {name: f"{power}" for name, power in POWERS.items()}
        scales = {
            cell: next((n for n, p in powers.items() if cell == p), read_phrase(cell, alone=True)) for cell in cells
        }
        if len(set(scales.values())) > 1:
            raise columns.refuse(f"has figures of several scales in its column {shorten(column)}; keep one")
        scale = next(iter(scales.values()))
        if scale in POWERS:
            unit = clean.get("unit", pd.Series("", clean.index))
            clean["unit"] = (scale + " " + unit).str.strip()
            columns.notes.append(f"the unit is {shorten(clean['unit'].iloc[0])}, as the column {shorten(column)} says")


def _find_title(columns: Columns, clean: pd.DataFrame) -> str:
    """The heading of the figures without its unit, or else the first title above the table; "" for none."""
    for label in _list_labels(columns, clean):
        title = find_unit(label)[1]
        if not is_general(title):
            return title
    for line, text in columns.beside:
        named = re.sub(rf"(?i)^{any_of(TABLE)}\b\.?\s*[\d.]*[a-z]?\s*[:.\u2013-]?\s*", "", text)
        title = cut_unit(named)
        if line < columns.first and re.search(r"[^\W\d_]{3}", title) and not is_note(named) and not is_date(named):
            return title
    return ""
