"""Charts of notebook 7: who uses it, for what, with which product, by which measure, in which firms."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from matplotlib.artist import Artist

from ...base.formats import capitalize_first, format_long_date, format_place, format_range
from .style import ACCENT, GHOST, GREY, HALF, INK, PAGE, Chart, key_area, open_rows

_HEADINGS = {"education": "schooling"}
_PICKED = ("education", "occupation")
"""Breakdowns of which one group is shown."""


def draw_who(rows: pd.DataFrame, title: str, source: str) -> Chart | None:
    """Shares of users by age, schooling, occupation and sex, beside those of other people where they are published.

    Parameters
    ----------
    rows : DataFrame
        breakdown, category, date, value, printed, qualifier, unit, who; the first unit is that of the users.
    title : str
        What is shown; the finding is added.
    source : str

    Returns
    -------
    Chart or None
        None for no rows.
    """
    if rows.empty:
        return None
    colours = dict(zip(rows["unit"].unique(), [ACCENT, GHOST, HALF, GREY, INK], strict=False))
    groups, is_picked = rows["breakdown"].replace(_HEADINGS).map(capitalize_first), rows["breakdown"].isin(_PICKED)
    is_of_users = rows["unit"].str.endswith("users")  # other shares are of a group of those asked
    groups = groups.mask(is_picked, groups + np.where(is_of_users, ", the largest group", ", the highest share"))
    rows = rows.assign(heading=groups, colour=rows["unit"].map(colours))
    rows = pd.concat([group for _, group in rows.groupby(["heading", "category"], sort=False)])
    is_repeated = (rows["category"] == rows["category"].shift()) & (rows["heading"] == rows["heading"].shift())
    figure, _ = open_rows(rows.assign(name=rows["category"].mask(is_repeated, "")))
    key = [key_area(unit.removeprefix("percent of "), colour) for unit, colour in colours.items()]
    first = rows[(rows["breakdown"] == rows["breakdown"].iloc[0]) & (rows["unit"] == rows["unit"].iloc[0])]
    title += f": the largest share by {first['breakdown'].iloc[0]} is {_say_highest(first)}"
    days = " and ".join(format_long_date(day) for day in sorted(rows["date"].unique()))
    return figure.close(title, f"Percent of each group, {days}", source, _add_bound(key, rows))


def _say_highest(rows: pd.DataFrame, column: str = "category") -> str:
    """The name of the row with the highest value, and the value as printed."""
    row = rows.loc[rows["value"].idxmax()]
    return f"“{row[column]}”, {row['printed']}"


def _say_span(rows: pd.DataFrame) -> str:
    """Where the first country or region lies, from its lowest to its highest value."""
    own = rows[rows["entity"] == rows["entity"].iloc[0]]
    return f"in {format_place(own['entity'].iloc[0])} {format_range(own['value'].min(), own['value'].max(), 'percent')}"


def _add_bound(key: list[Artist], rows: pd.DataFrame) -> list[Artist]:
    """A key with a word on bars of values that are published as bounds, where there are any."""
    bound = key_area("published as “more than” or “less than”", PAGE, edgecolor=GREY, hatch="////")
    return key if (rows["qualifier"] == "exact").all() else [*key, bound]


def draw_purposes(rows: pd.DataFrame, title: str, source: str) -> Chart | None:
    """What people use it for, a panel a country, at the newest date and, in brackets, at the one before.

    Parameters
    ----------
    rows : DataFrame
        entity, category, date, value, printed, unit, note; of changed wording the note says "Worded".
    title : str
        What is shown; the finding is added.
    source : str

    Returns
    -------
    Chart or None
        None for no rows.
    """
    if rows.empty:
        return None
    panels, headings = [], []
    for entity, own in rows.groupby("entity", sort=False):
        days = sorted(own["date"].unique())
        last = own[own["date"] == days[-1]].sort_values("value", ascending=False)
        before = own[(own["date"] == days[0]) & (len(days) > 1)].set_index("category")["printed"]
        before = pd.Series([f" ({before[name]})" if name in before else "" for name in last["category"]], last.index)
        stars = last["note"].str.contains("Worded ").map({True: "*", False: ""})
        panels.append(last.assign(name=last["category"] + stars, printed=last["printed"] + before))
        headings.append(f"{entity}, {pd.Timestamp(days[-1]):%b %Y}")
        headings[-1] += f"\n({pd.Timestamp(days[0]):%b %Y})" if before.any() else ""
    figure, axes = open_rows(*panels, columns=min(2, len(panels)))
    for axis, heading in zip(axes, headings, strict=True):
        axis.set_title(heading)
        axis.set_xlim(0, 180)  # with room for two numbers
    title += f": most often, in {format_place(rows['entity'].iloc[0])}, {_say_highest(rows.loc[panels[0].index])}"
    worded = "; * worded otherwise before" if rows["note"].str.contains("Worded ").any() else ""
    units = "; ".join(
        f"{entity}: {unit}" for entity, unit in rows.groupby("entity", sort=False)["unit"].first().items()
    )
    units += f"; one person may count in several rows{worded}"
    return figure.close(title, units, source, _add_bound([], pd.concat(panels)))


def draw_products(monthly: pd.DataFrame, shares: pd.DataFrame, title: str, source: str) -> Chart | None:
    """Devices that used each product in its newest month, and apart from them shares in a survey.

    Parameters
    ----------
    monthly : DataFrame
        product, date, value, printed.
    shares : DataFrame
        category, value, printed, qualifier, unit, date.
    title : str
        What is shown; the finding is added.
    source : str

    Returns
    -------
    Chart or None
        None where both are empty.
    """
    panels, headings = [], []
    if len(monthly):
        last = monthly.sort_values("date").drop_duplicates("product", keep="last").sort_values("value", ascending=False)
        one_date = last["date"].nunique() == 1
        dates = "" if one_date else last["date"].dt.strftime(", %b %Y")
        panels.append(last.assign(name=last["product"] + dates))
        title += f": on most devices in a month {_say_highest(last, 'product')} million"
        headings.append("Million devices in a month" + (f", {last['date'].iloc[0]:%b %Y}" if one_date else ""))
    if len(shares):
        panels.append(
            shares.assign(name=shares["category"], colour=GHOST).sort_values("value", ascending=False, kind="stable")
        )
        headings.append(f"Survey, {shares['date'].iloc[0]:%b %Y}")
        title += "" if len(monthly) else f": most often named in a survey {_say_highest(shares)}"
    if not panels:
        return None
    figure, axes = open_rows(*panels, columns=len(panels))
    for axis, heading in zip(axes, headings, strict=True):
        axis.set_title(heading)
    counted = ["devices that opened an application in a month"] if len(monthly) else []
    counted += [f"survey: {shares['unit'].iloc[0]}"] if len(shares) else []
    return figure.close(
        title, capitalize_first("; ".join(counted)), source, _add_bound([], shares) if len(shares) else []
    )


def draw_rulers(rows: pd.DataFrame, title: str, source: str) -> Chart | None:
    """Shares of people who use it by each publisher's measure, with whom it counts and when, country by country.

    Parameters
    ----------
    rows : DataFrame
        From `indicators.list_rulers`.
    title : str
        What is shown; the finding is added.
    source : str

    Returns
    -------
    Chart or None
        None for fewer than two values.
    """
    if len(rows) < 2:
        return None
    notes = rows["unit"].str.removeprefix("percent ") + ", " + rows["window"]
    figure, _ = open_rows(
        rows.assign(
            name=rows["ruler"] + rows["date"].dt.strftime(", %b %Y"),
            heading=rows["entity"],
            above=notes.mask(notes.duplicated(), ""),  # a publisher's stands once
            printed=[re.sub(r"\d+\.\d\d+", lambda number: f"{float(number[0]):.1f}", text) for text in rows["printed"]],
            colour=np.where(rows["entity"] == rows["entity"].iloc[0], ACCENT, HALF),
        )
    )
    once = "; whom a publisher counts stands at its first row" if notes.duplicated().any() else ""
    units = f"Percent of those whom each publisher counts, in the time that it asks about{once}"
    title += f": {_say_span(rows)}, depending on the publisher"
    return figure.close(title, units, source, _add_bound([], rows))


def draw_firms(rows: pd.DataFrame, title: str, source: str) -> Chart | None:
    """Shares of firms that use it by size, country by country.

    Parameters
    ----------
    rows : DataFrame
        entity, category, value, printed, qualifier, unit, date, who.
    title : str
        What is shown; the finding is added.
    source : str

    Returns
    -------
    Chart or None
        None for no rows.
    """
    if rows.empty:
        return None
    rows = pd.concat([own for _, own in rows.groupby(["entity", "date", "who"], sort=False)])
    figure, _ = open_rows(
        rows.assign(
            name=rows["category"].str.removesuffix(" employees"),
            heading=rows["entity"] + rows["date"].dt.strftime(", %Y"),
            above=rows["who"].mask(rows["who"] == rows["who"].shift(), ""),
            colour=np.where(rows["entity"] == rows["entity"].iloc[0], ACCENT, HALF),
        )
    )
    title += f": {_say_span(rows[rows['entity'] == rows['entity'].mode()[0]])}, by size"
    units = "Percent of the firms of each group, by number of employees. We found no value for other sizes"
    return figure.close(title, units, source, _add_bound([], rows))
