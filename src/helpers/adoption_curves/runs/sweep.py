"""Many runs from one YAML file, several at a time, and their comparison.

All sets of parameters are checked before the first run starts.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from ..base.columns import spread_choices
from ..base.files import read_file
from ..base.folders import lock_folder, move_edited
from ..base.formats import format_count
from ..base.project import (
    RunError,
    Source,
    UserError,
    count_processors,
    find_outputs,
    find_root,
    import_extra,
    shorten_path,
)
from .check_series import check_parameters
from .compare import NAME, read_row, write_comparison
from .fingerprint import find_notebooks
from .manifest import SWEEP, find_damage, is_old_sweep, write_sweep
from .notebook_process import start_fork_server, start_threads
from .parameters import ParameterError, Parameters, complete_parameters, parse_yaml, read_parameters
from .runner import print_line, remove_store, run_all
from .steps import USUAL_EXECUTION, Execution, Results, list_earlier

_MAX_SWEPT_RUNS = 10_000
# Maximum length of a run's name that is made from the values that vary.
_MAX_RUN_LETTERS = 40
# Names in the folder of a sweep that no run may have.
_RESERVED = re.compile(r"(sweep|comparison|index)\..*|comparison", re.IGNORECASE)
_FORM = {"parameters": dict, "grid": {str: list}, "runs": [dict]}
_RIGHT = (
    "Write 'grid', with lines such as 'horizon_years: [3, 5]', or 'runs', a list of sets with lines such as 'limit: "
    "2000' (here alone 'run' names one), and what is common to all in 'parameters'."
)


@dataclass(frozen=True)
class Sweep:
    """The runs of a sweep.

    Attributes
    ----------
    name : str
        Name of the sweep and of its folder in outputs/.
    runs : sequence of Parameters
        Parameters of each run.
    left_out : mapping
        Reason why a set of parameters has no run, by name.
    """

    name: str
    runs: Sequence[Parameters]
    left_out: Mapping[str, str]


def read_sweep(path: Path, name: str = "") -> Sweep:
    """Read and check a sweep.

    Parameters
    ----------
    path : Path
        YAML file with ``parameters`` (common to all), ``grid`` (names with lists of values: all combinations) and
        ``runs`` (a list of sets, each of which may name its ``run``).
    name : str
        Name of the sweep; by default the file's, without its ending.

    Returns
    -------
    Sweep
        Without the sets for which there are no data, such as a country without the indicator.

    Raises
    ------
    ParameterError
        With one line per mistake and the sets that have it; or if no set is possible.
    """
    try:
        sweep = read_parameters({"run": name or path.stem}).run
    except ParameterError as error:
        raise ParameterError(f"'{name or path.stem}' can't name a sweep's folder; choose a name with --name") from error
    common, sets = _read_sets(path)
    runs, wrong, left_out = list[Parameters](), dict[str, list[str]](), dict[str, str]()
    for named, values in zip(_name_runs(sets), sets, strict=True):
        # A mistake in any set is an error; a set for which there are no data is left out.
        try:
            run = read_parameters(_locate_data({**common, **values, "run": named}))
        except ValueError as error:
            for line in str(error).splitlines():
                wrong.setdefault(line, []).append(named)
            continue
        try:
            runs.append(complete_parameters(run))
            check_parameters(runs[-1])
        except ValueError as error:  # our own errors and those of the data
            left_out[named] = str(error)
    runs = [run for run in runs if run.run not in left_out]
    for named, why in left_out.items() if not runs else ():
        wrong.setdefault(why, []).append(named)
    if wrong:
        lines = (f"{line} (in {', '.join(names[:3])}{', ...' if names[3:] else ''})" for line, names in wrong.items())
        raise ParameterError("\n".join(lines))
    return Sweep(sweep, runs, left_out)


def _read_sets(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Common parameters of a file, and its sets: the combinations of the grid, and those in the list."""
    try:
        content = parse_yaml(read_file(path))
    except OSError as error:
        raise ParameterError(f"{path}: the file can't be read ({error.strerror}).") from error
    except ValueError as error:
        raise ParameterError(f"{path.name}: {error}") from error
    parts: dict[str, Any] = {"parameters": {}, "grid": {}, "runs": []}
    wrong = find_damage(content, {str: object}) or next((str(name) for name in content if name not in parts), "")
    if not (wrong := wrong or find_damage(parts | content, _FORM)):
        common, grid, runs = (parts | content).values()
        wrong = "run" if "run" in {**common, **grid} else next((name for name in grid if not grid[name]), "")
    if wrong:
        raise ParameterError(f"{path.name}: '{wrong}' has the wrong form. {_RIGHT}")
    count = len(runs) + (math.prod(map(len, grid.values())) if grid else 0)
    if not 0 < count <= _MAX_SWEPT_RUNS:
        raise ParameterError(f"{path.name} has {count:,} runs; a sweep has 1 to {_MAX_SWEPT_RUNS:,}. {_RIGHT}")
    combined = product(*grid.values()) if grid else ()
    return common, [*(dict(zip(grid, values, strict=True)) for values in combined), *runs]


