"""Select series from checked data: breaks, segments, bounds, references, coverage."""

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from helpers.indicators.breaks import list_breaks
from helpers.indicators.claims import check_claims
from helpers.indicators.validation import (
    BASE_TOLERANCE,
    NUMBER,
    DataError,
    Problem,
    check_date,
    interpolate_values,
    read_tables,
    suggest_names,
)

SHORTEST_SEGMENT = 3  # one or two figures show a level, not a curve


@dataclass(frozen=True, eq=False)
class AdoptionSeries:
    """One unbroken stretch of one indicator of one entity, with its bound.

    Attributes
    ----------
    entity, indicator, title, unit, counted, base, technology, role, note : str
        As in indicators.csv; ``base`` says in words what the base population is.
    values : Series of float
        Exact observations of the segment, in ``unit``; DatetimeIndex named ``date``, increasing.
    censored : DataFrame
        Observations of the segment that are bounds: index date; columns value, bound (at_least or at_most).
    earlier, later : Series of float
        Exact observations before and after the segment. ``later`` is empty unless ``segment_note`` says why not.
    breaks : DataFrame
        Columns date, kind, reason. A ``break`` splits the series; a ``suspected`` one is crossed.
    observations : DataFrame
        All rows of the series as in observations.csv.
    bound : Series of float or None
        Known upper bound in ``unit``, by date; a number is a constant series.
    bound_name, bound_title, bound_note, segment_note : str
        Name of the bound (an indicator or a number as text), the same in words, and what must be said about the choice.
    """

    entity: str
    indicator: str
    title: str
    unit: str
    counted: str
    base: str
    technology: str
    role: str
    note: str
    values: pd.Series
    censored: pd.DataFrame
    earlier: pd.Series
    later: pd.Series
    breaks: pd.DataFrame
    observations: pd.DataFrame
    bound: pd.Series | None = None
    bound_name: str = ""
    bound_title: str = ""
    bound_note: str = ""
    segment_note: str = ""

    def bound_at(self, dates):
        """Interpolate the bound linearly in time; before its first and after its last date it is held constant.

        Parameters
        ----------
        dates : DatetimeIndex, Series or list of dates

        Returns
        -------
        ndarray of float, in ``unit``

        Raises
        ------
        DataError
            When the series has no bound.
        """
        if self.bound is None:
            message = f"{self.indicator} of {self.entity} was selected without a bound; name one, or a number"
            raise DataError([_blame("bound", "", message)])
        return interpolate_values(self.bound, dates)

    @property
    def penetration(self):
        """Exact observations as a share of the bound on the same date (0 to 1), a Series like ``values``."""
        return (self.values / self.bound_at(self.values.index)).rename(self.indicator)


