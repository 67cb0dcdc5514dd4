"""Check the tables of a data folder against each other, and collect every problem before any is raised.

The descriptor ``datapackage.json`` (Frictionless Table Schema) in the folder is the one source of columns, types,
constraints and keys. What a Table Schema cannot say (a percentage within 0 to 100, users not above their base, breaks
that parse) is checked here.
"""

import re
import unicodedata
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.indicators.breaks import parse_breaks
from helpers.indicators.cells import check_cells, convert_types
from helpers.indicators.descriptor import TABLES, read_descriptor
from helpers.indicators.opening import find_kind
from helpers.indicators.problems import MOST, DataError, Problem, list_problems, suggest_names
from helpers.indicators.reading import read_text_table
from helpers.quoting import quote

BASE_TOLERANCE = 0.005  # users and base are rounded apart: half a percent above the base is still rounding
PERCENT = r"(%|percentage|per cent|percent|pct)(\s+\S.*|)"
FRACTION = r"(fraction|proportion|share)s?(\s+(of|in)\s.*|)"


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
    kind = find_kind(folder)
    if kind != "folder":
        message = (
            "file or folder does not exist (looked in {}); give a folder that holds observations.csv, or a CSV file"
        )
        raise DataError([Problem("", None, "data", str(folder), kind or message.format(Path.cwd()))])
    schemas = read_descriptor(folder / "datapackage.json")
    problems, texts, tables = [], {}, {}
    for name in TABLES:
        texts[name] = read_text_table(folder / f"{name}.csv", schemas[name], problems)
    for name, text in texts.items():
        if text is not None:
            problems += check_cells(f"{name}.csv", text, schemas[name]["fields"])
            tables[name] = convert_types(text, schemas[name]["fields"])
    for name, table in tables.items():
        problems += check_key(f"{name}.csv", table, schemas[name]["primaryKey"])
        problems += _check_foreign_keys(name, tables, schemas[name].get("foreignKeys", []))
    problems += _check_meaning(tables)
    raise_problems(problems)
    return tables


def raise_problems(problems):
    """Raise a `DataError` with the problems, if any, in order of file, row and column, one a cell."""
    if problems:
        first = {(p.file, p.row, p.column) if p.row else p: p for p in reversed(problems)}
        raise DataError(sorted(first.values(), key=lambda p: (_file_order(p.file), p.row or 0, p.column)))


def _file_order(file):
    names = [f"{name}.csv" for name in TABLES]
    return names.index(file) if file in names else -1


def check_key(file, table, key):
    """Report rows that repeat the key of an earlier row."""
    key = [key] if isinstance(key, str) else key
    known = table.dropna(subset=key)
    columns = [*key, "row", *(["value"] if "value" in table else [])]
    repeated = known.loc[known.duplicated(key), columns]
    first = known.loc[~known.duplicated(key), columns].rename(columns={"row": "original", "value": "other"})
    return list_problems(repeated.merge(first, on=key), lambda entry: _explain_repetition(file, entry, key))


def _explain_repetition(file, entry, key):
    parts = [getattr(entry, name) for name in key]
    parts = [f"{part:%Y-%m-%d}" if isinstance(part, pd.Timestamp) else str(part) for part in parts]
    values = ""
    if hasattr(entry, "value") and pd.notna(entry.value) and pd.notna(entry.other):
        values = f" (value {entry.other:g}, here {entry.value:g})"
    message = f"is already in row {entry.original}{values}; keep one of the two"
    return Problem(file, int(entry.row), ", ".join(key), ", ".join(parts), message)


def _check_foreign_keys(name, tables, keys):
    problems = []
    for key in keys:
        column, reference = key["fields"][0], key["reference"]
        target = reference["resource"] or name
        if target not in tables:
            continue
        valid = set(tables[target][reference["fields"][0]])
        wrong = tables[name].loc[~tables[name][column].isin(valid | {""}), ["row", column]]
        near = {value: suggest_names(value, valid) for value in wrong[column].head(MOST).unique()}
        problems += list_problems(
            wrong.set_axis(["row", "value"], axis=1),
            lambda entry, column=column, target=target, near=near: Problem(
                f"{name}.csv", int(entry.row), column, entry.value, f"is not in {target}.csv; {near[entry.value]}"
            ),
        )
    return problems


