"""What is public: the page on Python lists each package's `__all__`, no more and no less."""

import importlib
import re

import names
import pytest
from conftest import ROOT
from data_readme import PROMISED, write_names

MODULES = names.list_modules(ROOT)
PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
LISTED = re.findall(PROMISED, PAGE, flags=re.MULTILINE)


@pytest.mark.parametrize("package", LISTED)
def test_what_a_package_promises_is_there(package):
    module = importlib.import_module(package)
    assert [name for name in module.__all__ if not hasattr(module, name)] == []


def test_the_page_on_python_lists_what_packages_promise():
    assert write_names() == PAGE, "run tests/tools/data_readme.py"


def test_every_package_that_promises_names_is_on_the_page():
    promising = {name for name, path in MODULES.items() if path.name == "__init__.py" and "__all__" in path.read_text()}
    assert promising - set(LISTED) == {"adoption_curves.runs.pages"}, "which no reader of the docs imports"
