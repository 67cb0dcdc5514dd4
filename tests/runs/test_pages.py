"""The pages of a run: they stand alone, say everything, and take data as text."""

import hashlib
import json
import re
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from datetime import datetime

import nbformat
import pandas as pd
import pytest
from conftest import list_files
from nbconvert.exporters import HTMLExporter
from page_faults import Page
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import RunError, UserError
from adoption_curves.runs.pages import write_pages
from adoption_curves.runs.pages.charts import _render_drawing
from adoption_curves.runs.pages.embeds import _MAX_EMBEDDED, embed_file, render_tables
from adoption_curves.runs.pages.exporter import render_body, render_html
from adoption_curves.runs.pages.index import _write_command
from adoption_curves.runs.parameters import Parameters
from adoption_curves.runs.record import Record, _list_sources
from adoption_curves.runs.runner import _name_run
from adoption_curves.show import tables


@pytest.fixture(scope="module")
def pages(small_run):
    return {path.stem: Page(path) for path in (small_run / "html").glob("*.html")}


def test_every_notebook_has_a_page_beside_the_index_and_how_it_was_made(pages):
    assert set(pages) == {"index", "made", "01_check_small", "05_forecast_small", "06_summarise_small"}


def test_the_policy_allows_this_style_and_images_within_the_page_and_nothing_else(pages):
    for name, page in pages.items():
        tag = re.search(r"<meta[^>]*Content-Security-Policy[^>]*>", page.text)[0]
        style = re.search(r"<style>(.*?)</style>", page.text, flags=re.DOTALL)[1]
        digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
        rules = dict(rule.split(maxsplit=1) for rule in re.search(r'content="([^"]*)"', tag)[1].split(";"))
        none = dict.fromkeys(("default-src", "base-uri", "form-action"), "'none'")
        assert rules == {**none, "img-src": "data:", "style-src": f"'sha256-{digest}'"}, name


def test_the_page_on_how_it_was_made_leads_to_every_exhibit(pages, small_run):
    assert "made.html" in pages["index"].links
    linked = set(pages["made"].links)
    assert {f"../tables/{path.name}" for path in (small_run / "tables").iterdir()} <= linked
    assert {f"charts/{name}.html" for name in ("01_series", "05_forecast")} <= linked


def test_pages_lead_from_one_to_the_next(pages):
    name, seen = re.search(r'<h3><a href="([^"]*)\.html"', pages["index"].text)[1], []
    while name != "index":
        seen.append(name)
        name = re.search(r'rel="next" href="([^"]*)\.html"', pages[name].text)[1]
    assert seen == ["01_check_small", "05_forecast_small", "06_summarise_small"]


def test_every_image_has_its_own_words(pages):
    images = [image for page in pages.values() for image in page.images]
    previews = {"Preview of figure 01_series", "Preview of figure 05_forecast"}
    assert {image["alt"] for image in images} == {'Users, a < b & "c"', "Users by date, rising"} | previews
    assert len(images) == 5
    assert all(200 < int(image["width"]) < 900 for image in images)


def test_a_notebook_page_folds_code_opens_parameters_and_sets_equations(pages):
    text = pages["01_check_small"].text
    assert "<title>1. What is there? · small</title>" in text
    assert text.count('<details class="code">') == 4
    assert text.count('<details class="code" open>') == 1
    assert re.search(r"<summary>Parameters of this run</summary>.*?tests/sample", text, flags=re.DOTALL)
    assert text.count("<math ") == 2
    assert "$K" not in text
    assert '<a href="#count-the-figures-here">Count the figures here</a>' in text
    assert '<a rel="next" href="05_forecast_small.html">5. Where could it go?' in text
    assert '<th scope="col">date</th>' in text


def test_data_are_text_and_never_markup(pages):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["01_check_small"].text
    assert "&lt;img src=x onerror=alert(1)&gt;" in pages["06_summarise_small"].text
    assert "javascript:" not in " ".join(pages["06_summarise_small"].links)
    assert "Users, &lt;i&gt;last survey&lt;/i&gt;" in pages["index"].text
    assert "The ceiling is &lt;b&gt;not&lt;/b&gt; identified." in pages["index"].text


