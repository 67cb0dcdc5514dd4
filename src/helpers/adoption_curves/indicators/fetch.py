"""Values from where they are published, as a plain file: Our World in Data, the World Bank, and publishers of SDMX.

A publisher is a row of `_PUBLISHERS`: its address, and a function that asks it. This returns a row a value as texts
(date, value, title, unit, source, licence, address; code of the place, break and note where there are some; and a
column for each thing that picks rows), the labels of the codes in those columns, and which of them has the places.
Nothing is worked out, and no run imports the libraries that this needs.
"""

from __future__ import annotations

import io
import json
import logging
import multiprocessing
import os
import re
import shlex
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from multiprocessing.pool import ThreadPool
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import numpy as np
import pandas as pd

from ..base.files import write_file
from ..base.formats import format_count, shorten
from ..base.project import RunError, UserError, import_extra
from .data import load
from .date_formats import list_days
from .problems import DataError, Problem, list_names, parameter_error, suggest_names
from .user_file import name_indicator, read_series_file

# Variable of the environment with other addresses of publishers: owid=http://127.0.0.1:8000 wb=...
_HOSTS = "ADOPTION_HOSTS"
# Seconds without a sign; seconds of all answers together; bytes of one, and pages of rows; seconds before a
# second repetition.
_TIMEOUT, _TOTAL, _BYTES, _PAGES, _PAUSE = 20, 300, 50_000_000, 200, 2
# Columns of SDMX, in small letters; the first two of a value's marks may say that a new series begins.
_AREA, _UNIT = ("geo", "ref_area", "location"), ("unit", "unit_measure")
_BREAKS, _STATUS = ("obs_flag", "obs_status"), ("obs_flag", "obs_status", "conf_status")
# Codes of Eurostat that are others at the World Bank.
_OTHER_CODES = {"EL": "GR", "UK": "GB"}
_OUR = ["date", "value", "unit", "measure", "entity", "title", "source", "licence", "address", "retrieved", "limit"]
_Labels = dict[str, dict[str, str]]
# Codes that are asked for, by column; "" is the column of the places.
_Chosen = dict[str, list[str]]
_Answer = tuple[pd.DataFrame, _Labels, str]


class _FetchError(RunError):
    """A publisher gives no answer, or another than what was asked for."""


class _UnknownNameError(_FetchError):
    """A publisher does not know what was asked for."""


def fetch(name: str, place: str = "", where: Sequence[str] = (), hosts: Mapping[str, str] | None = None) -> pd.Series:
    """Values of one series from its publisher, as `forecast.forecast` takes them.

    Parameters
    ----------
    name : str
        Publisher and series: "owid:SLUG", "wb:INDICATOR" or "eurostat:DATASET".
    place : str
        Code or name of a place, such as "IND".
    where : sequence of str
        "COLUMN=CODE" of whatever else picks rows.
    hosts : dict of str to str, optional
        Other addresses of publishers, by the word before the colon.

    Returns
    -------
    Series of float
        By date, since the last break that the publisher marks; `attrs` has unit, source, licence, address and more.

    Raises
    ------
    RunError, DataError
    """
    frame = _ask(name, [*([f"={place}"] if place else []), *where], hosts)
    if frame["entity"].nunique() > 1:
        raise parameter_error("where", " ".join(where), "picks several series; name one")
    read = [set(list_days(text).values()) for text in frame["date"]]
    numbers = pd.to_numeric(frame["value"], "coerce")
    for wrong, what in (
        ([len(days) != 1 for days in read], "a date that cannot be read in one way"),
        (~np.isfinite(numbers), "a value that is no number"),
        (frame["date"].duplicated(), "two values of one date"),
    ):
        if np.any(wrong):
            date, value = frame.loc[np.asarray(wrong), ["date", "value"]].iloc[0]
            raise _FetchError(f"{name} has {what}: {value} of {date}")
    values = pd.Series(numbers.array, pd.DatetimeIndex([*map(min, read)], name="date"), name=frame["title"].iloc[0])
    days = values.index
    values.attrs = {column: frame[column].iloc[0] for column in _OUR[2:] if column in frame}
    broken = days[frame["break"] != ""]
    return values[broken[-1] :] if len(broken) else values


