"""Fetching from Eurostat and the Census Bureau: what lands in the folder, and nothing where something is wrong."""

import json
from datetime import date

import pandas as pd
import pytest
from processes import call
from snapshots import check_snapshot
from survey_server import serve

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


def later(answer_or_text):
    """The list of periods as it is, and of each period what is given."""
    return lambda path, answer: answer if path == "periods" else answer_or_text(answer)


def replaced(*pairs):
    def spoil(path, answer):
        text = json.dumps(answer)
        for old, new in pairs:
            text = text.replace(old, new)
        return 200, text.encode()

    return spoil


def test_a_wrong_answer_writes_nothing_and_is_told(monkeypatch, tmp_path, renew):
    monkeypatch.setattr(fetch_folder, "ALL_SECONDS", 0.8)
    monkeypatch.setattr(fetch_surveys, "MAX_BYTES", 200_000)

    def refuse(*entities, spoil=lambda path, answer: answer, **options):
        with pytest.raises(fetch_folder.FetchError) as caught:
            ask(monkeypatch, tmp_path / "live", *entities, spoil=spoil, **options)
        assert not list(tmp_path.iterdir())
        print(caught.value)

    check_snapshot("surveys", globals() | {"refuse": refuse}, renew)


def test_no_server_and_the_commands(monkeypatch, tmp_path, capsys):
    with serve() as (address, _):
        monkeypatch.setattr(fetch_surveys, "EUROSTAT", address)
        monkeypatch.setattr(fetch_surveys, "BTOS", address)
        for words in (["eurostat", "isoc_eb_ai", "--entity", "DE", "--where", "unit=PC_ENT"], ["btos"]):
            code, _, err = call(capsys, "fetch", *words, "--into", tmp_path / words[0])
            assert code == 0, err
    with pytest.raises(fetch_folder.FetchError, match="The Census Bureau cannot be reached"):
        fetch_surveys.fetch_btos(tmp_path / "other")
    with pytest.raises(fetch_folder.FetchError, match="No entity is named"):
        fetch_surveys.fetch_eurostat("isoc_eb_ai", [], {}, tmp_path / "other")
