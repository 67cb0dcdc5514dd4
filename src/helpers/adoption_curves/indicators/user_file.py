"""Read users' files: one table of dates and values, as its headings and the user's options describe it.

`read_series_file` is a chain of steps: rows, table, selected rows, one row per value, dates, values, other columns,
series. Nothing is guessed: a step that cannot read something in exactly one way raises an error with row, column, and
what to write.
"""

from __future__ import annotations

import re
import shlex
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from itertools import compress
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.columns import CHOICES, COLUMNS, GONE, LIMITED, NAME, REPEATED, USUAL_TITLE, spread_choices
from ..base.formats import escape, format_count, format_day, shorten
from . import number_format as numbers
from .checks import check_spellings, raise_problems, read_unit
from .data_files import NumberedRow, explain_length, file_error, list_repeated
from .date_formats import SPAN, find_date_form, list_days, read_day
from .problems import DataError, Problem, cell_error, list_names, list_problems, parameter_error, suggest_names
from .table_text import read_rows
from .user_tables import build_tables, check_rows, fill_defaults
from .validate import read_cells

# Columns that we add; no heading of a file begins with a space.
_DATE, _VALUE, _SIGN, _PRINTED = " date", " value", " sign", " printed"
_OWN = [column.name for column in COLUMNS]
# Cells that mark a missing value.
_MISSING = ("", ".", "..", "...", "…", ":", "-", "–", "—")
_SIDES = {"<": "at_most", "≤": "at_most", ">": "at_least", "≥": "at_least"}
# Headings of numbered months, quarters, half-years and weeks, by what joins them to a year.
_PARTS = {
    "-": r"(?i)(month|mth|monat|mois|mes|mese|月份?)s?( (no|number))?\.?",
    "-Q": r"(?i)(quarter|qtr|quartal|trimestre?|季度?)s?( (no|number))?\.?",
    "-H": r"(?i)(half|half[- ]?year|semest(er|re))s?",
    "-W": r"(?i)(week|wk|woche|kw|semaine|semana|周)s?( (no|number))?\.?",
}
# Codes of Eurostat instead of a unit.
_CODE = r"[A-Z0-9]+(_[A-Z0-9]+)+|PC|NR|THS|MIO"
# Descriptions of the two columns that every file needs.
_COLUMNS_OF = {
    "date": "column, and no headings, of dates such as 2024-12-31 (the last day of a fiscal half), 2024-12, 2024-Q4, "
    "2024-H2 or 2024",
    "value": "column of numbers",
}
# Maximum number of columns: each is checked cell by cell, which takes time.
_MOST_COLUMNS = 2_000
_QUESTIONS = {
    "unit": "what is the unit of the values as printed? Write it: --unit 'million people', or --unit '% of homes' (for "
    "fractions multiply the values by 100)",
    "measure": "are the values in use on a day (--measure level), all so far (--measure cumulative), or what a year "
    "adds (--measure flow, with the sum of each year in one row)?",
}


