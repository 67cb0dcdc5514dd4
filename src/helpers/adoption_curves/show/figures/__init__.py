"""Charts: a frame in, a `style.Chart` out, one look for all.

Notebooks draw all but the lead chart in their cells. Parts of a drawing are in `style`.
"""

from .course import draw_forecast

__all__ = ["draw_forecast"]
