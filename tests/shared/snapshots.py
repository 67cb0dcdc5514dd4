"""What tests keep: wording in tests/snapshots, tables in tests/golden, and parts of the docs that are made.

`python -m pytest --renew` writes it anew, `python -m pytest -m golden --renew` the tables of the twelve runs; git shows
what changed.
"""

import doctest
import re
from pathlib import Path

import pandas as pd

FOLDER = Path(__file__).parents[1] / "snapshots"


class Recorder(doctest.OutputChecker):
    """Notes what examples print, and takes it for right."""

    def __init__(self):
        self.got = []

    def check_output(self, want, got, optionflags):
        self.got.append(got)
        return True


def check_text(path, text, renew):
    """A kept file has this text, or it is written there."""
    if renew:
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, f"{path.name} is kept: python -m pytest --renew writes it anew"


def check_part(path, name, text, renew):
    """A page has this text between `<!-- name -->` and `<!-- /name -->`, or it is written there.

    The marks stand on lines of their own around a table, and within the line around a value.
    """
    marks = rf"(<!-- {name} -->\n?).*?(\n?<!-- /{name} -->)"
    page, count = re.subn(
        marks, lambda match: match[1] + text + match[2], path.read_text(encoding="utf-8"), flags=re.DOTALL
    )
    assert count == 1, f"{path.name} needs the marks of {name} once"
    check_text(path, page, renew)


def write_rows(head, *rows):
    """A Markdown table of texts."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)).replace(" --- ", "---")


def run_examples(text, names, label):
    """The text with what its examples print below each; an example that raises fails the test."""
    checker, failures = Recorder(), []
    test = doctest.DocTestParser().get_doctest(text, names, label, label, 0)
    doctest.DocTestRunner(checker, verbose=False).run(test, out=failures.append, clear_globs=False)
    names.update(test.globs)
    assert not failures, "".join(failures)
    printed = iter(checker.got)
    parts = doctest.DocTestParser().parse(text)
    return "".join(part if isinstance(part, str) else write_example(part.source, next(printed)) for part in parts)


def write_example(source, printed):
    """An example at the prompt, and what it prints."""
    lines = "\n... ".join(source.splitlines())
    return f">>> {lines}\n{printed}"


def check_snapshot(name, names, renew):
    """Run the examples of a file with these names; what each prints is kept below it."""
    path = FOLDER / f"{name}.txt"
    text = path.read_text(encoding="utf-8")
    assert ">>> " in text
    check_text(path, run_examples(text, dict(names), name), renew)


def check_table(path, made, renew):
    """A kept table has the cells of the file that was made, numbers to six digits, or they are written there.

    A table without rows is not kept.
    """
    table = pd.read_csv(made)
    if renew:
        path.unlink(missing_ok=True)
    if renew and len(table):
        form = "{:.10g}".format
        table.to_csv(path, index=False, lineterminator="\n", float_format=lambda number: form(float(f"{number:.6g}")))
    kept, name = pd.read_csv(path) if path.exists() else table.head(0), f"{path.parent.name}/{path.name}"
    pd.testing.assert_frame_equal(kept, table, check_dtype=False, rtol=1e-5, atol=1e-9, obj=name)
