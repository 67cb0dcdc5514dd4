"""Malformed input of every kind, with the exact message, told by the ways that people use."""

# ruff: noqa: E501  # messages stand whole

import os
import subprocess
import sys
from pathlib import Path

import pytest
from malformed import DATA, GOOD, HEADER, TABLES, THREE, put_column, put_date, put_value, write_folder

from helpers import __main__ as command
from helpers import indicators
from helpers.indicators.cells import explain_cell
from helpers.indicators.tables import read_descriptor
from helpers.parameters import ParameterError, complete_parameters, expected_value, read_parameters
from helpers.quoting import quote
from helpers.runs.checks import check_parameters

ROOT = Path(__file__).parents[1]


pytestmark = pytest.mark.usefixtures("small_project")


def check(capsys, path):
    """Exit code and lines of `adoption check`."""
    code = 0
    try:
        command.main(["check", str(path)])
    except SystemExit as ended:
        code = ended.code or 0
    said = capsys.readouterr()
    assert said.err == ""
    assert said.out.replace("\n", "").isprintable(), "a control character reached the terminal"
    return code, said.out.splitlines()


def write(folder, content, name="own.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


# Own files: content, number of messages, the first message after the file's name

MALFORMED = [
    (GOOD.replace(",", " "), 1, ", row 1: fields are separated by ' '; separate them by commas"),
    (GOOD + "2022-12-31\n", 1, ', row 5: has 1 field where the header has 2; write a comma for each empty one'),
    (GOOD + "2022-12-31;20\n", 1, ", row 5: has 1 field where the header has 2; separate them by commas, not by ';'"),
    (HEADER.replace("\n", ",\n") + THREE.replace("\n", ",x\n", 1), 2, ', row 3: has 2 fields where the header has 3; write a comma for each empty one'),
    (put_value('"20'), 1, ', row 5: is not readable from here on (unexpected end of data); look for a quotation mark that is not closed'),
    (put_value('"20"x'), 1, ', row 5: is not readable from here on (\',\' expected after \'"\'); look for a quotation mark that is not closed'),
    (put_value('2"0'), 1, ', row 5, column value: \'2"0\' is text, not a number; write digits with a point as decimal mark, such as 42.8'),
    (put_value("2\0"), 1, ", row 5, column value: '2\\x00' holds U+0000 (control character), which nobody sees; take it away"),
    (GOOD.encode("utf-16-le"), 1, ": looks like UTF-16; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    (GOOD.encode("utf-32"), 1, ": looks like UTF-16; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    (put_column("entity", "Köln").encode("latin-1"), 1, ", row 2: byte 0xf6 is not UTF-8; looks like Latin-1 ('ö'); save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    (put_column("entity", "北京").encode("gbk"), 1, ", row 2: byte 0xb1 is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    (b"date,value,entity\n2019-12-31,3,\xed\xa0\x80\n", 1, ", row 2: byte 0xed is not UTF-8; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    (b"PK\x03\x04\x14\x00", 1, ': is a spreadsheet that cannot be read (File is not a zip file); save it as CSV UTF-8'),
    (b"\x1f\x8b\x08\x00", 1, ': is a compressed file that cannot be unpacked (Compressed file ended before the end-of-stream marker was reached)'),
    (b"%PDF-1.4\n", 1, ": is a PDF, not CSV; save or export it as 'CSV UTF-8'"),
    ("<!DOCTYPE html><html></html>\n", 1, ": is a page or XML, not CSV; save or export it as 'CSV UTF-8'"),
    ('[{"date": "2019-12-31", "value": 3}]\n', 1, ": is JSON, not CSV; save or export it as 'CSV UTF-8'"),
    (put_value("9" * 1_000_000), 1, ', row 5: is not readable from here on (a cell has more than 131,072 characters); look for a quotation mark that is not closed'),
    (put_value("x" * 100_000), 1, ", row 5, column value: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' (100,000 characters) is text, not a number; write digits with a point as decimal mark, such as 42.8"),
    (put_column("entity", "E" * 200, "e" * 200, "E" * 200), 1, ", row 3, column entity: 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee...eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee' (200 characters) is spelled 'EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE...EEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEEE' (200 characters) elsewhere"),
    (put_value("1,125"), 1, ', row 5: has 3 fields where the header has 2; write 1125 for 1,125'),
    (put_value('"1,125"'), 1, ", row 5, column value: '1,125' may mean 1125 or 1.125; write --decimal . for 1125, --decimal , for 1.125"),
    (put_value("3,5"), 1, ', row 5: has 3 fields where the header has 2; write 3.5 for 3,5'),
    (put_value("1.125 bn"), 1, ", row 5, column value: '1.125 bn' has words or signs beside the number; write 1.125 alone, the unit stands apart"),
    (put_value("20 million"), 1, ", row 5, column value: '20 million' has words or signs beside the number; write 20 alone, the unit stands apart"),
    (put_value("about 20"), 1, ", row 5, column value: 'about 20' is text, not a number; write digits with a point as decimal mark, such as 42.8"),
    (put_value("20 (est.)"), 1, ", row 5, column value: '20 (est.)' has words or signs beside the number; write 20 alone, the unit stands apart"),
    (put_value("$20"), 1, ", row 5, column value: '$20' has words or signs beside the number; write 20 alone, the unit stands apart"),
    (put_value(">20"), 1, ", row 5, column value: '>20' is a bound; write 20, and at_least in the column bound"),
    (put_value("less than 20"), 1, ", row 5, column value: 'less than 20' is a bound; write 20, and at_most in the column bound"),
    (put_value("20-30"), 1, ", row 5, column value: '20-30' is a range; write one number"),
    (put_value("12%"), 1, ", row 5, column value: '12%' has a percent sign; write 12, the unit stands apart"),
    (put_value("-inf"), 1, ", row 5, column value: '-inf' is not a finite number; leave the row out where there is no figure"),
    (put_value("-3"), 1, ", row 5, column value: '-3' is negative; a count or a share is 0 or more"),
    (put_value("\u22123"), 1, ", row 5, column value: '-3' is negative; a count or a share is 0 or more"),
    (put_value("1e400"), 1, ", row 5, column value: '1e400' is not a finite number; leave the row out where there is no figure"),
    (put_value("1e-400"), 1, ", row 5, column value: '1e-400' is nearer to 0 than 1e-12; write it in a smaller unit, or 0"),
    (put_value("1e300"), 1, ", row 5, column value: '1e300' is above 1e+15; write it in a larger unit, such as million persons"),
    (put_value("0x10"), 1, ", row 5, column value: '0x10' is text, not a number; write digits with a point as decimal mark, such as 42.8"),
    (put_value("=1+1"), 1, ", row 5, column value: '=1+1' is a formula; write its result"),
    (put_value("#REF!"), 1, ", row 5, column value: '#REF!' is a spreadsheet's word for an error; write the number, or leave the row out"),
    (put_value('"2\n0"'), 1, ", row 5, column value: '2\\n0' holds a line break; write it on one line"),
    (put_value("2\x1b[31m0"), 1, ", row 5, column value: '2\\x1b[31m0' holds U+001B (control character), which nobody sees; take it away"),
    (put_value("many"), 1, ", row 5, column value: 'many' is text, not a number; write digits with a point as decimal mark, such as 42.8"),
    (put_date("2022-H3"), 1, ", row 5, column date: '2022-H3' is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"),
    (put_date("2022.5"), 1, ", row 5, column date: '2022.5' is a year with decimals; write the day itself as YYYY-MM-DD"),
    (put_date("2025-02-29"), 1, ", row 5, column date: '2025-02-29' is not a day of the calendar; write a day that exists, as YYYY-MM-DD"),
    (put_date("2022-31-12"), 1, ", row 5, column date: '2022-31-12' is not a day of the calendar; write a day that exists, as YYYY-MM-DD; with day and month exchanged it is 2022-12-31"),
    (put_date("9999-12-31"), 1, ", row 5, column date: '9999-12-31' is after 2100-12-31; is the year right?"),
    (put_date("1066-10-14"), 1, ", row 5, column date: '1066-10-14' is before 1800-01-01; is the year right?"),
    (put_date("03/04/2022"), 1, ", row 5, column date: '03/04/2022' may mean 2022-03-04 or 2022-04-03; write --order dmy if it is 2022-04-03, --order mdy if it is 2022-03-04"),
    (put_date("31.12.22"), 1, ", row 5, column date: '31.12.22' has a year of two digits; write all four, as YYYY-MM-DD"),
    (put_date("44926"), 1, ", row 5, column date: '44926' is a spreadsheet's number of a day; write 2022-12-31"),
    (put_date("yesterday"), 1, ", row 5, column date: 'yesterday' is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"),
    (put_date(""), 1, ', row 5, column date: is empty; it needs: Day that the figure refers to, YYYY-MM-DD'),
    (put_date("# the end"), 1, ", row 5, column date: '# the end' is not an ISO date; write YYYY-MM-DD, such as 2025-12-31"),
    (GOOD + "2020-12-31,8\n", 1, ", row 5, column entity, indicator, date, published: 'own data, own, 2020-12-31, 2020-12-31' is already in row 3 (value 8, here 8); keep one of the two"),
    (GOOD + "2020-12-31,9\n", 1, ", row 5, column entity, indicator, date, published: 'own data, own, 2020-12-31, 2020-12-31' is already in row 3 (value 8, here 9); keep one of the two"),
    (GOOD + GOOD, 1, ', row 5: repeats the header; take the line away'),
    (THREE, 1, ', row 1: is a row of figures; the first line must name the columns: date,value'),
    ("", 1, ': is empty; its first line must be date,value'),
    (" \n\n", 1, ': is empty; its first line must be date,value'),
    (HEADER, 1, ', row 1: the table has a header but no rows'),
    ("date,value,value\n2019-12-31,3,3\n", 1, ', row 1, column value: stands twice in the header; keep one'),
    (put_column("unit", "percent", "million persons", "percent"), 1, ", row 3, column unit: 'million persons' is another unit of own than 'percent' in row 2; write one unit for all its rows"),
    (put_column("unit", "fraction"), 1, ", row 2, column unit: 'fraction' is a fraction of 1; write percentages: values times 100, and a unit that begins with percent"),
    (put_column("unit", "share of adults"), 1, ", row 2, column unit: 'share of adults' is a fraction of 1; write percentages: values times 100, and a unit that begins with percent"),
    (put_column("unit", "%").replace(",15,", ",115,"), 1, ", row 4, column value: '115' is a percentage above 100; write a value from 0 to 100"),
    (put_column("unit", "%").replace(",15,", ",0.15,"), 1, ", row 4, column value: '0.15' is about a hundredth of the figure before it, 8 on 2020-12-31; write 15 if it is a fraction"),
    (THREE.join(["date,value\n", "2022-12-31,990\n2023-12-31,1.125\n"]), 1, ", row 6, column value: '1.125' is about a thousandth of the figure before it, 990 on 2022-12-31; write 1125 if the point parts thousands"),
    (put_column("bound", "at_least"), 1, ', column bound: no figure is exact; a curve is fitted to exact ones'),
    (put_column("bound", "20"), 3, ", row 2, column bound: '20' is no exact, at_least or at_most; a known upper bound is a parameter: -p bound 20"),
    (put_column("bound", "exactly"), 3, ", row 2, column bound: 'exactly' is none of exact, at_least, at_most; nearest: exact"),
    (put_column("entity", "Land", "LAND", "Land"), 1, ", row 3, column entity: 'LAND' is spelled 'Land' elsewhere"),
    (put_column("entity", "e\u0301", "\u00e9", "e\u0301"), 1, ", row 3, column entity: 'é' is spelled 'é' elsewhere"),
    (put_column("entity", "Chi\u200bna"), 3, ", row 2, column entity: 'Chi\\u200bna' holds U+200B (zero width space), which nobody sees; take it away"),
    (put_column("entity", "\u202eanihC"), 3, ", row 2, column entity: '\\u202eanihC' holds U+202E (right-to-left override), which nobody sees; take it away"),
    (put_column("entity", "\x1b[31mChina"), 3, ", row 2, column entity: '\\x1b[31mChina' holds U+001B (control character), which nobody sees; take it away"),
    (put_column("entity", '"China\nIndia"'), 3, ", row 2, column entity: 'China\\nIndia' holds a line break; write it on one line"),
    (put_column("entity", '"China\tIndia"'), 3, ", row 2, column entity: 'China\\tIndia' holds a tab; write a blank"),
    (put_column("entity", "K\ufffdln"), 3, ", row 2, column entity: 'K�ln' holds U+FFFD, which stands for a letter that was lost; write the letter"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "count", "message"), MALFORMED, ids=range(len(MALFORMED)))
def test_malformed_files(capsys, tmp_path, content, count, message):
    code, lines = check(capsys, write(tmp_path, content))
    assert (code, len(lines), lines[0]) == (1, count, f"own.csv{message}")
    assert all(line.startswith("own.csv") for line in lines)


# Cells of a folder's tables, which are read as they stand: what is understood in a file is refused there

STRICT = [
    ('value', '1,125', 'has a thousands separator; write 1125'),
    ('value', '12,5', 'has a decimal comma; write 12.5'),
    ('value', '1 125', 'has a thousands separator; write 1125'),
    ('value', '1\u2009125.5', 'has a thousands separator; write 1125.5'),
    ('value', "1'125", 'has a thousands separator; write 1125'),
    ('value', '1.125.000', 'has thousands separators; write 1125000'),
    ('value', '1.125,5', 'has thousands separators and a decimal comma; write 1125.5'),
    ('value', 'n/a', 'is not a finite number; leave the row out where there is no figure'),
    ('value', '-', 'is not a finite number; leave the row out where there is no figure'),
    ('value', '', 'is empty; it needs: The figure as printed, in the unit of the indicator; point as decimal mark, no thousands separator'),
    ('value', 'NaN', 'is not a finite number; leave the row out where there is no figure'),
    ('value', '−3', 'is not written with the digits 0 to 9 and the signs . and -; write -3'),
    ('value', '２０', 'is not written with the digits 0 to 9 and the signs . and -; write 20'),
    ('value', '٢٠', 'is not written with the digits 0 to 9 and the signs . and -; write 20'),
    ('value', '.5', 'has a decimal point without a digit on both sides; write 0.5'),
    ('value', '#N/A', 'is not a finite number; leave the row out where there is no figure'),
    ('value', ' 20', 'has a space before or after it; take it away'),
    ('date', '2022', 'is a whole year; write the day itself as YYYY-MM-DD, such as 2022-12-31'),
    ('date', '2022-06', 'is a whole month; write the day itself as YYYY-MM-DD, such as 2022-06-30'),
    ('date', '2022 Q4', 'is a whole quarter; write the day itself as YYYY-MM-DD, such as 2022-12-31'),
    ('date', '2022-12-31T00:00:00+08:00', 'has a time zone; write the day alone, 2022-12-31'),
    ('date', '2022-12-31 12:30', 'has a time of day; write the day alone, 2022-12-31'),
    ('date', '31/12/2022', 'is not an ISO date; write 2022-12-31'),
    ('date', '03/04/2022', 'may mean 2022-03-04 or 2022-04-03; write the one that it is'),
    ('date', 'Dec 2022', 'is a whole month; write the day itself as YYYY-MM-DD, such as 2022-12-31'),
    ('date', '31 December 2022', 'is not an ISO date; write 2022-12-31'),
    ('date', '２０２２-12-31', 'is not an ISO date; write 2022-12-31'),
]  # fmt: skip


@pytest.mark.parametrize(("name", "cell", "message"), STRICT, ids=range(len(STRICT)))
def test_cells_of_folders_are_read_as_they_stand(name, cell, message):
    [field] = [
        one for one in read_descriptor(DATA / "datapackage.json")["observations"]["fields"] if one["name"] == name
    ]
    assert explain_cell(cell, field) == message


OBSERVATIONS = TABLES["observations"]
STRICT_TABLES = [
    (OBSERVATIONS.replace(",", ";"), ", row 1: fields are separated by ';'; separate them by commas"),
    (OBSERVATIONS.replace(",", ";").replace("20.5", "20,5"), ", row 1: fields are separated by ';'; separate them by commas, and write a point as decimal mark"),
    ("# figures\n" + OBSERVATIONS, ", row 1: names no columns, row 2 does; take the lines above it away"),
    (OBSERVATIONS + "# as counted\n", ", row 9: is a comment, which CSV does not have; take the line away"),
    (OBSERVATIONS.replace("value", "val"), ", row 1, column value: is missing; is it 'val'?; the table needs entity, indicator, date, value, bound, source_id, confidence, note, reported_at"),
    (OBSERVATIONS.replace("\n", ",x\n").replace("reported_at,x", "reported_at,"), ", row 2: 'x' stands in column 10, which has no name in the header; name it, or take the column away"),
    (OBSERVATIONS.splitlines()[0] + "\n", ", row 1: the table has a header but no rows"),
    (THREE, ", row 1: is a row of figures; the first line must name the columns: entity,indicator,date,value,bound,source_id,confidence,note,reported_at"),
    ("land,tool\n", ", row 1, column bound: is missing; the table needs entity, indicator, date, value, bound, source_id, confidence, note, reported_at"),
    (OBSERVATIONS + "Land,persons,2021-12-31,9,exact,report,high,a,b,c\n", ', row 9: has 10 fields where the header has 9; put a text that holds a comma in ""'),
    (OBSERVATIONS.encode("utf-16"), ": looks like UTF-16; save the file as UTF-8 (in a spreadsheet: 'CSV UTF-8')"),
    (b"PK\x03\x04\x14\x00", ": is a spreadsheet or a zip archive, not CSV; save or export it as 'CSV UTF-8'"),
    (b"\x1f\x8b\x08\x00", ": is a compressed file, not CSV; save or export it as 'CSV UTF-8'"),
    ("", ": is empty; its first line must be entity,indicator,date,published,value,bound,standard_error,sample_size,source_id,published_by,vintage,confidence,note,reported_at"),
]  # fmt: skip


@pytest.mark.parametrize(("content", "message"), STRICT_TABLES, ids=range(len(STRICT_TABLES)))
def test_tables_of_folders_are_read_as_they_stand(capsys, tmp_path, content, message):
    code, lines = check(capsys, write_folder(tmp_path, observations=content))
    assert (code, lines[0]) == (1, f"observations.csv{message}")


ACCEPTED = [
    b"\xef\xbb\xbf" + GOOD.encode(),
    GOOD.replace("\n", "\r\n"),
    GOOD.replace("\n", "\r"),
    GOOD.replace("\n", ",\n"),
    GOOD.replace("\n", ",,,\n"),
    GOOD + "\n,\n\n",
    "date,value\n" + "\n".join(reversed(THREE.splitlines())),
    GOOD.replace("8", '"8"'),
    put_column("colour", "red"),
    put_column("row", "7"),
    put_column("\x1b[31mcolour", "red"),
    GOOD.replace("3\n", "3.0e0\n", 1),
    HEADER + THREE.replace("\n", ",\n"),
    GOOD.replace(",", "\t"),
    GOOD.replace(",", "|"),
    GOOD.replace(",3", ", 3"),
    GOOD.encode("utf-16"),
    "Date,Value\n" + THREE,
    "# figures\n" + GOOD,
    GOOD + "# as counted\n",
]  # fmt: skip


@pytest.mark.parametrize("content", ACCEPTED, ids=range(len(ACCEPTED)))
def test_harmless_forms_mean_the_same(tmp_path, content):
    data = indicators.load(write(tmp_path, content))
    assert data.series("own data", "own").values.tolist() == [3, 8, 15]


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", "**x** [y](z)", "$\\frac{1}{2}$", "=1+1", "@x", "می\u200cخواهم"]
)
def test_markup_and_formulas_are_text(tmp_path, text):
    data = indicators.load(write(tmp_path, put_column("entity", text)))
    assert data.own == [(text, "own")]


def test_fractions_that_are_called_percent_are_doubted(capsys, tmp_path):
    content = put_column("unit", "percent").replace(",15,", ",0.15,").replace(",8,", ",0.08,").replace(",3,", ",0.03,")
    code, lines = check(capsys, write(tmp_path, content))
    assert (code, lines[1:]) == (
        0,
        ["note: All figures of own of own data are 1 or less, in percent; multiply them by 100 if they are fractions."],
    )


# Places


def test_places_that_hold_no_file(capsys, tmp_path):
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "lost.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, words in (
        ("loop.csv", "cannot be opened (too many levels of symbolic links)"),
        ("lost.csv", "is a link that leads nowhere"),
        ("pipe.csv", "is neither a file nor a folder"),
        ("x" * 300 + ".csv", "cannot be opened (file name too long)"),
    ):
        code, lines = check(capsys, tmp_path / name)
        assert (code, len(lines)) == (1, 1)
        assert lines[0].endswith(words), lines
    assert check(capsys, tmp_path / "folder.csv") == (
        1,
        [f"datapackage.json: is missing in {tmp_path / 'folder.csv'}; copy it from the folder data/"],
    )
    assert "does not exist" in check(capsys, "~nobody-of-that-name/own.csv")[1][0]


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file of Linux that opens and cannot be read")
def test_a_file_that_cannot_be_read(capsys, tmp_path):
    (tmp_path / "own.csv").symlink_to("/proc/self/mem")
    assert check(capsys, tmp_path / "own.csv") == (
        1,
        ["own.csv: cannot be read (input/output error); allow reading it"],
    )


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(capsys, tmp_path):
    path = write(tmp_path, GOOD)
    path.chmod(0)
    assert check(capsys, path) == (1, ["own.csv: cannot be read (permission denied); allow reading it"])


# Descriptors of folders


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('"resources"', '"resource"', "does not describe the tables"),
        ('"type": "number"', '"type": "integer"', "fields.4.type: input should be 'string', 'number' or 'date'"),
        ('"pattern": "^https?', '"pattern": "(^https?', "is no pattern: error: unclosed group"),
        (
            '"primaryKey": [\n          "entity"',
            '"primaryKey": [\n          "land"',
            "a key of observations names the field 'land'",
        ),
        ("{", "[" * 100_000, "is not JSON"),
    ],
)
def test_malformed_descriptors(capsys, tmp_path, old, new, words):
    path = write_folder(tmp_path) / "datapackage.json"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    code, lines = check(capsys, tmp_path)
    assert (code, len(lines)) == (1, 1)
    assert lines[0].startswith("datapackage.json")
    assert words in lines[0] or "RecursionError" in lines[0]


