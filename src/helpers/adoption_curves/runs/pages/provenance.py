"""Provenance of a run: the page with its command, parameters, sources, versions and hashes; and its citation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from ...base.files import read_file
from ...base.formats import add_entity, clean
from ...base.project import Source, find_citation
from ..parameters import Parameters, parse_yaml, write_argument
from .cleaning import hide_place, keep_address
from .frame import render

# Largest number of series of one publisher that are named one by one.
_MOST_TITLES = 3
_AUTHORS = "The Adoption Curves authors"
_OWN_FOLDER = Parameters.model_fields["data"].default


def render_provenance(
    record: Mapping[str, Any], notebooks: Sequence[Mapping[str, Any]], shared: Mapping[str, Any]
) -> str:
    """HTML of the page on method, data and citation of a run.

    Parameters
    ----------
    record : mapping
        Content of ``run.json``.
    notebooks : sequence of mapping
        Each notebook's page and results.
    shared : mapping
        Variables of the template that all pages need.

    Returns
    -------
    str
    """
    git, fields = record["git"], Parameters.model_fields
    commit = git["commit"] + (" with changes" if git["changed"] else "") if git else f"none: {record['no_git']}"
    hashes = [(f"sha256 of {name}", digest) for name, digest in record["data"]["files"].items()]
    values = record["parameters"].items()
    parameters = [(name, format_axis_value(name, value), fields[name].description) for name, value in values]
    return render(
        "provenance.html.j2",
        **shared,
        subject=record["subject"],
        title="Method, data and citation",
        notebooks=notebooks,
        command=write_command(shared["run"], record),
        parameters=parameters,
        sources=_group_sources(record["sources"]),
        facts=[("commit", commit), *record["versions"].items(), *hashes],
    )


def format_axis_value(name: str, value: Any) -> str:
    """Value of a parameter as text; of a user's data only the name of the file, without its path.

    Parameters
    ----------
    name : str
    value : object

    Returns
    -------
    str
    """
    if name == "data":
        return Source.read(value).format()
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def write_command(run: str, record: Mapping[str, Any]) -> str:
    """Shell command that makes a run again, with the parameters that are not the defaults."""
    data, usual = record["parameters"]["data"], Parameters().model_dump(exclude={"run"})
    parameters = {**record["parameters"], "data": hide_place(data, data)}
    changed = {name: value for name, value in parameters.items() if value != usual.get(name, value)}
    return " ".join(["adoption run", run, *(f"-p {name} {write_argument(value)}" for name, value in changed.items())])


def _group_sources(sources: Sequence[Mapping[str, str]]) -> dict[str, list[dict[str, str]]]:
    """Sources by use, with one entry for each publisher and licence."""
    key, grouped = itemgetter("use", "publisher", "licence"), dict[str, list[dict[str, str]]]()
    for (use, publisher, licence), items in groupby(sorted(sources, key=key), key):
        rows = [*items]
        titles = [row["title"] for row in rows]
        what = "; ".join(titles) if len(rows) <= _MOST_TITLES else f"{titles[0]} and {len(rows) - 1} more"
        about = {"url": keep_address(rows[0]["url"]), "day": rows[-1].get("accessed", ""), "what": what}
        grouped.setdefault(use, []).append({"publisher": publisher, "licence": licence, **about})
    return grouped


def cite_run(record: Mapping[str, Any], run: str) -> dict[str, str]:
    """Authors of a run, their address, and its citation.

    For a user's own data, the authors of the package are not named.

    Parameters
    ----------
    record : mapping
        Content of ``run.json``.
    run : str

    Returns
    -------
    dict
        authors; contact, the address to write to; and citation: authors, year, package and commit, series, the day as
        of which the data are known, and address.
    """
    commit, parameters, version = record["git"], record["parameters"], record["versions"].get("adoption-curves", "")
    authors, year, address, contact = _read_citation()
    own = parameters.get("data", _OWN_FOLDER) != _OWN_FOLDER
    if own and authors == _AUTHORS:
        authors = address = contact = ""
    known = f", data as known on {parameters['as_of']}" if parameters.get("as_of") else ""
    suffix = f", commit {commit['commit'][:12]}" if commit else ""
    about = add_entity(record["subject"].get("title", parameters["indicator"]), parameters["entity"])
    citation = f"Adoption Curves {version}{suffix}: run '{run}' ({about}{known})."
    if authors:
        citation = f"{authors} ({year}). {citation}"
    if place := address or ("" if own else "Unpublished"):
        citation = f"{citation} {place}."
    return {"authors": authors, "contact": keep_address(contact, "mailto:"), "citation": citation}


def _read_citation() -> tuple[str, str, str, str]:
    """Authors, year, address and contact from ``CITATION.cff`` of the project, or else of the package.

    The contact is the e-mail address or website of the first ``contact``, otherwise the address.
    """
    try:
        content = parse_yaml(read_file(find_citation() or Path("CITATION.cff")))
        parts = ("family-names", "given-names", "name")
        authors = ", ".join(author[part] for author in content["authors"] for part in parts if author.get(part))
        doi = f"https://doi.org/{content['doi']}" if content.get("doi") else ""
        address = doi or content.get("url") or content.get("repository-code") or ""
        year = content.get("date-released", "")[:4] or "no date"
        person: Mapping[str, Any] = next(iter(content.get("contact") or []), {})
        contact = f"mailto:{person['email']}" if person.get("email") else person.get("website") or address
        return clean(authors), clean(year), clean(address), clean(contact)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "[authors: CITATION.cff can't be read]", "no date", "", ""
