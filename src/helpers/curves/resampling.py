"""Bootstrap: refits to series made from the curve and its residuals."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import projection
from helpers.curves.errors import CurveError
from helpers.curves.outcome import limit_value, mark_limits

if TYPE_CHECKING:
    from helpers.curves.many import Block
    from helpers.curves.model import AdoptionCurve
    from helpers.curves.results import Results


def resample(results: Results, repetitions: int = 999, kind: str = "residual", seed: int = 0) -> pd.DataFrame:
    """Estimates from resampled series, all fitted together.

    Parameters
    ----------
    results : Results of a least-squares fit with degrees of freedom
    repetitions : number of series
    kind : "residual" (drawn with replacement after centring and scaling by sqrt(n / df)) or "wild" (each residual
        keeps its place and gets a random sign: for errors of unequal size; Wu 1986)
    seed : of numpy's default_rng

    Returns
    -------
    DataFrame
        One row per series, the parameters as columns. Runs to infinity are infinite, not left out.

    Raises
    ------
    CurveError
        For an unknown kind, no degrees of freedom, or a binomial or censored fit.
    """
    model = results.model
    if results.noise != "level" or model.censored is not None:
        raise CurveError("the bootstrap serves least squares without censored values; use method='profile'")
    if results.df_resid <= 0:
        raise CurveError(f"{results.nobs} observations leave no residual to draw for {results.k_params} parameters")
    fitted, drawn = results.fittedvalues.to_numpy(), _draw(results, repetitions, kind, np.random.default_rng(seed))
    batch = model.batch(fitted + drawn)
    found = projection.fit(batch)
    return pd.DataFrame(list_estimates(model, batch, found), columns=model.param_names)


def _draw(results: Results, repetitions: int, kind: str, random: np.random.Generator) -> np.ndarray:
    root = results.model.root_weights
    residual = results.resid.to_numpy() * root * np.sqrt(len(root) / results.df_resid)
    if kind == "residual":
        return random.choice(residual - residual.mean(), size=(repetitions, len(residual))) / root
    if kind == "wild":
        return random.choice([-1.0, 1.0], size=(repetitions, len(residual))) * residual / root
    raise CurveError(f"kind={kind!r} is unknown; choose 'residual' or 'wild'")


def list_estimates(model: AdoptionCurve | Block, batch: projection.Batch, found: projection.Fit) -> np.ndarray:
    """Natural parameters of many fits, (N, k): limits where they run away, NaN where a series does not rise."""
    shape = projection.to_natural(batch, found.shape[: len(model.shape.parameters)])[0]
    limits = mark_limits(model.shape, found)
    for row, (_, kind) in enumerate(model.shape.parameters):
        for edge in (-1, 1):
            shape[row, limits[row] == edge] = limit_value(kind, edge)
    values = np.column_stack([np.where(found.runaway, np.inf, found.ceiling), *shape])
    values[found.flat] = np.nan
    return values if model.ceiling.name else values[:, 1:]


def percentile_intervals(
    results: Results, alpha: float = 0.05, repetitions: int = 999, kind: str = "residual", seed: int = 0
) -> pd.DataFrame:
    """Percentile intervals from `resample`, columns 0 and 1; series that do not rise count at neither end."""
    estimates = results.resample(repetitions, kind, seed)
    ends = {}
    for name, column in estimates.items():
        known = np.sort(column.dropna().to_numpy())
        place = np.clip(np.array([alpha / 2, 1 - alpha / 2]) * (len(known) + 1) - 1, 0, len(known) - 1)
        ends[name] = known[[int(np.floor(place[0])), int(np.ceil(place[1]))]] if len(known) else [np.nan, np.nan]
    return pd.DataFrame.from_dict(ends, orient="index", columns=[0, 1])
