"""One quiet look for every figure: title that makes the point, units, source, labels that never overlap."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

import matplotlib.dates as mdates
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

# Okabe and Ito (2008): told apart by readers with any common colour blindness. Grey scale is served by line
# style and marker, which change together with the colour.
INK, GREY, PALE = "#222222", "#6b6b6b", "#d9d9d9"
BLUE, ORANGE, GREEN, PURPLE, GOLD, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, PURPLE, GOLD, SKY)
LINES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
LEADER = {"arrowstyle": "-", "lw": 0.5, "alpha": 0.6, "shrinkA": 1, "shrinkB": 2, "relpos": (0, 0.5)}
WIDTH = 7.4  # inches, a page's text width

RC = {
    "font.family": "DejaVu Sans",
    "font.size": 9.5,
    "axes.edgecolor": GREY,
    "axes.labelcolor": GREY,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "grid.color": "#ececec",
    "text.color": INK,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "svg.fonttype": "none",
}


@dataclass(frozen=True)
class Label:
    """A direct label: where its mark ends, what it says, and the mark's colour."""

    x: object
    y: float
    text: str
    colour: str = INK


def open_canvas(height: float = 4.4, panels: tuple[int, int] = (1, 1), **options) -> tuple[Figure, np.ndarray]:
    """Return a figure of the page's width and its axes as an array of shape `panels`."""
    sns.set_theme(context="paper", style="whitegrid", palette=list(COLOURS), rc=RC)
    figure, axes = plt.subplots(*panels, figsize=(WIDTH, height), squeeze=False, **options)
    for axis in axes.flat:
        axis.spines[["top", "right", "left"]].set_visible(False)
        axis.tick_params(left=False)
    return figure, axes


