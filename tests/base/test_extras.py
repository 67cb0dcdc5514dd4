"""Libraries that only some uses need: without them all else works, and a sentence says what to install."""

import subprocess
import sys

import pytest

from adoption_curves.base.project import UserError, import_extra

WITHOUT = """import sys
for name in ("openpyxl", "ipywidgets", "jupyterlab", "distributed", "dask", "requests", "sdmx", "urllib3"):
    sys.modules[name] = None
from adoption_curves import cli, curves, forecast, indicators, runs, say, show
from adoption_curves.cli import data_commands, run_commands
from adoption_curves.runs import exports, pages, runner, study, sweep
"""


def test_a_sentence_says_what_to_install():
    with pytest.raises(UserError, match=r"The explorer needs nothing_so_named, .*pip install 'adoption-curves\[lab\]'"):
        import_extra("nothing_so_named", "lab", "The explorer")


def test_nothing_else_needs_an_extra():
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)
