"""The sets of parameters of a sweep, from a YAML file: read safely, and checked all before anything starts."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from ..base.project import Source
from .parameters import ParameterError, Parameters, complete_parameters, parse_yaml, read_parameters, suggest

MAX_UNASKED, MAX_RUNS, MAX_BYTES = 200, 10_000, 1_000_000
LONGEST_NAME = 40
"""Letters of a run's name that is made of what it varies."""
RESERVED = re.compile(r"(sweep|comparison|index)\..*", re.IGNORECASE)


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep.

    Attributes
    ----------
    name : str
        Of the sweep, and of its folder in outputs/.
    file : str
        Name of the file that it was read from.
    runs : sequence of Parameters
    varied : tuple of str
        Parameters that aren't the same in all runs.
    """

    name: str
    file: str
    runs: Sequence[Parameters]
    varied: tuple[str, ...]


def read_sweep(path: Path, name: str = "", many: bool = False) -> Sweep:
    """Read and check a sweep.

    Parameters
    ----------
    path : Path
        YAML with ``parameters`` (common to all), ``grid`` (names to lists of values, all combinations) and ``runs`` (a
        list of sets, each may name its ``run``).
    name : str
        Name of the sweep; by default the file's, without its ending.
    many : bool
        True if more than 200 runs are allowed.

    Returns
    -------
    Sweep

    Raises
    ------
    ParameterError
        With a line for each problem and the runs that have it.
    """
    content = _read_parts(_read_yaml(path))
    # The sets: every combination of the grid's values, and those that are listed.
    sets = _list_sets(content, many)
    own = [values.pop("run", None) for values in sets]
    # Each with what is common to all; checked, and completed by the series of own data.
    given = [_locate_data({**(content.parameters or {}), **values}) for values in sets]
    titles = [f"run '{named}'" if named else f"set {number}" for number, named in enumerate(own, 1)]
    chosen = _check_sets(given, titles)
    # Named by themselves, or by what the file gives them.
    told = [[(each, getattr(run, each)) for each in values] for run, values in zip(chosen, sets, strict=True)]
    names = name_runs(own, told)
    _check_distinct(chosen, names)
    runs = [run.model_copy(update={"run": named}) for run, named in zip(chosen, names, strict=True)]
    fields = dict.fromkeys([*(content.grid or {}), *Parameters.model_fields])
    varied = tuple(each for each in fields if len({repr(getattr(run, each)) for run in chosen}) > 1)
    return Sweep(_check_name(name or path.stem), path.name, runs, varied)


def _list_sets(content: SweepFile, many: bool) -> list[dict[str, Any]]:
    grid, listed = content.grid or {}, content.runs or []
    count = (math.prod(map(len, grid.values())) if grid else 0) + len(listed)
    if count > MAX_RUNS:
        raise ParameterError(f"the file asks for {count:,} runs; a sweep has at most {MAX_RUNS:,}. Leave values out")
    if count > MAX_UNASKED and not many:
        raise ParameterError(f"the file asks for {count:,} runs. If that's what you want, say so with --yes")
    combined = [dict(zip(grid, values, strict=True)) for values in product(*grid.values())] if grid else []
    return [*combined, *listed]


def _locate_data(values: dict[str, Any]) -> dict[str, Any]:
    """The set with the path of its data as seen from here."""
    data = values.get("data")
    return {**values, "data": str(Source.read(data).find_from_here())} if isinstance(data, str) else values


def _check_name(name: str) -> str:
    try:
        return read_parameters({"run": name}).run
    except ParameterError as error:
        raise ParameterError(f"'{name}' can't name a sweep's folder; choose a name with --name") from error


def _read_yaml(path: Path) -> Any:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise ParameterError(f"{path.name} is larger than a list of parameters can be")
        return parse_yaml(raw.decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(f"{path}: the file can't be read ({error})") from error
    except ParameterError:
        raise
    except ValueError as error:
        raise ParameterError(f"{path.name}: {error}") from error


class SweepFile(BaseModel):
    """The parts of the file: parameters common to all runs, lists of values to combine, and single sets."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] | None = None
    grid: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)] | None = None
    runs: Annotated[list[dict[str, Any]], Field(min_length=1)] | None = None

    @model_validator(mode="after")
    def check_names(self) -> SweepFile:
        """Refuse a file that asks for no run, or gives all runs one name."""
        if self.grid is None and self.runs is None:
            raise ValueError("there is neither a 'grid' nor 'runs': nothing to make")
        if "run" in {**(self.parameters or {}), **(self.grid or {})}:
            told = "'run' names one run: it goes into the sets in 'runs'"
            raise ValueError(f"{told}; others get names from what they vary")
        return self


WRONG = {
    "parameters": "'parameters' must hold lines such as 'horizon_years: 5'",
    "grid": "'grid' must hold lines such as 'horizon_years: [3, 5]'",
    "runs": "'runs' must be a list of sets, each with lines such as 'horizon_years: 5'",
}


