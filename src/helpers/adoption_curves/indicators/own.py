"""Files of one's own: from a plain table of dates and figures to tables like the project's.

`read_series_file` is a pipeline: the text of the table, its columns, dates, numbers, unit and measure, checks. A figure
is what is printed in its cell. What a file does not say plainly is refused, with the one thing to write.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import pandas as pd

from ..base.columns import BY_NAME, CHOICES, COLUMNS, LIMITED, NAME, UNNAMED
from ..base.words import escape, say_count, shorten
from .cells import MISSING, find_decimals, read_cells, write_plain
from .checks import FRACTION, raise_problems, read_unit
from .data_files import NumberedRow
from .layout import JUDGED, is_date, is_figure, plain_name, read_layout
from .own_tables import SHORTEST_YEAR, USUAL_TITLE, build_tables, check_rows, fill_defaults
from .periods import DATE_FORMS, choose_form, explain_date, list_days, read_form
from .problems import DataError, Problem, list_names, parameter_error, suggest_names
from .scales import Meaning, contradict, contradict_scale, measure_scale, read_meaning, suggest_units

_MULTIPLIERS = {"unit_mult", "unit_multiplier", "multiplier", "scale", "scalar_factor"}
"""Names of columns with the scale of the figures, in words or as a power of ten."""
_UNIT_COLUMNS = r"unit(?!ed|_mult)|uom|einheit|单位|column_\d+$"
"""Names of columns that may hold the unit: those without a heading too."""
_DATE_PARTS = {"month", "months", "quarter", "quarters", "week", "day", "月", "月份", "季度"}
"""Names of columns that complete a year in another one."""
_SAID = ("title", "unit", "measure", "people", "doing", "source", "technology")
"""Columns that an option replaces by one text."""
_MEANING = {"level": "what there is at its date", "cumulative": "a total so far", "flow": "what a year adds"}
_CHOSEN = ("entity", "indicator")
"""Columns of which an option names the column, or one of the names in it."""
_MELTED = {"date": "date of the column", "value": "figure"}
_SIGN = "sign"
_UNREAD = "\0"
"""Before the names of columns that are not read: what they say may contradict the unit, or tell rows apart."""
_Names: TypeAlias = Mapping[str, str]
"""Columns of a file by our names for them, or options by theirs."""


def read_series_file(
    path: Path, choices: _Names, project: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read and check a file of series.

    Parameters
    ----------
    path : Path
    choices : dict of str to str
        Options that read it, by the names of `base.columns.CHOICES`.
    project : dict of str to DataFrame
        The project's tables: those that are made have their columns and types.

    Returns
    -------
    tables : dict of str to DataFrame
        observations, indicators, sources; claims, profile and wording (none).
    understood : list of str
        How the file was read, a sentence each.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    notes, problems = list[str](), list[Problem]()
    _check_choices(choices)
    frame, above = read_layout(path, choices, notes)
    frame, names = _lay_out(path.name, frame, choices, notes)
    text = _choose_columns(path.name, frame, names, choices, notes)
    text = _read_dates(path.name, text, names, notes)
    _refuse_alike(path.name, text, names)
    text = _read_values(path.name, text, names, choices, notes)
    text = _ask_for_unit(path.name, text, names, above)
    _refuse_contradictions(path.name, text, names, above)
    text = text.reindex(columns=list(BY_NAME), fill_value="")
    rows = read_cells(path.name, text, [column.describe() for column in COLUMNS], problems)
    rows = fill_defaults(rows, name_indicator(path.stem))
    tables = build_tables(path.name, rows, project)
    problems += check_rows(path.name, rows, tables)
    raise_problems([replace(one, column=names.get(one.column, one.column)) for one in problems])
    for unit, measure in rows[["unit", "measure"]].drop_duplicates().itertuples(index=False):
        share = "a share of " if measure == "flow" and unit.startswith("percent") else ""
        notes.append(f"The unit is {unit}, and each figure is {share}{_MEANING[measure]}.")
    unsaid = {"what is counted": ("title", USUAL_TITLE), "where": ("entity", UNNAMED), "by whom": ("source", UNNAMED)}
    if missing := {what: f"--{name}" for what, (name, usual) in unsaid.items() if (rows[name] == usual).any()}:
        notes.append(f"The file does not say {', '.join(missing)}: add {', '.join(missing.values())}.")
    return tables, list(map(escape, notes))


def _check_choices(choices: _Names) -> None:
    """Refuse an option that is not known, and a value that it cannot have."""
    for name, value in choices.items():
        if name not in CHOICES or value not in LIMITED.get(name, (value,)):
            right = f"write {' or '.join(LIMITED[name])}" if name in LIMITED else suggest_names(name, CHOICES)
            raise parameter_error(f"--{name}", value, f"is not known; {right}")


def _refuse(file: str, message: str, column: str = "", row: int | None = None, value: str = "") -> DataError:
    """Return the error for one thing that can't be read, or be read in two ways."""
    return DataError([Problem(file, row, column if column not in _MELTED.values() else "", value, message)])


