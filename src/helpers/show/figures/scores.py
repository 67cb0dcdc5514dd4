"""The backtest: skill against drift by horizon, and the coverage of the bands."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ...base.wording import say_count, say_name
from .style import (
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
    shorten_label,
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
    source : str

    Returns
    -------
    Figure
    """
    rows = scores[scores["window"] == window]
    figure, axes = open_canvas(4.4)
    axis, labels, cap = axes[0, 0], [], 2.0
    order = ["combined", *[name for name in dict.fromkeys(rows["method"]) if name != "combined"]]
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
        labels.append(Label(line["horizon_years"].iloc[-1], min(end, cap), f"{say_name(method)} {end:.2f}", colour))
    axis.set_xlabel("Horizon, years")
    horizons = sorted(rows["horizon_years"].unique())
    axis.set_xticks(horizons, [f"{horizon:g}" for horizon in horizons])
    axis.grid(False, axis="x")
    last = rows[rows["method"] == "combined"].sort_values("horizon_years").iloc[-1]
    word = "lower" if last["wis_relative"] < 1 else "higher"
    title = (
        f"At {say_count(last['horizon_years'], 'year')} the combined forecast's error is "
        f"{abs(1 - last['wis_relative']) * 100:.0f} % {word} than drift's, over "
        f"{say_count(last['technologies'], 'technology', 'technologies')}"
    )
    units = (
        f"Weighted interval score relative to drift (below 1 is better; drawn up to {cap:g}); "
        f"windows of {window} observations"
    )
    label_ends(axis, labels, size=8)
    return close_canvas(figure, title, units, source)


def draw_calibration(
    calibration: pd.DataFrame, by_technology: pd.DataFrame, sides: pd.DataFrame, enough: int, source: str
) -> Figure:
    """Calibration of the bands: nominal against actual coverage, each technology's 80 % band, and misses by side.

    Parameters
    ----------
    calibration : DataFrame
        method, horizon_years, nominal, actual (0 to 1).
    by_technology : DataFrame
        method, technology, horizon_years, n, coverage_80 (0 to 1).
    sides : DataFrame
        level, horizon_years, below, above (percent).
    enough : int
        Technologies with fewer forecasts say nothing and are left out of the second panel.
    source : str

    Returns
    -------
    Figure
    """
    figure, axes = open_canvas(6.6, (2, 2))
    labels = _draw_reliability(axes[0, 0], calibration)
    worst = _draw_technologies(axes[0, 1], by_technology, enough)
    for axis, level in zip(axes[1], (0.8, 0.95), strict=True):
        _draw_sides(axis, sides[sides["level"] == level], level)
    own = calibration[(calibration["method"] == "combined") & np.isclose(calibration["nominal"], 0.8)]
    title = (
        f"The 80 % band covered {100 * own['actual'].min():.0f} to {100 * own['actual'].max():.0f} % of outcomes "
        "on average by horizon"
    )
    if worst is not None:
        title += f"; worst technology over all horizons: {worst.name}, {100 * worst['coverage_80']:.0f} %"
    axes[0, 0].set_title("all bands, combined forecast", loc="left", size=9.5, weight="bold")
    axes[0, 1].set_title("80 % band by technology", loc="left", size=9.5, weight="bold")
    units = (
        "Above: actual coverage, percent; below: outcomes outside the band, percent; dotted: as claimed; by "
        f"technology: those with {enough} or more forecasts, the worst named"
    )
    label_ends(axes[0, 0], labels, size=7.5)
    return close_canvas(figure, title, units, source)


def _draw_reliability(axis: Axes, calibration: pd.DataFrame) -> list[Label]:
    labels = []
    axis.plot([0, 100], [0, 100], color=INK, ls=":", lw=1)
    own = calibration[calibration["method"] == "combined"]
    for (horizon, line), colour, dash in zip(own.groupby("horizon_years"), COLOURS * 2, LINES * 2, strict=False):
        axis.plot(100 * line["nominal"], 100 * line["actual"], color=colour, ls=dash, lw=1.3)
        end = line.iloc[-1]
        labels.append(Label(100 * end["nominal"], 100 * end["actual"], say_count(horizon, "year"), colour))
    axis.set_xlim(0, 100)
    axis.set_ylim(0, 102)
    axis.set_xlabel("Claimed, percent")
    use_numbers(axis)
    use_numbers(axis, "x")
    return labels


def _draw_sides(axis: Axes, sides: pd.DataFrame, level: float) -> None:
    """Two bars a horizon: outcomes below and above the band."""
    places = np.arange(len(sides))
    for offset, name, colour, hatch in ((-0.2, "below", BLUE, ""), (0.2, "above", ORANGE, "//")):
        axis.bar(places + offset, sides[name], 0.38, color=colour, hatch=hatch, edgecolor="white", label=name)
    axis.axhline(50 * (1 - level), color=INK, ls=":", lw=1)
    axis.set_xticks(places, [f"{horizon:g}" for horizon in sides["horizon_years"]])
    axis.set_xlabel("Horizon, years")
    axis.grid(False, axis="x")
    axis.set_ylim(0, max(1.35 * sides[["below", "above"]].to_numpy().max(initial=0.0), 60 * (1 - level)))
    axis.legend(loc="upper left", ncols=2, frameon=False, fontsize=8)
    axis.set_title(f"outside the {100 * level:g} % band", loc="left", size=9.5, weight="bold")
    use_numbers(axis)


def _draw_technologies(axis: Axes, by_technology: pd.DataFrame, enough: int) -> pd.Series | None:
    """Dots by horizon, the lowest named; returns the technology that is covered worst over all horizons."""
    rows = by_technology[(by_technology["method"] == "combined") & (by_technology["n"] >= enough)]
    horizons = sorted(by_technology["horizon_years"].unique())
    for position, horizon in enumerate(horizons):
        found = rows[rows["horizon_years"] == horizon].set_index("technology")["coverage_80"]
        dots = 100 * found.sort_values(kind="stable")
        if len(dots) > 1:
            axis.annotate(
                shorten_label(dots.index[0], 16), (position, dots.iloc[0]), (0, -4), textcoords="offset points", size=7,
                color=GREY, ha="center", va="top",
            )  # fmt: skip
        offsets = np.linspace(-0.25, 0.25, len(dots)) if len(dots) > 1 else np.zeros(len(dots))
        axis.plot(position + offsets, dots, "o", color=BLUE, ms=4, alpha=0.7)
    axis.axhline(80, color=INK, ls=":", lw=1)
    axis.set_xticks(range(len(horizons)), [f"{horizon:g}" for horizon in horizons])
    axis.set_xlabel("Horizon, years")
    axis.set_ylim(0, 102)
    use_numbers(axis)
    forecasts = by_technology[by_technology["method"] == "combined"]
    covered = (forecasts["coverage_80"] * forecasts["n"]).groupby(forecasts["technology"]).sum()
    whole = pd.DataFrame({"n": forecasts.groupby("technology")["n"].sum(), "coverage_80": covered})
    whole = whole[whole["n"] >= enough].assign(coverage_80=lambda frame: frame["coverage_80"] / frame["n"])
    return whole.loc[whole["coverage_80"].idxmin()] if len(whole) else None
