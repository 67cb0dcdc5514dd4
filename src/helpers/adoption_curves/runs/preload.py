"""Work of the fork server before notebooks run: import the libraries, read the data, draw a small figure.

The first data that are read and the first figure that is written load libraries, checks and fonts. Nothing of it
changes what a notebook computes.
"""

from __future__ import annotations

import contextlib
import gc
from pathlib import Path

from ..base.project import block_unneeded


def _warm_up() -> None:
    """Import the libraries, read the project's own data, and draw a small figure as PNG and SVG to nowhere.

    Not matplotlib's inline backend, which must come with IPython.
    """
    with contextlib.chdir(Path(__file__).parent):  # a matplotlibrc where the command was typed is none of ours
        import matplotlib as mpl
    import seaborn as sns  # noqa: F401
    import statsmodels.formula.api as smf  # noqa: F401
    from matplotlib import pyplot

    from .. import forecast, indicators  # noqa: F401
    from ..base.project import find_data, find_root
    from ..show import figures, tables  # noqa: F401
    from ..show.figures.images import draw_images
    from . import engine  # noqa: F401

    with contextlib.chdir(find_root() / "notebooks"):  # where notebooks run: they find the data read
        indicators.load(find_data()).references()
    with mpl.rc_context():
        figure, axes = pyplot.subplots(figsize=(1, 1))
        axes.plot([0, 1], [0, 1], label="warm-up")
        axes.set_title("warm-up", weight="bold")
        list(draw_images(figure, "warm-up", pdf=False))


gc.disable()  # nothing of what follows is garbage
with block_unneeded(), contextlib.suppress(Exception):  # a notebook that does the same will say what's wrong
    _warm_up()
gc.freeze()
gc.enable()
