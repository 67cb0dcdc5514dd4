"""A whole course of each family and its formula, written out apart from the package: what tests need of a new one."""

import numpy as np

exp = np.exp

# name: parameters of a course from 2000 to 2025 (dates as years since 2000), and the share in complex arithmetic
COURSES = {
    "logistic": ((0.5, 11.0), lambda t, r, m: 1 / (1 + exp(-r * (t - m)))),
    "gompertz": ((0.4, 9.0), lambda t, r, m: exp(-exp(-r * (t - m)))),
    "bass": ((0.02, 0.4), lambda t, p, q: (1 - exp(-(p + q) * t)) / (1 + q / p * exp(-(p + q) * t))),
}


def course(name, years):
    """Share of the saturation level that the course of a family has reached, at decimal years."""
    parameters, formula = COURSES[name]
    return formula(np.asarray(years) - 2000.0, *parameters)
