"""What other technologies did after they first passed a share of their limit: counted, not modelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import indicators
from ..base.dates import decimal_years
from ..indicators.series import AdoptionSeries

_FURTHEST_COUNTED = 3  # years after the share at most: further on too few technologies are left
CLASS = (0.1, 0.25, 0.5, 0.75, 0.9)  # quantiles of a class
LEAST_YEARS, LEAST_SERIES = 1.0, 10  # after the share, of a series of a class; and series that make a class


def _list_later(
    share: float, years: np.ndarray, among: Sequence[AdoptionSeries], least_years: float | None = None
) -> pd.DataFrame:
    """The later shares that `later_shares` counts: technology, years, share (0 to 1), a row per series and year."""
    rows = []
    for series in among:
        if series.limit is None or len(series.values) < 2:
            continue
        dated, seen = decimal_years(series.values.index), series.share.to_numpy(float)
        first = int((seen >= share).argmax())
        if seen[first] < share or (first == 0 and least_years is None):  # it never reaches it, or begins above it
            continue
        before, after = seen[max(first - 1, 0)], seen[first]
        passed = dated[first]
        if first:
            passed -= (after - share) / (after - before) * (dated[first] - dated[first - 1])
        left = dated[-1] - passed
        at = np.minimum(years, left) if least_years is not None and left >= least_years else years
        later = np.interp(passed + at, dated, seen, right=np.nan)
        rows += [(series.technology, year, value) for year, value in zip(years, later, strict=True)]
    return pd.DataFrame(rows, columns=["technology", "years", "share"]).dropna()


def later_shares(
    share: float,
    years: Sequence[float] | np.ndarray,
    among: Sequence[AdoptionSeries] | None = None,
    quantiles: Sequence[float] = (0.1, 0.5, 0.9),
    least_years: float | None = None,
) -> pd.DataFrame:
    """Shares of their limits that technologies had some years after they first passed a share.

    A series passes it between two figures, on a straight line; one that begins above it is passed over. Between two
    figures its later share is on a straight line too. Each technology counts alike, however many series it has.

    Parameters
    ----------
    share : float
        Of the limit, between 0 and 1.
    years : (H,)
        After it was passed; more than three are not counted, unless `least_years` is given.
    among : list of AdoptionSeries, optional
        By default the project's comparison technologies.
    quantiles : sequence of float
    least_years : float, optional
        Of a class: a series that begins above the share counts from its first figure, and one whose last figure is
        nearer than asked, but so many years after the share, counts with that figure.

    Returns
    -------
    DataFrame
        Index years; a column per quantile of the later shares (NaN where none is known), technologies and series.

    Examples
    --------
    >>> later_shares(0.5, [1, 2])["technologies"].tolist()  # doctest: +SKIP
    [28, 27]
    """
    among = indicators.load().references() if among is None else among
    asked = np.asarray(years, float)
    known = _list_later(share, asked, among, least_years)
    known = known if least_years is not None else known[known["years"] <= _FURTHEST_COUNTED]
    found = pd.DataFrame(np.nan, pd.Index(asked, name="years"), [*quantiles])
    found[["technologies", "series"]] = 0
    for year, part in known.sort_values("share", kind="stable").groupby("years"):
        counts = 1 / part.groupby("technology")["share"].transform("size").to_numpy(float)
        below = (np.cumsum(counts) - counts / 2) / counts.sum()
        found.loc[year, [*quantiles]] = np.interp(quantiles, below, part["share"])
        found.loc[year, ["technologies", "series"]] = part["technology"].nunique(), len(part)
    return found
