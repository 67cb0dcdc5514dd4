"""What is observed and what is known of the ceiling, read and checked: the model without its curve."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import pandas as pd
from scipy.optimize import root

from ..base.dates import REAL, CurveError, Dates, Times, check_observed, decimal_years, is_dated, years_among
from .engine import Batch, Family, default_launch, prepare
from .error_models import KINDS
from .launches import any_launch
from .shifts import LevelShift, read_shifts, shift_family

Bound: TypeAlias = float | pd.Series | np.ndarray | Sequence[Any]
"""What a ceiling is a share of: one number, a series over dates, or a value for each observation."""
LARGEST_SHARE = 10.0
"""A larger one is a bound in the place of a share."""
WIDEST = 10.0
"""A mean or spread of logits beyond this says nothing: e^-10 is nothing of the bound, and e^10 all of it."""
WIDEST_MOMENTS = 0.9
MARGIN = 0.1
"""Part by which observations may lie above a known ceiling: more than noise and rounding do."""

HUGE = 1e60
INTERNAL = (
    "data", "period_start", "order", "batch", "changed", "above", "launch_is_assumed", "family",
    "as_family", "with_any_launch", "frees_launch", "shift_years", "shift_sds",
)  # fmt: skip


@dataclass(frozen=True)
class Share:
    """The ceiling is a share of a known bound, which may move.

    Parameters
    ----------
    bound : number, Series over dates or decimal years, or array like the observations, in the units of the values
    share : fraction above 0, at most 10, or None: the share is free and estimated
    """

    bound: Bound
    share: float | None = None


@dataclass(frozen=True)
class SharePrior:
    """The logit of the ceiling's share of a known bound is normal a priori.

    Parameters
    ----------
    bound : as in `Share`
    mean_logit, sd_logit : mean and standard deviation of log(share / (1 - share)); sd above 0; at most 10 either way
    """

    bound: Bound
    mean_logit: float
    sd_logit: float

    @classmethod
    def from_mean(cls, bound: Bound, *, mean: float, sd: float) -> Self:
        """The prior whose share of the bound itself has this mean and standard deviation.

        Those are matched exactly, by integrating over the normal logit: the mean of the logits isn't the logit of the
        mean.

        Parameters
        ----------
        bound : as in `Share`
        mean : of the share, between 0 and 1
        sd : standard deviation of the share, above 0 and below 0.9 sqrt(mean (1 - mean))

        Returns
        -------
        SharePrior

        Raises
        ------
        CurveError
            For a mean or sd out of range.
        """
        if not 0 < mean < 1:
            raise CurveError(f"the mean of the share is {mean:g}; it must lie between 0 and 1, as in mean=0.75")
        most = WIDEST_MOMENTS * np.sqrt(mean * (1 - mean))
        if not 0 < sd < most:
            raise CurveError(f"the sd of the share is {sd:g}; with mean={mean:g} it must lie between 0 and {most:.3g}")
        nodes, weights = np.polynomial.hermite_e.hermegauss(200)
        weights = weights / weights.sum()

        def miss(place: np.ndarray) -> list[float]:
            share = 1 / (1 + np.exp(-(place[0] + np.exp(place[1]) * nodes)))
            centre = weights @ share
            spread = np.sqrt(weights @ (share - centre) ** 2)
            return [np.log(centre / (1 - centre)) - start[0], np.log(spread / sd)]

        start = np.array([np.log(mean / (1 - mean)), np.log(sd / (mean * (1 - mean)))])
        logit, log_sd = root(miss, start).x
        return cls(bound, float(logit), float(np.exp(log_sd)))


@dataclass(frozen=True)
class Ceiling:
    """A ceiling as the engine takes it."""

    kind: str  # free, known, share or prior
    level: float  # the known number or share; NaN where it is estimated
    years: np.ndarray | None = None  # of the bound
    bounds: np.ndarray | None = None
    prior: tuple[float, float] | None = None  # mean and standard deviation of the logit of the share

    @property
    def name(self) -> str:
        """Name of the estimated parameter, "" where nothing is estimated."""
        return "" if self.kind in ("known", "share") else "ceiling" if self.bounds is None else "share"

    def bound_at(self, years: np.ndarray | float) -> np.ndarray:
        """Bound at decimal years, linear between its dates and constant outside them; 1 without a bound."""
        return np.ones(np.shape(years)) if self.bounds is None else np.interp(years, self.years, self.bounds)


def read_ceiling(ceiling: float | Share | SharePrior | None, times: Dates) -> Ceiling:
    """Turn the argument `ceiling` of a model, observed at times (n,), into a `Ceiling`.

    Raises
    ------
    CurveError
        For a ceiling, share, bound or prior out of range.
    """
    if ceiling is None:
        return Ceiling("free", np.nan)
    if isinstance(ceiling, Share):
        if ceiling.share is None:
            return Ceiling("free", np.nan, *_read_bound(ceiling.bound, times))
        share = _positive(ceiling.share, "the share")
        if share > LARGEST_SHARE:
            raise CurveError(f"the share is {share:g} times the bound; the bound comes first, as in Share(100, 0.75)")
        return Ceiling("share", share, *_read_bound(ceiling.bound, times))
    if isinstance(ceiling, SharePrior):
        mean, sd = (float(read_numbers(part, "the prior")) for part in (ceiling.mean_logit, ceiling.sd_logit))
        if not (abs(mean) <= WIDEST and 0 < sd <= WIDEST):
            raise CurveError(
                f"mean_logit is {mean:g} and sd_logit of the prior {sd:g}; the mean must lie between {-WIDEST:g} and "
                f"{WIDEST:g}, the sd above 0 and up to {WIDEST:g}. The bound comes first: "
                "SharePrior(100, mean_logit=1.1, sd_logit=0.5), or SharePrior.from_mean(100, mean=0.75, sd=0.1)"
            )
        prior = (mean, sd)
        return Ceiling("prior", np.nan, *_read_bound(ceiling.bound, times), prior)
    if np.ndim(ceiling):
        raise CurveError("a ceiling is one number; for a bound that moves use ceiling=Share(bound, share)")
    return Ceiling("known", _positive(ceiling, "the ceiling"))


def _positive(value: Any, what: str) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise CurveError(f"{what} is {value!r}; it must be a number above 0, or None where it is free") from None
    if not (np.isfinite(number) and number > 0):
        raise CurveError(f"{what} is {number:g}; it must be a number above 0")
    return number


def check_alpha(alpha: float) -> None:
    """Refuse what is no one minus a level.

    Raises
    ------
    CurveError
        Unless alpha lies between 0 and 1.
    """
    if not (isinstance(alpha, REAL) and 0 < alpha < 1):
        raise CurveError(f"alpha is {alpha!r}; it is one minus the level, between 0 and 1, so 0.05 for 95 %")


def check_errors(errors: str | None, per_period: bool) -> None:
    """Refuse what cannot be said of errors.

    Raises
    ------
    CurveError
        For an unknown kind, and for adoptions per period whose errors add up.
    """
    if errors not in KINDS:
        raise CurveError(f"errors={errors!r} is unknown; choose None, 'independent' or 'cumulative'")
    if per_period and errors == "cumulative":
        raise CurveError("adoptions per period have errors of their own: leave errors=None, or say 'independent'")


def read_numbers(values: Any, what: str) -> np.ndarray:
    """Real numbers as floats, NaN among them.

    Raises
    ------
    CurveError
        For anything else: texts, complex numbers, infinities.
    """
    try:
        raw = np.asarray(values)
        if raw.dtype.kind in "bcmM":
            raise TypeError(f"{raw.dtype} is no kind of real number")
        numbers = raw.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        raise CurveError(f"{what} must be numbers: {error}") from None
    if np.isinf(numbers).any():
        raise CurveError(f"{what} has an infinite value; leave it out, or write NaN")
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    if len(sizes) and not 1 / HUGE < sizes.max() < HUGE:
        raise CurveError(
            f"{what} reaches {sizes.max():.3g}; from {1 / HUGE:g} to {HUGE:g} can be computed with: choose another unit"
        )
    return numbers


def _read_bound(bound: Bound, times: Dates) -> tuple[np.ndarray, np.ndarray]:
    if np.ndim(bound) == 0:
        return np.array([0.0]), np.array([_positive(bound, "the bound")])
    if isinstance(bound, pd.Series):
        at = years_among(bound.index, is_dated(times), "the index of the bound")
        values = read_numbers(bound, "the bound")
        if is_dated(bound.index):
            check_observed(at[np.isfinite(values)], "the bound")
    else:
        at, values = decimal_years(times), read_numbers(bound, "the bound")
        if at.shape != values.shape:
            raise CurveError(f"the bound has {len(values)} values for {len(at)} observations; give a Series over dates")
    kept = np.isfinite(values) & np.isfinite(at)
    if not kept.any() or (values[kept] <= 0).any():
        raise CurveError("the bound needs values above 0")
    order = np.argsort(at[kept], kind="stable")
    return at[kept][order], values[kept][order]


class CurveModel(Family, ABC):
    """Observations of one series with what is known of its ceiling; `families.AdoptionCurve` documents and fits it."""

    model_error = np.nan
    """Standard error of the model itself beside `known_se`, once it has been fitted."""
    frees_launch = False
    """True where the launch is one more parameter; see `with_any_launch`."""
    _data_attr: ClassVar[tuple[str, ...]] = ("endog", "weights", "index", "censored")  # dropped by `remove_data`

    def __init__(
        self,
        endog: pd.Series | pd.DataFrame | np.ndarray | Sequence[Any],
        exog: Dates | None = None,
        ceiling: float | Share | SharePrior | None = None,
        launch: Times | None = None,
        weights: np.ndarray | Sequence[Any] | None = None,
        censored: pd.DataFrame | None = None,
        per_period: bool = False,
        errors: str | None = None,
        variance: str = "constant",
        known_se: np.ndarray | Sequence[Any] | None = None,
        shifts: LevelShift | Sequence[LevelShift] | None = None,
    ) -> None:
        check_errors(errors, per_period)
        if variance not in ("constant", "curve"):
            raise CurveError(f"variance={variance!r} is unknown; choose 'constant' or 'curve'")
        if sum((weights is not None, known_se is not None, variance == "curve")) > 1:
            raise CurveError("weights, known_se and variance='curve' each say how large the errors are; give one")
        self.errors, self.variance = errors, variance
        self.endog_name = str(getattr(endog, "name", None) or "y")
        values, times = _read_observations(endog, exog)
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
        self.weights = _read_weights(weights, kept, "weights")
        self.known_se = _read_weights(known_se, kept, "known_se")
        self.ceiling = read_ceiling(ceiling, times)
        self.per_period = bool(per_period)
        self.censored = read_censored(censored, self.is_dated)
        self.nobs = len(self.endog) + (0 if self.censored is None else len(self.censored))
        self.launch, self.launch_is_assumed = self._read_launch(launch)
        self.shift_years, self.shift_sds = read_shifts(shifts, self.exog, self.is_dated)
        if self.shift_sds and self.per_period:
            raise CurveError("level shifts are taken with levels, not with adoptions per period: cumulate those first")
        self.parameters = self.family.parameters
        self.above = self._measure_above()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.endog_name}: {self.nobs} observations, {self.ceiling.kind} ceiling>"

    def __dir__(self) -> list[str]:
        internal = {*vars(Family), *Family.__annotations__, *INTERNAL} - {"name", "parameters", "latex"}
        return sorted(name for name in set(object.__dir__(self)) - internal if not name.startswith("_"))

    def _measure_above(self) -> float:
        """Part by which the highest observation lies above the highest ceiling that is possible, 0 if it doesn't."""
        kind = self.ceiling.kind
        if kind == "free":
            return 0.0
        parts = self.endog / self.ceiling.bound_at(self.exog) / (1.0 if kind == "prior" else self.ceiling.level)
        above = max(0.0, float((parts.sum() if self.per_period else parts.max()) - 1))
        if above > MARGIN:
            what = "bound" if kind == "prior" else "ceiling"
            raise CurveError(
                f"{self.endog_name}: {1 + above:.4g} of the given {what} is observed; it must lie between 0 and 1, or "
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
        """The curve as the engine takes it, with its level shifts."""
        start = self.exog.min() if self.launch is None or self.frees_launch else self.launch
        base = any_launch(type(self)) if self.frees_launch else type(self)
        return shift_family(base, (self.shift_years - start) / max(self.exog.max() - start, 1e-9), self.shift_sds)

    @property
    def param_names(self) -> list[str]:
        """Names of the estimated parameters: the ceiling or share first, where it is estimated."""
        names = [name for name, _ in self.parameters]
        return [self.ceiling.name, *names] if self.ceiling.name else names

    @property
    def data(self) -> SimpleNamespace:
        """Names of the parameters where the tests of statsmodels look for them."""
        return SimpleNamespace(cov_names=self.param_names, param_names=self.param_names)

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

    def batch(self) -> Batch:
        """The observations in the form of the engine, oldest first, with errors that count as independent."""
        times = self.exog[self.order]
        values, weights = self.endog[None, self.order], None if self.weights is None else self.weights[self.order]
        level, bound, prior = self.ceiling.level, self.ceiling.bound_at(times), self.ceiling.prior
        return prepare(self.family, times, values, level, bound, self.launch, weights, self.per_period, prior)

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
    def fit(self, noise: str = "level") -> Any:
        """Fit the curve; the families do."""


def read_launch(launch: Times, dated: bool) -> float:
    """The launch as a decimal year, for observations with dates or with numbers.

    Raises
    ------
    CurveError
        For anything but one date or number.
    """
    years = years_among(launch, dated, "the launch")
    if years.size != 1 or not np.isfinite(years).all():
        raise CurveError(f"the launch is {launch!r}; it must be one date or decimal year, or None")
    return float(years.item())


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
    values, shape = read_numbers(endog, "endog"), np.shape(exog)
    if values.ndim != 1 or shape != values.shape:
        raise CurveError(f"endog has shape {values.shape} and exog {shape}; both must be one column of equal length")
    return values, exog


def _read_weights(given: np.ndarray | Sequence[Any] | None, kept: np.ndarray, what: str) -> np.ndarray | None:
    if given is None:
        return None
    weights = read_numbers(given, "weights")
    if weights.shape != kept.shape:
        raise CurveError(
            f"{what} has shape {weights.shape}; it must have one number for each of the {len(kept)} observations"
        )
    weights = weights[kept]
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise CurveError(f"{what} must be finite and above 0; where an observation has none, leave it out")
    return weights


def read_censored(censored: pd.DataFrame | None, dated: bool) -> pd.DataFrame | None:
    """Observations that are bounds, as value, bound and decimal years by their index; None where there are none."""
    if censored is not None and not isinstance(censored, pd.DataFrame):
        kind = type(censored).__name__
        raise CurveError(f"censored is a {kind}; it must be a DataFrame with dates as index and value and bound")
    if censored is None or len(censored) == 0:
        return None
    missing = {"value", "bound"} - set(censored.columns)
    if missing:
        raise CurveError(f"censored lacks the column {min(missing)!r}; it needs value and bound")
    wrong = set(censored["bound"]) - {"at_least", "at_most"}
    if wrong:
        raise CurveError(f"bound {min(map(str, wrong))!r} is unknown; write at_least or at_most")
    years = years_among(censored.index, dated, "the index of censored")
    values = read_numbers(censored["value"], "censored's value")
    if not np.isfinite(years + values).all():
        raise CurveError("censored has a row without date or value; leave it out")
    if is_dated(censored.index):
        check_observed(years, "censored")
    return pd.DataFrame({"value": values, "bound": censored["bound"], "years": years}, index=censored.index)
