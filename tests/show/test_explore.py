"""The explorer: what it offers, what it shows, what it never shows, how quickly, and what it saves."""

import asyncio
import re
import time
from dataclasses import replace
from html import unescape

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbclient import NotebookClient

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.project import find_root
from adoption_curves.cli.options import read_options
from adoption_curves.runs.check_run import check_parameters
from adoption_curves.runs.lab import save_choice
from adoption_curves.runs.parameters import read_parameters
from adoption_curves.show import explore, explore_words
from adoption_curves.show.explore import CEILINGS, Explorer, Selection
from adoption_curves.show.explore_panel import Panel, Panels

SLOW = pytest.mark.slow

GENAI = Selection("China", "genai_users")


@pytest.fixture(scope="module")
def real():
    return Explorer()


@pytest.fixture(scope="module")
def unbounded():
    return Explorer(bound="")


def find_traces(panel):
    """The traces that a person sees, by name."""
    return {trace.name: trace for trace in panel.figure.data if trace.visible}


def test_every_offered_series_can_be_forecast_and_no_other_is_offered(real):
    held = {(entity, name) for entity, offered in real.offers.items() for _, name in offered}
    assert all(real.list_dates(*key)[-1] == "" for key in held)
    roles = real.data.indicators.set_index("indicator")["role"]
    for key in set(real.data.list_series()) - held:
        assert roles[key[1]] == "base" or not len(real.data.exact_values(*key)) or not real.list_dates(*key)


def test_every_family_can_be_chosen_and_another_entity_offers_its_own_series(real):
    first = replace(GENAI, ceiling="share", as_of="2025-10-18")
    panel = Panel(real, first, save_choice)
    assert panel.selection == first
    assert [name for _, name in panel.controls["family"].options] == list(curves.FAMILIES)
    panel.controls["entity"].value = "Germany"
    assert sorted(real.offers["Germany"]) == list(panel.controls["indicator"].options)
    assert panel.selection == replace(first, entity="Germany", indicator=panel.selection.indicator, as_of="")
    assert "Germany" in panel.head.value


def test_without_a_bound_no_ceiling_can_be_given(unbounded):
    panel = Panel(unbounded, GENAI, save_choice)
    assert [name for _, name in panel.controls["ceiling"].options] == ["free"]
    assert set(find_traces(panel)) >= {"forecast: median and bands", "published figures"}
    assert "bound" not in str(list(find_traces(panel)))


@pytest.mark.parametrize("as_of", [pytest.param("", marks=SLOW), "2025-10-18"])
def test_a_result_says_what_the_run_says(real, as_of):
    result = real.compute(replace(GENAI, as_of=as_of, horizon_years=5))
    data = indicators.load(as_of=as_of)
    series = data.series("China", "genai_users", "internet_users")
    expected = forecast.forecast(series, references=data.references(exclude=series), horizon_years=5)
    pd.testing.assert_frame_equal(result.forecast.quantiles, expected.quantiles, rtol=1e-12)
    assert result.free.params.equals(curves.Logistic(series.values).fit().params)
    drawn = explore.trace_lines(result)
    for level in (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975):
        np.testing.assert_allclose(drawn.loc[expected.dates, f"q{level:g}"], expected.quantiles[level])
    pd.testing.assert_series_equal(drawn["observations"].dropna(), series.values, check_names=False, check_freq=False)


def test_dates_are_the_days_on_which_figures_came_out(real):
    assert real.list_dates("China", "genai_users") == ["2025-10-18", ""]


def test_an_open_ceiling_is_never_drawn_or_told_as_if_known(real):
    panel = Panel(real, GENAI, save_choice)
    result, traces, words = panel.result, find_traces(panel), panel.verdict.value + panel.numbers.value
    assert re.search("no.>Not known<.*Where growth ends, the figures do not say", words)
    assert f"{result.free.ceiling:,.0f}" not in words + panel.head.value
    assert not [name for name in traces if "ceiling" in name]
    assert "Logistic curve, one of many that fit" in traces
    reached, (low, high) = result.free.fittedvalues.iloc[-1], result.free.conf_int(0.2, "profile").loc["ceiling"]
    assert all(max(low, reached) <= fit.ceiling <= min(high, 11 * reached) for fit in result.others)
    assert len(result.others) == explore.OTHERS


@pytest.mark.parametrize("ceiling", list(CEILINGS))
def test_each_ceiling_is_drawn_for_what_it_is(real, ceiling):
    panel = Panel(real, replace(GENAI, ceiling=ceiling, share=0.8), save_choice)
    result, traces = panel.result, find_traces(panel)
    assert result.problems == ()
    assert result.chosen.ceiling_kind == {"bound": "share"}.get(ceiling, ceiling)
    share = {"share": 0.8, "bound": 1.0}.get(ceiling)
    assert ("ceiling (given)" in traces) == bool(share)
    if share:
        assert result.chosen.ceiling == pytest.approx(share * result.series.bound.iloc[-1])
        np.testing.assert_allclose(traces["ceiling (given)"].y, share * explore.trace_lines(result)["bound"])


