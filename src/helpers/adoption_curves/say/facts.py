"""Facts of a run, decided once from its tables: sentences and key numbers say these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST, decimal_years
from ..base.levels import LEVELS, band_columns, quoted_level
from ..base.words import NO_FORECAST, say, say_at, say_first, say_name
from ..curves import Assessment
from ..curves.verdict import DEPENDS, LEVELS_OFF

SUMMARISED = (
    "02_growth",
    "02_newer",
    "02_pace",
    "02_countries",
    "03_ceiling",
    "03_odds",
    "05_bound",
    "05_bounds",
    "05_forecast",
    "05_middle",
    "05_coverage",
    "05_probabilities",
)
"""Tables of the run that the facts are decided from."""
YEAR, TWO_YEARS = (1.0, 0.26), (2.0, 0.51)
"""How far back growth is measured, and by how much that figure may be nearer or further."""
STEADY = 0.97
"""Values that all lie within this part of the highest neither rise nor fall."""
PASSED = 5
"""Years within which it is counted how often an end was passed."""


Row: TypeAlias = Any
"""A row of a table, by the names of its columns."""


def year_of(row: Row) -> float:
    """The date of a row as a year with decimals."""
    return float(decimal_years([row["date"]])[0])


class Facts:
    """Facts of one run. What there isn't is None.

    Parameters
    ----------
    tables : mapping
        Frames of the run by name, those of `SUMMARISED`.
    names : mapping
        As from `indicators.name_series`.
    levels : sequence of float
        Those of the forecast's bands; one is quoted, see `adoption_curves.base.levels.quoted_level`.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        names: Mapping[str, Any],
        levels: Sequence[float] = LEVELS,
    ):
        self.tables, self.names, self.level = tables, names, quoted_level(levels)
        self.title, self.unit = str(names["title"]), str(names["unit"])
        self.is_share, self.adds_up = self.unit.startswith("percent"), bool(names.get("cumulative"))
        self.at_date = say_at(self.adds_up)
        self.growth = self.list_rows("02_growth")
        self.last = self.growth[-1]

    def list_rows(self, name: str) -> list[Row]:
        """Every row of a table."""
        return self.tables[name].to_dict("records")

    # ---- how far, how fast --------------------------------------------------------------------------------------

    @cached_property
    def newer(self) -> Row | None:
        """The newest figure where it is printed as a limit that says more than the last exact one."""
        newest = self.list_rows("02_newer")[-1:]
        more = [row for row in newest if (row["value"] > self.last["value"]) == (row["bound"] == "at_least")]
        return more[0] if more and more[0]["value"] != self.last["value"] else None

    @cached_property
    def as_printed(self) -> Row | None:
        """Where the newest figure is read between two ends: the forecast for the `goal` from what was printed alone."""
        if self.newer is None or not self.reads:
            return None
        name = f"{say_name(self.newer['bound'])} {say(self.newer['value'])}"
        rows = [row for row in self.list_rows("05_bounds") if row["bound"] == name]
        return next((row for row in rows if row["date"] == self.goal["date"]), None)

    @cached_property
    def reads(self) -> bool:
        """Whether the newest figure is read between two ends, and so counts as a figure."""
        return self.newer is not None and bool(np.isfinite(self.newer["read_low"]))

    @cached_property
    def rate(self) -> float | None:
        """The share that the publisher prints beside the last figure."""
        return self.last["published_rate"] if np.isfinite(self.last["published_rate"]) else None

    @cached_property
    def before(self) -> Row | None:
        """The figure a year before the last one."""
        return find_before(self.growth, *YEAR)

    @cached_property
    def gain(self) -> float | None:
        """Growth since `before`: percentage points of a share, what was added to all so far, else percent."""
        if self.before is None:
            return None
        points = self.last["value"] - self.before["value"]
        return points if self.is_share or self.adds_up else 100 * points / self.before["value"]

    @cached_property
    def gain_unit(self) -> str:
        """What `gain` is counted in."""
        return "percentage points" if self.is_share else self.unit if self.adds_up else "percent"

    @cached_property
    def unchanged(self) -> bool:
        """Whether the last figure is that of a year before, as `gain` is rounded."""
        return self.gain is not None and abs(self.gain) < (1e-9 if self.adds_up else 0.05)

    @cached_property
    def peak(self) -> Row:
        """The highest figure."""
        return self.growth[int(self.tables["02_growth"]["value"].argmax())]

    @cached_property
    def least(self) -> Row:
        """The lowest figure."""
        return self.growth[int(self.tables["02_growth"]["value"].argmin())]

    @cached_property
    def course(self) -> str:
        """Course of the figures: "fallen", "still", "rise", or of one figure "unknown"."""
        if len(self.growth) < 2:
            return "unknown"
        if not self.fan:
            return "fallen"
        return "still" if self.least["value"] >= STEADY * self.peak["value"] else "rise"

    @cached_property
    def from_others(self) -> str:
        """First sentence where the series has one figure or two: all is from other technologies; else ""."""
        points = int(self.points)
        return say_from_others(points if points < SHORTEST else 1) if self.counted else ""

    # ---- among others -------------------------------------------------------------------------------------------

    @cached_property
    def pace(self) -> Row | None:
        """Its row among the other technologies on one clock, if it rises and there are others."""
        own = [row for row in self.list_rows("02_pace") if row["target"] and row["years_to_target_share"] > 0]
        return own[0] if own and own[0]["of"] > 1 and self.course == "rise" else None

    @cached_property
    def rivals(self) -> list[Row]:
        """The other technologies that were as fast or faster, the fastest first."""
        pace = self.pace
        return [
            row for row in self.list_rows("02_pace") if pace and not row["target"] and row["place"] <= pace["place"]
        ]

    @cached_property
    def country(self) -> tuple[Row, Row, Row] | None:
        """In the measure with the longest whole list: the country's newest row, its row in that list, the highest."""
        compared = self.tables["02_countries"]
        own = compared[compared["entity"] == self.names["entity"]]
        if own["place"].isna().all():
            return None
        ranked = own.loc[own["places"].idxmax()]
        same = compared["indicator"] == ranked["indicator"]
        newest = own.loc[own.loc[same, "date"].idxmax()]
        return newest, ranked, compared[same & (compared["place"] == 1)].iloc[0]

    # ---- where to -----------------------------------------------------------------------------------------------

    @cached_property
    def ceiling(self) -> Any:
        """The verdict on where growth ends, a row of `list_ceiling`; what is blank in its file is no text."""
        texts = {"reason": ""}
        return self.tables["03_ceiling"].astype(dict.fromkeys(texts, object)).fillna(texts).iloc[0]

    @cached_property
    def odds(self) -> list[Row]:
        """How often such an end was passed within five years, a row a kind of series; none without such an end."""
        return [row for row in self.list_rows("03_odds") if row["years"] == PASSED]

    @cached_property
    def goes_further(self) -> bool:
        """Whether the middle of the forecast is above the range that is given for the end of growth."""
        said = self.fan and self.ceiling["verdict"] in (LEVELS_OFF, DEPENDS)
        return bool(said and self.goal["q0.5"] > self.ceiling["high"])

    @cached_property
    def points(self) -> float:
        """How many figures there are."""
        return self.ceiling["points"]

    @cached_property
    def bound(self) -> float:
        """The bound at the last figure; nan without one."""
        return self.ceiling["bound"]

    @cached_property
    def fan(self) -> list[Row]:
        """The forecast by date; none where the figures have fallen."""
        return self.list_rows("05_forecast")

    @cached_property
    def counted(self) -> bool:
        """Whether of one or two figures it was counted what other technologies did from there."""
        return any(row["basis"] == "counted" for row in self.fan)

    @cached_property
    def refuted(self) -> bool:
        """Whether newer figures refute the forecast."""
        return any(row["basis"] == "refuted" for row in self.fan)

    @cached_property
    def no_forecast(self) -> str:
        """That there is no forecast where the figures have fallen; else ""."""
        return "" if self.fan else f"{say_first(NO_FORECAST)}."

    @cached_property
    def middles(self) -> list[Row]:
        """How often later figures of phones were above such a middle, by years; none where a range is given."""
        return self.list_rows("05_middle")

    @cached_property
    def coverage(self) -> list[Row]:
        """Coverage of the quoted range on comparison technologies, by horizon."""
        return [row for row in self.list_rows("05_coverage") if np.isclose(row["level"], self.level)]

    @cached_property
    def goal(self) -> Row:
        """The forecast of the headline: for the last December that was tested, else for the last date."""
        return find_goal(self.fan)

    @cached_property
    def limit_then(self) -> Row | None:
        """The forecast of the upper limit for the `goal`, where the forecast's upper end lies above today's limit."""
        ranged = self.fan and not self.middles and np.isfinite(self.bound) and not self.is_share
        passes = ranged and self.band(self.goal)[1] > self.bound
        rows = [row for row in self.list_rows("05_bound") if row["date"] == self.goal["date"]]
        return rows[0] if passes and rows and rows[0]["q0.9"] > self.bound else None

    def at(self, years: float) -> Row:
        """The row of the forecast nearest to so many years after the last figure."""
        return min(self.fan, key=lambda row: abs(year_of(row) - year_of(self.last) - years))

    def band(self, row: Row) -> tuple[float, float]:
        """Both ends of the quoted band."""
        low, high = band_columns(self.level)
        return row[low], row[high]

    @cached_property
    def tested(self) -> Row:
        """The coverage about as far ahead as the forecast of the headline."""
        start = self.newer if self.newer is not None and self.reads else self.last
        ahead = year_of(self.goal) - year_of(start)
        return min(self.coverage, key=lambda row: abs(row["horizon_years"] - ahead))

    @cached_property
    def faster(self) -> float | None:
        """How many times as fast the median grows in two years as the figures did in the last two."""
        start = find_before(self.growth, *TWO_YEARS)
        if start is None or self.refuted or self.course != "rise" or self.last["value"] <= start["value"]:
            return None
        end = self.at(TWO_YEARS[0])
        past = (self.last["value"] - start["value"]) / (year_of(self.last) - year_of(start))
        return (end["q0.5"] - self.last["value"]) / (year_of(end) - year_of(self.last)) / past

    def cautions(self, start: Any, end: Any) -> str:
        """Reasons of the suspected breaks after one date and up to another; "" where there is none."""
        return "; ".join(reason for date, reason in self.names["cautions"].items() if start < date <= end)


