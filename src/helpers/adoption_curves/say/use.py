"""Who uses it, for what and in which firms, as rows of the first page; and the sources of a chart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from ..base.words import say_date
from .glossary import frame_rows
from .rows import Row


def write_use(parts: Mapping[str, tuple[str, pd.DataFrame]], entity: str) -> pd.DataFrame:
    """The table ``07_page``: the largest groups of users, the most frequent use, firms, and targets of the state.

    Parameters
    ----------
    parts : mapping of str to (str, DataFrame)
        By key of the glossary the name and the rows of the table that the notebook keeps; these are as from
        `indicators.list_profile`.
    entity : str

    Returns
    -------
    DataFrame
        As from `page.write_page`; no rows where the entity has no profile.
    """
    return frame_rows(row for key, (name, table) in parts.items() for row in _list_rows(key, name, table, entity))


def _list_rows(key: str, name: str, table: pd.DataFrame, entity: str) -> Iterator[Row]:
    table = table.assign(place=[f"{name}:{place}" for place in range(len(table))], order=range(len(table)))
    table = table[(table["entity"] == entity) & table["unit"].str.startswith("percent")]
    table = table[table["question"] == "target"] if key == "target" else _pick_largest(table)
    for row in table.to_dict("records"):
        text, publisher = f"{row['printed']}{row['unit'].removeprefix('percent')}", row["publisher"].partition(" (")[0]
        of = "" if row["category"] in text else f"{row['category']}, "
        note = f"“{row['quote']}” ({publisher})" if key == "target" else f"{publisher}: {row['who']}"
        yield Row.read(key, row, "value", text, of + say_date(row["date"]), note, row["url"])


def _pick_largest(table: pd.DataFrame) -> pd.DataFrame:
    """The largest share of each kind of group in the newest list, in their order there; of two kinds at most."""
    newest = table[(table["date"] == table["date"].max()) & (table["unit"] == table["unit"].head(1).max())]
    newest = newest[newest["breakdown"] != "sex"].sort_values("value", ascending=False, kind="stable")
    return newest.drop_duplicates("breakdown").sort_values("order").head(2)


def cite(*tables: pd.DataFrame) -> str:
    """The publishers of values (publisher, and ruler, where a value names them so) as a line; "" for none."""
    pairs = {(row.publisher, getattr(row, "ruler", "")) for table in tables for row in table.itertuples()}
    named = {(name.partition(", as reported by ")[0], short) for name, short in pairs if name}
    listed = sorted({name if short in name else f"{name} ({short})" for name, short in named})
    return f"Source: {'; '.join(listed)}." if listed else ""
