"""Adoption curves: families, every kind of ceiling, results in statsmodels' convention, one verdict on a ceiling.

>>> results = Logistic([12, 19, 31, 44, 52], [2021, 2022, 2023, 2024, 2025], ceiling=Share(100, 0.75)).fit()
>>> results
<Logistic of y: rate 0.639977, midpoint 2023.58>
>>> results.predict([2030]).round(1).iloc[0]
np.float64(73.8)

Modules, each importing only those before it: `fit` least squares of one series; `errors` error models; `profile`
covariances and ends of profiles; `arguments` what people give; `printing` and `results` what they get;
`adoption_curve` the arguments of every family, `families` the families; `fit_tables` several of them together;
`verdict` the answer to where a series ends.
"""

from ..base.dates import CurveError, decimal_years, to_dates
from ..base.fallen import has_fallen
from . import families
from .arguments import Share
from .families import *  # noqa: F403  each family stands in that module's `__all__` only
from .fit_tables import compare_fits, compare_limits, fit_families
from .results import Results
from .verdict import Assessment, assess_ceiling

__all__ = [
    "Assessment",
    "CurveError",
    "Results",
    "Share",
    "assess_ceiling",
    "compare_fits",
    "compare_limits",
    "decimal_years",
    "fit_families",
    "has_fallen",
    "to_dates",
]
__all__ += families.__all__
