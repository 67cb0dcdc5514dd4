"""A notebook's cells, run in this process: its variables, its tables and its figures can be looked at."""

import re
from pathlib import Path

import nbformat
import pytest

from adoption_curves.runs.manifest import read_entries
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.show.figures import images

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
WRITTEN = {f"05_{name}" for name in ("forecast", "limit", "ends", "scenarios", "quantiles", "probabilities", "since")}
WRITTEN |= {f"05_{name}" for name in ("newer", "other_limits", "milestones", "hindcasts")}
"""Tables that `write_forecast` writes and notebook 5 does not show; it draws the chart ``05_forecast``."""
SAMPLE = Path(__file__).parents[1] / "sample"


def execute_cells(path, outputs, given):
    """Variables of a notebook whose cells ran with these parameters, and its figures, which are not rendered."""
    drawn, names = [], {}

    def keep(figure, alt, narrow):
        drawn.append(figure)
        yield "png", bytes(24)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADOPTION_OUTPUTS", str(outputs))
        patch.setattr(images, "draw_images", keep)
        for cell in nbformat.read(path, 4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, path.stem, "exec"), names)
            if "parameters" in cell.metadata.get("tags", []):
                names.update({name: value for name, value in given.items() if name in names})
    return names, drawn


def run_notebook(number, outputs, **parameters):
    """Variables, tables by name and figures by name of notebook `number` ("02"); figures are not rendered.

    Before notebook 5 notebook 4 runs, whose backtest it reads, unless it has run there.
    """
    if number == "05" and not [*Path(outputs).rglob("04_backtest.csv")]:
        run_notebook("04", outputs, **parameters)
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    given = complete_parameters(read_parameters({"run": "cells", "data": str(SAMPLE), **parameters}))
    names, drawn = execute_cells(path, outputs, given.model_dump())
    folder = names["study"].folder
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADOPTION_OUTPUTS", str(outputs))
        tables = {
            path.stem: names["study"].read_table(path.stem)
            for path in sorted((folder / "tables").glob(f"{number}_*.csv"))
        }
    figures = dict(zip(read_entries(folder)[path.stem]["figures"], drawn, strict=True))
    return names, tables, figures


def run_cells(number, outputs, **parameters):
    """Tables by name, and the figures, of `run_notebook`."""
    _, tables, figures = run_notebook(number, outputs, **parameters)
    return tables, [*figures.values()]


def list_exhibits(*methods):
    """Names of the tables and figures that the numbered notebooks write by these methods of a study."""
    kept = WRITTEN if "keep" in methods else {"05_forecast"}
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(NOTEBOOKS.glob("0*.ipynb")))
    return kept | {*re.findall(rf'\.(?:{"|".join(methods)})\(\s*(?:\\n",\s*"\s*)?\\"(\d\d_\w+)', texts)}
