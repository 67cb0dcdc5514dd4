"""Check the tables of a data folder against each other, and collect every problem before any is raised.

The project's descriptor ``datapackage.json`` (Frictionless Table Schemas) is the one source of columns, types,
constraints and keys. What a Table Schema cannot say (a percentage within 0 to 100, users not above their base) is
checked here.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.limit import Limit
from ..base.words import quote
from .cells import read_cells
from .data_files import TABLES, find_kind, read_schemas, read_table
from .problems import DataError, Problem, list_problems, suggest_names
from .series import BASE_TOLERANCE, READ

FRACTION = r"(fraction|proportion|share)s?(\s+(of|in)\s.*|)"


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
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
        nothing = f"file or folder does not exist (looked in {Path.cwd()}); give a folder that holds observations.csv"
        raise DataError([Problem("", None, "data", str(folder), kind or f"{nothing}, or a CSV file")])
    schemas = read_schemas()
    problems: list[Problem] = []
    texts = {name: read_table(folder / f"{name}.csv", schemas[name]["fields"], problems) for name in TABLES}
    tables = {
        name: read_cells(f"{name}.csv", text, schemas[name]["fields"], problems)
        for name, text in texts.items()
        if text is not None
    }
    if "observations" in tables:
        tables["observations"] = complete_vintages(tables["observations"])
    for name, table in tables.items():
        problems += _check_key(f"{name}.csv", table, schemas[name]["primaryKey"])
        for key in schemas[name].get("foreignKeys", []):
            problems += _check_foreign_key(name, tables, key)
    problems += _check_meaning(tables)
    raise_problems(problems)
    return tables


def complete_vintages(observations: pd.DataFrame) -> pd.DataFrame:
    """Observations with defaults: public on their date, and as first printed."""
    table = observations.assign(published=observations["published"].fillna(observations["date"]))
    for name, usual in (("published_by", "date"), ("vintage", "first")):
        table[name] = table[name].replace("", usual) if name in table else usual
    return table.astype({"published_by": "str", "vintage": "str"})


def raise_problems(problems: list[Problem]) -> None:
    """Raise a `DataError` with the problems, if any, in order of file, row and column, one a cell."""
    if problems:
        order = {f"{name}.csv": place for place, name in enumerate(TABLES)}
        first = {(p.file, p.row, p.column) if p.row else p: p for p in reversed(problems)}
        raise DataError(sorted(first.values(), key=lambda p: (order.get(p.file, -1), p.row or 0, p.column)))


def _check_key(file: str, table: pd.DataFrame, key: str | list[str]) -> list[Problem]:
    """Report rows that repeat the key of an earlier row."""
    key = [key] if isinstance(key, str) else key
    known = table.dropna(subset=key)
    first = known.drop_duplicates(key)[[*key, "row"]].rename(columns={"row": "original"})
    if "value" in table:
        first["other"] = known["value"]
    repeated = known[known.duplicated(key)].rename(columns={"value": "here"}).merge(first, on=key)
    repeated["value"] = [", ".join(parts) for parts in repeated[key].astype(str).itertuples(index=False)]

    def explain(entry: dict[str, Any]) -> str:
        known = "here" in entry and not np.isnan(entry["here"] + entry["other"])
        values = f" (value {entry['other']:g}, here {entry['here']:g})" if known else ""
        return f"is already in row {entry['original']}{values}; keep one of the two"

    return list_problems(file, repeated, ", ".join(key), explain)


def _check_foreign_key(name: str, tables: Mapping[str, pd.DataFrame], key: Mapping[str, Any]) -> list[Problem]:
    column, target = key["fields"][0], key["reference"]["resource"] or name
    if target not in tables:
        return []
    valid = set(tables[target][key["reference"]["fields"][0]])
    near = cache(lambda value: f"is not in {target}.csv; {suggest_names(value, valid)}")
    wrong = tables[name].loc[~tables[name][column].isin(valid | {""}), ["row", column]]
    wrong = wrong.set_axis(["row", "value"], axis=1)
    return list_problems(f"{name}.csv", wrong, column, lambda entry: near(entry["value"]))


def _check_meaning(tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Check what a Table Schema cannot say, as far as the tables could be read."""
    problems = []
    observations, indicators = tables.get("observations"), tables.get("indicators")
    if indicators is not None:
        problems += check_units("indicators.csv", indicators)
    if observations is not None:
        problems += check_spellings("observations.csv", observations)
        problems += _check_readings("observations.csv", observations)
    if observations is not None and indicators is not None:
        problems += check_figures("observations.csv", observations, indicators)
    return problems