# Parameters, options, names of runs

RUN_NAMES = [
    "",
    "../x",
    "/tmp/x",
    "a/b",
    "a\\b",
    "..",
    ".",
    ".hidden",
    "x.partial",
    "x.",
    "-p",
    "a b",
    "北京",
    "x\n",
    "x\0",
]
RUN_NAMES += ["=x", "~", "%2e%2e", "CON", "nul", "Nul.txt", "com1", "LPT9", "README.md", "readme.MD", "x" * 65]


@pytest.mark.parametrize("name", RUN_NAMES)
def test_names_that_no_run_may_have(name):
    with pytest.raises(ParameterError) as caught:
        read_parameters({"run": name})
    assert str(caught.value) == f"parameter 'run' is {name!r}; it must be {expected_value('run')}"


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"shares": 50}, f"parameter 'shares' is 50; it must be {expected_value('shares')}; write 0.5 for 50 %"),
        ({"levels": [80, 95]}, f"parameter 'levels' is [80, 95]; it must be {expected_value('levels')}; write 0.8 for 80 %"),
        ({"shares": "&a [*a]"}, f"parameter 'shares' is '&a [*a]'; it must be {expected_value('shares')}"),
        ({"shares": "2025-02-30"}, f"parameter 'shares' is '2025-02-30'; it must be {expected_value('shares')}"),
        ({"entity": "\x1b[31m"}, f"parameter 'entity' is '\\x1b[31m'; it must be {expected_value('entity')}"),
        ({"data": "a\0b"}, f"parameter 'data' is 'a\\x00b'; it must be {expected_value('data')}"),
        ({"horizon_years": 10**5000}, ("parameter 'horizon_years' is a int of more than 4300 digits; it must be a number "
         "above 0 and at most 30")),
        ({"horizon_years": "5 years"}, "parameter 'horizon_years' is '5 years'; it must be a number above 0 and at most 30"),
        ({"\x1b[31m": 1}, ("unknown parameter '\\x1b[31m'; known are run, entity, indicator, bound, as_of, families, shares, "
         "horizon_years, levels, data")),
        ({"bound": "1e400"}, f"parameter 'bound' is '1e400'; it must be {expected_value('bound')}"),
    ],
)  # fmt: skip
def test_malformed_parameters(values, message):
    with pytest.raises(ParameterError) as caught:
        read_parameters(values)
    assert str(caught.value) == message


