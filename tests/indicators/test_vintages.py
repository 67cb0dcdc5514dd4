"""Data as they were known: days of publication, vintages, what a run as of a day sees, and what it is refused."""

from pathlib import Path

import pandas as pd
import pytest
from malformed import TABLES, write_folder

from adoption_curves import indicators
from adoption_curves.indicators.labels import _find_urls

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def rows():
    """Every row of the file, all vintages."""
    return pd.read_csv(DATA / "observations.csv", parse_dates=["date", "published"], keep_default_na=False)


def test_a_revised_figure_has_a_row_a_vintage_and_the_newest_public_one_counts(data):
    key = ("United States", "genai_use_rps")
    assert data.series(*key).values.iloc[0] == 44.62
    assert data.known_on("2026-09-25").series(*key).values.iloc[0] == 39.4
    assert data.known_on("2026-09-26").series(*key).values.iloc[0] == 44.62
    assert data.known_on("2026-09-25").known_on("2026-12-31").as_of == "2026-09-25", "nothing comes back"
    assert len(data.find_rows(*key)) == len(data.find_rows(*key).drop_duplicates("date"))


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


def test_the_time_within_which_a_use_counts_is_that_of_the_definition_or_of_the_question(data):
    told = data.indicators[data.indicators["within"] != ""]
    assert (told["doing"] != "").all()
    asked = data.wording.groupby("indicator")["wording"].agg(" ".join)
    for row in told.itertuples():
        words = row.within.rpartition("; ")[2].removeprefix("2025-06-30 ").partition(" ")[2]
        assert words in row.counted + asked.get(row.indicator, "")


def test_names_say_what_is_known_of_the_question(data):
    users = ("China", "genai_users", "population_year_end")
    names = indicators.find_labels(data, data.series(*users))
    assert names.counted.endswith("to December 2025: in the past half-year; earlier values: at any time)")
    assert names.limit_is_series
    rate = indicators.find_labels(data, data.series("China", "genai_adoption_rate", 100))
    assert (rate.people, rate.asked.split()[2:4]) == ("people", ["residents", "aged"]), "counted and asked"
    earlier = data.known_on("2025-06-30")
    names = indicators.find_labels(earlier, earlier.series(*users[:2], 1400))
    assert (names.doing, names.limit_is_series) == ("have used generative AI", False)


def test_own_data_may_say_when_their_figures_came_out(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text(
        "date,value,published,standard_error\n2020-12-31,3,2021-03-01,0.5\n2021-12-31,8,,\n"
        "2021-12-31,9,2023-01-01,\n2022-12-10,15,2022-12-12,1\n"
    )
    own = f"{path}?unit=people&measure=level"
    series = indicators.load(own).series("own data", "own")
    assert series.values.tolist() == [3, 9, 15]
    assert series.standard_error.fillna(0).tolist() == [0.5, 0, 1]
    assert indicators.load(own, "2022-12-15").series("own data", "own").values.tolist() == [3, 8, 15]


def test_a_value_that_was_public_before_its_day_is_refused(tmp_path):
    header, first, *rows = TABLES["observations"].splitlines()
    early = "\n".join([f"{header},published", f"{first},2001-01-01", *(f"{row}," for row in rows), ""])
    with pytest.raises(indicators.DataError, match=r"^observations\.csv, row 2, column published: is before the day"):
        indicators.load(write_folder(tmp_path, observations=early))


def test_an_address_is_that_of_the_publication_that_has_the_figure(data):
    dates = pd.to_datetime(["2024-06-29", "2025-12-31", "2026-12-31"])
    before, *last = _find_urls(data, "China", "genai_users", dates)
    assert (before, set(last)) == ("", {data.sources.set_index("source_id")["url"]["cnnic_57"]})


def test_technologies_held_out_teach_nothing(data):
    """They are no references, their shares have a limit, and a series for which 100 % is none is a target."""
    held = data.references(role="held_out")
    assert len({one.technology for one in held}) == 17
    assert not {one.technology for one in held} & {one.technology for one in data.references()}
    roles = data.indicators.set_index("indicator")["role"]
    assert roles[["us_water_heater", "us_electric_range"]].tolist() == ["target", "target"]
