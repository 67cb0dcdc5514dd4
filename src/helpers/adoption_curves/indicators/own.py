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

import pandas as pd

from ..base.columns import BY_NAME, CHOICES, COLUMNS, LIMITED, NAME
from ..base.words import escape, say_count, shorten
from .cells import LATEST, MISSING, read_cells
from .checks import FRACTION, raise_problems, read_unit
from .layout import JUDGED, is_date, is_figure, plain_name, read_layout
from .numbers import find_decimals, write_plain
from .own_tables import SHORTEST_YEAR, build_tables, check_rows, fill_defaults
from .periods import FORMS, find_forms, find_misfit, read_form
from .problems import DataError, Problem, list_names, parameter_error, suggest_names
from .scales import contradict, contradict_scale, measure_scale, suggest_units
from .tables import SHOWN, Row

NO_FIGURES = {"id", "index", "rank", "no", "nr", "row", "code", "country_code"}
MULTIPLIERS = {"unit_mult", "unit_multiplier", "multiplier", "scale", "scalar_factor"}
"""Names of columns with the scale of the figures, in words or as a power of ten."""
PARTS = {"month", "months", "quarter", "quarters", "week", "day", "月", "月份", "季度"}
"""Names of columns that complete a year in another one."""
SAID = ("title", "unit", "measure", "source", "technology")
"""Columns that an option replaces by one text."""
MELTED = {"date": "date of the column", "value": "figure"}
UNREAD = "\0"
"""Before the names of columns that are not read: what they say may contradict the unit, or tell rows apart."""


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
        The project's tables: those that are made have their columns and types.

    Returns
    -------
    tables : dict of str to DataFrame
        observations, indicators, sources, claims and wording (none).
    understood : list of str
        How the file was read, a sentence each.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    notes, problems = list[str](), list[Problem]()
    check_choices(choices)
    frame, above = read_layout(path, choices, notes)
    frame, names = lay_out(path.name, frame, choices, notes)
    text = choose_columns(path.name, frame, names, choices, notes)
    text = name_indicators(path.name, text)
    text = read_dates(path.name, text, names, notes)
    refuse_alike(path.name, text, names)
    text, signed = read_numbers(path.name, text, names, choices, notes)
    text = ask_for_unit(path.name, text, names, above, choices)
    refuse_contradictions(path.name, text, names, above, signed)
    text = text.reindex(columns=list(BY_NAME), fill_value="")
    rows = read_cells(path.name, text, [column.describe() for column in COLUMNS], problems)
    rows = fill_defaults(rows, name_indicator(path.stem))
    tables = build_tables(path.name, rows, project)
    problems += check_rows(path.name, rows, tables, choices)
    raise_problems([replace(problem, column=names.get(problem.column, problem.column)) for problem in problems])
    said = [f"The unit is {unit}, and each figure is a {measure if measure != 'cumulative' else 'total so far'}."
            for unit, measure in rows[["unit", "measure"]].drop_duplicates().itertuples(index=False)]  # fmt: skip
    return tables, list(map(escape, [*notes, *said]))


def check_choices(choices: Mapping[str, str]) -> None:
    """Refuse an option that is not known, and a value that it cannot have."""
    for name, value in choices.items():
        if name not in CHOICES or value not in LIMITED.get(name, (value,)):
            right = f"write {' or '.join(LIMITED[name])}" if name in LIMITED else suggest_names(name, CHOICES)
            raise parameter_error(f"--{name}", value, f"is not known; {right}")


def refuse(file: str, message: str, column: str = "", row: int | None = None, value: str = "") -> DataError:
    """Return the error for one thing that can't be read, or be read in two ways."""
    return DataError([Problem(file, row, column if column not in MELTED.values() else "", value, message)])


# ---- columns


