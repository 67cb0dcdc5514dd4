"""Only what has changed runs again, nothing that was cut off is taken for whole, and a killed run goes on."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time

import pytest
from conftest import SAMPLE
from small_notebooks import ALL, write_notebook, write_notebooks
from test_pipeline import list_files, wait_for

from helpers import pipeline
from helpers.cache import describe_basis, find_made
from helpers.parameters import read_parameters
from helpers.project import RunError
from helpers.record import describe_inputs
from helpers.run import read_record

CHECK, FORECAST, SUMMARY = ALL
SMALL = {"run": "small", "data": str(SAMPLE), "horizon_years": 3}


@pytest.fixture
def place(small_run, tmp_path, monkeypatch):
    """A copy of the small run and its notebooks that a test may change."""
    shutil.copytree(small_run.parents[1] / "notebooks", tmp_path / "notebooks")
    shutil.copytree(small_run, tmp_path / "outputs" / "small")
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path


@pytest.fixture
def make(place, capsys):
    """Make the run with these parameters and options; returns what each notebook's line says, by its name."""

    def make_again(given=None, **options):
        pipeline.run_all(read_parameters({**SMALL, **(given or {})}), place / "notebooks", isolated=True, **options)
        said = capsys.readouterr().out
        return dict(re.findall(r"^\d/\d (\w+)  (.+)$", said, flags=re.MULTILINE)) or said

    return make_again


def list_run(said):
    """Names of the notebooks that were executed."""
    return {name for name, words in said.items() if words != "unchanged"}


def edit(place, notebook, old, new):
    path = place / "notebooks" / f"{notebook}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_changed_nothing_runs(place, make):
    before = list_files(place / "outputs" / "small")
    assert make() == "Nothing changed: 3 notebooks and their pages are as they were.\n"
    assert list_files(place / "outputs" / "small") == before


def test_only_notebooks_that_declare_a_parameter_run_when_it_changes(place, make):
    said = make({"horizon_years": 4})
    assert list_run(said) == {FORECAST}, "its table is the same, so the summary need not run"
    assert said[FORECAST].endswith("s (its parameters changed)")
    record = json.loads((place / "outputs" / "small" / "run.json").read_text())
    assert record["parameters"]["horizon_years"] == 4


def test_a_changed_source_runs_and_only_a_changed_table_runs_its_readers(place, make):
    edit(place, CHECK, "How *long* is the series", "How long is the series")
    said = make()
    assert list_run(said) == {CHECK}
    assert said[CHECK].endswith("(the notebook changed)")
    edit(place, CHECK, "series.values.rename", "(series.values * 2).rename")
    said = make()
    assert list_run(said) == {CHECK, FORECAST, SUMMARY}
    assert said[SUMMARY].endswith("(its tables changed)")


def test_changed_data_run_what_reads_them(place, make):
    data = shutil.copytree(SAMPLE, place / "mine")
    assert list_run(make({"data": str(data)})) == {CHECK}
    with (data / "observations.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert make({"data": str(data)})[CHECK].endswith("(the data changed)")


@pytest.mark.parametrize("part", ["tables/05_forecast.csv", "figures/05_forecast.svg", f"notebooks/{FORECAST}.ipynb"])
def test_a_result_that_was_changed_or_lost_is_made_again(place, make, part):
    path = place / "outputs" / "small" / part
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    said = make()
    assert list_run(said) == {FORECAST}
    assert said[FORECAST].endswith("(its results changed)")
    path.unlink()
    assert list_run(make()) == {FORECAST}
    if path.suffix != ".ipynb":  # those hold times
        assert path.read_bytes() == good


def test_lost_pages_and_records_are_written_again(place, make):
    folder = place / "outputs" / "small"
    good = (folder / "html" / f"{CHECK}.html").read_bytes()
    (folder / "html" / f"{CHECK}.html").unlink()
    assert list_run(make()) == set()
    assert (folder / "html" / f"{CHECK}.html").read_bytes() == good
    (folder / "run.json").write_text("{")
    assert list_run(make()) == set()
    (folder / "notebooks" / f"{CHECK}.json").write_text('{"tables": ')
    assert list_run(make()) == {CHECK}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"force": True}, {CHECK, FORECAST, SUMMARY}),
        ({"only": "05"}, {FORECAST}),
        ({"only": "5"}, {FORECAST}),
        ({"first": "05"}, {FORECAST, SUMMARY}),
    ],
)
def test_notebooks_can_be_chosen(place, make, choice, expected):
    before = list_files(place / "outputs" / "small" / "tables")
    forced = pipeline.choose_forced(pipeline.find_notebooks(place / "notebooks"), **choice)
    assert list_run(make(forced=forced)) == expected
    assert list_files(place / "outputs" / "small" / "tables") == before


def test_a_number_without_a_notebook_is_told(place):
    with pytest.raises(RunError, match=r"^There is no notebook 07; there are 01, 05, 06\.$"):
        pipeline.choose_forced(pipeline.find_notebooks(place / "notebooks"), only="07")