OCTAL = "begins with 0, which YAML may read as an octal number; write '010' in quotes if it's a text, or the number that is meant"
SIXTY = "is a number to the base of 60 in YAML; write '1:30' in quotes if it's a text, or the number that is meant"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("shares: &a [0.5]\nlevels: *a", "anchors (&) and aliases (*) are not read; write the values out"),
        ("bound: !!python/object:os.system 1", "tags (!) are not read; write the values plainly"),
        ("bound: !!float 1", "tags (!) are not read; write the values plainly"),
        ("<<: {bound: 1}", "merges (<<) are not read; write the values out"),
        ("bound: 1\nbound: 2", "'bound' is given twice; keep one"),
        ("as_of: 2025-02-30", "day is out of range for month"),
        ("bound: 010", f"010 {OCTAL}"),
        ("bound: 08", f"08 {OCTAL.replace('010', '08')}"),
        ("shares: [0.5, -0_7]", f"-0_7 {OCTAL.replace('010', '-0_7')}"),
        ("bound: 1:30", f"1:30 {SIXTY}"),
        ("horizon_years: 1:30.5", f"1:30.5 {SIXTY.replace('1:30', '1:30.5')}"),
        ("shares: " + "[" * 5000 + "]" * 5000, "lists or mappings lie too deep in each other"),
    ],
)
def test_malformed_options(capsys, text, reason):
    with pytest.raises(SystemExit) as ended:
        command.main(["run", "x", "-y", text])
    assert ended.value.code == 2
    assert f"-y {quote(text)}: {reason}.\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("content", "values", "message"),
    [
        (HEADER + THREE[:13], {}, ("own of own data has 1 exact figure above 0; a forecast needs 3, half a year apart: "
         "a slope, and a way to judge it. Choose another indicator or a later as_of")),
        (HEADER + THREE[:26], {}, ("own of own data has 2 exact figures above 0; a forecast needs 3, half a year apart: "
         "a slope, and a way to judge it. Choose another indicator or a later as_of")),
        (GOOD.replace("8", "3").replace("15\n", "3\n"), {}, ("own of own data never rises above its first figure above 0, 3 on "
         "2019-12-31: there is no adoption to fit. Choose another indicator")),
        (GOOD.replace("8", "2").replace("15\n", "1\n"), {}, ("own of own data never rises above its first figure above 0, 3 on "
         "2019-12-31: there is no adoption to fit. Choose another indicator")),
        (GOOD, {"horizon_years": 1e-320}, ("parameter horizon_years is 1e-320 and ends before the next date of the series; give at "
         "least 1")),
        (GOOD, {"horizon_years": 0.9}, ("parameter horizon_years is 0.9 and ends before the next date of the series; give at "
         "least 1")),
        (GOOD, {"bound": 14}, ("bound: '14' is below an observation: own of own data is 15 units on 2021-12-31, the bound 14; "
         "choose a bound that is never below the series")),
        (GOOD, {"bound": "1,125"}, "bound: '1,125' has a thousands separator; write 1125"),
        (GOOD, {"bound": 1e300}, "bound: '1e+300' is no upper bound; write a positive number, an indicator or ''"),
        (put_column("entity", "own data", "own data", "Land"), {"entity": "x" * 10**6}, ("entity: 'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx...xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx' "
         "(1,000,000 characters) is not in own.csv; it holds: Land, own data")),
    ],
)  # fmt: skip
def test_values_that_do_not_fit_the_data(tmp_path, content, values, message):
    with pytest.raises((ParameterError, indicators.DataError)) as caught:
        check_parameters(complete_parameters(read_parameters({"data": str(write(tmp_path, content)), **values})))
    assert str(caught.value) == message


# Size


def test_many_problems_are_counted_not_listed(capsys, tmp_path):
    code, lines = check(capsys, write(tmp_path, HEADER + "x,y\n" * 3000))
    assert (code, len(lines), lines[-1]) == (1, 51, "and 5,950 more")
    code, lines = check(capsys, write(tmp_path, HEADER + "2020-12-31,2\n" * 3000))
    assert (code, len(lines), lines[-1]) == (1, 51, "and 2,949 more")


def test_the_command_itself_ends_with_one_line(tmp_path):
    write(tmp_path, put_value("1,125"))
    words = [sys.executable, "-m", "helpers", "run", "mine", "-p", "data", "own.csv"]
    environment = {**os.environ, "ADOPTION_OUTPUTS": str(tmp_path / "outputs")}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (
        2,
        "",
        "own.csv, row 5: has 3 fields where the header has 2; write 1125 for 1,125\n",
    )
    assert not (tmp_path / "outputs").exists()
