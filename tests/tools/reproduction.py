"""Tables against those of another run or machine: texts equal, numbers to six digits.

``python tests/tools/reproduction.py outputs/baseline/tables tests/golden/baseline`` prints the first difference of each
table that the second folder has, and ends with 1 if there is one.
"""

from __future__ import annotations

import argparse
import csv
import io
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from adoption_curves.base.files import read_file
from adoption_curves.base.project import RunError, shorten_path
from adoption_curves.base.words import quote, say_count

TOLERANCE = 1e-5
"""Relative; a digit of the sixth place of a number that was rounded to six."""
DATES = {"midpoint", "launch"}
"""Parameters that are years with decimals: these may differ by a thousandth of one, whatever the century is."""


def list_tables(folder: Path) -> dict[str, Path]:
    """Paths of the tables in a folder, by name."""
    return {path.stem: path for path in sorted(folder.glob("*.csv"))}


def compare_tables(expected: Mapping[str, Path], found: Mapping[str, Path]) -> list[str]:
    """A line for each table of `expected` that isn't in `found`, or differs there.

    Parameters
    ----------
    expected, found : mapping
        Paths of CSV files by name.

    Returns
    -------
    list of str

    Raises
    ------
    RunError
        If a file can't be read as a table.
    """
    lines = {name: compare_table(path, found[name]) if name in found else "missing" for name, path in expected.items()}
    return [f"{name}, {line}" for name, line in lines.items() if line]


def compare_table(expected_path: Path, found_path: Path) -> str:
    """The first difference of two CSV files in words, or "" if numbers agree to six digits and texts are equal.

    A number near 0 may differ by a billionth of the column's median size.
    """
    expected, found = read_texts(expected_path), read_texts(found_path)
    if list(expected) != list(found):
        apart = [name for name in (*expected, *found) if (name in expected) != (name in found)]
        return f"columns expected or found, not both: {', '.join(apart)}" if apart else "columns in another order"
    if len(expected) != len(found):
        return f"{say_count(len(expected), 'row')} expected, {len(found)} found"
    most = np.where(expected["parameter"].isin(DATES), 1e-3, np.inf) if "parameter" in expected else np.inf
    differs = np.column_stack([find_different(expected[name], found[name], most) for name in expected])
    if not differs.any():
        return ""
    row, column = np.argwhere(differs)[0]
    cells = f"expected {quote(expected.iloc[row, column])}, found {quote(found.iloc[row, column])}"
    more = differs.sum() - 1
    where = f"row {row + 2}, column {expected.columns[column]}"  # as a spreadsheet counts them
    return f"{where}: {cells}" + (f", and {say_count(more, 'more cell')}" if more else "")


def find_different(expected: pd.Series, found: pd.Series, most: float | np.ndarray) -> np.ndarray:
    """Whether cells of two columns of text differ; where both are finite numbers, by more than rounding or `most`."""
    numbers, others = (
        pd.to_numeric(cells, errors="coerce").replace([np.inf, -np.inf], np.nan) for cells in (expected, found)
    )
    sizes = numbers[numbers != 0].abs()
    near_zero = 0 if sizes.isna().all() else 1e-9 * sizes.median()
    allowed = np.minimum(TOLERANCE * abs(numbers) + near_zero, most)
    return np.asarray((expected != found) & ~(abs(others - numbers) <= allowed))


def read_texts(path: Path) -> pd.DataFrame:
    """A table with all its cells as text; a `RunError` where it is none."""
    try:
        header, *rows = [*csv.reader(io.StringIO(read_file(path)), strict=True)] or [[]]
        if not header or len({*header}) < len(header):
            raise ValueError("it needs a row of names for its columns, all different")
        if ragged := next((number for number, row in enumerate(rows, 2) if len(row) != len(header)), 0):
            cells = say_count(len(rows[ragged - 2]), "cell")
            raise ValueError(f"row {ragged} has {cells} for {len(header)} columns")
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"{shorten_path(path)} can't be read as a table ({' '.join(str(error).split())}).") from error
    return pd.DataFrame(rows, columns=header, dtype=object)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.replace("``", ""))
    parser.add_argument("found", type=Path, help="folder of tables, such as outputs/baseline/tables")
    parser.add_argument("expected", type=Path, help="folder of those that they should equal")
    folders = parser.parse_args()
    found, expected = list_tables(folders.found), list_tables(folders.expected)
    if not expected:
        parser.error(f"there is no table in {folders.expected}")
    differences = compare_tables(expected, found)
    print("\n".join(differences) or f"ok: equal to six digits, {say_count(len(expected), 'table')} compared")
    sys.exit(bool(differences))
