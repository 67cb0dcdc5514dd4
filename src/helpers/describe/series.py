"""One series in words and rows: its names, its sources, its figures and its growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from helpers.curves import decimal_years
from helpers.indicators.series import list_breaks

if TYPE_CHECKING:
    from helpers.indicators.data import Data
    from helpers.indicators.series import AdoptionSeries


def name_series(series: AdoptionSeries) -> dict[str, Any]:
    """Return what figures and tables call a series: title (with its entity), unit, base, bound_title, cautions.

    `cautions` are the suspected breaks: date -> what may have changed.
    """
    suspected = series.breaks[series.breaks["kind"] == "suspected"]
    title = series.title if series.entity in series.title else f"{series.title}, {series.entity}"
    cautions = dict(zip(suspected["date"], suspected["reason"], strict=True))
    words = {"title": title, "unit": series.unit, "base": series.base, "bound_title": series.bound_title}
    return words | {"cautions": cautions}


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
        "Source: publisher (title, or the number of publications); ..."
    """
    keys = [column for column in ("entity", "indicator") if column in frame]
    used = data.observations.merge(frame[keys].drop_duplicates(), on=keys)["source_id"].unique()
    sources = data.sources[data.sources["source_id"].isin(used)]
    parts = []
    for publisher, group in sources.groupby("publisher", sort=True):
        what = group["title"].iloc[0] if len(group) == 1 else f"{len(group)} publications"
        parts.append(f"{publisher} ({what})")
    return "Source: " + "; ".join(parts) + "." if parts else ""


def cite_series(data: Data, series: AdoptionSeries) -> str:
    """Name the publishers of a series and of its bound, and the figures' possible flaw, if one is known."""
    rows = [(series.entity, series.indicator), (series.entity, series.bound_name)]
    text = cite_sources(data, pd.DataFrame(rows, columns=["entity", "indicator"]))
    told = series.breaks[series.breaks["date"].between(series.values.index[0], series.values.index[-1])]
    notes = [f"{date:%Y-%m}: {reason}" for date, reason in zip(told["date"], told["reason"], strict=True)]
    return " ".join([text, *[f"Suspected break {note}." for note in notes]]).strip()


def list_series(series: AdoptionSeries) -> pd.DataFrame:
    """Return the figures of a series as published: date, value, bound, source_id, confidence, note."""
    columns = ["date", "value", "bound", "source_id", "confidence", "note"]
    return series.observations[columns].sort_values("date").reset_index(drop=True)


def list_observations(data: Data, entity: str, indicator: str) -> pd.DataFrame:
    """Return when each series of an entity was observed, and its breaks, without rates that repeat a users series.

    Returns
    -------
    DataFrame
        entity, indicator, title, date, kind: "exact", "at_least", "at_most", or "break".
    """
    listed = data.indicators[(data.indicators["rate_of"] == "") | (data.indicators["indicator"] == indicator)]
    rows = data.observations[data.observations["entity"] == entity]
    rows = rows.merge(listed[["indicator", "title"]], on="indicator").rename(columns={"bound": "kind"})
    frames = [rows[["entity", "indicator", "title", "date", "kind"]]]
    exact = set(rows.loc[rows["kind"] == "exact", "indicator"])
    for entry in listed[listed["indicator"].isin(exact)].itertuples(index=False):
        breaks = list_breaks(entry.breaks, "", entity, data.limit())
        breaks = breaks.assign(entity=entity, indicator=entry.indicator, title=entry.title)
        frames.append(breaks[["entity", "indicator", "title", "date", "kind"]])
    return pd.concat([frame for frame in frames if len(frame)], ignore_index=True)


def count_verdicts(claims: pd.DataFrame) -> pd.DataFrame:
    """Return how many claims got each verdict."""
    return claims["verdict"].value_counts(sort=False).rename_axis("verdict").reset_index(name="claims")


def last_bound(series: AdoptionSeries) -> float:
    """Return the bound at the last observation; nan without one."""
    return float(series.bound_at(series.values.index[-1:])[0]) if series.bound is not None else np.nan


def measure_growth(data: Data, series: AdoptionSeries) -> pd.DataFrame:
    """Return levels, shares of the bound and growth between observations.

    Parameters
    ----------
    data : Data
        Where the published rate of the same technology is looked for.
    series : AdoptionSeries
        Only its exact observations after the last break are used.

    Returns
    -------
    DataFrame
        One row per observation: date, value (the series' unit), share_of_bound (percent; missing without a bound),
        published_rate (percent of the base population, as published for the same date), years (since the observation
        before), change (the unit), growth (percent) and growth_per_year (percent a year, compounded). Growth from a
        value of 0 is missing.
    """
    values = series.values
    before = values.shift().where(lambda x: x > 0)
    years = pd.Series(decimal_years(values.index), index=values.index).diff()
    growth = values / before
    share = 100 * values / series.bound_at(values.index) if series.bound is not None else np.nan
    return pd.DataFrame(
        {
            "entity": series.entity,
            "indicator": series.indicator,
            "date": values.index,
            "value": values.to_numpy(),
            "unit": series.unit,
            "share_of_bound": share,
            "published_rate": _find_rates(data, series).reindex(values.index).to_numpy(),
            "years": years.to_numpy(),
            "change": values.diff().to_numpy(),
            "growth": 100 * (growth.to_numpy() - 1),
            "growth_per_year": 100 * (growth.to_numpy() ** (1 / years.to_numpy()) - 1),
        }
    ).reset_index(drop=True)


def _find_rates(data: Data, series: AdoptionSeries) -> pd.Series:
    """The usage rate that is published beside a number of users, by date."""
    rates = data.indicators.loc[data.indicators["rate_of"] == series.indicator, "indicator"]
    rows = data.observations[
        data.observations["indicator"].isin(rates) & (data.observations["entity"] == series.entity)
    ]
    return rows[rows["bound"] == "exact"].groupby("date")["value"].first()
