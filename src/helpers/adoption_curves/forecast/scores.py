"""Scores of a backtest: errors, intervals and coverage of the forecast and its rivals.

`evaluate` turns the rows of `backtest` into one long frame, a row per method, level and forecast, with ranges that know
nothing of the technology they are judged on. All else are means of that frame by some of its columns; each gives every
technology the same weight, however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles); Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_ends, quoted_window
from ..indicators.series import AdoptionSeries
from .backtest import HORIZONS, LABELS, Lessons, forecast_windows, last_shares, list_windows
from .rivals import RIVALS

MIN_FORECASTS = 10  # that a technology's coverage is quoted from: one or two are 0 or 100% by chance
FAST = 1.6  # last over first figure of a window from which growth counts as fast
QUOTED = 4  # figures of the windows whose scores pages show
FORECAST, BASE = "forecast", "straight_line"  # our own among the methods, and the one that others are set against
_STAGES = (0.05, 0.2, 0.4, 0.6, 0.98)
_NOMINAL = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)  # levels of the intervals whose calibration is shown
COVERAGES = ["coverage_50", "coverage_80", "coverage_90"]
_SCORE_COLUMNS = ["n", "technologies", "mape", "wis", "wis_relative", "crps", *COVERAGES]
WIS_QUANTILES = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
_CRPS_QUANTILES = np.arange(1, 40) / 40
_TINY = 1e-9  # of the limit: an outcome so near to the end of an interval is inside
_DRAWS = 2000  # of technologies, for the 95% intervals of a mean over them


def _list_methods(rows: pd.DataFrame) -> list[str]:
    """Names of the methods that rows have: the forecast, and the rivals that were asked for."""
    return [FORECAST, *(name for name in RIVALS if name in rows)]


def _calibrate(rows: pd.DataFrame, method: str) -> Lessons:
    """Lessons of one method: a rival's ranges are learnt from its own errors, by the same rule."""
    return Lessons(rows, "path" if method == FORECAST else method)


def evaluate(
    rows: pd.DataFrame,
    methods: Sequence[str] | None = None,
    levels: Sequence[float] = LEVELS,
    by: pd.DataFrame | None = None,
    scored: bool = True,
) -> pd.DataFrame:
    """Set every interval of every method, made without the technology that it forecasts, beside the outcome.

    Parameters
    ----------
    rows : DataFrame
        From `backtest`; one that `evaluate` has made is returned as it is.
    methods : sequence of str, optional
        By default all that the rows have.
    levels : sequence of float
        Coverages that the intervals claim.
    by : DataFrame, optional
        Rows from which the ranges are learnt; by default the same.
    scored : bool
        False leaves out ``ape``, ``wis`` and ``crps``, which take half of the time.

    Returns
    -------
    DataFrame
        A row per method, level and forecast: technology, entity, indicator, window, origin, date, horizon_years, share,
        growth (last over first figure), method, level, actual, low and high (the interval), below and above (whether
        the outcome lies there), covered, above_median, width (of the interval, in shares of the limit or multiples of
        the last figure); and of the forecast, the same at each level, ``ape`` (absolute error / actual), ``wis`` and
        ``crps`` (in shares of the limit at the origin).
    """
    if "covered" in rows:
        return rows
    about = rows[[*LABELS, "window", "origin", "date", "horizon_years", "share"]]
    about = about.assign(growth=rows["last"] / rows["first"])
    ends = [0.5, *(end for level in levels for end in band_ends(level))]
    actual, limit, frames = rows["actual"].to_numpy(float), rows["limit"].to_numpy(float), []
    for method in methods or _list_methods(rows):
        own = _calibrate(rows, method)
        wanted = [*ends, *WIS_QUANTILES, *_CRPS_QUANTILES] if scored else ends
        found = own.quantiles(wanted, own if by is None else _calibrate(by, method))
        frame = about.assign(method=method, actual=actual, above_median=actual > found[:, 0])
        if scored:
            point = rows["path" if method == FORECAST else method].to_numpy(float)
            reported, fine = np.split(found[:, len(ends) :], [len(WIS_QUANTILES)], axis=1)
            frame["ape"] = np.abs(actual - point) / actual
            frame["wis"] = quantile_score(actual, reported, WIS_QUANTILES) / limit
            frame["crps"] = quantile_score(actual, fine, _CRPS_QUANTILES) / limit
        for level, low, high in zip(levels, found.T[1 : len(ends) : 2], found.T[2 : len(ends) : 2], strict=True):
            sides = {
                "below": actual < low - _TINY * limit,
                "above": actual > high + _TINY * limit,
            }
            sides["covered"] = ~(sides["below"] | sides["above"])
            width = (high - low) / rows["limit_ahead"].to_numpy(float)
            frames.append(frame.assign(level=level, low=low, high=high, **sides, width=width))
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


