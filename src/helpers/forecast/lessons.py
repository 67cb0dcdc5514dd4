"""What the references teach: errors, prior, calibrations and correlations, made once for all that use them.

`recall` gives the references with all that they have taught in this process; their errors come from
`helpers.forecast.backtests`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..indicators.series import AdoptionSeries
from . import bands
from .backtests import cached_backtest, digest_series
from .bands import PUBLISHED, Calibration, Records
from .methods import Prior, learn_prior, saturation_shares
from .paths import correlate_scores, fit_decay
from .rolling import check_residuals

if TYPE_CHECKING:
    from distributed import Client


class Lessons:
    """What references teach the forecasts of one technology, which teaches nothing itself.

    Parameters
    ----------
    records : Records
        Of residuals from `backtest`; shared by all that learn from these.
    reached : DataFrame
        From `saturation_shares`, of the other technologies.
    technology : str
        The one left out; "" for none.
    """

    def __init__(self, records: Records, reached: pd.DataFrame, technology: str = "") -> None:
        self._records, self.reached, self._technology = records, reached, technology
        self._calibrations: dict[str, Calibration] = {}

    @property
    def residuals(self) -> pd.DataFrame:
        """Residual rows of the other technologies."""
        return bands.leave_out(self._records.residuals, self._technology)

    @cached_property
    def furthest(self) -> float:
        """Years ahead of the furthest forecast on record."""
        return float(self.residuals["horizon_years"].max())

    @property
    def _others(self) -> np.ndarray:
        """(R,) whether a row is of another technology."""
        return (self._records.residuals["technology"] != self._technology).to_numpy() | (not self._technology)

    @cached_property
    def prior(self) -> Prior:
        """Where the other technologies stand, and how their growth went on; it says nothing without bounds."""
        rows = self._records.residuals
        return learn_prior(self.reached, rows, self._technology) if bands.is_bounded(rows) else Prior(0.0, 1.0)

    def calibration(self, method: str) -> Calibration:
        """`Calibration` of a method on the other technologies."""
        if method not in self._calibrations:
            self._calibrations[method] = self._records[method].calibrate(self._others)
        return self._calibrations[method]

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the published forecast's errors at two horizons."""
        members = bands.members_of(PUBLISHED, bands.is_bounded(self._records.residuals))
        scores = sum(self._records[name].normal_scores(self.calibration(name)) for name in members) / len(members)
        return correlate_scores(self.residuals, scores[self._others])

    @cached_property
    def decay(self) -> float:
        """Decay of every method's paths."""
        return fit_decay(self.correlations)


class References:
    """Reference technologies, with all that they teach, with and without a bound.

    Parameters
    ----------
    series : sequence of AdoptionSeries
    residuals : DataFrame, optional
        From `backtest` on them; what is missing, or of the other kind, is that of `cached_backtest`.
    """

    def __init__(self, series: Sequence[AdoptionSeries], residuals: pd.DataFrame | None = None) -> None:
        self.series = list(series)
        given = [] if residuals is None else [check_residuals(residuals)]
        self._residuals = {bands.is_bounded(each): each for each in given}
        self._records: dict[bool, Records] = {}
        self._lessons: dict[tuple[str, bool], Lessons] = {}

    def residuals(self, bounded: bool, client: Client | None = None) -> pd.DataFrame:
        """Errors of the references' own forecasts; a Dask client's workers compute what isn't there yet."""
        if bounded not in self._residuals:
            self._residuals[bounded] = cached_backtest(self.series, bounded, client)
        return self._residuals[bounded]

    def teach(self, technology: str, bounded: bool) -> Lessons:
        """`Lessons` for one technology; those that are not among the references share theirs."""
        residuals = self.residuals(bounded)
        own = technology in {each.technology for each in self.series} or (residuals["technology"] == technology).any()
        key = (technology if own else "", bounded)
        if key not in self._lessons:
            others = [each for each in self.series if not key[0] or each.technology != key[0]]
            records = self._records.setdefault(bounded, Records(residuals))
            self._lessons[key] = Lessons(records, saturation_shares(others), key[0])
        return self._lessons[key]


MOST_TAUGHT = 4
"""Sets of references that stay in memory: each with a calibration per method is some 20 megabytes."""
_TAUGHT: dict[str, References] = {}


def recall(series: Sequence[AdoptionSeries]) -> References:
    """`References` of these series; the same object for the same figures, with what it has taught already."""
    key = digest_series(series)
    references = _TAUGHT.pop(key) if key in _TAUGHT else References(series)
    _TAUGHT[key] = references  # used last: the last to go
    for old in list(_TAUGHT)[:-MOST_TAUGHT]:
        del _TAUGHT[old]
    return references
