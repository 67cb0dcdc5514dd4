"""A series as it is given in Python: a pandas Series or an AdoptionSeries, with its limit."""

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

_WHOLE_OF_SALES = 100.0  # the limit of a share of sales that none is given for
_MEASURES = ("level", "cumulative", "flow")


def read_series(
    series: pd.Series | AdoptionSeries,
    limit: Limit | pd.Series | float | None = None,
    most: float | None = None,
    censored: pd.DataFrame | None = None,
    measure: str | None = None,
) -> AdoptionSeries:
    """A series with all that is known beside it: sorted, with dates, as numbers.

    Parameters
    ----------
    series : pandas.Series with dates as index, or AdoptionSeries
        Dates are days, whole years, texts or periods, of which the last day counts. A pandas Series is called by its
        ``name``; ``attrs`` may hold entity, title, unit, technology and measure.
    limit : None, number, Limit, or pandas.Series with a DatetimeIndex
        None is the AdoptionSeries' own limit, or none; of a pandas Series that is a share of sales 100.
    most : None or number
        Largest possible value of any date, other than the limit; 100 for percent, but for a higher limit, or higher
        values of an AdoptionSeries.
    censored : None or DataFrame
        Values that are not exact, as `AdoptionSeries.censored`, which is the default for one.
    measure : None or {"level", "cumulative", "flow"}
        None is the AdoptionSeries' own, that of `attrs`, or "level". A pandas Series that is a flow up to a limit of
        100, and has no unit, is a share of sales in percent.

    Returns
    -------
    AdoptionSeries
        A pandas Series as one without notes on its question: its ``observations`` are empty.

    Raises
    ------
    ValueError
        If one of them is none of these, has no dates, or has impossible dates or numbers.
    """
    checked = isinstance(series, AdoptionSeries)
    if isinstance(series, pd.Series):
        if limit is None and LIMITED in series.attrs:
            lost = (
                f"these values have lost the limit of their series ({series.attrs[LIMITED]}) and its 'more than' values"
            )
            warnings.warn(f"{lost}: write forecast.forecast(series), not series.values", stacklevel=4)
        series = _adopt(series)
    series = replace(series, measure=series.measure if measure is None else measure)
    if series.measure not in _MEASURES:
        raise ValueError(
            f"measure is {quote(series.measure)}; it must be {', '.join(_MEASURES[:-1])} or {_MEASURES[-1]}"
        )
    if not checked and series.measure == "flow" and not series.unit and isinstance(limit, REAL) and limit == 100:
        series = replace(series, unit="percent")
    limit = _WHOLE_OF_SALES if limit is None and not checked and series.is_share_of_sales else limit
    values = _read_dated(series.values, "the series")
    censored = _read_censored(series.censored if censored is None else censored)
    if values.empty and censored.empty:
        raise ValueError("the series has no value: give one at least, with its date")
    if series.cumulative and (values.diff() < 0).any():
        day, what = values.index[values.diff() < 0][0], quote(series.title)
        raise ValueError(f"{what} counts all so far and cannot fall, but it does on {day:%Y-%m-%d}: mend that value")
    limit = series.limit if limit is None else limit
    known = None if limit is None else _read_given(limit, values if len(values) else censored)
    passed = (checked and values.max() > 100) or (known is not None and known.values.max() > 100)
    highest = min(series.most, 100.0 if series.unit.startswith("percent") and not passed else np.inf)
    most = highest if most is None else min(highest, _read_level(most, "most"))
    return replace(series, values=values, most=most, limit=known, censored=censored)


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
        censored=pd.DataFrame({"value": [], "qualifier": []}, dates),
        earlier=none,
        breaks=pd.DataFrame({"date": dates, "kind": [], "reason": []}),
        observations=pd.DataFrame({"date": dates, "value": [], "qualifier": []}),
        measure=str(series.attrs.get("measure", "level")),
    )


def _read_dated(series: pd.Series, what: str) -> pd.Series:
    """The numbers that a series has, as floats in order of date; two on one date stay for `select_values` to refuse."""
    series = series.dropna()
    days = read_days(series.index, what)
    return pd.Series(read_numbers(series, what), days.tz_localize(None), name=series.name).sort_index()


def _read_level(level: Any, what: str, other: str = "") -> float:
    """A limit, or a largest value, that is a number."""
    if isinstance(level, bool) or not isinstance(level, REAL) or not 0 < level < np.inf:
        raise ValueError(f"{what} is None, a number above 0 in the series' unit{other}, not {quote(level)}")
    return float(read_numbers(level, what))


def _read_given(limit: Any, values: pd.Series | pd.DataFrame) -> Limit:
    """What is given as a `Limit`; a number is repeated on every date of the series."""
    if isinstance(limit, Limit):
        return replace(limit, values=_read_given(limit.values, values).values)
    if not isinstance(limit, pd.Series):
        return Limit(pd.Series(_read_level(limit, "the limit", ", or a dated pandas Series"), index=values.index))
    dated = _read_dated(limit, "the limit")
    if dated.empty or not (dated > 0).all():
        raise ValueError("the limit must be above 0 on every date")
    if dated.index.has_duplicates:
        raise ValueError(f"the limit has two values on {find_double(dated):%Y-%m-%d}: keep one per date")
    return Limit(dated)


def _read_censored(censored: Any) -> pd.DataFrame:
    """Values that are not exact, in order of date."""
    if not isinstance(censored, pd.DataFrame):
        kind = type(censored).__name__
        raise CurveError(f"censored is a {kind}; it must be a DataFrame with dates as index and value and qualifier")
    if censored.empty:
        return pd.DataFrame({"value": [], "qualifier": []}, pd.DatetimeIndex([]))
    missing = {"value", "qualifier"} - set(censored.columns)
    if missing:
        raise CurveError(f"censored lacks the column {min(missing)!r}; it needs value and qualifier")
    wrong = set(censored["qualifier"]) - {"at_least", "at_most"}
    if wrong:
        raise CurveError(f"qualifier {min(map(str, wrong))!r} is unknown; write at_least or at_most")
    values = read_numbers(censored["value"], "censored's value")
    if censored.index.hasnans or np.isnan(values).any():
        raise CurveError("censored has a row without date or value; leave it out")
    days = read_days(censored.index, "censored")
    if (values < 0).any():
        raise ValueError(f"adoption cannot be negative: censored has {values.min():g}")
    rows = pd.DataFrame({"value": values, "qualifier": censored["qualifier"].array}, days.tz_localize(None))
    return rows.sort_index()


def find_double(series: pd.Series) -> pd.Timestamp:
    """The first date that occurs twice."""
    return series.index[series.index.duplicated()][0]
