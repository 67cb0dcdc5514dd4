"""Use in all countries and regions by another measure, as a row of the first page."""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from ..base.formats import format_long_date, format_number
from .glossary import frame_rows
from .rows import Row


def write_world(totals: pd.DataFrame, world: pd.DataFrame, entity: str, note: str = "", url: str = "") -> pd.DataFrame:
    """The table ``08_page``: how many use it in all countries and regions together, and in the one of the run.

    Parameters
    ----------
    totals, world : DataFrame
        The tables ``08_totals`` and ``08_world``; the first has no rows where there is nothing to add up.
    entity, note, url : str

    Returns
    -------
    DataFrame
        As from `page.write_page`.
    """
    return frame_rows(_list_rows(totals, world.reset_index(drop=True), entity, note, url))


def _list_rows(totals: pd.DataFrame, world: pd.DataFrame, entity: str, note: str, url: str) -> Iterator[Row]:
    for row in totals.to_dict("records"):
        text = f"{format_number(row['share'], 'percent')} of {row['people']}"
        of = f"{format_long_date(row['date'])}, {row['economies']} countries and regions added up by us"
        until, median = format_long_date(row["until"]), format_number(row["median_share"], "percent")
        of += f"; their medians for {until} add up to {median}"
        cells = "08_totals:0:share,economies,median_share"
        for place, value in world.loc[world["entity"] == entity, "value"].items():
            of, cells = f"{of}; {entity} alone: {format_number(value, 'percent')}", f"{cells} 08_world:{place}:value"
        yield Row("world", text, of, note, url, value=row["share"], cells=cells)
