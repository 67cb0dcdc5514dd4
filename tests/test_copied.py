"""A project that was copied or moved runs itself: its own code, into its own outputs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import SAMPLE, further
from small_notebooks import write_notebooks

from helpers.base.project import find_root

VENV = find_root() / ".venv"
pytestmark = pytest.mark.skipif(
    not (VENV / "ready").exists() or Path(sys.prefix) != VENV, reason="the Makefile didn't set up this environment"
)
WHERE = """import sys
import pandas as pd
import helpers
from helpers.runs import Study
places = pd.DataFrame({"module": [helpers.__file__], "python": [sys.prefix]})
Study("01_where").keep("01_where", places)"""


@pytest.fixture
def copy(tmp_path):
    """A copy of the project as `cp -a` makes it; the libraries in it are links, which spares a gigabyte."""
    place = tmp_path / "a copy"
    shutil.copytree(find_root() / "src", place / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(SAMPLE, place / "data")
    write_notebooks(place / "notebooks", {"01_where": ["# 1. Where", {"run": "baseline"}, WHERE]})
    shutil.copytree(VENV / "bin", place / ".venv" / "bin", symlinks=True)
    shutil.copy(VENV / "pyvenv.cfg", place / ".venv")
    (place / ".venv" / "share").symlink_to(VENV / "share")
    (libraries,) = VENV.glob("lib/python3*/site-packages")
    theirs = place / libraries.relative_to(find_root())
    theirs.mkdir(parents=True)
    for path in libraries.iterdir():
        if path.suffix == ".pth":
            shutil.copy(path, theirs)
        else:
            (theirs / path.name).symlink_to(path)
    return place


def call(*words, cwd):
    environment = {name: value for name, value in os.environ.items() if name not in ("ADOPTION_OUTPUTS", "PYTHONPATH")}
    done = subprocess.run(words, env=environment, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], further(["--isolated"])], ids=["forked", "isolated"])
def test_a_copy_runs_itself_also_when_it_is_moved(copy, tmp_path, options):
    for place in (copy, copy.with_name("moved")):
        if place != copy:
            copy.rename(place)
            shutil.rmtree(place / "outputs")
        call(place / ".venv" / "bin" / "adoption", "run", "copied", *options, cwd=tmp_path)
        run = place / "outputs" / "copied"
        table = (run / "tables" / "01_where.csv").read_text()
        assert table == f"module,python\n{place}/src/adoption_curves/__init__.py,{place}/.venv\n"
    assert not (find_root() / "outputs" / "copied").exists()


def test_however_a_copy_is_called_it_is_itself(copy, tmp_path):
    (copy / "src" / "helpers" / "runs" / "parameters.py").write_text("print('the copy')\nraise SystemExit(0)\n")
    adoption = copy / ".venv" / "bin" / "adoption"
    (tmp_path / "linked").symlink_to(adoption)
    (tmp_path / "helpers.py").write_text("raise SystemExit('a file of the same name in the working folder')")
    for words in (
        [adoption, "params"],
        [tmp_path / "linked", "params"],
        [adoption.with_name("python"), "-P", "-m", "helpers", "params"],
        ["bash", "-c", f". '{adoption.with_name('activate')}' && adoption params"],
    ):
        assert call(*words, cwd=tmp_path) == "the copy\n"
    make = call("make", "-C", find_root(), "--just-print", "--always-make", "run", "lab", "test", cwd=tmp_path)
    assert not [line for line in make.splitlines() if line.startswith(".venv/bin/") and "/python " not in line]
