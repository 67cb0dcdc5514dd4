"""Several families on one series: estimates and quality side by side, profiles, and the curves that fit as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import CurveError, decimal_years, to_dates
from ..base.limit import Limit
from .adoption_curve import AdoptionCurve
from .arguments import Share
from .families import find_family
from .printing import HELD
from .profile import CEILING, refit_along
from .results import Results

_Fits: TypeAlias = Mapping[tuple[str, str], Results | CurveError]
"""Results, or why there are none, by family and ceiling ("free" or "at the limit")."""
_ENOUGH_TO_WEIGH = 8  # points below which AICc weights are noise
_PROFILE_POINTS, _CURVES_EACH = 120, 12
"""Ceilings of a profile, and curves of a family that are drawn on."""
_YEARS_ON = 5  # how far alternatives are drawn beyond the last observation
_REACH = 10  # how far ceilings are tried, in multiples of the limit or of what has been reached


def _check_fits(fits: Any) -> None:
    """Refuse anything but fits by family and ceiling.

    Raises
    ------
    CurveError
        For a list of fits.
    """
    if not isinstance(fits, Mapping):
        raise CurveError(
            'give fits by family and ceiling, as fit_families returns them: {("logistic", "free"): fit}, not a '
            f"{type(fits).__name__}"
        )


def fit_families(
    values: pd.Series,
    families: Sequence[str | type[AdoptionCurve]],
    limit: Limit | pd.Series | None = None,
    errors: str | None = None,
    known_se: pd.Series | None = None,
    floor: float | None = None,
) -> dict[tuple[str, str], Results | CurveError]:
    """Fit each family with a free ceiling and, where there is a limit, with the ceiling at the limit.

    Parameters
    ----------
    values : Series
        Exact observations by date.
    families : sequence of str or class
        Names in `FAMILIES`, or classes of your own.
    limit : Limit, Series or None
        Known limit by date, in the unit of the values.
    errors : str or None
        As in `AdoptionCurve`.
    known_se, floor : as in `AdoptionCurve`
        Known standard errors of the values, and what has been published at most.

    Returns
    -------
    dict
        (family, "free" or "at the limit") -> Results; a CurveError where the data cannot be fitted so.

    Raises
    ------
    CurveError
        For a name that is no family's.
    """
    fits: dict[tuple[str, str], Results | CurveError] = {}
    ceilings = {"free": None} | ({} if limit is None else {"at the limit": Share(limit, 1.0)})
    for family in map(find_family, families):
        for words, ceiling in ceilings.items():
            try:
                model = family(values, ceiling=ceiling, errors=errors, known_se=known_se, floor=floor)
                fits[family.name, words] = model.fit()
            except CurveError as error:
                fits[family.name, words] = error
    return fits


def compare_estimates(fits: _Fits) -> pd.DataFrame:
    """List the estimates of several fits, with profile intervals that may be open.

    What is no estimate has no row; `compare_fits` says why.

    Parameters
    ----------
    fits : dict, from `fit_families`

    Returns
    -------
    DataFrame
        family, saturation_level ("free" or "at the limit"), parameter, estimate, std_error (Wald), low_80, high_80,
        low_95, high_95 (profile intervals; infinite where open), identified (of a saturation level as
        `Results.identified`; of others: the intervals are closed), remark (of a saturation level that is held at what
        has been published), errors (what is said of them; where they are "not known" the intervals hold for
        independent and for persistent ones).
    """
    _check_fits(fits)
    numbers = ["estimate", "std_error", "low_80", "high_80", "low_95", "high_95"]
    columns = ["family", "saturation_level", "parameter", *numbers, "identified", "remark", "errors"]
    rows: list[tuple[Any, ...]] = []
    for key, fit in fits.items():
        if isinstance(fit, CurveError) or fit.flag:
            continue
        intervals = np.hstack([fit.intervals(fit.param_names, alpha) for alpha in (0.2, 0.05)])
        for name, interval in zip(fit.param_names, intervals, strict=True):
            is_ceiling = name == fit.model.ceiling.name
            identified = fit.identified if is_ceiling else bool(np.isfinite(interval).all())
            remark = HELD if is_ceiling and fit.best.held else ""
            said = "saturation level" if name == "ceiling" else name
            estimate = (fit.params[name], fit.bse[name], *interval)
            rows.append((*key, said, *estimate, identified, remark, fit.errors or "not known"))
    return pd.DataFrame(rows, columns=columns).astype(dict.fromkeys(numbers, float) | {"identified": bool})


def compare_fits(fits: _Fits) -> pd.DataFrame:
    """Table of goodness of fit, a row for each fit.

    Parameters
    ----------
    fits : dict, from `fit_families`

    Returns
    -------
    DataFrame
        family, saturation_level, points, parameters, df_resid, residual_sd (the series' unit),
        aicc, bic, weight (AICc weight among the fits that have one, percent; only from `_ENOUGH_TO_WEIGH` points on),
        remark (why there is no estimate, and then no number beside it).
    """
    _check_fits(fits)
    columns = ["family", "saturation_level", "points", "parameters", "df_resid", "residual_sd", "aicc", "bic", "remark"]
    points = max((fit.nobs for fit in fits.values() if isinstance(fit, Results)), default=0)
    rows = []
    for (family, ceiling), fit in fits.items():
        row: dict[str, Any] = {"family": family, "saturation_level": ceiling, "points": points}
        if isinstance(fit, CurveError):
            row["remark"] = str(fit)
        else:
            row |= {"points": fit.nobs, "parameters": len(fit.params), "remark": fit.flag}
            if not fit.flag:
                row |= {"df_resid": fit.df_resid, "residual_sd": np.sqrt(fit.ssr / fit.df_resid)}
                row |= {"aicc": fit.aicc if np.isfinite(fit.aicc) else np.nan, "bic": fit.bic}
        rows.append(row)
    frame = pd.DataFrame(rows, columns=columns)
    likely = np.exp(-(frame["aicc"] - frame["aicc"].min()) / 2).where(frame["points"] >= _ENOUGH_TO_WEIGH)
    frame.insert(len(frame.columns) - 1, "weight", 100 * likely / likely.sum())
    return frame


def _free_fits(fits: _Fits) -> dict[str, Results]:
    """Select the fits that leave a free ceiling something to be judged by, by family.

    They are the estimates, and those whose ceiling runs to infinity: their profiles say how far the figures leave it
    open.

    Parameters
    ----------
    fits : dict, from `fit_families`

    Returns
    -------
    dict
        Family -> Results.
    """
    free = {family: fit for (family, ceiling), fit in fits.items() if ceiling == "free" and isinstance(fit, Results)}
    return {
        family: fit
        for family, fit in free.items()
        if not fit.flag or (fit.df_resid > 0 and fit.best.diverged and fit.best.settled and not fit.best.flat)
    }


def compare_limits(fit: Results | CurveError, censored: pd.DataFrame) -> pd.DataFrame:
    """Figures that are only limits (index date; value, limit), beside a fitted curve.

    Parameters
    ----------
    fit : Results, or the CurveError of data that cannot be fitted
    censored : DataFrame
        By date: value (in the unit of the series), qualifier (at_least or at_most).

    Returns
    -------
    DataFrame
        date, value, limit, curve (missing where there is none).
    """
    found = censored[["value", "qualifier"]].rename_axis("date").reset_index().assign(curve=np.nan)
    if isinstance(fit, Results) and len(censored):
        found["curve"] = fit.predict(censored.index).to_numpy()
    return found


def profile_ceilings(fits: _Fits, limit: float = np.nan) -> pd.DataFrame:
    """How well each saturation level explains the figures, and at which confidence it is rejected.

    For each saturation level on a grid from the highest figure to ten times the limit (or the highest figure, without
    a limit) the other parameters are fitted again.

    Parameters
    ----------
    fits : dict, from `fit_families`
    limit : float
        Known limit at the last observation; nan for none.

    Returns
    -------
    DataFrame
        family, saturation_level (the unit), confidence at which it is rejected (percent), and the same under the first
        kind of errors. One less that, in hundredths, is the p-value of the saturation level.
    """
    frames = []
    for family, fit in _free_fits(fits).items():
        reached = fit.model.endog.max()
        start, top = max(fit.problem.floor, 0.5 * reached), _REACH * np.nanmax([limit, reached])
        best = fit.params["ceiling"]
        grid = np.unique(np.r_[np.geomspace(start, top, _PROFILE_POINTS), best if start < best < top else start])
        profile = fit.profile("ceiling", values=grid).replace(np.inf, np.nan)
        rejected = 100 * profile["confidence"]
        alone = 100 * profile["independent"] if "independent" in profile else rejected
        numbers = {
            "confidence": rejected.round(3),
            "confidence_independent": alone.round(3),
        }  # more is the search's
        frames.append(pd.DataFrame({"family": family, "saturation_level": profile["ceiling"]} | numbers).dropna())
    columns = ["family", "saturation_level", "confidence", "confidence_independent"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def trace_alternatives(fits: _Fits, limit: float = np.nan) -> pd.DataFrame:
    """Draw on the least-squares curve of each family and the curves of other saturation levels that fit about as well.

    The levels lie in the 80% profile interval, from the curve's own value at the last date on. An interval without
    end is drawn up to ten times the limit or the highest observation.

    Parameters
    ----------
    fits : dict, from `fit_families`
    limit : float
        Known limit at the last observation; nan for none.

    Returns
    -------
    DataFrame
        family, saturation_level (the unit), best (bool), level, date, value.
    """
    frames = []
    for family, fit in _free_fits(fits).items():
        model = fit.model
        first, last = np.sort(decimal_years(model.index))[[0, -1]]
        at_end, top = float(fit.predict([last]).iloc[0]), _REACH * np.nanmax([limit, model.endog.max()])
        times = np.linspace(first, last + _YEARS_ON, 61)
        low, high = fit.conf_int(0.2, "profile").loc["ceiling"]
        grid = np.geomspace(max(low, 1.001 * at_end), max(min(high, top), 1.002 * at_end), _CURVES_EACH)
        at = (times - fit.problem.origin) / fit.problem.span
        held = refit_along(fit.problem, fit.best, CEILING, np.log(grid))
        paths = [fit.predict(times), *(each.ceiling * fit.problem.share(at, each.theta) for each in held)]
        for place, (ceiling, path) in enumerate(zip([fit.params["ceiling"], *grid], paths, strict=True)):
            named = {"family": family, "saturation_level": ceiling, "best": place == 0, "level": 0.8}
            frames.append(pd.DataFrame(named | {"date": to_dates(times), "value": path}))
    columns = ["family", "saturation_level", "best", "level", "date", "value"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
