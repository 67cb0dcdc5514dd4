"""Who uses it, for what, with which product, in which firms: the rows of profile.csv, and what pages take from them."""

from pathlib import Path

import pandas as pd
import pytest

from adoption_curves import indicators
from adoption_curves.indicators import DataError
from adoption_curves.indicators.profile import count_profile
from adoption_curves.say.use import write_use

ROOT = Path(__file__).parents[2]
TABLE = pd.read_csv(ROOT / "data" / "profile.csv", dtype=str, keep_default_na=False)
FIGURE = ["entity", "technology", "question", "breakdown", "category", "date", "unit"]
DOING = "use generative AI"


@pytest.fixture(scope="module")
def known():
    return indicators.load(ROOT / "data")


def pick(rows, **wanted):
    for column, value in wanted.items():
        rows = rows[rows[column] == value]
    return rows


def list_parts(data, indicator, entity):
    """What the parts of the notebook show of one entity, by key of the page, with the names of their tables."""
    profile = indicators.list_profile(data, indicator)
    here = profile[profile["entity"] == entity]
    purposes = profile[(profile["question"] == "what for") & ~profile["wider"]]
    people = indicators.select_people(here[(here["question"] == "who") & ~here["wider"]])
    listed = indicators.select_purposes(purposes, entity, ["South Korea"])
    firms = profile[(profile["question"] == "which firms") & (profile["breakdown"] == "size of firm")]
    parts = {"who": ("07_who", people), "purpose": ("07_purposes", listed), "firms": ("07_firms", firms)}
    return parts | {"target": ("07_profile", here)}


def test_rows_are_those_that_may_enter():
    """High confidence, or medium with a day of publication; a base in the unit; a quotation, and who was asked."""
    assert len(TABLE) > 300
    assert set(TABLE["confidence"]) == {"high", "medium"}
    assert (TABLE.loc[TABLE["confidence"] == "medium", "published"] != "").all()
    assert not TABLE["unit"].str.contains("not stated|ambiguous").where(TABLE["question"] != "target", False).any()
    assert (TABLE["who"] != "").all()
    assert (TABLE["quote"] != "").mean() > 0.98
    assert not TABLE["note"].str.contains(r"file id|stored|\bpackage\b").any()


def test_what_only_a_page_about_the_publication_says_is_told(known):
    cnnic = TABLE[TABLE["source_id"].str.startswith("cnnic_") & (TABLE["confidence"] == "medium")]
    assert cnnic["note"].str.contains("read").mean() > 0.95


@pytest.mark.parametrize(
    ("question", "breakdown", "date", "unit"),
    [
        ("who", "education", "2025-06-30", "percent of generative AI users"),
        ("who", "age", "2025-06-30", "percent of generative AI users"),
        ("who", "age", "2025-12-31", "percent of generative AI users"),
        ("who", "age", "2025-12-31", "percent of internet users"),
        ("who", "occupation", "2025-12-31", "percent of generative AI users"),
        ("who", "sex", "2025-12-31", "percent of generative AI users"),
        ("who", "sex", "2025-12-31", "percent of internet users"),
    ],
)
def test_structures_add_up(question, breakdown, date, unit):
    rows = pick(TABLE, entity="China", question=question, breakdown=breakdown, date=date, unit=unit)
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


def test_mistakes_in_the_table_are_told_on_load(tmp_path):
    for path in (ROOT / "tests" / "sample").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    row = pick(TABLE, source_id="cnnic_57", question="who").iloc[[0]]
    wrong = row.assign(value="264", qualifier="roughly", source_id="cnnic_75", published="5 February 2026")
    wrong.to_csv(tmp_path / "profile.csv", index=False)
    with pytest.raises(DataError) as told:
        indicators.load(tmp_path)
    assert {problem.column for problem in told.value.problems} == {"qualifier", "published"}
    row.assign(value="264", source_id="cnnic_75").to_csv(tmp_path / "profile.csv", index=False)
    with pytest.raises(DataError, match=r"profile.csv, row 2, column value: '?264'? is a percentage above 100"):
        indicators.load(tmp_path)
    pd.concat([row, row]).to_csv(tmp_path / "profile.csv", index=False)
    with pytest.raises(DataError, match="is already in row 2; keep one of the two"):
        indicators.load(tmp_path)


@pytest.mark.parametrize(("question", "refused"), [("industry", True), ("target", False), ("forecast", False)])
def test_only_targets_and_forecasts_may_be_public_before_their_day(tmp_path, question, refused):
    for path in (ROOT / "tests" / "sample").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    row = pick(TABLE, source_id="cnnic_57").iloc[[0]].assign(question=question, date="2026-04-30")
    row.to_csv(tmp_path / "profile.csv", index=False)
    if refused:
        with pytest.raises(DataError, match=r"^profile\.csv, row 2, column published: is before the day"):
            indicators.load(tmp_path)
    else:
        assert indicators.load(tmp_path).profile["question"].tolist() == [question]


