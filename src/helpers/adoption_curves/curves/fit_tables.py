"""Several families on one series: estimates and quality of their fits, side by side."""

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

HELD = "the curve of least squares alone would end below it"
_Fits: TypeAlias = Mapping[tuple[str, str], Results | CurveError]
"""Results, or why there are none, by family and saturation level ("free" or "at the limit")."""


def fit_families(
    series: pd.Series | AdoptionSeries,
    families: Sequence[str | type[AdoptionCurve]],
    limit: float | pd.Series | Limit | None = None,
) -> dict[tuple[str, str], Results | CurveError]:
    """Fits of each family with a free saturation level and, where there is a limit, to the limit.

    Parameters
    ----------
    series : as in `AdoptionCurve`
    families : sequence of str or class
        Names in `FAMILIES`, or classes.
    limit : float, Series or Limit, optional
        In the unit of the series; None is the AdoptionSeries' own.

    Returns
    -------
    dict
        (family, "free" or "at the limit") -> Results; a CurveError where the values cannot be fitted so.

    Raises
    ------
    CurveError
        For a family that does not exist; the message names those that do.
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
    """Estimates of several fits, with intervals that join both kinds of errors.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    DataFrame
        A row a parameter of each fit that is an estimate: family, saturation_level ("free", "at the limit"),
        parameter, estimate and std_error (under independent errors), low_80, high_80, low_95, high_95 (of a saturation
        level from its profile, of rates and dates Wald intervals; the union over the kinds of errors that may be),
        identified, remark. Levels in the unit of the series, rates a year, dates as decimal years.
    """
    rows = []
    for key, fit in fits.items():
        if isinstance(fit, CurveError) or fit.flag:
            continue
        alike = [fit if kind == fit.model.errors else fit.model.with_errors(kind).fit() for kind in fit.model.kinds]
        row = {"family": key[0], "saturation_level": key[1], "estimate": fit.params, "std_error": fit.bse}
        for level in (80, 95):
            ends = pd.concat([each.intervals(1 - level / 100) for each in alike]).groupby(level=0)
            row |= {f"low_{level}": ends["low"].min(), f"high_{level}": ends["high"].max()}
        frame = pd.DataFrame(row).loc[fit.params.index].rename_axis("parameter").reset_index()
        is_level = frame["parameter"] == "ceiling"
        frame["identified"], frame["remark"] = ~is_level | fit.identified, np.where(is_level & fit.held, HELD, "")
        rows.append(frame.replace({"parameter": {"ceiling": "saturation level"}}))
    numbers = ["estimate", "std_error", "low_80", "high_80", "low_95", "high_95"]
    columns = ["family", "saturation_level", "parameter", *numbers, "identified", "remark"]
    return pd.concat(rows, ignore_index=True)[columns] if rows else pd.DataFrame(columns=columns)


def compare_fits(fits: _Fits) -> pd.DataFrame:
    """Quality of several fits.

    Parameters
    ----------
    fits : dict
        From `fit_families`.

    Returns
    -------
    DataFrame
        A row a fit: family, saturation_level, points, parameters, df_resid, residual_sd (in the unit of the series),
        aicc, remark (why there is no estimate).
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
