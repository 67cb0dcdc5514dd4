"""Who uses it, for what, with which product, in which firms: the rows of profile.csv, and what pages take from them."""

import re
import shutil

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SAMPLE

from adoption_curves import indicators
from adoption_curves.indicators import DataError
from adoption_curves.indicators.profile import count_profile
from adoption_curves.say.use import write_use

TABLE = pd.read_csv(ROOT / "data" / "profile.csv", dtype=str, keep_default_na=False)
FIGURE = ["entity", "technology", "question", "breakdown", "category", "date", "unit"]


@pytest.fixture(scope="module")
def known():
    return indicators.load(ROOT / "data")


@pytest.fixture
def sample(tmp_path):
    """A copy of the sample, to which a test adds a profile."""
    return shutil.copytree(SAMPLE, tmp_path / "sample")


def pick(rows, **wanted):
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def write_page(data, indicator, entity):
    """What the first page takes from some tables of the notebook, and these by name."""
    profile = indicators.list_profile(data, indicator)
    here = profile[profile["entity"] == entity]
    who = here[(here["question"] == "who") & here["breakdown"].isin(["age", "sex"]) & ~here["wider"]]
    firms = profile[(profile["question"] == "which firms") & (profile["breakdown"] == "size of firm")]
    verdicts = pd.DataFrame({"verdict": ["agree", "cannot be checked"], "values": [10, 2]})
    tables = {
        "07_rulers": indicators.list_measures(data, indicator, list(dict.fromkeys([entity, "South Korea"]))),
        "07_verdicts": verdicts if entity == "China" else verdicts[:0],
        "07_rates": indicators.compute_rates(data, indicator, entity),
        "07_who": who[who["date"] == who["date"].max()],
        "07_purposes": here[(here["question"] == "what for") & here["unit"].str.endswith("AI users")],
        "07_firms": firms,
        "07_profile": here,
    }
    return write_use(data, indicator, entity, tables), tables


def test_rows_are_those_that_may_enter():
    """High confidence, or medium with a day of publication; a base in the unit; a quotation, and who was asked."""
    assert len(TABLE) > 300
    assert set(TABLE["confidence"]) == {"high", "medium"}
    assert (TABLE.loc[TABLE["confidence"] == "medium", "published"] != "").all()
    assert not TABLE["unit"].str.contains("not stated|ambiguous").where(TABLE["question"] != "target", False).any()
    assert (TABLE["who"] != "").all()
    assert (TABLE["quote"] != "").mean() > 0.98
    assert not TABLE["note"].str.contains(r"file id|stored|\bpackage\b").any()


@pytest.mark.parametrize(
    ("breakdown", "date", "of"),
    [
        ("education", "2025-06-30", "generative AI"),
        ("age", "2025-06-30", "generative AI"),
        ("age", "2025-12-31", "generative AI"),
        ("age", "2025-12-31", "internet"),
        ("occupation", "2025-12-31", "generative AI"),
        ("sex", "2025-12-31", "generative AI"),
        ("sex", "2025-12-31", "internet"),
    ],
)
def test_structures_add_up(breakdown, date, of):
    rows = pick(TABLE, entity="China", question="who", breakdown=breakdown, date=date, unit=f"percent of {of} users")
    rows = rows[rows["category"] != "junior college and above"] if date == "2025-06-30" else rows
    assert rows["value"].astype(float).sum() == pytest.approx(100, abs=0.11)


def test_of_two_prints_the_newest_public_one_counts(known):
    wanted = {"entity": "EU27", "question": "what for", "category": "work", "unit": "percent of people 16-74"}
    today = pick(indicators.list_profile(known, "genai_use_eurostat"), **wanted)
    before = pick(indicators.list_profile(known.known_on("2026-01-31"), "genai_use_eurostat"), **wanted)
    assert (today["printed"].tolist(), before["printed"].tolist()) == (["15.36%"], ["15.1%"])
    assert not indicators.list_profile(known, "genai_users").duplicated(FIGURE).any()


def test_as_of_leaves_out_what_came_later_and_what_has_no_day(known):
    early = indicators.list_profile(known.known_on("2025-10-31"), "genai_users")
    assert early["published"].notna().all()
    assert early["published"].max() <= pd.Timestamp("2025-10-31")
    assert pick(early, entity="China", question="who", date=pd.Timestamp("2025-12-31")).empty
    assert indicators.list_profile(known.known_on("2020-01-01"), "genai_users").empty


