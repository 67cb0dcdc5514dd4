"""Every page alone, as someone gets it by mail: nothing it needs is gone, and all that it leads to is beside it."""

import json
import re
from base64 import b64encode

import pytest
from bs4 import BeautifulSoup
from conftest import WORDS, write_again
from page_faults import find_faults
from processes import call

SLOW = pytest.mark.slow
RUNS = ["small_run", pytest.param("whole_run", marks=SLOW)]


@pytest.fixture
def shown(request):
    """The run that a test names."""
    return request.getfixturevalue(request.param)


def read(path):
    return BeautifulSoup(path.read_bytes(), "html.parser")


@pytest.mark.parametrize("shown", RUNS, indirect=True)
def test_no_page_needs_another_file_or_leads_to_one_that_is_gone(shown):
    pages = [path for path in (shown / "html").glob("*.html") if path.stem != "try"]
    assert pages
    assert {str(path): faults for path in pages if (faults := find_faults(path))} == {}


@pytest.mark.parametrize("shown", RUNS, indirect=True)
def test_each_chart_of_a_run_stands_in_its_notebooks_page_as_a_drawing_with_its_files(shown):
    for path in shown.glob("notebooks/*.json"):
        page = read(shown / "html" / f"{path.stem}.html")
        for name, chart in json.loads(path.read_text())["figures"].items():
            [figure] = [each for each in page.find_all("figure") if each.find("a", href=f"../figures/{name}.png")]
            narrow = (shown / "figures" / f"{name}.narrow.svg").exists()
            drawing = b64encode((shown / "figures" / f"{name}.svg").read_bytes()).decode()
            [image] = figure.select("img")
            assert (image["alt"], image["src"].partition(",")[2]) == (chart["alt"], drawing)
            assert len(figure.select("source[media]")) == narrow


@pytest.mark.parametrize("shown", RUNS, indirect=True)
def test_every_text_of_a_drawing_names_a_font_that_any_machine_has(shown):
    drawings = {path.name: path.read_text(encoding="utf-8") for path in (shown / "figures").glob("*.svg")}
    assert len(drawings) >= 2
    for name, drawing in drawings.items():
        named = re.findall(r"font(?:-family)?: ([^;\"]+)", drawing)
        assert len(named) >= drawing.count("<text") > 0, name
        assert {each.rpartition(", ")[2] for each in named} == {"sans-serif"}, name


# ---- head and citation --------------------------------------------------------------------------------------------


def list_citations(run):
    """What each page of a run says of how it is cited, but the first, which leads to the page that does."""
    cited = r"(?m)^(?:How to cite it: )?(.*Adoption Curves \d.*: run .*?)(?: Cite a published figure.*)?$"
    pages = [path for path in (run / "html").iterdir() if path.stem not in ("index", "try")]
    found = [re.search(cited, read(path).get_text("\n"))[1] for path in pages]
    return {re.sub(r", commit [0-9a-f]+", "", citation) for citation in found}


CONTACTS = (
    ("", "", ""),
    ("url: https://a.org", "https://a.org", ""),
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
