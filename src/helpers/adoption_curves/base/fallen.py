"""Whether a series has fallen from a peak, asked of the figures that a forecast uses.

A series has fallen when its last figure lies a tenth or more below its highest, by more than one and a half times the
farthest that any figure lies from the line between its neighbours, and less than half of the fall has been made up
since; or when it has fallen so far, each time since its peak, three times or more: the peak, which lies far from that
line, is no scatter then. Two figures tell no scatter and never have fallen. The rule stands here because curves,
forecast, words and `adoption check` ask it, and the last loads no statistics.
"""

from __future__ import annotations

import numpy as np

from .dates import SHORTEST, SHORTEST_SPAN, CurveError
from .formats import spell

LEAST_APART, _MAX_FIGURES = 0.4, 8
"""Years between two figures that a forecast uses at least, and how many of them it uses at most."""
_FEWEST = 4
"""How many it uses at least, where there are as many."""
LEAST_FALL = 0.1
"""Part of the highest figure by which the last one lies below it at least, after a fall."""
BEYOND_SCATTER = 1.5
"""A fall is more than so many times the farthest that a figure lies from the line between its neighbours."""
_STEADY_FALLS = 3
"""Falls one after the other since the peak that are none by chance."""
_MADE_UP = 0.5
"""A series that has made up this part of its fall is rising again."""


def find_spaced(t: np.ndarray, least: float = LEAST_APART) -> np.ndarray:
    """Positions of the last figure and of those before it, each so many years or more before the next.

    Parameters
    ----------
    t : ndarray of float, shape (n,)
        Decimal years, increasing.
    least : float
        Years.

    Returns
    -------
    ndarray of int, increasing
        Eight at most.
    """
    kept = [len(t) - 1]
    for position in range(len(t) - 2, -1, -1):
        if len(kept) == _MAX_FIGURES:
            break
        if t[kept[-1]] - t[position] >= least - 1e-9:
            kept.append(position)
    return np.array(kept[::-1])


def find_newest(t: np.ndarray) -> np.ndarray:
    """Positions of the figures that a forecast uses: the last ones, at least 0.4 years apart, eight at most.

    Where fewer than four would remain, a quarter of the span is far enough, then an eighth, then any distance.

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
        kept = find_spaced(t, least)
        if len(kept) >= _FEWEST:
            return kept
    return np.arange(len(t))[-_MAX_FIGURES:]


def count_usable(t: np.ndarray, values: np.ndarray) -> int:
    """Number of figures that a forecast can use, up to three: those above 0; all within half a year count as one.

    Parameters
    ----------
    t, values : array_like of float, shape (n,)
        Decimal years, increasing, and figures.

    Returns
    -------
    int
    """
    t = np.asarray(t, float)[np.asarray(values, float) > 0]
    near = len(t) > 0 and np.ptp(t) < SHORTEST_SPAN
    return 1 if near else min(len(t), SHORTEST)


def explain_few(t: np.ndarray, values: np.ndarray, bounds: int = 0, since: str = "") -> str:
    """Why no forecast is made of few values, as a clause after "because"; "" where there are enough.

    Parameters
    ----------
    t, values : array_like of float, shape (n,)
        Decimal years, increasing, and exact values.
    bounds : int
        How many newer values were published only as "more than" or "less than".
    since : str
        The date of the break after which these values begin.

    Returns
    -------
    str

    Examples
    --------
    >>> explain_few([2023.0, 2024.0, 2025.0], [0.0, 3.0, 5.0]).partition("; ")[2]
    'the series has three values, two of them usable: one is 0'
    """
    usable, zeros = count_usable(t, values), int((np.asarray(values) == 0).sum())
    if usable >= SHORTEST:
        return ""
    counts = {"0": zeros, "only a bound": bounds, "less than half a year from the next": len(values) - zeros - usable}
    lost = [f"{spell(count)} {'is' if count == 1 else 'are'} {what}" for what, count in counts.items() if count]
    text = f"{spell(len(values) + bounds)} value{'' if len(values) + bounds == 1 else 's'}"
    text += f" since {since}" if since else ""
    text += f", {spell(usable) if usable else 'none'} of them usable: {' and '.join(lost)}" if lost else ""
    return f"a forecast needs three usable values that span half a year; the series has {text}"


def are_in_decline(t: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Which of N windows have fallen; the rule is the module's first sentence.

    Parameters
    ----------
    t, values : ndarray of float, shape (N, n)
        Decimal years, increasing in each row, and figures.

    Returns
    -------
    ndarray of bool, shape (N,)
    """
    if t.shape[1] < 3:
        return np.zeros(len(t), bool)
    highest, last = values.max(axis=1), values[:, -1]
    fall = highest - last
    # how far each inner figure lies from the line between its neighbours
    part = (t[:, 1:-1] - t[:, :-2]) / (t[:, 2:] - t[:, :-2])
    line = values[:, :-2] + part * (values[:, 2:] - values[:, :-2])
    scatter = np.abs(values[:, 1:-1] - line).max(axis=1)
    # the lowest figure from the peak on tells how deep the series fell before it rose again
    after_peak = np.arange(t.shape[1]) >= values.argmax(axis=1)[:, None]
    lowest = np.where(after_peak, values, np.inf).min(axis=1)
    made_up = last - lowest >= _MADE_UP * (highest - lowest)
    falls = np.diff(values) < 0
    steady = (falls | ~after_peak[:, :-1]).all(axis=1) & (after_peak.sum(axis=1) > _STEADY_FALLS)
    return (fall > 0) & (fall >= LEAST_FALL * highest) & (steady | (fall > BEYOND_SCATTER * scatter)) & ~made_up


def is_in_decline(t: np.ndarray, values: np.ndarray) -> bool:
    """Whether a series has fallen; figures of 0 and missing ones are passed over, as in a forecast, but for the last.

    A last figure of 0 has fallen. Figures within half a year never have fallen.

    Parameters
    ----------
    t, values : array_like of float, shape (n,)
        Decimal years, increasing, and figures; all of them, or those that a forecast uses.

    Returns
    -------
    bool

    Raises
    ------
    CurveError
        If they are not as many.

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
        raise CurveError(f"there are {t.size} dates and {values.size} figures: give as many of both")
    known = values[~np.isnan(values)]
    t, values = t[values > 0], values[values > 0]
    if count_usable(t, values) < SHORTEST:  # a forecast uses none of these, or the last alone
        return False
    if known[-1] == 0:
        return True
    used = find_newest(t)
    return bool(are_in_decline(t[used][None], values[used][None])[0])


def has_grown(t: np.ndarray, values: np.ndarray) -> bool:
    """Whether values rise by more than they scatter; fewer than three have grown.

    The rise is that of their least-squares line, from the first date to the last. The scatter is the farthest that any
    value lies from the line between its neighbours. A rise is more than one and a half times that, as a fall is for
    `is_in_decline`.

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
    if len(values) < SHORTEST:
        return True
    span = t[2:] - t[:-2]
    part = np.divide(t[1:-1] - t[:-2], span, out=np.full(len(span), 0.5), where=span > 0)
    scatter = np.abs(values[1:-1] - values[:-2] - part * (values[2:] - values[:-2])).max()
    rise = np.polyfit(t - t[-1], values, 1)[0] * (t[-1] - t[0])
    return bool(rise > BEYOND_SCATTER * scatter + 1e-9 * np.abs(values).max())
