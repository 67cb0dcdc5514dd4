"""The command line: what its words mean, and sentences instead of tracebacks."""

import io
import os
import re
import shlex
import subprocess
import sys
from contextlib import redirect_stderr
from functools import partial
from pathlib import Path

import pytest
from conftest import SAMPLE
from processes import call
from snapshots import check_snapshot

from adoption_curves import __main__ as command
from adoption_curves.base.project import BusyError, RunError, Source, Stopped, UserError
from adoption_curves.cli import options, process, run_commands
from adoption_curves.runs.parameters import (
    ParameterError,
    Parameters,
    expected_value,
    read_parameters,
    write_argument,
)


def test_mistakes_end_with_a_sentence(here, renew):
    """On the error stream, with 2 as exit code; nothing is written but the log of an attempt."""
    before = sorted(here.iterdir())

    def adoption(*words):
        with pytest.raises(SystemExit) as ended, redirect_stderr(io.StringIO()) as err:
            command.main([*words])
        assert ended.value.code == 2
        print(*[line for line in err.getvalue().splitlines() if line and not re.match("Usage:|Try ", line)], sep="\n")

    check_snapshot(
        "command", {"adoption": adoption, "run": partial(adoption, "run", "x"), "SAMPLE": str(SAMPLE)}, renew
    )
    assert sorted({*here.iterdir()} - {here / "outputs"}) == before
    assert not list((here / "outputs").iterdir())


def test_exit_codes_are_those_of_the_docs():
    stops = {Stopped(one).code for one in process._STOPS}
    text = (Path(__file__).parents[2] / "docs" / "runs.md").read_text(encoding="utf-8")
    told = {int(code) for row in re.findall(r"^\| (\d[\d, ]*) \|", text, re.MULTILINE) for code in row.split(", ")}
    assert told == {0, *stops, *(error.exit_code for error in (RunError, UserError, BusyError))}


def read(*words):
    """Parameters that these words of a command line mean."""
    context = run_commands.run.make_context("run", list(words))
    return options.read_options(context.params["pairs"], context.params["files"])


TYPED = {
    "run": "2025", "entity": "China", "indicator": "genai_users", "limit": "1404.89", "as_of": "2025-10-31",
    "families": "[bass, weibull]", "shares": "[0.5, 0.75]", "horizon_years": "2.5", "levels": "[.5, 0.9]",
    "since": "2025-06-30", "until": "2035-12-31", "milestone": "1000",
    "data": "data", "countries": "[Japan, France]", "across": "ai_user_share_microsoft",
}  # fmt: skip


@pytest.mark.parametrize("name", Parameters.model_fields)
def test_every_parameter_is_read_from_p_and_what_a_record_has_is_typed_back(name):
    """Lists and numbers; null is no limit and no date, and refused of others."""
    value = getattr(read_parameters(read("-p", name, TYPED[name])), name)
    assert value != Parameters.model_fields[name].default or name in ("entity", "indicator", "data")
    [word] = shlex.split(write_argument(value))
    assert getattr(read_parameters(read("-p", name, word)), name) == value
    usual = Parameters.model_fields[name].default
    [word] = shlex.split(write_argument(usual))
    assert getattr(read_parameters(read("-p", name, word)), name) == usual
    nothing = read("-p", name, "null")
    if name in ("limit", "as_of", "since", "until", "milestone", "across"):
        assert getattr(read_parameters(nothing), name) == ("none" if name == "limit" else "")
    elif name in ("entity", "indicator", "data", "countries", "families"):
        assert "null" in getattr(read_parameters(nothing), name), "a name, which the data do not know"
    else:
        with pytest.raises(ParameterError, match=f"parameter '{name}' is 'null'"):
            read_parameters(nothing)


def test_p_wins_over_files_and_the_last_one_over_those_before(tmp_path):
    file = tmp_path / "mine.yaml"
    file.write_text("\ufeffentity: file\nlimit: file\nhorizon_years: 1\nas_of: 2025-06-30\n", encoding="utf-8")
    given = read("-p", "entity", "pair", "-f", str(file))
    assert given == {"entity": "pair", "limit": "file", "horizon_years": "1", "as_of": "2025-06-30"}
    assert read("-p", "horizon_years", "1", "-p", "horizon_years", "2") == {"horizon_years": "2"}
    with pytest.raises(UserError, match="-p entity=South Korea: write a space between name and value"):
        read("-p", "entity=South Korea", "x")


def test_a_file_of_parameters_that_is_no_text_is_named(tmp_path):
    (tmp_path / "mine.yaml").write_bytes("entity: Türkei".encode("latin-1"))
    with pytest.raises(UserError, match=r"mine\.yaml: the file isn't UTF-8 text; save it as UTF-8\."):
        read("-f", str(tmp_path / "mine.yaml"))


def test_a_path_that_exists_here_is_taken_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    assert Source.read("mine").find_from_here() == Source(tmp_path / "mine")
    assert str(Source.read("data").find_from_here()) == "data"


def test_params_lists_every_parameter_with_its_help(capsys):
    code, out, _ = call(capsys, "params")
    assert code == 0
    for name, field in Parameters.model_fields.items():
        assert f"{name} = {field.default!r}\n    {field.description}\n    allowed: {expected_value(name)}\n" in out
    assert out.startswith("run = 'baseline'\n")
    assert "    read by notebooks: 01, 02, 03, 04, 05, 06, 07, 08\n" in out


def test_the_module_is_the_command():
    words = [sys.executable, "-m", "adoption_curves", "run", "x", "-p", "indcator", "genai_users"]
    before = sum(os.times()[2:4])  # of the processor, which a busy machine doesn't make more
    shown = subprocess.run(words, capture_output=True, text=True, env={**os.environ, "COLUMNS": "100"})
    assert (shown.returncode, shown.stderr) == (2, "unknown parameter 'indcator', did you mean 'indicator'?\n")
    assert sum(os.times()[2:4]) - before < 2
