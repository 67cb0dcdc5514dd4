"""Texts at marks: labels beside the ends of lines, and notes where there is room; none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.text import Annotation
from matplotlib.transforms import Bbox, ScaledTranslation
from scipy.optimize import isotonic_regression

from ...base.words import say
from .style import GREY, HALO, INK, LINE_HEIGHT, measure, shorten_label

MOST_VALUES = 8
"""Points of a line that all get their numbers."""
ROOM, MARK = (7, 2), 2.25
"""Pixels that stay free beside a note, and above and below; points of the half of a mark."""
RIGHT_AXIS = 28
"""Points that the numbers of an axis at the right take."""
AT_EDGE = ("data", "axes fraction")
"""Coordinates of a place at the foot or the head of the axes."""


@dataclass(frozen=True)
class Label:
    """A direct label: where its mark ends, what it says, and the mark's colour."""

    x: object
    y: float
    text: str
    colour: str = INK


def darken(colour: str) -> tuple[float, float, float]:
    """The colour of a mark for the text that names it: light marks are seen, light letters aren't read."""
    red, green, blue = to_rgb(colour)
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    share = min(1.0, 0.42 / light)
    return red * share, green * share, blue * share


def label_ends(axis: Axes, labels: Sequence[Label], size: float = 8.5) -> None:
    """Write each label to the right of its mark; labels that would overlap move apart and get a thin leader.

    In an `Exhibit` they find their places when it's laid out, elsewhere at once.
    """
    room = RIGHT_AXIS if axis.child_axes else 0
    beside = axis.get_yaxis_transform() + ScaledTranslation(room / 72, 0, axis.figure.dpi_scale_trans)
    texts = [
        axis.text(1.012, label.y, "\n".join(map(shorten_label, label.text.split("\n"))), color=darken(label.colour),
                  size=size, va="center", linespacing=1.2, transform=beside, parse_math=False)
        for label in labels
    ]  # fmt: skip
    leaders = LineCollection([], lw=0.5, alpha=0.6, clip_on=False, transform=axis.transAxes, zorder=1)
    leaders.set_in_layout(False)
    axis.add_collection(leaders, autolim=False)
    place = partial(_place_labels, axis, labels, texts, leaders)
    if hasattr(axis.figure, "ends"):
        axis.figure.ends.append((texts, place))
    else:
        place()


def _place_labels(axis: Axes, labels: Sequence[Label], texts: list[Any], leaders: LineCollection) -> None:
    if not labels:
        return
    marks = [(float(axis.convert_xunits(label.x)), label.y) for label in labels]
    marks = axis.transAxes.inverted().transform(axis.transData.transform(marks))
    point = axis.figure.dpi / 72 / axis.get_window_extent().height  # in heights of the axes
    tall = np.array([(text.get_text().count("\n") + 1) * text.get_size() * LINE_HEIGHT * point for text in texts])
    line = texts[0].get_size() * LINE_HEIGHT * point
    spots = spread(marks[:, 1], tall, tall.max() / 2, 1.0 - (tall.max() - line) / 2)
    room = (RIGHT_AXIS if axis.child_axes else 0) * axis.figure.dpi / 72 / axis.get_window_extent().width
    to_data = axis.transAxes + axis.transData.inverted()
    lines, colours = [], []
    for label, text, (x, y), spot in zip(labels, texts, marks, spots, strict=True):
        text.set_y(to_data.transform((0, spot))[1])
        if abs(spot - y) > 0.7 * point or x < 0.94 or room:
            lines.append([(x + 0.004, y), (1.008 + room, spot)])
            colours.append(label.colour)
    leaders.set_segments(lines)
    leaders.set_color(colours)


def spread(positions: Sequence[float], heights: float | np.ndarray, low: float, high: float) -> np.ndarray:
    """Move positions apart until things of these heights don't overlap, as little as possible, within low to high.

    Least squares under the gaps: after subtracting the heights below it the problem is an isotonic regression.
    """
    places = np.asarray(positions, float)
    if not len(places):
        return places
    order = np.argsort(places, kind="stable")
    tall = np.broadcast_to(heights, places.shape)[order]
    offsets = np.r_[0.0, np.cumsum((tall[1:] + tall[:-1]) / 2)]
    fitted = isotonic_regression(places[order] - offsets).x
    result = np.empty_like(places)
    result[order] = np.clip(fitted, low, max(low, high - offsets[-1])) + offsets
    return result


class Spot(NamedTuple):
    """A place for a note: where its mark is, and how far from there, in points; that is also the side it stands on."""

    x: Any
    y: Any
    right: float
    up: float
    coordinates: Any = "data"


EDGES = tuple(
    Spot(x, y, 4 - 8 * x, 4 if y < 0.5 else -4, "axes fraction") for y in (0, 1, 0.15, 0.85, 0.3, 0.7) for x in (1, 0)
)
"""The corners of the axes, then places between them."""


