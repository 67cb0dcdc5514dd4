"""Group, label, meaning and order of every kind of row of the first page, from ``glossary.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict
from importlib import resources
from typing import Any

import pandas as pd

_FILE = (resources.files(__package__) / "glossary.csv").read_text(encoding="utf-8")
GLOSSARY = {entry["key"]: entry for entry in csv.DictReader(_FILE.splitlines())}
"""Group, label and meaning by key, in the order of the page."""
_ORDER = list(GLOSSARY)
COLUMNS = ["group", "key", "label", "text", "of", "note", "url", "value", "low", "high", "cells"]
"""Columns of every table of rows."""
_MOST_IN_GROUP, _MOST_IN_ALL = 4, 20
"""Rows of a group on a page, and in all groups of the default page; notebooks show all."""


def frame_rows(rows: Iterable[Any]) -> pd.DataFrame:
    """Rows (`rows.Row`) with groups and labels, in the order of the glossary, as a table of the columns `COLUMNS`."""
    listed = sorted(rows, key=lambda row: _ORDER.index(row.key))
    return pd.DataFrame([{**asdict(row), **GLOSSARY[row.key]} for row in listed], columns=COLUMNS)


def join_rows(tables: Iterable[pd.DataFrame], is_default: bool = False) -> pd.DataFrame:
    """The rows of several tables that a page shows, in its order.

    Parameters
    ----------
    tables : iterable of DataFrame
        As from `frame_rows`, read as text.
    is_default : bool
        A page has the first four rows of each group; the default page has twenty rows in all, and leaves out the last
        row of the longest group first.

    Returns
    -------
    DataFrame
        The columns `COLUMNS`.
    """
    rows = pd.concat(tables, ignore_index=True).reindex(columns=COLUMNS).fillna("")
    rows = rows[rows["key"].isin(_ORDER)]
    rows = rows.sort_values("key", key=lambda keys: keys.map(_ORDER.index), kind="stable")
    places = rows.groupby("group").cumcount()[rows["group"] != ""].sort_values(kind="stable")
    kept = places.index[:_MOST_IN_ALL] if is_default else places.index[places < _MOST_IN_GROUP]
    return rows[(rows["group"] == "") | rows.index.isin(kept)]
