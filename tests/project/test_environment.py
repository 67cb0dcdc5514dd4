"""environment.yml: what the user fixed by name, and this package with the rest of pyproject.toml by pip; `make lab`."""

import os
import shlex
import subprocess
import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
FIXED = {"jupyterlab", "pandas", "seaborn", "statsmodels", "papermill"}


def test_conda_brings_python_pip_and_the_five_packages_and_pip_brings_this_one():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    *named, by_pip = environment["dependencies"]
    assert {each.split()[0] for each in named} == {"python", "pip"} | FIXED
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    assert {each.replace(" ", "") for each in named[2:]} <= {*needed}, "within the same limits"
    assert by_pip == {"pip": ["-e .[lab,xlsx]"]}
    assert environment["channels"][0] == "conda-forge"


def test_make_lab_opens_jupyterlab_in_notebooks_also_as_root():
    """As root Jupyter refuses, and says "Use --allow-root"."""
    shown = subprocess.run(["make", "-n", "lab"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    words = shlex.split(shown[shown.index("-P -m jupyterlab") :])
    assert "--FileContentsManager.preferred_dir=notebooks" in words
    assert ("--allow-root" in words) == (os.geteuid() == 0)
