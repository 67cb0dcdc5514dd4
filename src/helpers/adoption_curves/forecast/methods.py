"""The forecasting methods, all through one interface: what is known at an origin and dates ahead give (N, H) values.

To add one, write its function and a line in `METHODS`; its bands, scores and place in every table follow.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.special import expit, softmax

from ..curves.tables import MEASUREMENT
from ..indicators.series import AdoptionSeries
from . import bands
from .ceilings import GOMPERTZ, LOGISTIC, CeilingFits, Family, fit_ceilings
from .windows import SHARE_LIMITS, SHORTEST, Ahead, Windows, approach, damp, mean_change, measure_growth, to_link

TAIL_ROUNDS = 20
"""Iterations of reweighting where errors have heavy tails."""
NODES = 4 * (np.arange(25) + 0.5) / 25 - 2
"""Ceilings, in standard deviations of the prior from its mean: the middles of equal parts of two to each side."""


@dataclass
class Prior:
    """Prior knowledge from the reference technologies; numbers, or (N,) arrays with one entry per window."""

    mean: np.ndarray | float  # of the logit of the share at which technologies stand
    sd: np.ndarray | float  # of the same
    rate_intercept: np.ndarray | float = 0.0  # rate ahead = intercept + slope x rate of the window, both per year on
    rate_slope: np.ndarray | float = 1.0  # the link's scale
    technologies: np.ndarray | int = 0

    def shares(self, away: np.ndarray) -> np.ndarray:
        """Shares of the bound (N, K) that lie `away` (N, K) standard deviations from the prior's mean."""
        return expit(np.reshape(self.mean, (-1, 1)) + np.reshape(self.sd, (-1, 1)) * away)

    def expected_rate(self, rate: np.ndarray | float) -> np.ndarray | float:
        """Expected rate per year after the `rate` of the window."""
        return self.rate_intercept + self.rate_slope * rate


@dataclass
class Curve:
    """Curves of one family at several ceilings for N windows, with weights of the ceilings."""

    windows: Windows
    fits: CeilingFits

    @cached_property
    def loglike(self) -> np.ndarray:
        """Adjusted log-likelihood of the ceilings, (N, K): independent errors, their sum of squares to -(n - 2) / 2.

        `MEASUREMENT` keeps the sum of squares of a perfect fit above 0.
        """
        squares = self.fits.ssr / self.windows.bound[:, -1:] ** 2
        return -(self.windows.points - 2) / 2 * np.log(squares + MEASUREMENT**2)

    @cached_property
    def weight(self) -> np.ndarray:
        """Weights of the ceilings, (N, K): likelihood under a flat prior; they add up to 1."""
        return softmax(self.loglike, axis=1)

    def paths(self, ahead: Ahead) -> np.ndarray:
        """Each ceiling's curve through the last observation, (N, K, H), in the unit of the series."""
        last = self.windows.years[:, -1:]
        gain = self.fits.curve(last + ahead.years) - self.fits.curve(last)
        return ahead.bound[:, None] * (self.windows.shares[:, -1:, None] + gain)

    def path(self, ahead: Ahead) -> np.ndarray:
        """The mean of the paths over the ceilings, (N, H)."""
        return (self.weight[:, :, None] * self.paths(ahead)).sum(axis=1)

    def frame(self) -> pd.DataFrame:
        """Share of the bound, prior, likelihood (1 at its highest) and weight of the ceilings of one window (N = 1)."""
        columns = {"share": self.fits.shares[0], "prior": 1 / self.fits.shares.shape[1]}
        columns |= {"likelihood": np.exp(self.loglike - self.loglike.max())[0], "weight": self.weight[0]}
        return pd.DataFrame(columns)


def average_ceilings(family: Family, windows: Windows, prior: Prior) -> Curve:
    """A curve whose ceiling is not known: each of 25 ceilings counts by its profile likelihood.

    They lie evenly within two standard deviations of where the references stand now, on the scale of logits; there the
    prior is flat. The likelihood is that of the fit to the window with the ceiling held: its sum of squares to the
    power -(n - 2) / 2. With four points it hardly chooses; where the series has bent it decides within these limits.
    """
    return Curve(windows, _fit(family, windows, prior.shares(np.tile(NODES, (len(windows.years), 1)))))


def fit_at_share(family: Family, windows: Windows, share: float) -> Curve:
    """The curve of each window whose ceiling is one known share of the bound."""
    return Curve(windows, _fit(family, windows, np.full((len(windows.years), 1), share)))


