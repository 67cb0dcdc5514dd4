"""Citation of a run on each of its pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...base.files import read_file
from ...base.project import find_citation
from ...base.words import add_entity, clean
from ..parameters import Parameters, parse_yaml

AUTHORS = "The Adoption Curves authors"
DATA = Parameters.model_fields["data"].default


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
    authors, year, address = read_citation()
    own = record["parameters"].get("data", DATA) != DATA  # figures of hers are not published by this package's authors
    author = "" if own and authors == AUTHORS else f"{authors} ({year}). "
    version, commit, parameters = record["versions"].get("adoption-curves", ""), record["git"], record["parameters"]
    known = f", data as known on {parameters['as_of']}" if parameters.get("as_of") else ""
    made = f", commit {commit['commit'][:12]}" if commit else ""
    about = add_entity(record["subject"].get("title", parameters["indicator"]), parameters["entity"])
    place = (address if author else "") or ("" if own else "Unpublished")
    return f"{author}Adoption Curves {version}{made}: run '{run}' ({about}{known}). {place and f'{place}.'}".strip()


def read_citation() -> tuple[str, str, str]:
    """Authors, year and address from ``CITATION.cff`` of the project, or of the package where the project has none."""
    try:
        content = parse_yaml(read_file(find_citation() or Path("CITATION.cff")))
        authors = ", ".join(_name_author(author) for author in content["authors"])
        doi = f"https://doi.org/{content['doi']}" if content.get("doi") else ""
        address = next((content[key] for key in ("url", "repository-code") if content.get(key)), "")
        return clean(authors), clean(str(content.get("date-released", ""))[:4] or "no date"), clean(str(doi or address))
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return "[authors: CITATION.cff can't be read]", "no date", ""


def _name_author(author: Mapping[str, Any]) -> str:
    """A person as "Family, Given", anybody else by the name."""
    given = [author[key] for key in ("family-names", "given-names") if author.get(key)]
    return ", ".join(given) if given else str(author["name"])
