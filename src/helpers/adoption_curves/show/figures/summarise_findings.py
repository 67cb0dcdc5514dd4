"""Chart of notebook 6: registered forecasts and their outcomes."""

from __future__ import annotations

import numpy as np
import pandas as pd

from ...base.project import PUBLISHED_MODEL, WITHDRAWN
from ...base.words import lower_first, say_count, say_date, say_day, say_range
from ...indicators import Names
from .style import ACCENT, GHOST, INK, MOST, Chart, name_area, name_line, open_rows

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
    notes = "made " + rows["registered"].map(say_day) + [f": {say_range(low, high)}" for low, high in ends]
    late = rows["hindsight"].astype(bool)
    figure, [axis] = open_rows(
        rows.assign(
            name=rows["target_date"].map(say_date),
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
    key = [name_area("80% interval", MOST), name_line("median", ls="", marker="|", ms=9, mew=2)]
    key += [name_line("outcome", INK, ls="", marker="D", ms=5)] if (rows["side"] == "exact").any() else []
    if rows["side"].isin(["at_least", "at_most"]).any():
        key.append(name_line("outcome, published as “more than” or “less than”", INK, ls="", marker=">", ms=6))
    units = f"{names.title}, {names.unit}" + (f"; {limits.iloc[0]}" if limits.nunique() == 1 else "")
    return figure.close(_say_outcomes(rows), units, source, key)


def _say_outcomes(rows: pd.DataFrame) -> str:
    """The title: how many outcomes the intervals contained, or how many forecasts await theirs."""
    counted, waiting = rows[rows["counted"] & (rows["side"] == "exact")], int(rows["came"].isna().sum())
    if len(counted):
        inside = int((counted["inside"] == "yes").sum())
        return f"The 80% interval of registered forecasts contained {inside} of {say_count(len(counted), 'outcome')}"
    return f"Awaiting the outcome: {waiting} of {say_count(len(rows), 'registered forecast')}"
