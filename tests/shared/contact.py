"""One page of every figure of seven kinds of series, at each width, in dark and for print; run this file.

Images are inside, no script runs; faults that `figure_faults` finds stand in red beneath their figure.
"""

import base64
import contextlib
import html
import io
import os
import sys
import tempfile
from pathlib import Path

import pytest
from cells import NOTEBOOKS, execute_cells
from figure_faults import find_faults
from PIL import Image

from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.study import Output
from adoption_curves.show.figures import style

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
KINDS = {
    "four figures": {},
    "one figure": {"data": GOLDEN / "one.csv", "bound": 100},
    "monthly": {"data": GOLDEN / "monthly.csv"},
    "57 figures": {"indicator": "internet_users", "bound": "population_year_end"},
    "declining": {"indicator": "microblog_users"},
    "no bound": {"bound": ""},
    "at 99 % of the bound": {"indicator": "mobile_internet_users"},
}
LOOKS = {
    "wide": lambda figure: figure.lay_out(style.WIDTHS["page"]),
    "print": lambda figure: figure.lay_out(style.WIDTHS["print"]),
    "narrow": lambda figure: figure.narrow(),  # for good, so it comes last
}
DOTS_PER_INCH = 80
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Contact sheet</title>
<style>
body {{ font: 14px sans-serif; margin: 1em; }} label {{ margin-right: 2em; }}
th {{ position: sticky; top: 0; background: white; }} td {{ vertical-align: top; padding: 4px; }}
img {{ display: none; width: 330px; }} p {{ color: #c00; margin: 0; max-width: 330px; }}
:is(#wide:checked, #dark:checked) ~ table .wide, #print:checked ~ table .print,
#narrow:checked ~ table .narrow {{ display: block; }}
#dark:checked ~ table img {{ filter: invert(.9) hue-rotate(180deg); }} img:hover {{ width: auto; }}
</style>
<h1>{title}</h1>
{choice}<table>{rows}</table></html>
"""


def draw_kind(kind, outputs):
    """Every figure of the six notebooks for a kind of series, by name."""
    chosen = {"run": "contact", "data": ROOT / "data"} | KINDS[kind]
    given = complete_parameters(read_parameters({name: str(value) for name, value in chosen.items()})).model_dump()
    drawn = {}
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
        patch.setattr(Output, "draw", lambda self, name, figure, *_: drawn.update({name: figure}))
        for path in sorted(NOTEBOOKS.glob("0*.ipynb")):
            execute_cells(path, outputs, given)
    return {name: figure for name, figure in drawn.items() if figure is not None}


def look_at(figure):
    """Look, picture and faults of a figure, for each look."""
    for look, lay_out in LOOKS.items():
        faults, drawn, picture = find_faults(lay_out(figure)), io.BytesIO(), io.BytesIO()
        figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH)
        Image.open(drawn).convert("RGB").quantize(64, Image.Quantize.FASTOCTREE).save(picture, "PNG")
        yield look, picture.getvalue(), faults


def main():
    cells, count = {}, 0
    for kind in KINDS:
        with tempfile.TemporaryDirectory() as outputs:
            for name, figure in draw_kind(kind, Path(outputs)).items():
                cell = ""
                for look, picture, faults in look_at(figure):
                    count += len(faults)
                    source = base64.b64encode(picture).decode()
                    cell += f'<img class="{look}" alt="{name}, {kind}, {look}" src="data:image/png;base64,{source}">'
                    cell += "".join(f"<p>{look}: {html.escape(fault)}</p>" for fault in faults)
                    print(*(f"{name}, {kind}, {look}: {fault}\n" for fault in faults), sep="", end="", flush=True)
                cells[name, kind] = cell
    rows = "<tr>" + "".join(f"<th>{head}</th>" for head in ("", *KINDS)) + "</tr>\n"
    for name in sorted({name for name, _ in cells}):
        own = "".join(f"<td>{cells.get((name, kind), '')}</td>" for kind in KINDS)
        rows += f"<tr><th>{name}</th>{own}</tr>\n"
    choice = "".join(
        f'<input type="radio" name="look" id="{look}"{checked}><label for="{look}">{look}</label>\n'
        for look, checked in {"wide": " checked", "narrow": "", "dark": "", "print": ""}.items()
    )
    page = ROOT / "build" / "contact" / "index.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    title = f"{len(cells)} figures of {len(KINDS)} kinds of series, {count} faults"
    page.write_text(PAGE.format(title=title, choice=choice, rows=rows), encoding="utf-8")
    print(f"{title}: {os.path.relpath(page)}")
    return count > 0


if __name__ == "__main__":
    sys.exit(main())
