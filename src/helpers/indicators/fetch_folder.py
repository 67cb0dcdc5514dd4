"""Put fetched rows into a data folder, whole or not at all, and hold every publisher's answer to the same limits."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd

from .. import indicators
from ..base.files import write_file
from ..base.folders import is_cut_off, lock_folder, recover, swap_in
from ..base.project import RunError, UserError, find_data
from ..base.quoting import UNSEEN, quote, shorten
from .tables import read_descriptor, read_table

REQUEST_SECONDS = 30
ALL_SECONDS = 300
MAX_REQUESTS = 200  # 30 years of all countries are ten pages
MAX_TEXT = 5_000  # characters of a name or description
SERIES = ["entity", "indicator"]


class FetchError(RunError):
    """Nothing was fetched, and nothing was written; the message says why."""


@contextmanager
def reading(publisher: str) -> Iterator[None]:
    """Turn whatever an answer of another form than expected raises, wherever it is read, into a `FetchError`."""
    try:
        yield
    except UserError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError) as error:
        what = "it is nested too deep" if isinstance(error, RecursionError) else shorten_problem(repr(error))
        raise FetchError(f"{publisher}'s answer has another form than expected ({what}).") from error


def name_endless(publisher: str) -> FetchError:
    """The error of an answer without an end, the same whichever clock or count finds it first."""
    return FetchError(f"{publisher}'s answer does not come to an end; nothing was written. Try again later.")


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
        raise name_endless(publisher)
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
    check_folder(folder)
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
        swap_in(folder, new, last="datapackage.json")
    return _tell_changes(before["observations"], rows["observations"])


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


def shorten_problem(problem: object) -> str:
    """What a library says of a problem, on one line of 200 characters."""
    return shorten(" ".join(str(problem).split()).rstrip("."), 200)


def write_number(value: Any) -> str:
    """A number with all its digits and no exponent; anything else as it is, for the checks to refuse."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{Decimal(repr(value)):f}"


def check_folder(folder: Path) -> None:
    """Refuse a place that is no data folder, or one with problems of its own."""
    if is_cut_off(folder) or not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return  # what a killed fetch has left is finished before anything else is put there
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
    old, indicators, sources = (tables[name] for name in ("observations", "indicators", "sources"))
    new, source = rows["observations"], rows["sources"]["source_id"].iloc[0]
    replaced = pd.MultiIndex.from_frame(old[SERIES]).isin(pd.MultiIndex.from_frame(new[SERIES]))
    observed = pd.concat([old[~replaced], new]).sort_values([*SERIES, "date"], kind="stable")
    observed, indicators = observed.reindex(columns=list(old)), indicators.copy()
    for about in rows["indicators"].fillna("").to_dict("records"):
        known = indicators["indicator"] == about["indicator"]
        if not known.any():
            indicators = pd.concat([indicators, pd.DataFrame([about])]).reindex(columns=list(indicators))
            continue
        indicators.loc[known, list(given)] = list(given.values())
        for column in ("breaks", "suspected_breaks"):
            both = f"{indicators.loc[known, column].iloc[0]};{about.get(column, '')}"
            entries = filter(None, (entry.strip() for entry in both.split(";")))
            indicators.loc[known, column] = "; ".join(dict.fromkeys(entries))
    earlier = sources["source_id"].str.startswith(f"{source.rpartition('_')[0]}_")  # of the indicator, on another day
    kept = sources[(sources["source_id"] != source) & (sources["source_id"].isin(observed["source_id"]) | ~earlier)]
    sources = pd.concat([kept, rows["sources"]]).reindex(columns=list(sources))
    return {**tables, "observations": observed, "indicators": indicators, "sources": sources}


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
