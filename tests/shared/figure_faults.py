"""Faults of a drawn figure that no reader should meet, each found from what matplotlib has drawn."""

from itertools import combinations

import numpy as np
from matplotlib.axis import Axis
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.text import Text
from matplotlib.transforms import Bbox

SLACK = 1.0  # pixels at 200 dots per inch: boxes are taller than their letters
MARKS = ("o", "s", "^", "D", "v", "P", "<", ">")
"""Markers that are filled; strokes are none."""
HALF = 0.45
"""Of the axes: where nothing is drawn in so much of them, to one side, that half is empty."""


def list_texts(figure):
    """Every text that is seen; ticks beyond the axis are not drawn."""
    ticks = {}
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for label in [*axis.get_majorticklabels(), *axis.get_minorticklabels()]:
            ticks[label] = False
        places = axis.get_majorticklocs()
        for place, tick in zip(places, axis.get_major_ticks(len(places)), strict=True):
            ticks[tick.label1] = low <= place <= high
    seen = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in seen if ticks.get(text, True)]


def find_faults(figure):
    """Each fault in words; an empty list where all is well."""
    figure.canvas.draw()
    texts = list_texts(figure)
    boxes = [(text.get_text(), Text.get_window_extent(text)) for text in texts]
    faults = [f"'{words}' leaves the canvas" for words, box in boxes if _sticks_out(box, figure.bbox)]
    faults += [f"'{words}' is cut" for words in (text.get_text() for text in figure.texts) if words.endswith("…")]
    faults += [f"'{one}' overlaps '{other}'" for (one, a), (other, b) in combinations(boxes, 2) if _cross(a, b)]
    for axes in figure.axes:
        if axes.get_visible():
            inside = [text for text in texts if text.axes is axes]
            faults += [*find_strays(axes, inside), *find_twins(inside), *find_empty_halves(axes)]
            faults += find_covered_marks(axes, boxes)
    return faults


def _sticks_out(box, room):
    return box.x0 < room.x0 - SLACK or box.y0 < room.y0 - SLACK or box.x1 > room.x1 + SLACK or box.y1 > room.y1 + SLACK


def _cross(a, b):
    wide, tall = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return wide > SLACK and tall > SLACK


def find_strays(axes, texts):
    """Texts at marks that lie above or below their axes by more than a line; labels of ends stand beside them."""
    room = axes.get_window_extent()
    line = max((text.get_size() for text in texts), default=0) * axes.figure.dpi / 72
    for text in set(texts) & set(axes.texts):
        box = Text.get_window_extent(text)
        if box.y0 < room.y0 - line or box.y1 > room.y1 + line:
            yield f"'{text.get_text()}' stands beyond its axes"


def find_twins(texts):
    """Words that stand twice in a panel; numbers may."""
    said = [text.get_text() for text in texts if any(letter.isalpha() for letter in text.get_text())]
    for words in dict.fromkeys(words for words in said if said.count(words) > 1):
        yield f"'{words}' stands {said.count(words)} times"


def find_covered_marks(axes, boxes):
    """Texts of the whole figure that stand on a mark of the data of these axes."""
    marks = [box for drawn in [*axes.lines, *axes.collections] for box in _list_marks(axes, drawn)]
    for words, box in boxes:
        if any(_cross(box, mark) for mark in marks):
            yield f"'{words}' stands on a mark"


def _list_marks(axes, drawn):
    """The box of each mark of a line, or of a cloud of points, in pixels."""
    is_cloud = isinstance(drawn, PathCollection)
    if not drawn.get_visible() or not (is_cloud or (isinstance(drawn, Line2D) and drawn.get_marker() in MARKS)):
        return []
    places = axes.transData.transform(drawn.get_offsets() if is_cloud else drawn.get_xydata())
    half = (np.sqrt(drawn.get_sizes().max()) if is_cloud else drawn.get_markersize()) / 2 * axes.figure.dpi / 72
    return [Bbox.from_extents(x - half, y - half, x + half, y + half) for x, y in places if np.isfinite([x, y]).all()]


def find_empty_halves(axes):
    """Sides of the axes where nothing of the data is drawn; a single row or a single date has none."""
    room, drawn = axes.get_window_extent(), [*axes.lines, *axes.collections, *axes.patches]
    paths = [path for each in drawn for path in _list_drawn(axes, each)]
    if not paths:
        return
    corners = np.concatenate([path.get_extents().get_points() for path in paths])
    wide, tall = np.ptp(corners, axis=0) > SLACK
    w, h = HALF * room.width, HALF * room.height
    halves = {
        "left": wide and Bbox.from_bounds(room.x0, room.y0, w, room.height),
        "right": wide and Bbox.from_bounds(room.x1 - w, room.y0, w, room.height),
        "lower": tall and Bbox.from_bounds(room.x0, room.y0, room.width, h),
        "upper": tall and Bbox.from_bounds(room.x0, room.y1 - h, room.width, h),
    }
    for side, box in halves.items():
        if box and not any(path.intersects_bbox(box, filled=True) for path in paths):
            yield f"the {side} half is empty"


def _list_drawn(axes, drawn):
    """Paths of what is drawn of the data, in pixels; of marks their places."""
    apart = isinstance(drawn, (Line2D, LineCollection)) and drawn.get_transform() != axes.transData
    if apart or not drawn.get_visible():  # lines across all of the axes, and leaders to labels
        return []
    if isinstance(drawn, PathCollection):
        places = axes.transData.transform(drawn.get_offsets())
        return [Path([place, place]) for place in places]
    own = drawn.get_paths() if hasattr(drawn, "get_paths") else [drawn.get_path()]
    return [path.transformed(drawn.get_transform()) for path in own if len(path.vertices)]