def _locate_data(values: dict[str, Any]) -> dict[str, Any]:
    """A set whose path of the data is relative to the working directory, with the rows to read (COLUMN=VALUE)."""
    data, where = values.get("data"), values.get("where")
    if not isinstance(data, str):
        return values
    source = Source.read(data).find_from_here()
    if isinstance(where, str | list):
        common = (text for name, text in spread_choices(source.choices) if name == "where")
        source = source.choose(where=(*common, *([where] if isinstance(where, str) else where)))
    return {name: value for name, value in values.items() if name != "where"} | {"data": str(source)}


def _name_runs(sets: Sequence[Mapping[str, Any]]) -> list[str]:
    """Names of runs, which differ even if case is ignored: those in the file, otherwise made from the values that vary.

    If one of the latter is longer than forty letters, or occurs twice, all are ``run-001`` and so on.

    Raises
    ------
    ParameterError
        If a name in the file occurs twice, or is that of a file of the sweep.
    """
    derived = ["_".join(_name_value(*item) for item in each.items() if "run" not in each) for each in sets]
    varied = [name.casefold() for name in derived if name]
    short = all(re.fullmatch(rf"\w[\w.-]{{0,{_MAX_RUN_LETTERS - 1}}}", name, re.ASCII) for name in varied)
    if not short or len({*varied}) < len(varied):
        derived = [f"run-{number:03d}" for number in range(1, len(sets) + 1)]
    names = [str(each.get("run", name)) for each, name in zip(sets, derived, strict=True)]
    for name, count in Counter(map(str.casefold, names)).items():
        if count > 1 or _RESERVED.fullmatch(name):
            raise ParameterError(
                f"a run can't be named '{name}', because another run or a file of the sweep has that name"
            )
    return names


def _name_value(name: str, value: Any) -> str:
    """Part of a run's name for the value of a parameter that varies: a text by itself, a number with the parameter.

    >>> _name_value("entity", "South Korea"), _name_value("horizon_years", "2.5"), _name_value("limit", "none")
    ('South-Korea', 'horizon_years-2.5', 'no-limit')
    """
    if value in ("", "none"):
        return f"no-{name}"
    texts = list(map(str, value)) if isinstance(value, list) else [str(value)]
    if name in ("data", "where"):
        texts = [text.rpartition("=")[2] if name == "where" else Source.read(text).path.stem for text in texts]
    plain = "-".join(re.sub(r"[^\w.]+", "-", text).strip("-.") for text in texts)
    is_number = isinstance(value, list) or re.fullmatch(r"[\d.]+", plain)
    return f"{name}-{plain}" if is_number and name not in ("data", "where") else plain


