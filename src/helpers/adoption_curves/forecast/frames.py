"""Tables beside a forecast: its limit, the ends that are tried, scenarios, and how often such ranges held."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from ..base.dates import decimal_years
from ..base.levels import RECORDED, band_ends
from ..base.project import find_own
from ..curves.verdict import LEVELS_OFF
from ..indicators.series import AdoptionSeries
from . import model
from .backtest import Calibration
from .forecasting import REPORTED_QUANTILES, Forecast
from .later import CLASS, LEAST_SERIES, LEAST_YEARS, later_shares, list_later
from .scores import FORECAST, evaluate, summarise_coverage

_ALIKE_SHARE, _ALIKE_GROWTH = 0.15, 2.0  # of a like window: how near its last share is, within what factor its growth
_ALIKE = 10  # technologies that such windows must be of
_EARLY_SHARE = 0.1  # of the limit; below it a series is early, and its ranges are judged by such windows alone


def limit_frame(result: Forecast) -> pd.DataFrame:
    """The limit as it is forecast: damped drift, with the spread of its own past steps.

    Returns
    -------
    DataFrame
        A row per date: entity, indicator, date, mean, quantiles, unit. No rows without a limit, or after a fall.
    """
    ends = (end for level in result.levels for end in band_ends(level))
    levels, dates = np.array(sorted({*REPORTED_QUANTILES, *ends})), result.dates if result.bounded else result.dates[:0]
    ahead, sd = result.limit_ahead(result.years[: len(dates)]) if len(dates) else (np.empty(0), np.empty(0))
    found = np.maximum(ahead[:, None] + sd[:, None] * ndtri(levels), 0.0)
    columns = {"entity": result.target.entity, "indicator": result.target.indicator, "date": dates, "mean": ahead}
    columns |= {f"q{level:g}": found[:, place] for place, level in enumerate(levels)}
    return pd.DataFrame(columns | {"unit": result.target.unit})


def reference_frame(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """The comparison series, and how far each has come: the table ``04_references``.

    Returns
    -------
    DataFrame
        A row per series: technology, entity, indicator, points, first and last (dates), last_share and highest_share
        (percent of the limit).
    """
    names = ["technology", "entity", "indicator", "points", "first", "last", "last_share", "highest_share"]
    rows = [
        (each.technology, each.entity, each.indicator, len(each.values), each.values.index[0], each.values.index[-1],
         100 * each.share.iloc[-1], 100 * each.share.max())
        for each in references
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names).sort_values(["technology", "entity", "first"], ignore_index=True)


def odds_frame(verdict: str) -> pd.DataFrame:
    """How often an end like this was passed (`data/levelled.csv`): no rows unless growth levels off."""
    counted = pd.read_csv(find_own("levelled.csv"))
    return counted if verdict == LEVELS_OFF else counted.iloc[:0]


def read_window(result: Forecast) -> tuple[Any, ...]:
    """The arrays of a forecast for the functions of `model`; of a count of all so far, of what each period adds.

    Returns
    -------
    tuple
        bounded; t and x (N, n), years before the last figure and shares of the limit (without one multiples of the last
        figure); h (N, H), years ahead; mean and sd (N,) of the logits at which other technologies stand; last (N, H),
        the last share; limit and limit_sd (N, H), the limit ahead and its standard error. N is 1; 0 without a path.
    """
    made, h = result.added or result, result.years[None]
    if made.kind != "forecast":
        figures, ahead, each = np.empty((0, 3)), np.empty((0, h.shape[1])), np.empty(0)
        return made.bounded, figures, figures, ahead, each, each, ahead, ahead, ahead
    mean, sd = np.array(made.references.prior)[:, None]
    limit, limit_sd = (each[None] for each in made.limit_ahead(result.years))
    t, x = made.window()
    return made.bounded, t, x, h, mean, sd, np.full_like(h, x[0, -1]), limit, limit_sd


def window_frame(result: Forecast) -> pd.DataFrame:
    """The figures that a forecast sees, on the scale of growth.

    Returns
    -------
    DataFrame
        A row per figure, with the names of the formulas: date, t (years before the last figure), y, B (the limit as
        known then; without one the last figure), x (y / B), g (of x; without a limit its logarithm).
    """
    made = result.added or result
    if made.used.empty:
        return pd.DataFrame(columns=["date", "t", "y", "B", "x", "g"], dtype=float)
    (t, x), used = made.window(), made.used
    columns = {"date": used.index, "t": t[0], "y": used.to_numpy(float), "B": used.to_numpy(float) / x[0], "x": x[0]}
    return pd.DataFrame(columns | {"g": model.on_scale(x[0], made.bounded)})


def fit_growth_line(seen: pd.DataFrame) -> np.ndarray:
    """Height at t = 0 and slope of the least-squares line of `window_frame`; empty without a figure."""
    return np.polyfit(seen["t"], seen["g"], 1)[::-1] if len(seen) > 1 else np.empty(0)


def record_frame(result: Forecast) -> pd.DataFrame:
    """The quantiles that `adoption register` puts on record, by date: no rows without a range, or if it is refuted."""
    years = result.years if result.has_range and not result.refuted else np.empty(0)
    found = result.at(years, RECORDED) if len(years) else np.empty((0, len(RECORDED)))
    return pd.DataFrame(found, result.dates[: len(years)], [f"q{each:g}" for each in RECORDED]).rename_axis("date")


def prior_frame(result: Forecast) -> pd.DataFrame:
    """Where other technologies stand, in percent of the limit: what is assumed of the end.

    Returns
    -------
    DataFrame
        One row: low, middle, high (two standard deviations to each side), technologies. No rows without a path to ends.
    """
    columns = ["low", "middle", "high", "technologies"]
    if not result.bounded or result.kind != "forecast":
        return pd.DataFrame(columns=columns, dtype=float)
    mean, sd = result.references.prior
    shares = 100 * expit(mean + sd * np.array([-2.0, 0.0, 2.0]))
    return pd.DataFrame([[*shares, len(result.references.stand)]], columns=columns)


def end_frame(result: Forecast) -> pd.DataFrame:
    """The ends that are tried, and how well each fits.

    Returns
    -------
    DataFrame
        A row per end: share (of the limit), squares (sum of squares in shares), weight (they add up to 1), and the path
        with that end on the last date, in the unit of the series. No rows without a path to ends.
    """
    if not result.bounded or result.kind != "forecast":
        return pd.DataFrame(columns=["share", "squares", "weight", "path"], dtype=float)
    (t, x), h, (mean, sd) = result.window(), result.years[None, -1:], result.references.prior
    _, ends, weights = model.bent_gain(t, x, h, np.array([mean]), np.array([sd]))
    squares = model.fit_ends(t, x, ends)[2][0]
    columns = {"share": ends[0], "squares": squares, "weight": weights[0], "path": _follow(result, ends[0])[:, -1]}
    return pd.DataFrame(columns)


def _follow(result: Forecast, ends: np.ndarray) -> np.ndarray:
    """(K, H) curves to ends (K,), moved through the last figure, in the unit of the series."""
    t, x = result.window()
    slope, height, _ = model.fit_ends(t, x, ends[None])
    gain = model.back(height[0][:, None] + slope[0][:, None] * result.years) - model.back(height[0])[:, None]
    return result.limit_ahead(result.years)[0] * (x[0, -1] + ends[:, None] * gain)


def scenario_frame(result: Forecast) -> pd.DataFrame:
    """Curves to ends at the shares of a forecast, through the last figure: assumptions, no forecast.

    Returns
    -------
    DataFrame
        A row per share and date: entity, indicator, share, date, value, unit, note. The value is missing where the
        series already stands above that end, and the note says so. No rows without a range.
    """
    if not result.has_range or not result.shares:
        return pd.DataFrame(columns=["entity", "indicator", "share", "date", "value", "unit", "note"])
    frames, reached = [], result.window()[1].max()
    for share, path in zip(result.shares, _follow(result, np.array(result.shares, float)), strict=True):
        note = "" if reached < share else "already above this share"
        columns = {"entity": result.target.entity, "indicator": result.target.indicator, "share": share}
        columns |= {"date": result.dates, "value": np.nan if note else path, "unit": result.target.unit, "note": note}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def correlation_frame(calibration: Calibration) -> pd.DataFrame:
    """Correlations of errors at two horizons, and the rule of joint paths beside them: ``04_correlations``."""
    found = calibration.correlations
    return found.assign(rule=(found["horizon_years"] / found["later_years"]) ** calibration.decay)


def evaluate_all(result: Forecast) -> pd.DataFrame:
    """Every forecast of the backtest with its outcome, at the levels of this one, see `scores.evaluate`."""
    return evaluate({FORECAST: result.calibration}, sorted(result.levels), scored=False)


def coverage_frame(result: Forecast, outcomes: pd.DataFrame | None = None) -> pd.DataFrame:
    """How often such ranges held on other technologies, each left out in turn.

    With a limit those from below a tenth of it count for a series that stands there, and the others for any other. If
    the figures level off, only series that did so too are counted (`data/levelled_ranges.csv`).

    Parameters
    ----------
    result : Forecast
    outcomes : DataFrame, optional
        From `evaluate_all`; None makes them.

    Returns
    -------
    DataFrame
        A row per level and horizon: level, horizon_years, technologies, forecasts, and in percent, as means over
        technologies: covered, below and above (outcomes there), above_median. No rows where nothing is forecast.
    """
    rows = evaluate_all(result) if outcomes is None else outcomes
    if result.kind != "forecast":
        return summarise_coverage(rows).iloc[:0]
    alike = (rows["share"] < _EARLY_SHARE) == (result.share < _EARLY_SHARE)
    usual = summarise_coverage(rows[alike] if result.bounded and alike.any() else rows)
    if not np.isfinite(result.end):
        return usual
    counted = pd.read_csv(find_own("levelled_ranges.csv"))
    found = [usual[~usual["level"].isin(counted["level"])], counted[counted["level"].isin(result.levels)]]
    return pd.concat([part for part in found if len(part)], ignore_index=True)


def _find_class(result: Forecast, date: pd.Timestamp) -> tuple[list[AdoptionSeries], np.ndarray]:
    """The entity's other services, and the years (1,) from the last figure to a date."""
    same = [each for each in result.references.series if each.entity == result.target.entity]
    return same, decimal_years(pd.DatetimeIndex([date])) - decimal_years(result.used.index)[-1]


