"""The same inputs give the same bytes, wherever, whenever and however a run is made; and nothing leaks in or out."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SAMPLE, list_files

SLOW = pytest.mark.slow

SECRET = "xq7-not-to-be-told"
SMALL = {"run": "small", "data": str(SAMPLE), "horizon_years": 3}
IMPORTS = (
    "from pathlib import Path; from adoption_curves.runs.parameters import read_parameters; "
    "from adoption_curves.runs.runner import run_all; from adoption_curves.runs.steps import Execution"
)
ELSEWHERE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "tr_TR.UTF-8",
    "PYTHONHASHSEED": "7",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "API_TOKEN": SECRET,
}


def keep_from_network():
    """Words that start a program without any network, not even this machine's own."""
    words = ["unshare", "--net", "--map-root-user"]
    if sys.platform != "linux" or subprocess.run([*words, "true"], capture_output=True).returncode:
        return []
    return words


@pytest.fixture(scope="module", params=["small_run", pytest.param("whole_run", marks=SLOW)])
def made_twice(request, shared, tmp_path_factory):
    """A run, and the same made again: other folder, zone, language, hash seed and threads, and no network."""
    run, outputs = request.getfixturevalue(request.param), tmp_path_factory.mktemp("else where")
    again = ["-m", "adoption_curves", "run", run.name, "--isolated", "-p", "data", str(SAMPLE)]
    if request.param == "small_run":
        notebooks = str(shared / "small" / "notebooks")
        again = ["-c", f"{IMPORTS}; run_all(read_parameters({SMALL!r}), Path({notebooks!r}), Execution(isolated=True))"]
    environment = {**os.environ, **ELSEWHERE, "ADOPTION_OUTPUTS": str(outputs)}
    words = [*keep_from_network(), sys.executable, *again]
    done = subprocess.run(words, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return run, outputs / run.name


@pytest.mark.slow
@pytest.mark.parametrize("part", ["tables", "figures", "html"])
def test_another_place_gives_the_same_bytes(part, made_twice):
    run, elsewhere = made_twice
    assert list_files(elsewhere / part) == list_files(run / part)


@pytest.mark.slow
def test_nothing_of_the_environment_is_told(made_twice):
    _, elsewhere = made_twice
    for name, content in list_files(elsewhere).items():
        assert SECRET.encode() not in content, name
        assert str(elsewhere.parent).encode() not in content, name


def test_a_run_needs_no_network(made_twice):
    if not keep_from_network():
        pytest.skip("a process can't be kept from the network here")
    assert (made_twice[1] / "run.json").is_file()


def test_the_tool_that_compares_tables_says_how_it_is_used(tmp_path):
    """Two folders without tables would be equal."""
    tool = Path(__file__).parents[1] / "tools" / "reproduction.py"
    for words, code, said in (
        (["--help"], 0, "usage: "),
        ([], 2, "required"),
        ([tmp_path] * 2, 2, "there is no table"),
    ):
        done = subprocess.run([sys.executable, tool, *words], capture_output=True, text=True)
        assert done.returncode == code
        assert said in done.stdout + done.stderr
        assert "Traceback" not in done.stderr
