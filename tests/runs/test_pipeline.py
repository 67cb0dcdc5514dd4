"""A whole run: what it leaves behind, and what it leaves alone when something goes wrong."""

import io
import json
import os
import re
import shutil
import subprocess
import sys

import pytest
from conftest import SAMPLE, WORDS, list_files
from processes import call
from small_notebooks import ALL, write_notebooks

from adoption_curves.base.folders import lock_folder
from adoption_curves.base.project import BusyError, RunError, find_root
from adoption_curves.runs.failures import NotebookFailed
from adoption_curves.runs.fingerprint import describe_series, find_notebooks, read_declared, read_sources
from adoption_curves.runs.manifest import list_runs, read_run
from adoption_curves.runs.parameters import Parameters, read_parameters
from adoption_curves.runs.runner import run_all
from adoption_curves.runs.steps import Execution


def execute(tmp_path, *cells, name="03_small", **options):
    """Run one notebook of these cells as run 'mine'."""
    notebooks = write_notebooks(tmp_path / "notebooks", {name: [f"# {name}", {"run": "baseline"}, *cells]})
    parameters = read_parameters({"run": "mine", "data": str(SAMPLE)})
    return run_all(parameters, notebooks, Execution(**options))


def test_a_run_has_all_its_parts_and_names_no_folder_of_this_machine(small_run):
    files = list_files(small_run)
    expected = {"run.json", "html/index.html", "tables/01_coverage.csv", "tables/06_key_numbers.csv"}
    expected |= {f"figures/05_forecast.{kind}" for kind in ("png", "svg")}
    expected |= {f"notebooks/{name}.ipynb" for name in ALL}
    assert expected <= {*files}
    assert {path.name for path in small_run.parent.iterdir()} == {"small"}, "something was left beside it"
    places = (str(find_root()).encode(), str(small_run.parents[1]).encode())
    assert [name for name, content in files.items() if any(place in content for place in places)] == []


def test_the_record_tells_how_the_run_was_made(small_run):
    record = read_run(small_run)
    told = {"run": "small", "horizon_years": 3, "limit": "internet_users"}  # the limit is written out: that of the data
    assert record["parameters"] == read_parameters(told).model_dump()
    assert ": the limit is internet users." in (small_run / "run.log").read_text()
    assert record["main_figure"] == "05_forecast"
    assert len(record["data"]["files"]["observations.csv"]) == 64
    assert {"runs/manifest.py", "runs/parameters.py"} <= {*record["helpers"]}
    assert {"python", "pandas", "papermill"} <= {*record["versions"]}
    entry = record["notebooks"]["05_forecast_small"]
    assert (entry["parameters"]["horizon_years"], entry["tables"]["05_forecast"]["rows"] >= 3) == (3, True)
    assert {source["use"] for source in record["sources"]} == {"series", "compared", "reference"}
    assert all(source["publisher"] and source["licence"] for source in record["sources"])
    executed = json.loads((small_run / "notebooks" / "06_summarise_small.ipynb").read_text())
    declared = {"run": "small", "entity": "China"}
    assert executed["metadata"]["papermill"]["parameters"] == declared, "only those reach a notebook"


def test_the_project_notebooks_and_the_model_agree():
    defaults = Parameters().model_dump() | describe_series(Parameters())
    for notebook in find_notebooks():
        declared = read_declared(notebook)
        assert "run" in declared, notebook.name
        assert declared == {name: defaults.get(name, "no such parameter") for name in declared}, notebook.name
        code = "".join(source for kind, source, _ in read_sources(notebook) if kind == "code")
        assert all(f"{name}={name}" in code for name in declared), f"{notebook.name} gives Study each of them"