def find_goal(fan: Sequence[Row]) -> Row:
    """The row of a forecast for the last December that was tested, else for the last date."""
    tested = [row for row in fan if row["basis"] == "tested"] or list(fan)
    return [*tested[-1:], *(row for row in tested if row["date"].month == 12)][-1]


def find_before(growth: Sequence[Row], years: float, room: float) -> Row | None:
    """The figure nearest to so many years before the last one; None where there is none within `room`, or it is 0."""
    last = year_of(growth[-1])
    near = [row for row in growth[:-1] if abs(last - year_of(row) - years) < room]
    found = min(near, key=lambda row: abs(last - year_of(row) - years), default=None)
    return found if found is not None and found["value"] > 0 else None


def say_from_others(points: int) -> str:
    """First sentence on a series of one figure or two; else ""."""
    if points >= SHORTEST:
        return ""
    known, start = ("two figures", "this level and pace") if points > 1 else ("one figure", "this level")
    others = f"how other technologies that lasted continued from {start}"
    return f"This series has only {known}, so the forecast rests on {others}."


def list_ceiling(found: Assessment, values: pd.Series) -> pd.DataFrame:
    """Verdict on where a series of `values` ends, as a row for every notebook and page.

    Returns
    -------
    DataFrame
        verdict, low, high, last, bound, left, reason, sentence, note: as `curves.Assessment`; points (how many
        figures).
    """
    names = ("verdict", "low", "high", "last", "bound", "left", "reason", "sentence", "note")
    return pd.DataFrame([{name: getattr(found, name) for name in names} | {"points": len(values)}])
