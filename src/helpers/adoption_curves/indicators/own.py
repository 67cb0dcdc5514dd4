"""Own data: a plain table of dates and figures, read into tables like the project's.

The table is CSV in UTF-8 or a sheet of a spreadsheet, with a row for each figure or a column for each date. The reader
notes everything that it infers. It refuses ambiguous input, and names the option that resolves it.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.columns import BY_NAME, CHOICES, COLUMNS, LIMITED, NAME
from ..base.words import UNSTATED, escape, quote, say_count, say_first, shorten
from .cells import LATEST, MISSING, read_cells, read_number
from .checks import (
    FRACTION,
    check_figures,
    check_key,
    check_spellings,
    check_units,
    complete_vintages,
    raise_problems,
    read_unit,
)
from .frames import JUDGED, LIMIT, is_date, is_figure, plain_name, read_frame
from .periods import SPANS, find_spans, interpret_date
from .problems import DataError, Problem, list_names, list_problems, parameter_error, suggest_names
from .seasons import settle_seasons
from .units import SHARE, split_heading

TOTAL = r"(?i)(grand |sub-?)?totals?|合计|总计"
EITHER = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
"""Pattern of a number with a mark before three digits: thousands, or decimals. The next two patterns decide."""
COMMA = rf"(?!{EITHER}$)[+-]?\d+,\d+|[+-]?\d{{1,3}}(\.\d{{3}})+,\d+|[+-]?\d{{1,3}}(\.\d{{3}}){{2,}}"
POINT = rf"(?!{EITHER}$)[+-]?\d*\.\d+|[+-]?\d{{1,3}}(,\d{{3}})+\.\d+|[+-]?\d{{1,3}}(,\d{{3}}){{2,}}"
NO_FIGURES = {"id", "index", "rank", "no", "nr", "row", "code", "country_code"}
SCALES = {"scalar_factor", "unit_mult", "unit_multiplier"}
"""Names of columns with a power of ten for the values, such as SCALAR_FACTOR."""


def read_series_file(
    path: Path, choices: Mapping[str, str], project: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read and check a file of series.

    Parameters
    ----------
    path : Path
    choices : dict of str to str
        Options that read it, by the names of `base.columns.CHOICES`.
    project : dict of str to DataFrame
        The project's tables: an indicator that they hold keeps its title, base, technology and breaks.

    Returns
    -------
    tables : dict of str to DataFrame
        observations, indicators (those that the project does not hold), sources, claims and wording (none), typed as
        the project's.
    understood : list of str
        One sentence for each decision made while reading the file.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    problems: list[Problem] = []
    listed = set(project["indicators"]["indicator"])
    table = Table(path, choices, listed)
    text = table.clean.reindex(columns=list(BY_NAME), fill_value="")
    rows = read_cells(path.name, text, [column.describe() for column in COLUMNS], problems)
    rows = complete_vintages(_fill_defaults(path, rows))
    if not problems:
        rows = settle_seasons(path.name, rows, choices.get("season", ""), table.notes)
    tables = _build_tables(path.name, rows, project)
    problems += _check_rows(path.name, rows, set_beside(tables, project), project)
    theirs = {ours: theirs for ours, theirs in table.names.items() if not theirs.startswith("\0")}
    raise_problems([replace(problem, column=theirs.get(problem.column, problem.column)) for problem in problems])
    if (rows.loc[rows["indicator"].isin(listed), "break"] != "").any():
        table.notes.append("breaks of an indicator of the project are not read: it keeps its own")
    return tables, list(map(escape, table.notes))


class Table:
    """A table of any file, made plain: ISO dates, numbers with a point, our names of columns.

    Attributes
    ----------
    clean : DataFrame of str
        Of the columns `COLUMNS` those that the file has; the index is the row in the file.
    notes : list of str
        One sentence for each inference.
    names : dict of str to str
        Name of each column in the file.
    """

    def __init__(self, path: Path, choices: Mapping[str, str], listed: set[str]):
        for name, value in choices.items():
            if value not in LIMITED.get(name, (value,)) or name not in CHOICES:
                right = f"write {' or '.join(LIMITED[name])}" if name in LIMITED else suggest_names(name, CHOICES)
                raise parameter_error(f"--{name}", value, f"is not known; {right}")
        if not re.fullmatch(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])", ends := choices.get("year-ends", "12-31")):
            raise parameter_error("--year-ends", ends, "is no month and day; write 03-31 for years that end in March")
        self.file, self.choices = path.name, choices
        self.notes: list[str] = []
        self.names: dict[str, str] = {}
        self.mark, self.frame = read_frame(path, choices, self.notes)
        self._melt()
        self.clean = self._find_columns()
        self._leave_out_totals()
        self._read_dates()
        self._read_numbers()
        self._read_future()
        self._read_units(listed)
        self._read_indicators()

    def refuse(self, message: str, column: str = "", row: int | None = None, value: str = "") -> DataError:
        """Return the error for one thing that can't be read, or be read in two ways."""
        return DataError([Problem(self.file, row, column, value, message)])

    def _mostly(self, column: str, test: Callable[[str], bool]) -> bool:
        """True if most of the first filled cells pass a test; cells that fail are then reported as errors."""
        cells = self.frame[column][~self.frame[column].str.casefold().isin(MISSING)].head(JUDGED)
        return len(cells) > 0 and 2 * sum(map(test, cells)) >= len(cells)

    def _named(self, name: str) -> list[str]:
        """Columns that are called as ours, or else by another of its names."""
        same = [column for column in self.frame if plain_name(column) == name]
        return same or [column for column in self.frame if plain_name(column) in BY_NAME[name].names.split()]

    def _is_dated(self, column: str) -> bool:
        return self._mostly(column, is_date)

    def _melt(self) -> None:
        """Turn a table with a column a date, or a country, into one with a row a figure."""
        dated = [column for column in self.frame if is_date(column)]
        chosen = [column for column in self.frame if column == self.choices.get("entity") and column not in dated]
        chosen = [] if self._named("entity") else [column for column in chosen if self._mostly(column, is_figure)]
        if "wide" in self.choices or chosen:
            kind, date = self.choices.get("wide", "entity"), self._choose("date", is_date)
            parted = [column for column in self.frame if column != date and self._mostly(column, is_figure)]
            parted = chosen or self._drop_totals(parted)
            self.names["date"] = date
        elif len(dated) < 2 or "date" in self.choices or any(map(self._is_dated, self._named("date"))):
            return
        else:
            kind, parted = "date", dated
            labels = [column for column in self.frame if column not in dated]
            known = [name for role in ("entity", "indicator") for name in (self.choices.get(role), *self._named(role))]
            keys = [name for name in labels if name in known]
            if len(self.frame) > 1 and (not keys or self.frame.duplicated(keys).any()):
                told = list_names(name for name in labels if self.frame[name].nunique() > 1) or "nothing"
                option = "write --entity or --indicator and one of these"
                raise self.refuse(f"has {len(self.frame)} rows, told apart by {told}; {option}")
        span = " to ".join(dict.fromkeys([shorten(parted[0]), shorten(parted[-1])]))
        many = {"entity": "entities"}.get(kind, f"{kind}s")
        self.notes.append(
            f"the columns {span} are {many} of the figures in them" if not chosen else f"the column {span} is read"
        )
        self.names |= {kind: "\0of the column", "value": "\0figure"}
        lines = self.frame.index
        kept = [column for column in self.frame if column not in parted]
        long = self.frame.reset_index(drop=True).melt(
            kept, parted, *(self.names[n] for n in (kind, "value")), ignore_index=False
        )
        self.frame = long.sort_index(kind="stable").pipe(lambda frame: frame.set_axis(lines[frame.index], axis=0))

    def _choose(self, name: str, test: Callable[[str], bool]) -> str:
        """Find the column of the dates or of the figures: the one that is named, or the only one that can be."""
        chosen = self.choices.get(name)
        if chosen is not None and chosen not in self.frame:
            raise parameter_error(f"--{name}", chosen, f"is no column; {suggest_names(chosen, self.frame)}")
        named = [column for column in self._named(name) if column not in self.names.values()]
        found = [chosen] if chosen is not None else [column for column in named if self._mostly(column, test)]
        found = found or (named if len(named) == 1 else [])  # its cells are then explained
        free = [column for column in self.frame if column not in self.names.values()]
        found = found or [c for c in free if self._mostly(c, test) and plain_name(c) not in NO_FIGURES]
        kept = [column for column in found if not re.fullmatch(TOTAL, column)]
        if name == "value" and len(kept) == 1:
            return self._drop_totals(found)[0]
        if len(found) == 1:
            return found[0]
        what = f"has {len(found)} columns that may be the {name}" if found else f"has no column of {name}s"
        there, hint = list_names(found or self.frame), ", or --wide entity" if found and name == "value" else ""
        hint += "".join(f", or --entity {shlex.quote(column)}" for column in found if column not in kept)
        raise self.refuse(f"{what}; there is: {there}; write --{name} and the one that it is{hint}")

    def _drop_totals(self, columns: list[str]) -> list[str]:
        """The columns that are no total of the others; those that are, are said to be left out."""
        kept = [column for column in columns if not re.fullmatch(TOTAL, column)] or columns
        for column in [column for column in columns if column not in kept]:
            take = f"--entity {shlex.quote(column)} takes it"
            self.notes.append(f"the column {shorten(column)} is left out, as a total of others; {take}")
        return kept

    def _leave_out_totals(self) -> None:
        """Leave out rows that are a total of others: of all dates, or of all entities."""
        for name in ("date", "entity"):
            totals = self.clean.get(name, pd.Series("", self.clean.index)).str.fullmatch(TOTAL)
            if totals.any() and not totals.all():
                cell = self.clean[name][totals].iloc[0]
                take = f"; --entity {shlex.quote(cell)} takes the rows" if name == "entity" else ""
                rows = say_count(int(totals.sum()), "row")
                self.notes.append(
                    f"{rows} of {shorten(cell)} left out, as a total of others, such as {totals.idxmax()}{take}"
                )
                self.clean = self.clean[~totals].copy()

    def _find_columns(self) -> pd.DataFrame:
        """Find our columns, by choice, by name, or because only one can be meant."""
        if "date" not in self.names:
            self.names["date"] = self._choose("date", is_date)
        constants = {}
        for name in [name for name in BY_NAME if name not in ("date", "value", *self.names)]:
            free = [column for column in self._named(name) if column not in self.names.values()]
            free = [column for column in free if not (BY_NAME[name].flag and self._mostly(column, is_figure))]
            chosen = self.choices.get(name)
            if chosen and chosen in self.frame and not self._mostly(chosen, is_figure):
                self.names[name] = chosen
            elif chosen and name in ("entity", "indicator") and free:  # one of those in the file
                rows = self.frame[self.frame[free[0]] == chosen]
                if rows.empty:
                    near = suggest_names(chosen, self.frame[free[0]])
                    raise parameter_error(f"--{name}", chosen, f"is not in the column {free[0]}; {near}")
                self.frame, self.names[name] = rows, free[0]
                self.notes.append(f"{say_count(len(rows), 'row')} are read, with {free[0]} {shorten(chosen)}")
            elif chosen:
                constants[name] = chosen.strip()
            elif len(free) > 1:
                raise self.refuse(f"has {len(free)} columns that may be the {name}: {list_names(free)}; write --{name}")
            elif free:
                self.names[name] = free[0]
        if "value" not in self.names:
            self.names["value"] = self._choose("value", is_figure)
        if self.names["date"] == self.names["value"]:
            raise self.refuse("is taken for the date and the value; name a column for each", self.names["date"])
        told = {ours: theirs for ours, theirs in self.names.items() if theirs.casefold() != ours and theirs[0] != "\0"}
        self.notes += [", ".join(f"{shorten(theirs)} is the {ours}" for ours, theirs in told.items())] if told else []
        unread = [column for column in self.frame if column not in self.names.values()]
        self.notes += [f"not read: {list_names(unread)}"] if unread else []
        columns = {name: self.frame[theirs] for name, theirs in self.names.items()} | constants
        return pd.DataFrame({name: columns[name] for name in BY_NAME if name in columns}, index=self.frame.index)

    def _read_dates(self) -> None:
        """Write the dates as ISO dates; those that can't be understood stay, to be refused with all else."""
        order, ends = self.choices.get("order", ""), self.choices.get("year-ends", "")
        for name in (name for name in ("date", "published") if name in self.clean):
            found = {cell: interpret_date(cell, order, ends) for cell in self.clean[name].unique()}
            kinds = {kind: cell for cell, (kind, _) in reversed(found.items())}
            if "ambiguous" in kinds and len(kinds.keys() & {"dmy", "mdy"}) == 1:
                usual = next(iter(kinds.keys() & {"dmy", "mdy"}))
                found = {cell: interpret_date(cell, usual, ends) for cell in found}
            self._refuse_dates(name, found, kinds)
            days = [day for kind, day in found.values() if day and kind not in SPANS]
            alike = name == "date" and self.choices.get("dates") != "as-printed" and len(days) == len(found)
            if spans := find_spans(days) if alike else {}:
                found = {cell: spans[day] for cell, (_, day) in found.items() if day}
                kind = next(iter(found.values()))[0]
                first = f"the dates are the first days of {kind}s, which are dated at their last"
                self.notes.append(f"{first}; --dates as-printed keeps the days")
            else:
                end = f", a year on {ends}" if ends else ""
                self.notes += [f"{kind}s are read as the last day of each{end}" for kind in SPANS if kind in kinds]
                self.notes += [
                    f"dates such as {kinds[k]} are {found[kinds[k]][1]}"
                    for k in ("dmy", "mdy", "form", "fiscal year")
                    if k in kinds
                ]
            self.clean[name] = self.clean[name].map(
                {cell: f"{day}" if day else cell for cell, (_, day) in found.items()}
            )

    def _refuse_dates(self, name: str, found: dict[str, tuple[str, Any]], kinds: dict[str, str]) -> None:
        """Refuse dates that mean two things, or nothing without an option; `kinds` has the first cell of each kind."""
        where, ends = self.names[name].strip("\0"), "write when such years end, as in --year-ends 03-31"
        unsure = "ambiguous" in kinds and len(kinds.keys() & {"dmy", "mdy"}) != 1
        if unsure or {"dmy", "mdy"} <= kinds.keys():
            either = kinds.get("ambiguous") if unsure else f"one of {kinds['dmy']} and {kinds['mdy']}"
            either = either if "mdy" not in kinds else f"one of {kinds['dmy']} and {kinds['mdy']}"
            message = f"{either} may be a day and a month, or a month and a day; write --order dmy or mdy"
            raise self.refuse(message, where)
        double = [cell for cell in found if re.fullmatch(r"\d{4}-\d\d", cell)]
        years = len(double) > 1 and all((int(cell[:4]) + 1) % 100 == int(cell[5:]) for cell in double)
        if years and "year-ends" not in self.choices:
            raise self.refuse(f"has {double[0]}, a month or a year that spans two; {ends}", where)
        if "fiscal year" in kinds and "year-ends" not in self.choices:
            raise self.refuse(f"has years that span two, such as {kinds['fiscal year']}; {ends}", where)
        spans = [kind for kind in SPANS if kind in kinds]
        if len(spans) > 1 and name == "date":
            both = " and ".join(f"{kind}s" for kind in spans)
            raise self.refuse(f"has {both} ({kinds[spans[0]]}, {kinds[spans[1]]}); keep one", where)

    def _read_numbers(self) -> None:
        """Write the figures as plain numbers; leave out rows without one. What can't be understood stays."""
        empty = self.clean["value"].str.casefold().isin(MISSING)
        if empty.all():
            raise self.refuse("has no figures", self.names["value"].strip("\0"))
        if empty.any():
            self.notes.append(
                f"{say_count(int(empty.sum()), 'row')} without a figure left out, such as {empty.idxmax()}"
            )
            self.clean = self.clean[~empty].copy()
        signed = self.clean["value"].str.endswith("%")
        units = self.clean.get("unit", pd.Series("%")).map(read_unit).str.replace(FRACTION, r"percent\2", regex=True)
        if signed.all() and units.str.startswith("percent").all():
            self.clean["value"] = self.clean["value"].str.removesuffix("%").str.strip()
            self.clean["unit"] = units if "unit" in self.clean else "percent"
        limits = self.clean["value"].str.extract(LIMIT)[0]
        if limits.notna().any() and "bound" not in self.clean:
            kinds = limits.map(dict.fromkeys("<\u2264", "at_most") | dict.fromkeys(">\u2265", "at_least"))
            self.clean["bound"] = kinds.fillna("exact")
            self.clean["value"] = self.clean["value"].str.replace(LIMIT, "", regex=True)
            for cell in (limits + self.clean["value"]).dropna().unique()[:5]:
                side = "below" if cell[0] in "<\u2264" else "above"
                self.notes.append(f"{cell} is read as {side} {cell[1:]}, a limit, not a figure")
        for name in (name for name in BY_NAME if name in self.clean and BY_NAME[name].type == "number"):
            cells = self.clean[name].where(~self.clean[name].str.casefold().isin(MISSING), "")
            cells = cells.str.replace(r"(?<=\d)[ '\u2019\u00a0\u2009\u202f](?=\d{3}\b)", "", regex=True)
            whole = name == "sample_size"  # people asked: a mark before three digits parts thousands
            decimal = "." if whole else self.choices.get("decimal") or self._find_decimal(cells, name)
            if decimal == "," and not cells.str.fullmatch(POINT).any():
                cells = cells.str.replace(".", "").str.replace(",", ".")
            elif decimal == ".":
                cells = cells.str.replace(r",(?=\d{3}\b)", "", regex=True)
            self.clean[name] = cells.str.replace(r"^([+-]?)\.(?=\d)", r"\g<1>0.", regex=True).str.replace(
                r"(?<=\d)\.$", "", regex=True
            )

    def _read_future(self) -> None:
        """Refuse figures dated after today, such as an office's projections, or keep or leave them out by choice."""
        today = f"{datetime.now().astimezone():%Y-%m-%d}"
        later = self.clean["date"].str.fullmatch(r"\d{4}-\d\d-\d\d") & self.clean["date"].between(
            today, LATEST, inclusive="right"
        )
        if not later.any():
            return
        choice, first = self.choices.get("future", ""), self.clean["date"][later].min()
        figures = f"{say_count(int(later.sum()), 'figure')} dated after today ({today}), the first {first}"
        if not choice:
            message = f"has {figures}: a projection is no observation; write --future drop to leave out what lies ahead"
            row = int(self.clean.index[later][0])
            raise self.refuse(f"{message}, or --future keep", self.names["date"].strip("\0"), row)
        self.notes.append(f"{figures}: {'read as observations' if choice == 'keep' else 'left out'}")
        if choice == "drop" and later.all():
            raise self.refuse("has no figure up to today", self.names["date"].strip("\0"))
        self.clean = self.clean if choice == "keep" else self.clean[~later].copy()

    def _find_decimal(self, cells: pd.Series, name: str) -> str:
        """Find the decimal mark that all cells agree on."""
        comma, point, either = (cells.str.fullmatch(form) for form in (COMMA, POINT, EITHER))
        either &= cells.str.contains(",") | (self.mark == ";")  # the delimiter of those who write decimal commas
        if either.any() and not comma.any() and not point.any():
            first = cells[either].iloc[0]
            whole, part = re.sub("[.,]", "", first), first.replace(",", ".")
            mark, other = (",", ".") if "," in first else (".", ",")
            decimal = f"write --decimal {other} for {whole}, --decimal {mark} for {part}"
            row = int(cells[either].index[0])
            raise self.refuse(f"may mean {whole} or {part}; {decimal}", self.names[name].strip("\0"), row, first)
        if comma.any() and not point.any():
            self.notes.append("commas are the decimal mark")
            return ","
        self.notes += ["commas part thousands"] if cells.str.contains(",").any() else []
        return "."

    def _read_units(self, listed: set[str]) -> None:
        """Set unit and title from the heading; convert fractions of 1 to percentages."""
        heading, given = self.names["value"], "unit" in self.clean
        known = "indicator" in self.clean and set(self.clean["indicator"]) <= listed
        texts = self.clean.get("indicator", pd.Series("" if heading[0] == "\0" else heading, self.clean.index))
        said = {text: split_heading(text) for text in texts.unique() if text and not known}
        units, titles = ({text: parts[place] for text, parts in said.items()} for place in (0, 1))
        if not known and not any(units.values()):  # a title above the table, or the heading of its first column
            unread = [text for text in (*self.frame.attrs["above"], *self.frame) if split_heading(text)[0]]
            given_there = {split_heading(text)[0]: text for text in unread if text != heading}
            if len(given_there) == 1 and not given:
                [(unit, text)] = given_there.items()
                self.clean["unit"], given = unit, True
                self.notes.append(f"the unit is {shorten(unit)}, as {shorten(text)} says")
        general = {"", "value", *BY_NAME["value"].names.split()}
        titles = {text: say_first(title) for text, title in titles.items() if plain_name(title) not in general}
        if any(units.values()) and not given:
            self.clean["unit"] = texts.map(units)
            self.notes += [
                f"the unit is {shorten(unit)}, as {shorten(text)} says" for text, unit in units.items() if unit
            ][:5]
        named = "indicator" in self.clean and all(re.fullmatch(NAME, text) for text in titles)
        if titles and not named and "title" not in self.clean:
            self.clean["title"] = texts.map(titles).fillna("")
        scaled = [column for column in self.frame if plain_name(column) in SCALES and (self.frame[column] != "0").all()]
        if scaled and "unit" not in self.choices:
            first = shorten(self.frame[scaled[0]].iloc[0])
            raise self.refuse(f"has a column {scaled[0]}, with {first}; write --unit, as in --unit 'thousand people'")
        self._ask_for_share(heading.strip("\0"), texts, known, given)

    def _ask_for_share(self, heading: str, texts: pd.Series, known: bool, given: bool) -> None:
        """Write fractions of 1 as percentages; ask where figures may be shares and no unit says it."""
        units = self.clean.get("unit", pd.Series("", self.clean.index)).map(read_unit)
        largest = self.clean["value"].map(read_number).max()
        fractions = units.str.fullmatch(FRACTION, flags=re.IGNORECASE)
        if fractions.all() and largest <= 1:
            self.clean["unit"] = units.str.replace(r"^\w+", "percent", regex=True)
            self.clean["value"] = [f"{100 * read_number(cell):.12g}" if read_number(cell) == read_number(cell) else cell
                                   for cell in self.clean["value"]]  # fmt: skip
            self.notes.append("fractions of 1 are read as percentages, times 100")
            return
        titles = pd.concat([texts, self.clean.get("title", texts)]).drop_duplicates()
        if not given and (titles.str.contains(r"(?i)\bindex\b").all() or self._is_trend(heading)):
            self.clean["unit"] = "index"
            self.notes.append("the unit is index, which has no limit")
            return
        named = units.eq("").all() and largest <= 100 and titles.str.contains(SHARE).any()
        if (
            not known
            and not given
            and largest > 0
            and (named or (largest <= 1 and units.str.fullmatch("|percent.*").all()))
        ):
            why = "has no figure above 1" if largest <= 1 else f"is a share by its name, with figures up to {largest:g}"
            options = "write --unit fraction, --unit percent, or --unit units (or what is counted) where it is neither"
            raise self.refuse(f"{why}: fractions of 1, or percentages? {options}", heading)

    def _is_trend(self, heading: str) -> bool:
        """True if figures are an index as Google Trends has it: 100 at the highest, and some only below 1."""
        limited = "bound" in self.clean and (self.clean["bound"] == "at_most").any()
        return self.clean["value"].map(read_number).max() == 100 and (
            limited or re.search(r": \(.+\)$", heading) is not None
        )

    def _read_indicators(self) -> None:
        """Make names of indicators; a break that is only marked gets a reason."""
        if "break" in self.clean:
            words = self.clean["break"].str.casefold()
            marked = self.clean["break"].mask(words.isin({"1", "x", "yes", "true"}), f"marked in {self.file}")
            self.clean["break"] = marked.mask(words.isin({"", "0", "no", "false", "-"}), "")
        if "indicator" not in self.clean:
            return
        texts = self.clean["indicator"].unique()
        names = {text: text if re.fullmatch(NAME, text) or not text else name_indicator(text) for text in texts}
        if len(set(names.values())) < len(names):
            raise self.refuse("has names of indicators that differ only in punctuation; use letters and digits")
        if any(names[text] != text for text in texts):
            self.notes.append(f"indicators are named {list_names(names.values())}")
        self.clean["indicator"] = self.clean["indicator"].map(names)