def test_a_failing_cell_is_told_in_a_few_lines_and_spoils_nothing(tmp_path, outputs, small_run):
    shutil.copytree(small_run, outputs / "mine")
    before = list_files(outputs / "mine")
    study = 'from adoption_curves.runs import Study\nresults = Study("03_small", run=run)'
    with pytest.raises(NotebookFailed) as caught:
        execute(tmp_path, "## Open the run", study, "## Read the scores", 'results.read_table("03_growth")')
    lines = str(caught.value).splitlines()
    assert len(lines) <= 10
    assert lines[0] == 'Notebook 03_small failed in the part "Read the scores"'
    assert lines[1].startswith("  RunError: Run 'mine' has no table 03_growth yet.")
    assert not any(line.startswith("  at ") for line in lines), "a person's mistake needs no frame of ours"
    assert lines[-2:] == [
        '  in cell 6: results.read_table("03_growth")',
        f"Executed up to there: {outputs / 'mine.partial' / 'notebooks' / '03_small.html'}",
    ]
    assert list_files(outputs / "mine") == before


def test_the_morning_after_a_failure(tmp_path, outputs):
    """The attempt and its error in plain words, the copy as a page, and a log; the next attempt begins empty."""
    broken, left = "import sys\nprint('beside', file=sys.stderr)\nnothing + 1", outputs / "mine.partial"
    for name in ("02_before", "03_small"):
        with pytest.raises(NotebookFailed) as caught:
            execute(tmp_path, "## Add", broken, name=name)
        (tmp_path / "notebooks" / f"{name}.ipynb").unlink()
    assert {path.name for path in left.iterdir()} == {"notebooks", "error.txt", "run.log", "written.json"}
    told = rf"attempt of 20[-\d]+ [:\d]+ UTC failed: {re.escape(str(caught.value))}\n"
    assert re.fullmatch(told, (left / "error.txt").read_text())
    assert "NameError: name 'nothing' is not defined" in str(caught.value)
    assert "NameError" in (left / "notebooks" / "03_small.html").read_text()
    log = (left / "run.log").read_text()
    assert log.count("UTC, run mine") == log.count("NameError") == 1
    [row] = list_runs(outputs)
    assert row["state"].startswith("not made; attempt of 20")
    execute(tmp_path, "## Add", "1")
    assert not left.exists()


LISTENING = """import os
lines = [line.split() for name in ("tcp", "tcp6") for line in open(f"/proc/net/{name}").readlines()[1:]]
waiting = {f"socket:[{words[9]}]" for words in lines if words[3] == "0A"}
links = {os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if os.path.islink(entry.path)}
assert len(links) > 2 and not waiting & links"""


@pytest.mark.skipif(sys.platform != "linux", reason="Linux only")
def test_a_notebook_listens_on_no_port(tmp_path, outputs):
    execute(tmp_path, LISTENING)
    with pytest.raises(NotebookFailed, match="AssertionError"):
        execute(tmp_path, f"import socket\nopen_one = socket.create_server(('127.0.0.1', 0))\n{LISTENING}")


def test_a_process_that_dies_is_told(tmp_path, outputs):
    for code, said in (
        ("os.kill(os.getpid(), 9)", r"was killed by signal 9 \(SIGKILL\)"),
        ("os._exit(3)", "exit code 3"),
    ):
        with pytest.raises(NotebookFailed, match=rf'(?s)in the part "Wait"\n  Its process .*{said}'):
            execute(tmp_path, "## Wait", f"import os\n{code}")


class GoneReader(io.StringIO):
    """The end of a pipe whose other end is closed."""

    def write(self, text):
        raise BrokenPipeError(text)


def test_a_reader_who_goes_ends_the_run(tmp_path, outputs, monkeypatch):
    """The first attempt of a run, and one of a run that was made before."""
    for name in ("03_small", "04_later"):
        with monkeypatch.context() as patched:
            patched.setattr(sys, "stderr", GoneReader())
            with pytest.raises(BrokenPipeError):
                execute(tmp_path, "1", name=name)
        assert execute(tmp_path, "1", name=name) == outputs / "mine"


def test_a_run_that_is_being_made_is_left_alone(tmp_path, outputs):
    with lock_folder(outputs / "mine"), pytest.raises(BusyError) as caught:
        execute(tmp_path, "pass")
    assert caught.value.exit_code == 75
    assert str(caught.value).startswith(f"Run 'mine' is being made by process {os.getpid()} on ")
    assert [path.name for path in outputs.iterdir()] == []


