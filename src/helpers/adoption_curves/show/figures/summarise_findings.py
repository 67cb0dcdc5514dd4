"""Chart of notebook 6: registered forecasts and their outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...base.formats import format_count, format_day, format_long_date, format_range, lower_first
from ...base.project import PUBLISHED_MODEL, WITHDRAWN
from ...indicators import Names
from .style import ACCENT, GHOST, INK, MOST, Chart, key_area, key_line, open_rows

_MARKS = {"exact": "D", "at_least": ">"}


def draw_register(scored: pd.DataFrame, names: Names, source: str) -> Chart | None:
    """The newest registered forecast of each date by a method that was not withdrawn, and the outcomes.

    Parameters
    ----------
    scored : DataFrame
        ``06_register``.
    names : Names
    source : str

    Returns
    -------
    Chart or None
        None where nothing is registered.
    """
    scored = scored[~scored["model"].isin(WITHDRAWN)]
    if scored.empty:
        return None
    order = scored.assign(is_ours=scored["model"] == PUBLISHED_MODEL)
    order = order.sort_values(["target_date", "registered", "is_ours"])
    rows = order.drop_duplicates("target_date", keep="last").sort_values("hindsight", kind="stable")
    limits = "limit: " + rows["limit_title"].map(lower_first)
    ends = rows[["q0.1", "q0.9"]].to_numpy()
    notes = "made " + rows["registered"].map(format_day) + [f": {format_range(low, high)}" for low, high in ends]
    late = rows["hindsight"].astype(bool)
    figure, [axis] = open_rows(
        rows.assign(
            name=rows["target_date"].map(format_long_date),
            value=rows["q0.5"],
            low=rows["q0.1"],
            high=rows["q0.9"],
            mark="|",
            colour=np.where(late, GHOST, ACCENT),
            above=notes if limits.nunique() == 1 else notes + "; " + limits,
            heading=np.where(late & ~late.all(), "Registered after the outcome", ""),
        )
    )
    for place, row in zip(axis.get_yticks(), rows.itertuples(), strict=True):
        if row.side:
            axis.plot(row.outcome, place, _MARKS.get(row.side, "<"), color=INK, ms=6, zorder=6)
    key = [key_area("80% interval", MOST), key_line("median", ls="", marker="|", ms=9, mew=2)]
    key += [key_line("outcome", INK, ls="", marker="D", ms=5)] if (rows["side"] == "exact").any() else []
    if rows["side"].isin(["at_least", "at_most"]).any():
        key.append(key_line("outcome, published as “more than” or “less than”", INK, ls="", marker=">", ms=6))
    units = f"{names.title}, {names.unit}" + (f"; {limits.iloc[0]}" if limits.nunique() == 1 else "")
    return figure.close(_format_outcomes(rows), units, source, key)


def _format_outcomes(rows: pd.DataFrame) -> str:
    """The title: how many outcomes the intervals contained, or how many forecasts await theirs."""
    counted, waiting = rows[rows["counted"] & (rows["side"] == "exact")], int(rows["came"].isna().sum())
    if len(counted):
        inside = int((counted["inside"] == "yes").sum())
        return f"The 80% interval of registered forecasts contained {inside} of {format_count(len(counted), 'outcome')}"
    return f"Awaiting the outcome: {waiting} of {format_count(len(rows), 'registered forecast')}"
