"""Tables made from a user's file, checks of its values, and the project's tables that stay available."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..base.columns import COLUMNS, USUAL_TITLE
from ..base.formats import of_entity, quote
from .checks import check_figures, check_published, check_spellings, check_units, complete_vintages
from .problems import Problem, list_problems

# Minimum number of days between two yearly values.
_SHORTEST_YEAR = 360
# Years that a test for a season needs, and the largest p-value of a season.
_SEASON_YEARS, _SEASON_P = 3, 0.001
# Ending of the name of an indicator with the limits of another.
_LIMIT = "_limit"


def fill_defaults(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Rows with default texts for empty cells.

    Parameters
    ----------
    rows : DataFrame
        One row per value, with the columns of `base.columns.COLUMNS`; "" for missing texts.
    name : str
        Indicator of values without one, which then have no title.

    Returns
    -------
    DataFrame
        The same rows, with published and vintage.
    """
    words = rows["indicator"].str.replace("_", " ").str.capitalize().replace("", USUAL_TITLE)
    defaults = {column.name: column.default for column in COLUMNS if column.default} | {"indicator": name}
    filled = {column: rows[column].replace("", default) for column, default in defaults.items()}
    return complete_vintages(rows.assign(title=rows["title"].where(rows["title"] != "", words), **filled))


