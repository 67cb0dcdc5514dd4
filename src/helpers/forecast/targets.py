"""What is forecast, in one form: a series with all that is known beside it, and many of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import pandas as pd

from ..base.dates import REAL, CurveError, check_observed, is_dated, years_among
from ..base.words import quote
from ..curves import decimal_years
from ..curves.inputs import read_numbers
from ..indicators.series import BASE_TOLERANCE, AdoptionSeries, interpolate_known
from .windows import BOUND_TOLERANCE, find_double

Panel: TypeAlias = pd.DataFrame | Mapping[Any, pd.Series] | Sequence[pd.Series | AdoptionSeries]
LEAST_TECHNOLOGIES = 3
"""Each is judged by what two others at least teach."""


@dataclass(frozen=True)
class Target:
    """The series that is forecast; `source` is the AdoptionSeries it came from, or None."""

    entity: str
    indicator: str
    title: str
    unit: str
    technology: str
    values: pd.Series
    bound: pd.Series | None = None
    limit: float = np.inf
    source: AdoptionSeries | None = None
    censored: pd.DataFrame | None = None

    @cached_property
    def newer(self) -> pd.DataFrame:
        """Figures after the last exact one that are bounds: index date; columns value, bound."""
        if self.censored is None:
            return pd.DataFrame({"value": [], "bound": []}, pd.DatetimeIndex([]))
        later = self.censored.index > self.values.index.max()
        return self.censored.loc[later, ["value", "bound"]].sort_index()

    @property
    def cumulative(self) -> bool:
        """Whether its figures count all so far, and cannot fall."""
        return self.source is not None and self.source.cumulative

    def bound_at(self, years: np.ndarray) -> np.ndarray:
        """The bound at decimal years; held before its first and after its last date."""
        assert self.bound is not None  # asked only where there is one
        return np.interp(years, decimal_years(self.bound.index), self.bound.to_numpy(float))

    def shares(self) -> pd.Series:
        """All its values as shares of the bound, by date."""
        return self.values / self.bound_at(decimal_years(self.values.index))

    def check_limits(self) -> None:
        """Refuse figures above the limit, and those that are at least something above the bound.

        Raises
        ------
        ValueError
        """
        censored = None if self.censored is None else self.censored.query("bound == 'at_least'")["value"]
        seen = self.values if censored is None else pd.concat([self.values, censored])
        if (seen > self.limit * (1 + BASE_TOLERANCE)).any():
            raise ValueError(
                f"a figure of {seen.max():g} lies above the limit ({self.limit:g}), which no value can pass"
            )
        if self.bound is None or censored is None:
            return
        above = censored[censored > (1 + BOUND_TOLERANCE) * interpolate_known(self.bound, censored.index)]
        if len(above):
            raise ValueError(
                f"censored says at least {above.iloc[0]:g} on {above.index[0]:%Y-%m-%d}, which lies above the bound: "
                "a bound is an upper limit"
            )


def read_target(
    series: pd.Series | AdoptionSeries,
    bound: pd.Series | float | None = None,
    limit: float | None = None,
    censored: pd.DataFrame | None = None,
) -> Target:
    """Bring a series and all that is known beside it into one form: sorted, with dates, as numbers; or refuse it.

    Parameters
    ----------
    series : pandas.Series with a DatetimeIndex, or AdoptionSeries
        A pandas Series is called by its ``name``; ``attrs`` may hold entity, title, unit and technology.
    bound : None, number, or pandas.Series with a DatetimeIndex
        None is the AdoptionSeries' own bound, or none.
    limit : None or number
        What no value can pass, besides the bound; never more than 100 for percent.
    censored : None or DataFrame
        Figures that are bounds, as `AdoptionSeries.censored`, which is the default for one.

    Returns
    -------
    Target

    Raises
    ------
    ValueError
        Where one of them is none of these, has no dates, or dates or numbers that cannot be right.
    """
    if isinstance(series, pd.Series):
        texts = {key: str(series.attrs.get(key, "")) for key in ("entity", "title", "unit", "technology")}
        name = str(series.name or "series")
        fields: dict[str, Any] = texts | {"title": texts["title"] or name, "indicator": name, "values": series}
    elif isinstance(series, AdoptionSeries):
        names = ("entity", "indicator", "title", "unit", "technology", "values", "bound", "censored")
        fields = {name: getattr(series, name) for name in names} | {"source": series}
    else:
        raise ValueError(f"forecast a pandas Series with dates, or an AdoptionSeries, not {type(series).__name__}")
    values = _read_dated(fields["values"], "the series")
    bound = fields.get("bound") if bound is None else bound
    censored = fields.get("censored") if censored is None else censored
    most = 100.0 if fields["unit"].startswith("percent") else np.inf
    read = {"values": values, "limit": most if limit is None else min(most, _read_level(limit, "the limit"))}
    read |= {"bound": None if bound is None else _read_bound(bound, values), "censored": _read_censored(censored)}
    return Target(**fields | read)


def _read_dated(series: pd.Series, what: str) -> pd.Series:
    """The numbers that a series has, as floats in order of date; two on one date stay for `last_window` to refuse."""
    if not isinstance(series.index, pd.DatetimeIndex):
        raise ValueError(f"{what} needs a DatetimeIndex: pd.Series(values, index=pd.to_datetime(dates))")
    series = series.dropna()
    check_observed(decimal_years(series.index), what)
    numbers = read_numbers(series, what)
    return pd.Series(numbers, series.index.tz_localize(None), name=series.name).sort_index()


def _read_level(level: Any, what: str, other: str = "") -> float:
    """A limit, or a bound that is a number."""
    if isinstance(level, bool) or not isinstance(level, REAL) or not 0 < level < np.inf:
        raise ValueError(f"{what} is None, a number above 0 in the series' unit{other}, not {quote(level)}")
    return float(read_numbers(level, what))


def _read_bound(bound: Any, values: pd.Series) -> pd.Series:
    """The bound as a dated series; a number holds on every date of the series."""
    if not isinstance(bound, pd.Series):
        return pd.Series(_read_level(bound, "the bound", ", or a dated pandas Series"), index=values.index)
    dated = _read_dated(bound, "the bound")
    if dated.empty or not (dated > 0).all():
        raise ValueError("the bound must be above 0 on every date")
    if dated.index.has_duplicates:
        raise ValueError(f"the bound has two values on {find_double(dated):%Y-%m-%d}: keep one per date")
    return dated


def _read_bounds(censored: Any) -> pd.DataFrame | None:
    """Observations that are bounds, as value, bound and decimal years by their index; None where there are none."""
    if censored is not None and not isinstance(censored, pd.DataFrame):
        kind = type(censored).__name__
        raise CurveError(f"censored is a {kind}; it must be a DataFrame with dates as index and value and bound")
    if censored is None or len(censored) == 0:
        return None
    missing = {"value", "bound"} - set(censored.columns)
    if missing:
        raise CurveError(f"censored lacks the column {min(missing)!r}; it needs value and bound")
    wrong = set(censored["bound"]) - {"at_least", "at_most"}
    if wrong:
        raise CurveError(f"bound {min(map(str, wrong))!r} is unknown; write at_least or at_most")
    years = years_among(censored.index, True, "the index of censored")
    values = read_numbers(censored["value"], "censored's value")
    if not np.isfinite(years + values).all():
        raise CurveError("censored has a row without date or value; leave it out")
    if is_dated(censored.index):
        check_observed(years, "censored")
    return pd.DataFrame({"value": values, "bound": censored["bound"], "years": years}, index=censored.index)


def _read_censored(censored: Any) -> pd.DataFrame | None:
    """Figures that are bounds, in order of date; None where there are none."""
    rows = _read_bounds(censored)
    if rows is None:
        return None
    _read_dated(rows["value"], "censored")
    if (rows["value"] < 0).any():
        raise ValueError(f"adoption cannot be negative: censored has {rows['value'].min():g}")
    return rows.set_axis(rows.index.tz_localize(None)).sort_index()


def read_panel(panel: Panel, bound: Any = None) -> list[AdoptionSeries]:
    """Bring many series into one form: each counts as a technology of its own, save where they name several.

    Parameters
    ----------
    panel : DataFrame, mapping or sequence
        A frame with dates as index and a column per series; a mapping of names to Series with dates; a list of Series
        with names, or of AdoptionSeries.
    bound : number, dated Series, mapping or Series by name of these, or None
        Known upper bounds in the unit of the series. None stands for an AdoptionSeries' own, or for none.

    Returns
    -------
    list of AdoptionSeries
        Where the series name fewer than three technologies, the technology of each is its own name, so that what is
        learnt for one comes from all the others: one series is left out at a time.

    Raises
    ------
    ValueError
        When the panel is none of these; it says what would be right.
    """
    if is_adopted(panel) and bound is None:
        return _label(list(panel))
    named = name_series(panel)
    by_name = bound if isinstance(bound, Mapping) else None
    if isinstance(bound, pd.Series) and not isinstance(bound.index, pd.DatetimeIndex):
        by_name = bound.to_dict()
    missing = [name for name in named if by_name is not None and name not in by_name]
    if missing:
        raise ValueError(f"bound has no entry for {missing[0]!r}; give one for each series, None where there is none")
    adopted = []
    for name, series in named.items():
        own = bound if by_name is None else by_name[name]
        try:
            target = read_target(series, own)
        except ValueError as error:
            raise ValueError(f"{name}: {error}") from error
        adopted.append(_adopt(name, target) if target.source is None else replace(target.source, bound=target.bound))
    return _label(adopted)


def is_adopted(panel: Any) -> bool:
    """Whether a panel is a list of AdoptionSeries alone."""
    return isinstance(panel, Sequence) and all(isinstance(each, AdoptionSeries) for each in panel)


def _label(series: list[AdoptionSeries]) -> list[AdoptionSeries]:
    """The series, each a technology of its own where they name fewer than `LEAST_TECHNOLOGIES`."""
    if len({each.technology for each in series}) >= min(LEAST_TECHNOLOGIES, len(series)):
        return series
    return [replace(each, technology=f"{each.entity} {each.indicator}".strip()) for each in series]


def name_series(panel: Panel) -> dict[str, pd.Series | AdoptionSeries]:
    """The series of a panel by name."""
    right = "give a DataFrame with dates as index and a column per series, a dict of dated Series, or a list of them"
    if isinstance(panel, pd.DataFrame):
        if not isinstance(panel.index, pd.DatetimeIndex):
            pivot = "frame.pivot(index='date', columns='name', values='value')"
            raise ValueError(f"the frame's index holds no dates; a long table becomes such a frame by {pivot}")
        text = [name for name in panel.columns if not pd.api.types.is_numeric_dtype(panel[name])]
        if text:
            raise ValueError(f"the column {text[0]!r} holds no numbers; {right}")
        pairs: list[tuple[Any, Any]] = [(name, panel[name]) for name in panel.columns]
    elif isinstance(panel, Mapping):
        pairs = list(panel.items())
    elif isinstance(panel, Sequence) and not isinstance(panel, str):
        pairs = [(f"{s.entity} {s.indicator}" if isinstance(s, AdoptionSeries) else getattr(s, "name", None), s)
                 for s in panel]  # fmt: skip
    else:
        raise ValueError(f"a panel is no {type(panel).__name__}; {right}")
    names = [str(name) for name, _ in pairs]
    wrong = [type(series).__name__ for _, series in pairs if not isinstance(series, pd.Series | AdoptionSeries)]
    if not pairs or wrong:
        raise ValueError(f"the panel {f'holds a {wrong[0]}' if wrong else 'is empty'}; {right}")
    twice = [name for name in names if names.count(name) > 1]
    if twice or any(name is None for name, _ in pairs):
        named = f"two series are called {twice[0]!r}" if twice else "a series has no name"
        raise ValueError(f"{named}; give each a name of its own: series.rename('name')")
    return dict(zip(names, (series for _, series in pairs), strict=True))


def _adopt(name: str, target: Target) -> AdoptionSeries:
    """A pandas Series as a series without notes on its question."""
    values = target.values.dropna().sort_index().astype(float).rename(name)
    rows = pd.DataFrame({"date": values.index, "value": values.array, "bound": "exact"})
    empty = values.iloc[:0]
    return AdoptionSeries(
        entity=target.entity,
        indicator=name,
        title=name,
        unit=target.unit,
        counted="",
        base="",
        technology=target.technology or name,
        role="",
        note="",
        values=values,
        censored=pd.DataFrame({"value": [], "bound": []}, empty.index),
        earlier=empty,
        later=empty,
        breaks=pd.DataFrame({"date": empty.index, "kind": [], "reason": []}),
        observations=rows,
        bound=target.bound,
        bound_name="" if target.bound is None else "given",
        bound_title="" if target.bound is None else "bound as given",
    )
