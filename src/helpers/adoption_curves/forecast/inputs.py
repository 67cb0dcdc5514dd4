"""What a forecast is given, in one form: the series with its limit, the figures that it uses, dates, other series."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..base.dates import REAL, SHORTEST_SPAN, CurveError, check_observed, decimal_years, read_days
from ..base.fallen import pick_last
from ..base.limit import Limit
from ..base.numbers import read_numbers
from ..base.words import quote
from ..indicators.series import BASE_TOLERANCE, AdoptionSeries
from .model import ROOM

if TYPE_CHECKING:
    from ..curves import Assessment

_BOUND_TOLERANCE = 0.02  # part by which figures may lie above the bound: both are rounded, and of different days
_LONGEST_HORIZON = 100  # years; a run allows fewer
LEAST_TECHNOLOGIES = 3  # each is calibrated on two others at least
FURTHEST_COUNTED = 3  # years ahead at most of what is counted: further ahead too few technologies are left


def read_series(
    series: pd.Series | AdoptionSeries,
    bound: Limit | pd.Series | float | None = None,
    limit: float | None = None,
    censored: pd.DataFrame | None = None,
) -> AdoptionSeries:
    """A series with all that is known beside it: sorted, with dates, as numbers.

    Parameters
    ----------
    series : pandas.Series with dates as index, or AdoptionSeries
        Dates are days, whole years, texts or periods, of which the last day counts. A pandas Series is called by its
        ``name``; ``attrs`` may hold entity, title, unit and technology.
    bound : None, number, Limit, or pandas.Series with a DatetimeIndex
        None is the AdoptionSeries' own bound, or none.
    limit : None or number
        Largest possible value, other than the bound; never more than 100 for percent.
    censored : None or DataFrame
        Figures that are bounds, as `AdoptionSeries.censored`, which is the default for one.

    Returns
    -------
    AdoptionSeries
        A pandas Series as one without notes on its question: its ``observations`` are empty.

    Raises
    ------
    ValueError
        If one of them is none of these, has no dates, or has impossible dates or numbers.
    """
    if isinstance(series, pd.Series):
        series = _adopt(series)
    elif not isinstance(series, AdoptionSeries):
        raise ValueError(f"forecast a pandas Series with dates, or an AdoptionSeries, not {type(series).__name__}")
    values = _read_dated(series.values, "the series")
    censored = _read_censored(series.censored if censored is None else censored)
    if values.empty and censored.empty:
        raise ValueError("the series has no figure: give one at least, with its date")
    bound = series.bound if bound is None else bound
    most = min(series.limit, 100.0 if series.unit.startswith("percent") else np.inf)
    return replace(
        series,
        values=values,
        limit=most if limit is None else min(most, _read_level(limit, "the limit")),
        bound=None if bound is None else _read_given(bound, values if len(values) else censored),
        censored=censored,
    )


def read_references(references: Any) -> list[AdoptionSeries]:
    """Comparison series as a list; each a technology of its own where they name fewer than three.

    Estimates for one of these use all the others: one series is left out at a time.

    Raises
    ------
    ValueError
        If they are no sequence of AdoptionSeries.
    """
    right = "give a list of AdoptionSeries, such as indicators.load_references()"
    if isinstance(references, str) or not isinstance(references, Sequence):
        raise ValueError(f"references is {quote(references)}; {right}")
    for each in references:
        if not isinstance(each, AdoptionSeries):
            raise ValueError(f"references holds a {type(each).__name__}; {right}")
    if len({each.technology for each in references}) >= min(LEAST_TECHNOLOGIES, len(references)):
        return list(references)
    return [replace(each, technology=f"{each.entity} {each.indicator}".strip()) for each in references]


def use_figures(values: pd.Series, bound: Limit | None = None) -> pd.Series:
    """The figures that a forecast uses: the last ones above 0, see `base.fallen.pick_last`.

    Parameters
    ----------
    values : pandas.Series with a DatetimeIndex
        Exact figures, in the unit of the series.
    bound : Limit or None
        In that unit.

    Returns
    -------
    pandas.Series
        In that unit. Of figures within half a year it is the last.

    Raises
    ------
    ValueError
        With figures above the bound, or a bound that starts after them.
    """
    if values.index.has_duplicates:
        raise ValueError(f"two values on {_find_double(values):%Y-%m-%d}: keep one per date")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: {values.min():g} on {values.idxmin():%Y-%m-%d}")
    values = values[values > 0]
    if values.empty:
        return values
    years = decimal_years(values.index)
    used = values.iloc[pick_last(years)] if np.ptp(years) >= SHORTEST_SPAN else values.iloc[-1:]
    if bound is None:
        return used
    first = bound.values.index[0]
    if first > used.index[-1]:
        raise ValueError(f"the limit starts on {first:%Y-%m-%d}, after the last observation: give earlier values of it")
    seen = decimal_years(used.index)
    limit = bound.at(seen, seen[-1])
    named = bound.name[:1].isalpha() or bound.values.nunique() > 1
    room = _BOUND_TOLERANCE if named else 0.0  # a number that somebody gives is not rounded
    if (used > (1 + room) * limit).any():
        raise ValueError(f"values up to {used.max():g} lie above the bound ({limit.max():g}), which is an upper limit")
    return used


def _find_double(series: pd.Series) -> pd.Timestamp:
    """First date that occurs twice."""
    return series.index[series.index.duplicated()][0]


def next_dates(index: pd.DatetimeIndex, horizon_years: float) -> pd.DatetimeIndex:
    """Dates to forecast: ends of half-years, or the series' own day of the year when it is annual.

    Parameters
    ----------
    index : DatetimeIndex
        Of the observations used.
    horizon_years : number
        At most `_LONGEST_HORIZON`.

    Returns
    -------
    DatetimeIndex

    Raises
    ------
    ValueError
        When the horizon is no such number, or ends before the first of the dates.
    """
    check_horizon(horizon_years)
    if not len(index):
        raise ValueError("there is no date after which to forecast: give one figure at least")
    last, gaps = index[-1], np.diff(decimal_years(index))
    if len(gaps) and np.median(gaps) > 0.75:
        dates = _repeat_day(last, int(horizon_years + 1e-9))
    else:
        months = round(12 * horizon_years)
        ends = pd.date_range(last, last + pd.DateOffset(months=months + 3), freq="QE")
        limit = last + pd.DateOffset(months=months, days=16)
        dates = [date for date in ends if date.month in (6, 12) and last + pd.Timedelta(days=30) < date <= limit]
    if not dates:
        raise ValueError(
            f"horizon_years is {horizon_years} and ends before the next date of the series; give at least 1"
        )
    return pd.DatetimeIndex(dates, name="date")


def check_horizon(horizon_years: float) -> None:
    """Refuse what is no number of years ahead.

    Raises
    ------
    ValueError
    """
    number = isinstance(horizon_years, REAL) and not isinstance(horizon_years, bool)
    if not number or not 0 < horizon_years <= _LONGEST_HORIZON:
        found = quote(horizon_years)
        raise ValueError(f"horizon_years is {found}; it must be a number above 0 and at most {_LONGEST_HORIZON}")


def _repeat_day(last: pd.Timestamp, years: int) -> list[pd.Timestamp]:
    """The same day of each of the next years; the end of its month where that is what it is."""
    day = pd.offsets.MonthEnd(0) if last.is_month_end else pd.DateOffset(0)
    return [last + pd.DateOffset(years=year) + day for year in range(1, years + 1)]


def assess_series(series: AdoptionSeries) -> Assessment:
    """The verdict on its ceiling, as in notebook 3: what its source knows of its errors counts."""
    from ..curves import NO_VERDICT, assess_ceiling  # loads statsmodels, which not every forecast needs

    values, limit = series.values.dropna(), series.known_limit
    if values.empty:
        return NO_VERDICT
    return assess_ceiling(values, None, limit, series.errors, known_se=series.known_se, floor=series.highest)


def find_end(series: AdoptionSeries, assessed: Assessment) -> float:
    """The end of a verdict "levels off", NaN where it is another one.

    It is taken `ROOM` above the highest figure at least, and no higher than the limit.
    """
    if assessed.verdict != "levels off":
        return np.nan
    return float(min(max(assessed.high, ROOM * max([*series.values, *series.at_least])), series.limit))


def check_limits(series: AdoptionSeries) -> None:
    """Refuse figures above the limit, and those that are at least something above the bound.

    Raises
    ------
    ValueError
    """
    at_least, highest = series.at_least, series.highest
    if highest > series.limit * (1 + BASE_TOLERANCE):
        raise ValueError(
            f"the limit is {series.limit:g}, and the series has reached {highest:g}: give a limit that no figure passes"
        )
    if series.bound is None:
        return
    above = at_least[at_least > (1 + _BOUND_TOLERANCE) * series.bound.highest_at(at_least.index)]
    if len(above):
        raise ValueError(
            f"censored says at least {above.iloc[0]:g} on {above.index[0]:%Y-%m-%d}, which lies above the "
            "bound, an upper limit"
        )


def _adopt(series: pd.Series) -> AdoptionSeries:
    """A pandas Series as a series without notes on its question."""
    texts = {key: str(series.attrs.get(key, "")) for key in ("entity", "title", "unit", "technology")}
    name, dates = str(series.name or "series"), pd.DatetimeIndex([])
    none = pd.Series([], dates, dtype=float)
    return AdoptionSeries(
        entity=texts["entity"],
        indicator=name,
        title=texts["title"] or name,
        unit=texts["unit"],
        base="",
        technology=texts["technology"],
        role="",
        note="",
        values=series,
        censored=pd.DataFrame({"value": [], "bound": []}, dates),
        earlier=none,
        breaks=pd.DataFrame({"date": dates, "kind": [], "reason": []}),
        observations=pd.DataFrame({"date": dates, "value": [], "bound": []}),
    )


def _read_dated(series: pd.Series, what: str) -> pd.Series:
    """The numbers that a series has, as floats in order of date; two on one date stay for `use_figures` to refuse."""
    series = series.dropna()
    days = read_days(series.index, what)
    check_observed(decimal_years(days), what)
    return pd.Series(read_numbers(series, what), days.tz_localize(None), name=series.name).sort_index()


def _read_level(level: Any, what: str, other: str = "") -> float:
    """A limit, or a bound that is a number."""
    if isinstance(level, bool) or not isinstance(level, REAL) or not 0 < level < np.inf:
        raise ValueError(f"{what} is None, a number above 0 in the series' unit{other}, not {quote(level)}")
    return float(read_numbers(level, what))


def _read_given(bound: Any, values: pd.Series | pd.DataFrame) -> Limit:
    """Bound as a `Limit`; a number is repeated on every date of the series."""
    if isinstance(bound, Limit):
        return replace(bound, values=_read_given(bound.values, values).values)
    if not isinstance(bound, pd.Series):
        return Limit(pd.Series(_read_level(bound, "the bound", ", or a dated pandas Series"), index=values.index))
    dated = _read_dated(bound, "the bound")
    if dated.empty or not (dated > 0).all():
        raise ValueError("the bound must be above 0 on every date")
    if dated.index.has_duplicates:
        raise ValueError(f"the bound has two values on {_find_double(dated):%Y-%m-%d}: keep one per date")
    return Limit(dated)


def _read_censored(censored: Any) -> pd.DataFrame:
    """Figures that are bounds, in order of date."""
    if not isinstance(censored, pd.DataFrame):
        kind = type(censored).__name__
        raise CurveError(f"censored is a {kind}; it must be a DataFrame with dates as index and value and bound")
    if censored.empty:
        return pd.DataFrame({"value": [], "bound": []}, pd.DatetimeIndex([]))
    missing = {"value", "bound"} - set(censored.columns)
    if missing:
        raise CurveError(f"censored lacks the column {min(missing)!r}; it needs value and bound")
    wrong = set(censored["bound"]) - {"at_least", "at_most"}
    if wrong:
        raise CurveError(f"bound {min(map(str, wrong))!r} is unknown; write at_least or at_most")
    values = read_numbers(censored["value"], "censored's value")
    if censored.index.hasnans or np.isnan(values).any():
        raise CurveError("censored has a row without date or value; leave it out")
    days = read_days(censored.index, "censored")
    check_observed(decimal_years(days), "censored")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: censored has {values.min():g}")
    rows = pd.DataFrame({"value": values, "bound": censored["bound"].array}, days.tz_localize(None))
    return rows.sort_index()
