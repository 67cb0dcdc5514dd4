"""Ingredients of a run: notebooks with their declarations and tables, data, helpers and libraries."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ..base.files import MAX_TEXT, hash_file, hash_files, hash_helpers, read_json
from ..base.project import (
    COUNTED,
    REGISTER,
    RunError,
    Source,
    find_citation,
    find_data,
    find_register,
    find_root,
    find_shipped,
    is_register,
    shorten_path,
)
from .parameters import Parameters
from .table_files import read_rows

# ---- notebooks ------------------------------------------------------------------------------------------------------


def read_sources(notebook: Path) -> list[tuple[str, str, list[str]]]:
    """Kind, source and tags of each cell of a notebook.

    Raises
    ------
    RunError
        If it is none.
    """
    try:
        cells = read_json(notebook, MAX_TEXT)["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), list(cell["metadata"].get("tags", []))) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise RunError(f"{shorten_path(notebook)} can't be read as a notebook ({str(error)[:200]}).") from error


def find_notebooks(folder: Path | None = None) -> list[Path]:
    """The numbered notebooks in their order; copies are none.

    Raises
    ------
    RunError
        If there are none.
    """
    folder = folder or find_root() / "notebooks"
    paths = [path for path, copied in _list_numbered(folder).items() if not copied]
    if not paths:
        raise RunError(f"There are no numbered notebooks (01_*.ipynb and so on) in {shorten_path(folder)}.")
    return paths


def list_copies(folder: Path | None = None) -> list[str]:
    """Messages about numbered notebooks that a run skips, because their `Study` has the name of another notebook."""
    named = _list_numbered(folder or find_root() / "notebooks")
    return [f"{path.name} is passed over: its Study is '{copied}'." for path, copied in named.items() if copied]


def _list_numbered(folder: Path) -> dict[Path, str]:
    """The numbered notebooks, each with the name in its `Study` where that is another than its own, else ""."""
    names = {path: _read_study(path)[0] for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    return {path: "" if name in ("", path.stem) else name for path, name in names.items()}


def _read_study(notebook: Path) -> tuple[str, tuple[str, ...]]:
    """Name and numbers in ``Study("06_mine", reads=["01", "05"])`` of a notebook; "" and none without one.

    Raises
    ------
    RunError
        If these are not written out.
    """
    for kind, source, _ in read_sources(notebook):
        if kind == "code" and "Study(" in source:
            with suppress(SyntaxError):  # a line that only IPython knows: the notebook says what is wrong when it runs
                for node in ast.walk(_parse_code(source)):
                    if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Study":
                        return _read_call(node, notebook)
    return "", ()


def _read_call(call: ast.Call, notebook: Path) -> tuple[str, tuple[str, ...]]:
    try:
        reads = next((ast.literal_eval(one.value) for one in call.keywords if one.arg == "reads"), ())
        return str(ast.literal_eval(call.args[0])), tuple(map(str, reads))
    except (ValueError, IndexError) as error:
        wrong = f"{shorten_path(notebook)} computes what it gives to Study"
        raise RunError(f'{wrong}; write it out, as in Study("{notebook.stem}", reads=["01"]).') from error


_PARSING = threading.Lock()


def _parse_code(source: str) -> ast.Module:
    """The syntax tree of code, one at a time: Python 3.11 miscounts its depth when two threads parse.

    Raises
    ------
    SyntaxError
    """
    with _PARSING:
        try:
            return ast.parse(source)
        except SystemError:  # a library's own thread was parsing
            return ast.parse(source)


def read_declared(notebook: Path) -> dict[str, Any]:
    """Parameters that a notebook declares: names and defaults of the assignments in its ``parameters`` cell."""
    sources = [source for _, source, tags in read_sources(notebook) if "parameters" in tags]
    try:
        lines = [line for source in sources for line in _parse_code(source).body]
        plain = [(each.targets[0], each.value) for each in lines if isinstance(each, ast.Assign)]
        plain += [(each.target, each.value) for each in lines if isinstance(each, ast.AnnAssign) and each.value]
        return {target.id: ast.literal_eval(value) for target, value in plain if isinstance(target, ast.Name)}
    except (SyntaxError, ValueError) as error:
        wrong = f"The cell of parameters of {shorten_path(notebook)} holds more than lines such as: horizon_years = 5"
        raise RunError(f"{wrong} ({error}).") from error


def find_needs(notebook: Path, earlier: Iterable[str]) -> list[str]:
    """Names of the notebooks whose tables a notebook reads, by the numbers that its `Study` declares.

    Raises
    ------
    RunError
        If no earlier notebook has such a number.
    """
    earlier, (_, numbers) = list(earlier), _read_study(notebook)
    known = {name[:2] for name in earlier}
    if unknown := sorted({*numbers} - known):
        message = f"Notebook {notebook.stem} reads tables of notebook {unknown[0]}, which does not run before it"
        raise RunError(f"{message}; there are {', '.join(sorted(known)) or 'none'}.")
    return [name for name in earlier if name[:2] in numbers]


# ---- the rest -------------------------------------------------------------------------------------------------------


def digest(content: Any) -> str:
    """sha256 of JSON content, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def describe_inputs(parameters: Parameters, notebooks: Sequence[Path]) -> dict[str, Any]:
    """Everything that a run is made from: a run whose record has the same is the same.

    Of parameters it is those that are given: from the same data they are completed in the same way. Of notebooks it is
    the cells: outputs and counts, which an editor may have saved, make no difference.
    """
    return {
        "asked": {**parameters.model_dump(exclude_unset=True), "run": parameters.run},
        "notebooks": {source.stem: digest(read_sources(source)) for source in notebooks},
        "data": {"path": parameters.data, "files": hash_data(parameters.source)},
        "helpers": hash_helpers() | {"docs/try.html": hash_file(find_shipped("try.html", "docs"))},
        "versions": _list_versions(),
        "citation": hash_citation(),
    }


