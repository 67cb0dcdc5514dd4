"""The explorer without a browser: what it offers, draws and says, and in which order."""

import re

import nbformat
import pytest
from bs4 import BeautifulSoup
from nbclient import NotebookClient

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.project import find_root
from adoption_curves.runs import explore as opened
from adoption_curves.runs.parameters import ParameterError
from adoption_curves.show import explore

GENAI = ("China", "genai_users")


def open_explorer(data=None, key=GENAI, bound="internet_users", family="logistic", as_of="", years=5):
    return explore.Explorer(data or indicators.load(), key, bound, family, as_of, years)


def read_tables(html):
    """The cells of each table, a list a row."""
    tables = BeautifulSoup(html, "html.parser").find_all("table")
    return [[[cell.text for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")] for table in tables]


@pytest.fixture(scope="module")
def panel():
    """An explorer that has computed its first choice, with all that it showed on the way."""
    panel = open_explorer()
    panel.told = []
    for part in (panel.picture, panel.verdict, panel.numbers):
        part.observe(lambda change, part=part: panel.told.append((part, change["new"])), "value")
    panel.update()
    return panel


def test_the_figure_comes_first_with_a_word_while_computing(panel):
    parts = [part for part, _ in panel.told]
    assert parts == [panel.verdict, panel.picture, panel.picture, panel.verdict, panel.numbers]
    assert "Computing" in panel.told[0][1]
    first, second = panel.told[1][1], panel.told[2][1]
    assert "and the forecast" not in first
    assert "and the forecast" in second


def test_verdict_forecast_and_numbers_are_those_of_a_run(panel):
    data = indicators.load()
    series = data.series(*GENAI, "internet_users")
    found = forecast.forecast(series, references=data.references(), horizon_years=5)
    fan = found.quantiles
    assert "Not known" in panel.verdict.value
    assert re.search(rf"{fan.index[-1]:%B %Y}: median {fan[0.5].iloc[-1]:,.0f}, 80% range", panel.verdict.value)
    given, ahead = read_tables(panel.numbers.value)
    assert given[0] == ["Published", "Million people", "Share of internet users"]
    assert [row[1] for row in given[1:]] == [f"{value:,.0f}" for value in series.values.iloc[-explore.ROWS :]]
    median, low, high = (f"{fan[level].iloc[-1]:,.0f}" for level in (0.5, 0.1, 0.9))
    assert ahead[-1] == [f"{fan.index[-1]:%B %Y}", median, f"{low} to {high}"]


def test_it_offers_every_series_curve_limit_and_date(panel):
    controls = panel.controls
    offered = {key for _, key in controls["series"].options}
    assert offered == {*indicators.list_studied(indicators.load())}
    assert [name for _, name in controls["family"].options] == list(curves.FAMILIES)
    assert controls["limit"].options[0] == controls["limit"].value == "Internet users"
    assert controls["limit"].options[-1] == "none"
    assert controls["as_of"].options[-1] == ("all data", "")
    assert ("18 Oct 2025", "2025-10-18") in controls["as_of"].options


def test_another_series_has_its_own_limits_and_is_drawn():
    panel = open_explorer()
    panel.controls["series"].value = ("Germany", "internet_use_itu")
    assert panel.controls["limit"].options == ("100 percent of total population", "none")
    assert "Internet use (ITU) of Germany" in panel.picture.value
    assert "Near its limit" in panel.verdict.value


def test_without_a_limit_nothing_is_a_share_of_it():
    panel = open_explorer()
    panel.controls["limit"].value = "none"
    assert "Share of" not in panel.numbers.value
    series = indicators.load().series(*GENAI)
    found = forecast.forecast(series, references=indicators.load().references(), horizon_years=5)
    assert f"median {found.quantiles[0.5].iloc[-1]:,.0f}," in panel.verdict.value


def test_what_the_figures_cannot_carry_is_a_sentence(tmp_path):
    path = tmp_path / "two.csv"
    path.write_text("date,value,unit\n2023-12-31,0,persons\n2024-12-31,0,persons\n")
    data = indicators.load(path)
    panel = open_explorer(data, data.own[0], "")
    panel.update()
    assert re.search(r"role='alert'>[A-Z].*\.</p>", panel.verdict.value)


def test_names_in_the_data_are_text_never_markup(tmp_path):
    path = tmp_path / "a&lt;b.csv"
    rows = "".join(f"{2015 + year}-12-31,{value},<b>persons</b>\n" for year, value in enumerate((1, 2, 5, 9, 14)))
    path.write_text(f"date,value,unit\n{rows}")
    data = indicators.load(path)
    panel = open_explorer(data, data.own[0], "")
    panel.update()
    shown = panel.picture.value + panel.verdict.value + panel.numbers.value
    assert "<b>persons" not in shown
    assert "&lt;b&gt;persons" in shown


def test_a_value_that_a_run_would_refuse_is_refused():
    with pytest.raises(ParameterError, match="families"):
        opened.show(*GENAI, families=["none such"])
    with pytest.raises(indicators.DataError, match="genai_user"):
        opened.show("China", "genai_user")


def test_executed_without_a_reader_it_ends_well():
    notebook = nbformat.read(find_root() / "notebooks" / "explore_adoption.ipynb", 4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}
