"""What every notebook does first, done once: a kernel that's forked after it needn't do it again.

The first data that are read and the first figure that is written load libraries, checks and fonts. Nothing of it
changes what a notebook computes.
"""

from __future__ import annotations


def rehearse() -> None:
    """Read the project's own data, and draw a small figure as PNG, SVG and PDF to nowhere."""
    import matplotlib as mpl
    from matplotlib import pyplot

    from helpers import (  # noqa: F401  for the kernels
        backtest,
        describe,
        figures,
        findings,
        forecast,
        indicators,
        run,
        tables,
    )
    from helpers.figures.images import draw_images
    from helpers.project import find_data

    indicators.load(find_data())
    with mpl.rc_context():
        figure, axes = pyplot.subplots(figsize=(1, 1))
        axes.plot([0, 1], [0, 1], label="rehearsal")
        axes.set_title("rehearsal", weight="bold")
        list(draw_images(figure, "rehearsal"))
