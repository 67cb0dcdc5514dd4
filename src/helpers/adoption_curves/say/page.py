"""The first page of a run as one table: headline, deck, quotation, what not to quote, and the rows of the fact sheet.

Notebooks 7 and 8 add rows of the same columns; the page joins the tables that exist.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import metadata

import pandas as pd

from ..base.columns import UNNAMED, USUAL_TITLE
from ..base.words import lower_first, say_count, say_first, say_limit, say_percent, say_place
from ..indicators import Names
from .formats import format_end, format_interval, format_value, split_unit
from .glossary import frame_rows
from .rows import ROWS, Row
from .run_tables import RunTables

_MOST_NOTES = 2
"""Notes by hand on a page."""


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
    rows = [Row("headline", write_headline(run)), Row("deck", write_deck(run))]
    quotation = write_quotation(run)
    nothing = f"Nothing is quoted, because {run.reason or 'the series has no title'}."
    rows.append(Row("quotation", quotation, note="" if quotation else nothing))
    rows += [Row("do_not_quote", text, url=url) for text, url in list_cautions(run)]
    return frame_rows([*rows, *(row for list_rows in ROWS for row in list_rows(run))])


# ---- the sentences that others quote


def format_claim(names: Names, amount: str, when: str = "") -> str:
    """Who uses what, without a full stop: in the past where there is a date; without a verb the title and a colon.

    Parameters
    ----------
    names : Names
    amount : str
        With what it counts.
    when : str
        Such as "in December 2025"; "" for the present.

    Returns
    -------
    str
    """
    if not has_verb(names):
        return f"{names.title.replace(': ', ', ')}: {amount} {when}".rstrip()
    where = "" if names.entity == UNNAMED else f" in {say_place(names.entity)}"
    past = re.sub("^have used", "had used", re.sub("^use ", "used ", names.doing))
    return say_first(f"{amount}{where} {past if when else names.doing} {when}".rstrip())


def has_verb(names: Names) -> bool:
    """Whether the data have a verb for what is counted, and it is one of use."""
    return bool(re.match("(have )?used? ", names.doing))


def write_headline(run: RunTables) -> str:
    """The newest value; then the interval where it may be quoted, else the change, or the peak before a decline."""
    names, newest, goal, start = run.names, run.newest, run.goal, run.find_start()
    today = pd.Timestamp(names.as_of) if names.as_of else names.known
    is_present = has_verb(names) and newest["date"].year == today.year
    headline = format_claim(names, _format_newest(run), "" if is_present else run.format_when(newest))
    if goal and not run.state:
        verb = "may" if has_verb(names) else "expected"
        headline += f"; {_format_interval(run)} {verb} {run.format_when(goal)}"
    elif run.state == "decline":
        peak = max(run.exact, key=lambda row: float(row["value"]))
        headline += f", down from {format_value(peak['value'], names.unit, names.own)} in {run.format_date(peak)}"
    elif start and not run.bound:
        headline += f" ({run.format_change(start)} from {run.format_date(start)})"
    is_old = names.as_of or (goal and goal["date"] <= names.known)
    return f"{headline} (from values up to {run.format_date(newest)})" if is_old else headline


def write_deck(run: RunTables) -> str:
    """The newest value and who published it; then median, interval and coverage, or why no forecast is quoted."""
    names, goal, amount, when = run.names, run.goal, _format_newest(run), run.format_when(run.newest)
    deck = f"The newest value is {amount} {when}."
    if names.publisher_name:
        deck = f"{say_first(names.publisher_name)} reported {amount} {re.sub('^in ', 'for ', when)}."
    if not goal or run.state:
        return f"{deck} We quote no forecast, because {run.reason}."
    deck += f" The median forecast for {run.format_date(goal)} is {format_end(goal['q0.5'], goal['high'], names.unit)}"
    deck += f", with an {100 * run.level:g}% prediction interval of {_format_interval(run)}{_format_condition(run)}"
    for row in run.list_tests("05_coverage", "horizon_years")[:1]:
        deck += f"; in tests on {row['technologies']} technologies, such intervals contained "
        deck += f"{say_percent(row['covered'])} of outcomes {say_count(row['horizon_years'], 'year')} ahead"
    return f"{deck}."


def write_quotation(run: RunTables) -> str:
    """The newest value and the forecast in words to copy; "" where no forecast is quoted or the series has no title."""
    names = run.names
    if not run.goal or run.state or names.title == USUAL_TITLE:
        return ""
    claim = format_claim(names, _format_newest(run), run.format_when(run.newest))
    source = f", according to {names.publisher_name}" if names.publisher_name else ""
    method = f"Adoption Curves {metadata.version('adoption-curves')} forecasts"
    amount = f"{_format_interval(run)} {split_unit(names.unit)[1].strip('%')}".rstrip()
    median = format_end(run.goal["q0.5"], run.goal["high"], names.unit)
    what = f"{100 * run.level:g}% prediction interval; median {median}{_format_condition(run)}"
    forecast = f"{method} {amount} for {run.format_date(run.goal)} ({what})"
    return f"{claim}{source}. {forecast}, from values up to {run.format_date(run.newest)}."


def list_cautions(run: RunTables) -> Iterator[tuple[str, str]]:
    """What should not be quoted, each a sentence with the address of its source, and notes by hand."""
    if not run.state:
        yield f"Do not quote the median without the {100 * run.level:g}% interval.", ""
        if run.limit_then and run.names.limit_is_series:
            yield f"Do not quote the limit, {lower_first(run.names.limit_title)}, as a forecast.", ""
    if run.change_of_method:
        span = run.format_span(*run.change_of_method[1:])
        yield f"Do not quote the change from {span} as growth: the method may have changed.", ""
    yield from run.notes[:_MOST_NOTES]


def write_title(run: RunTables) -> str:
    """The title of the chart: the series and its forecast; where none is drawn the newest value."""
    names, goal = run.names, run.goal
    if goal and not run.state:
        return f"{names.title}: {_format_interval(run)} {run.format_when(goal)}"
    newest = f"{names.title}: {_format_newest(run)} {run.format_when(run.newest)}"
    return newest if run.is_drawn else f"{newest}, no forecast"


def _format_interval(run: RunTables) -> str:
    goal = run.goal or {}
    return format_interval(goal["low"], goal["high"], run.names.unit)


def _format_condition(run: RunTables) -> str:
    """The limit that somebody has assumed for a series: neither published values nor 100%."""
    if run.names.limit_is_series or not run.limit_then or (run.is_share and run.limit_then["mean"] == 100):
        return ""
    return f", if {format_value(run.limit_then['mean'], run.names.unit)} are the most there could be"


def _format_newest(run: RunTables) -> str:
    """The newest value with what it counts: more than 700 million people; 8.4% of firms."""
    row = run.newest
    amount = f"{format_value(row['value'], run.names.unit, run.names.own)}{run.base}"
    if row.get("qualifier", "exact") == "exact":
        return amount
    bound, _, _ = say_limit(pd.Series(row), "", own=run.names.own).rpartition(" ")
    return f"{bound} {amount}"
