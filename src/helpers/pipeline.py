"""A whole run: every notebook that must run, then the record and the pages, put in place at once when all is well."""

from __future__ import annotations

import ast
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from helpers.cache import describe_basis
from helpers.fork_server import FIXED, ForkServer, can_fork
from helpers.parameters import ParameterError, Parameters, complete_parameters, read_parameters, suggest
from helpers.project import (
    RunError,
    count_processors,
    find_data,
    find_outputs,
    find_root,
    follow_link,
    hold_folder,
    is_cut_off,
    replace_folder,
    restore_folder,
    shorten_path,
    write_json,
)
from helpers.record import describe_inputs, describe_run, find_differences, list_own, note_pages, read_run
from helpers.run import RUNNER
from helpers.wording import say_count

if TYPE_CHECKING:  # heavy, and not needed when nothing has changed
    from helpers.execution import Limits
    from helpers.kernels import NotebookKernelManager
    from helpers.making import Step

FEWEST_POINTS, FEWEST_DAYS = 3, 178
CHANGEABLE = {"notebooks": "the notebooks", "data": "the data", "helpers": "the helpers"}
RUN_PARTS = {"run.json", "tables", "figures", "notebooks", "html"}


# ---- before anything starts ---------------------------------------------------------------------------------------


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


def read_declared(notebook: Path) -> dict[str, Any]:
    """Parameters that a notebook declares: names and defaults of the assignments in its ``parameters`` cell."""
    content = json.loads(notebook.read_text(encoding="utf-8"))
    declared = {}
    for cell in content["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            for statement in ast.parse("".join(cell["source"])).body:
                if isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
                    declared[statement.targets[0].id] = ast.literal_eval(statement.value)
    return declared


def check_parameters(parameters: Parameters, load: Callable[..., Any] | None = None) -> Any:
    """Check the values against the data and the families, and return the data.

    `load` is `helpers.indicators.load` by default, or one that remembers.

    Raises
    ------
    ParameterError
        If the data know no such entity, indicator or bound, or too few figures, or the curves no such family.
    helpers.indicators.DataError
        If the data themselves are wrong.
    """
    from helpers import indicators

    if set(parameters.families) - set(Parameters().families):
        from helpers.curves import FAMILIES

        for family in parameters.families:
            if family not in FAMILIES:
                raise ParameterError(f"parameter 'families' has the unknown '{family}'{suggest(family, FAMILIES)}")
    path = find_data(parameters.data)
    if not os.path.lexists(path):
        missing = f"there is no such folder or file: {shorten_path(path)}"
        raise ParameterError(f"parameter 'data' is '{parameters.data}', but {missing}")
    data = (load or indicators.load)(str(path), as_of=parameters.as_of)
    series = data.series(parameters.entity, parameters.indicator, bound=parameters.bound)
    values = series.values[series.values > 0]
    if len(values) < FEWEST_POINTS or (values.index[-1] - values.index[0]).days < FEWEST_DAYS:
        figures = say_count(len(values), "exact figure")
        until = f" up to {parameters.as_of}" if parameters.as_of else ""
        raise ParameterError(
            f"{parameters.indicator} of {parameters.entity} has {figures} above 0{until}; a forecast "
            f"needs {FEWEST_POINTS}, half a year apart: a slope, and a way to judge it. Choose another indicator or a "
            "later as_of"
        )
    if values.max() <= values.iloc[0]:
        raise ParameterError(
            f"{parameters.indicator} of {parameters.entity} never rises above its first figure above 0, "
            f"{values.iloc[0]:g} on {values.index[0]:%Y-%m-%d}: there is no adoption to fit. Choose another indicator"
        )
    if parameters.as_of or parameters.data != Parameters().data:  # with its own data as of today it does
        from helpers.forecast import LEAST_TECHNOLOGIES, can_calibrate

        if not can_calibrate(data.references(exclude=series)):
            name = "as_of" if parameters.as_of else "data"
            raise ParameterError(
                f"parameter '{name}' is '{getattr(parameters, name)}', and fewer than {LEAST_TECHNOLOGIES} other "
                "technologies have enough figures there to calibrate a forecast on. Choose a later as_of, or data with "
                "more references"
            )
    if parameters.horizon_years < 1:  # a longer one reaches the next date of any series
        from helpers.forecast import next_dates

        try:
            next_dates(values.index, parameters.horizon_years)
        except ValueError as error:
            raise ParameterError(f"parameter {error}") from error
    return data


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

    Raises
    ------
    RunError
        If no notebook has that number.
    """
    numbers = {source.stem: source.stem.split("_")[0] for source in sources}
    for number in filter(None, (only, first)):
        if number.zfill(2) not in numbers.values():
            raise RunError(f"There is no notebook {number}; there are {', '.join(numbers.values())}.")
    return {
        name
        for name, number in numbers.items()
        if force or (only and number == only.zfill(2)) or (first and number >= first.zfill(2))
    }


def find_upstream(source: Path, earlier: Sequence[Path]) -> list[str]:
    """Names of the notebooks whose tables `source` reads; all the `earlier` ones where its code doesn't name them."""
    content = json.loads(source.read_text(encoding="utf-8"))
    code = "\n".join("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code")
    names = [other.stem for other in earlier]
    try:
        calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    except SyntaxError:  # IPython's own commands
        return names
    reads = [call.args[0] for call in calls if getattr(call.func, "attr", "") == "read_table" and call.args]
    tables = [str(table.value) for table in reads if isinstance(table, ast.Constant)]
    if len(tables) < len(reads):
        return names
    numbers = {table.split("_")[0] for table in tables}
    return [name for name in names if name.split("_")[0] in numbers]


# ---- the run ------------------------------------------------------------------------------------------------------


def run_all(
    parameters: Parameters,
    notebooks: Path | None = None,
    *,
    outputs: Path | None = None,
    origins: Sequence[Path] = (),
    forced: Iterable[str] = (),
    isolated: bool = False,
    server: ForkServer | None = None,
    at_once: int = 0,
    limits: Limits | None = None,
    settle: Callable[[], object] = lambda: None,
) -> Path:
    """Make the run ``<outputs>/<run>/``, whole or not at all; what was made from the same before is taken over.

    Parameters
    ----------
    parameters : Parameters
    notebooks : Path, optional
        Folder of the notebooks; the project's own by default.
    outputs : Path, optional
        Folder that holds the run; `helpers.project.find_outputs` by default.
    origins : sequence of Path
        Folders of other runs whose notebooks may be taken over, beside this run and the attempts at it.
    forced : iterable of str
        Names of notebooks to execute whatever there is to take over: see `choose_forced`.
    isolated : bool
        Start an interpreter for each notebook instead of forking one that has imported the libraries.
    server : ForkServer, optional
        Where to fork kernels, if it has the helpers as they are; by default one is started for this run, where that's
        possible.
    at_once : int
        Notebooks that may run at the same time; by default one more than there are processors, since each waits for its
        kernel now and then.
    limits : Limits, optional
        The longest that a cell and a notebook may take.
    settle : callable
        Called just before the run is put in place: whoever stops it later would find it whole.

    Returns
    -------
    Path
        The run's folder.

    Raises
    ------
    ParameterError, helpers.indicators.DataError
        Before any kernel starts.
    helpers.execution.NotebookFailed
        The last complete run is then still in place, and the next attempt goes on from this one.
    RunError
        If another process makes this run, the folder holds something that isn't a run, or what the run is made from
        changes meanwhile.
    """
    parameters = complete_parameters(parameters)
    sources = find_notebooks(notebooks)
    asked = (outputs or find_outputs()) / parameters.run
    final = follow_link(asked)
    inputs = describe_inputs(parameters, sources)
    forced = set(forced)
    if not forced and not is_cut_off(final) and _is_current(final, inputs):
        print(f"Nothing changed: {len(sources)} notebooks and their pages are as they were.", flush=True)
        return asked
    with ExitStack() as stack:
        if not isolated and can_fork() and (server is None or server.helpers != inputs["helpers"]):
            server = stack.enter_context(ForkServer())  # it imports while the parameters are checked
        data = check_parameters(parameters)
        from helpers.execution import Limits
        from helpers.making import Making
        from helpers.report import PageWriter

        _tell_doubts(data, parameters)
        stack.enter_context(hold_folder(asked))
        kept = restore_folder(final, list_own)
        _check_replaceable(final)
        with _attempt(final, asked.name) as (working, attempts), PageWriter(working, sources) as pages:
            making = Making(
                folder=working,
                steps=[_plan_step(source, sources[:n], parameters, inputs) for n, source in enumerate(sources)],
                origins=[final, *attempts, *origins],
                forced=forced,
                kernels=_choose_kernels(working, sources[0].parent, None if isolated else server),
                limits=limits or Limits(),
                done=pages.write,
            )
            pages.rehearse()
            making.make_all(at_once or count_processors() + 1)
            _check_unchanged(inputs, describe_inputs(parameters, sources))
            write_json(working / "run.json", describe_run(working, parameters, inputs, data))
            pages.finish()
            note_pages(working)
            settle()
            kept += replace_folder(final, working, list_own)
        _tell_kept(final, kept)
    return asked


def _tell_kept(folder: Path, kept: Iterable[Path]) -> None:
    for path in kept:
        name = path.relative_to(folder).as_posix()
        print(f"note: a file that wasn't this run's had the name of one that is; yours is now {name}", flush=True)


def _tell_doubts(data: Any, parameters: Parameters) -> None:
    from helpers import indicators

    for doubt in indicators.list_doubts(data, [(parameters.entity, parameters.indicator)]):
        print(f"note: {doubt}", flush=True)


def verify(folder: Path, notebooks: Path | None = None) -> list[str]:
    """Recompute the record of the run in `folder`: a line for each input and each file that isn't as it says.

    Raises
    ------
    RunError
        If there is no record that can be read.
    """
    content = read_run(folder)
    inputs = describe_inputs(read_parameters(content["parameters"]), find_notebooks(notebooks))
    return find_differences(folder, content, inputs)


def _is_current(folder: Path, inputs: Mapping[str, Any]) -> bool:
    try:
        return not find_differences(folder, read_run(folder), inputs)
    except RunError:
        return False


def _check_replaceable(folder: Path) -> None:
    """A folder without any part of a run is not a run's; git keeps only some parts of the baseline."""
    names = {path.name for path in folder.iterdir() if not path.name.startswith(".")} if folder.is_dir() else set()
    if os.path.lexists(folder) and (not folder.is_dir() or (names and not names & RUN_PARTS)):
        raise RunError(
            f"{shorten_path(folder)} exists and doesn't look like a run. Move it away, or take another name."
        )


@contextmanager
def _attempt(final: Path, run: str) -> Iterator[tuple[Path, list[Path]]]:
    """A new folder to make a run in, and those of attempts that were cut off; all go when the run is in place.

    Each attempt has its own folder: a kernel of one that was killed may go on writing for a moment. A failed attempt
    stays, for its executed notebooks and for the next one to go on from.
    """
    place = final.parent / f"{final.name}.partial"
    attempts = sorted(place.glob(f"attempt-*/{run}"))
    place.mkdir(parents=True, exist_ok=True)
    working = Path(tempfile.mkdtemp(dir=place, prefix="attempt-")) / run
    (working / "notebooks").mkdir(parents=True)
    try:
        yield working, attempts
    except RunError:  # it has taken over whatever it could use
        for attempt in attempts:
            shutil.rmtree(attempt.parent, ignore_errors=True)
        raise
    for attempt in place.glob("attempt-*"):
        shutil.rmtree(attempt, ignore_errors=True)
    with suppress(OSError):  # someone put a file there
        place.rmdir()


def _plan_step(source: Path, earlier: Sequence[Path], parameters: Parameters, inputs: Mapping[str, Any]) -> Step:
    from helpers.making import Step

    declared = read_declared(source)
    values = {name: value for name, value in parameters.model_dump().items() if name in declared}
    return Step(source, values, describe_basis(source, values, inputs), find_upstream(source, earlier))


def _choose_kernels(working: Path, folder: Path, server: ForkServer | None) -> type[NotebookKernelManager]:
    from helpers.kernels import choose_kernels

    return choose_kernels({**FIXED, "ADOPTION_OUTPUTS": str(working.parent), RUNNER: "1"}, folder, server)


def _check_unchanged(before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    changed = [CHANGEABLE[name] for name in CHANGEABLE if before[name] != after[name]]
    if changed:
        raise RunError(
            f"{' and '.join(changed).capitalize()} changed while the run was being made. Run the same command again."
        )
