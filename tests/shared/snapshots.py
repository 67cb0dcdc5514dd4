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


def check_snapshot(name, names, renew):
    """Run the examples of a file with these names; what each prints is kept below it."""
    path, checker = FOLDER / f"{name}.txt", Recorder()
    text = path.read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, str(path), 0)
    failures = []
    doctest.DocTestRunner(checker, verbose=False).run(test, out=failures.append, clear_globs=False)
    assert not failures, "".join(failures)  # an example raised
    printed = iter(checker.got)
    parts = doctest.DocTestParser().parse(text)
    examples = [part if isinstance(part, str) else f">>> {part.source}{next(printed)}" for part in parts]
    assert checker.got
    check_text(path, "".join(examples), renew)


def check_table(path, made, renew):
    """A kept table has the cells of the file that was made, numbers to six digits, or they are written there.

    A table without rows is kept of the baseline alone, for its columns.
    """
    table = pd.read_csv(made)
    if renew:
        path.unlink(missing_ok=True)
    if renew and (len(table) or path.parent.name == "baseline"):
        form = "{:.10g}".format
        table.to_csv(path, index=False, lineterminator="\n", float_format=lambda number: form(float(f"{number:.6g}")))
    kept, name = pd.read_csv(path) if path.exists() else table.head(0), f"{path.parent.name}/{path.name}"
    pd.testing.assert_frame_equal(kept, table, check_dtype=False, rtol=1e-5, atol=1e-9, obj=name)
