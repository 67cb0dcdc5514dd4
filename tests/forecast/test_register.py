"""The register: forecasts are added from runs, all or none, never written over, and scored when figures come."""

import codecs
import json
import shutil
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import SAMPLE
from processes import call
from register_rows import MODEL, enter, tabulate

from adoption_curves import forecast, indicators
from adoption_curves.base.levels import RECORDED
from adoption_curves.base.project import PUBLISHED_MODEL, RunError, find_data
from adoption_curves.forecast import register
from adoption_curves.forecast.register import BASELINES, COLUMNS, KEY
from adoption_curves.runs import exports
from adoption_curves.say import registered
from adoption_curves.say.rows import _list_next
from adoption_curves.say.run_tables import RunTables

TODAY = date(2026, 11, 26)
FIGURES = "date,value,unit\n2021-06-30,12,%\n2022-06-30,19,%\n2023-06-30,31,%\n2024-06-30,44,%\n2025-06-30,52,%\n"


@pytest.fixture
def run(whole_run, outputs):
    return shutil.copytree(whole_run, outputs / "small")


@pytest.fixture(scope="module")
def data():
    return indicators.load(SAMPLE)


@pytest.fixture(scope="module")
def series(data):
    return data.series("China", "genai_users", "internet_users")


@pytest.fixture(scope="module")
def quantiles(series):
    return tabulate(forecast.forecast(series))


@pytest.fixture
def place(tmp_path, monkeypatch):
    """An empty register, in place of that beside the data."""
    path = tmp_path / "beside" / "forecasts.csv"
    path.parent.mkdir()
    monkeypatch.setattr(register, "find_register", lambda _: path)
    return path


def put_own(path):
    """Register the series of a file of one's own."""
    own = indicators.load(f"{path}?measure=level")
    series = own.series("own data", path.stem, "100")
    table = tabulate(forecast.forecast(series))
    return register.add_rows(register.make_rows(series, table), own)


# ---- the register of the project


def test_the_register_of_the_project_is_whole():
    """Rows are added at the end and none is taken away; before their day there are none."""
    rows = register.read_register(indicators.load())
    forecasts = rows[KEY].drop_duplicates()["model"].value_counts().drop([*BASELINES]).to_dict()
    earlier = {"weighted": 5, "mean": 2, "mean_2": 2, "mean_3": 2}
    assert forecasts == {"formula_2": 358, "path_1": 99, "formula": 96, **earlier}
    assert rows["registered"].is_monotonic_increasing
    levels = rows.groupby(KEY)["level"].agg(tuple)
    economies = levels[levels != RECORDED].reset_index()
    assert set(economies["indicator"]) == {"ai_user_share_microsoft"}, "registered by register --all"
    assert set(economies["level"]) == {(0.1, 0.5, 0.9)}
    assert register.read_register(indicators.load(as_of="2026-06-30")).empty
    assert register.read_register(indicators.load(), "Atlantis").empty


def test_it_has_the_formula_s_forecast_and_each_method_is_scored_under_its_own_name():
    data = indicators.load()
    rows = register.read_register(data, "China", "genai_users")
    result = forecast.forecast(data.series("China", "genai_users", "internet_users"))
    found = result.at(result.years[:2], RECORDED).ravel()
    np.testing.assert_allclose(rows.loc[rows["model"] == PUBLISHED_MODEL, "value"], found, rtol=1e-6)
    scored = register.score_register(rows, data)
    summary = register.summarise_scores(scored).set_index("model")["registered"]
    assert summary.to_dict() == {PUBLISHED_MODEL: 2, "withdrawn methods": 15}


# ---- rows are added


def test_what_is_registered_is_the_table_of_notebook_5(run, place):
    kept = pd.read_csv(run / "tables" / "05_quantiles.csv").set_index("date")
    assert exports.register_run(run, today=TODAY) == place
    rows = pd.read_csv(place)
    assert list(rows) == COLUMNS
    assert rows["model"].unique().tolist() == [MODEL, *BASELINES]
    assert rows["target_date"].unique().tolist() == ["2026-12-31", "2027-06-30"]
    assert (rows["registered"] == str(TODAY)).all()
    assert rows[["last_date", "last_figure"]].drop_duplicates().to_numpy().tolist() == [["2025-12-31", 602]]
    own = rows.loc[rows["model"] == MODEL, "value"]
    np.testing.assert_allclose(own, kept.loc[["2026-12-31", "2027-06-30"]].to_numpy().ravel(), rtol=1e-9)


