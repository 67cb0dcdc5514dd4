"""Convert what a caller passes, a pandas Series or an AdoptionSeries with a limit, to an AdoptionSeries."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import REAL, CurveError, read_days
from ..base.formats import quote
from ..base.limit import Limit
from ..base.numbers import read_numbers
from .series import LIMITED, AdoptionSeries

_WHOLE_OF_SALES = 100.0  # default limit of shares of sales
_MEASURES = ("level", "cumulative", "flow")


def read_series(
    series: pd.Series | AdoptionSeries,
    limit: Limit | pd.Series | float | None = None,
    most: float | None = None,
    censored: pd.DataFrame | None = None,
    measure: str | None = None,
) -> AdoptionSeries:
    """Checked series with its limit and its bounds, in order of date.

    Parameters
    ----------
    series : pandas.Series or AdoptionSeries
        Observations, indexed by days, whole years, texts or periods; a year or a period counts as its last day. A
        pandas Series may have entity, title, unit, technology and measure in its ``attrs``.
    limit : float, Limit, pandas.Series or None
        Upper limit, in the unit of the series. By default that of an AdoptionSeries, 100 for a pandas Series with
        shares of sales, otherwise none.
    most : float, optional
        Largest possible value, such as the population. By default 100 for percentages, unless the limit or a value of
        an AdoptionSeries is higher.
    censored : DataFrame, optional
        Values that are only bounds, as in `AdoptionSeries.censored`.
    measure : {"level", "cumulative", "flow"}, optional
        By default that of the series, or "level". A pandas Series without a unit that is a flow with a limit of 100
        is taken as shares of sales in percent.

    Returns
    -------
    AdoptionSeries
        For a pandas Series, one whose ``observations`` are empty.

    Raises
    ------
    ValueError
        If an argument has another type, has no dates, or has impossible dates or numbers.
    """
    checked = isinstance(series, AdoptionSeries)
    if isinstance(series, pd.Series):
        if limit is None and LIMITED in series.attrs:
            lost = f"the limit of their series ({series.attrs[LIMITED]}) and its 'more than' values"
            warnings.warn(f"these values have lost {lost}: pass series, not series.values", stacklevel=4)
        series = _adopt(series)
    series = replace(series, measure=series.measure if measure is None else measure)
    if series.measure not in _MEASURES:
        raise ValueError(f"measure must be level, cumulative or flow, got {quote(series.measure)}")
    if not checked and series.measure == "flow" and not series.unit and isinstance(limit, REAL) and limit == 100:
        series = replace(series, unit="percent")
    limit = _WHOLE_OF_SALES if limit is None and not checked and series.is_share_of_sales else limit
    values = _read_dated(series.values, "the series")
    censored = _read_censored(series.censored if censored is None else censored)
    if values.empty and censored.empty:
        raise ValueError("the series has no value. Give at least one, with its date.")
    if series.cumulative:
        _raise_for_decrease(values, series.title)
    limit = series.limit if limit is None else limit
    limit = None if limit is None else _read_limit(limit, values if len(values) else censored)
    numbers = [*(values if checked else ()), *(() if limit is None else limit.values)]
    if series.unit.startswith("percent") and not any(number > 100 for number in numbers):
        series = replace(series, most=min(series.most, 100.0))
    if most is not None:
        series = replace(series, most=min(series.most, _read_level(most, "most")))
    return replace(series, values=values, limit=limit, censored=censored)


def _raise_for_decrease(values: pd.Series, title: str) -> None:
    """Raise an error if a cumulative total is below the one before it."""
    for day in values.index[values.diff() < 0][:1]:
        raise ValueError(
            f"{quote(title)} is a cumulative total, so it cannot decrease, but it does on {day:%Y-%m-%d}. Correct that "
            'value, or write measure="level".'
        )


def _adopt(series: pd.Series) -> AdoptionSeries:
    """A pandas Series as an AdoptionSeries without a limit."""
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
        censored=pd.DataFrame({"value": [], "qualifier": []}, dates),
        earlier=none,
        breaks=pd.DataFrame({"date": dates, "kind": [], "reason": []}),
        observations=pd.DataFrame({"date": dates, "value": [], "qualifier": []}),
        measure=str(series.attrs.get("measure", "level")),
    )


def _read_dated(series: pd.Series, what: str) -> pd.Series:
    """Numbers of a series in order of date; `select_values` raises an error if a date has two of them."""
    series = series.dropna()
    days = read_days(series.index, what)
    return pd.Series(read_numbers(series, what), days.tz_localize(None), name=series.name).sort_index()


def _read_level(level: Any, what: str, other: str = "") -> float:
    """Limit or largest value, if it is a number above 0."""
    if isinstance(level, bool) or not isinstance(level, REAL) or not 0 < level < np.inf:
        raise ValueError(f"{what} must be None, a number above 0 in the unit of the series{other}, got {quote(level)}")
    return float(read_numbers(level, what))


def _read_limit(limit: Any, values: pd.Series | pd.DataFrame) -> Limit:
    """Upper limit as a `Limit`; a number is repeated on every date of the series."""
    if isinstance(limit, Limit):
        return replace(limit, values=_read_limit(limit.values, values).values)
    if not isinstance(limit, pd.Series):
        return Limit(pd.Series(_read_level(limit, "the limit", ", or a dated pandas Series"), index=values.index))
    dated = _read_dated(limit, "the limit")
    if dated.empty or not (dated > 0).all():
        raise ValueError("the limit must be above 0 on every date")
    if dated.index.has_duplicates:
        raise ValueError(f"the limit has two values on {find_double(dated):%Y-%m-%d}; keep one per date")
    return Limit(dated)


def _read_censored(censored: Any) -> pd.DataFrame:
    """Bounds in order of date."""
    if not isinstance(censored, pd.DataFrame):
        kind = type(censored).__name__
        raise CurveError(f"censored must be a DataFrame of value and qualifier with dates as index, got {kind}")
    if censored.empty:
        return pd.DataFrame({"value": [], "qualifier": []}, pd.DatetimeIndex([]))
    missing = {"value", "qualifier"} - set(censored.columns)
    if missing:
        raise CurveError(f"censored has no column {min(missing)!r}; it needs value and qualifier")
    wrong = set(censored["qualifier"]) - {"at_least", "at_most"}
    if wrong:
        raise CurveError(f"qualifier {min(map(str, wrong))!r} is unknown; write at_least or at_most")
    values = read_numbers(censored["value"], "censored's value")
    if censored.index.hasnans or np.isnan(values).any():
        raise CurveError("censored has a row without a date or a value; remove the row")
    days = read_days(censored.index, "censored")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: censored has {values.min():g}")
    rows = pd.DataFrame({"value": values, "qualifier": censored["qualifier"].array}, days.tz_localize(None))
    return rows.sort_index()


def find_double(series: pd.Series) -> pd.Timestamp:
    """First date that occurs twice."""
    return series.index[series.index.duplicated()][0]
