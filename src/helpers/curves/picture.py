"""A fit as a picture. The only part of `curves` that knows `figures`, and only when it's asked to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers.curves.dates import to_dates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from helpers.curves.results import Results


AHEAD = 0.5
"""How far the curve is drawn past the last observation, in spans of the series."""
POINTS = 121


def plot_results(results: Results, ax: Axes | None = None) -> Axes:
    """Draw the observations and the curve, half the span of the series further on.

    A ceiling is drawn where it is given or where the data identify it, never where they leave it open.

    Parameters
    ----------
    results : Results
    ax : matplotlib Axes, or None for new ones in a figure of their own

    Returns
    -------
    matplotlib Axes
    """
    from matplotlib import pyplot

    from helpers import figures

    model = results.model
    values = pd.Series([], dtype=float) if model.endog is None else pd.Series(model.endog, model.index).sort_index()
    times = _choose_times(results)
    curve = pd.Series(np.asarray(results.predict(times)), to_dates(times) if model.is_dated else times)
    ax = pyplot.figure(figsize=figures.SIZE).add_axes(figures.ROOM) if ax is None else ax
    labels = figures.plot_fit(ax, values, curve, f"{model.shape.name.replace('_', '-').capitalize()} curve")
    if np.isfinite(results.ceiling) and (not model.ceiling.name or results.identified):
        ceiling = pd.Series(_ceiling_at(results, times), curve.index)
        labels += figures.plot_ceiling(ax, ceiling, "ceiling" if model.ceiling.name else "given ceiling")
    top = 1.05 * np.nanmax([*values, *curve, *(label.y for label in labels)])
    return figures.finish_axes(ax, labels, (curve.index[0], curve.index[-1]), top, describe_fit(results))


def describe_fit(results: Results) -> str:
    """One line: whose curve it is, and whether the data identify its ceiling or what else is wrong with it."""
    family = results.model.shape.name.replace("_", "-").capitalize()
    if results.flag:
        verdict = f"no estimate, {results.flag}"
    elif not results.model.ceiling.name:
        verdict = "the ceiling is given"
    else:
        verdict = f"the ceiling is {'identified' if results.identified else 'not identified'}"
    return f"{family} curve of {results.model.endog_name}: {verdict}"


def _choose_times(results: Results) -> np.ndarray:
    """Decimal years to draw; with adoptions per period only those of the data, which make the periods."""
    if results.model.per_period:
        return np.sort(results.model.exog)
    start, span = results.batch.origin[0], results.batch.span[0]
    return np.linspace(start, start + (1 + AHEAD) * span, POINTS)


def _ceiling_at(results: Results, times: np.ndarray) -> np.ndarray:
    """The ceiling in the unit of the series; with a bound it moves with it."""
    bound = results.model.ceiling.bound_at(times)
    return np.full(len(times), results.ceiling) if bound is None else results.found.ceiling[0] * bound
