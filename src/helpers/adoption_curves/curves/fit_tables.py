"""Fit several families of curves to one series, and compare their estimates and their fits in tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import CurveError
from ..base.limit import Limit
from ..indicators.series import AdoptionSeries
from .families import AdoptionCurve, find_family
from .results import Results

# Remark on an estimated saturation level that equals the highest value.
AT_FLOOR = "the curve of least squares alone would end below it"
# Results or the error, by name of the family and saturation level ("free" or "at the limit").
_Fits: TypeAlias = Mapping[tuple[str, str], Results | CurveError]


def fit_families(
    series: pd.Series | AdoptionSeries,
    families: Sequence[str | type[AdoptionCurve]],
    limit: float | pd.Series | Limit | None = None,
) -> dict[tuple[str, str], Results | CurveError]:
    """Fit several families of curves, with the saturation level estimated and with it at the upper limit.

    Parameters
    ----------
    series : Series or AdoptionSeries
        Observations, as in `AdoptionCurve`.
    families : sequence of str or class
        Names in `FAMILIES`, or classes.
    limit : float, Series or Limit, optional
        Upper limit in the unit of the series; by default that of an AdoptionSeries. Without one, only fits with an
        estimated saturation level are made.

    Returns
    -------
    dict
        Results by name of the family and "free" or "at the limit"; a CurveError if the curve cannot be fitted.

    Raises
    ------
    CurveError
        If a family is unknown.

    Examples
    --------
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> list(fit_families(share, ["logistic"], limit=100))
    [('logistic', 'free'), ('logistic', 'at the limit')]
    """
    limit = series.limit if limit is None and isinstance(series, AdoptionSeries) else limit
    ceilings = {"free": None} | ({} if limit is None else {"at the limit": limit})
    fits: dict[tuple[str, str], Results | CurveError] = {}
    for family in map(find_family, families):
        for level, ceiling in ceilings.items():
            try:
                fits[family.name, level] = family(series, ceiling=ceiling).fit()
            except CurveError as error:
                fits[family.name, level] = error
    return fits


def compare_estimates(fits: _Fits) -> pd.DataFrame:
    """Parameter estimates of several fits, with intervals that allow for both kinds of errors.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    DataFrame
        One row per parameter, without fits that are no estimate. Saturation levels are in the unit of the series, rates
        per year, dates in decimal years.

        - ``family``, ``saturation_level`` ("free" or "at the limit") and ``parameter``.
        - ``estimate``, ``std_error``: under independent errors.
        - ``low_80``, ``high_80``, ``low_95``, ``high_95``: the union of the intervals under each kind of errors that
          the series may have. They are profile intervals for saturation levels, otherwise Wald intervals.
        - ``identified``: whether a saturation level's 95% interval is narrow enough (`Results.identified`).
        - ``remark``: a note on a saturation level that equals the highest value.

    Examples
    --------
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> estimates = compare_estimates(fit_families(share, ["logistic"]))
    >>> estimates[["parameter", "estimate", "low_95", "high_95"]].round(1).values.tolist()[0]
    ['saturation level', 60.7, 59.0, 63.7]
    """
    rows = []
    for key, fit in fits.items():
        if isinstance(fit, CurveError) or fit.flag:
            continue
        by_kind = [fit if kind == fit.model.errors else fit.model.with_errors(kind).fit() for kind in fit.model.kinds]
        row = {"family": key[0], "saturation_level": key[1], "estimate": fit.params, "std_error": fit.bse}
        for level in (80, 95):
            ends = pd.concat([each.intervals(1 - level / 100) for each in by_kind]).groupby(level=0)
            row |= {f"low_{level}": ends["low"].min(), f"high_{level}": ends["high"].max()}
        frame = pd.DataFrame(row).loc[fit.params.index].rename_axis("parameter").reset_index()
        is_level = frame["parameter"] == "ceiling"
        frame["identified"], frame["remark"] = (
            ~is_level | fit.identified,
            np.where(is_level & fit.at_floor, AT_FLOOR, ""),
        )
        rows.append(frame.replace({"parameter": {"ceiling": "saturation level"}}))
    numbers = ["estimate", "std_error", "low_80", "high_80", "low_95", "high_95"]
    columns = ["family", "saturation_level", "parameter", *numbers, "identified", "remark"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def compare_fits(fits: _Fits) -> pd.DataFrame:
    """Goodness of fit of several curves; the smallest AICc is the best.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    DataFrame
        One row per fit: ``family``, ``saturation_level``, ``points`` (number of observations), ``parameters`` (their
        number), ``df_resid``, ``residual_sd`` (in the unit of the series), ``aicc``, and ``remark`` (the reason if
        there is no estimate).

    Examples
    --------
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> compare_fits(fit_families(share, ["logistic", "gompertz"]))["aicc"].round(1).tolist()
    [6.5, 46.8]
    """
    rows = []
    for (family, level), fit in fits.items():
        row: dict[str, Any] = {"family": family, "saturation_level": level, "remark": str(fit)}
        if not isinstance(fit, CurveError):
            row |= {"points": fit.nobs, "parameters": fit.df_model, "remark": fit.flag}
            if not fit.flag:
                aicc = fit.aicc if np.isfinite(fit.aicc) else np.nan
                row |= {"df_resid": fit.df_resid, "residual_sd": np.sqrt(fit.scale), "aicc": aicc}
        rows.append(row)
    columns = ["family", "saturation_level", "points", "parameters", "df_resid", "residual_sd", "aicc", "remark"]
    return pd.DataFrame(rows, columns=columns)
