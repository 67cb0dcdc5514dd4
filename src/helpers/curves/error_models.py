"""Error models of a series: independent or cumulative, of equal size or in proportion, and weights that whiten them.

The errors of repeated surveys are independent. A cumulated count carries its past errors along: each error is the one
before it and something new, whose variance is in proportion to the time between them. Either may be in proportion to
the curve.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from scipy.special import stdtr

from .descent import dot, evaluate, jacobian
from .engine import Batch, Fit, count_parameters, shared, time_of_share, typical_step
from .search import fit_batch, fit_rows

KINDS = (None, "independent", "cumulative")
"""What may be said of errors; None: not known, so intervals hold under all that are `ASSUMED`."""
ASSUMED = ("independent", "cumulative", "in proportion", "cumulative in proportion")
"""What errors may be where nothing is said of them; the latter two are in proportion to the curve."""
MIN_RELATIVE_LIKELIHOOD = 0.1
"""Kinds of errors less likely than this part of the likeliest do not count for an interval. All four together leave few
ceilings identified; the residuals of short series seldom tell independent errors from cumulative ones, but whether
errors grow with the curve they do tell."""
CURVE_ROUNDS, MIN_CURVE = 5, 0.01
"""How often weights are taken from the curve that they shape, and below what part of its highest value no longer."""
EARLY = 0.05
"""Part of the last value where a curve is taken to begin, and its errors to add up."""
MAX_STEPS = 1000.0


def whiten(batch: Batch, times: np.ndarray, first: float | np.ndarray = 1.0, root: np.ndarray | None = None) -> Batch:
    """The batch of what is new in each of cumulative errors: each value less the one before.

    Parameters
    ----------
    batch : Batch whose errors count as independent; missing values last
    times : (N, n) decimal years, increasing; NaN, where a series has no more observations, last
    first : (N,) or number, variance of the first error, in that of a median step
    root : (n,) or (N, n) roots of the weights, which are those of what is new, or None

    Returns
    -------
    Batch
    """
    gap = np.diff(times, axis=1)
    steps = np.nan_to_num(np.where(gap > 0, gap, np.nan) / typical_step(times)[:, None], nan=1.0)
    variance = np.hstack([np.broadcast_to(np.asarray(first, float), len(times))[:, None], steps])
    scale = np.broadcast_to(batch.scale, batch.target.shape)
    new = np.where(scale > 0, np.sqrt(1 / variance), 0.0)
    before = new[:, 1:] * (1.0 if root is None else root[..., 1:] / root[..., :-1])
    target = batch.target * new
    target[:, 1:] -= before * batch.target[:, :-1]
    before = shared(before * scale[:, :-1])
    return replace(batch, target=target, scale=shared(scale * new), before=before, noise=None)


def fit_cumulative(
    batch: Batch, fit: Fit, times: np.ndarray, root: np.ndarray | None = None
) -> tuple[Batch, Fit, np.ndarray]:
    """Least squares under cumulative errors, after those on the level.

    Parameters
    ----------
    batch, fit, times : as in `count_steps`
    root : as in `whiten`

    Returns
    -------
    batch : Batch
    fit : Fit
        A jump is one whatever the errors, so what least squares on the level say of it stays.
    first : ndarray, (N,)
        From `count_steps`.
    """
    first = count_steps(batch, fit, times)
    batch = whiten(batch, times, first, root)
    return batch, replace(fit_batch(batch), step=fit.step), first


def count_steps(batch: Batch, fit: Fit, times: np.ndarray) -> np.ndarray:
    """Median steps over which the errors of the first observation have added up, (N,), at least 1.

    From where the fitted curve is at `EARLY` of the last value; whoever counts one step only is wrong for series that
    begin late, and whoever leaves the first error free gives up most of what they say.

    Parameters
    ----------
    batch, fit : the curves of least squares
    times : (N, n) decimal years, NaN last

    Returns
    -------
    ndarray, (N,)
    """
    scale = np.broadcast_to(batch.scale, batch.target.shape)
    place = np.arange(batch.size), np.maximum((scale > 0).sum(1) - 1, 0)
    last = np.abs(batch.target[place]) / np.maximum(scale[place], 1e-300)
    share = np.clip(EARLY * last / np.maximum(fit.ceiling, 1e-300), 1e-12, 1 - 1e-12)
    begin = time_of_share(batch.family, fit.theta[: len(batch.family.parameters)], share)
    steps = (times[:, 0] - batch.origin - batch.span * begin) / typical_step(times)
    return np.clip(np.nan_to_num(steps, nan=1.0), 1.0, MAX_STEPS)


def list_kinds(errors: str | None, weighted: bool = False) -> tuple[str, ...]:
    """Kinds of errors that are possible where this is said of them; weights say themselves how large they are."""
    return (errors,) if errors else ASSUMED[: 2 if weighted else None]


def supported_kinds(fits: Sequence[tuple[Batch, Fit]]) -> np.ndarray:
    """Which of K kinds of errors the residuals of N series support, (K, N): all above `MIN_RELATIVE_LIKELIHOOD`."""
    deviance = np.array([restricted_deviance(*each, fits[0][1]) for each in fits])
    return deviance <= deviance.min(axis=0) - 2 * np.log(MIN_RELATIVE_LIKELIHOOD)


def proportional_roots(batch: Batch, fit: Fit) -> np.ndarray:
    """Roots of the weights of errors in proportion to the curve, (N, n), which their own fit implies.

    Parameters
    ----------
    batch, fit : without weights, and the curves of least squares

    Returns
    -------
    ndarray, (N, n)
        1 at each curve's highest value; at most one over `MIN_CURVE`.
    """
    root, rows = np.ones(batch.target.shape), np.arange(batch.size)
    for last in np.arange(CURVE_ROUNDS) == CURVE_ROUNDS - 1:
        curve = np.abs(fit.ceiling[:, None] * evaluate(batch, fit.theta).curve)
        top = curve.max(axis=1, keepdims=True)
        root = np.where(top > 0, top / np.maximum(curve, MIN_CURVE * np.maximum(top, 1e-300)), 1.0)
        if not last:
            work = batch.with_weights(root)
            fit = fit_rows(work, rows, fit.theta)
    return root


def fit_kinds(
    batch: Batch, times: np.ndarray, kinds: Sequence[str], root: np.ndarray | None = None
) -> list[tuple[Batch, Fit]]:
    """Fit each series under each kind of errors.

    Parameters
    ----------
    batch : Batch whose errors count as independent
    times : (N, n) decimal years, NaN last
    kinds : names in `ASSUMED`
    root : (n,) roots of the weights that the batch already has, or None; beside them no kind is in proportion

    Returns
    -------
    list of (Batch, Fit), one for each kind
    """
    level = batch, fit_batch(batch)
    grown, grown_root = level, root
    if any("proportion" in kind for kind in kinds):
        grown_root = proportional_roots(*level)
        weighed = batch.with_weights(grown_root)
        grown = weighed, fit_batch(weighed)
    fits = {"independent": (level, root), "in proportion": (grown, grown_root)}
    made = []
    for kind in kinds:
        fitted, its_root = fits[kind.removeprefix("cumulative ") if "proportion" in kind else "independent"]
        made.append(fit_cumulative(*fitted, times, its_root)[:2] if kind.startswith("cumulative") else fitted)
    return made


def restricted_deviance(batch: Batch, fit: Fit, level: Fit) -> np.ndarray:
    """Minus twice the restricted log-likelihood of a kind of errors, (N,), up to what is the same for all kinds.

    It is the likelihood of what fitting leaves of the series; that of the whole series favours errors that a flexible
    curve has already taken out. Source: Patterson and Thompson 1971.

    Parameters
    ----------
    batch, fit : under that kind of errors
    level : the same curves under independent errors, at which the directions are taken for every kind

    Returns
    -------
    ndarray, (N,)
    """
    columns = np.stack(jacobian(batch, level.theta, level.ceiling), axis=2)
    if not np.isnan(batch.ceiling).any():
        columns = columns[:, :, 1:]
    sizes = np.linalg.svd(columns, compute_uv=False)
    sizes = np.maximum(sizes, 1e-8 * sizes[:, :1] + 1e-300)
    freedom = np.maximum(batch.count - count_parameters(batch), 1)
    least = 1e-28 * dot(batch.target, batch.target) + 1e-300
    return freedom * np.log(np.maximum(fit.ssr, least) / freedom) - 2 * log_roots(batch) + 2 * np.log(sizes).sum(axis=1)


def log_roots(batch: Batch) -> np.ndarray:
    """Sum of the logarithms of what observations are multiplied by, (N,): the roots of weights, and the bound."""
    scale = np.broadcast_to(batch.scale, batch.target.shape)
    return np.log(np.where(scale > 0, scale, 1.0)).sum(axis=1)


def corrected_criterion(ssr: np.ndarray, count: np.ndarray, parameters: np.ndarray) -> np.ndarray:
    """AICc of least squares with the variance counted; infinite where it is undefined, as in `Results`."""
    size, left = parameters + 1, count - parameters - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = count * (np.log(2 * np.pi * ssr / count) + 1)
        return np.where(left > 0, likelihood + 2 * size + 2 * size * (size + 1) / left, np.inf)


def late_pvalue(batch: Batch, fit: Fit, last: int) -> np.ndarray:
    """One-sided p-value of the sum of the last few whitened residuals, (N,): small where figures end above the curve.

    It is a t test of a shift from there on, beside the directions in which the parameters move the curve.
    """
    columns = np.stack(jacobian(batch, fit.theta, fit.ceiling), axis=2)
    basis, sizes, _ = np.linalg.svd(columns, full_matrices=False)
    basis = basis * (sizes > 1e-8 * sizes[:, :1])[:, None]
    late = np.zeros(batch.target.shape[1])
    late[-last:] = 1.0
    left = last - ((basis.transpose(0, 2, 1) @ late) ** 2).sum(axis=1)
    freedom = np.maximum(batch.count - count_parameters(batch), 1)
    spread = np.sqrt(np.maximum(fit.ssr / freedom * left, 1e-300))
    return stdtr(freedom, -(evaluate(batch, fit.theta).residual @ late) / spread)
