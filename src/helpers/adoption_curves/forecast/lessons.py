"""What the references teach: errors, prior, calibrations and correlations, made once in a process for all users.

`recall` gives the references with all that they have taught in this process.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ..base.project import CHECKOUT, PACKAGED
from ..indicators.series import AdoptionSeries
from .bands import Errors, is_bounded
from .methods import PUBLISHED, Prior, last_shares, learn_prior, methods_for
from .paths import correlate_errors, fit_decay
from .rolling import HORIZONS, LABELS, WINDOWS, backtest
from .windows import FEW_YEARS, SHORTEST

NUMBERS = ["window", "years", "horizon_years", "last", "growth", "bound", "bound_ahead", "bound_then", "bound_sd"]
NUMBERS += ["rate", "roughness", "stretch", "past_peak", "drift_sd", "actual"]
"""Columns of numbers in a residual frame besides its shares and methods."""


class Lessons:
    """What references teach the forecasts of one technology, which teaches nothing itself.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest`, rows of other technologies alone.
    reached : DataFrame
        From `last_shares`, of the same.
    """

    def __init__(self, residuals: pd.DataFrame, reached: pd.DataFrame) -> None:
        self.residuals, self.reached = residuals, reached

    @cached_property
    def errors(self) -> Errors:
        """Errors of the references' own forecasts, and the bands that they give."""
        return Errors(self.residuals)

    @cached_property
    def prior(self) -> Prior:
        """Where the other technologies stand, and how their growth went on; it says nothing without bounds."""
        return learn_prior(self.reached, self.residuals) if is_bounded(self.residuals) else Prior(0.0, 1.0)

    @cached_property
    def correlations(self) -> pd.DataFrame:
        """Correlations of the published forecast's errors at two horizons."""
        return correlate_errors(self.errors, PUBLISHED)

    @cached_property
    def furthest(self) -> float:
        """Years ahead of the furthest forecast on record."""
        return float(self.residuals["horizon_years"].max())

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
        self._residuals: dict[tuple[int, bool], pd.DataFrame] = {}
        self._lessons: dict[tuple[str | None, int, bool], Lessons] = {}
        if residuals is not None:
            given = check_residuals(residuals)
            self._residuals[min(int(given["window"].min()), SHORTEST), is_bounded(given)] = given

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
        rows = self.residuals(bounded, figures)
        others = [each for each in self.series if not technology or each.technology != technology]
        kept = (rows["technology"] != technology) | (not technology)
        own = len(others) < len(self.series) or not kept.all()
        key = (technology if own else None, min(figures, SHORTEST), bounded)
        if key not in self._lessons:
            self._lessons[key] = Lessons(rows[kept] if own else rows, last_shares(others))
        return self._lessons[key]


@lru_cache(maxsize=2)
def read_counts(name: str) -> pd.DataFrame:
    """A table of the data that counts outcomes after the verdict "levels off", see data/README.md.

    Parameters
    ----------
    name : str
        "levelled" (figures above the end) or "levelled_ranges" (figures inside the ranges).

    Returns
    -------
    DataFrame
    """
    folder = PACKAGED if PACKAGED.is_dir() else CHECKOUT
    return pd.read_csv(folder / "data" / f"{name}.csv", keep_default_na=True)


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
        Where it is no DataFrame, has no rows, lacks a column, or a cell of one is no number.
    """
    right = "give what backtest returned, or leave it out"
    if not isinstance(residuals, pd.DataFrame):
        raise ValueError(f"residuals is a {type(residuals).__name__}; {right}")
    bounded = "share" in residuals and residuals["share"].notna().any()
    few = "window" in residuals and residuals["window"].isin(range(1, SHORTEST)).any()
    numbers = [*NUMBERS, *["share"] * bool(bounded), *methods_for(bounded, 1 if few else SHORTEST)]
    missing = [name for name in (*LABELS, "origin", "share", *numbers) if name not in residuals]
    if missing or not len(residuals):
        raise ValueError(f"residuals lacks {f'the column {missing[0]!r}' if missing else 'rows'}; {right}")
    for name in numbers:
        if residuals[name].dtype.kind not in "biuf" or not np.isfinite(residuals[name]).all():
            raise ValueError(f"residuals has a cell that is no number in the column {name!r}; {right}")
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
