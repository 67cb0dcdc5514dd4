"""Figures: one function per exhibit, a frame in, a matplotlib Figure out; a module per notebook, one look for all.

Notebooks draw by these names. Other figures are in the modules, parts of a drawing in `labels` and `style`.
"""

from .check_indicators import draw_coverage
from .forecast_adoption import draw_hindcasts
from .summarise_findings import draw_register
from .use_profile import draw_firms, draw_products, draw_purposes, draw_rulers, draw_who

__all__ = [
    "draw_coverage",
    "draw_firms",
    "draw_hindcasts",
    "draw_products",
    "draw_purposes",
    "draw_register",
    "draw_rulers",
    "draw_who",
]
