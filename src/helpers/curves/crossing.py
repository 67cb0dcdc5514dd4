"""Search for the end of a profile interval, one function value at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq


def find_crossing(
    rise: Callable[[float], float], centre: float, target: float, limit: float, step: float, side: int
) -> float:
    """Where rise, zero at centre, first reaches target on the way to limit; infinite on that side if it does not.

    Parameters
    ----------
    rise : function of one number
    centre, limit : numbers; the limit lies on the given side, -1 or +1, or at the centre
    target : number above 0, or infinite
    step : first step away from the centre, doubled until the target is passed
    """
    if not np.isfinite(target) or (limit - centre) * side <= 0:
        return side * np.inf
    known = {centre: 0.0}  # a search that starts from the last one may find another value the second time

    def excess(value: float) -> float:
        if value not in known:
            known[value] = rise(value)
        return known[value] - target

    inner, width = centre, min(max(abs(step), 1e-8), 1.0) if np.isfinite(step) else 0.5
    while True:
        outer = centre + side * width
        if (limit - outer) * side <= 0:
            outer = limit
        if excess(outer) > 0:
            return brentq(excess, inner, outer, xtol=1e-10, rtol=1e-12)
        if outer == limit:
            return side * np.inf
        inner, width = outer, width * 2
