"""JupyterLab in a real browser: open the explorer, run it, move a slider by keyboard, see the figure follow.

Needs Playwright and a Chromium of the system; nothing is fetched, and nothing outlives the tests.
"""

import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from adoption_curves.base.project import find_root
from adoption_curves.runs.lab import fill_notebook

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt install chromium)"),
]
api = pytest.importorskip("playwright.sync_api", reason="Playwright isn't installed")
psutil = pytest.importorskip("psutil")

SECONDS = 120  # the longest that any step may take on a busy machine
WATCH = """() => {
    window.latencies = []; let pressed = 0
    document.addEventListener('keydown', () => { pressed = performance.now() }, true)
    document.querySelector('.adoption-explorer .js-plotly-plot').on('plotly_afterplot', () => {
        if (pressed) { window.latencies.push(performance.now() - pressed); pressed = 0 }
    })
}"""
FITS = """() => {
    const [place, drawn] = ['.js-plotly-plot', '.main-svg'].map(name =>
        document.querySelector(`.adoption-explorer ${name}`).getBoundingClientRect().width)
    return Math.abs(drawn - place) < 2
}"""
JUDGED = "() => !document.querySelector('.adoption-verdict').innerText.includes('Computing')"
CURVES = ".adoption-explorer .scatterlayer .js-line"


def find_free_port():
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@pytest.fixture(scope="module")
def lab():
    """Address of a JupyterLab on a copy of the explorer; its server and kernels are gone afterwards."""
    place = Path(tempfile.mkdtemp(prefix="lab-", dir="/tmp" if os.name != "nt" else None))  # short: it holds sockets
    root = place / "root"
    root.mkdir()
    shutil.copy(find_root() / "notebooks" / "explore_adoption.ipynb", root)
    (root / "copy.ipynb").write_bytes(fill_notebook(find_root() / "notebooks" / "05_forecast_adoption.ipynb", {}))
    news = place / "config" / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    news.mkdir(parents=True)
    (news / "notification.jupyterlab-settings").write_text('{"fetchNews": "false", "checkForUpdates": false}')
    port, token = find_free_port(), "read-the-figures"
    address = f"http://127.0.0.1:{port}"
    options = ["--no-browser", "--allow-root", f"--port={port}", "--ServerApp.port_retries=0", "--ip=127.0.0.1"]
    options += [f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={root}", "--KernelManager.transport=ipc"]
    places = {f"JUPYTER_{name}_DIR": str(place / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    environment = {**os.environ, **places, "ADOPTION_OUTPUTS": str(place / "outputs")}
    with (place / "log").open("w") as log:
        words = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(words, stdout=log, stderr=log, env=environment, start_new_session=True)
    try:
        wait_for_server(server, f"{address}/api/status?token={token}", place / "log")
        yield f"{address}/lab/tree/explore_adoption.ipynb?token={token}", place / "outputs"
    finally:
        end_server(server)
        shutil.rmtree(place, ignore_errors=True)


def wait_for_server(server, address, log):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            return json.load(urllib.request.urlopen(address, timeout=5))
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab didn't start:\n{log.read_text()[-2000:]}")


def end_server(server):
    """End the server with everything it started; what doesn't go by itself is killed."""
    try:
        started = [psutil.Process(server.pid), *psutil.Process(server.pid).children(recursive=True)]
    except psutil.NoSuchProcess:
        return
    server.terminate()
    _, alive = psutil.wait_procs(started, timeout=10)
    for process in alive:
        process.kill()
    psutil.wait_procs(alive, timeout=5)


@pytest.fixture(scope="module")
def page(lab):
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        try:
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.set_default_timeout(1000 * SECONDS)
            page.asked = []
            page.route(lambda address: not address.startswith(("http://127.0.0.1", "data:", "blob:")), refuse)
            page.goto(lab[0])
            page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
            page.wait_for_selector(CURVES, state="attached")
            page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
            page.wait_for_function(FITS)
            page.wait_for_function(JUDGED)
            yield page
        finally:
            browser.close()


def refuse(route):
    route.request.frame.page.asked.append(route.request.url)
    route.abort()


def find_handle(page, name):
    return page.locator(f".widget-hslider:has-text('{name}') .noUi-handle")


def read_picture(page):
    return [line.get_attribute("d") for line in page.locator(CURVES).all()]


def test_moving_a_slider_moves_figure_verdict_and_numbers(page, record_property):
    page.evaluate(WATCH)
    find_handle(page, "Years on").focus()
    pictures = {tuple(read_picture(page))}
    for number in range(1, 9):
        page.keyboard.press("ArrowRight" if number % 2 else "ArrowLeft")
        page.wait_for_function("number => window.latencies.length >= number", arg=number)
        pictures.add(tuple(read_picture(page)))
    latencies = page.evaluate("window.latencies")
    record_property("milliseconds", statistics.median(latencies))
    print(f"figure after a key: median {statistics.median(latencies):.0f} ms, longest {max(latencies):.0f} ms")
    assert len(pictures) == 2
    assert statistics.median(latencies) < 1500, "far too slow, even on a busy machine: the aim is 150"
    assert "Not known" in page.locator(".adoption-verdict").inner_text()
    assert "not identified, so none is given" in page.locator(".adoption-numbers").inner_text()


def test_the_choice_is_saved_for_a_run(page, lab):
    page.get_by_role("button", name="Save as parameters").click()
    page.wait_for_selector("text=adoption run NAME -f")
    (saved,) = (lab[1] / "lab").glob("*.yaml")
    assert "horizon_years: 5" in saved.read_text()


def test_nothing_is_asked_of_the_network(page):
    assert page.asked == []
    buttons = page.locator(".adoption-explorer .modebar-btn")
    assert buttons.count() > 0
    for number in range(buttons.count()):
        name = buttons.nth(number).get_attribute("data-title")
        assert "Cloud" not in name
        assert "Produced" not in name or not buttons.nth(number).is_visible()
