"""Files as people have them: what each was understood to say, or the option that its refusal names; and round trips."""

# ruff: noqa: E501  # messages stand whole

import gzip
import io
import os
import shutil
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from conftest import examples
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import call
from snapshots import check_snapshot

from helpers import indicators
from helpers.base.choices import join_choices, split_choices
from helpers.indicators import tables
from helpers.runs.parameters import complete_parameters, read_parameters

pytestmark = pytest.mark.usefixtures("small_project")

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
        source = join_choices(write(tmp_path, name, content), dict(choices))
        data = indicators.load(source)
        found = find_values(data)
        print(*(f"{day:%Y-%m-%d} {value:.12g}" for day, value in found.items()), sep=", ")
        for note in data.understood:
            print(note)
        # the clean file says the same, and needs no understanding
        path = tmp_path / f"clean {name}" / "out.csv"
        indicators.write_clean(source, path)
        clean = indicators.load(path)
        pd.testing.assert_series_equal(find_values(clean), found, check_names=False, check_exact=True, check_freq=False)
        assert clean.understood == []
        [(_, indicator)], [(_, again)] = data.own, clean.own
        assert clean.find_entry(again).unit == data.find_entry(indicator).unit

    check_snapshot("understood", globals() | {"understand": understand}, renew)


def test_what_can_mean_two_things_is_refused_with_the_option_to_write(tmp_path, renew):
    def refuse(name, content, choices=()):
        with pytest.raises(indicators.DataError) as caught:
            indicators.load(join_choices(write(tmp_path, name, content), dict(choices)))
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


