"""Fits, intervals, forecasts and scores are the same numbers, to nine digits, under every version of the libraries.

`python -m pytest --renew` writes tests/reference/numerical_values.json, by the versions installed.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
from courses import course

from adoption_curves import indicators
from adoption_curves.curves import FAMILIES, Gompertz, Logistic
from adoption_curves.forecast import backtest, forecast, result_tables, scores

HERE = Path(__file__).parents[1]
PATH = HERE / "reference" / "numerical_values.json"
YEARS = np.arange(2001.0, 2025.0)


def curve_with_ripples(name):
    """A whole course of the family with deviations that no generator of random numbers draws."""
    ripples = np.sin(7 * YEARS) + 0.5 * np.cos(3 * YEARS)
    return pd.Series(100 * course(name, YEARS) + ripples, index=YEARS)


def flatten(frame):
    """The numbers of a frame or series as one list, row by row; ends that are open or missing as text."""
    numbers = pd.DataFrame(frame).select_dtypes("number").to_numpy(float).ravel()
    return [number if np.isfinite(number) else str(number) for number in numbers.tolist()]


def values_of_fit(results):
    """Estimates; a standard error, a criterion, a Wald and a profile interval; a prediction; what is derived."""
    parts = [
        results.params,
        pd.Series([results.bse.iloc[0], results.aicc]),
        results.conf_int().iloc[-1],
        pd.Series(results.ceiling_interval()),
        results.get_prediction([2030.0]),
    ]
    return [number for part in parts for number in flatten(part)]


def fit_curves():
    """Every family with a free saturation level, one with a known level, and one under autoregressive errors."""
    series = curve_with_ripples("logistic")
    fits = {name: FAMILIES[name](curve_with_ripples(name), floor=0).fit() for name in FAMILIES}
    fits["known ceiling"] = Gompertz(series.iloc[:12], ceiling=110.0).fit()
    fits["ar1"] = Logistic(series, floor=0, errors="ar1").fit()
    return {name: values_of_fit(results) for name, results in fits.items()}


def compute_values():
    """Values of fits, and three rows of each table of forecasts and a backtest."""
    data = indicators.load(HERE / "sample")
    series, references = data.series("China", "genai_users", "internet_users"), data.references()
    tested = backtest(references, windows=(4, 8))
    has_limit = forecast(series, horizon_years=6)
    tables = {
        "backtest": tested,
        "forecast": has_limit.frame(),
        "scenarios": result_tables.scenario_frame(has_limit),
        "limit": result_tables.limit_frame(has_limit),
        "forecast without limit": forecast(pd.Series(series.values.to_dict(), name="genai_users")).frame(),
        "scores": scores.score(scores.evaluate(tested)),
    }
    rows = {name: frame.iloc[[0, len(frame) // 2, -1]] for name, frame in tables.items()}
    return fit_curves() | {name: flatten(three) for name, three in rows.items()}


def test_numbers_agree_to_eight_digits(renew):
    values = compute_values()
    if renew:
        lines = [f"{json.dumps(name)}: {json.dumps(numbers)}" for name, numbers in values.items()]
        PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    kept = json.loads(PATH.read_text(encoding="utf-8"))
    assert list(values) == list(kept)
    for name, numbers in values.items():
        np.testing.assert_allclose(np.array(numbers, float), np.array(kept[name], float), rtol=1e-8, err_msg=name)
