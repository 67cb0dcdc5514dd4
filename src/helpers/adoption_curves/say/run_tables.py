"""What the first page reads: tables of a run by name, what its series is called, and what follows from these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST, decimal_years
from ..base.fallen import count_usable, pick_last
from ..base.fan import find_goal
from ..base.levels import LEVELS, band_columns, quoted_level
from ..base.words import say, say_at, say_date, say_figure, say_limit, say_period, spell
from ..indicators import Names

_BEFORE = ("01_wording", "02_growth", "02_newer", "02_earlier", "02_later", "03_saturation_level", "05_forecast")
_AFTER = ("05_limit", "05_other_limits", "05_newer", "05_coverage", "05_alike", "05_audit", "05_class")
TABLES = (*_BEFORE, *_AFTER)
"""Tables of the notebooks before the sixth that the page reads."""
REASONS = {
    "decline": "the series is in decline, and the method is made for growth",
    "refuted": "the newest value contradicts the forecast that was made without it",
    "flow": "intervals were tested for shares of sales, not for numbers sold or added in a year",
    "cumulative": "intervals of a total so far were tested only with a limit",
    "no limit": "intervals were tested only with a limit, and no limit of this series is known",
    "all": "the 80% interval spans nearly all that is possible",
}
"""Why a page quotes no forecast, by its state; `explain_few` has the reason of the state "few"."""
_NEAR_A_YEAR = 0.26
"""Years by which the value of a year before may be nearer or further."""
_LEAST_TECHNOLOGIES = 10
"""On how many technologies or countries a test rests at least that a page shows."""
TableRow = dict[str, Any]


@dataclass(frozen=True)
class RunTables:
    """Tables of a run, with what the page needs to know of its series.

    Attributes
    ----------
    tables : mapping of str to DataFrame
        By name; one that is missing has no rows.
    names : Names
    level : float
        Of the interval that is quoted.
    notes : sequence of (str, str)
        Text and address of the notes by hand, newest first.
    expected : str
        When the next value is expected; "" where that is not known.
    """

    tables: Mapping[str, pd.DataFrame]
    names: Names
    level: float = quoted_level(LEVELS)
    notes: Sequence[tuple[str, str]] = ()
    expected: str = ""

    def list_rows(self, name: str) -> list[TableRow]:
        """Rows of a table, each with its place: ``05_forecast:8``."""
        rows = self.tables[name].to_dict("records") if name in self.tables else []
        return [{**row, "place": f"{name}:{place}"} for place, row in enumerate(rows)]

    # ---- the published values

    @cached_property
    def exact(self) -> list[TableRow]:
        """Exact values, in order of date."""
        return self.list_rows("02_growth")

    @cached_property
    def bound(self) -> TableRow | None:
        """The newest value where it is a bound that says more than the last exact one."""
        for row in self.list_rows("02_newer")[-1:]:
            if not self.exact or (row["value"] > self.exact[-1]["value"]) == (row["qualifier"] == "at_least"):
                return row
        return None

    @property
    def newest(self) -> TableRow:
        """The newest value, exact or a bound."""
        return self.bound or self.exact[-1]

    @property
    def is_share(self) -> bool:
        """Whether the values are percentages."""
        return self.names.unit.startswith("percent")

    @cached_property
    def values(self) -> pd.Series:
        """Exact values by date."""
        dates = pd.DatetimeIndex([row["date"] for row in self.exact])
        return pd.Series([row["value"] for row in self.exact], dates, dtype=float)

    @cached_property
    def change_of_method(self) -> tuple[str, TableRow, TableRow] | None:
        """The last suspected one among the values that the forecast uses: reason, the value before, and after."""
        positive = self.values.index[self.values > 0]
        used = positive[pick_last(decimal_years(positive))] if len(positive) else []
        for date, reason in sorted(self.names.cautions.items(), reverse=True):
            place = int((self.values.index < date).sum())
            if len(used) and used[0] < date and 0 < place < len(self.exact):
                return reason, self.exact[place - 1], self.exact[place]
        return None

    def find_start(self) -> TableRow | None:
        """The value from which the change is counted: about a year before, or the first since a change of method."""
        since = self.change_of_method[2]["date"] if self.change_of_method else pd.Timestamp.min
        rows = [row for row in self.exact[:-1] if row["date"] >= since and row["value"] > 0]
        near = [row for row in rows if abs(count_years(row, self.exact[-1]) - 1) < _NEAR_A_YEAR]
        recent = rows[:1] if self.change_of_method and rows and count_years(rows[0], self.exact[-1]) < 1 else []
        return min(near or recent, key=lambda row: abs(count_years(row, self.exact[-1]) - 1), default=None)

    # ---- the forecast

    @cached_property
    def goal(self) -> TableRow | None:
        """The row of the forecast that is quoted, with low and high (nan without an interval); None without one."""
        rows = [row for row in self.list_rows("05_forecast") if np.isfinite(row["q0.5"])]
        if not rows:
            return None
        row, (low, high) = find_goal(rows), band_columns(self.level)
        return {**row, "low": row.get(low, np.nan), "high": row.get(high, np.nan)}

    @cached_property
    def limit_then(self) -> TableRow | None:
        """The row of the limit on the date of the forecast; None without a limit."""
        rows = self.list_rows("05_limit")
        return next((row for row in rows if self.goal and row["date"] == self.goal["date"]), None)

    @cached_property
    def state(self) -> str:
        """Why no forecast is quoted: "few" or a key of `REASONS`; "" where one is."""
        if count_usable(decimal_years(self.values.index), self.values) < SHORTEST:
            return "few"
        if self.goal is None:
            return "decline"
        if self.goal["basis"] == "refuted":
            return "refuted"
        if not np.isfinite(self.goal["low"]):
            return "no limit" if self.names.measure == "level" else self.names.measure
        limit = self.limit_then["mean"] if self.limit_then else np.inf
        return "all" if self.goal["low"] < 0.01 * limit and self.goal["high"] > 0.99 * limit else ""

    @property
    def reason(self) -> str:
        """Why no forecast is quoted, as a clause after "because"; "" where one is."""
        if self.state != "few":
            return REASONS.get(self.state, "")
        earlier = self.list_rows("02_earlier")
        return explain_few(self.values, earlier[-1]["break"] if earlier else None)

    @property
    def is_drawn(self) -> bool:
        """Whether the chart has the forecast: its interval, or its median alone."""
        return self.state in ("", "all", "no limit")

    def list_tests(self, name: str, column: str) -> list[TableRow]:
        """Rows of a table of tests about as far ahead as the forecast; none of tests on few, or without an interval."""
        rows = [row for row in self.list_rows(name) if np.isclose(row.get("level", self.level), self.level)]
        other_level = name == "05_audit" and self.level != 0.8
        if not rows or not self.goal or self.state or other_level or self.goal["basis"] == "untested":
            return []
        start = self.bound if self.bound and np.isfinite(self.bound["read_low"]) else self.exact[-1]
        ahead = count_years(start, self.goal)
        years = min((row[column] for row in rows), key=lambda each: abs(each - ahead))
        near = [row for row in rows if row[column] == years]
        units = "units" if name == "05_audit" else "technologies"
        return near if sum(row[units] for row in near) >= _LEAST_TECHNOLOGIES else []

    # ---- as text

    def format_date(self, row: TableRow) -> str:
        """The date of a row: December 2025; 2025 where all values are of ends of years."""
        days = pd.DatetimeIndex([each["date"] for each in [*self.exact, *self.list_rows("02_newer"), row]])
        return f"{row['date']:%Y}" if (days.month == 12).all() else say_period(row["date"], self.names.measure)

    def format_span(self, start: TableRow, end: TableRow) -> str:
        """The dates of two rows: December 2024 to June 2025."""
        return f"{self.format_date(start)} to {self.format_date(end)}"

    def format_when(self, row: TableRow) -> str:
        """The date with its preposition: in December 2025; of a total so far by the end of 2025."""
        date, preposition = self.format_date(row), say_at(self.names.measure)
        return f"by the end of {date}" if preposition == "by" and date.isdigit() else f"{preposition} {date}"

    def format_published(self, row: TableRow) -> str:
        """A published value with its unit, as printed: 602 million people, more than 700 million people."""
        if row.get("qualifier", "exact") != "exact":
            return say_limit(pd.Series(row), self.names.unit, own=self.names.own)
        return say_figure(row["value"], self.names.unit, self.names.own)

    def format_difference(self, gain: float) -> str:
        """A difference with its sign: +6.5 points, −2 million people."""
        points = f"{say(gain, 'percent', bare=True).removesuffix('.0')} points"
        text = points if self.is_share else say_figure(gain, self.names.unit, self.names.own)
        return f"{'+' if gain > 0 else ''}{text}".replace("-", "−")

    def format_change(self, start: TableRow) -> str:
        """The change from a value to the last exact one: of a share in points, else in percent."""
        gain = self.exact[-1]["value"] - start["value"]
        growth = f"{100 * gain / start['value']:+.0f}%".replace("-", "−")
        return self.format_difference(gain) if self.is_share else growth

    @property
    def base(self) -> str:
        """Of what percentages are, after a number: " of firms"; "" for other units."""
        base = self.names.unit.removeprefix("percent of ")
        whose = base if self.names.own or not self.names.people else self.names.people
        return "" if base == self.names.unit else f" of {whose}"


def count_years(start: TableRow, end: TableRow) -> float:
    """Years from the date of one row to that of another."""
    return float(np.subtract(*decimal_years([end["date"], start["date"]])))


def explain_few(values: pd.Series, since: pd.Timestamp | None = None) -> str:
    """Why no forecast is made of few values, as a clause after "because"; "" where there are enough.

    Parameters
    ----------
    values : Series of float
        Exact values by date.
    since : Timestamp, optional
        The day of the break after which these values begin.

    Returns
    -------
    str

    Examples
    --------
    >>> explain_few(pd.Series([0.0, 3.0, 5.0], pd.to_datetime(["2023-12-31", "2024-12-31", "2025-12-31"])))
    'a forecast needs three usable values over half a year, and there are three values, two of them usable: one is 0'
    """
    usable = count_usable(decimal_years(values.index), values)
    if usable >= SHORTEST:
        return ""
    zeros = int((values == 0).sum())
    near = int(values.notna().sum()) - zeros - usable
    total = zeros + near + usable
    text = f"there {'is' if total == 1 else 'are'} {spell(total)} value{'' if total == 1 else 's'}"
    text += f" since {say_date(since)}" if since is not None else ""
    lost = [f"{spell(zeros)} {'is' if zeros == 1 else 'are'} 0"] if zeros else []
    lost += [f"{spell(near)} less than half a year from the next"] if near else []
    text += f", {spell(usable)} of them usable: {' and '.join(lost)}" if lost else ""
    return f"a forecast needs three usable values over half a year, and {text}"
