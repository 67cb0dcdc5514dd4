"""Notebooks 3 to 5 as a lesson: what their cells compute is what is published, and every exercise's line runs."""

import re
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from cells import NOTEBOOKS, SAMPLE, execute_cells

from adoption_curves.forecast import model
from adoption_curves.runs.parameters import complete_parameters, read_parameters


def run(number, outputs, **given):
    """Variables of a notebook whose cells have run, and the lines of its exercises."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    parameters = complete_parameters(read_parameters({"run": "lesson", "data": str(SAMPLE), **given}))
    names, _ = execute_cells(path, outputs, parameters.model_dump())
    texts = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    return names, "".join(re.findall(r"```python\n(.*?)```", texts, re.DOTALL)).splitlines()


@pytest.fixture(
    scope="module",
    params=[{}, {"indicator": "online_shopping_users"}, {"bound": ""}],
    ids=["few", "mature", "no limit"],
)
def fifth(request, tmp_path_factory):
    return run("05", tmp_path_factory.mktemp("lesson"), **request.param)


def test_the_fan_of_the_cells_is_that_of_the_library(fifth):
    """Without the second set of where growth levels off, and without newer figures."""
    cells, _ = fifth
    result, levels = cells["result"], np.array([0.1, 0.5, 0.9])
    found = cells["fan"] if result.bounded else model.approach(cells["fan"], result.used.iloc[-1], result.target.limit)
    np.testing.assert_allclose(found, replace(result, end=np.nan).margins(result.years, levels), rtol=1e-12)


def test_the_lines_of_the_cells_are_those_of_the_model(fifth):
    """By statsmodels to the limit and to each end: slope and height of `model`, and the sums of squares."""
    cells, _ = fifth
    t, x, ends = cells["t"], cells["x"], cells["ends"]
    z = cells["seen"]["g"].to_numpy()[None]
    np.testing.assert_allclose(z, model.on_scale(x, cells["bounded"]), rtol=1e-12)
    slope, height = model.fit_line(t, z)
    np.testing.assert_allclose(cells["line"].params, [height[0], slope[0]], rtol=1e-10)
    assert len(ends) == (25 if cells["bounded"] else 0)
    slope, height, squares = model.fit_ends(t, x, ends["share"].to_numpy()[None])
    heights, slopes = np.reshape(cells["lines"], (-1, 2)).T
    np.testing.assert_allclose(heights, height[0], rtol=1e-10)
    np.testing.assert_allclose(np.maximum(slopes, 1e-6), slope[0], rtol=1e-10)
    np.testing.assert_allclose(ends["squares"], squares[0], rtol=1e-10)


def test_before_a_newer_figure_is_the_forecast_that_knows_of_none(fifth):
    cells, _ = fifth
    series, newer = cells["series"], cells["forecast"].compare_newer(cells["result"])
    if not len(series.newer):
        assert newer.empty
        return
    by_form = dict(list(newer.groupby("form")["q0.5"]))
    published = cells["result"].quantiles[0.5].to_numpy()
    np.testing.assert_allclose(by_form["as published"], published, rtol=1e-9)
    assert np.abs(by_form["without it"].to_numpy() / published - 1).max() > 1e-3


@pytest.mark.parametrize(("number", "given"), [("03", {}), ("04", {}), ("04", {"bound": ""})])
def test_every_line_to_try_runs(number, given, tmp_path):
    names, lines = run(number, tmp_path, **given)
    assert len(lines) >= 5
    for line in lines:
        assert eval(line, names) is not None, line


def test_every_line_to_try_in_notebook_5_runs(fifth):
    names, lines = fifth
    assert len(lines) >= 5
    for line in lines:
        assert eval(line, names) is not None, line
