"""What other technologies did after they first passed a share of their limit: counted, not modelled."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from .. import indicators
from ..curves import decimal_years
from ..indicators.series import AdoptionSeries

COUNTED = (0.1, 0.5, 0.9)
"""Quantiles that are counted."""
FURTHEST = 3.0
"""Years ahead at most: further ahead too few are left."""


def later_shares(
    share: float, years: Sequence[float] | np.ndarray, among: Sequence[AdoptionSeries] | None = None
) -> pd.DataFrame:
    """Shares of their limits that technologies had some years after they first passed a share.

    A series passes it between two figures, on a straight line; one that begins above it is passed over. Between two
    figures its later share is on a straight line too. Each technology counts alike, however many series it has.

    Parameters
    ----------
    share : float
        Of the limit, between 0 and 1.
    years : (H,)
        After it was passed; more than three are not counted.
    among : list of AdoptionSeries, optional
        By default the project's comparison technologies.

    Returns
    -------
    DataFrame
        Index years; columns 0.1, 0.5 and 0.9 (quantiles of the later shares; NaN where none is known) and technologies.

    Examples
    --------
    >>> later_shares(0.5, [1, 2])["technologies"].tolist()  # doctest: +SKIP
    [28, 27]
    """
    among = indicators.load_references() if among is None else among
    rows = []
    for series in among:
        if series.bound is None or len(series.values) < 2:
            continue
        dated, seen = decimal_years(series.values.index), series.share.to_numpy(float)
        first = int((seen >= share).argmax())
        if first == 0:  # it begins above the share, or never reaches it
            continue
        before, after = seen[first - 1 : first + 1]
        passed = dated[first - 1] + (share - before) / (after - before) * (dated[first] - dated[first - 1])
        later = np.interp(passed + np.asarray(years, float), dated, seen, right=np.nan)
        rows += [(series.technology, year, value) for year, value in zip(years, later, strict=True)]
    known = pd.DataFrame(rows, columns=["technology", "years", "share"]).dropna()
    known = known[known["years"] <= FURTHEST]
    found = pd.DataFrame(np.nan, pd.Index(np.asarray(years, float), name="years"), [*COUNTED])
    found["technologies"] = 0
    for year, part in known.sort_values("share", kind="stable").groupby("years"):
        counts = 1 / part.groupby("technology")["share"].transform("size").to_numpy(float)
        below = (np.cumsum(counts) - counts / 2) / counts.sum()
        found.loc[year, [*COUNTED]] = np.interp(COUNTED, below, part["share"])
        found.loc[year, "technologies"] = part["technology"].nunique()
    return found
