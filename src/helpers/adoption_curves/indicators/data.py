"""Load a data folder or a file, select series, and choose the one to forecast."""

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
    """Checked tables of a data folder or file, as published by the day ``as_of``; the result of `load`.

    Attributes
    ----------
    vintages, indicators, sources, entities, wording, claims, profile, notes : DataFrame
        Tables with the columns of ``data/README.md``. They also have ``row`` (line in the file) and, for published
        values, ``precision`` (half a unit of the last digit). ``vintages`` has all rows of observations.csv. It,
        ``profile`` and ``notes`` include rows published after ``as_of``.
    observations : DataFrame
        The latest vintage of each value that had been published by ``as_of``.
    path : Path
        Folder or file.
    as_of : str
        ISO date, or "" for all data.
    own : list of tuple of str
        Entity and indicator of each series in ``path``, including those published after ``as_of``.
    is_beside : bool
        True for your own data without comparison technologies; those of the project are then available.
    understood : list of str
        Sentences on how your file was read.
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
        """Select one series and its upper limit.

        Parameters
        ----------
        entity, indicator : str
            Names as in observations.csv.
        limit : str, float or None
            "" uses the limit in indicators.csv, otherwise 100 for a percentage, otherwise none. A number is in the unit
            of the series. A name selects another indicator of the same entity in the same unit. None or "none" means no
            limit.
        since : str
            Observations that a forecast uses: "", "all" or an ISO day, see `AdoptionSeries`.

        Returns
        -------
        AdoptionSeries
            Observations since the last certain change of method, however few. Those before it are in ``earlier``.

        Raises
        ------
        DataError
            If a name is unknown (similar names are suggested), nothing had been published by ``as_of``, the limit is
            missing, in another unit or below an observation, or `since` leaves fewer than three usable observations.

        Examples
        --------
        >>> data = load()
        >>> data.series("China", "internet_users").unit
        'million people'
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
        """Comparison technologies, each with its upper limit.

        The limit of a percentage is 100, that of a count its base indicator. A series is split at each certain change
        of method. Left out are rates that repeat a series of users, segments with fewer than three observations, and
        segments that never rise above their first observation. Zeros are dropped, because the source has rounded them.

        Parameters
        ----------
        exclude : AdoptionSeries or str, optional
            Technology to leave out, in all entities: its name, or that of a series.
        role : str
            "reference"; "held_out" for technologies that played no part in choosing the constants of the forecast; or
            "early" for those that are used only below 5% of their limit.
        measure : str
            "level" for values in use on a date and totals so far, or "flow" for shares of sales.

        Returns
        -------
        list of AdoptionSeries
            In order of entity, indicator and date.

        Raises
        ------
        DataError
            If no technology has the name to exclude, or `measure` is unknown.

        Examples
        --------
        >>> series = load().series("China", "internet_users")
        >>> "internet use" in {each.technology for each in load().references(exclude=series)}
        False
        """
        if measure not in ("level", "flow"):
            raise parameter_error("measure", measure, "is neither level nor flow")
        if isinstance(exclude, str):
            self._check_technology(exclude)
        if self.is_beside:
            return load(as_of=self.as_of).references(exclude, role, measure)
        technology = exclude if isinstance(exclude, str) else exclude.technology
        alike = [series for series in self._technologies if (series.measure == "flow") == (measure == "flow")]
        selection = [series for series in alike if series.role == role]
        return [series for series in selection if series.technology != technology or not technology]

    def list_technologies(self) -> set[str]:
        """Names of the comparison technologies of all three roles."""
        table = load().indicators if self.is_beside else self.indicators
        return set(table.loc[table["role"].isin(_EARLIER), "technology"])

    def find_limit(self, indicator: str) -> str:
        """Default upper limit of an indicator.

        Parameters
        ----------
        indicator : str

        Returns
        -------
        str
            An indicator, a number or "none": the limit in indicators.csv, otherwise 100 for a percentage, otherwise
            "none".

        Raises
        ------
        DataError
            If the indicator is unknown.
        """
        entry = self.find_entry(indicator)
        return entry.limit or ("100" if _is_percentage(entry) else "none")

    def offer_limits(self, series: AdoptionSeries) -> dict[str, Limit | None]:
        """Upper limits that a series could have: its own, the latest population of its entity, and none.

        Users are people, so there cannot be more of them than the population.

        Parameters
        ----------
        series : AdoptionSeries

        Returns
        -------
        dict of str to Limit or None
            By title, in the unit of the series.
        """
        offered: dict[str, Limit | None] = {} if series.limit is None else {series.limit.title: series.limit}
        population = self.find_population(series)
        if population is not None and not population.iloc[-1] < series.highest:
            name, title = str(population.name), self.find_entry(str(population.name)).title
            offered.setdefault(title, Limit(population, name, title))
        return offered | {"none": None}

    def find_population(self, series: AdoptionSeries) -> pd.Series | None:
        """Latest population of the entity of a series.

        Parameters
        ----------
        series : AdoptionSeries

        Returns
        -------
        Series or None
            By date, in the unit of the series, named after its indicator; None if the data have no population.
        """
        people = re.sub(r"^(million |)(\S+ )*?users$", r"\1people", series.unit)
        about = [(name, entry) for name, entry in self._entries.items() if entry.role == "base"]
        bases = [name for name, entry in about if entry.technology == "population"]
        usable = [name for name in bases if self._entries[name].unit in (series.unit, people)]
        populations = [values for name in usable if len(values := self.exact_values(series.entity, name))]
        return max(populations, key=lambda each: (each.index[-1], self._entries[str(each.name)].title), default=None)

    def known_on(self, date: str | date) -> Data:
        """The data as published by a day, like ``load(path, as_of=date)``.

        Parameters
        ----------
        date : str or date
            ISO date, or "" for all data.

        Returns
        -------
        Data
        """
        if date in ("", None):
            return self
        day = min(filter(None, (self.day(), check_date("as_of", date))))
        return _know(self, f"{day:%Y-%m-%d}")

    def find_entry(self, indicator: str, parameter: str = "indicator") -> Any:
        """Row of indicators.csv as a named tuple; a `DataError` with similar names if the indicator is unknown."""
        if indicator not in self._entries:
            near = suggest_names(indicator, self._entries)
            message = f"is not in {self._name_table('indicators')}; {near} ('adoption list' shows all)"
            raise parameter_error(parameter, indicator, message)
        return self._entries[indicator]

    def check_entity(self, entity: str) -> None:
        """Raise a `DataError` with similar names if an entity has neither observations nor a profile of use."""
        known = {*self.vintages["entity"], *self.profile["entity"]}
        if entity not in known:
            raise parameter_error("entity", entity, f"is not in {self.path.name}; {suggest_names(entity, known)}")

    def is_own(self, entity: str, indicator: str) -> bool:
        """Whether a series is from your own data."""
        return self.is_beside and (entity, indicator) in self.own

    def exact_values(self, entity: str, indicator: str) -> pd.Series:
        """All exact observations of a series by date, across changes of method."""
        rows = self.find_rows(entity, indicator)
        return rows[rows["qualifier"] == "exact"].set_index("date")["value"].rename(indicator).sort_index()

    def find_notes(self, entity: str, indicator: str) -> list[tuple[str, str]]:
        """Text and address of each note on a series that had been published by ``as_of``, the latest first."""
        rows = self.notes[(self.notes["entity"] == entity) & (self.notes["indicator"] == indicator)]
        rows = rows if self.day() is None else rows[rows["published"] <= self.day()]
        rows = rows.sort_values("published", ascending=False, kind="stable")
        urls = self.sources.drop_duplicates("source_id").set_index("source_id")["url"]
        return list(zip(rows["text"], rows["source"].map(urls).fillna(""), strict=True))

    def find_rows(self, entity: str, indicator: str) -> pd.DataFrame:
        """Rows of observations.csv of a series, in the latest vintage."""
        return self.observations.iloc[self._places.get((entity, indicator), [])]

    def find_vintages(self, entity: str, indicator: str) -> pd.DataFrame:
        """Every vintage of the observations of a series published by ``as_of``, in order of date."""
        rows = self._public_vintages
        rows = rows[(rows["entity"] == entity) & (rows["indicator"] == indicator)]
        return rows.sort_values(["date", "published"], kind="stable")

    def tables(self) -> dict[str, pd.DataFrame]:
        """Tables by name, with every vintage of the observations."""
        return {"observations": self.vintages} | {name: getattr(self, name) for name in TABLES[1:]}

    def find_breaks(self, entity: str, indicator: str) -> pd.DataFrame:
        """Changes of method of a series by ``as_of``: date, kind ("break" if certain, else "suspected"), reason."""
        rows = self.breaks[self.breaks["indicator"] == indicator]
        rows = rows[rows["entity"].isin(["", entity])]
        return rows[["date", "kind", "reason"]].reset_index(drop=True)

    def day(self) -> pd.Timestamp | None:
        """``as_of`` as a Timestamp; None for all data."""
        return pd.Timestamp(self.as_of) if self.as_of else None

    def printed(self) -> str:
        """Sentence with the headings and labels of your own file; "" for a folder."""
        return next(iter(self.understood), "")

    def until(self) -> str:
        """``as_of`` as text: " as known on 2025-10-31", or ""."""
        return f" as known on {self.as_of}" if self.as_of else ""

    @cached_property
    def observations(self) -> pd.DataFrame:
        """The latest vintage of each value that had been published by ``as_of``."""
        vintages = self._public_vintages.sort_values("published", kind="stable")
        return vintages.drop_duplicates(_KEY, keep="last").sort_index().reset_index(drop=True)

    @property
    def _public_vintages(self) -> pd.DataFrame:
        day = self.day()
        return self.vintages if day is None else self.vintages[self.vintages["published"] <= day]

    @cached_property
    def breaks(self) -> pd.DataFrame:
        """Changes of method by ``as_of``, in order of date; entity is "" if a change concerns all."""
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
        """Positions of the rows of each series in the table; storing the rows would need much more memory."""
        return self.observations.groupby(["entity", "indicator"]).indices

    @cached_property
    def _technologies(self) -> list[AdoptionSeries]:
        """Comparison technologies of all three roles."""
        return self._limit_technologies(self.indicators)

    def check_bases(self) -> None:
        """Raise an error if a comparison technology has a value above its limit, such as users above the population.

        Percentages above 100 are already found when the tables are read.
        """
        self._limit_technologies(self.indicators[~self.indicators["unit"].str.startswith("percent")])

    def _limit_technologies(self, indicators: pd.DataFrame) -> list[AdoptionSeries]:
        """Comparison technologies among some rows of indicators.csv, each with its limit."""
        wanted = indicators[indicators["role"].isin(_EARLIER) & (indicators["rate_of"] == "")]
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
        """File name of a table, for messages; for your own file the name of that file."""
        return self.path.name if self.path.is_file() else f"{table}.csv"

    def _cut(self, entity: str, entry: Any, rows: pd.DataFrame, every: bool = False) -> list[AdoptionSeries]:
        rows = rows if rows["date"].is_monotonic_increasing else rows.sort_values("date")
        return split_series(entry, rows, self.find_breaks(entity, entry.indicator), every)

    def _explain_choice(self, entity: str, indicator: str) -> DataError:
        """Error for an indicator without observations, with the names that exist."""
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
        """The series with the limit that was chosen, see `series`."""
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
        """Limit that is another indicator of the same entity."""
        entity, right = series.entity, f"an indicator of {series.entity} in {entry.unit}, a number in {entry.unit}"
        base, values = self.find_entry(text, "limit"), self.exact_values(entity, text)
        why = ""
        if text == entry.indicator:
            why = "cannot limit itself"
        elif base.unit != entry.unit and getattr(self.find_population(series), "name", "") != text:
            why = f"is in {base.unit}"
        elif values.empty:
            why = f"has no value of {entity}{self.until()}"
        if why:
            raise parameter_error("limit", text, f"{why}; write {right}, 'none', or '' for that of the data")
        return Limit(values, text, base.title)

    def _check_share(self, entity: str, indicator: str) -> None:
        """Raise an error for your own percentages without a limit if none is above 1, or one is above 100."""
        largest = self.find_rows(entity, indicator)["value"].max()
        message = f"the largest value of {of_entity(indicator, entity)} is {largest:,.10g}"
        if largest <= 1:
            message += ": if these are fractions multiply by 100; if they are percentages add -p limit 100"
        elif largest > 100:
            message += " percent: if the unit has no limit add -p limit none"
        if largest <= 1 or largest > 100:
            raise DataError([Problem(self.path.name, None, "", "", message)])


