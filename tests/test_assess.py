"""One verdict on where a series ends: what it says, of whom, and that a frame says the same."""

import numpy as np
import pandas as pd
import pytest

from helpers.curves import FAMILIES, CurveError, Logistic, assess, assess_ceiling
from helpers.curves.engine import flag_optima, prepare, time_of_share
from helpers.curves.error_models import ASSUMED, fit_kinds, supported_kinds
from helpers.curves.launches import any_launch
from helpers.curves.profile import bound_ceilings, is_narrow

YEARS = np.arange(2008.0, 2020)


def grow(ceiling=60.0, until=2019.0, count=12, noise=0.4, power=1.0):
    years = np.linspace(2008, until, count)
    return pd.Series(
        ceiling / (1 + np.exp(-0.8 * (years - 2013))) ** power + noise * np.sin(5 * np.arange(count)), index=years
    )


def test_a_series_seen_to_its_end_is_identified_and_said_in_words():
    found = assess_ceiling(grow())
    assert found.identified
    assert found.verdict == "identified"
    assert found.low < 60 < found.high <= 2 * found.low
    assert found.sentence.startswith("ends between 5") or found.sentence.startswith("ends between 60")
    assert "logistic" in found.voices
    voiced = found.table[found.table["voice"]]
    assert (found.low, found.high) == (voiced["low"].min(), voiced["high"].max())
    assert set(found.voices) == set(voiced["family"])
    assert set(found.voices) | set(found.reasons) == {"logistic", "gompertz", "bass", "richards"}
    assert found.table["weight"].sum() == pytest.approx(100)


def test_a_series_before_its_bend_is_open():
    for values in ([12, 19, 31, 44, 52], 2.0 ** np.arange(8), np.arange(1, 9)):
        found = assess_ceiling(values, YEARS[: len(values)], bound=1e6)
        assert found.verdict == "open"
        assert found.high == np.inf
        assert found.sentence == "not known"


def test_what_has_no_curve_is_open():
    for values in ([5, 5, 5, 5, 5, 5], [0, 0, 0, 0, 0], [9, 7, 5, 3, 2, 1], [0, 0, 0, 10, 10, 10, 10], [1, 2], [3]):
        assert assess_ceiling(values, YEARS[: len(values)]).verdict == "open"


def test_a_frame_says_what_each_series_says():
    frame = pd.DataFrame({"a": grow(), "b": grow(noise=2.0), "c": grow(80, 2013)}, index=grow().index)
    frame["c"] = grow(80, noise=1.0)
    frame.iloc[[0, 3], 0] = np.nan
    frame.iloc[-1, 1] = np.nan
    for errors in (None, "independent", "cumulative"):
        table = assess_ceiling(frame, errors=errors, bound=70)
        assert table["series"].tolist() == ["a", "b", "c"]
        for row in table.itertuples():
            alone = assess_ceiling(frame[row.series], errors=errors, bound=70)
            assert (row.verdict, row.voices, row.sentence) == (alone.verdict, ", ".join(alone.voices), alone.sentence)
            np.testing.assert_allclose(
                [row.low, row.high, row.reached], [alone.low, alone.high, alone.reached], rtol=1e-6
            )
    assert table["verdict"].tolist()[-1] == "beyond the bound"


def test_a_count_that_adds_up_begins_at_its_last_figure():
    series = grow()
    series.iloc[-1] = series.max() + 0.5
    assert assess_ceiling(series, errors="cumulative").reached >= series.iloc[-1]


def test_errors_are_sentences():
    with pytest.raises(CurveError, match="a curve needs two figures"):
        assess_ceiling(pd.DataFrame({"a": [1.0, np.nan], "b": [1.0, 2.0]}, index=[2020, 2021]))
    with pytest.raises(CurveError, match="shifts is for one series"):
        assess_ceiling(pd.DataFrame({"a": [1.0, 2], "b": [1.0, 2.0]}, index=[2020, 2021]), shifts=[])
    with pytest.raises(CurveError, match="is unknown"):
        assess_ceiling([1, 2], [2020, 2021], errors="white")