def test_a_ceiling_is_shown_where_growth_levels_off(real):
    """And no line is the ceiling of a curve that the data leave open."""
    chosen = Selection("China", "internet_users")
    assert real.assess("China", "internet_users", "")["verdict"] == "levels off"
    panel = Panel(real, replace(chosen, family="logistic"), save_choice)
    assert re.search(r"yes.>Levels off<.*ends between [\d,]+ and [\d,]+ million persons", panel.verdict.value)
    assert curves.Assessment.note in panel.verdict.value
    assert set(find_traces(panel)["ceiling (identified)"].y) == {panel.result.free.ceiling}
    panel = Panel(real, replace(chosen, family="exponential"), save_choice)
    assert not panel.result.free.identified
    assert "yes" in panel.verdict.value
    assert "not identified, so none is given" in panel.numbers.value
    assert not [name for name in find_traces(panel) if "ceiling" in name]


def test_the_pointer_tells_every_value(real):
    traces = find_traces(Panel(real, GENAI, save_choice))
    last = real.select("China", "genai_users", "").values.iloc[-1]
    assert traces["published figures"].text[-1] == f"published figures: {last:,.0f}"
    bands = "".join(rf"<br>{level} % band: [\d,.]+ to [\d,]+" for level in (95, 80, 50))
    assert re.fullmatch(rf"forecast: median [\d,]+{bands}", traces["forecast: median and bands"].text[-1])
    for name in ("bound", "bound, forecast", "Logistic curve, one of many that fit"):
        assert len(traces[name].text) == len(traces[name].x) == len(traces[name].y)
        assert all(text.startswith(f"{name}: ") for text in traces[name].text)


@pytest.mark.parametrize(
    ("chosen", "sentence", "drawn", "missing"),
    [
        ({"ceiling": "share", "share": 0.4}, "53.5 % of the bound has been reached", "forecast", "curve"),
        (
            {"indicator": "ai_native_app_mau", "as_of": "2025-07-01"},
            "orecast needs",
            "published figures",
            "forecast: median",
        ),
        ({"as_of": "1990-01-01"}, "is before the first figure", "", ""),
    ],
)
def test_what_cannot_be_had_is_a_sentence(real, chosen, sentence, drawn, missing):
    panel = Panel(real, replace(GENAI, **chosen), save_choice)
    assert re.search(f'class="adoption-problem" role="alert">.*{sentence}', panel.head.value)
    assert (panel.frame.layout.visibility == "visible") == bool(drawn)
    names = " ".join(find_traces(panel))
    assert not drawn or (drawn in names and missing not in names)


def test_names_in_the_data_are_text_never_markup(tmp_path):
    figures = zip(range(2015, 2023), (1, 2, 5, 9, 14, 18, 20, 21), strict=True)
    path = tmp_path / "a&lt;b.csv"
    path.write_text("date,value,unit\n" + "\n".join(f"{year}-12-31,{value},<b>persons</b>" for year, value in figures))
    own = Explorer(str(path), "")
    panel = Panel(own, Selection(*own.data.own[0]), save_choice)
    shown = [panel.head.value, panel.numbers.value, panel.verdict.value]
    assert all("<b>persons" not in text for text in [*shown, str(panel.figure.to_dict())])
    assert all("&lt;b&gt;persons" in text for text in shown)


@pytest.mark.slow
def test_an_answer_takes_a_moment(real, record_property):
    """Computing, words and new data for the figure, in processor time.

    The first forecast without a technology makes a backtest, for which 3 s are allowed; a move has .15 s.
    """

    def clock(seconds, control, value):
        started = time.process_time()
        control.value = value
        seconds.append(time.process_time() - started)

    async def choose():
        firsts, moves = [], []
        panel, others = Panel(Explorer(), GENAI, save_choice), ("short_video_usage_rate", "online_medical_users")
        for indicator in others:
            real.predict("China", indicator, "")
        for indicator in others:
            panel.controls["ceiling"].value = "free"
            clock(firsts, panel.controls["indicator"], indicator)
            assert panel.result.waits
            for name in panel.explorer.list_dates("China", indicator):
                panel.explorer.compute(replace(panel.selection, as_of=name))
            panel.update(wait=True)
            clock(moves, panel.controls["family"], "gompertz")
            panel.controls["ceiling"].value = "share"
            dates = [date for _, date in panel.controls["as_of"].options[-3:]]
            for name, values in {"horizon_years": range(1, 11), "share": (0.97, 0.98), "as_of": dates}.items():
                for value in values:
                    clock(moves, panel.controls[name], value)
        return firsts, moves

    firsts, moves = asyncio.run(choose())
    record_property("seconds", [max(firsts), float(np.median(moves)), max(moves)])
    print(f"first {max(firsts):.3f} s; a move: median {np.median(moves):.3f} s, longest {max(moves):.3f} s")
    assert max(firsts) < 3
    assert np.median(moves) < 0.3


