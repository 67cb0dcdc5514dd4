"""Runs side by side: what differs is found and told, and nothing else is touched."""

import json
import re
import shutil
import xml.etree.ElementTree

import matplotlib as mpl
import pandas as pd
import pytest
from conftest import list_files
from page_faults import Page, find_faults
from processes import call
from reports import DATES, NASTY, make
from snapshots import check_snapshot

from adoption_curves.base.files import hash_file
from adoption_curves.base.folders import lock_folder
from adoption_curves.base.project import RunError, UserError
from adoption_curves.runs.manifest import find_run
from adoption_curves.runs.parameters import ParameterError
from adoption_curves.runs.report import FILES, _Found, compare_runs
from adoption_curves.show.figures.images import draw_images
from adoption_curves.show.figures.several_runs import draw_forecasts, say_forecasts


def compare(*names):
    """Table and page of a report."""
    folder = compare_runs([*names])
    table = pd.read_csv(folder / "comparison.csv", index_col="run", keep_default_na=False)
    return table, Page(folder / "index.html")


def read_forecasts(*names):
    """Forecasts and figures of runs, as the report draws them."""
    found = {name: _Found(name) for name in names}
    past = pd.concat([each.observations.assign(run=name) for name, each in found.items()])
    return pd.concat([each.forecasts for each in found.values()], ignore_index=True), past


def test_a_run_of_few_figures_stands_beside_one_with_a_forecast(outputs):
    """Its table of a forecast has no row, and no ends of a range."""
    make(outputs, "one")
    folder = make(outputs, "few")
    path, record = folder / "tables" / "05_forecast.csv", json.loads((folder / "run.json").read_text())
    path.write_text("date,q0.5,unit\n")
    record["notebooks"]["06_summarise_findings"]["tables"]["05_forecast"]["sha256"] = hash_file(path)
    (folder / "run.json").write_text(json.dumps(record))
    table, page = compare("few", "one")
    assert table["median"].tolist() == ["", "800"]
    assert "<h1>2 runs side by side</h1>" in page.text
    assert "another form" not in page.text


def test_two_runs_become_a_table_a_figure_and_a_page(outputs, capsys):
    make(outputs, "one"), make(outputs, "sweep/two", 900.0, (NASTY, "million people"), horizon_years=3)
    code, out, err = call(capsys, "compare", "one", "sweep/two")
    assert (code, err) == (0, "")
    assert out.strip().endswith("compare-one-sweep-two/index.html")
    folder = outputs / "compare-one-sweep-two"
    assert {path.name for path in folder.iterdir()} == FILES
    table = pd.read_csv(folder / "comparison.csv", index_col="run", keep_default_na=False)
    assert table["horizon_years"].tolist() == [5, 3]
    assert table.loc["sweep/two", ["median", "low", "high", "level", "growth"]].tolist() == [900, 810, 970, 0.8, 90]
    assert set(table["saturation_level"]) == {"not known"}
    assert xml.etree.ElementTree.parse(folder / "comparison.svg").getroot().tag.endswith("svg")
    page = Page(folder / "index.html")
    assert find_faults(folder / "index.html") == []
    rows = re.findall(r'<tr><th scope="row">(.*?)</th>', page.text)
    assert rows == ["forecast", "horizon_years"], "the forecast, and what differs"
    assert "Growth &lt;script&gt;" in page.text
    assert page.text.count('class="chart wide"') == page.text.count('class="chart narrow"') == 1
    assert str(outputs) not in page.text


def test_each_run_is_quoted_at_its_own_level_and_it_is_said_where_they_differ(outputs):
    make(outputs, "one"), make(outputs, "wide", 900.0, levels=[0.5, 0.9]), make(outputs, "other")
    table, page = compare("one", "wide")
    assert table["level"].tolist() == [0.8, 0.9]
    said = "The runs quote ranges of different levels (80% and 90%)"
    assert said in page.text
    forecasts, _ = read_forecasts("one", "wide")
    told = say_forecasts(forecasts)
    assert told.endswith("one says 710 to 870 million people and wide 810 to 970 (80% and 90% ranges)")
    figure = draw_forecasts(forecasts)
    assert figure.key[0].get_label() == "80% and 90% interval"
    assert said not in compare("one", "other")[1].text


def test_the_same_comparison_twice_is_the_same_to_the_byte_and_tells_not_where_own_data_lie(outputs):
    for name, data in (("one", '/home/ann "& co"/heat & pumps.csv'), ("two", "/home/bob/x.csv?unit=percent")):
        path = make(outputs, name) / "run.json"
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "parameters": record["parameters"] | {"data": data}}))
    first, again = (list_files(compare_runs(["one", "two"])) for _ in range(2))
    assert first == again
    assert sorted(path.name for path in outputs.iterdir()) == ["compare-one-two", "one", "two"]
    assert not [name for name, content in first.items() if b"/home" in content]
    assert compare("one", "two")[0]["data"].tolist() == ["heat & pumps.csv", "x.csv (unit: percent)"]
    assert b">heat &amp; pumps.csv</td>" in first["index.html"]


