"""The forecast is one path and its spread: nothing that readers see speaks of what it once was."""

import re
from pathlib import Path

import nbformat

ROOT = Path(__file__).parents[2]
GONE = re.compile(
    r"\bmembers?\b|conformal|\bquotients?\b|\bfloor f\b|gompertz_shrunk|gompertz_prior|logistic_prior|damped_drift",
    re.IGNORECASE,
)
ALLOWED = {"docs/CHANGELOG.md"}
"""What went is named there."""


def list_texts():
    """Docs, README files, and the cells of notebooks 3 to 6."""
    for path in [
        *ROOT.glob("docs/*.md"),
        *(ROOT / name for name in ("README.md", "data/README.md", "outputs/README.md")),
    ]:
        if path.relative_to(ROOT).as_posix() not in ALLOWED:
            yield path.name, path.read_text(encoding="utf-8")
    for path in sorted(ROOT.glob("notebooks/0[3-6]*.ipynb")):
        for place, cell in enumerate(nbformat.read(path, 4).cells):
            yield f"{path.name}, cell {place}", cell.source


def test_no_text_names_members_ranges_of_quotients_or_a_floor_as_a_scale():
    assert [(name, found[0]) for name, text in list_texts() for found in GONE.finditer(text)] == []


def test_nothing_in_the_package_is_left_of_them():
    texts = {path: path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.py")}
    gone = re.compile(
        r"conformal|gompertz_shrunk|gompertz_prior|logistic_prior|METHODS\b|early_phones|PAST_PEAK|NO_RANGE"
    )
    assert [(path.name, found[0]) for path, text in texts.items() for found in gone.finditer(text)] == []
