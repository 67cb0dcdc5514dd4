"""Own series at the edge of what `check` accepts: each ends in a report, or in a sentence before a kernel starts."""

import warnings

import numpy as np
import pandas as pd
import pytest
from cells import NOTEBOOKS, execute_cells, list_exhibits
from matplotlib import pyplot

from adoption_curves import curves, forecast
from adoption_curves.runs.check_series import check_parameters
from adoption_curves.runs.fingerprint import describe_series
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.runner import run_all


def test_numbers_of_numpy_are_numbers():
    limit = np.int64(100)
    users = pd.Series([12, 19, 31, 44, 52], index=pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)]))
    given, plain = (forecast.forecast(users, limit=one, horizon_years=np.int64(2)) for one in (limit, 100))
    pd.testing.assert_frame_equal(given.quantiles, plain.quantiles)
    assert np.isfinite(curves.Logistic(users, ceiling=limit).fit().params).all()


YEARS = [f"{year}-12-31" for year in range(2010, 2016)]
MONTHS = [f"{day:%Y-%m-%d}" for day in pd.date_range("2015-01-31", periods=30, freq="ME")]
DAYS = ["1837-02-28", "1841-01-01", "1841-11-30", "1850-07-04", "1852-12-31", "1853-06-15"]
ODD = {"unit": "million people", "entity": "Ωμέγα $x_1$ <b>", "source": "{0}\\n 中文"}
EDGES = {
    "limit far above": ({"date": YEARS, "value": [3.1, 8, 15.5, 27, 39, 48.2]}, {"limit": 48200}),
    "next to nothing": (
        {"date": DAYS, "value": [2e-11, 3e-11, 3e-11, 7e-11, 5e-11, 9e-11], **ODD},
        {"horizon_years": 30, "limit": 9e-8},
    ),
    "many months from nothing": (
        {"date": MONTHS, "value": [0] * 12 + [1e12 * 1.2**month for month in range(18)]},
        {"horizon_years": 1},
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EDGES)
def test_notebooks_carry_series_at_the_edge(name, tmp_path):
    """Zeros and a decline are runs whose tables are kept (tests/golden); a warning is an error."""
    columns, given = EDGES[name]
    path = tmp_path / "own.csv"
    pd.DataFrame({"unit": "units", "measure": "level", **columns}).to_csv(path, index=False, float_format="%.10g")
    parameters = complete_parameters(read_parameters({"data": str(path), "run": "edge", **given}))
    check_parameters(parameters)
    described = parameters.model_dump() | describe_series(parameters)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # no font has all letters
        for notebook in sorted(NOTEBOOKS.glob("0[1-7]_*.ipynb")):  # the eighth needs a list of economies
            for figure in execute_cells(notebook, tmp_path / "outputs", described)[1]:
                figure.lay_out("narrow")
            pyplot.close("all")
    made = {table.stem for table in (tmp_path / "outputs").glob("lab/edge*/tables/06_*.csv")}
    assert made == {name for name in list_exhibits("keep", "show") if name.startswith("06_")}


@pytest.mark.slow
def test_pages_of_one_value_begin_with_the_reason_why_there_is_no_forecast(outputs):
    given = {"run": "edge", "indicator": "genai_use_eurostat", "entity": "Germany", "limit": 100}
    folder = run_all(read_parameters(given))
    assert len(list((folder / "html").glob("0*.html"))) == 8
    reason = "a forecast needs three usable values that span half a year; the series has one value"
    first = f"We quote no forecast, because {reason}."
    assert first in (folder / "tables" / "06_key_numbers.csv").read_text(encoding="utf-8")
    for notebook in ("01", "02", "03", "05", "06"):  # 04 scores the forecasts of other technologies
        [path] = (folder / "html").glob(f"{notebook}_*.html")
        assert first in path.read_text(encoding="utf-8"), path
