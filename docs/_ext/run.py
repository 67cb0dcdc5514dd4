"""What the site has in addition to the pages of docs/: the README, the data, the docstrings, and what runs have made.

The pages of docs/ are written for GitHub. Tables and equations are set as on the pages of a run
(`adoption_curves.runs.pages`), so the site makes no request either.
"""

import json
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
from docutils import nodes
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from adoption_curves.runs.pages.cells import render_equation
from adoption_curves.runs.pages.cleaning import clean_html

QUESTIONS = {
    "02_growth": ("How fast does it grow?", "series.values.pct_change()"),
    "02_aligned": ("How fast did other technologies grow?", "indicators.list_shares(series, references)"),
    "02_countries": ("How high is use in other countries?", 'indicators.compare_entities(data, "generative AI")'),
    "03_profiles": ("Is there a saturation level?", "curves.assess_ceiling(series)"),
    "03_closing": (
        "How many values does an estimate need?",
        "curves.Logistic(series).fit().profile()",
    ),
    "03_residuals": ("Where does a curve not fit?", "curves.Logistic(series).fit().resid"),
    "05_forecast": ("How many people will use it?", "result.plot()"),
    "05_bands": ("How uncertain is the forecast?", "result.quantiles"),
    "05_path": ("What is the median made from?", "result.paths.mean()"),
    "05_hindcasts": ("What would earlier forecasts have said?", "forecast.hindcast(series)"),
    "04_calibration": (
        "How often do intervals contain the outcome?",
        "scores.check_intervals(scores.evaluate(forecast.backtest(references)))",
    ),
    "04_skill": ("Is it better than a simple method?", "forecast.backtest(references)"),
    "07_rates": ("Who uses it?", 'indicators.compute_rates(data, "genai_users", "China")'),
    "07_rulers": (
        "What do other sources report?",
        'indicators.list_measures(data, "genai_users", ["China", "EU27"])',
    ),
    "08_largest": ("How many in each economy?", "data.entities"),
    "06_register": ("Which forecasts are registered?", "register.read_register(data)"),
    "01_coverage": ("Which values have been published?", "indicators.list_series(data)"),
}
"""By chart of the default run: its question, and the line of Python that answers it. Other charts come last."""
GALLERY = """# The default run by question

Each chart is from the default run and leads to its notebook. The line below a chart gives its numbers, after these:

```python
from adoption_curves import curves, forecast, indicators
from adoption_curves.forecast import register, scores

data = indicators.load()
series = data.series("China", "genai_users", "internet_users")
references = data.references(exclude=series)
result = forecast.forecast(series)
```

[The page on Python](../python.md#what-if-the-limit-is-wrong) repeats the forecast with other limits.

::::{container} gallery
"""
FRONT = "05_forecast"
"""The chart of the first page, which has another drawing for narrow screens."""
PICTURE = f"""<picture>
<source media="(max-width: 36em)" srcset="_static/{FRONT}.narrow.svg">
<img src="_static/{FRONT}.svg" alt="\\1">
</picture>"""
CONTENTS = """
```{{toctree}}
:hidden:
:glob:
:caption: {caption}

{pages}
```
"""
RUN_PAGES = {"Look up": ["run/data", "run/outputs", "run/api/*"]}
"""Pages that are outside docs/ or made from docstrings, by heading of docs/index.md."""
DOCSTRINGS = {
    "curves": "Curves",
    "forecast": "Forecasts",
    "forecast.scores": "Scores of forecasts",
    "indicators": "Series and data",
    "show.figures": "Charts",
}
"""Packages and modules whose docstrings are pages."""


def bring_run(app):
    """Write ``run/`` anew: notebooks, charts and the gallery of ``outputs/baseline/``, and what is outside docs/."""
    project = app.srcdir.parent
    source, target = project / "outputs" / "baseline", app.srcdir / "run"
    if not (source / "run.json").is_file():
        raise ExtensionError("The site shows the default run, which does not exist. Make both: make docs")
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source / "figures", target / "figures", ignore=shutil.ignore_patterns("*.svg", "*.pdf", "*.csv"))
    (target / "front").mkdir()
    for form in ("svg", "narrow.svg"):
        shutil.copyfile(source / "figures" / f"{FRONT}.{form}", target / "front" / f"{FRONT}.{form}")
    app.config.html_static_path.append("run/front")
    drawn = {}
    for name, entry in json.loads((source / "run.json").read_text(encoding="utf-8"))["notebooks"].items():
        notebook = clean_notebook(nbformat.read(source / "notebooks" / f"{name}.ipynb", 4))
        nbformat.write(notebook, target / f"{name}.ipynb")
        drawn |= {figure: (name, caption["alt"]) for figure, caption in entry["figures"].items()}
    cards = [show_card(name, *drawn[name]) for name in (*QUESTIONS, *sorted(drawn.keys() - QUESTIONS)) if name in drawn]
    (target / "gallery.md").write_text("\n".join([GALLERY, *cards, "::::\n"]), encoding="utf-8")
    for name in ("data", "outputs"):
        text = (project / name / "README.md").read_text(encoding="utf-8")
        (target / f"{name}.md").write_text(text.replace("](../docs/", "](../"), encoding="utf-8")
    (target / "api").mkdir()
    for name, title in DOCSTRINGS.items():
        page = f"# {title}: `adoption_curves.{name}`\n\n```{{eval-rst}}\n.. automodule:: adoption_curves.{name}\n```\n"
        (target / "api" / f"{name.rpartition('.')[2]}.md").write_text(page, encoding="utf-8")


