"""A series in words, the publishers behind the figures of a table, and shares of the bound on one clock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..base.columns import UNNAMED
from ..base.dates import decimal_years
from ..base.words import UNSTATED, say_day
from .data import Data
from .series import AdoptionSeries

MOST_SOURCES = 3
"""Publishers whose publications are named in a caption."""


def name_series(data: Data, series: AdoptionSeries) -> dict[str, Any]:
    """Return what figures and tables call a series.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    dict
        title (with its entity), unit, base, bound_title, cumulative (whether its figures count all so far), cautions:
        its suspected breaks, date -> what may have changed, and points: its figures, date -> value and publication in
        words.
    """
    suspected = series.breaks[series.breaks["kind"] == "suspected"]
    title = series.full_title
    cautions = dict(zip(suspected["date"], suspected["reason"], strict=True))
    words = {"title": title, "unit": series.unit, "base": series.base, "bound_title": series.bound_title}
    rows = series.observations[series.observations["bound"] == "exact"]
    unit = "" if series.unit == UNSTATED else f" {series.unit}"
    points = {
        date: f"{say_day(date)}: {value:,.10g}{unit}. {title}".strip(" .") + "."
        for date, value, title in zip(rows["date"], rows["value"], _look_up(data, rows, "title"), strict=True)
    }
    return words | {"cumulative": series.cumulative, "cautions": cautions, "points": points}


def cite_sources(data: Data, frame: pd.DataFrame) -> str:
    """Name the publishers behind the observations of every entity and indicator in a frame.

    Parameters
    ----------
    data : Data
    frame : DataFrame
        With the columns indicator and, optionally, entity.

    Returns
    -------
    str
        "Source: publisher (title, or the number of publications); ...", of more than three publishers their names
        alone; "" where there is none.
    """
    keys = [column for column in ("entity", "indicator") if column in frame]
    return _name_publishers(data, data.observations.merge(frame[keys].drop_duplicates(), on=keys)["source_id"])


def _name_publishers(data: Data, used: pd.Series) -> str:
    """The publishers of sources, as in `cite_sources`."""
    sources = data.sources[data.sources["source_id"].isin(used)]
    parts = []
    for publisher, group in sources.groupby("publisher", sort=True):
        what = group["title"].iloc[0] if len(group) == 1 else f"{len(group)} publications"
        parts.append(f"{publisher} ({what})" if publisher != UNNAMED else what)
    if len(parts) > MOST_SOURCES:
        parts = sorted(sources["publisher"].unique())
    return "Source: " + "; ".join(parts) + "." if parts else ""


def cite_series(data: Data, series: AdoptionSeries) -> str:
    """Name the publishers of the figures of a series and of its bound in its time, and its suspected breaks.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    str
    """
    bound = data.find_rows(series.entity, series.bound_name)
    bound = bound[bound["date"].between(series.values.index[0], series.values.index[-1])]
    text = _name_publishers(data, pd.concat([series.observations["source_id"], bound["source_id"]]))
    crossed = series.breaks[series.breaks["date"].between(series.values.index[0], series.values.index[-1])]
    notes = [f"{date:%Y-%m}: {reason}" for date, reason in zip(crossed["date"], crossed["reason"], strict=True)]
    return " ".join([text, *[f"Suspected break {note}." for note in notes]]).strip()


def find_urls(data: Data, entity: str, indicator: str, dates: Any) -> list[str]:
    """Find the address of the publication that has the last figure of a series up to each date; "" where none is known.

    Parameters
    ----------
    data : Data
    entity, indicator : str
    dates : DatetimeIndex, Series or list of dates, increasing

    Returns
    -------
    list of str
    """
    rows = data.find_rows(entity, indicator)
    rows = rows[rows["bound"] == "exact"].sort_values("date")
    places = rows["date"].searchsorted(pd.DatetimeIndex(dates), side="right") - 1
    urls = _look_up(data, rows, "url").tolist()
    return [urls[place] if place >= 0 else "" for place in places]


def _look_up(data: Data, rows: pd.DataFrame, column: str) -> pd.Series:
    """What the sources say, in a column, of the publication of each observation; "" where nothing is known."""
    told = data.sources.drop_duplicates("source_id").set_index("source_id")[column]
    return rows["source_id"].map(told).fillna("")


def last_bound(series: AdoptionSeries) -> float:
    """Return the bound at the last observation; nan without one."""
    return float(series.bound_at(series.values.index[-1:])[0]) if series.bound is not None else np.nan


def list_shares(series: AdoptionSeries, references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Return the shares of the bound of a series and of reference technologies as one table, a row a figure.

    Parameters
    ----------
    series : AdoptionSeries
        Without a bound, or with a single figure, it has no rows.
    references : sequence of AdoptionSeries
        Each with its own bound.

    Returns
    -------
    DataFrame
        number (of the series, 0 is `series`), entity, indicator, technology, target (bool: `series`), year (with
        decimals), share (of the bound, 0 to 1).
    """
    frames = [
        pd.DataFrame(
            {
                "number": number,
                "entity": one.entity,
                "indicator": one.indicator,
                "technology": one.technology,
                "target": number == 0,
                "year": decimal_years(one.values.index),
                "share": one.share.to_numpy(),
            }
        )
        for number, one in enumerate((series, *references))
        if one.bound is not None and len(one.values) > 1
    ]
    columns = {"number": int, "entity": str, "indicator": str, "technology": str, "target": bool}
    empty = pd.DataFrame(columns=[*columns, "year", "share"]).astype(columns | {"year": float, "share": float})
    return pd.concat(frames, ignore_index=True) if frames else empty


def crossing_years(shares: pd.DataFrame, level: float) -> pd.Series:
    """Return when each series first rises through a share of its bound, linear between figures.

    Parameters
    ----------
    shares : DataFrame
        From `list_shares`.
    level : float
        Share of the bound, 0 to 1.

    Returns
    -------
    Series
        Year with decimals, for each row that of its series; nan where a series begins above `level` or never reaches
        it.
    """
    before = shares.groupby("number")[["year", "share"]].shift()
    part = (level - before["share"]) / (shares["share"] - before["share"])
    years = before["year"] + part * (shares["year"] - before["year"])
    years = years.where(before["share"].notna(), shares["year"].where(shares["share"] <= level * 1.0001))
    above = shares["share"] >= level
    first = shares.loc[above, "number"].drop_duplicates().index
    return shares["number"].map(pd.Series(years[first].to_numpy(), shares.loc[first, "number"]))
