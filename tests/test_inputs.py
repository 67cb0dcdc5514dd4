"""What cannot be right is refused where it is read, whatever it is: numbers, dates, texts that hypothesis invents."""

# ruff: noqa: PT017  # what is said of a refused input is looked at where it is refused

import io
import json
import zipfile
from dataclasses import replace

import numpy as np
import openpyxl
import pandas as pd
import pytest
from conftest import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from malformed import write_folder

from helpers import curves, forecast, indicators
from helpers.base import levels
from helpers.indicators import fetch_folder
from helpers.runs.parameters import ParameterError, read_parameters

FEW = settings(max_examples=examples(40), deadline=None, derandomize=True)
DATES = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
VALUES = pd.Series([12.0, 19, 31, 44, 52], index=DATES, name="users")
LATER = pd.to_datetime(["2026-06-30"])


@pytest.fixture(scope="module")
def residuals(references):
    return {bounded: forecast.backtest(references, (4,), (1.0, 2.0), bounded) for bounded in (True, False)}


@pytest.fixture(scope="module")
def make(references, residuals):
    def made(series=VALUES, bound=100, **options):
        given = {"residuals": residuals[bound is not None], "horizon_years": 2} | options
        return forecast.forecast(series, bound, references, **given)

    return made


def censor(value=60.0, bound="at_least", index=LATER):
    return pd.DataFrame({"value": value, "bound": bound}, index=index)


# ---- a limit, and figures above it or above the bound

LEVELS_OF_ALL_KINDS = st.one_of(st.floats(), st.integers(), st.booleans(), st.text(max_size=5), st.just([80.0]))


@FEW
@given(limit=LEVELS_OF_ALL_KINDS)
def test_a_limit_is_kept_or_refused(make, limit):
    try:
        made = make(limit=limit)
    except ValueError as error:
        assert "limit" in str(error)
        return
    assert limit >= 52 / 1.005, "the newest figure is 52"
    assert made.quantiles.to_numpy().max() <= limit


def test_a_bound_that_grew_may_have_grown_further(make):
    grown = pd.Series([90.0, 100.0], DATES[[0, 4]])
    assert make(bound=grown, censored=censor(101.0)).target.newer["value"].tolist() == [101.0]
    assert make(censored=censor(120.0, "at_most")).target.newer["value"].tolist() == [120.0], "true of every path"


def test_a_bound_of_a_run_lies_above_what_is_at_least_so(references):
    series = next(each for each in references if len(each.censored) == 0)
    most = float(series.values.max())
    above = series.censored.reindex([series.values.index[-1]]).assign(value=2 * most, bound="at_least")
    above.index.name = "date"
    series = replace(series, censored=above)
    with pytest.raises(indicators.DataError, match=r"is below an observation: .* is at least"):
        series.with_bound(1.5 * most, "x", "x")


# ---- sizes and dates


@settings(FEW, max_examples=examples(20))
@given(power=st.integers(-320, 305), above=st.integers(0, 30), bounded=st.booleans())
def test_every_size_is_computed_with_or_refused(make, power, above, bounded):
    series = VALUES * float(f"1e{power}")
    bound = 100 * float(f"1e{min(power + above, 305)}") if bounded else None
    try:
        found = make(series, bound).quantiles
    except ValueError as error:
        assert "choose another unit" in str(error) or "above 0" in str(error)
        assert not (power >= -59 and power + above * bounded <= 57), "such a size works"
        return
    assert np.isfinite(found.to_numpy()).all()
    curve = curves.Logistic(series, ceiling=bound).fit()
    assert np.isfinite(curve.predict(DATES)).all()


