"""What notebooks have made is kept: only what has changed runs again, and a killed or failed run goes on."""

import json
import os
import re
import shutil

import pytest
from conftest import SAMPLE, list_files
from small_notebooks import ALL, write_notebook

from adoption_curves.base.project import RunError
from adoption_curves.runs import steps
from adoption_curves.runs.ingredients import describe_inputs, find_needs, find_notebooks
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.record import read_keys, verify
from adoption_curves.runs.runner import plan_run, run_all
from adoption_curves.runs.steps import _FOLDER, Execution, plan_steps, shrink_store, tidy_store

SLOW = pytest.mark.slow

CHECK, FORECAST, SUMMARY = ALL
SMALL = {"run": "small", "data": str(SAMPLE), "horizon_years": 3}


@pytest.fixture
def place(small_run, tmp_path, monkeypatch):
    """A copy of the small run, its notebooks and the store that a test may change."""
    shutil.copytree(small_run.parents[1] / "notebooks", tmp_path / "notebooks")
    shutil.copytree(small_run.parent, tmp_path / "outputs")
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    return tmp_path


@pytest.fixture
def make(place, capsys):
    """Make the run with these parameters and options; returns what each notebook's line says, by its name."""

    def make_again(given=None, **options):
        run_all(read_parameters({**SMALL, **(given or {})}), place / "notebooks", Execution(**options))
        said = capsys.readouterr().err
        return dict(re.findall(r"^\d/\d (\w+)  (.+)$", said, flags=re.MULTILINE)) or said

    return make_again


def list_run(said):
    """Names of the notebooks that were executed."""
    return {name for name, words in said.items() if words != "unchanged"}


def edit(place, notebook, old, new):
    path = place / "notebooks" / f"{notebook}.ipynb"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_nothing_changed_nothing_runs(place, make):
    before = list_files(place / "outputs" / "small")
    assert make() == "Nothing changed: 3 notebooks and their pages are as they were.\n"
    assert list_files(place / "outputs" / "small") == before


def test_only_notebooks_that_declare_a_parameter_run_when_it_changes(place, make):
    said = make({"horizon_years": 4})
    assert list_run(said) == {FORECAST, SUMMARY}
    assert said[FORECAST].endswith("s (its parameters changed)")
    record = json.loads((place / "outputs" / "small" / "run.json").read_text())
    assert record["parameters"]["horizon_years"] == 4


def test_a_changed_source_runs_and_so_do_its_readers(place, make):
    edit(place, CHECK, "How *long* is the series", "How long is the series")
    said = make()
    assert list_run(said) == {CHECK, FORECAST, SUMMARY}
    assert said[CHECK].endswith("(the notebook changed)")
    assert said[SUMMARY].endswith("(what it reads changed)")


def test_changed_data_run_what_reads_them(place, make):
    data = shutil.copytree(SAMPLE, place / "mine")
    assert list_run(make({"data": str(data)})) == {CHECK, FORECAST, SUMMARY}
    with (data / "observations.csv").open("a", encoding="utf-8") as file:
        file.write("\n")
    assert make({"data": str(data)})[CHECK].endswith("(the data changed)")


