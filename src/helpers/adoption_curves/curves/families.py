"""The families of curves, and a least-squares search at many saturation levels at once."""

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

# Correlation of autoregressive errors one median step apart.
PERSISTENCE = 0.98
# Change of a coordinate in a numerical derivative.
_DIFFERENCE = 1e-5
# Maximum number of steps of a search.
_MOST_STEPS = 60
# Slope of the second start of a search, as a multiple of the fitted line's.
_STEEPER = 4.0
# Highest value allowed, as a multiple of a known ceiling: noise and rounding can lift a value above it.
_TOLERANCE = 1.1


class AdoptionCurve:
    """A curve that rises to a saturation level; the base class of the curves in `FAMILIES`.

    A subclass names its parameters and defines `share` and `starts`. It also defines `to_params` if the search uses
    coordinates other than the logarithms of the parameters.

    Parameters
    ----------
    series : Series or AdoptionSeries, length n
        Observations, indexed by dates or decimal years. A whole year counts as its 31 December. Missing values are
        left out.
    ceiling : float, Series or Limit, optional
        Known saturation level, in the unit of the series; a Series or Limit if it changes over time. By default it is
        estimated.
    floor : float, optional
        Lower bound of an estimated saturation level and of its interval. By default the highest value. Use 0 if the
        observations scatter around the saturation level, so that some of them lie above it.
    errors : {"independent", "ar1"}
        Independent errors, or first-order autoregressive errors with a correlation of 0.98 one median step apart.

    Raises
    ------
    CurveError
        If no curve can be fitted to the values, or if some of them lie far above `ceiling`.

    Examples
    --------
    >>> users = pd.Series([12.0, 19, 31, 44, 52, 57, 60], index=range(2019, 2026), name="users")
    >>> Logistic(users).fit().params.round(2).to_dict()
    {'ceiling': 62.61, 'rate': 0.78, 'midpoint': 2021.98}
    """

    name: ClassVar[str]
    names: ClassVar[tuple[str, ...]]
    latex: ClassVar[str] = ""
    link: ClassVar[Any] = None  # the statsmodels link that makes the curve a straight line, if there is one
    signed: ClassVar[tuple[str, ...]] = ("midpoint",)  # parameters that may be negative

    def __init__(
        self,
        series: pd.Series | AdoptionSeries,
        ceiling: float | pd.Series | Limit | None = None,
        floor: float | None = None,
        errors: str = "independent",
    ) -> None:
        if errors not in ERRORS:
            raise CurveError(f"errors must be 'independent' or 'ar1', got {errors!r}")
        values, published, self.kinds = read_known(series)
        self.series, self.years = read_values(values)
        self.endog_name, self.nobs = str(values.name or "y"), len(self.series)
        if len(set(self.years)) < 2:
            raise CurveError(f"{self.endog_name}: a curve needs values on at least two dates")
        self.endog, self.is_dated = self.series.to_numpy(), isinstance(self.series.index, pd.DatetimeIndex)
        gap = np.diff(self.years)
        self.step, self.span = float(np.median(gap[gap > 0])), float(np.ptp(self.years))
        self.is_free = ceiling is None
        self.ceiling = None if ceiling is None else read_ceiling(ceiling, self.is_dated)
        highest = float(self.endog.max()) if published is None else published
        self.floor = max(highest if floor is None else floor, 0.0)
        if (self.endog > _TOLERANCE * self.ceiling_at(self.years)).any() and not self.is_free:
            raise CurveError(
                f"{self.endog_name}: the ceiling is below the highest value, {highest:g}; give a higher one"
            )
        self.param_names = ["ceiling"] * self.is_free + [*self.names]
        self.data = handle_data(self.series, None)  # statsmodels labels its results with these names
        self.data.param_names = self.param_names
        self.errors, self.whiten = errors, np.eye(self.nobs)
        if errors == "ar1":  # multiplying by the inverse Cholesky factor of their correlation makes errors independent
            apart = np.cumsum(np.r_[0.0, np.where(gap > 0, gap / self.step, 1.0)])
            self.whiten = np.linalg.inv(np.linalg.cholesky(PERSISTENCE ** np.abs(apart[:, None] - apart)))

    def with_errors(self, errors: str) -> AdoptionCurve:
        """The same curve and data with another kind of errors, "independent" or "ar1"."""
        return type(self)(self.series, self.ceiling, self.floor, errors)

    def share(self, years: Array, *params: float) -> Array:
        """Share of the saturation level at given times.

        Parameters
        ----------
        years : ndarray of float
            Decimal years.
        *params : float or ndarray
            Parameters in the order of `names`.

        Returns
        -------
        ndarray of float
            Between 0 and 1; `years` and `params` are broadcast.

        Raises
        ------
        NotImplementedError
            If a subclass does not define it.
        """
        raise NotImplementedError

    def starts(self, share: Array) -> Array:
        """Starting points of the search, shape (s, k or 1, p), for the values as shares of k levels, shape (k, n)."""
        raise NotImplementedError

    def share_of(self, theta: Array) -> Array:
        """Share at the dates of the values, shape (..., n), for coordinates of shape (..., p)."""
        return self.share(self.years, *self.to_params(np.moveaxis(theta, -1, 0)[..., None]))

    def slopes_of(self, theta: Array) -> Array:
        """Derivatives of `share_of` by the coordinates, shape (..., n, p); here by central differences."""
        moves = _DIFFERENCE * np.eye(theta.shape[-1])
        return np.stack([self.share_of(theta + move) - self.share_of(theta - move) for move in moves], -1) / (
            2 * _DIFFERENCE
        )

    def to_params(self, theta: Array) -> Array:
        """Parameters for given coordinates of the search; here the coordinates are their logarithms."""
        return np.exp(np.clip(theta, -700, 700))

    def ceiling_at(self, years: Array) -> Array:
        """Known ceiling at decimal years, interpolated linearly, constant outside its dates; 1 if it is estimated."""
        return np.ones(len(years)) if self.ceiling is None else self.ceiling.at(years)

    def curve(self, params: Array, years: Array) -> Array:
        """Values of the curve.

        Parameters
        ----------
        params : ndarray of float, shape (p,)
            Parameters in the order of `param_names`.
        years : ndarray of float, shape (h,)
            Decimal years.

        Returns
        -------
        ndarray of float, shape (h,)
            In the unit of the series.
        """
        level, rest = (params[0], params[1:]) if self.is_free else (1.0, params)
        return level * self.ceiling_at(years) * self.share(years, *rest)

    def jacobian(self, params: Array, years: Array) -> Array:
        """Derivatives of the curve by its parameters.

        Parameters
        ----------
        params : ndarray of float, shape (p,)
            Parameters in the order of `param_names`.
        years : ndarray of float, shape (h,)
            Decimal years.

        Returns
        -------
        ndarray of float, shape (h, p)
        """
        return approx_fprime(params, lambda p: self.curve(p, years), centered=True).reshape(len(years), -1)

    def refit(self, levels: Array, starts: Array) -> tuple[Array, Array]:
        """Smallest sum of squares at each of several saturation levels, by the Levenberg-Marquardt method.

        Parameters
        ----------
        levels : ndarray of float, shape (k,)
            Saturation levels in the unit of the series; 1 for a known ceiling.
        starts : ndarray of float, shape (s, k, p) or (s, 1, p)
            Coordinates of s starting points.

        Returns
        -------
        ssr : ndarray of float, shape (k,)
            Sums of squares.
        theta : ndarray of float, shape (k, p)
            Coordinates of the best of the s searches at each level.

        Notes
        -----
        The searches of all levels take their steps together. A search's damping falls to a tenth after a step that
        lowers its sum of squares, and otherwise rises tenfold. Marquardt (1963) describes the method.
        """
        scale = levels[:, None] * self.ceiling_at(self.years)

        def whitened_residuals(theta: Array) -> Array:  # (s, k, p) to (s, k, n)
            return (self.endog - scale * self.share_of(theta)) @ self.whiten.T

        theta = np.broadcast_to(starts, (len(starts), len(levels), starts.shape[-1])).copy()
        damping, eye = np.full(theta.shape[:2], 1e-3), np.eye(theta.shape[-1])
        with np.errstate(all="ignore"):
            residuals = whitened_residuals(theta)
            ssr = (residuals**2).sum(-1)
            for _ in range(_MOST_STEPS):
                slopes = self.whiten @ (scale[..., None] * self.slopes_of(theta))
                square = slopes.mT @ slopes
                lift = damping[..., None] * np.maximum(np.diagonal(square, axis1=-2, axis2=-1), 1e-290)
                step = np.linalg.solve(square + lift[..., None] * eye, slopes.mT @ residuals[..., None])[..., 0]
                new_theta = theta + np.clip(np.nan_to_num(step), -2.0, 2.0)
                new_residuals = whitened_residuals(new_theta)
                new = (new_residuals**2).sum(-1)
                better = new < ssr
                converged = (np.abs(ssr - new) < 1e-10 * ssr) | (damping > 1e6) | ~np.isfinite(ssr)
                theta = np.where(better[..., None], new_theta, theta)
                residuals = np.where(better[..., None], new_residuals, residuals)
                ssr, damping = np.where(better, new, ssr), np.clip(damping * np.where(better, 0.1, 10.0), 1e-12, 1e9)
                if converged.all():
                    break
        best = np.where(np.isfinite(ssr), ssr, np.inf).argmin(0)
        at = np.arange(len(levels))
        return ssr[best, at], theta[best, at]

    def fit(self) -> ResultsWrapper:
        """Fit the curve by least squares.

        Returns
        -------
        Results
            Labelled with the names of parameters and dates, as in statsmodels.

        Examples
        --------
        >>> users = pd.Series([12.0, 19, 31, 44, 52, 57, 60], index=range(2019, 2026), name="users")
        >>> Logistic(users, ceiling=70).fit().params.round(2).to_dict()
        {'rate': 0.62, 'midpoint': 2022.41}
        """
        return ResultsWrapper(Results(self))


