"""Figures: one function per exhibit, a frame in, a matplotlib Figure out; `style` is the one look of all."""

from helpers.figures.fits import draw_fits, draw_profiles
from helpers.figures.forecasts import draw_fans, draw_forecast, draw_hindcasts, draw_record
from helpers.figures.observations import (
    draw_alignment,
    draw_comparison,
    draw_coverage,
    draw_growth,
    draw_levels,
    draw_shares,
)
from helpers.figures.scores import draw_calibration, draw_skill
from helpers.figures.single import (
    ROOM,
    SIZE,
    finish_axes,
    open_axes,
    plot_bound,
    plot_ceiling,
    plot_fit,
    plot_forecast,
    plot_newer,
)

__all__ = [
    "ROOM",
    "SIZE",
    "draw_alignment",
    "draw_calibration",
    "draw_comparison",
    "draw_coverage",
    "draw_fans",
    "draw_fits",
    "draw_forecast",
    "draw_growth",
    "draw_hindcasts",
    "draw_levels",
    "draw_profiles",
    "draw_record",
    "draw_shares",
    "draw_skill",
    "finish_axes",
    "open_axes",
    "plot_bound",
    "plot_ceiling",
    "plot_fit",
    "plot_forecast",
    "plot_newer",
]
