"""The backtest: what each method would have said at every earlier date of the reference technologies, scored.

`run_backtest` makes the residual frame, one row per window, origin and horizon and one column per method. `evaluate`
turns it into one row per method and forecast, with bands that know nothing of the technology they are judged on;
`score`, `cover_by_technology`, `cover_by_stage`, `count_sides`, `compare` and `check_calibration` summarise that;
`score_held_out` judges by technologies that taught nothing. Every summary gives each technology the same weight,
however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles); Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from helpers.curves import decimal_years
from helpers.curves.many import map_parts
from helpers.forecast import bands
from helpers.forecast.bands import FAST, NORMAL_DRIFT, REPORTED_QUANTILES
from helpers.forecast.methods import METHODS, Origin, Prior, forecast_points, learn_prior, saturation_shares
from helpers.forecast.windows import (
    DATE_TOLERANCE,
    LONGEST,
    Ahead,
    Levels,
    Windows,
    describe,
    drift_sd,
    known_bound,
    look_ahead,
)
from helpers.indicators.series import AdoptionSeries
from helpers.levels import band_columns

if TYPE_CHECKING:
    from distributed import Client


WINDOWS = (3, 4, 6, LONGEST)
"""Points of a window; curves are fitted to all points of a series whose window is the longest."""
HORIZONS = (0.5, 1.0, 2.0, 3.0, 5.0)
LEAST_TECHNOLOGIES = 3
"""Each is judged by what two others at least teach."""
ORIGIN_SHARES = (0.05, 0.98)
"""A reference window enters the backtest when its last value lies between these shares of its bound."""
LABELS = ["technology", "entity", "indicator"]
"""What a reference window is called by, besides its origin."""
BENCHMARKS = ("last_value", "drift", "damped_drift", NORMAL_DRIFT)
STAGES = (0.05, 0.2, 0.4, 0.6, 0.98)
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
COVERAGES = ["coverage_50", "coverage_80", "coverage_95"]
SCORES = ["n", "technologies", "mape", "wis", "wis_relative", "wis_relative_normal", "crps", *COVERAGES]
MEANS = {"ape": "mape", "wis": "wis", "crps": "crps"} | {f"covered_{p}": f"coverage_{p}" for p in (50, 80, 95)}
"""Columns of `evaluate`, and what their means are called."""
CRPS_QUANTILES = np.arange(1, 40) / 40
Rolled: TypeAlias = tuple[pd.DataFrame, Windows, Ahead, tuple[np.ndarray, np.ndarray]]
"""Residual rows before the methods, their windows, the dates ahead, and the place of each row in those."""


def run_backtest(
    references: Sequence[AdoptionSeries],
    windows: Sequence[int] = WINDOWS,
    horizons: Sequence[float] = HORIZONS,
    bounded: bool = True,
    client: Client | None = None,
) -> pd.DataFrame:
    """Forecast every reference series from every earlier date at which 5 to 98 % of its bound was reached.

    What a technology's forecasts take from the references (`Prior`) comes from the other technologies; the bound is
    the one known at the origin.

    Parameters
    ----------
    references : list of AdoptionSeries
        For example ``indicators.load().references()``.
    windows : sequence of int
        Numbers of points that the methods may see.
    horizons : sequence of float
        Years ahead; the forecast is made for the date of the observation nearest to each.
    bounded : bool
        False to calibrate forecasts without a bound.
    client : dask.distributed.Client, optional
        Its workers take a window length each, with the same results.

    Returns
    -------
    DataFrame
        A row per window, origin and horizon: technology, entity, indicator, origin, date, window, horizon_years
        (nominal), years (exact), share (last value / bound, NaN when unbounded), last, growth (last / first value),
        unit (bound at the origin, or the last value), unit_ahead (its forecast), bound_sd (its standard error),
        unit_then (the bound as it came), rate, roughness (standard deviation of the steps), stretch (derivative
        of the link at the last share), drift_sd, actual, and a column per method.
        Numbers have ten significant digits, so that a CSV file keeps them. `forecast.forecast` takes it.

    Raises
    ------
    ValueError
        When no reference series is long enough for any window.

    Examples
    --------
    >>> from helpers import indicators
    >>> residuals = run_backtest(indicators.load().references()[:8], windows=(4,), horizons=(1.0, 2.0))
    >>> score(residuals)["method"].iloc[0]
    'combined'
    """
    references = [series for series in references if series.bound is not None and len(series.values)]
    tasks = [(references, points, horizons, bounded) for points in windows]
    parts = [part for part in map_parts(_roll, tasks, client) if part is not None]
    if not parts:
        raise ValueError(
            f"none of the {len(references)} reference series has {min(windows)} points and a later one while at "
            "5 to 98 % of its bound: give longer or more references"
        )
    known = pd.concat([frame for frame, *_ in parts], ignore_index=True)
    reached, technologies = saturation_shares(references), known["technology"].unique()
    priors = {name: learn_prior(reached, known, name) for name in technologies} if bounded else {}
    frames = map_parts(_add_methods, [(part, priors) for part in parts], client)
    residuals = pd.concat(frames, ignore_index=True)
    numbers = residuals.select_dtypes("float").columns
    rounded = {name: [float(f"{value:.10g}") for value in residuals[name]] for name in numbers}
    sizes = {"rate": 1.0, "roughness": 1.0, "drift_sd": residuals["last"], "bound_sd": residuals["unit_ahead"]}
    for name, size in sizes.items():  # what is less than rounding is 0, and a CSV file keeps it
        rounded[name] = np.where(np.abs(residuals[name]) > 1e-12 * size, rounded[name], 0.0)
    return residuals.assign(**rounded)


def roll_origins(
    references: Sequence[AdoptionSeries], points: int, horizons: Sequence[float]
) -> tuple[Windows, np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Every window of `points` figures that ends inside `ORIGIN_SHARES` with a figure after it.

    Returns
    -------
    Windows (N), and (N, H) each the years ahead, dates, values and bounds of the figures nearest to the horizons; the
    years are NaN where none is near. None when there is no window.
    """
    parts, wide = [], np.asarray(horizons, float)
    references = [series for series in references if len(series.values) > points]
    for series in references:
        assert series.bound is not None  # references without one are left out before
        seen, values, dates = decimal_years(series.values.index), series.values.to_numpy(float), series.values.index
        years, rolled = (sliding_window_view(array, points)[:-1] for array in (seen, values))
        bounds = known_bound(series.bound, years)
        share = rolled[:, -1] / bounds[:, -1]
        kept = (share >= ORIGIN_SHARES[0]) & (share <= ORIGIN_SHARES[1]) & (rolled.min(axis=1) > 0)
        origin = years[kept, -1:]
        nearest = np.abs(seen - (origin + wide)[..., None]).argmin(axis=2)
        gap = seen[nearest] - origin
        ahead = np.where((np.abs(gap - wide) <= DATE_TOLERANCE) & (gap > 0), gap, np.nan)
        origins, later = dates.to_numpy()[points - 1 : -1][kept], dates.to_numpy("datetime64[ns]")[nearest]
        then = series.bound_at(dates)[nearest]
        known = np.where((seen <= origin) & (values > 0), seen, np.nan)
        known = np.stack([known, values + 0 * known, known_bound(series.bound, np.fmin(known, origin)) + 0 * known])
        parts.append((years[kept], rolled[kept], bounds[kept], origins, ahead, later, values[nearest], then, known))
    if not sum(len(part[0]) for part in parts):
        return None
    *most, known = zip(*parts, strict=True)
    years, values, bounds, origins, ahead, later, actual, then = (np.concatenate(arrays) for arrays in most)
    counts = [len(part[0]) for part in parts]
    labels = {name: np.repeat([getattr(series, name) for series in references], counts) for name in LABELS}
    windows = Windows(years, values, bounds, pd.DataFrame(labels | {"origin": origins}))
    if points == LONGEST:
        widest = max(part.shape[2] for part in known)
        pad = [np.pad(part, ((0, 0), (0, 0), (0, widest - part.shape[2])), constant_values=np.nan) for part in known]
        seen, level, bound = np.concatenate(pad, axis=1)
        windows = replace(windows, history=Windows(seen, level, bound, windows.labels))
    return windows, ahead, later, actual, then


