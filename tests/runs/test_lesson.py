"""Notebooks 3 to 5 as a lesson: what their cells compute by hand is the library's, and every line of "Try it" runs."""

import re
from dataclasses import replace

import nbformat
import numpy as np
import pytest
from cells import NOTEBOOKS, SAMPLE, execute_cells

from adoption_curves.runs.parameters import complete_parameters, read_parameters


def run(number, outputs, **given):
    """Variables of a notebook whose cells have run, and its lines to try."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    parameters = complete_parameters(read_parameters({"run": "lesson", "data": str(SAMPLE), **given}))
    names, _ = execute_cells(path, outputs, parameters.model_dump())
    lines = re.findall(r"```python\n(.*?)```", nbformat.read(path, 4).cells[-1].source, re.DOTALL)
    return names, "".join(lines).splitlines()


@pytest.fixture(
    scope="module",
    params=[{}, {"indicator": "online_shopping_users"}, {"bound": ""}],
    ids=["few", "mature", "no limit"],
)
def fifth(request, tmp_path_factory):
    return run("05", tmp_path_factory.mktemp("lesson"), **request.param)


def test_each_equation_of_notebook_5_gives_what_the_library_gives(fifth):
    cells, _ = fifth
    result, h = cells["result"], cells["h"]
    assert cells["written"] == result.bounded
    if not cells["written"]:
        return
    limit, limit_sd, _ = result.limit_ahead(h)
    np.testing.assert_allclose(cells["limit_by_hand"], limit, rtol=1e-12)
    np.testing.assert_allclose(cells["sd_by_hand"], limit_sd, rtol=1e-12)
    np.testing.assert_allclose(cells["tried"]["by_hand"], cells["tried"]["weight"], rtol=1e-9)
    np.testing.assert_allclose(np.transpose(cells["terms_by_hand"]), result.rows(h).terms, rtol=1e-9)
    half = cells["tried"]["path"] @ cells["tried"]["weight"] / limit[-1]
    assert (cells["straight"][-1] + min(half, 1)) / 2 == pytest.approx(result.rows(h).share[-1], rel=1e-9)
    alone = replace(result, end=np.nan)
    np.testing.assert_allclose(cells["range_by_hand"], alone.margins(h, cells["ends"])[-1], rtol=1e-9)


def test_before_a_newer_figure_is_the_forecast_that_knows_of_none(fifth):
    cells, _ = fifth
    series, newer = cells["series"], cells["newer"]
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
