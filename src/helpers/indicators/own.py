"""Own data: a single file as tables like the project's, and the project's tables set beside own ones."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.choices import split_choices
from ..base.columns import BY_NAME, COLUMNS
from ..base.files import write_file
from ..base.project import find_data
from ..base.quoting import quote
from .any_file import name_file, name_indicator, read_any_file
from .cells import NUMBER, read_cells
from .checks import (
    check_figures,
    check_key,
    check_spellings,
    check_units,
    complete_vintages,
    raise_problems,
    read_tables,
    read_unit,
)
from .problems import DataError, Problem, list_problems
from .tables import find_kind

ENTITY = BY_NAME["entity"].default  # where the file names no country or group
UNIT = "units"
"""The unit of figures whose unit nothing tells."""


def read_series_file(
    path: Path, choices: Mapping[str, str], project: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, pd.DataFrame], list[str]]:
    """Read and check a file of series.

    Parameters
    ----------
    path : Path
        Anything that `any_file.read_any_file` understands.
    choices : dict of str to str
        How to read it, by the names of `base.choices.CHOICES`.
    project : dict of str to DataFrame
        The project's tables: an indicator that they hold keeps its title, base, technology and breaks.

    Returns
    -------
    tables : dict of str to DataFrame
        observations, indicators (those that the project does not hold), sources and claims (none), typed as the
        project's.
    understood : list of str
        How the file was read, a sentence each.

    Raises
    ------
    DataError
        With every problem of the file.
    """
    fields = [column.describe() for column in COLUMNS]
    problems: list[Problem] = []
    listed = set(project["indicators"]["indicator"])
    text, understood, columns = read_any_file(path, choices, listed)
    text = text.reindex(columns=list(BY_NAME), fill_value="")
    rows = complete_vintages(_fill_defaults(path, read_cells(path.name, text, fields, problems)))
    tables = _build_tables(path.name, rows, project)
    problems += _check_rows(path.name, rows, set_beside(tables, project), project)
    named = [replace(problem, column=columns.get(problem.column, problem.column)) for problem in problems]
    raise_problems([_name_meant(problem) for problem in named])
    if (rows.loc[rows["indicator"].isin(listed), "break"] != "").any():
        understood.append("breaks of an indicator of the project are not read: it keeps its own")
    return tables, understood


def write_clean(source: str | Path, target: Path) -> None:
    """Write any reasonable file as a clean one, whole or not at all; what is there already is never overwritten.

    Parameters
    ----------
    source : str or Path
        As for `loading.load`; it must be a file.
    target : Path
        Ends in .csv.

    Raises
    ------
    DataError
        Where the source is no file, or the target cannot be written.
    """
    path, choices = split_choices(source)
    if find_kind(path) != "file":
        raise DataError([Problem(path.name, None, "", "", "is no file; --fix writes the clean form of a file")])
    if target.suffix.lower() != ".csv" or os.path.lexists(target):
        what = "is there already; name another file" if os.path.lexists(target) else "is no name of a CSV file"
        raise DataError([Problem("", None, "--fix", str(target), what)])
    table, _, _ = read_any_file(path, choices, set(read_tables(find_data())["indicators"]["indicator"]))
    write_file(target, table.to_csv(index=False, lineterminator="\n").encode())


def set_beside(own: Mapping[str, pd.DataFrame], project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Set the project's tables beside own ones, so that bounds, other countries and references stay available.

    An indicator that own data describe is theirs alone; of one that they take over from the project, the series of
    the entities that they hold are replaced. The claims are those of the own data.

    Parameters
    ----------
    own, project : dict of str to DataFrame

    Returns
    -------
    dict of str to DataFrame
    """
    theirs = project["observations"]
    pairs = set(zip(own["observations"]["entity"], own["observations"]["indicator"], strict=True))
    listed = theirs["indicator"].isin(own["indicators"]["indicator"])
    replaced = np.array([pair in pairs for pair in zip(theirs["entity"], theirs["indicator"], strict=True)])
    tables = {"observations": _join(own["observations"], theirs[~(listed | replaced)]), "claims": own["claims"]}
    for name, key in (("indicators", "indicator"), ("sources", "source_id")):
        tables[name] = _join(own[name], project[name][~project[name][key].isin(own[name][key])])
    wording = project["wording"]
    wording = wording[~wording["indicator"].isin(own["observations"]["indicator"])]
    return tables | {"wording": _join(own["wording"], wording)}


def _name_meant(problem: Problem) -> Problem:
    """Tell those who write an upper bound into the column bound where it belongs."""
    if problem.column != "bound" or not re.fullmatch(NUMBER, problem.value):
        return problem
    message = f"is no exact, at_least or at_most; a known upper bound is a parameter: -p bound {problem.value}"
    return replace(problem, message=message)


