"""Data as they were known: days of publication, vintages, what a run as of a day sees, and what it is refused."""

import shutil
from pathlib import Path

import pandas as pd
import pytest
from processes import call

from helpers import indicators
from helpers.indicators.labels import find_urls
from helpers.indicators.series import parse_breaks

DATA = Path(__file__).parents[1] / "data"


@pytest.fixture(scope="module")
def rows():
    """Every row of the file, all vintages."""
    return pd.read_csv(DATA / "observations.csv", parse_dates=["date", "published"], keep_default_na=False)


def test_every_day_of_publication_is_where_it_says_that_it_comes_from(data, rows):
    assert rows["published"].notna().all()
    source = data.sources.set_index("source_id").loc[rows["source_id"]].reset_index(drop=True)
    gap = (rows["published"] - rows["date"]).dt.days
    of = {kind: (rows["published_by"] == kind).to_numpy() for kind in set(rows["published_by"])}
    assert set(of) == {"source", "wave", "derived", "lag", "date"}
    assert (rows["published"] == source["published"])[of["source"]].all()
    assert (gap[of["date"]] == 0).all()
    assert ((gap - 30.4 * source["lag_months"]).abs()[of["lag"]] < 8).all()
    assert rows.loc[gap < 0, "indicator"].tolist() == ["daily_tokens"], "stated a week before the end of its quarter"
    assert (rows["vintage"] == "compiled").equals(rows["source_id"] == "owid_technology_diffusion")


def test_a_derived_figure_is_known_with_the_figure_that_it_is_derived_from(rows):
    derived = rows[rows["published_by"] == "derived"].set_index(["entity", "indicator", "date"])["published"]
    assert derived[("China", "genai_services_filed", pd.Timestamp("2023-12-31"))] == pd.Timestamp("2025-01-08")
    ramp = ("United States", "firms_pay_for_ai_ramp", pd.Timestamp("2025-06-30"))
    assert derived[ramp] == pd.Timestamp("2026-07-31"), "June 2025 is that of June 2026 less its rise in a year"
    with_later = rows.set_index(["entity", "indicator", "published"])["date"]
    other = [(with_later.loc[[(*key[:2], day)]] > key[2]).any() for key, day in derived.items() if day < derived.max()]
    assert sum(other) >= 15


def test_a_revised_figure_has_a_row_a_vintage_and_the_newest_public_one_counts(data):
    key = ("United States", "genai_use_rps")
    assert data.series(*key).values.iloc[0] == 44.62
    assert data.known_on("2026-09-25").series(*key).values.iloc[0] == 39.4
    assert data.known_on("2026-09-26").series(*key).values.iloc[0] == 44.62
    assert data.known_on("2026-09-25").known_on("2026-12-31").as_of == "2026-09-25", "nothing comes back"
    assert len(data.find_rows(*key)) == len(data.find_rows(*key).drop_duplicates("date"))


@pytest.mark.parametrize(
    ("entity", "indicator", "date", "known"),
    [
        (
            "United Kingdom",
            "firms_ai_use_ons",
            "2025-06-29",
            {"2025-07-02": None, "2025-07-03": 21, "2026-09-30": 21, "2026-10-01": 20.5},
        ),
        (
            "EU27",
            "firms_ai_use_eurostat",
            "2023-06-30",
            {"2024-05-28": None, "2024-05-29": 8.0, "2025-12-10": 8.0, "2025-12-11": 8.1},
        ),
        (
            "United States",
            "firms_pay_for_ai_ramp",
            "2026-05-31",
            {"2026-06-08": None, "2026-06-09": 54, "2026-07-31": 54.17},
        ),
        ("48 markets", "ai_for_news_weekly_reuters", "2025-02-28", {"2025-06-16": None, "2025-06-17": 7}),
        ("Japan", "genai_use_mic_panel", "2026-03-31", {"2026-07-23": None, "2026-07-24": 58.8}),
    ],
)
def test_a_figure_is_known_from_its_first_print_on_and_revised_from_its_own_day(data, entity, indicator, date, known):
    for day, value in known.items():
        assert data.known_on(day).exact_values(entity, indicator).get(date) == value, day


