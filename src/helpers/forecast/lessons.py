"""What the references teach: errors, prior, calibrations and correlations, made once in a process for all users.

`recall` gives the references with all that they have taught in this process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from ..base.words import quote
from ..indicators.series import AdoptionSeries
from . import bands
from .bands import Calibration, Records
from .methods import PUBLISHED, Prior, last_shares, learn_prior, members_of, methods_for
from .paths import correlate_scores, fit_decay
from .rolling import HORIZONS, LABELS, WINDOWS, backtest
from .windows import FEW_YEARS, SHORTEST

POSITIVE = ("years", "horizon_years", "last", "growth", "bound", "bound_ahead", "bound_then", "stretch", "window")
ABOVE = dict.fromkeys(POSITIVE, 0.0)
ABOVE |= dict.fromkeys(("bound_sd", "rate", "roughness", "past_peak", "drift_sd", "actual"), -np.inf)
"""Columns of numbers in a residual frame besides its methods, and what each of them lies above."""


class Lessons:
    """What references teach the forecasts of one technology, which teaches nothing itself.

    Parameters
    ----------
    records : Records
        Of residuals from `backtest`; shared by all that learn from these.
    reached : DataFrame
        From `last_shares`, of the other technologies.
    technology : str
        The one left out; "" for none.
    """

    def __init__(self, records: Records, reached: pd.DataFrame, technology: str = "") -> None:
        self._records, self.reached, self._technology = records, reached, technology
        self._calibrations: dict[str, Calibration] = {}

    @property
    def residuals(self) -> pd.DataFrame:
        """Residual rows of the other technologies."""
        return bands.leave_out(self._records.residuals, self._technology)

    @cached_property
    def furthest(self) -> float:
        """Years ahead of the furthest forecast on record."""
        return float(self.residuals["horizon_years"].max())

    @property
    def _others(self) -> np.ndarray:
        """(R,) whether a row is of another technology."""
        return (self._records.residuals["technology"] != self._technology).to_numpy() | (not self._technology)

    @cached_property
    def prior(self) -> Prior:
        """Where the other technologies stand, and how their growth went on; it says nothing without bounds."""
        rows = self._records.residuals
        return learn_prior(self.reached, rows, self._technology) if bands.is_bounded(rows) else Prior(0.0, 1.0)

    def calibration(self, method: str) -> Calibration:
        """`Calibration` of a method on the other technologies."""
        if method not in self._calibrations:
            self._calibrations[method] = self._records[method].calibrate(self._others)
        return self._calibrations[method]

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the published forecast's errors at two horizons."""
        members = members_of(PUBLISHED, self._records.residuals)
        scores = sum(self._records[name].normal_scores(self.calibration(name)) for name in members) / len(members)
        return correlate_scores(self.residuals, scores[self._others])

    @cached_property
    def decay(self) -> float:
        """Decay of every method's paths."""
        return fit_decay(self.correlations)


class References:
    """Reference technologies, with all that they teach, with and without a bound.

    Parameters
    ----------
    series : sequence of AdoptionSeries
    residuals : DataFrame, optional
        From `backtest` on them; what is missing, or of the other kind, is made when first asked for.
    """

    def __init__(self, series: Sequence[AdoptionSeries], residuals: pd.DataFrame | None = None) -> None:
        self.series = list(series)
        given = [] if residuals is None else [check_residuals(residuals)]
        known = ((min(int(each["window"].min()), SHORTEST), bands.is_bounded(each)) for each in given)
        self._residuals = dict(zip(known, given, strict=True))
        self._records: dict[tuple[int, bool], Records] = {}
        self._lessons: dict[tuple[str, int, bool], Lessons] = {}

    def residuals(self, bounded: bool, figures: int = SHORTEST) -> pd.DataFrame:
        """Errors of the references' own forecasts.

        Those of a series of one or of two `figures` are from windows of as many points.
        """
        key = (min(figures, SHORTEST), bounded)
        if key not in self._residuals:
            few = figures < SHORTEST
            horizons = [each for each in HORIZONS if each <= FEW_YEARS] if few else HORIZONS
            self._residuals[key] = backtest(self.series, (figures,) if few else WINDOWS, horizons, bounded=bounded)
        return self._residuals[key]

    def teach(self, technology: str, bounded: bool, figures: int = SHORTEST) -> Lessons:
        """`Lessons` for one technology; those that are not among the references share theirs."""
        residuals, kind = self.residuals(bounded, figures=figures), (min(figures, SHORTEST), bounded)
        own = technology in {each.technology for each in self.series} or (residuals["technology"] == technology).any()
        key = (technology if own else "", *kind)
        if key not in self._lessons:
            others = [each for each in self.series if not key[0] or each.technology != key[0]]
            records = self._records.setdefault(kind, Records(residuals))
            self._lessons[key] = Lessons(records, last_shares(others), key[0])
        return self._lessons[key]


