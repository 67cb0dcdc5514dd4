"""The parameter model: what it accepts, what it refuses, and what it says then."""

from datetime import date
from types import SimpleNamespace

import nbformat
import pytest
from conftest import open_as
from processes import call
from snapshots import check_snapshot

from adoption_curves.base.project import Source, find_data
from adoption_curves.runs import study
from adoption_curves.runs.fingerprint import read_declared
from adoption_curves.runs.parameters import (
    ParameterError,
    complete_parameters,
    expected_value,
    parse_yaml,
    read_parameters,
)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("run", 2025, "2025"),
        ("run", "1e3", "1e3"),
        ("run", "007", "007"),
        ("entity", "NO", "NO"),
        ("limit", "100.0", "100"),
        ("horizon_years", "010", 10),
        ("shares", ["0.50", ".9"], [0.5, 0.9]),
        ("limit", 100, "100"),
        ("limit", None, "none"),
        ("as_of", date(2025, 10, 31), "2025-10-31"),
        ("shares", "[0.9, 0.5]", [0.5, 0.9]),
        ("shares", 0.8, [0.8]),
        ("families", "[weibull, bass]", ["weibull", "bass"]),
        ("horizon_years", "2.5", 2.5),
        ("horizon_years", 3, 3),
        ("levels", (0.8, 0.5), [0.5, 0.8]),
        ("data", str(find_data("data")), "data"),
    ],
)
def test_values_are_kept_in_one_form(name, given, kept):
    value = getattr(read_parameters({name: given}), name)
    assert value == kept
    assert type(value) is type(kept)


def test_what_is_unusable_is_refused_by_name(renew):
    def refuse(**values):
        with pytest.raises(ParameterError) as caught:
            read_parameters(values)
        print(caught.value)

    def refuse_each(name, *values):
        for value in values:
            with pytest.raises(ParameterError) as caught:
                read_parameters({name: value})
            assert str(caught.value) == f"parameter '{name}' is {value!r}; it must be {expected_value(name)}"
        print(expected_value(name))

    check_snapshot("parameters", {"refuse": refuse, "refuse_each": refuse_each}, renew)


@pytest.mark.parametrize(
    "text", ["NO", "no", "on", "010", "1:30", "-1.5e3", "2025-06-30", "null", "true", "!!binary aGk="]
)
def test_a_value_in_yaml_is_the_text_that_is_written(text):
    """Eurostat's code of Norway is no false, and 010 is no 8."""
    written = text.removeprefix("!!binary ")
    assert parse_yaml(f"limit: {text}\nshares: [{text}]") == {"limit": written, "shares": [written]}


# ---- own files

SERIES = "when,value,unit,published\n2021-06-30,12,%,\n2022-06-30,19,%,2022-09-01\n2023-06-30,31,%,\n"


def test_a_question_mark_in_a_file_s_name_is_part_of_it(tmp_path, monkeypatch, capsys, small_project):
    path, gone = tmp_path / "a?b=c.csv", tmp_path / "x?y=z.csv"
    path.write_text(SERIES)
    assert Source.read(path) == Source(path)
    assert Source.read(str(Source(path, {"date": "when"}))) == Source(path, {"date": "when"})
    assert Source.read(str(Source(gone))) == Source(gone)
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(capsys, "check", path.name, "--date", "when", "--measure", "level")
    assert (code, out.startswith("OK:")) == (0, True), out


def test_a_day_of_publication_after_today_is_refused(tmp_path, capsys, small_project):
    path = tmp_path / "mine.csv"
    path.write_text(SERIES.replace("when", "date").replace("2022-09-01", "2099-01-01"))
    code, out, _ = call(capsys, "check", path, "--measure", "level")
    told = "mine.csv, row 3, column published: is after today; write the day on which the value became public"
    assert (code, out.startswith(told)) == (1, True)


def test_a_study_refuses_a_parameter_that_its_notebook_does_not_have(outputs, monkeypatch):
    """As papermill, which only warns, has put it into a cell of its own."""
    cells = ["", "limit = ''", '# Parameters\nentity = "Germany"\nhorizon_year = 10\n']
    monkeypatch.setattr(study, "get_ipython", lambda: SimpleNamespace(user_ns={"In": cells}))
    with pytest.raises(ParameterError, match="notebook 05_forecast_adoption has no parameter 'horizon_year', did you"):
        open_as("05_forecast_adoption", entity="Germany", horizon_years=5)
    cells[2] = "# Parameters\nhorizon_years = 3\n"
    assert open_as("05_forecast_adoption", horizon_years=3)
    with pytest.raises(ParameterError, match="horizon_year"):
        open_as("05_forecast_adoption", horizon_year=3)


def test_a_parameter_with_a_type_is_one(tmp_path):
    cell = nbformat.v4.new_code_cell('horizon_years: int = 5\nentity = "China"', metadata={"tags": ["parameters"]})
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "03_mine.ipynb")
    assert read_declared(tmp_path / "03_mine.ipynb") == {"horizon_years": 5, "entity": "China"}


@pytest.mark.parametrize(
    ("given", "limit"), [("", "internet_users"), ("none", "none"), (None, "none"), ("null", "none")]
)
def test_blank_is_the_limit_of_the_data_and_none_is_none(given, limit):
    assert complete_parameters(read_parameters({"limit": given})).limit == limit
