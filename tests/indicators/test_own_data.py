"""Own data: a CSV file or a folder without references, from the check to the pages of a run."""

# ruff: noqa: E501  # messages stand whole

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from cells import run_cells
from conftest import SAMPLE
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PathCollection
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import COUNTED
from adoption_curves.base.source import Source
from adoption_curves.indicators.checks import read_unit
from adoption_curves.indicators.own import name_indicator
from adoption_curves.runs import ingredients
from adoption_curves.runs.check_run import check_parameters, list_notes
from adoption_curves.runs.pages import citation
from adoption_curves.runs.parameters import ParameterError, Parameters, complete_parameters, read_parameters
from adoption_curves.runs.runner import run_all

ROOT = Path(__file__).parents[2]
SIX = """date,value
2019-12-31,3.1
2020-12-31,8
2021-12-31,15.5
2022-12-31,27
2023-12-31,39
2024-12-31,48.2
"""
FULL = """date,value,entity,indicator,unit,source,bound
2020-12-31,8,Town,club_members,thousand people,Club yearbook,
2021-12-31,15.5,Town,club_members,thousand people,Club yearbook,exact
2022-12-31,27,Town,club_members,thousand people,https://club.example/2022,at_least
2023-12-31,39,Town,club_members,thousand people,https://club.example/2022,
2020-12-31,90,Town,inhabitants,thousand people,Office,
2023-12-31,96,Town,inhabitants,thousand people,Office,
"""


def write(folder, text, name="my_series.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


def find_problems(path):
    with pytest.raises(indicators.DataError) as caught:
        indicators.load(path)
    return str(caught.value).splitlines()


# The file


def test_six_lines_are_a_series_with_the_projects_references(tmp_path):
    path = write(tmp_path, SIX)
    data = indicators.load(path)
    assert data.own == [("own data", "my_series")]
    series = data.series("own data", "my_series", "100")
    assert list(series.values) == [3.1, 8, 15.5, 27, 39, 48.2]
    assert (series.title, series.unit, series.role) == ("My series", "unit not stated", "target")
    project = indicators.load(ROOT / "data")
    names = [(one.entity, one.indicator, one.values.index[0]) for one in project.references()]
    assert [(one.entity, one.indicator, one.values.index[0]) for one in data.references(series)] == names
    assert indicators.cite_series(data, series) == "Source: my_series.csv."
    used = pd.DataFrame(
        [(one.entity, one.indicator) for one in data.references(series)], columns=["entity", "indicator"]
    )
    assert "CNNIC" in indicators.cite_sources(data, used)


def test_optional_columns_are_read_whatever_their_order(tmp_path):
    rows = list(csv.reader(io.StringIO(FULL)))
    text = "\r\n".join(",".join(["remark", *reversed(row)]) for row in rows)
    data = indicators.load(write(tmp_path, b"\xef\xbb\xbf" + text.encode("utf-8")))
    series = data.series("Town", "club_members", "inhabitants")
    assert list(series.values) == [8000, 15_500, 39_000]
    assert list(series.censored["value"]) == [27_000]
    assert list(series.bound) == [90_000, 96_000]
    assert (series.unit, series.title) == ("people", "Club members")
    used = data.sources[data.sources["source_id"].str.startswith("own_")].set_index("publisher")
    assert set(used["title"]) == {"my_series.csv"}
    assert used.loc["https://club.example/2022", "url"] == "https://club.example/2022"
    assert used.loc["Office", "url"] == ""


def test_percent_is_recognised_however_it_is_written(tmp_path):
    for text in ("%", "percent", "Per cent", "PERCENT", "pct", "percentage"):
        assert read_unit(text) == "percent"
    assert read_unit("% of adults") == "percent of adults"
    assert read_unit("percentile") == "percentile"
    assert read_unit("million people") == "million people"
    lines = SIX.replace("\n", ",%\n").replace("value,%", "value,unit").replace("48.2", "148.2")
    [problem] = find_problems(write(tmp_path, lines))
    assert problem.startswith(
        "my_series.csv, row 7, column value: '148.2' is a percentage above 100; write a value from"
    )


def test_an_indicator_of_the_project_keeps_its_meaning(tmp_path):
    text = "date,value,entity,indicator\n2023-12-31,90,China,genai_users\n2024-12-31,200,China,genai_users\n"
    data = indicators.load(write(tmp_path, text + "2025-12-31,500,China,genai_users\n"))
    series = data.series("China", "genai_users", "internet_users")
    assert list(series.values) == [90e6, 200e6, 500e6]
    assert (series.unit, series.technology) == ("people", "generative AI")
    assert len(data.exact_values("China", "internet_users")) > 40
    assert "generative AI" not in {one.technology for one in data.references(series)}
    compared = run_cells("02", tmp_path, data=str(data.path), entity="China", indicator="genai_users")[0][
        "02_countries"
    ]
    assert "United States" in set(compared["entity"])
    wrong = text.replace("indicator\n", "indicator,unit\n").replace("genai_users\n", "genai_users,%\n")
    [line, _] = find_problems(write(tmp_path, wrong))
    assert line.startswith(
        "my_series.csv, row 2, column unit: 'percent' is not the unit of genai_users, 'million people'"
    )
    [line] = find_problems(write(tmp_path, text.replace("200", "2000")))
    assert line.endswith(
        "'2000' is above its base population_year_end, 1408.28 on 2024-12-31; check value, unit and base"
    )


def test_a_label_keeps_twins_out_of_the_references(tmp_path):
    text = SIX.replace("\n", ",internet\n").replace("value,internet", "value,technology")
    data = indicators.load(write(tmp_path, text))
    left = {one.technology for one in data.references(data.series("own data", "my_series"))}
    assert left
    assert "internet" not in left


def test_own_figures_never_spoil_the_references(tmp_path):
    """An own series of a base population replaces the project's as a bound, not under the references."""
    text = "date,value,entity,indicator\n2001-12-31,10,China,internet_users\n2002-12-31,11,China,internet_users\n"
    data = indicators.load(write(tmp_path, text))
    assert list(data.exact_values("China", "internet_users")) == [10e6, 11e6]
    project = indicators.load(ROOT / "data")
    for ours, theirs in zip(data.references(), project.references(), strict=True):
        pd.testing.assert_series_equal(ours.bound, theirs.bound)


def test_as_of_holds_for_own_data_and_the_references(tmp_path):
    data = indicators.load(write(tmp_path, SIX), as_of="2022-12-31")
    series = data.series("own data", "my_series")
    assert len(series.values) == 4
    assert max(one.values.index[-1] for one in data.references()) <= pd.Timestamp("2022-12-31")
    with pytest.raises(indicators.DataError, match="as_of: '2019-01-01' is before the first figure of my_series"):
        indicators.load(write(tmp_path, SIX), as_of="2019-01-01").series("own data", "my_series")


def test_no_claims_and_an_empty_table_of_them(tmp_path):
    claims = indicators.check_claims(indicators.load(write(tmp_path, SIX)))
    assert list(claims.columns) == list(indicators.check_claims(indicators.load(SAMPLE)).columns)
    assert len(claims) == 0


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=30))
def test_any_file_name_makes_the_name_of_an_indicator(text):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name_indicator(text))


