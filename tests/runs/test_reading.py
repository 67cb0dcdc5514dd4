"""What readers get first: plain words, every sentence on one page."""

import re

import golden
import pandas as pd
from bs4 import BeautifulSoup

from adoption_curves.show import tables


def test_the_page_of_all_sentences_is_what_the_kept_runs_say():
    assert golden.WORDS.read_text(encoding="utf-8") == golden.collect_words()


def test_no_sentence_holds_what_no_reader_should_meet():
    text = golden.collect_words()
    for wrong in ["nan", "inf ", " inf", "None", "no end", "without end", "  ", "..", " ,", "genai_users", "[", "{"]:
        assert wrong not in text.removeprefix(golden.OPENING), wrong
    assert not re.search(r"\d{4}-\d\d-\d\d", text), "a date that is not written out"


def test_columns_have_names_for_readers_and_csv_files_keep_theirs(whole_run):
    page = (whole_run / "html" / "05_forecast_adoption.html").read_text(encoding="utf-8")
    assert "80% range from" in page
    assert not re.search(r"<th[^>]*>q0\.", page)
    assert "q0.1" in pd.read_csv(whole_run / "tables" / "05_forecast.csv")
    assert tables._name_column("q0.9") == "80% range to"


def test_the_index_says_the_finding_first_and_how_to_cite_it(whole_run):
    page = BeautifulSoup((whole_run / "html" / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert page.h1.get_text() == pd.read_csv(whole_run / "tables" / "06_findings.csv")["sentence"].iloc[0]
    headings = [tag.get_text() for tag in page.find_all("h2")]
    assert headings[:3] == ["The finding", "What may be quoted", "Key numbers"]
    assert headings[-2:] == ["The notebooks", "How to cite it"]
    assert "Adoption Curves" in page.find(id="cite").find_next("p").get_text()
    box = page.find(class_="limits").get_text()
    assert not any(word in box for word in ("profile", "gompertz", "left out", "quantile", "calibrat"))
    for name in ("description", "viewport"):
        assert page.find("meta", attrs={"name": name})["content"]
    assert page.find("link", rel="icon")["href"].startswith("data:image/svg+xml")