def fetch_file(name: str, where: Sequence[str], labels: Mapping[str, str], path: Path | None, limit: bool) -> list[str]:
    """Write a file of values as their publisher has them; what it held before is kept beside it.

    Parameters
    ----------
    name : str
        As for `fetch`.
    where : sequence of str
        "COLUMN=CODE" of whatever picks rows; several of a column give a series each.
    said : dict of str to str
        unit and measure, where the publisher does not say them.
    path : Path or None
        By default one named by the series, here.
    limit : bool
        With the population of the place beside each value.

    Returns
    -------
    list of str
        What was fetched, what has changed since the last time, and the command of a run.

    Raises
    ------
    RunError, DataError
    """
    frame = _ask(name, where, None, limit)
    words = " ".join([name.partition(":")[2], *(text.partition("=")[2] for text in where)])
    path = path or Path(f"{name_indicator(words)[:80]}.csv")
    column = {"limit-column": "limit"} if limit else {}
    title, unit = frame["title"].iloc[0], frame["unit"].iloc[0]
    with tempfile.TemporaryDirectory() as folder:  # what is missing or wrong is said as `check` says it
        tried, heading = Path(folder) / path.name, f"{title}, {unit}" if unit else title
        table = frame.drop(columns=["code", "note"]).rename(columns={"value": heading})
        table = table.loc[:, (table != "").any()]  # what the publisher does not say is asked for at once
        write_file(tried, table.to_csv(index=False).encode())
        read_series_file(tried, {"value": heading, **labels, **column}, load().tables())
    frame = frame.assign(**labels)
    unit, first = frame["unit"].iloc[0], frame.iloc[0]
    if limit and not unit.startswith("people"):
        raise parameter_error("--limit", "population", f"needs a unit that begins with people, not {unit}")
    words = frame.columns.difference(["date", "value", "limit"])  # none is a formula for a spreadsheet
    frame[words] = frame[words].replace("^(?=[=@])", "'", regex=True)
    lines = [
        f"{title}: {format_count(len(frame), 'value')} of {list_names(frame['entity'].unique())}; the unit is {unit}.",
        f"Source: {first['source']}, {first['address']}. Licence: {first['licence'] or 'not stated there'}.",
        *[f"The publisher marks {row.date}: {row.note}." for row in frame[frame["note"] != ""].itertuples()],
    ]
    frame = frame[[*(one for one in _OUR if one in frame), *frame.columns.difference([*_OUR, "code", "note"])]]
    lines += _replace_file(frame.loc[:, (frame != "").any()], path)
    options = "".join(f" --{name} {text}" for name, text in column.items())
    return [*lines, f"adoption run mine -p data {shlex.quote(str(path))}{options}"]


def _replace_file(frame: pd.DataFrame, path: Path) -> list[str]:
    """Write the file, and say what has changed; the one before is kept beside it."""
    lines = list[str]()
    if path.exists():
        old, key = path.read_bytes(), [one for one in ("entity", "date") if one in frame]
        try:
            before = pd.read_csv(io.BytesIO(old), dtype=str, keep_default_na=False)
            day = before.loc[before["address"] == frame["address"].iloc[0], "retrieved"].iloc[0]
            both = before.merge(frame, "outer", key, suffixes=(" before", "")).fillna("-")
        except (ValueError, LookupError) as error:
            raise parameter_error("--to", path.name, "has other values; name another file") from error
        if before.drop(columns="retrieved").to_csv() == frame.drop(columns="retrieved").to_csv():
            return [f"Nothing has changed since {day}; {path} is as it was."]
        for _, row in both[both["value"] != both["value before"]].iterrows():
            lines.append(f"Since {day}: {' '.join(row[key])} is {row['value']}, was {row['value before']}.")
        beside = path.with_name(f"{path.stem}.{datetime.now().astimezone():%Y-%m-%d-%H%M%S}{path.suffix}")
        write_file(beside, old)
        lines.append(f"The file before is {beside.name}.")
    write_file(path, frame.to_csv(index=False).encode())
    return [*lines, f"Written: {path}"]


