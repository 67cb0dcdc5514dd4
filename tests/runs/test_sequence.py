"""The whole sequence on small data: complete, repeatable, blind to what comes after `as_of`, true to the baseline."""

import json
import shutil

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from cells import list_exhibits
from conftest import SAMPLE, list_files, run_sequence

from adoption_curves.runs.fingerprint import find_notebooks

NUMBERED = find_notebooks()


def test_every_exhibit_is_there(whole_run):
    figures = {path.name.partition(".")[0] for path in (whole_run / "figures").iterdir()}
    assert list_exhibits("draw") - figures == {
        "06_register",
        "07_firms",
        "07_products",
        "07_purposes",
        "07_rates",
        "08_highest",
        "08_largest",
        "08_people",
    }, "the sample has an interval (05_forecast), no record, no profile and no list of economies"
    assert figures <= list_exhibits("draw")
    left_out = {"08_page", "08_totals", "08_world"}
    assert {path.stem for path in (whole_run / "tables").iterdir()} == list_exhibits("keep", "show") - left_out
    assert {path.suffix for path in (whole_run / "figures").iterdir()} == {".png", ".svg", ".csv"}
    record, log = json.loads((whole_run / "run.json").read_text()), (whole_run / "run.log").read_text()
    [reason] = [left["why"] for left in record["left_out"].values()]
    assert f"08_world is left out: {reason}." in log
    assert len(list((whole_run / "html").glob("*.html"))) == 2 + len(NUMBERED)


def test_pages_say_what_the_tables_say(whole_run):
    """The finding first, each sentence and source, how to cite it, and columns by names for readers."""
    text, table = (
        (whole_run / "html" / f"{name}.html").read_text(encoding="utf-8") for name in ("index", "06_summarise_findings")
    )
    page = BeautifulSoup(text, "html.parser")
    rows = pd.read_csv(whole_run / "tables" / "06_key_numbers.csv", keep_default_na=False)
    assert page.h1.get_text() == rows["text"][0]
    shown = page.get_text()
    assert all(sentence in shown for sentence in rows.loc[rows["group"] == "", "text"])
    addresses = set(rows["url"]) - {""}
    assert addresses
    assert all(f'href="{address}"' in table for address in addresses)
    assert any(f'href="{address}"' in text for address in addresses)
    assert page.find("meta", attrs={"name": "description"})["content"]
    assert "q0.1" in pd.read_csv(whole_run / "tables" / "05_forecast.csv"), "as files name it"


@pytest.mark.slow
def test_same_inputs_same_bytes_and_later_figures_change_nothing(tmp_path):
    """Two runs as of October 2025: one on the data, one with all that came out later altered."""
    altered = tmp_path / "altered"
    shutil.copytree(SAMPLE, altered)
    table = pd.read_csv(altered / "observations.csv", dtype=str, keep_default_na=False)
    later = table["published"] > "2025-10-31"
    change = table["indicator"].str.startswith(("population", "internet_users")).map({True: 1.01, False: 0.9})
    table.loc[later, "value"] = (table.loc[later, "value"].astype(float) * change).map("{:.2f}".format)
    assert (later & (table["date"] <= "2025-10-31")).any()
    table.to_csv(altered / "observations.csv", index=False)
    first = run_sequence(tmp_path, "one", "-p", "as_of", "2025-10-31")
    second = run_sequence(tmp_path, "two", "-p", "as_of", "2025-10-31", data=altered)
    for part in ("tables", "figures"):
        assert list_files(first / part) == list_files(second / part), part