@pytest.mark.parametrize("size", [1e-200, 1e200])
def test_sizes_that_overflow_are_refused_at_every_door(make, size, tmp_path):
    words = r"1e-60 to 1e\+60 can be computed with: choose another unit"
    for refused in (
        lambda: make(VALUES * size, None),
        lambda: make(bound=size),
        lambda: make(bound=pd.Series(size, DATES)),
        lambda: make(censored=censor(size)),
        lambda: curves.Logistic(VALUES * size),
        lambda: curves.assess_ceiling(pd.concat([VALUES, VALUES], axis=1) * size),
    ):
        with pytest.raises(ValueError, match=words):
            refused()
    path = tmp_path / "own.csv"
    path.write_text("date,value\n" + "".join(f"{year}-12-31,{size}\n" for year in range(2021, 2026)), encoding="utf-8")
    with pytest.raises(indicators.DataError, match=r"write it in a (larger|smaller) unit"):
        indicators.load(path)


BEYOND = st.one_of(st.integers(1, 1799), st.integers(2101, 9999), st.none())


@FEW
@given(year=BEYOND, place=st.integers(0, 4), zone=st.sampled_from([None, "UTC", "Asia/Shanghai"]))
def test_dates_on_which_nothing_was_observed_are_refused(make, year, place, zone):
    days = DATES.to_numpy("M8[s]").copy()
    days[place] = np.datetime64("NaT" if year is None else f"{year:04}-06-30", "s")
    index = pd.DatetimeIndex(days).tz_localize(zone)
    words = "without a date|without date or value" if year is None else f"in the year {year}: dates lie from 1800 to"
    for refused in (
        lambda: make(VALUES.set_axis(index)),
        lambda: make(bound=pd.Series(100.0, index)),
        lambda: make(censored=censor(index=index[[place]])),
        lambda: curves.Logistic(VALUES.set_axis(index)),
        lambda: curves.Logistic(VALUES, censored=censor(index=index[[place]])),
        lambda: curves.Logistic(VALUES, ceiling=curves.Share(pd.Series(100.0, index), 0.5)),
        lambda: forecast.read_panel([VALUES.set_axis(index)]),
    ):
        with pytest.raises(ValueError, match=words):
            refused()


def test_dates_with_a_zone_are_the_days_that_they_are_there(make):
    zoned = VALUES.tz_localize("Asia/Shanghai")
    made = make(zoned, censored=censor(index=LATER.tz_localize("UTC")))
    pd.testing.assert_frame_equal(made.quantiles, make(censored=censor()).quantiles)


# ---- residuals


@FEW
@given(data=st.data())
def test_residuals_of_another_form_are_refused(make, residuals, data):
    frame = residuals[True]
    needed = [name for name in frame if name != "date"]
    name = data.draw(st.sampled_from(needed))
    if pd.api.types.is_numeric_dtype(frame[name]) and data.draw(st.booleans()):
        wrong = data.draw(st.sampled_from([np.nan, np.inf, "x", None]))
        frame = frame.assign(**{name: frame[name].astype(object).where(frame.index != 7, wrong)})
    else:
        frame = frame.drop(columns=name)
    with pytest.raises(
        ValueError, match=f"residuals .*column '{name}'.*; give what backtest returned, or leave it out"
    ):
        make(residuals=frame)


@pytest.mark.parametrize("wrong", [pd.DataFrame(), [1], {}, "x", pd.Series([1.0]), 5])
def test_what_is_no_residual_frame_is_refused(make, residuals, wrong):
    with pytest.raises(ValueError, match=r"residuals (is a|lacks) .*; give what backtest returned, or leave it out"):
        make(residuals=wrong)
    with pytest.raises(ValueError, match="residuals lacks rows"):
        make(residuals=residuals[True].iloc[:0])


@pytest.mark.parametrize("bounded", [True, False])
def test_residuals_out_of_a_file_are_the_same(make, residuals, bounded):
    kept = pd.read_csv(io.StringIO(residuals[bounded].assign(entity="").to_csv(index=False)))
    bound = 100 if bounded else None
    again = make(bound=bound, residuals=kept)
    pd.testing.assert_frame_equal(again.quantiles, make(bound=bound).quantiles)
    assert len(again.statements())


# ---- levels


