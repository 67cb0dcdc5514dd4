"""Scores of a backtest: errors, intervals, coverage of every method, by window, horizon, technology and stage.

`evaluate` turns the residual frame of `backtest` into one long frame, a row per method, level and forecast, with bands
that know nothing of the technology they are judged on. All else are means of that frame by some of its columns; each
gives every technology the same weight, however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles); Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_ends
from ..indicators.series import AdoptionSeries
from .bands import FAST, Cases, Errors, has_few, is_bounded, normal_quantiles
from .methods import Prior, last_shares, learn_prior, members_of, methods_for
from .rolling import LABELS, add_methods, roll
from .windows import Levels

MIN_FORECASTS = 10
"""Forecasts a technology must have before its coverage is quoted as the worst: one or two are 0 or 100% by chance."""
NORMAL_DRIFT = "drift_normal"
"""Drift with the normal bands that it claims for itself, as textbooks give it; all other bands are conformal."""
BENCHMARKS = ("last_value", "drift", "damped_drift", NORMAL_DRIFT)
STAGES = (0.05, 0.2, 0.4, 0.6, 0.98)
NOMINAL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
"""Levels of the intervals whose calibration is shown."""
COVERAGES = ["coverage_50", "coverage_80", "coverage_90"]
SCORES = ["n", "technologies", "mape", "wis", "wis_relative", "wis_relative_normal", "crps", *COVERAGES]
WIS_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
CRPS_QUANTILES = np.arange(1, 40) / 40
ROUNDING = 1e-9
"""Of the bound: an outcome so near to the end of an interval is inside."""
DRAWS = 2000
"""Of technologies, for the 95% intervals of a mean over them."""


def evaluate(
    residuals: pd.DataFrame,
    methods: Sequence[str] | None = None,
    levels: Sequence[float] = LEVELS,
    errors: Errors | None = None,
    scored: bool = True,
) -> pd.DataFrame:
    """Set every interval of every method, made without the technology that it forecasts, beside the outcome.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest`; one that `evaluate` has made is returned as it is.
    methods : sequence of str, optional
        By default all that apply.
    levels : sequence of float
        Coverages that the intervals claim.
    errors : Errors, optional
        Those that calibrate; by default of these residuals.
    scored : bool
        False leaves out ``ape``, ``wis`` and ``crps``, which take half of the time.

    Returns
    -------
    DataFrame
        A row per method, level and forecast: technology, entity, indicator, window, origin, date, horizon_years, share,
        growth, method, level, actual, low and high (the interval), below and above (whether the outcome lies there),
        covered, above_median, width (of the interval, in shares of the bound or multiples of the last value); and of
        the forecast, the same at each level, ``ape`` (absolute error / actual), ``wis`` and ``crps`` (in shares of the
        bound at the origin).
    """
    if "covered" in residuals:
        return residuals
    errors = Errors(residuals) if errors is None else errors
    about = residuals[[*LABELS, "window", "origin", "date", "horizon_years", "share", "growth"]]
    ends = [0.5, *(end for level in levels for end in band_ends(level))]
    actual, bound, frames = residuals["actual"].to_numpy(float), residuals["bound"].to_numpy(float), []
    for method in methods or list_methods(residuals):
        wanted = [*ends, *WIS_QUANTILES, *CRPS_QUANTILES] if scored else ends
        found = quantiles_of(residuals, method, wanted, errors)
        frame = about.assign(method=method, actual=actual, above_median=actual > found[:, 0])
        if scored:
            point = residuals["drift" if method == NORMAL_DRIFT else method].to_numpy(float)
            reported, fine = np.split(found[:, len(ends) :], [len(WIS_QUANTILES)], axis=1)
            frame["ape"] = np.abs(actual - point) / actual
            frame["wis"] = quantile_score(actual, reported, WIS_QUANTILES) / bound
            frame["crps"] = quantile_score(actual, fine, CRPS_QUANTILES) / bound
        for level, low, high in zip(levels, found.T[1 : len(ends) : 2], found.T[2 : len(ends) : 2], strict=True):
            sides = {"below": actual < low - ROUNDING * bound, "above": actual > high + ROUNDING * bound}
            sides["covered"] = ~(sides["below"] | sides["above"])
            width = (high - low) / residuals["bound_ahead"].to_numpy(float)
            frames.append(frame.assign(level=level, low=low, high=high, **sides, width=width))
    return pd.concat(frames, ignore_index=True)


def list_methods(residuals: pd.DataFrame) -> list[str]:
    """Names of the methods of residual rows; one or two figures claim no normal bands for their drift."""
    return [name for name in methods_for() if name in residuals] + [NORMAL_DRIFT] * (not has_few(residuals))


def quantiles_of(residuals: pd.DataFrame, method: str, levels: Levels, errors: Errors | None = None) -> np.ndarray:
    """Quantiles (R, Q) of residual rows by any method or `NORMAL_DRIFT`, without estimates from the technology itself.

    They are calibrated on the other technologies of ``errors``, by default those of the same rows.
    """
    if method == NORMAL_DRIFT:
        return normal_quantiles(residuals["drift"].to_numpy(float), residuals["drift_sd"].to_numpy(float), levels)
    errors, cases = Errors(residuals) if errors is None else errors, Cases.of(residuals)
    members = members_of(method, residuals)
    found = np.zeros((len(residuals), len(levels)))
    for technology, own in residuals.groupby("technology", sort=False).indices.items():
        part = cases.take(own)
        for name in members:
            point = residuals[name].to_numpy(float)[own]
            found[own] += errors.band(name, technology).quantiles(part, point, levels)
    return found / len(members)


def quantile_score(actual: np.ndarray, quantiles: np.ndarray, levels: Levels) -> np.ndarray:
    """Mean of twice the quantile losses: (R,) for actual (R,), quantiles (R, Q) and levels (Q,)."""
    levels, miss = np.asarray(levels, float), actual[:, None] - quantiles
    return (2 * np.where(miss >= 0, levels * miss, (levels - 1) * miss)).mean(axis=1)


def mean_scores(evaluated: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Means over technologies of each one's mean of some columns, by labels."""
    each = list(dict.fromkeys([*by, "technology"]))
    return evaluated.groupby(each)[list(columns)].mean().groupby(list(by)).mean()


def summarise(evaluated: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Summarise a frame of `evaluate` by labels, methods in their published order.

    Returns
    -------
    DataFrame
        The labels, n (forecasts), technologies, mape, wis, crps and a column ``coverage_<level>`` per level.
    """
    needed = list(dict.fromkeys([*by, "technology", "level", "actual", "covered", "ape", "wis", "crps"]))
    evaluated, by = evaluated[needed], list(by)
    once = evaluated[evaluated["level"] == evaluated["level"].iloc[0]]
    table = once.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = table.join(mean_scores(once, by, ["ape", "wis", "crps"]).rename(columns={"ape": "mape"}))
    covered = mean_scores(evaluated, [*by, "level"], ["covered"])["covered"].unstack()
    table = table.join(covered.rename(columns=lambda level: f"coverage_{100 * level:g}")).reset_index()
    rank = {name: position for position, name in enumerate([*methods_for(), NORMAL_DRIFT])}
    return table.sort_values("method", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)


def score(residuals: pd.DataFrame, by: Sequence[str] = ("method", "window", "horizon_years")) -> pd.DataFrame:
    """Scores by method, window and horizon: the table ``04_scores``.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest` or `evaluate`.
    by : sequence of str
        Labels of the rows; without ``window`` the windows are pooled.

    Returns
    -------
    DataFrame
        method, window, horizon_years, n (forecasts), technologies, mape, wis, wis_relative (to drift with conformal
        bands), wis_relative_normal (to drift with its own normal bands), crps, coverage_50, coverage_80, coverage_90.
        WIS and CRPS are in shares of the bound; every mean gives each technology the same weight.
    """
    table = summarise(evaluate(residuals), by)
    keys = [name for name in by if name != "method"]
    for name, benchmark in (("wis_relative", "drift"), ("wis_relative_normal", NORMAL_DRIFT)):
        against = table[table["method"] == benchmark].set_index(keys)["wis"]
        table[name] = table["wis"] / against.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    return table[[*by, *SCORES]]


def score_held_out(
    residuals: pd.DataFrame, references: Sequence[AdoptionSeries], held_out: Sequence[AdoptionSeries]
) -> pd.DataFrame:
    """Scores of technologies that calibrate nothing: priors and intervals are from the references alone.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest` on the references.
    references, held_out : sequence of AdoptionSeries

    Returns
    -------
    DataFrame
        Columns as `score`; no rows where no held-out series has a window inside 5 to 98% of its bound.
    """
    bounded = is_bounded(residuals)
    lengths, horizons = (np.unique(residuals[name]) for name in ("window", "horizon_years"))
    rolled = [roll(held_out, int(points), horizons, bounded) for points in lengths]
    prior = learn_prior(last_shares(references), residuals) if bounded else Prior(0.0, 1.0)
    priors = {series.technology: prior for series in held_out}
    frames = [add_methods(part, priors) for part in rolled if part is not None]
    if not frames:
        return pd.DataFrame(columns=["method", "window", "horizon_years", *SCORES])
    return score(evaluate(pd.concat(frames, ignore_index=True), list_methods(residuals), errors=Errors(residuals)))


def cover_by_technology(
    residuals: pd.DataFrame, by: Sequence[str] = ("method", "technology", "window", "horizon_years")
) -> pd.DataFrame:
    """Coverage and errors of each technology: the table ``04_coverage_by_technology``.

    Parameters
    ----------
    residuals : DataFrame
        As for `score`.
    by : sequence of str
        Columns, as for `score`.

    Returns
    -------
    DataFrame
        method, technology, window, horizon_years, n, mape, wis, coverage_50, coverage_80, coverage_90.
    """
    return summarise(evaluate(residuals), by)[[*by, "n", "mape", "wis", *COVERAGES]]


def cover_by_stage(residuals: pd.DataFrame) -> pd.DataFrame:
    """Scores by stage of adoption (share of the bound at the origin), and for fast growth within the window.

    Returns
    -------
    DataFrame
        method, stage, horizon_years, n, technologies, mape, wis, crps, coverage_50, coverage_80, coverage_90.
    """
    frame = evaluate(residuals)
    names = [f"{100 * low:.0f}-{100 * high:.0f}% of the limit" for low, high in pairwise(STAGES)]
    staged = frame.assign(stage=pd.cut(frame["share"], STAGES, labels=names, include_lowest=True).astype(str))
    fast = frame[frame["growth"] >= FAST].assign(stage=f"growth by {FAST:g} or more in the window")
    by = ["method", "stage", "horizon_years"]
    return summarise(pd.concat([staged, fast], ignore_index=True), by)[
        [*by, "n", "technologies", "mape", "wis", "crps", *COVERAGES]
    ]


def compare(residuals: pd.DataFrame, method: str = "combined", benchmarks: Sequence[str] = BENCHMARKS) -> pd.DataFrame:
    """WIS of a method relative to benchmarks, with a paired bootstrap over technologies.

    Technologies are drawn with replacement, the same ones for both methods; the interval is that of the ratio of mean
    WIS.

    Returns
    -------
    DataFrame
        method, benchmark, window, horizon_years, technologies, wis_relative, low and high (95% interval).
    """
    frame, by, rows = evaluate(residuals), ["window", "horizon_years"], []
    mean = frame.groupby(["method", *by, "technology"])["wis"].mean()
    for benchmark in (name for name in benchmarks if name in mean.index):
        pairs = pd.DataFrame({"own": mean[method], "other": mean[benchmark]})
        for key, group in pairs.groupby(by):
            own, other = group["own"].to_numpy(), group["other"].to_numpy()
            ends = bootstrap(own, other)
            rows.append((method, benchmark, *key, len(own), own.mean() / other.mean(), *ends))
    return pd.DataFrame(rows, columns=["method", "benchmark", *by, "technologies", "wis_relative", "low", "high"])


def bootstrap(own: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    """Ends (2,) of the 95% interval of a mean over technologies (T,), or of its quotient by another one."""
    drawn = np.random.default_rng(0).integers(0, len(own), (DRAWS, len(own)))
    means = own[drawn].mean(axis=1)
    return np.quantile(means if other is None else means / other[drawn].mean(axis=1), (0.025, 0.975))


def check_calibration(
    residuals: pd.DataFrame, methods: Sequence[str] = ("combined", "drift", NORMAL_DRIFT), errors: Errors | None = None
) -> pd.DataFrame:
    """Nominal against actual coverage by horizon, each technology judged on the others and weighing the same.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest` (not from `evaluate`, which has other levels).
    methods : sequence of str
    errors : Errors, optional
        As for `evaluate`.

    Returns
    -------
    DataFrame
        method, horizon_years, nominal, actual.
    """
    known = [name for name in methods if name in list_methods(residuals)]
    by = ["method", "horizon_years", "level"]
    table = mean_scores(evaluate(residuals, known, NOMINAL, errors, scored=False), by, ["covered"])
    return table.loc[known].reset_index().set_axis(["method", "horizon_years", "nominal", "actual"], axis=1)


def count_sides(residuals: pd.DataFrame, method: str = "combined", levels: Levels = (0.8, 0.9)) -> pd.DataFrame:
    """Percent of outcomes below and above a method's bands, by horizon: each technology left out, all of one weight.

    Parameters
    ----------
    residuals : DataFrame
        As for `score`.
    method : str
    levels : sequence of float

    Returns
    -------
    DataFrame
        level, horizon_years, technologies, below, above (percent), low_covered and high_covered (ends of the 95%
        bootstrap interval of the coverage over technologies, percent).
    """
    frame, sides, rows = evaluate(residuals), ["below", "above", "covered"], []
    own = frame[(frame["method"] == method) & frame["level"].isin(levels)]
    means = 100 * own.groupby(["level", "horizon_years", "technology"])[sides].mean()
    for key, part in means.groupby(["level", "horizon_years"]):
        rows.append(
            (*key, len(part), part["below"].mean(), part["above"].mean(), *bootstrap(part["covered"].to_numpy()))
        )
    names = ["level", "horizon_years", "technologies", "below", "above", "low_covered", "high_covered"]
    return pd.DataFrame(rows, columns=names)


def summarise_coverage(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Rows of `evaluate` by level and horizon; see `Forecast.coverage`."""
    by = ["level", "horizon_years"]
    counts = evaluated.groupby(by).agg(technologies=("technology", "nunique"), forecasts=("technology", "size"))
    means = 100 * mean_scores(evaluated, by, ["covered", "below", "above", "above_median"])
    return counts.join(means).reset_index()


def mean_by_technology(rows: pd.DataFrame, name: str) -> float:
    """Mean of a column over technologies, each with the mean of its rows."""
    return float(rows.groupby("technology")[name].mean().mean())
