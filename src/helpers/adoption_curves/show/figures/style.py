"""One quiet look for every figure: title that makes the point, units, source, labels that never overlap."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sized
from io import BytesIO
from itertools import pairwise
from typing import Any

import matplotlib as mpl
import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.gridspec import GridSpec
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patheffects import withStroke
from matplotlib.text import Annotation, Text
from matplotlib.ticker import MaxNLocator, StrMethodFormatter
from PIL import Image
from PIL.PngImagePlugin import PngInfo

# Okabe and Ito (2008): told apart by readers with any common colour blindness. Grey scale is served by line
# style and marker, which change together with the colour.
INK, GREY, PALE = "#222222", "#6b6b6b", "#d9d9d9"
BLUE, ORANGE, GREEN, _PURPLE, _GOLD, _SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
COLOURS = (BLUE, ORANGE, GREEN, _PURPLE, _GOLD, _SKY)
LINES: tuple[Any, ...] = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 1)))
MARKERS = ("o", "s", "^", "D", "v", "P")
_MOST_MARKS = 80  # from so many on, marks are dots
# Inches of a page on a screen, of the text of an A4 sheet, and of a page on a telephone; text has one size in all.
WIDTHS, _NARROW_WIDTH = {"page": 7.4, "print": 6.3}, 3.8
_NARROW_LABEL = 17  # letters in a line of a label there
_LONGEST_NARROW = 25  # letters of words at a mark that stay in one line there
DOTS_PER_INCH = 150
_EDGE = 0.08  # inches that stay empty at the edges
SMALL = 8.4  # points of the smallest letters: eleven pixels on a page
_TITLE_STYLE, _UNITS_STYLE = {"size": 12.0, "weight": "bold", "color": INK}, {"size": 9.5, "color": GREY}
_SOURCE_STYLE = {"size": SMALL, "color": GREY}
HEADING = {"loc": "left", "size": 9.5, "weight": "bold"}  # of a panel
HALO_WIDTH = 2.5  # points
HALO = withStroke(linewidth=HALO_WIDTH, foreground="white")  # keeps words apart from the lines that they cross
LINE_HEIGHT = 1.3  # of the text around the axes, in sizes of its type
_LEAST_ROOM = 0.5  # of a figure's usual height for the axes: where the text around them leaves less, the figure grows
_MOST_LINES = 12  # of the title, the units and the source; the rest is left out
_THIN = 0.4  # least width of the letters of a line in sizes of their type
_MAX_TEXT_LETTERS = 2000  # of the title, the units or the source
_LONGEST_LABEL = 44  # letters in a line beside a mark
_EMPTY = 0.45  # of the highest value drawn: an axis from 0 to the lowest would leave that much empty
WHOLE = 100.0  # percent: no axis of a share goes further
FAR = 5  # times the highest figure: a limit from there on would press a series flat

_CHINESE = sorted({"Noto Sans CJK SC", "Source Han Sans SC", "PingFang SC"} & {*font_manager.get_font_names()})[:1]
"""A font with Chinese letters for names of one's own data, where one is installed."""

_STYLE = {  # over seaborn's "whitegrid" in the context "paper"
    "axes.edgecolor": GREY,
    "axes.grid.axis": "y",
    "axes.labelcolor": GREY,
    "axes.labelsize": 9.5,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titley": 1.0,
    "figure.dpi": 200,
    "font.family": ["DejaVu Sans", *_CHINESE],
    "font.size": 9.5,
    "grid.color": "#ececec",
    "text.color": INK,
    "text.hinting": "none",  # letters keep their shape and place at every size
    "timezone": "UTC",  # which rcdefaults leaves as it is
    "xtick.color": GREY,
    "ytick.color": GREY,
}


