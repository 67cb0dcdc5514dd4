"""Load the data and select series from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from helpers.indicators.bounds import attach_bound, is_percentage, resolve_bound
from helpers.indicators.breaks import list_breaks
from helpers.indicators.cells import check_date
from helpers.indicators.opening import find_kind
from helpers.indicators.own import read_series_file, set_beside
from helpers.indicators.problems import blame_parameter, suggest_names
from helpers.indicators.series import SHORTEST_SEGMENT, AdoptionSeries, build_series, choose_segment, number_segments
from helpers.indicators.validation import read_tables
from helpers.project import find_data
from helpers.wording import say_count


def load(path: str | Path = "data", as_of: str | date = "") -> Data:
    """Read, check and hold the tables of a data folder, or the series of a CSV file.

    Beside own data (a file, or a folder without reference technologies) the project's own data stay available: their
    references, bounds and other countries, never their claims.

    Parameters
    ----------
    path : str or Path, default "data"
        Folder with observations.csv, indicators.csv, sources.csv and datapackage.json (and claims.csv, if there are
        claims), or a CSV file with the columns date and value (see ``own.read_series_file``); what does
        not exist here is looked up in the project's folder.
    as_of : str or date, default ""
        ISO date. Later observations and breaks do not exist for anything that uses the result.

    Returns
    -------
    Data

    Raises
    ------
    DataError
        With every problem of every table: file, row, column, value and what would be right.

    Examples
    --------
    >>> data = load()
    >>> users = data.series("China", "internet_users", bound="population_year_end")
    >>> users.unit, users.bound_title
    ('million persons', 'Population at the year-end')
    >>> load(as_of="2020-06-30").series("China", "internet_users").values.index.max().year
    2020
    """
    limit = None if as_of in ("", None) else check_date("as_of", as_of)
    path = Path(path) if find_kind(path) else find_data(str(path))
    own = None if find_kind(path) == "file" else read_tables(path)
    if own is not None and (own["indicators"]["role"] == "reference").any():
        return _hold(own, path, limit)
    folder = find_data()
    project = read_tables(folder)
    if own is None:
        own = read_series_file(path, project, folder / "datapackage.json")
    return _hold(
        set_beside(own, project), path, limit, own=own["observations"], project_data=_hold(project, folder, limit)
    )


def _hold(
    tables: Mapping[str, pd.DataFrame],
    path: Path,
    limit: pd.Timestamp | None,
    own: pd.DataFrame | None = None,
    project_data: Data | None = None,
) -> Data:
    """Hold checked tables as `Data`, without the observations after ``limit``."""
    observations = tables["observations"]
    exact = observations[observations["bound"] == "exact"]
    first = exact.groupby(["entity", "indicator"])["date"].min().to_dict()
    given = exact if own is None else own[own["bound"] == "exact"]
    if limit is not None:
        tables = {**tables, "observations": observations[observations["date"] <= limit].reset_index(drop=True)}
    return Data(
        **tables,
        path=path,
        as_of="" if limit is None else f"{limit:%Y-%m-%d}",
        own=sorted(set(zip(given["entity"], given["indicator"], strict=True))),
        project_data=project_data,
        _first=first,
    )


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """Checked tables of one data folder or file, without the observations after ``as_of``.

    Attributes
    ----------
    observations, indicators, sources, claims : DataFrame
        Columns as in ``data/README.md``, typed; besides ``row`` (line in the file) and, where figures are printed,
        ``precision`` (half a unit of the last printed digit).
    path : Path
    as_of : str
        ISO date, or "" for all data.
    own : list of (entity, indicator)
        The series that ``path`` itself holds, also those after ``as_of``.
    project_data : Data or None
        The project's data, whose tables stand beside own ones and whose references serve; None where ``path`` has
        references of its own.
    """

    observations: pd.DataFrame
    indicators: pd.DataFrame
    sources: pd.DataFrame
    claims: pd.DataFrame
    path: Path
    as_of: str = ""
    own: list[tuple[str, str]] = field(default_factory=list, repr=False)
    project_data: Data | None = field(default=None, repr=False)
    _first: dict[tuple[str, str], pd.Timestamp] = field(
        default_factory=dict, repr=False
    )  # first exact date of each series, also after as_of
    _places: dict[tuple[str, str], np.ndarray] = field(default_factory=dict, repr=False)
    _entries: dict[str, Any] = field(default_factory=dict, repr=False)

    def __repr__(self) -> str:
        entities = say_count(len({entity for entity, _ in self.own}), "entity", "entities")
        return f"<Data of {self.path.name}{self.until()}: {len(self.own)} series of {entities}>"

    def series(self, entity: str, indicator: str, bound: str | float = "") -> AdoptionSeries:
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
        entry = self.find_entry(indicator)
        self._check_choice(entity, indicator)
        rows, breaks, segments = self._split(entity, entry, self.find_rows(entity, indicator).drop(columns="precision"))
        chosen = choose_segment(segments[(rows["bound"] == "exact").to_numpy()])
        series = build_series(entry, rows, breaks, segments, chosen)
        return attach_bound(series, resolve_bound(self, entry, entity, bound))

    def references(self, exclude: AdoptionSeries | None = None) -> list[AdoptionSeries]:
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
        list of AdoptionSeries, in order of entity, indicator and date
        """
        if self.project_data is not None:
            return self.project_data.references(exclude)
        wanted = self.indicators[(self.indicators["role"] == "reference") & (self.indicators["rate_of"] == "")]
        if exclude is not None:
            wanted = wanted[wanted["technology"] != exclude.technology]
        entries = {entry.indicator: entry for entry in wanted.itertuples(index=False)}
        exact = self.observations[self.observations["bound"] == "exact"]
        known = set(zip(exact["entity"], exact["indicator"], strict=True))
        rows = self.observations[self.observations["indicator"].isin(entries) & (self.observations["value"] > 0)]
        found = []
        for (entity, name), own in rows.drop(columns="precision").groupby(["entity", "indicator"]):
            bound = "100" if is_percentage(entries[name]) else entries[name].base_indicator
            if bound == "100" or (entity, bound) in known:
                found += self._list_segments(entity, entries[name], own, bound)
        return found

    def known_on(self, date: str | date) -> Data:
        """Return the data as they were known on a date, as ``load(path, as_of=date)`` reads them.

        Parameters
        ----------
        date : str or date
            ISO date; "" for all that ``self`` holds.
        """
        if date in ("", None):
            return self
        limit = check_date("as_of", date)
        known = self.observations[self.observations["date"] <= limit].reset_index(drop=True)
        project_data = None if self.project_data is None else self.project_data.known_on(date)
        return replace(self, observations=known, as_of=f"{limit:%Y-%m-%d}", project_data=project_data, _places={})

    def find_entry(self, indicator: str, parameter: str = "indicator") -> Any:
        """Return the row of indicators.csv as a named tuple, or raise a `DataError` with the nearest names."""
        if not self._entries:
            self._entries.update((entry.indicator, entry) for entry in self.indicators.itertuples(index=False))
        if indicator not in self._entries:
            near = suggest_names(indicator, self.indicators["indicator"])
            raise blame_parameter(parameter, indicator, f"is not in {self.name_table('indicators')}; {near}")
        return self._entries[indicator]

    def exact_values(self, entity: str, indicator: str) -> pd.Series:
        """Return all exact observations of a series by date, across breaks; empty where there are none."""
        rows = self.find_rows(entity, indicator)
        exact = (rows["bound"] == "exact").to_numpy()
        dates = pd.DatetimeIndex(rows["date"])
        return pd.Series(rows["value"].to_numpy()[exact], index=dates[exact], name=indicator).sort_index()

    def list_series(self) -> list[tuple[str, str]]:
        """List the (entity, indicator) of all observations, in order."""
        return sorted(self._find_places())

    def find_rows(self, entity: str, indicator: str) -> pd.DataFrame:
        """Return the observations of a series as in the table; empty where there are none."""
        return self.observations.iloc[self._find_places().get((entity, indicator), [])]

    def _find_places(self) -> dict[tuple[str, str], np.ndarray]:
        """Places of each series in the table; the rows themselves would need much memory for many series."""
        if not self._places:
            self._places.update(self.observations.groupby(["entity", "indicator"]).indices)
        return self._places

    def name_table(self, table: str) -> str:
        """Say where a table stands, for messages: its own file, or the one file of own data."""
        return self.path.name if self.path.is_file() else f"{table}.csv"

    def limit(self) -> pd.Timestamp | None:
        """Return ``as_of`` as a Timestamp, or None."""
        return pd.Timestamp(self.as_of) if self.as_of else None

    def until(self) -> str:
        """Say in words up to when there are data: "" or " up to 2025-06-30"."""
        return f" up to {self.as_of}" if self.as_of else ""

    def _split(self, entity: str, entry: Any, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, np.ndarray]:
        if not rows["date"].is_monotonic_increasing:
            rows = rows.sort_values("date")
        breaks = list_breaks(entry.breaks, entry.suspected_breaks, entity, self.limit())
        return rows, breaks, number_segments(rows["date"], breaks)

    def _list_segments(self, entity: str, entry: Any, rows: pd.DataFrame, bound: str) -> list[AdoptionSeries]:
        rows, breaks, segments = self._split(entity, entry, rows)
        resolved = resolve_bound(self, entry, entity, bound)
        found = []
        for number in np.unique(segments):
            series = build_series(entry, rows, breaks, segments, number)
            if len(series.values) >= SHORTEST_SEGMENT and series.values.max() > series.values.iloc[0]:
                found.append(attach_bound(series, resolved))
        return found

    def _check_choice(self, entity: str, indicator: str) -> None:
        """Raise where the entity has no exact observation of the indicator, and say what there is."""
        if (self.find_rows(entity, indicator)["bound"] == "exact").any():
            return
        first = self._first.get((entity, indicator))
        if first is not None:
            message = f"is before the first figure of {indicator} of {entity}, {first:%Y-%m-%d}; choose a later date"
            raise blame_parameter("as_of", self.as_of, message)
        where = self.name_table("observations")
        having = sorted(other for other, name in self._first if name == indicator)
        if not having:
            raise blame_parameter("indicator", indicator, f"has no exact figure in {where}{self.until()}")
        known = {other for other, _ in self._first}
        if entity not in known:
            near = suggest_names(entity, {other for other, _ in self.own} if self.project_data else known)
            raise blame_parameter("entity", entity, f"is not in {where}; {near}")
        listed = ", ".join(having[:12]) + (", ..." if len(having) > 12 else "")
        raise blame_parameter("entity", entity, f"has no {indicator}; it exists for {listed}")
