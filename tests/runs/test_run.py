"""A run's folder: tables and figures keep their types, their bytes and their writers."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import open_as

from adoption_curves.base.project import RunError
from adoption_curves.runs.parameters import ParameterError
from adoption_curves.runs.record import read_entries, read_entry

mpl.use("agg")


@pytest.fixture(autouse=True)
def _in_a_run(outputs, monkeypatch):
    monkeypatch.setenv("ADOPTION_RUNNER", "1")


@pytest.fixture
def frame():
    return pd.DataFrame(
        {
            "country": ["NA", 'quoted "text", with comma', None],
            "date": pd.to_datetime(["2024-06-30", None, "2025-12-31"]),
            "year": [2021.1827123456, np.inf, np.nan],
            "users": [230.0, 249.0, 602.0],
            "points": [4, 5, 6],
            "sound": [True, False, True],
            "value": [0.1 + 0.2, "not within the horizon", None],
        }
    )


def draw(value=1.0):
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(6, 3))
    axes.plot([0, 1], [0, value])
    axes.set_title("Users")
    return figure


def test_a_table_comes_back_as_it_was_written(frame):
    open_as("03_fit_curves").keep("03_parameters", frame)
    back = open_as("05_forecast_adoption").read_table("03_parameters")
    assert list(back.country.iloc[:2]) == list(frame.country.iloc[:2])
    assert back.isna().equals(frame.isna())
    pd.testing.assert_series_equal(back.date, frame.date, check_dtype=False)
    np.testing.assert_allclose(back.year, frame.year, rtol=1e-9)
    assert back.users.dtype == "float64"
    assert back.points.tolist() == [4, 5, 6]
    assert back.sound.dtype == bool
    assert back.value[1] == "not within the horizon"


def test_a_table_is_written_plainly(frame, outputs):
    open_as("03_fit_curves").keep("03_parameters", frame)
    path = outputs / "mine" / "tables" / "03_parameters.csv"
    lines = path.read_bytes().decode().split("\n")
    assert lines[0] == "country,date,year,users,points,sound,value"
    assert lines[1] == "NA,2024-06-30,2021.182712,230,4,True,0.3"
    assert lines[3] == ",2025-12-31,,602,6,True,"
    assert not list(path.parent.glob(".*")), "a temporary file was left"


def test_a_spreadsheet_runs_no_text_of_a_table_and_each_comes_back(outputs):
    formulas = ["=1+1", "+a", "-a", "@a", "\t=1", "'=1", "''=1"]
    others = ["-5", "'-5", "'quoted'", "-", "plain", ""]
    frame = pd.DataFrame({"text": formulas + others, "number": np.arange(13.0) - 6})
    frame["mixed"] = ["=2", -1.5, *formulas, *others[:4]]
    open_as("03_fit_curves").keep("03_parameters", frame)
    written = pd.read_csv(outputs / "mine" / "tables" / "03_parameters.csv", keep_default_na=False, dtype=str)
    assert written["text"].tolist() == [f"'{text}" for text in formulas] + others
    assert written["mixed"].tolist()[:3] == ["'=2", "-1.5", "'=1+1"]
    assert written["number"][0] == "-6"
    back = open_as("05_forecast_adoption").read_table("03_parameters")
    assert back["text"].fillna("").tolist() == formulas + others
    assert back["mixed"].tolist() == ["=2", "-1.5", *formulas, *others[:4]]


def test_a_named_index_becomes_a_column(outputs):
    values = pd.Series([1.0, 2.0], index=pd.DatetimeIndex(["2024-06-30", "2024-12-31"], name="date"), name="users")
    open_as("02_see_adoption").keep("02_growth", values.to_frame())
    path = outputs / "mine" / "tables" / "02_growth.csv"
    assert path.read_text() == "date,users\n2024-06-30,1\n2024-12-31,2\n"


def test_tables_that_can_not_be_csv_are_refused():
    run = open_as("02_see_adoption")
    for frame in (pd.DataFrame(), pd.DataFrame([[1, 2]], columns=["a", "a"])):
        with pytest.raises(RunError, match="Table 02_growth must have columns"):
            run.keep("02_growth", frame)


def test_each_table_and_figure_has_one_writer(frame):
    run = open_as("03_fit_curves")
    for name in ("04_scores", "scores", "03_../x"):
        with pytest.raises(RunError, match="must begin with '03_'"):
            run.keep(name, frame)
        with pytest.raises(RunError, match="must begin with '03_'"):
            run.draw(name, draw(), alt="a line")


def test_a_missing_table_names_the_notebook_that_writes_it():
    with pytest.raises(RunError, match=r"no table 03_parameters yet.*run that\s+notebook first.*adoption run mine"):
        open_as("05_forecast_adoption").read_table("03_parameters")


def test_a_table_of_an_unfinished_rerun_does_not_count(frame):
    open_as("03_fit_curves").keep("03_parameters", frame)
    open_as("03_fit_curves")
    with pytest.raises(RunError, match="no table 03_parameters yet"):
        open_as("05_forecast_adoption").read_table("03_parameters")


def test_a_table_made_with_another_value_is_refused(frame):
    made = {"bound": 100, "entity": "Germany", "families": ["bass"]}
    open_as("03_fit_curves", **made).keep("03_parameters", frame)
    reader = open_as("05_forecast_adoption", bound="internet_users", entity="Germany")
    with pytest.raises(RunError) as caught:
        reader.read_table("03_parameters")
    text = str(caught.value)
    assert "03_fit_curves with bound = '100'" in text
    assert "this notebook has bound = 'internet_users'" in text
    assert text.endswith('write run = "NAME" here: adoption run NAME -p entity Germany -p bound internet_users')
    agreeing = open_as("05_forecast_adoption", bound="100.0", horizon_years=2)
    assert len(agreeing.read_table("03_parameters")) == 3


def test_a_table_changed_by_hand_is_refused(frame, outputs):
    open_as("03_fit_curves").keep("03_parameters", frame)
    path = outputs / "mine" / "tables" / "03_parameters.csv"
    path.write_text(path.read_text().replace("602", "999"))
    with pytest.raises(RunError, match="changed after notebook 03_fit_curves wrote it"):
        open_as("05_forecast_adoption").read_table("03_parameters")


def test_a_figure_is_saved_twice_alike_and_closed(monkeypatch):
    from matplotlib import pyplot

    pyplot.close("all")
    monkeypatch.setenv("ADOPTION_PDF", "1")
    run = open_as("05_forecast_adoption")
    first = run.draw("05_forecast", draw(), alt="a < b & c")
    images = [(run.folder / "figures" / f"05_forecast.{kind}").read_bytes() for kind in ("png", "svg", "pdf")]
    run.draw("05_forecast", draw(), alt="a < b & c")
    assert images == [(run.folder / "figures" / f"05_forecast.{kind}").read_bytes() for kind in ("png", "svg", "pdf")]
    assert not pyplot.get_fignums()
    assert b">Users</text>" in images[1], "the text of the SVG isn't text"
    data, metadata = first._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "a < b & c"
    assert 400 < metadata["image/png"]["width"] < 700
    assert data["image/png"]


def test_the_noise_of_the_layout_does_not_reach_the_file():
    """The constrained layout's last digits depend on addresses in memory, and clip paths are named by them."""
    from matplotlib import pyplot

    figure, grid = pyplot.subplots(3, 2, layout="constrained")
    for axes in grid.flat:
        axes.plot([0, 1])
        axes.set_ylabel("persons")
    open_as("05_forecast_adoption").draw("05_forecast", figure, alt="six panels")
    for axes in grid.flat:
        edges = axes.get_position(original=True).bounds
        np.testing.assert_allclose(np.round(edges, 6), edges, rtol=0, atol=1e-15)


