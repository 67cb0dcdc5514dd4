"""The verdict on where a series ends, from two curves under two kinds of errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
import pandas as pd

from ..base.dates import LEAST_FIGURES, decimal_years
from ..base.fallen import has_fallen
from ..base.limit import Limit, refuse_bound
from .families import AdoptionCurve, find_family
from .results import _NARROW

_CLOSED = 10.0
_REACHES, _NEAR, _FEWEST = 0.95, 0.1, 4
LEVELS_OFF, NEAR_LIMIT, NOT_KNOWN, FALLEN = "levels off", "near its limit", "not known", "fallen"
_COLUMNS = ["family", "errors", "low", "high", "flag"]


@dataclass(frozen=True)
class Assessment:
    """Where a series ends, from `assess_ceiling`: verdict, the range of its end, and a row for each fit in `table`."""

    verdict: str
    low: float
    high: float
    last: float
    limit: float = np.nan
    reason: str = ""
    table: pd.DataFrame = field(repr=False, default_factory=lambda: pd.DataFrame(columns=_COLUMNS))
    note: ClassVar[str] = "a later phase of growth cannot be ruled out"

    @property
    def left(self) -> float:
        """What is left to the limit, in the unit of the series; NaN without a limit."""
        return max(self.limit - self.last, 0.0) if np.isfinite(self.limit) else np.nan

    @property
    def sentence(self) -> str:
        """The verdict in words."""
        if self.verdict in (NOT_KNOWN, FALLEN):
            return {NOT_KNOWN: NOT_KNOWN, FALLEN: "has fallen from a peak"}[self.verdict]
        if self.verdict == NEAR_LIMIT:
            return f"at most {self.left:,.3g}"
        unit = 10.0 ** np.floor(np.log10(max((self.high - self.low) / 100, 1e-3 * self.high)))
        low, high = (round(away(end / unit) * unit, 9) for away, end in ((np.floor, self.low), (np.ceil, self.high)))
        words = {LEVELS_OFF: "ends", "depends on the curve": "somewhere", "beyond the limit": "beyond the limit,"}
        return f"{words[self.verdict]} between {low:,.10g} and {high:,.10g}"

    def __repr__(self) -> str:
        return f"<{self.verdict}: {self.sentence}>"


@refuse_bound
def assess_ceiling(
    series: pd.Series,
    limit: float | pd.Series | Limit | None = None,
    floor: float | None = None,
    families: Sequence[str | type[AdoptionCurve]] = ("logistic", "gompertz"),
    errors: Sequence[str] = ("independent", "ar1"),
) -> Assessment:
    """Verdict on where a series ends: the union of the 95% intervals of two curves under two kinds of errors.

    "fallen" from a peak; "near its limit": the range reaches the limit and the last figure is within a tenth of it;
    "not known": too few figures, no rise, a jump, an open interval, or a range wider than ten to one; "beyond the
    limit"; "levels off": six figures, two to one at most, and clearly below the limit; else "depends on the curve". The
    range that is stated ends at the limit, unless all of it lies beyond.

    Parameters
    ----------
    series : Series
        Figures by date, or by decimal year.
    limit : float, Series or Limit, optional
        What no figure passes.
    floor : float, optional
        As in `AdoptionCurve`: None is the highest figure.
    families, errors : sequences
        Curves and errors that are asked.

    Returns
    -------
    Assessment
    """
    series = series.dropna().sort_index(kind="stable")
    if series.empty:
        return Assessment(NOT_KNOWN, np.nan, np.inf, np.nan, reason="there is no exact figure")
    years, last = decimal_years(series.index), float(series.iloc[-1])
    values = limit.values if isinstance(limit, Limit) else limit
    if isinstance(values, pd.Series):
        values = np.interp(years[-1], decimal_years(values.index), values.to_numpy(float))
    top = np.nan if values is None else float(values)
    if has_fallen(years, series.to_numpy(float)):
        return Assessment(FALLEN, np.nan, np.inf, last, top)
    rows = []
    for family in map(find_family, families):
        for kind in errors:
            if len(set(years)) < _FEWEST:
                rows.append((family.name, kind, floor or series.max(), np.inf, "there are too few figures for a curve"))
                continue
            fit = family(series, floor=floor, errors=kind).fit()
            low, high = fit.ceiling_interval()
            rows.append((family.name, kind, low, np.inf if fit.flag else high, fit.flag))
    table = pd.DataFrame(rows, columns=_COLUMNS)
    low, high = float(table["low"].min()), float(table["high"].max())
    flags = [flag for flag in table["flag"] if flag and "infinity" not in flag]
    names = " and the ".join(dict.fromkeys(table["family"][np.isinf(table["high"])]))
    reason = ""
    if high > _REACHES * top and abs(top - last) <= _NEAR * top:
        verdict = NEAR_LIMIT
    elif flags or np.isinf(high) or high > _CLOSED * low:
        verdict = NOT_KNOWN
        wide = f"the highest end that fits is more than {_CLOSED:g} times the lowest"
        reason = flags[0] if flags else f"the 95% interval of the {names} curve is open" if names else wide
    elif low > top:
        verdict = "beyond the limit"
    elif len(series) >= LEAST_FIGURES and high <= _NARROW * low and not high > _REACHES * top:
        verdict = LEVELS_OFF
    else:
        verdict = "depends on the curve"
    stated = min(high, top) if low <= top else high
    return Assessment(verdict, low, stated, last, top, reason, table)


NO_VERDICT = Assessment(NOT_KNOWN, np.nan, np.inf, np.nan, reason="there is no exact figure")
"""In the place of a verdict on a series of which only limits have been published."""