def _check_meaning(tables):
    """Check what a Table Schema cannot say, as far as the tables could be read."""
    problems = []
    observations, indicators = tables.get("observations"), tables.get("indicators")
    if indicators is not None:
        entities = set() if observations is None else set(observations["entity"])
        problems += _check_breaks(indicators, entities) + check_units("indicators.csv", indicators)
        problems += _check_base_units(indicators) + _check_circles(indicators)
    if observations is not None:
        problems += check_spellings("observations.csv", observations)
    if observations is not None and indicators is not None:
        problems += check_percentages("observations.csv", observations, indicators)
        problems += check_users_within_base("observations.csv", observations, indicators)
        problems += check_scale("observations.csv", observations, indicators)
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


def _check_circles(indicators):
    """Report indicators that lead back to themselves over their bases, or as a rate of themselves."""
    problems = []
    for column in ("base_indicator", "rate_of"):
        after = dict(zip(indicators["indicator"], indicators[column], strict=True))
        rows = dict(zip(indicators["indicator"], indicators["row"], strict=True))
        done = set()
        for start in after:
            path, here = {}, start  # a dict keeps the order and finds at once
            while here in after and here not in done and here not in path:
                path[here], here = True, after[here]
            if here in path:
                circle = [*list(path)[list(path).index(here) :], here]
                message = f"leads back to {here} itself ({' -> '.join(circle)}); leave it blank in one of them"
                problems.append(Problem("indicators.csv", int(rows[here]), column, after[here], message))
            done |= set(path)
    return problems


def read_unit(text):
    """Write the unit as the project does: percentages begin with ``percent``, whichever way they were written."""
    match = re.fullmatch(PERCENT, text.strip(), flags=re.IGNORECASE)
    return f"percent{match[2]}" if match else text


def check_units(file, table):
    """Report percentages that are not written as such, and fractions of 1: the bound of both would be unknown."""
    units = table.loc[:, ["row", "unit"]].drop_duplicates("unit")
    fraction = units["unit"].str.fullmatch(FRACTION, flags=re.IGNORECASE)
    other = units["unit"].map(read_unit) != units["unit"]
    problems = list_problems(
        units[other], lambda e: Problem(file, int(e.row), "unit", e.unit, f"is a percentage; write {read_unit(e.unit)}")
    )
    message = "is a fraction of 1; write percentages: values times 100, and a unit that begins with percent"
    return problems + list_problems(units[fraction], lambda e: Problem(file, int(e.row), "unit", e.unit, message))


def check_spellings(file, observations):
    """Report an entity that is spelled in two ways."""
    names = observations["entity"].value_counts().index
    usual = {}
    for name in names:
        usual.setdefault(unicodedata.normalize("NFKC", name).casefold(), name)
    spelled = pd.Series([usual[unicodedata.normalize("NFKC", name).casefold()] for name in names], index=names)
    wrong = observations.loc[:, ["row", "entity"]].drop_duplicates("entity")
    wrong = wrong.assign(usual=wrong["entity"].map(spelled))
    return list_problems(
        wrong[wrong["entity"] != wrong["usual"]],
        lambda e: Problem(file, int(e.row), "entity", e.entity, f"is spelled {quote(e.usual)} elsewhere"),
    )


def check_percentages(file, observations, indicators):
    """Report percentages above 100."""
    percent = indicators.loc[indicators["unit"].str.startswith("percent"), "indicator"]
    wrong = observations[observations["indicator"].isin(percent) & (observations["value"] > 100)]
    message = "is a percentage above 100; write a value from 0 to 100"
    return list_problems(wrong, lambda entry: Problem(file, entry.row, "value", f"{entry.value:g}", message))