@settings(max_examples=examples(80), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
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
    found = find_values(indicators.load(join_choices(path, {**choices, "unit": "users"})))
    assert [f"{day:%Y-%m-%d}" for day in found.index] == [f"{day:%Y-%m-%d}" for day in days]
    assert found.tolist() == pytest.approx(values, rel=1e-12)


@settings(max_examples=examples(15), deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(FIGURES, st.sampled_from(["xlsx", "ods", "csv.gz", "tsv"]))
def test_a_series_comes_back_from_every_kind_of_file(tmp_path_factory, values, kind):
    path = tmp_path_factory.mktemp("kind") / f"kind.{kind}"
    days = pd.date_range("2001-12-31", periods=len(values), freq="YE")
    if kind in ("xlsx", "ods"):
        rows = [["when", "figure"], *([day.date(), value] for day, value in zip(days, values, strict=True))]
        path.write_bytes(make_book(kind, ("Data", rows)))
    else:
        write_text(path, days.strftime("%Y-%m-%d"), values, "," if kind == "csv.gz" else "\t")
    if kind == "csv.gz":
        path.write_bytes(gzip.compress(path.read_bytes()))
    found = find_values(indicators.load(f"{path}?unit=users"))
    assert found.index.tolist() == days.tolist()
    assert found.tolist() == values


# What else a file or a choice may say


def test_archives_and_damaged_or_huge_files_are_refused(tmp_path):
    def find_message(path):
        with pytest.raises(indicators.DataError) as caught:
            indicators.load(path)
        return str(caught.value)

    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("a.csv", "date,value\n2019-12-31,3\n")
    assert find_message(tmp_path / "a.zip") == "a.zip: is a zip archive; unpack it, and name the file in it"
    packed = bytearray(gzip.compress(b"date,value\n" + b"2019-12-31,3\n" * 50))
    packed[12:20] = b"\xff" * 8
    assert "b.csv.gz: is a compressed file that is damaged" in find_message(write(tmp_path, "b.csv.gz", bytes(packed)))
    huge = b"x" * (tables.LARGEST_FILE + 1)
    with zipfile.ZipFile(tmp_path / "book.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", huge)
    packed = gzip.compress(huge, 1)
    for path in (write(tmp_path, "c.csv", huge), write(tmp_path, "c.csv.gz", packed), tmp_path / "book.xlsx"):
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
    assert data.understood[-1] == "not read: the column notes"


def test_choices_say_what_the_file_does_not(tmp_path):
    path = write(tmp_path, "pumps.csv", "year,n\n" + "".join(f"{year},{year - 2010}\n" for year in range(2012, 2020)))
    chosen = {
        "title": "Heat pumps",
        "entity": "Chad",
        "unit": "% of homes",
        "source": "Office",
        "break": "31.12.2016 new survey",
    }
    data = indicators.load(join_choices(path, chosen))
    series = data.series("Chad", "pumps")
    assert (series.title, series.unit, series.values.index[0].year) == ("Heat pumps", "percent of homes", 2016)
    assert indicators.cite_series(data, series) == "Source: Office (pumps.csv). Suspected break 2016-12: new survey."
    for text, message in (("2016", "'2016' is no break; write"), ("2030 late", "'2030 late' is after the last figure")):
        with pytest.raises(indicators.DataError, match=message):
            indicators.load(join_choices(path, {"break": text}))


def test_columns_that_are_entities_or_indicators(tmp_path):
    path = write(tmp_path, "two.csv", "year,Chad,Mali\n2019,3,4\n2020,8,\n2021,15,16\n")
    data = indicators.load(join_choices(path, {"wide": "entity"}))
    assert data.own == [("Chad", "two"), ("Mali", "two")]
    assert data.exact_values("Mali", "two").tolist() == [4, 16]
    data = indicators.load(join_choices(path, {"wide": "indicator"}))
    assert data.own == [("own data", "chad"), ("own data", "mali")]
    path = write(tmp_path, "years.csv", "Country,Group,2019,2020,2021\nChad,all,3,8,15\nMali,all,4,9,16\n")
    data = indicators.load(path)
    assert data.exact_values("Mali", "years").tolist() == [4, 9, 16]
    with pytest.raises(indicators.DataError, match="has no two columns of figures"):
        indicators.load(join_choices(write(tmp_path, "one.csv", "year,n\n2019,3\n"), {"wide": "entity"}))


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


def test_check_tells_what_was_understood_and_writes_the_clean_file(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "mine.csv", "Jahr;Anteil\n2019;3,5\n2020;8\n2021;15\n")
    code, out, _ = call(capsys, "check", "mine.csv", "--unit", "% of homes", "--fix", "clean.csv")
    assert (code, out.splitlines()[:2]) == (
        0,
        ["understood: fields are separated by ';'", "understood: Jahr is the date, Anteil is the value"],
    )
    assert out.splitlines()[-1] == "Clean file: clean.csv"
    assert (
        tmp_path / "clean.csv"
    ).read_text() == "date,value,unit\n2019-12-31,3.5,% of homes\n2020-12-31,8,% of homes\n2021-12-31,15,% of homes\n"
    code, out, _ = call(capsys, "check", "mine.csv", "--fix", "clean.csv")
    assert (code, out.splitlines()[-1]) == (1, "--fix: 'clean.csv' is there already; name another file")
    assert "is no file" in call(capsys, "check", "--fix", "x.csv")[1]
    code, out, _ = call(capsys, "check", "mine.csv", "--value", "Anteile")
    assert (code, out) == (1, "--value: 'Anteile' is no column of mine.csv; nearest: Anteil\n")


def test_first_days_of_years_are_doubted(tmp_path, capsys):
    path = write(tmp_path, "fred.csv", "observation_date,SERIES\n2019-01-01,3\n2020-01-01,8\n2021-01-01,15\n")
    assert (
        "note: All dates of fred of own data are 1 January; where they stand for whole years"
        in call(capsys, "check", path)[1]
    )


def test_choices_need_a_file(capsys):
    code, _, err = call(capsys, "run", "mine", "--value", "Percent")
    assert (code, "--value says how a file is to be read; name it: -p data FILE" in err) == (2, True)
    assert (
        call(capsys, "check", "--value", "x")[1]
        == "data: 'data' is a folder; only a file can be read in one way or another\n"
    )


def test_the_source_of_a_file_says_how_it_is_read():
    assert split_choices("x.csv?date=Year&unit=%25+of+adults") == (
        Path("x.csv"),
        {"date": "Year", "unit": "% of adults"},
    )
    assert split_choices("why?.csv") == (Path("why?.csv"), {})
    assert split_choices(join_choices("x.csv", {"break": "2020 a/b; 2021 c&d=e?"})) == (
        Path("x.csv"),
        {"break": "2020 a/b; 2021 c&d=e?"},
    )


WEIGHT = """    Column("weight", "number", "Weight in the average", "1", synonyms={"de": "gewicht"}, constraints={"minimum": 0}, kept=True),
)
BY_NAME ="""
USE = """
import sys
from helpers import indicators
from data_readme import list_columns
try:
    data = indicators.load(sys.argv[1])
    print(data.observations.set_index("entity")["weight"].loc["own data"].tolist(), data.understood)
    print(indicators.load().observations["weight"].isna().all())
except indicators.DataError as error:
    print(error)
print([line for line in list_columns().splitlines() if "weight" in line])
"""


def test_a_column_is_one_row_of_the_table(tmp_path):
    """Found by its synonym, read with the decimals of the file, checked, kept and documented."""
    package = (
        shutil.copytree(Path(indicators.__file__).parents[2], tmp_path / "src") / "helpers" / "base" / "columns.py"
    )
    text = package.read_text(encoding="utf-8")
    package.write_text(text.replace(")\nBY_NAME =", WEIGHT), encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path / "src"), str(Path(__file__).parent)])}

    def use(last):
        path = write(tmp_path, "mine.csv", f"Jahr;Wert;Gewicht\n2019;3,1;0,5\n2020;8,25;2\n2021;15,5;{last}\n")
        command = [sys.executable, "-c", USE, str(path)]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout.splitlines()

    read, ours, documented = use("1,5")
    assert read.startswith("[0.5, 2.0, 1.5] [")
    assert "Gewicht is the weight" in read
    assert (ours, documented) == ("True", "['| weight | Weight in the average | 1 |']")
    assert use("-1")[0] == "mine.csv, row 4, column Gewicht: '-1' is negative; a count or a share is 0 or more"
