"""Files of one's own: from a plain table of dates and figures to tables like the project's.

`read_series_file` is a pipeline: block, roles, dates, numbers, rows, columns that are left, series. A figure is what is
printed in its cell. Nothing is recognised by its words: what the user does not say is asked, all at once.
"""

from __future__ import annotations

import calendar
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

import pandas as pd

from ..base.columns import COLUMNS, NAME, UNNAMED, USUAL_TITLE
from ..base.words import escape, quote, say_count, say_day, shorten
from .asked import OPEN, Asked
from .block import read_block
from .cells import read_cells
from .checks import read_unit
from .own_figures import MARK, find_marks, is_number, read_figures
from .own_tables import build_tables, check_rows, fill_defaults
from .periods import SPAN, choose_form, list_days, read_day
from .problems import DataError, list_names, parameter_error, suggest_names

_DATE, _VALUE = " date", " value"
"""Columns that are added to those of a file, of which none begins with a blank."""
_OWN = [column.name for column in COLUMNS]
_PART = rf"(?i)[QHM]\d\d?|{'|'.join([*calendar.month_name[1:], *calendar.month_abbr[1:]])}"
"""Cells that are parts of a year, without a word on which."""
_MEANING = {"level": "what there is at its date", "cumulative": "a total so far", "flow": "what a year adds"}


