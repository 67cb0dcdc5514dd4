"""Read the tables of a data folder as text and check every cell before anything is converted.

The descriptor ``datapackage.json`` (Frictionless Table Schema) in the folder is the one source of columns, types,
constraints and keys: a pandera schema is built from it. Checks that a Table Schema cannot say (a percentage within
0 to 100, users not above their base, breaks that parse) follow here. All problems are collected and raised at once.
"""

import csv
import difflib
import io
import json
import re
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from helpers.indicators.breaks import parse_breaks

TABLES = ("observations", "indicators", "sources", "claims")
NUMBER = r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?"
BASE_TOLERANCE = 0.005  # users and base are rounded apart: half a percent above the base is still rounding


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what it is, and what would be right.

    ``row`` is the line number that an editor shows (the header is 1). For a wrong parameter ``file`` is empty and
    ``column`` names the parameter.
    """

    file: str
    row: int | None
    column: str
    value: str
    message: str

    def __str__(self):
        row = f"row {self.row}" if self.row else ""
        column = f"column {self.column}" if self.column and self.file else self.column
        place = ", ".join(part for part in (self.file, row, column) if part)
        value = f"{self.value!r} " if self.value != "" else ""
        return f"{place}: {value}{self.message}" if place else f"{value}{self.message}"


class DataError(ValueError):
    """The data, or a choice from them, is not usable; ``str()`` lists every problem, one a line.

    Attributes
    ----------
    problems : list of Problem
    """

    def __init__(self, problems):
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self):
        return (DataError, (self.problems,))


def suggest_names(name, valid, count=3):
    """Say which of the valid names is nearest to ``name``, or list some of them."""
    valid = sorted(set(valid))
    by_lower = {candidate.lower(): candidate for candidate in valid}
    near = difflib.get_close_matches(str(name).lower(), by_lower, n=count, cutoff=0.6)
    if near:
        return "nearest: " + ", ".join(by_lower[candidate] for candidate in near)
    listed = ", ".join(valid[:12]) + (", ..." if len(valid) > 12 else "")
    return f"there is: {listed}" if valid else "there is none"


def read_tables(folder):
    """Read and check all tables of a data folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to DataFrame
        Typed tables, with the line number in the file as ``row``; tables with printed figures also have ``precision``,
        half a unit of the last printed digit.

    Raises
    ------
    DataError
        With every problem of every table.
    """
    if not folder.is_dir():
        message = f"folder does not exist (looked in {Path.cwd()}); give the folder that holds observations.csv"
        raise DataError([Problem("", None, "data", str(folder), message)])
    schemas = _read_descriptor(folder / "datapackage.json")
    problems, texts, tables = [], {}, {}
    for name in TABLES:
        texts[name] = _read_text_table(folder / f"{name}.csv", schemas[name], problems)
    for name, text in texts.items():
        if text is not None:
            problems += _check_cells(f"{name}.csv", text, schemas[name]["fields"])
            tables[name] = _convert_types(text, schemas[name]["fields"])
    for name, table in tables.items():
        problems += _check_primary_key(name, table, schemas[name]["primaryKey"])
        problems += _check_foreign_keys(name, tables, schemas[name].get("foreignKeys", []))
    problems += _check_meaning(tables)
    if problems:
        raise DataError(sorted(problems, key=lambda p: (_file_order(p.file), p.row or 0)))
    return tables


def _file_order(file):
    names = [f"{name}.csv" for name in TABLES]
    return names.index(file) if file in names else -1


# Reading ----------------------------------------------------------------------------------------------------------


def _read_descriptor(path):
    """Return the Table Schema of each table."""
    if not path.is_file():
        raise DataError(
            [Problem(path.name, None, "", "", f"is missing in {path.parent}; copy it from the folder data/")]
        )
    try:
        resources = json.loads(path.read_text(encoding="utf-8-sig"))["resources"]
        schemas = {resource["name"]: resource["schema"] for resource in resources}
        fields = {name: {field["name"] for field in schemas[name]["fields"]} for name in TABLES}
        missing = {name: sorted(NEEDED[name] - fields[name]) for name in TABLES if NEEDED[name] - fields[name]}
    except json.JSONDecodeError as error:
        raise DataError([Problem(path.name, error.lineno, "", "", f"is not JSON: {error.msg}")]) from error
    except (KeyError, TypeError, UnicodeDecodeError) as error:
        message = f"does not describe the tables {', '.join(TABLES)} ({error!r}); copy it from the folder data/"
        raise DataError([Problem(path.name, None, "", "", message)]) from error
    if missing:
        raise DataError(
            [
                Problem(path.name, None, "", "", f"lacks the fields {', '.join(names)} of {table}")
                for table, names in missing.items()
            ]
        )
    return schemas


NEEDED = {
    "observations": {"entity", "indicator", "date", "value", "bound", "source_id", "confidence", "note"},
    "indicators": {"indicator", "title", "unit", "base", "base_indicator", "role", "technology", "rate_of"}
    | {"breaks", "suspected_breaks", "note"},
    "sources": {"source_id", "title", "publisher", "licence"},
    "claims": {"claim_id", "entity", "statement", "reported", "unit", "comparison", "rule", "first", "second"}
    | {"agrees_with", "note"},
}


def _read_text_table(path, schema, problems):
    """Return the table as text with the line number of each row as index, or None where it cannot be read."""
    names = [field["name"] for field in schema["fields"]]
    text = _read_text(path, names, problems)
    if text is None:
        return None
    rows = _split_rows(path.name, text, problems)
    if not rows:
        return None
    header = [name.strip() for name in rows[0][1]]
    if not _check_header(path.name, rows[0][0], header, names, problems):
        return None
    if len(rows) == 1:
        problems.append(Problem(path.name, rows[0][0], "", "", "the table has a header but no rows"))
        return None
    whole = [(line, cells) for line, cells in rows[1:] if len(cells) == len(header)]
    for line, cells in rows[1:]:
        if len(cells) != len(header):
            message = f'has {len(cells)} fields where the header has {len(header)}; put a text that holds a comma in ""'
            problems.append(Problem(path.name, line, "", "", message))
    return pd.DataFrame([cells for _, cells in whole], columns=header, index=[line for line, _ in whole], dtype=str)


def _read_text(path, names, problems):
    if not path.is_file():
        problems.append(Problem(path.name, None, "", "", f"is missing in {path.parent}; the data need this file"))
        return None
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"
        problems.append(Problem(path.name, line, "", "", message))
        return None
    if not text.strip():
        problems.append(Problem(path.name, None, "", "", f"is empty; its first line must be {','.join(names)}"))
        return None
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split_rows(name, text, problems):
    """Split into (line number, cells); blank lines, and lines of commas alone, are no rows."""
    rows, start = [], 1
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((start, cells))
            start = reader.line_num + 1
    except csv.Error as error:
        message = f"is not readable from here on ({error}); look for a quotation mark that is not closed"
        problems.append(Problem(name, start, "", "", message))
        return []
    return rows


def _check_header(file, line, header, names, problems):
    """Report a wrong delimiter, doubled and missing columns; extra columns are welcome."""
    delimiter = next((mark for mark in ";\t|" if len(header) == 1 and mark in header[0]), None)
    if delimiter:
        problems.append(Problem(file, line, "", "", f"fields are separated by {delimiter!r}; separate them by commas"))
        return False
    found = len(problems)
    for name in sorted({name for name in header if name and header.count(name) > 1}):
        problems.append(Problem(file, line, name, "", "stands twice in the header; keep one"))
    for name in (name for name in names if name not in header):
        extra = [column for column in header if column and column not in names]
        near = [e for e in extra if difflib.get_close_matches(name, [e.lower()], cutoff=0.6)]
        hint = f"; is it {near[0]!r}?" if near else ""
        problems.append(Problem(file, line, name, "", f"is missing{hint}; the table needs {', '.join(names)}"))
    return len(problems) == found


# Cells ------------------------------------------------------------------------------------------------------------


def _check_cells(file, text, fields):
    """Check each cell against the Table Schema, through pandera, and explain each failure in words."""
    by_name = {field["name"]: field for field in fields}
    schema = pandera.DataFrameSchema({name: pandera.Column(str, _list_checks(f)) for name, f in by_name.items()})
    try:
        schema.validate(text, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        return [
            Problem(file, int(case.index), case.column, case.failure_case, _explain(case.check, case, by_name))
            for case in errors.failure_cases.itertuples(index=False)
        ]
    return []


def _list_checks(field):
    """Translate one field of a Table Schema into pandera checks on the text; the first that fails is reported."""
    constraints = field.get("constraints", {})
    checks = {"spaces": lambda cells: cells == cells.str.strip()}
    if constraints.get("required"):
        checks["required"] = lambda cells: cells.str.strip() != ""
    if field["type"] in ("number", "date"):
        convert = _convert_numbers if field["type"] == "number" else _convert_dates
        checks[field["type"]] = lambda cells: convert(cells).notna() | (cells.str.strip() == "")
        if "minimum" in constraints:
            minimum = convert(pd.Series([str(constraints["minimum"])]))[0]
            checks["minimum"] = lambda cells: ~(convert(cells) < minimum)
    if "enum" in constraints:
        checks["enum"] = lambda cells: cells.isin(constraints["enum"]) | (cells == "")
    if "pattern" in constraints:
        checks["pattern"] = lambda cells: cells.str.fullmatch(constraints["pattern"]) | (cells == "")
    return [pandera.Check(check, name=name, error=name) for name, check in checks.items()]


def _convert_numbers(cells):
    """Convert plain decimal numbers; everything else becomes NaN."""
    cells = cells.str.strip()
    return pd.to_numeric(cells.where(cells.str.fullmatch(NUMBER), "nan")).replace([np.inf, -np.inf], np.nan)


def _convert_dates(cells):
    """Convert ISO dates of days that exist; everything else becomes NaT."""
    cells = cells.str.strip()
    iso = cells.where(cells.str.fullmatch(r"\d{4}-\d{2}-\d{2}"))
    return pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce")


def _explain(check, case, fields):
    field = fields[case.column]
    constraints = field.get("constraints", {})
    if check == "spaces":
        return "has a space before or after it; take it away"
    if check == "required":
        return f"is empty; write {field['description'][:1].lower()}{field['description'][1:]}"
    if check == "number":
        return _explain_number(case.failure_case.strip())
    if check == "date":
        return explain_date(case.failure_case.strip())
    if check == "minimum" and field["type"] == "number":
        return "is negative; a count or a share is 0 or more"
    if check == "minimum":
        return f"is before {constraints['minimum']}; is the year right?"
    if check == "enum":
        return f"is none of {', '.join(constraints['enum'])}; {suggest_names(case.failure_case, constraints['enum'])}"
    return f"does not have the right form; write {field['description'][:1].lower()}{field['description'][1:]}"


def _explain_number(text):
    if re.fullmatch(r"[+-]?\d{1,3}([, '\u00a0\u202f]\d{3})+(\.\d+)?", text):
        plain = re.sub(r"[, '\u00a0\u202f]", "", text)
        return f"has a thousands separator; write {plain}"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return f"has a decimal comma; write {text.replace(',', '.')}"
    if text.endswith("%"):
        return f"has a percent sign; write {text[:-1].strip()}, the unit stands in indicators.csv"
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity", "na", "n/a", "null", "none"):
        return "is not a finite number; leave the row out where there is no figure"
    return "is text, not a number; write digits with a point as decimal mark, such as 42.8"


def explain_date(text):
    """Say what is wrong with a text that is no ISO date, and the ISO date that it may mean."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return "is not a day of the calendar; write a day that exists, as YYYY-MM-DD"
    for form in ("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%dT%H:%M:%S"):
        try:
            meant = datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
        return f"is not an ISO date; write {meant}"
    return "is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"


