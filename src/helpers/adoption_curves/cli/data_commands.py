"""Commands on data: list and check them, register and score forecasts of them, begin a project."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from ..base.columns import spread_choices
from ..base.formats import escape, format_count
from ..base.project import RunError, Source, UserError, find_register, shorten_path
from . import options
from .options import Pairs


@click.command(name="list")
@click.argument("words", metavar="[WORD]...", nargs=-1)
@options.data_folder
@options.as_json
def list_data(words: tuple[str, ...], data: str, as_json: bool) -> None:
    """List the series of the data: entity, span, limit and last observation.

    With WORDs it lists only series that have all of them in entity, name or title. The limit is that of the data,
    which a run takes unless '-p limit' names another. Below the series it counts the values of the profile of use.
    """
    from .. import indicators
    from ..indicators.problems import suggest_names
    from ..indicators.profile import count_profile
    from .listing import format_profile, format_series, print_table

    known = indicators.load(Source.read(data).find_from_here())
    series = indicators.list_series(known, words)
    if as_json:
        days = {name: column.dt.strftime("%Y-%m-%d") for name, column in series.select_dtypes("datetime").items()}
        print(series.assign(**days).to_json(orient="records", force_ascii=False, indent=1))
        return
    print_table(format_series(series))
    if len(series):
        first = ({} if data == "data" else {"data": data}) | series.iloc[0][["entity", "indicator"]].to_dict()
        pairs = [part for name, value in first.items() for part in ("-p", name, value)]
        print(f"{len(series):,} series. Study one: {shlex.join(['adoption', 'run', 'NAME', *pairs])}")
    else:
        nearest = suggest_names("".join(words[:1]), {*known.observations["entity"], *known.observations["indicator"]})
        print(f"No series has all of these words; {nearest}")
    for line in format_profile(count_profile(known, words)):
        print(line)


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1)
@click.option("--all", "indicator", metavar="INDICATOR", help="Each economy with the newest value of an indicator.")
@click.option("--for", "dates", metavar="YYYY-MM-DD", multiple=True, help="Date of the forecast; may be repeated.")
def register(runs: tuple[str, ...], indicator: str | None, dates: tuple[str, ...]) -> None:
    """Register the forecasts of runs, to score them when their values are published.

    Adds rows to forecasts.csv beside the data: quantiles of the forecast, and of two baselines. No command changes a
    row that is there. It passes over a run without a forecast. RUN is the name of a run, or SWEEP/RUN. With --all it
    needs no run: it forecasts each economy of the project's data, and registers medians and 80% intervals.
    """
    from ..runs.exports import register_run
    from ..runs.manifest import find_run

    if (indicator is None) == (not runs):
        raise UserError("Name runs, or write --all INDICATOR for each economy of an indicator: one of both.")
    if indicator is not None:
        from .. import indicators
        from ..forecast.register import add_rows, make_rows_of_all

        data = indicators.load()
        rows, passed = make_rows_of_all(data, indicator, dates)
        count = format_count(rows["entity"].nunique(), "economy", "economies")
        print(f"Registered in {shorten_path(add_rows(rows, data))}: the forecasts of {count}.")
        for entity in passed:
            print(f"Passed over: {entity} has no forecast with an interval.")
    for folder in [find_run(run) for run in runs]:
        path = register_run(folder, list(dates))
        if path is None:
            print(f"Passed over: run '{folder.name}' has no forecast that could be registered.")
        else:
            print(f"Registered in {shorten_path(path)}: the forecast of run '{folder.name}'.")


@click.command()
@options.data_folder
@click.option(
    "--vintage", type=click.Choice(["first", "latest"]), default="first", help="Print of a revised value that counts."
)
@options.as_json
def score(data: str, vintage: str, as_json: bool) -> None:
    """Score the registered forecasts whose values are published.

    Prints the weighted interval score against each baseline and the coverage of the 50, 80 and 90% intervals. For a
    value that is only a limit it prints the probability that the forecast gave to it. A forecast that was registered
    after its value was public is marked, and never counted.
    """
    from .. import indicators
    from ..forecast.register import summarise_scores
    from ..say.registered import format_scores, list_registered

    known = indicators.load(Source.read(data).find_from_here())
    scored = list_registered(known, vintage=vintage)
    if as_json:
        print(scored.to_json(orient="records", date_format="iso", force_ascii=False, indent=1))
        return
    for row in scored[scored["came"].notna()].itertuples():
        print(escape(f"{row.entity}, {row.indicator}. {row.text}"))
    for sentence in format_scores(summarise_scores(scored)):
        print(escape(sentence))
    if vintage == "latest":
        print("For revised values the latest print counts.")
    if scored.empty:
        print(f"No forecast is registered in {shorten_path(find_register(known.path))}: adoption register RUN")


@click.command()
@click.argument("folder", metavar="DIR")
def new(folder: str) -> None:
    """Begin a project of your own: a folder with data, notebooks and a CITATION.cff to fill in.

    DIR is the folder to make: a new one, or an empty one in which you are not. In that folder and below it, the
    commands use its data and notebooks, and write to its outputs/.
    """
    from ..runs.new_project import begin_project

    print(f"Your project: {shorten_path(begin_project(Path(folder).absolute()))}. Go there, and: adoption run")


@click.command()
def params() -> None:
    """List the parameters, with the values that each takes.

    Prints name, default, meaning, range, and the notebooks that read it.
    """
    from ..runs.fingerprint import find_notebooks, read_declared
    from ..runs.parameters import Parameters, expected_value

    readers = {path.stem.split("_")[0]: read_declared(path) for path in find_notebooks()}
    for name, field in Parameters.model_fields.items():
        numbers = ", ".join(number for number, declared in readers.items() if name in declared)
        print(f"{name} = {field.default!r}\n    {field.description}")
        print(f"    may be: {expected_value(name)}")
        print(f"    read by notebooks: {numbers}")


@click.command()
@click.argument("path", default="data")
@options.pairs
@options.choices
def check(path: str, pairs: Pairs, **choices: tuple[str, ...]) -> None:
    """Check data of your own before a run.

    PATH is a folder of data, or a file of your own; without one it is the project's data. Prints how it reads the file,
    and a summary of the data. If there are problems, it prints each with file, row and column, and the option or the
    edit that mends it, and ends with exit code 1. -p sets a parameter, such as the limit: -p limit 100. If there is no
    problem in a file, the last line is the command of a run with the same options.
    """
    from .. import indicators
    from ..runs.check_series import MOST_NOTES, find_refusals
    from . import listing

    source = options.read_source(path, choices)
    texts = [(name.replace("_", "-"), text) for name, text in spread_choices(choices)]
    parameters: dict[str, Any] = options.read_options(pairs) | {"data": str(source.find_from_here())}
    try:
        data = indicators.load(parameters["data"])
        refused, notes = find_refusals(data, parameters) if data.is_beside else ([], [])
        if not data.is_beside:
            data.references()  # refuses one with a value above its base
        print(f"ok: {listing.summarise_data(data)}")
        for line in notes:
            print(line)
        if registered := 0 if data.path.is_file() else listing.count_registered(data):
            print(f"registered: {registered} forecasts, see 'adoption score'")
        for reason in refused[:MOST_NOTES]:
            print(f"no run: {reason}")
        if several := listing.format_sweep(data, str(source)):
            print(f"a report of each: {several}")
        if data.is_beside and not refused:
            print(listing.write_run(data, path, pairs, texts))
    except indicators.DataError as error:
        print(error)
        raise SystemExit(RunError.exit_code) from error


@click.command()
@click.argument("source", metavar="SOURCE:NAME")
@click.option("--where", metavar="COLUMN=CODE", multiple=True, help="Rows to take; may be repeated.")
@click.option("--unit", metavar="TEXT", help="Unit of the values, where the publisher does not say it.")
@click.option("--measure", type=click.Choice(["level", "cumulative", "flow"]), help="What a value counts.")
@click.option("--limit", type=click.Choice(["population"]), help="The population beside each value, as its limit.")
@click.option("--to", "path", metavar="FILE", type=options.PATH, help="File to write.")
def fetch(source: str, where: tuple[str, ...], path: Path | None, limit: str | None, **labels: str | None) -> None:
    """Fetch values from their publisher, as a file for a run.

    SOURCE:NAME is owid:SLUG of a chart of Our World in Data, wb:INDICATOR of the World Bank, or eurostat:DATASET. The
    file has unit, source, licence, address and day of retrieval as the publisher says them. What it does not say is
    asked. If the file is there, the command says what has changed, and keeps the old file beside the new one. It needs
    a network, and the extra 'fetch'; a run needs neither.
    """
    from .. import indicators
    from ..indicators.fetch import fetch_file

    known = {name: text for name, text in labels.items() if text}
    try:
        lines = fetch_file(source, where, known, path, limit is not None)
    except indicators.DataError as error:
        print(error)
        raise SystemExit(RunError.exit_code) from error
    print("\n".join(map(escape, lines)))


DATA_COMMANDS = (list_data, register, score, new, params, check, fetch)