def can_calibrate(references: Sequence[AdoptionSeries]) -> bool:
    """Whether `LEAST_TECHNOLOGIES` or more of the references have windows to learn from."""
    rolled = roll_origins([series for series in references if series.bound is not None], min(WINDOWS), HORIZONS)
    return rolled is not None and rolled[0].labels["technology"].nunique() >= LEAST_TECHNOLOGIES


def _roll(references: Sequence[AdoptionSeries], points: int, horizons: Sequence[float], bounded: bool) -> Rolled | None:
    """Residual rows of one window length before the methods, their windows, dates ahead, and place in those."""
    rolled = roll_origins(references, points, horizons)
    if rolled is None:
        return None
    windows, years, dates, actual, then = rolled
    if not bounded:
        unknown = np.full(windows.bounds.shape, np.nan)
        windows, then = replace(windows, bounds=unknown), np.broadcast_to(windows.values[:, -1:], then.shape).copy()
    ahead = look_ahead(windows, years)
    place = np.nonzero(np.isfinite(years))
    frame = describe(windows, ahead, place)
    columns = {"date": dates[place], "horizon_years": np.asarray(horizons, float)[place[1]]}
    columns |= {"unit_then": then[place], "actual": actual[place]}
    columns |= {"drift_sd": drift_sd(windows.years, windows.values, years)[place]}
    labels = windows.labels.iloc[place[0]].reset_index(drop=True)
    return pd.concat([labels, frame.assign(**columns)], axis=1), windows, ahead, place


