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
YEARS = "years are read as 31 December of each"


def make_book(kind, *sheets):
    """A spreadsheet of one or several (name, rows)."""
    file = io.BytesIO()
    with pd.ExcelWriter(file, engine={"xlsx": "openpyxl", "ods": "odf"}[kind]) as writer:
        for name, rows in sheets:
            pd.DataFrame(rows).to_excel(writer, sheet_name=name, header=False, index=False)
    return file.getvalue()


THREE = [["Year", "Percent"], [2019, 3.1], [2020, 8], [2021, 15.5]]

# Name, content, choices, dates, values, what was understood
UNDERSTOOD = [
    ("clean.csv", "date,value\n2019-12-31,3.1\n2020-12-31,8\n2021-12-31,15.5\n", {}, DAYS, [3.1, 8, 15.5], []),
    ("years.csv", "Year,Percent\n2019,3.1\n2020,8\n2021,15.5\n", {}, DAYS, [3.1, 8, 15.5],
     ["Year is the date, Percent is the value", YEARS, "the unit is percent, as the column Percent says"]),
    ("names.csv", "Survey wave,Users asked,Uses it\n2019,900,3.1\n2020,950,8\n2021,1000,15.5\n", {"date": "Survey wave", "value": "Uses it"}, DAYS, [3.1, 8, 15.5],
     ["Survey wave is the date, Uses it is the value", "not read: the column Users asked", YEARS]),
    ("quarters.csv", "Quarter,value\n2024Q1,3\n2024Q2,8\n2024Q3,15\n", {}, ["2024-03-31", "2024-06-30", "2024-09-30"], [3, 8, 15],
     ["Quarter is the date", "quarters are read as the last day of each"]),
    ("quarters2.csv", "period,value\nQ1 2024,3\nQ2 2024,8\nQ3 2024,15\n", {}, ["2024-03-31", "2024-06-30", "2024-09-30"], [3, 8, 15],
     ["period is the date", "quarters are read as the last day of each"]),
    ("halves.csv", "TIME_PERIOD,OBS_VALUE\n2023-S1,3\n2023-S2,8\n2024-S1,15\n", {}, ["2023-06-30", "2023-12-31", "2024-06-30"], [3, 8, 15],
     ["TIME_PERIOD is the date, OBS_VALUE is the value", "half-years are read as the last day of each"]),
    ("months.csv", "date,value\n2024-02,3\n2024-06,8\n2024-12,15\n", {}, ["2024-02-29", "2024-06-30", "2024-12-31"], [3, 8, 15],
     ["months are read as the last day of each"]),
    ("months2.csv", "month,value\nFeb 2024,3\nJun 2024,8\nSept 2024,15\n", {}, ["2024-02-29", "2024-06-30", "2024-09-30"], [3, 8, 15],
     ["month is the date", "months are read as the last day of each"]),
    ("slashes.csv", "date,value\n31/12/2019,3\n01/07/2020,8\n31/12/2021,15\n", {}, ["2019-12-31", "2020-07-01", "2021-12-31"], [3, 8, 15],
     ["the day stands first in the dates, as in 31/12/2019"]),
    ("american.csv", "date,value\n12/31/2019,3\n07/01/2020,8\n12/31/2021,15\n", {}, ["2019-12-31", "2020-07-01", "2021-12-31"], [3, 8, 15],
     ["the month stands first in the dates, as in 12/31/2019"]),
    ("chosen.csv", "date,value\n03/04/2020,3\n03/04/2021,8\n03/04/2022,15\n", {"order": "dmy"}, ["2020-04-03", "2021-04-03", "2022-04-03"], [3, 8, 15],
     ["the day stands first in the dates, as in 03/04/2020"]),
    ("exported.csv", "date,value\n31/12/2019 00:00,3\n31/12/2020 00:00:00,8\n31/12/2021 12:00 AM,15\n", {}, DAYS, [3, 8, 15],
     ["the day stands first in the dates, as in 31/12/2019 00:00"]),
    ("dots.csv", "Datum;Wert\n31.12.2019;3,5\n31.12.2020;8,25\n31.12.2021;15\n", {}, DAYS, [3.5, 8.25, 15],
     ["fields are separated by ';'", "Datum is the date, Wert is the value", "dates such as 31.12.2019 are read as 2019-12-31", "commas are the decimal mark"]),
    ("words.csv", '"Date","Value"\n"December 31, 2019","3"\n"December 31, 2020","8"\n"December 31, 2021","15"\n', {}, DAYS, [3, 8, 15],
     ["dates such as December 31, 2019 are read as 2019-12-31"]),
    ("clock.csv", "date,value\n2019-12-31T00:00:00,3\n2020-12-31T00:00:00,8\n2021-12-31T00:00:00,15\n", {}, DAYS, [3, 8, 15],
     ["times of day are left out"]),
    ("signs.csv", "year,adoption\n2019,3.1%\n2020,8.0%\n2021,42.4%\n", {}, DAYS, [3.1, 8, 42.4],
     ["year is the date, adoption is the value", YEARS, "percent signs: the unit is percent"]),
    ("thousands.csv", 'year,users\n2019,"1,200,000"\n2020,"2,400,000"\n2021,"9,400,000"\n', {}, DAYS, [1.2e6, 2.4e6, 9.4e6],
     ["year is the date, users is the value", YEARS, "commas part thousands"]),
    ("german.csv", "Jahr;Nutzer (Millionen)\n2019;1.200,5\n2020;2.400,5\n2021;9.400,0\n", {}, DAYS, [1200.5, 2400.5, 9400],
     ["fields are separated by ';'", "Jahr is the date, Nutzer (Millionen) is the value", YEARS, "commas are the decimal mark", "the unit is million Nutzer, as the column Nutzer (Millionen) says"]),
    ("french.csv", "année;valeur\n2019;1\u202f200\n2020;2\u202f400\n2021;9\u202f400\n", {}, DAYS, [1200, 2400, 9400],
     ["fields are separated by ';'", "année is the date, valeur is the value", YEARS, "blanks that part thousands, and digits of other scripts, are read as a plain number"]),
    ("chinese.csv", "年份,数值\n２０１９,３\n2020,8\n2021,15\n", {}, DAYS, [3, 8, 15],
     ["年份 is the date, 数值 is the value", YEARS, "blanks that part thousands, and digits of other scripts, are read as a plain number"]),
    ("millions.csv", "Year,Users (million)\n2019,0.3\n2020,0.8\n2021,0.95\n", {}, DAYS, [0.3, 0.8, 0.95],
     ["Year is the date, Users (million) is the value", YEARS, "the unit is million users, as the column Users (million) says"]),
    ("scaled.csv", "year,users\n2019,1.2M\n2020,2.4 million\n2021,1.05 bn\n", {}, DAYS, [1.2e6, 2.4e6, 1.05e9],
     ["year is the date, users is the value", YEARS, "figures such as 1.2M are read as 1.2 million"]),
    ("japanese.csv", "年,普及率（%）\n2019年,12\n2020年,15\n2021年,22\n", {}, DAYS, [12, 15, 22],
     ["年 is the date, 普及率（%） is the value", YEARS, "the unit is percent, as the column 普及率（%） says"]),
    ("same.csv", "date,value\n05/05/2019,3\n06/06/2020,8\n07/07/2021,15\n", {}, ["2019-05-05", "2020-06-06", "2021-07-07"], [3, 8, 15],
     ["dates such as 05/05/2019 are read as 2019-05-05"]),
    ("label.csv", "Technology name,2019,2020,2021\nHeat pumps,3,8,15\n", {}, DAYS, [3, 8, 15],
     ["the columns 2019 to 2021 are the dates of the figures in them", "Technology name is the title", YEARS]),
    ("signed.csv", "date,value,unit\n2019-12-31,3 %,% of homes\n2020-12-31,8 %,% of homes\n2021-12-31,15 %,% of homes\n", {}, DAYS, [3, 8, 15], []),
    ("points.csv", "date,value\n2019-12-31,.5\n2020-12-31,8.\n2021-12-31,15\n", {}, DAYS, [0.5, 8, 15], []),
    ("year.csv", "Year,Users (2021)\n2019,3\n2020,8\n2021,15\n", {}, DAYS, [3, 8, 15],
     ["Year is the date, Users (2021) is the value", YEARS]),
    ("holes.csv", "year,value\n2015,..\n2016,..\n2017,..\n2019,3\n2020,8\n2021,15\n", {}, DAYS, [3, 8, 15],
     ["year is the date", YEARS, "3 cells without a figure left out, rows 2 to 4"]),
    ("dated.csv", "date,year,month,value\n2019-12-31,2019,12,3\n2020-12-31,2020,12,8\n2021-12-31,2021,12,15\n", {}, DAYS, [3, 8, 15],
     ["not read: the columns year, month"]),
    ("named.csv", "Year,percent\n2019,0.3\n2020,0.8\n2021,0.9\n", {"unit": "percent"}, DAYS, [0.3, 0.8, 0.9],
     ["Year is the date, percent is the value", YEARS]),
    ("rates.csv", "Year,Adoption percent\n2019,3\n2020,8\n2021,15\n", {}, DAYS, [3, 8, 15],
     ["Year is the date, Adoption percent is the value", YEARS, "the unit is percent, as the column Adoption percent says"]),
    ("change.csv", "Year,% change\n2019,3\n2020,8\n2021,15\n", {"unit": "% change"}, DAYS, [3, 8, 15],
     ["Year is the date, % change is the value", YEARS]),
    ("scientific.csv", "Year,users\n2019,1.2E+06\n2020,2.4E+06\n2021,9.4E+06\n", {}, DAYS, [1.2e6, 2.4e6, 9.4e6],
     ["Year is the date, users is the value", YEARS]),
    ("fractions.csv", "date,value\n2019-12-31,0.031\n2020-12-31,0.08\n2021-12-31,0.155\n", {"unit": "fraction"}, DAYS, [3.1, 8, 15.5],
     ["fractions of 1 are read as percentages, times 100"]),
    ("gaps.csv", "date,value\n2018-12-31,n/a\n2019-12-31,3\n2020-12-31,\n2020-12-31,8\n2021-12-31,15\n", {}, DAYS, [3, 8, 15],
     ["2 cells without a figure left out, rows 2 and 4"]),
    ("tabs.tsv", "Year\tPercent\n2019\t3.1\n2020\t8\n2021\t15.5\n", {}, DAYS, [3.1, 8, 15.5],
     ["fields are separated by tabs", "Year is the date, Percent is the value", YEARS, "the unit is percent, as the column Percent says"]),
    ("unicode.txt", "Year\tvalue\n2019\t3\n2020\t8\n2021\t15\n".encode("utf-16"), {}, DAYS, [3, 8, 15],
     ["the text is read as UTF-16", "fields are separated by tabs", "Year is the date", YEARS]),
    ("excel.csv", "sep=;\r\nYear;value\r\n2019;3\r\n2020;8\r\n2021;15\r\n", {}, DAYS, [3, 8, 15],
     ["fields are separated by ';'", "Year is the date", YEARS]),
    ("packed.csv.gz", gzip.compress(b"date,value\n2019-12-31,3\n2020-12-31,8\n2021-12-31,15\n"), {}, DAYS, [3, 8, 15], []),
    ("book.xlsx", make_book("xlsx", ("Data", THREE)), {}, DAYS, [3.1, 8, 15.5],
     ["Year is the date, Percent is the value", YEARS, "the unit is percent, as the column Percent says"]),
    ("dated.xlsx", make_book("xlsx", ("Data", [["date", "value"], *[[pd.Timestamp(day), 3] for day in DAYS[:1]], [pd.Timestamp(DAYS[1]), 8.5], [pd.Timestamp(DAYS[2]), 15]])), {}, DAYS, [3, 8.5, 15], []),
    ("sheets.xlsx", make_book("xlsx", ("Notes", [["Made by us"]]), ("Data", THREE)), {"sheet": "Data"}, DAYS, [3.1, 8, 15.5],
     ["the sheet Data is read", "Year is the date, Percent is the value", YEARS, "the unit is percent, as the column Percent says"]),
    ("titled.xlsx", make_book("xlsx", ("Data", [["Heat pumps in households", ""], ["", ""], *THREE, ["Source: Office, 2022", ""]])), {}, DAYS, [3.1, 8, 15.5],
     ["row 1, above the header, is not read", "row 7, below the table, is not read: Source: Office, 2022", "Year is the date, Percent is the value", YEARS, "the unit is percent, as the column Percent says"]),
    ("book.ods", make_book("ods", ("Data", THREE)), {}, DAYS, [3.1, 8, 15.5],
     ["Year is the date, Percent is the value", YEARS, "the unit is percent, as the column Percent says"]),
    ("worldbank.csv", '"Data Source","World Development Indicators",\n\n"Last Updated","2024-10-24",\n\n"Country Name","Country Code","Indicator Name","2018","2019","2020","2021",\n"Chad","TCD","Internet use (% of population)","","3","8","15",\n', {}, DAYS, [3, 8, 15],
     ["rows 1 and 3, above the header, are not read", "the columns 2018 to 2021 are the dates of the figures in them", "Country Name is the entity, Indicator Name is the indicator", "not read: the column Country Code", YEARS, "1 cell without a figure left out, row 6", "units are percent of population of Internet use (% of population)", "indicators are named Internet use (% of population) as internet_use_of_population"]),
    ("wide.csv", "date,2019,2020,2021\nvalue,3,8,15\n", {}, DAYS, [3, 8, 15],
     ["the columns 2019 to 2021 are the dates of the figures in them", YEARS]),
    ("owid.csv", "Entity,Code,Year,Share of households (%)\nChad,TCD,2019,3\nChad,TCD,2020,8\nChad,TCD,2021,15\n", {}, DAYS, [3, 8, 15],
     ["Year is the date, Share of households (%) is the value", "not read: the column Code", YEARS, "the unit is percent, as the column Share of households (%) says"]),
    ("pandas.csv", ",users\n2019,3\n2020,8\n2021,15\n", {}, DAYS, [3, 8, 15],
     ["column 1 is the date, users is the value", YEARS]),
    ("counted.csv", ",date,value\n0,2019-12-31,3\n1,2020-12-31,8\n2,2021-12-31,15\n", {}, DAYS, [3, 8, 15], ["not read: the column column 1"]),
    ("parts.csv", "Year,Quarter,value\n2020,1,3\n2020,2,8\n2020,3,15\n", {}, ["2020-03-31", "2020-06-30", "2020-09-30"], [3, 8, 15],
     ["the columns Year and Quarter together are the dates", "quarters are read as the last day of each"]),
    ("parts2.csv", "Year,Month,value\n2020,Jan,3\n2020,Feb,8\n2020,Mar,15\n", {}, ["2020-01-31", "2020-02-29", "2020-03-31"], [3, 8, 15],
     ["the columns Year and Month together are the dates", "months are read as the last day of each"]),
    ("one.csv", "year,country,value\n2019,Chad,3\n2019,Mali,4\n2020,Chad,8\n2020,Mali,9\n2021,Chad,15\n", {"entity": "Chad"}, DAYS, [3, 8, 15],
     ["3 of 5 rows are read, with country Chad", "year is the date, country is the entity", YEARS]),
    ("countries.csv", "year,Chad,Mali\n2019,3,4\n2020,8,9\n2021,15,16\n", {"value": "Chad"}, DAYS, [3, 8, 15],
     ["year is the date, Chad is the value", "not read: the column Mali", YEARS]),
]  # fmt: skip


def write(folder, name, content):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def find_values(data):
    """The figures of the one series of own data."""
    [(entity, indicator)] = data.own
    return data.exact_values(entity, indicator)


@pytest.mark.parametrize(
    ("name", "content", "choices", "days", "values", "notes"), UNDERSTOOD, ids=[one[0] for one in UNDERSTOOD]
)
def test_files_as_people_have_them_are_understood(tmp_path, name, content, choices, days, values, notes):
    source = join_choices(write(tmp_path, name, content), choices)
    data = indicators.load(source)
    found = find_values(data)
    assert [f"{day:%Y-%m-%d}" for day in found.index] == days
    assert found.tolist() == pytest.approx(values, rel=1e-12)
    assert data.understood == notes
    # the clean file says the same, and needs no understanding
    indicators.write_clean(source, tmp_path / "clean" / "out.csv")
    clean = indicators.load(tmp_path / "clean" / "out.csv")
    assert find_values(clean).equals(found.rename("out")) or find_values(clean).tolist() == found.tolist()
    assert clean.understood == []
    [(_, indicator)], [(_, again)] = data.own, clean.own
    assert clean.find_entry(again).unit == data.find_entry(indicator).unit


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
