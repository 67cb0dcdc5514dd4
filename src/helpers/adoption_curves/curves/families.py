"""The families: what is known of a series, its curves, and least squares of many levels together."""

from __future__ import annotations

from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import pandas as pd
import statsmodels.api as sm
from statsmodels.genmod.families import Gaussian, links

from ..base.dates import CurveError, decimal_years, is_dated
from ..base.limit import Limit

if TYPE_CHECKING:
    from .results import Results

Array = np.ndarray

LEVELS = np.geomspace(1.0, 1000.0, 41)
"""Saturation levels of a profile, in multiples of the floor; one that fits best at the last runs to infinity."""
_PERSISTENCE = 0.98
"""Correlation of autoregressive errors a median step apart."""
_STEP, _MOST_STEPS = 1e-5, 60
"""Of a coordinate, for differences in the place of derivatives; and steps of a search at most."""
_MARGIN = 1.1
"""Figures may lie above a known ceiling by so much, from noise and rounding."""


class AdoptionCurve:
    """A curve that rises to a saturation level; the base of `FAMILIES`.

    A family names its parameters, and defines `share`, `starts` and, where these are no logarithms, `to_params`.

    Parameters
    ----------
    series : Series
        Figures by date, or by decimal year; missing ones are left out.
    ceiling : float, Series or Limit, optional
        The known saturation level, or one that moves, by date. None: it is estimated.
    floor : float, optional
        No estimated level, and no interval of one, lies below; None is the highest figure. For measurements that
        scatter about their level write 0.
    errors : {"independent", "ar1"}
        Independent errors, or an autoregression of the first order with correlation .98 a median step apart.
    launch : float, optional
        Decimal year at which a family with a launch (`Bass`) is 0; None is a step before the first figure.

    Raises
    ------
    CurveError
        For figures that no curve can be fitted to, and for a ceiling below them.
    """

    name: ClassVar[str]
    names: ClassVar[tuple[str, ...]]
    latex: ClassVar[str] = ""

    def __init__(
        self,
        series: pd.Series,
        ceiling: float | pd.Series | Limit | None = None,
        floor: float | None = None,
        errors: str = "independent",
        launch: float | None = None,
    ) -> None:
        if not isinstance(series, pd.Series):
            raise CurveError(f"give a Series with dates as index, not a {type(series).__name__}")
        if errors not in ("independent", "ar1"):
            raise CurveError(f"errors={errors!r} is unknown; choose 'independent' or 'ar1'")
        series = series.dropna().sort_index(kind="stable").astype(float)
        if len(series) < 2 or len(set(series.index)) < 2 or not np.isfinite(series).all():
            raise CurveError(f"{series.name or 'y'}: a curve needs figures, all of them finite, of two dates")
        self.series, self.errors, self.is_dated = series, errors, is_dated(series.index)
        self.endog, self.years = series.to_numpy(), decimal_years(series.index)
        self.endog_name, self.nobs = str(series.name or "y"), len(series)
        gap = np.diff(self.years)
        self.step, self.span = float(np.median(gap[gap > 0])), float(np.ptp(self.years))
        self.launch = self.years[0] - self.step if launch is None else float(launch)
        self.ceiling, self.is_free = ceiling, ceiling is None
        highest = float(self.endog.max())
        self.floor = max(highest if floor is None else floor, 0.0)
        if not self.is_free and (self.endog > _MARGIN * self.ceiling_at(self.years)).any():
            raise CurveError(f"{self.endog_name}: the ceiling lies below the figures; the highest is {highest:g}")
        self.param_names = ["ceiling"] * self.is_free + [*self.names]
        self.data = SimpleNamespace(param_names=self.param_names, cov_names=self.param_names)
        # what makes the errors independent: the inverse of a root of their correlation
        apart = np.cumsum(np.r_[0.0, np.where(gap > 0, gap / self.step, 1.0)])
        correlation = _PERSISTENCE ** np.abs(apart[:, None] - apart)
        self.whiten = np.linalg.inv(np.linalg.cholesky(correlation)) if errors == "ar1" else np.eye(self.nobs)

    def share(self, years: Array, *params: float) -> Array:
        """Share of the saturation level at decimal years, 0 to 1."""
        raise NotImplementedError

    def starts(self, share: Array) -> Array:
        """Where searches start, (s, k or 1, p), for the figures as shares of k levels, (k, n)."""
        raise NotImplementedError

    def share_of(self, theta: Array) -> Array:
        """Share at the dates of the figures for coordinates (..., p): (..., n)."""
        return self.share(self.years, *self.to_params(np.moveaxis(theta, -1, 0)[..., None]))

    def slopes_of(self, theta: Array) -> Array:
        """Its derivatives by the coordinates, (..., n, p): differences, where a family has no better."""
        moves = _STEP * np.eye(theta.shape[-1])
        return np.stack([self.share_of(theta + move) - self.share_of(theta - move) for move in moves], -1) / (2 * _STEP)

    def to_params(self, theta: Array) -> Array:
        """Parameters of a search's coordinates, which are their logarithms."""
        return np.exp(np.clip(theta, -700, 700))

    def ceiling_at(self, years: Array) -> Array:
        """The known ceiling at decimal years, 1 where it is free: linear between its dates, constant outside."""
        if self.is_free or np.isscalar(self.ceiling):
            return np.full(len(years), 1.0 if self.is_free else float(self.ceiling))
        values = self.ceiling.values if isinstance(self.ceiling, Limit) else self.ceiling
        return np.interp(years, decimal_years(values.index), values.to_numpy(float))

    def curve(self, params: Array, years: Array) -> Array:
        """The curve of some parameters at decimal years."""
        level, rest = (params[0], params[1:]) if self.is_free else (1.0, params)
        return level * self.ceiling_at(years) * self.share(years, *rest)

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

    def fit(self) -> Results:
        """Fit the curve."""
        from .results import Results

        return Results(self)


