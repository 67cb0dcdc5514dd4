"""Tables for reading: sensible digits, open ends in words, data as text."""

import re

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from adoption_curves.show import tables


def read_cells(table):
    """Texts of the cells of a table, row by row."""
    body = BeautifulSoup(table.as_raw_html(), "html.parser").tbody
    return [[cell.get_text() for cell in row.find_all("td")] for row in body.find_all("tr")]


@pytest.mark.parametrize(
    "values", [[1404.89, 53.511, 0.05321, -17.6, 1e9, 3], [1404.89, 53.511], [0.0053, 0.02], [1, 2]]
)
def test_numbers_are_those_of_the_frame_to_the_digits_shown(values):
    shown = [cell for [cell] in read_cells(tables.show(pd.DataFrame({"value": values}), "Values"))]
    numbers = [float(cell.replace(",", "").replace("\N{MINUS SIGN}", "-")) for cell in shown]
    assert numbers == pytest.approx(values, rel=0.01)


def test_open_ends_and_numbers_near_nothing_are_said():
    words = [tables._format_number(value) for value in (np.inf, np.nan, None, 0.0, 0.0000012)]
    assert words == ["no limit", "–", "–", "0", "1.20e−06"]


def test_hostile_text_stays_text():
    frame = pd.DataFrame({"<b>name</b>": ["<script>alert(1)</script>"]})
    page = tables.show(frame, "<i>Title</i>", "<u>note</u>").as_raw_html()
    assert not [word for word in ("<script>alert", "<b>name", "<i>Title", "<u>note") if word in page]


def test_yes_and_no_stand_as_words_numbers_to_the_right_and_all_the_same_each_time():
    frame = pd.DataFrame({"held": [True, False], "value": [1.5, 2.5], "name": ["a", "2025"]})
    first, second = (tables.show(frame, "Same", "unit").as_raw_html() for _ in range(2))
    assert first == second
    assert ">yes<" in first
    sides = re.findall(r'<th class="gt_col_heading gt_columns_bottom_border gt_(\w+)"', first)
    assert dict(zip(frame, sides, strict=True)) == {"held": "left", "value": "right", "name": "left"}


def test_a_column_that_is_empty_in_every_row_is_not_shown():
    empty = {"flag": ["", ""], "level": [np.nan, np.nan]}
    frame = pd.DataFrame({"family": ["logistic", "bass"], **empty, "bic": [1.0, np.nan]})
    page = tables.show(frame, "Fits").as_raw_html()
    assert [name for name in ("family", "flag", "level", "bic") if f">{name}</th>" in page] == ["family", "bic"]


def test_of_a_long_table_the_first_and_the_last_rows_are_shown():
    """A page with a series of 10^5 figures would have a hundred megabytes, and take minutes to set."""
    frame = pd.DataFrame({"number": np.arange(100_000), "even": np.arange(100_000) % 2 == 0})
    page = tables.show(frame, "Long", "Unit: one.").as_raw_html()
    cells = re.findall(r"<td[^>]*gt_right[^>]*>([^<]*)", page)
    assert cells == [f"{number:,}" for number in [*range(150), *range(99_850, 100_000)]]
    assert "Unit: one. Rows 151 to 99,850 are left out here; the CSV has them." in page
    short = tables.show(frame.iloc[:300], "Short", "Unit: one.").as_raw_html()
    assert "left out" not in short
    assert len(re.findall("<tr>", short)) >= 300
