"""The pages of a run: they stand alone, say everything, and take data as text."""

import hashlib
import json
import re
import shutil
from base64 import b64encode
from datetime import datetime

import nbformat
import pandas as pd
import pytest
from conftest import write_again
from hostile import edit_notebook
from page_faults import Page
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import RunError
from adoption_curves.runs.manifest import _list_sources
from adoption_curves.runs.pages.cells import render_body
from adoption_curves.runs.pages.cleaning import BOX, clean_html
from adoption_curves.runs.pages.provenance import write_command
from adoption_curves.runs.parameters import Parameters
from adoption_curves.show import tables


@pytest.fixture(scope="module")
def pages(small_run):
    return {path.stem: Page(path) for path in (small_run / "html").glob("*.html") if path.stem != "try"}


def test_the_policy_allows_this_style_and_images_within_the_page_and_nothing_else(pages):
    for name, page in pages.items():
        tag = re.search(r"<meta[^>]*Content-Security-Policy[^>]*>", page.text)[0]
        style = re.search(r"<style>(.*?)</style>", page.text, flags=re.DOTALL)[1]
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        rules = dict(rule.split(maxsplit=1) for rule in re.search(r'content="([^"]*)"', tag)[1].split(";"))
        none = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
        assert rules == {**none, "img-src": "data:", "style-src": f"'sha256-{digest}'"}, name


def test_pages_lead_from_one_to_the_next_and_to_every_exhibit(pages, small_run):
    notebooks = ["01_check_small", "05_forecast_small", "06_summarise_small"]
    assert set(pages) == {"index", "made", *notebooks}
    name, seen = re.search(r'<li>\n<a href="([^"]*)\.html">', pages["index"].text)[1], []
    while name != "index":
        seen.append(name)
        name = re.search(r'rel="next" href="([^"]*)\.html"', pages[name].text)[1]
    assert seen == notebooks
    assert {"made.html", "try.html", "../tables/06_key_numbers.csv"} <= {*pages["index"].links}
    said = [
        "adoption run small -p limit internet_users -p horizon_years 3<",
        "China Internet Network Information Center",
    ]
    said += ["years to forecast after the last observation", "<dt>pandas</dt><dd>"]
    assert [part for part in said if part not in pages["made"].text] == []
    charts = {f"../figures/{name}.svg" for name in ("01_series", "05_forecast")}
    assert charts | {f"../tables/{path.name}" for path in (small_run / "tables").iterdir()} <= {*pages["made"].links}


def test_a_notebook_page_folds_code_opens_parameters_and_sets_equations(pages):
    text = pages["01_check_small"].text
    counts = {'<details class="code">': 4, '<details class="code" open>': 1, "<math ": 2, "$K": 0}
    assert {part: text.count(part) for part in counts} == counts
    assert "<title>1. What is there? · small</title>" in text
    assert re.search(r"<summary>Parameters of this run</summary>.*?genai_users", text, flags=re.DOTALL)
    assert '<a href="#count-the-figures-here">Count the figures here</a>' in text
    assert '<a rel="next" href="05_forecast_small.html">5. Where could it go?' in text


def test_the_index_says_what_was_found(pages, small_run):
    text = pages["index"].text
    day = f"{datetime.fromisoformat(json.loads((small_run / 'run.json').read_text())['made']):%-d %B %Y}"
    said = ("<h1><bdi>China had 602 M.</bdi></h1>", f'<p class="kicker">{day}',
            '<p class="lead">The saturation level is &lt;b&gt;not&lt;/b&gt; identified.</p>',
            '<blockquote class="quote">So it was reported.</blockquote>', '<h2 id="facts1">Is it true?</h2>',
            '<th scope="row">Users, &lt;i&gt;last survey&lt;/i&gt;</th><td><b>602 million people</b></td>',
            '<a href="https://a.org/?x&amp;y"', '<a href="01_check_small.html">1. What is there?</a>')  # fmt: skip
    assert [part for part in said if part not in text] == []
    assert pages["index"].images[0]["alt"] == "Users by date, rising"


def test_the_command_that_makes_a_run_again_names_what_differs():
    given = {"run": "mine", "entity": "South Korea", "limit": "100", "shares": [0.5, 0.9], "data": "data", "retired": 1}
    words = "adoption run mine -p entity 'South Korea' -p limit 100 -p shares '[0.5, 0.9]'"
    assert write_command("mine", {"parameters": given}) == words


