"""What every method would have said at every earlier date of the reference technologies, beside what came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import LogLog

from helpers.curves import decimal_years
from helpers.curves.many import map_parts
from helpers.forecast import bands
from helpers.forecast.methods import Prior, forecast_points
from helpers.forecast.windows import (
    DATE_TOLERANCE,
    SHARE_LIMITS,
    Ahead,
    Windows,
    bend,
    describe,
    look_ahead,
    roll_windows,
)

if TYPE_CHECKING:
    from distributed import Client

    from helpers.indicators.series import AdoptionSeries


WINDOWS = (4, 6, 8)
HORIZONS = (0.5, 1.0, 2.0, 3.0)
LEAST_TECHNOLOGIES = 3
"""Each is judged by what two others at least teach."""
Place: TypeAlias = tuple[pd.DataFrame, Windows, Ahead, tuple[np.ndarray, np.ndarray]]
"""Residual rows before the methods, their windows, the dates ahead, and the place of each row in those."""
LEARNT = ("years", "rate", "actual", "unit_ahead", "share")


def find_residuals(
    references: Sequence[AdoptionSeries],
    windows: Sequence[int] = WINDOWS,
    horizons: Sequence[float] = HORIZONS,
    bounded: bool = True,
    client: Client | None = None,
) -> pd.DataFrame:
    """Forecasts of every method from every rolling origin of the reference series.

    What a technology's forecasts take from the references (`Prior`) comes from the other technologies; the bound is
    the one known at the origin.

    Parameters
    ----------
    references : list of AdoptionSeries with a bound
    windows : numbers of points
    horizons : years ahead; the forecast is made for the date of the observation nearest to each
    bounded : bool, False calibrates methods for series without a bound
    client : dask.distributed.Client or None; with one, its workers take a window length each, with the same results

    Returns
    -------
    DataFrame, a row per window, origin and horizon: technology, entity, indicator, origin, date, window, horizon_years
    (nominal), years (exact), share (last value / bound, NaN when unbounded), last, growth (last / first value), unit
    (bound at the origin, or the last value), unit_ahead (its forecast), rate, roughness, stretch, drift_sd, actual,
    and a column per method. Numbers have ten significant digits, so that a CSV file keeps them.

    Raises
    ------
    ValueError
        When no reference series is long enough for any window.
    """
    references = [series for series in references if series.bound is not None and len(series.values)]
    tasks = [(references, points, horizons, bounded) for points in windows]
    parts = [part for part in map_parts(_place, tasks, client) if part is not None]
    if not parts:
        raise ValueError(
            f"none of the {len(references)} reference series has {min(windows)} points and a later one while at "
            "5 to 60 % of its bound: give longer or more references"
        )
    known = pd.concat([frame for frame, *_ in parts], ignore_index=True)
    reached = saturation_shares(references)
    priors = {name: learn_prior(reached, known, name) for name in bands.technologies_of(known)} if bounded else {}
    frames = list(map_parts(_add_methods, [(part, priors) for part in parts], client))
    return _round(pd.concat(frames, ignore_index=True))


def can_calibrate(references: Sequence[AdoptionSeries]) -> bool:
    """Whether `LEAST_TECHNOLOGIES` or more of the references have windows to learn from."""
    known = [series for series in references if series.bound is not None and len(series.values)]
    numbers = roll_windows(known, min(WINDOWS))[1]
    return len({known[number].technology for number in numbers}) >= LEAST_TECHNOLOGIES


def _place(references: Sequence[AdoptionSeries], points: int, horizons: Sequence[float], bounded: bool) -> Place | None:
    """Residual rows of one window length before the methods, their windows, dates ahead, and place in those."""
    windows, numbers = roll_windows(references, points, bounded)
    if windows is None:
        return None
    dates, actual, years = _targets(references, windows, numbers, horizons)
    ahead = look_ahead(windows, years)
    rate, roughness, stretch = describe(windows)
    row, column = np.nonzero(np.isfinite(years))
    frame = windows.labels.iloc[row].reset_index(drop=True)
    frame["date"], frame["window"] = dates[row, column], points
    frame["horizon_years"], frame["years"] = np.asarray(horizons, float)[column], years[row, column]
    frame["share"] = windows.shares[row, -1] if bounded else np.nan
    frame["last"], frame["growth"] = windows.values[row, -1], (windows.values[:, -1] / windows.values[:, 0])[row]
    frame["unit"], frame["unit_ahead"] = windows.unit[row, 0], ahead.bounds[row, column]
    frame["rate"], frame["roughness"], frame["stretch"] = rate[row], roughness[row], stretch[row]
    frame["drift_sd"], frame["actual"] = bands.drift_sd(windows, years)[row, column], actual[row, column]
    return frame, windows, ahead, (row, column)


def _add_methods(part: Place, priors: dict[str, Prior]) -> pd.DataFrame:
    """The frame with a column per method, each window with the prior of its technology."""
    frame, windows, ahead, place = part
    fields = ("mean", "sd", "level", "pull", "technologies")
    rows = [priors[name] if name in priors else Prior(0.0, 1.0) for name in windows.labels["technology"]]
    prior = Prior(**{field: np.array([getattr(row, field) for row in rows]) for field in fields})
    return frame.assign(**{name: path[place] for name, path in forecast_points(windows, ahead, prior).items()})


def _round(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with ten significant digits."""
    numbers = frame.select_dtypes("float").columns
    return frame.assign(**{name: [float(f"{value:.10g}") for value in frame[name]] for name in numbers})


