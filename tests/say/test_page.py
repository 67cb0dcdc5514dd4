"""The first page against the tables: each value is a cell, each number of a sentence stands in a row."""

import random
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from kept_runs import KEPT, read_run
from own_pages import CASES, make_tables, read_case

from adoption_curves import indicators
from adoption_curves.say.glossary import GLOSSARY, frame_rows, join_rows
from adoption_curves.say.page import write_page
from adoption_curves.say.rows import Row, _list_others

SCALES = {"thousand": 1e3, "million": 1e6, "billion": 1e9}
NUMBER = re.compile(r"[−-]?\d[\d,]*(?:\.\d+)?")
SET = re.compile(
    r"\b(?:\d+ )?(?:January|February|March|April|May|June|July|August|September|October|November|December) \d{4}\b"
    r"|\b(?:19|20)\d\d\b|aged \d+ (?:to|and) \w+|\d\d% (?=prediction|interval)"
    r"|the middle \d\d% (?=of)|Adoption Curves [\w.]+|index, .*? = 100"
)
"""Dates, ages, names and the levels of intervals: no numbers of a table."""
TABLES_OF_ROWS = {
    "01_wording": {"unknown"},
    "02_earlier": {"break", "deck", "quotation", "do_not_quote"},  # since when there are few values
    "02_later": {"others"},
    "03_saturation_level": {"level"},
    "05_alike": {"alike"},
    "05_audit": {"external", "trend"},
    "05_class": {"others"},
    "05_coverage": {"coverage", "same_publisher", "same_market", "deck"},
    "05_limit": {"limit", "headline", "deck", "quotation", "do_not_quote"},  # what the user assumed
    "05_milestones": {"milestone"},
    "05_newer": {"otherwise"},
    "05_other_limits": {"otherwise"},
    "05_probabilities": {"chance"},
    "05_since": {"otherwise"},
    "06_register": {"next"},
}
"""Tables on which only rows of these keys rest."""


@pytest.fixture(scope="module", params=[*KEPT, *CASES])
def run(request, tmp_path_factory):
    """A kept run, or a series of one's own of each kind."""
    return (
        read_run(request.param) if request.param in KEPT else read_case(tmp_path_factory.mktemp("own"), request.param)
    )


def read_cells(run, row):
    """The numbers in the cells that a row names."""
    places = [part.rsplit(":", 2) for part in row.cells.split()]
    cells = [run.tables[table][name].iloc[int(at)] for table, at, names in places for name in names.split(",")]
    numbers = [NUMBER.findall(cell) if isinstance(cell, str) else [cell] for cell in cells]  # "60 to 98"
    return np.concatenate([np.array(each, dtype=float) for each in numbers])


def derive(cells):
    """Cells, their differences, and their ratios and growth in percent."""
    pairs = [(first, last) for first in cells for last in cells]
    ratios = [100 * last / first for first, last in pairs if first]
    return np.array([*cells, *(last - first for first, last in pairs), *ratios, *(each - 100 for each in ratios)])


def find_missing(text, numbers):
    """The numbers of a text that none of `numbers` is, at the precision printed."""
    text, missing = SET.sub("", text), []
    for match in NUMBER.finditer(text):
        digits = match[0].rstrip(",").replace(",", "").replace("−", "-")
        word = re.match(
            r"(?: to [\d.,]+)? (thousand|million|billion)", text[match.start() + len(match[0].rstrip(",")) :]
        )
        scale = SCALES[word[1]] if word else 1.0
        half = 0.5001 * scale * 10.0 ** -len(digits.partition(".")[2])
        if "." not in digits and len(digits) > 3:  # to the thousand
            half *= 10 ** (len(digits) - len(digits.rstrip("0")))
        if not (abs(np.asarray(numbers) - float(digits) * scale) <= half).any():
            missing.append(match[0])
    return missing


def test_each_label_is_known_and_each_value_is_its_cell_from_which_the_numbers_of_its_text_round(run):
    rows = write_page(run)
    assert set(rows["key"]) <= set(GLOSSARY)
    assert (rows["label"] == rows["key"].map(lambda key: GLOSSARY[key]["label"])).all()
    assert {"headline", "deck", "quotation", "newest"} <= set(rows["key"])
    assert (
        not rows.astype(str)
        .apply(lambda texts: texts.str.contains(r"\bnan\b|None,|\binf\b"))
        .loc[:, "text":"note"]
        .any(axis=None)
    )
    for row in rows[rows["cells"] != ""].itertuples():
        cells = read_cells(run, row)
        numbers = np.array([row.value, row.low, row.high])
        computed = [*cells, *np.subtract.outer(cells, cells).ravel()]
        assert all(np.isclose(each, computed, rtol=1e-12).any() for each in numbers[np.isfinite(numbers)]), row
        scale = SCALES.get(run.names.unit.partition(" ")[0], 1.0)
        known = [*derive(cells), *derive(cells) * scale, *100 * derive(cells), *map(len, run.tables.values())]
        titles = [row.note] if row.key != "otherwise" else []
        assert find_missing(" ".join([row.text, row.of.replace(run.names.limit_title.lower(), "")]), known) == [], (
            titles
        )


