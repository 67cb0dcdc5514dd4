"""The published tables as they stand in data/: schema, keys and spot values. A new row breaks no count."""

import json
import re
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from frictionless import Package
from snapshots import check_part, write_rows

from adoption_curves import indicators
from adoption_curves.base.columns import COLUMNS
from adoption_curves.base.project import COUNTED
from adoption_curves.indicators.claims import _OPERAND
from adoption_curves.indicators.series import parse_breaks

DATA = Path(__file__).parents[2] / "data"
SAMPLE = Path(__file__).parents[1] / "sample"


@pytest.mark.parametrize("folder", [DATA, SAMPLE], ids=["data", "sample"])
def test_frictionless_finds_the_package_valid(folder):
    report = Package(str(folder / "datapackage.json")).validate()
    assert report.valid, report.flatten(["resourceName", "rowNumber", "fieldName", "message"])


def test_the_descriptor_and_the_readme_are_true_to_the_tables(data):
    """Every table, column and way to know a day is described, and the generated list of indicators is that of today."""
    text = (DATA / "README.md").read_text(encoding="utf-8")
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    assert {one["path"] for one in descriptor["resources"]} == {path.name for path in DATA.glob("*.csv")}
    assert f"Data, version {descriptor['version']}" in " ".join(text.split())
    for resource in descriptor["resources"]:
        table = pd.read_csv(DATA / resource["path"], dtype=str, keep_default_na=False)
        assert list(table) == [field["name"] for field in resource["schema"]["fields"]]
        assert f"| `{resource['path']}` |" in text
        assert all(re.search(rf"\b{name}\b", text) for name in table)
    for part in re.split(r"^### (?=\w+\.csv)", text, flags=re.MULTILINE)[1:]:
        rows = re.findall(r"^\| ([a-z_, ]+) \|", part.partition("\n\n")[0], flags=re.MULTILINE)[1:]
        described = {name for row in rows for name in row.split(", ")}
        assert described <= {*pd.read_csv(DATA / part.split(maxsplit=1)[0], nrows=0)}
    for kind in set(pd.read_csv(DATA / "observations.csv", dtype=str)["published_by"]):
        assert re.search(rf"^\| {kind} \| ", text, flags=re.MULTILINE), kind


def test_the_page_on_the_data_lists_the_columns_of_own_data_and_every_indicator(data, renew):
    """A further figure changes neither."""
    head = ("column", "meaning", "where it is missing or blank")
    columns = write_rows(head, *((column.name, column.meaning, column.blank) for column in COLUMNS))
    check_part(DATA / "README.md", "columns", columns, renew)
    places = data.observations.groupby("indicator")["entity"].agg(lambda each: " or ".join(each.unique()))
    places = places.mask(places.str.contains(" or "), "several countries and areas")
    rows = data.indicators.assign(of=data.indicators["indicator"].map(places)).sort_values("indicator")
    rows = rows[["indicator", "title", "unit", "role", "measure", "of"]]
    head = *rows.columns[:-1], "countries or regions"
    check_part(DATA / "README.md", "indicators", write_rows(head, *rows.itertuples(index=False)), renew)


def test_each_share_of_sales_has_a_market_which_is_to_learn_from_or_to_judge_by(data):
    """Members of a market have one role and are no areas, and no technology is in two; each day is the figure's own."""
    flows = data.indicators[data.indicators["measure"] == "flow"]
    assert flows["technology"].nunique() >= 32
    assert (data.indicators["market"] != "").equals(data.indicators["measure"] == "flow")
    members = flows[flows["role"] != "target"]
    assert members.groupby("market")["role"].nunique().eq(1).all()
    assert set(flows["indicator"]) - set(members["indicator"]) == {"electric_car_share_areas"}
    places, areas = data.observations.groupby("indicator")["entity"].agg(set), {"EU27", "Europe", "Rest of the world"}
    assert places["electric_car_share_areas"] == areas | {"World"}
    assert not set.union(*places[members["indicator"]]) & areas
    assert set(flows.loc[flows["role"] == "reference", "market"]) == {"US cars"}
    assert flows.groupby("technology")["market"].nunique().eq(1).all()
    levels = data.indicators[(data.indicators["measure"] != "flow") & (data.indicators["role"] != "early")]
    assert not set(flows["technology"]) & set(levels["technology"]), "but electric vehicles on the road"
    assert flows["unit"].str.match(r"percent of \w").all()
    rows = data.observations[data.observations["indicator"].isin(flows["indicator"])]
    assert set(rows["vintage"]) == {"compiled"}
    assert (rows["published"] == rows["date"]).all()
    listed = [*data.references(measure="flow"), *data.references(role="held_out", measure="flow")]
    assert {one.market for one in listed} == set(flows["market"])


