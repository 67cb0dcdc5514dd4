"""A view as an SVG: observations, bound, fitted curve and forecast.

It is written by hand because it must follow a slider: matplotlib takes a tenth of a second for it, this a few
milliseconds. Greys take the page's own colour, so that it reads on light and on dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TypeAlias

import numpy as np
from matplotlib.ticker import MaxNLocator

from helpers import projection
from helpers.curves import Results, decimal_years, to_dates
from helpers.explore.study import View
from helpers.figures.style import BLUE, GREEN, ORANGE, Label, lower_first, say, say_range, spread
from helpers.wording import say_count

WIDTH, HEIGHT = 800, 410
LEFT, RIGHT, TOP, BOTTOM = 56, 560, 34, 376  # of the axes; the labels stand to the right
LINE = 14  # height of a label
BACK_AT_LEAST, BACK = 9.0, 3.0
"""Years of the past that are shown: so many, and so many for each year of the horizon."""
POINTS = 101
BANDS = ((0.025, 0.975, 0.14), (0.1, 0.9, 0.2), (0.25, 0.75, 0.3))


@dataclass(frozen=True)
class Scale:
    """Where decimal years and values lie in the picture."""

    first: float
    last: float
    top: float

    def place(self, years: Sequence[float], values: Sequence[float]) -> np.ndarray:
        """(n, 2) pixels, to a tenth."""
        x = LEFT + (RIGHT - LEFT) * (np.asarray(years, float) - self.first) / (self.last - self.first)
        y = BOTTOM - (BOTTOM - TOP) * np.asarray(values, float) / self.top
        return np.round(np.column_stack([x, y]), 1)


Part: TypeAlias = tuple[list[str], list[Label]]
"""SVG of one thing, and the labels that name it."""


def draw(view: View) -> str:
    """The view as SVG; only for one that has a series."""
    series, ahead = view.series, view.choice.horizon_years
    seen = decimal_years(series.values.index)
    years = np.linspace(max(seen[0], seen[-1] - BACK_AT_LEAST - BACK * ahead), seen[-1] + ahead, POINTS)
    bound, curve = bound_at(view, years), None
    if view.chosen is not None:
        curve = np.asarray(view.chosen.predict(years, bound))
    scale = Scale(years[0] - 0.02 * (years[-1] - years[0]), years[-1], _find_top(view, bound, curve))
    shown = seen >= years[0] - 1e-9
    points = scale.place(seen[shown], series.values.to_numpy()[shown])
    labels: list[Label] = []
    parts = _draw_axes(scale)
    for draw_part in (_draw_bound, _draw_forecast, _draw_fit):
        drawn, named = draw_part(view, scale, years, bound, curve)
        parts, labels = parts + drawn, labels + named
    parts += [f'<circle cx="{x}" cy="{y}" r="3.6" fill="currentColor"/>' for x, y in points]
    parts += _write_labels(scale, labels)
    title = escape(f"{series.title}, {series.entity}, {series.unit}")
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="100%" role="img" aria-label="{escape(describe(view))}" '
        'font-family="inherit" font-size="11.5" fill="none">'
        f'<clipPath id="explore"><rect x="{LEFT}" y="{TOP}" width="{RIGHT - LEFT}" height="{BOTTOM - TOP}"/></clipPath>'
        f'<text x="{LEFT}" y="18" fill="currentColor" font-size="13" font-weight="600">{title}</text>'
        f"{''.join(parts)}</svg>"
    )


def _find_top(view: View, bound: np.ndarray | None, curve: np.ndarray | None) -> float:
    """Highest value shown: everything but a curve that runs far away."""
    tops = [view.series.values.max()]
    if bound is not None:
        tops.append(bound.max())
    if view.made is not None:
        tops.append(view.made.quantiles.to_numpy().max())
    if curve is not None and np.isfinite(curve).any():
        tops.append(min(np.nanmax(curve), 1.5 * max(tops)))
    return 1.06 * max(tops)


def bound_at(view: View, years: np.ndarray) -> np.ndarray | None:
    """The bound at decimal years, after its last figure as the forecast has it; None without one."""
    if view.series.bound is None:
        return None
    found = np.array(view.series.bound_at(to_dates(years)), float)
    if view.made is not None:
        ahead = years - view.made.windows.years[0, -1]
        found[ahead > 0] = view.made.ahead_of(ahead[ahead > 0]).bounds[0]
    return found


# ---- parts ----------------------------------------------------------------------------------------------------------


def _path(places: np.ndarray, colour: str, width: float, more: str = "") -> str:
    """A line through places that are finite, cut at the axes' frame."""
    points = " ".join(f"{x},{y}" for x, y in places[np.isfinite(places).all(axis=1)])
    return f'<polyline points="{points}" stroke="{colour}" stroke-width="{width}" clip-path="url(#explore)" {more}/>'


def _draw_axes(scale: Scale) -> list[str]:
    parts = []
    for value in MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]).tick_values(0, scale.top):
        if value <= scale.top:
            y = scale.place([scale.first], [value])[0, 1]
            line = f'<path d="M{LEFT} {y}H{RIGHT}" stroke="currentColor" stroke-opacity="{0.12 if value else 0.6}"/>'
            parts.append(line + _write(LEFT - 6, y + 4, f"{value:,.10g}", "end"))
    length = scale.last - scale.first
    step = next(step for step in (0.5, 1, 2, 5, 10, 20, 50) if length / step <= 10)
    for year in np.arange(np.ceil(scale.first / step) * step, scale.last + 1e-9, step):
        x = scale.place([year], [0])[0, 0]
        name = f"{year:.0f}" if step >= 1 else f"{'Jan' if year % 1 == 0 else 'Jul'} {year:.0f}"
        parts.append(f'<path d="M{x} {BOTTOM}v4" stroke="currentColor" stroke-opacity="0.6"/>')
        parts.append(_write(x, BOTTOM + 18, name, "middle"))
    return parts


