"""What git keeps of runs, and how it is compared: `make golden` names what differs."""

import re
import shutil
import subprocess
import sys

import golden
import pytest
import reproduction
import yaml
from reproduction import compare_table

from adoption_curves.base.project import RunError

KEPT = """parameter,value
'=1+1,602
b,1e-17
c,inf
midpoint,2025.5
"""


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        (KEPT, ""),
        (KEPT.replace("602", "602.005").replace("1e-17", "-3e-17").replace("2025.5", "2025.5009"), ""),
        (KEPT.replace("602", "602.01"), "row 2, column value: expected '602', found '602.01'"),
        (KEPT.replace("1e-17", "0.001"), "row 3, column value: expected '1e-17', found '0.001'"),
        (KEPT.replace("inf", ""), "row 4, column value: expected 'inf', found ''"),
        (KEPT.replace("2025.5", "2025.502"), "row 5, column value: expected '2025.5', found '2025.502'"),
        (
            KEPT.replace("'=1", "=1").replace("602", "603"),
            "row 2, column parameter: expected \"'=1+1\", found '=1+1', and 1 more cell",
        ),
        (KEPT + "e,1\n", "4 rows expected, 5 found"),
        (KEPT.replace("value", "share"), "columns expected or found, not both: value, share"),
        (KEPT.replace("parameter,value", "value,parameter"), "columns in another order"),
    ],
)
def test_the_first_difference_is_named(tmp_path, found, difference):
    (tmp_path / "kept.csv").write_text(KEPT, encoding="utf-8")
    (tmp_path / "found.csv").write_text(found, encoding="utf-8")
    assert compare_table(tmp_path / "kept.csv", tmp_path / "found.csv") == difference


def test_six_digits_are_kept_and_compare_as_equal(tmp_path):
    """Of a year with decimals eight; whole numbers and texts stay as they are."""
    table = tmp_path / "a.csv"
    table.write_text("parameter,value,note\nrate,1.154148942,v 1.23456789\nmidpoint,2025.850997,\nn,12345678,-\n")
    rounded = golden.round_numbers(table)
    assert rounded == "parameter,value,note\nrate,1.15415,v 1.23456789\nmidpoint,2025.851,\nn,12345678,-\n"
    (tmp_path / "b.csv").write_text(rounded)
    assert compare_table(tmp_path / "b.csv", table) == ""


def test_each_run_of_the_file_and_no_other_has_tables():
    runs = {each["run"] for each in yaml.safe_load(golden.RUNS.read_text(encoding="utf-8"))["runs"]}
    assert {path.name for path in golden.RUNS.parent.iterdir() if path.is_dir()} == runs


def test_git_keeps_no_output():
    """So a run in a fresh clone, on whatever processor, leaves `git status` clean."""
    listed = subprocess.run(["git", "ls-files", "outputs"], cwd=golden.ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("no clone")
    assert listed.stdout.split() == ["outputs/README.md"]


def test_folders_of_tables_are_equal_to_six_digits_or_what_differs_is_named(small_run, tmp_path):
    kept = shutil.copytree(small_run / "tables", tmp_path / "kept")
    command = [sys.executable, golden.ROOT / "tests" / "tools" / "reproduction.py", small_run / "tables", kept]
    names = sorted(path.stem for path in kept.iterdir())
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, f"ok: equal to six digits, {len(names)} tables compared\n")
    (kept / f"{names[0]}.csv").rename(kept / "09_old.csv")
    changed = kept / f"{names[1]}.csv"
    first, *rows = changed.read_text(encoding="utf-8").splitlines()
    changed.write_text("\n".join([first, f"x{rows[0]}", *rows[1:]]), encoding="utf-8")
    done = subprocess.run(command, capture_output=True, text=True)
    cell, column = rows[0].split(",")[0], first.split(",")[0]
    told = [f"{changed.stem}, row 2, column {column}: expected 'x{cell}', found '{cell}'", "09_old, missing"]
    assert (done.returncode, done.stdout.splitlines()) == (1, told)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it needs a row of names for its columns, all different"),
        (b"a,a\n1,2\n", "it needs a row of names for its columns, all different"),
        (b"a,b\n1,2\n1\n", "row 3 has 1 cell for 2 columns"),
        (b'a\n"1', "unexpected end of data"),
        (b"\xff\xfe", "can't be read as a table ("),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, content, message):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(RunError, match=re.escape(message)):
        reproduction.read_texts(tmp_path / "a.csv")
