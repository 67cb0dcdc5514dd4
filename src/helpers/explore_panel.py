"""The explorer's panel: controls, figure, verdict and numbers. The only part that knows ipywidgets and plotly.

plotly draws because its figure takes new data in milliseconds, tells values where the pointer is, and zooms; its
script comes with the package, so that JupyterLab needs no network. A slider's moves never queue up: a front end sends
the next one only when the kernel has finished with the last, and what lies between is left out.
"""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import replace
from html import escape
from typing import Any

import ipywidgets as widgets
import numpy as np
import pandas as pd
import plotly.graph_objects as go

from helpers import explore
from helpers.curves import FAMILIES
from helpers.explore import BANDS, CEILINGS, Explorer, Result, Selection
from helpers.figures.style import BLUE, GREEN, ORANGE, say, say_range
from helpers.lab import save_choice
from helpers.project import name_path

PAUSE = 0.3
"""Seconds without a move after which the next date is prepared."""
MAX_YEARS = 15
GREY, CLEAR = "#8a8a8a", "rgba(0,0,0,0)"
OPACITY = {95: 0.14, 80: 0.2, 50: 0.3}
UNWANTED = ["select", "lasso", "sendChartToCloud"]
"""Buttons: nothing is to be selected, and nothing leaves the machine."""
AXIS = {"gridcolor": "rgba(128,128,128,.25)", "linecolor": GREY, "zerolinecolor": GREY}
LAYOUT = {
    "autosize": True, "height": 420, "margin": {"l": 56, "r": 8, "t": 8, "b": 32}, "font": {"size": 12},
    "paper_bgcolor": CLEAR, "plot_bgcolor": CLEAR, "template": "none", "hovermode": "x unified", "uirevision": "kept",
    "legend": {"bgcolor": CLEAR, "orientation": "h", "y": -0.1},
    "modebar": {"bgcolor": CLEAR, "color": GREY, "activecolor": BLUE, "remove": UNWANTED},
    "xaxis": {**AXIS, "showgrid": False, "spikecolor": GREY, "spikethickness": 1, "hoverformat": "%-d %B %Y"},
    "yaxis": {**AXIS, "rangemode": "tozero", "tickformat": ","},
}  # fmt: skip
STYLE = """<style>
.adoption-explorer { max-width: 1240px; }
.adoption-explorer .widget-html-content { line-height: 1.45; }
.adoption-explorer .main-svg text { fill: var(--jp-ui-font-color1, #222) !important; }
.adoption-explorer .main-svg .point, .adoption-explorer .scatterpts { fill: var(--jp-ui-font-color0, #222) !important; }
.adoption-explorer .spikeline { stroke: #8a8a8a !important; stroke-width: 1px !important; }
.adoption-explorer .hoverlayer .bg { fill: var(--jp-layout-color1, #fff) !important; }
.adoption-verdict b { display: inline-block; padding: 1px 10px; margin-right: 8px; border-radius: 10px; color: #fff; }
.adoption-verdict b.yes { background: #00694d; } .adoption-verdict b.no { background: #a34700; }
.adoption-numbers { table-layout: auto; border-collapse: collapse; }
.adoption-explorer code { overflow-wrap: anywhere; }
.adoption-numbers td { padding: 2px 14px 2px 0; text-align: left; vertical-align: top; }
.adoption-numbers td:first-child { opacity: .75; }
.adoption-problem { padding: 8px 12px; border-left: 4px solid #a34700; margin: 6px 0; }
.adoption-unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; }
</style>"""