class Exhibit(Figure):
    """A figure with a title, units and a source line around its axes, to be laid out at any width.

    Not one of pyplot's figures: nothing has to be closed.

    Attributes
    ----------
    around : list of pairs
        Title, units and source: the text of matplotlib, and the words that it is wrapped from.
    labels, notes : list of pairs
        Texts beside the ends of lines, and words at marks, each with the function that finds their places.
    told : dict
        What is said of each mark of a line, cloud or bar, by the id of that in a drawing.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        FigureCanvasAgg(self)
        self.height = self.get_size_inches()[1]
        self.around: list[tuple[Text, str]] = []
        self.labels: list[tuple[list[Text], Callable[[], None]]] = []
        self.notes: list[tuple[Annotation, Callable[[], None]]] = []
        self.told: dict[str, list[str]] = {}

    def lay_out(self, width: float = WIDTHS["page"]) -> Exhibit:
        """Wrap the text around the axes, give the axes the room that is left, and place labels and notes."""
        for text in self.findobj(Text):  # names of the data are no mathematics, whatever they hold
            text.set_parse_math(False)
        self.set_size_inches(width, self.height)
        top, bottom = _set_around(self)
        if top - bottom < _LEAST_ROOM:
            self.set_size_inches(width, self.height * (1 + _LEAST_ROOM - (top - bottom)))
            top, bottom = _set_around(self)
        edge = _EDGE / width
        settle_layout(self, ConstrainedLayoutEngine(rect=(edge, bottom, 1 - 2 * edge, top - bottom)))
        for note, _ in self.notes:
            note.set_visible(False)
        for _, place in [*self.labels, *self.notes]:
            place()
        return self

    def narrow(self) -> Exhibit:
        """Lay the figure out for a telephone, for good: panels below each other, labels in short lines."""
        panels = [axis for axis in self.axes if axis.get_visible()]
        columns = panels[0].get_gridspec().ncols
        self.height *= columns if columns > 1 else 1.1  # the text around the axes has more lines
        if columns > 1:
            for axis, place in zip(panels, GridSpec(len(panels), 1, figure=self), strict=True):
                axis.set_subplotspec(place)
                axis.tick_params(labelleft=True)
        long = [text for text in self.findobj(Annotation) if len(text.get_text()) > _LONGEST_NARROW]
        for text in [*long, *(label for labels, _ in self.labels for label in labels)]:
            lines = text.get_text().split("\n")
            text.set_text("\n".join(textwrap.fill(line, _NARROW_LABEL, break_long_words=False) for line in lines))
        self.lay_out(_NARROW_WIDTH)
        for axis in panels:
            _thin_ticks(axis)
            _cut_texts(axis, self.bbox.x1)
        return self

    def _repr_png_(self) -> bytes:
        return draw_png(self)


def settle_layout(figure: Figure, engine: Any) -> None:
    """Lay the axes out once, with places in digits that are the same each time: the solver's last one is not."""
    engine.execute(figure)
    for axis in figure.get_axes():
        axis.set_position([round(side, 6) for side in axis.get_position(original=True).bounds])
        axis.set_in_layout(True)  # set_position takes it out


def measure(text: Text) -> Any:
    """The box of a text in pixels as the figure now is: left alone, it remembers the file that was written last."""
    canvas = text.figure.canvas
    return text.get_window_extent(canvas.get_renderer() if hasattr(canvas, "get_renderer") else None)


def _thin_ticks(axis: Axes) -> None:
    """Leave out every second name of a tick, or more, until none covers another; the last one stays."""
    named = [text for text in axis.get_xticklabels() if text.get_text()]
    named.sort(key=lambda text: -measure(text).x0)
    ends = [(box.x0, box.x1 + 0.4 * box.height) for box in map(measure, named)]
    step = 1
    while any(one[0] < other[1] for one, other in pairwise(ends[::step])):
        step += 1
    for place, text in enumerate(named):
        text.set_visible(place % step == 0)


def _cut_texts(axis: Axes, edge: float) -> None:
    """Shorten texts that pass the edge of the figure (pixels), and leave out words at marks that cover others."""
    kept: list[Any] = []
    for text in axis.texts:
        words, box = text.get_text(), measure(text)
        longest = len(words)
        while box.x0 < edge < measure(text).x1 and longest > 2:
            longest -= 1
            text.set_text(shorten_label(words, longest))
        if isinstance(text, Annotation) and box.count_overlaps(kept):
            text.set_visible(False)
        else:
            kept.append(box)


def tell(artist: Any, texts: Iterable[str]) -> None:
    """Say something of each of a line's or a cloud's marks, or of a bar: pages show it when one points there."""
    told = artist.figure.told
    artist.set_gid(f"told-{len(told) + 1}")
    told[artist.get_gid()] = list(texts)


def draw_png(figure: Any, alt: str = "") -> bytes:
    """The figure as PNG with 256 colours: a quarter of the bytes, and no eye sees the difference."""
    plain, content, description = BytesIO(), BytesIO(), PngInfo()
    paper = None if isinstance(figure, Exhibit) else "tight"  # others may stick out of theirs
    figure.savefig(plain, format="png", dpi=DOTS_PER_INCH, bbox_inches=paper, pil_kwargs={"compress_level": 0})
    description.add_itxt("Description", alt)
    image = Image.open(plain, formats=["PNG"]).convert("RGB")
    reduced = image.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    reduced.save(content, "PNG", pnginfo=description, dpi=(DOTS_PER_INCH, DOTS_PER_INCH))
    return content.getvalue()


def open_canvas(height: float) -> tuple[Exhibit, Axes]:
    """Return a figure of a page's width and its axes; the height is in inches."""
    figure, axes = open_panels(height, 1, 1)
    return figure, axes[0, 0]


def open_panels(height: float, rows: int, columns: int, **options: Any) -> tuple[Exhibit, np.ndarray]:
    """Return a figure of a page's width and the axes of its panels, (rows, columns); the height is in inches."""
    mpl.rcdefaults()  # whatever a matplotlibrc or an earlier figure has set
    sns.set_theme(context="paper", style="whitegrid", palette=list(COLOURS), rc=_STYLE)
    figure = Exhibit(figsize=(WIDTHS["page"], height))
    axes = figure.subplots(rows, columns, squeeze=False, **options)
    for axis in axes.flat:
        use_numbers(axis)
    return figure, axes


