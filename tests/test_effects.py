"""Each parameter that a notebook declares changes some table or figure of such a notebook; what levels change."""

import re
import shutil
import subprocess
import sys
from os import environ
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import yaml
from conftest import SAMPLE, make_once, run_sequence

from helpers.runs.parameters import Parameters
from helpers.runs.sequence import OF_SERIES

NOTEBOOKS = sorted((Path(__file__).parents[1] / "notebooks").glob("0*.ipynb"))
CHANGED = {
    "indicator": "online_payment_users",
    "bound": "1400",
    "as_of": "2025-10-31",
    "families": ["logistic"],
    "shares": [0.6],
    "horizon_years": 3,
    "levels": [0.9],
}


def list_declared(notebook):
    """Names in the cell of parameters that are typed, but the run's: it only says where the results go."""
    cells = [cell for cell in nbformat.read(notebook, 4).cells if "parameters" in cell.metadata.get("tags", [])]
    return set(re.findall(r"^(\w+) = ", cells[0].source, flags=re.MULTILINE)) - {"run"} - OF_SERIES


DECLARED = {notebook.stem: list_declared(notebook) for notebook in NOTEBOOKS}
NAMES = sorted(set.union(*DECLARED.values()))


@pytest.fixture(scope="session")
def changed_runs(shared):
    """Folder of a sweep that changes one parameter in each run; `other` has other data, `entity` also its country."""

    def make():
        place = shared / "effects"
        data = shutil.copytree(SAMPLE, place / "other", dirs_exist_ok=True)
        table = pd.read_csv(data / "observations.csv", dtype=str, keep_default_na=False)
        china = table["entity"] == "China"
        table.loc[china, "value"] = (0.9 * table.loc[china, "value"].astype(float)).map("{:.2f}".format)
        elsewhere = table[china & table["indicator"].isin(["genai_users", "internet_users"])].assign(entity="Elsewhere")
        elsewhere["value"] = (0.8 * elsewhere["value"].astype(float)).map("{:.2f}".format)
        pd.concat([table, elsewhere]).to_csv(data / "observations.csv", index=False)
        runs = [{"run": name, name: value, "data": str(SAMPLE)} for name, value in CHANGED.items()]
        runs += [{"run": "data", "data": str(data)}, {"run": "entity", "data": str(data), "entity": "Elsewhere"}]
        (place / "effects.yaml").write_text(yaml.safe_dump({"runs": runs}))
        command = [sys.executable, "-m", "helpers", "sweep", str(place / "effects.yaml")]
        environment = {**environ, "ADOPTION_OUTPUTS": str(place)}
        done = subprocess.run(command, env=environment, cwd=place, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    return make_once(shared / "effects" / "effects", make)


@pytest.fixture(scope="session")
def levels_run(whole_run):
    """Folder of a run with other levels alone, which takes what they don't touch from the other's results."""
    outputs, given = whole_run.parent, f"levels: {CHANGED['levels']}"
    return make_once(outputs / "levels", lambda: run_sequence(outputs, "levels", "-y", given))


def read_exhibits(run, numbers, kinds=("tables", "figures")):
    paths = [path for kind in kinds for path in (run / kind).iterdir() if path.suffix in (".csv", ".svg")]
    return {path.name: path.read_bytes() for path in paths if path.name[:2] in numbers}


def test_every_parameter_is_declared_somewhere():
    assert set(NAMES) == set(Parameters.model_fields) - {"run"}


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_declared_parameter_changes_what_its_notebooks_write(changed_runs, whole_run, name):
    numbers = {notebook[:2] for notebook, declared in DECLARED.items() if name in declared}
    usual = read_exhibits(changed_runs / "data" if name == "entity" else whole_run, numbers)
    assert usual
    assert read_exhibits(changed_runs / name, numbers) != usual


def test_levels_change_the_fans_and_no_number_that_was_there(levels_run, whole_run):
    drawn, usual = (read_exhibits(run, {"05"}, ("figures",)) for run in (levels_run, whole_run))
    changed = {f"{name}{form}.svg" for name in ("05_bands", "05_forecast", "05_hindcasts") for form in ("", ".narrow")}
    changed |= {"05_bands.data.csv", "05_forecast.data.csv"}
    assert {name for name in usual if drawn[name] != usual[name]} == changed
    for table in ("05_forecast", "05_bound", "05_hindcasts"):
        made, kept = (pd.read_csv(run / "tables" / f"{table}.csv") for run in (levels_run, whole_run))
        assert set(made) - set(kept) == {"q0.05", "q0.95"}, table
        pd.testing.assert_frame_equal(made[kept.columns], kept, obj=table)


def test_sentences_quote_the_chosen_level(levels_run):
    tables = levels_run / "tables"
    end = pd.read_csv(tables / "05_forecast.csv").query("method == 'combined'").iloc[-1]
    numbers = pd.read_csv(tables / "06_key_numbers.csv").query("key == 'forecast_2030_12'").iloc[0]
    assert (numbers["low"], numbers["high"]) == (end["q0.05"], end["q0.95"])
    assert "(90 % band; " in numbers["text"]
    assert "(90 % band)" in pd.read_csv(tables / "06_findings.csv")["sentence"].iloc[-1]
    statements = pd.read_csv(tables / "05_statements.csv").set_index("topic")["statement"]
    assert "the 90 % band has covered" in statements["calibration"]
    assert "the 90 % band is" in statements["spread"]
    assert set(pd.read_csv(tables / "05_milestones.csv")["level"]) == {0.9}
    page = next((levels_run / "html").glob("05_*.html")).read_text(encoding="utf-8")
    assert "90 % band from" in page
    assert "80 % band" not in page
