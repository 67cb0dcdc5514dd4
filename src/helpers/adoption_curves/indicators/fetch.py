"""Download series from their publishers: Our World in Data, the World Bank, and Eurostat by SDMX.

`_PUBLISHERS` has the address of each publisher and the function that queries it. The function returns one row per
value, as text: date, value, title, unit, source, licence and address; code of the place, break and note, if available;
and a column for each dimension by which rows can be picked. It also returns the labels of the codes in these columns,
and the name of the column with the places. Values are not changed. Runs do not import the libraries needed here.
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

# Environment variable with other addresses of publishers: owid=http://127.0.0.1:8000 wb=...
_HOSTS = "ADOPTION_HOSTS"
# Timeout in seconds for one response, and for all; maximum of bytes, and of pages, of a response; seconds before a
# second retry.
_TIMEOUT, _TOTAL, _BYTES, _PAGES, _PAUSE = 20, 300, 50_000_000, 200, 2
# Columns of SDMX in lower case: places, units, flags that may mark a break, and all flags.
_AREA, _UNIT = ("geo", "ref_area", "location"), ("unit", "unit_measure")
_BREAKS, _STATUS = ("obs_flag", "obs_status"), ("obs_flag", "obs_status", "conf_status")
# Country codes of Eurostat that differ from those of the World Bank.
_OTHER_CODES = {"EL": "GR", "UK": "GB"}
_OUR = ["date", "value", "unit", "measure", "entity", "title", "source", "licence", "address", "retrieved", "limit"]
_Labels = dict[str, dict[str, str]]
# Codes to pick, by column; "" is the column with the places.
_Picks = dict[str, list[str]]
_Answer = tuple[pd.DataFrame, _Labels, str]


class _FetchError(RunError):
    """A publisher sends no response, or an unexpected one."""


class _UnknownNameError(_FetchError):
    """A publisher has no series of that name."""


def fetch(name: str, place: str = "", where: Sequence[str] = (), hosts: Mapping[str, str] | None = None) -> pd.Series:
    """Download one series from its publisher, for use with `forecast.forecast`.

    Parameters
    ----------
    name : str
        Publisher and series: "owid:SLUG", "wb:INDICATOR" or "eurostat:DATASET".
    place : str
        Code or name of a country or region, such as "IND".
    where : sequence of str
        Codes of other dimensions, each as "COLUMN=CODE".
    hosts : dict of str to str, optional
        Other addresses of publishers, by the word before the colon.

    Returns
    -------
    Series of float
        Values by date, in the publisher's unit, since the last break that the publisher marks. ``attrs`` has unit,
        source, licence, address and other facts.

    Raises
    ------
    RunError
        If the publisher cannot be reached, does not know the series, or sends an unexpected response; or if the
        libraries of the extra ``fetch`` are not installed.
    DataError
        If a name or code is unknown (similar ones are suggested), or more than one series matches.

    Examples
    --------
    It needs a network::

        users = fetch("wb:IT.NET.USER.ZS", "IND")
        forecast.forecast(users, limit=100)
    """
    frame = _fetch_table(name, [*([f"={place}"] if place else []), *where], hosts)
    if frame["entity"].nunique() > 1:
        raise parameter_error("where", " ".join(where), "matches several series; pick one")
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
    """Download series to a CSV file; an earlier version of the file is kept under another name.

    Parameters
    ----------
    name : str
        Publisher and series, as in `fetch`.
    where : sequence of str
        Codes of dimensions, each as "COLUMN=CODE"; several codes of a column give several series.
    labels : dict of str to str
        Unit and measure, if the publisher does not give them.
    path : Path or None
        File to write; by default one named after the series, in the working directory.
    limit : bool
        Whether to add the population of each country or region as the upper limit.

    Returns
    -------
    list of str
        Lines on what was downloaded and what has changed since the last download, and the command for a run.

    Raises
    ------
    RunError, DataError
        As from `fetch`; or if the unit or the measure is not known.
    """
    frame = _fetch_table(name, where, None, limit)
    words = " ".join([name.partition(":")[2], *(text.partition("=")[2] for text in where)])
    path = path or Path(f"{name_indicator(words)[:80]}.csv")
    column = {"limit-column": "limit"} if limit else {}
    title, unit = frame["title"].iloc[0], frame["unit"].iloc[0]
    with tempfile.TemporaryDirectory() as folder:  # read it as `check` does, so that its messages apply
        tried, heading = Path(folder) / path.name, f"{title}, {unit}" if unit else title
        table = frame.drop(columns=["code", "note"]).rename(columns={"value": heading})
        table = table.loc[:, (table != "").any()]  # what the publisher leaves out is reported in one go
        write_file(tried, table.to_csv(index=False).encode())
        read_series_file(tried, {"value": heading, **labels, **column}, load().tables())
    frame = frame.assign(**labels)
    unit, first = frame["unit"].iloc[0], frame.iloc[0]
    if limit and not unit.startswith("people"):
        raise parameter_error("--limit", "population", f"needs a unit that begins with people, not {unit}")
    words = frame.columns.difference(["date", "value", "limit"])  # no text becomes a formula in a spreadsheet
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
    """Write the file, keep its earlier version, and list what has changed."""
    lines = list[str]()
    if path.exists():
        old, key = path.read_bytes(), [one for one in ("entity", "date") if one in frame]
        try:
            before = pd.read_csv(io.BytesIO(old), dtype=str, keep_default_na=False)
            day = before.loc[before["address"] == frame["address"].iloc[0], "retrieved"].iloc[0]
            both = before.merge(frame, "outer", key, suffixes=(" before", "")).fillna("-")
        except (ValueError, LookupError) as error:
            raise parameter_error("--to", path.name, "has values of another series; name another file") from error
        if before.drop(columns="retrieved").to_csv() == frame.drop(columns="retrieved").to_csv():
            return [f"Nothing has changed since {day}, so {path} was not written."]
        for _, row in both[both["value"] != both["value before"]].iterrows():
            lines.append(f"Since {day}: {' '.join(row[key])} is {row['value']}, was {row['value before']}.")
        beside = path.with_name(f"{path.stem}.{datetime.now().astimezone():%Y-%m-%d-%H%M%S}{path.suffix}")
        write_file(beside, old)
        lines.append(f"The earlier version is {beside.name}.")
    write_file(path, frame.to_csv(index=False).encode())
    return [*lines, f"Written: {path}"]


def _fetch_table(name: str, where: Sequence[str], hosts: Mapping[str, str] | None, limit: bool = False) -> pd.DataFrame:
    """Table of one or more series, in our columns and those that are left.

    The query runs in a thread, because a server that sends a byte at a time, even in a header, never times out.
    """
    try:
        with ThreadPool(1) as pool:
            return pool.apply_async(_fetch_rows, (name, where, hosts, limit)).get(_TOTAL)
    except multiprocessing.TimeoutError as error:
        raise _FetchError(f"{name.partition(':')[0]} did not send its response within {_TOTAL} seconds") from error


def _fetch_rows(name: str, where: Sequence[str], hosts: Mapping[str, str] | None, limit: bool) -> pd.DataFrame:
    """Rows of `_fetch_table`, in order of country or region and date."""
    publisher, _, series = name.partition(":")
    if publisher not in _PUBLISHERS or not re.fullmatch(r"[\w@,.-]+", series):
        raise parameter_error("SOURCE:NAME", name, f"is unknown; SOURCE is one of {list_names(_PUBLISHERS)}")
    picks: _Picks = {}
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
    except Exception as error:  # a missing, incomplete or unexpected response can raise any error
        if isinstance(error, import_extra("requests", "fetch", "adoption fetch").ConnectionError):
            host = urlsplit(address).netloc
            raise _FetchError(f"{host} does not respond; check your network connection") from error
        message = f"{publisher} sent a response for {series} that cannot be read ({type(error).__name__})"
        raise _FetchError(f"{message}; try again later") from error
    if rows.empty:
        raise _FetchError(f"{publisher} has no value of {series} with {' '.join(where)}")
    return _label_rows(rows, labels, place)


def _label_rows(rows: pd.DataFrame, labels: _Labels, place: str) -> pd.DataFrame:
    """Rows with labels for codes; the entity is the place and every other column of which several codes are left."""
    several = [column for column in labels if rows[column].nunique() > 1 and column != place]
    rows = rows.assign(**{column: rows[column].map(labels[column]).fillna(rows[column]) for column in labels})
    named = [rows[column] for column in [place, *several] if column]
    rows = rows.drop(columns=[place, *several], errors="ignore")
    rows = rows.reindex(columns=[*dict.fromkeys([*rows, "break", "code", "note"])], fill_value="")
    rows["entity"] = named[0].str.cat(named[1:], ", ") if named else ""
    rows["retrieved"] = f"{datetime.now().astimezone():%Y-%m-%d}"
    return rows.sort_values(["entity", "date"], ignore_index=True)


def _raise_for_several(rows: pd.DataFrame, labels: _Labels, picks: _Picks) -> None:
    """Raise an error if a column has several codes of which none was picked."""
    problems = []
    for column in (column for column in labels if rows[column].nunique() > 1 and column not in picks):
        listed = list_names(f"{code} ({labels[column].get(code)})" for code in rows[column].unique())
        right = f"pick one, such as --where {shlex.quote(f'{column}={rows[column].iloc[0]}')}"
        problems.append(Problem("", None, column, "", f"is one of {listed}; {right}"))
    if problems:
        raise DataError(problems)


def _find_codes(picks: _Picks, labels: _Labels, place: str, single: str = "") -> None:
    """Replace labels in `picks` by codes, and check them; `single` may have only one, because each has its unit."""
    if "" in picks:
        picks[place] = [*picks.get(place, []), *picks.pop("")]
    for column, cells in picks.items():
        if column not in labels or (column == single and len(cells) > 1):
            wrong = "takes only one code" if column in labels else "is not a column"
            raise parameter_error("--where", column, f"{wrong}; the columns are {list_names(labels)}")
        codes = {label: code for code, label in labels[column].items()} | {code: code for code in labels[column]}
        for cell in cells:
            if cell not in codes:
                raise parameter_error("--where", f"{column}={cell}", f"is unknown; {suggest_names(cell, codes)}")
        picks[column] = [codes[cell] for cell in cells]


def _find_population(rows: pd.DataFrame, hosts: Mapping[str, str] | None) -> list[str]:
    """Population of each country or region in the year of each value, from the World Bank; "" if it has none."""
    session, address = _open_session("wb", hosts)
    populations = dict[tuple[str, str], str]()
    for code in rows["code"].unique():
        pages = _list_pages(session, f"{address}/country/{_OTHER_CODES.get(code, code)}/indicator/SP.POP.TOTL")
        populations |= {(code, row["date"]): row["value"] or "" for row in pages}
    return [populations.get(key, "") for key in zip(rows["code"], rows["date"].str[:4], strict=True)]


def _open_session(publisher: str, hosts: Mapping[str, str] | None) -> tuple[Any, str]:
    """A session of `requests` that accepts only the host of a publisher, and its address."""
    requests, urllib3 = (import_extra(name, "fetch", "adoption fetch") for name in ("requests", "urllib3"))
    if hosts is None:
        hosts = dict(pair.split("=", 1) for pair in os.environ.get(_HOSTS, "").split())
    address = hosts.get(publisher, _PUBLISHERS[publisher][0])
    parts = urlsplit(address)
    if parts.scheme != "https" and (parts.scheme, parts.hostname) != ("http", "127.0.0.1"):
        raise _FetchError(f"{address} is not an https address")
    for quiet in ("sdmx", "urllib3"):  # they warn about each stub and each retry
        logging.getLogger(quiet).setLevel(logging.CRITICAL)
    session, busy = requests.Session(), (429, 500, 502, 503, 504)
    session.headers["Accept-Encoding"] = "identity"  # a compressed response that is cut off would go unnoticed
    pause = {"backoff_factor": _PAUSE / 2, "retry_after_max": 10}
    retry = urllib3.Retry(2, status_forcelist=busy, raise_on_status=False, **pause)
    session.get_adapter(address).max_retries = retry
    session.hooks["response"] = partial(_check_answer, parts[:2])
    send = session.send
    session.send = lambda request, **options: send(request, **options | {"timeout": _TIMEOUT})
    return session, address


def _check_answer(host: tuple[str, str], response: Any, **_: Any) -> None:
    """Raise an error, before a response is read, if it is not data of this host or could be cut off unnoticed.

    A response is complete if it has the length in its header, or if its last chunk has arrived. A line break at its
    end is no sign of it, because Our World in Data writes none.
    """
    target = urlsplit(urljoin(response.url, response.headers.get("location", "")))
    if target[:2] != host:
        raise _FetchError(f"{host[1]} redirects to {target.netloc}, which is not allowed")
    if packing := response.headers.get("content-encoding", ""):
        raise _FetchError(f"{host[1]} sends its response as {packing}, which was not requested")
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
        words = "a web page instead of data" if is_page else shorten(response.text, 300)
        raise kind(f"{host[1]} responds with {response.status_code}: {words}")
    if response.raw.length_remaining is None and not response.raw.chunked:
        raise _FetchError(f"{host[1]} does not give the length of its response, so a cut one would go unnoticed")


def _get_json(session: Any, url: str, **params: str) -> Any:
    """JSON in which each number is a text, as it was published."""
    return json.loads(session.get(url, params=params).content, parse_float=str, parse_int=str)


def _fetch_owid(session: Any, address: str, name: str, picks: _Picks) -> _Answer:
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
        raise _FetchError(f"owid's columns are {list_names(table.columns)}; expected Entity, Code, and Year or Day")
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


def _fetch_world_bank(session: Any, address: str, name: str, picks: _Picks) -> _Answer:
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
    codes = {row["iso2Code"]: row["id"] for row in countries}  # rows of income groups have no three-letter code
    _find_codes(picks, labels, "country")
    _raise_for_several(pd.DataFrame({"country": list(labels["country"])}), labels, picks)
    url = f"{address}/country/{';'.join(picks['country'])}/indicator/{name}"
    cells = [(row["date"], row["value"] or "", codes[row["country"]["id"]]) for row in _list_pages(session, url)]
    rows = pd.DataFrame(cells, columns=["date", "value", "country"])
    about, source = f"{address}/sources/{head['source']['id']}/series/{name}/metadata", head["source"]["value"]
    licence = ""
    with suppress(Exception):  # not every source has a licence
        parts = _get_json(session, about, format="json")["source"][0]["concept"][0]["variable"][0]["metatype"]
        licence = "".join(one["value"] for one in parts if one["id"] == "License_Type")
    rows = rows.assign(title=head["name"], unit=head["unit"], source=f"World Bank, {source}", licence=licence)
    rows = rows.assign(address=url, code=rows["country"], sourceOrganization=head["sourceOrganization"])
    return rows, labels, "country"


def _list_pages(session: Any, url: str) -> list[dict[str, Any]]:
    """Rows of all pages of a response of the World Bank."""
    rows, page, last = list[dict[str, Any]](), 1, 1
    while page <= last:
        answer = _get_json(session, url, format="json", per_page="1000", page=str(page))
        if len(answer) < 2:
            raise _UnknownNameError(f"{url} responds with {shorten(json.dumps(answer), 300)}")
        rows += answer[1] or []
        page, last = page + 1, int(answer[0]["pages"])
        if last > _PAGES:
            raise _FetchError(f"{url} has {last:,} pages; at most {_PAGES} are read, so pick fewer rows")
    return rows


def _fetch_sdmx(agency: str, session: Any, address: str, name: str, picks: _Picks) -> _Answer:
    """A publisher of SDMX: the structure of a dataflow, and its values with their flags."""
    sdmx = import_extra("sdmx", "fetch", "adoption fetch")
    client = sdmx.Client(agency, session=session)
    client.source.url = address
    try:
        [flow] = client.dataflow(name.upper()).dataflow.values()
    except _UnknownNameError as error:
        names = client.dataflow(params={"detail": "allstubs"}).dataflow
        raise _FetchError(f"{client.source.name} has no {name}; {suggest_names(name, names)}") from error
    structure = flow.structure
    labels, meanings = (_list_codes(part.components) for part in (structure.dimensions, structure.attributes))
    place, unit = (next((name for name in labels if name.lower() in known), "") for known in (_AREA, _UNIT))
    _find_codes(picks, labels, place, unit)
    query = partial(client.data, flow.id, key={name: "+".join(codes) for name, codes in picks.items()}, dsd=structure)
    if len(picks) < len(labels):  # request the keys alone, which are few compared with the values
        keys = query(params={"detail": "serieskeysonly"}).data[0].series
        _raise_for_several(pd.DataFrame([_read_codes(key.values) for key in keys]), labels, picks)
    answer = query()
    cells = [_read_codes({**value.key.values, **value.attrib, "value": value}) for value in answer.data[0].obs]
    rows = pd.DataFrame(cells).fillna("").rename(columns={"TIME_PERIOD": "date"}).assign(note="")
    rows["value"] = rows["value"].replace(["NaN", "None"], "")
    rows = _join_flags(rows, meanings)
    rows["unit"] = rows.pop(unit).map(labels.pop(unit)) if unit else ""
    doi = re.search(r"https://doi\.org/[^\s\"<>]+", " ".join(str(one.title) for one in flow.annotations))
    rows = rows.assign(title=str(flow.name), address=doi[0] if doi else answer.response.url, licence="")
    return rows.assign(source=client.source.name, code=rows[place] if place else ""), labels, place


def _join_flags(rows: pd.DataFrame, meanings: _Labels) -> pd.DataFrame:
    """Rows with the meaning of all flags as their note, and with the flags of a break in a column of their own."""
    for flag in [name for name in rows if name.lower() in _STATUS]:
        codes = rows.pop(flag)
        texts = codes.map(meanings.get(flag, {})).fillna(codes)
        rows["note"] = rows["note"].str.cat(texts, "; ").str.strip("; ")
        if flag.lower() in _BREAKS:
            rows["break"] = texts.where(codes.str.contains("[bB]"), "")
    return rows


def _list_codes(components: Iterable[Any]) -> _Labels:
    """Labels of the codes of dimensions or attributes, if they have a list of codes."""
    lists = {one.id: one.local_representation and one.local_representation.enumerated for one in components}
    return {column: {code.id: str(code.name) for code in codes} for column, codes in lists.items() if codes}


def _read_codes(parts: Mapping[str, Any]) -> dict[str, str]:
    """Codes of a key and of attributes, and a value, as text."""
    return {name: str(part.value) for name, part in parts.items()}


_PUBLISHERS: dict[str, tuple[str, Callable[..., _Answer]]] = {
    "owid": ("https://ourworldindata.org", _fetch_owid),
    "wb": ("https://api.worldbank.org/v2", _fetch_world_bank),
    "eurostat": ("https://ec.europa.eu/eurostat/api/dissemination/sdmx/2.1", partial(_fetch_sdmx, "ESTAT")),
}
