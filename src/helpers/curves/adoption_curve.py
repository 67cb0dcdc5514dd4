"""What all families share: the argument list, how a curve is fitted, and the list of families."""

from __future__ import annotations

from ..base.dates import CurveError
from .binomial import fit_binomial
from .censored import fit_observed
from .model import CurveModel
from .results import Results


class AdoptionCurve(CurveModel):
    """Base of the families; see `helpers.curves.FAMILIES`.

    Parameters
    ----------
    endog : Series with a DatetimeIndex or decimal years as index, or (n,) array with `exog`; NaN are left out
    exog : (n,) dates or decimal years, or None for the index of `endog`
    ceiling : None (free), number (known), `Share` or `SharePrior`
    launch : date or decimal year, for the families that start at one, or None
        None is a median spacing before the first observation.
    weights : (n,) inverse relative variances (for instance survey sizes), or None
    censored : DataFrame with dates as index and columns value and bound ("at_least" or "at_most"), or None
    per_period : bool, `endog` counts the adoptions of each period, so it is a difference of the cumulative curve
    errors : None (not known; the default), "independent" or "cumulative"
        Those of a repeated survey are independent, and a cumulated count carries its errors along, so that the
        estimate is generalised least squares. Where they are not known the estimate is least squares on the level, and
        profile intervals and `identified` hold under all kinds that the residuals speak for: independent and
        cumulative errors, each of equal size or in proportion to the curve. Adoptions per period have errors of their
        own, so there None means independent.
    variance : "constant", or "curve": standard deviations are in proportion to the curve; per period, to its increments
    known_se : (n,) known standard errors, as of a survey, or None
        The variance of the model's own error is estimated beside them (`model_error`).
    shifts : `LevelShift`, a list of those, or None
        Dates from which on the values count more or less than before. They are parameters with a prior; the ceiling and
        every forecast are in the definition after the last one, and `predict` at an earlier date says what was counted
        then.

    Raises
    ------
    CurveError
        For data that no curve can be fitted to: no values, equal dates, lengths that differ, impossible weights or
        ceilings, an unknown kind of errors.

    Examples
    --------
    >>> from helpers.curves import Logistic
    >>> survey = Logistic([12, 19, 31, 44, 52, 57, 60], exog=range(2021, 2028), errors="independent")
    >>> results = survey.fit()
    >>> round(results.ceiling, 1), results.identified
    (62.6, True)
    >>> results.conf_int(method="profile").loc["ceiling"].round().tolist()
    [60.0, 66.0]
    >>> axes = results.plot()
    """

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
        if noise == "binomial" and self.link is None:
            served = ", ".join(name for name, family in FAMILIES.items() if family.link is not None)
            raise CurveError(f"noise='binomial' serves {served}; for the {self.name} curve use noise='level'")
        if noise == "binomial":
            return Results(fit_binomial(self))
        if noise != "level":
            raise CurveError(f"noise={noise!r} is unknown; choose 'level' or 'binomial'")
        return Results(fit_observed(self))

    def as_family(self, name: str) -> AdoptionCurve:
        """The same observations for a family that this one holds as a limit."""
        other = object.__new__(FAMILIES[name])
        vars(other).update(vars(self))
        other.parameters = other.family.parameters
        return other


FAMILIES: dict[str, type[AdoptionCurve]] = {}
"""Every family by name, in the order in which `families` has them."""


def listed(family: type[AdoptionCurve]) -> type[AdoptionCurve]:
    """Put a class into `FAMILIES`: decorates each family that parameters, tables, help and tests list."""
    FAMILIES[family.name] = family
    return family
