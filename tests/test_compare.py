"""Runs side by side: what differs is found and told, and nothing else is touched."""

import json
import time
import xml.etree.ElementTree
from dataclasses import replace

import matplotlib as mpl
import pandas as pd
import pytest
from test_pages import Page

from helpers import __main__ as command
from helpers.base.files import hash_file
from helpers.base.folders import lock_folder
from helpers.base.project import RunError
from helpers.runs.comparison import (
    compare_runs,
    draw_comparison,
    list_differences,
    list_warnings,
    name_comparison,
    read_finished,
    share_words,
)
from helpers.runs.parameters import ParameterError, read_parameters
from helpers.runs.record import find_run
from helpers.show.figures.comparisons import MAX_LINES, draw_forecasts, draw_runs, say_each_median, say_forecasts

NASTY = "<script>alert(1)</script>"
DATES = pd.date_range("2026-06-30", periods=4, freq="6ME")


def make(outputs, name, median=800.0, subject=("Users", "million persons"), dates=DATES, data="1", **values):
    """Write a finished run as the project's notebooks do."""
    folder = outputs / name
    (folder / "tables").mkdir(parents=True)
    parameters = read_parameters({"run": name.split("/")[-1], **values}).model_dump()
    numbers = [("latest", "Users, December 2025", 602.0, "", "", subject[1], "602 users")]
    numbers += [("ceiling", "Where growth ends", "", "", "", subject[1], "not known")]
    numbers += [("growth", f"Growth {NASTY}", median / 10, 5, 9, "percent", "")]
    columns = ["key", "label", "value", "low", "high", "unit", "text"]
    tables = {"06_key_numbers": pd.DataFrame(numbers, columns=columns)}
    forecast = pd.DataFrame({"date": dates, "method": "combined", "q0.1": median - 90, "q0.5": median})
    tables["05_forecast"] = pd.concat([forecast, forecast.assign(method="drift")]).assign(**{"q0.9": median + 70})
    tables["05_forecast"]["unit"] = subject[1]
    tables["01_observations"] = pd.DataFrame(
        {"date": ["2024-12-31", "2025-12-31"], "value": [median / 3, median / 1.3]}
    )
    for table, frame in tables.items():
        frame.to_csv(folder / "tables" / f"{table}.csv", index=False)
    written = {
        table: {"sha256": hash_file(folder / "tables" / f"{table}.csv"), "rows": 1, "columns": {}} for table in tables
    }
    record = {"run": name, "made": "2026-11-26", "main_figure": None, "parameters": parameters, "git": None}
    record |= {"subject": {"title": subject[0], "unit": subject[1]}, "pages": {}, "sources": []}
    summary = {"parameters": {}, "read": {}, "tables": written, "figures": {}, "made_from": {}}
    summary |= {"source": "a" * 64, "key": "a" * 64, "executed": "a" * 64}
    record |= {"notebooks": {"06_summarise_findings": summary}}
    record |= {"data": {"path": "data", "files": {"observations.csv": data * 64}}, "helpers": {}, "versions": {}}
    (folder / "run.json").write_text(json.dumps(record))
    return folder


