"""The explorer's panels: controls, figure, verdict, numbers and code. The only part that knows ipywidgets and plotly.

plotly draws because its figure takes new data in milliseconds, tells values where the pointer is, and zooms; its
script comes with the package, so that JupyterLab needs no network. A slider's moves never queue up: a front end sends
the next one only when the kernel has finished with the last, and what lies between is left out. The page greys a figure
as soon as what is chosen is not what is shown, whether or not the kernel has time to say so.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
import pandas as pd
import plotly.graph_objects as go
import traitlets

from ..base.project import name_path
from ..base.words import say, say_first, say_name, say_range
from ..curves import FAMILIES
from . import explore_words
from .explore import BANDS, CEILINGS, MAX_YEARS, Explorer, Result, Selection, trace_lines
from .figures.style import BLUE, GREEN, ORANGE

PAUSE = 0.3
"""Seconds without a move after which the verdict is computed."""
GREY, CLEAR = "#8a8a8a", "rgba(0,0,0,0)"
OPACITY = {95: 0.14, 80: 0.2, 50: 0.3}
UNWANTED = ["select", "lasso", "sendChartToCloud"]
"""Buttons: nothing is to be selected, and nothing leaves the machine."""
AXIS = {"gridcolor": "rgba(128,128,128,.25)", "linecolor": GREY, "zerolinecolor": GREY}
LAYOUT = {
    "width": 560, "height": 420, "margin": {"l": 56, "r": 8, "t": 8, "b": 32}, "font": {"size": 12},
    "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "template": "none", "hovermode": "x unified", "uirevision": "kept",
    "legend": {"bgcolor": CLEAR, "orientation": "h", "y": -0.1},
    "modebar": {"bgcolor": CLEAR, "color": GREY, "activecolor": BLUE, "remove": UNWANTED},
    "xaxis": {**AXIS, "showgrid": False, "spikecolor": GREY, "spikethickness": 1, "hoverformat": "%-d %B %Y"},
    "yaxis": {**AXIS, "rangemode": "tozero", "tickformat": ","},
}  # fmt: skip
STYLE = """<style>
.adoption-explorer { max-width: 1240px; flex: 1 1 560px; }
.adoption-explorer .adoption-state { height: 0; overflow: visible; text-indent: 64px; line-height: 28px; z-index: 1; }
.adoption-computing .js-plotly-plot, .adoption-computing :is(.adoption-verdict, .adoption-numbers, .adoption-code) {
  filter: grayscale(1); opacity: .35; }
