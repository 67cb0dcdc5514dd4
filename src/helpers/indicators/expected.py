"""When the next figure of a series is expected, as ``next_expected`` of indicators.csv writes it."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ..base.wording import say_day


def read_expected(text: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day of a day, a month, or a span from one to another.

    Parameters
    ----------
    text : str
        ``2026-12-09``, ``2026-12`` or ``2027-01/2027-02``.

    Returns
    -------
    tuple of Timestamp

    Raises
    ------
    ValueError
        Where there is no such day or month, or the span ends before it begins.

    Examples
    --------
    >>> [f"{day:%Y-%m-%d}" for day in read_expected("2027-01/2027-02")]
    ['2027-01-01', '2027-02-28']
    """
    begin, _, end = text.partition("/")
    try:
        first, last = pd.Period(begin).start_time, pd.Period(end or begin).end_time.normalize()
    except ValueError:
        raise ValueError("names no day or month of the calendar; write one that exists") from None
    if last < first:
        raise ValueError("ends before it begins; write the earlier one first")
    return first, last


def say_expected(text: str) -> str:
    """Say in words when a figure is expected.

    Parameters
    ----------
    text : str
        As `read_expected` takes it, or "".

    Returns
    -------
    str
        "" for "".

    Examples
    --------
    >>> say_expected("2026-12-09"), say_expected("2026-12"), say_expected("2027-01/2027-02")
    ('9 December 2026', 'December 2026', 'January or February 2027')
    """
    if not text:
        return ""
    parts = text.split("/")
    said = [say_day(pd.Timestamp(part)) if len(part) == 10 else f"{pd.Timestamp(part):%B %Y}" for part in parts]
    if len(said) == 1:
        return said[0]
    first, last = (pd.Period(part, "M") for part in parts)
    between = "or" if (last - first).n == 1 else "to"
    return f"{said[0].removesuffix(f' {last.year}')} {between} {said[1]}"


def find_expected(data: Any, entity: str, indicator: str) -> str:
    """Find when the next figure of a series is expected.

    Parameters
    ----------
    data : Data
    entity, indicator : str

    Returns
    -------
    str
        As `read_expected` takes it; "" where nothing is expected, where the expected figure is there, for data
        as they were known on an earlier day, and for own data of an indicator of the project.
    """
    text, rows = data.find_entry(indicator).next_expected, data.find_rows(entity, indicator)
    borrowed = data.project_data is not None and (data.project_data.indicators["indicator"] == indicator).any()
    if not text or borrowed or data.as_of or rows.empty:
        return ""
    newest = rows.loc[rows["date"] == rows["date"].max(), "published"].min()
    return text if newest < read_expected(text)[0] else ""
