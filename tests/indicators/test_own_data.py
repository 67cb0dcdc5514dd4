"""Own data: a CSV file or a folder without references, from the check to the pages of a run."""

import json
import os
import re
import shutil
import subprocess
import sys
from html import unescape
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
from adoption_curves.base.project import COUNTED, Source
from adoption_curves.indicators.user_file import name_indicator
from adoption_curves.runs import fingerprint
from adoption_curves.runs.check_series import check_parameters, list_notes
from adoption_curves.runs.parameters import ParameterError, Parameters, complete_parameters, read_parameters
from adoption_curves.runs.runner import run_all

ROOT = Path(__file__).parents[2]
SIX = """date,value,unit,measure
2019-12-31,3.1,people,level
2020-12-31,8,people,level
2021-12-31,15.5,people,level
2022-12-31,27,people,level
2023-12-31,39,people,level
2024-12-31,48.2,people,level
"""
SHARE = SIX.replace("people", "% of members")
FULL = """date,value,entity,indicator,unit,measure,source,qualifier
2020-12-31,8,Town,club_members,thousand people,level,Club yearbook,
2021-12-31,15.5,Town,club_members,thousand people,level,Club yearbook,exact
2022-12-31,27,Town,club_members,thousand people,level,https://club.example/2022,at_least
2023-12-31,39,Town,club_members,thousand people,level,https://club.example/2022,
2020-12-31,90,Town,inhabitants,thousand people,level,Office,
2023-12-31,96,Town,inhabitants,thousand people,level,Office,
"""


def write(folder, text, name="my_series.csv"):
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return path


# The file


def test_six_lines_are_a_series_with_the_projects_references(tmp_path):
    path = write(tmp_path, SIX)
    data = indicators.load(path)
    assert data.own == [("own data", "my_series")]
    series = data.series("own data", "my_series", "100")
    assert list(series.values) == [3.1, 8, 15.5, 27, 39, 48.2]
    assert (series.title, series.unit, series.role) == ("Own values", "people", "target")
    project = indicators.load(ROOT / "data")
    names = [(one.entity, one.indicator, one.values.index[0]) for one in project.references()]
    assert [(one.entity, one.indicator, one.values.index[0]) for one in data.references(series)] == names
    assert indicators.cite_series(data, series) == "Source: the file my_series.csv."
    used = pd.DataFrame(names, columns=["entity", "indicator", "first"])
    assert "CNNIC" in indicators.cite_sources(data, used)
    claims = indicators.check_claims(data)
    assert (len(claims), [*claims]) == (0, [*indicators.check_claims(indicators.load(SAMPLE))])


@pytest.mark.parametrize("name", ["genai_users", "internet_users"])
def test_a_file_takes_nothing_from_an_indicator_of_the_project_by_its_name(tmp_path, name):
    rows = "2023-12-31,90,China\n2024-12-31,2000,China\n2025-12-31,2500,China\n"
    path = write(tmp_path, f"date,value,entity\n{rows}", f"{name}.csv")
    data = indicators.load(Source(path, {"unit": "million people", "measure": "level"}))
    entry = data.find_entry(name)
    assert (entry.title, entry.measure, entry.base_indicator, entry.breaks) == ("Own values", "level", "", "")
    assert complete(data.path, data_source=str(Source(path, {"unit": "people", "measure": "level"})))[2] == "none"
    series = data.series("China", name)
    assert (series.values.tolist(), series.limit, series.errors) == ([90, 2000, 2500], None, None)
    compared = indicators.compare_entities(data, "generative AI")
    assert "United States" in set(compared["entity"])


def test_a_label_keeps_twins_out_of_the_references(tmp_path):
    text = SIX.replace("\n", ",internet\n").replace("measure,internet", "measure,technology")
    data = indicators.load(write(tmp_path, text))
    left = {one.technology for one in data.references(data.series("own data", "my_series"))}
    assert left
    assert "internet" not in left


