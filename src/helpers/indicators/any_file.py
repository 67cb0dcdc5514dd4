"""Turn any reasonable file into the clean table: ISO dates, plain numbers, the columns of ``data/README.md``.

What was understood is told in a sentence each. What can mean two things is refused, with the option to write: nothing
is guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping
from decimal import Decimal
from pathlib import Path

import pandas as pd

from ..base.columns import BY_NAME, COLUMNS, NAME
from ..base.languages import PERCENT, any_of
from ..base.quoting import escape, shorten
from ..base.wording import say_count
from .cells import BLANK, MISSING, NUMBER, read_number
from .checks import FRACTION, read_unit
from .columns import Columns, check_choices
from .dating import note_marks, read_dates
from .periods import NOTE_MARKS, interpret_date, write_plainly
from .problems import DataError, Problem
from .sheets import is_figure, plain_name, quote_option, read_sheet, say_lines
from .stated import state
from .units import POWERS, find_unit, read_phrase

EITHER = r"[+-]?[1-9]\d{0,2}[.,]\d{3}"
COMMA_DECIMAL = rf"(?!{EITHER}$)[+-]?\d+,\d+|[+-]?\d{{1,3}}(\.\d{{3}})+,\d+|[+-]?\d{{1,3}}(\.\d{{3}}){{2,}}"
POINT_DECIMAL = rf"(?!{EITHER}$)[+-]?\d*\.\d+|[+-]?\d{{1,3}}(,\d{{2,3}})*,\d{{3}}(\.\d+|,\d{{3}})"
YES, NO = {"1", "x", "yes", "true"}, {"", "0", "no", "false", "-"}
PARTS = [{f"{number}" for number in range(1, most + 1)} for most in (2, 4, 12)]
"""Numbers of the half-years, the quarters and the months of a year."""


def read_any_file(
    path: Path, choices: Mapping[str, str], project_indicators: Collection[str] = ()
) -> tuple[pd.DataFrame, list[str], dict[str, str]]:
    """Read any reasonable file as the clean table.

    Parameters
    ----------
    path : Path
        Text with any delimiter, .xlsx or .ods, compressed by gzip or not: a row a figure, or a column a date.
    choices : dict of str to str
        By the names of `CHOICES`.
    project_indicators : collection of str
        Names of indicators whose units are known.

    Returns
    -------
    table : DataFrame of str
        Of the columns `COLUMNS` those that the file has; the index is the row in the file. Cells that could not be
        understood are as they were.
    understood : list of str
        A sentence each.
    columns : dict of str to str
        What the file calls the columns that it calls otherwise.

    Raises
    ------
    DataError
        Where the file cannot be read, or can be read in two ways: with the option to write.
    """
    check_choices(choices)
    headings = {*BY_NAME["date"].list_names(), *(plain_name(choices[name]) for name in BY_NAME if choices.get(name))}
    sheet = read_sheet(path, headings, choices.get("sheet", ""), choices.get("encoding", ""))
    columns = Columns(path.name, sheet, choices)
    clean = _Cells(columns, sheet.mark, project_indicators, name_file(path)).clean
    return (
        clean,
        list(map(escape, columns.notes)),
        {ours: theirs for ours, theirs in columns.names.items() if not columns.is_melted(theirs)},
    )


class _Cells:
    """The cells of the clean table, made plain step by step."""

    def __init__(self, columns: Columns, mark: str, project_indicators: Collection[str], usual: str):
        self.columns, self.mark, self.clean = columns, mark, columns.clean.copy()
        self.clean = read_dates(columns, self.clean)
        self._read_numbers()
        self._read_units(project_indicators, usual)
        self._read_names()
        self._check_doubles()

    def _list_columns(self, kind: str) -> list[str]:
        """Columns of a type that the file has, in the order of `COLUMNS`: of the numbers, the figures come first."""
        return [column.name for column in COLUMNS if column.type == kind and column.name in self.clean]

    def _read_numbers(self) -> None:
        """Write the figures as plain numbers; leave out rows without one. What cannot be understood stays."""
        missing = self.clean["value"].str.casefold().isin(MISSING)
        if missing.all():
            raise self.columns.refuse("has no figures", None, "value")
        if missing.any():
            lines = sorted({int(line) for line in self.clean.index[missing]})
            self.columns.notes.append(
                f"{say_count(int(missing.sum()), 'cell')} without a figure left out, {say_lines(lines)}"
            )
            self.clean = self.clean[~missing].copy()
            self.columns.table = self.columns.table[~missing.to_numpy()]
        numbers = self._list_columns("number")
        for name in numbers[1:]:
            self.clean[name] = self.clean[name].where(~self.clean[name].str.casefold().isin(MISSING), "")
        for name in numbers:
            if BY_NAME[name].whole:  # whatever stands before three digits parts thousands
                self.clean[name] = self.clean[name].str.replace(rf"([.,]|{BLANK})(?=\d{{3}}\b)", "", regex=True)
        names = [name for name in numbers if not BY_NAME[name].whole]
        note_marks(self.columns, self.clean["value"])
        self.clean["value"] = self.clean["value"].str.replace(NOTE_MARKS, "", regex=True)
        self._read_percent()
        scales = self._take_scales()
        cells = [(int(line), name, cell) for name in names for line, cell in self.clean[name].items()]
        texts = {cell: _drop_blanks(write_plainly(cell)) for _, _, cell in cells if len(cell) < 40}
        if any(texts[cell] != cell for cell in texts):
            self.columns.notes.append(
                "blanks that part thousands, and digits of other scripts, are read as a plain number"
            )
        decimal = self._find_decimal(cells, texts)
        for name in names:
            self.clean[name] = [_write_number(texts.get(cell, cell), decimal) for cell in self.clean[name]]
        if scales:
            self.clean["value"] = [_shift(cell, power) for cell, power in zip(self.clean["value"], scales, strict=True)]

    def _find_decimal(self, cells: list[tuple[int, str, str]], texts: Mapping[str, str]) -> str:
        """Find the decimal mark that all cells (row, column, text) agree on; "" where they don't."""
        comma = {cell for cell, text in texts.items() if re.fullmatch(COMMA_DECIMAL, text)}
        point = {cell for cell, text in texts.items() if re.fullmatch(POINT_DECIMAL, text)}
        either = [entry for entry in cells if re.fullmatch(EITHER, texts.get(entry[2], "")) and "," in entry[2]]
        dotted = [entry for entry in cells if "." in entry[2]]
        if self.mark == ";" and all(re.fullmatch(EITHER, texts.get(cell, "")) for _, _, cell in dotted):
            either += dotted  # the delimiter of those who write decimal commas
        decimal = self.columns.choices.get("decimal", "," if comma and not point else "." if point or not comma else "")
        if "decimal" not in self.columns.choices and not comma and not point and either:
            line, name, cell = either[0]
            whole, part = re.sub(r"[.,]", "", texts[cell]), texts[cell].replace(",", ".")
            mark, other = (",", ".") if "," in cell else (".", ",")
            message = f"may mean {whole} or {part}; write --decimal {other} for {whole}, --decimal {mark} for {part}"
            raise self.columns.refuse(message, line, name, cell)
        if decimal == "," and point:
            line, name, cell = next(entry for entry in cells if entry[2] in point)
            raise self.columns.refuse("has a decimal point, against --decimal ,", line, name, cell)
        commas = any("," in text for text in texts.values())
        if decimal == ",":
            self.columns.notes.append("commas are the decimal mark" if commas else "points part thousands")
        elif decimal and commas:
            self.columns.notes.append("commas part thousands")
        return decimal

    def _take_scales(self) -> list[int]:
        """Take the words thousand to trillion from the figures, where all have one; returns their powers of ten."""
        parts = [re.fullmatch(r"(.*\d)\s*([^\W\d_]+)\.?", cell) for cell in self.clean["value"]]
        words = [read_phrase(part[2], alone=True) if part else "" for part in parts]
        if not set(words) <= set(POWERS):
            return []
        found = [part for part in parts if part]
        self.clean["value"] = [part[1] for part in found]
        self.columns.notes.append(f"figures such as {found[0][0]} are read as {found[0][1]} {words[0]}")
        return [POWERS[word] for word in words]

    def _read_percent(self) -> None:
        """Take percent signs for the unit, where all figures have one."""
        signs = rf"\s*{any_of(PERCENT)}$"
        signed = self.clean["value"].str.contains(signs, case=False)
        if signed.all() and all(read_unit(unit).startswith("percent") for unit in self.clean.get("unit", [])):
            self.clean["value"] = self.clean["value"].str.replace(signs, "", case=False, regex=True)
            if "unit" not in self.clean:
                self.clean["unit"] = "percent"
                self.columns.notes.append("percent signs: the unit is percent")

    def _read_units(self, project_indicators: Collection[str], usual: str) -> None:
        """Find the unit, the title and whether figures count all so far; write fractions of 1 as percentages."""
        theirs = self.columns.names["value"]
        named = self.clean["indicator"].replace("", usual) if "indicator" in self.clean else pd.Series([usual])
        by_name = state(self.columns, self.clean, is_listed=set(named.unique()) <= set(project_indicators))
        blank = pd.Series("", self.clean.index, dtype=str)
        units, names = self.clean.get("unit", blank), self.clean.get("indicator", blank).replace("", usual)
        for name in names.unique():
            inside = (names == name).to_numpy()
            unit, largest = units[inside].iloc[0], self.clean["value"][inside].map(read_number).max()
            if re.fullmatch(FRACTION, unit, flags=re.IGNORECASE) and largest <= 1:
                self.clean.loc[inside, "unit"] = re.sub(r"^\w+", "percent", unit)
                for column in (name for name in self._list_columns("number") if BY_NAME[name].in_unit):
                    self.clean.loc[inside, column] = self.clean.loc[inside, column].map(lambda cell: _shift(cell, 2))
                self.columns.notes.append("fractions of 1 are read as percentages, times 100")
            elif (
                name not in project_indicators
                and 0 < largest <= 1
                and (not unit or (by_name and unit.startswith("percent")))
            ):
                # a spreadsheet holds 42 % as 0.42, whatever the name of the column
                option = "write --unit fraction, --unit percent, or the unit that they have, as --unit 'million users'"
                raise self.columns.refuse(
                    f"has no figure above 1: fractions of 1, or percentages? {option}", None, theirs
                )

    def _read_names(self) -> None:
        """Make names of indicators, and reasons of breaks."""
        if "indicator" in self.clean:
            texts = self.clean["indicator"].unique()
            names = {text: text if re.fullmatch(NAME, text) or not text else name_indicator(text) for text in texts}
            for text in texts:
                same = [other for other in texts if names[other] == names[text]]
                if len(same) > 1:
                    message = f"is told from {same[0]!r} by signs alone; name them by letters and digits"
                    line = int(self.clean.index[self.clean["indicator"] == same[1]][0])
                    raise self.columns.refuse(message, line, "indicator", same[1])
            renamed = [f"{shorten(text)} as {names[text]}" for text in texts if names[text] != text]
            if renamed:
                self.columns.notes.append(
                    f"indicators are named {', '.join(renamed[:5])}{', ...' * (len(renamed) > 5)}"
                )
            if renamed and "title" not in self.clean:
                self.clean["title"] = self.clean["indicator"].map(lambda text: find_unit(text)[1])
            self.clean["indicator"] = self.clean["indicator"].map(names)
        if "break" in self.columns.names:
            marks = self.clean["break"]
            words = marks.str.casefold()
            marks = marks.mask(words.isin(NO), "").mask(words.isin(YES), f"marked in {self.columns.file}")
            self.clean["break"] = marks.str.replace(";", ",")
        elif "break" in self.clean:
            self.clean["break"] = self._place_breaks(self.columns.choices["break"])

    def _place_breaks(self, text: str) -> pd.Series:
        """Put the reason of each break into the row of the first figure from its date on, of each series."""
        reasons = pd.Series("", self.clean.index)
        for part in filter(None, map(str.strip, text.split(";"))):
            match = re.fullmatch(r"(\S+)\s+(\S.*)", part)
            day = interpret_date(match[1], self.columns.choices.get("order", ""))[1] if match else None
            if not match or not day:
                message = "is no break; write 'YYYY-MM-DD reason', several separated by ';'"
                raise DataError([Problem("", None, "--break", part, message)])
            later = self.clean["date"].ge(f"{day}").to_numpy()
            keys = [name for name in ("entity", "indicator") if name in self.clean]
            places = pd.RangeIndex(len(self.clean))[later]
            rows = self.clean[later].set_axis(places, axis=0).sort_values("date", kind="stable")
            first = rows.drop_duplicates(keys).index if keys else rows.index[:1]
            if not len(first):
                raise DataError([Problem("", None, "--break", part, "is after the last figure")])
            reasons.iloc[first] = match[2]
        return reasons

    def _check_doubles(self) -> None:
        """Ask what a column is that tells apart figures of the same date."""
        keys = [name for name in ("date", "entity", "indicator", "published") if name in self.clean]
        if not self.clean.duplicated(keys).any() or len(self.clean) != len(self.columns.table):
            return
        for column in self.columns.table:
            cells = set(self.columns.table[column])
            if column not in self.columns.names.values() and cells in PARTS:
                most = max(map(int, cells))
                parts = {2: "half-years, name it Half", 4: "quarters, name it Quarter", 12: "months, name it Month"}[
                    most
                ]
                told = f"told apart by {shorten(column)}, whose numbers go from 1 to {most}"
                raise self.columns.refuse(
                    f"has several figures of one date, {told}: if these are {parts} in the header"
                )
            beside = self.clean[keys].assign(other=self.columns.table[column].to_numpy())
            if (
                column not in self.columns.names.values()
                and not beside.duplicated().any()
                and not self.columns.mostly(column, is_figure)
            ):
                option = quote_option(column)
                raise self.columns.refuse(
                    f"has several figures of one date, told apart by {shorten(column)}; write --entity {option} if "
                    f"these are countries or groups, --indicator {option} if they are indicators, or keep one of them"
                )


