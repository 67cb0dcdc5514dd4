"""Charts of notebook 3: every curve that fits as well, and the saturation levels that the values do not rule out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ...base.words import lower_first, say, say_end, say_first, say_name
from ...indicators import Names
from .style import (
    ACCENT,
    GHOST,
    GREY,
    INK,
    MOST,
    PAGE,
    Chart,
    name_area,
    name_line,
    open_panels,
    size_marks,
    use_numbers,
)

_REJECTED = 0.05  # p-value: below it a level is rejected
_UNLIKELY = 0.01  # below it nothing is drawn
_FAR_LIMIT = 1.8  # times the highest point: a limit from there on would leave half of the panels empty


def draw_fits(
    values: pd.Series, alternatives: pd.DataFrame, found: Any, limit: float, names: Names, source: str
) -> Chart | None:
    """The fitted curves, one panel a family, with all saturation levels that the data do not rule out.

    Parameters
    ----------
    values : Series
        Observations by date, in the unit of the series.
    alternatives : DataFrame
        From `fit_tables.trace_alternatives`: family, saturation_level, value (in that unit), date, best (bool), level.
    found : a row of `facts.list_saturation_level`
    limit : float
        Known limit at the last value, in that unit; nan for none.
    names : Names
    source : str

    Returns
    -------
    Chart or None
        None where nothing was fitted.
    """
    if alternatives.empty:
        return None
    families = alternatives.groupby("family", sort=False)
    figure, axes = open_panels([2.6] * len(families), min(3, len(families)), share=True)
    highest = max(values.max(), alternatives.loc[alternatives["best"], "value"].max())
    top, is_shown = 1.3 * highest, limit < _FAR_LIMIT * highest
    for axis, (family, curves) in zip(axes, families, strict=True):
        for _, curve in curves[~curves["best"]].groupby("saturation_level"):
            axis.plot(curve["date"], curve["value"], color=GHOST, lw=0.7)
        best = curves[curves["best"]]
        axis.plot(best["date"], best["value"], color=ACCENT, lw=2)
        published = values.index.isin([*names.points])  # another was published as a bound
        axis.plot(values.index, values, "o", color=INK, ms=size_marks(len(values)), zorder=5)
        axis.plot(values.index[~published], values[~published], "o", color=INK, mfc=PAGE, ms=5, zorder=6)
        if is_shown:
            axis.axhline(limit, color=GREY, ls=":", lw=1.1)
        axis.set_title(say_first(say_name(str(family))))
    axes[0].set_ylim(0, max(top, 1.08 * limit) if is_shown else top)
    level = f"other saturation levels inside the {100 * alternatives['level'].iloc[0]:.0f}% interval"
    key = [name_line("least squares", lw=2), name_line(level, GHOST, lw=0.7)]
    if not values.index.isin([*names.points]).all():
        key.append(name_line("assumed value", INK, ls="", marker="o", mfc=PAGE))
    key += [name_line(f"limit, {lower_first(names.limit_title)}", GREY, ls=":")] if is_shown else []
    units = say_first(names.unit)
    if np.isfinite(limit) and not is_shown:
        units += f"; the limit, {lower_first(names.limit_title)}, is above at {say(limit)}"
    return figure.close(f"{names.title}: {say_end(found, names.unit)}", units, source, key)


def draw_profiles(profiles: pd.DataFrame, title: str, limit: float, unit: str, source: str) -> Chart | None:
    """P-value of each level at which growth may end, one panel a family: levels above 5% are inside the 95% interval.

    Parameters
    ----------
    profiles : DataFrame
        As from `fit_tables.profile_ceilings`: family, saturation_level, confidence. Each family has a panel.
    title : str
        The verdict.
    limit : float
        Known limit at the last value; nan for none.
    unit, source : str

    Returns
    -------
    Chart or None
        None where fewer than two levels are likely.
    """
    likely = profiles.loc[profiles["confidence"] < 100 * (1 - _UNLIKELY), "saturation_level"]
    if likely.nunique() < 2:
        return None
    families = profiles[profiles["saturation_level"].between(likely.min(), likely.max())].groupby("family", sort=False)
    figure, axes = open_panels([1.2] * len(families), share=True)
    for axis, (family, curve) in zip(axes, families, strict=True):
        level, p_value = curve["saturation_level"], 1 - curve["confidence"] / 100
        axis.plot(level, p_value, color=ACCENT, lw=1.6)
        axis.fill_between(level, 0, p_value, p_value >= _REJECTED, color=MOST, lw=0)
        axis.axhline(_REJECTED, color=GREY, lw=0.9, ls="--")
        if likely.min() < limit < likely.max():
            axis.axvline(limit, color=GREY, lw=1.1, ls=":")
        axis.set_title(say_first(say_name(str(family))))
        axis.set_ylabel("P-value")
        axis.label_outer()
    axes[0].set(xlim=(likely.min(), likely.max()), ylim=(0, 1.04))
    axes[-1].set_xlabel(f"Level at which growth ends, {unit}")
    use_numbers(axes[-1], "x")
    key = [name_area("inside the 95% interval", MOST), name_line("5%", GREY, ls="--", lw=0.9)]
    if likely.min() < limit < likely.max():
        key.append(name_line(f"limit: {say(limit)}", GREY, ls=":"))
    return figure.close(title, "P-value of each level: how well the values agree with it", source, key)
