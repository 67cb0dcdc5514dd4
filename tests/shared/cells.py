"""A notebook's cells, run in this process: its variables, its tables and its figures can be looked at."""

import re
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.show.figures import images

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SAMPLE = Path(__file__).parents[1] / "sample"


def execute_cells(path, outputs, given):
    """Variables of a notebook whose cells ran with these parameters, and its figures, which are not rendered."""
    drawn, names = [], {}

    def keep(figure, alt, narrow, pdf):
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


def run_cells(number, outputs, **parameters):
    """Tables and figures by name of notebook `number` ("02"), run with these parameters; figures are not rendered."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    given = complete_parameters(read_parameters({"run": "cells", "data": str(SAMPLE), **parameters}))
    names, drawn = execute_cells(path, outputs, given.model_dump())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADOPTION_OUTPUTS", str(outputs))
        tables = {
            path.stem: names["study"].read_table(path.stem)
            for path in sorted((names["study"].folder / "tables").glob(f"{number}_*.csv"))
        }
    assert all(isinstance(table, pd.DataFrame) for table in tables.values())
    return tables, drawn


def list_exhibits(*methods):
    """Names of the tables and figures that the numbered notebooks write by these methods of a study."""
    texts = "\n".join(path.read_text(encoding="utf-8") for path in sorted(NOTEBOOKS.glob("0*.ipynb")))
    return {*re.findall(rf'\.(?:{"|".join(methods)})\(\s*(?:\\n",\s*"\s*)?\\"(\d\d_\w+)', texts)}
