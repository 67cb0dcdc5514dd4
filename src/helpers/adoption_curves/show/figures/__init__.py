"""Figures: one function per exhibit, a frame in, a matplotlib Figure out; a module per notebook, one look for all.

Notebooks and `adoption_curves` draw by these names; parts of a drawing are in `on_axes`, `labels` and `style`.
"""

from .check_indicators import draw_coverage
from .fit_curves import draw_fits, draw_intervals, draw_profiles
from .forecast_adoption import draw_forecast, draw_hindcasts
from .on_axes import plot_course, plot_curve, plot_result, show_result
from .score_forecasts import draw_calibration, draw_sides, draw_skill
from .see_adoption import draw_alignment, draw_comparison, draw_growth, draw_levels
from .summarise_findings import draw_register
from .use_profile import draw_firms, draw_products, draw_purposes, draw_rulers, draw_who

__all__ = [
    "draw_alignment",
    "draw_calibration",
    "draw_comparison",
    "draw_coverage",
    "draw_firms",
    "draw_fits",
    "draw_forecast",
    "draw_growth",
    "draw_hindcasts",
    "draw_intervals",
    "draw_levels",
    "draw_products",
    "draw_profiles",
    "draw_purposes",
    "draw_register",
    "draw_rulers",
    "draw_sides",
    "draw_skill",
    "draw_who",
    "plot_course",
    "plot_curve",
    "plot_result",
    "show_result",
]
