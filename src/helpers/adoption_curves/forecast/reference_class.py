"""What other technologies did after they first passed a share of their limit: counted, not modelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import indicators
from ..base.dates import decimal_years
from ..base.numbers import read_numbers
from ..indicators.series import AdoptionSeries

_FURTHEST_COUNTED = 3  # years after the share at most: further on too few technologies are left


def list_later(share: float, years: np.ndarray, among: Sequence[AdoptionSeries], slack: float = 0.0) -> pd.DataFrame:
    """The shares that series had some years after they were seen to cross one: a row per series and year.

    Parameters
    ----------
    share : float
        Of the limit, 0 to 1. A series that begins above it, or never reaches it, has no row.
    years : ndarray (H,)
        After the share was crossed.
    among : sequence of AdoptionSeries
    slack : float
        A series whose last value is so many years nearer than asked, at most, counts with that value.

    Returns
    -------
    DataFrame
        technology, entity, indicator, years (as asked), followed (years up to the share that counts), share (0 to 1).
    """
    rows = []
    for series in among:
        if series.limit is None or len(series.values) < 2:
            continue
        dated, shares = decimal_years(series.values.index), series.share.to_numpy(float)
        first = int((shares >= share).argmax())
        if shares[first] < share or first == 0:
            continue
        before, after = shares[first - 1], shares[first]
        passed = dated[first] - (after - share) / (after - before) * (dated[first] - dated[first - 1])
        left = dated[-1] - passed
        followed = np.where(years - left <= slack, np.minimum(years, left), years)
        later = np.interp(passed + followed, dated, shares, right=np.nan)
        names = (series.technology, series.entity, series.indicator)
        rows += [(*names, *row) for row in zip(years, followed, later, strict=True)]
    columns = ["technology", "entity", "indicator", "years", "followed", "share"]
    return pd.DataFrame(rows, columns=columns).dropna(subset="share")


def later_shares(
    share: float,
    years: Sequence[float] | np.ndarray,
    among: Sequence[AdoptionSeries] | None = None,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
) -> pd.DataFrame:
    """Shares of their limits that technologies had some years after they first passed a share.

    A series passes it between two observations, on a straight line; one that begins above it is passed over. Between
    two values its later share is on a straight line too. Each technology counts alike, however many series it has.

    Parameters
    ----------
    share : float
        Of the limit, between 0 and 1.
    years : (H,)
        After it was passed; more than three are not counted.
    among : list of AdoptionSeries, optional
        By default the project's comparison technologies.
    quantiles : sequence of float

    Returns
    -------
    DataFrame
        Index years; a column per quantile of the later shares (NaN where none is known), technologies and series.

    Raises
    ------
    ValueError
        For a share outside 0 to 1, and years below 0.

    Examples
    --------
    >>> later_shares(0.5, [1, 2])["technologies"].tolist()  # doctest: +SKIP
    [28, 27]
    """
    times = read_numbers(years, "years")
    if share < 0 or share > 1 or (times < 0).any():
        raise ValueError(
            f"share is {share:g} and years begin at {min(times):g}: a share from 0 to 1, and years after it"
        )
    among = indicators.load().references() if among is None else among
    known = list_later(share, times, among)
    known = known[known["years"] <= _FURTHEST_COUNTED]
    table = pd.DataFrame(np.nan, pd.Index(times, name="years"), [*quantiles])
    table[["technologies", "series"]] = 0
    for year, part in known.sort_values("share", kind="stable").groupby("years"):
        counts = 1 / part.groupby("technology")["share"].transform("size").to_numpy(float)
        below = (np.cumsum(counts) - counts / 2) / counts.sum()
        table.loc[year, [*quantiles]] = np.interp(quantiles, below, part["share"])
        table.loc[year, ["technologies", "series"]] = part["technology"].nunique(), len(part)
    return table
