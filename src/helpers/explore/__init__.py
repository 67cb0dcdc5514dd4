"""Explore one series: choose it, a curve, a ceiling, a date and a horizon, and see what follows.

`show` is what the notebook calls: the panel where a person can move it, its present view as a figure and tables where
nobody can. `study` computes a `View` of a `Choice` and keeps what is slow; `picture` draws it; `panel` is the only
part that knows ipywidgets.
"""

from helpers.explore.display import show
from helpers.explore.study import CEILINGS, Choice, Study, View

__all__ = ["CEILINGS", "Choice", "Study", "View", "show"]
