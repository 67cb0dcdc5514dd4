"""Notebooks 3 to 5 as a lesson: what their cells compute is what is published, and the exercises have answers."""

import doctest
import re

import nbformat
import numpy as np
import pytest
from cells import NOTEBOOKS, execute_cells, run_notebook

from adoption_curves.forecast import compare_newer, scores
from adoption_curves.runs import Study

DATA = NOTEBOOKS.parent / "data"


def read_texts(number):
    """The text cells of a notebook."""
    [path] = NOTEBOOKS.glob(f"{number}_*.ipynb")
    return [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "markdown"]


@pytest.fixture(
    scope="module",
    params=[
        {},
        pytest.param({"indicator": "online_shopping_users"}, marks=pytest.mark.slow),
        pytest.param(
            {"entity": "Norway", "indicator": "electric_car_share", "data": str(DATA)}, marks=pytest.mark.slow
        ),
        {"limit": "none"},
    ],
    ids=["few", "mature", "sales", "no limit"],
)
def cells(request, executed, tmp_path_factory):
    """Variables of notebook 5 after its cells have run."""
    if not request.param:
        return executed("05")[0]
    return run_notebook("05", tmp_path_factory.mktemp("lesson"), **request.param)[0]


def test_the_fan_of_the_cells_is_the_forecast_of_one_call_to_the_last_digit(cells):
    """Without a limit it is that of a comparison technology, which the page names."""
    fan, study = cells["fan"], cells["study"]
    assert len(fan) >= 5
    np.testing.assert_allclose(fan, cells["one_call"], rtol=1e-12)
    ours = cells["title"] == study.series.full_title
    assert ours == (study.series.limit is not None)
    if ours:
        dates = study.forecast.dates
        np.testing.assert_allclose(fan.loc[dates], study.forecast.quantiles[[*fan]], rtol=1e-12)


def test_an_assumed_value_is_marked_among_those_of_the_lesson(outputs):
    """The source of June 2026 gave only "more than", and both ends are known: it is drawn as an open circle."""
    rows = Study("05_forecast_adoption", run="mine", data=str(DATA)).window
    assert rows.loc[rows["assumed"], "date"].dt.strftime("%Y-%m").tolist() == ["2026-06"]


@pytest.mark.parametrize(
    ("old", "new"),
    [("[0.2, 0.4, 0.6, 0.8, 0.98]", "[0.1, 0.2, 0.4, 0.6, 0.8, 0.98]"), ("st.t.ppf(q, 4)", "st.norm.ppf(q)")],
    ids=["a sixth end", "a normal distribution"],
)
def test_one_thing_changed_in_the_cells_and_they_run(old, new, executed, tmp_path):
    """As a student would: the range moves a little, and stays one."""
    [path] = NOTEBOOKS.glob("05_*.ipynb")
    given = executed("05")[0]
    names = {name: given[name] for name in given if not name.startswith("_")}
    code = [cell.source for cell in nbformat.read(path, 4).cells if cell.cell_type == "code"]
    first, last = (
        next(place for place, cell in enumerate(code) if part in cell) for part in ("seen, ahead", "fan[:] =")
    )
    changed = "\n".join(code[first : last + 1]).replace(old, new)
    assert new in changed
    assert old not in changed
    before = names["fan"].copy()
    exec(re.sub(r"^study\.draw.*$", "", changed, flags=re.MULTILINE), names)
    moved = (names["fan"] / before - 1).abs().to_numpy()
    assert 1e-5 < moved.max() < 0.3
    assert (np.diff(names["fan"]) > 0).all()


def test_before_a_newer_figure_is_the_forecast_that_knows_of_none(cells):
    series, newer = cells["study"].series, compare_newer(cells["study"].forecast)
    if not len(series.newer):
        assert newer.empty
        return
    by_form = dict(list(newer.groupby("form")["q0.5"]))
    given = cells["study"].forecast.quantiles[0.5].to_numpy()
    own = "our reading" if len(series.readings) else "as published"
    np.testing.assert_allclose(by_form.pop(own), given, rtol=1e-9)
    assert all(np.abs(other.to_numpy() / given - 1).max() > 1e-3 for other in by_form.values())


@pytest.mark.slow
@pytest.mark.parametrize("number", ["01", "02", "03", "04", "05", "06", "07", "08"])
def test_the_answers_are_what_the_lines_give_on_the_default_run(number, tmp_path):
    text = (NOTEBOOKS.parent / "docs" / "answers.md").read_text(encoding="utf-8")
    part = text.split(f"## Notebook {int(number)}\n")[1].split("\n## ")[0]
    for earlier in ("01", "02", "03", "04", "05") if number == "06" else ():
        run_notebook(earlier, tmp_path, data=str(DATA))
    names = run_notebook(number, tmp_path, data=str(DATA))[0]
    lines = doctest.DocTestParser().get_doctest(part.replace("```", ""), names, f"answers to {number}", None, 0)
    asked = len(re.findall(r"^\d\.", "\n".join(read_texts(number)).split("## Exercises")[1], re.MULTILINE))
    assert len(re.findall(r"^\*\*\d\.\*\*", part, re.MULTILINE)) == asked
    told = []
    doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(lines, out=told.append)
    assert "".join(told) == ""


def test_tables_that_the_cells_of_notebook_4_make_agree_with_its_scores(executed):
    names, tables, _ = executed("04")
    skill, sides, calibration = (tables[f"04_{name}"] for name in ("skill", "sides", "calibration"))
    assert skill["wis_relative"].between(skill["low"], skill["high"]).all()
    line, ours = skill.query("benchmark == 'straight_line'"), tables["04_scores"].query("method == 'forecast'")
    np.testing.assert_allclose(line["wis_relative"], ours["wis_relative"], rtol=1e-9)
    by_horizon = scores.score(names["own"], ["method", "horizon_years"])
    covered = 100 - sides["below"] - sides["above"]
    np.testing.assert_allclose(covered, 100 * by_horizon[["coverage_80", "coverage_90"]].T.to_numpy().ravel())
    np.testing.assert_allclose(calibration.query("nominal == 0.8")["actual"], by_horizon["coverage_80"])
    assert covered.between(sides["low_covered"], sides["high_covered"]).all()
    assert tables["04_coverage_by_stage"]["n"].sum() == len(names["every"])
    assert names["wis"] == pytest.approx(100 * names["example"]["wis"].iloc[-1])


@pytest.mark.slow
def test_notebook_4_runs_for_shares_of_sales(tmp_path):
    [path] = NOTEBOOKS.glob("04_*.ipynb")
    names, figures = execute_cells(path, tmp_path, {"run": "sales", "kind": "sales", "data": str(DATA)})
    assert len(figures) == 6
    assert {*names["rows"]["kind"]} == {"sales"}
