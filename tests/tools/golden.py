"""Make the runs of tests/golden/golden.yaml, and compare them with what tests/golden keeps of them.

`make golden` names the first difference of each table; with `--renew` (or `make golden RENEW=1`) it writes anew XX
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import matplotlib.image
import numpy as np
import pandas as pd

from adoption_curves.say.run_tables import TABLES

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "tests" / "golden" / "golden.yaml"
SUMS = RUNS.parent / "sums.csv"
PICTURE = ROOT / "docs" / "images" / "forecast.png"
DARK = PICTURE.with_suffix(".dark.png")
README = ROOT / "README.md"
KEPT = dict.fromkeys(("baseline", "yearly", "one", "declining", "levelled", "unlimited"), TABLES)
KEPT["baseline"] += ("04_held_out", "04_comparison_technologies", "04_sides", "04_skill", "06_key_numbers")
"""The tables that are kept whole: of a run of each kind of page those that its rows are made from, and of the baseline
the rows too, and what docs/forecast.md quotes. Of every other table, and of those without rows, `SUMS` has a line."""
TOLERANCE = 1e-5
"""Of a number, or of the sum of a column's sizes; a digit of the sixth place."""


def list_tables(run):
    """Paths of the tables of a run's folder, by name."""
    return {path.stem: path for path in sorted((run / "tables").glob("*.csv"))}


def locate_kept(run, name):
    """Where a table of a run is kept whole."""
    return RUNS.parent / run / f"{name}.csv"


def is_kept_whole(run, name, path):
    """Whether a table that was made is to be kept whole."""
    return name in KEPT.get(run, ()) and len(read_texts(path)) > 0


def read_texts(path):
    """A table with all its cells as text."""
    return pd.read_csv(path, dtype=str, keep_default_na=False)


# ---- what is kept of a table


def round_numbers(path):
    """A table's text with six digits of each number."""
    table = read_texts(path)
    for name in table:
        table[name] = [round_cell(cell) for cell in table[name]]
    return table.to_csv(index=False, lineterminator="\n")


def round_cell(text):
    is_decimal = re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) and not text.lstrip("-").isdigit()
    return f"{float(f'{float(text):.6g}'):.10g}" if is_decimal else text


def list_numbers(path):
    """The finite numbers of each column of a table that has numbers, truth values as 0 and 1."""
    table = pd.read_csv(path).select_dtypes(["number", "bool"]).astype(float)
    return {name: column[np.isfinite(column)] for name, column in table.items()}


def sum_table(run, path):
    """The line of a table: its run, its name, how many rows it has, its columns, and the sums of those with numbers."""
    table = read_texts(path)
    sums = "; ".join(f"{name} {column.sum():.6g}" for name, column in list_numbers(path).items())
    return {"run": run, "table": path.stem, "rows": len(table), "columns": " ".join(table), "sums": sums}


# ---- differences, each a line


def compare_run(run, tables, sums):
    """A line for each table of a run that is not as kept; the tables are paths by name."""
    kept = sums[sums["run"] == run].set_index("table")
    whole = [path.stem for path in sorted((RUNS.parent / run).glob("*.csv"))]
    lines = {name: "no longer made" for name in [*whole, *kept.index] if name not in tables}
    for name, path in tables.items():
        if name in whole:
            lines[name] = compare_table(locate_kept(run, name), path)
        else:
            lines[name] = compare_sums(kept.loc[name], path) if name in kept.index else "new"
    return [f"{run}, {name}, {line}" for name, line in lines.items() if line]


def compare_table(expected_path, found_path):
    """The first difference of two CSV files in words, or "" if numbers agree to six digits and texts are equal."""
    expected, found = read_texts(expected_path), read_texts(found_path)
    if list(expected) != list(found) or len(expected) != len(found):
        shapes = [f"{len(table)} rows of {', '.join(table)}" for table in (expected, found)]
        return "expected {}; found {}".format(*shapes)
    for name in expected:
        for row in np.flatnonzero(find_different(expected[name], found[name])):
            cells = f"expected {expected[name][row]!r}, found {found[name][row]!r}"
            return f"row {row + 2}, column {name}: {cells}"  # as a spreadsheet counts them
    return ""


def find_different(expected, found):
    """Whether cells of two columns of text differ; where both are finite numbers, by more than rounding.

    A number near 0 may differ by a billionth of the column's median size.
    """
    numbers, others = (
        pd.to_numeric(cells, errors="coerce").replace([np.inf, -np.inf], np.nan) for cells in (expected, found)
    )
    sizes = numbers[numbers != 0].abs()
    near_zero = 0 if sizes.isna().all() else 1e-9 * sizes.median()
    return (expected != found) & ~(abs(others - numbers) <= TOLERANCE * abs(numbers) + near_zero)


