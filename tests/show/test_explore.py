"""The explorer's cells without a browser: what they offer and show, choice after choice."""

from types import SimpleNamespace
from unittest.mock import Mock

import IPython.display
import nbformat
import pandas as pd
import pytest
from nbclient import NotebookClient

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.headline import find_goal
from adoption_curves.base.project import find_root

NOTEBOOK = find_root() / "notebooks" / "explore_adoption.ipynb"
TITLE = "China: Generative AI users"


@pytest.fixture
def explore(monkeypatch):
    """Names of the explorer's cells, and what a choice displays and prints."""
    shown = []
    monkeypatch.setattr(IPython.display, "display", lambda *things: shown.extend(things))
    cells = [cell.source for cell in nbformat.read(NOTEBOOK, 4).cells if cell.cell_type == "code"]
    monkeypatch.setattr(IPython, "get_ipython", Mock)
    names = {}
    for source in cells[:6]:
        exec(source, names)

    def choose(title=TITLE, limit="", day="", since="", curve="logistic", years=5):
        shown.clear()
        names["explore"](title, limit or names["limit_box"].options[0], day, since, curve, years)
        return [*shown]

    return SimpleNamespace(names=names, choose=choose)


def test_it_offers_every_series_curve_and_limit(explore):
    data = indicators.load()
    named = {f"{entity}: {data.find_entry(name).title}" for entity, name in indicators.list_studied(data)}
    assert {*explore.names["boxes"]["title"].options} == named
    assert explore.names["boxes"]["curve"].options == tuple(curves.FAMILIES)
    assert explore.names["limit_box"].options[0] == explore.names["limit_box"].value == "Internet users"
    explore.names["boxes"]["title"].value = "Germany: Internet use (ITU)"
    assert explore.names["limit_box"].options == ("100 percent of total population", "none")


def test_chart_and_table_are_the_forecast_of_a_run_and_have_the_day_of_its_headline(explore):
    figure, table, verdict = explore.choose()
    series = indicators.load().series("China", "genai_users", "internet_users")
    result = forecast.forecast(series, horizon_years=5)
    assert table.dropna(subset=0.5)[[0.1, 0.5, 0.9]].equals(result.quantiles[[0.1, 0.5, 0.9]].round(1))
    assert table["published"].dropna().to_dict() == {pd.Timestamp("2026-06-30"): "more than 700"}
    rows = [{"date": date, "basis": basis} for date, basis in zip(result.dates, result.basis, strict=True)]
    assert find_goal(rows)["date"] in table.index
    assert "with a fitted logistic curve" in figure.axes[0].get_title(loc="left")
    assert isinstance(verdict, curves.Assessment)


def test_a_number_is_a_limit_and_none_gives_no_interval(explore):
    data = indicators.load()
    series = data.series("China", "genai_users", "2000")
    [_, table, _] = explore.choose(limit="2000")
    result = forecast.forecast(series, horizon_years=5, most=forecast.find_most(data.offer_limits(series)))
    assert table.dropna(subset=0.5)[[0.1, 0.5, 0.9]].equals(result.quantiles[[0.1, 0.5, 0.9]].round(1))
    assert [*explore.choose(limit="none")[1].columns] == ["published", 0.5]


def test_an_earlier_day_leaves_out_what_was_published_later(explore):
    [_, table, _] = explore.choose(day="2025-10-18")
    assert table.index[0].year == 2025


def test_the_first_day_of_the_values_used_can_be_chosen(explore):
    [_, table, _] = explore.choose(since="all")
    result = forecast.forecast(indicators.load().series("China", "genai_users", "internet_users", "all"))
    assert table[0.5].dropna().tolist() == result.quantiles[0.5].round(1).tolist()


def test_what_cannot_be_is_a_sentence(explore):
    """In JupyterLab its one line alone is shown."""
    for choice in ({"limit": "zebra"}, {"day": "tomorrow"}, {"since": "yesterday"}):
        with pytest.raises(ValueError, match=next(iter(choice.values()))):
            explore.choose(**choice)


def test_executed_without_a_reader_it_ends_well():
    notebook = nbformat.read(NOTEBOOK, 4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}
