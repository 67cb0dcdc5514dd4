"""Many runs from one file, some at a time, compared in a table, a figure and a page.

The file is YAML: its sets of parameters are read safely, and all are checked before anything starts.
"""

from __future__ import annotations

import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from tempfile import TemporaryFile
from typing import Annotated, Any, NoReturn

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from tqdm import tqdm

from ..base.columns import spread_choices
from ..base.files import read_file, write_file, write_json
from ..base.folders import lock_folder
from ..base.project import (
    RunError,
    Source,
    Stopped,
    UserError,
    count_processors,
    find_outputs,
    find_root,
    import_extra,
    shorten_path,
)
from .comparison import FILES, make_report
from .ingredients import find_notebooks
from .notebook_process import preload, start_threads
from .parameters import ParameterError, Parameters, complete_parameters, parse_yaml, read_parameters, suggest
from .record import SWEEP, SweepRecord, read_run, refuse_earlier
from .runner import run_all
from .steps import USUAL_EXECUTION, Execution, tidy_store

_TOPIC = "adoption"
"""Topic of Dask on which workers say how far a run is."""
_MAX_UNASKED, _MAX_SWEPT_RUNS = 200, 10_000
_MAX_RUN_LETTERS = 40
"""Letters of a run's name that is made of what it varies."""
_RESERVED = re.compile(r"(sweep|comparison|index)\..*", re.IGNORECASE)


@dataclass(frozen=True)
class _Sweep:
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


def read_sweep(path: Path, name: str = "", many: bool = False) -> _Sweep:
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
    content = _read_sweep_file(path)
    sets = _list_sets(content, many)
    own = [values.pop("run", None) for values in sets]
    # Each with what is common to all; checked, and completed by the series of own data.
    given = [_locate_data({**content.parameters, **values}) for values in sets]
    titles = [f"run '{named}'" if named else f"set {number}" for number, named in enumerate(own, 1)]
    chosen = _check_sets(given, titles)
    # Named by themselves, or by what the file gives them.
    told = [
        [(each, getattr(run, each, values[each])) for each in values] for run, values in zip(chosen, sets, strict=True)
    ]
    names = _name_runs(own, told)
    _check_runs_distinct(chosen, names)
    runs = [run.model_copy(update={"run": named}) for run, named in zip(chosen, names, strict=True)]
    fields = dict.fromkeys([*(each for each in content.grid if each != "where"), *Parameters.model_fields])
    varied = tuple(each for each in fields if len({repr(getattr(run, each)) for run in chosen}) > 1)
    return _Sweep(_check_name(name or path.stem), path.name, runs, varied)


def _list_sets(content: _SweepFile, many: bool) -> list[dict[str, Any]]:
    """Every combination of the grid's values, and the sets that are listed."""
    count = (math.prod(map(len, content.grid.values())) if content.grid else 0) + len(content.runs)
    if count > _MAX_SWEPT_RUNS:
        raise ParameterError(
            f"the file asks for {count:,} runs; a sweep has at most {_MAX_SWEPT_RUNS:,}. Leave values out"
        )
    if count > _MAX_UNASKED and not many:
        raise ParameterError(f"the file asks for {count:,} runs. If that's what you want, say so with --yes")
    combined = product(*content.grid.values()) if content.grid else ()
    return [*(dict(zip(content.grid, values, strict=True)) for values in combined), *content.runs]


def _locate_data(values: dict[str, Any]) -> dict[str, Any]:
    """The set with the path of its data as seen from here, and with the rows that it picks, COLUMN=CELL."""
    data, where = values.get("data"), values.get("where")
    if not isinstance(data, str):
        return values
    source = Source.read(data).find_from_here()
    if isinstance(where, str | list):
        common = (text for name, text in spread_choices(source.choices) if name == "where")
        source = source.choose(where=(*common, *([where] if isinstance(where, str) else where)))
    return {name: value for name, value in values.items() if name != "where"} | {"data": str(source)}


def _check_name(name: str) -> str:
    try:
        return read_parameters({"run": name}).run
    except ParameterError as error:
        raise ParameterError(f"'{name}' can't name a sweep's folder; choose a name with --name") from error


