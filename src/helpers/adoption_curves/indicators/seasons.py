"""Seasons of own figures by month or quarter, found by an F test."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

YEARS, RARE, TREND = 3, 0.001, 2
"""Years that figures need before seasons are looked for; how rare such differences would be without seasons; and the
degree of the polynomial of time that stands for growth."""


@dataclass(frozen=True)
class Seasons:
    """Differences between the parts of a year: p, how many parts it has, and the logarithm of each beside the trend."""

    p: float
    count: int
    levels: np.ndarray

    def name_part(self, place: int) -> str:
        """The name of a part of the year: Q4, or December."""
        return f"Q{place + 1}" if self.count == 4 else f"{pd.Timestamp(2000, place + 1, 1):%B}"


def find_seasons(values: pd.Series) -> Seasons | None:
    """Test that growth is equal in all parts of the year: F test on differences of logarithms beside a smooth trend.

    Parameters
    ----------
    values : Series with a DatetimeIndex, increasing
        Of months or quarters. Steps over a gap, and from or to a figure of 0, are left out.

    Returns
    -------
    Seasons or None
        None for other dates, less than three years, or too few steps.
    """
    months = (12 * values.index.year + values.index.month).to_numpy()
    gap = float(np.median(np.diff(months))) if len(months) > 1 and len(set(months)) == len(months) else 0.0
    count = {1.0: 12, 3.0: 4}.get(gap, 0)
    if not count or len(values) < YEARS * count:
        return None
    from scipy.special import fdtrc  # it takes as long to load as all else, and few files need it

    with np.errstate(divide="ignore", invalid="ignore"):
        growth = np.diff(np.log(values.to_numpy(float)))
    used = (np.diff(months) == gap) & np.isfinite(growth)
    growth, time = growth[used], months[1:][used].astype(float)
    part = (values.index.month[1:][used].to_numpy() - 1) // (12 // count)
    freedom = len(growth) - TREND - count
    if freedom < 1 or len(np.unique(part)) < count:
        return None
    smooth = np.vander((time - time.mean()) / np.ptp(time), TREND + 1)
    both = np.c_[smooth, (part[:, None] == np.arange(1, count)).astype(float)]
    fits = [np.linalg.lstsq(columns, growth, rcond=None)[0] for columns in (smooth, both)]
    alone, beside = (float(np.sum((growth - x @ b) ** 2)) for x, b in zip((smooth, both), fits, strict=True))
    if alone <= 1e-12 * float(growth @ growth):
        return None  # growth is smooth to the last digit
    ratio = (alone - beside) / (count - 1) / max(beside / freedom, 1e-300)
    steps = np.r_[0.0, fits[1][TREND + 1 :]]
    levels = np.cumsum(steps - steps.mean())
    return Seasons(float(fdtrc(count - 1, freedom, ratio)), count, levels - levels.mean())
