"""A run's record names everything, and whatever isn't as it says is found: `adoption runs` counts it."""

import json
from datetime import UTC, datetime

import pytest
from processes import call

from adoption_curves.base.project import RunError, read_clock
from adoption_curves.runs.fingerprint import describe_inputs, find_notebooks
from adoption_curves.runs.manifest import find_changed, is_current, read_run
from adoption_curves.runs.parameters import read_parameters


def find(made):
    return find_changed(made, read_run(made))


def test_an_untouched_run_is_as_its_record_says(made):
    """What JupyterLab leaves, and a file that no notebook wrote, are no part of a run."""
    assert find(made) == {}
    (made / "notebooks" / ".ipynb_checkpoints").mkdir()
    others = ("tables/99_mine.csv", "html/mine.html", "notebooks/99_mine.json", "notes.txt")
    for name in (*others, "notebooks/.ipynb_checkpoints/a.ipynb"):
        (made / name).write_text("{}")
    assert find(made) == {}


@pytest.mark.parametrize("kind", ["tables/*.csv", "figures/*.png", "figures/*.svg", "notebooks/*.ipynb", "html/*.html"])
def test_every_file_that_was_changed_or_lost_is_found(made, capsys, kind):
    path = min(made.glob(kind))
    name = path.relative_to(made).as_posix()
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    assert find(made) == {name: "changed"}
    path.unlink()
    assert find(made) == {name: "missing"}
    assert "1 file missing or changed" in call(capsys, "runs")[1]


def test_every_input_that_was_changed_is_found(made, here):
    inputs = describe_inputs(read_parameters(read_run(made)["asked"]), find_notebooks())
    assert is_current(made, read_run(made), inputs)
    for name in inputs:
        other = json.loads(json.dumps(inputs))
        if isinstance(other[name], dict):
            other[name].popitem()
        else:
            other[name] = "another"
        assert not is_current(made, read_run(made), other), name
    (made / "tables" / "01_coverage.csv").unlink()
    assert not is_current(made, read_run(made), inputs)


def test_a_run_of_another_day_is_equal_where_the_day_is_set(small_run, monkeypatch):
    assert read_run(small_run)["made"] == "2026-12-01T00:00:00+00:00", "conftest sets it for all tests"
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "tomorrow")
    with pytest.raises(RunError, match="SOURCE_DATE_EPOCH is 'tomorrow'; it must be seconds since 1970"):
        read_clock()
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert read_clock() > datetime(2025, 1, 1, tzinfo=UTC)
