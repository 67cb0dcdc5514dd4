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

from adoption_curves.base.files import hash_file, write_file
from adoption_curves.base.folders import WRITTEN, lock_folder
from adoption_curves.base.project import RunError, UserError
from adoption_curves.runs.compare import compare_runs

FILES = {"index.html", "comparison.csv", "comparison.png", "comparison.svg", WRITTEN}


def read(folder):
    """Table and page of a comparison."""
    table = pd.read_csv(folder / "comparison.csv", index_col="run", keep_default_na=False)
    return table, Page(folder / "index.html")


def compare(*names):
    return read(compare_runs([*names])[0])


def change_forecast(run, text):
    """Let a run have another table of forecasts, as if a notebook had written it."""
    path, record = run / "tables" / "05_forecast.csv", json.loads((run / "run.json").read_text())
    path.write_text(text)
    record["notebooks"]["06_summarise_findings"]["files"]["tables/05_forecast.csv"] = hash_file(path)
    (run / "run.json").write_text(json.dumps(record))


def test_two_runs_become_a_table_a_chart_and_a_page(outputs, capsys):
    make(outputs, "one"), make(outputs, "sweep/two", 900.0, (NASTY, "million people"), horizon_years=3)
    for name in ("one", "sweep/two"):
        write_file(outputs / name / "html" / "index.html", b"")
    code, out, err = call(capsys, "compare", "one", "sweep/two")
    assert (code, err) == (0, "")
    assert out.strip().endswith("compare-one-sweep-two/index.html")
    folder = outputs / "compare-one-sweep-two"
    assert {path.name for path in folder.iterdir()} == FILES
    table, page = read(folder)
    assert table["horizon_years"].tolist() == [5, 3]
    numbers = table.loc["sweep/two", ["last_date", "date", "median", "low", "high", "level"]].tolist()
    assert numbers == ["2025-12-31", "2027-12-31", 900, 810, 970, 0.8]
    assert table.loc["one", "last_value"] == pytest.approx(800 / 1.3)
    assert xml.etree.ElementTree.parse(folder / "comparison.svg").getroot().tag.endswith("svg")
    assert find_faults(folder / "index.html") == []
    assert re.findall(r'<th scope="col">(.*?)</th>', page.text) == ["forecast", "horizon_years"], "what differs"
    assert "December 2027: 900 million people (80% interval 810 to 970)" in page.text
    assert page.text.count('<img class="chart" alt="Forecasts of 2 runs for December 2027: medians') == 1
    assert NASTY not in page.text
    assert "../one/html/index.html" in page.links
    assert str(outputs) not in page.text


def test_each_run_is_quoted_at_its_own_level(outputs):
    make(outputs, "one"), make(outputs, "wide", 900.0, levels=[0.5, 0.9])
    table, page = compare("one", "wide")
    assert table["level"].tolist() == [0.8, 0.9]
    assert "(90% interval 810 to 970)" in page.text
    assert "80% and 90% prediction intervals" in page.text


def test_the_first_date_that_a_page_quotes_is_compared_where_all_have_it(outputs):
    make(outputs, "one"), make(outputs, "far", dates=DATES.append(DATES + pd.DateOffset(years=2)))
    assert compare("one", "far")[0]["date"].tolist() == ["2027-12-31"] * 2
    make(outputs, "late", dates=DATES + pd.Timedelta(days=3))
    table, page = compare("one", "late")
    assert table["date"].tolist() == ["2027-12-31", "2028-01-03"]
    assert "January 2028: 800 million people" in page.text


def test_the_same_comparison_twice_is_the_same_to_the_byte_and_tells_not_where_own_data_lie(outputs):
    for name, data in (("one", '/home/ann "& co"/heat & pumps.csv'), ("two", "/home/bob/x.csv?unit=percent")):
        path = make(outputs, name) / "run.json"
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "parameters": record["parameters"] | {"data": data}}))
    odd = {"axes.facecolor": "red", "timezone": "Asia/Shanghai", "savefig.facecolor": "red", "path.sketch": (1, 9, 2)}
    first = list_files(compare_runs(["one", "two"])[0])
    with mpl.rc_context(odd):
        assert list_files(compare_runs(["one", "two"])[0]) == first, "settings of matplotlib change nothing"
    assert sorted(path.name for path in outputs.iterdir()) == ["compare-one-two", "one", "two"]
    assert not [name for name, content in first.items() if b"/home" in content]
    assert compare("one", "two")[0]["data"].tolist() == ["heat & pumps.csv", "x.csv (unit: percent)"]
    assert b">heat &amp; pumps.csv</td>" in first["index.html"]


