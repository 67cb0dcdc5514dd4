"""Where functions of one number meet their targets: the ends of profile intervals, all of them searched together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

Rise: TypeAlias = Callable[[np.ndarray, np.ndarray], np.ndarray]
Refit: TypeAlias = Callable[[np.ndarray, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]
NEAR_LIMIT = 0.7
"""A crossing this near to the limit of the search (a factor of two) counts as none."""
ROUNDS = 60
"""Most steps to an end."""


@dataclass(frozen=True)
class CrossingSearch:
    """Search for the crossing of R rises with their targets, each on one side of its centre."""

    side: np.ndarray  # (R,) -1 or +1
    target: np.ndarray  # (R,) above 0
    centre: np.ndarray  # (R,) where the rise is 0
    step: np.ndarray  # (R,) first step away from the centre
    limit: np.ndarray  # (R,) on the given side of the centre

    def find(self, rise: Rise) -> np.ndarray:
        """Where each rise meets its target, (R,); near the limit where it does not.

        The next value is the secant between the bracket's ends, or from the centre without an outer point; it is halved
        when it hugs an end.

        Parameters
        ----------
        rise : function of rows and values, (m,) each: about in proportion to the distance from the centre

        Returns
        -------
        ndarray, (R,)
        """
        side, target, centre, step, limit = self.side, self.target, self.centre, self.step, self.limit
        inner, outer = centre.copy(), limit.copy()
        low, high, rows = np.zeros_like(centre), np.full_like(centre, np.nan), np.arange(len(centre))
        value = centre + side * np.minimum(step, np.abs(limit - centre))
        for count in range(1, ROUNDS + 1):
            found = rise(rows, value[rows])
            inside = found < target[rows]
            within, beyond = rows[inside], rows[~inside]
            inner[within], low[within] = value[within], found[inside]
            outer[beyond], high[beyond] = value[beyond], found[~inside]
            gap = np.abs(outer - inner)[rows] <= 1e-10 * np.maximum(np.abs(value[rows]), 1e-3)
            rows = rows[(np.abs(found / target[rows] - 1) > 1e-7) & ~gap]
            if len(rows) == 0:
                break
            width, longest = outer - inner, inner + side * np.maximum(4 * np.abs(inner - centre), step)
            with np.errstate(divide="ignore", invalid="ignore"):
                ahead = centre + (inner - centre) * target / low * 1.02
                ahead = np.where((ahead - inner) * side > 0, side * np.minimum(side * ahead, side * longest), longest)
                proposal = np.where(np.isnan(high), ahead, inner + width * (target - low) / (high - low))
                part = (proposal - inner) / width
            halved = ~((part > 0) & (part < 1)) | (count % 6 == 0)
            value[rows] = np.where(halved, inner + 0.5 * width, proposal)[rows]
        return value

    def follow(self, refit: Refit, point: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The same along fits that start from the last inner one, moved on as it moved before.

        Parameters
        ----------
        refit : function of rows (m,), starts (k, m) and values (m,)
            The best points there, (k, m), and their rises, (m,).
        point, slope : (k, R) points at the centre, and how they move from there

        Returns
        -------
        crossing : ndarray, (R,)
        point : ndarray, (k, R)
            The last inner ones.
        """
        point, slope, inner = point.copy(), slope.copy(), self.centre.copy()

        def rise(rows: np.ndarray, value: np.ndarray) -> np.ndarray:
            found, root = refit(rows, point[:, rows] + slope[:, rows] * (value - inner[rows]), value)
            inside = root < self.target[rows]
            within = rows[inside]
            with np.errstate(divide="ignore", invalid="ignore"):
                moved = (found[:, inside] - point[:, within]) / (value[inside] - inner[within])
            slope[:, within] = np.nan_to_num(moved, posinf=0, neginf=0)
            point[:, within], inner[within] = found[:, inside], value[inside]
            return root

        return self.find(rise), point

    def open(self, crossing: np.ndarray) -> np.ndarray:
        """Crossings, infinite on their side where they lie at the limit of the search."""
        return np.where(np.abs(crossing - self.limit) < NEAR_LIMIT, self.side * np.inf, crossing)
