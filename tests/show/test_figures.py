"""Charts: titles say what the frame says, values and breaks are drawn as published, files are equal twice."""

import re
import warnings
import xml.etree.ElementTree
from dataclasses import replace
from types import SimpleNamespace

import matplotlib.dates as mdates
import numpy as np
import pandas as pd
import pytest
from collisions import find_collisions
from matplotlib.collections import PolyCollection
from matplotlib.text import Text

from adoption_curves.indicators import Limit, Names
from adoption_curves.show.figures import images, style
from adoption_curves.show.figures.course import draw_forecast

DATES = pd.to_datetime(["2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31"])
VALUES = pd.Series([230.0, 249.0, 515.0, 602.0], index=pd.DatetimeIndex(DATES, name="date"), name="genai_users")
NAMES = Names("Users, Atlantis", "million people", limit_title="Internet users")
LIMIT = pd.Series([1100.0, 1108.0, 1123.0, 1125.0], index=VALUES.index)
BREAKS = pd.DataFrame({"date": DATES[2:3], "kind": ["suspected"], "reason": ["wording"]})
QUANTILES = (0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.975)
NONE_NEWER = pd.DataFrame({"value": [], "qualifier": []}, pd.DatetimeIndex([]))
NEWER = pd.DataFrame({"value": [700.0], "qualifier": ["at_least"]}, pd.to_datetime(["2026-06-30"]))


def make_fan(dates):
    frame = pd.DataFrame({"date": pd.to_datetime(dates)})
    for rank, level in enumerate(QUANTILES):
        frame[f"q{level}"] = 620.0 + 40 * rank + 10 * np.arange(len(frame)) * (rank - 2)
    return frame.assign(basis="tested")


def hold(newer=NONE_NEWER, breaks=BREAKS, values=VALUES):
    """As much of a series as its charts need."""
    series = SimpleNamespace(
        entity="Atlantis", unit="million people", measure="level", values=values, newer=newer, breaks=breaks
    )
    series.limit = Limit(LIMIT, title="Internet users")
    series.standard_error = pd.Series(np.nan, values.index)
    series.readings = pd.DataFrame(columns=["read_low", "read_high"], index=newer.index[:0], dtype=float)
    series.use_readings = lambda: series
    series.days, series.dates = values.index, values.index.union(newer.index)
    series.start = values.index[0]
    series.earlier, series.last_break = values.iloc[:0], None
    return series


def draw(fan=None, series=None, names=NAMES, levels=(0.5, 0.8), **options):
    fan = make_fan([]) if fan is None else fan
    series = series or hold()
    ahead = fan[["date"]].assign(mean=1.01 * series.limit.values.iloc[-1])
    return draw_forecast(series, names, "Source: test.", fan, ahead, levels, **options)


def read_around(figure):
    """Title, unit line and labels of the key, without line ends."""
    title, units, _ = figure.around
    return title, units, [part.get_label().replace("\n", " ") for part in figure.key]


def read_axes(figure):
    return [text.get_text() for axis in figure.axes for text in axis.texts]


def check_room(figure):
    for width in style.WIDTHS:
        pairs, cut, _ = find_collisions(figure.lay_out(width))
        assert (pairs, cut) == ([], [])


