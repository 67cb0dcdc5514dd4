"""Whatever data, a record or a stranger's notebook hold, its page runs nothing, loads nothing and sends nobody away."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from conftest import write_again
from hostile import ATTACKS, list_outputs, plant
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from page_faults import find_active
from processes import call

from adoption_curves.base.project import RunError
from adoption_curves.runs.pages import export_notebook
from adoption_curves.runs.pages.cells import render_body, render_equation
from adoption_curves.runs.pages.cleaning import BOX, clean_html

# ---- a notebook


def write_stranger(text):
    """A notebook that holds a text wherever one can stand."""
    cells = [
        new_markdown_cell(text, attachments={"a.png": {"image/png": text}}, metadata={"alt": text}),
        new_raw_cell(text, metadata={"format": "text/html", "raw_mimetype": "text/html"}),
        new_code_cell(text, outputs=list_outputs(text), metadata={"alt": text}),
    ]
    return new_notebook(cells=cells, metadata={"title": text, "language_info": {"name": text, "pygments_lexer": text}})


def check(text):
    body = BeautifulSoup(render_body(write_stranger(text))[0], "html.parser")
    assert find_active(body) == []
    assert not body.select("#content, #show-code, link, meta, style")
    assert all(re.match("https?://|mailto:|#", tag["href"]) for tag in body.select("[href]"))


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_cell_runs_loads_or_leads_elsewhere(attack, tmp_path):
    """In the body of a page, and in the page, which is made or refused for an image without words."""
    check(attack)
    check(f"before {attack} after")
    nbformat.write(write_stranger(attack), tmp_path / "x.ipynb")
    try:
        page = export_notebook(tmp_path / "x.ipynb")[0].read_text()
    except RunError:
        return
    assert page.count("<meta http-equiv") == 1, "the policy"


def test_what_a_reader_needs_stays():
    text = (
        "# Title\n\n*a* [web](https://a.example) [mail](mailto:a@b.example) [place](#title) <details>"
        "<summary>s</summary><kbd>k</kbd></details>\n\n| a |\n|--:|\n| 1 |\n\n"
        "![x](attachment:a.png) $a < b$ <a id='mark'></a>"
    )
    cell = new_markdown_cell(text, attachments={"a.png": {"image/png": "aGk="}})
    body, _ = render_body(new_notebook(cells=[cell]))
    kept = ('<h1 id="title">', '"https://a.example"', '"mailto:a@b.example"', 'href="#title"', "<summary>s</summary>",
            '<td class="gt_right">1</td>', '<img src="data:image/png;base64,aGk=" alt="x">', '<a id="mark">',
            '<math alttext="a &lt; b"')  # fmt: skip
    assert [part for part in kept if part not in body] == []
    assert "<mo>&lt;</mo>" in render_equation("a < b", display=False)


def test_what_a_cell_puts_out_keeps_its_tables_and_pictures_and_loses_the_rest():
    hostile = (
        '<style>td {color: red}</style><table style="x" onclick="y" id="z" class="t"><tr>'
        '<td colspan="2"><a href="javascript:alert(1)">a</a><a href="https://b">b</a><a href="data:text/html,x">c</a>'
        '<img src="https://d" alt="d"><img src="data:image/png;base64,aGk=" alt="e" onerror="f"></td></tr></table>'
    )
    expected = (
        '<table class="t"><tbody><tr><td colspan="2"><a>a</a><a href="https://b">b</a><a>c</a>'
        '<img src="data:image/png;base64,aGk=" alt="e"></td></tr></tbody></table>'
    )
    assert clean_html(hostile) == f"{BOX}{expected}</div>"
    picture = '<img alt="1 &gt; 0" src="data:image/png;base64,aGk=">'
    assert clean_html(picture.replace("&gt;", ">")) == picture
    assert clean_html('<p>a</p><style>b <img src="data:image/png;base64,aGk=">') == "<p>a</p>"


# ---- a run


@pytest.mark.parametrize("text", ["title " * 20_000, "half of a \ud800 pair"], ids=["long", "half"])
def test_texts_of_a_run_are_short_and_whole_where_they_are_shown(run, capsys, text):
    plant(run, text)
    write_again(run)
    for words in (["export", "small", "--xlsx"], ["runs"]):
        assert call(capsys, *words)[::2] == (0, ""), words
    page = (run / "html" / "index.html").read_text()
    assert len(page) < 1_000_000
    assert "\N{REPLACEMENT CHARACTER}" in page or "title..." in page or "title title" in page
