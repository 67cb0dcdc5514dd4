"""A run's record names everything, and `adoption verify` finds whatever isn't as it says."""

import json

import pytest
from processes import call

from adoption_curves.runs import record
from adoption_curves.runs.record import _find_differences, read_run, verify


@pytest.fixture
def notebooks(small_run):
    return small_run.parents[1] / "notebooks"


def test_an_untouched_run_is_as_its_record_says(run, notebooks):
    assert verify(run, notebooks) == []
    (run / "notebooks" / ".ipynb_checkpoints").mkdir()
    (run / "notebooks" / ".ipynb_checkpoints" / "a.ipynb").write_text("")
    assert verify(run, notebooks) == [], "what JupyterLab leaves is no part of a run"


@pytest.mark.parametrize(
    "part",
    [
        "tables/01_coverage.csv",
        "figures/05_forecast.png",
        "figures/05_forecast.svg",
        "notebooks/05_forecast_small.ipynb",
        "notebooks/05_forecast_small.json",
        "html/index.html",
    ],
)
def test_every_file_that_was_changed_or_lost_is_found(run, notebooks, part):
    word = "not as in run.json" if part.endswith("small.json") else "changed"
    (run / part).write_bytes((run / part).read_bytes().replace(b"a", b"b", 1))
    assert verify(run, notebooks) == [f"{part}: {word}"]
    (run / part).unlink()
    assert verify(run, notebooks) == [f"{part}: {word if 'not' in word else 'missing'}"]


def test_a_file_that_no_notebook_wrote_is_no_part_of_the_run(run, notebooks):
    for name in ("tables/99_mine.csv", "html/mine.html", "notebooks/99_mine.json", "notes.txt"):
        (run / name).write_text("{}")
    assert verify(run, notebooks) == []


@pytest.mark.parametrize("part", ["made", "git", "run", "sources", "subject", "seal"])
def test_an_edited_record_is_found(run, notebooks, part):
    content = json.loads((run / "run.json").read_text())
    other = {"made": "2020-01-01T00:00:00+00:00", "git": {"commit": "0" * 40, "changed": False}, "run": "other"}
    other |= {"subject": {**content["subject"], "title": "Mine"}, "sources": content["sources"][1:], "seal": ""}
    content[part] = other[part]
    (run / "run.json").write_text(json.dumps(content))
    assert verify(run, notebooks) == ["run.json: changed"]


def test_every_input_that_was_changed_is_found(run):
    content = read_run(run)
    inputs = content.model_dump(include={"parameters", "helpers", "versions", "data"})
    inputs |= {"notebooks": {name: entry.source for name, entry in content.notebooks.items()}}
    assert _find_differences(run, content, inputs) == []
    changed = json.loads(json.dumps(inputs))
    changed["versions"]["pandas"] = "9.9"
    changed["helpers"]["show/tables.py"] = "0" * 64
    changed["data"]["files"]["observations.csv"] = "0" * 64
    changed["notebooks"]["07_new"] = "0" * 64
    del changed["notebooks"]["01_check_small"]
    assert set(_find_differences(run, content, changed)) == {
        f"versions pandas: was {content.versions['pandas']!r}, is '9.9'",
        "helpers show/tables.py: changed",
        "data files observations.csv: changed",
        "notebooks 07_new: new",
        "notebooks 01_check_small: gone",
    }


def test_the_command_says_it_and_ends_with_one(capsys, run, monkeypatch):
    code, out, _ = call(capsys, "verify", "small")  # made from other notebooks than the project's
    assert code == 1
    assert "notebooks 01_check_small: gone" in out
    monkeypatch.setattr(record, "verify", lambda run: [])
    assert call(capsys, "verify", "small")[:2] == (
        0,
        "ok: run 'small' is unchanged, and so is what it was made from.\n",
    )
    assert call(capsys, "verify", "../x")[0] == 2
