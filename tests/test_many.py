"""Fits and backtests on a Dask cluster: the same to the last bit as without."""

import numpy as np
import pandas as pd
import pytest

from helpers import indicators
from helpers.curves import CurveError, many
from helpers.curves.many import fit_many, map_parts
from helpers.forecast import backtest, forecast_many, scores


@pytest.fixture(scope="module")
def client():
    distributed = pytest.importorskip("distributed", reason="needs the extra 'cluster'")
    with (
        distributed.LocalCluster(processes=True, n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


def test_fits_on_a_cluster_are_those_made_here_to_the_last_bit(client, monkeypatch):
    random = np.random.default_rng(5)
    years, rates = np.arange(2000.0, 2014), random.uniform(0.3, 1.2, 24)
    clean = 100 / (1 + np.exp(-rates * (years[:, None] - 2007)))
    frame = pd.DataFrame(clean + random.normal(0, 2, clean.shape), index=years).add_prefix("s")
    frame.iloc[:5, 3] = np.nan
    known = pd.Series(100.0, index=frame.columns[:8])
    monkeypatch.setattr(many, "BLOCK", 10)
    for options in ({}, {"ceiling": known, "alpha": None}, {"ceiling": 120.0, "launch": 1999.0}):
        here = fit_many(frame, ("logistic", "bass"), progress=False, **options)
        there = fit_many(frame, ("logistic", "bass"), progress=False, client=client, **options)
        pd.testing.assert_frame_equal(there, here, check_exact=True)
        assert len(here) == 48
    with pytest.raises(CurveError):  # said by a worker
        fit_many(frame, ["logistic"], ceiling=-1.0, progress=False, client=client)


def test_the_backtest_on_a_cluster_is_that_made_here_to_the_last_bit(client):
    references = indicators.load().references()[:12]
    here = backtest(references, windows=(4, 6))
    there = backtest(references, windows=(4, 6), client=client)
    pd.testing.assert_frame_equal(there, here, check_exact=True)
    scored, scored_there = scores.evaluate(here), scores.evaluate(here, client=client)
    pd.testing.assert_frame_equal(scored_there, scored, check_exact=True)
    pairs = [scores.check_calibration(here, client=each) for each in (None, client)]
    pd.testing.assert_frame_equal(*pairs, check_exact=True)


def test_parts_come_in_order_and_after_a_mistake_the_others_are_dropped(client):
    assert list(map_parts(divmod, [(7, 2), (9, 4)], client)) == [(3, 1), (2, 1)]
    with pytest.raises(ZeroDivisionError):
        list(map_parts(divmod, [(7, 0), (9, 4)], client))
    assert list(map_parts(divmod, [(7, 2)])) == [(3, 1)]


def test_a_panel_is_forecast_there_as_here(client):
    dates, time = pd.date_range("2012-12-31", periods=12, freq="YE"), np.arange(12)
    courses = {f"place {n}": 90 / (1 + np.exp(-0.4 * (time - 4 - 0.3 * n))) for n in range(18)}
    panel = pd.DataFrame(courses, dates)
    residuals = backtest(panel, bound=100, windows=(4,), horizons=(1.0, 2.0))
    made = [
        forecast_many(panel, 100, references=panel, residuals=residuals, client=each, horizon_years=1)
        for each in (None, client)
    ]
    pd.testing.assert_frame_equal(made[0].frame(), made[1].frame(), check_exact=True)
    assert repr(made[0]) == repr(made[1])