.adoption-computing .adoption-save { pointer-events: none; opacity: .4; }
.adoption-code pre { user-select: all; overflow-x: auto; padding: 8px; border: 1px solid rgba(128,128,128,.4); }
.adoption-explorer .widget-html-content { line-height: 1.45; }
.adoption-explorer .main-svg text { fill: var(--jp-ui-font-color1, #222) !important; }
.adoption-explorer .main-svg .point, .adoption-explorer .scatterpts { fill: var(--jp-ui-font-color0, #222) !important; }
.adoption-explorer .spikeline { stroke: #8a8a8a !important; stroke-width: 1px !important; }
.adoption-explorer .hoverlayer .bg { fill: var(--jp-layout-color1, #fff) !important; }
.adoption-explorer .modebar-btn--logo { display: none !important; }
.adoption-explorer code { overflow-wrap: anywhere; }
.adoption-verdict b { display: inline-block; padding: 1px 10px; margin-right: 8px; border-radius: 10px; color: #fff; }
.adoption-verdict b.yes { background: #00694d; } .adoption-verdict b.no { background: #a34700; }
.adoption-numbers td { padding: 2px 14px 2px 0; text-align: left; vertical-align: top; }
.adoption-explorer .adoption-numbers { table-layout: auto !important; }
.adoption-numbers td:first-child { opacity: .75; }
.adoption-problem { padding: 8px 12px; border-left: 4px solid #a34700; margin: 6px 0; }
.adoption-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; }
</style>"""


class State(anywidget.AnyWidget):
    """In the page: the width there is for the figure, which can't find it out itself, and whether it is up to date."""

    _esm = """export default { render({ model, el }) {
        new ResizeObserver(([{ contentRect: { width } }]) => {
            if (width) { model.set("width", Math.floor(width)); model.save_changes() }
        }).observe(el)
        el.classList.add("adoption-state"); el.setAttribute("role", "status")
        const controls = {}, tell = () => {
            const wanted = Object.entries(model.get("shown"))
            const late = wanted.some(([id, [name, value]]) => controls[id] && controls[id].get(name) !== value)
            el.textContent = late ? model.get("word") : ""
            el.closest(".adoption-explorer")?.classList.toggle("adoption-computing", late)
        }
        model.on("change:shown", tell)
        for (const [id, [name]] of Object.entries(model.get("shown")))
            model.widget_manager.get_model(id).then(control => {
                controls[id] = control; control.on(`change:${name}`, tell)
            })
    } }"""
    width = traitlets.Int().tag(sync=True)
    word = traitlets.Unicode(explore_words.COMPUTING).tag(sync=True)
    shown = traitlets.Dict().tag(sync=True)
    """Of each control's model: the trait that says what is chosen, and its value in the picture."""


class Panels(widgets.VBox):
    """A panel, and on demand a second one beside it for another series.

    Parameters
    ----------
    explorer, first, keep : as for `Panel`
    """

    def __init__(self, explorer: Explorer, first: Selection, keep: Callable[[dict[str, Any], str, str], Path]):
        self.place = widgets.Box([Panel(explorer, first, keep)], layout={"flex_flow": "row wrap", "grid_gap": "16px"})
        look = {"width": "auto", "align_self": "flex-start"}
        self.beside = widgets.ToggleButton(description="A second series beside it", layout=look)
        self.beside.observe(self._follow, "value")
        super().__init__([widgets.HTML(STYLE), self.place, self.beside])

    def _follow(self, change: dict[str, Any]) -> None:
        panel = self.place.children[0]
        another = [Panel(panel.explorer, panel.selection, panel.keep_choice)] if change["new"] else []
        for each in self.place.children[1:]:
            each.rest()
        self.place.children = [panel, *another]


class Panel(widgets.Box):
    """Everything that can be chosen for one series, and what follows from it.

    Parameters
    ----------
    explorer : Explorer
    first : Selection
    keep : callable
        What "Save as parameters" does with parameters of a run, the stem of a file's name, and a comment; it
        returns the path of the file.
    """

    def __init__(self, explorer: Explorer, first: Selection, keep: Callable[[dict[str, Any], str, str], Path]):
        self.explorer, self.result, self.keep_choice = explorer, Result(first), keep
        self._busy = False
        self._task: asyncio.Task[None] | None = None
        years = {"value": round(first.horizon_years), "min": 1, "max": max(MAX_YEARS, int(first.horizon_years))}
        share = {"value": first.share, "min": 0.05, "max": 0.99, "step": 0.01, "readout_format": ".0%"}
        families = [(say_first(say_name(name)), name) for name in FAMILIES]
        entities = sorted({*explorer.offers, first.entity})
        self.controls = {  # by the name in a Selection
            "entity": widgets.Dropdown(options=entities, value=first.entity, description="Entity"),
            "indicator": widgets.Dropdown(description="Indicator"),
            "family": widgets.Dropdown(options=families, value=first.family, description="Curve"),
            "ceiling": widgets.Dropdown(description="Ceiling"),
            "share": widgets.FloatSlider(**share, description="at share"),
            "as_of": widgets.SelectionSlider(options=[("all data", "")], description="As of"),
            "horizon_years": widgets.IntSlider(**years, description="Years on"),
        }
        self.figure = go.FigureWidget(layout=LAYOUT)
        self.state = State()
        self.state.observe(lambda change: self.figure.update_layout(width=change["new"]), "width")
        self.frame = widgets.VBox([self.state, self.figure])  # a VBox stretches them
        self.verdict, self.head, self.numbers, self.code, self.saved = (widgets.HTML() for _ in range(5))
        self.save = widgets.Button(description="Save as parameters", icon="save", layout={"width": "auto"})
        self.save.on_click(self._save)
        self.save.add_class("adoption-save")
        left = widgets.VBox([*self.controls.values(), self.save, self.saved])
        self.code.add_class("adoption-code")
        folded = widgets.Accordion([self.code], titles=["Code of this, to copy"])
        right = widgets.VBox([self.verdict, self.head, self.frame, self.numbers, folded])
        left.layout, right.layout = {"flex": "1 1 270px", "max_width": "420px"}, {"flex": "3 1 560px", "min_width": "0"}
        super().__init__([left, right], layout={"display": "flex", "flex_flow": "row wrap", "grid_gap": "0 12px"})
        self.add_class("adoption-explorer")
        self._offer(first)
        for control in self.controls.values():
            control.style.description_width, control.layout.width = "82px", "auto"
            control.observe(self._follow, "value")
        self.update()

    @property
    def selection(self) -> Selection:
        """What is chosen now."""
        return Selection(**{name: control.value for name, control in self.controls.items()})

    def _follow(self, change: dict[str, Any]) -> None:
        if self._busy:  # what `_offer` changes is one change
            return
        self._busy, another = True, change["owner"].description in ("Entity", "Indicator")
        try:
            if another:
                self._offer(replace(self.selection, as_of=""))
            self.update()
            for free in (False, True) if another else ():  # zoom out; what is as it was would not be sent
                self.figure.update_layout(xaxis_autorange=free, yaxis_autorange=free)
        finally:
            self._busy = False

    def _offer(self, wanted: Selection) -> None:
        """What can be chosen for an entity and a series; what was chosen stays where it can."""
        indicator, as_of, ceiling = (self.controls[name] for name in ("indicator", "as_of", "ceiling"))
        indicator.options = sorted(self.explorer.offers.get(wanted.entity) or [(wanted.indicator, wanted.indicator)])
        names = [name for _, name in indicator.options]
        indicator.value = wanted.indicator if wanted.indicator in names else names[0]
        key = (wanted.entity, indicator.value)
        dates = sorted({*self.explorer.list_dates(*key), wanted.as_of}, key=lambda date: date or "9")
        as_of.options = [(f"{pd.Timestamp(date):%b %Y}" if date else "all data", date) for date in dates]
        as_of.value, as_of.disabled = wanted.as_of, len(dates) < 2
        bounded = self.explorer.select(*key, "").bound is not None
        ceiling.options = [(words, name) for name, words in CEILINGS.items() if bounded or name == "free"]
        ceiling.value = wanted.ceiling if bounded else "free"

    def update(self, wait: bool = False) -> None:
        """Show what follows from the present selection; the verdict as well, or when nothing moves."""
        self.save.disabled = True
        result = self.result = self.explorer.compute(self.selection, wait)
        self.controls["share"].disabled = result.selection.ceiling != "share"
        self.frame.layout.visibility = "hidden" if result.series is None else "visible"
        if result.series is not None:
            traces = list_traces(result)
            if not self.figure.data:
                self.figure.add_traces(traces)
            with self.figure.batch_update():
                for old, new in zip(self.figure.data, traces, strict=True):
                    old.update({name: new[name] for name in ("x", "y", "name", "text", "visible")})
        self.verdict.value, self.head.value, self.numbers.value = write_words(result)
        code = "" if result.series is None else escape(explore_words.write_code(result, self.explorer.source))
        self.code.value = f"<pre>{code}</pre>"  # a click marks all of it
        self.saved.value, self.save.disabled = "", result.series is None or result.waits
        chosen = {each: "index" if hasattr(each, "index") else "value" for each in self.controls.values()}
        self.state.shown = {each.model_id: [name, getattr(each, name)] for each, name in chosen.items()}
        self._wait()

    def _wait(self) -> None:
        """Go on with what is slow after a pause; a move begins the pause again."""
        self.rest()
        try:
            self._task = asyncio.get_running_loop().create_task(self._go_on())
        except RuntimeError:  # no loop: not in a kernel, so nobody moves anything meanwhile
            if self.result.waits:
                self.update(wait=True)

    def rest(self) -> None:
        """Do nothing until the next move."""
        if self._task is not None:
            self._task.cancel()

    async def _go_on(self) -> None:
        """Compute the verdict, then have another process learn what the next choices will need."""
        await asyncio.sleep(PAUSE)
        if self.result.waits:
            self.update(wait=True)  # which begins another pause

    def _save(self, button: Any = None) -> None:
        chosen, series = self.selection, self.result.series
        if series is None or self.result.waits:
            return
        values = {name: getattr(chosen, name) for name in ("entity", "indicator", "as_of", "horizon_years")}
        values |= {"bound": series.bound_name, "families": [chosen.family]}
        values |= {"shares": [chosen.share]} if chosen.ceiling == "share" else {}
        values |= {"data": self.explorer.source} if self.explorer.source != "data" else {}
        stem = "_".join(f"{chosen.entity}_{chosen.indicator}".lower().replace(".", " ").split())
        comment = (
            f"Explored: {series.full_title}, {chosen.curve}, ceiling: "
            f"{explore_words.say_ceiling(self.result)}. A run fits the curve with a free ceiling and with the ceiling "
            "at the bound."
        )
        shown = escape(name_path(str(self.keep_choice(values, stem, comment))))
        self.saved.value = f"Saved: <code>{shown}</code><br>Run it: <code>adoption run NAME -f {shown}</code>"


def list_traces(result: Result) -> list[dict[str, Any]]:
    """Everything that is drawn, from back to front, as plotly's traces: always the same ones, unseen where empty."""
    lines, bound, (curve, ceiling) = trace_lines(result), result.series.bound, result.names
    known = lines.index <= (lines.index[0] if bound is None else bound.index[-1])
    fan, gap, traces = lines.filter(like="q").dropna(), pd.Series([np.nan], lines.index[-1:]), []

    def add(name: str, data: pd.Series, colour: str, width: float = 1.6, dash: str = "solid", **look: Any) -> None:
        line = {"color": colour, "width": width, "dash": dash}
        trace = {"type": "scatter", "mode": "lines", "name": name, "x": data.index, "y": data.to_numpy(), "line": line}
        trace |= {"text": [f"{name}: {say(value)}" for value in data], "hovertemplate": "%{text}<extra></extra>"}
        traces.append(trace | {"visible": bool(data.notna().any())} | look)

    unseen: dict[str, Any] = {"hoverinfo": "skip", "hovertemplate": None, "showlegend": False, "text": []}
    texts = [f"forecast: median {say(value)}" for value in fan["q0.5"]]
    for level, (low, high) in BANDS.items():
        ends = zip(texts, fan[low], fan[high], strict=True)
        texts = [f"{text}<br>{level} % band: {say_range(*band)}" for text, *band in ends]
        shade = {"fill": "toself", "fillcolor": f"rgba(0,114,178,{OPACITY[level]})", "legendgroup": "fan"}
        add(f"{level} % band", pd.concat([fan[low], fan[high][::-1]]), BLUE, 0, **shade, **unseen)
    others = [part for name in lines.filter(like="other_") for part in (lines[name], gap)]
    add("others", pd.concat([gap, *others]), ORANGE, 0.7, legendgroup="curve", **unseen)
    add("bound", lines["bound"][known].dropna(), GREY)
    add("bound, forecast", lines["bound"][~known].dropna(), GREY, dash="dash")
    add(ceiling, lines["ceiling"].dropna(), GREEN, dash="dashdot")
    add(curve, lines["curve"].dropna(), ORANGE, 2.2, "dash", legendgroup="curve")
    add("forecast: median and bands", fan["q0.5"], BLUE, 2.2, legendgroup="fan", text=texts)
    dots = {"size": 8, "color": GREY}
    add("published figures", lines["observations"].dropna(), GREY, mode="markers", marker=dots)
    sides = dict.fromkeys(result.series.newer["bound"].map(say_name))
    name = f"newer figure: {' or '.join(sides)}" if sides else "newer figure"
    arrow = {"size": 12, "color": GREY, "symbol": "triangle-down" if "at most" in sides else "triangle-up"}
    add(name, lines["newer"].dropna(), GREY, mode="markers", marker=arrow)
    return traces


def write_words(result: Result) -> tuple[str, str, str]:
    """Verdict, title with what is wrong, and key numbers as HTML. Data are text, never markup."""
    problems = "".join(f'<div class="adoption-problem" role="alert">{escape(text)}</div>' for text in result.problems)
    series = result.series
    if series is None:
        return "", problems, ""
    levels_off, sentence = explore_words.judge(result)
    head, why = sentence.split(": ", 1)
    badge = f'<b class="{"yes" if levels_off else "no"}">{head}</b>{escape(why[:1].upper() + why[1:])}'
    title = f"<b>{escape(f'{series.full_title}, {series.unit}')}</b>"
    numbers = explore_words.list_numbers(result).items()
    rows = "".join(f"<tr><td>{escape(what)}</td><td>{escape(number)}</td></tr>" for what, number in numbers)
    unseen = f'<div class="adoption-unseen">{escape(explore_words.describe(result))}</div>'
    verdict = f'<div class="adoption-verdict" aria-live="polite">{badge}</div>'
    return verdict, problems + title + unseen, f'<table class="adoption-numbers">{rows}</table>'