def name_indicator(text: str) -> str:
    """Make the name of an indicator from any text: small letters, digits and '_', beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "series"
    return name if name[0].isalpha() else f"series_{name}"


def set_beside(own: Mapping[str, pd.DataFrame], project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Set the project's tables beside own ones, so that bounds, other countries and references stay available.

    An indicator that own data describe is theirs alone; of one that they take over from the project, the series of
    the entities that they hold are replaced. The claims are those of the own data.

    Parameters
    ----------
    own, project : dict of str to DataFrame

    Returns
    -------
    dict of str to DataFrame
    """
    theirs = project["observations"]
    pairs = set(zip(own["observations"]["entity"], own["observations"]["indicator"], strict=True))
    listed = theirs["indicator"].isin(own["indicators"]["indicator"])
    replaced = np.array([pair in pairs for pair in zip(theirs["entity"], theirs["indicator"], strict=True)])
    tables = {"observations": _join(own["observations"], theirs[~(listed | replaced)]), "claims": own["claims"]}
    for name, key in (("indicators", "indicator"), ("sources", "source_id")):
        tables[name] = _join(own[name], project[name][~project[name][key].isin(own[name][key])])
    wording = project["wording"]
    wording = wording[~wording["indicator"].isin(own["observations"]["indicator"])]
    return tables | {"wording": _join(own["wording"], wording)}


