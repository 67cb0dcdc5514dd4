"""The examples in the docstrings run, from any folder, and the functions that people call first have one."""

import doctest
import importlib
import pkgutil

import matplotlib
import pytest
from matplotlib import pyplot

import adoption_curves
from adoption_curves import forecast, indicators
from adoption_curves.curves import AdoptionCurve
from adoption_curves.runs import parameters

MODULES = sorted(module.name for module in pkgutil.walk_packages(adoption_curves.__path__, "adoption_curves."))
FIRST = (indicators.load, AdoptionCurve, forecast.forecast, forecast.backtest)

FLAGS = doctest.IGNORE_EXCEPTION_DETAIL | doctest.ELLIPSIS


@pytest.mark.parametrize("name", [name for name in MODULES if name != "adoption_curves.__main__"])
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with matplotlib.rc_context({"backend": "agg"}):
        found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
        pyplot.close("all")
    assert found.failed == 0


@pytest.mark.parametrize("thing", [*FIRST, parameters.read_parameters], ids=lambda thing: thing.__name__)
def test_what_people_call_first_has_an_example(thing):
    assert ">>> " in thing.__doc__