def _read_parts(content: Any) -> SweepFile:
    if not isinstance(content, dict):
        parts = "a sweep has the parts 'grid' and 'runs' (one at least) and 'parameters', each 'name: ...'"
        raise ParameterError(parts)
    try:
        return SweepFile.model_validate(content)
    except ValidationError as error:
        raise ParameterError("\n".join(dict.fromkeys(map(_say_wrong, error.errors())))) from error


def _say_wrong(error: Any) -> str:
    """What is wrong in the file, in the words of its parts."""
    part, *inside = error["loc"] or [""]
    if error["type"] == "extra_forbidden":
        return f"unknown part '{part}'{suggest(part, WRONG)}"
    if part == "grid" and inside:
        return f"grid: '{inside[0]}' must be a list of values, such as [3, 5]; this is {error['input']!r}"
    return WRONG.get(part) or str(error["ctx"]["error"])


def _check_sets(given: Sequence[Mapping[str, Any]], titles: Sequence[str]) -> list[Parameters]:
    """Check all sets of parameters, by themselves and against the data, and complete them."""
    from .. import indicators
    from .check_run import check_parameters

    load = lru_cache(maxsize=8)(indicators.load)
    calibrated: defaultdict[tuple[str, str], set[str]] = defaultdict(set)
    chosen, problems = [], dict[str, list[str]]()
    for values, title in zip(given, titles, strict=True):
        try:
            completed = complete_parameters(read_parameters(values), load)
            check_parameters(completed, load, calibrated[completed.data, completed.as_of])
            chosen.append(completed)
        except ValueError as error:  # ours, and those of the data
            for line in str(error).splitlines():
                problems.setdefault(line, []).append(title)
    if problems:
        lines = []
        for line, names in problems.items():
            more = f" and {len(names) - 3} more" if len(names) > 3 else ""
            lines.append(f"{line} (in {', '.join(names[:3])}{more})" if len(given) > 1 else line)
        raise ParameterError("\n".join(lines))
    return chosen


def _check_distinct(chosen: Iterable[Parameters], names: Iterable[str]) -> None:
    first: dict[str, str] = {}
    both = [(name, first.setdefault(repr(each), name)) for each, name in zip(chosen, names, strict=True)]
    problems = [f"'{name}' is the same as '{same}': leave one out" for name, same in both if same != name]
    if problems:
        raise ParameterError("\n".join([*problems[:10], *(["..."] if len(problems) > 10 else [])]))


def name_runs(own: Sequence[Any], varied: Sequence[Sequence[tuple[str, Any]]]) -> list[str]:
    """Names of runs, different also where case makes no difference: their own, else what they vary.

    Where one of these names is longer than forty letters, or stands twice, all are ``run-001`` and so on.

    Parameters
    ----------
    own : sequence
        The name that the file gives each run; None for none.
    varied : sequence of sequence of (str, value)
        What the file gives each run beside the parameters that are common to all.

    Returns
    -------
    list of str

    Raises
    ------
    ParameterError
        If a run's own name isn't one, or stands twice.
    """
    made = ["_".join(name_value(*pair) for pair in pairs) for pairs in varied]
    told = [name.casefold() for name, named in zip(made, own, strict=True) if named is None]
    short = all(re.fullmatch(rf"\w[\w.-]{{0,{LONGEST_NAME - 1}}}", name, re.ASCII) for name in told)
    if not short or len(set(told)) < len(told):
        made = [f"run-{number:03d}" for number in range(1, len(own) + 1)]
    names = [each if name is None else str(name) for name, each in zip(own, made, strict=True)]
    if problems := [problem for number, name in enumerate(names) if (problem := _find_fault(name, names[:number]))]:
        raise ParameterError("\n".join(problems))
    return names


def _find_fault(name: str, before: Sequence[str]) -> str:
    """Why a run can't have a name; "" where it can."""
    if name.casefold() in {other.casefold() for other in before}:
        return f"two runs are named '{name}'"
    if RESERVED.fullmatch(name):
        return f"a run can't be named '{name}': the sweep itself writes such a file"
    try:
        read_parameters({"run": name})
    except ParameterError as error:
        return str(error)
    return ""


def name_value(name: str, value: Any) -> str:
    """Part of a run's name for the value of a parameter that varies: a text by itself, a number with the parameter.

    >>> name_value("entity", "South Korea"), name_value("horizon_years", 2.5), name_value("bound", "")
    ('South-Korea', 'horizon_years-2.5', 'no-bound')
    """
    if name == "data":
        return re.sub(r"[^\w.]+", "-", Source.read(value).path.stem).strip("-.")
    texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    plain = "-".join(re.sub(r"[^\w.]+", "-", text).strip("-.") for text in texts)
    if value == "":
        return f"no-{name}"
    is_number = isinstance(value, int | float | list) or re.fullmatch(r"[\d.]+", plain)
    return f"{name}-{plain}" if is_number else plain
