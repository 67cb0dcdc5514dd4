"""Citation of a run on each of its pages, its authors, and where to write to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...base.files import read_file
from ...base.project import find_citation
from ...base.words import add_entity, clean
from ..parameters import Parameters, parse_yaml
from .cleaning import keep_address

_AUTHORS = "The Adoption Curves authors"
_OWN_FOLDER = Parameters.model_fields["data"].default


def cite_run(record: Mapping[str, Any], run: str) -> dict[str, str]:
    """What pages say of the authors of a run.

    Of a reader's own figures the package's authors are no authors.

    Parameters
    ----------
    record : mapping
        Content of ``run.json``.
    run : str

    Returns
    -------
    dict
        authors; contact, the address to write to; and citation: authors, year, package and commit, series, day of
        knowledge, and address.
    """
    commit, parameters, version = record["git"], record["parameters"], record["versions"].get("adoption-curves", "")
    authors, year, address, contact = _read_citation()
    own = parameters.get("data", _OWN_FOLDER) != _OWN_FOLDER
    if own and authors == _AUTHORS:
        authors = address = contact = ""
    known = f", data as known on {parameters['as_of']}" if parameters.get("as_of") else ""
    made = f", commit {commit['commit'][:12]}" if commit else ""
    about = add_entity(record["subject"].get("title", parameters["indicator"]), parameters["entity"])
    citation = f"Adoption Curves {version}{made}: run '{run}' ({about}{known})."
    if authors:
        citation = f"{authors} ({year}). {citation}"
    if place := address or ("" if own else "Unpublished"):
        citation = f"{citation} {place}."
    return {"authors": authors, "contact": keep_address(contact, "mailto:"), "citation": citation}


def _read_citation() -> tuple[str, str, str, str]:
    """Authors, year, address, and where to write to, from ``CITATION.cff`` of the project or else of the package.

    To write to: the e-mail address or website of the first ``contact``, else the address.
    """
    try:
        content = parse_yaml(read_file(find_citation() or Path("CITATION.cff")))
        authors = ", ".join(_name_author(author) for author in content["authors"])
        doi = f"https://doi.org/{content['doi']}" if content.get("doi") else ""
        address = doi or content.get("url") or content.get("repository-code") or ""
        year = content.get("date-released", "")[:4] or "no date"
        person: Mapping[str, Any] = next(iter(content.get("contact") or []), {})
        contact = f"mailto:{person['email']}" if person.get("email") else person.get("website") or address
        return clean(authors), clean(year), clean(address), clean(contact)
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "[authors: CITATION.cff can't be read]", "no date", "", ""


def _name_author(author: Mapping[str, Any]) -> str:
    """A person as "Family, Given", anybody else by the name."""
    given = [author[key] for key in ("family-names", "given-names") if author.get(key)]
    return ", ".join(given) if given else str(author["name"])
