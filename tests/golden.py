"""Make the runs of tests/golden/golden.yaml and compare each number and text of their tables with those kept in git.

`python tests/golden.py` (or `make golden`) compares and names the first difference of each table; with `--renew` (or
`make golden RENEW=1`) it writes the tables anew. A table that a run has in common with the baseline, byte by byte, is
kept once, in outputs/baseline/tables; a run's other tables are in tests/golden/<run>.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

ROOT = Path(__file__).parents[1]
RUNS = ROOT / "tests" / "golden" / "golden.yaml"
BASELINE = ROOT / "outputs" / "baseline" / "tables"
TOO_LARGE = {"03_alternatives.csv", "04_residuals.csv"}  # for git


def list_tables(folder):
    return sorted(path.name for path in folder.glob("*.csv") if path.name not in TOO_LARGE)


def compare_tables(expected_path, found_path):
    """The first difference of two CSV files in words, or "" if numbers agree to six digits and texts are equal.

    A number near 0 may differ by a billionth of the column's median size.
    """
    expected, found = (pd.read_csv(path, dtype=str, keep_default_na=False) for path in (expected_path, found_path))
    if list(expected.columns) != list(found.columns):
        return f"columns: expected {', '.join(expected)}, found {', '.join(found)}"
    if len(expected) != len(found):
        return f"rows: expected {len(expected)}, found {len(found)}"
    differs = pd.DataFrame({name: column_differs(expected[name], found[name]) for name in expected}).to_numpy(bool)
    if not differs.any():
        return ""
    row, column = np.argwhere(differs)[0]
    cells = f"expected {expected.iloc[row, column]!r}, found {found.iloc[row, column]!r}"
    return f"line {row + 2}, column {expected.columns[column]}: {cells}"


def column_differs(expected, found):
    """Whether the cells of two columns of text differ, one by one; where both are finite numbers, as numbers."""
    numbers, others = (
        pd.to_numeric(cells, errors="coerce").replace([np.inf, -np.inf], np.nan) for cells in (expected, found)
    )
    sizes = numbers[numbers != 0].abs()
    close = np.isclose(others, numbers, rtol=1e-6, atol=0 if sizes.isna().all() else 1e-9 * sizes.median())
    return (expected != found) & ~close


def find_kept(run, name):
    """The file in git with the table `name` of `run`."""
    own = RUNS.parent / run / name
    return own if own.exists() else BASELINE / name


def compare_run(run, tables):
    """Lines with the differences of a run's folder of tables from what is kept."""
    expected, found = sorted({*list_tables(RUNS.parent / run), *list_tables(BASELINE)}), list_tables(tables)
    if expected != found:
        return [f"{run}: tables that are kept or made, not both: {', '.join(sorted({*expected} ^ {*found}))}"]
    compared = {name: compare_tables(find_kept(run, name), tables / name) for name in found}
    return [f"{run}, {name}, {difference}" for name, difference in compared.items() if difference]


def renew(run, tables):
    """Keep the tables of a run instead of those in git; the baseline's first, the others are compared with it."""
    kept = BASELINE if run == "baseline" else RUNS.parent / run
    kept.mkdir(exist_ok=True)
    for name in list_tables(kept):
        (kept / name).unlink()
    for name in list_tables(tables):
        content = (tables / name).read_bytes()
        if run == "baseline" or not (BASELINE / name).exists() or content != (BASELINE / name).read_bytes():
            (kept / name).write_bytes(content)


def main(renewing):
    with tempfile.TemporaryDirectory() as outputs:
        command = [sys.executable, "-m", "helpers", "sweep", str(RUNS), "--name", "golden"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "ADOPTION_OUTPUTS": outputs}, check=True)
        made = sorted(Path(outputs, "golden").glob("*/tables"), key=lambda tables: tables.parent.name != "baseline")
        if renewing:
            for tables in made:
                renew(tables.parent.name, tables)
        differences = [line for tables in made for line in compare_run(tables.parent.name, tables)]
    print("\n".join(differences) or f"ok: the tables of {len(made)} runs are as kept.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main("--renew" in sys.argv[1:]))
