"""Who uses it, for what and in which firms, as rows of the first page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from ..base.formats import format_long_date
from .glossary import frame_rows
from .rows import Row


def write_use(parts: Mapping[str, tuple[str, pd.DataFrame]], entity: str, doing: str) -> pd.DataFrame:
    """The table ``07_page``: the largest groups of users, the most frequent use, firms, and targets of the state.

    Parameters
    ----------
    parts : mapping of str to (str, DataFrame)
        By key of the glossary the name and the rows of the table that the notebook keeps; these are as from
        `indicators.list_profile`.
    entity : str
    doing : str
        What those do whom the series counts, such as "use generative AI".

    Returns
    -------
    DataFrame
        As from `page.write_page`; no rows where the entity has no profile, or the series has no verb: it counts devices
        or the users of one product, and the rows are on those of the technology.
    """
    parts = parts if doing else {}
    return frame_rows(row for key, (name, table) in parts.items() for row in _list_rows(key, name, table, entity))


def _list_rows(key: str, name: str, table: pd.DataFrame, entity: str) -> Iterator[Row]:
    table = table.assign(place=[f"{name}:{place}" for place in range(len(table))], order=range(len(table)))
    table = table[(table["entity"] == entity) & table["unit"].str.startswith("percent")]
    table = table[table["question"] == "target"] if key == "target" else _find_largest(table)
    for row in table.to_dict("records"):
        counted = row["unit"].removeprefix("percent").replace(" in the size class", f", {row['category']}")
        text, publisher = f"{row['printed']}{counted}", row["publisher"].partition(" (")[0]
        of = "" if row["category"] in text else f"{row['category']}, "
        note = f"“{row['quote']}” ({publisher})" if key == "target" else f"{publisher}: {row['who']}"
        yield Row.read(key, row, "value", text, of + format_long_date(row["date"]), note, row["url"])


def _find_largest(table: pd.DataFrame) -> pd.DataFrame:
    """The largest share of each kind of group in the newest list, in their order there; of two kinds at most."""
    newest = table[(table["date"] == table["date"].max()) & (table["unit"] == table["unit"].head(1).max())]
    newest = newest[newest["breakdown"] != "sex"].sort_values("value", ascending=False, kind="stable")
    return newest.drop_duplicates("breakdown").sort_values("order").head(2)
