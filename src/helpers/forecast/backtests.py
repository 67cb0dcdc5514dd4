"""Backtests of reference technologies that are computed once: for the same figures, code and libraries.

One is in memory for as long as the process lives, and in a file of the user's own cache folder for the next process: a
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
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import platformdirs

from ..base.files import hash_helpers, pack_files, write_file
from ..base.project import PACKAGED, RunError, refuse_planted
from ..indicators.series import AdoptionSeries
from .rolling import backtest, check_residuals

if TYPE_CHECKING:
    from distributed import Client

FOLDER = "backtests"
"""Of the user's cache folder, and of what a wheel brings along."""
MOST_FILES = 64
"""Files that are kept, the newest; one is up to a megabyte."""
LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels")


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
    references: Sequence[AdoptionSeries], bounded: bool = True, client: Client | None = None
) -> pd.DataFrame:
    """`backtest` with its usual windows and horizons; computed where none of the same is in the cache.

    Parameters
    ----------
    references, bounded, client : as for `backtest`

    Returns
    -------
    DataFrame
        As `backtest` returns it, to the last bit; one that a wheel has brought along as it was where that was built.

    Raises
    ------
    ValueError
        As `backtest`.
    """
    state = _name(references, bounded)
    name = f"{hashlib.sha256(f'{state} {_digest_code()}'.encode()).hexdigest()}.npz"
    path = Path(platformdirs.user_cache_dir("adoption-curves", appauthor=False)) / FOLDER / name
    for kept in (PACKAGED / FOLDER / state, path):
        with suppress(Exception):  # whatever is wrong with a file, its content is made anew
            refuse_planted(kept.parent, kept)
            return unpack_residuals(kept.read_bytes())
    residuals = backtest(references, bounded=bounded, client=client)
    with suppress(OSError, RunError):  # a folder that can't be written, a full disk: it is made again next time
        path.parent.mkdir(parents=True, exist_ok=True)
        refuse_planted(path.parent.parent, path.parent)
        write_file(path, pack_residuals(residuals))
        for old in sorted(path.parent.iterdir(), key=lambda each: each.stat().st_mtime)[:-MOST_FILES]:
            old.unlink()
    return residuals


def _name(references: Sequence[AdoptionSeries], bounded: bool) -> str:
    return f"{digest_series(references)}-{'bounded' if bounded else 'unbounded'}.npz"


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
    """Write the backtests that a wheel brings along for its references, with a bound and without one."""
    for bounded in (True, False):
        write_file(folder / _name(references, bounded), pack_residuals(backtest(references, bounded=bounded)))
