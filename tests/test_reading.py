"""What readers get first: plain words, every sentence on one page, a run in one file, a run as one archive."""

import re
import shutil
import zipfile

import golden
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from helpers.base.project import RunError
from helpers.runs.pages.single import MOST_BYTES, write_archive, write_single
from helpers.runs.record import read_run, verify
from helpers.say import plain
from helpers.show import tables

NAMES = {"title": "Users, China", "unit": "million persons", "base": "total population", "cautions": {}}
NAMES |= {"bound_title": "Internet users"}


def test_the_page_of_all_sentences_is_what_the_kept_runs_say():
    assert golden.WORDS.read_text(encoding="utf-8") == golden.collect_words()


def test_no_sentence_holds_what_no_reader_should_meet():
    text = golden.collect_words()
    for wrong in ("nan", "inf ", " inf", "None", "no end", "without end", "  ", "..", " ,", "genai_users", "[", "{"):
        assert wrong not in text.removeprefix(golden.OPENING), wrong
    assert not re.search(r"\d{4}-\d\d-\d\d", text), "a date that is not written out"


def read_kept(**changed):
    kept = {name: pd.read_csv(golden.BASELINE / f"{name}.csv") for name in plain.SUMMARISED}
    for name in ("02_growth", "02_newer", "02_countries", "05_forecast"):
        kept[name]["date"] = pd.to_datetime(kept[name]["date"])
    return kept | changed


def say(names=NAMES, entity="China", **changed):
    return plain.state_plainly(read_kept(**changed), names, entity).set_index("part")["sentence"]


def grow(values, dates=("2023-12-31", "2024-12-31", "2025-12-31")):
    frame = read_kept()["02_growth"].iloc[: len(values)].reset_index(drop=True)
    return frame.assign(value=values, date=pd.to_datetime(list(dates)))


@pytest.mark.parametrize(
    ("unit", "values", "expected"),
    [
        ("million persons", [100.0, 200.0, 500.0], "500 million persons in December 2025, 2.5 times as many as a year"),
        (
            "million persons",
            [100.0, 200.0, 220.0],
            "220 million persons in December 2025, 10 % more than a year before",
        ),
        (
            "million persons",
            [100.0, 200.0, 198.0],
            "198 million persons in December 2025, 1 % fewer than a year before",
        ),
        ("million persons", [100.0, 400.0, 200.0], "200 million persons in December 2025, down from 400 in December"),
        ("percent of adults", [10.0, 20.0, 26.0], "26.0 % in December 2025, 6.0 percentage points more than a year"),
    ],
)
def test_headlines(unit, values, expected):
    none = read_kept()["02_newer"].iloc[:0]
    headline = say(NAMES | {"unit": unit}, **{"02_growth": grow(values), "02_newer": none})["headline"]
    assert headline.startswith(f"Users, China: {expected}")


def test_a_newer_bound_leads_where_it_says_more():
    assert say()["headline"] == "Users, China: at least 700 million persons in June 2026, after 602 in December 2025"
    less = read_kept()["02_newer"].assign(value=600.0)
    assert "at least" not in say(**{"02_newer": less})["headline"]


def test_plain_words_name_place_odds_and_what_is_not_known():
    found = say()
    place = r"puts China at [\d.]+ % in \w+ \d{4}, place \d+ of \d+ \(highest: United Arab Emirates, [\d.]+ %\)"
    assert re.search(place, found["countries"])
    fan = read_kept()["05_forecast"].query("method == 'combined'").set_index("date").loc["2026-12-31"]
    ends = f"between {fan['q0.1']:,.0f} and {fan['q0.9']:,.0f} million persons"
    assert re.search(rf"{ends}\..* in \d\d of 100 cases\.", found["forecast"])
    assert found["end"] == "Where it ends, the figures do not say."
    assert "caution" not in found
    assert "countries" not in say(entity="World")
    refuted = read_kept()["05_forecast"].assign(basis="refuted")
    assert "no forecast is given" in say(**{"05_forecast": refuted})["forecast"]


def test_columns_have_names_for_readers_and_csv_files_keep_theirs(whole_run):
    page = (whole_run / "html" / "05_forecast_adoption.html").read_text(encoding="utf-8")
    assert "80 % band from" in page
    assert not re.search(r"<th[^>]*>q0\.", page)
    assert "q0.1" in pd.read_csv(whole_run / "tables" / "05_forecast.csv")
    assert tables.name_column("q0.9") == "80 % band to"


@pytest.fixture
def run(whole_run, outputs):
    return shutil.copytree(whole_run, outputs / "small")


def test_one_file_holds_the_whole_run_and_every_link_leads_somewhere(run):
    path = write_single(run)
    assert path == run / "small.html"
    assert path.stat().st_size < MOST_BYTES
    page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    names = [tag["id"] for tag in page.find_all(id=True)]
    assert len(names) == len(set(names))
    links = [tag["href"] for tag in page.find_all("a", href=True)]
    assert [link for link in links if link.startswith("#") and link[1:] not in names] == []
    assert [link for link in links if not link.startswith(("#", "https://", "http://", "data:"))] == []
    text = page.get_text(" ")
    for notebook in (run / "html").glob("0*.html"):
        heading = BeautifulSoup(notebook.read_text(encoding="utf-8"), "html.parser").h1.get_text()
        assert heading in text
    assert len(page.find_all("img")) >= 12
    assert all(tag.get("alt") for tag in page.find_all("img"))
    assert not page.find_all("script")
    style = page.find("meta", attrs={"http-equiv": "Content-Security-Policy"})["content"]
    assert "default-src 'none'" in style
    assert verify(run) == []
    assert path.name in read_run(run)["exports"]
    before = path.read_bytes()
    assert write_single(run).read_bytes() == before


def test_a_file_of_somebody_else_stays(run):
    (run / "small.html").write_text("mine")
    with pytest.raises(RunError, match=r"small\.html is a file of another kind"):
        write_single(run)
    (run.parent / "small.zip").write_text("mine")
    with pytest.raises(RunError, match=r"small\.zip is a file of another kind"):
        write_archive(run)
    assert (run / "small.html").read_text() == (run.parent / "small.zip").read_text() == "mine"


def test_an_archive_holds_the_folder_and_is_the_same_again(run):
    (run / ".hidden").write_text("not for others")
    path = write_archive(run)
    before = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        names = set(archive.namelist())
        assert archive.read("small/run.json") == (run / "run.json").read_bytes()
    assert {f"small/{each.relative_to(run).as_posix()}" for each in run.rglob("*.csv")} <= names
    assert not any(".hidden" in name for name in names)
    assert write_archive(run).read_bytes() == before


def test_the_index_says_the_finding_first_and_how_to_cite_it(run):
    page = BeautifulSoup((run / "html" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert page.h1.get_text() == pd.read_csv(run / "tables" / "06_plain.csv")["sentence"].iloc[0]
    headings = [tag.get_text() for tag in page.find_all("h2")]
    assert headings[:4] == ["In plain words", "Where it could go", "The next figure", "How far to trust this"]
    assert "Adoption Curves" in page.find(id="cite").find_next("p").get_text()
    box = page.find(class_="plain").get_text()
    assert not any(word in box for word in ("profile", "gompertz", "left out", "quantile", "calibrat"))
    for name in ("description", "viewport"):
        assert page.find("meta", attrs={"name": name})["content"]
    assert page.find("link", rel="icon")["href"].startswith("data:image/svg+xml")
    assert page.find("meta", attrs={"property": "og:image"})["content"] == "../figures/05_forecast.png"
