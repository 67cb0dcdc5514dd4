"""The backtest: what each method would have said at every earlier date of the reference technologies.

`backtest` makes the residual frame, one row per window, origin and horizon and one column per method; `scores` judges
it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.lib.stride_tricks import sliding_window_view

from ..curves import decimal_years
from ..indicators.series import AdoptionSeries
from .methods import Origin, Prior, forecast_points, last_shares, learn_prior
from .targets import LEAST_TECHNOLOGIES, read_references
from .windows import DATE_TOLERANCE, LONGEST, Ahead, Windows, bound_at_origin, describe, drift_sd

WINDOWS = (3, 4, 6, LONGEST)
"""Points of a window."""
HORIZONS = (0.5, 1.0, 2.0, 3.0, 5.0)
ORIGIN_SHARES = (0.05, 0.98)
"""A reference window enters the backtest when its last value lies between these shares of its bound."""
LABELS = ["technology", "entity", "indicator"]
"""Columns that identify a reference window, with its origin."""
Rolled: TypeAlias = tuple[pd.DataFrame, Windows, Ahead, tuple[np.ndarray, np.ndarray]]
"""Residual rows before the methods, their windows, the dates ahead, and the place of each row in those."""


def backtest(
    references: Sequence[AdoptionSeries],
    windows: Sequence[int] = WINDOWS,
    horizons: Sequence[float] = HORIZONS,
    bounded: bool = True,
) -> pd.DataFrame:
    """Forecast every reference series from every earlier date at which 5 to 98% of its bound was reached.

    What a technology's forecasts take from the references (`Prior`) comes from the other technologies; the bound is
    the one known at the origin.

    Parameters
    ----------
    references : list of AdoptionSeries
        For example ``indicators.load().references()``. Where they are of fewer than three technologies, as many series
        of one, each counts as one of its own: one series is left out at a time.
    windows : sequence of int
        Numbers of points that the methods may see.
    horizons : sequence of float
        Years ahead; the forecast is made for the date of the observation nearest to each.
    bounded : bool
        False to calibrate forecasts without a bound.

    Returns
    -------
    DataFrame
        A row per window, origin and horizon: technology, entity, indicator, origin, date, window, horizon_years
        (nominal), years (exact), share (last value / bound, NaN when unbounded), last, growth (last / first value),
        bound (at the origin, or the last value), bound_ahead (its forecast), bound_sd (its standard error),
        bound_then (the bound as it came), rate, roughness (standard deviation of the steps), stretch (derivative
        of the link at the last share), past_peak (whether the window is), drift_sd, actual, and a column per method.
        Numbers have ten significant digits, so that a CSV file keeps them. `forecast.forecast` takes it.

    Raises
    ------
    ValueError
        When no reference series is long enough for any window.

    Examples
    --------
    >>> from adoption_curves import indicators
    >>> residuals = backtest(indicators.load().references()[:8], windows=(4,), horizons=(1.0, 2.0))
    >>> residuals["window"].unique().tolist()
    [4]
    """
    known = read_references(references)
    references = [series for series in known if series.bound is not None and len(series.values)]
    if known and not references:
        raise ValueError("none of the references has a bound, which the backtest measures them by: give each its own")
    rolled = [roll(references, points, horizons, bounded) for points in windows]
    parts = [part for part in rolled if part is not None]
    if not parts:
        raise ValueError(
            f"none of the {len(references)} reference series has {min(windows)} points and a later one while at "
            "5 to 98% of its bound: give longer or more references"
        )
    rows = pd.concat([frame for frame, *_ in parts], ignore_index=True)
    reached, technologies = last_shares(references), rows["technology"].unique()
    priors = {name: learn_prior(reached, rows, name) for name in technologies} if bounded else {}
    residuals = pd.concat([add_methods(part, priors) for part in parts], ignore_index=True)
    numbers = residuals.select_dtypes("float").columns
    rounded = {name: [float(f"{value:.10g}") for value in residuals[name]] for name in numbers}
    sizes = {"rate": 1.0, "roughness": 1.0, "drift_sd": residuals["last"], "bound_sd": residuals["bound_ahead"]}
    for name, size in sizes.items():  # what is less than rounding is 0, and a CSV file keeps it
        rounded[name] = np.where(np.abs(residuals[name]) > 1e-12 * size, rounded[name], 0.0)
    return residuals.assign(**rounded)


def roll_origins(
    references: Sequence[AdoptionSeries], points: int, horizons: Sequence[float]
) -> tuple[Windows, np.ndarray, np.ndarray, np.ndarray, np.ndarray] | None:
    """Every window of `points` figures that ends inside `ORIGIN_SHARES` with a figure after it.

    Returns
    -------
    Windows (N), and (N, H) each the years ahead, dates, values and bound of the figures nearest to the horizons; the
    years are NaN where none is near. None when there is no window.
    """
    parts, wide = [], np.asarray(horizons, float)
    references = [series for series in references if len(series.values) > points]
    for series in references:
        assert series.bound is not None  # references without one are left out before
        seen, values, dates = decimal_years(series.values.index), series.values.to_numpy(float), series.values.index
        years, rolled = (sliding_window_view(array, points)[:-1] for array in (seen, values))
        bound = bound_at_origin(series.bound, years)
        share = rolled[:, -1] / bound[:, -1]
        kept = (share >= ORIGIN_SHARES[0]) & (share <= ORIGIN_SHARES[1]) & (rolled.min(axis=1) > 0)
        origin = years[kept, -1:]
        nearest = np.abs(seen - (origin + wide)[..., None]).argmin(axis=2)
        gap = seen[nearest] - origin
        ahead = np.where((np.abs(gap - wide) <= DATE_TOLERANCE) & (gap > 0), gap, np.nan)
        origins, later = dates.to_numpy()[points - 1 : -1][kept], dates.to_numpy("datetime64[ns]")[nearest]
        outcome = (values[nearest], series.bound_at(dates)[nearest])
        parts.append((years[kept], rolled[kept], bound[kept], origins, ahead, later, *outcome))
    if not sum(len(part[0]) for part in parts):
        return None
    years, values, bound, origins, ahead, later, actual, came = (
        np.concatenate(each) for each in zip(*parts, strict=True)
    )
    counts = [len(part[0]) for part in parts]
    labels = {name: np.repeat([getattr(series, name) for series in references], counts) for name in LABELS}
    windows = Windows(years, values, bound, pd.DataFrame(labels | {"origin": origins}))
    return windows, ahead, later, actual, came


def can_calibrate(references: Sequence[AdoptionSeries]) -> bool:
    """True if `LEAST_TECHNOLOGIES` or more of the references have windows to learn from."""
    rolled = roll_origins([series for series in references if series.bound is not None], min(WINDOWS), HORIZONS)
    return rolled is not None and rolled[0].labels["technology"].nunique() >= LEAST_TECHNOLOGIES


def roll(references: Sequence[AdoptionSeries], points: int, horizons: Sequence[float], bounded: bool) -> Rolled | None:
    """Residual rows of one window length before the methods, their windows, dates ahead, and place in those."""
    rolled = roll_origins(references, points, horizons)
    if rolled is None:
        return None
    windows, years, dates, actual, bound = rolled
    if not bounded:
        windows, bound = windows.without_bound(), np.broadcast_to(windows.values[:, -1:], bound.shape)
    ahead = Ahead.of(windows, years)
    place = np.nonzero(np.isfinite(years))
    frame = describe(windows, ahead, place)
    columns = {"date": dates[place], "horizon_years": np.asarray(horizons, float)[place[1]]}
    columns |= {"bound_then": bound[place], "actual": actual[place]}
    columns |= {"drift_sd": drift_sd(windows.years, windows.values, years)[place]}
    labels = windows.labels.iloc[place[0]].reset_index(drop=True)
    return pd.concat([labels, frame.assign(**columns)], axis=1), windows, ahead, place


def add_methods(part: Rolled, priors: dict[str, Prior]) -> pd.DataFrame:
    """The frame with a column per method, each window with the prior of its technology."""
    frame, windows, ahead, place = part
    rows = [priors.get(name, Prior(0.0, 1.0)) for name in windows.labels["technology"]]
    prior = Prior(**{field: np.array([getattr(row, field) for row in rows]) for field in vars(rows[0])})
    return frame.assign(**{name: path[place] for name, path in forecast_points(Origin(windows, prior), ahead).items()})