def test_the_index_says_what_was_found(pages, small_run):
    text = pages["index"].text
    assert "<h1><bdi>Generative AI users: China</bdi></h1>" in text
    assert '<p class="lead">China had 602 M.</p>' in text
    day = f"{datetime.fromisoformat(json.loads((small_run / 'run.json').read_text())['made']):%-d %B %Y}"
    assert f'<p class="kicker">{day}' in text
    assert "<dt>What could be wrong</dt><dd>The ceiling is" in text
    assert '<p class="muted">The next figure is expected in January or February 2027.</p>' in text
    for reading in ("602 million people", "801 million people", "not within the horizon"):
        assert f"<td>{reading}</td>" in text
    assert pages["index"].images[0]["alt"] == "Users by date, rising"
    assert '<a href="charts/01_series.html"' in text


def test_another_page_says_how_it_was_made(pages):
    text = pages["made"].text
    assert "adoption run small -p horizon_years 3 -p data tests/sample" in text
    assert "China Internet Network Information Center" in text
    for name in ("01_coverage", "05_forecast", "06_key_numbers", "06_findings"):
        assert f'<a href="../tables/{name}.csv">' in text
    assert "years to forecast after the last observation" in text
    assert re.search(r"<dt>pandas</dt><dd>\d", text)


def test_pages_are_the_same_whenever_they_are_written_but_for_the_day_on_the_first(small_run, run):
    record = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps({**record, "made": "2001-01-02T00:00:00+00:00"}))
    write_pages(run)
    day = f"{datetime.fromisoformat(record['made']):%-d %B %Y}".encode()
    made, before = list_files(run / "html"), list_files(small_run / "html")
    assert made["index.html"].count(b"2 January 2001") == 1
    made["index.html"] = made["index.html"].replace(b"2 January 2001", day)
    assert made == before


def test_pages_differ_by_the_name_of_their_run_alone(small_run, tmp_path):
    texts = {}
    for name in ("a", "run-2"):
        shutil.copytree(small_run, tmp_path / name)
        for notebook in (tmp_path / name / "notebooks").glob("*.ipynb"):
            _name_run(notebook, name)
        texts[name] = write_pages(tmp_path / name).with_name("05_forecast_small.html").read_text(encoding="utf-8")
    assert "<bdi>a</bdi>" in texts["a"]
    assert '<span class="s2">"a"</span>' in texts["a"], "among its parameters"
    assert texts["run-2"].replace("run-2", "a") == texts["a"]


def test_a_missing_run_is_told(tmp_path):
    with pytest.raises(UserError, match="There is no run 'nowhere'"):
        write_pages(tmp_path / "nowhere")


def test_the_command_that_makes_a_run_again_names_what_differs():
    given = {"run": "mine", "entity": "South Korea", "bound": "100", "shares": [0.5, 0.9], "retired": 1}
    words = "adoption run mine -p entity 'South Korea' -p bound 100 -p shares '[0.5, 0.9]'"
    assert _write_command("mine", Record.model_construct(parameters=given, pdf=False)) == words
    assert _write_command("mine", Record.model_construct(parameters=given, pdf=True)) == f"{words} --pdf"


@pytest.mark.parametrize("value", ["Côte d'Ivoire", 'a $HOME `id` "b"', "中国", "", "100", "a\\b; c", "it's'"])
def test_a_shell_reads_back_what_the_command_names(value):
    command = _write_command("mine", Record.model_construct(parameters={"run": "mine", "entity": value}, pdf=False))
    done = subprocess.run(
        ["sh", "-c", command.replace("adoption", "printf '%s\\n'", 1)], capture_output=True, check=True
    )
    assert done.stdout.decode().splitlines() == ["run", "mine", "-p", "entity", value]


def test_the_index_holds_its_tables_and_a_notebooks_page_leads_to_them(pages, small_run):
    shown = {"01_check_small": "01_coverage", "05_forecast_small": "05_forecast", "index": "06_findings"}
    for page, name in shown.items():
        link = re.search(rf'<a (?=[^>]*download="{name}\.csv")[^>]*href="([^"]*)"', pages[page].text)[1]
        if page == "index":
            content = b64decode(link.removeprefix("data:text/csv;charset=utf-8;base64,"))
            assert content == (small_run / "tables" / f"{name}.csv").read_bytes()
        else:
            assert link == f"../tables/{name}.csv"


def test_what_is_too_large_for_a_page_or_not_of_the_run_is_only_named(tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "01_small.csv").write_text("a\n1\n")
    (tmp_path / "tables" / "01_large.csv").write_bytes(b"1" * (_MAX_EMBEDDED + 1))
    written = ("tables/01_small.csv", "tables/01_large.csv", "tables/01_gone.csv")
    made = {path: embed_file(tmp_path, written, path, "<a>") for path in (*written, "tables/../01_small.csv")}
    assert made.pop(written[0]).startswith(
        '<a href="data:text/csv;charset=utf-8;base64,YQoxCg==" download="01_small.csv">&lt;a'
    )
    assert {*made.values()} == {'<span class="beside">&lt;a&gt;</span>'}


