"""Figures: labels never overlap, titles say what the frame says, drawing twice gives the same bytes."""

import re
from dataclasses import replace
from types import SimpleNamespace

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from figure_faults import find_faults
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from adoption_curves import curves
from adoption_curves.indicators import Limit, Names
from adoption_curves.runs.pages.charts import _render_drawing
from adoption_curves.show import answers, figures
from adoption_curves.show.figures import images, labels, several_runs, style
from adoption_curves.show.figures.fit_curves import draw_fits, draw_profiles
from adoption_curves.show.figures.forecast_adoption import draw_forecast
from adoption_curves.show.figures.on_axes import _shade_ranges
from adoption_curves.show.figures.score_forecasts import draw_skill
from adoption_curves.show.figures.see_adoption import draw_comparison, draw_growth, draw_levels

DATES = pd.to_datetime(["2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31"])
VALUES = pd.Series([230.0, 249.0, 515.0, 602.0], index=pd.DatetimeIndex(DATES, name="date"), name="genai_users")
NAMES = Names("Users, Atlantis", "million people", limit_title="Internet users")
LIMIT = pd.Series([1100.0, 1108.0, 1123.0, 1125.0], index=VALUES.index)
BREAKS = pd.DataFrame({"date": DATES[2:3], "kind": ["suspected"], "reason": ["wording"]})
COMPARED = pd.DataFrame(
    {
        "kind": ["survey of the population"] * 2 + ["telemetry"] * 12,
        "panel": ["survey of the population"] * 2 + ["telemetry"] * 12,
        "measure": ["Survey (CNNIC)", "Survey (MSIT)"] + ["Share (Microsoft)"] * 12,
        "people": ["residents, by telephone", "households"] + ["people aged 15 to 64"] * 12,
        "publisher": "Office",
        "indicator": ["own", "other"] + ["share"] * 12,
        "entity": ["China", "Atlantis", *(f"Country {letter}" for letter in "ABCDEFGHIJK"), "China"],
        "date": DATES[-1],
        "value": [42.8, 70.0, *np.linspace(60, 20, 12)],
        "unit": "percent of adults",
        "standard_error": np.nan,
        "named": [True] * 2 + [False] * 3 + [True] * 9,
        "list_date": DATES[-1],
        "list_size": 147.0,
    }
)
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)


NONE_NEWER = pd.DataFrame({"value": [], "qualifier": []}, pd.DatetimeIndex([]))
NEWER = pd.DataFrame({"value": [700.0], "qualifier": ["at_least"]}, pd.to_datetime(["2026-06-30"]))


def make_fan(dates):
    frame = pd.DataFrame({"date": pd.to_datetime(dates)})
    for rank, level in enumerate(QUANTILES):
        frame[f"q{level}"] = 620.0 + 40 * rank + 10 * np.arange(len(frame)) * (rank - 2)
    return frame.assign(basis="tested")


def hold(newer, breaks, scale=1.0):
    """As much of a series as the fan needs."""
    values = VALUES * scale
    series = SimpleNamespace(
        entity="Atlantis", values=values, limit=Limit(LIMIT * scale, title="Internet users"), newer=newer, breaks=breaks
    )
    series.standard_error = pd.Series(np.nan, values.index)
    series.readings = pd.DataFrame(columns=["read_low", "read_high"], index=newer.index[:0], dtype=float)
    series.use_readings = lambda: series
    series.days, series.dates = values.index, values.index.union(newer.index)
    series.earlier, series.last_break = values.iloc[:0], None
    return series


def add_limit(fan, mean):
    """The rows of a forecast, and those of its limit, which is uncertain by a tenth."""
    own = {f"q{level}": mean * (0.9 + 0.2 * level) for level in QUANTILES}
    return fan, fan[["date"]].assign(mean=mean, **own)


def draw_fan(fan, breaks=BREAKS, newer=NONE_NEWER, **options):
    return draw_forecast(*add_limit(fan, 1130.0), hold(newer, breaks), NAMES, "Source: test.", **options)


def read_texts(figure):
    """Title, units, source, and the texts on the axes; line ends of the first three are spaces."""
    around = [text.get_text().replace("\n", " ") for text in figure.texts]
    axes = [text.get_text() for axis in figure.axes for text in axis.texts]
    return [text.replace("\N{NO-BREAK SPACE}", " ") for text in [*around, *axes]]


