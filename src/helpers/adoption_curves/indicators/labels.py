"""Captions and sources for figures and tables."""

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


@dataclass(frozen=True)
class Names:
    """What figures, tables and sentences call a series.

    Attributes
    ----------
    title : str
        With its entity.
    unit, entity, base, limit_title : str
    as_of : str
        "" for all values.
    measure : str
        level, cumulative or flow.
    own : bool
        True if its unit is a label of one's own.
    known : Timestamp
        The last day on which a value of the data came out.
    population : tuple or None
        Of users the newest population of the entity, and a sentence.
    cautions : mapping
        Its suspected breaks: date to what may have changed.
    publisher, publisher_name : str
        Short ("" for none), and in full.
    asked : str
        Who was asked, a sentence.
    people : str
        Who is counted.
    counted : str
        What is counted, in full, and within what time where that has changed; "" for an own file.
    doing : str
        What they do ("use generative AI"); "" where no phrase is known.
    limit_is_series : bool
        True if its limit has values too.
    few : str
        Why its values are too few for a forecast, see `AdoptionSeries.few`.
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
    """Return what figures, tables and sentences call a series.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    Names
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
        publisher_name=f"the {full}" if full.endswith(f"({publisher})") else publisher,
        asked=_format_question(entry, publisher),
        people=people or entry.base or series.unit.removeprefix("percent of "),
        counted="" if own else entry.counted + _format_within(within, day, earlier, series.days[-1]),
        doing=re.sub("^use ", "have used ", entry.doing) if within == "at any time" else entry.doing,
        limit_is_series=len(limits) > 0,
        few=series.few,
    )


def _find_population_share(data: Data, series: AdoptionSeries) -> tuple[float, str] | None:
    """Newest population of the entity of users, and a sentence on the axis that is in percent of it."""
    population = data.find_population(series)
    if population is None or data.find_entry(series.indicator).kind in ("company figures", "telemetry"):  # no people
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
    """A publisher as sentences name it: by its letters where it has some, "" where it has no name or a long one.

    >>> _shorten_publisher("China Internet Network Information Center (CNNIC)"), _shorten_publisher("Gallup")
    ('CNNIC', 'Gallup')
    """
    letters = re.search(r"\(([A-Z]{2,8})\)$", name)
    return letters[1] if letters else "" if name == UNNAMED or len(name) > 60 or "://" in name else name


def find_within(text: str, date: pd.Timestamp) -> tuple[str, str, str]:
    """The time within which one use counts at a date, the day since when, and the time before; "" for what is not told.

    >>> find_within("at any time; 2025-06-30 in the past half-year", pd.Timestamp("2025-12-31"))
    ('in the past half-year', '2025-06-30', 'at any time')
    """
    spans = re.findall(r"(?:^|; )(\d{4}-\d\d-\d\d|) ?([^;]+)", text)
    known = [(day, words) for day, words in spans if day <= f"{date:%Y-%m-%d}"]
    (_, earlier), (day, words) = [("", ""), ("", ""), *known][-2:]
    return words, day, earlier


def _format_within(words: str, day: str, earlier: str, last: pd.Timestamp) -> str:
    """What `find_within` has found, behind what is counted; "" where that time is always the same."""
    if not day:
        return ""
    span = " to ".join(dict.fromkeys([format_long_date(day), format_long_date(last)]))
    return f" (values from {span}: {words}; earlier values: {earlier})"


def _format_question(entry: Any, publisher: str) -> str:
    """Who was asked, or what was counted, as a sentence; "" where that is not known."""
    if not (entry.people and entry.kind) or entry.people == entry.base:
        return ""
    if entry.kind == "telemetry":
        whose = "" if entry.people == "devices" else f" of {entry.people}"
        return f"{publisher} estimated this from what devices{whose} report."
    how = "counted" if entry.kind == "company figures" else "asked"
    return f"{publisher} {how} {entry.people}{' in an online panel' if entry.kind == 'online panel' else ''}."


