"""Fetch figures into a data folder, from the World Bank: the only module that knows wbgapi, and never part of a run.

wbgapi is the extra ``live``; the rest of the package works without it and without a network.
"""

from __future__ import annotations

import io
import re
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from .. import indicators
from ..base.project import find_data
from . import fetch_folder
from .any_file import name_indicator
from .checks import read_unit
from .fetch_folder import (
    FetchError,
    check_folder,
    put_into,
    read_text,
    reading,
    run_within,
    shorten_problem,
    write_number,
)
from .own import UNIT
from .series import parse_breaks

MAX_BYTES = 20_000_000  # of an answer
LICENCES = {"CC BY-4.0": "CC BY 4.0", "CC BY 4.0": "CC BY 4.0"}  # as the World Bank writes them, and as we do


@dataclass(frozen=True)
class Answer:
    """What the World Bank publishes of one indicator: its name, its terms and its figures."""

    code: str
    name: str
    licence: str
    figures: list[tuple[str, str, Any]]  # entity, year, value as it came


def fetch_worldbank(
    code: str,
    entities: Iterable[str],
    into: str | Path,
    unit: str = "",
    technology: str = "",
    today: date | None = None,
) -> str:
    """Write the World Bank's figures of one indicator into a data folder, whole or not at all.

    A new folder gets the project's format. In an existing one the series of these entities are replaced: figures of
    two vintages never stand in one series. The folder is checked by `helpers.indicators.load` before it is put in
    place.

    Parameters
    ----------
    code : str
        The World Bank's code of the indicator, such as ``IT.NET.USER.ZS``.
    entities : iterable of str
        The World Bank's codes of economies, such as ``CHN`` or ``WLD``.
    into : str or Path
        Folder: new, empty, or a data folder.
    unit : str
        Unit of the values; by default what the indicator's name says in parentheses, or what the folder says already.
    technology : str
        Label that the series shares with its twins among the references, which a forecast leaves out; by default that
        of the project's series of the same code.
    today : date
        Date of access; by default today's.

    Returns
    -------
    str
        What was written, a line for each entity.

    Raises
    ------
    FetchError
        When wbgapi is missing, the World Bank cannot be reached, answers with an error, late, or with nonsense, or
        when the folder cannot take the figures. Nothing is written then.
    """
    folder = Path(into).expanduser().resolve()
    check_folder(folder)
    asked = list(dict.fromkeys(entities))
    given = {name: text for name, text in (("unit", read_unit(unit)), ("technology", technology)) if text}
    with reading("The World Bank"):
        answer = run_within(fetch_folder.ALL_SECONDS, "The World Bank", lambda: _ask(code, asked))
        rows = describe_answer(answer, given, today or datetime.now(UTC).date())
    return put_into(folder, rows, "The World Bank", given)


# ---- the question -------------------------------------------------------------------------------------------------


def _ask(code: str, entities: list[str]) -> Answer:
    """Ask the World Bank, and turn whatever goes wrong into a sentence."""
    try:
        import requests
        import wbgapi
        from urllib3.exceptions import HTTPError, ReadTimeoutError
    except ImportError as error:
        message = "adoption fetch needs the library wbgapi, the extra 'live'; install it with: pip install wbgapi"
        raise FetchError(message) from error
    wrong = [text for text in (code, *entities) if not re.fullmatch(r"[A-Za-z0-9._-]+", text)]
    if wrong or not entities:
        told = f"{wrong[0]!r} is no code of the World Bank" if wrong else "No entity is named"
        raise FetchError(f"{told}; codes look like IT.NET.USER.ZS and CHN: --entity CHN --entity USA")
    watch = _Watch()
    usual, wbgapi.get_options = wbgapi.get_options, {**wbgapi.get_options, **watch.options()}
    try:
        rows = list(wbgapi.data.fetch(code, entities, labels=True))
        watch.check_complete(len(rows))
        return _read_answer(code, entities, rows, _ask_licence(wbgapi, code))
    except (requests.Timeout, ReadTimeoutError) as error:
        raise FetchError(
            f"The World Bank did not answer within {fetch_folder.REQUEST_SECONDS} s. Try again later."
        ) from error
    except (requests.RequestException, HTTPError) as error:
        raise FetchError(f"The World Bank cannot be reached: {shorten_problem(error)}") from error
    except wbgapi.APIResponseError as error:
        raise FetchError("The World Bank's answer cannot be read: it is no JSON. Try again later.") from error
    except wbgapi.APIError as error:
        status = f" (status {error.code})" if error.code else ""
        theirs = error.code and error.code >= 500
        hint = "Try again later." if theirs else f"Is {code} right, and {', '.join(entities)}?"
        raise FetchError(f"The World Bank refused{status}: {shorten_problem(error.msg)}. {hint}") from error
    finally:
        wbgapi.get_options = usual


def _ask_licence(wbgapi: Any, code: str) -> str:
    """The indicator's licence as the World Bank writes it; "" where it does not say."""
    try:
        return str(wbgapi.series.metadata.get(code).metadata["License_Type"])
    except (wbgapi.APIError, LookupError, TypeError, ValueError, AttributeError):
        return ""


