"""Every plain shape of a series has a page, or a sentence that refuses it."""

from urllib.parse import urlencode

import pytest
import simulated
from cells import NOTEBOOKS, execute_cells

from adoption_curves.runs.parameters import complete_parameters, read_parameters

SHAPES = dict(simulated.shapes())
FALLEN = {"falls from the first", "fell of late"}
FAST = {("one", "households")}
CASES = [(name, unit) for unit in ("percent of households", "households") for name in SHAPES]


def tell_page(folder, name, unit):
    """The series of a shape, and the sentences, the verdict and the forecast of its page."""
    series = SHAPES[name] if unit.startswith("percent") else (1000 * SHAPES[name]).round()
    path = folder / "own.csv"
    series.rename("value").rename_axis("date").to_csv(path)
    choices = urlencode({"title": "Households with a robot", "unit": unit, "measure": "level"})
    chosen = {"run": "shape", "data": f"{path}?{choices}", "bound": 100 if unit.startswith("percent") else ""}
    parameters = complete_parameters(read_parameters(chosen))
    for notebook in sorted(NOTEBOOKS.glob("0*.ipynb")):
        names, _ = execute_cells(notebook, folder, parameters.model_dump())
    read = names["study"].read_table
    sentences = dict(read("06_findings")[["part", "sentence"]].to_numpy().tolist())
    return series, sentences, read("03_ceiling")["verdict"][0], read("05_forecast")


@pytest.mark.parametrize(
    ("name", "unit"), [case if case in FAST else pytest.param(*case, marks=pytest.mark.slow) for case in CASES]
)
def test_every_plain_shape_has_a_page_or_a_sentence(name, unit, tmp_path):
    series, sentences, verdict, forecast = tell_page(tmp_path, name, unit)
    assert sentences["headline"]
    assert (verdict == "fallen") == (name in FALLEN)
    assert forecast.empty == (name in FALLEN or name in ("one", "two"))
    if name in FALLEN:
        assert "down from" in sentences["headline"]
        assert "We give no forecast" in sentences["deck"]
    else:
        assert "down from" not in sentences["headline"]
        last, middle = series.iloc[-1], forecast["q0.5"].dropna()
        rises = not len(middle) or middle.iloc[-1] > 1.005 * last
        assert rises or "reach" not in sentences["headline"]
