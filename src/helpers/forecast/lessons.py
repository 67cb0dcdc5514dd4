"""What the references teach: errors, prior, calibrations and correlations, made once for all that use them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from helpers.forecast import bands
from helpers.forecast.bands import PUBLISHED, Calibration, Errors
from helpers.forecast.methods import Prior, learn_prior, saturation_shares
from helpers.forecast.paths import correlate_errors, fit_decay
from helpers.forecast.rolling import backtest, check_residuals
from helpers.indicators.series import AdoptionSeries

if TYPE_CHECKING:
    from distributed import Client


class Lessons:
    """What references teach the forecasts of one technology, which teaches nothing itself.

    Parameters
    ----------
    errors : Errors by method, filled as they are asked for
        Shared by all that learn from the same residuals.
    residuals : DataFrame
        From `backtest`.
    reached : DataFrame
        From `saturation_shares`, of the other technologies.
    technology : str
        The one left out; "" for none.
    """

    def __init__(
        self, errors: dict[str, Errors], residuals: pd.DataFrame, reached: pd.DataFrame, technology: str = ""
    ) -> None:
        self._errors, self._all, self.reached, self._technology = errors, residuals, reached, technology
        self._calibrations: dict[str, Calibration] = {}

    @property
    def residuals(self) -> pd.DataFrame:
        """Residual rows of the other technologies."""
        return bands.leave_out(self._all, self._technology)

    @cached_property
    def prior(self) -> Prior:
        """Where the other technologies stand, and how their growth went on; it says nothing without bounds."""
        bounded = bands.is_bounded(self._all)
        return learn_prior(self.reached, self._all, self._technology) if bounded else Prior(0.0, 1.0)

    def calibration(self, method: str) -> Calibration:
        """`Calibration` of a method on the other technologies."""
        if method not in self._calibrations:
            errors = self._errors.get(method) or self._errors.setdefault(method, Errors(self._all, method))
            others = self._all["technology"] != self._technology
            self._calibrations[method] = errors.calibrate(others.to_numpy() | (not self._technology))
        return self._calibrations[method]

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the published forecast's errors at two horizons."""
        return correlate_errors(self.residuals, PUBLISHED)

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
        From `backtest` on them; what is missing, or of the other kind, is computed once, when it is first needed.
    client : dask.distributed.Client, optional
        For that.
    """

    def __init__(
        self, series: Sequence[AdoptionSeries], residuals: pd.DataFrame | None = None, client: Client | None = None
    ) -> None:
        self.series, self._client = list(series), client
        known = [] if residuals is None else [check_residuals(residuals)]
        self._residuals = {bands.is_bounded(each): each for each in known}
        self._errors: dict[bool, dict[str, Errors]] = {True: {}, False: {}}
        self._lessons: dict[tuple[str, bool], Lessons] = {}

    def __getstate__(self) -> dict[str, object]:
        return vars(self) | {"_client": None}  # a worker has its residuals, and no client

    def residuals(self, bounded: bool) -> pd.DataFrame:
        """Errors of the references' own forecasts."""
        if bounded not in self._residuals:
            self._residuals[bounded] = backtest(self.series, bounded=bounded, client=self._client)
        return self._residuals[bounded]

    def teach(self, technology: str, bounded: bool) -> Lessons:
        """`Lessons` for one technology; those that are not among the references share theirs."""
        residuals = self.residuals(bounded)
        own = technology in {each.technology for each in self.series} or (residuals["technology"] == technology).any()
        key = (technology if own else "", bounded)
        if key not in self._lessons:
            others = [each for each in self.series if not key[0] or each.technology != key[0]]
            self._lessons[key] = Lessons(self._errors[bounded], residuals, saturation_shares(others), key[0])
        return self._lessons[key]
