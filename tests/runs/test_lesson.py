"""Notebooks 3 to 5 as a lesson: what their cells compute is what is published, and every exercise's line runs."""

import re

import nbformat
import numpy as np
import pytest
from cells import NOTEBOOKS, execute_cells, run_notebook

from adoption_curves.forecast import model

DATA = NOTEBOOKS.parent / "data"


def read_exercises(number):
    """The lines of a notebook's exercises."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    texts = "\n".join(cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown")
    return "".join(re.findall(r"```python\n(.*?)```", texts, re.DOTALL)).splitlines()


@pytest.fixture(
    scope="module",
    params=[{}, pytest.param({"indicator": "online_shopping_users"}, marks=pytest.mark.slow), {"bound": "none"}],
    ids=["few", "mature", "no limit"],
)
def cells(request, executed, tmp_path_factory):
    """Variables of notebook 5 after its cells have run."""
    if not request.param:
        return executed("05")[0]
    return run_notebook("05", tmp_path_factory.mktemp("lesson"), **request.param)[0]


def test_the_fan_of_the_cells_is_that_of_the_library(cells):
    """Without newer figures, and before a population holds what has no limit."""
    result, levels = cells["result"], np.array([0.1, 0.5, 0.9])
    found = cells["fan"][0]
    if not result.bounded:
        found = model.approach(found, result.used.iloc[-1], result.target.limit)
    np.testing.assert_allclose(found, result.margins(result.years, levels), rtol=1e-12)


def test_the_lines_of_the_cells_are_those_of_the_model(cells):
    """By least squares to the limit and to each end: the slope, and what each curve gains."""
    t, x, h, result = cells["t"], cells["x"], cells["h"], cells["result"]
    z = cells["seen"]["g"].to_numpy()[None]
    np.testing.assert_allclose(z, model.g(x) if result.bounded else np.log(x), rtol=1e-12)
    slope, height = model.fit_line(t, z)
    np.testing.assert_allclose(cells["line"], [height[0], slope[0]], rtol=1e-10)
    ends = cells["ends"]["share"].to_numpy()
    assert len(ends) == 5 * result.bounded
    gains, _ = model.follow_ends(t, x, h, ends[None])
    heights, slopes = np.reshape(cells["lines"], (-1, 2, 1)).transpose(1, 0, 2)
    gained = ends[:, None] * (model.back(heights + np.maximum(slopes, 1e-6) * h) - model.back(heights))
    np.testing.assert_allclose(gained, gains[0], rtol=1e-9)


def test_the_path_of_the_cells_is_that_of_the_model(cells):
    path = model.find_path(cells["t"], cells["x"], cells["h"], cells["result"].constants)
    np.testing.assert_allclose(cells["path"], path, rtol=1e-12)


def test_before_a_newer_figure_is_the_forecast_that_knows_of_none(cells):
    series, newer = cells["series"], cells["forecast"].compare_newer(cells["result"])
    if not len(series.newer):
        assert newer.empty
        return
    by_form = dict(list(newer.groupby("form")["q0.5"]))
    published = cells["result"].quantiles[0.5].to_numpy()
    np.testing.assert_allclose(by_form["as published"], published, rtol=1e-9)
    assert np.abs(by_form["without it"].to_numpy() / published - 1).max() > 1e-3


def check_exercises(number, names):
    lines = read_exercises(number)
    assert len(lines) >= 5
    for line in lines:
        exec(f"found = {line}", names)
        assert names["found"] is not None, line


@pytest.mark.parametrize("number", ["03", "04"])
def test_every_line_to_try_runs(number, executed):
    check_exercises(number, executed(number)[0])


def test_every_line_to_try_in_notebook_5_runs(cells):
    check_exercises("05", cells)


@pytest.mark.slow
def test_every_line_to_try_in_notebook_4_runs_for_shares_of_sales(tmp_path):
    [path] = NOTEBOOKS.glob("04_*.ipynb")
    check_exercises("04", execute_cells(path, tmp_path, {"run": "sales", "kind": "sales", "data": str(DATA)})[0])
