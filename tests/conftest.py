"""What several test files share: a run of small notebooks, and a run of the project's own on the sample data."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

import pytest
import yaml
from cells import run_notebook
from filelock import FileLock
from small_notebooks import write_notebooks

from adoption_curves import __main__ as command
from adoption_curves import indicators
from adoption_curves.base.project import PROJECT_MARK, find_data
from adoption_curves.runs import Study
from adoption_curves.runs.manifest import read_run
from adoption_curves.runs.pages import render_executed, write_pages

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "tests" / "sample"
WORDS = ["run", "small", "-p", "horizon_years", "3"]
"""The command by which the small run is made."""


def pytest_sessionstart():
    """One day for all runs, though midnight comes between two; and the signals that tests send are heard.

    Started with &, by nohup or a supervisor, all that starts here ignores them.
    """
    os.environ["SOURCE_DATE_EPOCH"] = "1796083200"
    usual = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL, "SIGTERM": signal.SIG_DFL}
    for name, handler in usual.items():
        number = getattr(signal, name, None)
        if number and signal.getsignal(number) == signal.SIG_IGN:
            signal.signal(number, handler)


def pytest_addoption(parser):
    parser.addoption("--renew", action="store_true", help="write what is kept anew; run nothing else")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config, items):
    """A worker takes whole files, and one of them all tests that read the executed cells; whole runs are slow."""
    if config.option.renew:
        items[:] = [item for item in items if "renew" in item.fixturenames]
    for item in items:
        group = "executed" if "executed" in item.fixturenames else item.path.stem
        item.add_marker(pytest.mark.xdist_group(group))
        if "whole_run" in item.fixturenames:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def renew(request):
    """Whether what is kept is written anew."""
    return request.config.option.renew


def run_sequence(outputs, name, *options, data=SAMPLE):
    """Run all notebooks through the command, as a person would, from a folder that is not the project's."""
    command = [sys.executable, "-m", "adoption_curves", "run", name, "-p", "data", str(data), *options]
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs)}
    done = subprocess.run(command, env=environment, cwd=outputs, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(outputs) / name


def open_as(notebook, run="mine", **parameters):
    """The run as a notebook with these parameters opens it."""
    earlier = [f"0{number}" for number in range(1, int(notebook[:2]))] if notebook[:2].isdecimal() else []
    return Study(notebook, reads=earlier, run=run, **parameters)


@pytest.fixture(scope="session")
def shared(tmp_path_factory, request):
    """A folder that all workers of a session of tests share."""
    place = tmp_path_factory.getbasetemp()
    return place.parent if hasattr(request.config, "workerinput") else place


def make_once(folder, make):
    """`folder`, which the first worker makes; others wait for it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(folder.parents[1] / f"making-{folder.name}"):
        if not folder.exists():
            make()
    return folder


def begin(folder):
    """A project of its own: the small notebooks and the sample data."""
    write_notebooks(folder / "notebooks")
    shutil.copytree(SAMPLE, folder / "data")
    (folder / PROJECT_MARK).write_text("")
    return folder


@pytest.fixture
def place(tmp_path):
    """A project of its own, in which processes make runs."""
    return begin(tmp_path / "project")


@pytest.fixture
def here(place, monkeypatch):
    """The same, in which the commands of this process stand."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(place / "outputs"))
    return place


@pytest.fixture
def temporary():
    """A folder for temporary files, with a path short enough for sockets."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def small_run(shared):
    """Folder of a run of such a project, made whole by the command; `run` and `made` are copies."""
    project = shared / "small"

    def make():
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(begin(project))
            patch.setenv("ADOPTION_OUTPUTS", str(project / "outputs"))
            with suppress(SystemExit):
                command.main(WORDS)
        assert (project / "outputs" / "small" / "run.json").is_file()

    return make_once(project / "outputs" / "small", make)


@pytest.fixture
def made(here, small_run):
    """The project in which the commands stand, with that run."""
    shutil.copytree(small_run.parent, here / "outputs")
    return here / "outputs" / "small"


def assert_equal(folder, other):
    """The same bytes in all that readers get of two runs."""
    for part in ("tables", "figures", "html"):
        assert list_files(folder / part) == list_files(other / part), part


def write_again(run):
    """The pages of a run, written from its files and its record as they are now."""
    record = read_run(run)
    write_pages(run, record, {name: render_executed(run, name) for name in record["notebooks"]})


def list_files(folder):
    """Content of each file below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="session")
def whole_run(shared):
    """Folder of a run of the project's notebooks on the sample data; copy it to change it."""
    outputs = shared / "whole"
    return make_once(outputs / "small", lambda: run_sequence(outputs, "small"))


@pytest.fixture(scope="session")
def executed(tmp_path_factory):
    """Gives variables, tables and figures of a notebook of the default run by its number, executed once on the sample.

    For tests that only read them: the cells run in this process, and no figure is rendered.
    """
    outputs = tmp_path_factory.mktemp("executed")
    return cache(lambda number: run_notebook(number, outputs))


@pytest.fixture(scope="session")
def site(shared, whole_run):
    """The site of a copy of the pages, with `whole_run` in the place of the default run; a warning stops it."""
    project = shared / "site" / "project"

    def make():
        ignored = shutil.ignore_patterns("_build", "run", "__pycache__")
        shutil.copytree(ROOT / "docs", project / "docs", ignore=ignored, dirs_exist_ok=True)
        texts = ("README.md", "pyproject.toml", "data/README.md", "data/datapackage.json", "outputs/README.md")
        for name in (*texts, "src/helpers/adoption_curves/say/glossary.csv"):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, project / name)
        shutil.copytree(whole_run, project / "outputs" / "baseline", dirs_exist_ok=True)
        for run in yaml.safe_load((ROOT / "docs" / "gallery.yaml").read_text(encoding="utf-8"))["runs"]:
            shutil.copytree(whole_run, project / "outputs" / "gallery" / run["run"], dirs_exist_ok=True)
        command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-d", project / "trees"]
        done = subprocess.run([*command, project / "docs", project / "made"], capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        (project / "made").rename(project / "html")

    return make_once(project / "html", make)


@pytest.fixture(scope="session")
def data():
    """The project's own data."""
    return indicators.load()


@pytest.fixture(scope="session")
def references(data):
    """The comparison technologies."""
    return data.references()


@pytest.fixture(scope="module")
def small_project():
    """The sample stands beside own files in the place of the project's data, and is read once."""
    from adoption_curves.indicators import data as selection

    read, kept = selection.read_tables, selection.read_tables(SAMPLE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(selection, "find_data", lambda data="data": SAMPLE if data == "data" else find_data(data))
        patch.setattr(selection, "read_tables", lambda folder: kept if folder == SAMPLE else read(folder))
        yield


@pytest.fixture
def outputs(tmp_path, monkeypatch):
    """A folder of outputs for one test."""
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path / "outputs"


@pytest.fixture(name="run")
def copied(small_run, outputs):
    """A copy of the small run in them, to change."""
    return shutil.copytree(small_run, outputs / "small")
