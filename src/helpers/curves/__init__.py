"""Adoption curves: families, every kind of ceiling, results in statsmodels' convention.

>>> results = Logistic([12, 19, 31, 44, 52], [2021, 2022, 2023, 2024, 2025], ceiling=Share(100, 0.75)).fit()
>>> results
<Logistic of y: rate 0.639977, midpoint 2023.58>
>>> results.predict([2030]).round(1).iloc[0]
np.float64(73.8)

Modules, each importing only those before it: `engine` many series at once, `starts` and `descent` from where to where,
`search` the best curve, `crossings` and `profile` intervals; `error_models` how errors hang together; `ceilings` many
known ceilings; `launches` launches that nobody gave; `inputs`, `ceiling_kinds`, `model`
the observations and what is known of the ceiling; `likelihoods` what is minimised;
`diagnostics`, `prediction`, `display`, `results` what comes out; `adoption_curve` the arguments of every family,
`families` the families; `side_by_side` several families on one series; `assess` one verdict on the ceiling.
"""

from ..base.dates import CurveError, decimal_years, to_dates
from . import families
from .assess import Assessment, assess_ceiling
from .ceiling_kinds import Share
from .families import *  # noqa: F403  each family stands in that module's `__all__` only
from .results import Results
from .side_by_side import (
    compare_estimates,
    compare_fits,
    fit_families,
    free_fits,
    profile_ceilings,
    trace_alternatives,
)

__all__ = [
    "Assessment",
    "CurveError",
    "Results",
    "Share",
    "assess_ceiling",
    "compare_estimates",
    "compare_fits",
    "decimal_years",
    "fit_families",
    "free_fits",
    "profile_ceilings",
    "to_dates",
    "trace_alternatives",
]
__all__ += families.__all__
