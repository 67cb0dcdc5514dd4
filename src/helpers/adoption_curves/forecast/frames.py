"""Tables beside a forecast: its limit, the ends that are tried, scenarios, and how often such ranges held."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from ..base.project import find_own
from ..curves import decimal_years
from . import model
from .result import Forecast
from .scores import FORECAST, evaluate, summarise_coverage

EARLY = 0.1
"""Share of the limit below which a series counts as early: there ranges held less often."""


def read_counts(name: str) -> pd.DataFrame:
    """A table of the data that a script of benchmarks writes, see data/README.md.

    Parameters
    ----------
    name : str
        After the verdict "levels off": "levelled" (figures above the end) or "levelled_ranges" (figures inside the
        ranges). Of a forecast without a range: "phones_middle" (figures above its middle).

    Returns
    -------
    DataFrame
    """
    return pd.read_csv(find_own(f"{name}.csv"))


def limit_frame(result: Forecast) -> pd.DataFrame:
    """The limit as it is forecast: damped drift, with the spread of its own past steps.

    Returns
    -------
    DataFrame
        A row per date: entity, indicator, date, mean, quantiles, unit. No rows without a limit, or after a fall.
    """
    levels, dates = np.array(result.quantile_levels), result.dates if result.bounded else result.dates[:0]
    ahead, sd = (each[: len(dates)] for each in result.limit_ahead(result.years)[:2])
    found = np.maximum(ahead[:, None] + sd[:, None] * ndtri(levels), 0.0)
    columns = {"entity": result.target.entity, "indicator": result.target.indicator, "date": dates, "mean": ahead}
    columns |= {f"q{level:g}": found[:, place] for place, level in enumerate(levels)}
    return pd.DataFrame(columns | {"unit": result.target.unit})


def _window(result: Forecast) -> tuple[np.ndarray, np.ndarray]:
    """Years before the last figure, and shares of the limit, (1, n) each."""
    seen = decimal_years(result.used.index)
    return (seen - seen[-1])[None], (result.used.to_numpy(float) / result.limit_ahead(result.years)[2])[None]


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
    (t, x), h, (mean, sd) = _window(result), result.years[None, -1:], result.references.prior
    _, ends, weights = model.bent_gain(t, x, h, np.array([mean]), np.array([sd]))
    squares = model.fit_ends(t, x, ends)[2][0]
    columns = {"share": ends[0], "squares": squares, "weight": weights[0], "path": _follow(result, ends[0])[:, -1]}
    return pd.DataFrame(columns)


def _follow(result: Forecast, ends: np.ndarray) -> np.ndarray:
    """(K, H) curves to ends (K,), moved through the last figure, in the unit of the series."""
    t, x = _window(result)
    slope, height, _ = model.fit_ends(t, x, ends[None])
    gain = model.back(height[0][:, None] + slope[0][:, None] * result.years) - model.back(height[0])[:, None]
    return result.limit_ahead(result.years)[0] * (x[0, -1] + ends[:, None] * gain)


def scenario_frame(result: Forecast, shares: Sequence[float] | None = None) -> pd.DataFrame:
    """Curves to ends at given shares of the limit, through the last figure: assumptions, no forecast.

    Parameters
    ----------
    result : Forecast
    shares : sequence of float, optional
        Those of the forecast unless others are given.

    Returns
    -------
    DataFrame
        A row per share and date: entity, indicator, share, date, value, unit, note. The value is missing where the
        series already stands above that end, and the note says so. No rows without a path to ends.
    """
    shares, names = result.shares if shares is None else shares, ["share", "date", "value", "unit", "note"]
    if not result.bounded or result.kind != "forecast" or not len(shares):
        return pd.DataFrame(columns=["entity", "indicator", *names])
    frames, reached = [], _window(result)[1].max()
    for share, path in zip(shares, _follow(result, np.array(shares, float)), strict=True):
        note = "" if reached < share else "already above this share"
        columns = {"entity": result.target.entity, "indicator": result.target.indicator, "share": share}
        columns |= {"date": result.dates, "value": np.nan if note else path, "unit": result.target.unit, "note": note}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def coverage_frame(result: Forecast) -> pd.DataFrame:
    """How often such ranges held on other technologies, each left out in turn.

    With a limit those from below a tenth of it count for a series that stands there, and the others for any other. If
    the figures level off, only series that did so too are counted (`data/levelled_ranges.csv`).

    Returns
    -------
    DataFrame
        A row per level and horizon: level, horizon_years, technologies, forecasts, and in percent, as means over
        technologies: covered, below and above (outcomes there), above_median. No rows where nothing is forecast.
    """
    rows = evaluate(result.lessons.frame, [FORECAST], sorted(result.levels), scored=False)
    share = float(result.used.iloc[-1] / result.limit_ahead(np.zeros(1))[0][0])
    alike = (rows["share"] < EARLY) == (share < EARLY)
    usual = summarise_coverage(rows[alike] if result.bounded and alike.any() else rows)
    if result.kind != "forecast":
        return usual.iloc[:0]
    if not np.isfinite(result.end):
        return usual
    counted = read_counts("levelled_ranges")
    found = [usual[~usual["level"].isin(counted["level"])], counted[counted["level"].isin(result.levels)]]
    return pd.concat([part for part in found if len(part)], ignore_index=True)


def middle_frame(result: Forecast) -> pd.DataFrame:
    """How often later figures of phones were above the middle of such a forecast (`data/phones_middle.csv`).

    Without a limit, and below a tenth of one, ranges called 80% held about half of the outcomes: the page gives the
    middle alone.

    Returns
    -------
    DataFrame
        A row per horizon: kind, years, units (countries), figures (later ones), above. No rows where a range is given.
    """
    counted = read_counts("phones_middle")
    share = float(result.used.iloc[-1] / result.limit_ahead(np.zeros(1))[0][0]) if result.bounded else 0.0
    early = result.kind == "forecast" and share < EARLY
    kind = "with a limit" if result.bounded else "without a limit"
    return counted[(counted["kind"] == kind) & early].reset_index(drop=True)
