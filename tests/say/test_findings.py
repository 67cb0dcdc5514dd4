"""Sentences of a run, from its facts: what is said, and what is left out."""

from collections import defaultdict
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from tell import make_facts

from adoption_curves.say.findings import list_key_numbers, say_few, write_findings

PEOPLE = {"unit": "million people", "limit": "2000", "people": "people", "doing": "use tools"}


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
        ([100.0, 200, 221], (), "is 10% above that for 2024"),
        ([100.0, 700, 1000], (), "is about 43% above that for 2024"),
        ([800.0, 1000, 1003], (), "is 0.3% above that for 2024"),
        ([800.0, 1000, 1000.2], (), "is the same as that for 2024"),
        ([20.0, 25, 28], ("2024-12-31", "2025-06-30", "2025-12-31"), "is about 40% above that for December 2024"),
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
    assert (f"is {points} points above that for 2024" if points else "is the same as that for 2024") in said


def test_who_reported_what_of_whom(tmp_path):
    names = {"publisher": "Office", "publisher_name": "Office", "base": "adults", "asked": "Office asked adults."}
    facts = grow(tmp_path, [100.0, 200, 500], names=names, **PEOPLE)
    said = say(facts)["now"]
    share = "25.0% of 2,000 million people, the limit of this run"
    told = f"500 million people used tools in 2025 (source: Office). That is {share}."
    assert said == f"{told} Office asked adults."
    dated = change(facts, {"within": "in the past month"})
    assert say(dated)["now"] == f"{told} This counts use in the past month. Office asked adults."
    plain = change(facts, {"doing": "", "publisher_name": ""})
    assert say(plain)["now"].startswith(
        "The last figure is 500 million people in 2025. That is 25.0% of 2,000 million people, the limit of this run."
    )
    share = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    assert say(share)["now"] == ""  # headline and deck say it


NEWER = {"date": pd.Timestamp("2026-06-30"), "qualifier": "at_least", "value": 550.0, "url": "", "reason": "it is so"}


@pytest.mark.parametrize("ends", [(551.0, 561.0), (np.nan, np.nan)])
def test_a_newer_limit_leads_with_its_reading(tmp_path, ends):
    facts = grow(tmp_path, [100.0, 200, 500], names={"publisher": "Office"}, **PEOPLE)
    facts.tables["02_newer"] = pd.DataFrame([NEWER | dict(zip(("read_low", "read_high"), ends, strict=True))])
    said = say(facts)
    read = np.isfinite(ends[0])
    words = "more than 550 million people" if read else "at least 550 million people"
    assert said["deck"].lower().startswith(f"{words} did in june 2026.")
    assert ("We read “more than 550 million people” as 551 to 561: " in said["now"]) == read
    less = change(facts, **{"02_newer": facts.tables["02_newer"].assign(value=480.0)})
    assert "480" not in " ".join(say(less))


@pytest.mark.parametrize(("date", "told"), [("2025-12-31", True), ("2023-12-31", False), ("2010-12-31", False)])
def test_a_break_is_said_only_among_the_figures_that_are_used(tmp_path, date, told):
    cautions = {pd.Timestamp(date): "perhaps another sample"}
    said = say(grow(tmp_path, [100.0, 200, 500], names={"cautions": cautions}, **PEOPLE))["caution"]
    change = "Part of the change of 300 million people between 2024 and 2025 may come from the counting: "
    assert (change in said) == told


def test_growth_is_said_like_with_like(tmp_path):
    """No ratio and no yearly pace across a suspected break; growth since it is said."""
    dates = ("2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31")
    facts = make_facts(tmp_path, [100, 200, 400, 500], first=2022, **PEOPLE)
    table = facts.tables["02_growth"].assign(value=[230.0, 249, 515, 602], date=pd.to_datetime(list(dates)))
    said = say(change(facts, **{"02_growth": table}))["speed"]
    assert "The figure for December 2025 is 2.4 times that for December 2024" in said
    cautions = {pd.Timestamp("2025-06-30"): "perhaps another sample"}
    said = say(change(facts, {"cautions": cautions}, **{"02_growth": table}))["speed"]
    assert said == (
        "From June 2025, when the count may have changed, to December 2025 the figure grew by 87 million people."
    )


def test_a_question_that_nobody_knows_is_a_doubt(tmp_path):
    facts = grow(tmp_path, [300.0, 350, 500], names={"publisher": "Office"}, **PEOPLE)
    facts.tables["02_newer"] = pd.DataFrame([NEWER | {"read_low": 540.0, "read_high": 560.0}])
    facts.tables["01_wording"] = pd.DataFrame([{"date": NEWER["date"], "status": "not known"}])
    said = say(facts)
    assert "Office has not published what it asked for June 2026." in said["caution"]


def test_the_choice_of_the_limit_is_the_first_doubt(tmp_path):
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    rows = [
        ("100 percent of homes", 60.0, 70.0, 80.0),
        ("none", np.nan, 75.0, np.nan),
        ("Homes that can", 50.0, 60.1, 69.9),
    ]
    other = pd.DataFrame(rows, columns=["limit", "q0.1", "q0.5", "q0.9"]).assign(date=facts.goal["date"])
    said = say(change(facts, **{"05_other_limits": other}))["caution"]
    assert said.startswith("With homes that can as the limit, the median would be 60.1% (80% range 50.0 to 69.9).")


