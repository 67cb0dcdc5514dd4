"""Commands that make no run: list, check, register, score, begin a project, empty the store."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from ..base.project import RunError, UserError, find_outputs, list_records, shorten_path
from ..base.source import Source
from ..base.words import escape
from .options import Pairs, add_choices, locate_data, read_options

app = typer.Typer()

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def complete_runs(incomplete: str) -> list[str]:
    """Names of runs that begin so, for the shell's completion."""
    outputs = find_outputs()
    names = [path.parent.relative_to(outputs).as_posix() for path in list_records(outputs)]
    return sorted(name for name in names if name.startswith(incomplete))


@app.command(name="list")
def list_series(
    words: Annotated[
        list[str] | None,
        typer.Argument(metavar="[WORD]...", help="List only series with all of these words in entity, name or title."),
    ] = None,
    data: Annotated[str, typer.Option(metavar="PATH", help="Folder of data, or a file of your own.")] = "data",
    as_json: Json = False,
) -> None:
    """List the series of the data: entity, span, upper limit (bound) and last figure.

    The upper limit is the widest that '-p bound' could name: the indicator of the base, or 100 for percentages. A run
    may take a narrower one.
    """
    from .. import indicators

    given: dict[str, Any] = {"data": data}
    locate_data(given, {})
    known = indicators.load(given["data"])
    found = indicators.list_series(known, words or [])
    if as_json:
        days = {name: column.dt.strftime("%Y-%m-%d") for name, column in found.select_dtypes("datetime").items()}
        print(found.assign(**days).to_json(orient="records", force_ascii=False, indent=1))
    else:
        print_found(found, data)


def print_found(found: Any, data: str) -> None:
    """Print the series that were found, and how to study the first."""
    from ..runs.parameters import Parameters
    from .held import say_series

    print_table(say_series(found))
    if len(found):
        given = ({} if data == "data" else {"data": data}) | found.iloc[0][["entity", "indicator", "bound"]].to_dict()
        usual = {name: Parameters.model_fields[name].default for name in given}
        if all(given[name] == usual[name] for name in given if name != "bound"):
            given["bound"] = usual["bound"]  # what a run of this series takes, too
        pairs = [part for name, value in given.items() for part in ("-p", name, value)]
        print(f"{len(found):,} series. Study one: {shlex.join(['adoption', 'run', 'NAME', *pairs])}")
    else:
        print("No series has all of these words.")


@app.command()
def runs(as_json: Json = False) -> None:
    """List the runs, newest first, with their series and state."""
    from ..runs.record import list_runs

    found = list_runs(find_outputs())
    if as_json:
        print(json.dumps(found, ensure_ascii=False, indent=1))
    elif found:
        print_table([{**each, "made": each["made"][:16].replace("T", " ")} for each in found])
    else:
        print(f"No run yet in {shorten_path(find_outputs())}. Make one: adoption run")


Hub = Annotated[
    Path | None, typer.Option("--hub", metavar="FOLDER", help="Hub; by default forecasts/ beside the data.")
]


@app.command()
def register(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN...", help="Names of runs, RUN or SWEEP/RUN.", autocompletion=complete_runs),
    ],
    dates: Annotated[
        list[str] | None,
        typer.Option("--for", metavar="YYYY-MM-DD", help="Date of the forecast; may be repeated."),
    ] = None,
    hub: Hub = None,
) -> None:
    """Register the forecasts of runs, to score them when their figures are published.

    Writes to the folder forecasts/ beside the data, a hub in the form of the hubverse: quantiles of the forecast, and
    of two baselines. The round is the day as of which the data were known; the day of publication is today. No command
    overwrites a registered forecast. It passes over a run without a forecast.
    """
    from ..runs.exports import register_run
    from ..runs.record import find_run

    for folder in [find_run(run) for run in runs]:
        paths = register_run(folder, dates or [], hub)
        if not paths:
            print(f"Passed over: run '{folder.name}' has no forecast that could go on record.")
        for path in paths:
            print(f"On record: {shorten_path(path)}")


