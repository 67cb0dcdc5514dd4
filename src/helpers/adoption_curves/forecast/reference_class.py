"""Shares that other technologies reached after they had passed a given share: counted, not modelled."""

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
    """Shares that series reached some years after they crossed a given share.

    Parameters
    ----------
    share : float
        Share of the upper limit, 0 to 1. Series that begin above it, or never reach it, are left out.
    years : ndarray of float, shape (h,)
        Years after the crossing.
    among : sequence of AdoptionSeries
    slack : float
        Years by which a series may end too early; its last value is then used.

    Returns
    -------
    DataFrame
        One row per series and year: ``technology``, ``entity``, ``indicator``, ``years``, ``followed`` (years to the
        value used) and ``share`` (0 to 1).
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
    """Shares that comparison technologies reached some years after passing a given share.

    Dates and shares between two observations are interpolated linearly. Every technology has the same weight, however
    many series it has.

    Parameters
    ----------
    share : float
        Share of the upper limit, between 0 and 1. Series that begin above it are left out.
    years : array_like, shape (h,)
        Years after the share was passed, 0 or more. Beyond three years too few technologies are left, so the result is
        NaN.
    among : list of AdoptionSeries, optional
        Series to use; by default the project's comparison technologies.
    quantiles : sequence of float, length q
        Probabilities between 0 and 1.

    Returns
    -------
    DataFrame, length h
        Index ``years``; a column per quantile of the later shares (0 to 1), and the numbers of ``technologies`` and
        ``series``.

    Raises
    ------
    ValueError
        If `share` is not between 0 and 1, or a year is negative.

    Examples
    --------
    >>> later = later_shares(0.5, [1, 2])
    >>> later.columns.tolist()
    [0.1, 0.5, 0.9, 'technologies', 'series']
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
