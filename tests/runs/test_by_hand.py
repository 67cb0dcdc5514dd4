"""A notebook that someone runs by hand changes nothing of the published run: it works in a folder of outputs/lab/."""

import subprocess
import sys
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from conftest import SAMPLE, list_files, open_as
from nbclient import NotebookClient
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from adoption_curves.base.project import RunError
from adoption_curves.runs.fingerprint import find_notebooks, read_declared
from adoption_curves.runs.pages import export_notebook

WRITER, READER, TABLE = "05_forecast_adoption", "06_summarise_findings", "05_forecast"


@pytest.fixture(autouse=True)
def _by_hand(outputs, monkeypatch):
    monkeypatch.delenv("ADOPTION_RUNNER", raising=False)


def write(number, **values):
    open_as(WRITER, **values).keep(TABLE, pd.DataFrame({"number": [number]}))


def read(**values):
    return int(open_as(READER, **values).read_table(TABLE)["number"].iloc[0])


@pytest.fixture
def published(outputs, monkeypatch):
    """A run whose table holds 1, made with levels [0.5]."""
    with monkeypatch.context() as patch:
        patch.setenv("ADOPTION_RUNNER", "1")
        write(1, levels=[0.5])
    return outputs / "mine"


def test_by_hand_never_writes_into_the_published_run_and_says_where(published, outputs, capsys, monkeypatch):
    before = list_files(published)
    write(2, levels=[0.8])
    assert capsys.readouterr().out == f"By hand: results go to {outputs}/lab/mine/.\n"
    assert read(levels=[0.8]) == 2
    assert "published" not in capsys.readouterr().out
    assert list_files(published) == before
    assert (outputs / "lab" / "mine" / "tables" / f"{TABLE}.csv").is_file()
    monkeypatch.setenv("ADOPTION_RUNNER", "1")
    assert read(levels=[0.5]) == 1
    assert capsys.readouterr().out == "", "a run tells nothing of it"


def test_tables_come_from_the_published_run_where_none_by_hand_was_made_with_the_same_values(published, capsys):
    words = f"Table {TABLE} is read from {published}/.\n"
    assert read(levels=[0.5]) == 1
    assert capsys.readouterr().out.endswith(words)
    write(2, levels=[0.8])
    capsys.readouterr()
    assert read(levels=[0.5]) == 1
    assert capsys.readouterr().out.endswith(words)
    assert read(levels=[0.8]) == 2


def test_all_parameters_that_differ_are_named_with_what_to_write(published):
    series = {"entity": "Germany", "indicator": "internet_use_itu", "limit": 100}
    write(2, entity="China", indicator="genai_users", limit="internet_users", levels=[0.8])
    with pytest.raises(RunError) as caught:
        read(**series, levels=[0.8])
    differs = "with entity = 'China', but this notebook has entity = 'Germany'; with indicator = 'genai_users', but "
    assert differs in str(caught.value)
    command = "adoption run NAME -p entity Germany -p indicator internet_use_itu -p limit 100 -p levels '[0.8]'"
    assert str(caught.value).endswith(f'write run = "NAME" here: {command}')


ACROSS = [source for source in find_notebooks() if "across" in read_declared(source)]
"""They do not apply to data without a list of countries, such as an own file and the sample."""
YEARS = enumerate((2, 5, 11, 19, 30, 40, 47, 51), 2014)
OWN = "date,value\n" + "".join(f"{year}-12-31,{value}\n" for year, value in YEARS)


@pytest.mark.slow
def test_an_own_file_by_hand_with_jupyterlab_s_run_all_and_export(outputs, tmp_path, monkeypatch):
    """All notebooks as JupyterLab runs them, and their pages."""
    (tmp_path / "mine.csv").write_text(OWN)
    monkeypatch.chdir(tmp_path)
    tables = outputs / "lab" / "baseline-own-data-mine" / "tables"
    data = f"{tmp_path}/mine.csv?unit=percent&measure=level"
    given = {"data": data, "entity": "own data", "indicator": "mine", "limit": 100}
    for source in [one for one in find_notebooks() if one not in ACROSS]:
        copy, declared = tmp_path / source.name, read_declared(source)
        values = {name: value for name, value in given.items() if name in declared}
        notebook = parameterize_notebook(load_notebook_node(str(source)), values)
        client = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}})
        nbformat.write(client.execute(), copy)
        assert "Traceback" not in export_notebook(copy)[0].read_text(encoding="utf-8")
    findings = (tables / "06_key_numbers.csv").read_text()
    assert ("51" in findings, "generative AI" in findings) == (True, False)


@pytest.mark.slow
def test_papermill_and_nbconvert_take_each_notebook(outputs, tmp_path, monkeypatch, whole_run):
    """By their own commands, each after those that it reads; results go to the lab, and are those of a run."""
    monkeypatch.chdir(tmp_path)
    programs = Path(sys.executable).parent
    for source in find_notebooks():
        given = ["-p", "run", "world"] if source in ACROSS else ["-p", "data", SAMPLE]
        words = [programs / "papermill", "--no-progress-bar", source, source.name, *given]
        done = subprocess.run(words, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr[-2000:]
        subprocess.run(
            [programs / "jupyter", "nbconvert", "--to", "html", source.name], check=True, capture_output=True
        )
        assert "Traceback" not in (tmp_path / f"{source.stem}.html").read_text(encoding="utf-8")
    for part in ("tables", "figures"):
        assert list_files(outputs / "lab" / "baseline" / part) == list_files(whole_run / part), part


def test_own_data_by_hand_need_their_series_named(outputs, tmp_path):
    """Papermill passes only what it is given: the rest are the project's defaults, of another series."""
    (tmp_path / "mine.csv").write_text(OWN)
    data = f"{tmp_path}/mine.csv?unit=percent&measure=level"
    usual = {"entity": "China", "indicator": "genai_users"}  # the limit is that of the data in both
    with pytest.raises(RunError, match=r"another series than that of .* -p entity 'own data' -p indicator mine$"):
        open_as(WRITER, data=data, **usual)
    study = open_as(WRITER, data=data, entity="own data", indicator="mine", limit=100)
    assert study.series.values.tolist()[-1] == 51


def test_another_series_has_a_folder_of_its_own_and_reads_those_of_the_run_too(published, outputs, capsys):
    """Notebook 4 has no series: its tables are those of the run, by hand or published."""
    germany = {"entity": "Germany", "indicator": "internet_use_itu"}
    write(2, **germany, levels=[0.5])
    write(3, levels=[0.5])
    open_as("04_score_forecasts").keep("04_scores", pd.DataFrame({"a": [1]}))
    capsys.readouterr()
    assert {path.name for path in (outputs / "lab").iterdir()} == {"mine", "mine-germany-internet_use_itu"}
    assert (read(**germany, levels=[0.5]), read(levels=[0.5])) == (2, 3)
    assert len(open_as(READER, **germany).read_table("04_scores")) == 1
    assert capsys.readouterr().out.endswith(f"Table 04_scores is read from {outputs}/lab/mine/.\n")