class LinkCurve(AdoptionCurve):
    """A curve that a statsmodels link makes a straight line in time; with a known level it is a GLM."""

    names = signed = ("rate", "midpoint")

    def share(self, years: Array, *params: float) -> Array:
        rate, midpoint = params
        return self.link.inverse(np.clip(rate * (years - midpoint), -30, 700))

    def starts(self, share: Array) -> Array:
        z = self.link(np.clip(share, 0.004, 0.996))  # fit a line at each level by weighted least squares
        weight = self.link.inverse_deriv(z) ** 2
        t = self.since / self.span
        mean_t, mean_z = (weight * t).sum(-1) / weight.sum(-1), (weight * z).sum(-1) / weight.sum(-1)
        apart = t - mean_t[:, None]
        slope = (weight * apart * z).sum(-1) / np.maximum((weight * apart**2).sum(-1), 1e-300)
        # at some levels that line is too flat to reach the best fit, so a steeper one is a second start
        return np.stack([np.stack([mean_z - each * mean_t, each], -1) for each in (slope, _STEEPER * slope)])

    @property
    def since(self) -> Array:
        """Years since the last value (negative before it), the regressor of the GLM."""
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
    r"""Logistic adoption curve.

    .. math:: y(t) = \frac{K}{1 + e^{-r (t - m)}}

    Growth is proportional both to the number of adopters and to the number who have not adopted yet.

    Parameters
    ----------
    series : Series or AdoptionSeries, length n
        Observations, indexed by dates or decimal years.
    ceiling : float, Series or Limit, optional
        Known saturation level, in the unit of the series; by default it is estimated.
    floor : float, optional
        Lower bound of an estimated saturation level; by default the highest value.
    errors : {"independent", "ar1"}
        Independent or first-order autoregressive errors.

    Notes
    -----
    ``fit`` estimates ``ceiling`` (:math:`K`, in the unit of the series, if it is not given), ``rate`` (:math:`r`, per
    year) and ``midpoint`` (:math:`m`, the decimal year in which half of :math:`K` is reached and growth is fastest).
    Growth from 10 to 90% of :math:`K` takes :math:`\log(81) / r` years.

    Before growth slows, :math:`K` and :math:`m` cannot be estimated, because the curve is close to an exponential.
    ``Results.flag`` then says so.

    References
    ----------
    Verhulst (1838); Griliches (1957), for technologies.

    Examples
    --------
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> Logistic(share).fit().params.round(2).to_dict()
    {'ceiling': 60.69, 'rate': 0.71, 'midpoint': 2021.11}
    """

    name, link = "logistic", links.Logit()
    latex = r"\frac{K}{1 + e^{-r(t - m)}}"