def test_own_figures_never_spoil_the_references(tmp_path):
    """An own series of a base population replaces the project's as a limit, not under the references."""
    text = "date,value,entity,indicator,unit,measure\n"
    text += "2001-12-31,10,China,internet_users,people,level\n2002-12-31,11,China,internet_users,people,level\n"
    data = indicators.load(write(tmp_path, text))
    assert list(data.exact_values("China", "internet_users")) == [10, 11]
    project = indicators.load(ROOT / "data")
    for ours, theirs in zip(data.references(), project.references(), strict=True):
        pd.testing.assert_series_equal(ours.limit.values, theirs.limit.values)


def test_as_of_holds_for_own_data_and_the_references(tmp_path):
    data = indicators.load(write(tmp_path, SIX), as_of="2022-12-31")
    series = data.series("own data", "my_series")
    assert len(series.values) == 4
    assert max(one.values.index[-1] for one in data.references()) <= pd.Timestamp("2022-12-31")
    with pytest.raises(indicators.DataError, match="as_of: '2019-01-01' is before the first observation of my_series"):
        indicators.load(write(tmp_path, SIX), as_of="2019-01-01").series("own data", "my_series")


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


def test_every_file_that_is_read_is_in_the_record(tmp_path):
    def hash_data(path):
        return fingerprint.hash_data(Source(path))

    path = write(tmp_path, SIX)
    assert set(hash_data(path)) == {"my_series.csv", *(f"data/{one}" for one in hash_data(ROOT / "data"))}
    names = {f"{name}.csv" for name in COUNTED}
    whole = set(hash_data(ROOT / "data"))
    assert set(hash_data(SAMPLE)) == whole - names | {f"data/{name}" for name in names}
    register = write(tmp_path, "day,rain\n", "forecasts.csv")
    assert "forecasts.csv" not in hash_data(path)
    shutil.copyfile(ROOT / "data" / "forecasts.csv", register)
    assert "forecasts.csv" in hash_data(path)
    register.unlink()
    assert "data/observations.csv" in hash_data(make_folder(tmp_path))


# The parameters


def complete(path, **values):
    parameters = complete_parameters(read_parameters({"data": values.pop("data_source", str(path)), **values}))
    return parameters.entity, parameters.indicator, parameters.limit


def test_the_only_series_is_chosen_where_none_is_named(tmp_path):
    path = write(tmp_path, SIX)
    assert complete(path) == ("own data", "my_series", "none")
    assert complete(path, limit=100) == ("own data", "my_series", "100")
    percent = write(tmp_path, SHARE, "share.csv")
    assert complete(percent) == ("own data", "share", "100")
    assert complete(percent, limit="") == ("own data", "share", "100"), "that of the data"
    assert complete(percent, limit="none") == ("own data", "share", "none")
    several = write(tmp_path, FULL, "several.csv")
    assert complete(several, limit="inhabitants") == ("Town", "club_members", "inhabitants")
    assert complete(several, indicator="inhabitants") == ("Town", "inhabitants", "none")
    assert complete(make_folder(tmp_path), indicator="genai_adoption_rate") == ("China", "genai_adoption_rate", "100")
    assert complete(SAMPLE) == ("China", "genai_users", "internet_users"), "what is usual stays where it is there"
    assert complete_parameters(Parameters()) == Parameters(limit="internet_users")


def test_a_series_that_the_file_does_not_hold_is_never_studied(tmp_path):
    """The project's tables stand beside own ones, but are not what was asked for."""
    path = write(tmp_path, FULL, "several.csv")
    for values, message in (
        ({}, "indicator: is not given, and several.csv holds 2: club_members, inhabitants; name one"),
        ({"indicator": "genai_users"}, "indicator: 'genai_users' is not in several.csv; there is: club_members, inhab"),
        ({"entity": "China"}, "entity: 'China' is not in several.csv; there is: Town"),
    ):
        with pytest.raises(indicators.DataError) as caught:
            complete(path, **values)
        assert str(caught.value).startswith(message)


