"""Fetching from the World Bank: what lands in the folder, and that nothing lands there when something is wrong."""

import ast
import json
import sys
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from processes import call
from snapshots import check_snapshot
from worldbank_server import CODE, FIGURES, TITLE, serve

from helpers import indicators
from helpers.base.folders import lock_folder
from helpers.indicators import fetch, fetch_folder

ROOT = Path(__file__).parents[1]
DAY = date(2026, 11, 24)


def forget_library(monkeypatch):
    for name in [name for name in sys.modules if name.split(".")[0] == "wbgapi"]:
        monkeypatch.delitem(sys.modules, name)


@pytest.fixture(autouse=True)
def fresh_library(monkeypatch):
    """A wbgapi that remembers nothing of other tests; no proxy of the machine in between."""
    pytest.importorskip("wbgapi")
    monkeypatch.setenv("NO_PROXY", "*")
    forget_library(monkeypatch)


def ask(folder, *entities, spoil=lambda path, answer: answer, code=CODE, page=1000, **options):
    """Fetch from the server on loopback; returns what was said and which paths were asked for."""
    import wbgapi

    with serve(spoil) as (wbgapi.endpoint, asked):
        wbgapi.per_page = page
        return fetch.fetch_worldbank(code, entities or ("CHN",), folder, **{"today": DAY, **options}), asked


