"""What holds for every input: hypothesis searches for one that breaks it, the same way each time."""

# ruff: noqa: E501, PT017  # what is said of a refused input is looked at where it is refused

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from malformed import GOOD, put_column, put_date, put_value

from adoption_curves import indicators
from adoption_curves.base.formats import escape, quote
from adoption_curves.base.project import UserError, find_outputs
from adoption_curves.cli.options import _read_yaml
from adoption_curves.runs.parameters import ParameterError, Parameters, read_parameters

FEW = settings(max_examples=6, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
MANY = settings(FEW, max_examples=30)
LEAST = settings(FEW, max_examples=2)  # each loads files, which takes a while


pytestmark = pytest.mark.usefixtures("small_project")


def load(place, content, name="own.csv"):
    path = place.mktemp("any") / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", errors="surrogatepass"))
    return indicators.load(path)


# bytes that are nearly CSV find more than bytes that are not
LINES = st.lists(
    st.one_of(st.binary(max_size=20), st.sampled_from([b"2022-12-31,9", b"date,value", b'"', b",,", b"\0"]))
)
FILES = st.one_of(
    st.binary(max_size=80),
    LINES.map(lambda lines: GOOD.encode() + b"\n".join(lines)),
    st.text(max_size=20).map(put_value),
    st.text(max_size=20).map(put_date),
    st.tuples(st.sampled_from(["entity", "unit", "indicator", "qualifier", "source", ""]), st.text(max_size=20)).map(
        lambda pair: put_column(*pair)
    ),
)


@FEW
@given(FILES)
def test_any_file_loads_or_is_explained(tmp_path_factory, content):
    try:
        data = load(tmp_path_factory, content)
    except indicators.DataError as error:
        for line in str(error).splitlines():
            assert line.startswith("own.csv")
            assert line.isprintable()
            assert len(line) < 1500
    else:
        assert data.own
        assert np.isfinite(data.observations["value"]).all()


SERIES = st.dictionaries(
    st.dates(pd.Timestamp("1800-01-01").date(), pd.Timestamp("2025-12-31").date()),
    st.floats(1, 2, allow_subnormal=False).map(lambda value: round(value, 6)),
    min_size=1,
    max_size=8,
)


@LEAST
@given(SERIES, st.randoms(use_true_random=False))
def test_a_series_comes_back_as_it_was_written_in_whatever_order(tmp_path_factory, series, random):
    rows = [f"{day.isoformat()},{value!r},users,level" for day, value in series.items()]
    random.shuffle(rows)
    loaded = load(tmp_path_factory, "date,value,unit,measure\n" + "\n".join(rows)).series("own data", "own").values
    assert loaded.index.is_monotonic_increasing
    assert {day.date(): value for day, value in loaded.items()} == series


YAML = st.one_of(
    st.text(max_size=40),
    st.text(alphabet="ab:&*!<>[]{}-?|#'\"%@,01. \n\t~", max_size=30),
    st.recursive(st.sampled_from(["1", "a", "&a 1", "*a", "!!int 1", "2025-02-30"]), lambda inner: inner.map("[{}]".format)).map(
        "limit: {}".format
    ),
)  # fmt: skip


@MANY
@given(YAML)
def test_any_yaml_text_is_parameters_or_is_refused(text):
    try:
        assert isinstance(_read_yaml(text, "-f"), dict)
    except UserError as error:
        assert str(error).startswith("-f: ")


VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates(), st.datetimes()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@MANY
@given(st.dictionaries(st.sampled_from([*Parameters.model_fields, "colour"]), VALUES, max_size=4))
def test_any_values_are_parameters_or_are_refused(values):
    try:
        assert read_parameters(values) == read_parameters(read_parameters(values).model_dump())
    except ParameterError as error:
        assert all(line.isprintable() for line in str(error).splitlines())
        assert len(str(error).splitlines()) <= len(values)


@MANY
@given(
    st.one_of(
        st.text(max_size=70), st.from_regex(r"[\w./\\~-]{1,66}"), st.text(alphabet="./aN-_", min_size=1, max_size=9)
    )
)
def test_names_of_runs_stay_inside_the_folder_of_runs(name):
    try:
        run = read_parameters({"run": name}).run
    except ParameterError:
        return
    folder = find_outputs() / run
    assert folder.resolve().parent == find_outputs().resolve()
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", run)


@MANY
@given(VALUES)
def test_a_quoted_value_is_one_short_line(value):
    text = escape(quote(value))
    assert text.isprintable()
    assert len(text) < 4000
