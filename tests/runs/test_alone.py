"""Every page, chart, comparison and sweep alone, as someone gets it by mail: nothing it needs or leads to is gone."""

import html
import re
import shutil
from base64 import b64decode

import pytest
from bs4 import BeautifulSoup
from conftest import list_files
from page_faults import find_faults
from processes import call

from adoption_curves.base.project import RunError
from adoption_curves.runs.pages import export_run, write_pages
from adoption_curves.runs.pages.embeds import read_address
from adoption_curves.runs.pages.single import write_single
from adoption_curves.runs.parameters import ParameterError

SLOW = pytest.mark.slow


def list_pages(run):
    """Pages of a run, and of those what may be sent alone."""
    return {
        **dict.fromkeys((run / "html").glob("*.html"), False),
        **dict.fromkeys((run / "html" / "charts").glob("*"), True),
    }


@pytest.fixture(params=["small_run", pytest.param("whole_run", marks=SLOW), "reports"])
def pages(request):
    found = request.getfixturevalue(request.param)
    if request.param == "reports":
        return {path: path.name != "index.html" for folder in found.values() for path in folder.glob("*.html")}
    return list_pages(found)


def test_no_page_needs_or_leads_to_a_file_that_it_may_have_lost(pages):
    assert sum(pages.values()) >= 2
    assert {str(path): faults for path, sent in pages.items() if (faults := find_faults(path, sent))} == {}


SPOILT = {
    "a link": ("</main>", '<a href="../figures/01_series.png">x</a></main>', "../figures/01_series.png"),
    "a second way": ("</main>", '<nav class="folder"></nav></main>', "2 ways to other files"),
    "the way": ('<nav class="folder"', '<nav class="other"', "01_check_small.html"),
    "where it leads": ('href="01_check_small.html"', 'href="01_check_smaller.html"', "01_check_smaller.html"),
    "an address": ('id="numbers"', 'id="other"', "#numbers"),
    "an image": ('src="data:image/png', 'src="x.png" alt="data:image/png', "x.png"),
    "a script": ("</main>", "<script></script></main>", "<script>"),
    "a handler": ("<h1>", '<h1 onclick="x">', "onclick of <h1>"),
    "a font from elsewhere": ("<style>", "<style>@import 'x';", "@import"),
    "words": ('alt="', 'lat="', "<img> without words"),
    "a relative picture": ("</title>", '</title><meta property="og:image" content="x.png">', 'content="x.png"'),
}


@pytest.mark.parametrize("part", SPOILT)
def test_what_is_spoilt_is_found(run, part):
    page, (before, after, fault) = run / "html" / "index.html", SPOILT[part]
    text = page.read_text(encoding="utf-8")
    assert before in text
    page.write_text(text.replace(before, after, 1), encoding="utf-8")
    assert any(fault in found for found in find_faults(page))


@pytest.mark.parametrize("whole", [False, pytest.param(True, marks=SLOW)])
def test_what_is_sent_leads_out_of_itself_to_the_web_alone(request, tmp_path, whole):
    made = request.getfixturevalue("whole_run" if whole else "small_run")
    copy = shutil.copytree(made, tmp_path / "small")
    single = write_single(copy)
    assert find_faults(single, sent=True) == []
    assert list_offers(single)
    assert not any(line for line, _ in list_offers(single))  # the file that one would name isn't sent
    assert single.stat().st_size < 5_000_000
    assert all(line for line, _ in list_offers(write_single(copy, "https://example.org/")))


def test_what_is_too_heavy_is_named(run, monkeypatch):
    monkeypatch.setattr("adoption_curves.runs.pages.single.MOST_BYTES", write_single(run).stat().st_size - 1000)
    single = write_single(run)
    assert find_faults(single, sent=True) == []
    assert 'class="beside"' in single.read_text(encoding="utf-8")


# ---- below a figure -----------------------------------------------------------------------------------------------


def list_offers(path):
    """What each figure of a page offers: the line to embed it, and the content of its files by their names."""
    offers = []
    for figure in BeautifulSoup(path.read_bytes(), "html.parser").select("figure:has(.links)"):
        files = {
            tag["download"]: b64decode(tag["href"].partition("base64,")[2]) for tag in figure.select("a[download]")
        }
        line = figure.select_one(".embed pre")
        offers.append((line.text if line else "", files))
    return offers