def test_vehicles_on_the_road_are_a_panel_of_their_own_for_the_beginning(data):
    """They are neither comparison technologies nor held out, but below 5% there are more of them than of all others."""
    early, others = data.references(role="early"), [*data.references(), *data.references(role="held_out")]
    assert len({one.technology for one in early}) == 4
    assert {(one.measure, one.limit.name, one.market) for one in early} == {("level", "100", "")}
    assert not {one.indicator for one in early} & {one.indicator for one in others}
    below = [sum((one.share < 0.05).sum() for one in panel) for panel in (early, others)]
    assert below[0] > 5 * below[1]
    van = data.series("Norway", "electric_van_share")
    assert "electric van" not in {one.technology for one in data.references(van, "early")}


def test_figures_of_own_files_are_checked_as_those_of_the_project():
    """Columns of own files that stand in observations.csv too are described alike; only ours must name all of them.

    Own files may write a date as a period, and a figure with other marks, so the meaning of these two is told apart.
    """
    descriptor = json.loads((DATA / "datapackage.json").read_text(encoding="utf-8"))
    fields = {field["name"]: field for field in descriptor["resources"][0]["schema"]["fields"]}
    own_columns = {column.name: column.describe() for column in COLUMNS}
    for name in ("date", "value", "qualifier", "published", "standard_error", "sample_size"):
        own, field = own_columns[name], fields[name]
        kept = field.get("constraints", {})
        told = {"name": name} | ({"description": field["description"]} if name in {"date", "value"} else {})
        assert own | told | {"constraints": kept} == field
        assert own["constraints"] | {"required": kept.get("required")} == kept | {"required": kept.get("required")}


def test_sample_has_the_schema_of_the_data():
    data, sample = (json.loads((folder / "datapackage.json").read_text(encoding="utf-8")) for folder in (DATA, SAMPLE))
    kept = [one for one in data["resources"] if one["name"] not in COUNTED]
    assert data | {"resources": kept} == sample, "a run counts nothing of its own"


def test_sample_figures_are_figures_of_the_data(data):
    key = ["entity", "indicator", "date", "value", "qualifier", "source_id"]
    sample = indicators.load(SAMPLE).observations[key]
    assert len(sample.merge(data.observations[key])) == len(sample) > 200


def test_what_is_of_china_alone_stands_under_china_alone(data):
    china = data.observations["source_id"].str.fullmatch("cnnic_.*|nbs_population|worldbank_population|cac_.*")
    assert set(data.observations.loc[china, "entity"]) == {"China"}


def test_tables_are_sorted_and_plain_text():
    for name in ("observations", "indicators", "sources", "entities", "wording", "claims"):
        raw = (DATA / f"{name}.csv").read_bytes()
        assert b"\r" not in raw
        assert not raw.startswith(b"\xef\xbb\xbf")
    for name, size in (("observations", 3), ("indicators", 1), ("sources", 1), ("entities", 1)):
        lines = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]
        keys = [line.split(",")[:size] for line in lines]
        assert keys == sorted(keys), name


def test_more_than_is_a_lower_limit_and_no_figure(data):
    """What a source states as "more than" censors a fit; nothing in the data is known as "less than"."""
    limits = data.observations[data.observations["qualifier"] != "exact"]
    assert set(limits["qualifier"]) == {"at_least"}
    stated = {"daily_tokens", "genai_users", "genai_adoption_rate", "gemini_app_mau"}
    assert set(limits["indicator"]) >= stated
    exact = data.observations[data.observations["qualifier"] == "exact"]
    assert not exact["note"].str.contains(r"^(?:More|Said to surpass)").any()


