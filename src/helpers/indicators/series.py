"""One series with its bound, cut at the breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from helpers.indicators.plausibility import interpolate_values
from helpers.indicators.problems import blame_parameter
from helpers.wording import say_count

SHORTEST_SEGMENT = 3  # one or two figures show a level, not a curve
DESCRIPTION = ("indicator", "title", "unit", "counted", "base", "technology", "role", "note")


@dataclass(frozen=True, eq=False, repr=False)
class AdoptionSeries:
    """One unbroken stretch of one indicator of one entity, with its bound.

    Attributes
    ----------
    entity, indicator, title, unit, counted, base, technology, role, note : str
        As in indicators.csv; ``base`` says in words what the base population is.
    values : Series of float
        Exact observations of the segment, in ``unit``; DatetimeIndex named ``date``, increasing.
    censored : DataFrame
        Observations of the segment that are bounds: index date; columns value, bound (at_least or at_most).
    earlier, later : Series of float
        Exact observations before and after the segment. ``later`` is empty unless ``segment_note`` says why not.
    breaks : DataFrame
        Columns date, kind, reason. A ``break`` splits the series; a ``suspected`` one is crossed.
    observations : DataFrame
        All rows of the series as in observations.csv.
    bound : Series of float or None
        Known upper bound in ``unit``, by date; a number is a constant series.
    bound_name, bound_title, bound_note, segment_note : str
        Name of the bound (an indicator or a number as text), the same in words, and what must be said about the choice.
    """

    entity: str
    indicator: str
    title: str
    unit: str
    counted: str
    base: str
    technology: str
    role: str
    note: str
    values: pd.Series
    censored: pd.DataFrame
    earlier: pd.Series
    later: pd.Series
    breaks: pd.DataFrame
    observations: pd.DataFrame
    bound: pd.Series | None = None
    bound_name: str = ""
    bound_title: str = ""
    bound_note: str = ""
    segment_note: str = ""

    def __repr__(self) -> str:
        span = f"{self.values.index[0]:%Y-%m-%d} to {self.values.index[-1]:%Y-%m-%d}"
        bound = f", bound: {self.bound_title}" if self.bound is not None else ""
        return f"{self.title} of {self.entity}: {say_count(len(self.values), 'figure')} in {self.unit}, {span}{bound}"

    def bound_at(self, dates: Any) -> np.ndarray:
        """Interpolate the bound linearly in time; before its first and after its last date it is held constant.

        Parameters
        ----------
        dates : DatetimeIndex, Series or list of dates

        Returns
        -------
        ndarray of float, in ``unit``

        Raises
        ------
        DataError
            When the series has no bound.
        """
        if self.bound is None:
            message = f"{self.indicator} of {self.entity} was selected without a bound; name one, or a number"
            raise blame_parameter("bound", "", message)
        return interpolate_values(self.bound, dates)

    @property
    def share(self) -> pd.Series:
        """Exact observations as a share of the bound on that date, a Series like ``values``; NaN without a bound."""
        return self.values / (self.bound_at(self.values.index) if self.bound is not None else np.nan)

    @property
    def penetration(self) -> pd.Series:
        """Exact observations as a share of the bound on the same date (0 to 1), a Series like ``values``."""
        return (self.values / self.bound_at(self.values.index)).rename(self.indicator)


def number_segments(dates: pd.Series, breaks: pd.DataFrame) -> np.ndarray:
    """Number the segment of each date: how many breaks (not suspected ones) lie at or before it."""
    if breaks.empty:
        return np.zeros(len(dates), dtype=int)
    hard = breaks.loc[breaks["kind"] == "break", "date"].sort_values()
    return np.searchsorted(hard.to_numpy("datetime64[s]"), dates.to_numpy("datetime64[s]"), side="right")


def choose_segment(exact: np.ndarray) -> int:
    """Choose the last segment with enough figures, or the last one where none has enough."""
    numbers, counts = np.unique(exact, return_counts=True)
    enough = numbers[counts >= SHORTEST_SEGMENT]
    return enough[-1] if len(enough) else numbers[-1]


def build_series(
    entry: Any, rows: pd.DataFrame, breaks: pd.DataFrame, segments: np.ndarray, chosen: int
) -> AdoptionSeries:
    """Build the series of one segment from the sorted rows of one indicator of one entity."""
    exact = (rows["bound"] == "exact").to_numpy()
    dates, numbers = pd.DatetimeIndex(rows["date"]), rows["value"].to_numpy()
    beyond = ~exact & (segments == chosen)

    def pick(which: np.ndarray) -> pd.Series:
        return pd.Series(numbers[which], index=dates[which], name=entry.indicator)

    later = pick(exact & (segments > chosen))
    return AdoptionSeries(
        entity=rows["entity"].iloc[0],
        values=pick(exact & (segments == chosen)),
        censored=pd.DataFrame({"value": numbers[beyond], "bound": rows["bound"].array[beyond]}, index=dates[beyond]),
        earlier=pick(exact & (segments < chosen)),
        later=later,
        breaks=breaks,
        observations=rows,
        segment_note=_explain_segment(later, breaks) if len(later) else "",
        **{name: getattr(entry, name) for name in DESCRIPTION},
    )


def _explain_segment(later: pd.Series, breaks: pd.DataFrame) -> str:
    hard = breaks[(breaks["kind"] == "break") & (breaks["date"] <= later.index[0])].iloc[-1]
    figures = say_count(len(later), "later figure is", "later figures are")
    return f"The series ends before the break of {hard['date']:%Y-%m-%d} ({hard['reason']}); {figures} left out."
