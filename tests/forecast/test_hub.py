"""The record as others read it: a hub of the hubverse, which a scorer that knows only that form can score."""

import ast
import json
import shutil
from pathlib import Path

import hub_scorer
import jsonschema
import pandas as pd
import pytest
import yaml
from conftest import ROOT, SAMPLE

from adoption_curves import indicators
from adoption_curves.forecast import hub_scores, register
from adoption_curves.forecast.hub import BASELINES, SAMPLES, read_hub, write_figures

SCHEMAS = ROOT / "tests" / "reference" / "hubverse"
RECORD = ROOT / "data" / "forecasts"
MODELS = [register.PUBLISHED_MODEL, *BASELINES]
DATES = ["2025-12-31", "2026-06-30"]


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.fixture(scope="module")
def hub(data, tmp_path_factory):
    """Two series as they were known in December 2025, put on record then, on which figures have come since."""
    place, day = tmp_path_factory.mktemp("hub") / "forecasts", "2025-12-01"
    table = pd.DataFrame({
        "entity": "China", "indicator": ["genai_users", "genai_users"], "bound": ["internet_users", ""],
        "dates": " ".join(DATES),
    })  # fmt: skip
    for part in (table[:1], table[1:]):  # the second joins the files of the round
        register.register_series(part, data.known_on(day), hub=place, today=pd.Timestamp(day).date())
    write_figures(place, register.list_figures(data, table))
    return place


def list_models(folder):
    return sorted(path.name for path in (folder / "model-output").iterdir())


def test_the_record_is_a_hub_by_the_published_schemas():
    scores = hub_scorer.score_hub(str(RECORD), str(SCHEMAS), list_models(RECORD))
    assert (
        scores.query("model_id == 'adoption_curves-weighted' and hindsight")["origin_date"].tolist()[0] == "2026-03-31"
    )


@pytest.mark.parametrize("folder", ["record", "made"])
def test_each_model_has_metadata_by_the_hub_s_own_schema(folder, hub):
    place = RECORD if folder == "record" else hub
    rules = json.loads((place / "hub-config" / "model-metadata-schema.json").read_text())
    for model_id in list_models(place):
        told = yaml.safe_load((place / "model-metadata" / f"{model_id}.yml").read_text())
        jsonschema.validate(told, rules)
        assert f"{told['team_abbr']}-{told['model_abbr']}" == model_id
    assert "example" in (place / "README.md").read_text()


def test_the_scorer_knows_nothing_of_this_project():
    tree = ast.parse(Path(hub_scorer.__file__).read_text())
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert {alias.name for node in nodes for alias in node.names} == {"json", "jsonschema", "pandas"}


def test_both_scorers_say_the_same(hub, data):
    theirs = hub_scorer.score_hub(str(hub), str(SCHEMAS), MODELS)
    ours = hub_scores.score_register(register.read_register(data, hub=hub), data)
    assert ours["counted"].all()
    assert sorted(ours["side"]) == ["at_least", "at_least", "exact", "exact"]
    exact = ours[ours["side"] == "exact"].set_index("bound")
    for name, column in zip(MODELS, ["wis", "wis_last_value", "wis_drift"], strict=True):
        mine = theirs[(theirs["model_id"] == name) & (theirs["side"] == "exact")].set_index("bound")["wis"]
        pd.testing.assert_series_equal(mine, exact[column], check_names=False)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        (f"model-output/{MODELS[0]}/2025-12-01-{MODELS[0]}.csv", "target_end_date", "target_date"),
        (f"model-output/{MODELS[0]}/2025-12-01-{MODELS[0]}.csv", "published", "put_on_record"),
        (f"model-output/{MODELS[1]}/2025-12-01-{MODELS[1]}.csv", "output_type_id", "quantile"),
        ("target-data/time-series.csv", "observation", "value"),
        ("target-data/time-series.csv", "as_of", "published"),
        ("hub-config/tasks.json", "task_ids", "tasks"),
        ("hub-config/admin.json", "contact", "address"),
        ("hub-config/target-data.json", "date_col", "date"),
        (f"model-output/{MODELS[0]}/2025-12-01-{MODELS[0]}.csv", ",sample,99,", ",sample,98,"),
        (f"model-output/{MODELS[0]}/2025-12-01-{MODELS[0]}.csv", "genai_users,internet_users", "genai_users,other"),
    ],
)
def test_the_scorer_fails_where_a_name_or_a_path_is_another(hub, tmp_path, path, old, new):
    copy = shutil.copytree(hub, tmp_path / "hub")
    text = (copy / path).read_text()
    assert old in text
    (copy / path).write_text(text.replace(old, new, 1))
    with pytest.raises((ValueError, KeyError, jsonschema.ValidationError)):
        hub_scorer.score_hub(str(copy), str(SCHEMAS), MODELS)


def test_samples_are_joint_paths_whose_margins_are_the_forecast(hub):
    rows = read_hub(hub).query("output_type == 'sample' and bound == 'internet_users'")
    paths = rows.pivot(index="output_type_id", columns="target_end_date", values="value")
    assert paths.shape == (SAMPLES, len(DATES))
    assert paths.corr("spearman").iloc[0, 1] > 0.5
    quantiles = read_hub(hub).query("output_type == 'quantile' and bound == 'internet_users'")
    quantiles = quantiles[quantiles["model_id"] == MODELS[0]]
    for date, values in paths.items():
        inside = quantiles[quantiles["target_end_date"] == date].set_index("output_type_id")["value"]
        assert 0.68 < values.between(inside[0.1], inside[0.9]).mean() < 0.92  # 80 of 100, four standard errors


def test_the_target_data_are_the_figures_of_the_data(data):
    told = pd.read_csv(RECORD / "target-data" / "time-series.csv", keep_default_na=False)
    known = register.list_figures(indicators.load(), told)
    there = set(known.astype(str).itertuples(index=False, name=None))
    assert not [row for row in told.astype(str).itertuples(index=False, name=None) if row not in there]