def cite_sources(data: Data, frame: pd.DataFrame, bases: bool = False) -> str:
    """Name the publishers behind the observations of every entity and indicator in a frame.

    Parameters
    ----------
    data : Data
    frame : DataFrame
        With the columns indicator and, optionally, entity and date. Without dates all exact observations count.
    bases : bool, default False
        The frame holds shares: the publishers of what earlier technologies are shares of count too.

    Returns
    -------
    str
        "Source: publisher; ..."; "" where there is none.
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
    """The publishers of sources, short, as in `cite_sources`; the title of a source whose publisher has no name."""
    sources = data.sources[data.sources["source_id"].isin(used)]
    names = sources["publisher"].where(sources["publisher"] != UNNAMED, "the file " + sources["title"])
    return cite_publishers(names)


def cite_publishers(names: Iterable[str]) -> str:
    """Publishers below a chart, each by its letters where it has some.

    >>> cite_publishers(["China Internet Network Information Center (CNNIC)", "Gallup", "Gallup"])
    'Source: CNNIC; Gallup.'
    """
    short = {_shorten_publisher(name.partition(", as reported by ")[0]) or name for name in names}
    return f"Source: {'; '.join(sorted(short))}." if short else ""


def find_publisher(data: Data, series: AdoptionSeries) -> str:
    """The publisher of the last value of a series, whoever reports it."""
    [publisher] = find_source(data, series.observations.tail(1), "publisher")
    return str(publisher).partition(", as reported by ")[0]


def cite_series(
    data: Data, series: AdoptionSeries, limit: bool = True, newer: bool = True, since: pd.Timestamp | None = None
) -> str:
    """Name the publishers of the values of a series and of what is shown beside them, and its suspected breaks.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries
    limit, newer : bool, default True
        True if its limit at its dates, and its newer values that are only limits, are shown.
    since : Timestamp, optional
        Values before this date are not shown, and no break among them is named.

    Returns
    -------
    str
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
    """Addresses of the publications with the last observation up to each date; "" if unknown.

    Parameters
    ----------
    data : Data
    entity, indicator : str
    dates : DatetimeIndex, Series or list of dates, increasing

    Returns
    -------
    list of str
    """
    rows = data.find_rows(entity, indicator)
    rows = rows[rows["qualifier"] == "exact"].sort_values("date")
    places = rows["date"].searchsorted(pd.DatetimeIndex(dates), side="right") - 1
    urls = find_source(data, rows, "url").tolist()
    return [urls[place] if place >= 0 else "" for place in places]


def list_levels(data: Data, series: AdoptionSeries) -> pd.DataFrame:
    """List the exact observations of a series with their shares and the addresses of their publications.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        date, value, unit, share_of_limit (percent), standard_error, url, limit_url (of the limit), published_rate
        (percent, which the publisher gives itself for the date) and rate_url; missing or "" where not published.
        change_of_method (its reason, where one lies between the value before and this one; else "").
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
    """List the values after the last exact one, which are printed as limits.

    Parameters
    ----------
    data : Data
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        date, qualifier (at_least or at_most), value, read_low and read_high (the ends between which it is read, if they
        are known), reason (why so, from its note "Read as ...: reason."), unit, published (day) and url.
    """
    rows = series.observations
    rows = rows[rows["date"].isin(series.newer.index)].sort_values("date").assign(unit=series.unit)
    rows["url"] = find_source(data, rows, "url")
    rows["reason"] = rows["note"].str.extract(r"Read as [^:]*: (.*?)\.(?: |$)", expand=False).fillna("")
    columns = ["date", "qualifier", "value", "read_low", "read_high", "reason", "unit", "published", "url"]
    return rows.reindex(columns=columns)


def list_earlier(series: AdoptionSeries) -> pd.DataFrame:
    """List the exact observations before the last break of a series.

    Parameters
    ----------
    series : AdoptionSeries

    Returns
    -------
    DataFrame
        date, value (in the unit of the series), break (the day of the next one) and reason of that break.
    """
    hard = series.breaks[series.breaks["kind"] == "break"].reset_index(drop=True)
    place = hard["date"].searchsorted(series.earlier.index, side="right")
    after = hard.loc[place, ["date", "reason"]].set_axis(["break", "reason"], axis=1).reset_index(drop=True)
    return pd.concat([series.earlier.rename("value").rename_axis("date").reset_index(), after], axis=1)


def find_source(data: Data, rows: pd.DataFrame, column: str) -> pd.Series:
    """Look up what is known of the source of each value.

    Parameters
    ----------
    data : Data
    rows : DataFrame
        Values: source_id, and reported_at where some were read on another page.
    column : str
        Of the sources. The url of a value that was read on another page is that of this page.

    Returns
    -------
    Series
        Text by row; "" where nothing is known.
    """
    texts = data.sources.drop_duplicates("source_id").set_index("source_id")[column]
    cells = rows["source_id"].map(texts).fillna("")
    if column == "url" and "reported_at" in rows:
        return rows["reported_at"].where(rows["reported_at"] != "", cells)
    return cells
