"""Fetch surveys into a data folder: Eurostat (isoc), and the Business Trends and Outlook Survey of the Census Bureau.

Both answer without a key. Like `helpers.indicators.fetch`, never part of a run.
"""

from __future__ import annotations

import http.client
import json
import re
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd

from ..base.project import find_data
from ..base.quoting import quote
from . import fetch_folder
from .any_file import name_indicator
from .checks import read_unit
from .fetch_folder import FetchError
from .own import UNIT

EUROSTAT = "https://ec.europa.eu/eurostat/api/dissemination/statistics/1.0/data"
BTOS = "https://www.census.gov/hfp/btos/api"
MAX_BYTES = 20_000_000
EUROSTAT_LAG, BTOS_LAG = 183, 18  # days from the date of a figure to its publication, as usual
NATION = "naics2/XX"  # all firms of the country
WORDINGS = {"producing goods": "firms_ai_use_btos_2023_wording", "": "firms_ai_use_btos_2025_wording"}


def fetch_eurostat(
    code: str, entities: Iterable[str], where: Mapping[str, str], into: str | Path, today: date | None = None
) -> str:
    """Write figures of one of Eurostat's tables on the digital society into a data folder, whole or not at all.

    Parameters
    ----------
    code : str
        Eurostat's code of the table, such as ``isoc_eb_ai``.
    entities : iterable of str
        Codes of countries or areas, such as ``DE`` or ``EU27_2020``.
    where : mapping of str to str
        The category of each other dimension, such as ``{"indic_is": "E_AI_TANY", "unit": "PC_ENT"}``.
    into : str or Path
        Folder: new, empty, or a data folder, whose series of these entities are replaced.
    today : date
        Date of access; by default today's.

    Returns
    -------
    str
        What was written, a line for each entity.

    Raises
    ------
    FetchError
        When Eurostat cannot be reached, answers with an error, late, without end or with nonsense, or when the folder
        cannot take the figures. Nothing is written then.
    """
    asked = [code, *entities, *where, *where.values()]
    wrong = next((text for text in asked if not re.fullmatch(r"[A-Za-z0-9_-]+", text)), "")
    if wrong or not re.fullmatch("isoc_[a-z0-9_]+", code) or len(asked) == 1 + 2 * len(where):
        told = f"{quote(wrong or code)} is no code" if wrong or not code.startswith("isoc_") else "No entity is named"
        raise FetchError(
            f"{told} of Eurostat's tables on the digital society; they look like isoc_eb_ai, DE and PC_ENT"
        )
    query = [("format", "JSON"), ("lang", "EN"), *where.items(), *(("geo", entity) for entity in entities)]
    today = today or datetime.now(UTC).date()
    with fetch_folder.reading("Eurostat"):
        labels, figures = _read_statistics(_download("Eurostat", f"{EUROSTAT}/{code}?{urllib.parse.urlencode(query)}"))
        if missing := [entity for entity in entities if entity not in set(figures["geo"])]:
            raise FetchError(f"Eurostat has no figure of {code} for {', '.join(missing)}; nothing was written.")
        rows = _describe_statistics(code, where, labels, figures, today)
    return fetch_folder.put_into(Path(into), rows, "Eurostat")


def _describe_statistics(
    code: str, where: Mapping[str, str], labels: Mapping[str, str], figures: pd.DataFrame, today: date
) -> dict[str, pd.DataFrame]:
    """Rows of observations, indicators and sources for what `_read_statistics` found, as text."""
    unit = read_unit(labels.get("unit", UNIT))
    chosen = "; ".join(label for name, label in labels.items() if name not in ("freq", "unit"))
    observed = figures.assign(
        entity=figures["label"].where(figures["geo"] != "EU27_2020", "EU27"),
        indicator=name_indicator("_".join([code, where.get("indic_is", "")])),
        date=figures["time"] + "-06-30",
    )
    described = {"title": labels["table"], "unit": unit, "counted": chosen, "technology": labels["table"]}
    described |= {"base": re.sub("^percent( of)? ?", "", unit) if unit.startswith("percent") else ""}
    described["note"] = "Survey year; the day is nominal."
    source = {
        "title": f"{labels['table']} ({code})", "publisher": "Eurostat", "licence": "CC BY 4.0",
        "url": f"https://ec.europa.eu/eurostat/databrowser/view/{code}/default/table",
        "attribution": f"Source: Eurostat ({code}), accessed {today.isoformat()}",
    }  # fmt: skip
    return _build_rows(observed, [described], source, EUROSTAT_LAG, today)