def test_no_row_depends_on_a_table_of_another(run):
    """Without one table a page has the same rows, letter by letter, less those of that table."""
    whole = write_page(run)
    for table, keys in TABLES_OF_ROWS.items():
        part = write_page(replace(run, tables={name: each for name, each in run.tables.items() if name != table}))
        rows, others = whole[~whole["key"].isin(keys)], part[~part["key"].isin(keys)]
        pd.testing.assert_frame_equal(rows.reset_index(drop=True), others.reset_index(drop=True))


def test_each_number_of_headline_deck_and_quotation_stands_in_a_row(run):
    rows = write_page(run)
    sheet = list(rows[(rows["group"] != "") & (rows["cells"] != "")].itertuples())
    cells = np.concatenate([derive(read_cells(run, row)) for row in sheet])
    known = [*cells, *cells * SCALES.get(run.names.unit.partition(" ")[0], 1.0)]
    for text in rows.loc[rows["key"].isin(["headline", "deck", "quotation"]), "text"]:
        assert find_missing(text, known) == [], text


DATA = indicators.load()
SERIES = sorted({*zip(DATA.observations["entity"], DATA.observations["indicator"], strict=True)})


@pytest.mark.parametrize(
    "keys", [random.Random(1).sample(SERIES, 10), pytest.param(SERIES, marks=pytest.mark.slow)], ids=["ten", "all"]
)
def test_the_newest_value_of_a_series_of_the_data_stands_on_its_page(keys):
    """Also one of which only a limit is known."""
    missing = []
    for entity, indicator in keys:
        page = write_page(make_tables(DATA, DATA.series(entity, indicator)))
        newest = DATA.find_rows(entity, indicator).sort_values("date").iloc[-1]
        missing += [] if newest["value"] in set(page["value"]) else [(entity, indicator, newest["value"])]
    assert not missing


def test_the_page_joins_the_tables_that_there_are_and_shows_the_first_rows_of_a_group():
    table = write_page(read_run("baseline")).astype(str)
    more = table[table["key"] == "newest"].assign(text="by another measure")
    joined = join_rows([table, more])
    groups = list(dict.fromkeys(entry["group"] for entry in GLOSSARY.values() if entry["group"] != "Who uses it?"))
    assert joined["group"].drop_duplicates().tolist() == groups
    sizes = joined[joined["group"] != ""].groupby("group", sort=False).size()
    assert sizes.to_dict() == {"Is it true?": 6, "How many?": 4, "How sure?": 3, "What would change it?": 4}
    assert joined.loc[joined["key"] == "newest", "text"].tolist()[1] == "by another measure"


def test_a_page_has_twenty_rows_at_most():
    rows = [
        Row(key, str(place)) for key in ("newest", "who", "forecast", "coverage", "otherwise") for place in range(9)
    ]
    joined = join_rows([frame_rows([Row("headline", "kept"), *rows]).astype(str)])
    assert (joined["group"] != "").sum() == 20
    assert joined.loc[joined["key"] == "who", "text"].tolist() == list("012")
    assert joined["key"].iloc[0] == "headline"


@pytest.mark.parametrize(("count", "named"), [(3, True), (4, True), (5, False)])
def test_other_technologies_stand_with_their_lowest_and_highest_share_and_up_to_four_by_name(count, named):
    rows = pd.DataFrame({"technology": [*"abcde"][:count], "share": [60.0, 70, 81.5, 82, 83][:count]})
    rows = rows.assign(years=4.5, passed=40.0, technologies=count)
    run = read_run("yearly")
    [row] = _list_others(replace(run, tables={**run.tables, "05_class": rows}))
    assert row.text == f"60.0 to {rows['share'].max():.1f}% of their limits"
    of = f"{count} technologies, 4.5 years after they reached 40.0%"
    assert row.of == (f"{of}: {', '.join(rows['technology'])}" if named else of)
