"""Files as people have them: what each was understood to say, or the option that its refusal names; and round trips."""

# ruff: noqa: E501  # messages stand whole

import io
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import call
from snapshots import check_snapshot

from adoption_curves import indicators
from adoption_curves.base.source import Source
from adoption_curves.indicators import tables
from adoption_curves.runs.parameters import complete_parameters, read_parameters

pytestmark = pytest.mark.usefixtures("small_project")

OFFICES = Path(__file__).parents[1] / "offices"
DAYS = ["2019-12-31", "2020-12-31", "2021-12-31"]


def make_book(kind, *sheets):
    """A spreadsheet of one or several (name, rows)."""
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine={"xlsx": "openpyxl", "ods": "odf"}[kind]) as writer:
        for name, rows in sheets:
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, header=False, index=False)
    return file.getvalue()


THREE = [["Year", "Percent"], [2019, 3.1], [2020, 8], [2021, 15.5]]


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def find_values(data):
    """The figures of the one series of own data."""
    [(entity, indicator)] = data.own
    return data.exact_values(entity, indicator)


def test_files_as_people_have_them_are_understood(tmp_path, renew):
    def understand(name, content, choices=()):
        source = Source(write(tmp_path, name, content), dict(choices))
        data = indicators.load(source)
        found = find_values(data)
        print(*(f"{day:%Y-%m-%d} {value:.12g}" for day, value in found.items()), sep=", ")
        for note in data.understood:
            print(note)

    check_snapshot("understood", globals() | {"understand": understand}, renew)


def test_what_can_mean_two_things_is_refused_with_the_option_to_write(tmp_path, renew):
    def refuse(name, content, choices=()):
        with pytest.raises(indicators.DataError) as caught:
            indicators.load(Source(write(tmp_path, name, content), dict(choices)))
        print(str(caught.value).splitlines()[0])

    check_snapshot("any_file", globals() | {"refuse": refuse}, renew)


# Round trips

DAYS_WRITTEN = {"%Y-%m-%d": {}, "%d.%m.%Y": {}, "%d %B %Y": {}, "%Y%m%d": {}, "%Y/%m/%d": {}}
DAYS_WRITTEN |= {"%d/%m/%Y": {"order": "dmy"}, "%m/%d/%Y": {"order": "mdy"}}
SPANS_WRITTEN = {"Y": "{0.year}", "Q": "{0.year}Q{0.quarter}", "M": "{0.year}-{0.month:02d}"}
NUMBERS_WRITTEN = {
    "plain": ("{:.2f}", ".", ",;\t"),
    "commas part thousands": ("{:,.2f}", ".", ";\t"),
    "decimal comma": ("{:,.2f}", ",", ";\t"),
}
SWAPPED = str.maketrans(",.", ".,")
FIGURES = st.lists(st.integers(1, 10**9).map(lambda number: number / 100), min_size=3, max_size=8)


def write_text(path, dates, numbers, mark):
    lines = [f"when{mark}figure", *(f"{day}{mark}{number}" for day, number in zip(dates, numbers, strict=True))]
    path.write_bytes(("\n".join(lines) + "\n").encode())


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_series_comes_back_from_every_written_form(tmp_path_factory, data):
    values, path = data.draw(FIGURES), tmp_path_factory.mktemp("form") / "form.csv"
    kind = data.draw(st.sampled_from([*DAYS_WRITTEN, *SPANS_WRITTEN]))
    if kind in DAYS_WRITTEN:
        few = st.lists(
            st.dates(date(1900, 1, 1), date(2099, 12, 31)), min_size=len(values), max_size=len(values), unique=True
        )
        days = pd.DatetimeIndex(sorted(data.draw(few)))
        dates, choices = days.strftime(kind), DAYS_WRITTEN[kind]
    else:
        spans = pd.period_range(f"{data.draw(st.integers(1900, 2080))}-01-01", periods=len(values), freq=kind)
        days, choices = spans.to_timestamp(how="end").normalize(), {}
        dates = [SPANS_WRITTEN[kind].format(span) for span in spans]
    form, decimal, marks = NUMBERS_WRITTEN[data.draw(st.sampled_from(sorted(NUMBERS_WRITTEN)))]
    numbers = [form.format(value) for value in values]
    numbers = [number.translate(SWAPPED) for number in numbers] if decimal == "," else numbers
    write_text(path, dates, numbers, data.draw(st.sampled_from(marks)))
    found = find_values(indicators.load(Source(path, {**choices, "unit": "users", "future": "keep"})))
    assert [f"{day:%Y-%m-%d}" for day in found.index] == [f"{day:%Y-%m-%d}" for day in days]
    assert found.tolist() == pytest.approx(values, rel=1e-12)


