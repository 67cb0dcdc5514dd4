"""Runs side by side: what differs is found and told, and nothing else is touched."""

import json
import xml.etree.ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from cells import NOTEBOOKS, execute_cells
from conftest import list_files
from page_faults import Page, find_faults
from processes import call
from reports import DATES, NASTY, make
from small_notebooks import write_notebook
from snapshots import check_snapshot

from adoption_curves.base.folders import lock_folder
from adoption_curves.base.project import PROJECT_MARK, RunError, UserError
from adoption_curves.runs.comparison import FILES, _name_comparison, compare_runs
from adoption_curves.runs.parameters import ParameterError, Parameters
from adoption_curves.runs.record import find_run
from adoption_curves.runs.sweep import _Sweep, _write_summary
from adoption_curves.show.figures.comparisons import draw_forecasts, say_forecasts
from adoption_curves.show.figures.images import draw_images


def compare(outputs, *names):
    """Variables of the notebook that compares these runs, its cells run in this process, its table and its figures."""
    variables, drawn = execute_cells(NOTEBOOKS / "compare_runs.ipynb", outputs, {"runs": [*names]})
    table = pd.read_csv(variables["study"].folder / "tables" / "comparison.csv", keep_default_na=False)
    return variables, table, drawn


def test_two_runs_become_a_table_a_figure_and_a_page(outputs, capsys):
    make(outputs, "one"), make(outputs, "sweep/two", 900.0, (NASTY, "million people"), horizon_years=3)
    code, out, err = call(capsys, "compare", "one", "sweep/two")
    assert (code, err) == (0, "")
    assert out.strip().endswith("compare-one-sweep-two/index.html")
    folder = outputs / "compare-one-sweep-two"
    assert {path.name for path in folder.iterdir()} == FILES
    assert pd.read_csv(folder / "comparison.data.csv")["run"].unique().tolist() == ["one", "sweep/two"]
    table = pd.read_csv(folder / "comparison.csv", keep_default_na=False)
    differing = table[table["differs"]]
    assert set(differing[differing["part"] == "parameter"]["item"]) == {"horizon_years"}
    assert set(differing[differing["part"] == "key number"]["item"]) == {"growth"}
    forecast = table[(table["part"] == "forecast") & (table["run"] == "sweep/two")]
    assert forecast[["value", "low", "high"]].astype(float).to_numpy().tolist() == [[900, 810, 970]] * 4
    assert set(forecast["text"]) == {"80% range"}
    assert set(table[table["item"] == "ceiling"]["text"]) == {"not known"}
    assert xml.etree.ElementTree.parse(folder / "comparison.svg").getroot().tag.endswith("svg")
    page = Page(folder / "index.html")
    assert find_faults(folder / "index.html") == []
    assert "Growth &lt;script&gt;" in page.text
    assert page.text.count('class="chart wide"') == page.text.count('class="chart narrow"') == 1
    assert str(outputs) not in page.text


def test_each_run_is_quoted_at_its_own_level_and_it_is_said_where_they_differ(outputs):
    make(outputs, "one"), make(outputs, "wide", 900.0, levels=[0.5, 0.9])
    found, table, [figure] = compare(outputs, "one", "wide")
    assert found["found"]["runs"]["level"].tolist() == [0.8, 0.9]
    forecast = table[table["part"] == "forecast"]
    assert forecast[["run", "text"]].drop_duplicates().to_numpy().tolist() == [
        ["one", "80% range"], ["wide", "90% range"]
    ]  # fmt: skip
    assert "The runs quote ranges of different levels (80% and 90%)" in found["notices"][0]
    told = say_forecasts(found["forecasts"])
    assert told.endswith("one says 710 to 870 million people and wide 810 to 970 (80% and 90% ranges)")
    assert "wide\n90% range" in {text.get_text() for text in figure.axes[0].texts}
    make(outputs, "other")
    assert compare(outputs, "one", "other")[0]["notices"] == []


