"""Scores of a backtest: errors, intervals and coverage of the forecast and its rivals.

`calibrate` learns the ranges of each method from the rows of `backtest`. `evaluate` makes one long frame of them, a row
per method, level and forecast, with ranges that know nothing of the technology they are judged on. All else are means
of that frame by some of its columns; each gives every technology the same weight, however many series and dates it has.

Source of the scores: Bracher, Ray, Gneiting and Reich 2021 (WIS, as the mean of twice the quantile losses over seven
quantiles); Gneiting and Raftery 2007 (CRPS, the same over 39 quantiles).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
import pandas as pd

from ..base.levels import LEVELS, band_ends, quoted_window
from ..indicators.series import AdoptionSeries
from .backtest import LABELS, Calibration, forecast_windows, last_logits, list_windows
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


def calibrate(rows: pd.DataFrame) -> dict[str, Calibration]:
    """Calibrations of the forecast and of the rivals that rows have: the ranges of each are learnt from its own errors.

    Parameters
    ----------
    rows : DataFrame
        From `backtest`.

    Returns
    -------
    dict of Calibration, by method
    """
    return {FORECAST: Calibration(rows), **{name: Calibration(rows, name) for name in RIVALS if name in rows}}


def evaluate(
    calibrated: Mapping[str, Calibration],
    levels: Sequence[float] = LEVELS,
    by: Mapping[str, Calibration] | None = None,
    scored: bool = True,
) -> pd.DataFrame:
    """Set every range of every method, made without the technology that it forecasts, beside the outcome.

    Parameters
    ----------
    calibrated : dict
        From `calibrate`: what is judged.
    levels : sequence of float
        Coverages that the ranges claim.
    by : dict, optional
        From `calibrate`: what the ranges are learnt from; by default the same.
    scored : bool
        False leaves out ``ape``, ``wis`` and ``crps``, which take half of the time.

    Returns
    -------
    DataFrame
        A row per method, level and forecast: technology, entity, indicator, window, origin, horizon_years, share,
        growth (last over first figure), method, level, actual, below and above (whether the outcome lies outside the
        range there), covered, above_median; and of the forecast, the same at each level, ``ape`` (absolute error /
        actual), ``wis`` and ``crps`` (in shares of the limit at the origin).
    """
    ends, frames = [0.5, *(end for level in levels for end in band_ends(level))], []
    for method, own in calibrated.items():
        rows, wanted = own.frame, [*ends, *WIS_QUANTILES, *_CRPS_QUANTILES] if scored else ends
        found = own.quantiles(wanted, own if by is None else by[method])
        actual, limit = rows["actual"].to_numpy(float), rows["limit"].to_numpy(float)
        frame = rows[[*LABELS, "window", "origin", "horizon_years", "share", "actual"]]
        frame = frame.assign(method=method, growth=rows["last"] / rows["first"], above_median=actual > found[:, 0])
        if scored:
            point = rows["path" if method == FORECAST else method].to_numpy(float)
            reported, fine = np.split(found[:, len(ends) :], [len(WIS_QUANTILES)], axis=1)
            frame["ape"] = np.abs(actual - point) / actual
            frame["wis"] = quantile_score(actual, reported, WIS_QUANTILES) / limit
            frame["crps"] = quantile_score(actual, fine, _CRPS_QUANTILES) / limit
        for place, level in enumerate(levels):
            low, high = found.T[1 + 2 * place : 3 + 2 * place]
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


def score(evaluated: pd.DataFrame, by: Sequence[str] = ("method", "window", "horizon_years")) -> pd.DataFrame:
    """Scores by method, window and horizon: the table ``04_scores``.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.
    by : sequence of str
        Labels of the rows; without ``window`` the windows are pooled.

    Returns
    -------
    DataFrame
        method, window, horizon_years, n (forecasts), technologies, mape, wis, wis_relative (to the straight line),
        crps, coverage_50, coverage_80, coverage_90. WIS and CRPS are in shares of the limit; every mean gives each
        technology the same weight.
    """
    table = _average_scores(evaluated, by)
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
    calibrated: Mapping[str, Calibration], references: Sequence[AdoptionSeries], held_out: Sequence[AdoptionSeries]
) -> pd.DataFrame:
    """Scores of technologies that calibrate nothing: priors and intervals are from the references alone.

    Parameters
    ----------
    calibrated : dict
        From `calibrate`, on the references and with rivals.
    references, held_out : sequence of AdoptionSeries

    Returns
    -------
    DataFrame
        Columns as `score`; no rows where no held-out series has a window inside 5 to 98% of its bound.
    """
    bounded, stand = calibrated[FORECAST].bounded, last_logits(references)
    found = [forecast_windows(each, bounded, stand, True) for each in list_windows(held_out)]
    if not found:
        return pd.DataFrame(columns=["method", "window", "horizon_years", *_SCORE_COLUMNS])
    return score(evaluate(calibrate(pd.concat(found, ignore_index=True)), by=calibrated))


def cover_by_technology(
    evaluated: pd.DataFrame, by: Sequence[str] = ("method", "technology", "window", "horizon_years")
) -> pd.DataFrame:
    """Coverage and errors of each technology: the table ``04_coverage_by_technology``.

    Parameters
    ----------
    evaluated : DataFrame
        From `evaluate`.
    by : sequence of str
        Labels of the rows, as for `score`.

    Returns
    -------
    DataFrame
        method, technology, window, horizon_years, n, mape, wis, coverage_50, coverage_80, coverage_90.
    """
    return _average_scores(evaluated, by)[[*by, "n", "mape", "wis", *COVERAGES]]


def cover_by_stage(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Scores by stage of adoption (share of the bound at the origin), and for fast growth within the window.

    Returns
    -------
    DataFrame
        method, stage, horizon_years, n, technologies, mape, wis, crps, coverage_50, coverage_80, coverage_90.
    """
    names = [f"{100 * low:.0f}-{100 * high:.0f}% of the limit" for low, high in pairwise(_STAGES)]
    stages = pd.cut(evaluated["share"], _STAGES, labels=names, include_lowest=True).astype(str)
    staged, fast = evaluated.assign(stage=stages), evaluated[evaluated["growth"] >= FAST]
    fast = fast.assign(stage=f"growth by {FAST:g} or more in the window")
    by = ["method", "stage", "horizon_years"]
    table = _average_scores(pd.concat([staged, fast], ignore_index=True), by)
    return table[[*by, "n", "technologies", "mape", "wis", "crps", *COVERAGES]]


