"""The backtest: skill against drift by horizon, and whether the bands hold what they claim."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from helpers.figures.style import (
    BLUE,
    COLOURS,
    GREY,
    INK,
    LINES,
    MARKERS,
    ORANGE,
    Label,
    close_canvas,
    label_ends,
    open_canvas,
    use_numbers,
)


def draw_skill(scores: pd.DataFrame, window: int, source: str) -> Figure:
    """Weighted interval score relative to drift, by horizon, one line a method.

    Parameters
    ----------
    scores : DataFrame
        04_scores: method, window, horizon_years, n, technologies, wis_relative.
    window : int
        Which window length to draw.
    """
    rows = scores[scores["window"] == window]
    figure, axes = open_canvas(4.4)
    axis = axes[0, 0]
    labels = []
    order = ["combined", *[name for name in dict.fromkeys(rows["method"]) if name != "combined"]]
    cap = 2.0
    for rank, method in enumerate(order):
        line = rows[rows["method"] == method].sort_values("horizon_years")
        main = method == "combined"
        colour = ORANGE if main else (GREY if method == "drift" else COLOURS[[0, 2, 3, 4, 5][(rank - 1) % 5]])
        axis.plot(
            line["horizon_years"], line["wis_relative"].clip(upper=cap), ls=LINES[0 if main else rank % 6],
            color=colour, marker=MARKERS[rank % 6], ms=6 if main else 4, lw=2.4 if main else 1.2,
            zorder=5 if main else 2,
        )  # fmt: skip
        end = line["wis_relative"].iloc[-1]
        labels.append(
            Label(line["horizon_years"].iloc[-1], min(end, cap), f"{method.replace('_', ' ')} {end:.2f}", colour)
        )
    axis.set_xlabel("Horizon, years")
    axis.set_xticks(sorted(rows["horizon_years"].unique()))
    axis.grid(False, axis="x")
    own = rows[rows["method"] == "combined"].sort_values("horizon_years")
    last = own.iloc[-1]
    word = "lower" if last["wis_relative"] < 1 else "higher"
    title = (
        f"At {last['horizon_years']:g} years the combined forecast's error is "
        f"{abs(1 - last['wis_relative']) * 100:.0f} % {word} than drift's, over {last['technologies']:.0f} technologies"
    )
    units = (
        f"Weighted interval score relative to drift (below 1 is better; drawn up to {cap:g}); "
        f"windows of {window} observations"
    )
    figure = close_canvas(figure, title, units, source)
    label_ends(axis, labels, size=8)
    return figure


def draw_calibration(scores: pd.DataFrame, by_technology: pd.DataFrame, window: int, source: str) -> Figure:
    """Nominal against actual coverage of the published bands, on average and for every technology.

    Parameters
    ----------
    scores : DataFrame
        04_scores, with coverage_50, coverage_80 and coverage_95 (0 to 1).
    by_technology : DataFrame
        04_coverage_by_technology: technology, window, horizon_years, n, coverage_50 ... (0 to 1).
    """
    own = scores[(scores["method"] == "combined") & (scores["window"] == window)].sort_values("horizon_years")
    single = by_technology[(by_technology["window"] == window) & (by_technology["method"] == "combined")]
    levels = (50, 80, 95)
    figure, axes = open_canvas(3.8, (1, 3), sharey=True)
    for axis, level, marker in zip(axes[0], levels, MARKERS, strict=False):
        column = f"coverage_{level}"
        for position, horizon in enumerate(own["horizon_years"]):
            dots = single[np.isclose(single["horizon_years"], horizon)][column].sort_values()
            offsets = np.linspace(-0.22, 0.22, len(dots)) if len(dots) > 1 else np.zeros(len(dots))
            axis.plot(position + offsets, 100 * dots, "o", color=BLUE, ms=3, alpha=0.55)
        axis.plot(range(len(own)), 100 * own[column], "-", color=ORANGE, marker=marker, ms=6, lw=1.8, zorder=5)
        axis.axhline(level, color=INK, ls="--", lw=1)
        axis.set_title(f"{level} % band", loc="left", size=9.5, weight="bold")
        axis.set_xticks(range(len(own)), [f"{horizon:g}" for horizon in own["horizon_years"]])
        axis.set_xlim(-0.5, len(own) - 0.5)
        axis.set_xlabel("Horizon, years")
        axis.set_ylim(-2, 103)
        use_numbers(axis, suffix=" %")
    mean = 100 * own["coverage_80"].mean()
    at_two = single[np.isclose(single["horizon_years"], 2.0)]
    worst = ""
    if len(at_two):
        row = at_two.loc[at_two["coverage_80"].idxmin()]
        worst = f"; worst at 2 years {100 * row['coverage_80']:.0f} % ({row['technology']})"
    title = f"The 80 % band held {mean:.0f} % of what came, on average{worst}"
    units = (
        "Share of later figures inside the combined forecast's bands, percent; dashed: what the band claims, "
        f"orange: average, blue: single technologies; windows of {window} observations"
    )
    return close_canvas(figure, title, units, source)
