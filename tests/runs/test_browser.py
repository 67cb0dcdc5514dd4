"""The pages in a real browser: they fit their window, have no barrier, and fetch and run nothing.

Screenshots of every page go to pytest's temporary folder, or to the one that the variable ADOPTION_SCREENSHOTS names.
"""

import json
import os
import re
import shutil
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from adoption_curves.runs.pages import render_executed, write_pages
from adoption_curves.runs.record import read_run

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

NAMES = ("index", "05_forecast_adoption")  # the other pages are of the same kinds
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
WIDTHS = (1280, 390)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield opened
        opened.close()


@pytest.fixture
def complaints():
    """What pages asked for or complained of in a test: nothing."""
    heard = []
    yield heard
    assert not heard


@pytest.fixture
def visit(browser, complaints):
    """Opens a page in a fresh window."""
    contexts = []

    def listen(page):
        page.on("request", lambda request: re.match("file:|data:", request.url) or complaints.append(request.url))
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(dialog.message))

    def visit(path, width=1280, **options):
        context = browser.new_context(viewport={"width": width, "height": 900}, **options)
        context.route(re.compile("^https?:"), lambda route: route.abort())
        context.on("page", listen)
        contexts.append(context)
        page = context.new_page()
        page.goto(path.as_uri())
        return page

    yield visit
    for context in contexts:
        context.close()


def overflow(page):
    """By how many pixels the page is wider than its window."""
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")


def fit(visit, path, folder, widths=WIDTHS):
    """The page in its last window, after it has fitted each with all of its pictures."""
    folder = Path(os.environ.get("ADOPTION_SCREENSHOTS") or folder)
    for width in widths:
        page = visit(path, width)
        page.screenshot(path=folder / f"{path.parent.name}-{path.stem}-{width}.png", full_page=True)
        assert overflow(page) == 0
        assert all(page.locator("img").evaluate_all("found => found.map(each => each.naturalWidth)"))
    return page


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_its_window_and_has_no_barrier(whole_run, visit, tmp_path, name):
    page = fit(visit, whole_run / "html" / f"{name}.html", tmp_path)
    if name != "index":
        page.get_by_role("switch").check()  # code has colours to be judged
    judge(page)


@pytest.mark.parametrize("name", ["comparison", "sweep"])
def test_a_report_and_its_figure_fit_their_window_and_have_no_barrier(reports, visit, tmp_path, name):
    for path in (reports[name] / "index.html", reports[name] / "comparison.html"):
        page = fit(visit, path, tmp_path)
        assert page.locator(".narrow.chart").is_visible()
        judge(page)


def test_a_figure_alone_fits_and_has_no_barrier(whole_run, visit, tmp_path):
    page = fit(visit, whole_run / "html" / "charts" / "05_forecast.html", tmp_path, (*WIDTHS, 320))
    page.locator(".embed > summary").click()
    assert page.locator(".embed pre").inner_text().startswith('<iframe src="05_forecast.html"')
    judge(page)


def judge(page):
    """Nothing serious that axe finds, in light and dark."""
    axe = pytest.importorskip("axe_playwright_python", reason="needs axe: pip install axe-playwright-python")
    page.evaluate((Path(axe.__file__).parent / "axe.min.js").read_text(encoding="utf-8"))
    for scheme, rules in (("light", {}), ("dark", {"runOnly": ["color-contrast"]})):
        page.emulate_media(color_scheme=scheme)
        found = page.evaluate(
            "options => axe.run(document, {...options, resultTypes: ['violations'], preload: false})", rules
        )
        assert found["passes"], "axe has judged nothing"
        serious = [each for each in found["violations"] if each["impact"] in ("serious", "critical")]
        assert not serious, [(each["id"], each["nodes"][0]["html"][:200]) for each in serious]


def test_the_index_opens_from_an_empty_folder(whole_run, visit, tmp_path):
    alone = shutil.copy(whole_run / "html" / "index.html", tmp_path / "sent.html")
    page = fit(visit, alone, tmp_path)
    assert page.locator(".image .chart").count() == 2, "one figure, for a wide page and a narrow one"
    with page.expect_download() as given:
        page.locator("a[download='06_key_numbers.csv']").first.click()
    assert len(pd.read_csv(given.value.path())) >= 3


