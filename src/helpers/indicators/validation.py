"""Check the tables of a data folder against each other, and collect every problem before any is raised.

The descriptor ``datapackage.json`` (Frictionless Table Schema) in the folder is the one source of columns, types,
constraints and keys. What a Table Schema cannot say (a percentage within 0 to 100, users not above their base, breaks
that parse) is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import pandas as pd

from helpers.indicators.breaks import parse_breaks
from helpers.indicators.cells import check_cells, convert_types
from helpers.indicators.descriptor import TABLES, read_descriptor
from helpers.indicators.opening import find_kind
from helpers.indicators.plausibility import (
    check_percentages,
    check_scale,
    check_spellings,
    check_units,
    check_users_within_base,
)
from helpers.indicators.problems import MOST, DataError, Problem, list_problems, suggest_names
from helpers.indicators.reading import read_text_table
from helpers.project import hash_file


def read_tables(folder: Path) -> dict[str, pd.DataFrame]:
    """Read and check all tables of a data folder; once, as long as the files stay the same.

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
    return {name: table.copy() for name, table in _read_checked(folder.absolute(), _take_state(folder)).items()}


def _take_state(folder: Path) -> tuple[str, ...]:
    """sha256 of each file that can be read."""
    state = []
    for name in ("datapackage.json", *(f"{name}.csv" for name in TABLES)):
        with suppress(OSError):
            state.append(f"{name} {hash_file(folder / name)}")
    return tuple(state)


@lru_cache(maxsize=2)  # own data, and the project's beside them
def _read_checked(folder: Path, state: tuple[str, ...]) -> dict[str, pd.DataFrame]:
    schemas = read_descriptor(folder / "datapackage.json")
    problems: list[Problem] = []
    texts, tables = {}, {}
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


def raise_problems(problems: list[Problem]) -> None:
    """Raise a `DataError` with the problems, if any, in order of file, row and column, one a cell."""
    if problems:
        first = {(p.file, p.row, p.column) if p.row else p: p for p in reversed(problems)}
        raise DataError(sorted(first.values(), key=lambda p: (_file_order(p.file), p.row or 0, p.column)))


def _file_order(file: str) -> int:
    names = [f"{name}.csv" for name in TABLES]
    return names.index(file) if file in names else -1


def check_key(file: str, table: pd.DataFrame, key: str | list[str]) -> list[Problem]:
    """Report rows that repeat the key of an earlier row."""
    key = [key] if isinstance(key, str) else key
    known = table.dropna(subset=key)
    columns = [*key, "row", *(["value"] if "value" in table else [])]
    repeated = known.loc[known.duplicated(key), columns]
    first = known.loc[~known.duplicated(key), columns].rename(columns={"row": "original", "value": "other"})
    return list_problems(repeated.merge(first, on=key), lambda entry: _explain_repetition(file, entry, key))


def _explain_repetition(file: str, entry: Any, key: Sequence[str]) -> Problem:
    parts = [getattr(entry, name) for name in key]
    parts = [f"{part:%Y-%m-%d}" if isinstance(part, pd.Timestamp) else str(part) for part in parts]
    values = ""
    if hasattr(entry, "value") and pd.notna(entry.value) and pd.notna(entry.other):
        values = f" (value {entry.other:g}, here {entry.value:g})"
    message = f"is already in row {entry.original}{values}; keep one of the two"
    return Problem(file, int(entry.row), ", ".join(key), ", ".join(parts), message)


def _check_foreign_keys(
    name: str, tables: Mapping[str, pd.DataFrame], keys: Sequence[Mapping[str, Any]]
) -> list[Problem]:
    problems: list[Problem] = []
    for key in keys:
        column, reference = key["fields"][0], key["reference"]
        target = reference["resource"] or name
        if target not in tables:
            continue
        valid = set(tables[target][reference["fields"][0]])
        wrong = tables[name].loc[~tables[name][column].isin(valid | {""}), ["row", column]]
        near = {value: suggest_names(value, valid) for value in wrong[column].head(MOST).unique()}
        hints = {value: f"is not in {target}.csv; {hint}" for value, hint in near.items()}
        explain = partial(_explain_stranger, f"{name}.csv", column, hints)
        problems += list_problems(wrong.set_axis(["row", "value"], axis=1), explain)
    return problems


def _explain_stranger(file: str, column: str, hints: Mapping[str, str], entry: Any) -> Problem:
    return Problem(file, int(entry.row), column, entry.value, hints[entry.value])


def _check_meaning(tables: Mapping[str, pd.DataFrame]) -> list[Problem]:
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


def _check_breaks(indicators: pd.DataFrame, entities: set[str]) -> list[Problem]:
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


def _check_base_units(indicators: pd.DataFrame) -> list[Problem]:
    unit = indicators.drop_duplicates("indicator").set_index("indicator")["unit"]
    problems = []
    for entry in indicators[indicators["base_indicator"].isin(unit.index)].itertuples():
        base_unit = unit[entry.base_indicator]
        if entry.unit != base_unit:
            message = f"is in {base_unit}, {entry.indicator} in {entry.unit}; name a base in the same unit"
            problems.append(Problem("indicators.csv", entry.row, "base_indicator", entry.base_indicator, message))
    return problems


def _check_circles(indicators: pd.DataFrame) -> list[Problem]:
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


def _check_operands(claims: pd.DataFrame, indicators: set[str]) -> list[Problem]:
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
