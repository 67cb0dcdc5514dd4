"""The first page of a run as one table: headline, deck, quotation, what not to quote, and the rows of the fact sheet.

Notebooks 7 and 8 add rows of the same columns; the page joins the tables that exist. `GLOSSARY` has the label, the
meaning, the group and the order of every kind of row.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

import pandas as pd

from .headline import list_cautions, write_deck, write_headline, write_quotation
from .rows import ROWS, Row, read_glossary
from .run_tables import RunTables

GLOSSARY = read_glossary()
"""Group, label and meaning by key, in the order of the page."""
COLUMNS = ["group", "key", "label", "text", "of", "note", "url", "value", "low", "high", "cells"]
"""Columns of every table of rows."""
_MOST_ROWS = 4
"""Rows of a group on the page; notebooks show all."""


def write_page(run: RunTables) -> pd.DataFrame:
    """The table ``06_key_numbers``: everything that the first page says of a series, in the order of the page.

    Parameters
    ----------
    run : RunTables

    Returns
    -------
    DataFrame
        The columns `COLUMNS`, a row for each row of the page; headline, deck, quotation and cautions have no group.
    """
    rows = [Row("headline", write_headline(run)), Row("deck", write_deck(run))]
    quotation = write_quotation(run)
    nothing = f"Nothing is quoted, because {run.reason or 'the series has no title'}."
    rows.append(Row("quotation", quotation, note="" if quotation else nothing))
    rows += [Row("do_not_quote", text, url=url) for text, url in list_cautions(run)]
    return frame_rows([*rows, *(row for key in GLOSSARY if key in ROWS for row in ROWS[key](run))])


def frame_rows(rows: Iterable[Row]) -> pd.DataFrame:
    """Rows with the groups and labels of their keys as a table of the columns `COLUMNS`."""
    listed = [{**asdict(row), **GLOSSARY[row.key]} for row in rows]
    return pd.DataFrame(listed, columns=COLUMNS)


def join_rows(tables: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The rows of several tables in the order of the page, of each group the first four."""
    order = list(GLOSSARY)
    rows = pd.concat(tables, ignore_index=True).reindex(columns=COLUMNS).fillna("")
    rows = rows[rows["key"].isin(order)]
    rows = rows.sort_values("key", key=lambda keys: keys.map(order.index), kind="stable")
    return rows[(rows["group"] == "") | (rows.groupby("group").cumcount() < _MOST_ROWS)]
