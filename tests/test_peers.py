"""The page on other forecasters shows the table that `make peers` has kept; nothing here needs their packages."""

import sys

import pandas as pd
import pytest

from helpers.base.project import find_root


@pytest.fixture(scope="module")
def peers():
    sys.path.insert(0, str(find_root()))
    from benchmarks import peers

    sys.path.remove(str(find_root()))
    return peers


@pytest.fixture(scope="module")
def table(peers):
    return pd.read_csv(peers.TABLE, keep_default_na=False)


def test_the_page_has_the_numbers_of_the_table(peers, table):
    before, after = peers.MARKS
    shown = peers.PAGE.read_text(encoding="utf-8").partition(before)[2].partition(after)[0]
    assert shown == f"\n{peers.write_tables(table)}\n"
    changed = table.assign(wis_relative=table["wis_relative"] + 0.02)
    assert shown != f"\n{peers.write_tables(changed)}\n"


def test_every_forecaster_is_scored_on_the_same_forecasts(peers, table):
    counts = table.groupby(["given", "horizon_years"])[["technologies", "forecasts"]].nunique()
    assert (counts == 1).all(axis=None)
    assert set(table["given"]) == set(peers.GIVEN)
    drift = table[table["method"] == "drift"]
    assert (drift["wis_relative"] == 1).all()