def put_out(folder, cell, **data):
    """Write another output into a cell of a run's first notebook."""
    path = next((folder / "notebooks").glob("01_*.ipynb"))
    notebook = nbformat.read(path, 4)
    notebook.cells[cell]["outputs"] = [nbformat.v4.new_output("display_data", data=data)]
    nbformat.write(notebook, path)


WORDLESS = [{"image/png": "aGk="}, {"text/html": '<p><img src="data:image/png;base64,aGk=" alt=" "></p>'}]


@pytest.mark.parametrize("data", WORDLESS)
def test_an_image_without_words_stops_the_pages(run, data):
    put_out(run, 6, **data)
    told = "^Notebook 01_check_small, cell 'frame = series.*': an image has no alternative text.*alt="
    with pytest.raises(RunError, match=told):
        write_pages(run)


def test_what_a_cell_puts_out_keeps_its_tables_and_loses_the_rest():
    hostile = (
        '<style>td {color: red}</style><script>alert(1)</script><table style="x" onclick="y" id="z" class="t"><tr>'
        '<td colspan="2"><a href="javascript:alert(1)">a</a><a href="https://b">b</a><a href="data:text/html,x">c</a>'
        '<img src="https://d" alt="d"><img src="data:image/png;base64,aGk=" alt="e" onerror="f"><svg onload="g"></svg>'
        "<iframe src=h></iframe><form action=i><input></form></td></tr></table>"
    )
    expected = (
        '<table class="t"><tbody><tr><td colspan="2"><a>a</a><a href="https://b">b</a><a>c</a>'
        '<img src="data:image/png;base64,aGk=" alt="e"></td></tr></tbody></table>'
    )
    assert render_html(hostile) == render_tables(expected)
    picture = '<img alt="1 &gt; 0" src="data:image/png;base64,aGk=">'
    assert render_html(picture.replace("&gt;", ">")) == picture
    assert render_html(picture.replace("<img", '<img class="figure"')) == picture
    assert render_html('<p>a</p><style>b <img src="data:image/png;base64,aGk=">') == "<p>a</p>"


def test_tables_have_a_caption_scopes_and_room():
    frame = pd.DataFrame({"date": "2025-12-31", "<b>note</b>": ["<i>" + "long " * 12, "very " * 20]})
    made = render_html(tables.show(frame, "Users & <u>more</u>", "Source: x")._repr_html_())
    assert "<caption><span>Users &amp; &lt;u&gt;more&lt;/u&gt;</span></caption>" in made
    assert made.count('scope="col"') == 2
    assert "&lt;b&gt;note" in made
    assert re.search(r'class="[^"]*long">&lt;i&gt;long', made)
    assert re.search(r'class="[^"]*longest">very', made)
    assert "style" not in made


@pytest.mark.parametrize(("template", "words"), [("lab", 0), ("classic", 1)])
def test_nbconvert_alone_gives_a_decent_page(small_run, template, words):
    """Its own template passes over the words of images that `classic` shows."""
    page = HTMLExporter(template_name=template).from_filename(str(small_run / "notebooks" / "01_check_small.ipynb"))[0]
    assert "Traceback (most recent" not in page
    assert len(re.findall(r'<img[^>]*src="data:image/png', page)) == 1
    assert len(re.findall("alt=.Users, a &lt; b", page)) == words
    assert "<script>alert(1)" not in page


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
    assert "note: mine.html is no page of this package" in call(capsys, "export", path)[1]
    assert (tmp_path / "mine.html").read_text() == "someone's"
    assert (tmp_path / "mine-2.html").read_text() == page.text


def test_a_notebook_that_was_not_run_has_a_page_and_wordless_images_are_told(tmp_path, capsys):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_raw_cell("<b>raw")])
    nbformat.write(notebook, tmp_path / "plain.ipynb")
    assert call(capsys, "export", tmp_path / "plain.ipynb")[0] == 0
    assert "<pre>&lt;b&gt;raw</pre>" in (tmp_path / "plain.html").read_text()
    image = nbformat.v4.new_output("display_data", data={"image/png": "aGk="})
    notebook.cells[0]["outputs"] = [image, image]
    nbformat.write(notebook, tmp_path / "plain.ipynb")
    code, out, _ = call(capsys, "export", tmp_path / "plain.ipynb")
    assert code == 0
    assert out.startswith("note: cell '1 + 1': an image has no alternative text")


