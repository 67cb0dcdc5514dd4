"""The verdict on where a series ends, from two curves under two kinds of errors."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ..base.dates import LEAST_FIGURES, CurveError, Dates, decimal_years
from ..base.fallen import has_fallen
from ..base.words import say_name
from .arguments import GivenLimit, Share, read_ceiling
from .families import AdoptionCurve, Gompertz, Logistic, find_family
from .profile import is_narrow

_ALPHA = 0.05
_CLOSED_RATIO = 10.0
"""A closed interval whose upper end is more than so many times the lower says no more than an open one."""
_CLEARLY = 0.95
"""An end is clearly below the limit where the whole interval lies below this part of it; else it reaches the limit."""
_NEAR_PART = 0.1
"""A series whose last figure is within this part of its limit, and whose end reaches the limit, is near its limit."""
_TOO_WIDE = f"the highest end that fits is more than {_CLOSED_RATIO:g} times the lowest"
_NO_FREEDOM = "as many parameters as figures"
_VERDICT_COLUMNS = ["family", "errors", "low", "high", "flag"]
_FLAGS = {
    _NO_FREEDOM: "there are too few figures for a curve",
    "does not rise": "the figures do not rise",
    "a jump fits better": "a jump at one date fits as well as any curve",
}
"""Flags of a fit, each with the reason that it gives for "not known"."""
LEVELS_OFF = "levels off"
NEAR_LIMIT = "near its limit"
_DEPENDS = "depends on the curve"
_BEYOND = "beyond the limit"
_FALLEN = "fallen"
_NOT_KNOWN = "not known"


@dataclass(frozen=True)
class Assessment:
    """Verdict on where a series ends, from `assess_ceiling`.

    Attributes
    ----------
    verdict : str
        "fallen": the series has fallen from a peak (`has_fallen`), and no curve is asked. "near its limit": the last
        figure is within a tenth of the limit, and the interval reaches the limit (19 twentieths of it).
        "levels off": the interval is closed, its upper end is at most twice the lower, it does not reach the limit, and
        there are six figures or more. "beyond the limit": it is closed and all of it lies above the limit, so that the
        curves or the limit are probably wrong. "depends on the curve": it is closed and at most 10 : 1. Else "not
        known".
    low, high : float
        The union of the 95% profile intervals of the ceiling under each curve and each kind of errors, in the unit of
        the series; high is infinite where one of them is open. NaN and infinite where it has fallen.
    last, reached : float
        The last figure, and the highest that has been published.
    table : DataFrame
        A row for each family and kind of errors: family, errors, low, high, flag.
    limit : float
        The limit at the last date; NaN for none.
    reason : str
        Why the verdict is "not known"; else "".
    """

    verdict: str
    low: float
    high: float
    last: float
    reached: float
    table: pd.DataFrame = field(repr=False)
    limit: float = np.nan
    reason: str = ""
    note: ClassVar[str] = "a later phase of growth cannot be ruled out"
    """Caveat of every end."""

    @property
    def left(self) -> float:
        """What is left to the limit, in the unit of the series; NaN without a limit."""
        return max(self.limit - self.last, 0.0) if np.isfinite(self.limit) else np.nan

    @property
    def sentence(self) -> str:
        """The verdict in words, as "ends between 61 and 92"."""
        if self.verdict == _NOT_KNOWN:
            return _NOT_KNOWN
        if self.verdict == _FALLEN:
            return "has fallen from a peak"
        if self.verdict == NEAR_LIMIT:
            return f"at most {_say_left(self.left, self.limit)}"
        words = {LEVELS_OFF: "ends ", _DEPENDS: "somewhere ", _BEYOND: "beyond the limit, "}
        ends = _round_out(self.low, self.high, stands=self.low <= self.reached)
        return words[self.verdict] + "between {} and {}".format(*ends)

    def __repr__(self) -> str:
        return f"<{self.verdict}: {self.sentence}>"


NO_VERDICT = Assessment(
    _NOT_KNOWN,
    np.nan,
    np.inf,
    np.nan,
    np.nan,
    pd.DataFrame(columns=_VERDICT_COLUMNS),
    np.nan,
    "there is no exact figure",
)
"""In the place of a verdict on a series of which only limits have been published."""


def assess_ceiling(
    endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any],
    exog: Dates | None = None,
    limit: GivenLimit | None = None,
    errors: str | None = None,
    *,
    weights: np.ndarray | Sequence[Any] | None = None,
    known_se: np.ndarray | Sequence[Any] | None = None,
    floor: float | None = None,
    families: Sequence[str | type[AdoptionCurve]] = (Logistic, Gompertz),
) -> Assessment | pd.DataFrame:
    """Verdict on the ceiling of a series, from two curves under two kinds of errors.

    The logistic and the Gompertz curve are fitted under independent and under persistent errors. The union of their
    four 95% profile intervals of the ceiling is the answer. The verdict is "not known" where an interval is open or
    the union is wider than 10 : 1, and for a series that has too few figures for a curve, jumps, or does not rise.

    Parameters
    ----------
    endog, exog : as in `AdoptionCurve`
        Or a frame with one series a column, NaN where a series has no figure.
    limit : number, Series over dates, array like `endog`, or None
        The limit that the ceiling can hardly lie above.
    errors : as in `AdoptionCurve`
        Known errors; the curves are then fitted under these only.
    weights, known_se, floor : as in `AdoptionCurve`
        For one series.
    families : sequence of names or classes
        Curves to fit in the place of these two.

    Returns
    -------
    Assessment
        For a frame a DataFrame with a row for each column: series, verdict, low, high, last, reason, sentence.

    Raises
    ------
    CurveError
        As `AdoptionCurve`.

    Examples
    --------
    >>> import numpy as np
    >>> years = np.arange(2008, 2020)
    >>> users = np.round(60 / (1 + np.exp(-0.8 * (years - 2013))) + 0.4 * np.sin(5 * years), 1)
    >>> found = assess_ceiling(users, years)
    >>> found.verdict, found.sentence
    ('levels off', 'ends between 52.4 and 69.6')
    """
    if isinstance(endog, pd.DataFrame):
        if weights is not None or known_se is not None or floor is not None:
            raise CurveError("weights, known_se and floor are for one series: a frame takes limit, errors and families")
        return _assess_frame(endog, limit, errors, families)
    if not len(families):
        raise CurveError("families is empty; name one curve at least, such as 'logistic'")
    known: dict[str, Any] = {"errors": errors, "weights": weights, "known_se": known_se, "floor": floor}
    models = [find_family(family)(endog, exog, **known) for family in families]
    times = endog.index if exog is None else exog
    known_limit = np.nan if limit is None else float(read_ceiling(Share(limit), times).limit_at(models[0].exog[-1]))
    return _assess_models(models, known_limit)


def _assess_models(models: Sequence[AdoptionCurve], limit: float) -> Assessment:
    """The verdict on one series, from a model of each family and the limit at the last date, NaN for none."""
    first = models[0]
    values = first.endog
    last, reached = float(values[-1]), max(float(values.max()), first.floor)
    if has_fallen(first.exog, values):
        return Assessment(_FALLEN, np.nan, np.inf, last, reached, pd.DataFrame(columns=_VERDICT_COLUMNS), limit)
    rows = []
    for model in models:
        for kind, fit in model.fit().by_errors.items():
            low, high = fit.intervals(["ceiling"], _ALPHA)[0]
            flag = fit.wrong if fit.df_resid > 0 else _NO_FREEDOM
            rows.append((model.name, kind, low if fit.best.settled else 0.0, np.inf if flag else high, flag))
    table = pd.DataFrame(rows, columns=_VERDICT_COLUMNS)
    low, high = float(table["low"].min()), float(table["high"].max())
    verdict, reason = _classify(low, high, limit, last, len(values)), ""
    if verdict != NEAR_LIMIT:
        reason = _doubt(table, low, high)
        verdict = _NOT_KNOWN if reason else verdict
    return Assessment(verdict, low, high, last, reached, table, limit, reason)


def _doubt(table: pd.DataFrame, low: float, high: float) -> str:
    """Why the end is not known, "" where it is."""
    flags = table["flag"].tolist()
    for flag, reason in _FLAGS.items():
        if flag in flags:
            return reason
    if not (np.isfinite(high) and low > 0):
        names = [say_name(row.family) for row in table.itertuples() if not (np.isfinite(row.high) and row.low > 0)]
        return f"the 95% interval of the {' and the '.join(dict.fromkeys(names))} curve is open"
    return _TOO_WIDE if high > _CLOSED_RATIO * low else ""


def _classify(low: float, high: float, limit: float, last: float, count: int) -> str:
    """Verdict on an interval, as if it were closed."""
    reaches = high > _CLEARLY * limit
    if reaches and abs(limit - last) <= _NEAR_PART * limit:
        return NEAR_LIMIT
    if low > limit:
        return _BEYOND
    return LEVELS_OFF if count >= LEAST_FIGURES and is_narrow(low, high) and not reaches else _DEPENDS


def _assess_frame(
    frame: pd.DataFrame, limit: GivenLimit | None, errors: str | None, families: Sequence[str | type[AdoptionCurve]]
) -> pd.DataFrame:
    """A row for each column; on a terminal with how many are done."""
    if np.isnan(decimal_years(frame.index)).any():
        raise CurveError("the index of the frame has a missing date")
    rows = []
    for name, series in frame.items():
        if series.count() < 2:
            raise CurveError(f"{name}: a curve needs two figures")
        found = assess_ceiling(series, None, limit, errors, families=families)
        rows.append((name, found.verdict, found.low, found.high, found.last, found.reason, found.sentence))
        if sys.stderr.isatty():
            end = "\n" if len(rows) == frame.shape[1] else ""
            sys.stderr.write(f"\r{len(rows)} of {frame.shape[1]} series{end}")
    return pd.DataFrame(rows, columns=["series", "verdict", "low", "high", "last", "reason", "sentence"])


def _round_out(low: float, high: float, stands: bool = False) -> tuple[str, ...]:
    """Two numbers in as many digits as their distance bears, and at least two, the lower down and the higher up.

    Where the series `stands` at the lower one both have a digit more, so that little is lost below it.

    >>> _round_out(61.27, 63.8), _round_out(52.4, 238.2), _round_out(1.21e9, 1.48e9), _round_out(60.4, 69.15, True)
    (('61', '64'), ('52', '240'), ('1,200,000,000', '1,500,000,000'), ('60.4', '69.2'))
    >>> _round_out(1121, 1125, True)
    ('1,121', '1,125')
    """
    said = []
    for number, away in ((low, np.floor), (high, np.ceil)):
        width, size = (np.floor(np.log10(max(part, 1e-3 * abs(number), 1e-300))) for part in (high - low, abs(number)))
        unit = 10.0 ** (min(width, size - 1) - stands)
        said.append(_write_multiple(away(round(number / unit, 6)) * unit, unit))
    return tuple(said)


def _say_left(left: float, limit: float) -> str:
    """What is left to a limit, rounded up to a thousandth of it.

    >>> _say_left(6.5, 100), _say_left(61.234, 1125)
    ('6.5', '62')
    """
    unit = 10.0 ** np.floor(np.log10(limit) - 3)
    return _write_multiple(np.ceil(round(left / unit, 6)) * unit, unit)


def _write_multiple(number: float, unit: float) -> str:
    """A multiple of a power of ten with the decimals of this power."""
    return f"{number:,.{max(0, -round(np.log10(unit)))}f}".removesuffix(".0")
