"""Export a run: its tables as a spreadsheet, its quantiles for a forecast hub or the register."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.files import hash_file, write_file
from ..base.folders import list_foreign, move_edited, raise_for_foreign
from ..base.project import REGISTER, RunError, import_extra
from .fingerprint import hash_data
from .manifest import DATA, list_tables, locate, read_unchanged, write_manifest
from .parameters import Parameters, read_parameters
from .table_files import read_csv

_BOOK, _HUB, _QUANTILES = "tables.xlsx", "hub.csv", "05_quantiles"
# Tables whose sheets come first, after that of the chart.
_FIRST = ("06_key_numbers", "05_forecast")
_HUB_COLUMNS = ["reference_date", "target", "location", "target_end_date", "output_type", "output_type_id", "value"]
# Columns with JSON, which only the CSV has.
_LEFT_OUT = ["numbers"]
# Numbers from here on are displayed without decimals and with thousands separators; cells have all digits.
_LARGE = 1_000
# Characters that a spreadsheet does not accept.
_NO_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
# Maximum width of a column, in characters.
_MAX_COLUMN_LETTERS = 60


def write_workbook(folder: Path) -> Path:
    """Write ``tables.xlsx`` of a run: the data of its main chart, then one sheet for each table that has rows.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If there is no run, a table has changed since the run, or ``tables.xlsx`` was not written by this package. An
        edited one is moved to ``<run>.edited/``.
    """
    record = read_unchanged(folder, "tables/", "figures/")
    kinds, content = {name: table["columns"] for name, table in list_tables(record).items()}, io.BytesIO()
    names = [*(name for name in _FIRST if name in kinds), *(name for name in sorted(kinds) if name not in _FIRST)]
    frames = {name: read_csv(locate(folder, f"tables/{name}.csv"), kinds[name]) for name in names}
    chart = locate(folder, f"figures/{record['main_figure']}.{DATA}")
    if chart.is_file():
        frames = {"chart": read_csv(chart, {"date": "date"}).dropna(axis="columns", how="all"), **frames}
    import_extra("openpyxl", "xlsx", "A spreadsheet")
    with pd.ExcelWriter(content, "openpyxl") as book:
        for name, frame in frames.items():
            if len(frame):
                _write_sheet(book, name[:31], frame.drop(columns=_LEFT_OUT, errors="ignore"))
    return _write_export(folder, record, _BOOK, content.getvalue())


def _write_export(folder: Path, record: dict[str, Any], name: str, content: bytes) -> Path:
    """Write a file into the folder of a run; an edited earlier one is moved away. The next run removes it."""
    place = locate(folder, name)
    if os.path.lexists(place):
        raise_for_foreign(folder, {*list_foreign(folder)} - ({name} - record["files"].keys()))
        if record["files"][name] != hash_file(place):
            sys.stderr.write(f"{move_edited(folder, [name])}\n")
    record["files"][name] = write_file(place, content)
    write_manifest(folder, record)
    return place


def write_hub(folder: Path) -> Path:
    """Write ``hub.csv`` of a run: the quantiles of its forecast as model output of hubverse.

    One row per date and level: reference_date (day as of which the data were known), target (indicator), location (ISO
    3166-1 alpha-3, otherwise the entity), target_end_date, output_type, output_type_id (level) and value.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        As from `write_workbook`; or if the run has no forecast with an interval, or the data have changed since.
    """
    record = read_unchanged(folder, "tables/")
    data, parameters, quantiles = _read_forecast(folder, record)
    if quantiles.empty:
        raise RunError(f"Run '{folder.name}' has no forecast with an interval, so there are no quantiles to write.")
    codes = dict(zip(data.entities["entity"], data.entities["iso3"], strict=True))
    known = data.day() or data.observations["published"].max()
    quantiles = quantiles.rename_axis(index="target_end_date", columns="output_type_id")
    rows = (
        quantiles.stack()
        .rename("value")
        .reset_index()
        .assign(
            reference_date=known,
            target=parameters.indicator,
            location=codes.get(parameters.entity, parameters.entity),
            output_type="quantile",
        )
    )
    content = rows[_HUB_COLUMNS].to_csv(index=False, lineterminator="\n", date_format="%Y-%m-%d")
    return _write_export(folder, record, _HUB, content.encode())


def _write_sheet(book: Any, name: str, frame: pd.DataFrame) -> None:
    """Write a table as a sheet: dates without a time, numbers with thousands separators, texts never as formulas."""
    frame = frame.apply(lambda column: column.map(_clean_text) if column.dtype.kind in "OU" else column)
    frame.to_excel(book, sheet_name=name, index=False, inf_rep="no limit", freeze_panes=(1, 0))
    sheet = book.sheets[name]
    for column, cells in zip(frame, sheet.columns, strict=True):
        longest = max(len(str(one)) for one in [column, *frame[column].head(200)])
        sheet.column_dimensions[cells[0].column_letter].width = min(longest, _MAX_COLUMN_LETTERS) + 4
    for cell in (cell for row in sheet for cell in row):
        if cell.data_type == "f":
            cell.data_type = "s"
        elif cell.is_date:
            cell.number_format = "yyyy-mm-dd"
        elif cell.data_type == "n" and cell.value is not None and abs(cell.value) >= _LARGE:
            cell.number_format = "#,##0"


def _clean_text(value: Any) -> Any:
    """A text with question marks instead of characters that a spreadsheet does not accept."""
    return _NO_TEXT.sub("?", value) if isinstance(value, str) else value


def register_run(folder: Path, dates: Sequence[str] = (), today: date | None = None) -> Path | None:
    """Register the forecast of a run, and those of both benchmark methods.

    Parameters
    ----------
    folder : Path
        Folder of the run.
    dates : sequence of str
        Dates of the forecast, as for `forecast.register.make_rows`.
    today : date, optional
        Day of registration.

    Returns
    -------
    Path or None
        The register, in the data folder of the run; None if the run has no forecast.

    Raises
    ------
    RunError
        If the run or the data have changed since it was made, or as from `forecast.register`.
    """
    from ..forecast import register

    data, parameters, quantiles = _read_forecast(folder, read_unchanged(folder))
    if quantiles.empty:
        return None
    series = data.series(parameters.entity, parameters.indicator, parameters.limit, parameters.since)
    [since] = pd.read_csv(locate(folder, "tables/05_forecast.csv"), keep_default_na=False)["since"].unique()
    return register.add_rows(register.make_rows(series, quantiles, dates, today, since=since), data)


def _read_forecast(folder: Path, record: Mapping[str, Any]) -> tuple[Any, Parameters, pd.DataFrame]:
    """Data and parameters of a run, and its quantiles: one row per date, a column per level; none without intervals."""
    from .. import indicators

    # The data are as they were, but for what others registered since.
    parameters = read_parameters(record["parameters"])
    others = hash_data(parameters.source).items() - record["data"]["files"].items()
    if any(Path(name).name != REGISTER for name, _ in others):
        raise RunError(f"The data of run '{folder.name}' have changed. Make it again first.")
    if _QUANTILES not in list_tables(record):
        raise RunError(f"Run '{folder.name}' has no table {_QUANTILES}, so it has no forecast to hand over.")
    quantiles = pd.read_csv(locate(folder, f"tables/{_QUANTILES}.csv"), index_col="date", parse_dates=True)
    data = indicators.load(str(parameters.source), parameters.as_of)
    return data, parameters, quantiles.rename(columns=lambda name: float(name.removeprefix("q")))
