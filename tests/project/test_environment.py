"""environment.yml: what the user fixed by name, and this package with the rest of pyproject.toml by pip."""

from pathlib import Path

import yaml

FIXED = {"jupyterlab", "pandas", "seaborn", "statsmodels", "papermill"}


def test_conda_brings_python_pip_and_the_five_packages_and_pip_brings_this_one():
    environment = yaml.safe_load((Path(__file__).parents[2] / "environment.yml").read_text(encoding="utf-8"))
    *named, by_pip = environment["dependencies"]
    assert {each.split()[0] for each in named} == {"python", "pip"} | FIXED
    assert by_pip == {"pip": ["-e ."]}
    assert environment["channels"][0] == "conda-forge"