def _add_methods(part: Rolled, priors: dict[str, Prior]) -> pd.DataFrame:
    """The frame with a column per method, each window with the prior of its technology."""
    frame, windows, ahead, place = part
    rows = [priors.get(name, Prior(0.0, 1.0)) for name in windows.labels["technology"]]
    prior = Prior(**{field: np.array([getattr(row, field) for row in rows]) for field in vars(rows[0])})
    return frame.assign(**{name: path[place] for name, path in forecast_points(Origin(windows, prior), ahead).items()})


def evaluate(residuals: pd.DataFrame, client: Client | None = None) -> pd.DataFrame:
    """Score every forecast of every method with bands that leave out its technology.

    Parameters
    ----------
    residuals : DataFrame
        From `run_backtest`; one that `evaluate` has made is returned as it is.
    client : dask.distributed.Client, optional
        Its workers take a method each, with the same results.

    Returns
    -------
    DataFrame
        A row per method and forecast: the residual frame's labels, method, forecast, actual, the seven quantiles, and
        ``ape`` (absolute error / actual), ``wis`` and ``crps`` (in shares of the unit at the origin), ``covered_50``,
        ``covered_80``, ``covered_95``.
    """
    if "wis" in residuals.columns:
        return residuals
    names = [name for name in METHODS if name in residuals.columns] + [NORMAL_DRIFT]
    return pd.concat(map_parts(_score_rows, [(residuals, name) for name in names], client), ignore_index=True)


def _score_rows(residuals: pd.DataFrame, method: str, training: pd.DataFrame | None = None) -> pd.DataFrame:
    """Rows of `evaluate` for one method."""
    labels = [*LABELS, "window", "origin", "date", "horizon_years", "years", "share", "growth", "unit"]
    point = residuals["drift" if method == NORMAL_DRIFT else method].to_numpy(float)
    actual, unit = residuals["actual"].to_numpy(float), residuals["unit"].to_numpy(float)
    found = bands.quantiles_of(residuals, method, [*REPORTED_QUANTILES, *CRPS_QUANTILES], training)
    reported, fine = np.split(found, [len(REPORTED_QUANTILES)], axis=1)
    frame = residuals[labels].assign(method=method, forecast=point, actual=actual)
    frame = frame.assign(**{f"q{level:g}": reported[:, at] for at, level in enumerate(REPORTED_QUANTILES)})
    frame["ape"] = np.abs(actual - point) / actual
    frame["wis"] = quantile_score(actual, reported, REPORTED_QUANTILES) / unit
    frame["crps"] = quantile_score(actual, fine, CRPS_QUANTILES) / unit
    slack = 1e-9 * unit
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
        From `run_backtest` or `evaluate`.
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
        From `run_backtest` on the references.
    references, held_out : sequence of AdoptionSeries

    Returns
    -------
    DataFrame
        Columns as `score`; no rows where no held-out series has a window inside 5 to 98 % of its bound.
    """
    bounded = bands.is_bounded(residuals)
    rolled = [_roll(held_out, points, HORIZONS, bounded) for points in WINDOWS]
    prior = learn_prior(saturation_shares(references), residuals) if bounded else Prior(0.0, 1.0)
    priors = {series.technology: prior for series in held_out}
    found = [_add_methods(part, priors) for part in rolled if part is not None]
    by = ["method", "window", "horizon_years"]
    if not found:
        return pd.DataFrame(columns=[*by, *SCORES])
    rows, names = pd.concat(found, ignore_index=True), [name for name in METHODS if name in residuals.columns]
    return score(pd.concat([_score_rows(rows, name, residuals) for name in [*names, NORMAL_DRIFT]]), by)


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
    rank = {name: position for position, name in enumerate([*METHODS, NORMAL_DRIFT])}
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
    for benchmark in benchmarks:
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
    levels: Levels = LEVELS,
    client: Client | None = None,
) -> pd.DataFrame:
    """Nominal against actual coverage by horizon, each technology judged on the others and weighing the same.

    Parameters
    ----------
    residuals : DataFrame
        From `run_backtest` (not from `evaluate`, which keeps seven quantiles only).
    methods : sequence of str
    levels : sequence of float
        Nominal coverages.
    client : dask.distributed.Client, optional
        Its workers take a method each, with the same results.

    Returns
    -------
    DataFrame
        method, horizon_years, nominal, actual.
    """
    parts = map_parts(_cover_levels, [(residuals, method, levels) for method in methods], client)
    return pd.concat(parts, ignore_index=True)


def _cover_levels(residuals: pd.DataFrame, method: str, levels: Sequence[float]) -> pd.DataFrame:
    """Rows of `check_calibration` for one method."""
    covered = bands.measure_coverage(residuals, method, levels)
    keys = [residuals["horizon_years"], residuals["technology"]]
    mean = covered.groupby(keys).mean().groupby("horizon_years").mean().stack()
    return pd.DataFrame({"method": method, "actual": mean}).reset_index()[["method", *mean.index.names, "actual"]]


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
