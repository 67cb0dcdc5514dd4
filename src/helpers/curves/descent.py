"""Levenberg-Marquardt on the projected sum of squares, all rows at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .engine import CEILING_CAP, Batch

LEAST_DAMPING, MOST_DAMPING = 1e-10, 1e12
WORTH_LEAVING = 0.25
"""Part of the rows that must be finished before the others are copied together."""
ROUNDING = 1e-28
"""Sums of squares below this part of the values' own are nothing but rounding."""
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

    share: np.ndarray  # (N, n) of the ceiling
    curve: np.ndarray  # (N, n) share times scale
    square: np.ndarray  # (N,) sum of squares of the curve, never zero
    ceiling: np.ndarray  # (N,)
    residual: np.ndarray  # (N, n)
    ssr: np.ndarray  # (N,)

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
    """State at coordinates theta (p, N)."""
    share = batch.family.share(batch.times, *theta[:, :, None])
    curve = batch.weigh(share)
    square = np.maximum(dot(curve, curve), 1e-300)
    linear = np.maximum(dot(curve, batch.target), 0) / square
    ceiling = np.where(np.isnan(batch.ceiling), linear, batch.ceiling)
    residual = ceiling[:, None] * curve
    np.subtract(batch.target, residual, out=residual)
    return State(share, curve, square, ceiling, residual, dot(residual, residual))


def jacobian(batch: Batch, theta: np.ndarray, ceiling: np.ndarray, share: np.ndarray | None = None) -> list[np.ndarray]:
    """Derivatives of the weighted curve by the log ceiling and the coordinates: 1 + p of (N, n)."""
    theta = theta[:, :, None]
    share = batch.family.share(batch.times, *theta) if share is None else share
    first, *others = [batch.weigh(column) for column in (share, *batch.family.slopes(batch.times, share, *theta))]
    return [ceiling[:, None] * column for column in (first, *others)]


def linearise(batch: Batch, theta: np.ndarray, state: State) -> list[np.ndarray]:
    """Derivatives of the curve by the coordinates, a list of p arrays (N, n), with the free ceiling projected out."""
    _, *columns = jacobian(batch, theta, state.ceiling, state.share)
    free = np.isnan(batch.ceiling)
    if free.any():
        inverse = free / state.square
        for column in columns:
            np.subtract(column, (dot(column, state.curve) * inverse)[:, None] * state.curve, out=column)
    return columns


def _normal_equations(batch: Batch, theta: np.ndarray, state: State) -> tuple[np.ndarray, np.ndarray]:
    """Direction of steepest descent (p, N) and Gauss-Newton matrix (p, p, N)."""
    columns = linearise(batch, theta, state)
    q = len(columns)
    gradient, hessian = np.array([dot(column, state.residual) for column in columns]), np.empty((q, q, batch.size))
    for a in range(q):
        for b in range(a + 1):
            hessian[a, b] = hessian[b, a] = dot(columns[a], columns[b])
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
    """Damped step (p, N) and the fall of the sum of squares that the undamped step promises (N,)."""
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
    """Solutions (p, N) of N small positive definite systems, (p, p, N) and (p, N), by Gauss."""
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
    """Lower and upper limits of the coordinates, (p, 1) each."""
    return np.array(batch.family.box, float).T[:, :, None]


def descend(
    batch: Batch,
    theta: np.ndarray,
    fixed: np.ndarray | None = None,
    iterations: int = 150,
    tolerance: float = 1e-9,
    enough: float | np.ndarray = 0.0,
) -> tuple[np.ndarray, State, np.ndarray]:
    """Walk down from theta (p, N) until the fall left to the next step is below tolerance squared of the sum.

    `fixed` (p, N) holds coordinates; at the sum `enough` (N,) a row ends early. Returns theta, State, converged.
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
        floor, slack = ROUNDING * size + 1e-300, 1e-15 * np.sqrt(now.ssr * size)
        small = _foresee(promise, before) <= np.maximum(tolerance**2 * now.ssr, floor)
        better = new.ssr <= now.ssr * (1 + 1e-14) + slack
        worse = np.flatnonzero(~better)
        if len(worse):
            trial[:, worse] = here[:, worse]
            new.put(worse, now.take(worse))
        here, now, before = trial, new, promise
        damping = np.clip(np.where(better, damping * 0.15, damping * 8.0), LEAST_DAMPING, 8 * MOST_DAMPING)
        diverged = np.isnan(work.ceiling) & (now.ceiling > CEILING_CAP * work.top)
        finished = small | (now.ssr <= np.maximum(floor, enough)) | diverged | (damping > MOST_DAMPING)
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
