"""Forecasts of a series: `forecast` from all its figures, `hindcast` from those at earlier dates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from .. import indicators
from ..base.dates import SHORTEST, SHORTEST_SPAN
from ..base.fallen import has_fallen
from ..base.levels import LEVELS, band_ends, check_levels, read_shares
from ..base.limit import Limit
from ..base.words import say, say_name
from ..curves import decimal_years
from ..curves.verdict import ENOUGH
from ..indicators.series import READ, AdoptionSeries
from .backtest import HORIZONS, ORIGIN_SHARES, References, can_calibrate, learn_prior, recall, roll_windows
from .cumulative import take_increments
from .inputs import check_limits, find_end, next_dates, read_references, read_series, use_figures
from .later import FURTHEST
from .result import REPORTED_QUANTILES, Forecast

EXAMPLE = 0.3
"""Share of its limit from which the forecast of a technology is shown as an example."""
FINISHED = 0.9
"""Share of its limit that a technology has reached that is shown as finished."""


def forecast(
    series: pd.Series | AdoptionSeries,
    bound: Limit | pd.Series | float | None = None,
    references: Sequence[AdoptionSeries] | None = None,
    horizon_years: float = 5,
    levels: Sequence[float] = LEVELS,
    shares: Sequence[float] = (0.5, 0.75, 0.9),
    limit: float | None = None,
    censored: pd.DataFrame | None = None,
) -> Forecast:
    """Forecast of an adoption series, with ranges as wide as such forecasts of other technologies have missed.

    With a limit the path from the last figure is the mean of two: a Gompertz curve up to the limit, and the curves to
    25 ends where other technologies stand, each by how well it fits (`model.path_below`). Without one it is damped
    drift. About it lies a Student's t on the scale of growth, whose spread is learnt on other technologies
    (`model.quantiles`). Where the figures level off (`adoption_curves.curves.assess_ceiling`) the quantiles are the
    mean of two sets: that with the limit, and that with the end found in its place. Of a count of all so far without a
    limit what each period adds is forecast and summed up. Of one or two figures it is counted what other technologies
    did from there, up to three years ahead (`later.later_shares`). A series that has fallen
    (`adoption_curves.curves.has_fallen`) has no forecast.

    Parameters
    ----------
    series : pandas.Series with a DatetimeIndex, or AdoptionSeries
        At least three values, with a bound one. The forecast uses the last eight that lie 0.4 years apart.
    bound : number, Limit, pandas.Series with a DatetimeIndex, or None
        A known upper limit in the unit of `series`. None stands for an AdoptionSeries' own, or for none.
    references : list of AdoptionSeries, optional
        By default those of the project's data folder. The technology of `series` is left out.
    horizon_years : number
        Beyond five years the ranges are extrapolated and labelled so.
    levels : sequence of float
        Coverage of the ranges, each between 0 and 1 and no two so near that tables would write them alike; sentences
        and milestones quote the one nearest to 0.8.
    shares : sequence of float
        Saturation shares of the scenarios, each between 0 and 1.
    limit : number, optional
        Largest possible value that is no bound, such as a population; no figure may lie above it. Never more than
        100 for percent. Without a bound quantiles approach it and are not cut there.
    censored : DataFrame, optional
        Figures that are only bounds: dates as index, columns value and bound ("at_least" or "at_most"). None stands for
        an AdoptionSeries' own, or for none. Those after the last exact figure condition the forecast: only paths that
        satisfy them are used.

    Returns
    -------
    Forecast

    Raises
    ------
    ValueError
        With fewer values, figures above the bound or the limit, dates outside 1800 to 2100, numbers outside
        1e-60 to 1e60, fewer than two reference technologies, or no level.

    Examples
    --------
    >>> dates = pd.to_datetime([f"{year}-12-31" for year in range(2021, 2026)])
    >>> result = forecast(pd.Series([12, 19, 31, 44, 52], index=dates, name="users"), bound=100, horizon_years=2)
    >>> result
    <Forecast of users: 52.0 in December 2025; forecast for December 2027: ... (80% range, median ...)>
    >>> result.quantiles.loc["2026-12-31"].is_monotonic_increasing
    True
    >>> axes = result.plot()
    """
    references = indicators.load_references() if references is None else read_references(references)
    target = read_series(series, bound, limit, censored)
    others = [each for each in references if not target.technology or each.technology != target.technology]
    return forecast_target(target, recall(others), horizon_years, levels, shares)


def forecast_target(
    target: AdoptionSeries,
    references: References,
    horizon_years: float = 5,
    levels: Sequence[float] = LEVELS,
    shares: Sequence[float] = (0.5, 0.75, 0.9),
) -> Forecast:
    """Forecast of a series as `read_series` returns it, by what references teach."""
    printed, target = target, target.use_readings()
    used = use_figures(target.values, target.bound)
    check_limits(target)
    dates = next_dates(pd.DatetimeIndex(used.index), horizon_years)
    made = Forecast(
        "forecast", target, printed, used, references, dates, check_levels(levels), read_shares("shares", shares)
    )
    if has_fallen(decimal_years(used.index), used.to_numpy(float)):
        return replace(made, kind="fallen", dates=dates[:0])
    if len(used) < SHORTEST:
        return replace(made, kind="counted", dates=_count_dates(used.index[-1], horizon_years))
    learn_prior(references.stand)  # refuses too few technologies
    more = take_increments(target) if target.cumulative and target.bound is None else None
    if more is not None:
        made.added = replace(made, target=more, printed=more, used=use_figures(more.values))
    elif len(target.values) >= ENOUGH:  # no verdict of fewer figures changes a forecast
        made.end = find_end(target, made.assessed)
    return made


def _count_dates(last: pd.Timestamp, horizon_years: float) -> pd.DatetimeIndex:
    """The same day one, two and three years later, as far as the horizon goes; at least the first."""
    day = pd.offsets.MonthEnd(0) if last.is_month_end else pd.DateOffset(0)
    years = range(1, max(1, int(min(horizon_years, FURTHEST))) + 1)
    return pd.DatetimeIndex([last + pd.DateOffset(years=year) + day for year in years], name="date")


def vary(result: Forecast, others: Mapping[str, AdoptionSeries], by: str = "form") -> pd.DataFrame:
    """Published forecast of other forms of the series: with another bound, or with figures counted in another way.

    Parameters
    ----------
    result : Forecast
        Its dates, its limit and the level that it quotes are those of all.
    others : mapping of names to AdoptionSeries, one at least
    by : str
        Heading of the names.

    Returns
    -------
    DataFrame
        A row per form and date: its name, date, q0.1, q0.5, q0.9 and the ends of the quoted band, unit.
    """
    frames, ends = [], sorted({0.1, 0.5, 0.9, *band_ends(result.level)})
    limit = result.target.limit if np.isfinite(result.target.limit) else None
    for name, series in others.items():
        if result.kind == "counted" and series.bound is None:  # of which there is no forecast
            continue
        other = forecast_target(read_series(series, limit=limit), result.references)
        dates = result.dates[:0] if other.kind == "fallen" else result.dates
        years = decimal_years(dates) - decimal_years(other.used.index)[-1]
        columns = {f"q{end:g}": column for end, column in zip(ends, other.at(years, ends).T, strict=True)}
        frames.append(pd.DataFrame({by: name, "date": dates} | columns | {"unit": result.target.unit}))
    return pd.concat(frames, ignore_index=True)


def scale_before(series: AdoptionSeries, factors: Sequence[float] = (0.8, 1.25)) -> dict[str, AdoptionSeries]:
    """The series with its figures before its last suspected break multiplied by some factors.

    Parameters
    ----------
    series : AdoptionSeries
    factors : sequence of float

    Returns
    -------
    dict
        The series by the factor as text; empty where no break lies between its figures.
    """
    dates, seen = series.breaks["date"], series.values.index
    dates = dates[(dates > seen[0]) & (dates <= seen[-1])]
    old = seen < dates.max() if len(dates) else seen < seen[0]
    scaled = {f"{each:g}": series.values * np.where(old, each, 1) for each in factors if old.any()}
    return {factor: replace(series, values=values) for factor, values in scaled.items()}


def read_widely(series: AdoptionSeries) -> dict[str, AdoptionSeries]:
    """The series with its newer figures as they were printed, where both ends of one are known: "at least 700".

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    dict
        Empty where nothing closer is known than what was printed; else the series, by its newest figure in words.
    """
    if series.readings.empty:
        return {}
    newest = series.newer.iloc[-1]
    return {f"{say_name(newest['bound'])} {say(newest['value'])}": as_printed(series)}


def list_forms(series: AdoptionSeries, bounds: Mapping[str, Limit | None]) -> dict[str, AdoptionSeries]:
    """The series with each of some limits by name, and with its newer figures as they were printed."""
    return {name: replace(series, bound=bound) for name, bound in bounds.items()} | read_widely(series)


def as_printed(series: AdoptionSeries) -> AdoptionSeries:
    """The series with its newer figures as they were printed, without our closer reading."""
    return replace(series, observations=series.observations.drop(columns=[*READ], errors="ignore"))


def compare_newer(result: Forecast) -> pd.DataFrame:
    """The forecast before and after a newer figure: without it, as printed where it is read more closely, as published.

    Returns
    -------
    DataFrame
        As `vary`; no rows where no figure is newer than the last exact one, or the series has fallen.
    """
    series = result.printed
    if series.newer.empty or result.kind == "fallen":
        return pd.DataFrame(columns=["form", "date", "q0.1", "q0.5", "q0.9", "unit"])
    before = replace(as_printed(series), censored=series.censored.iloc[:0])
    return vary(result, {"without it": before} | read_widely(series) | {"as published": series})


def highest_limit(bounds: Mapping[str, Limit | None]) -> float | None:
    """The highest of some limits by name at their last dates; None where none is known."""
    return max((float(bound.values.iloc[-1]) for bound in bounds.values() if bound is not None), default=None)


def hindcast(
    series: pd.Series | AdoptionSeries,
    bound: Limit | pd.Series | float | None = None,
    references: Sequence[AdoptionSeries] | None = None,
    origins: pd.DatetimeIndex | None = None,
    levels: Sequence[float] = LEVELS,
) -> pd.DataFrame:
    """The forecast as it would have been made on the days on which earlier observations were published.

    Of the series it knows nothing dated later than the observation, and of others nothing published after that day.

    Parameters
    ----------
    series, bound, references : as for `forecast`
    origins : DatetimeIndex, optional
        Dates of observations; by default those of `pick_origins`. One by which too little was known of other
        technologies is passed over.
    levels : as for `forecast`

    Returns
    -------
    DataFrame
        The rows of `Forecast.frame`, up to half a year beyond the last observation, with
        ``origin`` and ``made`` (the day on which the figure of that date was published) first, and ``actual``, the
        value observed on that date or missing.
    """
    target = read_series(series, bound)
    references = indicators.load_references() if references is None else read_references(references)
    last = target.values.index[-1]
    frames: list[pd.DataFrame] = []
    for origin in pick_origins(target) if origins is None else origins:
        made = max([origin, *target.published.reindex([origin]).dropna()])
        earlier = [each for each in (cut_series(each, made, made) for each in references) if len(each.values)]
        if not can_calibrate(earlier):
            continue
        first = frames[0]["origin"].iloc[0] if frames else origin
        years = (last - first).days / 365.25 + 0.5
        result = forecast(cut_series(target, origin), None, earlier, years, levels)
        if result.kind == "fallen":
            continue
        frame = result.frame()
        frame.insert(0, "origin", origin)
        frame.insert(1, "made", made)
        frames.append(frame.assign(actual=target.values.reindex(frame["date"]).to_numpy()))
    if not frames:
        quantiles = [f"q{level:g}" for level in REPORTED_QUANTILES]
        columns = ["origin", "made", "entity", "indicator", "date", *quantiles, "technologies", "unit", "basis"]
        return pd.DataFrame(columns=[*columns, "actual"])
    rows = pd.concat(frames, ignore_index=True)
    return rows[rows["date"] <= last + pd.Timedelta(days=190)].reset_index(drop=True)


def cut_series(
    series: AdoptionSeries, date: pd.Timestamp, made: pd.Timestamp | None = None, points: int | None = None
) -> AdoptionSeries:
    """Series cut at `date`, without exact figures that were published after the day `made`; of it the last `points`."""
    cut = {name: getattr(series, name) for name in ("values", "censored", "later")}
    if made is not None:
        cut["values"] = cut["values"][~(series.published > made)]
    cut = {name: part[part.index <= date] for name, part in cut.items()}
    cut["values"] = cut["values"].iloc[-points if points else 0 :]
    bound = None if series.bound is None else series.bound.known_by(date)
    rows = {name: getattr(series, name) for name in ("breaks", "observations")}
    return replace(series, bound=bound, **cut, **{name: part[part["date"] <= date] for name, part in rows.items()})


def pick_example(
    references: Sequence[AdoptionSeries], bounded: bool = True, points: int = 4
) -> tuple[AdoptionSeries, pd.Timestamp]:
    """A series that rises, and the date of it from which its forecast is an example.

    Of windows of so many figures that all rise, and have a figure after each horizon, it is the one whose last share is
    nearest to `EXAMPLE`.

    Parameters
    ----------
    references : sequence of AdoptionSeries
    bounded : bool
        False takes its limit away.
    points : int

    Returns
    -------
    AdoptionSeries, Timestamp

    Raises
    ------
    ValueError
        If there is no window of so many figures.
    """
    found = roll_windows(references, points, HORIZONS)
    if found is None:
        raise ValueError(f"none of the references has {points} figures and a later one while at 5 to 98% of its limit")
    rising = (np.diff(found.y) > 0).all(axis=1) & np.isfinite(found.h).all(axis=1)
    place = (np.abs(found.y[:, -1] / found.limit[:, -1] - EXAMPLE) + 9 * ~rising).argmin()
    label = found.labels.iloc[place]
    one = next(each for each in references if (each.entity, each.indicator) == (label["entity"], label["indicator"]))
    return (one if bounded else replace(one, bound=None)), label["origin"]


def pick_finished(references: Sequence[AdoptionSeries], points: int = 12) -> AdoptionSeries:
    """The first figures, from a twentieth of its limit on, of a technology that has since nearly reached its limit.

    It is the one with so many figures, all of them higher than the one before, whose middle ones are nearest to half of
    the limit.

    Parameters
    ----------
    references : sequence of AdoptionSeries
        One at least with a limit.
    points : int

    Returns
    -------
    AdoptionSeries
    """
    shares = {place: each.share for place, each in enumerate(references) if each.bound is not None}
    early = {place: share[share >= ORIGIN_SHARES[0]].iloc[:points] for place, share in shares.items()}

    def misses(place: int) -> float:
        share, whole = early[place], shares[place]
        fits = len(share) == points and share.is_monotonic_increasing and FINISHED <= whole.max() < 1
        return abs(share.iloc[2 * len(share) // 3 - 1] - 0.5) + 9 * (not fits) if len(share) else np.inf

    chosen = min(early, key=misses)
    return replace(references[chosen], values=references[chosen].values[early[chosen].index])


def pick_origins(series: AdoptionSeries, back: float = 3.2, most: int = 3) -> pd.DatetimeIndex:
    """At most `most` earlier dates, evenly spread over the last `back` years, with enough points before each.

    Parameters
    ----------
    series : AdoptionSeries
    back : float
        Years before its last observation.
    most : int

    Returns
    -------
    DatetimeIndex
    """
    values = series.values[series.values > 0]  # a forecast passes over a figure of 0
    years = decimal_years(values.index)
    enough = (np.arange(len(years)) >= SHORTEST - 1) & (years - years[0] >= SHORTEST_SPAN)
    dates = values.index[enough][:-1]
    dates = dates[dates >= series.values.index[-1] - pd.Timedelta(days=365.25 * back)]
    step = max(1, -(-len(dates) // most))
    return dates[::-1][::step][::-1]
