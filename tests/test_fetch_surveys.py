"""Fetching from Eurostat and the Census Bureau: what lands in the folder, and nothing where something is wrong."""

import json
from datetime import date

import pandas as pd
import pytest
from survey_server import serve

from helpers import __main__ as command
from helpers import indicators
from helpers.indicators import fetch_folder, fetch_surveys

DAY = date(2026, 11, 24)
WHERE = {"indic_is": "E_AI_TANY", "unit": "PC_ENT"}


def ask(monkeypatch, folder, *entities, spoil=lambda path, answer: answer, code="isoc_eb_ai", where=WHERE, day=DAY):
    """Fetch from the server on loopback: Eurostat's table of these entities, or without any the Census Bureau's."""
    monkeypatch.setenv("NO_PROXY", "*")
    with serve(spoil) as (address, asked):
        monkeypatch.setattr(fetch_surveys, "EUROSTAT", address)
        monkeypatch.setattr(fetch_surveys, "BTOS", address)
        if entities:
            return fetch_surveys.fetch_eurostat(code, entities, where, folder, day), asked
        return fetch_surveys.fetch_btos(folder, day), asked


def test_a_table_of_eurostat_is_a_data_folder(monkeypatch, tmp_path):
    said, _ = ask(monkeypatch, tmp_path / "live", "DE", "EU27_2020", "FR")
    assert said.splitlines()[-1].endswith("of France: 3 figures, 2021-06-30 to 2025-06-30; 3 new, 0 changed")
    data = indicators.load(tmp_path / "live")
    assert data.series("EU27", "isoc_eb_ai_e_ai_tany").values.tolist() == [7.7, 8.1, 13.5, 20]
    entry = data.find_entry("isoc_eb_ai_e_ai_tany")
    assert (entry.unit, entry.base) == ("percent of enterprises", "enterprises")
    rows = data.find_rows("Germany", "isoc_eb_ai_e_ai_tany")
    assert rows["published"].tolist()[:2] == [pd.Timestamp("2021-12-30"), pd.Timestamp("2023-12-30")]
    assert set(rows["published_by"]) == {"lag"}
    source = data.sources.set_index("source_id").loc[rows["source_id"].iloc[0]]
    assert (source["publisher"], source["licence"]) == ("Eurostat", "CC BY 4.0")


def test_periods_of_the_census_bureau_are_put_together_and_wordings_never_joined(monkeypatch, tmp_path):
    said, asked = ask(monkeypatch, tmp_path / "live")
    assert len(asked) == 5, "the list, and each of its periods"
    assert [line.partition(" of")[0] for line in said.splitlines()] == [
        "firms_ai_use_btos_2023_wording",
        "firms_ai_use_btos_2025_wording",
    ]
    data = indicators.load(tmp_path / "live")
    old = data.find_rows("United States", "firms_ai_use_btos_2023_wording")
    assert old["value"].tolist() == [3.7, 9.9]
    assert old["date"].dt.strftime("%Y-%m-%d").tolist() == ["2023-09-10", "2025-09-07"], "the day before collection"
    assert old["standard_error"].tolist() == [0.1, 0.2]
    assert data.find_entry("firms_ai_use_btos_2025_wording").technology == "AI in firms"


def test_revised_values_replace_those_of_the_folder_and_are_counted(monkeypatch, tmp_path):
    ask(monkeypatch, tmp_path / "live", "DE", "FR", day=date(2026, 1, 1))

    def revise(path, answer):
        return answer | {"value": answer["value"] | {"0": 11.4}}

    said, _ = ask(monkeypatch, tmp_path / "live", "DE", spoil=revise)
    assert said.endswith("0 new, 1 changed")
    data = indicators.load(tmp_path / "live")
    assert data.exact_values("Germany", "isoc_eb_ai_e_ai_tany").iloc[0] == 11.4
    assert len(data.exact_values("France", "isoc_eb_ai_e_ai_tany")) == 3


def change_first(path, answer):
    return answer | {"value": {"0": 101.5}}


def change_year(path, answer):
    years = answer["dimension"]["time"]["category"]
    return answer | {"dimension": answer["dimension"] | {"time": {"category": {"index": {f"{y}-Q1": n for y, n in
        years["index"].items()}, "label": {f"{y}-Q1": y for y in years["label"]}}}}}  # fmt: skip


