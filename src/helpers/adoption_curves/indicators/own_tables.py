"""Tables of a file of one's own, the checks of its figures, and the project's tables beside them."""

from __future__ import annotations

import calendar
from collections.abc import Mapping

import numpy as np
import pandas as pd

from ..base.columns import COLUMNS
from ..base.words import of_entity, quote
from .checks import check_figures, check_spellings, check_units, complete_vintages
from .problems import Problem, list_problems

_YEARS, _RARE, _TREND_DEGREE = 3, 0.001, 2
"""Years that figures need before seasons are looked for; how rare such differences would be without seasons; and the
degree of the polynomial of time that stands for growth."""
USUAL_TITLE = "Own figures"
"""Title of figures that have none."""
SHORTEST_YEAR = 360
"""Days between two figures of years."""


def fill_defaults(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    """Typed rows with the usual texts; `name` is the indicator of figures that name none, which gives them no title.

    Parameters
    ----------
    rows : DataFrame
        A row a figure, with the columns of `base.columns.COLUMNS`; "" where a text is not given.
    name : str
        Indicator of the figures that name none.

    Returns
    -------
    DataFrame
        The same rows, with published and vintage too.
    """
    words = rows["indicator"].str.replace("_", " ").str.capitalize().replace("", USUAL_TITLE)
    defaults = {column.name: column.default for column in COLUMNS if column.default} | {"indicator": name}
    filled = {column: rows[column].replace("", default) for column, default in defaults.items()}
    return complete_vintages(rows.assign(title=rows["title"].where(rows["title"] != "", words), **filled))


def build_tables(file: str, rows: pd.DataFrame, project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Build the tables from whole rows; unit, title and technology are those of each indicator's first row.

    Parameters
    ----------
    file : str
        The name of the file.
    rows : DataFrame
        A row a figure, with the columns of `base.columns.COLUMNS`; values in the unit of the row.
    project : mapping of str to DataFrame
        The project's own tables, whose columns and types are taken.

    Returns
    -------
    dict of str to DataFrame
        observations, indicators, sources, wording, claims and profile.
    """
    described = rows.drop_duplicates("indicator")
    indicators = described[["row", "indicator", "title", "unit", "measure", "people", "doing"]].assign(
        counted=f"What {file} counts",
        role="target",
        technology=described["technology"].where(described["technology"] != "", described["title"]),
        breaks=described["indicator"].map(_write_breaks(rows)),
    )
    names = {source: f"own_{number}" for number, source in enumerate(rows["source"].unique(), 1)}
    sources = pd.DataFrame({"row": 1, "source_id": names.values(), "publisher": names.keys(), "title": file})
    address = sources["publisher"].where(sources["publisher"].str.fullmatch(r"https?://\S+"), "")
    sources = sources.assign(url=address, licence="not stated", attribution=sources["publisher"])
    observations = rows.assign(source_id=rows["source"].map(names), confidence="medium")
    own = {"observations": observations, "indicators": indicators, "sources": sources}
    own |= {"wording": pd.DataFrame(), "claims": pd.DataFrame(), "profile": pd.DataFrame()}
    for name, model in project.items():  # columns and types are the project's; texts that are not there are empty
        texts = dict.fromkeys(model.select_dtypes("str").columns.difference(own[name].columns), "")
        own[name] = own[name].assign(**texts).reindex(columns=model.columns).astype(model.dtypes)
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


def check_rows(
    file: str, rows: pd.DataFrame, tables: Mapping[str, pd.DataFrame], choices: Mapping[str, str]
) -> list[Problem]:
    """List the problems of figures that can be read: what cannot be, and what has no forecast.

    Parameters
    ----------
    file : str
        The name of the file, for the messages.
    rows : DataFrame
        A row a figure, with the columns of `base.columns.COLUMNS`; values in the unit of the row.
    tables : mapping of str to DataFrame
        From `build_tables`.
    choices : mapping of str to str
        Options that say how the file is read.

    Returns
    -------
    list of Problem
    """
    problems = check_spellings(file, rows) + check_units(file, rows)
    for wrong, what in (
        (rows["published"] < rows["date"], "is before the day that the figure describes"),
        (rows["published"] > pd.Timestamp.now(), "is after today"),
    ):
        message = f"{what}; write the day on which the figure became public"
        problems += list_problems(file, rows[wrong].assign(value=""), "published", message)
    if rows["bound"].isin(["at_least", "at_most"]).all():
        problems.append(Problem(file, None, "bound", "", "no figure is exact; a curve is fitted to exact ones"))
    for column in ("unit", "measure", "technology", "title", "people", "doing"):
        problems += _check_same(file, rows, column)
    usable = rows[(rows["bound"] == "exact") & rows["date"].notna() & rows["value"].notna()]
    for (entity, indicator), series in usable.groupby(["entity", "indicator"], sort=False):
        newest = series.sort_values(["date", "published"], kind="stable").drop_duplicates("date", keep="last")
        wrong = _check_periods(newest.set_index("date")["value"], series["measure"].iloc[0], choices)
        problems += [Problem(file, None, "", of_entity(indicator, entity), wrong)] if wrong else []
    return problems + check_figures(file, tables["observations"], tables["indicators"], limited=False)


def _check_periods(values: pd.Series, measure: str, choices: Mapping[str, str]) -> str:
    """Why a series has no forecast by its dates: flows of less than a year, or seasons; "" where it has."""
    days = values.index.to_series().diff().dt.days
    if measure == "flow" and days.min() < SHORTEST_YEAR:
        right = "write the sum of each year in one row, or totals so far, with --measure cumulative"
        return f"counts what less than a year adds; {right}"
    p, levels = _find_seasons(values) if measure == "level" and "season" not in choices else (1.0, pd.Series())
    if p >= _RARE:
        return ""
    high, low = levels.idxmax(), levels.idxmin()
    differs = f"{high} is {levels[high]:.0%} above the trend, {low} {-levels[low]:.0%} below (p = {p:.1g})"
    part = "quarter" if len(levels) == 4 else "month"
    right = f"keep one {part} of each year, such as {levels.index[-1]}, or write --season none if it is chance"
    return f"has seasons: {differs}; {right}"


def _find_seasons(values: pd.Series) -> tuple[float, pd.Series]:
    """Test that growth is equal in all parts of the year: F test on differences of logarithms beside a smooth trend.

    Parameters
    ----------
    values : Series with a DatetimeIndex, increasing
        Of months or quarters. Steps over a gap, and from or to a figure of 0, are left out.

    Returns
    -------
    p : float
        How likely such differences are without seasons; 1 for other dates, less than three years, or too few steps.
    levels : Series of float
        Of each month or quarter, by its name: how far it is above the trend, as a part of it.
    """
    unknown = 1.0, pd.Series()
    months = (12 * values.index.year + values.index.month).to_numpy()
    gap = float(np.median(np.diff(months))) if len(months) > 1 and len(set(months)) == len(months) else 0.0
    count = {1.0: 12, 3.0: 4}.get(gap, 0)
    if not count or len(values) < _YEARS * count:
        return unknown
    from scipy.special import fdtrc  # it takes as long to load as all else, and few files need it

    # growth from each figure to the next, by month, without steps over a gap and from or to 0
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.diff(np.log(values.to_numpy(float)))
    used = (np.diff(months) == gap) & np.isfinite(growth)
    growth, time = growth[used], months[1:][used].astype(float)
    part = (values.index.month[1:][used].to_numpy() - 1) // (12 // count)
    freedom = len(growth) - _TREND_DEGREE - count
    if freedom < 1 or len(np.unique(part)) < count:
        return unknown
    # sums of squares around a polynomial of time alone, and beside a level of each part of the year but the first
    smooth = np.vander((time - time.mean()) / np.ptp(time), _TREND_DEGREE + 1)
    both = np.c_[smooth, (part[:, None] == np.arange(1, count)).astype(float)]
    fits = [np.linalg.lstsq(columns, growth, rcond=None)[0] for columns in (smooth, both)]
    alone, beside = (float(np.sum((growth - x @ b) ** 2)) for x, b in zip((smooth, both), fits, strict=True))
    if alone <= 1e-12 * float(growth @ growth):
        return unknown  # growth is smooth to the last digit
    # the F ratio, and levels as sums of the differences in growth, both around their means
    ratio = (alone - beside) / (count - 1) / max(beside / freedom, 1e-300)
    steps = np.r_[0.0, fits[1][_TREND_DEGREE + 1 :]]
    levels = np.cumsum(steps - steps.mean())
    parts = calendar.month_name[1:] if count == 12 else ["Q1", "Q2", "Q3", "Q4"]
    return float(fdtrc(count - 1, freedom, ratio)), pd.Series(np.expm1(levels - levels.mean()), parts)


def _check_same(file: str, rows: pd.DataFrame, column: str) -> list[Problem]:
    """Report cells that give an indicator a second unit, measure, technology, title, people or doing."""
    first = rows.groupby("indicator")[[column, "row"]].transform("first")
    frame = rows[["row", "indicator"]].assign(value=rows[column], right=first[column].map(quote), first=first["row"])
    message = f"is another {column} of {{indicator}} than {{right}} in row {{first}}; write one {column} for all"
    return list_problems(file, frame[rows[column] != first[column]], column, message)


def set_beside(own: Mapping[str, pd.DataFrame], project: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Set the project's tables beside own ones, so that bounds, other countries and references stay available.

    An indicator that own data have is theirs alone: the project's of that name is left out. The claims and
    the profile are those of the own data.

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
        ("sources", "source_id", "sources"),
    ):
        others = project[name][~project[name][key].isin(own[named][key])]
        tables[name] = pd.concat([own[name], others], ignore_index=True) if len(own[name]) else others
    return tables
