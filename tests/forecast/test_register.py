"""Forecasts on record: registered from runs and tables, all or none, never written over, scored when figures come."""

import json
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLE
from processes import call
from register_rows import MODEL, TODAY, enter

from adoption_curves import indicators
from adoption_curves.base.project import RunError, find_data
from adoption_curves.base.words import NO_FORECAST
from adoption_curves.forecast import hub, hub_scores, register
from adoption_curves.forecast.baselines import baseline_quantiles
from adoption_curves.forecast.hub import BASELINES
from adoption_curves.forecast.register import PUBLISHED_MODEL
from adoption_curves.runs import register_run
from adoption_curves.runs.pages import write_pages
from adoption_curves.say import on_record


@pytest.fixture
def run(whole_run, outputs):
    return shutil.copytree(whole_run, outputs / "small")


@pytest.fixture
def record(tmp_path):
    """An empty record, in place of that beside the data."""
    return tmp_path / "forecasts"


def list_tree(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_forecast_is_put_on_record_as_the_run_has_it(run, record):
    table = pd.read_csv(run / "tables" / "05_forecast.csv").filter(regex="^date$|^q")
    table = table.rename(columns={"date": "target_end_date"}).melt("target_end_date", var_name="output_type_id")
    table["output_type_id"] = table["output_type_id"].str[1:].astype(float)
    paths = register_run.register_run(run, hub=record, today=TODAY)
    assert sorted(path.name for path in paths) == sorted(f"{TODAY}-{name}.csv" for name in (MODEL, *BASELINES))
    rows = pd.read_csv(record / "model-output" / MODEL / f"{TODAY}-{MODEL}.csv")
    assert rows["target_end_date"].unique().tolist() == ["2026-12-31", "2027-06-30"]
    assert (rows[["origin_date", "published"]] == str(TODAY)).all().all()
    merged = rows[rows["output_type"] == "quantile"].merge(table, on=["target_end_date", "output_type_id"])
    assert len(merged) == 14
    np.testing.assert_allclose(merged["value_x"], merged["value_y"], rtol=1e-8)


def test_what_is_on_record_is_never_written_over(run, data, series, result, record):
    register_run.register_run(run, ["2026-12-31"], record, TODAY)
    before = list_tree(record)
    for dates in (["2026-12-31"], ["2027-12-31"], ["2027-12-31", "2026-12-31"]):
        with pytest.raises(
            RunError, match=r"genai_users of China .* on record already, and a record is not written over"
        ):
            register_run.register_run(run, dates, record, TODAY)
    assert list_tree(record) == before
    register.register(
        register.enter(replace(series, bound_name="100"), result, origin=TODAY, published=TODAY), data, record
    )
    after = list_tree(record)
    for name in before:
        if name.startswith("model-output"):
            assert after[name].startswith(before[name])
    assert {one for one in record.parent.iterdir() if one.name != "outputs"} == {record}, "nothing is left beside it"


def test_another_model_joins_the_round_beside_the_same_baselines(data, series, result, record):
    for model in (MODEL, "adoption_curves-other"):
        register.register(register.enter(series, result, model=model, origin=TODAY, published=TODAY), data, record)
    rows = hub.read_hub(record)
    assert set(rows["model_id"]) == {MODEL, "adoption_curves-other", *BASELINES}
    assert not rows.duplicated([*hub.ENTRY, "output_type", "output_type_id"]).any()


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.fixture(scope="module")
def series(data):
    return data.series("China", "genai_users", "internet_users")


@pytest.fixture(scope="module")
def result(data, series):
    return register.forecast_series(data, series)


@pytest.mark.parametrize(
    "model", ["adoption-curves-0.3.0", "weighted", "team-", "a-b-c", "x" * 17 + "-y", "tëam-model"]
)
def test_a_model_s_id_of_another_form_is_refused(data, series, result, record, model):
    with pytest.raises(RunError, match="is no id of a hub: write TEAM-MODEL, each of 1 to 16 letters"):
        register.enter(series, result, model=model)
    rows = register.enter(series, result).query("model_id == @MODEL").assign(model_id=model)
    with pytest.raises(RunError, match="is no id of a hub"):
        register.register(rows, data, record)
    assert not record.exists()


def test_what_no_figure_could_be_set_beside_is_refused(series, result):
    with pytest.raises(RunError, match="last figure on 2025-12-31; 2025-06-30 is not after it"):
        register.enter(series, result, ["2025-06-30"])
    later = pd.Series([1.0], pd.to_datetime(["2026-01-31"]))
    with pytest.raises(RunError, match=r"cannot be registered: It ends.* Later figures count something else"):
        register.enter(replace(series, later=later, segment_note="It ends."), result)
    breaks = pd.DataFrame({"date": pd.to_datetime(["2026-10-01"]), "kind": "break", "reason": ["other question"]})
    with pytest.raises(RunError, match=r"breaks on 2026-10-01 \(other question\), before 2026-12-31"):
        register.enter(replace(series, breaks=breaks), result, ["2026-12-31"])
    newer = pd.DataFrame({"value": [1100.0], "bound": "at_least"}, pd.to_datetime(["2026-06-30"]))
    refuted = register.forecast(replace(series, censored=newer), references=indicators.load(SAMPLE).references())
    with pytest.raises(RunError, match="a newer figure contradicts the forecast"):
        register.enter(series, refuted, ["2026-12-31"])
    with pytest.raises(RunError, match=f"cannot be registered: {NO_FORECAST}"):
        register.enter(series, replace(result, kind="fallen", dates=result.dates[:0]))


def test_another_unit_is_refused_and_nothing_is_written(data, series, result, record):
    register.register(register.enter(series, result, ["2026-12-31"], origin=TODAY, published=TODAY), data, record)
    before = list_tree(record)
    rows = register.enter(replace(series, unit="thousand people"), result, ["2027-12-31"])
    with pytest.raises(RunError, match="is on record in million people, not in thousand people: nothing was written"):
        register.register(rows, data, record)
    assert list_tree(record) == before


def test_a_folder_of_something_else_is_left_alone(data, series, result, record):
    record.mkdir()
    (record / "weather.csv").write_text("rain")
    with pytest.raises(RunError, match="is there already, and is no hub"):
        register.register(register.enter(series, result), data, record)
    assert list_tree(record) == {"weather.csv": b"rain"}
    with pytest.raises(RunError, match="is there already, and is no hub"):
        register.register(register.enter(series, result), data, record / "weather.csv")
    assert list_tree(record) == {"weather.csv": b"rain"}, "a file that is named as the hub stays"


def test_of_a_table_all_series_go_on_record_or_none(data, record):
    table = pd.DataFrame({
        "entity": ["China", "China", "Chna"], "indicator": ["genai_users", "genai_adoption_rate", "genai_users"],
        "bound": ["", "100", ""], "dates": ["2026-12-31;2027-12-31", "", ""],
    })  # fmt: skip
    with pytest.raises(indicators.DataError, match=r"row 4: .*genai_users of Chna"):
        register.register_series(table, data, hub=record, today=TODAY)
    assert not record.exists()
    register.register_series(table[:2], data, hub=record, today=TODAY)
    rows = hub.read_hub(record)
    assert rows.groupby("indicator")["bound"].unique().map(list).to_dict() == {
        "genai_users": ["none"],
        "genai_adoption_rate": ["100"],
    }
    assert (rows.groupby(["model_id", "indicator"])["target_end_date"].nunique() == 2).all()
    with pytest.raises(RunError, match="is named twice"):
        register.register_series(table.iloc[[0, 0]], data, hub=record, today=date(2026, 11, 27))
    with pytest.raises(RunError, match="columns entity, indicator, bound; missing"):
        register.register_series(table[["entity"]], data, hub=record)
    with pytest.raises(RunError, match="missing: rows"):
        register.register_series(table[:0], data, hub=record)


def test_a_run_that_was_changed_is_refused(run, record, monkeypatch):
    path = run / "tables" / "05_forecast.csv"
    whole = path.read_text()
    path.write_text(whole.replace("million people,tested", "million people,extrapolated"))
    with pytest.raises(RunError, match=r"is not as it was made: tables/05_forecast.csv is changed"):
        register_run.register_run(run, (), record, TODAY)
    path.write_text(whole)
    monkeypatch.setattr(register_run, "_agree", lambda *_: False)
    with pytest.raises(RunError, match="the data or the method have changed since it was made"):
        register_run.register_run(run, (), record, TODAY)
    assert not record.exists()


def test_the_commands_register_and_score(run, record, capsys, tmp_path):
    code, out, _ = call(capsys, "register", "small", "--for", "2026-12-31", "--hub", str(record))
    assert (code, out.count("On record: ")) == (0, 3)
    for words in (["register", "nothing"], ["register", "small", "--for", "soon", "--hub", str(tmp_path / "other")]):
        code, _, error = call(capsys, *words)
        assert code != 0
        assert "Traceback" not in error
    (tmp_path / "list.csv").write_text("entity,indicator,bound\nChina,genai_adoption_rate,100\n")
    code, out, _ = call(
        capsys, "register", "--series", str(tmp_path / "list.csv"), "--data", str(SAMPLE), "--hub", str(record)
    )
    assert (code, out.count("On record: ")) == (0, 3)
    assert call(capsys, "register")[0] == 2
    for words in (["small", "--as-of", "2025-01-01"], ["small", "--data", str(SAMPLE)]):
        assert "a run has its own" in call(capsys, "register", *words)[2]
    assert "column dates" in call(capsys, "register", "--series", "list.csv", "--for", "2026-12-31")[2]
    code, out, _ = call(capsys, "score", "--data", str(SAMPLE), "--hub", str(record), "--update")
    assert (code, "registered 3 forecasts: 3 without an outcome yet" in out) == (0, True)
    assert call(capsys, "score", "--data", str(SAMPLE), "--vintage", "third")[0] == 1
    assert (
        json.loads(call(capsys, "score", "--data", str(SAMPLE), "--hub", str(record), "--json")[1])[0]["model_id"]
        == MODEL
    )
    assert (
        "No forecast is registered" in call(capsys, "score", "--data", str(SAMPLE), "--hub", str(tmp_path / "empty"))[1]
    )


def test_own_data_have_a_hub_of_their_own(tmp_path):
    from adoption_curves.base.project import find_register

    path = tmp_path / "mine.csv"
    path.write_text(
        "date,value,unit\n2021-06-30,12,%\n2022-06-30,19,%\n2023-06-30,31,%\n2024-06-30,44,%\n2025-06-30,52,%\n"
    )
    own = indicators.load(path)
    assert find_register(own.path) == tmp_path / "forecasts"
    table = pd.DataFrame({"entity": ["own data"], "indicator": ["mine"], "bound": ["100"]})
    register.register_series(table, own, today=TODAY)
    said = register.read_register(own)
    said = said[~said["model_id"].isin(BASELINES)]
    dates = said["target_end_date"].drop_duplicates().dt.strftime("%Y-%m-%d").tolist()
    assert dates == ["2026-06-30", "2027-06-30"], "that of June has not come by November, so it is still to be forecast"
    assert register.read_register(indicators.load(), "own data").empty
    register.register_series(table, own, "team-other", today=date(2026, 11, 27))
    again = register.read_register(own)
    assert set(again.loc[~again["model_id"].isin(BASELINES), "model_id"]) == {*said["model_id"], "team-other"}


# The baselines


def test_baselines_are_the_closed_forms_of_the_textbook():
    days = pd.to_datetime([f"{year}-12-31" for year in range(2020, 2025)])
    values = pd.Series([10.0, 12, 15, 17, 21], days)
    ahead = pd.to_datetime(["2025-12-31", "2026-12-31"])
    last, drift = (baseline_quantiles(values, ahead, [0.5, 0.9], kind) for kind in (False, True))
    steps = np.array([2.0, 3, 2, 4])
    np.testing.assert_allclose(last[:, 0], 21)
    np.testing.assert_allclose(last[:, 1] - 21, 1.2815515655 * np.sqrt((steps**2).mean() * np.array([1, 2])), rtol=2e-3)
    np.testing.assert_allclose(drift[:, 0], [23.75, 26.5], rtol=1e-3)
    sd = steps.std(ddof=1) * np.sqrt([1 * (1 + 1 / 4), 2 * (1 + 2 / 4)])
    np.testing.assert_allclose(drift[:, 1] - drift[:, 0], 1.2815515655 * sd, rtol=2e-3)
    cut = baseline_quantiles(values * 4.7, ahead, [0.01, 0.99], False, 100.0)
    assert (cut.max(), baseline_quantiles(values / 1e9, ahead, [1e-9], False).min()) == (100, 0)
    with pytest.raises(ValueError, match="three figures, not 2"):
        baseline_quantiles(values[:2], ahead, [0.5], True)


# Scores


def score(data, *frames, **options):
    """As in a hub that requires no other levels than `enter` gives."""
    scored = hub_scores.score_register(pd.concat(frames), data, required=(0.1, 0.5, 0.9), **options)
    return on_record.add_sentences(scored)


def test_scores_are_those_of_the_figure_that_came(data):
    last = enter("2025-12-31", (400, 500, 600), model=BASELINES[0])
    found = score(data, enter("2025-12-31"), last).iloc[0]
    assert (found["outcome"], found["side"], found["inside"], found["counted"]) == (602, "exact", "yes", True)
    assert found["wis"] == pytest.approx((2 * 0.1 * 102 + 2 * 0.5 * 2 + 2 * 0.1 * 98) / 3)
    assert found["wis_last_value"] == pytest.approx((2 * 0.1 * 202 + 2 * 0.5 * 102 + 2 * 0.9 * 2) / 3)
    assert np.isnan(found["wis_drift"])
    assert "was published on 5 February 2026; it is inside the range. Its WIS is" in found["text"]
    summary = hub_scores.summarise_scores(score(data, enter("2025-12-31"), last)).iloc[0]
    assert summary["wis_last_value_ratio"] == pytest.approx(found["wis"] / found["wis_last_value"])
    assert (summary["exact"], summary["coverage_80"]) == (1, 1)


def test_hindsight_is_marked_and_never_counted(data):
    scored = score(data, enter("2025-12-31", (610, 620, 630), "2026-02-05"))
    found, summary = scored.iloc[0], hub_scores.summarise_scores(scored).iloc[0]
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
        "printed as a limit, forecasts gave a probability of 50%"
        in on_record.say_scores(hub_scores.summarise_scores(score(data, enter("2026-06-30", (500, 700, 900)))))[0]
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
    assert hub_scores.summarise_scores(score(broken, enter("2025-12-31"))).iloc[0]["no_score"] == 1


def test_a_figure_to_come_is_no_score(data):
    found = score(data, enter("2031-12-31")).iloc[0]
    assert (found["side"], found["inside"]) == ("", "")
    assert found["text"].endswith("The outcome has not been published yet.")
    assert score(data, enter("2031-12-31").iloc[:0]).empty


def test_the_record_of_the_project_is_read_as_it_was_known_on_a_day():
    data = indicators.load()
    entries = register.read_register(data, "China", "genai_users")
    asked = entries.groupby("origin_date")["target_end_date"].unique()
    assert pd.Timestamp("2026-06-30") in asked[pd.Timestamp("2026-03-31")]
    for day in ("2026-12-31", "2027-12-31"):
        assert any(pd.Timestamp(day) in days for days in asked)
    assert register.read_register(data.known_on("2026-06-30"), "China", "genai_users").empty
    assert register.read_register(data, "Atlantis").empty
    scored = hub_scores.score_register(entries, data)
    assert scored[scored["origin_date"] == "2026-03-31"]["hindsight"].all()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("output_type_id", "quantile", "the header must be origin_date,"),
        ("2026-12-31", "31.12.2026", "row 2: a day is YYYY-MM-DD"),
        ("quantile,0.01,", "mean,0.01,", "every row is a quantile or a sample"),
        ("quantile,0.01,", "quantile,1.5,", "a quantile is between 0 and 1"),
        ("quantile,0.01,", "quantile,0.01,9", "their values must not fall"),
        ("quantile,0.01,", "quantile,0.01,many", "output_type_id and value are numbers"),
        ("quantile,0.99,1089.032218", "quantile,0.99,inf", "output_type_id and value are numbers"),
        ("2026-11-26,2026-11-26", "2026-11-25,2026-11-26", "the file is named ROUND-TEAM-MODEL.csv"),
        ("China,genai_users", "China,genai_user", "has no target 'genai_user', which is on record"),
    ],
)
def test_an_entry_that_cannot_be_right_is_named(tmp_path, old, new, message):
    folder = shutil.copytree(find_data() / "forecasts", tmp_path / "forecasts")
    path = folder / "model-output/adoption_curves-weighted/2026-11-26-adoption_curves-weighted.csv"
    path.write_text(path.read_text().replace(old, new, 1))
    with pytest.raises(indicators.DataError, match=message) as caught:
        hub.read_hub(folder)
    assert str(caught.value).startswith("forecasts/")