def list_faults(drawn):
    """Faults of figures at a page's width, in print and on a telephone."""
    found = []
    for figure in drawn:
        for width in style.WIDTHS.values():
            found += find_faults(figure.lay_out(width))
        found += find_faults(figure.narrow())  # for good
    return found


@settings(max_examples=15, deadline=None)
@given(st.lists(st.floats(-50, 150), min_size=1, max_size=8))
def test_spread_keeps_the_gap_the_order_and_the_room(positions):
    spots = labels._spread(positions, 9.0, 0.0, 100.0)
    order = np.argsort(positions, kind="stable")
    assert np.all(np.diff(spots[order]) >= 9.0 - 1e-9)
    assert spots.min() >= -1e-9
    assert spots.max() <= 100 + 1e-9
    np.testing.assert_allclose(labels._spread([10, 90, 50], 9, 0, 100), [10, 90, 50])


@pytest.mark.parametrize("colour", [*style.COLOURS, style.INK, style.GREY])
def test_letters_have_a_contrast_of_4_5_on_white(colour):
    """WCAG 2.2, 1.4.3: from the relative luminance of the colour that a label has, as it is written."""
    channels = np.array([int(to_hex(labels.darken(colour))[place : place + 2], 16) / 255 for place in (1, 3, 5)])
    light = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    assert 1.05 / (light @ [0.2126, 0.7152, 0.0722] + 0.05) >= 4.5


def test_growth_shows_the_changes_as_published_and_doubts_the_one_across_a_suspected_break():
    figure = draw_growth(hold(NONE_NEWER, BREAKS), NAMES, "Source: test.")
    title, units, *texts = read_texts(figure)
    assert title == "The largest change, +266 million people, may be partly a change of method"
    assert {"+19", "+266", "+87"} <= set(texts)
    assert "a year" not in title + units
    [bars] = figure.axes[0].containers
    assert [bar.get_height() for bar in bars] == [19, 266, 87]
    assert [bool(bar.get_hatch()) for bar in bars] == [False, True, False]
    assert units.endswith("hatched: figures before and after may not be comparable")


def test_the_title_of_growth_is_the_change_of_a_year_and_no_jump_of_a_month():
    """The largest of 24 monthly changes, +41, is noise; so is the last one."""
    dates = pd.date_range("2024-01-31", periods=25, freq="ME")
    series = hold(NONE_NEWER, BREAKS.iloc[:0])
    series.values = pd.Series(10.0 * np.arange(25), dates)
    series.values.iloc[20] += 31
    title, units, *_ = read_texts(draw_growth(series, NAMES, "Source: test."))
    assert title == "Users, Atlantis: +120 million people between January 2025 and January 2026"
    assert "break" not in units
    assert not draw_growth(series, NAMES, "").axes[0].texts, "no room for numbers"
    series.values = series.values.iloc[:6]
    title = read_texts(draw_growth(series, NAMES, "Source: test."))[0]
    assert title.endswith("+50.0 million people between January 2024 and June 2024"), "shorter than a year"
    series.values = series.values.iloc[:1]
    assert draw_growth(series, NAMES, "Source: test.") is None


def test_growth_goes_on_to_a_newer_figure_that_is_printed_as_a_limit():
    _, units, *texts = read_texts(figure := draw_growth(hold(NEWER, BREAKS), NAMES, "Source: test."))
    assert "more than\n+98" in texts
    assert "dashed: to June 2026, printed as “more than 700”" in units.replace("\n", " ")
    [bar] = figure.axes[0].containers[-1]
    assert (bar.get_height(), bar.get_linestyle()) == (98, "--")
    less = hold(NEWER.assign(value=500.0), BREAKS)
    assert "dashed" not in read_texts(draw_growth(less, NAMES, "Source: test."))[1], "it adds nothing"


def list_spans(axis):
    """The first and last day of every shaded interval."""
    boxes = [patch for patch in axis.patches if patch.get_alpha() == 0.15]
    ends = [(box.get_x(), box.get_x() + box.get_width()) for box in boxes]
    return [tuple(f"{mdates.num2date(end):%Y-%m-%d}" for end in pair) for pair in ends]