@app.command()
def score(
    data: Annotated[str, typer.Option(metavar="PATH", help="Folder of data, or a file of your own.")] = "data",
    hub: Hub = None,
    vintage: Annotated[
        Literal["first", "latest"], typer.Option(help="Print of a revised figure that counts.")
    ] = "first",
    update: Annotated[
        bool, typer.Option("--update", help="Write the published figures to the hub's target data.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Score the registered forecasts whose figures are published.

    Prints the weighted interval score against each baseline and the coverage of the 50, 80 and 90% intervals. For a
    figure that is only a limit it prints the probability that the forecast gave to it. A forecast that was registered
    after its figure was public is marked, and never counted.
    """
    import pandas as pd

    from .. import indicators
    from ..base.project import find_register
    from ..forecast.record.hub import write_figures
    from ..forecast.record.register import list_figures, read_register
    from ..forecast.record.scores import score_register, summarise_scores
    from ..say.on_record import add_sentences, say_scores

    given: dict[str, Any] = {"data": data}
    locate_data(given, {})
    known = indicators.load(given["data"])
    place = find_register(known.path) if hub is None else hub
    entries = read_register(known, hub=place)
    scored = add_sentences(score_register(entries, known, vintage))
    if update and len(entries):
        write_figures(place, list_figures(known, entries))
    if as_json:
        print(scored.to_json(orient="records", date_format="iso", force_ascii=False, indent=1))
        return
    for row in scored[scored["came"].notna()].itertuples():
        print(escape(f"{row.entity}, {row.indicator}. {row.text}"))
    withdrawn = score_register(read_register(known, hub=place, withdrawn=True), known, vintage)
    summary = summarise_scores(pd.concat([scored, withdrawn.assign(model_id="withdrawn methods")]))
    for sentence in say_scores(summary):
        print(escape(sentence))
    if vintage == "latest":
        print("For revised figures the latest print counts.")
    if scored.empty:
        print(f"No forecast is registered in {shorten_path(place)}. Register one: adoption register RUN")


@app.command()
def new(
    folder: Annotated[str, typer.Argument(metavar="DIR", help="Folder to make; it must be new or empty.")],
) -> None:
    """Begin a project of your own: a folder with data, notebooks and a CITATION.cff to fill in.

    In that folder and below it, the commands use its data and notebooks, and write to its outputs/.
    """
    from ..runs.lab import begin_project

    if not folder.strip():
        raise UserError("Name a folder, as in: adoption new DIR. A dot is the folder in which you are.")
    print(f"Your project: {shorten_path(begin_project(Path(folder).absolute()))}. Go there, and: adoption run")


def print_table(rows: list[dict[str, str]]) -> None:
    """Print rows under the names of their columns, each as wide as it needs; nothing where there are none."""
    if not rows:
        return
    columns = list(rows[0])
    cells = [columns, *([escape(str(row[column])) for column in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    for line in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


@app.command()
def params() -> None:
    """List the parameters, with the values that each takes.

    Prints name, default, meaning, range, and the notebooks that read it.
    """
    from ..runs.ingredients import find_notebooks, read_declared
    from ..runs.parameters import Parameters, expected_value

    readers = {path.stem.split("_")[0]: read_declared(path) for path in find_notebooks()}
    for name, field in Parameters.model_fields.items():
        numbers = ", ".join(number for number, declared in readers.items() if name in declared)
        print(f"{name} = {field.default!r}\n    {field.description}")
        print(f"    may be: {expected_value(name)}")
        print(f"    read by notebooks: {numbers or 'none'}")


@app.command()
@add_choices
def check(
    choices: dict[str, str],
    path: Annotated[str, typer.Argument(metavar="[PATH]", help="Folder of data, or a file of your own.")] = "data",
    parameters: Pairs = None,
) -> None:
    """Check data of your own before a run.

    Prints how it reads the file, and a summary of the data. If there are problems, it prints each with file, row and
    column, and ends with exit code 1. For what is not plain it names the option to write. -p sets a parameter, such as
    the limit: -p bound 100.
    """
    from .. import indicators
    from ..runs.check_series import MOST_NOTES, find_refusals
    from . import held

    given: dict[str, Any] = read_options(parameters or [], []) | {"data": path}
    locate_data(given, choices)
    try:
        data = indicators.load(given["data"])
        refused, notes = find_refusals(data, given) if data.is_beside else ([], [])
        print(f"ok: {held.summarise_data(data)}")
        print("\n".join(notes), end="\n" * bool(notes))
        if registered := 0 if data.path.is_file() else held.count_registered(data):
            print(f"registered: {registered} forecasts, see 'adoption score'")
        for reason in refused[:MOST_NOTES]:
            print(f"no run: {reason}")
        if several := write_sweep(data, path, choices):
            print(f"a report of each: {several}")
    except indicators.DataError as error:
        print(error)
        raise SystemExit(RunError.exit_code) from error


def write_sweep(data: Any, path: str, choices: dict[str, str]) -> str:
    """The line that makes a report of each entity of a file, and the page that compares them; "" for one entity."""
    from .. import indicators
    from ..indicators.own import name_indicator

    entities = sorted({entity for entity, _ in indicators.list_studied(data)})
    if not data.is_beside or len(entities) < 2:
        return ""
    grid: dict[str, Any] = {
        "parameters": {"data": str(Source.read(path).choose(**choices))},
        "grid": {"entity": entities},
    }
    pairs = indicators.list_studied(data)
    if len({name for _, name in pairs}) > 1:
        del grid["grid"]
        grid["runs"] = [{"entity": entity, "indicator": name} for entity, name in pairs]
    name = name_indicator(data.path.stem)
    written = shlex.quote(json.dumps(grid, ensure_ascii=False))
    return f"echo {written} > {name}.yaml; adoption sweep {name}.yaml  (compared in outputs/{name}/index.html)"


@app.command(name="gc")
def clean_store() -> None:
    """Remove stored results that no run uses.

    The store, outputs/.store, keeps the results of notebooks, so that no notebook runs twice. It holds 2 GB at most,
    and drops first what was used least recently.
    """
    from ..runs.record import read_keys
    from ..runs.steps import shrink_store

    outputs = find_outputs()
    print(f"Freed {shrink_store(outputs, read_keys(outputs), limit=0) / 1e6:,.0f} MB.")
