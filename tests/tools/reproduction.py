"""Tables against those of another run or machine: texts equal, numbers to six digits.

``python tests/tools/reproduction.py outputs/baseline/tables tests/golden/baseline`` prints the first difference of each
table that the second folder has, and ends with 1 if there is one.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd

TOLERANCE = 1e-5
"""Relative; a digit of the sixth place of a number that was rounded to six."""
DATES = {"midpoint", "launch"}
"""Parameters that are years with decimals: these may differ by a thousandth of one, whatever the century is."""


def list_tables(folder):
    """Paths of the tables in a folder, by name."""
    return {path.stem: path for path in sorted(folder.glob("*.csv"))}


def read_texts(path):
    """A table with all its cells as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def compare_tables(expected, found):
    """A line for each table of `expected` that isn't in `found`, or differs there; both are paths by name."""
    lines = {name: compare_table(path, found[name]) if name in found else "missing" for name, path in expected.items()}
    return [f"{name}, {line}" for name, line in lines.items() if line]


def compare_table(expected_path, found_path):
    """The first difference of two CSV files in words, or "" if numbers agree to six digits and texts are equal."""
    expected, found = read_texts(expected_path), read_texts(found_path)
    if list(expected) != list(found) or len(expected) != len(found):
        shapes = [f"{len(table)} rows of {', '.join(table)}" for table in (expected, found)]
        return "expected {}; found {}".format(*shapes)
    dates = expected["parameter"].isin(DATES) if "parameter" in expected else np.zeros(len(expected), dtype=bool)
    for name in expected:
        for row in np.flatnonzero(find_different(expected[name], found[name], np.where(dates, 1e-3, np.inf))):
            cells = f"expected {expected[name][row]!r}, found {found[name][row]!r}"
            return f"row {row + 2}, column {name}: {cells}"  # as a spreadsheet counts them
    return ""


def find_different(expected, found, most):
    """Whether cells of two columns of text differ; where both are finite numbers, by more than rounding or `most`.

    A number near 0 may differ by a billionth of the column's median size.
    """
    numbers, others = (
        pd.to_numeric(cells, errors="coerce").replace([np.inf, -np.inf], np.nan) for cells in (expected, found)
    )
    sizes = numbers[numbers != 0].abs()
    near_zero = 0 if sizes.isna().all() else 1e-9 * sizes.median()
    allowed = np.minimum(TOLERANCE * abs(numbers) + near_zero, most)
    return (expected != found) & ~(abs(others - numbers) <= allowed)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.replace("``", ""))
    parser.add_argument("found", type=Path, help="folder of tables, such as outputs/baseline/tables")
    parser.add_argument("expected", type=Path, help="folder of those that they should equal")
    folders = parser.parse_args()
    found, expected = list_tables(folders.found), list_tables(folders.expected)
    if not expected:
        parser.error(f"there is no table in {folders.expected}")
    differences = compare_tables(expected, found)
    print("\n".join(differences) or f"ok: equal to six digits, {len(expected)} tables compared")
    sys.exit(bool(differences))
