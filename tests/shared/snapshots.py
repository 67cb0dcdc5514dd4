"""Wording that is kept in tests/snapshots: examples as doctest reads them, what each says below it.

`python -m pytest --renew -n 0` writes anew what they say; git shows what changed.
"""

import doctest
from pathlib import Path

FOLDER = Path(__file__).parents[1] / "snapshots"


class Recorder(doctest.OutputChecker):
    """Notes what examples print, and takes it for right."""

    def __init__(self):
        self.got = []

    def check_output(self, want, got, optionflags):
        self.got.append(got)
        return True


def check_snapshot(name, names, renew):
    """Run the examples of a file with these names; what one prints must be what stands there, or is written there."""
    path, told = FOLDER / f"{name}.txt", []
    text = path.read_text(encoding="utf-8")
    test = doctest.DocTestParser().get_doctest(text, dict(names), name, str(path), 0)
    checker = Recorder() if renew else None
    failed, tried = doctest.DocTestRunner(checker, verbose=False).run(test, out=told.append, clear_globs=False)
    renewing = f"{path.name} is renewed by .venv/bin/python -m pytest --renew -n 0"
    assert not failed, "".join([*told, renewing])
    assert tried
    if renew:
        parts, got = doctest.DocTestParser().parse(text), iter(checker.got)
        examples = (part if isinstance(part, str) else f">>> {part.source}{next(got)}" for part in parts)
        path.write_text("".join(examples), encoding="utf-8")