def test_each_figure_of_generative_ai_has_wording_and_an_address(data, rows):
    """From the first figure on there is a row that says what was asked or counted; a page says where it was read."""
    roles = data.indicators.set_index("indicator")
    surveyed = roles.index[(roles["role"] == "target") & roles["technology"].str.contains(r"\bAI\b")]
    told = data.wording.groupby("indicator")["date"].min()
    first = rows[rows["indicator"].isin(surveyed)].groupby("indicator")["date"].min()
    without = {"genai_aware_rate", "genai_aware_users"} | {name for name in first.index if "nonwork" in name}
    without |= {"genai_daily_use_rps", "genai_work_daily_use_rps", "genai_work_weekly_use_rps"}
    assert set(first.index[~(told.reindex(first.index) <= first)]) == without, "as asked of their twins"
    urls = data.sources.set_index("source_id")["url"]
    assert (rows["reported_at"].where(rows["reported_at"] != "", rows["source_id"].map(urls)) != "").all()


def test_own_data_may_say_when_their_figures_came_out(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "date,value,published,standard_error\n2020-12-31,3,2021-03-01,0.5\n2021-12-31,8,,\n"
        "2021-12-31,9,2023-01-01,\n2022-12-31,15,2022-12-01,1\n"
    )
    series = indicators.load(path).series("own data", "own")
    assert series.values.tolist() == [3, 9, 15]
    assert series.standard_error.fillna(0).tolist() == [0.5, 0, 1]
    assert indicators.load(path, "2022-12-15").series("own data", "own").values.tolist() == [3, 8, 15]


def test_too_few_public_figures_are_refused_and_the_day_is_named(capsys, tmp_path, outputs):
    code, _, said = call(capsys, "run", "early", "-p", "as_of", "2025-07-01", "-p", "bound", "")
    assert (code, "the third became public on 2025-10-18" in said) == (2, True)
    code, _, said = call(capsys, "run", "early", "-p", "as_of", "2024-01-01")
    assert (code, "was public, 2024-11-30; the third was on 2025-10-18" in said) == (2, True)
    moved = shutil.copytree(DATA, tmp_path / "moved")
    text = (moved / "observations.csv").read_text(encoding="utf-8")
    old = "China,genai_users,2025-06-30,2025-10-18"
    assert old in text
    (moved / "observations.csv").write_text(text.replace(old, old[:-2] + "25"), encoding="utf-8")
    code, _, said = call(
        capsys, "run", "early", "-p", "as_of", "2025-10-20", "-p", "bound", "", "-p", "data", str(moved)
    )
    assert (code, "the third became public on 2025-10-25" in said) == (2, True)
    assert not outputs.exists()


def test_the_run_of_the_readme_ends_with_515_million(data):
    known = data.known_on("2025-10-31")
    assert known.series("China", "genai_users", "internet_users").values.iloc[-1] == 515
    assert (data.find_rows("United States", "genai_use_rps")["vintage"] == "later").sum() == 7


def test_breaks_and_wording_say_the_same(data):
    """Each break that the wording names is one of the series, on its date and of its kind; and the reverse."""
    surveyed = data.indicators[data.indicators["indicator"].isin(data.wording["indicator"])]
    cut = {
        (entry.indicator, day, kind)
        for entry in surveyed.itertuples()
        for kind, text in (("break", entry.breaks), ("suspected", entry.suspected_breaks))
        for day, _, _ in parse_breaks(text)
    }
    told = data.wording[data.wording["break"] != ""]
    days = told["date"].dt.strftime("%Y-%m-%d")
    assert cut == set(zip(told["indicator"], days, told["break"], strict=True))
    assert (told["reason"] != "").all()


def test_the_only_figures_of_pew_that_share_a_question_are_the_series(data):
    series = data.series("United States", "chatgpt_ever_used_pew")
    assert series.values.tolist() == [18, 23, 34]
    assert series.sample_size.tolist() == [5057, 10133, 5123]


def test_an_address_is_that_of_the_publication_that_has_the_figure(data):
    dates = pd.to_datetime(["2024-06-29", "2025-12-31", "2026-12-31"])
    before, *last = find_urls(data, "China", "genai_users", dates)
    assert (before, set(last)) == ("", {data.sources.set_index("source_id")["url"]["cnnic_57"]})


def test_technologies_held_out_teach_nothing(data):
    """They are no references, their shares have a bound, and a series for which 100 % is none is a target."""
    held = data.references(role="held_out")
    assert len({one.technology for one in held}) == 22
    assert not {one.technology for one in held} & {one.technology for one in data.references()}
    roles = data.indicators.set_index("indicator")["role"]
    assert roles[["us_water_heater", "us_electric_range"]].tolist() == ["target", "target"]
