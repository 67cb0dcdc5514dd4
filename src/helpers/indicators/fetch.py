"""Fetch figures into a data folder, from the World Bank: the only module that knows wbgapi, and never part of a run.

wbgapi is the extra ``live``; the rest of the package works without it and without a network.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from .. import indicators
from ..base.files import write_file
from ..base.folders import lock_folder, recover, swap_in
from ..base.project import RunError, UserError, find_data
from ..base.quoting import UNSEEN, quote, shorten
from .any_file import name_indicator
from .checks import read_unit
from .own import UNIT
from .series import parse_breaks
from .tables import read_descriptor, read_table

REQUEST_SECONDS = 30
ALL_SECONDS = 300
MAX_BYTES = 20_000_000  # of an answer
MAX_TEXT = 5_000  # characters of a name or description
MAX_REQUESTS = 200  # 30 years of all countries are ten pages
LICENCES = {"CC BY-4.0": "CC BY 4.0", "CC BY 4.0": "CC BY 4.0"}  # as the World Bank writes them, and as we do
SERIES = ["entity", "indicator"]


class FetchError(RunError):
    """Nothing was fetched, and nothing was written; the message says why."""


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
    _check_folder(folder)
    asked = list(dict.fromkeys(entities))
    given = {name: text for name, text in (("unit", read_unit(unit)), ("technology", technology)) if text}
    with reading("The World Bank"):
        answer = run_within(ALL_SECONDS, "The World Bank", lambda: _ask(code, asked))
        rows = describe_answer(answer, given, today or datetime.now(UTC).date())
    return put_into(folder, rows, "The World Bank", given)


@contextmanager
def reading(publisher: str) -> Iterator[None]:
    """Turn whatever an answer of another form than expected raises, wherever it is read, into a `FetchError`."""
    try:
        yield
    except UserError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        what = "it is nested too deep" if isinstance(error, RecursionError) else _shorten(repr(error))
        raise FetchError(f"{publisher}'s answer has another form than expected ({what}).") from error


def run_within(seconds: float, publisher: str, call: Callable[[], Any]) -> Any:
    """Return what a call returns, or raise what it raises; a `FetchError` where it takes longer.

    Time-outs of sockets count from byte to byte, so a server that sends one every half second would never end.
    """
    found: list[Any] = []

    def run() -> None:
        try:
            found.append((call(), None))
        except BaseException as error:  # noqa: BLE001  it is raised below
            found.append((None, error))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(max(seconds, 0))
    if not found:
        raise FetchError(f"{publisher}'s answer does not come to an end; nothing was written. Try again later.")
    result, error = found[0]
    if error is not None:
        raise error
    return result


def put_into(
    folder: Path, rows: Mapping[str, pd.DataFrame], publisher: str, given: Mapping[str, str] | None = None
) -> str:
    """Put rows of observations, indicators and one source into a data folder, whole or not at all.

    Parameters
    ----------
    folder : Path
    rows : mapping
        Tables of text: observations, indicators, sources.
    publisher : str
        Who sent them, for messages.
    given : mapping, optional
        Columns of indicators.csv that are to have these values, also in a folder that describes them otherwise.

    Returns
    -------
    str
        What changed, a line for each series.

    Raises
    ------
    FetchError
        When there are names or dates that cannot be right, or the folder cannot take the rows; it is as it was then.
    """
    folder = folder.expanduser().resolve()
    _check_folder(folder)
    _check_rows(rows, publisher)
    try:
        return _write_folder(folder, rows, publisher, given or {})
    except OSError as error:
        raise FetchError(f"{folder} is as it was: it cannot be written ({error}).") from error


def _write_folder(folder: Path, rows: Mapping[str, pd.DataFrame], publisher: str, given: Mapping[str, str]) -> str:
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_folder(folder))
        except RunError as error:
            raise FetchError(f"Another process writes into {folder}; nothing was written. Wait for it.") from error
        recover(folder)
        place = Path(stack.enter_context(tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}.")))
        new = place / folder.name
        before = _start_folder(folder, new)
        for name, table in _put_rows(before, rows, given).items():
            text = table.fillna("").to_csv(index=False, lineterminator="\n")
            write_file(new / f"{name}.csv", text.encode("utf-8"))
        try:
            indicators.load(new)
        except indicators.DataError as error:
            name = publisher.replace("The ", "the ")
            message = f"What {name} sent does not pass the checks; nothing was written:\n{error}"
            raise FetchError(message) from error
        swap_in(folder, new)
    return _tell_changes(before["observations"], rows["observations"])


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
        raise FetchError(f"The World Bank did not answer within {REQUEST_SECONDS} s. Try again later.") from error
    except (requests.RequestException, HTTPError) as error:
        raise FetchError(f"The World Bank cannot be reached: {_shorten(error)}") from error
    except wbgapi.APIResponseError as error:
        raise FetchError("The World Bank's answer cannot be read: it is no JSON. Try again later.") from error
    except wbgapi.APIError as error:
        status = f" (status {error.code})" if error.code else ""
        theirs = error.code and error.code >= 500
        hint = "Try again later." if theirs else f"Is {code} right, and {', '.join(entities)}?"
        raise FetchError(f"The World Bank refused{status}: {_shorten(error.msg)}. {hint}") from error
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
        self.requests, self.announced, self.end = 0, 0, time.monotonic() + ALL_SECONDS

    def options(self) -> dict[str, Any]:
        """Options of every request: time-out and a look at each answer."""
        return {"timeout": REQUEST_SECONDS, "hooks": {"response": self.look}}

    def look(self, response: Any, *args: Any, **options: Any) -> None:
        """Count the answers, and note how many figures they announce."""
        self.requests += 1
        content = response.raw.read(MAX_BYTES + 1, decode_content=True)  # requests itself would read without end
        response.raw = io.BytesIO(content)
        if self.requests > MAX_REQUESTS or time.monotonic() > self.end or len(content) > MAX_BYTES:
            raise FetchError("The World Bank's answer does not come to an end; nothing was written. Try again later.")
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


def read_text(value: Any) -> str:
    """A name in an answer, without blanks around it; a `TypeError` where it is something else."""
    if not isinstance(value, str):
        raise TypeError(f"{quote(value)} is no text")
    return value.strip()


def _check_rows(rows: Mapping[str, pd.DataFrame], publisher: str) -> None:
    """Refuse dates to come, and texts that hold unseen characters or markup, or that a spreadsheet would compute."""
    accessed = rows["sources"]["accessed"].iloc[0]
    late = rows["observations"]["date"].str[:4].max()
    if late > accessed[:4]:
        raise FetchError(f"{publisher} has a figure for {late}, which is still to come; nothing was written.")
    for table in rows.values():
        for name in table.columns.drop(["value", "standard_error"], errors="ignore"):
            for text in table[name].dropna().unique():
                if re.search(rf"{UNSEEN}|^[=+\-@]|<[A-Za-z/!?]", text) or len(text) > MAX_TEXT:
                    raise FetchError(f"{quote(text)} is no text that can stand in a table; nothing was written.")


def _shorten(problem: object) -> str:
    return shorten(" ".join(str(problem).split()).rstrip("."), 200)


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


def write_number(value: Any) -> str:
    """A number with all its digits and no exponent; anything else as it is, for the checks to refuse."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{Decimal(repr(value)):f}"


