"""JupyterLab in a real browser: open the explorer, run it, choose a curve, see the chart follow.

Needs Playwright and a Chromium of the system; nothing is fetched, and nothing outlives the tests.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest

from adoption_curves.base.project import find_root

CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine (Debian: apt install chromium)"),
]
api = pytest.importorskip("playwright.sync_api", reason="Playwright isn't installed")

SECONDS = 120  # the longest that any step may take on a busy machine
FIGURE = ".widget-output img"
TABLE = ".widget-output table"


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
        yield f"{address}/lab/tree/explore_adoption.ipynb?token={token}"
    finally:
        server.terminate()  # which ends its kernels
        server.wait(SECONDS)
        shutil.rmtree(place, ignore_errors=True)


def wait_for_server(server, address, log):
    end = time.monotonic() + SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            return json.load(urllib.request.urlopen(address, timeout=5))
        except OSError:
            time.sleep(0.1)
    raise AssertionError(f"JupyterLab didn't start:\n{log.read_text()[-2000:]}")


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
            page.goto(lab)
            page.wait_for_selector(".jp-Notebook .jp-Cell")
            page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
            page.get_by_role("menuitem", name="Run", exact=True).click()
            page.locator(".lm-Menu-itemLabel", has_text=re.compile("^Run All Cells$")).click()
            page.wait_for_selector(FIGURE)
            page.wait_for_selector(TABLE)
            yield page
        finally:
            browser.close()


def refuse(route):
    route.request.frame.page.asked.append(route.request.url)
    route.abort()


def wait_for_another(page, before):
    """Wait until another chart is shown than the one before."""
    words = "([place, before]) => { const image = document.querySelector(place); return image && image.src !== before }"
    page.wait_for_function(words, arg=[FIGURE, before])
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")


def test_another_curve_is_drawn_after_a_choice(page):
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    before = page.locator(FIGURE).get_attribute("src")
    page.locator(".widget-dropdown:has-text('Curve') select").select_option(label="gompertz")
    wait_for_another(page, before)
    assert page.locator(FIGURE).count() == 1


def test_a_series_is_found_by_typing(page):
    page.wait_for_selector("text=Python 3 (ipykernel) | Idle")
    before = page.locator(FIGURE).get_attribute("src")
    box = page.locator(".widget-text:has-text('Series') input")
    box.fill("Germany: Internet use (ITU)")
    box.press("Enter")
    wait_for_another(page, before)
    assert page.locator(".widget-text:has-text('Limit') input").input_value() == "100 percent of total population"


def test_what_cannot_be_is_one_line(page):
    box = page.locator(".widget-text:has-text('Known on') input")
    box.fill("tomorrow")
    box.press("Enter")
    page.wait_for_selector(".widget-output :text('tomorrow')")
    assert "Traceback" not in page.locator(".widget-output").inner_text()


def test_nothing_is_asked_of_the_network(page):
    assert page.asked == []
