"""The code keeps the rules and the form that pyproject.toml sets up, as ruff judges them."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[1]
WRONG = """def read(text, found=[]):
    try:
        return eval(text)
    except Exception:
        return found
"""

pytestmark = pytest.mark.skipif(find_spec("ruff") is None, reason="ruff is not installed")


def judge(*words, text=None):
    command = [sys.executable, "-m", "ruff", *words]
    return subprocess.run(command, cwd=PROJECT, input=text, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("words", [["check", "."], ["format", "--check", "."]], ids=" ".join)
def test_rules_and_form_are_kept(words):
    answer = judge(*words)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_what_is_wrong_is_found():
    answer = judge("check", "--output-format", "concise", "--stdin-filename", "src/helpers/wrong.py", "-", text=WRONG)
    assert {"B006", "BLE001", "D100", "D103", "S307"} <= set(answer.stdout.split())
