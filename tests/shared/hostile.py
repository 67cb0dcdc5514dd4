"""Texts that attack a page, and a run that holds one wherever it takes a text from data."""

import json
import re

import nbformat
import pandas as pd
from nbformat.v4 import new_output

from adoption_curves.base.files import hash_file

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
    '<td class="a" style="text-align: left"><a href="#content" class="<table">x</a></td>',
    "# <b onmouseover=alert(1)>heading</b> <script>\n\n",
    "</title></style>{{ 7*7 }} \"'> \x1b[31mred\x1b[38;5;9m \u202ereversed\u2066 =1+1 " + "w" * 300,
)
KINDS = ("text/html", "text/markdown", "text/latex", "text/plain", "image/svg+xml", "image/png")


def list_outputs(text, kinds=KINDS):
    """Outputs of a cell, of each form, that hold a text wherever one can stand."""
    about = {"alt": text, "width": text, "name": text}
    outputs = [new_output("display_data", {kind: text}, metadata={kind: about}) for kind in kinds]
    outputs += [new_output("stream", name=name, text=text) for name in ("stdout", "stderr")]
    return [*outputs, new_output("error", ename=text, evalue=text, traceback=[text])]


def edit_notebook(run, name, edit):
    """Edit an executed notebook of a run as if it had been executed so: all hashes agree."""
    path, record = run / "notebooks" / f"{name}.ipynb", json.loads((run / "run.json").read_text())
    notebook, entry = nbformat.read(path, 4), record["notebooks"][name]
    edit(notebook)
    path.write_text(json.dumps(notebook))
    entry["executed"] = hash_file(path)
    part = {key: value for key, value in entry.items() if key != "source"}
    path.with_suffix(".json").write_text(json.dumps(part))
    (run / "run.json").write_text(json.dumps(record))


def plant(run, text):
    """Put a text wherever a record, a notebook or a table of the run may hold one; all hashes agree."""

    def edit(notebook):
        notebook.cells[0]["source"] += f"\n\n{text}"
        notebook.cells[2]["source"] = f"entity = {text!r}"
        notebook.cells[-1]["outputs"] = list_outputs(text, KINDS[:4])

    record = json.loads((run / "run.json").read_text())
    record["subject"] = dict.fromkeys(record["subject"], text)
    about = dict.fromkeys(("title", "publisher", "licence", "url"), text)
    record["sources"] = [source | about for source in record["sources"]]
    seen = re.sub("[\x00-\x1f\u202e\u2066\ud800]", "", text)[:200]  # a record with what no parameter can be is refused
    record["parameters"] |= dict.fromkeys(("entity", "indicator"), seen)
    for entry in record["notebooks"].values():
        for table, written in entry["tables"].items():
            path = run / "tables" / f"{table}.csv"
            frame = pd.read_csv(path, dtype=str, keep_default_na=False)
            texts = [column for column, kind in written["columns"].items() if kind == "text"]
            frame[texts] = text.encode("utf-8", "replace").decode()
            frame.to_csv(path, index=False, lineterminator="\n")
            written["sha256"] = hash_file(path)
        for figure in entry["figures"].values():
            figure["alt"] = text
    (run / "run.json").write_text(json.dumps(record))
    for name in record["notebooks"]:
        edit_notebook(run, name, edit)
