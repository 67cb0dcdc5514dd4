"""Rooms import only those below them, late imports too: `make check` asks it of the code, these of a process."""

import os
import subprocess
import sys

import pytest
from collisions import find_collisions
from conftest import ROOT
from matplotlib import pyplot

from adoption_curves import curves, forecast, indicators


def test_series_fit_and_forecast_draw_themselves():
    data = indicators.load()
    series = data.series("China", "genai_users", "internet_users")
    drawn = [series.plot(), curves.Logistic(series.values).fit().plot()]
    drawn.append(forecast.forecast(series, horizon_years=1).plot())
    for axes in drawn:
        points = [line for line in axes.lines if line.get_marker() == "o"]
        assert sum(len(line.get_xdata()) for line in points) >= len(series.values)
        assert find_collisions(axes.figure)[1] == [], "nothing is cut off"
        pyplot.close(axes.figure)
    assert {axes.get_title(loc="left") for axes in drawn[::2]} == {"Generative AI users, China, million people"}
    labels = [text.get_text() for text in drawn[0].get_legend().get_texts()]
    assert labels == ["suspected change of method", "June 2026: more than 700", "limit: internet users"]


FORECAST = (
    "forecast.forecast(pd.Series([12.0, 19, 31, 44, 52], pd.date_range('2021', periods=5, freq='YE')), limit=100)"
)
FIT = "curves.Logistic(pd.Series([12.0, 19, 31, 44, 52, 57, 60], range(2021, 2028))).fit().plot()"
HEAVY = ("numpy", "pandas", "papermill", "nbconvert", "matplotlib", "statsmodels")
HELP = "from adoption_curves.__main__ import main\ntry: main([{}'--help'])\nexcept SystemExit: pass"
CHECK = f"""from adoption_curves.__main__ import main
try: main(["check", {str(ROOT / "tests" / "golden" / "still.csv")!r}, "--unit", "% of homes", "--measure", "level"])
except SystemExit as ended: assert not ended.code"""
LOADS = {
    "help": (HELP.format(""), HEAVY),
    "help of run": (HELP.format("'run', "), HEAVY),
    "check of a small file": (CHECK, ("scipy.stats", "statsmodels")),
    "a page": ("import adoption_curves.runs.pages.cells", ("scipy", "statsmodels")),
    "a forecast without a verdict": (
        f"import pandas as pd\nfrom adoption_curves import forecast\n{FORECAST}",
        ("scipy.stats", "statsmodels"),
    ),
    "a fit that is drawn": (
        f"import pandas as pd\nfrom adoption_curves import curves\n{FIT}",
        [f"adoption_curves.{name}" for name in ("runs", "cli", "forecast.register", "say.registered")],
    ),
}
"""By what a process does, code and the modules that it does without."""


@pytest.mark.parametrize("case", LOADS)
def test_a_process_loads_no_more_than_it_needs(case):
    """Seconds are of the processor, which a busy machine doesn't make more."""
    code, unneeded = LOADS[case]
    began = sum(os.times()[2:4])
    words = [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"]
    loaded = subprocess.run(words, capture_output=True, text=True, check=True).stderr.split()
    assert "adoption_curves" in loaded
    assert [name for name in loaded if name.startswith((*unneeded,))] == []
    assert not case.startswith("help") or sum(os.times()[2:4]) - began < 1
