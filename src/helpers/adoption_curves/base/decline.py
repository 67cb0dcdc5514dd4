"""Whether a series is in decline, judged from the observations that a forecast uses.

Scatter is the largest distance of an observation from the line between its neighbours. A series is in decline if its
last observation is at least a tenth below its highest, if this fall exceeds one and a half times the scatter, and if
the series has recovered less than half of the fall from its highest observation to the lowest since. The comparison
with scatter is dropped if the series fell at each of three or more observations since its peak, because the peak itself
is then far from the line between its neighbours. Two observations show no scatter, so such a series is never in
decline. The rule is in this subpackage because `adoption check` uses it without importing the statistical libraries.
"""

from __future__ import annotations

import numpy as np

from .dates import LEAST_OBSERVATIONS, LEAST_SPAN, CurveError
from .formats import spell

# Minimum distance in years between two observations that a forecast uses, and the largest number that it uses.
LEAST_APART, _MAX_OBSERVATIONS = 0.4, 8
# Number of observations that a forecast uses at least, if the series has as many.
_LEAST_USED = 4
# Minimum fall from the highest to the last observation, as a share of the highest.
LEAST_FALL = 0.1
# Minimum ratio of a fall to the scatter.
BEYOND_SCATTER = 1.5
# Number of consecutive falls since the peak that are not attributed to chance.
_STEADY_FALLS = 3
# A series that has recovered this part of its fall is rising again.
_RECOVERED = 0.5


def find_spaced(t: np.ndarray, least: float = LEAST_APART) -> np.ndarray:
    """Positions of the last observation and of earlier ones, each at least `least` years before the next.

    Parameters
    ----------
    t : ndarray of float, shape (n,)
        Decimal years, increasing.
    least : float
        Years.

    Returns
    -------
    ndarray of int, increasing
        At most eight.
    """
    spaced = [len(t) - 1]
    for position in range(len(t) - 2, -1, -1):
        if len(spaced) == _MAX_OBSERVATIONS:
            break
        if t[spaced[-1]] - t[position] >= least - 1e-9:
            spaced.append(position)
    return np.array(spaced[::-1])


def find_newest(t: np.ndarray) -> np.ndarray:
    """Positions of the observations that a forecast uses: the last eight that are at least 0.4 years apart.

    If fewer than four would remain, the minimum distance is a quarter of the span, then an eighth, then none.

    Parameters
    ----------
    t : ndarray of float, shape (n,)
        Decimal years, increasing.

    Returns
    -------
    ndarray of int, increasing
    """
    span = t[-1] - t[0] if len(t) else 0.0
    for least in (LEAST_APART, span / 4, span / 8):
        positions = find_spaced(t, least)
        if len(positions) >= _LEAST_USED:
            return positions
    return np.arange(len(t))[-_MAX_OBSERVATIONS:]


def count_usable(t: np.ndarray, values: np.ndarray) -> int:
    """Number of observations that a forecast can use, counted up to three.

    Only values above 0 count, and values that all lie within half a year count as one.

    Parameters
    ----------
    t, values : array_like of float, shape (n,)
        Decimal years, increasing, and observations.

    Returns
    -------
    int
    """
    t = np.asarray(t, float)[np.asarray(values, float) > 0]
    near = len(t) > 0 and np.ptp(t) < LEAST_SPAN
    return 1 if near else min(len(t), LEAST_OBSERVATIONS)


def explain_few(t: np.ndarray, values: np.ndarray, bounds: int = 0, since: str = "") -> str:
    """Reason why a series is too short for a forecast, as a clause after "because"; "" if it is long enough.

    Parameters
    ----------
    t, values : array_like of float, shape (n,)
        Decimal years, increasing, and exact values.
    bounds : int
        Number of newer values that were published only as "more than" or "less than".
    since : str
        Date of the change of method after which these values begin.

    Returns
    -------
    str

    Examples
    --------
    >>> explain_few([2023.0, 2024.0, 2025.0], [0.0, 3.0, 5.0]).partition("; ")[2]
    'the series has three values, two of them usable: one is 0'
    """
    usable, zeros = count_usable(t, values), int((np.asarray(values) == 0).sum())
    if usable >= LEAST_OBSERVATIONS:
        return ""
    counts = {"0": zeros, "only a bound": bounds, "less than half a year from the next": len(values) - zeros - usable}
    lost = [f"{spell(count)} {'is' if count == 1 else 'are'} {what}" for what, count in counts.items() if count]
    text = f"{spell(len(values) + bounds)} value{'' if len(values) + bounds == 1 else 's'}"
    text += f" since {since}" if since else ""
    text += f", {spell(usable) if usable else 'none'} of them usable: {' and '.join(lost)}" if lost else ""
    return f"a forecast needs three usable values that span half a year; the series has {text}"


