"""Comparison of countries and regions by the latest value of each measure; ranked only within a complete list."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ..base.dates import LEAST_OBSERVATIONS
from .data import Data
from .labels import find_within
from .problems import parameter_error, suggest_names

# Countries and regions that an indicator needs for a page of all of them.
LEAST_ECONOMIES = 20


def compare_entities(data: Data, technology: str) -> pd.DataFrame:
    """Values of each measure of a technology by country or region: the latest, and those of the latest complete list.

    Parameters
    ----------
    data : Data
    technology : str
        Name as in indicators.csv; the result for "" is empty.

    Returns
    -------
    DataFrame
        One row per value, by measure and date, the highest first: ``kind``, ``measure``, ``people`` (who is counted),
        ``publisher``, ``indicator``, ``entity``, ``date``, ``value`` (percent), ``unit``, ``standard_error``, ``place``
        (1 is the highest) and ``places`` (their number), ``within`` (the time within which one use counts) and
        ``period`` (for estimates from devices, such as "second quarter of 2026"). Only values of the latest period for
        which the publisher's complete list is available have a place; the World and other groups have none.

    Raises
    ------
    DataError
        If the technology is unknown.
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
    """Percentage of a technology that is available for most countries and regions of ``entities.csv``.

    Parameters
    ----------
    data : Data
    technology : str
    across : str
        The only indicator to consider; "" for all of the technology.

    Returns
    -------
    tuple of str
        Name of the indicator, and ""; or "" and the reason as a clause, if fewer than twenty countries and regions have
        three exact values.
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
