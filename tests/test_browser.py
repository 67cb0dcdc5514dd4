"""The pages in a real browser: nothing is fetched, nothing runs, and all can be read, opened, printed and taken along.

Screenshots of every page go to pytest's temporary folder, or to the one that the variable ADOPTION_SCREENSHOTS names.
"""

import json
import os
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import nbformat
import pandas as pd
import pytest
from conftest import further

from helpers.runs.pages import write_pages
from helpers.runs.pages.single import write_single

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium: apt-get install chromium")
playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")

NAMES = ["index", *(path.stem for path in sorted((Path(__file__).parents[1] / "notebooks").glob("0*.ipynb")))]
FIRST = ("index", "05_forecast_adoption")  # the other pages are of the same kinds
SOME = [name if name in FIRST else further(name) for name in NAMES]
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


@pytest.mark.parametrize("name", SOME)
def test_a_page_fits_its_window_and_has_no_barrier(whole_run, visit, tmp_path, name):
    page = fit(visit, whole_run / "html" / f"{name}.html", tmp_path)
    if name != "index":
        page.get_by_role("switch").check()  # code has colours to be judged
    judge(page)


@pytest.mark.parametrize("name", ["comparison", "sweep"])
def test_a_report_and_its_figure_fit_their_window_and_have_no_barrier(reports, visit, tmp_path, name):
    for path in (reports[name] / "index.html", reports[name] / f"{name}.html"):
        page = fit(visit, path, tmp_path)
        assert page.locator(".narrow.chart").is_visible()
        judge(page)


def test_a_sweep_over_countries_can_be_read_on_a_telephone(reports, visit):
    page = visit(reports["sweep"] / "index.html", 390)
    assert least_letters(page, ".narrow.chart text") > 8
    assert least_letters(page, "td") > 12
    for name in ("run", "forecast"):
        assert page.get_by_role("columnheader", name=name).first.bounding_box()["x"] < 390


def least_letters(page, selector):
    """Pixels of the smallest letters of what is found on a page."""
    return min(
        page.locator(selector).evaluate_all(
            "found => found.map(each => parseFloat(getComputedStyle(each).fontSize) * (each.getScreenCTM?.().a ?? 1))"
        )
    )


CHARTS = ["05_forecast", *map(further, ("01_coverage", "02_countries", "03_residuals", "04_calibration"))]


@pytest.mark.parametrize("name", CHARTS)
def test_a_figure_alone_fits_and_has_no_barrier(whole_run, visit, tmp_path, name):
    page = fit(visit, whole_run / "html" / "charts" / f"{name}.html", tmp_path, (*WIDTHS, 320))
    page.locator(".embed > summary").click()
    assert page.locator(".embed pre").inner_text().startswith(f'<iframe src="{name}.html"')
    judge(page)


FOREIGN = (
    '<!DOCTYPE html><html lang="en"><head><title>A newspaper</title></head><body style="margin:0"><h1>News</h1>{}'
    "<p>And on.</p></body></html>"
)


@pytest.mark.parametrize("width", [320, 700, 1200])
def test_a_figure_in_a_foreign_page_takes_the_width_that_it_is_given(whole_run, small_run, visit, tmp_path, width):
    folder = Path(os.environ.get("ADOPTION_SCREENSHOTS") or tmp_path)
    name = "05_forecast"
    for run, narrow in ((whole_run, width < 576), (small_run, False)):  # the second has no drawing for telephones
        chart = shutil.copy(run / "html" / "charts" / f"{name}.html", tmp_path)
        line = visit(Path(chart)).locator(".embed pre").text_content()
        (tmp_path / "news.html").write_text(FOREIGN.format(line))
        page = visit(tmp_path / "news.html", width)
        page.locator("iframe").scroll_into_view_if_needed()
        [_, frame] = page.frames
        frame.wait_for_selector(".chart >> visible=true")
        page.screenshot(path=folder / f"foreign-{run.name}-{width}.png", full_page=True)
        form = "narrow" if narrow else "wide"
        box = frame.locator(f".{form}.chart").bounding_box()
        assert width * 0.7 < box["width"] <= width
        for side in ("Width", "Height"):
            assert frame.evaluate(f"document.documentElement.scroll{side} - document.documentElement.client{side}") <= 0
        assert frame.locator("figcaption").evaluate("each => each.getBoundingClientRect().bottom <= innerHeight")


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


@pytest.fixture(scope="module")
def single(whole_run, tmp_path_factory):
    """All pages of the run in one file, alone in a folder as one that was sent is."""
    copy = shutil.copytree(whole_run, tmp_path_factory.mktemp("sent") / "small")
    return write_single(copy).rename(copy.parent / "alone.html")


