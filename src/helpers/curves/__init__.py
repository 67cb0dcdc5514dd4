"""Adoption curves: seven families, every kind of ceiling, results in statsmodels' convention.

>>> results = Logistic([12, 19, 31, 44, 52], [2021, 2022, 2023, 2024, 2025], ceiling=Share(100, 0.75)).fit()
>>> results
<Logistic of y: rate 0.639977, midpoint 2023.58>
>>> results.predict([2030]).round(1).iloc[0]
np.float64(73.8)

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
