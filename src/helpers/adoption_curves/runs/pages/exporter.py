"""A notebook's cells as the body of a page: no request, no script, equations as MathML, code folded.

The only module that knows nbconvert.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from contextlib import suppress
from functools import cache, lru_cache, partial
from itertools import count
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import tostring

from latex2mathml.converter import Converter
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from .charts import render_chart
from .cleaning import PAGE_IDS, clean_html
from .embeds import BOX, find_saved, link_file, list_pictures, render_tables
from .frame import TEMPLATES

_RICHEST = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain")
"""Forms of an output that a page without scripts can show, the richest first."""
_EQUATION = r'<math\b[^>]* display="block"[^>]*>.*?</math>'
_EQUATION_BOX = '<div class="equation" tabindex="0" role="group" aria-label="Equation">'


def render_body(
    notebook: NotebookNode, folder: Path | None = None, entry: Mapping[str, Any] | None = None
) -> tuple[Markup, list[str]]:
    """HTML of a notebook's cells, with a link to each table under the cell that saves it.

    Parameters
    ----------
    notebook : NotebookNode
    folder : Path, optional
        Of the run that it is part of.
    entry : mapping, optional
        The notebook's; a picture that is not in it is one of nobody's.

    Returns
    -------
    Markup and list of str
        The HTML, and the first lines of the cells with an image that has no alternative text.
    """
    _raise_first(notebook)
    entry = entry or {"tables": {}, "figures": {}, "files": {}}
    given: dict[str, Any] = {
        "tables": list(entry["tables"]),
        "pictures": {name: list_pictures(entry["files"], name) for name in entry["figures"]},
        "draw": partial(render_chart, folder) if folder else None,
        "link": link_file,
        "injected": any("injected-parameters" in cell.metadata.get("tags", []) for cell in notebook.cells),
        "wordless": [],
    }
    body, resources = _open_exporter().from_notebook_node(notebook, given)
    taken, numbers = set(PAGE_IDS), count(1)

    def find_address(found: re.Match[str]) -> str:
        address = found[2]
        while address in taken:
            address += "-again"
        taken.add(address)
        return f'{found[1]}{address}"'

    body = re.sub(r'(<h\d id=")([^"]*)"', find_address, body)
    body = re.sub(BOX, lambda _: BOX.replace("Table", f"Table {next(numbers)}"), body)  # software tells them apart
    return Markup(body), resources["wordless"]  # noqa: S704  the templates and filters here escape


def _raise_first(notebook: NotebookNode) -> None:
    """Move the Markdown that a notebook's code displays under the mark ``first`` below its title, as a cell."""
    shown = [(cell, each) for cell in notebook.cells for each in cell.get("outputs", [])]
    first = [(cell, each) for cell, each in shown if each.get("metadata", {}).get("first")]
    first = [(cell, each) for cell, each in first if "text/markdown" in each.data]
    for cell, each in first:
        cell.outputs.remove(each)
    if said := "\n\n".join(each.data["text/markdown"] for _, each in first):
        notebook.cells.insert(1, NotebookNode(cell_type="markdown", id="first", metadata={}, source=said))


@cache
def _open_exporter() -> TemplateExporter:
    """The exporter of nbconvert with our template and filters, which has compiled its templates once.

    Not its exporter of HTML, which parses each page once more for what our template has already. None of its
    preprocessors is wanted, and after each one it would check the notebook again.
    """
    highlight = Highlight2HTML(pygments_lexer="ipython3")
    return TemplateExporter(
        template_name="base",
        template_file=str(TEMPLATES / "cells.html.j2"),  # by its name alone, one in the working directory would do
        filters={
            "highlight_code": lru_cache(maxsize=256)(highlight),  # the runs of a sweep share their code
            "markdown_cell": _render_markdown,
            "markdown_output": _render_markdown_output,
            "html_output": render_html,
            "saved_tables": find_saved,
            "note_wordless": _note_wordless,
        },
        config=Config(NbConvertBase={"display_data_priority": list(_RICHEST)}, Exporter={"default_preprocessors": []}),
    )


def _note_wordless(fragment: str, cell: Any, resources: Any) -> str:
    """A cell's HTML as it is; if an image in it has no alternative text, the cell's first line is noted."""
    if any(not re.search(r'\salt="\s*[^"\s]', tag) for tag in re.findall(r"<img\b[^>]*>", fragment)):
        resources["wordless"].append(cell["source"].strip().partition("\n")[0])
    return fragment


# ---- Markdown and equations ---------------------------------------------------------------------------------------


class _PageRenderer(IPythonRenderer):
    """Markdown with equations as MathML, headings with addresses, and no images from elsewhere."""

    def inline_math(self, body: str) -> str:
        """An equation within a line."""
        return render_equation(body, display=False)

    def block_math(self, body: str) -> str:
        """An equation of its own."""
        return render_equation(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        """An equation written as a LaTeX environment."""
        return render_equation(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """An image within the page; of one that lies elsewhere only the words, since the page must not fetch it."""
        with suppress(InvalidNotebook):  # an attachment that isn't there
            tag = super().image(text, url, title)
            if 'src="data:' in tag:
                return tag
        return f"<em>{html.escape(html.unescape(text))}</em>"

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """A heading with an address."""
        plain = html.unescape(re.sub(r"<[^>]+>", "", text))
        address = re.sub(r"\W+", "-", plain.lower()).strip("-") or "part"
        return f'<h{level} id="{html.escape(address)}">{text}</h{level}>\n'


def _render_markdown(source: str, attachments: Mapping[str, Any]) -> str:
    """HTML of a Markdown cell."""
    renderer = _PageRenderer(escape=False, attachments=dict(attachments))
    return render_html(MarkdownWithMath(renderer=renderer).render(source), addressed=True)


def _render_markdown_output(source: str) -> str:
    """HTML of Markdown in an output: tags are text, since it may contain data, and headings are no sections."""
    return render_html(MarkdownWithMath(renderer=_PageRenderer(escape=True)).render(source))


def render_html(source: str, addressed: bool = False) -> str:
    """HTML from a cell as part of a page: cleaned, with its tables and equations in boxes that scroll."""
    return re.sub(
        _EQUATION, rf"{_EQUATION_BOX}\g<0></div>", render_tables(clean_html(source, addressed)), flags=re.DOTALL
    )


def render_equation(latex: str, display: bool) -> str:
    """MathML of a LaTeX equation, or its source if that can't be set."""
    latex = latex.strip()
    try:
        equation = Converter(display="block" if display else "inline").convert_to_element(latex)
    except Exception:  # noqa: BLE001  latex2mathml raises of many kinds, and a page must not fail for an equation
        return f"<code>{html.escape(latex)}</code>"
    for part in equation.iter():  # it writes signs as entities, and leaves tags in texts as they are
        part.text = html.unescape(part.text) if part.text else None
    equation.attrib = {"alttext": latex, **equation.attrib}
    return tostring(equation, encoding="unicode")
