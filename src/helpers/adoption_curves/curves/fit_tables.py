"""Several families on one series: estimates and quality side by side, profiles, and curves that fit as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import CurveError, to_dates
from ..base.limit import Limit
from .families import AdoptionCurve, find_family
from .results import Results

_YEARS_ON, _PROFILE_POINTS = 5, 120
HELD = "the curve of least squares alone would end below it"
_Fits: TypeAlias = Mapping[tuple[str, str], Results | CurveError]
"""Results, or why there are none, by family and ceiling ("free" or "at the limit")."""


def fit_families(
    series: pd.Series,
    families: Sequence[str | type[AdoptionCurve]],
    limit: float | pd.Series | Limit | None = None,
    floor: float | None = None,
) -> dict[tuple[str, str], Results | CurveError]:
    """Fit each family with a free ceiling and, where there is a limit, with the ceiling at the limit.

    Parameters
    ----------
    series, floor : as in `AdoptionCurve`
    families : sequence of str or class
    limit : as `ceiling` in `AdoptionCurve`

    Returns
    -------
    dict
        (family, "free" or "at the limit") -> Results; a CurveError where the figures cannot be fitted so.
    """
    fits: dict[tuple[str, str], Results | CurveError] = {}
    for family in map(find_family, families):
        for words, ceiling in {"free": None, "at the limit": limit}.items():
            if words == "free" or limit is not None:
                try:
                    fits[family.name, words] = family(series, ceiling=ceiling, floor=floor).fit()
                except CurveError as error:
                    fits[family.name, words] = error
    return fits


def compare_estimates(fits: _Fits) -> pd.DataFrame:
    """Estimates of several fits: estimate, std_error, and the 80% and 95% intervals, of levels by profile."""
    rows = []
    for key, fit in fits.items():
        if isinstance(fit, CurveError) or fit.flag:
            continue
        for name in fit.params.index:
            ends: list[float] = []
            for alpha in (0.2, 0.05):
                ends += fit.ceiling_interval(alpha) if name == "ceiling" else fit.conf_int(alpha).loc[name].tolist()
            said, remark = ("saturation level", HELD if fit.held else "") if name == "ceiling" else (name, "")
            identified = fit.identified if name == "ceiling" else True
            rows.append((*key, said, fit.params[name], fit.bse[name], *ends, identified, remark))
    numbers = ["estimate", "std_error", "low_80", "high_80", "low_95", "high_95"]
    columns = ["family", "saturation_level", "parameter", *numbers, "identified", "remark"]
    return pd.DataFrame(rows, columns=columns).astype({"identified": bool})


def compare_fits(fits: _Fits) -> pd.DataFrame:
    """Goodness of fit, a row for each fit; `remark` says why there is no estimate."""
    rows = []
    for (family, words), fit in fits.items():
        row: dict[str, Any] = {"family": family, "saturation_level": words, "remark": ""}
        if isinstance(fit, CurveError):
            row["remark"] = str(fit)
        elif fit.flag:
            row |= {"points": fit.nobs, "parameters": fit.df_model, "remark": fit.flag}
        else:
            row |= {"points": fit.nobs, "parameters": fit.df_model, "df_resid": fit.df_resid}
            row |= {"residual_sd": np.sqrt(fit.scale), "aicc": fit.aicc if np.isfinite(fit.aicc) else np.nan}
        rows.append(row)
    columns = ["family", "saturation_level", "points", "parameters", "df_resid", "residual_sd", "aicc", "remark"]
    return pd.DataFrame(rows, columns=columns)


def list_free(fits: _Fits) -> dict[str, Results]:
    """The fits with a free ceiling whose profile says something."""
    free = {family: fit for (family, words), fit in fits.items() if words == "free" and isinstance(fit, Results)}
    return {family: fit for family, fit in free.items() if not fit.flag or "infinity" in fit.flag}


def profile_ceilings(fits: _Fits, limit: float = np.nan) -> pd.DataFrame:
    """Confidence (percent) at which each level is rejected: the lower one of both kinds of errors, and independent."""
    frames = []
    for family, fit in list_free(fits).items():
        model = fit.model
        other = type(model)(model.series, floor=model.floor, errors="ar1", launch=model.launch).fit()
        levels = np.geomspace(fit.levels[0], 10 * np.nanmax([limit, model.endog.max()]), _PROFILE_POINTS)
        levels = np.sort(np.r_[levels, fit.level])
        alone, both = (100 * (1 - each.profile(levels)["pvalue"]) for each in (fit, other))
        both = np.minimum(alone, both)
        named = {"family": family, "saturation_level": levels, "confidence": both, "confidence_independent": alone}
        frames.append(pd.DataFrame(named))
    columns = ["family", "saturation_level", "confidence", "confidence_independent"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def trace_alternatives(fits: _Fits, limit: float = np.nan) -> pd.DataFrame:
    """The best curve of each family and those of other levels in its 80% interval, to ten times the limit."""
    frames = []
    for family, fit in list_free(fits).items():
        model, (low, high) = fit.model, fit.ceiling_interval(0.2)
        most = 10 * np.nanmax([limit, model.endog.max()])
        years = np.linspace(model.years[0], model.years[-1] + _YEARS_ON, 61)
        curves = [np.r_[level, model.to_params(theta)] for level, theta in zip(fit.levels, fit.thetas, strict=True)]
        curves = [curve for curve in curves if low <= curve[0] <= min(high, most)]
        for place, params in enumerate([fit.params.to_numpy(), *curves]):
            path = model.curve(params, years)
            named = {"family": family, "saturation_level": params[0], "best": place == 0, "level": 0.8}
            frames.append(pd.DataFrame(named | {"date": to_dates(years), "value": path}))
    columns = ["family", "saturation_level", "best", "level", "date", "value"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def compare_limits(fit: Results | CurveError, censored: pd.DataFrame) -> pd.DataFrame:
    """Figures published as "more than" or "less than" (by date; value, qualifier), beside a fitted curve."""
    found = censored[["value", "qualifier"]].rename_axis("date").reset_index().assign(curve=np.nan)
    if isinstance(fit, Results) and len(censored):
        found["curve"] = fit.predict(censored.index).to_numpy()
    return found
