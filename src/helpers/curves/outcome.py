"""What became of a fit, in words."""

import numpy as np

LIMITS = {"rate": (0.0, np.inf), "duration": (0.0, np.inf), "number": (0.0, np.inf), "date": (-np.inf, np.inf)}


def limit_value(kind, edge):
    """Limit that a parameter of this kind runs to: edge -1 the lower, +1 the upper."""
    return LIMITS[kind][0 if edge < 0 else 1]


def describe_flag(results):
    """What is wrong with the optimum, "" if nothing."""
    found, name = results.found, results.model.endog_name
    if results.df_resid < 0:
        return f"{results.nobs} observations of {name} for {results.k_params} parameters: no curve is singled out"
    if found.flat[0]:
        return f"{name} does not rise: a constant fits as well as any curve"
    reasons = []
    if found.runaway[0]:
        reasons.append("the ceiling runs to infinity: the data show no bend")
    for (parameter, kind), edge in zip(results.model.shape.parameters, found.edge[:, 0], strict=False):
        if edge:
            limit = limit_value(kind, edge)
            reasons.append(f"{parameter} runs to {'infinity' if np.isposinf(limit) else f'{limit:g}'}")
    if not reasons and results.df_resid == 0:
        reasons.append("as many parameters as observations: the curve meets each of them and its error is unknown")
    if not reasons and not found.converged[0]:
        reasons.append("the search did not settle: the sum of squares hardly changes along a ridge of parameters")
    return "; ".join(reasons)