def find_contrast(colour, ground):
    """WCAG 2.2, 1.4.3: from the relative luminance of both."""

    def find_luminance(colour):
        channels = np.array([int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)])
        light = np.where(channels <= 0.03928, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
        return light @ [0.2126, 0.7152, 0.0722] + 0.05

    one, other = find_luminance(colour), find_luminance(ground)
    return max(one, other) / min(one, other)


@pytest.mark.parametrize("name", ["ink", "grey", "accent"])
def test_letters_have_a_contrast_of_4_5_light_and_dark(name):
    for colour, ground in zip(style.COLOURS[name], style.COLOURS["page"], strict=True):
        assert find_contrast(colour, ground) >= 4.5


def list_spans(axis):
    """The first and last day of every strip."""
    boxes = [patch for patch in axis.patches if patch.get_facecolor()[:3] == tuple(bytes.fromhex(style.STRIP[1:]))]
    boxes = boxes or [patch for patch in axis.patches if hasattr(patch, "get_x")]
    ends = [(box.get_x(), box.get_x() + box.get_width()) for box in boxes]
    return [tuple(f"{mdates.num2date(end):%Y-%m-%d}" for end in pair) for pair in ends]


def test_a_break_is_the_interval_between_two_figures_and_no_line_crosses_it():
    for figure in (draw(), draw(make_fan(["2026-06-30", "2026-12-31"]))):
        assert list_spans(figure.axes[0]) == [("2024-12-31", "2025-06-30")]
        assert [len(line.get_ydata()) for line in figure.axes[0].lines if line.get_marker() == "o"][:2] == [2, 2]
        assert "suspected change of method" in read_around(figure)[2]
    before = draw(series=hold(breaks=BREAKS.assign(date=DATES[0])))
    assert not list_spans(before.axes[0]), "no value stands before it"
    assert read_around(before)[2] == ["limit: internet users"]


def test_figures_before_a_break_are_hollow_and_grey_behind_its_strip():
    series = hold(breaks=BREAKS.assign(kind="break"), values=VALUES.iloc[2:])
    series.earlier, series.last_break = VALUES.iloc[:2], BREAKS.iloc[0]
    figure = draw(make_fan(["2026-12-31"]), series)
    [line] = [
        each for each in figure.axes[0].lines if each.get_markerfacecolor() == style.PAGE and len(each.get_ydata())
    ]
    assert [*line.get_ydata()] == [230.0, 249.0]
    assert line.get_color() == style.GHOST
    assert ("2024-12-31", "2025-06-30") in list_spans(figure.axes[0])
    assert "before June 2025: not comparable" in read_around(figure)[2]


def test_the_title_is_the_newest_value_or_as_given():
    figure = draw()
    assert figure.around[0] == "Users, Atlantis: 602 million people in December 2025"
    assert draw(names=replace(NAMES, measure="cumulative")).around[0].endswith("602 million people by December 2025")
    assert draw(title="As given").around[0] == "As given"
    assert read_axes(figure) == ["602"]
    assert draw(names=replace(NAMES, counted="People who used it")).around[1] == "Million people: people who used it"


def test_a_newer_figure_that_is_a_limit_is_an_open_circle_with_its_words():
    series = hold(NEWER)
    for ends, place, own, words in (
        ((np.nan, np.nan), 700.0, True, "at least 700"),
        ((np.nan, np.nan), 700.0, False, "more than 700"),
        ((702.0, 714.0), 708.0, False, "more than 700"),
    ):
        series.readings = pd.DataFrame([ends], NEWER.index, ["read_low", "read_high"]).dropna()
        figure = draw(series=series, names=replace(NAMES, own=own))
        assert f"June 2026: {words}" in read_around(figure)[2]
        [mark] = [line for line in figure.axes[0].lines if line.get_markerfacecolor() == style.PAGE]
        assert mark.get_ydata() == [place]


def test_one_number_is_written_once_and_percent_have_their_sign():
    series = hold(breaks=BREAKS.iloc[:0], values=pd.Series([90.0, 100.0, 99.96], DATES[:3]))
    figure = draw(series=series, names=replace(NAMES, unit="percent of people"))
    assert read_axes(figure) == ["100"]
    figure.canvas.draw()
    assert {label.get_text()[-1] for label in figure.axes[0].get_yticklabels()} == {"%"}


def test_sampling_errors_are_drawn_where_they_were_published():
    series = hold()
    plain = draw(series=series)
    series.standard_error = pd.Series([np.nan, 5, 5, 5], VALUES.index)
    sampled = draw(series=series)
    assert "95% sampling error, as published" in read_around(sampled)[2]
    assert len(sampled.axes[0].collections) > len(plain.axes[0].collections)


def test_a_limit_is_drawn_along_the_whole_series_and_one_far_above_is_said():
    series = hold(breaks=BREAKS.iloc[:0])
    series.limit = Limit(pd.Series([1000.0], index=pd.to_datetime(["2020-12-31"])), title="Internet users")
    assert [1000.0] * 4 in [[*line.get_ydata()] for line in draw(series=series).axes[0].lines]
    series.limit = Limit(LIMIT * 10, title="Internet users")
    assert draw(series=series).around[1].endswith("; the limit, internet users, is above at 11,250")


def test_the_key_has_the_numbers_of_the_last_tested_december():
    fan = make_fan(["2026-06-30", "2026-12-31", "2027-12-31"])
    low, median, high = fan[["q0.1", "q0.5", "q0.9"]].iloc[2]
    key = read_around(draw(fan))[2]
    half = fan[["q0.25", "q0.75"]].iloc[2]
    assert key[:3] == [
        f"median: {median:,.0f}",
        f"50% interval: {half.iloc[0]:,.0f} to {half.iloc[1]:,.0f}",
        f"80% interval: {low:,.0f} to {high:,.0f}",
    ]
    key = read_around(draw(fan.assign(basis=["tested", "tested", "extrapolated"])))[2]
    assert key[0].startswith("median, December 2026: ")
    assert "from here on not tested" in key


@pytest.mark.parametrize("levels", [(), (0.5,), (0.9, 0.8), (0.5, 0.8, 0.9)])
def test_a_fan_has_a_band_for_each_level(levels):
    figure = draw(make_fan(["2026-06-30", "2026-12-31"]), levels=levels)
    fills = [each for each in figure.axes[0].collections if isinstance(each, PolyCollection)]
    assert len(fills) == len({tuple(each.get_facecolor()[0]) for each in fills}) == len(levels)


def test_figures_that_are_not_drawn_are_said_and_the_axis_begins_at_0():
    values = pd.Series(np.linspace(500.0, 602.0, 36), pd.date_range("1990-12-31", periods=36, freq="YE"))
    figure = draw(make_fan(["2026-12-31", "2027-12-31"]), hold(values=values))
    assert figure.around[1].endswith("; 32 earlier values, from December 1990 on, not drawn")
    assert figure.axes[0].get_ylim()[0] == 0


@pytest.mark.parametrize(("first", "last"), [("2024-06-30", "2026-12-31"), ("1990-12-31", "2025-12-31")])
def test_a_year_stands_in_the_middle_of_its_months(first, last):
    figure, axis = style.open_chart(2)
    axis.plot(pd.to_datetime([first, last]), [0, 1])
    figure.close("", "", "")
    for width in style.WIDTHS:
        figure.lay_out(width)
        places = zip(axis.get_xticks(minor=True), axis.get_xticklabels(minor=True), strict=True)
        for place, label in places:
            assert f"{mdates.num2date(place):%Y-%m}" in (f"{label.get_text()}-06", f"{label.get_text()}-07")


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e6])
def test_long_names_and_small_and_large_numbers_find_room(scale):
    fan = make_fan(pd.date_range("2026-06-30", periods=10, freq="182D"))
    fan[[f"q{level}" for level in QUANTILES]] *= scale
    series, long = hold(NEWER.assign(value=700.0 * scale), values=VALUES * scale), "the islands of the archipelago " * 3
    series.limit = Limit(LIMIT * scale, title=f"Internet users of {long}")
    names = replace(NAMES, title=long, limit_title=series.limit.title, counted=long)
    check_room(draw(fan, series, names))