@dataclass(frozen=True, eq=False)
class Data:
    """Checked tables of one data folder, without the observations after ``as_of``.

    Attributes
    ----------
    observations, indicators, sources, claims : DataFrame
        Columns as in ``data/README.md``, typed; besides ``row`` (line in the file) and, where figures are printed,
        ``precision`` (half a unit of the last printed digit).
    path : Path
    as_of : str
        ISO date, or "" for all data.
    """

    observations: pd.DataFrame
    indicators: pd.DataFrame
    sources: pd.DataFrame
    claims: pd.DataFrame
    path: Path
    as_of: str = ""
    _groups: dict = field(default_factory=dict, repr=False)

    def series(self, entity, indicator, bound=""):
        """Select one series: its segment after the last break, and its bound.

        Where the segment after the last break has fewer than three exact observations and an earlier one has more, the
        last segment that has three is taken, and ``segment_note`` says so.

        Parameters
        ----------
        entity, indicator : str
        bound : str or number, default ""
            "" for none; a number in the unit of the series; or an indicator of the same entity in the same unit. The
            series itself stands for its own base. For a percentage a bound that does not apply becomes 100, and
            ``bound_note`` says so.

        Returns
        -------
        AdoptionSeries

        Raises
        ------
        DataError
            For an unknown name (with the nearest ones), no exact observation up to ``as_of``, or a bound that is
            missing, in another unit or below an observation.
        """
        entry = self._find_entry(indicator)
        rows = self._find_rows(entity, indicator)
        breaks = list_breaks(entry.breaks, entry.suspected_breaks, entity, self._limit())
        segments = _number_segments(rows["date"], breaks)
        exact = segments[(rows["bound"] == "exact").to_numpy()]
        if len(exact) == 0:
            raise DataError([self._explain_no_observation(entity, indicator)])
        chosen = _choose_segment(exact)
        series = _build_series(entry, rows, breaks, segments, chosen)
        return _attach_bound(series, self._resolve_bound(entry, entity, bound))

    def references(self, exclude=None):
        """List the reference technologies, one `AdoptionSeries` per unbroken segment, each with its own base as bound.

        A percentage has the bound 100; a count has its base indicator. Left out are usage rates that repeat a users
        series, segments of fewer than three figures, and segments in which nothing rises above the first figure (the
        landline telephone since 2013 says nothing about adoption). Values of exactly 0, rounded in the source, are
        dropped: a share of 0 has no logit.

        Parameters
        ----------
        exclude : AdoptionSeries, optional
            Every series of the same technology, in whichever entity, is left out.

        Returns
        -------
        list of AdoptionSeries, in order of entity and indicator
        """
        wanted = self.indicators[(self.indicators["role"] == "reference") & (self.indicators["rate_of"] == "")]
        if exclude is not None:
            wanted = wanted[wanted["technology"] != exclude.technology]
        entries = {entry.indicator: entry for entry in wanted.itertuples(index=False)}
        found = []
        for entity, indicator in sorted(self._group_rows()):
            if indicator in entries:
                found += self._list_segments(entity, entries[indicator])
        return found

    def claims_table(self):
        """Recompute the claims of the news item; see `check_claims`."""
        return check_claims(self)

    def _list_segments(self, entity, entry):
        bound = "100" if entry.unit.startswith("percent") else entry.base_indicator
        if bound == "" or (entry.base_indicator == bound and self._exact_values(entity, bound).empty):
            return []
        rows = self._find_rows(entity, entry.indicator)
        breaks = list_breaks(entry.breaks, entry.suspected_breaks, entity, self._limit())
        segments = _number_segments(rows["date"], breaks)
        rows, segments = rows[(rows["value"] > 0).to_numpy()], segments[(rows["value"] > 0).to_numpy()]
        found = []
        for number in np.unique(segments):
            values = rows.loc[(segments == number) & (rows["bound"] == "exact").to_numpy(), "value"]
            if len(values) >= SHORTEST_SEGMENT and values.max() > values.iloc[0]:
                series = _build_series(entry, rows, breaks, segments, number, note="")
                found.append(_attach_bound(series, self._resolve_bound(entry, entity, bound)))
        return found

    def _limit(self):
        return pd.Timestamp(self.as_of) if self.as_of else None

    def _group_rows(self):
        if not self._groups:
            self._groups.update(dict(iter(self.observations.groupby(["entity", "indicator"]))))
        return self._groups

    def _find_entry(self, indicator):
        match = self.indicators[self.indicators["indicator"] == indicator]
        if match.empty:
            near = suggest_names(indicator, self.indicators["indicator"])
            raise DataError([_blame("indicator", indicator, f"is not in indicators.csv; {near}")])
        return next(match.itertuples(index=False))

    def _find_rows(self, entity, indicator):
        rows = self._group_rows().get((entity, indicator))
        if rows is not None:
            return rows.sort_values("date")
        entities = {e for e, _ in self._group_rows()}
        having = sorted(e for e, i in self._group_rows() if i == indicator)
        if not having:
            raise DataError([self._explain_no_observation(entity, indicator)])
        if entity not in entities:
            raise DataError(
                [_blame("entity", entity, f"is not in observations.csv; {suggest_names(entity, entities)}")]
            )
        message = f"has no {indicator}; it exists for {', '.join(having)}"
        raise DataError([_blame("entity", entity, message)])

    def _explain_no_observation(self, entity, indicator):
        later = pd.read_csv(self.path / "observations.csv", dtype=str, encoding="utf-8-sig", skipinitialspace=True)
        later = later[(later["indicator"] == indicator) & (later["bound"] == "exact")]
        own = later[later["entity"] == entity]
        if self.as_of and not own.empty:
            message = f"is before the first figure of {indicator} of {entity}, {own['date'].min()}; choose a later date"
            return _blame("as_of", self.as_of, message)
        having = sorted(set(later["entity"]))
        message = f"has no exact figure of {entity}" + (f"; it exists for {', '.join(having)}" if having else "")
        return _blame("indicator", indicator, message)

    def _exact_values(self, entity, indicator):
        rows = self._group_rows().get((entity, indicator))
        if rows is None:
            return pd.Series(dtype=float, index=pd.DatetimeIndex([], name="date"), name=indicator)
        rows = rows[rows["bound"] == "exact"].sort_values("date")
        return rows.set_index("date")["value"].rename(indicator)

    def _resolve_bound(self, entry, entity, bound):
        """Return (values or number or None, name, title, note) of the bound that was asked for."""
        name = _read_bound(bound)
        if name == "":
            return None, "", "", ""
        if not isinstance(name, str):
            return self._resolve_number(entry, name)
        percent = entry.unit.startswith("percent")
        note = ""
        if name == entry.indicator:
            note = f"{name} cannot bound itself: its own base, {entry.base or 'none'}, is the bound."
            name = entry.base_indicator
            if not name and percent:
                return self._resolve_number(entry, 100.0, note)
            if not name:
                raise DataError([_blame("bound", entry.indicator, "has no base of its own; give a number or ''")])
        base = self._find_entry(name)
        values = self._exact_values(entity, name)
        if base.unit == entry.unit and not values.empty:
            return values, name, base.title, note
        why = f"is in {base.unit}" if base.unit != entry.unit else f"has no figure of {entity}"
        if percent:
            note = f"{name} {why}, {entry.indicator} in {entry.unit}: the bound is 100."
            return self._resolve_number(entry, 100.0, note)
        message = f"{why}; {entry.indicator} needs a bound in {entry.unit}: {self._list_bounds(entity, entry)}"
        raise DataError([_blame("bound", name, message)])

    def _resolve_number(self, entry, number, note=""):
        if entry.unit.startswith("percent") and number > 100:
            message = f"is above 100, but {entry.indicator} is in {entry.unit}; write 100 or less"
            raise DataError([_blame("bound", f"{number:.10g}", message)])
        title = (
            f"100 percent of {entry.base}" if note or number == 100 and entry.base else f"{number:.10g} {entry.unit}"
        )
        return float(number), f"{number:.10g}", title, note

    def _list_bounds(self, entity, entry):
        same_unit = self.indicators.loc[self.indicators["unit"] == entry.unit, "indicator"]
        having = [i for i in same_unit if (entity, i) in self._group_rows() and i != entry.indicator]
        named = f"an indicator of {entity} ({', '.join(having[:6])}), " if having else ""
        return f"{named}a number, or '' for none"


