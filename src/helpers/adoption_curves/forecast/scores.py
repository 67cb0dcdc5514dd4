"""Scores of a backtest: errors, intervals and coverage of the forecast and the benchmarks.

`evaluate` sets the quantiles of every method beside the outcomes, a row per method and forecast; every method has the
formula's spread about its own path. `check_intervals` says on which side of an interval each outcome was. All else are
means of these two frames by some of their columns; each gives every technology the same weight, however many series and
dates it has.

Source of the score: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_columns, band_ends
from ..indicators.series import AdoptionSeries
from . import model
from .backtest import LABELS
from .benchmarks import BENCHMARKS

FORECAST, BASE = "forecast", "straight_line"  # our own among the methods, and the one that others are set against
SIDES_HELD = ["covered", "below", "above", "above_median"]
WIS_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
_SCORE_COLUMNS = ["n", "technologies", "mape", "wis", "wis_relative", *(f"coverage_{100 * each:g}" for each in LEVELS)]
_TINY = 1e-8  # of the limit: an outcome so near to the end of an interval is inside; tables keep ten digits


def evaluate(rows: pd.DataFrame, levels: Sequence[float] = LEVELS, methods: Sequence[str] = ()) -> pd.DataFrame:
    """Quantiles and score of every method beside the outcome.

    Parameters
    ----------
    rows : DataFrame
        From `backtest`, all of one kind.
    levels : sequence of float
        Levels of the prediction intervals, 0 to 1.
    methods : sequence of str
        "forecast", or names of benchmarks; by default all.

    Returns
    -------
    DataFrame
        A row per method and forecast: technology, entity, indicator, window, origin, horizon_years, date, share, limit
        (at the origin), actual, growth (last over first observation), method, quantiles (such as ``q0.1``: those of the
        score and the ends of the intervals, in the unit of the series), ``ape`` (absolute error / actual) and ``wis``
        (in shares of the limit at the origin).

    Examples
    --------
    >>> from adoption_curves import indicators
    >>> from adoption_curves.forecast import backtest
    >>> evaluated = evaluate(backtest(indicators.load().references()[:3], windows=(4,)), [0.8])
    >>> evaluated.columns[11:19].tolist()
    ['method', 'q0.025', 'q0.1', 'q0.25', 'q0.5', 'q0.75', 'q0.9', 'q0.975']
    """
    wanted = np.array(sorted({*WIS_QUANTILES, *(end for level in levels for end in band_ends(level))}))
    actual, limit, ahead, limit_sd, spread, share = rows[
        ["actual", "limit", "limit_ahead", "limit_sd", "spread", "share"]
    ].to_numpy(float).T  # fmt: skip
    about = rows[[*LABELS, "window", "origin", "horizon_years", "date", "share", "limit", "actual"]]
    about = about.assign(growth=rows["last"] / rows["first"])
    kind, frames = max(rows["kind"], default="limit"), []
    for method in methods or (FORECAST, *BENCHMARKS):
        path = rows["path" if method == FORECAST else method].to_numpy(float)
        found = model.quantiles(path / ahead, spread, wanted, ahead, limit_sd, share, kind)
        frame = about.assign(method=method, **{f"q{each:g}": found[:, place] for place, each in enumerate(wanted)})
        frame["ape"] = np.abs(actual - path) / actual
        frame["wis"] = quantile_score(actual, found[:, np.isin(wanted, WIS_QUANTILES)], WIS_QUANTILES) / limit
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def check_intervals(evaluated: pd.DataFrame, levels: Sequence[float] = LEVELS) -> pd.DataFrame:
    """Whether outcomes were inside the prediction intervals, or on which side.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`, with the quantiles at the ends of the intervals.
    levels : sequence of float
        Levels of the intervals, 0 to 1.

    Returns
    -------
    DataFrame
        The columns of `evaluated` without the quantiles, a row per level and row of it: level, below, above and covered
        (whether the outcome was below, above or inside the interval), above_median.
    """
    actual, near, frames = evaluated["actual"], _TINY * evaluated["limit"], []
    about = evaluated.drop(columns=evaluated.filter(regex=r"^q0\.").columns)
    about["above_median"] = actual > evaluated["q0.5"] + near
    for level in levels:
        low, high = (evaluated[end] for end in band_columns(level))
        below, above = actual < low - near, actual > high + near
        frames.append(about.assign(level=level, below=below, above=above, covered=~(below | above)))
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


def _mean_scores(rows: pd.DataFrame, by: Sequence[str], columns: Sequence[str]) -> pd.DataFrame:
    """Means over technologies of each one's mean of some columns, by labels."""
    each = list(dict.fromkeys([*by, "technology"]))
    return rows.groupby(each)[list(columns)].mean().groupby(list(by)).mean()


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
    table = evaluated.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = table.join(_mean_scores(evaluated, by, ["ape", "wis"]).rename(columns={"ape": "mape"}))
    covered = _mean_scores(check_intervals(evaluated), [*by, "level"], ["covered"])["covered"].unstack()
    table = table.join(covered.rename(columns=lambda level: f"coverage_{100 * level:g}")).reset_index()
    rank = {name: position for position, name in enumerate([FORECAST, *BENCHMARKS])}
    table = table.sort_values("method", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)
    keys = [label for label in by if label != "method"]
    against = table[table["method"] == BASE].set_index(keys)["wis"]
    table["wis_relative"] = table["wis"] / against.reindex(table.set_index(keys).index).to_numpy()
    return table.reindex(columns=[*by, *_SCORE_COLUMNS])


def summarise_coverage(checked: pd.DataFrame, by: Sequence[str] = ("level", "horizon_years")) -> pd.DataFrame:
    """Coverage of prediction intervals, and on which side the other outcomes were, by labels.

    Parameters
    ----------
    checked : DataFrame
        From `check_intervals`.
    by : sequence of str
        Labels of the rows.

    Returns
    -------
    DataFrame
        The labels, technologies, forecasts, and in percent, as means over technologies: covered, below and above
        (outcomes there), above_median.
    """
    by = list(by)
    counts = checked.groupby(by).agg(technologies=("technology", "nunique"), forecasts=("technology", "size"))
    return counts.join(100 * _mean_scores(checked, by, SIDES_HELD)).reset_index()


def cover_by_market(evaluated: pd.DataFrame, series: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Coverage of 80% intervals of shares of sales, by market: the table ``04_markets``.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.
    series : sequence of AdoptionSeries
        Those that were forecast.

    Returns
    -------
    DataFrame
        market, window, horizon_years, technologies, forecasts, covered, below, above, above_median (percent). No rows
        of series without a market.
    """
    market = evaluated["indicator"].map({each.indicator: each.market for each in series if each.market})
    own = evaluated.assign(market=market)[(evaluated["method"] == FORECAST) & market.notna()]
    return summarise_coverage(check_intervals(own, [0.8]), ["market", "window", "horizon_years"])
