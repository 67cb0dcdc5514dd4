"""Adoption curves on statsmodels: estimates, intervals and a verdict from one profile of the saturation level.

A curve is ``level x share(t)``. For a logistic or Gompertz curve the share is the inverse of a statsmodels link, so
with a known level the curve is a GLM with Gaussian errors. If the level is unknown, the other parameters are fitted by
least squares at each level of a grid, under independent or autoregressive errors. The level with the smallest sum of
squares is the estimate, an F test of the sums of squares gives the interval, and the intervals of two curves under two
kinds of errors give the verdict. Results are statsmodels' `LikelihoodModelResults`.

Modules, each importing only those before it: `inputs` checks arguments; `results` has one fit; `families` the curves
and the least-squares search; `fit_tables` tables of several fits; `verdict` the verdict on where growth will stop.

>>> import pandas as pd
>>> users = pd.Series([12.0, 19, 31, 44, 52, 57, 60], index=range(2019, 2026), name="users")
>>> FAMILIES["logistic"](users).fit().params.round(2).tolist()
[62.61, 0.78, 2021.98]
>>> assess_ceiling(users, limit=100)
<levels off: ends between 60.0 and 83.2>
"""

from ..base.dates import CurveError, decimal_years
from ..base.decline import is_in_decline
from .families import FAMILIES, AdoptionCurve, Bass, Gompertz, Logistic
from .fit_tables import compare_estimates, compare_fits, fit_families
from .results import Results
from .verdict import Assessment, assess_ceiling, read_odds

__all__ = [
    "FAMILIES",
    "AdoptionCurve",
    "Assessment",
    "Bass",
    "CurveError",
    "Gompertz",
    "Logistic",
    "Results",
    "assess_ceiling",
    "compare_estimates",
    "compare_fits",
    "decimal_years",
    "fit_families",
    "is_in_decline",
    "read_odds",
]
