"""A run's record names everything, and `adoption verify` finds whatever isn't as it says."""

import json

import pytest
from processes import call

from adoption_curves.runs.record import _find_differences, read_run, verify


def test_an_untouched_run_is_as_its_record_says(made):
    """What JupyterLab leaves, and a file that no notebook wrote, are no part of a run."""
    assert verify(made) == []
    (made / "notebooks" / ".ipynb_checkpoints").mkdir()
    others = ("tables/99_mine.csv", "html/mine.html", "notebooks/99_mine.json", "notes.txt")
    for name in (*others, "notebooks/.ipynb_checkpoints/a.ipynb"):
        (made / name).write_text("{}")
    assert verify(made) == []


@pytest.mark.parametrize("kind", ["tables/*.csv", "figures/*.png", "figures/*.svg", "notebooks/*.ipynb", "html/*.html"])
def test_every_file_that_was_changed_or_lost_is_found(made, kind):
    path = min(made.glob(kind))
    name = path.relative_to(made).as_posix()
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    assert verify(made) == [f"{name}: changed"]
    path.unlink()
    assert verify(made) == [f"{name}: missing"]


def test_a_notebook_s_own_record_that_was_changed_or_lost_is_found(made):
    path = made / "notebooks" / "05_forecast_small.json"
    path.write_bytes(path.read_bytes().replace(b"a", b"b", 1))
    found = verify(made)
    path.unlink()
    assert found == verify(made) == ["notebooks/05_forecast_small.json: not as in run.json"]


@pytest.mark.parametrize("part", ["made", "git", "run", "sources", "subject", "seal"])
def test_an_edited_record_is_found(made, part):
    content = json.loads((made / "run.json").read_text())
    other = {"made": "2020-01-01T00:00:00+00:00", "git": {"commit": "0" * 40, "changed": False}, "run": "other"}
    other |= {"subject": {**content["subject"], "title": "Mine"}, "sources": content["sources"][1:], "seal": ""}
    (made / "run.json").write_text(json.dumps(content | {part: other[part]}))
    assert verify(made) == ["run.json: changed"]


def test_every_input_that_was_changed_is_found(made):
    content = read_run(made)
    inputs = content.model_dump(include={"parameters", "helpers", "versions", "data"})
    inputs |= {"notebooks": {name: entry.source for name, entry in content.notebooks.items()}}
    assert _find_differences(made, content, inputs) == []
    inputs["versions"]["pandas"] = "9.9"
    inputs["helpers"]["show/tables.py"] = inputs["data"]["files"]["observations.csv"] = "0" * 64
    inputs["notebooks"]["07_new"] = inputs["notebooks"].pop("01_check_small")
    assert set(_find_differences(made, content, inputs)) == {
        f"versions pandas: was {content.versions['pandas']!r}, is '9.9'",
        "helpers show/tables.py: changed",
        "data files observations.csv: changed",
        "notebooks 07_new: new",
        "notebooks 01_check_small: gone",
    }


def test_the_command_says_it_and_ends_with_one(made, here, capsys):
    said = "ok: run 'small' is unchanged, and so is what it was made from.\n"
    assert call(capsys, "verify", "small")[:2] == (0, said)
    (here / "notebooks" / "01_check_small.ipynb").unlink()
    code, out, _ = call(capsys, "verify", "small")
    assert (code, "notebooks 01_check_small: gone" in out) == (1, True)
    assert call(capsys, "verify", "../x")[0] == 2