def test_economies_are_registered_in_one_call_and_those_with_equal_values_once(place, capsys):
    words = ("register", "--all", "ai_user_share_microsoft", "--for", "2026-12-31", "--for", "2030-12-31")
    assert call(capsys, *words)[:2] == (0, f"Registered in {place}: the forecasts of 116 countries and regions.\n")
    data = indicators.load()
    rows = pd.read_csv(place)
    pooled = data.entities.set_index("entity")["pooled"].reindex(rows["entity"].unique())
    assert pooled.value_counts().to_dict() == {"no": 110, "yes": 6}
    assert (rows.groupby(KEY, dropna=False)["level"].agg(tuple) == (0.1, 0.5, 0.9)).all()
    result = forecast.forecast(data.series("China", "ai_user_share_microsoft"), limit=100)
    own = rows[(rows["entity"] == "China") & (rows["model"] == MODEL)]
    expected = result.quantiles.loc[["2026-12-31", "2030-12-31"], [0.1, 0.5, 0.9]]
    np.testing.assert_allclose(own["value"], expected.to_numpy().ravel(), rtol=1e-9)
    assert call(capsys, "register", "run", "--all", "genai_users")[0] == 2


def test_no_row_is_written_over_by_another_registration_or_by_other_data(run, data, series, quantiles, place):
    exports.register_run(run, ["2026-12-31"], TODAY)
    before = place.read_bytes()
    with pytest.raises(RunError, match=r"genai_users of China for 2026-12-31 .* was registered today already"):
        exports.register_run(run, ["2027-12-31", "2026-12-31"], TODAY)
    assert place.read_bytes() == before, "all or none"
    changed = series.values.copy()
    changed.iloc[-1] += 5
    made = [(series, "2026-11-27"), (replace(series, values=changed), "2026-11-27"), (series, "2026-11-26")]
    for (each, day), model in zip(made, (MODEL, MODEL, "another"), strict=True):
        register.add_rows(register.make_rows(each, quantiles, ["2026-12-31"], pd.Timestamp(day), model), data)
        assert place.read_bytes().startswith(before)
        before = place.read_bytes()
    counted = pd.read_csv(place)[KEY].drop_duplicates()["model"].value_counts()
    assert counted.to_dict() == {MODEL: 3, "another": 1, **dict.fromkeys(BASELINES, 3)}, "a baseline once a day"
    assert {path.name for path in place.parent.iterdir()} == {place.name}, "nothing is left beside it"


def test_the_day_since_which_a_forecast_uses_values_is_registered(place):
    """That of a suspected change of method; blank where the forecast uses all values."""
    data = indicators.load()
    series = data.series("China", "genai_users")
    result = forecast.forecast(series)
    used = f"{result.since:%Y-%m-%d}"
    for since in (used, ""):
        register.add_rows(register.make_rows(series, tabulate(result), ["2027-12-31"], since=since), data)
    rows = register.read_register(data)
    assert rows.loc[rows["model"] == MODEL, "since"].unique().tolist() == ["2025-06-30", ""]


def test_what_no_figure_could_be_compared_with_is_refused(series, quantiles):
    with pytest.raises(RunError, match=r"no value for 2026-11-30\. Available dates: 2026-06-30, 2026-12-31"):
        register.make_rows(series, quantiles, ["2026-11-30"])
    early = quantiles.set_axis([pd.Timestamp("2025-06-30"), *quantiles.index[1:]])
    with pytest.raises(RunError, match=r"2025-06-30 is not after the last observation of .*, 2025-12-31"):
        register.make_rows(series, early, ["2025-06-30"])
    breaks = pd.DataFrame({"date": pd.to_datetime(["2026-10-01"]), "kind": "break", "reason": ["other question"]})
    with pytest.raises(RunError, match=r"change of method on 2026-10-01 \(other question\), before 2026-12-31"):
        register.make_rows(replace(series, breaks=breaks), quantiles, ["2026-12-31"])
    with pytest.raises(RunError, match="the benchmark methods need at least three observations"):
        register.make_rows(replace(series, values=series.values.iloc[-2:]), quantiles)


def test_nothing_is_registered_before_the_newest_figure_of_the_data(data, series, quantiles, place):
    with pytest.raises(RunError, match="The data have a value published on 20"):
        register.add_rows(register.make_rows(series, quantiles, (), date(2000, 1, 1)), data)
    assert not place.exists()


