"""Scores of a backtest: errors, intervals and coverage of the forecast and the benchmarks.

`evaluate` makes one long frame of the rows of `backtest`, a row per method, level and forecast; every method has the
formula's spread about its own path. All else are means of that frame by some of its columns; each gives every
technology the same weight, however many series and dates it has.

Source of the score: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_ends
from . import model
from .backtest import EARLY, LABELS, LATEST
from .benchmarks import BENCHMARKS

MIN_FORECASTS = 10  # that a technology's coverage is quoted from: one or two are 0 or 100% by chance
QUOTED = 4  # values of the windows whose scores pages show
FORECAST, BASE = "forecast", "straight_line"  # our own among the methods, and the one that others are set against
_STAGES = (model.CONSTANTS["limit"].tested, EARLY, 0.2, 0.4, 0.6, LATEST)
_NOMINAL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # levels of the intervals whose calibration is shown
_COVERAGES = ["coverage_50", "coverage_80", "coverage_90"]
_SCORE_COLUMNS = ["n", "technologies", "mape", "wis", "wis_relative", *_COVERAGES]
SIDES_HELD = ["covered", "below", "above", "above_median"]
WIS_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
_TINY = 1e-8  # of the limit: an outcome so near to the end of an interval is inside; tables keep ten digits
_DRAWS = 2000  # of technologies, for the 95% intervals of a mean over them


def evaluate(rows: pd.DataFrame, levels: Sequence[float] = LEVELS, methods: Sequence[str] = ()) -> pd.DataFrame:
    """Set every range of every method beside the outcome.

    Parameters
    ----------
    rows : DataFrame
        From `backtest`, all of one kind.
    levels : sequence of float
        Coverages that the ranges claim.
    methods : sequence of str
        "forecast", or names of benchmarks; by default all.

    Returns
    -------
    DataFrame
        A row per method, level and forecast: technology, entity, indicator, window, origin, horizon_years, share,
        growth (last over first observation), method, level, actual, below and above (whether the outcome lies outside
        the range there), covered, above_median, and the same at each level, ``ape`` (absolute error / actual) and
        ``wis`` (in shares of the limit at the origin).
    """
    wanted, frames = np.array([*WIS_QUANTILES, *(end for level in levels for end in band_ends(level))]), []
    needed = ["actual", "limit", "limit_ahead", "limit_sd", "spread"]
    actual, limit, ahead, limit_sd, spread = rows[needed].to_numpy(float).T
    for method in methods or (FORECAST, *BENCHMARKS):
        path = rows["path" if method == FORECAST else method].to_numpy(float)
        kind, share = max(rows["kind"], default="limit"), rows["share"].to_numpy(float)
        found = model.quantiles(path / ahead, spread, wanted, ahead, limit_sd, share, kind)
        frame = rows[[*LABELS, "window", "origin", "horizon_years", "share", "actual"]]
        frame = frame.assign(method=method, growth=rows["last"] / rows["first"], above_median=actual > path)
        frame["ape"] = np.abs(actual - path) / actual
        frame["wis"] = quantile_score(actual, found[:, : len(WIS_QUANTILES)], WIS_QUANTILES) / limit
        for place, level in enumerate(levels):
            low, high = found.T[len(WIS_QUANTILES) + 2 * place :][:2]
            below, above = actual < low - _TINY * limit, actual > high + _TINY * limit
            frames.append(frame.assign(level=level, below=below, above=above, covered=~(below | above)))
    return pd.concat(frames, ignore_index=True)


def quantile_score(actual: np.ndarray, quantiles: np.ndarray, levels: Sequence[float] | np.ndarray) -> np.ndarray:
    """Mean of twice the quantile losses: (R,) for actual (R,), quantiles (R, Q) and levels (Q,).

    Parameters
    ----------
    actual : ndarray (R,)
        Outcomes, in any unit.
    quantiles : ndarray (R, Q)
        Forecasts, in that unit.
    levels : sequence of float (Q,)
        Of the quantiles, 0 to 1.

    Returns
    -------
    ndarray (R,)
        In that unit.
    """
    levels, miss = np.asarray(levels, float), actual[:, None] - quantiles
    return (2 * np.where(miss >= 0, levels * miss, (levels - 1) * miss)).mean(axis=1)


def _mean_scores(evaluated: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Means over technologies of each one's mean of some columns, by labels."""
    each = list(dict.fromkeys([*by, "technology"]))
    return evaluated.groupby(each)[list(columns)].mean().groupby(list(by)).mean()


def score(evaluated: pd.DataFrame, by: Sequence[str] = ("method", "window", "horizon_years")) -> pd.DataFrame:
    """Scores by method, window and horizon, the forecast first: the table ``04_scores``.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.
    by : sequence of str
        Labels of the rows; without ``window`` the windows are pooled.

    Returns
    -------
    DataFrame
        The labels, n (forecasts), technologies, mape, wis, wis_relative (to the straight line), coverage_50,
        coverage_80, coverage_90. WIS is in shares of the limit; every mean gives each technology the same weight.
    """
    by = list(by)
    once = evaluated[evaluated["level"] == evaluated["level"].max()]
    table = once.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = table.join(_mean_scores(once, by, ["ape", "wis"]).rename(columns={"ape": "mape"}))
    covered = _mean_scores(evaluated, [*by, "level"], ["covered"])["covered"].unstack()
    table = table.join(covered.rename(columns=lambda level: f"coverage_{100 * level:g}")).reset_index()
    rank = {name: position for position, name in enumerate([FORECAST, *BENCHMARKS])}
    table = table.sort_values("method", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)
    keys = [label for label in by if label != "method"]
    against = table[table["method"] == BASE].set_index(keys)["wis"]
    table["wis_relative"] = table["wis"] / against.reindex(table.set_index(keys).index).to_numpy()
    return table.reindex(columns=[*by, *_SCORE_COLUMNS])


