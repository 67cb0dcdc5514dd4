"""Names of the package that only their own file uses: those begin with an underscore, all others do not.

Used by other files of the package, by notebooks, benchmarks or code in the docs makes a name public; so does `__all__`
of a module. Commands are public too, and what pyproject.toml starts.
"""

import ast
import json
import re
from pathlib import Path

PACKAGE = "adoption_curves"
ROOT = Path(__file__).parents[2]


def list_modules(root):
    """Paths of the package's modules by dotted name."""
    source = root / "src" / "helpers"
    names = {path: path.relative_to(source).with_suffix("").as_posix() for path in source.rglob("*.py")}
    return {name.removesuffix("/__init__").replace("/", "."): path for path, name in names.items()}


def read_code(path):
    """Python of a module, of a notebook's cells, or of the blocks of a page."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".ipynb":
        cells = (cell["source"] for cell in json.loads(text)["cells"] if cell["cell_type"] == "code")
        return re.sub(r"^[%!].*$", "", "\n".join("".join(cell) for cell in cells), flags=re.MULTILINE)
    if path.suffix == ".md":
        blocks = r"^```(?:python|\{code-cell\})[^\n]*\n(?:---\n.*?^---\n)?(.*?)^```$"
        return "\n".join(re.findall(blocks, text, flags=re.MULTILINE | re.DOTALL))
    return text


def list_imports(tree, module, is_package, modules):
    """For each import: the module, the name in it or "" where it is the module itself, and what a module is called."""
    parents = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(tree):
        for one in getattr(node, "names", []) if isinstance(node, ast.Import | ast.ImportFrom) else []:
            if isinstance(node, ast.Import):
                yield one.name, "", one.asname or one.name
                continue
            above = parents[: len(parents) - node.level + 1] if node.level else []
            origin = ".".join([*above, *filter(None, [node.module])])
            whole = f"{origin}.{one.name}"
            yield (whole, "", one.asname or one.name) if whole in modules else (origin, one.name, "")


def list_uses(path, module, modules):
    """Pairs of module and name that a file takes from other files of the package."""
    tree = ast.parse(read_code(path))
    imports = {*list_imports(tree, module, path.name == "__init__.py", modules)}
    uses = {(origin, name) for origin, name, _ in imports if name}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            called = ast.unparse(node.value)
            uses |= {(origin, node.attr) for origin, name, shown in imports if not name and shown == called}
    return {(origin, name) for origin, name in uses if origin in modules}


def list_top(tree):
    """Nodes and names that a module itself defines: functions, classes, constants."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node, node.name
        for target in node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]:
            yield from ((node, one.id) for one in ast.walk(target or ast.Pass()) if isinstance(one, ast.Name))


def read_all(tree):
    """Names in a module's `__all__`."""
    parts = [node.value for node in tree.body if isinstance(node, ast.Assign | ast.AugAssign) and is_all(node)]
    return {one.value for part in parts for one in ast.walk(part) if isinstance(one, ast.Constant)}


def is_all(node):
    return "__all__" in {getattr(one, "id", "") for one in getattr(node, "targets", [getattr(node, "target", None)])}


def is_command(node):
    return any(re.search(r"\b(command|group)\(", ast.unparse(one)) for one in getattr(node, "decorator_list", []))


def find_private(root=ROOT):
    """By module, names without an underscore that only their own file uses, and names with one that others use."""
    modules = list_modules(root)
    users = [*modules.items(), *((path.stem, path) for path in sorted(root.glob("notebooks/*.ipynb")))]
    users += [
        (path.stem, path) for pattern in ("benchmarks/*.py", "docs/**/*.py") for path in sorted(root.glob(pattern))
    ]
    users += [(path.stem, path) for pattern in ("*.md", "docs/*.md") for path in sorted(root.glob(pattern))]
    uses = {(module, use) for module, path in users for use in list_uses(path, module, modules) if use[0] != module}
    public = {use for _, use in uses}
    started = re.findall(r'"([\w.]+):(\w+)"', (root / "pyproject.toml").read_text(encoding="utf-8"))
    found = {}
    for module, path in modules.items():
        tree = ast.parse(path.read_text(encoding="utf-8"))
        kept = read_all(tree) | {name for origin, name in started if origin == module}
        tops = {name: node for node, name in list_top(tree)}
        alone = {name for name in tops if (module, name) not in public} - kept
        named = [name for name, node in tops.items() if name in alone and name[0] != "_" and not is_command(node)]
        found[module] = named, [name for name in tops if name[0] == "_" and name not in alone and name[:2] != "__"]
    return found


def list_namesakes(root=ROOT):
    """Names that two modules define, underscore or not and commands left out, and names that two modules have."""
    defined, called = {}, {}
    for module, path in list_modules(root).items():
        called.setdefault(module.rpartition(".")[2].strip("_"), set()).add(module)
        for node, name in list_top(ast.parse(path.read_text(encoding="utf-8"))):
            if not is_command(node) and not name.startswith("__"):
                defined.setdefault(name.lstrip("_"), set()).add(module)
    return [sorted(name for name, places in found.items() if len(places) > 1) for found in (defined, called)]
