"""The same inputs give the same bytes, wherever, whenever and however a run is made; and nothing leaks in or out."""

import os
import subprocess
import sys

import pytest
from conftest import SAMPLE, list_files

SECRET = "xq7-not-to-be-told"
ELSEWHERE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "tr_TR.UTF-8",
    "PYTHONHASHSEED": "7",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "API_TOKEN": SECRET,
}
OFFLINE = ["unshare", "--net", "--map-root-user"]
"""Start a program without any network, not even this machine's own."""
NOT_FORKED = """import sys
from adoption_curves import __main__
from adoption_curves.runs import notebook_process
notebook_process._can_fork = lambda: False
__main__.main(sys.argv[1:])"""
"""The command as it is where notebooks can't be forked: with an interpreter for each."""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="keeps a process from the network as Linux does")
def test_another_place_and_no_network_give_the_same_bytes_and_nothing_of_the_environment_is_told(whole_run, tmp_path):
    """Made again in another folder, zone and language, with another hash seed, and an interpreter a notebook."""
    elsewhere = tmp_path / "else where" / "small"
    environment = {**os.environ, **ELSEWHERE, "ADOPTION_OUTPUTS": str(elsewhere.parent)}
    command = [*OFFLINE, sys.executable, "-c", NOT_FORKED, "run", "small", "-p", "data", str(SAMPLE)]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    if "unshare" in done.stderr:
        pytest.skip("a process can't be kept from the network here")
    assert done.returncode == 0, done.stdout + done.stderr
    for part in ("tables", "figures", "html"):
        assert list_files(elsewhere / part) == list_files(whole_run / part), part
    for file, content in list_files(elsewhere).items():
        assert SECRET.encode() not in content, file
        assert str(elsewhere.parent).encode() not in content, file
