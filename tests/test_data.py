"""The published tables as they stand in data/: schema, keys, counts and spot values."""

import json
import re
from pathlib import Path

import pandas as pd
import pytest
from data_readme import MARK, list_indicators
from frictionless import Package

from helpers import indicators

DATA = Path(__file__).parents[1] / "data"
SAMPLE = Path(__file__).parent / "sample"

SUMS = {  # of the facts as they were compiled, over all entities; of a revised figure the newest vintage
    "ai_for_news_weekly_reuters": 17, "ai_in_app_mau": 1920, "ai_native_app_mau": 1591, "ai_pc_web_mau": 172,
    "ai_phone_assistant_mau": 755, "ai_use_at_work_gallup_daily": 51, "ai_use_at_work_gallup_weekly": 119,
    "ai_use_at_work_gallup_yearly": 229, "ai_user_share_microsoft": 2226.1, "chatbot_ever_used_pew": 33,
    "chatbot_use_pew": 49, "chatgpt_ever_used_pew": 133, "chatgpt_weekly_active_users": 6150, "daily_tokens": 770.1,
    "deepseek_mau": 256, "doubao_mau": 727, "firms_ai_use_btos_2023_wording": 340.2,
    "firms_ai_use_btos_2025_wording": 436.1, "firms_ai_use_eurostat": 300.13, "firms_ai_use_ons": 96,
    "genai_adoption_rate": 163.4, "genai_apps_registered": 2412, "genai_aware_rate": 23.5, "genai_aware_users": 331,
    "genai_daily_use_rps": 101.1, "genai_nonwork_daily_use_rps": 58.62, "genai_nonwork_use_rps": 367.61,
    "genai_nonwork_weekly_use_rps": 310.54, "genai_services_filed": 5451, "genai_use_eurostat": 896.4,
    "genai_use_mic_panel": 441, "genai_use_msit": 95.4, "genai_use_rps": 420.92, "genai_users": 2296,
    "genai_weekly_use_rps": 358.35, "genai_work_daily_use_rps": 93.85, "genai_work_use_rps": 298.81,
    "genai_work_weekly_use_rps": 258.65, "instant_messaging_usage_rate": 1177.7, "instant_messaging_users": 9768.73,
    "internet_penetration": 2012.1, "internet_use_itu": 19120.05, "internet_users": 28561.415,
    "live_commerce_usage_rate": 120.3, "live_commerce_users": 1346, "livestreaming_usage_rate": 457.6,
    "livestreaming_users": 5836.69, "microblog_usage_rate": 339.8, "microblog_users": 1269.24,
    "mobile_internet_users": 18446.15, "mobile_payment_usage_rate": 454.4, "mobile_payment_users": 4594.58,
    "online_education_usage_rate": 181, "online_education_users": 3132.01, "online_games_usage_rate": 442.9,
    "online_games_users": 2220.47, "online_gov_usage_rate": 265.1, "online_gov_users": 5170,
    "online_literature_usage_rate": 224.6, "online_literature_users": 2640.46, "online_medical_usage_rate": 137.3,
    "online_medical_users": 2254, "online_music_usage_rate": 583.4, "online_music_users": 4794.77,
    "online_news_usage_rate": 767.4, "online_news_users": 6310.25, "online_office_usage_rate": 189,
    "online_office_users": 3042.54, "online_payment_usage_rate": 967.3, "online_payment_users": 10903.73,
    "online_shopping_usage_rate": 1082.4, "online_shopping_users": 11358.73, "online_takeaway_usage_rate": 512.7,
    "online_takeaway_users": 5275.75, "online_travel_usage_rate": 213.3, "online_travel_users": 2805.43,
    "online_video_usage_rate": 850.7, "online_video_users": 11153.75, "population_mid_year": 37514.375,
    "population_year_end": 38940.95, "population_year_end_revised": 12443.28, "qwen_mau": 333,
    "ride_hailing_usage_rate": 77, "ride_hailing_users": 1955, "search_engine_usage_rate": 538.6,
    "search_engine_users": 4424.11, "short_video_usage_rate": 1338, "short_video_users": 11999.18,
    "us_air_conditioning": 3060.7, "us_automatic_transmission": 2891.8, "us_automobile": 6191, "us_cable_tv": 1183.7,
    "us_cellular_phone": 1686.6, "us_central_heating": 237, "us_clothes_dryer": 721.6, "us_colour_tv": 3052.5,
    "us_dishwasher": 833, "us_disk_brakes": 1281.5, "us_ebook_reader": 192.4, "us_electric_power": 7793.5,
    "us_electric_range": 294, "us_electronic_ignition": 342, "us_flush_toilet": 619, "us_freezer": 383.2,
    "us_internet": 1277, "us_landline_telephone": 7081.3, "us_microcomputer": 1531.9, "us_microwave_oven": 1247.1,
    "us_nox_controls": 853, "us_podcasts": 231, "us_power_steering": 2209, "us_radial_tyres": 862.5, "us_radio": 7103,
    "us_refrigerator": 7053.5, "us_running_water": 567, "us_smartphone": 563, "us_social_media": 741,
    "us_stove": 7176.7, "us_tablet": 271, "us_vacuum_cleaner": 3510.9, "us_washing_machine": 4016,
    "us_water_heater": 151, "work_done_with_ai_pew": 37, "world_container_ports": 1073.5, "world_rtgs": 374.28,
}  # fmt: skip


