"""Faults of a drawn figure that no reader should meet: texts that overlap, or that leave the canvas."""

from itertools import combinations

from matplotlib.axis import Axis
from matplotlib.text import Text

SLACK = 1.0  # pixels at 200 dots per inch: boxes are taller than their letters


def list_texts(figure):
    """Every text that is seen, with its box in pixels; ticks beyond the axis are not drawn."""
    ticks = {}
    for axis in figure.findobj(Axis):
        low, high = sorted(axis.get_view_interval())
        for label in [*axis.get_majorticklabels(), *axis.get_minorticklabels()]:
            ticks[label] = False
        places = axis.get_majorticklocs()
        for place, tick in zip(places, axis.get_major_ticks(len(places)), strict=True):
            ticks[tick.label1] = low <= place <= high
    seen = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    seen = [text for text in seen if ticks.get(text, True)]
    return [(text.get_text(), Text.get_window_extent(text)) for text in seen]


def find_faults(figure):
    """Each fault in words; an empty list where all is well."""
    figure.canvas.draw()
    texts, paper = list_texts(figure), figure.bbox
    out = [
        f"'{words}' leaves the canvas"
        for words, box in texts
        if box.x0 < -SLACK or box.y0 < -SLACK or box.x1 > paper.x1 + SLACK or box.y1 > paper.y1 + SLACK
    ]
    pairs = ((one, other, a, b) for (one, a), (other, b) in combinations(texts, 2))
    return out + [f"'{one}' overlaps '{other}'" for one, other, a, b in pairs if _cross(a, b)]


def _cross(a, b):
    wide, tall = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
    return wide > SLACK and tall > SLACK
