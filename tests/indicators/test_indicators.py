"""Loading and selection: what only folders can have wrong (cells: test_malformed.py), limits, segments, claims."""

import csv
import io
import pickle
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from malformed import DATA, TABLES, write_folder
from processes import call
from snapshots import check_snapshot

from adoption_curves import indicators
from adoption_curves.cli.listing import summarise_data
from adoption_curves.indicators.labels import list_earlier
from adoption_curves.indicators.problems import Problem
from adoption_curves.indicators.series import parse_breaks
from adoption_curves.indicators.validate import _read_number


def find_problems(folder, **changes):
    with pytest.raises(indicators.DataError) as caught:
        indicators.load(write_folder(folder, **changes))
    assert str(caught.value).splitlines() == [str(problem) for problem in caught.value.problems]
    return str(caught.value).splitlines()


ROW = "Land,tool_users,2021-12-31,20.5,exact,report,high,,"


def test_what_is_wrong_in_a_folder_or_a_choice_is_named_with_what_would_be_right(data, tmp_path, renew):
    expected = [("suspected_breaks,note", "suspected_breaks,next_expected,note"), ("tool_users,,,", "tool_users,,,,")]
    expected += [("population,,,,", "population,,,,,")]

    def spoil(table, old, new):
        lines = find_problems(tmp_path, **{table: [(old, new)]})
        print(*[line.replace(str(tmp_path), "FOLDER") for line in lines], sep="\n")

    def expect(text):
        print(*find_problems(tmp_path, indicators=[*expected, ("tool,,,,", f"tool,,,,{text},")]), sep="\n")

    def choose(entity, indicator, limit):
        with pytest.raises(indicators.DataError) as caught:
            data.series(entity, indicator, limit)
        print(caught.value)

    check_snapshot("folders", globals() | locals(), renew)


def test_all_problems_at_once_in_order(tmp_path):
    changes = [(",20.5,", ",many,"), ("2023-12-31", "2023-13-31"), ("Land,persons,2020-12-31,100", "Land,persons,,100")]
    lines = find_problems(tmp_path, observations=changes, sources=None, indicators=[("Tool users", "")])
    starts = [line.split(":")[0] for line in lines]
    assert starts == [
        "observations.csv, row 3, column value",
        "observations.csv, row 5, column date",
        "observations.csv, row 6, column date",
        "indicators.csv, row 2, column title",
        "sources.csv",
    ]
    assert lines[-1] == f"sources.csv: is missing in {tmp_path}; the data need this file"


def test_row_is_the_line_that_an_editor_shows(tmp_path):
    quoted = TABLES["observations"].replace("More than 30.", '"More\nthan 30."').replace(",45,", ",x,")
    first, second = find_problems(tmp_path, observations="\n" + quoted)
    assert first.startswith("observations.csv, row 5, column note: 'More\\nthan 30.' holds a line break")
    assert second.startswith("observations.csv, row 7, column value: 'x'")


def test_byte_order_mark_crlf_extra_columns_and_column_order_are_accepted(tmp_path):
    plain = indicators.load(write_folder(tmp_path)).observations
    rows = list(csv.DictReader(io.StringIO(TABLES["observations"])))
    columns = ["row", *reversed(list(rows[0]))]
    text = "\r\n".join([",".join(columns)] + [",".join(["red", *reversed(list(row.values()))]) for row in rows])
    write_folder(tmp_path, observations=b"\xef\xbb\xbf" + text.encode("utf-8") + b"\r\n,,,,,,,,,\r\n")
    changed = indicators.load(tmp_path).observations
    pd.testing.assert_frame_equal(changed[plain.columns], plain)


@given(st.one_of(st.text(alphabet="0123456789+-.eE_ \u0661", max_size=8), st.floats().map(repr)))
def test_any_text_is_the_number_that_it_writes_or_none(text):
    number = _read_number(text)
    assert np.isnan(number) or number == float(text)


@settings(max_examples=12, deadline=None)
@given(
    st.lists(st.tuples(st.dates(), st.sampled_from(["", "Land"]), st.from_regex(r"[a-z][a-z ]*[a-z]", fullmatch=True)))
)
def test_breaks_are_read_as_they_are_written(entries):
    text = "; ".join(f"{day} {f'[{entity}] ' if entity else ''}{reason}" for day, entity, reason in entries)
    assert parse_breaks(text) == [(day.isoformat(), entity, reason) for day, entity, reason in entries]


# Selection