@FEW
@given(st.lists(st.one_of(st.floats(0, 1), st.sampled_from([0.5, 0.8, 0.8 + 1e-11, 0.8 - 1e-9])), max_size=4))
def test_levels_are_told_apart_by_their_columns_or_refused(given_levels):
    try:
        found = levels.check_levels(given_levels)
    except ValueError as error:
        assert "levels" in str(error)
        return
    columns = [column for level in found for column in levels.band_columns(level)]
    assert len(set(columns)) == len(columns), "each band has its own"
    assert [float(column[1:]) for column in columns] == [end for level in found for end in levels.band_ends(level)]


@pytest.mark.parametrize("near", [1e-11, 1e-8, 0.0])
def test_two_levels_that_tables_would_write_alike_are_refused(make, near):
    with pytest.raises(ValueError, match="one band in the tables; leave one out"):
        make(levels=[0.8, 0.8 + near])
    with pytest.raises(ParameterError, match="no two that tables would write alike"):
        read_parameters({"levels": [0.8, 0.8 + near]})
    assert read_parameters({"levels": [0.8, 0.81]}).levels == [0.8, 0.81]


def test_a_level_that_is_nearly_a_usual_one_has_the_usual_columns(make):
    frame = make(levels=[0.8 + 1e-9]).fan
    assert frame.columns.is_unique
    assert {"q0.1", "q0.9"} <= set(frame)


# ---- what others send

SPOILT = st.one_of(
    st.tuples(st.sampled_from("=+-@"), st.text(max_size=10)).map("".join),
    st.tuples(st.text(max_size=5), st.sampled_from(["<script>", "</p>", "<!--", "\u202e", "\0", "\n"])).map("".join),
    st.just("x" * 5001),
)


@FEW
@given(text=SPOILT, column=st.sampled_from(["entity", "title", "unit", "counted", "attribution"]))
def test_no_text_that_computes_or_marks_up_gets_into_a_folder(tmp_path_factory, text, column):
    rows = {
        "observations": pd.DataFrame({"entity": ["Land"], "date": ["2021-12-31"], "value": ["-5"]}),
        "indicators": pd.DataFrame({"title": ["Users"], "unit": ["percent"], "counted": ["a < b"]}),
        "sources": pd.DataFrame({"attribution": ["Office"], "accessed": ["2026-11-24"]}),
    }
    table = next(table for table in rows.values() if column in table)
    table[column] = text
    folder = tmp_path_factory.mktemp("fetched") / "live"
    with pytest.raises(fetch_folder.FetchError, match="is no text that can stand in a table; nothing was written"):
        fetch_folder.put_into(folder, rows, "Eurostat")
    assert not folder.exists()


# ---- own files


def write_book(path, *rows, sheet="Data", other=()):
    book = openpyxl.Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    for row in other:
        (book["Other"] if "Other" in book.sheetnames else book.create_sheet("Other")).append(row)
    book.save(path)
    return path


HEAD = [["date", "value", "note"], ["2019-12-31", 3, ""], ["2020-12-31", 8, ""], ["2021-12-31", 15, ""]]


@pytest.mark.parametrize("row", [["2022-12-31", "=15+3", ""], ["=DATE(2022,12,31)", 18, ""], ["2022-12-31", 18, "=1"]])
def test_a_formula_without_its_result_is_refused(tmp_path, row):
    path = write_book(tmp_path / "own.xlsx", *HEAD, row)
    with pytest.raises(
        indicators.DataError, match=r"own.xlsx: holds a formula without its result, =.* in [ABC]5; open"
    ):
        indicators.load(path)


