"""Verdict on where growth will stop, from two curves under two kinds of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..base.dates import LEAST_TO_LEVEL_OFF
from ..base.decline import has_grown, is_in_decline
from ..base.formats import FLOW, format_name, format_number
from ..base.limit import Limit
from ..base.project import find_shipped
from ..indicators.series import AdoptionSeries
from .families import Gompertz, Logistic
from .inputs import read_ceiling, read_known, read_values
from .results import NARROW

# Largest ratio of the upper to the lower end of an interval that we state; a wider one counts as open.
WIDEST = 10.0
# An interval reaches the limit if its upper end is above this share of it.
REACHED_SHARE = 0.95
# A last value is near the limit if it is within this share of it.
NEAR_SHARE = 0.1
# Number of dates that a curve with three parameters needs.
LEAST_DATES = 4
# Years after which we count later values above the interval.
ODDS_YEARS = 5
LEVELS_OFF, NEAR_LIMIT, NOT_KNOWN, FALLEN = "levels off", "near its limit", "not known", "fallen"
DEPENDS, BEYOND, NO_GROWTH = "depends on the curve", "beyond the limit", "no growth beyond its scatter"
TOO_FEW = "there are too few values for a curve"
_COLUMNS = ["family", "errors", "low", "high", "flag"]


@dataclass(frozen=True)
class Assessment:
    """Verdict on where growth will stop; the result of `assess_ceiling`.

    Attributes
    ----------
    verdict : str
        "levels off", "near its limit", "depends on the curve", "beyond the limit", "no growth beyond its scatter",
        "fallen" (the series is in decline) or "not known"; "a flow" for values that are each the amount of one year.
    low, high : float
        Union of the 95% intervals of the saturation level, in the unit of the series. `low` is at least the highest
        value. `high` is at most the limit, unless the whole interval is above it, and infinite if the interval is open.
    reason : str
        Why there is no saturation level; if growth levels off, how often later values exceeded such an interval.
    last, limit : float
        Last value, and the upper limit on its date; NaN if unknown.
    points : int
        Number of values.
    table : DataFrame
        One row per curve and kind of errors: ``family``, ``errors``, ``low``, ``high``, and ``flag``, the reason if
        there is no estimate.
    """

    verdict: str
    low: float = np.nan
    high: float = np.inf
    reason: str = ""
    last: float = np.nan
    limit: float = np.nan
    points: int = 0
    table: pd.DataFrame = field(repr=False, default_factory=lambda: pd.DataFrame(columns=_COLUMNS))
    note: ClassVar[str] = "a later phase of growth cannot be ruled out"

    @property
    def interval(self) -> tuple[float, float]:
        """Lower and upper end, in the unit of the series."""
        return self.low, self.high

    @property
    def left(self) -> float:
        """Limit minus last value, in the unit of the series, not below 0; NaN without a limit."""
        return max(self.limit - self.last, 0.0) if np.isfinite(self.limit) else np.nan

    @property
    def sentence(self) -> str:
        """Verdict as a phrase, with numbers but without their unit."""
        ends = f"between {format_number(self.low)} and {format_number(self.high)}"
        words = {
            LEVELS_OFF: f"ends {ends}",
            DEPENDS: f"somewhere {ends}",
            BEYOND: f"beyond the limit, {ends}",
            NEAR_LIMIT: f"at most {format_number(self.left)}",
            FALLEN: "in decline",
            NO_GROWTH: NO_GROWTH,
        }
        return words.get(self.verdict, NOT_KNOWN)

    def frame(self) -> pd.DataFrame:
        """Verdict as a table with one row.

        Returns
        -------
        DataFrame
            ``verdict``, ``low``, ``high``, ``last``, ``limit``, ``left``, ``reason``, ``sentence``, ``note`` and
            ``points``, as the attributes and properties.
        """
        names = ("verdict", "low", "high", "last", "limit", "left", "reason", "sentence", "note", "points")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def __repr__(self) -> str:
        return f"<{self.verdict}: {self.sentence}>"


def assess_ceiling(series: pd.Series | AdoptionSeries, limit: float | pd.Series | Limit | None = None) -> Assessment:
    """Assess whether the observations show where growth will stop.

    A logistic and a Gompertz curve are fitted, each under independent and under autoregressive errors. The result is
    the union of their 95% intervals for the saturation level, with a verdict.

    Parameters
    ----------
    series : Series or AdoptionSeries
        Observations, indexed by dates or decimal years; a whole year counts as its 31 December. For an AdoptionSeries
        a newer "more than" value is used too if we assume a value for it, no interval extends below a "more than"
        value, and if its errors are known to be independent, only these are used.
    limit : float, Series or Limit, optional
        Upper limit: the most there could be, in the unit of the series. By default that of an AdoptionSeries (100 for
        percentages).

    Returns
    -------
    Assessment

    Raises
    ------
    CurveError
        If `series` has no dates or values that are no numbers, or `limit` is not above 0.

    See Also
    --------
    read_odds : How often later values were outside such intervals.
    adoption_curves.forecast.forecast : Forecast, which does not use this verdict.

    Notes
    -----
    The verdict is the first of these that applies:

    - "a flow": the values of an AdoptionSeries are amounts of single years.
    - "fallen": the series is in decline (`is_in_decline`).
    - "near its limit": the interval reaches 95% of the limit, and the last value is within 10% of it.
    - "no growth beyond its scatter": with four dates or more, the values rise by no more than they scatter.
    - "not known": fewer than four dates, no estimate for a curve, an open interval, or one whose upper end is more than
      ten times the lower.
    - "beyond the limit": the whole interval is above the limit.
    - "levels off": at least six values, an upper end at most twice the lower, and below 95% of the limit.
    - "depends on the curve": all other cases.

    It describes the growth so far and cannot rule out a second phase of growth or a decline.

    Examples
    --------
    >>> assess_ceiling(pd.Series([12, 19, 31, 44, 52, 60, 66], index=range(2019, 2026)), limit=100)
    <depends on the curve: somewhere between 66.0 and 100>
    """
    published, floor, kinds = read_known(series)
    values, years = read_values(published)
    if values.empty:
        return Assessment(NOT_KNOWN, reason="there is no exact value")
    limit = series.known_limit if limit is None and isinstance(series, AdoptionSeries) else limit
    is_dated, last_limit = isinstance(values.index, pd.DatetimeIndex), np.nan
    if limit is not None:
        last_limit = float(read_ceiling(limit, is_dated, "the limit").at(years[-1:])[0])
    facts: dict[str, Any] = {"last": float(values.iloc[-1]), "limit": last_limit, "points": len(values)}
    if isinstance(series, AdoptionSeries) and series.measure == "flow":
        return Assessment(FLOW, reason="amounts of single years need not level off", **facts)
    if is_in_decline(years, values.to_numpy()):
        return Assessment(FALLEN, reason="the series is in decline", **facts)
    table = join_fits(published, float(values.max()) if floor is None else floor, kinds)
    low, high = float(table["low"].min()), float(table["high"].max())
    grown = has_grown(years, values.to_numpy())
    verdict, reason = _classify(table, facts["last"], last_limit, len(values), grown)
    stated = min(high, last_limit) if np.isfinite(high) and low <= last_limit else high
    return Assessment(verdict, low, stated, reason, table=table, **facts)


def join_fits(series: pd.Series | AdoptionSeries, floor: float, kinds: Sequence[str]) -> pd.DataFrame:
    """Intervals of the saturation level whose union is the result of `assess_ceiling`.

    Parameters
    ----------
    series : Series or AdoptionSeries
    floor : float
        Lower bound of all intervals, in the unit of the series.
    kinds : sequence of str
        Kinds of errors.

    Returns
    -------
    DataFrame
        One row per curve and kind of errors: ``family``, ``errors``, ``low``, ``high`` (infinite without an estimate)
        and ``flag``.
    """
    few = len(set(read_values(series)[1])) < LEAST_DATES
    rows = []
    for family in (Logistic, Gompertz):
        for kind in kinds:
            low, high, flag = floor, np.inf, TOO_FEW
            if not few:
                fit = family(series, floor=floor, errors=kind).fit()
                (low, high), flag = fit.ceiling_interval(), fit.flag
            rows.append((family.name, kind, low, np.inf if flag else high, flag))
    return pd.DataFrame(rows, columns=_COLUMNS)


def _classify(table: pd.DataFrame, last: float, limit: float, count: int, grown: bool) -> tuple[str, str]:
    """Verdict that follows from the intervals, and its reason."""
    low, high = table["low"].min(), table["high"].max()
    reaches = high > REACHED_SHARE * limit
    if reaches and abs(limit - last) <= NEAR_SHARE * limit:
        return NEAR_LIMIT, ""
    flags = [flag for flag in table["flag"] if flag and "infinity" not in flag]
    if not grown and TOO_FEW not in flags:
        return NO_GROWTH, ""
    if flags:
        return NOT_KNOWN, flags[0]
    if np.isinf(high):
        names = " and the ".join(dict.fromkeys(format_name(name) for name in table["family"][np.isinf(table["high"])]))
        return NOT_KNOWN, f"the 95% interval of the {names} curve is open"
    if high > WIDEST * low:
        return NOT_KNOWN, f"the highest end that fits is more than {WIDEST:g} times the lowest"
    if low > limit:
        return BEYOND, ""
    if count >= LEAST_TO_LEVEL_OFF and high <= NARROW * low and not reaches:
        return LEVELS_OFF, _format_odds()
    return DEPENDS, ""


@lru_cache(maxsize=1)
def read_odds() -> pd.DataFrame:
    """Observed frequency with which later values fell outside the interval of a series said to level off.

    Returns
    -------
    DataFrame
        One row per kind of series and number of years ahead, from ``data/levelled.csv`` and ``data/audit_ends.csv``:
        ``kind``, ``years``, ``units`` (number of countries), ``figures`` (number of later values), and ``above`` and
        ``below`` (number above the upper and below the lower end).

    Examples
    --------
    >>> read_odds().query("years == 5")[["figures", "above", "below"]].values.tolist()[0]
    [156, 73, 24]
    """
    names = {"series": "kind", "countries": "units", "above_upper_end": "above", "below_lower_end": "below"}
    audited = pd.read_csv(find_shipped("audit_ends.csv")).rename(columns=names)
    return pd.concat([pd.read_csv(find_shipped("levelled.csv")), audited], ignore_index=True)


def _format_odds() -> str:
    """Sentence on how often later values exceeded such an interval, over all kinds of series."""
    figures, above = read_odds().query("years == @ODDS_YEARS")[["figures", "above"]].sum()
    share = f"{100 * above / figures:.0f}%"
    return f"{above:,} of {figures:,} such ends of other series ({share}) had been passed five years later"
