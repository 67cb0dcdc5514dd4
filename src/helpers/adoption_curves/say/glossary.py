"""Group, label, meaning and order of the rows of the first page, from ``glossary.csv``."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import asdict
from importlib import resources
from typing import Any

import pandas as pd

_FILE = (resources.files(__package__) / "glossary.csv").read_text(encoding="utf-8")
# Group, label and meaning by key, in the order of the page.
GLOSSARY = {entry["key"]: entry for entry in csv.DictReader(_FILE.splitlines())}
_ORDER = list(GLOSSARY)
# Columns of every table of rows.
COLUMNS = ["group", "key", "label", "text", "of", "note", "url", "value", "low", "high", "cells"]
# Rows of each group on a page, twenty in all; notebooks show all.
_MOST = {"Is it true?": 6, "Who uses it?": 3, "How many?": 4, "How sure?": 3, "What would change it?": 4}


def frame_rows(rows: Iterable[Any]) -> pd.DataFrame:
    """Table of rows (`rows.Row`) with groups and labels, in the order of the glossary; its columns are `COLUMNS`."""
    listed = sorted(rows, key=lambda row: _ORDER.index(row.key))
    return pd.DataFrame([{**asdict(row), **GLOSSARY[row.key]} for row in listed], columns=COLUMNS)


def join_rows(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Rows of several tables in the order of the page, at most `_MOST` of each group.

    Parameters
    ----------
    tables : iterable of DataFrame
        Made by `frame_rows`, and read back as text.

    Returns
    -------
    DataFrame
        The columns `COLUMNS`.
    """
    rows = pd.concat(tables, ignore_index=True).reindex(columns=COLUMNS).fillna("")
    rows = rows[rows["key"].isin(_ORDER)]
    rows = rows.sort_values("key", key=lambda keys: keys.map(_ORDER.index), kind="stable")
    most = rows["group"].map(_MOST).fillna(len(rows))  # headline, deck, quotation and cautions have no group
    return rows[rows.groupby("group").cumcount() < most]