def are_in_decline(t: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Whether each of N series is in decline; the docstring of this module has the rule.

    Parameters
    ----------
    t, values : ndarray of float, shape (N, n)
        Decimal years, increasing in each row, and observations.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    if t.shape[1] < 3:
        return np.zeros(len(t), bool)
    highest, last = values.max(axis=1), values[:, -1]
    fall = highest - last
    # distance of each inner observation from the line between its neighbours
    part = (t[:, 1:-1] - t[:, :-2]) / (t[:, 2:] - t[:, :-2])
    line = values[:, :-2] + part * (values[:, 2:] - values[:, :-2])
    scatter = np.abs(values[:, 1:-1] - line).max(axis=1)
    # the lowest observation since the peak shows how far the series fell before it rose again
    after_peak = np.arange(t.shape[1]) >= values.argmax(axis=1)[:, None]
    lowest = np.where(after_peak, values, np.inf).min(axis=1)
    recovered = last - lowest >= _RECOVERED * (highest - lowest)
    falls = np.diff(values) < 0
    steady = (falls | ~after_peak[:, :-1]).all(axis=1) & (after_peak.sum(axis=1) > _STEADY_FALLS)
    return (fall > 0) & (fall >= LEAST_FALL * highest) & (steady | (fall > BEYOND_SCATTER * scatter)) & ~recovered


def is_in_decline(t: np.ndarray, values: np.ndarray) -> bool:
    """Whether a series is in decline.

    It is if its last observation is at least a tenth below its highest, by more than one and a half times the scatter
    or with a fall at each of three or more observations since its peak, and if it has recovered less than half of the
    fall from its highest observation to the lowest since. Scatter is the largest distance of an observation from the
    line between its neighbours.

    Parameters
    ----------
    t, values : array_like of float, shape (n,)
        Decimal years, increasing, and observations; all of them, or those that a forecast uses.

    Returns
    -------
    bool
        False if fewer than three observations are above 0, or if these are within half a year; otherwise True if the
        last observation is 0. Other zeros and missing values are skipped, as in a forecast.

    Raises
    ------
    CurveError
        If `t` and `values` differ in length.

    Notes
    -----
    The thresholds are our choice: with them, 7 to 10% of flat series with errors of 5% are wrongly classed as in
    decline (``benchmarks/bench_decline.py``).

    Examples
    --------
    >>> is_in_decline([2019, 2020, 2021, 2022, 2023, 2024], [25, 44, 60, 66, 55, 41])
    True
    >>> is_in_decline([2021, 2022, 2023, 2024, 2025], [12, 60, 50, 30, 20])
    True
    >>> is_in_decline([2022, 2023, 2024], [10, 20, 12])
    False
    """
    t, values = np.asarray(t, float), np.asarray(values, float)
    if t.shape != values.shape:
        raise CurveError(f"got {t.size} dates and {values.size} values; their numbers must match")
    known = values[~np.isnan(values)]
    t, values = t[values > 0], values[values > 0]
    if count_usable(t, values) < LEAST_OBSERVATIONS:
        return False
    if known[-1] == 0:
        return True
    used = find_newest(t)
    return bool(are_in_decline(t[used][None], values[used][None])[0])


def has_grown(t: np.ndarray, values: np.ndarray) -> bool:
    """Whether a series rises by more than its scatter; True for fewer than three observations.

    The rise is that of the least-squares line from the first date to the last. It must exceed one and a half times the
    scatter, which is defined as for `is_in_decline`.

    Parameters
    ----------
    t, values : ndarray of float, shape (n,)
        Decimal years, increasing, and values.

    Returns
    -------
    bool

    Examples
    --------
    >>> scattered, growing = np.array([[10, 25, 12, 22, 15, 24, 11], [10, 13, 11, 16, 17, 19, 22]])
    >>> has_grown(np.arange(2018.0, 2025), scattered), has_grown(np.arange(2018.0, 2025), growing)
    (False, True)
    """
    if len(values) < LEAST_OBSERVATIONS:
        return True
    span = t[2:] - t[:-2]
    part = np.divide(t[1:-1] - t[:-2], span, out=np.full(len(span), 0.5), where=span > 0)
    scatter = np.abs(values[1:-1] - values[:-2] - part * (values[2:] - values[:-2])).max()
    rise = np.polyfit(t - t[-1], values, 1)[0] * (t[-1] - t[0])
    return bool(rise > BEYOND_SCATTER * scatter + 1e-9 * np.abs(values).max())
