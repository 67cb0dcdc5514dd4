"""The families of curves, and least squares at many saturation levels together."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pandas as pd
from statsmodels.base.data import handle_data
from statsmodels.genmod.families import links
from statsmodels.tools.numdiff import approx_fprime

from ..base.dates import CurveError
from ..base.limit import Limit
from ..indicators.series import AdoptionSeries
from .inputs import ERRORS, Array, read_ceiling, read_known, read_values
from .results import Results, ResultsWrapper

PERSISTENCE = 0.98  # correlation of autoregressive errors a median step apart
_DIFFERENCE = 1e-5  # of a coordinate, for differences in the place of derivatives
_MOST_STEPS = 60  # of a search
_STEEPER = 4.0  # times the line's: the second start of a search
_TOLERANCE = 1.1  # values may lie above a known ceiling by so much, from noise and rounding


class AdoptionCurve:
    """A curve that rises to a saturation level; the base of `FAMILIES`.

    A family names its parameters, and defines `share`, `starts` and, where these are no logarithms, `to_params`.

    Parameters
    ----------
    series : Series or AdoptionSeries
        Values by date, or by decimal year; missing ones are left out. A whole year is its 31 December.
    ceiling : float, Series or Limit, optional
        The known saturation level, or one that moves, by date. None: it is estimated.
    floor : float, optional
        No estimated level, and no interval of one, lies below; None is the highest value. For measurements that
        scatter about their level write 0.
    errors : {"independent", "ar1"}
        Independent errors, or an autoregression of the first order with correlation .98 a median step apart.

    Raises
    ------
    CurveError
        For values that no curve can be fitted to, and for a ceiling below them.

    Examples
    --------
    >>> users = pd.Series([12.0, 19, 31, 44, 52, 57, 60], index=range(2019, 2026), name="users")
    >>> Logistic(users).fit().params.round(2).to_dict()
    {'ceiling': 62.61, 'rate': 0.78, 'midpoint': 2021.98}
    """

    name: ClassVar[str]
    names: ClassVar[tuple[str, ...]]
    latex: ClassVar[str] = ""
    link: ClassVar[Any] = None  # of statsmodels, on whose scale the curve is a line
    signed: ClassVar[tuple[str, ...]] = ("midpoint",)  # parameters that may be below 0

    def __init__(
        self,
        series: pd.Series | AdoptionSeries,
        ceiling: float | pd.Series | Limit | None = None,
        floor: float | None = None,
        errors: str = "independent",
    ) -> None:
        if errors not in ERRORS:
            raise CurveError(f"errors={errors!r} is unknown; choose 'independent' or 'ar1'")
        values, published, self.kinds = read_known(series)
        self.series, self.years = read_values(values)
        self.endog_name, self.nobs = str(values.name or "y"), len(self.series)
        if len(set(self.years)) < 2:
            raise CurveError(f"{self.endog_name}: a curve needs values of two dates")
        self.endog, self.is_dated = self.series.to_numpy(), isinstance(self.series.index, pd.DatetimeIndex)
        gap = np.diff(self.years)
        self.step, self.span = float(np.median(gap[gap > 0])), float(np.ptp(self.years))
        self.is_free = ceiling is None
        self.ceiling = None if ceiling is None else read_ceiling(ceiling, self.is_dated)
        highest = float(self.endog.max()) if published is None else published
        self.floor = max(highest if floor is None else floor, 0.0)
        if (self.endog > _TOLERANCE * self.ceiling_at(self.years)).any() and not self.is_free:
            raise CurveError(f"{self.endog_name}: the ceiling lies below the values; the highest is {highest:g}")
        self.param_names = ["ceiling"] * self.is_free + [*self.names]
        self.data = handle_data(self.series, None)  # names for what statsmodels computes
        self.data.param_names = self.param_names
        self.errors, self.whiten = errors, np.eye(self.nobs)
        if errors == "ar1":  # the inverse of a root of their correlation makes errors independent
            apart = np.cumsum(np.r_[0.0, np.where(gap > 0, gap / self.step, 1.0)])
            self.whiten = np.linalg.inv(np.linalg.cholesky(PERSISTENCE ** np.abs(apart[:, None] - apart)))

    def with_errors(self, errors: str) -> AdoptionCurve:
        """The same curve under another kind of errors."""
        return type(self)(self.series, self.ceiling, self.floor, errors)

    def share(self, years: Array, *params: float) -> Array:
        """Share of the saturation level.

        Parameters
        ----------
        years : ndarray of float
            Decimal years.
        *params : float or ndarray
            In the order of `names`.

        Returns
        -------
        ndarray of float
            0 to 1, in the shape of years and parameters together.

        Raises
        ------
        NotImplementedError
            Where a family does not define it.
        """
        raise NotImplementedError

    def starts(self, share: Array) -> Array:
        """Where searches start, (s, k or 1, p), for the values as shares of k levels, (k, n)."""
        raise NotImplementedError

    def share_of(self, theta: Array) -> Array:
        """Share at the dates of the values for coordinates (..., p): (..., n)."""
        return self.share(self.years, *self.to_params(np.moveaxis(theta, -1, 0)[..., None]))

    def slopes_of(self, theta: Array) -> Array:
        """Its derivatives by the coordinates, (..., n, p): differences, where a family has no better."""
        moves = _DIFFERENCE * np.eye(theta.shape[-1])
        return np.stack([self.share_of(theta + move) - self.share_of(theta - move) for move in moves], -1) / (
            2 * _DIFFERENCE
        )

    def to_params(self, theta: Array) -> Array:
        """Parameters of a search's coordinates, which are their logarithms."""
        return np.exp(np.clip(theta, -700, 700))

    def ceiling_at(self, years: Array) -> Array:
        """The known ceiling at decimal years, 1 where it is free: linear between its dates, constant outside."""
        return np.ones(len(years)) if self.ceiling is None else self.ceiling.at(years)

    def curve(self, params: Array, years: Array) -> Array:
        """The curve.

        Parameters
        ----------
        params : ndarray of float (p,)
            In the order of `param_names`.
        years : ndarray of float (n,)
            Decimal years.

        Returns
        -------
        ndarray of float (n,)
            In the unit of the series.
        """
        level, rest = (params[0], params[1:]) if self.is_free else (1.0, params)
        return level * self.ceiling_at(years) * self.share(years, *rest)

    def jacobian(self, params: Array, years: Array) -> Array:
        """Derivatives of the curve by its parameters.

        Parameters
        ----------
        params, years : as in `curve`

        Returns
        -------
        ndarray of float (n, p)
        """
        return approx_fprime(params, lambda p: self.curve(p, years), centered=True).reshape(len(years), -1)

    def refit(self, levels: Array, starts: Array) -> tuple[Array, Array]:
        """Least sums of squares at some levels, all of them together, by Levenberg and Marquardt's method.

        Parameters
        ----------
        levels : ndarray (k,)
            In the unit of the series; 1 for a known ceiling.
        starts : ndarray (s, k, p) or (s, 1, p)
            Coordinates from which each is searched.

        Returns
        -------
        ndarray (k,), ndarray (k, p)
            Of each level the sum of squares and the coordinates of its best search.
        """
        scale = levels[:, None] * self.ceiling_at(self.years)

        def miss(theta: Array) -> Array:  # (s, k, p) to (s, k, n)
            return (self.endog - scale * self.share_of(theta)) @ self.whiten.T

        theta = np.broadcast_to(starts, (len(starts), len(levels), starts.shape[-1])).copy()
        damping, eye = np.full(theta.shape[:2], 1e-3), np.eye(theta.shape[-1])
        with np.errstate(all="ignore"):
            rest = miss(theta)
            ssr = (rest**2).sum(-1)
            for _ in range(_MOST_STEPS):
                slopes = self.whiten @ (scale[..., None] * self.slopes_of(theta))
                square = slopes.mT @ slopes
                lift = damping[..., None] * np.maximum(np.diagonal(square, axis1=-2, axis2=-1), 1e-290)
                step = np.linalg.solve(square + lift[..., None] * eye, slopes.mT @ rest[..., None])[..., 0]
                tried = theta + np.clip(np.nan_to_num(step), -2.0, 2.0)
                left = miss(tried)
                new = (left**2).sum(-1)
                better = new < ssr
                settled = (np.abs(ssr - new) < 1e-10 * ssr) | (damping > 1e6) | ~np.isfinite(ssr)
                theta, rest = (np.where(better[..., None], *pair) for pair in ((tried, theta), (left, rest)))
                ssr, damping = np.where(better, new, ssr), np.clip(damping * np.where(better, 0.1, 10.0), 1e-12, 1e9)
                if settled.all():
                    break
        best = np.where(np.isfinite(ssr), ssr, np.inf).argmin(0)
        at = np.arange(len(levels))
        return ssr[best, at], theta[best, at]

    def fit(self) -> ResultsWrapper:
        """Fit the curve."""
        return ResultsWrapper(Results(self))


