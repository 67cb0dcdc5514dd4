"""Notebooks 3 to 5 as a lesson: what their cells compute is what is published, and every exercise's line runs."""

import re
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from cells import NOTEBOOKS, run_notebook

from adoption_curves.forecast import model


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
    """Without the second set of where growth levels off, and without newer figures."""
    result, levels = cells["result"], np.array([0.1, 0.5, 0.9])
    found = cells["fan"] if result.bounded else model.approach(cells["fan"], result.used.iloc[-1], result.target.limit)
    np.testing.assert_allclose(found, replace(result, end=np.nan).margins(result.years, levels), rtol=1e-12)


def test_the_lines_of_the_cells_are_those_of_the_model(cells):
    """By statsmodels to the limit and to each end: slope and height of `model`, and the sums of squares."""
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
        assert eval(line, names) is not None, line


@pytest.mark.parametrize("number", ["03", "04"])
def test_every_line_to_try_runs(number, executed):
    check_exercises(number, executed(number)[0])


def test_every_line_to_try_in_notebook_5_runs(cells):
    check_exercises("05", cells)


@pytest.mark.slow
def test_every_line_to_try_in_notebook_4_runs_without_a_limit(tmp_path):
    check_exercises("04", run_notebook("04", tmp_path, bound="none")[0])
