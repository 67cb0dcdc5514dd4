"""Tables of a forecast: its upper limit, saturation levels, scenarios, and tests of its intervals."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..base.dates import decimal_years
from ..base.levels import RECORDED, band_ends
from ..base.project import find_shipped
from ..indicators import AdoptionSeries, Data
from ..indicators.labels import find_publisher
from . import model
from .backtest import EARLY, backtest
from .forecasting import REPORTED_QUANTILES, Forecast
from .reference_class import list_later
from .scores import FORECAST, SIDES_HELD, check_intervals, evaluate, summarise_coverage

_ALIKE_SHARE, _ALIKE_GROWTH = 0.15, 2.0  # of a like window: how near its last share is, within what factor its growth
_LEAST_ALIKE = 3  # technologies of the same publisher or market
_FOLLOWED, _LEAST_LISTED = 0.5, 3  # years by which another technology may end sooner; how many are listed at least
_ALIKE = 10  # technologies that such windows must be of
_STAGES = (0.0, 0.2, 0.4, 0.6, 1.0)  # ends of stages of adoption, in shares of the limit
_AUDIT_METHODS = {"limit": "formula", "flow": "trend, divided and multiplied by the factor"}  # of audit.csv


def limit_frame(result: Forecast) -> pd.DataFrame:
    """Forecast of the upper limit: a damped trend, with the spread of its own past steps.

    Returns
    -------
    DataFrame
        One row per date: ``entity``, ``indicator``, ``date``, ``mean``, quantiles, in the unit of the series, and
        ``unit``. Empty without a limit or a forecast.
    """
    ends = (end for level in result.levels for end in band_ends(level))
    levels = np.array(sorted({*REPORTED_QUANTILES, *ends}))
    dates = result.dates if result.has_limit else result.dates[:0]
    ahead, sd = result.limit_ahead(result.years[: len(dates)]) if len(dates) else (np.empty(0), np.empty(0))
    values = np.maximum(ahead[:, None] + sd[:, None] * ndtri(levels), 0.0)
    columns = {"entity": result.target.entity, "indicator": result.target.indicator, "date": dates, "mean": ahead}
    columns |= {f"q{level:g}": values[:, place] for place, level in enumerate(levels)}
    return pd.DataFrame(columns | {"unit": result.target.unit})


def reference_frame(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Comparison technologies, and the shares of their upper limits that they reached: ``04_comparison_technologies``.

    Returns
    -------
    DataFrame
        One row per series: ``technology``, ``entity``, ``indicator``, ``points``, ``first`` and ``last`` (dates),
        ``last_share`` and ``highest_share`` (percent of the limit).
    """
    names = ["technology", "entity", "indicator", "points", "first", "last", "last_share", "highest_share"]
    rows = [
        (each.technology, each.entity, each.indicator, len(each.values), each.values.index[0], each.values.index[-1],
         100 * each.share.iloc[-1], 100 * each.share.max())
        for each in references
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=names).sort_values(["technology", "entity", "first"], ignore_index=True)


def quantile_frame(result: Forecast) -> pd.DataFrame:
    """Quantiles that `adoption register` registers, by date; empty without prediction intervals."""
    years = result.years if result.has_range else np.empty(0)
    values = result.at(years, RECORDED) if len(years) else np.empty((0, len(RECORDED)))
    return pd.DataFrame(values, result.dates[: len(years)], [f"q{each:g}" for each in RECORDED]).rename_axis("date")


def end_frame(result: Forecast) -> pd.DataFrame:
    """Saturation levels that the forecast averages over, with their weights.

    Returns
    -------
    DataFrame
        One row per saturation level: ``share`` (of the limit), ``weight`` (they add up to 1), and ``path``, the value
        on the last date with this level, in the unit of the series. Empty without a limit or a forecast.
    """
    if not result.has_limit or result.kind != "forecast":
        return pd.DataFrame(columns=["share", "weight", "path"], dtype=float)
    _, x = result.window()
    ends = np.maximum(model.ENDS, model.ROOM * x.max())
    paths, weights = _follow(result, ends)
    return pd.DataFrame({"share": ends, "weight": weights, "path": paths[:, -1]})


