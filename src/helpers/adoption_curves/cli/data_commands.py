"""Commands on data: list, check and fetch them, register and score forecasts, start a project."""

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
    """List the available series.

    Shows their number of observations, dates, upper limit and last value. With WORDs, it lists only series whose
    entity, name or title has all of them. A run uses the limit shown here unless you set '-p limit'. The lines below
    the table have the number of values on who uses the technology.
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
        print(f"{len(series):,} series. To forecast the first: {shlex.join(['adoption', 'run', 'NAME', *pairs])}")
    else:
        nearest = suggest_names("".join(words[:1]), {*known.observations["entity"], *known.observations["indicator"]})
        print(f"No series matches {' '.join(words)!r}; {nearest}")
    for line in format_profile(count_profile(known, words)):
        print(line)


@click.command()
@click.argument("runs", metavar="RUN...", nargs=-1)
@click.option(
    "--all", "indicator", metavar="INDICATOR", help="Every country and region with the latest value of an indicator."
)
@click.option("--for", "dates", metavar="YYYY-MM-DD", multiple=True, help="Date of the forecast. Repeatable.")
def register(runs: tuple[str, ...], indicator: str | None, dates: tuple[str, ...]) -> None:
    """Register forecasts before their outcomes are known.

    Adds rows to forecasts.csv in the data folder: the quantiles of the forecasts, and those of two benchmark methods.
    Rows that are there are never changed. RUN is the name of a run, or SWEEP/RUN; runs without a forecast are skipped.
    --all needs no run: it forecasts every country and region for an indicator, and registers medians and 80% intervals.
    """
    from ..runs.exports import register_run
    from ..runs.manifest import find_run

    if (indicator is None) == (not runs):
        raise UserError("Name one or more runs, or write --all INDICATOR, but not both.")
    if indicator is not None:
        from .. import indicators
        from ..forecast.register import add_rows, make_rows_of_all

        data = indicators.load()
        rows, skipped = make_rows_of_all(data, indicator, dates)
        count = format_count(rows["entity"].nunique(), "country or region", "countries and regions")
        print(f"Registered in {shorten_path(add_rows(rows, data))}: the forecasts of {count}.")
        for entity in skipped:
            print(f"Skipped: {entity} has no forecast with an interval.")
    for folder in [find_run(run) for run in runs]:
        path = register_run(folder, list(dates))
        if path is None:
            print(f"Skipped: run '{folder.name}' has no forecast that could be registered.")
        else:
            print(f"Registered in {shorten_path(path)}: the forecast of run '{folder.name}'.")


@click.command()
@options.data_folder
@click.option(
    "--vintage", type=click.Choice(["first", "latest"]), default="first", help="Vintage of a revised value that counts."
)
@options.as_json
def score(data: str, vintage: str, as_json: bool) -> None:
    """Score registered forecasts against outcomes.

    Prints the weighted interval score relative to each benchmark method, and the coverage of the 50, 80 and 90%
    intervals. For an outcome published only as a bound, it prints the probability that the forecast gave to it.
    Forecasts registered after the outcome was published are marked and do not count.
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
        print("Revised values are scored in their latest vintage.")
    if scored.empty:
        print(f"No forecast is registered in {shorten_path(find_register(known.path))}; see adoption register --help")


@click.command()
@click.argument("folder", metavar="DIR")
def new(folder: str) -> None:
    """Start a project of your own.

    Creates the folder DIR with data, notebooks and a CITATION.cff to fill in. DIR is a new folder, or an empty one
    other than the current folder. Commands inside it use its data and notebooks, and write to its outputs/.
    """
    from ..runs.new_project import begin_project

    print(f"Your project: {shorten_path(begin_project(Path(folder).absolute()))}. In that folder, write: adoption run")


@click.command()
def params() -> None:
    """List the parameters and their allowed values.

    Prints name, default, meaning, allowed values, and the notebooks that read the parameter.
    """
    from ..runs.fingerprint import find_notebooks, read_declared
    from ..runs.parameters import Parameters, expected_value

    readers = {path.stem.split("_")[0]: read_declared(path) for path in find_notebooks()}
    for name, field in Parameters.model_fields.items():
        numbers = ", ".join(number for number, declared in readers.items() if name in declared)
        print(f"{name} = {field.default!r}\n    {field.description}")
        print(f"    allowed: {expected_value(name)}")
        print(f"    read by notebooks: {numbers}")


@click.command()
@click.argument("path", default="data")
@options.pairs
@options.choices
def check(path: str, pairs: Pairs, **choices: tuple[str, ...]) -> None:
    """Check your own data before a run.

    PATH is a data folder, or a file of your own; by default the project's data. Prints how the file is read, with a
    summary. If there are problems, it lists each with file, row and column, and the option or the correction that
    solves it, and exits with code 1. Otherwise the last line for a file of your own is the command for a run with the
    same options, or 'no run:' and why a run would stop. -p sets a parameter, such as -p limit 100.
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
            data.check_bases()
        print(f"OK: {listing.summarise_data(data)}")
        for line in notes:
            print(line)
        if registered := 0 if data.path.is_file() else listing.count_registered(data):
            print(f"registered: {registered} forecasts, see 'adoption score'")
        for reason in refused[:MOST_NOTES]:
            print(f"no run: {reason}")
        if several := listing.format_sweep(data, str(source)):
            print(f"one run for each country or group: {several}")
        if data.is_beside and not refused:
            print(listing.write_run(data, path, pairs, texts))
    except indicators.DataError as error:
        print(error)
        raise SystemExit(RunError.exit_code) from error


@click.command()
@click.argument("source", metavar="SOURCE:NAME")
@click.option("--where", metavar="COLUMN=CODE", multiple=True, help="Code of a dimension. Repeatable.")
@click.option("--unit", metavar="TEXT", help="Unit of the values, if the publisher gives none.")
@click.option("--measure", type=click.Choice(["level", "cumulative", "flow"]), help="What values count.")
@click.option("--limit", type=click.Choice(["population"]), help="Add the population as the upper limit.")
@click.option("--to", "path", metavar="FILE", type=options.PATH, help="File to write.")
def fetch(source: str, where: tuple[str, ...], path: Path | None, limit: str | None, **labels: str | None) -> None:
    """Download data from a publisher to a file for a run.

    SOURCE:NAME is owid:SLUG for a chart of Our World in Data, wb:INDICATOR for the World Bank, or eurostat:DATASET. The
    file has the unit, source, licence and address that the publisher gives, and the day of retrieval; the command asks
    for what is missing. If the file exists, the command reports what has changed and keeps the old file under another
    name. It needs a network connection and the extra 'fetch'; a run needs neither.
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