def name_indicator(text: str) -> str:
    """Make the name of an indicator from any text: small letters, digits and '_', beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "series"
    return name if name[0].isalpha() else f"series_{name}"


def name_file(path: Path) -> str:
    """Make the name of an indicator from a file's, without its endings."""
    return name_indicator(re.sub(r"(\.(csv|tsv|txt|xlsx|xlsm|ods))?(\.gz)?$", "", path.name, flags=re.IGNORECASE))


def _drop_blanks(text: str) -> str:
    """Take away the blanks that part thousands."""
    parted = re.fullmatch(rf"[+-]?\d{{1,3}}({BLANK}\d{{3}})+([.,]\d+)?", text)
    return re.sub(BLANK, "", text) if parted else text


def _write_number(text: str, decimal: str) -> str:
    """Write a number plainly; what is none stays."""
    if decimal == "." and re.fullmatch(r"[+-]?\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?", text):
        text = text.replace(",", "")
    elif decimal == "," and re.fullmatch(r"[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?", text):
        text = text.replace(".", "").replace(",", ".")
    if re.fullmatch(r"[+-]?(\.\d+|\d+\.)", text):
        text = re.sub(r"(?<!\d)\.", "0.", text).removesuffix(".")
    return text


def _shift(text: str, power: int) -> str:
    """Write a number times a power of ten, with its printed digits; what is none stays."""
    return format(Decimal(text).scaleb(power), "f") if re.fullmatch(NUMBER, text) else text
