"""Scores of a backtest: errors, intervals, coverage of every method, by window, horizon, technology and stage.

`evaluate` turns the residual frame of `backtest` into one row per method and forecast, with bands that know nothing of
the technology they are judged on; `score`, `cover_by_technology`, `cover_by_stage`, `count_sides`, `compare` and
`check_calibration` summarise that; `score_held_out` judges by technologies that taught nothing. Every summary gives
each technology the same weight, however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles); Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..base.levels import band_columns, band_ends
from ..indicators.series import AdoptionSeries
from . import bands
from .bands import FAST, REPORTED_QUANTILES, Cases, Records, calibrate, normal_quantiles
from .methods import Prior, last_shares, learn_prior, members_of, methods_for
from .rolling import LABELS, add_methods, roll
from .windows import Levels

MIN_FORECASTS = 10
"""Forecasts a technology must have before its coverage is quoted as the worst: one or two are 0 or 100 % by chance."""
NORMAL_DRIFT = "drift_normal"
"""Drift with the normal bands that it claims for itself, as textbooks give it; all other bands are conformal."""
BENCHMARKS = ("last_value", "drift", "damped_drift", NORMAL_DRIFT)
STAGES = (0.05, 0.2, 0.4, 0.6, 0.98)
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
COVERAGES = ["coverage_50", "coverage_80", "coverage_95"]
SCORES = ["n", "technologies", "mape", "wis", "wis_relative", "wis_relative_normal", "crps", *COVERAGES]
MEANS = {"ape": "mape", "wis": "wis", "crps": "crps"} | {f"covered_{p}": f"coverage_{p}" for p in (50, 80, 95)}
"""Columns of `evaluate`, and what their means are called."""
CRPS_QUANTILES = np.arange(1, 40) / 40


def evaluate(residuals: pd.DataFrame) -> pd.DataFrame:
    """Score every forecast of every method with bands that leave out its technology.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest`; one that `evaluate` has made is returned as it is.

    Returns
    -------
    DataFrame
        A row per method and forecast: the residual frame's labels, method, forecast, actual, the seven quantiles, and
        ``ape`` (absolute error / actual), ``wis`` and ``crps`` (in shares of the bound at the origin), ``covered_50``,
        ``covered_80``, ``covered_95``.
    """
    if "wis" in residuals.columns:
        return residuals
    records = bands.Records(residuals)
    rows = [_score_rows(residuals, name, None, records) for name in _methods_in(residuals)]
    return pd.concat(rows, ignore_index=True)


def _methods_in(residuals: pd.DataFrame) -> list[str]:
    """Names of the methods of residual rows; one or two figures claim no normal bands for their drift."""
    return [name for name in methods_for() if name in residuals] + [NORMAL_DRIFT] * (not bands.has_few(residuals))


def _score_rows(
    residuals: pd.DataFrame, method: str, training: pd.DataFrame | None = None, records: bands.Records | None = None
) -> pd.DataFrame:
    """Rows of `evaluate` for one method."""
    labels = [*LABELS, "window", "origin", "date", "horizon_years", "years", "share", "growth", "bound"]
    point = residuals["drift" if method == NORMAL_DRIFT else method].to_numpy(float)
    actual, bound = residuals["actual"].to_numpy(float), residuals["bound"].to_numpy(float)
    quantiles = quantiles_of(residuals, method, [*REPORTED_QUANTILES, *CRPS_QUANTILES], training, records)
    reported, fine = np.split(quantiles, [len(REPORTED_QUANTILES)], axis=1)
    frame = residuals[labels].assign(method=method, forecast=point, actual=actual)
    frame = frame.assign(**{f"q{level:g}": reported[:, at] for at, level in enumerate(REPORTED_QUANTILES)})
    frame["ape"] = np.abs(actual - point) / actual
    frame["wis"] = quantile_score(actual, reported, REPORTED_QUANTILES) / bound
    frame["crps"] = quantile_score(actual, fine, CRPS_QUANTILES) / bound
    slack = 1e-9 * bound
    for name, low, high in (("covered_50", 2, 4), ("covered_80", 1, 5), ("covered_95", 0, 6)):
        frame[name] = (actual >= reported[:, low] - slack) & (actual <= reported[:, high] + slack)
    return frame


def quantile_score(actual: np.ndarray, quantiles: np.ndarray, levels: Levels) -> np.ndarray:
    """Mean of twice the quantile losses: (R,) for actual (R,), quantiles (R, Q) and levels (Q,)."""
    levels, miss = np.asarray(levels, float), actual[:, None] - quantiles
    return (2 * np.where(miss >= 0, levels * miss, (levels - 1) * miss)).mean(axis=1)


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
        bands), wis_relative_normal (to drift with its own normal bands), crps, coverage_50, coverage_80, coverage_95.
        WIS and CRPS are in shares of the bound; every mean gives each technology the same weight.
    """
    table = _mean_scores(evaluate(residuals), by)
    keys = [name for name in by if name != "method"]
    for name, benchmark in (("wis_relative", "drift"), ("wis_relative_normal", NORMAL_DRIFT)):
        against = table[table["method"] == benchmark].set_index(keys)["wis"]
        table[name] = table["wis"] / against.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    return table[[*by, *SCORES]]


def score_held_out(
    residuals: pd.DataFrame, references: Sequence[AdoptionSeries], held_out: Sequence[AdoptionSeries]
) -> pd.DataFrame:
    """Score forecasts of technologies that calibrate nothing: priors and bands come from the references alone.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest` on the references.
    references, held_out : sequence of AdoptionSeries

    Returns
    -------
    DataFrame
        Columns as `score`; no rows where no held-out series has a window inside 5 to 98 % of its bound.
    """
    bounded = bands.is_bounded(residuals)
    lengths, horizons = (np.unique(residuals[name]) for name in ("window", "horizon_years"))
    rolled = [roll(held_out, int(points), horizons, bounded) for points in lengths]
    prior = learn_prior(last_shares(references), residuals) if bounded else Prior(0.0, 1.0)
    priors = {series.technology: prior for series in held_out}
    frames = [add_methods(part, priors) for part in rolled if part is not None]
    by = ["method", "window", "horizon_years"]
    if not frames:
        return pd.DataFrame(columns=[*by, *SCORES])
    rows = pd.concat(frames, ignore_index=True)
    return score(pd.concat([_score_rows(rows, name, residuals) for name in _methods_in(residuals)]), by)


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
        method, technology, window, horizon_years, n, mape, wis, coverage_50, coverage_80, coverage_95.
    """
    return _mean_scores(evaluate(residuals), by)[[*by, "n", "mape", "wis", *COVERAGES]]


