"""Global starts: the best shapes of a grid, with the free ceiling projected out."""

from functools import lru_cache

import numpy as np

from helpers.projection.batch import CEILING_CAP, evaluate_share

BLOCK = 4096
"""Rows whose grid values are in memory together."""


@lru_cache(maxsize=32)
def _shapes(family):
    """Grid of shapes (p, G); the first coordinate varies slowest."""
    return np.array([mesh.ravel() for mesh in np.meshgrid(*family.axes, indexing="ij")])


def start(batch, extra=3):
    """Starting coordinates: for each series the best shape of the grid and up to `extra` other valleys.

    Returns rows (M,), the series of each start, and theta (p, M). A valley is a local best over the first coordinate.
    """
    family, shapes = batch.family, _shapes(batch.family)
    rows, cells = [], []
    for members, times in _patterns(batch):
        share = evaluate_share(family, times[None], shapes[:, :, None], batch.per_period)
        share[share.max(1) < 1 / CEILING_CAP] = 0.0
        for begin in range(0, len(members), BLOCK):
            block = members[begin : begin + BLOCK]
            found, best = _best_cells(_gains(batch, block, share), len(family.axes[0]), extra)
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


def _patterns(batch):
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


def _gains(batch, rows, share):
    """Fall of the sum of squares that each shape of the grid achieves, (rows, G)."""
    kind = np.float32 if len(rows) > 64 else float
    target = batch.target[rows]
    size = np.maximum(np.abs(target).max(1), 1e-300)[:, None]
    ceiling = (batch.ceiling[rows] / size[:, 0])[:, None]
    target = (target / size).astype(kind)
    if batch.scale is None and np.isnan(ceiling).all():
        norm = np.sqrt(np.maximum((share * share).sum(1), 1e-300))
        return np.maximum(target @ (share / norm[:, None]).astype(kind).T, 0)
    scale = np.ones_like(target) if batch.scale is None else batch.scale[rows]
    width = np.maximum(scale.max(1), 1e-300)[:, None]
    scale, ceiling = (scale / width).astype(kind), ceiling * width
    linear = (scale * target) @ share.astype(kind).T
    square = (scale * scale) @ (share * share).astype(kind).T
    free = np.maximum(linear, 0) ** 2 / np.maximum(square, 1e-12)
    with np.errstate(invalid="ignore"):
        known = 2 * ceiling * linear - ceiling**2 * square
    return np.where(np.isnan(ceiling), free, known)


def _best_cells(gains, first, extra):
    """Cells of the best shape, and of the best of each further valley along the first coordinate."""
    gains = gains.reshape(len(gains), first, -1)
    inner = gains.argmax(2)
    ridge = np.take_along_axis(gains, inner[:, :, None], 2)[:, :, 0]
    padded = np.pad(ridge, ((0, 0), (1, 1)), constant_values=-np.inf)
    peak = (ridge > padded[:, :-2]) & (ridge >= padded[:, 2:])
    peak[np.arange(len(ridge)), ridge.argmax(1)] = True
    rank = np.argsort(np.where(peak, -ridge, np.inf), axis=1)[:, : extra + 1]
    chosen = np.take_along_axis(peak, rank, 1)
    found, place = np.nonzero(chosen)
    layer = rank[found, place]
    return found, layer * gains.shape[2] + inner[found, layer]
