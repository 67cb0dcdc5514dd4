"""Facts of a run, decided once from its tables; headline, sentences, key numbers and figure say these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST, decimal_years
from ..base.fallen import BEYOND_SCATTER, LEAST_FALL, count_usable, pick_last
from ..base.fan import find_goal
from ..base.levels import LEVELS, band_columns, quoted_level
from ..base.words import FLOW, lower_first, say, say_at, say_figure, say_period
from ..curves import Assessment
from ..curves.verdict import LEVELS_OFF, NEAR_LIMIT
from ..indicators import Names

SUMMARISED: tuple[str, ...] = (
    "01_wording",
    "02_growth",
    "02_newer",
    "02_earlier",
    "02_later",
    "02_countries",
    "03_saturation_level",
)
SUMMARISED += ("05_limit", "05_other_limits", "05_forecast", "05_coverage", "05_class", "05_alike", "05_audit")
"""Tables of the run that the facts are decided from."""
_NEAR_DATE = 0.26
"""Years by which the figure of a year before may be nearer or further."""
_STEADY = 0.97
"""Values that all lie within this part of the highest neither rise nor fall."""
_NOTHING = 1e-6
"""Part of the upper end of a range below which its lower end is said to be 0."""
_TESTED = 10
"""On how many technologies, countries or features a test must rest for a page to quote it."""
_AUDITED = 0.8
"""The level of the ranges that the audit counted."""
KINDS = ("few", "fallen", "refuted", "still", "flow", "cumulative", "near", "levelled", "limited", "open")
"""Kinds of series, in the order in which `Facts.kind` asks for them."""

Row: TypeAlias = Any
"""A row of a table by the names of its columns, each number with its place, and what is computed of it; or None."""


class Number(float):
    """A number of a table, with its place: the name of the table, the row from 0 on, and the column."""

    place: tuple[str, int, str]

    @classmethod
    def find(cls, cell: Any, *place: Any) -> Any:
        """The cell of a table; a number knows its place."""
        if not isinstance(cell, (int, float)) or isinstance(cell, bool):
            return cell
        number = cls(cell)
        number.place = place
        return number


@dataclass(frozen=True)
class Facts:
    """Facts of one run. What there isn't is None.

    Parameters
    ----------
    tables : mapping
        Frames of the run by name, those of `SUMMARISED`.
    names : Names
    level : float
        Of the quoted range, see `adoption_curves.base.levels.quoted_level`.
    """

    tables: Mapping[str, pd.DataFrame]
    names: Names
    level: float = quoted_level(LEVELS)

    def list_rows(self, name: str) -> list[Row]:
        """Every row of a table; none of one that is not there yet."""
        rows = self.tables[name].to_dict("records") if name in self.tables else []
        return [
            {str(column): Number.find(cell, name, place, column) for column, cell in row.items()}
            for place, row in enumerate(rows)
        ]

    def date(self, row: Row) -> str:
        """The date of a row in a sentence: December 2025; 2025 where all figures are of ends of years."""
        days = pd.DatetimeIndex(self.tables["02_growth"]["date"].tolist() + self.tables["02_newer"]["date"].tolist())
        if (days.month == 12).all() and row["date"].month == 12:
            return f"{row['date'].year}"
        return self.periods.get(row["date"]) or say_period(row["date"], self.names.measure)

    @cached_property
    def periods(self) -> dict[pd.Timestamp, str]:
        """By date the periods of figures that are estimated from devices: the second quarter of 2026."""
        own = (self.names.entity, self.last.get("indicator"), "telemetry")
        rows = [row for row in self.list_rows("02_countries") if row["period"]]
        rows = [row for row in rows if (row["entity"], row["indicator"], row["kind"]) == own]
        return {row["date"]: f"the {row['period']}" for row in rows}

    def when(self, row: Row) -> str:
        """The date with its word: in December 2025; of all so far by December 2025, or by the end of 2025."""
        date, at = self.date(row), say_at(self.names.measure)
        return f"{at} the end of {date}" if at == "by" and date.isdigit() else f"{at} {date}"

    def say(self, value: float) -> str:
        """A published figure with its unit; one of own data has the digits that the file has."""
        return say_figure(value, self.names.unit, self.names.own)

    @property
    def is_share(self) -> bool:
        """Whether the figures are percentages."""
        return self.names.unit.startswith("percent")

    @property
    def points(self) -> str:
        """The unit of differences."""
        return "percentage points" if self.is_share else self.names.unit

    def say_step(self, gain: float) -> str:
        """A difference with its unit: 6.5 points, 1 point."""
        if not self.is_share:
            return self.say(gain)
        text = say(gain, self.points, bare=True).removesuffix(".0")
        return f"{text} {'point' if text == '1' else 'points'}"

    @cached_property
    def kind(self) -> str:
        """Kind of series: the first question of which the answer is yes decides."""
        verdict = self.saturation_level["verdict"]
        questions = {
            "few": self.usable < SHORTEST,
            "fallen": not self.fan,
            "refuted": any(row["basis"] == "refuted" for row in self.fan),
            "still": not _grows(self.used),
            "flow": self.names.measure == "flow" and self.range is None,
            "cumulative": self.names.measure == "cumulative",
            "near": verdict == NEAR_LIMIT,
            "levelled": verdict == LEVELS_OFF and self.stands,
            "limited": self.has_limit,
        }
        return next((kind for kind, answer in questions.items() if answer), KINDS[-1])

    # ---- the figures ----------------------------------------------------------------------------------------------

    @cached_property
    def growth(self) -> list[Row]:
        """The exact figures."""
        return self.list_rows("02_growth")

    @cached_property
    def last(self) -> Row:
        """The last exact figure; where none is known, the newest limit of one, and the kind is few."""
        absent = dict.fromkeys(("share_of_limit", "published_rate"), np.nan)
        return self.growth[-1] if self.growth else absent | self.list_rows("02_newer")[-1]

    @cached_property
    def values(self) -> pd.Series:
        """The exact figures above 0 by date."""
        values = self.tables["02_growth"].set_index("date")["value"]
        return values[values > 0] if (values > 0).any() else values

    @cached_property
    def usable(self) -> int:
        """How many exact figures a forecast can use, up to three, see `base.fallen.count_usable`."""
        return count_usable(decimal_years(self.values.index), self.values)

    @cached_property
    def earlier(self) -> Row:
        """The last figure before the last break, with its reason, if there is one."""
        rows = self.list_rows("02_earlier")
        return rows[-1] if rows else None

    @cached_property
    def fell(self) -> Row:
        """The highest figure since the break before the last one, where the last of these is a tenth lower or more."""
        last = self.earlier
        if last is None:
            return None
        rows = [row for row in self.list_rows("02_earlier") if row["break"] == last["break"]]
        peak = max(rows, key=lambda row: row["value"])
        return peak if last["value"] <= (1 - LEAST_FALL) * peak["value"] else None

    @cached_property
    def used(self) -> pd.Series:
        """The exact figures that the forecast uses, see `base.fallen.pick_last`."""
        return self.values.iloc[pick_last(decimal_years(self.values.index))]

    @cached_property
    def newer(self) -> Row:
        """The newest figure where it is printed as a limit that says more than the last exact one."""
        newest = self.list_rows("02_newer")[-1:]
        if not self.growth:
            return newest[0]
        more = [row for row in newest if (row["value"] > self.last["value"]) == (row["qualifier"] == "at_least")]
        return more[0] if more and more[0]["value"] != self.last["value"] else None

    @cached_property
    def reading(self) -> Row:
        """The newer figure where it is read between two ends; its value is their mean."""
        if self.newer is None or not np.isfinite(self.newer["read_low"]):
            return None
        return self.newer | {"value": (self.newer["read_low"] + self.newer["read_high"]) / 2}

    @cached_property
    def newest(self) -> Row:
        """The last figure, or the mean of both ends of a newer one that is read between two ends."""
        return self.reading or self.last

    @cached_property
    def share(self) -> Row:
        """The last figure as a share: as the publisher prints it, or of the limit; its value, and of whom."""
        base, last = self.names.base, self.last
        if np.isfinite(last["published_rate"]):
            found = {"key": "published_rate", "value": last["published_rate"], "url": last["rate_url"]}
            return found | {"base": base, "of": base if base.endswith("s") else f"the {base}"}
        if self.is_share or np.isnan(last["share_of_limit"]):
            return None
        found = {"key": "share_of_limit", "value": last["share_of_limit"], "url": "", "base": self.limit_name}
        of = self.limit_name if self.names.limit_is_series else f"{self.limit_name}, the limit of this run"
        return found | {"of": of}

    @cached_property
    def before(self) -> Row:
        """The figure a year before the last one; gain (difference of the last one), percent (of it), and ratio.

        None across a suspected break.
        """
        off = {place: abs(_count_years(row, self.last) - 1) for place, row in enumerate(self.growth)}
        place, last = min(off, key=off.__getitem__, default=0), self.last["value"]
        found = self.growth[place] if off.get(place, 1) < _NEAR_DATE else None
        if not found or found["value"] <= 0 or (self.jump and found["date"] < self.jump["after"]["date"]):
            return None
        gain, ratio = last - found["value"], last / found["value"]
        return found | {"gain": gain, "percent": 100 * gain / found["value"], "ratio": ratio}

    @cached_property
    def peak(self) -> Row:
        """The highest figure; lost (the fall to the last one, in percent of it)."""
        found = max(self.growth, key=lambda row: row["value"], default=self.last)
        fall = 1 - self.last["value"] / found["value"] if found["value"] else 0.0
        return found | {"lost": 100 * fall}

    @cached_property
    def standing(self) -> Row:
        """The longest run of last figures, three at least or all, that neither grows nor begins with its lowest.

        date (of the first), low, high, and whether it grows.
        """
        rows = [row for row in self.growth if row["value"] > 0] or self.growth or [self.last]
        for start in range(max(1, len(rows) - 2)):
            part = [row["value"] for row in rows[start:]]
            grows = _grows(pd.Series(part, [row["date"] for row in rows[start:]]))
            if min(part) >= _STEADY * max(part) or (not grows and part[0] > min(part)):
                break
        return {"date": rows[start]["date"], "low": min(part), "high": max(part), "grows": grows}

    @cached_property
    def stands(self) -> bool:
        """Whether the figures have not grown for a year or more."""
        return not self.standing["grows"] and _count_years(self.standing, self.last) > 1 - _NEAR_DATE

    @cached_property
    def jump(self) -> Row:
        """The last suspected break among the figures used: reason, the figures before and after it, and the change."""
        dates, found = [row["date"] for row in self.growth], dict[str, Any]()
        for date, reason in sorted(self.names.cautions.items()):
            if self.used.index.min() < date <= self.last["date"]:
                place = int(np.searchsorted(dates, date))
                before, after = self.growth[place - 1], self.growth[place]
                found = {"reason": reason, "before": before, "after": after}
        return found | {"change": abs(found["after"]["value"] - found["before"]["value"])} if found else None

    @cached_property
    def since_jump(self) -> Row:
        """The first figure after a suspected break, where that lies within the last year; gain (to the last one)."""
        if not self.jump or not 0 < _count_years(self.jump["after"], self.last) < 1 - _NEAR_DATE:
            return None
        return self.jump["after"] | {"gain": self.last["value"] - self.jump["after"]["value"]}

    @cached_property
    def unasked(self) -> Row:
        """The newest figure, where the question that it answers is not known."""
        unknown = [row["date"] for row in self.list_rows("01_wording") if row["status"] == "not known"]
        newest = self.newer or self.last
        return newest if newest["date"] in unknown else None

    # ---- among others -------------------------------------------------------------------------------------------

    @cached_property
    def others(self) -> Row:
        """Where the country's other services stood as long after the same share: the lowest and the highest row."""
        rows = self.list_rows("05_class")
        return {"low": rows[0], "high": rows[-1]} if rows else None

    # ---- where to -----------------------------------------------------------------------------------------------

    @cached_property
    def saturation_level(self) -> Row:
        """The verdict on where growth ends."""
        return self.list_rows("03_saturation_level")[0]

    @cached_property
    def has_limit(self) -> bool:
        """Whether there is a limit; without one a forecast has no range (`Forecast.has_range`)."""
        return bool(np.isfinite(self.saturation_level["limit"]))

    @cached_property
    def limit_name(self) -> str:
        """The limit in a sentence: internet users, 100% of homes."""
        return lower_first(self.names.limit_title).replace(" percent", "%")

    @cached_property
    def fan(self) -> list[Row]:
        """The forecast by date; none where the figures are few or have fallen."""
        return [row for row in self.list_rows("05_forecast") if np.isfinite(row["q0.5"])]

    @cached_property
    def goal(self) -> Row:
        """The forecast of the headline, see `find_goal`; None where there is no forecast."""
        return find_goal(self.fan) if self.fan else None

    @cached_property
    def ahead(self) -> float:
        """Years from the newest figure to the goal."""
        return _count_years(self.newest, self.goal)

    @cached_property
    def range(self) -> Row:
        """The quoted range of the goal: low, median, high; None where the forecast has none."""
        low, high = band_columns(self.level)
        goal = self.goal if self.goal and low in self.goal else None
        if not goal:
            return None
        least = goal[low] if goal[low] > _NOTHING * goal[high] else 0.0
        return {"low": least, "median": goal["q0.5"], "high": goal[high]}

    @property
    def is_past(self) -> bool:
        """Whether the forecast is for a date by which figures of the data have come out."""
        return self.goal is not None and bool(self.goal["date"] <= self.names.known)

    @property
    def may_end_below(self) -> bool:
        """Whether an outcome can lie below the quoted range, which does not begin at what is printed as 0."""
        return self.range is not None and self.range["low"] >= 0.05

    @property
    def is_assumed(self) -> bool:
        """Whether the range hangs on a limit that is a number which somebody has given, and not all of a whole."""
        is_whole = self.is_share and self.saturation_level["limit"] == 100
        return self.range is not None and not is_whole and not self.names.limit_is_series

    @property
    def spans_all(self) -> bool:
        """Whether the quoted range says next to nothing: from nearly 0 to nearly the limit."""
        if not self.range or not self.limit:
            return False
        return bool(self.range["low"] < 0.01 * self.limit["mean"] and self.range["high"] > 0.99 * self.limit["mean"])

    @property
    def is_given(self) -> bool:
        """Whether the page gives a forecast.

        Without a range none of flows and totals so far, which were not tested, and none that passes the end of growth
        that the figures show.
        """
        if not self.fan or self.range is not None:
            return bool(self.fan)
        return self.names.measure == "level" and not self.goal["q0.5"] > self.saturation_level["high"]

    @cached_property
    def limit(self) -> Row:
        """The limit as forecast for the goal; None without one."""
        return next((row for row in self.list_rows("05_limit") if self.goal and row["date"] == self.goal["date"]), None)

    @cached_property
    def alternatives(self) -> list[Row]:
        """The forecasts of the goal with another limit that differ; with low and high."""
        low, high = band_columns(self.level)
        rows = [row for row in self.list_rows("05_other_limits") if self.range and row["date"] == self.goal["date"]]
        rows = [row for row in rows if row["limit"] != "none" and row["q0.5"] != self.goal["q0.5"]]
        return [row | {"low": row[low], "high": row[high]} for row in rows if np.isfinite(row.get(low, np.nan))]

    @cached_property
    def later(self) -> Row:
        """Of few figures the longest that is known of what others did from there; None after a fall."""
        rows = self.list_rows("02_later")
        return rows[-1] if rows and not self.fell else None

    @cached_property
    def tested(self) -> Row:
        """Coverage of the quoted range on comparison technologies, about as far ahead as the goal; None if untested."""
        rows = [row for row in self.list_rows("05_coverage") if np.isclose(row["level"], self.level)]
        near = min(rows, key=lambda row: abs(row["horizon_years"] - self.ahead), default=None)
        return near if self.goal and self.goal["basis"] != "untested" else None

    @cached_property
    def alike(self) -> Row:
        """Outcomes of windows like this one, as far ahead as `tested`."""
        rows = self.list_rows("05_alike") if self.tested else []
        rows = [row for row in rows if row["technologies"] >= _TESTED]
        return next((row for row in rows if row["horizon_years"] == self.tested["horizon_years"]), None)

    @cached_property
    def audit(self) -> list[Row]:
        """What the audit counted of 80% ranges, about as far ahead as the goal; none for another level."""
        rows = self.list_rows("05_audit") if self.tested and self.level == _AUDITED else []
        nearest = min((abs(row["years"] - self.ahead) for row in rows), default=0.0)
        return [row for row in rows if abs(row["years"] - self.ahead) == nearest]

    @property
    def audited(self) -> float:
        """Percentage of the outcomes of `audit` that the ranges contained, each outcome counted once; nan for none."""
        forecasts = sum(row["origins"] for row in self.audit)
        return sum(row["origins"] * row["inside_80"] for row in self.audit) / forecasts if forecasts else np.nan

    @cached_property
    def held(self) -> Row:
        """How often the quoted range held in these tests: least and most, in percent; None without a test.

        Only tests on `_TESTED` technologies, countries or features count.
        """
        tested = self.tested and self.tested["technologies"] >= _TESTED
        parts = [self.tested["covered"]] if tested else []
        parts += [self.alike["covered"]] if self.alike else []
        if sum(row["units"] for row in self.audit) >= _TESTED:
            parts += [self.audited, min(row["inside_80"] for row in self.audit)]
        return {"least": min(parts), "most": max(parts)} if parts else None


