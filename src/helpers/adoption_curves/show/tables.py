"""Tables for reading: a frame in, a table out. The frame that is saved as CSV is the frame that is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

import great_tables
import numpy as np
import pandas as pd

from ..base.words import say_name

MOST_ROWS = 300
"""Rows of a table that a page shows: of a longer one the first and the last half of so many."""


READABLE = {
    "n": "number",
    "first": "first date",
    "last": "last date",
    "longest": "longest stretch",
    "horizon_years": "years ahead",
    "later_years": "and years ahead",
    "mape": "mean error",
    "wis": "WIS",
    "wis_relative": "WIS against drift",
    "low": "from",
    "high": "to",
    "share_of_bound": "share of the upper limit",
    "published_rate": "share as published",
    "growth_per_year": "growth a year",
    "years_to_target_share": "years it took",
    "low_covered": "covered, from",
    "high_covered": "covered, to",
    "standard_error": "standard error",
    "sample_size": "people asked",
    "std_error": "standard error",
    "url": "source",
}
"""Headings of columns that their names in the CSV would not explain."""
CODED = {"family", "method", "member"}
"""Columns of names in the code."""
WHOLE, LONGEST_WHOLE = {"unit", "observed"}, 28
"""Columns of which no line parts a text, if that has so few letters."""


def name_column(column: str) -> str:
    """The heading of a column of a CSV for readers.

    >>> name_column("q0.1"), name_column("q0.5"), name_column("q0.975"), name_column("coverage_80"), name_column("date")
    ('80% range from', 'median', '95% range to', 'inside the 80% range', 'date')
    """
    if re.fullmatch(r"q0\.\d+", column):
        level = float(column[1:])
        if level == 0.5:
            return "median"
        return f"{100 * abs(1 - 2 * level):.3g}% range {'from' if level < 0.5 else 'to'}"
    if found := re.fullmatch(r"coverage_(\d+)", column):
        return f"inside the {found[1]}% range"
    return READABLE.get(column, say_name(column))


def format_number(value: float | None) -> str:
    """Three significant digits, or all digits of the whole part; infinity and missing values in words."""
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return "–"
    if not np.isfinite(value):
        return "no limit"
    if value == 0 or float(value).is_integer():
        return f"{value:,.0f}".replace("-", "−")
    size = int(np.floor(np.log10(abs(value))))
    if size < -4:
        return f"{value:.2e}".replace("-", "−")
    return f"{value:,.{max(0, 2 - size)}f}".replace("-", "−")


def format_column(values: pd.Series) -> list[str]:
    """Numbers of one column with the same decimals, three digits of the middling one; apart where sizes differ much."""
    sizes = values[np.isfinite(values) & (values != 0)].abs().astype(float)
    if sizes.empty or sizes.max() > 1e3 * sizes.min():
        return [format_number(value) for value in values]
    enough = int(np.clip(2 - np.floor(np.log10(sizes.median())), 0, 6))
    decimals = next((d for d in range(enough) if np.allclose(sizes, sizes.round(d), rtol=0, atol=1e-9)), enough)
    return [
        f"{value:,.{decimals}f}".replace("-", "−") if np.isfinite(value) else format_number(value) for value in values
    ]


def is_number(values: pd.Series) -> bool:
    """True if a column holds numbers; yes and no are words."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def show(frame: pd.DataFrame, title: str, note: str = "", right: Sequence[str] = (), **names: str) -> great_tables.GT:
    """Set a frame as a table.

    Parameters
    ----------
    frame : DataFrame
        Numbers are shown to about three digits, and of more than `MOST_ROWS` rows the first and the last; the CSV
        beside keeps ten digits and all rows. A column ``url`` becomes links.
    title : str
        Title of the table.
    note : str
        Units and source, below the table.
    right : sequence of str
        Columns of text that stand to the right all the same: numbers that are written already.
    **names : str
        Headings for columns that `name_column` has no words for.

    Returns
    -------
    great_tables.GT
        Text of the data is escaped: data are text, never markup.
    """
    frame, note = _cut(frame, note)
    shown = frame.copy()
    for column in shown:
        if pd.api.types.is_bool_dtype(shown[column]):
            shown[column] = np.where(shown[column], "yes", "no")
        elif is_number(shown[column]):
            shown[column] = format_column(shown[column])
        elif pd.api.types.is_datetime64_any_dtype(shown[column]):
            shown[column] = shown[column].dt.strftime("%Y-%m-%d")
        else:
            shown[column] = shown[column].fillna("–").map(say_name if column in CODED else str)
            if column in WHOLE:
                parts = shown[column].str.replace(" ", "\N{NO-BREAK SPACE}")
                shown[column] = parts.where(parts.str.len() <= LONGEST_WHOLE, shown[column])
    numeric = [column for column in frame if column in right or is_number(frame[column])]
    headings = {column: names.get(column, name_column(str(column))) for column in shown}
    table = _set(shown, title, note).cols_label(headings).cols_align("right", columns=numeric)
    return table.fmt(_link, columns="url") if "url" in shown else table


