"""The next figure: what would surprise, what the record said of it before, and why the forecast has changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from ..base.levels import band_columns, quoted_level, say_level
from ..base.words import NO_RANGE, say, say_day, say_name, say_range
from ..forecast.hub import BASELINES, ENTRY
from ..forecast.register import PUBLISHED_MODEL
from ..indicators import AdoptionSeries, Data

COLUMNS = ["part", "date", "low", "high", "level", "unit", "sentence"]
SAME = 0.005
"""Part by which a median may differ and still be called the same."""
MAX_FIGURES = 3
"""Figures that a sentence names."""


def bands_on_record(entries: pd.DataFrame) -> pd.DataFrame:
    """What the record says last of each date, baselines left out, with q0.1, q0.5 and q0.9.

    Of several forecasts from the same day that of the published method counts, since the others are what it replaced.

    Parameters
    ----------
    entries : DataFrame
        From `register.read_register`.

    Returns
    -------
    DataFrame
        A row per series and date, in order of date: columns `hub.ENTRY`, then q0.1, q0.5, q0.9.
    """
    rows = entries[~entries["model_id"].isin(BASELINES) & entries["output_type_id"].isin([0.1, 0.5, 0.9])]
    wide = rows.set_index([*ENTRY, "output_type_id"])["value"].astype(float).unstack("output_type_id")
    wide = wide.reindex(columns=[0.1, 0.5, 0.9]).rename(columns=lambda level: f"q{level:g}").rename_axis(columns=None)
    wide = wide.reset_index().assign(published_method=lambda row: row["model_id"] == PUBLISHED_MODEL)
    wide = wide.sort_values(["target_end_date", "origin_date", "published_method", "published"], kind="stable")
    last = wide.drop_duplicates(["entity", "indicator", "target_end_date"], keep="last", ignore_index=True)
    return last.drop(columns="published_method")


def find_next_date(forecast: pd.DataFrame, series: AdoptionSeries) -> pd.Timestamp | None:
    """The first date of a forecast after every figure of the series; None where there is none."""
    newest = max([series.values.index[-1], *series.newer.index])
    after = forecast.loc[forecast["date"] > newest, "date"]
    return None if after.empty else after.iloc[0]


def state_next(
    forecast: pd.DataFrame, series: AdoptionSeries, entries: pd.DataFrame, data: Data, levels: Sequence[float]
) -> pd.DataFrame:
    """The table ``06_next``: what would surprise, what the record said of that date before, and why it has changed.

    Parameters
    ----------
    forecast : DataFrame
        Rows of ``05_forecast`` of the published method.
    series : AdoptionSeries
    entries : DataFrame
        From `register.read_register`, of the series.
    data : Data
    levels : sequence of float
        Of the run's bands; the quoted one says what would surprise.

    Returns
    -------
    DataFrame
        A row per part ("surprise", "before", "changed"): part, date, low, high (ends of the band, in the unit), level,
        unit, sentence. No rows where no date lies ahead, a newer figure refutes the forecast, or it has no range.
    """
    date = find_next_date(forecast, series)
    if date is None or forecast["basis"].isin(["refuted", NO_RANGE]).any():
        return pd.DataFrame(columns=COLUMNS)
    now, level, unit = forecast[forecast["date"] == date].iloc[0], quoted_level(levels), series.unit
    low, high = (float(now[name]) for name in band_columns(level))
    title, below = series.full_title, say(low, unit, high, bare=True)
    sentence = f"{title}: for {say_day(date)} a figure below {below} or above {say(high, unit)} would be a surprise, "
    rows = [("surprise", low, high, level, f"{sentence}since it would lie outside the {say_level(level)} band.")]
    on_record = bands_on_record(entries)
    on_record = on_record[on_record["target_end_date"] == date]
    if len(on_record):
        old = on_record.iloc[-1]
        band = f"{say_range(old['q0.1'], old['q0.9'], unit)} (80 % band; median {say(old['q0.5'], unit, bare=True)}"
        text = f"{title}: from what was known on {say_day(old['origin_date'])}, the record said {band}; "
        text += f"{old['model_id']}) for {say_day(date)}."
        rows.append(("before", old["q0.1"], old["q0.9"], 0.8, text))
        rows.append(("changed", low, high, level, f"{title}: {_say_change(old, now, series, data)}"))
    frame = pd.DataFrame(rows, columns=["part", "low", "high", "level", "sentence"]).assign(date=date, unit=unit)
    return frame[COLUMNS]


def _say_change(old: Any, now: Any, series: AdoptionSeries, data: Data) -> str:
    """Why the forecast differs from that on record, or that it is the same."""
    median = float(now["q0.5"])
    says = f"now the median for {say_day(now['date'])} is {say(median, series.unit)}"
    if abs(median - old["q0.5"]) <= SAME * abs(old["q0.5"]):
        return f"{says}, as on record."
    rows = data.find_vintages(series.entity, series.indicator)
    rows, why = rows[rows["published"] > old["origin_date"]], []
    if len(rows):
        named = [
            f"{'' if row.bound == 'exact' else say_name(row.bound) + ' '}{say(row.value, series.unit)} for "
            f"{say_day(row.date)}"
            for row in rows.tail(MAX_FIGURES).itertuples()
        ]
        more = f" and {len(rows) - len(named)} earlier ones" if len(rows) > len(named) else ""
        why.append(f"{', '.join(named)}{more} came after that")
    if old["model_id"] != PUBLISHED_MODEL:
        why.append(f"the method has changed, to {PUBLISHED_MODEL}")
    if old["bound"] != (series.bound_name or "none"):
        names = (name.replace("_", " ") for name in (old["bound"], series.bound_name or "none"))
        why.append(f"the bound has changed, from {' to '.join(names)}")
    reason = "; ".join(why) or "the method, or what it learnt from other technologies, has changed; no figure has come"
    return f"{says}, since {reason}."
