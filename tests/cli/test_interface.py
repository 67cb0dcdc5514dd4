"""Names that others build on: tables and columns are as outputs/README.md says."""

import re

import pandas as pd
import pytest
from kept_runs import FOLDER, ROOT

TABLE = re.compile(r"^\| `(\d\d_\w+)` \| .*? \| (.*) \|$", re.MULTILINE)
COLUMN = re.compile(r"`([\w.]+)` (text|date|yes/no|value|percent|share|years|count|number)\b")
TEXT = (ROOT / "outputs" / "README.md").read_text(encoding="utf-8")
LISTED = dict(TABLE.findall(TEXT))
DOCUMENTED = {name: dict(COLUMN.findall(LISTED.get(said.removeprefix("as "), said))) for name, said in LISTED.items()}
"""Kinds of the columns of each table, or of the table that it is like: as 07_profile."""


FORMS = {"date": r"\d{4}-\d\d-\d\d", "yes/no": "True|False", "text": "(?s).*"}
"""What cells of a kind look like; those of any other are numbers."""


def read_texts(path):
    """A table with all its cells as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def check_columns(name, table):
    """A table has the documented columns, a forecast any quantiles or one; cells are what they are called, or blank."""
    columns = DOCUMENTED[name]
    found = [column for column in table if column not in columns and not re.fullmatch(r"q0\.\d+", column)]
    ranged = "q0.1" in table or name not in ("05_forecast", "05_hindcasts")  # without a range the median is alone
    missing = [column for column in columns if column not in table and (ranged or not column.startswith("q0."))]
    assert (found, missing) == ([], []), name
    for column in [column for column in table if column in columns]:
        cells = table[column][table[column] != ""]
        form = FORMS.get(columns[column])
        right = cells.str.fullmatch(form) if form else pd.to_numeric(cells, errors="coerce").notna()
        assert right.all(), (name, column)


def test_a_run_has_the_documented_tables_and_columns(whole_run):
    paths = sorted((whole_run / "tables").glob("*.csv"))
    expected = [name for name in DOCUMENTED if not name.startswith("08_")]  # the sample has no list of economies
    assert [path.stem for path in paths] == expected
    for path in paths:
        check_columns(path.stem, read_texts(path))
        names = [name for name in pd.read_csv(path, nrows=0) if name in DOCUMENTED[path.stem]]
        assert names == list(DOCUMENTED[path.stem])


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*/*.csv")), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_other_runs_have_them_too(path):
    check_columns(path.stem, read_texts(path))
