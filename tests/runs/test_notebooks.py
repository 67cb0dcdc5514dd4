"""The notebooks keep the form that makes them a sequence: numbered, parameterized, short, stored without outputs."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

FOLDER = Path(__file__).parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def read_code(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return nbformat.read(request.param, as_version=4)


def test_the_sequence_is_complete():
    assert [path.stem[:2] for path in NOTEBOOKS[:6]] == ["01", "02", "03", "04", "05", "06"]
    outside = ["compare_runs", "explore_adoption"]
    assert [path.stem for path in NOTEBOOKS[6:]] == outside, "outside the sequence"


def test_stored_without_outputs_or_traces_of_a_run(notebook):
    assert all(not cell.outputs and cell.execution_count is None for cell in read_code(notebook))
    assert not [
        key for cell in [notebook, *notebook.cells] for key in cell.metadata if key in ("papermill", "execution")
    ]
    assert notebook.metadata.kernelspec.name == "python3"
    assert "widgets" not in notebook.metadata


def test_first_cell_is_the_numbered_title(notebook, request):
    name = request.node.callspec.params["notebook"].stem
    number = f"{int(name[:2])}\\. " if name[:2].isdecimal() else ""
    assert notebook.cells[0].cell_type == "markdown"
    assert re.match(rf"# {number}[A-Z]", notebook.cells[0].source)


def test_one_parameters_cell_of_plain_commented_lines(notebook, request):
    tagged = [cell for cell in read_code(notebook) if "parameters" in cell.metadata.get("tags", [])]
    assert len(tagged) == 1
    for line in tagged[0].source.splitlines():
        assert re.fullmatch(r"[a-z_]+ = .+  # .+", line), line
        ast.literal_eval(line.split(" = ", 1)[1].rsplit("  # ", 1)[0])
    numbered = request.node.callspec.params["notebook"].stem[:2].isdecimal()
    assert ('run = "baseline"' in tagged[0].source.splitlines()[0]) == numbered


def test_cells_are_few_short_and_introduced(notebook, request):
    """Notebooks 3 to 5 are a lesson: a cell an equation."""
    name, code = request.node.callspec.params["notebook"].stem, read_code(notebook)
    cells, lines = (28, 15) if name[:2] in ("03", "04", "05") else (20, 25)
    assert len(code) <= cells
    for before, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code":
            assert before.cell_type == "markdown", cell.source
            assert len(cell.source.splitlines()) <= lines, cell.source


def list_assigned(tree):
    """Names that code binds; those of comprehensions stay inside them."""
    nodes = list(ast.walk(tree))
    inside = {id(node) for each in nodes if isinstance(each, ast.comprehension) for node in ast.walk(each.target)}
    stored = [node for node in nodes if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)]
    imported = [node.asname or node.name for node in nodes if isinstance(node, ast.alias)]
    return {node.id for node in stored if id(node) not in inside} | set(imported)


def test_code_is_flat_and_leaves_the_parameters_alone(notebook):
    trees = [ast.parse(cell.source) for cell in read_code(notebook)]
    parameters = list_assigned(trees[0])
    assert not parameters & set().union(*map(list_assigned, trees[1:]))
    for node in [node for tree in trees for node in ast.walk(tree)]:
        assert not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.AsyncFunctionDef, ast.While, ast.Try))
        if isinstance(node, ast.For):
            assert node.end_lineno - node.lineno <= 5
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not re.match(r"(/|~|[A-Za-z]:\\)", node.value), node.value


def test_no_number_stands_in_prose(notebook):
    """Results are computed by the run; prose has no figure but parameters' names, formulas and plain counts."""
    for cell in notebook.cells[1:]:
        if cell.cell_type == "markdown":
            text = re.sub(r"\$[^$]*\$|`[^`]*`|\b(10|50|80|95|0|1)%?\b", "", cell.source)
            assert not re.search(r"\d{2,}|\d\.\d", text), cell.source


def test_a_mistake_is_told_without_a_traceback(tmp_path, monkeypatch):
    """As IPython shows it: a notebook that is run too early says what to run first, and nothing else."""
    from IPython.core.interactiveshell import InteractiveShell

    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path))
    shell, shown = InteractiveShell(), []
    monkeypatch.setattr(shell, "_showtraceback", lambda kind, error, lines: shown.extend(lines))
    source = [cell.source for cell in read_code(nbformat.read(FOLDER / "06_summarise_findings.ipynb", 4))]
    for code in source[:2]:
        shell.run_cell(code)
    assert shown == [
        (
            "Run 'baseline' has no table 02_growth yet. Notebook 02_see_adoption writes it: run that notebook first, "
            "or all of them with: adoption run baseline"
        )
    ]
    for code in ("from adoption_curves.indicators import load\nload(as_of='soon')", "study.keep('07_x', None)"):
        shown.clear()
        shell.run_cell(code)
        assert len(shown) == 1
        assert "Traceback" not in shown[0]
    shown.clear()
    shell.run_cell("from adoption_curves import indicators\nindicators.last_bound(3)")
    assert len("\n".join(shown).splitlines()) > 5, "an error of ours is told with its frames"