WORDLESS = [{"image/png": "aGk="}, {"text/html": '<p><img src="data:image/png;base64,aGk=" alt=" "></p>'}]


@pytest.mark.parametrize("data", WORDLESS)
def test_an_image_without_words_stops_the_pages(run, data):
    def put_out(notebook):
        notebook.cells[6]["outputs"] = [nbformat.v4.new_output("display_data", data=data)]

    edit_notebook(run, "01_check_small", put_out)
    told = "^Notebook 01_check_small, cell 'frame = series.*': an image has no alternative text.*alt="
    with pytest.raises(RunError, match=told):
        write_again(run)


def test_tables_have_a_caption_and_a_box_that_scrolls():
    frame = pd.DataFrame({"date": "2025-12-31", "<b>note</b>": ["<i>"]})
    table = clean_html(tables.show(frame, "Users & <u>more</u>", "Source: x")._repr_html_())
    assert "<caption><span>Users &amp; &lt;u&gt;more&lt;/u&gt;</span></caption>" in table
    assert table.count(f"{BOX}<table") == 1
    assert table.count('scope="col"') == 2
    assert "&lt;b&gt;note" in table
    assert "style" not in table


# ---- any notebook


def test_any_notebook_gets_a_page_beside_it_and_nothing_else_is_replaced(small_run, tmp_path, capsys):
    path = shutil.copy(small_run / "notebooks" / "01_check_small.ipynb", tmp_path / "mine.ipynb")
    for _ in range(2):
        assert call(capsys, "export", path) == (0, f"Read it: {tmp_path / 'mine.html'}\n", "")
    page = Page(tmp_path / "mine.html")
    assert "<title>1. What is there?</title>" in page.text
    assert [image["alt"] for image in page.images] == ['Users, a < b & "c"']
    assert {link[0] for link in page.links} == {"#"}, "there is no run around it"
    (tmp_path / "mine.html").write_text("someone's")
    code, _, err = call(capsys, "export", path)
    assert (code, err.endswith("is no page of this package, and was left as it is. Move it away.\n")) == (1, True)
    assert (tmp_path / "mine.html").read_text() == "someone's"


def test_a_notebook_that_was_not_run_has_a_page_and_wordless_images_are_told(tmp_path, capsys):
    notebook, path = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")]), tmp_path / "plain.ipynb"
    nbformat.write(notebook, path)
    assert call(capsys, "export", path)[0] == 0
    notebook.cells[0]["outputs"] = [nbformat.v4.new_output("display_data", data={"image/png": "aGk="})]
    nbformat.write(notebook, path)
    code, out, _ = call(capsys, "export", path)
    assert (code, out.startswith("note: cell '1 + 1': an image has no alternative text")) == (0, True)


def test_headings_have_an_address_each():
    text = "## Content\n\n## A *b*\n\n## A b"
    cells = [nbformat.v4.new_markdown_cell(text) for _ in range(2)]
    body, _ = render_body(nbformat.v4.new_notebook(cells=cells))
    assert re.findall(r'<h2 id="([^"]*)', body) == [
        *("content-again", "a-b", "a-b-again", "content-again-again", "a-b-again-again", "a-b-again-again-again")
    ]


@pytest.mark.parametrize("entity", ["China", "Germany"])
def test_every_publisher_that_pages_name_is_listed_with_its_licence(entity):
    """Of the entity's other series, which notebook 1 lists, and of other measures, which notebook 2 compares."""
    data = indicators.load()
    told = [
        source
        for source in _list_sources(data, Parameters(entity=entity), across=False)
        if source["use"] != "reference"
    ]
    about = data.indicators.set_index("indicator")
    same = about.index[about["technology"] == about.loc["genai_users", "technology"]]
    rows = data.observations
    shown = rows[rows["indicator"].isin(same) | (rows["entity"] == entity)]["source_id"]
    assert set(shown) <= {source["source_id"] for source in told}
    assert {"Microsoft", "Eurostat"} <= {source["publisher"] for source in told}
    assert all(source["licence"] and source["publisher"] for source in told)
