"""The page on how a run was made: its command, parameters, files, sources, versions and hashes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

from ...base.project import Source
from ..parameters import Parameters, write_argument
from .cleaning import hide_place, keep_address
from .frame import render

_MOST_TITLES = 3
"""Series of a publisher that are named one by one."""


def render_made(record: Mapping[str, Any], notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]) -> str:
    """HTML of the page on how a run was made.

    Parameters
    ----------
    record : mapping
        Content of ``run.json``.
    notebooks : sequence of mapping
        Each notebook's page, and what the notebook wrote.
    shared : mapping
        What all pages are given.

    Returns
    -------
    str
    """
    git, fields = record["git"], Parameters.model_fields
    commit = git["commit"] + (" with changes" if git["changed"] else "") if git else f"none: {record['no_git']}"
    hashes = [(f"sha256 of {name}", digest) for name, digest in record["data"]["files"].items()]
    given = record["parameters"].items()
    parameters = [(name, say_value(name, value), fields[name].description) for name, value in given]
    return render(
        "made.html.j2",
        **shared,
        subject=record["subject"],
        title="Method, data and citation",
        notebooks=notebooks,
        command=write_command(shared["run"], record),
        parameters=parameters,
        sources=_group_sources(record["sources"]),
        facts=[("commit", commit), *record["versions"].items(), *hashes],
    )


def say_value(name: str, value: Any) -> str:
    """A parameter's value as a reader wants it; of own data the name of the file, not its path on this machine.

    Parameters
    ----------
    name : str
    value : object

    Returns
    -------
    str
    """
    if name == "data":
        return Source.read(value).say()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def write_command(run: str, record: Mapping[str, Any]) -> str:
    """The command that makes a run again: its name, and the parameters that are not the defaults."""
    data, usual = record["parameters"]["data"], Parameters().model_dump(exclude={"run"})
    given = {**record["parameters"], "data": hide_place(data, data)}
    changed = {name: value for name, value in given.items() if value != usual.get(name, value)}
    return " ".join(["adoption run", run, *(f"-p {name} {write_argument(value)}" for name, value in changed.items())])


def _group_sources(sources: Sequence[Mapping[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Sources by use, and of each use one entry for each publisher and licence."""
    key, grouped = itemgetter("use", "publisher", "licence"), dict[str, list[dict[str, str]]]()
    for (use, publisher, licence), items in groupby(sorted(sources, key=key), key):
        rows = [*items]
        titles = [row["title"] for row in rows]
        what = "; ".join(titles) if len(rows) <= _MOST_TITLES else f"{titles[0]} and {len(rows) - 1} more"
        about = {"url": keep_address(rows[0]["url"]), "day": rows[-1].get("accessed", ""), "what": what}
        grouped.setdefault(use, []).append({"publisher": publisher, "licence": licence, **about})
    return grouped