class _SweepFile(BaseModel):
    """The parts of the file: parameters common to all runs, lists of values to combine, and single sets."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, Any] = {}
    grid: Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)] = {}
    runs: Annotated[list[dict[str, Any]], Field(min_length=1)] = []

    @model_validator(mode="after")
    def check_names(self) -> _SweepFile:
        """Refuse a file that asks for no run, or gives all runs one name."""
        if not self.grid and not self.runs:
            raise ValueError("there is neither a 'grid' nor 'runs': nothing to make")
        if "run" in {**self.parameters, **self.grid}:
            told = "'run' names one run: it goes into the sets in 'runs'"
            raise ValueError(f"{told}; others get names from what they vary")
        return self


_WRONG = {
    "parameters": "'parameters' must hold lines such as 'horizon_years: 5'",
    "grid": "'grid' must hold lines such as 'horizon_years: [3, 5]'",
    "runs": "'runs' must be a list of sets, each with lines such as 'horizon_years: 5'",
}


def _read_sweep_file(path: Path) -> _SweepFile:
    try:
        content = parse_yaml(read_file(path))
    except OSError as error:
        raise ParameterError(f"{path}: the file can't be read ({error.strerror}).") from error
    except ValueError as error:
        raise ParameterError(f"{path.name}: {error}") from error
    if not isinstance(content, dict):
        parts = "a sweep has the parts 'grid' and 'runs' (one at least) and 'parameters', each 'name: ...'"
        raise ParameterError(parts)
    try:
        return _SweepFile.model_validate(content)
    except ValidationError as error:
        raise ParameterError("\n".join(dict.fromkeys(map(_say_wrong, error.errors())))) from error


def _say_wrong(error: Any) -> str:
    """What is wrong in the file, in the words of its parts."""
    part, *inside = error["loc"] or [""]
    if error["type"] == "extra_forbidden":
        return f"unknown part '{part}'{suggest(part, _WRONG)}"
    if part == "grid" and inside:
        return f"grid: '{inside[0]}' must be a list of values, such as [3, 5]; this is {error['input']!r}"
    return _WRONG.get(part) or str(error["ctx"]["error"])


def _check_sets(given: Sequence[Mapping[str, Any]], titles: Sequence[str]) -> list[Parameters]:
    """Check all sets of parameters, by themselves and against the data, and complete them."""
    from .check_series import check_parameters

    chosen, problems = [], dict[str, list[str]]()
    for values, title in zip(given, titles, strict=True):
        try:
            completed = complete_parameters(read_parameters(values))
            check_parameters(completed)
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


def _check_runs_distinct(chosen: Iterable[Parameters], names: Iterable[str]) -> None:
    first: dict[str, str] = {}
    both = [(name, first.setdefault(repr(each), name)) for each, name in zip(chosen, names, strict=True)]
    problems = [f"'{name}' is the same as '{same}': leave one out" for name, same in both if same != name]
    if problems:
        raise ParameterError("\n".join([*problems[:10], *(["..."] if len(problems) > 10 else [])]))


def _name_runs(own: Sequence[Any], varied: Sequence[Sequence[tuple[str, Any]]]) -> list[str]:
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
    names = _make_names(own, varied)
    problems, before = [], set[str]()
    for name in names:
        try:
            if name.casefold() in before:
                raise ParameterError(f"two runs are named '{name}'")
            if _RESERVED.fullmatch(name):
                raise ParameterError(f"a run can't be named '{name}': the sweep itself writes such a file")
            read_parameters({"run": name})
        except ParameterError as error:
            problems.append(str(error))
        before.add(name.casefold())
    if problems:
        raise ParameterError("\n".join(problems))
    return names


def _make_names(own: Sequence[Any], varied: Sequence[Sequence[tuple[str, Any]]]) -> list[str]:
    """The runs' own names, else what they vary, else their numbers."""
    made = ["_".join(_name_value(*pair) for pair in pairs) for pairs in varied]
    told = [name.casefold() for name, named in zip(made, own, strict=True) if named is None]
    short = all(re.fullmatch(rf"\w[\w.-]{{0,{_MAX_RUN_LETTERS - 1}}}", name, re.ASCII) for name in told)
    if not short or len(set(told)) < len(told):
        made = [f"run-{number:03d}" for number in range(1, len(own) + 1)]
    return [each if name is None else str(name) for name, each in zip(own, made, strict=True)]


def _name_value(name: str, value: Any) -> str:
    """Part of a run's name for the value of a parameter that varies: a text by itself, a number with the parameter.

    >>> _name_value("entity", "South Korea"), _name_value("horizon_years", 2.5), _name_value("bound", "none")
    ('South-Korea', 'horizon_years-2.5', 'no-bound')
    """
    if name == "data":
        return re.sub(r"[^\w.]+", "-", Source.read(value).path.stem).strip("-.")
    texts = [str(one) for one in value] if isinstance(value, list) else [str(value)]
    texts = [text.rpartition("=")[2] for text in texts] if name == "where" else texts
    plain = "-".join(re.sub(r"[^\w.]+", "-", text).strip("-.") for text in texts)
    if value in ("", "none"):
        return f"usual-{name}" if value == "" and name == "bound" else f"no-{name}"
    is_number = isinstance(value, int | float | list) or re.fullmatch(r"[\d.]+", plain)
    return f"{name}-{plain}" if is_number else plain


