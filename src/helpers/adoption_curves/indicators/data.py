"""Load a data folder or a file of series, select from its tables, and choose which of own data is studied."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..base.dates import LEAST_OBSERVATIONS
from ..base.formats import format_amount, format_count, of_entity
from ..base.limit import Limit
from ..base.project import Source, find_data
from .checks import read_tables
from .data_files import TABLES, find_kind
from .problems import DataError, Problem, list_names, parameter_error, suggest_names
from .series import BASE_TOLERANCE, AdoptionSeries, parse_breaks, split_series
from .user_file import read_series_file
from .user_tables import set_beside
from .validate import LARGEST, NUMBER, SMALLEST, check_date

_KEY = ["entity", "indicator", "date"]
_EARLIER = ["reference", "held_out", "early"]  # roles of earlier technologies


def _list_exact(observations: pd.DataFrame) -> list[tuple[str, str]]:
    """List the (entity, indicator) of the exact observations, in order."""
    exact = observations[observations["qualifier"] == "exact"]
    return sorted(set(zip(exact["entity"], exact["indicator"], strict=True)))


@dataclass(frozen=True, eq=False, repr=False)
class Data:
    """Checked tables of one data folder or file, as they were known on the day ``as_of``.

    Attributes
    ----------
    vintages, indicators, sources, entities, wording, claims, profile, notes : DataFrame
        Columns as in ``data/README.md``, typed; besides ``row`` (line in the file) and, where values are printed,
        ``precision`` (half a unit of the last printed digit). ``vintages`` are all rows of observations.csv, also
        those after ``as_of``; so are those of ``profile`` and ``notes``.
    observations : DataFrame
        Of each value the newest vintage that was public by ``as_of``.
    path : Path
    as_of : str
        ISO date, or "" for all data.
    own : list of (entity, indicator)
        The series that ``path`` itself holds, also those after ``as_of``.
    is_beside : bool
        The project's tables stand beside own ones, and its references serve: ``path`` has none.
    understood : list of str
        One sentence for each decision made while reading a file of own data.
    """

    vintages: pd.DataFrame
    indicators: pd.DataFrame
    sources: pd.DataFrame
    entities: pd.DataFrame
    wording: pd.DataFrame
    claims: pd.DataFrame
    profile: pd.DataFrame
    notes: pd.DataFrame
    path: Path
    as_of: str = ""
    own: list[tuple[str, str]] = field(default_factory=list, repr=False)
    is_beside: bool = False
    understood: list[str] = field(default_factory=list, repr=False)

    def __repr__(self) -> str:
        entities = format_count(len({entity for entity, _ in self.own}), "entity", "entities")
        return f"<Data of {self.path.name}{self.until()}: {len(self.own)} series of {entities}>"

    def series(self, entity: str, indicator: str, limit: str | float = "", since: str = "") -> AdoptionSeries:
        """Select one series: its values since its last break, however few, and its limit.

        Values before that break are in ``earlier``; nothing is computed from both.

        Parameters
        ----------
        entity, indicator : str
        limit : str, number or None, default ""
            "" for that of the data: ``limit`` of indicators.csv, else 100 for a percentage, else none. "none" or None
            for none; or a number in the unit of the series, or an indicator of the same entity in the same unit.
        since : str, default ""
            What a forecast uses, see `AdoptionSeries`: "", "all", or an ISO day.

        Returns
        -------
        AdoptionSeries

        Raises
        ------
        DataError
            For an unknown name (with the nearest ones), no observation public by ``as_of``, a limit that is missing, in
            another unit or below an observation, or a day that leaves fewer than three usable values.
        """
        entry = self.find_entry(indicator)
        rows = self.find_rows(entity, indicator)
        if rows.empty:
            raise self._explain_choice(entity, indicator)
        [series] = self._cut(entity, entry, rows)
        return self._limit(entry, series, limit).with_since(since)

    def references(
        self, exclude: AdoptionSeries | str = "", role: str = "reference", measure: str = "level"
    ) -> list[AdoptionSeries]:
        """List the reference technologies, one `AdoptionSeries` per unbroken segment, each with its own base as limit.

        A percentage has the limit 100; a count has its base indicator. Left out are usage rates that repeat a users
        series, segments of fewer than three observations, and segments in which nothing rises above the first
        observation (the landline telephone since 2013 says nothing about adoption). Values of exactly 0, rounded in the
        source, are dropped: a share of 0 has no logit.

        Parameters
        ----------
        exclude : AdoptionSeries or str, optional
            Every series of the same technology, in whichever entity, is left out; or of the technology of this name.
        role : str, default "reference"
            Or "held_out": technologies that set no constant of the forecast, for tests; or "early": those by which
            forecasts are judged only below 5% of the limit.
        measure : str, default "level"
            What is in use on a day, and totals so far; or "flow": shares of sales. The two are never mixed.

        Returns
        -------
        list of AdoptionSeries, in order of entity, indicator and date

        Raises
        ------
        DataError
            When no earlier technology has the name to exclude, or there is no such measure.
        """
        if measure not in ("level", "flow"):
            raise parameter_error("measure", measure, "is neither level nor flow")
        if isinstance(exclude, str):
            self._check_technology(exclude)
        if self.is_beside:
            return load(as_of=self.as_of).references(exclude, role, measure)
        technology = exclude if isinstance(exclude, str) else exclude.technology
        alike = [series for series in self._technologies if (series.measure == "flow") == (measure == "flow")]
        found = [series for series in alike if series.role == role]
        return [series for series in found if series.technology != technology or not technology]

    def list_technologies(self) -> set[str]:
        """Names of the earlier technologies: those of the references, those held out, and the early ones."""
        table = load().indicators if self.is_beside else self.indicators
        return set(table.loc[table["role"].isin(_EARLIER), "technology"])

    def find_limit(self, indicator: str) -> str:
        """Find the limit that the data name for an indicator: an indicator, a number, or "none".

        It is ``limit`` of indicators.csv; where that is blank 100 for a percentage, and none for anything else.

        Parameters
        ----------
        indicator : str

        Returns
        -------
        str

        Raises
        ------
        DataError
            For an unknown indicator.
        """
        entry = self.find_entry(indicator)
        return entry.limit or ("100" if _is_percentage(entry) else "none")

    def offer_limits(self, series: AdoptionSeries) -> dict[str, Limit | None]:
        """Limits that a series could have, by name: its own, the latest population of its entity, and none.

        Users, of whatever month or week, are people there: no more than the population.

        Parameters
        ----------
        series : AdoptionSeries

        Returns
        -------
        dict of str to Limit or None
            In the unit of the series.
        """
        offered: dict[str, Limit | None] = {} if series.limit is None else {series.limit.title: series.limit}
        population = self.find_population(series)
        if population is not None and not population.iloc[-1] < series.highest:
            name, title = str(population.name), self.find_entry(str(population.name)).title
            offered.setdefault(title, Limit(population, name, title))
        return offered | {"none": None}

    def find_population(self, series: AdoptionSeries) -> pd.Series | None:
        """Find the newest population of the entity of a series, in its unit, by date; None where there is none.

        Parameters
        ----------
        series : AdoptionSeries

        Returns
        -------
        Series or None
            Named by its indicator.
        """
        people = re.sub(r"^(million |)(\S+ )*?users$", r"\1people", series.unit)
        about = [(name, entry) for name, entry in self._entries.items() if entry.role == "base"]
        bases = [name for name, entry in about if entry.technology == "population"]
        usable = [name for name in bases if self._entries[name].unit in (series.unit, people)]
        populations = [values for name in usable if len(values := self.exact_values(series.entity, name))]
        return max(populations, key=lambda each: (each.index[-1], self._entries[str(each.name)].title), default=None)

    def known_on(self, date: str | date) -> Data:
        """Return the data as they were known on a date, as ``load(path, as_of=date)`` reads them.

        Parameters
        ----------
        date : str or date
            ISO date; "" for all that ``self`` holds.

        Returns
        -------
        Data
        """
        if date in ("", None):
            return self
        day = min(filter(None, (self.day(), check_date("as_of", date))))
        return _know(self, f"{day:%Y-%m-%d}")

    def find_entry(self, indicator: str, parameter: str = "indicator") -> Any:
        """Return the row of indicators.csv as a named tuple, or raise a `DataError` with the nearest names."""
        if indicator not in self._entries:
            near = suggest_names(indicator, self._entries)
            message = f"is not in {self._name_table('indicators')}; {near} ('adoption list' shows all)"
            raise parameter_error(parameter, indicator, message)
        return self._entries[indicator]

    def check_entity(self, entity: str) -> None:
        """Raise a `DataError` with the nearest names for an entity without observations and rows of the profile."""
        known = {*self.vintages["entity"], *self.profile["entity"]}
        if entity not in known:
            raise parameter_error("entity", entity, f"is not in {self.path.name}; {suggest_names(entity, known)}")

    def is_own(self, entity: str, indicator: str) -> bool:
        """True for a series of one's own data, whose unit is a label."""
        return self.is_beside and (entity, indicator) in self.own

    def exact_values(self, entity: str, indicator: str) -> pd.Series:
        """Return all exact observations of a series by date, across breaks; empty where there are none."""
        rows = self.find_rows(entity, indicator)
        return rows[rows["qualifier"] == "exact"].set_index("date")["value"].rename(indicator).sort_index()

    def find_notes(self, entity: str, indicator: str) -> list[tuple[str, str]]:
        """Return the notes on a series that were public by ``as_of``, newest first: text, and url of the source."""
        rows = self.notes[(self.notes["entity"] == entity) & (self.notes["indicator"] == indicator)]
        rows = rows if self.day() is None else rows[rows["published"] <= self.day()]
        rows = rows.sort_values("published", ascending=False, kind="stable")
        urls = self.sources.drop_duplicates("source_id").set_index("source_id")["url"]
        return list(zip(rows["text"], rows["source"].map(urls).fillna(""), strict=True))

    def find_rows(self, entity: str, indicator: str) -> pd.DataFrame:
        """Return the observations of a series as in the table; empty where there are none."""
        return self.observations.iloc[self._places.get((entity, indicator), [])]

    def find_vintages(self, entity: str, indicator: str) -> pd.DataFrame:
        """Return every vintage of the observations of a series that was public by ``as_of``, in order of date."""
        rows = self._public_vintages
        rows = rows[(rows["entity"] == entity) & (rows["indicator"] == indicator)]
        return rows.sort_values(["date", "published"], kind="stable")

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the tables by name, with every vintage of the observations, also those after ``as_of``."""
        return {"observations": self.vintages} | {name: getattr(self, name) for name in TABLES[1:]}

    def find_breaks(self, entity: str, indicator: str) -> pd.DataFrame:
        """Return the breaks of a series by ``as_of``: date, kind (break or suspected), reason."""
        rows = self.breaks[self.breaks["indicator"] == indicator]
        rows = rows[rows["entity"].isin(["", entity])]
        return rows[["date", "kind", "reason"]].reset_index(drop=True)

    def day(self) -> pd.Timestamp | None:
        """Return ``as_of`` as a Timestamp, or None."""
        return pd.Timestamp(self.as_of) if self.as_of else None

    def printed(self) -> str:
        """The headings and names of a file of one's own beside its values, in a sentence; "" for a folder."""
        return next(iter(self.understood), "")

    def until(self) -> str:
        """Day of knowledge in words: "" or " as known on 2025-10-31"."""
        return f" as known on {self.as_of}" if self.as_of else ""

    @cached_property
    def observations(self) -> pd.DataFrame:
        """Of each value the newest vintage that was public by ``as_of``."""
        vintages = self._public_vintages.sort_values("published", kind="stable")
        return vintages.drop_duplicates(_KEY, keep="last").sort_index().reset_index(drop=True)

    @property
    def _public_vintages(self) -> pd.DataFrame:
        day = self.day()
        return self.vintages if day is None else self.vintages[self.vintages["published"] <= day]

    @cached_property
    def breaks(self) -> pd.DataFrame:
        """Breaks by ``as_of``, in order of date: indicator, entity ("" for all), and the columns of `find_breaks`."""
        rows = [
            (entry.indicator, entity, pd.Timestamp(day), kind, reason)
            for entry in self._entries.values()
            for kind, text in (("break", entry.breaks), ("suspected", entry.suspected_breaks))
            for day, entity, reason in parse_breaks(text)
        ]
        table = pd.DataFrame(rows, columns=["indicator", "entity", "date", "kind", "reason"])
        table = table.astype({"date": "datetime64[us]"}).sort_values(["date", "kind", "reason"], ignore_index=True)
        return table if self.day() is None else table[table["date"] <= self.day()]

    @cached_property
    def _entries(self) -> dict[str, Any]:
        return {entry.indicator: entry for entry in self.indicators.itertuples(index=False)}

    @cached_property
    def _places(self) -> dict[tuple[str, str], np.ndarray]:
        """Places of each series in the table; the rows themselves would need much memory for many series."""
        return self.observations.groupby(["entity", "indicator"]).indices

    @cached_property
    def _technologies(self) -> list[AdoptionSeries]:
        """What `references` chooses from: technologies of all three roles."""
        wanted = self.indicators[self.indicators["role"].isin(_EARLIER) & (self.indicators["rate_of"] == "")]
        entries = {entry.indicator: entry for entry in wanted.itertuples(index=False)}
        known = set(_list_exact(self.observations))
        rows = self.observations[self.observations["indicator"].isin(entries) & (self.observations["value"] > 0)]
        technologies = []
        for (entity, name), own in rows.groupby(["entity", "indicator"]):
            limit = "100" if _is_percentage(entries[name]) else entries[name].base_indicator
            if limit != "100" and (entity, limit) not in known:
                continue
            technologies += [
                self._limit(entries[name], series, limit)
                for series in self._cut(entity, entries[name], own, every=True)
                if len(series.values) >= LEAST_OBSERVATIONS and series.values.max() > series.values.iloc[0]
            ]
        return technologies

    def _check_technology(self, name: str) -> None:
        known = self.list_technologies()
        if name and name not in known:
            raise parameter_error("technology", name, f"is no comparison technology; {suggest_names(name, known)}")

    def _name_table(self, table: str) -> str:
        """File name of a table for messages: its own file, or the one file of own data."""
        return self.path.name if self.path.is_file() else f"{table}.csv"

    def _cut(self, entity: str, entry: Any, rows: pd.DataFrame, every: bool = False) -> list[AdoptionSeries]:
        rows = rows if rows["date"].is_monotonic_increasing else rows.sort_values("date")
        return split_series(entry, rows, self.find_breaks(entity, entry.indicator), every)

    def _explain_choice(self, entity: str, indicator: str) -> DataError:
        """Error for an indicator without an observation, with the names that exist."""
        rows = self.vintages[self.vintages["entity"] == entity]
        first = rows.loc[rows["indicator"] == indicator, "published"].min()
        if pd.notna(first):
            message = f"is before the first observation of {of_entity(indicator, entity)} was public, {first:%Y-%m-%d}"
            return parameter_error("as_of", self.as_of, f"{message}; choose a later date")
        having = set(self.vintages.loc[self.vintages["indicator"] == indicator, "entity"])
        if not having:
            where = self._name_table("observations")
            return parameter_error("indicator", indicator, f"has no value in {where}{self.until()}")
        message = f"has no {indicator}; {suggest_names(entity, having)}"
        if len(rows):
            message += f". Of {entity} there is {list_names(set(rows['indicator']))} ('adoption list' shows all)"
        return parameter_error("entity", entity, message)

    def _limit(self, entry: Any, series: AdoptionSeries, limit: str | float | None) -> AdoptionSeries:
        """The series with the limit that was asked for; see ``series``."""
        text = "none" if limit is None else str(limit).strip()
        if text == "":
            text = self.find_limit(entry.indicator)
            if text == "100" and self.is_own(series.entity, entry.indicator):
                self._check_share(series.entity, entry.indicator)
        if text == "none":
            return series.with_limit(None)
        if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", text):
            raise parameter_error("limit", text, f"has a thousands separator; write {text.replace(',', '')}")
        if re.fullmatch(NUMBER, text) or text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
            most = np.inf if self.is_own(series.entity, entry.indicator) else 100
            return series.with_limit(_limit_by_number(series, text, most), 0.0)  # nobody has rounded it
        return series.with_limit(self._limit_by_indicator(entry, series, text), BASE_TOLERANCE)

    def _limit_by_indicator(self, entry: Any, series: AdoptionSeries, text: str) -> Limit:
        """The limit that an indicator of the same entity is."""
        entity, right = series.entity, f"an indicator of {series.entity} in {entry.unit}, a number in {entry.unit}"
        base, values = self.find_entry(text, "limit"), self.exact_values(entity, text)
        population, why = self.find_population(series), ""
        counts_people = population is not None and population.name == text
        if text == entry.indicator:
            why = "cannot limit itself"
        elif base.unit != entry.unit and not counts_people:
            why = f"is in {base.unit}"
        elif values.empty:
            why = f"has no value of {entity}{self.until()}"
        if why:
            raise parameter_error("limit", text, f"{why}; write {right}, 'none', or '' for that of the data")
        return Limit(values, text, base.title)

    def _check_share(self, entity: str, indicator: str) -> None:
        """Refuse own percentages without a limit of which no value is above 1, or one is above 100."""
        largest = self.find_rows(entity, indicator)["value"].max()
        message = f"the largest value of {of_entity(indicator, entity)} is {largest:,.10g}"
        if largest <= 1:
            message += ": if these are fractions multiply by 100; if they are percentages add -p limit 100"
        elif largest > 100:
            message += " percent: if the unit has no limit add -p limit none"
        if largest <= 1 or largest > 100:
            raise DataError([Problem(self.path.name, None, "", "", message)])


