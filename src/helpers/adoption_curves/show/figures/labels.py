"""Texts at marks: labels beside the ends of lines, and notes where there is room; none covers another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PathCollection, PolyCollection
from matplotlib.colors import to_rgb
from matplotlib.dates import AutoDateLocator, num2date
from matplotlib.text import Annotation, Text
from matplotlib.transforms import Bbox, ScaledTranslation
from scipy.optimize import isotonic_regression

from ...base.words import say, say_figure
from .style import GREY, HALO, INK, LINE_HEIGHT, SMALL, close_canvas, measure, shorten_label, use_dates

_FREE_PIXELS = (7, 2)  # that stay free beside a note, and above and below
_MARK = 2.25  # points of the half of a mark
_RIGHT_AXIS, _BEND = 36, 9  # points that an axis at the right takes: its numbers, and beside them the bends of leaders
AT_EDGE = ("data", "axes fraction")  # coordinates of a place at the foot or the head of the axes


class Label(NamedTuple):
    """A direct label: where its mark ends, what it says, and the mark's colour."""

    x: Any
    y: float
    text: str
    colour: str = INK


def darken(colour: str) -> tuple[float, float, float]:
    """The colour of a mark for the text that names it, with a contrast of 4.5 or more on white and on a dark page."""
    red, green, blue = to_rgb(colour)
    share = min(1.0, 0.404 / max(0.2126 * red + 0.7152 * green + 0.0722 * blue, 1e-6))
    return red * share, green * share, blue * share


def label_ends(axis: Axes, labels: Sequence[Label]) -> None:
    """Write each label to the right of its mark; labels that would overlap move apart and get a thin leader.

    In an `Exhibit` they find their places when it's laid out, elsewhere at once.
    """
    beside = ScaledTranslation((_RIGHT_AXIS if axis.child_axes else 0) / 72, 0, axis.figure.dpi_scale_trans)
    texts = [
        axis.text(1.012, 0.5, "\n".join(map(shorten_label, label.text.split("\n"))), color=darken(label.colour),
                  size=SMALL, va="center", linespacing=1.2, transform=axis.transAxes + beside, parse_math=False)
        for label in labels
    ]  # fmt: skip
    leaders = LineCollection([], lw=0.7, alpha=0.8, clip_on=False, transform=axis.transAxes, zorder=1)
    leaders.set_in_layout(False)
    axis.add_collection(leaders, autolim=False)
    place = partial(_place_labels, axis, labels, texts, leaders)
    if hasattr(axis.figure, "labels"):
        axis.figure.labels.append((texts, place))
    else:
        place()


def _place_labels(axis: Axes, labels: Sequence[Label], texts: Sequence[Text], leaders: LineCollection) -> None:
    """Move the texts apart, and draw a leader to each that does not stand right beside its mark."""
    if not labels:
        return
    to_axes = axis.transAxes.inverted()  # from pixels to parts of the axes
    marks = [(axis.convert_xunits(label.x), label.y) for label in labels]
    marks = axis.transData.transform(np.array(marks, float))
    for side in axis.child_axes:
        _hide_crossed(side, marks[:, 1])
    marks = to_axes.transform(marks)
    point = axis.figure.dpi / 72 / axis.get_window_extent().height
    tall = np.array([measure(text).height + 0.3 * text.get_size() for text in texts]) / axis.get_window_extent().height
    bend = _BEND * axis.figure.dpi / 72 / axis.get_window_extent().width
    line = texts[0].get_size() * LINE_HEIGHT * point  # so much of a label may stand above the axes
    spots = _spread(marks[:, 1], tall, tall.max() / 2, 1.0 - (tall.max() - line) / 2)
    lines, colours = [], []
    for label, text, (x, y), spot in zip(labels, texts, marks, spots, strict=True):
        text.set_y(spot)
        if abs(spot - y) > 0.7 * point or x < 0.94 or axis.child_axes:
            left = to_axes.transform(measure(text).p0)[0]
            bends = [(left - bend, y)] if axis.child_axes else []  # straight past the numbers of an axis at the right
            lines.append([(x + 0.004, y), *bends, (left - 0.004, spot)])
            colours.append(label.colour)
    leaders.set_segments(lines)
    leaders.set_color(colours)


def _hide_crossed(side: Axes, heights: np.ndarray) -> None:
    """Leave out the numbers of an axis at the right that a leader at one of the `heights`, in pixels, would cross."""
    for place, tick in zip(side.get_yticks(), side.yaxis.get_major_ticks(), strict=True):
        away = np.abs(heights - side.transData.transform((0, place))[1]).min()
        tick.label2.set_visible(away > 0.5 * LINE_HEIGHT * tick.label2.get_size() * side.figure.dpi / 72)


