"""Levenberg-Marquardt on the projected sum of squares, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from .engine import CEILING_CAP, FEW, MANY, Batch, Fit, count_parameters, grid_starts, join

SHARE_BOX = (-12.0, 12.0)
LEAST_DAMPING, MOST_DAMPING = 1e-10, 1e12
BLOCK = 2000
"""Series that descend together: many enough to make the calls cheap, few enough for the cache."""
WORTH_LEAVING = 0.25
"""Part of the rows that must be finished before the others are copied together."""
FIRST_STEPS, FINALISTS = 15, 3
"""Steps that every start gets where a series has more than FINALISTS, which then go on to the end."""
ROUNDING = 1e-28
"""Sums of squares below this part of the values' own are nothing but rounding."""
SHORT, LONG = 13, 2000
"""Series below SHORT points have many valleys, so they get MANY starts at once; above LONG none gets a second look."""
POOR = 0.1
"""Part of the variance that a curve may leave before its series gets a second look."""
PRIOR_ROUNDS = 12
"""How often the noise variance that weighs a prior is estimated anew, at most."""
PATIENCE = 20
"""Gauss-Newton steps before the second derivatives are taken."""
LEAST_SHRINKING = 1e-4
"""Strongest shrinking of the promised fall from step to step that is trusted to go on."""
ENDLESS = 1e300
"""Fall that a step promises whose size no number holds."""
LONGEST_STEP = 3.0
"""Longest move of one coordinate in one step: a factor of 20 for a rate, three spans for a date."""


@dataclass
class State:
    """Curve and residuals of every row at the current coordinates."""

    share: np.ndarray  # (N, n or n + 1) of the ceiling, at the edges for adoptions per period
    curve: np.ndarray  # (N, n) share, or its differences, times scale
    square: np.ndarray  # (N,) sum of squares of the curve, never zero
    ceiling: np.ndarray  # (N,)
    residual: np.ndarray  # (N, n)
    ssr: np.ndarray  # (N,)
    objective: np.ndarray  # (N,)

    def take(self, rows: np.ndarray) -> State:
        """The state of the given rows."""
        return State(**{name: getattr(self, name)[rows] for name in self.__dataclass_fields__})

    def put(self, rows: np.ndarray, other: State) -> None:
        """Overwrite rows with the state of these rows."""
        for name in self.__dataclass_fields__:
            getattr(self, name)[rows] = getattr(other, name)


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Row-wise inner product of two (N, n) arrays."""
    return np.einsum("ij,ij->i", a, b)


def evaluate(batch: Batch, theta: np.ndarray) -> State:
    """State at coordinates theta (q, N)."""
    share = batch.family.share(batch.times, *theta[: len(batch.family.parameters), :, None])
    curve = batch.weigh(share)
    square = np.maximum(dot(curve, curve), 1e-300)
    if batch.has_share:
        ceiling = 1 / (1 + np.exp(-theta[-1]))
    else:
        linear = np.maximum(dot(curve, batch.target), 0) / square
        ceiling = np.where(np.isnan(batch.ceiling), linear, batch.ceiling)
    residual = ceiling[:, None] * curve
    np.subtract(batch.target, residual, out=residual)
    ssr = dot(residual, residual)
    objective = ssr.copy()
    for place, mean, precision in list_priors(batch):
        objective += precision * (theta[place] - mean) ** 2
    return State(share, curve, square, ceiling, residual, ssr, objective)


def list_priors(batch: Batch) -> list[tuple[int, np.ndarray | float, np.ndarray]]:
    """Coordinates with a prior, -1 for the logit of the share; their means, and weights against the data, (N,)."""
    if batch.prior is None and not batch.family.priors:
        return []
    assert batch.noise is not None  # set before the first step, in `_fit_with_prior`
    found: list[tuple[int, np.ndarray | float, np.ndarray]] = []
    if batch.prior is not None:
        found.append((-1, batch.prior[:, 0], batch.noise / batch.prior[:, 1] ** 2))
    return found + [(place, 0.0, batch.noise / sd**2) for place, sd in batch.family.priors]


def jacobian(batch: Batch, theta: np.ndarray, ceiling: np.ndarray, share: np.ndarray | None = None) -> list[np.ndarray]:
    """Derivatives of the weighted curve by the log ceiling (or logit share) and the coordinates: 1 + p of (N, n)."""
    theta = theta[: len(batch.family.parameters), :, None]
    share = batch.family.share(batch.times, *theta) if share is None else share
    first, *others = [batch.weigh(column) for column in (share, *batch.family.slopes(batch.times, share, *theta))]
    level = ceiling[:, None]
    return [level * (1 - level if batch.has_share else 1.0) * first, *(level * column for column in others)]


def linearise(batch: Batch, theta: np.ndarray, state: State) -> list[np.ndarray]:
    """Derivatives of the curve by the coordinates, a list of q arrays (N, n), with the free ceiling projected out."""
    first, *columns = jacobian(batch, theta, state.ceiling, state.share)
    if batch.has_share:
        return [*columns, first]
    free = np.isnan(batch.ceiling)
    if free.any():
        inverse = free / state.square
        for column in columns:
            np.subtract(column, (dot(column, state.curve) * inverse)[:, None] * state.curve, out=column)
    return columns


def _normal_equations(batch: Batch, theta: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Direction of steepest descent (q, N) and Gauss-Newton matrix (q, q, N)."""
    columns = linearise(batch, theta, state)
    q = len(columns)
    gradient, hessian = np.array([dot(column, state.residual) for column in columns]), np.empty((q, q, batch.size))
    for a in range(q):
        for b in range(a + 1):
            hessian[a, b] = hessian[b, a] = dot(columns[a], columns[b])
    for place, mean, precision in list_priors(batch):
        gradient[place] -= precision * (theta[place] - mean)
        hessian[place, place] += precision
    return gradient, hessian


