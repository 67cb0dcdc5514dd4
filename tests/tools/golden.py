"""Make the runs of tests/golden/golden.yaml, and compare their tables and the baseline's main figure with those in git.

`make golden` names the first difference of each table; with `--renew` (or `make golden RENEW=1`) it
writes anew what is kept, numbers with six digits: the tables, in tests/golden/<run> (one that is the
baseline's byte by byte only there), and what is shown of them: picture and findings of README.md, and WORDS.md there.
"""

import os
import re
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import matplotlib.image
import pandas as pd
import reproduction

ROOT = Path(__file__).parents[2]
RUNS = ROOT / "tests" / "golden" / "golden.yaml"
BASELINE = RUNS.parent / "baseline"
PICTURE = ROOT / "docs" / "images" / "forecast.png"
README = ROOT / "README.md"
WORDS = RUNS.parent / "WORDS.md"
TOO_LARGE = {"03_alternatives", "04_backtest"}  # for git

SENTENCES = {"06_findings": "sentence", "06_register": "text"}
OPENING = """# What a run says

The sentences of the kept runs (`tests/golden`), one kind of series each, as `make golden RENEW=1` collects them. They
are here to be read: whoever changes a sentence sees it change for every kind of series. A run that differs from another
only in its parameters has the sentences that differ.
"""


def list_tables(folder):
    return {name: path for name, path in reproduction.list_tables(folder).items() if name not in TOO_LARGE}


def compare_run(run, tables):
    """Lines with the differences of a run's folder of tables from what is kept."""
    expected, found = list_tables(BASELINE) | list_tables(RUNS.parent / run), list_tables(tables)
    new = [f"{name}, new" for name in found if name not in expected]
    return [f"{run}, {line}" for line in new + reproduction.compare_tables(expected, found)]


def compare_picture(path):
    """A line where the main figure isn't the one that README and docs show: another size, or 2 % of ink elsewhere."""
    expected, found = matplotlib.image.imread(PICTURE), matplotlib.image.imread(path)
    same = expected.shape == found.shape and abs(expected - found).mean() < 0.02 * (1 - expected).mean()
    return [] if same else [f"{PICTURE.relative_to(ROOT)} is not what the baseline draws"]


def round_numbers(path):
    """A table's text with six digits of each number, and eight of a year with decimals."""
    table = reproduction.read_texts(path)
    dates = table["parameter"].isin(reproduction.DATES) if "parameter" in table else [False] * len(table)
    for name in table:
        table[name] = [round_cell(cell, 8 if date else 6) for cell, date in zip(table[name], dates, strict=True)]
    return table.to_csv(index=False, lineterminator="\n")


def round_cell(text, digits):
    is_decimal = re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", text) and not text.lstrip("-").isdigit()
    return f"{float(f'{float(text):.{digits}g}'):.10g}" if is_decimal else text


def keep_tables(run, tables):
    """Keep the tables of a run instead of those in git; the baseline's first, the others are compared with it."""
    kept = RUNS.parent / run
    kept.mkdir(exist_ok=True)
    for path in list_tables(kept).values():
        path.unlink()
    for name, path in list_tables(tables).items():
        content, baseline = round_numbers(path), BASELINE / path.name
        if run == "baseline" or not baseline.exists() or content != baseline.read_text(encoding="utf-8"):
            (kept / f"{name}.csv").write_text(content, encoding="utf-8")


def write_findings():
    """README.md with headline, range and one doubt of the baseline that is kept."""
    said = pd.read_csv(BASELINE / "06_findings.csv").set_index("part")["sentence"]
    doubt = re.split(r"(?<=[.]) (?=[A-Z])", said["caution"])[0]
    text = f"**{said['headline']}.** {said['deck']} {doubt}"
    lines = [textwrap.fill(text, 117, break_on_hyphens=False)]
    block = "\n".join(["<!-- findings -->", *lines, "<!-- /findings -->"])
    return re.sub("<!-- findings.*/findings -->", lambda _: block, README.read_text(encoding="utf-8"), flags=re.DOTALL)


def collect_words():
    """Every sentence of the kept runs, for a person to read: a heading for each run, below it each of its tables."""
    parts = [OPENING]
    folders = {path.parent for path in RUNS.parent.glob("*/*.csv")}
    for folder in sorted(folders, key=lambda each: (each != BASELINE, each)):
        parts.append(f"## {folder.name}\n")
        for name, column in SENTENCES.items():
            sentences = pd.read_csv(folder / f"{name}.csv")[column] if (folder / f"{name}.csv").is_file() else []
            parts += [f"{name}:\n", *(f"- {sentence}" for sentence in sentences), ""] if len(sentences) else []
    return "\n".join(parts).rstrip() + "\n"


def main(renewing):
    with tempfile.TemporaryDirectory() as outputs:
        command = [sys.executable, "-m", "adoption_curves", "sweep", str(RUNS), "--name", "golden"]
        subprocess.run(command, cwd=ROOT, env={**os.environ, "ADOPTION_OUTPUTS": outputs}, check=True)
        made = sorted(Path(outputs, "golden").glob("*/tables"), key=lambda tables: tables.parent.name != "baseline")
        picture = Path(outputs, "golden", "baseline", "figures", "05_forecast.png")
        if renewing:
            for tables in made:
                keep_tables(tables.parent.name, tables)
            PICTURE.write_bytes(picture.read_bytes())
            README.write_text(write_findings(), encoding="utf-8")
            WORDS.write_text(collect_words(), encoding="utf-8")
        differences = [line for tables in made for line in compare_run(tables.parent.name, tables)]
        differences += compare_picture(picture)
    renewed = [*differences, "make golden RENEW=1 keeps these tables instead."] if differences else []
    print("\n".join(renewed) or f"ok: the tables of {len(made)} runs are as kept.")
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main("--renew" in sys.argv[1:]))