def test_a_folder_without_exact_figures_has_nothing_to_study(tmp_path):
    folder = make_folder(tmp_path)
    table = folder / "observations.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",exact,", ",at_least,"), encoding="utf-8")
    with pytest.raises(indicators.DataError, match="data: 'mine' holds no exact observation"):
        complete(folder)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"limit": 40}, "is below an observation: my_series is 48.2 people on 2024-12-31, the limit 40 people;"),
        ({"limit": "internet_users"}, "internet_users' is in million people; .*a number in people"),
        ({"limit": "internet_user"}, "nearest: internet_users"),
    ],
)
def test_values_are_checked_against_own_data_before_any_kernel(tmp_path, monkeypatch, values, words):
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path / "outputs"))
    parameters = read_parameters({"data": str(write(tmp_path, SIX)), **values})
    with pytest.raises((indicators.DataError, ParameterError), match=words):
        run_all(parameters)
    assert not list((tmp_path / "outputs").rglob("*")), "no notebook was begun"


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("2000", "the limit is 2,000 thousand people, as asked."),
        ("", "no limit. Without one a forecast has only a median. Pass -p"),
        ("none", "highest 1,690 thousand people in December 2023."),
        ("none", "'germany' names only the run, of own data; write -p entity 'Germany' for that one."),
    ],
)
def test_a_limit_is_read_in_the_unit_of_the_file_and_said_as_printed(tmp_path, limit, words):
    path = write(tmp_path, "Year,Users\n2020,300\n2021,700\n2022,1200\n2023,1690\n", "app.csv")
    values = {
        "data": str(Source(path, {"unit": "thousand people", "measure": "level"})),
        "limit": limit,
        "run": "germany",
    }
    parameters = complete_parameters(read_parameters(values))
    data = check_parameters(parameters)
    assert words in "\n".join(list_notes(data, parameters))
    parameters = complete_parameters(read_parameters(values | {"limit": 1500}))
    with pytest.raises(indicators.DataError, match="is 1,690 thousand people on 2023-12-31, the limit 1,500 thousand"):
        check_parameters(parameters)


# The commands

WITHOUT = "Without one a forecast has only a median. Pass -p limit N, the largest possible value, to get"


def test_check_says_what_there_is(tmp_path, capsys):
    path = write(tmp_path, "date,value\n2019-12-31,3.1\n2020-12-31,8\n2021-12-31,15.5\n")
    code, out, err = call(capsys, "check", path, "--unit", "people", "--measure", "level")
    figures = "3.1 people in December 2019, last 15.5 people in December 2021, highest 15.5 people in December"
    assert (code, err, out.splitlines()) == (0, "", [
        "OK: my_series.csv has 1 series of 1 entity, 3 exact observations from 2019-12-31 to 2021-12-31",
        'In the file: values "value", dates "date".',
        "2021-12-31 (date) is 31 December 2021.",
        "Without --title no sentence of the run can be quoted, because nobody has said what is counted.",
        f"Own values: first {figures} 2021.",
        f"Own values: no limit. {WITHOUT} prediction intervals.",
        f"adoption run my_series -p data {path} --unit people --measure level",
    ])  # fmt: skip