def test_mistakes_in_the_table_are_told_on_load(sample):
    row = pick(TABLE, source_id="cnnic_57", question="who").iloc[[0]]
    wrong = row.assign(value="264", qualifier="roughly", source_id="cnnic_75", published="5 February 2026")
    wrong.to_csv(sample / "profile.csv", index=False)
    with pytest.raises(DataError) as told:
        indicators.load(sample)
    assert {problem.column for problem in told.value.problems} == {"qualifier", "published"}
    row.assign(value="264", source_id="cnnic_75").to_csv(sample / "profile.csv", index=False)
    with pytest.raises(DataError, match=r"profile.csv, row 2, column value: '?264'? is a percentage above 100"):
        indicators.load(sample)
    pd.concat([row, row]).to_csv(sample / "profile.csv", index=False)
    with pytest.raises(DataError, match="is already in row 2; keep one of the two"):
        indicators.load(sample)


def test_only_targets_and_forecasts_may_be_public_before_their_day(sample):
    row = pick(TABLE, source_id="cnnic_57").iloc[[0]].assign(date="2026-04-30")
    for question in ("target", "forecast"):
        row.assign(question=question).to_csv(sample / "profile.csv", index=False)
        assert indicators.load(sample).profile["question"].tolist() == [question]
    row.assign(question="industry").to_csv(sample / "profile.csv", index=False)
    with pytest.raises(DataError, match=r"^profile\.csv, row 2, column published: is before the day"):
        indicators.load(sample)


def test_own_data_have_the_profile_that_they_bring(tmp_path):
    (tmp_path / "mine.csv").write_text("date,value\n2020,1\n2021,2\n2022,4\n")
    data = indicators.load(tmp_path / "mine.csv?unit=%25 of homes&measure=level")
    [(entity, indicator)] = data.own
    assert data.profile.empty
    assert indicators.list_profile(data, indicator).empty
    assert indicators.list_products(data, indicator, entity).empty
    assert indicators.list_measures(data, indicator, [entity, "China"]).empty
    assert indicators.compute_rates(data, indicator, entity).empty
    assert write_page(data, indicator, entity)[0].empty


def test_rates_are_users_over_internet_users_of_the_group_and_the_note_on_ages_has_them(known):
    """For the two reports, in the order of age; 6 to 9 and 10 to 19 are one group among the users."""
    rates = indicators.compute_rates(known, "genai_users", "China")
    ages = pick(rates[rates["users"].notna()], breakdown="age")
    [note] = set(
        pick(TABLE, entity="China", breakdown="age", unit="percent of generative AI users")["note"].str.partition(
            " no trend by age"
        )[0]
    )
    for date, young, online in (("2025-06-30", 515 * 0.338, 1123 * 0.181), ("2025-12-31", 602 * 0.264, 1125 * 0.181)):
        report = ages[ages["date"] == date]
        first = report.iloc[0]
        np.testing.assert_allclose(first[["users", "online", "value"]].tolist(), [young, online, 100 * young / online])
        *most, last = report["value"].round().astype(int).tolist()
        assert f"{', '.join(map(str, most))} and {last}%" in note
    assert rates.attrs["title"] == "Use falls with age from 30 on"
    assert "The share of 19 and under among users fell from 33.8% (June 2025) to 26.4%" in rates.attrs["units"]
    assert rates.loc[rates["users"].isna(), "value"].tolist() == [40.5], "the one that was published"


def test_who_is_left_is_summed_from_the_oldest(known):
    ages = pick(indicators.compute_rates(known, "genai_users", "China"), breakdown="age")
    over_50 = pick(ages, category="50 to 59")["left_from"].tolist()
    both = [1123 * 0.344 - 515 * 0.128, 1125 * 0.344 - 602 * 0.152]
    np.testing.assert_allclose(over_50, [100 * both[0] / (1123 - 515), 100 * both[1] / (1125 - 602)])


def test_published_rates_stand_alone_and_before_the_report_there_are_none(known):
    japan = indicators.compute_rates(known, "genai_users", "Japan")
    assert (len(japan), japan["users"].notna().any(), japan.attrs["title"]) == (5, False, "Use by age and sex")
    early = indicators.compute_rates(known.known_on("2026-02-15"), "genai_users", "China")
    assert early["value"].tolist() == [40.5]


