"""A reader's script of 150 lines computes the published quantiles from notebook 4's table of residuals alone."""

from dataclasses import replace
from pathlib import Path

import forecast_by_hand
import numpy as np
import pandas as pd
import pytest

from adoption_curves import forecast
from adoption_curves.curves import decimal_years

LEVELS = [0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95]


def list_references(references):
    """The columns of table 04_references that the prior needs."""
    rows = [(each.technology, len(each.values), 100 * each.share.iloc[-1]) for each in references]
    return pd.DataFrame(rows, columns=["technology", "points", "last_share"])


@pytest.fixture(scope="module")
def lessons(residuals, references):
    return forecast_by_hand.Lessons(residuals, list_references(references))


def write(lessons, series):
    limit = series.bound.dropna()
    given = (decimal_years(series.values.index), series.values.to_numpy(float))
    return forecast_by_hand.Forecast(lessons, *given, decimal_years(limit.index), limit.to_numpy(float))


def test_the_script_has_150_lines_and_nothing_of_the_package():
    text = Path(forecast_by_hand.__file__).read_text(encoding="utf-8")
    code = [line for line in text.splitlines() if line.strip() and not line.strip().startswith(('"""', "#"))]
    assert len(code) <= 150
    assert "adoption_curves" not in text


def test_quantiles_of_china_with_june_2026_as_a_figure(data, references, residuals, lessons):
    series = data.series("China", "genai_users", "internet_users")
    result = forecast.forecast(series, references=references, residuals=residuals)
    by_hand = write(lessons, result.target).quantiles(result.years, LEVELS)
    np.testing.assert_allclose(by_hand, result.quantiles[LEVELS], rtol=1e-6)


def test_quantiles_of_china_with_june_2026_as_printed(data, references, residuals, lessons):
    series = data.series("China", "genai_users", "internet_users")
    [printed] = forecast.read_widely(series).values()
    result = forecast.forecast(printed, references=references, residuals=residuals)
    own, [(date, figure)] = write(lessons, printed), printed.newer["value"].items()
    newer_h = decimal_years(pd.DatetimeIndex([date]))[0] - own.years[-1]
    by_hand = own.quantiles_after(result.years, LEVELS, newer_h, figure)
    np.testing.assert_allclose(by_hand, result.quantiles[LEVELS], rtol=1e-3)
    bare = replace(printed, censored=printed.censored.iloc[:0])
    before = forecast.forecast(bare, references=references, residuals=residuals)
    np.testing.assert_allclose(own.quantiles(before.years, LEVELS), before.quantiles[LEVELS], rtol=1e-6)
    assert np.abs(by_hand / before.quantiles[LEVELS] - 1).max().max() > 0.05
