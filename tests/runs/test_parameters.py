"""The parameter model: what it accepts, what it refuses, and what it says then."""

from datetime import date

import pytest
from processes import call

from adoption_curves.base.project import Source, find_data, find_root
from adoption_curves.cli.options import _read_value
from adoption_curves.runs.parameters import (
    ParameterError,
    expected_value,
    parse_yaml,
    read_parameters,
)


def complaint(**values):
    with pytest.raises(ParameterError) as caught:
        read_parameters(values)
    return str(caught.value)


@pytest.mark.parametrize(
    ("name", "given", "kept"),
    [
        ("run", 2025, "2025"),
        ("bound", 100, "100"),
        ("bound", 1404.89, "1404.89"),
        ("bound", None, ""),
        ("as_of", date(2025, 10, 31), "2025-10-31"),
        ("shares", "[0.9, 0.5]", [0.5, 0.9]),
        ("shares", 0.8, [0.8]),
        ("families", "bass", ["bass"]),
        ("families", "[weibull, bass]", ["weibull", "bass"]),
        ("horizon_years", "2.5", 2.5),
        ("horizon_years", 3, 3),
        ("levels", (0.8, 0.5), [0.5, 0.8]),
        ("levels", [0.001, 0.999], [0.001, 0.999]),
        ("data", str(find_data("data")), "data"),
    ],
)
def test_values_are_kept_in_one_form(name, given, kept):
    value = getattr(read_parameters({name: given}), name)
    assert value == kept
    assert type(value) is type(kept)


NO_RUN = ["", "../x", "/tmp/x", "a/b", "a\\b", "..", ".", ".hidden", "x.partial", "x.", "-p", "a b"]
NO_RUN += ["x\0", "=x", "~", "%2e%2e", "CON", "nul", "Nul.txt", "com1", "LPT9", "README.md", "readme.MD", "x" * 65]
NO_RUN += ["lab", "LAB", ".store", "北京", "über", "x\n"]
UNUSABLE = {
    "run": NO_RUN,
    "entity": ["", 3],
    "indicator": [None],
    "bound": [-1, "nan", True],
    "as_of": ["2025-13-01", "2025-02-30", 20250630],
    "families": [[], ["bass", "bass"]],
    "shares": [[0], [1.01], [1e-17], [0.9995], "[", ["half"]],
    "horizon_years": [0, 31, float("nan"), True],
    "levels": [[1], [0.9999999999999999], [0.0005], {}, [], [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7]],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name in UNUSABLE for value in UNUSABLE[name]])
def test_unusable_values_are_refused_by_name(name, value):
    text = complaint(**{name: value})
    assert text == f"parameter '{name}' is {value!r}; it must be {expected_value(name)}"


def test_unknown_names_suggest_the_nearest():
    assert "unknown parameter 'indcator', did you mean 'indicator'?" in complaint(indcator="genai_users")
    assert "known are run, entity" in complaint(colour="red")


def test_all_problems_are_named_at_once():
    text = complaint(indcator="x", as_of="2025-13-01", shares=[2, 3])
    assert [line.split("'")[1] for line in text.splitlines()] == ["indcator", "as_of", "shares"]


def test_the_project_is_found_from_anywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert (find_root() / "pyproject.toml").is_file()
    assert find_data("data") == find_root() / "data"
    assert read_parameters({"data": str(tmp_path)}).data == str(tmp_path)


@pytest.mark.parametrize(
    "text", ["NO", "no", "on", "010", "1:30", "-1.5e3", "2025-06-30", "null", "true", "!!binary aGk="]
)
def test_a_value_in_yaml_is_the_text_that_is_written(text):
    """Eurostat's code of Norway is no false, and 010 is no 8."""
    written = text.removeprefix("!!binary ")
    assert parse_yaml(f"bound: {text}\nshares: [{text}]") == {"bound": written, "shares": [written]}


def test_texts_become_what_their_parameter_is():
    texts = {"run": "007", "entity": "NO", "horizon_years": "010", "shares": ["0.50", ".9"], "bound": "100.0"}
    read = read_parameters(texts)
    assert (read.run, read.entity, read.horizon_years, read.shares, read.bound) == ("007", "NO", 10, [0.5, 0.9], "100")
    read = read_parameters(parse_yaml("{bound: null, as_of: 2025-06-30}"))
    assert (read.bound, read.as_of) == ("", "2025-06-30")
    assert _read_value("[0.5, 0.9]") == ["0.5", "0.9"]


@pytest.mark.parametrize("typed", ["1e3", "1_000", "1.0", "nan", "inf", "2025", "0x1"])
def test_a_name_that_looks_like_a_number_stays_as_typed(typed):
    assert read_parameters({"run": _read_value(typed)}).run == typed


@pytest.mark.parametrize("typed", ["3.000e+00", "1.25e1", "0.50", "07"])
def test_a_number_however_written_is_that_number(typed):
    assert read_parameters({"horizon_years": _read_value(typed)}).horizon_years == float(typed)


# ---- own files

SERIES = "when,value,unit,published\n2021-06-30,12,%,\n2022-06-30,19,%,2022-09-01\n2023-06-30,31,%,\n"


def test_a_question_mark_in_a_file_s_name_is_part_of_it(tmp_path, monkeypatch, capsys, small_project):
    path, gone = tmp_path / "a?b=c.csv", tmp_path / "x?y=z.csv"
    path.write_text(SERIES)
    assert Source.read(path) == Source(path)
    assert Source.read(str(Source(path, {"date": "when"}))) == Source(path, {"date": "when"})
    assert Source.read(str(Source(gone))) == Source(gone)
    monkeypatch.chdir(tmp_path)
    code, out, _ = call(capsys, "check", path.name, "--date", "when")
    assert (code, "ok:" in out) == (0, True), out


def test_a_day_of_publication_after_today_is_refused(tmp_path, capsys, small_project):
    path = tmp_path / "mine.csv"
    path.write_text(SERIES.replace("when", "date").replace("2022-09-01", "2099-01-01"))
    code, out, _ = call(capsys, "check", path)
    told = "mine.csv, row 3, column published: '2099-01-01' is after today, and a projection is no observation"
    assert (code, out.startswith(told)) == (1, True)