class LinkCurve(AdoptionCurve):
    """A curve that is a line in time on the scale of a link: at a known level a GLM."""

    names = signed = ("rate", "midpoint")

    def share(self, years: Array, *params: float) -> Array:
        rate, midpoint = params
        return self.link.inverse(np.clip(rate * (years - midpoint), -30, 700))

    def starts(self, share: Array) -> Array:
        z = self.link(np.clip(share, 0.004, 0.996))  # lines by weighted least squares, of all levels together
        weight = self.link.inverse_deriv(z) ** 2
        t = self.since / self.span
        mean_t, mean_z = (weight * t).sum(-1) / weight.sum(-1), (weight * z).sum(-1) / weight.sum(-1)
        apart = t - mean_t[:, None]
        slope = (weight * apart * z).sum(-1) / np.maximum((weight * apart**2).sum(-1), 1e-300)
        # where the values bend, the line is too flat for some levels; a steeper one finds their least squares
        return np.stack([np.stack([mean_z - each * mean_t, each], -1) for each in (slope, _STEEPER * slope)])

    @property
    def since(self) -> Array:
        """Years since the last value, the regressor of the GLM."""
        return self.years - self.years[-1]

    def share_of(self, theta: Array) -> Array:
        return self.link.inverse(np.clip(theta[..., :1] + theta[..., 1:] * self.since / self.span, -30, 700))

    def slopes_of(self, theta: Array) -> Array:
        t = self.since / self.span
        steep = self.link.inverse_deriv(np.clip(theta[..., :1] + theta[..., 1:] * t, -30, 700))
        return np.stack([steep, steep * t], -1)

    def to_params(self, theta: Array) -> Array:
        slope = np.where(theta[1] == 0, 1e-300, theta[1])
        return np.stack([slope / self.span, self.years[-1] - self.span * theta[0] / slope])


