"""Check the tables of a data folder: each as the schema says, then against each other.

The project's descriptor ``datapackage.json`` (Frictionless Table Schemas) is the one source of columns, types,
constraints and keys. What a Table Schema cannot say (a percentage within 0 to 100) is checked here. That no value is
above its base is checked where a series gets its limit.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.formats import quote
from .data_files import TABLES, find_kind, read_schemas, read_table
from .problems import DataError, Problem, list_problems, suggest_names
from .validate import read_cells

_FRACTION = r"(fraction|proportion|share)s?(\s+(of|in)\s.*|)"
# Questions of the profile whose values are of a day to come.
_AHEAD = ("target", "forecast")


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read and check all tables of a data folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    dict of str to DataFrame
        Typed tables, with the line number in the file as ``row``; tables with printed values also have ``precision``,
        half a unit of the last printed digit.

    Raises
    ------
    DataError
        With every cell of every table that cannot be read; or, where all can, with all that they get wrong together.
    """
    kind = find_kind(folder)
    if kind != "folder":
        looked = f"file or folder does not exist (looked in {Path.cwd()})"
        right = "give a folder that holds observations.csv, or a file with dates and values"
        raise DataError([Problem("", None, "data", str(folder), kind or f"{looked}; {right}")])
    schemas = read_schemas()
    problems, tables = list[Problem](), dict[str, pd.DataFrame]()
    for name in TABLES:
        try:
            text = read_table(folder / f"{name}.csv", schemas[name]["fields"])
        except DataError as error:
            problems += error.problems
        else:
            tables[name] = read_cells(f"{name}.csv", text, schemas[name]["fields"], problems)
    raise_problems(problems)
    observations = tables["observations"] = complete_vintages(tables["observations"])
    for name, table in tables.items():
        problems += _check_key(f"{name}.csv", table, schemas[name]["primaryKey"])
        for key in schemas[name].get("foreignKeys", []):
            problems += _check_foreign_key(name, tables, key)
    problems += check_units("indicators.csv", tables["indicators"])
    problems += check_spellings("observations.csv", observations)
    problems += check_published("observations.csv", observations)
    problems += _check_profile("profile.csv", tables["profile"])
    problems += _check_notes("notes.csv", tables)
    raise_problems(problems + check_figures("observations.csv", observations, tables["indicators"]))
    return tables


def complete_vintages(observations: pd.DataFrame) -> pd.DataFrame:
    """Observations with defaults: published on their date, first vintage."""
    table = observations.assign(published=observations["published"].fillna(observations["date"]))
    for name, usual in (("published_by", "date"), ("vintage", "first")):
        table[name] = table[name].replace("", usual) if name in table else usual
    return table.astype({"published_by": "str", "vintage": "str"})


def raise_problems(problems: list[Problem]) -> None:
    """Raise a `DataError` with the problems, if there are any, in order of file, row and column.

    Of a cell only the first problem is listed, and of a column each message once; the others are counted.
    """
    if not problems:
        return
    order = {f"{name}.csv": place for place, name in enumerate(TABLES)}
    cells, messages = dict[object, Problem](), dict[object, Problem]()
    for p in problems:
        cells.setdefault((p.file, p.row, p.column) if p.row else p, p)
    for p in sorted(cells.values(), key=lambda p: (order.get(p.file, -1), p.row or 0, p.column)):
        messages.setdefault((p.file, p.column, p.message), replace(p, more=0))
    *others, last = messages.values()
    raise DataError([*others, replace(last, more=sum(1 + p.more for p in problems) - len(messages))])


def _check_key(file: str, table: pd.DataFrame, key: str | list[str]) -> list[Problem]:
    """Problems of rows that repeat the key of an earlier row."""
    key = [key] if isinstance(key, str) else key
    known = table.dropna(subset=key)[[*key, "row"]]
    first = known.drop_duplicates(key).rename(columns={"row": "original"})
    repeated = known[known.duplicated(key)].merge(first, on=key)
    repeated["value"] = [", ".join(parts) for parts in repeated[key].astype(str).itertuples(index=False)]
    return list_problems(file, repeated, ", ".join(key), "is already in row {original}; keep one of the two")


def _check_foreign_key(name: str, tables: Mapping[str, pd.DataFrame], key: Mapping[str, Any]) -> list[Problem]:
    column, target = key["fields"][0], key["reference"]["resource"] or name
    valid = set(tables[target][key["reference"]["fields"][0]])
    near = cache(lambda value: f"is not in {target}.csv; {suggest_names(value, valid)}")
    wrong = tables[name].loc[~tables[name][column].isin(valid | {""}), ["row", column]]
    wrong = wrong.set_axis(["row", "value"], axis=1)
    return list_problems(f"{name}.csv", wrong, column, lambda entry: near(entry["value"]))