@settings(max_examples=3, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(FIGURES, st.sampled_from(["xlsx", "ods", "tsv"]))
def test_a_series_comes_back_from_every_kind_of_file(tmp_path_factory, values, kind):
    path = tmp_path_factory.mktemp("kind") / f"kind.{kind}"
    days = pd.date_range("2001-12-31", periods=len(values), freq="YE")
    if kind in ("xlsx", "ods"):
        rows = [["when", "figure"], *([day.date(), value] for day, value in zip(days, values, strict=True))]
        path.write_bytes(make_book(kind, ("Data", rows)))
    else:
        write_text(path, days.strftime("%Y-%m-%d"), values, "\t")
    found = find_values(indicators.load(f"{path}?unit=users"))
    assert found.index.tolist() == days.tolist()
    assert found.tolist() == values


# What else a file or a choice may say


def test_huge_files_are_refused(tmp_path):
    def find_message(path):
        with pytest.raises(indicators.DataError) as caught:
            indicators.load(path)
        return str(caught.value)

    huge = b"x" * (tables.LARGEST_FILE + 1)
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", huge)
    for path in (write(tmp_path, "c.csv", huge), tmp_path / "book.xlsx"):
        assert find_message(path) == f"{path.name}: holds more than 50,000,000 bytes; take a part of it"


def test_a_column_of_groups_becomes_entities_by_choice(tmp_path):
    path = write(tmp_path, "groups.csv", "year,group,value\n2019,young,3\n2019,old,1\n2020,young,8\n2020,old,2\n")
    assert indicators.load(f"{path}?entity=group").own == [("old", "groups"), ("young", "groups")]
    assert indicators.load(f"{path}?indicator=group").own == [("own data", "old"), ("own data", "young")]


def test_an_indicator_of_the_project_keeps_its_breaks(tmp_path):
    text = "date,value,entity,indicator,break\n2023-12-31,90,China,genai_users,\n2024-12-31,200,China,genai_users,new survey\n"
    data = indicators.load(write(tmp_path, "mine.csv", text))
    assert data.understood == ["breaks of an indicator of the project are not read: it keeps its own"]
    assert "new survey" not in data.find_entry("genai_users").breaks


def test_titles_breaks_and_other_columns_are_read(tmp_path):
    text = "date,value,country,title,units,breaks,sample size,standard error,notes\n"
    text += (
        '2018-12-31,3,Chad,Heat pumps,% of homes,,"1,000",0.1,\n2019-12-31,5,Chad,Heat pumps,% of homes,no,1000,,x\n'
    )
    text += "2020-12-31,8,Chad,Heat pumps,% of homes,new survey; by post,900,0.2,\n2021-12-31,15,Chad,Heat pumps,% of homes,0,,,\n2022-12-31,20,Chad,Heat pumps,% of homes,,,,\n"
    data = indicators.load(write(tmp_path, "pumps.csv", text))
    series = data.series("Chad", "pumps")
    assert (series.title, series.unit, list(series.values)) == ("Heat pumps", "percent of homes", [8, 15, 20])
    assert series.breaks["reason"].tolist() == ["new survey, by post"]
    assert data.find_rows("Chad", "pumps")["sample_size"].tolist()[:3] == [1000, 1000, 900]
    assert "not read: notes" in data.understood


def test_choices_say_what_the_file_does_not(tmp_path):
    path = write(tmp_path, "pumps.csv", "year,n\n" + "".join(f"{year},{year - 2010}\n" for year in range(2012, 2020)))
    chosen = {"title": "Heat pumps", "entity": "Chad", "unit": "% of homes", "source": "Office"}
    data = indicators.load(Source(path, chosen))
    series = data.series("Chad", "pumps")
    assert (series.title, series.unit, series.values.index[0].year) == ("Heat pumps", "percent of homes", 2012)
    assert indicators.cite_series(data, series) == "Source: Office."


def test_columns_that_are_entities_or_indicators(tmp_path):
    path = write(tmp_path, "two.csv", "year,Chad,Mali\n2019,3,4\n2020,8,\n2021,15,16\n")
    data = indicators.load(Source(path, {"wide": "entity"}))
    assert data.own == [("Chad", "two"), ("Mali", "two")]
    assert data.exact_values("Mali", "two").tolist() == [4, 16]
    data = indicators.load(Source(path, {"wide": "indicator"}))
    assert data.own == [("own data", "chad"), ("own data", "mali")]
    path = write(tmp_path, "years.csv", "Country,Group,2019,2020,2021\nChad,all,3,8,15\nMali,all,4,9,16\n")
    data = indicators.load(path)
    assert data.exact_values("Mali", "years").tolist() == [4, 9, 16]


def test_a_file_without_an_entity_gets_the_one_that_is_given(tmp_path):
    path = write(tmp_path, "pumps.csv", "year,n\n2019,3\n2020,8\n2021,15\n")
    chosen = complete_parameters(read_parameters({"data": str(path), "entity": "Chad"}))
    assert (chosen.entity, chosen.data) == ("Chad", f"{path}?entity=Chad")
    assert indicators.load(chosen.data).own == [("Chad", "pumps")]
    assert complete_parameters(chosen) == chosen
    unnamed = complete_parameters(read_parameters({"data": str(path)}))
    assert (unnamed.entity, unnamed.data) == ("own data", str(path))
    assert complete_parameters(read_parameters(unnamed.model_dump())) == unnamed, "as the page of a run says it"


# The commands


def test_check_tells_what_was_understood(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "mine.csv", "Jahr;Anteil\n2019;3,5\n2020;8\n2021;15\n")
    code, out, _ = call(capsys, "check", "mine.csv", "--unit", "% of homes")
    told = ["understood: fields are separated by ';'", "understood: Jahr is the date, Anteil is the value"]
    assert (code, out.splitlines()[:2]) == (0, told)
    code, out, _ = call(capsys, "check", "mine.csv", "--value", "Anteile")
    assert (code, out) == (1, "--value: 'Anteile' is no column; nearest: Anteil\n")


def test_choices_need_a_file(capsys):
    code, _, err = call(capsys, "run", "mine", "--value", "Percent")
    assert (code, "--value says how to read a file; name the file: -p data FILE" in err) == (2, True)
    assert (
        call(capsys, "check", "--value", "x")[1]
        == "data: 'data' is a folder; only a file can be read in one way or another\n"
    )


def test_the_source_of_a_file_says_how_it_is_read():
    read = Source.read("x.csv?date=Year&unit=%25+of+adults")
    assert read == Source(Path("x.csv"), {"date": "Year", "unit": "% of adults"})
    assert Source.read("why?.csv") == Source(Path("why?.csv"))
    odd = Source(Path("x.csv"), {"break": "2020 a/b; 2021 c&d=e?"})
    assert Source.read(str(odd)) == Source.read(odd) == odd
