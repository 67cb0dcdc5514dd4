"""Sentences of a run, from its facts: what is said, and what is left out."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tell import make_facts

from adoption_curves.say.findings import list_key_numbers, say_few, write_findings

PEOPLE = {"unit": "million people", "bound": "2000", "people": "people", "doing": "use tools"}


def grow(folder, values, dates=("2023-12-31", "2024-12-31", "2025-12-31"), names=None, **options):
    """Facts of a rising series, with other figures in the table of growth."""
    facts = make_facts(folder, [100, 200, 500], first=2023, **options)
    table = facts.tables["02_growth"].assign(value=values, date=pd.to_datetime(list(dates)))
    return change(facts, names, **{"02_growth": table})


def change(facts, names=None, **tables):
    """Facts with other tables and names."""
    return replace(facts, tables=facts.tables | tables, names=replace(facts.names, **(names or {})))


def say(facts):
    """Sentences by part; "" where there is none."""
    return defaultdict(str, write_findings(facts)[["part", "sentence"]].to_numpy().tolist())


@pytest.mark.parametrize(
    ("values", "dates", "speed"),
    [
        ([100.0, 200, 500], (), "The figure for 2025 is 2.5 times that for 2024 (200 million people)."),
        ([100.0, 200, 220], (), "is 10% above that for 2024"),
        ([800.0, 1000, 1003], (), "is 0.3% above that for 2024"),
        ([800.0, 1000, 1000.2], (), "is the same as that for 2024"),
        ([20.0, 25, 28], ("2024-12-31", "2025-06-30", "2025-12-31"), "is 40% above that for December 2024"),
        ([20.0, 25, 30], ("2022-12-31", "2023-12-31", "2025-12-31"), None),
        ([100.0, 200, 198], (), "is 1% below that for 2024"),
    ],
)
def test_growth_over_a_year(tmp_path, values, dates, speed):
    said = say(grow(tmp_path, values, *([dates] if dates else []), **PEOPLE))["speed"]
    assert (speed or "") in said
    assert ("The figure for" in said) == (speed is not None)


@pytest.mark.parametrize(
    ("figures", "points"), [([10, 20, 26.5], "6.5"), ([0.001, 0.003, 0.0071], "0.0041"), ([50, 70, 70.03], "")]
)
def test_a_share_grows_by_points_which_keep_their_digits(tmp_path, figures, points):
    said = say(make_facts(tmp_path, figures, first=2023))["speed"]
    assert (f"is {points} percentage points above that for 2024" if points else "is the same as that for 2024") in said


def test_who_reported_what_of_whom(tmp_path):
    names = {"publisher": "Office", "publisher_name": "Office", "base": "adults", "asked": "Office asked adults."}
    facts = grow(tmp_path, [100.0, 200, 500], names=names, **PEOPLE)
    said = say(facts)["now"]
    told = "Office reported that 500 million people used tools in 2025, 25.0% of the upper limit, 2,000 million people."
    assert said == f"{told} Office asked adults."
    dated = change(facts, {"within": "in the past month"})
    assert say(dated)["now"] == f"{told} This counts everyone who did so in the past month. Office asked adults."
    plain = change(facts, {"doing": "", "publisher_name": ""})
    assert say(plain)["now"].startswith(
        "The last figure is 500 million people for 2025, 25.0% of the upper limit, 2,000 million people."
    )
    share = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    assert say(share)["now"] == ""  # headline and deck say it


@pytest.mark.parametrize(
    ("place", "told"),
    [
        (1, "none reached 25.0% as fast."),
        (
            3,
            "2 reached 25.0% as fast or faster. The fastest: tyres in new cars in Peru; radio in Japan, down 9% since.",
        ),
        (
            4,
            "3 reached 25.0% as fast or faster. The fastest: tyres in new cars in Peru; radio in Japan, down 9% since.",
        ),
    ],
)
def test_others_that_rose_as_fast_are_of_the_level_where_all_began_and_two_have_a_name(tmp_path, place, told):
    facts = grow(tmp_path, [100.0, 200, 500], **PEOPLE)
    own = {"target": True, "start_share": 10.0, "target_share": 25.0, "years_to_target_share": 2.0, "of": 9}
    rivals = [
        ("tyres", "percent of new cars", 0.0, "Peru"),
        ("radio", "percent of homes", 9.0, "Japan"),
        ("tablet", "users", 0.0, "Peru"),
    ]
    rows = [dict(zip(("technology", "unit", "lost", "entity"), each, strict=True)) for each in rivals][: place - 1]
    rows = [row | {"target": False, "place": number} for number, row in enumerate(rows, 1)]
    facts.tables["02_pace"] = pd.DataFrame([*rows, own | {"place": place}])
    assert f"Of 8 other series that passed 10.0%, {told}" in say(facts)["speed"]


NEWER = {"date": pd.Timestamp("2026-06-30"), "bound": "at_least", "value": 550.0, "url": "", "reason": "it is so"}


@pytest.mark.parametrize("ends", [(551.0, 561.0), (np.nan, np.nan)])
def test_a_newer_limit_leads_and_its_reading_has_its_reason(tmp_path, ends):
    facts = grow(tmp_path, [100.0, 200, 500], names={"publisher": "Office"}, **PEOPLE)
    facts.tables["02_newer"] = pd.DataFrame([NEWER | dict(zip(("read_low", "read_high"), ends, strict=True))])
    said = say(facts)
    read = np.isfinite(ends[0])
    words = "more than 550 million people" if read else "at least 550 million people"
    assert said["deck"].lower().startswith(f"{words} did in june 2026.")
    assert f"For June 2026 Office gave no exact figure, only that it is {words}." in said["now"]
    assert ("We read it as 551 to 561 million people: it is so." in said["now"]) == read
    less = change(facts, **{"02_newer": facts.tables["02_newer"].assign(value=480.0)})
    assert "480" not in " ".join(say(less))


def test_pace_is_of_the_same_length_on_both_sides_and_from_the_newest_figure_on(tmp_path):
    facts = grow(tmp_path, [300.0, 350, 500], names={"publisher": "Office"}, **PEOPLE)
    facts.tables["02_newer"] = pd.DataFrame([NEWER | {"read_low": 540.0, "read_high": 560.0}])
    past, start, coming, end = (facts.paces[name] for name in ("past", "start", "coming", "end"))
    assert start["date"] < pd.Timestamp("2025-01-01")
    span = (facts.newest["date"] - start["date"]).days
    assert abs((end["date"] - facts.newest["date"]).days - span) < 100
    assert past == pytest.approx((550 - start["value"]) / (span / 365.25), rel=0.01)
    assert coming == pytest.approx((end["q0.5"] - 550) / ((end["date"] - facts.newest["date"]).days / 365.25), rel=0.01)
    words = "From December 2023 to June 2026, read as 550 million people, the figures grew by 100 million people a year"
    assert words in say(facts)["speed"]
    even = grow(tmp_path, [100.0, 200, 500], **PEOPLE)
    assert even.paces is None, "about the same pace is not said"


@pytest.mark.parametrize(("date", "told"), [("2025-12-31", True), ("2023-12-31", False), ("2010-12-31", False)])
def test_a_break_is_said_only_among_the_figures_that_are_used(tmp_path, date, told):
    cautions = {pd.Timestamp(date): "perhaps another sample"}
    said = say(grow(tmp_path, [100.0, 200, 500], names={"cautions": cautions}, **PEOPLE))["caution"]
    assert ("The change of 300 million people between 2024 and 2025 may be partly one of the survey" in said) == told
    assert ("perhaps another sample" in said) == told


def test_a_record_is_of_the_horizon_of_the_page_and_of_its_level(tmp_path):
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    own = facts.tables["05_coverage"].query("level == 0.8").set_index("horizon_years")
    covered, forecasts = own.loc[5, "covered"], f"{own.loc[5, 'forecasts']:,}"
    said = say(facts)["forecast"]
    assert f"5 years ahead, such ranges contained {covered:.0f}% of the outcomes of {forecasts} forecasts." in said
    assert list_key_numbers(facts).set_index("key").loc["coverage_80", "value"] == covered


def test_every_test_that_applies_is_said_with_its_count_and_summed(tmp_path):
    """Comparison technologies, windows alike and the audit: from the least to the most, in tenths."""
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    audited = facts.tables["05_audit"].query("years == 5")
    assert len(audited) == 1
    row, said = audited.iloc[0], say(facts)["forecast"]
    held = f"such ranges held {row['inside_80']:.0f}% of the outcomes of {row['origins']:,} forecasts from 6 figures"
    assert f"{held} ({row['series']})" in said
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    facts.tables["05_alike"] = pd.DataFrame([{"horizon_years": 5.0, "technologies": 12, "covered": 68.0}])
    facts.tables["05_audit"] = audited.assign(inside_80=80.2)
    assert facts.held == {"least": 68.0, "most": 80.2}


def test_windows_alike_and_the_class_are_said_with_their_numbers(tmp_path):
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    row = {"horizon_years": 5.0, "technologies": 12, "covered": 72.4, "above_median": 41.2, "below": 8.8}
    facts.tables["05_alike"] = pd.DataFrame([row])
    shares = {"quantile": [0.25, 0.5, 0.75], "share": [60.0, 70, 81.5], "value": [60.0, 70, 81.5]}
    facts.tables["05_class"] = pd.DataFrame(shares).assign(series=14, technologies=11, years=5.0, passed=40.0)
    said = say(facts)["forecast"]
    assert "(12 technologies), 72% of outcomes were inside the range, 9% below it, and 41% above the middle." in said
    told = "after they had reached 40.0% of those who could use them, or after a first count above that."
    assert f"Of 11 other technologies in {facts.names.entity} we know what followed {told}" in said
    assert "5 years later, or at their last count, about half of them stood at 60.0 to 81.5%." in said
    assert "That would be" not in said, "shares of a limit of 100% are its values"


@pytest.mark.parametrize(("figures", "since", "said"), [
    (0, "", "This series has no exact figure: too few for a forecast."),
    (1, "", "This series has one figure: too few for a forecast."),
    (2, "March 2026", "This series has two figures since March 2026: too few for a forecast."),
    (3, "", ""),
])  # fmt: skip
def test_few_figures_say_first_that_they_are_few(figures, since, said):
    assert say_few(figures, since) == said


@pytest.mark.parametrize(("indicator", "other"), [("genai_users", True), ("ai_share", False)])
def test_another_measure_is_named_and_not_compared(tmp_path, indicator, other):
    row = {"entity": "China", "value": 21.0, "publisher": "Office", "indicator": "ai_share", "kind": "telemetry"}
    row |= {"date": pd.Timestamp("2026-06-30"), "people": "adults", "place": 3.0, "places": 3.0}
    row |= {"period": "second quarter of 2026", "within": "with 90 minutes of activity a month"}
    facts = grow(tmp_path, [100.0, 200, 500], names={"entity": "China", "publisher": "CNNIC"}, **PEOPLE)
    growth = facts.tables["02_growth"].assign(indicator=indicator)
    compared = pd.DataFrame([row, row | {"entity": "Japan", "place": 1.0}])
    said = say(change(facts, **{"02_countries": compared, "02_growth": growth}))["caution"]
    assert (
        "Office, which estimates use from what devices report, puts use in China at 21.0% of adults in the second "
        "quarter of 2026. Office counts use with 90 minutes of activity a month." in said
    )
    survey = compared.assign(kind="survey of the population", period="", within="")
    told = say(change(facts, **{"02_countries": survey, "02_growth": growth}))["caution"]
    assert "Office puts use in China at 21.0% of adults in June 2026." in told
    assert "counts use" not in told
    assert ("CNNIC's and Office's figures measure different things." in said) == other
    unranked = compared.assign(place=np.nan, places=np.nan)  # the whole list is not held
    assert "Office" not in say(change(facts, **{"02_countries": unranked}))["caution"]
