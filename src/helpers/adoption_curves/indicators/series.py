"""An adoption series with its upper limit, cut at its changes of method."""

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
    """Observations of one indicator in one country or region since the last change of method, with the upper limit.

    Attributes
    ----------
    entity, indicator, title, unit, base, technology, role, note : str
        As in indicators.csv; ``base`` names the base population.
    values : Series of float
        Exact observations since the last certain change of method, in ``unit``, by date. It is empty if only bounds
        have been published since.
    censored : DataFrame
        Observations since then that were published only as "more than" or "less than", by date, with columns ``value``
        and ``qualifier`` ("at_least" or "at_most").
    earlier : Series of float
        Exact observations before the last certain change of method. They are not combined with later ones.
    breaks : DataFrame
        Changes of method: ``date``, ``kind`` and ``reason``. A certain one (kind "break") splits the series, a
        "suspected" one does not.
    observations : DataFrame
        All rows of the series in observations.csv.
    limit : Limit or None
        Upper limit in ``unit``, by date.
    errors : {"independent"} or None
        Kind of errors of the values; None if it is not known.
    measure : {"level", "cumulative", "flow"}
        What a value counts: those in use on a date, the total so far, or the amount added or sold in a year.
    most : float
        Largest possible value in ``unit`` apart from the limit, such as the population; infinite if unknown.
    market : str
        For shares of sales, the market, as in indicators.csv.
    since : str
        Observations that a forecast uses: "all", those since an ISO day, or, for "", those since the last suspected
        change of method if three of them are usable, otherwise all.

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> series = load().series("China", "internet_users")
    >>> series.unit, series.measure, series.limit.title
    ('million people', 'level', 'Population at the year-end')
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
        """Draw the observations and the upper limit; newer bounds are open circles.

        Parameters
        ----------
        ax : matplotlib Axes, optional
            Axes to draw on; by default those of a new figure.

        Returns
        -------
        matplotlib Axes
        """
        from ..show.figures.on_axes import plot_course

        return plot_course(self, ax)

    @property
    def dates(self) -> pd.DatetimeIndex:
        """Dates of all observations since the last certain change of method, in order, those of bounds included."""
        return self.values.index.union(self.censored.index)

    @property
    def days(self) -> pd.DatetimeIndex:
        """Dates of the exact observations since the last certain change of method; without any, of the bounds."""
        return pd.DatetimeIndex(self.values.index if len(self.values) else self.dates)

    @property
    def last_break(self) -> pd.Series | None:
        """Change of method (date, kind, reason) between ``earlier`` and ``values``; None if ``earlier`` is empty."""
        hard = self.breaks[(self.breaks["kind"] == "break") & (self.breaks["date"] <= self.dates[0])]
        return hard.iloc[-1] if len(self.earlier) else None

    @property
    def start(self) -> pd.Timestamp:
        """First day of the observations that a forecast uses, see ``since``."""
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
        """Reason why the observations are too few for a forecast, as a clause after "because"; "" if they are not."""
        values, last = self.values.dropna(), self.last_break
        since = "" if last is None else format_long_date(last["date"])
        return explain_few(decimal_years(values.index), values.to_numpy(float), len(self.newer), since)

    @property
    def cumulative(self) -> bool:
        """Whether the values are totals so far."""
        return self.measure == "cumulative"

    @property
    def is_share_of_sales(self) -> bool:
        """Whether the values are percentages of what is sold or added in a year."""
        return self.measure == "flow" and self.unit.startswith("percent")

    @property
    def full_title(self) -> str:
        """Title with the country or region."""
        return add_entity(self.title, self.entity)

    @property
    def known_limit(self) -> Limit | float | None:
        """Upper limit; without one, 100 for percentages up to 100, else None."""
        share = self.limit is None and self.unit.startswith("percent") and (self.values <= 100).all()
        return 100.0 if share else self.limit

    @property
    def share(self) -> pd.Series:
        """Exact observations as shares of the upper limit on the same date, 0 to 1; NaN without a limit."""
        limit = np.nan if self.limit is None else self.limit.at(self.values.index)
        return (self.values / limit).rename(self.indicator)

    @property
    def standard_error(self) -> pd.Series:
        """Standard error of each exact observation, in ``unit``; NaN if none was published."""
        return self._published("standard_error")

    @property
    def newer(self) -> pd.DataFrame:
        """Rows of ``censored`` after the last exact observation, in order of date."""
        after = self.censored.index > (self.values.index[-1] if len(self.values) else pd.Timestamp.min)
        return self.censored.loc[after].sort_index()

    @property
    def at_least(self) -> pd.Series:
        """The "more than" values of ``censored``, by date."""
        return self.censored.loc[self.censored["qualifier"] == "at_least", "value"]

    @property
    def highest(self) -> float:
        """Highest published value, exact or "more than", in ``unit``; NaN without observations."""
        return float(max([*self.values.dropna(), *self.at_least], default=np.nan))

    @property
    def published(self) -> pd.Series:
        """Publication date of each exact observation; NaT if it is not known."""
        return pd.to_datetime(self._published("published"))

    @property
    def readings(self) -> pd.DataFrame:
        """Lowest and highest assumed value of each row of `newer` that has them: read_low and read_high, by date."""
        rows = self.observations.set_index("date").reindex(columns=[*READ]).dropna()
        return rows[rows.index.isin(self.newer.index)].sort_index()

    def use_readings(self) -> AdoptionSeries:
        """The series with the assumed value of each newer bound, the mean of `readings`, as an exact observation."""
        means = self.readings.mean(axis=1).rename(self.values.name)
        values = pd.concat([self.values, means]) if len(means) else self.values
        return replace(self, values=values, censored=self.censored[~self.censored.index.isin(means.index)])

    def _published(self, column: str) -> pd.Series:
        """Column of ``observations`` for each exact observation; missing if there is no such column."""
        rows = self.observations
        known = (
            rows[rows["qualifier"] == "exact"].set_index("date")[column] if column in rows else pd.Series(dtype=float)
        )
        return known.reindex(self.values.index).rename(self.indicator)

    def with_since(self, since: str) -> AdoptionSeries:
        """The same series with another choice of the observations that a forecast uses.

        Parameters
        ----------
        since : str
            "", "all" or an ISO day, as the attribute.

        Returns
        -------
        AdoptionSeries

        Raises
        ------
        DataError
            If `since` is none of these, or leaves fewer than three usable observations.
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
        """The same series with another upper limit, or with none.

        Parameters
        ----------
        limit : Limit or None
            Upper limit in ``unit``.
        tolerance : float
            Share of the limit by which an observation may exceed it, because both are rounded.

        Returns
        -------
        AdoptionSeries

        Raises
        ------
        DataError
            If an observation exceeds the limit on its date by more than that, or the limit is 0.

        Examples
        --------
        >>> from adoption_curves.indicators import load
        >>> load().series("China", "internet_users").with_limit(None).limit is None
        True
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
    """Parse a cell of ``breaks`` or ``suspected_breaks`` in indicators.csv.

    Parameters
    ----------
    text : str
        Entries separated by ``;``, each ``YYYY-MM-DD [Entity] reason``: the date of the first observation after the
        change of method, the country or region in brackets if it is the only one concerned, and the reason.

    Returns
    -------
    list of tuple of str
        Date, entity ("" for all) and reason.

    Raises
    ------
    DataError
        If an entry has another form, or its date does not exist.
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
    """Cut the observations of one indicator in one country or region at the changes of method.

    Parameters
    ----------
    entry : named tuple
        Row of indicators.csv.
    rows : DataFrame
        Observations in order of date.
    breaks : DataFrame
        From `Data.find_breaks`.
    every : bool
        Whether to return every segment; by default only the last one.

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
