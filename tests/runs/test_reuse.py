"""What notebooks have made is kept: only what has changed runs again, and a killed or failed run goes on."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from conftest import list_files
from small_notebooks import ALL, write_notebook

from adoption_curves.base.project import RunError
from adoption_curves.runs.fingerprint import describe_inputs, find_needs, find_notebooks
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.runner import run_all
from adoption_curves.runs.steps import Execution, plan_steps

CHECK, FORECAST, SUMMARY = ALL
SMALL = {"run": "small", "horizon_years": 3}
NOTHING = "Nothing changed: 3 notebooks and their pages are as they were.\n"


@pytest.fixture
def again(made, here, capsys):
    """Make the run with other parameters and options; returns what each notebook's line says, by its name."""

    def make(given=None, **options):
        run_all(read_parameters({**SMALL, **(given or {})}), here / "notebooks", Execution(**options))
        said = capsys.readouterr().err
        return dict(re.findall(r"^\d/\d (\w+)  (.+)$", said, flags=re.MULTILINE)) or said

    return make


def list_run(said):
    """Names of the notebooks that were executed."""
    return {name for name, words in said.items() if words != "unchanged"}


def edit(here, notebook, old, new):
    path = here / "notebooks" / f"{notebook}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# ---- what runs again


def test_nothing_changed_nothing_runs(made, here, again):
    """Outputs saved in a notebook are no change."""
    before, path = list_files(made), here / "notebooks" / f"{CHECK}.ipynb"
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 7, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]}
    path.write_text(json.dumps(content))
    assert again() == NOTHING
    assert list_files(made) == before


def test_a_run_is_the_same_whether_or_not_its_usual_name_is_said():
    said, unsaid = (describe_inputs(read_parameters(given), find_notebooks()) for given in ({"run": "baseline"}, {}))
    assert said == unsaid


def test_what_finds_nothing_changed_loads_neither_data_nor_numbers(made, here):
    """Whose limit the data have: it was looked up when the run was made."""
    code = "import sys\nfrom pathlib import Path\nfrom adoption_curves.runs.runner import run_all\n"
    code += "from adoption_curves.runs.parameters import read_parameters\n"
    code += f"run_all(read_parameters({SMALL}), Path({str(here / 'notebooks')!r}))\nprint(*sys.modules)"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr == NOTHING
    assert not {"numpy", "pandas", "adoption_curves.indicators"} & {*ended.stdout.split()}


def test_only_notebooks_that_declare_a_parameter_run_when_it_changes(made, again):
    said = again({"horizon_years": 4})
    assert list_run(said) == {FORECAST, SUMMARY}
    assert said[FORECAST].endswith("s (its parameters changed)")
    assert said[SUMMARY].endswith("s (what it reads changed)")
    assert json.loads((made / "run.json").read_text())["parameters"]["horizon_years"] == 4