def load(path="data", as_of=""):
    """Read, check and hold the tables of a data folder.

    Parameters
    ----------
    path : str or Path, default "data"
        Folder with observations.csv, indicators.csv, sources.csv, claims.csv and datapackage.json.
    as_of : str or date, default ""
        ISO date. Later observations and breaks do not exist for anything that uses the result.

    Returns
    -------
    Data

    Raises
    ------
    DataError
        With every problem of every table: file, row, column, value and what would be right.
    """
    limit = None if as_of in ("", None) else check_date("as_of", as_of)
    folder = Path(path)
    tables = read_tables(folder)
    if limit is not None:
        tables["observations"] = tables["observations"][tables["observations"]["date"] <= limit].reset_index(drop=True)
    return Data(**tables, path=folder, as_of="" if limit is None else f"{limit:%Y-%m-%d}")


def describe_coverage(data):
    """Say for each series how long and how sound it is.

    Parameters
    ----------
    data : Data

    Returns
    -------
    DataFrame
        One row per entity and indicator: title, role, technology, unit, n (exact figures), bounds (figures that are
        bounds), first, last (dates), last_value, spacing_years (median), segments, longest (exact figures in the
        longest unbroken segment), high_confidence (share of rows, 0 to 1), breaks, suspected_breaks (dates).
    """
    rows = []
    entries = {entry.indicator: entry for entry in data.indicators.itertuples(index=False)}
    for (entity, indicator), group in sorted(data._group_rows().items()):
        rows.append(_describe_group(entity, entries[indicator], group, data._limit()))
    return pd.DataFrame(rows)


