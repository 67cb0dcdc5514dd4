"""Numbers of every kind that the package computes from data which never change, for comparison across versions.

`python tests/numerical_values.py` writes them, as computed by the versions that are installed, to
tests/reference/numerical_values.json; tests/test_values.py compares.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from helpers import indicators
from helpers.curves import FAMILIES, Gompertz, Logistic, Share, SharePrior, fit_many
from helpers.forecast import backtest, forecast

HERE = Path(__file__).parent
KEPT = HERE / "reference" / "numerical_values.json"
YEARS = np.arange(2001.0, 2025.0)


COURSES = {
    "logistic": (0.5, 2011.0),
    "gompertz": (0.4, 2009.0),
    "bass": (0.02, 0.4),
    "exponential": (0.15,),
    "weibull": (12.0, 2.5),
    "richards": (0.6, 2011.0, 1.8),
    "gamma_gompertz": (0.4, 30.0, 1.5),
}


def curve_with_ripples(name):
    """A whole course of the family with deviations that no generator of random numbers draws."""
    shape = FAMILIES[name].shape
    kinds = [kind for _, kind in shape.parameters]
    place = [
        value - 2000.0 if kind == "date" else np.log(value) for value, kind in zip(COURSES[name], kinds, strict=True)
    ]
    ripples = np.sin(7 * YEARS) + 0.5 * np.cos(3 * YEARS)
    return pd.Series(100 * shape.share(YEARS - 2000.0, *place) + ripples, index=YEARS)


def flatten(frame):
    """The numbers of a frame or series as one list, row by row; ends that are open or missing as text."""
    numbers = pd.DataFrame(frame).select_dtypes("number").to_numpy(float).ravel()
    return [number if np.isfinite(number) else str(number) for number in numbers.tolist()]


def describe_fit(results):
    statistics = [results.ssr, results.llf, results.aicc, results.bic]
    return {
        "estimates": flatten(results.params),
        "errors": flatten(results.bse),
        "statistics": flatten(pd.Series(statistics)),
        "wald": flatten(results.conf_int()),
        "profile": flatten(results.conf_int(method="profile")),
        "prediction": flatten(results.get_prediction([2010.0, 2024.5, 2030.0]).summary_frame()),
    }


def compute_fits():
    """Every family with a free ceiling, and the logistic or Gompertz with each other kind and each other noise."""
    series = curve_with_ripples("logistic")
    censored = pd.DataFrame({"value": [99.0], "bound": ["at_least"]}, index=[2026.0])
    early = series.iloc[:12]
    fits = {name: FAMILIES[name](curve_with_ripples(name), launch=launch_of(name)).fit() for name in FAMILIES}
    fits["known ceiling"] = Gompertz(early, ceiling=110.0).fit()
    fits["share"] = Logistic(early, ceiling=Share(120.0, 0.9)).fit()
    fits["prior"] = Logistic(early, ceiling=SharePrior(120.0, 1.5, 0.8)).fit()
    fits["binomial"] = Logistic(early.clip(1, None), ceiling=110.0).fit(noise="binomial")
    fits["censored"] = Logistic(series, censored=censored).fit()
    fits["weights"] = Logistic(series, weights=1 + np.arange(len(series)) % 5).fit()
    derived = ("richards", "weibull", "prior", "binomial")  # slow to compute: one of each kind
    parts = {name: {"derived": flatten(fits[name].derived())} if name in derived else {} for name in fits}
    return {name: describe_fit(results) | parts[name] for name, results in fits.items()}


def launch_of(name):
    return 2000.0 if FAMILIES[name].shape.needs_launch else None


def compute_values():
    """Fits, intervals by resampling, mass fits, forecasts, and the scores of a backtest, on fixed data."""
    series = curve_with_ripples("gompertz")
    data = indicators.load(HERE / "sample")
    references = data.references()
    residuals = backtest.run_backtest(references, windows=(4, 8))
    bounded = forecast(series_of(data), references=references, residuals=residuals, horizon_years=6)
    free = forecast(series_of(data).values, references=references)
    many = pd.DataFrame({name: curve_with_ripples(name) for name in FAMILIES})
    frames = {
        "resampled": Gompertz(series).fit().resample(repetitions=30, seed=5),
        "mass fits": fit_many(many, ("logistic", "bass"), launch=2000.0, progress=False),
        "residuals": residuals.iloc[::11],
        "forecast": bounded.frame(),
        "scenarios": bounded.scenarios(),
        "bound": bounded.bound_frame(),
        "sensitivity": bounded.sensitivity(),
        "forecast without bound": free.frame(),
        "scores": backtest.score(residuals),
        "calibration": backtest.check_calibration(residuals),
    }
    return {**compute_fits(), **{name: {"numbers": flatten(frame)} for name, frame in frames.items()}}


def series_of(data):
    return data.series("China", "genai_users", "internet_users")


if __name__ == "__main__":
    KEPT.write_text(json.dumps(compute_values(), indent=1) + "\n", encoding="utf-8")