def test_own_data_have_the_profile_that_they_bring(tmp_path):
    (tmp_path / "mine.csv").write_text("date,value\n2020,1\n2021,2\n2022,4\n")
    data = indicators.load(tmp_path / "mine.csv?unit=%25 of homes&measure=level")
    [(entity, indicator)] = data.own
    assert data.profile.empty
    assert indicators.list_profile(data, indicator).empty
    assert indicators.list_products(data, indicator, entity).empty
    assert indicators.list_rulers(data, indicator, [entity, "China"]).empty
    assert write_use(list_parts(data, indicator, entity), entity, DOING).empty


def test_young_internet_users_are_added_and_the_note_says_so(known):
    who = list_parts(known, "genai_users", "China")["who"][1]
    young = pick(who, category="19 and under", unit="percent of internet users").iloc[0]
    assert (young["printed"], young["note"]) == ("18.1%", "4.2% and 13.9% of 6 to 9 and of 10 to 19, added by us.")
    assert who.loc[who["breakdown"] == "age", "date"].nunique() == 1, "one survey: no trend by age"


def test_the_note_on_ages_has_the_rates_that_follow_from_the_shares(known):
    """Users of a group over internet users of the group, for the two reports, in the order of age."""
    ages = pick(TABLE, entity="China", question="who", breakdown="age", technology="generative AI")
    users = pick(ages, unit="percent of generative AI users")
    first, *others = pick(ages, unit="percent of internet users")["value"].astype(float)
    online = [first + others[0], *others[1:]]  # 6 to 9 and 10 to 19 are one group among the users
    [note] = set(users["note"].str.extract(r"^(.*) no trend by age\.")[0])
    share = known.exact_values("China", "genai_users") / known.exact_values("China", "internet_users")
    for date in ("2025-06-30", "2025-12-31"):
        values = pick(users, date=date)["value"].astype(float)
        rates = [round(100 * share[date] * value / part) for value, part in zip(values, online, strict=True)]
        assert f"{', '.join(map(str, rates[:-1]))} and {rates[-1]}%" in note


def test_one_country_has_many_rulers(known):
    rulers = indicators.list_rulers(known, "genai_users", ["China", "United States", "EU27", "South Korea"])
    china = pick(rulers, entity="China")
    assert set(china["ruler"]) == {"MIC web panel", "CNNIC", "Microsoft"}
    assert china.set_index("ruler")["printed"]["CNNIC"].startswith("more than 50")
    assert set(rulers["entity"]) == {"China", "United States", "EU27", "South Korea"}
    assert (rulers.groupby(["entity", "ruler"]).size() == 1).all()


def test_a_ruler_says_what_it_asks_or_that_nobody_knows(known):
    rulers = indicators.list_rulers(known, "genai_users", ["China", "United States", "South Korea"])
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


def test_changed_wording_is_said_where_a_share_moved_most(known):
    listed = list_parts(known, "genai_users", "China")["purpose"][1]
    worded = listed[listed["note"].str.contains("Worded ")]
    assert set(worded["category"]) == {"images and video", "minutes and slides", "code"}


def test_before_the_report_went_up_no_two_surveys_are_mixed(known):
    early = known.known_on("2026-02-15")
    rows = write_use(list_parts(early, "genai_users", "China"), "China", DOING)
    who = rows[rows["key"] == "who"]
    assert who["of"].tolist() == ["students, December 2025"]


def test_values_of_the_first_page_are_cells_of_the_tables(known):
    parts = list_parts(known, "genai_users", "China")
    rows = write_use(parts, "China", DOING)
    assert set(rows["key"]) == {"who", "purpose", "target"}
    assert write_use(parts, "China", known.find_entry("deepseek_mau").doing).empty, (
        "devices that opened one application"
    )
    tables = dict(parts.values())
    for row in rows.itertuples():
        name, place, column = row.cells.split(":")
        assert tables[name][column].iloc[int(place)] == row.value
        assert f"{row.value:g}" in row.text


def test_the_target_is_quoted_and_nothing_is_computed_from_it(known):
    rows = write_use(list_parts(known, "genai_users", "China"), "China", DOING)
    targets = rows[rows["key"] == "target"]
    quotes = pick(TABLE, source_id="state_council_ai_plus")["quote"]
    assert len(targets) == len(quotes)
    assert all(quote in note for quote, note in zip(quotes, targets["note"], strict=True))
    assert targets["text"].str.endswith(" (of what is not stated)").all()


def test_places_without_a_target_have_other_rows_and_without_a_profile_none(known):
    rows = write_use(list_parts(known, "genai_use_msit", "South Korea"), "South Korea", DOING)
    assert rows["key"].drop_duplicates().tolist()[:2] == ["who", "purpose"]
    assert write_use(list_parts(known, "internet_use_itu", "Germany"), "Germany", DOING).empty


def test_the_list_counts_what_there_is(known):
    found = count_profile(known)
    assert found["figures"].sum() == len(TABLE)
    assert set(count_profile(known, ["korea", "why"])["entity"]) == {"South Korea"}
