"""Texts of a drawn chart that cover another text or a mark, or leave the chart."""

from itertools import combinations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.collections import PathCollection
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SLACK = (1.5, 2.5)
"""Pixels, across and upright: boxes are larger than their letters."""


def list_texts(figure):
    """Every text that is seen; ticks beyond the axis are not drawn."""
    hidden = set()
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for is_minor in (False, True):
            places, ticks = (
                axis.get_ticklocs(minor=is_minor),
                axis.get_minor_ticks if is_minor else axis.get_major_ticks,
            )
            for place, tick in zip(places, ticks(len(places)), strict=True):
                hidden |= set() if low <= place <= high else {tick.label1, tick.label2}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in texts if text not in hidden]


def list_marks(axes):
    """The box of each mark of lines and clouds of points, in pixels."""
    for drawn in [*axes.lines, *axes.collections]:
        is_cloud = isinstance(drawn, PathCollection)
        if is_cloud or (hasattr(drawn, "get_marker") and drawn.get_marker() not in ("None", "", None, "|")):
            places = axes.transData.transform(drawn.get_offsets() if is_cloud else drawn.get_xydata().astype(float))
            points = np.sqrt(drawn.get_sizes().max()) if is_cloud else drawn.get_markersize()
            half = points / 2 * axes.figure.dpi / 72
            yield from (Bbox([place - half, place + half]) for place in places if np.isfinite(place).all())


def find_collisions(figure):
    """Pairs of texts that cover each other, texts that are cut off, and texts that cover a mark, each in words.

    Returns
    -------
    tuple of three lists of str
    """
    figure.canvas.draw()
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in list_texts(figure)]
    marks, room = [mark for axes in figure.axes for mark in list_marks(axes)], figure.bbox.padded(1)
    pairs = [f"'{one}' and '{other}'" for (one, a), (other, b) in combinations(boxes, 2) if _cross(a, b)]
    cut = [words for words, box in boxes if not (room.contains(*box.p0) and room.contains(*box.p1))]
    return pairs, cut, [words for words, box in boxes if any(_cross(box, mark) for mark in marks)]


def _cross(a, b):
    across, upright = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return across > SLACK[0] and upright > SLACK[1]
