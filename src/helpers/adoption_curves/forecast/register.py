"""Put forecasts on record, and read what is: a hub in the form of the hubverse, see `hub`.

`enter` makes the rows of one forecast and of the two baselines beside it, `register` writes rows of any number of
series, `register_series` does both for a table of series, and `read_register` reads them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST
from ..base.project import RunError, find_register
from ..base.words import NO_FORECAST
from ..indicators import AdoptionSeries, Data, DataError, Problem
from ..indicators.cells import check_date
from .baselines import baseline_quantiles
from .forecasting import forecast
from .hub import (
    BASELINES,
    COLUMNS,
    ENTRY,
    SAMPLES,
    TARGET_COLUMNS,
    TEAM,
    add_to_hub,
    check_model_id,
    read_hub,
)
from .result import HUB_QUANTILES, Forecast

PUBLISHED_MODEL = f"{TEAM}-path_1"
"""Id of the published method; another method has another id."""
NEXT_DATES = 2
"""Default dates of a registered forecast."""


def enter(
    series: AdoptionSeries,
    result: Forecast,
    dates: Sequence[Any] = (),
    model: str = PUBLISHED_MODEL,
    origin: str | date = "",
    published: str | date = "",
) -> pd.DataFrame:
    """Make the rows of a forecast, and of both baselines beside it, for the record; nothing is written.

    Parameters
    ----------
    series : AdoptionSeries
        As known on the day of origin; it may have no bound.
    result : Forecast
        Of that series. Quantiles and 100 of its joint paths go on record.
    dates : sequence of dates
        After the last exact figure; by default the first two of the forecast after every figure, or its last.
    model : str
        Id of the method: TEAM-MODEL, each of at most 16 letters, digits or "_".
    origin, published : str or date
        The day as of which `series` was known, and the one on which this goes on record; by default today.

    Returns
    -------
    DataFrame
        Columns `hub.COLUMNS`, days as text.

    Raises
    ------
    RunError
        When nothing that comes could be set beside it: the series ends at a break, one lies before a date, a date is
        not after the last figure, or a newer figure refutes the forecast. And for a model's id of another form.
    """
    check_model_id(model)
    if result.kind == "fallen":
        raise RunError(f"{series.indicator} of {series.entity} cannot be registered: {NO_FORECAST}.")
    today = f"{datetime.now().astimezone():%Y-%m-%d}"
    day, on_record = (check_date("as_of", each or today) for each in (origin, published))
    after = result.dates[result.dates > max([series.values.index[-1], *series.newer.index])]
    wanted = [check_date("dates", each) for each in dates] or list(after[:NEXT_DATES]) or list(result.dates[-1:])
    ends = pd.DatetimeIndex(sorted(set(wanted)))
    _refuse_unscorable(series, result, ends)
    chosen = replace(result, dates=ends)
    paths = chosen.paths.to_numpy()
    paths = paths[np.random.default_rng(0).choice(len(paths), SAMPLES, replace=False)]
    limit = 100.0 if series.unit.startswith("percent") else np.inf
    parts: list[tuple[str, str, Sequence[float], np.ndarray]]
    parts = [(model, "quantile", HUB_QUANTILES, chosen.at(chosen.years, HUB_QUANTILES).T)]
    parts += [(model, "sample", range(SAMPLES), paths)]
    for name in BASELINES:
        quantiles = baseline_quantiles(series.values, ends, HUB_QUANTILES, name.endswith("drift"), limit)
        parts.append((name, "quantile", HUB_QUANTILES, quantiles.T))
    frames = [
        pd.DataFrame(values.T, ends.strftime("%Y-%m-%d"), list(ids))
        .rename_axis("target_end_date").reset_index().melt("target_end_date", var_name="output_type_id")
        .sort_values(["target_end_date", "output_type_id"], kind="stable")
        .assign(model_id=name, output_type=kind)
        for name, kind, ids, values in parts
    ]  # fmt: skip
    labels = {"origin_date": f"{day:%Y-%m-%d}", "published": f"{on_record:%Y-%m-%d}", "entity": series.entity}
    labels |= {"indicator": series.indicator, "bound": series.bound_name or "none", "unit": series.unit}
    return pd.concat(frames, ignore_index=True).assign(**labels)[COLUMNS]


def _refuse_unscorable(series: AdoptionSeries, result: Forecast, dates: pd.DatetimeIndex) -> None:
    """Refuse a forecast that no later figure could score."""
    name, last = f"{series.indicator} of {series.entity}", series.values.index[-1]
    if len(series.values) < SHORTEST:
        raise RunError(f"{name} cannot be registered: the baselines need {SHORTEST} figures.")
    if len(series.later):
        raise RunError(f"{name} cannot be registered: {series.segment_note} Later figures count something else.")
    if dates[0] <= last:
        raise RunError(f"{name} has its last figure on {last:%Y-%m-%d}; {dates[0]:%Y-%m-%d} is not after it.")
    hard = series.breaks[(series.breaks["kind"] == "break") & series.breaks["date"].between(last, dates[-1], "right")]
    if len(hard):
        reason = f"{hard['date'].iloc[0]:%Y-%m-%d} ({hard['reason'].iloc[0]})"
        raise RunError(f"{name} breaks on {reason}, before {dates[-1]:%Y-%m-%d}: later figures count something else.")
    if result.refuted:
        raise RunError(f"{name} cannot be registered: a newer figure contradicts the forecast.")


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
        As `hub.add_to_hub`, and for days that cannot be right.
    """
    _refuse_days(rows, data)
    folder = find_register(data.path) if hub is None else hub
    there, task = read_hub(folder), ["entity", "indicator"]
    pairs = pd.concat([there[task], rows[task]]).drop_duplicates()
    if rows.duplicated([*ENTRY, "output_type", "output_type_id"]).any():
        row = rows[rows.duplicated([*ENTRY, "output_type", "output_type_id"])].iloc[0]
        raise RunError(f"{row['indicator']} of {row['entity']} for {row['target_end_date']} is named twice.")
    titles = {name: data.find_entry(name).title for name in rows["indicator"].unique()}
    return add_to_hub(folder, rows, titles, list_figures(data, pairs))


