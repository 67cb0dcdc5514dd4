"""What a stranger's run, a damaged file or an odd text may not do: the cases of docs/runs.md."""

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from conftest import WORDS, assert_equal, list_files
from processes import call, start

from adoption_curves.base.project import RunError
from adoption_curves.runs.manifest import read_run


def change(path, **values):
    path.write_text(json.dumps({**json.loads(path.read_text()), **values}))


def list_all(path):
    """Name, content and time of all that lies there."""
    files = sorted(path.rglob("*")) if path.is_dir() else [path]
    return [(str(one), one.is_file() and one.read_bytes(), one.lstat().st_mtime_ns) for one in files]


# ---- a stranger's run


def test_names_in_a_strangers_record_lead_out_of_no_folder(made, capsys, tmp_path):
    """Of tables, pages and exports; none is read, and none written or taken away."""
    whole = json.loads((made / "run.json").read_text())
    [part, *_] = whole["notebooks"]
    entry, out = whole["notebooks"][part], {"../../../../precious.csv": "0" * 64}
    spoilt = [{"files": out}]
    spoilt += [{"notebooks": whole["notebooks"] | {part: entry | {"files": {f"tables/{name}.csv": "0" * 64}}}}
               for name in ("../../../../precious", "/precious", "..\\precious", ".hidden", "a/b")]  # fmt: skip
    (tmp_path / "precious.csv").write_text("mine")
    call(capsys, "export", "small", "--xlsx")
    for values in spoilt:
        (made / "run.json").write_text(json.dumps(whole | values))
        before = list_all(tmp_path)
        assert re.search("is damaged|missing or changed", call(capsys, "runs")[1]), values
        call(capsys, "export", "small", "--xlsx")
        assert [*map(str, sorted(tmp_path.rglob("*")))] == [name for name, *_ in before]
        assert (tmp_path / "precious.csv").read_text() == "mine"


@pytest.mark.parametrize("name", ["tables", "html", "notebooks/01_check_small.ipynb", "run.json"])
def test_no_command_follows_a_link_out_of_a_strangers_run(run, outputs, tmp_path, capsys, name):
    """A part of the run lies elsewhere, equal to the byte, so that all hashes agree; nothing there changes."""
    shutil.copytree(run, outputs / "other")
    elsewhere = tmp_path / "elsewhere"
    shutil.move(run / name, elsewhere)
    (run / name).symlink_to(elsewhere)
    before = list_all(elsewhere)
    assert re.search("missing or changed|is damaged", call(capsys, "runs")[1])
    for words in (["export", "small", "--xlsx"], ["compare", "small", "other"]):
        call(capsys, *words)
    assert list_all(elsewhere) == before


@pytest.mark.parametrize(("put", "what"), [(Path.mkdir, "missing"), (os.mkfifo, "missing"), (Path.touch, "changed")])
@pytest.mark.parametrize("name", ["tables/01_coverage.csv", "figures/01_series.png"])
def test_no_spreadsheet_is_made_of_files_that_are_not_the_run_s(run, capsys, name, put, what):
    (run / name).unlink()
    put(run / name)
    told = f"{name} of run 'small' is {what}. Make the run again.\n"
    assert call(capsys, "export", "small", "--xlsx")[::2] == (1, told)
    assert not (run / "tables.xlsx").exists()


def test_no_page_tells_where_own_data_lie(here, capsys, tmp_path):
    path = tmp_path / "ann's & <secret> home" / "heat & pumps.csv"
    path.parent.mkdir()
    path.write_text("date,value\n2020,8\n2021,15.5\n2022,27\n2023,39\n2024,48.2\n")
    code, _, err = call(capsys, "run", "mine", "-p", "data", str(path), "--unit", "% of homes", "--measure", "level")
    assert code == 0, err
    folder = here / "outputs" / "mine"
    assert json.loads((folder / "run.json").read_text())["parameters"]["data"].startswith(str(path))
    texts = {page.stem: page.read_text() for page in (folder / "html").rglob("*.html")}
    assert "heat &amp; pumps.csv" in texts["made"]
    assert not [name for name, text in texts.items() if "secret" in text or str(tmp_path) in text]


# ---- a sentence instead of a traceback


def spoil_records(content):
    """A record's bytes, damaged in each way."""
    texts = (
        "",
        "{",
        "[]",
        "null",
        '"text"',
        "\udcff",
        "[" * 100_000,
        '{"run": ' + "9" * 5000 + "}",
        '{"run": "\\ud800"}',
    )
    yield from (text.encode(errors="surrogateescape") for text in texts)
    for key in content.keys() - {"form", "no_git"}:
        lost = {name: value for name, value in content.items() if name != key}
        yield from (json.dumps(each).encode() for each in (lost, {**content, key: [5]}))


