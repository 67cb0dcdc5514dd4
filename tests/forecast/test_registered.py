"""Forecasts on record: registered from runs, all or none, never written over, scored when figures come."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import jsonschema
import numpy as np
import pandas as pd
import pytest
import yaml
from conftest import ROOT, SAMPLE
from processes import call
from register_rows import MODEL, TODAY, enter, tabulate

from adoption_curves import forecast, indicators
from adoption_curves.base.levels import RECORDED
from adoption_curves.base.project import PUBLISHED_MODEL, RunError, find_data, find_register
from adoption_curves.forecast.registered import hub, outcomes, register
from adoption_curves.forecast.registered.hub import BASELINES
from adoption_curves.runs import exports
from adoption_curves.runs.pages import export_run
from adoption_curves.say import on_record

SCHEMAS = ROOT / "tests" / "reference" / "hubverse"


@pytest.fixture
def run(whole_run, outputs):
    return shutil.copytree(whole_run, outputs / "small")


@pytest.fixture
def record(tmp_path):
    """An empty record, in place of that beside the data."""
    return tmp_path / "forecasts"


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.fixture(scope="module")
def series(data):
    return data.series("China", "genai_users", "internet_users")


@pytest.fixture(scope="module")
def quantiles(data, series):
    return tabulate(forecast.forecast(series, references=data.references()))


def list_tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def put(series, quantiles, data, record, dates=(), model=MODEL, day=TODAY):
    return register.register(register.enter(series, quantiles, dates, day, day, model), data, record)


def test_what_goes_on_record_is_the_table_of_notebook_5(run, record):
    kept = pd.read_csv(run / "tables" / "05_record.csv").set_index("date")
    assert [float(name[1:]) for name in kept] == list(RECORDED)
    published = pd.read_csv(run / "tables" / "05_forecast.csv").set_index("date")
    for name in ("q0.05", "q0.1", "q0.25", "q0.5", "q0.75", "q0.9", "q0.95"):
        np.testing.assert_allclose(kept[name], published[name], rtol=1e-8)
    paths = exports.register_run(run, hub=record, today=TODAY)
    assert sorted(path.name for path in paths) == sorted(f"{TODAY}-{name}.csv" for name in (MODEL, *BASELINES))
    rows = pd.read_csv(record / "model-output" / MODEL / f"{TODAY}-{MODEL}.csv")
    assert rows["target_end_date"].unique().tolist() == ["2026-12-31", "2027-06-30"]
    assert (rows[["origin_date", "published"]] == str(TODAY)).all().all()
    np.testing.assert_allclose(rows["value"], kept.loc[["2026-12-31", "2027-06-30"]].to_numpy().ravel(), rtol=1e-9)


def test_what_is_on_record_is_never_written_over(run, data, series, quantiles, record):
    exports.register_run(run, ["2026-12-31"], record, TODAY)
    before = list_tree(record)
    for dates in (["2026-12-31"], ["2027-12-31"], ["2027-12-31", "2026-12-31"]):
        with pytest.raises(
            RunError, match=r"genai_users of China .* on record already, and a record is not written over"
        ):
            exports.register_run(run, dates, record, TODAY)
    assert list_tree(record) == before
    put(replace(series, bound=replace(series.bound, name="100")), quantiles, data, record)
    after = list_tree(record)
    for name in before:
        if name.startswith("model-output"):
            assert after[name].startswith(before[name])
    assert {one for one in record.parent.iterdir() if one.name != "outputs"} == {record}, "nothing is left beside it"


def test_another_model_joins_the_round_beside_the_same_baselines(data, series, quantiles, record):
    for model in (MODEL, "adoption_curves-other"):
        put(series, quantiles, data, record, model=model)
    rows = hub.read_hub(record)
    assert set(rows["model_id"]) == {MODEL, "adoption_curves-other", *BASELINES}
    assert not rows.duplicated([*hub.ENTRY, "output_type_id"]).any()


def test_what_a_killed_process_left_is_made_whole_by_the_next(data, series, quantiles, record, monkeypatch):
    """The published rows are written last, so the command is not told that they are on record already."""
    append = hub._append

    def stop(folder, model_id, *rest):
        if model_id == MODEL:
            raise KeyboardInterrupt
        return append(folder, model_id, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(hub, "_append", stop)
        with pytest.raises(KeyboardInterrupt):
            put(series, quantiles, data, record)
    assert set(hub.read_hub(record)["model_id"]) == {*BASELINES}
    put(series, quantiles, data, record)
    assert set(hub.read_hub(record)["model_id"]) == {MODEL, *BASELINES}
    assert hub.read_hub(record).groupby("model_id").size().nunique() == 1


@pytest.mark.parametrize("model", ["adoption-curves-0.3.0", "weighted", "team-", "x" * 17 + "-y", "tëam-model"])
def test_a_model_s_id_of_another_form_is_refused(data, series, quantiles, record, model):
    with pytest.raises(RunError, match="is no id of a hub: write TEAM-MODEL, each of 1 to 16 letters"):
        put(series, quantiles, data, record, model=model)
    assert not record.exists()


def test_what_no_figure_could_be_set_beside_is_refused(series, quantiles):
    with pytest.raises(RunError, match=r"has no 2026-11-30\. Its dates are 2026-06-30, 2026-12-31"):
        register.enter(series, quantiles, ["2026-11-30"])
    early = quantiles.set_axis([pd.Timestamp("2025-06-30"), *quantiles.index[1:]])
    with pytest.raises(RunError, match="last figure on 2025-12-31; 2025-06-30 is not after it"):
        register.enter(series, early, ["2025-06-30"])
    breaks = pd.DataFrame({"date": pd.to_datetime(["2026-10-01"]), "kind": "break", "reason": ["other question"]})
    with pytest.raises(RunError, match=r"breaks on 2026-10-01 \(other question\), before 2026-12-31"):
        register.enter(replace(series, breaks=breaks), quantiles, ["2026-12-31"])
    with pytest.raises(RunError, match="the baselines need three figures"):
        register.enter(replace(series, values=series.values.iloc[-2:]), quantiles)


def test_another_unit_is_refused_and_nothing_is_written(data, series, quantiles, record):
    put(series, quantiles, data, record, ["2026-12-31"])
    before = list_tree(record)
    with pytest.raises(RunError, match="is on record in million people, not in thousand people: nothing was written"):
        put(replace(series, unit="thousand people"), quantiles, data, record, ["2027-12-31"], "team-other")
    assert list_tree(record) == before


def test_a_folder_of_something_else_is_left_alone(data, series, quantiles, record):
    record.mkdir()
    (record / "weather.csv").write_text("rain")
    for place in (record, record / "weather.csv"):
        with pytest.raises(RunError, match="is there already, and is no hub"):
            put(series, quantiles, data, place)
    assert list_tree(record) == {"weather.csv": b"rain"}
    (record / "hub-config").mkdir()
    (record / "hub-config" / "tasks.json").write_text('{"mine": 1}')
    with pytest.raises(RunError, match="lists no rounds, so this is no hub"):
        put(series, quantiles, data, record)
    assert (record / "hub-config" / "tasks.json").read_text() == '{"mine": 1}'


def test_no_forecast_goes_on_record_ahead_of_its_day(data, series, quantiles, record):
    tomorrow = date.today() + timedelta(2)  # noqa: DTZ011  the day it is here
    for origin, published, said in (
        ("2999-01-01", TODAY, "2999-01-01 is the day of record, but today is"),
        (TODAY, tomorrow, f"{tomorrow} is the day of record"),
        ("2000-01-01", "2000-01-01", "The data hold a figure that was published on 20"),
    ):
        with pytest.raises(RunError, match=said):
            register.register(register.enter(series, quantiles, (), origin, published), data, record)
    assert not record.exists()


def test_a_run_that_was_changed_or_whose_data_were_is_refused(run, record, monkeypatch):
    path = run / "tables" / "05_record.csv"
    whole, content = path.read_text(), json.loads((run / "run.json").read_text())
    path.write_text(whole.replace("2026-12-31,", "2026-12-31,1"))
    with pytest.raises(RunError, match=r"is not as it was made: tables/05_record.csv is changed"):
        exports.register_run(run, (), record, TODAY)
    path.write_text(whole)
    monkeypatch.setattr(exports, "hash_data", lambda source: content["data"]["files"] | {"observations.csv": "0"})
    with pytest.raises(RunError, match="is not as it was made: the data have changed"):
        exports.register_run(run, (), record, TODAY)
    assert not record.exists()


def test_a_run_of_a_series_that_has_fallen_is_passed_over(run, record, capsys, monkeypatch):
    path = run / "tables" / "05_record.csv"
    path.write_text(path.read_text().splitlines(keepends=True)[0])
    monkeypatch.setattr(exports, "find_changed", lambda *_: {})
    code, out, _ = call(capsys, "register", "small", "--hub", str(record))
    assert (code, out) == (0, "Passed over: run 'small' has no forecast that could go on record.\n")
    assert not record.exists()


def test_the_commands_register_and_score(run, record, capsys, tmp_path):
    code, out, _ = call(capsys, "register", "small", "--for", "2026-12-31", "--hub", str(record))
    assert (code, out.count("On record: ")) == (0, 3)
    for words in (["register", "nothing"], ["register", "small", "--for", "soon", "--hub", str(tmp_path / "other")]):
        code, _, error = call(capsys, *words)
        assert code != 0
        assert "Traceback" not in error
    assert call(capsys, "register")[0] == 2
    code, out, _ = call(capsys, "score", "--data", str(SAMPLE), "--hub", str(record), "--update")
    assert (code, "registered 1 forecast: 1 without an outcome yet" in out) == (0, True), out
    assert call(capsys, "score", "--data", str(SAMPLE), "--vintage", "third")[0] == 2
    assert (
        json.loads(call(capsys, "score", "--data", str(SAMPLE), "--hub", str(record), "--json")[1])[0]["model_id"]
        == MODEL
    )
    assert (
        "No forecast is registered" in call(capsys, "score", "--data", str(SAMPLE), "--hub", str(tmp_path / "empty"))[1]
    )


OWN = "date,value,unit\n2021-06-30,12,%\n2022-06-30,19,%\n2023-06-30,31,%\n2024-06-30,44,%\n2025-06-30,52,%\n"


def put_own(path):
    own = indicators.load(path)
    series = own.series("own data", path.stem, "100")
    put(series, tabulate(forecast.forecast(series, references=indicators.load_references())), own, None)
    return own


def read_target(folder):
    return pd.read_csv(folder / hub._TARGET_DATA, dtype=str, keep_default_na=False)


def test_own_data_have_a_hub_of_their_own_which_files_of_a_folder_share(tmp_path, capsys):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(OWN)
        own = put_own(tmp_path / f"{name}.csv")
    assert find_register(own.path) == tmp_path / "forecasts"
    said = register.read_register(own, indicator="two").query("model_id == @MODEL")
    dates = said["target_end_date"].drop_duplicates().dt.strftime("%Y-%m-%d").tolist()
    assert dates == ["2026-06-30", "2027-06-30"], "that of June has not come by November, so it is still to be forecast"
    assert register.read_register(indicators.load(), "own data").empty
    target = read_target(tmp_path / "forecasts")
    assert target.groupby("indicator").size().to_dict() == {"one": 5, "two": 5}
    code, out, _ = call(capsys, "score", "--data", str(tmp_path / "one.csv"), "--update")
    assert (code, "No outcome has been published since" in out) == (0, True)
    pd.testing.assert_frame_equal(read_target(tmp_path / "forecasts"), target)


def test_a_changed_own_figure_leaves_the_first_print_on_record(tmp_path, capsys):
    path = tmp_path / "mine.csv"
    path.write_text(OWN)
    put_own(path)
    path.write_text(OWN.replace("2025-06-30,52", "2025-06-30,57"))
    for _ in range(2):
        assert call(capsys, "score", "--data", str(path), "--update")[0] == 0
        rows = read_target(tmp_path / "forecasts").query("target_end_date == '2025-06-30'")
        assert rows["observation"].astype(float).tolist() == [52, 57]
        assert rows["as_of"].tolist()[1] == f"{date.today()}"  # noqa: DTZ011  the day it is here


# The form of the hubverse


@pytest.mark.parametrize("made", [False, True])
def test_the_record_is_a_hub_by_the_published_schemas(data, series, quantiles, record, made):
    folder = find_data() / "forecasts"
    if made:
        put(series, quantiles, data, record)
        folder = record
    configs = {}
    for name in ("admin", "target-data", "tasks"):
        configs[name] = json.loads((folder / "hub-config" / f"{name}.json").read_text())
        rules = json.loads((SCHEMAS / f"{name}-schema.json").read_text())
        jsonschema.validate(configs[name], rules, jsonschema.Draft202012Validator)
    rules = json.loads((folder / "hub-config" / "model-metadata-schema.json").read_text())
    for place in (folder / "model-output").iterdir():
        told = yaml.safe_load((folder / "model-metadata" / f"{place.name}.yml").read_text())
        jsonschema.validate(told, rules)
        assert f"{told['team_abbr']}-{told['model_abbr']}" == place.name
    tasks = {
        task["task_ids"]["indicator"]["optional"][0]: task for task in configs["tasks"]["rounds"][0]["model_tasks"]
    }
    for (indicator, *_), part in hub.read_hub(folder).groupby(["indicator", *hub.ENTRY]):
        task = tasks[indicator]
        assert part["output_type_id"].tolist() == task["output_type"]["quantile"]["output_type_id"]["required"]
        for name in hub._TASK_IDS:
            asked = part[name].dt.strftime("%Y-%m-%d") if name in hub._DAYS else part[name]
            assert {*asked} <= {*task["task_ids"][name]["optional"]}, name
    assert list(RECORDED) == task["output_type"]["quantile"]["output_type_id"]["required"]


def test_the_target_data_are_the_figures_of_the_data():
    told = read_target(find_data() / "forecasts")
    known = register.list_figures(indicators.load(), told[["entity", "indicator"]])
    there = set(known.astype(str).itertuples(index=False, name=None))
    told["observation"] = told["observation"].astype(float).astype(str)
    assert not [row for row in told.itertuples(index=False, name=None) if row not in there]


# The baselines


def test_baselines_are_the_closed_forms_of_the_textbook():
    days = pd.to_datetime([f"{year}-12-31" for year in range(2020, 2025)])
    values = pd.Series([10.0, 12, 15, 17, 21], days)
    ahead = pd.to_datetime(["2025-12-31", "2026-12-31"])
    last, drift = (register._forecast_baseline(values, ahead, [0.5, 0.9], kind) for kind in (False, True))
    steps = np.array([2.0, 3, 2, 4])
    np.testing.assert_allclose(last[:, 0], 21)
    np.testing.assert_allclose(last[:, 1] - 21, 1.2815515655 * np.sqrt((steps**2).mean() * np.array([1, 2])), rtol=2e-3)
    np.testing.assert_allclose(drift[:, 0], [23.75, 26.5], rtol=1e-3)
    sd = steps.std(ddof=1) * np.sqrt([1 * (1 + 1 / 4), 2 * (1 + 2 / 4)])
    np.testing.assert_allclose(drift[:, 1] - drift[:, 0], 1.2815515655 * sd, rtol=2e-3)
    cut = register._forecast_baseline(values * 4.7, ahead, [0.01, 0.99], False, 100.0)
    assert (cut.max(), register._forecast_baseline(values / 1e9, ahead, [1e-9], False).min()) == (100, 0)


# Scores


def score(data, *frames, **options):
    return on_record.add_sentences(outcomes.score_register(pd.concat(frames), data, **options))


def test_scores_are_those_of_the_figure_that_came(data):
    last = enter("2025-12-31", (400, 500, 600), model=BASELINES[0])
    found = score(data, enter("2025-12-31"), last).iloc[0]
    assert (found["outcome"], found["side"], found["inside"], found["counted"]) == (602, "exact", "yes", True)
    assert found["wis"] == pytest.approx((2 * 0.1 * 102 + 2 * 0.5 * 2 + 2 * 0.1 * 98) / 3)
    assert found["wis_last_value"] == pytest.approx((2 * 0.1 * 202 + 2 * 0.5 * 102 + 2 * 0.9 * 2) / 3)
    assert np.isnan(found["wis_drift"])
    assert "was published on 5 February 2026; it is inside the range. Its WIS is" in found["text"]
    assert f"; upper limit: {found['limit'].lower()})." in found["text"]
    summary = outcomes.summarise_scores(score(data, enter("2025-12-31"), last)).iloc[0]
    assert summary["wis_last_value_ratio"] == pytest.approx(found["wis"] / found["wis_last_value"])
    assert (summary["exact"], summary["coverage_80"]) == (1, 1)


def test_hindsight_is_marked_and_never_counted(data):
    scored = score(data, enter("2025-12-31", (610, 620, 630), "2026-02-05"))
    found, summary = scored.iloc[0], outcomes.summarise_scores(scored).iloc[0]
    assert (found["inside"], found["hindsight"], found["counted"]) == ("no", True, False)
    assert "after the outcome was known, so it does not count" in found["text"]
    assert (summary["hindsight"], summary["counted"], summary["exact"]) == (1, 0, 0)
    assert np.isnan(summary["coverage_80"])


def test_a_bound_is_scored_by_the_probability_it_was_given(data):
    found = score(data, enter("2026-06-30", (500, 700, 900))).iloc[0]
    assert (found["side"], found["probability"], found["inside"]) == ("at_least", 0.5, "")
    assert np.isnan(found["wis"])
    assert score(data, enter("2026-06-30", (500, 600, 650))).iloc[0]["inside"] == "no"
    rows = data.observations.assign(bound=data.observations["bound"].replace("at_least", "at_most"))
    below = score(replace(data, vintages=rows), enter("2026-06-30", (500, 600, 800))).iloc[0]
    assert below["probability"] == pytest.approx(0.7)
    assert (
        "printed as “more than” or “less than”, forecasts gave a probability of 50%"
        in on_record.say_scores(outcomes.summarise_scores(score(data, enter("2026-06-30", (500, 700, 900)))))[0]
    )


def test_a_score_is_of_the_first_print_unless_it_says_so(data):
    rows = data.find_vintages("China", "genai_users")
    revised = rows[rows["date"] == "2025-12-31"].assign(value=610.0, published=pd.Timestamp("2026-08-01"))
    whole = pd.concat([data.observations, revised], ignore_index=True)
    later = replace(data, vintages=whole)
    assert score(later, enter("2025-12-31")).iloc[0]["outcome"] == 602
    latest = score(later, enter("2025-12-31"), vintage="latest").iloc[0]
    assert latest["outcome"] == 610
    assert "revised since" in latest["text"]
    with pytest.raises(RunError, match="the first or the latest vintage"):
        score(later, enter("2025-12-31"), vintage="newest")


def test_another_unit_or_a_break_is_a_sentence_and_no_score(data):
    found = score(data, enter("2025-12-31", unit="thousand people")).iloc[0]
    assert np.isnan(found["wis"])
    assert found["text"].endswith(
        "There is no score: the figure is in million people, the forecast in thousand people."
    )
    table = data.indicators.copy()
    table.loc[table["indicator"] == "genai_users", "breaks"] = "2025-12-31 another question"
    broken = replace(data, indicators=table)
    found = score(broken, enter("2025-12-31")).iloc[0]
    assert (found["counted"], found["side"]) == (False, "")
    assert "the series broke on 31 December 2025 (another question), and counts something else" in found["text"]
    assert outcomes.summarise_scores(score(broken, enter("2025-12-31"))).iloc[0]["no_score"] == 1


def test_a_figure_to_come_is_no_score(data):
    found = score(data, enter("2031-12-31")).iloc[0]
    assert (found["side"], found["inside"]) == ("", "")
    assert found["text"].endswith("The outcome has not been published yet.")
    assert score(data, enter("2031-12-31").iloc[:0]).empty


def test_forecasts_of_withdrawn_methods_are_a_hub_of_their_own_that_is_read_as_known_on_a_day():
    data = indicators.load()
    entries = register.read_register(data, "China", "genai_users", withdrawn=True)
    asked = entries.groupby("origin_date")["target_end_date"].unique()
    assert pd.Timestamp("2026-06-30") in asked[pd.Timestamp("2026-03-31")]
    for day in ("2026-12-31", "2027-12-31"):
        assert any(pd.Timestamp(day) in days for days in asked)
    assert register.read_register(data.known_on("2026-06-30"), "China", "genai_users", withdrawn=True).empty
    assert register.read_register(data, "Atlantis", withdrawn=True).empty
    scored = outcomes.score_register(entries, data)
    assert scored[scored["origin_date"] == "2026-03-31"]["hindsight"].all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output_type_id", "quantile", "is no table of forecasts: .*output_type_id"),
        ("2026-12-31", "31.12.2026", "is no table of forecasts: .*31.12.2026"),
        ("quantile,0.01,", "quantile,0.01,many", "is no table of forecasts: .*many"),
        ("quantile,0.01,", "quantile,0.01,9", "their values must not fall"),
        ("quantile,0.01,", "quantile,1.5,", "quantiles of a date must rise"),
        ("quantile,0.99,1089.032218", "quantile,0.99,inf", "must rise, and their values must not fall"),
    ],
)
def test_an_entry_that_cannot_be_right_is_named(tmp_path, old, new, message):
    folder = shutil.copytree(find_data() / "forecasts" / "withdrawn", tmp_path / "forecasts")
    path = folder / "model-output/adoption_curves-weighted/2026-11-26-adoption_curves-weighted.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(indicators.DataError, match=message) as caught:
        hub.read_hub(folder)
    assert str(caught.value).startswith("forecasts/")


# What readers see of it


def test_the_newest_forecast_of_the_published_method_is_shown_for_each_date():
    names = {"published": "2026-02-01", "target_end_date": "2026-12-31", "unit": "percent", "outcome": "", "side": ""}
    names |= {"model_id": PUBLISHED_MODEL, "q0.1": "1", "q0.5": "2", "q0.9": "3", "hindsight": "False"}
    passed = {"target_end_date": "2025-12-31", "outcome": "2", "side": "at_least"}
    rows = [
        names,
        names | {"q0.5": "9", "published": "2026-01-01"},
        names | {"q0.5": "8", "published": "2026-03-01", "model_id": "a-zebra"},
        names | passed,
    ]
    for order in (rows, rows[::-1]):
        first, second = on_record.list_registered(order)
        assert (first["date"], first["outcome"]) == ("December 2025", "at least 2.0%")
        assert second == {"date": "December 2026", "registered": "1 February 2026", "range": "1.0 to 3.0",
                          "middle": "2.0", "outcome": "not yet published"}  # fmt: skip
    assert on_record.list_registered([row | {"model_id": "a-zebra"} for row in rows]) == []
    [read] = on_record.list_registered([names | passed | {"read_low": "2.1"}])
    assert read["outcome"] == "more than 2.0%", "as CNNIC wrote it, where it is read as a range"
    [late] = on_record.list_registered([names | passed | {"hindsight": "True"}])
    assert late["outcome"] == "at least 2.0% (already published when we registered, so not scored)"


def test_the_index_shows_what_is_registered(run):
    table = pd.read_csv(run / "tables" / "06_register.csv")
    page = export_run(run).read_text(encoding="utf-8")
    assert ("Registered forecasts" in page) == bool(len(table))