def call(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        command.main(["compare", *words])
    said = capsys.readouterr()
    assert "Traceback" not in said.err
    return ended.value.code or 0, said.out, said.err


def test_two_runs_become_a_table_a_figure_and_a_page(outputs, capsys):
    make(outputs, "one"), make(outputs, "sweep/two", median=900.0, horizon_years=3)
    code, out, err = call(capsys, "one", "sweep/two")
    assert (code, err) == (0, "")
    assert out.strip().endswith("compare-one-sweep-two/index.html")
    folder = outputs / "compare-one-sweep-two"
    assert {path.name for path in folder.iterdir()} == {
        *("index.html", "comparison.csv", "comparison.png", "comparison.svg", "comparison.pdf")
    }
    table = pd.read_csv(folder / "comparison.csv", keep_default_na=False)
    differing = table[table["differs"]]
    assert set(differing[differing["part"] == "parameter"]["item"]) == {"horizon_years"}
    assert set(differing[differing["part"] == "key number"]["item"]) == {"growth"}
    forecast = table[(table["part"] == "forecast") & (table["run"] == "sweep/two")]
    assert forecast[["value", "low", "high"]].astype(float).to_numpy().tolist() == [[900, 810, 970]] * 4
    assert set(table[table["item"] == "ceiling"]["text"]) == {"not known"}
    assert xml.etree.ElementTree.parse(folder / "comparison.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize("text", ["title " * 500_000, "w" * 3_000_000], ids=["words", "letters"])
def test_long_texts_are_cut_before_anything_is_made_of_them(outputs, capsys, text):
    make(outputs, "one", subject=(text, text)), make(outputs, "two", median=900.0, subject=("Users", "persons"))
    began = time.process_time()
    assert call(capsys, "one", "two")[::2] == (0, "")
    assert time.process_time() - began < 20
    assert (outputs / "compare-one-two" / "index.html").stat().st_size < 1_000_000


def test_halves_of_pairs_are_marks(outputs, capsys):
    make(outputs, "one", subject=("half \ud800", "unit")), make(outputs, "two", subject=("half \udfff", "unit"))
    path = outputs / "one" / "run.json"
    path.write_text(path.read_text().replace('"half ', '"\\udc00 half '))
    assert call(capsys, "one", "two")[::2] == (0, "")
    assert "\N{REPLACEMENT CHARACTER}" in (outputs / "compare-one-two" / "comparison.csv").read_text()


def test_the_page_stands_alone_and_takes_data_as_text(outputs):
    make(outputs, "one"), make(outputs, "two", median=900.0, subject=(NASTY, "million persons"))
    folder = compare_runs(["one", "two"])
    page = Page(folder / "index.html")
    assert all(address.startswith("data:") for address in page.loads)
    assert not {"script", "iframe", "object", "base"} & set(page.tags)
    assert "default-src 'none'" in page.text
    assert "Growth &lt;script&gt;" in page.text
    assert [image["alt"][:22] for image in page.images] == ["Forecasts of one, two."]
    assert all((folder / link).is_file() for link in page.links if not link.startswith("#"))
    assert str(outputs) not in page.text


def test_the_same_comparison_twice_is_the_same_to_the_byte(outputs, tmp_path):
    make(outputs, "one"), make(outputs, "two", median=900.0)
    first = {path.name: path.read_bytes() for path in compare_runs(["one", "two"]).iterdir()}
    again = {path.name: path.read_bytes() for path in compare_runs(["one", "two"]).iterdir()}
    assert first == again
    assert sorted(path.name for path in outputs.iterdir()) == ["compare-one-two", "one", "two"]


def test_a_comparison_does_not_tell_where_own_data_lie(outputs):
    for name, data in (("one", '/home/ann "& co"/heat & pumps.csv'), ("two", "/home/bob/x.csv?unit=percent")):
        path = make(outputs, name) / "run.json"
        record = json.loads(path.read_text())
        path.write_text(json.dumps({**record, "parameters": record["parameters"] | {"data": data}}))
    for path in compare_runs(["one", "two"]).iterdir():
        assert b"/home" not in path.read_bytes(), path
    table = pd.read_csv(outputs / "compare-one-two" / "comparison.csv").set_index("item").loc["data", "text"]
    assert table.tolist() == ["heat & pumps.csv", "x.csv?unit=percent"]
    assert "<td>heat &amp; pumps.csv" in (outputs / "compare-one-two" / "index.html").read_text()


def test_settings_of_matplotlib_change_no_figure(outputs):
    runs = [read_finished(name, make(outputs, name)) for name in ("one", "two")]
    usual = draw_comparison(runs)
    odd = {"axes.facecolor": "red", "axes.titlepad": 40, "timezone": "Asia/Shanghai", "lines.solid_capstyle": "butt"}
    with mpl.rc_context({**odd, "savefig.facecolor": "red", "pdf.fonttype": 42, "path.sketch": (1, 100, 2)}):
        assert draw_comparison(runs) == usual


def test_runs_without_a_forecast_are_compared_too(outputs):
    for name in ("one", "two"):
        path = make(outputs, name) / "run.json"
        record = json.loads(path.read_text())
        del record["notebooks"]["06_summarise_findings"]["tables"]["05_forecast"]
        path.write_text(json.dumps(record))
    folder = compare_runs(["one", "two"])
    assert {path.name for path in folder.iterdir()} == {"index.html", "comparison.csv"}
    assert "None of the runs has a forecast to draw" in (folder / "index.html").read_text()


def test_units_never_share_an_axis(outputs):
    runs = [read_finished(name, make(outputs, name)) for name in ("one", "two")]
    runs.append(read_finished("three", make(outputs, "three", median=40.0, subject=("Users", "percent"))))
    forecasts = [run.forecast for run in runs]
    figure = draw_forecasts(forecasts, "Title", "Source")
    assert [axis.get_title(loc="left") for axis in figure.axes] == ["Users, million persons", "Users, percent"]
    assert figure.axes[1].get_ylim()[1] < 200
    assert b"2 different things" in draw_comparison(runs)[0]["svg"]
    assert [axis.get_title(loc="left") for axis in draw_runs(forecasts[:2] * MAX_LINES, "Many", "Source").axes] == [
        "Users, December 2027, million persons"
    ]


def test_many_runs_are_drawn_without_names_that_overlap(outputs):
    run = read_finished("one", make(outputs, "one")).forecast
    many = [replace(run, name=f"r{place}", groups=(f"horizon_years {place}", "as_of –")) for place in range(90)]
    axis = draw_runs(many, "Many", "Source").axes[0]
    assert [label.get_text() for label in axis.get_yticklabels()] == [
        f"horizon_years {place}" for place in range(0, 90, 3)
    ]
    few = draw_runs(many[:2], "Few", "Source").axes[0]
    assert [label.get_text() for label in few.get_yticklabels()] == [
        "horizon_years 0",
        "as_of –",
        "horizon_years 1",
        "as_of –",
    ]


def test_the_sentences_say_what_the_tables_hold(outputs):
    one, two = (
        read_finished(name, make(outputs, name, value)).forecast for name, value in (("1", 800.0), ("2", 912.0))
    )
    assert (
        say_forecasts([one, two])
        == "For December 2027, 1 says 710 to 870 million persons and 2 822 to 982 (80 % bands)"
    )
    assert say_each_median([one, two]) == "Users, million persons: the medians are 800 in 1, 912 in 2 for December 2027"
    later = read_finished("late", make(outputs, "late", dates=DATES + pd.Timedelta(days=3))).forecast
    assert say_forecasts([one, later]) == "The 2 runs forecast no date together"
    assert share_words(["Growth, from May", "Growth, from June"]) == "Growth, from"


def test_other_data_code_and_edited_tables_are_told(outputs):
    one, two = make(outputs, "one"), make(outputs, "two", data="2")
    (one / "run.json").write_text((one / "run.json").read_text().replace('"source": "aa', '"source": "bb'))
    with (one / "tables" / "06_key_numbers.csv").open("a") as file:
        file.write("edited,Edited,1,,,,\n")
    runs = [read_finished("one", one), read_finished("two", two)]
    told = " ".join(list_warnings(runs))
    assert "different versions of the data" in told
    assert "different versions of the notebooks" in told
    assert "In run one, 06_key_numbers changed after the run was made." in told
    assert list_warnings([runs[1], runs[1]]) == []
    assert not list_differences([runs[1], runs[1]])["differs"].any()


@pytest.mark.parametrize(
    ("names", "code", "message"),
    [
        (["one"], 2, "needs two runs or more"),
        (["one", "one/"], 2, "'one' is named twice"),
        (["one", "../two"], 2, "'../two' is no name of a run"),
        (["one", "nowhere"], 1, "There is no run 'nowhere'. Make it with: adoption run nowhere"),
        (["one", "begun"], 1, "Run 'begun' isn't finished. Make it with: adoption run begun"),
        (["one", "broken"], 1, "run.json of run 'broken' can't be read"),
        (["one", "torn"], 1, "Table 06_key_numbers of run 'torn' can't be read (it has no column label)"),
        (["one", "grid"], 1, "'grid' is a sweep, not a run. Name its runs: grid/RUN"),
    ],
)
def test_mistakes_end_with_a_sentence_and_write_nothing(outputs, capsys, names, code, message):
    make(outputs, "one")
    (outputs / "begun.partial").mkdir()
    (make(outputs, "broken") / "run.json").write_text("{")
    (make(outputs, "torn") / "tables" / "06_key_numbers.csv").write_text("key,value\na,1\n")
    (outputs / "grid").mkdir()
    (outputs / "grid" / "sweep.json").write_text("{}")
    ended, out, err = call(capsys, *names)
    assert (ended, out) == (code, "")
    assert message in err
    assert not list(outputs.glob("compare*"))


def test_only_a_comparison_is_replaced(outputs, tmp_path):
    make(outputs, "one"), make(outputs, "two")
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "index.html").write_text("mine")
    (tmp_path / "thesis" / "chapter.md").write_text("years of work")
    with pytest.raises(RunError, match="doesn't look like a comparison"):
        compare_runs(["one", "two"], into=tmp_path / "thesis")
    with pytest.raises(RunError, match="doesn't look like a comparison"):
        compare_runs(["one", "two"], into=outputs / "one")
    with lock_folder(tmp_path / "new"), pytest.raises(RunError, match="Comparison 'new' is being made by"):
        compare_runs(["one", "two"], into=tmp_path / "new")
    assert (tmp_path / "thesis" / "index.html").read_text() == "mine"
    page = Page(compare_runs(["one", "two"], into=tmp_path / "new") / "index.html")
    assert not any("one" in link for link in page.links), "no way from elsewhere into outputs"


def test_folders_of_comparisons_have_short_names():
    assert name_comparison(["a", "grid/b"]) == "compare-a-grid-b"
    long = [f"run-{number}-of-many" for number in range(30)]
    assert len(name_comparison(long)) == 64
    assert name_comparison(long) != name_comparison(long[:-1])
    with pytest.raises(ParameterError):
        find_run("a/b/c")