def _fill_defaults(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    defaults = {column.name: column.default for column in COLUMNS if column.default} | {"indicator": name_file(path)}
    filled = {column: rows[column].replace("", default) for column, default in defaults.items()}
    return rows.assign(**filled, unit=rows["unit"].map(read_unit), cumulative=rows["cumulative"].replace("no", ""))


def _build_tables(file: str, rows: pd.DataFrame, project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Build the four tables from checked rows; units and technologies are those of each indicator's first row."""
    described = rows.drop_duplicates("indicator")
    described = described[~described["indicator"].isin(project["indicators"]["indicator"])]
    words = described["indicator"].str.replace("_", " ").str.capitalize()
    title = described["title"].where(described["title"] != "", words)
    indicators = described[["row", "indicator"]].assign(
        title=title,
        unit=described["unit"].replace("", UNIT),
        counted=f"What {file} counts",
        role="target",
        technology=described["technology"].where(described["technology"] != "", title),
        breaks=described["indicator"].map(_write_breaks(rows)),
        cumulative=described["cumulative"],
    )
    names = _name_sources(rows["source"].unique())
    sources = pd.DataFrame({"row": 1, "source_id": names.values(), "publisher": names.keys(), "title": file})
    address = sources["publisher"].where(sources["publisher"].str.fullmatch(r"https?://\S+"), "")
    sources = sources.assign(url=address, licence="not stated", attribution=sources["publisher"])
    observations = rows.assign(source_id=rows["source"].map(names), confidence="medium")
    own = {"observations": observations, "indicators": indicators, "sources": sources}
    own |= {"wording": pd.DataFrame(), "claims": pd.DataFrame()}
    for name, table in own.items():  # columns and types are the project's; texts that are not there are empty
        model = project[name]
        blank = {column: "" if pd.api.types.is_string_dtype(model[column]) else np.nan for column in model}
        given = {column: table[column] for column in table if column in blank}
        own[name] = pd.DataFrame(blank | given, index=table.index).astype(model.dtypes.to_dict()).reset_index(drop=True)
    return own


def _write_breaks(rows: pd.DataFrame) -> dict[str, str]:
    """Write the breaks of each indicator as in indicators.csv; those of one entity among several name it."""
    marked = rows.rename(columns={"break": "reason"})  # a word of Python's own is no name in a row
    marked = marked[(marked["reason"] != "") & marked["date"].notna()].sort_values("date", kind="stable")
    several = rows.groupby("indicator")["entity"].nunique() > 1
    texts: dict[str, list[str]] = {name: [] for name in rows["indicator"].unique()}
    for row in marked.itertuples():
        only = f"[{row.entity.replace(']', ')')}] " if several[row.indicator] else ""
        texts[row.indicator].append(f"{row.date:%Y-%m-%d} {only}{row.reason.replace(';', ',')}")
    return {name: "; ".join(parts) for name, parts in texts.items()}


def _name_sources(sources: Iterable[str]) -> dict[str, str]:
    """Name each source after its text; the names begin with own_, so that none is one of the project's."""
    names: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for source in sources:
        name = "own_" + name_indicator(source[:200])[:40].strip("_").removeprefix("own_")
        counts[name] += 1
        unique = f"{name}_no{counts[name]}" if counts[name] > 1 else name
        while unique != name and counts[unique]:
            unique += "x"
        counts[unique] += unique != name
        names[source] = unique
    return names


def _check_rows(
    file: str, rows: pd.DataFrame, both: Mapping[str, pd.DataFrame], project: Mapping[str, pd.DataFrame]
) -> list[Problem]:
    problems = []
    if rows["bound"].isin(["at_least", "at_most"]).all():
        problems.append(Problem(file, None, "bound", "", "no figure is exact; a curve is fitted to exact ones"))
    problems += check_key(file, rows, ["entity", "indicator", "date", "published"]) + check_spellings(file, rows)
    problems += check_units(file, rows)
    for column in ("unit", "technology", "title", "cumulative"):
        problems += _check_same(file, rows, column, project["indicators"])
    pairs = set(zip(rows["entity"], rows["indicator"], strict=True))
    return problems + check_figures(file, both["observations"], both["indicators"], only=pairs)


def _check_same(file: str, rows: pd.DataFrame, column: str, described: pd.DataFrame) -> list[Problem]:
    """Report cells that give an indicator a second unit or technology, or another one than the project's."""
    known = described.drop_duplicates("indicator").set_index("indicator")[column]
    first = rows.drop_duplicates("indicator").set_index("indicator")
    named = rows["indicator"].isin(known.index)
    right = rows["indicator"].map(known).where(named, rows["indicator"].map(first[column]))
    frame = rows[["row", "indicator"]].assign(value=rows[column], right=right, named=named)
    frame["first"] = rows["indicator"].map(first["row"])

    def explain(entry: dict[str, Any]) -> str:
        right = quote(entry["right"])
        if entry["named"]:
            other = f"is not the {column} of {entry['indicator']}, {right} in indicators.csv"
            return f"{other}; write that, or name it otherwise"
        where = f"{right} in row {entry['first']}" if entry["right"] else f"not given in row {entry['first']}"
        return f"is another {column} of {entry['indicator']} than {where}; write one {column} for all its rows"

    wrong = (frame["value"] != right) & ~((frame["value"] == "") & named)
    return list_problems(file, frame[wrong], column, explain)


def _join(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([table for table in (first, second) if len(table)], ignore_index=True) if len(first) else second
