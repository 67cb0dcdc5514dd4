"""Fits of many series in one call."""

import numpy as np
import pandas as pd
from tqdm import tqdm

from helpers import projection
from helpers.curves.ceilings import read_ceiling
from helpers.curves.dates import decimal_years
from helpers.curves.errors import CurveError
from helpers.curves.families import FAMILIES
from helpers.curves.resampling import list_estimates

BLOCK = 2000
"""Series in memory together."""


def fit_many(frame, families=("logistic", "gompertz", "bass"), ceiling=None, launch=None, alpha=0.05, progress=True):
    """Fit every column of a frame with every family, by least squares on the level.

    Parameters
    ----------
    frame : DataFrame, dates or decimal years as index, one series a column; NaN where a series has no observation
    families : names of `FAMILIES`
    ceiling : None (free), number, `Share` or `SharePrior` for all series; or a Series of known ceilings by column
        name, NaN = free
    launch : date, decimal year or None (a median spacing before each first observation); ignored by families without
        one
    alpha : one minus the level of the profile interval of the ceiling; None leaves standard errors and intervals out
    progress : bool, show a bar

    Returns
    -------
    DataFrame
        One row for each series and family: series, family, nobs, flag ("", "too short", "does not rise", "runs away",
        "not settled"), identified, ssr, aicc, each parameter with ``_se``, and ceiling_lower and ceiling_upper
        (infinite where the profile is open). A parameter that a family does not have is NaN.

    Raises
    ------
    CurveError
        For an unknown family, a frame without rows or columns, or equal dates.

    Examples
    --------
    >>> frame = pd.DataFrame({"a": [12, 19, 31, 44, 52], "b": [1, 2, 4, 8, 16]}, index=range(2021, 2026))
    >>> fit_many(frame, families=["logistic"], progress=False)[["series", "identified"]].to_numpy().tolist()
    [['a', True], ['b', False]]
    """
    unknown = [name for name in families if name not in FAMILIES]
    if unknown:
        raise CurveError(f"no family {unknown[0]!r}: choose among {', '.join(FAMILIES)}")
    years = decimal_years(frame.index)
    if frame.shape[0] < 2 or frame.shape[1] == 0 or np.ptp(years) == 0:
        raise CurveError("the frame needs at least two dates as rows and one series as column")
    order = np.argsort(years, kind="stable")
    years, values = years[order], frame.to_numpy(float).T[:, order]
    parts = []
    with tqdm(total=len(values) * len(families), disable=not progress, unit="fit") as bar:
        for name in families:
            for begin in range(0, len(values), BLOCK):
                columns = frame.columns[begin : begin + BLOCK]
                level = ceiling.reindex(columns).to_numpy(float) if isinstance(ceiling, pd.Series) else ceiling
                block = _Block(FAMILIES[name], columns, years, values[begin : begin + BLOCK], level, launch)
                parts.append(block.table(alpha))
                bar.update(len(columns))
    return pd.concat(parts, ignore_index=True)


class _Block:
    """Some series of one family."""

    def __init__(self, model, columns, years, values, ceiling, launch):
        self.shape, self.columns, self.per_series = model.shape, columns, isinstance(ceiling, np.ndarray)
        self.ceiling = read_ceiling(None if self.per_series else ceiling, years)
        given = ceiling if self.per_series else None if np.isnan(self.ceiling.level) else self.ceiling.level
        start = float(decimal_years(launch)) if launch is not None and self.shape.needs_launch else None
        bound = self.ceiling.bound_at(years)
        self.batch = projection.prepare(self.shape, years, values, given, bound, start, prior=self.ceiling.prior)
        self.found = projection.fit(self.batch)

    @property
    def param_names(self):
        """Names of the columns of estimates; the ceiling is one of them also where it is known."""
        return [self.ceiling.name or "ceiling", *(name for name, _ in self.shape.parameters)]

    def table(self, alpha):
        """Rows of the result."""
        batch, found = self.batch, self.found
        left = batch.count - projection.count_parameters(batch)
        estimates = self._estimates(left)
        frame = pd.DataFrame({"series": self.columns, "family": self.shape.name, "nobs": batch.count})
        frame["flag"], frame["ssr"] = self._flags(left), np.where(left >= 0, found.ssr, np.nan)
        frame["aicc"] = _corrected_criterion(found.ssr, batch.count, projection.count_parameters(batch))
        frame[self.param_names] = estimates
        if alpha is None:
            return frame
        errors = projection.covariance(batch, found)[:, range(estimates.shape[1]), range(estimates.shape[1])]
        frame[[f"{name}_se" for name in self.param_names]] = np.sqrt(np.where(left[:, None] > 0, errors, np.nan))
        frame[["ceiling_lower", "ceiling_upper"]] = self._interval(alpha)
        closed = np.isfinite(frame[["ceiling_lower", "ceiling_upper"]]).all(axis=1) & (frame["ceiling_lower"] > 0)
        frame.insert(4, "identified", closed & (frame["flag"] == "") & np.isnan(batch.ceiling) & (not batch.has_share))
        return frame

    def _interval(self, alpha):
        free = np.isnan(self.batch.ceiling)
        ends = np.full((self.batch.size, 2), np.nan)
        if self.batch.has_share or not free.any():
            return ends
        ends = np.column_stack(projection.profile_ceiling(self.batch, self.found, alpha))
        return np.where(free[:, None], ends, np.nan)

    def _estimates(self, left):
        name = self.ceiling.name
        values = list_estimates(self, self.batch, self.found)
        if not name:
            values = np.column_stack([self.found.ceiling, values])
        values[left < 0] = np.nan
        return values

    @property
    def model(self):
        """Itself: `list_estimates` reads shape and ceiling from a model."""
        return self

    def _flags(self, left):
        found = self.found
        away = found.runaway | found.step | (found.edge[: len(self.shape.parameters)] != 0).any(0)
        conditions = [left < 0, found.flat, away, ~found.converged]
        return np.select(conditions, ["too short", "does not rise", "runs away", "not settled"], "")


def _corrected_criterion(ssr, count, parameters):
    """AICc of least squares with the variance counted; infinite where it is undefined, as in `Results`."""
    size, left = parameters + 1, count - parameters - 2
    with np.errstate(divide="ignore", invalid="ignore"):
        likelihood = count * (np.log(2 * np.pi * ssr / count) + 1)
        return np.where(left > 0, likelihood + 2 * size + 2 * size * (size + 1) / left, np.inf)