def test_settings_of_matplotlib_change_no_figure(outputs):
    make(outputs, "one"), make(outputs, "two")
    found = read_forecasts("one", "two")

    def draw():
        return dict(draw_images(draw_forecasts(found[0]), "alt", narrow=True))

    usual = draw()
    odd = {"axes.facecolor": "red", "axes.titlepad": 40, "timezone": "Asia/Shanghai", "lines.solid_capstyle": "butt"}
    with mpl.rc_context({**odd, "savefig.facecolor": "red", "pdf.fonttype": 42, "path.sketch": (1, 100, 2)}):
        assert draw() == usual


def test_units_never_share_an_axis(outputs):
    make(outputs, "one"), make(outputs, "two"), make(outputs, "three", 40.0, ("Users", "percent"))
    forecasts, _ = read_forecasts("one", "two", "three")
    figure = draw_forecasts(forecasts)
    texts = [text.get_text().replace("\n", " ") for text in figure.axes[0].texts]
    assert [text for text in texts if text.startswith("Users, ")] == [
        "Users, million people, December 2027",
        "Users, percent, December 2027",
    ]
    assert "2 different things" in say_forecasts(forecasts)


def test_the_sentences_say_what_the_tables_hold(outputs):
    make(outputs, "1", 800.0), make(outputs, "2", 912.0), make(outputs, "late", dates=DATES + pd.Timedelta(days=3))
    forecasts, _ = read_forecasts("1", "2", "late")
    told = say_forecasts(forecasts[forecasts["run"] != "late"])
    assert told == "For December 2027, 1 says 710 to 870 million people and 2 822 to 982 (80% ranges)"
    assert say_forecasts(forecasts[forecasts["run"] != "2"]) == "The 2 runs forecast no date together"
    more = pd.concat([forecasts[forecasts["run"] != "late"], forecasts[forecasts["run"] == "1"].assign(run="3")])
    assert say_forecasts(more) == "Of 3 runs the 80% ranges for December 2027 lie within 710 to 982 million people"
    assert say_forecasts(forecasts[:0]) == ""


def test_other_data_and_code_are_told(outputs):
    one = make(outputs, "one")
    make(outputs, "two", data="2"), make(outputs, "same", data="2")
    (one / "run.json").write_text((one / "run.json").read_text().replace('"source": "aa', '"source": "bb'))
    page = compare("one", "two")[1]
    assert "different versions of the data" in page.text
    assert "different versions of the notebooks" in page.text
    page = compare("two", "same")[1]
    assert "different versions" not in page.text
    assert page.text.count("<tr><th") == 1


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


def test_only_a_comparison_is_replaced(outputs):
    make(outputs, "one"), make(outputs, "two")
    place = outputs / "compare-one-two"
    for name in ("chapter.md", "index.html", "comparison.csv"):
        place.mkdir()
        (place / name).write_text("years of work")
        with pytest.raises(RunError, match=rf"holds {name}, which adoption did not write"):
            compare_runs(["one", "two"])
        assert (place / name).read_text() == "years of work"
        shutil.rmtree(place)
    with lock_folder(place), pytest.raises(RunError, match="Comparison 'compare-one-two' is being made by"):
        compare_runs(["one", "two"])
    for _ in range(2):
        assert compare_runs(["one", "two"]) == place


def test_runs_without_a_forecast_are_compared_too(outputs):
    """Of a series that has fallen the table has a heading alone; of a run that did not get there is none."""
    make(outputs, "one"), make(outputs, "fallen", dates=DATES[:0])
    table, page = compare("one", "fallen")
    assert table["median"].tolist() == ["800", ""]
    assert "<td>none</td>" in page.text
    path = make(outputs, "none") / "run.json"
    record = json.loads(path.read_text())
    del record["notebooks"]["06_summarise_findings"]["tables"]["05_forecast"]
    path.write_text(json.dumps(record))
    folder = compare_runs(["fallen", "none"])
    assert {path.name for path in folder.iterdir()} == {"index.html", "comparison.csv"}


def test_many_runs_have_a_short_name_a_row_each_and_no_figure(outputs):
    names = [f"run-{number}-of-many" for number in range(1, 9)]
    for number, name in enumerate(names, start=1):
        make(outputs, name, 700.0 + number, horizon_years=number)
    folder = compare_runs(names)
    assert len(folder.name) == 64
    assert compare_runs(names[:-1]) != folder
    assert {path.name for path in folder.iterdir()} == {"index.html", "comparison.csv"}
    assert len(pd.read_csv(folder / "comparison.csv")) == 8
    page = Page(folder / "index.html").text
    assert "708 million people (618 to 778)" in page
    assert page.count('<tr><th scope="row">') == 8
    with pytest.raises(ParameterError):
        find_run("a/b/c")