def test_every_row_of_the_small_tables_is_used(data):
    assert set(data.indicators["indicator"]) == set(data.observations["indicator"])
    assert set(data.sources["source_id"]) >= set(data.observations["source_id"])


def test_each_country_has_a_row_of_entities_and_no_area_has_one(data):
    areas = {"48 markets", "EU27", "Euro area", "Europe", "Europe (surveyed countries)", "OECD", "Rest of the world"}
    assert set(data.entities["entity"]) == set(data.observations["entity"]) - areas - {"Six countries", "World"}
    assert data.entities["iso3"].is_unique
    for name in ("internet_use", "people_15_64"):
        told = (data.entities[[f"{name}_year", f"{name}_source"]] != "").all(axis=1)
        assert (told == data.entities[name].notna()).all()
    newest = data.observations[data.observations["indicator"] == "internet_use_itu"].groupby("entity").last()
    both = data.entities.set_index("entity").join(newest[["date", "value"]], how="inner")
    assert (len(both), list(both["value"])) == (12, list(both["internet_use"]))
    assert list(both["date"].dt.strftime("%Y")) == list(both["internet_use_year"])


def test_economies_that_carry_the_value_of_a_region_are_six_pools(data):
    """A pool is the economies with equal values in every period; no two others have four equal ones."""
    rows = data.observations[data.observations["indicator"] == "ai_user_share_microsoft"]
    shares = rows.pivot_table(index="entity", columns="date", values="value").drop(index="World")
    pooled = data.entities.set_index("entity")["pooled"].reindex(shares.index) == "yes"
    earlier = shares.columns[:3].tolist()  # French Guiana has no fourth
    assert sorted(shares[pooled].groupby(earlier).size()) == [3, 4, 4, 5, 8, 12]
    assert (shares[pooled].groupby(earlier)[shares.columns[3]].nunique() == 1).all()
    assert not shares[~pooled].dropna().duplicated().any()
    whole = shares.dropna().join(data.entities.set_index("entity")["people_15_64"])
    weighted = whole[shares.columns].mul(whole["people_15_64"], axis=0).sum() / whole["people_15_64"].sum()
    assert weighted.round(1).tolist() == [15.1, 16.3, 17.8, 18.7], "the publisher's World: the last is 18.8"


def test_a_folder_of_ones_own_needs_no_entities_and_wrong_ones_are_named(tmp_path):
    folder = shutil.copytree(SAMPLE, tmp_path / "data")
    header = (folder / "entities.csv").read_text(encoding="utf-8")
    (folder / "entities.csv").unlink()
    assert indicators.load(folder).entities.empty
    wrong = {"China,CN,maybe,91.6,2025,": {"iso3", "pooled"}, "China,CHN,no,91.6,2025,nobody": {"internet_use_source"}}
    for row, columns in wrong.items():
        (folder / "entities.csv").write_text(f"{header}{row},,,\n", encoding="utf-8")
        with pytest.raises(indicators.DataError) as caught:
            indicators.load(folder)
        assert {problem.column for problem in caught.value.problems} == columns


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


def test_thirteen_claims_are_recomputed(data):
    claims = indicators.check_claims(data)
    counts = {"consistent": 6, "within rounding": 4, "not checkable": 2, "found elsewhere": 1}
    assert claims["verdict"].value_counts().to_dict() == counts
    recomputed = claims.set_index("claim_id")["recomputed"]
    assert recomputed["users_growth"] == pytest.approx(100 * (602 / 249 - 1))
    assert recomputed["share_of_internet_users"] == pytest.approx(100 * 602 / 1125)
    found = claims.set_index("claim_id").loc["ai_smes_q1_2025"]
    assert found["verdict"] == "found elsewhere"
    assert found["how"].startswith("State Administration for Market Regulation of China, 21 April 2025: 254,000 ent")
    assert "takungpao" in found["how"]
    before = indicators.check_claims(data.known_on("2025-04-20")).set_index("claim_id")["verdict"]
    assert before["ai_smes_q1_2025"] == "not checkable", "as of a day before its publication"


