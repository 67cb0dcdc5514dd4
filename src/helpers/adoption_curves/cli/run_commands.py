"""Commands that make runs, and those that read or export them."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from ..base.project import RECORD, RunError, Source, Stopped, UserError, find_outputs, shorten_path
from . import options
from .options import Files, Pairs
from .process import ignore_signals, stop


@click.command()
@click.argument("run", metavar="[RUN]", required=False)
@options.pairs
@options.files
@options.flag("--force", "Rerun every notebook.")
@options.workers
@options.strict
@options.wait
@options.flag("--quiet", "Print nothing unless the run fails (for cron).")
@options.choices
def run(
    run: str | None,
    pairs: Pairs,
    files: Files,
    force: bool,
    workers: int,
    strict: bool,
    wait: bool,
    quiet: bool,
    **choices: tuple[str, ...],
) -> None:
    """Run the notebooks: tables, charts and pages.

    RUN is the name of the run, by default 'baseline'. The command writes outputs/RUN, completely or not at all. Files
    there that no run has written are never replaced; those that you edited, and checkpoints of notebooks, are moved to
    outputs/RUN.edited/DAY. A notebook runs again only if its source, its parameters, the package, the libraries or the
    data have changed, or if a notebook whose tables it reads runs again. After an interruption the same command
    continues. After a failure outputs/RUN.partial has the error, the log, and a page of the notebook up to the error.
    Progress goes to the error stream; the last line of the output is the path of run.json.

    -p reads a list as YAML, such as "[0.5, 0.9]", and takes precedence over -f. 'adoption params' lists the parameters.
    Use --unit and the options after it for a file of your own; 'adoption check' names those that it needs.
    """
    from ..runs.parameters import read_parameters
    from ..runs.runner import print_line, run_all
    from ..runs.steps import Execution

    named = {} if run is None else {"run": run}
    parameters = read_parameters(options.read_run_options(pairs, files, choices) | named)
    execution = Execution(forced=force, slots=threading.Semaphore(workers), strict=strict, wait=wait)
    with _format_state(f"Run '{parameters.run}' is unchanged; the same command continues from here."):
        log = (lambda line: None) if quiet else print_line
        folder = run_all(parameters, execution=execution, before_commit=ignore_signals, log=log)
    if not quiet:
        print(f"Read it: {shorten_path(folder / 'html' / 'index.html')}\n{folder / RECORD}")


@contextmanager
def _format_state(state: str) -> Iterator[None]:
    """Context that prints one line on the state of the run, and sets the exit code, if its block is stopped."""
    try:
        yield
    except Stopped as stopped:
        stop(f"{stopped.sentence} {state}", stopped.code)


@click.command()
@click.argument("run", metavar="[RUN or NOTEBOOK.ipynb]", default="baseline")
@options.flag("--xlsx", "Write the tables of a run as a spreadsheet.")
@options.flag("--hub", "Write the forecast of a run in the format of hubverse.")
def export(run: str, xlsx: bool, hub: bool) -> None:
    """Export the tables of a run, or one notebook as HTML.

    RUN is the name of a run, or SWEEP/RUN; by default 'baseline'. --xlsx writes tables.xlsx into the run's folder, and
    --hub writes hub.csv. A run that replaces the folder removes them; one that you edited is moved to
    outputs/RUN.edited/DAY. The page of a notebook is written next to it, with the outputs that it has.
    """
    from ..runs import exports, pages
    from ..runs.manifest import find_run

    if run.endswith(".ipynb"):
        if xlsx or hub:
            raise UserError("--xlsx and --hub export a run, not a notebook. Name a run.")
        page, notes = pages.export_notebook(Path(run).absolute())
        print("".join(f"note: {note}\n" for note in notes), end="")
        print(f"Read it: {shorten_path(page)}")
        return
    folder = find_run(run)
    if not (xlsx or hub):
        raise UserError("A run has its pages already. Write --xlsx or --hub for its tables, or name a NOTEBOOK.ipynb.")
    if xlsx:
        print(f"Written: {shorten_path(exports.write_workbook(folder))}")
    if hub:
        print(f"Written: {shorten_path(exports.write_hub(folder))}")


@click.command()
@click.argument("runs", metavar="RUN RUN...", nargs=-1, required=True)
def compare(runs: tuple[str, ...]) -> None:
    """Compare two or more runs.

    Writes a table, a chart and a page with the parameters and forecasts of the runs to outputs/compare-RUN-RUN. RUN is
    the name of a run, or SWEEP/RUN. A file there that you edited is moved to outputs/compare-RUN-RUN.edited/DAY.
    """
    from ..runs.compare import compare_runs

    folder, kept = compare_runs(runs)
    for line in kept:
        print(line, file=sys.stderr)
    print(f"Read it: {shorten_path(folder / 'index.html')}")


@click.command()
@click.argument("grid", metavar="GRID.yaml", type=options.PATH)
@click.option("--name", metavar="NAME", default="", help="Name of the sweep; by default the name of the file.")
@options.workers
@options.strict
@options.wait
@click.option(
    "--scheduler", metavar="ADDRESS", default="", help="Dask scheduler with the workers to use (extra 'cluster')."
)
def sweep(
    grid: Path,
    name: str,
    workers: int,
    strict: bool,
    wait: bool,
    scheduler: str,
) -> None:
    """Run the notebooks for every combination in a grid.

    Writes each run to outputs/NAME/RUN, and a table, a chart and a page that compare them to outputs/NAME/comparison.
    The file has 'parameters:' (common to all), 'grid:' (names with lists of values: all combinations) and 'runs:' (a
    list of sets). The command checks all sets before it starts, and leaves out those without data. Runs share every
    notebook with the same inputs; notebooks that you edit meanwhile are used in the next sweep. If a run fails, the
    others are made; the same command then makes what is missing.
    """
    from ..runs.steps import Execution
    from ..runs.sweep import read_sweep, run_sweep

    print("Checking the sets of parameters.", file=sys.stderr, flush=True)
    plan = read_sweep(grid, name)
    execution = Execution(slots=threading.Semaphore(workers), strict=strict, wait=wait)
    with _format_state(f"Finished runs of sweep '{plan.name}' are kept; the same command continues from here."):
        folder, failed = run_sweep(plan, execution, scheduler)
    if len(failed) < len(plan.runs):
        print(f"Read it: {shorten_path(folder / 'comparison' / 'index.html')}")
    if failed:
        named = ", ".join(list(failed)[:10]) + (f" and {len(failed) - 10} more" if len(failed) > 10 else "")
        stop(f"{len(failed)} of {len(plan.runs)} runs failed: {named}", RunError.exit_code)


@click.command()
@options.as_json
def runs(as_json: bool) -> None:
    """List the runs, newest first, with their series and state."""
    from ..runs.manifest import list_runs
    from .listing import print_table

    rows = list_runs(find_outputs())
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    elif rows:
        for row in rows:
            row |= {"made": row["made"][:16].replace("T", " "), "data": Source.read(row["data"]).format()}
        print_table(rows)
    else:
        print(f"No run yet in {shorten_path(find_outputs())}. Make one: adoption run")


RUN_COMMANDS = (run, export, compare, sweep, runs)
