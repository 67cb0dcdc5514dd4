"""Labels, captions and sources for charts and tables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from ..base.columns import UNNAMED
from ..base.formats import format_amount, format_long_date
from .data import Data
from .series import AdoptionSeries

# Publishers that have an article in a sentence.
_INSTITUTION = re.compile(
    r"\b(Academy|Administration|Agency|Bank|Bureau|Cent(er|re)|Commission|Council|Department|Institute|Laboratory"
    r"|Ministry|OECD|Office|Union)\b"
)


@dataclass(frozen=True)
class Names:
    """Labels of a series in charts, tables and sentences; the result of `find_labels`.

    Attributes
    ----------
    title : str
        Title with the country or region.
    unit, entity, base, limit_title : str
        Unit, country or region, base population, and title of the upper limit; "" if there is none.
    as_of : str
        ISO date; "" for all data.
    measure : str
        "level", "cumulative" or "flow".
    own : bool
        Whether the series is from your own data.
    known : Timestamp
        Latest publication date in the data.
    population : tuple or None
        For users, the latest population of the entity, and a sentence on it.
    cautions : mapping
        Reason of each suspected change of method, by date.
    publisher, publisher_name : str
        Short name of the publisher ("" if unknown), and the name in a sentence.
    asked : str
        Sentence on who was asked or counted.
    people : str
        Who is counted.
    counted : str
        What is counted, and within what time if that has changed; "" for your own data.
    doing : str
        Verb phrase such as "use generative AI"; "" if unknown.
    limit_is_series : bool
        Whether the upper limit is another series.
    few : str
        Reason why the observations are too few for a forecast, as `AdoptionSeries.few`.
    """

    title: str
    unit: str
    entity: str = UNNAMED
    base: str = ""
    limit_title: str = ""
    as_of: str = ""
    measure: str = "level"
    own: bool = False
    known: pd.Timestamp = pd.Timestamp.min
    population: tuple[float, str] | None = None
    cautions: Mapping[pd.Timestamp, str] = field(default_factory=dict)
    publisher: str = ""
    publisher_name: str = ""
    asked: str = ""
    people: str = ""
    counted: str = ""
    doing: str = ""
    limit_is_series: bool = False
    few: str = ""


def find_labels(data: Data, series: AdoptionSeries) -> Names:
    """Labels of a series for charts, tables and sentences.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    Names

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> find_labels(load(), load().series("China", "genai_users")).publisher
    'CNNIC'
    """
    suspected = series.breaks[series.breaks["kind"] == "suspected"]
    exact = series.observations["qualifier"] == "exact"
    rows = series.observations[exact] if exact.any() else series.observations
    entry, full = data.find_entry(series.indicator), find_source(data, rows, "publisher").iloc[-1]
    publisher, own = _shorten_publisher(full), data.is_own(series.entity, series.indicator)
    people = "people" if series.base == "total population" else entry.people.partition(", ")[0]
    limits = data.find_rows(series.entity, series.limit.name if series.limit is not None else "")
    within, day, earlier = find_within(entry.within, series.days[-1])
    return Names(
        title=series.full_title,
        unit=series.unit,
        entity=series.entity,
        base=series.base,
        limit_title=series.limit.title if series.limit is not None else "",
        as_of=data.as_of,
        measure=series.measure,
        own=own,
        known=data.observations["published"].max(),
        population=_find_population_share(data, series),
        cautions=dict(zip(suspected["date"], suspected["reason"], strict=True)),
        publisher=publisher,
        publisher_name=f"{'the ' if _INSTITUTION.search(full) else ''}{full}" if publisher else "",
        asked=_format_question(entry, publisher),
        people=people or entry.base or series.unit.removeprefix("percent of "),
        counted="" if own else entry.counted + _format_within(within, day, earlier, series.days[-1]),
        doing=re.sub("^use ", "have used ", entry.doing) if within == "at any time" else entry.doing,
        limit_is_series=len(limits) > 0,
        few=series.few,
    )


def _find_population_share(data: Data, series: AdoptionSeries) -> tuple[float, str] | None:
    """Population by the newest value of a series of users, and a sentence on the axis in percent of it."""
    population = data.find_population(series)
    if population is None or data.find_entry(series.indicator).kind in ("company figures", "telemetry"):  # no people
        return None
    population = population[: series.days[-1]]
    if population.empty:
        return None
    size, name = float(population.iloc[-1]), str(population.name)
    amount = format_amount(size, data.find_entry(name).unit)
    counted = find_source(data, data.find_rows(series.entity, name), "publisher").iloc[-1]
    publisher = _shorten_publisher(counted) or counted
    sentence = (
        f"Right axis: percent of the population in {format_long_date(population.index[-1])}, {amount} ({publisher})."
    )
    return size, sentence


def _shorten_publisher(name: str) -> str:
    """Publisher as in sentences: the abbreviation if it has one; "" if it has no name or a long one.

    >>> _shorten_publisher("China Internet Network Information Center (CNNIC)"), _shorten_publisher("Gallup")
    ('CNNIC', 'Gallup')
    """
    letters = re.search(r"\(([A-Z]{2,8})\)$", name)
    return letters[1] if letters else "" if name == UNNAMED or len(name) > 60 or "://" in name else name


def find_within(text: str, date: pd.Timestamp) -> tuple[str, str, str]:
    """Time within which one use counts at a date, the day since when, and the time before; "" for what is not stated.

    >>> find_within("at any time; 2025-06-30 in the past half-year", pd.Timestamp("2025-12-31"))
    ('in the past half-year', '2025-06-30', 'at any time')
    """
    spans = re.findall(r"(?:^|; )(\d{4}-\d\d-\d\d|) ?([^;]+)", text)
    known = [(day, words) for day, words in spans if day <= f"{date:%Y-%m-%d}"]
    (_, earlier), (day, words) = [("", ""), ("", ""), *known][-2:]
    return words, day, earlier


def _format_within(words: str, day: str, earlier: str, last: pd.Timestamp) -> str:
    """Note on the time within which one use counts, if that has changed; otherwise ""."""
    if not day:
        return ""
    span = " to ".join(dict.fromkeys([format_long_date(day), format_long_date(last)]))
    return f" (values from {span}: {words}; earlier values: {earlier})"


def _format_question(entry: Any, publisher: str) -> str:
    """Sentence on who was asked, or what was counted; "" if that is not known."""
    if not (entry.people and entry.kind) or entry.people == entry.base:
        return ""
    if entry.kind == "telemetry":
        whose = "" if entry.people == "devices" else f" of {entry.people}"
        return f"{publisher} estimated this from what devices{whose} report."
    how = "counted" if entry.kind == "company figures" else "asked"
    return f"{publisher} {how} {entry.people}{' in an online panel' if entry.kind == 'online panel' else ''}."


def cite_sources(data: Data, frame: pd.DataFrame, bases: bool = False) -> str:
    """Source line with the publishers of all series in a table.

    Parameters
    ----------
    data : Data
    frame : DataFrame
        Table with the column ``indicator`` and, optionally, ``entity`` and ``date``. Without dates all exact
        observations count.
    bases : bool
        Whether the table has shares, so that the publishers of the base populations count too.

    Returns
    -------
    str
        "Source: publisher; ..."; "" if there is none.

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> cite_sources(load(), pd.DataFrame({"entity": ["China"], "indicator": ["genai_users"]}))
    'Source: CNNIC.'
    """
    keys = [column for column in ("entity", "indicator", "date") if column in frame]
    rows = data.observations if "date" in keys else data.observations[data.observations["qualifier"] == "exact"]
    wanted = frame[keys].drop_duplicates()
    if bases:
        earlier = data.indicators[data.indicators["role"].isin(["reference", "held_out"])]
        base = earlier.set_index("indicator")["base_indicator"]
        wanted = pd.concat([wanted, wanted.assign(indicator=wanted["indicator"].map(base))]).drop_duplicates()
    return _list_publishers(data, rows.merge(wanted, on=keys)["source_id"])


def _list_publishers(data: Data, used: pd.Series) -> str:
    """Source line for given sources; if a publisher has no name, the title of the source stands for it."""
    sources = data.sources[data.sources["source_id"].isin(used)]
    names = sources["publisher"].where(sources["publisher"] != UNNAMED, "the file " + sources["title"])
    return cite_publishers(names)


def cite_publishers(names: Iterable[str]) -> str:
    """Source line with publishers, by their abbreviation if they have one.

    >>> cite_publishers(["China Internet Network Information Center (CNNIC)", "Gallup", "Gallup"])
    'Source: CNNIC; Gallup.'
    """
    short = {_shorten_publisher(name.partition(", as reported by ")[0]) or name for name in names}
    return f"Source: {'; '.join(sorted(short))}." if short else ""


def find_publisher(data: Data, series: AdoptionSeries) -> str:
    """Publisher of the last value of a series, even if it was read elsewhere."""
    [publisher] = find_source(data, series.observations.tail(1), "publisher")
    return str(publisher).partition(", as reported by ")[0]


def cite_series(
    data: Data, series: AdoptionSeries, limit: bool = True, newer: bool = True, since: pd.Timestamp | None = None
) -> str:
    """Source line of a chart of a series, with a sentence on each suspected change of method.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries
    limit, newer : bool
        Whether the chart shows the upper limit, and the newer values that are only bounds.
    since : Timestamp, optional
        First date in the chart.

    Returns
    -------
    str

    Examples
    --------
    >>> from adoption_curves.indicators import load
    >>> cite_series(load(), load().series("United States", "genai_use_rps")).startswith("Source: ")
    True
    """
    name = series.limit.name if series.limit is not None else ""
    rows, limits = series.observations, data.find_rows(series.entity, name)
    span = (max(series.days[0], since or series.days[0]), series.days[-1])
    used = [rows.loc[rows["date"].isin(series.values.index), "source_id"]]
    used += [rows.loc[rows["date"].isin(series.newer.index), "source_id"]] if newer else []
    used += [limits.loc[limits["date"].between(*span), "source_id"]] if limit else []
    crossed = series.breaks[series.breaks["date"].between(*span)]
    cautions = [
        f"Values before {format_long_date(date)} may not be comparable with those since: {reason}."
        for date, reason in zip(crossed["date"], crossed["reason"], strict=True)
    ]
    return " ".join([_list_publishers(data, pd.concat(used)), *cautions]).strip()


def _find_urls(data: Data, entity: str, indicator: str, dates: Any) -> list[str]:
    """Addresses of the publications with the last observation up to each date.

    Parameters
    ----------
    data : Data
    entity, indicator : str
    dates : DatetimeIndex, Series or list of dates, length n
        Increasing.

    Returns
    -------
    list of str, length n
        "" if unknown.
    """
    rows = data.find_rows(entity, indicator)
    rows = rows[rows["qualifier"] == "exact"].sort_values("date")
    places = rows["date"].searchsorted(pd.DatetimeIndex(dates), side="right") - 1
    urls = find_source(data, rows, "url").tolist()
    return [urls[place] if place >= 0 else "" for place in places]


def list_levels(data: Data, series: AdoptionSeries) -> pd.DataFrame:
    """Exact observations of a series with their shares and the addresses of their publications.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        One row per observation: ``date``, ``value``, ``unit``, ``share_of_limit`` (percent), ``standard_error``,
        ``url``, ``limit_url``, ``published_rate`` (percent, as the publisher states it) and ``rate_url``; missing or ""
        if not published. ``change_of_method`` has the reason of a change between this value and the one before,
        otherwise "".
    """
    dates = series.values.index
    rates = data.indicators.loc[data.indicators["rate_of"] == series.indicator, "indicator"]
    rate = rates.iloc[0] if len(rates) else ""
    levels = pd.DataFrame({"date": dates, "value": series.values.array, "unit": series.unit})
    levels["share_of_limit"] = 100 * series.share.array
    levels["standard_error"] = series.standard_error.array
    levels["url"] = _find_urls(data, series.entity, series.indicator, dates)
    limit = series.limit.name if series.limit is not None else ""
    levels["limit_url"] = _find_urls(data, series.entity, limit, dates)
    levels["published_rate"] = levels["date"].map(data.exact_values(series.entity, rate))
    levels["rate_url"] = _find_urls(data, series.entity, rate, dates)
    changes = series.breaks.set_index("date")["reason"].sort_index()
    reasons = changes.groupby(dates.searchsorted(changes.index)).agg("; ".join)  # by the place of the value after it
    levels["change_of_method"] = reasons.drop(0, errors="ignore").reindex(levels.index).fillna("")
    return levels


def list_newer(data: Data, series: AdoptionSeries) -> pd.DataFrame:
    """Values after the last exact one, which were published only as bounds.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        One row per value: ``date``, ``qualifier`` ("at_least" or "at_most"), ``value``, ``read_low`` and ``read_high``
        (lowest and highest assumed value, if any), ``reason`` (for the assumed values), ``unit``, ``published`` and
        ``url``.
    """
    rows = series.observations
    rows = rows[rows["date"].isin(series.newer.index)].sort_values("date").assign(unit=series.unit)
    rows["url"] = find_source(data, rows, "url")
    rows["reason"] = rows["note"].str.extract(r"Read as [^:]*: (.*?)\.(?: |$)", expand=False).fillna("")
    columns = ["date", "qualifier", "value", "read_low", "read_high", "reason", "unit", "published", "url"]
    return rows.reindex(columns=columns)


def list_earlier(series: AdoptionSeries) -> pd.DataFrame:
    """Exact observations of a series before its last certain change of method.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        One row per observation: ``date``, ``value`` (in the unit of the series), ``break`` (date of the next change)
        and its ``reason``.
    """
    hard = series.breaks[series.breaks["kind"] == "break"].reset_index(drop=True)
    place = hard["date"].searchsorted(series.earlier.index, side="right")
    after = hard.loc[place, ["date", "reason"]].set_axis(["break", "reason"], axis=1).reset_index(drop=True)
    return pd.concat([series.earlier.rename("value").rename_axis("date").reset_index(), after], axis=1)


def find_source(data: Data, rows: pd.DataFrame, column: str) -> pd.Series:
    """Facts on the source of each value.

    Parameters
    ----------
    data : Data
    rows : DataFrame
        Values with ``source_id``, and ``reported_at`` if some were read on another page.
    column : str
        Column of sources.csv. For ``url``, the page on which the value was read.

    Returns
    -------
    Series of str
        By row; "" if unknown.
    """
    texts = data.sources.drop_duplicates("source_id").set_index("source_id")[column]
    cells = rows["source_id"].map(texts).fillna("")
    if column == "url" and "reported_at" in rows:
        return rows["reported_at"].where(rows["reported_at"] != "", cells)
    return cells
