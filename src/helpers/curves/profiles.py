"""Profiles of the sum of squares, and the intervals that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import fdtr

from helpers import projection
from helpers.curves.errors import CurveError

if TYPE_CHECKING:
    from helpers.curves.results import Results


OPEN_SPAN = np.log(100.0)
"""How far an open profile is drawn past the estimate: a factor of 100, or 4.6 spans of the series for a date."""


def coordinate_of(results: Results, parameter: str) -> int | str:
    """Coordinate of the engine for a parameter's name; "share" and "ceiling" both name an estimated ceiling."""
    model = results.model
    if model.ceiling.name and parameter in ("ceiling", "share"):
        return len(model.shape.parameters) if results.batch.has_share else projection.CEILING
    if parameter not in model.param_names:
        raise CurveError(f"no estimated parameter {parameter!r}: choose among {', '.join(model.param_names)}")
    return model.param_names.index(parameter) - (1 if model.ceiling.name else 0)


def to_parameter(results: Results, coordinate: int | str, value: np.ndarray) -> np.ndarray:
    """Values of a coordinate in the units of the parameter."""
    if isinstance(coordinate, str):  # the ceiling
        return np.exp(value)
    if coordinate == len(results.model.shape.parameters):
        return 1 / (1 + np.exp(-value))
    kind = results.model.shape.parameters[coordinate][1]
    origin, span = results.batch.origin[0], results.batch.span[0]
    if kind == "date":
        return origin + span * value
    return np.exp(value) * {"rate": 1 / span, "duration": span, "number": 1.0}[kind]


def profile_intervals(results: Results, alpha: float) -> pd.DataFrame:
    """Profile interval of every parameter, columns 0 and 1; an end without crossing is infinite (0 for a rate)."""
    rows = {name: profile_interval(results, name, alpha) for name in results.param_names}
    return pd.DataFrame.from_dict(rows, orient="index", columns=[0, 1])


def profile_interval(results: Results, parameter: str, alpha: float) -> np.ndarray:
    """Ends of the profile interval of one parameter, (2,)."""
    coordinate = coordinate_of(results, parameter)
    return to_parameter(results, coordinate, np.array(profile_ends(results, coordinate, alpha)))


def profile_ends(results: Results, coordinate: int | str, alpha: float) -> tuple[float, float]:
    """Ends of the interval in the coordinate, cached with the results."""
    cache = results.__dict__.setdefault("_ends", {})
    if (coordinate, alpha) not in cache:
        cache |= {(coordinate, level): ends for level, ends in results.find_ends(coordinate, alpha).items()}
    return cache[coordinate, alpha]


def profile_frame(results: Results, parameter: str = "ceiling", points: int = 41, alpha: float = 0.05) -> pd.DataFrame:
    """Sum of squares along one parameter.

    Parameters
    ----------
    results : Results
    parameter : name of an estimated parameter
    points : number of values
    alpha : the range is that of the interval at 1 - alpha and a third more, or two powers of ten where it is open

    Returns
    -------
    DataFrame
        The parameter, ssr, statistic (F of the value), confidence (level of the profile interval that ends there) and
        the other parameters, refitted at each value.

    Raises
    ------
    CurveError
        If the parameter is not estimated.
    """
    coordinate = coordinate_of(results, parameter)
    if results.found.flat[0] or results.df_resid < 0:
        return pd.DataFrame(columns=[parameter, "ssr", "statistic", "confidence"], dtype=float)
    values = _profile_values(results, coordinate, points, alpha)
    shapes, ceilings, objective, ssr = _refit(results, coordinate, values)
    frame = pd.DataFrame({parameter: to_parameter(results, coordinate, values), "ssr": ssr})
    variance = projection.noise_variance(results.batch, results.found)[0]
    frame["statistic"] = np.maximum(objective - results.found.objective[0], 0) / variance
    frame["confidence"] = fdtr(1, max(results.df_resid, 1), frame["statistic"]) if results.df_resid > 0 else np.nan
    natural = projection.to_natural(results.batch, shapes[: len(results.model.shape.parameters)])[0]
    others = dict(zip([name for name, _ in results.model.shape.parameters], natural, strict=True))
    others = ({results.model.ceiling.name: ceilings} if results.model.ceiling.name else {}) | others
    return frame.assign(**{name: value for name, value in others.items() if name != parameter})


def _profile_values(results: Results, coordinate: int | str, points: int, alpha: float) -> np.ndarray:
    batch, found = results.batch, results.found
    low, high = (float(limit[0]) for limit in projection.limits(batch, coordinate))
    centre = np.log(found.ceiling[0]) if coordinate == projection.CEILING else found.shape[coordinate, 0]
    centre = float(np.clip(centre, low, high))
    ends = profile_ends(results, coordinate, alpha)
    reach = [
        1.3 * (end - centre) if np.isfinite(end) else side * OPEN_SPAN for end, side in zip(ends, (-1, 1), strict=True)
    ]
    below = np.linspace(max(low, centre + reach[0]), centre, points // 2 + 1)
    return np.unique(np.r_[below, np.linspace(centre, min(high, centre + reach[1]), points - points // 2)])


def _refit(
    results: Results, coordinate: int | str, values: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Best fits with the coordinate held at each value: from the estimate and, for the ceiling, from the grid."""
    batch = results.batch.take(np.zeros(len(values), int))
    theta = np.repeat(results.found.shape[:, :1], len(values), axis=1)
    held, theta, fixed = projection.hold(batch, theta, coordinate, values)
    if coordinate == projection.CEILING:
        rows, starts = projection.start(held, most=2)
        rows, starts = np.r_[np.arange(len(values)), rows], np.hstack([theta, starts])
        theta = projection.fit_rows(held, rows, starts, 55, 1e-5).shape
    else:
        theta = projection.descend(held, theta, fixed, 40, 1e-5)[0]
    state = projection.evaluate(held, theta)
    return theta, state.ceiling, state.objective, state.ssr