def test_a_curve_that_misses_the_figures_has_no_voice():
    """A step: Gompertz alone would put the ceiling between 70 and 135."""
    values = [2.0, 2.1, 2.0, 2.2, 75.0, 77.0, 78.0, 78.2]
    found = assess_ceiling(values, YEARS[:8])
    assert found.verdict == "open" or 65 < found.low < 78.2 < found.high < 90
    silent = found.table[found.table["weight"] < 5]
    assert not silent["voice"].any()


@pytest.mark.parametrize("middle", [2014, 2015])
def test_no_verdict_ends_far_below_where_the_series_stands(middle):
    """A step in the middle: errors that add up explain it, and the curve goes on below the figures."""
    years = np.arange(2012, 2026)
    values = 30 / (1 + np.exp(-0.6 * (years - middle))) + 40 * (years >= 2019) + 0.3 * np.sin(5 * years)
    found = assess_ceiling(values, years, bound=100)
    assert found.verdict == "open" or found.high > 0.9 * values.max()


def test_a_hull_wider_than_ten_to_one_says_nothing(monkeypatch):
    values = np.array([3, 6, 11, 19, 29, 40, 48, 54, 57, 59.0])
    found = assess_ceiling(values, YEARS[:10])
    monkeypatch.setattr(assess, "MAX_RATIO", 0.99 * found.high / found.low)
    monkeypatch.setattr(assess, "is_narrow", lambda low, high: np.full(np.shape(low), False))
    wide = assess_ceiling(values, YEARS[:10])
    assert (wide.verdict, wide.sentence, wide.doubt) == ("open", "not known", assess.TOO_WIDE)
    assert (wide.low, wide.high) == (found.low, found.high)


def test_a_second_wave_that_has_begun_is_no_ceiling():
    years = np.linspace(-3, 10.5, 14)
    values = 60 / (1 + np.exp(-years)) + 40 / (1 + np.exp(10 - years)) + 0.5 * np.sin(7 * years)
    found = assess_ceiling(values, years)
    assert found.verdict != "identified" or found.high >= 100
    assert found.doubt == "" or found.verdict == "open"


def test_bass_without_its_launch_is_not_identified_and_wrong():
    """Seen from half of its course on, the launch that used to be assumed was wrong in 96 % of series."""
    random, family = np.random.default_rng(4), FAMILIES["bass"]
    theta = np.log(0.01), np.log(0.6)
    first, last = time_of_share(family, np.array(theta), np.array([0.5, 0.95]))
    years = np.linspace(first, last, 16)
    curve = 100 * family.share(years, *theta)
    frame = pd.DataFrame((curve + random.normal(0, 2, (40, 16))).T, index=years)
    values, identified = frame.to_numpy().T, {}
    for launch, each in ((None, any_launch(family)), (0.0, family)):
        fits = fit_kinds(prepare(each, years, values, launch=launch), np.tile(years, (40, 1)), ASSUMED)
        low, high = bound_ceilings(fits, supported_kinds(fits), 0.05)
        low, high = np.nanmin(low, axis=0), np.nanmax(high, axis=0)
        identified[launch] = is_narrow(low, high) & (flag_optima(each, fits[0][1]) == "")
        if launch is None:
            inside = (low <= 100) & (high >= 100)
    assert (identified[None] & ~inside).mean() <= 0.1
    assert inside.mean() >= 0.9
    assert identified[0.0].mean() > 0.5


def test_identified_is_at_most_two_to_one():
    wide = Logistic([12, 19, 31, 44, 52], exog=range(2021, 2026), errors="independent").fit()
    low, high = wide.conf_int(method="profile").loc["ceiling"]
    assert np.isfinite(high)
    assert high > 2 * low
    assert not wide.identified
    assert Logistic(grow()).fit().identified
