"""What git keeps of runs, and how it is compared: `make golden` and `adoption verify --against` name what differs."""

import shutil
import subprocess

import golden
import pytest
import yaml
from processes import call

from adoption_curves.runs.reproduction import compare_table

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


@pytest.fixture
def run(small_run, outputs, tmp_path):
    """A run, and a folder with its tables."""
    shutil.copytree(small_run, outputs / "small")
    return shutil.copytree(small_run / "tables", tmp_path / "kept")


def test_verify_against_a_folder_says_equal_to_six_digits_or_what_differs(run, outputs, capsys):
    names = sorted(path.stem for path in run.iterdir())
    for folder in (run, outputs / "small"):
        code, out, _ = call(capsys, "verify", "small", "--against", str(folder))
        assert code == 0
        assert out.startswith(f"ok: equal to six digits, {len(names)} tables compared with ")
    lost, kept = (run / f"{name}.csv" for name in names[:2])
    lost.rename(run / "09_old.csv")
    first, *rows = kept.read_text(encoding="utf-8").splitlines()
    kept.write_text("\n".join([first, f"x{rows[0]}", *rows[1:]]), encoding="utf-8")
    code, out, _ = call(capsys, "verify", "small", "--against", str(run))
    cell = rows[0].split(",")[0]
    assert (code, out.splitlines()) == (
        1,
        [f"{kept.stem}, row 2, column {first.split(',')[0]}: expected 'x{cell}', found '{cell}'", "09_old, missing"],
    )
    kept.unlink(), (run / "09_old.csv").unlink()
    assert f" (not there: {names[0]}, {names[1]})." in call(capsys, "verify", "small", "--against", str(run))[1]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "has no tables (CSV files, in it or in its folder 'tables')."),
        ("", "can't be read as a table (it needs a row of names for its columns, all different)."),
        ("a,a\n1,2\n", "can't be read as a table (it needs a row of names for its columns, all different)."),
        ("a,b\n1,2\n1\n", "can't be read as a table (row 3 has 1 cell for 2 columns)."),
        ('a\n"1', "can't be read as a table (unexpected end of data)."),
        (b"\xff\xfe", "can't be read as a table ("),
    ],
)
def test_a_folder_without_tables_or_with_others_is_told(run, outputs, capsys, content, message):
    shutil.rmtree(run)
    assert "is no folder. Name one with tables" in call(capsys, "verify", "small", "--against", str(run))[2]
    run.mkdir()
    if content is not None:
        name = next((outputs / "small" / "tables").iterdir()).name
        (run / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    code, out, err = call(capsys, "verify", "small", "--against", str(run))
    assert (code, out) == (2 if content is None else 1, "")
    assert message in err


def test_a_run_whose_own_tables_were_changed_reproduces_nothing(run, outputs, capsys):
    path = next((outputs / "small" / "tables").iterdir())
    path.write_text("a\n1\n")
    code, _, err = call(capsys, "verify", "small", "--against", str(run))
    assert (code, err) == (1, f"tables/{path.name} of run 'small' is missing or was changed. Make the run again.\n")