# ---- figures that cannot be what they say


def read_unit(text: str) -> str:
    """Write the unit as the project does: percentages begin with ``percent``."""
    return re.sub(r"(?i)^(%|％|per ?cent(age)?\b)\s*", "percent ", text.strip()).strip()


def check_units(file: str, table: pd.DataFrame) -> list[Problem]:
    """Report percentages that are not written as such, and fractions of 1: the bound of both would be unknown.

    Parameters
    ----------
    file : str
        The name of the file, for the messages.
    table : DataFrame
        row (number in the file), unit.

    Returns
    -------
    list of Problem
    """
    units = table.loc[:, ["row", "unit"]].drop_duplicates("unit").rename(columns={"unit": "value"})
    units["right"] = units["value"].map(read_unit)
    fraction = units["value"].str.fullmatch(FRACTION, flags=re.IGNORECASE)
    percent = "is a fraction of 1; multiply the figures and their standard errors by 100, and write the unit percent"
    other = units[units["right"] != units["value"]]
    return [
        *list_problems(file, other, "unit", "is a percentage; write {right}"),
        *list_problems(file, units[fraction], "unit", percent),
    ]


def check_spellings(file: str, observations: pd.DataFrame) -> list[Problem]:
    """Problems of entities that are spelled in two ways, or have no letter.

    Parameters
    ----------
    file : str
        The name of the file, for the messages.
    observations : DataFrame
        row (number in the file), entity.

    Returns
    -------
    list of Problem
    """
    counted = observations["entity"].value_counts().index
    usual = {_fold(name): name for name in reversed(counted)}
    names = observations.loc[:, ["row", "entity"]].drop_duplicates("entity").rename(columns={"entity": "value"})
    names["usual"] = [quote(usual[_fold(name)]) for name in names["value"]]
    blank = names[(names["value"] != "") & ~names["value"].str.contains(r"[^\W_]")]
    return [
        *list_problems(
            file, names[names["value"].map(quote) != names["usual"]], "entity", "is spelled {usual} elsewhere"
        ),
        *list_problems(file, blank, "entity", "has no letter and no digit; write the name"),
    ]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def _check_readings(file: str, observations: pd.DataFrame) -> list[Problem]:
    """Report readings of a figure that has none, that lack an end, or that the printed figure or each other exclude."""
    if not {*READ} <= {*observations}:
        return []
    low, high, value = (observations[name] for name in (*READ, "value"))
    given, sides = low.notna() | high.notna(), observations["bound"]
    problems = []
    for wrong, message in (
        (given & (sides == "exact"), "is for a figure printed as at_least or at_most, and this is exact; leave it out"),
        (given & (low.isna() | high.isna()), "needs both ends: write read_low and read_high, or neither"),
        (low > high, "is {read_low:g}, above read_high, {read_high:g}: the two exclude each other"),
        ((sides == "at_least") & (low < value), "is {read_low:g}, below what is printed, at least {printed:g}"),
        ((sides == "at_most") & (high > value), "goes to {read_high:g}, above what is printed, at most {printed:g}"),
    ):
        rows = observations.loc[wrong, ["row", *READ]].assign(printed=value[wrong], value=low[wrong])
        problems += list_problems(file, rows, "read_low", message)
    return problems