# ---- the question


def _ask(name: str, where: Sequence[str], hosts: Mapping[str, str] | None, limit: bool = False) -> pd.DataFrame:
    """The table of one series or several, in our columns and those that are left.

    A thread of its own asks, since a server that sends a byte at a time, in a header too, keeps it waiting for ever.
    """
    try:
        with ThreadPool(1) as pool:
            return pool.apply_async(_ask_publisher, (name, where, hosts, limit)).get(_TOTAL)
    except multiprocessing.TimeoutError as error:
        raise _FetchError(f"{name.partition(':')[0]} has not sent all within {_TOTAL} seconds") from error


def _ask_publisher(name: str, where: Sequence[str], hosts: Mapping[str, str] | None, limit: bool) -> pd.DataFrame:
    """What `_ask` returns."""
    publisher, _, series = name.partition(":")
    if publisher not in _PUBLISHERS or not re.fullmatch(r"[\w@,.-]+", series):
        raise parameter_error("SOURCE:NAME", name, f"is none; SOURCE is one of {list_names(_PUBLISHERS)}")
    picks: _Chosen = {}
    for column, _, cell in (text.partition("=") for text in where):
        picks.setdefault(column, []).append(cell)
    try:
        session, address = _open_session(publisher, hosts)
        rows, labels, place = _PUBLISHERS[publisher][1](session, address, series, picks)
        for column in labels.keys() & picks.keys():
            rows = rows[rows[column].isin(picks[column])]
        rows = rows[rows["value"] != ""]
        _raise_for_several(rows, labels, picks)
        rows = rows.assign(limit=_find_population(rows, hosts)) if limit else rows
    except UserError:
        raise
    except Exception as error:  # no answer, half of one, or one of another form may raise anything
        if isinstance(error, import_extra("requests", "fetch", "adoption fetch").ConnectionError):
            host = urlsplit(address).netloc
            raise _FetchError(f"{host} cannot be reached, or gives no answer: is there a network?") from error
        message = f"{publisher} gave no answer for {series} that can be read ({type(error).__name__}); try again later"
        raise _FetchError(message) from error
    if rows.empty:
        raise _FetchError(f"{publisher} has no value of {series} with {' '.join(where)}")
    several = [column for column in labels if rows[column].nunique() > 1 and column != place]
    rows = rows.assign(**{column: rows[column].map(labels[column]).fillna(rows[column]) for column in labels})
    named = [rows[column] for column in [place, *several] if column]
    rows = rows.drop(columns=[place, *several], errors="ignore")
    rows = rows.reindex(columns=[*dict.fromkeys([*rows, "break", "code", "note"])], fill_value="")
    rows["entity"] = named[0].str.cat(named[1:], ", ") if named else ""
    rows["retrieved"] = f"{datetime.now().astimezone():%Y-%m-%d}"
    return rows.sort_values(["entity", "date"], ignore_index=True)


def _raise_for_several(rows: pd.DataFrame, labels: _Labels, picks: _Chosen) -> None:
    """Ask which rows are meant where a column differs, and not because several were chosen."""
    problems = []
    for column in (column for column in labels if rows[column].nunique() > 1 and column not in picks):
        listed = list_names(f"{code} ({labels[column].get(code)})" for code in rows[column].unique())
        right = f"write --where and one, such as --where {shlex.quote(f'{column}={rows[column].iloc[0]}')}"
        problems.append(Problem("", None, column, "", f"is one of {listed}; {right}"))
    if problems:
        raise DataError(problems)