def _describe_group(entity, entry, group, limit):
    breaks = list_breaks(entry.breaks, entry.suspected_breaks, entity, limit)
    inside = breaks[(breaks["date"] > group["date"].min()) & (breaks["date"] <= group["date"].max())]
    exact = group[group["bound"] == "exact"].sort_values("date")
    numbers = _number_segments(exact["date"], breaks)
    gaps = exact["date"].diff().dt.days.dropna() / 365.25
    dates = {kind: "; ".join(f"{d:%Y-%m-%d}" for d in inside.loc[inside["kind"] == kind, "date"]) for kind in KINDS}
    return {
        "entity": entity,
        "indicator": entry.indicator,
        "title": entry.title,
        "role": entry.role,
        "technology": entry.technology,
        "unit": entry.unit,
        "n": len(exact),
        "bounds": len(group) - len(exact),
        "first": exact["date"].min(),
        "last": exact["date"].max(),
        "last_value": exact["value"].iloc[-1] if len(exact) else math.nan,
        "spacing_years": round(gaps.median(), 2) if len(gaps) else math.nan,
        "segments": len(np.unique(numbers)),
        "longest": int(np.bincount(numbers).max()) if len(numbers) else 0,
        "high_confidence": round(float((group["confidence"] == "high").mean()), 3),
        "breaks": dates["break"],
        "suspected_breaks": dates["suspected"],
    }


KINDS = ("break", "suspected")


def _blame(parameter, value, message):
    return Problem("", None, parameter, str(value), message)


def _number_segments(dates, breaks):
    """Number the segment of each date: how many breaks (not suspected ones) lie at or before it."""
    hard = breaks.loc[breaks["kind"] == "break", "date"].sort_values()
    return np.searchsorted(hard.to_numpy("datetime64[s]"), dates.to_numpy("datetime64[s]"), side="right")


def _choose_segment(exact):
    """Choose the last segment with enough figures, or the last one where none has enough."""
    numbers, counts = np.unique(exact, return_counts=True)
    enough = numbers[counts >= SHORTEST_SEGMENT]
    return enough[-1] if len(enough) else numbers[-1]


def _build_series(entry, rows, breaks, segments, chosen, note=None):
    exact = (rows["bound"] == "exact").to_numpy()
    values = rows.set_index("date")["value"].rename(entry.indicator)
    censored = rows.set_index("date")[["value", "bound"]]
    later = values[exact & (segments > chosen)]
    if note is None:
        note = _explain_segment(later, breaks) if len(later) else ""
    return AdoptionSeries(
        entity=rows["entity"].iloc[0],
        values=values[exact & (segments == chosen)],
        censored=censored[~exact & (segments == chosen)],
        earlier=values[exact & (segments < chosen)],
        later=later,
        breaks=breaks,
        observations=rows.drop(columns="precision"),
        segment_note=note,
        **{name: getattr(entry, name) for name in DESCRIPTION},
    )


DESCRIPTION = ("indicator", "title", "unit", "counted", "base", "technology", "role", "note")


def _explain_segment(later, breaks):
    hard = breaks[(breaks["kind"] == "break") & (breaks["date"] <= later.index[0])].iloc[-1]
    figures = f"{len(later)} figure{'s' if len(later) > 1 else ''}"
    return f"Only {figures} since the break of {hard['date']:%Y-%m-%d} ({hard['reason']}): the series ends before it."


def _read_bound(bound):
    """Return "" for none, a positive float, or the name of an indicator."""
    text = "" if bound is None else str(bound).strip()
    if isinstance(bound, bool) or re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
        plain = text.replace(",", "")
        hint = f"; write {plain}" if plain != text else ""
        raise DataError([_blame("bound", text, f"is no number and no indicator{hint}")])
    if not isinstance(bound, (int, float, np.number)) and not re.fullmatch(NUMBER, text):
        if text.lower() not in ("nan", "inf", "-inf", "+inf", "infinity"):
            return text
    number = float(text)
    if not (math.isfinite(number) and number > 0):
        raise DataError([_blame("bound", text, "is no upper bound; write a positive number, an indicator or ''")])
    return number


def _attach_bound(series, resolved):
    """Return the series with its bound, or raise where an observation lies above it."""
    bound, name, title, note = resolved
    if bound is None:
        return series
    if not isinstance(bound, pd.Series):
        bound = pd.Series(bound, index=series.values.index, name=name, dtype=float)
    above = series.values[series.values > interpolate_values(bound, series.values.index) * (1 + BASE_TOLERANCE)]
    if len(above):
        limit = interpolate_values(bound, above.index[:1])[0]
        message = (
            f"is below an observation: {series.indicator} of {series.entity} is {above.iloc[0]:.6g} {series.unit} on "
            f"{above.index[0]:%Y-%m-%d}, the bound {limit:.6g}; choose a bound that holds the whole series"
        )
        raise DataError([_blame("bound", name, message)])
    fields = {key: getattr(series, key) for key in series.__dataclass_fields__}
    return AdoptionSeries(**{**fields, "bound": bound, "bound_name": name, "bound_title": title, "bound_note": note})
