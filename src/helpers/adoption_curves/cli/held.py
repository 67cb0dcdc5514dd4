"""Lines that `adoption list` and `adoption check` print of data."""

from __future__ import annotations

import pandas as pd

from ..base.words import add_entity, of_entity, say_amount, say_count, say_day, say_large
from ..indicators import Data, list_studied
from ..indicators.series import SHORTEST_SEGMENT

STEPS = 10
"""A series that has not fallen in so many steps may be a cumulative count."""


def say_series(found: pd.DataFrame) -> list[dict[str, str]]:
    """Rows of `list_series` as texts for a terminal."""
    return [
        {
            "entity": row.entity,
            "indicator": row.indicator,
            "unit": row.unit,
            "figures": f"{row.n}",
            "span": f"{row.first:%Y-%m} to {row.last:%Y-%m}",
            "bound": row.bound or "none",
            "last figure": say_large(row.last_value) or f"{row.last_value:,.6g}",
        }
        for row in found.itertuples()
    ]


def summarise_data(data: Data) -> str:
    """Summary of ``data.path`` in one line: "x.csv holds 1 series of 1 entity, 6 figures, ..."."""
    if not data.own:
        return f"{data.path.name} holds no exact figure, so there is nothing to fit"
    entities = len({entity for entity, _ in data.own})
    exact = data.observations[data.observations["bound"] == "exact"]
    exact = exact.set_index(["entity", "indicator"])["date"]
    dates = exact[exact.index.isin(data.own)]
    enough = (dates.groupby(level=[0, 1]).size() >= SHORTEST_SEGMENT).sum()
    return (
        f"{data.path.name} holds {len(data.own):,} series of {say_count(entities, 'entity', 'entities')}, "
        f"{say_count(len(dates), 'exact figure')} from {dates.min():%Y-%m-%d} to {dates.max():%Y-%m-%d}; "
        f"{enough:,} with enough figures for a forecast without an upper limit ({SHORTEST_SEGMENT})"
    )


def say_figures(data: Data) -> list[str]:
    """First, last and highest figure of each series of own data, with unit and date, of at most twelve series.

    Returns
    -------
    list of str
        "Users: 1.5 million people on 31 December 2021, last ..., highest ...".
    """
    lines = []
    for entity, indicator in list_studied(data)[:12] if data.is_beside else []:
        values, unit = data.exact_values(entity, indicator), data.find_entry(indicator).unit
        days = {"first": values.index[0], "last": values.index[-1], "highest": values.idxmax()}
        parts = [f"{name} {say_amount(values[day], unit)} on {say_day(day)}" for name, day in days.items()]
        lines.append(f"{add_entity(data.find_entry(indicator).title, entity)}: {', '.join(parts)}")
    return lines


def list_hints(data: Data) -> list[str]:
    """Series of own data that may be cumulative counts: no shares and no index, and never fallen in ten steps.

    Returns
    -------
    list of str
        One sentence for all of them, or none.
    """
    never = []
    for entity, indicator in list_studied(data) if data.is_beside else []:
        entry, values = data.find_entry(indicator), data.exact_values(entity, indicator)
        share = entry.unit.startswith(("percent", "per ", "index"))
        if not share and entry.cumulative != "yes" and len(values) > STEPS and (values.diff().dropna() >= 0).all():
            never.append(of_entity(indicator, entity))
    if not never:
        return []
    names = ", ".join(never[:5]) + f" and {len(never) - 5} more" * (len(never) > 5)
    return [f"{names} never fell in {STEPS} steps or more; if the figures are cumulative, write --cumulative."]
