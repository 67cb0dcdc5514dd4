"""Names with an underscore are their own file's; others are used by another file, or promised on the page on Python."""

import importlib
import re

from conftest import ROOT
from data_readme import PROMISED, write_names
from names import find_private, list_modules, list_namesakes

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
LISTED = re.findall(PROMISED, PAGE, flags=re.MULTILINE)


def test_an_underscore_says_whose_a_name_is():
    """By module, names without one that only their own file uses, and names with one that another uses: none."""
    assert {module: found for module, found in find_private().items() if any(found)} == {}


def test_one_name_is_one_thing():
    names, modules = list_namesakes()
    assert names == ["SVG"], "the namespace of SVG, in a room that draws and in one that must not load what draws"
    assert modules == []


def test_the_page_on_python_lists_what_packages_promise_and_all_of_it_is_there():
    assert write_names() == PAGE, "run tests/tools/data_readme.py"
    found = {package: importlib.import_module(package) for package in LISTED}
    assert [(name, one) for name, module in found.items() for one in module.__all__ if not hasattr(module, one)] == []
    inits = {name: path for name, path in list_modules(ROOT).items() if path.name == "__init__.py"}
    promising = {name for name, path in inits.items() if "__all__" in path.read_text()}
    assert promising - set(LISTED) == {"adoption_curves.runs.pages"}, "which no reader of the docs imports"
