"""Adoption curves: eight families, every kind of ceiling, results in statsmodels' convention.

>>> results = Logistic([12, 19, 31, 44, 52], [2021, 2022, 2023, 2024, 2025], ceiling=Share(100, 0.75)).fit()
>>> results
<Logistic of y: rate 0.639977, midpoint 2023.58>
>>> results.predict([2030]).round(1).iloc[0]
np.float64(73.8)

Modules, each importing only those before it: `engine`, `descent`, `profile` least squares for many series at once;
`errors` how they hang together; `ceilings` many known ceilings; `shifts` changed definitions; `model` the observations
and the ceiling; `likelihoods`, `censored` what is minimised; `derived`, `display`, `results` what comes out; `families`
the curves; `waves` two of them in one series; `many` thousands of series; `compare` several families on one series;
`assess` one verdict on the ceiling of a series. `launches` frees a launch that nobody gave.
"""

from ..base.dates import CurveError, decimal_years, to_dates
from .assess import Assessment, assess_ceiling
from .families import (
    FAMILIES,
    GENERALISED_LINEAR,
    AdoptionCurve,
    Bass,
    Exponential,
    GammaGompertz,
    Gompertz,
    Logistic,
    Richards,
    ShiftedGompertz,
    Weibull,
)
from .many import fit_many
from .model import Share, SharePrior
from .results import Results
from .shifts import LevelShift
from .side_by_side import (
    compare_estimates,
    compare_fits,
    fit_families,
    free_fits,
    profile_ceilings,
    trace_alternatives,
    vary_shift,
)
from .waves import TwoWaves, fit_waves

__all__ = [
    "FAMILIES",
    "GENERALISED_LINEAR",
    "AdoptionCurve",
    "Assessment",
    "Bass",
    "CurveError",
    "Exponential",
    "GammaGompertz",
    "Gompertz",
    "LevelShift",
    "Logistic",
    "Results",
    "Richards",
    "Share",
    "SharePrior",
    "ShiftedGompertz",
    "TwoWaves",
    "Weibull",
    "assess_ceiling",
    "compare_estimates",
    "compare_fits",
    "decimal_years",
    "fit_families",
    "fit_many",
    "fit_waves",
    "free_fits",
    "profile_ceilings",
    "to_dates",
    "trace_alternatives",
    "vary_shift",
]
