"""Tables for reading: sensible digits, open ends in words, data as text."""

import numpy as np
import pandas as pd
import pytest

from helpers import tables


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (602.0, "602"),
        (1404.89, "1,405"),
        (53.511, "53.5"),
        (0.05321, "0.0532"),
        (np.inf, "unbounded"),
        (np.nan, "–"),
        (-17.6, "−17.6"),
        (0.0000012, "1.20e−06"),
    ],
)
def test_numbers_read_well(value, text):
    assert tables.format_number(value) == text


def test_hostile_text_stays_text():
    frame = pd.DataFrame({"<b>name</b>": ["<script>alert(1)</script>"]})
    page = tables.show(frame, "<i>Title</i>", "<u>note</u>").as_raw_html()
    assert "<script>alert" not in page
    assert "<b>name" not in page
    assert "<i>Title" not in page
    assert "<u>note" not in page


def test_same_frame_same_table():
    frame = pd.DataFrame({"a": [1.0], "date": pd.to_datetime(["2025-12-31"]), "yes": [True]})
    first, second = (tables.show(frame, "Same", "unit").as_raw_html() for _ in range(2))
    assert first == second
    assert "2025-12-31" in first
    assert ">yes<" in first