def counted_frame(result: Forecast, date: pd.Timestamp) -> pd.DataFrame:
    """The series that are counted beside a forecast, those of `class_frame`.

    Returns
    -------
    DataFrame
        A row per series and year: technology, entity, indicator, years, share, see `later.list_later`.
    """
    if class_frame(result, date).empty:
        return list_later(1.0, result.years, [])
    same, years = _find_class(result, date)
    return list_later(result.share, years, same, LEAST_YEARS)


def class_frame(result: Forecast, date: pd.Timestamp) -> pd.DataFrame:
    """Where the entity's other services stood as long after the same share as a date is ahead, see `later_shares`.

    Returns
    -------
    DataFrame
        A row per quantile: quantile, share (percent of the limit), value (of the limit as forecast for the date, in the
        unit of the series), years, passed (the share that all had passed), series, technologies, date. No rows without
        a limit, a forecast, or a class of ten.
    """
    columns = ["quantile", "share", "value", "years", "passed", "series", "technologies", "date"]
    if not result.bounded or result.kind != "forecast":
        return pd.DataFrame(columns=columns)
    same, years = _find_class(result, date)
    found = later_shares(result.share, years, same, CLASS, LEAST_YEARS).iloc[0]
    rows = pd.DataFrame({"quantile": CLASS, "share": 100 * found[[*CLASS]].to_numpy(float)})
    rows["value"] = rows["share"] / 100 * result.limit_ahead(years)[0][0]
    rows = rows.assign(series=int(found["series"]), technologies=int(found["technologies"]))
    rows = rows.assign(years=years[0], passed=100 * result.share, date=date)[columns]
    return rows if found["series"] >= LEAST_SERIES else rows.iloc[:0]