def _follow(result: Forecast, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Curves to saturation levels (K,) through the last observation, shape (K, H), and their weights, shape (K,)."""
    (t, x), h = result.window(), result.years[None]
    gains, weights = model.follow_ends(t, x, h, ends[None])
    return result.limit_ahead(result.years)[0] * (x[0, -1] + gains[0]), weights[0]


def scenario_frame(result: Forecast) -> pd.DataFrame:
    """Curves through the last observation to assumed saturation levels; these are not forecasts.

    Returns
    -------
    DataFrame
        One row per share of the limit and date: ``entity``, ``indicator``, ``share``, ``date``, ``value``, ``unit`` and
        ``note``. If the series is already above the share, the value is missing and the note says so. Empty without
        prediction intervals.
    """
    if not result.has_range or not result.shares:
        return pd.DataFrame(columns=["entity", "indicator", "share", "date", "value", "unit", "note"])
    frames, reached = [], result.window()[1].max()
    for share, path in zip(result.shares, _follow(result, np.array(result.shares, float))[0], strict=True):
        note = "" if reached < share else "already above this share"
        columns = {"entity": result.target.entity, "indicator": result.target.indicator, "share": share}
        columns |= {"date": result.dates, "value": np.nan if note else path, "unit": result.target.unit, "note": note}
        frames.append(pd.DataFrame(columns))
    return pd.concat(frames, ignore_index=True)


def list_outcomes(result: Forecast, rows: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of a backtest with their outcomes, at the interval levels of this forecast.

    For a series below 5% of its limit they are forecasts from below 5%, otherwise those from 5% on.

    Parameters
    ----------
    result : Forecast
    rows : DataFrame
        From `backtest`, or table 04_backtest of the run. Rows of other kinds of series, and of the same technology, are
        left out.

    Returns
    -------
    DataFrame
        As from `scores.check_intervals`; empty without prediction intervals.
    """
    others = (rows["kind"] == result.constants) & (rows["technology"] != result.target.technology)
    if result.has_range:
        others &= (rows["share"] < EARLY) == (result.share < EARLY)
    levels = sorted(result.levels)
    return check_intervals(evaluate(rows[others & result.has_range], levels, (FORECAST,)), levels)


def coverage_frame(outcomes: pd.DataFrame, same: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Coverage of the intervals for all comparison technologies, and for those most like the series.

    Parameters
    ----------
    outcomes : DataFrame
        From `list_outcomes`.
    same : sequence of AdoptionSeries
        Series of the same publisher or market, from `list_same`.

    Returns
    -------
    DataFrame
        ``group`` ("all", and "publisher" or "market" if it has three technologies or more) and the columns of
        `scores.summarise_coverage`.
    """
    keys = pd.MultiIndex.from_tuples([(each.entity, each.indicator) for each in same], names=["entity", "indicator"])
    alike = outcomes[pd.MultiIndex.from_frame(outcomes[["entity", "indicator"]]).isin(keys)]
    groups = {"all": summarise_coverage(outcomes), "publisher": summarise_coverage(alike)}
    if any(each.market for each in same):
        groups["market"] = groups.pop("publisher")
    groups = {
        name: rows if name == "all" else rows[rows["technologies"] >= _LEAST_ALIKE] for name, rows in groups.items()
    }
    return pd.concat([each.assign(group=name) for name, each in groups.items()])[["group", *groups["all"]]]


def list_same(data: Data, series: AdoptionSeries, references: Sequence[AdoptionSeries]) -> list[AdoptionSeries]:
    """Comparison technologies of the same publisher with the same limit; for shares of sales, those of the same market.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries
        For a series of your own data there are none.
    references : sequence of AdoptionSeries

    Returns
    -------
    list of AdoptionSeries
    """
    if series.limit is None or data.is_own(series.entity, series.indicator):
        return []
    if series.is_share_of_sales:
        return [each for each in references if each.market == series.market != ""]
    limit, publisher = series.limit.name, find_publisher(data, series)
    alike = [each for each in references if each.limit is not None and each.limit.name == limit]
    return [each for each in alike if find_publisher(data, each) == publisher]


def class_frame(result: Forecast, date: pd.Timestamp, references: list[AdoptionSeries]) -> pd.DataFrame:
    """Shares that other technologies of the same entity reached as long after passing the share of this series.

    Only technologies that crossed that share in the data count, if they were followed to within half a year of the
    date.

    Returns
    -------
    DataFrame
        One row per technology, the lowest first: ``technology``, ``entity``, ``indicator``, ``share`` (percent of its
        limit), ``value`` (the same share of this series' limit as forecast for the date, in its unit), ``years``
        (followed), ``passed`` (the share that was passed, percent), ``technologies`` (their number) and ``date``. A
        technology with several series has the one followed longest. Empty for fewer than three technologies, and
        without a limit or a forecast.
    """
    columns = ["technology", "entity", "indicator", "share", "value", "years", "passed", "technologies", "date"]
    if not result.has_limit or result.kind != "forecast":
        return pd.DataFrame(columns=columns)
    same = [each for each in references if each.entity == result.target.entity]
    years = decimal_years(pd.DatetimeIndex([date])) - decimal_years(result.used.index)[-1]
    rows = list_later(result.share, years, same, _FOLLOWED).sort_values("followed", ascending=False, kind="stable")
    rows = rows.drop_duplicates("technology").sort_values("share", ignore_index=True)
    if len(rows) < _LEAST_LISTED:
        return pd.DataFrame(columns=columns)
    value = rows["share"] * result.limit_ahead(years)[0][0]
    rows = rows.assign(value=value, share=100 * rows["share"], years=rows["followed"], passed=100 * result.share)
    return rows.assign(technologies=len(rows), date=date)[columns]


def alike_frame(result: Forecast, outcomes: pd.DataFrame) -> pd.DataFrame:
    """Coverage of the intervals in forecasts similar to this one.

    A forecast of another technology is similar if its last share of the limit is within 15 percentage points, and its
    growth (last over first observation) is between half and twice as much.

    Parameters
    ----------
    result : Forecast
    outcomes : DataFrame
        From `list_outcomes`.

    Returns
    -------
    DataFrame
        One row per horizon with ten technologies or more: ``horizon_years``, ``technologies``, ``forecasts``, and in
        percent, as means over technologies, ``covered``, ``below`` and ``above`` (outcomes inside, below and above the
        interval) and ``above_median``.
    """
    columns = ["horizon_years", "technologies", "forecasts", *SIDES_HELD]
    if result.kind != "forecast":
        return pd.DataFrame(columns=columns)
    rows = outcomes[np.isclose(outcomes["level"], result.level)]
    growth = rows["growth"] * result.used.iloc[0] / result.used.iloc[-1]
    alike = (rows["share"] - result.share).abs().lt(_ALIKE_SHARE) & growth.between(1 / _ALIKE_GROWTH, _ALIKE_GROWTH)
    coverage = summarise_coverage(rows[alike])
    return coverage.loc[coverage["technologies"] >= _ALIKE, columns].reset_index(drop=True)


def audit_frame(result: Forecast) -> pd.DataFrame:
    """Results of the external test for series like this one, from ``data/audit.csv``.

    The test used series outside the package, most of which played no part in choosing the constants. For a level, the
    rows are those of its stage (last value as a share of the limit) with the number of values closest to its own; both
    if two are equally close. For numbers sold or added in a year, the rows give how often outcomes were between the
    trend divided by a factor and the trend multiplied by it.

    Returns
    -------
    DataFrame
        One row per series of the test and number of years ahead: ``series``, ``figures`` (number of values used),
        ``share_of_limit``, ``origins``, ``units``, ``factor``, ``years``, ``inside_80``, ``below_80`` and ``above_80``
        (percent). Empty for shares of sales, and without a limit.
    """
    columns = ["series", "figures", "share_of_limit", "origins", "units", "factor", "years"]
    columns += ["inside_80", "below_80", "above_80"]
    audit = pd.read_csv(find_shipped("audit.csv"))
    if result.kind != "forecast" or not (result.has_range or result.constants == "flow"):
        return audit.loc[[], columns]
    rows = audit[audit["method"] == _AUDIT_METHODS.get(result.constants)]
    if result.constants == "limit":
        ends = rows["share_of_limit"].str.split(" to ", expand=True).astype(float) / 100
        rows = rows[(ends[0] <= result.share) & (result.share <= ends[1])]
        distance = (rows["figures"] - len(result.used)).abs()
        rows = rows[distance == distance.min()]
    return rows[columns].reset_index(drop=True)


def score_parts(data: Data, kind: str = "limit") -> pd.DataFrame:
    """Scores of each part of the forecast alone, and with a third of its variance, by stage of adoption.

    Parameters
    ----------
    data : Data
        Its comparison technologies are forecast.
    kind : str
        "limit", or "sales" for shares of sales: a row of `model.CONSTANTS`.

    Returns
    -------
    DataFrame
        Index stage (the share of the limit from which the forecast was made); technologies and forecasts; to_limit,
        to_ends and a_third, the WIS along the line to the limit alone, along lines to other ends alone, and with a
        third of the variance, each over that of the forecast; covered and covered_third, the outcomes inside its 80%
        interval and inside that with a third of the variance, in percent. Means give each technology the same weight.

    Examples
    --------
    >>> from adoption_curves import indicators
    >>> score_parts(indicators.load())["covered"].between(70, 95).all()
    np.True_
    """
    rows = backtest(data.references(measure="flow" if kind == "sales" else "level"), kind, parts=True)
    names = [f"{100 * low:g} to {100 * high:g}%" for low, high in pairwise(_STAGES)]
    rows["stage"] = pd.cut(rows["share"], _STAGES, labels=names)
    tried = {name: evaluate(rows, [0.8], [name]) for name in (FORECAST, "to_limit", "to_ends")}
    tried["a_third"] = evaluate(rows.assign(spread=rows["spread"] / np.sqrt(3)), [0.8], [FORECAST])
    means = {}
    for name, evaluated in tried.items():
        checked = check_intervals(evaluated, [0.8])
        each = checked.groupby([rows["stage"], "technology"], observed=True)[["wis", "covered"]].mean()
        means[name] = each.groupby("stage", observed=True).mean()
    counts = rows.groupby("stage", observed=True)["technology"].agg(technologies="nunique", forecasts="size")
    ratios = {name: means[name]["wis"] / means[FORECAST]["wis"] for name in ("to_limit", "to_ends", "a_third")}
    covered = {f"covered{end}": 100 * means[name]["covered"] for end, name in (("", FORECAST), ("_third", "a_third"))}
    return counts.assign(**ratios, **covered)
