"""Whatever a stranger's notebook holds, its page runs nothing, loads nothing and sends nobody elsewhere."""

import re
import signal
from html.parser import HTMLParser

import nbformat
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output, new_raw_cell

from adoption_curves.base.project import RunError
from adoption_curves.runs.pages import cleaning, export_notebook
from adoption_curves.runs.pages.exporter import render_body, render_equation

ATTACKS = (
    '<meta http-equiv="refresh" content="0; url=https://evil.example">',
    "<script>window.owned = 1</script>",
    '<img src=x onerror="window.owned = 1">',
    "<svg onload=alert(1)><a xlink:href='javascript:alert(1)'><text>x</text></a></svg>",
    "<iframe src=https://evil.example></iframe><object data=x></object><embed src=x><base href=https://evil.example/>",
    "<form action=https://evil.example><input name=a><button formaction=javascript:alert(1)>b</button></form>",
    "<link rel=stylesheet href=https://evil.example/x.css><style>* { display: none }</style>",
    '<p style="position: fixed" onclick="alert(1)" id="content">p</p>',
    "[a](javascript:window.owned=1) [b](data:text/html,x) [c](file:///etc/passwd) [d](../../precious.csv) [e](//evil)",
    "<a href=' javascript:alert(1)'>f</a><a href='JaVaScRiPt:alert(1)'>g</a><a href='&#106;avascript:alert(1)'>h</a>",
    "<javascript:alert(1)>",
    "[i][1]\n\n[1]: vbscript:alert(1)\n",
    r"$\href{javascript:alert(1)}{x}$",
    r"$$\href{javascript:alert(1)}{x} \text{<meta http-equiv=refresh content=0>} \style{position:fixed}{y}$$",
    r"\begin{equation}\text{<script>alert(1)</script>}\end{equation}",
    '<math href="javascript:alert(1)"><mtext><mglyph src=x><style><img src=x onerror=alert(1)></style></mtext></math>',
    "<math><annotation-xml encoding='text/html'><script>alert(1)</script></annotation-xml></math>",
    '![x](attachment:a.png "t\\" onerror=\\"alert(1)") ![y](https://evil.example/x.png)',
    "<!-- <b --><div <p></div><table><b",
    '<img alt="<table><script>alert(1)</script>" src="data:image/png;base64,aGk=">',
    '<td class="a" style="text-align: left"><a href="#x" class="<table">x</a></td>',
    "# <b onmouseover=alert(1)>heading</b> <script>\n\n",
)
LOADING = {"src", "srcset", "data", "action", "formaction", "background", "poster", "xlink:href", "ping", "manifest"}
NEVER = {*("base", "button", "embed", "form", "iframe", "input", "link", "meta", "object", "script", "style", "svg")}


class Checked(HTMLParser):
    """Refuses every tag and attribute that runs, loads or leads elsewhere."""

    def handle_starttag(self, tag, attributes):
        assert tag not in NEVER, tag
        for name, value in ((name, said or "") for name, said in attributes):
            assert not name.startswith("on"), (tag, name, value)
            assert name != "style", (tag, value)
            assert name != "id" or value not in ("content", "show-code"), tag
            if name == "href":
                assert re.match(r"https?://|mailto:|#", value, re.IGNORECASE), (tag, value)
            elif name in LOADING:
                assert (tag, name) == ("img", "src"), (tag, name)
                assert value.startswith("data:image/"), value

    handle_startendtag = handle_starttag


def write_stranger(text):
    """A notebook that holds a text wherever one can stand."""
    kinds = ("text/html", "text/markdown", "text/latex", "text/plain", "image/svg+xml", "image/png")
    about = {"alt": text, "width": text, "name": text}
    outputs = [new_output("display_data", {kind: text}, metadata={kind: about}) for kind in kinds]
    outputs += [new_output("stream", text=text), new_output("error", ename=text, evalue=text, traceback=[text])]
    cells = [
        new_markdown_cell(text, attachments={"a.png": {"image/png": text}}, metadata={"alt": text}),
        new_raw_cell(text, metadata={"format": "text/html", "raw_mimetype": "text/html"}),
        new_code_cell(text, outputs=outputs, metadata={"alt": text}),
    ]
    return new_notebook(cells=cells, metadata={"title": text, "language_info": {"name": text, "pygments_lexer": text}})


def check(text):
    body, _ = render_body(write_stranger(text))
    page = Checked()
    page.feed(re.sub('<input type="checkbox" [^>]*>', "", body))
    page.close()


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_a_cell_runs_loads_or_leads_elsewhere(attack):
    check(attack)
    check(f"before {attack} after")


@given(
    st.lists(st.sampled_from([*ATTACKS, "<", ">", '"', "'", "`", "\n\n", "$", "$$", "|", "> ", "- ", "\\"]), max_size=6)
)
@settings(max_examples=25, deadline=None)
def test_nor_does_what_several_together_make(parts):
    check("".join(parts))


def test_what_a_reader_needs_stays():
    text = (
        "# Title\n\n*a* [web](https://a.example) [mail](mailto:a@b.example) [place](#title) <details>"
        "<summary>s</summary><kbd>k</kbd></details>\n\n| a |\n|--:|\n| 1 |\n\n"
        "![x](attachment:a.png) $a < b$ <a id='mark'></a>"
    )
    cell = new_markdown_cell(text, attachments={"a.png": {"image/png": "aGk="}})
    body, _ = render_body(new_notebook(cells=[cell]))
    for part in (
        '<h1 id="title">',
        '"https://a.example"',
        '"mailto:a@b.example"',
        'href="#title"',
        "<summary>s</summary>",
    ):
        assert part in body
    assert '<td class="gt_right">1</td>' in body
    assert '<img src="data:image/png;base64,aGk=" alt="x">' in body
    assert '<a id="mark">' in body
    assert '<math alttext="a &lt; b"' in body
    assert "<mo>&lt;</mo>" in render_equation("a < b", display=False)


def test_the_page_of_a_stranger_s_notebook_is_made_or_told(tmp_path):
    for number, attack in enumerate(ATTACKS):
        path = tmp_path / f"{number}.ipynb"
        nbformat.write(write_stranger(attack), path)
        try:
            page = export_notebook(path)[0].read_text()
        except RunError:
            continue
        assert page.count("<meta http-equiv") == 1, "the policy"


def test_ctrl_c_while_a_page_is_cleaned_is_not_dropped(monkeypatch):
    class Interrupting(dict):
        def get(self, *_):
            signal.raise_signal(signal.SIGINT)
            return ""

    monkeypatch.setattr(cleaning, "_ALLOWED_VALUES", Interrupting())
    with pytest.raises(KeyboardInterrupt):
        cleaning.clean_html('<a href="https://a.example">x</a>')
