"""Estimates from the references: errors, prior, calibrations and correlations, computed once in a process.

`recall` gives the references with the estimates that this process has made.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd

from ..base.project import find_own
from ..indicators.series import AdoptionSeries
from .bands import Errors, is_bounded
from .methods import PUBLISHED, Prior, last_shares, learn_prior, methods_for
from .paths import correlate_errors, fit_decay
from .rolling import HORIZONS, LABELS, WINDOWS, backtest
from .windows import FEW_YEARS, SHORTEST, Windows, measure_growth

NUMBERS = ["window", "years", "horizon_years", "last", "growth", "bound", "bound_ahead", "bound_then", "bound_sd"]
NUMBERS += ["rate", "roughness", "stretch", "past_peak", "drift_sd", "actual"]
"""Columns of numbers in a residual frame besides its shares and methods."""
EARLY_BELOW, EARLY_RATE = 10, 0.05
"""Per 100 people, and growth a year on the scale of logarithms: a series without a bound that stands lower and grows
faster may have its fastest growth before it."""
COMPARED = "comparison technologies"
EARLY_COLUMNS = ["technology", "entity", "origin", "window", "horizon_years", "years", "last", "growth", "rate"]
EARLY_COLUMNS += ["roughness", "past_peak", "drift_sd", "actual", "damped_drift", "drift"]
"""Columns of data/early_phones.csv; the others of a residual frame follow from them where there is no bound."""


class Lessons:
    """Estimates for forecasts of one technology, from all references but that one.

    Parameters
    ----------
    residuals : DataFrame
        From `backtest`, rows of other technologies alone.
    reached : DataFrame
        From `last_shares`, of the same.
    early : DataFrame, optional
        Rows of `complete_early`, beside which all technologies of `residuals` weigh as one.
    """

    def __init__(self, residuals: pd.DataFrame, reached: pd.DataFrame, early: pd.DataFrame | None = None) -> None:
        self.residuals, self.reached, self.early = residuals, reached, early

    @cached_property
    def errors(self) -> Errors:
        """Errors of the references' own forecasts, and the bands that they give."""
        if self.early is None:
            return Errors(self.residuals)
        return Errors(pd.concat([self.residuals.assign(technology=COMPARED), self.early], ignore_index=True))

    @cached_property
    def prior(self) -> Prior:
        """Prior from shares and later growth of the other technologies; empty without bounds."""
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
    """Reference technologies and the estimates from them, with and without a bound.

    Parameters
    ----------
    series : sequence of AdoptionSeries
    residuals : DataFrame, optional
        From `backtest` on them; what is missing, or of the other kind, is made when first asked for.
    """

    def __init__(self, series: Sequence[AdoptionSeries], residuals: pd.DataFrame | None = None) -> None:
        self.series = list(series)
        self._residuals: dict[tuple[int, bool], pd.DataFrame] = {}
        self._lessons: dict[tuple[str | None, int, bool, bool], Lessons] = {}
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

    def teach(self, technology: str, bounded: bool, figures: int = SHORTEST, early: bool = False) -> Lessons:
        """`Lessons` for one technology; those that are not among the references share theirs.

        Those for a series that `is_early` come from phones and fixed lines that were so as well.
        """
        rows = self.residuals(bounded, figures)
        others = [each for each in self.series if not technology or each.technology != technology]
        kept = (rows["technology"] != technology) | (not technology)
        own = len(others) < len(self.series) or not kept.all()
        key = (technology if own else None, min(figures, SHORTEST), bounded, early)
        if key not in self._lessons:
            more = complete_early(read_counts("early_phones")) if early else None
            if more is not None and technology:
                more = more[~more["technology"].str.startswith(f"{technology},")]
            self._lessons[key] = Lessons(rows[kept] if own else rows, last_shares(others), more)
        return self._lessons[key]


def is_early(unit: str, windows: Windows) -> bool:
    """Whether the one window of a series is below `EARLY_BELOW` per 100 people, households or the like, and grows."""
    low = bool(re.search(r"\bper 100\b", unit)) and bool(windows.values[0, -1] < EARLY_BELOW)
    return low and not windows.bounded and bool(measure_growth(windows)[0][0] >= EARLY_RATE)


def complete_early(table: pd.DataFrame) -> pd.DataFrame:
    """Residual rows, as of a backtest without a bound, from the columns of data/early_phones.csv."""
    last = table["last"]
    stands_in = dict.fromkeys(("bound", "bound_ahead", "bound_then", "last_value"), last)
    usual = {"indicator": "", "share": np.nan, "bound_sd": 0.0, "stretch": 1.0, PUBLISHED: table["damped_drift"]}
    return table.assign(**stands_in, **usual)


@lru_cache(maxsize=3)
def read_counts(name: str) -> pd.DataFrame:
    """A table of the data that a script of benchmarks writes, see data/README.md.

    Parameters
    ----------
    name : str
        After the verdict "levels off": "levelled" (figures above the end) or "levelled_ranges" (figures inside the
        ranges). After figures below 10 per 100: "early_phones" (forecasts of phones and fixed lines by country).

    Returns
    -------
    DataFrame
    """
    return pd.read_csv(find_own(f"{name}.csv"))


MOST_TAUGHT = 4
"""Sets of references that stay in memory: each with a calibration per method is some 20 megabytes."""
_TAUGHT: dict[str, References] = {}


def recall(series: Sequence[AdoptionSeries]) -> References:
    """`References` of these series; the same object, with its estimates, for the same figures."""
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
        If it is no DataFrame, has no rows, lacks a column, or has a cell that is no number.
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