def test_the_same_comparison_twice_is_the_same_to_the_byte_and_tells_not_where_own_data_lie(outputs):
    for name, data in (("one", '/home/ann "& co"/heat & pumps.csv'), ("two", "/home/bob/x.csv?unit=percent")):
        path = make(outputs, name) / "run.json"
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "parameters": record["parameters"] | {"data": data}}))
    first, again = (list_files(compare_runs(["one", "two"])) for _ in range(2))
    assert first == again
    assert sorted(path.name for path in outputs.iterdir()) == ["compare-one-two", "one", "two"]
    assert not [name for name, content in first.items() if b"/home" in content]
    table = pd.read_csv(outputs / "compare-one-two" / "comparison.csv").set_index("item").loc["data", "text"]
    assert table.tolist() == ["heat & pumps.csv", "x.csv (unit: percent)"]
    assert b">heat &amp; pumps.csv</td>" in first["index.html"]


def test_settings_of_matplotlib_change_no_figure(outputs):
    make(outputs, "one"), make(outputs, "two")
    found, *_ = compare(outputs, "one", "two")

    def draw():
        return dict(draw_images(draw_forecasts(found["forecasts"], found["found"]["observations"]), "alt", narrow=True))

    usual = draw()
    odd = {"axes.facecolor": "red", "axes.titlepad": 40, "timezone": "Asia/Shanghai", "lines.solid_capstyle": "butt"}
    with mpl.rc_context({**odd, "savefig.facecolor": "red", "pdf.fonttype": 42, "path.sketch": (1, 100, 2)}):
        assert draw() == usual


def test_units_never_share_an_axis(outputs):
    make(outputs, "one"), make(outputs, "two"), make(outputs, "three", 40.0, ("Users", "percent"))
    found, _, [figure] = compare(outputs, "one", "two", "three")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Users, million people", "Users, percent"]
    assert figure.axes[1].get_ylim()[1] < 200
    assert "2 different things" in say_forecasts(found["forecasts"])


def test_the_sentences_say_what_the_tables_hold(outputs):
    make(outputs, "1", 800.0), make(outputs, "2", 912.0), make(outputs, "late", dates=DATES + pd.Timedelta(days=3))
    forecasts = compare(outputs, "1", "2", "late")[0]["forecasts"]
    told = say_forecasts(forecasts[forecasts["run"] != "late"])
    assert told == "For December 2027, 1 says 710 to 870 million people and 2 822 to 982 (80% ranges)"
    assert say_forecasts(forecasts[forecasts["run"] != "2"]) == "The 2 runs forecast no date together"
    more = pd.concat([forecasts[forecasts["run"] != "late"], forecasts[forecasts["run"] == "1"].assign(run="3")])
    assert say_forecasts(more) == "The median for December 2027 ranges from 800 to 912 million people across 3 runs"
    assert say_forecasts(forecasts[:0]) == ""


def test_other_data_and_code_are_told(outputs):
    one = make(outputs, "one")
    make(outputs, "two", data="2"), make(outputs, "same", data="2")
    (one / "run.json").write_text((one / "run.json").read_text().replace('"source": "aa', '"source": "bb'))
    told = " ".join(compare(outputs, "one", "two")[0]["notices"])
    assert "different versions of the data" in told
    assert "different versions of the notebooks" in told
    found, table, _ = compare(outputs, "two", "same")
    assert found["notices"] == []
    assert not table["differs"].any()


def test_mistakes_end_with_a_sentence_and_write_nothing(outputs, renew):
    make(outputs, "one")
    (outputs / "begun.partial").mkdir()
    (make(outputs, "broken") / "run.json").write_text("{")
    (make(outputs, "torn") / "tables" / "06_key_numbers.csv").write_text("key,value\na,1\n")
    (outputs / "grid").mkdir()
    (outputs / "grid" / "sweep.json").write_text("{}")

    def refuse(*names):
        with pytest.raises((RunError, UserError)) as caught:
            compare_runs([*names])
        print(caught.value.exit_code, caught.value)

    check_snapshot("compare", {"refuse": refuse}, renew)
    assert not list(outputs.glob("compare*"))


OWN_TABLE = """import pandas as pd
from adoption_curves.runs import comparison

study = comparison.open_comparison(runs)
numbers = comparison.read_runs(runs)[0]["numbers"]
study.keep("comparison", numbers)
try:
    study.keep("other", numbers)
except RuntimeError as error:
    assert str(error).startswith("The name of table 'other' must be 'comparison'"), error
"""


