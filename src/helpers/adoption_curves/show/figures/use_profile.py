"""Figures of notebook 7: who uses it, for what, with which product, by which ruler, in which firms."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, NullLocator
from matplotlib.transforms import blended_transform_factory

from ...base.words import say_date, say_first
from .labels import Label, darken, label_ends
from .style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    MARKERS,
    ORANGE,
    PALE,
    SMALL,
    close_canvas,
    open_canvas,
    open_panels,
    tell,
    use_dates,
)

_LINE = 0.2  # inches of a line of text
_LETTERS = 62  # in a line that fits a telephone
_LEFT = 0.011  # of the width: where text that spans the axes begins


def draw_who(rows: pd.DataFrame, title: str, source: str) -> Figure | None:
    """Shares of users by age, schooling, occupation and sex, beside those of other people where they are published.

    Parameters
    ----------
    rows : DataFrame
        category, date, value, printed, qualifier, unit; the first unit is that of the users.
    title, source : str

    Returns
    -------
    Figure or None
        None for no rows.
    """
    if rows.empty:
        return None
    units, categories = list(dict.fromkeys(rows["unit"])), list(dict.fromkeys(rows["category"]))
    figure, axis = open_canvas(1.3 + 0.17 * len(rows) + 0.14 * len(categories))
    colours = dict(zip(units, [ORANGE, GREY, BLUE, *COLOURS], strict=False))
    place, places, ticks = 0.0, dict[int, float](), []
    for category in categories:
        mine = rows.index[rows["category"] == category]
        places |= {row: place + step for step, row in enumerate(mine)}
        ticks.append(place + (len(mine) - 1) / 2)
        place += len(mine) + (0.7 if len(units) > 1 else 0.3)
    _draw_bars(axis, rows.index.map(places), rows, list(rows["unit"].map(colours)))
    _name_rows(axis, ticks, categories, rows["value"].max())
    names = [f"\N{BLACK SQUARE} {unit.removeprefix('percent of ')}" for unit in units]
    _write_legend(axis, names, [colours[unit] for unit in units])
    days = " and ".join(say_date(day) for day in sorted(rows["date"].unique()))
    return close_canvas(figure, title, f"Percent of those named in colour, {days}", source)


def _draw_bars(axis: Axes, places: Sequence[float], rows: pd.DataFrame, colours: Sequence[str]) -> None:
    """A bar a row with its figure as printed; a limit, and what is only about so, is hatched."""
    bars = axis.barh(list(places), rows["value"], height=0.9, color=list(colours))
    for bar, place, row, colour in zip(bars, places, rows.itertuples(), colours, strict=True):
        tell(bar, [f"{row.category}: {row.printed}, {row.unit}"])
        if row.qualifier != "exact":
            bar.set(facecolor="white", edgecolor=colour, hatch="////")
        look = {"va": "center", "size": SMALL, "color": darken(colour), "weight": "bold", "parse_math": False}
        axis.text(row.value + 1.2, place, row.printed, **look)


def _name_rows(axis: Axes, places: Sequence[float], names: Sequence[str], most: float) -> None:
    """Names at the left of rows that go down; the percentages stand at the marks, so the axis below has none."""
    axis.set_yticks(places, [textwrap.fill(name, 22) for name in names], size=SMALL)
    axis.set(xlim=(0, 1.28 * most), ylabel="", xlabel="")
    axis.invert_yaxis()
    axis.grid(False, axis="y")
    axis.set_xticks([])


def _write_legend(axis: Axes, names: Sequence[str], colours: Sequence[str], step: float = 1.1) -> None:
    """Names of the colours in lines of their own above the rows, each as high as `step` rows."""
    low, high = axis.get_ylim()
    for line, (name, colour) in enumerate(zip(names, colours, strict=True)):
        place = high - step * (len(names) - line - 0.3)
        axis.text(0.6, place, name, size=SMALL, va="center", color=darken(colour), parse_math=False)
    axis.set_ylim(low, high - step * len(names))


def draw_purposes(rows: pd.DataFrame, title: str, source: str) -> Figure | None:
    """What people use it for, a panel a country, a colour a date.

    Parameters
    ----------
    rows : DataFrame
        entity, category, date, value, printed, unit.
    title, source : str

    Returns
    -------
    Figure or None
        None for no rows.
    """
    if rows.empty:
        return None
    places = list(dict.fromkeys(rows["entity"]))
    most = rows.groupby("entity")["category"].nunique().max()
    figure, axes = open_panels(1.7 + 0.36 * most, 1, len(places))
    for axis, entity in zip(axes[0], places, strict=True):
        mine = rows[rows["entity"] == entity]
        order = mine[mine["date"] == mine["date"].max()].sort_values("value", ascending=False)["category"]
        mine = mine.assign(row=mine["category"].map({name: row for row, name in enumerate(order)})).dropna(subset="row")
        days = sorted(mine["date"].unique())
        colours = [GREY, ORANGE][-len(days) :]
        ends = mine.groupby("row")["value"].agg(["min", "max"])
        axis.hlines(ends.index, ends["min"], ends["max"], color=PALE, lw=2, zorder=1)
        for day, colour, marker in zip(days, colours, ["D", "o"][-len(days) :], strict=True):
            dots = mine[mine["date"] == day]
            cloud = axis.scatter(dots["value"], dots["row"], color=colour, s=30, marker=marker, linewidth=0, zorder=3)
            tell(cloud, [f"{row.category}, {say_date(row.date)}: {row.printed}" for row in dots.itertuples()])
        last = mine[mine["date"] == days[-1]].merge(ends.reset_index(), on="row")
        for row in last.itertuples():
            axis.text(row.max + 4, row.row, row.printed, va="center", size=SMALL, color=darken(ORANGE), weight="bold")
        _name_rows(axis, range(len(order)), list(order), 90)
        base = mine["unit"].iloc[-1].removeprefix("percent of ")
        signs = ["\N{BLACK DIAMOND}", "\N{BLACK CIRCLE}"][-len(days) :]
        names = [f"{sign} {entity}, {say_date(day)}" for sign, day in zip(signs, days, strict=True)]
        _write_legend(axis, names, colours, 0.09 * len(order))
        axis.set_xticks([0, 50, 100], ["0%", "50%", "100%"])
        axis.set_xlabel(f"of {textwrap.shorten(base, 44, placeholder='…')}", size=SMALL)
    return close_canvas(figure, title, "Percent; several answers. Numbers are those of the newer date", source)


def draw_products(monthly: pd.DataFrame, shares: pd.DataFrame, title: str, source: str) -> Figure | None:
    """Devices that use each product in a month, on a logarithmic axis, and apart from them shares in a survey.

    Parameters
    ----------
    monthly : DataFrame
        product, date, value, printed, regime: lines end where another regime begins.
    shares : DataFrame
        category, value, printed, unit, date.
    title, source : str

    Returns
    -------
    Figure or None
        None where both are empty.
    """
    if monthly.empty and shares.empty:
        return None
    panels = [name for name, rows in (("monthly", monthly), ("shares", shares)) if len(rows)]
    ratios = {"width_ratios": [1.25, 1]} if len(panels) > 1 else {}
    figure, axes = open_panels(4.3, 1, len(panels), **ratios)
    found = dict(zip(panels, axes[0], strict=True))
    if "monthly" in found:
        _draw_monthly(found["monthly"], monthly)
    if "shares" in found:
        axis = found["shares"]
        _draw_bars(axis, 1.3 * np.arange(len(shares)), shares, [BLUE] * len(shares))
        _name_rows(axis, 1.3 * np.arange(len(shares)), list(shares["category"]), shares["value"].max())
        first = shares.iloc[0]
        _write_legend(axis, [f"Survey, {say_date(first['date'])}:", first["unit"]], [BLUE, BLUE], 0.12 * len(shares))
    units = "Million devices that opened the application in a month, logarithmic axis; " * ("monthly" in found)
    units += "lines end where the definition changed; " * bool(monthly["regime"].nunique() > 1)
    units += "bars: share of those asked" * ("shares" in found)
    return close_canvas(figure, title, say_first(units.rstrip("; ")), source)


def _draw_monthly(axis: Axes, monthly: pd.DataFrame) -> None:
    """Lines of products by month on a logarithmic axis, cut where the regime changes, with names at their ends."""
    order = list(monthly.groupby("product")["value"].last().sort_values(ascending=False).index)
    colours = dict(zip(order, [ORANGE, BLUE, *COLOURS[2:], *[GREY, INK] * len(order)], strict=False))
    for place, name in enumerate(order):
        marker = MARKERS[place % len(MARKERS)]
        mine = monthly[monthly["product"] == name]
        for _, part in mine.groupby("regime"):
            axis.plot(part["date"], part["value"], color=colours[name], lw=1.8)
        cloud = axis.scatter(mine["date"], mine["value"], color=colours[name], s=26, marker=marker, zorder=4)
        tell(cloud, [f"{name}, {say_date(row.date)}: {row.printed} million devices" for row in mine.itertuples()])
    last = monthly.drop_duplicates("product", keep="last").set_index("product").loc[order]
    labels = [Label(row.date, row.value, f"{row.Index} {row.printed}", colours[row.Index]) for row in last.itertuples()]
    low, high = monthly["value"].min(), monthly["value"].max()
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if low / 1.6 <= tick <= high * 1.6]
    axis.set(yscale="log", ylim=(low / 1.35, high * 1.35), xlabel="", ylabel="")
    axis.yaxis.set_major_locator(FixedLocator(ticks))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    first, final = monthly["date"].min(), monthly["date"].max()
    edge = (final - first) * 0.04
    axis.set_xlim(mdates.date2num(first - edge), mdates.date2num(final + edge))
    use_dates(axis, first, final)
    label_ends(axis, labels)


def draw_rulers(rows: pd.DataFrame, title: str, source: str) -> Figure | None:
    """Shares of people who use it by each publisher's measure, with whom it counts and when, country by country.

    Parameters
    ----------
    rows : DataFrame
        From `indicators.list_rulers`.
    title, source : str

    Returns
    -------
    Figure or None
        None for fewer than two figures.
    """
    if len(rows) < 2:
        return None
    heads, notes, places, line = [], [], [], 0.0
    for number, row in enumerate(rows.itertuples()):
        if number == 0 or rows["entity"].iloc[number - 1] != row.entity:
            heads.append((line, row.entity))
            line += 1
        base = row.unit.removeprefix("percent of ")
        told = textwrap.wrap(f"of {base}, {row.window or 'time not known'}", _LETTERS, max_lines=2, placeholder="…")
        notes.append((line + (len(told) - 1) / 2, "\n".join(told)))
        places.append(line + len(told))
        line += len(told) + 1.25
    figure, axis = open_canvas(1.2 + _LINE * line)
    own = rows["entity"] == rows["entity"].iloc[0]
    colours = np.where(own, ORANGE, BLUE)
    axis.hlines(places, 0, rows["value"], color=PALE, lw=1)
    cloud = axis.scatter(rows["value"], places, color=colours, s=30, linewidth=0, zorder=3)
    words = [f"{row.ruler}, {say_date(row.date)}: {row.printed}, {row.unit}" for row in rows.itertuples()]
    tell(cloud, words)
    for row, place, colour in zip(rows.itertuples(), places, colours, strict=True):
        axis.text(row.value + 4, place, row.printed, va="center", size=SMALL, weight="bold", color=darken(colour))
    left = blended_transform_factory(axis.figure.transFigure, axis.transData)
    look = {
        "size": SMALL,
        "va": "center",
        "linespacing": 1.35,
        "transform": left,
        "in_layout": False,
        "parse_math": False,
    }
    for place, text in heads:
        axis.text(_LEFT, place, text, weight="bold", **look)
    for place, text in notes:
        axis.text(_LEFT, place, text, color=GREY, **look)
    axis.set_yticks(places, rows["ruler"] + rows["date"].dt.strftime(", %b %Y"), size=SMALL)
    axis.set(xlim=(0, 122), ylim=(line - 0.6, -0.8), xlabel="", ylabel="")
    axis.set_xticks([])
    axis.grid(False, axis="y")
    return close_canvas(
        figure, title, "Percent of those whom each publisher counts, in the time that it asks about", source
    )


def draw_firms(rows: pd.DataFrame, title: str, source: str) -> Figure | None:
    """Shares of firms that use it by size, country by country; a limit is hatched.

    Parameters
    ----------
    rows : DataFrame
        entity, category, value, printed, qualifier, unit, date, who.
    title, source : str

    Returns
    -------
    Figure or None
        None for no rows.
    """
    if rows.empty:
        return None
    counts = rows["entity"].nunique()
    figure, axis = open_canvas(1.3 + 0.27 * len(rows) + 0.3 * counts)
    ticks, place = list[float](), 0.0
    rows = pd.concat([mine for _, mine in rows.groupby("entity", sort=False)])
    colours = dict(zip(rows["entity"].unique(), [ORANGE, BLUE, GREY, INK, *COLOURS], strict=False))
    for entity, mine in rows.groupby("entity", sort=False):
        head = f"{entity}, {mine['date'].iloc[0]:%Y}"
        axis.text(0.6, place, head, size=SMALL, va="center", color=darken(colours[entity]), parse_math=False)
        ticks += [place + step for step in range(1, len(mine) + 1)]
        place += len(mine) + 1.2
    _draw_bars(axis, ticks, rows, list(rows["entity"].map(colours)))
    _name_rows(axis, ticks, list(rows["category"]), rows["value"].max())
    axis.set_ylim(place - 0.5, -0.7)
    hatched = "; hatched: printed as more or less than" if (rows["qualifier"] != "exact").any() else ""
    return close_canvas(figure, title, f"Percent of the firms of each group{hatched}", source)