def check_scale(file, observations, indicators):
    """Report a figure that falls to about a hundredth or thousandth of the one before it.

    A percentage of 0.15 after 12 is a fraction; 1.125 after 990 has a point that separates thousands. No technology is
    given up like that between two figures.
    """
    rows = observations[(observations["bound"] == "exact") & (observations["value"] > 0)]
    rows = rows.dropna(subset="date").sort_values(["entity", "indicator", "date"], kind="stable")
    before = rows.groupby(["entity", "indicator"])[["date", "value"]].shift()
    rows = rows.assign(before=before["value"], before_date=before["date"])
    percent = rows["indicator"].isin(indicators.loc[indicators["unit"].str.startswith("percent"), "indicator"])
    hundredth = percent & (rows["value"] <= 1) & (100 * rows["value"] / rows["before"]).between(0.5, 2)
    thousandth = (rows["precision"].sub(0.0005).abs() < 1e-9) & (1000 * rows["value"] / rows["before"]).between(0.5, 2)
    wrong = [
        (hundredth, 100, "is about a hundredth of the figure before it, {}; write {:g} if it is a fraction"),
        (
            thousandth,
            1000,
            "is about a thousandth of the figure before it, {}; write {:g} if the point parts thousands",
        ),
    ]
    return [
        problem
        for chosen, factor, message in wrong
        for problem in list_problems(
            rows[chosen].sort_values("row"),
            lambda e, factor=factor, message=message: Problem(
                file,
                e.row,
                "value",
                f"{e.value:g}",
                message.format(f"{e.before:g} on {e.before_date:%Y-%m-%d}", factor * e.value),
            ),
        )
    ]


def check_users_within_base(file, observations, indicators, only=None):
    """Report users above their base population, and a base of 0; of all series, or of those in ``only``.

    Parameters
    ----------
    only : set of (entity, indicator), optional
    """
    usable = observations.dropna(subset=["date", "value"])
    unit = indicators.drop_duplicates("indicator").set_index("indicator")["unit"]
    comparable = indicators["base_indicator"].map(unit) == indicators["unit"]
    base_of = indicators[comparable].drop_duplicates("indicator").set_index("indicator")["base_indicator"]
    usable = usable[usable["indicator"].isin({*base_of.index, *base_of})].sort_values("date", kind="stable")
    exact = usable[usable["bound"] == "exact"]
    bases, places = exact.groupby(["entity", "indicator"]).indices, usable.groupby(["entity", "indicator"]).indices
    limits, names = np.full(len(usable), np.inf), np.full(len(usable), "", dtype=object)
    days = pd.DatetimeIndex(usable["date"]).as_unit("s").asi8
    exact_days, values = pd.DatetimeIndex(exact["date"]).as_unit("s").asi8, exact["value"].to_numpy(float)
    for (entity, indicator), chosen in places.items():
        name = base_of.get(indicator)
        if (entity, name) in bases and (only is None or (entity, indicator) in only):
            base = bases[entity, name]
            limits[chosen], names[chosen] = np.interp(days[chosen], exact_days[base], values[base]), name
    return _explain_above(file, usable.assign(limit=limits, base=names))


def _explain_above(file, rows):
    """Report the rows whose base is 0 on their date, or whose value is above it."""
    zero = rows[rows["limit"] <= 0].sort_values("row")
    above = (rows["value"] > rows["limit"] * (1 + BASE_TOLERANCE)) & (rows["bound"] != "at_most") & (rows["limit"] > 0)
    none = "has the base {}, which is 0 on {:%Y-%m-%d}; a base is above 0"
    many = "is above its base {}, {:.6g} on {:%Y-%m-%d}; check value, unit and base"
    return list_problems(
        zero, lambda e: Problem(file, int(e.row), "value", f"{e.value:g}", none.format(e.base, e.date))
    ) + list_problems(
        rows[above].sort_values("row"),
        lambda e: Problem(file, int(e.row), "value", f"{e.value:g}", many.format(e.base, e.limit, e.date)),
    )


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
                message = f"names nothing that exists; {suggest_names(name, valid)}"
                problems.append(Problem("claims.csv", entry.row, column, operand, message))
    return problems
