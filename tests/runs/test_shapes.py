"""Every plain shape of a series has a page: the six notebooks' cells in one process, or a sentence that refuses."""

from urllib.parse import urlencode

import pytest
import simulated
from cells import NOTEBOOKS, execute_cells

from adoption_curves.runs.parameters import complete_parameters, read_parameters

SLOW = pytest.mark.slow
SHAPES = dict(simulated.shapes())
FALLEN = {"falls from the first", "fell of late"}
FAST = {"falls from the first", "stands still", "stopped", "one"}


def tell_page(folder, name, unit):
    """Sentences of the page of a shape, by their part, and its verdict."""
    percent = unit.startswith("percent")
    series = SHAPES[name] if percent else (1000 * SHAPES[name]).round()
    path = folder / "own.csv"
    series.rename("value").rename_axis("date").to_csv(path)
    choices = urlencode({"title": "Households with a robot", "unit": unit})
    parameters = complete_parameters(read_parameters({"run": "shape", "data": f"{path}?{choices}"}))
    for notebook in sorted(NOTEBOOKS.glob("0*.ipynb")):
        names, _ = execute_cells(notebook, folder, parameters.model_dump())
    read = names["study"].read_table
    sentences = dict(read("06_findings")[["part", "sentence"]].to_numpy().tolist())
    return sentences, read("03_ceiling")["verdict"][0], read("05_forecast"), series


@pytest.mark.parametrize("unit", ["percent of households", "households"])
@pytest.mark.parametrize("name", [each if each in FAST else pytest.param(each, marks=SLOW) for each in SHAPES])
def test_every_plain_shape_has_a_page_or_a_sentence(name, unit, tmp_path):
    refused = ""
    try:
        sentences, verdict, forecast, series = tell_page(tmp_path, name, unit)
    except ValueError as error:
        refused = str(error)
    if refused:
        assert len(SHAPES[name]) < 3  # too few figures for a forecast without a limit
        assert "needs at least 3 dated values" in refused
        return
    assert sentences["headline"]
    assert (verdict == "fallen") == (name in FALLEN) == forecast.empty
    if name in FALLEN:
        assert "down from" in sentences["headline"]
        assert "We give no forecast" in sentences["deck"]
    else:
        assert "peak" not in " ".join(sentences.values())
        last, middle = series.iloc[-1], forecast["q0.5"].dropna()
        rises = not len(middle) or middle.iloc[-1] > 1.005 * last
        assert rises or "reach" not in sentences["headline"]