@pytest.mark.slow
def test_the_single_file_reads_alone_and_has_no_barrier(single, visit, tmp_path):
    page = fit(visit, single, tmp_path)
    judge(page)
    page.locator("a[href='#05_forecast_adoption']").first.click()
    assert page.locator("section[id='05_forecast_adoption'] h1").is_visible()
    with page.expect_download() as given:
        page.locator("a[download='06_findings.csv']").first.click()
    assert len(pd.read_csv(given.value.path())) >= 3


def test_dark_is_dark_and_charts_follow(whole_run, visit):
    page = visit(whole_run / "html" / "index.html")
    brightness = {}
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        paper = page.locator("body").first.evaluate("each => getComputedStyle(each).backgroundColor")
        picture = page.locator("main img").first.evaluate("each => getComputedStyle(each).filter")
        assert ("invert" in picture) == (scheme == "dark")
        brightness[scheme] = sum(map(int, re.findall(r"\d+", paper)))
    assert brightness["light"] > 700
    assert brightness["dark"] < 100


@pytest.mark.parametrize("scripts", [True, False])
def test_code_is_folded_and_one_switch_opens_it(whole_run, visit, scripts):
    page = visit(whole_run / "html" / "05_forecast_adoption.html", java_script_enabled=scripts)
    folds, code = page.locator(".code:not([open])"), page.locator(".code:not([open]) .highlight")
    assert folds.count() > 5
    assert page.locator(".code[open] .highlight").is_visible()
    assert "Parameters of this run" in page.locator(".code[open]").inner_text()

    def count_visible():
        return sum(each.is_visible() for each in code.all())

    assert count_visible() == 0
    page.get_by_role("switch").focus()
    page.keyboard.press("Space")
    assert count_visible() == folds.count()
    page.keyboard.press("Space")
    assert count_visible() == 0
    page.locator(".code:not([open]) > summary").last.focus()
    page.keyboard.press("Enter")
    assert page.locator(".code").last.locator(".highlight").is_visible()
    page.get_by_role("switch").check()
    page.reload()
    assert not page.get_by_role("switch").is_checked()
    assert count_visible() == 0


def test_contents_stand_beside_the_text_where_there_is_room(whole_run, visit):
    wide, narrow = (visit(whole_run / "html" / "04_compare_curves.html", width) for width in WIDTHS)
    assert wide.locator(".contents a").first.is_visible()
    assert not narrow.locator(".contents a").first.is_visible()
    narrow.locator(".contents summary").click()
    narrow.locator(".contents a").last.click()
    address = narrow.url.split("#")[1]
    assert narrow.locator(f"h2[id='{address}']").evaluate("each => each.getBoundingClientRect().top") < 900


@pytest.mark.parametrize("name", SOME)
def test_tables_and_figures_can_be_taken_along(whole_run, visit, tmp_path, name):
    alone = shutil.copy(whole_run / "html" / f"{name}.html", tmp_path)  # as the page that someone was sent
    page = visit(Path(alone))
    links = page.locator("a[download]:not(.beside)")
    assert links.count()
    for place, link in enumerate(links.all()):
        if place % 10 == 9:
            page.reload()  # Chromium asks before an eleventh download
        with page.expect_download() as download:
            link.click()
        name = download.value.suggested_filename
        [kept] = [path for part in ("tables", "figures") if (path := whole_run / part / name).exists()]
        assert Path(download.value.path()).read_bytes() == kept.read_bytes()


def test_a_telephone_gets_drawings_of_its_own_with_letters_that_can_be_read(whole_run, visit):
    for width in WIDTHS:
        page = visit(whole_run / "html" / "05_forecast_adoption.html", width)
        for form in ("wide", "narrow"):
            charts = page.locator(f"main .{form}.chart").all()
            assert charts
            assert all(each.is_visible() == (form == ("wide" if width > 576 else "narrow")) for each in charts)
        shown = "wide" if width > 576 else "narrow"
        assert least_letters(page, f"main .{shown}.chart text") > 9, width


def test_points_say_date_value_and_source_to_whoever_points_at_them(whole_run, visit):
    page = visit(whole_run / "html" / "05_forecast_adoption.html")
    told = page.locator("main .wide.chart use > title").all_text_contents()
    assert any(text.startswith("31 December 2025: 602 million persons. ") and len(text) > 50 for text in told)


def test_on_paper_there_are_figures_and_addresses_and_no_controls(whole_run, visit):
    page = visit(whole_run / "html" / "index.html")
    for name in ("index", "05_forecast_adoption"):
        page.goto((whole_run / "html" / f"{name}.html").as_uri())
        page.emulate_media(media="print")
        assert page.locator("main .wide.chart").count() > 0
        assert all(each.is_visible() for each in page.locator("main .wide.chart").all())
        assert not any(each.is_visible() for each in page.locator("main .narrow.chart").all())
        for part in (".top", ".side", ".foot", ".code:not([open])", ".links", ".saved", "main > .folder"):
            assert not any(each.is_visible() for each in page.locator(part).all()), (name, part)
        shown = page.locator("main a[href^=http]").evaluate_all(
            "found => found.map(each => getComputedStyle(each, '::after').content)"
        )
        assert all("http" in text for text in shown)
        assert name != "index" or shown
        page.emulate_media(media="screen")


