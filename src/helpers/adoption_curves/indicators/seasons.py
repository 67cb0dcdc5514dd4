"""Seasons of own figures by month or quarter: found by an F test, refused, and taken out by choice.

`settle_seasons` is asked when a file is read, so that every command refuses alike.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import stats

from ..base.words import of_entity, say_count
from .problems import DataError, Problem

YEARS, RARE, TREND = 3, 0.01, 2
"""Years that figures need before seasons are looked for; how rare such differences would be without seasons; and the
degree of the polynomial of time that stands for growth."""
CALLED = {12: "month", 4: "quarter"}
"""What is one of so many in a year."""


def settle_seasons(file: str, rows: pd.DataFrame, choice: str, notes: list[str]) -> pd.DataFrame:
    """Rows without seasons: those that a choice leaves, or all of them where no series has seasons.

    Parameters
    ----------
    file : str
        Its name, for the message.
    rows : DataFrame
        Typed rows of own data.
    choice : {"", "same", "sum"}
        "same" keeps the newest period's dates of each year. "sum" makes of every whole year, back from the newest
        period, one figure, the sum of its periods.
    notes : list of str
        What was understood; a sentence is added.

    Returns
    -------
    DataFrame

    Raises
    ------
    DataError
        Where a series has seasons and nothing was chosen, or the choice makes no sense for it.
    """
    kept, problems = [rows.iloc[:0]], []
    usable = rows[rows["date"].notna() & rows["value"].notna()]
    for (entity, indicator), series in usable.groupby(["entity", "indicator"], sort=False):
        exact = series[series["bound"] == "exact"].sort_values(["date", "published"], kind="stable")
        values = exact.drop_duplicates("date", keep="last").set_index("date")["value"]
        name, count = of_entity(indicator, entity), count_periods(values.index)
        adds_up = (series["cumulative"] == "yes").any()
        if not choice:
            if count and compare_periods(values.diff().iloc[1:] if adds_up else values, count) < RARE:
                message = f"{name} {_ask(CALLED[count], adds_up or _is_share(series))}"
                problems.append(Problem(file, None, "date", "", message))
        elif not count:
            why = f"needs {YEARS} years of figures by month or quarter, which {name} has not; leave it out"
            problems.append(Problem(file, None, "", f"--season {choice}", why))
        elif choice == "same":
            kept.append(series[series["date"].dt.month == values.index[-1].month])
        elif adds_up or _is_share(series):
            why = f"is for what is counted in a period, which {name} is not; write --season same"
            problems.append(Problem(file, None, "", "--season sum", why))
        else:
            kept.append(_sum_years(exact.drop_duplicates("date", keep="last"), count))
    if problems:
        raise DataError(problems)
    if not choice:
        return rows
    means = "sums of whole years" if choice == "sum" else "those of the newest period of each year"
    found = pd.concat(kept).sort_index(kind="stable")
    notes.append(f"{say_count(len(rows), 'figure')} became {len(found)}: {means}")
    return found


def count_periods(dates: pd.DatetimeIndex) -> int:
    """How many periods a year has: 12 for months, 4 for quarters; 0 for others, and for less than three years."""
    months = 12 * dates.year + dates.month
    gap = float(np.median(np.diff(months))) if len(dates) > 1 and months.is_unique else 0.0
    count = {1.0: 12, 3.0: 4}.get(gap, 0)
    return count if len(dates) >= YEARS * count else 0


def compare_periods(values: pd.Series, count: int) -> float:
    """P value of equal growth in all periods of the year: F test on differences of logarithms beside a smooth trend.

    Parameters
    ----------
    values : Series with a DatetimeIndex
        Steps over a gap, and from or to a figure of 0, are left out.
    count : int
        Periods in a year.

    Returns
    -------
    float
        1 where too few steps remain.
    """
    months = 12 * values.index.year + values.index.month
    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.diff(np.log(values.to_numpy(float)))
    used = (np.diff(months) == 12 // count) & np.isfinite(growth)
    time, period = months[1:][used].to_numpy(float), (values.index.month[1:][used].to_numpy() - 1) // (12 // count)
    growth = growth[used]
    if len(growth) <= TREND + 1 + count:
        return 1.0
    smooth = np.vander((time - time.mean()) / np.ptp(time), TREND + 1)
    both = np.c_[smooth, (period[:, None] == np.arange(1, count)).astype(float)]
    alone, beside = (
        float(np.sum((growth - one @ np.linalg.lstsq(one, growth, rcond=None)[0]) ** 2)) for one in (smooth, both)
    )
    if alone <= 1e-12 * float(growth @ growth):
        return 1.0  # growth is smooth to the last digit
    freedom = len(growth) - TREND - count
    explained = (alone - beside) / (count - 1)
    return float(stats.f.sf(explained / max(beside / freedom, 1e-300), count - 1, freedom))


def _ask(period: str, is_level: bool) -> str:
    sums = "" if is_level else f", or --season sum for sums of whole years where each figure counts one {period}"
    return f"has seasons: growth differs by {period}; write --season same to keep one {period} of each year{sums}"


def _is_share(series: pd.DataFrame) -> bool:
    return bool(series["unit"].str.match("percent|per |index").any())


def _sum_years(series: pd.DataFrame, count: int) -> pd.DataFrame:
    """The last row of each whole year, back from the newest period, with the sum of the year's figures."""
    months = 12 * series["date"].dt.year + series["date"].dt.month
    back = (months.iloc[-1] - months) // 12
    years = series.groupby(back)
    whole = years["value"].transform("size") == count
    sums = years["value"].transform("sum")[whole]
    breaks = years["break"].transform("max")[whole]
    summed = series[whole].assign(value=sums, standard_error=np.nan, sample_size=np.nan)
    return summed.assign(**{"break": breaks}).groupby(back[whole]).tail(1)
