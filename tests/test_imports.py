"""Imports go one way: the rooms stand in src/helpers/__init__.py in their order, and no module leads back to itself."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import helpers

SRC = Path(__file__).parents[1] / "src"
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
STATISTICS = {"indicators", "curves", "forecast"}
MAKING = {"runs", "parameters", "options", "lab", "explore", "explore_panel", "commands", "__main__"}


def name_module(path, src):
    return ".".join(path.relative_to(src).with_suffix("").parts).removesuffix(".__init__")


def draw_graph(src=SRC):
    """What each module imports when it is imported or for types, and what only in its functions: two graphs."""
    modules = {name_module(path, src): path for path in src.rglob("*.py")}
    first, later = ({name: set() for name in modules} for _ in range(2))
    for name, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        inside = {id(node) for one in ast.walk(tree) if isinstance(one, FUNCTIONS) for node in ast.walk(one)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert not node.level, f"{path}: an import by dots"
                parts = [f"{node.module}.{alias.name}" for alias in node.names]
                found = [part if part in modules else node.module for part in parts]
            else:
                continue
            (later if id(node) in inside else first)[name].update(set(found) & set(modules))
    return first, later


def find_circle(graph):
    """Names of a circle, each importing the next; "" where there is none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return " -> ".join(reversed(error.args[1]))
    return ""


def find_room(module):
    return [*module.split("."), ""][1]


def list_steps(graph):
    """Imports from one room to another, each as it would be read aloud, with the two rooms."""
    for module, imported in graph.items():
        for other in imported:
            rooms = find_room(module), find_room(other)
            if rooms[0] != rooms[1]:
                yield f"{module} imports {other}", *rooms


@pytest.fixture(scope="module")
def graphs():
    """Those of the package; the command's door, adoption_curves, only opens it."""
    return [{name: found for name, found in graph.items() if name.startswith("helpers")} for graph in draw_graph()]


def test_no_module_leads_back_to_itself(graphs):
    assert not find_circle(graphs[0])


def test_imports_go_down_the_list_of_rooms(graphs):
    lines = re.findall(r"^- (`.*?):", helpers.__doc__, flags=re.MULTILINE)
    place = {room: number for number, line in enumerate(lines) for room in re.findall(r"`(\w+)`", line)}
    assert set(place) == {find_room(module) for module in graphs[0]} - {""}, "the docstring lists other rooms"
    assert [step for step, room, other in list_steps(graphs[0]) if place[other] >= place[room]] == []


def test_what_computes_and_draws_knows_nothing_of_runs(graphs):
    above = STATISTICS | {"figures", "tables", "project", "quoting", "wording"}
    steps = [step for graph in graphs for step, room, other in list_steps(graph) if room in above and other in MAKING]
    assert steps == []


def test_what_makes_runs_knows_no_statistics(graphs):
    assert [step for step, room, other in list_steps(graphs[0]) if room == "runs" and other in STATISTICS] == []


@pytest.mark.parametrize(
    "statement", ["from ours.a import x", "import ours.a", "if TYPE_CHECKING:\n    from ours import a"]
)
def test_a_circle_is_found_and_named(tmp_path, statement):
    (tmp_path / "ours").mkdir()
    for name, text in {"a": "from ours.b import y", "b": "from ours import c", "c": statement}.items():
        (tmp_path / "ours" / f"{name}.py").write_text(f"{text}\n", encoding="utf-8")
    circle = find_circle(draw_graph(tmp_path)[0]).split(" -> ")
    assert set(circle) == {"ours.a", "ours.b", "ours.c"}
    assert circle[circle.index("ours.a") + 1] == "ours.b"
    (tmp_path / "ours" / "c.py").write_text("def f():\n    from ours.a import x\n", encoding="utf-8")
    first, later = draw_graph(tmp_path)
    assert (find_circle(first), later["ours.c"]) == ("", {"ours.a"})
