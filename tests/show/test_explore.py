"""The explorer without a browser: what it offers, draws and says, and in which order."""

import re

import nbformat
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from conftest import open_as
from nbclient import NotebookClient

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.project import find_root
from adoption_curves.show import explore

GENAI = ("China", "genai_users")


class Panel:
    """An explorer without a browser: its controls, and what it has shown, choice after choice."""

    def __init__(self, patch, data=None, key=GENAI, *given):
        self.shown = []
        patch.setattr(explore, "display", self.open)
        explore.explore(data or indicators.load(), *key, *given)

    def open(self, box):
        """Keep the controls, and follow what stands below them."""
        self.controls, below = box.children
        below.observe(lambda change: self.shown.append(change["new"]), "value")

    def find(self, name):
        """The control with this name."""
        [found] = [each for each in self.controls.children if each.description == name]
        return found

    def read(self):
        """What is shown last."""
        return self.shown[-1]


def read_tables(html):
    """The cells of each table, a list a row."""
    tables = BeautifulSoup(html, "html.parser").find_all("table")
    return [[[cell.text for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")] for table in tables]


@pytest.fixture(scope="module")
def panel():
    """An explorer that has computed its first choice, with all that it showed on the way."""
    with pytest.MonkeyPatch.context() as patch:
        yield Panel(patch, None, GENAI, "internet_users")


def test_controls_come_first_then_the_figure_with_a_word_while_computing(panel):
    first, second = panel.shown[:2]
    assert "Computing" in first
    assert "and the forecast" not in first
    assert "and the forecast" in second
    assert "Computing" not in second


def test_verdict_forecast_and_numbers_are_those_of_a_run(panel):
    data = indicators.load()
    series = data.series(*GENAI, "internet_users")
    fan = forecast.forecast(series, horizon_years=5).quantiles
    assert "Not known" in panel.read()
    assert re.search(rf"{fan.index[-1]:%B %Y}: median {fan[0.5].iloc[-1]:,.0f}, 80% range", panel.read())
    given, ahead = read_tables(panel.read())
    assert given[0] == ["Published", "Million people", "Share of internet users"]
    assert [row[1] for row in given[1:]] == [f"{value:,.0f}" for value in series.values.iloc[-explore._ROWS :]]
    median, low, high = (f"{fan[level].iloc[-1]:,.0f}" for level in (0.5, 0.1, 0.9))
    assert ahead[-1] == [f"{fan.index[-1]:%B %Y}", median, f"{low} to {high}"]


def test_it_offers_every_series_curve_limit_and_date(panel):
    data = indicators.load()
    named = {f"{entity}: {data.find_entry(name).title}" for entity, name in indicators.list_studied(data)}
    assert {*panel.find("Series").options} == named
    assert len(named) == len(indicators.list_studied(data))
    assert [name for _, name in panel.find("Curve").options] == list(curves.FAMILIES)
    assert panel.find("Limit").options[0] == panel.find("Limit").value == "Internet users"
    assert panel.find("Limit").options[-1] == "none"
    assert panel.find("Known on").options[-1] == ("all data", "")
    assert ("18 Oct 2025", "2025-10-18") in panel.find("Known on").options


def test_another_series_has_its_own_limits_and_is_drawn_with_the_same_curve(monkeypatch):
    panel = Panel(monkeypatch, None, GENAI, "internet_users")
    panel.find("Curve").value = "gompertz"
    panel.find("Series").value = "Germany: Internet use (ITU)"
    assert panel.find("Limit").options == ("100 percent of total population", "none")
    assert "Internet use (ITU) of Germany by date, with a fitted Gompertz curve" in panel.read()
    assert "Near its limit" in panel.read()


def test_without_a_limit_nothing_is_a_share_of_it(monkeypatch):
    panel = Panel(monkeypatch, None, GENAI, "internet_users")
    panel.find("Limit").value = "none"
    assert "Share of" not in panel.read()
    data = indicators.load()
    series = data.series(*GENAI, "none")
    most = forecast.find_most(data.offer_limits(series))
    found = forecast.forecast(series, horizon_years=5, most=most)
    told = (
        f"median {found.quantiles[0.5].iloc[-1]:,.0f} million people, without a range. How many could there be at most?"
    )
    assert told in panel.read()
    assert "80%" not in panel.read()
    assert read_tables(panel.read())[1][0] == ["Forecast", "Median"]


def test_it_asks_for_the_forecast_that_a_run_makes_of_twenty_series(monkeypatch):
    """Of every limit that is offered it is given the series, and the limits of a run."""
    data, asked = indicators.load(), []
    monkeypatch.setattr(explore.forecast, "forecast", lambda series, **given: asked.append((series, given)))
    monkeypatch.setattr(explore, "display", lambda box: None)
    pairs = indicators.list_studied(data)
    for entity, name in pairs[:: len(pairs) // 20][:20]:
        panel = explore._Explorer(data, (entity, name), "", "logistic", "", 5)
        for title, offered in panel.offer((entity, name), "").items():
            panel.predict((entity, name), title, "")
            series, given = asked[-1]
            limit = "none" if offered.limit is None else offered.limit.name
            run = open_as("05_mine", entity=entity, indicator=name, limit=limit)
            assert (series.limit and series.limit.name) == (run.series.limit and run.series.limit.name)
            assert given["most"] == forecast.find_most(run.limits)
            pd.testing.assert_series_equal(series.values, run.series.values)
    assert len(asked) > 20


def test_an_earlier_day_leaves_out_what_was_published_later(monkeypatch):
    panel = Panel(monkeypatch, None, GENAI, "internet_users")
    panel.find("Known on").value = "2025-10-18"
    assert read_tables(panel.read())[0][-1][:2] == ["June 2025", "515"]


def test_what_the_figures_cannot_carry_is_a_sentence(tmp_path, monkeypatch):
    path = tmp_path / "two.csv"
    path.write_text("date,value,unit,measure\n2023-12-31,0,persons,level\n2024-12-31,0,persons,level\n")
    data = indicators.load(path)
    assert (
        "No forecast: it needs three figures above 0 that span half a year."
        in Panel(monkeypatch, data, data.own[0]).read()
    )


def test_names_in_the_data_are_text_never_markup(tmp_path, monkeypatch):
    path = tmp_path / "a&lt;b.csv"
    rows = "".join(f"{2015 + year}-12-31,{value},<b>persons</b>,level\n" for year, value in enumerate((1, 2, 5, 9, 14)))
    path.write_text(f"date,value,unit,measure\n{rows}")
    data = indicators.load(path)
    shown = Panel(monkeypatch, data, data.own[0]).read()
    assert "<b>persons" not in shown
    assert "&lt;b&gt;persons" in shown


def test_a_value_that_nothing_has_is_refused():
    with pytest.raises(ValueError, match="families has the unknown 'logistik'; nearest: logistic"):
        explore.explore(indicators.load(), *GENAI, family="logistik")
    with pytest.raises(indicators.DataError, match="genai_user"):
        explore.explore(indicators.load(), "China", "genai_user")


def test_executed_without_a_reader_it_ends_well():
    notebook = nbformat.read(find_root() / "notebooks" / "explore_adoption.ipynb", 4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}


def test_a_part_of_a_name_opens_the_only_series_that_has_it_and_else_says_how_many(panel):
    search = panel.find("Series")
    before = search.value
    search.value = "zebra crossing"
    assert "0 series have “zebra crossing” in their name" in panel.read()
    assert list(panel.controls.children) == [search], "nothing else can be chosen for no series"
    search.value = "united states landline"
    assert search.value.startswith("United States: ")
    search.value = before