def test_dollars_in_names_are_no_mathematics():
    """Titles, names on axes and direct labels stand as they are written; `$K_1$` would be set as K with an index."""
    series = hold()
    series.limit = Limit(LIMIT, title="$5 a day$")
    figure = draw(series=series, names=replace(NAMES, title=r"A $K_1$ \alpha$"))
    texts = [text for text in figure.findobj(Text) if "$" in text.get_text()]
    assert texts
    assert not [text for text in texts if text._preprocess_math(text.get_text())[1] is True]


def test_files_are_the_same_twice_and_light_and_dark_are_one():
    files = [dict(images.draw_images(draw(make_fan(["2026-12-31"])), "what it shows", narrow=True)) for _ in range(2)]
    assert files[0] == files[1]
    assert [*files[0]] == ["png", "svg", "narrow.svg"]
    for kind in ("svg", "narrow.svg"):
        text = files[0][kind].decode()
        [root] = re.findall(r'<svg id="(chart-\w+)"', text)
        assert f"@media (prefers-color-scheme: dark) {{ #{root} " in text
        assert f"fill: {style.COLOURS['accent'][1]} !important" in text
        drawing = xml.etree.ElementTree.fromstring(files[0][kind])
        names = [tag.get("id") for tag in drawing.iter() if tag.get("id")]
        assert all(name.startswith(root) for name in names)
        linked = re.findall(r'(?:href="|url\()#([\w.-]+)', text)
        assert linked
        assert set(linked) <= set(names)
        rules = re.search(r"<style[^>]*>(.*?)</style>", text, re.DOTALL)[1]
        assert all(
            part.strip().startswith(f"#{root}")
            for part in re.findall(r"([^{}]+)\{", rules.replace("@media (prefers-color-scheme: dark) {", ""))
        )
        assert "what it shows" in text
        assert "<dc:date>" not in text
    roots = [re.search(r'<svg id="(\S+)"', files[0][kind].decode())[1] for kind in ("svg", "narrow.svg")]
    assert len({*roots}) == 2, "both stand in one page"


def test_chinese_stays_text_and_is_wrapped():
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # no font has all letters
        figure = draw(title="生成式人工智能用户规模" * 6)
        drawn = dict(images.draw_images(figure, "alt"))["svg"].decode()
    assert len(figure.texts[0].get_text().split("\n")) > 1
    assert "生成式人工智能" in drawn