# The folder


def test_a_folder_without_references_takes_the_projects(tmp_path):
    folder = make_folder(tmp_path)
    data = indicators.load(folder)
    assert data.own == [("China", "genai_adoption_rate"), ("China", "genai_users")]
    assert len(data.references(data.series("China", "genai_users"))) > 40
    assert len(data.exact_values("China", "internet_users")) > 40
    assert "genai_use_eurostat" in set(data.indicators["indicator"]), "other countries stay for the comparison"
    assert len(indicators.check_claims(data)) == 0
    (folder / "claims.csv").unlink()
    assert len(indicators.load(folder).claims) == 0


def make_folder(place):
    """A data folder of two series, as someone would cut it out of the sample; its claims are a header."""
    folder = shutil.copytree(SAMPLE, place / "mine")
    for name, keep in (*((one, "indicator") for one in ("observations", "indicators", "wording")), ("claims", None)):
        table = pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)
        kept = table[table[keep].isin(["genai_users", "genai_adoption_rate"])] if keep else table.iloc[:0]
        if name == "indicators":
            kept = kept.assign(base_indicator="")
        kept.to_csv(folder / f"{name}.csv", index=False)
    return folder


def test_a_folder_with_references_stands_alone():
    data = indicators.load(SAMPLE)
    assert not data.is_beside
    assert "us_internet" not in set(data.indicators["indicator"])