def _targets(
    references: Sequence[AdoptionSeries], windows: Windows, numbers: np.ndarray, horizons: Sequence[float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Dates, values and exact years ahead (N, H) of the figures nearest to each horizon; NaN where none is."""
    shape = len(numbers), len(horizons)
    dates, actual, years = (
        np.full(shape, np.datetime64("NaT"), "datetime64[ns]"),
        np.full(shape, np.nan),
        np.full(shape, np.nan),
    )
    for number in np.unique(numbers):
        series = references[number]
        seen, rows = decimal_years(series.values.index), np.flatnonzero(numbers == number)
        wanted = windows.years[rows, -1][:, None] + np.asarray(horizons)
        nearest = np.abs(seen[None, None] - wanted[..., None]).argmin(axis=2)
        gap = seen[nearest] - windows.years[rows, -1][:, None]
        found = (np.abs(gap - np.asarray(horizons)) <= DATE_TOLERANCE) & (gap > 0)
        dates[rows] = np.where(found, series.values.index.to_numpy("datetime64[ns]")[nearest], np.datetime64("NaT"))
        actual[rows] = np.where(found, series.values.to_numpy(float)[nearest], np.nan)
        years[rows] = np.where(found, gap, np.nan)
    return dates, actual, years


def learn_prior(reached: pd.DataFrame, residuals: pd.DataFrame, exclude: str = "") -> Prior:
    """`Prior` from all technologies but one: where they saturated, and how their growth went on.

    Parameters
    ----------
    reached : DataFrame from `saturation_shares`
    residuals : DataFrame from `find_residuals` with bounds (the methods' columns are not needed)
    exclude : str, technology to leave out

    Returns
    -------
    Prior, with the number of technologies its saturation shares rest on.

    Raises
    ------
    ValueError
        When fewer than two other technologies remain.
    """
    logits = reached[reached.index != exclude]["logit"].to_numpy()
    rows = bands.leave_out(residuals, exclude)
    if len(logits) < 2 or rows["technology"].nunique() < 2:
        raise ValueError(
            "reference series of two technologies at least are needed, besides the technology that is forecast"
        )
    level, pull = learn_rate(rows)
    return Prior(float(np.mean(logits)), float(np.std(logits, ddof=1)), level, pull, len(logits))


def saturation_shares(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Highest share of its bound that each reference technology has reached: by technology, logit and share.

    A technology with several series counts once, by its mean. Shares that still grow make the prior low rather than
    high.
    """
    rows = []
    for series in references:
        if series.bound is not None and len(series.values) >= 4:
            highest = np.clip((series.values / series.bound_at(series.values.index)).max(), SHARE_LIMITS[0], 0.98)
            rows.append((series.technology, np.log(highest / (1 - highest))))
    frame = pd.DataFrame(rows, columns=["technology", "logit"]).groupby("technology").mean()
    return frame.assign(share=1 / (1 + np.exp(-frame["logit"])))


def learn_rate(rows: pd.DataFrame) -> tuple[float, float]:
    """Level and pull of the rate that followed, as a straight line of the rate in the window.

    Weighted least squares on the Gompertz scale, each technology the same weight at each horizon, each row by the
    inverse of the variance that `bands.fit_spread` finds for it: empirical Bayes shrinkage with two numbers.
    """
    link = LogLog()
    years, rate, actual, unit_ahead, share = (rows[name].to_numpy(float) for name in LEARNT)
    gain = bend(link, actual / unit_ahead) - bend(link, share)
    weights, parts = bands.weigh_technologies(rows), bands.ingredients(*bands.features_of(rows))
    variance = parts @ bands.fit_spread(parts, gain - rate * years, weights)
    root = np.sqrt(weights / variance)
    design = np.stack([root * years, root * rate * years], axis=1)
    level, pull = np.linalg.lstsq(design, root * gain, rcond=None)[0]
    return float(level), float(pull)