def cover_by_stage(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Scores by stage of adoption, the share of the limit at the origin.

    Returns
    -------
    DataFrame
        method, stage, horizon_years, n, technologies, mape, wis, wis_relative, coverage_50, coverage_80, coverage_90.
    """
    names = [f"{100 * low:g}-{100 * high:g}% of the limit" for low, high in pairwise(_STAGES)]
    stages = pd.cut(evaluated["share"], _STAGES, labels=names, include_lowest=True).astype(str)
    return score(evaluated.assign(stage=stages), by=("method", "stage", "horizon_years"))


def compare_methods(evaluated: pd.DataFrame) -> pd.DataFrame:
    """WIS of the forecast relative to the benchmarks, with a paired bootstrap over technologies.

    Technologies are drawn with replacement, the same ones for both methods; the interval is that of the ratio of mean
    WIS.

    Returns
    -------
    DataFrame
        method, benchmark, window, horizon_years, technologies, wis_relative, low and high (95% interval).
    """
    by, found = ["window", "horizon_years"], []
    mean = evaluated.groupby(["method", *by, "technology"])["wis"].mean()
    for benchmark in BENCHMARKS:
        pairs = pd.DataFrame({"own": mean[FORECAST], "other": mean[benchmark]})
        for key, group in pairs.groupby(by):
            own, other = group["own"].to_numpy(), group["other"].to_numpy()
            found.append((FORECAST, benchmark, *key, len(own), own.mean() / other.mean(), *bootstrap(own, other)))
    return pd.DataFrame(found, columns=["method", "benchmark", *by, "technologies", "wis_relative", "low", "high"])


def bootstrap(own: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    """Ends of the 95% interval of a mean over technologies, or of its quotient by another one.

    Parameters
    ----------
    own : ndarray (T,)
        A mean of each technology.
    other : ndarray (T,), optional
        Of the same technologies, by another method.

    Returns
    -------
    ndarray (2,)
    """
    drawn = np.random.default_rng(0).integers(0, len(own), (_DRAWS, len(own)))
    means = own[drawn].mean(axis=1)
    return np.quantile(means if other is None else means / other[drawn].mean(axis=1), (0.025, 0.975))


def check_calibration(rows: pd.DataFrame) -> pd.DataFrame:
    """Nominal against actual coverage of the forecast by horizon, each technology weighing the same.

    Parameters
    ----------
    rows : as for `evaluate`

    Returns
    -------
    DataFrame
        horizon_years, nominal, actual.
    """
    table = _mean_scores(evaluate(rows, _NOMINAL, (FORECAST,)), ["horizon_years", "level"], ["covered"])
    return table.reset_index().set_axis(["horizon_years", "nominal", "actual"], axis=1)


def count_sides(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Percent of outcomes below and above the forecast's 80% and 90% ranges, all technologies alike.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.

    Returns
    -------
    DataFrame
        level, horizon_years, technologies, below, above (percent), low_covered and high_covered (ends of the 95%
        bootstrap interval of the coverage over technologies, percent).
    """
    own, found = evaluated[(evaluated["method"] == FORECAST) & evaluated["level"].isin([0.8, 0.9])], []
    means = 100 * own.groupby(["level", "horizon_years", "technology"])[["below", "above", "covered"]].mean()
    for key, part in means.groupby(["level", "horizon_years"]):
        found.append((*key, len(part), *part[["below", "above"]].mean(), *bootstrap(part["covered"].to_numpy())))
    names = ["level", "horizon_years", "technologies", "below", "above", "low_covered", "high_covered"]
    return pd.DataFrame(found, columns=names)


def summarise_coverage(evaluated: pd.DataFrame, by: Sequence[str] = ("level", "horizon_years")) -> pd.DataFrame:
    """How often ranges held, and on which side outcomes were, by labels.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.
    by : sequence of str

    Returns
    -------
    DataFrame
        The labels, technologies, forecasts, and in percent, as means over technologies: covered, below and above
        (outcomes there), above_median.
    """
    by = list(by)
    counts = evaluated.groupby(by).agg(technologies=("technology", "nunique"), forecasts=("technology", "size"))
    return counts.join(100 * _mean_scores(evaluated, by, SIDES_HELD)).reset_index()


def cover_by_market(evaluated: pd.DataFrame, indicators: pd.DataFrame) -> pd.DataFrame:
    """How often 80% intervals of shares of sales held, by market: the table ``04_markets``.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.
    indicators : DataFrame
        indicators.csv: indicator, market.

    Returns
    -------
    DataFrame
        market, window, horizon_years, technologies, forecasts, covered, below, above, above_median (percent). No rows
        of technologies without a market.
    """
    own = evaluated[(evaluated["method"] == FORECAST) & (evaluated["level"] == 0.8)]
    own = own.assign(market=own["indicator"].map(indicators.set_index("indicator")["market"]))
    return summarise_coverage(own[own["market"] != ""], ("market", "window", "horizon_years"))
