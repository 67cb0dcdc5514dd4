"""What `make check` asks of docstrings, with numpydoc: a section that is there says what the signature says.

A function that a package promises in its `__all__`, and any other with a public name, two arguments or more and an
array among them, has a section Parameters. Other docstrings of a sentence or two may do without sections. One that
lists parameters lists all of them and no other, in the signature's order, and then says what is returned and what is
raised.
"""

import ast
import importlib
import inspect
import pkgutil
import re
import sys
import textwrap

from numpydoc.docscrape import get_doc_object
from numpydoc.validate import validate

import adoption_curves

# Parameters, results and sections, but not capital letters and full stops: a type and a name often say it all.
ARRAYS = r"\b(ndarray|Array|Series|DataFrame)\b"
ASKED = {"GL06", "GL07", "PR01", "PR02", "PR03", "PR04", "PR05", "PR10", "RT01", "RT02", "YD01"}


def is_from(module, found):
    return getattr(found, "__module__", None) == module


def list_documented(package=adoption_curves):
    """Functions, classes and methods with a public name, each by where it is written."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.name.endswith("__main__"):  # docstrings there are the command's help
            continue
        for name, found in vars(importlib.import_module(module.name)).items():
            if name.startswith("_") or not is_from(module.name, found):
                continue
            if inspect.isfunction(found) or inspect.isclass(found):
                yield f"{module.name}.{name}", found
            if inspect.isclass(found):
                methods = {key: getattr(found, key) for key in vars(found) if not key.startswith("_")}
                own = {key: one for key, one in methods.items() if inspect.isroutine(one)}
                yield from ((f"{module.name}.{name}.{key}", own[key]) for key in own if is_from(module.name, own[key]))


def raises(function):
    """Whether a function's own body raises an error; a bare `raise` passes on what others did."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(isinstance(node, ast.Raise) and node.exc for node in ast.walk(tree))


def list_promised(package=adoption_curves):
    """The functions and classes in `__all__` of a package."""
    for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if module.ispkg:
            found = importlib.import_module(module.name)
            yield from (getattr(found, name) for name in getattr(found, "__all__", []))


PROMISED = [found for found in list_promised() if inspect.isfunction(found)]


def needs_parameters(documented):
    """Whether a docstring must have a section Parameters: see above."""
    if not inspect.isfunction(documented):
        return False
    arguments = [one for one in inspect.signature(documented).parameters.values() if one.name != "self"]
    arrays = any(re.search(ARRAYS, str(one.annotation)) for one in arguments)
    return bool(arguments) and (documented in PROMISED or (arrays and len(arguments) > 1))


def find_faults(name, documented):
    """Sentences on what is wrong with a docstring."""
    errors = {code: text for code, text in validate(name)["errors"] if code in ASKED}
    sections = get_doc_object(documented)
    if not sections["Parameters"] and not needs_parameters(documented):
        errors = {code: text for code, text in errors.items() if code not in {"PR01", "RT01", "YD01"}}
    elif inspect.isfunction(documented) and not sections["Raises"] and raises(documented):
        errors["RA01"] = "It raises an error and has no section Raises"
    return [f"{name}: {text} ({code})" for code, text in errors.items()]


if __name__ == "__main__":
    documented = dict(list_documented())
    faults = [fault for name, found in documented.items() for fault in find_faults(name, found)]
    print(*faults, f"Docstrings of {len(documented)} names: {len(faults)} faults", sep="\n")
    sys.exit(bool(faults))