def _convert_types(text, fields):
    """Convert the text table; cells that failed their check become missing, so that the other rows can be checked."""
    table = text.apply(lambda column: column.str.strip())
    for field in fields:
        name = field["name"]
        if field["type"] == "number":
            decimals = table[name].str.extract(r"\.(\d+)$")[0].str.len().fillna(0)
            table["precision"] = 0.5 * 10.0 ** -decimals.astype(float)
            table[name] = _convert_numbers(table[name])
        elif field["type"] == "date":
            table[name] = _convert_dates(table[name])
    return table.rename_axis("row").reset_index()


# Keys and meaning -------------------------------------------------------------------------------------------------


def _check_primary_key(name, table, key):
    key = [key] if isinstance(key, str) else key
    known = table.dropna(subset=key)
    first = known.groupby(key)["row"].transform("first")
    repeated = known[known["row"] != first]
    problems = []
    for (_, entry), original in zip(repeated.iterrows(), first[repeated.index], strict=True):
        parts = [f"{entry[k]:%Y-%m-%d}" if isinstance(entry[k], datetime) else str(entry[k]) for k in key]
        message = f"is already in row {original}; keep one of the two"
        if name == "observations":
            other = known.loc[known["row"] == original, "value"].iloc[0]
            message = f"is already in row {original} (value {other:g}, here {entry['value']:g}); keep one of the two"
        problems.append(Problem(f"{name}.csv", int(entry["row"]), ", ".join(key), ", ".join(parts), message))
    return problems