def test_a_record_is_of_the_horizon_of_the_page_and_of_its_level(tmp_path):
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    own = facts.tables["05_coverage"].query("level == 0.8").set_index("horizon_years")
    technologies, covered, above = own.loc[5, ["technologies", "covered", "above"]]
    told = f"Over {technologies:.0f} earlier technologies, 80% ranges 5 years ahead contained {covered:.0f}%"
    assert say(facts)["forecast"].startswith(f"{told} of outcomes ({above:.0f}% lay above the range)")
    assert not list_key_numbers(facts)["key"].str.startswith("coverage").any(), "how sure is said once"


def test_every_test_that_applies_is_said_and_summed(tmp_path):
    """Comparison technologies, windows alike and the audit: from the least to the most of those that rest on ten."""
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    audited = facts.tables["05_audit"].query("years == 5")
    assert len(audited) == 1
    row, said = audited.iloc[0], say(facts)["forecast"]
    assert f"In a second test, on {row['series']}, they contained {row['inside_80']:.0f}%." in said
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    facts.tables["05_alike"] = pd.DataFrame([{"horizon_years": 5.0, "technologies": 12, "covered": 68.0}])
    few = audited.assign(inside_80=20.0, units=9, figures=8, series="lamps")
    more = few.assign(inside_80=70.0, units=10, series="cars")
    facts.tables["05_audit"] = pd.concat([audited.assign(inside_80=80.2), few, more])
    assert facts.audited == pytest.approx((80.2 + 20 + 70) / 3), "each has as many outcomes"
    assert facts.held == {"least": 20.0, "most": facts.tested["covered"]}
    assert "In tests 80% ranges contained 20 to 78% of outcomes." in say(facts)["deck"]
    assert "a second test, on other series, they contained 57% (least: 20%, on lamps)." in say(facts)["forecast"]


def test_windows_alike_and_the_class_are_said_with_their_numbers(tmp_path):
    facts = make_facts(tmp_path, [3, 6, 11, 19, 29, 40], first=2020)
    row = {"horizon_years": 5.0, "technologies": 12, "covered": 72.4, "above_median": 41.2, "below": 8.8}
    facts.tables["05_alike"] = pd.DataFrame([row])
    shares = {"share": [60.0, 70, 81.5], "value": [60.0, 70, 81.5]}
    facts.tables["05_class"] = pd.DataFrame(shares).assign(technologies=3, years=5.0, passed=40.0)
    said = say(facts)
    assert "; over the 12 most like this one in share and growth 72%." in said["forecast"]
    told = f"3 other technologies in {facts.names.entity} that we saw pass that share stood 5 years later at"
    assert f"This series stands at 40.0% of its limit. {told} 60.0 to 81.5%" in said["caution"]
    assert "here 60" not in said["caution"], "shares of a limit of 100% are its values"


@pytest.mark.parametrize(("figures", "since", "said"), [
    (0, "", "This series has no exact figure: too few for a forecast."),
    (1, "", "This series has one figure: too few for a forecast."),
    (2, "March 2026", "This series has two figures since March 2026: too few for a forecast."),
    (3, "", ""),
])  # fmt: skip
def test_few_figures_say_first_that_they_are_few(figures, since, said):
    assert say_few(figures, since) == said


def test_a_figure_from_devices_is_of_its_period(tmp_path):
    facts = grow(tmp_path, [10.0, 20, 50], ("2025-06-30", "2025-12-31", "2026-06-30"), {"entity": "China"}, **PEOPLE)
    row = {"entity": "China", "indicator": "ai_share", "kind": "telemetry", "date": pd.Timestamp("2026-06-30")}
    compared = pd.DataFrame([row | {"period": "second quarter of 2026", "place": np.nan, "places": np.nan}])
    own = facts.tables["02_growth"].assign(indicator="ai_share")
    said = say(change(facts, **{"02_countries": compared, "02_growth": own}))["deck"]
    assert said.startswith("The newest figure we hold is 50 million people, for the second quarter of 2026.")


def test_no_growth_is_said_to_a_figure_after_a_suspected_break(tmp_path):
    cautions = {pd.Timestamp("2025-12-31"): "perhaps another sample"}
    facts = grow(tmp_path, [100.0, 200, 500], names={"cautions": cautions}, **PEOPLE)
    assert (facts.before, facts.since_jump) == (None, None)
    assert not list_key_numbers(facts)["key"].isin(["change_year", "added_year"]).any()
    assert "times" not in say(facts)["speed"]


def test_a_path_above_the_end_that_the_figures_show_is_not_given(tmp_path):
    facts = make_facts(tmp_path, [120, 210, 380, 640, 1020, 1490], first=2020, unit="readers", limit="none")
    assert facts.is_given
    ends = facts.tables["03_saturation_level"].assign(high=1600.0, sentence="ends between 1,490 and 1,600")
    facts = change(facts, **{"03_saturation_level": ends})
    said = " ".join(write_findings(facts)["sentence"])
    assert "growth ends between 1,490 and 1,600 readers, and our formula puts 2030 above that" in said
    assert "We quote no forecast" in said
    assert "Our forecast for" not in said
    assert not list_key_numbers(facts)["key"].str.startswith("median").any()
