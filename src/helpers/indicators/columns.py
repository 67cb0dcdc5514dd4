"""Find the columns of the clean table in any table: by choice, by name, or because only one can be meant."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping

import pandas as pd

from ..base.choices import CHOICES, LIMITED
from ..base.columns import BY_NAME
from ..base.languages import heading_period
from ..base.quoting import shorten
from ..base.wording import say_count
from .cells import MISSING
from .periods import ROMAN, YEAR
from .problems import DataError, Problem, list_names, suggest_names
from .sheets import Sheet, is_date, is_figure, is_part, plain_name, quote_option
from .units import is_general

NO_COLUMN = {
    "id",
    "index",
    "rank",
    "no",
    "nr",
    "row",
    "code",
    "country_code",
    "indicator_code",
    "iso",
    "iso3",
    "iso_code",
}
JUDGED = 200  # cells of a column that tell what it holds
SIGNS = {"half-year": "-H", "quarter": "-Q", "month": "-"}
"""What stands between a year and the number of a part of it."""


def check_choices(choices: Mapping[str, str]) -> None:
    """Refuse a choice that is not known, or whose value is none of those that there are."""
    for name, value in choices.items():
        if name not in CHOICES:
            raise DataError(
                [Problem("", None, name, value, f"is no way to read a file; {suggest_names(name, CHOICES)}")]
            )
        if name in LIMITED and value not in LIMITED[name]:
            right = " or ".join(LIMITED[name])
            raise DataError([Problem("", None, f"--{name}", value, f"is not known; write {right}")])


class Columns:
    """What the columns of a sheet are.

    Attributes
    ----------
    file : str
    table : DataFrame of str
        The sheet, with a row for each figure; the index is the row in the file.
    names : dict of str to str
        What the file calls each column of the clean table.
    clean : DataFrame of str
        Those columns, their cells as they are in the file.
    choices : dict of str to str
    notes : list of str
        What was understood, a sentence each.
    beside, first : as of the sheet
    """

    def __init__(self, file: str, sheet: Sheet, choices: Mapping[str, str]):
        self.file, self.table, self.choices, self.notes = file, sheet.table, choices, list(sheet.notes)
        self.beside, self.first = sheet.beside, sheet.first
        self.names: dict[str, str] = {}
        self._turn_wide()
        self.clean = self._find_columns()
        self._tell_unread()

    def refuse(self, message: str, row: int | None = None, column: str = "", value: str = "") -> DataError:
        """Return the error for one thing that can't be read, or be read in two ways."""
        theirs = self.names.get(column, column)
        return DataError([Problem(self.file, row, column if self.is_melted(theirs) else theirs, value, message)])

    def named(self, name: str) -> list[str]:
        """Columns that are called as ours, or else by one of its synonyms."""
        plain = {column: plain_name(column) for column in self.table}
        same = [column for column, word in plain.items() if word == name]
        return same or [column for column, word in plain.items() if word in BY_NAME[name].list_names()]

    def mostly(self, column: str, test: Callable[[str], bool]) -> bool:
        """Whether at least half of the first filled cells of a column pass a test, so that the others are mistakes."""
        cells = self.table[column][~self.table[column].str.casefold().isin(MISSING)].head(JUDGED)
        return len(cells) > 0 and 2 * sum(map(test, cells)) >= len(cells)

    def _turn_wide(self) -> None:
        """Turn a table with a column for each date into one with a row for each figure."""
        dated = [column for column in self.table if is_date(column)]
        labels = [column for column in self.table if column not in dated]
        if len(dated) < 2 or "date" in self.choices or any(self.mostly(name, is_date) for name in self.named("date")):
            return
        roles = {role: [self.choices.get(role), *self.named(role)] for role in ("entity", "indicator")}
        known = [name for name in labels if name in roles["entity"] + roles["indicator"]]
        if len(self.table) > 1 and (not known or self.table.duplicated(known).any()):
            parting = [name for name in labels if name not in known and self.table[name].nunique() > 1] or labels
            option = quote_option(parting[0]) if parting else ""
            apart = f"{len(self.table)} rows, told apart by {list_names(parting) or 'nothing'}"
            groups = f"--entity {option} if these are countries or groups, --indicator {option} if they are indicators"
            raise self.refuse(f"has a column for each date and {apart}; write {groups}, or keep one row")
        if len(self.table) == 1 and len(labels) == 1 and not known:
            if is_general(self.table[labels[0]].iloc[0]):
                labels = []
            else:
                self.names["title"] = labels[0]
        self.notes.append(
            f"the columns {shorten(dated[0])} to {shorten(dated[-1])} are the dates of the figures in them"
        )
        self._melt(labels, dated, "date")

    def _melt(self, labels: list[str], figures: list[str], name: str) -> None:
        """Turn columns of figures into rows, each with what its column is called."""
        lines = self.table.index
        self.names |= {name: f"{name} of the column", "value": "figure in it"}
        columns = self.names[name], self.names["value"]
        long = self.table.reset_index(drop=True).melt(labels, figures, *columns, ignore_index=False)
        long = long.sort_index(kind="stable")
        self.table = long.set_axis(lines[long.index], axis=0)

    def _find_columns(self) -> pd.DataFrame:
        """Find the columns of the clean table, by choice, by name, or because only one can be meant."""
        if "date" not in self.names and "date" not in self.choices:
            self._join_dates()
        if "date" not in self.names:
            self._fill_years()
        if "date" not in self.names:
            self.names["date"] = self._choose("date", is_date, self._list_dated)
        constants: dict[str, str] = {}
        for name in BY_NAME:
            if name not in ("date", "value", *self.names):
                constants |= self._take(name)
        if "wide" in self.choices and "value" not in self.names:
            figures = self._list_figures()
            if len(figures) < 2:
                raise self.refuse("has no two columns of figures; take --wide away")
            self.notes.append(f"the columns {list_names(figures)} are one {self.choices['wide']} each")
            self._melt([column for column in self.table if column not in figures], figures, self.choices["wide"])
        elif "value" not in self.names:
            self.names["value"] = self._choose("value", is_figure, self._list_figures)
        clean = {**{ours: self.table[theirs] for ours, theirs in self.names.items()}, **constants}
        for name in ("date", "value"):
            both = [ours for ours, theirs in self.names.items() if theirs == self.names[name]]
            if len(both) > 1:
                raise self.refuse(f"is taken for the {' and the '.join(both)}; name a column for each", None, name)
        other = {theirs: ours for ours, theirs in self.names.items() if theirs.casefold() != ours}
        renamed = [f"{shorten(theirs)} is the {ours}" for theirs, ours in other.items() if not self.is_melted(theirs)]
        self.notes += [", ".join(renamed)] if renamed else []
        return pd.DataFrame({name: clean[name] for name in BY_NAME if name in clean}, index=self.table.index)

    def _join_dates(self) -> None:
        """Join a column of years and one of months, quarters or half-years, by their headings in whatever language."""
        kinds = {column: heading_period(column) for column in self.table}
        years = [
            name
            for name, kind in kinds.items()
            if kind == "year" and self.mostly(name, lambda cell: re.fullmatch(YEAR, cell) is not None)
        ]
        parts = [name for kind in ("month", "quarter", "half-year") for name in kinds if kinds[name] == kind]
        parts = [name for name in parts if name not in years and self.mostly(name, is_part_cell)]
        whole = [name for name in self.named("date") if name not in years + parts and self.mostly(name, is_date)]
        if len(years) != 1 or not parts or whole:
            return
        year, part = years[0], parts[0]
        filled = self.table[year].replace("", None).ffill().fillna("")
        if (filled != self.table[year]).any():
            self.notes.append(f"blank cells of {shorten(year)} are the year above them")
        joined = [_join_part(*cells, kinds[part]) for cells in zip(filled, self.table[part], strict=True)]
        self.table = self.table.drop(columns=[year, part]).assign(**{"date of the column": joined})
        self.names["date"] = "date of the column"
        self.notes.append(f"the columns {year} and {part} together are the dates")

    def _fill_years(self) -> None:
        """Write the year beside quarters and months that stand below it in one column."""
        for column in self.table:
            cells = self.table[column]
            if not (self.mostly(column, is_part) or (cells.head(JUDGED).map(is_part).sum() > 1)):
                continue
            year, filled = "", []
            for cell in cells:
                found = re.findall(rf"(?<!\d){YEAR}(?!\d)", cell) if is_date(cell) else []
                year = found[0] if found else year
                filled.append(f"{cell} {year}" if year and is_part(cell) else cell)
            if filled != cells.tolist() and all(map(is_date, filter(None, filled))):
                self.table = self.table.assign(**{column: filled})
                self.notes.append(f"the years of {shorten(column)} are those above")

    def is_melted(self, column: str) -> bool:
        """Whether a column is ours, made from several of the file."""
        return column.endswith(" of the column") or column == "figure in it"

    def _choose(self, name: str, test: Callable[[str], bool], list_others: Callable[[], list[str]]) -> str:
        """Find the column of the dates or of the figures."""
        chosen = self.choices.get(name)
        if chosen is not None:
            candidates = [column for column in self.table if column == chosen]
            candidates = candidates or [column for column in self.table if column.casefold() == chosen.casefold()]
            if len(candidates) != 1:
                message = f"is no column of {self.file}; {suggest_names(chosen, self.table.columns)}"
                raise DataError([Problem("", None, f"--{name}", chosen, message)])
            return candidates[0]
        candidates = [column for column in self.named(name) if column not in self.names.values()]
        if len(candidates) > 1 or (candidates and plain_name(candidates[0]) != name):
            candidates = [column for column in candidates if self.mostly(column, test)]
        candidates = candidates or list_others()
        if len(candidates) == 1:
            return candidates[0]
        what = "dates" if name == "date" else "figures"
        there = ", ".join(map(shorten, (candidates or list(self.table))[:12]))
        if not candidates:
            raise self.refuse(f"has no column of {what}; the table needs date and value, there is: {there}")
        wide = ", or --wide entity if each is one country or group" if name == "value" else ""
        option = f"write --{name} {quote_option(candidates[0])} for that one{wide}"
        raise self.refuse(f"has {len(candidates)} columns that may hold the {what}: {there}; {option}")

    def _list_dated(self) -> list[str]:
        """Columns of dates; plain numbers that may be years only where no other column has dates."""
        dated = [column for column in self.table if self.mostly(column, is_date)]
        plain = [name for name in dated if not self.mostly(name, lambda cell: re.fullmatch(r"[\d.]+", cell) is None)]
        return [name for name in dated if name not in plain] or plain

    def _list_figures(self) -> list[str]:
        """Columns of numbers that are none of the others', and no numbering of the rows."""
        free = [column for column in self.table if column not in self.names.values()]
        return [
            column
            for column in free
            if self.mostly(column, is_figure) and plain_name(column) not in NO_COLUMN and not self._is_counter(column)
        ]

    def _is_counter(self, column: str) -> bool:
        """Whether a column without a name numbers the rows."""
        numbers = self.table[column].tolist()
        ours = ([str(start + place) for place in range(len(numbers))] for start in (0, 1))
        return re.fullmatch(r"column \d+", column) is not None and numbers in ours

    def _take(self, name: str) -> dict[str, str]:
        """Find an optional column; returns what a choice says of all rows where there is none."""
        candidates, chosen = self.named(name), self.choices.get(name)
        candidates = [column for column in candidates if column not in self.names.values()]
        if BY_NAME[name].flag:  # figures under its name are the series
            candidates = [column for column in candidates if not self.mostly(column, is_figure)]
        if chosen is not None:
            if chosen in self.table and not self.mostly(chosen, is_figure):  # percent may be a column, and a unit
                self.names[name] = chosen
            elif name not in ("entity", "indicator") or not candidates:
                return {name: chosen.strip()}
            else:  # one of those in the file
                rows = self.table[self.table[candidates[0]] == chosen]
                if rows.empty:
                    near = suggest_names(chosen, self.table[candidates[0]])
                    message = f"is no column of {self.file}, and not in its column {candidates[0]}; {near}"
                    raise DataError([Problem("", None, f"--{name}", chosen, message)])
                whole = say_count(len(self.table), "row")
                self.notes.append(f"{len(rows)} of {whole} are read, with {candidates[0]} {shorten(chosen)}")
                self.table, self.names[name] = rows, candidates[0]
        elif len(candidates) > 1:
            option = f"write --{name} {quote_option(candidates[0])} for that one"
            raise self.refuse(
                f"has {len(candidates)} columns that may be the {name}: {list_names(candidates)}; {option}"
            )
        elif candidates:
            self.names[name] = candidates[0]
        return {}

    def _tell_unread(self) -> None:
        """Tell which columns are not read; refuse figures under no name, and names that are nearly ours."""
        unread = [column for column in self.table if column not in self.names.values()]
        if unread:
            more = ", ..." if len(unread) > 12 else ""
            what = "the column" if len(unread) == 1 else "the columns"
            self.notes.append(f"not read: {what} {', '.join(map(shorten, unread[:12]))}{more}")
        free = [name for name in BY_NAME if name not in self.clean]
        for column in unread:
            filled = self.table[column][self.table[column] != ""]
            if re.fullmatch(r"column \d+", column) and not self._is_counter(column):
                message = f"stands in {column}, which has no name in the header; name it, or take the column away"
                raise self.refuse(message, int(filled.index[0]), "", filled.iloc[0])
            near_names = (
                free if not self.mostly(column, is_figure) else [name for name in free if not BY_NAME[name].flag]
            )
            for near in difflib.get_close_matches(column.casefold(), near_names, n=1, cutoff=0.75):
                option = f", or write --{near} {quote_option(column)}" if near in CHOICES else ""
                raise self.refuse(f"is not read; rename it {near}{option}, if that is what it holds", 1, column)


def is_part_cell(cell: str) -> bool:
    """Whether a cell of a column of quarters or months is one."""
    return re.fullmatch(r"0?[1-9]|1[0-2]", cell) is not None or cell.casefold() in ROMAN or is_part(cell)


def _join_part(year: str, cell: str, kind: str) -> str:
    """A year and a part of it as one date."""
    number = ROMAN.get(cell.casefold()) or (int(cell) if re.fullmatch(r"0?[1-9]|1[0-2]", cell) else 0)
    return f"{year}{SIGNS[kind]}{number:0{2 if kind == 'month' else 1}d}" if number else f"{cell} {year}"
