"""What the site takes from runs: notebooks and figures of the default one by question, and the pages of the gallery.

Tables and equations are set as on the pages of a run (`adoption_curves.runs.pages`), so the site makes no
request either.
"""

import json
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
    "02_aligned": ("How fast, beside others?", "indicators.list_shares(series, references)"),
    "02_countries": ("Where do others stand?", 'indicators.compare_entities(data, "generative AI")'),
    "03_profiles": ("Is there a saturation level?", "curves.assess_ceiling(series)"),
    "03_closing": (
        "How many figures does it take?",
        "curves.Logistic(series).fit().profile()",
    ),
    "03_residuals": ("What does a curve miss?", "curves.Logistic(series).fit().resid"),
    "05_forecast": ("Where is it going?", "result.plot()"),
    "05_bands": ("How sure is that?", "result.quantiles"),
    "05_path": ("How does it come about?", "result.paths.mean()"),
    "05_hindcasts": ("What was said before?", "forecast.hindcast(series)"),
    "04_calibration": ("Do the bands hold?", "scores.check_intervals(scores.evaluate(forecast.backtest(references)))"),
    "04_skill": ("Is it better than a rule of thumb?", "forecast.backtest(references)"),
    "07_rates": ("Who uses it?", 'indicators.compute_rates(data, "genai_users", "China")'),
    "07_rulers": ("How else is use measured?", 'indicators.list_measures(data, "genai_users", ["China", "EU27"])'),
    "08_largest": ("How many in each economy?", "data.entities"),
    "06_register": ("What is registered?", "register.read_register(data)"),
    "01_coverage": ("Which figures are there?", "indicators.list_series(data)"),
}
"""By figure of the default run: its question, and the line of Python that answers it. Other figures come last."""
GALLERY = """# The default run by question

Each picture is of the default run and leads to its notebook. The line below it gives the numbers, after these:

```python
from adoption_curves import curves, forecast, indicators
from adoption_curves.forecast import register, scores

data = indicators.load()
series = data.series("China", "genai_users", "internet_users")
references = data.references(exclude=series)
result = forecast.forecast(series)
```

What if the limit is wrong? [The page on Python draws that](../python.md#what-if-the-limit-is-wrong).

::::{container} gallery
"""
FRONT = "05_forecast"
"""The figure of the first page, which has a drawing of its own for narrow screens."""


def bring_run(app):
    """Write ``run/`` beside the pages, anew: notebooks, figures and the gallery of ``outputs/baseline/``."""
    source, target = app.srcdir.parent / "outputs" / "baseline", app.srcdir / "run"
    if not (source / "run.json").is_file():
        raise ExtensionError("The site shows the default run, which is not there. Make both: make docs")
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
        drawn |= {figure: (name, told["alt"]) for figure, told in entry["figures"].items()}
    cards = [show_card(name, *drawn[name]) for name in (*QUESTIONS, *sorted(drawn.keys() - QUESTIONS)) if name in drawn]
    (target / "gallery.md").write_text("\n".join([GALLERY, *cards, "::::\n"]), encoding="utf-8")


def show_card(name, notebook, told):
    """A figure that leads to its notebook, with its question and line, or with what it shows."""
    question, line = QUESTIONS.get(name, (told, ""))
    lines = [f":::{{figure}} figures/{name}.png", f":alt: {told}", f":target: {notebook}.html", "", f"**{question}**"]
    return "\n".join([*lines, *(["", f"`{line}`"] if line else []), ":::\n"])


def clean_notebook(notebook):
    """The notebook with tables without styles of their own, and images with the words that the run gave them.

    The cell that a run puts in repeats the defaults.
    """
    notebook.cells = [cell for cell in notebook.cells if "injected-parameters" not in cell.metadata.get("tags", [])]
    for cell in notebook.cells:
        cell.metadata = {"tags": cell.metadata.get("tags", [])}
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output.data["text/html"] = clean_html(html)
            if told := output.get("metadata", {}).get("image/png"):
                cell.metadata["mystnb"] = {"image": {"alt": told["alt"]}}
    return notebook


class Runs(SphinxDirective):
    """Runs of the gallery: of each a picture and its headline, both of which lead to its page."""

    has_content = True

    def run(self):
        """One card a run."""
        cards = nodes.container(classes=["gallery"])
        for name in " ".join(self.content).split():
            source = Path(self.env.srcdir).parent / "outputs" / "gallery" / name
            if not (source / "run.json").is_file():
                raise ExtensionError(f"The gallery shows the run {name}, which is not there. Make it: make docs")
            main = json.loads((source / "run.json").read_text(encoding="utf-8"))["main_figure"]
            picture = shutil.copyfile(source / "figures" / f"{main}.png", self.target / f"{name}.png").name
            headline = pd.read_csv(source / "tables" / "06_key_numbers.csv")["text"].iloc[0]
            page = f"gallery/{name}/index.html"
            shown = nodes.reference("", "", nodes.image(uri=f"run/series/{picture}", alt=headline), refuri=page)
            told = nodes.caption("", "", nodes.reference("", headline, refuri=page))
            cards += nodes.figure("", shown, told)
        return [cards]

    @property
    def target(self):
        """Folder of the pictures, which Sphinx takes from beside the pages."""
        folder = Path(self.env.srcdir) / "run" / "series"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def bring_pages(app, exception):
    """Put the pages of the runs that the gallery shows beside those of the site."""
    for picture in (app.srcdir / "run" / "series").glob("*.png"):
        pages = app.srcdir.parent / "outputs" / "gallery" / picture.stem / "html"
        shutil.copytree(pages, app.outdir / "gallery" / picture.stem, dirs_exist_ok=True)


def visit_math(writer, node):
    """Put an equation in as MathML, one of its own in a box that scrolls, as on the pages of a run."""
    equation = render_equation(node.astext(), display=isinstance(node, nodes.math_block))
    if "<math" not in equation:
        raise ExtensionError(f"An equation can't be set as MathML: {node.astext()}")
    writer.body.append(equation)
    raise nodes.SkipNode


def open_to_keys(app, pagename, templatename, context, doctree):
    """Page that keyboards can scroll where it is wide, with levels of captions for software."""
    boxes = {
        "<pre>": '<pre tabindex="0">',
        '<div class="table-wrapper': '<div tabindex="0" role="group" aria-label="Table" class="table-wrapper',
        'role="heading"': 'role="heading" aria-level="2"',
    }
    for part in ("body", "furo_navigation_tree"):
        for found, put in boxes.items():
            context[part] = context.get(part, "").replace(found, put)


def setup(app):
    """Connect all to Sphinx."""
    app.connect("builder-inited", bring_run)
    app.add_directive("runs", Runs)
    app.connect("build-finished", bring_pages)
    app.connect("html-page-context", open_to_keys, priority=900)  # after the theme
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