def test_a_break_is_the_interval_between_two_figures_and_no_line_crosses_it():
    series = hold(NONE_NEWER, BREAKS)
    fan = add_limit(make_fan(["2026-06-30", "2026-12-31"]), 1130.0)
    drawn = [draw_levels(series, NAMES, ""), draw_forecast(*fan, series, NAMES, "")]
    for figure in drawn:
        assert list_spans(figure.axes[0]) == [("2024-12-31", "2025-06-30")]
        [line] = [line for line in figure.axes[0].lines if len(line.get_ydata()) == len(VALUES) + 1]
        assert np.isnan(line.get_ydata()).tolist() == [False, False, True, False, False]
    before = draw_levels(hold(NONE_NEWER, BREAKS.assign(date=DATES[0])), NAMES, "Source: test.")
    assert not list_spans(before.axes[0]), "no figure stands before it"
    assert "upright strip" not in read_texts(before)[1]


def test_levels_state_the_share_and_name_the_suspected_break_where_there_is_room():
    title, units, *_ = read_texts(draw_levels(hold(NONE_NEWER, BREAKS), NAMES, "Source: test."))
    assert title == "Users, Atlantis: 602 million people in December 2025"
    words = "the last figure is 53.5% of internet users; upright strip: figures before and after it may not be"
    assert words in units


def test_a_newer_figure_that_is_a_limit_is_an_open_circle_with_its_words():
    series = hold(NEWER, BREAKS)
    unread, read, more = (np.nan, np.nan), (702.0, 714.0), "more\nthan 700"
    for ends, place, own, words in (
        (unread, 700.0, True, "at least 700"), (unread, 700.0, False, more), (read, 708.0, False, more)
    ):  # fmt: skip
        series.readings = pd.DataFrame([ends], NEWER.index, ["read_low", "read_high"]).dropna()
        drawn = draw_levels(series, replace(NAMES, own=own), "Source: test.")
        assert words in read_texts(drawn)
        [mark] = [line for line in drawn.axes[0].lines if line.get_markerfacecolor() == "white"]
        assert mark.get_ydata() == [place]
        assert not any(getattr(text, "arrow_patch", None) for text in drawn.axes[0].texts), "no length without meaning"


def test_sampling_errors_are_drawn_where_they_were_published():
    series = hold(NONE_NEWER, BREAKS)
    plain = draw_levels(series, NAMES, "Source: test.")
    series.standard_error = pd.Series([np.nan, 5, 5, 5], VALUES.index)
    sampled = draw_levels(series, NAMES, "Source: test.")
    assert any("95% sampling error" in text for text in read_texts(sampled))
    assert len(sampled.axes[0].collections) > len(plain.axes[0].collections)
    compared = draw_comparison(COMPARED.assign(standard_error=1.0), "AI", "China", "Source: test.")
    assert any("95% sampling error" in text for text in read_texts(compared))


def test_a_limit_known_on_other_dates_is_drawn_along_the_whole_series():
    series = hold(NONE_NEWER, BREAKS.iloc[:0])
    series.limit = Limit(pd.Series([1000.0], index=pd.to_datetime(["2020-12-31"])), title="Internet users")
    figure = draw_levels(series, NAMES, "Source: test.")
    assert [1000.0] * 4 in [[*line.get_ydata()] for line in figure.axes[0].lines]
    assert "limit:\ninternet users 1,000" in read_texts(figure)


def test_a_comparison_has_a_panel_a_kind_of_measure_with_who_was_asked():
    figure = draw_comparison(COMPARED, "AI", "China", "Source: test.")
    title, *texts = read_texts(figure)
    assert title == "Use of AI in China: 20.0 to 42.8%, depending on what is measured"
    assert {"CNNIC: residents, by telephone", "MSIT: households", "Microsoft: people aged 15 to 64"} <= set(texts)
    assert "with the three highest of all 147 in December 2025" in texts
    names = [[label.get_text() for label in axis.get_yticklabels()] for axis in figure.axes]
    assert names[0] == ["China, Dec 2025", "Atlantis, Dec 2025"]
    assert names[1][-2:] == ["Country K, Dec 2025", "China, Dec 2025"]
    marks = [axis.collections[-1] for axis in figure.axes]
    assert len({mark.get_paths()[0].vertices.tobytes() for mark in marks}) == 1, "one shape of marker"
    colours = [to_hex(colour).upper() for colour in marks[1].get_facecolors()[[0, 3, -1]]]
    assert colours == [style.GREY.upper(), style.BLUE, style.ORANGE]
    assert draw_comparison(COMPARED.iloc[:1], "AI", "China", "Source: test.") is None


