"""Which series have a next figure to come, and which should have come by now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from ..base.wording import say_day
from .audit import list_series
from .data import Data
from .expected import read_expected, say_expected
from .problems import list_names


def find_expected(data: Data, entity: str, indicator: str) -> str:
    """Find when the next figure of a series is expected.

    Parameters
    ----------
    data : Data
    entity, indicator : str

    Returns
    -------
    str
        As `expected.read_expected` takes it; "" where nothing is expected, where the expected figure is there, for data
        as they were known on an earlier day, and for own data of an indicator of the project.
    """
    text, rows = getattr(data.find_entry(indicator), "next_expected", ""), data.find_rows(entity, indicator)
    borrowed = data.project_data is not None and (data.project_data.indicators["indicator"] == indicator).any()
    if not text or borrowed or data.as_of or rows.empty:
        return ""
    newest = rows.loc[rows["date"] == rows["date"].max(), "published"].min()
    return text if newest < read_expected(text)[0] else ""


def list_due(data: Data, today: date, weeks: int, words: Sequence[str] = ()) -> pd.DataFrame:
    """List the series whose next figure is expected within some weeks, or was by today and is not there.

    Parameters
    ----------
    data : Data
    today : date
    weeks : int
        Series are left out whose figure is expected later.
    words : sequence of str
        As in `list_series`.

    Returns
    -------
    DataFrame
        The columns of `list_series`, and expected (a day, a month or a span), from, by (dates), rhythm, late (bool: its
        last day has passed), url (of the newest figure's publication); by day, then entity and indicator.
    """
    found = list_series(data, words)
    pairs = list(zip(found["entity"], found["indicator"], strict=True))
    found["expected"] = pd.array([find_expected(data, *pair) for pair in pairs], dtype="str")
    found["rhythm"] = [getattr(data.find_entry(name), "rhythm", "") for name in found["indicator"]]
    newest = data.observations.sort_values("date", kind="stable").drop_duplicates(["entity", "indicator"], keep="last")
    source = newest.set_index(["entity", "indicator"])["source_id"].reindex(
        pd.MultiIndex.from_frame(found[["entity", "indicator"]])
    )
    found["url"] = source.map(data.sources.drop_duplicates("source_id").set_index("source_id")["url"]).to_numpy()
    found = found[found["expected"] != ""].reset_index(drop=True)
    days = [read_expected(text) for text in found["expected"]]
    found = found.join(pd.DataFrame(days, columns=["from", "by"], dtype="datetime64[us]"))
    found["late"] = found["by"] < pd.Timestamp(today)
    found = found[found["from"] <= pd.Timestamp(today) + pd.Timedelta(weeks=weeks)]
    return found.sort_values(["by", "from", "entity", "indicator"], ignore_index=True)


def say_due(found: pd.DataFrame) -> tuple[list[dict[str, str]], list[str]]:
    """Write the rows of `list_due` as a reader wants them, and a sentence for each publisher that is late."""
    rows = [
        {
            "expected": say_expected(row.expected),
            "entity": row.entity,
            "indicator": row.indicator,
            "rhythm": row.rhythm or "not regular",
            "last figure": f"{row.last_value:,.6g}, {row.last:%Y-%m-%d}",
        }
        for row in found.itertuples()
    ]
    late = [
        f"Expected by {say_day(by)} and not in the data: {list_names(set(group['indicator']))}. Look at {url}"
        for (by, url), group in found[found["late"]].groupby(["by", "url"])
    ]
    return rows, late