def test_a_run_that_was_changed_or_whose_data_were_is_refused(run, place, monkeypatch):
    path = run / "tables" / "05_quantiles.csv"
    whole, files = path.read_text(), json.loads((run / "run.json").read_text())["data"]["files"]
    path.write_text(whole.replace("2026-12-31,", "2026-12-31,1"))
    with pytest.raises(RunError, match=r"^tables/05_quantiles.csv of run 'small' is changed"):
        exports.register_run(run, (), TODAY)
    path.write_text(whole)
    monkeypatch.setattr(exports, "hash_data", lambda source: files | {"observations.csv": "0"})
    with pytest.raises(RunError, match="The data of run 'small' have changed"):
        exports.register_run(run, (), TODAY)
    monkeypatch.setattr(exports, "hash_data", lambda source: files | {"forecasts.csv": "0"})
    assert exports.register_run(run, (), TODAY) == place, "what others registered since makes no difference"


def test_own_data_have_a_register_beside_them_which_files_of_a_folder_share(tmp_path, capsys):
    for name in ("one", "two"):
        (tmp_path / f"{name}.csv").write_text(FIGURES)
        assert put_own(tmp_path / f"{name}.csv") == tmp_path / "forecasts.csv"
    rows = register.read_register(indicators.load(f"{tmp_path}/one.csv?measure=level"), indicator="two")
    dates = rows.loc[rows["model"] == MODEL, "target_date"].drop_duplicates().dt.strftime("%Y-%m-%d").tolist()
    assert dates == ["2026-06-30", "2027-06-30"], (
        "that of June has not come by November, so it is still to be estimated"
    )
    assert register.read_register(indicators.load(), "own data").empty
    code, out, _ = call(capsys, "score", "--data", f"{tmp_path}/one.csv?measure=level")
    assert (code, "registered 2 forecasts: 2 without an outcome yet" in out) == (0, True)
    assert "registered 2 estimates of values due: 2 without an outcome yet" in out


def test_another_file_of_that_name_is_left_alone(tmp_path, capsys):
    (tmp_path / "one.csv").write_text(FIGURES)
    (tmp_path / "forecasts.csv").write_text("day,rain\n1,yes\n")
    with pytest.raises(RunError, match=r"forecasts.csv is not a register. Move or rename it"):
        put_own(tmp_path / "one.csv")
    assert "No forecast is registered" in call(capsys, "score", "--data", f"{tmp_path}/one.csv?measure=level")[1]
    assert (tmp_path / "forecasts.csv").read_text() == "day,rain\n1,yes\n"


def test_the_commands_register_and_score(run, place, capsys, tmp_path):
    code, out, _ = call(capsys, "register", "small", "--for", "2026-12-31")
    assert (code, out) == (0, f"Registered in {place}: the forecast of run 'small'.\n")
    for words in (["register", "nothing"], ["register", "small", "--for", "soon"]):
        code, _, error = call(capsys, *words)
        assert code != 0
        assert "Traceback" not in error
    assert call(capsys, "register")[0] == 2
    assert "registered 1 forecast: 1 without an outcome yet" in call(capsys, "score", "--data", str(SAMPLE))[1]
    assert call(capsys, "score", "--data", str(SAMPLE), "--vintage", "third")[0] == 2
    assert json.loads(call(capsys, "score", "--data", str(SAMPLE), "--json")[1])[0]["model"] == MODEL


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (",level,", ",quantile,", "level: is missing"),
        ("2026-12-31,0.05,", "31.12.2026,0.05,", r"target_date.*31\.12\.2026"),
        (",0.05,", ",0.05,many", "value.*is no plain number"),
        (",0.05,", ",0.05,999", "levels of a date must rise, and their values must not fall"),
        (",0.05,", ",0.97,", "levels of a date must rise"),
        (",0.95,", ",1.5,", "levels of a date must rise"),
    ],
)
def test_a_row_that_cannot_be_right_is_named(tmp_path, old, new, message):
    folder = shutil.copytree(SAMPLE, tmp_path / "data")
    text = (find_data() / "forecasts.csv").read_text().replace(old, new, 1)
    (folder / "forecasts.csv").write_text(text)
    with pytest.raises(indicators.DataError, match=message) as caught:
        register.read_register(indicators.load(folder))
    assert str(caught.value).startswith("forecasts.csv")


# ---- the baselines


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


# ---- scores


def score(data, *frames, **options):
    return registered.add_sentences(register.score_register(pd.concat(frames), data, **options))


def summarise(data, *frames):
    return register.summarise_scores(score(data, *frames)).iloc[0]


