"""A run for other programs: a spreadsheet of its tables, and an archive of its files."""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.utils import get_column_letter

from ..base.files import format_json, write_file
from ..base.project import RECORD, RunError, shorten_path
from .pages import explain_failure
from .record import DATA, LOG, list_files, locate, read_run, read_unchanged, write_record
from .table_files import read_csv

BOOK = "tables.xlsx"
FIRST = ("06_key_numbers", "05_forecast")
"""The tables whose sheets follow the chart's."""
CODED = ["numbers"]
"""Columns of JSON, which the spreadsheet leaves out; the CSV has them."""
LARGE, THOUSAND = 10, 1_000
"""Numbers from the first on are shown with a decimal, from the second on with none; a cell holds all digits."""
WIDEST = 60
"""Characters of a column."""
MARK = b"Adoption curves"
"""Comment of our archives."""


def write_workbook(folder: Path) -> Path:
    """Write ``tables.xlsx`` of the run in `folder`: what its main figure shows, then a sheet for each table with rows.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If there is no run, or a table isn't as the run wrote it.
    """
    record = read_unchanged(folder, "tables", "figures")
    kinds, content = {name: table.columns for name, table in record.tables.items()}, io.BytesIO()
    names = [*(name for name in FIRST if name in kinds), *(name for name in sorted(kinds) if name not in FIRST)]
    with explain_failure(f"run '{folder.name}'"):
        frames = {name: read_csv(locate(folder, f"tables/{name}.csv"), kinds[name]) for name in names}
        chart = locate(folder, f"figures/{record.main_figure}.{DATA}")
        if chart.is_file():
            frames = {"chart": read_csv(chart, {"date": "date"}).dropna(axis="columns", how="all"), **frames}
    with pd.ExcelWriter(content, "openpyxl", datetime_format="yyyy-mm-dd") as book:
        for name, frame in frames.items():
            if len(frame):
                write_sheet(book, name[:31], frame.drop(columns=CODED, errors="ignore"))
    place = locate(folder, BOOK)
    exports = {BOOK: write_file(place, content.getvalue())}  # on record, so that they go when the run is made anew
    write_record(folder, read_run(folder).model_copy(update={"exports": exports}))
    return place


def write_sheet(book: Any, name: str, frame: pd.DataFrame) -> None:
    """Write a table as a sheet: dates without a time, thousands separated, texts never formulas."""
    frame = frame.apply(lambda column: column.map(clean_text) if column.dtype.kind in "OU" else column)
    frame.to_excel(book, sheet_name=name, index=False, inf_rep="no limit", freeze_panes=(1, 0))
    sheet = book.sheets[name]
    for place, column in enumerate(frame, start=1):
        longest = max(len(str(one)) for one in [column, *frame[column].head(200)])
        sheet.column_dimensions[get_column_letter(place)].width = min(longest, WIDEST) + 4
    for cell in (cell for row in sheet for cell in row):
        if cell.data_type == "f":
            cell.data_type = "s"
        elif cell.data_type == "n" and cell.value is not None and abs(cell.value) >= LARGE:
            cell.number_format = "#,##0" if abs(cell.value) >= THOUSAND or cell.value % 1 == 0 else "0.0"
        elif cell.data_type == "d":
            cell.number_format = "yyyy-mm-dd"


def clean_text(value: Any) -> Any:
    """A text with question marks for what a spreadsheet doesn't take."""
    return ILLEGAL_CHARACTERS_RE.sub("?", value) if isinstance(value, str) else value


def write_archive(folder: Path) -> Path:
    """Write the files that a run's record names as ``RUN.zip`` beside its folder; the same run makes the same bytes.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If an archive of somebody else has the name, there is no such run, or a file of it is missing or was changed.
    """
    target = folder.with_name(f"{folder.name}.zip")
    if os.path.lexists(target) and not is_ours(target):
        raise RunError(f"{shorten_path(target)} is a file of another kind and was left as it is. Move it away.")
    record, files = read_unchanged(folder).model_copy(update={"exports": {}}).sealed(), dict[str, bytes]()
    for name in sorted(list_files(record)):
        if name != LOG or ((folder / LOG).is_file() and not (folder / LOG).is_symlink()):  # the only one without a hash
            content = format_json(record.model_dump()) if name == RECORD else locate(folder, name).read_bytes()
            files[f"{folder.name}/{name}"] = content
    write_file(target, pack_files(files, MARK))
    return target


def pack_files(files: Mapping[str, bytes], comment: bytes) -> bytes:
    """A ZIP archive of the contents by name, without dates or owners: the same files make the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.comment = comment
        for name, content in files.items():
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o644 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, content)
    return packed.getvalue()


def is_ours(path: Path) -> bool:
    """True if a file is an archive of this package."""
    try:
        with zipfile.ZipFile(path) as archive:
            return archive.comment == MARK
    except (OSError, zipfile.BadZipFile):
        return False
