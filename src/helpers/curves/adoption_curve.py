"""What all families share: the argument list, how a curve is fitted, and the list of families."""

from __future__ import annotations

from .likelihoods import fit_level
from .model import CurveModel
from .results import Results


class AdoptionCurve(CurveModel):
    """Base of the families; see `helpers.curves.FAMILIES`.

    Parameters
    ----------
    endog : Series with a DatetimeIndex or decimal years as index, or (n,) array with `exog`; NaN are left out
    exog : (n,) dates or decimal years, or None for the index of `endog`
    ceiling : None (free), number (known), or `Share`
    launch : date or decimal year, for the families that start at one, or None
        None is a median spacing before the first observation.
    weights : (n,) inverse relative variances (for instance survey sizes), or None
    errors : None (not known; the default), "independent" or "cumulative"
        Those of a repeated survey are independent, and a cumulated count carries its errors along, so that the
        estimate is generalised least squares. Where they are not known the estimate is least squares on the level, and
        profile intervals and `identified` hold under all kinds that the residuals speak for: independent and
        cumulative errors, each of equal size or in proportion to the curve. Adoptions per period are added up, as
        `endog.cumsum()`, and their errors are cumulative.
    variance : "constant", or "curve": standard deviations are in proportion to the curve
    known_se : (n,) known standard errors, as of a survey, or None
        The variance of the model's own error is estimated beside them (`model_error`).

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

    def fit(self) -> Results:
        """Fit the curve by least squares.

        Returns
        -------
        Results
        """
        return Results(fit_level(self))

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
