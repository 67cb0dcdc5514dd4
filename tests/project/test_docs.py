"""The site, and the file that says how to cite it."""

import re
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pandas as pd
import pytest
import yaml
from bs4 import BeautifulSoup
from data_readme import list_parameters, write_parameters

from adoption_curves import curves, forecast, indicators
from adoption_curves.runs.parameters import Parameters
from adoption_curves.show import figures

ROOT = Path(__file__).parents[2]
PAGES = {path.name: path for path in (ROOT / "docs").glob("*.md")}
PAGES |= {name: ROOT / name for name in ("README.md", "data/README.md", "outputs/README.md")}
LONGEST = 30
"""Words of a sentence."""
LEFT_OUT = (
    r"\A---\n.*?^---$",  # how a page is built
    r"<!-- findings -->.*?<!-- /findings -->",  # of a run
    r"^```.*?^```$|\$\$.*?\$\$",
    r"^[#|<!].*?$",  # headings, tables and pictures
)
SHOWN = ((r"`[^`]+`|\$[^$]+\$", "code"), (r"\[([^\]]*)\]\([^)]*\)", r"\1"))
PEERS = (
    ("published", "ours"),
    ("AutoTheta", "its own"),
    ("AutoTheta", "ours"),
    ("Prophet, capped", "its own"),
    ("Prophet, capped", "ours"),
    ("Logistic, capped", "ours"),
    ("Gompertz, capped", "ours"),
)
"""Rows of the page on the forecast: forecaster, and whose intervals."""
FETCHED = ("img", "script", "link", "iframe", "source", "video", "audio")


@pytest.fixture(scope="module")
def pages(site):
    """The site's pages by path."""
    return {path: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(site.rglob("*.html"))}


@pytest.mark.slow
def test_no_link_of_the_site_is_broken(site, pages):
    anchors = {path: {tag.get("id") or tag.get("name") for tag in page.find_all(True)} for path, page in pages.items()}
    assert len(pages) > 20
    broken, links = [], 0
    for path, page in pages.items():
        for address in [tag["href"] for tag in page.find_all("a", href=True)]:
            parts = urlsplit(address)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            links += 1
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in anchors.get(target, ())):
                broken.append(f"{path.relative_to(site)}: {address}")
    assert links > 1000
    assert not broken


@pytest.mark.slow
def test_no_page_of_the_site_makes_a_request(site, pages):
    for path, page in pages.items():
        for tag in page.find_all(FETCHED):
            for address in filter(None, (tag.get("src"), tag.get("href"))):
                parts = urlsplit(address)
                assert not parts.netloc, (path, address)
                assert parts.scheme in ("", "data"), (path, address)
                assert parts.scheme or address == "#" or (path.parent / unquote(parts.path)).is_file(), (path, address)
    for style in site.rglob("*.css"):
        assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", style.read_text(encoding="utf-8")), style


@pytest.mark.slow
def test_the_site_has_equations_figures_and_every_public_name(site, pages, whole_run):
    assert len(pages[site / "method.html"].find_all("math")) > 50
    cards = pages[site / "run" / "gallery.html"].find_all("figure")
    assert {Path(card.img["src"]).stem for card in cards} == {
        path.stem for path in (whole_run / "figures").glob("*.png")
    }
    assert all(card.img["alt"] and card.strong.text for card in cards)
    assert sum(card.strong.text.endswith("?") for card in cards) > 10
    for package in (curves, figures, forecast, indicators):
        name = package.__name__
        text = pages[site / "api" / f"{name.rpartition('.')[2]}.html"]
        documented = {tag["id"] for tag in text.find_all("dt", id=True)}
        functions = [one for one in package.__all__ if callable(getattr(package, one))]
        assert not [one for one in functions if f"{name}.{one}" not in documented]


@pytest.mark.slow
def test_each_line_of_the_gallery_gives_something(site, pages, monkeypatch):
    """As it stands there, after the lines above all of them, with the project's own data."""
    page, names = pages[site / "run" / "gallery.html"], {}
    exec(page.find("pre").text, names)
    for card in filter(lambda each: each.code, page.find_all("figure")):
        given = eval(card.code.text, names)
        assert given is not None, card.code.text
        assert len(given) if hasattr(given, "__len__") else True


@pytest.mark.slow
def test_the_page_on_python_shows_what_its_cells_gave(site, pages):
    page = pages[site / "python.html"]
    cells = page.select(".cell")
    assert len(cells) > 8
    assert "<levels off: ends between" in page.text
    pictures = page.select(".cell_output img")
    assert len(pictures) == 2
    assert all((site / tag["src"]).stat().st_size > 5000 and len(tag["alt"]) > 40 for tag in pictures)


@pytest.mark.slow
def test_the_first_figure_has_a_drawing_for_telephones(site, pages):
    picture = pages[site / "index.html"].find("picture")
    addresses = [picture.source["srcset"], picture.img["src"]]
    assert ["narrow" in address for address in addresses] == [True, False]
    assert all((site / address).is_file() for address in addresses)


def read_sentences(text):
    """The sentences of a page's paragraphs and lists, each on one line; code and a formula count as a word."""
    for part in LEFT_OUT:
        text = re.sub(part, "\n", text, flags=re.MULTILINE | re.DOTALL)
    for part, shown in SHOWN:
        text = re.sub(part, shown, text)
    paragraphs = re.split(r"\n\s*\n|\n(?=\s*(?:[-*]|\d+\.) )", text)
    return [each for one in paragraphs for each in re.split(r"(?<=[.?!])[*\")]*\s+", " ".join(one.split())) if each]


