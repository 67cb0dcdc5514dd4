"""Names that others build on: tables and columns as outputs/README.md says, commands and options, Python objects."""

import re
from pathlib import Path

import golden
import pandas as pd
import pytest

ROOT = Path(__file__).parents[2]
TABLE = re.compile(r"^\| `(\d\d_\w+)` \| .*? \| (.*) \|$", re.MULTILINE)
COLUMN = re.compile(r"`([\w.]+)` (text|date|yes/no|value|percent|share|years|count|number)\b")
TEXT = (ROOT / "outputs" / "README.md").read_text(encoding="utf-8")
DOCUMENTED = {name: dict(COLUMN.findall(columns)) for name, columns in TABLE.findall(TEXT)}


def holds(kind, cells):
    """Whether cells of a CSV file are what the documentation calls them; blank ones are missing."""
    cells = cells[cells != ""]
    if kind == "text":
        return True
    if kind == "date":
        return cells.str.fullmatch(r"\d{4}-\d\d-\d\d").all()
    if kind == "yes/no":
        return cells.isin(["True", "False"]).all()
    return pd.to_numeric(cells, errors="coerce").notna().all()


def check_columns(path):
    table, columns = pd.read_csv(path, dtype=str, keep_default_na=False), DOCUMENTED[path.stem]
    found = [name for name in table if name not in columns and not re.fullmatch(r"q0\.\d+", name)]
    missing = [name for name in columns if name not in table]
    assert (found, missing) == ([], []), path
    assert [name for name, kind in columns.items() if name in table and not holds(kind, table[name])] == [], path


def test_a_run_has_the_documented_tables_and_columns(whole_run):
    paths = sorted((whole_run / "tables").glob("*.csv"))
    assert [path.stem for path in paths] == list(DOCUMENTED)
    for path in paths:
        check_columns(path)
        names = [name for name in pd.read_csv(path, nrows=0) if name in DOCUMENTED[path.stem]]
        assert names == list(DOCUMENTED[path.stem])


@pytest.mark.parametrize("folder", sorted(path.parent for path in golden.RUNS.parent.glob("*/06_findings.csv")))
def test_other_runs_have_them_too(folder):
    for path in folder.glob("*.csv"):
        check_columns(path)
