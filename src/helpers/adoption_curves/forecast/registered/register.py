"""Make the rows of a forecast and of two baselines beside it, put them on record, and read what is there.

The baselines are what any other forecast must beat to be worth its trouble (Hyndman and Athanasopoulos 2021,
*Forecasting: principles and practice*, chapter 5: naive and drift method with normal intervals, for figures that need
not be evenly spaced).
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ...base.dates import decimal_years
from ...base.project import PUBLISHED_MODEL, RunError, find_register
from ...indicators import AdoptionSeries, Data
from ...indicators.cells import check_date
from .hub import BASELINES, ENTRY, HUB_COLUMNS, TARGET_COLUMNS, add_to_hub, read_hub


def enter(
    series: AdoptionSeries,
    quantiles: pd.DataFrame,
    dates: Sequence[Any] = (),
    origin: str | date = "",
    published: str | date = "",
    model: str = PUBLISHED_MODEL,
) -> pd.DataFrame:
    """Make the rows of a forecast, and of both baselines beside it, for the record; nothing is written.

    Parameters
    ----------
    series : AdoptionSeries
        As known on the day of origin; it may have no bound.
    quantiles : DataFrame
        Forecast of that series: a row per date, a column per level, in its unit.
    dates : sequence of dates
        Of those of `quantiles`; by default the first two after every figure, or the last.
    origin, published : str or date
        The day as of which `series` was known, and the one on which this goes on record; by default today.
    model : str
        Id of the method: TEAM-MODEL, each of at most 16 letters, digits or "_".

    Returns
    -------
    DataFrame
        Columns `hub.HUB_COLUMNS`, days as text.

    Raises
    ------
    RunError
        When nothing that comes could be set beside it: the series has too few figures or ends at a break, one lies
        before a date, or a date is not after the last figure; and for a date that the forecast does not have.
    """
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    day, on_record = (check_date("as_of", each or today) for each in (origin, published))
    after = quantiles.index[quantiles.index > max([series.values.index[-1], *series.newer.index])]
    wanted = [check_date("dates", each) for each in dates] or list(after[:2]) or list(quantiles.index[-1:])
    ends = pd.DatetimeIndex(sorted(set(wanted)))
    if len(absent := ends.difference(quantiles.index)):
        there = ", ".join(f"{each:%Y-%m-%d}" for each in quantiles.index)
        raise RunError(f"The forecast has no {absent[0]:%Y-%m-%d}. Its dates are {there}.")
    _refuse_unscorable(series, ends)
    levels = [float(level) for level in quantiles]
    limit = 100.0 if series.unit.startswith("percent") else np.inf
    tables = {model: quantiles.loc[ends].to_numpy(float)}
    tables |= {
        name: _forecast_baseline(series.values, ends, levels, name.endswith("drift"), limit) for name in BASELINES
    }
    frames = [
        pd.DataFrame(values, ends.strftime("%Y-%m-%d"), levels)
        .rename_axis("target_end_date").reset_index().melt("target_end_date", var_name="output_type_id")
        .sort_values(["target_end_date", "output_type_id"], kind="stable").assign(model_id=name)
        for name, values in tables.items()
    ]  # fmt: skip
    labels = {"origin_date": f"{day:%Y-%m-%d}", "published": f"{on_record:%Y-%m-%d}", "entity": series.entity}
    bound = series.bound.name if series.bound is not None else "none"
    labels |= {"indicator": series.indicator, "bound": bound, "unit": series.unit}
    return pd.concat(frames, ignore_index=True).assign(output_type="quantile", **labels)[HUB_COLUMNS]


def _refuse_unscorable(series: AdoptionSeries, dates: pd.DatetimeIndex) -> None:
    """Refuse a forecast that no later figure could score."""
    name = f"{series.indicator} of {series.entity}"
    if len(series.values) < 3:
        raise RunError(f"{name} cannot be registered: the baselines need three figures.")
    last = series.values.index[-1]
    if dates[0] <= last:
        raise RunError(f"{name} has its last figure on {last:%Y-%m-%d}; {dates[0]:%Y-%m-%d} is not after it.")
    hard = series.breaks[(series.breaks["kind"] == "break") & series.breaks["date"].between(last, dates[-1], "right")]
    if len(hard):
        reason = f"{hard['date'].iloc[0]:%Y-%m-%d} ({hard['reason'].iloc[0]})"
        raise RunError(f"{name} breaks on {reason}, before {dates[-1]:%Y-%m-%d}: later figures count something else.")


def _forecast_baseline(
    values: pd.Series, dates: pd.DatetimeIndex, levels: Sequence[float], drift: bool, limit: float = np.inf
) -> np.ndarray:
    """Quantiles of the last value, or of a straight line at the mean change (drift), with normal bands.

    Parameters
    ----------
    values : Series of float
        Exact figures by date, at least three; of two on one day the later counts.
    dates : DatetimeIndex
        (H,) after the last of them.
    levels : sequence of float
        (Q,) between 0 and 1.
    drift : bool
        True if the mean change per year continues. The variance of a step is then taken about it, with a degree of
        freedom less, and grows by the error of the mean.
    limit : float
        Largest possible value; the smallest is 0.

    Returns
    -------
    ndarray (H, Q), in the unit of `values`
    """
    values = values.dropna().sort_index()
    values = values[~values.index.duplicated(keep="last")]
    years, steps = decimal_years(values.index), np.diff(values.to_numpy(float))
    gaps, span, ahead = np.diff(years), years[-1] - years[0], decimal_years(dates) - years[-1]
    change = steps.sum() / span if drift else 0.0
    variance = ((steps - change * gaps) ** 2 / gaps).sum() / (len(steps) - drift)
    spread = np.sqrt(variance * ahead * (1 + (ahead / span if drift else 0.0)))
    centre = values.iloc[-1] + change * ahead
    return np.clip(centre[:, None] + spread[:, None] * ndtri(np.asarray(levels, float)), 0.0, limit)


def register(rows: pd.DataFrame, data: Data, hub: Path | None = None) -> list[Path]:
    """Put the rows of `enter` on record, of any number of series at once: all or none.

    Parameters
    ----------
    rows : DataFrame
        From `enter`; of several, joined by ``pandas.concat``.
    data : Data
        That the series come from.
    hub : Path, optional
        By default ``forecasts/`` beside these data; made where it is not there.

    Returns
    -------
    list of Path
        The files that are new or longer.

    Raises
    ------
    RunError
        As `hub.add_to_hub`, and where the day of record cannot be right.
    """
    today, day = f"{datetime.now().astimezone():%Y-%m-%d}", max(rows[["origin_date", "published"]].max())
    if day > today:
        raise RunError(
            f"{day} is the day of record, but today is {today}: no forecast goes on record ahead of its day."
        )
    newest = f"{data.observations['published'].max():%Y-%m-%d}"
    if (day := min(rows["published"])) < newest:
        figure = f"The data hold a figure that was published on {newest}, after {day}, the day of record"
        raise RunError(f"{figure}. Set the clock right, or mend the day in the data.")
    if rows.duplicated([*ENTRY, "output_type_id"]).any():
        row = rows[rows.duplicated([*ENTRY, "output_type_id"])].iloc[0]
        raise RunError(f"{row['indicator']} of {row['entity']} for {row['target_end_date']} is named twice.")
    folder = find_register(data.path) if hub is None else hub
    task = ["entity", "indicator"]
    figures = list_figures(data, pd.concat([read_hub(folder)[task], rows[task]]))
    titles = {name: data.find_entry(name).title for name in rows["indicator"].unique()}
    return add_to_hub(folder, rows, titles, figures)


def read_register(
    data: Data, entity: str = "", indicator: str = "", hub: Path | None = None, withdrawn: bool = False
) -> pd.DataFrame:
    """Read the quantiles on record of one series, or of all, that were published by the day as of which data are known.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        "" for all.
    hub : Path, optional
        By default ``forecasts/`` beside these data.
    withdrawn : bool
        True for the forecasts of methods that were withdrawn, in the hub ``withdrawn`` inside that one.

    Returns
    -------
    DataFrame
        Columns `hub.HUB_COLUMNS`, dates as such, in order of model, series, origin, date and quantile.

    Raises
    ------
    DataError
        When a file of the record holds what cannot be right.
    """
    folder, limit = find_register(data.path) if hub is None else hub, data.limit()
    rows = read_hub(folder / "withdrawn" if withdrawn else folder)
    kept = ((rows["entity"] == entity) | (entity == "")) & ((rows["indicator"] == indicator) | (indicator == ""))
    kept &= True if limit is None else rows["published"] <= limit
    return rows[kept].sort_values([*ENTRY, "output_type_id"], kind="stable").reset_index(drop=True)


def list_figures(data: Data, pairs: pd.DataFrame) -> pd.DataFrame:
    """The figures of series, each vintage with the day on which it was public: a hub's target data.

    Parameters
    ----------
    data : Data
    pairs : DataFrame
        Columns entity, indicator.

    Returns
    -------
    DataFrame
        Columns `hub.TARGET_COLUMNS`: days as text, ``censoring`` exact, at_least or at_most, ``last_break`` the
        day of the last break at or before the figure, or "". Series that the data do not hold are left out.
    """
    frames, task = [pd.DataFrame(columns=TARGET_COLUMNS)], ["entity", "indicator"]
    held = data.observations[task].drop_duplicates().merge(pairs[task].drop_duplicates())
    for entity, indicator in held.sort_values(task).to_numpy():
        rows, breaks = data.find_vintages(entity, indicator), data.find_breaks(entity, indicator)
        hard = breaks.loc[breaks["kind"] == "break", "date"]
        last = [hard[hard <= day].max() for day in rows["date"]]
        frames.append(pd.DataFrame({
            "as_of": rows["published"].dt.strftime("%Y-%m-%d"), "target_end_date": rows["date"].dt.strftime("%Y-%m-%d"),
            "entity": entity, "indicator": indicator, "observation": rows["value"], "censoring": rows["bound"],
            "unit": data.find_entry(indicator).unit,
            "last_break": ["" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in last],
        }))  # fmt: skip
    return pd.concat(frames[1:] or frames, ignore_index=True)
