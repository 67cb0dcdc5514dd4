"""Tables of a run that the first page uses, the labels of its series, and facts that follow from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import decimal_years
from ..base.formats import format_bound, format_newest, format_number, format_period, format_range, format_side
from ..base.headline import find_goal
from ..base.levels import LEVELS, band_columns, quoted_level
from ..indicators import Names
from .formats import format_interval, format_value

TABLES: tuple[str, ...] = ("01_wording", "02_growth", "02_newer", "02_earlier", "02_later", "03_saturation_level")
TABLES += ("05_forecast", "05_limit", "05_other_limits", "05_newer", "05_coverage", "05_alike", "05_audit", "05_class")
TABLES += ("05_since", "05_probabilities", "05_milestones")
"""Tables of the notebooks before the sixth that the page reads."""
# Why a page quotes no forecast, by its state; `date` is that of the newest value.
REASONS = {
    "decline": "the series was in decline in {date}, and the method is made for growth",
    "refuted": "the newest value contradicts the forecast that was made without it",
    "flow": "intervals were tested for shares of sales, not for numbers sold or added in a year",
    "early": "no forecast from so small a part of the limit was tested",
    "cumulative": "intervals of a total so far were tested only with a limit",
    "no limit": "intervals were tested only with a limit, and this forecast has none",
    "all": "the 80% interval spans nearly all that is possible",
}
# Years over which a change is counted at most.
_LONGEST_CHANGE = 1.26
# On how many technologies or countries a test rests at least that a page shows.
_LEAST_TECHNOLOGIES = 5
TableRow = dict[str, Any]


@dataclass(frozen=True)
class RunTables:
    """Tables of a run, with the facts on its series that the first page needs.

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
        """Rows of a table, each with its place, such as ``05_forecast:8``."""
        rows = self.tables[name].to_dict("records") if name in self.tables else []
        return [{**row, "place": f"{name}:{place}"} for place, row in enumerate(rows)]

    # ---- the published values

    @cached_property
    def exact(self) -> list[TableRow]:
        """Exact values in order of date."""
        return self.list_rows("02_growth")

    @cached_property
    def bound(self) -> TableRow | None:
        """The latest bound that adds something to the last exact value."""
        rows = self.list_rows("02_newer")
        for last in self.exact[-1:]:
            rows = [row for row in rows if (row["value"] > last["value"]) == (row["qualifier"] == "at_least")]
        return rows[-1] if rows else None

    @property
    def assumed(self) -> str:
        """Both ends of the value that is assumed for `bound`, as text; "" if there is none."""
        row = self.bound
        if row is None or not np.isfinite(row["read_low"]):
            return ""
        return format_range(row["read_low"], row["read_high"], self.names.unit)

    @property
    def newest(self) -> TableRow:
        """The latest value, exact or a bound."""
        return self.bound or self.exact[-1]

    @property
    def is_share(self) -> bool:
        """Whether the values are percentages."""
        return self.names.unit.startswith("percent")

    @cached_property
    def change_of_method(self) -> tuple[str, TableRow, TableRow] | None:
        """The last suspected change of method: reason, the value before, and the value after."""
        for date, reason in sorted(self.names.cautions.items(), reverse=True):
            place = sum(row["date"] < date for row in self.exact)
            if 0 < place < len(self.exact):
                return reason, self.exact[place - 1], self.exact[place]
        return None

    def find_start(self) -> TableRow | None:
        """The value from which the change is counted: that of about a year before, or the nearest since a change."""
        since = self.change_of_method[2]["date"] if self.change_of_method else pd.Timestamp.min
        last = self.exact[-1] if self.exact else {}
        rows = [row for row in self.exact[:-1] if row["date"] >= since and row["value"] > 0]
        near = [row for row in rows if count_years(row, last) < _LONGEST_CHANGE]
        return min(near, key=lambda row: abs(count_years(row, last) - 1), default=None)

    # ---- the forecast

    @cached_property
    def goal(self) -> TableRow:
        """Forecast that the page shows, with low and high (NaN without an interval); empty without a forecast."""
        rows = [row for row in self.list_rows("05_forecast") if np.isfinite(row["q0.5"])]
        goal, (low, high) = find_goal(rows) if rows else {}, band_columns(self.level)
        return {**goal, "low": goal.get(low, np.nan), "high": goal.get(high, np.nan)} if goal else {}

    @property
    def quoted(self) -> TableRow:
        """Forecast whose interval may be quoted; empty if there is a `state`."""
        return {} if self.state else self.goal

    @property
    def since(self) -> str:
        """Date of the first value that the forecast uses if earlier ones are left out; otherwise ""."""
        start = self.goal.get("since", pd.NaT)
        return "" if pd.isna(start) else self.format_date({"date": start})

    @property
    def today(self) -> pd.Timestamp:
        """Day as of which the page is written: ``as_of``, or the latest publication date in the data."""
        return pd.Timestamp(self.names.as_of) if self.names.as_of else self.names.known

    @property
    def expected_then(self) -> str:
        """Either "expected", or "was expected" if the date of the forecast has passed."""
        return "was expected" if self.goal["date"] <= self.today else "expected"

    @cached_property
    def limit_then(self) -> TableRow:
        """Forecast of the limit on the date of the forecast; empty without a limit."""
        rows = self.list_rows("05_limit")
        return next((row for row in rows if row["date"] == self.goal.get("date")), {})

    @property
    def is_whole(self) -> bool:
        """Whether there is no limit but 100%, which nobody has to assume."""
        return not self.limit_then or (self.is_share and self.limit_then["mean"] == 100)

    @cached_property
    def state(self) -> str:
        """Key of the reason why no forecast is quoted: "few" or a key of `REASONS`; "" if one is quoted."""
        if self.names.few:
            return "few"
        if not self.goal:
            return "decline"
        if self.goal["basis"] == "refuted":
            return "refuted"
        if not np.isfinite(self.goal["low"]):
            measure = "no limit" if self.names.measure == "level" else self.names.measure
            return "early" if self.limit_then else measure
        limit = self.limit_then["mean"] if self.limit_then else np.inf
        return "all" if self.goal["low"] < 0.01 * limit and self.goal["high"] > 0.99 * limit else ""

    @property
    def reason(self) -> str:
        """Reason why no forecast is quoted, as a clause after "because"; "" if one is quoted."""
        return self.names.few or REASONS.get(self.state, "").format(date=self.format_date(self.newest))

    @property
    def is_drawn(self) -> bool:
        """Whether the chart has the forecast, with its interval or only its median."""
        return self.state in ("", "all", "no limit")

    def list_tests(self, name: str, group: str = "all") -> list[TableRow]:
        """Tests with about the horizon of the forecast; none for few series, or without an interval."""
        units, ahead = ("units", "years") if name == "05_audit" else ("technologies", "horizon_years")
        rows = [row for row in self.list_rows(name) if np.isclose(row.get("level", self.level), self.level)]
        rows = [row for row in rows if row.get("group", group) == group]
        if not rows or not self.quoted or (name == "05_audit" and self.level != 0.8):
            return []
        years = min((row[ahead] for row in rows), key=lambda each: abs(each - count_years(self.newest, self.quoted)))
        near = [row for row in rows if row[ahead] == years]
        return near if group != "all" or sum(row[units] for row in near) >= _LEAST_TECHNOLOGIES else []

    # ---- as text

    def format_date(self, row: TableRow) -> str:
        """The date of a row: December 2025; 2025 where all values are of ends of years."""
        days = pd.DatetimeIndex([each["date"] for each in [*self.exact, *self.list_rows("02_newer"), row]])
        return f"{row['date']:%Y}" if (days.month == 12).all() else format_period(row["date"], self.names.measure)

    def format_span(self, start: TableRow, end: TableRow) -> str:
        """The dates of two rows: December 2024 to June 2025."""
        return f"{self.format_date(start)} to {self.format_date(end)}"

    def format_when(self, row: TableRow) -> str:
        """The date with its preposition: in December 2025; of a total so far by the end of December 2025."""
        return f"{'by the end of' if self.names.measure == 'cumulative' else 'in'} {self.format_date(row)}"

    def format_published(self, row: TableRow) -> str:
        """A published value with its unit, as printed: 602 million people, more than 700 million people."""
        return format_bound(pd.Series(row), self.names.unit, own=self.names.own)

    @property
    def amount(self) -> str:
        """The newest value as the press writes it, with what it counts: 1.01 billion users; 8.4% of firms."""
        number = format_value(self.newest["value"], self.names.unit, self.names.own)
        return f"{format_side(pd.Series(self.newest), self.names.own)}{number}{self.base}"

    @property
    def interval(self) -> str:
        """The interval of the forecast without what it counts: 764 million to 1.16 billion."""
        return format_interval(self.goal["low"], self.goal["high"], self.names.unit)

    def format_difference(self, gain: float) -> str:
        """A difference with its sign: +6.5 points, −2 million people."""
        points = f"{format_number(gain, 'percent', bare=True).removesuffix('.0')} points"
        text = points if self.is_share else format_newest(gain, self.names.unit, self.names.own)
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
    """Years between the dates of two rows."""
    return float(np.subtract(*decimal_years([end["date"], start["date"]])))