def compare_sums(kept, path):
    """The first difference of a table from its line, or ""; a sum may differ by rounding of what it adds."""
    found = sum_table(kept["run"], path)
    for name in ("rows", "columns"):
        if kept[name] != str(found[name]):
            return f"expected {kept[name]} {name}, found {found[name]}"
    expected = dict(part.rsplit(" ", 1) for part in filter(None, kept["sums"].split("; ")))
    numbers = list_numbers(path)
    if list(expected) != list(numbers):
        return f"expected sums of {', '.join(expected)}; found {', '.join(numbers)}"
    for name, column in numbers.items():
        if abs(column.sum() - float(expected[name])) > TOLERANCE * column.abs().sum():
            return f"column {name}: expected a sum of {expected[name]}, found {column.sum():.6g}"
    return ""


def compare_picture(path):
    """A line where the main figure isn't the one that README and docs show: another size, or 2 % of ink elsewhere."""
    expected, found = matplotlib.image.imread(PICTURE), matplotlib.image.imread(path)
    same = expected.shape == found.shape and abs(expected - found).mean() < 0.02 * (1 - expected).mean()
    return [] if same else [f"{PICTURE.relative_to(ROOT)} is not what the baseline draws"]


# ---- what is written anew


def keep_tables(made):
    """Keep the tables of runs instead of those in git."""
    for path in RUNS.parent.glob("*/*.csv"):
        path.unlink()
    lines = []
    for run, tables in made.items():
        for name, path in tables.items():
            if is_kept_whole(run, name, path):
                locate_kept(run, name).parent.mkdir(exist_ok=True)
                locate_kept(run, name).write_text(round_numbers(path), encoding="utf-8")
            else:
                lines.append(sum_table(run, path))
    pd.DataFrame(lines).to_csv(SUMS, index=False, lineterminator="\n")


def put_headline(rows):
    """README.md with headline and deck of the baseline's rows."""
    texts = rows.set_index("key")["text"]
    lines = textwrap.fill(f"**{texts['headline']}.** {texts['deck']}", 117, break_on_hyphens=False)
    block = f"<!-- headline -->\n{lines}\n<!-- /headline -->"
    return re.sub("<!-- headline.*/headline -->", lambda _: block, README.read_text(encoding="utf-8"), flags=re.DOTALL)


def turn_dark(picture):
    """A picture with light and dark exchanged and hues kept, as the pages of a run show it in the dark."""
    turned = np.array([[-0.574, 1.430, 0.144], [0.426, 0.430, 0.144], [0.426, 1.430, -0.856]])  # hues by half a circle
    return np.clip((0.9 - 0.8 * picture[..., :3]) @ turned.T, 0, 1)


def make_runs(outputs):
    """Folders of the runs, made in a folder of outputs, in their order in golden.yaml."""
    command = [sys.executable, "-m", "adoption_curves", "sweep", str(RUNS), "--name", "golden"]
    subprocess.run(command, cwd=ROOT, env={**os.environ, "ADOPTION_OUTPUTS": str(outputs)}, check=True)
    names = re.findall(r"run: ([\w-]+)", RUNS.read_text(encoding="utf-8"))
    return {name: outputs / "golden" / name for name in names}


def main(renewing, folder=None):
    with tempfile.TemporaryDirectory() as outputs:
        folders = {folder.name: folder} if folder else make_runs(Path(outputs))
        made = {run: list_tables(path) for run, path in folders.items()}
        if renewing:
            keep_tables(made)
            PICTURE.write_bytes((folders["baseline"] / "figures" / "05_forecast.png").read_bytes())
            matplotlib.image.imsave(DARK, turn_dark(matplotlib.image.imread(PICTURE)))
            README.write_text(put_headline(pd.read_csv(made["baseline"]["06_key_numbers"])), encoding="utf-8")
        sums = read_texts(SUMS)
        differences = [line for run, tables in made.items() for line in compare_run(run, tables, sums)]
        if not folder:
            differences += compare_picture(folders["baseline"] / "figures" / "05_forecast.png")
    if differences:
        differences.append("make golden RENEW=1 keeps these tables instead; docs/forecast.md is written by hand.")
    print("\n".join(differences) or f"ok: as kept, numbers to six digits: {', '.join(made)}.")
    return 1 if differences else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.replace("`", ""))
    parser.add_argument("run", type=Path, nargs="?", help="folder of one run to compare, such as outputs/baseline")
    parser.add_argument("--renew", action="store_true", help="write anew what is kept")
    given = parser.parse_args()
    if given.run and given.renew:
        parser.error("one run alone is not kept; leave out --renew or the run")
    if given.run and not list_tables(given.run):
        parser.error(f"there is no table in {given.run / 'tables'}")
    sys.exit(main(given.renew, given.run))
