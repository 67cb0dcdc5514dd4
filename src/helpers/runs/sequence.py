"""The notebooks of a run: which there are, what parameters each declares, and which tables each reads."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ..base.project import CHECKOUT, PACKAGED, RunError, find_data, find_root, shorten_path
from .notebook import read_sources
from .parameters import Parameters


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


OF_SERIES = {"technology", "bounded", "points"}
"""What a notebook may declare in place of the series in question, if it depends on no more of it."""


def describe_series(parameters: Parameters) -> dict[str, Any]:
    """What notebooks on the earlier technologies must know of the series in question, `OF_SERIES`.

    Its technology where that is an earlier one, else "", whether it has a bound, and how many figures a forecast has
    of it, at most three: series that agree in these share what such a notebook has made.
    """
    from .. import indicators
    from .checks import count_figures

    data = indicators.load(str(find_data(parameters.data)), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    known, points = series.technology in data.list_technologies(), count_figures(series)
    return {"technology": series.technology if known else "", "bounded": series.bound is not None, "points": points}


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
