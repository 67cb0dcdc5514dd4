"""Every page, chart, comparison and sweep alone, as someone gets it by mail: nothing it needs or leads to is gone."""

import json
import re
from base64 import b64decode
from importlib.metadata import version

import pytest
from bs4 import BeautifulSoup
from conftest import WORDS, list_files, write_again
from page_faults import find_faults
from processes import call

SLOW = pytest.mark.slow
RUNS = ["small_run", pytest.param("whole_run", marks=SLOW)]


@pytest.fixture
def shown(request):
    """The run, or the reports, that a test names."""
    return request.getfixturevalue(request.param)


def read(path):
    return BeautifulSoup(path.read_bytes(), "html.parser")


def list_pages(shown):
    """Pages of a run or of reports, and of those whether they may be sent alone."""
    if isinstance(shown, dict):
        return {folder / "index.html": False for folder in shown.values()}
    return {path: path.parent.name == "charts" for path in (shown / "html").rglob("*.html")}


@pytest.mark.parametrize("shown", [*RUNS, "reports"], indirect=True)
def test_no_page_needs_or_leads_to_a_file_that_it_may_have_lost(shown):
    pages = list_pages(shown)
    assert len(pages) >= 2
    assert {str(path): faults for path, sent in pages.items() if (faults := find_faults(path, sent))} == {}


# ---- below a figure -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shown", RUNS, indirect=True)
def test_each_figure_alone_offers_its_line_its_data_and_its_drawings(shown):
    for path in [path for path, sent in list_pages(shown).items() if sent]:
        page = read(path)
        [figure] = page.select("figure:has(.links)")
        files = {tag["download"]: tag["href"].partition("base64,")[2] for tag in figure.select("a[download]")}
        line = figure.select_one(".embed pre").text
        name = re.match(r'<iframe src="([\w-]+)\.html" title="[^"]+" width="100%" height="\d+"', line)[1]
        [data] = [b64decode(content) for file, content in files.items() if file.endswith(".csv")] or [b"a\nb"]
        assert len(data.splitlines()) > 1, f"{name}: no data"
        assert {f"{name}.svg"} | ({f"{name}.png"} if page.select("svg.chart") else set()) <= set(files)
        for file, content in files.items():
            [kept] = [path for part in (".", "figures", "tables") if (path := shown / part / file).exists()]
            assert b64decode(content) == kept.read_bytes(), file


@pytest.mark.parametrize("shown", RUNS, indirect=True)
def test_the_title_of_a_figure_alone_is_its_headline_and_no_hash_is_in_it(shown):
    for path in shown.glob("notebooks/*.json"):
        for name, entry in json.loads(path.read_text())["figures"].items():
            page = read(shown / "html" / "charts" / f"{name}.html")
            assert page.title.text == entry["title"]
            assert not re.search(r"\b[0-9a-f]{12,}\b", page.body.get_text(" "))


@pytest.mark.parametrize("shown", RUNS, indirect=True)
def test_every_text_of_a_drawing_names_a_font_that_any_machine_has(shown):
    drawings = {path.name: path.read_text(encoding="utf-8") for path in (shown / "figures").glob("*.svg")}
    assert len(drawings) >= 2
    for name, drawing in drawings.items():
        named = re.findall(r"font(?:-family)?: ([^;\"]+)", drawing)
        assert len(named) >= drawing.count("<text") > 0, name
        assert {each.rpartition(", ")[2] for each in named} == {"sans-serif"}, name


def test_a_report_offers_its_table_and_its_drawings_and_says_its_command(reports):
    for name, command in (("sweep", "adoption sweep grid.yaml"), ("comparison", "adoption compare grid/")):
        page = read(reports[name] / "index.html")
        files = {tag["download"]: tag["href"].partition("base64,")[2] for tag in page.select("a[download]")}
        assert {*files} == {"comparison.csv", "comparison.png", "comparison.svg"}
        assert all(b64decode(content) == (reports[name] / file).read_bytes() for file, content in files.items())
        assert page.footer.code.text.startswith(command)


def test_a_chart_has_its_note_and_how_it_is_cited(small_run):
    cited = (f"Adoption Curves {version('adoption-curves')}", "run &#39;small&#39;")
    for path in (small_run / "html" / "charts").iterdir():
        text = path.read_text(encoding="utf-8")
        assert ("What is counted: " in text) == (path.stem == "05_forecast")
        assert all(part in text for part in cited)


