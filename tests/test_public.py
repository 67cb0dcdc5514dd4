"""What is public: one package under two names, and nothing in it leans on what a dependency calls private."""

import ast
import importlib
import re

import pytest

import adoption_curves
import helpers
from helpers.base.project import find_root

PRIVATE, HOOK = re.compile(r"_[^_]"), re.compile(r"_(repr|ipython)_\w+_$")  # a hook of IPython is public
BY_NAME = ("setattr", "getattr", "hasattr", "delattr", "set_trait", "patch")
NOT_PUBLIC = """import _thread
from plotly.io._renderers import show
from jupyter_client.manager import _ShutdownStatus
figure.set_trait("_config", {})
figure._data
self.figure._data
self._own, _place = figure._repr_html_(), results.params
"""


def find_private(text):
    """Lines that reach for a private name of something that this file doesn't define itself."""
    nodes = list(ast.walk(ast.parse(text)))
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.arg for node in nodes if isinstance(node, ast.keyword | ast.arg)}
    for node in nodes:
        names = []
        if isinstance(node, ast.Attribute) and ast.unparse(node.value) not in ("self", "cls", "super()"):
            names = [node.attr] if node.attr not in own else []
        elif isinstance(node, ast.Import):
            names = ".".join(alias.name for alias in node.names).split(".")
        elif isinstance(node, ast.ImportFrom):
            names = [*(node.module or "").split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in BY_NAME:
            names = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if any(PRIVATE.match(name) and not HOOK.match(name) for name in names):
            yield node.lineno


def test_nothing_private_of_a_dependency_is_used():
    source = find_root() / "src"
    found = {path: sorted(set(find_private(path.read_text(encoding="utf-8")))) for path in source.rglob("*.py")}
    places = [f"{path.relative_to(source)}:{line}" for path, lines in sorted(found.items()) for line in lines]
    assert len(found) > 50
    assert not places, f"{len(places)} private names of others are used: {', '.join(places)}"


def test_what_is_private_is_found():
    assert sorted(find_private(NOT_PUBLIC)) == [1, 2, 3, 4, 5, 6]


@pytest.mark.parametrize("name", ["curves", "curves.families", "forecast", "indicators", "runs.pages.single"])
def test_the_package_is_one_object_under_two_names(name):
    first, second = (importlib.import_module(f"{package}.{name}") for package in ("adoption_curves", "helpers"))
    assert first is second
    assert helpers is adoption_curves
    assert first.__spec__.name == f"adoption_curves.{name}"
    assert (
        importlib.import_module("adoption_curves.curves").Logistic is importlib.import_module("helpers.curves").Logistic
    )
