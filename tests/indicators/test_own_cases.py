"""Files of one's own: a table of files with options, and the figures or the sentence that they give.

tests/reference/own_files.csv has, for each file, its text, the options, and what is right: the figures as printed, or a
refusal, whose sentence is kept. `python -m pytest --renew -n 0` writes the sentences anew.
"""

import csv
import io
import re
import shlex
import zipfile
from collections import Counter
from datetime import datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import Source
from adoption_curves.indicators.scales import measure_scale, read_meaning

pytestmark = pytest.mark.usefixtures("small_project")

TABLE = Path(__file__).parents[1] / "reference" / "own_files.csv"
CASES = list(csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8"))))
TODAY = f"{datetime.now().astimezone():%Y-%m-%d}"
OPTION = r"""(?:--\w+|-p bound) (?:"[^"]*"|'[^']*'|[^\s;,]+)(?: --measure level)?"""
"""An option in a sentence, with its value."""
LEVEL = {"unit": "people", "measure": "level"}


def write(folder, case):
    name, _, encoding = case["file"].partition(":")
    path = folder / name
    path.write_bytes(case["text"].replace("\\r", "\r").replace("\\n", "\n").encode(encoding or "utf-8"))
    return path


def read_options(words):
    """Options that say how a file is read, without parameters."""
    words = iter(words)
    return {word[2:]: next(words) for word in words if word.startswith("--") or not [next(words), next(words)]}


def read_figures(path, words):
    data = indicators.load(Source(path, read_options(words)))
    assert len(data.own) <= 2
    return [value for pair in data.own for value in data.exact_values(*pair)]


@pytest.mark.parametrize("case", CASES, ids=[case["case"] for case in CASES])
def test_a_file_gives_its_figures_or_one_sentence(tmp_path, capsys, case):
    path, words = write(tmp_path, case), shlex.split(case["options"])
    code, out, _ = call(capsys, "check", path, *words)
    if case["right"] == "refused":
        assert (code, out.splitlines()[0].replace(TODAY, "TODAY")) == (1, case["sentence"])
    else:
        assert (code, read_figures(path, words)) == (0, [float(part) for part in case["right"].split()]), out


def test_sentences_are_kept(tmp_path, capsys, renew):
    if renew:
        for case in (case for case in CASES if case["right"] == "refused"):
            out = call(capsys, "check", write(tmp_path, case), *shlex.split(case["options"]))[1]
            case["sentence"] = out.splitlines()[0].replace(TODAY, "TODAY")
        file = io.StringIO()
        writer = csv.DictWriter(file, CASES[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(CASES)
        TABLE.write_text(file.getvalue(), encoding="utf-8")
    assert all((case["right"] == "refused") == (case["sentence"] != "") for case in CASES)


# ---- doing what a sentence says

OFFERED = [(case, option) for case in CASES for option in re.findall(OPTION, case["sentence"])]


def put_in(words, option):
    """Options with another, or with another value of one."""
    given = shlex.split(option)
    name, more = (given[:2], given[2:]) if given[0] == "-p" else (given[:1], given[1:])
    kept = list(words)
    for key in (name[0], "--measure") if "--measure" in more and name[0] != "-p" else (name[0],):
        if key in kept:
            del kept[kept.index(key) : kept.index(key) + 2]
    return [*kept, *name, *more]


@pytest.mark.parametrize(("case", "option"), OFFERED, ids=[f"{case['case']}: {option}" for case, option in OFFERED])
def test_each_option_in_a_sentence_works_on_its_file(tmp_path, capsys, case, option):
    """One option, or after it one more for what it says anew; and no figure is other than printed."""
    if "totals so far" in case["sentence"]:  # it says to write these
        heading, *lines = case["text"].split("\\n")[:-1]
        parts, totals = [line.split(",") for line in lines], Counter()
        for part in parts:
            *name, figure = part[1:]
            totals[*name,] += int(figure)
            part[-1] = str(totals[*name,])
        case = case | {"text": "\\n".join([heading, *map(",".join, parts), ""])}
    path, words = write(tmp_path, case), put_in(shlex.split(case["options"]), option)
    for _ in range(2):
        code, out, _ = call(capsys, "check", path, *words)
        offered = re.findall(OPTION, out)
        if code == 0 or not offered:
            break
        words = put_in(words, offered[0])
    assert code == 0, out
    plain = re.sub(r"(?<=\d)[.,](?=\d{3})", "", case["text"])
    for figure in read_figures(path, words):
        texts = f"{figure:.10g}", f"{figure:.10g}".replace(".", ","), f"{figure:.3f}"
        assert any(text in whole for text in texts for whole in (case["text"], plain)), figure


# ---- sheets


def make_book(*rows, formats=(), **sheets):
    """An .xlsx of these rows, with formats of its columns, and further sheets."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for row in book.active.iter_rows(min_row=2):
        for cell, code in zip(row, formats, strict=False):
            cell.number_format = code
    for name, more in sheets.items():
        book.create_sheet(name).append(more)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


YEARS = [["Year", "Users"], [2021, 1.125], [2022, 2.25], [2023, 1234.5]]
DAYS = [["Day", "Users"], *([datetime(2021 + place, 3, 1), 10 + place] for place in range(3))]  # noqa: DTZ001
SHARES = [["Year", "Users", "Change"], [2021, 10, 0.5], [2022, 15, 0.5], [2023, 30, 1]]
SHEETS = [
    (make_book(*YEARS), {}, [1.125, 2.25, 1234.5]),
    (make_book(*DAYS), {}, [10, 11, 12]),
    (make_book(["Users of the app", None], [None, None], *YEARS, ["Source: us", None]), {}, [1.125, 2.25, 1234.5]),
    (make_book(*SHARES, formats=["0", "0", "0%"]), {"value": "Users"}, [10, 15, 30]),
    (make_book(*YEARS, Notes=["Made", "by us"]), {"sheet": "Sheet"}, [1.125, 2.25, 1234.5]),
    (make_book(*YEARS, Notes=["Made", "by us"]), {}, [1.125, 2.25, 1234.5]),
    (make_book(*YEARS, More=[2021, 3]), {}, "has the sheets More, Sheet; write --sheet and one of them"),
    (make_book(*SHARES, formats=["0", "0", "0%"]), {"value": "Change"}, "is another number than the cell shows"),
    (make_book(*YEARS, formats=["0", "#,##0,"]), {}, "is another number than the cell shows"),
    (make_book(*YEARS, [2024, "=B4*2"]), {}, "has a formula without a result in B5; open it in a spreadsheet and save"),
    (make_book(["Land", "Year", "Users"], ["A", 2021, 1], [None, 2022, 2], [None, 2023, 3]), {"entity": "Land"},
     "is empty beside other names; write the name in each row"),
    (make_book(*YEARS)[:900], {}, "cannot be read as a spreadsheet"),
    (b"\xd0\xcf\x11\xe0" + bytes(600), {}, "save it as .xlsx or CSV"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "choices", "right"), SHEETS, ids=range(len(SHEETS)))
def test_sheets(tmp_path, content, choices, right):
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    if isinstance(right, str):
        with pytest.raises(indicators.DataError, match=re.escape(right)):
            indicators.load(Source(path, LEVEL | choices))
        return
    data = indicators.load(Source(path, LEVEL | choices))
    found = data.exact_values(*data.own[0])
    assert found.tolist() == right
    assert [f"{day:%m-%d}" for day in found.index] == ["03-01" if content == SHEETS[1][0] else "12-31"] * 3


def test_sheets_that_are_far_too_large_or_of_another_kind(tmp_path):
    far = openpyxl.Workbook()
    for row in range(1, 200):
        far.active.cell(row, 16_000, 1)
    far.save(tmp_path / "far.xlsx")
    with zipfile.ZipFile(tmp_path / "huge.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"x" * 50_000_001)
    with zipfile.ZipFile(tmp_path / "open.xlsx", "w") as archive:
        archive.writestr("content.xml", "")
    for name, words in (
        ("far", "more than 2,000,000 cells"),
        ("huge", "50,000,000 bytes"),
        ("open", "save it as .xlsx"),
    ):
        with pytest.raises(indicators.DataError, match=words):
            indicators.load(tmp_path / f"{name}.xlsx")


# ---- scales, forms

SCALES = {"100 million": 1e8, "hundreds of thousands": 1e5, "'000": 1e3, "10k": 1e4, "百万": 1e6, "1.5 bn": 1.5e9}


@pytest.mark.parametrize("words", SCALES)
def test_words_of_scale_are_powers_of_ten(words):
    assert measure_scale(words) == pytest.approx(SCALES[words])
    assert list(read_meaning(f"Users ({words})").scales) == [pytest.approx(SCALES[words])]
    assert not read_meaning(f"Users per {words} people").scales


DATES = ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y", "%Y年%m月%d日"]
MARKS = {".": ("{:.2f}", "{:,.2f}"), ",": ("{:.2f}", "{:,.2f}")}


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_series_comes_back_from_every_written_form(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("form") / "form.csv"
    values = data.draw(st.lists(st.integers(1, 10**9).map(lambda one: one / 100), min_size=3, max_size=8))
    days = pd.date_range(data.draw(st.dates(datetime(1900, 1, 1).date(), datetime(2015, 1, 1).date())),  # noqa: DTZ001
                         periods=len(values), freq="397D")  # fmt: skip
    decimal, form = data.draw(st.sampled_from(sorted(MARKS))), data.draw(st.sampled_from(DATES))
    numbers = [data.draw(st.sampled_from(MARKS[decimal])).format(value) for value in values]
    numbers = [number.translate(str.maketrans(",.", ".,")) if decimal == "," else number for number in numbers]
    rows = [f"{day}\t{number}" for day, number in zip(days.strftime(form), numbers, strict=True)]
    path.write_text("\n".join(["date\tUsers", *rows]), encoding="utf-8")
    read = indicators.load(Source(path, LEVEL))
    found = read.exact_values(*read.own[0])
    assert found.tolist() == pytest.approx(values, rel=1e-12)
    assert found.index.tolist() == days.tolist()


@pytest.mark.parametrize(("days", "said"), [(range(0, 1000, 31), True), (range(0, 300, 31), False), (range(4), False)])
def test_a_line_says_which_of_near_figures_the_forecast_uses(tmp_path, capsys, days, said):
    """Not of a few months, of which it uses nearer ones; four years are all used."""
    path, step = tmp_path / "f.csv", 366 if len(days) == 4 else 1
    dates = pd.Timestamp("2020-01-31") + pd.to_timedelta([step * day for day in days], "D")
    rows = [f"{date:%Y-%m-%d},{number + 10}" for number, date in enumerate(dates)]
    path.write_text("\n".join(["date,value", *rows]), encoding="utf-8")
    out = call(capsys, "check", path, "--unit", "% of homes")[1]
    assert ("The forecast of f uses figures at least 0.4 years apart." in out) == said, out


def test_every_command_refuses_alike(tmp_path, capsys):
    path, grid = tmp_path / "f.csv", tmp_path / "grid.yaml"
    path.write_text("Year,Users\n2020,12\n2021,19\n2022,31\n", encoding="utf-8")
    grid.write_text(f"parameters: {{data: {path}}}\ngrid: {{horizon_years: [2, 3]}}\n", encoding="utf-8")
    for words in (["check", path], ["run", "-p", "data", path], ["sweep", grid]):
        code, out, err = call(capsys, *words)
        assert code != 0
        assert 'what is the unit of the figures as printed? Write it, such as --unit "people"' in out + err


@pytest.mark.parametrize("unit", ["% of homes", "people, 65+ & over", "% + & = ?"])
def test_a_unit_of_signs_comes_through_the_parameter(tmp_path, unit):
    path = tmp_path / "f.csv"
    path.write_text("Year,Users\n2020,12\n2021,19\n2022,31\n", encoding="utf-8")
    source = str(Source(path, {"unit": unit, "measure": "level"}))
    data = indicators.load(source)
    assert data.find_entry("f").unit == unit.replace("%", "percent")
    assert Source.read(source).choices["unit"] == unit