def test_units_never_share_an_axis(outputs, monkeypatch):
    make(outputs, "one"), make(outputs, "two"), make(outputs, "three", 40.0, ("Users", "percent"))
    drawn = []
    monkeypatch.setattr(
        "adoption_curves.show.figures.images.draw_images", lambda figure, alt: drawn.append(figure) or ()
    )
    with pytest.raises(FileNotFoundError):
        compare_runs(["one", "two", "three"])
    assert [axis.get_xlabel() for axis in drawn[0].axes] == ["Users, million people", "Users, percent"]
    assert drawn[0].axes[1].get_xlim()[1] < 200


def test_other_data_and_code_are_told(outputs):
    make(outputs, "one"), make(outputs, "two", data="2"), make(outputs, "same", data="2")
    make(outputs, "three", sources="b")
    assert "different versions of the data, the notebooks" in compare("one", "two")[1].text
    assert "different versions of the data, the notebooks" in compare("one", "three")[1].text
    page = compare("two", "same")[1]
    assert "different versions" not in page.text


def test_mistakes_end_with_a_sentence_and_write_nothing(outputs, renew):
    make(outputs, "one")
    (outputs / "begun.partial").mkdir()
    (make(outputs, "broken") / "run.json").write_text("{")
    (make(outputs, "torn") / "tables" / "05_forecast.csv").write_text("date,q0.5\n2030-12-31,1\n")
    change_forecast(make(outputs, "other"), "year,median\n2030,1\n")
    (outputs / "link").symlink_to(outputs / "one")
    (outputs / "grid").mkdir()
    (outputs / "grid" / "sweep.json").write_text('{"form": 3}')

    def refuse(*names):
        with pytest.raises((RunError, UserError)) as caught:
            compare_runs([*names])
        print(caught.value.exit_code, str(caught.value).replace(f"{outputs}", "outputs"))

    check_snapshot("compare", {"refuse": refuse}, renew)
    assert not list(outputs.glob("compare*"))


def test_what_a_person_put_or_changed_there_is_kept(outputs, capsys):
    make(outputs, "one"), make(outputs, "two")
    place, edited = outputs / "compare-one-two", ("chapter.md", "comparison.csv", "index.html")
    call(capsys, "compare", "one", "two")
    for name in edited:
        (place / name).write_text("my remark")
    code, _, err = call(capsys, "compare", "one", "two")
    assert (code, len(err.splitlines())) == (0, 1), err
    assert "had files that were edited or written by another release; they are now in" in err
    assert {path.name for path in place.iterdir()} == FILES
    kept = sorted((path.name, path.read_text()) for path in (outputs / "compare-one-two.edited").glob("*/*"))
    assert kept == [(name, "my remark") for name in edited]
    with lock_folder(place), pytest.raises(RunError, match="Comparison 'compare-one-two' is being made by"):
        compare_runs(["one", "two"])
    shutil.rmtree(place)
    place.symlink_to(outputs / "one")
    with pytest.raises(RunError, match=r"compare-one-two is (a link, )?not a folder"):
        compare_runs(["one", "two"])
    assert (outputs / "one" / "run.json").is_file()


def test_runs_without_a_forecast_or_an_interval_are_compared_too(outputs):
    """Of a series that has fallen the table has a heading alone; of a run that did not get there is none."""
    make(outputs, "one"), make(outputs, "fallen", dates=DATES[:0])
    table, page = compare("one", "fallen")
    assert table["median"].tolist() == ["800", ""]
    assert "<td>none</td>" in page.text
    change_forecast(make(outputs, "bare"), "date,q0.5,unit,basis\n2027-12-31,700,million people,untested\n")
    change_forecast(make(outputs, "refuted"), "date,q0.1,q0.5,q0.9,basis\n2027-12-31,1,2,3,refuted\n")
    table, page = compare("bare", "refuted")
    assert table[["median", "low"]].to_numpy().tolist() == [["700", ""], ["", ""]]
    assert "<td>December 2027: 700 million people</td>" in page.text
    path = make(outputs, "none") / "run.json"
    record = json.loads(path.read_text())
    del record["notebooks"]["06_summarise_findings"]["tables"]["05_forecast"]
    path.write_text(json.dumps(record))
    folder, _ = compare_runs(["fallen", "none"])
    assert {path.name for path in folder.iterdir()} == {"index.html", "comparison.csv", WRITTEN}


def test_many_runs_have_a_short_name_and_a_row_each(outputs):
    names = [f"run-{number}-of-many" for number in range(1, 9)]
    for number, name in enumerate(names, start=1):
        make(outputs, name, 700.0 + number, horizon_years=number)
    folder, _ = compare_runs(names)
    assert len(folder.name) == 64
    assert compare_runs(names[:-1])[0] != folder
    table, page = read(folder)
    assert len(table) == page.text.count('<tr><th scope="row">') == 8
    assert "708 million people (80% interval 618 to 778)" in page.text