@pytest.mark.parametrize(
    "part",
    [
        "tables/05_forecast.csv",
        *(pytest.param(each, marks=SLOW) for each in ["figures/05_forecast.svg", f"notebooks/{FORECAST}.ipynb"]),
    ],
)
def test_a_result_that_was_changed_in_the_run_comes_back_from_the_store(place, make, part):
    path = place / "outputs" / "small" / part
    good = path.read_bytes()
    path.write_bytes(good[: len(good) // 2])
    assert list_run(make()) == set()
    assert path.read_bytes() == good


@pytest.mark.parametrize("damage", ["changed", pytest.param("lost", marks=SLOW), pytest.param("gone", marks=SLOW)])
def test_a_result_that_is_not_whole_in_the_store_is_made_again(place, make, damage):
    (entry,) = {path.parents[1] for path in (place / "outputs" / ".store").glob("*/tables/05_forecast.csv")}
    table = entry / "tables" / "05_forecast.csv"
    good = table.read_bytes()
    if damage == "changed":
        table.write_bytes(good.replace(b"2", b"3", 1))
    elif damage == "lost":
        table.unlink()
    else:
        shutil.rmtree(entry)
    (place / "outputs" / "small" / "tables" / "05_forecast.csv").unlink()
    assert list_run(make()) == {FORECAST}
    assert table.read_bytes() == good


def test_lost_pages_and_records_are_written_again(place, make):
    folder = place / "outputs" / "small"
    good = (folder / "html" / f"{CHECK}.html").read_bytes()
    (folder / "html" / f"{CHECK}.html").unlink()
    assert list_run(make()) == set()
    assert (folder / "html" / f"{CHECK}.html").read_bytes() == good
    (folder / "run.json").write_text("{")
    assert list_run(make()) == set()
    (folder / "notebooks" / f"{CHECK}.json").write_text('{"tables": ')
    assert list_run(make()) == set()


def test_outputs_saved_in_a_notebook_change_nothing(place, make):
    path = place / "notebooks" / f"{CHECK}.ipynb"
    content = json.loads(path.read_text())
    for cell in content["cells"]:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": 7, "outputs": [{"output_type": "stream", "name": "stdout", "text": ["x"]}]}
    path.write_text(json.dumps(content))
    assert make().startswith("Nothing changed")


def test_every_notebook_can_be_made_to_run(place, make):
    before = list_files(place / "outputs" / "small" / "tables")
    assert list_run(make(forced=True)) == {CHECK, FORECAST, SUMMARY}
    assert list_files(place / "outputs" / "small" / "tables") == before


def test_another_run_shares_results_and_has_its_own_name(place, make):
    assert list_run(make({"run": "other"})) == set()
    executed = json.loads((place / "outputs" / "other" / "notebooks" / f"{FORECAST}.ipynb").read_text())
    assert executed["metadata"]["papermill"]["parameters"]["run"] == "other"
    injected = [cell for cell in executed["cells"] if "injected-parameters" in cell["metadata"]["tags"]]
    assert 'run = "other"' in "".join(injected[0]["source"])
    assert make({"run": "other"}).startswith("Nothing changed")
    assert not (place / "outputs" / "other" / "tables" / "01_coverage.csv").samefile(
        place / "outputs" / "small" / "tables" / "01_coverage.csv"
    )


def test_a_failed_attempt_is_gone_on_from(place, make):
    edit(place, CHECK, "How *long* is", "How long is")
    edit(place, FORECAST, "frame = results.read_table", "oops\\nframe = results.read_table")
    with pytest.raises(RunError, match="NameError: name 'oops'"):
        make()
    assert (place / "outputs" / "small.partial" / f"{FORECAST}.ipynb").is_file()
    edit(place, FORECAST, "oops\\n", "")
    assert list_run(make()) == {FORECAST, SUMMARY}, "the first notebook was made by the failed attempt"
    assert not list((place / "outputs").glob("*.partial"))


def test_pdfs_are_drawn_where_they_are_asked_for(place, make):
    folder = place / "outputs" / "small"
    tables = list_files(folder / "tables")
    said = make(pdf=True)
    assert list_run(said) == {CHECK, FORECAST, SUMMARY}
    assert said[CHECK].endswith(" s (the forms of its figures changed)")
    assert {path.name for path in folder.glob("figures/*.pdf")} == {"01_series.pdf", "05_forecast.pdf"}
    assert 'download="01_series.pdf"' in (folder / "html" / f"{CHECK}.html").read_text(encoding="utf-8")
    assert "--pdf</code>" in (folder / "html" / "made.html").read_text(encoding="utf-8")
    assert (make(pdf=True)[:15], verify(folder, place / "notebooks")) == ("Nothing changed", [])
    assert list_run(make()) == set(), "they were made before"
    assert list_files(folder / "tables") == tables
    assert not [page for page in folder.glob("html/*.html") if ".pdf" in page.read_text(encoding="utf-8")]


def test_a_dry_run_tells_what_would_run(place):
    before = list_files(place)
    lines = plan_run(read_parameters({**SMALL, "horizon_years": 4}), notebooks=place / "notebooks")
    assert lines[0] == f"1/3 {CHECK}  unchanged"
    assert lines[1] == f"2/3 {FORECAST}  runs (its parameters changed)"
    assert lines[2] == f"3/3 {SUMMARY}  runs (what it reads changed)"
    assert list_files(place) == before


def test_the_store_keeps_what_runs_name_and_what_was_used_last(place, make):
    outputs = place / "outputs"
    make({"horizon_years": 4})
    needed = read_keys(outputs)
    unused = {path.name for path in (outputs / ".store").iterdir() if len(path.name) == 64} - needed
    assert len(needed) == 3
    assert len(unused) == 2
    assert shrink_store(outputs, needed) == 0
    assert shrink_store(outputs, needed, limit=0) > 0
    assert {path.name for path in (outputs / ".store").iterdir() if len(path.name) == 64} == needed
    assert make({"horizon_years": 4}).startswith("Nothing changed")


def test_the_size_of_the_store_is_asked_once_a_day(tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(steps, "shrink_store", lambda outputs, needed: asked.append(outputs))
    for _ in range(2):
        tidy_store(tmp_path)
    assert len(asked) == 1
    os.utime(tmp_path / _FOLDER / "size-asked", (1, 1))
    tidy_store(tmp_path)
    tidy_store(tmp_path, always=True)
    assert len(asked) == 3


def test_inputs_that_change_meanwhile_are_told(place, make, tmp_path):
    data = shutil.copytree(SAMPLE, place / "mine")
    edit(
        place,
        SUMMARY,
        "import pandas as pd",
        f"open({str(data / 'observations.csv')!r}, 'a').write('\\\\n')\\nimport pandas as pd",
    )
    with pytest.raises(
        RunError, match=r"^The data changed while the run was being made\. Run the same command again\.$"
    ):
        make({"data": str(data)})
    assert (place / "outputs" / "small" / "run.json").exists()


def test_readers_wait_for_the_notebooks_that_they_declare(tmp_path):
    for number in (1, 2, 3):
        write_notebook(tmp_path / f"0{number}_a.ipynb", ["# Writes", {"run": "x"}, f'study = Study("0{number}_a")'])
    write_notebook(tmp_path / "04_two.ipynb", ["# 4", "%time 1", 'study = runs.Study("04_two", reads=["01", "02"])'])
    write_notebook(tmp_path / "06_far.ipynb", ["# 6", 'study = Study("06_far", ["04"])'])
    names = [path.stem for path in find_notebooks(tmp_path)]
    needs = {name: find_needs(tmp_path / f"{name}.ipynb", names[:place]) for place, name in enumerate(names)}
    assert needs == {"01_a": [], "02_a": [], "03_a": [], "04_two": ["01_a", "02_a"], "06_far": ["04_two"]}
    write_notebook(tmp_path / "06_far.ipynb", ["# 6", 'study = Study("06_far", reads=["05"])'])
    with pytest.raises(
        RunError, match="06_far reads tables of notebook 05, which does not run before it; there are 01"
    ):
        find_needs(tmp_path / "06_far.ipynb", names[:4])
    write_notebook(tmp_path / "06_far.ipynb", ["# 6", "study = Study(NAME)"])
    with pytest.raises(
        RunError, match=r'06_far.ipynb computes what it gives to Study; write it out, as in Study\("06_far"'
    ):
        find_notebooks(tmp_path)


def test_a_table_of_a_notebook_that_is_not_declared_is_refused(place, make):
    edit(place, SUMMARY, ', reads=[\\"05\\"]', "")
    with pytest.raises(RunError, match=r'does not say so: write Study\("06_summarise_small", reads=\["05"\]\)'):
        make()


def test_a_copy_of_a_notebook_is_passed_over_with_a_line(place, make):
    """JupyterLab's Duplicate makes such files; so does a person who tries something."""
    before = list_files(place / "outputs" / "small")
    for name in (f"{FORECAST}-Copy1", "07_mine"):
        shutil.copyfile(place / "notebooks" / f"{FORECAST}.ipynb", place / "notebooks" / f"{name}.ipynb")
    said = make()
    assert said.splitlines() == [
        f"{FORECAST}-Copy1.ipynb is passed over: its Study is '{FORECAST}'.",
        f"07_mine.ipynb is passed over: its Study is '{FORECAST}'.",
        "Nothing changed: 3 notebooks and their pages are as they were.",
    ]
    assert list_files(place / "outputs" / "small") == before
    assert plan_run(read_parameters(SMALL), place / "notebooks")[0].startswith(f"{FORECAST}-Copy1.ipynb is passed over")


def test_the_backtest_belongs_to_the_references_and_not_to_the_series():
    """Series that leave out the same technology and agree in having a bound share notebook 4, whatever else differs."""

    def read(**given):
        parameters, sources = read_parameters(given), find_notebooks()
        step = next(
            step
            for name, step in plan_steps(sources, parameters, describe_inputs(parameters, sources)).items()
            if name.startswith("04")
        )
        return {name: value for name, value in step.values.items() if name != "run"}

    usual, internet = read(), {"indicator": "internet_use_itu", "bound": 100}
    assert usual == {"technology": "", "bounded": True, "as_of": "", "data": "data"}
    assert read(run="other", horizon_years=3, levels=[0.9], shares=[0.6]) == usual
    assert read(indicator="genai_adoption_rate", bound=100) == usual
    assert read(bound="") == usual | {"bounded": False}
    assert read(indicator="online_payment_users") == usual | {"technology": "online payment"}
    assert read(entity="Germany", **internet) == read(entity="France", **internet) == usual | {"technology": "internet"}
    assert read(entity="Germany", indicator="genai_use_eurostat", bound=100) == usual
    assert read(as_of="2026-03-01") == usual | {"as_of": "2026-03-01"}


def test_the_backtest_is_not_made_again_because_an_own_file_gained_a_figure(tmp_path):
    """It reads the references alone, and a fourth figure changes nothing that it asks of the series."""
    own, keys = tmp_path / "mine.csv", []
    for years in (4, 5):
        rows = "".join(f"{2019 + year}-06-30,{10 + 8 * year},%\n" for year in range(years))
        own.write_text(f"date,value,unit\n{rows}")
        parameters, sources = complete_parameters(read_parameters({"data": str(own)})), find_notebooks()
        keys.append(
            {
                name: step.key
                for name, step in plan_steps(sources, parameters, describe_inputs(parameters, sources)).items()
            }
        )
    same = [name for name in keys[0] if keys[0][name] == keys[1][name]]
    assert [name[:2] for name in same] == ["04"]


def test_a_forced_notebook_that_came_to_something_else_takes_the_place(place, make):
    edit(place, CHECK, "series.values.rename", "(series.values * __import__('random').random()).rename")
    before = make()
    table = place / "outputs" / "small" / "tables" / "01_coverage.csv"
    first = table.read_bytes()
    assert list_run(before) == {CHECK, FORECAST, SUMMARY}
    assert CHECK in list_run(make(forced=True))
    assert table.read_bytes() != first
