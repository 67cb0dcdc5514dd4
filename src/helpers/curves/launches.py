"""Launches that nobody gave: the family with its launch as one more coordinate, for intervals that hold for any."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import cast

import numpy as np

from .engine import Array, Family

LAUNCH_BOX = (-40.0, 0.0)
"""Spans of the series from the first observation back to the launch; as early as the first, Bass is the logistic."""
LAUNCHES = -np.array([0.0, 0.02, 0.06, 0.15, 0.35, 0.8, 2.0])


@dataclass(frozen=True)
class AnyLaunch:
    """A family from a launch whose launch is a coordinate, the last one; for the engine a family like others.

    Time is counted from the first observation, which the launch does not come after.
    """

    curve: type[Family]

    needs_launch = False

    @property
    def name(self) -> str:
        """Name of the family."""
        return self.curve.name

    @property
    def diverging(self) -> tuple[tuple[str, int], ...]:
        """As the family has it."""
        return self.curve.diverging

    @property
    def nested(self) -> tuple[tuple[str, int, str, tuple[tuple[str, int], ...]], ...]:
        """As the family has it."""
        return self.curve.nested

    @cached_property
    def parameters(self) -> tuple[tuple[str, str], ...]:
        """The family's, and the launch."""
        return (*self.curve.parameters, ("launch", "date"))

    @cached_property
    def axes(self) -> tuple[Array, ...]:
        """The grid of starts, thinner in the coordinates of the family."""
        return (*(thin_axis(axis) for axis in self.curve.axes), LAUNCHES)

    @cached_property
    def box(self) -> tuple[tuple[float, float], ...]:
        """Limits of the coordinates."""
        return (*self.curve.box, LAUNCH_BOX)

    def share(self, times: Array, *theta: Array) -> Array:
        """The share at times since the first observation."""
        return self.curve.share(times - theta[-1], *theta[:-1])

    def slopes(self, times: Array, share: Array, *theta: Array) -> list[Array]:
        """Derivatives of `share` by the coordinates; a later launch is an earlier time."""
        since = np.maximum(times - theta[-1], 0)
        own = self.curve.slopes(since, share, *theta[:-1])
        return [*own, -time_derivative(self.curve, since, own)]


def thin_axis(axis: Array) -> Array:
    """An axis of the grid with about every third value: with the launch there are as many cells as without."""
    return axis[1::3] if len(axis) > 12 else axis[1::2]


def time_derivative(curve: type[Family], since: Array, slopes: list[Array]) -> Array:
    """Derivative of the share by time since the launch: it grows faster with its rates, slower with its durations."""
    by_kind = {"rate": 1.0, "duration": -1.0}
    rise = sum(by_kind.get(kind, 0.0) * slope for (_, kind), slope in zip(curve.parameters, slopes, strict=True))
    return np.where(since > 0, rise / np.maximum(since, 1e-12), 0.0)


def any_launch(curve: type[Family]) -> type[Family]:
    """The family with any launch, in the place of a class: only attributes are asked of it."""
    return cast("type[Family]", AnyLaunch(curve))
