"""Fitted curves: the fits, every curve that fits as well, and how flat the profile over the ceiling is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from matplotlib.ticker import LogLocator, NullLocator

from helpers.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    LINES,
    ORANGE,
    Label,
    close_canvas,
    label_ends,
    open_canvas,
    say,
    shorten_label,
    use_dates,
    use_numbers,
)


def draw_fits(
    values: pd.Series, alternatives: pd.DataFrame, bound: float, names: dict[str, Any], source: str
) -> Figure:
    """The fitted curves, one panel a family, with all ceilings that the data do not rule out.

    Parameters
    ----------
    values : Series
        Observations by date.
    alternatives : DataFrame
        From `describe.trace_alternatives`: family, ceiling, date, value, best (bool), level.
    bound : float
        Known upper bound at the last observation; nan for none.
    names : dict
        title, unit, bound_title.
    source : str
    """
    families = list(dict.fromkeys(alternatives["family"]))
    rows = -(-len(families) // 3)
    figure, axes = open_canvas(1.2 + 2.7 * rows, (rows, min(3, len(families))), sharey=True, sharex=True)
    top = max(values.max(), 0 if np.isnan(bound) else bound) * 1.3
    for axis, family in zip(axes.flat, families, strict=False):
        curves = alternatives[alternatives["family"] == family]
        others = curves[~curves["best"]]
        for _, curve in others.groupby("ceiling"):
            axis.plot(curve["date"], curve["value"], "-", color=BLUE, lw=0.8, alpha=0.45)
        best = curves[curves["best"]]
        axis.plot(best["date"], best["value"], "-", color=ORANGE, lw=2)
        axis.plot(values.index, values, "o", color=INK, ms=4, zorder=5)
        if np.isfinite(bound):
            axis.axhline(bound, color=GREY, ls="--", lw=1)
        axis.set_title(family.replace("_", " "), loc="left", size=9.5, weight="bold")
        axis.set_ylim(0, top)
        axis.set_xlim(best["date"].min() - 0.03 * (best["date"].max() - best["date"].min()), best["date"].max())
        use_dates(axis, pd.DatetimeIndex(curves["date"]))
        use_numbers(axis)
    for axis in axes.flat[len(families) :]:
        axis.set_visible(False)
    if np.isfinite(bound):
        axes[0, 0].annotate(
            shorten_label(names["bound_title"]), (0.02, bound), xycoords=("axes fraction", "data"), xytext=(0, 3),
            textcoords="offset points", size=7.5, color=GREY,
        )  # fmt: skip
    ends = alternatives.groupby(["family", "ceiling"])["value"].last()
    beyond = np.isfinite(bound) and ends.max() > bound
    title = (
        f"In {alternatives['date'].max():%Y}, curves that the data do not rule out lie anywhere "
        f"from {say(ends.min())} to "
        f"{'beyond the bound' if beyond else say(ends.max(), names['unit'])}"
    )
    level = 100 * alternatives["level"].iloc[0]
    units = (
        f"{names['title']}, {names['unit']}. Thick: least squares; "
        f"thin: other ceilings inside the {level:.0f} % profile interval"
    )
    return close_canvas(figure, title, units, source)


def draw_profiles(profiles: pd.DataFrame, marks: dict[str, float], names: dict[str, Any], source: str) -> Figure:
    """How much worse each ceiling fits: a curve that stays below the lines rules nothing out.

    Parameters
    ----------
    profiles : DataFrame
        From `describe.profile_ceilings`: family, ceiling, distance (root of the F statistic), threshold_80,
        threshold_95.
    marks : dict
        Name of a line -> ceiling at which to draw it (the last observation, the bound).
    names : dict
        title, unit.
    source : str
    """
    figure, axes = open_canvas(4.2)
    axis = axes[0, 0]
    labels, edges = [], []
    limit = max(
        1.25 * profiles["threshold_80"].max(), min(1.25 * profiles["threshold_95"].max(), profiles["distance"].max())
    )
    for rank, (family, frame) in enumerate(profiles.groupby("family", sort=False)):
        colour = COLOURS[rank % 6]
        axis.plot(frame["ceiling"], frame["distance"], ls=LINES[rank % 6], color=colour, lw=1.8)
        shown = frame[frame["distance"] <= limit]
        if len(shown):
            edges.append(shown["ceiling"].max())
            labels.append(Label(edges[-1], shown["distance"].iloc[-1], family.replace("_", " "), colour))
    axis.set_xscale("log")
    axis.set_ylim(0, limit)
    axis.set_xlim(
        profiles["ceiling"].min() * 0.98, min(profiles["ceiling"].max(), 1.3 * max([*edges, *marks.values()]))
    )
    _mark_profile(axis, profiles, marks, limit)
    use_numbers(axis, "x")
    if axis.get_xlim()[1] > 5 * axis.get_xlim()[0]:
        axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.xaxis.set_minor_locator(NullLocator())
    axis.set_xlabel(f"Ceiling, {shorten_label(names['unit'])} (log scale)")
    title = _judge_profiles(profiles)
    above = "; the 95 % line lies above the frame" if profiles["threshold_95"].min() > limit else ""
    units = f"{names['title']}: distance of the fit from the best, in residual standard deviations (root of F){above}"
    label_ends(axis, labels)
    return close_canvas(figure, title, units, source)


def _mark_profile(axis: Axes, profiles: pd.DataFrame, marks: dict[str, float], limit: float) -> None:
    """Where intervals end, as level lines, and places worth knowing, as upright ones."""
    for level in ("80", "95"):
        for value in profiles[f"threshold_{level}"].unique():
            if value > limit:
                continue
            axis.axhline(value, color=GREY, lw=0.9, ls="--")
            axis.annotate(
                f"{level} % interval ends here", (0.99, value), xycoords=("axes fraction", "data"), xytext=(0, 2),
                textcoords="offset points", size=7.5, color=GREY, ha="right",
            )  # fmt: skip
    low, high = axis.get_xlim()
    for name, place in marks.items():
        if not low <= place <= high:
            continue
        axis.axvline(place, color=GREY, lw=0.9, ls=":")
        axis.annotate(
            f" {shorten_label(name, 30)}", (place, 0.97), xycoords=("data", "axes fraction"), size=7.5, color=GREY,
            rotation=90, va="top",
            path_effects=[withStroke(linewidth=3, foreground="white")],
        )  # fmt: skip


def _judge_profiles(profiles: pd.DataFrame) -> str:
    """The point of the figure, from where the profiles stand at the highest ceiling."""
    least = profiles.assign(rise=profiles["distance"] - profiles["threshold_80"]).groupby("family")["rise"].min()
    if (least > 0).any():
        listed = ", ".join(name.replace("_", " ") for name in least.index[least > 0])
        return f"No ceiling in this frame fits about as well as the best one: {listed}"
    last = profiles.groupby("family").last()
    open_ended = list(last.index[last["distance"] < last["threshold_80"]])
    if len(open_ended) == len(last):
        return "The data rule out no high ceiling: every profile stays below the lines to the right"
    if open_ended:
        listed = ", ".join(name.replace("_", " ") for name in open_ended)
        return f"No ceiling is too high for {listed}; the other profiles close"
    return "The data bound the ceiling: every profile crosses the lines on both sides"
