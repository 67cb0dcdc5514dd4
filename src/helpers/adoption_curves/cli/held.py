"""Lines that `adoption list` and `adoption check` print of data."""

from __future__ import annotations

import pandas as pd

from ..base.words import say_count
from ..indicators import Data
from ..indicators.series import SHORTEST_SEGMENT


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
            "last figure": f"{row.last_value:,.10g}",
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


def count_registered(data: Data) -> int:
    """Number of forecasts that are registered beside the data."""
    from ..forecast.record.hub import ENTRY
    from ..forecast.record.register import read_register

    entries = read_register(data)
    return int(entries.groupby(ENTRY).ngroups) if len(entries) else 0