def _read_statistics(answer: Any) -> tuple[dict[str, str], pd.DataFrame]:
    """Labels of the table and its chosen categories, and the figures by geo and time, from a JSON-stat 2.0 answer."""
    ids, sizes, dimensions = answer["id"], answer["size"], answer["dimension"]
    labels, places = {"table": fetch_folder.read_text(answer["label"])}, {}
    for name, size in zip(ids, sizes, strict=True):
        category = dimensions[name]["category"]
        codes = sorted(category["index"], key=category["index"].get)
        if name not in ("geo", "time") and size > 1:
            known = ", ".join(codes[:12])
            raise FetchError(f"Eurostat's table has {size} categories of {name}; name one of them: {known}")
        if name not in ("geo", "time"):
            labels[name] = fetch_folder.read_text(category["label"][codes[0]])
        places[name] = [(code, fetch_folder.read_text(category["label"][code])) for code in codes]
    rows, width = [], dict(zip(ids, sizes, strict=True))
    for place, value in answer["value"].items():
        at, here = int(place), {}
        for name in reversed(ids):
            at, here[name] = divmod(at, width[name])
        (geo, label), (year, _) = places["geo"][here["geo"]], places["time"][here["time"]]
        if not re.fullmatch(r"\d{4}", year):
            raise FetchError(f"Eurostat's table has a figure for {quote(year)}; only yearly figures can be fetched.")
        if value is not None:
            rows.append((geo, label, year, fetch_folder.write_number(value)))
    return labels, pd.DataFrame(rows, columns=["geo", "label", "time", "value"])


def fetch_btos(into: str | Path, today: date | None = None) -> str:
    """Write the share of US firms that use AI, every two weeks, into a data folder, whole or not at all.

    The wording of November 2025 moved the level: the two wordings are two series, named as in the project.

    Parameters
    ----------
    into, today : as for `fetch_eurostat`

    Returns
    -------
    str
        What was written, a line for each wording.

    Raises
    ------
    FetchError
        As `fetch_eurostat`.
    """
    today, end = today or datetime.now(UTC).date(), time.monotonic() + fetch_folder.ALL_SECONDS
    with fetch_folder.reading("The Census Bureau"):
        starts = {str(one["PERIOD_ID"]): _read_day(one["COLLECTION_START"]) for one in _ask_btos("periods", end)}
        odd = next((period for period in starts if not re.fullmatch(r"\d{1,6}", period)), None)
        if odd or len(starts) > fetch_folder.MAX_REQUESTS:
            raise FetchError(
                f"The Census Bureau lists {len(starts)} periods, one {quote(odd or '')}; that can't be right."
            )
        rows = []
        for period, start in starts.items():
            answer = _ask_btos(f"periods/{period}/data/{NATION}", end) or {}  # null where the question was not asked
            for one in answer.values() if isinstance(answer, dict) else answer:
                if one["OPTION_TEXT"] == "AI current" and one["ANSWER"] == "Yes" and one["ESTIMATE_PERCENTAGE"]:
                    named = next(name for words, name in WORDINGS.items() if words in one["QUESTION"])
                    value, error = (str(one.get(each) or "") for each in ("ESTIMATE_PERCENTAGE", "STANDARD_ERROR"))
                    rows.append(("United States", named, (start - timedelta(days=1)).isoformat(), value, error))
    if not rows:
        raise FetchError("The Census Bureau sent no figure on the use of AI; nothing was written.")
    observed = pd.DataFrame(rows, columns=["entity", "indicator", "date", "value", "standard_error"])
    project = pd.read_csv(find_data() / "indicators.csv", dtype=str, keep_default_na=False)
    described = project[project["indicator"].isin(observed["indicator"])].to_dict("records")
    source = {
        "title": "Business Trends and Outlook Survey: AI use", "publisher": "US Census Bureau",
        "licence": "public domain", "url": "https://www.census.gov/hfp/btos",
        "attribution": f"US Census Bureau, Business Trends and Outlook Survey, accessed {today.isoformat()}",
    }  # fmt: skip
    built = _build_rows(observed.sort_values(["indicator", "date"]), described, source, BTOS_LAG, today)
    return fetch_folder.put_into(Path(into), built, "The Census Bureau")


