"""Results of one fit, as statsmodels has them, with the profile of the saturation level."""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import statsmodels.api as sm
from scipy.optimize import leastsq
from scipy.stats import f as fisher
from scipy.stats import t as student
from statsmodels.base.model import LikelihoodModelResults, LikelihoodResultsWrapper
from statsmodels.genmod.families import Gaussian
from statsmodels.iolib.summary import Summary
from statsmodels.tools.sm_exceptions import DomainWarning

from .inputs import Array, read_times

LEVELS = np.geomspace(1.0, 1000.0, 41)  # of a profile, in multiples of the floor; the last stands for infinity
NARROW = 2.0  # upper over lower end up to which a level is identified
_ROUNDS = 3  # of searches from neighbours at most
_FINER = 3  # grids within grids at the end of an interval, each nine times as fine


class Results(LikelihoodModelResults):
    """Estimates of one curve; `bse`, `conf_int`, `pvalues`, `t_test`, `wald_test` and `save` are statsmodels' own.

    Attributes
    ----------
    params, bse : Series
        By parameter: the ceiling in the unit of the series, rates a year, dates as decimal years. Standard errors are
        those of independent errors.
    ssr, scale, nobs, df_resid, aicc : numbers
    held : bool
        The level is held at the floor: without it the curve would end lower.
    flag : str
        Why the optimum is no estimate; "" where it is one.
    """

    def __init__(self, model: Any) -> None:
        freedom = model.nobs - len(model.param_names)
        self.levels = (model.floor or 0.3 * np.abs(model.endog).max() or 1.0) * LEVELS if model.is_free else np.ones(1)
        self.squares, self.thetas = self._scan(model)
        params, self.ssr, self.held = self._polish(model)
        self.level = float(params[0]) if model.is_free else 1.0
        jacobian = model.whiten @ model.jacobian(params, model.years)
        self.nobs, self.df_resid, self.df_model = model.nobs, freedom, len(params)
        with np.errstate(all="ignore"):
            size = np.sqrt((jacobian**2).sum(0))
            information = (jacobian / size).T @ (jacobian / size)
            known = bool(np.isfinite(information).all() and np.linalg.cond(information) < 1e14)
            inverse = np.linalg.inv(information) if known else np.full(information.shape, np.nan)
            covariance = inverse / np.outer(size, size)
        scale = self.ssr / freedom if freedom > 0 else np.nan
        super().__init__(model, params, normalized_cov_params=covariance, scale=scale, use_t=True)
        self.flag = self._find_flag(known)

    def _scan(self, model: Any) -> tuple[Array, Array]:
        """Sums of squares and coordinates at each level of the grid, searched from its own starts, then neighbours'."""
        share = model.endog / (self.levels[:, None] * model.ceiling_at(model.years))
        squares, thetas = model.refit(self.levels, model.starts(share))
        for _ in range(_ROUNDS if model.is_free else 0):
            near = np.stack([np.roll(thetas, 1, 0), np.roll(thetas, -1, 0)])
            again, others = model.refit(self.levels, near)
            better = again < squares * (1 - 1e-9)
            squares, thetas = np.where(better, again, squares), np.where(better[:, None], others, thetas)
            if not better.any():
                break
        return squares, thetas

    def _polish(self, model: Any) -> tuple[Array, float, bool]:
        """Parameters, sum of squares, and whether the level is held at the floor; from the best level of the grid."""
        best = int(self.squares.argmin())
        start = np.r_[[self.levels[best]] * model.is_free, model.to_params(self.thetas[best])]
        if model.nobs <= len(start) or (model.is_free and best == len(LEVELS) - 1):
            return start, float(self.squares[best]), False

        def miss(params: Array) -> Array:
            return model.whiten @ (model.endog - model.curve(params, model.years))

        def slopes(params: Array) -> Array:
            return -model.whiten @ model.jacobian(params, model.years)

        params = start
        with np.errstate(all="ignore"):
            for _ in range(2):
                # whether it converged is judged below, by the sum of squares; full_output keeps it from warning
                params = leastsq(miss, params, Dfun=slopes, xtol=1e-15, ftol=1e-15, gtol=0.0, full_output=True)[0]
        ssr = float(miss(params) @ miss(params))
        named = zip(model.param_names, params, strict=True)
        allowed = all(value > 0 for name, value in named if name not in model.signed)
        inside = not model.is_free or model.floor <= params[0] <= self.levels[-1]
        if ssr <= self.squares[best] and allowed and inside:
            return params, ssr, False
        return start, float(self.squares[best]), model.is_free and best == 0 and model.floor > 0

    def _find_flag(self, known: bool) -> str:
        model, y = self.model, self.model.endog
        if self.df_resid <= 0:
            return f"{model.nobs} values for {self.df_model} parameters: there are too few values for a curve"
        flat = model.whiten @ (y - np.average(y))
        if flat @ flat <= self.ssr * (1 + 1e-9) + 1e-24 * (y @ y) or np.polyfit(model.years, y, 1)[0] <= 0:
            return "the values do not rise"
        named = zip(model.param_names, self.params, strict=True)
        ended = [
            name for name, value in named if name in model.names and name != "midpoint" and value * model.span < 1e-4
        ]
        if model.errors == "independent" and self._jump() <= self.ssr * (1 + 1e-7) + 1e-14 * (y @ y):
            return "a jump at one date fits as well as any curve"
        if model.is_free and self.level >= 0.99 * self.levels[-1]:
            return "the ceiling runs to infinity: the values show no bend"
        if ended:
            return f"{ended[0]} runs to 0"
        return "" if known else "very different parameters fit alike"

    def _jump(self) -> float:
        """Least sum of squares of a jump, from 0 to the level, through one value."""
        y, level = self.model.endog, self.model.ceiling_at(self.model.years)
        squares = [np.inf]
        for place in range(len(y) - 1):
            after = y[place + 1 :]
            top = max(after.mean(), self.model.floor) if self.model.is_free else level[place + 1 :]
            squares.append(float(y[:place] @ y[:place] + ((after - top) ** 2).sum()))
        return min(squares)

    # ---- the saturation level

    def profile(self, levels: Array | None = None) -> pd.DataFrame:
        """Levels (None: those of the grid), the sum of squares at each, and its p-value by Fisher's distribution."""
        squares, levels = (self.squares, self.levels) if levels is None else (self._miss_at(levels), levels)
        with np.errstate(all="ignore"):
            ratio = np.nan_to_num((squares / self.ssr - 1) * self.df_resid, nan=0.0, posinf=np.inf)
        return pd.DataFrame({"ceiling": levels, "ssr": squares, "pvalue": fisher.sf(ratio, 1, max(self.df_resid, 1))})

    def _miss_at(self, levels: Array) -> Array:
        """Least sums of squares at levels, each searched from both of its neighbours on the grid."""
        after = np.clip(np.searchsorted(self.levels, levels), 1, max(len(self.levels) - 1, 1))
        return self.model.refit(levels, np.stack([self.thetas[after - 1], self.thetas[after]]))[0]

    def ceiling_interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Interval of the levels whose p-values are above alpha: from the floor, and infinite where it is open."""
        if self.df_resid <= 0 or not self.model.is_free:
            return (self.model.floor, np.inf) if self.model.is_free else (np.nan, np.nan)
        allowed = self.ssr * (1 + fisher.isf(alpha, 1, self.df_resid) / self.df_resid)

        def cross(inner: float, outer: float) -> float:  # the last level of finer and finer grids that is not rejected
            for _ in range(_FINER):
                levels = np.geomspace(inner, outer, 10)
                excess = self._miss_at(levels) - allowed
                last = int((excess[1:] > 0).argmax()) if (excess[1:] > 0).any() else len(levels) - 2
                inner, outer = levels[last], levels[last + 1]
            part = np.interp(0.0, excess[last : last + 2], [0.0, 1.0])
            return float(inner * (outer / inner) ** part)

        inside = np.flatnonzero(self.squares <= allowed)
        if not len(inside):  # the interval lies between two levels of the grid
            after = int(np.searchsorted(self.levels, self.level))
            return cross(self.level, self.levels[max(after - 1, 0)]), cross(self.level, self.levels[after])
        first, last = inside[0], inside[-1]
        low = self.levels[0] if first == 0 else cross(self.levels[first], self.levels[first - 1])
        low = 0.0 if first == 0 and self.model.floor == 0 else float(low)
        return low, np.inf if last == len(LEVELS) - 1 else cross(self.levels[last], self.levels[last + 1])

    def intervals(self, alpha: float = 0.05) -> pd.DataFrame:
        """Intervals by name, columns low and high: of the level from its profile, else Wald, of rates from 0 on.

        Both ends are open where the optimum is no estimate.
        """
        ends = pd.DataFrame(self.conf_int(alpha), self.model.param_names, ["low", "high"])
        if self.flag:
            ends[:] = -np.inf, np.inf
        if self.model.is_free:
            low, high = self.ceiling_interval(alpha)
            ends.loc["ceiling"] = low, np.inf if self.flag else high
        rates = ends.index.drop("midpoint", errors="ignore")
        ends.loc[rates, "low"] = ends.loc[rates, "low"].clip(lower=0.0)
        return ends

    @property
    def identified(self) -> bool:
        """Whether the 95% interval of the level is closed and no wider than two to one."""
        low, high = self.ceiling_interval()
        return bool(not self.flag and high <= NARROW * low)

    # ---- the curve

    def predict(self, dates: Any = None) -> pd.Series:
        """The curve at dates or decimal years; None: at those of the values."""
        return self.get_prediction(dates)["mean"]

    def get_prediction(self, dates: Any = None, alpha: float = 0.05) -> pd.DataFrame:
        """The curve at dates: mean, mean_se, mean_ci_lower, mean_ci_upper, by the delta method."""
        model, params = self.model, self.params
        index = model.series.index if dates is None else pd.Index(np.atleast_1d(np.asarray(dates)))
        years = model.years if dates is None else read_times(dates, model.is_dated, "what is asked for")
        jacobian = model.jacobian(params, years)
        error = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, np.asarray(self.cov_params()), jacobian))
        mean, half = model.curve(params, years), student.isf(alpha / 2, max(self.df_resid, 1)) * error
        columns = {"mean": mean, "mean_se": error, "mean_ci_lower": mean - half, "mean_ci_upper": mean + half}
        return pd.DataFrame(columns, index)

    @cached_property
    def fittedvalues(self) -> Array:
        """The curve at the dates of the values."""
        return self.model.curve(self.params, self.model.years)

    @property
    def resid(self) -> Array:
        """Value less curve."""
        return self.model.endog - self.fittedvalues

    @cached_property
    def glm(self) -> Any:
        """The same fit as statsmodels' GLMResults, of shares of the known level; with `summary()` and residuals.

        Raises
        ------
        AttributeError
            Where the level is estimated: a GLM would state its errors as if the level were known, which are too small.
            For other families and autoregressive errors too.
        """
        model = self.model
        if model.is_free or model.errors != "independent" or model.link is None:
            raise AttributeError(
                "only a logistic or Gompertz curve to a known ceiling, with independent errors, is a GLM"
            )
        level, since = model.ceiling_at(model.years), model.since
        exog = pd.DataFrame({"const": 1.0, "years": since}, model.series.index)
        family = Gaussian(model.link, check_link=False)
        rate, midpoint = self.params
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DomainWarning)  # errors of a share may leave 0 to 1
            glm = sm.GLM(model.series / level, exog, family=family, var_weights=level**2)
            return glm.fit(start_params=[rate * (model.years[-1] - midpoint), rate], use_t=True)

    @property
    def aicc(self) -> float:
        """Akaike's criterion for few values, with the variance as a parameter; infinite where it has no value."""
        count, left = self.df_model + 1, self.nobs - self.df_model - 2
        fit = self.nobs * (np.log(2 * np.pi * max(self.ssr, 1e-300) / self.nobs) + 1)
        fit -= 2 * np.linalg.slogdet(self.model.whiten)[1]
        return fit + 2 * count + 2 * count * (count + 1) / left if left > 0 else np.inf

    def summary(self, alpha: float = 0.05) -> Summary:
        """Statsmodels' Summary: Wald intervals, and the profile interval of the level below."""
        deviation, name = f"{np.sqrt(self.scale):.5g}", self.model.endog_name
        left = {"Dep. Variable:": name, "No. Observations:": self.nobs, "Df Residuals:": self.df_resid}
        right = {"Residual SD:": deviation, "Errors:": self.model.errors, "AICc:": f"{self.aicc:.5g}"}
        sides = ([(name, [str(text)]) for name, text in side.items()] for side in (left, right))
        summary = Summary()
        summary.add_table_2cols(self, f"{self.model.name.capitalize()} adoption curve", *sides, name)
        summary.add_table_params(self, xname=self.model.param_names, alpha=alpha, use_t=True)
        notes = [f"Not an estimate: {self.flag}."] if self.flag else []
        if self.model.is_free:
            low, high = self.ceiling_interval(alpha)
            notes.append(f"Profile interval of the ceiling: {low:.4g} to {high:.4g}.")
        summary.add_extra_txt(notes)
        return summary


class ResultsWrapper(LikelihoodResultsWrapper):
    """Results with the names of parameters and dates, as statsmodels wraps its own."""

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {value:.6g}" for name, value in self.params.items())
        return f"<{self.model.name} curve of {self.model.endog_name}: {numbers}{'; ' * bool(self.flag)}{self.flag}>"
