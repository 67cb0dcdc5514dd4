"""Least-squares fits of growth curves to many series at once.

A curve is ``value = ceiling x bound(t) x share(t; shape)``. For a given shape the free ceiling is linear, so it is
projected out (variable projection: Golub and Pereyra 1973, with the Jacobian of Kaufman 1975). A grid over the shapes
gives the starts, and Levenberg-Marquardt steps on all series at once finish the job. One series is the case N = 1.

Arrays: N series, n observations, p shape coordinates. Time is counted in spans of each series from its origin (the
first observation, or the launch), which makes one grid serve every series. Coordinates are logarithms of rates,
durations and numbers, and dates in spans; `to_natural` turns them into units per year and decimal years.

A family is any object with ``parameters`` (pairs of name and kind), ``axes`` (the grid of each coordinate), ``box``
(p pairs), ``needs_launch``, ``share(times, *shape)`` and ``slopes(times, share, *shape)``:
`helpers.curves.FAMILIES["logistic"].shape` and its siblings.

>>> batch = prepare(shape, times, values, bound=bounds, prior={"share": (0.8, 0.6)})   # doctest: +SKIP
>>> found = fit(batch); predict(batch, found, horizons, bound=later)   # doctest: +SKIP
"""

from helpers.projection.batch import (
    CEILING_CAP,
    Batch,
    Family,
    Fit,
    default_launch,
    evaluate_share,
    predict,
    prepare,
    to_coordinates,
    to_natural,
)
from helpers.projection.descent import descend, evaluate, fit, fit_rows
from helpers.projection.grid import start
from helpers.projection.intervals import (
    CEILING,
    collect,
    count_parameters,
    covariance,
    hold,
    jacobian,
    limits,
    noise_variance,
    profile_ceiling,
    profile_ends,
    profile_target,
)

__all__ = [
    "CEILING",
    "CEILING_CAP",
    "Batch",
    "Family",
    "Fit",
    "collect",
    "count_parameters",
    "covariance",
    "default_launch",
    "descend",
    "evaluate",
    "evaluate_share",
    "fit",
    "fit_rows",
    "hold",
    "jacobian",
    "limits",
    "noise_variance",
    "predict",
    "prepare",
    "profile_ceiling",
    "profile_ends",
    "profile_target",
    "start",
    "to_coordinates",
    "to_natural",
]