def test_scores_are_those_of_the_figure_that_came(data):
    frames = enter("2025-12-31"), enter("2025-12-31", (400, 500, 600), "2026-01-02", BASELINES[0])
    found = score(data, *frames).iloc[0]
    assert (found["outcome"], found["side"], found["inside"], found["counted"]) == (602, "exact", "yes", True)
    assert found["wis"] == pytest.approx((2 * 0.1 * 102 + 2 * 0.5 * 2 + 2 * 0.1 * 98) / 3)
    assert found["wis_last_value"] == pytest.approx((2 * 0.1 * 202 + 2 * 0.5 * 102 + 2 * 0.9 * 2) / 3)
    assert np.isnan(found["wis_drift"])
    assert "was published on 5 February 2026; it is inside the interval. Its WIS is" in found["text"]
    summary = summarise(data, *frames)
    assert summary["wis_last_value_ratio"] == pytest.approx(found["wis"] / found["wis_last_value"])
    assert (summary["exact"], summary["coverage_80"]) == (1, 1)


def test_hindsight_is_marked_and_never_counted(data):
    late = enter("2025-12-31", (610, 620, 630), "2026-02-05")
    found, summary = score(data, late).iloc[0], summarise(data, late)
    assert (found["inside"], found["hindsight"], found["counted"]) == ("no", True, False)
    assert "after the outcome was known, so it does not count" in found["text"]
    assert (summary["hindsight"], summary["counted"], summary["exact"]) == (1, 0, 0)
    assert np.isnan(summary["coverage_80"])


def test_a_limit_is_scored_by_the_probability_it_was_given(data):
    found = score(data, enter("2026-06-30", (500, 700, 900))).iloc[0]
    assert (found["side"], found["probability"], found["inside"]) == ("at_least", 0.5, "")
    assert np.isnan(found["wis"])
    assert score(data, enter("2026-06-30", (500, 600, 650))).iloc[0]["inside"] == "no"
    rows = data.observations.assign(qualifier=data.observations["qualifier"].replace("at_least", "at_most"))
    below = score(replace(data, vintages=rows), enter("2026-06-30", (500, 600, 800))).iloc[0]
    assert below["probability"] == pytest.approx(0.7)
    [said] = registered.format_scores(register.summarise_scores(score(data, enter("2026-06-30", (500, 700, 900)))))
    assert "published as “more than” or “less than”, forecasts gave a probability of 50%" in said


def test_a_score_is_of_the_first_print_unless_it_says_so(data):
    rows = data.find_vintages("China", "genai_users")
    revised = rows[rows["date"] == "2025-12-31"].assign(value=610.0, published=pd.Timestamp("2026-08-01"))
    later = replace(data, vintages=pd.concat([data.observations, revised], ignore_index=True))
    assert score(later, enter("2025-12-31")).iloc[0]["outcome"] == 602
    latest = score(later, enter("2025-12-31"), vintage="latest").iloc[0]
    assert (latest["outcome"], "revised since" in latest["text"]) == (610, True)
    with pytest.raises(RunError, match="vintage must be first or latest"):
        score(later, enter("2025-12-31"), vintage="newest")


def test_another_unit_or_a_break_is_a_sentence_and_no_score(data):
    found = score(data, enter("2025-12-31", unit="thousand people")).iloc[0]
    assert np.isnan(found["wis"])
    assert found["text"].endswith("no score: the value is in million people, the forecast in thousand people.")
    table = data.indicators.copy()
    table.loc[table["indicator"] == "genai_users", "breaks"] = "2025-12-31 another question"
    broken = replace(data, indicators=table)
    found = score(broken, enter("2025-12-31")).iloc[0]
    assert (found["counted"], found["side"]) == (False, "")
    assert "the method changed on 31 December 2025 (another question), so the value is not comparable" in found["text"]
    assert summarise(broken, enter("2025-12-31"))["no_score"] == 1


def test_a_date_before_the_registration_is_an_estimate_and_scored_apart(data):
    """The figure of December 2025 was registered before it came out in February, that of June 2026 before its day."""
    rows = enter("2025-12-31"), enter("2025-12-31", model="path_1"), enter("2026-06-30")
    found = score(data, *rows)
    assert "we registered an estimate of the value, not yet published, for 31 December 2025" in found["text"][0]
    assert "we registered a forecast for 30 June 2026" in found["text"][2]
    summary = register.summarise_scores(found)
    assert summary["model"].tolist() == [PUBLISHED_MODEL, "formula_2 (estimates)", "withdrawn methods"]
    assert summary[["exact", "inexact"]].to_numpy().tolist() == [[0, 1], [1, 0], [1, 0]]
    assert registered.format_scores(summary)[1].startswith("With formula_2 we registered 1 estimate of a value due: ")


