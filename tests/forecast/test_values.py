"""Fits, intervals, forecasts and scores are the same numbers, to nine digits, under every version of the libraries.

`PYTHONPATH=tests/tools python tests/forecast/test_values.py` writes tests/reference/numerical_values.json, by the
versions installed.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from courses import COURSES

from adoption_curves import indicators
from adoption_curves.curves import FAMILIES, Gompertz, Logistic, Share
from adoption_curves.forecast import backtest, forecast, frames, scores

HERE = Path(__file__).parents[1]
PATH = HERE / "reference" / "numerical_values.json"
KEPT = json.loads(PATH.read_text(encoding="utf-8")) if PATH.exists() else {}
YEARS = np.arange(2001.0, 2025.0)


def curve_with_ripples(name):
    """A whole course of the family with deviations that no generator of random numbers draws."""
    shape = FAMILIES[name]
    theta = [
        value if kind == "date" else np.log(value)
        for value, (_, kind) in zip(COURSES[name][0], shape.parameters, strict=True)
    ]
    ripples = np.sin(7 * YEARS) + 0.5 * np.cos(3 * YEARS)
    return pd.Series(100 * shape.share(YEARS - 2000.0, *theta) + ripples, index=YEARS)


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
        results.conf_int(method="profile").iloc[0],
        results.get_prediction([2030.0]).summary_frame(),
    ]
    return [number for part in parts for number in flatten(part)]


def fit_curves():
    """Every family with a free saturation level, the logistic or Gompertz with each other kind and other noise."""
    series = curve_with_ripples("logistic")
    early = series.iloc[:12]
    launches = {name: 2000.0 if FAMILIES[name].needs_launch else None for name in FAMILIES}
    same = {"errors": "independent"}
    fits = {name: FAMILIES[name](curve_with_ripples(name), launch=launches[name], **same).fit() for name in FAMILIES}
    fits["known ceiling"] = Gompertz(early, ceiling=110.0, **same).fit()
    fits["share"] = Logistic(early, ceiling=Share(120.0, 0.9), **same).fit()
    fits["weights"] = Logistic(series, weights=1 + np.arange(len(series)) % 5, **same).fit()
    fits["not known"] = Logistic(series).fit()
    fits["cumulative"] = Logistic(series, errors="cumulative").fit()
    fits["persistent"] = Logistic(series, errors="persistent").fit()
    fits["known errors"] = Logistic(series, known_se=0.1 + 0.01 * np.arange(len(series))).fit()
    return {name: values_of_fit(results) for name, results in fits.items()}


@cache
def compute_values():
    """Values of fits, and three rows of each table of forecasts and a backtest."""
    data = indicators.load(HERE / "sample")
    series, references = data.series("China", "genai_users", "internet_users"), data.references()
    tested = backtest(references, windows=(4, 8))
    has_limit = forecast(series, horizon_years=6)
    tables = {
        "backtest": tested,
        "forecast": has_limit.frame(),
        "scenarios": frames.scenario_frame(has_limit),
        "limit": frames.limit_frame(has_limit),
        "forecast without limit": forecast(pd.Series(series.values.to_dict(), name="genai_users")).frame(),
        "scores": scores.score(scores.evaluate(tested)),
        "calibration": scores.check_calibration(tested),
    }
    rows = {name: frame.iloc[[0, len(frame) // 2, -1]] for name, frame in tables.items()}
    return fit_curves() | {name: flatten(three) for name, three in rows.items()}


def test_the_same_things_are_computed():
    assert list(compute_values()) == list(KEPT)


@pytest.mark.parametrize("name", KEPT)
def test_numbers_agree_to_eight_digits(name):
    found, kept = np.array(compute_values()[name], float), np.array(KEPT[name], float)
    np.testing.assert_allclose(found, kept, rtol=1e-8, atol=0)


if __name__ == "__main__":
    lines = [f"{json.dumps(name)}: {json.dumps(values)}" for name, values in compute_values().items()]
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
