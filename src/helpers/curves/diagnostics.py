"""Whether each residual goes with the one before."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.special import fdtrc
from statsmodels.stats.stattools import durbin_watson

from .descent import evaluate, jacobian
from .likelihoods import LeastSquares


def measure_serial_correlation(likelihood: LeastSquares) -> pd.Series:
    """Durbin and Watson's statistic, the correlation at lag one, and a test of it.

    The test is Breusch and Godfrey's of the first order in its F form: the lagged residual beside the directions in
    which the parameters move the curve, which take out what fitting them did to the residuals.
    """
    batch, fit, values = likelihood.batch, likelihood.fit, likelihood.model.endog
    found = pd.Series(np.nan, index=["durbin_watson", "lag_1", "f_statistic", "p_value"])
    residual = batch.target[0] - fit.ceiling[0] * evaluate(batch, fit.theta).curve[0]
    total = residual @ residual
    if len(residual) < 3 or fit.flat[0] or not total > 1e-20 * (values @ values):
        return found
    found["durbin_watson"] = durbin_watson(residual)
    found["lag_1"] = (residual[1:] @ residual[:-1]) / total
    columns = np.stack(jacobian(batch, fit.theta, fit.ceiling), axis=2)[0]
    basis, triangle = np.linalg.qr(columns if likelihood.free else columns[:, 1:])
    basis = basis[:, np.abs(np.diag(triangle)) > 1e-10 * np.abs(triangle).max()]
    freedom = len(residual) - basis.shape[1] - 1
    if freedom > 0:
        lagged = np.r_[0.0, residual[:-1]]
        lagged = lagged - basis @ (basis.T @ lagged)
        explained = (lagged @ residual) ** 2 / max(lagged @ lagged, 1e-300)
        left = total - (basis.T @ residual) @ (basis.T @ residual) - explained
        found["f_statistic"] = explained / left * freedom if left > 1e-12 * total else np.inf
        found["p_value"] = fdtrc(1, freedom, found["f_statistic"])
    return found
