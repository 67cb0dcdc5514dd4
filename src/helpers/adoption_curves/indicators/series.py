"""Adoption series with its limit, cut at its breaks."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..base.dates import LEAST_OBSERVATIONS, decimal_years
from ..base.decline import count_usable, explain_few
from ..base.formats import add_entity, format_amount, format_count, format_long_date, of_entity, spell
from ..base.limit import Limit
from .date_formats import read_day
from .problems import DataError, Problem, parameter_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BASE_TOLERANCE = 0.005  # users and base are rounded apart: half a percent above the base is still rounding
READ = ("read_low", "read_high")  # columns of the ends between which a value printed as a limit lies
LIMITED = "limit"  # key of `values.attrs` with the title of the limit, which values alone do not have
_DESCRIPTION = ("indicator", "title", "unit", "base", "technology", "role", "note", "market")


@dataclass(frozen=True, eq=False, repr=False)
class AdoptionSeries:
    """Values of one indicator of one entity since its last break, with its limit.

    Attributes
    ----------
    entity, indicator, title, unit, base, technology, role, note : str
        As in indicators.csv; ``base`` says in words what the base population is.
    values : Series of float
        Exact observations since the last break, in ``unit``; DatetimeIndex named ``date``, increasing. They may be few,
        or none where only limits of values have been published since.
    censored : DataFrame
        Observations since then that are not exact: index date; columns value, qualifier (at_least or at_most).
    earlier : Series of float
        Exact observations before the last break: no fit, forecast or growth crosses it.
    breaks : DataFrame
        Columns date, kind, reason. A ``break`` splits the series; a ``suspected`` one is crossed.
    observations : DataFrame
        All rows of the series as in observations.csv.
    limit : Limit or None
        Known limit in ``unit``, by date; a number is the same on every date.
    errors : "independent" or None
        Known kind of errors of its values; None: not known.
    measure : {"level", "cumulative", "flow"}
        What is in use on a day; all so far, which cannot fall; or what a year adds.
    most : float
        In ``unit``, what no value can pass besides the limit, such as a population; infinite where there is none.
    market : str
        Of a share of sales: the market whose sales it is a share of, see indicators.csv.
    since : str
        What a forecast uses: "" for the values since the last suspected change of method, if three of them are usable,
        else all; "all"; or those since an ISO day.
    """

    entity: str
    indicator: str
    title: str
    unit: str
    base: str
    technology: str
    role: str
    note: str
    values: pd.Series
    censored: pd.DataFrame
    earlier: pd.Series
    breaks: pd.DataFrame
    observations: pd.DataFrame
    limit: Limit | None = None
    errors: str | None = None
    measure: str = "level"
    most: float = np.inf
    market: str = ""
    since: str = ""

    def __repr__(self) -> str:
        span = f"{self.dates[0]:%Y-%m-%d} to {self.dates[-1]:%Y-%m-%d}"
        limit = f", limit: {self.limit.title}" if self.limit is not None else ""
        name, count = of_entity(self.title, self.entity), format_count(len(self.values), "value")
        return f"{name}: {count} in {self.unit}, {span}{limit}"

    def plot(self, ax: Axes | None = None) -> Axes:
        """Draw the values, newer ones that are limits, and the limit.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            By default new ones in a figure of their own.

        Returns
        -------
        matplotlib Axes
        """
        from ..show.figures.on_axes import plot_course

        return plot_course(self, ax)

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Dates of all values since the last break, in order; those of limits among them."""
        return self.values.index.union(self.censored.index)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Dates of the exact observations since the last break; where there is none, of those of limits."""
        return pd.DatetimeIndex(self.values.index if len(self.values) else self.dates)

    @property
    def last_break(self) -> pd.Series | None:
        """The break (date, kind, reason) that parts the values from those of ``earlier``; None where none does."""
        hard = self.breaks[(self.breaks["kind"] == "break") & (self.breaks["date"] <= self.dates[0])]
        return hard.iloc[-1] if len(self.earlier) else None

    @property
    def start(self) -> pd.Timestamp:
        """The day from which a forecast uses the values, see ``since``; the first one where it uses all."""
        if self.since not in ("", "all"):
            return pd.Timestamp(self.since)
        suspected = self.breaks.loc[self.breaks["kind"] == "suspected", "date"]
        values, first = self.use_readings().values.dropna(), self.dates.min()
        day = suspected[suspected <= self.dates.max()].max()
        if self.since == "all" or pd.isna(day) or not first < day:
            return first
        later = values[values.index >= day]
        return day if count_usable(decimal_years(later.index), later.to_numpy(float)) == LEAST_OBSERVATIONS else first

    @property
    def few(self) -> str:
        """Why its values are too few for a forecast, as a clause after "because"; "" where they are not."""
        values, last = self.values.dropna(), self.last_break
        since = "" if last is None else format_long_date(last["date"])
        return explain_few(decimal_years(values.index), values.to_numpy(float), len(self.newer), since)

    @property
    def cumulative(self) -> bool:
        """Whether the values count all so far."""
        return self.measure == "cumulative"

    @property
    def is_share_of_sales(self) -> bool:
        """Whether the values are percentages of what is sold or added in a year."""
        return self.measure == "flow" and self.unit.startswith("percent")

    @property
    def full_title(self) -> str:
        """The title with its entity."""
        return add_entity(self.title, self.entity)

    @property
    def known_limit(self) -> Limit | float | None:
        """The limit; without one 100 for percent that are no higher, else None."""
        share = self.limit is None and self.unit.startswith("percent") and (self.values <= 100).all()
        return 100.0 if share else self.limit

    @property
    def share(self) -> pd.Series:
        """Exact observations as a share of the limit on the same date (0 to 1); NaN without a limit."""
        limit = np.nan if self.limit is None else self.limit.at(self.values.index)
        return (self.values / limit).rename(self.indicator)

    @property
    def standard_error(self) -> pd.Series:
        """Standard error of each exact observation, in ``unit``; NaN where none was published."""
        return self._published("standard_error")

    @property
    def newer(self) -> pd.DataFrame:
        """The rows of ``censored`` after the last exact observation, in order of date."""
        after = self.censored.index > (self.values.index[-1] if len(self.values) else pd.Timestamp.min)
        return self.censored.loc[after].sort_index()

    @property
    def at_least(self) -> pd.Series:
        """Values of the rows of ``censored`` that are "more than", by date."""
        return self.censored.loc[self.censored["qualifier"] == "at_least", "value"]

    @property
    def highest(self) -> float:
        """What has been published at most: the highest exact observation, or that one is at least; NaN for none."""
        return float(max([*self.values.dropna(), *self.at_least], default=np.nan))

    @property
    def published(self) -> pd.Series:
        """Day of publication of each exact observation; NaT if it is not known."""
        return pd.to_datetime(self._published("published"))

    @property
    def readings(self) -> pd.DataFrame:
        """Both ends of each of `newer` of which they are known: index date, columns read_low and read_high."""
        rows = self.observations.set_index("date").reindex(columns=[*READ]).dropna()
        return rows[rows.index.isin(self.newer.index)].sort_index()

    def use_readings(self) -> AdoptionSeries:
        """The series with the mean of both ends in the place of each such value, as an exact one."""
        means = self.readings.mean(axis=1).rename(self.values.name)
        values = pd.concat([self.values, means]) if len(means) else self.values
        return replace(self, values=values, censored=self.censored[~self.censored.index.isin(means.index)])

    def _published(self, column: str) -> pd.Series:
        rows = self.observations
        known = (
            rows[rows["qualifier"] == "exact"].set_index("date")[column] if column in rows else pd.Series(dtype=float)
        )
        return known.reindex(self.values.index).rename(self.indicator)

    def with_since(self, since: str) -> AdoptionSeries:
        """Return the series with another first day of what a forecast uses.

        Parameters
        ----------
        since : str
            "", "all" or an ISO day, see the attribute.

        Returns
        -------
        AdoptionSeries

        Raises
        ------
        DataError
            If it is none of these, or leaves fewer than three usable values.
        """
        if since not in ("", "all"):
            if read_day(since) is None:
                raise parameter_error("since", since, "is no day; write YYYY-MM-DD, all, or nothing")
            values = self.use_readings().values.dropna()
            later = values[values.index >= since]
            left = count_usable(decimal_years(later.index), later.to_numpy(float))
            if left < LEAST_OBSERVATIONS:
                count = f"{spell(left) if left else 'no'} usable value{'' if left == 1 else 's'}"
                message = f"leaves {count}; a forecast needs three that span half a year"
                raise parameter_error("since", since, message)
        return replace(self, since=since)

    def with_limit(self, limit: Limit | None, tolerance: float = BASE_TOLERANCE) -> AdoptionSeries:
        """Return the series with another limit, or with none.

        Parameters
        ----------
        limit : Limit or None
            In ``unit``.
        tolerance : float
            Part of the limit by which an observation may lie above it; both may be rounded.

        Returns
        -------
        AdoptionSeries

        Raises
        ------
        DataError
            When an observation lies further above the limit on its date, or the limit is 0.
        """
        values = self.values.copy()
        values.attrs = {} if limit is None else {LIMITED: limit.title}
        if limit is None:
            return replace(self, values=values, limit=None)
        limits = limit.at(self.values.index)
        if (limits <= 0).any():
            day = self.values.index[limits <= 0][0]
            raise parameter_error("limit", limit.name, f"is 0 on {day:%Y-%m-%d}; choose a limit above 0")
        beyond = self.at_least
        observed, limits = pd.concat([self.values, beyond]), np.r_[limits, limit.highest_at(beyond.index)]
        above = observed.to_numpy(float) > limits * (1 + tolerance)
        if above.any():
            worst = above.argmax()
            least = "at least " if worst >= len(self.values) else ""
            message = (
                f"is below an observation: {of_entity(self.indicator, self.entity)} is {least}"
                f"{format_amount(observed.iloc[worst], self.unit)} on {observed.index[worst]:%Y-%m-%d}, the limit "
                f"{format_amount(limits[worst], self.unit)}; "
                "choose a limit that is never below the series"
            )
            raise parameter_error("limit", limit.name, message)
        if wrong := limit.find_scale_fault(self.values):
            raise parameter_error("limit", limit.name, wrong)
        return replace(self, values=values, limit=limit)


def parse_breaks(text: str) -> list[tuple[str, str, str]]:
    """Parse one cell of ``breaks`` or ``suspected_breaks``: ``YYYY-MM-DD [Entity] reason; YYYY-MM-DD reason``.

    Parameters
    ----------
    text : str
        Entries separated by ``;``. Each is the date of the first observation of the new regime, the entity in square
        brackets where the break is only its own, and the reason.

    Returns
    -------
    list of (date text, entity or "", reason)

    Raises
    ------
    DataError
        When an entry does not have this form or its date does not exist.
    """
    entries = []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"(\d{4}-\d{2}-\d{2}) (?:\[([^\]]+)\] )?(\S.*)", entry)
        if not match or read_day(match[1]) is None:
            message = "is no break; write 'YYYY-MM-DD reason' with a day of the calendar, entries separated by ';'"
            raise DataError([Problem("indicators.csv", None, "breaks", entry, message)])
        entries.append((match[1], match[2] or "", match[3]))
    return entries


def split_series(entry: Any, rows: pd.DataFrame, breaks: pd.DataFrame, every: bool = False) -> list[AdoptionSeries]:
    """Cut the observations of one indicator of one entity at its breaks.

    Parameters
    ----------
    entry : named tuple
        The row of indicators.csv.
    rows : DataFrame
        The observations in order of date.
    breaks : DataFrame
        From `Data.find_breaks`.
    every : bool
        Every segment; by default the values since the last break, however few.

    Returns
    -------
    list of AdoptionSeries
    """
    measure = entry.measure or "level"
    exact = (rows["qualifier"] == "exact").to_numpy()
    hard = breaks.loc[breaks["kind"] == "break", "date"].to_numpy("datetime64[s]")
    segments = np.searchsorted(hard, rows["date"].to_numpy("datetime64[s]"), side="right")  # 0 before the first break
    dates, numbers = pd.DatetimeIndex(rows["date"]), rows["value"].to_numpy()
    parts = np.unique(segments)

    def pick(which: np.ndarray) -> pd.Series:
        return pd.Series(numbers[exact & which], index=dates[exact & which], name=entry.indicator)

    series = []
    for number in parts if every else parts[-1:]:
        beyond = ~exact & (segments == number)
        series.append(
            AdoptionSeries(
                entity=rows["entity"].iloc[0],
                values=pick(segments == number),
                censored=pd.DataFrame(
                    {"value": numbers[beyond], "qualifier": rows["qualifier"].array[beyond]}, dates[beyond]
                ),
                earlier=pick(segments < number),
                breaks=breaks,
                observations=rows,
                errors=entry.errors or None,
                measure=measure,
                **{name: getattr(entry, name) for name in _DESCRIPTION},
            )
        )
    return series
