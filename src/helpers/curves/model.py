"""What is observed and what is known of the ceiling, read and checked: the model without its curve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pandas as pd

from ..base.dates import CurveError, Dates, Times, check_observed, decimal_years, is_dated
from .ceiling_kinds import Share, read_ceiling
from .engine import Batch, Family, default_launch, prepare
from .inputs import check_errors, read_launch, read_observations, read_weights
from .launches import any_launch

MARGIN = 0.1
"""Part by which observations may lie above a known ceiling: more than noise and rounding do."""

INTERNAL = (
    "data", "order", "batch", "changed", "above", "launch_is_assumed", "family",
    "as_family", "with_any_launch", "frees_launch",
)  # fmt: skip


class CurveModel(Family, ABC):
    """Observations of one series with what is known of its ceiling; `families.AdoptionCurve` documents and fits it."""

    model_error = np.nan
    """Standard error of the model itself beside `known_se`, once it has been fitted."""
    frees_launch = False
    """True where the launch is one more parameter; see `with_any_launch`."""

    def __init__(
        self,
        endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any],
        exog: Dates | None = None,
        ceiling: float | Share | None = None,
        launch: Times | None = None,
        weights: np.ndarray | Sequence[Any] | None = None,
        errors: str | None = None,
        variance: str = "constant",
        known_se: np.ndarray | Sequence[Any] | None = None,
    ) -> None:
        check_errors(errors)
        if variance not in ("constant", "curve"):
            raise CurveError(f"variance={variance!r} is unknown; choose 'constant' or 'curve'")
        if sum((weights is not None, known_se is not None, variance == "curve")) > 1:
            raise CurveError("weights, known_se and variance='curve' each say how large the errors are; give one")
        self.errors, self.variance = errors, variance
        self.endog_name = str(getattr(endog, "name", None) or "y")
        values, times = read_observations(endog, exog)
        self.is_dated = is_dated(times)
        if self.is_dated:
            check_observed(decimal_years(times)[np.isfinite(values)], self.endog_name)
        kept = np.isfinite(values) & np.isfinite(decimal_years(times))
        if not kept.any():
            raise CurveError(f"{self.endog_name}: no finite observation to fit")
        self.index = pd.Index(np.asarray(times)[kept], name=getattr(times, "name", None))
        self.endog, self.exog = values[kept], decimal_years(times)[kept]
        if np.ptp(self.exog) == 0 and len(self.exog) > 1:
            raise CurveError(
                f"{self.endog_name}: all {len(self.exog)} observations have the same date; a curve needs two dates"
            )
        self.weights = read_weights(weights, kept, "weights")
        self.known_se = read_weights(known_se, kept, "known_se")
        self.ceiling = read_ceiling(ceiling, times)
        self.nobs = len(self.endog)
        self.launch, self.launch_is_assumed = self._read_launch(launch)
        self.parameters = self.family.parameters
        self.above = self._measure_above()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.endog_name}: {self.nobs} observations, {self.ceiling.kind} ceiling>"

    def __dir__(self) -> list[str]:
        internal = {*vars(Family), *Family.__annotations__, *INTERNAL} - {"name", "parameters", "latex"}
        return sorted(name for name in set(object.__dir__(self)) - internal if not name.startswith("_"))

    def _measure_above(self) -> float:
        """Part by which the highest observation lies above the highest ceiling that is possible, 0 if it doesn't."""
        if self.ceiling.kind == "free":
            return 0.0
        above = max(0.0, float((self.endog / self.ceiling.bound_at(self.exog) / self.ceiling.level).max() - 1))
        if above > MARGIN:
            raise CurveError(
                f"{self.endog_name}: {1 + above:.4g} of the given ceiling is observed; it must lie between 0 and 1, or "
                f"{1 + MARGIN:g} with noise: give a higher one, or ceiling=None"
            )
        return above

    def _read_launch(self, launch: Times | None) -> tuple[float | None, bool]:
        if not self.needs_launch:
            if launch is not None:
                raise CurveError(f"the {self.name} curve has no launch; leave launch=None")
            return None, False
        if launch is None:
            return float(default_launch(self.exog[None])[0]), True
        launch = read_launch(launch, self.is_dated)
        if launch >= self.exog.max():
            raise CurveError(f"the launch ({launch:g}) lies after the last observation ({self.exog.max():g})")
        early = (self.exog < launch) & (self.endog != 0)
        if early.any():
            raise CurveError(
                f"{self.endog_name}: {early.sum()} observations before the launch ({launch:g}) are not 0; leave them "
                f"out, or set a launch before {self.exog[early].min():g}"
            )
        return launch, False

    @property
    def family(self) -> type[Family]:
        """The curve as the engine takes it."""
        return any_launch(type(self)) if self.frees_launch else type(self)

    @property
    def param_names(self) -> list[str]:
        """Names of the estimated parameters: the ceiling or share first, where it is estimated."""
        names = [name for name, _ in self.parameters]
        return [self.ceiling.name, *names] if self.ceiling.name else names

    @property
    def data(self) -> SimpleNamespace:
        """Names of the parameters where the tests of statsmodels look for them."""
        return SimpleNamespace(cov_names=self.param_names, param_names=self.param_names)

    @property
    def order(self) -> np.ndarray:
        """Places of the observations by date."""
        return np.lexsort((self.endog, self.exog))

    def batch(self) -> Batch:
        """The observations in the form of the engine, oldest first, with errors that count as independent."""
        times = self.exog[self.order]
        values, level, bound = self.endog[None, self.order], self.ceiling.level, self.ceiling.bound_at(times)
        batch = prepare(self.family, times, values, level, bound, self.launch)
        return batch if self.weights is None else batch.with_weights(np.sqrt(self.weights[self.order]))

    def changed(self, **attributes: Any) -> Self:
        """The same model with other attributes."""
        other = copy(self)
        vars(other).update(attributes)
        return other

    def with_any_launch(self) -> Self:
        """The same model with its launch as one more parameter where none was given; else itself."""
        if not self.launch_is_assumed:
            return self
        other = self.changed(frees_launch=True)
        other.parameters = other.family.parameters
        return other

    @abstractmethod
    def as_family(self, name: str) -> CurveModel:
        """The same observations for a nested family; the families do."""

    @abstractmethod
    def fit(self) -> Any:
        """Fit the curve; the families do."""