def show_card(name, notebook, alt):
    """A chart that leads to its notebook, with its question and line, or with what it shows."""
    question, line = QUESTIONS.get(name, (alt, ""))
    lines = [f":::{{figure}} figures/{name}.png", f":alt: {alt}", f":target: {notebook}.html", "", f"**{question}**"]
    return "\n".join([*lines, *(["", f"`{line}`"] if line else []), ":::\n"])


def adapt_page(app, docname, source):
    """Give a page of docs/ what only the site has, and let its links lead to pages of the site."""
    if docname.startswith("run/"):
        return
    text = source[0]
    if docname == "index":
        text = write_front((app.srcdir.parent / "README.md").read_text(encoding="utf-8"), text)
    if docname == "gallery":  # lists become cards, which have pictures
        text = re.sub(r"^!\[.*\n\n?", "", text, flags=re.MULTILINE)
        text = re.sub(r"(^- `.*\n(  .*\n)*)+", show_runs, text, flags=re.MULTILINE)
    text = re.sub(r"\]\((?:\.\./)?(data|outputs)/README\.md", r"](run/\1.md", text)
    source[0] = re.sub(r"\[([^]]*)\]\(try\.html\)", r'<a href="try.html">\1</a>', text)


def write_front(readme, index):
    """The README, then the table of contents from the headings and links of docs/index.md."""
    readme = re.sub(r'<picture>.*?alt="(.*?)".*?</picture>', PICTURE, readme, flags=re.DOTALL)
    sections = re.findall(r"^## (.*)\n((?:.*\n)+?)(?=## |\Z)", index, flags=re.MULTILINE)
    pages = {}
    for caption, links in sections:
        listed = re.findall(r"^- \[.*?\]\((?!\.\.)(.*?)\)", links, flags=re.MULTILINE)
        pages[caption] = [*listed, *RUN_PAGES.get(caption, [])]
    pages["The default run"] = ["run/gallery", "run/0*"]
    contents = [CONTENTS.format(caption=caption, pages="\n".join(each)) for caption, each in pages.items()]
    return readme.replace("](docs/", "](") + "".join(contents)


def show_runs(match):
    """The directive for the runs that a list names."""
    return "```{{runs}}\n{}\n```\n".format(" ".join(re.findall(r"^- `([\w-]+)`", match[0], flags=re.MULTILINE)))


def clean_notebook(notebook):
    """The notebook with plain tables, the alternative text of its images, and links to pages of the site.

    The cell that a run puts in is left out, because it repeats the defaults.
    """
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        cell.source = cell.source.replace("](../docs/", "](../")
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output.data["text/html"] = clean_html(html)
            if caption := output.get("metadata", {}).get("image/png"):
                cell.metadata["mystnb"] = {"image": {"alt": caption["alt"]}}
    return notebook


class Runs(SphinxDirective):
    """Runs of the gallery: the chart and the headline of each, both of which lead to its page."""

    has_content = True

    def run(self):
        """One card for each run."""
        cards = nodes.container(classes=["gallery"])
        for name in " ".join(self.content).split():
            source = Path(self.env.srcdir).parent / "outputs" / "gallery" / name
            if not (source / "run.json").is_file():
                raise ExtensionError(f"The gallery shows the run {name}, which does not exist. Make it: make docs")
            main = json.loads((source / "run.json").read_text(encoding="utf-8"))["main_figure"]
            picture = shutil.copyfile(source / "figures" / f"{main}.png", self.target / f"{name}.png").name
            headline = pd.read_csv(source / "tables" / "06_key_numbers.csv")["text"].iloc[0]
            page = f"gallery/{name}/index.html"
            shown = nodes.reference("", "", nodes.image(uri=f"run/series/{picture}", alt=headline), refuri=page)
            caption = nodes.caption("", "", nodes.reference("", headline, refuri=page))
            cards += nodes.figure("", shown, caption)
        return [cards]

    @property
    def target(self):
        """Folder of the pictures, which Sphinx expects among the pages."""
        folder = Path(self.env.srcdir) / "run" / "series"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def bring_pages(app, exception):
    """Copy the pages of the runs that the gallery shows into the site."""
    for picture in (app.srcdir / "run" / "series").glob("*.png"):
        pages = app.srcdir.parent / "outputs" / "gallery" / picture.stem / "html"
        shutil.copytree(pages, app.outdir / "gallery" / picture.stem, dirs_exist_ok=True)


def visit_math(writer, node):
    """Write an equation as MathML, a displayed one in a box that scrolls, as on the pages of a run."""
    equation = render_equation(node.astext(), display=isinstance(node, nodes.math_block))
    if "<math" not in equation:
        raise ExtensionError(f"This equation cannot be written as MathML: {node.astext()}")
    writer.body.append(equation)
    raise nodes.SkipNode


def open_to_keys(app, pagename, templatename, context, doctree):
    """Let keyboards scroll wide parts of a page, and give captions of the contents a level."""
    boxes = {
        "<pre>": '<pre tabindex="0">',
        '<div class="table-wrapper': '<div tabindex="0" role="group" aria-label="Table" class="table-wrapper',
        'role="heading"': 'role="heading" aria-level="2"',
    }
    for part in ("body", "furo_navigation_tree"):
        for found, put in boxes.items():
            context[part] = context.get(part, "").replace(found, put)


def setup(app):
    """Connect everything to Sphinx."""
    app.connect("builder-inited", bring_run)
    app.connect("source-read", adapt_page)
    app.add_directive("runs", Runs)
    app.connect("build-finished", bring_pages)
    app.connect("html-page-context", open_to_keys, priority=900)  # after the theme
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
