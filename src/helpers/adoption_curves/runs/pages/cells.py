"""A notebook's cells as the body of a page: nbconvert's own, with equations as MathML, folded code and cleaned HTML.

The only module that knows nbconvert.
"""

from __future__ import annotations

import html
import re
from contextlib import suppress
from functools import cache, lru_cache, partial
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import tostring

from jinja2 import pass_context
from latex2mathml.converter import Converter
from markupsafe import Markup
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.ansi import strip_ansi
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import InvalidNotebook, IPythonRenderer, MarkdownWithMath
from nbformat import NotebookNode
from traitlets.config import Config

from .cleaning import PAGE_IDS, clean_html
from .frame import TEMPLATES, list_chart_files, render_chart

# Formats of an output that a page without scripts can show, in order of preference.
_RICHEST = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain")


def render_body(notebook: NotebookNode, folder: Path | None = None) -> tuple[Markup, list[str]]:
    """HTML of a notebook's cells.

    Parameters
    ----------
    notebook : NotebookNode
    folder : Path, optional
        Folder of its run, whose charts are shown as SVG instead of PNG.

    Returns
    -------
    Markup and list of str
        The HTML, and the first lines of the cells with an image that has no alternative text.
    """
    resources: dict[str, Any] = {"should_sanitize_html": True, "wordless": []}
    if folder:
        resources |= {"chart": partial(render_chart, folder), "chart_files": partial(list_chart_files, folder)}
    body, resources = _open_exporter().from_notebook_node(notebook, resources)
    body = re.sub(r'<div id="cell-id=[^"]*"', "<div", body)  # papermill's are random
    ids = set(PAGE_IDS)

    def number(heading: re.Match[str]) -> str:
        address = heading[2]
        while address in ids:
            address += "-again"
        ids.add(address)
        return f'{heading[1]}{address}"'

    return Markup(re.sub(r'(<h\d id=")([^"]*)"', number, body)), resources["wordless"]  # noqa: S704  cleaned


@cache
def _open_exporter() -> TemplateExporter:
    """Exporter of nbconvert with our template and filters; its templates are compiled once.

    nbconvert's own exporter of HTML would parse each page once more, and check the notebook again after each
    preprocessor, none of which we need.
    """
    return TemplateExporter(
        template_name="classic",
        template_file=str(TEMPLATES / "cells.html.j2"),  # by its name alone, one in the working directory would do
        filters={
            "highlight_code": lru_cache(maxsize=256)(Highlight2HTML(pygments_lexer="ipython3")),
            "markdown2html": _render_markdown,
            "clean_html": clean_html,
            "ansi2html": lambda text: html.escape(strip_ansi(text)),
            "note_wordless": _note_wordless,
        },
        config=Config(NbConvertBase={"display_data_priority": list(_RICHEST)}, Exporter={"default_preprocessors": []}),
    )


def _note_wordless(fragment: str, cell: Any, wordless: list[str]) -> str:
    """HTML of a cell, unchanged; if an image in it has no alternative text, the cell's first line is listed."""
    if any(not re.search(r'\salt="\s*[^"\s]', tag) for tag in re.findall(r"<img\b[^>]*>", fragment)):
        wordless.append(cell["source"].strip().partition("\n")[0])
    return fragment


# ---- Markdown and equations ---------------------------------------------------------------------------------------


class _PageRenderer(IPythonRenderer):
    """Markdown with equations as MathML, headings with addresses, and no images from elsewhere."""

    def inline_math(self, body: str) -> str:
        """An equation within a line."""
        return render_equation(body, display=False)

    def block_math(self, body: str) -> str:
        """An equation in a paragraph of its own."""
        return render_equation(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        """An equation written as a LaTeX environment."""
        return render_equation(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """An image that is part of the page; for any other its alternative text, because the page makes no request."""
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


@pass_context
def _render_markdown(context: Any, source: str) -> str:
    """HTML of Markdown; in an output, tags are escaped, because they may come from the data."""
    renderer = _PageRenderer(escape="output" in context, attachments=context["cell"].get("attachments", {}))
    return MarkdownWithMath(renderer=renderer).render(source)


def render_equation(latex: str, display: bool) -> str:
    """MathML of a LaTeX equation, one of its own in a box that scrolls, or its source if that can't be set."""
    latex = latex.strip()
    try:
        equation = Converter(display="block" if display else "inline").convert_to_element(latex)
    except Exception:  # noqa: BLE001  latex2mathml raises of many kinds, and a page must not fail for an equation
        return f"<code>{html.escape(latex)}</code>"
    for part in equation.iter():  # it writes signs as entities, and leaves tags in texts as they are
        part.text = html.unescape(part.text) if part.text else None
    equation.attrib = {"alttext": latex, **equation.attrib}
    text = tostring(equation, encoding="unicode")
    box = '<div class="equation" tabindex="0" role="group" aria-label="Equation">'
    return f"{box}{text}</div>" if display else text