def _check_foreign_keys(name, tables, keys):
    problems = []
    for key in keys:
        column, reference = key["fields"][0], key["reference"]
        target = reference["resource"] or name
        if target not in tables:
            continue
        valid = set(tables[target][reference["fields"][0]])
        wrong = tables[name][~tables[name][column].isin(valid | {""})]
        for row, value in zip(wrong["row"], wrong[column], strict=True):
            message = f"is not in {target}.csv; {suggest_names(value, valid)}"
            problems.append(Problem(f"{name}.csv", int(row), column, value, message))
    return problems


def _check_meaning(tables):
    """Check what a Table Schema cannot say, as far as the tables could be read."""
    problems = []
    observations, indicators = tables.get("observations"), tables.get("indicators")
    if indicators is not None:
        entities = set() if observations is None else set(observations["entity"])
        problems += _check_breaks(indicators, entities) + _check_base_units(indicators)
    if observations is not None:
        problems += _check_spellings(observations)
    if observations is not None and indicators is not None:
        problems += _check_percentages(observations, indicators) + _check_users_within_base(observations, indicators)
    if "claims" in tables and indicators is not None:
        problems += _check_operands(tables["claims"], set(indicators["indicator"]))
    return problems


def _check_breaks(indicators, entities):
    problems = []
    for column in ("breaks", "suspected_breaks"):
        for row, text in zip(indicators["row"], indicators[column], strict=True):
            try:
                named = {entity for _, entity, _ in parse_breaks(text) if entity}
            except ValueError as error:
                problems.append(Problem("indicators.csv", int(row), column, text, str(error)))
                continue
            for entity in sorted(named - entities) if entities else []:
                message = f"is no entity of observations.csv; {suggest_names(entity, entities)}"
                problems.append(Problem("indicators.csv", int(row), column, entity, message))
    return problems