def load(path: str | Path | Source = "data", as_of: str | date = "") -> Data:
    """Load and check a data folder or a file.

    The result is cached in the process until a file changes. All callers share it, so copy its tables before you modify
    them.

    Parameters
    ----------
    path : str, Path or Source
        A folder with observations.csv, indicators.csv and sources.csv, or a file with dates and values. Options for a
        file follow a question mark, as in ``"x.csv?date=Year&unit=million people"``. A path that does not exist is
        looked up in the project's folder.
    as_of : str or date
        Use only what had been published by this day, an ISO date; "" for all data.

    Returns
    -------
    Data
        If `path` is your own data, the project's comparison technologies, limits and other countries stay available,
        but not its claims and its profile of use.

    Raises
    ------
    DataError
        Listing every problem found, with file, row, column, value and the correction.

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
    """Time, size and inode of a file, or of each table of a folder; at least one changes when a file does."""
    files = [each for each in (path, *(path / f"{name}.csv" for name in TABLES)) if find_kind(each) == "file"]
    return tuple((state.st_mtime_ns, state.st_size, state.st_ino) for state in (each.stat() for each in files))


@lru_cache(maxsize=4)
def _know(data: Data, as_of: str) -> Data:
    """The data as published by a day; all callers get the same object."""
    return replace(data, as_of=as_of)


@lru_cache(maxsize=4)
def _load(path: Path, choices: tuple[tuple[str, str | tuple[str, ...]], ...], folder: Path, *state: Any) -> Data:
    """What `load` returns for all data; `state` only makes the cache forget results of changed files."""
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
    """Series that a run can be about: all but base populations.

    Parameters
    ----------
    data : Data

    Returns
    -------
    list of tuple of str
        Entity and indicator of each series in the data's own path.

    Examples
    --------
    >>> ("China", "genai_users") in list_studied(load())
    True
    """
    bases = set(data.indicators.loc[data.indicators["role"] == "base", "indicator"])
    return [pair for pair in data.own if pair[1] not in bases]


def _is_percentage(entry: Any) -> bool:
    """Whether an indicator is a percentage, so that its limit is 100."""
    return entry.unit.startswith("percent")


def _limit_by_number(series: AdoptionSeries, text: str, most: float = 100) -> Limit:
    """Limit that is the same number on every date; for a percentage at most `most`."""
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
    """Entity and indicator of a run, completed from the data.

    The defaults are kept if a folder has them. Otherwise the only entity and the only indicator of the data are chosen;
    an indicator that serves as limit or base population does not count.

    Parameters
    ----------
    data : Data
    parameters, usual : dict of str to str
        Values of the parameters entity, indicator and limit that were set, and the defaults.

    Returns
    -------
    dict of str to str
        Entity and indicator.

    Raises
    ------
    DataError
        If the data have several entities or indicators and none was set, or do not have the one that was set.
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