# ---- the folder ---------------------------------------------------------------------------------------------------


def _check_folder(folder: Path) -> None:
    """Refuse a place that is no data folder, or one with problems of its own."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / "datapackage.json").is_file():
        raise FetchError(f"{folder} is no data folder: it has no datapackage.json. Take a new folder, or an empty one.")
    try:
        indicators.load(folder)
    except indicators.DataError as error:
        raise FetchError(f"{folder} has problems of its own; mend them first:\n{error}") from error


def _start_folder(folder: Path, new: Path) -> dict[str, pd.DataFrame]:
    """Copy the folder, or begin one, and return its tables as text."""
    if folder.exists() and any(folder.iterdir()):
        shutil.copytree(folder, new, symlinks=True)
        schemas = read_descriptor(new / "datapackage.json")
        names = ("observations", "indicators", "sources")
        tables = {name: read_table(new / f"{name}.csv", schemas[name]["fields"], []) for name in names}
        return {name: table for name, table in tables.items() if table is not None}
    new.mkdir()
    descriptor = json.loads((find_data() / "datapackage.json").read_text(encoding="utf-8"))
    descriptor |= {"name": "own-data", "title": "Fetched figures", "description": ""}
    descriptor["licenses"] = [one for one in descriptor["licenses"] if one["name"] in ("CC-BY-4.0", "other-pd")]
    (new / "datapackage.json").write_text(json.dumps(descriptor, indent=2) + "\n", encoding="utf-8")
    columns = {one["name"]: [field["name"] for field in one["schema"]["fields"]] for one in descriptor["resources"]}
    return {table: pd.DataFrame(columns=names, dtype=str) for table, names in columns.items()}


def _put_rows(
    tables: Mapping[str, pd.DataFrame], rows: Mapping[str, pd.DataFrame], given: Mapping[str, str]
) -> dict[str, pd.DataFrame]:
    """Put rows into tables: series are replaced, an indicator that is there keeps its words but for what is given."""
    old, described, sources = (tables[name] for name in ("observations", "indicators", "sources"))
    new, source = rows["observations"], rows["sources"]["source_id"].iloc[0]
    replaced = pd.MultiIndex.from_frame(old[SERIES]).isin(pd.MultiIndex.from_frame(new[SERIES]))
    observed = pd.concat([old[~replaced], new]).sort_values([*SERIES, "date"], kind="stable")
    observed, described = observed.reindex(columns=list(old)), described.copy()
    for about in rows["indicators"].fillna("").to_dict("records"):
        known = described["indicator"] == about["indicator"]
        if not known.any():
            described = pd.concat([described, pd.DataFrame([about])]).reindex(columns=list(described))
            continue
        described.loc[known, list(given)] = list(given.values())
        for column in ("breaks", "suspected_breaks"):
            both = f"{described.loc[known, column].iloc[0]};{about.get(column, '')}"
            entries = filter(None, (entry.strip() for entry in both.split(";")))
            described.loc[known, column] = "; ".join(dict.fromkeys(entries))
    earlier = sources["source_id"].str.startswith(f"{source.rpartition('_')[0]}_")  # of the indicator, on another day
    kept = sources[(sources["source_id"] != source) & (sources["source_id"].isin(observed["source_id"]) | ~earlier)]
    sources = pd.concat([kept, rows["sources"]]).reindex(columns=list(sources))
    return {**tables, "observations": observed, "indicators": described, "sources": sources}


def _tell_changes(before: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Say for each entity how many figures there are, and how many are new or differ."""
    key = [*SERIES, "date"]
    both = rows.merge(before[[*key, "value"]].rename(columns={"value": "old"}), on=key, how="left")
    both["new"], both["changed"] = both["old"].isna(), both["old"].notna() & (both["old"] != both["value"])
    return "\n".join(
        f"{own['indicator'].iloc[0]} of {entity}: {len(own)} figures, {own['date'].iloc[0]} to {own['date'].iloc[-1]}; "
        f"{own['new'].sum()} new, {own['changed'].sum()} changed"
        for (entity, _), own in both.groupby(SERIES, sort=False)
    )
