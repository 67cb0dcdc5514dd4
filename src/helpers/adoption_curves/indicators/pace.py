"""How fast series grew: the years that each took from one share of its upper limit to another."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from ..base.dates import decimal_years
from .series import AdoptionSeries


def list_shares(series: AdoptionSeries, references: Sequence[AdoptionSeries]) -> pd.DataFrame:
    """Shares of the upper limit of a series and of comparison technologies, in one table.

    A series is split at each change of method, certain or suspected, so that nothing is drawn or ranked across one.

    Parameters
    ----------
    series : AdoptionSeries
        Only its values since the last change of method are used. Without a limit, or with a single value, it has no
        rows.
    references : sequence of AdoptionSeries
        Comparison technologies, each with its limit.

    Returns
    -------
    DataFrame
        One row per value: ``number`` (of the segment; 0 is that of `series`), ``entity``, ``indicator``,
        ``technology``, ``target`` (True for `series`), ``year`` (decimal) and ``share`` (of the limit, 0 to 1).

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> data = load()
    >>> shares = list_shares(data.series("China", "internet_users"), data.references())
    >>> shares.columns.tolist()
    ['number', 'entity', 'indicator', 'technology', 'target', 'year', 'share']
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
    """Shares of a series between its changes of method; at least one part, which may be empty."""
    changes = series.breaks["date"].to_numpy("datetime64[s]")
    sides = np.searchsorted(np.sort(changes), series.values.index.to_numpy("datetime64[s]"), side="right")
    return [part for _, part in series.share.groupby(sides)] or [series.share]