@pytest.mark.parametrize("run", [pytest.param("whole_run", marks=SLOW), "reports"])
def test_each_figure_offers_its_line_its_data_and_its_drawings(request, run):
    made = request.getfixturevalue(run)
    for folder in made.values() if run == "reports" else [made]:
        flat = run == "reports"
        pages = folder.glob("*.html") if flat else list_pages(folder)
        offers = [offer for path in pages for offer in list_offers(path)]
        assert len(offers) >= (2 if flat else 30)
        for line, files in offers:
            name = re.match(r'<iframe src="([\w-]+)\.html" title="[^"]+" width="100%" height="\d+"', line)[1]
            [data] = [content for file, content in files.items() if file.endswith(".csv")]
            assert len(data.splitlines()) > 1, f"{name}: no data"
            assert {f"{name}.png", f"{name}.svg"} <= set(files)
            for file, content in files.items():
                [kept] = [path for part in (".", "figures", "tables") if (path := folder / part / file).exists()]
                assert content == kept.read_bytes(), file


@pytest.mark.slow
def test_figures_of_a_run_alone_are_drawings(whole_run):
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (whole_run / "html" / "charts").iterdir()}
    pictures = {name for name, text in texts.items() if 'class="chart wide"' not in text}
    assert pictures <= {"01_coverage"}  # thousands of marks
    assert 'class="chart narrow"' in texts["05_forecast"]


def test_a_chart_has_both_drawings_its_note_and_its_line(reports):
    text = (reports["sweep"] / "sweep.html").read_text(encoding="utf-8")
    assert text.count('class="chart wide"') == text.count('class="chart narrow"') == 1
    assert '<a href="#' not in text
    assert "Made with: adoption sweep grid.yaml" in text


def test_the_chart_of_a_run_says_what_is_counted_where_it_shows_that_and_how_it_is_cited(small_run):
    texts = {path.stem: path.read_text(encoding="utf-8") for path in (small_run / "html" / "charts").iterdir()}
    assert {name for name, text in texts.items() if "What is counted: " in text} == {"05_forecast"}
    assert all("Adoption Curves 0" in text and "run &#39;small&#39;" in text for text in texts.values())
    assert not any("authors" in text for text in texts.values()), "data that are not the project's have their own"


def test_a_sweep_says_below_its_title_what_it_is_of(reports):
    from reports import COUNTRIES

    page = BeautifulSoup((reports["sweep"] / "index.html").read_bytes(), "html.parser")
    [about] = [said.text for said in page.select("h2")[0].find_all_previous("strong")]
    assert about == f"Users · million people · {len(COUNTRIES)} entities"


@pytest.mark.slow
def test_the_note_below_a_chart_has_no_publisher_of_another_figure(whole_run):
    """The figure names its own sources; those of the run would be wrong below a comparison of countries."""
    counted = set()
    for path in (whole_run / "html" / "charts").iterdir():
        page = BeautifulSoup(path.read_bytes(), "html.parser")
        notes = [note.text for note in page.select("figcaption > p")]
        assert not any("Source" in note or "CNNIC" in note for note in notes)
        counted |= {path.stem for note in notes if note.startswith("What is counted: ")}
        drawn = page.select(".wide.chart text")
        assert not drawn or any(text.text.startswith("Source: ") for text in drawn), path.stem
    assert {"02_levels", "05_forecast"} <= counted
    assert not counted & {"01_coverage", "02_aligned", "02_countries", "04_skill", "04_calibration"}


# ---- head and citation --------------------------------------------------------------------------------------------


