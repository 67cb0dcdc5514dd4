"""Rooms import only those below them, late imports too: `make check` asks it of the code, these of a process."""

import ast
import subprocess
import sys
import tomllib
from graphlib import CycleError, TopologicalSorter

import names
from conftest import ROOT
from figure_faults import find_faults
from matplotlib import pyplot

from adoption_curves import curves, forecast, indicators

DOORS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"][0]["ignore_imports"]
MODULES = names.list_modules(ROOT)


def test_only_objects_that_users_hold_may_import_what_draws_them():
    """import-linter reads imports inside functions too, and fails where a door that is named is none."""
    assert {line.partition(" -> ")[2].split(".")[1] for line in DOORS} == {"show"}
    assert {line.split(".")[1] for line in DOORS} <= {"curves", "forecast", "indicators"}
    assert len(DOORS) == 3


def list_edges():
    """Each module with those that it imports, also those that a function imports as it is called."""
    for module, path in MODULES.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found = {origin for *_, origin, _ in names.list_imports(tree, module, path.name == "__init__.py", MODULES)}
        yield from ((module, origin) for origin in found if f"{module} -> {origin}" not in DOORS)


def find_circle(edges):
    """Modules that lead back to the first of them; [] where none does."""
    graph = {}
    for module, origin in edges:
        graph.setdefault(module, set()).add(origin)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return error.args[1]
    return []


def test_no_import_leads_back_not_even_one_in_a_function():
    edges = {*list_edges()}
    assert ("adoption_curves.cli.run_commands", "adoption_curves.runs.runner") in edges, "that import is in a function"
    assert find_circle(edges) == []


def test_series_fit_and_forecast_draw_themselves():
    data = indicators.load()
    series = data.series("China", "genai_users", "internet_users")
    drawn = [series.plot(), curves.Logistic(series.values).fit().plot()]
    drawn.append(forecast.forecast(series, references=data.references(), horizon_years=1).plot())
    for axes in drawn:
        points = [line for line in axes.lines if line.get_marker() == "o"]
        assert max(len(line.get_xdata()) for line in points) >= len(series.values)
        assert not [fault for fault in find_faults(axes.figure) if "leaves" in fault]
        pyplot.close(axes.figure)
    assert {axes.get_title(loc="left") for axes in drawn[::2]} == {"Generative AI users, China, million people"}
    labels = {text.get_text() for text in drawn[0].texts}
    assert f"upper limit:\ninternet users {series.bound.values.iloc[-1]:,.0f}" in labels
    assert any("700" in text.get_text() and text.get_visible() for text in drawn[0].texts), "the newest figure"


def test_who_draws_a_fit_loads_neither_the_record_nor_the_runs():
    code = (
        "import sys\n"
        "from adoption_curves import curves\n"
        "curves.Logistic([12, 19, 31, 44, 52, 57, 60], exog=range(2021, 2028)).fit().plot()\n"
        "print(*[name for name in sys.modules if name.startswith('adoption_curves.')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {".".join(name.split(".")[1:3]) for name in done.stdout.split()}
    assert "show.figures" in loaded
    assert not {name for name in loaded if name.startswith(("runs", "cli", "forecast.registered", "say.on_record"))}


def test_a_forecast_without_a_verdict_loads_no_statsmodels():
    code = (
        "import sys\n"
        "import pandas as pd\n"
        "from adoption_curves import forecast\n"
        "dates = pd.date_range('2021-12-31', periods=5, freq='YE')\n"
        "assert len(forecast.forecast(pd.Series([12.0, 19, 31, 44, 52], dates), bound=100).quantiles) == 5\n"
        "print(*{name for name in ('statsmodels', 'scipy.stats') if name in sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
