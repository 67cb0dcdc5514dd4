"""An executed notebook as a page that stands alone: no request, no script, equations as MathML, code folded."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import pass_context
from nbconvert.exporters.templateexporter import TemplateExporter
from nbconvert.filters.highlight import Highlight2HTML
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from traitlets.config import Config

from helpers.project import RunError
from helpers.report.equations import set_equation, set_latex
from helpers.report.exhibits import embed_tables, find_saved, find_wordless, number_tables, set_html, set_tables
from helpers.report.frame import TEMPLATES, describe_frame, show_steering

STAND_IN = "run-whose-page-this-is"
SPOTS = ('"run": "{}"', 'run = \\"{}\\"', "outputs/{}/notebooks/")
"""Where the text of an executed notebook holds the name of its run, as papermill and `helpers.execution` write it."""
SHOWN = ("text/html", "text/markdown", "image/svg+xml", "text/latex", "image/png", "image/jpeg", "text/plain")


def describe_pages(notebooks: Iterable[Path]) -> list[dict[str, str]]:
    """Name, link, title and question of each notebook."""
    pages = []
    for path in notebooks:
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


def export_page(notebook: Path, folder: Path, pages: Sequence[Mapping[str, str]], place: int) -> str:
    """HTML of an executed notebook that stands at `place` of the `pages` of the run in `folder`.

    Raises
    ------
    RunError
        If an image in the notebook has no alternative text; the message names notebook and cell.
    """
    text = notebook.read_text(encoding="utf-8")
    for spot in SPOTS:
        text = text.replace(spot.format(folder.name), spot.format(STAND_IN))
    saved = frozenset(table.stem for table in (folder / "tables").glob("*.csv"))
    page = _set_page(text, tuple(tuple(page.items()) for page in pages), place, saved)
    name = show_steering(html.escape(folder.name))  # anyone may have renamed the folder
    return embed_tables(page.replace(STAND_IN, name), folder / "tables")


@lru_cache(maxsize=12)  # the runs of a sweep share most of their notebooks
def _set_page(text: str, described: tuple[tuple[tuple[str, str], ...], ...], place: int, saved: frozenset[str]) -> str:
    """HTML of the notebook with this `text`, with `STAND_IN` for the run's name and links to the `saved` tables."""
    content, pages = nbformat.reads(text, 4), [dict(page) for page in described]
    page, index = pages[place], {"href": "index.html", "title": "Index"}
    resources = {
        "metadata": {"name": page["name"]},
        "page": {
            **page,
            "before": pages[place - 1] if place else index,
            "after": pages[place + 1] if place + 1 < len(pages) else index,
            "run": STAND_IN,
            "frame": describe_frame(),
            "tables": saved,
            "injected": any("injected-parameters" in cell.metadata.get("tags", []) for cell in content.cells),
        },
    }
    return open_exporter().from_notebook_node(content, resources)[0]


@cache
def open_exporter() -> PageExporter:
    """The one exporter of this process, which has compiled its templates once."""
    return PageExporter()


class PageExporter(TemplateExporter):
    """nbconvert's exporter with our template, MathML, and a list of contents.

    Not its exporter of HTML, which parses each page once more for what our template has already.
    """

    file_extension, output_mimetype = ".html", "text/html"

    def __init__(self, **options: Any):
        super().__init__(
            template_name="page",
            extra_template_basedirs=[str(TEMPLATES)],
            extra_template_paths=[str(TEMPLATES)],
            **options,
        )

    @property
    def default_config(self) -> Any:
        """The richest form of an output that a page without scripts can show comes first.

        None of nbconvert's preprocessors is wanted, and after each one it would check the notebook again.
        """
        shown = {"display_data_priority": list(SHOWN)}
        return Config({"NbConvertBase": shown, "Exporter": {"default_preprocessors": []}})

    def default_filters(self) -> Iterator[tuple[str, Any]]:
        """Our own filters beside nbconvert's."""
        yield from super().default_filters()
        highlight = Highlight2HTML(pygments_lexer="ipython3", parent=self)
        yield "highlight_code", lru_cache(maxsize=256)(highlight)  # the runs of a sweep share their code
        yield "markdown2html", self.markdown2html
        yield "latex_output", set_latex
        yield "html_output", set_html
        yield "markdown_output", self.set_markdown_output
        yield "saved_tables", find_saved
        yield "require_words", self.require_words

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """HTML of a Markdown cell; its headings go into the list of contents."""
        cell = context.get("cell", {})
        renderer = PageRenderer(escape=False, attachments=cell.get("attachments", {}))
        renderer.contents = self._contents
        return set_tables(MarkdownWithMath(renderer=renderer).render(source))

    def set_markdown_output(self, source: str) -> str:
        """HTML of Markdown that a cell has put out: it may hold data, so tags in it are text."""
        renderer = PageRenderer(escape=True, allow_harmful_protocols=False)
        renderer.contents = []
        return set_tables(MarkdownWithMath(renderer=renderer).render(source))

    @pass_context
    def require_words(self, context: Any, fragment: str, cell: Any) -> str:
        """A cell's HTML as it is, if each image in it has an alternative text."""
        if find_wordless(fragment):
            name = context.get("resources", {}).get("metadata", {}).get("name", "")
            raise RunError(
                f"Notebook {name}, cell {cell.get('id', '')}: an image has no alternative text, and some readers can't "
                'see it. Save it with save_figure(name, figure, alt="What it shows.").'
            )
        return fragment

    def from_notebook_node(self, nb: Any, resources: Any = None, **options: Any) -> tuple[str, Any]:
        """The page of a notebook."""
        self._contents: list[tuple[int, str, str]] = []
        page, resources = super().from_notebook_node(nb, resources, **options)
        items = list_contents(self._contents)
        if items:
            page = page.replace("<!--contents-->", items, 1)
        else:
            page = re.sub(r'<details class="contents">.*?</details>', "", page, count=1, flags=re.DOTALL)
        return show_steering(number_tables(page)), resources


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

    def image(self, text: str, url: str, title: str | None = None) -> str:
        """An image within the page; of one that lies elsewhere only the words, since the page must not fetch it."""
        tag = super().image(text, url, title)
        return tag if 'src="data:' in tag else f"<em>{html.escape(html.unescape(text))}</em>"

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """A heading with an address of its own."""
        taken = {address for _, _, address in self.contents}
        plain = html.unescape(re.sub(r"<[^>]+>", "", text))
        address = re.sub(r"\W+", "-", plain.lower()).strip("-") or "part"
        while address in taken or address in ("content", "show-code"):
            address += "-again"
        self.contents.append((level, plain, address))
        return f'<h{level} id="{html.escape(address)}">{text}</h{level}>\n'


def list_contents(headings: list[tuple[int, str, str]]) -> str:
    """Items of the list of contents from headings of the second level."""
    return "".join(
        f'<li><a href="#{html.escape(address)}">{html.escape(text)}</a></li>'
        for level, text, address in headings
        if level == 2
    )