# ---- its runs -------------------------------------------------------------------------------------------------------


class _Progress:
    """Progress of a sweep on the error stream: a bar over its notebooks on a terminal, else lines with an estimate.

    Parameters
    ----------
    sweep : Sweep
    notebooks : int
        Number of notebooks of a run.
    """

    def __init__(self, sweep: _Sweep, notebooks: int):
        self.sweep, self.notebooks, self.begun, self.ended = sweep, notebooks, 0, 0
        self.since, self.lock = time.monotonic(), threading.Lock()
        stream = sys.__stderr__
        plain = stream is None or not stream.isatty()
        self.bar = tqdm(total=len(sweep.runs) * notebooks, unit="notebook", file=stream, disable=plain, leave=False)

    def begin(self, run: Parameters) -> None:
        """Say that a run begins, and what it varies."""
        with self.lock:
            self.begun += 1
            varied = ", ".join(f"{name} {getattr(run, name)}" for name in self.sweep.varied)
            self.say(f"{run.run} begins ({self.begun} of {len(self.sweep.runs)}): {varied or 'nothing varies'}")

    def step(self, line: str) -> None:
        """Count a notebook, by the line that tells of it."""
        self.bar.update(self.notebooks if line.startswith("Nothing changed") else line[:1].isdigit())

    def end(self, run: str, how: str) -> None:
        """Say how a run ended, and how long the others may take."""
        with self.lock:
            self.ended += 1
            left = len(self.sweep.runs) - self.ended
            seconds = (time.monotonic() - self.since) / self.ended * left
            rest = f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"
            self.say(f"{self.ended}/{len(self.sweep.runs)} {run}  {how}{f'; about {rest} left' if left else ''}")

    def say(self, line: str) -> None:
        """Print a line, above the bar where there is one."""
        self.bar.clear()
        print(line, file=sys.stderr, flush=True)
        self.bar.refresh()


def run_sweep(
    sweep: _Sweep, execution: Execution = USUAL_EXECUTION, scheduler: str = "", notebooks: Path | None = None
) -> tuple[Path, dict[str, str]]:
    """Make the runs of a sweep that aren't there yet, and sum up all of them.

    Parameters
    ----------
    sweep : Sweep
    execution : Execution
    scheduler : str
        Address of a Dask scheduler whose workers make the runs; "" for this machine.
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.

    Returns
    -------
    Path and dict
        The sweep's folder, and the message of each run that failed.

    Raises
    ------
    BusyError
        If another process makes this sweep.
    RunError
        If the folder holds something else.
    """
    folder = find_outputs() / sweep.name
    with lock_folder(folder, "sweep", execution.wait) as shop:
        if folder.exists() and not (folder / SWEEP).exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"{shorten_path(folder)} exists and isn't a sweep's. Choose another name with --name.")
        runs = {run.run: run.model_dump(exclude={"run"}) for run in sweep.runs}
        record = SweepRecord(sweep=sweep.name, varied=list(sweep.varied), runs=runs)
        write_json(folder / SWEEP, record.model_dump())
        progress = _Progress(sweep, len(find_notebooks(notebooks)))
        if scheduler:
            record.failed = _make_on_cluster(sweep.runs, folder, execution, scheduler, progress)
        else:
            record.failed = _make_here(sweep.runs, folder, execution, notebooks, progress)
        write_json(folder / SWEEP, record.model_dump())
        _write_summary(sweep, folder, shop)
    tidy_store(find_outputs())
    return folder, record.failed


def _make_here(
    runs: Sequence[Parameters], folder: Path, execution: Execution, notebooks: Path | None, progress: _Progress
) -> dict[str, str]:
    """Make runs in a folder on this machine; returns the message of each one that failed."""
    preload()

    def make(run: Parameters) -> str:
        began = time.monotonic()
        progress.begin(run)
        run_all(run, notebooks, execution, outputs=folder, tell=progress.step)
        return f"{time.monotonic() - began:.1f} s"

    with start_threads(2 * count_processors()) as pool:  # some wait for what others make
        made = {pool.submit(make, run): run.run for run in runs}
        return _await_all(made, as_completed(made), (RunError, ValueError, OSError), progress)


