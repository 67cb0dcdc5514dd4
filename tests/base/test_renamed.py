"""What 1.0 called `bound` in a file of one's own gets one sentence."""

import pytest

from adoption_curves import indicators
from adoption_curves.base.project import Source


def test_as_a_column(tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("date,value,bound\n2021,12,100\n2022,19,100\n2023,31,100\n")
    with pytest.raises(indicators.DataError, match="column bound: is called qualifier since 2"):
        indicators.load(Source(path, {"unit": "% of homes", "measure": "level"}))