def test_changed_sources_and_data_run_what_reads_them(here, again):
    edit(here, CHECK, "How *long* is the series", "How long is the series")
    said = again()
    assert list_run(said) == {*ALL}
    assert said[CHECK].endswith("(the notebook changed)")
    assert said[SUMMARY].endswith("(what it reads changed)")
    with (here / "data" / "observations.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert again()[CHECK].endswith("(the data changed)")


def test_what_was_changed_or_lost_in_the_run_is_made_again(made, again):
    """Each result by its notebook, pages without one."""
    parts = {"tables/05_forecast.csv": {FORECAST}, f"notebooks/{FORECAST}.ipynb": {FORECAST}}
    parts |= {f"html/{CHECK}.html": set(), f"notebooks/{CHECK}.json": {CHECK}}
    for part, notebooks in parts.items():
        good = (made / part).read_bytes()
        (made / part).write_bytes(good[: len(good) // 2])
        assert list_run(again()) == notebooks, part
        if not part.startswith("notebooks"):
            assert (made / part).read_bytes() == good
    (made / "run.json").write_text("{")
    assert list_run(again()) == set()


def test_every_notebook_can_be_made_to_run_and_takes_the_place_where_it_came_to_something_else(made, here, again):
    before = list_files(made / "tables")
    assert list_run(again(forced=True)) == {*ALL}
    assert list_files(made / "tables") == before
    edit(here, CHECK, "series.values.rename", "(series.values * __import__('random').random()).rename")
    again()
    first = (made / "tables" / "01_coverage.csv").read_bytes()
    assert CHECK in list_run(again(forced=True))
    assert (made / "tables" / "01_coverage.csv").read_bytes() != first


def test_another_run_shares_results_and_differs_by_its_name_alone(made, again):
    assert list_run(again({"run": "run-2"})) == set()
    other, page = made.with_name("run-2"), f"html/{FORECAST}.html"
    executed = json.loads((other / "notebooks" / f"{FORECAST}.ipynb").read_text())
    assert executed["metadata"]["papermill"]["parameters"]["run"] == "run-2"
    injected = [cell for cell in executed["cells"] if "injected-parameters" in cell["metadata"]["tags"]]
    assert 'run = "run-2"' in "".join(injected[0]["source"])
    assert again({"run": "run-2"}) == NOTHING
    again({"run": "third"})
    second, third = ((run / page).read_text(encoding="utf-8") for run in (other, made.with_name("third")))
    assert '<span class="s2">"run-2"</span>' in second, "among its parameters"
    assert second.replace("run-2", "third") == third
    assert not (other / "tables" / "01_coverage.csv").samefile(made / "tables" / "01_coverage.csv")


def test_a_failed_attempt_is_gone_on_from(made, here, again):
    edit(here, CHECK, "How *long* is", "How long is")
    edit(here, FORECAST, "frame = results.read_table", "oops\\nframe = results.read_table")
    with pytest.raises(RunError, match="NameError: name 'oops'"):
        again()
    assert (made.parent / "small.partial" / "notebooks" / f"{FORECAST}.html").is_file()
    edit(here, FORECAST, "oops\\n", "")
    assert list_run(again()) == {FORECAST, SUMMARY}, "the first notebook was made by the failed attempt"
    assert not list(made.parent.glob("*.partial"))


def test_inputs_that_change_meanwhile_are_told(made, here, again):
    observations = str(here / "data" / "observations.csv")
    edit(here, CHECK, "series = results", f"open({observations!r}, 'a').write('\\\\n')\\nseries = results")
    told = r"^The data changed while the run was being made\. Run the same command again\.$"
    with pytest.raises(RunError, match=told):
        again()
    assert (made / "run.json").exists()
    assert not [*made.with_name("small.partial").glob("notebooks/*.json")], "what it made is not reused"


# ---- which notebooks run


def test_readers_wait_for_the_notebooks_that_they_declare(tmp_path):
    for number in (1, 2, 3):
        write_notebook(tmp_path / f"0{number}_a.ipynb", ["# Writes", {"run": "x"}, f'study = Study("0{number}_a")'])
    write_notebook(tmp_path / "04_two.ipynb", ["# 4", "%time 1", 'study = runs.Study("04_two", reads=["01", "02"])'])
    far = write_notebook(tmp_path / "06_far.ipynb", ["# 6", 'study = Study("06_far", reads=["04"])'])
    names = [path.stem for path in find_notebooks(tmp_path)]
    needs = {name: find_needs(tmp_path / f"{name}.ipynb", names[:place]) for place, name in enumerate(names)}
    assert needs == {"01_a": [], "02_a": [], "03_a": [], "04_two": ["01_a", "02_a"], "06_far": ["04_two"]}
    write_notebook(far, ["# 6", 'study = Study("06_far", reads=["05"])'])
    told = "06_far reads tables of notebook 05, which does not run before it; there are 01"
    with pytest.raises(RunError, match=told):
        find_needs(far, names[:4])
    write_notebook(far, ["# 6", "study = Study(NAME)"])
    told = r'06_far.ipynb computes what it gives to Study; write it out, as in Study\("06_far"'
    with pytest.raises(RunError, match=told):
        find_notebooks(tmp_path)


def test_a_table_of_a_notebook_that_is_not_declared_is_refused(here, again):
    edit(here, SUMMARY, ', reads=[\\"05\\"]', "")
    with pytest.raises(RunError, match=r'does not say so: write Study\("06_summarise_small", reads=\["05"\]\)'):
        again()


def test_a_copy_of_a_notebook_is_passed_over_with_a_line(made, here, again):
    """JupyterLab's Duplicate makes such files; so does a person who tries something."""
    before, copies = list_files(made), (f"{FORECAST}-Copy1", "07_mine")
    for name in copies:
        shutil.copyfile(here / "notebooks" / f"{FORECAST}.ipynb", here / "notebooks" / f"{name}.ipynb")
    lines = [f"{name}.ipynb is passed over: its Study is '{FORECAST}'." for name in copies]
    assert again() == "\n".join([*lines, NOTHING])
    assert list_files(made) == before


def plan(**given):
    """The steps of the project's own notebooks with these parameters, by the notebook's number."""
    parameters, sources = complete_parameters(read_parameters(given)), find_notebooks()
    return {step.name[:2]: step for step in plan_steps(sources, parameters, describe_inputs(parameters, sources))}


def test_the_backtest_belongs_to_the_references_and_not_to_the_series():
    """Series that leave out the same technology and are of one kind share notebook 4, whatever else differs."""

    def read(**given):
        return {name: value for name, value in plan(**given)["04"].values.items() if name != "run"}

    usual, internet = read(), {"indicator": "internet_use_itu", "limit": 100}
    assert usual == {"technology": "", "kind": "limit", "as_of": "", "since": "", "data": "data"}
    assert read(run="other", horizon_years=3, levels=[0.9], shares=[0.6]) == usual
    assert read(indicator="genai_adoption_rate", limit=100) == usual
    assert read(limit="none") == usual
    sold = read(entity="United States", indicator="us_radial_tyres", limit=100)
    assert sold == usual | {"technology": "radial tyres", "kind": "sales"}
    assert read(indicator="online_payment_users") == usual | {"technology": "online payment"}
    assert read(entity="Germany", **internet) == read(entity="France", **internet) == usual | {"technology": "internet"}
    assert read(entity="Germany", indicator="genai_use_eurostat", limit=100) == usual
    assert read(as_of="2026-03-01") == usual | {"as_of": "2026-03-01"}


def test_the_backtest_is_not_made_again_because_an_own_file_gained_a_figure(tmp_path):
    """It reads the references alone, and a fourth figure changes nothing that it asks of the series."""
    own, keys = tmp_path / "mine.csv", []
    for years in (4, 5):
        rows = "".join(f"{2019 + year}-06-30,{10 + 8 * year},%,level\n" for year in range(years))
        own.write_text(f"date,value,unit,measure\n{rows}")
        keys.append({(number, str(step.made_from)) for number, step in plan(data=str(own)).items()})
    assert [number for number, _ in keys[0] & keys[1]] == ["04"]
