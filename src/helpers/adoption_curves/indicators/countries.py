"""Comparison of countries by the newest observations of each measure, ranked only within a publisher's whole list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.dates import LEAST_OBSERVATIONS
from .data import Data
from .labels import find_within
from .problems import parameter_error, suggest_names

# Countries and regions that an indicator needs for a page of all of them.
LEAST_ECONOMIES = 20
# Number of highest places of a whole list that are shown beside the countries asked for.
_HIGHEST = 3


def compare_entities(data: Data, technology: str) -> pd.DataFrame:
    """List values of each measure of a technology by entity: the newest, and those of the newest whole list.

    Parameters
    ----------
    data : Data
    technology : str

    Returns
    -------
    DataFrame
        kind, measure, people, publisher, indicator, entity, date, value (percent), unit, standard_error, place (1 is
        the highest) and places (how many have one), within (the time in which one use counts) and period (that the
        value is of, where it is estimated from devices: "second quarter of 2026"; else ""). Only values of the newest
        period of which the publisher's whole list is held have a place, and aggregates such as the World have none. Of
        each measure and date the highest first.

    Raises
    ------
    DataError
        For a technology that the data do not have; "" has no rows.
    """
    if technology not in (known := {"", *data.indicators["technology"]}):
        raise parameter_error("technology", technology, f"is not in the data; {suggest_names(technology, known)}")
    about = data.indicators.drop(columns="measure").rename(columns={"title": "measure"})
    about = about[(about["technology"] == technology) & about["unit"].str.startswith("percent")]
    about = about[["kind", "measure", "people", "indicator", "unit", "whole_lists", "within"]]
    rows = data.observations[data.observations["qualifier"] == "exact"].merge(about, on="indicator")
    rows["publisher"] = rows["source_id"].map(data.sources.set_index("source_id")["publisher"])
    rows["within"] = [find_within(*pair)[0] for pair in zip(rows["within"], rows["date"], strict=True)]
    periods = data.wording[data.wording["entity"] == ""].set_index(["indicator", "date"])["field_dates"]
    known = periods.reindex(pd.MultiIndex.from_frame(rows[["indicator", "date"]])).fillna("")
    rows["period"] = np.where(rows["kind"] == "telemetry", known, "")
    by_period = rows[rows["entity"] != "World"].groupby(["indicator", "date"])["value"]
    rows["place"], rows["places"] = by_period.rank(method="min", ascending=False), by_period.transform("size")
    sizes = rows["date"].dt.strftime("%Y-%m-%d ") + rows["places"].map("{:.0f}".format)
    whole = np.array([size in lists.split("; ") for size, lists in zip(sizes, rows["whole_lists"], strict=True)], bool)
    last = rows["date"].where(whole).groupby(rows["indicator"]).transform("max")
    whole &= rows["date"] == last
    rows.loc[~whole, ["place", "places"]] = np.nan
    newest = ~rows.sort_values("date", kind="stable").duplicated(["indicator", "entity"], keep="last")
    rows = rows[whole | newest].sort_values(
        ["measure", "date", "value", "entity"], ascending=[True, False, False, True], ignore_index=True
    )
    return rows[["kind", "measure", "people", "publisher", "indicator", "entity", "date", "value", "unit",
                 "standard_error", "place", "places", "within", "period"]]  # fmt: skip


def find_list(data: Data, technology: str, across: str = "") -> tuple[str, str]:
    """Find the percentage of a technology that most countries and regions of ``entities.csv`` have.

    Parameters
    ----------
    data : Data
    technology : str
    across : str
        The only indicator that counts; "" for all of the technology.

    Returns
    -------
    tuple of str
        Name of the indicator, and ""; or "" and the reason, a clause, where fewer than twenty have three exact values.
    """
    if data.is_beside:
        return "", f"{data.path.name} holds own data, and no list of countries and regions"
    about = data.indicators[data.indicators["technology"] == technology]
    percentages = about.loc[about["unit"].str.startswith("percent"), "indicator"]
    names = [name for name in percentages if technology and across in ("", name)]
    rows = data.observations[data.observations["qualifier"] == "exact"]
    rows = rows[rows["indicator"].isin(names) & rows["entity"].isin(data.entities["entity"])]
    counts = rows.groupby(["indicator", "entity"]).size().ge(LEAST_OBSERVATIONS).groupby("indicator").sum()
    if max(counts, default=0) >= LEAST_ECONOMIES:
        return str(counts.idxmax()), ""
    what = f"'{across}' is no percentage of {technology} that" if across else f"no percentage of {technology or 'it'}"
    need = f"has three values or more for {LEAST_ECONOMIES} countries and regions{data.until()}"
    return "", f"{what} {need} ({max(counts, default=0)} have them)"


def select_countries(compared: pd.DataFrame, entity: str, countries: Sequence[str]) -> pd.DataFrame:
    """Pick what a figure shows of a comparison: of each kind of measure one figure of each country.

    Of several measures of one kind the one of most countries counts, then the newest, then the widest question. Kinds
    without a value of the entity are left out, unless it has none at all.

    Parameters
    ----------
    compared : DataFrame
        From `compare_entities`.
    entity : str
        The country of the run.
    countries : sequence of str
        Those to show besides.

    Returns
    -------
    DataFrame
        As `compared`; besides panel (the kind, or the measure where the kind is not known; surveys first), named
        (bool: `entity` or one of the countries, with its newest observation; the others are the highest of a whole
        list, with their values in it), list_date and list_size (of the whole list, if one is held). Of each panel the
        highest comes first; of several measures, that of the entity.
    """
    panel = compared["kind"].where(compared["kind"] != "", compared["measure"])
    rows = compared.assign(panel=panel, named=compared["entity"].isin([entity, *countries]))
    newest = rows.sort_values("date", kind="stable").drop_duplicates(["indicator", "entity"], keep="last")
    newest = newest.assign(size=newest.groupby("indicator")["entity"].transform("size"))
    picked = newest.sort_values(["size", "date", "value"], ascending=False, kind="stable")
    picked = picked.drop_duplicates(["panel", "entity"])
    if (picked["entity"] == entity).any():
        picked = picked[picked["panel"].isin(picked.loc[picked["entity"] == entity, "panel"])]

    # the highest of a list with the values by which they are the highest: others may have passed them since
    highest = rows[(rows["place"] <= _HIGHEST) & ~rows["named"] & rows["indicator"].isin(picked["indicator"])]
    picked = pd.concat([picked[picked["named"]], highest.drop_duplicates(["panel", "entity"])])
    lists = compared.dropna(subset=["places"]).drop_duplicates("indicator")[["indicator", "date", "places"]]
    lists = lists.rename(columns={"date": "list_date", "places": "list_size"})
    several = picked.groupby("panel")["indicator"].transform("nunique") > 1
    picked = picked.assign(
        own=(picked["entity"] == entity) & several,  # values of one measure lie in order
        order=picked["panel"].map({"survey of the population": 0, "survey of firms": 0, "online panel": 1}).fillna(2),
    ).merge(lists, on="indicator", how="left")
    columns = ["order", "panel", "own", "value", "entity"]
    picked = picked.sort_values(columns, ascending=[True, True, False, False, True], ignore_index=True)
    return picked.drop(columns=["size", "own", "order"])


def format_missing(compared: pd.DataFrame, technology: str, countries: Sequence[str]) -> str:
    """Note on countries that no measure has, and on measures that are not ranked; "" for none.

    Parameters
    ----------
    compared : DataFrame
        From `compare_entities`.
    technology : str
    countries : sequence of str

    Returns
    -------
    str
    """
    known = set(compared["entity"])
    if not known:
        return f"The data hold no measure of {technology} in percent, so no countries are compared."
    hints = {country: suggest_names(country, known) for country in countries if country not in known}
    missing = [name + (f" ({near})" if near.startswith("nearest") else "") for name, near in hints.items()]
    sentences = [f"No measure of {technology} has {' or '.join(missing)}."] if missing else []
    by_measure = compared.groupby("measure")
    unranked = by_measure["place"].max().isna() & (by_measure["entity"].nunique() > _HIGHEST)
    if unranked.any():
        measures = " or ".join(unranked.index[unranked])
        sentences.append(
            f"We rank no country by {measures}, because we do not have the publisher's whole list of a period."
        )
    return " ".join(sentences)
