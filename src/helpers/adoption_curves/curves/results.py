"""Results of one fit: those of statsmodels, and the profile of the saturation level."""

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

# Saturation levels of a profile, as multiples of the floor; the last one stands for infinity.
LEVELS = np.geomspace(1.0, 1000.0, 41)
# Largest ratio of the upper to the lower end of the interval of an identified saturation level.
NARROW = 2.0
# Maximum number of searches that start from the results at neighbouring levels.
_ROUNDS = 3
# Number of nested grids that locate the end of an interval, each nine times as fine as the one before.
_FINER = 3


class Results(LikelihoodModelResults):
    """Results of fitting one adoption curve.

    ``bse``, ``conf_int``, ``pvalues``, ``t_test``, ``wald_test`` and ``save`` are inherited from statsmodels.

    Attributes
    ----------
    params, bse : Series, length p
        Estimates and standard errors by parameter: the ceiling in the unit of the series, rates per year, dates as
        decimal years.
    ssr : float
        Sum of squared residuals; after whitening if the errors are autoregressive.
    scale : float
        Residual variance, ``ssr / df_resid``.
    nobs, df_model, df_resid : int
        Number of observations, number of parameters, and their difference.
    at_floor : bool
        Whether the estimated saturation level is the model's floor, because the best curve levels off below it.
    flag : str
        Reason why the optimum is not an estimate; "" if it is one.

    Examples
    --------
    >>> from adoption_curves.curves import Logistic
    >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
    >>> fit = Logistic(share).fit()
    >>> fit.params.round(2).to_dict(), fit.identified
    ({'ceiling': 60.69, 'rate': 0.71, 'midpoint': 2021.11}, True)
    """

    def __init__(self, model: Any) -> None:
        freedom = model.nobs - len(model.param_names)
        self.levels = (model.floor or 0.3 * np.abs(model.endog).max() or 1.0) * LEVELS if model.is_free else np.ones(1)
        self.squares, self.thetas = self._scan(model)
        params, self.ssr, self.at_floor = self._polish(model)
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
        """Smallest sums of squares, and their coordinates, at each level of the grid.

        The first search starts from the values; later ones start from the results at both neighbouring levels.
        """
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
        """Parameters, sum of squares, and whether the level is at the floor, searched from the grid's best level."""
        best = int(self.squares.argmin())
        start = np.r_[[self.levels[best]] * model.is_free, model.to_params(self.thetas[best])]
        if model.nobs <= len(start) or (model.is_free and best == len(LEVELS) - 1):
            return start, float(self.squares[best]), False

        def residuals(params: Array) -> Array:
            return model.whiten @ (model.endog - model.curve(params, model.years))

        def slopes(params: Array) -> Array:
            return -model.whiten @ model.jacobian(params, model.years)

        params = start
        with np.errstate(all="ignore"):
            for _ in range(2):
                # full_output prevents a warning; the sum of squares below shows whether it converged
                params = leastsq(residuals, params, Dfun=slopes, xtol=1e-15, ftol=1e-15, gtol=0.0, full_output=True)[0]
        ssr = float(residuals(params) @ residuals(params))
        named = zip(model.param_names, params, strict=True)
        allowed = all(value > 0 for name, value in named if name not in model.signed)
        inside = not model.is_free or model.floor <= params[0] <= self.levels[-1]
        if ssr <= self.squares[best] and allowed and inside:
            return params, ssr, False
        return start, float(self.squares[best]), model.is_free and best == 0 and model.floor > 0

    def _find_flag(self, known: bool) -> str:
        """Reason why the optimum is not an estimate; `known` is False if the information matrix is singular."""
        model, y = self.model, self.model.endog
        if self.df_resid <= 0:
            return f"{model.nobs} values for {self.df_model} parameters: there are too few values for a curve"
        flat = model.whiten @ (y - np.average(y))
        if flat @ flat <= self.ssr * (1 + 1e-9) + 1e-24 * (y @ y) or np.polyfit(model.years, y, 1)[0] <= 0:
            return "the values do not rise"
        named = zip(model.param_names, self.params, strict=True)
        rates = [(name, value) for name, value in named if name in model.names and name != "midpoint"]
        vanished = [name for name, value in rates if value * model.span < 1e-4]
        if model.errors == "independent" and self._jump() <= self.ssr * (1 + 1e-7) + 1e-14 * (y @ y):
            return "a jump at one date fits as well as any curve"
        if model.is_free and self.level >= 0.99 * self.levels[-1]:
            return "the ceiling runs to infinity: the values show no bend"
        if vanished:
            return f"{vanished[0]} runs to 0"
        return "" if known else "very different parameters fit alike"

    def _jump(self) -> float:
        """Smallest sum of squares of a step from 0 to the saturation level, which passes through one value."""
        y, level = self.model.endog, self.model.ceiling_at(self.model.years)
        squares = [np.inf]
        for place in range(len(y) - 1):
            after = y[place + 1 :]
            top = max(after.mean(), self.model.floor) if self.model.is_free else level[place + 1 :]
            squares.append(float(y[:place] @ y[:place] + ((after - top) ** 2).sum()))
        return min(squares)

    def profile(self, levels: Array | None = None) -> pd.DataFrame:
        r"""Profile of the saturation level: the best fit at each of several levels.

        Parameters
        ----------
        levels : ndarray of float, shape (k,), optional
            Saturation levels in the unit of the series. By default a grid from the floor, or from 0.3 times
            the highest value if the floor is 0, to 1000 times the level at which it begins.

        Returns
        -------
        DataFrame, length k
            ``ceiling`` is the level, ``ssr`` the smallest sum of squares at it, and ``pvalue`` the p-value of an F test
            of this level.

        Notes
        -----
        The statistic is :math:`(S(K) / S - 1)\,\nu`, where :math:`S(K)` is the sum of squares at level :math:`K`,
        :math:`S` the smallest of all, and :math:`\nu` the residual degrees of freedom. Under independent normal errors
        it is approximately F-distributed with 1 and :math:`\nu` degrees of freedom (Bates and Watts 1988, section 6.1).

        Examples
        --------
        >>> from adoption_curves.curves import Logistic
        >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
        >>> Logistic(share).fit().profile(np.array([60.0, 65.0]))["pvalue"].round(3).tolist()
        [0.006, 0.0]
        """
        squares, levels = (self.squares, self.levels) if levels is None else (self._squares_at(levels), levels)
        with np.errstate(all="ignore"):
            ratio = np.nan_to_num((squares / self.ssr - 1) * self.df_resid, nan=0.0, posinf=np.inf)
        return pd.DataFrame({"ceiling": levels, "ssr": squares, "pvalue": fisher.sf(ratio, 1, max(self.df_resid, 1))})

    def _squares_at(self, levels: Array) -> Array:
        """Smallest sums of squares at given levels, each searched from both of its neighbours on the grid."""
        after = np.clip(np.searchsorted(self.levels, levels), 1, max(len(self.levels) - 1, 1))
        return self.model.refit(levels, np.stack([self.thetas[after - 1], self.thetas[after]]))[0]

    def ceiling_interval(self, alpha: float = 0.05) -> tuple[float, float]:
        """Profile interval of the saturation level.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        tuple of float
            Lowest and highest level that `profile` does not reject, in the unit of the series. The lower end is at
            least the model's floor, and the upper end is infinite if the interval is open. NaN if the ceiling is known.

        Examples
        --------
        >>> from adoption_curves.curves import Logistic
        >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
        >>> [round(end, 1) for end in Logistic(share).fit().ceiling_interval()]
        [60.3, 61.1]
        """
        if self.df_resid <= 0 or not self.model.is_free:
            return (self.model.floor, np.inf) if self.model.is_free else (np.nan, np.nan)
        allowed = self.ssr * (1 + fisher.isf(alpha, 1, self.df_resid) / self.df_resid)

        def find_end(inner: float, outer: float) -> float:  # the last level not rejected, on finer and finer grids
            for _ in range(_FINER):
                levels = np.geomspace(inner, outer, 10)
                excess = self._squares_at(levels) - allowed
                last = int((excess[1:] > 0).argmax()) if (excess[1:] > 0).any() else len(levels) - 2
                inner, outer = levels[last], levels[last + 1]
            part = np.interp(0.0, excess[last : last + 2], [0.0, 1.0])
            return float(inner * (outer / inner) ** part)

        inside = np.flatnonzero(self.squares <= allowed)
        if not len(inside):  # the interval is between two levels of the grid
            after = int(np.searchsorted(self.levels, self.level))
            return find_end(self.level, self.levels[max(after - 1, 0)]), find_end(self.level, self.levels[after])
        first, last = inside[0], inside[-1]
        low = self.levels[0] if first == 0 else find_end(self.levels[first], self.levels[first - 1])
        low = 0.0 if first == 0 and self.model.floor == 0 else float(low)
        return low, np.inf if last == len(LEVELS) - 1 else find_end(self.levels[last], self.levels[last + 1])

    def intervals(self, alpha: float = 0.05) -> pd.DataFrame:
        """Confidence intervals of the parameters.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame
            Columns ``low`` and ``high`` by parameter: the profile interval of the saturation level, and Wald intervals
            of the other parameters, of rates not below 0. Ends are infinite if the optimum is not an estimate.
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
        """Whether the upper end of the saturation level's 95% interval is at most twice the lower end."""
        low, high = self.ceiling_interval()
        return bool(not self.flag and high <= NARROW * low)

    def predict(self, dates: Any = None) -> pd.Series:
        """Values of the fitted curve.

        Parameters
        ----------
        dates : DatetimeIndex or array_like, length h, optional
            Dates or decimal years; by default those of the observations.

        Returns
        -------
        Series, length h
            In the unit of the series.
        """
        return self.get_prediction(dates)["mean"]

    def get_prediction(self, dates: Any = None, alpha: float = 0.05) -> pd.DataFrame:
        """Values of the fitted curve with standard errors and confidence intervals, by the delta method.

        Parameters
        ----------
        dates : DatetimeIndex or array_like, length h, optional
            Dates or decimal years; by default those of the observations.
        alpha : float
            One minus the confidence level.

        Returns
        -------
        DataFrame, length h
            ``mean``, ``mean_se``, ``mean_ci_lower`` and ``mean_ci_upper``, in the unit of the series. The intervals are
            of the curve, not of new observations.

        Examples
        --------
        >>> from adoption_curves.curves import Logistic
        >>> share = pd.Series([3, 6, 11, 19, 29, 40, 48, 54, 57, 59], index=range(2016, 2026))
        >>> print(Logistic(share).fit().get_prediction([2026, 2027]).round(1).to_string())
              mean  mean_se  mean_ci_lower  mean_ci_upper
        2026  59.8      0.1           59.4           60.2
        2027  60.2      0.2           59.9           60.6
        """
        model, params = self.model, self.params
        index = model.series.index if dates is None else pd.Index(np.atleast_1d(np.asarray(dates)))
        years = model.years if dates is None else read_times(dates, model.is_dated, "the date")
        jacobian = model.jacobian(params, years)
        error = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, np.asarray(self.cov_params()), jacobian))
        mean, half = model.curve(params, years), student.isf(alpha / 2, max(self.df_resid, 1)) * error
        columns = {"mean": mean, "mean_se": error, "mean_ci_lower": mean - half, "mean_ci_upper": mean + half}
        return pd.DataFrame(columns, index)

    @cached_property
    def fittedvalues(self) -> Array:
        """Values of the curve at the dates of the observations."""
        return self.model.curve(self.params, self.model.years)

    @property
    def resid(self) -> Array:
        """Observations minus the curve."""
        return self.model.endog - self.fittedvalues

    @cached_property
    def glm(self) -> Any:
        """The same fit as statsmodels' GLMResults, for the observations as shares of the known ceiling.

        Raises
        ------
        AttributeError
            If the ceiling is estimated, because a GLM would treat it as known and its standard errors would be too
            small; also for other families than logistic and Gompertz, and for autoregressive errors.
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
            warnings.simplefilter("ignore", DomainWarning)  # a share with its error may be outside 0 to 1
            glm = sm.GLM(model.series / level, exog, family=family, var_weights=level**2)
            return glm.fit(start_params=[rate * (model.years[-1] - midpoint), rate], use_t=True)

    @property
    def aicc(self) -> float:
        """Akaike's information criterion, corrected for small samples; infinite if there are too few observations.

        The residual variance counts as a parameter (Hurvich and Tsai 1989).
        """
        count, left = self.df_model + 1, self.nobs - self.df_model - 2
        fit = self.nobs * (np.log(2 * np.pi * max(self.ssr, 1e-300) / self.nobs) + 1)
        fit -= 2 * np.linalg.slogdet(self.model.whiten)[1]
        return fit + 2 * count + 2 * count * (count + 1) / left if left > 0 else np.inf

    def summary(self, alpha: float = 0.05) -> Summary:
        """Summary as in statsmodels, with the profile interval of the ceiling below the table.

        Parameters
        ----------
        alpha : float
            One minus the confidence level.

        Returns
        -------
        statsmodels.iolib.summary.Summary
        """
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
    """Results labelled with the names of parameters and dates, as in statsmodels."""

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {value:.6g}" for name, value in self.params.items())
        return f"<{self.model.name} curve of {self.model.endog_name}: {numbers}{'; ' * bool(self.flag)}{self.flag}>"