MOST_TAUGHT = 4
"""Sets of references that stay in memory: each with a calibration per method is some 20 megabytes."""
_TAUGHT: dict[str, References] = {}


def recall(series: Sequence[AdoptionSeries]) -> References:
    """`References` of these series; the same object for the same figures, with what it has taught already."""
    key = digest_series(series)
    references = _TAUGHT.pop(key) if key in _TAUGHT else References(series)
    _TAUGHT[key] = references  # used last: the last to go
    for old in list(_TAUGHT)[:-MOST_TAUGHT]:
        del _TAUGHT[old]
    return references


def check_residuals(residuals: Any) -> pd.DataFrame:
    """Refuse what is no residual frame from `backtest`, also one that was kept in a file.

    Returns
    -------
    DataFrame
        The same with labels that are texts: an empty one comes out of a CSV file as missing.

    Raises
    ------
    ValueError
        Where it is no DataFrame, has no rows, lacks a column, or a column has something else than its numbers.
    """
    right = "give what backtest returned, or leave it out"
    if not isinstance(residuals, pd.DataFrame):
        raise ValueError(f"residuals is a {type(residuals).__name__}; {right}")
    bounded = "share" in residuals and residuals["share"].notna().any()
    few = "window" in residuals and residuals["window"].isin(range(1, SHORTEST)).any()
    numbers = ABOVE | dict.fromkeys(methods_for(bounded, 1 if few else SHORTEST), -np.inf)
    missing = [name for name in (*LABELS, "origin", "share", *numbers) if name not in residuals]
    if missing or not len(residuals):
        lack = f"the column {missing[0]!r}" if missing else "rows"
        raise ValueError(f"residuals lacks {lack}; {right}")
    if residuals["share"].notna().any():
        numbers["share"] = 0.0
    for name, least in numbers.items():
        number = pd.to_numeric(residuals[name], errors="coerce").to_numpy(float)
        wrong = ~(np.isfinite(number) & (number > least)) | (not pd.api.types.is_numeric_dtype(residuals[name]))
        if wrong.any():
            cell, above = residuals[name].tolist()[wrong.argmax()], f" above {least:g}" * bool(np.isfinite(least))
            raise ValueError(f"residuals has {quote(cell)} in the column {name!r}, not a number{above}; {right}")
    return residuals.assign(**{name: residuals[name].astype(object).fillna("").astype(str) for name in LABELS})


def digest_series(references: Sequence[AdoptionSeries]) -> str:
    """sha256 of all that a backtest takes from its references: labels, dates and figures, and those of their bounds."""
    digest = hashlib.sha256()
    for each in references:
        parts = [each.values] if each.bound is None else [each.values, each.bound]
        words = (each.technology, each.entity, each.indicator, *(len(part) for part in parts))
        digest.update(json.dumps(words).encode())
        for part in parts:
            digest.update(part.index.as_unit("ns").asi8.tobytes() + part.to_numpy(float).tobytes())
    return digest.hexdigest()