@pytest.mark.parametrize(("text", "message"), [(None, "There is no notebook"), ("{", "can't be read as a notebook")])
def test_what_is_no_notebook_is_told(tmp_path, capsys, text, message):
    if text:
        (tmp_path / "x.ipynb").write_text(text)
    code, out, err = call(capsys, "export", tmp_path / "x.ipynb")
    assert (code, out) == (2, "")
    assert message in err
    assert not list(tmp_path.glob("*.html"))


def test_headings_and_tables_have_an_address_and_a_number_each():
    text = "## Content\n\n## A *b*\n\n|x|\n|-|\n|1|\n\n## A b"
    cells = [nbformat.v4.new_markdown_cell(text) for _ in range(2)]
    body, _ = render_body(nbformat.v4.new_notebook(cells=cells))
    assert re.findall(r'<h2 id="([^"]*)', body) == [
        *("content-again", "a-b", "a-b-again", "content-again-again", "a-b-again-again", "a-b-again-again-again")
    ]
    assert re.findall(r'aria-label="(Table \d)"', body) == ["Table 1", "Table 2"]


# ---- drawings -----------------------------------------------------------------------------------------------------

DRAWING = (
    '<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'width="72pt" height="36pt" viewBox="0 0 72 36"><title>All</title><metadata>x</metadata>'
    '<defs><path id="m" d="M 0 0" style="stroke: #000000"/></defs><g id="top" clip-path="url(#c)">'
    '<use xlink:href="#m" x="1" y="2" style="fill: #0072b2"><title>1 May: 5 &lt; 6</title></use></g>{}</svg>'
)


def test_a_drawing_becomes_part_of_a_page():
    made = _render_drawing(DRAWING.format("").encode(), "f-", 'a "b"', "wide")
    assert 'aria-label="a &quot;b&quot;"' in made
    assert 'viewbox="0 0 72 36"' in made
    assert 'width="96"' in made
    assert '<use href="#f-m" x="1" y="2" fill="#0072b2">' in made
    assert 'clip-path="url(#f-c)"' in made
    assert "<title>1 May: 5 &lt; 6</title>" in made
    assert not re.search("style|metadata|<title>All|<g id", made)


@pytest.mark.parametrize(
    "part",
    [
        "<script>alert(1)</script>",
        "<foreignObject><p>x</p></foreignObject>",
        '<image href="https://example.org/x.png"/>',
        '<use href="https://example.org/x.svg#a"/>',
        '<path style="fill: url(https://example.org/#a)"/>',
        '<path fill="URL(http://example.org/x)"/>',
        "<path fill=\"Url( 'http://example.org/x')\"/>",
        '<a href="javascript:alert(1)"><text>x</text></a>',
        "<animate attributeName='href'/>",
    ],
)
def test_a_drawing_that_holds_more_than_shapes_and_letters_is_left_out(part):
    assert not _render_drawing(DRAWING.format(part).encode(), "f-", "words", "wide")


def test_what_a_drawing_listens_to_is_left_out():
    made = _render_drawing(
        DRAWING.format('<g onclick="alert(1)" class="top"><path d="M 0 0"/></g>').encode(), "f-", "", "wide"
    )
    assert "alert" not in made
    assert "top" not in made
    for broken in (b"no drawing at all", b"<svg/>", b'<svg width="100%" viewBox="0 0 1 1"/>', b'<svg width="9pt"/>'):
        assert not _render_drawing(broken, "f-", "", "wide")


@pytest.mark.parametrize("entity", ["China", "Germany"])
def test_every_publisher_that_pages_name_is_listed_with_its_licence(entity):
    """Of the entity's other series, which notebook 1 lists, and of other measures, which notebook 2 compares."""
    data = indicators.load()
    told = [source for source in _list_sources(data, Parameters(entity=entity)) if source["use"] != "reference"]
    about = data.indicators.set_index("indicator")
    same = about.index[about["technology"] == about.loc["genai_users", "technology"]]
    rows = data.observations
    shown = rows[rows["indicator"].isin(same) | (rows["entity"] == entity)]["source_id"]
    assert set(shown) <= {source["source_id"] for source in told}
    assert {"Microsoft", "Eurostat"} <= {source["publisher"] for source in told}
    assert all(source["licence"] and source["publisher"] for source in told)


def test_pages_load_no_statistics():
    program = "import sys, adoption_curves.runs.pages.exporter; print({'scipy', 'statsmodels'} & {*sys.modules})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