def test_check_takes_folders_and_nothing_at_all(tmp_path, capsys, monkeypatch):
    code, out, _ = call(capsys, "check")
    assert code == 0
    assert out.startswith("OK: data has ")
    folder = make_folder(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert call(capsys, "check", "mine")[1].startswith("OK: mine has 2 series of 1 entity, ")
    (folder / "sources.csv").unlink()
    code, out, _ = call(capsys, "check", "mine")
    assert code == 1
    assert "sources.csv: is missing" in out
    code, out, _ = call(capsys, "check", "nowhere")
    assert code == 1
    assert f"data: 'nowhere' file or folder does not exist (looked in {tmp_path})" in out


# The whole sequence


@pytest.mark.slow
def test_a_run_on_an_own_file_tells_its_series_and_its_source_and_nothing_of_china(tmp_path):
    """All notebooks on a file of six lines, as a person would run them from the file's folder."""
    rows = SHARE.replace("\n", ",Club survey\n").replace("Club survey", "source", 1)
    write(tmp_path, rows, "club.csv")
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(tmp_path / "outputs")}

    def adoption(*words):
        words = [sys.executable, "-m", "adoption_curves", *words, "--title", "Club"]
        done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    said = adoption("run", "club", "-p", "data", "club.csv").stderr.splitlines()
    _, *checked, command = adoption("check", "club.csv").stdout.splitlines()
    assert command == "adoption run club -p data club.csv --title Club"
    assert set(checked) <= set(said), "the run says what check says"
    own_run = tmp_path / "outputs" / "club"
    index, made = (
        unescape((own_run / "html" / f"{name}.html").read_text(encoding="utf-8")) for name in ("index", "made")
    )
    assert all(line.replace(",", "") in index.replace(",", "") for line in checked)
    assert "Club survey: club.csv" in made
    assert "-p entity 'own data' -p indicator club -p limit 100" in made
    record = json.loads((own_run / "run.json").read_text(encoding="utf-8"))
    parameters = {name: record["parameters"][name] for name in ("entity", "indicator", "limit")}
    assert parameters == {"entity": "own data", "indicator": "club", "limit": "100"}
    own = [source for source in record["sources"] if source["use"] == "series"]
    assert [(source["publisher"], source["title"]) for source in own] == [("Club survey", "club.csv")]
    findings = pd.read_csv(own_run / "tables" / "06_key_numbers.csv")["text"].astype(str)
    assert findings[0].startswith("Club: ")
    assert "48.2%" in " ".join(findings)
    assert not findings.str.contains("China|CNNIC|602").any()
    assert pd.read_csv(own_run / "tables" / "01_claims.csv").empty


@pytest.mark.parametrize("limit", ["inhabitants", ""])
def test_counts_are_described_with_and_without_a_limit(tmp_path, limit):
    data = indicators.load(write(tmp_path, FULL))
    series = data.series("Town", "club_members", limit)
    values = {"data": str(data.path), "entity": "Town", "indicator": "club_members", "limit": limit}
    tables, drawn = run_cells("02", tmp_path, **values)
    assert tables["02_growth"]["share_of_limit"].notna().all() == (limit != "")
    assert (len(tables["02_aligned"]) > 0) == (limit != "")
    assert tables["02_countries"].empty
    assert len(drawn) == 2 + (limit != "")
    assert indicators.cite_series(data, series).startswith("Source: Club yearbook")
    assert ("Office" in indicators.cite_series(data, series)) == (limit == "inhabitants")
    tables, [figure] = run_cells("01", tmp_path, **values)
    assert len(tables["01_observations"]) == 4
    assert sum(len(each.get_offsets()) for each in figure.findobj(PathCollection)) == 6


@pytest.mark.parametrize(
    ("rest", "values", "earlier"),
    [
        ("at_least,", 4, 0),
        ("at_least,another question", 0, 4),
        ("at_most,", 4, 0),
        ("exact,another question", 1, 4),
    ],
)
def test_a_file_may_have_limits_and_breaks_and_values_that_are_not_exact(tmp_path, rest, values, earlier):
    rows = f"2019,0,,,60\n2020,19,,,60\n2021,31,,,60\n2022,40,,,60\n2023,50,{rest},60\n"
    path = write(tmp_path, "date,value,qualifier,break,limit\n" + rows)
    options = {"unit": "% of homes", "measure": "level", "limit-column": "limit"}
    series = indicators.load(Source(path, options)).series("own data", "my_series")
    assert series.limit.title == "The limit in my_series.csv"
    assert series.limit.at(series.dates).tolist() == [60] * len(series.dates)
    assert (len(series.values), len(series.earlier)) == (values, earlier)


def test_a_column_of_limits_is_no_population(tmp_path):
    """The axis at the right is in percent of a population alone."""
    rows = "".join(f"{2019 + n},{12 + 7 * n},{80 + n}\n" for n in range(6))
    options = {"unit": "million people", "measure": "level", "limit-column": "limit"}
    data = indicators.load(Source(write(tmp_path, f"date,value,limit\n{rows}"), options))
    series = data.series("own data", "my_series", "my_series_limit")
    assert (data.find_population(series), indicators.find_labels(data, series).population) == (None, None)
    assert "The limit in my_series.csv" in data.offer_limits(series)