def _find_codes(picks: _Chosen, labels: _Labels, place: str, single: str = "") -> None:
    """Check what is chosen, by codes or labels; of `single` one alone, as each of its codes has a unit of its own."""
    if "" in picks:
        picks[place] = [*picks.get(place, []), *picks.pop("")]
    for column, cells in picks.items():
        if column not in labels or (column == single and len(cells) > 1):
            wrong = "names one thing at most" if column in labels else "is no column"
            raise parameter_error("--where", column, f"{wrong}; there is: {list_names(labels)}")
        codes = {label: code for code, label in labels[column].items()} | {code: code for code in labels[column]}
        for cell in cells:
            if cell not in codes:
                raise parameter_error("--where", f"{column}={cell}", f"is none; {suggest_names(cell, codes)}")
        picks[column] = [codes[cell] for cell in cells]


def _find_population(rows: pd.DataFrame, hosts: Mapping[str, str] | None) -> list[str]:
    """Population of each place in the year of each value, as the World Bank has it; "" where it has none."""
    session, address = _open_session("wb", hosts)
    populations = dict[tuple[str, str], str]()
    for code in rows["code"].unique():
        pages = _list_pages(session, f"{address}/country/{_OTHER_CODES.get(code, code)}/indicator/SP.POP.TOTL")
        populations |= {(code, row["date"]): row["value"] or "" for row in pages}
    return [populations.get(key, "") for key in zip(rows["code"], rows["date"].str[:4], strict=True)]


# ---- the net


def _open_session(publisher: str, hosts: Mapping[str, str] | None) -> tuple[Any, str]:
    """A session of `requests` that asks the host of a publisher alone, and its address."""
    requests, urllib3 = (import_extra(name, "fetch", "adoption fetch") for name in ("requests", "urllib3"))
    if hosts is None:
        hosts = dict(pair.split("=", 1) for pair in os.environ.get(_HOSTS, "").split())
    address = hosts.get(publisher, _PUBLISHERS[publisher][0])
    parts = urlsplit(address)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise _FetchError(f"{address} is no https address")
    for quiet in ("sdmx", "urllib3"):  # they warn of each stub, and of each repetition
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    session, busy = requests.Session(), (429, 500, 502, 503, 504)
    session.headers["Accept-Encoding"] = "identity"  # half of a packed answer would not show
    pause = {"backoff_factor": _PAUSE / 2, "retry_after_max": 10}
    retry = urllib3.Retry(2, status_forcelist=busy, raise_on_status=False, **pause)
    session.get_adapter(address).max_retries = retry
    session.hooks["response"] = partial(_check_answer, parts[:2])
    send = session.send
    session.send = lambda request, **options: send(request, **options | {"timeout": _TIMEOUT})
    return session, address


def _check_answer(host: tuple[str, str], response: Any, **_: Any) -> None:
    """Refuse an answer of another host, of an error, that is a page, or whose end would not show, before it is read.

    An answer is whole when it is as long as it says, or its last chunk has come: a cut inside its last line shows by
    these. The end of that line is not asked for, since Our World in Data writes none.
    """
    target = urlsplit(urljoin(response.url, response.headers.get("location", "")))
    if target[:2] != host:
        raise _FetchError(f"{host[1]} sends on to {target.netloc}, which is not asked")
    if packing := response.headers.get("content-encoding", ""):
        raise _FetchError(f"{host[1]} answers in {packing}, which was not asked for")
    stream = response.raw.stream

    def read(*args: Any, **options: Any) -> Iterator[bytes]:
        size = 0
        for chunk in stream(*args, **options):
            size += len(chunk)
            if size > _BYTES:
                raise _FetchError(f"{host[1]} sends more than {_BYTES:,} bytes")
            yield chunk

    response.raw.stream = read
    is_page = "html" in response.headers.get("content-type", "")
    if response.status_code >= 400 or is_page:
        kind = _UnknownNameError if response.status_code == 404 else _FetchError
        words = "a page, and no data" if is_page else shorten(response.text, 300)
        raise kind(f"{host[1]} answers {response.status_code}: {words}")
    if response.raw.length_remaining is None and not response.raw.chunked:
        raise _FetchError(f"{host[1]} does not say how long its answer is, so half of one would not show")


def _get_json(session: Any, url: str, **params: str) -> Any:
    """JSON in which each number is a text, as it was printed."""
    return json.loads(session.get(url, params=params).content, parse_float=str, parse_int=str)


