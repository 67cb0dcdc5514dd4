"""Figures: one function per exhibit, a frame in, a matplotlib Figure out; `style` is the one look of all."""

from .countries import draw_comparison
from .fits import draw_closing, draw_fits, draw_profiles, draw_residuals
from .forecasts import draw_forecast, draw_hindcasts, draw_record
from .lessons import draw_ends, draw_misses, draw_paths, draw_scale
from .observations import draw_coverage, draw_growth, draw_levels
from .pace import draw_alignment
from .scores import draw_calibration, draw_sides, draw_skill
from .single import (
    ROOM,
    SIZE,
    finish_axes,
    open_axes,
    plot_bound,
    plot_ceiling,
    plot_curve,
    plot_fit,
    plot_forecast,
    plot_newer,
    plot_result,
    plot_series,
    show_result,
)

__all__ = [
    "ROOM",
    "SIZE",
    "draw_alignment",
    "draw_calibration",
    "draw_closing",
    "draw_comparison",
    "draw_coverage",
    "draw_ends",
    "draw_fits",
    "draw_forecast",
    "draw_growth",
    "draw_hindcasts",
    "draw_levels",
    "draw_misses",
    "draw_paths",
    "draw_profiles",
    "draw_record",
    "draw_residuals",
    "draw_scale",
    "draw_sides",
    "draw_skill",
    "finish_axes",
    "open_axes",
    "plot_bound",
    "plot_ceiling",
    "plot_curve",
    "plot_fit",
    "plot_forecast",
    "plot_newer",
    "plot_result",
    "plot_series",
    "show_result",
]
