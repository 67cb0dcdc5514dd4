"""The model: observations, a family and what is known of its ceiling; how they are read and fitted."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from helpers import projection
from helpers.curves.binomial import fit_binomial
from helpers.curves.ceilings import Share, SharePrior, read_ceiling
from helpers.curves.censoring import fit_censored
from helpers.curves.dates import Dates, Times, decimal_years, is_dated
from helpers.curves.errors import CurveError
from helpers.curves.results import Results


class AdoptionCurve:
    """Base of the families; see `helpers.curves.FAMILIES`.

    Parameters
    ----------
    endog : Series with a DatetimeIndex or decimal years as index, or (n,) array with `exog`; NaN are left out
    exog : (n,) dates or decimal years, or None for the index of `endog`
    ceiling : None (free), number (known), `Share` or `SharePrior`
    launch : date or decimal year, for the families that start at one; None = a median spacing before the first
        observation
    weights : (n,) inverse relative variances (for instance survey sizes), or None
    censored : DataFrame with dates as index and columns value and bound ("at_least" or "at_most"), or None
    per_period : bool, `endog` counts the adoptions of each period, so it is a difference of the cumulative curve

    Raises
    ------
    CurveError
        For data that no curve can be fitted to: no values, equal dates, lengths that differ, impossible weights or
        ceilings.

    Examples
    --------
    >>> from helpers.curves import Logistic
    >>> results = Logistic([12, 19, 31, 44, 52], exog=[2021, 2022, 2023, 2024, 2025]).fit()
    >>> round(results.ceiling, 1), results.identified
    (64.8, True)
    >>> results.conf_int(method="profile").loc["ceiling"].round().tolist()
    [52.0, 142.0]
    >>> axes = results.plot()
    """

    shape: ClassVar[type[projection.Family]]

    def __init__(
        self,
        endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any],
        exog: Dates | None = None,
        ceiling: float | Share | SharePrior | None = None,
        launch: Times | None = None,
        weights: np.ndarray | Sequence[Any] | None = None,
        censored: pd.DataFrame | None = None,
        per_period: bool = False,
    ) -> None:
        self.endog_name = str(getattr(endog, "name", None) or "y")
        values, times = _read_observations(endog, exog)
        kept = np.isfinite(values) & np.isfinite(decimal_years(times))
        if not kept.any():
            raise CurveError(f"{self.endog_name}: no finite observation to fit")
        self.is_dated = is_dated(times)
        self.index = pd.Index(np.asarray(times)[kept], name=getattr(times, "name", None))
        self.endog, self.exog = values[kept], decimal_years(times)[kept]
        if np.ptp(self.exog) == 0 and len(self.exog) > 1:
            raise CurveError(
                f"{self.endog_name}: all {len(self.exog)} observations have the same date; a curve needs two dates"
            )
        self.weights = _read_weights(weights, kept)
        self.ceiling = read_ceiling(ceiling, decimal_years(times))
        self.per_period = bool(per_period)
        self.censored = _read_censored(censored)
        self.launch, self.launch_is_assumed = self._read_launch(launch)

    def _read_launch(self, launch: Times | None) -> tuple[float | None, bool]:
        if not self.shape.needs_launch:
            if launch is not None:
                raise CurveError(f"the {self.shape.name} curve has no launch; leave launch=None")
            return None, False
        if launch is None:
            return float(projection.default_launch(self.exog[None])[0]), True
        launch = float(decimal_years(launch))
        if launch >= self.exog.max():
            raise CurveError(f"the launch ({launch:g}) lies after the last observation ({self.exog.max():g})")
        return launch, False

    @property
    def nobs(self) -> int:
        """Number of observations, censored ones included."""
        return len(self.endog) + (0 if self.censored is None else len(self.censored))

    @property
    def param_names(self) -> list[str]:
        """Names of the estimated parameters: the ceiling or share first, where it is estimated."""
        shape = [name for name, _ in self.shape.parameters]
        return [self.ceiling.name, *shape] if self.ceiling.name else shape

    def period_start(self, years: np.ndarray) -> np.ndarray:
        """Start of the period that ends at each year: the latest earlier date among the data's and these; (h,)."""
        known = np.sort(self.exog)
        first = known[0] - (known[1] - known[0] if len(known) > 1 else 1.0)
        edges = np.unique(np.r_[first, known, years])
        place = np.searchsorted(edges, years)
        return np.where(place > 0, edges[place - 1], years - 1.0)

    @property
    def order(self) -> np.ndarray:
        """Places of the observations by date."""
        return np.lexsort((self.endog, self.exog))

    @property
    def root_weights(self) -> np.ndarray:
        """Square roots of the weights, (n,)."""
        return np.ones(len(self.endog)) if self.weights is None else np.sqrt(self.weights)

    def without_data(self) -> Self:
        """The model without its observations; what remains can predict."""
        other = copy(self)
        other.endog = other.weights = other.index = None
        return other

    def batch(self, values: np.ndarray | None = None) -> projection.Batch:
        """The observations in the form of the engine, oldest first; values (N, n) replace the observed ones."""
        order = self.order
        times = self.exog[order]
        return projection.prepare(
            self.shape,
            times,
            self.endog[None, order] if values is None else values[:, order],
            ceiling=None if np.isnan(self.ceiling.level) else self.ceiling.level,
            bound=self.ceiling.bound_at(times),
            launch=self.launch,
            weights=None if self.weights is None else self.weights[order],
            per_period=self.per_period,
            prior=self.ceiling.prior,
        )

    def without_prior(self) -> Self:
        """The same model with a free share of the bound."""
        other = copy(self)
        other.ceiling = replace(self.ceiling, kind="free", prior=None)
        return other

    def fit(self, noise: str = "level") -> Results:
        """Fit the curve.

        Parameters
        ----------
        noise : "level" (least squares) or "binomial" (quasi-binomial share of a known ceiling, by statsmodels' GLM)

        Returns
        -------
        Results

        Raises
        ------
        CurveError
            For an unknown noise, or a binomial fit without a known ceiling or outside its range.

        Examples
        --------
        >>> from helpers.curves import Gompertz, Share
        >>> Gompertz([12, 19, 31, 44], [2021, 2022, 2023, 2024], ceiling=Share(100, 1.0)).fit(noise="binomial").noise
        'binomial'
        """
        if noise not in ("level", "binomial"):
            raise CurveError(f"noise={noise!r} is unknown; choose 'level' or 'binomial'")
        if noise == "binomial":
            return fit_binomial(self)
        if self.censored is not None:
            return fit_censored(self)
        batch = self.batch()
        return Results(self, batch, projection.fit(batch))