# ---- the publishers


def _fetch_owid(session: Any, address: str, name: str, picks: _Chosen) -> _Answer:
    """Our World in Data: the CSV of a chart and its metadata."""
    url, params = f"{address}/grapher/{name}", {"v": "1", "csvType": "full", "useColumnShortNames": "true"}
    try:
        raw = session.get(f"{url}.csv", params=params).content
    except _UnknownNameError as error:
        hits = _get_json(session, f"{address}/api/search", q=name.replace("-", " "), type="charts")["results"]
        raise _FetchError(f"owid has no {name}; {suggest_names(name, [row['slug'] for row in hits])}") from error
    meta = _get_json(session, f"{url}.metadata.json", **params)
    table = pd.read_csv(io.BytesIO(raw), dtype=str, keep_default_na=False)
    if [*table.columns[:2].str.lower()] != ["entity", "code"] or table.columns[2].lower() not in ("year", "day"):
        raise _FetchError(f"owid's columns are {list_names(table.columns)}, and not Entity, Code, and Year or Day")
    table = table.set_axis(["entity", "code", "date", *table.columns[3:]], axis=1)
    heads = [head for head in table.columns[3:] if head in meta["columns"]]
    heads = [head for head in heads if pd.to_numeric(table[head], "coerce").notna().any()]
    codes = table["code"].where(table["code"] != "", table["entity"])
    labels = {"entity": dict(zip(codes, table["entity"], strict=True))}
    labels["indicator"] = {head: meta["columns"][head]["titleShort"] for head in heads}
    _find_codes(picks, labels, "entity", "indicator")
    rows = table.assign(entity=codes).melt(["entity", "code", "date"], heads, "indicator", "value")
    about, chart = meta["columns"][picks.get("indicator", heads)[0]], meta["chart"]
    rows = rows.assign(title=about["titleShort"], unit=about.get("unit") or about.get("shortUnit") or "", licence="")
    rows = rows.assign(source=about.get("citationShort", chart["citation"]), address=chart["originalChartUrl"])
    return rows, labels, "entity"


def _fetch_world_bank(session: Any, address: str, name: str, picks: _Chosen) -> _Answer:
    """The World Bank: an indicator, its values, and its metadata."""
    try:
        head = _list_pages(session, f"{address}/indicator/{name}")[0]
    except _UnknownNameError as error:
        url = f"{address}/sources/2/search/{name.replace('.', ' ')}"
        concepts = _get_json(session, url, format="json")["source"][0]["concept"]
        names = [row["id"] for concept in concepts if concept["id"] == "Series" for row in concept["variable"]]
        raise _FetchError(f"wb has no {name}; {suggest_names(name, names)}") from error
    countries = _list_pages(session, f"{address}/country")
    labels = {"country": {row["id"]: row["name"] for row in countries}}
    codes = {row["iso2Code"]: row["id"] for row in countries}  # income groups have no code of three letters in rows
    _find_codes(picks, labels, "country")
    _raise_for_several(pd.DataFrame({"country": list(labels["country"])}), labels, picks)
    url = f"{address}/country/{';'.join(picks['country'])}/indicator/{name}"
    cells = [(row["date"], row["value"] or "", codes[row["country"]["id"]]) for row in _list_pages(session, url)]
    rows = pd.DataFrame(cells, columns=["date", "value", "country"])
    about, source = f"{address}/sources/{head['source']['id']}/series/{name}/metadata", head["source"]["value"]
    licence = ""
    with suppress(Exception):  # not every source has some, and the values stand without them
        parts = _get_json(session, about, format="json")["source"][0]["concept"][0]["variable"][0]["metatype"]
        licence = "".join(one["value"] for one in parts if one["id"] == "License_Type")
    rows = rows.assign(title=head["name"], unit=head["unit"], source=f"World Bank, {source}", licence=licence)
    rows = rows.assign(address=url, code=rows["country"], sourceOrganization=head["sourceOrganization"])
    return rows, labels, "country"


