"""Global starts: the best shapes of a grid, with the free ceiling projected out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

from helpers.projection.batch import CEILING_CAP, Batch, Family, evaluate_share

BLOCK = 1024
"""Rows whose grid values are in memory together."""
PIECE = 4_000_000
"""Values of the grid's shapes that are in memory together, 8 bytes each: a long series is gone through in pieces."""
SHORT, SMALL, LONG = 13, 64, 2000
FEW, MANY = 4, 24
"""Starts of one series: MANY for series with fewer than SHORT points and for batches of up to SMALL series with up to
LONG points, else FEW."""


@lru_cache(maxsize=1)
def _linear_algebra() -> ThreadpoolController:
    """Control of BLAS, whose threads cost more than they save on products this small when the machine is busy."""
    return ThreadpoolController()


@lru_cache(maxsize=32)
def _shapes(family: type[Family], coarse: bool) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Axes and grid of shapes (p, G), the first coordinate slowest; coarse keeps every third and every second value."""
    axes = family.axes
    if coarse:
        axes = tuple(axis[place::step] for axis, place, step in zip(axes, (1, 0), (3, 2), strict=False))
    return axes, np.array([mesh.ravel() for mesh in np.meshgrid(*axes, indexing="ij")])


def start(batch: Batch, most: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Starting coordinates: for each series the best shape of the grid and other peaks of the grid.

    Returns rows (M,), the series of each start, and theta (p, M). `most` limits the starts of a series; None chooses
    MANY for short series, whose sum of squares has many valleys, and for small batches, and FEW for others.
    """
    if most is None:
        points = batch.target.shape[1]
        most = MANY if points < SHORT or (batch.size <= SMALL and points <= LONG) else FEW
    family, coarse = batch.family, most == FEW and len(batch.family.axes) < 3
    axes, shapes = _shapes(family, coarse)  # type: ignore[arg-type]  # mypy asks the class for its instances' hash
    rows, cells = [], []
    with _linear_algebra().limit(limits=1, user_api="blas"):
        for members, times in _patterns(batch):
            for begin in range(0, len(members), BLOCK):
                block = members[begin : begin + BLOCK]
                found, best = _best_cells(_gains(batch, block, times, shapes), [len(axis) for axis in axes], most)
                rows.append(block[found])
                cells.append(best)
    rows, cells = np.concatenate(rows), np.concatenate(cells)
    if len(rows) > batch.size:
        order = np.argsort(rows, kind="stable")
        rows, cells = rows[order], cells[order]
    else:
        order = np.argsort(rows)
        rows, cells = rows[order], cells[order]
    return rows, shapes[:, cells]


def _patterns(batch: Batch) -> list[tuple[np.ndarray, np.ndarray]]:
    """Series that share their times, to a thousandth of the span, and those times: one evaluation of the grid each."""
    if len(batch.times) == 1:
        return [(np.arange(batch.size), batch.times[0])]
    if batch.size == 1:
        return [(np.arange(1), batch.times[0])]
    key = np.ascontiguousarray(np.round(batch.times * 1000).astype(np.int64))
    _, first, group = np.unique(
        key.view([("", key.dtype)] * key.shape[1]).ravel(), return_index=True, return_inverse=True
    )
    order = np.argsort(group, kind="stable")
    members = np.split(order, np.cumsum(np.bincount(group))[:-1])
    return [(rows, batch.times[index]) for rows, index in zip(members, first, strict=True)]


def _evaluate_pieces(batch: Batch, times: np.ndarray, shapes: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Pieces of the observations with the shares (G, m) of all shapes there."""
    points, step = batch.target.shape[1], max(1, PIECE // shapes.shape[1])
    for begin in range(0, points, step):
        part = slice(begin, min(begin + step, points))
        seen = times[None, part.start : part.stop + batch.per_period]
        yield part, evaluate_share(batch.family, seen, shapes[:, :, None], batch.per_period)


def _gains(batch: Batch, rows: np.ndarray, times: np.ndarray, shapes: np.ndarray) -> np.ndarray:
    """Fall of the sum of squares that each shape of the grid achieves, (rows, G); in single precision for many rows."""
    kind = np.float32 if len(rows) > 64 else float
    target = batch.target[rows]
    size = np.maximum(np.abs(target).max(1), 1e-300)[:, None]
    ceiling = batch.ceiling[rows, None] / size
    target, scale = (target / size).astype(kind), None
    if batch.scale is not None:
        scale = batch.scale[rows]
        width = np.maximum(scale.max(1), 1e-300)[:, None]
        scale, ceiling = (scale / width).astype(kind), ceiling * width
    grid = shapes.shape[1]
    linear, square = np.zeros((len(rows), grid), kind), np.zeros((1 if scale is None else len(rows), grid), kind)
    highest = np.zeros(grid)
    for part, share in _evaluate_pieces(batch, times, shapes):
        table, seen = share.T.astype(kind), target[:, part]
        if scale is None:
            linear += seen @ table
            square += (share * share).sum(1)[None].astype(kind)
        else:
            width = scale[:, part]
            linear += (width * seen) @ table
            square += (width * width) @ (table * table)
        highest = np.maximum(highest, share.max(1))
    nothing = highest < 1 / CEILING_CAP
    linear[:, nothing] = square[:, nothing] = 0
    return _falls(linear, square, ceiling.astype(kind))


def _falls(linear: np.ndarray, square: np.ndarray, ceiling: np.ndarray) -> np.ndarray:
    known = np.isfinite(ceiling[:, 0])
    if known.all():
        linear *= 2
        linear -= ceiling * square
        linear *= ceiling
        return linear
    free = np.maximum(linear, 0, out=None if known.any() else linear)
    free *= free
    free /= np.maximum(square, 1e-12)
    if known.any():
        free[known] = ceiling[known] * (
            2 * linear[known] - ceiling[known] * (square[known] if len(square) > 1 else square)
        )
    return free


def _best_cells(gains: np.ndarray, axes: list[int], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and cells of the best shapes: the best of all, then other peaks of the grid, `most` for each row.

    For short series a peak is a cell above its four neighbours in the first two coordinates, else above its two
    neighbours in the first coordinate alone; the further coordinates are at their best.
    """
    lead = axes[: 2 if most > FEW and len(axes) > 1 else 1]
    table = gains.reshape(len(gains), int(np.prod(lead)), -1)
    inner = table.argmax(2) if table.shape[2] > 1 else np.zeros(table.shape[:2], int)
    ridge = np.take_along_axis(table, inner[:, :, None], 2)[:, :, 0]
    peak = _find_peaks(ridge.reshape(-1, *lead)).reshape(ridge.shape)
    peak[np.arange(len(ridge)), ridge.argmax(1)] = True
    depth = np.where(peak, -ridge, np.inf)
    most = min(most, depth.shape[1])
    rank = np.argpartition(depth, most - 1, axis=1)[:, :most]
    found, place = np.nonzero(np.take_along_axis(peak, rank, 1))
    layer = rank[found, place]
    return found, layer * table.shape[2] + inner[found, layer]


def _find_peaks(height: np.ndarray) -> np.ndarray:
    peak = np.ones(height.shape, bool)
    for axis in range(1, height.ndim):
        rising = np.diff(height, axis=axis) > 0
        edge = [(0, 0)] * height.ndim
        edge[axis] = (1, 0)
        peak &= np.pad(rising, edge, constant_values=True)
        edge[axis] = (0, 1)
        peak &= np.pad(~rising, edge, constant_values=True)
    return peak
