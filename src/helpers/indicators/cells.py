"""Check every cell of a text table against the Table Schema, and convert what is right."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pandera

from helpers.indicators.explanations import (
    ISO_DATE,
    LARGEST,
    LATEST,
    NUMBER,
    SMALLEST,
    explain_date,
    explain_number,
    explain_unseen,
    read_day,
)
from helpers.indicators.problems import Problem, blame_parameter, list_problems, suggest_names
from helpers.quoting import UNSEEN


def check_cells(file: str, text: pd.DataFrame, fields: Sequence[Mapping[str, Any]]) -> list[Problem]:
    """Check each cell against the Table Schema, through pandera, and explain each failure in words."""
    by_name = {field["name"]: field for field in fields}
    schema = pandera.DataFrameSchema({name: pandera.Column(str, _list_checks(f)) for name, f in by_name.items()})
    try:
        schema.validate(text, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.drop_duplicates(["index", "column"]).sort_values("index", kind="stable")
        return list_problems(
            cases,
            lambda case: Problem(
                file, int(case.index), case.column, case.failure_case, _explain(case, by_name[case.column])
            ),
        )
    return []


def _list_checks(field: Mapping[str, Any]) -> list[pandera.Check]:
    """Translate one field of a Table Schema into pandera checks on the text; the first that fails is reported."""
    constraints = field.get("constraints", {})
    checks = {"unseen": lambda cells: ~cells.str.contains(UNSEEN, regex=True)}
    checks["spaces"] = lambda cells: cells == cells.str.strip()
    if constraints.get("required"):
        checks["required"] = lambda cells: cells.str.strip() != ""
    if field["type"] in ("number", "date"):
        convert = _convert_numbers if field["type"] == "number" else _convert_dates
        checks[field["type"]] = lambda cells: convert(cells).notna() | (cells.str.strip() == "")
        if "minimum" in constraints:
            minimum = convert(pd.Series([str(constraints["minimum"])]))[0]
            checks["minimum"] = lambda cells: ~(convert(cells) < minimum)
        if field["type"] == "date":
            checks["latest"] = lambda cells: ~(convert(cells) > pd.Timestamp(LATEST))
    if "enum" in constraints:
        checks["enum"] = lambda cells: cells.isin(constraints["enum"]) | (cells == "")
    if "pattern" in constraints:
        checks["pattern"] = lambda cells: cells.str.fullmatch(constraints["pattern"]) | (cells == "")
    return [pandera.Check(_judge_distinct(check), name=name, error=name) for name, check in checks.items()]


def _judge_distinct(judge: Callable[[pd.Series], pd.Series]) -> Callable[[pd.Series], pd.Series]:
    """Judge each distinct cell once: names and dates repeat, and texts are slow to judge."""

    def judge_all(cells: pd.Series) -> pd.Series:
        places, distinct = pd.factorize(cells)
        return pd.Series(judge(pd.Series(distinct, dtype=str)).to_numpy(bool)[places], index=cells.index)

    return judge_all


def _convert_distinct(cells: pd.Series, convert: Callable[[pd.Series], pd.Series]) -> pd.Series:
    """Convert each distinct cell once."""
    places, distinct = pd.factorize(cells)
    return pd.Series(convert(pd.Series(distinct, dtype=str)).to_numpy()[places], index=cells.index, name=cells.name)


def _convert_numbers(cells: pd.Series) -> pd.Series:
    """Convert plain decimal numbers that can be computed with; everything else becomes NaN."""
    cells = cells.str.strip()
    numbers = cells.where(cells.str.fullmatch(NUMBER)).astype(object).astype(float)
    zero = (numbers == 0) & ~cells.str.contains(r"^[^eE]*[1-9]", regex=True)  # 1e-400 is not 0
    return numbers.where(zero | numbers.abs().between(SMALLEST, LARGEST))


def _convert_dates(cells: pd.Series) -> pd.Series:
    """Convert ISO dates of days that exist, in any century; everything else becomes NaT."""
    cells = cells.str.strip()
    iso = cells.str.fullmatch(ISO_DATE)
    days = [read_day(cell) if fits else None for cell, fits in zip(cells, iso, strict=True)]
    return pd.Series(np.array(days, dtype="datetime64[us]"), index=cells.index)


def _explain(case: Any, field: Mapping[str, Any]) -> str:
    check = case.check
    constraints = field.get("constraints", {})
    if check == "unseen":
        return explain_unseen(case.failure_case)
    if check == "spaces":
        return "has a space before or after it; take it away"
    if check == "required":
        return f"is empty; it needs: {field['description']}"
    if check == "number":
        return explain_number(case.failure_case.strip())
    if check == "date":
        return explain_date(case.failure_case.strip())
    if check == "minimum" and field["type"] == "number":
        return "is negative; a count or a share is 0 or more"
    if check == "minimum":
        return f"is before {constraints['minimum']}; is the year right?"
    if check == "latest":
        return f"is after {LATEST}; is the year right?"
    if check == "enum":
        return f"is none of {', '.join(constraints['enum'])}; {suggest_names(case.failure_case, constraints['enum'])}"
    return f"does not have the right form; it needs: {field['description']}"


def convert_types(text: pd.DataFrame, fields: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Convert the text table; cells that failed their check become missing, so that the other rows can be checked."""
    table = text.apply(lambda column: _convert_distinct(column, lambda cells: cells.str.strip()).astype(str))
    for field in fields:
        name = field["name"]
        if field["type"] == "number":
            table["precision"] = 0.5 * 10.0 ** -_convert_distinct(table[name], _count_decimals)
            table[name] = _convert_distinct(table[name], _convert_numbers)
        elif field["type"] == "date":
            table[name] = _convert_distinct(table[name], _convert_dates)
    return table.rename_axis("row").reset_index()


def _count_decimals(cells: pd.Series) -> pd.Series:
    """Count the printed decimals; an exponent moves the point, 1.5e3 has -2."""
    digits = cells.str.extract(r"^[^.eE]*(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,3}))?$")
    return digits[0].str.len().astype(float).fillna(0) - pd.to_numeric(digits[1]).fillna(0.0)


def check_date(parameter: str, value: str | date) -> pd.Timestamp:
    """Return an ISO date as a Timestamp, or raise a `DataError` that names the parameter."""
    text = value.date().isoformat() if isinstance(value, datetime) else str(value).strip()
    day = _convert_dates(pd.Series([text]))[0]
    if pd.isna(day):
        raise blame_parameter(parameter, text, explain_date(text))
    return day
