"""The tables of a run for other programs: one spreadsheet, or LaTeX to include in a paper."""

from __future__ import annotations

import io
import math
import re
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.hyperlink import Hyperlink

from ..base.files import pack_files, write_file
from ..base.project import CHECKOUT, PACKAGED, RunError
from ..base.wording import add_entity
from ..show.tables import format_column, is_number
from .notebook import read_csv
from .record import list_kinds, note_exports, read_run, read_unchanged

BOOK, PAPER = "tables.xlsx", "latex"
MOST_ROWS = 1_048_575  # of a sheet, below its header
FIRST = ("06_key_numbers", "05_forecast")
"""The tables whose sheets come first, after the one that lists all."""
CONTENTS = "contents"
PROPERTIES = "docProps/core.xml"
"""Where a workbook says when it was made; openpyxl writes the present time."""
ON_ONE_PAGE = 40  # rows of a table that LaTeX does not break
NARROWEST, WIDEST = 8, 60  # characters of a column
WRAPPED, INDENTED = Alignment(wrap_text=True, vertical="top"), Alignment(indent=1)
CODED = ["cells", "numbers"]
"""Columns of JSON, which nobody reads line by line; the CSV has them."""
BOOKKEEPING = [*CODED, "url"]
"""Columns that no paper has room for."""
UNIT = re.compile(r"(?:^|(?<=& ))([^&]+?) (\([^&]*\)) (?=&|\\\\)")
"""A heading and its unit, which stands below it in a paper."""
ROOM, SHORT = 24.0, 14  # centimetres of a landscape A4 page; characters of a text that stays on one line


# ---- what the tables hold -----------------------------------------------------------------------------------------

DOCUMENTED = re.compile(r"^\| `(\d\d_\w+)` \| (.*?) \| (.*) \|$", re.MULTILINE)
COLUMN = re.compile(r"`([\w.]+)` (text|date|yes/no|value|percent|share|years|count|number)\b")
UNITS = {"percent": "%", "share": "share", "years": "years"}


def read_documented() -> dict[str, tuple[str, dict[str, str]]]:
    """What a row of each table is, and the kind of each column, as ``outputs/README.md`` says."""
    pages = (CHECKOUT / "outputs" / "README.md", PACKAGED / "tables.md")
    text = next((page.read_text(encoding="utf-8") for page in pages if page.is_file()), "")
    return {name: (row, dict(COLUMN.findall(columns))) for name, row, columns in DOCUMENTED.findall(text)}


def list_units(frame: pd.DataFrame, kinds: Mapping[str, str], record: Mapping[str, Any]) -> dict[str, str]:
    """Unit of each column that has one: of the series in its table's column ``unit``, or that of the run."""
    if "unit" in frame and not is_number(frame["unit"]):
        named = [*frame["unit"].dropna().unique()]
        unit = named[0] if len(named) == 1 else "unit of its row"
    else:
        own = set(frame.get("indicator", ())) <= {record["parameters"]["indicator"]}
        unit = record["subject"].get("unit", "") if own else "unit of its series"
    known = {name: kinds.get("q0.5" if re.fullmatch(r"q0\.\d+", name) else name, "") for name in frame}
    units = UNITS | ({"value": unit} if unit else {})
    return {name: units[kind] for name, kind in known.items() if kind in units}


# ---- a spreadsheet ------------------------------------------------------------------------------------------------


