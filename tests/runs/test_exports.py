"""A run's tables as a spreadsheet: the same figures, and texts that stay texts; its files as an archive."""

import json
import shutil
import subprocess

import openpyxl
import pandas as pd
import pytest
from processes import call

from adoption_curves.base.files import hash_file
from adoption_curves.base.project import RECORD, RunError
from adoption_curves.runs.exports import write_workbook
from adoption_curves.runs.record import find_changed, list_recorded, read_run
from adoption_curves.runs.table_files import read_csv, write_csv


def list_tables(run):
    return {name: table.columns for name, table in read_run(run).tables.items()}


def put_table(run, frame):
    """Let the run's first table be this one, as if a notebook had written it; returns its name."""
    name = min(list_tables(run))
    content, kinds = write_csv(name, frame)
    (run / "tables" / f"{name}.csv").write_bytes(content)
    record = json.loads((run / RECORD).read_text())
    for notebook in record["notebooks"].values():
        if name in notebook["tables"]:
            notebook["tables"][name] |= {"columns": kinds, "sha256": hash_file(run / "tables" / f"{name}.csv")}
    (run / RECORD).write_text(json.dumps(record))
    return name


ODD = pd.DataFrame(
    {
        "text": ["=1+1", "a & b_c % $x$ {y} \\z", "北京"],
        "=head": ["\x0bup", "2", "3"],
        "day": pd.to_datetime(["2020-12-31", None, "2021-12-31"]),
        "number": [9_400_000, -1.5, None],
        "open": [float("inf"), 0.5, None],
    }
)


def test_the_spreadsheet_has_every_table_with_its_types(run):
    name = put_table(run, ODD)
    path = write_workbook(run)
    book = openpyxl.load_workbook(path)
    assert book.sheetnames[:2] == ["06_key_numbers", "05_forecast"]
    assert sorted(book.sheetnames) == [one[:31] for one in sorted(list_tables(run))], "no figure's data in this run"
    cells = [[cell.value for cell in row] for row in book[name[:31]].iter_rows()]
    assert cells[0] == list(ODD)
    assert [row[0] for row in cells[1:]] == ODD["text"].tolist()
    assert [row[1] for row in cells[1:]] == ["?up", "2", "3"]
    assert book[name[:31]]["B1"].data_type == "s"
    assert book[name[:31]]["A2"].data_type == "s", "a text, not a formula"
    assert [f"{row[2]:%Y-%m-%d}" if row[2] else None for row in cells[1:]] == ["2020-12-31", None, "2021-12-31"]
    assert book[name[:31]]["C2"].number_format == "yyyy-mm-dd", "no time"
    assert [row[3] for row in cells[1:]] == [9_400_000, -1.5, None]
    assert [row[4] for row in cells[1:]] == ["no limit", 0.5, None]
    for other, kinds in list_tables(run).items():
        frame = read_csv(run / "tables" / f"{other}.csv", kinds)
        assert book[other[:31]].max_row == len(frame) + 1


@pytest.mark.slow
def test_the_first_sheet_is_what_the_main_figure_draws_and_no_sheet_is_empty(whole_run, tmp_path):
    run = shutil.copytree(whole_run, tmp_path / "baseline")
    book = openpyxl.load_workbook(write_workbook(run))
    assert book.sheetnames[:3] == ["chart", "06_key_numbers", "05_forecast"]
    assert min(sheet.max_row for sheet in book) > 1
    drawn = pd.read_csv(run / "figures" / "05_forecast.data.csv").dropna(axis="columns", how="all")
    rows = [[cell.value for cell in row] for row in book["chart"].iter_rows()]
    assert rows[0] == list(drawn)
    assert {row[1] for row in rows[1:]} >= {"observed", "forecast"}
    assert [row[rows[0].index("median")] for row in rows[1:]] == drawn["median"].astype(object).replace(
        float("nan"), None
    ).tolist()
    large = [cell for row in book["chart"].iter_rows(min_row=2) for cell in row]
    assert {cell.number_format for cell in large if isinstance(cell.value, float) and cell.value > 1000} == {"#,##0"}


@pytest.mark.skipif(
    not (shutil.which("soffice") and shutil.which("pdftotext")),
    reason="no LibreOffice (Debian: apt install libreoffice-calc poppler-utils)",
)
def test_no_cell_of_the_spreadsheet_is_too_narrow(run, tmp_path):
    days = pd.to_datetime(["2020-12-31", "1999-01-01", "2021-12-31"])
    numbers = {"large": [1.5e12, 2e12, 1e12], "whole": [123456789012, 2, 3], "sizes": [1e-9, 1e9, 1.0], "share": 0.123}
    put_table(run, ODD.assign(day=days, **numbers))
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = ["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", tmp_path, write_workbook(run)]
    subprocess.run(command, capture_output=True, check=True, timeout=180)
    told = subprocess.run(["pdftotext", "-layout", tmp_path / "tables.pdf", "-"], capture_output=True, text=True).stdout
    assert "1999-01-01" in told
    assert told.count("##") == 0


def test_exports_are_the_runs_own(run, outputs):
    write_workbook(run)
    assert not find_changed(run, read_run(run))
    assert "tables.xlsx" in list_recorded(run)


def test_what_is_not_the_runs_is_not_exported(run, capsys):
    changed = min((run / "tables").glob("0*.csv"))
    changed.write_text("x")
    with pytest.raises(RunError, match="is missing or was changed"):
        write_workbook(run)
    assert not (run / "tables.xlsx").exists()
    assert "There is no run" in call(capsys, "export", "nowhere", "--xlsx")[2]
    assert "--xlsx is for a run" in call(capsys, "export", "x.ipynb", "--xlsx")[2]


def test_a_run_is_named_by_its_folder_too_and_a_sweep_is_none(run, outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs.parent)
    for name in (f"{outputs.name}/small", f"./{outputs.name}/small/", str(run)):
        assert call(capsys, "export", name, "--xlsx")[0] == 0
    (outputs / "grid").mkdir()
    (outputs / "grid" / "sweep.json").write_text("{}")
    told = "'grid' is a sweep, not a run. Name one of its runs: grid/RUN\n"
    assert call(capsys, "export", "grid") == (2, "", told)
