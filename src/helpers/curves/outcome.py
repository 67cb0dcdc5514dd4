"""What became of a fit, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import stdtr

from helpers import projection

if TYPE_CHECKING:
    from helpers.curves.results import Results


LIMITS = {"rate": (0.0, np.inf), "duration": (0.0, np.inf), "number": (0.0, np.inf), "date": (-np.inf, np.inf)}


def limit_value(kind: str, edge: int) -> float:
    """Limit that a parameter of this kind runs to: edge -1 the lower, +1 the upper."""
    return LIMITS[kind][0 if edge < 0 else 1]


def mark_limits(shape: type[projection.Family], found: projection.Fit) -> np.ndarray:
    """Limits that the parameters run to, (p, N): -1 lower, 1 upper, 0 none; a runaway ceiling takes some along."""
    edge = found.edge[: len(shape.parameters)].copy()
    for row, (name, _) in enumerate(shape.parameters):
        edge[row, found.runaway] = dict(shape.escape).get(name, 0)
    return edge


def describe_flag(results: Results) -> str:
    """What is wrong with the optimum, "" if nothing."""
    found, name = results.found, results.model.endog_name
    if results.df_resid < 0:
        return f"{results.nobs} observations of {name} for {results.k_params} parameters: no curve is singled out"
    if found.flat[0]:
        return f"{name} does not rise: a constant fits as well as any curve"
    reasons = []
    if found.runaway[0]:
        reasons.append("the ceiling runs to infinity: the data show no bend")
    for (parameter, kind), edge in zip(results.model.shape.parameters, results.limits, strict=True):
        if edge:
            limit = limit_value(kind, edge)
            reasons.append(f"{parameter} runs to {'infinity' if np.isposinf(limit) else f'{limit:g}'}")
    if found.step[0]:
        reasons.append("a jump at one date fits better than any smooth curve: the rate runs to infinity")
    if not reasons and results.df_resid == 0:
        reasons.append("as many parameters as observations: the curve meets each of them and its error is unknown")
    if not reasons and (not found.converged[0] or np.isnan(np.diag(results.cov_params())).any()):
        reasons.append("the search did not settle: the sum of squares hardly changes along a ridge of parameters")
    return "; ".join(reasons)


def find_outliers(results: Results, alpha: float = 0.05) -> pd.DataFrame:
    """Observations that lie too far from the curve for chance.

    Externally studentised residuals with a Bonferroni t test, as statsmodels' `outlier_test` has for linear models.

    Parameters
    ----------
    results : Results of a least-squares fit
    alpha : float, the chance that a clean series yields any

    Returns
    -------
    DataFrame
        The observations found, with student_resid and bonf(p); empty where fewer than two degrees of freedom are left.
    """
    empty = pd.DataFrame(columns=["student_resid", "bonf(p)"], dtype=float)
    freedom = results.df_resid - 1
    if freedom < 1 or results.found.flat[0]:
        return empty
    columns = projection.jacobian(results.batch, results.found)[0]
    basis, triangle = np.linalg.qr(columns if results.model.ceiling.name else columns[:, 1:])
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]
    order = results.model.order
    residual = (results.resid.to_numpy() * results.model.root_weights)[order]
    left = np.maximum(1 - (basis**2).sum(1), 1e-9)
    deleted = np.maximum(results.ssr - residual**2 / left, 1e-12 * results.ssr + 1e-300) / freedom
    student = residual / np.sqrt(deleted * left)
    chance = np.minimum(2 * stdtr(freedom, -np.abs(student)) * len(student), 1)
    frame = pd.DataFrame({"student_resid": student, "bonf(p)": chance}, index=results.model.index[order])
    return frame[frame["bonf(p)"] < alpha]