def list_bytes(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_data(path):
    return "/country/" in path and not path.endswith("metadata")


def test_a_new_folder_is_a_data_folder_with_source_and_day_of_access(tmp_path):
    said, _ = ask(tmp_path / "live", "CHN", "KOR")
    assert said.splitlines()[0] == "it_net_user_zs of China: 6 figures, 1993-12-31 to 2023-12-31; 6 new, 0 changed"
    data = indicators.load(tmp_path / "live")
    rows = data.observations[data.observations["entity"] == "China"].query("indicator == 'it_net_user_zs'")
    expected = {f"{year}-12-31": value for year, value in sorted(FIGURES["CHN"].items()) if value is not None}
    assert dict(zip(rows["date"].dt.strftime("%Y-%m-%d"), rows["value"], strict=True)) == expected
    assert "0.000168" in (tmp_path / "live" / "observations.csv").read_text(encoding="utf-8")
    source = data.sources.set_index("source_id").loc["worldbank_it_net_user_zs_20261124"]
    assert source["accessed"] == pd.Timestamp(DAY)
    assert (source["publisher"], source["licence"]) == ("World Bank", "CC BY 4.0")
    assert CODE in source["url"]
    assert set(rows["source_id"]) == {source.name}
    assert [path.name for path in tmp_path.iterdir()] == ["live"], "something was left beside the folder"


def test_the_indicator_is_described_and_leaves_its_twins_out_of_the_references(tmp_path):
    ask(tmp_path / "live", "CHN", "GBR")
    data = indicators.load(tmp_path / "live")
    entry = data.find_entry("it_net_user_zs")
    assert (entry.title, entry.unit) == ("Individuals using the Internet", "percent of population")
    assert (entry.base, entry.counted) == ("population", TITLE)
    assert "2023-12-31 [China]" in entry.breaks, "the project knows this break"
    assert "[United Kingdom]" in entry.suspected_breaks
    assert "[Germany]" not in entry.suspected_breaks, "a country that was not fetched"
    series = data.series("China", "it_net_user_zs", "100")
    technologies = {one.technology for one in data.references(exclude=series)}
    assert technologies
    assert "internet" not in technologies
    assert series.values.index[-1] == pd.Timestamp("2022-12-31")


def test_pages_are_put_together(tmp_path):
    _, asked = ask(tmp_path / "live", "CHN", "KOR", "GBR", page=4)
    assert sum(map(is_data, asked)) == 6, "21 rows in pages of four"
    ask(tmp_path / "whole", "CHN", "KOR", "GBR")
    assert list_bytes(tmp_path / "live") == list_bytes(tmp_path / "whole")


def test_an_existing_folder_keeps_what_is_not_fetched(tmp_path):
    folder = tmp_path / "live"
    ask(folder, "CHN", "KOR", today=date(2026, 1, 1))
    (folder / "notes.txt").write_text("mine", encoding="utf-8")
    table = folder / "indicators.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("Individuals using", "People on"), encoding="utf-8")

    def revise(path, answer):
        if is_data(path):
            answer["source"]["data"][1]["value"] = 77.7
        return answer

    said, _ = ask(folder, "CHN", spoil=revise)
    assert said == "it_net_user_zs of China: 6 figures, 1993-12-31 to 2023-12-31; 0 new, 1 changed"
    data = indicators.load(folder)
    assert data.exact_values("China", "it_net_user_zs")["2022-12-31"] == 77.7
    assert len(data.exact_values("Korea, Rep.", "it_net_user_zs")) == 5
    used = data.observations.query("indicator == 'it_net_user_zs'").groupby("entity")["source_id"].first()
    assert list(used) == ["worldbank_it_net_user_zs_20261124", "worldbank_it_net_user_zs_20260101"]
    assert data.find_entry("it_net_user_zs").title == "People on the Internet"
    assert (folder / "notes.txt").read_text(encoding="utf-8") == "mine"
    ask(folder, "KOR", unit="% of people", technology="the net")
    data = indicators.load(folder)
    assert "worldbank_it_net_user_zs_20260101" not in set(data.sources["source_id"])
    assert data.find_entry("it_net_user_zs").unit == "percent of people"
    assert data.find_entry("it_net_user_zs").technology == "the net"


def change_first(**change):
    def spoil(path, answer):
        if is_data(path):
            answer["source"]["data"][0] |= change
        return answer

    return spoil


def answer_data(with_what):
    return lambda path, answer: with_what if is_data(path) else answer


def say_instead(old, new):
    return lambda path, answer: (200, json.dumps(answer).replace(old, new).encode())


def announce(path, answer):
    return {**answer, "total": 400, "per_page": 400} if is_data(path) else answer


def repeat(path, answer):
    """Announce rows without end in pages of no rows: wbgapi alone would ask for ever."""
    return {**answer, "per_page": 0, "source": {**answer["source"], "data": []}} if is_data(path) else answer


XML = b'<?xml version="1.0"?><wb:error xmlns:wb="http://www.worldbank.org"/>'


def rename(place, **change):
    def spoil(path, answer):
        if is_data(path):
            answer["source"]["data"][0]["variable"][place] |= change
        return answer

    return spoil


def test_a_wrong_answer_writes_nothing_and_is_told(tmp_path, monkeypatch, renew):
    monkeypatch.setattr(fetch_folder, "MAX_REQUESTS", 20)

    def refuse(spoil=lambda path, answer: answer, entity="CHN", code=CODE):
        forget_library(monkeypatch)
        with pytest.raises(fetch.FetchError) as caught:
            ask(tmp_path / "live", entity, spoil=spoil, code=code)
        assert not list(tmp_path.iterdir())
        print(caught.value)

    check_snapshot("worldbank", globals() | {"refuse": refuse}, renew)


def test_a_late_answer_and_no_server(tmp_path, monkeypatch):
    monkeypatch.setattr(fetch_folder, "REQUEST_SECONDS", 0.3)
    with pytest.raises(fetch.FetchError, match=r"did not answer within 0.3 s"):
        ask(tmp_path / "live", spoil=answer_data(None))
    import wbgapi

    with serve() as (wbgapi.endpoint, _):
        pass
    with pytest.raises(fetch.FetchError, match="cannot be reached"):
        fetch.fetch_worldbank(CODE, ["CHN"], tmp_path / "live")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_take_the_figures_is_left_alone(tmp_path):
    thesis = tmp_path / "thesis"
    thesis.mkdir()
    (thesis / "chapter.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(fetch.FetchError, match=r"is no data folder: it has no datapackage.json"):
        ask(thesis)
    ask(tmp_path / "live")
    (tmp_path / "live" / "sources.csv").unlink()
    with pytest.raises(fetch.FetchError, match=r"(?s)problems of its own; mend them first.*sources.csv: is missing"):
        ask(tmp_path / "live")
    assert [path.name for path in thesis.iterdir()] == ["chapter.txt"]


@pytest.mark.parametrize("existing", [False, True])
def test_a_disk_that_fills_up_leaves_the_folder_as_it_was(tmp_path, monkeypatch, existing):
    if existing:
        ask(tmp_path / "live", today=date(2026, 1, 1))
    before = list_bytes(tmp_path)
    write = fetch_folder.write_file

    def fill_up(path, content):
        if path.name == "sources.csv":
            raise OSError("No space left on device")
        return write(path, content)

    monkeypatch.setattr(fetch_folder, "write_file", fill_up)
    with pytest.raises(fetch.FetchError, match=r"is as it was: it cannot be written .No space left on device"):
        ask(tmp_path / "live")
    assert list_bytes(tmp_path) == before


def test_two_writers_do_not_meet(tmp_path):
    with lock_folder(tmp_path / "live"), pytest.raises(fetch.FetchError, match="Another process writes into"):
        ask(tmp_path / "live")
    assert not (tmp_path / "live").exists()


def test_the_command_fetches_and_says_what_is_missing(tmp_path, capsys, monkeypatch):
    import wbgapi

    words = ("fetch", "worldbank", CODE, "--entity")
    with serve() as (wbgapi.endpoint, _):
        code, out, err = call(capsys, *words, "CHN,KOR", "--entity", "GBR", "--into", tmp_path / "live")
    assert code == 0, err
    assert [line.split(":")[0] for line in out.splitlines()[:3]] == [
        "it_net_user_zs of China",
        "it_net_user_zs of Korea, Rep.",
        "it_net_user_zs of United Kingdom",
    ]
    monkeypatch.setitem(sys.modules, "wbgapi", None)
    told = "adoption fetch needs the library wbgapi, the extra 'live'; install it with: pip install wbgapi\n"
    assert call(capsys, *words, "CHN", "--into", tmp_path / "other") == (1, "", told)
    assert not (tmp_path / "other").exists()


def test_no_run_can_fetch():
    """Only the command imports what fetches, and only one module imports wbgapi."""
    importers = {name: set() for name in ("fetch", "fetch_surveys", "fetch_folder", "wbgapi")}
    for path in (ROOT / "src" / "helpers").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, (ast.Import, ast.ImportFrom)) else []
            for name in {*names, (getattr(node, "module", None) or "").split(".")[-1]} & set(importers):
                importers[name].add(path.name)
    assert importers == {
        "fetch": {"commands.py"},
        "fetch_surveys": {"commands.py"},
        "fetch_folder": {"fetch.py", "fetch_surveys.py"},
        "wbgapi": {"fetch.py"},
    }
    assert not [path for path in (ROOT / "notebooks").glob("*.ipynb") if "fetch" in path.read_text(encoding="utf-8")]