def _await_all(
    made: dict[Any, str], finished: Any, errors: tuple[type[Exception], ...], progress: _Progress
) -> dict[str, str]:
    """Say how each run ended as its future does; returns the message of each one that failed."""
    failed = {}
    for future in finished:
        try:
            how = future.result()
        except errors as error:
            failed[made[future]] = str(error)
            how = f"failed: {str(error).splitlines()[0]}"
        progress.end(made[future], how)
    return failed


# ---- on other machines ----------------------------------------------------------------------------------------------


def _make_on_cluster(
    runs: Sequence[Parameters], folder: Path, execution: Execution, address: str, progress: _Progress
) -> dict[str, str]:
    """Make runs on the workers of a Dask scheduler, which see project, data and outputs at the same paths."""
    distributed = import_extra("distributed", "cluster", "--scheduler")
    told: dict[str, Any] = {"folder": str(folder), "outputs": str(find_outputs()), "project": str(find_root())}
    told["strict"] = execution.strict
    with distributed.Client(address) as client:
        client.subscribe_topic(_TOPIC, lambda event: progress.say(event[1]))
        futures = client.map(_make_elsewhere, [{**told, "parameters": run.model_dump()} for run in runs], pure=False)
        made = dict(zip(futures, (run.run for run in runs), strict=True))
        try:
            return _await_all(made, distributed.as_completed(futures), (RunError, distributed.KilledWorker), progress)
        finally:
            client.cancel(futures)


def _make_elsewhere(told: dict[str, Any]) -> str:
    """Seconds, in words, of a run made in a process of its own: a worker of Dask may start none by multiprocessing.

    The process ends with this worker, and where nobody waits for the run any more. Its lines go to the client.
    """
    from distributed import get_worker

    worker, run, began = get_worker(), told["parameters"]["run"], time.monotonic()

    def tell(lines: Iterable[str]) -> None:
        for line in lines:
            worker.log_event(_TOPIC, f"{run}: {line.strip()}")

    key = worker.get_current_task()
    command = [sys.executable, "-P", "-c", "from adoption_curves.runs.sweep import _make_told; _make_told()"]
    given: dict[str, Any] = {"cwd": told["project"], "env": {**os.environ, "ADOPTION_OUTPUTS": told["outputs"]}}
    with TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, **given
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(json.dumps(told) + "\n")
        process.stdin.flush()  # and stays open: where it ends, the process ends itself
        telling = threading.Thread(target=tell, args=(process.stdout,), daemon=True)
        telling.start()
        while process.poll() is None:
            task = worker.state.tasks.get(key)
            if task is None or task.state != "executing":  # the client has gone, or no longer wants it
                process.stdin.close()
                process.wait()
            time.sleep(0.2)
        telling.join()
        errors.seek(0)
        if process.returncode:
            raise RunError(errors.read().strip() or f"the process of the run ended with {process.returncode}")
    return f"{time.monotonic() - began:.1f} s"


def _make_told() -> None:
    """Make the run on the first line of standard input, until that ends; if a lost worker began it, wait for it."""
    told = json.loads(sys.stdin.readline())

    def raise_stopped(number: int, frame: Any) -> NoReturn:
        raise Stopped(number)

    def end_with_worker() -> None:
        sys.stdin.read()
        os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, raise_stopped)
    threading.Thread(target=end_with_worker, daemon=True).start()
    execution = Execution(strict=told["strict"], wait=True)
    parameters = read_parameters(told["parameters"])
    try:
        run_all(parameters, None, execution, outputs=Path(told["folder"]), tell=lambda line: print(line, flush=True))
    except (RunError, ValueError, Stopped) as error:
        raise SystemExit(getattr(error, "word", "") or str(error)) from None


# ---- the page -------------------------------------------------------------------------------------------------------


def _is_made(folder: Path) -> bool:
    """True if a run of a sweep is there, with the parameters that the sweep asks for."""
    try:
        refuse_earlier(folder, read_run(folder))
    except UserError:
        return False
    return True


def _write_summary(sweep: _Sweep, folder: Path, shop: Path) -> None:
    """Write the comparison of all runs of a sweep into its folder: a table, a figure and ``index.html``."""
    named = f" --name {sweep.name}" if Path(sweep.file).stem != sweep.name else ""
    names, data = [f"{sweep.name}/{run.run}" for run in sweep.runs], {run.data for run in sweep.runs}
    command, files = f"adoption sweep {sweep.file}{named}", dict[str, bytes]()
    if any(_is_made(folder / run.run) for run in sweep.runs):
        files = make_report(names, folder, command, data, shop)
    for name in FILES - files.keys():
        (folder / name).unlink(missing_ok=True)  # of an earlier time
    for name, content in files.items():
        write_file(folder / name, content)
