"""The tables of a run as one spreadsheet."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from ..base.files import write_file
from .record import list_kinds, locate, note_exports, read_unchanged
from .table_files import read_csv

BOOK = "tables.xlsx"
FIRST = ("06_key_numbers", "05_forecast")
"""The tables whose sheets come first."""
CODED = ["numbers"]
"""Columns of JSON, which nobody reads line by line; the CSV has them."""
MILLION = 1e6
NARROWEST, WIDEST = 10, 60  # characters of a column


def write_workbook(folder: Path) -> Path:
    """Write all tables of the run in `folder` into ``tables.xlsx``, a sheet each; numbers and dates stay such.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If there is no run, or a table isn't as the run wrote it.
    """
    kinds, content = list_kinds(read_unchanged(folder, "tables")), io.BytesIO()
    names = [*(name for name in FIRST if name in kinds), *(name for name in sorted(kinds) if name not in FIRST)]
    with pd.ExcelWriter(content, "openpyxl") as book:
        for name in names:
            frame = read_csv(locate(folder, f"tables/{name}.csv"), kinds[name]).drop(columns=CODED, errors="ignore")
            frame = frame.apply(lambda column: column.map(_replace_illegal) if column.dtype.kind in "OU" else column)
            sheet = name[:31]
            frame.to_excel(book, sheet_name=sheet, index=False, inf_rep="no limit", freeze_panes=(1, 0))
            for place, column in enumerate(frame, start=1):
                longest = max(len(str(one)) for one in [column, *frame[column].head(200)])
                width = min(max(longest, NARROWEST), WIDEST) + 2
                book.sheets[sheet].column_dimensions[get_column_letter(place)].width = width
            for cell in (cell for row in book.sheets[sheet] for cell in row):
                if cell.data_type == "f":
                    cell.data_type = "s"  # a text of the data that looks like a formula stays a text
                elif cell.data_type == "n" and isinstance(cell.value, float) and abs(cell.value) >= MILLION:
                    cell.number_format = "#,##0"
                elif cell.data_type == "d":
                    cell.number_format = "yyyy-mm-dd"
    book_file = locate(folder, BOOK)
    note_exports(folder, {BOOK: write_file(book_file, content.getvalue())})
    return book_file


def _replace_illegal(value: Any) -> Any:
    """A text with question marks for what a spreadsheet doesn't take."""
    return ILLEGAL_CHARACTERS_RE.sub("?", value) if isinstance(value, str) else value