def test_target_with_its_limit(data):
    series = data.series("China", "genai_users", "internet_users")
    dates = ["2024-06-30", "2024-12-31", "2025-06-30", "2025-12-31"]
    assert series.values[dates].tolist() == [230, 249, 515, 602]
    assert (series.values.index.name, series.values.name) == ("date", "genai_users")
    assert series.share["2025-12-31"] == pytest.approx(602 / 1125)
    assert series.limit.at(["2025-12-31", "2030-12-31", "1990-01-01"]).tolist() == [1125, 1125, 0.62]
    half = series.limit.at(["2025-09-30"])[0]
    assert half == pytest.approx(1123 + 2 * 92 / 184)
    assert series.breaks["kind"].tolist() == ["suspected"]
    assert (series.limit.name, series.limit.title) == ("internet_users", "Internet users")


@pytest.mark.parametrize(
    ("entity", "indicator", "limit", "name"),
    [
        ("China", "genai_users", "", "internet_users"),
        ("China", "genai_users", "none", None),
        ("China", "genai_users", None, None),
        ("China", "genai_users", 1405, "1405"),
        ("China", "genai_users", "1404.89", "1404.89"),
        ("China", "internet_users", "", "population_year_end"),
        ("China", "deepseek_mau", "", None),
        ("China", "genai_adoption_rate", "internet_penetration", "internet_penetration"),
        ("Germany", "internet_use_itu", "", "100"),
        ("Germany", "internet_use_itu", "none", None),
    ],
)
def test_the_limit_is_that_of_the_data_unless_someone_says_one(data, entity, indicator, limit, name):
    series = data.series(entity, indicator, limit)
    assert (series.limit and series.limit.name) == name
    assert name is None or (series.share <= 1.005).all()


def test_half_a_percent_above_the_limit_is_rounding(data):
    exact = data.series("China", "genai_users", 1400)
    exact = replace(exact, censored=exact.censored.iloc[:0])  # a newer figure is at least 700
    limit = exact.limit.values
    assert exact.with_limit(indicators.Limit(602 / 1.0049 + 0 * limit)).share.max() < 1.005
    with pytest.raises(indicators.DataError, match="below an observation"):
        exact.with_limit(indicators.Limit(602 / 1.0051 + 0 * limit))
    with pytest.raises(indicators.DataError, match="at least 700 million people on 2026-06-30, the limit 650 million"):
        data.series("China", "genai_users", 650)


def test_breaks_split_and_suspected_breaks_do_not(data):
    video = data.series("China", "online_video_users")
    assert video.values.index[0] == pd.Timestamp("2018-12-31")
    assert len(video.earlier) == 3
    assert f"{video.last_break['date']:%Y-%m-%d}" == "2018-12-31"
    assert len(data.series("China", "internet_users").values) == 57
    assert data.series("Germany", "internet_use_itu").breaks["kind"].tolist() == ["suspected"]


def test_the_figures_after_the_last_break_are_the_series_however_few(data):
    series = data.series("China", "internet_use_itu")
    assert series.values.tolist() == [90.6, 92.0, 91.6]
    assert data.known_on("2026-07-12").series("China", "internet_use_itu").values.tolist() == [90.6, 92.0]
    assert series.earlier.index[-1] == pd.Timestamp("2022-12-31")
    earlier = list_earlier(series).iloc[-1]
    assert (earlier["value"], f"{earlier['break']:%Y}") == (75.6, "2023")
    assert earlier["reason"].startswith("revised basis")
    before = data.known_on("2023-12-30").series("China", "internet_use_itu")
    assert len(before.values) > 20, "as of a day before the break it is what was newest then"
    assert before.last_break is None


def test_a_series_without_an_exact_figure_says_what_is_known_of_it(data):
    series, last = data.series("OECD", "genai_use_oecd"), data.find_rows("OECD", "genai_use_oecd").iloc[-1]
    assert series.values.empty
    assert series.newer.iloc[-1].tolist() == [last["value"], last["qualifier"]]
    assert f"{last['date']:%Y-%m-%d}" in repr(series)


def test_bounds_of_a_figure_are_censored_not_exact(data):
    series = data.series("China", "online_news_users", "internet_users")
    assert pd.Timestamp("2015-12-31") not in series.values.index
    assert series.censored.loc["2015-12-31"].tolist() == [560, "at_least"]


def test_as_of_hides_everything_later():
    data = indicators.load(DATA, as_of="2025-10-31")
    series = data.series("China", "genai_users", "internet_users")
    assert series.values.tolist() == [230, 249, 515]
    assert series.limit.at(["2030-12-31"])[0] == 1123
    assert data.observations["published"].max() <= pd.Timestamp("2025-10-31")
    before = indicators.load(DATA, as_of="2024-12-31")
    assert before.series("China", "genai_users").breaks.empty
    assert set(indicators.check_claims(before)["verdict"]) == {"not checkable"}
    message = "as_of: '2024-01-01' is before the first observation of genai_users of China was public, 2024-11-30"
    with pytest.raises(indicators.DataError, match=message):
        indicators.load(DATA, as_of="2024-01-01").series("China", "genai_users")


