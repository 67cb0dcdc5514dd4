"""Charts: one function a chart, a frame in, a `style.Chart` out; a module per notebook, one look for all.

Notebooks draw by these names. Other charts are in the modules, parts of a drawing in `style`.
"""

from .course import draw_forecast

__all__ = [
    "draw_forecast",
]