@pytest.fixture(scope="module")
def data():
    return indicators.load(DATA)


@pytest.mark.parametrize("folder", [DATA, SAMPLE], ids=["data", "sample"])
def test_frictionless_finds_the_package_valid(folder):
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["resourceName", "rowNumber", "fieldName", "message"])


def test_the_descriptor_and_the_readme_are_true_to_the_tables(data):
    """Columns in order, rows counted, days of publication counted, and the generated list of indicators."""
    text = (DATA / "README.md").read_text(encoding="utf-8")
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert {one["path"] for one in descriptor["resources"]} == {path.name for path in DATA.glob("*.csv")}
    for resource in descriptor["resources"]:
        table = pd.read_csv(DATA / resource["path"], dtype=str, keep_default_na=False)
        assert list(table) == [field["name"] for field in resource["schema"]["fields"]]
        assert f"| `{resource['path']}` | {len(table):,} |" in text
    rows = pd.read_csv(DATA / "observations.csv", dtype=str)
    for kind, count in rows["published_by"].value_counts().items():
        assert re.search(rf"^\| {kind} \|.*\| {count:,} \|$", text, flags=re.MULTILINE), (kind, count)
    assert f"{(rows['vintage'] == 'later').sum()} rows are of a later vintage" in text
    assert text.endswith(MARK + list_indicators())


def test_sample_has_the_schema_of_the_data():
    read = [json.loads((folder / "datapackage.json").read_text(encoding="utf-8")) for folder in (DATA, SAMPLE)]
    assert read[0] == read[1]


def test_sample_figures_are_figures_of_the_data(data):
    key = ["entity", "indicator", "date", "value", "bound", "source_id"]
    sample = indicators.load(SAMPLE).observations[key]
    assert len(sample.merge(data.observations[key])) == len(sample) > 200


def test_every_published_figure_is_there(data):
    china = data.observations["source_id"].str.fullmatch("cnnic_.*|nbs_population|worldbank_population|cac_.*")
    assert (china.sum(), (~china).sum(), len(data.claims)) == (607, 2062, 13)
    assert set(data.observations.loc[china, "entity"]) == {"China"}
    assert (len(data.indicators), len(data.sources)) == (125, 79)


