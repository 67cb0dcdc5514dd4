"""The whole sequence on small data: complete, repeatable, blind to what comes after `as_of`, true to the baseline."""

import os
import re
import shutil
import subprocess
import sys

import pandas as pd
import pytest
from bs4 import BeautifulSoup
from cells import list_exhibits
from conftest import SAMPLE, list_files, run_sequence

from adoption_curves.runs.ingredients import find_notebooks

NUMBERED = find_notebooks()


def test_every_exhibit_is_there(whole_run):
    figures = {path.name.partition(".")[0] for path in (whole_run / "figures").iterdir()}
    assert list_exhibits("draw") - figures == {
        "02_levels",
        "06_register",
        "07_firms",
        "07_products",
        "07_purposes",
        "07_who",
    }, "the sample has an interval (05_forecast), no record and no profile"
    assert figures <= list_exhibits("draw")
    assert {path.stem for path in (whole_run / "tables").iterdir()} == list_exhibits("keep", "show")
    assert {path.suffix for path in (whole_run / "figures").iterdir()} == {".png", ".svg", ".csv"}
    assert len(list((whole_run / "html").glob("*.html"))) == 2 + len(NUMBERED)
    empty = {path.stem for path in (whole_run / "tables").iterdir() if not len(pd.read_csv(path))}
    # a range is given, and the sample has few technologies and no record
    empty = {name for name in empty if not name.startswith("07_")}  # the sample has no profile of use
    assert empty == {
        "02_earlier",
        "04_held_out",
        "04_markets",
        "05_alike",
        "05_class",
        "06_register",
        "06_scores",
    }


def test_pages_say_what_the_tables_say(whole_run):
    """The finding first, each sentence and source, how to cite it, and columns by names for readers."""
    text, table, forecast = (
        (whole_run / "html" / f"{name}.html").read_text(encoding="utf-8")
        for name in ("index", "06_summarise_findings", "05_forecast_adoption")
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
    headings = [tag.get_text() for tag in page.find_all("h2")]
    assert headings[:2] == ["What may be quoted", "Is it true?"]
    assert all(len(sheet.tbody.find_all("tr")) <= 4 for sheet in page.find_all(class_="sheet"))
    assert headings[-1] == "The notebooks"
    box = page.find(class_="limits").get_text()
    assert not any(word in box for word in ("profile", "gompertz", "left out", "quantile", "calibrat"))
    assert page.find("meta", attrs={"name": "description"})["content"]
    assert "80% range from" in forecast
    assert not re.search(r"<th[^>]*>q0\.", forecast)
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


BY_HAND = """import matplotlib, nbformat, os, sys
os.environ.pop("ADOPTION_RUNNER", None)
for path in sys.argv[1:]:
    matplotlib.rcdefaults()  # as in a kernel of its own
    names = {}
    for cell in 2 * nbformat.read(path, 4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, path, "exec"), names)
"""


@pytest.mark.slow
def test_notebooks_run_by_hand_in_order_or_the_last_one_first_after_the_first_run(tmp_path):
    """From their own folder, each twice: no number differs, and no byte of the published run changes."""
    default = run_sequence(tmp_path, "baseline", data="data")
    published, tables = list_files(default), list_files(default / "tables")
    for outputs, notebooks in ((tmp_path, reversed(NUMBERED)), (tmp_path / "new", NUMBERED)):
        environment = {**os.environ, "ADOPTION_OUTPUTS": str(outputs), "MPLBACKEND": "agg"}
        command = [sys.executable, "-c", BY_HAND, *notebooks]
        done = subprocess.run(command, env=environment, cwd=NUMBERED[0].parent, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        said, told = (
            done.stdout.splitlines(),
            f"Table 05_forecast is read from the published run, {tmp_path}/baseline/.",
        )
        assert said.count(f"By hand: results go to {outputs}/lab/baseline/.") == 2 * len(NUMBERED)
        assert (told in said, "from the published run" in done.stdout) == ((outputs == tmp_path,) * 2)
        assert list_files(outputs / "lab" / "baseline" / "tables") == tables
    assert list_files(default) == published
    assert list_files(tmp_path / "new" / "lab" / "baseline" / "figures") == list_files(default / "figures")
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["lab"]