class Gompertz(LinkCurve):
    r"""Gompertz adoption curve.

    .. math:: y(t) = K e^{-e^{-r (t - m)}}

    Growth is fastest early, at 37% of the saturation level, and then slows down over a long time.

    Parameters
    ----------
    series : Series or AdoptionSeries, length n
        Observations, indexed by dates or decimal years.
    ceiling : float, Series or Limit, optional
        Known saturation level, in the unit of the series; by default it is estimated.
    floor : float, optional
        Lower bound of an estimated saturation level; by default the highest value.
    errors : {"independent", "ar1"}
        Independent or first-order autoregressive errors.

    Notes
    -----
    ``fit`` estimates ``ceiling`` (:math:`K`, in the unit of the series, if it is not given), ``rate`` (:math:`r`, per
    year) and ``midpoint`` (:math:`m`, the decimal year in which the curve reaches :math:`K / e`).

    References
    ----------
    Gompertz (1825); Chow (1967), for computers.

    Examples
    --------
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> Gompertz(share).fit().params.round(2).to_dict()
    {'ceiling': 66.92, 'rate': 0.4, 'midpoint': 2020.44}
    """

    name, link = "gompertz", links.LogLog()
    latex = r"K\, e^{-e^{-r(t - m)}}"


class Bass(AdoptionCurve):
    r"""Bass adoption curve.

    .. math:: y(t) = K \frac{1 - e^{-(p + q)(t - l)}}{1 + (q / p)\, e^{-(p + q)(t - l)}}

    People adopt on their own at the rate :math:`p`, or because others have adopted, at a rate proportional to :math:`q`
    and to the share of adopters.

    Parameters
    ----------
    series : Series or AdoptionSeries, length n
        Observations, indexed by dates or decimal years.
    ceiling : float, Series or Limit, optional
        Known saturation level, in the unit of the series; by default it is estimated.
    floor : float, optional
        Lower bound of an estimated saturation level; by default the highest value.
    errors : {"independent", "ar1"}
        Independent or first-order autoregressive errors.

    Notes
    -----
    ``fit`` estimates ``ceiling`` (:math:`K`, in the unit of the series, if it is not given), ``innovation`` (:math:`p`)
    and ``imitation`` (:math:`q`), both per year. The launch :math:`l` is not estimated: it is one median step before
    the first value.

    References
    ----------
    Bass (1969).

    Examples
    --------
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> Bass(share).fit().params.round(3).to_dict()
    {'ceiling': 61.46, 'innovation': 0.023, 'imitation': 0.637}
    """

    name, names = "bass", ("innovation", "imitation")
    latex = r"K\, \frac{1 - e^{-(p + q)(t - l)}}{1 + \frac{q}{p} e^{-(p + q)(t - l)}}"

    @property
    def launch(self) -> float:
        """Decimal year in which the curve starts from 0."""
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
    """Class of a family of curves, from its name or the class itself."""
    if isinstance(family, str) and family not in FAMILIES:
        raise CurveError(f"unknown family of curves {family!r}; available: {', '.join(FAMILIES)}")
    return FAMILIES[family] if isinstance(family, str) else family
