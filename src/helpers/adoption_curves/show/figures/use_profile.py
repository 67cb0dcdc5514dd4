"""Figures of notebook 7: who uses it, for what, with which product, by which ruler, in which firms."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.transforms import ScaledTranslation, blended_transform_factory

from ...base.words import say_date, say_first
from .labels import Label, darken, label_ends
from .style import BLUE, GREEN, GREY, HEADING, INK, MARKERS, ORANGE, SMALL, close_canvas, open_panels, tell, use_dates

_COLOURS = (ORANGE, BLUE, GREEN, INK, GREY)  # each is seen on a dark page too
_LINK = "#9e9e9e"
_LINE = 0.2  # inches of a line of text
_LETTERS = 54  # in a line that fits a telephone; of a heading fewer
_LEFT = 0.011  # of the width: where text that spans the axes begins
_HEADINGS = {"education": "schooling", "occupation": "occupation"}


def draw_who(rows: pd.DataFrame, title: str, source: str) -> Figure | None:
    """Shares of users by age, schooling, occupation and sex, beside those of other people where they are published.

    Parameters
    ----------
    rows : DataFrame
        breakdown, category, date, value, printed, qualifier, unit, who; the first unit is that of the users.
    title, source : str

    Returns
    -------
    Figure or None
        None for no rows.
    """
    if rows.empty:
        return None
    colours = dict(zip(rows["unit"].unique(), [ORANGE, GREY, BLUE, GREEN, INK], strict=False))
    groups, picked = rows["breakdown"].replace(_HEADINGS), rows["breakdown"].isin([*_HEADINGS])
    share_of_users = rows["unit"].str.endswith("users")  # other shares are of a group of those asked
    groups = groups.mask(picked, groups + np.where(share_of_users, ", the largest group", ", the highest share"))
    rows = rows.assign(group=groups, colour=rows["unit"].map(colours), name=rows["category"])
    figure, axes = open_panels(1.3 + 0.2 * len(rows) + 0.24 * groups.nunique(), 1, 1)
    names = {f"\N{BLACK SQUARE} {unit.removeprefix('percent of ')}": colour for unit, colour in colours.items()}
    _draw_bars(axes[0, 0], rows, names)
    days = " and ".join(say_date(day) for day in sorted(rows["date"].unique()))
    return close_canvas(figure, title, f"Percent of those named in colour, {days}", source)


def _draw_bars(axis: Axes, rows: pd.DataFrame, legend: Mapping[str, str]) -> None:
    """A bar a row with its figure as printed, below the heading of its group; what is no exact figure is hatched."""
    place, ticks, drawn = float(len(legend)), dict[float, str](), []
    for heading, group in rows.groupby("group", sort=False):
        if heading:
            lines = textwrap.wrap(say_first(str(heading)), _LETTERS - 8)
            _write(axis, place + (len(lines) - 1) / 2, "\n".join(lines), weight="bold")
            place += len(lines)
        for name, bars in group.groupby("name", sort=False):
            drawn.append(bars.assign(place=[place + step for step in range(len(bars))]))
            ticks[place + (len(bars) - 1) / 2] = str(name)
            place += len(bars) + 0.25
        place += 0.35
    placed = pd.concat(drawn)
    bars = axis.barh(placed["place"], placed["value"], height=0.9, color=placed["colour"])
    for bar, row in zip(bars, placed.itertuples(), strict=True):
        tell(bar, [f"{row.category}: {row.printed}, {row.unit}"])
        if row.qualifier != "exact":
            bar.set(facecolor="white", edgecolor=row.colour, hatch="////")
        _name_mark(axis, row.value, row.place, row.printed, row.colour)
    for line, (name, colour) in enumerate(legend.items()):
        axis.text(0, line - 0.3, name, size=SMALL, va="center", color=darken(colour), parse_math=False)
    _go_down(axis, ticks, 1.34 * placed["value"].max(), place)


def _go_down(axis: Axes, ticks: Mapping[float, str], most: float, end: float) -> None:
    """Rows that go down from 0 to an end, with their names at the left and no numbers below."""
    axis.set_yticks([*ticks], [textwrap.fill(name, 24) for name in ticks.values()], size=SMALL)
    axis.set(xlim=(0, most), ylim=(end - 0.5, -0.8), ylabel="", xlabel="", xticks=[])
    axis.grid(False)


def _name_mark(axis: Axes, x: float, y: float, words: str, colour: str) -> None:
    """A figure at the right of its mark."""
    beside = axis.transData + ScaledTranslation(5 / 72, 0, axis.figure.dpi_scale_trans)
    text = axis.text(x, y, words, size=SMALL, va="center", weight="bold", color=darken(colour), transform=beside)
    text.set_in_layout(False)


def _write(axis: Axes, place: float, words: str, **look: str) -> None:
    """Words that begin at the left edge of the figure, beside no names."""
    across = blended_transform_factory(axis.figure.transFigure, axis.transData)
    text = axis.text(_LEFT, place, words, size=SMALL, va="center", transform=across, parse_math=False, **look)
    text.set_in_layout(False)


def draw_purposes(rows: pd.DataFrame, title: str, source: str) -> Figure | None:
    """What people use it for, a panel and a colour a country, a mark a date.

    Parameters
    ----------
    rows : DataFrame
        entity, category, date, value, printed, unit, note; of changed wording the note says "Worded".
    title, source : str

    Returns
    -------
    Figure or None
        None for no rows.
    """
    if rows.empty:
        return None
    places = rows["entity"].unique()
    figure, axes = open_panels(1.6 + 0.34 * rows.groupby("entity")["category"].nunique().max(), 1, len(places))
    for axis, entity, colour in zip(axes[0], places, _COLOURS, strict=False):
        _draw_uses(axis, rows[rows["entity"] == entity], colour)
    worded = "; * worded otherwise before" if rows["note"].str.contains("Worded ").any() else ""
    newer = "; numbers are those of the newer date" if rows["date"].nunique() > 1 else ""
    units = say_first("; ".join(rows["unit"].unique()))
    return close_canvas(figure, title, f"{units}; one may count in several rows{newer}{worded}", source)


def _draw_uses(axis: Axes, rows: pd.DataFrame, colour: str) -> None:
    """Uses in the order of the newest list: dots of its date, and diamonds of the date before."""
    days = sorted(rows["date"].unique())
    last = rows[rows["date"] == days[-1]].sort_values("value", ascending=False).reset_index(drop=True)
    before = rows[(rows["date"] == days[0]) & (len(days) > 1)].set_index("category")
    before = before.reindex(last["category"]).reset_index()
    axis.hlines(last.index, last["value"], before["value"], color=_LINK, lw=2, zorder=1)
    for dots, tint, marker in ((before.dropna(subset="value"), GREY, "D"), (last, colour, "o")):
        told = [f"{row.category}, {say_date(row.date)}: {row.printed}" for row in dots.itertuples()]
        tell(axis.scatter(dots["value"], dots.index, color=tint, marker=marker, s=30, linewidth=0, zorder=3), told)
    for row, right in zip(last.itertuples(), last["value"].combine(before["value"], max), strict=True):
        _name_mark(axis, right, row.Index, row.printed, colour)
    signs = zip("\N{BLACK DIAMOND}\N{BLACK CIRCLE}"[-len(days) :], days, strict=True)
    dated = ", ".join(f"{sign} {day:%b %Y}" for sign, day in signs)
    axis.set_title(f"{rows['entity'].iloc[0]}\n{dated}", loc="left", size=SMALL, weight="bold")
    stars = last["note"].str.contains("Worded ").map({True: "*", False: ""})
    _go_down(axis, dict(enumerate(last["category"] + stars)), 118, len(last))
    axis.set_xticks([0, 50, 100], ["0%", "50%", "100%"])
    base = last["unit"].iloc[0].removeprefix("percent of ")
    axis.set_xlabel(textwrap.fill(f"of {textwrap.shorten(base, 44, placeholder='…')}", 24), size=SMALL)


def draw_products(monthly: pd.DataFrame, shares: pd.DataFrame, title: str, source: str) -> Figure | None:
    """Devices that use each product in a month, on a logarithmic axis, and apart from them shares in a survey.

    Parameters
    ----------
    monthly : DataFrame
        product, date, value, printed, regime: lines end where another regime begins.
    shares : DataFrame
        category, value, printed, qualifier, unit, date.
    title, source : str

    Returns
    -------
    Figure or None
        None where both are empty.
    """
    if monthly.empty and shares.empty:
        return None
    count = 2 - monthly.empty - shares.empty
    figure, axes = open_panels(4.3, 1, count, width_ratios=[1.25, 1][:count])
    told = []
    if len(monthly):
        _draw_monthly(axes[0, 0], monthly)
        told.append("Devices that opened an application in a month, on a logarithmic axis")
        if monthly["regime"].nunique() > 1:
            told.append("lines end where the publisher may have changed what it counts")
    if len(shares):
        axis = axes[0, -1]
        _draw_bars(axis, shares.assign(group="", name=shares["category"], colour=GREY), {})
        axis.set_title(f"Survey, {say_date(shares['date'].iloc[0])}", **HEADING)
        axis.set_xlabel(shares["unit"].iloc[0], size=SMALL)
        told.append("bars: share of those asked")
    return close_canvas(figure, title, "; ".join(told), source)


def _draw_monthly(axis: Axes, monthly: pd.DataFrame) -> None:
    """Lines of products by month on a logarithmic axis, cut where the regime changes, with names at their ends."""
    last = monthly.drop_duplicates("product", keep="last").sort_values("value", ascending=False)
    colours = [_COLOURS[min(place, len(_COLOURS) - 1)] for place in range(len(last))]
    for place, (row, colour) in enumerate(zip(last.itertuples(), colours, strict=True)):
        mine = monthly[monthly["product"] == row.product]
        for _, part in mine.groupby("regime"):
            axis.plot(part["date"], part["value"], color=colour, lw=1.8)
        marker = MARKERS[place % len(MARKERS)]
        cloud = axis.scatter(mine["date"], mine["value"], color=colour, s=26, marker=marker, zorder=4)
        tell(cloud, [f"{row.product}, {say_date(each.date)}: {each.printed} million" for each in mine.itertuples()])
    low, high = monthly["value"].min() / 1.35, monthly["value"].max() * 1.35
    ticks = [tick for tick in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000) if low / 1.2 <= tick <= high * 1.2]
    axis.set(yscale="log", ylim=(low, high), xlabel="", ylabel="million devices a month")
    axis.set_yticks(ticks, [f"{tick:,}" for tick in ticks])
    axis.minorticks_off()
    axis.set_title("AI-native apps", **HEADING)
    axis.margins(x=0.04)
    use_dates(axis, monthly["date"].min(), monthly["date"].max())
    told = [f"{row.product} {row.printed}" for row in last.itertuples()]
    label_ends(axis, [Label(*mark) for mark in zip(last["date"], last["value"], told, colours, strict=True)])


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
    notes = rows["unit"].str.removeprefix("percent ") + ", " + rows["window"]
    notes = notes.mask(notes.duplicated(), "")  # a publisher's stands once
    lines = [textwrap.wrap(note, _LETTERS, max_lines=3, placeholder="…") for note in notes]
    height = sum(map(len, lines)) + 1.25 * len(rows) + rows["entity"].nunique()
    figure, axes = open_panels(1.3 + _LINE * height, 1, 1)
    axis, place, ticks, edges = axes[0, 0], 0.0, dict[float, str](), list[str]()
    for row, note, fresh in zip(rows.itertuples(), lines, ~rows["entity"].duplicated(), strict=True):
        if fresh:
            _write(axis, place, row.entity, weight="bold")
            place += 1
        _write(axis, place + (len(note) - 1) / 2, "\n".join(note), color=GREY)
        place += len(note)
        edges.append(ORANGE if row.entity == rows["entity"].iloc[0] else BLUE)
        short = re.sub(r"\d+\.\d\d+", lambda found: f"{float(found[0]):.1f}", row.printed)
        _name_mark(axis, row.value, place, short, edges[-1])
        ticks[place] = f"{row.ruler}, {row.date:%b %Y}"
        place += 1.25
    axis.hlines([*ticks], 0, rows["value"], color=_LINK, lw=1)
    faces = np.where(rows["qualifier"] == "exact", edges, "white")
    dots = axis.scatter(rows["value"], [*ticks], facecolor=faces, edgecolor=edges, s=30, zorder=3)
    tell(dots, [f"{row.ruler}, {say_date(row.date)}: {row.printed}, {row.unit}" for row in rows.itertuples()])
    _go_down(axis, ticks, 122, place)
    axis.set_xticks([0, 50, 100], ["0%", "50%", "100%"])
    limits = "" if (rows["qualifier"] == "exact").all() else "; open circle: printed as more or less than"
    once = "; whom a publisher counts stands at its first row" if notes.eq("").any() else ""
    told = f"Percent of those whom each publisher counts, in the time that it asks about{once}{limits}"
    return close_canvas(figure, title, told, source)


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
    groups = rows["entity"] + rows["date"].dt.strftime(", %Y: ") + rows["who"]
    colours = {entity: _COLOURS[place % len(_COLOURS)] for place, entity in enumerate(rows["entity"].unique())}
    rows = rows.assign(group=groups, colour=rows["entity"].map(colours))
    rows["name"] = rows["category"].str.removesuffix(" employees")
    figure, axes = open_panels(1.3 + 0.27 * len(rows) + 0.5 * groups.nunique(), 1, 1)
    _draw_bars(axes[0, 0], rows, {})
    hatched = "; hatched: printed as more or less than" if (rows["qualifier"] != "exact").any() else ""
    told = f"Percent of the firms of each group, by number of employees{hatched}. Sizes without a bar we did not find"
    return close_canvas(figure, title, told, source)
