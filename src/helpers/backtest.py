"""The backtest: what each method would have said at every earlier date of the reference technologies, scored.

A residual frame (`run_backtest`) has one row per window, origin and horizon and one column per method. `evaluate`
turns it into one row per method and forecast, with bands that know nothing of the technology they are judged on;
`score`, `cover_by_technology`, `cover_by_stage`, `find_worst`, `compare` and `check_calibration` summarise that. Every
summary gives each technology the same weight, however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles); Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import Log, LogLog

from helpers.curves.many import map_parts
from helpers.forecast import bands
from helpers.forecast.methods import METHODS
from helpers.forecast.residuals import HORIZONS, WINDOWS, find_residuals
from helpers.forecast.statements import ENOUGH, FAST

if TYPE_CHECKING:
    from distributed import Client

    from helpers.indicators.series import AdoptionSeries


NORMAL_DRIFT = "drift_normal"
"""Drift with the normal bands that it claims for itself, as textbooks give it; all other bands are conformal."""
BENCHMARKS = ("last_value", "drift", "damped_drift", NORMAL_DRIFT)
STAGES = (0.05, 0.2, 0.4, 0.6)
LEVELS = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
COVERAGES = ["coverage_50", "coverage_80", "coverage_95"]
NAMES = {"ape": "mape", "wis": "wis", "crps": "crps"} | {
    f"covered_{level}": f"coverage_{level}" for level in (50, 80, 95)
}
CRPS_QUANTILES = np.arange(1, 40) / 40


def run_backtest(
    references: Sequence[AdoptionSeries],
    windows: Sequence[int] = WINDOWS,
    horizons: Sequence[float] = HORIZONS,
    bounded: bool = True,
    client: Client | None = None,
) -> pd.DataFrame:
    """Forecast every reference series from every earlier date at which 5 to 60 % of its bound was reached.

    Parameters
    ----------
    references : list of AdoptionSeries, for example ``indicators.load().references()``
    windows : numbers of points that the methods may see
    horizons : years ahead
    bounded : bool, False to calibrate forecasts without a bound
    client : dask.distributed.Client or None; with one, its workers take a window length each, with the same results

    Returns
    -------
    DataFrame as `helpers.forecast.residuals.find_residuals` describes it; pass it to
    `forecast.forecast(residuals=...)`.

    Examples
    --------
    >>> from helpers import indicators
    >>> residuals = run_backtest(indicators.load().references()[:8], windows=(4,), horizons=(1.0, 2.0))
    >>> score(residuals)["method"].iloc[0]
    'combined'
    """
    return find_residuals(references, windows, horizons, bounded, client)


def evaluate(residuals: pd.DataFrame, client: Client | None = None) -> pd.DataFrame:
    """Score every forecast of every method with bands that leave out its technology.

    Parameters
    ----------
    residuals : DataFrame from `run_backtest`, or one that `evaluate` has made (returned as it is)
    client : dask.distributed.Client or None; with one, its workers score a method each, with the same results

    Returns
    -------
    DataFrame with a row per method and forecast: the residual frame's labels, method, forecast, actual, the seven
    quantiles, and ``ape`` (absolute error / actual), ``wis`` and ``crps`` (in shares of the unit at the origin),
    ``covered_50``, ``covered_80``, ``covered_95``.
    """
    if "wis" in residuals.columns:
        return residuals
    names = [name for name in (*METHODS, NORMAL_DRIFT) if name in residuals.columns or name == NORMAL_DRIFT]
    return pd.concat(map_parts(_score_rows, [(residuals, name) for name in names], client), ignore_index=True)


def _quantiles_of(residuals: pd.DataFrame, method: str) -> Callable[[Sequence[float] | np.ndarray], np.ndarray]:
    """A function of the levels that gives the (R, Q) quantiles of a method for the residual rows."""
    if method == NORMAL_DRIFT:
        point, sd = residuals["drift"].to_numpy(float), residuals["drift_sd"].to_numpy(float)
        return lambda levels: bands.normal_quantiles(point, sd, levels)
    bounded = bool(residuals["share"].notna().all())
    return bands.quantiles_elsewhere(residuals, method, LogLog() if bounded else Log(), bounded)


def _score_rows(residuals: pd.DataFrame, method: str) -> pd.DataFrame:
    """Rows of `evaluate` for one method."""
    labels = [
        "technology",
        "entity",
        "indicator",
        "window",
        "origin",
        "date",
        "horizon_years",
        "years",
        "share",
        "growth",
        "unit",
    ]
    frame = residuals[labels].copy()
    point = residuals["drift" if method == NORMAL_DRIFT else method].to_numpy(float)
    actual, unit = residuals["actual"].to_numpy(float), residuals["unit"].to_numpy(float)
    quantiles_at = _quantiles_of(residuals, method)
    seven = quantiles_at(bands.SEVEN)
    frame["method"], frame["forecast"], frame["actual"] = method, point, actual
    for position, level in enumerate(bands.SEVEN):
        frame[f"q{level:g}"] = seven[:, position]
    frame["ape"] = np.abs(actual - point) / actual
    frame["wis"] = quantile_score(actual, seven, bands.SEVEN) / unit
    frame["crps"] = quantile_score(actual, quantiles_at(CRPS_QUANTILES), CRPS_QUANTILES) / unit
    slack = 1e-9 * unit
    for name, low, high in (("covered_50", 2, 4), ("covered_80", 1, 5), ("covered_95", 0, 6)):
        frame[name] = (actual >= seven[:, low] - slack) & (actual <= seven[:, high] + slack)
    return frame


def quantile_score(actual: np.ndarray, quantiles: np.ndarray, levels: Sequence[float] | np.ndarray) -> np.ndarray:
    """Mean of twice the quantile losses: (R,) for actual (R,), quantiles (R, Q) and levels (Q,)."""
    levels, miss = np.asarray(levels, float), actual[:, None] - quantiles
    return (2 * np.where(miss >= 0, levels * miss, (levels - 1) * miss)).mean(axis=1)


def score(residuals: pd.DataFrame, by: Sequence[str] = ("method", "window", "horizon_years")) -> pd.DataFrame:
    """Scores by method, window and horizon: the table ``04_scores``.

    Parameters
    ----------
    residuals : DataFrame from `run_backtest` or `evaluate`
    by : labels of the rows; leave out ``window`` to pool the windows

    Returns
    -------
    DataFrame: method, window, horizon_years, n (forecasts), technologies, mape, wis, wis_relative (to drift with
    conformal bands), wis_relative_normal (to drift with its own normal bands), crps, coverage_50, coverage_80,
    coverage_95. WIS and CRPS are in shares of the bound; every mean gives each technology the same weight.
    """
    by, frame = list(by), evaluate(residuals)
    means = _mean_over_technologies(frame, by)
    size = frame.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = size.join(means).reset_index().rename(columns=NAMES)
    keys = [name for name in by if name != "method"]
    for name, benchmark in (("wis_relative", "drift"), ("wis_relative_normal", NORMAL_DRIFT)):
        against = table[table["method"] == benchmark].set_index(keys)["wis"]
        table[name] = table["wis"] / against.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    return _in_order(
        table[[*by, "n", "technologies", "mape", "wis", "wis_relative", "wis_relative_normal", "crps", *COVERAGES]]
    )


def cover_by_technology(
    residuals: pd.DataFrame, by: Sequence[str] = ("method", "technology", "window", "horizon_years")
) -> pd.DataFrame:
    """Coverage and errors of each technology: the table ``04_coverage_by_technology``.

    Parameters
    ----------
    residuals : DataFrame from `run_backtest` or `evaluate`
    by : labels of the rows; leave out ``window`` to pool the windows

    Returns
    -------
    DataFrame: method, technology, window, horizon_years, n, mape, wis, coverage_50, coverage_80, coverage_95.
    """
    by, frame = list(by), evaluate(residuals)
    table = frame.groupby(by)[list(NAMES)].mean().rename(columns=NAMES)
    table.insert(0, "n", frame.groupby(by).size())
    return _in_order(table.reset_index()[[*by, "n", "mape", "wis", *COVERAGES]])


def cover_by_stage(residuals: pd.DataFrame) -> pd.DataFrame:
    """Scores by stage of adoption (share of the bound at the origin), and for fast growth within the window.

    Returns
    -------
    DataFrame: method, stage, horizon_years, n, technologies, mape, wis, crps, coverage_50, coverage_80, coverage_95.
    """
    frame = evaluate(residuals)
    edges = [f"{100 * low:.0f}-{100 * high:.0f} % of the bound" for low, high in itertools.pairwise(STAGES)]
    staged = frame.assign(stage=pd.cut(frame["share"], STAGES, labels=edges, include_lowest=True).astype(str))
    fast = frame[frame["growth"] >= FAST].assign(stage=f"growth by {FAST:g} or more in the window")
    both = pd.concat([staged, fast], ignore_index=True)
    by = ["method", "stage", "horizon_years"]
    size = both.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = size.join(_mean_over_technologies(both, by)).reset_index().rename(columns=NAMES)
    return _in_order(table[[*by, "n", "technologies", "mape", "wis", "crps", *COVERAGES]])


def find_worst(
    residuals: pd.DataFrame, method: str = "combined", horizon_years: float = 2.0, enough: int = ENOUGH
) -> pd.DataFrame:
    """Technologies from the least to the best covered by the 80 % band at one horizon, windows pooled.

    Returns
    -------
    DataFrame: technology, n, coverage_80, ``enough`` (whether it has that many forecasts: one or two say nothing).
    """
    table = cover_by_technology(residuals, by=("method", "technology", "horizon_years"))
    table = table[(table["method"] == method) & (table["horizon_years"] == horizon_years)]
    table = table.sort_values(["coverage_80", "technology"], kind="stable")[["technology", "n", "coverage_80"]]
    return table.assign(enough=table["n"] >= enough).reset_index(drop=True)


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
    DataFrame: method, benchmark, window, horizon_years, technologies, wis_relative, low and high (95 % interval).
    """
    frame, by, rows = evaluate(residuals), list(by), []
    mean = frame.groupby(["method", *by, "technology"])["wis"].mean()
    for benchmark in benchmarks:
        pairs = pd.DataFrame({"own": mean[method], "other": mean[benchmark]})
        for key, group in pairs.groupby(by):
            own, other = group["own"].to_numpy(), group["other"].to_numpy()
            drawn = np.random.default_rng(seed).integers(0, len(own), (draws, len(own)))
            low, high = np.quantile(own[drawn].mean(axis=1) / other[drawn].mean(axis=1), (0.025, 0.975))
            labels = {"method": method, "benchmark": benchmark} | dict(zip(by, key, strict=True))
            rows.append(
                labels | {"technologies": len(own), "wis_relative": own.mean() / other.mean(), "low": low, "high": high}
            )
    return pd.DataFrame(rows)


