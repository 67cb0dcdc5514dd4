"""A whole run: its notebooks in the order of what they read, each reused from the store or executed, then the pages.

`make_notebook` and `finish_run` are all there is to a run; a sweep gives them to Dask's workers.
"""

from __future__ import annotations

import ast
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from helpers.parameters import Parameters
from helpers.project import RunError, count_processors, hash_file, write_json
from helpers.run import RUNNER, list_written, read_valid
from helpers.runs.store import Store, describe_parts, digest, explain_change

EMPTY = {"parameters": {}, "read": {}, "tables": {}, "figures": {}}


@dataclass(frozen=True)
class Step:
    """A notebook of a run.

    Attributes
    ----------
    source : Path
    values : mapping
        The parameters that it declares.
    reads : tuple of str
        Names of the tables that its code reads, or of the notebooks before it where the code doesn't name them.
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
class Made:
    """A notebook's result in the store, and in words how it came there."""

    key: str
    how: str


def read_declared(notebook: Path) -> dict[str, Any]:
    """Parameters that a notebook declares: names and defaults of the assignments in its ``parameters`` cell."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if "parameters" in cell["metadata"].get("tags", [])]
    statements = [statement for source in sources for statement in ast.parse(source).body]
    assigned = [each for each in statements if isinstance(each, ast.Assign) and isinstance(each.targets[0], ast.Name)]
    return {each.targets[0].id: ast.literal_eval(each.value) for each in assigned}  # type: ignore[attr-defined]


def read_calls(notebook: Path, method: str) -> list[str | None]:
    """First arguments of the calls of a method in a notebook's code; None where the code computes one."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    code = "\n".join("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    try:
        nodes = list(ast.walk(ast.parse(code)))
    except SyntaxError:  # IPython's own commands
        return [None]
    calls = [node for node in nodes if isinstance(node, ast.Call) and getattr(node.func, "attr", "") == method]
    firsts = [call.args[0] for call in calls if call.args]
    return [str(first.value) if isinstance(first, ast.Constant) else None for first in firsts]


def plan_steps(sources: Sequence[Path], parameters: Parameters) -> list[Step]:
    """The notebooks in their order, each with what it declares and reads."""
    given = parameters.model_dump()
    writers = {name: source.stem for source in sources for name in read_calls(source, "save") if name}
    steps = []
    for place, source in enumerate(sources):
        earlier = [other.stem for other in sources[:place]]
        tables = read_calls(source, "read_table")
        known = {writers[name] for name in tables if name in writers}
        upstream = tuple(name for name in earlier if name in known) if all(t in writers for t in tables) else tuple(earlier)
        values = {name: given[name] for name in read_declared(source) if name in given}
        steps.append(Step(source, values, tuple(name for name in tables if name), upstream))
    return steps


def make_notebook(
    step: Step,
    keys: Mapping[str, str],
    inputs: Mapping[str, Any],
    store: Store,
    kernels: Any,
    before: Mapping[str, str] | None = None,
    force: bool = False,
    log: Callable[[str], None] = lambda line: None,
) -> Made:
    """Have the result of a notebook in the store: it is there, or the notebook is executed.

    Parameters
    ----------
    step : Step
    keys : mapping
        Keys of the results of the notebooks that it reads from, by name.
    inputs : mapping
        From `helpers.runs.record.describe_inputs`.
    store : Store
    kernels : callable
        Makes `helpers.runs.execute.Kernels` for a folder of outputs.
    before : mapping, optional
        What the notebook was made from when this run was last made, to say what has changed.
    force : bool
        Execute it whatever the store has.
    log : callable

    Raises
    ------
    helpers.runs.execute.NotebookFailed
        The copy, executed as far as it came, lies in ``<run>.partial/``.
    """
    written = [table for name in step.upstream for table in store.read(keys[name])["tables"].items()]
    tables = {name: entry["sha256"] for name, entry in written if name in step.reads or not step.reads}
    parts = describe_parts(step.source, step.values, inputs, tables)
    key = digest(parts)
    if not force and store.is_whole(key):
        return Made(key, "unchanged")
    from helpers.runs.execute import NotebookFailed, execute_notebook

    started = time.monotonic()
    with tempfile.TemporaryDirectory(dir=store.make_folder(), prefix=".work-", ignore_cleanup_errors=True) as place:
        folder = Path(place) / str(step.values.get("run", "run"))
        for name in step.upstream:
            store.get(keys[name], folder)
        target = folder / "notebooks" / step.source.name
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            execute_notebook(step.source, target, step.values, kernels(Path(place)), log)
        except NotebookFailed as error:
            raise keep_partial(error, target, store.folder.parent / f"{folder.name}.partial") from error
        record = EMPTY | (read_valid(folder, step.name) or {}) | {"key": key, "parts": parts}
        record["executed"] = hash_file(target)
        write_json(target.with_suffix(".json"), record)
        store.put(key, folder, [*list_written(record), f"notebooks/{step.name}.ipynb", f"notebooks/{step.name}.json"])
    because = explain_change(parts, before)
    return Made(key, f"{time.monotonic() - started:.1f} s" + (f" ({because})" if because and not force else ""))