def run_sweep(
    sweep: Sweep, execution: Execution = USUAL_EXECUTION, scheduler: str = "", notebooks: Path | None = None
) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that do not exist yet, and compare all of them.

    The notebooks are read once, at the beginning, so that later edits do not affect this sweep.

    Parameters
    ----------
    sweep : Sweep
    execution : Execution
    scheduler : str
        Address of a Dask scheduler whose workers make the runs; they use only `strict` of the execution. "" for this
        machine.
    notebooks : Path, optional
        Folder of the notebooks; by default the project's.

    Returns
    -------
    Path and dict
        Folder of the sweep, and the message of each run that failed.

    Raises
    ------
    BusyError
        If another process makes this sweep.
    RunError
        If the folder contains something else.
    """
    folder = find_outputs() / sweep.name
    with lock_folder(folder, "sweep", execution.wait) as workshop:
        # A folder that is not a sweep's is never changed; the report of a sweep of release 2 is kept.
        if folder.exists() and not (folder / SWEEP).exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(
                f"{shorten_path(folder)} exists and was not made by a sweep. Choose another name with --name."
            )
        lines = remove_store(find_outputs())
        if is_old_sweep(folder):
            report = [path.name for path in folder.iterdir() if path.is_file()]
            lines += [f"Sweep '{sweep.name}' was made by release 2: it is made again.", move_edited(folder, report)]
        for line in [*lines, *(f"{name} is left out: {why}" for name, why in sweep.left_out.items())]:
            print_line(line)
        write_sweep(folder, {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs})
        # The runs are made from copies of the notebooks.
        texts = workshop / "notebooks"
        texts.mkdir()
        for path in find_notebooks(notebooks):
            shutil.copyfile(path, texts / path.name)
        if scheduler:
            failed = _make_on_cluster(sweep.runs, folder, texts, execution, scheduler)
        else:
            failed = _make_here(sweep.runs, folder, texts, execution)
        _compare_runs(sweep, folder, failed)
    return folder, failed


def _compare_runs(sweep: Sweep, folder: Path, failed: Mapping[str, str]) -> None:
    """Compare all runs of a sweep that exist, and name the others."""
    rows, missing = [], {**sweep.left_out, **failed}
    for run in (run.run for run in sweep.runs if run.run not in failed):
        try:
            rows.append(read_row(f"{sweep.name}/{run}"))
        except UserError as error:
            missing[run] = str(error)
    missing = {f"{sweep.name}/{name}": why for name, why in missing.items()}
    for line in write_comparison(folder / NAME, rows, missing):
        print_line(line)


def make_run(run: Parameters, folder: Path, notebooks: Path, execution: Execution, results: Results | None) -> str:
    """Make one run of a sweep.

    Parameters
    ----------
    run : Parameters
    folder : Path
        Folder of the sweep.
    notebooks : Path
        Copies of the notebooks, made at the start of the sweep.
    execution : Execution
    results : Results or None
        Results that the runs share, if one process makes them.

    Returns
    -------
    str
        Time that it took, as text.
    """
    began = time.monotonic()
    run_all(run, notebooks, execution, outputs=folder, results=results, log=lambda line: None)
    return f"{time.monotonic() - began:.1f} s"


def _make_here(runs: Sequence[Parameters], folder: Path, notebooks: Path, execution: Execution) -> dict[str, str]:
    """Make runs on this machine; returns the message of each run that failed."""
    start_fork_server()
    results = Results([*folder.glob("*.partial"), *list_earlier(folder)])

    def make(run: Parameters) -> str:
        print_line(f"{run.run} begins")
        return make_run(run, folder, notebooks, execution, results)

    with start_threads(2 * count_processors()) as pool:  # some wait for results of others
        futures = {pool.submit(make, run): run.run for run in runs}
        return _await_all(futures, as_completed(futures), (RunError, ValueError, OSError))


def _await_all(
    names: Mapping[Any, str], finished: Iterable[Any], errors: tuple[type[Exception], ...]
) -> dict[str, str]:
    """Print how each run ended, in the order in which they end; returns the message of each run that failed."""
    failed = dict[str, str]()
    for number, future in enumerate(finished, start=1):
        try:
            how = future.result()
        except errors as error:
            failed[names[future]] = str(error)
            how = f"failed: {str(error).splitlines()[0]}"
        print_line(f"{number}/{len(names)} {names[future]}  {how}")
    return failed


def _make_on_cluster(
    runs: Sequence[Parameters], folder: Path, notebooks: Path, execution: Execution, address: str
) -> dict[str, str]:
    """Make runs on the workers of a Dask scheduler, which have project, data and outputs at the same paths."""
    distributed = import_extra("distributed", "cluster", "--scheduler")
    task: dict[str, Any] = {"folder": str(folder), "notebooks": str(notebooks), "strict": execution.strict}
    task |= {"outputs": str(find_outputs()), "project": str(find_root())}
    with distributed.Client(address) as client:
        print_line(f"{format_count(len(runs), 'run')} for {format_count(len(client.nthreads()), 'worker')}")
        names = dict[str, str]()

        def print_lost(event: Any) -> None:
            message = event[1]
            for key in message.get("processing-tasks", ()) if message.get("action") == "remove-worker" else ():
                if key in names:
                    print_line(f"{names[key]}: its worker was lost; another one makes it")

        client.subscribe_topic("all", print_lost)
        futures = client.map(_make_elsewhere, [{**task, "parameters": run.model_dump()} for run in runs], pure=False)
        names |= {future.key: run.run for future, run in zip(futures, runs, strict=True)}
        try:
            run_names = {future: names[future.key] for future in futures}
            return _await_all(run_names, distributed.as_completed(futures), (RunError, distributed.KilledWorker))
        finally:
            client.cancel(futures)


def _make_elsewhere(task: dict[str, Any]) -> str:
    """Call `make_run` in a new process, because a worker of Dask cannot start processes with multiprocessing."""
    import distributed

    distributed.print(f"{task['parameters']['run']} begins", file=sys.stderr)
    done = subprocess.run(
        [sys.executable, "-P", "-c", "from adoption_curves.runs.sweep import _make_task; _make_task()"],
        cwd=task["project"],
        env={**os.environ, "ADOPTION_OUTPUTS": task["outputs"]},
        input=json.dumps(task),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RunError(done.stderr.strip() or f"the process of the run ended with exit code {done.returncode}")
    return done.stdout.strip()


def _make_task() -> None:
    """Make the run described on standard input; wait if a lost worker has begun it."""
    task = json.load(sys.stdin)
    execution, run = Execution(strict=task["strict"], wait=True), read_parameters(task["parameters"])
    try:
        print(make_run(run, Path(task["folder"]), Path(task["notebooks"]), execution, None))
    except (RunError, ValueError) as error:
        raise SystemExit(str(error)) from None