def cover_by_stage(residuals: pd.DataFrame) -> pd.DataFrame:
    """Scores by stage of adoption (share of the bound at the origin), and for fast growth within the window.

    Returns
    -------
    DataFrame
        method, stage, horizon_years, n, technologies, mape, wis, crps, coverage_50, coverage_80, coverage_95.
    """
    frame = evaluate(residuals)
    names = [f"{100 * low:.0f}-{100 * high:.0f} % of the bound" for low, high in pairwise(STAGES)]
    staged = frame.assign(stage=pd.cut(frame["share"], STAGES, labels=names, include_lowest=True).astype(str))
    fast = frame[frame["growth"] >= FAST].assign(stage=f"growth by {FAST:g} or more in the window")
    by = ["method", "stage", "horizon_years"]
    table = _mean_scores(pd.concat([staged, fast], ignore_index=True), by)
    return table[[*by, "n", "technologies", "mape", "wis", "crps", *COVERAGES]]


def _mean_scores(evaluated: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Number of forecasts and of technologies, and the mean over technologies of each one's mean scores, by labels.

    Methods stand in their published order.
    """
    by, each = list(by), list(dict.fromkeys([*by, "technology"]))
    table = evaluated.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = table.join(evaluated.groupby(each)[list(MEANS)].mean().groupby(by).mean())
    rank = {name: position for position, name in enumerate([*methods_for(), NORMAL_DRIFT])}
    table = table.reset_index().rename(columns=MEANS)
    return table.sort_values("method", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)


def compare(
    residuals: pd.DataFrame,
    method: str = "combined",
    benchmarks: Sequence[str] = BENCHMARKS,
    draws: int = 2000,
    seed: int = 0,
    by: Sequence[str] = ("window", "horizon_years"),
) -> pd.DataFrame:
    """WIS of a method relative to benchmarks, with a paired bootstrap over technologies.

    Technologies are drawn with replacement, the same ones for both methods; the interval is that of the ratio of mean
    WIS.

    Returns
    -------
    DataFrame
        method, benchmark, window, horizon_years, technologies, wis_relative, low and high (95 % interval).
    """
    frame, by, rows = evaluate(residuals), list(by), []
    mean = frame.groupby(["method", *by, "technology"])["wis"].mean()
    for benchmark in (name for name in benchmarks if name in mean.index):
        pairs = pd.DataFrame({"own": mean[method], "other": mean[benchmark]})
        for key, group in pairs.groupby(by):
            own, other = group["own"].to_numpy(), group["other"].to_numpy()
            drawn = np.random.default_rng(seed).integers(0, len(own), (draws, len(own)))
            low, high = np.quantile(own[drawn].mean(axis=1) / other[drawn].mean(axis=1), (0.025, 0.975))
            rows.append((method, benchmark, *key, len(own), own.mean() / other.mean(), low, high))
    return pd.DataFrame(rows, columns=["method", "benchmark", *by, "technologies", "wis_relative", "low", "high"])


def check_calibration(
    residuals: pd.DataFrame,
    methods: Sequence[str] = ("combined", "drift", NORMAL_DRIFT),
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """Nominal against actual coverage by horizon, each technology judged on the others and weighing the same.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest` (not from `evaluate`, which keeps seven quantiles only).
    methods : sequence of str
    levels : sequence of float
        Nominal coverages.

    Returns
    -------
    DataFrame
        method, horizon_years, nominal, actual.
    """
    records, frames = bands.Records(residuals), []
    for method in (each for each in methods if each in _methods_in(residuals)):
        judged = judge(residuals, method, levels, records).rename(columns={"level": "nominal"})
        by = ["horizon_years", "nominal"]
        mean = judged.groupby([*by, "technology"])["covered"].mean().groupby(by).mean().rename("actual")
        frames.append(mean.reset_index().assign(method=method)[["method", *by, "actual"]])
    return pd.concat(frames, ignore_index=True)


def count_sides(residuals: pd.DataFrame, method: str = "combined", levels: Levels = (0.8, 0.95)) -> pd.DataFrame:
    """How many outcomes lay below and above a method's bands, by horizon: each technology left out, all of one weight.

    Parameters
    ----------
    residuals : DataFrame
        As for `score`.
    method : str
    levels : sequence of float
        Of bands whose ends are among `bands.REPORTED_QUANTILES`.

    Returns
    -------
    DataFrame
        level, horizon_years, technologies, below, above (percent), low_covered and high_covered (ends of the 95 %
        bootstrap interval of the coverage over technologies, percent).
    """
    frame, rows = evaluate(residuals), []
    own = frame[frame["method"] == method]
    for level in levels:
        low, high = band_columns(level)
        judged = own.assign(below=own["actual"] < own[low], above=own["actual"] > own[high])
        judged["covered"] = ~(judged["below"] | judged["above"])
        means = judged.groupby(["horizon_years", "technology"])[["below", "above", "covered"]].mean()
        for horizon, part in means.groupby("horizon_years"):
            drawn = np.random.default_rng(0).integers(0, len(part), (2000, len(part)))
            ends = np.quantile(part["covered"].to_numpy()[drawn].mean(axis=1), (0.025, 0.975))
            sides = part[["below", "above"]].mean()
            rows.append((level, horizon, len(part), *(100 * sides), *(100 * ends)))
    names = ["level", "horizon_years", "technologies", "below", "above", "low_covered", "high_covered"]
    return pd.DataFrame(rows, columns=names)


def leave_one_technology_out_quantiles(records: Records, method: str, levels: Levels) -> np.ndarray:
    """Quantiles (R, Q) of residual rows, each technology calibrated on the others.

    It is what `backtest` scores and what a forecast quotes as its measured coverage.
    """
    parts = []
    for name in members_of(method, records.residuals):
        errors, quantiles = records[name], np.empty((len(records.residuals), len(levels)))
        for technology, calibration in enumerate(errors.left_out):
            own = errors.technologies == technology
            quantiles[own] = calibration.quantiles(errors.cases.take(own), errors.point[own], levels)
        parts.append(quantiles)
    return sum(parts) / len(parts)


def quantiles_of(
    residuals: pd.DataFrame,
    method: str,
    levels: Levels,
    training: pd.DataFrame | None = None,
    records: Records | None = None,
) -> np.ndarray:
    """Quantiles (R, Q) of residual rows by any method or by `NORMAL_DRIFT`, with nothing learnt from the technology.

    They are calibrated on residual rows of other technologies, ``training``, or by default on each other, for which
    ``records`` of the same rows save time.
    """
    if method == NORMAL_DRIFT:
        return normal_quantiles(residuals["drift"].to_numpy(float), residuals["drift_sd"].to_numpy(float), levels)
    if training is None:
        return leave_one_technology_out_quantiles(Records(residuals) if records is None else records, method, levels)
    cases = Cases.of(residuals)
    parts = [
        calibrate(training, name).quantiles(cases, residuals[name].to_numpy(float), levels)
        for name in members_of(method, residuals)
    ]
    return sum(parts) / len(parts)


def judge(
    residuals: pd.DataFrame, method: str, levels: Sequence[float], records: Records | None = None
) -> pd.DataFrame:
    """How the bands of a method did on each residual row, its technology left out.

    Returns
    -------
    DataFrame
        A row per level and residual row: level, technology, horizon_years, growth, share, below and above (whether the
        outcome lay so), covered, above_median, width (of the band, in shares of the bound or multiples of the last
        value).
    """
    ends = [0.5, *(end for level in levels for end in band_ends(level))]
    quantiles = quantiles_of(residuals, method, ends, None, records).T
    actual, frames = residuals["actual"].to_numpy(float), []
    about = residuals[["technology", "horizon_years", "growth", "share"]].assign(above_median=actual > quantiles[0])
    for level, low, high in zip(levels, quantiles[1::2], quantiles[2::2], strict=True):
        sides = {"below": actual < low, "above": actual > high, "covered": (actual >= low) & (actual <= high)}
        frames.append(about.assign(level=level, **sides, width=(high - low) / residuals["bound_ahead"]))
    return pd.concat(frames, ignore_index=True)


def summarise_coverage(judged: pd.DataFrame) -> pd.DataFrame:
    """Rows of `judge` by level and horizon; see `Forecast.coverage`."""
    sides, by = ["covered", "below", "above", "above_median"], ["level", "horizon_years"]
    means = judged.groupby([*by, "technology"])[sides].mean().groupby(by).mean() * 100
    counts = judged.groupby(by).agg(technologies=("technology", "nunique"), forecasts=("technology", "size"))
    return counts.join(means).reset_index()


def mean_by_technology(rows: pd.DataFrame, name: str) -> float:
    """Mean of a column over technologies, each with the mean of its rows."""
    return float(rows.groupby("technology")[name].mean().mean())
