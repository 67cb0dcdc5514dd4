"""What the README shows is true: its code runs, its commands are valid, its findings are the baseline's."""

import re
import shlex
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from helpers import pipeline
from helpers.__main__ import app, read_options
from helpers.parameters import read_parameters

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def read_blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", TEXT, flags=re.M | re.S)


COMMANDS = [line.split("  #")[0] for block in read_blocks("") for line in block.splitlines()]


def test_findings_are_those_of_the_baseline():
    text = " ".join(TEXT.split())
    for sentence in pd.read_csv(ROOT / "outputs" / "baseline" / "tables" / "06_findings.csv")["sentence"]:
        assert " ".join(sentence.split()) in text


def test_python_runs(capsys):
    (block,) = read_blocks("python")
    exec(compile(block, "README.md", "exec"), {})
    assert "Identified" in capsys.readouterr().out


@pytest.mark.parametrize("command", [one for one in COMMANDS if one.startswith("adoption run")])
def test_runs_would_start(command):
    words = shlex.split(command)[2:]
    options = {"-p": [], "-r": [], "-y": [], "-f": []}
    rest = iter(words if words[0].startswith("-") else words[1:])
    for word in rest:
        value = next(rest)
        options[word].append(f"{value}={next(rest)}" if word in ("-p", "-r") else value)
    pipeline.check_parameters(read_parameters(read_options(*options.values())))


def test_every_make_target_exists():
    targets = set(re.findall(r"(?:^|`)make (\w+)", TEXT, flags=re.M))
    rules = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.M))
    assert targets
    assert targets <= rules


@pytest.mark.parametrize("name", sorted({one.split()[1] for one in COMMANDS if one.startswith("adoption ")}))
def test_every_command_has_help(name):
    assert CliRunner().invoke(app, [name, "--help"]).exit_code == 0


def test_named_files_exist():
    for name in re.findall(r"`((?:data|src|outputs|notebooks|tests)/[\w./-]+)`", TEXT):
        assert name.startswith("outputs/baseline/html") or (ROOT / name).exists(), name
