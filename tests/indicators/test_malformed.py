"""Malformed input of every kind, with the exact message, told by the ways that people use."""

import csv
import io
import os
from contextlib import redirect_stderr, redirect_stdout
from datetime import datetime
from itertools import takewhile
from pathlib import Path

import malformed
import pytest
from malformed import GOOD, HEADER, TABLES, write_folder
from snapshots import check_snapshot

from adoption_curves import __main__ as command
from adoption_curves import indicators
from adoption_curves.base.project import UserError
from adoption_curves.cli import options
from adoption_curves.indicators.data_files import read_schemas
from adoption_curves.indicators.validate import explain_cell
from adoption_curves.runs.check_series import check_parameters
from adoption_curves.runs.parameters import ParameterError, complete_parameters, read_parameters

ROOT = Path(__file__).parents[2]


LEVEL = "--unit", "people", "--measure", "level"
pytestmark = pytest.mark.usefixtures("small_project")


def call(*words):
    """Exit code of the command, and lines on both streams."""
    code = 0
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        try:
            command.main(list(words))
        except SystemExit as ended:
            code = ended.code or 0
    return code, out.getvalue().splitlines(), err.getvalue().splitlines()


def check(path, *options):
    """Exit code and lines of `adoption check`."""
    code, out, err = call("check", str(path), *options)
    assert not err
    assert "".join(out).isprintable(), "a control character reached the terminal"
    return code, out


def write(folder, content, name="own.csv"):
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    return path


def refuse(function, *given):
    """Print why these values are refused."""
    try:
        function(*given)
    except (ParameterError, indicators.DataError) as error:
        print(error)


def test_what_people_are_told_of_malformed_input_is_as_kept(tmp_path, renew):
    csv.field_size_limit(131_072)  # other libraries that tests import change it for the process
    fields = {field["name"]: field for field in read_schemas()["observations"]["fields"]}

    def check_file(content, *options):
        code, lines = check(write(tmp_path, content), *(options or LEVEL))
        assert code == 1
        lines = list(takewhile(lambda line: not line.startswith("Write"), lines))
        assert all(line.startswith(("own.csv", "and ")) for line in lines)
        print("\n".join(lines).replace(f"{datetime.now().astimezone():%Y-%m-%d}", "TODAY"))

    def check_table(content):
        folder = tmp_path / "folder"
        folder.mkdir(exist_ok=True)
        code, lines = check(write_folder(folder, observations=content))
        assert code == 1
        print(lines[0])

    def read_yaml(text):
        with pytest.raises(UserError) as caught:
            options._read_yaml(text, "-f mine.yaml")
        print(caught.value)

    def fit(content, values):
        given = {"data": f"{write(tmp_path, content)}?unit=people&measure=level", **values}
        refuse(lambda: check_parameters(complete_parameters(read_parameters(given))))

    def explain(name, cell):
        print(explain_cell(cell, fields[name]))

    observations = TABLES["observations"]
    check_snapshot("malformed", vars(malformed) | globals() | locals(), renew)


# Places


def test_places_that_hold_no_file(tmp_path):
    (tmp_path / "loop.csv").symlink_to(tmp_path / "loop.csv")
    (tmp_path / "lost.csv").symlink_to(tmp_path / "nowhere.csv")
    (tmp_path / "folder.csv").mkdir()
    os.mkfifo(tmp_path / "pipe.csv")
    for name, words in (
        ("loop.csv", "cannot be opened (too many levels of symbolic links)"),
        ("lost.csv", "is a link to a file that does not exist"),
        ("pipe.csv", "is neither a file nor a folder"),
        ("x" * 300 + ".csv", "cannot be opened (file name too long)"),
    ):
        code, lines = check(tmp_path / name)
        assert (code, len(lines)) == (1, 1)
        assert lines[0].endswith(words), lines
    assert "does not exist" in check("~nobody-of-that-name/own.csv")[1][0]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path):
    path = write(tmp_path, GOOD)
    path.chmod(0)
    assert check(path) == (1, ["own.csv: cannot be read (permission denied); allow reading it"])


# Size


def test_a_fault_of_many_rows_is_one_line(tmp_path):
    rows = (f"{1900 + place // 12}-{place % 12 + 1:02},y\n" for place in range(1200))
    code, lines = check(write(tmp_path, HEADER + "".join(rows)), *LEVEL)
    assert (code, lines[-1]) == (1, "and 1,199 more")
    assert "row 2, column value: 'y' is no number" in lines[0]


def test_a_table_of_20000_columns_is_refused_in_a_sentence(tmp_path):
    rows = (",".join([str(year), *map(str, range(19_999))]) for year in (2020, 2021))
    path = write(tmp_path, "\n".join([",".join(["Year", *(f"c{place}" for place in range(19_999))]), *rows]))
    words = "own.csv, row 1: has 20,000 columns, and a table has at most 2,000; write a row for each value"
    assert check(path, *LEVEL) == (1, [words])
