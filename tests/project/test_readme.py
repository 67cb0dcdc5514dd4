"""What the README and the pages of docs/ show is true: code runs, commands are valid, findings are the baseline's."""

import os
import re
import shlex
import subprocess
import sys
import textwrap
import tomllib

import numpy as np
import pandas as pd
import pytest
import yaml
from kept_runs import ROOT, read_run
from processes import call
from publishers import serve
from snapshots import check_part, check_text

from adoption_curves.indicators import list_series
from adoption_curves.runs.new_project import begin_project
from adoption_curves.say.page import write_page

README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [path for path in sorted((ROOT / "docs").rglob("*.md")) if "run" not in path.parts]  # made by a build
TEXT = "\n".join([README, *(path.read_text(encoding="utf-8") for path in PAGES)])


PYTHON = re.compile(r"^```python\n((?!>>>).*?)^```\n(\n```text\n.*?^```\n)?", flags=re.MULTILINE | re.DOTALL)
"""A block of Python without prompts, and the block of text below it, which is what it prints."""


def read_blocks(language):
    """Contents of the blocks in a language, of the README first, each once."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
    return list(dict.fromkeys(blocks))


MADE = (
    "outputs/baseline/html/index.html",
    "outputs/baseline/tables/06_key_numbers.csv",
    "outputs/grid/",
)
"""By the commands."""
COMMANDS = list(
    dict.fromkeys(line.split("  #")[0].strip() for block in read_blocks("sh") for line in block.splitlines())
)


def test_headline_and_deck_are_those_of_the_baseline(renew, data):
    texts = write_page(read_run("baseline")).set_index("key")["text"]
    lines = textwrap.fill(f"**{texts['headline']}.** {texts['deck']}", 117, break_on_hyphens=False)
    check_part(ROOT / "README.md", "headline", lines, renew)
    check_part(ROOT / "README.md", "series", str(len(list_series(data))), renew)


@pytest.fixture
def publishers():
    with serve() as (_, hosts):
        yield hosts


def test_python_runs_and_prints_what_is_shown(capsys, monkeypatch, publishers, renew):
    dates = pd.date_range("2010-12-31", periods=14, freq="YE")
    panel = [100 / (1 + np.exp(-0.5 * (np.arange(14) - middle))) for middle in (7, 8, 9, 10)]
    names = {"frame": pd.DataFrame(dict(zip(["north", "south", "east", "west"], panel, strict=True)), dates)}
    monkeypatch.setenv("ADOPTION_HOSTS", publishers)

    def run(match):
        exec(compile(match[1], path.name, "exec"), names)
        printed = capsys.readouterr().out
        return f"```python\n{match[1]}```\n\n```text\n{printed}```\n" if match[2] else match[0]

    for path in (ROOT / "README.md", *PAGES):
        check_text(path, PYTHON.sub(run, path.read_text(encoding="utf-8")), renew)


@pytest.mark.slow
def test_commands_do_what_they_are_said_to(tmp_path, publishers):
    """Every command of README and pages, in a project of its own with the files that they show.

    In their order, but those on runs of a sweep last.
    """
    begin_project(tmp_path)
    (tmp_path / "data" / "forecasts.csv").unlink()  # one may be of today
    (tmp_path / "my_series.csv").write_text(read_blocks("csv")[0], encoding="utf-8")
    (tmp_path / "grid.yaml").write_text(read_blocks("yaml")[0], encoding="utf-8")
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(tmp_path / "outputs"), "ADOPTION_HOSTS": publishers}
    made = set()
    commands = sorted((one for one in COMMANDS if one.startswith("adoption ")), key=lambda one: "grid/" in one)
    for command in ["adoption run", *commands]:
        words = [sys.executable, "-m", "adoption_curves", *shlex.split(command)[1:]]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        made |= {name for name in MADE if (tmp_path / name).exists()}  # a run made anew takes its exports with it
    assert made == set(MADE)
    made = {path.parent.name for path in (tmp_path / "outputs").glob("*/run.json")}
    assert made == {"baseline"} | {one.split()[2] for one in COMMANDS if one.startswith("adoption run ")}
    assert (tmp_path / "outputs" / "compare-baseline-autumn2025" / "index.html").is_file()
    made = (tmp_path / "outputs" / "india" / "html" / "made.html").read_text(encoding="utf-8")
    assert f"(CC BY-4.0, retrieved on {pd.Timestamp.now():%Y-%m-%d})" in made


@pytest.mark.slow
def test_the_lines_that_add_the_next_figure_change_the_headline(tmp_path, monkeypatch, capsys):
    folder = begin_project(tmp_path / "project")
    [rows] = [block for block in read_blocks("text") if "cnnic_59" in block]
    for name, row in zip(("sources", "observations", "observations"), rows.splitlines(), strict=True):
        with (folder / "data" / f"{name}.csv").open("a", encoding="utf-8") as file:
            file.write(f"{row}\n")
    monkeypatch.chdir(folder)
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    for words in ("check", "run"):
        assert call(capsys, words)[0] == 0
    rows = pd.read_csv(tmp_path / "outputs" / "baseline" / "tables" / "06_key_numbers.csv").set_index("key")
    assert rows.loc["headline", "text"].startswith("780 million people in China used generative AI in December 2026; ")


def test_every_make_target_exists():
    commands = [*re.findall(r"`(make [^`]+)`", TEXT), *COMMANDS]  # "make" also begins lines of prose
    targets = {command.split()[1] for command in commands if command.startswith("make ")}
    rules = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    assert targets
    assert targets <= rules


def test_named_files_exist():
    named = {*re.findall(r"`((?:data|docs|src|outputs|notebooks|tests)/[\w./-]+)`", TEXT)}
    made = (
        *MADE,
        "docs/_build/",
        "outputs/gallery/",
        "outputs/lab/",
        "outputs/.store",
        "outputs/RUN.edited/",
        "outputs/compare-RUN-RUN/",
        "outputs/SWEEP/",
    )  # the site, and what notebooks write by hand
    assert [name for name in named if not name.startswith(made) and not (ROOT / name).exists()] == []


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
