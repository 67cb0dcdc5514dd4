"""Every figure of seven kinds of series, wide, for print and narrow, in build/contact/; run this file.

It prints the faults that `figure_faults` finds, and writes one page with all figures.
"""

import contextlib
import io
import os
import sys
import tempfile
from pathlib import Path

from cells import NOTEBOOKS, run_notebook
from figure_faults import find_faults

from adoption_curves.base.project import Source
from adoption_curves.show.figures import style

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
PLAIN = {"unit": "% of adults", "measure": "level"}
KINDS = {
    "four figures": {},
    "one figure": {"data": Source(GOLDEN / "one.csv", PLAIN), "limit": 100},
    "monthly": {"data": Source(GOLDEN / "monthly.csv", PLAIN)},
    "57 figures": {"indicator": "internet_users", "limit": "population_year_end"},
    "declining": {"indicator": "microblog_users"},
    "no limit": {"limit": "none"},
    "at 99 % of the limit": {"indicator": "mobile_internet_users"},
}
LOOKS = {
    "wide": lambda figure: figure.lay_out(style.WIDTHS["page"]),
    "print": lambda figure: figure.lay_out(style.WIDTHS["print"]),
    "narrow": lambda figure: figure.narrow(),  # for good, so it comes last
}
DOTS_PER_INCH = 80


def draw_kind(kind, outputs):
    """Every figure of the notebooks for a kind of series, by name."""
    chosen = {"data": ROOT / "data"} | KINDS[kind]
    given, drawn = {name: str(value) for name, value in chosen.items()}, {}
    with contextlib.redirect_stdout(io.StringIO()):
        for path in sorted(NOTEBOOKS.glob("0*.ipynb")):
            drawn |= run_notebook(path.name[:2], outputs, **given)[2]
    return drawn


def look_at(figure):
    """Look, picture and faults of a figure, for each look."""
    for look, lay_out in LOOKS.items():
        faults, picture = find_faults(lay_out(figure)), io.BytesIO()
        figure.savefig(picture, format="png", dpi=DOTS_PER_INCH)
        yield look, picture.getvalue(), faults


def main():
    page, count = ROOT / "build" / "contact" / "index.html", 0
    page.parent.mkdir(parents=True, exist_ok=True)
    rows = {}
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as outputs:
            for name, figure in draw_kind(kind, Path(outputs)).items():
                for look, picture, faults in look_at(figure):
                    count += len(faults)
                    print(*(f"{name}, {kind}, {look}: {fault}\n" for fault in faults), sep="", end="", flush=True)
                    file = f"{name}-{kind}-{look}.png".replace(" ", "-").replace("%", "")
                    (page.parent / file).write_bytes(picture)
                    rows.setdefault(f"{name}, {look}", []).append(f'<img src="{file}" alt="{kind}" title="{kind}">')
    pictures = "".join(f"<h2>{name}</h2>{''.join(found)}\n" for name, found in sorted(rows.items()))
    page.write_text(f"<!doctype html><style>img {{width: 330px}}</style>{pictures}", encoding="utf-8")
    print(f"{len(rows)} rows, {count} faults: {os.path.relpath(page)}")
    return count > 0


if __name__ == "__main__":
    sys.exit(main())