def test_the_forecast_has_the_title_that_it_is_given_and_the_median_of_its_last_tested_date():
    fan = make_fan(["2026-06-30", "2026-12-31"])
    title = "Users, Atlantis, December 2026: the median is 790 million people"
    drawn = draw_forecast(*add_limit(fan, 1130.0), hold(NONE_NEWER, BREAKS), NAMES, "Source.", [0.8], title)
    for width in style.WIDTHS.values():
        assert drawn.lay_out(width).texts[0].get_text().replace("\n", " ") == title
    low, median, high = fan[["q0.1", "q0.5", "q0.9"]].iloc[-1]
    assert f"median {median:.0f}\n80% range:\n{low:.0f} to {high:.0f}" in read_texts(drawn)


def test_breaks_that_lie_close_are_all_shaded_and_named_in_the_line_of_units():
    breaks = pd.DataFrame({"date": DATES[1:], "kind": ["break", "suspected", "suspected"], "reason": ""})
    figure = draw_fan(make_fan(pd.date_range("2026-06-30", periods=12, freq="6ME")), breaks=breaks)
    assert not list_faults([figure])
    assert len(list_spans(figure.axes[0])) == 3
    assert read_texts(figure)[1].find("upright strip: figures before and after it may not be comparable") > 0


@pytest.mark.parametrize("levels", [(0.5,), (0.9, 0.8), (0.5, 0.8, 0.9)])
def test_a_fan_has_a_band_for_each_level(levels):
    figure = draw_fan(make_fan(["2026-06-30", "2026-12-31"]), levels=levels)
    fills = sum(isinstance(each, PolyCollection) for each in figure.axes[0].collections)
    assert fills == len(levels)
    assert not list_faults([figure])


def test_the_first_view_says_the_range_of_the_headline_and_names_each_range_on_itself():
    fan = make_fan(["2026-06-30", "2026-12-31", "2027-12-31"])
    low, median, high = fan[["q0.1", "q0.5", "q0.9"]].iloc[2]
    texts = read_texts(draw_fan(fan, levels=[0.5, 0.8]))
    assert f"median {median:,.0f}\n80% range:\n{low:,.0f} to {high:,.0f}" in texts
    assert {"50%", "80%"} <= set(texts)
    further = fan.assign(basis=["tested", "tested", "extrapolated"])
    low, median, high = fan[["q0.1", "q0.5", "q0.9"]].iloc[1]
    far = f"in December 2026:\nmedian {median:,.0f}\n80% range:\n{low:,.0f} to {high:,.0f}"
    assert far in read_texts(draw_fan(further)), "with its date where the forecast is drawn further"
    narrow = read_texts(draw_fan(fan, levels=[0.5]))
    assert any("\n50% range:" in text for text in narrow)
    label = f"median {median:,.0f}\n80% range:\n{low:,.0f} to {high:,.0f}"
    assert label in read_texts(draw_fan(fan.iloc[:2], levels=[0.8]).narrow()), "in its own lines on a telephone too"
    assert {"602", "forecast\nfrom here"} <= set(narrow)
    assert "230" not in narrow, "the last figure alone has its number"
    refuted = read_texts(draw_fan(fan.assign(basis="refuted"), newer=NEWER))
    assert "contradicted by\nthe newest figure" in refuted
    assert not any("median" in text for text in refuted)


def test_what_is_counted_stands_below_the_title():
    names = replace(NAMES, counted="People who used it")
    fan = add_limit(make_fan(["2026-12-31"]), 1130.0)
    drawn = draw_forecast(*fan, hold(NONE_NEWER, BREAKS), names, "Source: test.")
    assert read_texts(drawn)[1].startswith("Million people: people who used it; ")


def test_figures_before_a_break_are_hollow_and_grey_behind_its_strip():
    series = hold(NONE_NEWER, BREAKS.assign(kind="break"))
    series.earlier, series.values = VALUES.iloc[:2], VALUES.iloc[2:]
    series.dates, series.last_break = series.values.index, BREAKS.iloc[0]
    fan = add_limit(make_fan(["2026-12-31"]), 1130.0)
    for drawn in (draw_levels(series, NAMES, ""), draw_forecast(*fan, series, NAMES, "")):
        [line] = [each for each in drawn.axes[0].lines if each.get_markerfacecolor() == "white"]
        assert [*line.get_ydata()] == [230.0, 249.0]
        assert line.get_color() == style.GREY
        assert ("2024-12-31", "2025-06-30") in list_spans(drawn.axes[0])
        assert "left of the strip: before" in read_texts(drawn)[1]