# What readers see of it


def test_the_newest_forecast_of_a_date_is_shown_and_of_one_day_the_published_method():
    names = {"published": "2026-02-01", "target_end_date": "2026-12-31", "unit": "percent", "outcome": "", "side": ""}
    names |= {"q0.1": "1", "q0.9": "3", "hindsight": "False"}
    rows = [
        names | {"model_id": model, "q0.5": middle} for model, middle in (("a-zebra", "2.1"), (PUBLISHED_MODEL, "2"))
    ]
    rows += [names | {"model_id": "a-zebra", "q0.5": "9", "published": "2026-01-01"}]
    rows += [
        names | {"model_id": "b", "q0.5": "2", "target_end_date": "2025-12-31", "outcome": "2", "side": "at_least"}
    ]
    for order in (rows, rows[::-1]):
        first, second = on_record.list_registered(order)
        assert (first["date"], first["outcome"]) == ("December 2025", "at least 2.0%")
        assert second == {"date": "December 2026", "made": "1 February 2026", "range": "1.0 to 3.0%", "middle": "2.0",
                          "outcome": "not yet published"}  # fmt: skip
    [read] = on_record.list_registered([row | {"read_low": "2.1"} for row in rows if row["outcome"]])
    assert read["outcome"] == "more than 2.0%", "as CNNIC wrote it, where it is read as a range"


def test_the_index_shows_what_is_registered(run):
    table = pd.read_csv(run / "tables" / "06_register.csv")
    page = write_pages(run).read_text(encoding="utf-8")
    assert ("Registered forecasts" in page) == bool(len(table))
