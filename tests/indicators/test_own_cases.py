"""Files of one's own: a table of files with options, and the values, or the row, column and option of a refusal.

tests/reference/own_files.csv has a file in each row. A cell of a spreadsheet is written as in `make_cell`.
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
import pandas as pd
import pytest
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from processes import call

from adoption_curves import indicators
from adoption_curves.base.columns import CHOICES
from adoption_curves.base.project import RunError, Source
from adoption_curves.cli.options import read_source
from adoption_curves.runs.check_series import check_parameters, list_notes, raise_for_doubtful
from adoption_curves.runs.parameters import complete_parameters, read_parameters
from adoption_curves.runs.sweep import read_sweep

pytestmark = pytest.mark.usefixtures("small_project")

TABLE = Path(__file__).parents[1] / "reference" / "own_files.csv"
CASES = list(csv.DictReader(io.StringIO(TABLE.read_text(encoding="utf-8"))))
READ, REFUSED = ([case for case in CASES if (case["right"] == "refused") == is_refused] for is_refused in (False, True))
LEVEL = {"unit": "people", "measure": "level"}


def make_cell(text):
    """Value and format of a spreadsheet's cell: 0.125|0% has a format, '1.250 is a text, 15.2^1 has a raised 1."""
    text, _, code = text.partition("|")
    if "^" in text:
        plain, _, raised = text.partition("^")
        return CellRichText(plain, TextBlock(InlineFont(vertAlign="superscript"), raised)), "General"
    if re.fullmatch(r"\d{4}-\d\d-\d\d", text) and code:
        return datetime.fromisoformat(text), code
    return (float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else text.removeprefix("'") or None), code or "General"


def write(folder, case, edit=""):
    """Write the file of a case, perhaps with one text replaced by another."""
    name, _, encoding = case["file"].partition(":")
    old, _, new = edit.partition(" => ")
    text = case["text"].replace(old, new).replace("\\n", "\n").replace("\\r", "\r")
    if name.endswith(".xlsx"):
        book = openpyxl.Workbook()
        for row, line in enumerate(csv.reader(io.StringIO(text)), 1):
            for column, cell in enumerate(line, 1):
                place = book.active.cell(row, column)
                place.value, place.number_format = make_cell(cell)
        book.save(folder / name)
    else:
        (folder / name).write_bytes(text.encode(encoding or "utf-8"))
    return folder / name


def read_options(words):
    """Options that say how a file is read, as lists by name, without parameters."""
    options, words = {}, iter(words)
    for word in words:
        if word == "-p":
            next(words)
            next(words)
        else:
            options.setdefault(word[2:], []).append(next(words))
    return options


def read_values(path, options):
    data = indicators.load(read_source(str(path), options))
    return pd.concat([data.exact_values(*pair) for pair in data.own])


@pytest.mark.parametrize("case", READ, ids=lambda case: case["case"])
def test_a_file_gives_its_values_and_the_words_beside_them(tmp_path, capsys, case):
    """The last line of `check` runs; names that pick rows and the only headings are in the first note."""
    path, words = write(tmp_path, case), shlex.split(case["options"])
    code, out, _ = call(capsys, "check", path, *words)
    values, _, days = case["right"].partition(" from ")
    read = read_values(path, read_options(words))
    assert (code, read.tolist()) == (0, [*map(float, values.split())]), out
    if days:
        assert f"{read.index[0]:%Y-%m-%d} to {read.index[-1]:%Y-%m-%d}" == days
    assert "".join(out.splitlines()).isprintable(), "a control character reached the terminal"
    last = out.splitlines()[-1]
    assert last.startswith(("adoption run ", "no run: ")), out
    if last.startswith("adoption run "):
        assert read_options(shlex.split(last)[6:]) == read_options(words)
    named = [text.partition("=")[2] for text in read_options(words).get("where", [])]
    first = case["text"].partition("\\n")[0]
    alone = first.split(",") if first.count(",") == 1 and "--rows" not in words and "{" not in case["options"] else []
    printed = indicators.load(read_source(str(path), read_options(words))).printed()
    assert all(text.strip('"') in printed for text in named + alone), printed


@pytest.mark.parametrize("case", REFUSED, ids=lambda case: case["case"])
def test_a_file_is_refused_and_what_the_refusal_names_helps(tmp_path, capsys, case):
    """Row, column and options are named; each option and edit leads to the values, or to another sentence."""
    path, words = write(tmp_path, case), shlex.split(case["options"])
    code, out, _ = call(capsys, "check", path, *words)
    assert code == 1
    assert "..." not in re.sub(r"'[^']*'", "", out), "no place to fill in"
    named = [f"row {case['row']}"] if case["row"] else []
    named += [f"column {case['column']}"] if case["column"] else []
    assert all(name in out for name in [*named, *case["option"].split()]), out
    for line in out.splitlines():
        for part in re.split(r",? or (?=--|pick|leave)", line):
            pairs = re.findall(rf"--({'|'.join(CHOICES)}) ('[^']*'|[^\s,;)]+)", part)
            more = [word for name, text in pairs for word in (f"--{name}", *shlex.split(text))]
            if pairs and "and the column" not in part:
                kept = {name: texts for name, texts in read_options(words).items() if name not in dict(pairs)}
                again = [word for name, texts in kept.items() for text in texts for word in (f"--{name}", text)]
                assert call(capsys, "check", path, *again, *more)[1] != out, more
    if case["edit"]:
        assert call(capsys, "check", write(tmp_path, case, case["edit"]), *words)[1] != out


# ---- sheets


def make_book(**sheets):
    book = openpyxl.Workbook()
    for row in [["Year", "Users"], [2021, 1.125], [2022, 2.25], [2023, 1234.5]]:
        book.active.append(row)
    for name, rows in sheets.items():
        for row in rows:
            (book[name] if name in book.sheetnames else book.create_sheet(name)).append(row)
    return book


def save(book, **changes):
    """The content of a workbook with a hidden row, column or sheet, or another file in its archive."""
    if "row" in changes:
        book.active.row_dimensions[changes["row"]].hidden = True
    if "sheet" in changes:
        book[changes["sheet"]].sheet_state = "hidden"
    if "column" in changes:
        book.active.column_dimensions[changes["column"]].hidden = True
    file = io.BytesIO()
    book.save(file)
    if "part" in changes:
        with zipfile.ZipFile(file, "a") as archive:
            archive.writestr(*changes["part"])
    if "width" not in changes:
        return file.getvalue()
    columns = f'<cols><col min="2" max="2" width="{changes["width"]}" customWidth="1"/></cols><sheetData>'
    drawn = io.BytesIO()  # openpyxl writes no width of 0, as a spreadsheet does for a column that is drawn shut
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(drawn, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).decode().replace("<sheetData>", columns))
    return drawn.getvalue()


NOTES, MORE = [["Made", "by us"], ["in", "2024"]], [["Year", "Users"], [2021, 3]]
SHEETS = [
    (save(make_book(Notes=NOTES)), {}, ""),
    (save(make_book(More=MORE), sheet="More"), {}, ""),
    (save(make_book(More=MORE)), {"sheet": "Sheet"}, ""),
    (save(make_book(More=MORE)), {}, "has the sheets More, Sheet; write --sheet and one of them"),
    (save(make_book(More=MORE), sheet="More"), {"sheet": "More"}, "has the sheets Sheet; write --sheet"),
    (save(make_book(), row=3), {}, "hides the row or column 3"),
    (save(make_book(), column="B"), {}, "hides the row or column B"),
    (save(make_book(), width=0), {}, "hides the row or column B"),
    (save(make_book(), width=20), {}, ""),
    (save(make_book(Sheet=[[2024, "=B4*2"]])), {}, "row 5, column Users: '=B4*2' is a formula without a result"),
    (save(make_book(), part=("content.xml", "")), {}, "is an .ods spreadsheet; save it as .xlsx"),
    (save(make_book(), part=("xl/x.xml", "<!DOCTYPE a [<!ENTITY b 'c'>]>")), {}, "has a DOCTYPE"),
    (save(make_book(), part=("xl/x.bin", b"x" * 50_000_001)), {}, "50,000,000 bytes"),
    (save(make_book(Far=[[1]] * 200 + [[1] * 16_000])), {}, "2,000,000 cells"),
    (save(make_book())[:900], {}, "cannot be read as a spreadsheet"),
    (save(make_book()), {"encoding": "gbk"}, "--encoding: 'gbk' says nothing of book.xlsx"),
    (b"\xd0\xcf\x11\xe0" + bytes(600), {}, "is a spreadsheet, not CSV"),
]


@pytest.mark.parametrize(("content", "choices", "words"), SHEETS, ids=range(len(SHEETS)))
def test_books_of_one_table_are_read_and_others_refused(tmp_path, content, choices, words):
    path = tmp_path / "book.xlsx"
    path.write_bytes(content)
    with pytest.raises(indicators.DataError, match=re.escape(words)) if words else nullcontext():
        data = indicators.load(Source(path, LEVEL | choices))
        assert data.exact_values(*data.own[0]).tolist() == [1.125, 2.25, 1234.5]


# ---- forms


@pytest.mark.parametrize(
    ("days", "is_printed"), [(range(0, 1000, 31), True), (range(0, 300, 31), False), (range(4), False)]
)
def test_a_line_says_which_of_near_figures_the_forecast_uses(tmp_path, capsys, days, is_printed):
    """Not of a few months, of which it uses nearer ones; four years are all used."""
    path, step = tmp_path / "f.csv", 366 if len(days) == 4 else 1
    dates = pd.Timestamp("2020-01-31") + pd.to_timedelta([step * day for day in days], "D")
    rows = [f"{date:%Y-%m-%d},{number + 10}" for number, date in enumerate(dates)]
    path.write_text("\n".join(["date,value", *rows]), encoding="utf-8")
    out = call(capsys, "check", path, "--unit", "% of homes", "--measure", "level")[1]
    assert ("The forecast of f leaves out values nearer than 0.4 years to the next." in out) == is_printed, out


@pytest.mark.parametrize("choices", [{"unit": "% of homes"}, {"unit": "people, 65+ & over"}, {"ignore": ("a", "b=c")}])
def test_options_come_through_the_parameter(tmp_path, choices):
    source = str(Source(tmp_path / "f.csv", LEVEL | choices))
    assert Source.read(source).choices == LEVEL | choices


def test_an_option_that_is_gone_is_answered_with_what_to_write(tmp_path, capsys):
    path = tmp_path / "f.csv"
    path.write_text("Year,Month,Users\n2020,6,12\n2021,6,19\n", encoding="utf-8")
    for words in (
        ["check", path, "--part", "Month"],
        ["check", f"{path}?part=Month"],
        ["run", "-p", "data", f"{path}?part=Month"],
    ):
        _, out, err = call(capsys, *words)
        assert "was removed in 3.0; write --date '{Year}-{Month}'" in out + err


def test_a_flag_b_begins_a_new_series(tmp_path):
    path = tmp_path / "f.csv"
    path.write_text("Year,Users\n2020,12\n2021,19 b\n2022,31\n2023,40 p\n", encoding="utf-8")
    series = indicators.load(Source(path, LEVEL | {"flags": "bp"})).series("own data", "f")
    assert (series.values.tolist(), series.earlier.tolist()) == ([19, 31, 40], [12])


def test_a_sweep_varies_the_rows_that_are_picked(tmp_path):
    lands = ("Chad", 3), ("Mali", 9)
    rows = "".join(f"{land},{2015 + year},{start + year}\n" for land, start in lands for year in range(5))
    (tmp_path / "lands.csv").write_text(f"Land,Year,Users\n{rows}", encoding="utf-8")
    grid = tmp_path / "grid.yaml"
    data = f"{tmp_path}/lands.csv?unit=people&measure=level"
    grid.write_text(f'parameters: {{data: "{data}"}}\ngrid: {{where: [Land=Chad, Land=Mali]}}\n', encoding="utf-8")
    assert [(run.run, run.entity) for run in read_sweep(grid).runs] == [("Chad", "Chad"), ("Mali", "Mali")]


@pytest.mark.parametrize(("newest", "wrong"), [(44, False), (4.4, True), (440, True), (100, True)])
def test_a_newest_value_that_may_have_slipped_is_told_and_refused_by_strict(tmp_path, newest, wrong):
    path = tmp_path / "slip.csv"
    path.write_text(f"Year,Users\n2019,20\n2020,25\n2021,31\n2022,38\n2023,{newest}\n", encoding="utf-8")
    parameters = complete_parameters(read_parameters({"data": f"{path}?unit=people&measure=level"}))
    data = check_parameters(parameters)
    assert ("Is the newest value, " in "\n".join(list_notes(data, parameters))) == wrong
    with pytest.raises(RunError, match="--strict refuses") if wrong else nullcontext():
        raise_for_doubtful(data, parameters, tmp_path / "no run")
