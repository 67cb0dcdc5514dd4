"""Adoption curves on statsmodels: one profile of the saturation level gives estimate, intervals and verdict.

A curve is ``level x share(t)``. At a known level the logistic and the Gompertz curve are statsmodels' GLM with Gaussian
errors and a Logit or LogLog link; the link gives the share and its slope here too. At each of a grid of levels the
other parameters are fitted by least squares (MINPACK), under independent or autoregressive errors; the least sum of
squares is the estimate, Fisher's distribution gives the interval, and two families under two kinds of errors the
verdict. Estimates and their errors are a `LikelihoodModelResults` of statsmodels.

>>> import pandas as pd
>>> from adoption_curves.curves import FAMILIES, assess_ceiling
>>> users = pd.Series([12.0, 19, 31, 44, 52, 57, 60], index=range(2019, 2026), name="users")
>>> FAMILIES["logistic"](users).fit().params.round(2).tolist()
[62.61, 0.78, 2020.98]
>>> assess_ceiling(users, limit=100)
<levels off: ends between 60 and 83.2>
"""

from ..base.dates import CurveError, decimal_years, to_dates
from ..base.fallen import has_fallen
from .families import FAMILIES, AdoptionCurve, Bass, Gompertz, Logistic
from .fit_tables import compare_fits, compare_limits, fit_families
from .results import Results
from .verdict import Assessment, assess_ceiling

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
    "compare_fits",
    "compare_limits",
    "decimal_years",
    "fit_families",
    "has_fallen",
    "to_dates",
]