def test_a_limit_that_is_itself_a_forecast_has_its_range_and_one_that_is_given_none():
    fan, ahead = add_limit(make_fan(["2026-12-31"]), 1130.0)
    for rows, words in (
        (ahead, "internet users, expected:\n1,130, 80% range:\n1,040 to 1,220"),
        (ahead.assign(**{f"q{level}": 1130.0 for level in QUANTILES}), "limit:\ninternet users 1,130"),
    ):
        drawn = draw_forecast(fan, rows, hold(NONE_NEWER, BREAKS), NAMES, "Source: test.")
        assert words in read_texts(drawn)


def test_use_may_fall_only_where_the_range_ends_below_the_last_figure():
    fan = make_fan(["2026-06-30", "2026-12-31"])
    assert "a fall is\nin the range" not in read_texts(draw_fan(fan))
    assert "a fall is\nin the range" in read_texts(draw_fan(fan.assign(**{"q0.1": [610.0, 560.0]})))


def test_a_year_of_a_flow_is_said_as_a_year():
    dates = pd.date_range("2019-12-31", periods=6, freq="YE")
    series = hold(NONE_NEWER, BREAKS.iloc[:0])
    series.values = pd.Series([10.0, 14, 20, 29, 40, 51], dates)
    figure = draw_growth(series, replace(NAMES, measure="flow"), "Source: test.")
    assert {label.get_text() for label in figure.axes[0].get_xticklabels()} >= {"2020", "2024"}
    assert next(iter(figure.told.values())) == ["2019 to 2020: +4.0 million people"]
    assert read_texts(figure)[0].endswith("between 2023 and 2024")
    made = make_fan(["2024-12-31"]).assign(origin=dates[3], made=dates[3])
    [axis] = figures.draw_hindcasts(made, series, replace(NAMES, measure="flow"), "Source: test.").axes
    assert {label.get_text() for label in axis.get_xticklabels()} >= {"2020", "2024"}


def test_figures_that_are_not_drawn_and_an_axis_that_begins_above_0_are_said():
    dates = pd.date_range("1990-12-31", periods=36, freq="YE")
    series = hold(NONE_NEWER, BREAKS)
    series.values = pd.Series(np.linspace(500.0, 602.0, 36), dates)
    rows = add_limit(make_fan(["2026-12-31", "2027-12-31"]), 700.0)
    units = read_texts(draw_forecast(*rows, series, NAMES, "Source: test.", [0.8]))[1]
    assert "the axis does not begin at 0; 32 earlier figures, from December 1990 on, not drawn" in units


def test_dates_of_what_adds_up_are_named_with_by():
    names = replace(NAMES, measure="cumulative")
    drawn = draw_levels(hold(NEWER, BREAKS), names, "Source: test.")
    assert "602 million people by December 2025" in read_texts(drawn)[0]
    assert "602 by\nDecember 2025" in read_texts(drawn), "no number runs into a year on a telephone"


def test_a_tick_of_time_names_the_day_on_which_it_stands():
    axis = draw_levels(hold(NONE_NEWER, BREAKS.iloc[:0]), NAMES, "Source: test.").axes[0]
    for place, label in zip(axis.get_xticks(), axis.get_xticklabels(), strict=True):
        assert label.get_text() == f"{mdates.num2date(place):%b\n%Y}"
        assert mdates.num2date(place).day in (30, 31)


def test_a_level_is_shaded_alike_in_every_fan():
    def shade_of(level, levels):
        clear = [1 - alpha for each, *_, alpha in _shade_ranges(levels) if each >= level]
        return 1 - np.prod(clear)

    assert [alpha for *_, alpha in _shade_ranges((0.5, 0.8, 0.9))] == [0.16, 0.26, 0.4]
    for levels in ((0.5,), (0.2, 0.5), (0.5, 0.9), (0.1, 0.3, 0.5, 0.7, 0.9, 0.99)):
        assert shade_of(0.5, levels) == pytest.approx(0.627, abs=1e-3)


