"""Adoption curves on statsmodels: one profile of the saturation level gives estimate, intervals and verdict.

A curve is ``level x share(t)``. Share and slope of a logistic or Gompertz curve are statsmodels' links; at a known
level it is a GLM with Gaussian errors. At each of a grid of levels the other parameters are fitted by least squares,
under independent or autoregressive errors. The least sum of squares is the estimate, Fisher's distribution gives the
interval, and two curves under two kinds of errors give the verdict. Results are statsmodels' `LikelihoodModelResults`.

Modules, each importing only those before it: `inputs` what is given; `results` one fit; `families` curves and least
squares; `fit_tables` several fits; `verdict` where a series ends.

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
