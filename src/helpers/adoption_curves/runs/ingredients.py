"""Ingredients of a run: notebooks with their declarations and tables, data, helpers and libraries."""

from __future__ import annotations

import ast
import hashlib
import json
import re
import sys
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import lru_cache
from importlib import metadata
from pathlib import Path
from typing import Any

from ..base.files import MAX_TEXT, hash_file, hash_files, hash_helpers, list_plain, read_json
from ..base.project import (
    CHECKOUT,
    COUNTED,
    PACKAGED,
    REGISTER,
    RunError,
    find_citation,
    find_data,
    find_own,
    find_register,
    find_root,
    shorten_path,
)
from ..base.source import Source
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
    """The numbered notebooks in their order.

    Raises
    ------
    RunError
        If there are none.
    """
    folder = folder or find_root() / "notebooks"
    found = sorted(folder.glob("[0-9][0-9]_*.ipynb"))
    if not found:
        raise RunError(f"There are no numbered notebooks (01_*.ipynb and so on) in {shorten_path(folder)}.")
    return found


def find_unnumbered(name: str) -> Path:
    """A notebook that is no part of a run: the project's, or the package's own where an older project has none.

    Raises
    ------
    RunError
        If there is none.
    """
    roots = (find_root(), CHECKOUT, PACKAGED)
    found = [path for root in roots if (path := root / "notebooks" / f"{name}.ipynb").is_file()]
    if not found:
        raise RunError(f"There is no notebook {name}.ipynb in {shorten_path(find_root() / 'notebooks')}.")
    return found[0]


PARSING = threading.Lock()
WRITERS = ("keep", "show")
"""Methods of a `Study` that write a table."""


def parse_code(source: str) -> ast.Module:
    """The syntax tree of code, one at a time: Python 3.11 miscounts its depth when two threads parse.

    Raises
    ------
    SyntaxError
    """
    with PARSING:
        try:
            return ast.parse(source)
        except SystemError:  # a library's own thread was parsing
            return ast.parse(source)


def read_declared(notebook: Path) -> dict[str, Any]:
    """Parameters that a notebook declares: names and defaults of the assignments in its ``parameters`` cell."""
    sources = [source for _, source, tags in read_sources(notebook) if "parameters" in tags]
    try:
        lines = [line for source in sources for line in parse_code(source).body]
        assigned = [each for each in lines if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)]
        return {each.targets[0].id: ast.literal_eval(each.value) for each in assigned}  # type: ignore[attr-defined]
    except (SyntaxError, ValueError) as error:
        wrong = f"The cell of parameters of {shorten_path(notebook)} holds more than lines such as: horizon_years = 5"
        raise RunError(f"{wrong} ({error}).") from error


OF_SERIES = {"technology", "bounded"}
"""Facts that a notebook may declare instead of the series, so that runs of other series share its result."""


def describe_series(parameters: Parameters) -> dict[str, Any]:
    """Facts on the series that notebooks on comparison technologies need, `OF_SERIES`.

    Its technology where that is an earlier one, else "", and whether it has a bound: series that agree in these share
    what such a notebook has made.
    """
    from .. import indicators

    data = indicators.load(parameters.source, as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    known = series.technology in data.list_technologies()
    return {"technology": series.technology if known else "", "bounded": series.bound is not None}


def find_needs(notebook: Path, earlier: Iterable[str]) -> list[str]:
    """Names of the notebooks whose tables a notebook reads, and of those that these read: all where it computes a name.

    A table's name begins with the number of the notebook that writes it.
    """
    code = "\n".join(source for kind, source, _ in read_sources(notebook) if kind == "code")
    numbers = re.findall(r"read_table\(['\"](\d\d)_", code)
    every = len(numbers) < code.count("read_table(")
    needs = [name for name in earlier if every or name[:2] in numbers]
    further = {
        name for need in needs for name in find_needs(notebook.with_stem(need), [one for one in earlier if one < need])
    }
    return sorted({*needs, *further})


# ---- the rest -------------------------------------------------------------------------------------------------------


def digest(content: Any) -> str:
    """sha256 of JSON content, independent of the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def hash_source(notebook: Path) -> str:
    """sha256 of a notebook's cells; outputs and counts, which an editor may have saved, make no difference."""
    return digest(read_sources(notebook))


def describe_inputs(parameters: Parameters, notebooks: Sequence[Path], pdf: bool = False) -> dict[str, Any]:
    """Everything that a run is made from: a run whose record has the same is the same."""
    return {
        "parameters": parameters.model_dump(),
        "notebooks": {source.stem: hash_source(source) for source in notebooks},
        "data": {"path": parameters.data, "files": hash_data(parameters.source)},
        "helpers": hash_helpers(),
        "versions": list_versions(),
        "citation": hash_citation(),
        "pdf": pdf,
    }


def hash_data(source: Source) -> dict[str, str]:
    """sha256 of every file that the data in `source` are read from: own data take the references from the project's."""
    kinds = {".csv", ".json"}
    path = source.path
    files = hash_files(path, kinds)
    if path.is_file() and (find_register(path) / "hub-config").is_dir():
        files |= {f"{REGISTER}/{name}": digest for name, digest in hash_files(find_register(path), kinds).items()}
    table = path / "indicators.csv"
    if not table.is_file() or all(row.get("role") != "reference" for row in read_rows(table)):
        files |= {f"data/{name}": digest for name, digest in hash_files(find_data(), kinds).items()}
    counted = {f"data/{name}.csv": hash_file(find_own(f"{name}.csv")) for name in COUNTED if f"{name}.csv" not in files}
    return files | counted


def hash_citation() -> str:
    """sha256 of the ``CITATION.cff`` that pages cite; "" where there is none."""
    path = find_citation()
    return hash_file(path) if path else ""


@contextmanager
def watch_data(source: Source, files: Mapping[str, str]) -> Iterator[None]:
    """Refuse what the block makes of data that aren't, or don't stay, as `hash_data` had them; changed back counts too.

    Raises
    ------
    RunError
    """
    changed = RunError("The data changed while the run was being made. Run the same command again.")
    before = _stamp(source.path)
    if hash_data(source) != files:
        raise changed
    yield
    if _stamp(source.path) != before:
        raise changed


def _stamp(path: Path) -> dict[Path, tuple[int, int, int, int]]:
    """File states: inode, size and times of each file of the data; no user can set ctime."""
    files = [*([path] if path.is_file() else list_plain(path).values()), *list_plain(find_data()).values()]
    found = {file: file.stat() for file in files}
    return {file: (each.st_ino, each.st_size, each.st_mtime_ns, each.st_ctime_ns) for file, each in found.items()}


@lru_cache(maxsize=1)
def list_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that the package depends on."""
    versions = {"python": ".".join(map(str, sys.version_info[:3]))}
    for requirement in metadata.requires("adoption-curves") or []:
        if "extra ==" not in requirement:
            name = re.split(r"[^\w.-]", requirement, maxsplit=1)[0]
            versions[name] = metadata.version(name)
    return {"adoption-curves": metadata.version("adoption-curves"), **versions}
