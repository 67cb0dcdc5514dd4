"""No figure of the six notebooks has a fault, at each width and for print: three kinds of series."""

import pytest
from cells import NOTEBOOKS, execute_cells
from figure_faults import find_faults

from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.study import Output
from adoption_curves.show.figures import style

MONTHLY = NOTEBOOKS.parent / "tests" / "golden" / "monthly.csv"
KINDS = {
    "four figures": {},
    "monthly": {"data": f"{MONTHLY}?unit=%25 of adults&measure=level&title=Monthly"},
    "no bound": {"bound": ""},
}
LOOKS = {
    "wide": lambda figure: figure.lay_out(style.WIDTHS["page"]),
    "print": lambda figure: figure.lay_out(style.WIDTHS["print"]),
    "narrow": lambda figure: figure.narrow(),  # for good, so it comes last
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_figure_has_a_fault(kind, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(Output, "draw", lambda self, name, figure, *_: drawn.update({name: figure}))
    given = complete_parameters(read_parameters({"run": "contact", **KINDS[kind]})).model_dump()
    for path in sorted(NOTEBOOKS.glob("0*.ipynb")):
        execute_cells(path, tmp_path, given)
    figures = {name: figure for name, figure in drawn.items() if figure is not None}
    assert len(figures) >= 6
    for name, figure in figures.items():
        for look, lay_out in LOOKS.items():
            assert not find_faults(lay_out(figure)), (name, look)