def test_the_figure_comes_first_and_saving_waits_for_the_verdict(real):
    explorer = Explorer()
    early = explorer.compute(GENAI, wait=False)
    assert early.waits
    assert early.forecast is not None
    assert (early.others, early.ceiling, early.milestones) == ((), None, None)
    assert explore_words.judge(early) == (False, "Computing: where growth ends.")
    assert "computing" in explore_words.list_numbers(early).values()

    async def show():
        panel = Panel(explorer, GENAI, save_choice)
        told = [(panel.save.disabled, "Computing" in panel.verdict.value, "computing" in panel.numbers.value)]
        panel.save.click()
        assert panel.saved.value == ""
        panel.update(wait=True)
        return [*told, (panel.save.disabled, "Computing" in panel.verdict.value, "computing" in panel.numbers.value)]

    assert asyncio.run(show()) == [(True, True, True), (False, False, False)]
    assert not explorer.compute(replace(GENAI, horizon_years=9, ceiling="bound"), wait=False).waits


@pytest.mark.parametrize("key", [("China", "genai_users"), ("Germany", "internet_use_itu")])
def test_milestones_are_those_of_the_forecast_and_no_estimate_is_called_passed(real, key):
    for years in (1, 5, 12, 17):
        result = real.compute(Selection(*key, horizon_years=years))
        pd.testing.assert_frame_equal(
            result.milestones.drop(columns="probability"), result.forecast.milestones().drop(columns="probability")
        )
        for row in result.milestones.itertuples():
            said, share = explore_words.say_milestone(row, result.series), result.series.share
            assert ("passed" in said) == (row.status == "reached")
            if row.status == "expected":
                assert re.fullmatch(r"expected: \w+ \d{4} \(median; 80 % interval: [\w ]+ to [\w ]+\)", said)
            if (share >= row.share).any():
                first = share.index[share >= row.share][0]
                assert said.endswith(f" {first:%B %Y}")
    assert "passed between December 2025 and June 2026" in explore_words.list_numbers(real.compute(GENAI)).values()


@pytest.mark.parametrize(
    "chosen",
    [
        {},
        {"ceiling": "share", "share": 0.8, "as_of": "2025-10-18"},
        {"ceiling": "bound", "family": "gompertz", "horizon_years": 7},
        {"entity": "World", "indicator": "world_rtgs", "family": "bass"},
    ],
)
def test_the_code_makes_what_is_seen(real, chosen, capsys):
    result, names = real.compute(replace(GENAI, **chosen)), {}
    code = explore_words.write_code(result)
    exec(compile(code, "copied", "exec"), names)
    pd.testing.assert_frame_equal(names["result"].quantiles, result.forecast.quantiles, rtol=1e-9)
    assert str(result.chosen.params) in capsys.readouterr().out
    assert names["found"].verdict == result.ceiling.verdict
    assert not re.search("helpers|explore", code)
    assert code.splitlines()[-1] in unescape(Panel(real, result.selection, save_choice).code.value)


def test_the_code_names_ones_own_file_and_what_is_not_there_is_not_in_it(tmp_path, capsys):
    path = tmp_path / 'a "b".csv'
    path.write_text("date,value,unit\n2020-12-31,2,persons\n2021-12-31,3,persons\n2022-12-31,4,persons")
    own = Explorer(str(path), "")
    result = own.compute(Selection(*own.data.own[0], ceiling="bound"))
    assert result.chosen is None
    names = {}
    exec(explore_words.write_code(result, own.source), names)
    assert names["series"].values.equals(result.series.values)
    assert "curve" not in names


def test_a_second_series_stands_beside_the_first(real):
    panels = Panels(real, GENAI, save_choice)
    panels.beside.value = True
    first, second = panels.place.children
    assert second.selection == first.selection
    second.controls["indicator"].value = "internet_users"
    assert (first.selection.indicator, second.selection.indicator) == ("genai_users", "internet_users")
    assert "Internet users" in second.head.value
    assert "Internet users, China" not in first.head.value
    panels.beside.value = False
    assert panels.place.children == (first,)


def test_a_saved_choice_is_what_a_run_takes(real, outputs):
    panel = Panel(real, replace(GENAI, family="gompertz", ceiling="share", share=0.8, as_of="2025-10-18"), save_choice)
    panel.save.click()
    (path,) = (outputs / "lab").glob("*.yaml")
    assert str(path) in panel.saved.value
    given = read_options([], [path])
    check_parameters(read_parameters(given | {"run": "explored"}))
    saved = {"families": ["gompertz"], "shares": [0.8], "as_of": "2025-10-18", "bound": "internet_users"}
    assert given.items() >= saved.items()
    panel.save.click()
    assert len(list((outputs / "lab").iterdir())) == 1, "the same choice again is the same file"
    panel.controls["horizon_years"].value = 9
    panel.save.click()
    assert {each.name for each in (outputs / "lab").iterdir()} == {path.name, f"{path.stem}-2.yaml"}


def test_executed_without_a_reader_it_ends_well():
    notebook = nbformat.read(find_root() / "notebooks" / "explore_adoption.ipynb", 4)
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert {output.output_type for output in outputs} <= {"display_data", "execute_result"}