def read_series_file(
    path: Path, choices: Mapping[str, str | tuple[str, ...]], project: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read and check a file of series.

    Parameters
    ----------
    path : Path
    choices : dict of str to str, or to a tuple of them
        Options that read it, by the names of `base.columns.CHOICES`.
    project : dict of str to DataFrame
        The project's tables: those that are made have their columns and types.

    Returns
    -------
    tables : dict of str to DataFrame
        observations, indicators, sources; claims, profile, notes and wording (none).
    understood : list of str
        How the file was read, a sentence each; the first has the words that stand in the file beside the figures.

    Raises
    ------
    DataError
        With every problem of the file, and all that is to be said.
    """
    asked = Asked(path.name, choices)
    try:
        frame = _lay_out(read_block(path, asked), asked)
        frame = read_figures(_read_dates(frame, asked), _VALUE, asked)
        chosen, names = _choose_rows(frame, asked)
        chosen, beside = _settle_columns(chosen, frame, names, asked)
        words = [f"{name}: {shorten(cell)}" for name, cell in beside.items()]
        text = _say_units(_name_columns(chosen, names, asked), words, asked)
        rows = read_cells(path.name, text, [column.describe() for column in COLUMNS], asked.problems)
        rows = fill_defaults(rows, name_indicator(path.stem))
        tables = build_tables(path.name, rows, project)
        asked.problems += check_rows(path.name, rows, tables)
    except DataError as error:
        asked.problems += error.problems
    asked.close()
    told = {"figures": asked.heads["value"], "dates": asked.heads["date"]}
    heads = ", ".join(f'{what} "{shorten(head)}"' for what, head in told.items() if head)
    notes = [f"In the file: {'; '.join([heads, *words])}."]
    notes += asked.notes
    for unit, measure in rows[["unit", "measure"]].drop_duplicates().itertuples(index=False):
        share = "a share of " if measure == "flow" and unit.startswith("percent") else ""
        notes.append(f"The unit is {unit}, and each figure is {share}{_MEANING[measure]}.")
    unsaid = {"what is counted": ("title", USUAL_TITLE), "where": ("entity", UNNAMED), "by whom": ("source", UNNAMED)}
    if missing := {what: f"--{name}" for what, (name, usual) in unsaid.items() if (rows[name] == usual).any()}:
        notes.append(f"Not said: {', '.join(missing)}. {', '.join(missing.values())} would say it.")
    return tables, list(map(escape, notes))


def name_indicator(text: str) -> str:
    """Make the name of an indicator from any text: small letters, digits and '_', beginning with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "series"
    return name if name[0].isalpha() else f"series_{name}"


# ---- which columns are what


def _is_period(text: str) -> bool:
    """True for a date, or a year that may span two."""
    return bool(list_days(text) or (re.fullmatch(SPAN, text) and not text.isdigit()))


def _is_mostly(cells: Iterable[str], test: Callable[[str], bool]) -> bool:
    """True if half of the filled cells pass a test, with or without a mark behind; others are then reported."""
    filled = [cell for cell in list(dict.fromkeys(cells))[:200] if re.search(r"\w", cell)]
    return len(filled) > 0 and 2 * sum(test(cell) or test(re.sub(MARK, "", cell)) for cell in filled) >= len(filled)


def _lay_out(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The table with a row a figure, in `_DATE` and `_VALUE`."""
    if "bound" in frame and "bound" not in asked.all("ignore"):
        raise asked.refuse("is called qualifier since 2.0", column="bound")
    for name in (name for name in frame if re.fullmatch(r"[^\\]+\\\w+", name)):  # Eurostat: freq,unit,geo\TIME_PERIOD
        parts = frame[name].str.split(",", expand=True).set_axis(name.partition("\\")[0].split(","), axis=1)
        frame = pd.concat([parts, frame.drop(columns=name)], axis=1)
    dates = [name for name in frame if _is_mostly([name], _is_period)]
    if len(dates) > 1 and not asked.has("date") and "date" not in frame:
        return _melt(frame, dates, asked)
    for option in ("date", "value", "part"):
        if asked.has(option) and asked.one(option) not in frame:
            raise parameter_error(f"--{option}", asked.one(option), suggest_names(asked.one(option), frame))
    taken = {*asked.all("ignore"), asked.one("part"), *(name for name in _OWN if not asked.has(name))}
    taken |= {name for name in frame for text in asked.all("where") if text.startswith(f"{name}=")}
    date = _find_column(frame.drop(columns=[*taken, asked.one("value")], errors="ignore"), frame, "date", asked)
    part = asked.one("part")
    if not part and frame[date].str.fullmatch(r"\d{4}").all():
        parts = [name for name in frame if name not in {*taken, date} and frame[name].str.fullmatch(_PART).all()]
        for part in parts[:1]:
            asked.ask(f"{date} has years, and {part} has parts of years; write --part", "part", part)
    value = _find_column(frame.drop(columns=[*taken, date, part], errors="ignore"), frame, "value", asked)
    asked.heads = {"value": value, "date": f"{date}, {part}" if part else date}
    days = _join_parts(frame[date], frame[part], asked) if part else frame[date]
    return frame.assign(**{_DATE: days, _VALUE: frame[value]}).drop(columns=[*filter(None, [date, value, part])])


def _melt(frame: pd.DataFrame, dates: list[str], asked: Asked) -> pd.DataFrame:
    """The same of a table in which each heading but those of names is a date."""
    names = [name for name in frame if name not in dates]
    for name in (name for name in names if name not in {*asked.all("ignore"), *_OWN}):
        if _is_mostly(frame[name], is_number):
            raise asked.refuse(f"has numbers, and its heading is no date, as {dates[0]} is", column=name)
    years = frame[dates].apply(lambda cells: cells.str.fullmatch(r"(18|19|20)\d\d")).all(axis=1)
    if len(dates) > 2 and years.any():
        raise asked.refuse("is a second row of dates; write --rows for one table", int(frame.index[years][0]))
    asked.heads = {"value": "", "date": f"{dates[0]} to {dates[-1]}"}
    long = frame.reset_index(drop=True).melt(names, dates, _DATE, _VALUE, ignore_index=False).sort_index(kind="stable")
    return long.set_axis(frame.index[long.index], axis=0)


def _find_column(free: pd.DataFrame, frame: pd.DataFrame, name: str, asked: Asked) -> str:
    """The heading of dates or figures: the one that is said, the one of that name, or the only one that can be."""
    if asked.has(name) or name in frame:
        return asked.one(name) or name
    numbers = [column for column in free if _is_mostly(free[column], is_number)]
    found = numbers if name == "value" else [column for column in free if _is_mostly(free[column], _is_period)]
    if not found and (name == "date" or free.shape[1] != 1):
        right = "of dates such as 2024, 2024-03, 2024-Q1 or Mar 2024" if name == "date" else "of figures"
        names, cells = (shorten(", ".join(each)) for each in (frame, frame.iloc[0]))
        raise asked.refuse(f"has no column {right}; the columns are {names}, and begin with {cells}")
    best = (found or list(free))[0]
    # years behind other numbers may be figures, as in Rank,Users
    behind = name == "date" and frame[best].str.fullmatch(r"\d{4}").all() and numbers and numbers[0] != best
    if len(found) > 1 or behind:
        more = "" if name == "date" else "; --part or --ignore tells what another is"
        asked.ask(f"may have its {name} in {', '.join(found)}; write --{name} and one{more}", name, OPEN)
    return best


def _join_parts(years: pd.Series, parts: pd.Series, asked: Asked) -> pd.Series:
    """Years with their months, quarters or halves, as dates are written."""
    if parts.str.fullmatch(r"[QHM]\d\d?").all():
        return years + "-" + parts
    if not parts.str.fullmatch(r"\d\d?").all():
        return parts + " " + years
    numbers = set(parts.astype(int))
    if numbers != {1, 2, 3, 4} and not 4 < max(numbers) <= 12:
        raise asked.refuse("may be months, quarters or halves; write 2024-Q1 or 2024-01", column=str(parts.name))
    return years + ("-Q" if max(numbers) == 4 else "-") + parts


# ---- dates


def _read_dates(frame: pd.DataFrame, asked: Asked) -> pd.DataFrame:
    """The table with ISO dates in `_DATE`, which are read in the one form in which all cells are dates."""
    heading, end = asked.heads["date"], asked.one("year-end")
    plain = find_marks(frame[_DATE], heading, lambda text: bool(list_days(text) or re.fullmatch(SPAN, text)), asked)
    cells = list(plain.unique())
    if end and not read_day(f"2024-{end}"):
        raise parameter_error("--year-end", end, "is no day of a year; write MM-DD, such as 06-30")
    if not end and _may_span(cells):
        asked.ask(f"{cells[0]!r} may span two years; write their last day, such as --year-end 06-30", "year-end", OPEN)
        end = "12-31"
    days, wrong, message = choose_form(cells, end)
    if message:
        row = int(frame.index[plain == wrong][0])
        if row != frame.index[-1] or re.search(r"\d", wrong) or asked.has("rows") or frame.index.duplicated().any():
            raise asked.refuse(message, row, heading, wrong)
        span = f"{frame.index[0] - 1}:{frame.index[-2]}"  # the last row is a total, or a note
        asked.ask(f"row {row}, {wrong!r}, is no part of the table; write --rows {span}", "rows", span)
        return _read_dates(frame.iloc[:-1], asked)
    iso = plain.map(days)
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    if (iso > today).any():
        message = f"is after today, and a projection is no observation; leave out what is after {today}"
        raise asked.refuse(message, int(iso.index[iso > today][0]), heading, iso.max())
    newest = plain.iloc[iso.to_numpy().argmax()]
    other = "" if end or not re.fullmatch(r"\d{4}\D*(\d{4}])?", newest) else "; if years end in June, --year-end 06-30"
    year = "the year to " if asked.one("measure") == "flow" else ""
    asked.notes.append(f"{newest} ({shorten(heading)}) is {year}{say_day(pd.Timestamp(iso.max()))}{other}.")
    return frame.assign(**{_DATE: iso})


def _may_span(cells: Sequence[str]) -> bool:
    """True for years that may span two: FY2024, 2023/24, and 2009-10, 2010-11 but not for 2009-10, 2009-11."""
    spans = [re.fullmatch(SPAN, cell) for cell in cells]
    ends = {(int(one[2] or 0) - int(one[1])) % 100 for one in spans if one}
    plain = all(cell.isdigit() or list_days(cell) for cell in cells)
    return all(spans) and (not plain or (len(ends) == 1 < len(cells)))


# ---- which rows, and what stands beside them


def _choose_rows(frame: pd.DataFrame, asked: Asked) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows with a figure that are picked; and the names that picked them, by column."""
    names, chosen = dict[str, str](), frame
    for text in asked.all("where"):
        column = max((name for name in frame if text.startswith(f"{name}=")), key=len, default="")
        cell = text[len(column) + 1 :]
        if not column or cell not in set(frame[column]):
            near = suggest_names(cell, frame[column]) if column else f"the columns are {list_names(frame.columns[:-2])}"
            raise parameter_error("--where", text, f"is no COLUMN=CELL of the file; {near}")
        names[column], chosen = cell, chosen[chosen[column] == cell]
    for column in [*names, *(name for name in ("entity", "indicator") if name in frame and not asked.has(name))]:
        _check_names(frame[column], asked)
    empty = chosen[_VALUE] == ""
    if empty.all():
        raise DataError([]) if asked.problems else asked.refuse("has no figures in these rows")
    if empty.any():
        rows = list_names(map(str, chosen.index[empty].unique()))
        asked.notes.append(f"{say_count(int(empty.sum()), 'cell')} without a figure left out (row {rows}).")
    return chosen[~empty], names


def _check_names(cells: pd.Series, asked: Asked) -> None:
    """Refuse a name that is spelled in two ways, and blank cells beside names."""
    seen: dict[str, tuple[str, int]] = {}
    for row, cell in cells.drop_duplicates().items():
        first, at = seen.setdefault(" ".join(unicodedata.normalize("NFKC", cell).casefold().split()), (cell, int(row)))
        if first != cell:
            raise asked.refuse(
                f"is spelled {quote(first)} in row {at}; write one name alike", int(row), cells.name, cell
            )
        if not cell and cells.nunique() > 1:
            raise asked.refuse("is empty beside other names; write the name in each row", int(row), cells.name)


def _settle_columns(
    chosen: pd.DataFrame, frame: pd.DataFrame, names: Mapping[str, str], asked: Asked
) -> tuple[pd.DataFrame, dict[str, str]]:
    """The rows of one key each, and what stands in the other columns and is one for all; what varies is asked for."""
    left = [name for name in frame if name not in {_DATE, _VALUE, *_OWN} or (asked.has(name) and name != "qualifier")]
    for name in asked.all("ignore"):
        if name not in left or name in names or frame[name].nunique() == 1:
            raise parameter_error("--ignore", name, f"is no column that varies and is left; of: {list_names(left)}")
    key = [_DATE, *(name for name in ("entity", "indicator", "published") if name in chosen and not asked.has(name))]
    numbers = {name for name in left if _is_mostly(chosen[name], is_number)}
    for name in sorted(left, key=lambda name: (name in numbers, chosen.duplicated([*key, name]).any())):
        cells = chosen[name]
        if cells.nunique() == 1 or name in asked.all("ignore"):
            continue
        picks = f'write --where "{name}=..." with one of {list_names(cells.unique())}'
        twin = chosen.loc[chosen.duplicated(key), key].head(1)
        same = chosen[(chosen[key] == (*twin.squeeze(axis=0),)).all(axis=1)] if len(twin) else twin
        if name in numbers and {"value", "date"} & asked.missing.keys():
            continue  # it may be the one
        if len(twin) and same[name].nunique() > 1:
            message = f"rows {same.index[0]} and {same.index[1]} are both of {same[_DATE].iloc[0]}; "
            if name in numbers:
                asked.ask(f'{message}write --part "{name}" if it is a part of the year, or {picks}', "part", name)
            else:
                asked.ask(message + picks, "where", f"{name}={OPEN}")
            chosen = chosen[cells == same[name].iloc[0]]
        elif name in numbers:
            asked.ask(f'has numbers that differ; write --ignore "{name}" if they are no part', "ignore", column=name)
        elif (cells != "").all() and cells.duplicated().any():
            asked.ask(f'{picks}, or --ignore "{name}" to read all as one', "where", f"{name}={OPEN}", column=name)
        else:
            asked.ask(
                f'differs; write --ignore "{name}" if it says nothing of the figures', "ignore", name, column=name
            )
    alike = chosen.index[chosen.duplicated(key, keep=False)]
    if len(alike) and not {"value", "date"} & asked.missing.keys():
        raise asked.refuse(
            f"rows {list_names(map(str, alike[:2]))} are of one day, and no column tells them apart; keep one of them"
        )
    beside = {name: chosen[name].iloc[0] for name in left if chosen[name].nunique() == 1 and chosen[name].iloc[0]}
    ignored = [name for name in asked.all("ignore") if name not in beside]
    asked.notes += [f"Ignored: {', '.join(map(shorten, ignored))}."] if ignored else []
    return chosen.drop_duplicates(key), beside


# ---- unit, measure and names


def _name_columns(chosen: pd.DataFrame, names: Mapping[str, str], asked: Asked) -> pd.DataFrame:
    """The table under our names: what is said, then what the file has; the names that were picked are the entity."""
    text = chosen.reindex(columns=_OWN, fill_value="").assign(date=chosen[_DATE], value=chosen[_VALUE])
    given = {name: asked.one(name).strip() for name in _OWN[2:] if asked.has(name)}
    if names and "entity" not in chosen:
        given = {"entity": ", ".join(names.values())} | given
    text, titles = text.assign(**given), text["indicator"]
    plain = {one: one if re.fullmatch(NAME, one) or not one else name_indicator(one) for one in titles.unique()}
    if len(set(plain.values())) < len(plain):
        raise asked.refuse("has names that differ only in punctuation; use letters and digits", column="indicator")
    return text.assign(
        indicator=titles.map(plain),
        title=text["title"].where(text["title"] != "", titles.where(titles != titles.map(plain), "")),
    )


def _say_units(text: pd.DataFrame, words: Sequence[str], asked: Asked) -> pd.DataFrame:
    """The table with unit and measure, as the user or the file says them; a sign of percent must be in the unit."""
    if (text["unit"] == "").any():
        what = f'"{asked.heads["value"]}"' if asked.heads["value"] else "the figures"
        message = f'what is the unit of {what} as printed? Write it: --unit "% of homes", --unit "million people"'
        asked.ask(message, "unit", OPEN)
    if (text["measure"] == "").any():
        message = "are these in use on a day (--measure level), all so far (cumulative), or in a period (flow)?"
        asked.ask(message + _sum_years(text), "measure", OPEN)
        text = text.assign(measure="level")
    signs = text["value"].str.extract(r"([%‰])$", expand=False).fillna("")
    if signs.nunique() > 1:
        raise asked.refuse("has a sign of percent in some cells and not in others", int(signs.index[signs == ""][0]))
    text = text.assign(unit=text["unit"].map(read_unit), value=text["value"].str.rstrip("%‰"))
    for unit in filter(None, text["unit"].unique()):
        for place in [*asked.heads.values(), *words, signs.iloc[0]]:
            for sign in re.findall("[%‰]", unicodedata.normalize("NFKC", place)):
                if sign not in unit.replace("percent", "%"):
                    raise asked.refuse(f'{shorten(place)!r} has {sign} and the unit has not: write --unit "{sign} ..."')
    return text


def _sum_years(text: pd.DataFrame) -> str:
    """The sums of whole years of months or quarters, which a flow needs; "" where they are not to be had."""
    days, values = pd.to_datetime(text["date"]), pd.to_numeric(text["value"].str.rstrip("%‰"), errors="coerce")
    gap = days.sort_values().diff().dt.days.median()
    years = (
        values.groupby(days.dt.year).agg(["sum", "count"]).query(f"count == {round(365 / max(gap, 1)) if gap else 0}")
    )
    if days.duplicated().any() or not 28 <= gap < 360 or years.empty:
        return ""
    return (
        f" As a flow it needs a row a year: {', '.join(f'{one.Index} {one.sum:,.10g}' for one in years.itertuples())}."
    )
