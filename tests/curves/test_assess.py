"""One verdict on where a series ends: what it says, of whom, and that a frame says the same."""

import numpy as np
import pandas as pd
import pytest

from adoption_curves.curves import Gompertz, Logistic, assess_ceiling, verdict

YEARS = np.arange(2008.0, 2020)


def grow(ceiling=60.0, until=2019.0, count=12, noise=0.4, power=1.0):
    years = np.linspace(2008, until, count)
    return pd.Series(
        ceiling / (1 + np.exp(-0.8 * (years - 2013))) ** power + noise * np.sin(5 * np.arange(count)), index=years
    )


def test_a_series_seen_to_its_end_levels_off_and_is_said_in_words():
    found = assess_ceiling(grow())
    assert found.verdict == "levels off"
    assert found.low < 60 < found.high <= 2 * found.low
    assert found.sentence.startswith("ends between ")
    assert (found.low, found.high) == (found.table["low"].min(), found.table["high"].max())
    assert found.reason == ""


def test_the_range_is_the_union_of_four_profile_intervals():
    series = grow(noise=1.0)
    found = assess_ceiling(series).table.set_index(["family", "errors"])
    assert [*found.index] == [
        (family, errors) for family in ("logistic", "gompertz") for errors in ("independent", "persistent")
    ]
    for (family, errors), row in found.iterrows():
        fit = {"logistic": Logistic, "gompertz": Gompertz}[family](series, errors=errors).fit()
        np.testing.assert_allclose(fit.conf_int(method="profile").loc["ceiling"], row[["low", "high"]].tolist())
    hull = Logistic(series).fit().conf_int(method="profile").loc["ceiling"].tolist()  # what notebook 3 prints
    assert found["low"].min() <= hull[0] < hull[1] <= found["high"].max()


def test_a_series_before_its_bend_is_not_known():
    for values in ([12, 19, 31, 44], 2.0 ** np.arange(8)):
        found = assess_ceiling(values, YEARS[: len(values)], limit=1e6)
        assert (found.verdict, found.sentence, found.high) == ("not known", "not known", np.inf)
        assert "is open" in found.reason


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ([5, 5, 5, 5, 5, 5], "do not rise"),
        ([0, 0, 0, 0, 0], "do not rise"),
        ([0, 0, 0, 10, 10, 10, 10], "a jump at one date"),
        ([0.1, -0.1, 0.1, -0.1, 9.9, 10.1, 10.0], "a jump at one date"),
        ([1, 2], "too few figures"),
        ([3], "too few figures"),
    ],
)
def test_what_has_no_curve_is_not_known_and_says_why(values, reason):
    found = assess_ceiling(values, YEARS[: len(values)])
    assert found.verdict == "not known"
    assert reason in found.reason


def test_five_figures_never_level_off():
    found = assess_ceiling([2, 20, 50, 59, 60], YEARS[:5])
    assert found.high <= 2 * found.low
    assert found.verdict == "depends on the curve"
    assert assess_ceiling([2, 20, 50, 59, 60, 60.2], YEARS[:6]).verdict == "levels off"


def test_what_has_fallen_is_said_to_have_and_no_curve_is_asked():
    for values in ([9, 7, 5, 3, 2, 1], [10, 30, 60, 80, 90, 92, 70, 55]):
        found = assess_ceiling(values, YEARS[: len(values)], limit=100)
        assert (found.verdict, found.sentence, found.reason) == ("fallen", "has fallen from a peak", "")
        assert found.table.empty
        assert (np.isnan(found.low), found.high) == (True, np.inf)


def test_near_its_limit_it_is_said_what_is_left_and_no_end():
    near = assess_ceiling(grow(99), limit=100)
    assert (near.verdict, near.left) == ("near its limit", pytest.approx(100 - near.last))
    assert near.sentence.startswith("at most 2.")
    assert assess_ceiling(grow(99)).verdict == "levels off"  # without the limit
    below = assess_ceiling(grow(60), limit=100)
    assert (below.verdict, below.high < 95) == ("levels off", True)
    reaches = assess_ceiling(grow(88), limit=1.02 * grow(88).iloc[-1] / 0.9)  # it reaches the limit, from further away
    assert reaches.verdict == "depends on the curve"
    assert assess_ceiling(grow(99), limit=99.5).left >= 0


