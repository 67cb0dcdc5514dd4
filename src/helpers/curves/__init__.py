"""Adoption curves: seven families, every kind of ceiling, results in statsmodels' convention.

>>> results = Logistic(users, ceiling=Share(internet_users, 0.75)).fit()   # doctest: +SKIP
>>> results.summary(); results.conf_int(method="profile"); results.predict(dates)   # doctest: +SKIP

Rooms: `shapes` and `families` the curves; `model` the observations; `ceilings` what is known of the ceiling;
`binomial` and `censoring` the other likelihoods; `results`, `prediction`, `profiles`, `resampling`, `derived`,
`summary`, `outcome` what comes out; `many` thousands of series; `dates` decimal years.
"""

from helpers.curves.binomial import LINKS as GENERALISED_LINEAR
from helpers.curves.ceilings import Share, SharePrior
from helpers.curves.dates import decimal_years, to_dates
from helpers.curves.errors import CurveError
from helpers.curves.families import (
    FAMILIES,
    Bass,
    Exponential,
    GammaGompertz,
    Gompertz,
    Logistic,
    Richards,
    Weibull,
)
from helpers.curves.many import fit_many
from helpers.curves.results import Results

__all__ = [
    "FAMILIES",
    "GENERALISED_LINEAR",
    "Bass",
    "CurveError",
    "Exponential",
    "GammaGompertz",
    "Gompertz",
    "Logistic",
    "Results",
    "Richards",
    "Share",
    "SharePrior",
    "Weibull",
    "decimal_years",
    "fit_many",
    "to_dates",
]