class Panel(widgets.Box):
    """Everything that can be chosen for one series, and what follows from it.

    Parameters
    ----------
    explorer : Explorer
    selection : Selection
        The first one.
    """

    def __init__(self, explorer: Explorer, selection: Selection):
        self.explorer, self.result = explorer, Result(selection)
        self._busy, self._moved = False, 0.0
        self._task: asyncio.Task[None] | None = None
        self._make_controls(selection)
        self.figure = go.FigureWidget(layout=LAYOUT)
        self.figure.set_trait("_config", {"responsive": True, "displaylogo": False})  # follows the window's width
        self.frame = widgets.VBox([self.figure])  # a VBox stretches it
        self.verdict, self.head, self.numbers, self.saved = (widgets.HTML() for _ in range(4))
        self.save = widgets.Button(description="Save as parameters", icon="save", layout=widgets.Layout(width="auto"))
        self.save.on_click(self._save)
        left = widgets.VBox([*self.controls, self.save, self.saved])
        right = widgets.VBox([widgets.HTML(STYLE), self.verdict, self.head, self.frame, self.numbers])
        left.layout = widgets.Layout(flex="1 1 270px", max_width="420px")
        right.layout = widgets.Layout(flex="3 1 560px", min_width="0", padding="0 0 0 12px")
        super().__init__([left, right], layout=widgets.Layout(display="flex", flex_flow="row wrap"))
        self.add_class("adoption-explorer")
        self._offer(selection)
        for control in self.controls:
            control.observe(self._follow, "value")
        self.update()

    def _make_controls(self, first: Selection) -> None:
        full = {"style": {"description_width": "82px"}, "layout": widgets.Layout(width="auto")}
        entities = sorted({*self.explorer.offers, first.entity})
        families = [(name.replace("_", "-").capitalize(), name) for name in FAMILIES]
        ceilings = [(words, name) for name, words in CEILINGS.items()]
        share = {"min": 0.05, "max": 0.99, "step": 0.01, "readout_format": ".0%"}
        years = {"min": 1, "max": max(MAX_YEARS, int(first.horizon_years))}
        self.entity = widgets.Dropdown(options=entities, value=first.entity, description="Entity", **full)
        self.indicator = widgets.Dropdown(description="Indicator", **full)
        self.family = widgets.Dropdown(options=families, value=first.family, description="Curve", **full)
        self.ceiling = widgets.Dropdown(options=ceilings, value=first.ceiling, description="Ceiling", **full)
        self.share = widgets.FloatSlider(first.share, description="at share", **share, **full)
        self.as_of = widgets.SelectionSlider(options=[("all data", "")], description="As of", **full)
        self.horizon = widgets.IntSlider(round(first.horizon_years), description="Years on", **years, **full)
        names = ("entity", "indicator", "family", "ceiling", "share", "as_of", "horizon")  # as in a Selection
        self.controls = [getattr(self, name) for name in names]

    @property
    def selection(self) -> Selection:
        """What is chosen now."""
        return Selection(*(control.value for control in self.controls))

    def _follow(self, change: dict[str, Any]) -> None:
        if self._busy:  # what `_offer` changes is one change
            return
        self._busy = True
        try:
            if change["owner"] in (self.entity, self.indicator):
                self._offer(replace(self.selection, as_of=""))
            self.update()
            if change["owner"] in (self.entity, self.indicator):
                for free in (False, True):  # another series: zoom out; what is as it was would not be sent
                    self.figure.update_layout(xaxis_autorange=free, yaxis_autorange=free)
        finally:
            self._busy = False

    def _offer(self, wanted: Selection) -> None:
        """What can be chosen for an entity and a series; what was chosen stays where it can."""
        offered = self.explorer.offers.get(wanted.entity) or {wanted.indicator: wanted.indicator}
        self.indicator.options = sorted((title, name) for name, title in offered.items())
        self.indicator.value = wanted.indicator if wanted.indicator in offered else self.indicator.options[0][1]
        series = self.explorer.select(wanted.entity, self.indicator.value, "")
        dates = sorted(
            {*self.explorer.list_dates(series.entity, series.indicator), wanted.as_of}, key=lambda x: x or "9"
        )
        self.as_of.options = [(f"{pd.Timestamp(date):%b %Y}" if date else "all data", date) for date in dates]
        self.as_of.value, self.as_of.disabled = wanted.as_of, len(dates) < 2
        ceilings = [name for name in CEILINGS if series.bound is not None or name == "free"]
        self.ceiling.options = [(CEILINGS[name], name) for name in ceilings]
        self.ceiling.value = wanted.ceiling if wanted.ceiling in ceilings else "free"

    def update(self) -> None:
        """Show what follows from the present selection, and prepare the other dates when nothing moves."""
        self.share.disabled = self.ceiling.value not in ("share", "prior")
        result = self.result = self.explorer.compute(self.selection)
        self.frame.layout.visibility = "hidden" if result.series is None else "visible"
        if result.series is not None:
            draw(self.figure, result)
        self.verdict.value, self.head.value, self.numbers.value = write_words(result)
        self.saved.value = ""
        self._moved = time.monotonic()
        if self._task is None or self._task.done():
            with suppress(RuntimeError):  # no loop: not in a kernel
                self._task = asyncio.get_running_loop().create_task(self._prepare())

    async def _prepare(self) -> None:
        """Work off the other dates of the series in the pauses between moves."""
        while True:
            await asyncio.sleep(PAUSE)
            if time.monotonic() - self._moved >= PAUSE and not self.explorer.prepare(self.selection):
                return

    def _save(self, button: Any = None) -> None:
        chosen, series = self.selection, self.result.series
        if series is None:
            return
        values = {"entity": chosen.entity, "indicator": chosen.indicator, "bound": series.bound_name}
        values |= {"as_of": chosen.as_of, "families": [chosen.family], "horizon_years": chosen.horizon_years}
        values |= {"shares": [chosen.share]} if chosen.ceiling == "share" else {}
        values |= {"data": self.explorer.source} if self.explorer.source != "data" else {}
        stem = "_".join(f"{chosen.entity}_{chosen.indicator}".lower().replace(".", " ").split())
        comment = (
            f"Explored: {series.title}, {chosen.entity}, {chosen.curve}, ceiling: {explore.say_ceiling(self.result)}. "
            "A run fits the curve with a free ceiling and with the ceiling at the bound."
        )
        shown = escape(name_path(str(save_choice(values, stem, comment))))
        self.saved.value = f"Saved: <code>{shown}</code><br>Run it: <code>adoption run NAME -f {shown}</code>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widgets, and beside them the present result for pages and places that have none."""
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**data, "text/html": explore.show_still(self.result)}