class _Watch:
    """Watches the requests of wbgapi, which has no end where an answer announces rows that never come."""

    def __init__(self) -> None:
        self.requests, self.announced, self.end = 0, 0, time.monotonic() + fetch_folder.ALL_SECONDS

    def options(self) -> dict[str, Any]:
        """Options of every request: time-out and a look at each answer."""
        return {"timeout": fetch_folder.REQUEST_SECONDS, "hooks": {"response": self.look}}

    def look(self, response: Any, *args: Any, **options: Any) -> None:
        """Count the answers, and note how many figures they announce."""
        self.requests += 1
        content = response.raw.read(MAX_BYTES + 1, decode_content=True)  # requests itself would read without end
        response.raw = io.BytesIO(content)
        if self.requests > fetch_folder.MAX_REQUESTS or time.monotonic() > self.end or len(content) > MAX_BYTES:
            raise fetch_folder.name_endless("The World Bank")
        if "/series/" in response.url and "/country/" in response.url and "&page=1&" in response.url:
            with suppress(ValueError, TypeError, LookupError):  # wbgapi says what is wrong with such an answer
                self.announced += int(response.json()["total"])

    def check_complete(self, count: int) -> None:
        """Raise where fewer or more rows came than were announced."""
        if count != self.announced:
            raise FetchError(f"The World Bank announced {self.announced} rows and sent {count}; nothing was written.")


def _read_answer(code: str, entities: list[str], rows: list[dict[str, Any]], licence: str) -> Answer:
    """Read the rows that wbgapi made of the answer; those without a figure are left out."""
    foreign = {row["series"]["id"] for row in rows} - {code.upper()}
    if foreign:
        raise FetchError(f"The World Bank was asked for {code} and sent {', '.join(map(str, foreign))}.")
    full = [row for row in rows if row["value"] is not None]
    missing = [entity for entity in entities if entity.upper() not in {row["economy"]["id"] for row in full}]
    if missing:
        raise FetchError(f"The World Bank has no figure of {code} for {', '.join(missing)}; nothing was written.")
    figures = [(read_text(row["economy"]["value"]), read_text(row["time"]["value"]), row["value"]) for row in full]
    odd = next((year for _, year, _ in figures if not re.fullmatch(r"\d{4}", year)), None)
    if odd:
        raise FetchError(f"{code} has a figure for {odd!r}; only yearly figures can be fetched.")
    return Answer(code.upper(), read_text(full[0]["series"]["value"]), licence, sorted(figures, key=lambda f: f[:2]))


# ---- the rows -----------------------------------------------------------------------------------------------------


def describe_answer(answer: Answer, given: Mapping[str, str], today: date) -> dict[str, pd.DataFrame]:
    """Rows of observations, indicators and sources for an answer, as text.

    Breaks and technology are those of the project's own series of the same code, where it has one.
    """
    indicator, source = name_indicator(answer.code), f"worldbank_{name_indicator(answer.code)}_{today:%Y%m%d}"
    title, _, inside = answer.name.rstrip(")").partition(" (")
    unit = given.get("unit") or read_unit(inside) or UNIT
    twin = _find_twin(answer.code)
    names = {entity for entity, _, _ in answer.figures}
    described = {
        "indicator": indicator,
        "title": title,
        "unit": unit,
        "counted": answer.name,
        "base": re.sub(r"^percent( of)? ?", "", unit) if unit.startswith("percent") else "",
        "role": "target",
        "technology": given.get("technology") or twin.get("technology") or title,
        "breaks": _keep_breaks(twin.get("breaks", ""), names),
        "suspected_breaks": _keep_breaks(twin.get("suspected_breaks", ""), names),
        "note": f"Breaks and technology as in the project's {twin['indicator']}." if twin else "",
    }
    published = {
        "source_id": source,
        "title": f"World Development Indicators: {answer.name} ({answer.code})",
        "publisher": "World Bank",
        "accessed": today.isoformat(),
        "url": f"https://data.worldbank.org/indicator/{answer.code}",
        "licence": LICENCES.get(answer.licence, "cited single figures"),
        "attribution": f"World Bank, World Development Indicators ({answer.code}), accessed {today.isoformat()}",
    }
    observed = pd.DataFrame(answer.figures, columns=["entity", "date", "value"]).assign(
        date=[f"{year}-12-31" for _, year, _ in answer.figures],
        published=[_publish(int(year), today).isoformat() for _, year, _ in answer.figures],
        published_by="lag",
        vintage="later",
        value=[write_number(value) for _, _, value in answer.figures],
        indicator=indicator,
        bound="exact",
        source_id=source,
        confidence="medium",
    )
    return {"observations": observed, "indicators": pd.DataFrame([described]), "sources": pd.DataFrame([published])}


def _publish(year: int, today: date) -> date:
    """The day by which a year's figure is public as usual: the end of the next year, or today."""
    return today if year >= today.year else min(date(year + 1, 12, 31), today)


def _find_twin(code: str) -> dict[str, str]:
    """The project's indicator whose source names the same code; empty where there is none."""
    data = indicators.load(find_data())
    named = data.sources["title"].str.contains(f"({code})", regex=False)
    used = data.observations.loc[data.observations["source_id"].isin(data.sources.loc[named, "source_id"]), "indicator"]
    twins = data.indicators[data.indicators["indicator"].isin(used)]
    return twins.iloc[0].to_dict() if len(twins) else {}


def _keep_breaks(text: str, entities: set[str]) -> str:
    """Those breaks that hold for everyone or for one of the entities."""
    kept = [entry for entry in parse_breaks(text) if entry[1] == "" or entry[1] in entities]
    return "; ".join(f"{day} {f'[{entity}] ' if entity else ''}{reason}" for day, entity, reason in kept)
