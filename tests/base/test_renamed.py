"""What 1.0 called `bound` gets one sentence wherever it is written."""

import pandas as pd
import pytest

from adoption_curves import curves, forecast, indicators
from adoption_curves.base.columns import RENAMED
from adoption_curves.base.project import Source
from adoption_curves.runs.parameters import ParameterError, read_parameters

SERIES = pd.Series([12.0, 19, 31, 44, 52], index=range(2021, 2026))


@pytest.mark.parametrize(
    "call", [forecast.forecast, forecast.hindcast, curves.assess_ceiling, curves.fit_families, indicators.load().series]
)
def test_in_python(call):
    with pytest.raises(TypeError, match=RENAMED):
        call(SERIES, bound=100)


def test_as_a_parameter():
    with pytest.raises(ParameterError, match=f"^{RENAMED}$"):
        read_parameters({"bound": 100})


def test_as_a_column(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("date,value,bound\n2021,12,100\n2022,19,100\n2023,31,100\n")
    with pytest.raises(indicators.DataError, match="column bound: is called qualifier since 2"):
        indicators.load(Source(path, {"unit": "% of homes", "measure": "level"}))