def _ask_btos(path: str, end: float) -> Any:
    return _download("The Census Bureau", f"{BTOS}/{path}", end)


def _read_day(text: str) -> date:
    """The day of a time as the Census Bureau writes it: 11-SEP-23 12.00.00.000000 AM."""
    return datetime.strptime(re.sub(r"-(?=\d\d$)", "-20", text.split(maxsplit=1)[0]), "%d-%b-%Y").date()


def _build_rows(
    observed: pd.DataFrame, described: list[dict[str, str]], source: Mapping[str, str], lag: int, today: date
) -> dict[str, pd.DataFrame]:
    """Rows of observations, indicators and sources, as text; a figure counts as public after the usual lag."""
    name = name_indicator(f"{source['publisher']} {observed['indicator'].iloc[0]}")
    source_id, usual = f"{name}_{today:%Y%m%d}", pd.Timedelta(days=lag)
    days = (pd.to_datetime(observed["date"]) + usual).clip(upper=pd.Timestamp(today))
    known = {"published": days.dt.strftime("%Y-%m-%d"), "published_by": "lag", "vintage": "later"}
    about = {"indicator": observed["indicator"].iloc[0], "role": "target"}
    return {
        "observations": observed.assign(**known, bound="exact", source_id=source_id, confidence="medium"),
        "indicators": pd.DataFrame([about | one for one in described]),
        "sources": pd.DataFrame([{"source_id": source_id, "accessed": today.isoformat(), **source}]),
    }


def _download(publisher: str, url: str, end: float | None = None) -> Any:
    """The JSON at an address; all of it, headers included, within the time until `end` and within `MAX_BYTES`."""
    end = time.monotonic() + fetch_folder.ALL_SECONDS if end is None else end

    def read() -> bytes:
        content = bytearray()
        with urllib.request.urlopen(url, timeout=fetch_folder.REQUEST_SECONDS) as response:  # noqa: S310  ours begin with https
            while part := response.read1(65536):
                content += part
                if time.monotonic() > end:
                    raise fetch_folder.name_endless(publisher)
                if len(content) > MAX_BYTES:
                    break
        return bytes(content)

    try:
        content = fetch_folder.run_within(end - time.monotonic(), publisher, read)
        if len(content) > MAX_BYTES:
            raise FetchError(f"{publisher} sends more than {MAX_BYTES:,} bytes; nothing was written. Ask for less.")
        return json.loads(content)
    except urllib.error.HTTPError as error:
        told = " ".join(error.read(1000).decode("utf-8", "replace").split())
        raise FetchError(f"{publisher} refused (status {error.code}): {told[:200] or error.reason}") from error
    except TimeoutError as error:
        raise FetchError(
            f"{publisher} did not answer within {fetch_folder.REQUEST_SECONDS} s. Try again later."
        ) from error
    except (OSError, http.client.HTTPException) as error:
        raise FetchError(f"{publisher} cannot be reached, or broke off: {str(error)[:200]}") from error
    except ValueError as error:
        raise FetchError(f"{publisher}'s answer cannot be read: it is no JSON. Try again later.") from error
