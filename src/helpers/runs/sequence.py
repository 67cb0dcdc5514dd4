"""The notebooks of a run: which there are, what parameters each declares, and which tables each reads."""

from __future__ import annotations

import ast
import threading
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..base.files import read_cells
from ..base.project import CHECKOUT, PACKAGED, RunError, UserError, count_processors, find_data, find_root, shorten_path
from ..base.quoting import quote
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


@dataclass(frozen=True)
class Step:
    """A notebook of a run.

    Attributes
    ----------
    source : Path
    values : mapping
        The parameters that it declares, and what it declares of the series in question (`describe_series`).
    reads : tuple of str
        Names of the tables that its code reads; none where the code doesn't name them: then it may read any.
    upstream : tuple of str
        Names of the notebooks that it reads from.
    """

    source: Path
    values: Mapping[str, Any]
    reads: tuple[str, ...]
    upstream: tuple[str, ...]

    @property
    def name(self) -> str:
        """The notebook's name."""
        return self.source.stem


@dataclass(frozen=True)
class Execution:
    """How the notebooks of a run are executed.

    Attributes
    ----------
    forced : collection of str
        Names of notebooks to execute whatever there is to reuse: see `choose_forced`.
    isolated : bool
        Start an interpreter for each notebook instead of forking one that has imported the libraries.
    pdf : bool
        Write every figure as PDF too.
    slots : Semaphore
        Held while a notebook is executed: as many run at the same time as it allows, whatever number of runs are made;
        by default one more than there are processors, since each waits for its kernel now and then.
    limits : pair of float
        Seconds that a cell and a notebook may take.
    """

    forced: Collection[str] = ()
    isolated: bool = False
    pdf: bool = False
    slots: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(count_processors() + 1))
    limits: tuple[float, float] = (600.0, 1800.0)


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
    sources = [source for _, source, tags in read_cells(notebook) if "parameters" in tags]
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


def read_calls(notebook: Path, method: str) -> list[str | None]:
    """The first argument of each call of a method in a notebook's code; None where the code computes it."""
    code = "\n".join(source for kind, source, _ in read_cells(notebook) if kind == "code")
    try:
        nodes = list(ast.walk(parse_code(code)))
    except SyntaxError:  # IPython's own commands
        return [None]
    calls = [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == method]
    found = [call.args[0] for call in calls if call.args]
    return [str(each.value) if isinstance(each, ast.Constant) else None for each in found]


def plan_steps(sources: Sequence[Path], parameters: Parameters) -> list[Step]:
    """The notebooks in their order, each with what it declares and reads."""
    given, declared = parameters.model_dump(), [read_declared(source) for source in sources]
    if any(OF_SERIES & names.keys() for names in declared):
        given |= describe_series(parameters)
    writers = {name: source.stem for source in sources for by in WRITERS for name in read_calls(source, by) if name}
    steps = []
    for place, source in enumerate(sources):
        earlier = [other.stem for other in sources[:place]]
        tables = read_calls(source, "read_table")
        known = {writers.get(name or "") for name in tables}
        upstream = tuple(earlier) if None in known else tuple(name for name in earlier if name in known)
        values = {name: given[name] for name in declared[place] if name in given}
        named = () if None in known else tuple(name for name in tables if name)
        steps.append(Step(source, values, named, upstream))
    return steps


def choose_forced(sources: Iterable[Path], force: bool = False, only: str = "", first: str = "") -> set[str]:
    """Names of the notebooks that run again whatever the cache says.

    Parameters
    ----------
    sources : iterable of Path
        The numbered notebooks.
    force : bool
        All of them.
    only : str
        The one with this number, such as ``"05"``.
    first : str
        The one with this number and those after it.

    Returns
    -------
    set of str

    Raises
    ------
    UserError
        If no notebook has that number.
    """
    numbers = {source.stem: source.stem.split("_")[0] for source in sources}
    for number in filter(None, (only, first)):
        if number.zfill(2) not in numbers.values():
            raise UserError(f"There is no notebook {quote(number)}; there are {', '.join(numbers.values())}.")
    return {
        name
        for name, number in numbers.items()
        if force or (only and number == only.zfill(2)) or (first and number >= first.zfill(2))
    }
