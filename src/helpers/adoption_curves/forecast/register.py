"""The register: forecasts filed before their outcomes are published, and their scores.

``forecasts.csv`` in the data folder has a row for each forecast, date and level. Rows are added and never changed. With
each forecast two benchmark forecasts are registered: the naive and the drift method with normal intervals (Hyndman and
Athanasopoulos 2021, *Forecasting: principles and practice*, chapter 5), for observations that need not be evenly
spaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..base.dates import decimal_years
from ..base.files import write_file
from ..base.folders import lock_folder
from ..base.formats import format_day, format_number
from ..base.levels import LEVELS, band_ends
from ..base.project import (
    ESTIMATES,
    PACKAGED,
    PUBLISHED_MODEL,
    WITHDRAWN,
    RunError,
    find_register,
    is_estimate,
    is_register,
    shorten_path,
)
from ..indicators import AdoptionSeries, Data, DataError, Problem
from ..indicators.checks import raise_problems
from ..indicators.data_files import read_schemas, read_table
from ..indicators.validate import check_date, read_cells
from .forecasting import forecast
from .scores import quantile_score

COLUMNS = ["model", "version", "registered", "entity", "indicator", "limit", "since", "unit"]
COLUMNS += ["last_date", "last_figure", "target_date", "level", "value"]
# Columns that identify a forecast for a date.
KEY = COLUMNS[:-2]
# What two models forecast alike: a series under a limit, from a last value, for a date.
_TASK = KEY[3:]
_DIGITS = ".10g"
BASELINES = ("last_value", "drift")
_VINTAGES = ("first", "latest")
_RATIOS = [f"wis_{name}" for name in BASELINES]
# Columns of `adoption_curves.base.levels.LEVELS`; sentences quote the 80% range.
_COVERED = ["inside_50", "inside", "inside_90"]
_OUTCOME_COLUMNS = ["outcome", "side", "read_low", "came", "hindsight", "counted", "probability", *_COVERED, "wis"]
_OUTCOME_COLUMNS += [*_RATIOS, "why", "note", "revised"]
_SUMMARY = ["model", "registered", "to_come", "hindsight", "no_score", "counted", "exact"]
_SUMMARY += [*(f"coverage_{100 * level:.0f}" for level in LEVELS), *(f"{name}_ratio" for name in _RATIOS)]
_SUMMARY += ["inexact", "probability"]
# A value is for the date of a forecast if it is so near to it, and nearer than half the time between values.
_NEAR = pd.Timedelta(days=16)
# The day of a value is corrected by so much at most.
_LONGEST = pd.Timedelta(days=366)
# Number of values that the baselines need.
_LEAST_VALUES = 3


def make_rows(
    series: AdoptionSeries,
    quantiles: pd.DataFrame,
    dates: Sequence[Any] = (),
    today: date | None = None,
    model: str = PUBLISHED_MODEL,
    since: str = "",
) -> pd.DataFrame:
    """Rows for the register: a forecast and both benchmark forecasts. Nothing is written.

    Parameters
    ----------
    series : AdoptionSeries
        It need not have a limit.
    quantiles : DataFrame
        Forecast of the series: one row per date, a column per level, in its unit.
    dates : sequence of dates
        Dates of `quantiles` to register; by default the first two after every observation, or the last one.
    today : date, optional
        Day of registration.
    model : str
        Name of the method.
    since : str
        ISO day since which the forecast uses observations, or "" if it uses all. The benchmarks use all.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`.

    Raises
    ------
    RunError
        If no outcome could be compared with the forecast: there are too few observations, or a date follows a change of
        method, is not after the last observation, or is not in the forecast.
    """
    last = series.days[-1]
    after = quantiles.index[quantiles.index > max([last, *series.newer.index])]
    wanted = [check_date("dates", each) for each in dates] or list(after[:2]) or list(quantiles.index[-1:])
    ends = pd.DatetimeIndex(sorted(set(wanted)))
    if len(absent := ends.difference(quantiles.index)):
        there = ", ".join(f"{each:%Y-%m-%d}" for each in quantiles.index)
        raise RunError(f"The forecast has no value for {absent[0]:%Y-%m-%d}. Available dates: {there}.")
    _raise_for_unscorable(series, ends)
    tables, levels = {model: quantiles.loc[ends].to_numpy(float)}, [float(level) for level in quantiles]
    most = 100.0 if series.unit.startswith("percent") else np.inf
    for name in BASELINES:
        tables[name] = _forecast_baseline(series.values, ends, levels, name == "drift", most)
    cells = {name: pd.DataFrame(values, ends, levels).stack() for name, values in tables.items()}
    rows = pd.concat(cells, names=["model", "target_date", "level"]).rename("value").reset_index()
    return rows.assign(
        version=metadata.version("adoption-curves"),
        registered=pd.Timestamp(today or datetime.now().astimezone().date()),
        entity=series.entity,
        indicator=series.indicator,
        limit=series.limit.name if series.limit is not None else "none",
        since=since,
        unit=series.unit,
        last_date=last,
        last_figure=float(f"{series.values.iloc[-1]:{_DIGITS}}"),
    )[COLUMNS]


def make_rows_of_all(
    data: Data, indicator: str, dates: Sequence[Any] = (), today: date | None = None
) -> tuple[pd.DataFrame, list[str]]:
    """Rows for the register, for each country or region with the latest value of an indicator.

    They are medians and 80% intervals. Of those with equal values on every date, which share one regional value, only
    the first by name has rows. Groups of countries have none.

    Parameters
    ----------
    data : Data
    indicator : str
    dates : sequence of dates
        As in `make_rows`.
    today : date, optional
        Day of registration.

    Returns
    -------
    rows : DataFrame
        Columns `COLUMNS`.
    skipped : list of str
        Countries and regions without an interval.

    Raises
    ------
    RunError
        If no country or region has a forecast with an interval, or as from `make_rows`.
    """
    indicator = data.find_entry(indicator).indicator
    values = data.observations[data.observations["indicator"] == indicator]
    wide = values[values["entity"].isin(data.entities["entity"])].pivot(index="entity", columns="date", values="value")
    newest = wide[wide[wide.columns.max()].notna()] if len(wide) else wide
    rows, skipped = list[pd.DataFrame](), list[str]()
    for entity in newest.drop_duplicates().index:
        series = data.series(entity, indicator)
        result = forecast(series)
        if result.has_range:
            since = "" if pd.isna(result.since) else f"{result.since:%Y-%m-%d}"
            rows.append(make_rows(series, result.quantiles[[0.1, 0.5, 0.9]], dates, today, since=since))
        else:
            skipped.append(entity)
    if not rows:
        raise RunError(f"No country or region of {data.path.name} has a forecast of {indicator} with an interval.")
    return pd.concat(rows, ignore_index=True), skipped


def _raise_for_unscorable(series: AdoptionSeries, dates: pd.DatetimeIndex) -> None:
    """Raise an error for a forecast that no later value could score."""
    name = f"{series.indicator} of {series.entity}"
    if len(series.values) < _LEAST_VALUES:
        raise RunError(f"{name} cannot be registered: the benchmark methods need at least three observations.")
    last = series.values.index[-1]
    if dates[0] <= last:
        raise RunError(f"{dates[0]:%Y-%m-%d} is not after the last observation of {name}, {last:%Y-%m-%d}.")
    hard = series.breaks[(series.breaks["kind"] == "break") & series.breaks["date"].between(last, dates[-1], "right")]
    if len(hard):
        reason = f"{hard['date'].iloc[0]:%Y-%m-%d} ({hard['reason'].iloc[0]})"
        raise RunError(
            f"{name} has a change of method on {reason}, before {dates[-1]:%Y-%m-%d}, so outcomes are not comparable."
        )


def _forecast_baseline(
    values: pd.Series, dates: pd.DatetimeIndex, levels: Sequence[float], drift: bool, most: float = np.inf
) -> np.ndarray:
    """Quantiles of a benchmark method: the naive method, or the drift method, with normal intervals.

    Parameters
    ----------
    values : Series of float
        At least three exact values by date; of two on one day the later counts.
    dates : DatetimeIndex, length H
        Dates after the last value.
    levels : sequence of float, length Q
        Probabilities between 0 and 1.
    drift : bool
        Whether the mean change per year continues. The variance of a step is then that around the mean change, with one
        degree of freedom less, and grows by the error of the mean.
    most : float
        Largest possible value; the smallest is 0.

    Returns
    -------
    ndarray of float, shape (H, Q)
        In the unit of `values`.
    """
    values = values.dropna().sort_index()
    values = values[~values.index.duplicated(keep="last")]
    years, steps = decimal_years(values.index), np.diff(values.to_numpy(float))
    gaps, span, ahead = np.diff(years), years[-1] - years[0], decimal_years(dates) - years[-1]
    change = steps.sum() / span if drift else 0.0
    variance = ((steps - change * gaps) ** 2 / gaps).sum() / (len(steps) - drift)
    spread = np.sqrt(variance * ahead * (1 + (ahead / span if drift else 0.0)))
    centre = values.iloc[-1] + change * ahead
    return np.clip(centre[:, None] + spread[:, None] * ndtri(np.asarray(levels, float)), 0.0, most)


def add_rows(rows: pd.DataFrame, data: Data) -> Path:
    """Add rows from `make_rows` to the register in the data folder, all or none.

    Rows that are there are never changed. Benchmark forecasts that are registered already are left out.

    Parameters
    ----------
    rows : DataFrame
    data : Data
        Data that the series come from.

    Returns
    -------
    Path
        The register.

    Raises
    ------
    RunError
        If a forecast is registered already, a file of that name is not a register, the data are those of an installed
        package, or a value of the data was published after today.
    """
    if data.path.is_relative_to(PACKAGED):
        raise RunError("An installed package has no register. Start a project with 'adoption new', and register there.")
    path, newest, today = find_register(data.path), data.observations["published"].max(), rows["registered"].min()
    if today < newest:
        message = f"The data have a value published on {newest:%Y-%m-%d}, but today is {today:%Y-%m-%d}"
        raise RunError(f"{message}. Correct the date in the data, or the clock of the computer.")
    file = path.resolve()  # a link stays what it is, and what it names grows
    with lock_folder(file, "register", wait=True):
        if path.exists() and not is_register(path):
            raise RunError(f"{shorten_path(path)} is not a register. Move or rename it, then try again.")
        known = pd.MultiIndex.from_frame(_read_rows(path)[KEY].drop_duplicates())
        there = pd.MultiIndex.from_frame(rows[KEY]).isin(known)
        if len(twice := rows[there & ~rows["model"].isin(BASELINES)]):
            row = twice.iloc[0]
            what = f"{row['indicator']} of {row['entity']} for {row['target_date']:%Y-%m-%d} (limit: {row['limit']})"
            raise RunError(f"The forecast of {what} by {row['model']} was registered today already.")
        header = ",".join(COLUMNS)
        before = path.read_bytes() if path.exists() else f"{header}\n".encode()
        if before.splitlines()[0].decode("utf-8-sig") != header:
            raise RunError(
                f"{shorten_path(path)} has other columns than {header}. Use these columns; 'since' may be blank."
            )
        added = rows[~there].to_csv(
            index=False, header=False, lineterminator="\n", date_format="%Y-%m-%d", float_format=f"%{_DIGITS}"
        )
        end = b"" if before.endswith(b"\n") else b"\n"
        write_file(file, before + end + added.encode())
    return path


def read_register(data: Data, entity: str = "", indicator: str = "") -> pd.DataFrame:
    """Rows of the register that had been registered by the day as of which the data are known.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        Names of one series; "" for all.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, in the order of the file.

    Raises
    ------
    DataError
        If a cell of the register is wrong.
    """
    path, limit = find_register(data.path), data.day()
    rows = _read_rows(path, data.path.is_dir() or is_register(path), entity, indicator)
    return (rows if limit is None else rows[rows["registered"] <= limit]).reset_index(drop=True)


def _read_rows(path: Path, ours: bool = True, entity: str = "", indicator: str = "") -> pd.DataFrame:
    """Checked rows of a register; empty if there is none."""
    fields, problems = read_schemas()["forecasts"]["fields"], list[Problem]()
    text = read_table(path, fields) if ours else pd.DataFrame(columns=COLUMNS, dtype=str)
    for name, wanted in (("entity", entity), ("indicator", indicator)):
        text = text[text[name] == wanted] if wanted else text
    rows = read_cells(path.name, text, fields, problems)
    raise_problems(problems)
    steps = rows.groupby(KEY)[["level", "value"]].diff()
    wrong = rows[(steps["level"] <= 0) | (steps["value"] < 0) | (rows["level"] >= 1)]
    if len(wrong):
        message = "levels of a date must rise, and their values must not fall"
        raise DataError([Problem(path.name, int(wrong["row"].iloc[0]), "value", "", message)])
    return rows[COLUMNS]


def score_register(entries: pd.DataFrame, data: Data, vintage: str = "first") -> pd.DataFrame:
    """Score registered forecasts against published outcomes.

    Parameters
    ----------
    entries : DataFrame
        From `read_register`. Benchmark forecasts among them are used to score the others.
    data : Data
        Values published so far.
    vintage : {"first", "latest"}
        Which value counts as the outcome if it was revised.

    Returns
    -------
    DataFrame
        One row per forecast and target date, without benchmark methods: the columns `KEY`, ``limit_title``, ``q0.1``,
        ``q0.5``, ``q0.9``, and

        - ``outcome``, ``side``, ``read_low``: the value, whether it is "exact", "at_least" or "at_most", and its lowest
          assumed value; missing or "" if no comparable value has been published.
        - ``came``: publication date of the outcome. ``hindsight`` is True if the forecast was registered on that day or
          later, ``counted`` if the forecast has a score and no hindsight.
        - ``inside_50``, ``inside``, ``inside_90``: whether the 50, 80 and 90% intervals contain the outcome ("yes" or
          "no"; "" if a bound leaves it open, or the interval is not registered).
        - ``wis``, ``wis_last_value``, ``wis_drift``: weighted interval scores of the forecast and of the benchmark
          methods, in the unit of the series, for exact outcomes.
        - ``probability``: that the forecast gave to a bound.
        - ``why``: reason why a forecast with a published outcome has no score; ``note``: what was corrected since the
          registration; ``revised``: whether the outcome is a later vintage.

    Raises
    ------
    RunError
        If `vintage` is unknown.
    """
    if vintage not in _VINTAGES:
        raise RunError(f"vintage must be {' or '.join(_VINTAGES)}, got '{vintage}'.")
    each = entries.groupby(KEY, sort=False)
    scores = [_score_entry(dict(zip(KEY, key, strict=True)), part, data, vintage) for key, part in each]
    scored = pd.DataFrame(scores, columns=[*KEY, "q0.1", "q0.5", "q0.9", *_OUTCOME_COLUMNS])
    titles = dict(zip(data.indicators["indicator"], data.indicators["title"], strict=True))
    scored.insert(6, "limit_title", [titles.get(limit, limit) for limit in scored["limit"]])
    rows = scored[~scored["model"].isin(BASELINES)].drop(columns=_RATIOS)
    for name in BASELINES:
        against = scored.loc[scored["model"] == name, [*_TASK, "wis"]].drop_duplicates(_TASK, keep="last")
        rows = rows.merge(against.rename(columns={"wis": f"wis_{name}"}), on=_TASK, how="left")
    return rows[scored.columns]


def _score_entry(row: dict[str, Any], part: pd.DataFrame, data: Data, vintage: str) -> dict[str, Any]:
    """Scores of one forecast for one date; `row` has the columns `KEY`."""
    levels, values = part["level"].to_numpy(float), part["value"].to_numpy(float)
    score = row | dict(zip(("q0.1", "q0.5", "q0.9"), np.interp([0.1, 0.5, 0.9], levels, values), strict=True))
    score |= {"side": "", "came": pd.NaT, "hindsight": False, "counted": False, "why": "", "note": "", "revised": False}
    score |= dict.fromkeys(_COVERED, "")
    last, outcomes, note = _find_outcomes(row, data)
    if outcomes.empty:
        return score
    score |= {"came": outcomes["published"].iloc[0], "why": _find_reason(row, last, outcomes["date"].iloc[0], data)}
    score["hindsight"] = bool(row["registered"] >= score["came"])
    if score["why"]:
        return score
    published = outcomes.iloc[0 if vintage == "first" else -1]
    outcome, side = float(published["value"]), published["qualifier"]
    score |= {"outcome": outcome, "side": side, "counted": not score["hindsight"], "note": note}
    score["read_low"] = published.get("read_low", np.nan)  # of a bound, the lower end of its assumed value
    score["revised"] = vintage == "latest" and len(outcomes) > 1
    for name, level in zip(_COVERED, LEVELS, strict=True):
        if not {*band_ends(level)} <= {*levels}:
            continue
        low, high = np.interp(band_ends(level), levels, values)
        outside = {"exact": outcome < low or outcome > high, "at_least": outcome > high, "at_most": outcome < low}
        score[name] = "no" if outside[side] else "yes" if side == "exact" else ""
    if side == "exact":
        return score | {"wis": float(quantile_score(np.array([outcome]), values[None], levels)[0])}
    below = float(np.interp(outcome, values, levels, left=0, right=1))
    return score | {"probability": 1 - below if side == "at_least" else below}


def _find_outcomes(row: dict[str, Any], data: Data) -> tuple[pd.Timestamp, pd.DataFrame, str]:
    """Current data for a registered forecast, which may have been corrected since.

    Returns
    -------
    tuple
        Date of the last observation that it used; every vintage of the value that it forecast; a sentence or two on
        what was corrected, or "".
    """
    last, day, notes = row["last_date"], row["target_date"], list[str]()
    rows = data.find_vintages(row["entity"], row["indicator"])
    exact = rows.loc[rows["qualifier"] == "exact", ["date", "value"]]
    same = exact.loc[np.isclose(exact["value"], row["last_figure"], rtol=1e-9, atol=0), "date"]
    away = (same - last).abs().min()
    if pd.isna(away) or away > _LONGEST:
        used = format_number(row["last_figure"], row["unit"])
        notes.append(f"The last value that it used, {used}, has since been changed.")
    elif away:
        last = same.iloc[(same - last).abs().argmin()]
        day += last - row["last_date"]
        notes.append(
            f"The last value that it used is now dated {format_day(last)}, not {format_day(row['last_date'])}."
        )
    room = min(_NEAR, exact["date"].drop_duplicates().diff().median() / 2)
    near = rows.loc[(rows["date"] > last) & ((rows["date"] - day).abs() <= room), "date"]
    if near.empty:
        return last, rows.iloc[:0], ""
    outcomes = rows[rows["date"] == near.iloc[(near - day).abs().argmin()]]
    if (came := outcomes["date"].iloc[0]) != row["target_date"]:
        notes.append(f"It is scored against the value for {format_day(came)}, the one that it meant.")
    breaks = data.find_breaks(row["entity"], row["indicator"])
    start = breaks.loc[(breaks["kind"] == "break") & (breaks["date"] <= last), "date"].max()
    if exact.loc[exact["date"].between(start, last), "date"].nunique() < _LEAST_VALUES and pd.notna(start):
        notes.append(
            f"The change of method on {format_day(start)} has been marked since; the forecast used earlier values."
        )
    return last, outcomes, " ".join(notes)


def _find_reason(row: dict[str, Any], last: pd.Timestamp, day: pd.Timestamp, data: Data) -> str:
    """Reason why the value of a day cannot be compared with the forecast; "" if it can."""
    if (now := data.find_entry(row["indicator"]).unit) != row["unit"]:
        return f"the value is in {now}, the forecast in {row['unit']}"
    breaks = data.find_breaks(row["entity"], row["indicator"])
    hard = breaks[(breaks["kind"] == "break") & (breaks["date"] > last) & (breaks["date"] <= day)]
    if hard.empty:
        return ""
    change = f"{format_day(hard['date'].iloc[0])} ({hard['reason'].iloc[0]})"
    return f"the method changed on {change}, so the value is not comparable"


def summarise_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Scores by method, for forecasts registered before their outcome was published.

    Parameters
    ----------
    scored : DataFrame
        From `score_register`.

    Returns
    -------
    DataFrame
        One row per method: the current one, its estimates of values not yet published (`ESTIMATES`), and the withdrawn
        ones together. ``registered``, ``to_come``, ``hindsight``, ``no_score`` and ``counted`` are numbers of
        forecasts, ``exact`` and ``inexact`` those of the counted ones with such outcomes. ``coverage_50``,
        ``coverage_80`` and ``coverage_90`` are shares of exact outcomes, ``wis_last_value_ratio`` and
        ``wis_drift_ratio`` geometric means of the WIS relative to the benchmark method (below 1 is better), and
        ``probability`` is the mean that was given to inexact outcomes. Missing if nothing has been published.
    """
    rows = []
    models = scored["model"].mask((scored["model"] == PUBLISHED_MODEL) & is_estimate(scored), ESTIMATES)
    models = models.mask(models.isin(WITHDRAWN), "withdrawn methods")
    for model, part in scored.groupby(models):
        counted, came = part[part["counted"]], part["came"].notna()
        exact, inexact = counted[counted["side"] == "exact"], counted[counted["side"] != "exact"]
        row: dict[str, Any] = {"model": model, "registered": len(part), "to_come": int((~came).sum())}
        row |= {"hindsight": int(part["hindsight"].sum()), "counted": len(counted), "exact": len(exact)}
        row["no_score"] = int((came & (part["side"] == "") & ~part["hindsight"]).sum())
        for level, name in zip(LEVELS, _COVERED, strict=True):
            row[f"coverage_{100 * level:.0f}"] = (exact.loc[exact[name] != "", name] == "yes").mean()
        for name in _RATIOS:
            both = exact[(exact["wis"] > 0) & (exact[name] > 0)]
            row[f"{name}_ratio"] = np.exp(np.log(both["wis"] / both[name]).mean()) if len(both) else np.nan
        row |= {"inexact": len(inexact), "probability": inexact["probability"].astype(float).mean()}
        rows.append(row)
    return pd.DataFrame(rows, columns=_SUMMARY)
