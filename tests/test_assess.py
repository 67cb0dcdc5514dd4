"""One verdict on where a series ends: what it says, of whom, and that a frame says the same."""

import numpy as np
import pandas as pd
import pytest

from helpers.curves import CurveError, assess_ceiling

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
