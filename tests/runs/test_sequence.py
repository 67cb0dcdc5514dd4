"""The whole sequence on small data: complete, repeatable, blind to what comes after `as_of`, true to the baseline."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from cells import list_exhibits
from conftest import SAMPLE, list_files, run_sequence

from adoption_curves.runs.ingredients import find_notebooks

ROOT = Path(__file__).parents[2]


def read_parts(folder, *parts):
    return {part: list_files(folder / part) for part in parts}


def test_every_exhibit_is_there(whole_run):
    figures = {path.name.partition(".")[0] for path in (whole_run / "figures").iterdir()}
    assert list_exhibits("draw") - figures == {"06_register"}, "the sample brings no record"
    assert figures | {"06_register"} == list_exhibits("draw")
    assert {path.stem for path in (whole_run / "tables").iterdir()} == list_exhibits("keep", "show")
    assert {path.suffix for path in (whole_run / "figures").iterdir()} == {".png", ".svg", ".csv"}
    assert len(list((whole_run / "html").glob("*.html"))) == 2 + len(find_notebooks())
    empty = {path.stem for path in (whole_run / "tables").iterdir() if not len(pd.read_csv(path))}
    # nothing levels off, a range is given, and the sample has few technologies and no record
    assert empty == {"03_odds", "05_alike", "05_class", "05_middle", "06_register", "06_scores"}


def test_claims_have_their_verdicts(whole_run):
    claims = pd.read_csv(whole_run / "tables" / "01_claims.csv")
    assert len(claims) == 13
    assert set(claims["verdict"]) <= {"consistent", "within rounding", "not checkable"}


def test_the_forecast_s_quantiles_rise_and_its_dates_go_to_2030(whole_run):
    frame = pd.read_csv(whole_run / "tables" / "05_forecast.csv")
    quantiles = frame[[name for name in frame if name.startswith("q0")]].to_numpy()
    assert quantiles.shape[1] >= 7
    assert (quantiles[:, 1:] >= quantiles[:, :-1]).all()
    assert frame["date"].iloc[-1] == "2030-12-31"
    assert set(frame["date"].str[5:]) == {"06-30", "12-31"}


def test_pages_say_what_the_tables_say(whole_run):
    page = (whole_run / "html" / "index.html").read_text(encoding="utf-8")
    findings = pd.read_csv(whole_run / "tables" / "06_findings.csv")["sentence"]
    assert all(sentence[:40] in page for sentence in findings)
    addresses = set(pd.read_csv(whole_run / "tables" / "06_key_numbers.csv")["url"].dropna())
    assert addresses
    assert all(f'href="{address}"' in page for address in addresses)
    summary = (whole_run / "html" / "06_summarise_findings.html").read_text(encoding="utf-8")
    assert all(f'href="{address}"' in summary for address in addresses)
    assert not re.search(r'(src|href)="https?://', "".join(re.findall(r"<(?:img|script|link)[^>]*>", page)))


@pytest.mark.slow
def test_same_inputs_same_bytes_and_later_figures_change_nothing(tmp_path):
    """Two runs as of October 2025: one on the data, one with all that came out later altered."""
    altered = tmp_path / "altered"
    shutil.copytree(SAMPLE, altered)
    table = pd.read_csv(altered / "observations.csv", dtype=str, keep_default_na=False)
    later = table["published"] > "2025-10-31"
    change = table["indicator"].str.startswith(("population", "internet_users")).map({True: 1.01, False: 0.9})
    table.loc[later, "value"] = (table.loc[later, "value"].astype(float) * change).map("{:.2f}".format)
    assert (later & (table["date"] <= "2025-10-31")).any()
    table.to_csv(altered / "observations.csv", index=False)
    first = run_sequence(tmp_path, "one", "-p", "as_of", "2025-10-31")
    second = run_sequence(tmp_path, "two", "-p", "as_of", "2025-10-31", data=altered)
    assert read_parts(first, "tables", "figures") == read_parts(second, "tables", "figures")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The default run."""
    return run_sequence(tmp_path_factory.mktemp("default"), "baseline", data="data")


BY_HAND = """import matplotlib, nbformat, os, sys
os.environ.pop("ADOPTION_RUNNER", None)
for path in sys.argv[1:]:
    matplotlib.rcdefaults()  # as in a kernel of its own
    cells = nbformat.read(path, 4).cells
    names = {}
    for cell in cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, path, "exec"), names)
"""


def run_by_hand(outputs, notebooks):
    """Run notebooks as a person would, one after the other from their own folder; returns what they print."""
    done = subprocess.run(
        [sys.executable, "-c", BY_HAND, *notebooks],
        env={**os.environ, "ADOPTION_OUTPUTS": str(outputs), "MPLBACKEND": "agg"},
        cwd=ROOT / "notebooks",
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
def test_each_notebook_runs_by_hand_in_any_order_after_the_first_run(made, tmp_path):
    """With the defaults, the last one first; no byte of the published run changes, and no number of theirs differs."""
    shutil.copytree(made, tmp_path / "baseline")
    notebooks = sorted(str(path) for path in (ROOT / "notebooks").glob("0*.ipynb"))
    said = run_by_hand(tmp_path, reversed(notebooks)).splitlines()
    assert said[0] == f"By hand: results go to {tmp_path}/lab/baseline/."
    assert f"Table 05_forecast is read from the published run, {tmp_path}/baseline/." in said
    every = [path.name for path in made.iterdir() if path.is_dir()]
    assert read_parts(tmp_path / "baseline", *every) == read_parts(made, *every)
    assert read_parts(tmp_path / "lab" / "baseline", "tables") == read_parts(made, "tables")


@pytest.mark.slow
def test_six_notebooks_by_hand_in_order_make_a_whole_run(made, tmp_path):
    notebooks = sorted(str(path) for path in (ROOT / "notebooks").glob("0*.ipynb"))
    said = run_by_hand(tmp_path, notebooks)
    assert said.count("By hand: ") == len(notebooks)
    assert "from the published run" not in said
    assert read_parts(tmp_path / "lab" / "baseline", "tables", "figures") == read_parts(made, "tables", "figures")
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_plain_papermill_from_anywhere(tmp_path):
    """One notebook, no runner of ours, from a folder that has nothing to do with the project."""
    call_papermill("02_see_adoption", tmp_path)
    (first, *_) = [cell for cell in json.loads((tmp_path / "out.ipynb").read_text())["cells"] if cell.get("outputs")]
    assert first["outputs"][0]["text"] == [f"By hand: results go to {tmp_path}/outputs/lab/plain/.\n"]


@pytest.mark.slow
def test_papermill_s_own_command_takes_each_notebook_in_turn(tmp_path):
    for notebook in sorted((ROOT / "notebooks").glob("0*.ipynb")):
        call_papermill(notebook.stem, tmp_path)


def call_papermill(name, folder):
    """Run a notebook with papermill's command and two parameters; it has written its tables."""
    source = ROOT / "notebooks" / f"{name}.ipynb"
    command = [sys.executable, "-m", "papermill", source, "out.ipynb", "-p", "run", "plain", "-p", "data", SAMPLE]
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(folder / "outputs")}
    done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert [*(folder / "outputs" / "lab" / "plain" / "tables").glob(f"{name[:2]}_*.csv")]
