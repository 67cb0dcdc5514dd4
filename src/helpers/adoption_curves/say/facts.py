"""Facts of a run, decided once from its tables; headline, sentences, key numbers and figure say these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import SHORTEST, decimal_years
from ..base.fallen import BEYOND_SCATTER, pick_last
from ..base.levels import LEVELS, band_columns, quoted_level
from ..base.words import FLOW, say_at, say_figure, say_period, say_unit
from ..curves import Assessment
from ..curves.verdict import DEPENDS, LEVELS_OFF, NEAR_LIMIT

SUMMARISED = (
    "02_growth",
    "02_newer",
    "02_pace",
    "02_countries",
    "03_ceiling",
    "03_odds",
    "05_bound",
    "05_forecast",
    "05_coverage",
    "05_class",
    "05_alike",
    "05_middle",
)
"""Tables of the run that the facts are decided from."""
YEAR, TWO_YEARS = (1.0, 0.26), (2.0, 0.51)
"""How far back growth is measured, and by how much that figure may be nearer or further."""
NEAR_DATE = 0.26
"""Years by which a date of the forecast may miss the one that is asked for."""
STEADY = 0.97
"""Values that all lie within this part of the highest neither rise nor fall."""
PASSED = 5
"""Years within which it is counted how often an end was passed."""
RISING = ("cumulative", "limited", "open")
"""Kinds of series of which a pace is said."""

Row: TypeAlias = Any
"""A row of a table, by the names of its columns."""


class Facts:
    """Facts of one run. What there isn't is None.

    Parameters
    ----------
    tables : mapping
        Frames of the run by name, those of `SUMMARISED`.
    names : mapping
        As from `indicators.name_series`.
    levels : sequence of float
        Those of the forecast's ranges; one is quoted, see `adoption_curves.base.levels.quoted_level`.
    """

    def __init__(
        self,
        tables: Mapping[str, pd.DataFrame],
        names: Mapping[str, Any],
        levels: Sequence[float] = LEVELS,
    ):
        self.tables, self.names, self.level = tables, names, quoted_level(levels)
        self.title, self.unit = str(names["title"]), str(names["unit"])
        self.is_share, self.measure = self.unit.startswith("percent"), str(names.get("measure", "level"))
        self.growth = self.list_rows("02_growth")
        self.last = self.growth[-1]

    def list_rows(self, name: str) -> list[Row]:
        """Every row of a table."""
        return self.tables[name].to_dict("records")

    def date(self, row: Row) -> str:
        """The date of a row in a sentence: December 2025; 2025 where all figures are of ends of years."""
        days = pd.DatetimeIndex(self.tables["02_growth"]["date"].tolist() + self.tables["02_newer"]["date"].tolist())
        yearly = (days.month == 12).all() and row["date"].month == 12
        return f"{row['date'].year}" if yearly else say_period(row["date"], self.measure)

    def when(self, row: Row) -> str:
        """The date with its word: in December 2025; of all so far by December 2025."""
        return f"{say_at(self.measure)} {self.date(row)}"

    def say(self, value: float, bare: bool = False) -> str:
        """A published figure with its unit, or bare; one of own data has the digits that the file has."""
        text = say_figure(value, self.unit, bool(self.names.get("own")))
        return text.removesuffix(say_unit(self.unit)) if bare else text

    @cached_property
    def kind(self) -> str:
        """Kind of series: the first question of which the answer is yes decides."""
        verdict = self.ceiling["verdict"]
        questions = {
            "few": any(row["basis"] == "counted" for row in self.fan),
            "fallen": not self.fan,
            "refuted": any(row["basis"] == "refuted" for row in self.fan),
            "still": not grows(self.used),
            "flow": self.measure == "flow",
            "cumulative": self.measure == "cumulative",
            "near": verdict == NEAR_LIMIT,
            "levelled": verdict == LEVELS_OFF,
            "limited": np.isfinite(self.bound),
        }
        return next((kind for kind, answer in questions.items() if answer), "open")

    # ---- the figures ----------------------------------------------------------------------------------------------

    @cached_property
    def values(self) -> pd.Series:
        """The exact figures above 0 by date."""
        values = self.tables["02_growth"].set_index("date")["value"]
        return values[values > 0] if (values > 0).any() else values

    @cached_property
    def used(self) -> pd.Series:
        """The exact figures that the forecast uses, see `base.fallen.pick_last`."""
        return self.values.iloc[pick_last(decimal_years(self.values.index))]

    @cached_property
    def newer(self) -> Row | None:
        """The newest figure where it is printed as a limit that says more than the last exact one."""
        newest = self.list_rows("02_newer")[-1:]
        more = [row for row in newest if (row["value"] > self.last["value"]) == (row["bound"] == "at_least")]
        return more[0] if more and more[0]["value"] != self.last["value"] else None

    @cached_property
    def newest(self) -> Row:
        """The last figure, or the middle of a newer one that is read between two ends."""
        if self.newer is None or not np.isfinite(self.newer["read_low"]):
            return self.last
        return self.newer | {"value": (self.newer["read_low"] + self.newer["read_high"]) / 2}

    @cached_property
    def rate(self) -> float | None:
        """The share that the publisher prints beside the last figure."""
        return self.last["published_rate"] if np.isfinite(self.last["published_rate"]) else None

    @cached_property
    def before(self) -> Row | None:
        """The figure a year before the last one."""
        return find_before(self.growth, self.last, *YEAR)

    @cached_property
    def peak(self) -> Row:
        """The highest figure."""
        return self.growth[int(self.tables["02_growth"]["value"].argmax())]

    @cached_property
    def standing(self) -> pd.Series:
        """The longest run of last figures that does not grow; three at least, or all that there are."""
        values = self.values
        for start in range(len(values) - 2):
            part = values.iloc[start:]
            if part.min() >= STEADY * part.max() or not grows(part):
                return part
        return values.iloc[-3:]

    @cached_property
    def jump(self) -> tuple[str, Row, Row] | None:
        """The last suspected break among the figures used: its reason, and the figures before and after it."""
        dates, found = [row["date"] for row in self.growth], None
        for date, reason in sorted(self.names["cautions"].items()):
            if self.used.index[0] < date <= self.last["date"]:
                after = int(np.searchsorted(dates, date))
                found = reason, self.growth[after - 1], self.growth[after]
        return found

    # ---- among others -------------------------------------------------------------------------------------------

    @cached_property
    def pace(self) -> Row | None:
        """Its row among the other technologies on one clock, if it rises and there are others."""
        own = [row for row in self.list_rows("02_pace") if row["target"] and row["years_to_target_share"] > 0]
        return own[0] if own and own[0]["of"] > 1 and self.kind in RISING else None

    @cached_property
    def rivals(self) -> list[Row]:
        """The other technologies that were as fast or faster, the fastest first."""
        place, rows = self.pace["place"] if self.pace else 0, self.list_rows("02_pace")
        return [row for row in rows if not row["target"] and row["place"] <= place]

    @cached_property
    def country(self) -> tuple[Row, Row] | None:
        """In the measure with the longest whole list: the country's newest row, and its row in that list."""
        compared = self.tables["02_countries"]
        own = compared[compared["entity"] == self.names["entity"]]
        if own["place"].isna().all():
            return None
        ranked = own.loc[own["places"].idxmax()]
        return own.loc[own.loc[own["indicator"] == ranked["indicator"], "date"].idxmax()], ranked

    @cached_property
    def others(self) -> dict[float, Row] | None:
        """Where the country's other services stood as long after the same share, by quantile."""
        return {row["quantile"]: row for row in self.list_rows("05_class")} or None

    # ---- where to -----------------------------------------------------------------------------------------------

    @cached_property
    def ceiling(self) -> Any:
        """The verdict on where growth ends, a row of `list_ceiling`; what is blank in its file is no text."""
        texts = {"reason": ""}
        return self.tables["03_ceiling"].astype(dict.fromkeys(texts, object)).fillna(texts).iloc[0]

    @cached_property
    def bound(self) -> float:
        """The limit at the last figure; nan without one."""
        return self.ceiling["bound"]

    @cached_property
    def odds(self) -> list[Row]:
        """How often such an end was passed within five years, a row a kind of series; none without such an end."""
        return [row for row in self.list_rows("03_odds") if row["years"] == PASSED]

    @cached_property
    def fan(self) -> list[Row]:
        """The forecast by date; none where the figures have fallen."""
        return [row for row in self.list_rows("05_forecast") if np.isfinite(row["q0.5"])]

    @cached_property
    def goal(self) -> Row:
        """The forecast of the headline: for the last December that was tested, else for the last date."""
        return find_goal(self.fan)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Both ends of the quoted range of the goal."""
        low, high = band_columns(self.level)
        return self.goal[low], self.goal[high]

    @cached_property
    def middles(self) -> list[Row]:
        """How often later figures of phones were above such a middle, by years; none where a range is given."""
        return self.list_rows("05_middle") if self.kind not in ("few", "fallen", "refuted") else []

    @cached_property
    def goes_further(self) -> bool:
        """Whether the middle of the forecast is above the range that is given for the end of growth."""
        said = self.kind not in ("few", "fallen", "refuted") and self.ceiling["verdict"] in (LEVELS_OFF, DEPENDS)
        return bool(said and self.goal["q0.5"] > self.ceiling["high"])

    @cached_property
    def limit_then(self) -> float | None:
        """The limit as forecast for the goal, where the forecast's upper end lies above today's."""
        rows = [row["mean"] for row in self.list_rows("05_bound") if row["date"] == self.goal["date"]]
        return rows[0] if rows and not (self.middles or self.is_share) and self.range[1] > self.bound else None

    @cached_property
    def ahead(self) -> float:
        """Years from the newest figure to the goal."""
        return count_years(self.newest, self.goal)

    @cached_property
    def tested(self) -> Row:
        """Coverage of the quoted range on comparison technologies, about as far ahead as the goal."""
        rows = [row for row in self.list_rows("05_coverage") if np.isclose(row["level"], self.level)]
        return min(rows, key=lambda row: abs(row["horizon_years"] - self.ahead))

    @cached_property
    def alike(self) -> Row | None:
        """Outcomes of windows like this one, as far ahead as `tested`."""
        rows = self.list_rows("05_alike")
        return next((row for row in rows if row["horizon_years"] == self.tested["horizon_years"]), None)

    @cached_property
    def paces(self) -> tuple[float, Row, float, Row] | None:
        """Growth a year since a figure some two years back, and as long ahead, both from the newest figure."""
        start = find_before(self.growth, self.newest, *TWO_YEARS)
        if start is None or self.kind not in RISING:
            return None
        years = count_years(start, self.newest)
        end = min(self.fan, key=lambda row: abs(count_years(self.newest, row) - years))
        past = (self.newest["value"] - start["value"]) / years
        coming = (end["q0.5"] - self.newest["value"]) / max(count_years(self.newest, end), NEAR_DATE)
        near = abs(count_years(self.newest, end) - years) < NEAR_DATE
        return (past, start, coming, end) if near and past > 0 else None


def count_years(start: Row, end: Row) -> float:
    """Years from the date of one row to that of another."""
    return float(np.subtract(*decimal_years([end["date"], start["date"]])))


def find_goal(fan: Sequence[Row]) -> Row:
    """The row of a forecast for the last December that was tested, else for the last date."""
    tested = [row for row in fan if row["basis"] == "tested"] or list(fan)
    return [*tested[-1:], *(row for row in tested if row["date"].month == 12)][-1]


def find_before(growth: Sequence[Row], last: Row, years: float, room: float) -> Row | None:
    """The figure nearest to so many years before another; None where there is none within `room`, or it is 0."""
    near = [row for row in growth if row["date"] < last["date"] and abs(count_years(row, last) - years) < room]
    found = min(near, key=lambda row: abs(count_years(row, last) - years), default=None)
    return found if found is not None and found["value"] > 0 else None


def grows(values: pd.Series) -> bool:
    """Whether figures rise by more than they scatter.

    The rise is that of their least-squares line, from the first date to the last. The scatter is the farthest that any
    figure lies from the line between its neighbours; a rise is more than one and a half times that, as a fall is for
    `curves.has_fallen`.

    Examples
    --------
    >>> years = pd.to_datetime([f"{year}-12-31" for year in range(2018, 2025)])
    >>> grows(pd.Series([10, 25, 12, 22, 15, 24, 11], years)), grows(pd.Series([10, 13, 11, 16, 17, 19, 22], years))
    (False, True)
    """
    t, y = decimal_years(values.index), values.to_numpy(float)
    if len(y) < SHORTEST:
        return True
    part = (t[1:-1] - t[:-2]) / (t[2:] - t[:-2])
    scatter = np.abs(y[1:-1] - y[:-2] - part * (y[2:] - y[:-2])).max()
    return bool(np.polyfit(t - t[-1], y, 1)[0] * (t[-1] - t[0]) > BEYOND_SCATTER * scatter + 1e-9 * y.max())


def list_ceiling(found: Assessment, values: pd.Series, measure: str = "level") -> pd.DataFrame:
    """Verdict on where a series of `values` ends, as a row for every notebook and page.

    Returns
    -------
    DataFrame
        verdict, low, high, last, bound, left, reason, sentence, note: as `curves.Assessment`; points (how many
        figures). Of a flow the verdict is that, and no end is known.
    """
    names = ("verdict", "low", "high", "last", "bound", "left", "reason", "sentence", "note")
    row = {name: getattr(found, name) for name in names} | {"points": len(values)}
    if measure == "flow":
        row |= {"verdict": FLOW, "low": np.nan, "high": np.inf, "reason": "", "sentence": "not known"}
    return pd.DataFrame([row])
