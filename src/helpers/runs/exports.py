"""The tables of a run for other programs: one spreadsheet, or LaTeX to include in a paper."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.files import pack_files, write_file
from ..base.project import RunError
from ..show.tables import format_column, is_number
from .notebook import read_csv
from .record import note_exports, read_run, read_unchanged

BOOK, PAPER = "tables.xlsx", "latex"
MOST_ROWS = 1_048_575  # of a sheet, below its header
PROPERTIES = "docProps/core.xml"
"""Where a workbook says when it was made; openpyxl writes the present time."""
ON_ONE_PAGE = 40  # rows of a table that LaTeX does not break


def write_workbook(folder: Path) -> Path:
    """Write all tables of the run in `folder` into ``tables.xlsx``, a sheet each; numbers and dates stay such.

    The same run makes the same bytes.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If there is no run, a table isn't as the run wrote it, or one is too long for a sheet.
    """
    tables, content = _read_tables(folder), io.BytesIO()
    with pd.ExcelWriter(content, engine="openpyxl", datetime_format="yyyy-mm-dd") as book:
        for name, frame in tables.items():
            if len(frame) > MOST_ROWS:
                raise RunError(f"Table {name} has {len(frame):,} rows; a sheet holds {MOST_ROWS:,}. Take the CSV.")
            frame.to_excel(book, sheet_name=name[:31], index=False, freeze_panes=(1, 0))
            for row in book.sheets[name[:31]].iter_rows(min_row=2):
                for cell in row:
                    if cell.data_type == "f":  # a text of the data that looks like a formula stays a text
                        cell.data_type = "s"
    with zipfile.ZipFile(content) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[PROPERTIES] = re.sub(rb"(?<=W3CDTF\">)[^<]+", read_run(folder)["made"].encode(), parts[PROPERTIES])
    note_exports(folder, {BOOK: write_file(folder / BOOK, pack_files(parts))})
    return folder / BOOK


def write_latex(folder: Path) -> Path:
    """Write each table of the run in `folder` into ``latex/<name>.tex``, numbers as on its pages.

    The files need the packages booktabs and longtable, and an engine that knows Unicode where names do.

    Returns
    -------
    Path
        The folder ``latex/``.

    Raises
    ------
    RunError
        As for `write_workbook`.
    """
    written = {}
    for name, frame in _read_tables(folder).items():
        numbers = [column for column in frame if is_number(frame[column])]
        shown = frame.astype(object).where(frame.notna(), "")
        for column in frame:
            if column in numbers:
                texts = pd.Series(format_column(frame[column]), frame.index)
                shown[column] = texts.where(frame[column].notna(), "").str.replace("−", "-")
            elif pd.api.types.is_datetime64_any_dtype(frame[column]):
                shown[column] = frame[column].dt.strftime("%Y-%m-%d").fillna("")
        styler = shown.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis="columns")
        long = {"environment": "longtable"} if len(frame) > ON_ONE_PAGE else {}
        places = "".join("r" if column in numbers else "l" for column in frame)
        text = styler.to_latex(hrules=True, column_format=places, **long)
        path = f"{PAPER}/{name}.tex"
        written[path] = write_file(folder / path, f"% {name} of run {folder.name}\n{text}".encode())
    note_exports(folder, written)
    return folder / PAPER


def _read_tables(folder: Path) -> dict[str, Any]:
    """The tables of a run, as it wrote them, in order."""
    records = read_unchanged(folder, "tables")["notebooks"].values()
    kinds = {name: entry["columns"] for record in records for name, entry in record["tables"].items()}
    return {name: read_csv(folder / "tables" / f"{name}.csv", kinds[name]) for name in sorted(kinds)}
