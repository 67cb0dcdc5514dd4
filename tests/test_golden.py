"""The comparison that `make golden` makes finds what differs, and only that."""

import golden
import pytest
import yaml

KEPT = "name,value\n'=1+1,602\nb,1e-17\nc,inf\nd,0.5\n"


@pytest.mark.parametrize(
    ("found", "difference"),
    [
        (KEPT, ""),
        (KEPT.replace("602", "602.0001").replace("1e-17", "-3e-17"), ""),
        (KEPT.replace("602", "602.01"), "line 2, column value: expected '602', found '602.01'"),
        (KEPT.replace("1e-17", "0.001"), "line 3, column value: expected '1e-17', found '0.001'"),
        (KEPT.replace("inf", ""), "line 4, column value: expected 'inf', found ''"),
        (KEPT.replace("'=1", "=1"), "line 2, column name: expected \"'=1+1\", found '=1+1'"),
        (KEPT + "e,1\n", "rows: expected 4, found 5"),
        (KEPT.replace("value", "share"), "columns: expected name, value, found name, share"),
    ],
)
def test_the_first_difference_is_named(tmp_path, found, difference):
    (tmp_path / "kept.csv").write_text(KEPT, encoding="utf-8")
    (tmp_path / "found.csv").write_text(found, encoding="utf-8")
    assert golden.compare_tables(tmp_path / "kept.csv", tmp_path / "found.csv") == difference


def test_each_run_of_the_file_and_no_other_has_tables():
    runs = {each["run"] for each in yaml.safe_load(golden.RUNS.read_text(encoding="utf-8"))["runs"]}
    assert {path.name for path in golden.RUNS.parent.iterdir() if path.is_dir()} == runs - {"baseline"}
    assert "baseline" in runs
