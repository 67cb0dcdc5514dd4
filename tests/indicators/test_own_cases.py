"""Files of one's own: a table of files with options, and the figures or the sentence that they give.

tests/reference/own_files.csv has, for each file, its text, the options, and what is right: the figures as printed, or a
refusal, whose sentence is kept. `python -m pytest --renew` writes the sentences anew.
"""

import csv
import io
import re
import shlex
import zipfile
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path

import openpyxl
import openpyxl.chart
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import call

from adoption_curves import indicators
from adoption_curves.base.project import RunError, Source
from adoption_curves.cli.options import read_source
from adoption_curves.runs.check_series import check_parameters, list_notes, refuse_doubtful
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.sweep import read_sweep

pytestmark = pytest.mark.usefixtures("small_project")

TABLE = Path(__file__).parents[1] / "reference" / "own_files.csv"
CASES = list(csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8"))))
PLAIN = [case for case in CASES if case["case"].startswith("plain: ")]
TODAY = f"{datetime.now().astimezone():%Y-%m-%d}"
LEVEL = {"unit": "people", "measure": "level"}


def make_book(rows, formats=(), **sheets):
    """A workbook of these rows, with formats of its columns, and further sheets."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for row in book.active.iter_rows(min_row=2):
        for cell, code in zip(row, formats, strict=False):
            cell.number_format = code
    for name, more in sheets.items():
        book.create_sheet(name).append(more)
    return book


def save(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def write(folder, case):
    name, _, encoding = case["file"].partition(":")
    text = case["text"].replace("\\n", "\n")
    rows = [
        [
            float(cell) if re.fullmatch(r"\d+(\.\d+)?", cell) and row[0] != "Country Name" else cell or None
            for cell in row
        ]
        for row in csv.reader(io.StringIO(text))
    ]
    raw = save(make_book(rows)) if name.endswith(".xlsx") else text.encode(encoding or "utf-8")
    (folder / name).write_bytes(raw)
    return folder / name


def read_options(words):
    """Options that say how a file is read, as lists by name, without parameters."""
    found, words = {}, iter(words)
    for word in words:
        if word == "-p":
            next(words)
            next(words)
        else:
            found.setdefault(word[2:], []).append(next(words))
    return found


def read_figures(path, words):
    data = indicators.load(read_source(str(path), read_options(words)))
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


def test_of_thirty_plain_files_most_run_with_what_one_check_has_written(tmp_path, capsys):
    """The command of a bare check, with the words that only the user knows."""
    right = 0
    for case in PLAIN:
        path, known = write(tmp_path, case), read_options(shlex.split(case["options"]))
        words = shlex.split(call(capsys, "check", path)[1].splitlines()[-1])
        assert words[:3] == ["adoption", "check", str(path)]
        for place in range(4, len(words), 2):
            if words[place].endswith("..."):
                words[place] = known[words[place - 1][2:]][0]
        code, out, _ = call(capsys, *words[1:])
        if code == 0:
            figures = [float(part) for part in case["right"].split()]
            assert read_figures(path, words[3:]) == figures
            command = shlex.split(out.splitlines()[-1])
            right += command[:2] == ["adoption", "run"] or "no run: " in out
    assert right >= 26


@pytest.mark.parametrize("case", [case for case in CASES if case["right"] != "refused"], ids=lambda case: case["case"])
def test_no_figure_stands_without_heading_name_and_constants(tmp_path, case):
    """Every text that is the same in the rows of the figures is in the first sentence, as it stands in the file."""
    words = shlex.split(case["options"])
    data = indicators.load(read_source(str(write(tmp_path, case)), read_options(words)))
    named = [text.partition("=")[2] for text in read_options(words).get("where", [])]
    heading = next((value for value in read_options(words).get("value", [])), "")
    first = case["text"].partition("\\n")[0]
    alone = first.split(",") if first.count(",") == 1 and "--rows" not in words else [heading]
    for text in [*named, *alone]:
        assert text.strip('"') in data.printed(), data.printed()


# ---- sheets


YEARS = [["Year", "Users"], [2021, 1.125], [2022, 2.25], [2023, 1234.5]]
DAYS = [["Day", "Users"], *([datetime(2021 + place, 3, 1), 10 + place] for place in range(3))]  # noqa: DTZ001
SHARES = [["Year", "Users", "Change"], [2021, 10, 0.5], [2022, 15, 0.5], [2023, 30, 0.25]]


def change(book, **changes):
    """The same workbook with a hidden row, column or sheet, merged cells, or a chart sheet."""
    sheet = book.active
    if "row" in changes:
        sheet.row_dimensions[changes["row"]].hidden = True
    if "column" in changes:
        sheet.column_dimensions[changes["column"]].hidden = True
    if "merged" in changes:
        sheet.merge_cells(changes["merged"])
    if "hidden" in changes:
        book[changes["hidden"]].sheet_state = "hidden"
    if "chart" in changes:
        book.create_chartsheet(changes["chart"], 0).add_chart(openpyxl.chart.BarChart())
    return save(book)


SHEETS = [
    (save(make_book(YEARS)), {}, [1.125, 2.25, 1234.5]),
    (save(make_book(DAYS, ["yyyy-mm-dd"])), {}, [10, 11, 12]),
    (save(make_book(SHARES, ["0", "0", "0%"])), {"value": "Users", "ignore": "Change"}, [10, 15, 30]),
    (save(make_book(SHARES, ["0", "0", "0%"])), {"value": "Change", "ignore": "Users", "unit": "%"}, [50, 50, 25]),
    (save(make_book(YEARS, ["0", "#,##0.0"])), {}, [1.1, 2.2, 1234.5]),
    (save(make_book(YEARS, Notes=["Made", "by us"])), {"sheet": "Sheet"}, [1.125, 2.25, 1234.5]),
    (change(make_book(YEARS, Notes=["Made", "by us"]), hidden="Notes", chart="Chart"), {}, [1.125, 2.25, 1234.5]),
    (change(make_book([["Our users", None], *YEARS]), merged="A1:B1"), {"rows": "2:"}, [1.125, 2.25, 1234.5]),
    (save(make_book(YEARS, More=[2021, 3])), {}, "has the sheets More, Sheet; write --sheet and one of them"),
    (change(make_book(YEARS), merged="A2:A3"), {}, "row 2: has merged cells, A2:A3"),
    (change(make_book(YEARS), row=3), {}, "row 3: is hidden"),
    (change(make_book(YEARS), column="B"), {}, "hides the column B"),
    (change(make_book(YEARS, Old=[1]), hidden="Old"), {"sheet": "Old"}, "is hidden or empty; there is: Sheet"),
    (save(make_book(YEARS, ["0", '0.0" million"'])), {}, "is another number than the cell shows"),
    (save(make_book(YEARS, ["0", "#,##0,"])), {}, "is another number than the cell shows"),
    (save(make_book(YEARS, ["0", '[<1000]0;0.0,"K"'])), {}, "is another number than the cell shows"),
    (save(make_book(DAYS, ["yyyy"])), {}, "shown as 'yyyy'"),
    (save(make_book(DAYS, ["mmm-yy"])), {}, "shown as 'mmm-yy'"),
    (save(make_book([*YEARS, [2024, "=B4*2"]])), {}, "is a formula without a result; open the file"),
    (save(make_book([["Land", "Year", "Users"], ["A", 2021, 1], [None, 2022, 2], ["B", 2022, 3]])),
     {"where": "Land=A"}, "is empty beside other names; write the name in each row"),
    (save(make_book(YEARS))[:900], {}, "cannot be read as a spreadsheet"),
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
    far.active.cell(200, 16_000, 1)
    far.save(tmp_path / "far.xlsx")
    with zipfile.ZipFile(tmp_path / "huge.xlsx", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"x" * 50_000_001)
    with zipfile.ZipFile(tmp_path / "open.xlsx", "w") as archive:
        archive.writestr("content.xml", "")
    for name, words in (("far", "2,000,000 cells"), ("huge", "50,000,000 bytes"), ("open", "save it as .xlsx")):
        with pytest.raises(indicators.DataError, match=words):
            indicators.load(tmp_path / f"{name}.xlsx")


# ---- forms


DATES = ["%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d", "%d-%b-%Y", "%Y年%m月%d日"]


@settings(max_examples=10, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_a_series_comes_back_from_every_written_form(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("form") / "form.csv"
    values = data.draw(st.lists(st.integers(1, 10**9).map(lambda one: one / 100), min_size=3, max_size=8))
    days = pd.date_range(data.draw(st.dates(datetime(1900, 1, 1).date(), datetime(2015, 1, 1).date())),  # noqa: DTZ001
                         periods=len(values), freq="397D")  # fmt: skip
    decimal, form = data.draw(st.sampled_from(".,")), data.draw(st.sampled_from(DATES))
    numbers = [data.draw(st.sampled_from(["{:.2f}", "{:,.2f}"])).format(value) for value in values]
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
    out = call(capsys, "check", path, "--unit", "% of homes", "--measure", "level")[1]
    assert ("The forecast of f leaves out figures nearer than 0.4 years to the next." in out) == said, out


def test_every_command_refuses_alike(tmp_path, capsys):
    path, grid = tmp_path / "f.csv", tmp_path / "grid.yaml"
    path.write_text("Year,Users\n2020,12\n2021,19\n2022,31\n", encoding="utf-8")
    grid.write_text(f"parameters: {{data: {path}}}\ngrid: {{horizon_years: [2, 3]}}\n", encoding="utf-8")
    for words in (["check", path], ["run", "-p", "data", path], ["sweep", grid]):
        code, out, err = call(capsys, *words)
        assert code != 0
        assert 'what is the unit of "Users" as printed? Write it: --unit' in out + err


@pytest.mark.parametrize("choices", [{"unit": "% of homes"}, {"unit": "people, 65+ & over"}, {"ignore": ("a", "b=c")}])
def test_options_come_through_the_parameter(tmp_path, choices):
    source = str(Source(tmp_path / "f.csv", LEVEL | choices))
    assert Source.read(source).choices == LEVEL | choices


def test_a_sweep_varies_the_rows_that_are_picked(tmp_path):
    lands = ("Chad", 3), ("Mali", 9)
    rows = "".join(f"{land},{2015 + year},{start + year}\n" for land, start in lands for year in range(5))
    (tmp_path / "lands.csv").write_text(f"Land,Year,Users\n{rows}", encoding="utf-8")
    grid = tmp_path / "grid.yaml"
    data = f"{tmp_path}/lands.csv?unit=people&measure=level"
    grid.write_text(f'parameters: {{data: "{data}"}}\ngrid: {{where: [Land=Chad, Land=Mali]}}\n', encoding="utf-8")
    assert [(run.run, run.entity) for run in read_sweep(grid).runs] == [("Chad", "Chad"), ("Mali", "Mali")]


@pytest.mark.parametrize(("newest", "wrong"), [(44, False), (4.4, True), (440, True), (100, True)])
def test_a_newest_figure_that_may_have_slipped_is_told_and_refused_by_strict(tmp_path, newest, wrong):
    path = tmp_path / "slip.csv"
    path.write_text(f"Year,Users\n2019,20\n2020,25\n2021,31\n2022,38\n2023,{newest}\n", encoding="utf-8")
    chosen = complete_parameters(read_parameters({"data": f"{path}?unit=people&measure=level"}))
    data = check_parameters(chosen)
    assert ("Is the newest figure, " in "\n".join(list_notes(data, chosen))) == wrong
    with pytest.raises(RunError, match="--strict refuses") if wrong else nullcontext():
        refuse_doubtful(data, chosen, tmp_path / "no run")