def test_formulas_with_results_and_those_of_other_sheets_are_none_of_it(tmp_path):
    path = write_book(tmp_path / "own.xlsx", *HEAD, other=[["=1+1"]])
    assert len(indicators.load(f"{path}?sheet=Data").series("own data", "own").values) == 3
    path = write_book(tmp_path / "computed.xlsx", *HEAD, ["2022-12-31", "=15+3", '=IF(1,"",2)'])
    with zipfile.ZipFile(path) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    sheet = "xl/worksheets/sheet1.xml"  # as a spreadsheet saves it: a number, and a text that is empty
    parts[sheet] = parts[sheet].replace(b"<f>15+3</f><v />", b"<f>15+3</f><v>18</v>")
    parts[sheet] = parts[sheet].replace(b'<c r="C5"', b'<c r="C5" t="str"')
    with zipfile.ZipFile(path, "w") as book:
        for name, content in parts.items():
            book.writestr(name, content)
    assert indicators.load(path).series("own data", "computed").values.tolist() == [3, 8, 15, 18]


SPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text")
)


@pytest.mark.parametrize(("result", "right"), [('office:value-type="float" office:value="18"', True), ("", False)])
def test_an_ods_file_is_asked_the_same(tmp_path, result, right):
    cells = [("date", "value"), ("2019-12-31", "3"), ("2020-12-31", "8"), ("2021-12-31", "15"), ("2022-12-31", None)]
    rows = ""
    for cell_pair in cells:
        texts = [f'<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>'
                 for text in cell_pair if text]  # fmt: skip
        formula = f'<table:table-cell table:formula="of:=15+3" {result}/>' if cell_pair[1] is None else ""
        rows += f"<table:table-row>{''.join(texts)}{formula}</table:table-row>"
    body = f'<office:body><office:spreadsheet><table:table table:name="S">{rows}</table:table></office:spreadsheet>'
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    entry = f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
    manifest = '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    with zipfile.ZipFile(tmp_path / "own.ods", "w") as book:
        book.writestr("mimetype", kind)
        book.writestr(
            "content.xml", f"<office:document-content {SPACES}>{body}</office:body></office:document-content>"
        )
        book.writestr("META-INF/manifest.xml", f"{manifest}{entry}</manifest:manifest>")
    if right:
        assert indicators.load(tmp_path / "own.ods").series("own data", "own").values.tolist() == [3, 8, 15, 18]
    else:
        with pytest.raises(indicators.DataError, match=r"holds a formula without its result, =15\+3; open"):
            indicators.load(tmp_path / "own.ods")


@pytest.mark.parametrize("query", ["date=Year&value=Year", "value=Year", "date=YEAR&value=year"])
def test_one_column_is_not_date_and_value(tmp_path, query):
    path = tmp_path / "own.csv"
    path.write_text("Year,Percent\n2019,3\n2020,8\n2021,15\n", encoding="utf-8")
    with pytest.raises(indicators.DataError, match="column Year: is taken for the date and the value; name a column"):
        indicators.load(f"{path}?{query}")


@pytest.mark.parametrize(
    ("header", "row", "hint"),
    [
        ("date,value", "2020,12,5", "write 12.5 for 12,5"),
        ("date,value", "2020,12,500", "write 12500 for 12,500"),
        ("value,date", "12,5,2020", "write 12.5 for 12,5"),
        ("date,value,note", "2020,12,5,9", "write 12.5 for 12,5"),
        ("Year,Percent", "2020,12,5", "write a point as decimal mark, and no mark between thousands"),
        ("Year,Percent", "2020-12-31,12,5", "write 12.5 for 12,5"),
    ],
)
def test_the_hint_for_a_comma_too_many_is_right(tmp_path, header, row, hint):
    path = tmp_path / "own.csv"
    path.write_text(f"{header}\n2019-12-31,3{',x' * header.count('note')}\n{row}\n", encoding="utf-8")
    with pytest.raises(indicators.DataError, match=f"row 3: has . fields where the header has .; {hint}"):
        indicators.load(path)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=3,
)


@FEW
@given(name=ANYTHING)
def test_a_resource_without_a_name_is_refused(tmp_path_factory, name):
    folder = write_folder(tmp_path_factory.mktemp("folder"))
    described = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    described["resources"].append({"name": name})
    (folder / "datapackage.json").write_text(json.dumps(described), encoding="utf-8")
    with pytest.raises(indicators.DataError, match=r"\(resources.5.name: input should be a valid string\)"):
        indicators.load(folder)
