"""Fits of many series in one call, here or on a Dask cluster."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import pandas as pd
from tqdm import tqdm

from ..base.dates import CurveError, Times, check_observed, decimal_years, is_dated
from .ceiling_kinds import Ceiling, Share, SharePrior, read_ceiling
from .engine import (
    Batch,
    Fit,
    count_parameters,
    estimates,
    flag_optima,
    limits_reached,
    nested_families,
    prepare,
)
from .error_models import corrected_criterion, fit_kinds, list_kinds, supported_kinds
from .families import FAMILIES
from .inputs import check_alpha, check_errors, read_launch, read_numbers
from .launches import any_launch
from .model import MARGIN
from .profile import bound_ceilings, covariance, is_narrow, profile_target

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
    families: str | Sequence[str] = ("logistic", "gompertz", "bass"),
    ceiling: float | Share | SharePrior | pd.Series | None = None,
    launch: Times | None = None,
    alpha: float | None = 0.05,
    progress: bool = True,
    client: Client | None = None,
    per_period: bool = False,
    errors: str | None = None,
) -> pd.DataFrame:
    """Fit every column of a frame with every family, by least squares on the level.

    The numbers of a series are those of its own fit, whatever else is in the frame.

    Parameters
    ----------
    frame : DataFrame, dates or decimal years as index, one series a column; NaN where a series has no observation
    families : names of `FAMILIES`, or one name
    ceiling : None (free), number, `Share` or `SharePrior` for all series, or a Series
        A Series holds known ceilings by column name, NaN where one is free.
    launch : date, decimal year or None (a median spacing before each first observation)
        Ignored by families without one.
    alpha : one minus the level of the profile interval of the ceiling, or None
        None leaves standard errors, intervals and `identified` out, which is said as for one fit: the interval is
        closed and at most 2 : 1.
    progress : bool, show a bar
    client : dask.distributed.Client or None
        With one, its workers fit blocks of 2000 series and one family each, and the table is the same to the last bit
        (the workers need the package, and processors of the same kind). A block takes a tenth of a second (logistic) to
        a second (richards) and a few hundredths to send: it pays with many series on machines of their own.
    per_period : bool, the values count the adoptions since the observation before, as in the models
    errors : None (not known), "independent" or "cumulative", as in the models

    Returns
    -------
    DataFrame
        One row for each series and family: series, family, nobs, flag ("", "too short", "above the ceiling",
        "before the launch", "does not rise", "limit" (that of a nested family, an estimate), "runs away", "not
        settled"), identified, ssr, aicc, each parameter with
        ``_se``, and ceiling_lower and ceiling_upper (infinite where the profile is open). A parameter that a family
        does not have is NaN. With a `Share` or `SharePrior` ceiling is the level at the last observation, beside an
        estimated share.

    Raises
    ------
    CurveError
        For an unknown family or kind of errors, a frame without rows, columns or numbers, or equal dates.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [12, 25, 44, 54, 58], "b": [1, 2, 4, 8, 16]}, index=range(2021, 2026))
    >>> table = fit_many(frame, families=["logistic"], progress=False, errors="independent")
    >>> table[["series", "identified"]].to_numpy().tolist()
    [['a', True], ['b', False]]
    """
    families = [families] if isinstance(families, str) else list(families)
    if unknown := [name for name in families if name not in FAMILIES]:
        raise CurveError(f"no family {unknown[0]!r}: choose among {', '.join(FAMILIES)}")
    check_errors(errors, per_period)
    check_alpha(alpha if alpha is not None else 0.05)
    years = _read_years(frame)
    each = ceiling.reindex(frame.columns) if isinstance(ceiling, pd.Series) else None
    levels = np.empty(0) if each is None else read_numbers(each, "the ceilings")
    if (levels <= 0).any():
        least = np.nanmin(levels)
        raise CurveError(f"a ceiling is {least:g}; it must be a number above 0, or NaN where it is free")
    known = read_ceiling(None if each is not None else ceiling, frame.index)
    options = _Options(
        known, None if launch is None else read_launch(launch, is_dated(frame.index)), alpha, per_period, errors
    )
    order = np.argsort(years, kind="stable")
    # in rows: sums run in the order of memory, and what travels to a worker arrives in rows
    years, values = years[order], np.ascontiguousarray(read_numbers(frame, "the frame").T[:, order])
    blocks = []
    for name in families:
        for begin in range(0, len(values), BLOCK):
            columns = frame.columns[begin : begin + BLOCK]
            level = known.level if each is None else levels[begin : begin + BLOCK]
            blocks.append((name, columns, years, values[begin : begin + BLOCK], level, options))
    tables = []
    with tqdm(total=len(values) * len(families), disable=not progress, unit="fit") as bar:
        for table in map_parts(_fit_block, blocks, client):
            tables.append(table)
            bar.update(len(table))
    return pd.concat(tables, ignore_index=True)


def _read_years(frame: Any) -> np.ndarray:
    """Decimal years of the rows of a frame of series."""
    if not isinstance(frame, pd.DataFrame):
        raise CurveError(f"fit_many takes a DataFrame with one series a column, not a {type(frame).__name__}")
    years = decimal_years(frame.index)
    if frame.shape[0] < 2 or frame.shape[1] == 0 or np.ptp(years) == 0 or not np.isfinite(years).all():
        raise CurveError("the frame needs at least two dates as rows and one series as column")
    if is_dated(frame.index):
        check_observed(years, "the frame")
    return years


@dataclass(frozen=True)
class _Options:
    """What is asked of all series alike; see `fit_many`."""

    known: Ceiling
    launch: float | None
    alpha: float | None
    per_period: bool
    errors: str | None


def _fit_block(
    name: str, columns: pd.Index, years: np.ndarray, values: np.ndarray, level: float | np.ndarray, options: _Options
) -> pd.DataFrame:
    """Rows of the result for some series of one family."""
    seen = np.isfinite(values)
    count, level = seen.sum(1), np.broadcast_to(level, len(values))
    # Each series as it would be alone: sums round by where the gaps are, and a period begins at the observation before.
    parts, tables = [np.flatnonzero(count == size) for size in np.unique(count)], []
    for rows in parts:
        place = np.argsort(~seen[rows], axis=1, kind="stable")[:, : max(count[rows[0]], 1)]
        own = np.take_along_axis(values[rows], place, 1)
        tables.append(_fit_equals(name, columns[rows], years[place], own, level[rows], options))
    return pd.concat(tables).iloc[np.argsort(np.concatenate(parts))]


def _fit_equals(
    name: str, columns: pd.Index, years: np.ndarray, values: np.ndarray, level: np.ndarray, options: _Options
) -> pd.DataFrame:
    """Rows of the result for series with equally many observations, at years (N, n)."""
    family, known = FAMILIES[name], options.known
    start = options.launch if family.needs_launch else None
    bound = known.bound_at(years)
    plain = prepare(family, years, values, level, bound, start, options.per_period).with_prior(known.prior)
    batch, fit = fit_kinds(plain, years, ["cumulative" if options.errors == "cumulative" else "independent"])[0]
    left = batch.count - count_parameters(batch)
    variances = np.diagonal(covariance(batch, fit), axis1=1, axis2=2)
    early = ((years < (-np.inf if start is None else start)) & (values != 0)).any(1)
    flag = _flag(batch, fit, values / bound, variances[:, not known.name :], early)
    table = np.where(left[:, None] >= 0, estimates(batch, fit), np.nan)
    if not known.name:
        table[:, 0] = np.where(left >= 0, fit.ceiling, np.nan)
    table[np.isin(flag, ["above the ceiling", "before the launch"]), bool(not known.name) :] = np.nan
    names = [known.name or "ceiling", *(parameter for parameter, _ in family.parameters)]
    frame = pd.DataFrame({"series": columns, "family": name, "nobs": batch.count, "flag": flag})
    frame["ssr"] = np.where(left >= 0, fit.ssr, np.nan)
    frame["aicc"] = corrected_criterion(fit.ssr, batch.count, batch.count - left)
    frame[names] = table
    frame["ceiling"] = table[:, 0] * bound[:, -1]
    if options.alpha is None:
        return frame
    known_error = (left[:, None] > 0) & ~np.isnan(table)
    known_error[:, 1:] &= limits_reached(family, fit).T == 0
    frame[[f"{parameter}_se" for parameter in names]] = np.sqrt(np.where(known_error, variances, np.nan))
    ends, sound = _bound_free(plain, fit, years, values, bound, options)
    frame[["ceiling_lower", "ceiling_upper"]] = ends
    frame.insert(4, "identified", np.isin(flag, ["", "limit"]) & sound & is_narrow(*ends.T))
    return frame


def _flag(batch: Batch, fit: Fit, parts: np.ndarray, variances: np.ndarray, early: np.ndarray) -> np.ndarray:
    """What is wrong with each fit, (N,), "" for nothing.

    Parameters
    ----------
    batch, fit : the curves
    parts : (N, n) observations over the bound
    variances : (N, k) of the estimates
    early : (N,) True where a series is not 0 before its launch
    """
    left, family = batch.count - count_parameters(batch), batch.family
    reached = parts.sum(1) if batch.per_period else parts.max(1)
    bad = {
        "too short": left < 0,
        "above the ceiling": reached > (1 + MARGIN) * (1.0 if batch.has_share else batch.ceiling),
        "before the launch": early,
        "does not rise": fit.flat,
        "limit": (nested_families(family, fit) != "") & (left > 0),
        "runs away": fit.diverged | fit.step | (fit.on_boundary[: len(family.parameters)] != 0).any(0),
        "not settled": ~fit.converged | ((left > 0) & np.isnan(variances).any(1)),
    }
    return np.select([*bad.values()], [*bad], "")


def _bound_free(
    batch: Batch, fit: Fit, years: np.ndarray, values: np.ndarray, bound: np.ndarray, options: _Options
) -> tuple[np.ndarray, np.ndarray]:
    """Profile intervals of free ceilings, (N, 2), and where these are free and the launch fits, (N,)."""
    ends, sound, family = (
        np.full((batch.size, 2), np.nan),
        np.isnan(batch.ceiling) & (not batch.has_share),
        batch.family,
    )
    if not sound.any():
        return ends, sound
    assert options.alpha is not None  # asked before
    kinds = ("independent",) if options.per_period and options.errors is None else list_kinds(options.errors)
    free = sound
    if family.needs_launch and options.launch is None:
        wide = prepare(any_launch(family), years, values, batch.ceiling, bound, per_period=options.per_period)
        ends, best, rise = _bound_ceilings(wide, years, kinds, options.alpha)
        sound = sound & (flag_optima(wide.family, best) == "") & (fit.objective <= best.objective + rise)
    else:
        ends = _bound_ceilings(batch, years, kinds, options.alpha)[0]
    return np.where(free[:, None], ends, np.nan) * bound[:, -1:], sound


def _bound_ceilings(
    batch: Batch, years: np.ndarray, kinds: Sequence[str], alpha: float
) -> tuple[np.ndarray, Fit, np.ndarray]:
    """Profile intervals of the ceilings, (N, 2), under all kinds of errors that have a say.

    Besides, the curves under the first kind, and by how much more another may miss the figures and fit not worse (F,
    95 %), (N,).
    """
    fits = fit_kinds(batch, years, kinds)
    say = supported_kinds(fits) if len(fits) > 1 else np.ones((1, batch.size), bool)
    lower, upper = bound_ceilings(fits, say, alpha)
    ends = np.column_stack([np.nanmin(lower, axis=0), np.nanmax(upper, axis=0)])
    return ends, fits[0][1], profile_target(*fits[0], 0.05)