def write_workbook(folder: Path) -> Path:
    """Write all tables of the run in `folder` into ``tables.xlsx``, a sheet each; numbers and dates stay such.

    A sheet that lists all comes first, then the key numbers and the forecast. Headings are the names of columns, with
    their units in brackets. The same run makes the same bytes.

    Returns
    -------
    Path

    Raises
    ------
    RunError
        If there is no run, a table isn't as the run wrote it, or one is too long for a sheet.
    """
    tables, record, documented = _read_tables(folder), read_run(folder), read_documented()
    names = [*(name for name in FIRST if name in tables), *(name for name in tables if name not in FIRST)]
    about = {name: documented.get(name, ("", {})) for name in names}
    book, content = openpyxl.Workbook(), io.BytesIO()
    _list_sheets(book.active, record, {name: (about[name][0], len(tables[name])) for name in names})
    for name in names:
        if len(tables[name]) > MOST_ROWS:
            raise RunError(f"Table {name} has {len(tables[name]):,} rows; a sheet holds {MOST_ROWS:,}. Take the CSV.")
        units = list_units(tables[name], about[name][1], record)
        _fill_sheet(book.create_sheet(name[:31]), tables[name].drop(columns=CODED, errors="ignore"), units)
    book.save(content)
    with zipfile.ZipFile(content) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[PROPERTIES] = re.sub(rb"(?<=W3CDTF\">)[^<]+", record["made"].encode(), parts[PROPERTIES])
    note_exports(folder, {BOOK: write_file(folder / BOOK, pack_files(parts))})
    return folder / BOOK


def _list_sheets(sheet: Any, record: Mapping[str, Any], listed: Mapping[str, tuple[str, int]]) -> None:
    """Fill the first sheet: what the run is of, and the others by name, with what a row of each is."""
    subject, given = record["subject"], record["parameters"]
    sheet.title = CONTENTS
    about = add_entity(subject.get("title", given["indicator"]), given["entity"])
    sheet.append([_replace_illegal(f"Run '{record['run']}': {about}")])
    sheet.append(
        [_replace_illegal(f"Made on {record['made'][:10]}; unit of the series: {subject.get('unit', 'not told')}.")]
    )
    sheet.append(["Columns q0.025 to q0.975 are quantiles: q0.5 is the median, q0.1 to q0.9 the 80 % band."])
    sheet.append([])
    sheet.append(["sheet", "a row is a", "rows"])
    for name, (row, count) in listed.items():
        sheet.append([name[:31], row, count])
        cell = sheet.cell(sheet.max_row, 1)
        cell.hyperlink, cell.style = Hyperlink(ref="", location=f"'{name[:31]}'!A1"), "Hyperlink"
    for cell in (sheet["A1"], *sheet[5]):
        cell.font = Font(bold=True)
    for column, width in zip("ABC", (34, WIDEST, NARROWEST), strict=True):
        sheet.column_dimensions[column].width = width
    _fit_page(sheet)


def _fit_page(sheet: Any) -> None:
    """Let a sheet be printed as wide as a page, on as many as it takes."""
    sheet.page_setup.orientation, sheet.page_setup.fitToHeight = "landscape", 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True


def _fill_sheet(sheet: Any, frame: pd.DataFrame, units: Mapping[str, str]) -> None:
    """Fill a sheet with a table: columns as wide as what they hold, long texts on several lines."""
    for place, name in enumerate(frame, 1):
        head = f"{name} ({units[name]})" if name in units else name
        cells, shown = [_to_cell(value) for value in frame[name]], _choose_format(frame[name])
        decimals = len(shown.partition(".")[2])
        written = [f"{value:.{decimals}f}" if isinstance(value, float) else str(value or "") for value in cells]
        for row, value in enumerate([head, *cells], 1):
            if value is None:
                continue
            cell = sheet.cell(row, place, value)
            if cell.data_type in ("n", "d") and row > 1:
                cell.number_format = shown
            elif cell.data_type == "f":  # a text of the data that looks like a formula stays a text
                cell.data_type = "s"
            if row == 1 or len(written[row - 2]) > WIDEST:
                cell.alignment = WRAPPED
            elif isinstance(value, str):
                cell.alignment = INDENTED  # else it touches the number before it
        sheet.cell(1, place).font = Font(bold=True)
        words = [*written, *re.split(r"(?<=[ _])", head)]
        width = min(max(NARROWEST, *map(len, words)), WIDEST)
        sheet.column_dimensions[get_column_letter(place)].width = 3 + width
    sheet.freeze_panes, sheet.print_title_rows = "A2", "1:1"
    _fit_page(sheet)


