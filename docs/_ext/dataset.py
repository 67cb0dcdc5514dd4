"""What search engines of data are told on the site's first page: a ``Dataset`` of schema.org, as JSON-LD.

Pages of a run have no script of any kind, not even one that holds data, so it stands here alone.
"""

import json

from helpers.runs.pages.citation import read_citation
from helpers.runs.pages.index import keep_address


def describe_dataset(package, record):
    """The data as a ``Dataset``: licences, authors, the sources that a run used, and when the next figure is due.

    Parameters
    ----------
    package : mapping
        Content of ``data/datapackage.json``.
    record : mapping
        Content of the default run's ``run.json``.

    Returns
    -------
    dict
    """
    authors, _, address = read_citation()
    subject, parameters = record["subject"], record["parameters"]
    expected = subject.get("next", "")
    due = f"Next figure of {subject['title']}, {parameters['entity']}: {expected}"
    described = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "name": package["title"],
        "description": package["description"],
        "version": package["version"],
        "url": address,
        "creator": {"@type": "Organization", "name": authors},
        "license": [each["path"] for each in package["licenses"] if keep_address(each.get("path", ""))],
        "variableMeasured": f"{subject['title']} ({subject['unit']})",
        "spatialCoverage": parameters["entity"],
        "isBasedOn": [describe_source(source) for source in record["sources"]],
        "publication": {"@type": "PublicationEvent", "name": due} if expected else None,
    }
    return {name: value for name, value in described.items() if value}


def describe_source(source):
    """A publication with its publisher, licence and address."""
    publisher = {"@type": "Organization", "name": source["publisher"]}
    told = {"name": source["title"], "publisher": publisher, "url": keep_address(source["url"])}
    told["usageInfo"] = source["licence"]
    return {"@type": "CreativeWork", **{name: value for name, value in told.items() if value}}


def tell_engines(app, pagename, templatename, context, doctree):
    """Put the dataset into the head of the first page."""
    if pagename != "index":
        return
    root = app.srcdir.parent
    files = (root / "data" / "datapackage.json", root / "outputs" / "baseline" / "run.json")
    told = json.dumps(describe_dataset(*(json.loads(path.read_text(encoding="utf-8")) for path in files)))
    script = told.replace("<", "\\u003c")  # no text of it ends the script
    context["metatags"] = f'{context.get("metatags", "")}<script type="application/ld+json">{script}</script>\n'


def setup(app):
    """Connect it to Sphinx."""
    app.connect("html-page-context", tell_engines)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