class _LinkCurve(AdoptionCurve):
    """A curve that is a line in time on the scale of a link: at a known level a GLM."""

    names = ("rate", "midpoint")
    link: ClassVar[Any]

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
        return np.stack([mean_z - slope * mean_t, slope], -1)[None]

    @property
    def since(self) -> Array:
        """Years since the last figure, the regressor of the GLM."""
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

    def glm(self, level: float = 1.0, start: Array | None = None) -> Any:
        """The same curve at a level as statsmodels' GLMResults: `summary()`, `get_prediction`, residuals."""
        scale = level * self.ceiling_at(self.years)
        exog = pd.DataFrame({"const": 1.0, "years": self.since}, self.series.index)
        family, weights = Gaussian(self.link, check_link=False), (scale / scale[-1]) ** 2
        model = sm.GLM(self.series / scale, exog, family=family, var_weights=weights)
        return model.fit(start_params=start, use_t=True)


class Logistic(_LinkCurve):
    """Logistic curve, ``K / (1 + exp(-r (t - m)))``; m is where it is at half. Verhulst 1838, Griliches 1957."""

    name, link = "logistic", links.Logit()
    latex = r"\frac{K}{1 + e^{-r(t - m)}}"


class Gompertz(_LinkCurve):
    """Gompertz curve, ``K exp(-exp(-r (t - m)))``; m is where it is at 37%. Gompertz 1825, Chow 1967."""

    name, link = "gompertz", links.LogLog()
    latex = r"K\, e^{-e^{-r(t - m)}}"


class Bass(AdoptionCurve):
    """Bass curve, ``K (1 - e) / (1 + (q / p) e)`` with ``e = exp(-(p + q) (t - launch))``. Bass 1969."""

    name, names = "bass", ("innovation", "imitation")
    latex = r"K\, \frac{1 - e^{-(p + q)(t - l)}}{1 + \frac{q}{p} e^{-(p + q)(t - l)}}"

    def share(self, years: Array, *params: float) -> Array:
        p, q = params
        left = -np.expm1(-(p + q) * np.maximum(years - self.launch, 0.0))
        return p * left / (p + q * (1 - left))

    def starts(self, share: Array) -> Array:
        span = max(self.years[-1] - self.launch, self.step)
        rates = [(p / span, q / span) for p in (0.02, 0.3, 2.0) for q in (0.3, 4.0, 15.0)]
        return np.log(rates)[:, None]


FAMILIES: dict[str, type[AdoptionCurve]] = {family.name: family for family in (Logistic, Gompertz, Bass)}


def find_family(family: str | type[AdoptionCurve]) -> type[AdoptionCurve]:
    """The family of a name; a class is one already."""
    if isinstance(family, str) and family not in FAMILIES:
        raise CurveError(f"no family of curves is called {family!r}; choose among {', '.join(FAMILIES)}")
    return FAMILIES[family] if isinstance(family, str) else family
