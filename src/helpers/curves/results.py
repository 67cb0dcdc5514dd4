"""Results of one fit: a statsmodels results class, with the ceiling's identification and profile intervals besides."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import stdtr, stdtrit
from statsmodels.base.model import LikelihoodModelResults

from ..base.dates import CurveError
from ..base.words import say_name
from .diagnostics import measure_serial_correlation
from .display import Displayed
from .engine import LIMITS, estimates, flag_optima, limits_reached, nested_families
from .error_models import list_kinds, supported_kinds
from .inputs import check_alpha
from .likelihoods import LeastSquares, fit_level
from .model import CurveModel
from .prediction import Predicted
from .profile import is_narrow, profile_target, units

UNSETTLED = "the search did not settle: the sum of squares hardly changes along a ridge of parameters"
INTERNAL = {
    "likelihood", "likelihoods", "by_errors", "under", "launch_fits", "intervals", "serial_correlation", "limits",
    "cov_params_default", "initialize", "normalized_cov_params", "t_test_pairwise", "wald_test_terms",
}  # fmt: skip


class Results(Predicted, Displayed, LikelihoodModelResults):
    """Estimates of one curve, with what statsmodels' results have: `t_test`, `wald_test`, `f_test`, `save`, `load`.

    Attributes
    ----------
    params, bse, tvalues, pvalues : Series by parameter
        Dates in decimal years, rates per year, the ceiling in the unit of the series. A parameter whose optimum lies at
        infinity or on the boundary has that limit as value and NaN as standard error (the other errors are conditional
        on it); where the data single out no curve all are NaN. `flag` says so.
    limit : str
        Where the optimum lies on the boundary and the curve there is one of a nested family, the name of that; else "".
        It is an estimate then: its ceiling, intervals and `identified` are those of the whole family, whose best curve
        lies there, and `nested` has the fit of the nested family alone.
    ssr, scale, llf, aic, aicc, bic, nobs, df_model, df_resid : numbers
        The criteria count the noise variance as a parameter, as R and Burnham and Anderson (2002) do.
    param_names : list of str
        Names of the estimated parameters.
    flag : str
        "" or what is wrong with the optimum, or at which `limit` it lies.
    ceiling_kind : str
        "free", "known" or "share".
    serial_correlation : Series
        durbin_watson (2 without correlation), lag_1 (correlation), f_statistic, p_value; NaN where there are too few
        residuals.
    """

    model: CurveModel

    def __init__(self, likelihood: LeastSquares) -> None:
        self.likelihood, model = likelihood, likelihood.model
        self._under: dict[str, LeastSquares] = {}
        self.ceiling_kind, self.errors = model.ceiling.kind, model.errors
        self.nobs, self.k_params, self.df_resid = model.nobs, likelihood.k_params, likelihood.df_resid
        self.df_model, self.ssr = self.k_params, likelihood.ssr
        self.param_names = model.param_names
        self.limits = limits_reached(likelihood.batch.family, likelihood.fit)[:, 0]
        self.limit = str(nested_families(likelihood.batch.family, likelihood.fit)[0]) if self.df_resid > 0 else ""
        values = estimates(likelihood.batch, likelihood.fit)[0, 0 if likelihood.free else 1 :]
        values = np.where(self.df_resid < 0, np.nan, values)
        params = pd.Series(values, index=model.param_names)
        super().__init__(model, params, scale=likelihood.scale, use_t=True)
        self.flag = self._describe_flag()

    def _describe_flag(self) -> str:
        fit, name, freedom = self.likelihood.fit, self.model.endog_name, self.nobs - self.k_params
        if freedom < 0:
            return f"{self.nobs} observations of {name} for {self.k_params} parameters: no curve is singled out"
        if fit.flat[0]:
            return f"{name} does not rise: a constant fits as well as any curve"
        reasons = ["the ceiling runs to infinity: the data show no bend"] if fit.diverged[0] else []
        for (parameter, kind), end in zip(self.model.parameters, self.limits, strict=True):
            if end:
                limit = LIMITS[kind][int(end > 0)]
                reasons.append(f"{parameter} runs to {'infinity' if np.isposinf(limit) else f'{limit:g}'}")
        if self.limit:
            reasons[-1] += f": the limit of this family, the {say_name(self.limit)} curve, is what was fitted"
        if fit.step[0]:
            reasons.append("a jump at one date fits better than any smooth curve: the rate runs to infinity")
        if not reasons and freedom == 0:
            reasons.append("as many parameters as observations: the curve meets each of them and its error is unknown")
        if not reasons and (not fit.converged[0] or np.isnan(np.diag(self.cov_params_default)).any()):
            reasons.append(UNSETTLED)
        return "; ".join(reasons)

    @property
    def ceiling(self) -> float:
        """The ceiling as a number: estimated or known; with a bound, its value at the last observation."""
        ceiling = self.model.ceiling
        level = self.params[ceiling.name] if ceiling.name else ceiling.level
        return float(level * ceiling.bound_at(self.likelihood.last))

    @cached_property
    def by_errors(self) -> dict[str, LeastSquares]:
        """The likelihood under each kind of errors that is possible, with any launch where none was given.

        Series without a degree of freedom have one only; weights say themselves how errors grow.
        """
        own = self.under("independent")
        model = own.model
        if model.errors is not None or own.df_resid <= 0:
            return {model.errors or "independent": own}
        return {kind: self.under(kind) for kind in list_kinds(None, self._has_weights)}

    def under(self, kind: str) -> LeastSquares:
        """The likelihood under a kind of errors where nothing is said of them, kept; else that of what is said."""
        if kind not in self._under:
            model = self.model.with_any_launch()
            if kind == "independent":
                made = self.likelihood if model is self.model else fit_level(model)
            else:
                variance = "curve" if "proportion" in kind else model.variance
                errors = "cumulative" if kind.startswith("cumulative") else "independent"
                made = fit_level(model.changed(errors=errors, variance=variance, known_se=None))
            self._under[kind] = made
        return self._under[kind]

    @property
    def _has_weights(self) -> bool:
        model = self.model
        return model.weights is not None or model.known_se is not None or model.variance == "curve"

    @cached_property
    def likelihoods(self) -> list[LeastSquares]:
        """What profile intervals hold under: those of `by_errors` that the residuals speak for."""
        made = [*self.by_errors.values()]
        if len(made) < 2 or self.model.known_se is not None:
            return made
        say = supported_kinds([(likelihood.batch, likelihood.fit) for likelihood in made])[:, 0]
        return [likelihood for likelihood, kept in zip(made, say, strict=True) if kept]

    @cached_property
    def launch_fits(self) -> bool:
        """Whether the launch that was assumed fits not worse (F, 95 %) than the best one; True where it was given."""
        free = next(iter(self.by_errors.values()))
        if free.df_resid <= 0 or len(free.places) == len(self.likelihood.places):
            return True
        return bool(self.likelihood.fit.ssr[0] <= free.fit.ssr[0] + profile_target(free.batch, free.fit, 0.05)[0])

    def intervals(self, names: Sequence[str], alpha: float) -> np.ndarray:
        """Profile intervals of parameters, (k, 2): the hulls of those of all `likelihoods`."""
        ends = np.array([likelihood.intervals(names, alpha) for likelihood in self.likelihoods])
        return np.column_stack([ends[:, :, 0].min(axis=0), ends[:, :, 1].max(axis=0)])

    @cached_property
    def nested(self) -> Results | None:
        """Fit of the nested family at whose `limit` the estimate lies, with its own parameters; None elsewhere."""
        return self.model.as_family(self.limit).fit() if self.limit else None

    @cached_property
    def cov_params_default(self) -> pd.DataFrame:
        """Wald covariance of the estimates: what `cov_params()` returns."""
        likelihood = self.likelihood
        unit = units(likelihood.batch, likelihood.fit)[0]
        unit[1:][self.limits != 0] = np.nan
        unit[np.diag(likelihood.covariance) == 0] = np.nan  # it misses nothing: there is no test
        with np.errstate(over="ignore"):  # beyond all numbers is infinite
            matrix = (likelihood.covariance * np.outer(unit, unit))[not likelihood.free :, not likelihood.free :]
        return pd.DataFrame(matrix, index=self.param_names, columns=self.param_names)

    @cached_property
    def bse(self) -> pd.Series:
        """Standard errors by name."""
        with np.errstate(invalid="ignore"):
            return pd.Series(np.sqrt(np.diag(self.cov_params_default)), index=self.param_names)

    @property
    def pvalues(self) -> pd.Series:
        """Two-sided t tests of zero; for a date this has no meaning and is kept for the convention only."""
        return 2 * stdtr(max(self.df_resid, 1), -self.tvalues.abs()).where(self.bse.notna())

    @property
    def _plain(self) -> LikelihoodModelResults:
        """The same without labels, as the tests of statsmodels need it."""
        plain = LikelihoodModelResults(
            self.model, self.params.to_numpy(), self.cov_params_default.to_numpy(), use_t=True
        )
        plain.df_resid = self.df_resid
        return plain

    def t_test(self, r_matrix: Any, cov_p: np.ndarray | None = None, use_t: bool | None = None) -> Any:
        """Test linear hypotheses such as "rate = 0.5" one by one; see statsmodels' `t_test`."""
        with np.errstate(invalid="ignore"):  # of a limit there is no test: NaN
            return self._plain.t_test(r_matrix, cov_p, use_t)

    def wald_test(self, r_matrix: Any, **options: Any) -> Any:
        """Test linear hypotheses together; see statsmodels' `wald_test`."""
        with np.errstate(invalid="ignore"):
            return self._plain.wald_test(r_matrix, **options)

    def conf_int(self, alpha: float = 0.05, method: str = "wald") -> pd.DataFrame:
        """Intervals of the estimates.

        Parameters
        ----------
        alpha : float
            One minus the level.
        method : {"wald", "profile"}
            t quantile times the standard error, which holds for independent errors; F profile (an end without crossing
            is infinite, 0 for a rate), under the errors of the model: where they are not known, the hull of the
            intervals under the kinds of errors that have a say, and where no launch was given, over all launches that
            fit. No interval is cut at a figure, which has an error too.

        Returns
        -------
        DataFrame
            Columns 0 and 1, as statsmodels has it.

        Raises
        ------
        CurveError
            For an unknown method, or an alpha that does not lie between 0 and 1.
        """
        check_alpha(alpha)
        if method == "wald":
            half = stdtrit(max(self.df_resid, 1), 1 - alpha / 2) * self.bse
            return pd.DataFrame({0: self.params - half, 1: self.params + half})
        if method == "profile":
            return pd.DataFrame(self.intervals(self.param_names, alpha), self.param_names, [0, 1])
        raise CurveError(f"method={method!r} is unknown; choose 'wald' or 'profile'")

    @cached_property
    def identified(self) -> bool:
        """Whether the data bound the ceiling: its 95 % profile interval is closed, and at most 2 : 1.

        A closed interval from 35 to 2,416 says no more than an open one; an upper end at most twice the lower one is
        the coarsest answer to "where will it end" that still tells a reader the order of size. Where no launch was
        given, the best one must be no limit of the family, and the one assumed fit not worse (F, 95 %).
        With a given ceiling it is asked whether the intervals of all parameters inside the boundary are closed.
        """
        if self.flag and not self.limit:
            return False
        own = next(iter(self.by_errors.values()))
        if own.batch.family is not self.likelihood.batch.family and (
            flag_optima(own.batch.family, own.fit)[0] or not self.launch_fits
        ):
            return False
        if self.model.ceiling.name:
            return bool(is_narrow(*self.intervals([self.model.ceiling.name], 0.05)[0]))
        inside = [name for name, end in zip(self.param_names, self.limits, strict=False) if not end]
        return bool(np.isfinite(self.intervals(inside, 0.05)).all())

    def profile(self, parameter: str = "ceiling", points: int = 41, values: np.ndarray | None = None) -> pd.DataFrame:
        """Sum of squares along one parameter, the others fitted again.

        Parameters
        ----------
        parameter : str
            An estimated parameter.
        points : int
            Number of values, over the 95 % interval and a third more, or two powers of ten where it is open.
        values : array or None
            The values themselves, in the unit of the parameter.

        Returns
        -------
        DataFrame
            The parameter, ssr, statistic (F of the value), confidence (level of the profile interval that ends there)
            and the other parameters, of the likeliest kind listed first. Where errors are not known statistic and
            confidence are the lowest of those under the kinds of errors that have a say, whose confidence the columns
            of their names hold.

        Raises
        ------
        CurveError
            If the parameter is not estimated.
        """
        kinds = [kind for kind, likelihood in self.by_errors.items() if likelihood in self.likelihoods]
        first, place = self.likelihoods[0], self.likelihoods[0].place(parameter)
        if values is None:
            ends = np.concatenate([likelihood.bounds_of([place], 0.05) for likelihood in self.likelihoods])
            values = first.profile_values(parameter, points, (ends[:, 0].min(), ends[:, 1].max()))
        frame = first.profile(parameter, values)
        if len(kinds) > 1 and len(frame):
            frame[kinds[0]] = frame["confidence"]
            for kind, likelihood in zip(kinds[1:], self.likelihoods[1:], strict=True):
                other = likelihood.profile(parameter, values)
                other = other.reindex(frame.index, fill_value=0.0)  # a fit that does not rise excludes nothing
                frame[kind] = other["confidence"]
                for name in ("statistic", "confidence"):
                    frame[name] = np.minimum(frame[name], other[name])
        return frame

    @property
    def llf(self) -> float:
        """Log-likelihood; infinite for a perfect fit."""
        return self.likelihood.llf

    @cached_property
    def rsquared(self) -> float:
        """Part of the variance around the (weighted) mean that the curve explains; NaN where there is none."""
        values = self.model.endog
        weights = np.ones(len(values)) if self.model.weights is None else self.model.weights
        total = float(weights @ (values - np.average(values, weights=weights)) ** 2)
        return 1 - self.ssr / total if total > 0 else np.nan

    @property
    def aic(self) -> float:
        """Akaike's criterion."""
        return -2 * self.llf + 2 * (self.k_params + 1)

    @property
    def aicc(self) -> float:
        """Akaike's criterion with the correction for short series; infinite where it is undefined."""
        count, left = self.k_params + 1, self.nobs - self.k_params - 2
        return self.aic + 2 * count * (count + 1) / left if left > 0 else np.inf

    @property
    def bic(self) -> float:
        """Schwarz's criterion."""
        return -2 * self.llf + np.log(self.nobs) * (self.k_params + 1)

    @cached_property
    def serial_correlation(self) -> pd.Series:
        """Whether each residual goes with the one before: a Series."""
        return measure_serial_correlation(self.likelihood)

    def __repr__(self) -> str:
        numbers = ", ".join(f"{name} {value:.6g}" for name, value in self.params.items())
        warning = f"; {self.flag}" if self.flag else ""
        return f"<{type(self.model).__name__} of {self.model.endog_name}: {numbers}{warning}>"

    def __dir__(self) -> list[str]:
        return sorted(name for name in set(object.__dir__(self)) - INTERNAL if not name.startswith("_"))