def draw(figure: go.FigureWidget, result: Result) -> None:
    """Draw a result, as new data of the traces that are there."""
    traces = list_traces(result)
    if not figure.data:
        figure.add_traces(traces)
        return
    with figure.batch_update():
        for old, new in zip(figure.data, traces, strict=True):
            old.update({name: value for name, value in new.items() if name in ("x", "y", "name", "text", "visible")})


def list_traces(result: Result) -> list[dict[str, Any]]:
    """Everything that is drawn, from back to front, as plotly's traces: always the same ones, unseen where empty."""
    lines, series = explore.trace_lines(result), result.series
    known = lines.index <= (lines.index[0] if series.bound is None else series.bound.index[-1])
    fan = lines.filter(like="q").dropna()
    names, traces = {level: [f"q{end:g}" for end in ends] for level, ends in BANDS.items()}, []

    def add(data: pd.Series, name: str, texts: list[str] | None = None, **look: Any) -> None:
        texts = [f"{name}: {say(value)}" for value in data] if texts is None else texts
        trace = {"type": "scatter", "mode": "lines", "x": data.index, "y": data.to_numpy(), "name": name, "text": texts}
        hover = {} if look.get("hoverinfo") else {"hovertemplate": "%{text}<extra></extra>"}
        traces.append(trace | hover | {"visible": bool(data.notna().any())} | look)

    unseen = {"hoverinfo": "skip", "showlegend": False}
    for level, (low, high) in names.items():
        edges, fill = pd.concat([fan[low], fan[high][::-1]]), f"rgba(0,114,178,{OPACITY[level]})"
        add(edges, f"{level} % band", [], fill="toself", fillcolor=fill, line={"width": 0}, legendgroup="fan", **unseen)
    gap = pd.Series([np.nan], lines.index[-1:])
    others = [part for name in lines.filter(like="other_") for part in (lines[name], gap)]
    add(pd.concat([gap, *others]), "others", [], line={"color": ORANGE, "width": 0.7}, legendgroup="curve", **unseen)
    bound = {"color": GREY, "width": 1.6}
    add(lines["bound"][known].dropna(), "bound", line=bound)
    add(lines["bound"][~known].dropna(), "bound, forecast", line=bound | {"dash": "dash"})
    add(lines["ceiling"].dropna(), result.ceiling_name, line={"color": GREEN, "width": 1.6, "dash": "dashdot"})
    curve = {"color": ORANGE, "width": 2.2, "dash": "dash"}
    add(lines["curve"].dropna(), result.curve_name, line=curve, legendgroup="curve")
    texts = [
        "<br>".join(
            [f"forecast: median {say(row['q0.5'])}"]
            + [f"{level} % band: {say_range(row[low], row[high])}" for level, (low, high) in names.items()]
        )
        for _, row in fan.iterrows()
    ]
    add(fan["q0.5"], "forecast: median and bands", texts, line={"color": BLUE, "width": 2.2}, legendgroup="fan")
    dots = {"size": 8, "color": GREY}
    add(lines["observations"].dropna(), "published figures", mode="markers", marker=dots)
    return traces


def write_words(result: Result) -> tuple[str, str, str]:
    """Verdict, title with what is wrong, and key numbers as HTML. Data are text, never markup."""
    problems = "".join(f'<div class="adoption-problem" role="alert">{escape(text)}</div>' for text in result.problems)
    series = result.series
    if series is None:
        return "", problems, ""
    identified, sentence = explore.judge(result)
    head, _, rest = sentence.partition(": ")
    kind, rest = "yes" if identified else "no", escape(f"{rest[:1].upper()}{rest[1:]}")
    verdict = f'<div class="adoption-verdict" aria-live="polite"><b class="{kind}">{head}</b>{rest}</div>'
    title = f"<b>{escape(f'{series.title}, {series.entity}, {series.unit}')}</b>"
    rows = "".join(
        f"<tr><td>{escape(row.what)}</td><td>{escape(row.number)}</td></tr>"
        for row in explore.list_numbers(result).itertuples()
    )
    unseen = f'<div class="adoption-unseen">{escape(explore.describe(result))}</div>'
    return verdict, problems + title + unseen, f'<table class="adoption-numbers">{rows}</table>'