def test_a_damaged_record_says_what_is_damaged_and_to_make_the_run_again(made, capsys):
    content = json.loads((made / "run.json").read_text())
    said = r"The manifest of run 'small', run\.json, is damaged \(.+\)\. Make the run again\."
    for spoilt in spoil_records(content):
        (made / "run.json").write_bytes(spoilt)
        with pytest.raises(RunError) as caught:
            read_run(made)
        assert re.fullmatch(said, str(caught.value)), spoilt
    code, out, err = call(capsys, "export", "small", "--xlsx")
    assert (code, out, f"{caught.value}\n") == (1, "", err)
    assert "is damaged" in call(capsys, "runs")[1]
    content["notebooks"]["05_forecast_small"]["tables"]["05_forecast"]["columns"] = 5
    change(made / "run.json", **content)
    assert call(capsys, "export", "small", "--xlsx")[2].endswith(
        "run.json, is damaged (columns). Make the run again.\n"
    )


def test_edited_parameters_are_named_and_nothing_is_made_of_them(made, capsys):
    """The notebooks' own entries say with what they were made."""
    content = json.loads((made / "run.json").read_text())
    shutil.copytree(made, made.with_name("other"))
    change(made / "run.json", parameters=content["parameters"] | {"horizon_years": 9})
    told = "run.json was edited: its parameter horizon_years is 9, and 05_forecast_small was made with 3"
    assert told in call(capsys, "runs")[1]
    for words in (["register", "small"], ["compare", "small", "other"]):
        code, _, err = call(capsys, *words)
        assert (code, "edited: its parameter horizon_years" in err) == (1, True), err
    assert call(capsys, *WORDS)[0] == 0
    assert json.loads((made / "run.json").read_text())["parameters"] == content["parameters"]
    assert [path.name for path in made.with_name("small.edited").glob("*/*")] == ["run.json"]


# ---- releases before this one


def test_what_release_2_made_is_named_and_made_again(made, capsys):
    content = json.loads((made / "run.json").read_text())
    change(made / "run.json", form=2, versions=content["versions"] | {"adoption-curves": "2.0.0"})
    before = list_files(made)
    told = "Run 'small' was made by release 2.0.0, which this one does not read: make the run again."
    for words in (["export", "small", "--xlsx"], ["register", "small"], ["compare", "small", "small2"]):
        assert told in call(capsys, *words)[2]
    assert told in call(capsys, "runs")[1]
    outputs = made.parent
    for name, files in {"grid": ["sweep.json"], "compare-a-b": ["comparison.csv", "index.html"]}.items():
        (outputs / name).mkdir()
        for file in files:
            (outputs / name / file).write_text('{"runs": {}}')
        assert "made by release 2" in call(capsys, "export", name, "--xlsx")[2]
    # Its store goes with the first run, but for what somebody has put there.
    for result in ("a" * 64, "b" * 64):
        (outputs / ".store" / result / "tables").mkdir(parents=True)
    (outputs / ".store" / "note.txt").write_text("mine")
    code, _, err = call(capsys, *WORDS)
    assert (code, err.count(".store of release 2 was removed: runs no longer need it.")) == (0, 1), err
    assert [path.name for path in (outputs / ".store").iterdir()] == ["note.txt"]
    assert [list_files(kept) for kept in (outputs / "small.edited").iterdir()] == [before]
    assert json.loads((made / "run.json").read_text())["form"] == 3


CELLS = ("[5]", "5", '[{"cell_type": "markdown"}]', '[{"cell_type": "code", "source": "x", "metadata": {"tags": 5}}]')
CELLS += tuple(
    json.dumps([{"cell_type": "code", "source": source, "metadata": {"tags": ["parameters"]}}])
    for source in ("run = = 1", "run = name", "%time run = 1")
)


@pytest.mark.parametrize("content", ["", "[" * 100_000, *(f'{{"cells": {cells}, "nbformat": 4}}' for cells in CELLS)])
def test_a_notebook_that_is_none_is_told(made, here, capsys, content):
    path = here / "notebooks" / "01_check_small.ipynb"
    path.write_text(content)
    for words in (["run", "small"], ["params"]):
        code, _, err = call(capsys, *words)
        lines = [
            line for line in err.splitlines() if not line.endswith(": the limit is internet users.")
        ]  # a note on the limit
        assert (code, "01_check_small" in err, len(lines)) == (1, True, 1), err
    assert len("".join(call(capsys, "export", path)[1:]).splitlines()) == 1


@pytest.mark.slow
def test_closed_standard_streams_get_no_file_of_a_run(place, small_run):
    closed = "import os\nos.closerange(0, 3)\nsys.stdin = sys.stdout = sys.stderr = None"
    process = start(place, *WORDS, before=closed)
    process.communicate()
    assert process.returncode == 0
    assert_equal(place / "outputs" / "small", small_run)
