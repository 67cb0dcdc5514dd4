"""The two simplest forecasts, in closed form: what any other one must beat to be worth its trouble.

Source: Hyndman and Athanasopoulos 2021, *Forecasting: principles and practice*, chapter 5 (naive and drift method with
normal intervals), for figures that need not be evenly spaced.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import ndtri

from ..curves import decimal_years


def baseline_quantiles(
    values: pd.Series, dates: pd.DatetimeIndex, levels: Sequence[float], drift: bool, limit: float = np.inf
) -> np.ndarray:
    """Quantiles of the last value, or of the drift, with normal bands.

    Parameters
    ----------
    values : Series of float
        Exact figures by date, at least three; of two on one day the later counts.
    dates : DatetimeIndex
        (H,) after the last of them.
    levels : sequence of float
        (Q,) between 0 and 1.
    drift : bool
        True if the mean change per year continues. The variance of a step is then taken about it, with a degree of
        freedom less, and grows by the error of the mean.
    limit : float
        Largest possible value; the smallest is 0.

    Returns
    -------
    ndarray (H, Q), in the unit of `values`

    Raises
    ------
    ValueError
        With fewer than three figures.
    """
    values = values.dropna().sort_index()
    values = values[~values.index.duplicated(keep="last")]
    if len(values) < 3:
        raise ValueError(f"a baseline needs three figures, not {len(values)}")
    years, steps = decimal_years(values.index), np.diff(values.to_numpy(float))
    gaps, span, ahead = np.diff(years), years[-1] - years[0], decimal_years(dates) - years[-1]
    change = steps.sum() / span if drift else 0.0
    variance = ((steps - change * gaps) ** 2 / gaps).sum() / (len(steps) - drift)
    spread = np.sqrt(variance * ahead * (1 + (ahead / span if drift else 0.0)))
    centre = values.iloc[-1] + change * ahead
    return np.clip(centre[:, None] + spread[:, None] * ndtri(np.asarray(levels, float)), 0.0, limit)