def test_the_stated_end_is_the_interval_found_and_none_lies_below_what_has_been_published():
    series = grow(noise=1.0)
    dated = series.set_axis(pd.date_range("2008-12-31", periods=12, freq="YE"))
    assert assess_ceiling(series).low < series.max()  # numbers along a line may scatter about their ceiling
    found = assess_ceiling(dated)
    assert found.low == found.reached == dated.max()
    assert f"{dated.max():.1f}"[:2] in found.sentence
    assert assess_ceiling(dated, floor=70.0).low == 70.0
    assert (assess_ceiling(dated, floor=70.0).table["low"] >= 70).all()


def test_a_union_wider_than_ten_to_one_says_nothing():
    early = 100 / (1 + np.exp(-0.3 * (YEARS[:10] - 2018))) + 0.2 * np.sin(5 * np.arange(10))
    wide = assess_ceiling(early, YEARS[:10])
    assert (wide.verdict, wide.sentence, wide.reason) == ("not known", "not known", verdict._TOO_WIDE)
    assert 10 * wide.low < wide.high < np.inf


def test_an_end_above_the_limit_is_said_to_be_beyond_it():
    found = assess_ceiling(grow(80), limit=50)
    assert found.verdict == "beyond the limit"
    assert found.low > 50
    assert found.sentence.startswith("beyond the limit, between ")
    moving = pd.Series([500.0, 50.0], index=[2008, 2019])  # the limit at the last date counts
    assert assess_ceiling(grow(80), limit=moving).verdict == "beyond the limit"


def test_a_frame_says_what_each_series_says(monkeypatch, capsys):
    frame = pd.DataFrame({"a": grow(), "b": grow(noise=2.0), "c": grow(80, noise=1.0)}, index=grow().index)
    frame.iloc[[0, 3], 0] = np.nan
    frame.iloc[-1, 1] = np.nan
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    table = assess_ceiling(frame, limit=70)
    assert "3 of 3 series" in capsys.readouterr().err
    assert table["series"].tolist() == ["a", "b", "c"]
    for row in table.itertuples():
        alone = assess_ceiling(frame[row.series], limit=70)
        assert (row.verdict, row.low, row.high, row.last) == (alone.verdict, alone.low, alone.high, alone.last)
        assert (row.reason, row.sentence) == (alone.reason, alone.sentence)
    assert table["verdict"].tolist()[-1] == "beyond the limit"
    assert assess_ceiling(frame[["c"]])["series"].tolist() == ["c"], "of one column too"


def test_known_errors_are_the_only_ones_asked():
    series = grow()
    series.iloc[-1] = series.max() + 0.5
    found = assess_ceiling(series, errors="cumulative")
    assert found.table["errors"].tolist() == ["cumulative", "cumulative"]
    assert found.last == series.iloc[-1]


def test_no_verdict_ends_far_below_where_the_series_stands():
    """A step in the middle: persistent errors explain it, and the curve goes on below the figures."""
    years = np.arange(2012, 2026)
    values = 30 / (1 + np.exp(-0.6 * (years - 2014))) + 40 * (years >= 2019) + 0.3 * np.sin(5 * years)
    found = assess_ceiling(values, years, limit=100)
    assert found.verdict == "not known" or found.high > 0.9 * values.max()


@pytest.mark.slow
def test_ten_yearly_figures_seen_to_the_end_are_given_a_verdict_that_is_seldom_wrong():
    """The benchmark in small: a fifth at least levels off, and of these a twentieth at most misses the ceiling."""
    random, given, wrong, count = np.random.default_rng(5), 0, 0, 20
    for truth in (lambda t: 1 / (1 + np.exp(-t)), lambda t: np.exp(-np.exp(-t))):
        fine = np.linspace(-8, 8, 100_001)
        years = np.linspace(*np.interp([0.05, 0.95], truth(fine), fine), 10)
        for walk in (False, True):
            for _ in range(count // 4):
                new = random.normal(0, 2, 10)
                found = assess_ceiling(100 * truth(years) + (np.cumsum(new) if walk else new), years)
                given += found.verdict == "levels off"
                wrong += found.verdict == "levels off" and not found.low <= 100 <= found.high
    assert given >= 0.2 * count
    assert wrong <= 0.05 * given


def test_identified_is_at_most_two_to_one():
    wide = Logistic([12, 19, 31, 44, 52], exog=range(2021, 2026), errors="independent").fit()
    low, high = wide.conf_int(method="profile").loc["ceiling"]
    assert np.isfinite(high)
    assert high > 2 * low
    assert not wide.identified
    assert Logistic(grow()).fit().identified