def alike_frame(result: Forecast, outcomes: pd.DataFrame) -> pd.DataFrame:
    """On which side of such forecasts outcomes were, of windows like the one that is used.

    Like it is a window of another technology whose last share lies within 15 points, and whose growth (last over first
    figure) is at least half and at most twice as much.

    Parameters
    ----------
    result : Forecast
    outcomes : DataFrame
        From `evaluate_all`.

    Returns
    -------
    DataFrame
        A row per horizon with ten technologies or more: horizon_years, technologies, forecasts, and in percent, as
        means over technologies: covered, below and above (outcomes there), above_median. None without a limit.
    """
    columns = ["horizon_years", "technologies", "forecasts", "covered", "below", "above", "above_median"]
    if result.kind != "forecast":
        return pd.DataFrame(columns=columns)
    rows = outcomes[np.isclose(outcomes["level"], result.level)]
    growth = rows["growth"] * result.used.iloc[0] / result.used.iloc[-1]
    alike = (rows["share"] - result.share).abs().lt(_ALIKE_SHARE) & growth.between(1 / _ALIKE_GROWTH, _ALIKE_GROWTH)
    found = summarise_coverage(rows[alike]).drop(columns="level") if alike.any() else pd.DataFrame()
    if found.empty:
        return pd.DataFrame(columns=columns)
    return found.loc[found["technologies"] >= _ALIKE, columns].reset_index(drop=True)


def middle_frame(result: Forecast) -> pd.DataFrame:
    """What became of such forecasts of mobile phones, made when there were few (`data/phones_middle.csv`).

    Without a limit ranges called 80% held a quarter of the figures five years later, and the page gives no range. Below
    a tenth of a limit they held 85%.

    Returns
    -------
    DataFrame
        A row per horizon: kind, years, units (countries), figures (later ones), above (of the middle), inside (the 80%
        range). No rows from a tenth of a limit on.
    """
    counted = pd.read_csv(find_own("phones_middle.csv"))
    early = result.kind == "forecast" and (not result.bounded or result.share < _EARLY_SHARE)
    kind = "with a limit" if result.bounded else "without a limit"
    return counted[(counted["kind"] == kind) & early].reset_index(drop=True)