def test_charts_are_drawings_and_their_notes_have_no_publisher_of_another_figure(whole_run):
    """The figure names its own sources; those of the run would be wrong below a comparison of countries."""
    counted, pictures = set(), set()
    for path in (whole_run / "html" / "charts").iterdir():
        page = read(path)
        notes = [note.text for note in page.select("figcaption > p")]
        assert not any("Source" in note or "CNNIC" in note for note in notes)
        counted |= {path.stem for note in notes if note.startswith("What is counted: ")}
        drawn = page.select(".wide.chart text")
        assert not drawn or any(text.text.startswith("Source: ") for text in drawn), path.stem
        pictures |= set() if page.select(".wide.chart") else {path.stem}
    assert pictures <= {"01_coverage", "01_others"}, "thousands of marks"
    assert {"05_forecast"} <= counted
    assert not counted & {"01_coverage", "01_others", "02_aligned", "02_countries", "04_skill", "04_calibration"}


# ---- head and citation --------------------------------------------------------------------------------------------


def list_citations(run):
    """What each page of a run says of how it is cited, but the first, which leads to the page that does."""
    cited = r"(?m)^(?:How to cite it: )?(.*Adoption Curves \d.*: run .*?)(?: Cite a published figure.*)?$"
    pages = [path for path in list_pages(run) if path.stem != "index"]
    found = [re.search(cited, read(path).get_text("\n"))[1] for path in pages]
    return {re.sub(r", commit [0-9a-f]+", "", citation) for citation in found}


CONTACTS = (
    ("", "", ""),
    ("url: https://a.org", "https://a.org", ""),
    ("url: https://a.org\nrepository-code: https://git.example/a/", "https://git.example/a/issues", ""),
    ("repository-code: https://git.example/a\ncontact: [{name: Li, email: li@a.org}]", "mailto:li@a.org", "li@a.org"),
    ("contact: [{name: Li, website: 'javascript:alert(1)'}]", "", ""),
)
"""What CITATION.cff may have, the link of the header, and its text where that is another."""


def test_all_pages_are_cited_alike(made, here):
    """Figures that are not the project's are not its authors'."""
    record, citation = json.loads((made / "run.json").read_text()), here / "CITATION.cff"
    own = json.dumps(record | {"parameters": record["parameters"] | {"data": "mine.csv"}})
    for content, start in ((json.dumps(record), r"The Adoption Curves authors \(\d+\)\. "), (own, "")):
        (made / "run.json").write_text(content)
        write_again(made)
        [cited] = list_citations(made)
        assert re.match(rf"{start}Adoption Curves .*: run 'small' \(.*\)\.", cited)
    team = "authors: [{family-names: Li, given-names: Wei}, {name: The <b>Team}]"
    citation.write_text(f"{team}\ndate-released: 2027-01-02\nurl: https://a.org\n")
    write_again(made)
    [cited] = list_citations(made)
    assert cited.startswith("Li, Wei, The <b>Team (2027). Adoption Curves")
    assert cited.endswith("https://a.org.")
    for contact, link, shown in CONTACTS:
        citation.write_text(f"authors: [{{name: Li}}]\n{contact}\n")
        write_again(made)
        header = read(made / "html" / "index.html").find(class_="kicker")
        assert [(one["href"], one.text) for one in header.find_all("a")] == ([(link, shown or link)] if link else [])
        assert ("contact" in header.text, "Li" in header.text) == (bool(link), True)
    citation.write_text("authors: [")
    write_again(made)
    assert next(iter(list_citations(made))).startswith("[authors: CITATION.cff can't be read] (no date).")


def test_pages_follow_citation_cff(made, here, capsys):
    (here / "CITATION.cff").write_text("authors: [{name: First}]\ndate-released: 2026-01-01\n")
    code, _, err = call(capsys, *WORDS)
    assert (code, err.count("unchanged")) == (0, 3), "no notebook runs again"
    assert "First (2026)" in (made / "html" / "made.html").read_text()
    assert "Nothing changed" in call(capsys, *WORDS)[2]


# ---- runs of before -----------------------------------------------------------------------------------------------


def test_a_run_of_another_release_is_told_as_such_and_only_a_run_takes_its_place(made, here, capsys):
    record = json.loads((made / "run.json").read_text())
    del record["main_figure"], record["form"]
    record["versions"]["adoption-curves"] = "0.3.0"
    (made / "run.json").write_text(json.dumps(record))
    before = list_files(made)
    told = "Run 'small' was made by release 0.3.0, which this one does not read: make the run again.\n"
    for words in (["export", "small", "--xlsx"], ["compare", "small", "other"], ["register", "small"]):
        assert call(capsys, *words) == (1, "", told)
    assert told.strip() in call(capsys, "runs")[1]
    assert list_files(made) == before
    assert call(capsys, *WORDS)[0] == 0
    [kept] = (here / "outputs" / "small.edited").iterdir()
    assert list_files(kept) == before
    assert call(capsys, "export", "small", "--xlsx")[0] == 0