def _refuse_days(rows: pd.DataFrame, data: Data) -> None:
    """Refuse a day of origin or publication after today, and a today before the last publication in the data."""
    today, last = f"{datetime.now().astimezone():%Y-%m-%d}", data.last_published()
    for name, words in (("origin_date", "the day as of which the series is known"), ("published", "its day of record")):
        if (late := max(rows[name])) > today:
            raise RunError(f"{late} is {words}, but today is {today}: no forecast goes on record ahead of its day.")
    known = f"{data.observations['published'].max():%Y-%m-%d}"
    for day, newest in ((today, last), (min(rows["published"]), known)):  # a clock that is wrong; a day that is given
        if day < newest:
            figure = f"The data hold a figure that was published on {newest}, after {day}, the day of record"
            raise RunError(f"{figure}. Set the clock right, or mend the day in the data.")


def register_series(
    table: pd.DataFrame, data: Data, model: str = PUBLISHED_MODEL, hub: Path | None = None, today: date | None = None
) -> list[Path]:
    """Forecast every series of a table and put all on record, or none.

    Parameters
    ----------
    table : DataFrame
        Columns entity, indicator, bound ("" for none) and, where it has them, dates: "YYYY-MM-DD", several with blanks
        or semicolons between; "" for the forecast's own next two.
    data : Data
        The day of origin is their `as_of`, or today.
    model : str
        Id of the published method.
    hub : Path, optional
        As for `register`.
    today : date, optional
        The day on which they go on record.

    Returns
    -------
    list of Path

    Raises
    ------
    DataError, RunError
        With every row that cannot be registered, and the reason.
    """
    missing = {"entity", "indicator", "bound"} - set(table)
    if missing or table.empty:
        lacks = ", ".join(sorted(missing)) or "rows"
        raise RunError(f"A table of series has rows, and the columns entity, indicator, bound; missing: {lacks}.")
    day = today or datetime.now().astimezone().date()
    entries, problems = [], []
    for row, (_, each) in enumerate(table.fillna("").astype(str).iterrows(), 2):
        try:
            dates = each.get("dates", "").replace(";", " ").split()
            series = data.series(each["entity"], each["indicator"], each["bound"])
            entries.append(enter(series, forecast_series(data, series), dates, model, data.as_of or day, day))
        except (ValueError, RunError) as error:
            problems.append(Problem("", row, "", f"{each['indicator']} of {each['entity']}", str(error)))
    if problems:
        raise DataError(problems)
    return register(pd.concat(entries, ignore_index=True), data, hub)


def forecast_series(data: Data, series: AdoptionSeries, horizon_years: float = 5) -> Forecast:
    """The published forecast of a series of `data`, with the settings of notebook 5.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries
    horizon_years : number

    Returns
    -------
    Forecast
    """
    offered = [float(other.iloc[-1]) for other in data.offer_bounds(series).values() if other is not None]
    limit = max(offered, default=None)
    return forecast(series, references=data.references(), horizon_years=horizon_years, limit=limit)


def read_register(data: Data, entity: str = "", indicator: str = "", hub: Path | None = None) -> pd.DataFrame:
    """Read the quantiles on record of one series, or of all, that were published by the day as of which data are known.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        "" for all.
    hub : Path, optional
        By default ``forecasts/`` beside these data.

    Returns
    -------
    DataFrame
        Columns `hub.COLUMNS`, dates as such, in order of model, series, origin, date and quantile.

    Raises
    ------
    DataError
        When a file of the record holds what cannot be right.
    """
    rows, limit = read_hub(find_register(data.path) if hub is None else hub), data.limit()
    kept = rows["output_type"] == "quantile"
    kept &= (rows["entity"] == entity) | (entity == "")
    kept &= (rows["indicator"] == indicator) | (indicator == "")
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
    frames, held = [], set(zip(data.observations["entity"], data.observations["indicator"], strict=True))
    for entity, indicator in (
        pairs[["entity", "indicator"]].drop_duplicates().sort_values(["entity", "indicator"]).to_numpy()
    ):
        if (entity, indicator) not in held:
            continue
        rows = data.find_vintages(entity, indicator)
        breaks = data.find_breaks(entity, indicator)
        hard = breaks.loc[breaks["kind"] == "break", "date"]
        last = [hard[hard <= day].max() for day in rows["date"]]
        frames.append(pd.DataFrame({
            "as_of": rows["published"].dt.strftime("%Y-%m-%d"), "target_end_date": rows["date"].dt.strftime("%Y-%m-%d"),
            "entity": entity, "indicator": indicator, "observation": rows["value"], "censoring": rows["bound"],
            "unit": data.find_entry(indicator).unit,
            "last_break": ["" if pd.isna(day) else f"{day:%Y-%m-%d}" for day in last],
        }))  # fmt: skip
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=TARGET_COLUMNS)