def show_texts(frame: pd.DataFrame, title: str, note: str = "") -> great_tables.GT:
    """Set a frame of texts as a table, the index first; headings and cells stay as they are, a blank is a dash.

    Parameters
    ----------
    frame : DataFrame
        Of more than `MOST_ROWS` rows the first and the last are shown.
    title, note : str
        As for `show`.

    Returns
    -------
    great_tables.GT
    """
    frame, note = _cut(frame.reset_index(allow_duplicates=True), note)
    headings = dict(enumerate(frame.columns))  # of which two may be alike
    shown = frame.fillna("").astype(str).replace("", "–").set_axis(list(map(str, headings)), axis="columns")
    return (
        _set(shown, title, note).cols_label({str(place): each for place, each in headings.items()}).cols_align("left")
    )


def _cut(frame: pd.DataFrame, note: str) -> tuple[pd.DataFrame, str]:
    """The first and the last rows of a long frame, and a note that says so."""
    left_out, half = len(frame) - MOST_ROWS, MOST_ROWS // 2
    if left_out <= 0:
        return frame, note
    note = f"{note} Rows {half + 1:,} to {half + left_out:,} are left out here; the CSV has them.".strip()
    return pd.concat([frame.iloc[:half], frame.iloc[-half:]]), note


class Table(great_tables.GT):
    """A table as a notebook keeps it: without its parts as text, and without the styles that it does not use."""

    def __repr__(self) -> str:
        return "<table>"

    def _repr_html_(self) -> str:
        text = super()._repr_html_()
        used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
        return re.sub(r"\n\s*#[\w-]+ \.(gt_\w+)[^{]*\{[^}]*\}", lambda rule: rule[0] if rule[1] in used else "", text)


def _set(shown: pd.DataFrame, title: str, note: str) -> great_tables.GT:
    table = Table(shown, id="table-" + re.sub(r"[^a-z0-9]+", "-", title.lower())[:40])
    table = table.tab_header(title=title)
    table = table.tab_options(table_font_size="14px", heading_title_font_size="16px", heading_align="left")
    return table.tab_source_note(note) if note else table


def _link(url: str) -> str:
    return f'<a href="{html.escape(url)}">link</a>' if re.match("https?://", url) else html.escape(url)


def show_by_date(frame: pd.DataFrame, by: str, value: str, title: str, note: str = "") -> great_tables.GT:
    """Set one column of a long frame as a table with a row for each date, and a column for each of what it goes by.

    Parameters
    ----------
    frame : DataFrame
        date, and the columns named by the next two.
    by : str
        The column whose values become headings, in their order; numbers are shares of the bound.
    value : str
    title, note : str
        As for `show`.

    Returns
    -------
    great_tables.GT
    """
    wide = frame.pivot(index="date", columns=by, values=value)[[*dict.fromkeys(frame[by])]]
    shares = is_number(frame[by])
    wide = wide.rename(columns=lambda each: f"{100 * each:g}% of the upper limit" if shares else each)
    return show(wide.reset_index(), title, note)


def show_parameters(parameters: pd.DataFrame, title: str, note: str = "") -> great_tables.GT:
    """Set estimates as a table, dates as decimal years, each interval in one column, and only identified ceilings.

    Parameters
    ----------
    parameters : DataFrame
        family, ceiling, parameter, estimate, std_error, low_80, high_80, low_95, high_95, identified, remark.
    title, note : str
        As for `show`.

    Returns
    -------
    great_tables.GT
    """
    numbers = ["estimate", "std_error", "low_80", "high_80", "low_95", "high_95"]
    is_date = parameters["parameter"].isin(["midpoint", "launch"])
    words = {
        name: [
            f"{value:.1f}" if date and name != "std_error" and np.isfinite(value) else format_number(value)
            for value, date in zip(parameters[name], is_date, strict=True)
        ]
        for name in numbers
    }
    left = parameters["parameter"].isin(["ceiling", "share"]) & ~parameters["identified"]
    words["estimate"] = np.where(left, "not identified", words["estimate"]).tolist()
    intervals = {
        f"{level}% interval": [
            f"{low} to {high}" for low, high in zip(words[f"low_{level}"], words[f"high_{level}"], strict=True)
        ]
        for level in ("80", "95")
    }
    named = parameters[["family", "ceiling", "parameter"]]
    shown = named.assign(estimate=words["estimate"], std_error=words["std_error"], **intervals)
    judged = shown.assign(identified=parameters["identified"], remark=parameters["remark"])
    return show(judged, title, note, ["estimate", "std_error", *intervals])


def show_claims(claims: pd.DataFrame, title: str, note: str = "") -> great_tables.GT:
    """Set claims as a table: figures with the decimals of the claim, one at least, and differences with one more.

    Parameters
    ----------
    claims : DataFrame
        From `indicators.check_claims`.
    title, note : str
        As for `show`.

    Returns
    -------
    great_tables.GT
    """
    decimals = [max(1, _count_decimals(value)) for value in claims["reported"]]
    words = {
        "reported": [_round(value, _count_decimals(value)) for value in claims["reported"]],
        "recomputed": [_round(value, places) for value, places in zip(claims["recomputed"], decimals, strict=True)],
        "difference": [_round(value, places + 1) for value, places in zip(claims["difference"], decimals, strict=True)],
    }
    return show(claims.assign(**words), title, note, list(words))


def _count_decimals(value: float) -> int:
    return len(f"{value:.10f}".rstrip("0").partition(".")[2])


def _round(value: float, decimals: int) -> str:
    """A number with its decimals, or none where it's whole."""
    if not np.isfinite(value):
        return format_number(value)
    return f"{value:,.{0 if float(value).is_integer() else decimals}f}".replace("-", "−")
