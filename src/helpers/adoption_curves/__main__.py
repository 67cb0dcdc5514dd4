"""The command line: ``adoption``, or ``python -m adoption_curves``.

Everything heavy is imported in the command that needs it, so that help comes at once.
"""

from __future__ import annotations

import atexit
import gc
import os
import signal
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

HELD = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # Python drops a Ctrl-C in the middle of an import
try:
    import typer

    from .base.project import (
        LONGEST,
        RECORD,
        UNNEEDED,
        RunError,
        Stopped,
        UserError,
        block_imports,
        count_processors,
        describe_refusal,
        find_outputs,
        shorten_path,
    )
    from .base.words import PlainStream
    from .cli import commands
    from .cli.commands import complete_runs
    from .cli.options import Pairs, add_choices, join_pairs, locate_data, read_options

    signal.pthread_sigmask(signal.SIG_SETMASK, HELD)
except KeyboardInterrupt:  # Ctrl-C before there is a command
    print("\nInterrupted.", file=sys.stderr)
    raise SystemExit(130) from None

STOPS = [signal.SIGINT, signal.SIGTERM] + ([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

app.add_typer(commands.app)

RunName = Annotated[
    str | None,
    typer.Argument(metavar="[RUN]", help="Name of the run.", show_default="baseline", autocompletion=complete_runs),
]
Files = Annotated[
    list[Path] | None,
    typer.Option("-f", "--parameters_file", metavar="FILE", help="Read parameters from a YAML file."),
]
Workers = Annotated[
    int, typer.Option(metavar="N", min=0, help="Run N notebooks at a time.", show_default="one more than processors")
]
TimeLimit = Annotated[float, typer.Option(metavar="SECONDS", min=1, help="End a notebook after this many seconds.")]
Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse own data with a cell or row left out, or figures of the last run lost.")
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing unless it fails, as cron wants it.")]
Wait = Annotated[bool, typer.Option("--wait", help="Wait for another process that makes the same run.")]


def print_version(asked: bool) -> None:
    """Print the version and end, if it is asked for."""
    if asked:
        from importlib.metadata import version

        print(f"adoption {version('adoption-curves')}")
        raise typer.Exit


@app.callback()
def adoption(
    version: Annotated[
        bool, typer.Option("--version", callback=print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Adoption curves: from published figures to tables, figures and pages, in one command."""
    try:
        Path.cwd()
    except FileNotFoundError as error:
        raise RunError("The current folder no longer exists. Go to another folder, and try again.") from error


@app.command()
@add_choices
def run(
    choices: dict[str, str],
    run: RunName = None,
    parameters: Pairs = None,
    parameters_file: Files = None,
    force: Annotated[bool, typer.Option("--force", help="Run every notebook again.")] = False,
    pdf: Annotated[bool, typer.Option("--pdf", help="Draw every figure as PDF too, for print.")] = False,
    isolated: Annotated[bool, typer.Option("--isolated", help="Start a new Python for each notebook.")] = False,
    workers: Workers = 0,
    time_limit: TimeLimit = LONGEST,
    strict: Strict = False,
    wait: Wait = False,
    quiet: Quiet = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would run, and run nothing.")] = False,
) -> None:
    """Run the notebooks: tables, figures and pages.

    The command writes outputs/RUN, whole or not at all. It leaves files there that no run has written. A notebook runs
    again only if its source, its parameters, the helpers, the libraries, the data or a table that it reads changed.
    After an interruption the same command continues where it stopped. After a failure outputs/RUN.partial has the
    error, the log, and a page of the notebook as far as it ran. Progress goes to the error stream; the last line of the
    output is the path of run.json.

    -p reads a list as YAML, such as "[0.5, 0.9]". If both give a parameter, -p wins
    over -f. 'adoption params' lists the parameters. --date, --value and the options after them say how to read a file
    of your own; 'adoption check' names those that it needs.
    """
    from .runs.parameters import read_parameters
    from .runs.runner import plan_run, run_all, say
    from .runs.steps import Execution, tidy_store

    given = read_options(parameters or [], parameters_file or [])
    if run is not None:
        given["run"] = run
    locate_data(given, choices)
    chosen = read_parameters(given)
    execution = Execution(force, isolated, pdf, choose_slots(workers), time_limit, strict, wait)
    if dry_run:
        print("\n".join(plan_run(chosen, execution=execution)))
        return
    with say_state(f"Run '{chosen.run}' is as it was before; the same command continues from here."):
        tell = (lambda line: None) if quiet else say
        folder = run_all(chosen, execution=execution, before_commit=ignore_signals, tell=tell)
        tidy_store(find_outputs())
    if not quiet:
        print(f"Read it: {shorten_path(folder / 'html' / 'index.html')}\n{folder / RECORD}")


def choose_slots(workers: int) -> threading.Semaphore:
    """Semaphore of notebooks at a time: those asked for, or one more than there are processors."""
    return threading.Semaphore(workers or count_processors() + 1)


@app.command(name="open")
@add_choices
def open_notebook(
    choices: dict[str, str],
    notebook: Annotated[str, typer.Argument(metavar="NOTEBOOK", help="Its number, such as 05, or 'explore'.")],
    options: Annotated[
        list[str] | None, typer.Argument(metavar="[-- OPTIONS]", help="Options for JupyterLab, after a --.")
    ] = None,
    parameters: Pairs = None,
    parameters_file: Files = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Start JupyterLab without a browser.")] = False,
    prepare_only: Annotated[bool, typer.Option("--prepare-only", help="Write the copy, start nothing.")] = False,
) -> None:
    """Open a copy of a notebook in JupyterLab, with parameters.

    The copy is in outputs/lab/. If another copy of that name is there, the new one gets a number. The copy writes to
    outputs/lab/RUN/, where RUN is its parameter 'run'; the run itself stays as it is.
    """
    from .runs import lab

    given = read_options(parameters or [], parameters_file or [])
    locate_data(given, choices)
    path = lab.prepare_copy(notebook, given)
    print(f"Your copy: {shorten_path(path)}")
    if not prepare_only:
        lab.open_lab(path, [*(["--no-browser"] if no_browser else []), *(options or [])])


@app.command()
def export(
    run: Annotated[
        str,
        typer.Argument(
            metavar="[RUN or NOTEBOOK.ipynb]",
            help="Name of a run (SWEEP/RUN for one of a sweep), or any notebook.",
            autocompletion=complete_runs,
        ),
    ] = "baseline",
    xlsx: Annotated[bool, typer.Option("--xlsx", help="Write a run's tables as one spreadsheet.")] = False,
) -> None:
    """Write the pages of a run again, its tables for other programs, or the page of one notebook.

    The command makes a run's pages from its tables, figures and executed notebooks. It writes the spreadsheet into the
    run's folder, where the next run replaces it. The page of a notebook goes beside the
    notebook, with the outputs that it has. For figures as PDF repeat the run with --pdf.
    """
    from .runs import exports, pages
    from .runs.record import find_run

    if run.endswith(".ipynb"):
        if xlsx:
            raise typer.BadParameter("--xlsx is for a run; name one")
        page, notes = pages.export_notebook(Path(run).absolute())
        print("".join(f"note: {note}\n" for note in notes), end="")
        print(f"Read it: {shorten_path(page)}")
        return
    folder = find_run(run)
    if xlsx:
        print(f"Written: {shorten_path(exports.write_workbook(folder))}")
    else:
        print(f"Read it: {shorten_path(pages.export_run(folder))}")


@app.command()
def compare(
    runs: Annotated[list[str], typer.Argument(metavar="RUN RUN...", help="Names of runs, such as RUN or SWEEP/RUN.")],
    into: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder to write to.", show_default="outputs/compare-RUN-RUN")
    ] = None,
) -> None:
    """Show what differs between runs.

    Writes a table, a figure and a page with parameters, key numbers and forecasts side by side.
    """
    from .runs.comparison import compare_runs

    folder = compare_runs(runs, into.absolute() if into else None)
    print(f"Read it: {shorten_path(folder / 'index.html')}")


@app.command()
def verify(
    run: Annotated[str, typer.Argument(help="Name of the run.")] = "baseline",
) -> None:
    """Check that a run is unchanged.

    Compares hashes of its files, and of the data, notebooks, helpers and library versions behind it, with run.json.
    Prints every difference and ends with exit code 1, or prints that there is none.
    """
    from .runs import record

    differences = record.verify(record.find_run(run))
    print("\n".join(differences) or f"ok: run '{run}' is unchanged, and so is what it was made from.")
    if differences:
        raise SystemExit(RunError.exit_code)


@app.command()
def sweep(
    grid: Annotated[Path, typer.Argument(metavar="GRID.yaml", help="File with the sets of parameters.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the sweep; by default that of the file.")] = "",
    workers: Workers = 0,
    time_limit: TimeLimit = LONGEST,
    strict: Strict = False,
    wait: Wait = False,
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Dask scheduler whose workers make the runs (extra 'cluster').")
    ] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would run, and run nothing.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Confirm more than 200 runs.")] = False,
) -> None:
    """Make a run for each set of parameters of a grid.

    Writes each run to outputs/NAME/RUN, and a table, a figure and a page over all of them to outputs/NAME. The file has
    'parameters:' (common to all), 'grid:' (names with lists of values: all combinations) and 'runs:' (a list of sets).
    The command checks all sets before it starts. Runs share every notebook whose inputs are the same. If a run fails,
    the command records it and makes the others; the same command then makes what is missing.
    """
    from .runs.steps import Execution
    from .runs.sweep import plan_sweep, read_sweep, run_sweep

    print("Checking the sets of parameters.", file=sys.stderr, flush=True)
    chosen = read_sweep(grid, name, yes)
    if dry_run:
        print("\n".join(plan_sweep(chosen)))
        return
    execution = Execution(slots=choose_slots(workers), longest=time_limit, strict=strict, wait=wait)
    with say_state(f"Finished runs of sweep '{chosen.name}' are kept; the same command continues from here."):
        folder, failed = run_sweep(chosen, execution, scheduler)
    print(f"Read it: {shorten_path(folder / 'index.html')}")
    if failed:
        named = ", ".join(list(failed)[:10]) + (f" and {len(failed) - 10} more" if len(failed) > 10 else "")
        stop(f"{len(failed)} of {len(chosen.runs)} runs failed: {named}", RunError.exit_code)


@contextmanager
def handle_signals() -> Iterator[None]:
    """Raise `Stopped` in the block on Ctrl-C, SIGTERM and SIGHUP; signals that come while it ends are too late."""

    def raise_stopped(number: int, frame: Any) -> NoReturn:
        ignore_signals()
        raise Stopped(number)

    def raise_later(lost: Any) -> None:
        """Python drops what is raised in a callback of its own, as in the middle of an import: raise it once more."""
        if not isinstance(lost.exc_value, Stopped):
            report(lost)
            return
        number = lost.exc_value.number
        signal.signal(signal.SIGALRM, lambda *_: raise_stopped(number, None))
        signal.setitimer(signal.ITIMER_REAL, 0.01)

    ours = threading.current_thread() is threading.main_thread()
    heard = [one for one in STOPS if ours and signal.getsignal(one) != signal.SIG_IGN]  # nohup ignores SIGHUP
    previous = {one: signal.signal(one, raise_stopped) for one in heard}
    report = sys.unraisablehook
    sys.unraisablehook = raise_later
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        sys.unraisablehook = report
        for one, handler in previous.items():
            signal.signal(one, handler)


def ignore_signals() -> None:
    """Let Ctrl-C, SIGTERM and SIGHUP do nothing any more: it's too late to stop."""
    if threading.current_thread() is threading.main_thread():  # no other one can, nor is interrupted
        for one in STOPS:
            signal.signal(one, signal.SIG_IGN)


@contextmanager
def say_state(state: str) -> Iterator[None]:
    """Context that ends, when the block is stopped, with the shells' exit code and one line on the state of the run."""
    try:
        yield
    except Stopped as stopped:
        stop(f"{stopped.sentence} {state}", stopped.code)


def stop(message: str, code: int) -> NoReturn:
    """Print a message on the error stream and end."""
    with suppress(OSError):  # the terminal may have gone
        print(message, file=sys.stderr)
    raise SystemExit(code)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line; people's mistakes end with a sentence on the error stream, not with a traceback."""
    atexit.register(gc.freeze)  # else Python looks through all that's loaded for what to free, before it ends anyway
    atexit.register(ignore_signals)
    open_streams()
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # warnings of libraries name their files, which helps no user
    with redirect_stdout(PlainStream(sys.stdout)), redirect_stderr(PlainStream(sys.stderr)):
        run_app(sys.argv[1:] if arguments is None else arguments)


def open_streams() -> None:
    """Open /dev/null for closed standard streams, so that no file gets descriptor 0 to 2; escape what ASCII lacks."""
    while (handle := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(handle, True)
    os.close(handle)
    sys.stdout, sys.stderr = (stream or Path(os.devnull).open("w") for stream in (sys.stdout, sys.stderr))  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def run_app(arguments: list[str]) -> None:
    """Run a command, and end with a sentence and an exit code where it's the user's to mend."""
    try:
        with block_imports(UNNEEDED), handle_signals():
            app(join_pairs(arguments), prog_name="adoption")
    except Stopped as stopped:
        stop(stopped.sentence, stopped.code)
    except typer.BadParameter as error:
        stop(f"{error.message}\nTry 'adoption run --help' for help.", UserError.exit_code)
    except UserError as error:
        stop(str(error), error.exit_code)
    except (OSError, MemoryError, RuntimeError) as error:
        refused = describe_refusal(error)
        if not refused:
            raise
        stop(f"{refused}. Nothing of the last complete run was changed.", RunError.exit_code)


if __name__ == "__main__":
    main()
