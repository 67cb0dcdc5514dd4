"""Backtests that are computed once: the same to the last bit with their file and without it, whatever befalls that."""

import os
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context

import pandas as pd
import pytest

from helpers import forecast, indicators
from helpers.forecast import lessons

USERS = pd.Series([12.0, 19, 31, 44, 52], pd.date_range("2021-12-31", periods=5, freq="YE"))


@pytest.fixture(scope="module")
def few():
    return indicators.load_references()[:8]


@pytest.fixture(scope="module")
def computed(few):
    return forecast.backtest(few)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's cache folder, in a process that has not yet learnt anything."""
    monkeypatch.setattr(lessons.platformdirs, "user_cache_dir", lambda *words, **named: str(tmp_path / "cache"))
    monkeypatch.setattr(lessons, "_TAUGHT", {})
    return tmp_path / "cache" / lessons.FOLDER


@pytest.fixture
def calls(monkeypatch):
    """How often a backtest was computed."""
    calls = []
    monkeypatch.setattr(lessons, "backtest", lambda *a, **k: calls.append(k["bounded"]) or forecast.backtest(*a, **k))
    return calls


def test_the_file_keeps_every_bit(folder, few, computed, calls):
    for found in (lessons.cached_backtest(few), lessons.cached_backtest(few)):
        pd.testing.assert_frame_equal(found, computed, check_exact=True)
        assert found.to_csv() == computed.to_csv()
    assert calls == [True]
    [file] = folder.iterdir()
    assert file.read_bytes() == lessons.pack_residuals(computed)


def test_a_forecast_is_the_same_with_the_file_and_without_it(folder, few, calls, monkeypatch):
    """The first computes, the second remembers, the third reads the file, the fourth is given it."""
    made = [forecast.forecast(USERS, 100, few) for _ in range(2)]
    monkeypatch.setattr(lessons, "_TAUGHT", {})
    made += [forecast.forecast(USERS, 100, few), forecast.forecast(USERS, 100, few, residuals=forecast.backtest(few))]
    assert calls == [True]
    assert len({each.frame().to_csv() + each.milestones().to_csv() for each in made}) == 1
    assert made[0].lessons is made[1].lessons


@pytest.mark.parametrize("change", ["value", "bound", "date", "technology", "fewer", "unbounded", "code"])
def test_another_state_of_the_references_or_the_code_is_another_backtest(folder, few, calls, monkeypatch, change):
    lessons.cached_backtest(few)
    first, *others = few
    later = pd.DateOffset(days=1)
    changed = {
        "value": replace(first, values=first.values * 1.001),
        "bound": replace(first, bound=first.bound * 1.001),
        "date": replace(first, values=first.values.set_axis(first.values.index + later)),
        "technology": replace(first, technology="another"),
    }
    if change == "code":
        monkeypatch.setattr(lessons, "_digest_code", lambda: "another")
    given = others if change == "fewer" else [changed.get(change, first), *others]
    lessons.cached_backtest(given, bounded=change != "unbounded")
    assert len(calls) == len(list(folder.iterdir())) == 2


def damage(content, way):
    middle = len(content) // 2
    return {
        "empty": b"",
        "cut": content[:middle],
        "flipped": content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :],
        "text": b"no archive",
        "pickle": pickle.dumps(pd.DataFrame({"technology": ["a"]})),
        "other": lessons.pack_residuals(pd.DataFrame({"technology": ["a"], "actual": [1.0]})),
    }[way]


@pytest.mark.parametrize("way", ["empty", "cut", "flipped", "text", "pickle", "other", "folder"])
def test_a_damaged_file_is_made_anew(folder, few, computed, calls, way):
    lessons.cached_backtest(few)
    [file] = folder.iterdir()
    content = file.read_bytes()
    if way == "folder":
        file.unlink()
        file.mkdir()
    else:
        file.write_bytes(damage(content, way))
    pd.testing.assert_frame_equal(lessons.cached_backtest(few), computed, check_exact=True)
    assert calls == [True, True]
    assert way == "folder" or file.read_bytes() == content


def test_where_nothing_can_be_kept_a_forecast_is_made_all_the_same(folder, few, computed, calls):
    folder.parent.mkdir()
    folder.write_text("a file where the folder should be")
    for _ in range(2):
        pd.testing.assert_frame_equal(lessons.cached_backtest(few), computed, check_exact=True)
    assert calls == [True, True]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="gives files to another user")
def test_what_another_user_has_put_there_is_not_read(folder, few, computed, calls):
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    lessons.cached_backtest(few)
    [file] = folder.iterdir()
    file.write_bytes(lessons.pack_residuals(computed.assign(combined=1.0)))
    os.chown(file, 12345, 12345)
    pd.testing.assert_frame_equal(lessons.cached_backtest(few), computed, check_exact=True)


def test_only_the_newest_files_stay(folder, few, monkeypatch):
    monkeypatch.setattr(lessons, "MOST_FILES", 3)
    monkeypatch.setattr(lessons, "backtest", lambda *words, **named: pd.DataFrame({"technology": ["a"]}))
    for count in range(1, 8):
        lessons.cached_backtest(few[:count])
    assert len(list(folder.iterdir())) == 3


def cache_in(place, few):
    lessons.platformdirs.user_cache_dir = lambda *words, **named: place
    return lessons.cached_backtest(few).to_csv()


@pytest.mark.skipif(sys.platform == "win32", reason="forks")
def test_several_processes_at_once_make_the_same_and_leave_one_file(folder, few, computed):
    with ProcessPoolExecutor(3, get_context("fork")) as pool:
        found = set(pool.map(cache_in, [str(folder.parent)] * 3, [few] * 3))
    assert found == {computed.to_csv()}
    assert len(list(folder.iterdir())) == 1
