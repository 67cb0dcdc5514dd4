"""A run's folder: tables and figures keep their types, their bytes and their writers."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from conftest import open_as
from matplotlib import pyplot

from adoption_curves.base.project import RunError
from adoption_curves.runs.parameters import ParameterError
from adoption_curves.runs.table_files import write_csv

mpl.use("agg")
WRITER, READER = "03_fit_curves", "05_forecast_adoption"
FRAME = pd.DataFrame(
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


@pytest.fixture(autouse=True)
def _in_a_run(outputs, monkeypatch):
    monkeypatch.setenv("ADOPTION_RUNNER", "1")


def keep(frame=FRAME, name="03_parameters", **variables):
    """Keep a table as its notebook does; returns where it is written."""
    study = open_as(WRITER, **variables)
    study.keep(name, frame)
    return study.folder / "tables" / f"{name}.csv"


def read(**variables):
    return open_as(READER, **variables).read_table("03_parameters")


def draw():
    figure, axes = pyplot.subplots(figsize=(6, 3))
    axes.plot([0, 1], [0, 1])
    axes.set_title("Users")
    return figure


def test_a_table_is_written_plainly_and_comes_back_as_it_was():
    path = keep()
    lines = path.read_bytes().decode().split("\n")
    assert lines[0] == "country,date,year,users,points,sound,value"
    assert lines[1] == "NA,2024-06-30,2021.182712,230,4,True,0.3"
    assert lines[3] == ",2025-12-31,,602,6,True,"
    assert not list(path.parent.glob(".*")), "a temporary file was left"
    back = read()
    assert back.isna().equals(FRAME.isna())
    assert list(back.country.iloc[:2]) == list(FRAME.country.iloc[:2])
    pd.testing.assert_series_equal(back.date, FRAME.date, check_dtype=False)
    np.testing.assert_allclose(back.year, FRAME.year, rtol=1e-9)
    assert (back.users.dtype, back.points.tolist(), back.sound.dtype) == ("float64", [4, 5, 6], bool)
    assert back.value[1] == "not within the horizon"


def test_no_zero_of_a_table_is_negative():
    assert write_csv("01_a", pd.DataFrame({"a": [-0.0, 1.5, float("nan")]}))[0] == b'a\n0\n1.5\n""\n'


def test_a_spreadsheet_runs_no_text_of_a_table_and_each_comes_back():
    formulas = ["=1+1", "+a", "-a", "@a", "\t=1", "'=1", "''=1"]
    others = ["-5", "'-5", "'quoted'", "-", "plain", ""]
    frame = pd.DataFrame({"text": formulas + others, "number": np.arange(13.0) - 6})
    frame["mixed"] = ["=2", -1.5, *formulas, *others[:4]]
    written = pd.read_csv(keep(frame), keep_default_na=False, dtype=str)
    assert written["text"].tolist() == [f"'{text}" for text in formulas] + others
    assert written["mixed"].tolist()[:3] == ["'=2", "-1.5", "'=1+1"]
    assert written["number"][0] == "-6"
    assert read()["text"].fillna("").tolist() == formulas + others
    assert read()["mixed"].tolist() == ["=2", "-1.5", *formulas, *others[:4]]


def test_a_named_index_becomes_a_column():
    values = pd.Series([1.0, 2.0], index=pd.DatetimeIndex(["2024-06-30", "2024-12-31"], name="date"), name="users")
    assert keep(values.to_frame()).read_text() == "date,users\n2024-06-30,1\n2024-12-31,2\n"


def test_what_can_not_be_kept_is_refused():
    """Tables without columns or with two of a name, and figures without words or marks."""
    for frame in (pd.DataFrame(), pd.DataFrame([[1, 2]], columns=["a", "a"])):
        with pytest.raises(RunError, match="Table 03_parameters must have columns"):
            keep(frame)
    for figure, words, told in (
        (draw(), " ", "needs an alternative text"),
        (pyplot.subplots()[0], "nothing", "is empty"),
    ):
        with pytest.raises(RunError, match=told):
            open_as(WRITER).draw("03_fits", figure, alt=words)
    pyplot.close("all")


@pytest.mark.parametrize("name", ["04_scores", "scores", "03_../x"])
def test_each_table_and_figure_has_one_writer(name):
    with pytest.raises(RunError, match="must begin with '03_'"):
        keep(name=name)
    with pytest.raises(RunError, match="must begin with '03_'"):
        open_as(WRITER).draw(name, draw(), alt="a line")


@pytest.mark.parametrize("begun", [False, True])
def test_a_missing_table_names_the_notebook_that_writes_it(begun):
    """Also where that notebook has been run before, and is running again."""
    if begun:
        keep()
        open_as(WRITER)
    with pytest.raises(RunError, match=r"no table 03_parameters yet.*run that\s+notebook first.*adoption run mine"):
        read()


def test_a_table_made_with_another_value_is_refused():
    keep(limit=100, entity="Germany", families=["bass"])
    with pytest.raises(RunError, match="03_fit_curves with limit = '100', but this notebook has limit = 'internet_use"):
        read(limit="internet_users", entity="Germany", horizon_years=1)
    assert len(read(limit="100.0", horizon_years=2)) == 3


def test_a_table_changed_by_hand_is_refused():
    path = keep()
    path.write_text(path.read_text().replace("602", "999"))
    with pytest.raises(RunError, match="changed after notebook 03_fit_curves wrote it"):
        read()


def test_a_figure_is_saved_twice_alike_and_closed():
    pyplot.close("all")
    study = open_as(WRITER)

    def save():
        shown = study.draw("03_fits", draw(), alt="a < b & c")
        return shown, [(study.folder / "figures" / f"03_fits.{kind}").read_bytes() for kind in ("png", "svg")]

    (shown, images), (_, again) = save(), save()
    assert images == again
    assert not pyplot.get_fignums()
    assert b">Users</text>" in images[1], "the text of the SVG isn't text"
    data, metadata = shown._repr_mimebundle_()
    assert metadata["image/png"]["alt"] == "a < b & c"
    assert 400 < metadata["image/png"]["width"] < 700
    assert data["image/png"]


def test_the_noise_of_the_layout_does_not_reach_the_file():
    """The constrained layout's last digits depend on addresses in memory, and clip paths are named by them."""
    figure, grid = pyplot.subplots(3, 2, layout="constrained")
    for axes in grid.flat:
        axes.plot([0, 1])
        axes.set_ylabel("persons")
    open_as(WRITER).draw("03_fits", figure, alt="six panels")
    edges = np.array([axes.get_position(original=True).bounds for axes in grid.flat])
    np.testing.assert_allclose(np.round(edges, 6), edges, rtol=0, atol=1e-15)


def test_a_notebook_checks_its_parameters(outputs):
    with pytest.raises(ParameterError, match="parameter 'horizon_years' is 'soon'"):
        open_as(READER, horizon_years="soon")
    with pytest.raises(ParameterError, match=r"parameter 'run' is '\.\./x'"):
        open_as(READER, run="../x")
    with pytest.raises(RunError, match="two-digit number"):
        open_as("forecast_adoption")
    assert not outputs.exists()