def test_a_link_to_a_central_register_stays_a_link(tmp_path):
    (tmp_path / "five.csv").write_text(FIGURES, encoding="utf-8")
    central = tmp_path / "elsewhere" / "central.csv"
    central.parent.mkdir()
    (tmp_path / "forecasts.csv").symlink_to(central)
    put_own(tmp_path / "five.csv")
    rows = len(central.read_text(encoding="utf-8").splitlines())
    assert (rows > 1, (tmp_path / "forecasts.csv").is_symlink()) == (True, True)


def test_a_register_that_a_spreadsheet_has_saved_is_one(tmp_path):
    (tmp_path / "five.csv").write_text(FIGURES, encoding="utf-8")
    path = put_own(tmp_path / "five.csv")
    path.write_bytes(codecs.BOM_UTF8 + path.read_bytes())
    assert len(register.read_register(indicators.load(f"{tmp_path / 'five.csv'}?measure=level")))


def test_a_figure_whose_day_was_corrected_is_scored_for_the_row_that_meant_it(data):
    """With a note: of all figures of the series, and of the outcome alone."""
    rows, plain = data.vintages, score(data, enter("2025-12-31")).iloc[0]
    own = (rows["entity"] == "China") & (rows["indicator"] == "genai_users")
    shifts = {"whole": (own, -91), "last": (own & (rows["date"] == "2025-12-31"), -16)}
    found = {}
    for name, (chosen, days) in shifts.items():
        moved = rows.assign(date=rows["date"].mask(chosen, rows["date"] + pd.Timedelta(days=days)))
        found[name] = score(replace(data, vintages=moved), enter("2025-12-31")).iloc[0]
        assert found[name]["wis"] == plain["wis"]
        assert found[name]["counted"]
    said = "now dated 31 March 2025, not 30 June 2025. It is scored against the value for 1 October 2025, the one that"
    assert said in found["whole"]["text"]
    assert "It is scored against the value for 15 December 2025" in found["last"]["text"]
    far = rows.assign(date=rows["date"].mask(shifts["last"][0], pd.Timestamp("2025-11-30")))
    assert "not been published yet" in score(replace(data, vintages=far), enter("2025-12-31")).iloc[0]["text"]


def test_a_segment_or_a_last_figure_that_was_corrected_is_said_beside_the_score(data):
    table = data.indicators.copy()
    table.loc[table["indicator"] == "genai_users", "breaks"] = "2025-06-30 another list"
    found = score(replace(data, indicators=table), enter("2025-12-31")).iloc[0]
    assert "The change of method on 30 June 2025 has been marked since" in found["text"]
    other = score(data, enter("2025-12-31", last_figure=500.0)).iloc[0]
    assert "The last value that it used, 500 million people, has since been changed." in other["text"]
    assert found["wis"] == other["wis"] == score(data, enter("2025-12-31")).iloc[0]["wis"]


# ---- what readers see of it


def test_the_next_value_is_the_newest_forecast_of_the_published_method_without_an_outcome():
    day, names = pd.Timestamp("2026-02-01"), indicators.Names("Things", "percent of homes")
    row = {"registered": day, "target_date": pd.Timestamp("2026-12-31"), "model": PUBLISHED_MODEL, "came": pd.NaT}
    row |= {"q0.1": 1.0, "q0.5": 2.0, "q0.9": 3.0}
    older, other = {"q0.1": 0.9, "registered": day - pd.Timedelta(days=31)}, {"model": "zebra"}
    passed = {"target_date": pd.Timestamp("2025-12-31"), "came": day}

    def list_next(*rows, **options):
        found = _list_next(RunTables({"06_register": pd.DataFrame(rows)}, names, **options))
        return [(each.text, each.value, each.of, each.note) for each in found]

    said = ("1.0 to 3.0%", 2.0, "December 2026, 80% interval; median 2.0%", "Registered on 1 February 2026")
    listed = [row, row | older, row | other, row | passed]
    assert list_next(*listed) == list_next(*listed[::-1]) == [said]
    assert list_next(row | other) == []
    [due] = list_next(row | {"target_date": pd.Timestamp("2026-01-31")}, expected="was expected in May 2026")
    note = (
        "An estimate of a value not yet published, registered on 1 February 2026; publication was expected in May 2026"
    )
    assert due[-1] == note