# ---- hostile content ----------------------------------------------------------------------------------------------

CELL = (
    '<meta http-equiv="refresh" content="0; url=about:blank#elsewhere"><script>window.owned=1</script>'
    "[l](javascript:window.owned=1) $$\\href{javascript:window.owned=1}{x} \\text{<script>window.owned=1</script>}$$"
)
ATTACK = (
    '<img src=x onerror="window.owned=1"><script>window.owned=1</script>"\'><svg onload="window.owned=1">'
    "</title></style><iframe src=https://evil.example></iframe>{{ 7*7 }} **b** [l](javascript:window.owned=1) "
    "![i](https://evil.example/i.png) $\\unknown{1}$ \x1b[31mred\x1b[38;5;9m \u202ereversed\u2066 =1+1 " + "w" * 300
)


def write_hostile(folder):
    """Put the attack in place of every text that a run takes from data."""
    for path in folder.glob("tables/06_*.csv"):
        frame = pd.read_csv(path, dtype=str, keep_default_na=False)
        frame[frame.select_dtypes(exclude="number").columns] = ATTACK
        frame.to_csv(path, index=False)
    for path in folder.glob("notebooks/*.json"):
        record = json.loads(path.read_text())
        for figure in record["figures"].values():
            figure["alt"] = ATTACK
        path.write_text(json.dumps(record))
    record = json.loads((folder / "run.json").read_text())
    record["subject"] = dict.fromkeys(record["subject"], ATTACK)
    seen = re.sub("[\x1b\u202e\u2066]", "", ATTACK)  # a record with other parameters than a run can have is refused
    record["parameters"] |= dict.fromkeys(("entity", "indicator", "bound"), seen)
    record["sources"] = [
        {**source, **dict.fromkeys(("title", "publisher", "licence"), ATTACK)} for source in record["sources"]
    ]
    record["sources"][0]["url"] = "javascript:window.owned=1"
    (folder / "run.json").write_text(json.dumps(record))
    for path in folder.glob("notebooks/*.ipynb"):
        notebook = nbformat.read(path, 4)
        outputs = [nbformat.v4.new_output("display_data", {kind: ATTACK}) for kind in ("text/html", "text/plain")]
        outputs += [nbformat.v4.new_output("display_data", {kind: ATTACK}) for kind in ("text/markdown", "text/latex")]
        outputs += [nbformat.v4.new_output("stream", name=name, text=ATTACK) for name in ("stdout", "stderr")]
        outputs += [nbformat.v4.new_output("error", ename=ATTACK, evalue=ATTACK, traceback=[ATTACK])]
        notebook.cells[-1]["outputs"] = outputs
        notebook.cells[0]["source"] += f"\n\n{ATTACK}\n\n{CELL}"
        notebook.cells[2]["source"] = f"entity = {ATTACK!r}"
        nbformat.write(notebook, path)
    return folder


def test_hostile_data_are_text(small_run, visit, tmp_path):
    folder = write_hostile(shutil.copytree(small_run, tmp_path / '"><script>window.owned=1<script> \u202e&amp;'))
    record = read_run(folder)
    write_pages(
        folder, record, {name: render_executed(folder, name, entry) for name, entry in record.notebooks.items()}
    )
    for path in sorted((folder / "html").glob("*.html")):
        page = visit(path, 390)
        assert page.evaluate("window.owned") is None, path.name
        assert page.locator("script, iframe, svg:not(.chart), [onerror], [onload], [style]").count() == 0, path.name
        assert page.locator("[href^='javascript'], main meta").count() == 0, path.name
        assert page.url == path.as_uri(), "nobody was sent elsewhere"
        assert overflow(page) == 0, path.name
        text = page.locator("main").inner_text()
        assert "onerror" in text, path.name
        assert "7*7" in text, path.name
        assert not re.search("[\x1b\u202e\u2066]", page.content()), path.name