# ---- columns


def _lay_out(file: str, frame: pd.DataFrame, choices: _Names, notes: list[str]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table with a row a figure, and its columns of dates and figures by our names; columns of dates are melted."""
    dates = [column for column in frame if is_date(column)]
    if len(dates) < 2 or "date" in choices:
        date = _find_column(file, frame, "date", choices, is_date)
        others = [column for column in frame if not frame[column].equals(frame[date])]  # one may repeat the dates
        value = _find_column(file, frame[others], "value", choices, is_figure)
        return frame, {"date": date, "value": value}
    parts = [column for column in frame if plain_name(column) in _DATE_PARTS]
    if parts and len(frame) > 1:
        raise _refuse(file, f"has a column for {dates[0]} and rows by {parts[0]}; write a row a figure, with its date")
    notes.append(f"The columns {shorten(dates[0])} to {shorten(dates[-1])} are dates.")
    lines, kept = frame.index, [column for column in frame if column not in dates]
    long = frame.reset_index(drop=True).melt(kept, dates, *_MELTED.values(), ignore_index=False)
    long = long.sort_index(kind="stable")
    return long.set_axis(lines[long.index], axis=0), {**_MELTED}


def _find_column(file: str, frame: pd.DataFrame, name: str, choices: _Names, test: Callable[[str], bool]) -> str:
    """The column of the dates or of the figures: the chosen one, the one of that name, or the only one that can be."""
    if name in choices:
        if choices[name] not in frame:
            raise parameter_error(f"--{name}", choices[name], f"is no column; {suggest_names(choices[name], frame)}")
        return choices[name]
    known = {each for other in BY_NAME.keys() - _MELTED.keys() for each in _list_named(frame, other)}
    free = _list_named(frame, name) or [column for column in frame if column not in known]
    found = [column for column in free if _is_mostly(frame[column], test)] or free[: len(free) == 1]
    if len(found) == 1:
        return found[0]
    if found:
        raise _refuse(file, f"has {len(found)} columns that may be the {name}; write {_list_options(name, found)}")
    if name == "date":
        raise _refuse_undated(file, frame)
    raise _refuse(file, f"has no columns that may be the {name}; there is: {list_names(frame) or 'no other column'}")


def _refuse_undated(file: str, frame: pd.DataFrame) -> DataError:
    """Return the error for a table without dates: what to write for headings that name years, or for a cell."""
    years = [found for column in frame if (found := re.match(r"(18|19|20)\d\d", column))]
    if len(years) > 1:
        right = f"rename those of the figures to dates, such as {years[0][0]} or {years[0][0]}-Q1"
        return _refuse(file, f"has headings such as {shorten(years[0].string)}; {right}")
    numbered = [column for column in frame if _is_mostly(frame[column], lambda cell: bool(re.search(r"\d", cell)))]
    column = [*numbered, *frame][0]
    return _refuse(file, explain_date(frame[column].iloc[0]), column, frame.index[0], frame[column].iloc[0])


def _list_options(name: str, texts: Sequence[str]) -> str:
    """An option with each text: "--value iOS or --value Android"."""
    return " or ".join(f"--{name} {shlex.quote(text)}" for text in texts)


def _list_named(frame: pd.DataFrame, name: str) -> list[str]:
    """Columns that are called as ours, or else by another of its names."""
    same = [column for column in frame if plain_name(column) == name]
    return same or [column for column in frame if plain_name(column) in BY_NAME[name].names.split()]


def _is_mostly(cells: pd.Series, test: Callable[[str], bool]) -> bool:
    """True if most of the first filled cells pass a test; cells that fail are then reported as errors."""
    filled = cells[~cells.str.casefold().isin(MISSING)].head(JUDGED)
    return len(filled) > 0 and 2 * sum(map(test, filled)) >= len(filled)


def _choose_columns(
    file: str, frame: pd.DataFrame, names: dict[str, str], choices: _Names, notes: list[str]
) -> pd.DataFrame:
    """The rows and columns that are read, under our names; those that are not read have `_UNREAD` before theirs."""
    said = {name: choices[name].strip() for name in _SAID if name in choices}
    for name in (name for name in _CHOSEN if choices.get(name)):
        column, frame = _choose_rows(frame, names, name, choices[name])
        if column:
            names[name] = column
        else:
            said[name] = choices[name].strip()
    for name in [name for name in BY_NAME if name not in {*names, *said}]:
        if column := _find_named(file, frame.drop(columns=list(names.values())), name):
            names[name] = column
    unread = [column for column in frame if column not in names.values()]
    notes += _say_roles(names) + [f"Not read: {list_names(unread)}."] * bool(unread)
    columns = {name: frame[column] for name, column in names.items()} | said
    text = pd.DataFrame(columns | {f"{_UNREAD}{column}": frame[column] for column in unread}, index=frame.index)
    return _fill_names(file, _leave_out_gaps(file, text, names, notes))


def _find_named(file: str, rest: pd.DataFrame, name: str) -> str:
    """The only one of the columns that is called so; "" for none."""
    free = _list_named(rest, name)
    if name == "measure":  # of other offices, a column of this name says what is counted
        free = [column for column in free if rest[column].isin(LIMITED[name]).any()]
    if len(free) > 1:
        right = f"write {_list_options(name, free)}" if name in _CHOSEN else "keep one"
        raise _refuse(file, f"has {len(free)} columns that may be the {name}, {list_names(free)}; {right}")
    return free[0] if free else ""


def _say_roles(names: _Names) -> list[str]:
    """A sentence on the columns that the file calls otherwise; none where there are none."""
    told = {ours: theirs for ours, theirs in names.items() if theirs.casefold() != ours and theirs != _MELTED.get(ours)}
    roles = ", ".join(f"{shorten(theirs)} is the {ours}" for ours, theirs in told.items())
    return [f"{roles}."] * bool(roles)


def _choose_rows(frame: pd.DataFrame, names: _Names, name: str, chosen: str) -> tuple[str, pd.DataFrame]:
    """The column that is chosen, or that has the chosen name in some rows, and these rows; "" and all rows for none."""
    rest = frame.drop(columns=list(names.values()))
    if chosen in rest:
        return chosen, frame
    free = _list_named(rest, name)
    holding = [column for column in rest if (rest[column] == chosen).any()]
    found = next(iter([column for column in free if column in holding] or free or holding), "")
    if found and found not in holding:
        near = suggest_names(chosen, frame[found])
        raise parameter_error(f"--{name}", chosen, f"is not in the column {found}; {near}")
    return found, frame[frame[found] == chosen] if found else frame


def _leave_out_gaps(file: str, text: pd.DataFrame, names: _Names, notes: list[str]) -> pd.DataFrame:
    """The rows that have a figure."""
    empty = text["value"].str.casefold().isin(MISSING)
    if empty.all():
        raise _refuse(file, "has no figures", names["value"])
    if empty.any():
        rows = list_names(map(str, text.index[empty].unique()))
        notes.append(f"{say_count(int(empty.sum()), 'cell')} without a figure left out (row {rows}).")
    return text[~empty].copy()


def _fill_names(file: str, text: pd.DataFrame) -> pd.DataFrame:
    """The table with a name in each row; those of indicators are made of their texts, which are titles."""
    for name in (name for name in ("entity", "indicator") if name in text):
        blank = text[name] == ""
        if blank.any() and not blank.all():
            row = int(text.index[blank][0])
            raise _refuse(file, "is empty beside other names; write the name in each row", name, row)
    if "indicator" not in text:
        return text
    texts = text["indicator"]
    names = {one: one if re.fullmatch(NAME, one) or not one else name_indicator(one) for one in texts.unique()}
    if len(set(names.values())) < len(names):
        raise _refuse(file, "has names of indicators that differ only in punctuation; use letters and digits")
    titles = texts.where(texts != texts.map(names), "")
    return text.assign(indicator=texts.map(names), title=text.get("title", titles))


def name_indicator(text: str) -> str:
    """Make the name of an indicator from any text: small letters, digits and '_', beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "series"
    return name if name[0].isalpha() else f"series_{name}"


# ---- dates


def _read_dates(file: str, text: pd.DataFrame, names: _Names, notes: list[str]) -> pd.DataFrame:
    """The table with ISO dates, which are read in the one form in which all cells are dates."""
    column, where = text["date"], names["date"]
    cells = list(column.unique())
    form, wrong, message = choose_form(cells)
    if message:
        rows = column.index[column.isin([cell for cell in cells if not list_days(cell)])].unique()
        message += f" (rows {list_names(map(str, rows))})" * (1 < len(rows) < len(column) and not list_days(wrong))
        raise _refuse(file, message, where, int(column.index[column == wrong][0]), wrong)
    kind = DATE_FORMS[form][0]
    _refuse_spans(file, text, cells, kind, where)
    said = "days" if kind == "day" else f"{kind}s, read as their last day"
    notes.append(f"Dates are {said}: {cells[0]} as {read_form(cells[0], form)}.")
    days = column.map({cell: str(read_form(cell, form)) for cell in cells})
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    if (days > today).any():
        message = f"is after today, and a projection is no observation; leave out the rows after {today}"
        raise _refuse(file, message, where, int(days.index[days > today][0]), days.max())
    return text.assign(date=days)


def _refuse_spans(file: str, text: pd.DataFrame, cells: Sequence[str], kind: str, where: str) -> None:
    """Refuse years that another column completes, and months that may be years that span two."""
    parts = [column[1:] for column in text if column[0] == _UNREAD and plain_name(column[1:]) in _DATE_PARTS]
    if kind == "year" and parts:
        right = f"join them, as in {cells[0]}-06 or {cells[0]}-Q2"
        raise _refuse(file, f"has {where} and {parts[0]} in two columns; {right}")
    spans = [re.fullmatch(r"(\d{4})-(\d\d)", cell) for cell in cells]
    if len(cells) > 1 and all(one and (int(one[1]) + 1) % 100 == int(one[2]) for one in spans):
        message = "may be a month, or a year that spans two; write the day on which each ends, such as 2017-03-31"
        raise _refuse(file, message, where, value=cells[0])


def _refuse_alike(file: str, text: pd.DataFrame, names: _Names) -> None:
    """Refuse rows of one date that nothing tells apart, with the column or the names that would."""
    key = [name for name in ("entity", "indicator", "date", "published") if name in text]
    alike = text[text.duplicated(key, keep=False)]
    if alike.empty:
        return
    first, second = alike.index[alike["date"] == alike["date"].iloc[0]][:2]
    option = "entity" if "entity" not in text else "indicator"
    labels = [column for column in text if column[0] == _UNREAD and option not in names]
    labels = [column for column in labels if not text.duplicated([*key, column]).any()]
    labels = [column for column in labels if not _is_mostly(text[column], is_figure)]
    right = "no column tells them apart; keep one of the two"
    if labels:
        one = _list_options(option, [one for one in text[labels[0]].unique() if one][:6])
        right = f"write --{option} {shlex.quote(labels[0][1:])} for all, or for one {one}"
    raise _refuse(file, f"rows {first} and {second} are both of {alike['date'].iloc[0]}; {right}")


# ---- figures, unit and measure


def _read_values(file: str, text: pd.DataFrame, names: _Names, choices: _Names, notes: list[str]) -> pd.DataFrame:
    """The table with plain numbers, and a sign of percent in `_SIGN`; what is no number stays, to be explained."""
    text[_SIGN] = text["value"].str.extract(r"(%)$", expand=False).fillna("")
    text["value"] = text["value"].str.replace(r"\s*%$", "", regex=True)
    for name in (name for name in ("value", "standard_error", "sample_size") if name in text):
        cells = text[name].mask(text[name].str.casefold().isin(MISSING), "")
        marks = [choices["decimal"]] if "decimal" in choices else find_decimals(list(cells))
        if len(marks) == 1:
            notes += ["A comma is the decimal mark."] if marks == [","] and name == "value" else []
            text[name] = [write_plain(cell, marks[0]) or cell for cell in cells]
            continue
        both = pd.DataFrame({mark: [write_plain(cell, mark) for cell in cells] for mark in ".,"}, index=cells.index)
        unsure = int((both["."] != both[","]).to_numpy().argmax())
        whole, part = both.iloc[unsure]
        message = f"may be {whole} or {part}; write --decimal . for {whole}, --decimal , for {part}"
        message = message if marks else "has another decimal mark than other cells; write all with one"
        raise _refuse(file, message, names[name], int(cells.index[unsure]), cells.iloc[unsure])
    return text


def _ask_for_unit(file: str, text: pd.DataFrame, names: _Names, above: Sequence[NumberedRow]) -> pd.DataFrame:
    """The table with unit and measure, as the user says them."""
    figures, days = pd.to_numeric(text["value"], errors="coerce"), pd.to_datetime(text["date"])
    unit = text.get("unit", pd.Series("", text.index)).map(read_unit)
    if (unit == "").any():
        usual, *others = (suggest_units(said, figures.max()) for said in ("", *_list_texts(text, names, above)))
        one, other = next((found for found in others if found != usual), usual)
        asked = [f'--unit "{each}"{"" if each[0] == "%" else " --measure level"}' for each in (one, other)]
        raise _refuse(file, f"what is the unit of the figures as printed? Write it, such as {asked[0]}, or {asked[1]}")
    measure = text.get("measure", pd.Series("", text.index))
    measure = measure.mask((measure == "") & unit.str.match(rf"(?i)percent|{FRACTION}$"), "level")
    if (measure == "").any():
        yearly = days.drop_duplicates().sort_values().diff().min() >= pd.Timedelta(SHORTEST_YEAR, "D")
        asked = ["--measure level (in use on a day)"]
        asked += ["--measure cumulative (all so far)"] * figures.set_axis(days).sort_index().is_monotonic_increasing
        asked += ["--measure flow (what a year adds)"] * bool(yearly)
        raise _refuse(file, f"are the figures a level? Write {' or '.join(asked)}")
    return text.assign(unit=unit, measure=measure)


def _list_texts(text: pd.DataFrame, names: _Names, above: Sequence[NumberedRow]) -> dict[str, int | None]:
    """Texts that say what the figures are: the heading, titles, and the rows above the table, with their numbers."""
    unread = [column[1:] for column in text if column[0] == _UNREAD]
    heading = [names["value"]] if names["value"] != _MELTED["value"] else [names.get("entity", ""), *unread[:1]]
    titles = text["title"].unique() if "title" in names or "indicator" in names else []
    return {" ".join(filter(None, cells)): row for row, cells in above} | dict.fromkeys([*titles, *heading])


def _refuse_contradictions(file: str, text: pd.DataFrame, names: _Names, above: Sequence[NumberedRow]) -> None:
    """Refuse a heading, a row above, a column or a sign that says otherwise than unit and measure."""
    said = _list_said(text, names, above)
    for unit, measure in text[["unit", "measure"]].drop_duplicates().itertuples(index=False):
        for where, meaning, column, row in said:
            if message := contradict(where, meaning, unit, measure):
                raise _refuse(file, message + ", or take the row away" * (where == "the row"), column, row)
        _refuse_multipliers(file, text, unit)


def _list_said(
    text: pd.DataFrame, names: _Names, above: Sequence[NumberedRow]
) -> list[tuple[str, Meaning, str, int | None]]:
    """What is said beside the figures: the place in words, the meaning, column and row."""
    said: list[tuple[str, Meaning, str, int | None]] = []
    for words, row in _list_texts(text, names, above).items():
        said.append(("the row" if row else "the heading", read_meaning(words), "", row))
    unread = [column for column in text if column[0] == _UNREAD]
    for column in ["entity"] if "entity" in names else unread[: names["value"] == _MELTED["value"]]:
        for row, cell in text[column].drop_duplicates().items():  # of names only a scale counts
            meaning = Meaning("", "", "", "", read_meaning(f"of {cell}").scales)
            said.append((f"the name {shorten(cell)}", meaning, "", row))
    for column in [*(column for column in unread if re.search(_UNIT_COLUMNS, plain_name(column[1:]))), _SIGN]:
        heading = names["value"] if column == _SIGN else column[1:]
        said += [("the cell", read_meaning(cell), heading, row) for row, cell in text[column].drop_duplicates().items()]
    return said


def _refuse_multipliers(file: str, text: pd.DataFrame, unit: str) -> None:
    """Refuse a column of multipliers that differ by row, or from the scale of the unit."""
    for column in (column for column in text if column[0] == _UNREAD and plain_name(column[1:]) in _MULTIPLIERS):
        cells = text[column].unique()
        sizes = {10.0 ** int(cell) if re.fullmatch(r"\d\d?", cell) else measure_scale(cell): cell for cell in cells}
        message = f"has {list_names(cells)}; write all figures in one scale, and leave the column out"
        if len(sizes) > 1 or (message := contradict_scale("the column", sizes, unit)):
            raise _refuse(file, message, column[1:])