class Logistic(LinkCurve):
    """Logistic curve, ``K / (1 + exp(-r (t - m)))``; m is where it is at half. Verhulst 1838, Griliches 1957."""

    name, link = "logistic", links.Logit()
    latex = r"\frac{K}{1 + e^{-r(t - m)}}"


class Gompertz(LinkCurve):
    """Gompertz curve, ``K exp(-exp(-r (t - m)))``; m is where it is at 37%. Gompertz 1825, Chow 1967."""

    name, link = "gompertz", links.LogLog()
    latex = r"K\, e^{-e^{-r(t - m)}}"


class Bass(AdoptionCurve):
    """Bass curve, ``K (1 - e) / (1 + (q / p) e)`` with ``e = exp(-(p + q) (t - launch))``. Bass 1969.

    The launch is a median step before the first value.
    """

    name, names = "bass", ("innovation", "imitation")
    latex = r"K\, \frac{1 - e^{-(p + q)(t - l)}}{1 + \frac{q}{p} e^{-(p + q)(t - l)}}"

    @property
    def launch(self) -> float:
        """Decimal year at which the curve is at 0."""
        return float(self.years[0] - self.step)

    def share(self, years: Array, *params: float) -> Array:
        p, q = params
        left = -np.expm1(-(p + q) * np.maximum(years - self.launch, 0.0))
        return p * left / (p + q * (1 - left))

    def starts(self, share: Array) -> Array:
        span = self.years[-1] - self.launch
        rates = [(p / span, q / span) for p in (0.02, 0.3, 2.0) for q in (0.3, 4.0, 15.0)]
        return np.log(rates)[:, None]


FAMILIES: dict[str, type[AdoptionCurve]] = {family.name: family for family in (Logistic, Gompertz, Bass)}


def find_family(family: str | type[AdoptionCurve]) -> type[AdoptionCurve]:
    """The family of a name; a class is one already."""
    if isinstance(family, str) and family not in FAMILIES:
        raise CurveError(f"no family of curves is called {family!r}; choose among {', '.join(FAMILIES)}")
    return FAMILIES[family] if isinstance(family, str) else family
