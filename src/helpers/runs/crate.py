"""A run as a Process Run Crate: an RO-Crate that says which notebook made which files, and from what.

Everything comes from the run's record, so the same run has the same crate, and no path of this machine stands in it.
Source: Process Run Crate 0.5, which extends RO-Crate 1.1.
"""

from __future__ import annotations

import json
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ..base.choices import split_choices
from ..base.project import RECORD
from .notebook import list_written
from .record import list_outputs, read_unchanged

METADATA = "ro-crate-metadata.json"
"""Where a crate has what describes it: at its root."""
PROFILE = "https://w3id.org/ro/wfrun/process/0.5"
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
"""Where the word sha256 is defined."""
LICENCE = "https://spdx.org/licenses/MIT"
KINDS = {".ipynb": "application/x-ipynb+json", ".csv": "text/csv", ".tex": "application/x-tex"}


def describe_crate(folder: Path) -> bytes:
    """Content of ``ro-crate-metadata.json`` of a crate whose root holds the run's folder.

    Files that the record doesn't name are no part of the description.

    Parameters
    ----------
    folder : Path
        Of the run.

    Returns
    -------
    bytes

    Raises
    ------
    RunError
        If there is no such run, its record can't be used, or a file of it is missing or was changed.
    """
    from rocrate.rocrate import ROCrate

    record = read_unchanged(folder)
    parameters = record["parameters"]
    what = f"{record['subject'].get('title', parameters['indicator'])}, {parameters['entity']}"
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)
    root = {"name": f"Adoption Curves, run '{folder.name}': {what}", "datePublished": record["made"]}
    root["description"] = (
        "Tables, figures, pages and executed notebooks of a run. The code is under the MIT licence; published figures "
        "have the licences of their publishers, see citation."
    )
    profile = _add(crate, PROFILE, "CreativeWork", name="Process Run Crate", version="0.5")
    licence = _add(crate, LICENCE, "CreativeWork", name="MIT License")
    for name, value in (root | {"conformsTo": profile, "license": licence}).items():
        crate.root_dataset[name] = value
    crate.root_dataset["citation"] = [_add_source(crate, source) for source in record["sources"]]
    files = _add_files(crate, folder, record)
    crate.root_dataset["mentions"] = _add_actions(crate, record, files)
    return json.dumps(crate.metadata.generate(), indent=1, sort_keys=True).encode()


def _add(crate: Any, identifier: str, kind: str, **properties: Any) -> Any:
    """Add what is described in the crate and lies elsewhere; properties that are None are left out."""
    from rocrate.model.contextentity import ContextEntity

    told = {name: value for name, value in properties.items() if value is not None}
    return crate.add(ContextEntity(crate, identifier, {"@type": kind, **told}))


def _add_source(crate: Any, source: Mapping[str, str]) -> Any:
    """Add a publication that figures were taken from, with its licence and attribution as the data have them."""
    url = source.get("url", "")
    told = {"name": "title", "publisher": "publisher", "usageInfo": "licence", "creditText": "attribution"}
    texts = {name: source.get(column) for name, column in told.items()}
    texts["url"] = url if url.startswith(("https://", "http://")) else None
    return _add(crate, f"#source-{quote(source['source_id'])}", "CreativeWork", **texts)


def _add_files(crate: Any, folder: Path, record: Mapping[str, Any]) -> dict[str, Any]:
    """Add the files that the run's record names, and the record itself; returned by their paths in the folder."""
    figures = [each for notebook in record["notebooks"].values() for each in notebook["figures"].items()]
    alt = {name: entry["alt"] for name, entry in figures}
    hashes = list_outputs(record)
    files = {}
    for path in [*sorted(hashes), RECORD]:
        form = KINDS.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"
        told = {"name": path, "encodingFormat": form}
        told |= {"sha256": hashes[path]} if path in hashes else {"description": "The record of the run"}
        told |= {"description": alt[Path(path).name.partition(".")[0]]} if path.startswith("figures/") else {}
        files[path] = crate.add_file(dest_path=f"{folder.name}/{path}", properties=told)
    return files


def _add_actions(crate: Any, record: Mapping[str, Any], files: Mapping[str, Any]) -> list[Any]:
    """Add an action for each notebook: the notebook, the data, parameters and tables it read, the files it wrote."""
    libraries = dict(record["versions"])
    own, versions = libraries.pop("adoption-curves", ""), []
    for name, version in libraries.items():
        address = "https://www.python.org/" if name == "python" else f"https://pypi.org/project/{name}/{version}/"
        told = {"name": name, "url": address, "softwareVersion": version}
        versions.append(_add(crate, address, "SoftwareApplication", **told))
    data = [
        _add(crate, f"#data/{quote(name)}", "CreativeWork", name=name, sha256=digest)
        for name, digest in record["data"]["files"].items()
    ]
    parameters = {}
    for name, value in (record["parameters"] | {"data": split_choices(record["parameters"]["data"])[0].name}).items():
        parameters[name] = _add(crate, f"#parameter-{name}", "PropertyValue", name=name, value=value)
    actions = []
    for name, notebook in record["notebooks"].items():
        tool = {"name": f"{name}.ipynb", "version": own, "sha256": notebook["source"], "softwareRequirements": versions}
        read = [f"tables/{table}.csv" for table in notebook["read"]]
        written = [*list_written(notebook), f"notebooks/{name}.ipynb"]
        given = [*data, *(parameters[one] for one in notebook["parameters"])]
        about = {
            "instrument": _add(crate, f"#notebook-{name}", "SoftwareSourceCode", **tool),
            "object": given + [files[path] for path in read if path in files],
            "result": [files[path] for path in written],
            "endTime": record["made"],
            "description": "The notebook, executed with the parameters, data and tables that are its objects",
        }
        actions.append(_add(crate, f"#run-{name}", "CreateAction", name=f"Run of {name}.ipynb", **about))
    return actions