def close_canvas(figure: Figure, title: str, units: str, source: str) -> Figure:
    """Set title, units and source line around the axes, and leave them the room that is left."""
    inches_wide, inches_high = figure.get_size_inches()
    lines = [
        (title, 12, "bold", INK, 0.62),
        (units, 9.5, "normal", GREY, 0.55),
    ]
    top = 1 - 0.08 / inches_high
    for text, size, weight, colour, width in lines:
        together = text.replace(" %", "\N{NO-BREAK SPACE}%")
        wrapped = textwrap.fill(together, int(inches_wide * 72 / (size * width)))
        figure.text(0.012, top, wrapped, size=size, weight=weight, color=colour, va="top", linespacing=1.25)
        top -= (wrapped.count("\n") + 1) * size * 1.36 / 72 / inches_high
    caption = textwrap.fill(source, int(inches_wide * 72 / (7.5 * 0.55)))
    figure.text(0.012, 0.05 / inches_high, caption, size=7.5, color=GREY, va="bottom", linespacing=1.25)
    bottom = (caption.count("\n") + 1) * 7.5 * 1.36 / 72 / inches_high + 0.12 / inches_high
    figure.set_layout_engine("constrained", rect=(0.006, bottom, 0.988, top - bottom - 0.05 / inches_high))
    figure.draw_without_rendering()
    return figure


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Move positions apart until neighbours differ by `gap`, as little as possible, within low to high.

    Least squares under the gaps: after subtracting rank x gap the problem is an isotonic regression.
    """
    positions = np.asarray(positions, float)
    if not len(positions):
        return positions
    order = np.argsort(positions, kind="stable")
    offsets = np.arange(len(positions)) * gap
    blocks: list[list[float]] = []
    for value in positions[order] - offsets:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            value, weight = blocks.pop()
            blocks[-1] = [
                (blocks[-1][0] * blocks[-1][1] + value * weight) / (blocks[-1][1] + weight),
                blocks[-1][1] + weight,
            ]
    fitted = np.concatenate([[value] * int(weight) for value, weight in blocks])
    fitted = np.clip(fitted, low, max(low, high - offsets[-1])) + offsets
    result = np.empty_like(fitted)
    result[order] = fitted
    return result


def label_ends(axis: Axes, labels: Sequence[Label], size: float = 8.5) -> None:
    """Write each label to the right of its mark; labels that would overlap move apart and get a thin leader."""
    if not labels:
        return
    figure = axis.figure
    if figure.get_layout_engine() is not None:  # it moves the axes when the figure is drawn
        figure.draw_without_rendering()
    to_pixels = axis.transData.transform
    x = [float(axis.convert_xunits(label.x)) for label in labels]
    heights = np.array([to_pixels((place, label.y))[1] for place, label in zip(x, labels, strict=True)])
    lines = max(label.text.count("\n") + 1 for label in labels)
    gap = size * 1.35 * lines * figure.dpi / 72
    box = axis.get_window_extent()
    spots = spread(heights, gap, box.y0 + gap / 2, box.y1)
    left, right = axis.get_xlim()
    for label, place, height, spot in zip(labels, x, heights, spots, strict=True):
        moved = abs(spot - height) > 1
        y = axis.transData.inverted().transform((0, spot))[1]
        axis.annotate(
            label.text,
            (place, label.y),
            xytext=(right, y),
            textcoords="data",
            color=label.colour,
            size=size,
            va="center",
            annotation_clip=False,
            arrowprops=LEADER | {"color": label.colour} if moved or right - place > 0.06 * (right - left) else None,
        ).set_position((right + 0.006 * (right - left), y))


def use_dates(axis: Axes, dates: pd.DatetimeIndex) -> None:
    """Years on the time axis, or half-years on a short one, at a spacing that keeps the labels apart."""
    years = max(1, (dates.max() - dates.min()).days / 365.25)
    axis.grid(False, axis="x")
    if years < 2.5:
        axis.xaxis.set_major_locator(mdates.MonthLocator((1, 7)))
        axis.xaxis.set_major_formatter(mdates.DateFormatter("%b %Y"))
        return
    room = axis.get_window_extent().width / axis.figure.dpi / 0.55  # labels that fit side by side
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100) if years / step <= room)
    axis.xaxis.set_major_locator(mdates.YearLocator(step))
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%Y"))


def use_numbers(axis: Axes, which: str = "y", suffix: str = "") -> None:
    """Plain numbers with thousands separators."""
    target = axis.yaxis if which == "y" else axis.xaxis
    target.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    target.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}{suffix}"))


def say(value: float, unit: str = "") -> str:
    """A number as a reader wants it: three significant digits, or the whole part where that is longer, and its unit.

    >>> say(1125.3, "million persons"), say(42.8, "percent"), say(0.0532)
    ('1,125 million persons', '42.8 %', '0.0532')
    """
    if not np.isfinite(value):
        return "unbounded" if value > 0 else "not known"
    digits = max(0, 2 - int(np.floor(np.log10(abs(value))))) if value else 0
    text = f"{value:,.{digits}f}"
    if unit.startswith("percent"):
        return f"{text} %" + unit.removeprefix("percent")
    return f"{text} {unit}".strip()


def say_range(low: float, high: float, unit: str = "") -> str:
    """A range as a reader wants it: a lower end that's nothing beside the upper one is 0.

    >>> say_range(298.2, 1177, "million persons"), say_range(1e-9, 1252)
    ('298 to 1,177 million persons', '0 to 1,252')
    """
    return f"{'0' if abs(low) < 0.0005 * abs(high) else say(low)} to {say(high, unit)}"


def lower_first(text: str) -> str:
    """Words for the middle of a sentence; names in capitals stay.

    >>> lower_first("Internet users"), lower_first("US firms that use AI")
    ('internet users', 'US firms that use AI')
    """
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]


def say_date(date: object) -> str:
    """A date as month and year.

    >>> say_date("2025-12-31")
    'December 2025'
    """
    return f"{pd.Timestamp(date):%B %Y}"
