"""Scores and forecasts as readers need them: fewer columns, percent, earlier origins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from helpers import forecast
from helpers.curves import decimal_years
from helpers.forecast.windows import SHORTEST, SHORTEST_SPAN
from helpers.levels import LEVELS, band_columns, band_ends

if TYPE_CHECKING:
    from helpers.indicators.series import AdoptionSeries


COVERAGES = ["coverage_50", "coverage_80", "coverage_95"]


def shorten_scores(scores: pd.DataFrame, window: int) -> pd.DataFrame:
    """Return the scores of one window length, with WIS and coverage in percent."""
    kept = ["method", "horizon_years", "n", "technologies", "mape", "wis", "wis_relative", *COVERAGES]
    shown = scores.loc[scores["window"] == window, kept]
    percent = ["mape", "wis", *COVERAGES]
    return shown.assign(**{name: 100 * shown[name] for name in percent})


def shorten_stages(stages: pd.DataFrame) -> pd.DataFrame:
    """Return the published forecast's coverage by stage of adoption, in percent."""
    shown = stages.loc[stages["method"] == "combined", ["stage", "horizon_years", "n", "technologies", *COVERAGES]]
    return shown.assign(**{name: 100 * shown[name] for name in COVERAGES})


def spread_scenarios(scenarios: pd.DataFrame) -> pd.DataFrame:
    """Return one row a date and one column a saturation share."""
    if scenarios.empty:
        return pd.DataFrame({"date": []})
    wide = scenarios.pivot(index="date", columns="share", values="value")
    wide.columns = [f"saturates at {100 * share:g} %" for share in wide.columns]
    return wide.reset_index()


def shorten_forecast(frame: pd.DataFrame, levels: Sequence[float]) -> pd.DataFrame:
    """Return the published forecast by date: mean, median and the ends of the bands of `levels`."""
    ends = sorted({0.5, *(end for level in levels for end in band_ends(level))})
    columns = ["date", "mean", *(f"q{end:g}" for end in ends), "basis"]
    return frame.loc[frame["method"] == "combined", columns]


def spread_sensitivity(sensitivity: pd.DataFrame, level: float) -> pd.DataFrame:
    """Return one row a date and the ends of the band of `level` by calibration."""
    wide = sensitivity.pivot(index="date", columns="calibration", values=list(band_columns(level)))
    wide.columns = [f"{calibration}: {quantile}" for quantile, calibration in wide.columns]
    return wide[sorted(wide.columns)].reset_index()


def pick_origins(series: AdoptionSeries, back: float = 3.2, most: int = 3) -> pd.DatetimeIndex:
    """Return at most `most` earlier dates, evenly spread over the last years, with enough points before each."""
    values = series.values[series.values > 0]  # a forecast passes over a figure of 0
    years = decimal_years(values.index)
    enough = (np.arange(len(years)) >= SHORTEST - 1) & (years - years[0] >= SHORTEST_SPAN)
    dates = values.index[enough][:-1]
    dates = dates[dates >= series.values.index[-1] - pd.Timedelta(days=365.25 * back)]
    step = max(1, -(-len(dates) // most))
    return dates[::-1][::step][::-1]


def make_hindcasts(
    series: AdoptionSeries,
    references: Sequence[AdoptionSeries],
    origins: pd.DatetimeIndex,
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """Return the published forecast as it would have been made at each origin by which enough was known of others.

    Returns
    -------
    DataFrame
        As `forecast.hindcast`, the rows of the published method up to half a year beyond the last observation.
    """
    origins = origins[
        [forecast.can_calibrate([forecast.cut_series(each, day) for each in references]) for day in origins]
    ]
    if not len(origins):
        return pd.DataFrame(columns=["origin", "date", "method", "mean", "q0.1", "q0.5", "q0.9", "actual"])
    years = (series.values.index[-1] - origins[0]).days / 365.25 + 0.5
    frame = forecast.hindcast(series, references=references, origins=origins, horizon_years=years, levels=levels)
    until = series.values.index[-1] + pd.Timedelta(days=190)
    return frame[(frame["method"] == "combined") & (frame["date"] <= until)].reset_index(drop=True)
