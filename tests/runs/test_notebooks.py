"""The notebooks keep the form that makes them a sequence: numbered, parameterized, short, stored without outputs."""

import ast
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read_code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def name(request):
    return request.param.stem


@pytest.fixture
def notebook(name):
    return nbformat.read(FOLDER / f"{name}.ipynb", as_version=4)


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_strip_takes_all_of_a_run_out_and_stored_notebooks_hold_nothing_of_one(tmp_path):
    """The command of the Makefile on executed copies gives the stored notebooks, byte by byte."""
    words = ["make", "--no-print-directory", "-n", "strip"]
    shown = subprocess.run(words, cwd=FOLDER.parent, capture_output=True, text=True, check=True).stdout
    program, *options, files = shlex.split(shown.splitlines()[-1])
    assert files == "notebooks/*.ipynb"
    for path in NOTEBOOKS:
        notebook = nbformat.read(path, 4)
        for number, cell in enumerate(read_code(notebook), 1):
            assert (cell.outputs, cell.execution_count) == ([], None)
            cell.outputs, cell.execution_count = [nbformat.v4.new_output("stream", text="1")], number
            cell.metadata["papermill"] = {"duration": 1.0}
        assert (notebook.metadata.kernelspec.name, "widgets" in notebook.metadata) == ("python3", False)
        notebook.metadata |= {"papermill": {"parameters": {}}, "language_info": {"name": "python", "version": "3.13.1"}}
        nbformat.write(notebook, tmp_path / path.name)
    subprocess.run([FOLDER.parent / program, *options, *tmp_path.iterdir()], check=True)
    assert {path.name: (tmp_path / path.name).read_bytes() for path in NOTEBOOKS} == {
        path.name: path.read_bytes() for path in NOTEBOOKS
    }


def test_the_numbered_title_and_one_cell_of_plain_commented_parameters_come_first(notebook, name):
    number = f"{int(name[:2])}\\. " if name[:2].isdecimal() else ""
    assert notebook.cells[0].cell_type == "markdown"
    assert re.match(rf"# {number}[A-Z]", notebook.cells[0].source)
    [tagged] = [cell for cell in read_code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    lines = tagged.source.splitlines()
    for line in lines:
        assert re.fullmatch(r"[a-z_]+ = .+  # .+", line), line
        ast.literal_eval(line.split(" = ", 1)[1].rsplit("  # ", 1)[0])
    assert ('run = "baseline"' in lines[0]) == bool(number)


def test_a_mistake_is_told_without_a_traceback(tmp_path, monkeypatch):
    """As IPython shows it: a notebook that is run too early says what to run first, and nothing else."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path))
    shell, shown = InteractiveShell(), []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: shown.extend(lines))
    source = [cell.source for cell in read_code(nbformat.read(FOLDER / "06_summarise_findings.ipynb", 4))]
    for code in source:
        if not shown:
            shell.run_cell(code)
    [message] = shown
    assert message.startswith(
        "Run 'baseline' has no table 05_newer yet. Notebook 05 writes it: run that notebook first,"
    )
    for code in ("from adoption_curves.indicators import load\nload(as_of='soon')", "study.keep('07_x', None)"):
        shown.clear()
        shell.run_cell(code)
        assert len(shown) == 1
        assert "Traceback" not in shown[0]
    shown.clear()
    shell.run_cell("from adoption_curves import indicators\nindicators.find_labels(3, 4)")
    assert len("\n".join(shown).splitlines()) > 5, "an error of ours is told with its frames"
