"""What the fork server does once, so that no kernel must: import the libraries, read the data, draw a small figure.

The first data that are read and the first figure that is written load libraries, checks and fonts. Nothing of it
changes what a notebook computes.
"""

from __future__ import annotations

import contextlib
import gc
import importlib

from helpers.project import UNNEEDED, block_imports

LIBRARIES = (  # of the notebooks and helpers; not matplotlib's inline backend, which must come with IPython
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "numpy",
    "pandas",
    "scipy.optimize",
    "scipy.special",
    "scipy.stats",
    "statsmodels.genmod.generalized_linear_model",
    "matplotlib.patheffects",
    "matplotlib.pyplot",
    "matplotlib.backends.backend_agg",
    "matplotlib.backends.backend_svg",
    "seaborn",
    "great_tables",
    "pydantic",
    "threadpoolctl",
    "tqdm",
    "yaml",
    "PIL.PngImagePlugin",
)


def warm_up() -> None:
    """Read the project's own data, and draw a small figure as PNG, SVG and PDF to nowhere."""
    import matplotlib as mpl
    from matplotlib import pyplot

    from helpers import describe, figures, forecast, indicators, tables  # noqa: F401  for the kernels
    from helpers.figures.images import draw_images
    from helpers.project import find_data

    indicators.load(find_data())
    with mpl.rc_context():
        figure, axes = pyplot.subplots(figsize=(1, 1))
        axes.plot([0, 1], [0, 1], label="warm-up")
        axes.set_title("warm-up", weight="bold")
        list(draw_images(figure, "warm-up"))


gc.disable()  # nothing of what follows is garbage
with block_imports(UNNEEDED):
    for library in LIBRARIES:
        with contextlib.suppress(ImportError):  # a library that is missing is missed by the notebook that needs it
            importlib.import_module(library)
    with contextlib.suppress(Exception):  # a notebook that does the same will say what's wrong
        warm_up()
gc.freeze()
gc.enable()
