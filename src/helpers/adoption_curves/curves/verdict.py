"""The verdict on where a series ends, from two curves under two kinds of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..base.dates import LEAST_TO_LEVEL_OFF
from ..base.decline import has_grown, is_in_decline
from ..base.formats import FLOW, format_name, say
from ..base.limit import Limit
from ..base.project import find_shipped
from ..indicators.series import AdoptionSeries
from .families import Gompertz, Logistic
from .inputs import read_ceiling, read_known, read_values
from .results import NARROW

WIDEST = 10.0  # a joined interval whose upper end is more than so many times the lower says no more than an open one
REACHED_SHARE = 0.95  # of the limit: an interval that extends so far reaches it
NEAR_SHARE = 0.1  # of the limit: a last value so close to it is near
LEAST_DATES = 4  # for a curve of three parameters
ODDS_YEARS = 5  # after which we count the values above an end
LEVELS_OFF, NEAR_LIMIT, NOT_KNOWN, FALLEN = "levels off", "near its limit", "not known", "fallen"
DEPENDS, BEYOND, NO_GROWTH = "depends on the curve", "beyond the limit", "no growth beyond its scatter"
TOO_FEW = "there are too few values for a curve"
_COLUMNS = ["family", "errors", "low", "high", "flag"]


@dataclass(frozen=True)
class Assessment:
    """Verdict on where a series ends, from `assess_ceiling`.

    Attributes
    ----------
    verdict : str
        "levels off", "near its limit", "depends on the curve", "beyond the limit", "no growth beyond its scatter",
        "fallen" or "not known"; "a flow" for values that are each of one year.
    low, high : float
        The interval: the union of the 95% intervals of the saturation level, in the unit of the series. It begins at
        the highest value or above, and ends at the limit, unless all of it lies beyond; high is infinite where it is
        open.
    reason : str
        Why the end is not known; where growth levels off, how often such an end was passed.
    last, limit : float
        The last value, and the limit on its date; NaN for none.
    points : int
        Number of values.
    table : DataFrame
        A row for each curve and kind of errors: family, errors, low, high, flag (why there is no estimate).
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
        """Both ends, in the unit of the series."""
        return self.low, self.high

    @property
    def left(self) -> float:
        """What is left to the limit, in the unit of the series; NaN without a limit."""
        return max(self.limit - self.last, 0.0) if np.isfinite(self.limit) else np.nan

    @property
    def sentence(self) -> str:
        """The verdict in words, without a unit."""
        ends = f"between {say(self.low)} and {say(self.high)}"
        words = {
            LEVELS_OFF: f"ends {ends}",
            DEPENDS: f"somewhere {ends}",
            BEYOND: f"beyond the limit, {ends}",
            NEAR_LIMIT: f"at most {say(self.left)}",
            FALLEN: "has fallen from a peak",
            NO_GROWTH: NO_GROWTH,
        }
        return words.get(self.verdict, NOT_KNOWN)

    def frame(self) -> pd.DataFrame:
        """The verdict as a table of one row: verdict, low, high, last, limit, left, reason, sentence, note, points."""
        names = ("verdict", "low", "high", "last", "limit", "left", "reason", "sentence", "note", "points")
        return pd.DataFrame([{name: getattr(self, name) for name in names}])

    def __repr__(self) -> str:
        return f"<{self.verdict}: {self.sentence}>"


def assess_ceiling(series: pd.Series | AdoptionSeries, limit: float | pd.Series | Limit | None = None) -> Assessment:
    """Verdict on where a series ends: the union of the 95% intervals of two curves under two kinds of errors.

    The logistic and the Gompertz curve are fitted under independent and under autoregressive errors. The verdict is
    the first of these that applies.

    - "fallen": from a peak (`is_in_decline`).
    - "near its limit": the interval reaches the limit, and the last value is within a tenth of it.
    - "no growth beyond its scatter": four dates or more, and the values rise by no more than they scatter
      (`has_grown`).
    - "not known": fewer than four dates, a jump, an open interval, or one wider than ten to one.
    - "beyond the limit": all of the interval.
    - "levels off": six values, an interval no wider than two to one, and clearly below the limit.
    - "depends on the curve": all else.

    Parameters
    ----------
    series : Series or AdoptionSeries
        Values by date (a whole year is its 31 December), or by decimal year. Of an AdoptionSeries a newer value
        between two known ends counts too, no end lies below what has been published as "more than", and known
        independent errors are the only ones.
    limit : float, Series or Limit, optional
        The most there could be, in the unit of the series. None is the AdoptionSeries' own (100 for percentages).

    Returns
    -------
    Assessment

    Raises
    ------
    CurveError
        For what is no series with dates, and for a limit that is none.

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
    known = (
        np.nan
        if limit is None
        else float(read_ceiling(limit, isinstance(values.index, pd.DatetimeIndex), "the limit").at(years[-1:])[0])
    )
    about: dict[str, Any] = {"last": float(values.iloc[-1]), "limit": known, "points": len(values)}
    if isinstance(series, AdoptionSeries) and series.measure == "flow":
        return Assessment(FLOW, **about)
    if is_in_decline(years, values.to_numpy()):
        return Assessment(FALLEN, **about)
    table = join_fits(published, float(values.max()) if floor is None else floor, kinds)
    low, high = float(table["low"].min()), float(table["high"].max())
    grown = has_grown(years, values.to_numpy())
    verdict, reason = _classify(table, about["last"], known, len(values), grown)
    stated = min(high, known) if np.isfinite(high) and low <= known else high
    return Assessment(verdict, low, stated, reason, table=table, **about)


def join_fits(series: pd.Series | AdoptionSeries, floor: float, kinds: Sequence[str]) -> pd.DataFrame:
    """The intervals that a verdict joins.

    Parameters
    ----------
    series : Series or AdoptionSeries
    floor : float
        No interval begins below, in the unit of the series.
    kinds : sequence of str
        Of errors.

    Returns
    -------
    DataFrame
        A row for each curve and kind: family, errors, low, high (infinite where there is no estimate), flag.
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
    """Verdict on intervals, and its reason."""
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
    """How often later values lay outside the interval of growth that levels off, by kind of series and years ahead.

    Returns
    -------
    DataFrame
        Of `data/levelled.csv` and then of `data/audit_ends.csv`: kind, years, units (countries), figures (later
        values), above and below (those above the upper, and below the lower end).
    """
    names = {"series": "kind", "countries": "units", "above_upper_end": "above", "below_lower_end": "below"}
    audited = pd.read_csv(find_shipped("audit_ends.csv")).rename(columns=names)
    return pd.concat([pd.read_csv(find_shipped("levelled.csv")), audited], ignore_index=True)


def _format_odds() -> str:
    """How often such an end was passed, over all kinds of series."""
    figures, above = read_odds().query("years == @ODDS_YEARS")[["figures", "above"]].sum()
    share = f"{100 * above / figures:.0f}%"
    return f"{above:,} of {figures:,} such ends of other series ({share}) had been passed five years later"