def test_a_run_that_another_process_makes_is_waited_for_where_one_asks(made, here, capsys):
    """The command waits, and finds all made."""
    hold = "import sys, time\nfrom pathlib import Path\nfrom adoption_curves.base.folders import lock_folder\n"
    hold += "with lock_folder(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(2)"
    with subprocess.Popen([sys.executable, "-c", hold, made], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        code, _, err = call(capsys, *WORDS, "--wait")
    assert (code, err.splitlines()[-1]) == (0, "Nothing changed: 3 notebooks and their pages are as they were.")
    assert "waiting for it" in err


# ---- own data

MINE = ["run", "mine", "-p", "data", "mine.csv", "--measure", "level"]
GOOD = "date,value,unit\n2021-06-30,12,%\n2022-06-30,19,%\n2023-06-30,31,%\n2024-06-30,44,%\n"


@pytest.fixture
def own(here):
    """A file of one's own, and one small notebook that reads it."""
    keep = 'results.keep("01_observations", series.observations[["date", "value"]])'
    shutil.rmtree(here / "notebooks")
    write_notebooks(here / "notebooks", {"01_check_small": [*ALL["01_check_small"][:4], keep]})
    (here / "mine.csv").write_text(GOOD)
    return here / "mine.csv"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("44", "x7.1"), "row 5"),
        (None, "there is no such folder or file"),
        (GOOD.replace("44", ".."), "was not read whole, which --strict asks for: 1 cell without a value left out"),
    ],
)
def test_bad_data_leave_as_much_as_a_notebook_that_fails(own, here, capsys, text, said):
    """The page of last week stays, and whoever looks in the morning is told that it is last week's."""
    assert call(capsys, *MINE)[0] == 0
    own.unlink() if text is None else own.write_text(text)
    code, _, err = call(capsys, *MINE, "--strict")
    assert (code in (1, 2), said in err) == (True, True)
    left = here / "outputs" / "mine.partial"
    assert said in (left / "error.txt").read_text()
    assert said in (left / "run.log").read_text()
    [row] = list_runs(here / "outputs")
    assert re.fullmatch("whole; attempt of 20.* failed.*", row["state"])
    own.write_text(GOOD)
    assert call(capsys, *MINE)[0] == 0
    assert not left.exists()


def test_strict_refuses_a_file_that_has_lost_figures_of_the_last_run(own, capsys):
    """As a download that was cut; a revised figure is no loss."""
    assert call(capsys, *MINE, "--strict")[0] == 0
    own.write_text(GOOD.replace("2022-06-30,19,%\n", "").replace("2024-06-30,44,%\n", "2025-06-30,50,%\n"))
    code, _, err = call(capsys, *MINE, "--strict")
    told = "mine.csv has lost 2 values of the last whole run, the first of 2022-06-30" in err
    assert (code, told) == (1, True)
    own.write_text(GOOD.replace("44", "45"))
    assert call(capsys, *MINE, "--strict")[0] == 0
    own.write_text(GOOD.replace("2024-06-30,44,%\n", ""))
    assert call(capsys, *MINE)[0] == 0, "without it the loss is taken"


def test_quiet_prints_nothing_unless_it_fails(made, capsys):
    assert call(capsys, *WORDS, "--quiet") == (0, "", "")
    code, out, err = call(capsys, *WORDS)
    assert (code, out.splitlines()) == (0, ["Read it: outputs/small/html/index.html", str(made / "run.json")])
    assert err == "Nothing changed: 3 notebooks and their pages are as they were.\n"
    code, out, err = call(capsys, *WORDS, "--quiet", "-p", "data", "nowhere.csv")
    assert (code, out, len(err.splitlines())) == (2, "", 1)


def test_a_folder_without_notebooks_is_told(tmp_path):
    with pytest.raises(RunError, match="There are no numbered notebooks"):
        find_notebooks(tmp_path)
