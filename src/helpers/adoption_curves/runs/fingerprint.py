"""Fingerprint of a run: hashes of the notebooks, data, code and libraries from which it is made."""

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
    """Type, source and tags of each cell of a notebook.

    Raises
    ------
    RunError
        If the file is not a notebook.
    """
    try:
        cells = read_json(notebook, MAX_TEXT)["cells"]
        return [(cell["cell_type"], "".join(cell["source"]), list(cell["metadata"].get("tags", []))) for cell in cells]
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise RunError(f"{shorten_path(notebook)} can't be read as a notebook ({str(error)[:200]}).") from error


def find_notebooks(folder: Path | None = None) -> list[Path]:
    """Paths of the numbered notebooks, in order; copies of other notebooks are left out.

    Raises
    ------
    RunError
        If the folder has no numbered notebook.
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
    """The numbered notebooks, each with the name in its `Study` if that is not its own name, otherwise ""."""
    names = {path: _read_study(path)[0] for path in sorted(folder.glob("[0-9][0-9]_*.ipynb"))}
    return {path: "" if name in ("", path.stem) else name for path, name in names.items()}


def _read_study(notebook: Path) -> tuple[str, tuple[str, ...]]:
    """Name and numbers that a notebook gives to its `Study`, as in ``Study("06_mine", reads=["01", "05"])``.

    Returns "" and no numbers for a notebook without a `Study`.

    Raises
    ------
    RunError
        If they are computed rather than written as literals.
    """
    for kind, source, _ in read_sources(notebook):
        if kind == "code" and "Study(" in source:
            with suppress(SyntaxError):  # IPython's own syntax; a real mistake is reported when the cell runs
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
    """Syntax tree of code; only one thread parses at a time, because Python 3.11 miscounts the depth otherwise.

    Raises
    ------
    SyntaxError
    """
    with _PARSING:
        try:
            return ast.parse(source)
        except SystemError:  # a thread of a library was parsing at the same time
            return ast.parse(source)


def read_declared(notebook: Path) -> dict[str, Any]:
    """Names and defaults of the parameters in a notebook's cell tagged ``parameters``."""
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


# ---- data, code and libraries ---------------------------------------------------------------------------------------


def digest(content: Any) -> str:
    """sha256 of JSON content, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def describe_inputs(parameters: Parameters, notebooks: Sequence[Path]) -> dict[str, Any]:
    """Inputs of a run: if they are those in the record of a run, that run is up to date.

    They include only the parameters that were given, because the others follow from them and the data. Notebooks are
    compared by their cells, without outputs and execution counts, which an editor may have saved.
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
    """sha256 of each file from which data are read; for a user's own file, also the project's, for the references."""
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
    """Data files that a notebook reads: those of the references alone if it has no parameter for the series."""
    references = {name: file for name, file in files.items() if name.startswith("data/")}
    return files if {"entity", "indicator"} & {*declared} else references or files


def describe_series(parameters: Parameters) -> dict[str, Any]:
    """Technology and kind of the series, which a notebook may have as parameters instead of the series itself.

    The technology is "" unless it is a comparison technology. Runs of different series with the same technology and
    kind can then share the result of the notebook.
    """
    from .. import indicators

    data = indicators.load(parameters.source, as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, limit=parameters.limit)
    known = series.technology in data.list_technologies()
    kind = "sales" if series.is_share_of_sales else "limit"
    return {"technology": series.technology if known else "", "kind": kind}


def hash_citation() -> str:
    """sha256 of the ``CITATION.cff`` that pages cite; "" if there is none."""
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
