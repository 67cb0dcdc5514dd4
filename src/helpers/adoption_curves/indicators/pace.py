"""Series as shares of their limits, for a comparison of their pace."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.dates import decimal_years
from .series import AdoptionSeries


def list_shares(series: AdoptionSeries, references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Return the shares of the limit of a series and of comparison series as one table, a row a value.

    A change of method, certain or suspected, parts a series in two: nothing is drawn or ranked through one.

    Parameters
    ----------
    series : AdoptionSeries
        Of it the values since the last change count. Without a limit, or with a single one of these, it has no rows.
    references : sequence of AdoptionSeries
        Each with its own limit.

    Returns
    -------
    DataFrame
        number (of the part of a series, 0 is of `series`), entity, indicator, technology, target (bool: `series`),
        year (with decimals), share (of the limit, 0 to 1).
    """
    columns = {"number": int, "entity": str, "indicator": str, "technology": str, "target": bool}
    columns |= {"year": float, "share": float}
    parts = [(series, _part_shares(series)[-1])]
    parts += [(one, part) for one in references for part in _part_shares(one)]
    rows = [
        (number, one.entity, one.indicator, one.technology, number == 0, year, share)
        for number, (one, part) in enumerate(parts)
        if one.limit is not None and len(part) > 1
        for year, share in zip(decimal_years(part.index), part, strict=True)
    ]
    return pd.DataFrame(rows, columns=[*columns]).astype(columns)


def _part_shares(series: AdoptionSeries) -> list[pd.Series]:
    """The shares of a series before, between and after its changes of method, at least one part."""
    changes = series.breaks["date"].to_numpy("datetime64[s]")
    sides = np.searchsorted(np.sort(changes), series.values.index.to_numpy("datetime64[s]"), side="right")
    return [part for _, part in series.share.groupby(sides)] or [series.share]
