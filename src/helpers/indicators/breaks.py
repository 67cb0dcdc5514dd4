"""Breaks of a series, as indicators.csv writes them: ``YYYY-MM-DD [Entity] reason; YYYY-MM-DD reason``."""

from __future__ import annotations

import re
from datetime import date

import pandas as pd

NONE = pd.DataFrame(columns=["date", "kind", "reason"]).astype({"date": "datetime64[s]"})


def parse_breaks(text: str) -> list[tuple[str, str, str]]:
    """Parse one cell of ``breaks`` or ``suspected_breaks``.

    Parameters
    ----------
    text : str
        Entries separated by ``;``. Each is the date of the first figure of the new regime, the entity in square
        brackets where the break is only its own, and the reason.

    Returns
    -------
    list of (date text, entity or "", reason)

    Raises
    ------
    ValueError
        When an entry does not have this form or its date does not exist.
    """
    entries = []
    for entry in filter(None, (part.strip() for part in text.split(";"))):
        match = re.fullmatch(r"(\d{4}-\d{2}-\d{2}) (?:\[([^\]]+)\] )?(\S.*)", entry)
        if not match:
            raise ValueError(f"entry {entry!r} is no break; write 'YYYY-MM-DD reason', entries separated by ';'")
        try:
            date.fromisoformat(match[1])
        except ValueError:
            raise ValueError(f"{match[1]} is not a day of the calendar; write a day that exists") from None
        entries.append((match[1], match[2] or "", match[3]))
    return entries


def list_breaks(breaks: str, suspected: str, entity: str, as_of: pd.Timestamp | None = None) -> pd.DataFrame:
    """List the breaks that hold for one entity, in order of date.

    Parameters
    ----------
    breaks, suspected : str
        The two cells of indicators.csv.
    entity : str
    as_of : Timestamp, optional
        Later breaks are left out.

    Returns
    -------
    DataFrame with columns date, kind (break or suspected), reason
    """
    rows = [
        (pd.Timestamp(day), kind, reason)
        for kind, text in (("break", breaks), ("suspected", suspected))
        for day, only, reason in parse_breaks(text)
        if only in ("", entity) and (as_of is None or pd.Timestamp(day) <= as_of)
    ]
    return pd.DataFrame(sorted(rows), columns=["date", "kind", "reason"]) if rows else NONE.copy()