def lay_out(
    file: str, frame: pd.DataFrame, choices: Mapping[str, str], notes: list[str]
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table with a row a figure, and its columns of dates and figures by our names; columns of dates are melted."""
    dates = [column for column in frame if is_date(column)]
    if len(dates) < 2 or "date" in choices:
        date = find_column(file, frame, "date", choices, is_date)
        value = find_column(file, frame.drop(columns=date), "value", choices, is_figure)
        return frame, {"date": date, "value": value}
    parts = [column for column in frame if plain_name(column) in PARTS]
    if parts and len(frame) > 1:
        raise refuse(file, f"has a column for {dates[0]} and rows by {parts[0]}; write a row a figure, with its date")
    notes.append(f"The columns {shorten(dates[0])} to {shorten(dates[-1])} are dates.")
    lines, kept = frame.index, [column for column in frame if column not in dates]
    long = frame.reset_index(drop=True).melt(kept, dates, *MELTED.values(), ignore_index=False)
    long = long.sort_index(kind="stable")
    return long.set_axis(lines[long.index], axis=0), {**MELTED}


def find_column(
    file: str, frame: pd.DataFrame, name: str, choices: Mapping[str, str], test: Callable[[str], bool]
) -> str:
    """The column of the dates or of the figures: the chosen one, the one of that name, or the only one that can be."""
    if name in choices:
        if choices[name] not in frame:
            raise parameter_error(f"--{name}", choices[name], f"is no column; {suggest_names(choices[name], frame)}")
        return choices[name]
    named = list_named(frame, name)
    known = {each for other in BY_NAME if other not in ("date", "value") for each in list_named(frame, other)}
    free = [column for column in frame if column not in known and plain_name(column) not in NO_FIGURES]
    found = [column for column in named if is_mostly(frame[column], test)] or named[:1]
    found = found or [column for column in free if is_mostly(frame[column], test)]
    found = found or (free if len(free) == 1 else [])  # its cells are then explained
    if len(found) == 1:
        return found[0]
    if not found:
        raise refuse(
            file, f"has no column of {name}s; there is: {list_names(frame)}; write --{name} and the one that it is"
        )
    raise refuse(file, f"has {len(found)} columns that may be the {name}; write {list_options(name, found)}")


def list_options(name: str, texts: Sequence[str]) -> str:
    """An option with each of the first texts: "--value iOS or --value Android"."""
    return " or ".join(f"--{name} {shlex.quote(text)}" for text in texts[:6])


def list_named(frame: pd.DataFrame, name: str) -> list[str]:
    """Columns that are called as ours, or else by another of its names."""
    same = [column for column in frame if plain_name(column) == name]
    return same or [column for column in frame if plain_name(column) in BY_NAME[name].names.split()]


def is_mostly(cells: pd.Series, test: Callable[[str], bool]) -> bool:
    """True if most of the first filled cells pass a test; cells that fail are then reported as errors."""
    filled = cells[~cells.str.casefold().isin(MISSING)].head(JUDGED)
    return len(filled) > 0 and 2 * sum(map(test, filled)) >= len(filled)


def choose_columns(
    file: str, frame: pd.DataFrame, names: dict[str, str], choices: Mapping[str, str], notes: list[str]
) -> pd.DataFrame:
    """The rows and columns that are read, under our names; those that are not read have `UNREAD` before theirs."""
    said = {name: choices[name].strip() for name in SAID if name in choices}
    for name in (name for name in BY_NAME if name not in names and name not in said):
        free = [column for column in list_named(frame, name) if column not in names.values()]
        chosen = choices.get(name, "") if name in ("entity", "indicator") else ""
        if chosen and chosen not in frame:
            holding = [column for column in frame if column not in names.values() and (frame[column] == chosen).any()]
            free = [column for column in free if column in holding] or free or holding[:1]
        if chosen in frame:
            names[name] = chosen
        elif chosen and not free:
            said[name] = chosen.strip()
        elif len(free) > 1:
            right = f"write {list_options(name, free)}" if name in CHOICES else "keep one"
            raise refuse(file, f"has {len(free)} columns that may be the {name}; {right}")
        elif free:
            names[name] = free[0]
            if chosen and not (frame[free[0]] == chosen).any():
                near = suggest_names(chosen, frame[free[0]])
                raise parameter_error(f"--{name}", chosen, f"is not in the column {free[0]}; {near}")
            frame = frame[frame[free[0]] == chosen] if chosen else frame
    unread = [column for column in frame if column not in names.values()]
    roles = [f"{shorten(theirs)} is the {ours}" for ours, theirs in names.items() if theirs not in MELTED.values()]
    notes += [f"{', '.join(roles)}."] if roles else []
    notes += [f"Not read: {list_names(unread)}."] if unread else []
    columns = {name: frame[column] for name, column in names.items()} | said
    text = pd.DataFrame(columns | {f"{UNREAD}{column}": frame[column] for column in unread}, index=frame.index)
    empty = text["value"].str.casefold().isin(MISSING)
    if empty.all():
        raise refuse(file, "has no figures", names["value"])
    if empty.any():
        rows = ", ".join(map(str, text.index[empty].unique()[:5])) + ", ..." * int(empty.sum() > 5)
        notes.append(f"{say_count(int(empty.sum()), 'cell')} without a figure left out (row {rows}).")
    return text[~empty].copy()


def name_indicators(file: str, text: pd.DataFrame) -> pd.DataFrame:
    """The table with whole names, those of indicators made of their texts, and with reasons for breaks."""
    for name in (name for name in ("entity", "indicator") if name in text):
        blank = text[name] == ""
        if blank.any() and not blank.all():
            row = int(text.index[blank][0])
            raise refuse(file, "is empty beside other names; write the name in each row", name, row)
    if "break" in text:
        words = text["break"].str.casefold()
        marked = text["break"].mask(words.isin({"1", "x", "yes", "true"}), f"marked in {file}")
        text["break"] = marked.mask(words.isin({"", "0", "no", "false", "-"}), "")
    if "indicator" not in text:
        return text
    texts = text["indicator"]
    names = {one: one if re.fullmatch(NAME, one) or not one else name_indicator(one) for one in texts.unique()}
    if len(set(names.values())) < len(names):
        raise refuse(file, "has names of indicators that differ only in punctuation; use letters and digits")
    titles = texts.where(texts != texts.map(names), "")
    return text.assign(indicator=texts.map(names), title=text.get("title", titles))


def name_indicator(text: str) -> str:
    """Make the name of an indicator from any text: small letters, digits and '_', beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "series"
    return name if name[0].isalpha() else f"series_{name}"


# ---- dates


def read_dates(file: str, text: pd.DataFrame, names: Mapping[str, str], notes: list[str]) -> pd.DataFrame:
    """The table with ISO dates: each column of dates in the one form in which all its cells are dates."""
    for name in (name for name in ("date", "published") if name in text):
        blank = text[name] == ""
        if name == "date" and blank.any():
            raise refuse(file, "is empty; write the date", names[name], int(text.index[blank][0]))
        cells = list(text.loc[~blank, name].unique())
        if not cells:
            continue
        forms = find_forms(cells)
        if len(forms) != 1:
            days = [[str(read_form(cell, form)) for form in forms] for cell in cells]
            wrong = next((place for place, found in enumerate(days) if len(set(found)) > 1), 0)
            cell, message = (
                (cells[wrong], f"may be {' or '.join(days[wrong])}; write the dates so")
                if forms
                else find_misfit(cells)
            )
            raise refuse(file, message, names[name], int(text.index[text[name] == cell][0]), cell)
        kind, first = FORMS[forms[0]][0], f"{cells[0]} as {read_form(cells[0], forms[0])}"
        if name == "date":
            refuse_spans(file, text, cells, kind, names[name])
            notes.append(
                f"Dates are {kind}s, read as their last day: {first}." if kind != "day" else f"Dates are days: {first}."
            )
        days_of = {cell: str(read_form(cell, forms[0])) for cell in cells}
        text[name] = text[name].map(days_of | {"": ""})
        refuse_future(file, text[name], names[name])
    if "published" in text:
        early = text.index[(text["published"] != "") & (text["published"] < text["date"])]
        if len(early):
            message = "is before the day that the figure describes; write the day on which the figure became public"
            raise refuse(file, message, names["published"], int(early[0]))
    return text


def refuse_spans(file: str, text: pd.DataFrame, cells: Sequence[str], kind: str, where: str) -> None:
    """Refuse years that another column completes, and months that may be years that span two."""
    parts = [column[1:] for column in text if column[0] == UNREAD and plain_name(column[1:]) in PARTS]
    if kind == "year" and parts:
        raise refuse(
            file, f"has {where} and {parts[0]} in two columns; join them, as in {cells[0]}-06 or {cells[0]}-Q2"
        )
    spans = [re.fullmatch(r"(\d{4})-(\d\d)", cell) for cell in cells]
    if len(cells) > 1 and all(one and (int(one[1]) + 1) % 100 == int(one[2]) for one in spans):
        message = "may be a month, or a year that spans two; write the day on which each ends, such as 2017-03-31"
        raise refuse(file, message, where, value=cells[0])


def refuse_future(file: str, days: pd.Series, where: str) -> None:
    """Refuse days after today, such as those of an office's projections."""
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    later = days[days.between(today, LATEST, inclusive="right")]
    if len(later):
        message = f"is after today, and a projection is no observation; leave out the rows after {today}"
        raise refuse(file, message, where, int(later.index[0]), later.iloc[0])


def refuse_alike(file: str, text: pd.DataFrame, names: Mapping[str, str]) -> None:
    """Refuse rows of one date that nothing tells apart, with the column or the names that would."""
    key = [name for name in ("entity", "indicator", "date", "published") if name in text]
    alike = text[text.duplicated(key, keep=False)]
    if alike.empty:
        return
    alike = alike[alike["date"] == alike["date"].iloc[0]]
    where = f"rows {alike.index[0]} and {alike.index[1]} are both of {alike['date'].iloc[0]}"
    option = "entity" if "entity" not in text else "indicator"
    for column in (column for column in text if column[0] == UNREAD and option not in names):
        if not is_mostly(text[column], is_figure) and not text.duplicated([*key, column]).any():
            one = list_options(option, list(text[column].unique()))
            message = f"{where}; write --{option} {shlex.quote(column[1:])} for all, or for one {one}"
            raise refuse(file, message)
    raise refuse(file, f"{where}, and no column tells them apart; keep one of the two")


# ---- figures, unit and measure


def read_numbers(
    file: str, text: pd.DataFrame, names: Mapping[str, str], choices: Mapping[str, str], notes: list[str]
) -> tuple[pd.DataFrame, pd.Series]:
    """The table with plain numbers, and which figures had a sign of percent; what is no number stays, to be explained."""
    signed = text["value"].str.endswith("%")
    text["value"] = text["value"].str.replace(r"\s*%$", "", regex=True)
    usual = choices.get("decimal", "")
    for name in (name for name in ("value", "standard_error", "sample_size") if name in text):
        cells = text[name].mask(text[name].str.casefold().isin(MISSING), "")
        hidden = cells[cells.str.contains(SHOWN, regex=False)]
        if len(hidden):
            number, _, shown = hidden.iloc[0].partition(SHOWN)
            message = f"holds {number} and shows another number (format {shown}); give the cells the format 0.00 and "
            raise refuse(
                file,
                f"{message}write what they should show, or save the sheet as CSV",
                names[name],
                int(hidden.index[0]),
            )
        marks = [usual] if usual else find_decimals(list(cells))
        marks = ["."] if name == "sample_size" else marks  # people asked are whole
        if len(marks) != 1:
            unsure = next(
                (cell for cell in cells if not marks and not write_plain(cell, ".") and write_plain(cell, ",")), ""
            )
            unsure = unsure or next(cell for cell in cells if write_plain(cell, ".") != write_plain(cell, ","))
            whole, part = (write_plain(unsure, mark) for mark in (".", ","))
            message = f"may be {whole} or {part}; write --decimal . for {whole}, --decimal , for {part}"
            message = message if marks else "has another decimal mark than other cells; write all with one"
            raise refuse(file, message, names[name], int(cells.index[cells == unsure][0]), unsure)
        usual = marks[0]
        if name == "value" and cells.str.contains(",").any():
            notes.append("A comma is the decimal mark." if usual == "," else "A comma parts thousands.")
        text[name] = [write_plain(cell, usual) or cell for cell in cells]
    return text, signed


def ask_for_unit(
    file: str, text: pd.DataFrame, names: Mapping[str, str], above: Sequence[Row], choices: Mapping[str, str]
) -> pd.DataFrame:
    """The table with unit and measure, as the user says them."""
    texts, figures = [said for _, said in list_texts(text, names, above)], pd.to_numeric(text["value"], errors="coerce")
    unit = text.get("unit", pd.Series("", text.index)).map(read_unit)
    if (unit == "").any():
        units = [suggest_units(said, figures.max()) for said in ("", *texts)]
        one, other = next((found for found in units if found != units[0]), units[0])
        asked = [f'--unit "{each}"{"" if each[0] == "%" else " --measure level"}' for each in (one, other)]
        raise refuse(file, f"what is the unit of the figures as printed? Write it, such as {asked[0]}, or {asked[1]}")
    if len(parts := unit[unit.str.fullmatch(FRACTION, flags=re.IGNORECASE)]):
        message = (
            "is a fraction of 1; multiply the figures, and their standard errors, by 100, and write the unit percent"
        )
        raise refuse(file, message, names.get("unit", "--unit"), value=parts.iloc[0])
    measure = text.get("measure", pd.Series("", text.index))
    measure = measure.mask((measure == "") & unit.str.startswith("percent"), "level")
    if (measure == "").any():
        days = pd.to_datetime(text["date"])
        asked = ["--measure level (in use on a day)"]
        asked += ["--measure cumulative (all so far)"] * figures.set_axis(days).sort_index().is_monotonic_increasing
        yearly = days.drop_duplicates().sort_values().diff().min() >= pd.Timedelta(SHORTEST_YEAR, "D")
        asked += ["--measure flow (what a year adds)"] * bool(yearly)
        raise refuse(file, f"are the figures a level? Write {' or '.join(asked)}")
    return text.assign(unit=unit, measure=measure)


def list_texts(text: pd.DataFrame, names: Mapping[str, str], above: Sequence[Row]) -> list[tuple[int | None, str]]:
    """Texts that say what the figures are: the heading, titles, and the rows above the table, with their numbers."""
    unread = [column[1:] for column in text if column[0] == UNREAD]
    heading = names["value"] if names["value"] != MELTED["value"] else " ".join(unread[:1])
    titles = text["title"].unique() if "title" in names or "indicator" in names else []
    return [
        (None, heading),
        *((None, one) for one in titles),
        *((row, " ".join(filter(None, cells))) for row, cells in above),
    ]


def refuse_contradictions(
    file: str, text: pd.DataFrame, names: Mapping[str, str], above: Sequence[Row], signed: pd.Series
) -> None:
    """Refuse a heading, a row above, a column or a sign that says otherwise than unit and measure."""
    for unit, measure in text[["unit", "measure"]].drop_duplicates().itertuples(index=False):
        for row, said in list_texts(text, names, above):
            if message := contradict("the row" if row else "the heading", said, unit, measure):
                raise refuse(file, f"{message}{', or take the row away' if row else ''}", row=row)
        for column in (column for column in text if column[0] == UNREAD):
            cells, name = text[column].unique(), plain_name(column[1:])
            if name in MULTIPLIERS:
                sizes = {
                    10.0 ** int(cell) if re.fullmatch(r"\d\d?", cell) else measure_scale(cell): cell for cell in cells
                }
                message = f"has {list_names(cells)}; write all figures in one scale, and leave the column out"
                if len(sizes) > 1 or (message := contradict_scale("the column", sizes, unit)):
                    raise refuse(file, message, column[1:])
            elif name in ("unit", *BY_NAME["unit"].names.split()):
                for message in (contradict("the column", cell, unit, measure) for cell in cells):
                    if message:
                        raise refuse(file, message, column[1:])
        if signed.any() and not unit.startswith("percent"):
            row = int(text.index[signed][0])
            raise refuse(
                file, 'is a percentage by its sign; write --unit "% of homes", or of what it is', names["value"], row
            )
