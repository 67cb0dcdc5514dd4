"""The pages in a real browser: they fit their window, have no barrier, and fetch and run nothing.

Screenshots of every page go to pytest's temporary folder, or to the one that the variable ADOPTION_SCREENSHOTS names.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from conftest import ROOT, write_again
from hostile import ATTACKS, plant
from reports import make

from adoption_curves.runs.compare import compare_runs

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

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


def fit(visit, path, folder):
    """The page in its last window, after it and its pictures have fitted each."""
    folder = Path(os.environ.get("ADOPTION_SCREENSHOTS") or folder)
    for width in WIDTHS:
        page = visit(path, width)
        page.screenshot(path=folder / f"{path.parent.name}-{path.stem}-{width}.png", full_page=True)
        assert overflow(page) == 0
        assert all(page.locator("img").evaluate_all("found => found.map(each => each.naturalWidth)"))
    return page


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


@pytest.mark.parametrize("name", ["index", "05_forecast_adoption"])
def test_a_page_of_a_run_fits_its_window_and_has_no_barrier(whole_run, visit, tmp_path, name):
    page = fit(visit, whole_run / "html" / f"{name}.html", tmp_path)
    narrow = page.locator("picture").first
    assert narrow.evaluate("each => each.lastChild.currentSrc === each.firstElementChild.srcset"), "its narrow drawing"
    if name == "05_forecast_adoption":
        page.get_by_role("switch").check()  # code has colours to be judged
    judge(page)


def test_a_comparison_fits_its_window_and_has_no_barrier(outputs, visit, tmp_path):
    for name, entity in (
        ("one", "Saint Vincent and the Grenadines"),
        ("two", "Korea (Democratic People's Republic of)"),
    ):
        make(outputs, name, entity=entity)
    shown = fit(visit, compare_runs(["one", "two"])[0] / "index.html", tmp_path)
    assert shown.locator("figure img").is_visible()
    judge(shown)


def test_the_page_to_try_fits_its_window_and_has_no_barrier(visit, tmp_path):
    page = fit(visit, ROOT / "docs" / "try.html", tmp_path)
    judge(page)
    page.fill("#values", "2021 1,5")
    assert page.inner_text("#wrong").startswith("The value in line 1 is “1,5”")
    assert not page.is_visible("#result")


def test_hostile_data_are_text(small_run, visit, tmp_path):
    folder = shutil.copytree(small_run, tmp_path / '"><script>window.owned=1<script> \u202e&amp;')
    plant(folder, "\n\n".join(ATTACKS))
    write_again(folder)
    for path in sorted((folder / "html").glob("*.html")):
        page = visit(path, 390)
        assert page.evaluate("window.owned") is None, path.name
        assert page.url == path.as_uri(), "nobody was sent elsewhere"
        assert overflow(page) == 0, path.name