def build_tables(file: str, rows: pd.DataFrame, project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Tables of a data folder from the rows of a file.

    Unit, title and technology of an indicator are those of its first row.

    Parameters
    ----------
    file : str
        Name of the file.
    rows : DataFrame
        One row per value, with the columns of `base.columns.COLUMNS`; values in the unit of the row.
    project : mapping of str to DataFrame
        The project's tables, whose columns and types are used.

    Returns
    -------
    dict of str to DataFrame
        observations, indicators, sources, entities, wording, claims, profile and notes.
    """
    described = rows.drop_duplicates("indicator")
    indicators = described[["row", "indicator", "title", "unit", "measure", "people", "doing"]].assign(
        counted=described["title"],
        role="target",
        technology=described["technology"].where(described["technology"] != "", described["title"]),
        breaks=described["indicator"].map(_write_breaks(rows)),
    )
    kinds = rows.groupby(["source", "address", "licence", "retrieved"], sort=False, dropna=False).ngroup()
    observations = rows.assign(source_id=[f"own_{kind + 1}" for kind in kinds], confidence="medium")
    sources = observations.drop_duplicates("source_id").assign(row=1, publisher=rows["source"], title=file)
    address = sources["source"].where(sources["source"].str.fullmatch(r"https?://\S+"), sources["address"])
    days = sources["retrieved"].dt.strftime("%Y-%m-%d").fillna("")
    sources = sources.assign(url=address, accessed=days, attribution=sources["source"])
    limits = observations[observations["limit"].notna()]
    if len(limits):  # a column of limits becomes a separate series
        limits = limits.assign(value=limits["limit"], qualifier="exact", indicator=limits["indicator"] + _LIMIT)
        base = indicators[(indicators["indicator"] + _LIMIT).isin(limits["indicator"])]
        indicators["limit"] = base["indicator"] + _LIMIT
        base = base.assign(indicator=base["indicator"] + _LIMIT, title=f"The limit in {file}", technology="limit")
        base = base.assign(role="base", measure="level", breaks="")
        observations = pd.concat([observations, limits], ignore_index=True)
        indicators = pd.concat([indicators, base], ignore_index=True)
    own = {"observations": observations, "indicators": indicators, "sources": sources}
    own |= {name: pd.DataFrame() for name in ("entities", "wording", "claims", "profile", "notes")}
    for name, model in project.items():  # use the project's columns and types; missing texts are empty
        texts = dict.fromkeys(model.select_dtypes("str").columns.difference(own[name].columns), "")
        own[name] = own[name].assign(**texts).reindex(columns=model.columns).astype(model.dtypes)
    return own


def _write_breaks(rows: pd.DataFrame) -> dict[str, str]:
    """Changes of method of each indicator in the form of indicators.csv; with the entity if there are several."""
    marked = rows.rename(columns={"break": "reason"})  # break is a keyword, so a row cannot have it as attribute
    marked = marked[(marked["reason"] != "") & marked["date"].notna()].sort_values("date", kind="stable")
    several = rows.groupby("indicator")["entity"].nunique() > 1
    texts: dict[str, list[str]] = {name: [] for name in rows["indicator"].unique()}
    for row in marked.itertuples():
        only = f"[{row.entity.replace(']', ')')}] " if several[row.indicator] else ""
        texts[row.indicator].append(f"{row.date:%Y-%m-%d} {only}{row.reason.replace(';', ',')}")
    return {name: "; ".join(parts) for name, parts in texts.items()}


def check_rows(file: str, rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame], season: str = "") -> list[Problem]:
    """Problems of values that can be read but cannot be right, or cannot be forecast.

    Parameters
    ----------
    file : str
        Name of the file, for messages.
    rows : DataFrame
        One row per value, with the columns of `base.columns.COLUMNS`; values in the unit of the row.
    tables : mapping of str to DataFrame
        From `build_tables`.
    season : str
        "none" if differences between the parts of a year are due to chance.

    Returns
    -------
    list of Problem
    """
    problems = check_spellings(file, rows) + check_units(file, rows) + check_published(file, rows)
    later = rows[rows["published"] > pd.Timestamp.now()].assign(value="")
    message = "is after today; write the day on which the value became public"
    problems += list_problems(file, later, "published", message)
    if rows["qualifier"].isin(["at_least", "at_most"]).all():
        message = "no value is exact, and a curve is fitted to exact ones; write exact where the source says no limit"
        problems.append(Problem(file, None, "qualifier", "", message))
    for column in ("unit", "measure", "technology", "title", "people", "doing"):
        problems += _check_same(file, rows, column)
    exact = rows[rows["qualifier"] == "exact"].dropna(subset=["date", "value"])
    for (entity, indicator), series in exact.groupby(["entity", "indicator"], sort=False):
        values = series.drop_duplicates("date").sort_values("date").set_index("date")["value"]
        wrong = _explain_periods(values, series["measure"].iloc[0], season)
        problems += [Problem(file, None, "", of_entity(indicator, entity), wrong)] if wrong else []
    return problems + check_figures(file, tables["observations"], tables["indicators"], limited=False)


def _explain_periods(values: pd.Series, measure: str, season: str) -> str:
    """Reason why the dates of a series allow no forecast: flows of parts of a year, or a seasonal level; else ""."""
    if measure == "flow" and values.index.to_series().diff().dt.days.min() < _SHORTEST_YEAR:
        right = "write the sum of each year in one row, or totals so far, with --measure cumulative"
        return f"counts what less than a year adds; {right}"
    p = _test_season(values) if measure == "level" else 1.0
    if np.isnan(p) and season:
        return "is no level of months or quarters over three years, which --season is about; leave it out"
    if season or not p < _SEASON_P:
        return ""
    differs = f"grows otherwise in some months of a year than in others (p = {p:.1g}), as sales and visits do"
    return f"{differs}; keep one value a year, such as the last, or write --season none if it is chance"


def _test_season(values: pd.Series) -> float:
    """P-value of equal growth in all months or quarters, given a quadratic trend.

    It is NaN for other dates or less than three years, and 1 for growth that is smooth to the last digit.
    """
    months = (12 * values.index.year + values.index.month).to_numpy()
    gap = int(np.median(np.diff(months))) if len(months) > 1 else 0
    if gap not in (1, 3) or len(values) < _SEASON_YEARS * 12 / gap or len({*months}) < len(months):
        return np.nan
    from statsmodels.api import OLS  # imported here, because it is large and few files need it

    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.diff(np.log(values.to_numpy(float)))
    used = (np.diff(months) == gap) & np.isfinite(growth)  # no step across a missing value, or from or to 0
    growth, time = growth[used], months[1:][used]
    parts = pd.get_dummies((time - 1) % 12 // gap, drop_first=True).to_numpy(float)
    trend = np.vander((time - time.mean()) / np.ptp(time), 3)
    if len(growth) < parts.shape[1] + 4:
        return np.nan
    smooth = OLS(growth, trend).fit()
    if smooth.ssr <= 1e-12 * float(growth @ growth):
        return 1.0
    return float(OLS(growth, np.c_[trend, parts]).fit().compare_f_test(smooth)[1])


def _check_same(file: str, rows: pd.DataFrame, column: str) -> list[Problem]:
    """Problems of cells that give an indicator a second unit, measure, technology, title, people or doing."""
    first = rows.groupby("indicator")[[column, "row"]].transform("first")
    frame = rows[["row", "indicator"]].assign(value=rows[column], right=first[column].map(quote), first=first["row"])
    message = f"is another {column} of {{indicator}} than {{right}} in row {{first}}; write one {column} for all"
    return list_problems(file, frame[rows[column] != first[column]], column, message)


def set_beside(own: Mapping[str, pd.DataFrame], project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Add the project's tables to your own, so that limits, other countries and comparison technologies stay available.

    An indicator in your own data replaces the project's. The claims and the profile of use are those of your own data.

    Parameters
    ----------
    own, project : dict of str to DataFrame

    Returns
    -------
    dict of str to DataFrame
    """
    tables = {"claims": own["claims"], "profile": own["profile"]}
    for name, key, named in (
        ("observations", "indicator", "indicators"),
        ("indicators", "indicator", "indicators"),
        ("wording", "indicator", "indicators"),
        ("notes", "indicator", "indicators"),
        ("sources", "source_id", "sources"),
        ("entities", "entity", "entities"),
    ):
        others = project[name][~project[name][key].isin(own[named][key])]
        tables[name] = pd.concat([own[name], others], ignore_index=True) if len(own[name]) else others
    return tables
