"""A run's tables as a spreadsheet: the same figures, and texts that stay texts; its files as an archive."""

import json
import shutil
from pathlib import Path

import jsonschema
import numpy as np
import openpyxl
import pandas as pd
import pytest
from processes import call

from adoption_curves.base.files import hash_file
from adoption_curves.base.project import RECORD, RunError
from adoption_curves.runs.exports import write_hub, write_workbook
from adoption_curves.runs.manifest import find_changed, list_files, list_tables, read_run
from adoption_curves.runs.table_files import read_csv, write_csv

HUBVERSE = Path(__file__).parents[1] / "reference" / "hubverse"
ODD = pd.DataFrame(
    {
        "text": ["=1+1", "a & b_c % $x$ {y} \\z", "北京"],
        "=head": ["\x0bup", "2", "3"],
        "day": pd.to_datetime(["2020-12-31", None, "2021-12-31"]),
        "number": [9_400_000, -1.5, None],
        "open": [float("inf"), 0.5, None],
    }
)


def put_table(run, frame):
    """Let the run's first table be this one, as if a notebook had written it; returns its name."""
    name = min(list_tables(read_run(run)))
    content, kinds = write_csv(name, frame)
    (run / "tables" / f"{name}.csv").write_bytes(content)
    record = json.loads((run / RECORD).read_text())
    [(notebook, entry)] = [each for each in record["notebooks"].items() if name in each[1]["tables"]]
    entry["tables"][name] |= {"columns": kinds}
    entry["files"][f"tables/{name}.csv"] = hash_file(run / "tables" / f"{name}.csv")
    (run / "notebooks" / f"{notebook}.json").write_text(json.dumps(entry))
    (run / RECORD).write_text(json.dumps(record))
    return name


def test_a_workbook_that_is_somebody_s_is_left_alone_and_one_that_was_edited_is_kept(run, capsys):
    book = run / "tables.xlsx"
    book.write_text("my own workbook")
    with pytest.raises(RunError, match=r"contains tables\.xlsx, which adoption did not write"):
        write_workbook(run)
    assert book.read_text() == "my own workbook"
    book.unlink()
    write_workbook(run)
    write_workbook(run)
    assert not (run.parent / "small.edited").exists()
    book.write_text("my figures")
    write_workbook(run)
    [kept] = (run.parent / "small.edited").iterdir()
    assert (kept / "tables.xlsx").read_text() == "my figures"
    assert f"now in {kept}: tables.xlsx" in capsys.readouterr().err


def test_the_spreadsheet_has_every_table_with_its_types_and_is_the_run_s_own(run):
    name = put_table(run, ODD)
    book, tables = openpyxl.load_workbook(write_workbook(run)), list_tables(read_run(run))
    assert book.sheetnames[:2] == ["06_key_numbers", "05_forecast"]
    assert sorted(book.sheetnames) == [one[:31] for one in sorted(tables)], "no figure's data in this run"
    sheet = book[name[:31]]
    head, *rows = [[cell.value for cell in row] for row in sheet.iter_rows()]
    assert head == list(ODD)
    texts, heads, days, numbers, ends = zip(*rows, strict=True)
    assert (list(texts), heads) == (ODD["text"].tolist(), ("?up", "2", "3"))
    assert (sheet["B1"].data_type, sheet["A2"].data_type) == ("s", "s"), "texts, not formulas"
    assert [f"{day:%Y-%m-%d}" if day else None for day in days] == ["2020-12-31", None, "2021-12-31"]
    assert sheet["C2"].number_format == "yyyy-mm-dd", "no time"
    assert (numbers, ends) == ((9_400_000, -1.5, None), ("no limit", 0.5, None))
    for other, table in tables.items():
        frame = read_csv(run / "tables" / f"{other}.csv", table["columns"])
        assert book[other[:31]].max_row == len(frame) + 1
    assert not find_changed(run, read_run(run))
    assert "tables.xlsx" in list_files(read_run(run))


def test_the_first_sheet_is_what_the_main_figure_draws_and_no_sheet_is_empty(whole_run, tmp_path):
    run = shutil.copytree(whole_run, tmp_path / "baseline")
    book = openpyxl.load_workbook(write_workbook(run))
    assert book.sheetnames[:3] == ["chart", "06_key_numbers", "05_forecast"]
    assert min(sheet.max_row for sheet in book) > 1
    drawn = pd.read_csv(run / "figures" / "05_forecast.data.csv").dropna(axis="columns", how="all")
    head, *rows = [[cell.value for cell in row] for row in book["chart"].iter_rows()]
    assert head == list(drawn)
    assert [row[head.index("q0.5")] for row in rows] == drawn["q0.5"].astype(object).replace(np.nan, None).tolist()
    large = [cell for row in book["chart"].iter_rows(min_row=2) for cell in row if isinstance(cell.value, float)]
    assert {cell.number_format for cell in large if cell.value > 1000} == {"#,##0"}


def test_a_notebook_of_a_run_has_its_page_and_gets_no_other_that_would_stop_the_run(run, capsys):
    assert "--xlsx and --hub export a run, not a notebook" in call(capsys, "export", "x.ipynb", "--xlsx")[2]
    book = min((run / "notebooks").glob("*.ipynb"))
    code, _, err = call(capsys, "export", str(book))
    assert (code, "This notebook of a run has its page: " in err, f"html/{book.stem}.html" in err) == (2, True, True)
    assert not book.with_suffix(".html").exists()


def test_a_run_is_named_by_its_folder_too(run, outputs, capsys, monkeypatch):
    monkeypatch.chdir(outputs.parent)
    for name in (f"{outputs.name}/small", f"./{outputs.name}/small/", str(run)):
        assert call(capsys, "export", name, "--xlsx")[0] == 0


def test_quantiles_for_a_hub_follow_the_schema_of_hubverse(whole_run, tmp_path):
    """The columns are the task's, in any order, and each value of a column is one that the task allows."""
    schema, tasks = (json.loads((HUBVERSE / name).read_text()) for name in ("tasks-schema.json", "tasks.json"))
    jsonschema.validate(tasks, schema)
    [task] = tasks["rounds"][0]["model_tasks"]
    rows = pd.read_csv(write_hub(shutil.copytree(whole_run, tmp_path / "baseline")))
    assert {*rows} == {*task["task_ids"], "output_type", "output_type_id", "value"}
    for name, allowed in task["task_ids"].items():
        assert {*rows[name]} <= {*(allowed["required"] or []), *(allowed["optional"] or [])}, name
    levels = task["output_type"]["quantile"]["output_type_id"]["required"]
    assert (rows.groupby("target_end_date")["output_type_id"].agg(list).map(lambda each: each == levels)).all()
    assert (rows.groupby("target_end_date")["value"].diff().dropna() >= 0).all()
    kept = pd.read_csv(whole_run / "tables" / "05_quantiles.csv").drop(columns="date")
    assert rows["value"].tolist() == kept.to_numpy().ravel().tolist()