def hash_data(source: Source) -> dict[str, str]:
    """sha256 of every file that the data in `source` are read from: own data take the references from the project's."""
    kinds = {".csv", ".json"}
    path = source.path
    files = hash_files(path, kinds)
    if path.is_file() and is_register(find_register(path)):
        files[REGISTER] = hash_file(find_register(path))
    table = path / "indicators.csv"
    if not table.is_file() or all(row.get("role") != "reference" for row in read_rows(table)):
        files |= {f"data/{name}": file_hash for name, file_hash in hash_files(find_data(), kinds).items()}
    shipped = {f"{name}.csv": find_shipped(f"{name}.csv") for name in COUNTED}
    counted = {f"data/{name}": hash_file(file) for name, file in shipped.items() if name not in files}
    return files | counted


def choose_files(files: Mapping[str, str], declared: Collection[str]) -> Mapping[str, str]:
    """Files of data that a notebook reads: beside an own file those of the references, unless it declares a series."""
    references = {name: file for name, file in files.items() if name.startswith("data/")}
    return files if {"entity", "indicator"} & {*declared} else references or files


def describe_series(parameters: Parameters) -> dict[str, Any]:
    """Facts on the series that a notebook may declare instead of it, so that runs of other series share its result.

    Its technology where that is an earlier one, else "", and whether it is a share of sales: series that agree in these
    share what such a notebook has made.
    """
    from .. import indicators

    data = indicators.load(parameters.source, as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, limit=parameters.limit)
    known = series.technology in data.list_technologies()
    kind = "sales" if series.is_share_of_sales else "limit"
    return {"technology": series.technology if known else "", "kind": kind}


def hash_citation() -> str:
    """sha256 of the ``CITATION.cff`` that pages cite; "" where there is none."""
    path = find_citation()
    return hash_file(path) if path else ""


@lru_cache(maxsize=1)
def _list_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that the package depends on."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for requirement in metadata.requires("adoption-curves") or []:
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            versions[name] = metadata.version(name)
    return {"adoption-curves": metadata.version("adoption-curves"), **versions}
