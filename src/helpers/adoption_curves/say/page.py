"""The first page of a run as one table: headline, deck, quotation, what not to quote, and the rows of the fact sheet.

Notebooks 7 and 8 add rows of the same columns; the page joins the tables that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata

import pandas as pd

from ..base.columns import UNNAMED, USUAL_TITLE
from ..base.formats import capitalize_first, format_count, format_day, format_percent, format_place, lower_first
from ..indicators import Names
from .formats import format_end, format_value, split_unit
from .glossary import frame_rows
from .rows import ROWS, Row
from .run_tables import RunTables


def write_page(run: RunTables) -> pd.DataFrame:
    """The table ``06_key_numbers``: everything that the first page says of a series, in the order of the page.

    Parameters
    ----------
    run : RunTables

    Returns
    -------
    DataFrame
        The columns `COLUMNS`, a row for each row of the page; headline, deck, quotation and cautions have no group.
    """
    quotation = write_quotation(run)
    note = "" if quotation else f"There is no forecast to quote, because {run.reason or 'the series has no title'}."
    rows = [Row("headline", write_headline(run)), Row("deck", write_deck(run)), Row("quotation", quotation, note=note)]
    rows += [Row("do_not_quote", text, url=url) for text, url in list_cautions(run)]
    return frame_rows([*rows, *(row for list_rows in ROWS for row in list_rows(run))])


# ---- the sentences that others quote


def format_claim(names: Names, amount: str, when: str, is_now: bool = False) -> str:
    """Who uses what, without a full stop; without a verb of use the title, a colon and the amount.

    Parameters
    ----------
    names : Names
    amount : str
        With what it counts.
    when : str
        Such as "in December 2025".
    is_now : bool
        True for a verb in the present without a date, False for the past.

    Returns
    -------
    str
    """
    if not has_verb(names):
        return f"{names.title.replace(': ', ', ')}: {amount} {when}"
    where = "" if names.entity == UNNAMED else f" in {format_place(names.entity)}"
    past = re.sub("^(have|use)", lambda verb: {"have": "had", "use": "used"}[verb[0]], names.doing)
    return capitalize_first(f"{amount}{where} {names.doing if is_now else f'{past} {when}'}")


def has_verb(names: Names) -> bool:
    """Whether the data have a verb phrase of use for what is counted."""
    return bool(re.match("(have used|use) ", names.doing))


def write_headline(run: RunTables) -> str:
    """Headline: the latest value, and the interval if it may be quoted, otherwise the change or the peak."""
    names, start = run.names, run.find_start()
    headline = format_claim(names, run.amount, run.format_when(run.newest), run.newest["date"].year == run.today.year)
    if run.quoted:
        verb = "may" if has_verb(names) and run.expected_then == "expected" else run.expected_then
        headline += f"; {run.interval} {verb} {run.format_when(run.quoted)}{_format_condition(run)}"
    elif run.state == "decline":
        peak = max(run.exact, key=lambda row: float(row["value"]))
        headline += f", down from {format_value(peak['value'], names.unit, names.own)} in {run.format_date(peak)}"
    elif start and not run.bound:
        headline += f" ({run.format_change(start)} from {run.format_date(start)})"
    is_old = run.quoted and run.expected_then != "expected"
    return f"{headline} ({_format_known(run)})" if is_old or names.as_of else headline


def write_deck(run: RunTables) -> str:
    """Deck: the latest value and its publisher; then median, interval and coverage, or why no forecast is quoted."""
    deck = f"The newest value is {run.amount} {run.format_when(run.newest)}."
    if publisher := capitalize_first(run.names.publisher_name):
        deck = f"{publisher} reported {run.amount} for {run.format_date(run.newest)}."
    if not run.quoted:
        return f"{deck} We quote no forecast, because {run.reason}."
    tests = [
        f"; in tests on {row['technologies']} technologies, such intervals contained "
        f"{format_percent(row['covered'])} of outcomes {format_count(row['horizon_years'], 'year')} ahead"
        for row in run.list_tests("05_coverage")[:1]
    ]
    return (
        f"{deck} The median forecast for {run.format_date(run.quoted)} is {_format_median(run)}, with an "
        f"{100 * run.level:g}% prediction interval of {run.interval}{_format_condition(run)}{''.join(tests)}."
    )


def write_quotation(run: RunTables) -> str:
    """Text to quote with the latest value and the forecast; "" without a forecast or a title."""
    names = run.names
    if not run.quoted or names.title == USUAL_TITLE:
        return ""
    claim = format_claim(names, run.amount, run.format_when(run.newest))
    source = f", according to {names.publisher_name}" if names.publisher_name else ""
    amount = f"{run.interval} {split_unit(names.unit)[1].strip('%')}".rstrip()
    return (
        f"{claim}{source}. Adoption Curves {metadata.version('adoption-curves')} forecasts {amount} for "
        f"{run.format_date(run.quoted)} ({100 * run.level:g}% prediction interval; median {_format_median(run)}"
        f"{_format_condition(run)}), {_format_known(run)}."
    )


def list_cautions(run: RunTables) -> Iterator[tuple[str, str]]:
    """Sentences on what should not be quoted, each with the address of its source; at most two are notes."""
    if run.quoted:
        yield f"Do not quote the median without the {100 * run.level:g}% interval.", ""
    if run.quoted and not run.is_whole:
        yield f"Do not quote the limit, {lower_first(run.names.limit_title)}, as a forecast.", ""
    pairs = [run.change_of_method[1:]] if run.change_of_method else []
    pairs += [(before, [*run.exact, run.newest][0]) for before in run.list_rows("02_earlier")[-1:]]
    for before, after in pairs:
        span = run.format_span(before, after)
        yield f"Do not quote the change from {span}: the two values may not be comparable.", ""
    yield from run.notes[:2]


def write_title(run: RunTables) -> str:
    """Title of the chart: the series, and its forecast or its latest value."""
    amount, row = (run.interval, run.quoted) if run.quoted else (run.amount, run.newest)
    return f"{run.names.title.replace(': ', ', ')}: {amount} {run.format_when(row)}"


def _format_known(run: RunTables) -> str:
    known = f"as known on {format_day(pd.Timestamp(run.names.as_of))}, " if run.names.as_of else ""
    values = f"the values since {run.since}" if run.since else "values"
    return f"{known}from {values} up to {run.format_date(run.newest)}"


def _format_median(run: RunTables) -> str:
    return format_end(run.goal["q0.5"], run.goal["high"], run.names.unit)


def _format_condition(run: RunTables) -> str:
    """The limit that somebody has assumed for a series: neither published values nor 100%."""
    if run.names.limit_is_series or run.is_whole:
        return ""
    return f", if at most {format_end(run.limit_then['mean'], 100, run.names.unit)} are possible"