EUROSTAT = {
    "status": (
        lambda path, answer: (400, b'{"error":[{"status":400,"label":"no such code"}]}'),
        "refused .status 400.*no such",
    ),
    "no json": (lambda path, answer: (200, b"<html>"), "it is no JSON"),
    "asynchronous": (lambda path, answer: {"warning": {"status": 413}}, "another form than expected"),
    "list": (lambda path, answer: [], "another form than expected"),
    "quarters": (change_year, "has a figure for '2021-Q1'; only yearly"),
    "above 100": (change_first, "(?s)What Eurostat sent does not pass the checks.*above 100"),
    "no figures": (lambda path, answer: answer | {"value": {}}, "has no figure of isoc_eb_ai for DE"),
    "too much": (lambda path, answer: (200, b" " * 3000), "sends more than 2,000 bytes"),
    "byte by byte": (lambda path, answer: 0.05, "does not come to an end"),
}
CENSUS = {
    "status": (lambda path, answer: (503, b"busy"), "The Census Bureau refused .status 503.: busy"),
    "a period fails": (lambda path, answer: answer if path == "periods" else (500, b""), "refused .status 500"),
    "day": (lambda path, answer: [{"PERIOD_ID": "31", "COLLECTION_START": "soon"}], "another form than expected"),
    "periods": (lambda path, answer: [{"PERIOD_ID": "../31", "COLLECTION_START": "11-SEP-23 1"}], "can't be right"),
    "words": (lambda path, answer: answer and (answer if path == "periods" else {"0": answer["0"] | {
        "ESTIMATE_PERCENTAGE": "many"}}), "(?s)What the Census Bureau sent does not pass.*'many' is text"),
    "nothing": (lambda path, answer: answer if path == "periods" else None, "sent no figure on the use of AI"),
    "byte by byte": (lambda path, answer: answer if path == "periods" else 0.05, "does not come to an end"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("entities", "spoil", "message"),
    [(entities, *case) for entities, cases in ((["DE"], EUROSTAT), ([], CENSUS)) for case in cases.values()],
    ids=[*(f"eurostat {name}" for name in EUROSTAT), *(f"census {name}" for name in CENSUS)],
)
def test_a_wrong_answer_writes_nothing(monkeypatch, tmp_path, entities, spoil, message):
    monkeypatch.setattr(fetch_folder, "ALL_SECONDS", 0.8)
    monkeypatch.setattr(fetch_surveys, "MAX_BYTES", 2000)
    with pytest.raises(fetch_folder.FetchError, match=message):
        ask(monkeypatch, tmp_path / "live", *entities, spoil=spoil)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("entities", [["DE"], []], ids=["eurostat", "census"])
@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda text: "[" * 100_000, "another form than expected .it is nested too deep"),
        (
            lambda text: text.replace('"2023"', '"9999"').replace("SEP-23", "SEP-9999"),
            "a figure for 9999, which is still",
        ),
        (
            lambda text: text.replace("SEP-23", "SEP-99").replace('"2023"', '"2099"'),
            "a figure for 2099, which is still",
        ),
        (lambda text: text.replace("Germany", "=1+1").replace('"3.7"', '"=1+1"'), "'=1.1' is (no text|a formula)"),
        (lambda text: text.replace("Germany", "<b>").replace('"3.7"', '"<b>"'), "'<b>' is (no text|text, not)"),
        (lambda text: text.replace('"Germany"', "[[]]").replace('"3.7"', "[[]]"), r"\[\[\]\].* is (no )?text"),
    ],
    ids=["nested", "to come", "two digits", "computed", "markup", "lists"],
)
def test_what_cannot_be_right_is_refused_whoever_sends_it(monkeypatch, tmp_path, entities, spoil, message):
    with pytest.raises(fetch_folder.FetchError, match=f"(?s){message}"):
        ask(
            monkeypatch,
            tmp_path / "live",
            *entities,
            spoil=lambda path, answer: (200, spoil(json.dumps(answer)).encode()),
        )
    assert not list(tmp_path.iterdir())


def test_what_is_asked_is_checked_before_anything_is_sent(monkeypatch, tmp_path):
    for code, entities, where, message in (
        ("nama_10_gdp", ["DE"], {}, "'nama_10_gdp' is no code of Eurostat's tables on the digital society"),
        ("isoc_eb_ai", ["DE&geo=FR"], {}, "is no code"),
        ("isoc_eb_ai", ["DE"], {"unit": "a/b"}, "is no code"),
        ("isoc_eb_ai", [], {}, "No entity is named"),
    ):
        with pytest.raises(fetch_folder.FetchError, match=message):
            fetch_surveys.fetch_eurostat(code, entities, where, tmp_path / "live")
    with pytest.raises(fetch_folder.FetchError, match="has 2 categories of unit; name one of them: PC_ENT, PC_TURN"):
        ask(monkeypatch, tmp_path / "live", "DE", where={})


def test_no_server_and_the_commands(monkeypatch, tmp_path, capsys):
    with serve() as (address, _):
        monkeypatch.setattr(fetch_surveys, "EUROSTAT", address)
        monkeypatch.setattr(fetch_surveys, "BTOS", address)
        for words in (["eurostat", "isoc_eb_ai", "--entity", "DE", "--where", "unit=PC_ENT"], ["btos"]):
            with pytest.raises(SystemExit) as ended:
                command.main(["fetch", *words, "--into", str(tmp_path / words[0])])
            assert not ended.value.code, capsys.readouterr().err
    with pytest.raises(fetch_folder.FetchError, match="The Census Bureau cannot be reached"):
        fetch_surveys.fetch_btos(tmp_path / "other")