def _fill_defaults(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    defaults = {column.name: column.default for column in COLUMNS if column.default}
    defaults |= {"indicator": name_indicator(path.stem)}
    filled = {column: rows[column].replace("", default) for column, default in defaults.items()}
    return rows.assign(**filled, unit=rows["unit"].map(read_unit), cumulative=rows["cumulative"].replace("no", ""))


def _build_tables(file: str, rows: pd.DataFrame, project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Build the four tables from checked rows; units and technologies are those of each indicator's first row."""
    described = rows.drop_duplicates("indicator")
    described = described[~described["indicator"].isin(project["indicators"]["indicator"])]
    words = described["indicator"].str.replace("_", " ").str.capitalize()
    title = described["title"].where(described["title"] != "", words)
    indicators = described[["row", "indicator"]].assign(
        title=title,
        unit=described["unit"].replace("", UNSTATED),
        counted=f"What {file} counts",
        role="target",
        technology=described["technology"].where(described["technology"] != "", title),
        breaks=described["indicator"].map(_write_breaks(rows)),
        cumulative=described["cumulative"],
    )
    names = {source: f"own_{number}" for number, source in enumerate(rows["source"].unique(), 1)}
    sources = pd.DataFrame({"row": 1, "source_id": names.values(), "publisher": names.keys(), "title": file})
    address = sources["publisher"].where(sources["publisher"].str.fullmatch(r"https?://\S+"), "")
    sources = sources.assign(url=address, licence="not stated", attribution=sources["publisher"])
    observations = rows.assign(source_id=rows["source"].map(names), confidence="medium")
    own = {"observations": observations, "indicators": indicators, "sources": sources}
    own |= {"wording": pd.DataFrame(), "claims": pd.DataFrame()}
    for name, table in own.items():  # columns and types are the project's; texts that are not there are empty
        model = project[name]
        blank = {column: "" if pd.api.types.is_string_dtype(model[column]) else np.nan for column in model}
        given = {column: table[column] for column in table if column in blank}
        own[name] = pd.DataFrame(blank | given, index=table.index).astype(model.dtypes.to_dict()).reset_index(drop=True)
    return own


def _write_breaks(rows: pd.DataFrame) -> dict[str, str]:
    """Write the breaks of each indicator as in indicators.csv; those of one entity among several name it."""
    marked = rows.rename(columns={"break": "reason"})  # a word of Python's own is no name in a row
    marked = marked[(marked["reason"] != "") & marked["date"].notna()].sort_values("date", kind="stable")
    several = rows.groupby("indicator")["entity"].nunique() > 1
    texts: dict[str, list[str]] = {name: [] for name in rows["indicator"].unique()}
    for row in marked.itertuples():
        only = f"[{row.entity.replace(']', ')')}] " if several[row.indicator] else ""
        texts[row.indicator].append(f"{row.date:%Y-%m-%d} {only}{row.reason.replace(';', ',')}")
    return {name: "; ".join(parts) for name, parts in texts.items()}


def _check_rows(
    file: str, rows: pd.DataFrame, both: Mapping[str, pd.DataFrame], project: Mapping[str, pd.DataFrame]
) -> list[Problem]:
    problems = []
    if rows["bound"].isin(["at_least", "at_most"]).all():
        problems.append(Problem(file, None, "bound", "", "no figure is exact; a curve is fitted to exact ones"))
    twice = check_key(file, rows, ["entity", "indicator", "date", "published"])
    hint = "; where a column tells them apart, write --entity and its name, or make it part of the date"
    problems += [replace(problem, message=problem.message + hint) for problem in twice] + check_spellings(file, rows)
    problems += check_units(file, rows)
    for column in ("unit", "technology", "title", "cumulative"):
        problems += _check_same(file, rows, column, project["indicators"])
    pairs = set(zip(rows["entity"], rows["indicator"], strict=True))
    return problems + check_figures(file, both["observations"], both["indicators"], only=pairs)


def _check_same(file: str, rows: pd.DataFrame, column: str, described: pd.DataFrame) -> list[Problem]:
    """Report cells that give an indicator a second unit or technology, or another one than the project's."""
    known = described.drop_duplicates("indicator").set_index("indicator")[column]
    first = rows.drop_duplicates("indicator").set_index("indicator")
    named = rows["indicator"].isin(known.index)
    right = rows["indicator"].map(known).where(named, rows["indicator"].map(first[column]))
    frame = rows[["row", "indicator"]].assign(value=rows[column], right=right, named=named)
    frame["first"] = rows["indicator"].map(first["row"])

    def explain(entry: dict[str, Any]) -> str:
        right = quote(entry["right"])
        if entry["named"]:
            other = f"is not the {column} of {entry['indicator']}, {right} in indicators.csv"
            return f"{other}; write that, or name it otherwise"
        where = f"{right} in row {entry['first']}" if entry["right"] else f"not given in row {entry['first']}"
        return f"is another {column} of {entry['indicator']} than {where}; write one {column} for all its rows"

    wrong = (frame["value"] != right) & ~((frame["value"] == "") & named)
    return list_problems(file, frame[wrong], column, explain)


def _join(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table for table in (first, second) if len(table)], ignore_index=True) if len(first) else second