def test_every_file_that_is_read_is_in_the_record(tmp_path):
    def hash_data(path):
        return ingredients.hash_data(Source(path))

    path = write(tmp_path, SIX)
    assert set(hash_data(path)) == {"my_series.csv", *(f"data/{one}" for one in hash_data(ROOT / "data"))}
    on_record = {name for name in hash_data(ROOT / "data") if name.startswith("forecasts/")}
    assert len(on_record) > len(list((ROOT / "data" / "forecasts").glob("model-output/*/*.csv"))) > 0
    names = {f"{name}.csv" for name in COUNTED}
    whole = set(hash_data(ROOT / "data"))
    assert set(hash_data(SAMPLE)) == whole - on_record - names | {f"data/{name}" for name in names}
    shutil.copytree(ROOT / "data" / "forecasts", tmp_path / "forecasts")
    assert on_record < set(hash_data(path))
    shutil.rmtree(tmp_path / "forecasts")
    assert "data/observations.csv" in hash_data(make_folder(tmp_path))


# The parameters


def complete(path, **values):
    chosen = complete_parameters(read_parameters({"data": str(path), **values}))
    return chosen.entity, chosen.indicator, chosen.bound


def test_the_only_series_is_chosen_where_none_is_named(tmp_path):
    path = write(tmp_path, SIX)
    assert complete(path) == ("own data", "my_series", "")
    assert complete(path, bound=100) == ("own data", "my_series", "100")
    percent = write(tmp_path, SIX.replace("\n", ",%\n").replace("value,%", "value,unit"), "share.csv")
    assert complete(percent) == ("own data", "share", "100")
    assert complete(percent, bound="") == ("own data", "share", "")
    several = write(tmp_path, FULL, "several.csv")
    assert complete(several, bound="inhabitants") == ("Town", "club_members", "inhabitants")
    assert complete(several, indicator="inhabitants") == ("Town", "inhabitants", "")
    assert complete(make_folder(tmp_path), indicator="genai_adoption_rate") == ("China", "genai_adoption_rate", "100")
    assert complete(SAMPLE) == ("China", "genai_users", "internet_users"), "what is usual stays where it is there"
    assert complete_parameters(Parameters()) == Parameters()


def test_a_series_that_the_file_does_not_hold_is_never_studied(tmp_path):
    """The project's tables stand beside own ones, but are not what was asked for."""
    path = write(tmp_path, FULL, "several.csv")
    for values, message in (
        ({}, "indicator: is not given, and several.csv holds 2: club_members, inhabitants; name one"),
        ({"indicator": "genai_users"}, "indicator: 'genai_users' is not in several.csv; it holds: club_members, inhab"),
        ({"entity": "China"}, "entity: 'China' is not in several.csv; it holds: Town"),
    ):
        with pytest.raises(indicators.DataError) as caught:
            complete(path, **values)
        assert str(caught.value).startswith(message)


def test_a_folder_without_exact_figures_has_nothing_to_study(tmp_path):
    folder = make_folder(tmp_path)
    table = folder / "observations.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",exact,", ",at_least,"), encoding="utf-8")
    with pytest.raises(indicators.DataError, match="data: 'mine' holds no exact figure"):
        complete(folder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"as_of": "2010-01-01"}, "as_of: '2010-01-01' is before the first figure"),
        ({"as_of": "2020-12-31"}, "has 2 exact figures above 0 as known on 2020-12-31; a forecast without"),
        ({"bound": 40}, "is below an observation: my_series is 48.2 on 2024-12-31, the limit 40;"),
        ({"bound": "internet_users"}, "internet_users' is in people; .*a number in units"),
        ({"bound": "internet_user"}, "nearest: internet_users"),
    ],
)
def test_values_are_checked_against_own_data_before_any_kernel(tmp_path, monkeypatch, values, words):
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    chosen = read_parameters({"data": str(write(tmp_path, SIX)), **values})
    with pytest.raises((indicators.DataError, ParameterError), match=words):
        run_all(chosen)
    assert not (tmp_path / "outputs").exists()


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        ("2000", ["limit: 2 million users"]),
        (
            "2e6",
            [
                "limit: 2 billion users",
                "The limit, 2 billion users, is more than 1,000 times the last figure, 1.69 million users",
            ],
        ),
        ("1500", "below an observation: app of China is 1.69 million users on 2023-12-31, the limit 1.5 million users"),
        ("population_year_end", ["limit: Population at the year-end"]),
    ],
)
def test_a_limit_is_read_in_the_unit_of_the_file_and_said_in_words(tmp_path, bound, words):
    head = "Year,Users (thousand users),country\n"
    rows = "".join(
        f"{year},{value},China\n" for year, value in zip(range(2020, 2024), (300, 700, 1200, 1690), strict=True)
    )
    head = head.replace("users)", "people)") if bound == "population_year_end" else head
    chosen = complete_parameters(
        read_parameters({"data": str(write(tmp_path, head + rows, "app.csv")), "bound": bound})
    )
    if isinstance(words, str):
        with pytest.raises(indicators.DataError, match=words):
            check_parameters(chosen)
        return
    data = check_parameters(chosen)
    said = "\n".join(list_notes(data, chosen))
    assert [word for word in words if word not in said] == []
    assert ("more than 1,000 times" in said) == (bound == "2e6")
    series = data.series("China", "app", chosen.bound)
    assert series.values.iloc[-1] == 1.69e6
    assert series.bound.iloc[-1] in (2e6, 2e9, data.exact_values("China", "population_year_end").iloc[-1])


