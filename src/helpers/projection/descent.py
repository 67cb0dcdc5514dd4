"""Levenberg-Marquardt on the projected sum of squares, all rows at once."""

from dataclasses import dataclass, replace

import numpy as np

from helpers.projection.batch import CEILING_CAP, Fit, join
from helpers.projection.grid import start

SHARE_BOX = (-12.0, 12.0)
LEAST_DAMPING = 1e-10
BLOCK = 1000
"""Series that descend together: their arrays stay in the cache."""
WORTH_LEAVING = 0.25
"""Part of the rows that must be finished before the others are copied together."""
STRAGGLING = 6
"""Steps after which the unfinished series of all blocks go on together."""
FIRST_STEPS, FINALISTS = 15, 3
"""Steps that every start gets, and how many of a series' starts then go on to the end."""
ROUNDING = 1e-28
"""Sums of squares below this part of the values' own are nothing but rounding."""
PATIENCE = 20
"""Gauss-Newton steps before the second derivatives are taken."""
LONGEST_STEP = 3.0
"""Longest move of one coordinate in one step: a factor of 20 for a rate, three spans for a date."""


@dataclass
class State:
    """Curve and residuals of every row at the current coordinates."""

    share: np.ndarray  # (N, n or n + 1) of the ceiling, at the edges for adoptions per period
    curve: np.ndarray  # (N, n) share, or its differences, times scale
    ceiling: np.ndarray  # (N,)
    residual: np.ndarray  # (N, n)
    ssr: np.ndarray  # (N,)
    objective: np.ndarray  # (N,)

    def take(self, rows):
        """The state of the given rows."""
        return State(*(getattr(self, name)[rows] for name in self.__dataclass_fields__))

    def copy(self):
        """A state with arrays of its own."""
        return State(*(getattr(self, name).copy() for name in self.__dataclass_fields__))

    def put(self, rows, other, picked):
        """Overwrite rows with the picked rows of another state."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)[picked]


def dot(a, b):
    """Row-wise inner product of two (N, n) arrays."""
    return np.einsum("ij,ij->i", a, b)


def evaluate(batch, theta):
    """State at coordinates theta (q, N)."""
    share = batch.family.share(batch.times, *_shape(batch, theta))
    curve = np.diff(share, axis=1) if batch.per_period else share
    return _state(batch, theta, share, curve if batch.scale is None else curve * batch.scale)


def _shape(batch, theta):
    return theta[: len(batch.family.parameters), :, None]


def _state(batch, theta, share, curve):
    if batch.has_share:
        ceiling = 1 / (1 + np.exp(-theta[-1]))
    else:
        linear = np.maximum(dot(curve, batch.target), 0) / np.maximum(dot(curve, curve), 1e-300)
        ceiling = np.where(np.isnan(batch.ceiling), linear, batch.ceiling)
    residual = batch.target - ceiling[:, None] * curve
    ssr = dot(residual, residual)
    return State(share, curve, ceiling, residual, ssr, ssr + _penalty(batch, theta))


def _precision(batch):
    return batch.noise / batch.prior_sd**2


def _penalty(batch, theta):
    if batch.prior_mean is None:
        return 0.0
    return (_precision(batch) * (theta - batch.prior_mean) ** 2).sum(0)


def linearise(batch, theta, state):
    """Derivatives of the curve by the coordinates, a list of q arrays (N, n), with the free ceiling projected out."""
    slopes = batch.family.slopes(batch.times, state.share, *_shape(batch, theta))
    if batch.per_period:
        slopes = [np.diff(slope, axis=1) for slope in slopes]
    factor = state.ceiling[:, None] if batch.scale is None else state.ceiling[:, None] * batch.scale
    columns = [factor * slope for slope in slopes]
    if batch.has_share:
        columns.append((state.ceiling * (1 - state.ceiling))[:, None] * state.curve)
        return columns
    free = np.isnan(batch.ceiling)
    if not free.any():
        return columns
    inverse = np.where(free, 1 / np.maximum(dot(state.curve, state.curve), 1e-300), 0.0)
    return [column - (dot(column, state.curve) * inverse)[:, None] * state.curve for column in columns]


def _normal_equations(batch, theta, state):
    columns = linearise(batch, theta, state)
    q = len(columns)
    gradient = np.array([dot(column, state.residual) for column in columns])
    hessian = np.empty((state.ssr.size, q, q))
    for a in range(q):
        for b in range(a + 1):
            hessian[:, a, b] = hessian[:, b, a] = dot(columns[a], columns[b])
    if batch.prior_mean is not None:
        precision = _precision(batch)
        gradient -= precision * (theta - batch.prior_mean)
        hessian[:, range(q), range(q)] += precision.T
    return gradient, hessian


def _curvature(batch, theta, hessian, step=1e-5):
    """Second derivatives by differences of the gradient, for rows where large residuals make Gauss-Newton steps slow.

    Rows where they are not positive definite keep the Gauss-Newton matrix.
    """
    q = len(theta)
    exact = np.empty_like(hessian)
    for place in range(q):
        move = np.zeros((q, 1))
        move[place] = step
        below, above = (_normal_equations(batch, at, evaluate(batch, at))[0] for at in (theta - move, theta + move))
        exact[:, :, place] = (below - above).T / (2 * step)
    exact = (exact + exact.transpose(0, 2, 1)) / 2
    size = np.sqrt(np.maximum(hessian[:, range(q), range(q)], 1e-300))
    least = np.linalg.eigvalsh(exact / size[:, :, None] / size[:, None, :])[:, 0]
    return np.where((least > 1e-8)[:, None, None], exact, hessian)


def _solve(gradient, hessian, damping, held):
    """Damped step (q, N) and the fall of the objective that the undamped step promises (N,)."""
    q = len(gradient)
    diagonal = range(q)
    gradient = np.where(held, 0.0, gradient)
    scaling = np.sqrt(np.maximum(hessian[:, diagonal, diagonal], 1e-300))
    normal = hessian / scaling[:, :, None] / scaling[:, None, :]
    off = held.T[:, :, None] | held.T[:, None, :]
    normal = np.where(off, 0.0, normal)
    normal[:, diagonal, diagonal] = 1.0 + damping[:, None]
    scaled = gradient.T / scaling
    step = _solve_small(normal, scaled)
    return (step / scaling).T, (scaled * step).sum(1) * (1 + damping)


def _solve_small(matrix, vector):
    q = vector.shape[1]
    if q == 1:
        return vector / matrix[:, 0]
    if q == 2:
        determinant = matrix[:, 0, 0] * matrix[:, 1, 1] - matrix[:, 0, 1] ** 2
        determinant = np.maximum(determinant, 1e-16)
        first = matrix[:, 1, 1] * vector[:, 0] - matrix[:, 0, 1] * vector[:, 1]
        second = matrix[:, 0, 0] * vector[:, 1] - matrix[:, 0, 1] * vector[:, 0]
        return np.stack([first, second], 1) / determinant[:, None]
    return np.linalg.solve(matrix, vector[:, :, None])[:, :, 0]


def box(batch):
    """Lower and upper limits of the coordinates, (q, 1) each."""
    limits = list(batch.family.box) + ([SHARE_BOX] if batch.has_share else [])
    return np.array(limits, float).T[:, :, None]


def descend(batch, theta, fixed=None, iterations=150, tolerance=1e-9):
    """Walk down from theta (q, N) until the promised fall is below tolerance squared of the objective.

    `fixed` (q, N) bool holds coordinates where they are. Returns theta, the State and converged (N,).
    """
    here, (low, high) = theta.copy(), box(batch)
    now, active, work = evaluate(batch, here), np.arange(batch.size), batch
    theta, state, done = here.copy(), now.copy(), np.zeros(batch.size, bool)
    fixed = np.zeros(theta.shape, bool) if fixed is None else fixed
    size = dot(batch.target, batch.target)
    damping = np.full(batch.size, 1e-3)
    for count in range(iterations):
        gradient, hessian = _normal_equations(work, here, now)
        if count >= PATIENCE:
            hessian = _curvature(work, here, hessian)
        held = fixed | ((here <= low) & (gradient < 0)) | ((here >= high) & (gradient > 0))
        step, promise = _solve(gradient, hessian, damping, held)
        trial = np.clip(here + np.clip(step, -LONGEST_STEP, LONGEST_STEP), low, high)
        new = evaluate(work, trial)
        floor, slack = ROUNDING * size + 1e-300, 1e-15 * np.sqrt(now.objective * size)
        small = promise <= np.maximum(tolerance**2 * now.objective, floor)
        better = new.objective <= now.objective * (1 + 1e-14) + slack
        worse = np.flatnonzero(~better)
        trial[:, worse] = here[:, worse]
        new.put(worse, now, worse)
        here, now = trial, new
        damping = np.where(better, np.maximum(damping * 0.15, LEAST_DAMPING), damping * 8.0)
        runs = np.isnan(work.ceiling) & (now.ceiling > CEILING_CAP * work.top) & (not work.has_share)
        finished = small | (now.objective <= floor) | runs | (damping > 1e12)
        done[active[finished]] = True
        if finished.sum() < max(1, WORTH_LEAVING * len(active)):
            continue
        ends = active[finished]
        theta[:, ends] = here[:, finished]
        state.put(ends, now, finished)
        left = np.flatnonzero(~finished)
        active, here, fixed, damping, size = active[left], here[:, left], fixed[:, left], damping[left], size[left]
        work, now = work.take(left), now.take(left)
        if len(left) == 0:
            break
    theta[:, active] = here
    state.put(active, now, slice(None))
    return theta, state, done


def fit(batch, iterations=150, tolerance=None):
    """Best curve of every series: grid start, then descent; with a prior, the noise variance is found along the way.

    Parameters
    ----------
    batch : Batch of N series from `prepare`
    iterations : most steps
    tolerance : distance to the optimum in standard errors; None = 1e-9, or 1e-6 for batches above BLOCK

    Returns
    -------
    Fit
        Never raises for bad data: see its ``flat``, ``runaway``, ``edge`` and ``converged``.
    """
    tolerance = tolerance or (1e-6 if batch.size > BLOCK else 1e-9)
    if batch.prior_mean is not None:
        return _fit_with_prior(batch, iterations, tolerance)
    if batch.size > BLOCK:
        blocks = [np.arange(begin, min(begin + BLOCK, batch.size)) for begin in range(0, batch.size, BLOCK)]
        found = join([_fit_block(batch.take(rows), STRAGGLING, tolerance) for rows in blocks])
        slow = np.flatnonzero(~found.converged)
        if len(slow):
            found.put(
                slow, fit_rows(batch.take(slow), np.arange(len(slow)), found.shape[:, slow], iterations, tolerance)
            )
        return found
    return _fit_block(batch, iterations, tolerance)


def _fit_block(batch, iterations, tolerance):
    return fit_rows(batch, *start(batch), iterations, tolerance)


def fit_rows(batch, rows, theta, iterations=150, tolerance=1e-9, fixed=None):
    """Descend from several starts for each series (rows names the series of each column of theta) and keep the best."""
    if len(rows) > batch.size:
        theta, kept = _choose_finalists(batch, rows, theta.copy(), fixed)
        rows, theta, fixed = rows[kept], theta[:, kept], None if fixed is None else fixed[:, kept]
    work = batch if len(rows) == batch.size else batch.take(rows)
    theta, state, done = descend(work, theta, fixed, iterations, tolerance)
    if len(rows) > batch.size:
        best = _choose(rows, state.objective, 1)
        theta, state, done = theta[:, best], state.take(best), done[best]
        fixed = None if fixed is None else fixed[:, best]
    runs = np.isnan(batch.ceiling) & (state.ceiling > CEILING_CAP * batch.top) & (not batch.has_share)
    if runs.any():
        _stop_at_cap(batch, theta, state, done, runs, None if fixed is None else fixed[:, runs])
    return _describe(batch, theta, state, done, runs)


def _choose_finalists(batch, rows, theta, fixed):
    """Take the first steps where a series has several starts; coordinates, and the places of the starts to keep."""
    several = np.flatnonzero(np.bincount(rows)[rows] > 1)
    part = None if fixed is None else fixed[:, several]
    theta[:, several], state, _ = descend(batch.take(rows[several]), theta[:, several], part, FIRST_STEPS, 1e-3)
    best = several[_choose(rows[several], state.objective, FINALISTS)]
    kept = np.r_[np.setdiff1d(np.arange(len(rows)), several), best]
    return theta, kept[np.argsort(rows[kept], kind="stable")]


def _choose(rows, objective, most):
    """Places of the `most` lowest objectives of each series, series by series."""
    order = np.lexsort((objective, rows))
    begin = np.r_[True, np.diff(rows[order]) > 0]
    rank = np.arange(len(rows)) - np.flatnonzero(begin)[np.cumsum(begin) - 1]
    return order[rank < most]


def _stop_at_cap(batch, theta, state, done, runs, fixed):
    """Put rows whose ceiling runs away at the cap, so that equal series end at equal curves whatever their path."""
    work = batch.take(runs)
    work = replace(work, ceiling=CEILING_CAP * work.top)
    theta[:, runs], capped, done[runs] = descend(work, theta[:, runs], fixed)
    state.put(runs, capped, slice(None))


def _describe(batch, theta, state, done, runaway):
    low, high = box(batch)
    edge = (theta >= high - 1e-9).astype(int) - (theta <= low + 1e-9)
    flat, step = _is_flat(batch, state), _is_step(batch, state)
    return Fit(theta, state.ceiling, state.objective, state.ssr, edge, runaway, flat, step, done)


def _is_flat(batch, state):
    """A constant share of the bound fits as well as the curve: the series does not rise."""
    scale = np.ones_like(batch.target) if batch.scale is None else batch.scale
    if batch.per_period:
        return batch.top == 0
    level = dot(scale, batch.target) / np.maximum(dot(scale, scale), 1e-300)
    rest = batch.target - level[:, None] * scale
    return dot(rest, rest) <= state.ssr * (1 + 1e-9) + 1e-24 * dot(batch.target, batch.target)


def _is_step(batch, state):
    """A jump from nothing to the ceiling at one observation fits better than the curve: the rate runs to infinity."""
    family = batch.family
    steep = np.zeros(batch.size, bool)
    if batch.per_period or batch.has_share or len(family.parameters) == 1:
        return steep
    # Where no two dates see a tenth of the ceiling pass between them, a jump cannot be the better fit.
    rows = np.flatnonzero((np.diff(state.share, axis=1) > 0.1).any(1))
    steep[rows] = _prefers_jump(batch.take(rows), state.ssr[rows])
    return steep


def _prefers_jump(batch, ssr):
    scale = np.ones_like(batch.target) if batch.scale is None else batch.scale
    square, cross = (np.cumsum(part[:, ::-1], 1)[:, ::-1] for part in (scale**2, scale * batch.target))
    later_square, later_cross = (np.pad(part[:, 1:], ((0, 0), (0, 1))) for part in (square, cross))
    level = np.maximum(later_cross, 0) / np.maximum(later_square, 1e-300)
    level = np.where(np.isnan(batch.ceiling)[:, None], level, batch.ceiling[:, None])
    at_step = batch.target - np.clip(batch.target, 0, level * scale)
    total = dot(batch.target, batch.target)[:, None]
    before = np.cumsum(batch.target**2, 1) - batch.target**2
    after = total - before - batch.target**2 - 2 * level * later_cross + level**2 * later_square
    least = (before + at_step**2 + np.maximum(after, 0))[:, :-1].min(1, initial=np.inf)
    return least < ssr * (1 - 1e-7) - 1e-14 * total[:, 0]


def _fit_with_prior(batch, iterations, tolerance, rounds=12):
    """Posterior mode: the penalty is weighed by the noise variance, which is itself estimated.

    The rounds minimise df log(SSR) + penalty by majorisation; the first variance comes from the fit at the centre of
    the prior. With no more observations than coordinates SSR can reach zero, so there the first variance stays.
    """
    centre = replace(batch, prior_mean=None, prior_sd=None, noise=None)
    if batch.has_share:
        centre = replace(centre, ceiling=1 / (1 + np.exp(-batch.prior_mean[-1])))
    at_centre = fit(centre, iterations, tolerance)
    coordinates = len(batch.family.parameters)
    noise = at_centre.ssr / np.maximum(batch.count - coordinates, 1)
    loose = np.isinf(batch.prior_sd).sum(0)
    freedom = np.maximum(batch.count - np.minimum(loose, batch.count - 1), 1)
    estimable = batch.count > len(batch.prior_mean)
    theta = np.vstack([at_centre.shape, batch.prior_mean[-1:]]) if batch.has_share else at_centre.shape
    for _ in range(rounds):
        batch.noise = np.maximum(noise, 1e-12 * dot(batch.target, batch.target) / batch.count + 1e-300)
        found = fit_rows(batch, np.arange(batch.size), theta, iterations, tolerance)
        update = np.where(estimable, found.ssr / freedom, noise)
        theta = found.shape
        if np.all(np.abs(update - noise) <= 1e-6 * noise):
            break
        noise = update
    return found
