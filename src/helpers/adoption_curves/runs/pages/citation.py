"""Citation of a run on each of its pages, its authors, and where to write to."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...base.files import read_file
from ...base.project import find_citation
from ...base.words import add_entity, clean
from ..parameters import Parameters, parse_yaml

_AUTHORS = "The Adoption Curves authors"
_OWN_FOLDER = Parameters.model_fields["data"].default


def cite_run(record: Mapping[str, Any], run: str) -> str:
    """Citation: authors, year, package and commit, series, day of knowledge, and address.

    Parameters
    ----------
    record : mapping
        Content of ``run.json``.
    run : str

    Returns
    -------
    str
    """
    authors, year, address, _ = read_citation(record)
    author, own = f"{authors} ({year}). " if authors else "", _has_own_data(record)
    version, commit, parameters = record["versions"].get("adoption-curves", ""), record["git"], record["parameters"]
    known = f", data as known on {parameters['as_of']}" if parameters.get("as_of") else ""
    made = f", commit {commit['commit'][:12]}" if commit else ""
    about = add_entity(record["subject"].get("title", parameters["indicator"]), parameters["entity"])
    place = (address if author else "") or ("" if own else "Unpublished")
    return f"{author}Adoption Curves {version}{made}: run '{run}' ({about}{known}). {place and f'{place}.'}".strip()


def _has_own_data(record: Mapping[str, Any]) -> bool:
    """True if the figures of a run are a reader's own, which this package's authors did not publish."""
    return bool(record["parameters"].get("data", _OWN_FOLDER) != _OWN_FOLDER)


def read_citation(record: Mapping[str, Any]) -> tuple[str, str, str, str]:
    """Authors, year, address, and where to write to, from ``CITATION.cff`` of the project or else of the package.

    Of a reader's own figures the package's authors are no authors. To write to: the e-mail address or website of the
    first ``contact``, else the address.
    """
    try:
        content = parse_yaml(read_file(find_citation() or Path("CITATION.cff")))
        authors = ", ".join(_name_author(author) for author in content["authors"])
        if _has_own_data(record) and authors == _AUTHORS:
            return "", "", "", ""
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
