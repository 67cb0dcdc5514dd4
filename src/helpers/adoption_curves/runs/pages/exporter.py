"""A notebook's cells as the body of a page: no request, no script, equations as MathML, code folded.

The only module that knows nbconvert.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from functools import cache, lru_cache
from itertools import count
from typing import Any
from xml.etree.ElementTree import tostring

from latex2mathml.converter import Converter
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from .cleaning import clean_html
from .exhibits import BOX, find_saved, set_tables
from .frame import TEMPLATES, mark_file

SHOWN = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain")
"""Forms of an output that a page without scripts can show, the richest first."""
TAKEN = ("content", "pages", "show-code")
"""Addresses that the frame of a page has itself."""
MAX_OPEN = 20
"""Equations without an end in one text, each of which costs a look through all that follows."""
ENVIRONMENT = r"\{([a-z]*\*?)\}"
EQUATION = r'<math\b[^>]* display="block"[^>]*>.*?</math>'
EQUATION_BOX = '<div class="equation" tabindex="0" role="group" aria-label="Equation">'


def set_body(
    notebook: NotebookNode,
    tables: Collection[str] = (),
    figures: Sequence[str] = (),
    draw: Callable[[str, str], str] = lambda name, alt: "",
    list_forms: Callable[[str], Mapping[str, str]] | None = None,
) -> tuple[Markup, list[str]]:
    """HTML of a notebook's cells, with a link to each of the `tables` under the cell that saves it.

    Parameters
    ----------
    notebook : NotebookNode
    tables, figures : collection of str
        Names of the tables and figures that the run has; a picture by another name is one of nobody's.
    draw : callable
        Takes name and words of a figure, and returns the drawing that stands in for its image, or "".
    list_forms : callable, optional
        Takes the name, and returns the paths of what is offered below it by their form; without one, nothing is.

    Returns
    -------
    Markup and list of str
        The HTML, and the first lines of the cells with an image that has no alternative text.
    """
    raise_first(notebook)
    injected = any("injected-parameters" in cell.metadata.get("tags", []) for cell in notebook.cells)
    given = {"tables": tables, "figures": figures, "draw": draw, "list_forms": list_forms}
    body, resources = open_exporter().from_notebook_node(notebook, given | {"injected": injected, "wordless": []})
    taken, numbers = set(TAKEN), count(1)

    def set_address(found: re.Match[str]) -> str:
        address = found[2]
        while address in taken:
            address += "-again"
        taken.add(address)
        return f'{found[1]}{address}"'

    body = re.sub(r'(<h\d id=")([^"]*)"', set_address, body)
    body = re.sub(BOX, lambda _: BOX.replace("Table", f"Table {next(numbers)}"), body)  # software tells them apart
    return Markup(body), resources["wordless"]  # noqa: S704  the templates and filters here escape


def raise_first(notebook: NotebookNode) -> None:
    """Move the Markdown that a notebook's code displays under the mark ``first`` below its title, as a cell."""
    shown = [(cell, each) for cell in notebook.cells for each in cell.get("outputs", [])]
    first = [(cell, each) for cell, each in shown if each.get("metadata", {}).get("first")]
    first = [(cell, each) for cell, each in first if "text/markdown" in each.data]
    for cell, each in first:
        cell.outputs.remove(each)
    if said := "\n\n".join(each.data["text/markdown"] for _, each in first):
        notebook.cells.insert(1, NotebookNode(cell_type="markdown", id="first", metadata={}, source=said))


def list_sections(body: str) -> list[tuple[str, str]]:
    """Address and plain text of each heading of the second level."""
    found = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', body)
    return [(html.unescape(address), html.unescape(re.sub(r"<[^>]+>", "", text))) for address, text in found]


@cache
def open_exporter() -> TemplateExporter:
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
            "markdown_cell": set_markdown,
            "markdown_output": set_markdown_output,
            "html_output": set_html,
            "saved_tables": find_saved,
            "file": mark_file,
            "note_wordless": note_wordless,
        },
        config=Config(NbConvertBase={"display_data_priority": list(SHOWN)}, Exporter={"default_preprocessors": []}),
    )


def note_wordless(fragment: str, cell: Any, resources: Any) -> str:
    """A cell's HTML as it is; if an image in it has no alternative text, the cell's first line is noted."""
    if any(not re.search(r'\salt="\s*[^"\s]', tag) for tag in re.findall(r"<img\b[^>]*>", fragment)):
        resources["wordless"].append(cell["source"].strip().partition("\n")[0])
    return fragment


# ---- Markdown and equations ---------------------------------------------------------------------------------------


class PageRenderer(IPythonRenderer):
    """Markdown with equations as MathML, headings with addresses, and no images from elsewhere."""

    def inline_math(self, body: str) -> str:
        """An equation within a line."""
        return set_equation(body, display=False)

    def block_math(self, body: str) -> str:
        """An equation of its own."""
        return set_equation(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        """An equation written as a LaTeX environment."""
        return set_equation(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

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


def set_markdown(source: str, attachments: Mapping[str, Any]) -> str:
    """HTML of a Markdown cell."""
    renderer = PageRenderer(escape=False, attachments=dict(attachments))
    return set_html(MarkdownWithMath(renderer=renderer).render(close_equations(source)), addressed=True)


def set_markdown_output(source: str) -> str:
    """HTML of Markdown in an output: tags are text, since it may contain data, and headings are no sections."""
    return set_html(MarkdownWithMath(renderer=PageRenderer(escape=True)).render(close_equations(source)))


def close_equations(source: str) -> str:
    """Markdown in which the begins of many equations that never end are text: a parser would look for each end."""
    ends = {found[1] or found[2]: found.start() for found in re.finditer(rf"\\end{ENVIRONMENT}|\\\\([\])])", source)}
    begins = re.finditer(rf"\\(?=begin{ENVIRONMENT})|\\(?=\\([\[(]))", source)
    closing = {None: None, "[": "]", "(": ")"}
    never = [found.start() for found in begins if ends.get(closing[found[2]] or found[1], -1) < found.start()]
    if len(never) <= MAX_OPEN:
        return source
    cuts = zip([0, *(place + 1 for place in never)], [*never, len(source)], strict=True)
    return "&#92;".join(source[start:end] for start, end in cuts)


def set_html(source: str, addressed: bool = False) -> str:
    """HTML from a cell as part of a page: cleaned, with its tables and equations in boxes that scroll."""
    return re.sub(EQUATION, rf"{EQUATION_BOX}\g<0></div>", set_tables(clean_html(source, addressed)), flags=re.DOTALL)


def set_equation(latex: str, display: bool) -> str:
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