def load(path: str | Path | Source = "data", as_of: str | date = "") -> Data:
    """Checked tables of a data folder, or of a file of series; read once a process, as long as the files stay the same.

    Beside own data (a file, or a folder without reference technologies) the project's own data stay available: their
    references, limits and other countries, never their claims or profile. All callers share the result:
    take copies of its tables before you change them.

    Parameters
    ----------
    path : str, Path or Source, default "data"
        Folder with observations.csv, indicators.csv, sources.csv and datapackage.json (and claims.csv and
        profile.csv, if there are any), or any file with dates and values (see ``own``), where ``x.csv?date=Year``
        says how to read it; what does not exist here is looked up in the project's folder.
    as_of : str or date, default ""
        ISO date. Observations published later, and later breaks, do not exist for anything that uses the result.

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
    >>> users = data.series("China", "internet_users")
    >>> users.unit, users.limit.title
    ('million people', 'Population at the year-end')
    >>> f'{load(as_of="2020-06-30").series("China", "internet_users").values.index.max():%Y-%m}'
    '2020-03'
    """
    source = Source.read(path)
    located = source.find()
    source = located if find_kind(located.path) and not find_kind(source.path) else source
    path, choices = source.path, source.choices
    if choices and find_kind(path) == "folder":
        raise parameter_error("data", path.name, "is a folder; only a file can be read in one way or another")
    folder = find_data()
    data = _load(path, tuple(choices.items()), folder, Path.cwd(), _read_times(path), _read_times(folder))
    return data.known_on(as_of)


