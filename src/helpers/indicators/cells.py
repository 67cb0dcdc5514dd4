"""Check every cell of a text table against the Table Schema, explain what is wrong, and convert what is right."""

import calendar
import re
from datetime import datetime

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from helpers.indicators.problems import Problem, blame_parameter, suggest_names

NUMBER = r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?"
ISO_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
OTHER_FORMS = ("%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y-%m-%d", "%d.%m.%Y", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")


def check_cells(file, text, fields):
    """Check each cell against the Table Schema, through pandera, and explain each failure in words."""
    by_name = {field["name"]: field for field in fields}
    schema = pandera.DataFrameSchema({name: pandera.Column(str, _list_checks(f)) for name, f in by_name.items()})
    try:
        schema.validate(text, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.drop_duplicates(["index", "column"])
        return [
            Problem(file, int(case.index), case.column, case.failure_case, _explain(case, by_name[case.column]))
            for case in cases.itertuples(index=False)
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
    numbers = cells.where(cells.str.fullmatch(NUMBER)).astype(object).astype(float)
    return numbers.where(np.isfinite(numbers))


def _convert_dates(cells):
    """Convert ISO dates of days that exist; everything else becomes NaT."""
    cells = cells.str.strip()
    iso = cells.where(cells.str.fullmatch(ISO_DATE))
    return pd.to_datetime(iso, format="%Y-%m-%d", errors="coerce")


def _explain(case, field):
    check = case.check
    constraints = field.get("constraints", {})
    if check == "spaces":
        return "has a space before or after it; take it away"
    if check == "required":
        return f"is empty; it needs: {field['description']}"
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
    return f"does not have the right form; it needs: {field['description']}"


def _explain_number(text):
    if re.fullmatch(r"[+-]?\d{1,3}([, '\u00a0\u202f]\d{3})+(\.\d+)?", text):
        plain = re.sub(r"[, '\u00a0\u202f]", "", text)
        return f"has a thousands separator; write {plain}"
    if re.fullmatch(r"[+-]?\d+,\d+", text):
        return f"has a decimal comma; write {text.replace(',', '.')}"
    if text.endswith("%"):
        return f"has a percent sign; write {text[:-1].strip()}, the unit stands apart"
    if re.fullmatch(NUMBER, text) or text.lower().lstrip("+-") in (
        "nan",
        "inf",
        "infinity",
        "na",
        "n/a",
        "null",
        "none",
    ):
        return "is not a finite number; leave the row out where there is no figure"
    return "is text, not a number; write digits with a point as decimal mark, such as 42.8"


def explain_date(text):
    """Say what is wrong with a text that is no ISO date, and the ISO date that it may mean."""
    if re.fullmatch(ISO_DATE, text):
        return "is not a day of the calendar; write a day that exists, as YYYY-MM-DD"
    year, _, month = text.partition("-")
    if re.fullmatch(r"(1[89]|20)[0-9]{2}(-(0[1-9]|1[0-2]))?", text):
        last = calendar.monthrange(int(year), int(month or 12))[1]
        span = "month" if month else "year"
        return f"is a whole {span}; write the day itself as YYYY-MM-DD, such as {year}-{month or 12}-{last}"
    for form in OTHER_FORMS:
        try:
            meant = datetime.strptime(text, form).date().isoformat()
        except ValueError:
            continue
        if form == "%Y%m%d" and len(text) != 8:  # 201512 would be read as the second of January
            continue
        return f"is not an ISO date; write {meant}"
    return "is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"


def convert_types(text, fields):
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


def check_date(parameter, value):
    """Return an ISO date as a Timestamp, or raise a `DataError` that names the parameter."""
    text = value.date().isoformat() if isinstance(value, datetime) else str(value).strip()
    day = _convert_dates(pd.Series([text]))[0]
    if pd.isna(day):
        raise blame_parameter(parameter, text, explain_date(text))
    return day