def test_hindcasts_count_what_the_band_covered():
    fan = make_fan(["2025-06-30", "2025-12-31"]).assign(origin=DATES[1], made=DATES[1])
    fan[["q0.1", "q0.9"]] = [[500.0, 550.0], [700.0, 900.0]]
    figure = figures.draw_hindcasts(fan, hold(NEWER, BREAKS), NAMES, "Source: test.")
    assert "contained 1 of 2" in read_texts(figure)[0].replace("\n", " ")
    series = hold(NEWER, BREAKS)
    series.readings = pd.DataFrame([(702.0, 714.0)], NEWER.index, ["read_low", "read_high"])
    later = fan[fan["date"] == fan["date"].min()].assign(date=NEWER.index[0])
    single = read_texts(figures.draw_hindcasts(later, series, NAMES, "Source: test."))
    assert "would have forecast earlier" in single[0]
    assert "; open circle: more than 700" in single[1].replace("\n", " "), "no words stand within the fan"


def name_long(name):
    return f"{name} and the other islands of the southern archipelago"


def draw_numbers(scale=1.0, title="Users, Atlantis"):
    """Figures of notebooks 02 and 05 with numbers times `scale`, and labels that crowd at the right edge."""
    fan = make_fan(pd.date_range("2026-06-30", periods=10, freq="182D")).assign(basis="extrapolated")
    fan.loc[:4, "basis"] = "tested"
    fan[[f"q{level}" for level in QUANTILES]] *= scale
    names = replace(NAMES, title=title)
    rows, newer = add_limit(fan, 712.0 * scale), NEWER.assign(value=700.0 * scale)
    series = hold(newer, BREAKS, scale)
    yield draw_forecast(*rows, series, names, "Source: test.")
    made = [make_fan(DATES[place + 1 :]).assign(origin=DATES[place], made=DATES[place]) for place in (0, 1, 2)]
    hindcasts = pd.concat(made)
    hindcasts[[f"q{level}" for level in QUANTILES]] *= scale
    yield figures.draw_hindcasts(hindcasts, series, names, "Source: test.")
    yield draw_levels(series, names, "Source: test.")
    yield draw_growth(series, names, "Source: test.")


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_small_and_large_numbers_find_room(scale):
    assert not list_faults(draw_numbers(scale, title=name_long("Users, Atlantis")))


def test_long_names_find_room():
    compared = COMPARED.assign(entity=COMPARED["entity"].map(lambda name: name_long(name)[:40]))
    assert not list_faults([draw_comparison(compared, "AI", "China", "Source: test.")])


def spoil(words=(), line=((0, 1), (0, 1)), title="Title", **marks):
    """Faults of a sound figure of one line, with `words` (text, x, y) written into it."""
    figure, axis = style.open_canvas(4.4)
    axis.plot(*line, **marks)
    axis.set(xlim=(0, 1), ylim=(0, 1))
    for text, x, y in words:
        axis.text(x, y, text, transform=axis.transAxes).set_in_layout(False)
    return find_faults(style.close_canvas(figure, title, "Units", "Source: test."))


@pytest.mark.parametrize(
    ("spoilt", "faults"),
    [
        ({}, []),
        ({"words": [("one", 0.5, 0.5), ("two", 0.5, 0.5)]}, ["'one' overlaps 'two'"]),
        ({"words": [("outside", 1.4, 0.5)]}, ["'outside' leaves the canvas"]),
        ({"title": "word " * 400}, ["is cut"]),
        ({"words": [("beyond", 0.5, -0.12)]}, ["'beyond' stands beyond its axes"]),
        ({"words": [("twice", 0.2, 0.1), ("twice", 0.6, 0.1)]}, ["'twice' stands 2 times"]),
        ({"words": [("5", 0.2, 0.1), ("5", 0.6, 0.1)]}, []),
        (
            {"words": [("on it", 0.49, 0.49)], "line": ((0, 0.5, 1), (0, 0.5, 1)), "marker": "o"},
            ["'on it' stands on a"],
        ),
        ({"words": [("beside", 0.52, 0.45)], "line": ((0, 0.5, 1), (0, 0.5, 1)), "marker": "o"}, []),
        ({"line": ((0, 1), (0.8, 0.9))}, ["the lower half is empty"]),
        ({"line": ((0, 0.3), (0, 1))}, ["the right half is empty"]),
    ],
)
def test_each_fault_is_found_in_a_figure_spoilt_for_it(spoilt, faults):
    found = spoil(**spoilt)
    assert len(found) == len(faults), found
    assert all(fault in each for fault, each in zip(faults, found, strict=True))