@pytest.mark.parametrize("name", sorted(PAGES))
def test_no_sentence_is_longer_than_thirty_words(name):
    sentences = read_sentences(PAGES[name].read_text(encoding="utf-8"))
    assert sentences or name in ("data.md", "index.md")  # these two only include others
    assert [each for each in sentences if len(each.split()) > LONGEST] == []


def list_anchors(path):
    """Anchors of the headings of a page and of what it includes, as GitHub and the site write them."""
    text = path.read_text(encoding="utf-8")
    for part in re.findall(r"^```\{include\} (\S+)$", text, flags=re.MULTILINE):
        text += (path.parent / part).read_text(encoding="utf-8")
    found = re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("name", sorted(PAGES))
def test_links_of_a_page_lead_to_files_and_headings(name):
    """Those inside the project; `make docs` follows the site's own."""
    path = PAGES[name]
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\((?!https?:|mailto:)([^)\s]+)\)", text):
        place, _, anchor = link.partition("#")
        target = (path.parent / place).resolve() if place else path
        assert target.exists() or place.startswith("run/"), f"{link}: the default run makes what lies in run/"
        assert not anchor or anchor in list_anchors(target), link


def test_percentages_have_no_blank():
    """In what a person reads: pages but their tables, which show how files write them, notebooks and the package."""
    texts = {name: " ".join(read_sentences(path.read_text(encoding="utf-8"))) for name, path in PAGES.items()}
    for folder, kind in (("notebooks", "*.ipynb"), ("src", "*.py")):
        texts |= {path.name: path.read_text(encoding="utf-8") for path in (ROOT / folder).rglob(kind)}
    found = {name: re.findall(r".{20}(?:\d|}) %.{0,9}", text) for name, text in texts.items()}
    assert {name: each for name, each in found.items() if each} == {}


def test_the_docs_are_short():
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "docs").glob("*.md")]
    assert len(pages) <= 10
    assert sum(len(page.split()) for page in pages) <= 9_700


def test_the_method_is_one_page():
    """Of 900 words with its constants, a formula counted as one."""
    text = re.sub(r"<!--.*?-->|^\|[-|]+\|$", "", PAGES["method.md"].read_text(encoding="utf-8"), flags=re.MULTILINE)
    text = re.sub(r"\$\$.*?\$\$|\$[^$]+\$", "formula", re.sub(r"\]\([^)]*\)", "", text), flags=re.DOTALL)
    assert 700 < len(re.findall(r"\S*\w\S*", text)) <= 900


def test_the_page_on_the_forecast_says_how_often_ranges_held_as_the_tables_do():
    kept = pd.read_csv(ROOT / "tests" / "golden" / "baseline" / "04_sides.csv").set_index("level")
    wide = kept.loc[0.9].set_index("horizon_years")["above"]
    page = PAGES["forecast.md"].read_text(encoding="utf-8")
    block = page[page.index("<!-- sides -->") : page.index("<!-- /sides -->")]
    rows = [
        f"| {row.horizon_years:g} | {row.technologies:g} | {100 - row.below - row.above:.0f}% "
        f"({row.low_covered:.0f} to {row.high_covered:.0f}) | {row.below:.1f}% | {row.above:.1f}% "
        f"| {wide[row.horizon_years]:.1f}% |"
        for row in kept.loc[0.8].itertuples()
    ]
    assert block.splitlines()[3:] == rows


def test_the_page_on_the_forecast_says_how_often_ranges_of_phones_held_as_the_data_do():
    counted = pd.read_csv(ROOT / "data" / "phones_middle.csv").set_index(["kind", "years"])
    text = " ".join(PAGES["forecast.md"].read_text(encoding="utf-8").split())
    for kind in ("with a limit", "without a limit"):
        first, second, third, fifth = (counted.loc[(kind, years)] for years in (1, 2, 3, 5))
        assert first.figures == second.figures == third.figures
        near = f"{first.inside}, {second.inside} and {third.inside} of {first.figures} later figures after 1, 2 and 3"
        assert f"{near} years, and {fifth.inside} of {fifth.figures} after 5" in text, kind
    assert f"{counted.loc[('with a limit', 5)].above} lay above the middle" in text


def test_the_page_on_the_forecast_has_the_scores_of_other_forecasters_as_measured():
    measured = pd.read_csv(ROOT / "benchmarks" / "peers.csv")
    page = PAGES["forecast.md"].read_text(encoding="utf-8")
    block = page[page.index("<!-- peers -->") : page.index("<!-- /peers -->")]
    shown = [[cell.strip() for cell in line.strip("|").split("|")] for line in block.splitlines()[3:]]
    found = measured[measured["given"] == "the last four"].groupby(["method", "bands"], sort=False)["wis_relative"]
    scores = {key: [f"{value:.2f}" for value in values] for key, values in found}
    assert len(shown) == 7
    assert [cells[1:] for cells in shown] == [scores[key] for key in PEERS]
    others = measured[measured["method"] != "published"]
    assert not (others["high"] < 1).any()
    assert f"In {(others['wis_over_published'] < 1).sum()} of {len(others)} comparisons" in page


def test_the_page_on_runs_has_each_parameter_with_its_default_and_meaning():
    assert (ROOT / "docs" / "runs.md").read_text(encoding="utf-8") == write_parameters()
    assert all(f"| `{name}` | `" in list_parameters() for name in Parameters.model_fields)


def test_a_citation_names_the_version():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (citation["version"], citation["license"]) == (project["version"], project["license"])