def _fit(family: Family, windows: Windows, shares: np.ndarray) -> CeilingFits:
    return fit_ceilings(family, windows.years, windows.values, windows.bound, shares)


@dataclass
class Origin:
    """Input of a method: windows of last points with their priors. Curves are fitted once, when first needed."""

    windows: Windows
    prior: Prior

    @cached_property
    def curves(self) -> dict[str, Curve]:
        """The members whose ceiling is not known, by name."""
        families = {"gompertz_prior": GOMPERTZ, "logistic_prior": LOGISTIC}
        return {name: average_ceilings(family, self.windows, self.prior) for name, family in families.items()}


PUBLISHED = "combined"
"""Method that a run publishes: the mean of its members' quantiles."""


def gompertz_shrunk(origin: Origin, ahead: Ahead) -> np.ndarray:
    """A Gompertz curve up to the bound, its rate shrunk towards what followed in the references.

    With a single figure it is the average rate that followed in them.
    """
    windows, prior, link = origin.windows, origin.prior, GOMPERTZ.link
    expected = np.atleast_1d(prior.expected_rate(measure_growth(windows)[0]))[:, None]
    last = to_link(link, windows.shares[:, -1:])
    gain = link.inverse(last + expected * ahead.years) - link.inverse(last)
    return ahead.bound * (windows.shares[:, -1:] + gain)


def gompertz_prior(origin: Origin, ahead: Ahead) -> np.ndarray:
    """The Gompertz curve averaged over its ceiling, see `average_ceilings`."""
    return origin.curves["gompertz_prior"].path(ahead)


def logistic_prior(origin: Origin, ahead: Ahead) -> np.ndarray:
    """The logistic curve averaged over its ceiling, see `average_ceilings`."""
    return origin.curves["logistic_prior"].path(ahead)


def damped_drift(origin: Origin, ahead: Ahead) -> np.ndarray:
    """Damped trend: the mean change per year, less a fifth each year (damped Holt in continuous time).

    Without a bound the later steps count more, see `Windows.step_weights`, and a fall is taken in proportion to what is
    left, so that it never reaches 0. With one, the path approaches the limit and does not pass it.
    """
    windows, last = origin.windows, last_value(origin, ahead)
    change = mean_change(windows.years, windows.values, windows.step_weights)[:, None] * damp(ahead.years)
    if windows.bounded:
        return approach(last + change, last, ahead.limit)
    return np.where(change < 0, last * np.exp(np.minimum(change / last, 0)), last + change)


def drift(origin: Origin, ahead: Ahead) -> np.ndarray:
    """Random walk with drift: the mean change per year continues. One figure has no change."""
    return last_value(origin, ahead) + mean_change(origin.windows.years, origin.windows.values)[:, None] * ahead.years


def last_value(origin: Origin, ahead: Ahead) -> np.ndarray:
    """Last value at every date."""
    return origin.windows.values[:, -1:] + 0 * ahead.years


class Method(NamedTuple):
    """A forecasting method."""

    name: str
    path: Callable[[Origin, Ahead], np.ndarray]  # (N, H) values
    member: bool  # whether the published forecast is the mean of its quantiles and others'
    needs_bound: bool
    figures: int  # that it needs at least


METHODS = (
    Method("gompertz_shrunk", gompertz_shrunk, member=True, needs_bound=True, figures=1),
    Method("gompertz_prior", gompertz_prior, member=True, needs_bound=True, figures=SHORTEST),
    Method("logistic_prior", logistic_prior, member=True, needs_bound=True, figures=SHORTEST),
    Method("damped_drift", damped_drift, member=True, needs_bound=False, figures=SHORTEST),
    Method("drift", drift, member=False, needs_bound=False, figures=1),
    Method("last_value", last_value, member=False, needs_bound=False, figures=1),
)
"""Members of the published forecast, and benchmarks."""
NAMES = (PUBLISHED, *(each.name for each in METHODS))
"""Every method by name, the published one first."""


def members_of(method: str, known: Container[str]) -> tuple[str, ...]:
    """Methods whose quantiles a method's are the mean of: its members among those `known`, or itself.

    Known are the columns of a residual frame, or `methods_for` a series.
    """
    return (method,) if method != PUBLISHED else tuple(m.name for m in METHODS if m.member and m.name in known)


def methods_for(bounded: bool = True, figures: int = SHORTEST) -> tuple[str, ...]:
    """Names of the methods that apply to a series of so many figures, the published one first."""
    return (PUBLISHED, *(m.name for m in METHODS if m.figures <= figures and (bounded or not m.needs_bound)))


