"""The wheel of the sdist, installed without the checkout: data and notebooks travel along; it runs in any folder."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import make_once
from packaging.metadata import Metadata

from adoption_curves.base.project import find_root

pytestmark = pytest.mark.slow

SERIES = "Year,Percent\n2018,1.2\n2019,3.1\n2020,7\n2021,15.5\n2022,27\n"
UNIT = "--unit", "% of homes", "--measure", "level"
FORECAST = """import pandas as pd
from adoption_curves import forecast
users = pd.Series([12, 19, 31, 44, 52], index=pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)]))
for figures in (1, 2, 5):
    result = forecast.forecast(users.tail(figures), limit=100)
print(result.quantiles.shape[0])"""


@pytest.fixture(scope="module")
def installed(shared):
    """A virtual environment with the wheel of this checkout, which sees the libraries of ours, but not our package."""
    folder = shared / "wheel" / "installed"

    def make():
        pip, quiet = [sys.executable, "-m", "pip"], ["--quiet", "--no-deps"]
        dist = folder.parent / "dist"
        words = ["-m", "hatchling", "build", "--target", "sdist", "--directory", dist]
        subprocess.run([sys.executable, *words], cwd=find_root(), check=True)
        [sources] = dist.glob("*.tar.gz")
        subprocess.run([*pip, "wheel", *quiet, "--no-build-isolation", "--wheel-dir", dist, sources], check=True)
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / "new"], check=True)
        [libraries] = (folder / "new").glob("lib/python3*/site-packages")
        [ours] = Path(sys.prefix).glob("lib/python3*/site-packages")
        libraries.joinpath("ours.pth").write_text(
            f"{ours}\n"
        )  # a .pth in there, as of the editable install, isn't followed
        (folder / "new" / "share").symlink_to(Path(sys.prefix) / "share")  # the libraries' own templates
        [wheel] = dist.glob("*.whl")
        python = ["--python", folder / "new"]
        subprocess.run([*pip, *python, "install", *quiet, "--no-index", "--ignore-installed", wheel], check=True)

    return make_once(folder, make) / "new"


def call(installed, *words, cwd, program="adoption", code=0, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("ADOPTION_OUTPUTS", "PYTHONPATH")}
    done = subprocess.run(
        [installed / "bin" / program, *words], cwd=cwd, env=environment | variables, capture_output=True, text=True
    )
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_data_and_notebooks_are_in_the_wheel_whose_metadata_are_valid(installed):
    [wheel] = (installed.parents[1] / "dist").glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    root = find_root()
    [content] = [zipfile.ZipFile(wheel).read(name) for name in names if name.endswith(".dist-info/METADATA")]
    assert "Development Status :: 4 - Beta" in Metadata.from_email(content).classifiers
    assert not [name for name in names if "backtest" in name and name.endswith(".npz")]
    for path in (*root.glob("data/*.*"), *root.glob("notebooks/*.ipynb"), root / "docs" / "try.html"):
        assert f"adoption_curves/_project/{path.relative_to(root).as_posix()}" in names
    assert not [name for name in names if "/tests/" in f"/{name}" or "outputs/" in name]


def test_it_runs_in_an_empty_folder(installed, tmp_path):
    (tmp_path / "x.csv").write_text(SERIES)
    outputs, words = tmp_path / "outputs", ("run", "mine", "-p", "data", "x.csv", *UNIT)
    assert "2022 (Year) is 31 December 2022" in call(installed, "check", "x.csv", *UNIT, cwd=tmp_path)
    said = call(installed, *words, cwd=tmp_path)
    assert said.splitlines()[:2] == ["Read it: outputs/mine/html/index.html", str(outputs / "mine" / "run.json")]
    assert {path.name for path in tmp_path.iterdir()} == {"x.csv", "outputs"}
    assert json.loads((outputs / "mine" / "run.json").read_text())["git"] is None
    assert "Nothing changed" in call(installed, *words, cwd=tmp_path)
    assert "whole" in call(installed, "runs", cwd=tmp_path)
    shutil.copytree(outputs / "mine", outputs / "other")
    page = call(installed, "compare", "mine", "other", cwd=tmp_path)
    assert page == "Read it: outputs/compare-mine-other/index.html\n"


def test_five_lines_of_python_need_no_checkout(installed, tmp_path):
    cache = {"XDG_CACHE_HOME": str(tmp_path / "cache")}
    assert int(call(installed, "-c", FORECAST, cwd=tmp_path, program="python", **cache)) > 3
    assert not (tmp_path / "cache").exists(), "what the references teach is kept in memory alone"
    where = "import adoption_curves; print(adoption_curves.__file__)"
    assert call(installed, "-c", where, cwd=tmp_path, program="python").startswith(str(installed))


def test_new_makes_a_project_to_edit(installed, tmp_path):
    assert "Your project: mine." in call(installed, "new", "mine", cwd=tmp_path)
    table = tmp_path / "mine" / "data" / "indicators.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("Generative AI users", "My AI users"), encoding="utf-8")
    below = tmp_path / "mine" / "notes"
    below.mkdir()
    assert "My AI users" in call(installed, "list", "genai_users", "--json", cwd=below)
    assert "My AI users" not in call(installed, "list", "genai_users", "--json", cwd=tmp_path)
    call(installed, "run", "-p", "as_of", "2026-02-28", cwd=below)
    assert (tmp_path / "mine" / "outputs" / "baseline" / "html" / "index.html").is_file()
    assert "is there already, and not empty" in call(installed, "new", "mine", cwd=tmp_path, code=2)
    assert {path.name for path in tmp_path.iterdir()} == {"mine"}
