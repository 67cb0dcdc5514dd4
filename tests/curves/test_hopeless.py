"""Series that no curve describes: every method of every kind of fit answers, or says in words why it does not.

`python tests/curves/test_hopeless.py 0 5000` goes through as many as one likes, and prints what it finds.
"""

import inspect
import io
import sys
import tempfile
import warnings
from functools import partial
from inspect import isroutine
from itertools import chain
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot

from adoption_curves.curves import FAMILIES, CurveError, Results, Share, to_dates
from adoption_curves.show import figures

SLOW = pytest.mark.slow

LOT = 11
"""Series in one test; `make test` takes the first lot, `make test-all` sixteen."""
SELDOM = 23
"""A picture takes longest, so only one fit in so many is drawn; the number shares no factor with the other cycles."""

NOT_OURS = {"load", "normalized_cov_params", "remove_data", "wald_test_terms"}
"""Of statsmodels: what undoes a fit, and what asks a model for more than ours has."""


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
    moving = pd.Series(top * np.linspace(1.1, 2, size), times)
    return {
        "errors not known": {},
        "independent": {"errors": "independent"},
        "cumulative": {"errors": "cumulative"},
        "known ceiling": {"ceiling": top},
        "known ceiling, any errors": {"ceiling": 1.2 * top, "errors": errors},
        "known share": {"ceiling": Share(2 * top, 0.7), "errors": errors},
        "moving bound": {"ceiling": Share(moving), "errors": errors},
        "weights": {"weights": random.uniform(0.1, 10, size), "errors": errors},
        "known errors": {"known_se": top * random.uniform(0.001, 0.1, size), "errors": errors},
        "persistent": {"errors": "persistent"},
    }


def needs_arguments(method):
    return any(each.default is each.empty and each.kind < each.VAR_POSITIONAL
               for each in inspect.signature(method).parameters.values())  # fmt: skip


def list_calls(fit, later, folder, number):
    """Every public method of a fit, by what is called, with arguments where it needs some and they are known here."""
    name = fit.param_names[-1]
    given = {each: [f"{name} = 1"] for each in ("t_test", "f_test", "wald_test")}
    given |= {"profile": [name, 5], "get_prediction": [later]}
    given["save"] = [folder / "fit.pickle"]
    for each in (each for each in dir(fit) if not each.startswith("_") and each not in NOT_OURS):
        if not isroutine(getattr(Results, each, None)) or not callable(getattr(fit, each)):
            yield each, partial(getattr, fit, each)
        elif each in given or not needs_arguments(getattr(fit, each)):
            yield each, partial(getattr(fit, each), *given.get(each, []))
    if number % SELDOM == 0:
        yield "picture", lambda: draw(figures.plot_curve(fit))
    yield "repr", lambda: repr(fit)
    yield "printed summary", lambda: str(fit.summary()) + fit._repr_html_()
    yield "profile intervals", lambda: check_intervals(fit)
    yield "profile of the first", lambda: fit.profile(fit.param_names[0], 5)
    yield "frame of a prediction", lambda: fit.get_prediction(later).summary_frame()
    yield "loaded", lambda: Results.load(folder / "fit.pickle").predict(later)


def check_intervals(fit):
    ends = fit.conf_int(method="profile")
    assert not (ends[0] > ends[1]).any()
    assert not (fit.identified and fit.flag)


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
    later, faults = times[-1:], []

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
        model = call("model", partial(family, pd.Series(values, times), **options))
        fit = model and call("fit", model.fit)
        if fit is None:
            return faults
        calls = partial(list_calls, fit, later, folder, number)
        for what, function in chain([("of model", partial(str, (model, dir(model))))], calls()):
            call(what, function)
    pyplot.close("all")  # `fit.plot` leaves its figure open, as pyplot does
    return faults


@pytest.mark.parametrize("first", [0, *(pytest.param(each, marks=SLOW) for each in range(LOT, 16 * LOT, LOT))])
def test_every_method_answers_or_says_why_not(first, tmp_path):
    assert [fault for number in range(first, first + LOT) for fault in find_faults(number, tmp_path)] == []


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        for number in range(*map(int, sys.argv[1:])):
            print(*find_faults(number, Path(folder)), sep="\n", end="", flush=True)
