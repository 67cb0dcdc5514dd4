"""Many series in one form: a frame, a dict or a list of one's own becomes series like the project's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import pandas as pd

from ..indicators.series import AdoptionSeries
from .windows import Target, read_target

Panel: TypeAlias = pd.DataFrame | Mapping[Any, pd.Series] | Sequence[pd.Series | AdoptionSeries]
LEAST_TECHNOLOGIES = 3
"""Each is judged by what two others at least teach."""


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