def _check_base_units(indicators):
    unit = indicators.drop_duplicates("indicator").set_index("indicator")["unit"]
    problems = []
    for entry in indicators[indicators["base_indicator"].isin(unit.index)].itertuples():
        base_unit = unit[entry.base_indicator]
        if entry.unit != base_unit:
            message = f"is in {base_unit}, {entry.indicator} in {entry.unit}; name a base in the same unit"
            problems.append(Problem("indicators.csv", entry.row, "base_indicator", entry.base_indicator, message))
    return problems


def _check_spellings(observations):
    """Report an entity that is spelled in two ways."""
    spellings = observations["entity"].value_counts()
    problems = []
    for name in spellings.index:
        usual = next(other for other in spellings.index if other.casefold() == name.casefold())
        if name != usual:
            row = int(observations.loc[observations["entity"] == name, "row"].iloc[0])
            problems.append(Problem("observations.csv", row, "entity", name, f"is spelled {usual!r} elsewhere"))
    return problems


def _check_percentages(observations, indicators):
    percent = indicators.loc[indicators["unit"].str.startswith("percent"), "indicator"]
    wrong = observations[observations["indicator"].isin(percent) & (observations["value"] > 100)]
    message = "is a percentage above 100; write a value from 0 to 100"
    return [Problem("observations.csv", e.row, "value", f"{e.value:g}", message) for e in wrong.itertuples()]


