"""The explorer's panel: controls, figure, verdict and numbers. The only part that knows ipywidgets.

A slider's moves never queue up: a front end sends the next one only when the kernel has finished with the last, and
what lies between is left out.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from html import escape
from typing import Any

import ipywidgets as widgets
import pandas as pd

from helpers.curves import FAMILIES
from helpers.explore.picture import draw
from helpers.explore.study import CEILINGS, Choice, Study, View
from helpers.explore.words import judge, list_numbers, say_choice
from helpers.lab import save_choice
from helpers.project import name_path

PAUSE = 0.3
"""Seconds without a move after which the next date is prepared."""
LONGEST_YEARS = 15
STYLE = """<style>
.adoption-explorer { max-width: 1240px; }
.adoption-explorer svg { display: block; min-width: 560px; }
.adoption-explorer .widget-html-content { line-height: 1.45; }
.adoption-verdict b { display: inline-block; padding: 1px 10px; margin-right: 8px; border-radius: 10px; color: #fff; }
.adoption-verdict b.yes { background: #00694d; } .adoption-verdict b.no { background: #a34700; }
.adoption-numbers { table-layout: auto; border-collapse: collapse; }
.adoption-explorer code { overflow-wrap: anywhere; }
.adoption-numbers td { padding: 2px 14px 2px 0; text-align: left; vertical-align: top; }
.adoption-numbers td:first-child { opacity: .75; }
.adoption-problem { padding: 8px 12px; border-left: 4px solid #a34700; margin: 6px 0; }
</style>"""
WIDE = {"description_width": "82px"}


class Panel(widgets.Box):
    """Everything that can be chosen for one series, and what follows from it.

    Parameters
    ----------
    study : Study
    choice : Choice
        The first one.
    """

    def __init__(self, study: Study, choice: Choice):
        self.study = study
        self.view: View  # from the first `update` on
        self._quiet, self._moved = False, 0.0
        self._task: asyncio.Task[None] | None = None
        self._make_controls(choice)
        self.picture, self.verdict, self.numbers, self.saved = (widgets.HTML() for _ in range(4))
        for part in (self.picture, self.verdict, self.numbers, self.saved):
            part.layout = widgets.Layout(width="auto", overflow="auto")
        self.save = widgets.Button(description="Save as parameters", icon="save", layout=widgets.Layout(width="auto"))
        self.save.on_click(self._save)
        super().__init__(self._arrange(), layout=widgets.Layout(display="flex", flex_flow="row wrap"))
        self.add_class("adoption-explorer")
        for control in self.controls:
            control.observe(self._follow, "value")
        self._offer_indicators(choice.indicator, choice.as_of)
        self.update()

    def _make_controls(self, choice: Choice) -> None:
        full = {"style": WIDE, "layout": widgets.Layout(width="auto")}
        offers = sorted({*self.study.offers, choice.entity})
        families = [(name.replace("_", "-").capitalize(), name) for name in FAMILIES]
        years = {"min": 1, "max": max(LONGEST_YEARS, int(choice.horizon_years))}
        self.entity = widgets.Dropdown(options=offers, value=choice.entity, description="Entity", **full)
        self.indicator = widgets.Dropdown(description="Indicator", **full)
        self.family = widgets.Dropdown(options=families, value=choice.family, description="Curve", **full)
        self.ceiling = widgets.Dropdown(description="Ceiling", **full)
        self.share = widgets.FloatSlider(
            choice.share, min=0.05, max=0.99, step=0.01, readout_format=".0%", description="at share", **full
        )
        self.as_of = widgets.SelectionSlider(options=[("all data", "")], description="As of", **full)
        self.horizon = widgets.IntSlider(round(choice.horizon_years), **years, description="Years on", **full)
        for slider in (self.share, self.as_of, self.horizon):
            slider.continuous_update = True
        self.controls = (
            self.entity, self.indicator, self.family, self.ceiling, self.share, self.as_of, self.horizon
        )  # fmt: skip

    def _arrange(self) -> list[widgets.Widget]:
        left = widgets.VBox([*self.controls, self.save, self.saved], layout=widgets.Layout(flex="1 1 270px"))
        right = widgets.VBox(
            [widgets.HTML(STYLE, layout=widgets.Layout(display="none")), self.verdict, self.picture, self.numbers],
            layout=widgets.Layout(flex="3 1 560px", min_width="0", padding="0 0 0 12px"),
        )
        left.layout.max_width = "420px"
        return [left, right]

    # ---- choosing

    @property
    def choice(self) -> Choice:
        """What is chosen now."""
        return Choice(
            self.entity.value, self.indicator.value, self.family.value, self.ceiling.value, self.share.value,
            self.as_of.value, self.horizon.value,
        )  # fmt: skip

    @contextmanager
    def _quietly(self) -> Iterator[None]:
        """Change controls without a view for each of them."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def _follow(self, change: dict[str, Any]) -> None:
        if self._quiet:
            return
        if change["owner"] is self.entity:
            self._offer_indicators(self.indicator.value)
        elif change["owner"] is self.indicator:
            self._offer_dates()
        self.update()

    def _offer_indicators(self, wanted: str, as_of: str = "") -> None:
        """The entity's indicators; the one that was chosen stays where the entity has it."""
        offered = self.study.offers.get(self.entity.value, {})
        options = [(title, name) for name, title in offered.items()]
        with self._quietly():
            self.indicator.options = sorted(options or [(wanted, wanted)])
            self.indicator.value = wanted if wanted in offered or not offered else self.indicator.options[0][1]
        self._offer_dates(as_of)

    def _offer_dates(self, as_of: str = "") -> None:
        """The dates of the series from which on there are enough figures; and ceilings only where there's a bound."""
        series = self.study.select(self.entity.value, self.indicator.value)
        dates = self.study.list_dates(series.entity, series.indicator)
        dates = sorted({*dates, as_of}, key=lambda date: date or "9999")
        last = series.values.index[-1]
        names = [f"{pd.Timestamp(date):%b %Y}" if date else f"{last:%b %Y}, all" for date in dates]
        free = [name for name in CEILINGS if series.bound is not None or name == "free"]
        with self._quietly():
            self.as_of.options = list(zip(names, dates, strict=True))
            self.as_of.value = as_of
            self.as_of.disabled = len(dates) < 2
            kept = self.ceiling.value if self.ceiling.value in free else "free"
            self.ceiling.options = [(CEILINGS[name], name) for name in free]
            self.ceiling.value = kept

    # ---- showing

    def update(self) -> None:
        """Show what follows from the present choice, and prepare the other dates when nothing moves."""
        self.share.disabled = self.choice.ceiling not in ("share", "prior")
        self.view = self.study.look(self.choice)
        self.picture.value = draw_or_say(self.view)
        self.verdict.value, self.numbers.value, self.saved.value = (
            write_verdict(self.view),
            write_numbers(self.view),
            "",
        )
        self._moved = time.monotonic()
        if self._task is None or self._task.done():
            with suppress(RuntimeError):  # no loop: not in a kernel
                self._task = asyncio.get_running_loop().create_task(self._prepare())

    async def _prepare(self) -> None:
        """Work off the other dates of the series in the pauses between moves."""
        while True:
            await asyncio.sleep(PAUSE)
            if time.monotonic() - self._moved >= PAUSE and not self.study.prepare(self.choice):
                return

    def _save(self, button: Any = None) -> None:
        choice, series = self.choice, self.view.series
        if series is None:
            return
        values = {"entity": choice.entity, "indicator": choice.indicator, "bound": series.bound_name}
        values |= {"as_of": choice.as_of, "families": [choice.family], "horizon_years": choice.horizon_years}
        values |= {"shares": [choice.share]} if choice.ceiling == "share" else {}
        values |= {"data": self.study.source} if self.study.source != "data" else {}
        stem = "_".join(f"{choice.entity}_{choice.indicator}".lower().replace(".", " ").split())
        path = save_choice(values, stem, say_choice(self.view))
        shown = escape(name_path(str(path)))
        self.saved.value = f"Saved: <code>{shown}</code><br>Run it: <code>adoption run NAME -f {shown}</code>"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        """The widgets, and beside them the present view for pages and places that have none."""
        bundle = super()._repr_mimebundle_(**options)
        data = bundle[0] if isinstance(bundle, tuple) else bundle
        still = write_verdict(self.view) + draw_or_say(self.view) + write_numbers(self.view)
        return {**data, "text/html": STYLE + still}


def draw_or_say(view: View) -> str:
    """The picture, with what is wrong below; the sentence alone where there is nothing to draw."""
    problems = "".join(f'<div class="adoption-problem" role="alert">{escape(text)}</div>' for text in view.problems)
    drawn = view.series is not None and (view.chosen is not None or view.made is not None)
    return (draw(view) if drawn else "") + problems


def write_verdict(view: View) -> str:
    """The verdict as HTML; none without a series."""
    if view.series is None:
        return ""
    identified, sentence = judge(view)
    head, _, rest = sentence.partition(": ")
    kind = "yes" if identified else "no"
    rest = escape(f"{rest[:1].upper()}{rest[1:]}")
    return f'<div class="adoption-verdict" aria-live="polite"><b class="{kind}">{head}</b>{rest}</div>'


def write_numbers(view: View) -> str:
    """The key numbers as an HTML table; none without a series. Data are text, never markup."""
    if view.series is None:
        return ""
    pairs = list_numbers(view).itertuples(index=False)
    rows = "".join(f"<tr><td>{escape(row.what)}</td><td>{escape(row.number)}</td></tr>" for row in pairs)
    return f'<table class="adoption-numbers">{rows}</table>'