def test_words_with_a_halo_are_written_as_words_and_numbers_keep_their_digits():
    """Letter by letter as shapes, twice, they made drawings too heavy for a page; 0.025 stood as 0.03 at an axis."""
    figure, axis = style.open_canvas(4.4)
    text = labels.note(axis, "crossed by lines", [labels.Spot(0, 0.5, 4, 4)])
    axis.set_yticks([0, 0.025])
    drawn = dict(images.draw_images(style.close_canvas(figure, "Title", "Units", "Source: test."), "alt", narrow=True))
    for kind in ("svg", "narrow.svg"):
        [found] = re.findall(r"<text style=\"([^\"]*)\"[^>]*>crossed by lines<", drawn[kind].decode())
        assert f"paint-order: stroke; stroke: #ffffff; stroke-width: {style.HALO_WIDTH}" in found
        made = _render_drawing(drawn[kind], "f-", "words", "wide")
        assert re.search(r'<text [^>]*paint-order="stroke"[^>]*>crossed by lines<', made)
        assert ">0.025<" in made
    assert text.get_path_effects() == [style.HALO]  # in the other files
    small = _render_drawing(drawn["svg"], "f-", "", "small")
    assert "<path" in small, "a thumbnail has the axes"
    assert not re.search("<text|<title|crossed", small), "and no words"
    assert float(re.search(r'viewbox="\S+ \S+ (\S+) ', small)[1]) < 72 * style.WIDTHS["page"]


def test_dollars_in_names_are_no_mathematics():
    """Titles, names on axes and direct labels stand as they are written; `$K_1$` would be set as K with an index."""
    names = replace(NAMES, title=r"A $K_1$ \alpha$")
    about = {"run": "a $x$ b", "title": "$y$", "unit": "$", "level": 0.8}
    run = (
        make_fan(DATES).rename(columns={"q0.1": "low", "q0.5": "value", "q0.9": "high"}).assign(basis="tested", **about)
    )
    series = hold(NONE_NEWER, BREAKS)
    series.limit = Limit(LIMIT, title="$5 a day$")
    drawn = [
        draw_levels(series, names, "Source: $s$."),
        draw_comparison(COMPARED.assign(entity=COMPARED["entity"] + " $c$"), "AI", "China", "Source: test."),
        several_runs.draw_forecasts(run, pd.DataFrame(columns=["run", "date", "value"])),
    ]
    for figure in drawn:
        for width in style.WIDTHS.values():
            set_in_math = [text.get_text() for text in figure.lay_out(width).findobj(Text) if is_mathematics(text)]
            assert not set_in_math
    assert any("$" in label.get_text() for label in drawn[1].axes[0].get_yticklabels())


def is_mathematics(text):
    return text._preprocess_math(text.get_text())[1] is True


def rule_verdict(verdict, low, high):
    found = curves.Assessment(verdict, low, high, low, low, pd.DataFrame())
    return answers.list_saturation_level(found, pd.Series([100.0, 300, 600])).iloc[0]


@pytest.mark.parametrize(
    ("verdict", "told"),
    [
        (("levels off", 1234.0, 1400.0), "if the present pattern holds, growth ends between 1,230 and"),
        (("depends on the curve", 700.0, 9e3), "where growth ends depends on the curve, somewhere between"),
        (("not known", 700.0, np.inf), "the figures do not show where growth will stop"),
    ],
)
def test_the_figures_of_saturation_levels_say_the_verdict(verdict, told):
    """Bass, which would end at 9,999, is drawn and named, and in no title."""
    found, names = rule_verdict(*verdict), {"logistic": "Logistic", "bass": "Bass"}
    grid = pd.DataFrame({"saturation_level": np.geomspace(700, 9999, 30), "confidence": 50.0})
    profiles = pd.concat([grid.assign(family=family) for family in names])
    texts = read_texts(draw_profiles(profiles, found, np.nan, NAMES, "Source: test."))
    dates = pd.to_datetime(["2023-12-31", "2024-12-31", "2025-12-31", "2030-12-31"])
    paths = pd.DataFrame(
        {"date": dates, "value": [100.0, 300, 600, 700], "level": 0.8, "best": True, "saturation_level": 710.0}
    )
    paths = pd.concat([paths.assign(family="logistic"), paths.assign(family="bass", value=[100.0, 300, 600, 9999])])
    drawn = draw_fits(pd.Series([100.0, 300, 600], dates[:3]), paths, found, np.nan, NAMES, "Source: test.")
    fitted = read_texts(drawn) + [axis.get_title(loc="left") for axis in drawn.axes]
    assert "9,999" not in fitted[0] + texts[0]
    assert all(name in shown for shown in (texts, fitted) for name in names.values())
    assert f": {told}" in " ".join(fitted[0].split())


