"""Charts of notebook 1: when each series was observed."""

from __future__ import annotations

import pandas as pd

from ...base.formats import format_count
from .style import ACCENT, GREY, HALF, INK, Chart, key_line, open_chart, shorten_label


def draw_coverage(observations: pd.DataFrame, coverage: pd.DataFrame, indicator: str, source: str) -> Chart | None:
    """When each series was observed, a row a series, with its changes of method.

    Parameters
    ----------
    observations : DataFrame
        indicator, date.
    coverage : DataFrame
        From `indicators.describe_coverage`, the rows of these series: indicator, title, breaks.
    indicator : str
        The series to bring out, if it is among them.
    source : str
        The caption's text.

    Returns
    -------
    Chart or None
        None where there is no series.
    """
    if observations.empty:
        return None
    dates = observations.groupby("indicator")["date"].agg(["min", "max", "size"]).sort_values("min", kind="stable")
    described = coverage.set_index("indicator").loc[dates.index]
    figure, axis = open_chart(0.4 + 0.19 * len(dates))
    axis.set_yticks(range(len(dates)), [shorten_label(title, 30) for title in described["title"]], color=INK)
    places = dates.index.get_indexer(observations["indicator"])
    colours = [ACCENT if name == indicator else HALF for name in observations["indicator"]]
    axis.scatter(observations["date"], places, s=9, color=colours, zorder=3)
    breaks = described["breaks"][described["breaks"] != ""].str.split("; ").explode()
    rows = dates.index.get_indexer(breaks.index)
    axis.vlines(pd.to_datetime(breaks), rows - 0.45, rows + 0.45, color=GREY, lw=1.4, zorder=2)
    axis.set(ylim=(len(dates) - 0.4, -0.6))
    axis.tick_params("y", length=0)
    title = "How far back our series go"
    if indicator in dates.index:
        axis.get_yticklabels()[dates.index.get_loc(indicator)].set(color=ACCENT, weight="bold")
        own = dates.loc[indicator]
        count = format_count(own["size"], "value")
        title = f"{described['title'][indicator]}: {count}, {own['min']:%Y} to {own['max']:%Y}"
    key = [key_line("change of method", GREY, ls="", marker="|", ms=9)] if len(breaks) else []
    return figure.close(title, "Dates of the published values of each series", source, key)