def test_a_claim_has_a_value_that_was_found_and_its_source_or_neither(data):
    claims = data.claims
    assert ((claims["source"] != "") == claims["found"].notna()).all()
    assert (claims.loc[claims["source"] != "", "formula"] == "").all()


# ---- what only who edits the project's tables can have wrong


def test_no_indicator_leads_back_to_itself(data):
    for column in ("base_indicator", "rate_of"):
        after = data.indicators.set_index("indicator")[column]
        assert set(after) <= {*after.index, ""}
        reached = after[after != ""]
        for _ in range(len(after)):
            reached = reached.map(after)
            reached = reached[reached != ""]
        assert reached.empty, f"{column}: {list(reached.index)}"


def test_a_base_has_the_unit_of_its_indicator(data):
    unit = data.indicators.set_index("indicator")["unit"]
    based = data.indicators[data.indicators["base_indicator"] != ""]
    assert list(based["base_indicator"].map(unit)) == list(based["unit"])


def test_the_ends_between_which_a_figure_is_read_are_both_there_and_agree_with_what_is_printed(data):
    rows = data.observations[data.observations[["read_low", "read_high"]].notna().any(axis=1)]
    low, high, value = (rows[name] for name in ("read_low", "read_high", "value"))
    assert len(rows) > 0
    assert set(rows["qualifier"]) == {"at_least"}
    assert ((value <= low) & (low <= high)).all()


def test_breaks_and_expected_days_are_days_and_name_entities_of_the_data(data):
    entities = set(data.observations["entity"])
    for column in ("breaks", "suspected_breaks"):
        for text in data.indicators[column]:
            assert {entity for _, entity, _ in parse_breaks(text) if entity} <= entities
    for text in data.indicators["next_expected"]:
        first, _, last = (text or "2026-12").partition("/")
        assert pd.Period(first) <= pd.Period(last or first)


def test_each_claim_has_the_figures_that_its_formula_needs(data):
    known = {*data.indicators["indicator"], *("claim:" + data.claims["claim_id"])}
    for claim in data.claims.itertuples():
        named = {operand.split("@")[0] for operand in re.findall(_OPERAND, f"{claim.formula} {claim.agrees_with}")}
        assert named <= known, claim.claim_id


@pytest.mark.parametrize("cell", ["2025-13-31 wording", "2025-06-30", "in June: wording"])
def test_a_break_that_cannot_be_read_is_named(cell):
    with pytest.raises(
        indicators.DataError, match=r"^indicators.csv, column breaks: .* is no break; write 'YYYY-MM-DD"
    ):
        parse_breaks(cell)


def test_an_expected_day_that_cannot_be_read_is_named(data):
    wrong = replace(data, indicators=data.indicators.assign(next_expected="2026-13"))
    with pytest.raises(indicators.DataError, match=r"^indicators\.csv, column next_expected: .*no day or month"):
        indicators.find_expected(wrong, "China", "genai_users")
    with pytest.raises(ValueError, match="'x' is no day or month: write 2026-12-09, 2026-12 or 2027-01/2027-02"):
        indicators.format_expected("x")


def test_a_day_that_has_passed_was_expected():
    said = [
        indicators.format_expected(text, date(2026, 12, 2)) for text in ("2026-11", "2026-12-01", "2026-11/2026-12")
    ]
    assert said == ["was expected in November 2026", "was expected on 1 December 2026", "November or December 2026"]


# ---- once a process


def test_data_are_read_once_as_long_as_the_files_stay_the_same(tmp_path):
    folder = shutil.copytree(SAMPLE, tmp_path / "data")
    first = indicators.load(folder)
    assert indicators.load(folder) is first
    assert indicators.load(folder, as_of="2025-10-31") is indicators.load(str(folder), as_of="2025-10-31")
    path = folder / "observations.csv"
    path.write_text(path.read_text(encoding="utf-8").replace(",602,", ",603,"), encoding="utf-8")
    changed = indicators.load(folder)
    assert (changed.exact_values("China", "genai_users").iloc[-1], changed is first) == (603, False)
    assert first.exact_values("China", "genai_users").iloc[-1] == 602