def close_canvas(figure: Exhibit, title: str, units: str, source: str) -> Exhibit:
    """Set title, units and source line around the axes, and lay the figure out for a page."""
    for words, look in ((title, _TITLE_STYLE), (units, _UNITS_STYLE), (source, _SOURCE_STYLE)):
        text = figure.text(0, 0, "", va="top", linespacing=1.25, in_layout=False, **look)
        figure.around.append((text, words.replace(" %", "\N{NO-BREAK SPACE}%")))
    return figure.lay_out()


def _set_around(figure: Exhibit) -> tuple[float, float]:
    """Wrap and place title, units and source; returns where the room between them ends and begins, 0 to 1."""
    width, height = figure.get_size_inches()
    top, bottom = 1 - _EDGE / height, _EDGE / height
    room = (width - 2 * _EDGE) * figure.dpi
    for rank, (text, words) in enumerate(figure.around):
        _wrap(text, words, room)
        tall = (text.get_text().count("\n") + 1) * text.get_size() * LINE_HEIGHT / 72 / height if words else 0
        if rank < 2:
            text.set_position((_EDGE / width, top))
            top -= tall + 0.02 / height
        else:
            text.set_position((_EDGE / width, bottom + tall))
            bottom += tall
    return top - 0.04 / height, bottom + 0.06 / height


def _wrap(text: Text, words: str, room: float) -> None:
    """Set `words` in at most `_MOST_LINES` lines no wider than `room` (pixels), of as many letters as fit."""
    letters = round(room * 72 / text.figure.dpi / (_THIN * text.get_size()))
    while True:
        lines = textwrap.wrap(
            words[:_MAX_TEXT_LETTERS], letters, max_lines=_MOST_LINES, placeholder="…", break_on_hyphens=False
        )
        text.set_text("\n".join(lines))
        wide = measure(text).width if words else 0.0
        if wide <= room or letters < 2:
            return
        letters = min(letters - 1, int(letters * room / wide))


def shorten_label(text: str, longest: int = _LONGEST_LABEL) -> str:
    """A text for a place with little room, its end left out where it is long.

    >>> shorten_label("internet users"), shorten_label("a very long name", 9)
    ('internet users', 'a very l…')
    """
    return text if len(text) <= longest else f"{text[: longest - 1].rstrip()}…"


def use_dates(axis: Axes, first: pd.Timestamp, last: pd.Timestamp, measure: str = "level") -> None:
    """Ends of years on the time axis, or of half-years on a short one, so spaced that names stay apart at every width.

    A tick and its name, month over year, mean one day: a year alone could be its first day or its last. Of a flow a
    tick is the year that ends there.

    Parameters
    ----------
    axis : Axes
    first, last : Timestamp
        Ends of what is drawn.
    measure : str
        Of the series: level, cumulative or flow.
    """
    if first == last:  # matplotlib would show two years on either side
        first, last = first - pd.Timedelta(days=200), last + pd.Timedelta(days=200)
        axis.set_xlim(first, last)
    years = max(1, (last - first).days / 365.25)
    axis.grid(False, axis="x")
    place = axis.get_subplotspec()
    room = 0.75 * min(WIDTHS.values()) / (place.get_gridspec().ncols if place else 1) / 0.5  # names side by side
    if years < 2.5 and 2 * years < room and measure != "flow":
        axis.xaxis.set_major_locator(mdates.MonthLocator((6, 12), bymonthday=-1))
    else:
        step = next(step for step in (1, 2, 4, 5, 10, 20, 50, 100, 200, 500) if years / step <= room)
        final = (last + pd.Timedelta(days=1)).year - 1  # the last year that ends by then has a name
        years_shown = range(final, min(first.year, final) - 1, -step)
        axis.set_xticks(pd.to_datetime([f"{year}-12-31" for year in years_shown]))
    axis.xaxis.set_major_formatter(mdates.DateFormatter("%Y" if measure == "flow" else "%b\n%Y"))
    axis.tick_params("x", bottom=True, length=3, color=PALE)


def use_numbers(axis: Axes, which: str = "y", suffix: str = "") -> None:
    """Plain numbers with thousands separators at the ticks of an axis ("x", "y" or "xy")."""
    for each in which:
        target = axis.yaxis if each == "y" else axis.xaxis
        target.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
        target.set_major_formatter(StrMethodFormatter("{x:,.10g}" + suffix))


def fit_room(axis: Axes, low: float, high: float) -> str:
    """Begin the axis of values at 0, or near the lowest where half of the room would be empty.

    Parameters
    ----------
    axis : Axes
    low, high : float
        The lowest and the highest of what is drawn.

    Returns
    -------
    str
        For the line of units; "" where the axis begins at 0.
    """
    cut = low > _EMPTY * high
    bottom = low - 0.1 * (high - low) if cut else min(0.0, 1.05 * low)
    axis.set_ylim(bottom, high + 0.05 * (high - bottom) if high > bottom else bottom + 1)
    return "; the axis does not begin at 0" if cut else ""


def size_marks(usual: float, values: Sized) -> float:
    """The size of the marks of so many figures: where they would run together, they are dots."""
    return usual if len(values) <= _MOST_MARKS else 1.2
