"""Work of the fork server before notebooks run: import the libraries, read the data, draw a small figure.

The first data that are read and the first figure that is written load libraries, checks and fonts. Nothing of it
changes what a notebook computes.
"""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path

from ..base.project import block_unneeded

gc.disable()  # nothing of what follows is garbage
with block_unneeded(), contextlib.suppress(Exception):  # a notebook that does the same will say what's wrong
    # The libraries, but for matplotlib's inline backend, which must come with IPython.
    with contextlib.chdir(Path(__file__).parent):  # a matplotlibrc where the command was typed is none of ours
        import matplotlib as mpl
    import seaborn as sns  # noqa: F401
    import statsmodels.formula.api as smf  # noqa: F401
    from matplotlib import pyplot

    from .. import forecast, indicators  # noqa: F401
    from ..base.project import find_data, find_root
    from ..show.figures.images import draw_images
    from . import engine, study  # noqa: F401

    # The data, read where notebooks run, and a small figure to nowhere.
    with contextlib.chdir(find_root() / "notebooks"):
        indicators.load(find_data()).references()
    with mpl.rc_context():
        figure, axes = pyplot.subplots(figsize=(1, 1))
        axes.plot([0, 1], [0, 1], label="warm-up")
        axes.set_title("warm-up", weight="bold")
        list(draw_images(figure, "warm-up"))
gc.freeze()
gc.enable()
