"""A run's tables as a spreadsheet and as LaTeX: the same figures, and texts that stay texts."""

import json
import re
import shutil
import time

import openpyxl
import pandas as pd
import pytest
from processes import call

from helpers.base.project import RECORD, RunError
from helpers.runs.exports import write_latex, write_workbook
from helpers.runs.listing import remove_run
from helpers.runs.notebook import read_csv, write_csv
from helpers.runs.record import find_changed, list_own, read_run


@pytest.fixture
def run(small_run, outputs):
    return shutil.copytree(small_run, outputs / "small")


def list_tables(run):
    records = read_run(run)["notebooks"].values()
    return {name: entry["columns"] for record in records for name, entry in record["tables"].items()}


def put_table(run, frame):
    """Let the run's first table be this one, as if a notebook had written it; returns its name."""
    name = min(list_tables(run))
    content, kinds = write_csv(name, frame)
    (run / "tables" / f"{name}.csv").write_bytes(content)
    record = json.loads((run / RECORD).read_text())
    for notebook in record["notebooks"].values():
        if name in notebook["tables"]:
            from helpers.base.files import hash_file

            notebook["tables"][name] |= {"columns": kinds, "sha256": hash_file(run / "tables" / f"{name}.csv")}
    (run / RECORD).write_text(json.dumps(record))
    return name


ODD = pd.DataFrame(
    {
        "text": ["=1+1", "a & b_c % $x$ {y} \\z", "北京"],
        "day": pd.to_datetime(["2020-12-31", None, "2021-12-31"]),
        "number": [9_400_000, -1.5, None],
    }
)


def test_the_spreadsheet_has_every_table_with_its_types(run):
    name = put_table(run, ODD)
    path = write_workbook(run)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == [one[:31] for one in sorted(list_tables(run))]
    cells = [[cell.value for cell in row] for row in book[name[:31]].iter_rows()]
    assert cells[0] == list(ODD)
    assert [row[0] for row in cells[1:]] == ODD["text"].tolist()
    assert book[name[:31]]["A2"].data_type == "s", "a text, not a formula"
    assert [f"{row[1]:%Y-%m-%d}" if row[1] else None for row in cells[1:]] == ["2020-12-31", None, "2021-12-31"]
    assert [row[2] for row in cells[1:]] == [9_400_000, -1.5, None]
    for other, kinds in list_tables(run).items():
        frame = read_csv(run / "tables" / f"{other}.csv", kinds)
        assert book[other[:31]].max_row == len(frame) + 1


def test_the_same_run_makes_the_same_spreadsheet(run):
    first = write_workbook(run).read_bytes()
    made = openpyxl.load_workbook(run / "tables.xlsx").properties
    assert f"{made.created:%Y-%m-%dT%H:%M:%S}" == f"{made.modified:%Y-%m-%dT%H:%M:%S}" == read_run(run)["made"][:19]
    time.sleep(2.1)  # an archive's times are even seconds
    assert write_workbook(run).read_bytes() == first


def test_latex_escapes_what_it_would_run(run):
    name = put_table(run, ODD)
    folder = write_latex(run)
    assert {path.stem for path in folder.glob("*.tex")} == set(list_tables(run))
    text = (folder / f"{name}.tex").read_text(encoding="utf-8")
    assert r"a \& b\_c \% \$x\$ \{y\} \textbackslash z" in text
    assert r"=1+1 & 2020-12-31 & 9.4 million \\" in text
    assert r"北京 & 2021-12-31 &  \\" in text
    for path in folder.glob("*.tex"):
        text = path.read_text(encoding="utf-8")
        [kind] = re.findall(r"\\begin{(tabular|longtable)}", text)
        assert text.count(rf"\end{{{kind}}}") == 1


def test_exports_are_the_runs_own_and_go_with_it(run, outputs):
    write_workbook(run)
    write_latex(run)
    assert not find_changed(run, read_run(run))
    assert {"tables.xlsx", *(f"latex/{name}.tex" for name in list_tables(run))} <= list_own(run, run)
    assert remove_run(run)[1] == []
    assert not run.exists()


def test_what_is_not_the_runs_is_not_exported(run, capsys):
    changed = min((run / "tables").glob("0*.csv"))
    changed.write_text("x")
    with pytest.raises(RunError, match="is missing or was changed"):
        write_workbook(run)
    assert not (run / "tables.xlsx").exists()
    assert "There is no run" in call(capsys, "export", "nowhere", "--xlsx")[2]
    assert "--single and --zip are for a run" in call(capsys, "export", "x.ipynb", "--latex")[2]


def test_the_command_writes_both(run, capsys):
    code, out, _ = call(capsys, "export", "small", "--xlsx", "--latex")
    note, *written = out.splitlines()
    assert (code, [line.rsplit("/", 1)[1] for line in written]) == (0, ["tables.xlsx", "latex"])
    assert note.endswith("As PDF too: adoption run small -p horizon_years 3 -p data tests/sample --pdf")