def _curvature(batch: Batch, theta: np.ndarray, hessian: np.ndarray, step: float = 1e-5) -> np.ndarray:
    """Second derivatives by differences of the gradient, for rows where large residuals make Gauss-Newton steps slow.

    Rows where they are not positive definite keep the Gauss-Newton matrix.
    """
    q, moves = len(theta), step * np.eye(len(theta))
    at = np.hstack([theta + move[:, None] for move in (*-moves, *moves)])
    around = batch.take(np.tile(np.arange(batch.size), 2 * q))
    gradient = _normal_equations(around, at, evaluate(around, at))[0].reshape(q, 2, q, batch.size)
    exact = (gradient[:, 0] - gradient[:, 1]) / (2 * step)
    exact = (exact + exact.transpose(1, 0, 2)) / 2
    root = _root_diagonal(hessian)
    with np.errstate(over="ignore"):  # of a coordinate that moves nothing
        scaled = np.clip(exact / (root[:, None] * root), -1e100, 1e100)
    least = np.linalg.eigvalsh(scaled.transpose(2, 0, 1))[:, 0]
    return np.where(least > 1e-8, exact, hessian)


def _root_diagonal(hessian: np.ndarray) -> np.ndarray:
    diagonal = range(len(hessian))
    return np.sqrt(np.maximum(hessian[diagonal, diagonal], 1e-300))