def test_another_run_can_be_an_origin_and_its_name_does_not_stay(place, make):
    said = make({"run": "other"}, origins=[place / "outputs" / "small"])
    assert list_run(said) == set()
    executed = json.loads((place / "outputs" / "other" / "notebooks" / f"{FORECAST}.ipynb").read_text())
    assert executed["metadata"]["papermill"]["parameters"]["run"] == "other"
    injected = [cell for cell in executed["cells"] if "injected-parameters" in cell["metadata"]["tags"]]
    assert 'run = "other"' in "".join(injected[0]["source"])
    assert make({"run": "other"}).startswith("Nothing changed")
    text = "".join(map(str, list_files(place / "outputs" / "other").values()))
    assert "outputs/small" not in text


@pytest.mark.parametrize("moved", ["found", "copied"])
def test_an_origin_that_is_put_in_place_meanwhile_is_found_there(place, make, monkeypatch, moved):
    """As when a run of a sweep becomes whole while another one takes notebooks over from it."""
    attempt, whole = place / "outputs" / "a.partial" / "attempt-x" / "small", place / "outputs" / "a"
    attempt.parent.mkdir(parents=True)
    shutil.move(place / "outputs" / "small", attempt)
    name = {"found": "is_whole", "copied": "take_over"}[moved]
    module = {"found": "helpers.cache", "copied": "helpers.making"}[moved]
    original = getattr(sys.modules[module], name)

    def move_first(*arguments):
        if attempt.exists():
            attempt.rename(whole)
        return original(*arguments)

    monkeypatch.setattr(f"{module}.{name}", move_first)
    assert list_run(make(origins=[attempt, whole])) == set()


def test_a_failed_attempt_is_gone_on_from(place, make):
    edit(place, CHECK, "How *long* is", "How long is")
    edit(place, FORECAST, "frame = results.read_table", "oops\\nframe = results.read_table")
    with pytest.raises(RunError, match="NameError: name 'oops'"):
        make()
    edit(place, FORECAST, "oops\\n", "")
    assert list_run(make()) == set(), "the first notebook was made by the failed attempt, the others by the run"
    assert not list((place / "outputs").glob("*.partial"))


def test_inputs_that_change_meanwhile_are_told(place, make, tmp_path):
    data = shutil.copytree(SAMPLE, place / "mine")
    edit(
        place,
        SUMMARY,
        "import pandas as pd",
        f"open({str(data / 'observations.csv')!r}, 'a').write('\\\\n')\\nimport pandas as pd",
    )
    with pytest.raises(
        RunError, match=r"^The data changed while the run was being made\. Run the same command again\.$"
    ):
        make({"data": str(data)})
    assert (place / "outputs" / "small" / "run.json").exists()


def test_a_notebook_that_was_cut_off_counts_as_none(place):
    folder = place / "outputs" / "small"
    source = place / "notebooks" / f"{CHECK}.ipynb"
    parameters = read_parameters(SMALL)
    values = {name: getattr(parameters, name) for name in pipeline.read_declared(source)}
    basis = describe_basis(source, values, describe_inputs(parameters, [source]))
    assert find_made(CHECK, basis, folder, [place, folder]) == folder
    record = read_record(folder, CHECK)
    for last in ("executed", "made_from"):
        record.pop(last)
        (folder / "notebooks" / f"{CHECK}.json").write_text(json.dumps(record))
        assert find_made(CHECK, basis, folder, [place, folder]) is None


def test_readers_wait_for_their_tables(tmp_path):
    cells = ["# 4. Free", {"run": "x"}, "## Read", 'this_run.read_table("01_a")\nthis_run.read_table("02_b")']
    reader = write_notebook(tmp_path / "04_free.ipynb", cells)
    loop = write_notebook(tmp_path / "05_loop.ipynb", ["# 5", "for name in names:\n    run.read_table(name)"])
    magic = write_notebook(tmp_path / "06_magic.ipynb", ["# 6", "%matplotlib inline"])
    earlier = [tmp_path / f"{name}.ipynb" for name in ("01_one", "02_two", "03_three")]
    assert pipeline.find_upstream(reader, earlier) == ["01_one", "02_two"]
    for notebook in (loop, magic):
        assert pipeline.find_upstream(notebook, earlier) == ["01_one", "02_two", "03_three"]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("seconds", [1, 2.5, 4])
def test_a_killed_run_goes_on_and_ends_as_if_nothing_had_happened(small_run, tmp_path, seconds):
    write_notebooks(tmp_path / "notebooks")
    program = (
        "from pathlib import Path; from helpers import pipeline; from helpers.parameters import read_parameters\n"
        f"pipeline.run_all(read_parameters({SMALL!r}), Path({str(tmp_path / 'notebooks')!r}))"
    )
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(tmp_path / "outputs")}
    start = {"env": environment, "stdout": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", program], **start)
    time.sleep(seconds)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    subprocess.run([sys.executable, "-c", program], check=True, **start)
    for part in ("tables", "figures", "html"):
        assert list_files(tmp_path / "outputs" / "small" / part) == list_files(small_run / part), part
    assert wait_for(lambda: [path.name for path in (tmp_path / "outputs").iterdir()] == ["small"])