def test_what_only_falls_is_forecast_without_a_curve_and_check_says_so(tmp_path, capsys):
    code, out, _ = call(
        capsys, "check", write(tmp_path, "year,value\n2018,50\n2019,49\n2020,48\n2021,47.5\n", "fixed.csv")
    )
    assert code == 0
    assert "note: fixed never rises above its first figure, 50 on 31 December 2018; no curve says" in out
    assert "own data" not in out
    code, out, _ = call(
        capsys, "check", write(tmp_path, "year,value\n2018,50\n2019,40\n2020,30\n2021,20\n", "fixed.csv")
    )
    assert (code, "Curves of adoption only rise and do not apply" in out) == (0, True)


def test_a_run_of_own_figures_is_cited_without_the_authors_of_the_package(tmp_path, monkeypatch):
    record = {"versions": {"adoption-curves": "1.0"}, "git": None, "subject": {"title": "Club"}}
    own = {"parameters": {"entity": "own data", "indicator": "club", "data": "club.csv"}} | record
    ours = {"parameters": {"entity": "China", "indicator": "club", "data": "data"}} | record
    assert citation.cite_run(own, "mine") == "Adoption Curves 1.0: run 'mine' (Club)."
    assert citation.read_citation(own)[0] == "", "the header names nobody either"
    assert citation.cite_run(ours, "mine").startswith("The Adoption Curves authors (")
    path = tmp_path / "CITATION.cff"
    path.write_text("authors: [{name: Ada Example}]\ndate-released: 2026-01-01\n")
    monkeypatch.setattr(citation, "find_citation", lambda: path)
    assert citation.cite_run(own, "mine") == "Ada Example (2026). Adoption Curves 1.0: run 'mine' (Club)."


# The commands


def test_check_says_what_there_is_or_every_problem(tmp_path, capsys):
    path = write(tmp_path, SIX)
    said = "holds 1 series of 1 entity, 6 exact figures from 2019-12-31 to 2024-12-31; 1 with enough figures for a forecast without an upper limit (3)"
    figures = "first 3.1 on 31 December 2019, last 48.2 on 31 December 2024, highest 48.2 on 31 December 2024"
    told = f"ok: my_series.csv {said}\nunit: not stated; name it with --unit\nfigures: My series: {figures}\n"
    assert call(capsys, "check", path) == (0, told, "")
    units = f"unit: units\nfigures: My series: {figures.replace(' on', ' units on')}\n"
    assert units in call(capsys, "check", path, "--unit", "units")[1]
    write(tmp_path, SIX.replace("2020-12-31", "20x20").replace("27", "many").replace("39", "-39"))
    code, out, err = call(capsys, "check", path)
    assert (code, err) == (1, "")
    assert [line.split(":")[0] for line in out.splitlines()] == [
        f"my_series.csv, row {row}, column {column}" for row, column in ((3, "date"), (5, "value"), (6, "value"))
    ]


def test_check_takes_folders_and_nothing_at_all(tmp_path, capsys, monkeypatch):
    code, out, _ = call(capsys, "check")
    assert code == 0
    assert out.startswith("ok: data holds ")
    folder = make_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call(capsys, "check", "mine")[1].startswith("ok: mine holds 2 series of 1 entity, ")
    (folder / "sources.csv").unlink()
    code, out, _ = call(capsys, "check", "mine")
    assert code == 1
    assert "sources.csv: is missing" in out
    code, out, _ = call(capsys, "check", "nowhere")
    assert code == 1
    assert "does not exist" in out


# The whole sequence


