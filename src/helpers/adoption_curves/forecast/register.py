"""The register: forecasts made before their figure is published, in one table, and their scores against figures.

``forecasts.csv`` beside the data has a row for each forecast, date and level. Rows are added, and never changed. With
each forecast go those of two baselines, which any other forecast must beat to be worth its trouble (Hyndman and
Athanasopoulos 2021, *Forecasting: principles and practice*, chapter 5: naive and drift method with normal intervals,
for figures that need not be evenly spaced).
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
# What two models forecast alike: a series under a limit, from a last figure, for a date.
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
# A figure is for the date of a forecast if it is so near to it, and nearer than half the time between figures.
_NEAR = pd.Timedelta(days=16)
# The day of a figure is corrected by so much at most.
_LONGEST = pd.Timedelta(days=366)
# Figures that the baselines need.
_LEAST_FIGURES = 3

# ---- rows are added


def make_rows(
    series: AdoptionSeries,
    quantiles: pd.DataFrame,
    dates: Sequence[Any] = (),
    today: date | None = None,
    model: str = PUBLISHED_MODEL,
    since: str = "",
) -> pd.DataFrame:
    """Rows of a forecast, and of both baselines beside it; nothing is written.

    Parameters
    ----------
    series : AdoptionSeries
        It may have no limit.
    quantiles : DataFrame
        Forecast of that series: a row per date, a column per level, in its unit.
    dates : sequence of dates
        Of those of `quantiles`; by default the first two after every figure, or the last.
    today : date, optional
        The day on which it is registered.
    model : str
        The name of the method.
    since : str
        The ISO day since which the forecast uses values, or "" where it uses all; the baselines use all.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`.

    Raises
    ------
    RunError
        When no figure could be compared with it: the series has too few figures, a break lies before a
        date, or a date is not after the last figure; and for a date that the forecast does not have.
    """
    last = series.days[-1]
    after = quantiles.index[quantiles.index > max([last, *series.newer.index])]
    wanted = [check_date("dates", each) for each in dates] or list(after[:2]) or list(quantiles.index[-1:])
    ends = pd.DatetimeIndex(sorted(set(wanted)))
    if len(absent := ends.difference(quantiles.index)):
        there = ", ".join(f"{each:%Y-%m-%d}" for each in quantiles.index)
        raise RunError(f"The forecast has no {absent[0]:%Y-%m-%d}. Its dates are {there}.")
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
    """Rows of `make_rows` for each economy that has the newest value of an indicator: medians and 80% intervals.

    Of economies with equal values at every date, which share one regional value, only the first by name has rows. Areas
    that hold several economies have none.

    Parameters
    ----------
    data : Data
    indicator : str
    dates, today : as for `make_rows`

    Returns
    -------
    rows : DataFrame
        Columns `COLUMNS`.
    passed : list of str
        Economies without an interval.

    Raises
    ------
    RunError
        When no economy has a forecast with an interval, or as for `make_rows`.
    """
    indicator = data.find_entry(indicator).indicator
    values = data.observations[data.observations["indicator"] == indicator]
    wide = values[values["entity"].isin(data.entities["entity"])].pivot(index="entity", columns="date", values="value")
    newest = wide[wide[wide.columns.max()].notna()] if len(wide) else wide
    rows, passed = list[pd.DataFrame](), list[str]()
    for entity in newest.drop_duplicates().index:
        series = data.series(entity, indicator)
        result = forecast(series)
        if result.has_range:
            since = "" if pd.isna(result.since) else f"{result.since:%Y-%m-%d}"
            rows.append(make_rows(series, result.quantiles[[0.1, 0.5, 0.9]], dates, today, since=since))
        else:
            passed.append(entity)
    if not rows:
        raise RunError(f"No economy of {data.path.name} has a forecast of {indicator} with an interval.")
    return pd.concat(rows, ignore_index=True), passed


def _raise_for_unscorable(series: AdoptionSeries, dates: pd.DatetimeIndex) -> None:
    """Refuse a forecast that no later figure could score."""
    name = f"{series.indicator} of {series.entity}"
    if len(series.values) < _LEAST_FIGURES:
        raise RunError(f"{name} cannot be registered: the baselines need three figures.")
    last = series.values.index[-1]
    if dates[0] <= last:
        raise RunError(f"{name} has its last figure on {last:%Y-%m-%d}; {dates[0]:%Y-%m-%d} is not after it.")
    hard = series.breaks[(series.breaks["kind"] == "break") & series.breaks["date"].between(last, dates[-1], "right")]
    if len(hard):
        reason = f"{hard['date'].iloc[0]:%Y-%m-%d} ({hard['reason'].iloc[0]})"
        raise RunError(f"{name} breaks on {reason}, before {dates[-1]:%Y-%m-%d}: later figures count something else.")


def _forecast_baseline(
    values: pd.Series, dates: pd.DatetimeIndex, levels: Sequence[float], drift: bool, most: float = np.inf
) -> np.ndarray:
    """Quantiles of the last value, or of a straight line at the mean change (drift), with normal intervals.

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
    most : float
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
    return np.clip(centre[:, None] + spread[:, None] * ndtri(np.asarray(levels, float)), 0.0, most)


def add_rows(rows: pd.DataFrame, data: Data) -> Path:
    """The register beside the data, after rows of `make_rows` were added: all or none, and none that is there changes.

    Rows of a baseline that are registered already are left out, and are no fault.

    Parameters
    ----------
    rows : DataFrame
    data : Data
        That the series come from.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        When a forecast is registered already, a file of that name is no register or has other columns, the data are
        those of an installed package, or today is before the day on which a figure of the data was published.
    """
    if data.path.is_relative_to(PACKAGED):
        raise RunError("What was installed keeps no register. Begin a project with 'adoption new', and register there.")
    path, newest, today = find_register(data.path), data.observations["published"].max(), rows["registered"].min()
    if today < newest:
        figure = f"The data hold a figure that was published on {newest:%Y-%m-%d}, after {today:%Y-%m-%d}, today"
        raise RunError(f"{figure}. Set the clock right, or mend the day in the data.")
    file = path.resolve()  # a link stays what it is, and what it names grows
    with lock_folder(file, "register", wait=True):
        if path.exists() and not is_register(path):
            raise RunError(f"{shorten_path(path)} is there already, and is no register. Move it away.")
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
                f"{shorten_path(path)} has other columns than {header}. Give it these; 'since' may be blank."
            )
        added = rows[~there].to_csv(
            index=False, header=False, lineterminator="\n", date_format="%Y-%m-%d", float_format=f"%{_DIGITS}"
        )
        end = b"" if before.endswith(b"\n") else b"\n"
        write_file(file, before + end + added.encode())
    return path


def read_register(data: Data, entity: str = "", indicator: str = "") -> pd.DataFrame:
    """Rows of one series in the register, or of all, that were registered by the day as of which data are known.

    Parameters
    ----------
    data : Data
    entity, indicator : str
        "" for all.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`, in the order of the file.

    Raises
    ------
    DataError
        When a cell of the register cannot be right.
    """
    path, limit = find_register(data.path), data.day()
    rows = _read_rows(path, data.path.is_dir() or is_register(path), entity, indicator)
    return (rows if limit is None else rows[rows["registered"] <= limit]).reset_index(drop=True)


def _read_rows(path: Path, ours: bool = True, entity: str = "", indicator: str = "") -> pd.DataFrame:
    """Checked rows of a register; none where there is none, or where another file beside own data has its name."""
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


# ---- rows are scored


def score_register(entries: pd.DataFrame, data: Data, vintage: str = "first") -> pd.DataFrame:
    """Registered forecasts beside their outcomes.

    Parameters
    ----------
    entries : DataFrame
        From `read_register`; those of the baselines among them score the others.
    data : Data
        With the figures published until then.
    vintage : {"first", "latest"}
        Of a figure that was revised, the one that counts.

    Returns
    -------
    DataFrame
        A row per forecast and date of a model that is no baseline: the columns `KEY`, limit_title, q0.1, q0.5, q0.9;
        outcome, side ("exact", "at_least", "at_most"; missing and "" where no figure has been published that can be
        compared) and read_low (of one read as a range), came (the day on which the figure was first published),
        hindsight (whether the forecast was registered on that day or later), counted (whether there is a score, and no
        hindsight), probability (that the forecast gave to an outcome at least, or at most, so high; for limits only),
        inside_50, inside (80%), inside_90 ("yes" or "no"; "" where a limit leaves it open, or the interval is not
        registered), wis (weighted interval score over all quantiles, in the unit; for exact figures), wis_last_value
        and wis_drift (those of the baselines, where they are registered), why (there is no score although a figure has
        come, or ""), note (what was corrected since the registration, or ""), revised (whether the figure is a later
        vintage than the first).

    Raises
    ------
    RunError
        For another vintage.
    """
    if vintage not in _VINTAGES:
        raise RunError(f"vintage is '{vintage}'; a score is of the {' or the '.join(_VINTAGES)} vintage of a figure.")
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
    """One forecast for one date, the columns `KEY` of which are `row`, with its scores."""
    levels, values = part["level"].to_numpy(float), part["value"].to_numpy(float)
    score = row | dict(zip(("q0.1", "q0.5", "q0.9"), np.interp([0.1, 0.5, 0.9], levels, values), strict=True))
    score |= {"side": "", "came": pd.NaT, "hindsight": False, "counted": False, "why": "", "note": "", "revised": False}
    score |= dict.fromkeys(_COVERED, "")
    last, figures, note = _find_figures(row, data)
    if figures.empty:
        return score
    score |= {"came": figures["published"].iloc[0], "why": _find_reason(row, last, figures["date"].iloc[0], data)}
    score["hindsight"] = bool(row["registered"] >= score["came"])
    if score["why"]:
        return score
    figure = figures.iloc[0 if vintage == "first" else -1]
    outcome, side = float(figure["value"]), figure["qualifier"]
    score |= {"outcome": outcome, "side": side, "counted": not score["hindsight"], "note": note}
    score["read_low"] = figure.get("read_low", np.nan)  # of one printed as a limit, the lower end of what it is read as
    score["revised"] = vintage == "latest" and len(figures) > 1
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


def _find_figures(row: dict[str, Any], data: Data) -> tuple[pd.Timestamp, pd.DataFrame, str]:
    """What the data have now for a registered forecast, whose days and segment may have been corrected since.

    Returns
    -------
    tuple
        The day of the last figure that it used; every vintage of the figure that it is for; a sentence or two on what
        was corrected, or "".
    """
    last, day, notes = row["last_date"], row["target_date"], list[str]()
    rows = data.find_vintages(row["entity"], row["indicator"])
    exact = rows.loc[rows["qualifier"] == "exact", ["date", "value"]]
    same = exact.loc[np.isclose(exact["value"], row["last_figure"], rtol=1e-9, atol=0), "date"]
    away = (same - last).abs().min()
    if pd.isna(away) or away > _LONGEST:
        used = format_number(row["last_figure"], row["unit"])
        notes.append(f"The last figure that it used, {used}, was changed since.")
    elif away:
        last = same.iloc[(same - last).abs().argmin()]
        day += last - row["last_date"]
        notes.append(
            f"The last figure that it used is now dated {format_day(last)}, not {format_day(row['last_date'])}."
        )
    room = min(_NEAR, exact["date"].drop_duplicates().diff().median() / 2)
    near = rows.loc[(rows["date"] > last) & ((rows["date"] - day).abs() <= room), "date"]
    if near.empty:
        return last, rows.iloc[:0], ""
    figures = rows[rows["date"] == near.iloc[(near - day).abs().argmin()]]
    if (came := figures["date"].iloc[0]) != row["target_date"]:
        notes.append(f"It is scored against the figure for {format_day(came)}, the one that it meant.")
    breaks = data.find_breaks(row["entity"], row["indicator"])
    start = breaks.loc[(breaks["kind"] == "break") & (breaks["date"] <= last), "date"].max()
    if exact.loc[exact["date"].between(start, last), "date"].nunique() < _LEAST_FIGURES and pd.notna(start):
        notes.append(f"The break on {format_day(start)} was marked since: the forecast used figures from before it.")
    return last, figures, " ".join(notes)


def _find_reason(row: dict[str, Any], last: pd.Timestamp, day: pd.Timestamp, data: Data) -> str:
    """Reason why the figure of a day cannot be compared with the forecast; "" if it can."""
    if (now := data.find_entry(row["indicator"]).unit) != row["unit"]:
        return f"the figure is in {now}, the forecast in {row['unit']}"
    breaks = data.find_breaks(row["entity"], row["indicator"])
    hard = breaks[(breaks["kind"] == "break") & (breaks["date"] > last) & (breaks["date"] <= day)]
    if hard.empty:
        return ""
    return (
        f"the series broke on {format_day(hard['date'].iloc[0])} ({hard['reason'].iloc[0]}), and counts something else"
    )


def summarise_scores(scored: pd.DataFrame) -> pd.DataFrame:
    """Scores by model, of forecasts registered before their outcome was published.

    Parameters
    ----------
    scored : DataFrame
        From `score_register`.

    Returns
    -------
    DataFrame
        model: today's method, its estimates of values not yet published (`ESTIMATES`), and the withdrawn ones together;
        how many forecasts are registered, to_come, made in hindsight,
        without a score (no_score), counted, of these exact; coverage_50, coverage_80, coverage_90 (share of exact
        figures inside); wis_last_value_ratio and wis_drift_ratio (geometric mean of the WIS over that of the baseline,
        over exact figures that have both: below 1 is better); how many were inexact ("more than"), and the mean
        probability given to them. Missing where nothing has been published.
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