def compare_methods(evaluated: pd.DataFrame) -> pd.DataFrame:
    """WIS of the forecast relative to its rivals, with a paired bootstrap over technologies.

    Technologies are drawn with replacement, the same ones for both methods; the interval is that of the ratio of mean
    WIS.

    Returns
    -------
    DataFrame
        method, benchmark, window, horizon_years, technologies, wis_relative, low and high (95% interval).
    """
    by, found = ["window", "horizon_years"], []
    mean = evaluated.groupby(["method", *by, "technology"])["wis"].mean()
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


def check_calibration(calibrated: Mapping[str, Calibration]) -> pd.DataFrame:
    """Nominal against actual coverage by horizon, each technology judged on the others and weighing the same.

    Parameters
    ----------
    calibrated : dict
        From `calibrate`, with the straight line among the rivals.

    Returns
    -------
    DataFrame
        Of the forecast and of the straight line: method, horizon_years, nominal, actual.
    """
    evaluated = evaluate({name: calibrated[name] for name in (FORECAST, BASE)}, _NOMINAL, scored=False)
    table = _mean_scores(evaluated, ["method", "horizon_years", "level"], ["covered"]).loc[[FORECAST, BASE]]
    return table.reset_index().set_axis(["method", "horizon_years", "nominal", "actual"], axis=1)


def count_sides(evaluated: pd.DataFrame) -> pd.DataFrame:
    """Percent of outcomes below and above the forecast's 80% and 90% ranges, each technology left out, all alike.

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