@pytest.fixture(scope="module")
def own_run(tmp_path_factory):
    """A run of all notebooks on a file of six lines, as a person would make it from the file's folder."""
    place = tmp_path_factory.mktemp("own")
    rows = SIX.replace("\n", ",% of members,Club survey\n").replace("% of members,Club survey", "unit,source", 1)
    write(place, rows, "club.csv")
    words = [sys.executable, "-m", "adoption_curves", "run", "club", "-p", "data", "club.csv"]
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(place / "outputs")}
    done = subprocess.run(words, cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return place / "outputs" / "club"


@pytest.mark.slow
def test_a_run_on_an_own_file_tells_its_series_and_its_source(own_run):
    record = json.loads((own_run / "run.json").read_text(encoding="utf-8"))
    chosen = {name: record["parameters"][name] for name in ("entity", "indicator", "bound")}
    assert chosen == {"entity": "own data", "indicator": "club", "bound": "100"}
    assert record["subject"]["unit"] == "percent of members"
    own = [source for source in record["sources"] if source["use"] == "series"]
    assert [(source["publisher"], source["title"]) for source in own] == [("Club survey", "club.csv")]
    page = (own_run / "html" / "index.html").read_text(encoding="utf-8")
    assert re.search("<h1><bdi>Club may reach about .*</bdi></h1>", page)
    page = (own_run / "html" / "made.html").read_text(encoding="utf-8")
    assert "Club survey: club.csv" in page
    assert "-p entity 'own data' -p indicator club -p bound 100" in page.replace("&#39;", "'")
    findings = pd.read_csv(own_run / "tables" / "06_findings.csv")["sentence"]
    assert findings[1].startswith("Club stood at 48.2% in December 2024")
    assert not findings.str.contains("China|CNNIC").any()


@pytest.mark.slow
def test_no_claim_appears_in_a_run_on_an_own_file(own_run):
    assert len(pd.read_csv(own_run / "tables" / "01_claims.csv")) == 0
    page = (own_run / "html" / "01_check_indicators.html").read_text(encoding="utf-8")
    assert "These data bring no claims to check." in page
    assert "602" not in pd.read_csv(own_run / "tables" / "06_key_numbers.csv").to_csv()


@pytest.mark.slow
def test_references_calibrate_a_run_on_an_own_file(own_run):
    references = pd.read_csv(own_run / "tables" / "04_references.csv")
    assert references["technology"].nunique() > 20
    assert len(pd.read_csv(own_run / "tables" / "02_aligned.csv")["indicator"].unique()) > 10


@pytest.mark.slow
def test_small_shares_by_years_from_a_source_with_a_long_name_make_a_whole_run(tmp_path):
    """Data as people have them: no figure reaches 10 %, dates are years, commas are decimal, and the source is a paragraph."""
    source = "Survey of the Office of Everything, " * 30
    shares = dict(zip(range(2015, 2021), (0.4, 1.2, 1.9, 2.8, 4.1, 5.6), strict=True))
    rows = [f"{year};{share};{'a new questionnaire' * (year == 2016)}\n" for year, share in shares.items()]
    write(tmp_path, "Year;Share;break\n" + "".join(rows), "pumps.csv")
    words = ["run", "pumps", "-p", "data", "pumps.csv", "-p", "entity", "Chad", "--unit", "% of homes"]
    words += ["--title", "Heat pumps", "--source", source]
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(tmp_path / "outputs")}
    command = [sys.executable, "-m", "adoption_curves", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "understood: years are read as the last day of each" in done.stderr.splitlines()
    run = tmp_path / "outputs" / "pumps"
    assert pd.read_csv(run / "tables" / "02_growth.csv")["value"].tolist() == [1.2, 1.9, 2.8, 4.1, 5.6]
    findings = pd.read_csv(run / "tables" / "06_findings.csv")["sentence"]
    assert findings[1].startswith("Heat pumps, Chad stood at 5.6% in December 2020")
    page = (run / "html" / "01_check_indicators.html").read_text(encoding="utf-8")
    assert "years are read as the last day of each" in page


@pytest.mark.parametrize("bound", ["inhabitants", ""])
def test_counts_are_described_with_and_without_a_bound(tmp_path, bound):
    data = indicators.load(write(tmp_path, FULL))
    series = data.series("Town", "club_members", bound)
    given = {"data": str(data.path), "entity": "Town", "indicator": "club_members", "bound": bound}
    tables, drawn = run_cells("02", tmp_path, **given)
    assert tables["02_growth"]["share_of_bound"].notna().all() == (bound != "")
    assert (len(tables["02_aligned"]) > 0) == (bound != "")
    assert tables["02_countries"].empty
    assert len(drawn) == 2 + (bound != "")
    assert indicators.cite_series(data, series).startswith("Source: Club yearbook")
    assert ("Office" in indicators.cite_series(data, series)) == (bound == "inhabitants")
    tables, [figure] = run_cells("01", tmp_path, **given)
    assert len(tables["01_observations"]) == 4
    assert sum(len(each.get_offsets()) for each in figure.findobj(PathCollection)) == 6