def _read_observations(
    endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any], exog: Dates | None
) -> tuple[np.ndarray, Dates]:
    if isinstance(endog, pd.DataFrame):
        if endog.shape[1] != 1:
            raise CurveError(f"endog has {endog.shape[1]} columns; give one series (fit_many takes a frame)")
        endog = endog.iloc[:, 0]
    if exog is None:
        if not isinstance(endog, pd.Series):
            raise CurveError(
                "endog has no dates: give a Series with dates as index, or exog with dates or decimal years"
            )
        exog = endog.index
    try:
        values = np.asarray(endog, float)
    except (TypeError, ValueError) as error:
        raise CurveError(f"endog must be numbers: {error}") from None
    if values.ndim != 1 or len(values) != len(exog):
        raise CurveError(
            f"endog has shape {values.shape} and exog {len(exog)} dates; both must be one column of equal length"
        )
    return values, exog


def _read_weights(given: np.ndarray | Sequence[Any] | None, kept: np.ndarray) -> np.ndarray | None:
    if given is None:
        return None
    weights = np.asarray(given, float)
    if weights.shape != kept.shape:
        raise CurveError(
            f"weights has shape {weights.shape}; it must have one weight for each of the {len(kept)} observations"
        )
    weights = weights[kept]
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise CurveError("weights must be finite and above 0; leave an observation out instead of weighing it with 0")
    return weights


def _read_censored(censored: pd.DataFrame | None) -> pd.DataFrame | None:
    if censored is None or len(censored) == 0:
        return None
    missing = {"value", "bound"} - set(censored.columns)
    if missing:
        raise CurveError(f"censored lacks the column {min(missing)!r}; it needs value and bound")
    wrong = set(censored["bound"]) - {"at_least", "at_most"}
    if wrong:
        raise CurveError(f"bound {min(map(str, wrong))!r} is unknown; write at_least or at_most")
    return censored[["value", "bound"]].assign(years=decimal_years(censored.index))
