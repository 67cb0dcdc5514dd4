"""By which measure, who uses it, for what and in which firms, as rows of the first page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from ..base.formats import capitalize_first, format_long_date, format_number, format_range
from ..indicators import Data
from .glossary import frame_rows
from .rows import Row


def write_use(data: Data, indicator: str, entity: str, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The table ``07_page``: other measures, what was checked, use by age, who does not use it, and the uses.

    Parameters
    ----------
    data : Data
    indicator, entity : str
    tables : mapping of str to DataFrame
        What the notebook keeps, by name: 07_rulers, 07_verdicts, 07_rates, 07_who, 07_purposes, 07_firms, 07_profile.

    Returns
    -------
    DataFrame
        As from `page.write_page`; no rows where the entity has no profile, or the series has no verb: it counts devices
        or the users of one product, and the rows are on those of the technology.
    """
    parts = [
        ("measure", "07_rulers", _list_measures),
        ("claims", "07_verdicts", _list_verdicts),
        ("rates", "07_rates", _list_rates),
        ("left", "07_rates", _list_left),
        ("who", "07_who", _list_largest),
        ("purpose", "07_purposes", _list_largest),
        ("firms", "07_firms", _list_largest),
        ("target", "07_profile", _list_targets),
    ]
    rows = list[Row]()
    for key, name, list_rows in parts if data.find_entry(indicator).doing else []:
        table = tables[name].assign(place=[f"{name}:{place}" for place in range(len(tables[name]))])
        if "entity" in table:
            table = table[(table["entity"] == entity) & (table.get("indicator") != indicator)]
        has_rates = key == "who" and any(row.key == "rates" for row in rows)  # which are computed from these shares
        rows += [] if has_rates else list_rows(key, table)
    return frame_rows(rows)


def _list_measures(key: str, table: pd.DataFrame) -> Iterator[Row]:
    for row in table.to_dict("records"):
        of = ", ".join(filter(None, [row["ruler"], row["kind"], format_long_date(row["date"])]))
        counted = capitalize_first(", ".join(filter(None, [row["people"], row["window"]])))
        note = ". ".join(filter(None, [counted, row["publisher"]]))
        text = f"{row['printed']}{row['unit'].removeprefix('percent')}"
        yield Row.read(key, row, "value", text, of, note, row["url"])


def _list_verdicts(key: str, table: pd.DataFrame) -> Iterator[Row]:
    total = table["values"].sum()
    if total:
        text = f"{total} checked: {', '.join(table['values'].astype(str) + ' ' + table['verdict'])}"
        cells = " ".join(f"{place}:values" for place in table["place"])
        of = "values in the news item and numbers that follow from them, recomputed from the published series"
        yield Row(key, text, of, "", "01_check_indicators.html", value=total, cells=cells)


def _list_rates(key: str, table: pd.DataFrame) -> Iterator[Row]:
    rows = table[table["falls"]]
    if len(rows):
        ages = rows["category"].iloc[[0, -1]]
        rows = rows[rows["category"].isin(ages)]
        parts = [f"{age}: {_format_reports(rows[rows['category'] == age], 'value')}" for age in ages]
        of = f"of internet users of each age; {'; '.join(parts)}"
        cells = " ".join(f"{place}:value" for place in rows["place"])
        yield Row(key, f"falls with age from {ages.iloc[0].split()[0]} on", of, rows["note"].iloc[-1], cells=cells)


def _list_left(key: str, table: pd.DataFrame) -> Iterator[Row]:
    """The oldest groups that together are more than half of those who are left, in every report."""
    least = table.groupby("category", sort=False)["left_from"].min()
    for age in least.index[least > 50][-1:]:
        rows = table[table["category"] == age].dropna(subset="left_from")
        low, high = rows["left_from"].min(), rows["left_from"].max()
        text = f"{format_range(low, high, 'percent')} are {age.split()[0]} or older"
        of = f"of internet users who do not use it: {_format_reports(rows, 'left_from')}"
        cells = " ".join(f"{place}:left_from" for place in rows["place"])
        yield Row(key, text, of, "", rows["url"].iloc[-1], low=low, high=high, cells=cells)


def _format_reports(rows: pd.DataFrame, column: str) -> str:
    """A percentage of each report: 49.1% in June 2025 and 63.6% in December 2025."""
    values = zip(rows[column], rows["date"], strict=True)
    return " and ".join(f"{value:.1f}% in {format_long_date(date)}" for value, date in values)


def _list_largest(key: str, table: pd.DataFrame) -> Iterator[Row]:
    """The largest share of each kind of group in the newest list, in their order there; of two kinds at most."""
    table = table[table["unit"].str.startswith("percent") & (table["breakdown"] != "sex")]
    newest = table[(table["date"] == table["date"].max()) & (table["unit"] == table["unit"].head(1).max())]
    largest = newest.sort_values("value", ascending=False, kind="stable").drop_duplicates("breakdown")
    for row in largest.sort_index().head(2).to_dict("records"):
        counted = row["unit"].removeprefix("percent").replace(" in the size class", f", {row['category']}")
        text, publisher = f"{row['printed']}{counted}", row["publisher"].partition(" (")[0]
        of = ("" if row["category"] in text else f"{row['category']}, ") + format_long_date(row["date"])
        beside = "people" if pd.notna(row["people"]) else ""
        of += f"; about {format_number(row['people'], 'million people')}" if beside else ""
        yield Row.read(key, row, "value", text, of, f"{publisher}: {row['who']}", row["url"], beside=beside)


def _list_targets(key: str, table: pd.DataFrame) -> Iterator[Row]:
    table = table[(table["question"] == "target") & table["unit"].str.startswith("percent")]
    for row in table.to_dict("records"):
        text = f"{row['printed']}{row['unit'].removeprefix('percent')}"
        of = f"{row['category']}, {format_long_date(row['date'])}"
        note = f"“{row['quote']}” ({row['publisher'].partition(' (')[0]})"
        yield Row.read(key, row, "value", text, of, note, row["url"])