def _check_users_within_base(observations, indicators):
    problems = []
    usable = observations.dropna(subset=["date", "value"])
    usable = usable[usable["bound"] != "at_most"]
    base_of = indicators.loc[indicators["base_indicator"] != ""].set_index("indicator")["base_indicator"]
    for (entity, indicator), users in usable[usable["indicator"].isin(base_of.index)].groupby(["entity", "indicator"]):
        name = base_of[[indicator]].iloc[0]
        base = usable[(usable["entity"] == entity) & (usable["indicator"] == name) & (usable["bound"] == "exact")]
        if base.empty:
            continue
        at_dates = interpolate_values(base.set_index("date")["value"], users["date"])
        for entry, limit in zip(users.itertuples(), at_dates, strict=True):
            if entry.value > limit * (1 + BASE_TOLERANCE):
                message = f"is above its base {name}, {limit:.6g} on {entry.date:%Y-%m-%d}; check value, unit and base"
                problems.append(Problem("observations.csv", entry.row, "value", f"{entry.value:g}", message))
    return problems


def interpolate_values(values, dates):
    """Interpolate a dated series linearly in time at ``dates``; before and after it the end values hold.

    Returns
    -------
    ndarray of float, one per date, in the unit of ``values``
    """
    values = values.sort_index()
    days = pd.DatetimeIndex(pd.to_datetime(dates)).as_unit("s").asi8
    return np.interp(days, values.index.as_unit("s").asi8, values.to_numpy(float))


def _check_operands(claims, indicators):
    """Check that each rule has its operands and that these exist."""
    problems = []
    claim_ids = set(claims["claim_id"])
    for entry in claims.itertuples():
        needed = {"none": (), "level": ("first",)}.get(entry.rule, ("first", "second"))
        for column in needed:
            if getattr(entry, column) == "":
                message = f"is empty; the rule {entry.rule} needs it, as indicator@date or claim:claim_id"
                problems.append(Problem("claims.csv", entry.row, column, "", message))
        for column in ("first", "second", "agrees_with"):
            operand = getattr(entry, column)
            name, valid = (
                (operand[6:], claim_ids) if operand.startswith("claim:") else (operand.partition("@")[0], indicators)
            )
            if operand and name not in valid:
                problems.append(Problem("claims.csv", entry.row, column, operand, suggest_names(name, valid)))
    return problems


def check_date(parameter, text):
    """Return an ISO date text as a date, or raise a `DataError` that names the parameter."""
    text = text.isoformat() if isinstance(text, date) and not isinstance(text, datetime) else text
    if isinstance(text, datetime):
        return pd.Timestamp(text).normalize()
    value = _convert_dates(pd.Series([str(text)]))[0]
    if pd.isna(value):
        raise DataError([Problem("", None, parameter, str(text), explain_date(str(text).strip()))])
    return value