def test_pages_say_where_they_lie_where_it_is_told_and_else_nothing_of_it(run):
    url = "https://example.org/a/"
    export_run(run, url)
    for path in list_pages(run):
        page = BeautifulSoup(path.read_bytes(), "html.parser")
        told = {tag["property"]: tag["content"] for tag in page.select("meta[property^='og:']")}
        assert told["og:url"] == f"{url}{path.relative_to(run / 'html').as_posix()}"
        assert told["og:image"] == f"{url}card.png"
        assert find_faults(path) == []
    assert f'<iframe src="{url}charts/05_forecast.html"' in html.unescape((run / "html" / "index.html").read_text())
    from PIL import Image

    assert Image.open(run / "html" / "card.png").size == (1200, 630)
    export_run(run)
    assert not (run / "html" / "card.png").exists()
    for path in list_pages(run):
        assert 'property="og:url"' not in path.read_text()
        assert 'property="og:image"' not in path.read_text()


NO_ADDRESS = ["x", "https://", "https://./", "https://a b", 'https://a.org/"><script>', "https://a.org/?x=1"]
NO_ADDRESS += [
    "example.org",
    "ftp://example.org",
    "javascript:alert(1)",
    "/home/me",
    "https://a.org/#x",
    "https://a.org/index.html",
]


@pytest.mark.parametrize("text", NO_ADDRESS)
def test_an_address_that_is_none_is_refused(text):
    with pytest.raises(ParameterError, match=r"--url is the address of the folder .* such as https://example.org/"):
        read_address(text)


def test_the_command_refuses_an_address_that_is_none_before_it_writes(run, outputs, capsys):
    before = list_files(outputs)
    code, out, err = call(capsys, "export", "small", "--url", "example.org")
    assert (code, out) == (2, "")
    assert "such as https://example.org/adoption/, not 'example.org'" in err
    assert list_files(outputs) == before
    code, out, _ = call(capsys, "export", "small", "--single", "--url", "https://example.org/a")
    assert code == 0
    assert "https://example.org/a/charts/05_forecast.html" in (run / "small.html").read_text()


def test_an_address_ends_in_one_slash():
    assert read_address("") == ""
    assert read_address("https://example.org") == "https://example.org/"
    assert read_address("http://127.0.0.1:8000/~me/a/") == "http://127.0.0.1:8000/~me/a/"


def list_citations(run):
    """What each page of a run says of how it is cited."""
    texts = [BeautifulSoup(path.read_bytes(), "html.parser").get_text("\n") for path in list_pages(run)]
    found = [re.search(r"(?m)^(?:How to cite it: )?(.*Adoption Curves \d.*: run .*)$", text) for text in texts]
    return {match[1] for match in found}


def test_each_page_is_cited_as_the_index_is(run, tmp_path, monkeypatch):
    [citation] = list_citations(run)
    assert re.fullmatch(r"Adoption Curves .*: run 'small' \(.*\)\.", citation)
    project = tmp_path / "project"
    project.mkdir()
    monkeypatch.setattr("adoption_curves.base.project.find_root", lambda: project)
    (project / "CITATION.cff").write_text(
        "authors: [{family-names: Li, given-names: Wei}, {name: The <b>Team}]\ndate-released: 2027-01-02\nurl: https://a.org\n"
    )
    write_pages(run)
    [citation] = list_citations(run)
    assert citation.startswith("Li, Wei, The <b>Team (2027). Adoption Curves")
    assert citation.endswith("https://a.org.")
    (project / "CITATION.cff").write_text("authors: [")
    write_pages(run)
    assert next(iter(list_citations(run))).startswith("[authors: CITATION.cff can't be read] (no date).")


# ---- runs of before -----------------------------------------------------------------------------------------------


def test_a_run_of_an_older_version_is_exported_and_what_it_lacks_is_said(run, capsys):
    shutil.rmtree(run / "html")
    code, out, _ = call(capsys, "export", "small")
    assert (code, (run / "html" / "index.html").is_file()) == (0, True)
    assert out.endswith("small/html/index.html\n")
    assert (
        "note: no data can be offered under 01_series: an older version saved them without, or study.draw was " in out
    )
    assert "Make the run again: adoption run small" in out
    assert "note: without a drawing for telephones, which get the wide one: 01_series, 05_forecast" in out


def test_somebody_elses_file_is_not_written_over(run):
    (run / "html" / "card.png").write_bytes(b"mine")
    with pytest.raises(RunError, match=r"card.png is no page of run 'small', but has the name of one\. Move it\."):
        export_run(run, "https://example.org/")
    assert (run / "html" / "card.png").read_bytes() == b"mine"
