"""An executed notebook as a page that stands alone: no request, no script, equations as MathML, code folded."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from latex2mathml.converter import convert
from nbconvert.exporters.html import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

TEMPLATES = Path(__file__).parent / "templates"


def describe_pages(folder: Path) -> list[dict[str, str]]:
    """Name, link, title and question of each executed notebook of the run in `folder`, in order."""
    pages = []
    for path in sorted((folder / "notebooks").glob("[0-9]*.ipynb")):
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        title, question = _read_opening(texts[0] if texts else "")
        pages.append(
            {"name": path.stem, "href": f"{path.stem}.html", "title": title or path.stem, "question": question}
        )
    return pages


def _read_opening(text: str) -> tuple[str, str]:
    """Heading and first paragraph of a notebook's first cell, as plain text."""
    title, _, rest = text.strip().partition("\n")
    paragraph = rest.strip().split("\n\n")[0]
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)|[*_`]{1,2}([^*_`]+)[*_`]{1,2}", r"\1\2", " ".join(paragraph.split()))
    return title.lstrip("# ").strip(), plain if not plain.startswith("#") else ""


def export_pages(folder: Path, pages: list[dict[str, str]]) -> Iterator[tuple[dict[str, str], str]]:
    """Each page with its HTML."""
    exporter = PageExporter()
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    for number, page in enumerate(pages):
        near = {
            "before": pages[number - 1] if number else {"href": "index.html", "title": "Index"},
            "after": pages[number + 1] if number + 1 < len(pages) else {"href": "index.html", "title": "Index"},
        }
        path = folder / "notebooks" / f"{page['name']}.ipynb"
        resources = {"metadata": {"path": str(path.parent), "name": page["name"]}}
        resources["page"] = {**page, **near, "run": folder.name, "style": style}
        yield page, exporter.from_notebook_node(nbformat.read(path, 4), resources)[0]


class PageExporter(HTMLExporter):
    """nbconvert's exporter with our template, MathML, and a list of contents."""

    def __init__(self, **options: Any):
        super().__init__(
            template_name="page",
            extra_template_basedirs=[str(TEMPLATES)],
            extra_template_paths=[str(TEMPLATES)],
            **options,
        )

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Our own filters beside nbconvert's."""
        yield from super().default_filters()
        yield "latex_output", set_latex
        yield "markdown_data", self.set_markdown_data

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """HTML of a Markdown cell; its headings go into the list of contents."""
        cell = context.get("cell", {})
        renderer = PageRenderer(escape=False, attachments=cell.get("attachments", {}))
        renderer.contents = self._contents
        return wrap_tables(MarkdownWithMath(renderer=renderer).render(source))

    def set_markdown_data(self, source: str) -> str:
        """HTML of Markdown that a cell has put out: it may hold data, so tags in it are text."""
        renderer = PageRenderer(escape=True, allow_harmful_protocols=False)
        renderer.contents = []
        return wrap_tables(MarkdownWithMath(renderer=renderer).render(source))

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """The page of a notebook."""
        self._contents: list[tuple[int, str, str]] = []
        page, resources = super().from_notebook_node(nb, resources, **options)
        page = page.replace("<!--contents-->", list_contents(self._contents), 1)
        return mend_tables(page), resources


class PageRenderer(IPythonRenderer):
    """Markdown with equations as MathML and headings that are noted in `contents`."""

    contents: list[tuple[int, str, str]]

    def inline_math(self, body: str) -> str:
        """An equation within a line."""
        return set_equation(body, display=False)

    def block_math(self, body: str) -> str:
        """An equation of its own."""
        return set_equation(body, display=True)

    def latex_environment(self, name: str, body: str) -> str:
        """An equation written as a LaTeX environment."""
        return set_equation(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """A heading with an address of its own."""
        taken = {address for _, _, address in self.contents}
        plain = html.unescape(re.sub(r"<[^>]+>", "", text))
        address = re.sub(r"\W+", "-", plain.lower()).strip("-") or "part"
        while address in taken or address == "content":
            address += "-again"
        self.contents.append((level, plain, address))
        return f'<h{level} id="{html.escape(address)}">{text}</h{level}>\n'


def set_equation(latex: str, display: bool) -> str:
    """MathML of a LaTeX equation; what can't be set stands as it was written."""
    latex = latex.strip()
    try:
        equation = convert(latex, display="block" if display else "inline")
    except Exception:  # latex2mathml raises of many kinds, and a page must not fail for an equation
        return f"<code>{html.escape(latex)}</code>"
    return equation.replace("<math ", f'<math alttext="{html.escape(latex, quote=True)}" ', 1)


def set_latex(source: str) -> str:
    """MathML of a cell's LaTeX output."""
    source = source.strip()
    for mark, end, display in (("$$", "$$", True), (r"\[", r"\]", True), ("$", "$", False), (r"\(", r"\)", False)):
        if source.startswith(mark) and source.endswith(end) and len(source) > len(mark) + len(end):
            return set_equation(source[len(mark) : -len(end)], display)
    return f"<pre>{html.escape(source)}</pre>"


def list_contents(headings: list[tuple[int, str, str]]) -> str:
    """List of contents from headings of the second and third level."""
    items = [
        f'<li class="level{level}"><a href="#{html.escape(address)}">{html.escape(text)}</a></li>'
        for level, text, address in headings
        if level in (2, 3)
    ]
    if len(items) < 2:
        return "<div></div>"
    return f'<nav class="contents" aria-label="Contents"><p>Contents</p><ol>{"".join(items)}</ol></nav>'


def wrap_tables(text: str) -> str:
    """Markdown's tables within boxes that scroll."""
    box = '<div class="scroll" tabindex="0" role="region" aria-label="Table"><table'
    return text.replace("<table", box).replace("</table>", "</table></div>")


def mend_tables(page: str) -> str:
    """Tables as readers' software wants them: numbered, no empty headings, headings with scope, dates unbroken."""
    numbers = count(1)
    page = re.sub('aria-label="Table"', lambda _: f'aria-label="Table {next(numbers)}"', page)
    page = re.sub(r">\s*(\d{4}-\d\d-\d\d)\s*</td>", r'><span class="date">\1</span></td>', page)
    page = re.sub(r"<th\b[^>]*>(?:\s|&nbsp;)*</th>", "<td></td>", page)
    return re.sub(
        r"<thead>.*?</thead>",
        lambda head: re.sub(r"<th(?![a-z])(?![^>]*scope)", '<th scope="col"', head.group()),
        page,
        flags=re.DOTALL,
    )
