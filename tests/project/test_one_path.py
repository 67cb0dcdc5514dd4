"""The forecast is one path and its spread: nothing that readers see, and no code, speaks of what it once was."""

import re

import nbformat
from conftest import ROOT

GONE = "conformal|gompertz_shrunk|gompertz_prior|logistic_prior"
TEXT = rf"\bmembers?\b|\bquotients?\b|\bfloor f\b|damped_drift|{GONE}"
CODE = rf"{GONE}|METHODS\b|early_phones|PAST_PEAK|NO_RANGE"


def test_no_text_or_code_names_members_ranges_of_quotients_or_a_floor_as_a_scale():
    """The changelog names what went; notebooks 1 and 2 speak of no forecast."""
    pages = [*{*ROOT.glob("docs/*.md")} - {ROOT / "docs" / "CHANGELOG.md"}, *ROOT.glob("README.md")]
    texts = {path: path.read_text(encoding="utf-8") for path in [*pages, *ROOT.glob("*/README.md")]}
    for path in ROOT.glob("notebooks/0[3-6]*.ipynb"):
        texts[path] = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    found = {path: re.findall(TEXT, text, re.IGNORECASE) for path, text in texts.items()}
    code = {path: re.findall(CODE, path.read_text(encoding="utf-8")) for path in ROOT.glob("src/**/*.py")}
    assert len(found) >= 15
    assert {path: words for path, words in (found | code).items() if words} == {}