def test_one_country_has_several_measures(known):
    rulers = indicators.list_measures(known, "genai_users", ["China", "United States", "EU27", "South Korea"])
    assert rulers.attrs["title"] == "Estimates of use in China run from 18% to 94%"
    china = pick(rulers, entity="China")
    assert set(china["ruler"]) == {"MIC web panel", "CNNIC", "Microsoft"}
    assert china.set_index("ruler")["printed"]["CNNIC"].startswith("more than 50")
    assert set(rulers["entity"]) == {"China", "United States", "EU27", "South Korea"}
    assert (rulers.groupby(["entity", "ruler"]).size() == 1).all()


def test_a_measure_says_what_it_asks_or_that_nobody_knows(known):
    rulers = indicators.list_measures(known, "genai_users", ["China", "United States", "South Korea"])
    china = pick(rulers, entity="China").set_index("ruler")
    assert china["window"]["MIC web panel"] == "question not known"
    assert "could not check" in china["note"]["MIC web panel"]
    assert pick(rulers, ruler="Pew")["window"].iloc[0].startswith('"Do you ever use')
    assert (
        pick(rulers, entity="South Korea", ruler="Microsoft")["note"].iloc[0]
        == "The report on the quarter has the same."
    )


def test_figures_of_one_report_stand_at_one_month_and_lead_to_the_page_that_was_read(known):
    products = indicators.list_products(known, "genai_users", "China")
    newest = products[products["published"] == products["published"].max()]
    assert set(newest["product"]) == {"Doubao", "Qwen", "DeepSeek", "Yuanbao", "Kimi"}
    assert newest["date"].nunique() == 1
    assert pick(newest, product="Doubao")["url"].iloc[0].startswith("https://www.questmobile.com.cn/research/report/")


def test_each_row_of_the_first_page_is_a_cell(known):
    rows, tables = write_page(known, "genai_users", "China")
    assert set(rows["key"]) == {"measure", "claims", "rates", "left", "purpose", "target"}
    assert write_page(known, "deepseek_mau", "China")[0].empty, "devices that opened one application"
    for row in rows.itertuples():
        cells = [part.split(":") for part in row.cells.split()]
        cells = [tables[name][column].iloc[int(place)] for name, place, names in cells for column in names.split(",")]
        assert cells
        numbers = [row.value, row.low, row.high]
        assert all(number in (*cells, sum(cells)) for number in numbers if pd.notna(number))
        digits = re.sub(r"[a-z]+ \d{4}|\d\d to \d\d|\d\d-\d\d|\d\d (and|or) o\w+|from 30", "", f"{row.text} {row.of}")
        for number in re.findall(r"\d+(?:\.\d+)?", re.sub(r"[A-Z]\w+ \d{4}", "", digits)):
            half = 0.5001 * 10.0 ** -len(number.partition(".")[2])
            assert any(abs(cell - float(number)) <= half for cell in (*cells, sum(cells))), (row.key, number)
    claims = pick(rows, key="claims").iloc[0]
    assert (claims["text"], claims["url"]) == ("12 checked: 10 agree, 2 cannot be checked", "01_check_indicators.html")


def test_the_target_is_quoted_and_nothing_is_computed_from_it(known):
    targets = pick(write_page(known, "genai_users", "China")[0], key="target")
    quotes = pick(TABLE, source_id="state_council_ai_plus")["quote"]
    assert len(targets) == len(quotes)
    assert all(quote in note for quote, note in zip(quotes, targets["note"], strict=True))
    assert targets["text"].str.endswith(" (of what is not stated)").all()


def test_places_without_computed_rates_have_other_rows_and_without_a_profile_none(known):
    keys = write_page(known, "genai_use_msit", "South Korea")[0]["key"].drop_duplicates().tolist()
    assert keys == ["measure", "who"]
    assert write_page(known, "internet_use_itu", "Germany")[0].empty


def test_the_list_counts_what_there_is(known):
    found = count_profile(known)
    assert found["figures"].sum() == len(TABLE)
    assert set(count_profile(known, ["korea", "why"])["entity"]) == {"South Korea"}