def _spread(positions: Sequence[float], heights: float | np.ndarray, low: float, high: float) -> np.ndarray:
    """Move positions apart until things of these heights don't overlap, as little as possible, within low to high.

    Least squares under the gaps: after subtracting the heights below it the problem is an isotonic regression.

    Parameters
    ----------
    positions : (N,) sequence of float
    heights : float or (N,) array
    low, high : float
        In the unit of the positions.

    Returns
    -------
    (N,) array
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


def note(axis: Axes, words: str, spots: Sequence[Spot], color: str = INK) -> Annotation:
    """Write words where they cross fewest lines; of two spots alike, at the first.

    A note that would cover another text, or leave its axes, at every spot is left out: write those that matter first.

    Parameters
    ----------
    axis : Axes
    words : str
    spots : sequence of Spot
    color : str

    Returns
    -------
    Annotation
    """
    text = axis.annotate(
        words, spots[0][:2], (0, 0), textcoords="offset points", annotation_clip=False, in_layout=False,
        path_effects=[HALO], size=SMALL, color=darken(color), zorder=8, linespacing=1.1, parse_math=False,
    )  # fmt: skip
    place = partial(_place_note, axis, text, spots)
    if hasattr(axis.figure, "notes"):
        axis.figure.notes.append((text, place))
    else:
        place()
    return text


def _place_note(axis: Axes, text: Annotation, spots: Sequence[Spot]) -> None:
    """Set a note at the spot where it covers no text and no mark, and crosses fewest lines; else hide it."""
    texts = [measure(other) for other in axis.texts if other.get_visible() and other.get_text() and other is not text]
    marks, paths = _find_marks(axis), _find_lines(axis)
    room, near, costs = axis.get_window_extent().padded(2), _MARK * axis.figure.dpi / 72 - _FREE_PIXELS[1], []
    text.set_visible(True)
    for spot in spots:
        box = _move(text, spot)
        outside = not (room.contains(box.x0, box.y0) and room.contains(box.x1, box.y1))
        covered = outside + box.count_overlaps(texts) + box.padded(near).count_contains(marks)
        costs.append((covered, sum(path.intersects_bbox(box, filled=False) for path in paths)))
    _move(text, spots[costs.index(min(costs))])
    text.set_visible(min(costs)[0] == 0)


def _find_marks(axis: Axes) -> np.ndarray:
    """Places of all marks in pixels, (M, 2)."""
    marked = [line.get_xydata() for line in axis.lines if line.get_marker() not in ("None", "", None)]
    clouds = [cloud.get_offsets() for cloud in axis.collections if isinstance(cloud, PathCollection)]
    found: np.ndarray = axis.transData.transform(np.vstack([np.empty((0, 2)), *marked, *clouds]))
    return found


def _find_lines(axis: Axes) -> list[Any]:
    """Paths of all lines, and of the edges of bands, in pixels."""
    found = [line.get_path().transformed(line.get_transform()) for line in axis.lines]
    for strokes in axis.collections:
        if isinstance(strokes, LineCollection | PolyCollection):
            found += [path.transformed(strokes.get_transform()) for path in strokes.get_paths()]
    return found


def _move(text: Annotation, spot: Spot) -> Bbox:
    """Set a note at a spot; returns its box."""
    text.xy, text.xycoords = spot[:2], spot.coordinates
    text.set_position((spot.right, spot.up))
    text.set_horizontalalignment("center" if not spot.right else "left" if spot.right > 0 else "right")
    text.set_verticalalignment("center" if not spot.up else "bottom" if spot.up > 0 else "top")
    return measure(text).padded(*_FREE_PIXELS)


def name_line(axis: Axes, date: Any, words: str) -> None:
    """Name an upright line at its foot or its head, on the side where there is room."""
    note(axis, words, [Spot(date, y, x, 4 - 8 * y, AT_EDGE) for y in (0, 1) for x in (4, -4)], color=GREY)


def label_values(axis: Axes, values: pd.Series, unit: str = "", own: bool = False) -> None:
    """Write the numbers of a few figures at their points.

    Parameters
    ----------
    axis : Axes
    values : Series
        Figures by date.
    unit : str
        Of the figures; "" for none.
    own : bool
        Whether they are of one's own data, which keep their digits.
    """
    for date, value in values[::-1].items():
        words = say_figure(value, "", own) if own else say(value, unit, float(values.max()), bare=True)
        spots = [Spot(date, value, right, up) for right, up in ((0, 6), (0, -6), (-6, 4), (6, -4), (-6, -4), (6, 4))]
        note(axis, words, spots)


def close_axes(axis: Axes, title: str, units: str, source: str) -> None:
    """Close the figure of axes: each line that has a label gets it at its end, and dates are ends of years."""
    named = [line for line in axis.lines if not str(line.get_label()).startswith("_")]
    ends = [(line.get_xdata()[-1], line.get_ydata()[-1], line.get_label(), line.get_color()) for line in named]
    label_ends(axis, [Label(*end) for end in ends])
    if isinstance(axis.xaxis.get_major_locator(), AutoDateLocator):
        first, last = (num2date(day).replace(tzinfo=None) for day in axis.dataLim.intervalx)
        use_dates(axis, pd.Timestamp(first), pd.Timestamp(last))
    axis.set(xlabel="", ylabel="")
    close_canvas(axis.figure, title, units, source)


def find_gaps(dates: pd.DatetimeIndex, breaks: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """The intervals between two figures in which breaks (date) lie: the dates of the figures.

    Parameters
    ----------
    dates : DatetimeIndex (n,)
        Of the figures, in order.
    breaks : DataFrame
        date.

    Returns
    -------
    list of tuple
        The dates of the figures before and after.
    """
    places = dates.searchsorted(pd.DatetimeIndex(breaks["date"]))
    return [(dates[place - 1], dates[place]) for place in places if 0 < place < len(dates)]


def shade_breaks(axis: Axes, breaks: pd.DataFrame, dates: pd.DatetimeIndex) -> str:
    """Shade each interval between two figures in which a break (date) lies; returns words for the line of units.

    The words stand there, since most intervals are narrower than their name.

    Parameters
    ----------
    axis : Axes
    breaks : DataFrame
        date.
    dates : DatetimeIndex (n,)
        Of the figures, in order.

    Returns
    -------
    str
        "" where no break lies among the figures.
    """
    gaps = find_gaps(dates, breaks)
    for start, end in gaps:
        axis.axvspan(start, end, color=GREY, alpha=0.15, lw=0, zorder=0)
    return "; upright strip: figures before and after it may not be comparable" if gaps else ""