def _read_times(path: Path) -> tuple[tuple[int, int, int], ...]:
    """Time, size and number on the disk of a file, or of each table of a folder: one of them changes with the file."""
    files = [each for each in (path, *(path / f"{name}.csv" for name in TABLES)) if find_kind(each) == "file"]
    return tuple((state.st_mtime_ns, state.st_size, state.st_ino) for state in (each.stat() for each in files))


@lru_cache(maxsize=4)
def _know(data: Data, as_of: str) -> Data:
    """The data as they were known on a day, the same object for all who ask."""
    return replace(data, as_of=as_of)


@lru_cache(maxsize=4)
def _load(path: Path, choices: tuple[tuple[str, str | tuple[str, ...]], ...], folder: Path, *state: Any) -> Data:
    """All that `load` reads beside the project's `folder`; `state` is what else it depends on."""
    is_file, understood = find_kind(path) == "file", list[str]()
    tables = {} if is_file else {**read_tables(path)}
    beside = is_file or not ((tables["indicators"]["role"] == "reference").any() or path.resolve() == folder.resolve())
    if beside:
        project = load(folder).tables()
        if is_file:
            tables, understood = read_series_file(path, dict(choices), project)
    own = _list_exact(tables["observations"])
    if beside:
        tables = set_beside(tables, project)
    vintages = tables.pop("observations")
    return Data(vintages, **tables, path=path, own=own, is_beside=beside, understood=understood)