def forecast_points(origin: Origin, ahead: Ahead, names: Sequence[str] | None = None) -> dict[str, np.ndarray]:
    """Point forecasts of some methods, or of every one that applies: a dict of (N, H) arrays from 0 to the limit.

    Past its peak the last value is the path of every member.
    """
    windows, points = origin.windows, {}
    known = methods_for(windows.bounded, windows.points)
    names, members = names or known, members_of(PUBLISHED, known)
    past_peak, last = windows.past_peak[:, None], last_value(origin, ahead)
    with np.errstate(over="ignore"):  # where a curve falls so steeply that its share is 0
        for method in METHODS:
            if method.name in names or (PUBLISHED in names and method.name in members):
                path = ahead.clip(method.path(origin, ahead))
                points[method.name] = np.where(past_peak, last, path) if method.member else path
    if PUBLISHED in names:
        points[PUBLISHED] = sum(points[name] for name in members) / len(members)
    return {name: points[name] for name in names}


def last_shares(references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Shares of their bounds that reference technologies have reached now, and their deepest falls.

    A technology with several series counts once, by the means of their logits and shares and the deepest fall of any.
    For logits shares are cut at .98. Some technologies still grow, so the prior is more likely too low than too high.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        Those without a bound, or with fewer than four values, are passed over.

    Returns
    -------
    DataFrame
        logit, share, fall (the deepest below the highest figure so far, a part of that) and regained (whether a later
        figure was higher again) by technology.
    """
    rows = []
    for series in references:
        if series.bound is not None and len(series.values) >= 4:
            share = series.share.iloc[-1]
            last = np.clip(share, SHARE_LIMITS[0], 0.98)
            peaks = series.values.cummax()
            falls = (1 - series.values / peaks).to_numpy()
            deepest = int(falls.argmax())
            regained = bool(peaks.iloc[-1] > peaks.iloc[deepest])
            rows.append((series.technology, np.log(last / (1 - last)), share, falls[deepest], regained))
    frame = pd.DataFrame(rows, columns=["technology", "logit", "share", "fall", "regained"])
    by_technology = frame.sort_values("fall", kind="stable").groupby("technology")
    return by_technology.agg({"logit": "mean", "share": "mean", "fall": "last", "regained": "last"})


def learn_prior(reached: pd.DataFrame, residuals: pd.DataFrame, exclude: str = "") -> Prior:
    """Prior from all technologies but one: the shares that they have reached, and their later growth.

    The rate that followed is a straight line of the rate in the window: weighted least squares on the Gompertz scale,
    each technology the same weight at each horizon and length of window, each row by the inverse of the variance that
    `bands.fit_variance_weights` finds for it. The line shrinks the rate towards its average in the references. After
    one or two figures, where the references' ways part most, the errors have the heavy tails of the bands (Student t).

    Parameters
    ----------
    reached : DataFrame
        From `last_shares`.
    residuals : DataFrame
        From `backtest` with bounds (the methods' columns are not needed).
    exclude : str
        Technology to leave out.

    Returns
    -------
    Prior
        With the number of technologies its saturation shares rest on.

    Raises
    ------
    ValueError
        When fewer than two other technologies remain.
    """
    logits = reached[reached.index != exclude]["logit"].to_numpy()
    rows = residuals[residuals["technology"] != exclude] if exclude else residuals
    if len(logits) < 2 or rows["technology"].nunique() < 2:
        raise ValueError(
            "reference series of two technologies at least are needed, besides the technology that is forecast"
        )
    years, rate, actual, bound, share = (
        rows[name].to_numpy(float) for name in ("years", "rate", "actual", "bound_ahead", "share")
    )
    gain = to_link(GOMPERTZ.link, actual / bound) - to_link(GOMPERTZ.link, share)
    weights, components = bands.weigh_technologies(rows), bands.Cases.of(rows).components
    few, design, line = bands.has_few(rows), np.stack([years, rate * years], axis=1), np.array([0.0, 1.0])
    for _ in range(TAIL_ROUNDS if few else 1):
        errors = gain - design @ line
        variance = components @ bands.fit_variance_weights(components, errors, weights)
        root = np.sqrt(weights / (variance + errors**2 / bands.HEAVY_TAILS if few else variance))[:, None]
        line = np.linalg.lstsq(root * design, root[:, 0] * gain, rcond=None)[0]
    intercept, slope = line
    return Prior(float(np.mean(logits)), float(np.std(logits, ddof=1)), float(intercept), float(slope), len(logits))
