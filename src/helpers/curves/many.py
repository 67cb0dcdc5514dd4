"""Fits of many series in one call, here or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers.curves.descent import fit_batch
from helpers.curves.engine import Batch, Fit, estimates, prepare
from helpers.curves.errors import count_steps, whiten
from helpers.curves.families import FAMILIES
from helpers.curves.model import Ceiling, Share, SharePrior, read_ceiling
from helpers.curves.profile import CEILING, count_parameters, covariance, profile_bounds
from helpers.dates import CurveError, Times, decimal_years

if TYPE_CHECKING:
    from distributed import Client


Result = TypeVar("Result")

BLOCK = 2000
"""Series in memory together, and the least that goes to a worker at once."""


def map_parts(
    function: Callable[..., Result], parts: Sequence[tuple[Any, ...]], client: Client | None = None
) -> Iterator[Result]:
    """Results of ``function(*part)`` for each of the parts, in their order.

    Parameters
    ----------
    function : function of a module, which workers can import
    parts : sequence of tuples of arguments
    client : dask.distributed.Client or None (compute here); the parts are the same either way, so the results are too

    Yields
    ------
    What the function returned for each part.

    Raises
    ------
    Exception
        What the function raises, also from a worker; parts that nobody waits for any more are then cancelled.
    """
    if client is None:
        yield from (function(*part) for part in parts)
        return
    # one by one: a single graph of all parts would hold all their data and be sent again with every change
    futures = [client.submit(function, *part, pure=False) for part in parts]
    try:
        yield from (future.result() for future in futures)
    finally:
        client.cancel(futures)


def fit_many(
    frame: pd.DataFrame,
    families: Sequence[str] = ("logistic", "gompertz", "bass"),
    ceiling: float | Share | SharePrior | pd.Series | None = None,
    launch: Times | None = None,
    alpha: float | None = 0.05,
    progress: bool = True,
    client: Client | None = None,
    errors: str | None = None,
) -> pd.DataFrame:
    """Fit every column of a frame with every family, by least squares on the level.

    Parameters
    ----------
    frame : DataFrame, dates or decimal years as index, one series a column; NaN where a series has no observation
    families : names of `FAMILIES`
    ceiling : None (free), number, `Share` or `SharePrior` for all series; or a Series of known ceilings by column
        name, NaN = free
    launch : date, decimal year or None (a median spacing before each first observation); ignored by families without
        one
    alpha : one minus the level of the profile interval of the ceiling; None leaves standard errors and intervals out
    progress : bool, show a bar
    client : dask.distributed.Client or None; with one, its workers fit blocks of 2000 series and one family each, and
        the table is the same to the last bit (the workers need the package, and processors of the same kind). A block
        takes a tenth of a second (logistic) to a second (richards) and a few hundredths to send: it pays with many
        series on machines of their own.

    Returns
    -------
    DataFrame
        One row for each series and family: series, family, nobs, flag ("", "too short", "does not rise", "runs away",
        "not settled"), identified, ssr, aicc, each parameter with ``_se``, and ceiling_lower and ceiling_upper
        (infinite where the profile is open). A parameter that a family does not have is NaN.

    Raises
    ------
    CurveError
        For an unknown family or kind of errors, a frame without rows or columns, or equal dates.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [12, 19, 31, 44, 52], "b": [1, 2, 4, 8, 16]}, index=range(2021, 2026))
    >>> table = fit_many(frame, families=["logistic"], progress=False, errors="independent")
    >>> table[["series", "identified"]].to_numpy().tolist()
    [['a', True], ['b', False]]
    """
    unknown = [name for name in families if name not in FAMILIES]
    if unknown:
        raise CurveError(f"no family {unknown[0]!r}: choose among {', '.join(FAMILIES)}")
    if errors not in (None, "independent", "cumulative"):
        raise CurveError(f"errors={errors!r}: fit_many takes None, 'independent' or 'cumulative'")
    years = decimal_years(frame.index)
    if frame.shape[0] < 2 or frame.shape[1] == 0 or np.ptp(years) == 0:
        raise CurveError("the frame needs at least two dates as rows and one series as column")
    order = np.argsort(years, kind="stable")
    # in rows: sums run in the order of memory, and what travels to a worker arrives in rows
    years, values = years[order], np.ascontiguousarray(frame.to_numpy(float).T[:, order])
    blocks = []
    for name in families:
        for begin in range(0, len(values), BLOCK):
            columns = frame.columns[begin : begin + BLOCK]
            level = ceiling.reindex(columns).to_numpy(float) if isinstance(ceiling, pd.Series) else ceiling
            blocks.append((name, columns, years, values[begin : begin + BLOCK], level, launch, alpha, errors))
    tables = []
    with tqdm(total=len(values) * len(families), disable=not progress, unit="fit") as bar:
        for table in map_parts(_fit_block, blocks, client):
            tables.append(table)
            bar.update(len(table))
    return pd.concat(tables, ignore_index=True)


def _fit_block(
    name: str,
    columns: pd.Index,
    years: np.ndarray,
    values: np.ndarray,
    ceiling: float | Share | SharePrior | np.ndarray | None,
    launch: Times | None,
    alpha: float | None,
    errors: str | None,
) -> pd.DataFrame:
    """Rows of the result for some series of one family."""
    family, by_series = FAMILIES[name], isinstance(ceiling, np.ndarray)
    known = read_ceiling(None if by_series else ceiling, years)
    level = ceiling if by_series else known.level
    start = float(decimal_years(launch)) if launch is not None and family.needs_launch else None
    batch = prepare(family, years, values, level, known.bound_at(years), start, prior=known.prior)
    fit, free = fit_batch(batch), np.isnan(batch.ceiling)
    other = None
    if errors == "cumulative" or (errors is None and alpha is not None):
        other = _cumulate(batch, fit, years, values, level, known, start)
    if errors == "cumulative" and other:
        (batch, fit), other = other, None
    left, p = batch.count - count_parameters(batch), len(family.parameters)
    names = [known.name or "ceiling", *(parameter for parameter, _ in family.parameters)]
    table = np.where(left[:, None] >= 0, estimates(batch, fit), np.nan)
    if not known.name:
        table[:, 0] = np.where(left >= 0, fit.ceiling, np.nan)
    bad = [left < 0, fit.flat, fit.diverged | fit.step | (fit.on_boundary[:p] != 0).any(0), ~fit.converged]
    flag = np.select(bad, ["too short", "does not rise", "runs away", "not settled"], "")
    frame = pd.DataFrame({"series": columns, "family": name, "nobs": batch.count, "flag": flag})
    frame["ssr"] = np.where(left >= 0, fit.ssr, np.nan)
    frame["aicc"] = _corrected_criterion(fit.ssr, batch.count, count_parameters(batch))
    frame[names] = table
    if alpha is None:
        return frame
    variances = covariance(batch, fit)[:, range(p + 1), range(p + 1)]
    frame[[f"{parameter}_se" for parameter in names]] = np.sqrt(np.where(left[:, None] > 0, variances, np.nan))
    ends = np.full((batch.size, 2), np.nan)
    if free.any() and not batch.has_share:
        found = np.exp(np.column_stack(profile_bounds(batch, fit, CEILING, alpha)))
        if other:
            second = np.exp(np.column_stack(profile_bounds(*other, CEILING, alpha)))
            found = np.column_stack([np.minimum(found[:, 0], second[:, 0]), np.maximum(found[:, 1], second[:, 1])])
        ends = np.where(free[:, None], found, np.nan)
    frame[["ceiling_lower", "ceiling_upper"]] = ends
    closed = np.isfinite(ends).all(axis=1) & (ends[:, 0] > 0)
    frame.insert(4, "identified", closed & (flag == "") & free & (not batch.has_share))
    return frame


def _cumulate(
    batch: Batch, fit: Fit, years: np.ndarray, values: np.ndarray, level: Any, known: Ceiling, launch: float | None
) -> tuple[Batch, Fit]:
    """The same series under cumulative errors; missing values go to the end, where nothing carries them along."""
    missing = ~np.isfinite(values)
    place = np.argsort(missing, axis=1, kind="stable")
    values = np.take_along_axis(values, place, 1)
    times = np.where(np.take_along_axis(missing, place, 1), np.nan, years[place])
    at_last = np.maximum(batch.count - 1, 0)[:, None]
    last_year = np.nan_to_num(np.take_along_axis(times, at_last, 1))[:, 0]
    bound = known.bound_at(last_year)
    last = np.abs(np.nan_to_num(np.take_along_axis(values, at_last, 1)))[:, 0] / (1.0 if bound is None else bound)
    weights, carry = whiten(times, 1.0, count_steps(batch, fit, times, last))
    times = times if missing.any() else years  # one row serves all
    other = prepare(
        batch.family, times, values, level, known.bound_at(times), launch, weights, prior=known.prior, carry=carry
    )
    return other, fit_batch(other)


def _corrected_criterion(ssr: np.ndarray, count: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """AICc of least squares with the variance counted; infinite where it is undefined, as in `Results`."""
    size, left = parameters + 1, count - parameters - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = count * (np.log(2 * np.pi * ssr / count) + 1)
        return np.where(left > 0, likelihood + 2 * size + 2 * size * (size + 1) / left, np.inf)
