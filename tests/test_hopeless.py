"""Series that no curve describes: every method of every kind of fit answers, or says in words why it does not.

`python tests/test_hopeless.py 0 5000` goes through as many as one likes, and prints what it finds.
"""

import io
import sys
import tempfile
import warnings
from functools import partial
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import further
from matplotlib import pyplot

from helpers.curves import FAMILIES, CurveError, LevelShift, Results, Share, SharePrior, fit_many, to_dates

LOT = 11
"""Series in one test; `make test` takes the first lot, `make test-all` sixteen."""
SELDOM = {"plot": 23, "plot_profile": 23, "plot_diagnostics": 23, "derived": 3}
"""These take longest, so only one fit in so many is asked; the numbers share no factor with the other cycles."""


def draw_values(random):
    """Kind and values, 1 to 13, of a series."""
    size = int(random.integers(1, 14))
    place, noise, at = np.arange(size), random.normal(0, 1, size), random.integers(0, size)
    course = 100 / (1 + np.exp(size / 2 - place))
    kinds = {
        "zeros": 0.0 * place,
        "constant": 5.0 + 0 * place,
        "nearly constant": 5 + 1e-12 * noise,
        "falling": 20.0 - place,
        "below zero": -np.exp(0.3 * place),
        "noise": noise,
        "jump": 10.0 * (place >= at),
        "noisy jump": 10.0 * (place >= at) + 0.01 * noise,
        "spike": 10.0 * (place == at),
        "holes": np.where(random.random(size) < 0.6, np.nan, course),
        "two points": np.where(np.isin(place, [at, size - 1]), course, np.nan),
        "huge": 1e40 * course,
        "tiny": 1e-40 * course,
        "all sizes": random.choice([0, 1e-9, 1, 1e9, -1], size),
        "alternating": 1.0 * (place % 2),
        "doubled": course[place // 2],
        "steps": 10.0 * (place // 3),
        "nearly straight": place + 1e-9 * noise,
        "outlier": course + 1e4 * (place == at),
        "growth": np.exp(place * random.uniform(0.1, 9)),
        "rise and fall": course * course[::-1],
        "late start": np.where(place < size - 2, 0.0, course),
        "a curve itself": course,
    }
    kind = random.choice([*kinds])
    return kind, kinds[kind]


def draw_times(random, size):
    """Years of a series, which mostly lie one apart; dates a quarter of the time."""
    years = np.arange(2000.0, 2000 + size)
    other = {
        "irregular": 2000 + np.cumsum(random.exponential(1, size)),
        "doubled": 2000.0 + np.arange(size) // 2,
        "shuffled": random.permutation(years),
        "close": 2000 + 1e-6 * np.arange(size),
        "far apart": 1e5 * np.arange(size),
        "counted": np.arange(size),
    }
    chosen = random.choice(["yearly"] * 4 + ["dates"] * 3 + [*other])
    return to_dates(years) if chosen == "dates" else other.get(chosen, years)


def list_options(random, times, values):
    """Options of a model, and of its fit, by the likelihood that they ask for."""
    size, top = len(values), float(np.nanmax(np.abs([*values, 0]))) or 1.0
    errors = random.choice([None, "independent", "cumulative"])
    later = max(times) + (pd.Timedelta("500D") if isinstance(times, pd.DatetimeIndex) else 2)
    at = pd.Index([later, times[size // 2]])
    censored, below = (
        {"censored": pd.DataFrame({"value": [part * top, 0.5 * top], "bound": [side, "at_least"]}, at)}
        for part, side in ((1.5, "at_least"), (0.5, "at_most"))
    )
    moving = pd.Series(top * np.linspace(1.1, 2, size), times)
    return {
        "errors not known": {},
        "independent": {"errors": "independent"},
        "cumulative": {"errors": "cumulative"},
        "known ceiling": {"ceiling": top},
        "known ceiling, any errors": {"ceiling": 1.2 * top, "errors": errors},
        "known share": {"ceiling": Share(2 * top, 0.7), "errors": errors},
        "moving bound": {"ceiling": Share(moving), "errors": errors},
        "prior": {"ceiling": SharePrior(2 * top, 0.5, 1.0)},
        "prior, any errors": {"ceiling": SharePrior(moving, 0.5, 1.0), "errors": errors},
        "per period": {"per_period": True, "variance": random.choice(["constant", "curve"])},
        "per period, known ceiling": {"per_period": True, "ceiling": size * top},
        "weights": {"weights": random.uniform(0.1, 10, size), "errors": errors},
        "known errors": {"known_se": top * random.uniform(0.001, 0.1, size), "errors": errors},
        "variance of the curve": {"variance": "curve", "errors": errors},
        "binomial": {"ceiling": 1.2 * top, "noise": "binomial"},
        "binomial of a share": {"ceiling": Share(moving, 1.0), "noise": "binomial"},
        "censored": censored,
        "censored, cumulative": {**below, "errors": "cumulative"},
        "censored, known ceiling": {**censored, "ceiling": 2 * top, "errors": errors},
        "level shift": {"shifts": LevelShift(sorted(times)[size // 2], sd=0.3), "errors": errors},
        "level shift, known ceiling": {"shifts": LevelShift(sorted(times)[size // 2], sd=0.3), "ceiling": 1.2 * top},
        "level shift, censored": {**below, "shifts": LevelShift(sorted(times)[size // 2], sd=0.3)},
    }


def list_calls(fit, later, folder, number):
    """Every public method of a fit, by what is called, with arguments where it needs some."""
    name = fit.param_names[-1]
    given = {each: [f"{name} = 1"] for each in ("t_test", "f_test", "wald_test")}
    given |= {"resample": [5], "profile": [name, 5], "simulate": [3, 2], "get_prediction": [later]}
    given["save"] = [folder / "fit.pickle"]
    for each in dir(fit):
        if number % SELDOM.get(each, 1):
            continue
        if each.startswith("plot"):
            yield each, lambda each=each: draw(getattr(fit, each)())
        elif not callable(getattr(Results, each, None)):
            yield each, partial(getattr, fit, each)
        elif each not in ("load", "remove_data", "need_data"):
            yield each, partial(getattr(fit, each), *given.get(each, []))
    yield "repr", lambda: repr(fit)
    yield "printed summary", lambda: str(fit.summary()) + fit._repr_html_()
    yield "profile intervals", lambda: check_intervals(fit)
    yield "bootstrap intervals", lambda: fit.conf_int(method="bootstrap", repetitions=5, kind="wild")
    yield "profile of the first", lambda: fit.profile(fit.param_names[0], 5)
    yield "frame of a prediction", lambda: fit.get_prediction(later).summary_frame()
    yield "loaded", lambda: Results.load(folder / "fit.pickle").predict(later)


def check_intervals(fit):
    ends = fit.conf_int(method="profile")
    assert not (ends[0] > ends[1]).any()
    assert not (fit.identified and fit.flag and not fit.limit)


def draw(drawn):
    figure = getattr(drawn, "figure", drawn)
    figure.savefig(io.BytesIO(), dpi=30)
    pyplot.close(figure)


def find_faults(number, folder):
    """What one series and one kind of fit end in that is neither an answer nor a sentence."""
    random = np.random.default_rng(number)
    kind, values = draw_values(random)
    times = draw_times(random, len(values))
    likelihoods = list_options(random, times, values)
    likelihood = [*likelihoods][number % len(likelihoods)]
    family = [*FAMILIES.values()][number % len(FAMILIES)]
    options = likelihoods[likelihood]
    noise, later = options.pop("noise", "level"), times[-1:]
    faults = []

    def call(what, function):
        try:
            return function()
        except CurveError:
            pass
        except ValueError as error:
            if "asymptotically non-normal" not in str(error):  # statsmodels' own word for a test of what has no error
                faults.append(f"{number}: {family.name}, {likelihood}, {kind}: {what}: {error!r}")
        except Exception as error:  # noqa: BLE001  # all are listed, so that one run finds all
            faults.append(f"{number}: {family.name}, {likelihood}, {kind}: {what}: {error!r}")
        return None

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        if likelihood in ("errors not known", "cumulative", "known share", "per period, known ceiling"):
            allowed = {name: options[name] for name in ("ceiling", "per_period") if name in options}
            frame = pd.DataFrame({"a": values, "b": values[::-1]}, times)
            call("fit_many", partial(fit_many, frame, family.name, progress=False, **allowed))
        model = call("model", partial(family, pd.Series(values, times), **options))
        fit = model and call("fit", partial(model.fit, noise))
        if fit is None:
            return faults
        calls = partial(list_calls, fit, later, folder, number)
        for what, function in chain([("of model", partial(str, (model, dir(model))))], calls()):
            call(what, function)
        call("remove_data", fit.remove_data)
        for what, function in calls():
            call(f"{what} without data", function)
    return faults


@pytest.mark.parametrize("first", [0, *map(further, range(LOT, 16 * LOT, LOT))])
def test_every_method_answers_or_says_why_not(first, tmp_path):
    assert [fault for number in range(first, first + LOT) for fault in find_faults(number, tmp_path)] == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for number in range(*map(int, sys.argv[1:])):
            print(*find_faults(number, Path(folder)), sep="\n", end="", flush=True)
