"""Level shifts: from a date on, as after a changed question, a series counts more or less than it would have before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from ..base.dates import REAL, CurveError, Times, years_among
from .engine import Array, Family

SHIFT_BOX = (-3.0, 3.0)
"""Logs of a shift, a factor of 20 either way."""
MAX_SHIFT_SD = 1.0
"""Largest standard deviation of a log size: a wider prior lets a shift explain any course."""


@dataclass(frozen=True)
class LevelShift:
    """From a date on the values are exp(shift) times what the same people would have counted as before.

    The log size is a parameter with a normal prior around 0, so that no shift is assumed where the data ask for none.
    The curve, its ceiling and every forecast are in the definition after the last shift.

    Parameters
    ----------
    date : date or decimal year of the first value in the new definition, or a time between it and the one before
    sd : standard deviation of the log size a priori, above 0 and at most 1
        With 0.3, two thirds of shifts are between 0.74 and 1.35.
    """

    date: Times
    sd: float


@dataclass(frozen=True)
class ShiftedFamily:
    """A family whose curve counts as exp(-shift) times itself before each date; for the engine a family like others."""

    base: type[Family]
    dates: tuple[float, ...]  # in spans from the origin
    sds: tuple[float, ...]

    @property
    def name(self) -> str:
        """Name of the family."""
        return self.base.name

    @property
    def diverging(self) -> tuple[tuple[str, int], ...]:
        """As the family has it."""
        return self.base.diverging

    @property
    def nested(self) -> tuple[tuple[str, int, str, tuple[tuple[str, int], ...]], ...]:
        """As the family has it."""
        return self.base.nested

    @property
    def needs_launch(self) -> bool:
        """As the family has it."""
        return self.base.needs_launch

    @property
    def inflection(self) -> Callable[..., Array]:
        """As the family has it."""
        return self.base.inflection

    @cached_property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The family's, and the shifts."""
        return (*self.base.parameters, *name_shifts(len(self.dates)))

    @cached_property
    def axes(self) -> tuple[Array, ...]:
        """The grid of starts; a shift starts at 0 and one standard deviation off either way."""
        return (*self.base.axes, *(np.array([-sd, 0.0, sd]) for sd in self.sds))

    @cached_property
    def box(self) -> tuple[tuple[float, float], ...]:
        """Limits of the coordinates."""
        return (*self.base.box, *[SHIFT_BOX] * len(self.dates))

    @cached_property
    def priors(self) -> tuple[tuple[int, float], ...]:
        """Places of the shifts among the coordinates, and their standard deviations."""
        return tuple(enumerate(self.sds, start=len(self.base.parameters)))

    def share(self, times: Array, *theta: Array) -> Array:
        """The share as counted at each time."""
        count = len(self.base.parameters)
        share = self.base.share(times, *theta[:count])
        return share * self._factor(times, theta[count:])

    def slopes(self, times: Array, share: Array, *theta: Array) -> list[Array]:
        """Derivatives of `share` by the coordinates of the family and the shifts."""
        count = len(self.base.parameters)
        factor = self._factor(times, theta[count:])
        own = self.base.slopes(times, share / factor, *theta[:count])
        return [*(factor * slope for slope in own), *(-share * (times < date) for date in self.dates)]

    def _factor(self, times: Array, shifts: Sequence[Array]) -> Array:
        return np.exp(-sum((times < date) * shift for date, shift in zip(self.dates, shifts, strict=True)))


def shift_family(base: type[Family], dates: np.ndarray, sds: tuple[float, ...]) -> type[Family]:
    """The family with shifts at dates (k,) in spans, in the place of a class: only attributes are asked of it."""
    return cast("type[Family]", ShiftedFamily(base, tuple(dates.tolist()), sds)) if sds else base


def name_shifts(count: int) -> tuple[tuple[str, str], ...]:
    """Names and kinds of the parameters: shift, or shift_1 and so on where there are several."""
    return tuple(("shift" if count == 1 else f"shift_{place}", "shift") for place in range(1, count + 1))


def read_shifts(
    shifts: LevelShift | Sequence[LevelShift] | None, years: np.ndarray, dated: bool
) -> tuple[np.ndarray, tuple[float, ...]]:
    """Decimal years (k,), increasing, and standard deviations of the shifts of observations at the years (n,).

    Raises
    ------
    CurveError
        For anything but shifts, a prior that is none, or a date that leaves no observation on one side.
    """
    given = [] if shifts is None else [shifts] if isinstance(shifts, LevelShift) else list(shifts)
    edges, pairs = [years.min()], []
    for shift in given:
        if not isinstance(shift, LevelShift):
            raise CurveError(f"shifts has {shift!r}; write LevelShift('2025-06-30', sd=0.3), or a list of those")
        at = np.atleast_1d(years_among(shift.date, dated, "the date of a shift"))
        if at.size != 1 or not np.isfinite(at).all():
            raise CurveError(f"the date of a shift is {shift.date!r}; it must be one date or decimal year")
        if not (isinstance(shift.sd, REAL) and 0 < shift.sd <= MAX_SHIFT_SD):
            raise CurveError(
                f"the sd of a shift is {shift.sd!r}; it is that of a log size, above 0 and at most "
                f"{MAX_SHIFT_SD:g}, as 0.3"
            )
        pairs.append((float(at[0]), float(shift.sd)))
    pairs.sort()
    for date, _ in pairs:
        if not ((years >= edges[-1]) & (years < date)).any() or not (years >= date).any():
            raise CurveError(
                f"a shift at {date:.6g} has no observation on one side: they lie from {years.min():.6g} to "
                f"{years.max():.6g}, and between two shifts there must be one"
            )
        edges.append(date)
    return np.array([date for date, _ in pairs]), tuple(sd for _, sd in pairs)
