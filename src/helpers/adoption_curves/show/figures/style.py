"""One style for all charts: measured text around the axes, one drawing for both widths, one accent colour and greys."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from io import BytesIO
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend import Legend
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Annotation, Text
from matplotlib.ticker import FuncFormatter, MaxNLocator
from PIL import Image
from PIL.PngImagePlugin import PngInfo

# Inches of a chart on a page, and on a telephone; letters have one size on both.
WIDTHS = {"wide": 7.36, "narrow": 3.7}
# Each colour in its light and its dark form, which an SVG swaps: one accent, greys, and three tints for intervals.
COLOURS = {
    "page": ("#ffffff", "#15181c"),
    "ink": ("#1f2328", "#e9eaec"),
    "grey": ("#5f6670", "#a3abb5"),
    "grid": ("#e7e9ec", "#2c3138"),
    "ghost": ("#b9bfc7", "#59616b"),
    "strip": ("#eaecef", "#22262b"),
    "accent": ("#0b66a8", "#58b2ec"),
    "half": ("#7db6de", "#2a6f9f"),
    "most": ("#cfe3f3", "#1b3f59"),
    "all": ("#e5f0f8", "#152c3d"),
}
PAGE, INK, GREY, GRID, GHOST, STRIP, ACCENT, HALF, MOST, ALL = (light for light, _ in COLOURS.values())
# Points of the letters; the smallest have eleven pixels.
SMALL, BODY, TITLE = 8.6, 9.2, 12.0
DOTS_PER_INCH = 150
_YEAR = 0.42  # inches that the name of a year needs
_EDGE, _GAP = 0.06, 0.08  # inches at the edges, and between the parts around the axes
_LONGEST_TEXT = 1000  # letters of a text around the axes
# What a line may end after: a word, a part of one that has no end, a Chinese character.
_PIECES = re.compile(r"[\u2e80-\uffef]\s*|[^\s\u2e80-\uffef]{1,24}\s*")
_NOTE_LETTERS = 46  # of a line of a label of the key
_CHINESE = ("Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei")
_STYLE = {
    **sns.axes_style("whitegrid"),
    "axes.edgecolor": GHOST,
    "axes.grid.axis": "y",
    "axes.labelcolor": GREY,
    "axes.labelsize": SMALL,
    "axes.prop_cycle": mpl.cycler(color=[ACCENT, GREY, HALF, INK, GHOST]),
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": BODY,
    "axes.titleweight": "bold",
    "figure.dpi": 100,
    # Letters of browsers are no wider than these, so what has room here has it there.
    "font.family": ["DejaVu Sans", *(name for name in _CHINESE if name in font_manager.get_font_names())],
    "font.size": BODY,
    "grid.color": GRID,
    "hatch.linewidth": 0.8,
    "legend.fontsize": SMALL,
    "legend.frameon": False,
    "lines.solid_capstyle": "round",
    "text.color": INK,
    "text.hinting": "none",  # letters keep their shape and place at every size
    "text.parse_math": False,  # names of the data are no mathematics, whatever they hold
    "timezone": "UTC",
    "xtick.color": GREY,
    "xtick.labelsize": SMALL,
    "ytick.color": GREY,
    "ytick.labelsize": SMALL,
}


class Chart(Figure):
    """A figure with title, units, key and source as measured text around its axes, for wide and narrow pages.

    It is not a figure of pyplot, so it need not be closed.

    Attributes
    ----------
    height : float
        Of the axes, in inches.
    around : list of str
        Title, units and source.
    key : sequence of Artist
        Entries of the key, with their labels.
    """

    def __init__(self, height: float) -> None:
        super().__init__(figsize=(WIDTHS["wide"], height))
        FigureCanvasAgg(self)
        self.height = height
        self.around, self.key = ["", "", ""], list[Artist]()
        self._texts, self._legend, self._dated = list[Text](), None, list[Axes]()

    def close(self, title: str, units: str, source: str, key: Sequence[Artist] = ()) -> Chart:
        """Set the text around the axes, and lay the chart out for a wide page.

        Parameters
        ----------
        title, units, source : str
            The finding; unit, base and date; the publishers.
        key : sequence of Artist
            Entries of the key, whose labels include the numbers.

        Returns
        -------
        Chart
            The same chart.
        """
        self.around, self.key = [title, units, source], list(key)
        looks = ({"size": TITLE, "weight": "bold"}, {"size": BODY, "color": GREY}, {"size": SMALL, "color": GREY})
        self._texts = [self.text(0, 0, "", va="top", linespacing=1.25, in_layout=False, **look) for look in looks]
        self._dated = [axis for axis in self.axes if isinstance(axis.xaxis.get_major_locator(), mdates.AutoDateLocator)]
        return self.lay_out()

    def lay_out(self, width: str = "wide") -> Chart:
        """Wrap the text for a width, and make room for it above and below the axes, which keep their height.

        Parameters
        ----------
        width : {"wide", "narrow"}

        Returns
        -------
        Chart
            The same chart.
        """
        wide = WIDTHS[width]
        self.set_size_inches(wide, self.height)
        for axis in self._dated:
            use_dates(axis, wide)
        for text, words in zip(self._texts, self.around, strict=True):
            _wrap(text, words, (wide - 2 * _EDGE) * self.dpi)
        if self._legend is not None:
            self._legend.remove()
        self._legend = _draw_key(self, self.key) if self.key else None
        title, units, source = self._texts
        above = [title, units, *([self._legend] if self.key else [])]
        tall = [part.get_window_extent().height / self.dpi + _GAP for part in above]
        below = source.get_window_extent().height / self.dpi + _GAP if self.around[2] else 0
        total, left = self.height + sum(tall) + below + 2 * _EDGE, _EDGE / wide
        self.set_size_inches(wide, total)
        for part, top in zip(above, total - _EDGE - np.cumsum([0, *tall[:-1]]), strict=True):
            if isinstance(part, Legend):
                part.set_bbox_to_anchor((left, top / total), self.transFigure)
            else:
                part.set_position((left, top / total))
        source.set_position((left, (below - _GAP + _EDGE) / total))
        rect = (left, (below + _EDGE) / total, 1 - 2 * left, self.height / total)
        compute_layout(self, ConstrainedLayoutEngine(rect=rect, w_pad=0.02, h_pad=0.02))
        for axis in self._dated:  # names at the left leave them less room
            use_dates(axis, axis.get_position().width * wide)
        return self

    def _repr_png_(self) -> bytes:
        return draw_png(self)


def _wrap(text: Text, words: str, room: float) -> None:
    """Break text into lines of at most `room` pixels."""
    renderer, font = text.figure.canvas.get_renderer(), text.get_fontproperties()
    lines = [""]
    for piece in _PIECES.findall(words if len(words) <= _LONGEST_TEXT else f"{words[: _LONGEST_TEXT - 1].rstrip()}…"):
        line = (lines[-1] + piece).rstrip()
        if lines[-1] and renderer.get_text_width_height_descent(line, font, False)[0] > room:
            lines.append("")
        lines[-1] += piece
    text.set_text("\n".join(line.rstrip() for line in lines))


def _draw_key(figure: Chart, key: Sequence[Artist]) -> Legend:
    """Draw the key in as many columns as fit into the width."""
    for columns in range(len(key), 0, -1):
        legend = figure.legend(
            handles=key, loc="upper left", ncols=columns, borderpad=0, borderaxespad=0, handlelength=1.3,
            handletextpad=0.5, columnspacing=1.3, labelspacing=0.35,
        )  # fmt: skip
        legend.set_in_layout(False)
        if columns == 1 or legend.get_window_extent().width <= figure.bbox.width - 2 * _EDGE * figure.dpi:
            break
        legend.remove()
    return legend


def compute_layout(figure: Figure, engine: Any) -> None:
    """Lay the axes out once, with rounded positions, because the last digits of the solver vary."""
    engine.execute(figure)
    for axis in figure.get_axes():
        axis.set_position([round(side, 6) for side in axis.get_position(original=True).bounds])
        axis.set_in_layout(True)  # set_position takes it out


def draw_png(figure: Any, alt: str = "") -> bytes:
    """The figure as a PNG with 256 colours, a quarter of the bytes without a visible difference."""
    plain, content, description = BytesIO(), BytesIO(), PngInfo()
    paper = None if isinstance(figure, Chart) else "tight"  # others may stick out of theirs
    figure.savefig(plain, format="png", dpi=DOTS_PER_INCH, bbox_inches=paper, pil_kwargs={"compress_level": 0})
    description.add_itxt("Description", alt)
    image = Image.open(plain, formats=["PNG"]).convert("RGB")
    reduced = image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    reduced.save(content, "PNG", pnginfo=description, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return content.getvalue()


def use_style() -> None:
    """Use our style for all later charts, whatever a matplotlibrc or an earlier chart has set."""
    mpl.rcdefaults()
    mpl.rcParams.update(_STYLE)


def open_chart(height: float) -> tuple[Chart, Axes]:
    """A chart and its axes, whose height is in inches."""
    use_style()
    figure = Chart(height)
    axis = figure.add_subplot()
    use_numbers(axis)
    return figure, axis


def key_line(label: str, color: str = ACCENT, **look: Any) -> Line2D:
    """Entry of the key for a line or a mark."""
    return Line2D([], [], color=color, label=_fill(label), **look)


def key_area(label: str, color: str, **look: Any) -> Patch:
    """Entry of the key for an area."""
    return Patch(facecolor=color, label=_fill(label), **look)


def _fill(label: str) -> str:
    """Label of the key in at most two lines."""
    return "\n".join(textwrap.wrap(label, _NOTE_LETTERS, max_lines=2, placeholder="…"))


def tag(
    axis: Axes, x: Any, y: float, text: str, color: str = INK, side: str = "right", rise: float = 4.0, **look: Any
) -> Annotation:
    """Words at a point, in a box of the page's colour.

    Parameters
    ----------
    axis : Axes
    x, y : date or float, and float
    text, color : str
    side : {"right", "left", "middle", "in"}
        Of the point; "in" ends at it.
    rise : float
        Points above it, or below where negative.
    **look
        Of the text.

    Returns
    -------
    Annotation
    """
    ha, dx = {"right": ("left", 5), "left": ("right", -5), "middle": ("center", 0), "in": ("right", 0)}[side]
    va = "bottom" if rise > 0 else "top" if rise < 0 else "center"
    back = {"boxstyle": "square,pad=0.06", "facecolor": PAGE, "edgecolor": "none", "alpha": 0.75}
    return axis.annotate(
        text, (x, y), (dx, rise), textcoords="offset points", ha=ha, va=va, color=color, linespacing=1.1,
        annotation_clip=False, **{"size": SMALL, "bbox": back, "zorder": 7, **look},
    )  # fmt: skip


def use_numbers(axis: Axes, suffix: str = "") -> None:
    """Use at most five round numbers with thousands separators on the y axis, and no tick marks."""
    axis.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.10g}{suffix}".replace("-", "−")))
    axis.tick_params("y", length=0, pad=3)


def use_dates(axis: Axes, width: float) -> None:
    """Years, or months where there are few, each in the middle of its days.

    Parameters
    ----------
    axis : Axes
        With dates.
    width : float
        Of the axes, in inches: names of years need `_YEAR` each.
    """
    days = np.array(axis.dataLim.intervalx)
    if not np.isfinite(days).all():
        return
    days += [-300, 300] if days[0] == days[1] else np.array([-0.03, 0.03]) * np.ptp(days)
    first, last = (pd.Timestamp(day.replace(tzinfo=None)) for day in mdates.num2date(days))
    yearly = (last - first).days > 500
    periods = pd.period_range(first, last, freq="Y" if yearly else "M")
    steps = (1, 2, 5, 10, 20, 50, 100, 200, 500) if yearly else (1, 2, 3, 6, 12)
    step = next(step for step in steps if len(periods) * _YEAR / width <= step or step == steps[-1])
    shown = [each for each in periods if (each.year if yearly else each.month) % step == 0]
    middles = [each.start_time + (each.end_time - each.start_time) / 2 for each in shown]
    axis.set_xticks([each.start_time for each in periods] if step == 1 else [], [] if step == 1 else None)
    axis.set_xticks(middles, [f"{each.year}" if yearly else f"{each:%b\n%Y}" for each in shown], minor=True)
    axis.tick_params("x", which="major", bottom=True, length=4, color=GHOST)
    axis.tick_params("x", which="minor", bottom=step > 1, length=3, pad=4, colors=GREY, labelsize=SMALL)
    axis.grid(False, axis="x", which="both")
    axis.set_xlim(*days)


def size_marks(count: int) -> float:
    """Size of the marks for a number of values, in points; many values get dots."""
    return 5 if count < 30 else 2.5 if count < 80 else 1.2