def test_tables_are_sorted_and_plain_text():
    for name in ("observations", "indicators", "sources", "wording", "claims"):
        raw = (DATA / f"{name}.csv").read_bytes()
        assert b"\r" not in raw
        assert not raw.startswith(b"\xef\xbb\xbf")
    keys = [line.split(",")[:3] for line in (DATA / "observations.csv").read_text(encoding="utf-8").splitlines()[1:]]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    ("entity", "indicator", "date", "value"),
    [
        ("China", "genai_users", "2025-12-31", 602),
        ("China", "genai_adoption_rate", "2025-12-31", 42.8),
        ("China", "internet_users", "1997-10-31", 0.62),
        ("China", "population_year_end", "2025-12-31", 1404.89),
        ("China", "internet_use_itu", "2023-12-31", 90.6),
        ("United States", "firms_ai_use_btos_2025_wording", "2026-09-06", 23.8),
        ("United States", "us_landline_telephone", "2013-12-31", 58.7),
        ("World", "chatgpt_weekly_active_users", "2026-08-06", 1000),
    ],
)
def test_spot_values(data, entity, indicator, date, value):
    rows = data.observations
    match = rows[(rows["entity"] == entity) & (rows["indicator"] == indicator) & (rows["date"] == date)]
    assert match["value"].tolist() == [value]


def test_sums_of_whole_series(data):
    sums = data.observations.groupby("indicator")["value"].sum().round(3)
    for indicator, total in SUMS.items():
        assert sums[indicator] == pytest.approx(total, abs=0.001), indicator


def test_lower_bounds_are_no_exact_figures(data):
    bounds = data.observations[data.observations["bound"] != "exact"]
    assert bounds["indicator"].value_counts().to_dict() == {
        "daily_tokens": 3, "chatgpt_weekly_active_users": 1, "genai_adoption_rate": 1, "genai_services_filed": 1,
        "genai_users": 1, "online_news_users": 1,
    }  # fmt: skip
    assert set(bounds["bound"]) == {"at_least"}


def test_every_row_of_the_small_tables_is_used(data):
    assert set(data.indicators["indicator"]) == set(data.observations["indicator"])
    assert set(data.sources["source_id"]) >= set(data.observations["source_id"])


def test_derived_figures_say_from_what(data):
    derived = data.observations[data.observations["note"].str.contains("Derived")]
    assert len(derived) == 22
    assert derived["note"].str.contains("Derived(?: and rounded)?: .*(?:less|plus|with) (?:the|a)").all()


def test_rates_agree_with_users_and_base(data):
    """A usage rate repeats its users series within half a point: rounding, and vintages of the population."""
    rates = data.indicators[data.indicators["rate_of"].str.endswith("_users")]
    compared = 0
    for entry in rates.itertuples():
        base = {"mobile internet users": "mobile_internet_users", "total population": "population_year_end"}
        users = data.observations[data.observations["indicator"] == entry.rate_of].set_index("date")["value"]
        rate = data.observations[data.observations["indicator"] == entry.indicator].set_index("date")
        at = users.index.intersection(rate.index[rate["confidence"] == "high"])
        limits = data.exact_values("China", base.get(entry.base, "internet_users")).reindex(at)
        gap = (100 * users.reindex(at) / limits - rate["value"].reindex(at)).dropna().abs()
        compared += len(gap)
        assert (gap < 0.5).all(), (entry.indicator, gap[gap >= 0.5])
    assert compared > 80


def test_attributions_that_licences_require_are_given(data):
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    for words in ("Our World in Data", "World Bank", "Source: Eurostat", "Open Government Licence v.3.0"):
        assert words in readme
    licensed = data.sources.set_index("source_id")["licence"]
    for source in ("owid_technology_diffusion", "itu_internet_use", "eurostat_isoc_eb_ai", "eurostat_isoc_ai_iaiu"):
        assert licensed[source] == "CC BY 4.0"
    assert licensed["ons_bics"] == "OGL v3"
    assert licensed["census_btos"] == "public domain"


def test_thirteen_claims_are_recomputed(data):
    claims = indicators.check_claims(data)
    counts = {"consistent": 6, "within rounding": 4, "not checkable": 3}
    assert claims["verdict"].value_counts().to_dict() == counts
    recomputed = claims.set_index("claim_id")["recomputed"]
    assert recomputed["users_growth"] == pytest.approx(100 * (602 / 249 - 1))
    assert recomputed["share_of_internet_users"] == pytest.approx(100 * 602 / 1125)