def _count_years(start: Row, end: Row) -> float:
    """Years from the date of one row to that of another."""
    return float(np.subtract(*decimal_years([end["date"], start["date"]])))


def _grows(values: pd.Series) -> bool:
    """Whether figures rise by more than they scatter.

    The rise is that of their least-squares line, from the first date to the last. The scatter is the farthest that any
    figure lies from the line between its neighbours; a rise is more than one and a half times that, as a fall is for
    `curves.has_fallen`.

    Examples
    --------
    >>> years = pd.to_datetime([f"{year}-12-31" for year in range(2018, 2025)])
    >>> _grows(pd.Series([10, 25, 12, 22, 15, 24, 11], years)), _grows(pd.Series([10, 13, 11, 16, 17, 19, 22], years))
    (False, True)
    """
    t, y = decimal_years(values.index), values.to_numpy(float)
    if len(y) < SHORTEST:
        return True
    part = (t[1:-1] - t[:-2]) / (t[2:] - t[:-2])
    scatter = np.abs(y[1:-1] - y[:-2] - part * (y[2:] - y[:-2])).max()
    return bool(np.polyfit(t - t[-1], y, 1)[0] * (t[-1] - t[0]) > BEYOND_SCATTER * scatter + 1e-9 * y.max())


def list_saturation_level(found: Assessment, values: pd.Series, measure: str = "level") -> pd.DataFrame:
    """Verdict on where a series of `values` ends, as a row for every notebook and page.

    Parameters
    ----------
    found : Assessment
    values : Series
        Exact figures by date, in the unit of the series.
    measure : str
        level, cumulative or flow.

    Returns
    -------
    DataFrame
        verdict, low, high, last, limit, left, reason, sentence, note: as `curves.Assessment`; points (how many
        figures). Of a flow the verdict is that, and no end is known.
    """
    names = ("verdict", "low", "high", "last", "limit", "left", "reason", "sentence", "note")
    row = {name: getattr(found, name) for name in names} | {"points": len(values)}
    if measure == "flow":
        row |= {"verdict": FLOW, "low": np.nan, "high": np.inf, "reason": "", "sentence": "not known"}
    return pd.DataFrame([row])