def check_figures(
    file: str, observations: pd.DataFrame, indicators: pd.DataFrame, limited: bool = True
) -> list[Problem]:
    """Report percentages above 100, falls by a factor of 100 or 1000, users above their base, and a base of 0.

    A percentage of 0.15 after 12 is a fraction; 1.125 after 990 has a point that separates thousands. No technology is
    given up like that between two figures.

    Parameters
    ----------
    file : str
    observations, indicators : DataFrame
    limited : bool, default True
        Percentages have the limit 100.

    Returns
    -------
    list of Problem
    """
    percent = observations["indicator"].isin(indicators.loc[indicators["unit"].str.startswith("percent"), "indicator"])
    rows = observations.assign(percent=percent)
    rows["base"], rows["limit"] = _find_limits(rows, indicators)
    exact = rows[(rows["bound"] == "exact") & (rows["value"] > 0)].dropna(subset="date")
    exact = exact.sort_values(["entity", "indicator", "date"], kind="stable")
    exact[["before_date", "before"]] = exact.groupby(["entity", "indicator"])[["date", "value"]].shift()
    counted = (indicators["measure"] == "cumulative") & (indicators["breaks"] == "")
    fallen = exact["indicator"].isin(indicators.loc[counted, "indicator"]) & (exact["value"] < exact["before"])
    fall, zero = exact["value"] / exact["before"], rows["limit"] <= 0
    fraction = exact[exact["percent"] & (exact["value"] <= 1) & (100 * fall).between(0.5, 2)]
    thousands = exact[(exact["precision"].sub(0.0005).abs() < 1e-9) & (1000 * fall).between(0.5, 2)]
    fraction, thousands = (one.assign(meant=n * one["value"]) for n, one in ((100, fraction), (1000, thousands)))
    above = (rows["value"] > rows["limit"] * (1 + BASE_TOLERANCE)) & (rows["bound"] != "at_most") & ~zero
    before = "of the figure before it, {before:g} on {before_date:%Y-%m-%d}; write {meant:g} if"
    problems = []
    for wrong, message in (
        (
            rows[percent & (rows["value"] > 100) & limited],
            "is a percentage above 100; write a value from 0 to 100, or, for a rate, a unit such as per 100 people",
        ),
        (fraction, f"is about a hundredth {before} it is a fraction"),
        (thousands, f"is about a thousandth {before} the point parts thousands"),
        (
            exact[fallen],
            "is below {before:g} before it, and a total so far cannot fall; write the measure level if it is none",
        ),
        (rows[zero], "has the base {base}, which is 0 on {date:%Y-%m-%d}; a base is above 0"),
        (rows[above], "is above its base {base}, {limit:.6g} on {date:%Y-%m-%d}; check value, unit and base"),
    ):
        problems += list_problems(file, wrong.sort_values("row"), "value", message)
    return problems


def _find_limits(rows: pd.DataFrame, indicators: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    """Find the base of each figure, and its value on the date of the figure; infinity where there is none."""
    about = indicators.drop_duplicates("indicator").set_index("indicator")
    base_of = about.loc[about["base_indicator"].map(about["unit"]) == about["unit"], "base_indicator"].to_dict()
    usable = rows[rows["indicator"].isin({*base_of, *base_of.values()})].dropna(subset=["date", "value"])
    exact = usable[(usable["bound"] == "exact") & usable["indicator"].isin(base_of.values())].set_index("date")
    bases = dict(tuple(exact.groupby(["entity", "indicator"])["value"]))
    places = np.flatnonzero(rows.index.isin(usable.index))
    names, limits = np.full(len(rows), "", dtype=object), np.full(len(rows), np.inf)
    for (entity, indicator), chosen in usable.groupby(["entity", "indicator"]).indices.items():
        base = bases.get((entity, base_of.get(indicator, "")))
        if base is not None:
            names[places[chosen]] = base_of[indicator]
            limits[places[chosen]] = Limit(base.sort_index()).at(pd.DatetimeIndex(usable["date"].iloc[chosen]))
    return names, limits
