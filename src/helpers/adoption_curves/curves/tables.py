"""Several families on one series: estimates and quality side by side, profiles, and the curves that fit as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd
from scipy.stats import f

from ..base.dates import CurveError, decimal_years, to_dates
from .families import find_family
from .inputs import Share
from .model import AdoptionCurve
from .profile import CEILING
from .results import UNSETTLED, Results

Fits: TypeAlias = Mapping[tuple[str, str], Results | CurveError]
"""Results, or why there are none, by family and ceiling ("free" or "at the bound")."""
NO_ESTIMATES = pd.DataFrame(
    {name: pd.Series(dtype=float) for name in ("estimate", "std_error", "low_80", "high_80", "low_95", "high_95")}
    | {"identified": pd.Series(dtype=bool), "remark": pd.Series(dtype=str), "errors": pd.Series(dtype=str)}
)
ENOUGH_TO_WEIGH = 8  # points below which AICc weights are noise
POINTS, CURVES_EACH = 60, 12
"""Ceilings of a profile, and curves of a family that are drawn on."""
YEARS_ON = 5  # how far alternatives are drawn beyond the last observation
MEASUREMENT = 0.005
"""Half a point of the bound: no fit is believed to be closer than figures are published."""
REACH = 10  # how far ceilings are tried, in multiples of the bound or of what has been reached


def _check_fits(fits: Any) -> None:
    """Refuse anything but fits by family and ceiling.

    Raises
    ------
    CurveError
        For a list of fits, or other keys.
    """
    pairs = isinstance(fits, Mapping) and all(isinstance(key, tuple) and len(key) == 2 for key in fits)
    if not pairs:
        raise CurveError(
            'give fits by family and ceiling, as fit_families returns them: {("logistic", "free"): fit}, not a '
            f"{type(fits).__name__}"
        )


def fit_families(
    values: pd.Series,
    families: Sequence[str | type[AdoptionCurve]],
    bound: pd.Series | None = None,
    errors: str | None = None,
    known_se: pd.Series | None = None,
) -> dict[tuple[str, str], Results | CurveError]:
    """Fit each family with a free ceiling and, where there is a bound, with the ceiling at the bound.

    Parameters
    ----------
    values : Series
        Exact observations by date.
    families : sequence of str or class
        Names in `FAMILIES`, or classes of your own.
    bound : Series or None
        Known upper bound by date, in the unit of the values.
    errors : str or None
        As in `AdoptionCurve`.
    known_se : Series or None
        Known standard errors of the values, as in `AdoptionCurve`.

    Returns
    -------
    dict
        (family, "free" or "at the bound") -> Results; a CurveError where the data cannot be fitted so.

    Raises
    ------
    CurveError
        For a name that is no family's.
    """
    fits: dict[tuple[str, str], Results | CurveError] = {}
    ceilings = {"free": None} | ({} if bound is None else {"at the bound": Share(bound, 1.0)})
    for family in map(find_family, families):
        for words, ceiling in ceilings.items():
            try:
                model = family(values, ceiling=ceiling, errors=errors, known_se=known_se)
                fits[family.name, words] = model.fit()
            except CurveError as error:
                fits[family.name, words] = error
    return fits


def compare_estimates(fits: Fits) -> pd.DataFrame:
    """List the estimates of several fits, with profile intervals that may be open.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    DataFrame
        family, ceiling, parameter, estimate, std_error (Wald; both missing where the search did not settle),
        low_80, high_80, low_95, high_95 (profile intervals; infinite where open; not cut at any figure, which has an
        error too), identified (of a ceiling as `Results.identified`; of others: the intervals are closed and the fit is
        an estimate), remark (why a fit is no estimate: its optimum lies at infinity, or on the boundary of the
        parameter space; or which nested family's curve was fitted there), errors (what is said of them; where they are
        "not known" the intervals hold for independent and for persistent ones).
    """
    _check_fits(fits)
    frames = {("", ""): NO_ESTIMATES}
    for key, fit in fits.items():
        if isinstance(fit, CurveError):
            continue
        settled = fit.flag != UNSETTLED
        ends = np.hstack([fit.intervals(fit.param_names, alpha) for alpha in (0.2, 0.05)])
        ends = pd.DataFrame(ends, fit.param_names, ["low_80", "high_80", "low_95", "high_95"])
        closed = np.isfinite(ends).all(axis=1) & (fit.flag == "" or fit.limit != "")
        if fit.model.ceiling.name:
            closed[fit.model.ceiling.name] = fit.identified
        frame = pd.DataFrame({"estimate": fit.params, "std_error": fit.bse}).join(ends)
        if not settled:  # where along the ridge the search stopped says nothing
            frame[["estimate", "std_error"]] = np.nan
        frames[key] = frame.assign(identified=closed, remark=fit.flag, errors=fit.errors or "not known")
    return pd.concat(frames, names=["family", "ceiling", "parameter"]).reset_index()


def compare_fits(fits: Fits) -> pd.DataFrame:
    """Table of goodness of fit, a row for each fit.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    DataFrame
        family, ceiling, points, parameters, df_resid, residual_sd (the series' unit),
        aicc, bic, weight (AICc weight among the fits that have one, percent; only from `ENOUGH_TO_WEIGH` points on),
        remark (what must be said of the fit, or why there is none).
    """
    _check_fits(fits)
    columns = ["family", "ceiling", "points", "parameters", "df_resid", "residual_sd", "aicc", "bic", "remark"]
    points = max((len(fit.model.endog) for fit in fits.values() if isinstance(fit, Results)), default=0)
    rows = []
    for (family, ceiling), fit in fits.items():
        if isinstance(fit, CurveError):
            rows.append({"family": family, "ceiling": ceiling, "points": points, "remark": str(fit)})
            continue
        spread = np.sqrt(fit.ssr / fit.df_resid) if fit.df_resid > 0 else np.nan
        aicc = fit.aicc if np.isfinite(fit.aicc) else np.nan
        numbers = (points, len(fit.params), fit.df_resid, spread, aicc, fit.bic, fit.flag)
        rows.append(dict(zip(columns, (family, ceiling, *numbers), strict=True)))
    frame = pd.DataFrame(rows, columns=columns)
    likely = np.exp(-(frame["aicc"] - frame["aicc"].min()) / 2).where(frame["points"] >= ENOUGH_TO_WEIGH)
    frame.insert(len(frame.columns) - 1, "weight", 100 * likely / likely.sum())
    return frame


def free_fits(fits: Fits) -> dict[str, Results]:
    """Select the fits whose ceiling is free and whose residuals leave something to judge it by, by family.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    dict
        Family -> Results.
    """
    free = {family: fit for (family, ceiling), fit in fits.items() if ceiling == "free" and isinstance(fit, Results)}
    return {family: fit for family, fit in free.items() if fit.df_resid > 0 and fit.params.notna().all()}


def profile_ceilings(fits: Fits, bound: float = np.nan) -> pd.DataFrame:
    """Measure how much worse each ceiling fits than the best one.

    For each ceiling on a grid from just above the highest observation (or below the best ceiling) to ten times the
    bound (or the highest observation, without a bound) the other parameters are fitted again.

    Parameters
    ----------
    fits : dict
        From `fit_families`.
    bound : float
        Known upper bound at the last observation; nan for none.

    Returns
    -------
    DataFrame
        family, ceiling (the unit), distance (root of the F statistic of the profile), threshold_80 and threshold_95
        (above them the ceiling is outside that interval if errors are independent), confidence at which it is rejected
        (percent), and the same if errors are independent.
    """
    free, frames = free_fits(fits), []
    best = [fit.params["ceiling"] for fit in free.values()]
    for family, fit in free.items():
        reached, freedom = fit.model.endog.max(), fit.df_resid
        start, top = min([reached * 1.001, *(0.9 * ceiling for ceiling in best)]), REACH * np.nanmax([bound, reached])
        grid = np.geomspace(start, top, POINTS)
        grid = np.unique([*grid, *(ceiling for ceiling in best if start < ceiling < top)])
        profile = fit.profile("ceiling", values=grid).replace(np.inf, np.nan)
        distance = np.sqrt(profile["statistic"].round(10)).round(6)  # more digits are the search's
        frame = pd.DataFrame({"family": family, "ceiling": grid, "distance": distance})
        limits = {f"threshold_{level}": np.sqrt(f.ppf(level / 100, 1, freedom)) for level in (80, 95)}
        rejected = 100 * profile["confidence"].to_numpy()
        alone = 100 * profile["independent"].to_numpy() if "independent" in profile else rejected
        told = {"confidence": rejected.round(3), "confidence_independent": alone.round(3)}  # more are the search's
        frames.append(frame.assign(**limits, **told).dropna())
    columns = ["family", "ceiling", "distance", "threshold_80", "threshold_95", "confidence", "confidence_independent"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def weigh_ceilings(fits: Fits, ceilings: np.ndarray, bound: float = np.nan) -> pd.DataFrame:
    """Profile likelihood of each ceiling, by which the forecast weighs ceilings too.

    Parameters
    ----------
    fits : dict
        From `fit_families`, for independent errors.
    ceilings : array
        In the unit of the figures. The best of a family is added, if it lies between them.
    bound : float
        Known upper bound at the last observation; nan for none, then the highest observation takes its place.

    Returns
    -------
    DataFrame
        family, ceiling, likelihood (1 at the best ceiling of the family): the sum of squares to the power
        -(n - p) / 2 with p parameters beside the ceiling. Half a percent of the bound is always allowed for as error.
        A family that fits best where it is another one is left out.
    """
    frames = []
    for family, fit in free_fits(fits).items():
        if fit.limit:
            continue
        best, allowed = fit.params["ceiling"], (MEASUREMENT * np.fmax(bound, fit.model.endog.max())) ** 2
        grid = np.unique([*ceilings, *([best] if np.min(ceilings) < best < np.max(ceilings) else [])])
        profile = fit.profile("ceiling", values=grid)
        ratio = (min(fit.ssr, profile["ssr"].min()) + allowed) / (profile["ssr"] + allowed)
        likelihood = (ratio ** ((fit.df_resid + 1) / 2)).round(6)  # more digits are the search's
        frames.append(pd.DataFrame({"family": family, "ceiling": profile["ceiling"], "likelihood": likelihood}))
    columns = ["family", "ceiling", "likelihood"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def trace_alternatives(fits: Fits, bound: float = np.nan) -> pd.DataFrame:
    """Draw on the least-squares curve of each family and the curves of other ceilings that fit about as well.

    The ceilings lie in the 80% profile interval, from the curve's own value at the last date on. An interval without
    end is drawn up to ten times the bound or the highest observation.

    Parameters
    ----------
    fits : dict
        From `fit_families`.
    bound : float
        Known upper bound at the last observation; nan for none.

    Returns
    -------
    DataFrame
        family, ceiling (the unit), best (bool), level, date, value.
    """
    frames = []
    for family, fit in free_fits(fits).items():
        model = fit.model
        first, last = np.sort(decimal_years(model.index))[[0, -1]]
        at_end, top = float(fit.predict([last]).iloc[0]), REACH * np.nanmax([bound, model.endog.max()])
        times = np.linspace(first, last + YEARS_ON, 61)
        low, high = fit.conf_int(0.2, "profile").loc["ceiling"]
        grid = np.geomspace(max(low, 1.001 * at_end), max(min(high, top), 1.002 * at_end), CURVES_EACH)
        own = next(iter(fit.by_errors.values()))
        at = (times - own.problem.origin) / own.problem.span
        held = own.along(CEILING, np.log(grid))
        paths = [fit.predict(times), *(each.ceiling * own.problem.share(at, each.theta) for each in held)]
        for place, (ceiling, path) in enumerate(zip([fit.params["ceiling"], *grid], paths, strict=True)):
            named = {"family": family, "ceiling": ceiling, "best": place == 0, "level": 0.8}
            frames.append(pd.DataFrame(named | {"date": to_dates(times), "value": path}))
    columns = ["family", "ceiling", "best", "level", "date", "value"]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)