def read_series_file(
    path: Path, choices: Mapping[str, str | tuple[str, ...]], project: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read and check a file with one or more series.

    Parameters
    ----------
    path : Path
        A text file (CSV, TSV) or an .xlsx file, with one row per value or one column per date.
    choices : dict of str to str, or to a tuple of them
        Options for reading it, by their names in `base.columns.CHOICES`.
    project : dict of str to DataFrame
        The project's tables, whose columns and types are used.

    Returns
    -------
    tables : dict of str to DataFrame
        observations, indicators and sources; claims, profile and wording are empty.
    notes : list of str
        Sentences on how the file was read. The first has the text that the file has next to the values.

    Raises
    ------
    DataError
        With all errors of the first step that fails, and with the unit and the measure if they are missing.
    """
    file, options, problems = path.name, _read_options(choices), list[Problem]()
    rows = read_rows(path, options)
    with _collect(problems):
        _make_table(path, rows, options)
    if problems and len(rows) > 1 and not options["rows"] and _find_headings(rows) > rows[0][0]:
        options["rows"] = f"{_find_headings(rows)}:"  # look for other errors below the likely headings
    with _collect(problems):
        frame, picked = _pick_rows(file, _make_table(path, rows, options), options)
        frame, heads = _lay_out(file, frame, options)
        frame, heads, notes = _read_columns(file, frame, heads, options)
        beside = _list_beside(file, frame, options)
    texts = {cell for _, cells in rows for cell in cells}  # the headings are among them
    missing = [question for name, question in _QUESTIONS.items() if not options[name] and name not in texts]
    problems += [Problem(file, None, "", "", question) for question in missing]
    raise_problems([*dict.fromkeys(problems)])
    text = _name_columns(file, frame, picked, [*heads.values(), *beside], options)
    values = read_cells(file, text, [column.describe() for column in COLUMNS], problems)
    if not problems:
        values = fill_defaults(values, name_indicator(path.stem))
        tables = build_tables(file, values, project)
        problems = check_rows(file, values, tables, options["season"])
    raise_problems([replace(one, column=heads.get(one.column) or one.column) for one in problems])
    titles = [f'{name}s "{shorten(head)}"' for name, head in heads.items() if head]
    notes = [f"In the file: {'; '.join([', '.join(titles), *beside])}.", *notes]
    if (values["title"] == USUAL_TITLE).any():
        notes.append("Without --title no sentence of the run can be quoted, because nobody has said what is counted.")
    return tables, list(map(escape, notes))


def name_indicator(text: str) -> str:
    """Name of an indicator made from any text: lower-case letters, digits and "_", starting with a letter."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "_", plain).strip("_") or "series"
    return name if name[0].isalpha() else f"series_{name}"


def _read_options(choices: Mapping[str, str | tuple[str, ...]]) -> dict[str, Any]:
    """Options by name: a text, "" if not set, or a list for those that may be repeated."""
    options: dict[str, Any] = {name: [] if name in REPEATED else "" for name in CHOICES}
    for name, text in spread_choices(choices):
        if name in GONE:
            raise parameter_error(name, text, GONE[name])
        if not text.strip():
            raise parameter_error(f"--{name}", text, "is empty; write a value, or leave it out")
        if name not in options or text not in LIMITED.get(name, (text,)):
            right = f"write {' or '.join(LIMITED[name])}" if name in LIMITED else suggest_names(name, CHOICES)
            raise parameter_error(f"--{name}", text, f"is not known; {right}")
        if options[name] and name not in REPEATED:
            raise parameter_error(f"--{name}", text, f"is the second --{name}; keep one")
        options[name] = [*options[name], text] if name in REPEATED else text
    if options["year-end"] and not read_day(f"2024-{options['year-end']}"):
        raise parameter_error("--year-end", options["year-end"], "is no day of a year, MM-DD, such as 06-30")
    if re.search(r"[\d.,%<>:]", options["flags"]):
        message = "has digits or signs of numbers; write the letters and marks alone"
        raise parameter_error("--flags", options["flags"], message)
    return options


def _make_table(path: Path, rows: list[NumberedRow], options: Mapping[str, Any]) -> pd.DataFrame:
    """The table below its headings, indexed by the row numbers in the file."""
    rows = _cut_rows(rows, options["rows"])
    if len(rows) < 2:
        raise file_error(path, "has no rows; its first line must name the columns, such as Year,Users")
    (line, header), *body = rows
    if len(header) > _MOST_COLUMNS:
        right = f"a table has at most {_MOST_COLUMNS:,}; write a row for each value"
        raise file_error(path, f"has {len(header):,} columns, and {right}", line)
    width, headings, end = len(header), _find_headings(rows), options["rows"].partition(":")[2]
    right = f"; if row {headings} has the headings write --rows {headings}:{end}" if headings > line else ""
    for row, cells in body:
        if any(cells[width:]) or len(cells) < width:
            if row > max(headings, body[0][0]):
                right = f"; if the table ends above it write --rows {line}:{row - 1}"
            raise file_error(path, f"{explain_length(cells, header)}{right}", row)
    filled = [place for place in range(width) if header[place] or any(cells[place] for _, cells in body)]
    nameless = not all(header[place] for place in filled) and not options["rows"]
    if nameless or any(numbers.is_number(name) and not _is_date(name) for name in header):
        raise file_error(path, f"does not name each column; write one row with a heading above each{right}", line)
    names = [header[place] or f"column {place + 1}" for place in filled]
    if problems := list_repeated(path.name, line, names):
        raise DataError(problems)
    texts = [[cells[place] for place in filled] for _, cells in body]
    frame = pd.DataFrame(texts, pd.Index([row for row, _ in body], name=line), names, dtype=object)
    for name in [name for name in names if re.fullmatch(r"[^\\]+\\\w+", name)]:
        frame = _split_keys(frame, name)
    return frame


def _cut_rows(rows: list[NumberedRow], span: str) -> list[NumberedRow]:
    """The rows that --rows selects: A:B or A:, by their numbers in the file; "" for all."""
    ends = re.fullmatch(r"(\d+):(\d*)", span or "0:")
    cut = [row for row in rows if ends and int(ends[1]) <= row[0] <= int(ends[2] or rows[-1][0])]
    if span and not cut:
        raise parameter_error("--rows", span, "is not A:B, such as 5:20 or 5:, with rows of the file")
    return cut


def _split_keys(frame: pd.DataFrame, name: str) -> pd.DataFrame:
    """The table with a column for each key in a heading of Eurostat, such as freq,unit,geo."""
    keys = name.partition("\\")[0].split(",")
    cells = [[*cell.split(","), *keys][: len(keys)] for cell in frame[name]]  # a missing key keeps its name
    return pd.concat([pd.DataFrame(cells, frame.index, keys, object), frame.drop(columns=name)], axis=1)


def _find_headings(rows: Sequence[NumberedRow]) -> int:
    """Number of the row that probably has the headings: the one above the first value."""
    filled = [any(numbers.is_number(cell) and not _is_date(cell) for cell in cells) for _, cells in rows]
    return rows[max(filled.index(True) - 1, 0)][0] if any(filled) else rows[0][0]


def _pick_rows(file: str, frame: pd.DataFrame, options: Mapping[str, Any]) -> tuple[pd.DataFrame, list[str]]:
    """The rows that --where selects, and the values that it names."""
    picked, names = frame, dict[str, str]()
    for text in options["where"]:
        column = max((name for name in frame if text.startswith(f"{name}=")), key=len, default="")
        cell = text[len(column) + 1 :]
        if not column or cell not in set(picked[column]):
            near = suggest_names(cell, picked[column]) if column else f"the columns are {list_names(frame)}"
            raise parameter_error("--where", text, f"is no COLUMN=CELL of the file; {near}")
        picked, names[column] = picked[picked[column] == cell], cell
    for column in [*names, *({"entity", "indicator"} & set(frame))]:
        named = [bool(cell) for cell in frame[column]]
        if any(named) and not all(named):
            place = named.index(False)
            message = f"is empty beside names; write the name in each row, or {_leave_out(frame, named, place)}"
            raise cell_error(file, message, frame.index[place], column)
        spelled = check_spellings(file, frame.assign(row=frame.index, entity=frame[column]))
        raise_problems([replace(problem, column=column) for problem in spelled])
    return picked, list(names.values())


def _leave_out(frame: pd.DataFrame, is_right: Sequence[bool], place: int) -> str:
    """Advice to leave out the row at this position; by --rows if no row below it is right."""
    option = f" by --rows {frame.index.name}:{frame.index[place - 1]}" if place and not any(is_right[place:]) else ""
    return f"leave the row out{option}"


def _lay_out(file: str, frame: pd.DataFrame, options: Mapping[str, Any]) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table with dates in `_DATE` and, if dates were headings, values in `_VALUE`; and both original headings."""
    limit = options["limit-column"]
    for name, heads in (("ignore", options["ignore"]), ("limit-column", [limit] if limit else [])):
        if lost := [head for head in heads if head not in frame]:
            raise parameter_error(f"--{name}", lost[0], suggest_names(lost[0], frame))
    frame = frame.drop(columns=options["ignore"])
    if "limit" in frame.columns.difference([limit]):
        message = "may be the known maximum, or another limit; write --limit-column limit, or --ignore limit"
        raise cell_error(file, message, column="limit")
    frame = frame.rename(columns={limit: "limit"})
    days = [name for name in frame if _is_date(name)]
    if len(days) > 1 and not options["date"] and not options["value"] and "date" not in frame:
        _check_headings(file, frame[days])
        long = frame.reset_index(drop=True).melt(frame.columns.drop(days), days, _DATE, _VALUE, ignore_index=False)
        _check_parts(file, long, _DATE, options)
        return long.set_axis(frame.index[long.index]), {"value": "", "date": f"{days[0]} to {days[-1]}"}
    parts = re.findall(r"\{(.+?)\}", options["date"])  # {Year}-{Month}
    if parts and {*parts} <= {*frame}:
        texts = [options["date"]] * len(frame)
        for part in parts:
            texts = [text.replace(f"{{{part}}}", cell) for text, cell in zip(texts, frame[part], strict=True)]
        frame = frame.drop(columns=parts).assign(**{options["date"]: texts})
    date = _find_column(file, frame, "date", _is_date, options)
    _check_parts(file, frame, date, options)
    return frame.rename(columns={date: _DATE}), {"value": "", "date": date}


def _check_headings(file: str, frame: pd.DataFrame) -> None:
    """Raise a `DataError` for a second row of headings, whose years have the same distances as the headings."""
    years = [int(re.findall(r"\d{4}|$", name)[0] or 0) for name in frame]
    for row, cells in zip(frame.index, frame.to_numpy(), strict=True):
        is_year = all(re.fullmatch(r"(18|19|20)\d\d", cell) for cell in cells)
        if is_year and len({int(cell) - year for cell, year in zip(cells, years, strict=True)}) == 1:
            raise cell_error(file, f"may be another row of headings; write --rows {row}: if it is", row)


def _check_parts(file: str, frame: pd.DataFrame, date: str, options: Mapping[str, Any]) -> None:
    """Raise a `DataError` for years whose months, quarters or half-years are in another column."""
    if not all(re.fullmatch(r"\d{4}", cell) for cell in frame[date]):
        return
    for name in frame.columns.drop([date, options["value"], _VALUE, *_OWN], errors="ignore"):
        joints = [joint for joint, heading in _PARTS.items() if re.fullmatch(heading, name)]
        templates = [*(f"{{{date}}}{joint}{{{name}}}" for joint in joints), f"{{{name}}} {{{date}}}"]
        forms = {template: template.replace(f"{{{date}}}", "2024") for template in templates}
        fits = [
            one
            for one, form in forms.items()
            if all(list_days(form.replace(f"{{{name}}}", cell)) for cell in frame[name])
        ]
        if joints or fits:
            row = "dates such as 2024-12-31, 2024-12 or 2024-Q4, a row for each value"
            right = f"--date {shlex.quote(fits[0])}" if fits and date != _DATE else row
            whole = f"or --ignore {shlex.quote(name)} if the values are of whole years"
            raise cell_error(file, f"has parts of the years; write {right}, {whole}", column=name)


def _find_column(
    file: str, frame: pd.DataFrame, name: str, test: Callable[[str], bool], options: Mapping[str, Any]
) -> str:
    """The heading that is an option, or the name itself, or that of the only column of which half passes a test."""
    heading = options[name] or (name if name in frame else "")
    if heading and heading not in frame:
        raise parameter_error(f"--{name}", heading, suggest_names(heading, frame))
    free = frame.columns.drop([*_OWN, _DATE, _PRINTED], errors="ignore")
    cells = {head: [numbers.split_flag(cell, options["flags"])[0] for cell in frame[head]] for head in free}
    cells = {head: [cell for cell in cells[head] if cell not in _MISSING] for head in free}
    heads = [head for head in free if cells[head] and 2 * sum(map(test, cells[head])) >= len(cells[head])]
    if name == "value" and len(free) == 1:
        heads = list(free)  # whatever its cells are: each that is no number is then named
    if not heading and len(heads) > 1:
        such = f"--{name} {' --ignore '.join(map(shlex.quote, heads))}"
        right = f"write --{name} and one, and --ignore for what says nothing of it, such as {such}"
        raise cell_error(file, f"may have its {name}s in {list_names(heads)}; {right}")
    if not heading and not heads:
        such = _COLUMNS_OF[name]
        first = ", ".join(f"{shorten(frame[head].iloc[0])!r} ({shorten(head)})" for head in free)
        raise cell_error(file, f"has no {such}: {first}; write them so, or --{name} and the column's heading")
    return heading or heads[0]


def _is_date(text: str) -> bool:
    """True for a date, or a year that may span two."""
    return bool(list_days(text) or (re.fullmatch(SPAN, text) and not text.isdigit()))


# ---- dates and values


@contextmanager
def _collect(problems: list[Problem]) -> Iterator[None]:
    """Add the problems of a step to others, so that the next step is taken, too."""
    try:
        yield
    except DataError as error:
        problems += error.problems


def _read_columns(
    file: str, frame: pd.DataFrame, heads: dict[str, str], options: Mapping[str, Any]
) -> tuple[pd.DataFrame, dict[str, str], list[str]]:
    """The rows that have a value, with ISO dates and plain values; their headings; and notes on how they were read."""
    problems, flags, printed = list[Problem](), options["flags"], frame[_DATE]
    frame = frame.assign(**{_PRINTED: printed})
    with _collect(problems):
        frame = frame.assign(**{_DATE: _read_dates(file, frame, heads["date"], options)})
    with _collect(problems):
        if _VALUE not in frame:
            heads = heads | {"value": _find_column(file, frame, "value", numbers.is_number, options)}
            frame = frame.rename(columns={heads["value"]: _VALUE})
        if flags and not any(numbers.split_flag(cell, flags)[1] for cell in [*printed, *frame[_VALUE]]):
            raise parameter_error("--flags", flags, "stands behind no value and no date; leave it out")
        frame = _read_values(file, frame, heads["value"], options)
    with _collect(problems):
        _check_days(file, frame, options)
    raise_problems(problems)
    newest = frame.sort_values(_DATE, kind="stable").iloc[-1]
    notes = [f"{newest[_PRINTED]} ({shorten(heads['date'])}) is {format_day(pd.Timestamp(newest[_DATE]))}."]
    if count := len(printed) - len(frame):
        notes.append(f"{format_count(count, 'cell')} without a value left out.")
    return frame.drop(columns=_PRINTED), heads, notes


def _read_dates(file: str, frame: pd.DataFrame, heading: str, options: Mapping[str, Any]) -> list[str]:
    """ISO dates of the cells, read in the one form in which all are dates."""
    cells = [numbers.split_flag(cell, options["flags"])[0] for cell in frame[_DATE]]
    days, wrong, message = find_date_form(list(dict.fromkeys(cells)), options["year-end"])
    if message and _VALUE in frame:  # a heading
        raise cell_error(file, f"{message}, or --ignore {shlex.quote(wrong)}", column=wrong)
    if message:
        place, bare = cells.index(wrong), [re.sub(numbers.MARK, "", cell) for cell in cells]
        if list_days(bare[place]) and bare[place] != wrong:
            mark = shlex.quote(wrong[len(bare[place]) :].strip())
            message = f"is no plain date; write --flags {mark} if that is a note"
        elif place and not list_days(wrong):
            message += f", or {_leave_out(frame, [_is_date(cell) and cell != wrong for cell in bare], place)}"
        raise cell_error(file, message, frame.index[place], heading, wrong)
    dates, today = [days[cell] for cell in cells], f"{datetime.now().astimezone():%Y-%m-%d}"
    if max(dates) > today:
        place = dates.index(max(dates))
        message = f"is after today, and a projection is no observation; leave out what is after {today}"
        raise cell_error(file, message, frame.index[place], heading, cells[place])
    return dates


def _read_values(file: str, frame: pd.DataFrame, heading: str, options: Mapping[str, Any]) -> pd.DataFrame:
    """The rows that have a value, in digits with a point; bounds are in `qualifier`, signs of percent in `_SIGN`."""
    pairs = [numbers.split_flag(cell, options["flags"]) for cell in frame[_VALUE]]
    is_filled = _find_filled([cell.casefold() for cell, _ in pairs], options)
    if not any(is_filled):
        raise cell_error(file, "has no values in these rows", column=heading)
    frame = frame[is_filled]
    cells, flags = zip(*compress(pairs, is_filled), strict=True)
    bare = [numbers.strip_signs(cell) for cell in cells]
    texts = {cell: row for cell, row in zip(bare, frame.index, strict=True) if not isinstance(cell, numbers.Number)}
    if options["decimal"] and not any(re.search("[.,]", text) for text in texts):
        raise parameter_error("--decimal", options["decimal"], "is in no text of the values; leave it out")
    decimal = options["decimal"] or numbers.find_decimal(file, texts, heading)
    plain = [numbers.write_plain(cell, decimal) for cell in bare]
    wrong = pd.DataFrame({"row": frame.index, "value": cells})[[not text for text in plain]]
    raise_problems(list_problems(file, wrong, heading, lambda entry: numbers.explain_value(entry["value"], decimal)))
    numbers.check_flags(file, flags, heading, options["unit"] or " ".join(frame.get("unit", "")))
    signs = ["".join(re.findall("[%‰]$", cell)) for cell in cells]
    if len(set(signs)) > 1:
        message = "has no sign of percent, and others have one; write all alike"
        raise cell_error(file, message, frame.index[signs.index("")], heading)
    table = frame.reindex(columns=frame.columns.union(["qualifier", "break"], sort=False), fill_value="")
    sides = [_SIDES.get(cell[0], side) for cell, side in zip(cells, table["qualifier"], strict=True)]
    breaks = ["flag b" if "b" in flag else reason for flag, reason in zip(flags, table["break"], strict=True)]
    return table.assign(**{_VALUE: plain, _SIGN: signs, "qualifier": sides, "break": breaks})


def _find_filled(cells: Sequence[str], options: Mapping[str, Any]) -> list[bool]:
    """True for each casefolded cell that is neither empty nor a text for no value, such as one of --na."""
    absent = {*_MISSING, *(text.casefold() for text in options["na"])}
    if unused := absent - {*_MISSING, *cells}:
        raise parameter_error("--na", min(unused), "is in no cell of the values; leave it out")
    return [cell not in absent for cell in cells]


# ---- what stands beside the values


def _check_days(file: str, frame: pd.DataFrame, options: Mapping[str, Any]) -> None:
    """Raise a `DataError` for two values on one date, with the column in which their rows differ."""
    if _VALUE in frame:
        frame = frame[~frame[_VALUE].isin(_MISSING)]
    key = [_DATE, *(name for name in ("entity", "indicator", "published") if name in frame and not options.get(name))]
    if not (twice := frame.duplicated(key)).any():
        return
    same = frame[(frame[key] == (*frame[key][twice].iloc[0],)).all(axis=1)]
    rest = frame.columns.drop([_VALUE, _SIGN, _PRINTED], errors="ignore")
    parts = [name for name in rest if same[name].nunique() > 1]
    parts = sorted(parts, key=lambda name: all(map(numbers.is_number, frame[name])))
    right = "keep one"
    if parts:
        names = [name for name in frame[parts[0]].unique() if name]
        right = f"pick one, such as --where {shlex.quote(f'{parts[0]}={names[0]}')}, of {list_names(names)}"
    rows = f"rows {same.index[0]} and {same.index[1]}"
    raise cell_error(file, f"{rows} are both of {same[_DATE].iloc[0]}; {right}", column=parts[0] if parts else "")


def _list_beside(file: str, frame: pd.DataFrame, options: Mapping[str, Any]) -> list[str]:
    """Text that is the same next to all values; columns that vary raise an error."""
    rest = [name for name in frame if name not in {_DATE, _VALUE, _SIGN} and (name not in _OWN or options.get(name))]
    right = "differs; write --ignore {} if it says nothing of the values, or pick rows by --where, such as --where {}"
    varies = [name for name in rest if frame[name].nunique() > 1]
    picks = {name: shlex.quote(f"{name}={frame[name].iloc[0]}") for name in varies}
    raise_problems([Problem(file, None, name, "", right.format(shlex.quote(name), picks[name])) for name in varies])
    return [f"{name}: {shorten(frame[name].iloc[0])}" for name in rest if frame[name].iloc[0]]


def _name_columns(
    file: str, frame: pd.DataFrame, picked: Sequence[str], words: Sequence[str], options: Mapping[str, Any]
) -> pd.DataFrame:
    """The table with our column names: values of options first, then of the file; names in --where are the entity."""
    text = frame.reindex(columns=_OWN, fill_value="").assign(date=frame[_DATE], value=frame[_VALUE])
    named = {"entity": ", ".join(picked)} if picked and "entity" not in frame else {}
    text = text.assign(**named | {name: options[name].strip() for name in _OWN[2:] if options.get(name)})
    titles = text["indicator"]
    names = {one: one if re.fullmatch(NAME, one) or not one else name_indicator(one) for one in titles.unique()}
    if len({*names.values()}) < len(names):
        raise cell_error(file, "has names that differ only in punctuation; use letters and digits", column="indicator")
    title = text["title"].where(text["title"] != "", titles.where(titles != titles.map(names), ""))
    text = text.assign(indicator=titles.map(names), title=title, unit=text["unit"].map(read_unit))
    for name, question in _QUESTIONS.items():
        unknown = text[name][(text[name] == "") | (text[name].str.fullmatch(_CODE) & (options[name] == ""))]
        for row, code in unknown.head(1).items():
            raise cell_error(file, f"is a code; {question}" if code else question, row, name, code)
    for unit in text["unit"].unique():
        for word in [*words, *frame[_SIGN].unique(), *picked]:
            for sign in {*re.findall("[%‰]", unicodedata.normalize("NFKC", word))} - {*unit.replace("percent", "%")}:
                right = f"write it there too, such as --unit '{sign} of homes'"
                raise cell_error(file, f"{shorten(word)!r} has {sign} and the unit has not; {right}")
    return text
