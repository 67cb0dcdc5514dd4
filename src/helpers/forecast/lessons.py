"""What the references teach: errors, prior, calibrations and correlations, made once for all that use them.

`recall` gives the references with all that they have taught in this process. Their errors, which take the longest, are
also kept for the next process, for the same figures, code and libraries: in a file of the user's own cache folder, a
plain archive of arrays, written whole. A file that is damaged is made anew; where nothing can be kept, nothing is. A
wheel brings those of the project's own references along.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
from collections.abc import Sequence
from contextlib import suppress
from functools import cache, cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import platformdirs

from ..base.files import hash_helpers, pack_files, write_file
from ..base.project import PACKAGED, RunError, refuse_planted
from ..base.words import quote
from ..indicators.series import AdoptionSeries
from . import bands
from .bands import Calibration, Records
from .methods import PUBLISHED, Prior, learn_prior, members_of, methods_for, saturation_shares
from .paths import correlate_scores, fit_decay
from .rolling import HORIZONS, LABELS, WINDOWS, backtest
from .windows import FEW_YEARS, SHORTEST

FOLDER = "backtests"
"""Of the user's cache folder, and of what a wheel brings along."""
MOST_FILES = 64
"""Files that are kept, the newest; one is up to a megabyte."""
LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels")
ABOVE = dict.fromkeys(("years", "horizon_years", "last", "growth", "unit", "unit_ahead", "unit_then", "stretch"), 0.0)
ABOVE |= {"window": 0.0} | dict.fromkeys(("bound_sd", "rate", "roughness", "past_peak", "drift_sd", "actual"), -np.inf)
"""Columns of numbers in a residual frame besides its methods, and what each of them lies above."""


class Lessons:
    """What references teach the forecasts of one technology, which teaches nothing itself.

    Parameters
    ----------
    records : Records
        Of residuals from `backtest`; shared by all that learn from these.
    reached : DataFrame
        From `saturation_shares`, of the other technologies.
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
        From `backtest` on them; what is missing, or of the other kind, is that of `cached_backtest`.
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
            self._residuals[key] = cached_backtest(self.series, bounded, figures)
        return self._residuals[key]

    def teach(self, technology: str, bounded: bool, figures: int = SHORTEST) -> Lessons:
        """`Lessons` for one technology; those that are not among the references share theirs."""
        residuals, kind = self.residuals(bounded, figures=figures), (min(figures, SHORTEST), bounded)
        own = technology in {each.technology for each in self.series} or (residuals["technology"] == technology).any()
        key = (technology if own else "", *kind)
        if key not in self._lessons:
            others = [each for each in self.series if not key[0] or each.technology != key[0]]
            records = self._records.setdefault(kind, Records(residuals))
            self._lessons[key] = Lessons(records, saturation_shares(others), key[0])
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


def cached_backtest(
    references: Sequence[AdoptionSeries], bounded: bool = True, figures: int = SHORTEST
) -> pd.DataFrame:
    """`backtest` with its usual windows and horizons; computed where none of the same is in the cache.

    Parameters
    ----------
    references, bounded : as for `backtest`
    figures : int
        Of the series that is to be forecast: with one or two, windows have as many points, and horizons end at
        `FEW_YEARS`.

    Returns
    -------
    DataFrame
        As `backtest` returns it, to the last bit; one that a wheel has brought along as it was where that was built.

    Raises
    ------
    ValueError
        As `backtest`.
    """
    state = _name(references, bounded, figures)
    name = f"{hashlib.sha256(f'{state} {_digest_code()}'.encode()).hexdigest()}.npz"
    path = Path(platformdirs.user_cache_dir("adoption-curves", appauthor=False)) / FOLDER / name
    for kept in (PACKAGED / FOLDER / state, path):
        with suppress(Exception):  # whatever is wrong with a file, its content is made anew
            refuse_planted(kept.parent, kept)
            return unpack_residuals(kept.read_bytes())
    residuals = _compute(references, bounded, figures)
    with suppress(OSError, RunError):  # a folder that can't be written, a full disk: it is made again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_planted(path.parent.parent, path.parent)
        write_file(path, pack_residuals(residuals))
        for old in sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime)[:-MOST_FILES]:
            old.unlink()
    return residuals


def _compute(references: Sequence[AdoptionSeries], bounded: bool, figures: int = SHORTEST) -> pd.DataFrame:
    if figures < SHORTEST:
        horizons = [each for each in HORIZONS if each <= FEW_YEARS]
        return backtest(references, (figures,), horizons, bounded=bounded)
    return backtest(references, WINDOWS, HORIZONS, bounded=bounded)


def _name(references: Sequence[AdoptionSeries], bounded: bool, figures: int = SHORTEST) -> str:
    few = f"-{figures}" if figures < SHORTEST else ""
    return f"{digest_series(references)}-{'bounded' if bounded else 'unbounded'}{few}.npz"


@cache
def _digest_code() -> str:
    """What a backtest depends on besides its references: code, libraries and the kind of processor."""
    versions = {name: metadata.version(name) for name in LIBRARIES}
    return json.dumps([hash_helpers(), versions, platform.python_version(), platform.machine()], sort_keys=True)


def pack_residuals(residuals: pd.DataFrame) -> bytes:
    """A frame from `backtest` as an archive of arrays (.npz), the same bytes for the same frame."""
    files = {}
    for name in residuals:
        column, file = residuals[name], io.BytesIO()
        texts = not (pd.api.types.is_numeric_dtype(column) or pd.api.types.is_datetime64_dtype(column))
        np.save(file, column.to_numpy(str) if texts else column.to_numpy(), allow_pickle=False)
        files[f"{name}.npy"] = file.getvalue()
    return pack_files(files)


def unpack_residuals(content: bytes) -> pd.DataFrame:
    """The frame that `pack_residuals` has packed.

    Raises
    ------
    ValueError
        Where the archive holds something else; a damaged one raises what zipfile, zlib and numpy do.
    """
    with np.load(io.BytesIO(content), allow_pickle=False) as archive:
        frame = pd.DataFrame({name: archive[name] for name in archive.files})
    check_residuals(frame)
    return frame


def write_packaged(folder: Path, references: Sequence[AdoptionSeries]) -> None:
    """Write the backtests that a wheel brings along: with a bound, without, and of one figure and of two."""
    for bounded, figures in ((True, SHORTEST), (False, SHORTEST), (True, 1), (True, 2)):
        content = pack_residuals(_compute(references, bounded, figures=figures))
        write_file(folder / _name(references, bounded, figures), content)
