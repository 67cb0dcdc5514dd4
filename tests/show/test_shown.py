"""Numbers on the pages are those of the CSV files, to the digits that are shown."""

import math
import re

import pandas as pd
from bs4 import BeautifulSoup

from adoption_curves.base.formats import format_name
from adoption_curves.show.tables import _CODED, _name_column


def read_tables(page):
    """Heading, column names and rows of each table of a page, all as text."""
    for table in BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser").find_all("table"):
        head = table.find("thead")
        columns = [cell.get_text(" ", strip=True) for cell in head.find_all("th")] if head else []
        body = table.find("tbody")
        rows = [[cell.get_text(" ", strip=True) for cell in row.find_all(["td", "th"])] for row in body.find_all("tr")]
        caption = table.find("caption")
        yield caption.get_text(" ", strip=True) if caption else "", columns, rows


def agrees(shown, value):
    """Whether a shown cell says what a cell of the CSV holds."""
    if pd.isna(value) or value == "":
        return shown in ("–", "")
    if isinstance(value, str):
        return " ".join(shown.split()) == " ".join(value.split())
    if isinstance(value, bool):
        return shown == ("yes" if value else "no")
    if math.isinf(value):
        return shown == "no limit"
    number = re.fullmatch(r"-?[\d,]+(?:\.(\d+))?(?:e(-\d+))?", shown.replace("\N{MINUS SIGN}", "-"))
    if not number:
        return False
    half = 0.5 * 10 ** (int(number[2] or 0) - len(number[1] or ""))
    return abs(float(number[0].replace(",", "")) - value) <= half * (1 + 1e-6)


def read_cells(path):
    frame = pd.read_csv(path, keep_default_na=False, na_values=[""]).drop(columns="url", errors="ignore")
    frame = frame.rename(columns=_name_column).astype(object)
    frame = frame.replace(r"^'(?=[+=@-])", "", regex=True)  # keeps spreadsheets from reading text as a formula
    return frame.assign(**{name: frame[name].map(format_name, na_action="ignore") for name in _CODED & {*frame}})


def find_rows(columns, rows, frame):
    """Columns that a shown table shares with a CSV, and the shown rows that no row of the CSV agrees with."""
    shared = [name for name in columns if name in frame]
    cells = frame[shared].to_dict("records")
    lost = []
    for row in rows:
        shown = dict(zip(columns, row, strict=True))
        if not any(all(agrees(shown[name], cell[name]) for name in shared) for cell in cells):
            lost.append(row)
    return shared, lost


def test_every_table_of_every_page_shows_the_numbers_of_its_csv(whole_run):
    checked = 0
    for page in sorted((whole_run / "html").glob("0*.html")):
        number = page.name[:2]
        frames = {path.stem: read_cells(path) for path in sorted((whole_run / "tables").glob(f"{number}_*.csv"))}
        for caption, columns, rows in read_tables(page):
            if not columns or not caption or caption.startswith("Generative AI users"):
                continue  # a summary of statsmodels, a frame of the notebook's own, or of its text
            matches = {name: find_rows(columns, rows, frame) for name, frame in frames.items()}
            name, (shared, lost) = max(matches.items(), key=lambda each: (len(each[1][0]), -len(each[1][1])))
            assert shared, (page.name, caption, columns)
            assert not lost, (page.name, caption, name, shared, lost[:2])
            checked += 1
    assert checked >= 14