def test_the_skill_has_an_interval_a_point_and_the_furthest_that_excludes_1_is_the_title():
    ahead = [0.5, 1.0, 3.0, 5.0]
    compared = pd.DataFrame({"horizon_years": ahead, "wis_relative": [0.95, 0.9, 0.76, 0.8]})
    compared = compared.assign(
        low=[0.9, 0.8, 0.7, 0.5], high=[1.1, 0.95, 0.9, 1.2], window=4, benchmark="straight_line"
    )
    scores = pd.concat([compared.assign(method=name) for name in ("forecast", "straight_line", "logistic")])
    figure = draw_skill(scores, "Source: test.", compared)
    assert read_texts(figure)[0] == "Three years ahead the forecast scores 24% better than a straight line"
    [bars] = [bar for each in figure.axes[0].containers for bar in each.lines[2]]
    assert np.allclose([bar[:, 1] for bar in bars.get_segments()], compared[["low", "high"]])
    unsure = draw_skill(scores, "Source: test.", compared.assign(low=0.5, high=1.5))
    assert "every 95% interval includes 1" in read_texts(unsure)[0]


@pytest.mark.parametrize(
    ("came", "counted", "title"),
    [
        ([pd.NaT, pd.NaT], [False, False], "Both registered forecasts await their outcome"),
        ([DATES[2], pd.NaT], [False, False], "One of 2 registered forecasts awaits its outcome"),
        ([DATES[2], DATES[3]], [False, False], "None of 2 registered forecasts await their outcome"),
        ([DATES[2], DATES[3]], [True, True], "The 80% range of registered forecasts contained 1 of 2 outcomes"),
    ],
)
def test_the_record_has_a_title_of_one_statement(came, counted, title):
    rows = {"target_date": DATES[2:], "registered": DATES[1], "model": "ours", "hindsight": False}
    rows |= {"q0.1": [400.0, 500.0], "q0.5": [500.0, 600.0], "q0.9": [600.0, 700.0], "came": came, "counted": counted}
    scored = pd.DataFrame(rows | {"side": "exact", "outcome": [515.0, 802.0], "inside": ["yes", "no"]})
    figure = figures.draw_register(scored.assign(limit_title="Internet users"), NAMES, "Source: test.")
    assert read_texts(figure)[0] == title
    assert read_texts(figure)[1].endswith("; limit: internet users")
    assert not list_faults([figure])
    figure = figures.draw_register(scored.assign(limit_title=["Internet users", "none"]), NAMES, "Source: test.")
    named = [each.get_text() for each in figure.axes[0].get_yticklabels()]
    assert named[1] == "December 2025,\nmade 31 December 2024,\nlimit: none"
    assert not list_faults([figure])
    [axis] = figure.axes
    assert all(text.get_window_extent().x0 > axis.bbox.x0 for text in axis.texts), "clear of the dates at its left"


def test_figures_that_have_fallen_are_drawn_without_a_forecast():
    series = hold(NONE_NEWER, BREAKS)
    series.values = series.values[::-1].set_axis(series.values.index)
    figure = draw_forecast(*add_limit(make_fan([]), 1130.0), series, NAMES, "Source: test.")
    assert read_texts(figure)[0] == "Users, Atlantis"
    assert not list_faults([figure])


def test_a_limit_above_the_population_of_today_is_drawn():
    """A population that grows is its own limit: the axis in percent of it ends no lower."""
    fan, ahead = add_limit(make_fan(["2026-12-31"]), 1130.0)
    names = replace(NAMES, population=(1100.0, "Right axis: percent of the population."))
    drawn = draw_forecast(fan, ahead, hold(NONE_NEWER, BREAKS), names, "Source: test.")
    assert drawn.axes[0].get_ylim()[1] >= 1130
