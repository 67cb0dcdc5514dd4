"""The pages of a run: they stand alone, say everything, and take data as text."""

import re
import shutil
import subprocess
from html.parser import HTMLParser

import pytest

from helpers import report
from helpers.project import RunError
from helpers.report.index import format_number, write_command
from helpers.report.pages import set_equation, set_latex
from helpers.run import open_run

LOADING = {"src", "srcset", "poster", "data", "action", "background"}


class Page(HTMLParser):
    """What a page loads, links to, and names."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.names, self.tags, self.images = [], [], [], [], []
        self.text = path.read_text(encoding="utf-8")
        self.feed(self.text)

    def handle_starttag(self, tag, attributes):
        given = dict(attributes)
        self.tags.append(tag)
        self.loads += [value for name, value in attributes if name in LOADING]
        self.links += [given["href"]] if tag == "a" else []
        self.loads += [given["href"]] if tag == "link" else []
        self.names += [given["id"]] if "id" in given else []
        self.images += [given] if tag == "img" else []


@pytest.fixture(scope="module")
def pages(small_run):
    return {path.stem: Page(path) for path in (small_run / "html").glob("*.html")}


def test_every_notebook_has_a_page_and_there_is_an_index(pages):
    assert set(pages) == {"index", "01_check_small", "05_forecast_small", "06_summarise_small"}


def test_pages_load_nothing_and_run_nothing(pages):
    for name, page in pages.items():
        assert all(address.startswith("data:") for address in page.loads), name
        assert not {"script", "iframe", "object", "link", "base"} & set(page.tags), name
        assert not re.search(r"@import|url\(", page.text), name
        assert "default-src 'none'" in page.text, name
        assert not re.search(r"<[^>]+\son\w+=", page.text), name


def test_links_lead_somewhere(pages, small_run):
    for name, page in pages.items():
        assert len(page.names) == len(set(page.names)), f"{name} has one address twice"
        for link in page.links:
            if link == "#harmful-link":  # what became of the script in 06's link
                assert name == "06_summarise_small"
            elif link.startswith("#"):
                assert link[1:] in page.names, f"{name}: {link}"
            elif not link.startswith("https://"):
                assert (small_run / "html" / link).resolve().is_file(), f"{name}: {link}"


def test_every_image_has_its_own_words(pages):
    images = [image for page in pages.values() for image in page.images]
    assert len(images) == 3
    assert {image["alt"] for image in images} == {'Users, a < b & "c"', "Users by date, rising"}
    assert all(300 < int(image["width"]) < 900 for image in images)


def test_pages_are_light(small_run):
    for path in (small_run / "html").glob("*.html"):
        assert path.stat().st_size < 1_000_000, path.name


def test_a_notebook_page_folds_code_opens_parameters_and_sets_equations(pages):
    text = pages["01_check_small"].text
    assert "<title>1. What is there? · small</title>" in text
    assert text.count('<details class="code">') == 4
    assert text.count('<details class="code" open="">') == 1
    assert re.search(r"<summary>Parameters of this run</summary>.*?tests/sample", text, flags=re.DOTALL)
    assert text.count("<math ") == 2
    assert "$K" not in text
    assert '<a href="#count-the-figures-here">Count the figures here</a>' in text
    assert re.search(r'rel="next"[^>]*>5\. Where could it go\? →|>5\. Where could it go\? →', text)
    assert '<th scope="col">date</th>' in text


def test_data_are_text_and_never_markup(pages):
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in pages["01_check_small"].text
    assert "&lt;img src=x onerror=alert(1)&gt;" in pages["06_summarise_small"].text
    assert "javascript:" not in " ".join(pages["06_summarise_small"].links)
    assert "Users, &lt;i&gt;last survey&lt;/i&gt;" in pages["index"].text
    assert "The ceiling is &lt;b&gt;not&lt;/b&gt; identified." in pages["index"].text


def test_the_index_says_what_was_found_and_how(pages):
    text = pages["index"].text
    assert "<h1>Generative AI users: China</h1>" in text
    assert "<p>China had 602 M.</p>" in text
    for reading in ("602 million persons", "801 million persons (650 to 1,002)", "not within the horizon"):
        assert f"<td>{reading}</td>" in text
    assert "adoption run small -p horizon_years 3 -p data tests/sample" in text
    assert "China Internet Network Information Center" in text
    for name in ("01_coverage", "05_forecast", "06_key_numbers", "06_statements"):
        assert f'<a href="../tables/{name}.csv">' in text
    assert pages["index"].images[0]["alt"] == "Users by date, rising"
    assert re.search(r"<dt>pandas</dt><dd>\d", text)


def test_pages_are_the_same_when_written_again(small_run, tmp_path):
    copy = shutil.copytree(small_run, tmp_path / "small")
    report.write_pages(copy)
    for path in (small_run / "html").iterdir():
        assert (copy / "html" / path.name).read_bytes() == path.read_bytes(), path.name


def test_the_index_tells_of_a_notebook_run_again_by_hand(small_run, tmp_path, monkeypatch):
    monkeypatch.setenv("ADOPTION_OUTPUTS", str(tmp_path))
    copy = shutil.copytree(small_run, tmp_path / "small")
    open_run("small", "05_forecast_small", {"horizon_years": 9})
    text = report.write_pages(copy).read_text()
    assert "05_forecast_small was run again by hand" in " ".join(text.split())
    assert "by hand" not in (small_run / "html" / "index.html").read_text()


def test_a_run_made_by_hand_has_pages_too(small_run, tmp_path):
    copy = shutil.copytree(small_run, tmp_path / "small")
    (copy / "run.json").unlink()
    text = report.write_pages(copy).read_text()
    assert "adoption run small -p data tests/sample -p horizon_years 3" in text
    assert "China had 602 M." in text


def test_a_missing_run_is_told(tmp_path):
    with pytest.raises(RunError, match="There is no run 'nowhere'"):
        report.write_pages(tmp_path / "nowhere")


def test_equations_that_can_not_be_set_stand_as_written():
    assert set_equation(r"\frac{1", display=False).startswith(("<code>", "<math "))
    assert set_equation("a < b", display=True).startswith('<math alttext="a &lt; b"')
    assert set_latex(r"$\alpha$").startswith("<math ")
    assert set_latex("a < b") == "<pre>a &lt; b</pre>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [("602", "602"), ("1002.49", "1,002"), ("-3.14159", "−3.14"), ("45.26", "45.3"), ("inf", "no limit"), ("", "")],
)
def test_numbers_have_the_digits_that_a_reader_needs(text, shown):
    assert format_number(text) == shown


def test_the_command_that_makes_a_run_again_names_what_differs():
    given = {"run": "mine", "entity": "South Korea", "bound": "100", "shares": [0.5, 0.9], "seed": 20251231}
    assert (
        write_command("mine", given) == "adoption run mine -p entity 'South Korea' -p bound 100 -p shares '[0.5, 0.9]'"
    )


def find_chromium():
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@pytest.mark.skipif(find_chromium() is None, reason="needs Chromium: apt-get install chromium")
def test_a_browser_shows_the_pages_without_a_complaint(small_run, tmp_path):
    for name in ("index", "01_check_small"):
        page = small_run / "html" / f"{name}.html"
        command = [find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
        command += [f"--user-data-dir={tmp_path}", "--window-size=390,900", "--dump-dom", page.as_uri()]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        assert "CONSOLE" not in shown.stderr, shown.stderr
        assert "<h1" in shown.stdout