def list_studied(data: Data) -> list[tuple[str, str]]:
    """Pairs (entity, indicator) of ``data.path`` itself to study: no base populations.

    Parameters
    ----------
    data : Data

    Returns
    -------
    list of tuple of str
    """
    bases = set(data.indicators.loc[data.indicators["role"] == "base", "indicator"])
    return [pair for pair in data.own if pair[1] not in bases]


def _is_percentage(entry: Any) -> bool:
    """True if an indicator is a percentage: its base is 100 in the same unit."""
    return entry.unit.startswith("percent")


def _limit_by_number(series: AdoptionSeries, text: str, most: float = 100) -> Limit:
    """The limit that a number means, on every date of a series; that of a percentage is `most` at most."""
    number = float(text)
    if not SMALLEST <= number <= LARGEST:
        raise parameter_error("limit", text, "is no limit; write a positive number, an indicator or 'none'")
    text = f"{number:.10g}"
    if _is_percentage(series) and number > most:
        message = f"is above 100, but {series.indicator} is in {series.unit}; write 100 or less"
        raise parameter_error("limit", text, message)
    whole = _is_percentage(series) and number == 100 and series.base
    title = f"100 percent of {series.base}" if whole else format_amount(number, series.unit)
    return Limit(pd.Series(number, series.earlier.index.union(series.days), name=text), text, title)


