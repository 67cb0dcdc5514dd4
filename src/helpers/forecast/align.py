"""Technologies side by side: years since each reached a share of its base."""

import numpy as np
import pandas as pd
from statsmodels.genmod.families.links import LogLog

from helpers.curves import decimal_years
from helpers.forecast.windows import bend, slope_of


def align_technologies(series_list, share=0.1):
    """Shares of the bound by years since a given share was reached.

    The date is interpolated on the Gompertz scale between the two figures around it. A series that begins above the
    share is carried back along its first four figures, at most two years, and marked so; one that cannot be placed is
    left out.

    Parameters
    ----------
    series_list : list of AdoptionSeries with a bound
    share : share of the bound that counts as the start

    Returns
    -------
    DataFrame, a row per figure from two years before the start on: technology, entity, indicator, date, years (since
    the start), share, carried_back (bool).
    """
    frames = [_align(series, share) for series in series_list if series.bound is not None and len(series.values) >= 3]
    frames = [frame for frame in frames if frame is not None]
    columns = ["technology", "entity", "indicator", "date", "years", "share", "carried_back"]
    return pd.concat(frames, ignore_index=True)[columns] if frames else pd.DataFrame(columns=columns)


def _align(series, share):
    """Rows of one series, or None when it cannot be placed."""
    years = decimal_years(series.values.index)
    shares = series.values.to_numpy(float) / series.bound_at(series.values.index)
    start, carried_back = _start(years, shares, share)
    if start is None:
        return None
    frame = pd.DataFrame({"date": series.values.index, "years": years - start, "share": shares})
    labels = {
        "technology": series.technology,
        "entity": series.entity,
        "indicator": series.indicator,
        "carried_back": carried_back,
    }
    return frame[frame["years"] >= -2].assign(**labels)


def _start(years, shares, share):
    """Decimal year at which the share was reached, and whether that lies before the first figure; None if unknown."""
    above = np.flatnonzero(shares >= share)
    if not len(above):
        return None, False
    after = int(above[0])
    part = slice(0, 4) if after == 0 else slice(after - 1, after + 1)
    bent, wanted = bend(LogLog(), shares[part]), bend(LogLog(), np.array(share))
    slope = slope_of(years[part][None], bent[None])[0]
    if slope <= 0:
        return None, False
    start = years[part][0] + (wanted - bent[0]) / slope
    return (float(start), after == 0) if start > years[0] - 2 else (None, False)