def _write(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor" opacity="0.7">{escape(text)}</text>'


def _draw_bound(
    view: View, scale: Scale, years: np.ndarray, bound: np.ndarray | None, curve: np.ndarray | None
) -> Part:
    if bound is None:
        return [], []
    known = years <= max(decimal_years(view.series.bound.index[-1:])[0], years[0])
    places = scale.place(years, bound)
    split = int(known.sum())
    parts = [
        _path(places[:split], "currentColor", 1.4, 'stroke-opacity="0.6"'),
        _path(places[max(split - 1, 0) :], "currentColor", 1.4, 'stroke-opacity="0.6" stroke-dasharray="5 4"'),
    ]
    return parts, [Label(years[-1], bound[-1], f"bound: {say(bound[-1])}", "currentColor")]


def _draw_forecast(
    view: View, scale: Scale, years: np.ndarray, bound: np.ndarray | None, curve: np.ndarray | None
) -> Part:
    if view.made is None:
        return [], []
    fan, parts = view.made.fan, []
    start, value = view.made.windows.years[0, -1], view.series.values.iloc[-1]
    when = np.r_[start, decimal_years(fan["date"])]
    for low, high, opacity in BANDS:
        lower, upper = (scale.place(when, [value, *fan[f"q{end}"]]) for end in (low, high))
        points = " ".join(f"{x},{y}" for x, y in [*lower, *upper[::-1]])
        parts.append(f'<polygon points="{points}" fill="{BLUE}" fill-opacity="{opacity}"/>')
    parts.append(_path(scale.place(when, [value, *fan["q0.5"]]), BLUE, 2))
    end = fan.iloc[-1]
    band = f"80 % band: {say_range(end['q0.1'], end['q0.9'])}"
    return parts, [
        Label(when[-1], end["q0.9"], band, BLUE),
        Label(when[-1], end["q0.5"], f"forecast: median {say(end['q0.5'])}", BLUE),
    ]


def _draw_fit(view: View, scale: Scale, years: np.ndarray, bound: np.ndarray | None, curve: np.ndarray | None) -> Part:
    """The chosen curve, those that fit about as well, and the ceiling where it is given or identified."""
    if curve is None:
        return [], []
    results, parts = view.chosen, []
    if view.others is not None:
        batch, found = view.others
        others = projection.predict(batch, found, years)
        parts = [_path(scale.place(years, other), ORANGE, 0.8, 'stroke-opacity="0.5"') for other in others]
    name = f"{view.choice.family.replace('_', '-').capitalize()} curve"
    labels = [Label(years[-1], curve[-1], f"{name}, one of many that fit" if parts else name, ORANGE)]
    ceiling = ceiling_at(results, years, bound)
    if ceiling is not None:
        parts.append(_path(scale.place(years, ceiling), GREEN, 1.5, 'stroke-dasharray="8 3 2 3"'))
        given = "given" if results.ceiling_kind == "share" else "identified"
        labels.append(Label(years[-1], ceiling[-1], f"ceiling ({given}): {say(ceiling[-1])}", GREEN))
    parts.append(_path(scale.place(years, curve), ORANGE, 2, 'stroke-dasharray="7 4"'))
    return parts, labels


def ceiling_at(results: Results, years: np.ndarray, bound: np.ndarray | None) -> np.ndarray | None:
    """The ceiling where it is given or identified; None where the data leave it open, or it is mostly a prior's."""
    if results.ceiling_kind == "share":
        assert bound is not None  # the share is one of it
        return results.model.ceiling.level * bound
    return np.full(len(years), results.ceiling) if results.ceiling_kind == "free" and results.identified else None


def _write_labels(scale: Scale, labels: Sequence[Label]) -> list[str]:
    """Labels to the right of their marks; those that would overlap move apart."""
    labels = [label for label in labels if np.isfinite(label.y) and label.y <= scale.top]
    if not labels:
        return []
    heights = scale.place([scale.last] * len(labels), [label.y for label in labels])[:, 1]
    spots = np.round(spread(heights, LINE, TOP, BOTTOM), 1)
    parts = []
    for label, height, spot in zip(labels, heights, spots, strict=True):
        parts.append(f'<path d="M{RIGHT + 2} {height}L{RIGHT + 10} {spot}" stroke="{label.colour}" opacity="0.7"/>')
        parts.append(f'<text x="{RIGHT + 13}" y="{spot + 4}" fill="{label.colour}">{escape(label.text)}</text>')
    return parts


def describe(view: View) -> str:
    """What the picture shows, for readers who can't see it."""
    series = view.series
    parts = [f"{series.title} of {series.entity} by date"]
    if series.bound is not None:
        parts.append(f"the known bound ({lower_first(series.bound_title)})")
    if view.chosen is not None:
        parts.append(f"a fitted {view.choice.family.replace('_', '-')} curve")
    if view.made is not None:
        parts.append(f"the forecast {say_count(view.choice.horizon_years, 'year')} on with its bands")
    return ", ".join(parts)