@pytest.mark.parametrize("as_of", ["2025-13-01", "2025", "yesterday", "30.06.2025"])
def test_wrong_as_of_names_the_parameter_and_the_format(as_of):
    with pytest.raises(indicators.DataError, match=r"^as_of: .*(2025-12-31|2025-06-30)"):
        indicators.load(DATA, as_of=as_of)


def test_references_are_whole_and_fit_their_bounds(data):
    references = data.references()
    for reference in references:
        assert reference.role == "reference"
        assert len(reference.values) >= 3
        assert reference.share.between(0, 1.005, inclusive="right").all()
        assert reference.values.index.is_monotonic_increasing
        hard = reference.breaks.loc[reference.breaks["kind"] == "break", "date"]
        assert not hard.between(reference.values.index[0], reference.values.index[-1], inclusive="right").any()
    names = {reference.indicator for reference in references}
    assert not {name for name in names if name.endswith("_usage_rate")} | (names & {"internet_penetration"})


def test_references_leave_out_the_whole_technology(data):
    target = data.series("China", "internet_users", "population_year_end")
    left = {(reference.entity, reference.indicator) for reference in data.references(exclude=target)}
    assert not [key for key in left if key[1] in ("internet_users", "internet_use_itu", "us_internet")]
    payment = data.series("China", "online_payment_users", "internet_users")
    assert "mobile_payment_users" not in {reference.indicator for reference in data.references(exclude=payment)}
    genai = data.series("China", "genai_users", "internet_users")
    assert len(data.references(exclude=genai)) == len(data.references())


def test_coverage_counts_every_row_once(data):
    coverage = indicators.describe_coverage(data)
    assert (coverage["n"] + coverage["inexact"]).sum() == len(data.observations)
    row = coverage[(coverage["entity"] == "China") & (coverage["indicator"] == "online_gov_users")].iloc[0]
    assert (row["segments"], row["longest"], row["breaks"]) == (3, 5, "2018-12-31; 2020-03-31")
    genai = coverage[coverage["indicator"] == "genai_users"].iloc[0]
    assert genai["n"] >= 4
    assert (genai["spacing_years"], genai["suspected_breaks"]) == (0.5, "2025-06-30")


# Claims

LAST, MILLIONS = "tool_users@2023-12-31", "million people"
CLAIMS = [  # reported, unit, comparison, formula, agrees with, recomputed, verdict
    ("45", MILLIONS, "equals", LAST, "", 45, "consistent"),
    ("45.4", MILLIONS, "equals", LAST, "", 45, "consistent"),
    ("46", MILLIONS, "equals", LAST, "", 45, "within rounding"),
    ("47", MILLIONS, "equals", LAST, "", 45, "contradicted"),
    ("45", MILLIONS, "equals", LAST, "tool_users@2020-12-31", 45, "contradicted"),
    ("40", MILLIONS, "exceeds", LAST, "", 45, "consistent"),
    ("45", MILLIONS, "exceeds", LAST, "", 45, "within rounding"),
    ("50", MILLIONS, "exceeds", LAST, "", 45, "contradicted"),
    ("50", "percent", "equals", f"{LAST} / 90", "", 50, "consistent"),
    ("30", MILLIONS, "equals", f"{LAST} / (1 + claim:half)", "", 30, "consistent"),  # 50 percent is half of 1
    ("120", MILLIONS, "equals", f"({LAST} - 5) * (2 + 1)", "", 120, "consistent"),
    ("1", "percent", "equals", f"1 / ({LAST} - 45)", "", np.nan, "not checkable"),
    ("1", "percent", "equals", "tool_users@2021-06-30", "", np.nan, "not checkable"),
]


def test_claims_are_recomputed_over_what_printed_digits_leave_open(tmp_path):
    rows = [f"c{place},Land,More,{','.join(claim[:5])}," for place, claim in enumerate(CLAIMS)]
    text = "\n".join([TABLES["claims"] + "half,Land,Half,50,percent,equals,,,", *rows, ""])
    checked = indicators.check_claims(load_changed(tmp_path, claims=text)).iloc[2:]
    assert checked["verdict"].tolist() == [verdict for *_, verdict in CLAIMS]
    assert checked["recomputed"].tolist() == pytest.approx([claim[5] for claim in CLAIMS], nan_ok=True)
    assert (checked["difference"] + checked["reported"] - checked["recomputed"]).abs().max() < 1e-9
    assert checked["how"].iloc[-2] == "1 / (tool_users 2023-12-31 (45) - 45) divides by 0."


