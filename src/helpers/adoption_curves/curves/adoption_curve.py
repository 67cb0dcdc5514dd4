"""The model: observations of one series and what is known of its ceiling, for every family alike."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from ..base.dates import CurveError, Dates, Times, check_observed, decimal_years, is_dated, years_among
from .arguments import Share, check_errors, read_ceiling, read_floor, read_observations, read_weights
from .fit import PARAMETER_KINDS, Family, LeastSquares, search, settle
from .results import Results

_MARGIN = 0.1
"""Part by which observations may lie above a known ceiling: more than noise and rounding do."""


class AdoptionCurve(Family):
    """Base of the families; see `adoption_curves.curves.FAMILIES`. It keeps its observations oldest first.

    Parameters
    ----------
    endog : Series with a DatetimeIndex or decimal years as index, or (n,) array with `exog`; NaN are left out
    exog : (n,) dates or decimal years, or None for the index of `endog`
    ceiling : None (free), number (known), or `Share`
    launch : date or decimal year, for the families that start at one, or None
        None is free: the launch is one more parameter, no later than the first observation.
    weights : (n,) inverse relative variances (for instance survey sizes), or None
    errors : None (not known; the default), "independent", "persistent" or "cumulative"
        Those of a repeated survey are independent, and a cumulated count carries its errors along, so that the
        estimate is generalised least squares. Persistent errors have a correlation of .98 a median step apart. Where
        errors are not known the estimate is least squares on the level, and profile intervals and `identified` hold
        for independent and for persistent errors. Adoptions per period are added up, as `endog.cumsum()`, and their
        errors are cumulative.
    known_se : (n,) known standard errors, as of a survey, or None
        The variance of the model's own error is estimated beside them (`model_error`).
    floor : number, or None
        What has been published at most, in the unit of the series: no free ceiling, and no interval of one, lies below.
        None is the highest of figures with dates, which are published ones; measurements along numbers may scatter
        about their ceiling, and have no floor. 0 is none.

    Raises
    ------
    CurveError
        For data that no curve can be fitted to: no values, equal dates, lengths that differ, impossible weights or
        ceilings, an unknown kind of errors.

    Examples
    --------
    >>> from adoption_curves.curves import Logistic
    >>> survey = Logistic([12, 19, 31, 44, 52, 57, 60], exog=range(2021, 2028), errors="independent")
    >>> results = survey.fit()
    >>> round(results.ceiling, 1), results.identified
    (62.6, True)
    >>> results.conf_int(method="profile").loc["ceiling"].round().tolist()
    [60.0, 66.0]
    """

    model_error = np.nan
    """Standard error of the model itself beside `known_se`, once it has been fitted."""

    def __init_subclass__(cls) -> None:
        """Refuse a family with a parameter of an unknown kind."""
        for name, kind in cls.parameters:
            if kind not in PARAMETER_KINDS:
                right = f"write {', '.join(PARAMETER_KINDS)}"
                raise CurveError(f"the {cls.name} curve: the kind {kind!r} of its parameter {name!r} is none; {right}")

    def __init__(
        self,
        endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any],
        exog: Dates | None = None,
        ceiling: float | Share | None = None,
        launch: Times | None = None,
        weights: np.ndarray | Sequence[Any] | None = None,
        errors: str | None = None,
        known_se: np.ndarray | Sequence[Any] | None = None,
        floor: float | None = None,
    ) -> None:
        check_errors(errors)
        if weights is not None and known_se is not None:
            raise CurveError("weights and known_se both say how large the errors are; give one")
        self.errors = errors
        self.endog_name = str(getattr(endog, "name", None) or "y")
        values, times = read_observations(endog, exog)
        years, self.is_dated = decimal_years(times), is_dated(times)
        if self.is_dated:
            check_observed(years[np.isfinite(values)], self.endog_name)
        # places of the observations that are kept, oldest first
        order = np.lexsort((values, years))
        kept = order[np.isfinite(values[order]) & np.isfinite(years[order])]
        if not len(kept):
            raise CurveError(f"{self.endog_name}: no finite observation to fit")
        self.index = pd.Index(np.asarray(times)[kept], name=getattr(times, "name", None))
        self.endog, self.exog, self.nobs = values[kept], years[kept], len(kept)
        if self.nobs > 1 and self.exog[0] == self.exog[-1]:
            raise CurveError(
                f"{self.endog_name}: all {self.nobs} observations have the same date; a curve needs two dates"
            )
        self.weights = read_weights(np.ones(len(values)) if weights is None else weights, kept, len(values), "weights")
        self.known_se = None if known_se is None else read_weights(known_se, kept, len(values), "known_se")
        self.ceiling = read_ceiling(ceiling, times)
        self.launch = self._read_launch(launch)
        self.floor = read_floor(floor, self.endog if self.is_dated else np.zeros(1))
        self.above = self._measure_above()
        # names of the estimated parameters, also where the tests of statsmodels look for them
        names = [self.ceiling.name, *(name for name, _ in self.parameters), "launch" if self.free_launch else ""]
        self.param_names = [name for name in names if name]
        self.data = SimpleNamespace(cov_names=self.param_names, param_names=self.param_names)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.endog_name}: {self.nobs} observations, {self.ceiling.kind} ceiling>"

    def _measure_above(self) -> float:
        """Part by which the highest observation lies above the highest ceiling that is possible, 0 if it doesn't."""
        if self.ceiling.kind == "free":
            return 0.0
        above = max(0.0, float((self.endog / self.ceiling.limit_at(self.exog) / self.ceiling.level).max() - 1))
        if above > _MARGIN:
            highest = self.endog.max()
            given = f"ceiling={self.ceiling.level:g}" if self.ceiling.limit is None else "the share of the limit"
            raise CurveError(
                f"{self.endog_name}: {given} lies below the figures, the highest of which is {highest:g} "
                f"({1 + above:.4g} of the ceiling then): give a higher ceiling, or ceiling=None"
            )
        return above

    def _read_launch(self, launch: Times | None) -> float | None:
        if not self.needs_launch:
            if launch is not None:
                raise CurveError(f"the {self.name} curve has no launch; leave launch=None")
            return None
        if launch is None:
            return None
        years = years_among(launch, self.is_dated, "the launch")
        if years.size != 1 or not np.isfinite(years).all():
            raise CurveError(f"the launch is {launch!r}; it must be one date or decimal year, or None")
        launch = float(years.item())
        if launch >= self.exog[-1]:
            raise CurveError(f"the launch ({launch:g}) lies after the last observation ({self.exog[-1]:g})")
        early = (self.exog < launch) & (self.endog != 0)
        if early.any():
            raise CurveError(
                f"{self.endog_name}: {early.sum()} observations before the launch ({launch:g}) are not 0; leave them "
                f"out, or set a launch before {self.exog[early][0]:g}"
            )
        return launch

    @property
    def free_launch(self) -> bool:
        """True where the launch is one more parameter."""
        return self.needs_launch and self.launch is None

    def problem(self) -> LeastSquares:
        """The least-squares problem with errors that count as independent."""
        years, values, limit, root = self.exog, self.endog, self.ceiling.limit_at(self.exog), np.sqrt(self.weights)
        origin = float(years[0] if self.launch is None else self.launch)
        span = float(years[-1] - origin) or 1.0
        # with a limit that moves the share is no lower than the highest share published
        floor = 0.0 if self.floor == 0 else max(float((values / limit).max()), self.floor / float(limit[-1]))
        return LeastSquares(
            family=type(self),
            times=(years - origin) / span,
            target=values * root,
            scale=limit * root,
            ceiling=self.ceiling.level,
            top=float(np.abs(values / limit).max()),
            floor=floor,
            origin=origin,
            span=span,
            free_launch=self.free_launch,
        )

    def changed(self, **attributes: Any) -> Self:
        """Copy of the model with other attributes."""
        other = copy(self)
        vars(other).update(attributes)
        return other

    def imply_weights(self) -> Self:
        """The model with the weights that known standard errors and its own fit imply; without these itself.

        The variance of the model's own error is the one at which the residuals are as large as expected, or 0 (Paule
        and Mandel 1982).
        """
        if self.known_se is None:
            return self
        known, freedom = self.known_se**2, self.nobs - len(self.param_names)
        near = [search(self.changed(weights=1 / known).problem()).theta]

        def excess(variance: float) -> float:  # each search begins where the one before it has ended
            best = settle(self.changed(weights=1 / (known + variance)).problem(), near[-1])
            near.append(best.theta)
            return best.ssr - freedom

        top, variance = float(np.var(self.endog)) + 1e-300, 0.0
        if freedom > 0 and excess(0.0) > 0:
            while excess(top) > 0:  # a curve that doesn't describe the series
                top *= 4
            variance = brentq(excess, 0.0, top, xtol=1e-12 * top)
        return self.changed(weights=1 / (known + variance), model_error=np.sqrt(variance))

    def fit(self) -> Results:
        """Fit the curve by least squares.

        Returns
        -------
        Results
        """
        return Results(self.imply_weights())
