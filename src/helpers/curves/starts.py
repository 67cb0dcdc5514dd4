"""Where a search starts: the best cells of a grid over the coordinates, and its other peaks."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from threadpoolctl import ThreadpoolController

from .engine import CEILING_CAP, Batch, Family

LOT = 64
"""Rows of one product with the grid."""
GRID_BLOCK = 256
"""Rows whose grid values are in memory together."""
PIECE = 4_000_000
"""Values of the grid's curves that are in memory together, 8 bytes each: a long series is gone through in pieces."""
FIRST_STARTS, SECOND_STARTS = 4, 24
"""Starts of one series, at the first look and at the second."""


@lru_cache(maxsize=1)
def _linear_algebra() -> ThreadpoolController:
    """Control of BLAS, whose threads cost more than they save on products this small when the machine is busy."""
    return ThreadpoolController()


@lru_cache(maxsize=32)
def _grid(family: type[Family], coarse: bool) -> tuple[tuple[np.ndarray, ...], np.ndarray]:
    """Axes and grid of theta (p, G), the first coordinate slowest; coarse keeps every third and every second value."""
    axes = family.axes
    if coarse:
        axes = tuple(axis[place::step] for axis, place, step in zip(axes, (1, 0), (3, 2), strict=False))
    return axes, np.array([mesh.ravel() for mesh in np.meshgrid(*axes, indexing="ij")])


def grid_starts(batch: Batch, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Starting coordinates: for each series the best cell of the grid and other peaks of the grid, `most` in all.

    Returns rows (M,), the series of each start, and theta (p, M). FIRST_STARTS come from a coarser grid.
    """
    family, coarse = batch.family, most == FIRST_STARTS and len(batch.family.axes) < 3
    axes, grid = _grid(family, coarse)  # type: ignore[arg-type]  # mypy asks the class for its instances' hash
    rows, cells = [], []
    with _linear_algebra().limit(limits=1, user_api="blas"):
        for members, times in _patterns(batch):
            for begin in range(0, len(members), GRID_BLOCK):
                block = members[begin : begin + GRID_BLOCK]
                row, cell = _best_cells(_gains(batch, block, times, grid), [len(axis) for axis in axes], most)
                rows.append(block[row])
                cells.append(cell)
    rows, cells = np.concatenate(rows), np.concatenate(cells)
    order = np.argsort(rows, kind="stable")
    return rows[order], grid[:, cells[order]]


def _patterns(batch: Batch) -> list[tuple[np.ndarray, np.ndarray]]:
    """Series that share their times, to a thousandth of the span, and those times: one evaluation of the grid each."""
    times = np.round(batch.times, 3)
    if len(times) == 1:
        return [(np.arange(batch.size), times[0])]
    unique, group = np.unique(times, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    return list(zip(np.split(order, np.cumsum(np.bincount(group.ravel()))[:-1]), unique, strict=True))


def _multiply(rows: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Rows @ table in lots of one size: how BLAS rounds goes by the size, and ties between cells would show it."""
    whole = np.zeros((-(-len(rows) // LOT) * LOT, rows.shape[1]))
    whole[: len(rows)] = rows
    return (whole.reshape(-1, LOT, rows.shape[1]) @ table).reshape(len(whole), -1)[: len(rows)]


def _gains(batch: Batch, rows: np.ndarray, times: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Fall of the sum of squares that each cell of the grid achieves, (rows, G)."""
    target = batch.target[rows]
    scale = batch.scale if len(batch.scale) == 1 else batch.scale[rows]
    size, width = (np.abs(part).max(1)[:, None] for part in (target, scale))
    size, width = (np.where(part > 0, part, 1.0) for part in (size, width))
    with np.errstate(over="ignore"):  # a known ceiling far above tiny figures
        ceiling = np.minimum(batch.ceiling[rows, None] / size * width, 1e100)
    target, scale = target / size, scale / width
    cells, points = grid.shape[1], target.shape[1]
    # what the sums take of each share, its square and, of errors carried along, its product with the one before
    by_share, by_square = scale * target, scale**2
    if batch.before is not None:
        before = (batch.before if len(batch.before) == 1 else batch.before[rows]) / width
        by_share[:, :-1] -= before * target[:, 1:]
        by_square[:, :-1] += before**2
        by_product = -2 * np.pad(scale[:, 1:] * before, ((0, 0), (1, 0)))
    linear, square = np.zeros((len(rows), cells)), np.zeros((len(scale), cells))
    highest, previous, step = np.zeros(cells), np.zeros((1, cells)), max(1, PIECE // cells)
    for begin in range(0, points, step):
        part = slice(begin, min(begin + step, points))
        share = batch.family.share(times[None, part], *grid[:, :, None])
        table = share.T
        linear += _multiply(by_share[:, part], table)
        square += _multiply(by_square[:, part], table**2)
        if batch.before is not None:
            square += _multiply(by_product[:, part], table * np.vstack([previous, table[:-1]]))
        previous, highest = table[-1:], np.maximum(highest, share.max(1))
    nothing = highest < 1 / CEILING_CAP
    linear[:, nothing] = square[:, nothing] = 0
    free = np.maximum(linear, 0) / np.maximum(square, 1e-12)
    level = np.where(np.isnan(ceiling), free, ceiling)
    return level * (2 * linear - level * square)


def _best_cells(gains: np.ndarray, axes: list[int], most: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and cells of the best fits: the best of all, then other peaks of the grid, `most` for each row.

    With more than FIRST_STARTS a peak is a cell above its four neighbours in the first two coordinates, else above its
    two neighbours in the first coordinate alone; the further coordinates are at their best.
    """
    lead = axes[: 2 if most > FIRST_STARTS and len(axes) > 1 else 1]
    table = gains.reshape(len(gains), int(np.prod(lead)), -1)
    inner = table.argmax(2) if table.shape[2] > 1 else np.zeros(table.shape[:2], int)
    ridge = np.take_along_axis(table, inner[:, :, None], 2)[:, :, 0]
    peak = _find_peaks(ridge.reshape(-1, *lead)).reshape(ridge.shape)
    peak[np.arange(len(ridge)), ridge.argmax(1)] = True
    depth = np.where(peak, -ridge, np.inf)
    most = min(most, depth.shape[1])
    rank = np.argpartition(depth, most - 1, axis=1)[:, :most]
    row, place = np.nonzero(np.take_along_axis(peak, rank, 1))
    layer = rank[row, place]
    return row, layer * table.shape[2] + inner[row, layer]


def _find_peaks(height: np.ndarray) -> np.ndarray:
    peak = np.ones(height.shape, bool)
    for axis in range(1, height.ndim):
        rising = np.diff(height, axis=axis) > 0
        first, last = ([(0, 0)] * axis + [pad] + [(0, 0)] * (height.ndim - axis - 1) for pad in ((1, 0), (0, 1)))
        peak &= np.pad(rising, first, constant_values=True) & np.pad(~rising, last, constant_values=True)
    return peak
