"""The examples in the docstrings run, from any folder."""

import doctest
import importlib
import pkgutil

import matplotlib
import pytest
from matplotlib import pyplot

import adoption_curves

MODULES = sorted(module.name for module in pkgutil.walk_packages(adoption_curves.__path__, "adoption_curves."))

FLAGS = doctest.IGNORE_EXCEPTION_DETAIL | doctest.ELLIPSIS


@pytest.mark.parametrize("name", [name for name in MODULES if name != "adoption_curves.__main__"])
def test_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with matplotlib.rc_context({"backend": "agg"}):
        found = doctest.testmod(importlib.import_module(name), optionflags=FLAGS)
        pyplot.close("all")
    assert found.failed == 0