def choose_series(data: Data, parameters: Mapping[str, str], usual: Mapping[str, str]) -> dict[str, str]:
    """Defaults for entity and indicator, of a series of the data themselves.

    What is usual is kept where a folder holds it. Otherwise the entity and the indicator are the only ones of
    ``data.path``; an indicator that is the limit or a base population is none to study.

    Parameters
    ----------
    data : Data
    given, usual : dict of str to str
        Values of the parameters entity and indicator: those that were given, with the limit, and the defaults.

    Returns
    -------
    dict of str to str
        Both.

    Raises
    ------
    DataError
        If the data have several entities or indicators and none is given, or lack the one that is given.
    """
    studied = set(list_studied(data))
    pairs = [pair for pair in data.own if pair in studied or pair[1] == parameters.get("indicator")]
    pairs = [pair for pair in pairs if pair[1] != parameters.get("limit")] or pairs
    if not pairs:
        raise parameter_error("data", data.path.name, "holds no exact observation, so there is nothing to study")
    defaults = {} if data.path.is_file() else usual
    choice: dict[str, str] = {}
    for place, name in enumerate(("entity", "indicator")):
        names = {pair[place] for pair in pairs}
        default = defaults[name] if defaults.get(name) in names else min(names)
        choice[name] = parameters.get(name, default)
        if choice[name] not in names:
            right = suggest_names(choice[name], names)
            raise parameter_error(name, choice[name], f"is not in {data.path.name}; {right}")
        if name not in parameters and default != defaults.get(name) and len(names) > 1:
            listed, option = list_names(names), f"-p {name} {shlex.quote(min(names))}"
            message = f"is not given, and {data.path.name} holds {len(names)}: {listed}; name one, as in {option}"
            raise parameter_error(name, "", message)
        pairs = [pair for pair in pairs if pair[place] == choice[name]]
    return choice