def measure_sheets(path, browser, folder):
    """How much of each sheet of a printed page is empty below, and how light the darkest is; from a dark screen."""
    import numpy as np
    from PIL import Image

    context = browser.new_context(color_scheme="dark")
    page = context.new_page()
    page.goto(path.as_uri())
    page.pdf(path=folder / "page.pdf", format="A4", prefer_css_page_size=True, print_background=True)
    context.close()
    subprocess.run(["pdftoppm", "-r", "30", "-png", folder / "page.pdf", folder / "sheet"], check=True)
    empty, light = [], []
    for sheet in sorted(folder.glob("sheet*.png")):
        shades = np.asarray(Image.open(sheet).convert("L"))
        used, margin = np.nonzero((shades < 200).any(axis=1))[0], 18 / 297 * len(shades)
        empty.append((len(shades) - margin - used.max(initial=0)) / (len(shades) - 2 * margin))
        light.append(shades.mean() / 255)
        sheet.unlink()
    return empty, min(light)


def read_sheets(path):
    """The lines of each sheet of a PDF."""
    text = subprocess.run(["pdftotext", "-layout", path, "-"], check=True, capture_output=True, text=True).stdout
    sheets = [[" ".join(line.split()) for line in sheet.splitlines() if line.strip()] for sheet in text.split("\f")]
    return [sheet for sheet in sheets if sheet]


PAPER = ["whole_run/html/index", further("whole_run/html/02_see_adoption"), "whole_run/html/05_forecast_adoption"]
PAPER += [further("whole_run/html/03_fit_curves"), "whole_run/html/charts/05_forecast", "small_run/html/index"]
PAPER += [further("whole_run/html/01_check_indicators"), further("whole_run/html/06_summarise_findings")]
PAPER += ["sweep/index", further("comparison/index")]


@pytest.mark.skipif(shutil.which("pdftoppm") is None, reason="needs pdftoppm: apt-get install poppler-utils")
@pytest.mark.parametrize("page", PAPER)
def test_paper_is_light_and_no_sheet_but_the_last_is_more_than_a_third_empty(request, browser, tmp_path, page):
    run, _, name = page.partition("/")
    folder = request.getfixturevalue("reports")[run] if run in ("sweep", "comparison") else request.getfixturevalue(run)
    empty, light = measure_sheets(folder / f"{name}.html", browser, tmp_path)
    sheets = read_sheets(tmp_path / "page.pdf")
    for above, below in pairwise(sheets):  # a table's header stands again on the next sheet
        assert not any(above[-lines:] == below[:lines] for lines in (1, 2, 3)), "a header without rows"
    assert not any(line.startswith("How to cite it") for line in sheets[-1][:2]), "a sheet for the citation alone"
    assert max(empty[:-1], default=0) < 1 / 3, [round(share, 2) for share in empty]
    assert light > 0.75


@pytest.mark.slow
@pytest.mark.parametrize("name", ["index", "method", "run/05_forecast_adoption", "api/curves"])
def test_the_site_fits_its_window_and_has_no_barrier(site, visit, name):
    for width in WIDTHS:
        page = visit(site / f"{name}.html", width)
        assert overflow(page) == 0
        assert all(page.locator("img").evaluate_all("found => found.map(each => each.naturalWidth)"))
        judge(page)


@pytest.mark.slow
def test_no_page_of_the_site_is_long_or_wide_on_a_telephone(site, visit):
    found = {}
    for path in sorted(site.rglob("*.html")):
        page = visit(path, 390)
        found[path.name] = (page.evaluate("document.documentElement.scrollHeight"), overflow(page))
        page.context.close()
    assert len(found) > 25
    assert not {name: sizes for name, sizes in found.items() if sizes[0] > 6000 or sizes[1]}


@pytest.mark.slow
def test_long_pages_are_open_where_there_is_room_and_open_at_an_address(site, visit):
    wide, narrow = (visit(site / "method.html", width) for width in WIDTHS)
    assert wide.locator("details.fold:not([open])").count() == 0
    folds = narrow.locator("details.fold:not([open])")
    assert folds.count() > 3
    address = narrow.locator("details.fold h2 a, details.fold section[id]").first
    assert address.count()
    folds.first.locator("> summary").click()
    assert narrow.locator("details.fold[open]").count() == 1


@pytest.mark.slow
def test_the_search_finds_a_function_and_a_page(site, visit):
    page = visit(site / "search.html")
    page.locator("input[name=q]").first.fill("ceiling")
    page.keyboard.press("Enter")
    page.locator("#search-results li a").first.wait_for()
    assert page.locator("#search-results li").count() > 3


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
    record["parameters"] = dict.fromkeys(record["parameters"], ATTACK) | {"families": [ATTACK]}
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
    write_pages(folder)
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
