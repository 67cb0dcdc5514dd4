"""Tables for reading, made from the data frames that are saved as CSV."""

from __future__ import annotations

import html
import re

import great_tables
import numpy as np
import pandas as pd

from ..base.formats import format_name, mark_chinese

_MOST_ROWS = 300  # that a page shows of a table: of a longer one the first and the last half of so many
_READABLE = {  # headings of columns that their names in the CSV would not explain
    "n": "number",
    "horizon_years": "years ahead",
    "mape": "mean error",
    "wis": "WIS",
    "wis_relative": "WIS against a straight line's",
    "wis_drift_ratio": "WIS against a straight line's",
    "low": "from",
    "high": "to",
    "share_of_limit": "share of the limit",
    "published_rate": "share as published",
    "growth_per_year": "growth a year",
    "years_to_target_share": "years it took",
    "people_15_64": "people aged 15 to 64",
    "std_error": "standard error",
    "url": "source",
}
_CODED = {"family", "method", "member"}  # columns of names in the code
_UNPARTED_COLUMNS, _LONGEST_WHOLE = {"unit", "observed"}, 28  # columns of which no line parts a text of so many letters


def _name_column(column: str) -> str:
    """The heading of a column of a CSV for readers.

    >>> [_name_column(name) for name in ("q0.1", "q0.5", "q0.975", "coverage_80", "date")]
    ['80% interval from', 'median', '95% interval to', 'inside the 80% interval', 'date']
    """
    if column == "q0.5":
        return "median"
    if re.fullmatch(r"q0\.\d+", column):
        level = float(column[1:])
        return f"{100 * abs(1 - 2 * level):.3g}% interval {'from' if level < 0.5 else 'to'}"
    if match := re.fullmatch(r"coverage_(\d+)", column):
        return f"inside the {match[1]}% interval"
    return _READABLE.get(column, format_name(column))


def _format_number(value: float | None, decimals: int | None = None) -> str:
    """Three significant digits, or all digits of the whole part; infinity and missing values in words.

    >>> _format_number(1404.89), _format_number(53.511), _format_number(0.05321), _format_number(-17.6, 0)
    ('1,405', '53.5', '0.0532', '−18')
    """
    if value is None or np.isnan(value):
        return "–"
    if not np.isfinite(value):
        return "no limit"
    size = int(np.floor(np.log10(abs(value)))) if value else 0
    if decimals is None and size < -4:
        return f"{value:.2e}".replace("-", "−")
    usual = 0 if float(value).is_integer() else max(0, 2 - size)
    return f"{value:,.{usual if decimals is None else decimals}f}".replace("-", "−")


def _format_column(values: pd.Series) -> list[str]:
    """Numbers of a column with the same decimals, three digits of the median; separately if sizes differ much."""
    sizes = values[np.isfinite(values) & (values != 0)].abs().astype(float)
    decimals = None
    if len(sizes) and sizes.max() <= 1e3 * sizes.min():
        enough = int(np.clip(2 - np.floor(np.log10(sizes.median())), 0, 6))
        decimals = next((d for d in range(enough) if np.allclose(sizes, sizes.round(d), rtol=0, atol=1e-9)), enough)
    return [_format_number(value, decimals) for value in values]


def _is_number(values: pd.Series) -> bool:
    """Whether a column has numbers; truth values do not count."""
    return pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values)


def show(frame: pd.DataFrame, title: str, note: str = "") -> great_tables.GT:
    """Format a data frame as a table.

    Parameters
    ----------
    frame : DataFrame
        Numbers are shown with about three digits. Of more than `_MOST_ROWS` rows only the first and the last are shown,
        and columns without a value are left out; the CSV file has all of it, with ten digits. A column ``url`` becomes
        links.
    title : str
        Title of the table.
    note : str
        Units and source, below the table.

    Returns
    -------
    great_tables.GT
        Text of the data is escaped, so that it is never markup.
    """
    frame, note = _cut(frame, note)
    frame = frame.loc[:, ~(frame.isna() | frame.eq("")).all()] if len(frame) else frame
    shown = frame.copy()
    for column, values in frame.items():
        if pd.api.types.is_bool_dtype(values):
            shown[column] = np.where(values, "yes", "no")
        elif _is_number(values):
            shown[column] = _format_column(values)
        elif pd.api.types.is_datetime64_any_dtype(values):
            shown[column] = values.dt.strftime("%Y-%m-%d")
        else:
            shown[column] = values.fillna("–").map(format_name if column in _CODED else str)
    for column in _UNPARTED_COLUMNS & {*shown}:
        parts = shown[column].str.replace(" ", "\N{NO-BREAK SPACE}")
        shown[column] = parts.where(parts.str.len() <= _LONGEST_WHOLE, shown[column])
    numeric = [column for column in frame if _is_number(frame[column])]
    headings = {column: _name_column(str(column)) for column in shown}
    table = _set(shown, title, note).cols_label(headings).cols_align("right", columns=numeric)
    for column, write in (("url", _link_source), ("quote", mark_chinese)):
        table = table.fmt(write, columns=column) if column in shown else table
    return table


def _cut(frame: pd.DataFrame, note: str) -> tuple[pd.DataFrame, str]:
    """The first and the last rows of a long table, and a note that says so."""
    left_out, half = len(frame) - _MOST_ROWS, _MOST_ROWS // 2
    if left_out <= 0:
        return frame, note
    note = f"{note} Rows {half + 1:,} to {half + left_out:,} are left out here; the CSV has them.".strip()
    return pd.concat([frame.iloc[:half], frame.iloc[-half:]]), note


class _ShownTable(great_tables.GT):
    """A table as a notebook keeps it: without its parts as text, and without the styles that it does not use."""

    def __repr__(self) -> str:
        return "<table>"

    def _repr_html_(self) -> str:
        text = super()._repr_html_()
        used = {name for names in re.findall(r'class="([^"]*)"', text) for name in names.split()}
        return re.sub(r"\n\s*#[\w-]+ \.(gt_\w+)[^{]*\{[^}]*\}", lambda rule: rule[0] if rule[1] in used else "", text)


def _set(shown: pd.DataFrame, title: str, note: str) -> great_tables.GT:
    table = _ShownTable(shown, id="table-" + re.sub(r"[^a-z0-9]+", "-", title.lower())[:40])
    table = table.tab_header(title=title)
    table = table.tab_options(table_font_size="14px", heading_title_font_size="16px", heading_align="left")
    return table.tab_source_note(note) if note else table


def _link_source(url: str) -> str:
    return f'<a href="{html.escape(url)}">link</a>' if re.match("https?://", url) else html.escape(url)
