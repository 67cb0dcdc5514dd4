"""What the site takes from the default run: its notebooks as they ran, a gallery of its figures, and equations.

Tables and equations are set as on the pages of a run (`helpers.runs.pages`), so the site makes no request either.
"""

import json
import shutil

import nbformat
from docutils import nodes
from sphinx.errors import ExtensionError

from helpers.runs.pages import describe_pages
from helpers.runs.pages.exporter import set_equation, set_html

GALLERY = """# Gallery

Every figure of the default run, under the notebook that drew it. The run's folder has each as PNG and SVG.
"""


def bring_run(app):
    """Write ``run/`` beside the pages, anew: notebooks, figures and the gallery of ``outputs/baseline/``."""
    source, target = app.srcdir.parent / "outputs" / "baseline", app.srcdir / "run"
    if not (source / "run.json").is_file():
        raise ExtensionError("The site shows the default run, which is not there. Make both: make docs")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source / "figures", target / "figures", ignore=shutil.ignore_patterns("*.svg", "*.pdf"))
    gallery = [GALLERY]
    for name, entry in json.loads((source / "run.json").read_text(encoding="utf-8"))["notebooks"].items():
        path = source / "notebooks" / f"{name}.ipynb"
        notebook = clean_notebook(nbformat.read(path, 4))
        nbformat.write(notebook, target / f"{name}.ipynb")
        if entry["figures"]:
            gallery.append(f"\n## {describe_pages([path])[name]['title']}\n\n[The notebook]({name}.ipynb)\n")
        gallery += [show_figure(figure, told["alt"]) for figure, told in sorted(entry["figures"].items())]
    (target / "gallery.md").write_text("\n".join(gallery), encoding="utf-8")


def show_figure(name, told):
    """A figure with what it shows as its caption."""
    return f":::{{figure}} figures/{name}.png\n:alt: Figure {name}, described below it\n\n{told} (`{name}`)\n:::\n"


def clean_notebook(notebook):
    """The notebook with tables without styles of their own, and images with the words that the run gave them.

    The cell that a run puts in repeats the defaults.
    """
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output.data["text/html"] = set_html(html)
            if told := output.get("metadata", {}).get("image/png"):
                cell.metadata["mystnb"] = {"image": {"alt": told["alt"]}}
    return notebook


def visit_math(writer, node):
    """Put an equation in as MathML, one of its own in a box that scrolls, as on the pages of a run."""
    equation = set_equation(node.astext(), display=isinstance(node, nodes.math_block))
    if "<math" not in equation:
        raise ExtensionError(f"An equation can't be set as MathML: {node.astext()}")
    writer.body.append(set_html(equation))
    raise nodes.SkipNode


def open_to_keys(app, pagename, templatename, context, doctree):
    """Let whoever has no pointer scroll what is wider than a page, and tell software how deep a caption stands."""
    boxes = {
        "<pre>": '<pre tabindex="0">',
        '<div class="table-wrapper': '<div tabindex="0" role="group" aria-label="Table" class="table-wrapper',
        'role="region" aria-label="Table"': 'role="group" aria-label="Table"',
        'role="heading"': 'role="heading" aria-level="2"',
    }
    for part in ("body", "furo_navigation_tree"):
        for found, put in boxes.items():
            context[part] = context.get(part, "").replace(found, put)


def setup(app):
    """Connect all to Sphinx."""
    app.connect("builder-inited", bring_run)
    app.connect("html-page-context", open_to_keys, priority=900)  # after the theme
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