def check_calibration(
    residuals: pd.DataFrame,
    methods: Sequence[str] = ("combined", "drift", NORMAL_DRIFT),
    levels: Sequence[float] | np.ndarray = LEVELS,
    client: Client | None = None,
) -> pd.DataFrame:
    """Nominal against actual coverage by horizon, each technology judged on the others and weighing the same.

    Parameters
    ----------
    residuals : DataFrame from `run_backtest` (not from `evaluate`, which keeps seven quantiles only)
    methods, levels : names and nominal coverages to check
    client : dask.distributed.Client or None; with one, its workers check a method each, with the same results

    Returns
    -------
    DataFrame: method, horizon_years, nominal, actual.
    """
    parts = map_parts(_cover_levels, [(residuals, method, levels) for method in methods], client)
    rows = [row for part in parts for row in part]
    return pd.DataFrame(rows, columns=["method", "horizon_years", "nominal", "actual"])


def _cover_levels(
    residuals: pd.DataFrame, method: str, levels: Sequence[float]
) -> list[tuple[str, float, float, float]]:
    """Rows of `check_calibration` for one method."""
    actual = residuals["actual"].to_numpy(float)
    ends = np.array([[(1 - level) / 2, (1 + level) / 2] for level in levels]).ravel()
    found = _quantiles_of(residuals, method)(ends)
    inside = (actual[:, None] >= found[:, ::2]) & (actual[:, None] <= found[:, 1::2])
    table = residuals[["technology", "horizon_years"]].join(pd.DataFrame(inside, index=residuals.index, columns=levels))
    mean = table.groupby(["horizon_years", "technology"]).mean().groupby("horizon_years").mean().stack()
    return [(method, horizon, nominal, value) for (horizon, nominal), value in mean.items()]


def _mean_over_technologies(frame: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Mean of the scores over technologies, each the mean of its forecasts."""
    return frame.groupby([*by, "technology"])[list(NAMES)].mean().groupby(by).mean()


def _in_order(table: pd.DataFrame) -> pd.DataFrame:
    """Rows with the methods in their published order."""
    rank = {name: position for position, name in enumerate([*METHODS, NORMAL_DRIFT])}
    return table.sort_values("method", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)