@pytest.mark.parametrize(
    ("comparison", "found", "verdict"),
    [("equals", "50", "found elsewhere"), ("equals", "51", "contradicted"), ("exceeds", "51", "found elsewhere")],
)
def test_a_claim_is_compared_with_a_publication_that_has_it(tmp_path, comparison, found, verdict):
    header, *rows = TABLES["claims"].splitlines()
    row = f"half,Land,Half,50,people,{comparison},,,,{found},report"
    text = "\n".join([f"{header},found,source", *(f"{each},," for each in rows), row, ""])
    checked = indicators.check_claims(load_changed(tmp_path, claims=text)).iloc[-1]
    assert checked["verdict"] == verdict
    assert f"{found} people" in checked["how"]


@pytest.mark.parametrize("formula", ["__import__('os')", "1 +", "9 ** 9", "tool_users", "(1 + 2", "1.real"])
def test_what_is_no_formula_is_refused(tmp_path, formula):
    with pytest.raises(indicators.DataError, match=r"claims\.csv, row 3, column formula: .* the right form"):
        load_changed(tmp_path, claims=TABLES["claims"] + f"more,Land,More,1,percent,equals,{formula},,\n")


# ---- edges of loading and selection


def test_levels_never_see_flows(data):
    """Shares of sales stand beside levels in one role, and only who asks for them gets them."""
    for role in ("reference", "held_out"):
        levels, flows = data.references(role=role), data.references(role=role, measure="flow")
        assert not {one.measure for one in levels} & {"flow"}
        assert {one.measure for one in flows} <= {"flow"}
        assert not {one.indicator for one in levels} & {one.indicator for one in flows}
    with pytest.raises(indicators.DataError, match="measure: 'sales' is neither level nor flow"):
        data.references(measure="sales")


def load_changed(folder, **changes):
    write_folder(folder, **changes)
    return indicators.load(folder)


def test_a_figure_above_its_base_is_refused_by_check_and_where_references_are_chosen(tmp_path, capsys):
    data = load_changed(tmp_path, observations=[(",45,", ",145,")])
    words = "is below an observation: tool_users of Land is 145 million people on 2023-12-31, the limit 120 million"
    with pytest.raises(indicators.DataError, match=words):
        data.references()
    code, out, _ = call(capsys, "check", tmp_path)
    assert (code, words in out) == (1, True)


def test_a_limit_of_zero_is_refused(tmp_path):
    rows = "Land,others,2020-12-31,0,exact,report,high,,\nLand,others,2023-12-31,90,exact,report,high,,\n"
    named = "others,Others,million people,Others,,,base,others,,,,\n"
    changed = {"observations": TABLES["observations"] + rows, "indicators": TABLES["indicators"] + named}
    with pytest.raises(indicators.DataError, match="'others' is 0 on 2020-12-31; choose a limit above 0"):
        load_changed(tmp_path, **changed).series("Land", "tool_users", "others")


def test_without_an_exact_figure_there_is_nothing_to_fit(tmp_path):
    data = load_changed(tmp_path, observations=TABLES["observations"].replace("exact", "at_most"), claims=None)
    assert summarise_data(data) == f"{tmp_path.name} has no exact observation, so there is nothing to fit"
    assert data.series("Land", "tool_users").values.empty
    assert data.references() == []


def test_errors_travel_between_processes():
    error = indicators.DataError([Problem("x.csv", 3, "value", "y", "is text")])
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_data_as_they_were_known_on_a_date():
    data = indicators.load("data")
    known = data.known_on("2025-10-31")
    assert known is indicators.load("data", as_of="2025-10-31")
    assert " as known on 2025-10-31: " in repr(known)
    assert data.known_on("") is data
    with pytest.raises(indicators.DataError, match="as_of"):
        data.known_on("soon")


def test_a_series_says_what_it_is_and_that_it_has_no_limit(tmp_path):
    data = load_changed(tmp_path)
    series = data.series("Land", "tool_users")
    assert repr(series) == "Tool users of Land: 3 values in million people, 2020-12-31 to 2023-12-31"
    assert repr(data.series("Land", "tool_users", 200)).endswith(", limit: 200 million people")
    assert series.share.isna().all()
    assert list(data.series("Land", "tool_users", 200).share) == [0.05, 0.1025, 0.225]
    assert series.limit is None


def test_a_reference_without_a_base_is_none(tmp_path):
    free = TABLES["indicators"].replace("Users,persons,persons,reference", "Users,persons,,reference")
    assert [one.indicator for one in load_changed(tmp_path, indicators=free).references()] == []


def test_references_leave_out_a_technology_by_its_name_and_refuse_an_unknown_one(data):
    series = data.series("China", "online_payment_users")
    named, given = (data.references(exclude=each) for each in (series.technology, series))
    assert [repr(each) for each in named] == [repr(each) for each in given]
    assert len(named) < len(data.references())
    with pytest.raises(indicators.DataError, match=r"'online paymnt' is no comparison technology.*online payment"):
        data.references(exclude="online paymnt")
