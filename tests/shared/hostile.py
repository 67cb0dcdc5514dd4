"""Texts that attack a page, and a run that holds one wherever it takes a text from data."""

import json
import re
from pathlib import Path

import nbformat
import pandas as pd
from nbformat.v4 import new_output

from adoption_curves.base.files import hash_file

_FOUND = json.loads((Path(__file__).parents[1] / "reference" / "attacks.json").read_text(encoding="utf-8"))
ATTACKS = _FOUND["texts"]
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
            entry["files"][f"tables/{table}.csv"] = hash_file(path)
        for figure in entry["figures"].values():
            figure["alt"] = text
    (run / "run.json").write_text(json.dumps(record))
    for name in record["notebooks"]:
        edit_notebook(run, name, edit)