def _list_pages(session: Any, url: str) -> list[dict[str, Any]]:
    """The rows of all pages of an answer of the World Bank."""
    rows, page, last = list[dict[str, Any]](), 1, 1
    while page <= last:
        answer = _get_json(session, url, format="json", per_page="1000", page=str(page))
        if len(answer) < 2:
            raise _UnknownNameError(f"{url} answers {shorten(json.dumps(answer), 300)}")
        rows += answer[1] or []
        page, last = page + 1, int(answer[0]["pages"])
        if last > _PAGES:
            raise _FetchError(f"{url} has {last:,} pages, of which {_PAGES} at most are read: pick fewer rows")
    return rows


def _fetch_sdmx(agency: str, session: Any, address: str, name: str, picks: _Chosen) -> _Answer:
    """A publisher of SDMX: the structure of a dataflow and its values; one after a break begins a new series."""
    sdmx = import_extra("sdmx", "fetch", "adoption fetch")

    client = sdmx.Client(agency, session=session)
    client.source.url = address
    try:
        [flow] = client.dataflow(name.upper()).dataflow.values()
    except _UnknownNameError as error:
        names = client.dataflow(params={"detail": "allstubs"}).dataflow
        raise _FetchError(f"{client.source.name} has no {name}; {suggest_names(name, names)}") from error
    structure = flow.structure
    labels, marks = (_list_codes(part.components) for part in (structure.dimensions, structure.attributes))
    place, unit = (next((one for one in labels if one.lower() in known), "") for known in (_AREA, _UNIT))
    _find_codes(picks, labels, place, unit)
    ask = partial(client.data, flow.id, key={one: "+".join(codes) for one, codes in picks.items()}, dsd=structure)
    if len(picks) < len(labels):  # the keys alone, which are few beside the values
        found = [_read_codes(one.values) for one in ask(params={"detail": "serieskeysonly"}).data[0].series]
        _raise_for_several(pd.DataFrame(found), labels, picks)
    answer = ask()
    found = [_read_codes({**one.key.values, **one.attrib, "value": one}) for one in answer.data[0].obs]
    rows = pd.DataFrame(found).fillna("").rename(columns={"TIME_PERIOD": "date"})
    rows["value"] = rows["value"].replace(["NaN", "None"], "")
    flags = [one for one in rows if one.lower() in _STATUS]
    notes = pd.DataFrame({flag: rows[flag].map(marks.get(flag, {})).fillna(rows[flag]) for flag in flags})
    rows["note"] = notes.agg(lambda row: "; ".join(filter(None, row)), axis=1) if flags else ""
    for flag in (one for one in flags if one.lower() in _BREAKS):
        rows["break"] = notes[flag].where(rows[flag].str.contains("[bB]"), "")
    rows = rows.drop(columns=flags)
    rows["unit"] = rows.pop(unit).map(labels.pop(unit)) if unit else ""
    doi = re.search(r"https://doi\.org/[^\s\"<>]+", " ".join(str(one.title) for one in flow.annotations))
    rows = rows.assign(title=str(flow.name), address=doi[0] if doi else answer.response.url, licence="")
    return rows.assign(source=client.source.name, code=rows[place] if place else ""), labels, place


def _list_codes(components: Iterable[Any]) -> _Labels:
    """Names of the codes of dimensions or attributes, but for those without a list."""
    lists = {one.id: one.local_representation and one.local_representation.enumerated for one in components}
    return {column: {code.id: str(code.name) for code in codes} for column, codes in lists.items() if codes}


def _read_codes(parts: Mapping[str, Any]) -> dict[str, str]:
    """Codes of a key and of attributes, and a value, as printed."""
    return {name: str(part.value) for name, part in parts.items()}


_PUBLISHERS: dict[str, tuple[str, Callable[..., _Answer]]] = {
    "owid": ("https://ourworldindata.org", _fetch_owid),
    "wb": ("https://api.worldbank.org/v2", _fetch_world_bank),
    "eurostat": ("https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1", partial(_fetch_sdmx, "ESTAT")),
}