def note(axis: Axes, words: str, spots: Sequence[Spot], **look: Any) -> Annotation:
    """Write words where they cross fewest lines; of two spots alike, at the first.

    A note that would cover another text, or leave its axes, at every spot is left out: write those that matter first.

    Parameters
    ----------
    axis : Axes
    words : str
    spots : sequence of Spot
    **look
        Of the text: size, color, weight.

    Returns
    -------
    Annotation
    """
    look = {"size": 8.6, "color": INK, "zorder": 8, "linespacing": 1.1, "parse_math": False} | look
    text = axis.annotate(words, spots[0][:2], (0, 0), textcoords="offset points", annotation_clip=False,
                         path_effects=[HALO], in_layout=False, **look)  # fmt: skip
    place = partial(_place_note, axis, text, spots)
    if hasattr(axis.figure, "notes"):
        axis.figure.notes.append((text, place))
    else:
        place()
    return text


def _place_note(axis: Axes, text: Annotation, spots: Sequence[Spot]) -> None:
    """Set a note at the spot where it covers no text and no mark, and crosses fewest lines; else hide it."""
    texts = [measure(other) for other in axis.texts if other.get_visible() and other.get_text() and other is not text]
    marked = [line.get_xydata() for line in axis.lines if line.get_marker() not in ("None", "", None)]
    marked += [cloud.get_offsets() for cloud in axis.collections if isinstance(cloud, PathCollection)]
    marks = axis.transData.transform(np.vstack([np.empty((0, 2)), *marked]))
    strokes = [(stroke, stroke.get_paths()) for stroke in axis.collections if isinstance(stroke, LineCollection)]
    strokes += [(line, [line.get_path()]) for line in axis.lines]
    paths = [path.transformed(stroke.get_transform()) for stroke, parts in strokes for path in parts]
    room, near, costs = axis.get_window_extent().padded(2), MARK * axis.figure.dpi / 72 - ROOM[1], []
    text.set_visible(True)
    for spot in spots:
        box = _move(text, spot)
        outside = not (room.contains(box.x0, box.y0) and room.contains(box.x1, box.y1))
        covered = outside + sum(map(box.overlaps, texts)) + box.padded(near).count_contains(marks)
        costs.append((covered, sum(path.intersects_bbox(box, filled=False) for path in paths)))
    _move(text, spots[costs.index(min(costs))])
    text.set_visible(min(costs)[0] == 0)


def _move(text: Annotation, spot: Spot) -> Bbox:
    """Set a note at a spot; returns its box."""
    text.xy, text.xycoords = spot[:2], spot.coordinates
    text.set_position((spot.right, spot.up))
    text.set_horizontalalignment("center" if not spot.right else "left" if spot.right > 0 else "right")
    text.set_verticalalignment("center" if not spot.up else "bottom" if spot.up > 0 else "top")
    return measure(text).padded(*ROOM)


def find_gaps(dates: pd.DatetimeIndex, breaks: pd.DataFrame) -> list[tuple[str, pd.Timestamp, pd.Timestamp]]:
    """The intervals between two figures in which breaks (date, kind) lie: kind, and the figures' dates."""
    places = dates.searchsorted(pd.DatetimeIndex(breaks["date"]))
    gaps = [(kind, place) for kind, place in zip(breaks["kind"], places, strict=True) if 0 < place < len(dates)]
    return [(kind, dates[place - 1], dates[place]) for kind, place in gaps]


def part_line(values: pd.Series, breaks: pd.DataFrame) -> pd.Series:
    """The figures with nothing in the middle of each gap, so that no line crosses a break."""
    middles = [start + (end - start) / 2 for _, start, end in find_gaps(pd.DatetimeIndex(values.index), breaks)]
    return pd.concat([values, pd.Series(np.nan, pd.DatetimeIndex(middles).unique())]).sort_index()


def mark_breaks(axis: Axes, breaks: pd.DataFrame, dates: pd.DatetimeIndex) -> None:
    """Shade the interval between two figures in which a break (date, kind) lies; the last of a kind is named."""
    gaps = find_gaps(dates, breaks)
    for _, start, end in gaps:
        axis.axvspan(start, end, color=GREY, alpha=0.15, lw=0, zorder=0)
    for kind, (start, end) in {kind: ends for kind, *ends in gaps}.items():
        name, middle = "break" if kind == "break" else "suspected\nbreak", start + (end - start) / 2
        note(axis, name, [Spot(middle, y, 0, 4 - 8 * y, AT_EDGE) for y in (1, 0)], size=8.6, color=GREY)


def name_line(axis: Axes, date: Any, words: str) -> None:
    """Name an upright line at its foot or its head, on the side where there is room."""
    spots = [Spot(date, y, x, 4 - 8 * y, AT_EDGE) for y in (0, 1) for x in (4, -4)]
    note(axis, words, spots, size=8.6, color=GREY)


def label_values(axis: Axes, values: pd.Series, unit: str = "") -> None:
    """The numbers at the points of a line of figures: at each of a few, else at the first and the last."""
    shown = values if len(values) <= MOST_VALUES else values.iloc[[0, -1]]
    for date, value in shown[::-1].items():
        spots = [Spot(date, value, right, up) for right, up in ((0, 6), (0, -6), (-6, 4), (6, -4), (-6, -4), (6, 4))]
        note(axis, say(value, unit, float(shown.max()), bare=True), spots, size=8.6)