def _solve(
    gradient: np.ndarray, hessian: np.ndarray, damping: np.ndarray, blocked: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Damped step (q, N) and the fall of the objective that the undamped step promises (N,)."""
    diagonal, root = range(len(gradient)), _root_diagonal(hessian)
    scaled, normal = gradient / root, hessian / (root[:, None] * root)
    if blocked.any():
        scaled[blocked] = 0.0
        normal[blocked[:, None] | blocked] = 0.0
    normal[diagonal, diagonal] = 1.0 + damping
    with np.errstate(over="ignore", invalid="ignore"):  # without curvature the step is endless, or none: not taken
        step = _eliminate(normal, scaled)
        promise = (scaled * step).sum(0) * (1 + damping)
        step /= root
    step[np.isnan(step)] = 0.0
    return step, np.where(promise < ENDLESS, promise, ENDLESS)


def _eliminate(matrix: np.ndarray, vector: np.ndarray) -> np.ndarray:
    """Solutions (q, N) of N small positive definite systems, (q, q, N) and (q, N), by Gauss."""
    q, solution = len(vector), vector.copy()
    for place in range(q):
        np.maximum(matrix[place, place], 1e-16, out=matrix[place, place])
        for row in range(place + 1, q):
            factor = matrix[row, place] / matrix[place, place]
            matrix[row, place + 1 :] -= factor * matrix[place, place + 1 :]
            solution[row] -= factor * solution[place]
    for place in reversed(range(q)):
        for row in range(place + 1, q):
            solution[place] -= matrix[place, row] * solution[row]
        solution[place] /= matrix[place, place]
    return solution


def _foresee(promise: np.ndarray, before: np.ndarray | None) -> np.ndarray:
    """Fall that the next step promises if it shrinks as it did since the last one, `before`; None at the first step."""
    if before is None:
        return promise
    shrinking = np.minimum(promise, before) / np.maximum(before, 1e-300)
    return promise * np.maximum(shrinking, LEAST_SHRINKING)


def box(batch: Batch) -> np.ndarray:
    """Lower and upper limits of the coordinates, (q, 1) each."""
    limits = list(batch.family.box) + ([SHARE_BOX] if batch.has_share else [])
    return np.array(limits, float).T[:, :, None]


def descend(
    batch: Batch,
    theta: np.ndarray,
    fixed: np.ndarray | None = None,
    iterations: int = 150,
    tolerance: float = 1e-9,
    enough: float | np.ndarray = 0.0,
) -> tuple[np.ndarray, State, np.ndarray]:
    """Walk down from theta (q, N) until the fall left to the next step is below tolerance squared of the objective.

    `fixed` (q, N) holds coordinates; at the objective `enough` (N,) a row ends early. Returns theta, State, converged.
    """
    here, (low, high), active, work = theta.copy(), box(batch), np.arange(batch.size), batch
    theta, done, now = here.copy(), np.zeros(batch.size, bool), evaluate(batch, here)
    fixed = np.zeros(theta.shape, bool) if fixed is None else fixed
    size, damping = dot(batch.target, batch.target), np.full(batch.size, 1e-3)
    enough, before = np.broadcast_to(enough, size.shape), None
    for count in range(iterations):
        gradient, hessian = _normal_equations(work, here, now)
        if count >= PATIENCE:
            hessian = _curvature(work, here, hessian)
        blocked = fixed | ((here <= low) & (gradient < 0)) | ((here >= high) & (gradient > 0))
        step, promise = _solve(gradient, hessian, damping, blocked)
        trial = np.clip(here + np.clip(step, -LONGEST_STEP, LONGEST_STEP), low, high)
        new = evaluate(work, trial)
        floor, slack = ROUNDING * size + 1e-300, 1e-15 * np.sqrt(now.objective * size)
        small = _foresee(promise, before) <= np.maximum(tolerance**2 * now.objective, floor)
        better = new.objective <= now.objective * (1 + 1e-14) + slack
        worse = np.flatnonzero(~better)
        if len(worse):
            trial[:, worse] = here[:, worse]
            new.put(worse, now.take(worse))
        here, now, before = trial, new, promise
        damping = np.clip(np.where(better, damping * 0.15, damping * 8.0), LEAST_DAMPING, 8 * MOST_DAMPING)
        diverged = np.isnan(work.ceiling) & (now.ceiling > CEILING_CAP * work.top) & (not work.has_share)
        finished = small | (now.objective <= np.maximum(floor, enough)) | diverged | (damping > MOST_DAMPING)
        fresh = finished & ~done[active]  # a row ends here, though it may walk on until enough others have ended
        theta[:, active[fresh]], done[active[fresh]] = here[:, fresh], True
        left = np.flatnonzero(~done[active])
        if len(left) == 0:
            break
        if len(active) - len(left) < max(1, WORTH_LEAVING * len(active)):
            continue
        active, damping, size, enough, before = (part[left] for part in (active, damping, size, enough, before))
        work, now, here, fixed = work.take(left), now.take(left), here[:, left], fixed[:, left]
    going = ~done[active]
    theta[:, active[going]] = here[:, going]
    return theta, now if work is batch and (theta == here).all() else evaluate(batch, theta), done


def fit_batch(batch: Batch) -> Fit:
    """Best curve of every series: grid start, then descent; with a prior, the noise variance is fit along the way.

    A series gets few starts, and many where it is short or its first fit doubtful; its fit is the same to the last bit
    whatever others are in the batch.

    Parameters
    ----------
    batch : Batch of N series from `prepare`

    Returns
    -------
    Fit
        Never raises for bad data: see its ``flat``, ``diverged``, ``on_boundary`` and ``converged``.
    """
    if batch.prior is not None or batch.family.priors:
        return _fit_with_prior(batch)
    if batch.size > BLOCK:
        blocks = [slice(begin, begin + BLOCK) for begin in range(0, batch.size, BLOCK)]
        return join([fit_batch(batch.take(rows)) for rows in blocks])
    short = batch.count < SHORT
    if short.any() and not short.all():
        parts = np.flatnonzero(short), np.flatnonzero(~short)
        fits = [fit_batch(batch.take(rows)) for rows in parts]
        return join(fits).take(np.argsort(np.concatenate(parts)))
    fit = fit_rows(batch, *grid_starts(batch, MANY if short.all() else FEW))
    again = np.flatnonzero(~short & (batch.count <= LONG) & _is_doubtful(batch, fit))
    if len(again):
        part = batch.take(again)
        second = fit_rows(part, *grid_starts(part, MANY))
        better = second.objective <= fit.objective[again] * (1 + 1e-9)
        fit.put(again[better], second.take(better))
    return fit


def _is_doubtful(batch: Batch, fit: Fit) -> np.ndarray:
    """Whether a fit may have missed the global optimum: no plain optimum, or far from the data for a curve."""
    odd = fit.flat | fit.step | fit.diverged | (fit.on_boundary != 0).any(0) | ~fit.converged
    return odd | (fit.ssr > POOR * _constant_ssr(batch))


def fit_rows(batch: Batch, rows: np.ndarray, theta: np.ndarray, iterations: int = 150, tolerance: float = 1e-9) -> Fit:
    """Descend from several starts for each series (rows names the series of each column of theta) and keep the best."""
    if np.bincount(rows).max(initial=0) > FINALISTS:
        rows, theta = _choose_finalists(batch, rows, theta.copy())
    work = batch if len(rows) == batch.size else batch.take(rows)
    theta, state, done = descend(work, theta, None, iterations, tolerance)
    if len(rows) > batch.size:
        best = _choose(rows, state.objective, 1)
        theta, state, done = theta[:, best], state.take(best), done[best]
    diverged = np.isnan(batch.ceiling) & (state.ceiling > CEILING_CAP * batch.top) & (not batch.has_share)
    if diverged.any():  # put at the cap, so that equal series end at equal curves whatever their path
        capped = batch.take(diverged)
        capped = replace(capped, ceiling=CEILING_CAP * capped.top)
        theta[:, diverged], end, done[diverged] = descend(capped, theta[:, diverged])
        state.put(diverged, end)
    low, high = box(batch)
    boundary = (theta >= high - 1e-9).astype(int) - (theta <= low + 1e-9)
    flat, step = _is_flat(batch, state), _is_step(batch, state)
    return Fit(theta, state.ceiling, state.objective, state.ssr, boundary, diverged, flat, step, done)


def _choose_finalists(batch: Batch, rows: np.ndarray, theta: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Take the first steps where a series has more than FINALISTS; rows and coordinates of the starts to keep."""
    several = np.flatnonzero(np.bincount(rows)[rows] > FINALISTS)
    theta[:, several], state, _ = descend(batch.take(rows[several]), theta[:, several], None, FIRST_STEPS, 1e-3)
    best = several[_choose(rows[several], state.objective, FINALISTS)]
    kept = np.r_[np.setdiff1d(np.arange(len(rows)), several), best]
    kept = kept[np.argsort(rows[kept], kind="stable")]
    return rows[kept], theta[:, kept]


def _choose(rows: np.ndarray, objective: np.ndarray, most: int) -> np.ndarray:
    """Places of the `most` lowest objectives of each series, series by series."""
    order = np.lexsort((objective, rows))
    begin = np.r_[True, np.diff(rows[order]) > 0]
    rank = np.arange(len(rows)) - np.flatnonzero(begin)[np.cumsum(begin) - 1]
    return order[rank < most]


def _constant_ssr(batch: Batch) -> np.ndarray:
    """Sum of squares around the best constant share of the bound, (N,)."""
    constant = batch.scale if batch.before is None else batch.weigh(np.ones(batch.target.shape))
    level = dot(constant, batch.target) / np.maximum(dot(constant, constant), 1e-300)
    rest = batch.target - level[:, None] * constant
    return dot(rest, rest)


def _is_flat(batch: Batch, state: State) -> np.ndarray:
    """A constant share of the bound fits as well as the curve: the series does not rise."""
    if batch.per_period:
        return batch.top == 0
    return _constant_ssr(batch) <= state.ssr * (1 + 1e-9) + 1e-24 * dot(batch.target, batch.target)


def _is_step(batch: Batch, state: State) -> np.ndarray:
    """A jump at one observation fits no worse than the curve: the rate runs to infinity."""
    steep = np.zeros(batch.size, bool)
    if (
        len(batch.family.parameters) - len(batch.family.priors) == 1 or batch.before is not None
    ):  # correlated errors: see `fit_level`
        return steep
    # Where no two dates see a tenth of the ceiling pass between them, a jump cannot be the better fit.
    rows = np.flatnonzero((np.diff(state.share, axis=1) > 0.1).any(1))
    work, ssr, whole = batch.take(rows), state.ssr[rows], dot(batch.target, batch.target)[rows]
    known = (state.ceiling[rows] if batch.has_share else work.ceiling)[:, None]
    least = (_jumps_per_period if batch.per_period else jumps)(work, known).min(1, initial=np.inf)
    steep[rows] = least <= ssr * (1 + 1e-7) + 1e-14 * whole
    return steep


def jumps(batch: Batch, known: np.ndarray) -> np.ndarray:
    """Sum of squares of a jump from nothing to the ceiling, known or free, through each observation but the last."""
    target, scale, squares = batch.target, batch.scale, batch.target**2
    until = np.cumsum(squares, axis=1)
    later = [np.cumsum(part[:, ::-1], axis=1)[:, ::-1] - part for part in (scale * target, scale**2)]
    level = np.maximum(later[0], 0) / np.maximum(later[1], 1e-300)
    level = np.where(np.isnan(known), level, known)
    at_step = target - np.clip(target, 0, level * scale)
    after = until[:, -1:] - until + level * (level * later[1] - 2 * later[0])
    return (until - squares + at_step**2 + np.maximum(after, 0))[:, :-1]


def _jumps_per_period(batch: Batch, known: np.ndarray) -> np.ndarray:
    """Sum of squares of all adoptions at one time, which divides them between two periods."""
    scale, squares = np.broadcast_to(batch.scale, batch.target.shape), batch.target**2
    (first, second), (one, two) = ((part[:, :-1], part[:, 1:]) for part in (batch.target, scale))
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((first * one - second * two + known * two**2) / (known * (one**2 + two**2)), 0, 1)
    free = np.minimum(first, 0) ** 2 + np.minimum(second, 0) ** 2
    fixed = (first - known * one * part) ** 2 + (second - known * two * (1 - part)) ** 2
    rest = squares.sum(1)[:, None] - squares[:, :-1] - squares[:, 1:]
    return np.maximum(rest, 0) + np.where(np.isnan(known), free, fixed)


def _fit_with_prior(batch: Batch) -> Fit:
    """Posterior mode: the penalty is weighed by the noise variance, which is itself estimated.

    The rounds minimise df log(SSR) + penalty by majorisation; the first variance comes from the fit at the centre of
    the prior. With no more observations than coordinates SSR can reach zero, so there the first variance stays. The
    shifts of a family start at zero, and from the grid.
    """
    shifts = len(batch.family.priors)
    family = getattr(batch.family, "base", batch.family)
    centre = replace(batch, family=family, prior=None, noise=None)
    if batch.prior is not None:
        centre = replace(centre, ceiling=1 / (1 + np.exp(-batch.prior[:, 0])))
    at_centre, coordinates = fit_batch(centre), count_parameters(replace(batch, family=family))
    noise = at_centre.ssr / np.maximum(batch.count - coordinates, 1)
    freedom = np.maximum(batch.count - np.minimum(count_parameters(batch), batch.count - 1), 1)
    mean = np.empty((0, batch.size)) if batch.prior is None else batch.prior[None, :, 0]
    theta = np.vstack([at_centre.theta, np.zeros((shifts, batch.size)), mean])
    estimable = batch.count > coordinates + shifts + len(mean)
    least = 1e-12 * dot(batch.target, batch.target) / batch.count + 1e-300
    batch.noise, rows, fit = np.maximum(noise, least), np.arange(batch.size), None
    for _ in range(PRIOR_ROUNDS):  # a series leaves when its own noise hardly changes
        series, starts = np.arange(len(rows)), theta[:, rows]
        if fit is None and shifts:
            more, cells = grid_starts(batch, FEW)
            series, starts = np.r_[series, more], np.hstack([starts, np.vstack([cells, mean[:, more]])])
        found = fit_rows(batch.take(rows), series, starts)
        if fit is None:
            fit = found
        else:
            fit.put(rows, found)
        update, theta = np.where(estimable, fit.ssr / freedom, noise), fit.theta
        rows = rows[np.abs(update - noise)[rows] > 1e-6 * noise[rows]]
        if len(rows) == 0:
            break
        noise[rows] = update[rows]
        batch.noise[rows] = np.maximum(noise, least)[rows]
    assert fit is not None
    return fit