# ---- values that cannot be what they say


def _check_profile(file: str, profile: pd.DataFrame) -> list[Problem]:
    """Problems of units, entities and days of the profile, as for series, and of percentages above 100."""
    above = profile[profile["unit"].str.startswith("percent ") & (profile["value"] > 100)]
    return [
        *check_units(file, profile),
        *check_spellings(file, profile),
        *check_published(file, profile[~profile["question"].isin(_AHEAD)]),
        *list_problems(file, above, "value", "is a percentage above 100; write a value from 0 to 100"),
    ]


def _check_notes(file: str, tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
    """Problems of numbers in notes that are not values of observations, profile or claims; years are allowed."""
    values = {*tables["observations"]["value"], *tables["profile"]["value"], *tables["claims"]["reported"]}
    notes = tables["notes"][["row", "text"]]
    numbers = notes["text"].str.replace(r"\b(?:19|20)\d\d\b", "", regex=True).str.findall(r"\d[\d,]*(?:\.\d+)?")
    wrong = notes.assign(value=numbers).explode("value").dropna(subset="value")
    wrong = wrong[[float(number.replace(",", "")) not in values for number in wrong["value"]]]
    return list_problems(file, wrong, "text", "is no value of observations.csv, profile.csv or claims.csv; write one")


def read_unit(text: str) -> str:
    """Unit as the project writes it: percentages begin with ``percent``."""
    return re.sub(r"(?i)^(%|％|per ?cent(age)?\b)\s*", "percent ", text.strip()).strip()


def check_units(file: str, table: pd.DataFrame) -> list[Problem]:
    """Problems of percentages with other words, and of fractions of 1, because the limit of both would be unknown.

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
    fraction = units["value"].str.fullmatch(_FRACTION, flags=re.IGNORECASE)
    percent = "is a fraction of 1; multiply the values and their standard errors by 100, and write the unit percent"
    other = units[units["right"] != units["value"]]
    return [
        *list_problems(file, other, "unit", "is a percentage; write {right}"),
        *list_problems(file, units[fraction], "unit", percent),
    ]


def check_published(file: str, rows: pd.DataFrame) -> list[Problem]:
    """Problems of values that were published before the day that they describe.

    Parameters
    ----------
    file : str
        The name of the file, for the messages.
    rows : DataFrame
        row (number in the file), date, published (missing: not known).

    Returns
    -------
    list of Problem
    """
    early = rows[rows["published"] < rows["date"]].assign(value="")
    message = "is before the day that the value describes; write the day on which the value became public"
    return list_problems(file, early, "published", message)


def check_spellings(file: str, observations: pd.DataFrame) -> list[Problem]:
    """Problems of entities with two spellings.

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
    rows = dict(zip(names["value"], names["row"], strict=True))
    names["usual"] = [quote(usual[_fold(name)]) for name in names["value"]]
    names["first"] = [rows[usual[_fold(name)]] for name in names["value"]]
    other = names[names["value"].map(quote) != names["usual"]]
    return list_problems(file, other, "entity", "is spelled {usual} in row {first}; write one name alike")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold()


def check_figures(
    file: str, observations: pd.DataFrame, indicators: pd.DataFrame, limited: bool = True
) -> list[Problem]:
    """Problems of percentages above 100, fractions such as 0.15 after 12%, and cumulative totals that decrease.

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
    units = indicators.set_index("indicator")["unit"]
    percent = observations["indicator"].isin(units.index[units.str.startswith("percent")])
    above = observations[percent & (observations["value"] > 100) & limited]
    rows = observations[(observations["qualifier"] == "exact") & (observations["value"] > 0)].dropna(subset="date")
    rows = rows.sort_values(["entity", "indicator", "date"], kind="stable")
    rows[["before_date", "before"]] = rows.groupby(["entity", "indicator"])[["date", "value"]].shift()
    rows = rows.assign(percent=percent, meant=100 * rows["value"]).sort_values("row")
    fraction = rows[rows["percent"] & (rows["value"] <= 1) & (rows["meant"] / rows["before"]).between(0.5, 2)]
    counted = indicators.loc[(indicators["measure"] == "cumulative") & (indicators["breaks"] == ""), "indicator"]
    fallen = rows[rows["indicator"].isin(counted) & (rows["value"] < rows["before"])]
    rate = "is a percentage above 100; write a value from 0 to 100, or, for a rate, a unit such as per 100 people"
    before = "is about a hundredth of the value before it, {before:g} on {before_date:%Y-%m-%d}"
    total = "is below {before:g} before it, and a total so far cannot decrease; correct it, or write another measure"
    return [
        *list_problems(file, above, "value", rate),
        *list_problems(file, fraction, "value", f"{before}; write {{meant:g}} if it is a fraction"),
        *list_problems(file, fallen, "value", total),
    ]