def test_a_project_may_change_the_notebook_and_is_told_where_it_fails(outputs, tmp_path, monkeypatch, capsys):
    make(outputs, "one"), make(outputs, "two")
    (tmp_path / PROJECT_MARK).write_text("")
    monkeypatch.chdir(tmp_path)
    notebook = tmp_path / "notebooks" / "compare_runs.ipynb"
    cells = ["# Mine", {"runs": ["baseline"]}, "## Work"]
    write_notebook(notebook, [*cells, f"assert runs == ['one', 'two'], runs\n1 / 0\n{OWN_TABLE}"])
    code, out, err = call(capsys, "compare", "one", "two")
    assert (code, out) == (1, "")
    assert err.startswith('Notebook compare_runs failed in the part "Work"\n  ZeroDivisionError')
    assert "Executed up to there: outputs/lab/compare_runs.partial.html" in err
    assert not (outputs / "compare-one-two").exists()
    write_notebook(notebook, [*cells, OWN_TABLE])
    assert call(capsys, "compare", "one", "two")[0] == 0
    assert {path.name for path in (outputs / "compare-one-two").iterdir()} == {"index.html", "comparison.csv"}
    assert list((outputs / "lab").iterdir()) == []


def test_only_a_comparison_is_replaced(outputs, tmp_path):
    make(outputs, "one"), make(outputs, "two")
    for name in ("chapter.md", "index.html", "comparison.csv"):
        (tmp_path / name.partition(".")[0]).mkdir()
        theirs = tmp_path / name.partition(".")[0] / name
        theirs.write_text("years of work")
        with pytest.raises(RunError, match=rf"holds {name}, which adoption did not write"):
            compare_runs(["one", "two"], into=theirs.parent)
        assert theirs.read_text() == "years of work"
    with pytest.raises(RunError, match=r"holds run\.json and 3 more, which adoption did not write"):
        compare_runs(["one", "two"], into=outputs / "one")
    with lock_folder(tmp_path / "new"), pytest.raises(RunError, match="Comparison 'new' is being made by"):
        compare_runs(["one", "two"], into=tmp_path / "new")
    for _ in range(2):
        page = Page(compare_runs(["one", "two"], into=tmp_path / "new") / "index.html")
    assert all(link.startswith(("#", "data:")) for link in page.links), "no way from elsewhere into outputs"


def test_runs_without_a_forecast_are_compared_too(outputs):
    """Of a series that has fallen the table has a heading alone; of a run that did not get there is none."""
    make(outputs, "one"), make(outputs, "fallen", dates=DATES[:0])
    found, table, drawn = compare(outputs, "one", "fallen")
    assert (found["failed"], len(drawn)) == ({}, 1)
    assert set(table["run"]) == {"one", "fallen"}
    path = make(outputs, "none") / "run.json"
    record = json.loads(path.read_text())
    del record["notebooks"]["06_summarise_findings"]["tables"]["05_forecast"]
    path.write_text(json.dumps(record))
    folder = compare_runs(["fallen", "none"])
    assert {path.name for path in folder.iterdir()} == {"index.html", "comparison.csv"}
    assert "A figure shows the forecasts of one to six runs" in (folder / "index.html").read_text()


def test_folders_of_comparisons_have_short_names():
    assert _name_comparison(["a", "grid/b"]) == "compare-a-grid-b"
    long = [f"run-{number}-of-many" for number in range(30)]
    assert len(_name_comparison(long)) == 64
    assert _name_comparison(long) != _name_comparison(long[:-1])
    with pytest.raises(ParameterError):
        find_run("a/b/c")


def test_a_sweep_of_more_than_six_runs_has_a_page_and_a_table_without_a_figure(outputs):
    runs = [Parameters(run=f"run-{number}", horizon_years=number) for number in range(1, 9)]
    for run in runs:
        make(outputs, f"grid/{run.run}", 700.0 + run.horizon_years, horizon_years=run.horizon_years)
    with lock_folder(outputs / "grid") as shop:
        _write_summary(_Sweep("grid", "grid.yaml", runs, ("horizon_years",)), outputs / "grid", shop)
    assert {path.name for path in (outputs / "grid").iterdir() if path.is_file()} == {"index.html", "comparison.csv"}
    assert pd.read_csv(outputs / "grid" / "comparison.csv")["run"].nunique() == 8
    assert "708 (618 to 778)" in Page(outputs / "grid" / "index.html").text