def _average_scores(evaluated: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Summarise a frame of `evaluate` by labels, the forecast first.

    Returns
    -------
    DataFrame
        The labels, n (forecasts), technologies, mape, wis, crps and a column ``coverage_<level>`` per level.
    """
    needed = list(dict.fromkeys([*by, "technology", "level", "actual", "covered", "ape", "wis", "crps"]))
    evaluated, by = evaluated[needed], list(by)
    once = evaluated[evaluated["level"] == evaluated["level"].iloc[0]]
    table = once.groupby(by).agg(n=("actual", "size"), technologies=("technology", "nunique"))
    table = table.join(_mean_scores(once, by, ["ape", "wis", "crps"]).rename(columns={"ape": "mape"}))
    covered = _mean_scores(evaluated, [*by, "level"], ["covered"])["covered"].unstack()
    table = table.join(covered.rename(columns=lambda level: f"coverage_{100 * level:g}")).reset_index()
    rank = {name: position for position, name in enumerate([FORECAST, *RIVALS])}
    return table.sort_values("method", key=lambda names: names.map(rank), kind="stable").reset_index(drop=True)


def score(rows: pd.DataFrame, by: Sequence[str] = ("method", "window", "horizon_years")) -> pd.DataFrame:
    """Scores by method, window and horizon: the table ``04_scores``.

    Parameters
    ----------
    rows : DataFrame
        From `backtest` or `evaluate`.
    by : sequence of str
        Labels of the rows; without ``window`` the windows are pooled.

    Returns
    -------
    DataFrame
        method, window, horizon_years, n (forecasts), technologies, mape, wis, wis_relative (to the straight line),
        crps, coverage_50, coverage_80, coverage_90. WIS and CRPS are in shares of the limit; every mean gives each
        technology the same weight.
    """
    table = _average_scores(evaluate(rows), by)
    keys = [name for name in by if name != "method"]
    against = table[table["method"] == BASE].set_index(keys)["wis"]
    table["wis_relative"] = table["wis"] / against.reindex(pd.MultiIndex.from_frame(table[keys])).to_numpy()
    return table[[*by, *_SCORE_COLUMNS]]


def pick_quoted(scored: pd.DataFrame) -> pd.DataFrame:
    """The rows of a table of scores that a page shows: the forecast from four figures, or the nearest number to that.

    Returns
    -------
    DataFrame
        A row per horizon: horizon_years, n, technologies, wis, wis_relative, coverage_50, coverage_80, coverage_90.
    """
    own = scored[scored["method"] == FORECAST]
    near = own[own["window"] == quoted_window(own["window"], QUOTED)] if len(own) else own
    return near[["horizon_years", "n", "technologies", "wis", "wis_relative", *COVERAGES]].reset_index(drop=True)


def score_held_out(
    rows: pd.DataFrame, references: Sequence[AdoptionSeries], held_out: Sequence[AdoptionSeries]
) -> pd.DataFrame:
    """Scores of technologies that calibrate nothing: priors and intervals are from the references alone.

    Parameters
    ----------
    rows : DataFrame
        From `backtest` on the references.
    references, held_out : sequence of AdoptionSeries

    Returns
    -------
    DataFrame
        Columns as `score`; no rows where no held-out series has a window inside 5 to 98% of its bound.
    """
    bounded, stand = bool(rows["share"].notna().all()), last_shares(references)
    found = [forecast_windows(each, HORIZONS, bounded, stand, True) for each in list_windows(held_out)]
    if not found:
        return pd.DataFrame(columns=["method", "window", "horizon_years", *_SCORE_COLUMNS])
    return score(evaluate(pd.concat(found, ignore_index=True), by=rows))


def cover_by_technology(
    rows: pd.DataFrame, by: Sequence[str] = ("method", "technology", "window", "horizon_years")
) -> pd.DataFrame:
    """Coverage and errors of each technology: the table ``04_coverage_by_technology``.

    Parameters
    ----------
    rows : DataFrame
        As for `score`.
    by : sequence of str
        Columns, as for `score`.

    Returns
    -------
    DataFrame
        method, technology, window, horizon_years, n, mape, wis, coverage_50, coverage_80, coverage_90.
    """
    return _average_scores(evaluate(rows), by)[[*by, "n", "mape", "wis", *COVERAGES]]


def cover_by_stage(rows: pd.DataFrame) -> pd.DataFrame:
    """Scores by stage of adoption (share of the bound at the origin), and for fast growth within the window.

    Returns
    -------
    DataFrame
        method, stage, horizon_years, n, technologies, mape, wis, crps, coverage_50, coverage_80, coverage_90.
    """
    frame = evaluate(rows)
    names = [f"{100 * low:.0f}-{100 * high:.0f}% of the limit" for low, high in pairwise(_STAGES)]
    staged = frame.assign(stage=pd.cut(frame["share"], _STAGES, labels=names, include_lowest=True).astype(str))
    fast = frame[frame["growth"] >= FAST].assign(stage=f"growth by {FAST:g} or more in the window")
    by = ["method", "stage", "horizon_years"]
    return _average_scores(pd.concat([staged, fast], ignore_index=True), by)[
        [*by, "n", "technologies", "mape", "wis", "crps", *COVERAGES]
    ]


def compare_methods(rows: pd.DataFrame) -> pd.DataFrame:
    """WIS of the forecast relative to its rivals, with a paired bootstrap over technologies.

    Technologies are drawn with replacement, the same ones for both methods; the interval is that of the ratio of mean
    WIS.

    Returns
    -------
    DataFrame
        method, benchmark, window, horizon_years, technologies, wis_relative, low and high (95% interval).
    """
    frame, by, found = evaluate(rows), ["window", "horizon_years"], []
    mean = frame.groupby(["method", *by, "technology"])["wis"].mean()
    for benchmark in (name for name in RIVALS if name in mean.index):
        pairs = pd.DataFrame({"own": mean[FORECAST], "other": mean[benchmark]})
        for key, group in pairs.groupby(by):
            own, other = group["own"].to_numpy(), group["other"].to_numpy()
            ends = _bootstrap(own, other)
            found.append((FORECAST, benchmark, *key, len(own), own.mean() / other.mean(), *ends))
    return pd.DataFrame(found, columns=["method", "benchmark", *by, "technologies", "wis_relative", "low", "high"])


def _bootstrap(own: np.ndarray, other: np.ndarray | None = None) -> np.ndarray:
    """Ends (2,) of the 95% interval of a mean over technologies (T,), or of its quotient by another one."""
    drawn = np.random.default_rng(0).integers(0, len(own), (_DRAWS, len(own)))
    means = own[drawn].mean(axis=1)
    return np.quantile(means if other is None else means / other[drawn].mean(axis=1), (0.025, 0.975))


def check_calibration(rows: pd.DataFrame, methods: Sequence[str] = (FORECAST, BASE)) -> pd.DataFrame:
    """Nominal against actual coverage by horizon, each technology judged on the others and weighing the same.

    Parameters
    ----------
    rows : DataFrame
        From `backtest` (not from `evaluate`, which has other levels).
    methods : sequence of str

    Returns
    -------
    DataFrame
        method, horizon_years, nominal, actual.
    """
    known = [name for name in methods if name in _list_methods(rows)]
    by = ["method", "horizon_years", "level"]
    table = _mean_scores(evaluate(rows, known, _NOMINAL, scored=False), by, ["covered"])
    return table.loc[known].reset_index().set_axis(["method", "horizon_years", "nominal", "actual"], axis=1)


def count_sides(rows: pd.DataFrame, levels: Sequence[float] = (0.8, 0.9)) -> pd.DataFrame:
    """Percent of outcomes below and above the forecast's ranges by horizon, each technology left out, all alike.

    Parameters
    ----------
    rows : DataFrame
        As for `score`.
    levels : sequence of float

    Returns
    -------
    DataFrame
        level, horizon_years, technologies, below, above (percent), low_covered and high_covered (ends of the 95%
        bootstrap interval of the coverage over technologies, percent).
    """
    frame, sides, found = evaluate(rows), ["below", "above", "covered"], []
    own = frame[(frame["method"] == FORECAST) & frame["level"].isin(levels)]
    means = 100 * own.groupby(["level", "horizon_years", "technology"])[sides].mean()
    for key, part in means.groupby(["level", "horizon_years"]):
        means_here = (part["below"].mean(), part["above"].mean())
        found.append((*key, len(part), *means_here, *_bootstrap(part["covered"].to_numpy())))
    names = ["level", "horizon_years", "technologies", "below", "above", "low_covered", "high_covered"]
    return pd.DataFrame(found, columns=names)


def summarise_coverage(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Rows of `evaluate` by level and horizon; see `frames.coverage_frame`."""
    by = ["level", "horizon_years"]
    counts = evaluated.groupby(by).agg(technologies=("technology", "nunique"), forecasts=("technology", "size"))
    means = 100 * _mean_scores(evaluated, by, ["covered", "below", "above", "above_median"])
    return counts.join(means).reset_index()
