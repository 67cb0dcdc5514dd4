"""The dates of any file as ISO dates: days, months, quarters, half-years and years, in words and in numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from ..base.columns import COLUMNS
from ..base.languages import heading_period
from ..base.quoting import shorten
from ..base.wording import say_count
from .columns import Columns
from .periods import NOTE_MARKS, SPANS, interpret_date, write_plainly

SPAN_NOTES = {
    "year": "years are read as 31 December of each",
    "half-year": "half-years are read as the last day of each",
    "quarter": "quarters are read as the last day of each",
    "month": "months are read as the last day of each",
    "time of day": "times of day are left out",
    "time zone": "times of day and their zones are left out",
    "dmy": "the day stands first in the dates, as in {}",
    "mdy": "the month stands first in the dates, as in {}",
    "form": "dates such as {} are read as {}",
}


def read_dates(columns: Columns, clean: pd.DataFrame) -> pd.DataFrame:
    """Write the dates as ISO dates; those that cannot be understood stay.

    Parameters
    ----------
    columns : Columns
        Gets a note of each form; rows of other periods than the chosen one are taken from its table.
    clean : DataFrame of str

    Returns
    -------
    DataFrame of str
        `clean` with plain dates, without the rows of other periods.

    Raises
    ------
    DataError
        Where a date may mean two things.
    """
    clean = clean.copy()
    names = [column.name for column in COLUMNS if column.type == "date" and column.name in clean]
    rows = [(int(line), name, cell) for name in names for line, cell in clean[name].items()]
    plain = {cell: write_plainly(cell) for _, _, cell in rows}
    order, period = columns.choices.get("order", ""), columns.choices.get("period", "")
    period = period or heading_period(columns.names["date"])
    days = {cell: interpret_date(text, order, period) for cell, text in plain.items()}
    if not period and "month" in {kind for kind, _ in days.values()}:  # a number above 4 among others
        period = "month"
        days = {cell: interpret_date(text, order, period) for cell, text in plain.items()}
    first = {kind: (line, name, cell) for line, name, cell in reversed(rows) if (kind := days.get(cell, ("",))[0])}
    order = _find_order(columns, first, plain, order)
    if "ambiguous" in first:
        days = {cell: interpret_date(text, order, period) for cell, text in plain.items()}
        first.setdefault(order, first["ambiguous"])
    _refuse_spans(columns, clean, first, plain)
    for name in names:
        clean[name] = [f"{days[cell][1]}" if days.get(cell, ("", None))[1] else cell for cell in clean[name]]
    found = [days.get(cell, ("",))[0] for _, name, cell in rows if name == "date"]
    clean, kept = _keep_period(columns, clean, found)
    for kind, note in SPAN_NOTES.items():
        if kind in first and kept in ("", kind):
            cell = first[kind][2]
            columns.notes.append(note.format(shorten(cell), days[cell][1]))
    note_marks(columns, [cell for _, _, cell in rows if days.get(cell, ("", None))[1]])
    return clean


def _find_order(
    columns: Columns, first: Mapping[str, tuple[int, str, str]], plain: Mapping[str, str], order: str
) -> str:
    """Whether the day or the month stands first in dates of numbers, as `first` of each kind show it."""
    if {"dmy", "mdy"} <= set(first):
        line, name, cell = first["mdy"]
        what = f"has the month first, and {first['dmy'][2]} in row {first['dmy'][0]} the day; write both as YYYY-MM-DD"
        raise columns.refuse(what, line, name, cell)
    if "ambiguous" in first:
        order = next((kind for kind in ("dmy", "mdy") if kind in first), "")
        if not order:
            line, name, cell = first["ambiguous"]
            either = [f"{interpret_date(plain[cell], one)[1]}" for one in ("dmy", "mdy")]
            option = f"write --order dmy if it is {either[0]}, --order mdy if it is {either[1]}"
            raise columns.refuse(f"may mean {' or '.join(sorted(either))}; {option}", line, name, cell)
    return order


def _refuse_spans(
    columns: Columns, clean: pd.DataFrame, first: Mapping[str, tuple[int, str, str]], plain: Mapping[str, str]
) -> None:
    """Refuse years that span two, and numbers beside a year that may be quarters or months."""
    spans = [cell for cell in clean["date"] if re.fullmatch(r"\d{4}[-/](0[1-9]|1[0-2])", cell)]
    double = [cell for cell in spans if (int(cell[:4]) + 1) % 100 == int(cell[5:])]
    if len(double) > 1 and len(double) == len(spans):
        line = int(clean.index[clean["date"] == double[0]][0])
        end = f"write the day on which it ended, as {int(double[0][:4]) + 1}-06-30"
        raise columns.refuse(f"may be a month or a year that spans two; {end}", line, "date", double[0])
    if "quarter or month" in first:
        line, name, cell = first["quarter or month"]
        quarter, month = (interpret_date(plain[cell], "", kind)[1] for kind in ("quarter", "month"))
        option = f"write --period quarter if it is {quarter}, --period month if it is {month}"
        raise columns.refuse(f"may mean the quarter or the month; {option}", line, name, cell)
    if "fiscal" in first:
        line, name, cell = first["fiscal"]
        year = re.findall(r"\d{4}", cell)[-1]
        end = f"write the day on which it ended, as {int(year) + ('/' in cell or '-' in cell)}-06-30"
        raise columns.refuse(f"is a year that spans two; {end}", line, name, cell)


def note_marks(columns: Columns, cells: Iterable[str]) -> None:
    """Note that marks of footnotes, and of provisional figures, are left out."""
    marked = next((cell for cell in cells if re.search(NOTE_MARKS, cell)), None)
    if marked is not None:
        columns.notes.append(f"marks behind dates and figures are left out, as in {shorten(marked)}")


def _keep_period(columns: Columns, clean: pd.DataFrame, found: Sequence[str]) -> tuple[pd.DataFrame, str]:
    """Of years and parts of the same years, keep the kind that is chosen, or ask for it; with the kind, or ""."""
    there = [kind for kind in SPANS if kind in found]
    chosen = columns.choices.get("period", "")
    years = {kind: {day[:4] for day, each in zip(clean["date"], found, strict=True) if each == kind}
             for kind in there}  # fmt: skip
    finer = {kind for kind in there for other in there if SPANS.index(kind) > SPANS.index(other)
             and years[kind] & years[other]}  # fmt: skip
    if not finer:
        return clean, ""
    if chosen not in there:
        kinds_there = " and ".join(f"{kind}s" for kind in there)
        options = " or ".join(f"--period {kind}" for kind in there)
        raise columns.refuse(f"has {kinds_there} of the same years; write {options}", None, "date")
    kept = pd.Series([kind in (chosen, "") for kind in found], clean.index).to_numpy()
    columns.notes.append(f"{say_count(int((~kept).sum()), 'row')} of other periods than {chosen}s left out")
    columns.table = columns.table[kept]
    return clean[kept].copy(), chosen