def _choose_format(values: pd.Series) -> str:
    """How a spreadsheet shows a column; the cells have all digits."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return "yyyy-mm-dd"
    if not pd.api.types.is_float_dtype(values):
        return "General"
    sizes = values[np.isfinite(values) & (values != 0)].abs()
    if sizes.empty or sizes.max() > 1e6 * sizes.min():
        return "General"
    return "0.0000000"[: 2 + int(np.clip(4 - np.floor(np.log10(sizes.max())), 1, 6))]


def _to_cell(value: Any) -> Any:
    """What a cell holds: dates without a time, missing values as blanks, infinite ones as on the pages."""
    if pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    if isinstance(value, float) and math.isinf(value):
        return "no limit" if value > 0 else str(value)
    return value


# ---- LaTeX --------------------------------------------------------------------------------------------------------


def write_latex(folder: Path) -> Path:
    """Write each table of the run in `folder` into ``latex/<name>.tex``, numbers as on its pages.

    Long texts stand on several lines; columns of JSON and addresses are left out. Headings are as in the spreadsheet.
    The files need the packages array, booktabs and longtable, and an engine that knows Unicode where names do.

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
    record, documented = read_run(folder), read_documented()
    for name, whole in _read_tables(folder).items():
        frame = whole.drop(columns=BOOKKEEPING, errors="ignore")
        units = list_units(whole, documented.get(name, ("", {}))[1], record)
        numbers = [column for column in frame if is_number(frame[column])]
        shown = frame.astype(object).where(frame.notna(), "")
        for column in frame:
            if column in numbers:
                texts = pd.Series(format_column(frame[column]), frame.index)
                shown[column] = texts.where(frame[column].notna(), "").str.replace("−", "-")
            elif pd.api.types.is_datetime64_any_dtype(frame[column]):
                shown[column] = frame[column].dt.strftime("%Y-%m-%d").fillna("")
        heads = {column: f"{column} ({units[column]})" if column in units else column for column in frame}
        shown = shown.rename(columns=heads)
        places = _place_columns(shown, [heads[column] for column in numbers])
        styler = shown.style.hide(axis="index").format(escape="latex").format_index(escape="latex", axis="columns")
        long = {"environment": "longtable"} if len(frame) > ON_ONE_PAGE else {}
        text = styler.to_latex(hrules=True, column_format=places, **long)
        text = re.sub(r"(?<=\\toprule\n).*", lambda line: UNIT.sub(r"\\shortstack{\1\\\\\2} ", line[0]), text)
        path = f"{PAPER}/{name}.tex"
        written[path] = write_file(folder / path, f"% {name} of run {folder.name}\n{text}".encode())
    note_exports(folder, written)
    return folder / PAPER


def _place_columns(shown: pd.DataFrame, numbers: Sequence[str]) -> str:
    """How LaTeX sets each column: numbers to the right; texts to the left, long ones on several lines."""
    lengths = {column: max(map(len, shown[column].astype(str)), default=0) for column in shown}
    long = [column for column, length in lengths.items() if column not in numbers and length > SHORT]
    short = {column: length for column, length in lengths.items() if column not in long}
    taken = sum(0.18 * max(length, *map(len, column.split(" ("))) + 0.42 for column, length in short.items())
    width = min(max((ROOM - taken) / max(len(long), 1) - 0.42, 1.8), 9)
    left = r">{\raggedright\arraybackslash}"
    return "".join(
        "r" if column in numbers else f"{left}p{{{width:.1f}cm}}" if column in long else "l" for column in shown
    )


def _read_tables(folder: Path) -> dict[str, Any]:
    """The tables of a run, as it wrote them, in order; control characters of texts are replaced."""
    kinds = list_kinds(read_unchanged(folder, "tables"))
    tables = {name: read_csv(folder / "tables" / f"{name}.csv", kinds[name]) for name in sorted(kinds)}
    for name, frame in tables.items():
        for column in (column for column, kind in kinds[name].items() if kind in ("text", "mixed")):
            frame[column] = frame[column].map(_replace_illegal).astype(frame[column].dtype)
    return tables


def _replace_illegal(value: Any) -> Any:
    """A text with question marks for what neither a spreadsheet nor LaTeX takes."""
    return ILLEGAL_CHARACTERS_RE.sub("?", value) if isinstance(value, str) else value
