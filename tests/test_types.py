"""The types that the package says it has are those that it uses: mypy, strict, as pyproject.toml sets it up."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]


def check(folder: Path, *files: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "mypy", "--config-file", str(PROJECT / "pyproject.toml"), *files]
    cache = ["--cache-dir", str(folder / "cache")]
    return subprocess.run([*command, *cache], cwd=PROJECT, capture_output=True, text=True, timeout=300, check=False)


@pytest.mark.skipif(find_spec("mypy") is None, reason="mypy is not installed")
def test_types_are_right(tmp_path):
    answer = check(tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    wrong = tmp_path / "wrong.py"
    wrong.write_text("from helpers.project import name_path\n\nname_path(1)\n\n\ndef bare(x):\n    return x\n")
    answer = check(tmp_path, str(wrong))
    assert "[arg-type]" in answer.stdout, "the package's own types are not seen"
    assert "[no-untyped-def]" in answer.stdout, "a function without types is let through"