def test_figures_must_show_and_say_something():
    from matplotlib import pyplot

    run = open_as("05_forecast_adoption")
    with pytest.raises(RunError, match="needs an alternative text"):
        run.draw("05_forecast", draw(), alt=" ")
    with pytest.raises(RunError, match="05_forecast is empty"):
        run.draw("05_forecast", pyplot.subplots()[0], alt="nothing")
    pyplot.close("all")


def test_the_record_says_who_wrote_what_with_which_values(frame, outputs):
    run = open_as("03_fit_curves", bound=100, data="data")
    run.keep("03_parameters", frame)
    run.draw("03_fits", draw(), alt="a line")
    entry = read_entry(outputs / "mine", "03_fit_curves")
    assert entry.parameters == {"bound": "100", "data": "data"}
    assert entry.tables["03_parameters"].rows == 3
    assert entry.figures["03_fits"].alt == "a line"
    assert list(read_entries(outputs / "mine")) == ["03_fit_curves"]
    assert str(outputs) not in entry.model_dump_json()


def test_a_notebook_checks_its_parameters(outputs):
    with pytest.raises(ParameterError, match="parameter 'horizon_years' is 'soon'"):
        open_as("05_forecast_adoption", horizon_years="soon")
    with pytest.raises(ParameterError, match=r"parameter 'run' is '\.\./x'"):
        open_as("05_forecast_adoption", run="../x")
    with pytest.raises(RunError, match="two-digit number"):
        open_as("forecast_adoption")
    assert not outputs.exists()
