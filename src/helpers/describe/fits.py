"""Fitted curves as frames: estimates, quality, profiles over the ceiling, and the curves that fit about as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy import stats

from helpers import curves, projection
from helpers.describe.series import last_bound

if TYPE_CHECKING:
    from helpers.indicators.series import AdoptionSeries


ENOUGH_TO_WEIGH = 8  # points below which AICc weights are noise
ROUNDING = 1e-12  # relative rise of the sum of squares that is none
YEARS_ON = 5  # how far alternatives are drawn beyond the last observation


@dataclass(frozen=True)
class Fit:
    """One family fitted to a series with one kind of ceiling; without results, `problem` says why."""

    family: str
    ceiling: str
    results: curves.Results | None
    problem: str = ""


def fit_families(series: AdoptionSeries, families: Sequence[str]) -> list[Fit]:
    """Fit each family with a free ceiling and, where the series has a bound, with the ceiling at the bound.

    With a free ceiling by least squares; at the bound as a quasi-binomial share where the curve is a generalised linear
    model.

    Parameters
    ----------
    series : AdoptionSeries
        Its exact and censored observations after the last break.
    families : sequence of str
        Names in `curves.FAMILIES`.

    Returns
    -------
    list of Fit
        With `ceiling` "free" or "at the bound". What a series cannot carry (more parameters than points, say) has no
        results but a problem in words.
    """
    ceilings = ["free"] + (["at the bound"] if series.bound is not None else [])
    return [_fit_one(series, family, ceiling) for family in families for ceiling in ceilings]


def _fit_one(series: AdoptionSeries, family: str, ceiling: str) -> Fit:
    known = None if ceiling == "free" else curves.Share(series.bound_at(series.values.index), 1.0)
    censored = series.censored if len(series.censored) else None
    as_share = known is not None and censored is None and family in curves.GENERALISED_LINEAR
    try:
        model = curves.FAMILIES[family](series.values, ceiling=known, censored=censored)
        return Fit(family, ceiling, model.fit(noise="binomial" if as_share else "level"))
    except ValueError as error:
        return Fit(family, ceiling, None, str(error))


def list_parameters(fits: Sequence[Fit], series: AdoptionSeries) -> pd.DataFrame:
    """Return the estimates of all fits, with profile intervals that may be open.

    Returns
    -------
    DataFrame
        entity, indicator, family, ceiling, parameter, estimate, std_error (Wald), low_80, high_80, low_95, high_95
        (profile intervals; infinite where open; those of a ceiling estimated above what has been reached begin no lower
        than that), identified (the intervals are closed and the fit has no flag), remark (why a fit is no estimate: its
        optimum lies on a boundary or at infinity).
    """
    rows = []
    for fit in fits:
        if fit.results is None:
            continue
        narrow, wide = (fit.results.conf_int(alpha, method="profile") for alpha in (0.2, 0.05))
        for name in fit.results.params.index:
            ends = [*narrow.loc[name], *wide.loc[name]]
            reached = series.values.max()
            if name == "ceiling" and fit.results.params[name] >= reached:
                ends[0], ends[2] = max(ends[0], reached), max(ends[2], reached)
            rows.append(
                (fit.family, fit.ceiling, name, fit.results.params[name], fit.results.bse[name], *ends,
                 bool(np.isfinite(ends).all()) and not fit.results.flag, fit.results.flag or "")
            )  # fmt: skip
    columns = ["family", "ceiling", "parameter", "estimate", "std_error", "low_80", "high_80", "low_95", "high_95"]
    frame = pd.DataFrame(rows, columns=[*columns, "identified", "remark"])
    return _name_rows(frame, series)


def list_quality(fits: Sequence[Fit], series: AdoptionSeries) -> pd.DataFrame:
    """Return how well each fit fits: points, parameters, residual SD, AICc, and what must be said about it.

    Returns
    -------
    DataFrame
        entity, indicator, family, ceiling, noise ("level" or "binomial"), points, parameters, df_resid, residual_sd
        (the series' unit), aicc, bic, weight (AICc weight among the fits that have one, percent; only from
        `ENOUGH_TO_WEIGH` points on), remark.
    """
    frame = pd.DataFrame([_measure_fit(fit, len(series.values)) for fit in fits])
    likely = np.exp(-(frame["aicc"] - frame["aicc"].min()) / 2).where(frame["points"] >= ENOUGH_TO_WEIGH)
    frame.insert(len(frame.columns) - 1, "weight", 100 * likely / likely.sum())
    return _name_rows(frame, series)


def _measure_fit(fit: Fit, points: int) -> dict[str, Any]:
    """One row of `list_quality`; a fit without results has only its problem."""
    named = {"family": fit.family, "ceiling": fit.ceiling}
    result = fit.results
    if result is None:
        names = ("noise", "parameters", "df_resid", "residual_sd", "aicc", "bic")
        return named | {"points": points} | dict.fromkeys(names, np.nan) | {"remark": fit.problem}
    return named | {
        "noise": result.noise,
        "points": points,
        "parameters": len(result.params),
        "df_resid": result.df_resid,
        "residual_sd": np.sqrt(result.ssr / result.df_resid) if result.df_resid > 0 else np.nan,
        "aicc": result.aicc if np.isfinite(result.aicc) else np.nan,
        "bic": result.bic,
        "remark": result.flag or "",
    }


def profile_ceilings(fits: Sequence[Fit], series: AdoptionSeries, points: int = 60) -> pd.DataFrame:
    """Return how much worse each ceiling fits than the best one.

    For each ceiling on a grid from just above the highest observation (or below the best ceiling) to ten times the
    bound (or the highest observation, without a bound) the other parameters are fitted again.

    Returns
    -------
    DataFrame
        entity, indicator, family, ceiling (the unit), distance (root of the F statistic of the profile), threshold_80
        and threshold_95 (above them the ceiling is outside that interval).
    """
    top = 10 * np.nanmax([last_bound(series), series.values.max()])
    best = [results.params["ceiling"] for _, results in _free(fits)]
    start = min([series.values.max() * 1.001, *(0.9 * ceiling for ceiling in best)])
    grid = np.unique([*np.geomspace(start, top, points), *(ceiling for ceiling in best if start < ceiling < top)])
    frames = []
    for family, results in _free(fits):
        freedom = results.df_resid
        ssr = _refit(series, family, grid)[1].ssr
        least = min(results.ssr, ssr.min())
        rise = np.where(ssr > least * (1 + ROUNDING), ssr - least, 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):  # of a fit without any residuals
            distance = np.sqrt(rise / (least / freedom))
        frames.append(
            pd.DataFrame(
                {
                    "family": family,
                    "ceiling": grid,
                    "distance": distance,
                    "threshold_80": np.sqrt(stats.f.ppf(0.8, 1, freedom)),
                    "threshold_95": np.sqrt(stats.f.ppf(0.95, 1, freedom)),
                }
            ).dropna()
        )
    columns = ["family", "ceiling", "distance", "threshold_80", "threshold_95"]
    return _name_rows(pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns), series)


def trace_alternatives(
    fits: Sequence[Fit], series: AdoptionSeries, level: float = 0.8, curves_each: int = 12
) -> pd.DataFrame:
    """Return the least-squares curve of each family and the curves of other ceilings that fit about as well.

    Parameters
    ----------
    level : float
        Of the profile interval that the ceilings are taken from, 0 to 1.
    curves_each : int
        Ceilings a family. An interval without end is cut at ten times the bound or the last observation.

    Returns
    -------
    DataFrame
        entity, indicator, family, ceiling (the unit), best (bool), level, date, value.
    """
    last = curves.decimal_years(series.values.index[-1:])[0]
    first = curves.decimal_years(series.values.index[:1])[0]
    times = np.linspace(first, last + YEARS_ON, 61)
    frames = []
    for family, results in _free(fits):
        low, high = results.conf_int(round(1 - level, 6), method="profile").loc["ceiling"]
        cap = 10 * np.nanmax([last_bound(series), series.values.max()])
        grid = np.geomspace(max(low, series.values.max() * 1.001), min(high, cap), curves_each)
        paths = projection.predict(*_refit(series, family, grid), times)
        paths = [(True, results.params["ceiling"], np.asarray(results.predict(times))),
                 *((False, ceiling, path) for ceiling, path in zip(grid, paths, strict=True))]  # fmt: skip
        for best, ceiling, path in paths:
            frame = pd.DataFrame({"date": curves.to_dates(times), "value": path})
            frames.append(frame.assign(family=family, ceiling=ceiling, best=best, level=level))
    columns = ["family", "ceiling", "best", "level", "date", "value"]
    traced = pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)
    return _name_rows(traced, series)


def mark_ceilings(series: AdoptionSeries) -> dict[str, float]:
    """Return the places worth marking on an axis of ceilings: the last observation and the bound."""
    marks = {"last observation": float(series.values.iloc[-1])}
    return {**marks, series.bound_title: last_bound(series)} if series.bound is not None else marks


def judge_ceilings(parameters: pd.DataFrame, series: AdoptionSeries) -> pd.DataFrame:
    """Return one sentence a family on whether the data identify its ceiling.

    Parameters
    ----------
    parameters : DataFrame
        From `list_parameters`.
    """
    rows = []
    ceilings = parameters[(parameters["parameter"] == "ceiling") & (parameters["ceiling"] == "free")]
    for row in ceilings.itertuples(index=False):
        if row.identified:
            text = f"identified: between {row.low_95:,.0f} and {row.high_95:,.0f} {series.unit} (95 %)"
        else:
            ends = [f"{end:,.0f}" if np.isfinite(end) else "without end" for end in (row.low_95, row.high_95)]
            text = f"not identified: the 95 % interval runs from {ends[0]} to {ends[1]}"
        rows.append((row.family, row.identified, text))
    return pd.DataFrame(rows, columns=["family", "identified", "verdict"])


def _free(fits: Sequence[Fit]) -> list[tuple[str, curves.Results]]:
    """Family and results of the fits with a free ceiling whose residuals leave a degree of freedom to judge by."""
    found = [(fit.family, fit.results) for fit in fits if fit.ceiling == "free" and fit.results is not None]
    return [(family, results) for family, results in found if results.df_resid > 0]


def _refit(series: AdoptionSeries, family: str, ceilings: np.ndarray) -> tuple[projection.Batch, projection.Fit]:
    """The series fitted again at each ceiling, all at once."""
    values = np.tile(series.values.to_numpy(float), (len(ceilings), 1))
    years = curves.decimal_years(series.values.index)
    batch = projection.prepare(curves.FAMILIES[family].shape, years, values, ceiling=ceilings)
    return batch, projection.fit(batch)


def _name_rows(frame: pd.DataFrame, series: AdoptionSeries) -> pd.DataFrame:
    frame.insert(0, "entity", series.entity)
    frame.insert(1, "indicator", series.indicator)
    return frame
